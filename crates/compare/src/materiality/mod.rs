//! How much a change matters, judged from the words that changed: what binds nobody is left out first ([`dates`], [`prices`], [`asides`],
//! [`credits`], [`references`]), the rest is weighed by its words ([`duties`]). Whether a capture is the document at all is asked
//! before ([`defect`]).
use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{
    align::{Alignment, Pair, PairKind, words_of},
    words::same,
};

mod asides;
mod credits;
mod dates;
mod defect;
mod duties;
mod prices;
mod references;

pub use asides::is_aside;
pub use defect::{Defect, defect, is_repeated, is_wall};
pub(crate) use duties::{changes_no_word, is_weighty, weighty_changes};
pub use duties::{commands, is_latin, is_slight, speaks};
pub use references::{informs, is_reference};

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

impl Materiality {
    /// Whether it is a change of the document that people are told of.
    pub fn is_told(self) -> bool {
        matches!(self, Materiality::Minor | Materiality::Material)
    }

    /// Its name in texts: "material".
    pub fn name(self) -> &'static str {
        match self {
            Materiality::Cosmetic => "cosmetic",
            Materiality::Returning => "returning",
            Materiality::Defective => "defective",
            Materiality::Minor => "minor",
            Materiality::Material => "material",
        }
    }
}

/// What [`judge`] cannot see in the alignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Context<'a> {
    /// Number of the earlier version that has exactly the new text, if there is one.
    pub returns_to: Option<i64>,
    /// Provisions that appeared, went or were reworded in more than a slight way.
    pub provisions_touched: usize,
    /// Which old and which new clauses stand beside the document, such as menu entries; empty where nothing is known.
    pub asides: (&'a [bool], &'a [bool]),
    /// Which pairs of the alignment change nothing ([`crate::idle()`]); empty where it was not asked.
    pub idle: &'a [bool],
    /// The text is in a language whose words about duties and rights are not known, so that any sentence may be about them.
    pub foreign: bool,
}

/// A verdict with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The verdict.
    pub materiality: Materiality,
    /// Why, as a sentence without its full stop.
    pub reason: String,
}

/// A change that is judged.
struct Change<'a> {
    old: &'a [&'a str],
    new: &'a [&'a str],
    alignment: &'a Alignment,
    context: Context<'a>,
}

/// Leaves out, of the pairs that changed, those that bind nobody for one reason.
type LeaveOut = for<'a> fn(&Change<'a>, &mut Vec<&'a Pair>);

/// What is left out one after the other, and the reason of the verdict where nothing is left.
const COSMETIC: [(LeaveOut, &str); 5] = [
    (leave_out_idle, "only marks, spelling, divisions, copies or widgets of the page changed"),
    (leave_out_dates, "only a date or a counter changed"),
    (prices::leave_out, "only prices of the day changed"),
    (leave_out_asides, "only menu entries or other parts of the page beside the document changed"),
    (credits::leave_out, "only credits of sources changed"),
];

/// Judges the change from `old` to `new` clauses, which `alignment` aligns; whether `new` is the document at all is asked before
/// ([`defect`]).
pub fn judge(old: &[&str], new: &[&str], alignment: &Alignment, context: Context<'_>) -> Verdict {
    let change = Change { old, new, alignment, context };
    let verdict = |materiality, reason: String| Verdict { materiality, reason };
    if let Some(number) = context.returns_to {
        return verdict(Materiality::Returning, format!("the text is again that of version {number}"));
    }
    let mut changed: Vec<&Pair> = alignment.pairs.iter().filter(|pair| !pair.is_unchanged()).collect();
    if let Some(reason) = same_words(&change, &changed) {
        return verdict(Materiality::Cosmetic, reason.into());
    }
    for (leave_out, reason) in COSMETIC {
        leave_out(&change, &mut changed);
        if changed.is_empty() {
            return verdict(Materiality::Cosmetic, reason.into());
        }
    }
    if changed.iter().all(|pair| pair.cosmetic) {
        return verdict(Materiality::Minor, "clauses stand at another place, in the same words".into());
    }
    match weight(&change, &changed) {
        Some(reason) => verdict(Materiality::Material, reason),
        None => {
            verdict(Materiality::Minor, "words changed, but none that makes, limits or lifts a duty or a right".into())
        }
    }
}

/// Why the change is cosmetic, if no word of it is another: `changed` are its pairs that are not the same to the letter.
fn same_words(change: &Change<'_>, changed: &[&Pair]) -> Option<&'static str> {
    const DIVIDED: &str = "the same words, divided in another way";
    let divided = |pair: &Pair| matches!(pair.kind, PairKind::Split | PairKind::Merged);
    if changed.is_empty() {
        let reason = "no word changed: only marks, spaces, numbering or link targets";
        return Some(if change.alignment.pairs.iter().any(divided) { DIVIDED } else { reason });
    }
    let moved = changed.iter().any(|pair| pair.kind == PairKind::Moved);
    (!moved && same_sequence(change.old, change.new, changed)).then_some(DIVIDED)
}

fn leave_out_idle<'a>(change: &Change<'a>, changed: &mut Vec<&'a Pair>) {
    let is_idle = |index: usize| change.context.idle.get(index).copied().unwrap_or(false);
    let pairs = change.alignment.pairs.iter().enumerate();
    *changed = pairs.filter(|(index, pair)| !pair.is_unchanged() && !is_idle(*index)).map(|(_, pair)| pair).collect();
}

fn leave_out_dates(change: &Change<'_>, changed: &mut Vec<&Pair>) {
    changed.retain(|pair| !dates::is_date_or_counter(change.old, change.new, pair));
}

fn leave_out_asides(change: &Change<'_>, changed: &mut Vec<&Pair>) {
    changed.retain(|pair| !is_aside(change.old, change.new, pair, change.context.asides));
}

/// Why a change of words is material, if it is.
fn weight(change: &Change<'_>, changed: &[&Pair]) -> Option<String> {
    let Change { old, new, context, .. } = *change;
    if context.provisions_touched > 0 {
        let what = if context.provisions_touched == 1 { "provision" } else { "provisions" };
        return Some(format!("it touches {} {what}", context.provisions_touched));
    }
    let changes = |test: fn(&[&str], &[&str], &Pair) -> bool| changed.iter().any(|pair| test(old, new, pair));
    let mut binding = changed.iter().filter(|pair| !is_reference(old, new, pair));
    if context.foreign && binding.clone().any(|pair| duties::changes_a_sentence(old, new, pair)) {
        return Some("sentences changed, in a language whose clauses are not analysed".into());
    }
    if let Some(word) = binding.find_map(|pair| duties::weighty_word(old, new, pair)) {
        return Some(format!("words or numbers about duties or rights changed (“{word}”)"));
    }
    if changes(duties::changes_a_party) {
        return Some("who is contracted with or receives data changed".into());
    }
    changes(duties::changes_a_region).then(|| "where it holds changed".into())
}

/// Whether the clauses that changed have the same words in the same order, however they are divided.
fn same_sequence(old: &[&str], new: &[&str], changed: &[&Pair]) -> bool {
    let sorted = |side: fn(&Pair) -> &[usize]| {
        let mut indices: Vec<usize> = changed.iter().flat_map(|pair| side(pair)).copied().collect();
        indices.sort_unstable();
        indices
    };
    same(words_of(&sorted(|pair| &pair.old), old), words_of(&sorted(|pair| &pair.new), new))
}

/// A pair's texts: one where a clause came or went, else two.
fn sides<'a>(old: &[&'a str], new: &[&'a str], pair: &Pair) -> impl Iterator<Item = Cow<'a, str>> {
    pair.old_text(old).into_iter().chain(pair.new_text(new))
}

#[cfg(test)]
mod tests {
    use super::credits::is_listed_source;
    use super::references::{is_contact, is_notice};
    use super::*;
    use crate::align::align;

    fn verdict(old: &[&str], new: &[&str]) -> Materiality {
        judge(old, new, &align(old, new), Context::default()).materiality
    }

    #[test]
    fn marks_and_dates_are_cosmetic() {
        assert_eq!(verdict(&["1. We “may” stop."], &["2. We \"may\" stop."]), Materiality::Cosmetic);
        assert_eq!(
            verdict(&["更新日期：2024年10月14日 李公司"], &["更新日期：2024年10月18日 李公司"]),
            Materiality::Cosmetic
        );
        assert_ne!(verdict(&["保存期間は12月です"], &["保存期間は6月です"]), Materiality::Cosmetic);
        assert_eq!(verdict(&["Last updated: 3 March 2024"], &["Last updated: 9 May 2025"]), Materiality::Cosmetic);
    }

    #[test]
    fn another_party_is_material_and_who_serves_it_is_not() {
        assert_eq!(verdict(&["Plum, Inc. signs it."], &["Quince Corp. signs it."]), Materiality::Material);
        assert_eq!(verdict(&["Plum Gardens Ltd signs it."], &["Quince Gardens Ltd signs it."]), Materiality::Minor);
        let with = |place: &str| format!("If you live in Norland{place}, you are contracting with Plum Ltd.");
        assert_eq!(verdict(&[&with(" or beyond")], &[&with("")]), Materiality::Material);
        assert!(is_contact("Service agent for court proceedings: Quince Lawyers, 5 Mill Lane, Norhaven 6350112."));
        assert!(is_notice("On 4 June 2026 this page will become the place of our standards."));
        assert!(!is_notice("On 4 June 2026 this page will become the terms that you agree to."));
    }

    #[test]
    fn an_owner_s_line_comes_or_goes_beside_the_document() {
        let aside = |old: &[&str], new: &[&str]| is_aside(old, new, &align(old, new).pairs[0], (&[true], &[true]));
        assert!(aside(&[], &["© 2026 Plum Ltd. All rights reserved."]));
        assert!(!aside(&[], &["© 2026 Plum Ltd. You may not copy it."]));
        assert!(!aside(&["© 2026 Plum Ltd. All rights reserved."], &["© 2026 Quince Ltd. All rights reserved."]));
    }

    #[test]
    fn months_of_an_era_and_names_are_no_duties() {
        assert_eq!(verdict(&["May 4, 2022"], &["May 5, 2022"]), Materiality::Cosmetic);
        assert_eq!(verdict(&["Apr 30, 2020"], &["May 1, 2020"]), Materiality::Cosmetic);
        assert_ne!(verdict(&["We may end it on 4 June 2022"], &["We end it on 4 June 2022"]), Materiality::Cosmetic);
        assert_eq!(
            verdict(&["時刻表 令和7年 2 月号に基づきます。"], &["時刻表 令和7年 3 月号に基づきます。"]),
            Materiality::Cosmetic
        );
        assert_ne!(verdict(&["保存期間は1年 2 月です"], &["保存期間は1年 3 月です"]), Materiality::Cosmetic);
        let of = |name: &str| {
            format!("{name} shows ads that {name} picks, on {name} and beside {name}, for users of {name}.")
        };
        assert!(is_slight(&of("Plum"), &of("Quince")));
    }

    #[test]
    fn an_address_binds_nobody_and_a_term_is_none() {
        let changed = |from: &str, to: &str| {
            let (old, new) = ([from], [to]);
            is_reference(&old, &new, &align(&old, &new).pairs[0])
        };
        let at = |place: &str| {
            format!("You may access and correct your data by writing to Plum Ltd, {place}, Norland, at any time.")
        };
        assert!(changed(&at("40 Harbour St., Vesper 6350671"), &at("5 Mill Lane, Norhaven 6350112")));
        assert!(changed("Write to help@plum.example if you object.", "Write to data@quince.example if you object."));
        let term = |days: &str| {
            format!("We may raise the price if you have {days} days of notice; with less than {days} days we do not.")
        };
        assert!(!changed(&term("30"), &term("13000")));
        assert!(changed("See our page about fruit.", "Learn more on our page about trees."));
    }

    #[test]
    fn a_text_that_breaks_off_is_defective() {
        let words = "word ".repeat(160);
        let old = ["Fees", words.as_str(), "You pay each month, and all sales are final.", "You may cancel."];
        assert_eq!(defect(&old, &["Fees", words.as_str(), "You pay each month, and all sa"]), Some(Defect::BrokenOff));
        assert_eq!(defect(&old, &["Fees", words.as_str(), "You pay each month, and all sales are final."]), None);
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
    fn figures_layout_and_menus_are_cosmetic() {
        assert_eq!(verdict(&["BTC", "64,102.50", "+1.2%"], &["BTC", "63,999.01", "-0.2%"]), Materiality::Cosmetic);
        assert_eq!(verdict(&["Fee | $25"], &["Fee | $40"]), Materiality::Material);
        assert_eq!(
            verdict(&["We may end it. You may leave."], &["We may end it.", "You may leave."]),
            Materiality::Cosmetic
        );
        let (old, new) = (["We may end it.", "English"], ["We may end it.", "English", "Kurdî"]);
        let context = Context { asides: (&[false, true], &[false, true, true]), ..Context::default() };
        assert_eq!(judge(&old, &new, &align(&old, &new), context).materiality, Materiality::Cosmetic);
    }

    #[test]
    fn what_somebody_pays_or_may_do_is_not_cosmetic() {
        for (old, new) in [
            ("Minimum age | 16", "Minimum age | 13"),
            ("Interest rate | 19%", "Interest rate | 29%"),
            ("$10", "$12"),
            ("This change is effective 30 days after notice.", "This change is effective 10 days after notice."),
            ("© Plum. We give 30 days of notice.", "© Plum. We give 10 days of notice."),
            ("You may use the latest version.", "You use the latest version."),
        ] {
            assert_ne!(verdict(&[old], &[new]), Materiality::Cosmetic, "{old}");
        }
        let context = Context { asides: (&[false], &[false, true]), ..Context::default() };
        let (old, new) = (["We may end it."], ["We may end it.", "No refunds"]);
        assert_ne!(judge(&old, &new, &align(&old, &new), context).materiality, Materiality::Cosmetic);
        assert_eq!(verdict(&["Updated 3 days ago"], &["Updated 5 days ago"]), Materiality::Cosmetic);
        assert_eq!(verdict(&["Effective 3 May 2024"], &["Effective 9 June 2025"]), Materiality::Cosmetic);
    }

    #[test]
    fn where_a_clause_holds_is_material() {
        let of = |place: &str| format!("This section applies only if you are a consumer based in {place}.");
        assert_eq!(verdict(&[&of("the EEA")], &[&of("the EEA or the UK")]), Materiality::Material);
        assert_ne!(
            verdict(&["At least 5000 JPY are paid out."], &["At least 3000 JPY are paid out."]),
            Materiality::Cosmetic
        );
    }

    #[test]
    fn who_receives_data_is_material() {
        let of = |name: &str| format!("Plum shares your picture with {name}, a processor in Norland.");
        assert_eq!(verdict(&[&of("Quince")], &[&of("Rowan")]), Materiality::Material);
        assert_eq!(verdict(&["Plum is made by Quince."], &["Plum is made by Rowan."]), Materiality::Minor);
        let italian = "If you live in Norland you are contracting with Plum Norland Ltd";
        assert_eq!(verdict(&["Plum Ltd"], &["Plum Ltd", italian]), Materiality::Material);
    }

    #[test]
    fn a_place_where_more_is_told_binds_nobody() {
        let reference = |old: &str, new: &str| {
            let (old, new) = ([old], [new]);
            align(&old, &new).pairs.iter().all(|pair| is_reference(&old, &new, pair))
        };
        let rule = "These rules say how to behave towards others here.";
        let with = |more: &str| format!("{rule} {more}");
        assert!(reference(rule, &with("You may also refer to our guide, which explains what is not allowed.")));
        assert!(reference(rule, &with("For details of what we collect and share, please see our policy.")));
        assert!(!reference(rule, &with("Please see our policy, which you must follow.")));
        assert!(!reference(rule, &with("For more benefits you agree to see advertising.")));
        assert!(!reference(rule, &with("We collect your address.")));
        assert!(reference(
            "What you post (see Public Data in our policy).",
            "What you post (see What We Collect in our policy)."
        ));
        assert!(is_listed_source("Survey of Norhaven (US): https://plum.example/works"));
        assert!(!is_listed_source("Send it to us: https://plum.example/works"));
    }

    #[test]
    fn a_moved_clause_is_minor() {
        let old = ["We may end it at any time.", "You keep your content.", "Norland law governs."];
        let new = ["You keep your content.", "Norland law governs.", "We may end it at any time."];
        assert_eq!(verdict(&old, &new), Materiality::Minor);
    }

    #[test]
    fn spelling_is_slight_and_a_negation_is_not() {
        assert!(is_slight("We honour requests about your data.", "We honor requests about your data."));
        assert!(is_slight("At most USD 100 in all.", "At most US$100 in all."));
        assert!(!is_slight("At most USD 100 in all.", "At most US$50 in all."));
        assert!(!is_slight("We share your data.", "We do not share your data."));
        assert!(!is_slight("We keep it for 30 days.", "We keep it for 90 days."));
    }

    #[test]
    fn a_page_that_lost_its_text_is_defective() {
        let long = "We may change these terms at any time and you agree to them. ".repeat(40);
        assert_eq!(defect(&[&long], &["Access denied"]), Some(Defect::Wall));
        assert_eq!(defect(&[&long], &["Log in or sign up", "Welcome to Plum", "Continue"]), Some(Defect::Wall));
        let german = ["Diese Seite ist momentan nicht verfügbar", "Bitte versuche, sie noch einmal zu laden."];
        assert_eq!(defect(&[&long], &german), Some(Defect::Wall));
        let short = "You may use this page. ".repeat(45);
        assert_eq!(defect(&[&short], &["Plum isn’t available in your country yet", &long[..400]]), Some(Defect::Wall));
        assert_eq!(defect(&[&short], &[&long[..400], "Plums are in season."]), None);
        assert_eq!(defect(&[&long], &["All rights reserved"]), Some(Defect::Missing));
        let clause = &long[..long.len() / 40];
        assert_eq!(defect(&[clause; 40], &[clause; 8]), Some(Defect::Missing));
        assert_eq!(defect(&[clause; 40], &[clause; 14]), None);
        let german = "Es ist ein Fehler aufgetreten. Wir konnten die Seite nicht laden, versuche es bitte noch einmal.";
        assert_eq!(defect(&[&long], &[german, &long]), Some(Defect::Part));
        assert_eq!(defect(&[&long], &["This page isn’t available", &long]), Some(Defect::Part));
        assert_eq!(defect(&[&long], &[&long]), None);
    }

    #[test]
    fn addresses_and_credits_bind_nobody() {
        let pair = |old: &str, new: &str| {
            let (old, new) = ([old], [new]);
            align(&old, &new).pairs.iter().all(|pair| is_reference(&old, &new, pair))
        };
        assert!(pair("Plum GmbH Quellweg 5 80331 Norhaven", "Plum GmbH Am Hafen 12 81673 Norhaven"));
        assert!(pair("Survey of Norhaven - Open Data", "Survey of Norhaven (Creative Commons)"));
        assert!(pair("Contact us at help@plum.example.", "Contact Plum Norland at hello@plum.example."));
        assert!(pair(
            "We process it here. Write to Plum for answers. Our representative can be contacted at data@plum.example.",
            "We process it here. Write to Plum for answers. You may contact our officer for data at officer@plum.example."
        ));
        let by_law = "Authorities may contact our representatives according to Article 27 of the law:";
        assert!(["We may end it", by_law].iter().map(|text| informs(text)).eq([false, true]));
        assert!(!pair("You pay 5 EUR a month to us.", "You pay 9 EUR a month to us."));
        assert!(!pair("Fees 5 EUR", "You grant us a Creative Commons licence."));
    }

    #[test]
    fn notices_of_a_change_are_minor() {
        let with = |notice: &str| verdict(&["We may end it.", "You pay."], &[notice, "We may end it.", "You pay."]);
        assert_eq!(
            with("We’ve updated our Terms to show our new name. You may read the former terms here."),
            Materiality::Minor
        );
        assert_eq!(
            with("We’ve updated our Terms. By continuing to use Plum you agree to arbitration."),
            Materiality::Material
        );
    }

    #[test]
    fn the_same_said_in_full_or_twice_is_slight() {
        assert!(is_slight("What it doesn’t cover.", "What it does not cover."));
        assert!(is_slight("You have the right to right to object.", "You have the right to object."));
        assert!(!is_slight("You have the right to object.", "You have no right to object."));
        assert!(!is_slight("We can’t share it.", "We can share it."));
        assert_eq!(verdict(&["Plum Open Data"], &["Quince Open Data"]), Materiality::Cosmetic);
        assert_eq!(verdict(&["© 2024 Plum, a mark of Quince"], &["© 2024 Plum, a mark of Rowan"]), Materiality::Minor);
        assert_eq!(verdict(&["Conditions : 14 mars 2025"], &["Conditions : 28 octobre 2025"]), Materiality::Cosmetic);
        assert_eq!(verdict(&["Frais : 14 mars 25"], &["Frais : 14 mars 35"]), Materiality::Minor);
        assert_eq!(verdict(&["plumrule011226212175"], &["plumrule011230144131"]), Materiality::Cosmetic);
    }

    #[test]
    fn a_page_over_and_over_is_repeated() {
        let page: Vec<String> =
            (0..20).map(|k| format!("Rule {k} says that nobody may shout at others in the hall.")).collect();
        let page: Vec<&str> = page.iter().map(String::as_str).collect();
        assert!(is_repeated(&page.repeat(5)));
        assert!(!is_repeated(&page.repeat(2)));
    }

    #[test]
    fn a_text_seen_before_is_returning() {
        let (old, new) = (["You pay yearly."], ["You pay monthly now."]);
        let context = Context { returns_to: Some(3), provisions_touched: 1, ..Context::default() };
        assert_eq!(judge(&old, &new, &align(&old, &new), context).materiality, Materiality::Returning);
    }
}
