//! What a change means for the people bound by the document: provisions that appeared, went, or became stricter or milder.
use provisions::{Direction, SummaryLine, taxonomy};
use serde::Serialize;

use crate::words;

/// Groups of people named in the lead; more are too many to read.
const GROUPS: usize = 3;

/// The lines of a change's summary, most severe first.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(transparent)]
pub(crate) struct Meaning {
    lines: Vec<SummaryLine>,
}

impl Meaning {
    pub fn new(lines: Vec<SummaryLine>) -> Meaning {
        Meaning { lines }
    }

    /// Lines that say more than that words changed.
    pub fn telling(&self) -> impl Iterator<Item = &SummaryLine> {
        self.lines.iter().filter(|line| line.says_more_than_words())
    }

    /// Titles of the types of which only words changed.
    pub fn reworded(&self) -> Vec<&'static str> {
        self.lines.iter().filter(|line| !line.says_more_than_words()).map(|line| line.kind.title.as_str()).collect()
    }

    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// One or two sentences: "Stricter in 2 provisions, milder in 1. Affects people who pay."
    pub fn lead(&self) -> String {
        let count = |wanted| self.telling().filter(|line| line.direction == wanted).count();
        let (stricter, milder) = (count(Direction::Stricter), count(Direction::Milder));
        let mut lead = match (stricter, milder) {
            (0, 0) => "No provision became stricter or milder as far as facts and severity tell.".to_string(),
            (0, _) => format!("Milder in {}.", words::count(milder, "provision", "provisions")),
            (_, 0) => format!("Stricter in {}.", words::count(stricter, "provision", "provisions")),
            _ => format!("Stricter in {}, milder in {milder}.", words::count(stricter, "provision", "provisions")),
        };
        let mut groups: Vec<&str> = Vec::new();
        for line in self.telling() {
            let category = taxonomy().categories().iter().find(|category| category.id == line.kind.category);
            groups.extend(category.map(|category| category.affects.as_str()).filter(|group| !groups.contains(group)));
        }
        groups.truncate(GROUPS);
        if let Some((last, others)) = groups.split_last() {
            let others = if others.is_empty() { String::new() } else { format!("{} and ", others.join(", ")) };
            lead += &format!(" Affects {others}{last}.");
        }
        lead
    }
}
