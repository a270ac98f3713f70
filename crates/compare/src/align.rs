//! Clause-by-clause alignment of two versions.
//!
//! Four passes, each over what the one before left: equal clauses in order (Myers' diff over clause hashes, common
//! ends trimmed first); equal clauses out of order, which moved; similar clauses, most similar first, found through an
//! index of their word pairs; two clauses left alone between the same neighbours, such as a heading in other words. Similarity is Dice's coefficient over word pairs and words (Dice 1945), so a clause that
//! only grew or shrank still finds its ancestor.
use std::collections::HashMap;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::words::{fnv, hash_of_words, same_words, without_number, words, words_as_written};

/// Least similarity for two clauses at the same place to be one reworded clause.
const REWORDED: f32 = 0.40;
/// Least similarity for clauses at different places to be one moved and reworded clause.
const MOVED: f32 = 0.65;
/// Least similarity for two clauses to be one reworded clause when nothing else is left between the same two neighbours.
const ALONE: f32 = 0.25;
/// A word pair in more clauses than this says nothing about which clause is meant.
const COMMON: usize = 24;

/// What happened to a clause between two versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PairKind {
    /// Byte for byte the same, at the same place in the order.
    Same,
    /// Other words (or marks) at the same place in the order.
    Reworded,
    /// At another place in the order; its words may differ too.
    Moved,
    /// Only in the new version.
    Added,
    /// Only in the old version.
    Removed,
}

/// One clause of the old version, the new, or both.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// Index among the old clauses.
    pub old: Option<usize>,
    /// Index among the new clauses.
    pub new: Option<usize>,
    /// What happened.
    pub kind: PairKind,
    /// 1 for the same text, 0 for added and removed clauses.
    pub similarity: f32,
    /// The texts differ in marks, case, spaces or numbering only.
    pub cosmetic: bool,
}

/// All clauses of two versions: in the new version's order, each removed clause after the clause that it followed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Alignment {
    /// Every old and every new index occurs in exactly one pair.
    pub pairs: Vec<Pair>,
}

impl Alignment {
    /// Number of pairs of this kind; rewordings that are cosmetic are not counted as reworded.
    pub fn count(&self, kind: PairKind) -> usize {
        self.pairs.iter().filter(|pair| pair.kind == kind && !(kind == PairKind::Reworded && pair.cosmetic)).count()
    }

    /// Whether every clause is the same and in the same order.
    pub fn is_identity(&self) -> bool {
        self.pairs.iter().all(|pair| pair.kind == PairKind::Same)
    }
}

/// Aligns the clauses of two versions.
pub fn align(old: &[&str], new: &[&str]) -> Alignment {
    let mut matching = Matching::new(old.len(), new.len());
    equal_in_order(old, new, &mut matching);
    if matching.is_complete() {
        return matching.into_alignment(old, new);
    }
    equal_elsewhere(old, new, &mut matching);
    similar_clauses(old, new, &mut matching);
    alone_between_neighbours(old, new, &mut matching);
    matching.into_alignment(old, new)
}

/// Which old clause each new clause comes from, while it is being found out.
struct Matching {
    old_to_new: Vec<Option<usize>>,
    new_to_old: Vec<Option<(usize, f32)>>,
}

impl Matching {
    fn new(old: usize, new: usize) -> Self {
        Matching { old_to_new: vec![None; old], new_to_old: vec![None; new] }
    }

    fn join(&mut self, old: usize, new: usize, similarity: f32) {
        self.old_to_new[old] = Some(new);
        self.new_to_old[new] = Some((old, similarity));
    }

    fn is_complete(&self) -> bool {
        self.old_to_new.iter().all(Option::is_some) && self.new_to_old.iter().all(Option::is_some)
    }

    fn free_old(&self) -> Vec<usize> {
        (0..self.old_to_new.len()).filter(|&i| self.old_to_new[i].is_none()).collect()
    }

    fn free_new(&self) -> Vec<usize> {
        (0..self.new_to_old.len()).filter(|&j| self.new_to_old[j].is_none()).collect()
    }

    /// The new indices whose match keeps the order: a longest increasing subsequence of the old indices.
    fn in_order(&self) -> Vec<bool> {
        let matched: Vec<(usize, usize)> =
            self.new_to_old.iter().enumerate().filter_map(|(new, old)| old.map(|(old, _)| (new, old))).collect();
        let mut keeps = vec![false; self.new_to_old.len()];
        for k in longest_increasing(&matched.iter().map(|&(_, old)| old).collect::<Vec<_>>()) {
            keeps[matched[k].0] = true;
        }
        keeps
    }

    fn into_alignment(self, old: &[&str], new: &[&str]) -> Alignment {
        let in_order = self.in_order();
        let mut pairs = Vec::with_capacity(new.len() + 8);
        let mut next_old = 0;
        // A removed clause is shown where it stood: before the next old clause that kept its order.
        let removed_up_to = |end: usize, next_old: &mut usize, pairs: &mut Vec<Pair>| {
            for index in *next_old..end {
                if self.old_to_new[index].is_none() {
                    pairs.push(Pair {
                        old: Some(index),
                        new: None,
                        kind: PairKind::Removed,
                        similarity: 0.0,
                        cosmetic: false,
                    });
                }
            }
            *next_old = end.max(*next_old);
        };
        for (index, matched) in self.new_to_old.iter().enumerate() {
            let Some((from, similarity)) = *matched else {
                pairs.push(Pair {
                    old: None,
                    new: Some(index),
                    kind: PairKind::Added,
                    similarity: 0.0,
                    cosmetic: false,
                });
                continue;
            };
            if in_order[index] {
                removed_up_to(from, &mut next_old, &mut pairs);
            }
            let (a, b) = (old[from], new[index]);
            let same = a == b;
            let kind = match (in_order[index], same) {
                (false, _) => PairKind::Moved,
                (true, true) => PairKind::Same,
                (true, false) => PairKind::Reworded,
            };
            let cosmetic = same || same_words(without_number(a), without_number(b));
            pairs.push(Pair { old: Some(from), new: Some(index), kind, similarity, cosmetic });
        }
        removed_up_to(old.len(), &mut next_old, &mut pairs);
        Alignment { pairs }
    }
}

/// Indices of a longest strictly increasing subsequence (patience sorting with back pointers).
fn longest_increasing(values: &[usize]) -> Vec<usize> {
    let mut tails: Vec<usize> = Vec::new();
    let mut previous = vec![usize::MAX; values.len()];
    for (k, value) in values.iter().enumerate() {
        let place = tails.partition_point(|&tail| values[tail] < *value);
        if place > 0 {
            previous[k] = tails[place - 1];
        }
        if place == tails.len() { tails.push(k) } else { tails[place] = k }
    }
    let mut chain = Vec::with_capacity(tails.len());
    let mut at = tails.last().copied();
    while let Some(k) = at {
        chain.push(k);
        at = (previous[k] != usize::MAX).then(|| previous[k]);
    }
    chain.reverse();
    chain
}

fn equal_in_order(old: &[&str], new: &[&str], matching: &mut Matching) {
    let start = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let rest = (old.len() - start).min(new.len() - start);
    let end = (0..rest).take_while(|k| old[old.len() - 1 - k] == new[new.len() - 1 - k]).count();
    for k in 0..start {
        matching.join(k, k, 1.0);
    }
    for k in 0..end {
        matching.join(old.len() - 1 - k, new.len() - 1 - k, 1.0);
    }
    let hashes = |texts: &[&str]| texts.iter().map(|text| fnv(text.bytes())).collect::<Vec<_>>();
    let (middle_old, middle_new) = (hashes(&old[start..old.len() - end]), hashes(&new[start..new.len() - end]));
    if middle_old.is_empty() || middle_new.is_empty() {
        return;
    }
    for op in capture_diff_slices(Algorithm::Myers, &middle_old, &middle_new) {
        if let DiffOp::Equal { old_index, new_index, len } = op {
            for k in 0..len {
                matching.join(start + old_index + k, start + new_index + k, 1.0);
            }
        }
    }
}

/// Joins clauses whose words are equal (numbering aside) though their order is not; the first free one of each.
fn equal_elsewhere(old: &[&str], new: &[&str], matching: &mut Matching) {
    let mut places: HashMap<u64, Vec<usize>> = HashMap::new();
    for index in matching.free_old().into_iter().rev() {
        if words_as_written(old[index]).next().is_some() {
            places.entry(hash_of_words(old[index])).or_default().push(index);
        }
    }
    for index in matching.free_new() {
        if let Some(from) = places.get_mut(&hash_of_words(new[index])).and_then(Vec::pop) {
            matching.join(from, index, 1.0);
        }
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
fn dice(a: &[u64], b: &[u64]) -> f32 {
    let (mut i, mut j, mut shared) = (0, 0, 0usize);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                shared += 1;
                i += 1;
                j += 1;
            }
        }
    }
    if a.is_empty() && b.is_empty() { 0.0 } else { (2 * shared) as f32 / (a.len() + b.len()) as f32 }
}

fn similar_clauses(old: &[&str], new: &[&str], matching: &mut Matching) {
    let (free_old, free_new) = (matching.free_old(), matching.free_new());
    if free_old.is_empty() || free_new.is_empty() {
        return;
    }
    let old_features: Vec<Vec<u64>> = free_old.iter().map(|&index| features(old[index])).collect();
    let new_features: Vec<Vec<u64>> = free_new.iter().map(|&index| features(new[index])).collect();
    // The gap between fixed clauses in which each free clause lies: equal gaps mean the same place.
    let gaps = Gaps::of(matching);
    let mut candidates: Vec<(f32, bool, usize, usize)> = Vec::new();
    for (i, j) in likely(&old_features, &new_features) {
        let near = gaps.same(free_old[i], free_new[j]);
        let similarity = dice(&old_features[i], &new_features[j]);
        if similarity >= if near { REWORDED } else { MOVED } {
            candidates.push((similarity, near, free_old[i], free_new[j]));
        }
    }
    // Most similar first; a tie goes to the same place, then to the earlier clause: the order is total, so results repeat.
    let rank = |c: &(f32, bool, usize, usize)| c.0 + if c.1 { 0.05 } else { 0.0 };
    candidates.sort_by(|a, b| {
        rank(b).total_cmp(&rank(a)).then_with(|| (a.2.abs_diff(a.3), a.2, a.3).cmp(&(b.2.abs_diff(b.3), b.2, b.3)))
    });
    for (similarity, _, from, to) in candidates {
        if matching.old_to_new[from].is_none() && matching.new_to_old[to].is_none() {
            matching.join(from, to, similarity);
        }
    }
}

/// Joins the only free old and the only free new clause of a gap: their place says what their few shared words do not.
fn alone_between_neighbours(old: &[&str], new: &[&str], matching: &mut Matching) {
    let gaps = Gaps::of(matching);
    let mut in_gap: HashMap<usize, (Vec<usize>, Vec<usize>)> = HashMap::new();
    matching.free_old().into_iter().for_each(|index| in_gap.entry(gaps.old[index]).or_default().0.push(index));
    matching.free_new().into_iter().for_each(|index| in_gap.entry(gaps.new[index]).or_default().1.push(index));
    for (olds, news) in in_gap.into_values() {
        if let ([from], [to]) = (&olds[..], &news[..]) {
            let similarity = dice(&features(old[*from]), &features(new[*to]));
            if similarity >= ALONE {
                matching.join(*from, *to, similarity);
            }
        }
    }
}

/// Pairs of free clauses that share a feature which is not common.
fn likely(old: &[Vec<u64>], new: &[Vec<u64>]) -> Vec<(usize, usize)> {
    let mut index: HashMap<u64, Vec<u32>> = HashMap::new();
    for (i, list) in old.iter().enumerate() {
        let mut last = None;
        for &feature in list {
            if last != Some(feature) {
                index.entry(feature).or_default().push(i as u32);
            }
            last = Some(feature);
        }
    }
    let mut pairs = Vec::new();
    let mut seen = vec![usize::MAX; old.len()];
    for (j, list) in new.iter().enumerate() {
        for places in list.iter().filter_map(|feature| index.get(feature)).filter(|places| places.len() <= COMMON) {
            for &i in places {
                if seen[i as usize] != j {
                    seen[i as usize] = j;
                    pairs.push((i as usize, j));
                }
            }
        }
    }
    pairs
}

/// For every clause, how many order-keeping matches precede it: two free clauses lie in the same gap if the numbers agree.
struct Gaps {
    old: Vec<usize>,
    new: Vec<usize>,
}

impl Gaps {
    fn of(matching: &Matching) -> Self {
        let in_order = matching.in_order();
        let count = |fixed: &mut dyn Iterator<Item = bool>| {
            fixed
                .scan(0, |seen, fixed| {
                    *seen += usize::from(fixed);
                    Some(*seen)
                })
                .collect::<Vec<_>>()
        };
        let new = count(&mut in_order.iter().copied());
        let old = count(&mut matching.old_to_new.iter().map(|to| to.is_some_and(|to| in_order[to])));
        Gaps { old, new }
    }

    fn same(&self, old: usize, new: usize) -> bool {
        self.old[old] == self.new[new]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kinds(old: &[&str], new: &[&str]) -> Vec<(Option<usize>, Option<usize>, PairKind)> {
        align(old, new).pairs.iter().map(|pair| (pair.old, pair.new, pair.kind)).collect()
    }

    #[test]
    fn rewording_stays_at_its_place() {
        let old = ["Fees", "You pay the fee each month in advance by card.", "We give thirty days of notice."];
        let new = ["Fees", "You pay the fee each year in advance by card.", "We give thirty days of notice."];
        assert_eq!(
            kinds(&old, &new),
            [
                (Some(0), Some(0), PairKind::Same),
                (Some(1), Some(1), PairKind::Reworded),
                (Some(2), Some(2), PairKind::Same)
            ]
        );
    }

    #[test]
    fn a_moved_section_is_moved_and_renumbering_is_cosmetic() {
        let old = ["1. Law of Norland governs these terms", "2. You indemnify us fully", "3. Fees are due at once"];
        let new = ["1. Fees are due at once", "2. Law of Norland governs these terms", "3. You indemnify us fully"];
        let alignment = align(&old, &new);
        assert_eq!(alignment.count(PairKind::Moved), 1);
        assert_eq!(alignment.count(PairKind::Added) + alignment.count(PairKind::Removed), 0);
        assert!(alignment.pairs.iter().all(|pair| pair.cosmetic));
    }

    #[test]
    fn a_heading_in_other_words_keeps_its_place() {
        let old = ["Part 6", "We keep it.", "Part 7", "We show it to nobody."];
        let new = ["Part 6", "We keep it.", "Part Seven", "We show it to nobody."];
        assert_eq!(kinds(&old, &new)[2], (Some(2), Some(2), PairKind::Reworded));
    }

    #[test]
    fn unlike_clauses_are_removed_and_added() {
        let old = ["We never sell your personal data to anyone."];
        let new = ["Arbitration takes place in Port Vesper under its rules."];
        assert_eq!(kinds(&old, &new), [(None, Some(0), PairKind::Added), (Some(0), None, PairKind::Removed)]);
    }

    fn clauses() -> impl Strategy<Value = Vec<String>> {
        prop::collection::vec("[a-e]{1,2}( [a-e]{1,2}){0,6}", 0..14)
    }

    proptest! {
        #[test]
        fn every_index_occurs_once(old in clauses(), new in clauses()) {
            let (old, new): (Vec<&str>, Vec<&str>) = (old.iter().map(String::as_str).collect(), new.iter().map(String::as_str).collect());
            let alignment = align(&old, &new);
            let mut olds: Vec<usize> = alignment.pairs.iter().filter_map(|pair| pair.old).collect();
            let news: Vec<usize> = alignment.pairs.iter().filter_map(|pair| pair.new).collect();
            prop_assert_eq!(&news, &(0..new.len()).collect::<Vec<_>>());
            olds.sort_unstable();
            prop_assert_eq!(olds, (0..old.len()).collect::<Vec<_>>());
        }

        #[test]
        fn aligning_with_itself_is_identity(old in clauses()) {
            let old: Vec<&str> = old.iter().map(String::as_str).collect();
            prop_assert!(align(&old, &old).is_identity());
        }
    }
}
