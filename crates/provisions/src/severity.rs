//! How severe a provision is, and why: the level usual for its type, moved by what its words say.
//!
//! Reasons are sentences for a list on the provision's page, in this order:
//!
//! - "Raised from Medium to High." (or "Lowered …"), only where the level differs from the one usual for the type;
//! - "Against you: the clause needs no reason for a change.", one for each signal that weighs against the person bound;
//! - "In your favour: the clause promises notice.", one for each signal that weighs for them;
//! - "Note: the clause makes an exception, “unless the law requires it”.", where exceptions matter for the type. Its words are quoted,
//!   since whom an exception helps cannot be told in general.
//!
//! Most signals explain a level without moving it: the label set shows that readers move a clause by a level for few of them
//! ([`crate::taxonomy::Adjustment::moves`]), and a level that moves for every word would be wrong more often than the usual one.
use std::ops::Range;

use crate::facts::{self, Facts};
use crate::passage::Passage;
use crate::reader::Explicitness;
use crate::signals::{self, Signal, Signals};
use crate::taxonomy::{Adjustment, ClauseType, Severity};

/// What a reason that weighs against the person begins with.
pub const AGAINST: &str = "Against you: the clause ";
/// What a reason that weighs for the person begins with.
pub const FOR: &str = "In your favour: the clause ";
/// What the reason that quotes an exception begins with.
pub const NOTE: &str = "Note: the clause ";

/// What is concluded about one provision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// How much it can cost the person bound by it.
    pub severity: Severity,
    /// Why, as described above.
    pub reasons: Vec<String>,
    /// Whether the words themselves state it.
    pub explicitness: Explicitness,
    /// What it says in figures and names.
    pub facts: Facts,
}

/// Signals whose opposite, in the same clause, makes the claim against the person untrue.
const OPPOSITES: [(Signal, Signal); 5] = [
    (Signal::NoNotice, Signal::Notice),
    (Signal::NoOptOut, Signal::OptOut),
    (Signal::NoRefund, Signal::Refund),
    (Signal::IgnoresSignals, Signal::HonoursSignals),
    (Signal::AnyPurpose, Signal::OnlyToProvideService),
];

/// Assesses the words at `excerpt` (bytes of the passage's text) as a provision of type `kind`. `usual` is the level that clauses of
/// the type most often have in the labels; without it the taxonomy's own level is the start.
pub fn assess(kind: &ClauseType, usual: Option<Severity>, passage: &Passage<'_>, excerpt: Range<usize>) -> Assessment {
    let text = facts::excerpt_of(passage.text, excerpt);
    let own = signals_of(kind, passage, text);
    // What softens a clause may stand in a sentence beside the excerpt; what sharpens it must stand in the excerpt.
    let around = if text.len() < passage.text.len() { signals_of(kind, passage, passage.text) } else { own };
    let against: Vec<&Adjustment> = kind.raises.iter().filter(|raise| holds(raise, own, around)).collect();
    let favour: Vec<&Adjustment> =
        kind.lowers.iter().filter(|lower| holds(lower, around, Signals::default())).collect();
    let steps = i32::from(against.iter().any(|raise| raise.moves)) - i32::from(favour.iter().any(|lower| lower.moves));
    let usual = usual.unwrap_or(kind.severity);
    let severity = usual.moved(steps);
    Assessment {
        severity,
        reasons: reasons(usual, severity, &against, &favour, passage.text),
        explicitness: explicitness(kind, passage, text, own),
        facts: facts::find_in(kind, text, passage.text, own),
    }
}

/// The signals of `text` with the words that introduce it. A heading tells only whether a section is about trials or businesses.
fn signals_of(kind: &ClauseType, passage: &Passage<'_>, text: &str) -> Signals {
    let mut found = if passage.lead_in.is_empty() {
        signals::in_text(text)
    } else {
        signals::in_text(&format!("{} {text}", passage.lead_in))
    };
    if !passage.heading.is_empty() {
        let heading = signals::in_text(&passage.heading);
        [Signal::Trial, Signal::BusinessOnly]
            .into_iter()
            .filter(|signal| heading.has(*signal))
            .for_each(|s| found.add(s));
    }
    facts::add_signals(kind, text, &mut found);
    found
}

fn holds(adjustment: &Adjustment, found: Signals, around: Signals) -> bool {
    let Some(signal) = Signal::parse(&adjustment.when) else { return false };
    let denied =
        OPPOSITES.iter().any(|(claim, opposite)| *claim == signal && (found.has(*opposite) || around.has(*opposite)));
    found.has(signal) && !denied
}

fn reasons(
    usual: Severity,
    severity: Severity,
    against: &[&Adjustment],
    favour: &[&Adjustment],
    text: &str,
) -> Vec<String> {
    let mut reasons = Vec::with_capacity(1 + against.len() + favour.len());
    if severity != usual {
        let verb = if severity > usual { "Raised" } else { "Lowered" };
        reasons.push(format!("{verb} from {usual} to {severity}."));
    }
    let exception = against.iter().chain(favour).any(|found| found.when == Signal::CarveOut.name());
    let exception = exception.then(|| facts::exception(text)).flatten();
    // Where the exception can be quoted, its words say more than the taxonomy's.
    let told = |found: &&&Adjustment| exception.is_none() || found.when != Signal::CarveOut.name();
    reasons.extend(against.iter().filter(told).map(|raise| format!("{AGAINST}{}.", raise.say)));
    reasons.extend(favour.iter().filter(told).map(|lower| format!("{FOR}{}.", lower.say)));
    reasons.extend(exception.map(|words| format!("{NOTE}makes an exception, “{words}”.")));
    reasons
}

/// A list item that is no sentence of its own follows from it and its lead-in together; some types follow from what is not said.
fn explicitness(kind: &ClauseType, passage: &Passage<'_>, text: &str, found: Signals) -> Explicitness {
    let from_silence = kind.id == "change-without-notice" && !found.has(Signal::NoNotice)
        || kind.id == "terminate-at-will"
            && ![Signal::AnyReason, Signal::NoNotice, Signal::SoleDiscretion].iter().any(|signal| found.has(*signal));
    let leans_on_lead_in = !passage.lead_in.is_empty() && !is_sentence(text);
    if from_silence || leans_on_lead_in { Explicitness::Inferred } else { Explicitness::Explicit }
}

/// Whether the words have a subject and a verb that a clause is made of.
fn is_sentence(text: &str) -> bool {
    const VERBS: [&str; 20] = [
        "will", "may", "must", "shall", "can", "is", "are", "agree", "do", "does", "cannot", "has", "have", "grant",
        "reserve", "reserves", "use", "collect", "share", "should",
    ];
    const SUBJECTS: [&str; 11] = ["we", "you", "i", "it", "they", "this", "these", "users", "our", "your", "the"];
    let mut subject = false;
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).take(60).any(|word| {
        let word = word.to_lowercase();
        subject |= SUBJECTS.contains(&word.as_str());
        subject && VERBS.contains(&word.as_str())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::taxonomy::taxonomy;

    fn read(type_id: &str, lead_in: &str, text: &str) -> Assessment {
        let kind = taxonomy().get(type_id).expect("a type");
        let passage =
            Passage { heading: String::new(), lead_in: lead_in.to_owned(), text, is_heading: false, foreign: None };
        assess(kind, None, &passage, 0..text.len())
    }

    fn mentions(found: &Assessment, words: &str) -> bool {
        found.reasons.iter().any(|reason| reason.contains(words))
    }

    #[test]
    fn a_signal_that_moves_is_told_with_the_levels() {
        let mild = read("price-change", "", "We may change our prices and will notify you 30 days before.");
        assert_eq!(mild.severity, Severity::Low);
        assert_eq!(mild.reasons[0], "Lowered from Medium to Low.");
        assert!(mild.reasons.contains(&"In your favour: the clause promises notice.".to_owned()), "{mild:?}");
        let plain = read("price-change", "", "We may change our prices.");
        assert_eq!((plain.severity, plain.reasons.len()), (Severity::Medium, 0));
        let harsh = read("terminate-for-cause", "", "We may close your account for breach without notice.");
        assert_eq!(harsh.reasons[0], "Raised from Low to Medium.");
    }

    #[test]
    fn the_usual_level_is_the_start_and_the_scale_has_ends() {
        let kind = taxonomy().get("price-change").expect("a type");
        let text = "We may change our prices and will notify you.";
        let passage =
            Passage { heading: String::new(), lead_in: String::new(), text, is_heading: false, foreign: None };
        assert_eq!(assess(kind, Some(Severity::High), &passage, 0..text.len()).severity, Severity::Medium);
        let low = assess(kind, Some(Severity::Low), &passage, 0..text.len());
        assert_eq!(low.severity, Severity::Low);
        assert!(!mentions(&low, "Lowered"));
    }

    #[test]
    fn a_claim_that_the_clause_takes_back_is_not_made() {
        let found =
            read("service-changes", "", "We may end features without notice. We will notify you of large changes.");
        assert!(!mentions(&found, "no warning") && mentions(&found, "promises notice"), "{found:?}");
        let beside = "We may sell your data. You may opt out of the sale.";
        let kind = taxonomy().get("sells-data").expect("a type");
        let passage =
            Passage { heading: String::new(), lead_in: String::new(), text: beside, is_heading: false, foreign: None };
        assert!(
            mentions(&assess(kind, None, &passage, 0..22), "lets you opt out"),
            "a softening sentence beside the excerpt counts"
        );
    }

    #[test]
    fn an_exception_is_quoted_and_takes_no_side() {
        let found = read("scraping-ban", "", "You may not use bots, unless the operator of a search engine does so.");
        let told = "Note: the clause makes an exception, “unless the operator of a search engine does so”.";
        assert_eq!(found.reasons.last().map(String::as_str), Some(told));
        let reference = read("scraping-ban", "", "Except as set forth in section 4, you may not use bots.");
        assert_eq!(reference.reasons, [] as [&str; 0]);
    }

    #[test]
    fn a_list_item_leans_on_its_lead_in() {
        let item = read("scraping-ban", "You may not, without our written permission:", "use bots or scrapers");
        assert_eq!(item.explicitness, Explicitness::Inferred);
        assert!(mentions(&item, "written permission"), "{item:?}");
        assert_eq!(read("scraping-ban", "", "You may not use bots.").explicitness, Explicitness::Explicit);
        assert_eq!(
            read("change-without-notice", "", "We may change these terms.").explicitness,
            Explicitness::Inferred
        );
        let stated = read("change-without-notice", "", "We may change these terms without notice.");
        assert_eq!(stated.explicitness, Explicitness::Explicit);
    }
}
