//! The features that a model knows, and the clauses' values of them.
use std::collections::HashMap;

use crate::features::BLOCKS;
use crate::model::{self, Features, SHARING, square_of, value_of};
use crate::svm::Matrix;
use crate::train::{Keys, Prepared};

/// Most features of a model: they have numbers of 16 bits.
const MOST_FEATURES: usize = 65_534;

/// The features that enough platforms use.
pub(crate) struct Vocabulary {
    /// By number, the most frequent first.
    pub features: Features,
    numbers: HashMap<u64, u32>,
    weights: [f32; BLOCKS],
}

/// How often a feature was seen.
struct Seen {
    documents: u32,
    platforms: u32,
    last: usize,
}

impl Vocabulary {
    /// Of the documents at `rows`, the features that at least so many platforms use, for each [`crate::features::Block`];
    /// `weights` is what the blocks weigh.
    pub fn of(prepared: &Prepared, rows: &[usize], least: &[usize; BLOCKS], weights: [f32; BLOCKS]) -> Vocabulary {
        let seen = seen(prepared, rows);
        let kept = seen.iter().filter(|((block, _), seen)| seen.platforms as usize >= least[*block]);
        let mut kept: Vec<(usize, u64, u32)> = kept.map(|(&(block, key), seen)| (block, key, seen.documents)).collect();
        kept.sort_unstable_by_key(|&(block, key, documents)| (u32::MAX - documents, block, key));
        kept.truncate(MOST_FEATURES);
        // The most frequent of neighbours stands for all.
        let squares = kept.chunks(SHARING).flat_map(|same| {
            let square = square_of(rows.len(), same[0].2 as usize);
            same.iter().map(move |_| square)
        });
        let squares = squares.collect();
        let keys: Vec<u64> = kept.iter().map(|feature| feature.1).collect();
        let numbers = keys.iter().enumerate().map(|(number, &key)| (key, number as u32)).collect();
        Vocabulary { features: Features { keys, squares }, numbers, weights }
    }

    /// The values of the documents at `rows`.
    pub fn matrix(&self, prepared: &Prepared, rows: impl Iterator<Item = usize>) -> Matrix {
        let mut matrix = Matrix::new(self.features.keys.len());
        rows.for_each(|row| matrix.push(self.values(&prepared.documents[row]).into_iter()));
        matrix
    }

    /// A document's known features with the values that [`crate::model::Model::score`] gives them.
    pub fn values(&self, document: &Keys) -> Vec<(u32, f32)> {
        let square = |feature: u32| self.features.squares[feature as usize];
        let mut row = Vec::new();
        for (keys, weight) in document.iter().zip(&self.weights) {
            let known: Vec<u32> = keys.iter().filter_map(|key| self.numbers.get(key).copied()).collect();
            let length = model::length(known.iter().map(|&feature| u64::from(square(feature))).sum());
            row.extend(known.into_iter().map(|feature| (feature, value_of(square(feature)) * weight / length)));
        }
        row
    }
}

/// How often each feature, by block and key, is used.
fn seen(prepared: &Prepared, rows: &[usize]) -> HashMap<(usize, u64), Seen> {
    let mut order = rows.to_vec();
    order.sort_by_key(|&row| (prepared.platforms[row], row));
    let mut seen: HashMap<(usize, u64), Seen> = HashMap::new();
    for &row in &order {
        let Some(platform) = prepared.platforms[row] else { continue };
        for (block, keys) in prepared.documents[row].iter().enumerate() {
            for &key in keys {
                let entry = seen.entry((block, key)).or_insert(Seen { documents: 0, platforms: 0, last: usize::MAX });
                entry.documents += 1;
                if entry.last != platform {
                    entry.last = platform;
                    entry.platforms += 1;
                }
            }
        }
    }
    seen
}
