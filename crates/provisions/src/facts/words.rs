//! Facts told in the clause's own words or in a few of ours: how long data is kept, ages, how far a licence goes, addresses, dates,
//! exceptions.
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::listed;
use super::periods::{is_age, number, periods, sentence_of};
use crate::normalise::sentences;
use crate::signals::{Signal, Signals};

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

pub(super) fn retention(text: &str, spans: &[Range<usize>]) -> String {
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

pub(super) fn ages(text: &str) -> String {
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
pub(super) fn extent(text: &str, signals: Signals) -> String {
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
pub(super) fn covered(text: &str) -> Option<String> {
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

pub(super) fn allowed(text: &str) -> String {
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

pub(super) fn contacts(text: &str) -> String {
    static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i-u)\b[a-z0-9._%+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,4}\.[a-z]{2,12}\b")
            .expect("a constant")
    });
    if !text.contains('@') {
        return String::new();
    }
    listed(ADDRESS.find_iter(text).map(|found| found.as_str().to_owned()), 2)
}

pub(super) fn dates(text: &str) -> String {
    static DATE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)\b(?:(?:january|february|march|april|may|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4}|\d{1,2}(?:st|nd|rd|th)? (?:january|february|march|april|may|june|july|august|september|october|november|december) \d{4}|\d{4}-\d{2}-\d{2})\b")
            .expect("a constant")
    });
    listed(DATE.find_iter(text).map(|found| found.as_str().to_owned()), 2)
}

/// Longest exception that is shown, in characters.
pub(super) const EXCEPTION_CHARS: usize = 110;

/// The words of exceptions ("except …", "unless …"), shortened; at most two.
pub(super) fn exceptions(text: &str, spans: &[Range<usize>]) -> Vec<String> {
    static CUE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i-u)\b(?:except (?:as|that|for|to|where|when|in|if|with|by)|except,|excluding|with the exception of|other than|unless|save (?:for|as|that)|(?:to the (?:maximum |fullest |greatest )?extent (?:permitted|allowed|permissible|not prohibited)))\b")
            .expect("a constant")
    });
    const EMPTY: [&str; 6] = [
        "unless otherwise",
        "except as otherwise",
        "except where otherwise",
        "unless and until",
        "unless the context",
        "other than as otherwise",
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
        if words.split(' ').count() >= 4 {
            found.push(words);
        }
        if found.len() == 2 {
            break;
        }
    }
    found
}

/// The words of the first exception that is one: not a reference to another clause, not what the law permits, not an agreement to
/// the contrary.
pub(crate) fn exception(text: &str) -> Option<String> {
    const OTHERS: [&str; 13] = [
        "as provided",
        "as set forth",
        "as stated",
        "as specifically",
        "as described",
        "as expressly",
        "as specified",
        "as defined",
        "limited",
        "unless both",
        "unless you and",
        "unless the parties",
        "unless we",
    ];
    exceptions(text, &sentences(text)).into_iter().find(|words| {
        (words.starts_with("except") || words.starts_with("unless"))
            && !OTHERS.iter().any(|other| words.contains(other))
    })
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
