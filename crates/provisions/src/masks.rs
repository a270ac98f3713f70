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

/// Trees whose bytes are in one number.
const TREES: usize = 8;

/// The trees of a forest, laid out for scoring.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Masks {
    features: Vec<Feature>,
    /// The values of each tree's leaves, from the left; trees after the last have only zeros.
    leaves: Vec<[[f32; MOST_LEAVES]; TREES]>,
}

/// A feature that trees split by.
#[derive(Debug, Clone, PartialEq)]
struct Feature {
    number: usize,
    /// In order. A value's bin is the number of bounds that it exceeds; that of a missing value comes after the last.
    bounds: Vec<f32>,
    /// For each bin a byte for each tree, with a bit for each leaf that the value leaves open.
    open: Vec<u64>,
}

impl Masks {
    /// Of trees with at most [`MOST_LEAVES`] leaves, at most [`MOST_TREES`] of them, given by all their splits and leaves.
    pub(crate) fn new(splits: &[Split], mut leaves: Vec<[f32; MOST_LEAVES]>) -> Masks {
        let mut numbers: Vec<usize> = splits.iter().map(|split| split.feature).collect();
        numbers.sort_unstable();
        numbers.dedup();
        leaves.resize(leaves.len().next_multiple_of(TREES), [0.0; MOST_LEAVES]);
        let leaves = leaves.as_chunks().0.to_vec();
        let of_feature = |number| splits.iter().filter(move |split| split.feature == number);
        let feature = |number| Feature::new(number, of_feature(number), leaves.len());
        Masks { features: numbers.into_iter().map(feature).collect(), leaves }
    }

    /// What the trees add up to for a row.
    ///
    /// # Panics
    /// If the row lacks a feature.
    pub(crate) fn score(&self, row: &[f32]) -> f32 {
        let mut open = [u64::MAX; MOST_TREES / TREES];
        let open = &mut open[..self.leaves.len()];
        for feature in &self.features {
            let left_open = feature.open(row[feature.number], open.len());
            open.iter_mut().zip(left_open).for_each(|(open, left)| *open &= left);
        }
        // Sums in four lanes do not wait for each other.
        let mut lanes = [0.0; 4];
        for (open, leaves) in open.iter().zip(&self.leaves) {
            let first = lowest_bits(*open).to_le_bytes();
            for (tree, leaves) in leaves.iter().enumerate() {
                lanes[tree % 4] += leaves[usize::from(first[tree]) % MOST_LEAVES];
            }
        }
        (lanes[0] + lanes[1]) + (lanes[2] + lanes[3])
    }
}

/// For each of eight bytes, the number of its lowest bit that is set; 7 if none is.
fn lowest_bits(bytes: u64) -> u64 {
    const fn each(byte: u8) -> u64 {
        u64::from_le_bytes([byte; 8])
    }
    // The bits below the lowest. With the highest bit of each byte set, taking 1 away from it borrows from no other.
    let below = ((bytes | each(0x80)) - each(1)) & !bytes & each(0x7f);
    let twos = below - (below >> 1 & each(0x55));
    let fours = (twos & each(0x33)) + (twos >> 2 & each(0x33));
    (fours + (fours >> 4)) & each(0x0f)
}

impl Feature {
    /// Of the splits by this feature of trees whose bytes are in so many numbers.
    fn new<'a>(number: usize, splits: impl Iterator<Item = &'a Split> + Clone, numbers: usize) -> Feature {
        let mut bounds: Vec<f32> = splits.clone().map(|split| split.bound).collect();
        bounds.sort_unstable_by(f32::total_cmp);
        bounds.dedup();
        let mut open = vec![u64::MAX; (bounds.len() + 2) * numbers];
        let missing = bounds.len() + 1;
        for split in splits {
            let above = bounds.partition_point(|bound| *bound <= split.bound)..missing;
            for bin in above.chain(split.missing_right.then_some(missing)) {
                open[bin * numbers + split.tree / TREES] &= !(u64::from(split.left) << (split.tree % TREES * 8));
            }
        }
        Feature { number, bounds, open }
    }

    #[inline(always)]
    fn open(&self, value: f32, numbers: usize) -> &[u64] {
        let exceeded: u32 = self.bounds.iter().map(|bound| u32::from(value > *bound)).sum();
        let bin = if value.is_nan() { self.bounds.len() + 1 } else { exceeded as usize };
        &self.open[bin * numbers..][..numbers]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lowest_bits_are_told_in_any_byte() {
        for byte in 0..=u8::MAX {
            let expected = byte.trailing_zeros().min(7) as u8;
            assert_eq!(
                lowest_bits(u64::from_le_bytes([byte, 1, byte, 0x80, 0, byte, 0xff, byte])).to_le_bytes(),
                [expected, 0, expected, 7, 7, expected, 0, expected]
            );
        }
    }
}
