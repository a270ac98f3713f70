//! Arithmetic of the model: rows of 8-bit numbers added up, and what follows from their sums.
//!
//! A feature has a row of as many numbers as the layer is wide. Sums are of integers, hence the same in any order; what is done with
//! them in single precision is done in a fixed order. Loops are over arrays of fixed length, which compilers turn into vector
//! instructions on any machine.

/// Numbers that are added at a time: a cache line of a row.
pub(crate) const LINE: usize = 64;

/// Part of a row, each number plus 128.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(align(64))]
struct Line([u8; LINE]);

/// What stands for zero.
const ZERO: u8 = 128;
/// Most rows whose numbers can be added in 16 bits.
const MOST_ROWS: usize = 256;

/// Rows of numbers from -127 to 127.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rows {
    lines: Vec<Line>,
    width: usize,
}

impl Rows {
    /// `count` rows of zeros.
    pub(crate) fn zeros(count: usize, width: usize) -> Rows {
        Rows { lines: vec![Line([ZERO; LINE]); count * width.div_ceil(LINE)], width }
    }

    /// Rows from the bytes of [`Self::to_bytes`], which must be a multiple of `width`, which must not be zero.
    pub(crate) fn from_bytes(bytes: &[u8], width: usize) -> Rows {
        let mut lines = Vec::with_capacity(bytes.len() / width * width.div_ceil(LINE));
        for part in bytes.chunks_exact(width).flat_map(|row| row.chunks(LINE)) {
            let mut line = [ZERO; LINE];
            line[..part.len()].copy_from_slice(part);
            lines.push(Line(line));
        }
        Rows { lines, width }
    }

    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.lines.len() / self.width.div_ceil(LINE).max(1)
    }

    /// The rows one after the other.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.lines.len() * LINE);
        for row in self.lines.chunks_exact(self.width.div_ceil(LINE)) {
            bytes.extend(row.iter().flat_map(|line| line.0).take(self.width));
        }
        bytes
    }

    pub(crate) fn set(&mut self, row: usize, column: usize, value: i8) {
        let line = row * self.width.div_ceil(LINE) + column / LINE;
        self.lines[line].0[column % LINE] = value.wrapping_add(ZERO as i8) as u8;
    }

    /// Adds the sums of the rows of these numbers, times `factor`, to `totals`, which has a number for each column, those that fill
    /// up the last line included.
    #[inline(always)]
    pub(crate) fn add(&self, numbers: &[u16], factor: f32, totals: &mut [f32]) {
        let per_row = self.width.div_ceil(LINE);
        self.fetch(numbers, per_row);
        for (part, totals) in totals.chunks_exact_mut(LINE).enumerate() {
            let mut sums = [0i32; LINE];
            for numbers in numbers.chunks(MOST_ROWS) {
                let added = self.add_line(numbers, per_row, part);
                let offset = i32::from(ZERO) * numbers.len() as i32;
                sums.iter_mut().zip(&added).for_each(|(sum, &added)| *sum += i32::from(added) - offset);
            }
            totals.iter_mut().zip(&sums).for_each(|(total, &sum)| *total += sum as f32 * factor);
        }
    }

    /// Reads a byte of every line that will be added: rows lie far apart, and the processor waits for many lines at once as for one.
    #[inline(always)]
    fn fetch(&self, numbers: &[u16], per_row: usize) {
        let mut any = 0;
        for &number in numbers {
            for line in &self.lines[usize::from(number) * per_row..][..per_row] {
                any |= line.0[0];
            }
        }
        std::hint::black_box(any);
    }

    #[inline(always)]
    fn add_line(&self, numbers: &[u16], per_row: usize, part: usize) -> [u16; LINE] {
        let mut sums = [0u16; LINE];
        for &number in numbers {
            let line = &self.lines[usize::from(number) * per_row + part].0;
            sums.iter_mut().zip(line).for_each(|(sum, &byte)| *sum += u16::from(byte));
        }
        sums
    }
}

/// Types whose scores are added up at a time.
const TILE: usize = 80;

/// From hidden numbers to scores: each hidden number, where above zero, adds its weight for each type.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Outputs {
    /// Scores without hidden numbers.
    pub(crate) base: Vec<f32>,
    /// Weights of each hidden number for each type, as steps.
    pub(crate) weights: Vec<i16>,
    /// What a step is worth.
    pub(crate) step: f32,
    /// The same by tile, then hidden number.
    tiles: Vec<[i16; TILE]>,
}

/// Largest step of a hidden number in [`Outputs::score`]: leaves room for sums of eight times as much.
const MOST_STEPS: f32 = 4095.0;

impl Outputs {
    /// From weights in steps, for each hidden number one for each type.
    pub(crate) fn new(base: Vec<f32>, weights: Vec<i16>, step: f32) -> Outputs {
        let types = base.len().max(1);
        let mut tiles = Vec::new();
        for start in (0..base.len()).step_by(TILE) {
            for row in weights.chunks_exact(types) {
                let mut tile = [0; TILE];
                let part = &row[start..types.min(start + TILE)];
                tile[..part.len()].copy_from_slice(part);
                tiles.push(tile);
            }
        }
        Outputs { base, weights, step, tiles }
    }

    /// From weights, for each hidden number one for each type.
    pub(crate) fn quantised(base: Vec<f32>, weights: &[f32]) -> Outputs {
        let step = weights.iter().fold(f32::MIN_POSITIVE, |most, w| most.max(w.abs())) / f32::from(i16::MAX);
        Outputs::new(base, weights.iter().map(|w| (w / step).round() as i16).collect(), step)
    }

    /// The scores of `hidden`, into `scores`.
    #[inline(always)]
    pub(crate) fn score(&self, hidden: &[f32], active: &mut Active, scores: &mut Vec<f32>) {
        scores.clear();
        scores.extend_from_slice(&self.base);
        let most = active.choose(hidden);
        let active = &active.chosen[..active.count];
        // Each product is rounded down: by half a step on average.
        let lost = active.len() as f32 * 0.5;
        let worth = self.step * most / MOST_STEPS * 65536.0;
        for (tile, scores) in self.tiles.chunks_exact(hidden.len().max(1)).zip(scores.chunks_mut(TILE)) {
            let sums = add_products(tile, active);
            scores.iter_mut().zip(&sums).for_each(|(score, &sum)| *score += (f32::from(sum) + lost) * worth);
        }
    }
}

/// The hidden numbers that are above zero, as steps of a fraction of the largest.
#[derive(Debug, Default)]
pub(crate) struct Active {
    steps: Vec<i16>,
    chosen: Vec<(u32, i16)>,
    count: usize,
}

impl Active {
    /// Returns the largest number, which has [`MOST_STEPS`] steps.
    #[inline(always)]
    fn choose(&mut self, hidden: &[f32]) -> f32 {
        let mut lanes = [f32::MIN_POSITIVE; 8];
        for eight in hidden.chunks(8) {
            lanes.iter_mut().zip(eight).for_each(|(most, &h)| *most = if h > *most { h } else { *most });
        }
        let most = lanes.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
        let factor = MOST_STEPS / most;
        self.steps.clear();
        self.steps.extend(hidden.iter().map(|&h| (h * factor) as i32 as i16));
        self.chosen.resize(hidden.len().max(self.chosen.len()), (0, 0));
        self.count = 0;
        for (number, &steps) in self.steps.iter().enumerate() {
            self.chosen[self.count] = (number as u32, steps);
            self.count += usize::from(steps > 0);
        }
        most
    }
}

#[inline(always)]
fn add_products(tile: &[[i16; TILE]], active: &[(u32, i16)]) -> [i16; TILE] {
    let mut sums = [0i16; TILE];
    for &(number, steps) in active {
        let weights = &tile[number as usize];
        for (sum, &weight) in sums.iter_mut().zip(weights) {
            *sum = sum.saturating_add(((i32::from(weight) * i32::from(steps)) >> 16) as i16);
        }
    }
    sums
}
