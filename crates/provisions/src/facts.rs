//! What a clause says in figures and names: periods, amounts, places, addresses, exceptions.
//!
//! Which facts are looked for depends on the clause type (see [`wanted`]): a notice period on a clause about changes, not on one about
//! cookies. A fact is taken from a sentence that speaks of its subject; where the words are not clear, there is no fact.
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::normalise::sentences;
use crate::passage::Passage;
use crate::signals::{Signal, Signals};
use crate::taxonomy::ClauseType;

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
}

/// A period of time and the words that tell what it is a period of.
#[derive(Debug, PartialEq, Eq)]
struct PeriodFact {
    label: &'static str,
    /// One of these stands in the sentence.
    cues: &'static [&'static str],
    /// Whether the period is one that runs ahead of something ("30 days before", "at least 24 hours in advance").
    ahead: Ahead,
}

/// Whether a period may, must or must not run ahead of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ahead {
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

const NOTICE: Subject = Subject::Period(&period_fact("Notice", NOTICE_CUES, Ahead::Perhaps));
const NOTICE_AHEAD: Subject = Subject::Period(&period_fact("Notice", NOTICE_CUES, Ahead::Always));
const BREACH: Subject =
    Subject::Period(&period_fact("Notice", &["notif", "inform", "report", "within"], Ahead::Perhaps));
const WAITING: Subject = Subject::Period(&period_fact("Waiting period", SETTLING_CUES, Ahead::Perhaps));
const OPT_OUT_WINDOW: Subject = Subject::Period(&period_fact("Opt-out window", OPT_OUT_CUES, Ahead::Perhaps));
const TIME_TO_SUE: Subject = Subject::Period(&period_fact("Time to sue", SUING_CUES, Ahead::Perhaps));
const INACTIVE: Subject = Subject::Period(&period_fact("Inactive after", UNUSED_CUES, Ahead::Never));
const RENEWAL: Subject = Subject::Period(&period_fact("Renewal term", &["renew", "successive"], Ahead::Never));
const TRIAL: Subject = Subject::Period(&period_fact("Trial length", &["trial", "free", "promotion"], Ahead::Never));
const REFUND: Subject = Subject::Period(&period_fact("Refund window", MONEY_BACK_CUES, Ahead::Perhaps));
const GRACE: Subject = Subject::Period(&period_fact("Period after the end", AFTER_CUES, Ahead::Perhaps));

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
        | "terminate-for-cause"
        | "termination-notice"
        | "user-may-leave"
        | "assignment"
        | "audit-rights" => &[NOTICE],
        "breach-notice" => &[BREACH],
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
        "liability-exclusion"
        | "indemnity"
        | "force-majeure"
        | "class-action-waiver"
        | "jury-waiver"
        | "injunctive-relief"
        | "confidentiality"
        | "warranty-disclaimer" => &[Binds],
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
        "cookies" | "retention-period" | "retention-indefinite" | "collects-device-usage" => &[Retention],
        "minimum-age" | "children-data" | "eligibility-authority" => &[Age],
        "auto-renewal" => &[RENEWAL, NOTICE_AHEAD, Amounts],
        "free-trial-conversion" => &[TRIAL, Amounts],
        "refund-right" => &[REFUND],
        "fees-and-billing" | "penalties" | "virtual-goods" => &[Amounts],
        "late-payment" => &[Interest, Amounts],
        "sla" => &[Uptime],
        "contact-information"
        | "rights-access-deletion"
        | "rights-object"
        | "rights-portability"
        | "copyright-takedown"
        | "rights-appeal-complaint"
        | "marketing-messages"
        | "verification-of-requests" => &[Contact],
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
    find_in(kind, text, mutual)
}

/// As [`find`], where the signals of the words are known.
pub(crate) fn find_in(kind: &ClauseType, text: &str, signals: Signals) -> Facts {
    let mut facts = Facts::default();
    let spans = sentences(text);
    for subject in wanted(&kind.id) {
        look_for(*subject, text, &spans, signals, &mut facts);
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

fn look_for(subject: Subject, text: &str, spans: &[Range<usize>], signals: Signals, facts: &mut Facts) {
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
        Subject::Binds if signals.has(Signal::Mutual) => facts.push("Binds", "both sides"),
        Subject::Binds => {}
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

// ---- Periods ----

/// A stretch of time as the text states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// Where it stands.
    pub range: Range<usize>,
    /// In figures: "30 days".
    pub words: String,
    /// Its length.
    pub days: u32,
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

fn number(words: &str) -> Option<u32> {
    if let Ok(value) = words.parse() {
        return Some(value);
    }
    let words = words.to_ascii_lowercase().replace(' ', "-");
    NUMBER_WORDS.iter().find(|(name, _)| *name == words).map(|(_, value)| *value)
}

/// The periods in `text`, in order.
pub fn periods(text: &str) -> Vec<Period> {
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
fn period_for(wanted: &PeriodFact, text: &str, spans: &[Range<usize>]) -> String {
    let found = periods(text).into_iter().find(|period| wanted.fits(text, spans, period));
    found.map(|period| period.words).unwrap_or_default()
}

impl PeriodFact {
    fn fits(&self, text: &str, spans: &[Range<usize>], period: &Period) -> bool {
        let sentence = sentence_of(text, spans, period.range.start).to_ascii_lowercase();
        let in_place = match self.ahead {
            Ahead::Perhaps => true,
            Ahead::Always => runs_ahead(text, period),
            Ahead::Never => !runs_ahead(text, period),
        };
        in_place && self.cues.iter().any(|cue| sentence.contains(cue)) && !is_age(text, period)
    }
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
fn is_age(text: &str, period: &Period) -> bool {
    let after = text[period.range.end..].trim_start().to_ascii_lowercase();
    period.words.ends_with("years") && (after.starts_with("old") || after.starts_with("of age"))
}

fn sentence_of<'a>(text: &'a str, spans: &[Range<usize>], at: usize) -> &'a str {
    let i = spans.partition_point(|span| span.end <= at);
    spans.get(i).map_or(text, |span| &text[span.clone()])
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

// ---- Amounts ----

/// An amount of money as the text states it.
#[derive(Debug, Clone, PartialEq)]
pub struct Amount {
    /// Where it stands.
    pub range: Range<usize>,
    /// "US$100".
    pub words: String,
    /// In units of its currency.
    pub value: f64,
}

/// The amounts of money in `text`, in order.
pub fn amounts(text: &str) -> Vec<Amount> {
    static AMOUNT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?i)(?:(US ?\$|U\.S\. ?\$|USD ?\$?|CA\$|AU\$|A\$|C\$|NZ\$|S\$|HK\$|R\$|\$|€|EUR|£|GBP|¥|₹|CHF|INR|CAD|AUD) ?(\d[\d,.]*)( (?:million|thousand|billion))?)|(?:(\d[\d,.]*)( (?:million|thousand|billion))? ?(?:\(?(?:US|U\.S\.|United States|Canadian|Australian)\)? )?(€|EUR\b|euros?\b|£|GBP\b|pounds? sterling\b|USD\b|dollars?\b|CHF\b|rupees?\b))",
        )
        .expect("a constant")
    });
    if !text.bytes().any(|b| b.is_ascii_digit()) {
        return Vec::new();
    }
    AMOUNT.captures_iter(text).filter_map(|found| amount(&found)).collect()
}

fn amount(found: &regex::Captures<'_>) -> Option<Amount> {
    let whole = found.get(0)?;
    let (sign, digits, scale) = match found.get(1) {
        Some(sign) => (currency(sign.as_str()), found.get(2)?, found.get(3)),
        None => (currency(found.get(6)?.as_str()), found.get(4)?, found.get(5)),
    };
    let digits = digits.as_str().trim_end_matches([',', '.']);
    let scale = scale.map_or("", |scale| scale.as_str()).to_ascii_lowercase();
    let factor = match scale.trim() {
        "thousand" => 1e3,
        "million" => 1e6,
        "billion" => 1e9,
        _ => 1.0,
    };
    let value = plain_number(digits)? * factor;
    let end =
        if scale.is_empty() && found.get(1).is_some() { found.get(2)?.start() + digits.len() } else { whole.end() };
    Some(Amount { range: whole.start()..end, words: format!("{sign}{digits}{scale}"), value })
}

fn currency(sign: &str) -> &'static str {
    let sign = sign.to_ascii_uppercase().replace([' ', '.'], "");
    match sign.as_str() {
        "US$" | "USD" | "USD$" => "US$",
        "CA$" | "C$" | "CAD" => "CA$",
        "AU$" | "A$" | "AUD" => "AU$",
        "NZ$" => "NZ$",
        "S$" => "S$",
        "HK$" => "HK$",
        "R$" => "R$",
        "€" | "EUR" | "EURO" | "EUROS" => "€",
        "£" | "GBP" | "POUNDSTERLING" | "POUNDSSTERLING" => "£",
        "¥" => "¥",
        "₹" | "INR" | "RUPEE" | "RUPEES" => "₹",
        "CHF" => "CHF ",
        _ => "$",
    }
}

/// "1,000.50", "1.000,50" and "1000" to a number.
fn plain_number(digits: &str) -> Option<f64> {
    let last = digits.rfind([',', '.']);
    let whole_only = match last {
        Some(at) if digits.len() - at - 1 <= 2 => Some(at),
        _ => None,
    };
    let cleaned: String = digits
        .char_indices()
        .filter_map(|(i, c)| match c {
            ',' | '.' if Some(i) == whole_only => Some('.'),
            ',' | '.' => None,
            _ => Some(c),
        })
        .collect();
    cleaned.parse().ok()
}

/// A maximum of liability.
#[derive(Debug, Clone, PartialEq)]
struct Cap {
    amount: Option<Amount>,
    basis: Option<String>,
    /// "the greater of", "the lesser of".
    choice: &'static str,
}

impl Cap {
    fn words(&self) -> String {
        match (&self.amount, &self.basis) {
            (Some(amount), Some(basis)) if self.choice.is_empty() => format!("{} or {basis}", amount.words),
            (Some(amount), Some(basis)) => format!("{} {} and {basis}", self.choice, amount.words),
            (Some(amount), None) => amount.words.clone(),
            (None, Some(basis)) => basis.clone(),
            (None, None) => String::new(),
        }
    }

    /// At most 1,000 units, and nothing larger beside it.
    fn is_token(&self) -> bool {
        let small = self.amount.as_ref().is_some_and(|amount| amount.value <= 1_000.0);
        small && (self.basis.is_none() || self.choice == "the lesser of")
    }
}

fn cap(text: &str, spans: &[Range<usize>]) -> Option<Cap> {
    spans.iter().map(|span| &text[span.clone()]).find_map(cap_in)
}

fn cap_in(sentence: &str) -> Option<Cap> {
    let lower = sentence.to_ascii_lowercase();
    let limits = ["exceed", "limited to", "maximum", "more than", "up to", "greater of", "lesser of", "capped"];
    if !limits.iter().any(|cue| lower.contains(cue)) {
        return None;
    }
    let amount = amounts(sentence).into_iter().next();
    let paid = ["paid", "payable", "fees", "price", "amount you pay", "spent"].iter().any(|cue| lower.contains(cue));
    let basis = paid.then(|| {
        let who = if lower.contains("payable") && !lower.contains("paid") { "payable" } else { "paid" };
        match periods(sentence).first() {
            Some(period) => format!("the amounts {who} in {}", period.words),
            None => format!("the amounts {who}"),
        }
    });
    let choice = if lower.contains("greater of") || lower.contains("higher of") || lower.contains("larger of") {
        "the greater of"
    } else if lower.contains("lesser of") || lower.contains("lower of") || lower.contains("smaller of") {
        "the lesser of"
    } else {
        ""
    };
    (amount.is_some() || basis.is_some()).then_some(Cap { amount, basis, choice })
}

fn interest(text: &str) -> String {
    static RATE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?i)(\d+(?:[.,]\d+)?) ?(?:%|percent|per cent)\)?(?: interest)?,? (?:per|a|each|every) (month|year|annum)",
        )
        .expect("a constant")
    });
    RATE.captures(text)
        .map(|found| {
            let unit = if found[2].eq_ignore_ascii_case("month") { "month" } else { "year" };
            format!("{}% a {unit}", &found[1])
        })
        .unwrap_or_default()
}

fn uptime(text: &str) -> String {
    static SHARE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\b(9\d(?:\.\d+)?) ?(?:%|percent|per cent)").expect("a constant"));
    SHARE.captures(text).map(|found| format!("{}%", &found[1])).unwrap_or_default()
}

// ---- Places ----

/// Capitalised words that name a place, as part of a regular expression.
const PLACE: &str = r"((?:the )?(?:[A-Z](?:\.[A-Z]\.?)+|[A-Z][\p{L}’'-]*)(?:,? (?:(?:of|and|the|de) )*(?:[A-Z](?:\.[A-Z]\.?)+|[A-Z][\p{L}’'-]*)){0,7})";

fn place_pattern(before: &str) -> Regex {
    Regex::new(&format!("{before}{PLACE}")).expect("a constant")
}

/// A place without "the State of" and what does not belong to it.
fn tidy_place(found: &str) -> Option<String> {
    let mut place = found.trim().trim_end_matches(',');
    for prefix in ["the ", "State of ", "Commonwealth of ", "Province of ", "Republic of ", "Country of "] {
        let rest = place.strip_prefix(prefix);
        place = match (prefix, rest) {
            // "the Republic of Korea" keeps its name; "the Republic of Ireland" is as clear without.
            ("Republic of ", Some("Korea" | "China")) | (_, None) => place,
            (_, Some(rest)) => rest,
        };
    }
    for stop in [
        " and Licensee",
        " and You",
        " and Company",
        ", You",
        ", We",
        " and We",
        ", Licensee",
        ", Company",
        " You",
        " Company",
    ] {
        place = place.split(stop).next().unwrap_or(place);
    }
    let generic = [
        "Your",
        "You",
        "We",
        "Our",
        "This",
        "These",
        "Such",
        "Any",
        "Site",
        "Service",
        "Services",
        "Terms",
        "Conflict",
        "Contracts",
        "EU",
        "EEA",
    ];
    let usable =
        place.len() >= 4 && place.len() <= 60 && !generic.iter().any(|word| place.split(' ').next() == Some(word));
    let article = ["United ", "Netherlands", "Republic ", "People", "Federal Republic", "Cayman", "District of"];
    let article = if article.iter().any(|name| place.starts_with(name)) { "the " } else { "" };
    (usable && !place.contains("Court")).then(|| format!("{article}{place}"))
}

fn governing_law(text: &str) -> Option<String> {
    static OF: LazyLock<Regex> = LazyLock::new(|| {
        place_pattern(
            r"\b[Ll]aws? (?:in force |in effect |as applied |applicable )?(?:of|in|from) (?:the (?:country|State|state|Commonwealth|jurisdiction) of )?",
        )
    });
    static ADJECTIVE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b(English|French|German|Irish|Dutch|Swiss|Spanish|Italian|Swedish|Finnish|Danish|Norwegian|Belgian|Austrian|Polish|Japanese|Chinese|Indian|Brazilian|Canadian|Australian|Singapore|Luxembourg|California|New York|Delaware|Texas|Washington|Israeli|Scottish|Maltese) [Ll]aws?\b")
            .expect("a constant")
    });
    OF.captures_iter(text)
        .find_map(|found| tidy_place(&found[1]))
        .or_else(|| ADJECTIVE.captures(text).map(|found| land(&found[1]).to_owned()))
}

/// The place whose law is called by an adjective.
fn land(adjective: &str) -> &str {
    const LANDS: [(&str, &str); 24] = [
        ("English", "England"),
        ("French", "France"),
        ("German", "Germany"),
        ("Irish", "Ireland"),
        ("Dutch", "the Netherlands"),
        ("Swiss", "Switzerland"),
        ("Spanish", "Spain"),
        ("Italian", "Italy"),
        ("Swedish", "Sweden"),
        ("Finnish", "Finland"),
        ("Danish", "Denmark"),
        ("Norwegian", "Norway"),
        ("Belgian", "Belgium"),
        ("Austrian", "Austria"),
        ("Polish", "Poland"),
        ("Japanese", "Japan"),
        ("Chinese", "China"),
        ("Indian", "India"),
        ("Brazilian", "Brazil"),
        ("Canadian", "Canada"),
        ("Australian", "Australia"),
        ("Israeli", "Israel"),
        ("Scottish", "Scotland"),
        ("Maltese", "Malta"),
    ];
    LANDS.iter().find(|(name, _)| *name == adjective).map_or(adjective, |(_, land)| land)
}

fn courts(text: &str) -> Option<String> {
    static IN: LazyLock<Regex> = LazyLock::new(|| {
        place_pattern(
            r"\b[Cc]ourts?,? (?:having jurisdiction |of competent jurisdiction |with jurisdiction |sitting |located |situated |seated |residing |based )?(?:of|in|for|within) ",
        )
    });
    static NAMED: LazyLock<Regex> = LazyLock::new(|| {
        place_pattern(
            r"\b(?:jurisdiction of|venue (?:shall be|will be|is|in|lies in)|jurisdiction (?:and venue )?(?:in|shall be)) (?:the )?(?:state |federal |state and federal |state or federal )?(?:courts? (?:of|in|located in) )?",
        )
    });
    IN.captures_iter(text).chain(NAMED.captures_iter(text)).find_map(|found| tidy_place(&found[1]))
}

const ARBITRATORS: [(&str, &str); 17] = [
    ("American Arbitration Association", "the American Arbitration Association"),
    ("AAA", "the American Arbitration Association"),
    ("JAMS", "JAMS"),
    ("National Arbitration and Mediation", "National Arbitration and Mediation"),
    ("NAM", "National Arbitration and Mediation"),
    ("International Chamber of Commerce", "the International Chamber of Commerce"),
    ("ICC", "the International Chamber of Commerce"),
    ("London Court of International Arbitration", "the London Court of International Arbitration"),
    ("LCIA", "the London Court of International Arbitration"),
    ("Singapore International Arbitration Centre", "the Singapore International Arbitration Centre"),
    ("SIAC", "the Singapore International Arbitration Centre"),
    ("Hong Kong International Arbitration Centre", "the Hong Kong International Arbitration Centre"),
    ("HKIAC", "the Hong Kong International Arbitration Centre"),
    ("CIETAC", "CIETAC"),
    ("FedArb", "FedArb"),
    ("ADR Services", "ADR Services"),
    ("New Era ADR", "New Era ADR"),
];

/// The bodies named, at most two.
fn arbitration_body(text: &str) -> String {
    let mut found: Vec<(usize, &str)> =
        ARBITRATORS.iter().filter_map(|(name, shown)| whole_word(text, name).map(|at| (at, *shown))).collect();
    found.sort();
    let mut names: Vec<String> = Vec::new();
    for (_, shown) in found {
        if names.len() < 2 && !names.iter().any(|name| name == shown) {
            names.push(shown.to_owned());
        }
    }
    names.join(" or ")
}

/// Where `word` stands in `text` with no letter beside it.
fn whole_word(text: &str, word: &str) -> Option<usize> {
    text.match_indices(word).map(|(at, _)| at).find(|&at| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

fn seat(text: &str) -> Option<String> {
    static SEAT: LazyLock<Regex> = LazyLock::new(|| {
        place_pattern(
            r"\b(?:seat|place|venue|location|arbitration|hearings?)\b(?: of (?:the )?arbitration)?(?: proceedings?| hearings?)? (?:shall|will|is|must|may)(?: be| take place)?(?: held| conducted| seated| heard| located)?(?: in| at)? (?:the (?:city|City|County) of )?",
        )
    });
    static EACH: [&str; 7] = ["JAMS", "AAA", "American Arb", "Arbitration", "Section", "English", "Rules"];
    SEAT.captures_iter(text)
        .filter_map(|found| tidy_place(&found[1]))
        .find(|place| !EACH.iter().any(|word| place.contains(word)))
}

fn language(text: &str) -> Option<String> {
    const LANGUAGES: [&str; 14] = [
        "English",
        "German",
        "French",
        "Spanish",
        "Italian",
        "Japanese",
        "Chinese",
        "Korean",
        "Portuguese",
        "Dutch",
        "Polish",
        "Swedish",
        "Finnish",
        "Russian",
    ];
    let found: Vec<&str> = LANGUAGES.iter().copied().filter(|name| whole_word(text, name).is_some()).collect();
    // With two or more named, the words do not show cheaply which of them prevails.
    match found.as_slice() {
        [only] => Some((*only).to_owned()),
        _ => None,
    }
}

// ---- Other facts ----

const KEEPING: [&str; 16] = [
    "retain",
    "retention",
    "keep",
    "kept",
    "store",
    "storage",
    "hold",
    "delet",
    "erase",
    "lifetime",
    "expire",
    "expir",
    "archiv",
    "remain",
    "duration",
    "persist",
];

fn retention(text: &str, spans: &[Range<usize>]) -> String {
    let found = periods(text).into_iter().filter(|period| {
        let sentence = sentence_of(text, spans, period.range.start).to_ascii_lowercase();
        KEEPING.iter().any(|cue| sentence.contains(cue)) && !is_age(text, period)
    });
    let stated = listed(found.map(|period| period.words), 3);
    if !stated.is_empty() {
        return stated;
    }
    let lower = text.to_ascii_lowercase();
    if !KEEPING.iter().any(|cue| lower.contains(cue)) {
        return String::new();
    }
    if lower.contains("indefinitely") && !lower.contains("not be kept indefinitely") && !lower.contains("not keep") {
        "no end stated".to_owned()
    } else if ["as long as", "so long as", "necessary", "no longer than"].iter().any(|cue| lower.contains(cue)) {
        "as long as the purpose needs, with no period in figures".to_owned()
    } else {
        String::new()
    }
}

fn ages(text: &str) -> String {
    static AGE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i-u)\b(?:(?:under|over|least|below|aged?|ages|age of|older than|younger than|than|be|reached|are)(?: the age(?: of)?)? (\d{1,2}|thirteen|fourteen|fifteen|sixteen|eighteen|twenty[- ]one)|(\d{1,2}|thirteen|fourteen|fifteen|sixteen|eighteen|twenty[- ]one)(?: ?\(\d{1,2}\))?[- ]years?(?:[- ]old| of age| or older))\b")
            .expect("a constant")
    });
    let found = AGE.captures_iter(text).filter_map(|found| {
        let words = found.get(1).or_else(|| found.get(2))?;
        number(words.as_str()).filter(|age| (5..=25).contains(age))
    });
    listed(found.map(|age| age.to_string()), 4)
}

/// How far a licence goes, in words.
fn extent(text: &str, signals: Signals) -> String {
    let lower = text.to_ascii_lowercase().replace('\u{2011}', "-");
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let mut parts = Vec::new();
    if has(&["non-exclusive", "nonexclusive", "non exclusive"]) {
        parts.push("non-exclusive");
    } else if lower.contains("exclusive lic") || lower.contains("exclusive, ") {
        parts.push("exclusive");
    }
    let stated = [
        (Signal::Worldwide, "worldwide"),
        (Signal::Perpetual, "perpetual"),
        (Signal::Irrevocable, "irrevocable"),
        (Signal::RoyaltyFree, "royalty-free"),
        (Signal::Sublicensable, "sublicensable"),
        (Signal::Transferable, "transferable"),
    ];
    parts.extend(stated.into_iter().filter(|(signal, _)| signals.has(*signal)).map(|(_, words)| words));
    if has(&["non-transferable", "nontransferable", "not transferable", "non transferable"]) {
        parts.push("not transferable");
    }
    if has(&["non-sublicens", "not sublicens", "nonsublicens"]) {
        parts.push("not sublicensable");
    }
    if parts.is_empty() || !(has(&["licen", "right", "assign", "waive", "permission", "grant"])) {
        return String::new();
    }
    if lower.contains("revocable") && !signals.has(Signal::Irrevocable) {
        parts.push("revocable");
    }
    parts.join(", ")
}

/// What is licensed, where it is called by a name of the document's own.
fn covered(text: &str) -> Option<String> {
    static OBJECT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b(?:[Yy]our|[Aa]ny|[Aa]ll|[Tt]he|[Ss]uch) ((?:User |Customer |Submitted |Member |Licensed |Your )?(?:Content|Submissions?|Contributions?|Feedback|Inputs?|Outputs?|Materials?|Software|Data|Posts?|Creations?|User-Generated Content|Model|Works?|Ideas|Suggestions|content|submissions?|contributions?|feedback|materials?|photos|posts?|ideas|suggestions|creations|videos))\b")
            .expect("a constant")
    });
    OBJECT.captures(text).map(|found| {
        let whole = found[0].to_ascii_lowercase();
        if whole.starts_with("your ") { whole } else { format!("the {}", found[1].to_ascii_lowercase()) }
    })
}

/// The acts that a licence names.
const ACTS: [(&str, &str); 17] = [
    (" use", "use"),
    ("host", "host"),
    ("stor", "store"),
    ("reproduc", "copy"),
    ("copy", "copy"),
    ("modif", "change"),
    ("adapt", "change"),
    ("translat", "translate"),
    ("derivative", "make derivative works"),
    ("publish", "publish"),
    ("publicly perform", "perform"),
    ("display", "display"),
    ("distribut", "distribute"),
    ("transmit", "transmit"),
    ("sell", "sell"),
    ("commerciali", "exploit commercially"),
    ("train", "train models"),
];

fn allowed(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let Some(grant) = [
        "licence to",
        "license to",
        "right to",
        "licence for",
        "license (",
        "rights to",
        "right and license",
        "license",
    ]
    .iter()
    .find_map(|cue| lower.find(cue)) else {
        return String::new();
    };
    let sentence = lower[grant..].split(['.', ';']).next().unwrap_or("");
    // Acts that the sentence forbids are not told as allowed.
    if sentence.contains(" not ") || lower[..grant].ends_with("no ") {
        return String::new();
    }
    let named = ACTS.iter().filter(|(stem, _)| sentence.contains(stem)).map(|(_, act)| (*act).to_owned());
    let acts = listed(named, 8);
    if acts.contains(',') { acts } else { String::new() }
}

fn contacts(text: &str) -> String {
    static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i-u)\b[a-z0-9._%+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,4}\.[a-z]{2,12}\b")
            .expect("a constant")
    });
    if !text.contains('@') {
        return String::new();
    }
    listed(ADDRESS.find_iter(text).map(|found| found.as_str().to_owned()), 2)
}

fn dates(text: &str) -> String {
    static DATE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)\b(?:(?:january|february|march|april|may|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4}|\d{1,2}(?:st|nd|rd|th)? (?:january|february|march|april|may|june|july|august|september|october|november|december) \d{4}|\d{4}-\d{2}-\d{2})\b")
            .expect("a constant")
    });
    listed(DATE.find_iter(text).map(|found| found.as_str().to_owned()), 2)
}

/// Longest exception that is shown, in characters.
const EXCEPTION_CHARS: usize = 110;

/// The words of exceptions ("except …", "unless …"), shortened; at most two.
fn exceptions(text: &str, spans: &[Range<usize>]) -> Vec<String> {
    static CUE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i-u)\b(?:except (?:as|that|for|to|where|when|in|if|with|by)|except,|excluding|with the exception of|other than|unless|save (?:for|as|that)|(?:to the (?:maximum |fullest |greatest )?extent (?:permitted|allowed|permissible|not prohibited)))\b")
            .expect("a constant")
    });
    const EMPTY: [&str; 6] = [
        "unless otherwise",
        "except as otherwise",
        "unless and until",
        "unless the context",
        "other than as otherwise",
        "except as set",
    ];
    let mut found: Vec<String> = Vec::new();
    for span in spans {
        let sentence = &text[span.clone()];
        let Some(cue) = CUE.find_iter(sentence).find(|cue| {
            let words = sentence[cue.start()..].to_ascii_lowercase();
            !EMPTY.iter().any(|empty| words.starts_with(empty))
        }) else {
            continue;
        };
        let words = shortened(&sentence[cue.start()..]);
        // "except for:" before a list says nothing by itself.
        if words.len() >= 16 {
            found.push(words);
        }
        if found.len() == 2 {
            break;
        }
    }
    found
}

/// The words of the first exception that is one: not a reference to another clause, nor to what the law permits.
pub(crate) fn exception(text: &str) -> Option<String> {
    const REFERENCES: [&str; 9] = [
        "as provided",
        "as set forth",
        "as stated",
        "as specifically",
        "as described",
        "as expressly",
        "as specified",
        "as defined",
        "limited",
    ];
    exceptions(text, &sentences(text))
        .into_iter()
        .find(|words| !words.starts_with("to the ") && !REFERENCES.iter().any(|reference| words.contains(reference)))
}

/// The words up to the end of the phrase, or cut at a word with "…".
fn shortened(words: &str) -> String {
    let end = words.find(['.', ';', ':', ')', '(', '\n']).unwrap_or(words.len());
    let phrase = words[..end].trim().trim_end_matches([',', '.']);
    // A clause that opens with the exception goes on after its comma.
    let phrase = match phrase.find(", ") {
        Some(at) if at >= 12 => &phrase[..at],
        _ => phrase,
    };
    let mut out: String = phrase.split_whitespace().collect::<Vec<_>>().join(" ");
    if out.chars().count() > EXCEPTION_CHARS {
        let cut: String = out.chars().take(EXCEPTION_CHARS).collect();
        let at = cut.rfind(' ').unwrap_or(cut.len());
        out = format!("{}…", cut[..at].trim_end_matches(','));
    }
    lower_first(&out)
}

/// The text with its first letter in lower case, unless the word is in capitals.
fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() => first.to_lowercase().chain(chars).collect(),
        (Some(_), Some(_)) if text.chars().filter(|c| c.is_alphabetic()).all(char::is_uppercase) => text.to_lowercase(),
        _ => text.to_owned(),
    }
}
