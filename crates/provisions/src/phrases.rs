//! A small matcher for hand-written rules over normalised text.
//!
//! A rule is a line of phrases: `we may|we can > share|sell & your data ! do not sell`.
//! `|` separates alternatives, `&` asks for all of them in one sentence in any order, `>` asks for them in this order,
//! `!` (last) for none of them in that sentence. A phrase is whole words; a `*` at its end makes its last word a prefix.
//! All phrases of all rules are found in one pass over the text, so hundreds of rules cost little.
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use std::collections::HashMap;

/// Most rules that one [`RuleSet`] holds.
pub const MOST_RULES: usize = 1024;

/// Which rules a text meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hits([u64; MOST_RULES / 64]);

impl Default for Hits {
    fn default() -> Self {
        Hits([0; MOST_RULES / 64])
    }
}

impl Hits {
    /// Whether rule `i` is met.
    pub fn has(&self, i: usize) -> bool {
        self.0[i / 64] >> (i % 64) & 1 == 1
    }

    /// The rules that are met, in order.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.0.len()).flat_map(|w| {
            let mut bits = self.0[w];
            std::iter::from_fn(move || {
                let bit = bits.trailing_zeros() as usize;
                bits &= bits.wrapping_sub(1);
                (bit < 64).then_some(w * 64 + bit)
            })
        })
    }

    fn set(&mut self, i: usize) {
        self.0[i / 64] |= 1 << (i % 64);
    }
}

#[derive(Debug)]
struct Rule {
    groups: Vec<Vec<u16>>,
    none_of: Vec<u16>,
    ordered: bool,
}

/// Rules compiled together.
#[derive(Debug)]
pub struct RuleSet {
    phrases: AhoCorasick,
    phrase_count: usize,
    rules: Vec<Rule>,
    /// For each phrase, the rules whose rarest group it belongs to.
    triggers: Vec<Vec<u16>>,
}

/// Buffers of [`RuleSet::find`], reused from text to text.
#[derive(Debug, Default)]
pub struct Seen {
    first: Vec<u32>,
    last: Vec<u32>,
    touched: Vec<u16>,
}

impl RuleSet {
    /// Compiles rules written as in the module's description; they are numbered in this order.
    ///
    /// # Panics
    /// When there are more than [`MOST_RULES`] rules: the tables are constants of this crate, and tested.
    pub fn compile<'a>(lines: impl Iterator<Item = &'a str>) -> RuleSet {
        let mut phrases = PhraseTable::default();
        let rules: Vec<Rule> = lines.map(|line| read_rule(line, &mut phrases)).collect();
        assert!(rules.len() <= MOST_RULES, "too many rules");
        let mut triggers = vec![Vec::new(); phrases.list.len()];
        for (i, rule) in rules.iter().enumerate() {
            // The group with the longest phrases is the rarest in text, so it is the one that wakes the rule.
            let length = |group: &Vec<u16>| group.iter().map(|&p| phrases.list[p as usize].len()).min().unwrap_or(0);
            let rarest = rule.groups.iter().max_by_key(|group| length(group)).cloned().unwrap_or_default();
            for phrase in rarest {
                triggers[phrase as usize].push(i as u16);
            }
        }
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(&phrases.list)
            .expect("a few thousand short literals fit");
        RuleSet { phrases: automaton, phrase_count: phrases.list.len(), rules, triggers }
    }

    /// The rules that `folded` (see [`crate::normalise::Tokens::folded`]) meets.
    pub fn find(&self, folded: &str, seen: &mut Seen) -> Hits {
        let mut hits = Hits::default();
        seen.first.resize(self.phrase_count, u32::MAX);
        seen.last.resize(self.phrase_count, 0);
        let mut sentence_end = next_sentence_end(folded, 0);
        for found in self.phrases.find_overlapping_iter(folded) {
            while found.start() >= sentence_end {
                self.close_sentence(seen, &mut hits);
                sentence_end = next_sentence_end(folded, sentence_end);
            }
            let phrase = found.pattern().as_usize();
            if seen.first[phrase] == u32::MAX {
                seen.first[phrase] = found.start() as u32;
                seen.touched.push(phrase as u16);
            }
            seen.last[phrase] = found.start() as u32;
        }
        self.close_sentence(seen, &mut hits);
        hits
    }

    fn close_sentence(&self, seen: &mut Seen, hits: &mut Hits) {
        for i in 0..seen.touched.len() {
            for &rule in &self.triggers[seen.touched[i] as usize] {
                if !hits.has(rule as usize) && self.rules[rule as usize].holds(seen) {
                    hits.set(rule as usize);
                }
            }
        }
        for &phrase in &seen.touched {
            seen.first[phrase as usize] = u32::MAX;
        }
        seen.touched.clear();
    }
}

impl Rule {
    fn holds(&self, seen: &Seen) -> bool {
        let here = |p: &u16| seen.first[*p as usize] != u32::MAX;
        if self.none_of.iter().any(here) || !self.groups.iter().all(|group| group.iter().any(here)) {
            return false;
        }
        !self.ordered || self.in_order(seen)
    }

    /// Whether each group can be met after the one before it.
    fn in_order(&self, seen: &Seen) -> bool {
        let mut after = None;
        for group in &self.groups {
            let next = group
                .iter()
                .filter(|&&p| seen.first[p as usize] != u32::MAX)
                .filter_map(|&p| {
                    let (first, last) = (seen.first[p as usize], seen.last[p as usize]);
                    match after {
                        None => Some(first),
                        Some(limit) if first > limit => Some(first),
                        Some(limit) if last > limit => Some(last),
                        Some(_) => None,
                    }
                })
                .min();
            match next {
                Some(at) => after = Some(at),
                None => return false,
            }
        }
        true
    }
}

#[derive(Default)]
struct PhraseTable {
    list: Vec<String>,
    ids: HashMap<String, u16>,
}

impl PhraseTable {
    fn id(&mut self, phrase: &str) -> u16 {
        let phrase = phrase.trim();
        let literal = match phrase.strip_suffix('*') {
            Some(prefix) => format!(" {prefix}"),
            None => format!(" {phrase} "),
        };
        *self.ids.entry(literal.clone()).or_insert_with(|| {
            self.list.push(literal);
            (self.list.len() - 1) as u16
        })
    }
}

fn read_rule(line: &str, phrases: &mut PhraseTable) -> Rule {
    let (wanted, unwanted) = line.split_once('!').unwrap_or((line, ""));
    let ordered = wanted.contains('>');
    let mut group =
        |text: &str| text.split('|').filter(|p| !p.trim().is_empty()).map(|p| phrases.id(p)).collect::<Vec<u16>>();
    let groups = wanted.split(['&', '>']).map(&mut group).collect();
    Rule { groups, none_of: group(unwanted), ordered }
}

fn next_sentence_end(folded: &str, from: usize) -> usize {
    if from >= folded.len() {
        return usize::MAX;
    }
    folded[from..].find(" . ").map_or(usize::MAX, |at| from + at + 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalise::Tokens;

    fn hits(rules: &[&str], text: &str) -> Vec<usize> {
        let mut tokens = Tokens::default();
        tokens.read(text);
        RuleSet::compile(rules.iter().copied()).find(tokens.folded(), &mut Seen::default()).iter().collect()
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
}
