//! Clause-by-clause alignment of two versions.
//!
//! Passes, each over what the ones before left: equal clauses in order (Myers' diff over clause hashes, common ends trimmed first);
//! equal clauses out of order, which moved; similar clauses, most similar first, found through an index of their word pairs; similar
//! clauses beside two that are one, such as the price below a name; clauses left alone between the same neighbours, such as a heading
//! in other words; clauses that are parts of one beside them, which was split or into which they were merged ([`crate::parts`]).
//! Similarity is Dice's coefficient over word pairs and words (Dice 1945), so a clause that only grew or shrank still finds its ancestor.
//!
//! Exact in both directions: the versions are put in one order before anything is matched, so that aligning backwards gives the mirror image.
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::{
    parts::{self, Features},
    words::{fnv, hash_of_letters, same, without_number, words_as_written},
};

/// Least similarity for two clauses at the same place to be one reworded clause.
pub(crate) const REWORDED: f32 = 0.40;
/// Least similarity for clauses at different places to be one moved and reworded clause.
const MOVED: f32 = 0.65;
/// Least similarity for two clauses to be one reworded clause when as many are left on each side between the same two neighbours.
const ALONE: f32 = 0.20;
/// Most clauses that are so left on each side.
const LEFT: usize = 4;
/// Letters and digits with which two marks without words, such as the numbers of a page's builds, begin alike.
const MARK: usize = 4;
/// The same where both begin with the same title ("Force majeure.") and lie between the same neighbours.
const TITLED: f32 = 0.15;
/// Bytes of the longest title.
const TITLE: usize = 60;
/// A word pair in more clauses than this says nothing about which clause is meant.
const COMMON: usize = 24;
/// What stands between the parts of a clause where they are shown or compared as one.
pub(crate) const BETWEEN_PARTS: &str = " ¶ ";

/// What happened to a clause between two versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PairKind {
    /// Byte for byte the same, at the same place in the order.
    Same,
    /// Other words (or marks) at the same place in the order.
    Reworded,
    /// At another place in the order; its words may differ too.
    Moved,
    /// One clause of the old version has become several of the new.
    Split,
    /// Several clauses of the old version have become one of the new.
    Merged,
    /// Only in the new version.
    Added,
    /// Only in the old version.
    Removed,
}

impl PairKind {
    /// Its name for programs: `same`, `reworded` and so on.
    pub fn name(self) -> &'static str {
        match self {
            PairKind::Same => "same",
            PairKind::Reworded => "reworded",
            PairKind::Moved => "moved",
            PairKind::Split => "split",
            PairKind::Merged => "merged",
            PairKind::Added => "added",
            PairKind::Removed => "removed",
        }
    }
}

/// What became of a clause: one clause on each side, or none on one side, or several on one side if it was split or merged.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// Indices among the old clauses, ascending: none if added, several if merged.
    pub old: Vec<usize>,
    /// Indices among the new clauses, ascending: none if removed, several if split.
    pub new: Vec<usize>,
    /// The old and the new clause that are the same one: those of the pair, or the largest part of what was split or merged.
    pub main: Option<(usize, usize)>,
    /// What happened.
    pub kind: PairKind,
    /// 1 for the same text, 0 for added and removed clauses.
    pub similarity: f32,
    /// The texts differ in marks, case, spaces, numbering or division only.
    pub cosmetic: bool,
}

impl Pair {
    /// The old words: of several clauses, a pilcrow between them; none if added.
    pub fn old_text<'a>(&self, old: &[&'a str]) -> Option<Cow<'a, str>> {
        joined(&self.old, old)
    }

    /// The new words: of several clauses, a pilcrow between them; none if removed.
    pub fn new_text<'a>(&self, new: &[&'a str]) -> Option<Cow<'a, str>> {
        joined(&self.new, new)
    }

    /// Whether it changes nothing that a reader would call a change: the same at its place, or another in marks only.
    pub fn is_unchanged(&self) -> bool {
        match self.kind {
            PairKind::Same => true,
            PairKind::Reworded | PairKind::Split | PairKind::Merged => self.cosmetic,
            PairKind::Moved | PairKind::Added | PairKind::Removed => false,
        }
    }
}

fn joined<'a>(indices: &[usize], clauses: &[&'a str]) -> Option<Cow<'a, str>> {
    match indices {
        [] => None,
        [index] => Some(Cow::Borrowed(clauses[*index])),
        several => {
            let texts: Vec<&str> = several.iter().map(|&index| clauses[index]).collect();
            Some(Cow::Owned(texts.join(BETWEEN_PARTS)))
        }
    }
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

    /// Pairs of which more differs than the place or marks: what a change may mean is looked for in these.
    pub fn differing(&self) -> impl Iterator<Item = &Pair> {
        self.pairs.iter().filter(|pair| pair.kind != PairKind::Same && !pair.cosmetic)
    }

    /// Number of clauses that stand there in other words, divided in another way or not.
    pub fn reworded(&self) -> usize {
        let in_other_words = |pair: &&Pair| {
            matches!(pair.kind, PairKind::Reworded | PairKind::Split | PairKind::Merged) && !pair.cosmetic
        };
        self.pairs.iter().filter(in_other_words).count()
    }
}

/// Aligns the clauses of two versions.
pub fn align(old: &[&str], new: &[&str]) -> Alignment {
    // One and the same matching in both directions.
    if old <= new {
        let (matching, features) = matched(old, new);
        matching.into_alignment(old, new, features)
    } else {
        let (matching, (of_new, of_old)) = matched(new, old);
        matching.mirrored().into_alignment(old, new, (of_old, of_new))
    }
}

/// The matching of the clauses of two versions, and the features that were found for it.
fn matched<'a>(old: &'a [&'a str], new: &'a [&'a str]) -> (Matching, (Features<'a>, Features<'a>)) {
    let mut matching = Matching::new(old.len(), new.len());
    let mut features = (Features::of(old), Features::of(new));
    equal_in_order(old, new, &mut matching);
    if !matching.is_complete() {
        equal_elsewhere(old, new, &mut matching);
        beside_joined(1.0, &mut features, &mut matching);
        similar_clauses((old, new), &mut features, &mut matching);
        beside_joined(REWORDED, &mut features, &mut matching);
        alone_between_neighbours((old, new), &mut features, &mut matching);
        parts::find((old, new), &mut features, &mut matching);
    }
    matching.settle_order();
    (matching, features)
}

/// Which old clause each new clause comes from, while it is being found out.
#[derive(Default)]
pub(crate) struct Matching {
    /// The clause that each clause is, on the other side.
    pub(crate) old_to_new: Vec<Option<usize>>,
    pub(crate) new_to_old: Vec<Option<usize>>,
    /// For each clause that is a further part of what was split or merged: the whole, on the other side.
    pub(crate) old_in_new: Vec<Option<usize>>,
    pub(crate) new_in_old: Vec<Option<usize>>,
    /// For each new clause, whether its match keeps the order.
    in_order: Vec<bool>,
}

impl Matching {
    fn new(old: usize, new: usize) -> Self {
        Matching {
            old_to_new: vec![None; old],
            new_to_old: vec![None; new],
            old_in_new: vec![None; old],
            new_in_old: vec![None; new],
            in_order: Vec::new(),
        }
    }

    pub(crate) fn join(&mut self, old: usize, new: usize) {
        self.old_to_new[old] = Some(new);
        self.new_to_old[new] = Some(old);
    }

    fn old_is_free(&self, index: usize) -> bool {
        self.old_to_new[index].or(self.old_in_new[index]).is_none()
    }

    fn new_is_free(&self, index: usize) -> bool {
        self.new_to_old[index].or(self.new_in_old[index]).is_none()
    }

    fn is_complete(&self) -> bool {
        self.old_to_new.iter().all(Option::is_some) && self.new_to_old.iter().all(Option::is_some)
    }

    pub(crate) fn free_old(&self) -> Vec<usize> {
        (0..self.old_to_new.len()).filter(|&index| self.old_is_free(index)).collect()
    }

    pub(crate) fn free_new(&self) -> Vec<usize> {
        (0..self.new_to_old.len()).filter(|&index| self.new_is_free(index)).collect()
    }

    /// The same matching seen from the other side.
    pub(crate) fn mirrored(self) -> Self {
        let mut in_order = vec![false; self.old_to_new.len()];
        for (old, new) in self.old_to_new.iter().enumerate() {
            in_order[old] = new.is_some_and(|new| self.in_order.get(new) == Some(&true));
        }
        Matching {
            old_to_new: self.new_to_old,
            new_to_old: self.old_to_new,
            old_in_new: self.new_in_old,
            new_in_old: self.old_in_new,
            in_order,
        }
    }

    /// The new indices whose match keeps the order: a longest increasing subsequence of the old indices.
    fn in_order(&self) -> Vec<bool> {
        let matched: Vec<(usize, usize)> =
            self.new_to_old.iter().enumerate().filter_map(|(new, old)| old.map(|old| (new, old))).collect();
        let mut keeps = vec![false; self.new_to_old.len()];
        for k in longest_increasing(&matched.iter().map(|&(_, old)| old).collect::<Vec<_>>()) {
            keeps[matched[k].0] = true;
        }
        keeps
    }

    fn settle_order(&mut self) {
        self.in_order = self.in_order();
    }

    fn into_alignment(self, old: &[&str], new: &[&str], mut features: (Features<'_>, Features<'_>)) -> Alignment {
        let mut pairs = Vec::with_capacity(new.len() + 8);
        let (mut old_parts, mut new_parts) = (gathered(&self.old_in_new), gathered(&self.new_in_old));
        let mut next_old = 0;
        // A removed clause is shown where it stood: before the next old clause that kept its order.
        let removed_up_to = |end: usize, next_old: &mut usize, pairs: &mut Vec<Pair>| {
            let gone = |index: &usize| self.old_to_new[*index].or(self.old_in_new[*index]).is_none();
            pairs.extend((*next_old..end).filter(gone).map(|index| alone(vec![index], Vec::new(), PairKind::Removed)));
            *next_old = end.max(*next_old);
        };
        let mut shown = vec![false; old.len()];
        for index in 0..new.len() {
            let Some(from) = self.new_to_old[index].or(self.new_in_old[index]) else {
                pairs.push(alone(Vec::new(), vec![index], PairKind::Added));
                continue;
            };
            // What was split is shown where its first part stands.
            if std::mem::replace(&mut shown[from], true) {
                continue;
            }
            let Some(to) = self.old_to_new[from] else { continue };
            if self.in_order[to] {
                removed_up_to(from, &mut next_old, &mut pairs);
            }
            let mut olds = old_parts.remove(&to).unwrap_or_default();
            let mut news = new_parts.remove(&from).unwrap_or_default();
            olds.push(from);
            news.push(to);
            olds.sort_unstable();
            news.sort_unstable();
            pairs.push(joined_pair((old, new), &mut features, (olds, news), (from, to), self.in_order[to]));
        }
        removed_up_to(old.len(), &mut next_old, &mut pairs);
        Alignment { pairs }
    }
}

/// The parts of each whole.
fn gathered(part_of: &[Option<usize>]) -> HashMap<usize, Vec<usize>> {
    let mut parts: HashMap<usize, Vec<usize>> = HashMap::new();
    for (part, whole) in part_of.iter().enumerate() {
        if let Some(whole) = whole {
            parts.entry(*whole).or_default().push(part);
        }
    }
    parts
}

/// A clause that has none on the other side.
fn alone(old: Vec<usize>, new: Vec<usize>, kind: PairKind) -> Pair {
    Pair { old, new, main: None, kind, similarity: 0.0, cosmetic: false }
}

/// The pair of clauses that are one, or parts of one.
fn joined_pair(
    (old, new): (&[&str], &[&str]),
    features: &mut (Features<'_>, Features<'_>),
    (olds, news): (Vec<usize>, Vec<usize>),
    main: (usize, usize),
    in_order: bool,
) -> Pair {
    let same_text = olds.len() == 1 && news.len() == 1 && old[main.0] == new[main.1];
    let kind = match (olds.len(), news.len()) {
        (1, 1) if !in_order => PairKind::Moved,
        (1, 1) if same_text => PairKind::Same,
        (1, 1) => PairKind::Reworded,
        (1, _) => PairKind::Split,
        _ => PairKind::Merged,
    };
    let cosmetic = same_text || same(words_of(&olds, old), words_of(&news, new));
    let similarity = if cosmetic { 1.0 } else { parts::dice(&features.0.of_all(&olds), &features.1.of_all(&news)) };
    Pair { old: olds, new: news, main: Some(main), kind, similarity, cosmetic }
}

/// The words of some clauses, their numbers aside.
pub(crate) fn words_of<'a>(indices: &[usize], clauses: &[&'a str]) -> impl Iterator<Item = &'a str> {
    indices.iter().flat_map(|&index| words_as_written(without_number(clauses[index])))
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
        matching.join(k, k);
    }
    for k in 0..end {
        matching.join(old.len() - 1 - k, new.len() - 1 - k);
    }
    let hashes = |texts: &[&str]| texts.iter().map(|text| fnv(text.bytes())).collect::<Vec<_>>();
    let (middle_old, middle_new) = (hashes(&old[start..old.len() - end]), hashes(&new[start..new.len() - end]));
    if middle_old.is_empty() || middle_new.is_empty() {
        return;
    }
    for op in capture_diff_slices(Algorithm::Myers, &middle_old, &middle_new) {
        if let DiffOp::Equal { old_index, new_index, len } = op {
            for k in 0..len {
                matching.join(start + old_index + k, start + new_index + k);
            }
        }
    }
}

/// Joins clauses whose letters are equal (numbering aside) though their order or spaces are not; the first free one of each.
fn equal_elsewhere(old: &[&str], new: &[&str], matching: &mut Matching) {
    let mut places: HashMap<u64, Vec<usize>> = HashMap::new();
    for index in matching.free_old().into_iter().rev() {
        if words_as_written(old[index]).next().is_some() {
            places.entry(hash_of_letters(old[index])).or_default().push(index);
        }
    }
    for index in matching.free_new() {
        if let Some(from) = places.get_mut(&hash_of_letters(new[index])).and_then(Vec::pop) {
            matching.join(from, index);
        }
    }
}

fn similar_clauses(
    (old, new): (&[&str], &[&str]),
    features: &mut (Features<'_>, Features<'_>),
    matching: &mut Matching,
) {
    let (free_old, free_new) = (matching.free_old(), matching.free_new());
    if free_old.is_empty() || free_new.is_empty() {
        return;
    }
    free_old.iter().for_each(|&index| features.0.know(index));
    free_new.iter().for_each(|&index| features.1.know(index));
    let old_features: Vec<&[u64]> = free_old.iter().map(|&index| features.0.known(index)).collect();
    let new_features: Vec<&[u64]> = free_new.iter().map(|&index| features.1.known(index)).collect();
    // The gap between fixed clauses in which each free clause lies: equal gaps mean the same place.
    let gaps = Gaps::of(matching);
    let mut candidates: Vec<(f32, bool, usize, usize)> = Vec::new();
    for (i, j) in likely(&old_features, &new_features) {
        let near = gaps.same(free_old[i], free_new[j]);
        let similarity = parts::dice(old_features[i], new_features[j]);
        let titled = || near && similarity >= TITLED && same_title(old[free_old[i]], new[free_new[j]]);
        if similarity >= if near { REWORDED } else { MOVED } || titled() {
            candidates.push((similarity, near, free_old[i], free_new[j]));
        }
    }
    // Most similar first; a tie goes to the same place, then to the earlier clause: the order is total, so results repeat.
    let rank = |c: &(f32, bool, usize, usize)| c.0 + if c.1 { 0.05 } else { 0.0 };
    candidates.sort_by(|a, b| {
        rank(b).total_cmp(&rank(a)).then_with(|| (a.2.abs_diff(a.3), a.2, a.3).cmp(&(b.2.abs_diff(b.3), b.2, b.3)))
    });
    for (_, _, from, to) in candidates {
        if matching.old_to_new[from].is_none() && matching.new_to_old[to].is_none() {
            matching.join(from, to);
        }
    }
}

/// Joins free clauses of at least this similarity that stand beside two that are one: where words are too common to find a clause by, such
/// as those of a figure, its neighbour says which it is.
fn beside_joined(least: f32, features: &mut (Features<'_>, Features<'_>), matching: &mut Matching) {
    let mut join = |from: usize, to: usize, matching: &mut Matching| {
        let free = matching.old_is_free(from) && matching.new_is_free(to);
        if free && parts::dice(features.0.get(from), features.1.get(to)) >= least {
            matching.join(from, to);
        }
    };
    let (olds, news) = (matching.old_to_new.len(), matching.new_to_old.len());
    for to in 1..news {
        if let Some(from) = matching.new_to_old[to - 1].map(|from| from + 1).filter(|from| *from < olds) {
            join(from, to, matching);
        }
    }
    for to in (1..news).rev() {
        if let Some(from) = matching.new_to_old[to].and_then(|from| from.checked_sub(1)) {
            join(from, to - 1, matching);
        }
    }
}

/// Joins the free clauses of a gap, one after the other, where as many are left on each side: their place says what their few shared
/// words do not.
fn alone_between_neighbours(
    (old, new): (&[&str], &[&str]),
    features: &mut (Features<'_>, Features<'_>),
    matching: &mut Matching,
) {
    for (olds, news) in Gaps::of(matching).free(matching) {
        if olds.len() != news.len() || olds.len() > LEFT {
            continue;
        }
        for (&from, &to) in olds.iter().zip(&news) {
            let similarity = parts::dice(features.0.get(from), features.1.get(to));
            if similarity >= ALONE || same_number(old[from], new[to]) || same_mark(old[from], new[to]) {
                matching.join(from, to);
            }
        }
    }
}

/// Whether two texts are marks without words that begin alike ("build7034", "build7035").
fn same_mark(a: &str, b: &str) -> bool {
    let is_mark = |text: &str| text.bytes().any(|b| b.is_ascii_digit()) && !text.contains(char::is_whitespace);
    let alike = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b && a.is_ascii_alphanumeric()).count();
    is_mark(a) && is_mark(b) && alike >= MARK
}

/// Whether two clauses begin with the same title, which a colon or full stop sets off, or with one that goes on where the other ends.
fn same_title(a: &str, b: &str) -> bool {
    let title = |text| -> Option<&str> {
        let text = without_number(text);
        let end = text.find([':', '.']).filter(|end| (1..=TITLE).contains(end))?;
        text[end + 1..].starts_with(' ').then_some(&text[..end])
    };
    let (Some(a), Some(b)) = (title(a), title(b)) else { return false };
    let shorter = words_as_written(a).count().min(words_as_written(b).count());
    shorter > 0 && same(words_as_written(a).take(shorter), words_as_written(b).take(shorter))
}

/// Whether two clauses have the same number before their words ("13. Your rights", "13. Requests").
fn same_number(a: &str, b: &str) -> bool {
    let number = |text: &str| {
        let label = &text[..text.len() - without_number(text).len()];
        label.bytes().any(|b| b.is_ascii_alphanumeric()).then(|| label.trim().to_string())
    };
    number(a).is_some_and(|label| number(b) == Some(label))
}

/// Pairs of free clauses that share a feature which is not common.
pub(crate) fn likely(old: &[&[u64]], new: &[&[u64]]) -> Vec<(usize, usize)> {
    let mut index: HashMap<u64, Vec<u32>> = HashMap::new();
    for (i, list) in old.iter().enumerate() {
        let mut last = None;
        for &feature in *list {
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
pub(crate) struct Gaps {
    old: Vec<usize>,
    new: Vec<usize>,
}

impl Gaps {
    pub(crate) fn of(matching: &Matching) -> Self {
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

    /// The free clauses of each gap that has any, in order.
    pub(crate) fn free(&self, matching: &Matching) -> Vec<(Vec<usize>, Vec<usize>)> {
        let mut in_gap: BTreeMap<usize, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
        matching.free_old().into_iter().for_each(|index| in_gap.entry(self.old[index]).or_default().0.push(index));
        matching.free_new().into_iter().for_each(|index| in_gap.entry(self.new[index]).or_default().1.push(index));
        in_gap.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(old: &[&str], new: &[&str]) -> Vec<(Vec<usize>, Vec<usize>, PairKind)> {
        align(old, new).pairs.into_iter().map(|pair| (pair.old, pair.new, pair.kind)).collect()
    }

    #[test]
    fn rewording_stays_at_its_place() {
        let old = ["Fees", "You pay the fee each month in advance by card.", "We give thirty days of notice."];
        let new = ["Fees", "You pay the fee each year in advance by card.", "We give thirty days of notice."];
        assert_eq!(
            kinds(&old, &new),
            [
                (vec![0], vec![0], PairKind::Same),
                (vec![1], vec![1], PairKind::Reworded),
                (vec![2], vec![2], PairKind::Same)
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
        let old = ["Part 6", "We keep it.", "Part 7", "We show it to nobody.", "13. Your rights", "You may ask us."];
        let new = ["Part 6", "We keep it.", "Part Seven", "We show it to nobody.", "13. Requests", "You may ask us."];
        assert_eq!(kinds(&old, &new)[2], (vec![2], vec![2], PairKind::Reworded));
        assert_eq!(kinds(&old, &new)[4], (vec![4], vec![4], PairKind::Reworded));
    }

    #[test]
    fn a_figure_is_that_of_the_name_above_it() {
        let old = ["Plum", "$16.51", "Quince", "$3.20", "Pear", "$7.40"];
        let new = ["Pear", "$7.42", "Plum", "$16.59", "Quince", "$3.19"];
        let pairs = align(&old, &new).pairs;
        let of = |index: usize| pairs.iter().find(|pair| pair.new == [index]).and_then(|pair| pair.main);
        assert_eq!([of(1), of(3), of(5)], [Some((5, 1)), Some((1, 3)), Some((3, 5))]);
    }

    #[test]
    fn a_sentence_that_got_another_beside_it_is_a_part() {
        let old = [
            "Answers",
            "Use your judgement and check what you get before you decide anything or act on it. If you see something wrong, tell us with the report button.",
            "End",
        ];
        let new = [
            "Answers",
            "Use your judgement and check what you get before you decide anything or act on it. Look through each answer with care so that nobody sees what they should not.",
            "If you see something wrong, tell us with the report button.",
            "End",
        ];
        assert_eq!(kinds(&old, &new)[1], (vec![1], vec![1, 2], PairKind::Split));
    }

    #[test]
    fn unlike_clauses_are_removed_and_added() {
        let old = ["We never sell your personal data to anyone."];
        let new = ["Arbitration takes place in Port Vesper under its rules."];
        assert_eq!(kinds(&old, &new), [(vec![], vec![0], PairKind::Added), (vec![0], vec![], PairKind::Removed)]);
    }

    #[test]
    fn a_paragraph_broken_into_a_list_is_split() {
        let old = [
            "Data",
            "We collect: (a) your name and address; (b) the pages that you visit on our site.",
            "We keep it for a year.",
        ];
        let new = [
            "Data",
            "We collect:",
            "(a) your name and address;",
            "(b) the pages that you visit on our site.",
            "We keep it for a year.",
        ];
        let pairs = align(&old, &new).pairs;
        assert_eq!((&pairs[1].old[..], &pairs[1].new[..], pairs[1].kind), (&[1][..], &[1, 2, 3][..], PairKind::Split));
        assert_eq!(pairs[1].main, Some((1, 3)), "the largest part carries on");
        let back = align(&new, &old).pairs;
        assert_eq!((&back[1].old[..], &back[1].new[..], back[1].kind), (&[1, 2, 3][..], &[1][..], PairKind::Merged));
        assert_eq!(back[1].old_text(&new).unwrap(), [new[1], new[2], new[3]].join(" ¶ "));
    }

    #[test]
    fn a_sentence_that_says_something_new_is_no_part() {
        let old =
            ["Law", "The law of Norland governs this agreement between you and us.", "You may leave at any time."];
        let new = [
            "Law",
            "The law of Norland governs this agreement between you and us.",
            "You waive any right to a trial by jury.",
            "You may leave at any time.",
        ];
        assert_eq!(kinds(&old, &new)[2], (vec![], vec![2], PairKind::Added));
    }
}
