//! Which differences change nothing: marks without words, numbers of sections, one spelling for another, the same words divided
//! otherwise, words that stand twice.
use std::{cell::LazyCell, collections::HashSet};

use crate::{
    align::{Alignment, BETWEEN_PARTS, Pair, PairKind},
    materiality::{changes_no_word, is_weighty, weighty_changes},
    words::{hash_of_words, spelled, without_number, words, words_as_written},
};

/// Fewest words of a clause that may stand twice.
const COPIED: usize = 3;

/// Fewest letters of a word that is the same with one letter less.
const SLIP: usize = 5;

/// What e-mail protection puts in place of an address.
const STAND_IN: &str = "[email protected]";

/// What pages add to the words of links and folded parts.
const ASIDES: &[&str] = &[
    "(opens in a new window)",
    "(opens in new window)",
    "(opens in a new tab)",
    "(opens in new tab)",
    "[show]",
    "[hide]",
    "[Expand]",
    "[Collapse]",
];

/// For each pair of `alignment`, whether it differs in nothing that a reader would call a change. `listed` says which old and which new
/// clauses mean what a list or table makes of them, so that the same words elsewhere are no copy.
pub fn idle(old: &[&str], new: &[&str], alignment: &Alignment, listed: (&[bool], &[bool])) -> Vec<bool> {
    let copies = LazyCell::new(|| Copies { old: keys(old), new: keys(new) });
    let divided = divided(old, new, alignment);
    let is_idle = |(pair, divided): (&Pair, bool)| match (&pair.old[..], &pair.new[..]) {
        _ if divided => true,
        (&[index], []) => is_bare(old[index]) || !listed.0[index] && copies.has(old[index]),
        ([], &[index]) => is_bare(new[index]) || !listed.1[index] && copies.has(new[index]),
        _ if matches!(pair.kind, PairKind::Same | PairKind::Moved) => false,
        _ => matches!((pair.old_text(old), pair.new_text(new)), (Some(a), Some(b)) if is_idle_rewording(&a, &b)),
    };
    alignment.pairs.iter().zip(divided).map(is_idle).collect()
}

/// Hashes of the words of each clause.
fn keys(texts: &[&str]) -> HashSet<u64> {
    texts.iter().map(|text| hash_of_words(text)).collect()
}

/// The clauses of both versions.
struct Copies {
    old: HashSet<u64>,
    new: HashSet<u64>,
}

impl Copies {
    /// Whether what comes was there before, or what goes still stands: a second copy makes nothing new.
    fn has(&self, text: &str) -> bool {
        let key = hash_of_words(text);
        words_as_written(text).nth(COPIED - 1).is_some() && self.old.contains(&key) && self.new.contains(&key)
    }
}

/// Whether a clause has no words, or none but its own number ("4.7").
fn is_bare(text: &str) -> bool {
    let label = text.trim_matches(|c: char| !c.is_alphanumeric());
    let is_number = label.len() <= 5 && label.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    words_as_written(text).next().is_none() || is_number && !text.contains(['$', '€', '£', '¥', '%', '+', '-'])
}

/// Whether a rewording is one of spelling, spacing or repetition only.
fn is_idle_rewording(old: &str, new: &str) -> bool {
    // Some hide an address from machines by writing "info[at]plum.example"; where the mark is lost, the address is still the same.
    let plain = |text: &str| {
        let text = text.replace("[at]", "").replace("(c)", "©").replace(" & ", " and ");
        without_scripts(ASIDES.iter().fold(text, |text, aside| text.replace(aside, "")))
    };
    // Where a clause was divided, the parts' own numbers come or go.
    let is_divided = old.contains(BETWEEN_PARTS) != new.contains(BETWEEN_PARTS);
    let unnumbered = |text: String| match is_divided {
        true => text.split_whitespace().filter(|token| !is_number(token)).collect::<Vec<_>>().join(" "),
        false => text,
    };
    let list = |text: &str| words(without_number(&unnumbered(plain(text)))).collect::<Vec<_>>();
    let (before, after) = (list(old), list(new));
    let twice = |once: &[String], more: &[String]| {
        more.len() == 2 * once.len() && more.starts_with(once) && more.ends_with(once)
    };
    let letters = |list: &[String]| list.concat();
    // "Data base" and "database"; but not "now here" and "nowhere" where a word about duties hides.
    let spaced = letters(&before) == letters(&after) && weighty_changes(old, new).is_none();
    spaced
        || is_spelling(&before, &after)
        || is_garbled(old, new)
        || twice(&before, &after)
        || twice(&after, &before)
        || is_stand_in(old, new)
        || changes_no_word(old, new)
        || writes_out_a_link(old, new)
        || fills_a_form(old, new)
}

/// Whether all that differs in a line to be filled in ("Name ………é………") are single letters that a broken encoding left there.
fn fills_a_form(old: &str, new: &str) -> bool {
    let kept = |text: &str| {
        let is_stray = |word: &String| !word.is_ascii() && word.chars().nth(1).is_none();
        words(text).filter(|word| !is_stray(word)).collect::<Vec<_>>()
    };
    let is_latin = |text: &str| text.chars().all(|c| c < '\u{2e80}');
    [old, new].iter().all(|text| text.contains("………") && is_latin(text)) && kept(old) == kept(new)
}

/// Whether one text has the address of a page where the other has "here" for its link.
fn writes_out_a_link(old: &str, new: &str) -> bool {
    let is_link = |token: &str| token.starts_with("http://") || token.starts_with("https://");
    let tokens = |text: &str| {
        let mut kept: Vec<String> = Vec::new();
        for token in text.split_whitespace() {
            if is_link(token) {
                kept.pop_if(|word| word == "at");
                kept.push("here".into());
            } else {
                kept.extend(words(token));
            }
        }
        kept
    };
    let linked = |text: &str| text.split_whitespace().any(is_link);
    linked(old) != linked(new) && tokens(old) == tokens(new)
}

/// Whether a token numbers a part of a list ("2.", "(b)").
fn is_number(token: &str) -> bool {
    let label = token.trim_start_matches('(').trim_end_matches(['.', ')']);
    label.len() < token.len()
        && (label.len() <= 2 && label.bytes().all(|b| b.is_ascii_digit()) || label.len() == 1 && label.is_ascii())
        && !label.is_empty()
}

/// Whether two texts have the same words in other spellings ("données", "donnees"), or with a letter lost or put where none belongs
/// ("Changs").
fn is_spelling(old: &[String], new: &[String]) -> bool {
    let slip = |old: &str, new: &str| {
        let (short, long) = if old.len() < new.len() { (old, new) } else { (new, old) };
        let same = short.bytes().zip(long.bytes()).take_while(|(a, b)| a == b).count();
        short.len() + 1 == long.len()
            && short.len() >= SLIP
            // One more or less of something is more than a slip.
            && !(same == short.len() && long.ends_with('s'))
            && long.bytes().all(|b| b.is_ascii_lowercase())
            && short.as_bytes()[same..] == long.as_bytes()[same + 1..]
    };
    let is_same = |(old, new): (&String, &String)| {
        let articles = matches!((old.as_str(), new.as_str()), ("a", "an") | ("an", "a"));
        old == new
            || articles
            || spelled(old.clone()) == spelled(new.clone())
            || !is_weighty(old) && !is_weighty(new) && slip(old, new)
    };
    old.len() == new.len() && old.iter().zip(new).all(is_same)
}

/// `text` without targets of links that are scripts ("[help@plum.example](javascript:…)").
fn without_scripts(mut text: String) -> String {
    while let Some(start) = text.find("](javascript:") {
        let Some(length) = text[start..].find(')') else { break };
        text.replace_range(start..start + length + 1, "");
    }
    text
}

/// Whether two texts differ only in marks that were read in the wrong encoding: within a word, one has a letter for the other's mark
/// ("l’acceptation", "léacceptation"), or a stand-in for a letter ("compr\u{fffd}hension").
fn is_garbled(old: &str, new: &str) -> bool {
    let is_mark = |c: char| matches!(c, '\'' | '’' | '‘' | '?');
    let is_cjk = |c: char| c >= '\u{2e80}';
    let is_noise = |old: &str, new: &str| {
        let starts = old.chars().zip(new.chars()).take_while(|(a, b)| a == b).count();
        let ends = old.chars().rev().zip(new.chars().rev()).take_while(|(a, b)| a == b).count();
        let between = |text: &str| {
            let letters: Vec<char> = text.chars().collect();
            let end = letters.len().saturating_sub(ends).max(starts);
            letters.get(starts..end).unwrap_or_default().to_vec()
        };
        let within = starts > 0 && ends > 0;
        match (&between(old)[..], &between(new)[..]) {
            (&[a], &[b]) if !within && starts + ends == 0 => {
                !a.is_ascii() && !b.is_ascii() && a.is_alphabetic() && b.is_alphabetic() && !is_cjk(a) && !is_cjk(b)
            }
            (&[a], &[b]) if within => {
                let accented = |c: char| c.is_alphabetic() && !c.is_ascii() && !is_cjk(c);
                is_mark(a) && !b.is_ascii() || is_mark(b) && !a.is_ascii() || accented(a) && accented(b)
            }
            (a, b) => {
                let lost = |a: &[char], b: &[char]| {
                    !a.is_empty()
                        && a.iter().all(|c| *c == '\u{fffd}')
                        && b.len() <= a.len()
                        && !b.iter().any(char::is_ascii)
                };
                lost(a, b) || lost(b, a)
            }
        }
    };
    let mut tokens = old.split_whitespace().zip(new.split_whitespace());
    old.split_whitespace().count() == new.split_whitespace().count()
        && tokens.all(|(old, new)| old == new || is_noise(old, new))
}

/// Whether one text has the stand-in of e-mail protection where the other has an address or the words of its link.
fn is_stand_in(old: &str, new: &str) -> bool {
    let fits = |with: &str, other: &str| {
        let mut rest = other;
        let mut parts = with.split(STAND_IN).peekable();
        if !parts.next().is_some_and(|start| strip(&mut rest, start, 0)) || parts.peek().is_none() {
            return false;
        }
        while let Some(part) = parts.next() {
            // The last part is the end, though its mark may stand in an address as well.
            let few = |rest: &str| rest.split_whitespace().count() <= 3;
            if parts.peek().is_none() && rest.strip_suffix(part).is_some_and(few) {
                return true;
            }
            if !strip(&mut rest, part, 3) {
                return false;
            }
        }
        rest.split_whitespace().nth(1).is_none()
    };
    fits(old, new) || fits(new, old)
}

/// Takes `part` off `rest`, where at most `most` words precede it.
fn strip(rest: &mut &str, part: &str, most: usize) -> bool {
    let Some(at) = rest.find(part) else { return false };
    let skipped = if part.is_empty() { rest.len() } else { at };
    let few = rest[..skipped].split_whitespace().count() <= most;
    *rest = &rest[skipped + part.len()..];
    few
}

/// For each pair, whether all its clauses lie between two that stayed, where both versions read alike, however they are divided.
fn divided(old: &[&str], new: &[&str], alignment: &Alignment) -> Vec<bool> {
    let mut alike = (vec![false; old.len()], vec![false; new.len()]);
    let mut from = (0, 0);
    let stays = |pair: &Pair| match (pair.kind, &pair.old[..], &pair.new[..]) {
        (PairKind::Same, &[before], &[after]) => Some((before, after)),
        _ => None,
    };
    for fixed in alignment.pairs.iter().filter_map(stays).chain([(old.len(), new.len())]) {
        if fixed.0 < from.0 || fixed.1 < from.1 {
            continue;
        }
        let (before, after) = (from.0..fixed.0, from.1..fixed.1);
        if !before.is_empty() && !after.is_empty() && reads_alike(&old[before.clone()], &new[after.clone()]) {
            alike.0[before].fill(true);
            alike.1[after].fill(true);
        }
        from = (fixed.0 + 1, fixed.1 + 1);
    }
    let lies = |pair: &Pair| {
        stays(pair).is_none()
            && pair.old.iter().all(|&index| alike.0[index])
            && pair.new.iter().all(|&index| alike.1[index])
    };
    alignment.pairs.iter().map(lies).collect()
}

/// Whether two runs of clauses have the same letters and digits in the same order: spaces and the numbers of parts are lost and found
/// where a page sets a list otherwise.
fn reads_alike(old: &[&str], new: &[&str]) -> bool {
    letters(old).eq(letters(new))
}

/// The letters and digits of a run of clauses without the numbers of parts, which stand where a clause, a sentence or a link of a series
/// begins, or are the first one; elsewhere a number may be an amount.
fn letters<'a>(clauses: &'a [&str]) -> impl Iterator<Item = char> + 'a {
    clauses.iter().filter(|clause| !is_bare(clause)).flat_map(|clause| {
        let (mut begins, mut in_series) = (true, false);
        let counts = move |token: &&str| {
            let is_label = is_number(token) && (begins || *token == "1.");
            if !is_label {
                let links = ["or", "and"].iter().any(|link| token.eq_ignore_ascii_case(link));
                begins = links && in_series || token.ends_with(['.', ';', '!', '?']);
                in_series = token.ends_with(';');
            }
            !is_label
        };
        let word_letters = |word: String| word.chars().collect::<Vec<_>>();
        clause.split_whitespace().filter(counts).flat_map(move |token| words(token).flat_map(word_letters))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::align::align;

    fn all_idle(old: &[&str], new: &[&str]) -> bool {
        let alignment = align(old, new);
        let changed = |(pair, idle): (&Pair, bool)| pair.kind == PairKind::Same || pair.cosmetic || idle;
        let listed = (vec![false; old.len()], vec![false; new.len()]);
        alignment.pairs.iter().zip(idle(old, new, &alignment, (&listed.0, &listed.1))).all(changed)
    }

    #[test]
    fn marks_numbers_and_copies_change_nothing() {
        assert!(all_idle(&["We may end it."], &["We may end it.", "-", "4.7"]));
        assert!(all_idle(&["Please go to myplum today"], &["Please go to My Plum today"]));
        assert!(all_idle(&["Write to help[at]plum.example"], &["Write to helpplum.example"]));
        assert!(all_idle(&["Revised by Plum in May"], &["Revised by Plum in May Revised by Plum in May"]));
        let (once, again) = ("You may end the service at any time.", "You pay.");
        assert!(all_idle(&[once, again], &[once, again, once]));
        let (old, new) = (["to our partners worldwide"], ["to our partners worldwide"; 2]);
        assert!(!idle(&old, &new, &align(&old, &new), (&[true], &[true; 2]))[1]);
        assert!(!all_idle(&["Fee", "You pay."], &["Fee", "You pay.", "$10"]));
    }

    #[test]
    fn spelling_and_broken_marks_change_nothing() {
        assert!(all_idle(&["Vos donnees sont a vous"], &["Vos données sont à vous"]));
        assert!(all_idle(&["Changs to these terms"], &["Changes to these terms"]));
        assert!(all_idle(&["L’acceptation de la vente"], &["Léacceptation de la vente"]));
        assert!(all_idle(&["La bonne compréhension"], &["La bonne compr\u{fffd}\u{fffd}hension"]));
        assert!(all_idle(
            &["Write to help@plum.example today."],
            &["Write to [help@plum.example](javascript:open()) today."]
        ));
        assert!(all_idle(&["Livré sur l’île"], &["Livré sur l’éle"]));
        assert!(all_idle(&["Nom ………é………"], &["Nom ………'………"]));
        assert!(!all_idle(&["Nom à payer"], &["Nom payer"]));
        assert!(all_idle(&["Complain at https://plum.example/form today."], &["Complain here today."]));
        assert!(!all_idle(&["Complain at https://plum.example/form today."], &["Complain there today."]));
        assert!(!all_idle(&["You may keep one licence"], &["You may keep one licences"]));
        assert!(!all_idle(&["The employer pays for it"], &["The employee pays for it"]));
        assert!(!all_idle(&["Write to help@plum.example today."], &["Write to help@quince.example today."]));
    }

    #[test]
    fn other_divisions_change_nothing() {
        let old = ["Law", "Norland law governs.", "Courts of Port Vesper decide.", "End", "You pay."];
        let new = ["Law", "Norland law governs. Courts of Port Vesper decide.", "End", "You do not pay."];
        let alignment = align(&old, &new);
        let idle = idle(&old, &new, &alignment, (&[false; 5], &[false; 4]));
        let of = |index: usize| idle[alignment.pairs.iter().position(|pair| pair.new.contains(&index)).unwrap()];
        assert!(of(1) && !of(3));
    }

    #[test]
    fn a_list_set_otherwise_changes_nothing() {
        let old = ["Law", "1. Fees. You pay each month; 2. Refunds. None; or 3. what we", "collect for others.", "End"];
        let new = ["Law", "Fees. You pay each month;", "Refunds. None; or", "what wecollect for others.", "End"];
        assert!(all_idle(&old, &new));
        assert!(!reads_alike(&["We pay at most 5."], &["We pay at most 6."]));
        assert!(!reads_alike(&["We pay 3 and 5. Nobody else does."], &["We pay 3 and 6. Nobody else does."]));
        assert!(!reads_alike(&["The fee in euros: 5. Nobody pays more."], &["The fee in euros: 6. Nobody pays more."]));
        assert!(!reads_alike(&["We pay 5. Nobody else does."], &["We pay. Nobody else does."]));
        assert!(!reads_alike(&["We may end it.", "You may leave."], &["You may leave.", "We may end it."]));
        assert!(reads_alike(&["2. We may end it."], &["3.", "We may", "end it."]));
    }

    #[test]
    fn a_protected_address_is_the_address() {
        assert!(is_stand_in("Write to [email protected] or call.", "Write to help@plum.example or call."));
        assert!(is_stand_in("Please CONTACT US today.", "Please [email protected] today."));
        assert!(is_stand_in("Write to [email protected]", "Write to [email protected]mail.example"));
        assert!(!is_stand_in("Write to [email protected] or call.", "Write to us or do not call."));
        assert!(!is_stand_in("Write to us.", "Write to them."));
    }
}
