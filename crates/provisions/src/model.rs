//! The trained model: its file, and scoring with it.
//!
//! The file is little-endian: a header, the clause types with their calibration, the numbers that turn sums into scores, the table of
//! features, and a row of 8-bit numbers for each of its places. It is laid out as it is used, so that reading it is little more than
//! copying. Scoring adds integers, and adds and multiplies single-precision numbers in a fixed order: no transcendental function, so
//! every machine gets the same bits.
use crate::calibrate::Calibration;
use crate::features::{self, BLOCKS, Block, Kinds, Scratch};
use crate::layer::{LINE, Outputs, Rows};
use crate::table::Table;

const MAGIC: &[u8; 4] = b"CWC4";
/// Squares of inverse document frequencies are kept as multiples of this.
const SQUARE_STEP: f32 = 1.0 / 512.0;

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
    /// Score to probability, and where assertion and high confidence begin.
    pub calibration: Calibration,
}

/// From features to the numbers that the types' scores are made of.
#[derive(Debug, Clone, Default)]
pub(crate) struct Layer {
    /// The features that are known, with the squares of their inverse document frequencies.
    pub table: Table,
    /// A row for each place of the table.
    pub rows: Rows,
    /// What a step of each column is worth.
    pub steps: Vec<f32>,
    /// The numbers of a clause without features.
    pub base: Vec<f32>,
}

/// A trained model.
#[derive(Debug, Clone)]
pub struct Model {
    /// The types it can find.
    pub types: Vec<TypeModel>,
    pub(crate) kinds: Kinds,
    pub(crate) block_weights: [f32; BLOCKS],
    pub(crate) layer: Layer,
    /// From hidden numbers to scores; without it, the layer's numbers are the scores.
    pub(crate) outputs: Option<Outputs>,
    /// Scores of a clause without features.
    resting: Vec<f32>,
}

/// Buffers for scoring, reused from clause to clause.
#[derive(Debug, Default)]
pub struct Workspace {
    /// Text buffers.
    pub scratch: Scratch,
    sums: Sums,
    /// The score of each type after [`Model::score`].
    pub scores: Vec<f32>,
}

#[derive(Debug, Default)]
struct Sums {
    found: Vec<u32>,
    totals: Vec<f32>,
    active: Vec<(u32, i16)>,
}

impl Model {
    pub(crate) fn new(
        types: Vec<TypeModel>,
        kinds: Kinds,
        block_weights: [f32; BLOCKS],
        layer: Layer,
        outputs: Option<Outputs>,
    ) -> Model {
        let mut model = Model { types, kinds, block_weights, layer, outputs, resting: Vec::new() };
        model.resting = model.score_keys(&Default::default());
        model
    }

    /// Scores a clause for every type, into `work.scores`. Its words are in `work.scratch` afterwards.
    pub fn score(&self, heading: &str, text: &str, work: &mut Workspace) {
        features::extract(heading, text, self.kinds, &mut work.scratch);
        self.add_up(&work.scratch.keys, &mut work.sums, &mut work.scores);
    }

    /// As [`Self::score`], from the features of each block, repetitions included.
    pub(crate) fn score_keys(&self, keys: &[Vec<u64>; BLOCKS]) -> Vec<f32> {
        let mut scores = Vec::new();
        self.add_up(keys, &mut Sums::default(), &mut scores);
        scores
    }

    fn add_up(&self, keys: &[Vec<u64>; BLOCKS], sums: &mut Sums, scores: &mut Vec<f32>) {
        let Layer { table, rows, steps, base } = &self.layer;
        let Sums { found, totals, active } = sums;
        totals.clear();
        totals.resize(base.len().next_multiple_of(LINE), 0.0);
        for (keys, weight) in keys.iter().zip(self.block_weights) {
            found.resize(keys.len().max(found.len()), 0);
            let (count, squares) = table.find(keys, found);
            if squares > 0 {
                rows.add(&found[..count], weight / length(squares), totals);
            }
        }
        for ((total, step), base) in totals.iter_mut().zip(steps).zip(base) {
            *total = *total * step + base;
        }
        match &self.outputs {
            Some(outputs) => outputs.score(&totals[..base.len()], active, scores),
            None => {
                scores.clear();
                scores.extend_from_slice(&totals[..base.len()]);
            }
        }
    }

    /// How strongly the words of `text` (a sentence of a clause) speak for type number `kind`.
    pub(crate) fn evidence(&self, kind: usize, text: &str, work: &mut Workspace) -> f32 {
        self.score("", text, work);
        work.scores[kind] - self.resting[kind]
    }

    /// The model as a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Layer { table, rows, steps, base } = &self.layer;
        let mut out = Vec::with_capacity(table.len() * (base.len() + 5) + 262_144);
        out.extend_from_slice(MAGIC);
        out.extend([self.kinds.to_bits(), u8::from(self.outputs.is_some())]);
        let counts = [self.types.len(), base.len(), table.shifts.len(), table.places.len()];
        counts.iter().for_each(|&count| out.extend((count as u32).to_le_bytes()));
        put_floats(&mut out, &self.block_weights);
        for kind in &self.types {
            out.push(kind.id.len() as u8);
            out.extend_from_slice(kind.id.as_bytes());
            put_floats(&mut out, &kind.calibration.to_numbers());
        }
        put_floats(&mut out, steps);
        put_floats(&mut out, base);
        if let Some(Outputs { base, weights, step, .. }) = &self.outputs {
            put_floats(&mut out, base);
            put_floats(&mut out, &[*step]);
            weights.iter().for_each(|weight| out.extend(weight.to_le_bytes()));
        }
        table.shifts.iter().for_each(|shift| out.extend(shift.to_le_bytes()));
        for (fingerprint, payload) in &table.places {
            out.extend(fingerprint.to_le_bytes());
            out.extend(payload.to_le_bytes());
        }
        out.extend(rows.to_bytes());
        let seal = seal_of(&out);
        out.extend_from_slice(&seal);
        out
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
        let [kinds, has_outputs] = input.array()?;
        let kinds = Kinds::from_bits(kinds).ok_or(ModelError::Damaged(input.at))?;
        let [types, width, buckets, places] = [input.count()?, input.count()?, input.count()?, input.count()?];
        let mut block_weights = [0.0; BLOCKS];
        block_weights.copy_from_slice(&input.floats(BLOCKS)?);
        let types = (0..types).map(|_| input.type_model()).collect::<Result<Vec<_>, _>>()?;
        let (steps, base) = (input.floats(width)?, input.floats(width)?);
        let outputs = if has_outputs == 1 { Some(input.outputs(types.len(), width)?) } else { None };
        let shifts = input.numbers(buckets, u16::from_le_bytes)?;
        let pair = |[a, b, c, d]: [u8; 4]| (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]));
        let table = Table { shifts, places: input.numbers(places, pair)? };
        let length = places.checked_mul(width).ok_or(ModelError::Damaged(input.at))?;
        let rows = input.take(length)?;
        let consistent = input.at == sealed
            && width > 0
            && (has_outputs == 1 || width == types.len())
            && has_outputs < 2
            && (buckets == 0) == (places == 0);
        if !consistent {
            return Err(ModelError::Damaged(input.at));
        }
        let layer = Layer { table, rows: Rows::from_bytes(rows, width), steps, base };
        Ok(Model::new(types, kinds, block_weights, layer, outputs))
    }
}

/// Euclidean length from the sum of squares in steps.
pub(crate) fn length(squares: u64) -> f32 {
    (squares as f32 * SQUARE_STEP).sqrt()
}

/// Bytes at the end of the file that tell damage.
pub(crate) const SEAL: usize = 8;

fn seal_of(bytes: &[u8]) -> [u8; SEAL] {
    features::hash_bytes(bytes.len() as u64, bytes).to_le_bytes()
}

/// A vocabulary, sorted by block and key.
#[derive(Debug, Clone)]
pub(crate) struct Features {
    pub keys: Vec<u64>,
    /// Squares of the inverse document frequencies, in steps.
    pub squares: Vec<u16>,
}

/// Inverse document frequency, whose square is kept in steps.
pub(crate) fn value_of(square: u16) -> f32 {
    length(u64::from(square))
}

/// Square of the smoothed inverse document frequency in steps.
pub(crate) fn square_of(documents: usize, with_feature: usize) -> u16 {
    let idf = ((1 + documents) as f64 / (1 + with_feature) as f64).ln() + 1.0;
    (idf * idf / f64::from(SQUARE_STEP)).round().min(65535.0) as u16
}

/// The features of a document that was counted before, with their repetitions.
pub(crate) fn repeated(document: &[(Block, u64, u16)]) -> [Vec<u64>; BLOCKS] {
    let mut keys: [Vec<u64>; BLOCKS] = Default::default();
    for &(block, key, count) in document {
        keys[block as usize].extend((0..count).map(|_| key));
    }
    keys
}

fn put_floats(out: &mut Vec<u8>, numbers: &[f32]) {
    numbers.iter().for_each(|number| out.extend(number.to_le_bytes()));
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

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ModelError> {
        Ok(self.take(N)?.try_into().expect("as many bytes as were asked for"))
    }

    fn numbers<T, const N: usize>(&mut self, count: usize, read: impl Fn([u8; N]) -> T) -> Result<Vec<T>, ModelError> {
        let length = count.checked_mul(N).ok_or(ModelError::Damaged(self.at))?;
        Ok(self.take(length)?.chunks_exact(N).map(|chunk| read(chunk.try_into().expect("chunks of N"))).collect())
    }

    fn count(&mut self) -> Result<usize, ModelError> {
        Ok(u32::from_le_bytes(self.array()?) as usize)
    }

    fn floats(&mut self, count: usize) -> Result<Vec<f32>, ModelError> {
        self.numbers(count, f32::from_le_bytes)
    }

    fn outputs(&mut self, types: usize, width: usize) -> Result<Outputs, ModelError> {
        let base = self.floats(types)?;
        let step = self.floats(1)?[0];
        let count = types.checked_mul(width).ok_or(ModelError::Damaged(self.at))?;
        Ok(Outputs::new(base, self.numbers(count, i16::from_le_bytes)?, step))
    }

    fn type_model(&mut self) -> Result<TypeModel, ModelError> {
        let length = self.take(1)?[0] as usize;
        let id = String::from_utf8_lossy(self.take(length)?).into_owned();
        Ok(TypeModel { id, calibration: Calibration::from_numbers(&self.floats(Calibration::NUMBERS)?) })
    }
}
