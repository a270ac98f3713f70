//! Clauses that are parts of one: a paragraph broken into a list, a heading pulled off, sentences run together.
//!
//! A free clause is a part of a clause beside it if most of its words are among those of that clause for which its other parts do not
//! account. What is found for splits is found for merges by looking from the other side.
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use crate::{
    align::{Gaps, Matching, REWORDED, likely},
    words::{fnv, without_number, words, words_as_written},
};

/// Least share of a part's words and word pairs that the whole must have.
const PART: f32 = 0.60;
/// The same where a whole is the only clause left between its neighbours, with clauses that together are similar to it.
const PART_ALONE: f32 = 0.35;
/// Least share of a whole for which its parts must account.
const COVERED: f32 = 0.50;
/// A clause of fewer words is a part only if it stands in the whole word by word.
const FEW: usize = 4;
/// Share of what a whole lost that a clause beside it must have to be a part of it, whatever else it says.
const LOST: f32 = 0.85;
/// Fewest letters of a few words at an end of the whole, where the space before or after them may be lost.
const LETTERS: usize = 10;
/// Fewest words of the one clause to which another shrank.
const REST: usize = 8;
/// Least share of such a clause's words that the other must have had.
const SHRANK: f32 = 0.80;

/// The features of clauses for similarity, found when they are asked for.
pub(crate) struct Features<'a> {
    texts: &'a [&'a str],
    known: Vec<Option<Vec<u64>>>,
}

impl<'a> Features<'a> {
    pub(crate) fn of(texts: &'a [&'a str]) -> Self {
        Features { texts, known: vec![None; texts.len()] }
    }

    /// Finds the features of a clause, if that was not done.
    pub(crate) fn know(&mut self, index: usize) {
        self.known[index].get_or_insert_with(|| features(self.texts[index]));
    }

    /// The features of a clause for which [`Features::know`] was called.
    pub(crate) fn known(&self, index: usize) -> &[u64] {
        self.known[index].as_deref().unwrap_or_default()
    }

    pub(crate) fn get(&mut self, index: usize) -> &[u64] {
        self.know(index);
        self.known(index)
    }

    /// The features of some clauses together.
    pub(crate) fn of_all(&mut self, indices: &[usize]) -> Cow<'_, [u64]> {
        if let &[index] = indices {
            return Cow::Borrowed(self.get(index));
        }
        let mut all: Vec<u64> = indices.iter().flat_map(|&index| self.get(index).to_vec()).collect();
        all.sort_unstable();
        Cow::Owned(all)
    }
}

/// The features of a clause for similarity: hashes of its words and word pairs, sorted. A number is any number, so that a
/// clause with another date or amount is still the same clause.
fn features(text: &str) -> Vec<u64> {
    let any_number = |word: String| {
        if word.bytes().all(|b| b.is_ascii_digit()) { "0".into() } else { word }
    };
    let list: Vec<String> = words(without_number(text)).map(any_number).collect();
    let pair = |a: &str, b: &str| fnv(a.bytes().chain([0]).chain(b.bytes()));
    let mut hashes: Vec<u64> = list.iter().map(|word| fnv(word.bytes())).collect();
    hashes.extend(list.windows(2).map(|two| pair(&two[0], &two[1])));
    hashes.sort_unstable();
    hashes
}

/// Dice's coefficient of two sorted multisets: twice the shared part over the whole.
pub(crate) fn dice(a: &[u64], b: &[u64]) -> f32 {
    if a.is_empty() && b.is_empty() { 0.0 } else { (2 * shared(a, b)) as f32 / (a.len() + b.len()) as f32 }
}

/// How many elements two sorted multisets share.
fn shared(a: &[u64], b: &[u64]) -> usize {
    let mut count = 0;
    merge(a, b, |_, in_both| count += usize::from(in_both));
    count
}

/// What of `a` is not in `b`.
fn without(a: &[u64], b: &[u64]) -> Vec<u64> {
    let mut rest = Vec::with_capacity(a.len());
    merge(a, b, |feature, in_both| {
        if !in_both {
            rest.push(feature);
        }
    });
    rest
}

/// Calls `each` with every element of `a`, and whether `b` has it too.
fn merge(a: &[u64], b: &[u64], mut each: impl FnMut(u64, bool)) {
    let mut j = 0;
    for &feature in a {
        while j < b.len() && b[j] < feature {
            j += 1;
        }
        let in_both = b.get(j) == Some(&feature);
        each(feature, in_both);
        j += usize::from(in_both);
    }
}

/// Finds what was split, then what was merged, among the clauses that are still free.
pub(crate) fn find(
    (old, new): (&[&str], &[&str]),
    features: &mut (Features<'_>, Features<'_>),
    matching: &mut Matching,
) {
    if !matching.free_new().is_empty() {
        splits((old, new), (&mut features.0, &mut features.1), matching);
    }
    if !matching.free_old().is_empty() {
        let mut other = std::mem::take(matching).mirrored();
        splits((new, old), (&mut features.1, &mut features.0), &mut other);
        *matching = other.mirrored();
    }
}

/// Finds old clauses that were split.
fn splits(texts: (&[&str], &[&str]), mut features: (&mut Features<'_>, &mut Features<'_>), matching: &mut Matching) {
    for (whole, is_alone, parts) in at_one_place(&mut features, matching) {
        begin(whole, is_alone, &parts, &mut features, matching);
    }
    // A clause that several were merged into is not split as well.
    let merged: HashSet<usize> = matching.old_in_new.iter().flatten().copied().collect();
    let mut rests: HashMap<usize, Vec<u64>> = HashMap::new();
    let mut candidates: Vec<(usize, usize, usize)> = Vec::new();
    for part in matching.free_new() {
        for whole in beside(part, matching) {
            let Some(main) = matching.old_to_new[whole].filter(|main| !merged.contains(main)) else { continue };
            let rest = rests.entry(whole).or_insert_with(|| without(features.0.get(whole), features.1.get(main)));
            candidates.push((shared(rest, features.1.get(part)), whole, part));
        }
    }
    // What accounts for most comes first.
    candidates.sort_by(|a, b| b.0.cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    for (_, whole, part) in candidates {
        let Some(rest) = rests.get_mut(&whole).filter(|_| matching.new_in_old[part].is_none()) else { continue };
        let features = features.1.get(part);
        let common = shared(rest, features);
        // What the whole lost stands there, with words that are new.
        let has_rest = rest.len() >= 2 * REST - 1
            && share(common, rest.len()) >= LOST
            && share(common, features.len()) >= PART_ALONE;
        let is_part = has_rest
            || if words_as_written(without_number(texts.1[part])).nth(FEW - 1).is_some() {
                share(common, features.len()) >= PART
            } else {
                common == features.len() && stands_in(texts.1[part], texts.0[whole])
                    || ends_in(texts.1[part], texts.0[whole])
            };
        if is_part {
            *rest = without(rest, features);
            matching.new_in_old[part] = Some(whole);
        }
    }
}

/// For each free old clause, whether it is the only one between its neighbours, and the free new clauses there that may be parts of it.
fn at_one_place(
    features: &mut (&mut Features<'_>, &mut Features<'_>),
    matching: &Matching,
) -> Vec<(usize, bool, Vec<usize>)> {
    let mut found = Vec::new();
    for (olds, news) in Gaps::of(matching).free(matching) {
        olds.iter().for_each(|&index| features.0.know(index));
        news.iter().for_each(|&index| features.1.know(index));
        if let [whole] = olds[..] {
            found.push((whole, true, news));
            continue;
        }
        let old_features: Vec<&[u64]> = olds.iter().map(|&index| features.0.known(index)).collect();
        let new_features: Vec<&[u64]> = news.iter().map(|&index| features.1.known(index)).collect();
        let mut parts: Vec<Vec<usize>> = vec![Vec::new(); olds.len()];
        likely(&old_features, &new_features).into_iter().for_each(|(whole, part)| parts[whole].push(news[part]));
        found.extend(olds.into_iter().zip(parts).map(|(whole, parts)| (whole, false, parts)));
    }
    found
}

/// Joins a free clause with the largest of the free clauses at its place that are its parts, if they account for most of it.
fn begin(
    whole: usize,
    is_alone: bool,
    news: &[usize],
    features: &mut (&mut Features<'_>, &mut Features<'_>),
    matching: &mut Matching,
) {
    features.0.know(whole);
    let least = if is_alone { PART_ALONE } else { PART };
    let mut found: Vec<(usize, usize)> = Vec::new();
    for &part in news.iter().filter(|&&part| matching.new_to_old[part].is_none()) {
        let its = features.1.get(part);
        let count = shared(features.0.known(whole), its);
        if its.len() >= 2 * FEW - 1 && share(count, its.len()) >= least {
            found.push((count, part));
        }
    }
    let Some(&(count, largest)) = found.iter().max_by_key(|(count, part)| (*count, std::cmp::Reverse(*part))) else {
        return;
    };
    let all: usize = found.iter().map(|(count, _)| count).sum();
    let lengths =
        features.0.known(whole).len() + found.iter().map(|(_, part)| features.1.known(*part).len()).sum::<usize>();
    let its = features.1.known(largest).len();
    let covered = found.len() > 1 && share(all, features.0.known(whole).len()) >= COVERED
        || found.len() > 1 && is_alone && share(2 * all, lengths) >= REWORDED;
    let shrank = its >= 2 * REST - 1 && share(count, its) >= SHRANK;
    if covered || shrank {
        matching.join(whole, largest);
        if is_alone && covered {
            for (_, part) in found.into_iter().filter(|(_, part)| *part != largest) {
                matching.new_in_old[part] = Some(whole);
            }
        }
    }
}

fn share(count: usize, of: usize) -> f32 {
    count as f32 / of.max(1) as f32
}

/// The old clauses whose new places are next to a free new clause: only other free ones stand between.
fn beside(part: usize, matching: &Matching) -> Vec<usize> {
    let whole = |index: &usize| matching.new_to_old[*index];
    let before = (0..part).rev().find(|index| whole(index).is_some()).and_then(|index| whole(&index));
    let after =
        (part + 1..matching.new_to_old.len()).find(|index| whole(index).is_some()).and_then(|index| whole(&index));
    let free = |whole: &usize| matching.old_in_new[*whole].is_none();
    before.into_iter().chain(after.filter(|after| before != Some(*after))).filter(free).collect()
}

/// Whether the letters of one text begin or end the other, which may have lost the space between.
fn ends_in(part: &str, whole: &str) -> bool {
    let (part, whole) =
        (words(without_number(part)).collect::<String>(), words(without_number(whole)).collect::<String>());
    part.len() >= LETTERS && part.len() < whole.len() && (whole.starts_with(&part) || whole.ends_with(&part))
}

/// Whether the words of one text stand in the other, one after the other.
fn stands_in(part: &str, whole: &str) -> bool {
    let part: Vec<String> = words(without_number(part)).collect();
    let whole: Vec<String> = words(whole).collect();
    !part.is_empty() && whole.windows(part.len()).any(|run| run == part)
}
