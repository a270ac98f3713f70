//! Terms that a document defines: `“Service” means …`, `(the "Service")`, `("we", "us")`.
use std::collections::HashSet;

use crate::{Clause, DefinedTerm};

/// Longest term, in characters.
const LONGEST: usize = 60;

/// Terms defined in the clauses, each once, in order.
pub(crate) fn defined(text: &str, clauses: &[Clause]) -> Vec<DefinedTerm> {
    let (mut terms, mut known) = (Vec::new(), HashSet::new());
    for (index, clause) in clauses.iter().enumerate() {
        let (words, mut bracket) = (&text[clause.range.clone()], Bracket::default());
        for (place, term, after) in quoted(words) {
            let defines = bracket.introduces(words, place) || says_means(after);
            if defines && known.insert(term) {
                terms.push(DefinedTerm { term: term.to_string(), clause: index });
            }
        }
    }
    terms
}

/// Quoted spans: their place, their words, and what follows.
fn quoted(text: &str) -> impl Iterator<Item = (usize, &str, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let open = at + text[at..].find(['"', '“'])?;
            let width = text[open..].chars().next().map_or(1, char::len_utf8);
            let inner = open + width;
            let len = text[inner..].find(['"', '”'])?;
            let close = inner + len;
            at = close + text[close..].chars().next().map_or(1, char::len_utf8);
            let term = text[inner..close].trim().trim_end_matches([',', '.']);
            if !term.is_empty() && term.chars().count() <= LONGEST && term.chars().any(char::is_alphabetic) {
                return Some((open, term, &text[at..]));
            }
        }
    })
}

/// The bracket that is open where a walk from quotation to quotation has come to.
#[derive(Default)]
struct Bracket {
    /// Where the last quotation stood; what is before it is not looked at again.
    seen: usize,
    /// How many of the words since the bracket opened are not quoted; none where no bracket is open.
    words: Option<usize>,
}

impl Bracket {
    /// Whether the quotation at `place` stands in a bracket that introduces a term: `(`, `(the `, `(collectively, `, `("we", `.
    fn introduces(&mut self, text: &str, place: usize) -> bool {
        let mut between = &text[self.seen..place];
        self.seen = place;
        if let Some(mark) = between.rfind(['(', ')']) {
            self.words = between[mark..].starts_with('(').then_some(0);
            between = &between[mark + 1..];
        }
        let unquoted = between.split_whitespace().filter(|word| !word.starts_with(['"', '“'])).count();
        self.words = self.words.map(|words| words + unquoted);
        self.words.is_some_and(|words| words <= 6)
    }
}

fn says_means(after: &str) -> bool {
    let after = after.trim_start_matches([',', ' ']);
    ["means", "mean ", "shall mean", "refers to", "refer to", "has the meaning", "includes ", "bezeichnet", "désigne"]
        .iter()
        .any(|cue| after.starts_with(cue))
}

#[cfg(test)]
mod tests {
    use crate::structure;

    #[test]
    fn both_forms_are_found() {
        let text =
            "Plum Ltd. (“Plum”, “we” or “us”) runs it.\n\n\"Output\" means what comes out.\n\nHe said “hello” to us.\n";
        let found = structure(text);
        let terms: Vec<&str> = found.terms.iter().map(|term| term.term.as_str()).collect();
        assert_eq!(terms, ["Plum", "we", "us", "Output"]);
    }

    #[test]
    fn only_a_bracket_that_is_open_introduces_terms() {
        let terms = |text: &str| structure(text).terms.into_iter().map(|term| term.term).collect::<Vec<_>>();
        assert_eq!(
            terms("It (the shop) is “Plum” for (as all of us here say) those (collectively, “Users”, “you”).\n"),
            ["Users", "you"]
        );
        assert_eq!(terms("It (which is what all of us call “Plum”, “we” or “us”) is a shop.\n"), [] as [&str; 0]);
        assert_eq!(terms("It (the (old) “Plum”) is a shop.\n"), [] as [&str; 0]);
        assert_eq!(terms("It (that is what (for all of us) the “Plum” (the “Shop”) is) sells.\n"), ["Shop"]);
    }
}
