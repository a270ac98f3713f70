//! Gradient-boosted regression trees for yes-or-no labels.
//!
//! Each tree is fitted to the gradient of the logistic loss that the trees before it left, with one Newton step a leaf
//! (J. H. Friedman, "Greedy function approximation: a gradient boosting machine", Annals of Statistics 29, 2001).
//! Features are cut into bins, splits are found in histograms of gradients, and the leaf with most to gain is split
//! next, as in LightGBM (G. Ke et al., "LightGBM: a highly efficient gradient boosting decision tree", NeurIPS 2017).
//!
//! Missing values are NaN: each split learns to which side they go. The same rows give the same forest on every
//! machine: sums run in the order of the rows in double precision, equal gains are settled by place, and the one
//! transcendental function is computed here, because that of the platform may differ in its last bit.

use std::collections::VecDeque;
use std::ops::{Add, AddAssign, Range, Sub};

use crate::masks::{self, MOST_LEAVES, MOST_TREES, Masks};

/// Most features of a row: their numbers share 16 bits with a flag, and one number marks a leaf.
const MOST_FEATURES: usize = 0x7fff;
/// Most bins of a feature: with the bin of missing values they are numbered by a byte.
const MOST_BINS: usize = 255;
/// A split that lowers the loss by less is rounding noise.
const LEAST_GAIN: f64 = 1e-7;
/// A side of a split whose second derivatives sum to less is already certain; a step there would be without bound.
const LEAST_CURVATURE: f64 = 1e-3;
/// The tag of a leaf; the tag of a split is twice its feature, plus one if missing values go right.
const LEAF: u16 = u16::MAX;

/// How a forest is grown.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Most trees, at most 256; fewer are grown when no further split helps.
    pub trees: usize,
    /// Most leaves of a tree, at most 8.
    pub leaves: usize,
    /// The part of each Newton step that is taken.
    pub learning_rate: f32,
    /// Fewest rows in a leaf.
    pub least_rows: usize,
    /// Added to the second derivative of each leaf: draws its value to zero, the more so the fewer its rows.
    pub l2: f32,
    /// Most bins of a feature, missing values aside; at least 2, at most 255.
    pub bins: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options { trees: 80, leaves: 8, learning_rate: 0.1, least_rows: 80, l2: 5.0, bins: 64 }
    }
}

/// Fitted trees, whose values add up to a log-odds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Forest {
    /// Number of features of a row.
    width: usize,
    /// Log-odds before any tree.
    base: f32,
    /// Number of trees.
    trees: usize,
    /// Tree after tree, each breadth first: the children of a tree's n-th split are its nodes 2n + 1 and 2n + 2.
    nodes: Vec<Node>,
    /// The same as `nodes`, for scoring.
    masks: Masks,
}

/// A split or a leaf.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Node {
    /// Twice the feature of a split, plus one if missing values go right; or [`LEAF`].
    tag: u16,
    /// The largest number that goes left, or the value of the leaf.
    number: f32,
}

impl Forest {
    fn new(width: usize, base: f32) -> Forest {
        Forest { width, base, trees: 0, nodes: Vec::new(), masks: Masks::default() }
    }

    /// Number of features of a row.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Log-odds of a row, which has as many features as the rows of the fit.
    ///
    /// # Panics
    ///
    /// If the row is shorter.
    pub(crate) fn score(&self, row: &[f32]) -> f32 {
        self.base + self.masks.score(&row[..self.width])
    }

    /// Appends the forest to `out`: width, base and number of trees, then a tag and a number for each node,
    /// little-endian.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&(self.width as u16).to_le_bytes());
        out.extend_from_slice(&self.base.to_le_bytes());
        out.extend_from_slice(&(self.trees as u32).to_le_bytes());
        for node in &self.nodes {
            out.extend_from_slice(&node.tag.to_le_bytes());
            out.extend_from_slice(&node.number.to_le_bytes());
        }
    }

    /// Takes a forest from the front of `bytes`; `None` if they end early or make no forest. Bytes with a damaged
    /// number may still make one, which scores any row without panic, but wrongly: whoever keeps the bytes keeps a
    /// checksum.
    pub(crate) fn read(bytes: &mut &[u8]) -> Option<Forest> {
        let width = usize::from(u16::from_le_bytes(take(bytes)?));
        let base = f32::from_le_bytes(take(bytes)?);
        if width > MOST_FEATURES || !base.is_finite() {
            return None;
        }
        let mut forest = Forest::new(width, base);
        for _ in 0..u32::from_le_bytes(take(bytes)?) {
            forest.push(|| Some((u16::from_le_bytes(take(bytes)?), f32::from_le_bytes(take(bytes)?))))?;
        }
        forest.prepare();
        Some(forest)
    }

    /// Adds a tree from the tags and numbers of its nodes, breadth first. How many they are follows from the tags,
    /// and a child always comes after its parent. `None` if they end early, are too many, name no feature of a row, or
    /// hold no usable number.
    fn push(&mut self, mut next: impl FnMut() -> Option<(u16, f32)>) -> Option<()> {
        let root = self.nodes.len();
        let mut end = root + 1;
        while self.nodes.len() < end {
            let (tag, number) = next()?;
            let is_leaf = tag == LEAF && number.is_finite();
            if !is_leaf && (usize::from(tag >> 1) >= self.width || number.is_nan()) {
                return None;
            }
            self.nodes.push(Node { tag, number });
            end += if is_leaf { 0 } else { 2 };
            if end - root > 2 * MOST_LEAVES - 1 {
                return None;
            }
        }
        self.trees += 1;
        (self.trees <= MOST_TREES).then_some(())
    }

    /// Lays out the trees for scoring.
    fn prepare(&mut self) {
        let (mut splits, mut leaves) = (Vec::new(), Vec::new());
        let mut root = 0;
        for tree in 0..self.trees {
            let mut values = Vec::with_capacity(MOST_LEAVES);
            let mut layout = Layout { tree, nodes: &self.nodes[root..], splits: &mut splits, values: &mut values };
            layout.lay_out(0);
            root += 2 * values.len() - 1;
            values.resize(MOST_LEAVES, 0.0);
            leaves.push(values.try_into().expect("as many as fit"));
        }
        self.masks = Masks::new(&splits, leaves);
    }
}

/// A tree whose splits and leaves are collected, leaves from the left.
struct Layout<'a> {
    tree: usize,
    nodes: &'a [Node],
    splits: &'a mut Vec<masks::Split>,
    values: &'a mut Vec<f32>,
}

impl Layout<'_> {
    /// Collects what is under the node at `at`.
    fn lay_out(&mut self, at: usize) {
        let Node { tag, number } = self.nodes[at];
        if tag == LEAF {
            return self.values.push(number);
        }
        let first_child = 1 + 2 * self.nodes[..at].iter().filter(|node| node.tag != LEAF).count();
        let before = self.values.len();
        self.lay_out(first_child);
        let left = (u16::MAX << before & !(u16::MAX << self.values.len())) as u8;
        let feature = usize::from(tag >> 1);
        self.splits.push(masks::Split { tree: self.tree, feature, bound: number, missing_right: tag & 1 == 1, left });
        self.lay_out(first_child + 1);
    }
}

/// Takes the first bytes.
fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*first)
}

/// Fits a forest to the labels of rows of `width` features; `rows` holds them one after the other.
///
/// # Panics
///
/// If `rows` does not hold `width` features for each label, or `width` is above 32,767.
pub(crate) fn fit(rows: &[f32], width: usize, labels: &[bool], options: &Options) -> Forest {
    assert_eq!(rows.len(), width * labels.len(), "each label has a row");
    assert!(width <= MOST_FEATURES, "the features have numbers of 15 bits");
    let table = Table::new(rows, width, options.bins.clamp(2, MOST_BINS));
    let mut forest = Forest::new(width, prior(labels) as f32);
    let mut scores = vec![f64::from(forest.base); labels.len()];
    for _ in 0..options.trees.min(MOST_TREES) {
        let slopes = scores.iter().zip(labels).map(|(&score, &label)| Sums::of_row(score, label)).collect();
        let tree = Tree::grow(&table, options, slopes);
        if tree.leaves.len() == 1 {
            break;
        }
        for leaf in &tree.leaves {
            let value = f64::from(tree.nodes[leaf.node].number);
            tree.order[leaf.rows.clone()].iter().for_each(|&row| scores[row as usize] += value);
        }
        let mut nodes = tree.breadth_first().into_iter();
        forest.push(|| nodes.next()).expect("a grown tree is sound");
    }
    forest.prepare();
    forest
}

/// Log-odds of a label without looking at the row. Half a row of each label is added, so that it is finite.
fn prior(labels: &[bool]) -> f64 {
    let rate = (labels.iter().filter(|&&label| label).count() as f64 + 0.5) / (labels.len() as f64 + 1.0);
    // By bisection, because the platform's logarithm may differ in its last bit.
    let (mut low, mut high) = (-40.0, 40.0);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if probability(middle) < rate { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

/// The probability of a log-odds.
fn probability(score: f64) -> f64 {
    1.0 / (1.0 + exp(-score.clamp(-40.0, 40.0)))
}

/// The exponential of `x`, which is at most 40 from zero: a power of two times a Taylor series.
fn exp(x: f64) -> f64 {
    const LN_2: [f64; 2] = [6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10];
    let power = (x * std::f64::consts::LOG2_E).round();
    let rest = (x - power * LN_2[0]) - power * LN_2[1];
    let series = (1..=13).rev().fold(1.0, |sum, n| 1.0 + sum * rest / f64::from(n));
    series * f64::from_bits(((power as i64 + 1023) as u64) << 52)
}

/// What rows add up to.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Sums {
    /// First derivative of the loss by the score.
    gradient: f64,
    /// Second derivative.
    curvature: f64,
    /// Number of rows.
    rows: u32,
}

impl Sums {
    fn of_row(score: f64, label: bool) -> Sums {
        let p = probability(score);
        Sums { gradient: p - f64::from(u8::from(label)), curvature: p * (1.0 - p), rows: 1 }
    }

    /// Twice the loss that one Newton step of these rows takes away.
    fn worth(self, l2: f64) -> f64 {
        self.gradient * self.gradient / (self.curvature + l2)
    }
}

impl Add for Sums {
    type Output = Sums;

    fn add(self, other: Sums) -> Sums {
        Sums {
            gradient: self.gradient + other.gradient,
            curvature: self.curvature + other.curvature,
            rows: self.rows + other.rows,
        }
    }
}

impl AddAssign for Sums {
    fn add_assign(&mut self, other: Sums) {
        *self = *self + other;
    }
}

impl Sub for Sums {
    type Output = Sums;

    /// Sums of no rows are zero, not what rounding left of them.
    fn sub(self, other: Sums) -> Sums {
        if self.rows == other.rows {
            return Sums::default();
        }
        Sums {
            gradient: self.gradient - other.gradient,
            curvature: self.curvature - other.curvature,
            rows: self.rows - other.rows,
        }
    }
}

/// The rows as bins.
struct Table {
    /// The largest value of each bin, by feature; the last is infinite.
    cuts: Vec<Vec<f32>>,
    /// The bin of each row, feature after feature.
    bins: Vec<u8>,
    /// Number of rows.
    height: usize,
    /// The bin of missing values, above all others.
    missing: usize,
}

impl Table {
    fn new(rows: &[f32], width: usize, most_bins: usize) -> Table {
        let height = rows.len().checked_div(width).unwrap_or(0);
        let mut table = Table { cuts: Vec::new(), bins: Vec::new(), height, missing: most_bins };
        for feature in 0..width {
            let column = || rows.iter().skip(feature).step_by(width).copied();
            let cuts = cuts(column().filter(|x| !x.is_nan()).collect(), most_bins);
            let bin = |x: f32| if x.is_nan() { most_bins } else { cuts.partition_point(|&cut| cut < x) };
            table.bins.extend(column().map(|x| bin(x) as u8));
            table.cuts.push(cuts);
        }
        table
    }

    fn column(&self, feature: usize) -> &[u8] {
        &self.bins[feature * self.height..][..self.height]
    }

    /// The sums of each bin, feature after feature, over `rows`.
    fn histogram(&self, rows: &[u32], slopes: &[Sums]) -> Vec<Sums> {
        let mut histogram = vec![Sums::default(); self.cuts.len() * (self.missing + 1)];
        let gathered: Vec<Sums> = rows.iter().map(|&row| slopes[row as usize]).collect();
        for (feature, cells) in histogram.chunks_exact_mut(self.missing + 1).enumerate() {
            let column = self.column(feature);
            for (&row, &slope) in rows.iter().zip(&gathered) {
                cells[usize::from(column[row as usize])] += slope;
            }
        }
        histogram
    }
}

/// The largest value of each of at most `bins` bins that hold about as many values each. A value that fills a bin by
/// itself begins one, and every value has its own when there are no more of them than bins.
fn cuts(mut values: Vec<f32>, bins: usize) -> Vec<f32> {
    values.sort_unstable_by(f32::total_cmp);
    let runs: Vec<&[f32]> = values.chunk_by(|a, b| a == b).collect();
    let mut cuts = Vec::new();
    let (mut filled, mut left) = (0, values.len());
    for (i, pair) in runs.windows(2).enumerate() {
        filled += pair[0].len();
        let open = bins - cuts.len();
        let full = filled.max(pair[1].len()) * open >= left || runs.len() - i <= open;
        if full && open > 1 {
            cuts.push(between(pair[0][0], pair[1][0]));
            left -= filled;
            filled = 0;
        }
    }
    cuts.push(f32::INFINITY);
    cuts
}

/// A number from `low` on and below `high`, in the middle if rounding allows.
fn between(low: f32, high: f32) -> f32 {
    let middle = low / 2.0 + high / 2.0;
    if low <= middle && middle < high { middle } else { low }
}

/// A division of a leaf's rows.
#[derive(Debug, Clone, Copy)]
struct Split {
    gain: f64,
    feature: usize,
    /// The last bin that goes left.
    bin: usize,
    missing_right: bool,
}

impl Split {
    fn goes_right(&self, bin: u8, missing: usize) -> bool {
        let bin = usize::from(bin);
        if bin == missing { self.missing_right } else { bin > self.bin }
    }
}

/// A tree while it grows.
struct Tree<'a> {
    table: &'a Table,
    options: &'a Options,
    slopes: Vec<Sums>,
    /// The rows, leaf after leaf, and in a leaf in their own order.
    order: Vec<u32>,
    nodes: Vec<Grown>,
    leaves: Vec<Leaf>,
}

/// A node of a tree that grows.
#[derive(Debug, Clone, Copy)]
struct Grown {
    tag: u16,
    /// The bound of a split or the value of a leaf.
    number: f32,
    /// The left child of a split, which the right one follows.
    child: Option<usize>,
}

struct Leaf {
    /// Its place in `nodes`.
    node: usize,
    /// Its rows in `order`.
    rows: Range<usize>,
    /// Empty in a leaf that is not to be split.
    histogram: Vec<Sums>,
    split: Option<Split>,
}

impl<'a> Tree<'a> {
    fn grow(table: &'a Table, options: &'a Options, slopes: Vec<Sums>) -> Tree<'a> {
        let order: Vec<u32> = (0..table.height as u32).collect();
        let histogram = table.histogram(&order, &slopes);
        let mut tree = Tree { table, options, slopes, order, nodes: Vec::new(), leaves: Vec::new() };
        let root = tree.leaf(0..table.height, histogram);
        tree.leaves.push(root);
        while tree.leaves.len() < options.leaves.min(MOST_LEAVES) {
            let Some((at, split)) = tree.best_leaf() else { break };
            tree.divide(at, split);
        }
        tree
    }

    /// The leaf whose split gains most, the first of equals.
    fn best_leaf(&self) -> Option<(usize, Split)> {
        let splits = self.leaves.iter().enumerate().filter_map(|(at, leaf)| Some((at, leaf.split?)));
        splits.reduce(|best, other| if other.1.gain > best.1.gain { other } else { best })
    }

    /// Makes a leaf of rows, with its value and its best split.
    fn leaf(&mut self, rows: Range<usize>, histogram: Vec<Sums>) -> Leaf {
        let slopes = self.order[rows.clone()].iter().map(|&row| self.slopes[row as usize]);
        let total = slopes.fold(Sums::default(), Add::add);
        let step = -total.gradient / (total.curvature + f64::from(self.options.l2)).max(LEAST_CURVATURE);
        let value = (step * f64::from(self.options.learning_rate)) as f32;
        self.nodes.push(Grown { tag: LEAF, number: value, child: None });
        let split = self.best_split(&histogram, total);
        Leaf { node: self.nodes.len() - 1, rows, histogram, split }
    }

    /// The split that gains most; of equals that of the first feature and then of the first bin.
    fn best_split(&self, histogram: &[Sums], total: Sums) -> Option<Split> {
        let mut best = Split { gain: LEAST_GAIN, feature: usize::MAX, bin: 0, missing_right: false };
        for (feature, cells) in histogram.chunks_exact(self.table.missing + 1).enumerate() {
            let missing = cells[self.table.missing];
            let mut below = Sums::default();
            for (bin, &cell) in cells[..self.table.cuts[feature].len()].iter().enumerate() {
                below += cell;
                let ways = if missing.rows == 0 { 1 } else { 2 };
                for (left, missing_right) in [(below, true), (below + missing, false)].into_iter().take(ways) {
                    let gain = self.gain(left, total);
                    if gain > best.gain {
                        // A leaf without missing values does not know where they belong: they go with most rows.
                        let missing_right = if ways == 1 { left.rows < total.rows / 2 } else { missing_right };
                        best = Split { gain, feature, bin, missing_right };
                    }
                }
            }
        }
        (best.feature != usize::MAX).then_some(best)
    }

    /// What is gained when `left` is parted from the rest of `total`; nothing if one side is too small.
    fn gain(&self, left: Sums, total: Sums) -> f64 {
        let right = total - left;
        let least_rows = self.options.least_rows.max(1);
        if (left.rows.min(right.rows) as usize) < least_rows || left.curvature.min(right.curvature) < LEAST_CURVATURE {
            return 0.0;
        }
        let l2 = f64::from(self.options.l2);
        left.worth(l2) + right.worth(l2) - total.worth(l2)
    }

    /// Turns the leaf at `at` into a split with two leaves.
    fn divide(&mut self, at: usize, split: Split) {
        let Leaf { node, rows, histogram, .. } = &mut self.leaves[at];
        let (node, rows, histogram) = (*node, rows.clone(), std::mem::take(histogram));
        let middle = rows.start + self.partition(rows.clone(), split);
        self.nodes[node] = Grown {
            tag: split.feature as u16 * 2 + u16::from(split.missing_right),
            number: self.table.cuts[split.feature][split.bin],
            child: Some(self.nodes.len()),
        };
        let (left, right) = (rows.start..middle, middle..rows.end);
        let histograms = self.share(histogram, &left, &right);
        self.leaves[at] = self.leaf(left, histograms.0);
        let right = self.leaf(right, histograms.1);
        self.leaves.push(right);
    }

    /// Brings the rows that go left to the front, both sides in their order before. Returns how many they are.
    fn partition(&mut self, rows: Range<usize>, split: Split) -> usize {
        let column = self.table.column(split.feature);
        let goes_right = |row: &u32| split.goes_right(column[*row as usize], self.table.missing);
        let (right, left): (Vec<u32>, Vec<u32>) = self.order[rows.clone()].iter().partition(|row| goes_right(row));
        self.order[rows.start..][..left.len()].copy_from_slice(&left);
        self.order[rows.start + left.len()..rows.end].copy_from_slice(&right);
        left.len()
    }

    /// Parts the histogram of a leaf between its sides: the smaller side is counted, the larger is what remains.
    /// Sides that will not be split get none.
    fn share(&self, mut whole: Vec<Sums>, left: &Range<usize>, right: &Range<usize>) -> (Vec<Sums>, Vec<Sums>) {
        let left_is_smaller = left.len() <= right.len();
        let (smaller, larger) = if left_is_smaller { (left, right) } else { (right, left) };
        let splittable = |rows: &Range<usize>| rows.len() / 2 >= self.options.least_rows.max(1);
        if self.leaves.len() + 1 >= self.options.leaves || !splittable(larger) {
            return (Vec::new(), Vec::new());
        }
        let mut counted = self.table.histogram(&self.order[smaller.clone()], &self.slopes);
        whole.iter_mut().zip(&counted).for_each(|(cell, &other)| *cell = *cell - other);
        if !splittable(smaller) {
            counted.clear();
        }
        if left_is_smaller { (counted, whole) } else { (whole, counted) }
    }

    /// The tags and numbers of the nodes, breadth first.
    fn breadth_first(&self) -> Vec<(u16, f32)> {
        let mut found = Vec::with_capacity(self.nodes.len());
        let mut waiting = VecDeque::from([0]);
        while let Some(at) = waiting.pop_front() {
            let node = self.nodes[at];
            found.push((node.tag, node.number));
            waiting.extend(node.child.into_iter().flat_map(|left| [left, left + 1]));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Options = Options { trees: 20, leaves: 6, learning_rate: 0.3, least_rows: 10, l2: 1.0, bins: 16 };

    /// Numbers from 0 to 1 that look random.
    fn numbers(count: usize) -> Vec<f32> {
        let mut state = 7_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1 << 24) as f32
        };
        (0..count).map(|_| next()).collect()
    }

    /// Rows of two numbers, the first missing in every fifth row; the label says that one, not both, is above a half.
    fn crossed(count: usize) -> (Vec<f32>, Vec<bool>) {
        let mut rows = numbers(2 * count);
        let labels = rows.chunks(2).map(|row| (row[0] > 0.5) != (row[1] > 0.5)).collect();
        rows.iter_mut().step_by(10).for_each(|x| *x = f32::NAN);
        (rows, labels)
    }

    fn bytes(forest: &Forest) -> Vec<u8> {
        let mut bytes = Vec::new();
        forest.write(&mut bytes);
        bytes
    }

    #[test]
    fn an_interaction_is_learnt() {
        let (rows, labels) = crossed(2000);
        let forest = fit(&rows, 2, &labels, &Options { trees: 60, ..SMALL });
        let known = rows.chunks(2).zip(&labels).filter(|(row, _)| !row[0].is_nan());
        let right = known.filter(|(row, label)| (forest.score(row) > 0.0) == **label).count();
        assert!(right > 1550, "{right} of 1600");
    }

    #[test]
    fn a_missing_value_is_a_sign() {
        let mut rows = numbers(1000);
        let labels: Vec<bool> = (0..1000).map(|i| i % 3 == 0).collect();
        rows.iter_mut().step_by(3).for_each(|x| *x = f32::NAN);
        let forest = fit(&rows, 1, &labels, &SMALL);
        assert!(forest.score(&[f32::NAN]) > 3.0 && forest.score(&[0.01]) < -3.0 && forest.score(&[0.99]) < -3.0);
    }

    #[test]
    fn missing_values_go_with_either_side() {
        for above in [false, true] {
            let mut rows = numbers(1000);
            let labels: Vec<bool> = rows.iter().enumerate().map(|(i, x)| (i % 4 == 0 && above) || *x > 0.5).collect();
            rows.iter_mut().step_by(4).for_each(|x| *x = f32::NAN);
            let forest = fit(&rows, 1, &labels, &SMALL);
            assert!(forest.score(&[0.1]) < -2.0 && forest.score(&[0.9]) > 2.0);
            assert_eq!(forest.score(&[f32::NAN]) > 2.0, above);
        }
    }

    #[test]
    fn values_never_missing_in_the_fit_follow_most_rows() {
        let rows = numbers(1000);
        let labels: Vec<bool> = rows.iter().map(|x| *x > 0.8).collect();
        let forest = fit(&rows, 1, &labels, &Options { leaves: 2, ..SMALL });
        assert_eq!(forest.score(&[f32::NAN]), forest.score(&[0.1]));
    }

    #[test]
    fn the_same_rows_give_the_same_forest_on_every_machine() {
        let (rows, labels) = crossed(2000);
        let first = bytes(&fit(&rows, 2, &labels, &SMALL));
        assert_eq!(first, bytes(&fit(&rows, 2, &labels, &SMALL)));
        let checksum =
            first.iter().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x100_0000_01b3));
        assert_eq!(checksum, 1_928_501_563_284_012_118);
    }

    #[test]
    fn equal_features_yield_to_the_first() {
        let rows: Vec<f32> = numbers(1000).into_iter().flat_map(|x| [0.0, x, x]).collect();
        let labels: Vec<bool> = rows.chunks(3).map(|row| row[1] > 0.3 && row[1] < 0.7).collect();
        let forest = fit(&rows, 3, &labels, &SMALL);
        assert!(forest.nodes.iter().all(|node| node.tag == LEAF || node.tag >> 1 == 1));
    }

    #[test]
    fn labels_that_never_vary_give_a_constant() {
        let rows = numbers(400);
        for label in [false, true] {
            let forest = fit(&rows, 2, &[label; 200], &Options { l2: 0.0, ..SMALL });
            assert_eq!(forest.trees, 0);
            assert!(forest.score(&rows) > 5.0 || !label);
            assert!(forest.score(&rows) < -5.0 || label);
        }
    }

    #[test]
    fn rows_without_features_and_no_rows_at_all_give_the_prior() {
        let forest = fit(&[], 0, &[true, true, true, false], &SMALL);
        assert!(forest.trees == 0 && (forest.score(&[]) - (3.5_f32 / 1.5).ln()).abs() < 1e-6);
        assert!(fit(&[], 2, &[], &SMALL).score(&[0.0, 0.0]).abs() < 1e-6);
    }

    #[test]
    fn infinite_and_equal_values_are_borne() {
        let rows: Vec<f32> = (0..300).map(|i| [f32::NEG_INFINITY, -0.0, 0.0, f32::INFINITY, f32::NAN][i % 5]).collect();
        let labels: Vec<bool> = (0..300).map(|i| i % 5 > 2).collect();
        let forest = fit(&rows, 1, &labels, &SMALL);
        assert!(rows.iter().zip(&labels).all(|(&x, &label)| (forest.score(&[x]) > 2.0) == label));
        assert_eq!(forest.score(&[0.0]), forest.score(&[-0.0]));
    }

    #[test]
    fn bins_hold_about_as_many_values_each() {
        assert_eq!(cuts(vec![3.0, 1.0, 2.0, 1.0], 4), [1.5, 2.5, f32::INFINITY]);
        let even = cuts((0..100).map(|i| i as f32).collect(), 4);
        assert_eq!(even, [24.5, 49.5, 74.5, f32::INFINITY]);
        let mut mostly_zero = vec![0.0; 900];
        mostly_zero.extend((1..=100).map(|i| i as f32));
        assert_eq!(cuts(mostly_zero, 3), [0.5, 50.5, f32::INFINITY]);
        assert_eq!(cuts(Vec::new(), 3), [f32::INFINITY]);
        assert_eq!(between(1.0, 1.0_f32.next_up()), 1.0);
    }

    #[test]
    fn trees_of_unequal_depth_are_scored_side_by_side() {
        let mut forest = Forest::new(1, 0.25);
        for tree in [
            &[(0, 0.5), (LEAF, 1.0), (LEAF, 2.0)][..],
            &[(LEAF, 10.0)],
            &[(1, 0.5), (0, 0.2), (LEAF, 300.0), (LEAF, 100.0), (LEAF, 200.0)],
            &[(0, 0.5), (LEAF, 1000.0), (1, 0.7), (LEAF, 2000.0), (LEAF, 3000.0)],
            &[(1, f32::INFINITY), (LEAF, 10_000.0), (LEAF, 20_000.0)],
        ] {
            let mut nodes = tree.iter().copied();
            forest.push(|| nodes.next()).expect("a sound tree");
        }
        forest.prepare();
        assert_eq!(forest.score(&[0.2]), 11_111.25);
        assert_eq!(forest.score(&[0.3]), 11_211.25);
        assert_eq!(forest.score(&[0.6]), 12_312.25);
        assert_eq!(forest.score(&[0.8]), 13_312.25);
        assert_eq!(forest.score(&[f32::NAN]), 21_311.25);
    }

    #[test]
    fn bytes_come_back() {
        let (rows, labels) = crossed(1000);
        let forest = fit(&rows, 2, &labels, &SMALL);
        let mut written = bytes(&forest);
        written.push(9);
        let mut rest = &written[..];
        assert_eq!(Forest::read(&mut rest), Some(forest));
        assert_eq!(rest, [9]);
    }

    #[test]
    fn shortened_bytes_are_refused() {
        let (rows, labels) = crossed(1000);
        let written = bytes(&fit(&rows, 2, &labels, &SMALL));
        assert!((0..written.len()).all(|end| Forest::read(&mut &written[..end]).is_none()));
    }

    #[test]
    fn altered_bytes_are_refused_or_score_without_panic() {
        let (rows, labels) = crossed(1000);
        let written = bytes(&fit(&rows, 2, &labels, &Options { trees: 3, ..SMALL }));
        for at in 0..written.len() {
            for value in 0..=u8::MAX {
                let mut altered = written.clone();
                altered[at] = value;
                if let Some(forest) = Forest::read(&mut &altered[..]) {
                    for x in [0.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN] {
                        forest.score(&vec![x; forest.width]);
                    }
                }
            }
        }
    }

    #[test]
    fn trees_that_cannot_be_are_refused() {
        let read = |nodes: &[(u16, f32)]| {
            let mut forest = Forest::new(2, 0.0);
            let mut nodes = nodes.iter().copied();
            forest.push(|| nodes.next())
        };
        assert_eq!(read(&[(2, 0.5), (LEAF, 1.0), (LEAF, -1.0)]), Some(()));
        assert_eq!(read(&[(4, 0.5), (LEAF, 1.0), (LEAF, -1.0)]), None, "a feature beyond the row");
        assert_eq!(read(&[(2, f32::NAN), (LEAF, 1.0), (LEAF, -1.0)]), None, "a bound that is no number");
        assert_eq!(read(&[(2, 0.5), (LEAF, f32::INFINITY), (LEAF, -1.0)]), None, "a value without bound");
        assert_eq!(read(&[(0, 0.5); 100_000]), None, "a tree that does not end");
    }

    #[test]
    fn the_exponential_is_that_of_the_platform_but_for_rounding() {
        for i in -4000..=4000 {
            let x = f64::from(i) / 100.0;
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-15, "{x}");
        }
    }
}
