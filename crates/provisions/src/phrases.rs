//! A small matcher for hand-written rules over the words of a text.
//!
//! A rule is a line of phrases: `we may|we can > share|sell & your data ! do not sell`.
//! `|` separates alternatives, `&` asks for all of them in one sentence in any order, `>` asks for them in this order,
//! `!` (last) for none of them in that sentence. A phrase is whole words; a `*` at its end makes its last word a prefix.
//!
//! The words of phrases have numbers ([`Lexicon`]), by which phrases are followed in a tree ([`Tree`]). A phrase that is met sets a bit for
//! each condition of each rule that it satisfies; the rules whose bits are all set are then a few logical operations away, whatever
//! their number. A text consists of few different words: what one means to the rules is found out once and remembered ([`Memory`]).
use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::features::{hash_bytes, mix};
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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

impl Part {
    /// See [`Parts`].
    fn place(self) -> u8 {
        self.group * BLOCKS as u8 + (self.rule / 64) as u8
    }
}

/// Number of the condition that must not be met.
const NONE_OF: u8 = MOST_GROUPS as u8;

/// The [`Part`]s of a phrase that are in one number of a [`State`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Parts {
    rules: u64,
    /// Which number: the condition's times [`BLOCKS`], and the block.
    place: u8,
}

/// Names for phrases that many rules share.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shorthands {
    /// Names, each with the phrases that it stands for, separated by `|`.
    pub lists: &'static [(&'static str, &'static str)],
    /// What `~` before a phrase stands for: any of these phrases before it.
    pub negations: &'static [&'static str],
}

/// Rules compiled together.
#[derive(Debug)]
pub struct RuleSet {
    lexicon: Lexicon,
    tree: Tree,
    parts: Vec<Parts>,
    /// For each number of a condition, the rules whose condition may be met at any time: it need not come after the one before.
    free: State,
    /// For each number of a condition, the rules that have no such condition: it counts as met.
    absent: State,
    /// Numbers of 64 rules that are in use.
    blocks: usize,
    /// Tells this set from others in the same process; not 0.
    number: u64,
}

/// For each number of a condition, a bit for each rule that has met it in the sentence; as long as a power of two.
type State = [u64; (BLOCKS * (MOST_GROUPS + 1)).next_power_of_two()];

/// Buffers of [`RuleSet::find`], reused from text to text.
#[derive(Debug, Default)]
pub struct Seen {
    memory: Memory,
    /// For each word of the text, where in [`Memory::meanings`] it is.
    meanings: Vec<u16>,
    /// Where in [`RuleSet::parts`] the parts are of the phrases of more than one word that begin at one word.
    here: Vec<(u16, u16)>,
    /// What they satisfy, by place.
    fresh: Vec<(u8, u64)>,
}

/// What words mean to one set of rules, as far as it was asked for.
#[derive(Debug, Default)]
struct Memory {
    /// [`RuleSet::number`].
    rules: u64,
    meanings: Vec<Meaning>,
    /// Places in `meanings`, one more, by hash; open addressing.
    slots: Vec<u16>,
    /// Numbers among the words of phrases, to which meanings refer.
    numbers: Vec<u16>,
    /// What words satisfy, to which meanings refer.
    parts: Vec<Parts>,
}

/// What a word means.
#[derive(Debug, Clone, Copy)]
struct Meaning {
    letters: u128,
    /// A bit for each of its numbers, by the number's lowest bits.
    bits: u64,
    /// The same of the words that may follow it in phrases.
    next: u64,
    /// Where in [`Memory::numbers`] its numbers are: a word may be itself, and prefixes.
    numbers: (u32, u32),
    /// Where in [`Memory::parts`] is what it satisfies, the last condition of a rule first.
    parts: (u32, u32),
}

/// More words than these are forgotten before a text is read: places in [`Memory::meanings`] have 16 bits.
const ENOUGH: usize = 16384;

impl RuleSet {
    /// Compiles rules written as in the module's description; they are numbered in this order.
    ///
    /// # Panics
    /// When there are more than [`MOST_RULES`] rules, a rule has more than four conditions, or a prefix has fewer than two letters: the
    /// tables are constants of this crate, and tested.
    pub fn compile<'a>(lines: impl Iterator<Item = &'a str>) -> RuleSet {
        RuleSet::compile_with(lines, Shorthands::default())
    }

    /// As [`Self::compile`], with names for phrases.
    ///
    /// # Panics
    /// As [`Self::compile`].
    pub fn compile_with<'a>(lines: impl Iterator<Item = &'a str>, shorthands: Shorthands) -> RuleSet {
        let mut compiler = Compiler::new(shorthands);
        // A rule that does not exist must never seem met.
        let mut absent: State = [u64::MAX; _];
        absent[..BLOCKS].fill(0);
        absent[usize::from(NONE_OF) * BLOCKS..].fill(0);
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

    /// The rules that a text meets, with buffers that each thread keeps for these rules.
    pub fn find_in(&self, text: &str) -> Hits {
        thread_local! {
            static KEPT: RefCell<(Words, Mixed<u64, Seen>)> = RefCell::default();
        }
        KEPT.with_borrow_mut(|(words, seen)| {
            words.read(text);
            self.find(words, seen.entry(self.number).or_default())
        })
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
        seen.look_up(self, words);
        for (number, sentence) in words.sentences().enumerate() {
            if !sentence.is_empty() {
                self.read_sentence(sentence, seen, &mut hits[number.min(hits.len() - 1)]);
            }
        }
    }

    /// Adds the rules that the sentence of these words meets.
    #[inline(always)]
    fn read_sentence(&self, sentence: Range<usize>, seen: &mut Seen, hits: &mut Hits) {
        let Seen { memory, meanings, here, fresh } = seen;
        let mut state = self.absent;
        let meanings = &meanings[sentence];
        for (at, &number) in meanings.iter().enumerate() {
            let Meaning { next, parts, .. } = memory.meanings[usize::from(number)];
            let own = &memory.parts[parts.0 as usize..parts.1 as usize];
            let after = &meanings[at + 1..];
            let bits = after.first().map_or(0, |&next| memory.meanings[usize::from(next)].bits);
            fresh.clear();
            if next & bits != 0 {
                self.find_longer(number, after, memory, here);
                let longer = here.iter().flat_map(|&(first, end)| &self.parts[usize::from(first)..usize::from(end)]);
                fresh.extend(longer.map(|&parts| (parts.place, self.met(parts, &state))));
            }
            // The last condition comes first: a word must not meet two in turn.
            for &parts in own {
                state[usize::from(parts.place) % state.len()] |= self.met(parts, &state);
            }
            for &(place, rules) in fresh.iter() {
                state[usize::from(place) % state.len()] |= rules;
            }
        }
        for (block, hits) in hits.0[..self.blocks].iter_mut().enumerate() {
            let [a, b, c, d, none_of] = [0, 1, 2, 3, 4].map(|group| state[group * BLOCKS + block]);
            *hits |= a & b & c & d & !none_of;
        }
    }
}

impl RuleSet {
    /// The rules whose condition the parts meet in this state.
    #[inline(always)]
    fn met(&self, Parts { place, rules }: Parts, state: &State) -> u64 {
        let place = usize::from(place) % state.len();
        // A condition without one before it is free for all its rules.
        rules & (state[place.saturating_sub(BLOCKS)] | self.free[place])
    }

    /// Finds the phrases of more than one word that begin with the word of this meaning, with words of other meanings after it.
    #[inline(never)]
    fn find_longer(&self, number: u16, after: &[u16], memory: &Memory, here: &mut Vec<(u16, u16)>) {
        let Meaning { numbers, .. } = memory.meanings[usize::from(number)];
        here.clear();
        for &node in &memory.numbers[numbers.0 as usize..numbers.1 as usize] {
            self.tree.follow(node, after, memory, here);
        }
    }
}

impl Seen {
    /// Finds out what the words of a text mean to `rules`.
    #[inline(always)]
    fn look_up(&mut self, rules: &RuleSet, words: &Words) {
        let Seen { memory, meanings, .. } = self;
        if memory.rules != rules.number || memory.meanings.len() > ENOUGH {
            *memory = Memory { rules: rules.number, slots: vec![0; 64], ..Memory::default() };
        }
        meanings.clear();
        meanings.extend(words.list.iter().map(|word| memory.meaning(rules, word)));
    }
}

impl Memory {
    /// The place of what a word means to `rules`.
    #[inline(always)]
    fn meaning(&mut self, rules: &RuleSet, word: &Word) -> u16 {
        let at = self.slot(word.letters);
        match self.slots[at].checked_sub(1) {
            Some(number) if self.meanings[usize::from(number)].letters == word.letters => number,
            _ => self.look_further(rules, word, at),
        }
    }

    /// The slot of a word, if it is not taken.
    #[inline(always)]
    fn slot(&self, letters: u128) -> usize {
        let mixed = (letters as u64 ^ (letters >> 64) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 40) as usize & (self.slots.len() - 1)
    }

    #[inline(never)]
    fn look_further(&mut self, rules: &RuleSet, word: &Word, mut at: usize) -> u16 {
        while let Some(number) = self.slots[at].checked_sub(1) {
            if self.meanings[usize::from(number)].letters == word.letters {
                return number;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
        let meaning = self.learn(rules, word);
        self.meanings.push(meaning);
        self.slots[at] = self.meanings.len() as u16;
        if self.meanings.len() * 3 > self.slots.len() {
            self.grow();
        }
        self.meanings.len() as u16 - 1
    }

    fn grow(&mut self) {
        self.slots = vec![0; self.slots.len() * 4];
        for number in 0..self.meanings.len() {
            let mut at = self.slot(self.meanings[number].letters);
            while self.slots[at] > 0 {
                at = (at + 1) & (self.slots.len() - 1);
            }
            self.slots[at] = number as u16 + 1;
        }
    }

    /// What a word means that is read for the first time.
    fn learn(&mut self, rules: &RuleSet, word: &Word) -> Meaning {
        let first = self.numbers.len();
        rules.lexicon.numbers_of(word, &mut self.numbers);
        let numbers = &self.numbers[first..];
        let nodes = numbers.iter().map(|&number| &rules.tree.nodes[usize::from(number)]);
        let next = nodes.clone().fold(0, |next, node| next | node.next);
        let satisfied = nodes.flat_map(|node| &rules.parts[usize::from(node.parts.0)..usize::from(node.parts.1)]);
        let mut satisfied: Vec<Parts> = satisfied.copied().collect();
        satisfied.sort_by_key(|parts| u8::MAX - parts.place);
        satisfied.dedup_by(|more, parts| {
            let is_same = more.place == parts.place;
            if is_same {
                parts.rules |= more.rules;
            }
            is_same
        });
        let start = self.parts.len();
        self.parts.extend(satisfied);
        Meaning {
            letters: word.letters,
            bits: numbers.iter().fold(0, |bits, number| bits | 1 << (number % 64)),
            next,
            numbers: (first as u32, self.numbers.len() as u32),
            parts: (start as u32, self.parts.len() as u32),
        }
    }
}

/// A phrase, or the beginning of phrases.
#[derive(Debug, Clone, Copy, Default)]
struct Node {
    /// A bit for each word that may come next, after a negation also for what is negated, by the lowest bits of its number.
    next: u64,
    /// Where in [`RuleSet::parts`] the phrase's parts are, if it is one: the last condition of a rule first.
    parts: (u16, u16),
    /// Whether it is a negation: whatever is negated may come next.
    negates: bool,
}

/// The phrases of all rules, word by word.
#[derive(Debug)]
struct Tree {
    /// First those of one word, by the word's number; then that of a negation, whichever; then longer phrases.
    nodes: Vec<Node>,
    /// The number of phrases of one word: the node from which negated phrases go on.
    negation: u16,
    /// From a node and the number of the next word, in the upper half, to a node. Open addressing; no node is 0 but the first.
    steps: Vec<(u32, u16)>,
}

impl Tree {
    /// Adds to `here` the parts of phrases that begin with the node's words and go on with words of these meanings.
    fn follow(&self, node: u16, after: &[u16], memory: &Memory, here: &mut Vec<(u16, u16)>) {
        let Some((&meaning, after_that)) = after.split_first() else { return };
        let Meaning { bits, numbers, .. } = memory.meanings[usize::from(meaning)];
        let Node { next, negates, .. } = self.nodes[usize::from(node)];
        if next & bits != 0 {
            for &word in &memory.numbers[numbers.0 as usize..numbers.1 as usize] {
                if next >> (word % 64) & 1 == 1
                    && let Some(node) = self.step(node, word)
                {
                    let parts = self.nodes[usize::from(node)].parts;
                    if parts.0 < parts.1 {
                        here.push(parts);
                    }
                    self.follow(node, after_that, memory, here);
                }
            }
        }
        if negates {
            self.follow(self.negation, after, memory, here);
        }
    }

    fn step(&self, node: u16, word: u16) -> Option<u16> {
        let key = step_key(node, word);
        let mut at = step_place(key, self.steps.len());
        loop {
            match self.steps[at] {
                (_, 0) => return None,
                (found, next) if found == key => return Some(next),
                _ => at = (at + 1) & (self.steps.len() - 1),
            }
        }
    }
}

fn step_key(node: u16, word: u16) -> u32 {
    u32::from(node) << 16 | u32::from(word)
}

/// Where to look for a step first, in a table whose length is a power of two.
fn step_place(key: u32, length: usize) -> usize {
    (u64::from(key).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as usize & (length - 1)
}

/// A hash for small tables of trusted keys: rules are compiled whenever the program starts.
#[derive(Debug, Default)]
struct Mixer(u64);

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = hash_bytes(self.0, bytes);
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = mix(self.0 ^ number);
    }

    fn write_u16(&mut self, number: u16) {
        self.0 = mix(self.0 << 16 ^ u64::from(number));
    }

    fn write_u128(&mut self, number: u128) {
        self.0 = mix(self.0 ^ words::hash(number));
    }
}

type Mixed<K, V> = HashMap<K, V, BuildHasherDefault<Mixer>>;

/// Rules while they are compiled.
struct Compiler<'a> {
    shorthands: Shorthands,
    /// The numbers of the words of phrases.
    words: Mixed<Asked, u16>,
    /// The same, each with a key under which it is looked up.
    keys: Vec<(u64, Asked, u16)>,
    /// From a node and the number of a word to a node. Nodes of one word have the number of the word, others [`LONGER`] more than theirs.
    steps: Mixed<(u16, u16), u16>,
    /// The parts of phrases, by node.
    parts: Vec<(u16, Part)>,
    /// The nodes of what is written in rules: most of it is written in many.
    written: Mixed<&'a str, Rc<[u16]>>,
    buffer: Words,
}

/// What the numbers of nodes of more than one word begin with while rules are compiled: how many words there will be is not known.
const LONGER: u16 = 1 << 15;

impl<'a> Compiler<'a> {
    fn new(shorthands: Shorthands) -> Compiler<'a> {
        Compiler {
            shorthands,
            words: Mixed::default(),
            keys: Vec::new(),
            steps: Mixed::default(),
            parts: Vec::new(),
            written: Mixed::default(),
            buffer: Words::default(),
        }
    }

    /// Lets each of the alternatives satisfy `part`.
    fn add(&mut self, alternatives: &'a str, part: Part) {
        for text in alternatives.split('|').map(str::trim).filter(|text| !text.is_empty()) {
            for &node in self.written(text).iter() {
                self.parts.push((node, part));
            }
        }
    }

    fn written(&mut self, text: &'a str) -> Rc<[u16]> {
        if let Some(known) = self.written.get(text) {
            return Rc::clone(known);
        }
        let list = self.shorthands.lists.iter().find(|(name, _)| *name == text);
        let phrases = list.map_or(text, |(_, phrases)| phrases).split('|').map(str::trim);
        let nodes: Rc<[u16]> = phrases.map(|phrase| self.node(phrase)).collect();
        self.written.insert(text, Rc::clone(&nodes));
        nodes
    }

    /// The node of a phrase.
    fn node(&mut self, phrase: &str) -> u16 {
        let (mut node, phrase) = match phrase.strip_prefix('~') {
            Some(negated) => (Some(LONGER), negated),
            None => (None, phrase),
        };
        self.buffer.read(phrase.trim_end_matches('*'));
        let buffer = std::mem::take(&mut self.buffer);
        for (number, word) in buffer.list.iter().enumerate() {
            let is_prefix = number + 1 == buffer.len() && phrase.ends_with('*');
            let word = self.word(word, is_prefix);
            let longer = LONGER + 1 + self.steps.len() as u16;
            node = Some(node.map_or(word, |node| *self.steps.entry((node, word)).or_insert(longer)));
            assert!(self.steps.len() < usize::from(LONGER / 2), "too many phrases");
        }
        self.buffer = buffer;
        node.expect("a phrase has words")
    }

    /// The number of a word of a phrase.
    fn word(&mut self, word: &Word, is_prefix: bool) -> u16 {
        let length = words::length(word.letters);
        // With the byte after its last, which is zero, a word is whole.
        let asked = Asked { mask: words::mask(length + usize::from(!is_prefix)), letters: word.letters };
        let number = self.words.len() as u16;
        *self.words.entry(asked).or_insert_with(|| {
            assert!(number < LONGER / 2, "too many words");
            let third = |byte: u128| words::beginning(word.letters | byte << 16);
            match (is_prefix, length) {
                (true, ..2) => panic!("a prefix has two letters or more"),
                // A prefix of two letters is looked up by whatever comes third.
                (true, 2) => self.keys.extend((0..256).map(|byte| (third(byte), asked, number))),
                (true, ..words::STEM) => self.keys.push((third(0), asked, number)),
                _ => self.keys.push((word.stem, asked, number)),
            }
            number
        })
    }

    fn into_rules(mut self, absent: State, blocks: usize) -> RuleSet {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        for negation in self.shorthands.negations {
            self.node(negation);
        }
        let words = self.words.len() as u16;
        let place = |node: u16| if node < LONGER { node } else { node - LONGER + words };
        let mut nodes = vec![Node::default(); self.words.len() + 1 + self.steps.len()];
        let mut steps = vec![(0, 0); (self.steps.len() * 2).next_power_of_two().max(2)];
        for (&(from, word), &to) in &self.steps {
            nodes[usize::from(place(from))].next |= 1 << (word % 64);
            let key = step_key(place(from), word);
            let mut at = step_place(key, steps.len());
            while steps[at].1 > 0 {
                at = (at + 1) & (steps.len() - 1);
            }
            steps[at] = (key, place(to));
        }
        for negation in self.shorthands.negations {
            let negated = nodes[usize::from(words)].next;
            let node = &mut nodes[usize::from(place(self.node(negation)))];
            (node.negates, node.next) = (true, node.next | negated);
        }
        self.parts.sort_unstable_by_key(|&(node, part)| {
            u64::from(node) << 32 | u64::from(part.group) << 16 | u64::from(part.rule)
        });
        let (mut parts, mut free) = (Vec::new(), [0; _]);
        for (_, part) in self.parts.iter().filter(|(_, part)| !part.after) {
            free[usize::from(part.place())] |= 1 << (part.rule % 64);
        }
        for same in self.parts.chunk_by(|a, b| a.0 == b.0) {
            let first = parts.len();
            parts.extend(Parts::group(same));
            assert!(parts.len() < usize::from(u16::MAX), "too many conditions");
            nodes[usize::from(place(same[0].0))].parts = (first as u16, parts.len() as u16);
        }
        RuleSet {
            lexicon: Lexicon::build(self.keys),
            tree: Tree { nodes, negation: words, steps },
            parts,
            free,
            absent,
            blocks,
            number: NEXT.fetch_add(1, Ordering::Relaxed),
        }
    }
}

impl Parts {
    /// The parts of one phrase, which are sorted by condition and rule; the last condition comes first.
    fn group(parts: &[(u16, Part)]) -> impl Iterator<Item = Parts> {
        parts.chunk_by(|a, b| a.1.place() == b.1.place()).rev().map(|same| {
            let rules = same.iter().fold(0, |rules, (_, part)| rules | 1 << (part.rule % 64));
            Parts { place: same[0].1.place(), rules }
        })
    }
}

/// The words of phrases, looked up by stem or beginning.
#[derive(Debug)]
struct Lexicon {
    /// Parts of keys with their words; open addressing. Two keys seldom have the same part, and words are compared anyway.
    slots: Vec<(u32, u16, u16)>,
    /// What is asked of each word, in the order of keys, and the word's number.
    asked: Vec<Asked>,
    numbers: Vec<u16>,
}

fn part_of(key: u64) -> u32 {
    (key >> 32) as u32
}

impl Lexicon {
    /// Of keys with what is asked of a word and the word's number.
    fn build(mut keys: Vec<(u64, Asked, u16)>) -> Lexicon {
        keys.sort_unstable_by_key(|&(key, _, number)| (key, number));
        let size = (keys.len() * 2).next_power_of_two().max(2);
        let mut lexicon = Lexicon {
            slots: vec![(0, 0, 0); size],
            asked: keys.iter().map(|&(_, asked, _)| asked).collect(),
            numbers: keys.iter().map(|&(_, _, number)| number).collect(),
        };
        let mut start = 0u16;
        for same in keys.chunk_by(|a, b| a.0 == b.0) {
            let key = same[0].0;
            let mut at = key as usize & (size - 1);
            while lexicon.slots[at].2 > 0 {
                assert!(lexicon.slots[at].0 != part_of(key), "two keys look the same");
                at = (at + 1) & (size - 1);
            }
            lexicon.slots[at] = (part_of(key), start, start + same.len() as u16);
            start += same.len() as u16;
        }
        lexicon
    }

    fn get(&self, key: u64) -> Range<usize> {
        let mut at = key as usize & (self.slots.len() - 1);
        loop {
            let (found, start, end) = self.slots[at];
            if end == 0 || found == part_of(key) {
                return usize::from(start)..usize::from(end);
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// Adds to `numbers` those that a word of a text has among the words of phrases.
    fn numbers_of(&self, word: &Word, numbers: &mut Vec<u16>) {
        for key in [word.stem, words::beginning(word.letters)] {
            let range = self.get(key);
            let asked = self.asked[range.clone()].iter().zip(&self.numbers[range]);
            numbers.extend(asked.filter(|(asked, _)| asked.is(word)).map(|(_, &number)| number));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prop::collection::vec;
    use proptest::prelude::*;

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
    fn names_stand_for_lists_and_a_tilde_for_negations() {
        let shorthands = Shorthands { lists: &[("@who", "we|our staff")], negations: &["not", "no longer", "not to"] };
        let hits = |rules: &[&str], text: &str| {
            let mut words = Words::default();
            words.read(text);
            let rules = RuleSet::compile_with(rules.iter().copied(), shorthands);
            rules.find(&words, &mut Seen::default()).iter().collect::<Vec<usize>>()
        };
        let rules = ["@who > ~sell*", "~share your|not", "~rent ! no longer", "to sell"];
        assert_eq!(hits(&rules, "Our staff does not sell it."), [0, 1]);
        assert_eq!(hits(&rules, "We promise not to sell it."), [0, 1, 3]);
        assert_eq!(hits(&rules, "We no longer share our data, or rent it."), [] as [usize; 0]);
        assert_eq!(hits(&rules, "We no longer share your data, and don't rent it."), [1]);
        assert_eq!(hits(&rules, "Staff does not. Sell it. We no longer. Share your."), [1]);
    }

    /// What rules are made of in [`any_rules_meet_any_text`].
    const PHRASES: [&str; 14] = [
        "aa",
        "aa*",
        "ab",
        "abc",
        "ab*",
        "abcdef*",
        "aa ab",
        "aa aa",
        "ab cc*",
        "c",
        "~aa",
        "~ab c",
        "aa ab abc",
        "~c aa ab",
    ];
    const NEGATIONS: [&str; 3] = ["no", "no c", "aa"];

    /// Which rules of one to three conditions of these phrases, joined by `&` or `>`, and with one that must not be met, the words of
    /// sentences meet: by looking at each place in turn.
    fn plainly_met(groups: &[Vec<usize>], joint: char, unwanted: usize, sentences: &[Vec<&str>]) -> bool {
        let word_is =
            |asked: &str, word: &str| asked.strip_suffix('*').map_or(asked == word, |start| word.starts_with(start));
        let follows = |phrase: &str, words: &[&str]| {
            let asked: Vec<&str> = phrase.split(' ').collect();
            asked.len() <= words.len() && asked.iter().zip(words).all(|(asked, word)| word_is(asked, word))
        };
        let begins = |phrase: usize, words: &[&str]| match PHRASES[phrase].strip_prefix('~') {
            None => follows(PHRASES[phrase], words),
            Some(phrase) => NEGATIONS.iter().any(|negation| follows(&format!("{negation} {phrase}"), words)),
        };
        sentences.iter().any(|words| {
            let mut met = vec![false; groups.len()];
            for at in 0..words.len() {
                let before = met.clone();
                for (group, phrases) in groups.iter().enumerate() {
                    let in_turn = group == 0 || joint == '&' || before[group - 1];
                    met[group] |= in_turn && phrases.iter().any(|&phrase| begins(phrase, &words[at..]));
                }
            }
            met.iter().all(|&met| met) && !(0..words.len()).any(|at| begins(unwanted, &words[at..]))
        })
    }

    proptest! {
        /// Words and pairs that are remembered from other texts change nothing.
        #[test]
        fn any_rules_meet_any_text(
            rules in vec((vec(vec(0..PHRASES.len(), 1..3), 1..4), prop::sample::select(vec!['&', '>']), 0..PHRASES.len()), 1..90),
            texts in vec(vec(vec(prop::sample::select(vec!["aa", "ab", "abc", "abcdefg", "c", "ccd", "no", "zz"]), 0..12), 1..3), 1..4),
        ) {
            let line = |(groups, joint, unwanted): &(Vec<Vec<usize>>, char, usize)| {
                let group = |group: &Vec<usize>| group.iter().map(|&phrase| PHRASES[phrase]).collect::<Vec<_>>().join("|");
                let groups: Vec<String> = groups.iter().map(group).collect();
                format!("{} ! {}", groups.join(&format!(" {joint} ")), PHRASES[*unwanted])
            };
            let lines: Vec<String> = rules.iter().map(line).collect();
            let shorthands = Shorthands { lists: &[], negations: &NEGATIONS };
            let set = RuleSet::compile_with(lines.iter().map(String::as_str), shorthands);
            let (mut words, mut seen) = (Words::default(), Seen::default());
            for sentences in &texts {
                words.read(&sentences.iter().map(|words| words.join(" ")).collect::<Vec<_>>().join(". "));
                let met: Vec<usize> = set.find(&words, &mut seen).iter().collect();
                let expected = |rule: &usize| plainly_met(&rules[*rule].0, rules[*rule].1, rules[*rule].2, sentences);
                let expected: Vec<usize> = (0..rules.len()).filter(expected).collect();
                prop_assert_eq!(met, expected, "{:?} in {:?}", lines, sentences);
            }
        }
    }

    #[test]
    fn one_word_meets_one_condition_of_an_order() {
        assert_eq!(hits(&["share|share data > share"], "We share data."), [] as [usize; 0]);
        assert_eq!(hits(&["share > share"], "We share data and share again."), [0]);
    }
}
