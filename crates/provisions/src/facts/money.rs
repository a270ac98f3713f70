//! Amounts of money, caps of liability, rates.
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::periods::periods;

/// An amount of money as the text states it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Amount {
    /// Where it stands.
    pub(super) range: Range<usize>,
    /// "US$100".
    pub(super) words: String,
    /// In units of its currency.
    pub(super) value: f64,
}

/// The amounts of money in `text`, in order.
pub(super) fn amounts(text: &str) -> Vec<Amount> {
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
pub(super) struct Cap {
    amount: Option<Amount>,
    basis: Option<String>,
    /// "the greater of", "the lesser of".
    choice: &'static str,
}

impl Cap {
    pub(super) fn words(&self) -> String {
        match (&self.amount, &self.basis) {
            (Some(amount), Some(basis)) if self.choice.is_empty() => format!("{} or {basis}", amount.words),
            (Some(amount), Some(basis)) => format!("{} {} and {basis}", self.choice, amount.words),
            (Some(amount), None) => amount.words.clone(),
            (None, Some(basis)) => basis.clone(),
            (None, None) => String::new(),
        }
    }

    /// At most 1,000 units, and nothing larger beside it.
    pub(super) fn is_token(&self) -> bool {
        let small = self.amount.as_ref().is_some_and(|amount| amount.value <= 1_000.0);
        small && (self.basis.is_none() || self.choice == "the lesser of")
    }
}

pub(super) fn cap(text: &str, spans: &[Range<usize>]) -> Option<Cap> {
    spans.iter().map(|span| &text[span.clone()]).find_map(cap_in)
}

fn cap_in(sentence: &str) -> Option<Cap> {
    let lower = sentence.to_ascii_lowercase();
    let limits = ["exceed", "limited to", "maximum", "more than", "up to", "greater of", "lesser of", "capped"];
    if !limits.iter().any(|cue| lower.contains(cue)) {
        return None;
    }
    let amount = amounts(sentence).into_iter().next();
    let paid = ["paid", "payable", "fees", "price", "amount you pay", "spent", "received by", "received from"]
        .iter()
        .any(|cue| lower.contains(cue));
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

pub(super) fn interest(text: &str) -> String {
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

pub(super) fn uptime(text: &str) -> String {
    static SHARE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\b(9\d(?:\.\d+)?) ?(?:%|percent|per cent)").expect("a constant"));
    SHARE.captures(text).map(|found| format!("{}%", &found[1])).unwrap_or_default()
}
