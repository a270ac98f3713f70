//! Words that make, limit or lift a duty or a right, and the changes of such words.
use std::{borrow::Cow, collections::HashSet};

use super::{references::is_reference, sides};
use crate::{
    align::Pair,
    redline::{Span, SpanKind, redline},
    words::{spelled, words, words_as_written},
};

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
    "charges",
    "charged",
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
    "deny",
    "refuse",
];

/// Most words that a slight rewording takes away, and that it adds.
const SLIGHT: usize = 4;

/// Letters of the shortest statement.
const SENTENCE: usize = 12;

/// Most words of a heading.
const HEADING: usize = 9;

/// Words for those whom a clause is about.
pub(super) const PERSONS: &[&str] = &[
    "we",
    "us",
    "our",
    "you",
    "your",
    "user",
    "users",
    "customer",
    "customers",
    "party",
    "parties",
    "member",
    "members",
    "provider",
    "company",
    "licensee",
    "licensor",
    "consumer",
    "consumers",
    "seller",
    "sellers",
    "buyer",
    "buyers",
];

/// Whether a text speaks of somebody, or of a duty or a right.
pub fn speaks(text: &str) -> bool {
    // In a text that is not said aloud, "US" is a country.
    let aloud = !text.contains(char::is_lowercase);
    words_as_written(text)
        .filter(|word| aloud || *word != "US")
        .map(str::to_lowercase)
        .any(|word| is_weighty(&word) || PERSONS.contains(&word.as_str()))
}

/// Whether a text commands, forbids or allows, rather than naming what something is about.
pub fn commands(text: &str) -> bool {
    const COMMANDS: &[&str] =
        &["must", "shall", "may", "not", "no", "never", "cannot", "only", "prohibited", "required", "permitted"];
    words(text).any(|word| COMMANDS.contains(&word.as_str())) || text.chars().any(|c| c.is_ascii_digit())
}

/// Whether most of a text is in letters of which those of other scripts are accents, so that its words for persons are known.
pub fn is_latin(text: &str) -> bool {
    text.chars().filter(|c| !c.is_ascii()).count() * 3 <= text.chars().count()
}

/// Whether a pair adds, removes or rewords so much that it can be a statement: [`SENTENCE`] letters, as some scripts part no words, of what
/// is more than a heading.
pub(super) fn changes_a_sentence(old: &[&str], new: &[&str], pair: &Pair) -> bool {
    let is_heading = |text: Cow<'_, str>| {
        is_latin(&text)
            && text.split_whitespace().nth(HEADING).is_none()
            && !text.trim_end().ends_with(['.', ';', ':', '!', '?', ','])
    };
    if sides(old, new, pair).all(is_heading) {
        return false;
    }
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count();
    let changed = match (pair.old_text(old), pair.new_text(new)) {
        (Some(before), Some(after)) => {
            let (gone, come) = changed_words(&before, &after);
            gone.iter().chain(&come).map(|word| letters(word)).sum()
        }
        (before, after) => before.or(after).map_or(0, |text| letters(&text)),
    };
    changed >= SENTENCE
}

/// Whether a word makes, limits or lifts a duty or a right.
pub(crate) fn is_weighty(word: &str) -> bool {
    OBLIGATION.contains(&word)
}

/// Whether a word makes a number before it a term, a price or an age.
pub(super) fn is_unit(word: &str) -> bool {
    const UNITS: &[&str] = &[
        "day", "days", "hour", "hours", "week", "weeks", "month", "months", "year", "years", "percent", "usd", "eur",
        "gbp", "dollars", "euros", "pounds", "times", "users", "business", "calendar", "jpy", "yen", "cny", "rmb",
        "hkd", "krw", "inr", "sgd", "aud", "cad", "chf", "sek", "nok", "dkk", "pln", "brl", "mxn", "cents",
    ];
    UNITS.contains(&word)
}

/// The numbers of `text` that are a term, a price, a share or an age; an address or an article number is none.
pub(super) fn quantities(text: &str) -> Vec<String> {
    let tokens: Vec<&str> = text.split_whitespace().collect();
    let amount = |(at, token): (usize, &&str)| {
        let number = words(token).find(|word| word.bytes().all(|b| b.is_ascii_digit()))?;
        let next = tokens.get(at + 1).and_then(|next| words(next).next()).unwrap_or_default();
        let marked = token.contains(['$', '€', '£', '¥', '%']) || is_unit(&next);
        marked.then_some(number)
    };
    tokens.iter().enumerate().filter_map(amount).collect()
}

/// Whether one text marks amounts by a sign of a currency where the other has its letters.
fn notation(from: &str, to: &str) -> bool {
    let signs = |text: &str| text.chars().filter(|c| "$€£¥".contains(*c)).count();
    let letters =
        |text: &str| words(text).filter(|word| matches!(word.as_str(), "usd" | "eur" | "gbp" | "jpy")).count();
    signs(from) + letters(from) == signs(to) + letters(to) && signs(from) != signs(to)
}

/// The first word about duties or rights, or quantity, that a change adds or takes away. A clause that comes or goes must also speak of
/// somebody.
pub(super) fn weighty_word(old: &[&str], new: &[&str], pair: &Pair) -> Option<String> {
    let whole = |text: &str| {
        let word = words(text).find(|word| is_weighty(word));
        word.filter(|_| words(text).any(|word| PERSONS.contains(&word.as_str())))
    };
    match (pair.old_text(old), pair.new_text(new)) {
        (Some(before), Some(after)) => weighty_changes(&before, &after),
        (before, after) => whole(&before.or(after)?),
    }
}

/// Whether a rewording of a clause about people adds or takes away the name of a country or union, so that it holds for others.
pub(super) fn changes_a_region(old: &[&str], new: &[&str], pair: &Pair) -> bool {
    const REGIONS: &[&str] = &[
        "uk",
        "eea",
        "eu",
        "kingdom",
        "switzerland",
        "brazil",
        "china",
        "india",
        "canada",
        "australia",
        "california",
        "germany",
        "france",
        "italy",
        "spain",
        "japan",
        "korea",
        "turkey",
        "singapore",
        "mexico",
        "norway",
        "iceland",
        "liechtenstein",
        "poland",
        "netherlands",
        "ireland",
        "austria",
        "belgium",
        "sweden",
        "denmark",
        "finland",
    ];
    let (Some(before), Some(after)) = (pair.old_text(old), pair.new_text(new)) else { return false };
    let (gone, come) = changed_words(&before, &after);
    let is_region = |word: &String| REGIONS.contains(&word.as_str());
    !is_reference(old, new, pair) && speaks(&after) && gone.iter().chain(&come).any(is_region)
}

/// Whether a clause that says whom somebody contracts with comes, goes or is reworded, one names a company of another legal form, or one
/// that says who receives data names another.
pub(super) fn changes_a_party(old: &[&str], new: &[&str], pair: &Pair) -> bool {
    const FORMS: &[&str] = &["inc", "llc", "ltd", "corp", "gmbh", "plc", "bv", "sarl", "sas"];
    let says = |cues: &[&str], text: &str| {
        let lower = text.to_lowercase();
        cues.iter().any(|cue| lower.contains(cue))
    };
    let (Some(before), Some(after)) = (pair.old_text(old), pair.new_text(new)) else {
        return sides(old, new, pair).all(|text| says(&["contracting with"], &text));
    };
    let (gone, come) = changed_words(&before, &after);
    let has_form = |list: &[String]| list.iter().any(|word| FORMS.contains(&word.as_str()));
    let contracts = || [&before, &after].iter().all(|text| says(&["contracting with"], text));
    if has_form(&gone) && has_form(&come) || contracts() && !(gone.is_empty() && come.is_empty()) {
        return !is_reference(old, new, pair);
    }
    let is_name = |text: &str, word: &String| {
        words_as_written(text).any(|other| other.starts_with(char::is_uppercase) && other.to_lowercase() == *word)
    };
    if ![&before, &after].iter().all(|text| says(&["shares", "processor"], text)) || is_reference(old, new, pair) {
        return false;
    }
    !gone.is_empty()
        && !come.is_empty()
        && gone.iter().all(|word| is_name(&before, word))
        && come.iter().all(|word| is_name(&after, word))
}

/// The first word about duties or rights, or quantity, that a rewording adds or takes away.
pub(crate) fn weighty_changes(old: &str, new: &str) -> Option<String> {
    let (gone, come) = changed_words(old, new);
    gone.into_iter().chain(come).find(|word| is_weighty(word)).or_else(|| {
        // A number that still stands there is the same amount in another notation ("USD 100", "US$100").
        let missing = |from: &str, to: &str| {
            let (marked, stands) = (quantities(to), words(to).collect::<Vec<_>>());
            let is_gone = |number: &String| !(marked.contains(number) || stands.contains(number) && notation(from, to));
            quantities(from).into_iter().find(is_gone)
        };
        missing(new, old).or_else(|| missing(old, new))
    })
}

/// The words that a rewording takes away and those that it adds, without addresses and without those that are only spelled otherwise.
fn changed_words(old: &str, new: &str) -> (Vec<String>, Vec<String>) {
    let (old, new) = (in_full(old), in_full(new));
    let spans = redline(&old, &new);
    let (mut gone, mut come) = (Vec::new(), Vec::new());
    let mut from = 0;
    for edit in spans.split(|span| span.kind == SpanKind::Same) {
        let (start, end) = (from, from + edit.len());
        from = end + 1;
        if let [span] = edit
            && repeats(span, start.checked_sub(1).map(|at| &spans[at]), spans.get(end))
        {
            continue;
        }
        let of = |kind: SpanKind| edit.iter().filter(move |span| span.kind == kind).flat_map(|span| own_words(span));
        let mut before: Vec<String> = of(SpanKind::Deleted).collect();
        for word in of(SpanKind::Inserted) {
            let form = spelled(word.clone());
            match before.iter().position(|other| spelled(other.clone()) == form) {
                Some(at) => drop(before.remove(at)),
                None => come.push(word),
            }
        }
        gone.append(&mut before);
    }
    (gone, come)
}

/// Whether a rewording takes away and adds nothing but other spellings, and words that stand there once more.
pub(crate) fn changes_no_word(old: &str, new: &str) -> bool {
    let addresses =
        |text: &str| text.split_whitespace().filter(|token| token.contains('@')).map(str::to_owned).collect::<Vec<_>>();
    let (gone, come) = changed_words(old, new);
    gone.is_empty() && come.is_empty() && addresses(old) == addresses(new)
}

/// Whether what is added or taken away stands beside it once more, as in "the right to right to".
fn repeats(span: &Span<'_>, before: Option<&Span<'_>>, after: Option<&Span<'_>>) -> bool {
    let list = |span: &Span<'_>| words(span.text).collect::<Vec<_>>();
    let own = list(span);
    !own.is_empty()
        && (before.is_some_and(|before| list(before).ends_with(&own))
            || after.is_some_and(|after| list(after).starts_with(&own)))
}

/// `text` with the usual contractions written in full: "doesn't" is "does not".
fn in_full(text: &str) -> Cow<'_, str> {
    if !text.contains(['\'', '’']) {
        return Cow::Borrowed(text);
    }
    const FORMS: &[(&str, &str)] = &[
        ("can't", "cannot"),
        ("won't", "will not"),
        ("n't", " not"),
        ("'re", " are"),
        ("'ve", " have"),
        ("'ll", " will"),
    ];
    let text = text.replace('’', "'");
    Cow::Owned(FORMS.iter().fold(text, |text, (short, full)| text.replace(short, full)))
}

/// The words of a span that belong to no e-mail address.
fn own_words<'a>(span: &Span<'a>) -> impl Iterator<Item = String> + use<'a> {
    span.text.split_whitespace().filter(|token| !token.contains('@')).flat_map(words)
}

/// Whether a rewording is too small to change what a clause means: no word about duties or rights, no quantity, at most [`SLIGHT`] words
/// on each side.
pub fn is_slight(old: &str, new: &str) -> bool {
    // Words that carry nothing: "the ads that you see" and "ads you see".
    const PARTICLES: &[&str] = &["a", "an", "the", "that", "which", "such", "as", "like"];
    let (gone, come) = changed_words(old, new);
    // A name that is another throughout is one change.
    let count =
        |list: &[String]| list.iter().filter(|word| !PARTICLES.contains(&word.as_str())).collect::<HashSet<_>>().len();
    count(&gone) <= SLIGHT && count(&come) <= SLIGHT && weighty_changes(old, new).is_none()
}
