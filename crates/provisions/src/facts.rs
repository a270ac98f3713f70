//! What a clause says in figures and names: periods, amounts, places, addresses, exceptions.
//!
//! Which facts are looked for depends on the clause type (see [`wanted`]): a notice period on a clause about changes, not on one about
//! cookies. A fact is taken from a sentence that speaks of its subject; where the words are not clear, there is no fact.
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::normalise::sentences;
use crate::passage::Passage;
use crate::signals::{Signal, Signals};
use crate::taxonomy::ClauseType;

mod choice;
mod money;
mod named;
mod periods;
mod places;
mod words;

use choice::where_to_refuse;
use money::{amounts, cap, interest, uptime};
use named::Lexicon;
use periods::{
    BREACH, DISPUTE, GRACE, INACTIVE, NOTICE, NOTICE_AHEAD, OPT_OUT_WINDOW, PeriodFact, REFUND, RENEWAL, TIME_TO_SUE,
    TRIAL, WAITING, is_age, period_for, periods,
};
use places::{arbitration_body, courts, governing_law, language, seat};
pub(crate) use words::exception;
use words::{ages, allowed, contacts, covered, dates, exceptions, extent, retention};

/// Facts found in one clause; what is not said is absent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// Facts for people, in the order in which they are shown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<Fact>,
}

/// One fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// What it is about: "Notice", "Liability cap", "Governing law".
    pub label: String,
    /// What the clause says: "30 days", "100 US dollars", "California".
    pub value: String,
}

impl Facts {
    /// The value of the first fact with this label.
    pub fn get(&self, label: &str) -> Option<&str> {
        self.lines.iter().find(|fact| fact.label == label).map(|fact| fact.value.as_str())
    }

    fn push(&mut self, label: &str, value: impl Into<String>) {
        let value = value.into();
        if !value.is_empty() {
            self.lines.push(Fact { label: label.to_owned(), value });
        }
    }
}

/// A subject that facts are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    Period(&'static PeriodFact),
    Cap,
    Law,
    Courts,
    Arbitration,
    Retention,
    Age,
    Licence,
    Amounts,
    Interest,
    Uptime,
    Contact,
    Date,
    Language,
    Binds,
    Choice,
    Named(Lexicon),
}

/// What is looked for in clauses of a type, in the order in which it is shown.
fn wanted(type_id: &str) -> &'static [Subject] {
    use Subject::*;
    match type_id {
        "change-without-notice"
        | "change-with-notice"
        | "change-continued-use"
        | "service-changes"
        | "price-change"
        | "terminate-at-will"
        | "termination-notice"
        | "user-may-leave"
        | "assignment"
        | "audit-rights" => &[NOTICE],
        "breach-notice" => &[BREACH],
        "terminate-for-cause" => &[Named(Lexicon::Grounds), NOTICE],
        "api-limits" => &[NOTICE, Amounts],
        "effect-of-termination" => &[GRACE],
        "inactivity-closure" => &[INACTIVE, NOTICE_AHEAD],
        "arbitration" => &[Arbitration, OPT_OUT_WINDOW],
        "mass-arbitration" => &[Arbitration],
        "arbitration-opt-out" => &[OPT_OUT_WINDOW, Contact],
        "informal-dispute-first" => &[WAITING, Contact],
        "governing-law" => &[Law, Courts],
        "exclusive-venue" => &[Courts, Law],
        "claim-time-limit" => &[TIME_TO_SUE, Binds],
        "liability-cap" => &[Cap, Binds],
        "liability-exclusion" => &[Named(Lexicon::Losses), Binds],
        "force-majeure" => &[Named(Lexicon::Events), Binds],
        "warranty-disclaimer" => &[Named(Lexicon::Warranties), Binds],
        "indemnity" | "class-action-waiver" | "jury-waiver" | "injunctive-relief" | "confidentiality" => &[Binds],
        "content-licence-broad"
        | "content-licence-limited"
        | "content-licence-survives"
        | "feedback-licence"
        | "content-assignment"
        | "service-licence"
        | "licence-grant-open"
        | "patent-clause"
        | "likeness-use"
        | "moral-rights-waiver"
        | "publicity-rights" => &[Licence],
        "cookies" => &[Named(Lexicon::Cookies), Retention],
        "collects-device-usage" => &[Named(Lexicon::Device), Retention],
        "retention-period" | "retention-indefinite" => &[Retention],
        "minimum-age" | "children-data" | "eligibility-authority" => &[Age],
        "auto-renewal" => &[RENEWAL, NOTICE_AHEAD, Amounts],
        "free-trial-conversion" => &[TRIAL, Amounts],
        "refund-right" => &[REFUND],
        "fees-and-billing" => &[DISPUTE, Amounts],
        "penalties" | "virtual-goods" => &[Amounts],
        "late-payment" => &[Interest, Amounts],
        "sla" => &[Uptime],
        "rights-access-deletion" => &[Named(Lexicon::Rights), Contact],
        "contact-information"
        | "rights-object"
        | "rights-portability"
        | "copyright-takedown"
        | "rights-appeal-complaint"
        | "marketing-messages"
        | "verification-of-requests" => &[Contact],
        "collects-personal" => &[Named(Lexicon::Personal)],
        "collects-contacts-content" => &[Named(Lexicon::Reach)],
        "collects-sensitive" => &[Named(Lexicon::Sensitive)],
        "collects-biometric" => &[Named(Lexicon::Body)],
        "collects-payment" => &[Named(Lexicon::Payment)],
        "collects-from-third-parties" => &[Named(Lexicon::Origins)],
        "processing-purposes" | "service-providers" => &[Named(Lexicon::Purposes)],
        "shares-third-parties" => &[Named(Lexicon::Recipients)],
        "cross-border-transfer" => &[Named(Lexicon::Countries), Named(Lexicon::Safeguards)],
        "lawful-basis" => &[Named(Lexicon::Bases)],
        "regional-notice" => &[Named(Lexicon::Regions)],
        "ai-training-on-user-data" => &[Named(Lexicon::Training), Named(Lexicon::Models), Choice],
        "ai-training-choice" | "targeted-ads" | "cross-site-tracking" | "tracking-pixels" | "sells-data" => &[Choice],
        "acceptable-conduct" => &[Named(Lexicon::Conduct)],
        "ai-prohibited-uses" => &[Named(Lexicon::AiUses)],
        "incorporated-terms" => &[Named(Lexicon::Documents)],
        "security-measures" => &[Named(Lexicon::Measures)],
        "regulated-use" => &[Named(Lexicon::Subjects)],
        "effective-date" => &[Date],
        "language-version" => &[Language],
        _ => &[],
    }
}

/// Types of clause that make no sense with an exception.
const WITHOUT_EXCEPTIONS: [&str; 4] =
    ["effective-date", "contact-information", "cookie-controls", "liability-carve-out"];

/// The facts of the words at `excerpt` (bytes of the passage's text), for a provision of type `kind`.
pub fn find(kind: &ClauseType, passage: &Passage<'_>, excerpt: Range<usize>) -> Facts {
    let text = excerpt_of(passage.text, excerpt);
    let mutual = crate::signals::in_text(text);
    find_in(kind, text, passage.text, mutual)
}

/// As [`find`], where the signals of the words are known; `around` is the whole passage.
pub(crate) fn find_in(kind: &ClauseType, text: &str, around: &str, signals: Signals) -> Facts {
    let mut facts = Facts::default();
    let spans = sentences(text);
    for subject in wanted(&kind.id) {
        look_for(*subject, text, around, &spans, signals, &mut facts);
    }
    if !WITHOUT_EXCEPTIONS.contains(&kind.id.as_str()) {
        let found = exceptions(text, &spans);
        facts.push("Exceptions", found.join("; "));
    }
    facts
}

/// The words at `excerpt`, its ends moved to character boundaries inside the text.
pub(crate) fn excerpt_of(text: &str, excerpt: Range<usize>) -> &str {
    let start = floor_boundary(text, excerpt.start);
    let end = floor_boundary(text, excerpt.end).max(start);
    &text[start..end]
}

fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn look_for(subject: Subject, text: &str, around: &str, spans: &[Range<usize>], signals: Signals, facts: &mut Facts) {
    match subject {
        Subject::Period(wanted) => facts.push(wanted.label, period_for(wanted, text, spans)),
        Subject::Cap => facts.push("Liability cap", cap(text, spans).map(|cap| cap.words()).unwrap_or_default()),
        Subject::Law => facts.push("Governing law", governing_law(text).unwrap_or_default()),
        Subject::Courts => facts.push("Courts", courts(text).unwrap_or_default()),
        Subject::Arbitration => {
            facts.push("Arbitration body", arbitration_body(text));
            facts.push("Seat", seat(text).unwrap_or_default());
        }
        Subject::Retention => facts.push("Kept for", retention(text, spans)),
        Subject::Age => facts.push("Minimum age", ages(text)),
        Subject::Licence => {
            facts.push("Licence", extent(text, signals));
            facts.push("Covers", covered(text).unwrap_or_default());
            facts.push("Allows", allowed(text));
        }
        Subject::Amounts => facts.push("Amounts", listed(amounts(text).into_iter().map(|found| found.words), 3)),
        Subject::Interest => facts.push("Interest", interest(text)),
        Subject::Uptime => facts.push("Uptime", uptime(text)),
        Subject::Contact => facts.push("Contact", contacts(text)),
        Subject::Date => facts.push("Date", dates(text)),
        Subject::Language => facts.push("Language", language(text).unwrap_or_default()),
        Subject::Named(lexicon) => facts.push(lexicon.label(), lexicon.named(text)),
        Subject::Binds if signals.has(Signal::Mutual) => facts.push("Binds", "both sides"),
        Subject::Binds => {}
        // A choice is often in the sentence after.
        Subject::Choice => facts.push("Where to refuse", where_to_refuse(around, &sentences(around))),
    }
}

/// Distinct values, the first `most` of them, joined.
fn listed(values: impl Iterator<Item = String>, most: usize) -> String {
    let mut kept: Vec<String> = Vec::new();
    for value in values {
        if kept.len() < most && !kept.contains(&value) {
            kept.push(value);
        }
    }
    kept.join(", ")
}

/// Whether a period of the clause is short or long for its type: the days up to which it is short, and from which it is long.
fn measure(type_id: &str) -> Option<(u32, u32)> {
    Some(match type_id {
        "change-with-notice" | "change-continued-use" | "termination-notice" => (13, 60),
        "user-may-leave" => (0, 60),
        "arbitration-opt-out" => (29, 60),
        "mass-arbitration" => (29, 1_000),
        "informal-dispute-first" => (30, 61),
        "claim-time-limit" => (365, 730),
        "inactivity-closure" => (180, 730),
        "effect-of-termination" => (0, 60),
        "retention-period" => (31, 730),
        "retention-indefinite" => (31, 100_000),
        "cookies" => (0, 366),
        "breach-notice" => (3, 31),
        "rights-appeal-complaint" => (14, 100_000),
        "auto-renewal" => (0, 365),
        "free-trial-conversion" => (7, 100_000),
        "refund-right" => (7, 30),
        "fees-and-billing" => (30, 100_000),
        "late-payment" => (10, 100_000),
        "sla" => (15, 100_000),
        "api-limits" => (0, 90),
        "effective-date" => (0, 30),
        "survival" => (365, 100_000),
        "content-licence-survives" => (90, 100_000),
        "ai-training-choice" => (31, 100_000),
        _ => return None,
    })
}

/// Adds the signals that numbers state: a short or long period, a token amount.
pub(crate) fn add_signals(kind: &ClauseType, text: &str, signals: &mut Signals) {
    if let Some((short, long)) = measure(&kind.id) {
        let subject = wanted(&kind.id).iter().find_map(|subject| match subject {
            Subject::Period(wanted) => Some(*wanted),
            _ => None,
        });
        let found = periods(text);
        let spans = if found.is_empty() { Vec::new() } else { sentences(text) };
        let told = found.iter().find(|period| match subject {
            Some(wanted) => wanted.fits(text, &spans, period),
            None => !is_age(text, period),
        });
        match told {
            Some(period) if period.days <= short => signals.add(Signal::ShortPeriod),
            Some(period) if period.days >= long => signals.add(Signal::LongPeriod),
            _ => {}
        }
    }
    if matches!(kind.id.as_str(), "liability-cap" | "provider-indemnity" | "sla")
        && cap(text, &sentences(text)).is_some_and(|cap| cap.is_token())
    {
        signals.add(Signal::LowCap);
    }
    if exception(text).is_some() {
        signals.add(Signal::CarveOut);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::taxonomy::taxonomy;

    fn facts(type_id: &str, text: &str) -> Vec<(String, String)> {
        let kind = taxonomy().get(type_id).expect("a type");
        let passage =
            Passage { heading: String::new(), lead_in: String::new(), text, is_heading: false, foreign: None };
        find(kind, &passage, 0..text.len()).lines.into_iter().map(|fact| (fact.label, fact.value)).collect()
    }

    fn fact(type_id: &str, text: &str, label: &str) -> Option<String> {
        facts(type_id, text).into_iter().find(|(name, _)| name == label).map(|(_, value)| value)
    }

    #[track_caller]
    fn told(type_id: &str, text: &str, label: &str, value: &str) {
        assert_eq!(fact(type_id, text, label).as_deref(), Some(value), "{text}");
    }

    #[test]
    fn periods_in_words_and_figures() {
        let words =
            |text: &str| periods(text).into_iter().map(|period| (period.words, period.days)).collect::<Vec<_>>();
        assert_eq!(words("within thirty (30) days"), [("30 days".to_owned(), 30)]);
        assert_eq!(words("a 30-day window, or two weeks"), [("30 days".to_owned(), 30), ("2 weeks".to_owned(), 14)]);
        assert_eq!(
            words("ten business days; 72 hours"),
            [("10 business days".to_owned(), 10), ("72 hours".to_owned(), 3)]
        );
        assert_eq!(
            words("a year after, once a day, twenty-four months"),
            [("1 year".to_owned(), 365), ("24 months".to_owned(), 720)]
        );
        assert_eq!(words("0 days, days of old, Monday"), []);
    }

    #[test]
    fn amounts_in_several_currencies() {
        let words =
            |text: &str| amounts(text).into_iter().map(|amount| (amount.words, amount.value)).collect::<Vec<_>>();
        assert_eq!(
            words("US$100.00 or 1.000,50 euros"),
            [("US$100.00".to_owned(), 100.0), ("€1.000,50".to_owned(), 1000.5)]
        );
        assert_eq!(
            words("one hundred dollars ($100), and 50 EUR."),
            [("$100".to_owned(), 100.0), ("€50".to_owned(), 50.0)]
        );
        assert_eq!(words("$1 million"), [("$1 million".to_owned(), 1e6)]);
        assert_eq!(words("Section 4.2, 30 days"), []);
    }

    #[test]
    fn notice_where_a_clause_is_about_notice() {
        told(
            "change-with-notice",
            "We will give you at least thirty (30) days' notice of changes.",
            "Notice",
            "30 days",
        );
        told("terminate-for-cause", "We may end it on 14 days prior written notice.", "Notice", "14 days");
        assert_eq!(fact("cookies", "We give 30 days' notice of changes.", "Notice"), None);
        assert_eq!(fact("change-with-notice", "You must be 18 years old. We notify you of changes.", "Notice"), None);
    }

    #[test]
    fn caps_and_their_basis() {
        told("liability-cap", "Our liability shall not exceed US$100.", "Liability cap", "US$100");
        told(
            "liability-cap",
            "In no event will liability exceed the greater of $50 or the amounts you paid in the twelve (12) months before the claim.",
            "Liability cap",
            "the greater of $50 and the amounts paid in 12 months",
        );
        told("liability-cap", "It is limited to the fees paid by you.", "Liability cap", "the amounts paid");
    }

    #[test]
    fn law_courts_and_seat() {
        told(
            "governing-law",
            "These terms are governed by the laws of the State of California, without regard to conflicts.",
            "Governing law",
            "California",
        );
        told(
            "governing-law",
            "They are governed by the laws of England and Wales. Any dispute goes there.",
            "Governing law",
            "England and Wales",
        );
        told("governing-law", "German law applies.", "Governing law", "Germany");
        told("governing-law", "The laws of the United Kingdom apply.", "Governing law", "the United Kingdom");
        told(
            "exclusive-venue",
            "You agree to the state and federal courts located in Travis County, Texas.",
            "Courts",
            "Travis County, Texas",
        );
        told("arbitration", "The seat of arbitration shall be Geneva, under the rules of the ICC.", "Seat", "Geneva");
        told(
            "arbitration",
            "It is run by the American Arbitration Association (\"AAA\").",
            "Arbitration body",
            "the American Arbitration Association",
        );
        assert_eq!(fact("governing-law", "You must follow the laws of Your country.", "Governing law"), None);
    }

    #[test]
    fn windows_and_waits() {
        told(
            "arbitration-opt-out",
            "You may opt out within 30 days by writing to out@plum.example.",
            "Opt-out window",
            "30 days",
        );
        told(
            "arbitration-opt-out",
            "You may opt out within 30 days by writing to out@plum.example.",
            "Contact",
            "out@plum.example",
        );
        told("claim-time-limit", "A claim must be filed within one (1) year.", "Time to sue", "1 year");
        told(
            "informal-dispute-first",
            "We try to resolve it informally for 60 days first.",
            "Waiting period",
            "60 days",
        );
        told("refund-right", "You may withdraw within fourteen days.", "Refund window", "14 days");
        told("inactivity-closure", "Accounts inactive for 12 months are closed.", "Inactive after", "12 months");
        told(
            "auto-renewal",
            "It renews for successive one-year terms unless you cancel at least 24 hours before.",
            "Renewal term",
            "1 year",
        );
        told(
            "auto-renewal",
            "It renews for successive one-year terms unless you cancel at least 24 hours before.",
            "Notice",
            "24 hours",
        );
        told("breach-notice", "We notify you within 72 hours.", "Notice", "72 hours");
    }

    #[test]
    fn keeping_ages_and_contacts() {
        told(
            "retention-period",
            "We keep logs for 90 days and invoices for seven years.",
            "Kept for",
            "90 days, 7 years",
        );
        told(
            "retention-period",
            "We retain data as long as necessary.",
            "Kept for",
            "as long as the purpose needs, with no period in figures",
        );
        told("minimum-age", "You must be at least 13 (or 16 years old in the EU).", "Minimum age", "13, 16");
        told(
            "contact-information",
            "Write to hello@plum.example or law@plum.example.",
            "Contact",
            "hello@plum.example, law@plum.example",
        );
        told("effective-date", "Last updated: March 3, 2024", "Date", "March 3, 2024");
        told("late-payment", "Interest of 1.5% per month is due.", "Interest", "1.5% a month");
        told("sla", "We commit to 99.9% uptime.", "Uptime", "99.9%");
    }

    #[test]
    fn what_is_licensed_and_how_far() {
        let text = "You grant us a non-exclusive, worldwide, perpetual, irrevocable, royalty-free, sublicensable licence to use, \
                    copy, modify and publish your Content.";
        told(
            "content-licence-broad",
            text,
            "Licence",
            "non-exclusive, worldwide, perpetual, irrevocable, royalty-free, sublicensable",
        );
        told("content-licence-broad", text, "Covers", "your content");
        told("content-licence-broad", text, "Allows", "use, copy, change, publish");
        let limited = "We grant you a limited, revocable, non-transferable licence to use the app.";
        told("service-licence", limited, "Licence", "not transferable, revocable");
        assert_eq!(fact("feedback-licence", "You have no right to sell, copy or modify it.", "Allows"), None);
    }

    #[test]
    fn exceptions_are_quoted_and_shortened() {
        told(
            "content-removal",
            "We may remove posts, unless the law requires us to keep them.",
            "Exceptions",
            "unless the law requires us to keep them",
        );
        told(
            "warranty-disclaimer",
            "EXCEPT WHERE THE LAW SAYS NO, WE WARRANT NOTHING.",
            "Exceptions",
            "except where the law says no",
        );
        assert_eq!(fact("content-removal", "Unless otherwise stated, we may remove posts.", "Exceptions"), None);
        let long = format!("We keep it except where {}.", "the court says so and ".repeat(20));
        let value = fact("retention-period", &long, "Exceptions").expect("an exception");
        assert!(value.ends_with('…') && value.chars().count() <= words::EXCEPTION_CHARS + 1, "{value}");
    }

    #[test]
    fn short_and_long_depend_on_the_type() {
        let signals = |type_id: &str, text: &str| {
            let mut found = Signals::default();
            add_signals(taxonomy().get(type_id).expect("a type"), text, &mut found);
            found
        };
        assert!(signals("claim-time-limit", "Claims must be brought within one year.").has(Signal::ShortPeriod));
        assert!(signals("claim-time-limit", "Claims must be brought within three years.").has(Signal::LongPeriod));
        assert!(!signals("retention-period", "We keep it for one year.").has(Signal::ShortPeriod));
        assert!(signals("change-with-notice", "We give 7 days' notice.").has(Signal::ShortPeriod));
        assert!(signals("change-with-notice", "We give 90 days' notice.").has(Signal::LongPeriod));
        assert!(!signals("change-with-notice", "We give 30 days' notice.").has(Signal::LongPeriod));
        assert!(
            !signals("change-with-notice", "We give notice. You have 90 days in the trial.").has(Signal::LongPeriod)
        );
        assert!(!signals("claim-time-limit", "Claims must be brought within five years.").has(Signal::ShortPeriod));
        assert!(signals("liability-cap", "It shall not exceed $100.").has(Signal::LowCap));
        assert!(signals("liability-cap", "It is limited to the lesser of €50 and the fees paid.").has(Signal::LowCap));
        assert!(
            !signals("liability-cap", "It shall not exceed the greater of $100 or the fees paid.").has(Signal::LowCap)
        );
        assert!(!signals("liability-cap", "It shall not exceed $2 million.").has(Signal::LowCap));
    }

    #[test]
    fn stored_form_is_stable() {
        let facts: Facts = serde_json::from_str("{}").expect("an empty record is read");
        assert_eq!(facts, Facts::default());
        assert_eq!(serde_json::to_string(&facts).expect("written"), "{}");
    }
}
