//! Menu entries and other parts of a page that stand beside the document.
use std::borrow::Cow;

use super::duties::{PERSONS, is_weighty};
use super::sides;
use crate::{align::Pair, words::words};

/// Whether a pair is a menu entry on each side, as `flags` has it of old and new clauses, and none that could be a statement ("No refunds").
pub fn is_aside(old: &[&str], new: &[&str], pair: &Pair, flags: (&[bool], &[bool])) -> bool {
    let within = |flags: &[bool], index: usize| flags.get(index).copied().unwrap_or(false);
    // A line with the owner and a year may come or go as a whole; in other words it may name another owner.
    let comes_or_goes = pair.old.is_empty() || pair.new.is_empty();
    let names_owner = |text: &str| text.contains('©') && !words(text).any(|word| is_weighty(&word) && word != "rights");
    let binds = |text: Cow<'_, str>| {
        let weighty = words(&text).any(|word| is_weighty(&word));
        weighty && !is_page_name(&text) && !(comes_or_goes && names_owner(&text))
    };
    pair.old.iter().all(|&index| within(flags.0, index))
        && pair.new.iter().all(|&index| within(flags.1, index))
        && !sides(old, new, pair).any(binds)
}

/// Whether a menu entry is the name of a page, though it has a word about duties or rights ("Your privacy rights", "Fee schedules").
fn is_page_name(text: &str) -> bool {
    const NOUNS: &[&str] = &["right", "rights", "fee", "fees", "notice", "share", "consent"];
    const TRADE: &[&str] = &["sell"];
    let people = words(text).any(|word| PERSONS.contains(&word.as_str()));
    let lower = text.to_lowercase();
    let names = |word: String| {
        !is_weighty(&word) || NOUNS.contains(&word.as_str()) || !people && TRADE.contains(&word.as_str())
    };
    let has_amount = text.contains(|c: char| c.is_ascii_digit() || "$€£¥%".contains(c));
    !has_amount && (lower.starts_with("do not sell") || words(text).all(names))
}
