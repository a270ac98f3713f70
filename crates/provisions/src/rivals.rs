//! The second look at a clause: each type's score beside those of its rivals.
//!
//! The first scores are given to each type on its own. How far one is to be believed depends on the others: second to a sure type it
//! is more often wrong than alone, and a long clause has room for more types than a short one. One forest ([`crate::forest`]) learns
//! this for all types at once, from scores of clauses whose platform the scoring model did not see.
use crate::forest::{self, Forest, Options};

/// First scores that are not above are not looked at again: hardly any is right.
const LEAST: f32 = -1.1;
/// What is taken off a score that is not looked at again, which is about what a second look does to those just above [`LEAST`].
const UNLIKELY: f32 = 0.4;
/// A second score is a log-odds divided by this: spans what first scores do.
const SCALE: f32 = 2.5;
/// Places among the rivals are told apart up to this one.
const LAST_PLACE: usize = 8;
/// What the forest sees of a score.
const WIDTH: usize = 5;

/// A type's number and its score.
pub(crate) type Scored = (usize, f32);

/// The fitted second look.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rivals {
    forest: Forest,
}

impl Rivals {
    /// Fits the forest to clauses given by first scores, length and whether they are of each type.
    pub(crate) fn fit<'a>(clauses: impl Iterator<Item = (&'a [f32], usize, &'a [bool])>, options: &Options) -> Rivals {
        let (mut rows, mut labels, mut found) = (Vec::new(), Vec::new(), Vec::new());
        for (scores, length, truth) in clauses {
            choose(scores, &mut found);
            let weights: Vec<f32> = found.iter().map(|&(_, score)| likelihood(score)).collect();
            for (place, &(kind, _)) in found.iter().enumerate() {
                rows.extend(row(place, &found, &weights, length));
                labels.push(truth[kind]);
            }
        }
        Rivals { forest: forest::fit(&rows, WIDTH, &labels, options) }
    }

    /// The types that come into question by their first `scores`, with their second scores, into `judged`.
    pub(crate) fn judge(&self, scores: &[f32], length: usize, judged: &mut Judged) {
        let Judged { first, weights, types } = judged;
        choose(scores, first);
        weights.clear();
        types.clear();
        weights.extend(first.iter().map(|&(_, score)| likelihood(score)));
        let second = |place| self.forest.score(&row(place, first, weights, length)) / SCALE;
        types.extend(first.iter().enumerate().map(|(place, &(kind, _))| (kind, second(place))));
    }

    /// The second score of every type.
    pub(crate) fn judge_all(&self, scores: &[f32], length: usize) -> Vec<f32> {
        let mut judged = Judged::default();
        self.judge(scores, length, &mut judged);
        let mut second: Vec<f32> = scores.iter().map(|score| score - UNLIKELY).collect();
        judged.types.iter().for_each(|&(kind, score)| second[kind] = score);
        second
    }

    /// Appends it to `out`.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        self.forest.write(out);
    }

    /// Takes it from the front of `bytes`.
    pub(crate) fn read(bytes: &mut &[u8]) -> Option<Rivals> {
        let forest = Forest::read(bytes)?;
        (forest.width() == WIDTH).then_some(Rivals { forest })
    }
}

/// The types that come into question; buffers that are reused from clause to clause.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    first: Vec<Scored>,
    /// What each of them weighs as a rival.
    weights: Vec<f32>,
    /// Numbers of the types and their scores.
    pub(crate) types: Vec<Scored>,
}

/// The types whose score is above [`LEAST`], looked for eight at a time: nearly all are not.
fn choose(scores: &[f32], found: &mut Vec<Scored>) {
    found.clear();
    for (i, eight) in scores.chunks(8).enumerate() {
        if eight.iter().fold(false, |any, &score| any | (score > LEAST)) {
            let numbered = (i * 8..).zip(eight.iter().copied());
            found.extend(numbered.filter(|&(_, score)| score > LEAST));
        }
    }
}

/// What the forest sees of the candidate at a place: its score, the best other one, what the others weigh together, how many are above
/// it, and the length of the clause in bytes.
fn row(place: usize, candidates: &[Scored], weights: &[f32], length: usize) -> [f32; WIDTH] {
    let score = candidates[place].1;
    let (mut best, mut weight, mut above) = (LEAST, 0.0, 0);
    for (other, (&(_, rival), &rival_weight)) in candidates.iter().zip(weights).enumerate() {
        if other != place {
            best = if rival > best { rival } else { best };
            weight += rival_weight;
            above += usize::from(rival > score || (rival == score && other < place));
        }
    }
    [score, best, weight, above.min(LAST_PLACE) as f32, length as f32]
}

/// From 0 to 1 as the score goes up: like the logistic function, of operations that every machine rounds alike.
fn likelihood(score: f32) -> f32 {
    let steep = 3.0 * score;
    0.5 + 0.5 * steep / (1.0 + steep * steep).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rival_takes_belief_away() {
        // Of two types that both score 1 only the first is right; alone, the second is right too.
        let both = ([1.0, 0.9, -2.0], [true, false, false]);
        let alone = ([-2.0, 0.9, -2.0], [false, true, false]);
        let clauses = (0..400).map(|i| if i % 2 == 0 { &both } else { &alone });
        let clauses = clauses.map(|(scores, truth)| (&scores[..], 100, &truth[..]));
        let rivals = Rivals::fit(clauses, &Options::default());
        let beside = rivals.judge_all(&both.0, 100);
        assert!(beside[0] > 0.5 && beside[1] < -0.5 && beside[2] == -2.4, "{beside:?}");
        assert!(rivals.judge_all(&alone.0, 100)[1] > 0.5);
        let mut bytes = Vec::new();
        rivals.write(&mut bytes);
        assert_eq!(Rivals::read(&mut &bytes[..]), Some(rivals));
    }

    #[test]
    fn only_what_is_above_the_least_comes_into_question() {
        let mut scores = vec![-1.2; 20];
        (scores[3], scores[19]) = (-1.0, 2.0);
        let mut found = Vec::new();
        choose(&scores, &mut found);
        assert_eq!(found, [(3, -1.0), (19, 2.0)]);
        assert_eq!(row(0, &found, &[0.1, 0.9], 7)[2..], [0.9, 1.0, 7.0]);
    }
}
