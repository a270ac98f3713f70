//! Clean text to clauses: a scan over its lines, each of which is a block.
use std::ops::Range;

use crate::{Clause, ClauseKind, Structure, dates, sentences::sentences, terms};

/// A paragraph longer than this many bytes is split at sentence ends, so that a clause can be read at a glance.
const LONG: usize = 1_800;

/// Finds the clauses of a clean text, its dates and the terms it defines.
pub fn structure(text: &str) -> Structure {
    let mut builder = Builder { text, clauses: Vec::new(), headings: Vec::new(), list: Vec::new() };
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        builder.line(start, line);
        start += line.len();
    }
    let clauses = builder.clauses;
    let dates = dates::stated(text, &clauses);
    let terms = terms::defined(text, &clauses);
    Structure { clauses, dates, terms }
}

/// The headings above a clause, outermost first, joined by ` > `.
pub fn heading_path(structure: &Structure, text: &str, index: usize) -> String {
    let mut parts = Vec::new();
    let mut at = structure.clauses.get(index).and_then(|clause| clause.heading);
    while let Some(clause) = at.and_then(|index| structure.clauses.get(index)) {
        parts.push(&text[clause.range.clone()]);
        at = clause.heading;
    }
    parts.reverse();
    parts.join(" > ")
}

struct Builder<'a> {
    text: &'a str,
    clauses: Vec<Clause>,
    /// Open headings: level and index.
    headings: Vec<(u8, usize)>,
    /// What introduces the list under way, by depth: index of the paragraph or item.
    list: Vec<usize>,
}

impl Builder<'_> {
    fn line(&mut self, start: usize, line: &str) {
        let body = line.trim_end();
        let trimmed = body.trim_start();
        if trimmed.is_empty() {
            return;
        }
        let indent = body.len() - trimmed.len();
        let at = start + indent;
        let hashes = trimmed.bytes().take_while(|b| *b == b'#').count();
        if (1..=6).contains(&hashes) && trimmed.as_bytes().get(hashes) == Some(&b' ') {
            return self.heading(hashes as u8, trimmed_range(trimmed, hashes + 1, at));
        }
        if let Some(inner) = trimmed.strip_prefix("| ") {
            let inner = inner.strip_suffix(" |").unwrap_or(inner);
            return self.push(ClauseKind::Row, trimmed_range(&trimmed[..2 + inner.len()], 2, at), None, None);
        }
        match item_marker(trimmed) {
            Some(marker) => self.item(indent / 2, marker, trimmed, at),
            None => {
                self.push(ClauseKind::Paragraph, at..at + trimmed.len(), leading_number(trimmed), None);
                self.list = vec![self.clauses.len() - 1];
            }
        }
    }

    fn heading(&mut self, level: u8, range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        while self.headings.last().is_some_and(|(open, _)| *open >= level) {
            self.headings.pop();
        }
        let number = leading_number(&self.text[range.clone()]);
        self.push(ClauseKind::Heading(level), range, number, None);
        self.headings.push((level, self.clauses.len() - 1));
        self.list.clear();
    }

    fn item(&mut self, depth: usize, marker: &str, line: &str, at: usize) {
        let range = trimmed_range(line, marker.len() + 1, at);
        let own = leading_number(&self.text[range.clone()]);
        let number = if marker == "-" { own } else { Some(marker.trim_end_matches('.').to_string()) };
        // list[0] is the paragraph before the list, list[d + 1] the latest item of depth d.
        let depth = depth.min(self.list.len().saturating_sub(usize::from(!self.list.is_empty())));
        let lead_in = self.list.get(depth).copied();
        self.push(ClauseKind::Item(depth.min(250) as u8), range, number, lead_in);
        let index = self.clauses.len() - 1;
        if self.list.is_empty() {
            // A list that nothing introduces: its items introduce their own sub-lists only.
            return;
        }
        self.list.truncate(depth + 1);
        self.list.push(index);
    }

    /// Adds a clause, in parts if it is long.
    fn push(&mut self, kind: ClauseKind, range: Range<usize>, number: Option<String>, lead_in: Option<usize>) {
        let heading = self.headings.last().map(|(_, index)| *index);
        let parts = if range.len() > LONG { split(self.text, range) } else { vec![range] };
        for (place, range) in parts.into_iter().enumerate() {
            let number = if place == 0 { number.clone() } else { None };
            self.clauses.push(Clause { range, kind, number, heading, lead_in });
        }
    }
}

/// `line[from..]` without white space at its ends, as a range of the text in which `line` begins at `at`.
fn trimmed_range(line: &str, from: usize, at: usize) -> Range<usize> {
    let rest = line.get(from..).unwrap_or("");
    let trimmed = rest.trim_start();
    let start = at + line.len().min(from) + rest.len() - trimmed.len();
    start..start + trimmed.trim_end().len()
}

/// Splits a long paragraph at sentence ends into parts of at most [`LONG`] bytes where sentences allow it.
fn split(text: &str, range: Range<usize>) -> Vec<Range<usize>> {
    let mut parts: Vec<Range<usize>> = Vec::new();
    for sentence in sentences(&text[range.clone()]) {
        let sentence = range.start + sentence.start..range.start + sentence.end;
        match parts.last_mut() {
            Some(last) if sentence.end - last.start <= LONG => last.end = sentence.end,
            _ => parts.push(sentence),
        }
    }
    if parts.is_empty() { vec![range] } else { parts }
}

/// The list marker that a line begins with, without the space after it: `-`, `12.`, `b.`, `iv.`.
fn item_marker(line: &str) -> Option<&str> {
    let (first, _) = line.split_once(' ')?;
    if first == "-" {
        return Some(first);
    }
    let label = first.strip_suffix('.')?;
    let numeric = !label.is_empty() && label.len() <= 3 && label.bytes().all(|b| b.is_ascii_digit());
    let letter = label.len() == 1 && label.bytes().all(|b| b.is_ascii_alphabetic());
    let roman = !label.is_empty() && label.len() <= 6 && label.bytes().all(|b| b"ivxlcIVXLC".contains(&b));
    (numeric || letter || roman).then_some(first)
}

/// The number that a heading or paragraph begins with: `12.3`, `(a)`, `IV`, `Section 4`, `Art. 7`, `§ 3`.
pub(crate) fn leading_number(text: &str) -> Option<String> {
    let first = text.split_whitespace().next()?;
    if matches!(first.to_ascii_lowercase().as_str(), "section" | "article" | "art." | "§" | "clause" | "part") {
        let second = text.split_whitespace().nth(1)?.trim_end_matches([':', '.', ',', '-', '–']);
        let short = second.len() <= 8 && second.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.');
        return (short && second.bytes().any(|b| b.is_ascii_digit() || b"IVXLC".contains(&b)))
            .then(|| second.to_string());
    }
    let bracketed = first.starts_with('(') && first.ends_with(')') && first.len() <= 7;
    if bracketed && first[1..first.len() - 1].bytes().all(|b| b.is_ascii_alphanumeric()) && first.len() > 2 {
        return Some(first.to_string());
    }
    let label = first.trim_end_matches(['.', ')', ':']);
    let dotted = label.starts_with(|c: char| c.is_ascii_digit()) && label.len() <= 8;
    let dotted =
        dotted && label.bytes().all(|b| b.is_ascii_digit() || b == b'.') && (first != label || label.contains('.'));
    let set_off = first != label && label.len() <= 5 && !label.is_empty();
    let roman = set_off && label.bytes().all(|b| b"IVXLCivxlc".contains(&b));
    let letter = set_off && label.len() == 1 && label.bytes().all(|b| b.is_ascii_alphabetic());
    (dotted || roman || letter).then(|| label.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Plum Terms\n\nYou may not:\n\n- scrape the site;\n  - with bots\n- resell it.\n\n## 2. Law\n\n2.1 The law of Norland governs.\n\n| Cookie | Life |\n| sid | 1 day |\n";

    #[test]
    fn blocks_become_clauses_with_exact_ranges() {
        let found = structure(TEXT);
        let texts = found.words(TEXT);
        let expected = [
            "Plum Terms",
            "You may not:",
            "scrape the site;",
            "with bots",
            "resell it.",
            "2. Law",
            "2.1 The law of Norland governs.",
            "Cookie | Life",
            "sid | 1 day",
        ];
        assert_eq!(texts, expected);
        assert_eq!(found.clauses[3].lead_in, Some(2));
        assert_eq!(found.clauses[4].lead_in, Some(1));
        assert_eq!(found.clauses[5].number.as_deref(), Some("2"));
        assert_eq!(found.clauses[6].number.as_deref(), Some("2.1"));
        assert_eq!(heading_path(&found, TEXT, 6), "Plum Terms > 2. Law");
    }

    #[test]
    fn long_paragraphs_are_split_at_sentences() {
        let text = format!("{}\n", "This sentence is about forty bytes long. ".repeat(100).trim());
        let found = structure(&text);
        assert!(found.clauses.len() > 2);
        assert!(
            found.clauses.iter().all(|clause| clause.range.len() <= LONG && text[clause.range.clone()].ends_with('.'))
        );
    }

    #[test]
    fn numbers() {
        for (text, number) in [
            ("12.3 Fees", Some("12.3")),
            ("(a) bots", Some("(a)")),
            ("IV. Law", Some("IV")),
            ("Section 4: Law", Some("4")),
            ("30 days after", None),
            ("A platform", None),
            ("2024 was a year", None),
        ] {
            assert_eq!(leading_number(text).as_deref(), number, "{text}");
        }
    }
}
