//! A small matcher for hand-written rules over the words of a text.
//!
//! A rule is a line of phrases: `we may|we can > share|sell & your data ! do not sell`.
//! `|` separates alternatives, `&` asks for all of them in one sentence in any order, `>` asks for them in this order,
//! `!` (last) for none of them in that sentence. A phrase is whole words; a `*` at its end makes its last word a prefix.
//!
//! Phrases are looked up by the stem of their first word, or of their first two, so that most words of a text cost a bit test. A phrase
//! that is met sets a bit for each condition of each rule that it satisfies; the rules whose bits are all set are then a few
//! logical operations away, whatever their number.
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use crate::words::{self, Word, Words};

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

/// What a word of a phrase asks of a word of a text: these letters behind the mask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Asked {
    mask: u128,
    letters: u128,
}

impl Asked {
    fn is(&self, word: &Word) -> bool {
        word.letters & self.mask == self.letters
    }
}

/// A condition of a rule that a phrase satisfies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    rule: u16,
    /// Number of the condition, or [`NONE_OF`].
    group: u8,
    /// Whether the condition before it must be met by an earlier word.
    after: bool,
}

/// Number of the condition that must not be met.
const NONE_OF: u8 = MOST_GROUPS as u8;

/// The [`Part`]s of a phrase that are in one number of a [`State`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Parts {
    /// Which number: the condition's times [`BLOCKS`], and the block.
    place: u16,
    rules: u64,
    /// Those of them whose condition may be met at any time.
    free: u64,
}

/// A phrase, as it is compared where its key was found.
#[derive(Debug, Clone)]
struct Phrase {
    /// The letters of the first word, lowest part first, and how many of them count.
    letters: [u64; 2],
    length: u8,
    /// Words after the first, and where what is asked of them is in [`RuleSet::asked`].
    more: u8,
    asked: u16,
    /// Where in [`RuleSet::parts`] its parts are, the last condition of a rule first.
    parts: u16,
    ends: u16,
}

/// Rules compiled together.
#[derive(Debug)]
pub struct RuleSet {
    index: Index,
    /// In the order of their keys.
    phrases: Vec<Phrase>,
    asked: Vec<Asked>,
    parts: Vec<Parts>,
    /// For each number of a condition, the rules that have no such condition: it counts as met.
    absent: State,
    /// Numbers of 64 rules that are in use.
    blocks: usize,
}

/// For each number of a condition, a bit for each rule that has met it in the sentence.
type State = [u64; BLOCKS * (MOST_GROUPS + 1)];

/// Buffers of [`RuleSet::find`], reused from text to text.
#[derive(Debug, Default)]
pub struct Seen {
    /// Words at which a phrase may begin, with its key, and place for more.
    woken: Vec<(u32, u64)>,
    /// The phrases that begin at one word.
    here: Vec<u16>,
}

impl RuleSet {
    /// Compiles rules written as in the module's description; they are numbered in this order.
    ///
    /// # Panics
    /// When there are more than [`MOST_RULES`] rules, a rule has more than four conditions, or a phrase is a prefix of fewer than three
    /// letters: the tables are constants of this crate, and tested.
    pub fn compile<'a>(lines: impl Iterator<Item = &'a str>) -> RuleSet {
        RuleSet::compile_with(lines, |_| None)
    }

    /// As [`Self::compile`]; where `list` knows a phrase, it is a name for the phrases that come back, separated by `|`.
    ///
    /// # Panics
    /// As [`Self::compile`].
    pub fn compile_with<'a>(
        lines: impl Iterator<Item = &'a str>,
        list: impl Fn(&str) -> Option<Cow<'static, str>>,
    ) -> RuleSet {
        let mut compiler = Compiler {
            list,
            phrases: Vec::new(),
            numbers: HashMap::new(),
            written: HashMap::new(),
            words: Words::default(),
        };
        // A rule that does not exist must never seem met.
        let mut absent = [u64::MAX; BLOCKS * (MOST_GROUPS + 1)];
        absent[..BLOCKS].fill(0);
        absent[NONE_OF as usize * BLOCKS..].fill(0);
        let mut blocks = 0;
        for (rule, line) in lines.enumerate() {
            blocks = rule / 64 + 1;
            assert!(rule < MOST_RULES, "too many rules");
            let (wanted, unwanted) = line.split_once('!').unwrap_or((line, ""));
            for (group, text) in wanted.split(['&', '>']).enumerate() {
                assert!(group < MOST_GROUPS, "{line}: too many conditions");
                let after = group > 0 && wanted.contains('>');
                compiler.add(text, Part { rule: rule as u16, group: group as u8, after });
                absent[group * BLOCKS + rule / 64] &= !(1 << (rule % 64));
            }
            compiler.add(unwanted, Part { rule: rule as u16, group: NONE_OF, after: false });
        }
        compiler.into_rules(absent, blocks)
    }

    /// The rules that a text meets.
    #[inline(always)]
    pub fn find(&self, words: &Words, seen: &mut Seen) -> Hits {
        let mut hits = [Hits::default()];
        self.read(words, seen, &mut hits);
        let [hits] = hits;
        hits
    }

    /// The rules that each sentence of a text meets.
    pub fn find_by_sentence(&self, words: &Words, seen: &mut Seen) -> Vec<Hits> {
        let mut hits = vec![Hits::default(); words.sentences().count()];
        self.read(words, seen, &mut hits);
        hits
    }

    /// Adds the rules that each sentence meets to its own `hits`, or to the last if there are fewer.
    #[inline(always)]
    fn read(&self, words: &Words, seen: &mut Seen, hits: &mut [Hits]) {
        let Seen { woken, here } = seen;
        let count = self.index.wake(words, woken);
        let mut woken = &woken[..count];
        for (number, sentence) in words.sentences().enumerate() {
            let of_sentence = woken.partition_point(|&(at, _)| (at as usize) < sentence.end);
            let (own, rest) = woken.split_at(of_sentence);
            woken = rest;
            if !own.is_empty() {
                let hits = &mut hits[number.min(hits.len() - 1)];
                self.read_sentence(own, &words.list[..sentence.end], here, hits);
            }
        }
    }

    /// Adds the rules that the sentence meets which ends with `words`.
    #[inline(always)]
    fn read_sentence(&self, woken: &[(u32, u64)], words: &[Word], here: &mut Vec<u16>, hits: &mut Hits) {
        let mut state = self.absent;
        for same in woken.chunk_by(|a, b| a.0 == b.0) {
            here.clear();
            for &(at, key) in same {
                let begins =
                    |&number: &u16| self.phrases[usize::from(number)].begins(&words[at as usize..], &self.asked);
                here.extend(self.index.get(key).filter(begins));
            }
            self.meet(here, &mut state);
        }
        for (block, hits) in hits.0[..self.blocks].iter_mut().enumerate() {
            let [a, b, c, d, none_of] = [0, 1, 2, 3, 4].map(|group| state[group * BLOCKS + block]);
            *hits |= a & b & c & d & !none_of;
        }
    }

    /// Adds what phrases satisfy that begin at one word. Such a word must not meet two conditions in turn.
    #[inline(always)]
    fn meet(&self, here: &[u16], state: &mut State) {
        match here {
            [] => {}
            // The later conditions come first in a phrase.
            [only] => self.parts_of(*only).iter().for_each(|parts| state[usize::from(parts.place)] |= parts.met(state)),
            _ => {
                let before = *state;
                for parts in here.iter().flat_map(|&phrase| self.parts_of(phrase)) {
                    state[usize::from(parts.place)] |= parts.met(&before);
                }
            }
        }
    }

    fn parts_of(&self, phrase: u16) -> &[Parts] {
        let phrase = &self.phrases[usize::from(phrase)];
        &self.parts[usize::from(phrase.parts)..usize::from(phrase.ends)]
    }
}

impl Parts {
    /// The rules whose condition is met in this state.
    #[inline(always)]
    fn met(&self, state: &State) -> u64 {
        // A condition without one before it is free for all its rules.
        self.rules & (state[usize::from(self.place).saturating_sub(BLOCKS)] | self.free)
    }

    fn group(parts: &[Part]) -> Vec<Parts> {
        let mut grouped: Vec<Parts> = Vec::new();
        for part in parts {
            let place = u16::from(part.group) * BLOCKS as u16 + part.rule / 64;
            let bit = 1 << (part.rule % 64);
            let found = grouped.iter().position(|parts| parts.place == place);
            let at = found.unwrap_or_else(|| {
                grouped.push(Parts { place, rules: 0, free: 0 });
                grouped.len() - 1
            });
            grouped[at].rules |= bit;
            grouped[at].free |= if part.after { 0 } else { bit };
        }
        grouped.sort_by_key(|parts| u16::MAX - parts.place);
        grouped
    }
}

impl Phrase {
    #[inline]
    fn begins(&self, words: &[Word], asked: &[Asked]) -> bool {
        let letters = words[0].letters & words::mask(usize::from(self.length));
        if letters != u128::from(self.letters[0]) | u128::from(self.letters[1]) << 64 {
            return false;
        }
        let more = &asked[usize::from(self.asked)..][..usize::from(self.more)];
        more.len() < words.len() && more.iter().zip(&words[1..]).all(|(asked, word)| asked.is(word))
    }
}

/// Phrases while rules are compiled.
struct Compiler<'a, List> {
    list: List,
    /// Key, what is asked, what is satisfied.
    phrases: Vec<(u64, Vec<Asked>, Vec<Part>)>,
    /// The numbers of phrases by their text.
    numbers: HashMap<String, usize>,
    /// The numbers of the phrases that something written in a rule stands for: most of it is written in many rules.
    written: HashMap<&'a str, Rc<[usize]>>,
    words: Words,
}

impl<'a, List: Fn(&str) -> Option<Cow<'static, str>>> Compiler<'a, List> {
    /// Lets each of the alternatives satisfy `part`.
    fn add(&mut self, alternatives: &'a str, part: Part) {
        for text in alternatives.split('|').map(str::trim).filter(|text| !text.is_empty()) {
            for &number in self.written(text).iter() {
                let parts = &mut self.phrases[number].2;
                // The alternatives of one condition come one after the other.
                if parts.last() != Some(&part) {
                    parts.push(part);
                }
            }
        }
    }

    fn written(&mut self, text: &'a str) -> Rc<[usize]> {
        if let Some(known) = self.written.get(text) {
            return Rc::clone(known);
        }
        let list = (self.list)(text);
        let phrases = list.as_deref().unwrap_or(text).split('|').map(str::trim);
        let numbers: Rc<[usize]> = phrases.map(|phrase| self.number(phrase)).collect();
        self.written.insert(text, Rc::clone(&numbers));
        numbers
    }

    fn number(&mut self, phrase: &str) -> usize {
        if let Some(&known) = self.numbers.get(phrase) {
            return known;
        }
        let number = self.phrases.len();
        let (key, asked) = read_phrase(phrase, &mut self.words);
        self.phrases.push((key, asked, Vec::new()));
        self.numbers.insert(phrase.to_owned(), number);
        number
    }

    fn into_rules(mut self, absent: State, blocks: usize) -> RuleSet {
        self.phrases.sort_by_key(|phrase| phrase.0);
        let keys: Vec<u64> = self.phrases.iter().map(|phrase| phrase.0).collect();
        let (mut phrases, mut all_asked, mut all_parts) = (Vec::new(), Vec::new(), Vec::new());
        for (_, asked, parts) in self.phrases {
            let letters = asked[0].letters;
            let starts = (all_asked.len() as u16, all_parts.len());
            all_asked.extend_from_slice(&asked[1..]);
            all_parts.extend(Parts::group(&parts));
            assert!(all_parts.len().max(all_asked.len()) < usize::from(u16::MAX), "too many phrases");
            phrases.push(Phrase {
                letters: [letters as u64, (letters >> 64) as u64],
                length: words::length(asked[0].mask) as u8,
                more: (asked.len() - 1) as u8,
                asked: starts.0,
                parts: starts.1 as u16,
                ends: all_parts.len() as u16,
            });
        }
        RuleSet { index: Index::build(&keys), phrases, asked: all_asked, parts: all_parts, absent, blocks }
    }
}

/// What a phrase asks, and the key under which it is looked up: of the stems of its first two words, of its first word's stem, or of
/// the beginning of a short prefix.
fn read_phrase(text: &str, words: &mut Words) -> (u64, Vec<Asked>) {
    words.read(text.trim_end_matches('*'));
    let last = words.len().checked_sub(1).expect("a phrase has words");
    let mut asked: Vec<Asked> = Vec::with_capacity(words.len());
    let mut stems: Vec<Option<u64>> = Vec::with_capacity(words.len());
    for (number, word) in words.list.iter().enumerate() {
        let is_prefix = number == last && text.ends_with('*');
        let length = words::length(word.letters);
        // With the byte after its last, which is zero, a word is whole.
        asked.push(Asked { mask: words::mask(length + usize::from(!is_prefix)), letters: word.letters });
        // The stem of a word that begins with few letters is not known.
        stems.push((!is_prefix || length >= words::STEM).then_some(word.stem));
    }
    let key = match stems.as_slice() {
        [Some(first), Some(second), ..] => words::pair(*first, *second),
        [Some(first), ..] => *first,
        _ => {
            assert!(words::length(asked[0].letters) > 2, "{text}: a prefix has three letters or more");
            words::beginning(asked[0].letters)
        }
    };
    (key, asked)
}

/// Where the phrases of each key are.
#[derive(Debug)]
struct Index {
    /// A bit for the highest bits of each key.
    filter: Vec<u64>,
    /// Parts of keys with their phrases; open addressing. Two keys seldom have the same part, and phrases are compared anyway.
    slots: Vec<(u32, u16, u16)>,
}

fn part_of(key: u64) -> u32 {
    (key >> 32) as u32
}

/// Bits of a key that [`Index::filter`] knows: few enough that it stays in the fastest cache.
const FILTER_BITS: u32 = 16;

impl Index {
    /// Of sorted keys.
    fn build(keys: &[u64]) -> Index {
        assert!(keys.len() < usize::from(u16::MAX), "too many phrases");
        let size = (keys.len() * 2).next_power_of_two().max(2);
        let mut index = Index { filter: vec![0; 1 << (FILTER_BITS - 6)], slots: vec![(0, 0, 0); size] };
        let mut start = 0u16;
        for same in keys.chunk_by(|a, b| a == b) {
            let bit = same[0] >> (64 - FILTER_BITS);
            index.filter[bit as usize / 64] |= 1 << (bit % 64);
            let mut at = same[0] as usize & (size - 1);
            while index.slots[at].2 > 0 {
                assert!(index.slots[at].0 != part_of(same[0]), "two keys look the same");
                at = (at + 1) & (size - 1);
            }
            index.slots[at] = (part_of(same[0]), start, start + same.len() as u16);
            start += same.len() as u16;
        }
        index
    }

    fn get(&self, key: u64) -> Range<u16> {
        let mut at = key as usize & (self.slots.len() - 1);
        loop {
            let (found, start, end) = self.slots[at];
            if end == 0 || found == part_of(key) {
                return start..end;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// Puts the words at which a phrase may begin at the front of `woken`, with the keys that say so, in order; returns how many.
    #[inline(always)]
    fn wake(&self, words: &Words, woken: &mut Vec<(u32, u64)>) -> usize {
        woken.resize(woken.len().max(words.len() * 3), (0, 0));
        let mut count = 0;
        let mut test = |at: usize, key: u64| {
            let bit = key >> (64 - FILTER_BITS);
            woken[count] = (at as u32, key);
            count += (self.filter[bit as usize / 64] >> (bit % 64) & 1) as usize;
        };
        for (at, word) in words.list.iter().enumerate() {
            let next = words.list.get(at + 1).map_or(0, |next| next.stem);
            test(at, word.stem);
            test(at, words::beginning(word.letters));
            test(at, words::pair(word.stem, next));
        }
        count
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
