//! Where a clause says that something can be refused: a place in the settings, a link, an address.
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::listed;
use super::words::contacts;
use crate::signals::{self, Signal};

/// The places named in sentences that speak of a choice ("Settings > Privacy", "your account settings", an address); empty where there
/// is none.
pub(super) fn where_to_refuse(text: &str, spans: &[Range<usize>]) -> String {
    let sentences = spans.iter().map(|span| &text[span.clone()]);
    let of_choice = sentences.filter(|sentence| {
        let found = signals::in_text(sentence);
        (found.has(Signal::OptOut) || found.has(Signal::ConsentRequired)) && !found.has(Signal::NoOptOut)
    });
    listed(of_choice.flat_map(places), 2)
}

fn places(sentence: &str) -> Vec<String> {
    static PLACE: LazyLock<Regex> = LazyLock::new(|| {
        let path = r#"Settings(?:(?: ?(?:>|›|→|/) ?[A-Z][\w’'&-]*(?: [A-Z][\w’'&-]*){0,3})+|, ["“][^"“”]{1,40}["”])"#;
        // "Your preferences" alone are what somebody likes.
        let named = r"(?:[Yy]our|[Tt]he|[Oo]ur) (?:(?:[\w’'-]+ ){0,2}?(?:[Ss]ettings|[Pp]rivacy [Cc]ent(?:er|re)|[Cc]ontrol [Pp]anel|[Dd]ashboard)|(?:[\w’'-]+ ){1,2}?[Pp]references(?: [Cc]ent(?:er|re))?)\b";
        let link = r#"(?:[Tt]he|[Aa]n?) ["“']?[Uu]nsubscribe["”']? link"#;
        Regex::new(&format!("{path}|{named}|{link}|\\bSettings\\b")).expect("a constant")
    });
    let mut found: Vec<String> = PLACE.find_iter(sentence).map(|place| place_in_full(place.as_str())).collect();
    let address = contacts(sentence);
    if !address.is_empty() {
        found.push(address);
    }
    found
}

/// "Your account settings", found at the start of a sentence, is "your account settings".
fn place_in_full(words: &str) -> String {
    let starts = |determiner: &str| words.starts_with(determiner);
    if ["Your ", "The ", "Our ", "An ", "A "].into_iter().any(starts) {
        words[..1].to_lowercase() + &words[1..]
    } else {
        words.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalise::sentences;

    #[track_caller]
    fn told(text: &str, place: &str) {
        assert_eq!(where_to_refuse(text, &sentences(text)), place, "{text}");
    }

    #[test]
    fn places_are_told_in_the_words_of_the_clause() {
        told("We train on it. You can switch it off in Settings > Privacy.", "Settings > Privacy");
        told("You can say no under Settings, \"Plum and me\".", "Settings, \"Plum and me\"");
        told(
            "We may use it, but only if you leave \"Help Plum\" switched on in Settings > My Data.",
            "Settings > My Data",
        );
        told(
            "You can opt out in your account settings or write to no@plum.example.",
            "your account settings, no@plum.example",
        );
        told("You may unsubscribe with the unsubscribe link in each message.", "the unsubscribe link");
    }

    #[test]
    fn what_cannot_be_refused_has_no_place() {
        told("You cannot opt out of this in your account settings.", "");
        told("Change the colours in your account settings. We train on what you write.", "");
        told("You can opt out of advertisements that fit your preferences.", "");
        told("", "");
    }
}
