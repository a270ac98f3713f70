//! Stretches of time: "thirty (30) days", "72 hours", and what they are a period of.
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::{Subject, floor_boundary};

/// A period of time and the words that tell what it is a period of.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PeriodFact {
    pub(super) label: &'static str,
    /// One of these stands in the sentence.
    cues: &'static [&'static str],
    /// Whether the period is one that runs ahead of something ("30 days before", "at least 24 hours in advance").
    ahead: Ahead,
}

/// Whether a period may, must or must not run ahead of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ahead {
    Perhaps,
    Always,
    Never,
}

const fn period_fact(label: &'static str, cues: &'static [&'static str], ahead: Ahead) -> PeriodFact {
    PeriodFact { label, cues, ahead }
}

const NOTICE_CUES: &[&str] = &["notice", "notif", "inform", "in advance", "prior to", "before", "announce"];
const SETTLING_CUES: &[&str] =
    &["negotiat", "resol", "informal", "notice", "good faith", "attempt", "settle", "mediat", "before"];
const OPT_OUT_CUES: &[&str] =
    &["opt out", "opt-out", "opting out", "opting-out", "reject", "decline", "not to be bound"];
const SUING_CUES: &[&str] = &["claim", "action", "proceeding", "dispute", "barred", "commence", "brought", "file"];
const UNUSED_CUES: &[&str] = &[
    "inactiv",
    "dormant",
    "log in",
    "login",
    "logged",
    "sign in",
    "not use",
    "unused",
    "expire",
    "not access",
    "activity",
];
const MONEY_BACK_CUES: &[&str] = &["refund", "withdraw", "cancel", "return", "money back", "cooling"];
const AFTER_CUES: &[&str] = &["after", "following", "retriev", "export", "download", "delet"];

const RENEWAL_TERM: &str = "Renewal term";
const DISPUTE_CUES: &[&str] = &["dispute", "contest", "objection", "error", "discrepanc"];

pub(super) const NOTICE: Subject = Subject::Period(&period_fact("Notice", NOTICE_CUES, Ahead::Perhaps));
pub(super) const NOTICE_AHEAD: Subject = Subject::Period(&period_fact("Notice", NOTICE_CUES, Ahead::Always));
pub(super) const BREACH: Subject =
    Subject::Period(&period_fact("Notice", &["notif", "inform", "report", "within"], Ahead::Perhaps));
pub(super) const WAITING: Subject = Subject::Period(&period_fact("Waiting period", SETTLING_CUES, Ahead::Perhaps));
pub(super) const OPT_OUT_WINDOW: Subject =
    Subject::Period(&period_fact("Opt-out window", OPT_OUT_CUES, Ahead::Perhaps));
pub(super) const TIME_TO_SUE: Subject = Subject::Period(&period_fact("Time to sue", SUING_CUES, Ahead::Perhaps));
pub(super) const INACTIVE: Subject = Subject::Period(&period_fact("Inactive after", UNUSED_CUES, Ahead::Never));
pub(super) const RENEWAL: Subject = Subject::Period(&period_fact(RENEWAL_TERM, &["renew", "successive"], Ahead::Never));
pub(super) const TRIAL: Subject =
    Subject::Period(&period_fact("Trial length", &["trial", "free", "promotion"], Ahead::Never));
pub(super) const REFUND: Subject = Subject::Period(&period_fact("Refund window", MONEY_BACK_CUES, Ahead::Perhaps));
pub(super) const DISPUTE: Subject = Subject::Period(&period_fact("Time to dispute", DISPUTE_CUES, Ahead::Perhaps));
pub(super) const GRACE: Subject = Subject::Period(&period_fact("Period after the end", AFTER_CUES, Ahead::Perhaps));

/// A stretch of time as the text states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Period {
    /// Where it stands.
    pub(super) range: Range<usize>,
    /// In figures: "30 days".
    pub(super) words: String,
    /// Its length.
    pub(super) days: u32,
}

const NUMBER_WORDS: [(&str, u32); 27] = [
    ("one", 1),
    ("two", 2),
    ("three", 3),
    ("four", 4),
    ("five", 5),
    ("six", 6),
    ("seven", 7),
    ("eight", 8),
    ("nine", 9),
    ("ten", 10),
    ("eleven", 11),
    ("twelve", 12),
    ("thirteen", 13),
    ("fourteen", 14),
    ("fifteen", 15),
    ("sixteen", 16),
    ("eighteen", 18),
    ("twenty", 20),
    ("twenty-one", 21),
    ("twenty-four", 24),
    ("thirty", 30),
    ("forty-five", 45),
    ("sixty", 60),
    ("ninety", 90),
    ("hundred", 100),
    ("a", 1),
    ("an", 1),
];

pub(super) fn number(words: &str) -> Option<u32> {
    if let Ok(value) = words.parse() {
        return Some(value);
    }
    let words = words.to_ascii_lowercase().replace(' ', "-");
    NUMBER_WORDS.iter().find(|(name, _)| *name == words).map(|(_, value)| *value)
}

/// The periods in `text`, in order.
pub(super) fn periods(text: &str) -> Vec<Period> {
    static PERIOD: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?i-u)\b(\d{1,4}|twenty[- ]one|twenty[- ]four|forty[- ]five|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|eighteen|twenty|thirty|sixty|ninety|hundred|an?)(?:\s*\(\s*(\d{1,4})\s*\))?[ -](?:\s*)((?:full|calendar|business|working|consecutive) )?(hour|day|week|month|year)s?\b",
        )
        .expect("a constant")
    });
    let units = ["hour", "day", "week", "month", "year"];
    if !units.iter().any(|unit| text.contains(unit)) {
        return Vec::new();
    }
    PERIOD.captures_iter(text).filter_map(|found| period(&found)).collect()
}

fn period(found: &regex::Captures<'_>) -> Option<Period> {
    let whole = found.get(0)?;
    let count = found.get(2).map_or_else(|| number(&found[1]), |digits| digits.as_str().parse().ok())?;
    let unit = found[4].to_ascii_lowercase();
    let article = matches!(found[1].to_ascii_lowercase().as_str(), "a" | "an");
    // "a day", "a month" mean "each" more often than a period.
    if count == 0 || (article && matches!(unit.as_str(), "hour" | "day")) {
        return None;
    }
    let days = match unit.as_str() {
        "hour" => count.div_ceil(24),
        "day" => count,
        "week" => count.saturating_mul(7),
        "month" => count.saturating_mul(30),
        _ => count.saturating_mul(365),
    };
    let sort = found.get(3).map_or("", |sort| sort.as_str()).to_ascii_lowercase();
    let sort = if sort.trim() == "full" { "" } else { &sort };
    let plural = if count == 1 { "" } else { "s" };
    Some(Period { range: whole.range(), words: format!("{count} {sort}{unit}{plural}"), days })
}

/// The first period in a sentence that holds one of the cues.
pub(super) fn period_for(wanted: &PeriodFact, text: &str, spans: &[Range<usize>]) -> String {
    let found = periods(text).into_iter().find(|period| wanted.fits(text, spans, period));
    found.map(|period| period.words).unwrap_or_default()
}

impl PeriodFact {
    pub(super) fn fits(&self, text: &str, spans: &[Range<usize>], period: &Period) -> bool {
        let sentence = sentence_of(text, spans, period.range.start).to_ascii_lowercase();
        let in_place = match self.ahead {
            Ahead::Perhaps => true,
            Ahead::Always => runs_ahead(text, period),
            Ahead::Never => !runs_ahead(text, period),
        };
        // A renewal is told by what stands before its length: "for successive terms of one year".
        let in_place = in_place && (self.label != RENEWAL_TERM || lasts(text, period));
        in_place && self.cues.iter().any(|cue| sentence.contains(cue)) && !is_age(text, period)
    }
}

/// "for one year", "successive 30-day".
fn lasts(text: &str, period: &Period) -> bool {
    let near = floor_boundary(text, period.range.start.saturating_sub(16));
    let before = text[near..period.range.start].trim_end().to_ascii_lowercase();
    [
        " for",
        "additional",
        "successive",
        "term of",
        "terms of",
        "period of",
        "periods of",
        "another",
        "further",
        "every",
    ]
    .iter()
    .any(|cue| before.ends_with(cue))
}

/// "at least 24 hours before", "30 days' notice", "within 7 days of".
fn runs_ahead(text: &str, period: &Period) -> bool {
    let near = floor_boundary(text, period.range.start.saturating_sub(24));
    let before = text[near..period.range.start].trim_end().to_ascii_lowercase();
    let after: String = text[period.range.end..].chars().take(24).collect::<String>().to_ascii_lowercase();
    ["at least", "within", "no later than", "not less than", "no less than"].iter().any(|cue| before.ends_with(cue))
        || ["before", "prior", "notice", "advance", "written"].iter().any(|cue| after.contains(cue))
}

/// "18 years old", "16 years of age".
pub(super) fn is_age(text: &str, period: &Period) -> bool {
    let after = text[period.range.end..].trim_start().to_ascii_lowercase();
    period.words.ends_with("years") && (after.starts_with("old") || after.starts_with("of age"))
}

pub(super) fn sentence_of<'a>(text: &'a str, spans: &[Range<usize>], at: usize) -> &'a str {
    let i = spans.partition_point(|span| span.end <= at);
    spans.get(i).map_or(text, |span| &text[span.clone()])
}
