//! Prices of the day that stand on a page.
use super::{Change, sides};
use crate::{align::Pair, words::words_as_written};

/// Letters of the longest mark of what is traded.
const MARK: usize = 8;

/// So many lines with a rise or fall make the figures beside them prices of the day.
const RISES: usize = 3;

/// Whether all that a pair has is digits, and at most the mark of what is traded beside them ("-0.25% PLUM").
fn is_figure(old: &[&str], new: &[&str], pair: &Pair) -> bool {
    sides(old, new, pair).all(|text| {
        let words: Vec<&str> = words_as_written(&text).collect();
        let is_number = |word: &&&str| word.chars().all(char::is_numeric);
        let is_mark =
            |word: &&str| word.len() <= MARK && word.chars().all(|c| c.is_ascii_uppercase() || c.is_numeric());
        let numbers = words.iter().filter(is_number).count();
        numbers > 0 && words.len() <= numbers + 1 && words.iter().all(is_mark)
    })
}

/// Whether a line begins with a price's rise or fall ("2.31% | Plumcoin").
fn is_rise(text: &str) -> bool {
    let digits = text.trim_start_matches(['+', '-']).trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    digits.len() < text.len() && digits.starts_with('%') && text.split_whitespace().nth(5).is_none()
}

/// Leaves out bare figures where they are prices of the day: these come with their rise or fall; without it, a bare figure may be what
/// somebody pays.
pub(super) fn leave_out(change: &Change<'_>, changed: &mut Vec<&Pair>) {
    let Change { old, new, alignment, .. } = *change;
    let rises = |pair: &&Pair| sides(old, new, pair).any(|text| is_rise(&text));
    if changed.iter().any(|pair| is_figure(old, new, pair) && sides(old, new, pair).any(|text| text.contains('%')))
        || alignment.pairs.iter().filter(rises).nth(RISES).is_some()
    {
        changed.retain(|pair| !is_figure(old, new, pair));
    }
}
