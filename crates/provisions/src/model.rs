//! The trained model: its file, and scoring with it.
//!
//! The file is little-endian: a header, the clause types with their scale, bias and calibration, the vocabulary as sorted 64-bit
//! hashes by block with an inverse document frequency each, and for every feature the types it speaks for or against as pairs
//! of a type's number and an 8-bit weight. Scoring adds and multiplies single-precision numbers in a fixed order: no
//! transcendental function, so every machine gets the same bits.
use crate::calibrate::Calibration;
use crate::features::{self, BLOCKS, Block, Scratch};
use crate::net::{Net, WIDTH};
use crate::phrases::Hits;

const MAGIC: &[u8; 4] = b"CWC3";
/// Inverse document frequencies are kept as multiples of this.
const IDF_STEP: f32 = 1.0 / 4096.0;
/// `1 + ln(n)` for the first counts; larger counts weigh as the last.
const SUBLINEAR: [f32; 17] = [
    0.0,
    1.0,
    1.693_147_2,
    2.098_612_3,
    2.386_294_4,
    2.609_438,
    2.791_759_5,
    2.945_910_1,
    3.079_441_5,
    3.197_224_6,
    3.302_585_1,
    3.397_895_3,
    3.484_906_6,
    3.564_949_4,
    3.639_057_3,
    3.708_050_2,
    3.772_588_7,
];

/// The model file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// Not a model file, or of another version.
    #[error("not a clause model of this version")]
    Magic,
    /// The file ends early or contradicts itself.
    #[error("the clause model is damaged at byte {0}")]
    Damaged(usize),
    /// It knows a clause type that the taxonomy does not.
    #[error("the clause model knows the type {0}, the taxonomy does not: train it again")]
    UnknownType(String),
}

/// What the model knows of one clause type.
#[derive(Debug, Clone, PartialEq)]
pub struct TypeModel {
    /// Name of the type.
    pub id: String,
    /// What one step of an 8-bit weight is worth.
    pub scale: f32,
    /// Score of a clause without features.
    pub bias: f32,
    /// Score to probability, and where assertion and high confidence begin.
    pub calibration: Calibration,
}

/// A trained model.
#[derive(Debug, Clone)]
pub struct Model {
    /// The types it can find.
    pub types: Vec<TypeModel>,
    pub(crate) block_weights: [f32; BLOCKS],
    /// Sorted by block, then hash.
    pub(crate) hashes: Vec<u64>,
    /// End of each block in `hashes`.
    pub(crate) block_ends: [u32; BLOCKS],
    pub(crate) idf: Vec<u16>,
    /// End of each feature's pairs in `pairs`.
    pub(crate) row_ends: Vec<u32>,
    /// Number of the type, weight.
    pub(crate) pairs: Vec<(u8, i8)>,
    /// Its scores count `net_weight` times beside the separators'.
    pub(crate) net: Net,
    pub(crate) net_weight: f32,
    table: Table,
}

/// Open-addressing table from hash to feature number.
#[derive(Debug, Clone, Default)]
struct Table {
    slots: Vec<(u64, u32)>,
    mask: usize,
}

impl Table {
    fn build(hashes: &[u64]) -> Table {
        let size = (hashes.len() * 2).next_power_of_two().max(16);
        let mut table = Table { slots: vec![(0, 0); size], mask: size - 1 };
        for (i, &hash) in hashes.iter().enumerate() {
            let mut at = hash as usize & table.mask;
            while table.slots[at].0 != 0 {
                at = (at + 1) & table.mask;
            }
            table.slots[at] = (hash, i as u32);
        }
        table
    }

    fn get(&self, hash: u64) -> Option<u32> {
        let mut at = hash as usize & self.mask;
        loop {
            let (found, index) = self.slots[at];
            if found == hash {
                return Some(index);
            }
            if found == 0 {
                return None;
            }
            at = (at + 1) & self.mask;
        }
    }
}

/// Buffers for scoring, reused from clause to clause.
#[derive(Debug, Default)]
pub struct Workspace {
    /// Text buffers.
    pub scratch: Scratch,
    counts: Vec<u16>,
    touched: Vec<u32>,
    /// The score of each type after [`Model::score`].
    pub scores: Vec<f32>,
}

impl Model {
    /// Puts a model together from its parts; features must be sorted by block, with a row of type numbers and weights each.
    pub(crate) fn assemble(
        types: Vec<TypeModel>,
        block_weights: [f32; BLOCKS],
        features: Features,
        rows: &[Vec<(u8, i8)>],
    ) -> Model {
        let mut pairs = Vec::with_capacity(rows.iter().map(Vec::len).sum());
        let mut row_ends = Vec::with_capacity(rows.len());
        for row in rows {
            pairs.extend_from_slice(row);
            row_ends.push(pairs.len() as u32);
        }
        Model::from_parts(types, block_weights, features, row_ends, pairs)
    }

    fn from_parts(
        types: Vec<TypeModel>,
        block_weights: [f32; BLOCKS],
        features: Features,
        row_ends: Vec<u32>,
        pairs: Vec<(u8, i8)>,
    ) -> Model {
        let table = Table::build(&features.hashes);
        let Features { hashes, block_ends, idf, .. } = features;
        Model {
            types,
            block_weights,
            hashes,
            block_ends,
            idf,
            row_ends,
            pairs,
            net: Net::default(),
            net_weight: 0.0,
            table,
        }
    }

    /// The types that a feature speaks for or against.
    pub(crate) fn pairs_of(&self, feature: u32) -> &[(u8, i8)] {
        let start = if feature == 0 { 0 } else { self.row_ends[feature as usize - 1] };
        &self.pairs[start as usize..self.row_ends[feature as usize] as usize]
    }

    /// Scores a clause for every type, into `work.scores`; returns the rules that it meets.
    pub fn score(&self, heading: &str, text: &str, work: &mut Workspace) -> Hits {
        work.counts.resize(self.hashes.len(), 0);
        let Workspace { scratch, counts, touched, scores } = work;
        touched.clear();
        let hits = features::extract(heading, text, scratch, |_, hash| {
            if let Some(feature) = self.table.get(hash) {
                let count = &mut counts[feature as usize];
                if *count == 0 {
                    touched.push(feature);
                }
                *count = count.saturating_add(1);
            }
        });
        self.add_up(touched, counts, scores);
        hits
    }

    /// As [`Self::score`], from features counted before.
    pub(crate) fn score_counts(&self, document: &[(Block, u64, u16)]) -> Vec<f32> {
        let known = document.iter().filter_map(|&(_, hash, count)| Some((self.table.get(hash)?, count)));
        let mut counts = vec![0; self.hashes.len()];
        let mut touched = Vec::new();
        for (feature, count) in known {
            touched.push(feature);
            counts[feature as usize] = count;
        }
        let mut scores = Vec::new();
        self.add_up(&touched, &mut counts, &mut scores);
        scores
    }

    /// The scores of the `touched` features; their counts are set back to zero.
    fn add_up(&self, touched: &[u32], counts: &mut [u16], scores: &mut Vec<f32>) {
        let factors = self.block_factors(touched, counts);
        scores.clear();
        scores.resize(self.types.len(), 0.0);
        let mut hidden = self.net.start();
        for &feature in touched {
            let block = self.block_of(feature);
            let value = self.raw_value(feature, counts[feature as usize]) * factors[block];
            self.net.add(&mut hidden, feature, value);
            for &(kind, weight) in self.pairs_of(feature) {
                scores[kind as usize] += value * f32::from(weight);
            }
            counts[feature as usize] = 0;
        }
        for (score, kind) in scores.iter_mut().zip(&self.types) {
            *score = *score * kind.scale + kind.bias;
        }
        self.net.finish(&hidden, self.net_weight, scores);
    }

    /// How strongly the words of `text` (a sentence of a clause) speak for type number `kind`.
    pub(crate) fn evidence(&self, kind: usize, text: &str, work: &mut Workspace) -> f32 {
        self.score("", text, work);
        work.scores[kind] - self.types[kind].bias
    }

    /// What each block's values are multiplied by: its weight over its Euclidean length.
    fn block_factors(&self, touched: &[u32], counts: &[u16]) -> [f32; BLOCKS] {
        let mut squares = [0.0f32; BLOCKS];
        for &feature in touched {
            let block = self.block_of(feature);
            let value = self.raw_value(feature, counts[feature as usize]);
            squares[block] += value * value;
        }
        let mut factors = self.block_weights;
        for block in 0..BLOCKS {
            if squares[block] > 0.0 {
                factors[block] /= squares[block].sqrt();
            }
        }
        factors
    }

    fn block_of(&self, feature: u32) -> usize {
        let ends = &self.block_ends;
        usize::from(feature >= ends[0]) + usize::from(feature >= ends[1]) + usize::from(feature >= ends[2])
    }

    fn raw_value(&self, feature: u32, count: u16) -> f32 {
        value_of(count, self.idf[feature as usize])
    }

    /// The model as a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.hashes.len() * 11 + self.pairs.len() * 2 + 65536);
        out.extend_from_slice(MAGIC);
        put_u32(&mut out, self.types.len());
        put_u32(&mut out, self.hashes.len());
        put_u32(&mut out, self.pairs.len());
        self.block_weights.iter().for_each(|w| out.extend_from_slice(&w.to_le_bytes()));
        self.block_ends.iter().for_each(|e| out.extend_from_slice(&e.to_le_bytes()));
        for kind in &self.types {
            out.push(kind.id.len() as u8);
            out.extend_from_slice(kind.id.as_bytes());
            let calibration = kind.calibration.to_numbers();
            [kind.scale, kind.bias].iter().chain(&calibration).for_each(|n| out.extend_from_slice(&n.to_le_bytes()));
        }
        self.hashes.iter().for_each(|h| out.extend_from_slice(&h.to_le_bytes()));
        self.idf.iter().for_each(|i| out.extend_from_slice(&i.to_le_bytes()));
        let mut start = 0;
        for &end in &self.row_ends {
            out.push((end - start) as u8);
            start = end;
        }
        self.pairs.iter().for_each(|&(kind, weight)| out.extend_from_slice(&[kind, weight as u8]));
        self.put_net(&mut out);
        let seal = seal_of(&out);
        out.extend_from_slice(&seal);
        out
    }

    fn put_net(&self, out: &mut Vec<u8>) {
        put_u32(out, self.net.rows.len());
        if self.net.rows.is_empty() {
            return;
        }
        [self.net_weight, self.net.step].iter().for_each(|n| out.extend_from_slice(&n.to_le_bytes()));
        let floats = self.net.base.iter().chain(self.net.outputs.iter().flatten());
        floats.for_each(|n| out.extend_from_slice(&n.to_le_bytes()));
        // Which features it looks at, a bit each; their rows follow in this order.
        for eight in self.net.places.chunks(8) {
            let bits = eight.iter().enumerate().map(|(bit, &place)| u8::from(place > 0) << bit);
            out.push(bits.fold(0, |byte, bit| byte | bit));
        }
        self.net.rows.iter().flatten().for_each(|&weight| out.push(weight as u8));
    }

    /// Reads a model file.
    pub fn from_bytes(bytes: &[u8]) -> Result<Model, ModelError> {
        if !bytes.starts_with(MAGIC) {
            return Err(ModelError::Magic);
        }
        let sealed = bytes.len().saturating_sub(SEAL);
        if bytes.len() < MAGIC.len() + SEAL || seal_of(&bytes[..sealed]) != bytes[sealed..] {
            return Err(ModelError::Damaged(sealed));
        }
        let mut input = Input { bytes: &bytes[..sealed], at: MAGIC.len() };
        let (type_count, feature_count, pair_count) =
            (input.u32()? as usize, input.u32()? as usize, input.u32()? as usize);
        let mut block_weights = [0.0; BLOCKS];
        for weight in &mut block_weights {
            *weight = input.f32()?;
        }
        let mut block_ends = [0; BLOCKS];
        for end in &mut block_ends {
            *end = input.u32()?;
        }
        let types = (0..type_count).map(|_| input.type_model()).collect::<Result<Vec<_>, _>>()?;
        let hashes = input.numbers(feature_count, u64::from_le_bytes)?;
        let idf = input.numbers(feature_count, u16::from_le_bytes)?;
        let row_lengths = input.take(feature_count)?;
        let row_ends: Vec<u32> = row_lengths
            .iter()
            .scan(0u32, |end, &length| {
                *end = end.checked_add(u32::from(length))?;
                Some(*end)
            })
            .collect();
        let pairs: Vec<(u8, i8)> = input.numbers(pair_count, |[kind, weight]| (kind, weight as i8))?;
        let (net, net_weight) = input.net(type_count, feature_count)?;
        let consistent = row_ends.len() == feature_count
            && row_ends.last().copied().unwrap_or(0) as usize == pair_count
            && input.at == sealed
            && block_ends[BLOCKS - 1] as usize == feature_count
            && block_ends.is_sorted()
            && !hashes.contains(&0)
            && pairs.iter().all(|&(kind, _)| (kind as usize) < type_count);
        if !consistent {
            return Err(ModelError::Damaged(input.at));
        }
        let model = Model::from_parts(
            types,
            block_weights,
            Features { hashes, block_ends, idf, platforms: Vec::new() },
            row_ends,
            pairs,
        );
        Ok(Model { net, net_weight, ..model })
    }
}

/// Bytes at the end of the file that tell damage.
const SEAL: usize = 8;

fn seal_of(bytes: &[u8]) -> [u8; SEAL] {
    features::hash_bytes(bytes.len() as u64, bytes).to_le_bytes()
}

/// A vocabulary.
#[derive(Debug, Clone)]
pub(crate) struct Features {
    pub hashes: Vec<u64>,
    pub block_ends: [u32; BLOCKS],
    pub idf: Vec<u16>,
    /// How many platforms use each; only known in training.
    pub platforms: Vec<u32>,
}

/// Value of a feature before its block is normalised.
pub(crate) fn value_of(count: u16, idf: u16) -> f32 {
    SUBLINEAR[(count as usize).min(SUBLINEAR.len() - 1)] * (f32::from(idf) * IDF_STEP)
}

/// Smoothed inverse document frequency in steps.
pub(crate) fn idf_steps(documents: usize, with_feature: usize) -> u16 {
    let idf = ((1 + documents) as f64 / (1 + with_feature) as f64).ln() + 1.0;
    (idf / f64::from(IDF_STEP)).round().min(65535.0) as u16
}

fn put_u32(out: &mut Vec<u8>, value: usize) {
    out.extend_from_slice(&(value as u32).to_le_bytes());
}

struct Input<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Input<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], ModelError> {
        let end =
            self.at.checked_add(length).filter(|&end| end <= self.bytes.len()).ok_or(ModelError::Damaged(self.at))?;
        let part = &self.bytes[self.at..end];
        self.at = end;
        Ok(part)
    }

    fn numbers<T, const N: usize>(&mut self, count: usize, read: impl Fn([u8; N]) -> T) -> Result<Vec<T>, ModelError> {
        let length = count.checked_mul(N).ok_or(ModelError::Damaged(self.at))?;
        Ok(self.take(length)?.chunks_exact(N).map(|chunk| read(chunk.try_into().expect("chunks of N"))).collect())
    }

    fn u32(&mut self) -> Result<u32, ModelError> {
        Ok(self.numbers(1, u32::from_le_bytes)?[0])
    }

    fn f32(&mut self) -> Result<f32, ModelError> {
        Ok(self.numbers(1, f32::from_le_bytes)?[0])
    }

    fn net(&mut self, types: usize, features: usize) -> Result<(Net, f32), ModelError> {
        let count = self.u32()? as usize;
        if count == 0 {
            return Ok((Net::default(), 0.0));
        }
        let (weight, step) = (self.f32()?, self.f32()?);
        let base = self.numbers(WIDTH, f32::from_le_bytes)?;
        let mut outputs = Vec::new();
        for _ in 0..types {
            let numbers = self.numbers(WIDTH + 1, f32::from_le_bytes)?;
            outputs.push(numbers.try_into().map_err(|_| ModelError::Damaged(self.at))?);
        }
        let bits = self.take(features.div_ceil(8))?;
        let mut place = 0;
        let mut place_of = |feature: usize| {
            let looked_at = bits[feature / 8] >> (feature % 8) & 1 == 1;
            place += u32::from(looked_at);
            if looked_at { place } else { 0 }
        };
        let places = (0..features).map(&mut place_of).collect();
        if place as usize != count {
            return Err(ModelError::Damaged(self.at));
        }
        let rows = self.numbers(count, |row: [u8; WIDTH]| row.map(|byte| byte as i8))?;
        Ok((Net { places, rows, step, base, outputs }, weight))
    }

    fn type_model(&mut self) -> Result<TypeModel, ModelError> {
        let length = self.take(1)?[0] as usize;
        let id = String::from_utf8_lossy(self.take(length)?).into_owned();
        let numbers = self.numbers(2 + Calibration::NUMBERS, f32::from_le_bytes)?;
        Ok(TypeModel { id, scale: numbers[0], bias: numbers[1], calibration: Calibration::from_numbers(&numbers[2..]) })
    }
}
