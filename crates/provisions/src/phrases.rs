//! A small matcher for hand-written rules over the words of a text.
//!
//! A rule is a line of phrases: `we may|we can > share|sell & your data ! do not sell`.
//! `|` separates alternatives, `&` asks for all of them in one sentence in any order, `>` asks for them in this order,
//! `!` (last) for none of them in that sentence. A phrase is whole words; a `*` at its end makes its last word a prefix.
//!
//! Phrases are looked up by the stem of their first word, or of their first two, so that most words of a text cost a bit test. A phrase
//! that is met sets a bit for each condition of each rule that it satisfies; the rules whose bits are all set are then a few
//! logical operations away, whatever their number.
use std::collections::HashMap;

use crate::words::{self, Words};

/// Most rules that one [`RuleSet`] holds.
pub const MOST_RULES: usize = 1024;
/// Most conditions that a rule joins by `&` or `>`.
const MOST_GROUPS: usize = 4;
/// Numbers of 64 bits that have a bit for each rule.
const BLOCKS: usize = MOST_RULES / 64;

/// Which rules a text meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hits([u64; BLOCKS]);

impl Default for Hits {
    fn default() -> Self {
        Hits([0; BLOCKS])
    }
}

impl Hits {
    /// Whether rule `i` is met.
    pub fn has(&self, i: usize) -> bool {
        self.0[i / 64] >> (i % 64) & 1 == 1
    }

    /// The rules that are met, in order.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(block, &bits)| bits_of(bits).map(move |bit| block * 64 + bit))
    }
}

fn bits_of(mut bits: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = bits.trailing_zeros() as usize;
        bits &= bits.wrapping_sub(1);
        (bit < 64).then_some(bit)
    })
}

/// What a word of a phrase asks of a word of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Word(u64),
    /// The letters behind the mask.
    Prefix(u128, u128),
}

/// A condition of a rule that a phrase satisfies: the rule, and the number of the condition or [`MOST_GROUPS`] for `!`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    rule: u16,
    group: u8,
}

#[derive(Debug)]
struct Phrase {
    asked: Vec<Asked>,
    parts: Vec<Part>,
}

/// Rules compiled together.
#[derive(Debug)]
pub struct RuleSet {
    phrases: Vec<Phrase>,
    /// Phrases by the key under which they are looked up.
    index: Index,
    /// Bits of the rules that have no condition of a number: those conditions count as met.
    absent: [[u64; BLOCKS]; MOST_GROUPS],
    ordered: [u64; BLOCKS],
    /// Numbers of 64 rules that are in use.
    blocks: usize,
}

/// Buffers of [`RuleSet::find`], reused from text to text.
#[derive(Debug, Default)]
pub struct Seen {
    /// Word and phrase, for each phrase met in the sentence.
    met: Vec<(u32, u16)>,
    woken: Vec<(u32, u64)>,
}

impl RuleSet {
    /// Compiles rules written as in the module's description; they are numbered in this order.
    ///
    /// # Panics
    /// When there are more than [`MOST_RULES`] rules, a rule has more than four conditions, or a phrase is a prefix of fewer than three
    /// letters: the tables are constants of this crate, and tested.
    pub fn compile<'a>(lines: impl Iterator<Item = &'a str>) -> RuleSet {
        let mut compiler = Compiler::default();
        let mut absent = [[u64::MAX; BLOCKS]; MOST_GROUPS];
        let mut ordered = [0; BLOCKS];
        let mut count = 0;
        for (rule, line) in lines.enumerate() {
            assert!(rule < MOST_RULES, "too many rules");
            let (wanted, unwanted) = line.split_once('!').unwrap_or((line, ""));
            for (group, text) in wanted.split(['&', '>']).enumerate() {
                compiler.add(text, Part { rule: rule as u16, group: group as u8 });
                absent[group][rule / 64] &= !(1 << (rule % 64));
            }
            compiler.add(unwanted, Part { rule: rule as u16, group: MOST_GROUPS as u8 });
            ordered[rule / 64] |= u64::from(wanted.contains('>')) << (rule % 64);
            count = rule + 1;
        }
        let index = Index::build(&compiler.keys);
        // A number beyond the last rule must never seem met.
        (count..MOST_RULES).for_each(|rule| absent[0][rule / 64] &= !(1 << (rule % 64)));
        RuleSet { phrases: compiler.phrases, index, absent, ordered, blocks: count.div_ceil(64) }
    }

    /// The rules that a text meets.
    pub fn find(&self, words: &Words, seen: &mut Seen) -> Hits {
        let mut hits = Hits::default();
        let Seen { met, woken } = seen;
        self.index.wake(words, woken);
        let mut woken = woken.iter().peekable();
        for sentence in words.sentences() {
            met.clear();
            while let Some(&&(at, key)) = woken.peek().filter(|(at, _)| (*at as usize) < sentence.end) {
                for &phrase in self.index.get(key) {
                    if self.phrases[phrase as usize].is_at(words, at as usize, sentence.end) {
                        met.push((at, phrase));
                    }
                }
                woken.next();
            }
            self.conclude(met, &mut hits);
        }
        hits
    }

    /// Adds the rules that the phrases of one sentence meet.
    fn conclude(&self, met: &[(u32, u16)], hits: &mut Hits) {
        if met.is_empty() {
            return;
        }
        let mut bits = [[0u64; BLOCKS]; MOST_GROUPS + 1];
        bits[..MOST_GROUPS].copy_from_slice(&self.absent);
        for &(_, phrase) in met {
            for part in &self.phrases[phrase as usize].parts {
                bits[part.group as usize][part.rule as usize / 64] |= 1 << (part.rule % 64);
            }
        }
        for block in 0..self.blocks {
            let [a, b, c, d, none_of] = bits.each_ref().map(|bits| bits[block]);
            let holds = a & b & c & d & !none_of & !hits.0[block];
            hits.0[block] |= holds & !self.ordered[block];
            let in_order = |&bit: &usize| self.in_order((block * 64 + bit) as u16, met);
            bits_of(holds & self.ordered[block]).filter(in_order).for_each(|bit| hits.0[block] |= 1 << bit);
        }
    }

    /// Whether each condition of a rule is met after the one before it.
    fn in_order(&self, rule: u16, met: &[(u32, u16)]) -> bool {
        let mut group = 0;
        let mut after = None;
        for &(at, phrase) in met {
            let wanted = Part { rule, group };
            if after < Some(at) && self.phrases[phrase as usize].parts.contains(&wanted) {
                after = Some(at);
                group += 1;
            }
        }
        (group as usize..MOST_GROUPS).all(|group| self.absent[group][rule as usize / 64] >> (rule % 64) & 1 == 1)
    }
}

impl Phrase {
    /// Whether the words from number `at`, and before `end`, are the phrase's.
    fn is_at(&self, words: &Words, at: usize, end: usize) -> bool {
        at + self.asked.len() <= end
            && self.asked.iter().zip(at..).all(|(asked, word)| match *asked {
                Asked::Word(hash) => words.whole[word] == hash,
                Asked::Prefix(mask, letters) => words.letters[word] & mask == letters,
            })
    }
}

/// Phrases by text, while rules are compiled.
#[derive(Default)]
struct Compiler {
    phrases: Vec<Phrase>,
    keys: Vec<u64>,
    numbers: HashMap<String, usize>,
}

impl Compiler {
    /// Lets each of the alternatives satisfy `part`.
    fn add(&mut self, alternatives: &str, part: Part) {
        for text in alternatives.split('|').map(str::trim).filter(|text| !text.is_empty()) {
            let number = self.number(text);
            if !self.phrases[number].parts.contains(&part) {
                self.phrases[number].parts.push(part);
            }
        }
    }

    fn number(&mut self, text: &str) -> usize {
        if let Some(&number) = self.numbers.get(text) {
            return number;
        }
        let mut words = Words::default();
        words.read(text.trim_end_matches('*'));
        let mut asked: Vec<Asked> = words.whole.iter().map(|&hash| Asked::Word(hash)).collect();
        let mut stems: Vec<Option<u64>> = words.stems.iter().map(|&stem| Some(stem)).collect();
        if let (true, Some(&letters)) = (text.ends_with('*'), words.letters.last()) {
            let last = asked.len() - 1;
            let mask = words::mask_of(letters);
            asked[last] = Asked::Prefix(mask, letters);
            // The stem of a word that begins like this is not known.
            if mask.count_ones() < 8 * words::STEM as u32 {
                stems[last] = None;
            }
        }
        let key = match stems.as_slice() {
            [Some(first), Some(second), ..] => words::pair(*first, *second),
            [Some(first), ..] => *first,
            _ => {
                let letters = words.letters.first().copied().unwrap_or(0);
                assert!(letters >> 16 != 0, "{text}: a prefix has three letters or more");
                words::beginning(letters)
            }
        };
        self.numbers.insert(text.to_owned(), self.phrases.len());
        self.phrases.push(Phrase { asked, parts: Vec::new() });
        self.keys.push(key);
        self.phrases.len() - 1
    }
}

/// Phrases by key.
#[derive(Debug)]
struct Index {
    /// A bit for the highest bits of each key.
    filter: Vec<u64>,
    /// Key, and where its phrases are in `phrases`; open addressing.
    slots: Vec<(u64, u32, u32)>,
    phrases: Vec<u16>,
}

/// Bits of a key that [`Index::filter`] knows: few enough that it stays in the fastest cache.
const FILTER_BITS: u32 = 15;

impl Index {
    fn build(keys: &[u64]) -> Index {
        let mut order: Vec<u16> = (0..keys.len() as u16).collect();
        order.sort_by_key(|&phrase| (keys[phrase as usize], phrase));
        let size = (keys.len() * 2).next_power_of_two().max(2);
        let mut index =
            Index { filter: vec![0; 1 << (FILTER_BITS - 6)], slots: vec![(0, 0, 0); size], phrases: order.clone() };
        let mut start = 0;
        for same in order.chunk_by(|&a, &b| keys[a as usize] == keys[b as usize]) {
            let key = keys[same[0] as usize];
            let bit = key >> (64 - FILTER_BITS);
            index.filter[bit as usize / 64] |= 1 << (bit % 64);
            let mut at = key as usize & (size - 1);
            while index.slots[at].2 > 0 {
                at = (at + 1) & (size - 1);
            }
            index.slots[at] = (key, start, start + same.len() as u32);
            start += same.len() as u32;
        }
        index
    }

    fn get(&self, key: u64) -> &[u16] {
        let mut at = key as usize & (self.slots.len() - 1);
        loop {
            let (found, start, end) = self.slots[at];
            if end == 0 || found == key {
                return &self.phrases[start as usize..end as usize];
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// The words at which a phrase may begin, with the keys that say so, in order.
    fn wake(&self, words: &Words, woken: &mut Vec<(u32, u64)>) {
        woken.clear();
        woken.resize(words.len() * 3, (0, 0));
        let mut count = 0;
        let mut test = |at: usize, key: u64| {
            let bit = key >> (64 - FILTER_BITS);
            let slot = &mut woken[count];
            *slot = (at as u32, key);
            count += (self.filter[bit as usize / 64] >> (bit % 64) & 1) as usize;
        };
        for (at, (&stem, &letters)) in words.stems.iter().zip(&words.letters).enumerate() {
            test(at, stem);
            test(at, words::beginning(letters));
            if let Some(&next) = words.stems.get(at + 1) {
                test(at, words::pair(stem, next));
            }
        }
        woken.truncate(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(rules: &[&str], text: &str) -> Vec<usize> {
        let mut words = Words::default();
        words.read(text);
        RuleSet::compile(rules.iter().copied()).find(&words, &mut Seen::default()).iter().collect()
    }

    #[test]
    fn alternatives_order_prefix_and_exclusion() {
        let rules = ["we may|we can > share*", "shar* > we may", "sell ! not sell", "a & b"];
        assert_eq!(hits(&rules, "We may sometimes share data."), [0]);
        assert_eq!(hits(&rules, "Sharing: we may."), [1]);
        assert_eq!(hits(&rules, "We don't sell it."), [] as [usize; 0]);
        assert_eq!(hits(&rules, "We sell it."), [2]);
    }

    #[test]
    fn conditions_must_meet_in_one_sentence() {
        assert_eq!(hits(&["a & b"], "b c a"), [0]);
        assert_eq!(hits(&["a & b"], "Only a. Then b."), [] as [usize; 0]);
        assert_eq!(hits(&["a & b"], "c. b a. d"), [0]);
    }

    #[test]
    fn phrases_of_several_words_and_short_prefixes() {
        let rules = ["from time to time", "third part*", "tax id*", "law*", "no warranties of", "e mail"];
        assert_eq!(hits(&rules, "From time to time, Third-Party laws; tax identifiers."), [0, 1, 2, 3]);
        assert_eq!(hits(&rules, "From time. To time third. Party; no warranties, of e-mail"), [4, 5]);
        assert_eq!(hits(&rules, "la ta third"), [] as [usize; 0]);
    }

    #[test]
    fn one_word_meets_one_condition_of_an_order() {
        assert_eq!(hits(&["share|share data > share"], "We share data."), [] as [usize; 0]);
        assert_eq!(hits(&["share > share"], "We share data and share again."), [0]);
    }
}
