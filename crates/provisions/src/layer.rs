//! Arithmetic of the model: rows of small numbers added up, and what follows from their sums.
//!
//! A feature has a row of as many numbers as the layer is wide. Sums are of integers, hence the same in any order; what is done with
//! them in single precision is done in a fixed order. Loops are over arrays of fixed length, which compilers turn into vector
//! instructions on any machine.
//!
//! Nearly all numbers of the rows that are read most lie within 8 of zero, and the processor waits longer for a row than it takes to add
//! it. So a number of a network has four bits, and rows with larger numbers have further bits elsewhere ([`Halves`]).
use crate::words::gather;

/// Bytes that are added at a time: a cache line.
const LINE: usize = 64;
/// What stands for zero in half a byte.
const ZERO: u8 = 8;
/// Most rows whose halves of bytes can be added in a byte.
const HALVES_IN_A_BYTE: usize = 17;
/// The same for quarters of bytes.
const QUARTERS_IN_A_BYTE: usize = 85;
/// Most rows that can be added in 16 bits: a multiple of both.
const IN_TWO_BYTES: usize = 48 * QUARTERS_IN_A_BYTE;

/// Rows of numbers from -127 to 127.
#[derive(Debug, Clone)]
pub(crate) enum Rows {
    /// Of any width: the rows one after the other.
    Bytes {
        /// The rows one after the other.
        numbers: Vec<i8>,
        /// Numbers in a row.
        width: usize,
    },
    /// Those of a network.
    Halves(Halves),
}

/// Rows of 128 or 256 numbers from -16 to 23.
#[derive(Debug, Clone)]
pub(crate) struct Halves {
    /// The rows' lines, from `start` on, where a cache line begins: numbers from -8 to 7, plus [`ZERO`]. In a line, 64 numbers are in the
    /// lower halves of its bytes, and those that follow in the upper halves.
    bytes: Vec<u8>,
    start: usize,
    /// Lines of a row.
    lines: usize,
    /// For each row, where in `eights` its own are, or 0.
    further: Vec<u16>,
    /// How many eights are to be added to numbers of a row. The first are none.
    eights: Vec<Eights>,
}

/// For each of 256 numbers, how many eights are to be added to it: from -1 to 2, plus 1. The first 64 are in the lowest quarters of all
/// bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(align(64))]
struct Eights([u8; LINE]);

/// The eights of all rows, as a file has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    /// To how many numbers of each row eights are to be added.
    pub(crate) counts: Vec<u8>,
    /// Each such number's distance from the one before in its row, or from the first number, and how many eights.
    pub(crate) eights: Vec<(u8, i8)>,
}

const NO_EIGHTS: Eights = Eights([0b01_01_01_01; LINE]);

/// Where the eights of chosen rows are.
#[derive(Debug, Default)]
pub(crate) struct Further {
    list: Vec<u16>,
    count: usize,
}

/// Room for `length` bytes that follow on `before` others, and where these begin, so that a cache line begins with those that follow.
pub(crate) fn aligned(before: usize, length: usize) -> (Vec<u8>, usize) {
    let room = vec![0; before + length + LINE];
    let address = room.as_ptr() as usize;
    let start = (address + before).next_multiple_of(LINE) - before - address;
    (room, start)
}

impl Default for Rows {
    fn default() -> Rows {
        Rows::Bytes { numbers: Vec::new(), width: 1 }
    }
}

impl Rows {
    /// Rows of these numbers, which are as many as there are rows times `width`.
    pub(crate) fn new(numbers: Vec<i8>, width: usize) -> Rows {
        Halves::of(&numbers, width).map_or(Rows::Bytes { numbers, width }, Rows::Halves)
    }

    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        match self {
            Rows::Bytes { numbers, width } => numbers.len() / width,
            Rows::Halves(halves) => halves.further.len(),
        }
    }

    /// Adds the sums of the rows of these numbers, for which [`Self::fetch`] was called, times `factor`, to `totals`, which has a number
    /// for each column. `sums` is a buffer.
    #[inline(always)]
    pub(crate) fn add(&self, chosen: &[u16], further: &Further, factor: f32, sums: &mut Vec<i32>, totals: &mut [f32]) {
        sums.clear();
        sums.resize(totals.len(), 0);
        match self {
            Rows::Bytes { numbers, width } => {
                for &number in chosen {
                    let row = &numbers[usize::from(number) * width..][..*width];
                    sums.iter_mut().zip(row).for_each(|(sum, &number)| *sum += i32::from(number));
                }
            }
            Rows::Halves(halves) => halves.add(chosen, &further.list[..further.count], sums),
        }
        for (total, &sum) in totals.iter_mut().zip(&*sums) {
            *total += sum as f32 * factor;
        }
    }

    /// Asks for every line that will be added: rows lie far apart, and until they are there something else can be done. What is found out
    /// about the rows is in `further` afterwards, for [`Self::add`].
    #[inline(always)]
    pub(crate) fn fetch(&self, chosen: &[u16], further: &mut Further) {
        let Rows::Halves(halves) = self else { return };
        let Further { list, count } = further;
        list.resize(chosen.len().max(list.len()), 0);
        let (lines, eights) = (halves.lines(), halves.eights.as_slice());
        let mut found = 0;
        for &number in chosen {
            let own = halves.further[usize::from(number)];
            list[found] = own;
            found += usize::from(own > 0);
            prefetch(&eights[usize::from(own)]);
            let first = usize::from(number) * halves.lines;
            // A row has one line or two.
            prefetch(&lines[first]);
            prefetch(&lines[first + halves.lines - 1]);
        }
        *count = found;
    }
}

/// Asks the processor to have a byte near when it is read.
#[inline(always)]
pub(crate) fn prefetch<T>(value: &T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: every processor of this kind has the instruction, and the address is that of a value.
    #[allow(unsafe_code)]
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(value).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = value;
}

impl Halves {
    /// Rows of these numbers, if they are not too wide or too large.
    fn of(numbers: &[i8], width: usize) -> Option<Halves> {
        if ![2 * LINE, 4 * LINE].contains(&width) || !numbers.iter().all(|number| (-16..24).contains(number)) {
            return None;
        }
        let (mut bytes, start) = aligned(0, numbers.len() / 2);
        let (mut counts, mut eights) = (Vec::new(), Vec::new());
        for (row, bytes) in numbers.chunks_exact(width).zip(bytes[start..].chunks_exact_mut(width / 2)) {
            let (mut before, first) = (0, eights.len());
            for (column, &number) in row.iter().enumerate() {
                let more = [-8, 8, 16].iter().filter(|&&bound| number >= bound).count() as i8 - 1;
                let (line, place) = (column / (2 * LINE), column % (2 * LINE));
                bytes[line * LINE + place % LINE] |=
                    ((number - 8 * more) as u8).wrapping_add(ZERO) << (place / LINE * 4);
                if more != 0 {
                    eights.push(((column - before) as u8, more));
                    before = column;
                }
            }
            counts.push(u8::try_from(eights.len() - first).ok()?);
        }
        Halves::new(bytes, start, width, &Listed { counts, eights })
    }

    /// Rows of `width` numbers whose lines begin at `start` in `bytes`, and which eights are to be added to them.
    pub(crate) fn new(bytes: Vec<u8>, start: usize, width: usize, listed: &Listed) -> Option<Halves> {
        let Listed { counts, eights } = listed;
        let lines = width / (2 * LINE);
        let is_sound = [2 * LINE, 4 * LINE].contains(&width)
            && bytes.len().checked_sub(start) >= Some(counts.len() * lines * LINE)
            && counts.iter().map(|&count| usize::from(count)).sum::<usize>() == eights.len()
            && eights.iter().all(|(_, more)| (-1..3).contains(more));
        let mut halves = Halves { bytes, start, lines, further: vec![0; counts.len()], eights: vec![NO_EIGHTS] };
        let mut rest = is_sound.then_some(eights.as_slice())?;
        halves.eights.reserve_exact(counts.iter().filter(|&&count| count > 0).count());
        for (further, &count) in halves.further.iter_mut().zip(counts).filter(|(_, count)| **count > 0) {
            let own;
            (own, rest) = rest.split_at(usize::from(count));
            *further = u16::try_from(halves.eights.len()).ok()?;
            let mut eights = NO_EIGHTS;
            let mut column = 0;
            for &(distance, more) in own {
                column += usize::from(distance);
                let byte = (column < width).then(|| &mut eights.0[column % LINE])?;
                *byte = byte.wrapping_add((more as u8) << (column / LINE * 2));
            }
            halves.eights.push(eights);
        }
        Some(halves)
    }

    /// The rows' lines.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..][..self.further.len() * self.lines * LINE]
    }

    #[inline(always)]
    fn lines(&self) -> &[[u8; LINE]] {
        self.bytes().as_chunks().0
    }

    /// The eights, as [`Self::new`] takes them.
    pub(crate) fn listed(&self) -> Listed {
        let (mut counts, mut eights) = (Vec::new(), Vec::new());
        for &further in &self.further {
            let (mut before, first) = (0, eights.len());
            for column in 0..self.lines * 2 * LINE {
                let more = self.more(further, column);
                if more != 0 {
                    eights.push(((column - before) as u8, more));
                    before = column;
                }
            }
            counts.push((eights.len() - first) as u8);
        }
        Listed { counts, eights }
    }

    fn more(&self, further: u16, column: usize) -> i8 {
        (self.eights[usize::from(further)].0[column % LINE] >> (column / LINE * 2) & 3) as i8 - 1
    }

    /// Adds the rows of these numbers, and the eights of those that have some, to sums.
    #[inline(always)]
    fn add(&self, chosen: &[u16], further: &[u16], sums: &mut [i32]) {
        let lines = self.lines();
        for (part, sums) in sums.chunks_exact_mut(2 * LINE).enumerate() {
            for chosen in chosen.chunks(IN_TWO_BYTES) {
                add_lines(lines, chosen, self.lines, part, sums);
            }
        }
        for further in further.chunks(IN_TWO_BYTES) {
            add_eights(&self.eights, further, sums);
        }
    }
}

/// Adds to `sums` the numbers of one line of each of at most [`IN_TWO_BYTES`] rows.
#[inline(always)]
fn add_lines(lines: &[[u8; LINE]], chosen: &[u16], per_row: usize, part: usize, sums: &mut [i32]) {
    let mut added = [[0u16; LINE]; 2];
    for chosen in chosen.chunks(HALVES_IN_A_BYTE) {
        let [mut low, mut high] = [[0u8; LINE]; 2];
        for &number in chosen {
            let line = &lines[usize::from(number) * per_row + part];
            for i in 0..LINE {
                low[i] += line[i] & 0xf;
                high[i] += line[i] >> 4;
            }
        }
        for (added, bytes) in added.iter_mut().zip([low, high]) {
            for i in 0..LINE {
                added[i] += u16::from(bytes[i]);
            }
        }
    }
    let zeros = i32::from(ZERO) * chosen.len() as i32;
    for (sums, added) in sums.chunks_exact_mut(LINE).zip(&added) {
        for (sum, &added) in sums.iter_mut().zip(added) {
            *sum += i32::from(added) - zeros;
        }
    }
}

/// Adds to `sums` at most [`IN_TWO_BYTES`] of `eights`.
#[inline(always)]
fn add_eights(eights: &[Eights], chosen: &[u16], sums: &mut [i32]) {
    let mut added = [[0u16; LINE]; 4];
    for chosen in chosen.chunks(QUARTERS_IN_A_BYTE) {
        let mut quarters = [[0u8; LINE]; 4];
        for &number in chosen {
            let line = &eights[usize::from(number)].0;
            for (quarter, bytes) in quarters.iter_mut().enumerate() {
                for i in 0..LINE {
                    bytes[i] += line[i] >> (2 * quarter) & 3;
                }
            }
        }
        for (added, bytes) in added.iter_mut().zip(quarters) {
            for i in 0..LINE {
                added[i] += u16::from(bytes[i]);
            }
        }
    }
    for (sums, added) in sums.chunks_exact_mut(LINE).zip(&added) {
        for (sum, &added) in sums.iter_mut().zip(added) {
            *sum += 8 * (i32::from(added) - chosen.len() as i32);
        }
    }
}

/// Types whose scores are added up at a time.
const TILE: usize = 160;

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
    chosen: Vec<(u16, i16)>,
    count: usize,
}

impl Active {
    /// Returns the largest number, which has [`MOST_STEPS`] steps.
    #[inline(always)]
    fn choose(&mut self, hidden: &[f32]) -> f32 {
        let mut lanes = [f32::MIN_POSITIVE; 32];
        for many in hidden.chunks(32) {
            for (most, &h) in lanes.iter_mut().zip(many) {
                *most = if h > *most { h } else { *most };
            }
        }
        for half in [16, 8, 4, 2, 1] {
            for i in 0..half {
                lanes[i] = if lanes[i + half] > lanes[i] { lanes[i + half] } else { lanes[i] };
            }
        }
        let most = lanes[0];
        let factor = MOST_STEPS / most;
        let Active { steps, chosen, count } = self;
        let length = hidden.len().next_multiple_of(64);
        steps.clear();
        steps.resize(length, 0);
        for (steps, &h) in steps.iter_mut().zip(hidden) {
            *steps = floor(if h > 0.0 { h * factor } else { 0.0 });
        }
        chosen.resize(length.max(chosen.len()), (0, 0));
        let mut above_zero = 0;
        for (block, steps) in steps.chunks_exact(64).enumerate() {
            let mut above = [0u8; 64];
            for i in 0..64 {
                above[i] = u8::from(steps[i] > 0);
            }
            let mut bits = 0;
            for (place, eight) in above.as_chunks().0.iter().enumerate() {
                bits |= gather(u64::from_le_bytes(*eight)) << (8 * place);
            }
            while bits != 0 {
                let number = bits.trailing_zeros() as usize % 64;
                chosen[above_zero] = ((block * 64 + number) as u16, steps[number]);
                above_zero += 1;
                bits &= bits - 1;
            }
        }
        *count = above_zero;
        most
    }
}

/// The whole part of a number from 0 to 4095, of operations that many numbers go through at once.
#[inline(always)]
fn floor(x: f32) -> i16 {
    /// Numbers from here on are whole, and as many as can be told from their lowest bits.
    const WHOLE: f32 = 8_388_608.0;
    let rounded = x + WHOLE;
    (rounded.to_bits() - WHOLE.to_bits()) as i16 - i16::from(rounded - WHOLE > x)
}

#[inline(always)]
fn add_products(tile: &[[i16; TILE]], active: &[(u16, i16)]) -> [i16; TILE] {
    let mut sums = [0i16; TILE];
    for &(number, steps) in active {
        let weights = &tile[usize::from(number)];
        for (sum, &weight) in sums.iter_mut().zip(weights) {
            *sum = sum.saturating_add(((i32::from(weight) * i32::from(steps)) >> 16) as i16);
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers from -16 to 16; in every third row some are beyond four bits.
    fn number(row: usize, column: usize) -> i8 {
        let mixed = (row * 257 + column).wrapping_mul(0x9e37_79b9) >> 9;
        if row.is_multiple_of(3) && mixed.is_multiple_of(7) { (mixed % 33) as i8 - 16 } else { (mixed % 16) as i8 - 8 }
    }

    fn numbers(count: usize, width: usize) -> Vec<i8> {
        (0..count * width).map(|i| number(i / width, i % width)).collect()
    }

    #[test]
    fn rows_add_up_whatever_their_number_and_width() {
        for width in [1, 9, 128, 130, 256] {
            let rows = Rows::new(numbers(300, width), width);
            assert!(matches!(rows, Rows::Halves(_)) == [128, 256].contains(&width) && rows.len() == 300);
            for count in [0, 1, 17, 18, 300, 9000] {
                let chosen: Vec<u16> = (0..count).map(|i| (i * 7 % 300) as u16).collect();
                let mut totals = vec![0.5; width];
                let mut further = Further::default();
                rows.fetch(&chosen, &mut further);
                rows.add(&chosen, &further, 0.25, &mut Vec::new(), &mut totals);
                for (column, &total) in totals.iter().enumerate() {
                    let sum: i32 = chosen.iter().map(|&row| i32::from(number(usize::from(row), column))).sum();
                    assert_eq!(total, 0.5 + sum as f32 * 0.25, "{width} {count} {column}");
                }
            }
        }
        assert!(matches!(Rows::new(vec![24; 128], 128), Rows::Bytes { .. }));
    }

    #[test]
    fn halves_come_back_and_unsound_ones_are_refused() {
        let halves = Halves::of(&numbers(40, 256), 256).unwrap();
        let Listed { counts, eights } = halves.listed();
        let new = |length: usize, width, counts: &[u8], eights: &[(u8, i8)]| {
            let listed = Listed { counts: counts.to_vec(), eights: eights.to_vec() };
            Halves::new(halves.bytes()[..length].to_vec(), 0, width, &listed)
        };
        let whole = halves.bytes().len();
        let again = new(whole, 256, &counts, &eights).unwrap();
        assert!(again.bytes() == halves.bytes() && again.further == halves.further && again.eights == halves.eights);
        assert!(new(whole - 1, 256, &counts, &eights).is_none(), "a row too few");
        assert!(new(whole, 256, &counts, &eights[1..]).is_none(), "another count");
        assert!(new(whole, 128, &counts, &eights).is_none(), "a column beyond the row");
        assert!(new(whole, 256, &[1], &[(0, 3)]).is_none(), "too many eights");
        assert!(new(whole, 200, &counts, &eights).is_none(), "a width without lines");
    }

    #[test]
    fn whole_parts_are_exact() {
        for i in 0..4095 * 64 {
            let x = i as f32 / 64.0;
            for x in [x.next_down().max(0.0), x, x.next_up()] {
                assert_eq!(floor(x), x as i16, "{x}");
            }
        }
        assert_eq!(floor(4095.0f32.next_up()), 4095);
    }

    #[test]
    fn hidden_numbers_above_zero_are_chosen() {
        let mut active = Active::default();
        let hidden: Vec<f32> = (0..20).map(|i| if i % 3 == 0 { i as f32 } else { -1.0 }).collect();
        assert_eq!(active.choose(&hidden), 18.0);
        let numbers: Vec<u16> = active.chosen[..active.count].iter().map(|chosen| chosen.0).collect();
        assert_eq!(numbers, [3, 6, 9, 12, 15, 18]);
        assert_eq!(active.chosen[5].1, 4095);
    }
}
