//! Sentence boundaries of legal prose.
use std::ops::Range;

/// Words whose full stop ends no sentence.
const ABBREVIATIONS: &[&str] = &[
    "inc", "ltd", "llc", "corp", "co", "no", "nos", "art", "sec", "vs", "v", "e.g", "i.e", "etc", "al", "st", "mr",
    "mrs", "ms", "dr", "u.s", "u.k", "para", "cf", "approx", "dept", "ave", "p.o", "ca", "jan", "feb", "mar", "apr",
    "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "reg", "pty", "gmbh", "s.a", "b.v", "z.b", "bzw", "abs",
    "ex", "incl", "viz",
];

/// Byte ranges of the sentences of `text`, trimmed, in order. A sentence ends at `.`, `!`, `?` or `;`-free line end, when what follows
/// begins like a sentence and the word before is no abbreviation, initial or number label.
pub fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut start = 0;
    let bytes = text.as_bytes();
    for (index, c) in text.char_indices() {
        let ends = match c {
            '\n' => true,
            '.' | '!' | '?' | '。' | '！' | '？' => is_end(text, bytes, index, c),
            _ => false,
        };
        if ends {
            let mut end = index + c.len_utf8();
            // Closing quotes and brackets belong to the sentence that they close.
            while let Some(next) =
                text[end..].chars().next().filter(|next| matches!(next, '"' | '”' | '’' | '\'' | ')' | ']' | '»'))
            {
                end += next.len_utf8();
            }
            push(text, start..end, &mut out);
            start = end;
        }
    }
    push(text, start..text.len(), &mut out);
    out
}

fn push(text: &str, range: Range<usize>, out: &mut Vec<Range<usize>>) {
    let Some(part) = text.get(range.clone()) else { return };
    let trimmed = part.trim_start();
    let start = range.start + part.len() - trimmed.len();
    let end = start + trimmed.trim_end().len();
    if start < end {
        out.push(start..end);
    }
}

fn is_end(text: &str, bytes: &[u8], index: usize, mark: char) -> bool {
    if !mark.is_ascii() {
        return true;
    }
    let rest = text[index + 1..].trim_start_matches(['"', '”', '’', '\'', ')', ']', '»']);
    let Some(next) = rest.chars().next() else { return true };
    if !next.is_whitespace() {
        return false;
    }
    let follows = rest.trim_start().chars().next();
    if follows.is_some_and(|c| c.is_lowercase()) {
        return false;
    }
    if mark != '.' {
        return true;
    }
    let word_start = bytes[..index]
        .iter()
        .rposition(|b| b.is_ascii_whitespace() || b"(\"[".contains(b))
        .map_or(0, |place| place + 1);
    let Some(word) = text.get(word_start..index) else { return true };
    let lower = word.to_lowercase();
    let initial = word.chars().count() == 1 && word.chars().all(char::is_uppercase);
    // "12." or "iv." at the start is a label, "… in 2024." is an end.
    let label = word_start == 0
        && word.len() <= 4
        && word.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b"ivxIVX".contains(&b));
    !(ABBREVIATIONS.contains(&lower.as_str()) || initial || label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn abbreviations_and_labels_end_nothing() {
        let text = "1. Plum Inc. may, e.g. by mail, tell you. You agree (see No. 4). “It ends.” Done";
        let found: Vec<&str> = sentences(text).into_iter().map(|range| &text[range]).collect();
        assert_eq!(
            found,
            ["1. Plum Inc. may, e.g. by mail, tell you.", "You agree (see No. 4).", "“It ends.”", "Done"]
        );
    }
}
