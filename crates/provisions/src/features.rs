//! What the classifier sees of a clause: hashed word 1-2-grams, the same of word stems with a gap allowed, heading words and rules met.
//!
//! Features are named by 64-bit hashes. The model lists the hashes that it knows, so this is an explicit vocabulary, not open
//! hashing: an unknown n-gram never falls on a known weight.
use crate::normalise::Tokens;
use crate::patterns;
use crate::phrases::{Hits, Seen};

/// Kinds of features; each kind is normalised and weighted on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Block {
    /// Words and pairs of neighbouring words of the clause.
    Words = 0,
    /// Beginnings of words, alone, in pairs of neighbours and in pairs with one word between.
    Stems = 1,
    /// Words and pairs of words of the headings above.
    Heading = 2,
    /// Hand-written rules that the clause meets.
    Rules = 3,
}

/// Number of [`Block`]s.
pub const BLOCKS: usize = 4;

/// Longest part of a clause that is read, in tokens: far above any real clause, so that a megabyte of noise costs little.
const MOST_TOKENS: usize = 4000;

/// Buffers reused from clause to clause.
#[derive(Debug, Default)]
pub struct Scratch {
    /// The clause's tokens.
    pub tokens: Tokens,
    heading: Tokens,
    seen: Seen,
}

/// Reads a clause: calls `emit` for each feature, repetitions included, and returns the rules that the clause meets.
/// The clause's tokens stay in `scratch`.
pub fn extract(heading: &str, text: &str, scratch: &mut Scratch, mut emit: impl FnMut(Block, u64)) -> Hits {
    scratch.tokens.read(text);
    emit_words(&scratch.tokens, &mut emit);
    scratch.heading.read(heading);
    emit_heading(&scratch.heading, heading, &mut emit);
    let hits = patterns::rules().find(scratch.tokens.folded(), &mut scratch.seen);
    for rule in hits.iter() {
        emit(Block::Rules, mix(RULE_SEED ^ patterns::stable_name(rule)));
        emit(Block::Rules, mix(RULE_SEED ^ patterns::type_name(rule)));
    }
    hits
}

/// Letters of a word that tell its stem apart: cheaper than a stemmer, and as good here.
const STEM: usize = 5;

fn emit_words(tokens: &Tokens, emit: &mut impl FnMut(Block, u64)) {
    let mut before = 0;
    // Stems of the last two words.
    let mut stems = [0, 0];
    for i in 0..tokens.len().min(MOST_TOKENS) {
        let word = tokens.word(i);
        let hash = hash_bytes(WORD_SEED, word.as_bytes());
        emit(Block::Words, mix(hash));
        let stem = hash_bytes(STEM_SEED, &word.as_bytes()[..word.floor_char_boundary(STEM)]);
        emit(Block::Stems, mix(stem));
        if before != 0 {
            emit(Block::Words, pair(before, hash));
            emit(Block::Stems, pair(stems[1], stem));
        }
        if stems[0] != 0 {
            emit(Block::Stems, pair(stems[0] ^ GAP_SEED, stem));
        }
        before = hash;
        stems = [stems[1], stem];
    }
}

/// Headings are a path (`Terms > 9. Disputes`); the words of its last part also count on their own: they are about this clause.
fn emit_heading(tokens: &Tokens, heading: &str, emit: &mut impl FnMut(Block, u64)) {
    let last_part = heading.rsplit(" > ").next().unwrap_or("");
    let mut last_words = Tokens::default();
    if last_part.len() < heading.len() {
        last_words.read(last_part);
    }
    let nearest = if last_part.len() < heading.len() { &last_words } else { tokens };
    emit_sequence(tokens, HEADING_SEED, emit);
    emit_sequence(nearest, NEAREST_SEED, emit);
}

fn emit_sequence(tokens: &Tokens, seed: u64, emit: &mut impl FnMut(Block, u64)) {
    let mut before = 0;
    for word in tokens.words().take(MOST_TOKENS) {
        let hash = hash_bytes(seed, word.as_bytes());
        emit(Block::Heading, mix(hash));
        if before != 0 {
            emit(Block::Heading, pair(before, hash));
        }
        before = hash;
    }
}

const WORD_SEED: u64 = 0x9e37_79b9_7f4a_7c15;
const STEM_SEED: u64 = 0xc2b2_ae3d_27d4_eb4f;
const GAP_SEED: u64 = 0xff51_afd7_ed55_8ccd;
const HEADING_SEED: u64 = 0x1656_67b1_9e37_79f9;
const NEAREST_SEED: u64 = 0x27d4_eb2f_1656_67c5;
const RULE_SEED: u64 = 0x85eb_ca77_c2b2_ae63;

fn step(hash: u64, value: u64) -> u64 {
    (hash.rotate_left(5) ^ value).wrapping_mul(0x517c_c1b7_2722_0a95)
}

/// Hash of a word; also names rules.
pub(crate) fn hash_bytes(seed: u64, bytes: &[u8]) -> u64 {
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

fn pair(before: u64, hash: u64) -> u64 {
    mix(step(before.rotate_left(17), hash))
}

/// Spreads the hash over all bits; never zero, which marks an empty place in the vocabulary's table.
fn mix(hash: u64) -> u64 {
    let a = (hash ^ hash >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93);
    (a ^ a >> 32).max(1)
}
