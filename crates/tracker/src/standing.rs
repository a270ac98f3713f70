//! Which changes that were seen once still stand in a later capture that has other words elsewhere.
//!
//! A page with an advertisement that takes turns, or with a sentence that counts, is never seen twice with the same words, so a change of
//! it cannot be confirmed by seeing the whole text again. It is confirmed clause by clause: of what changed, only that is left which has
//! stood in every version since; what came back to an earlier wording counts once it has come to stay ([`atlas::has_come_to_stay`]), unless it
//! is the one that people know; and if what is left would be a change that people are told of by itself, the change is confirmed. When such
//! a page does show the same words twice, that confirms no change that only brought back what had stood there before. Pure.
use std::collections::HashSet;
use std::ops::Range;

use atlas::{Stay, has_come_to_stay};
use compare::{Alignment, Pair, align};
use document::Structure;
use provisions::Reader;

use crate::history;

/// What is known of the change that led to a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It was seen once.
    Open,
    /// It was confirmed, and people were told of it.
    Told,
    /// Nobody is told of it.
    Quiet,
}

/// A sound version.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Its number.
    pub number: i64,
    /// From when to when it was seen, and how often.
    pub stay: Stay,
    /// Its clean text.
    pub text: String,
    /// The change that led to it.
    pub step: Step,
}

/// A version with its clauses.
struct Version<'a> {
    seen: &'a Seen,
    structure: Structure,
    clauses: HashSet<&'a str>,
}

impl<'a> Version<'a> {
    fn of(seen: &'a Seen) -> Version<'a> {
        let structure = document::structure(&seen.text);
        let clauses = structure.words(&seen.text).into_iter().collect();
        Version { seen, structure, clauses }
    }
}

/// The numbers of those among consecutive sound versions, oldest first, the change to which is confirmed by the last of them.
pub fn standing(reader: &Reader, seen: &[Seen]) -> Vec<i64> {
    let versions: Vec<Version> = seen.iter().map(Version::of).collect();
    // Nothing has come since the last one.
    let open = open(&versions).filter(|&at| at + 1 < versions.len());
    let stands = |&at: &usize| {
        let step = Change::of(&versions, at);
        let stays = |pair: &Pair| step.has_stood(pair) && !step.came_back(pair);
        step.alignment.differing().any(stays) && step.is_told_without(reader, &|pair| !stays(pair))
    };
    open.filter(stands).map(|at| versions[at].seen.number).collect()
}

/// The numbers of those among consecutive sound versions, oldest first, the change to which is not confirmed though the last of them is seen
/// again (its stay says so): it only brought back what had stood there before.
pub fn doubted(reader: &Reader, seen: &[Seen]) -> Vec<i64> {
    let versions: Vec<Version> = seen.iter().map(Version::of).collect();
    let doubted = |&at: &usize| {
        let step = Change::of(&versions, at);
        let back = |pair: &Pair| step.came_back(pair);
        step.alignment.differing().any(back) && !step.is_told_without(reader, &back)
    };
    open(&versions).filter(doubted).map(|at| versions[at].seen.number).collect()
}

/// The places of the versions whose change was seen once.
fn open(versions: &[Version]) -> impl Iterator<Item = usize> {
    (1..versions.len()).filter(|&at| versions[at].seen.step == Step::Open)
}

/// The change that led to the version at a place.
struct Change<'a> {
    versions: &'a [Version<'a>],
    at: usize,
    old: Vec<&'a str>,
    new: Vec<&'a str>,
    alignment: Alignment,
}

impl<'a> Change<'a> {
    fn of(versions: &'a [Version<'a>], at: usize) -> Change<'a> {
        let words = |version: &'a Version| version.structure.words(&version.seen.text);
        let (old, new) = (words(&versions[at - 1]), words(&versions[at]));
        let alignment = align(&old, &new);
        Change { versions, at, old, new, alignment }
    }

    /// Whether a version shows the new side of a pair, and nothing of the old one.
    fn shows(&self, version: &Version, pair: &Pair) -> bool {
        let after = &self.versions[self.at].clauses;
        let mut gone = pair.old.iter().map(|&index| self.old[index]).filter(|words| !after.contains(words));
        pair.new.iter().all(|&index| version.clauses.contains(self.new[index]))
            && !gone.any(|words| version.clauses.contains(words))
    }

    /// Whether the clauses that came have stood ever since, and those that went have stayed away.
    fn has_stood(&self, pair: &Pair) -> bool {
        self.versions[self.at + 1..].iter().all(|version| self.shows(version, pair))
    }

    /// Whether it was so before, and is nothing that people have to be told of: it is what they know, or it may go again.
    fn came_back(&self, pair: &Pair) -> bool {
        let back = self.versions[..self.at - 1].iter().any(|version| self.shows(version, pair));
        let known = self.versions[..self.at].iter().rposition(|version| version.seen.step == Step::Told).unwrap_or(0);
        back && (self.shows(&self.versions[known], pair) || !self.comes_to_stay(pair, known))
    }

    /// Whether the new side of a pair stands for good, as its stays since the version that people know let expect.
    fn comes_to_stay(&self, pair: &Pair, known: usize) -> bool {
        let mut stays: Vec<Stay> = Vec::new();
        let mut stood = false;
        let mut before = 0;
        for (index, version) in self.versions.iter().enumerate().skip(known + 1) {
            let stands = self.shows(version, pair);
            match stays.last_mut().filter(|_| stood) {
                Some(stay) if stands => *stay = stay.and(version.seen.stay),
                _ if stands => stays.push(version.seen.stay),
                _ => {}
            }
            stood = stands;
            if index == self.at {
                before = stays.len() - 1;
            }
        }
        has_come_to_stay(&stays[before], &stays[..before])
    }

    /// Whether it is a change that people are told of when some of it is undone.
    fn is_told_without(&self, reader: &Reader, undone: &dyn Fn(&Pair) -> bool) -> bool {
        let (before, after) = (&self.versions[self.at - 1], &self.versions[self.at]);
        let left = without(&after.seen.text, &after.structure, (&self.old, &self.alignment), undone);
        history::between(reader, &before.seen.text, &left).is_some_and(|change| change.materiality.is_told())
    }
}

/// The new text with some of the changes undone.
fn without(
    text: &str,
    structure: &Structure,
    (old, alignment): (&[&str], &Alignment),
    undone: &dyn Fn(&Pair) -> bool,
) -> String {
    let range = |index: usize| structure.clauses[index].range.clone();
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    let mut end = 0;
    for pair in &alignment.pairs {
        let differs = !pair.is_unchanged() && !pair.cosmetic && undone(pair);
        let words = pair.old.iter().map(|&index| old[index]).collect::<Vec<_>>().join("\n\n");
        match &pair.new[..] {
            [] if differs => edits.push((end..end, format!("\n\n{words}\n\n"))),
            [first, rest @ ..] if differs => {
                edits.push((range(*first), words));
                edits.extend(rest.iter().map(|&index| (range(index), String::new())));
            }
            _ => {}
        }
        end = pair.new.last().map_or(end, |&index| range(index).end);
    }
    edits.sort_by_key(|(range, _)| range.start);
    let (mut left, mut at) = (String::with_capacity(text.len()), 0);
    for (range, words) in edits {
        left.push_str(text.get(at..range.start).unwrap_or_default());
        left.push_str(&words);
        at = at.max(range.end);
    }
    left.push_str(&text[at..]);
    left
}

#[cfg(test)]
mod tests {
    use archive::instant::HOUR_MS;

    use super::*;

    /// A document with a notice period and an advertisement; both are numbers, so that a test reads as a table.
    fn text(days: u32, advertisement: u32) -> String {
        let goods = ["lamps", "shelves", "chairs", "tables", "beds", "doors", "rugs"][advertisement as usize % 7];
        format!(
            "# Terms of Plum\n\nThese terms are an agreement between you and Plum Ltd about the use of our shop.\n\n\
             You may end your account at any time in its settings.\n\n\
             We may change these terms at any time with {days} days' notice by e-mail, and you accept them by going on.\n\n\
             This week we sell all {goods} at half the price, and you will get a second one free.\n\n\
             These terms are governed by the laws of Ireland.\n"
        )
    }

    /// Versions an hour apart, first to last: notice period, advertisement, step.
    fn seen(story: &[(u32, u32, Step)]) -> Vec<Seen> {
        let seen = |(index, &(days, advertisement, step)): (usize, &(u32, u32, Step))| Seen {
            number: index as i64 + 1,
            stay: Stay { from_ms: index as i64 * HOUR_MS, until_ms: index as i64 * HOUR_MS, sightings: 1 },
            text: text(days, advertisement),
            step,
        };
        story.iter().enumerate().map(seen).collect()
    }

    fn confirmed(story: &[(u32, u32, Step)]) -> Vec<i64> {
        standing(Reader::embedded(), &seen(story))
    }

    use Step::{Open, Quiet, Told};

    #[test]
    fn a_change_beside_an_advertisement_is_confirmed_by_the_next_capture() {
        assert_eq!(confirmed(&[(30, 0, Quiet), (14, 1, Open)]), [0; 0], "seen once");
        assert_eq!(confirmed(&[(30, 0, Quiet), (14, 1, Open), (14, 2, Open)]), [2]);
        assert_eq!(
            confirmed(&[(30, 0, Quiet), (30, 1, Open), (14, 2, Open), (14, 3, Open)]),
            [3],
            "not the advertisement"
        );
    }

    #[test]
    fn advertisements_alone_are_never_a_change() {
        assert_eq!(confirmed(&[(30, 0, Quiet), (30, 1, Open), (30, 2, Open), (30, 3, Open)]), [0; 0]);
        assert_eq!(confirmed(&[(30, 0, Quiet), (30, 1, Open), (30, 0, Quiet), (30, 1, Open), (30, 0, Quiet)]), [0; 0]);
    }

    #[test]
    fn what_flips_beside_an_advertisement_is_not_confirmed() {
        assert_eq!(confirmed(&[(30, 0, Quiet), (14, 1, Open), (30, 2, Open), (30, 3, Open)]), [0; 0]);
        assert_eq!(confirmed(&[(30, 0, Quiet), (14, 1, Open), (30, 2, Open), (14, 3, Open)]), [0; 0]);
    }

    #[test]
    fn what_was_told_and_went_back_is_confirmed_when_it_has_stood_for_a_day() {
        let mut story = vec![(30, 0, Quiet), (14, 1, Told), (14, 2, Open)];
        story.extend((3..27).map(|advertisement| (30, advertisement, Open)));
        assert_eq!(confirmed(&story), [0; 0], "23 hours");
        story.push((30, 27, Open));
        assert_eq!(confirmed(&story), [4]);
        story.extend([(14, 28, Open), (30, 29, Open)]);
        assert_eq!(confirmed(&story), [0; 0], "neither the flip nor what it flipped from");
    }

    #[test]
    fn what_was_taken_back_and_put_out_again_is_confirmed_when_it_has_stood_for_a_day() {
        let mut story = vec![(30, 0, Quiet), (14, 1, Open), (30, 2, Open)];
        story.extend((3..27).map(|advertisement| (14, advertisement, Open)));
        assert_eq!(confirmed(&story), [0; 0], "23 hours");
        story.push((14, 27, Open));
        assert_eq!(confirmed(&story), [4]);
    }

    #[test]
    fn what_takes_turns_after_it_was_told_is_believed_when_it_stands_out_of_proportion() {
        // Notice periods that take turns; their change was told once.
        let turns = |last: i64| {
            let mut story = vec![(30, 0, Quiet), (14, 1, Told)];
            let runs = [(30, 20), (14, 1), (30, 2), (14, 9), (30, last)];
            for (days, looks) in runs {
                (0..looks).for_each(|_| story.push((days, story.len() as u32, Open)));
            }
            story
        };
        assert_eq!(confirmed(&turns(58)), [0; 0], "less than three times twenty looks");
        assert_eq!(confirmed(&turns(61)), [35]);
    }

    #[test]
    fn an_advertisement_that_is_shown_twice_is_doubted_if_it_was_there_before() {
        let doubted = |story: &[(u32, u32, Step)]| doubted(Reader::embedded(), &seen(story));
        assert_eq!(doubted(&[(30, 0, Quiet), (14, 1, Told), (14, 0, Open)]), [3]);
        assert_eq!(doubted(&[(30, 0, Quiet), (14, 1, Told), (14, 2, Open)]), [0; 0], "nobody can know that it is one");
        assert_eq!(doubted(&[(30, 0, Quiet), (30, 1, Open), (14, 0, Open)]), [0; 0], "what came with it is new");
        assert_eq!(doubted(&[(30, 0, Quiet), (14, 1, Open), (7, 2, Open)]), [0; 0], "what led to it is not lost");
    }

    #[test]
    fn clauses_that_come_and_go_are_put_back_at_their_places() {
        let (old, new) = (
            "# A\n\nOne stands.\n\nTwo goes.\n\nThree stands.\n",
            "# A\n\nOne stands.\n\nThree stands.\n\nFour comes.\n",
        );
        let (before, after) = (document::structure(old), document::structure(new));
        let words = before.words(old);
        let alignment = align(&words, &after.words(new));
        let left = without(new, &after, (&words, &alignment), &|_| true);
        assert_eq!(document::structure(&left).words(&left), words);
        assert_eq!(without(new, &after, (&words, &alignment), &|_| false), new);
    }
}
