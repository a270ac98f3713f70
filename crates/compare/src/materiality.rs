//! How much a change matters, judged from the words that changed.
use serde::{Deserialize, Serialize};

use crate::{
    align::{Alignment, Pair, PairKind},
    redline::{SpanKind, redline},
    words::words,
};

/// How much a change matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Materiality {
    /// No word changed, or only what binds nobody (dates, counters).
    Cosmetic,
    /// The text is one that the document had before.
    Returning,
    /// The capture is not the document: an error page, an empty shell, most of the text missing.
    Defective,
    /// Words changed without touching a provision or an obligation.
    Minor,
    /// A provision appeared, went or was reworded, or what people may, must or must not do changed.
    Material,
}

/// What [`judge`] cannot see in the alignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Context {
    /// Number of the earlier version that has exactly the new text, if there is one.
    pub returns_to: Option<i64>,
    /// Provisions that appeared, went or were reworded.
    pub provisions_touched: usize,
}

/// A verdict with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The verdict.
    pub materiality: Materiality,
    /// Why, as a sentence without its full stop.
    pub reason: String,
}

/// Words that make, limit or lift a duty or a right.
const OBLIGATION: &[&str] = &[
    "must",
    "shall",
    "may",
    "will",
    "not",
    "no",
    "never",
    "cannot",
    "only",
    "agree",
    "consent",
    "require",
    "required",
    "prohibited",
    "permitted",
    "right",
    "rights",
    "waive",
    "liable",
    "liability",
    "terminate",
    "suspend",
    "charge",
    "fee",
    "fees",
    "notice",
    "share",
    "sell",
    "collect",
    "retain",
    "delete",
    "days",
    "except",
    "unless",
];

/// Words that error pages, bot walls and empty shells say.
const BROKEN: &[&str] = &[
    "access denied",
    "page not found",
    "404",
    "403 forbidden",
    "enable javascript",
    "verify you are human",
    "captcha",
    "temporarily unavailable",
    "internal server error",
    "are you a robot",
    "just a moment",
    "service unavailable",
    "bad gateway",
];

/// Judges the change from `old` to `new` clauses, which `alignment` aligns.
pub fn judge(old: &[&str], new: &[&str], alignment: &Alignment, context: Context) -> Verdict {
    let verdict = |materiality, reason: &str| Verdict { materiality, reason: reason.into() };
    if let Some(reason) = defect(old, new) {
        return verdict(Materiality::Defective, reason);
    }
    let changed: Vec<&Pair> = alignment
        .pairs
        .iter()
        .filter(|pair| pair.kind != PairKind::Same && !(pair.kind == PairKind::Reworded && pair.cosmetic))
        .collect();
    // After a defective capture the text is compared with the sound one before it, and may be the same.
    if let Some(number) = context.returns_to.filter(|_| alignment.is_identity()) {
        return verdict(Materiality::Returning, &format!("the text is again that of version {number}"));
    }
    if changed.is_empty() {
        return verdict(Materiality::Cosmetic, "no word changed: only marks, spaces, numbering or link targets");
    }
    if let Some(number) = context.returns_to {
        return verdict(Materiality::Returning, &format!("the text is again that of version {number}"));
    }
    if changed.iter().all(|pair| is_date_or_counter(old, new, pair)) {
        return verdict(Materiality::Cosmetic, "only a date or a counter changed");
    }
    if context.provisions_touched > 0 {
        let what = if context.provisions_touched == 1 { "provision" } else { "provisions" };
        return verdict(Materiality::Material, &format!("it touches {} {what}", context.provisions_touched));
    }
    match changed.iter().find_map(|pair| obligation_word(old, new, pair)) {
        Some(word) => {
            verdict(Materiality::Material, &format!("words or numbers about duties or rights changed (“{word}”)"))
        }
        None => verdict(Materiality::Minor, "words changed, but none that makes, limits or lifts a duty or a right"),
    }
}

/// Why the new capture is not the document, if it is not.
fn defect(old: &[&str], new: &[&str]) -> Option<&'static str> {
    let count = |texts: &[&str]| texts.iter().map(|text| words(text).count()).sum::<usize>();
    let (before, after) = (count(old), count(new));
    if before < 150 {
        return None;
    }
    if after * 8 < before {
        return Some("most of the text is missing");
    }
    let start: String = new.iter().take(6).copied().collect::<Vec<_>>().join(" ").to_lowercase();
    (after < 250 && after * 2 < before && BROKEN.iter().any(|cue| start.contains(cue)))
        .then_some("the capture is an error page or a wall")
}

/// Whether only digits and names of months or weekdays differ, in a short line.
fn is_date_or_counter(old: &[&str], new: &[&str], pair: &Pair) -> bool {
    let (Some(from), Some(to)) = (pair.old, pair.new) else {
        return false;
    };
    let neutral = |word: &String| word.bytes().any(|b| b.is_ascii_digit()) || is_calendar_word(word) || word == "ago";
    let kept = |text| words(text).filter(|word| !neutral(word)).collect::<Vec<_>>();
    let cue = [
        "updated",
        "effective",
        "modified",
        "revised",
        "version",
        "ago",
        "views",
        "helpful",
        "votes",
        "©",
        "copyright",
        "date",
    ];
    let lower = new[to].to_lowercase();
    new[to].len() <= 200 && cue.iter().any(|cue| lower.contains(cue)) && kept(old[from]) == kept(new[to])
}

fn is_calendar_word(word: &str) -> bool {
    const STEMS: &[&str] = &[
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ];
    word.len() >= 3 && STEMS.iter().any(|stem| stem == &word || (word.len() <= 4 && stem.starts_with(word)))
}

/// The first obligation word, or number, that a change adds or takes away.
fn obligation_word(old: &[&str], new: &[&str], pair: &Pair) -> Option<String> {
    let weighty = |word: &String| OBLIGATION.contains(&word.as_str()) || word.bytes().all(|b| b.is_ascii_digit());
    let find = |text: &str| words(text).find(weighty);
    match (pair.old, pair.new) {
        (Some(from), Some(to)) => {
            let spans = redline(old[from], new[to]);
            spans.iter().filter(|span| span.kind != SpanKind::Same).find_map(|span| find(span.text))
        }
        (Some(from), None) => find(old[from]),
        (None, Some(to)) => find(new[to]),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::align::align;

    fn verdict(old: &[&str], new: &[&str]) -> Materiality {
        judge(old, new, &align(old, new), Context::default()).materiality
    }

    #[test]
    fn marks_and_dates_are_cosmetic() {
        assert_eq!(verdict(&["1. We “may” stop."], &["2. We \"may\" stop."]), Materiality::Cosmetic);
        assert_eq!(verdict(&["Last updated: 3 March 2024"], &["Last updated: 9 May 2025"]), Materiality::Cosmetic);
    }

    #[test]
    fn a_changed_duty_is_material() {
        assert_eq!(
            verdict(&["We share data with partners."], &["We do not share data with partners."]),
            Materiality::Material
        );
        assert_eq!(
            verdict(&["Notice is given 30 days before."], &["Notice is given 10 days before."]),
            Materiality::Material
        );
        assert_eq!(verdict(&["Our office is in Port Vesper."], &["Our office is in Norhaven."]), Materiality::Minor);
    }

    #[test]
    fn a_page_that_lost_its_text_is_defective() {
        let long = "We may change these terms at any time and you agree to them. ".repeat(40);
        assert_eq!(verdict(&[&long], &["Access denied"]), Materiality::Defective);
    }

    #[test]
    fn a_text_seen_before_is_returning() {
        let (old, new) = (["You pay yearly."], ["You pay monthly now."]);
        let context = Context { returns_to: Some(3), provisions_touched: 1 };
        assert_eq!(judge(&old, &new, &align(&old, &new), context).materiality, Materiality::Returning);
    }
}
