//! Credits of sources, alone and in lists.
use std::{borrow::Cow, cell::LazyCell};

use super::duties::{PERSONS, is_latin, speaks};
use super::references::TELEPHONE;
use super::{Change, sides};
use crate::{
    align::Pair,
    words::{words, words_as_written},
};

/// Words of the longest source in a list, those of its address aside.
const SOURCE: usize = 16;

/// A document with more credits of sources is a list of them, and what stands beside a copyright mark in it is one.
const CREDITS: usize = 10;

/// Most words of a name.
const NAME: usize = 4;

/// Whether a clause only credits a source: it names a licence of data and nobody who would be bound.
pub(super) fn is_credit(text: &str) -> bool {
    const CUES: &[&str] =
        &["creativecommons.org", "creative commons", "open data", "opendata", "open government licence", "©"];
    let lower = text.to_lowercase();
    // Within a sentence a capital letter makes it a part of a name ("Department of Customer Service").
    let person = |(at, word): (usize, &str)| {
        let named = at > 0 && word.starts_with(char::is_uppercase);
        !named && PERSONS.contains(&word.to_lowercase().as_str())
    };
    CUES.iter().any(|cue| lower.contains(cue)) && !words_as_written(text).enumerate().any(person)
}

/// Whether a clause is a source in a list of them: a name and the address of its page, and nothing about anybody.
pub(super) fn is_listed_source(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let is_named = text.contains("://") || text.split_whitespace().any(is_domain) && digits < TELEPHONE;
    is_named && !text.contains('@') && is_latin(text) && words(text).nth(SOURCE).is_none() && !speaks(text)
}

/// Whether a line is no more than a name.
fn is_name(text: &str) -> bool {
    is_latin(text) && text.split_whitespace().nth(NAME).is_none() && !speaks(text)
}

/// Whether a token is the name of a host ("data.plum.example").
fn is_domain(token: &str) -> bool {
    let token = token.trim_end_matches(['.', ',', ')']);
    token.matches('.').count() >= 1
        && token.split('.').all(|part| {
            part.len() >= 2 && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        })
        && !token.starts_with(|c: char| c.is_ascii_digit())
}

/// Leaves out clauses that only credit a source. Beside a copyright mark stands who owns what, but in a list of credits.
pub(super) fn leave_out(change: &Change<'_>, changed: &mut Vec<&Pair>) {
    let Change { old, new, .. } = *change;
    let listing = LazyCell::new(|| new.iter().filter(|text| is_credit(text)).nth(CREDITS).is_some());
    let credits = |text: Cow<'_, str>| {
        is_listed_source(&text) || is_credit(&text) && is_latin(&text) && (!text.contains('©') || *listing)
    };
    let before = changed.len();
    changed.retain(|pair| !sides(old, new, pair).all(credits));
    // What a source is called may stand above its credit.
    if changed.len() < before && *listing {
        changed.retain(|pair| !sides(old, new, pair).all(|text| is_name(&text)));
    }
}
