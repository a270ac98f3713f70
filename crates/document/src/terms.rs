//! Terms that a document defines: `“Service” means …`, `(the "Service")`, `("we", "us")`.
use crate::{Clause, DefinedTerm};

/// Longest term, in characters.
const LONGEST: usize = 60;

/// Terms defined in the clauses, each once, in order.
pub(crate) fn defined(text: &str, clauses: &[Clause]) -> Vec<DefinedTerm> {
    let mut terms: Vec<DefinedTerm> = Vec::new();
    for (index, clause) in clauses.iter().enumerate() {
        let words = &text[clause.range.clone()];
        for (place, term, after) in quoted(words) {
            let defines = in_bracket(words, place) || says_means(after);
            if defines && !terms.iter().any(|known| known.term == term) {
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

/// Whether the quotation at `place` stands in a bracket that introduces a term: `(`, `(the `, `(collectively, `, `("we", `.
fn in_bracket(text: &str, place: usize) -> bool {
    let Some(open) = text[..place].rfind('(') else { return false };
    let between = &text[open + 1..place];
    !between.contains(')') && between.split_whitespace().filter(|word| !word.starts_with(['"', '“'])).count() <= 6
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
}
