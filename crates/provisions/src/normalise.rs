//! Clause text to tokens: the form in which features, patterns and signals see it.
//!
//! Lower case, digits folded to `0` (a period of 30 days and one of 60 are the same kind of clause), contractions opened
//! ("don't" is "do not": negation decides between several pairs of types), punctuation dropped except that a full stop,
//! semicolon or line end closes a sentence. Platform names need no list here: the vocabulary keeps only what several platforms say.

use std::sync::LazyLock;

use crate::words::{self, Word, Words};

/// Longest word in bytes that is kept whole; more is noise (base64, long URLs).
const WORD_BYTES: usize = 40;

/// The tokens of one text, in buffers that are reused from clause to clause.
#[derive(Debug, Default)]
pub struct Tokens {
    /// The tokens joined by single spaces, one space before the first and after the last; sentences are separated by ` . `.
    folded: String,
    /// Start and end of each token in `folded`.
    spans: Vec<(u32, u32)>,
    /// For each token, whether a sentence ended before it.
    first_of_sentence: Vec<bool>,
}

impl Tokens {
    /// Reads `text`, replacing what was read before.
    pub fn read(&mut self, text: &str) {
        self.folded.clear();
        self.spans.clear();
        self.first_of_sentence.clear();
        self.folded.push(' ');
        let mut chars = text.chars();
        let mut word_start = None::<usize>;
        let mut sentence_ended = true;
        let mut last_was_digit = false;
        while let Some(c) = chars.next() {
            if c.is_alphanumeric() {
                if word_start.is_none() {
                    word_start = Some(self.folded.len());
                    last_was_digit = false;
                }
                let digit = c.is_numeric();
                if !(digit && last_was_digit) {
                    self.push_folded(c, digit);
                }
                last_was_digit = digit;
                continue;
            }
            if is_apostrophe(c)
                && word_start.is_some()
                && self.folded.ends_with('n')
                && negation_follows(chars.as_str())
            {
                chars.next();
                self.open_negation(&mut word_start, &mut sentence_ended);
                continue;
            }
            self.close_word(&mut word_start, &mut sentence_ended);
            let next_is_space = chars.clone().next().is_none_or(char::is_whitespace);
            if matches!(c, ';' | '\n' | '!' | '?') || (c == '.' && next_is_space) {
                self.end_sentence(&mut sentence_ended);
            }
        }
        self.close_word(&mut word_start, &mut sentence_ended);
    }

    /// Number of tokens.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is no token.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Token `i`.
    pub fn word(&self, i: usize) -> &str {
        let (start, end) = self.spans[i];
        &self.folded[start as usize..end as usize]
    }

    /// All tokens in order.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|i| self.word(i))
    }

    /// Whether token `i` opens a sentence.
    pub fn opens_sentence(&self, i: usize) -> bool {
        self.first_of_sentence[i]
    }

    /// The tokens joined by spaces, sentences separated by ` . `; starts and ends with a space.
    pub fn folded(&self) -> &str {
        &self.folded
    }

    fn push_folded(&mut self, c: char, digit: bool) {
        if digit {
            self.folded.push('0');
        } else if c.is_ascii() {
            self.folded.push(c.to_ascii_lowercase());
        } else {
            self.folded.extend(c.to_lowercase());
        }
    }

    fn close_word(&mut self, word_start: &mut Option<usize>, sentence_ended: &mut bool) {
        let Some(start) = word_start.take() else { return };
        let end = start + word_end(&self.folded.as_bytes()[start..]);
        self.folded.truncate(end);
        self.spans.push((start as u32, end as u32));
        self.first_of_sentence.push(std::mem::replace(sentence_ended, false));
        self.folded.push(' ');
    }

    /// "don't" has been read up to its `n`: closes "do" (or "can", "will") and adds "not".
    fn open_negation(&mut self, word_start: &mut Option<usize>, sentence_ended: &mut bool) {
        let start = word_start.unwrap_or(self.folded.len());
        match &self.folded[start..] {
            "can" => {}
            "won" => {
                self.folded.truncate(start);
                self.folded.push_str("will");
            }
            _ => {
                self.folded.pop();
            }
        }
        self.close_word(word_start, sentence_ended);
        *word_start = Some(self.folded.len());
        self.folded.push_str("not");
        self.close_word(word_start, sentence_ended);
    }

    fn end_sentence(&mut self, sentence_ended: &mut bool) {
        if !*sentence_ended {
            self.folded.push_str(". ");
            *sentence_ended = true;
        }
    }
}

pub(crate) fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '\u{2018}' | '`')
}

/// Whether a lone `t` follows.
pub(crate) fn negation_follows(rest: &str) -> bool {
    let mut ahead = rest.chars();
    matches!(ahead.next(), Some('t' | 'T')) && !ahead.next().is_some_and(char::is_alphanumeric)
}

/// How much is kept of a folded word: all, or as many whole characters as fit.
pub(crate) fn word_end(word: &[u8]) -> usize {
    let mut end = word.len();
    if end > WORD_BYTES {
        end = WORD_BYTES;
        while word[end] & 0xc0 == 0x80 {
            end -= 1;
        }
    }
    end
}

/// Byte ranges of the sentences of `text`, in order; together they hold every character that is not white space.
pub fn sentences(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut out = Vec::new();
    let (mut start, mut next) = (0, 0);
    let is_mark = |byte| (byte == b'\n') | (byte == b'.') | (byte == b'!') | (byte == b'?');
    while let Some(at) = words::next_where(text.as_bytes(), next, is_mark) {
        next = at + 1;
        let space_follows = || text[next..].chars().next().is_none_or(char::is_whitespace);
        if text.as_bytes()[at] == b'\n' || (space_follows() && !is_abbreviation(&text[start..at])) {
            push_trimmed(text, start..next, &mut out);
            start = next;
        }
    }
    push_trimmed(text, start..text.len(), &mut out);
    out
}

fn push_trimmed(text: &str, range: std::ops::Range<usize>, out: &mut Vec<std::ops::Range<usize>>) {
    let part = &text[range.clone()];
    let trimmed = part.trim();
    if !trimmed.is_empty() {
        let start = range.start + (part.len() - part.trim_start().len());
        out.push(start..start + trimmed.len());
    }
}

/// A full stop after these does not end a sentence.
fn is_abbreviation(before: &str) -> bool {
    let word = before.rsplit(|c: char| c.is_whitespace() || c == '(').next().unwrap_or("");
    let known = [
        "e.g", "i.e", "eg", "ie", "inc", "ltd", "no", "u.s", "u.s.c", "u.k", "etc", "llc", "corp", "co", "art", "sec",
        "s.a", "v", "vs", "mr", "ms", "cal", "st",
    ];
    word.len() == 1 && word.chars().all(char::is_alphanumeric) && before.trim().len() <= 2
        || known.iter().any(|k| word.eq_ignore_ascii_case(k))
}

/// Words that nearly every English sentence holds.
const ENGLISH: [&str; 44] = [
    "the", "of", "to", "and", "you", "we", "or", "your", "our", "is", "for", "by", "with", "this", "that", "any",
    "not", "be", "will", "may", "us", "as", "at", "on", "if", "are", "it", "from", "have", "has", "an", "shall", "all",
    "such", "use", "which", "can", "other", "these", "when", "no", "must", "do", "their",
];

/// Words of other languages that English does not have.
const FOREIGN: [&str; 56] = [
    "der", "und", "oder", "nicht", "sie", "wir", "ihre", "ihr", "von", "mit", "zu", "ist", "für", "durch", "les",
    "des", "du", "nous", "vous", "est", "et", "pour", "votre", "vos", "que", "qui", "dans", "el", "los", "las",
    "usted", "su", "por", "para", "nosotros", "del", "di", "il", "che", "della", "per", "lei", "sono", "het", "een",
    "van", "wij", "och", "att", "nie", "jest", "lub", "oraz", "você", "não", "você",
];

/// Words that are looked at; more would not change the answer. No more than a byte can count.
const TELLING: u32 = 200;

/// What a word tells of the language that it is in: whether it is an English one, a foreign one, without letters beyond ASCII, and no number;
/// a byte each, the first lowest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Hint(u32);

/// What the words of a text tell of its language: their hints added up, and how many were looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Hints {
    counts: u32,
    words: u32,
}

impl Hint {
    pub(crate) fn of(word: &Word) -> Hint {
        let list = Lists::of_this_crate().list_of(word.whole);
        let is_ascii = word.letters & words::NOT_ASCII == 0;
        Hint(u32::from_le_bytes([list & 1, list >> 1, u8::from(is_ascii), u8::from(word.letters as u8 != b'0')]))
    }
}

impl Hints {
    pub(crate) fn of(words: &Words) -> Hints {
        let mut hints = Hints::default();
        words.list.iter().take(TELLING as usize).for_each(|word| hints.add(Hint::of(word)));
        hints
    }

    /// Adds what the next word of the text tells.
    #[inline(always)]
    pub(crate) fn add(&mut self, Hint(counts): Hint) {
        let is_looked_at = u32::from(self.words < TELLING);
        self.counts += counts * is_looked_at;
        self.words += is_looked_at;
    }

    /// Whether the text reads as English.
    pub(crate) fn are_english(self) -> bool {
        let [english, foreign, ascii, in_letters] = self.counts.to_le_bytes().map(u32::from);
        // One word or a row of numbers says nothing.
        if in_letters < 2 || ascii * 10 < self.words * 7 {
            return false;
        }
        foreign <= english && (self.words < 8 || english * 25 >= self.words)
    }
}

/// Where `word` stands in `text` with no letter or digit beside it.
pub(crate) fn whole_word(text: &str, word: &str) -> Option<usize> {
    text.match_indices(word).map(|(at, _)| at).find(|&at| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

/// Whether the text reads as English: a cheap look that only turns away what plainly is not.
pub fn looks_english(words: &Words) -> bool {
    Hints::of(words).are_english()
}

/// Which of the two lists a word is in, by hash, in a table without collisions.
#[derive(Debug)]
pub(crate) struct Lists {
    places: Box<[u16; 1 << LIST_BITS]>,
    factor: u64,
}

/// The tables' places, as bits of a hash.
const LIST_BITS: u32 = 11;

impl Lists {
    /// The lists of this crate.
    pub(crate) fn of_this_crate() -> &'static Lists {
        static LISTS: LazyLock<Lists> = LazyLock::new(Lists::build);
        &LISTS
    }

    fn build() -> Lists {
        let hash = |word: &&str| words::hash(words::letters_of(word));
        let english = ENGLISH.iter().map(|word| (hash(word), 1));
        let words: Vec<(u64, u16)> = english.chain(FOREIGN.iter().map(|word| (hash(word), 2))).collect();
        // About one factor in ten has no collision.
        let without_collision = |i: u64| {
            let mut lists =
                Lists { places: Box::new([0; _]), factor: 0x9e37_79b9_7f4a_7c15u64.wrapping_mul(2 * i + 1) };
            for &(hash, list) in &words {
                let place = lists.place(hash);
                let entry = hash as u16 & !3 | list;
                if lists.places[place] != 0 && lists.places[place] != entry {
                    return None;
                }
                lists.places[place] = entry;
            }
            Some(lists)
        };
        (1..).find_map(without_collision).expect("a factor without collisions is found")
    }

    fn place(&self, hash: u64) -> usize {
        (hash.wrapping_mul(self.factor) >> (64 - LIST_BITS)) as usize
    }

    /// 1 for an English word, 2 for a foreign one, 0 for any other.
    fn list_of(&self, hash: u64) -> u8 {
        let entry = self.places[self.place(hash)];
        if entry & !3 == hash as u16 & !3 { (entry & 3) as u8 } else { 0 }
    }
}
