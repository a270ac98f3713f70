//! A clause as the reader sees it: its words, the headings above it, and what introduces the list that it is an item of.
use document::{Structure, heading_path};

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
}

impl Passage<'_> {
    /// Whether it is one or two words that nothing introduces ("Policy rationale"), which bind nobody.
    pub fn is_label(&self) -> bool {
        self.lead_in.is_empty() && self.text.split_whitespace().nth(2).is_none()
    }

    /// What the findings depend on, as one text: equal keys have equal findings.
    pub fn key(&self) -> String {
        format!("{}\u{1f}{}\u{1f}{}\u{1f}{}", u8::from(self.is_heading), self.heading, self.lead_in, self.text)
    }
}

/// Most levels of lists that a lead-in is gathered from.
const MOST_LEVELS: usize = 3;

/// The passage of clause `index` of a document. An index out of range gives an empty passage.
pub fn passage<'a>(text: &'a str, structure: &Structure, index: usize) -> Passage<'a> {
    let Some(clause) = structure.clauses.get(index) else {
        return Passage { heading: String::new(), lead_in: String::new(), text: "", is_heading: true };
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
    }
}
