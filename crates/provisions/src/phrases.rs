//! A small matcher for hand-written rules over the words of a text.
//!
//! A rule is a line of phrases: `we may|we can > share|sell & your data ! do not sell`.
//! `|` separates alternatives, `&` asks for what is before and after it in one sentence in any order, `>` in this order,
//! `!` (last) for none of them in that sentence. A phrase is whole words; a `*` at its end makes its last word a prefix.
//!
//! The words of phrases have numbers ([`Lexicon`]), by which phrases are followed in a tree ([`Tree`]). A phrase that is met sets a bit for
//! each condition of each rule that it satisfies; the rules whose bits are all set are then a few logical operations away, whatever
//! their number. Texts consist of few different words: what one means to the rules, alone and before others, is found out once and
//! remembered ([`Memory`]).
use std::array;
use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::features::{hash_bytes, mix};
use crate::layer::prefetch;
use crate::normalise::{Hint, Hints};
use crate::words::{self, Word, Words};

/// Most rules that one [`RuleSet`] holds.
const MOST_RULES: usize = 1024;
/// Most conditions that a rule joins by `&` or `>`.
const MOST_GROUPS: usize = 4;
/// Rules of a [`Block`].
const IN_A_BLOCK: usize = 256;
/// Blocks that have a bit for each rule.
const BLOCKS: usize = MOST_RULES / IN_A_BLOCK;

/// A bit for each of some rules, which are handled at once.
type Block = [u64; IN_A_BLOCK / 64];

/// Which rules a text meets.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hits([Block; BLOCKS]);

impl Hits {
    /// Whether rule `i` is met.
    pub fn has(&self, i: usize) -> bool {
        self.0.as_flattened()[i / 64] >> (i % 64) & 1 == 1
    }

    /// The rules that are met, in order.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        let numbers = self.0.as_flattened().iter().enumerate();
        numbers.flat_map(|(number, &bits)| bits_of(bits).map(move |bit| number * 64 + bit))
    }
}

/// The block with a bit for this rule.
fn bit_of(rule: usize) -> Block {
    let mut block = Block::default();
    block[rule % IN_A_BLOCK / 64] = 1 << (rule % 64);
    block
}

/// Adds to a block the bits of another.
fn join(block: &mut Block, other: &Block) {
    block.iter_mut().zip(other).for_each(|(bits, other)| *bits |= other);
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
        self.group * BLOCKS as u8 + (self.rule as usize / IN_A_BLOCK) as u8
    }
}

/// Number of the condition that must not be met.
const NONE_OF: u8 = MOST_GROUPS as u8;

/// The [`Part`]s of a phrase that are in one block of a [`State`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Parts {
    rules: Block,
    /// Which block: the condition's number times [`BLOCKS`], and the block's.
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
    /// Tells this set from others in the same process; not 0.
    number: u64,
}

/// For each number of a condition, a bit for each rule that has met it in the sentence; as long as a power of two, the last blocks empty.
type State = [Block; (BLOCKS * (MOST_GROUPS + 2)).next_power_of_two()];

/// Buffers of [`RuleSet::find`], reused from text to text.
#[derive(Debug, Default)]
pub struct Seen {
    memory: Memory,
    /// For each word of the text the number of its run in [`Memory::runs`], and after each sentence that of no word.
    runs: Vec<u16>,
    /// For each of them, where in [`Memory::parts`] those of the longest run are that begins with it.
    parts: Vec<(u32, u32)>,
    hints: Hints,
    /// Places in `runs` from which longer runs may begin; more may follow from texts before.
    open: Vec<u32>,
}

/// What words mean to one set of rules, as far as it was asked for.
#[derive(Debug, Default)]
struct Memory {
    /// [`RuleSet::number`].
    rules: u64,
    words: Vec<Known>,
    /// Places in `words`, one more, by hash; open addressing.
    slots: Vec<u16>,
    /// The first is that of a word that is in no phrase.
    runs: Vec<Run>,
    /// The runs of single words by their nodes: words that mean the same share one.
    shared: Mixed<Vec<u16>, u16>,
    /// From a run and that of the word after it to the run of both, or to the former if no phrase goes on.
    steps: Steps,
    /// To which runs refer.
    nodes: Vec<u16>,
    /// To which runs refer; the first are none. What satisfies nothing has these: that words satisfy something is no question then.
    parts: Vec<Parts>,
}

/// A word that was met, the number of its run, and what it tells of its language.
#[derive(Debug, Clone, Copy)]
struct Known {
    letters: u128,
    /// Tells words apart that have the same letters and are longer: they may tell of different languages.
    whole: u64,
    hint: Hint,
    run: u16,
}

impl Known {
    #[inline(always)]
    fn is(&self, word: &Word) -> bool {
        (self.letters, self.whole) == (word.letters, word.whole)
    }
}

/// One or more words in turn, as phrases that begin with the first of them see them.
#[derive(Debug, Clone, Copy)]
struct Run {
    /// A bit for each word of phrases that a single word is (it may be itself, and prefixes), by the lowest bits of its number.
    bits: u64,
    /// The same of the words that may come next in phrases.
    next: u64,
    /// Where in [`Memory::parts`] is what the words satisfy, the last condition of a rule first.
    parts: (u32, u32),
    /// Where in [`Memory::nodes`] are the nodes of the phrases that have begun. Those of a single word are its numbers as well.
    nodes: (u32, u32),
}

/// More words or runs than these are forgotten before a text is read, or four times as many steps.
const ENOUGH: usize = 16384;
/// Most words of a phrase.
const LONGEST: usize = 8;
/// Most words of what `~` puts before it.
const LONGEST_NEGATION: usize = 4;
// However many runs one text adds, their numbers have 16 bits.
const _: () = assert!(ENOUGH + words::MOST_WORDS * (LONGEST_NEGATION + LONGEST) < u16::MAX as usize);

impl RuleSet {
    /// Compiles rules written as in the module's description; they are numbered in this order.
    ///
    /// # Panics
    /// When there are more than 1024 rules, a rule has more than four conditions or more than one after `!`, a phrase more than eight
    /// words or a prefix before its last, or a prefix fewer than two letters: the tables are constants of this crate, and tested.
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
        let mut absent = State::default();
        absent[BLOCKS..usize::from(NONE_OF) * BLOCKS].fill([u64::MAX; _]);
        for (rule, line) in lines.enumerate() {
            assert!(rule < MOST_RULES, "too many rules");
            let (wanted, unwanted) = line.split_once('!').unwrap_or((line, ""));
            assert!(!unwanted.contains(['&', '>']), "{line}: what must not be met is one condition");
            let joints =
                std::iter::once('&').chain(wanted.matches(['&', '>']).filter_map(|joint| joint.chars().next()));
            for (group, (joint, text)) in joints.zip(wanted.split(['&', '>'])).enumerate() {
                assert!(group < MOST_GROUPS, "{line}: too many conditions");
                let after = joint == '>';
                compiler.add(text, Part { rule: rule as u16, group: group as u8, after });
                absent[group * BLOCKS + rule / IN_A_BLOCK][rule % IN_A_BLOCK / 64] &= !(1 << (rule % 64));
            }
            compiler.add(unwanted, Part { rule: rule as u16, group: NONE_OF, after: false });
        }
        compiler.into_rules(absent)
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
            static KEPT: RefCell<(String, Words, Mixed<u64, Seen>)> = RefCell::default();
        }
        KEPT.with_borrow_mut(|(latest, words, seen)| {
            // One text is often searched by several sets in turn.
            if latest != text {
                latest.clear();
                latest.push_str(text);
                words.read(text);
            }
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
        for (number, Range { start, end }) in words.sentences().enumerate() {
            if start < end {
                let parts = &seen.parts[start + number..end + number];
                self.read_sentence(parts, &seen.memory, &mut hits[number.min(hits.len() - 1)]);
            }
        }
    }

    /// Adds the rules that a sentence meets whose words satisfy these parts.
    #[inline(always)]
    fn read_sentence(&self, parts: &[(u32, u32)], memory: &Memory, hits: &mut Hits) {
        let mut state = self.absent;
        for &(start, end) in parts {
            // The last condition comes first: a word must not meet two in turn.
            for Parts { place, rules } in &memory.parts[start as usize..end as usize] {
                let place = usize::from(*place) % state.len();
                let [before, free, met] =
                    [state[place.wrapping_sub(BLOCKS) % state.len()], self.free[place], state[place]];
                // A condition without one before it is free for all its rules.
                state[place] = array::from_fn(|i| met[i] | rules[i] & (before[i] | free[i]));
            }
        }
        for (block, hits) in hits.0.iter_mut().enumerate() {
            let [a, b, c, d, none_of] = [0, 1, 2, 3, 4].map(|group| state[group * BLOCKS + block]);
            *hits = array::from_fn(|i| hits[i] | a[i] & b[i] & c[i] & d[i] & !none_of[i]);
        }
    }
}

impl Seen {
    /// What the words of the last text tell of its language.
    pub(crate) fn hints(&self) -> Hints {
        self.hints
    }

    /// Asks for what is known of the words of a text that will be read.
    #[inline(always)]
    pub(crate) fn fetch(&self, words: &Words) {
        let Memory { words: known, slots, .. } = &self.memory;
        if !known.is_empty() {
            let number = |word: &Word| slots[self.memory.slot(word.letters)].saturating_sub(1);
            words.list.iter().for_each(|word| prefetch(&known[usize::from(number(word))]));
        }
    }

    /// Finds out what the words of a text mean to `rules`.
    #[inline(always)]
    fn look_up(&mut self, rules: &RuleSet, words: &Words) {
        let Seen { memory, runs, parts, hints, open } = self;
        if memory.rules != rules.number || memory.is_full() {
            *memory = Memory::of(rules);
        }
        runs.clear();
        *hints = Hints::default();
        for sentence in words.sentences() {
            for word in &words.list[sentence] {
                let known = memory.known(rules, word);
                hints.add(known.hint);
                runs.push(known.run);
            }
            runs.push(0);
        }
        let known = memory.runs.as_slice();
        parts.clear();
        parts.extend(runs.iter().map(|&run| known[usize::from(run)].parts));
        parts.iter().for_each(|&(start, _)| prefetch(&memory.parts[start as usize]));
        open.resize(runs.len().max(open.len()), 0);
        let mut count = 0;
        // No branch: where phrases may go on is as good as random.
        for (at, two) in runs.windows(2).enumerate() {
            open[count] = at as u32;
            count += usize::from(known[usize::from(two[0])].next & known[usize::from(two[1])].bits != 0);
        }
        let open = open[..count].iter().map(|&at| at as usize);
        open.clone().for_each(|at| memory.steps.fetch(runs[at], runs[at + 1]));
        for at in open {
            parts[at] = memory.longest(rules, runs[at], &runs[at + 1..]).parts;
        }
    }
}

impl Memory {
    fn of(rules: &RuleSet) -> Memory {
        let nothing = Run { bits: 0, next: 0, parts: (0, 1), nodes: (0, 0) };
        Memory {
            rules: rules.number,
            slots: vec![0; 64],
            runs: vec![nothing],
            parts: vec![Parts::NONE],
            ..Memory::default()
        }
    }

    fn is_full(&self) -> bool {
        self.words.len().max(self.runs.len()).max(self.steps.count / 4) > ENOUGH
    }

    /// What is known of a word.
    #[inline(always)]
    fn known(&mut self, rules: &RuleSet, word: &Word) -> Known {
        let at = self.slot(word.letters);
        match self.slots[at].checked_sub(1).map(|number| self.words[usize::from(number)]) {
            Some(known) if known.is(word) => known,
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
    fn look_further(&mut self, rules: &RuleSet, word: &Word, mut at: usize) -> Known {
        while let Some(number) = self.slots[at].checked_sub(1) {
            let known = self.words[usize::from(number)];
            if known.is(word) {
                return known;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
        let run = self.learn(rules, word);
        let known = Known { letters: word.letters, whole: word.whole, hint: Hint::of(word), run };
        self.words.push(known);
        self.slots[at] = self.words.len() as u16;
        if self.words.len() * 3 > self.slots.len() {
            self.grow();
        }
        known
    }

    fn grow(&mut self) {
        self.slots = vec![0; self.slots.len() * 4];
        for number in 0..self.words.len() {
            let mut at = self.slot(self.words[number].letters);
            while self.slots[at] > 0 {
                at = (at + 1) & (self.slots.len() - 1);
            }
            self.slots[at] = number as u16 + 1;
        }
    }

    /// The number of the run of a word that is read for the first time.
    fn learn(&mut self, rules: &RuleSet, word: &Word) -> u16 {
        let mut numbers = Vec::new();
        rules.lexicon.numbers_of(word, &mut numbers);
        if numbers.is_empty() {
            return 0;
        }
        if let Some(&known) = self.shared.get(&numbers) {
            return known;
        }
        let run = self.add_run(rules, &numbers, (0, 0));
        self.runs[usize::from(run)].bits = numbers.iter().fold(0, |bits, number| bits | 1 << (number % 64));
        self.shared.insert(numbers, run);
        run
    }

    /// The longest run that begins with `first` and goes on as the words after it, as far as phrases do.
    #[inline(always)]
    fn longest(&mut self, rules: &RuleSet, first: u16, after: &[u16]) -> Run {
        let mut number = first;
        let mut run = self.runs[usize::from(number)];
        for &word in after {
            if run.next & self.runs[usize::from(word)].bits == 0 {
                break;
            }
            let longer = self.steps.get(number, word).unwrap_or_else(|| self.learn_step(rules, number, word));
            if longer == number {
                break;
            }
            number = longer;
            run = self.runs[usize::from(number)];
        }
        run
    }

    /// Where a run and the word after it lead, which is asked for the first time.
    #[inline(never)]
    fn learn_step(&mut self, rules: &RuleSet, from: u16, word: u16) -> u16 {
        let [run, next] = [from, word].map(|number| self.runs[usize::from(number)]);
        let [begun, words] = [run, next].map(|run| &self.nodes[run.nodes.0 as usize..run.nodes.1 as usize]);
        let steps =
            begun.iter().flat_map(|&node| words.iter().filter_map(move |&word| rules.tree.steps.get(node, word)));
        let reached: Vec<u16> = steps.collect();
        let to = if reached.is_empty() { from } else { self.add_run(rules, &reached, run.parts) };
        self.steps.insert(from, word, to);
        to
    }

    /// Adds the run that has reached these nodes after one with those parts.
    fn add_run(&mut self, rules: &RuleSet, reached: &[u16], before: (u32, u32)) -> u16 {
        let nodes = reached.iter().map(|&number| rules.tree.nodes[usize::from(number)]);
        let satisfied =
            nodes.clone().flat_map(|Node { parts, .. }| &rules.parts[usize::from(parts.0)..usize::from(parts.1)]);
        let before = &self.parts[before.0 as usize..before.1 as usize];
        let parts = Parts::merge(before.iter().chain(satisfied).filter(|parts| **parts != Parts::NONE));
        let negation = nodes.clone().any(|node| node.negates).then_some(rules.tree.negation);
        let first_node = self.nodes.len() as u32;
        self.nodes.extend(reached.iter().copied().chain(negation));
        let next = nodes.fold(0, |next, node| next | node.next);
        let first_part = if parts.is_empty() { 0 } else { self.parts.len() as u32 };
        let parts_end = first_part + parts.len().max(1) as u32;
        self.parts.extend(parts);
        let nodes = (first_node, self.nodes.len() as u32);
        self.runs.push(Run { bits: 0, next, parts: (first_part, parts_end), nodes });
        self.runs.len() as u16 - 1
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
    /// From a node and the number of the next word to a node.
    steps: Steps,
}

/// Where two numbers lead, which is never to 0. Open addressing.
#[derive(Debug, Default)]
struct Steps {
    /// Both numbers and where they lead; as many as a power of two, or none.
    slots: Vec<(u32, u16)>,
    count: usize,
}

impl Steps {
    #[inline(always)]
    fn get(&self, from: u16, next: u16) -> Option<u16> {
        let key = Steps::key(from, next);
        let mut at = self.first_slot(key);
        loop {
            match *self.slots.get(at)? {
                (_, 0) => return None,
                (found, to) if found == key => return Some(to),
                _ => at = (at + 1) & (self.slots.len() - 1),
            }
        }
    }

    /// Asks for what [`Self::get`] will read first.
    #[inline(always)]
    fn fetch(&self, from: u16, next: u16) {
        self.slots.get(self.first_slot(Steps::key(from, next))).into_iter().for_each(prefetch);
    }

    /// Adds what is not there yet.
    fn insert(&mut self, from: u16, next: u16, to: u16) {
        if self.count * 2 >= self.slots.len() {
            let longer = vec![(0, 0); (self.slots.len() * 2).max(2)];
            let slots = std::mem::replace(&mut self.slots, longer);
            slots.into_iter().filter(|slot| slot.1 > 0).for_each(|slot| self.put(slot));
        }
        self.put((Steps::key(from, next), to));
        self.count += 1;
    }

    fn put(&mut self, slot: (u32, u16)) {
        let mut at = self.first_slot(slot.0);
        while self.slots[at].1 > 0 {
            at = (at + 1) & (self.slots.len() - 1);
        }
        self.slots[at] = slot;
    }

    fn key(from: u16, next: u16) -> u32 {
        u32::from(from) << 16 | u32::from(next)
    }

    /// Where to look for a key first.
    #[inline(always)]
    fn first_slot(&self, key: u32) -> usize {
        (u64::from(key).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as usize & self.slots.len().wrapping_sub(1)
    }
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
        let whole = phrase.trim_end_matches('*');
        assert!(!whole.contains('*'), "{phrase}: only its last word can be a prefix");
        self.buffer.read(whole);
        let buffer = std::mem::take(&mut self.buffer);
        assert!(buffer.len() <= LONGEST, "{phrase}: too many words");
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

    fn into_rules(mut self, absent: State) -> RuleSet {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        for negation in self.shorthands.negations {
            assert!(negation.split(' ').count() <= LONGEST_NEGATION, "{negation}: too many words");
            self.node(negation);
        }
        let words = self.words.len() as u16;
        let place = |node: u16| if node < LONGER { node } else { node - LONGER + words };
        let mut nodes = vec![Node::default(); self.words.len() + 1 + self.steps.len()];
        let mut steps = Steps::default();
        for (&(from, word), &to) in &self.steps {
            nodes[usize::from(place(from))].next |= 1 << (word % 64);
            steps.insert(place(from), word, place(to));
        }
        for negation in self.shorthands.negations {
            let negated = nodes[usize::from(words)].next;
            let node = &mut nodes[usize::from(place(self.node(negation)))];
            (node.negates, node.next) = (true, node.next | negated);
        }
        self.parts.sort_unstable_by_key(|&(node, part)| {
            u64::from(node) << 32 | u64::from(part.group) << 16 | u64::from(part.rule)
        });
        let (mut parts, mut free) = (Vec::new(), State::default());
        for (_, part) in self.parts.iter().filter(|(_, part)| !part.after) {
            join(&mut free[usize::from(part.place())], &bit_of(usize::from(part.rule)));
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
            number: NEXT.fetch_add(1, Ordering::Relaxed),
        }
    }
}

impl Parts {
    const NONE: Parts = Parts { rules: [0; _], place: 0 };

    /// The parts of one phrase, which are sorted by condition and rule; the last condition comes first.
    fn group(parts: &[(u16, Part)]) -> impl Iterator<Item = Parts> {
        parts.chunk_by(|a, b| a.1.place() == b.1.place()).rev().map(|same| {
            let mut rules = Block::default();
            same.iter().for_each(|(_, part)| join(&mut rules, &bit_of(usize::from(part.rule))));
            Parts { place: same[0].1.place(), rules }
        })
    }

    /// Those of several phrases, one for each place, the last condition first.
    fn merge<'a>(parts: impl Iterator<Item = &'a Parts>) -> Vec<Parts> {
        let mut parts: Vec<Parts> = parts.copied().collect();
        parts.sort_by_key(|parts| u8::MAX - parts.place);
        parts.dedup_by(|more, parts| {
            let is_same = more.place == parts.place;
            if is_same {
                join(&mut parts.rules, &more.rules);
            }
            is_same
        });
        parts
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
        assert_eq!(hits(&["a > b & c"], "c a b"), [0]);
        assert_eq!(hits(&["a & b > c"], "b c a"), [0]);
        assert_eq!(hits(&["a > b & c", "a & b > c"], "c b a"), [] as [usize; 0]);
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

    /// Which rules of one to three conditions of these phrases, joined by `&` and `>`, and with one that must not be met, the words of
    /// sentences meet: by looking at each place in turn.
    fn plainly_met(groups: &[Vec<usize>], joints: [char; 2], unwanted: usize, sentences: &[Vec<&str>]) -> bool {
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
                    let in_turn = group == 0 || joints[group - 1] == '&' || before[group - 1];
                    met[group] |= in_turn && phrases.iter().any(|&phrase| begins(phrase, &words[at..]));
                }
            }
            met.iter().all(|&met| met) && !(0..words.len()).any(|at| begins(unwanted, &words[at..]))
        })
    }

    fn joint() -> impl Strategy<Value = char> {
        prop::sample::select(vec!['&', '>'])
    }

    proptest! {
        /// Words and pairs that are remembered from other texts change nothing.
        #[test]
        fn any_rules_meet_any_text(
            rules in vec((vec(vec(0..PHRASES.len(), 1..3), 1..4), [joint(), joint()], 0..PHRASES.len()), 1..90),
            texts in vec(vec(vec(prop::sample::select(vec!["aa", "ab", "abc", "abcdefg", "c", "ccd", "no", "zz"]), 0..12), 1..3), 1..4),
        ) {
            let line = |(groups, joints, unwanted): &(Vec<Vec<usize>>, [char; 2], usize)| {
                let group = |group: &Vec<usize>| group.iter().map(|&phrase| PHRASES[phrase]).collect::<Vec<_>>().join("|");
                let others = groups[1..].iter().zip(joints).map(|(phrases, joint)| format!(" {joint} {}", group(phrases)));
                format!("{}{} ! {}", group(&groups[0]), others.collect::<String>(), PHRASES[*unwanted])
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
