//! Word-level redline of one clause.
use similar::{Algorithm, DiffOp, capture_diff_slices};

/// Whether a span stands in both texts or in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SpanKind {
    /// In both.
    Same,
    /// Only in the new text.
    Inserted,
    /// Only in the old text.
    Deleted,
}

/// A run of a redline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span<'a> {
    /// Where it stands.
    pub kind: SpanKind,
    /// Its text: a slice of the new text, or of the old one if deleted.
    pub text: &'a str,
}

/// The redline from `old` to `new`: the spans that are not inserted make up `old` (equal spans are shown as the new text has
/// them), those that are not deleted make up `new`. A lone short word between two edits is joined to them, so that a reader
/// sees phrases rather than confetti.
pub fn redline<'a>(old: &'a str, new: &'a str) -> Vec<Span<'a>> {
    let (a, b) = (tokens(old), tokens(new));
    let (a_texts, b_texts): (Vec<&str>, Vec<&str>) = (a.iter().map(|t| t.1).collect(), b.iter().map(|t| t.1).collect());
    let ops = capture_diff_slices(Algorithm::Myers, &a_texts, &b_texts);
    let mut edits: Vec<(usize, usize, usize, usize)> = Vec::new();
    for op in &ops {
        let (old_range, new_range) = (op.old_range(), op.new_range());
        let edit = (old_range.start, old_range.end, new_range.start, new_range.end);
        match op {
            DiffOp::Equal { .. } => {}
            _ => match edits.last_mut() {
                Some(last) if is_sliver(&b_texts[last.3..edit.2]) => (last.1, last.3) = (edit.1, edit.3),
                _ => edits.push(edit),
            },
        }
    }
    spans(old, new, &a, &b, &edits)
}

/// Whether the equal tokens between two edits are too little to read: white space and at most one short word.
fn is_sliver(tokens: &[&str]) -> bool {
    tokens.iter().filter(|token| !token.trim().is_empty()).map(|token| token.len()).sum::<usize>() <= 3
}

fn spans<'a>(
    old: &'a str,
    new: &'a str,
    a: &[(usize, &str)],
    b: &[(usize, &str)],
    edits: &[(usize, usize, usize, usize)],
) -> Vec<Span<'a>> {
    let place =
        |tokens: &[(usize, &str)], index: usize, text: &str| tokens.get(index).map_or(text.len(), |token| token.0);
    let mut out = Vec::new();
    let mut push = |kind, text: &'a str| {
        if !text.is_empty() {
            out.push(Span { kind, text });
        }
    };
    let mut at = 0;
    for &(old_start, old_end, new_start, new_end) in edits {
        push(SpanKind::Same, &new[at..place(b, new_start, new)]);
        push(SpanKind::Deleted, &old[place(a, old_start, old)..place(a, old_end, old)]);
        push(SpanKind::Inserted, &new[place(b, new_start, new)..place(b, new_end, new)]);
        at = place(b, new_end, new);
    }
    push(SpanKind::Same, &new[at..]);
    out
}

/// Words, runs of white space and single marks with their byte positions; together they are the text.
fn tokens(text: &str) -> Vec<(usize, &str)> {
    let class = |c: char| match c {
        c if c.is_alphanumeric() => 0,
        c if c.is_whitespace() => 1,
        _ => 2,
    };
    let mut out: Vec<(usize, &str)> = Vec::new();
    let mut start = 0;
    let mut previous = None;
    for (index, c) in text.char_indices() {
        if previous.is_some_and(|previous| previous != class(c) || previous == 2) {
            out.push((start, &text[start..index]));
            start = index;
        }
        previous = Some(class(c));
    }
    if start < text.len() {
        out.push((start, &text[start..]));
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_replaced_word() {
        let spans = redline("We give 30 days of notice.", "We give 10 days of notice.");
        let shown: Vec<(SpanKind, &str)> = spans.iter().map(|span| (span.kind, span.text)).collect();
        assert_eq!(
            shown,
            [
                (SpanKind::Same, "We give "),
                (SpanKind::Deleted, "30"),
                (SpanKind::Inserted, "10"),
                (SpanKind::Same, " days of notice.")
            ]
        );
    }

    proptest! {
        #[test]
        fn both_texts_can_be_read_back(old in "[ab ,é]{0,40}", new in "[ab ,é]{0,40}") {
            let spans = redline(&old, &new);
            let without = |kind| spans.iter().filter(|span| span.kind != kind).map(|span| span.text).collect::<String>();
            prop_assert_eq!(without(SpanKind::Inserted), old.as_str());
            prop_assert_eq!(without(SpanKind::Deleted), new.as_str());
        }
    }
}
