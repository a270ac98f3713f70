//! The trained model: its file, and scoring with it.
//!
//! The file is little-endian: a header, the clause types with their calibration, the numbers that turn sums into scores, the table of
//! features, and a row of small numbers for each of them. It is laid out as it is used, so that reading it is little more than
//! unpacking, and compressed with zstd.
//! Scoring adds integers, and adds and multiplies single-precision numbers in a fixed order: no transcendental function, so
//! every machine gets the same bits.
#[cfg(target_arch = "x86_64")]
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::calibrate::Calibration;
use crate::contrary::Contraries;
use crate::features::{self, BLOCKS, Block, Kinds, Scratch};
use crate::layer::{Active, Further, Halves, Listed, Outputs, Rows, aligned};
use crate::rivals::{Judged, Rivals, Scored};
use crate::table::{Found, Lookup, Table};

const MAGIC: &[u8; 4] = b"CWC8";
/// Squares of inverse document frequencies are kept as multiples of this.
const SQUARE_STEP: f32 = 1.0 / 512.0;
/// Features are numbered by frequency: as many neighbours share one inverse document frequency, so that all of these are near.
pub(crate) const SHARING: usize = 16;

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
    /// The features that are known.
    pub table: Table,
    /// Squares of their inverse document frequencies in steps, one for each [`SHARING`] features; 0 for what is no feature.
    pub squares: Vec<u16>,
    /// A row for each feature by its number, and one of zeros.
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
    /// The second look at scores; without it, the first are the last.
    pub(crate) rivals: Option<Rivals>,
    /// What tells a clause that states a type from its contrary; without it, none is told.
    pub(crate) contraries: Option<Contraries>,
    /// Scores of a clause without features.
    resting: Vec<f32>,
    /// Tells this model from others in the same process.
    number: u64,
}

/// Buffers for scoring, reused from clause to clause.
#[derive(Debug, Default)]
pub struct Workspace {
    /// Text buffers.
    pub scratch: Scratch,
    sums: Sums,
    /// The first score of each type after [`Model::score`].
    pub scores: Vec<f32>,
    judged: Judged,
}

#[derive(Debug, Default)]
struct Sums {
    lookup: Lookup,
    /// The features that are known, of each block.
    found: [Found; BLOCKS],
    further: [Further; BLOCKS],
    /// Buffer of [`Rows::add`].
    added: Vec<i32>,
    totals: Vec<f32>,
    active: Active,
    heading: HeadingSums,
}

/// What the last heading added to the totals: the clauses of a section share it.
#[derive(Debug, Default)]
struct HeadingSums {
    /// Of which model and heading they are; no model has number 0.
    model: u64,
    heading: String,
    totals: Vec<f32>,
}

impl Model {
    pub(crate) fn new(
        types: Vec<TypeModel>,
        kinds: Kinds,
        block_weights: [f32; BLOCKS],
        layer: Layer,
        outputs: Option<Outputs>,
    ) -> Model {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let mut model = Model {
            types,
            kinds,
            block_weights,
            layer,
            outputs,
            rivals: None,
            contraries: None,
            resting: Vec::new(),
            number,
        };
        model.resting = model.score_keys(&Default::default());
        model
    }

    /// Scores a clause for every type, into `work.scores`. Its words are in `work.scratch` afterwards.
    pub fn score(&self, heading: &str, text: &str, work: &mut Workspace) {
        #[cfg(target_arch = "x86_64")]
        if has_wide_vectors() {
            // SAFETY: this processor has the instructions.
            #[allow(unsafe_code)]
            return unsafe { self.score_with_wide_vectors(heading, text, work) };
        }
        self.score_with(heading, text, work);
    }

    /// As [`Self::score`]: the same code for processors that add 32 bytes at a time. The results are the same to the bit.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    fn score_with_wide_vectors(&self, heading: &str, text: &str, work: &mut Workspace) {
        self.score_with(heading, text, work);
    }

    // What it calls is inlined wherever loops over many numbers are: only then are they made for the caller's processor.
    #[inline(always)]
    fn score_with(&self, heading: &str, text: &str, work: &mut Workspace) {
        let Workspace { scratch, sums, scores, .. } = work;
        features::extract_words(text, self.kinds, scratch);
        // What is far is asked for as early as possible: until rows are added, the rules and the heading are read.
        scratch.seen.fetch(&scratch.words);
        self.find(Block::Words, &scratch.keys, sums);
        self.find(Block::Stems, &scratch.keys, sums);
        features::extract_rules(text, self.kinds, scratch);
        self.find(Block::Rules, &scratch.keys, sums);
        // A sentence that is read without headings leaves the clause's own for the next.
        if !heading.is_empty() && (sums.heading.model != self.number || sums.heading.heading != heading) {
            features::extract_heading(heading, self.kinds, scratch);
            self.read_heading(&scratch.keys, sums);
            sums.heading.model = self.number;
            sums.heading.heading.clear();
            sums.heading.heading.push_str(heading);
        }
        self.add_up(!heading.is_empty(), sums, scores);
    }

    /// As [`Self::score`], from the features of each block.
    pub(crate) fn score_keys(&self, keys: &[Vec<u64>; BLOCKS]) -> Vec<f32> {
        let (mut sums, mut scores) = (Sums::default(), Vec::new());
        for block in [Block::Words, Block::Stems, Block::Rules] {
            self.find(block, keys, &mut sums);
        }
        self.read_heading(keys, &mut sums);
        self.add_up(true, &mut sums, &mut scores);
        scores
    }

    /// Finds the features of a block that are known, and asks for their rows.
    #[inline(always)]
    fn find(&self, block: Block, keys: &[Vec<u64>; BLOCKS], sums: &mut Sums) {
        let found = &mut sums.found[block as usize];
        self.layer.table.find(&keys[block as usize], &mut sums.lookup, found);
        self.layer.rows.fetch(found.numbers(), &mut sums.further[block as usize]);
    }

    fn read_heading(&self, keys: &[Vec<u64>; BLOCKS], sums: &mut Sums) {
        self.find(Block::Heading, keys, sums);
        let mut totals = std::mem::take(&mut sums.heading.totals);
        totals.clear();
        totals.resize(self.layer.base.len(), 0.0);
        self.add_block(Block::Heading, sums, &mut totals);
        sums.heading.totals = totals;
    }

    #[inline(always)]
    fn add_block(&self, block: Block, sums: &mut Sums, totals: &mut [f32]) {
        let numbers = sums.found[block as usize].numbers();
        let square = |&number: &u16| u64::from(self.layer.squares[usize::from(number) / SHARING]);
        let squares: u64 = numbers.iter().map(square).sum();
        if squares > 0 {
            let factor = self.block_weights[block as usize] / length(squares);
            self.layer.rows.add(numbers, &sums.further[block as usize], factor, &mut sums.added, totals);
        }
    }

    #[inline(always)]
    fn add_up(&self, with_heading: bool, sums: &mut Sums, scores: &mut Vec<f32>) {
        let Layer { steps, base, .. } = &self.layer;
        let mut totals = std::mem::take(&mut sums.totals);
        totals.clear();
        totals.extend_from_slice(if with_heading { &sums.heading.totals } else { &[] });
        totals.resize(base.len(), 0.0);
        for block in [Block::Words, Block::Stems, Block::Rules] {
            self.add_block(block, sums, &mut totals);
        }
        for ((total, step), base) in totals.iter_mut().zip(steps).zip(base) {
            *total = *total * step + base;
        }
        match &self.outputs {
            Some(outputs) => outputs.score(&totals, &mut sums.active, scores),
            None => {
                scores.clear();
                scores.extend_from_slice(&totals);
            }
        }
        sums.totals = totals;
    }

    /// The types that come into question for the clause that was scored last, whose text has `length` bytes, with their final scores.
    pub(crate) fn judge<'a>(&self, length: usize, work: &'a mut Workspace) -> &'a [Scored] {
        let Workspace { scores, judged, .. } = work;
        match &self.rivals {
            Some(rivals) => rivals.judge(scores, length, judged),
            None => {
                judged.types.clear();
                judged.types.extend(scores.iter().copied().enumerate());
            }
        }
        &judged.types
    }

    /// How strongly the words of `text` (a sentence of a clause) speak for each type, by its number.
    pub(crate) fn evidence<'a>(&'a self, text: &str, work: &'a mut Workspace) -> impl Fn(usize) -> f32 + 'a {
        self.score("", text, work);
        |kind| work.scores[kind] - self.resting[kind]
    }

    /// The model as a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let (content, rows) = self.content();
        let mut out = Vec::from(MAGIC);
        out.extend((content.len() as u32).to_le_bytes());
        out.extend((rows.len() as u32).to_le_bytes());
        out.extend(compress(&[content, rows].concat()));
        let seal = seal_of(&out);
        out.extend_from_slice(&seal);
        out
    }

    /// What the file holds, uncompressed: first what is not rows, then the rows.
    fn content(&self) -> (Vec<u8>, Vec<u8>) {
        let Layer { table, squares, rows, steps, base } = &self.layer;
        let mut out = Vec::with_capacity(table.places.len() * 5 + 524_288);
        let parts = [self.outputs.is_some(), self.rivals.is_some(), self.contraries.is_some()];
        let flags = parts.into_iter().chain([matches!(rows, Rows::Halves(_))]);
        out.push(self.kinds.to_bits());
        out.extend(flags.map(u8::from));
        let lengths = [self.types.len(), base.len(), table.shifts.len(), table.places.len(), rows.len()];
        lengths.iter().for_each(|&count| out.extend((count as u32).to_le_bytes()));
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
        if let Some(rivals) = &self.rivals {
            rivals.write(&mut out);
        }
        if let Some(contraries) = &self.contraries {
            contraries.write(&mut out);
        }
        out.extend_from_slice(&table.shifts);
        for (fingerprint, number) in &table.places {
            out.extend(fingerprint.to_le_bytes());
            out.extend(number.to_le_bytes());
        }
        squares.iter().for_each(|square| out.extend(square.to_le_bytes()));
        match rows {
            Rows::Bytes { numbers, .. } => (out, numbers.iter().map(|&number| number as u8).collect()),
            Rows::Halves(halves) => {
                let Listed { counts, eights } = halves.listed();
                out.extend((eights.len() as u32).to_le_bytes());
                out.extend(counts);
                eights.iter().for_each(|&(distance, _)| out.push(distance));
                eights.iter().for_each(|&(_, more)| out.push(more as u8));
                (out, halves.bytes().to_vec())
            }
        }
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
        let lengths = (input.count()?, input.count()?);
        let (content, start) = decompress(&bytes[input.at..sealed], lengths).ok_or(ModelError::Damaged(input.at))?;
        Model::from_content(content, start, start + lengths.0)
    }

    /// From what was in a file: from `start`, and the rows from `rows_start`.
    fn from_content(content: Vec<u8>, start: usize, rows_start: usize) -> Result<Model, ModelError> {
        let mut input = Input { bytes: &content[..rows_start], at: start };
        let [kinds, has_outputs, has_rivals, has_contraries, in_halves] = input.array()?;
        let kinds = Kinds::from_bits(kinds);
        let mut counts = [0; 5];
        for count in &mut counts {
            *count = input.count()?;
        }
        let [types, width, buckets, places, rows] = counts;
        let mut block_weights = [0.0; BLOCKS];
        block_weights.copy_from_slice(&input.floats(BLOCKS)?);
        let types = (0..types).map(|_| input.type_model()).collect::<Result<Vec<_>, _>>()?;
        let (steps, base) = (input.floats(width)?, input.floats(width)?);
        let outputs = if has_outputs == 1 { Some(input.outputs(types.len(), width)?) } else { None };
        let rivals = if has_rivals == 1 { Some(input.part(Rivals::read)?) } else { None };
        let contraries = |bytes: &mut &[u8]| Contraries::read(bytes, types.len());
        let contraries = if has_contraries == 1 { Some(input.part(contraries)?) } else { None };
        let shifts = input.take(buckets)?.to_vec();
        let pair = |[a, b, c, d]: [u8; 4]| (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]));
        let places = input.numbers(places, pair)?;
        let squares = input.numbers(rows.div_ceil(SHARING), u16::from_le_bytes)?;
        let consistent = width > 0
            && [has_outputs, has_rivals, has_contraries, in_halves].iter().all(|&flag| flag < 2)
            && (has_outputs == 1 || width == types.len());
        let most = rows.checked_sub(1).filter(|_| consistent);
        let table = most.and_then(|most| Table::from_parts(shifts, places, most));
        let table = table.ok_or(ModelError::Damaged(input.at))?;
        let listed = if in_halves == 1 { Some(input.listed(rows)?) } else { None };
        let at = input.at;
        let rows = match listed {
            Some(listed) => Halves::new(content, rows_start, width, &listed).map(Rows::Halves),
            None => rows.checked_mul(width).filter(|&length| length == content.len() - rows_start).map(|_| {
                let numbers = content[rows_start..].iter().map(|&number| number as i8).collect();
                Rows::Bytes { numbers, width }
            }),
        };
        let rows = rows.filter(|_| at == rows_start).ok_or(ModelError::Damaged(at))?;
        let layer = Layer { table, squares, rows, steps, base };
        Ok(Model { rivals, contraries, ..Model::new(types, kinds, block_weights, layer, outputs) })
    }
}

/// Whether this processor has what [`Model::score_with_wide_vectors`] needs.
#[cfg(target_arch = "x86_64")]
fn has_wide_vectors() -> bool {
    static HAS: LazyLock<bool> = LazyLock::new(|| {
        use std::arch::is_x86_feature_detected as has;
        has!("avx2") && has!("bmi1") && has!("bmi2") && has!("lzcnt") && has!("popcnt")
    });
    *HAS
}

/// Most bytes that a model can have: a damaged length asks for no more memory.
const MOST_BYTES: usize = 64 << 20;
/// How hard zstd tries. Weights repeat nothing: a higher level finds short chance repetitions, which make the file larger and slow to read.
const LEVEL: i32 = 1;

fn compress(content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(zstd_safe::compress_bound(content.len()));
    zstd_safe::compress(&mut out, content, LEVEL).expect("the output has room for the worst case");
    out
}

/// The content of two parts of `lengths` bytes that was compressed to `bytes`, if that is what they are, and where it begins: so that
/// a cache line begins with the second part.
fn decompress(bytes: &[u8], lengths: (usize, usize)) -> Option<(Vec<u8>, usize)> {
    let length = lengths.0.checked_add(lengths.1).filter(|&length| length <= MOST_BYTES)?;
    let (mut content, start) = aligned(lengths.0, lengths.1);
    let found = zstd_safe::decompress(&mut content[start..][..length], bytes).ok()?;
    content.truncate(start + length);
    (found == length).then_some((content, start))
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

/// A vocabulary, most frequent features first: what is read most lies together.
#[derive(Debug, Clone)]
pub(crate) struct Features {
    pub keys: Vec<u64>,
    /// Squares of the inverse document frequencies, in steps; the same for each [`SHARING`] neighbours.
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

    fn listed(&mut self, rows: usize) -> Result<Listed, ModelError> {
        let count = self.count()?;
        let counts = self.take(rows)?.to_vec();
        let (distances, eights) = (self.take(count)?, self.take(count)?);
        let eights = distances.iter().zip(eights).map(|(&distance, &eights)| (distance, eights as i8)).collect();
        Ok(Listed { counts, eights })
    }

    /// A part of the model that reads itself from the front of the bytes.
    fn part<T>(&mut self, read: impl FnOnce(&mut &[u8]) -> Option<T>) -> Result<T, ModelError> {
        let mut rest = &self.bytes[self.at..];
        let part = read(&mut rest).ok_or(ModelError::Damaged(self.at))?;
        self.at = self.bytes.len() - rest.len();
        Ok(part)
    }

    fn type_model(&mut self) -> Result<TypeModel, ModelError> {
        let length = self.take(1)?[0] as usize;
        let id = String::from_utf8_lossy(self.take(length)?).into_owned();
        Ok(TypeModel { id, calibration: Calibration::from_numbers(&self.floats(Calibration::NUMBERS)?) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scores a text with and without wide vectors, if this processor has them; the scores must be the same to the bit.
    #[cfg(target_arch = "x86_64")]
    #[allow(unsafe_code)]
    fn is_scored_alike(heading: &str, text: &str) {
        static MODEL: LazyLock<Model> =
            LazyLock::new(|| Model::from_bytes(include_bytes!("../../../models/clauses.bin")).unwrap());
        let (mut plain, mut wide) = (Workspace::default(), Workspace::default());
        let bits = |work: &Workspace| work.scores.iter().map(|score| score.to_bits()).collect::<Vec<u32>>();
        MODEL.score_with(heading, text, &mut plain);
        if has_wide_vectors() {
            // SAFETY: this processor has the instructions.
            unsafe { MODEL.score_with_wide_vectors(heading, text, &mut wide) };
            assert_eq!(bits(&plain), bits(&wide), "{text:?}");
        }
    }

    #[cfg(target_arch = "x86_64")]
    mod wide_vectors_change_nothing {
        use super::is_scored_alike;
        use proptest::prelude::*;

        #[test]
        fn in_sentences() {
            include_str!("../tests/sentences.tsv").lines().for_each(|text| is_scored_alike("Terms > Liability", text));
        }

        #[test]
        fn in_a_clause_of_a_megabyte() {
            let sentence = "We don\u{2019}t sell \u{7}your data; \u{feff}мы 共有 \0 it 24/7.\r\n";
            is_scored_alike("", &sentence.repeat((1 << 20) / sentence.len() + 1));
            is_scored_alike("", &"x".repeat(1 << 20));
        }

        proptest! {
            #[test]
            fn in_any_text(heading in "\\PC{0,40}", text in "(\\PC|[\0-\u{7f}]|(may|not|sell|your data|we|liable|terms|[0-9]{1,3}|[.;!?\u{2019}]) ){0,300}") {
                is_scored_alike(&heading, &text);
            }
        }
    }
}
