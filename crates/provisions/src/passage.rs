//! A clause as the reader sees it: its words, the headings above it, and what introduces the list that it is an item of.
use document::{Structure, heading_path};

use crate::unfair::Head;

/// A clause and what stands above it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage<'a> {
    /// Headings above, outermost first, joined by ` > `.
    pub heading: String,
    /// For a list item, the words that introduce the list ("You may not:"), outermost first; otherwise empty.
    pub lead_in: String,
    /// The clause's own words.
    pub text: &'a str,
    /// Whether the clause is a heading; headings hold no provision.
    pub is_heading: bool,
    /// The head for the language of the document, when that is not English ([`Head::of_text`]).
    pub foreign: Option<Head>,
}

impl Passage<'_> {
    /// The words that are read: a list item's after those that introduce the list, unless these are a clause of their own.
    pub fn read_text(&self) -> String {
        let mut text = String::new();
        self.read_into(&mut text);
        text
    }

    /// As [`Passage::read_text`], into a buffer that is emptied first.
    pub(crate) fn read_into(&self, text: &mut String) {
        text.clear();
        if !self.lead_in.is_empty() && self.lead_in.len() <= LONGEST_LEAD_IN {
            text.push_str(&self.lead_in);
            text.push(' ');
        }
        text.push_str(&self.text[..self.text.floor_char_boundary(MOST_BYTES)]);
    }

    /// Whether it only names what follows, which binds nobody: one or two words that nothing introduces ("Policy rationale"), or a few
    /// words and a colon ("Disputes:").
    pub fn is_label(&self) -> bool {
        let at_most = |words| self.text.split_whitespace().nth(words).is_none();
        (self.lead_in.is_empty() && at_most(2)) || (self.text.trim_end().ends_with(':') && at_most(3))
    }

    /// What the findings depend on, as one text: equal keys have equal findings.
    pub fn key(&self) -> String {
        let language = self.foreign.map_or(0, |head| head as u8 + 1);
        let Passage { heading, lead_in, text, .. } = self;
        format!("{}\u{1f}{language}\u{1f}{heading}\u{1f}{lead_in}\u{1f}{text}", u8::from(self.is_heading))
    }
}

/// Longest lead-in in bytes that is read together with a list item; a longer one is a clause of its own.
const LONGEST_LEAD_IN: usize = 400;
/// Most of a clause that is read, in bytes: far above any real clause.
pub(crate) const MOST_BYTES: usize = 24_000;
/// Most levels of lists that a lead-in is gathered from.
const MOST_LEVELS: usize = 3;

/// The passage of clause `index` of a document whose language `foreign` reads, if it is not English. An index out of range gives an
/// empty passage.
pub fn passage<'a>(text: &'a str, structure: &Structure, index: usize, foreign: Option<Head>) -> Passage<'a> {
    let Some(clause) = structure.clauses.get(index) else {
        return Passage { heading: String::new(), lead_in: String::new(), text: "", is_heading: true, foreign: None };
    };
    let mut parts = Vec::new();
    let mut above = clause.lead_in;
    while let Some(introducing) = above.and_then(|at| structure.clauses.get(at)).filter(|_| parts.len() < MOST_LEVELS) {
        parts.push(&text[introducing.range.clone()]);
        above = introducing.lead_in;
    }
    parts.reverse();
    Passage {
        heading: heading_path(structure, text, index),
        lead_in: parts.join(" "),
        text: &text[clause.range.clone()],
        is_heading: clause.is_heading(),
        foreign,
    }
}
