//! One pass from a clause's bytes to the hashes of its words: what the classifier reads with, at a few cycles a byte.
//!
//! The words are those of [`crate::normalise::Tokens`], which keeps their letters and where sentences end; here only hashes come out.
//! Bytes are folded first (lower case, `0` for digits, 0 between words) in a loop that compilers turn into vector instructions; then
//! the places where words begin and end are read off bit masks, so that no branch depends on a single letter.
use std::ops::Range;

use crate::normalise;

/// Bytes of a word that tell its stem apart: cheaper than a stemmer, and as good here.
pub(crate) const STEM: usize = 5;
/// Zero bytes after the folded text: masks are made of sixty-four bytes, and sixteen are read from the start of any word.
const PADDING: usize = 64 + 16;
/// Folded byte that ends a sentence.
const STOP: u8 = 0x10;
/// Most words that are read: far more than any real clause has, so that a megabyte of noise costs little.
pub(crate) const MOST_WORDS: usize = 4000;

/// A word of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Word {
    /// Hash of all of it.
    pub whole: u64,
    /// Hash of its beginning. A word of up to five bytes is its own stem: both hashes are the same.
    pub stem: u64,
    /// Its first sixteen bytes, the first one lowest; zero after its end.
    pub letters: u128,
}

/// The words of a text as hashes, in buffers that are reused from text to text.
#[derive(Debug, Default)]
pub struct Words {
    /// The words in order.
    pub list: Vec<Word>,
    folded: Vec<u8>,
    /// Buffer of [`fold`].
    spliced: Vec<u8>,
    /// Places where words begin and end, in turn; more may follow from texts before.
    edges: Vec<u32>,
    /// How many words had been read at the end of each sentence.
    stops: Vec<u32>,
}

impl Words {
    /// Reads `text`, replacing what was read before.
    #[inline(always)]
    pub fn read(&mut self, text: &str) {
        fold(text, &mut self.folded, &mut self.spliced);
        let count = self.find_edges();
        let edges = self.edges[..count].as_chunks().0;
        self.list.resize(edges.len().min(MOST_WORDS), Word::default());
        for (word, &[start, end]) in self.list.iter_mut().zip(edges) {
            word.read(&self.folded, start as usize, end as usize);
        }
    }

    /// Number of words.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is no word.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The words of each sentence, by number; a sentence may have none.
    pub fn sentences(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        let ends = self.stops.iter().map(|&stop| (stop as usize).min(self.len())).chain([self.len()]);
        ends.scan(0, |start, end| Some(std::mem::replace(start, end)..end))
    }

    /// Finds the places where words begin and end, in turn, and the ends of sentences; returns how many places there are.
    #[inline(always)]
    fn find_edges(&mut self) -> usize {
        self.stops.clear();
        self.edges.resize(self.edges.len().max(self.folded.len() + 64), 0);
        let mut count = 0;
        let mut before = 0;
        // The last bytes, fewer than 64, are padding.
        for (i, block) in self.folded.chunks_exact(64).enumerate() {
            let (inside, mut stops) = masks(block);
            let mut changes = inside ^ (inside << 1 | before);
            before = inside >> 63;
            while stops != 0 {
                let below = (stops & stops.wrapping_neg()) - 1;
                // A word may end at the very byte that ends the sentence: its end is not below, but it has begun.
                self.stops.push((count as u32 + (changes & below).count_ones()).div_ceil(2));
                stops &= stops - 1;
            }
            let place = &mut self.edges[count..count + changes.count_ones() as usize];
            for edge in place.iter_mut() {
                *edge = (i * 64) as u32 + changes.trailing_zeros();
                changes &= changes - 1;
            }
            count += place.len();
        }
        count
    }
}

impl Word {
    /// Reads the word from `start` to `end`.
    #[inline(always)]
    fn read(&mut self, folded: &[u8], start: usize, end: usize) {
        let sixteen = folded[start..].first_chunk().expect("there is padding");
        let mask = MASKS[(end - start).min(16)];
        let letters = u128::from_le_bytes(*sixteen) & mask;
        // Of all bytes in words, only the letters a to z have the second highest bit and not the highest.
        if end - start > 16 || letters & HIGHEST_TWO != LETTERS & mask {
            *self = unusual_word(&folded[start..end]);
            return;
        }
        // One by one: a word that is put together elsewhere and then copied is waited for.
        self.whole = hash(letters);
        self.stem = hash(letters & MASKS[STEM]);
        self.letters = letters;
    }
}

/// A long word, or one with digits (several in a row count as one) or letters beyond ASCII.
#[inline(never)]
fn unusual_word(bytes: &[u8]) -> Word {
    let mut word = [0; 48];
    let mut length = 0;
    for &byte in bytes {
        if length < word.len() && !(byte == b'0' && length > 0 && word[length - 1] == b'0') {
            word[length] = byte;
            length += 1;
        }
    }
    let kept = normalise::word_end(&word[..length]);
    word[kept..].fill(0);
    let first = u128::from_le_bytes(*word.first_chunk().expect("longer than sixteen bytes"));
    let stem = first & MASKS[stem_length(first)];
    Word { whole: hash_of_long(&word), stem: hash(stem), letters: first }
}

fn hash_of_long(word: &[u8; 48]) -> u64 {
    let mut hashed = 0u64;
    for (i, block) in word.chunks_exact(16).enumerate() {
        let letters = u128::from_le_bytes(block.try_into().expect("sixteen bytes"));
        if i == 0 || letters != 0 {
            hashed = hash(letters ^ u128::from(hashed));
        }
    }
    hashed
}

/// Hash of up to sixteen letters.
#[inline(always)]
pub(crate) fn hash(letters: u128) -> u64 {
    let (low, high) = (letters as u64, (letters >> 64) as u64);
    let mixed = low.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ high.wrapping_mul(0xc2b2_ae3d_27d4_eb4f).rotate_left(32);
    (mixed ^ mixed >> 29).wrapping_mul(0xd6e8_feb8_6659_fd93)
}

/// The lowest `i` bytes.
const MASKS: [u128; 17] = {
    let mut masks = [0; 17];
    let mut i = 1;
    while i < 17 {
        masks[i] = u128::MAX >> (128 - 8 * i);
        i += 1;
    }
    masks
};

/// The bit of each byte that is in no ASCII character.
pub(crate) const NOT_ASCII: u128 = u128::from_le_bytes([0x80; 16]);
const HIGHEST_TWO: u128 = u128::from_le_bytes([0xc0; 16]);
const LETTERS: u128 = u128::from_le_bytes([0x40; 16]);

/// A word of up to sixteen bytes, already folded, as its letters.
pub(crate) fn letters_of(word: &str) -> u128 {
    word.bytes().rev().fold(0, |letters, byte| letters << 8 | u128::from(byte))
}

/// Hash of two neighbouring words or stems.
#[inline(always)]
pub(crate) fn pair(before: u64, hash: u64) -> u64 {
    let both = before.rotate_left(23).wrapping_mul(0xc2b2_ae3d_27d4_eb4f) ^ hash;
    (both ^ both >> 31).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Hash of a word's first three bytes.
#[inline(always)]
pub(crate) fn beginning(letters: u128) -> u64 {
    (letters as u64 & 0xff_ffff | 1 << 24).wrapping_mul(0xc2b2_ae3d_27d4_eb4f)
}

/// The lowest `bytes` bytes of a word's letters.
pub(crate) fn mask(bytes: usize) -> u128 {
    MASKS[bytes.min(16)]
}

/// Bytes of a word's letters, at most sixteen.
pub(crate) fn length(letters: u128) -> usize {
    16 - letters.leading_zeros() as usize / 8
}

/// Bytes of the stem: five, or fewer where the fifth byte would cut a character.
#[inline]
fn stem_length(letters: u128) -> usize {
    let mut length = STEM;
    while (letters >> (8 * length)) as u8 & 0xc0 == 0x80 {
        length -= 1;
    }
    length
}

/// `text` with one byte for each ASCII byte: letters in lower case, digits `0`, [`STOP`] at the end of a sentence, anything else 0.
/// Letters beyond ASCII stay as UTF-8, in lower case; "don't" becomes "do not". `spliced` is a buffer.
#[inline(always)]
fn fold(text: &str, folded: &mut Vec<u8>, spliced: &mut Vec<u8>) {
    folded.clear();
    folded.resize(text.len() + PADDING, 0);
    if fold_ascii(text.as_bytes(), folded) {
        fold_special(text, folded, spliced);
    }
}

/// Bytes that are folded at a time.
const FOLDED_AT_ONCE: usize = 32;

/// Folds text as if it were ASCII; returns whether there is a byte that is folded to 0 and may stand for something else.
#[inline(always)]
fn fold_ascii(text: &[u8], folded: &mut [u8]) -> bool {
    let Some(last) = text.len().checked_sub(1) else { return false };
    folded[last] = fold_byte(text[last], b' ');
    let mut special = [0; FOLDED_AT_ONCE];
    special[0] = u8::from(is_special(text[last]));
    if last < FOLDED_AT_ONCE {
        for (i, out) in folded[..last].iter_mut().enumerate() {
            *out = fold_byte(text[i], text[i + 1]);
            special[0] |= u8::from(is_special(text[i]));
        }
    } else {
        // The last bytes again, so that there is no rest.
        let starts = (0..last / FOLDED_AT_ONCE).map(|i| i * FOLDED_AT_ONCE);
        for start in starts.chain([last - FOLDED_AT_ONCE]) {
            let (bytes, nexts) = (&text[start..][..FOLDED_AT_ONCE], &text[start + 1..][..FOLDED_AT_ONCE]);
            let folded = &mut folded[start..][..FOLDED_AT_ONCE];
            for i in 0..FOLDED_AT_ONCE {
                folded[i] = fold_byte(bytes[i], nexts[i]);
                special[i] |= u8::from(is_special(bytes[i]));
            }
        }
    }
    special.iter().fold(0, |any, special| any | special) > 0
}

/// Without a branch, so that many bytes can be folded at once.
#[inline(always)]
fn fold_byte(byte: u8, next: u8) -> u8 {
    let all_if = |holds: bool| u8::from(holds).wrapping_neg();
    let lower = byte | 0x20;
    let letter = all_if(lower.wrapping_sub(b'a') < 26);
    let digit = all_if(byte.wrapping_sub(b'0') < 10);
    let space = all_if(next == b' ') | all_if(next.wrapping_sub(b'\t') < 5);
    let stop = all_if(byte == b';') | all_if(byte == b'\n') | all_if(byte == b'!') | all_if(byte == b'?');
    let stop = stop | (all_if(byte == b'.') & space);
    (lower & letter) | (b'0' & digit) | (STOP & stop)
}

#[inline(always)]
fn is_special(byte: u8) -> bool {
    (byte >= 0x80) | (byte == b'\'') | (byte == b'`')
}

/// Mends what [`fold_ascii`] made of a text with apostrophes or characters beyond ASCII: most of them are in no word.
fn fold_special(text: &str, folded: &mut Vec<u8>, spliced: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    spliced.clear();
    // Up to here the text is read, and as much of what was made of it is in `spliced`.
    let (mut at, mut copied) = (0, 0);
    while let Some(found) = next_where(bytes, at, is_special) {
        let c = text[found..].chars().next().expect("the start of a character");
        at = found + c.len_utf8();
        let before = found.checked_sub(1).map_or(0, |before| bytes[before]);
        if before == b'.' && c.is_whitespace() {
            folded[found - 1] = STOP;
        }
        let is_negation =
            before | 0x20 == b'n' && normalise::is_apostrophe(c) && normalise::negation_follows(&text[at..]);
        if !is_negation && !is_in_words(c) {
            continue;
        }
        spliced.extend_from_slice(&folded[copied..found]);
        if is_negation {
            open_negation(spliced);
            at += 1;
        } else if c.is_numeric() {
            spliced.push(b'0');
        } else {
            c.to_lowercase().for_each(|c| spliced.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()));
        }
        copied = at;
    }
    if copied > 0 {
        spliced.extend_from_slice(&folded[copied..]);
        std::mem::swap(folded, spliced);
    }
}

/// Whether a character beyond ASCII is in words. Dashes, quotation marks and bullets, which are most of them, are told at once.
fn is_in_words(c: char) -> bool {
    !matches!(c, '\'' | '`' | '\u{2010}'..='\u{2027}') && c.is_alphanumeric()
}

/// The place of the first byte from `start` on that `is` tells, which has no branch: sixteen bytes are looked at together.
pub(crate) fn next_where(text: &[u8], start: usize, is: impl Fn(u8) -> bool) -> Option<usize> {
    let rest = &text[start..];
    let has_none = |block: &&[u8; 16]| !block.iter().fold(false, |any, &byte| any | is(byte));
    let blocks = rest.as_chunks().0.iter().take_while(has_none).count() * 16;
    let more = rest[blocks..].iter().position(|&byte| is(byte));
    more.map(|more| start + blocks + more)
}

/// "don" has been read of "don't": makes it "do not".
fn open_negation(folded: &mut Vec<u8>) {
    let start = folded.iter().rposition(|&byte| byte <= STOP).map_or(0, |at| at + 1);
    match &folded[start..] {
        b"can" => {}
        b"won" => {
            folded.truncate(start);
            folded.extend_from_slice(b"will");
        }
        _ => {
            folded.pop();
        }
    }
    folded.extend_from_slice(b"\0not");
}

/// For each of 64 bytes, a bit for being in a word and a bit for ending a sentence. Bytes in words have one of the highest three bits.
#[inline(always)]
fn masks(block: &[u8]) -> (u64, u64) {
    let (mut inside, mut stops) = (0, 0);
    for (j, eight) in block.chunks_exact(8).enumerate() {
        let eight = u64::from_le_bytes(eight.try_into().expect("eight bytes"));
        let word = eight >> 7 | eight >> 6 | eight >> 5;
        inside |= gather(word) << (8 * j);
        stops |= gather(eight >> 4 & !word) << (8 * j);
    }
    (inside, stops)
}

/// The lowest bit of each of eight bytes.
#[inline(always)]
pub(crate) fn gather(eight: u64) -> u64 {
    (eight & u64::from_le_bytes([1; 8])).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalise::Tokens;
    use proptest::prelude::*;

    fn hash_of(word: &str) -> u64 {
        let mut folded = word.as_bytes().to_vec();
        folded.resize(word.len() + PADDING, 0);
        let mut read = Word::default();
        read.read(&folded, 0, word.len());
        read.whole
    }

    fn agrees(text: &str) {
        let (mut words, mut tokens) = (Words::default(), Tokens::default());
        words.read(text);
        tokens.read(text);
        let expected: Vec<&str> = tokens.words().filter(|word| !word.is_empty()).collect();
        let hashes: Vec<u64> = expected.iter().map(|word| hash_of(word)).collect();
        let found: Vec<u64> = words.list.iter().map(|word| word.whole).collect();
        assert_eq!(found, hashes, "{text:?} as {expected:?}");
        let starts: Vec<usize> = words.sentences().filter(|words| !words.is_empty()).map(|words| words.start).collect();
        let opens = (0..tokens.len()).filter(|&i| !tokens.word(i).is_empty()).enumerate();
        let opens: Vec<usize> = opens.filter(|&(_, i)| tokens.opens_sentence(i)).map(|(word, _)| word).collect();
        assert_eq!(starts, opens, "{text:?} as {expected:?}");
    }

    #[test]
    fn words_are_those_of_tokens() {
        let plain =
            "We can't, won't and don't sell 1,200.50 of \u{201c}Your\u{2019}s\u{201d} ISN\u{2019}T in 30 days (b2b).";
        agrees(plain);
        agrees("internationalisation-of-everything pneumonoultramicroscopicsilicovolcanoconiosis 00000000000000000000");
        agrees("Straße ÉCOLE naïve Ístanbul ½ ٣٤٥ 日本語のテキスト n't can'tt don't");
        for line in include_str!("../tests/sentences.tsv").lines() {
            agrees(line);
        }
        assert_ne!(hash_of("share"), hash_of("shares"));
    }

    #[test]
    fn stems_are_the_first_five_bytes() {
        let stems = |text: &str| {
            let mut words = Words::default();
            words.read(text);
            words.list.iter().map(|word| word.stem).collect::<Vec<u64>>()
        };
        assert_eq!(stems("sharing shared share"), [hash_of("shari"), hash_of("share"), hash_of("share")]);
        assert_eq!(stems("abcdé abcde"), [hash_of("abcd"), hash_of("abcde")]);
        assert_eq!(stems("a2000000b1999"), [hash_of("a0b0")]);
    }

    proptest! {
        #[test]
        fn any_text_is_read_as_tokens(text in "(\\PC|[a-z '.0-9n\u{2019}t]){0,200}") {
            agrees(&text);
        }
    }
}
