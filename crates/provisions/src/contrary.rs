//! Whether a clause states what it speaks of, or the contrary.
//!
//! Documents seldom say what they do not do, so the network learns what a clause speaks of, and little of how a denial turns it: "We never sell
//! your data" has the words of a sale. How a clause is worded tells more ([`Wording`]): which part of its words is denied, allowed or
//! demanded, and of whom, beside how clauses that state the type are worded: bans are full of denials, sales have none. One forest
//! ([`crate::forest`]) learns this for all types at once, from labelled clauses and from pairs of a clause and its contrary. Clauses in
//! which no word denies anything are not looked at: they are most, and hardly any is a contrary that could be told.
use std::sync::LazyLock;

use crate::corpus::{Example, Role};
use crate::forest::{self, Forest};
use crate::words::{self, Word, Words};

/// What a word is to the words after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Turn {
    /// Nothing.
    #[default]
    None,
    /// Another clause begins: what was denied, allowed or demanded is no longer.
    Ends,
    /// Denied; kinds of denial differ ("nothing prevents you" allows).
    Denies(u8),
    /// Allowed (1) or demanded (2).
    Modal(u8),
    /// Done by the provider (1) or the user (2).
    Actor(u8),
}

const TURNS: [(Turn, &str); 8] = [
    (
        Turn::Ends,
        "but except unless however although though because since while whereas if until provided only otherwise instead",
    ),
    (Turn::Denies(1), "not never cannot nor neither"),
    (Turn::Denies(2), "nothing nobody none nowhere"),
    (Turn::Denies(3), "no without refrain refrains refuse refuses decline declines"),
    (Turn::Modal(1), "may can could might free entitled permitted allowed welcome"),
    (Turn::Modal(2), "must shall required obliged agree agrees need responsible"),
    (Turn::Actor(1), "we company provider licensor"),
    (Turn::Actor(2), "you user users customer customers licensee member members"),
];

/// Phrases that turn a clause, by how they do it.
const CUES: [&str; CUE_KINDS] = [
    // Nothing stands in the way.
    "nothing in|nothing here|nothing prevents|nothing stops|not prohibited|not forbidden|does not prevent|do not prevent|not restricted|\
     free to|welcome to|not prevented|not stop|not keep|may freely|expressly permitted|no restriction",
    // There is no duty.
    "need not|not required|not obliged|no obligation|not have to|no duty|not need to|no need|not necessary|not responsible|not bound|\
     not obligated|no requirement",
    // There is no limit, or more is meant.
    "not limited to|not restricted to|not confined to|not only",
    // The contrary was said, or follows.
    "on the contrary|instead|rather than|unlike|by contrast|contrary to",
    // It is over.
    "used to|no longer|formerly|earlier versions|previous versions|in the past|has ended|was ended|ceased",
    // Something else is meant.
    "not apply|does not mean|not the case|not affect|does not exclude|do not exclude|is not a|is not an|are not a|no part of|not part of|\
     not form part|do not cover|does not cover|not include|not refer",
    // Others do it, to others.
    "their own|each other|one another|his or her|himself|themselves|between members|between users|another member|other members",
];
const CUE_KINDS: usize = 7;

/// Words of fewer letters say nothing of what is denied or demanded.
const SHORTEST: usize = 4;
/// So many longer words, at most, are denied, allowed or demanded by one word before them.
const REACH: u16 = 12;

/// Ways in which a word can be meant: four of denial times three of modal times three of actor.
const WAYS: usize = 36;
/// Numbers that are made of them.
const SHARES: usize = 8;
/// What a clause is seen as, but for its ways.
const TRAITS: usize = SHARES + CUE_KINDS + 2;
/// Counts of denials and sentences are told apart up to this one.
const LAST_COUNT: f32 = 5.0;
/// What the forest sees of a clause and a type.
const WIDTH: usize = 2 * TRAITS + SHARES + 2;

/// How a clause is worded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Wording {
    /// Shares of its longer words, by the way they are meant.
    ways: [f32; WAYS],
    /// A bit for each way in which any of them is meant: few are.
    present: u64,
    /// Shares of words that are denied, allowed, demanded, the provider's, the user's, denied by "nothing", denied the user, denied by the
    /// provider; whether each kind of cue is met; denials, and sentences.
    traits: [f32; TRAITS],
}

/// How a word is meant, as its number among the ways.
fn way(denial: u8, modal: u8, actor: u8) -> usize {
    usize::from(denial) * 9 + usize::from(modal) * 3 + usize::from(actor)
}

impl Wording {
    /// Of a clause with these words; none if no word denies anything.
    pub(crate) fn of(words: &Words) -> Option<Wording> {
        let marks = &*MARKS;
        if !words.list.iter().any(|word| marks.may_deny(word)) {
            return None;
        }
        let (mut count, mut cues, mut denials, mut sentences) = (Count::NONE, [0.0; CUE_KINDS], 0, 0);
        for range in words.sentences().filter(|range| !range.is_empty()) {
            let sentence = &words.list[range];
            // Most words are no mark: they are only counted.
            let mut longer = 0;
            for (at, word) in sentence.iter().enumerate() {
                let mark = marks.of(word);
                if let Some(mark) = mark {
                    marks.each_cue(mark, &sentence[at..], |kind| cues[kind] = 1.0);
                    if mark.turn != Turn::None {
                        count.add(longer);
                        count.turn(mark.turn);
                        denials += usize::from(matches!(mark.turn, Turn::Denies(_)));
                        longer = 0;
                        continue;
                    }
                }
                longer += u16::from(word.letters >> (8 * (SHORTEST - 1)) != 0);
            }
            count.add(longer);
            count = Count { ways: count.ways, ..Count::NONE };
            sentences += 1;
        }
        (denials > 0).then(|| Wording::from_counts(&count.ways, &cues, denials, sentences))
    }

    fn from_counts(counts: &[u16; WAYS], cues: &[f32; CUE_KINDS], denials: usize, sentences: usize) -> Wording {
        let (mut all, mut present) = (0u32, 0);
        for (way, &count) in counts.iter().enumerate() {
            all += u32::from(count);
            present |= u64::from(count > 0) << way;
        }
        let (mut ways, mut traits) = ([0.0; WAYS], [0.0; TRAITS]);
        for way in bits(present) {
            ways[way] = f32::from(counts[way]) / all as f32;
            for share in bits(COUNTED[way].into()) {
                traits[share] += ways[way];
            }
        }
        traits[SHARES..SHARES + CUE_KINDS].copy_from_slice(cues);
        let count = |count: usize| (count as f32).min(LAST_COUNT);
        traits[SHARES + CUE_KINDS..].copy_from_slice(&[count(denials), count(sentences)]);
        Wording { ways, present, traits }
    }
}

/// For each way in which a word can be meant, a bit for each of the shares in which it counts.
const COUNTED: [u8; WAYS] = {
    let mut counted = [0; WAYS];
    let mut i = 0;
    while i < WAYS {
        let (denial, modal, actor) = (i / 9, i / 3 % 3, i % 3);
        let shares = [
            denial > 0,
            denial == 0 && modal == 1,
            denial == 0 && modal == 2,
            actor == 1,
            actor == 2,
            denial == 2,
            denial > 0 && actor == 2,
            denial > 0 && actor == 1,
        ];
        let mut share = 0;
        while share < SHARES {
            counted[i] |= (shares[share] as u8) << share;
            share += 1;
        }
        i += 1;
    }
    counted
};

/// The numbers of the bits that are set, the lowest first.
fn bits(mut bits: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let lowest = (bits != 0).then(|| bits.trailing_zeros() as usize);
        bits &= bits.wrapping_sub(1);
        lowest
    })
}

/// Longer words counted by the way they are meant, and how the next ones are.
#[derive(Debug)]
struct Count {
    ways: [u16; WAYS],
    denial: u8,
    modal: u8,
    actor: u8,
    /// Longer words that what denies, allows or demands still reaches, and one more.
    left: u16,
}

impl Count {
    const NONE: Count = Count { ways: [0; WAYS], denial: 0, modal: 0, actor: 0, left: 0 };

    /// Counts so many longer words.
    fn add(&mut self, longer: u16) {
        let reached = longer.min(self.left.saturating_sub(1));
        self.ways[way(self.denial, self.modal, self.actor)] += reached;
        if longer > reached {
            (self.denial, self.modal) = (0, 0);
            self.ways[way(0, 0, self.actor)] += longer - reached;
        }
        self.left = self.left.saturating_sub(longer);
    }

    fn turn(&mut self, turn: Turn) {
        match turn {
            Turn::None => {}
            Turn::Ends => (self.denial, self.modal) = (0, 0),
            Turn::Denies(kind) => (self.denial, self.left) = (kind, REACH),
            // What is denied before the first modal still is after it ("nobody may"), after a second one it is not.
            Turn::Modal(kind) => {
                self.denial = if self.modal == 0 { self.denial } else { 0 };
                (self.modal, self.left) = (kind, REACH);
            }
            // "You do not pay, we do" is no denial of ours; "nothing obliges us" is.
            Turn::Actor(who) => {
                self.denial = if self.denial == 1 { 0 } else { self.denial };
                (self.modal, self.actor) = (0, who);
            }
        }
    }
}

/// What there is to know of a word.
#[derive(Debug, Clone, Copy, Default)]
struct Mark {
    turn: Turn,
    /// Where the cues that it begins stand among [`Marks::cues`], and how many they are.
    cues: (u8, u8),
}

/// Slots of [`Marks`].
const SLOTS: usize = 1024;

/// The words of [`TURNS`] and the first words of [`CUES`] by their hashes, each in a slot of its own, so that one look tells.
struct Marks {
    /// From which bit on a hash tells the slot.
    shift: u32,
    /// A bit for each value of the highest six bits of the hash of a word that denies.
    denying: u64,
    /// The upper half of the hash of each slot's word; zero for none.
    halves: [u32; SLOTS],
    marks: [Mark; SLOTS],
    /// The words of each cue, and its kind; those that begin alike stand together.
    cues: Vec<(Vec<u64>, usize)>,
}

static MARKS: LazyLock<Marks> = LazyLock::new(|| {
    let marks = (0..=u64::BITS - SLOTS.ilog2()).find_map(Marks::with_shift);
    marks.expect("tested: some ten bits of the hashes differ for all words")
});

impl Marks {
    /// The marks, if no two words have the same slot.
    fn with_shift(shift: u32) -> Option<Marks> {
        let hash = |word: &str| words::hash(words::letters_of(word));
        let cue = |(kind, cues): (usize, &'static str)| {
            cues.split('|').map(move |cue| (cue.split_whitespace().map(hash).collect::<Vec<_>>(), kind))
        };
        let mut cues: Vec<(Vec<u64>, usize)> = CUES.into_iter().enumerate().flat_map(cue).collect();
        cues.sort();
        let mut marks =
            Marks { shift, denying: 0, halves: [0; SLOTS], marks: [Mark::default(); SLOTS], cues: Vec::new() };
        for (turn, list) in TURNS {
            for word in list.split(' ') {
                marks.mark(hash(word))?.turn = turn;
                if let Turn::Denies(_) = turn {
                    marks.denying |= 1 << (hash(word) >> 58);
                }
            }
        }
        for (at, (cue, _)) in cues.iter().enumerate() {
            let place = &mut marks.mark(cue[0])?.cues;
            *place = if place.1 == 0 { (at as u8, 1) } else { (place.0, place.1 + 1) };
        }
        Some(Marks { cues, ..marks })
    }

    /// The mark of a word, to be set; none if another word has its slot.
    fn mark(&mut self, hash: u64) -> Option<&mut Mark> {
        let slot = self.slot(hash);
        let half = std::mem::replace(&mut self.halves[slot], half(hash));
        (half == 0 || half == self.halves[slot]).then_some(&mut self.marks[slot])
    }

    #[inline(always)]
    fn slot(&self, hash: u64) -> usize {
        (hash >> self.shift) as usize % SLOTS
    }

    /// Whether it is a word that denies; one in five others passes for one too.
    #[inline(always)]
    fn may_deny(&self, word: &Word) -> bool {
        self.denying >> (word.whole >> 58) & 1 == 1
    }

    #[inline(always)]
    fn of(&self, word: &Word) -> Option<Mark> {
        let slot = self.slot(word.whole);
        (self.halves[slot] == half(word.whole)).then(|| self.marks[slot])
    }

    /// Hands over the kind of each cue that begins the words, the first of which has this mark.
    fn each_cue(&self, Mark { cues: (first, count), .. }: Mark, words: &[Word], mut found: impl FnMut(usize)) {
        let begins =
            |cue: &[u64]| cue.len() <= words.len() && cue.iter().zip(words).all(|(&hash, word)| hash == word.whole);
        let cues = self.cues[usize::from(first)..].iter().take(usize::from(count));
        cues.filter(|(cue, _)| begins(cue)).for_each(|&(_, kind)| found(kind));
    }
}

/// The upper half of a hash.
fn half(hash: u64) -> u32 {
    (hash >> 32) as u32
}

/// How clauses that state a type are worded.
#[derive(Debug, Clone, PartialEq)]
struct Usual {
    /// How well each way of meaning a word fits the type: the logarithm of its share, and of that share beside all types'.
    fits: [[f32; WAYS]; 2],
    /// Mean of the traits.
    traits: [f32; TRAITS],
}

/// The fitted reader of contraries.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Contraries {
    /// By the type's number in the model.
    usual: Vec<Usual>,
    forest: Forest,
}

/// As many clauses as all types' wording weighs where that of one type is known from few.
const PRIOR: f32 = 3.0;
/// Added to shares before their logarithm is taken.
const LEAST_SHARE: f32 = 0.003;
/// Log-odds below which a clause is taken for the contrary.
const LEAST: f32 = -0.5;

const FOREST: forest::Options =
    forest::Options { trees: 48, leaves: 8, learning_rate: 0.2, least_rows: 40, l2: 5.0, bins: 16 };

impl Contraries {
    /// Learns from labelled clauses; without any that says what it `denies`, there is nothing to learn. `number` tells a type's number
    /// in the model by its position in the taxonomy.
    pub(crate) fn fit<'a>(
        examples: impl Iterator<Item = &'a Example>,
        types: usize,
        number: &dyn Fn(usize) -> Option<usize>,
    ) -> Option<Contraries> {
        let mut words = Words::default();
        let mut worded = |example: &'a Example| {
            words.read(&example.text);
            Some((example, Wording::of(&words)?))
        };
        let examples: Vec<(&Example, Wording)> =
            examples.filter(|example| example.role != Role::Unlabelled).filter_map(&mut worded).collect();
        let usual = usual(&examples, types, number);
        let (mut rows, mut labels) = (Vec::new(), Vec::new());
        for (example, wording) in examples.iter().filter(|(example, _)| example.role != Role::Picked) {
            for (list, states) in [(&example.types, true), (&example.denies, false)] {
                for kind in list.iter().filter_map(|&kind| number(kind)) {
                    rows.extend(row(wording, &usual[kind]));
                    labels.push(states);
                }
            }
        }
        let turned = labels.iter().any(|states| !states);
        turned.then(|| Contraries { forest: forest::fit(&rows, WIDTH, &labels, &FOREST), usual })
    }

    /// Whether a clause that speaks of the type with this number states it.
    pub(crate) fn states(&self, kind: usize, wording: &Wording) -> bool {
        self.forest.score(&row(wording, &self.usual[kind])) >= LEAST
    }

    /// Appends it to `out`.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        for Usual { fits, traits } in &self.usual {
            let numbers = fits.iter().flatten().chain(traits);
            numbers.for_each(|number| out.extend(number.to_le_bytes()));
        }
        self.forest.write(out);
    }

    /// Takes it, for so many types, from the front of `bytes`.
    pub(crate) fn read(bytes: &mut &[u8], types: usize) -> Option<Contraries> {
        let usual = (0..types).map(|_| Usual::read(bytes)).collect::<Option<Vec<_>>>()?;
        let forest = Forest::read(bytes)?;
        (forest.width() == WIDTH).then_some(Contraries { usual, forest })
    }
}

impl Usual {
    fn read(bytes: &mut &[u8]) -> Option<Usual> {
        let mut usual = Usual { fits: [[0.0; WAYS]; 2], traits: [0.0; TRAITS] };
        for number in usual.fits.iter_mut().flatten().chain(&mut usual.traits) {
            let (first, rest) = bytes.split_first_chunk()?;
            *number = f32::from_le_bytes(*first);
            *bytes = rest;
        }
        Some(usual)
    }
}

/// Sums over wordings.
#[derive(Clone)]
struct Total {
    clauses: f32,
    ways: [f32; WAYS],
    traits: [f32; TRAITS],
}

impl Total {
    const NONE: Total = Total { clauses: 0.0, ways: [0.0; WAYS], traits: [0.0; TRAITS] };

    fn add(&mut self, Wording { ways, traits, .. }: &Wording) {
        self.clauses += 1.0;
        self.ways.iter_mut().zip(ways).for_each(|(sum, share)| *sum += share);
        self.traits.iter_mut().zip(traits).for_each(|(sum, number)| *sum += number);
    }
}

fn usual(examples: &[(&Example, Wording)], types: usize, number: &dyn Fn(usize) -> Option<usize>) -> Vec<Usual> {
    let (mut totals, mut all) = (vec![Total::NONE; types], Total::NONE);
    for (example, wording) in examples {
        for kind in example.types.iter().filter_map(|&kind| number(kind)) {
            totals[kind].add(wording);
            all.add(wording);
        }
    }
    let most = all.clauses.max(1.0);
    let of_type = |total: &Total| {
        let mean = |sum: f32, of_all: f32| (sum + PRIOR * of_all / most) / (total.clauses + PRIOR);
        let share = |way: usize| mean(total.ways[way], all.ways[way]) + LEAST_SHARE;
        let usual = |way: usize| all.ways[way] / most + LEAST_SHARE;
        Usual {
            fits: [std::array::from_fn(|way| ln(share(way))), std::array::from_fn(|way| ln(share(way) / usual(way)))],
            traits: std::array::from_fn(|i| mean(total.traits[i], all.traits[i])),
        }
    };
    totals.iter().map(of_type).collect()
}

/// The natural logarithm, rounded so far that every machine gives the same.
fn ln(x: f32) -> f32 {
    (f64::from(x).ln() * 1024.0).round() as f32 / 1024.0
}

/// What the forest sees of a clause and a type: the traits of both and how far they differ, and how well the clause's ways fit.
fn row(wording: &Wording, usual: &Usual) -> [f32; WIDTH] {
    let mut row = [0.0; WIDTH];
    row[..TRAITS].copy_from_slice(&wording.traits);
    row[TRAITS..2 * TRAITS].copy_from_slice(&usual.traits);
    for (i, difference) in row[2 * TRAITS..2 * TRAITS + SHARES].iter_mut().enumerate() {
        *difference = wording.traits[i] - usual.traits[i];
    }
    for (fit, fits) in row[2 * TRAITS + SHARES..].iter_mut().zip(&usual.fits) {
        *fit = bits(wording.present).map(|way| wording.ways[way] * fits[way]).sum();
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::taxonomy::taxonomy;

    fn read(text: &str) -> Option<Wording> {
        let mut words = Words::default();
        words.read(text);
        Wording::of(&words)
    }

    fn worded(text: &str) -> Wording {
        read(text).unwrap()
    }

    fn cues(text: &str) -> Vec<usize> {
        let Wording { traits, .. } = worded(text);
        (0..CUE_KINDS).filter(|kind| traits[SHARES + kind] > 0.0).collect()
    }

    #[test]
    fn a_denial_reaches_the_words_after_it_and_no_other_clause() {
        let [denied, _, _, provider, user, ..] = worded("We never sell data, but partners share data.").traits;
        assert_eq!((denied, provider, user), (0.4, 1.0, 0.0));
        let [denied, allowed, demanded, provider, user, ..] =
            worded("You may copy files. You must delete them. No.").traits;
        assert_eq!((denied, allowed, demanded, provider, user), (0.0, 0.5, 0.5, 0.0, 1.0));
        assert_eq!(read("You may copy files. You must delete them."), None);
        assert_eq!(worded("We do not charge; you pay local taxes").traits[0], 1.0 / 3.0);
        let long = worded(&format!("not {}", "word ".repeat(110)));
        assert_eq!(long.traits[0], f32::from(REACH - 1) / 110.0);
    }

    #[test]
    fn cues_are_found_word_by_word() {
        assert_eq!(cues("Nothing in these terms prevents you; you are free to leave."), [0]);
        assert_eq!(cues("It is not limited to a month. On the contrary, you need not pay."), [1, 2, 3]);
        assert!(cues("Nothing. In these terms, freely").is_empty());
        assert!(cues("not").is_empty() && read("").is_none());
    }

    #[test]
    fn what_is_denied_where_the_type_is_stated_plainly_is_its_contrary() {
        let position = |id: &str| taxonomy().position(id).unwrap();
        let (sells, bans) = (position("sells-data"), position("scraping-ban"));
        let acts = ["sell", "trade", "rent", "market", "lease", "barter", "auction", "vend"];
        let mut examples = Vec::new();
        for (number, act) in acts.iter().cycle().take(160).enumerate() {
            let mut push = |text: String, types: &[usize], denies: &[usize]| {
                let (types, denies) = (types.to_vec(), denies.to_vec());
                let (id, platform, heading) = (number.to_string(), String::new(), String::new());
                examples.push(Example {
                    id,
                    platform,
                    heading,
                    text,
                    types,
                    denies,
                    severity: None,
                    role: Role::Contrary,
                });
            };
            push(format!("We {act} personal data to others."), &[sells], &[]);
            push(format!("We never {act} personal data to others."), &[], &[sells]);
            push(format!("You must not {act} pages with robots."), &[bans], &[]);
            push(format!("We {act} personal data. We do not ask."), &[sells], &[]);
            push(format!("Nothing prevents you: {act} pages with robots."), &[], &[bans]);
        }
        let number = |kind: usize| [sells, bans].iter().position(|&known| known == kind);
        let contraries = Contraries::fit(examples.iter(), 2, &number).unwrap();
        let states = |kind, text| read(text).is_none_or(|wording| contraries.states(kind, &wording));
        assert!(states(0, "We give personal data away") && !states(0, "We never give personal data away"));
        assert!(
            states(1, "You must not crawl pages with robots")
                && !states(1, "Nothing prevents you: crawl pages with robots")
        );
        let mut bytes = Vec::new();
        contraries.write(&mut bytes);
        assert_eq!(Contraries::read(&mut &bytes[..], 2), Some(contraries));
        assert_eq!(Contraries::read(&mut &bytes[..bytes.len() - 1], 2), None);
        let stated = examples.iter().filter(|example| example.denies.is_empty());
        assert_eq!(Contraries::fit(stated, 2, &number), None);
    }
}
