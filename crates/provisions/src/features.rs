//! What the classifier sees of a clause: words, pairs of word beginnings, words of its headings, rules that it meets.
//!
//! A feature is a 64-bit key. The model's [`crate::table::Table`] holds the keys that it knows, so this is an explicit vocabulary, not
//! open hashing: an unknown n-gram falls on no weight (but for one in 65,536, by its fingerprint).
//!
//! To add a kind of feature, add its [`Kinds`] flag and the lines in [`extract`] that push its keys. What a kind costs is the number of
//! its keys, at about five nanoseconds each, and of those that are known, at as much again for each 64 numbers of the network.
use crate::normalise::Hints;
use crate::patterns;
use crate::phrases::{Hits, Seen};
use crate::reader::Reader;
use crate::words::{self, Word, Words};

/// Groups of features; each group is normalised and weighted on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Block {
    /// Words of the clause, and pairs of them.
    Words = 0,
    /// Beginnings of words, alone and in pairs.
    Stems = 1,
    /// Words and pairs of words of the headings above.
    Heading = 2,
    /// Hand-written rules that the clause meets.
    Rules = 3,
}

/// Number of [`Block`]s.
pub const BLOCKS: usize = 4;

/// Which kinds of features a model reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kinds(u8);

impl Kinds {
    /// Words of the clause.
    pub const WORDS: Kinds = Kinds(1);
    /// Pairs of neighbouring words.
    pub const WORD_PAIRS: Kinds = Kinds(2);
    /// Beginnings of the longer words.
    pub const STEMS: Kinds = Kinds(4);
    /// Beginnings of two neighbouring words.
    pub const STEM_PAIRS: Kinds = Kinds(8);
    /// Beginnings of two words with one between.
    pub const STEM_GAPS: Kinds = Kinds(16);
    /// Words and pairs of words of the headings, and the same of the nearest heading alone.
    pub const HEADING: Kinds = Kinds(32);
    /// Rules met, and types of rules met.
    pub const RULES: Kinds = Kinds(64);
    /// Clause types that the embedded reader takes into consideration, for a reader of something else.
    pub const TYPES: Kinds = Kinds(128);

    /// Both.
    pub const fn and(self, other: Kinds) -> Kinds {
        Kinds(self.0 | other.0)
    }

    /// Whether `other` is among them.
    pub const fn has(self, other: Kinds) -> bool {
        self.0 & other.0 == other.0
    }

    /// As a number, for the model file.
    pub const fn to_bits(self) -> u8 {
        self.0
    }

    /// From [`Self::to_bits`].
    pub const fn from_bits(bits: u8) -> Kinds {
        Kinds(bits)
    }
}

/// Buffers reused from clause to clause.
#[derive(Debug, Default)]
pub struct Scratch {
    /// The clause's words.
    pub words: Words,
    heading: Words,
    nearest: Words,
    pub(crate) seen: Seen,
    /// Rules that the clause meets, if they were asked for.
    pub(crate) met: Hits,
    /// What the clause's words tell of its language.
    pub(crate) hints: Hints,
    /// The clause's features by block, repetitions included.
    pub(crate) keys: [Vec<u64>; BLOCKS],
}

/// Reads a clause without its headings: its words and the keys of its features are in `scratch` afterwards.
pub fn extract(text: &str, kinds: Kinds, scratch: &mut Scratch) {
    extract_words(text, kinds, scratch);
    extract_rules(text, kinds, scratch);
}

/// The part of [`extract`] that reads words.
#[inline(always)]
pub(crate) fn extract_words(text: &str, kinds: Kinds, scratch: &mut Scratch) {
    let Scratch { words, keys: [of_words, of_stems, ..], .. } = scratch;
    of_words.clear();
    of_stems.clear();
    words.read(text);
    if kinds.has(Kinds::WORDS) {
        of_words.extend(words.list.iter().map(|word| named(WORD, word.whole)));
    }
    if kinds.has(Kinds::WORD_PAIRS) {
        push_pairs(&words.list, |word| word.whole, WORD, 1, of_words);
    }
    if kinds.has(Kinds::STEMS) {
        // A short word is its own stem, and a word already. No branch: which words are short is as good as random.
        of_stems.resize(words.len(), 0);
        let mut longer = 0;
        for word in &words.list {
            of_stems[longer] = named(STEM, word.stem);
            longer += usize::from(word.stem != word.whole);
        }
        of_stems.truncate(longer);
    }
    if kinds.has(Kinds::STEM_PAIRS) {
        push_pairs(&words.list, |word| word.stem, STEM, 1, of_stems);
    }
    if kinds.has(Kinds::STEM_GAPS) {
        push_pairs(&words.list, |word| word.stem, GAP, 2, of_stems);
    }
}

/// The part of [`extract`] that finds rules, after the words were read.
#[inline(always)]
pub(crate) fn extract_rules(text: &str, kinds: Kinds, scratch: &mut Scratch) {
    let Scratch { words, keys: [.., of_rules], seen, met, hints, .. } = scratch;
    of_rules.clear();
    if kinds.has(Kinds::RULES) {
        let names = patterns::names();
        *met = patterns::rules().find(words, seen);
        *hints = seen.hints();
        for names in met.iter().map_while(|rule| names.get(rule)) {
            of_rules.extend(names.map(|name| named(RULE, name)));
        }
    } else {
        *hints = Hints::of(words);
    }
    if kinds.has(Kinds::TYPES) {
        Reader::embedded().consider(text, |kind, score| {
            let levels = (0..).zip(LEVELS).filter(|&(_, level)| score > level);
            of_rules.extend(levels.map(|(level, _)| named(TYPE, hash_bytes(level, kind.id.as_bytes()))));
        });
    }
}

/// Scores of a type that are told apart as features.
const LEVELS: [f32; 4] = [-1.2, -0.6, 0.0, 0.6];

/// Reads the headings above a clause; the keys are in `scratch` afterwards, beside those of [`extract`].
///
/// Headings are a path (`Terms > 9. Disputes`); the words of its last part also count on their own: they are about this clause.
pub fn extract_heading(heading: &str, kinds: Kinds, scratch: &mut Scratch) {
    let Scratch { heading: path, nearest, keys, .. } = scratch;
    let keys = &mut keys[Block::Heading as usize];
    keys.clear();
    if !kinds.has(Kinds::HEADING) {
        return;
    }
    path.read(heading);
    push_sequence(&path.list, HEADING, keys);
    match heading.rsplit_once(" > ") {
        Some((_, last)) => {
            nearest.read(last);
            push_sequence(&nearest.list, NEAREST, keys);
        }
        None => push_sequence(&path.list, NEAREST, keys),
    }
}

fn push_sequence(words: &[Word], kind: u64, keys: &mut Vec<u64>) {
    keys.extend(words.iter().map(|word| named(kind, word.whole)));
    push_pairs(words, |word| word.whole, kind, 1, keys);
}

#[inline(always)]
fn push_pairs(words: &[Word], hash: impl Fn(&Word) -> u64, kind: u64, distance: usize, keys: &mut Vec<u64>) {
    let seconds = words.get(distance..).unwrap_or(&[]);
    let pairs = words.iter().zip(seconds);
    keys.extend(pairs.map(|(first, second)| named(kind, words::pair(hash(first), hash(second)))));
}

const WORD: u64 = 0x9e37_79b9_7f4a_7c15;
const STEM: u64 = 0xc2b2_ae3d_27d4_eb4f;
const GAP: u64 = 0xff51_afd7_ed55_8ccd;
const HEADING: u64 = 0x1656_67b1_9e37_79f9;
const NEAREST: u64 = 0x27d4_eb2f_1656_67c5;
const TYPE: u64 = 0x9fb2_1c65_1e98_df25;
const RULE: u64 = 0x85eb_ca77_c2b2_ae63;

/// The key of a hash as a feature of a kind.
#[inline(always)]
fn named(kind: u64, hash: u64) -> u64 {
    mix(kind ^ hash)
}

/// Spreads a number over all bits.
#[inline(always)]
pub(crate) fn mix(hash: u64) -> u64 {
    let a = (hash ^ hash >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93);
    a ^ a >> 32
}

/// Hash of any bytes.
pub(crate) fn hash_bytes(seed: u64, bytes: &[u8]) -> u64 {
    let step = |hash: u64, value: u64| (hash.rotate_left(5) ^ value).wrapping_mul(0x517c_c1b7_2722_0a95);
    let mut hash = seed;
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        hash = step(hash, u64::from_le_bytes(chunk.try_into().expect("eight bytes")));
    }
    let mut rest = 1;
    for &byte in chunks.remainder() {
        rest = rest << 8 | u64::from(byte);
    }
    step(hash, rest)
}
