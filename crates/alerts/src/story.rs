//! A story: what a message tells of a document, as it is kept in the store. Composed once for all who are told.
use atlas::records::Materiality;
use atlas::watching::{SavedSearch, StoryRow, Subject};
use provisions::{Direction, Happening, Severity, taxonomy};
use serde::{Deserialize, Serialize};

/// What is told of a document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Story {
    /// Slug of the platform.
    pub platform: String,
    /// Its name.
    pub platform_name: String,
    /// ID of the document.
    pub document: String,
    /// Its title.
    pub document_title: String,
    /// IDs of the changes, oldest first; the last one is where the story leads to.
    pub changes: Vec<String>,
    /// When the latest of them was seen.
    pub seen_ms: i64,
    /// How much it matters.
    pub materiality: Materiality,
    /// What happened, in one line.
    pub headline: String,
    /// Why the verdict is what it is, in words.
    pub reason: String,
    /// `YYYY-MM-DD` from which the newer text says it is in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective: Option<String>,
    /// The provisions that it touches, most severe first.
    pub provisions: Vec<Touched>,
    /// Clauses before and after, those with provisions first; not all if there are many.
    pub clauses: Vec<ClauseChange>,
    /// How many more clauses changed.
    pub more_clauses: usize,
    /// Watched searches that find a clause which changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub searches: Vec<SavedSearch>,
    /// Set if this corrects an earlier story.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correction: Option<Correction>,
}

/// A provision that a change touches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Touched {
    /// Its ID; none where only the comparison found it.
    pub provision: Option<String>,
    /// Its clause type.
    pub clause_type: String,
    /// How severe it is, or was.
    pub severity: Severity,
    /// What happened to it: `new`, `gone` or `reworded`.
    pub happening: String,
    /// What that does to the people bound: `stricter`, `milder`, or empty where it is not known.
    pub direction: String,
    /// Facts that changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<Fact>,
    /// Regulations that may bear on it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regulations: Vec<String>,
}

impl Touched {
    /// Name of the clause type.
    pub fn title(&self) -> &str {
        taxonomy().get(&self.clause_type).map_or(&self.clause_type, |kind| &kind.title)
    }

    /// Whether it became stricter for the people bound.
    pub fn is_stricter(&self) -> bool {
        self.direction == Direction::Stricter.word()
    }

    /// Whether more changed than words.
    pub fn says_more_than_words(&self) -> bool {
        self.happening != Happening::Reworded.word() || !self.direction.is_empty() || !self.facts.is_empty()
    }
}

/// A fact that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// What it is about.
    pub label: String,
    /// What was said; empty if nothing.
    pub before: String,
    /// What is said; empty if nothing.
    pub after: String,
}

/// A clause before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClauseChange {
    /// Headings above it, joined by ` > `.
    pub heading: String,
    /// Its words before; none if it is new.
    pub before: Option<String>,
    /// Its words now; none if it is gone.
    pub after: Option<String>,
}

/// What an earlier story said that is no longer held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// When the earlier story was told.
    pub told_ms: i64,
    /// The verdict that was told.
    pub was: Materiality,
}

impl Story {
    /// A story as it is kept in the store.
    pub fn read(body: &str) -> Result<Story, serde_json::Error> {
        serde_json::from_str(body)
    }

    /// A stored story.
    pub fn of(row: &StoryRow) -> Result<Story, serde_json::Error> {
        Story::read(&row.body)
    }

    /// "Plum's Privacy Policy".
    pub fn document_name(&self) -> String {
        of_platform(&self.platform_name, &self.document_title)
    }

    /// The most severe of the provisions that it touches.
    pub fn severity(&self) -> Option<Severity> {
        self.provisions.iter().map(|touched| touched.severity).max()
    }

    /// What it is about: whoever watches one of these may be told.
    pub fn subjects(&self) -> Vec<Subject> {
        let mut subjects = vec![Subject::Platform(self.platform.clone())];
        subjects.extend(self.document.parse().map(Subject::Document));
        for touched in &self.provisions {
            subjects.push(Subject::ClauseType(touched.clause_type.clone()));
            let kind = taxonomy().get(&touched.clause_type);
            subjects.extend(kind.map(|kind| Subject::Category(kind.category.clone())));
            subjects.extend(touched.regulations.iter().cloned().map(Subject::Regulation));
            subjects.extend(touched.provision.as_ref().and_then(|id| id.parse().ok()).map(Subject::Provision));
        }
        subjects.extend(self.searches.iter().cloned().map(Subject::Search));
        let mut seen = std::collections::HashSet::new();
        subjects.retain(|subject| seen.insert(subject.clone()));
        subjects
    }
}

/// A platform's document in words: "Plum’s Privacy Policy", "Ladders’ Terms"; the title alone where it says whose it is: "Plum Terms",
/// or "Orrery Terms" of Orrery Models.
pub fn of_platform(platform: &str, title: &str) -> String {
    let (lower, name) = (title.to_lowercase(), platform.to_lowercase());
    // A short word may be a common one: "The Courier", "The Terms".
    let first = name.split_whitespace().next().filter(|word| word.chars().count() > 3);
    if lower.contains(&name) || (first.is_some() && first == lower.split_whitespace().next()) {
        return title.to_owned();
    }
    let ending = if platform.ends_with(['s', 'S']) { "’" } else { "’s" };
    format!("{platform}{ending} {title}")
}

#[cfg(test)]
mod tests {
    use super::of_platform;

    #[test]
    fn whose_a_document_is() {
        assert_eq!(of_platform("Plum", "Terms"), "Plum’s Terms");
        assert_eq!(of_platform("Ladders", "Terms"), "Ladders’ Terms");
        assert_eq!(of_platform("Plum", "plum Privacy Policy"), "plum Privacy Policy");
        assert_eq!(of_platform("Orrery Models", "Orrery Terms of Use"), "Orrery Terms of Use");
        assert_eq!(of_platform("The Courier", "The Terms"), "The Courier’s The Terms");
        assert_eq!(of_platform("", "Terms"), "Terms");
    }
}
