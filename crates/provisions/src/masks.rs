//! Scoring with all trees of a forest at once, after QuickScorer (C. Lucchese et al., "QuickScorer: a fast algorithm to rank documents
//! with additive ensembles of regression trees", SIGIR 2015).
//!
//! A split that sends a row to the right rules out the leaves on its left; the row ends in the first leaf, from the left, that no split
//! rules out. What the value of one feature rules out in all trees is looked up by the bin that it falls into, a byte for each tree.
//! The bytes of all features joined by AND tell each tree's leaf, and no tree is walked.

/// Most leaves of a tree: a byte has a bit for each.
pub(crate) const MOST_LEAVES: usize = 8;
/// Most trees: one row's bytes fit on the stack.
pub(crate) const MOST_TREES: usize = 256;

/// A split of a tree.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Split {
    pub(crate) tree: usize,
    pub(crate) feature: usize,
    /// The largest number that goes left.
    pub(crate) bound: f32,
    pub(crate) missing_right: bool,
    /// A bit for each leaf on its left.
    pub(crate) left: u8,
}

/// The trees of a forest, laid out for scoring.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Masks {
    features: Vec<Feature>,
    /// The values of each tree's leaves, from the left.
    leaves: Vec<[f32; MOST_LEAVES]>,
}

/// A feature that trees split by.
#[derive(Debug, Clone, PartialEq)]
struct Feature {
    number: usize,
    /// In order. A value's bin is the number of bounds that it exceeds; that of a missing value comes after the last.
    bounds: Vec<f32>,
    /// For each bin a byte for each tree, with a bit for each leaf that the value leaves open.
    open: Vec<u8>,
}

impl Masks {
    /// Of trees with at most [`MOST_LEAVES`] leaves, at most [`MOST_TREES`] of them, given by all their splits and leaves.
    pub(crate) fn new(splits: &[Split], leaves: Vec<[f32; MOST_LEAVES]>) -> Masks {
        let mut numbers: Vec<usize> = splits.iter().map(|split| split.feature).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let of_feature = |number| splits.iter().filter(move |split| split.feature == number);
        let feature = |number| Feature::new(number, of_feature(number), leaves.len());
        Masks { features: numbers.into_iter().map(feature).collect(), leaves }
    }

    /// What the trees add up to for a row.
    ///
    /// # Panics
    /// If the row lacks a feature.
    #[inline(always)]
    pub(crate) fn score(&self, row: &[f32]) -> f32 {
        let mut open = [u8::MAX; MOST_TREES];
        let open = &mut open[..self.leaves.len()];
        for feature in &self.features {
            let left_open = feature.open(row[feature.number], open.len());
            open.iter_mut().zip(left_open).for_each(|(open, left)| *open &= left);
        }
        // Sums in four lanes do not wait for each other.
        let mut lanes = [0.0; 4];
        for (open, leaves) in open.chunks(4).zip(self.leaves.chunks(4)) {
            for ((lane, open), leaves) in lanes.iter_mut().zip(open).zip(leaves) {
                *lane += leaves[open.trailing_zeros() as usize % MOST_LEAVES];
            }
        }
        (lanes[0] + lanes[1]) + (lanes[2] + lanes[3])
    }
}

impl Feature {
    fn new<'a>(number: usize, splits: impl Iterator<Item = &'a Split> + Clone, trees: usize) -> Feature {
        let mut bounds: Vec<f32> = splits.clone().map(|split| split.bound).collect();
        bounds.sort_unstable_by(f32::total_cmp);
        bounds.dedup();
        let mut open = vec![u8::MAX; (bounds.len() + 2) * trees];
        let missing = bounds.len() + 1;
        for split in splits {
            let above = bounds.partition_point(|bound| *bound <= split.bound)..missing;
            for bin in above.chain(split.missing_right.then_some(missing)) {
                open[bin * trees + split.tree] &= !split.left;
            }
        }
        Feature { number, bounds, open }
    }

    #[inline(always)]
    fn open(&self, value: f32, trees: usize) -> &[u8] {
        let exceeded: u32 = self.bounds.iter().map(|bound| u32::from(value > *bound)).sum();
        let bin = if value.is_nan() { self.bounds.len() + 1 } else { exceeded as usize };
        &self.open[bin * trees..][..trees]
    }
}
