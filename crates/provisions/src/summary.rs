//! What a change means: which provisions appeared, went, or became stricter or milder for the people bound, and by which facts.
//!
//! Deterministic, from the clauses of both versions alone. A burden that appears is stricter, one that goes is milder; a benefit the
//! other way round. Where a provision stays, its severity decides, and where that is the same, the facts whose direction is known
//! (`direction_of`): a shorter notice is stricter, a longer retention too.
use std::collections::BTreeMap;

use document::Structure;
use serde::Serialize;

use crate::facts::Facts;
use crate::normalise::sentences;
use crate::passage::passage;
use crate::reader::{Finding, Reader};
use crate::taxonomy::{ClauseType, Severity, Stance, taxonomy};
use crate::unfair::Head;

/// What a change does to people by one provision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// More burden or less benefit.
    Stricter,
    /// Both, or other words whose weight is not known.
    Other,
    /// Less burden or more benefit.
    Milder,
}

impl Direction {
    /// In a word; empty where it is not known.
    pub fn word(self) -> &'static str {
        match self {
            Direction::Stricter => "stricter",
            Direction::Other => "",
            Direction::Milder => "milder",
        }
    }
}

/// What happened to a provision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Happening {
    /// The new version has it, the old one did not.
    Appeared,
    /// The old version had it, the new one does not.
    Gone,
    /// Both have it, in other words.
    Reworded,
}

impl Happening {
    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Happening::Appeared => "new",
            Happening::Gone => "gone",
            Happening::Reworded => "reworded",
        }
    }
}

/// In what two clauses of one type differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FactDifference {
    /// What it is about: a fact's label.
    pub label: String,
    /// What the first says; empty if nothing.
    pub before: String,
    /// What the second says; empty if nothing.
    pub after: String,
}

/// What a change does to the provisions of one clause type.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SummaryLine {
    /// The clause type.
    #[serde(rename = "clause_type", serialize_with = "id_of")]
    pub kind: &'static ClauseType,
    /// What happened.
    pub happening: Happening,
    /// For whom it is better or worse: the person who is bound by the document.
    pub direction: Direction,
    /// Severity before; none if it was not there.
    pub before: Option<Severity>,
    /// Severity after; none if it is gone.
    pub after: Option<Severity>,
    /// Facts that changed; for a provision that appeared or went, those that it states or stated.
    pub facts: Vec<FactDifference>,
    /// Index of the clause in the new version, or in the old one if it is gone.
    pub clause: usize,
}

impl SummaryLine {
    /// Whether more changed than words: it is new or gone, or its weight or a fact moved.
    pub fn says_more_than_words(&self) -> bool {
        self.happening != Happening::Reworded || self.direction != Direction::Other || !self.facts.is_empty()
    }
}

/// A fact's value as it is shown, also where nothing is said.
pub fn or_none(value: &str) -> &str {
    if value.is_empty() { "none" } else { value }
}

fn id_of<S: serde::Serializer>(kind: &&'static ClauseType, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&kind.id)
}

/// A version: its clean text and the clauses in it.
pub type Version<'a> = (&'a str, &'a Structure);

/// What the change from `old` to `new` means, most severe first. `changed` are the clauses that differ, by index in each version: the
/// same clause in other words, one that was split or merged, or one that only one version has.
pub fn summarise<'c>(
    reader: &Reader,
    old: Version<'_>,
    new: Version<'_>,
    changed: impl Iterator<Item = (&'c [usize], &'c [usize])>,
) -> Vec<SummaryLine> {
    summarise_as(reader, old, new, changed, (&|_, finding| Some(finding), &|_, finding| Some(finding)))
}

/// What is made of something found in the clause of this index: something else may stand in its place, or nothing.
pub type Judge<'j> = &'j dyn Fn(usize, Finding) -> Option<Finding>;

/// As [`summarise`], with what `judges` of the old and of the new version make of each finding.
pub fn summarise_as<'c>(
    reader: &Reader,
    old: Version<'_>,
    new: Version<'_>,
    changed: impl Iterator<Item = (&'c [usize], &'c [usize])>,
    judges: (Judge<'_>, Judge<'_>),
) -> Vec<SummaryLine> {
    let foreign = (Head::of_text(old.0), Head::of_text(new.0));
    let mut types: BTreeMap<&str, Sides> = BTreeMap::new();
    for (from, to) in changed {
        let mut before = findings(reader, old, foreign.0, from, judges.0);
        let mut after = findings(reader, new, foreign.1, to, judges.1);
        if !from.is_empty() && !to.is_empty() {
            let wavering = wavering(reader, (old, from), (new, to), foreign.1);
            let one_sided =
                |id: &str, other: &[(usize, Finding)]| other.iter().all(|(_, finding)| finding.type_id != id);
            let kept = before.clone();
            before.retain(|(_, f)| !(wavering.contains(&f.type_id) && one_sided(f.type_id, &after)));
            after.retain(|(_, f)| !(wavering.contains(&f.type_id) && one_sided(f.type_id, &kept)));
        }
        before.into_iter().for_each(|found| types.entry(found.1.type_id).or_default().before.push(found));
        after.into_iter().for_each(|found| types.entry(found.1.type_id).or_default().after.push(found));
    }
    let mut lines: Vec<SummaryLine> = types.iter().filter_map(|(id, sides)| sides.line(taxonomy().get(id)?)).collect();
    lines.sort_by_key(|line| (std::cmp::Reverse(line.before.max(line.after)), line.direction, line.kind.id.as_str()));
    lines
}

/// What is found in some clauses of a version, with their indices.
fn findings(
    reader: &Reader,
    (text, structure): Version<'_>,
    foreign: Option<Head>,
    clauses: &[usize],
    judge: Judge<'_>,
) -> Vec<(usize, Finding)> {
    let of = |&index: &usize| {
        let found = reader.findings(&passage(text, structure, index, foreign)).into_iter();
        found.filter_map(move |finding| judge(index, finding)).map(move |finding| (index, finding))
    };
    clauses.iter().flat_map(of).collect()
}

/// Types that the sentences state which both versions of a clause have: if the reader finds one on one side only, it is the reader
/// who changed, not the clause.
fn wavering(
    reader: &Reader,
    (old, from): (Version<'_>, &[usize]),
    (new, to): (Version<'_>, &[usize]),
    foreign: Option<Head>,
) -> Vec<&'static str> {
    let before: Vec<&str> = from.iter().map(|&index| &old.0[old.1.clauses[index].range.clone()]).collect();
    let mut stated = Vec::new();
    for &index in to {
        let mut passage = passage(new.0, new.1, index, foreign);
        let ranges = sentences(passage.text).into_iter().map(|range| &passage.text[range]);
        let kept: Vec<&str> = ranges.filter(|sentence| before.iter().any(|text| text.contains(sentence))).collect();
        let kept = kept.join(" ");
        if kept.len() < passage.text.len() {
            passage.text = &kept;
            stated.extend(reader.findings(&passage).into_iter().map(|finding| finding.type_id));
        }
    }
    stated
}

/// The provisions of one type in the clauses that differ.
#[derive(Default)]
struct Sides {
    before: Vec<(usize, Finding)>,
    after: Vec<(usize, Finding)>,
}

impl Sides {
    fn line(&self, kind: &'static ClauseType) -> Option<SummaryLine> {
        let hardest = |side: &[(usize, Finding)]| side.iter().map(|(_, finding)| finding.severity).max();
        let (before, after) = (hardest(&self.before), hardest(&self.after));
        let happening = match (before, after) {
            (None, _) => Happening::Appeared,
            (_, None) => Happening::Gone,
            _ => Happening::Reworded,
        };
        let facts = differences(&together(&self.before), &together(&self.after));
        let direction = match happening {
            Happening::Appeared => by_stance(kind.stance),
            Happening::Gone => opposite(by_stance(kind.stance)),
            Happening::Reworded => reworded(kind, before, after, &facts),
        };
        let clause = self.after.first().or(self.before.first())?.0;
        Some(SummaryLine { kind, happening, direction, before, after, facts, clause })
    }
}

/// The facts of several clauses as those of one.
fn together(side: &[(usize, Finding)]) -> Facts {
    let mut all = Facts::default();
    for fact in side.iter().flat_map(|(_, finding)| &finding.facts.lines) {
        if !all.lines.contains(fact) {
            all.lines.push(fact.clone());
        }
    }
    all
}

fn by_stance(stance: Stance) -> Direction {
    match stance {
        Stance::Burden => Direction::Stricter,
        Stance::Benefit => Direction::Milder,
        Stance::Neutral => Direction::Other,
    }
}

fn opposite(direction: Direction) -> Direction {
    match direction {
        Direction::Stricter => Direction::Milder,
        Direction::Other => Direction::Other,
        Direction::Milder => Direction::Stricter,
    }
}

fn reworded(
    kind: &ClauseType,
    before: Option<Severity>,
    after: Option<Severity>,
    facts: &[FactDifference],
) -> Direction {
    match after.cmp(&before) {
        std::cmp::Ordering::Greater => return Direction::Stricter,
        std::cmp::Ordering::Less => return Direction::Milder,
        std::cmp::Ordering::Equal => {}
    }
    let mut known =
        facts.iter().map(|fact| direction_of(kind, fact)).filter(|direction| *direction != Direction::Other);
    let first = known.next().unwrap_or(Direction::Other);
    if known.all(|other| other == first) { first } else { Direction::Other }
}

/// Facts of which less is worse for the person bound.
const LESS_IS_STRICTER: [&str; 10] = [
    "Notice",
    "Liability cap",
    "Opt-out window",
    "Time to sue",
    "Refund window",
    "Period after the end",
    "Time to dispute",
    "Inactive after",
    "Trial length",
    "Uptime",
];
/// Facts of which more is worse.
const MORE_IS_STRICTER: [&str; 4] = ["Kept for", "Interest", "Amounts", "Waiting period"];
/// Types whose notice is one that the person bound gives or waits for: less of it is better.
const NOTICE_OF_THE_USER: [&str; 2] = ["user-may-leave", "breach-notice"];

/// What a changed fact of a clause of a type does to the person bound, where that is plain.
fn direction_of(kind: &ClauseType, fact: &FactDifference) -> Direction {
    let label = fact.label.as_str();
    let turned = label == "Notice" && NOTICE_OF_THE_USER.contains(&kind.id.as_str());
    let less = LESS_IS_STRICTER.contains(&label) && !turned;
    if !less && !turned && !MORE_IS_STRICTER.contains(&label) {
        return Direction::Other;
    }
    let fell = match (amount(&fact.before), amount(&fact.after)) {
        (Some((before, unit)), Some((after, other))) if unit == other && before != after => after < before,
        // A notice, a cap, a window that is no longer stated protects nobody.
        (Some(_), None) if less && fact.after.is_empty() => true,
        (None, Some(_)) if less && fact.before.is_empty() => false,
        _ => return Direction::Other,
    };
    if fell == less { Direction::Stricter } else { Direction::Milder }
}

/// The first number of a fact and what it counts; periods in days.
fn amount(value: &str) -> Option<(f64, String)> {
    let start = value.find(|c: char| c.is_ascii_digit())?;
    let number: String = value[start..].chars().take_while(|c| c.is_ascii_digit() || matches!(c, ',' | '.')).collect();
    let rest = &value[start + number.len()..];
    let number: f64 = number.replace(',', "").trim_end_matches('.').parse().ok()?;
    let around = format!("{} {}", &value[..start], rest);
    let unit =
        around.split(|c: char| !c.is_alphabetic() && !matches!(c, '$' | '€' | '£' | '%')).find(|w| !w.is_empty());
    let days = match unit.unwrap_or("").trim_end_matches('s') {
        "hour" => 1.0 / 24.0,
        "day" => 1.0,
        "week" => 7.0,
        "month" => 30.0,
        "year" => 365.0,
        other => return Some((number, other.to_owned())),
    };
    Some((number * days, "days".into()))
}

/// The facts in which two clauses differ, in the order in which they are found.
pub fn differences(before: &Facts, after: &Facts) -> Vec<FactDifference> {
    let mut labels: Vec<&str> = Vec::new();
    for fact in before.lines.iter().chain(&after.lines) {
        if !labels.contains(&fact.label.as_str()) {
            labels.push(&fact.label);
        }
    }
    let values = |facts: &Facts, label: &str| {
        let of_label = facts.lines.iter().filter(|fact| fact.label == label);
        of_label.map(|fact| fact.value.as_str()).collect::<Vec<_>>().join(", ")
    };
    let difference = |label: &str| FactDifference {
        label: label.to_owned(),
        before: values(before, label),
        after: values(after, label),
    };
    labels.into_iter().map(difference).filter(|found| found.before != found.after).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of the type `id` when a text is replaced by another.
    fn line(id: &str, old: &str, new: &str) -> SummaryLine {
        let (before, after) = (document::structure(old), document::structure(new));
        let (gone, come): (Vec<usize>, Vec<usize>) =
            ((0..before.clauses.len()).collect(), (0..after.clauses.len()).collect());
        let changed = [(gone.as_slice(), come.as_slice())].into_iter();
        let lines = summarise(Reader::embedded(), (old, &before), (new, &after), changed);
        lines.into_iter().find(|line| line.kind.id == id).expect("a line of this type")
    }

    fn fact(label: &str, before: &str, after: &str) -> FactDifference {
        FactDifference { label: label.into(), before: before.into(), after: after.into() }
    }

    #[test]
    fn a_burden_that_appears_is_stricter_and_one_that_goes_is_milder() {
        let clause = "Any dispute arising out of these terms will be resolved by final and binding arbitration, and not in court.";
        let new = line("arbitration", "Hello to all.", clause);
        assert_eq!((new.happening, new.direction), (Happening::Appeared, Direction::Stricter));
        let gone = line("arbitration", clause, "Hello to all.");
        assert_eq!((gone.happening, gone.direction), (Happening::Gone, Direction::Milder));
    }

    #[test]
    fn a_shorter_notice_is_stricter_and_the_facts_say_so() {
        let with = |days: &str| {
            format!(
                "If we change these terms, we will give you {days} notice by e-mail before the change takes effect."
            )
        };
        let shorter = line("change-with-notice", &with("30 days'"), &with("7 days'"));
        assert_eq!((shorter.happening, shorter.direction), (Happening::Reworded, Direction::Stricter));
        assert_eq!(shorter.facts, [fact("Notice", "30 days", "7 days")]);
        assert_eq!(line("change-with-notice", &with("7 days'"), &with("two months'")).direction, Direction::Milder);
    }

    #[test]
    fn what_a_sentence_that_stays_states_neither_comes_nor_goes() {
        let old = "You may sue us in the courts of Norland. The law of Norland governs these terms.";
        let new = "Any dispute arising out of these terms will be resolved by final and binding arbitration. You waive the right to a \
                   jury trial. The law of Norland governs these terms.";
        let (before, after) = (document::structure(old), document::structure(new));
        let lines = summarise(Reader::embedded(), (old, &before), (new, &after), [(&[0][..], &[0][..])].into_iter());
        let types: Vec<&str> = lines.iter().map(|line| line.kind.id.as_str()).collect();
        assert!(types.contains(&"arbitration") && !types.contains(&"governing-law"), "{types:?}");
    }

    #[test]
    fn facts_whose_weight_is_unknown_decide_nothing() {
        let kind = |id: &str| taxonomy().get(id).unwrap();
        let direction = |id, label, before, after| direction_of(kind(id), &fact(label, before, after));
        assert_eq!(direction("governing-law", "Governing law", "Norland", "Sundmark"), Direction::Other);
        assert_eq!(direction("liability-cap", "Liability cap", "100 US dollars", "50 US dollars"), Direction::Stricter);
        assert_eq!(direction("liability-cap", "Liability cap", "100 US dollars", "50 euros"), Direction::Other);
        assert_eq!(direction("liability-cap", "Liability cap", "100 US dollars", ""), Direction::Stricter);
        assert_eq!(direction("retention-period", "Kept for", "2 years", "18 months"), Direction::Milder);
        assert_eq!(direction("user-may-leave", "Notice", "30 days", "7 days"), Direction::Milder);
        assert_eq!(direction("change-with-notice", "Notice", "", "14 days"), Direction::Milder);
    }
}
