//! The taxonomy: clause types, categories and regulations, of the files under `taxonomy/`, which are part of the binary.
//!
//! Those files are data that a lawyer reads and edits. A mistake in them is found when the program is built (`build.rs` puts them into the
//! form that is read here) and by the tests here, not by a user.
use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

const TYPES: &str = include_str!(concat!(env!("OUT_DIR"), "/types.json"));
const CATEGORIES: &str = include_str!(concat!(env!("OUT_DIR"), "/categories.json"));
const REGULATIONS: &str = include_str!(concat!(env!("OUT_DIR"), "/regulations.json"));

/// How much a clause can cost the person bound by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Usual and harmless, or a benefit.
    Low,
    /// Worth knowing before agreeing.
    Medium,
    /// Can cost money, rights or privacy.
    High,
    /// Can cost them for good.
    Critical,
}

impl Severity {
    /// All levels, mildest first.
    pub const ALL: [Severity; 4] = [Severity::Low, Severity::Medium, Severity::High, Severity::Critical];

    /// The level `steps` above (below, when negative), within the scale.
    pub fn moved(self, steps: i32) -> Severity {
        Self::ALL[(self as i32 + steps).clamp(0, 3) as usize]
    }

    /// The level named `name` in lower case.
    pub fn parse(name: &str) -> Option<Severity> {
        Self::ALL.into_iter().find(|level| level.to_string().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Low => "Low",
            Severity::Medium => "Medium",
            Severity::High => "High",
            Severity::Critical => "Critical",
        })
    }
}

/// Whom a clause type favours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stance {
    /// It costs the person who agrees.
    Burden,
    /// It states how things work.
    Neutral,
    /// It gives the person something.
    Benefit,
}

/// A signal in the clause's words that moves its severity, and the sentence that says why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjustment {
    /// Name of the textual signal (see [`crate::signals::Signal`]).
    pub when: String,
    /// What is told to the reader: a predicate of "the clause".
    pub say: String,
    /// Whether it alone moves the severity by a level. Measured on labels; most signals only explain.
    #[serde(default)]
    pub moves: bool,
}

/// A sentence for a clause whose words meet a rule, where one sentence does not fit all clauses of a type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    /// A rule of [`crate::phrases`] over the clause.
    pub when: String,
    /// As [`ClauseType::says`].
    pub says: String,
}

/// A regulation that may apply to clauses of a type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegulationLink {
    /// [`Regulation::id`].
    pub id: String,
    /// Why it may apply.
    pub reason: String,
    /// Conditions, all of which must hold, separated by commas; `any` holds always.
    pub when: String,
    /// [`Article::id`] within the regulation.
    #[serde(default)]
    pub article: Option<String>,
}

/// One kind of clause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClauseType {
    /// Stable name, `ai-competing-model-ban`.
    pub id: String,
    /// [`Category::id`].
    pub category: String,
    /// Whom it favours.
    pub stance: Stance,
    /// Severity before the clause's own words raise or lower it.
    pub severity: Severity,
    /// Whether it says what anybody may, must or must not do; a contact or a date does not.
    #[serde(default = "yes")]
    pub binds: bool,
    /// Short name for people.
    pub title: String,
    /// What a clause must say to be of this type.
    pub definition: String,
    /// What a clause of this type does, as a sentence to a person. `[ within {time-to-sue}]` is left out where that fact is not
    /// known; `[{courts}|the courts that it names]` has other words for that case.
    pub says: String,
    /// Sentences that replace [`Self::says`] where the clause's words meet a rule; the first that fits.
    #[serde(default)]
    pub forms: Vec<Form>,
    /// From the view of compliance and governance.
    pub why_it_matters: String,
    /// What it means for the person who agreed.
    pub consumer_impact: String,
    /// What to look for in the clause's words.
    #[serde(default)]
    pub look_for: Vec<String>,
    /// The question that a clause of this type answers.
    #[serde(default)]
    pub question: String,
    /// Signals that raise the severity.
    #[serde(default)]
    pub raises: Vec<Adjustment>,
    /// Signals that lower it.
    #[serde(default)]
    pub lowers: Vec<Adjustment>,
    /// Regulations that may apply.
    #[serde(default)]
    pub regulations: Vec<RegulationLink>,
}

fn yes() -> bool {
    true
}

/// A group of clause types.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Category {
    /// Stable name, `content-rights`.
    pub id: String,
    /// Name for people.
    pub title: String,
    /// Whom its clauses affect, to be read after "affects".
    pub affects: String,
    /// What belongs here.
    pub about: String,
}

/// A law or policy instrument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Regulation {
    /// Stable name.
    pub id: String,
    /// Full name.
    pub name: String,
    /// Short name, `GDPR`.
    pub short: String,
    /// Where it is in force.
    pub jurisdiction: String,
    /// How it is cited.
    pub citation: String,
    /// Its official text.
    pub url: String,
    /// What and whom it covers.
    pub scope: String,
    /// The articles that clause types refer to.
    #[serde(default)]
    pub articles: Vec<Article>,
}

/// One article or section of a regulation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Article {
    /// Stable name within the regulation.
    pub id: String,
    /// How it is cited.
    pub cite: String,
    /// What it says, in a line.
    pub about: String,
}

/// Everything under `taxonomy/`.
#[derive(Debug)]
pub struct Taxonomy {
    types: Vec<ClauseType>,
    by_id: HashMap<String, usize>,
    categories: LazyLock<Vec<Category>>,
    regulations: LazyLock<Vec<Regulation>>,
}

/// The embedded taxonomy.
pub fn taxonomy() -> &'static Taxonomy {
    static TAXONOMY: LazyLock<Taxonomy> = LazyLock::new(|| {
        let types: Vec<ClauseType> = read(TYPES);
        let by_id = types.iter().enumerate().map(|(i, kind)| (kind.id.clone(), i)).collect();
        Taxonomy {
            types,
            by_id,
            // Reading clauses takes neither.
            categories: LazyLock::new(|| read(CATEGORIES)),
            regulations: LazyLock::new(|| read(REGULATIONS)),
        }
    });
    &TAXONOMY
}

fn read<T: serde::de::DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).expect("the embedded taxonomy is tested")
}

impl Taxonomy {
    /// All clause types, in the order of the taxonomy.
    pub fn types(&self) -> &[ClauseType] {
        &self.types
    }

    /// The clause type with this ID.
    pub fn get(&self, id: &str) -> Option<&ClauseType> {
        self.position(id).map(|i| &self.types[i])
    }

    /// Where the clause type stands in [`Self::types`].
    pub fn position(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// All categories, in the order of the taxonomy.
    pub fn categories(&self) -> &[Category] {
        &self.categories
    }

    /// The category with this ID.
    pub fn category(&self, id: &str) -> Option<&Category> {
        self.categories.iter().find(|category| category.id == id)
    }

    /// All regulations.
    pub fn regulations(&self) -> &[Regulation] {
        &self.regulations
    }

    /// The regulation with this ID.
    pub fn regulation(&self, id: &str) -> Option<&Regulation> {
        self.regulations.iter().find(|regulation| regulation.id == id)
    }

    /// The embedded text, for the analyser's version.
    pub(crate) fn sources() -> [&'static str; 3] {
        [TYPES, CATEGORIES, REGULATIONS]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[track_caller]
    fn sentences_of(text: &str, whose: &str) {
        assert!(text.starts_with(char::is_uppercase) && text.ends_with(['.', '?']), "{whose}: {text}");
        assert!(!text.contains("  ") && text.len() > 12, "{whose}: {text}");
    }

    #[test]
    fn every_type_has_all_its_texts() {
        let types = taxonomy().types();
        assert_eq!(types.len(), 146);
        assert_eq!(types.iter().map(|kind| &kind.id).collect::<HashSet<_>>().len(), 146, "an ID that is given twice");
        for kind in types {
            let texts = [&kind.definition, &kind.why_it_matters, &kind.consumer_impact, &kind.question];
            texts.into_iter().for_each(|text| sentences_of(text, &kind.id));
            assert!(!kind.title.is_empty() && kind.question.ends_with('?'), "{}", kind.id);
            assert!(kind.look_for.len() >= 2 && !kind.regulations.is_empty(), "{}", kind.id);
            assert!(!kind.raises.is_empty() || !kind.lowers.is_empty(), "{}: nothing moves it", kind.id);
            for adjustment in kind.raises.iter().chain(&kind.lowers) {
                let say = &adjustment.say;
                assert!(say.starts_with(char::is_lowercase) && !say.ends_with('.'), "{}: {say}", kind.id);
                // A predicate of "the clause": its first word is a verb in the third person, or "also" before one.
                let verb = say.split(' ').find(|word| *word != "also").unwrap_or("");
                assert!(verb.ends_with('s'), "{}: {say}", kind.id);
            }
        }
    }

    #[test]
    fn no_signal_both_raises_and_lowers_and_none_is_listed_twice() {
        for kind in taxonomy().types() {
            let mut seen = HashSet::new();
            for adjustment in kind.raises.iter().chain(&kind.lowers) {
                assert!(seen.insert(&adjustment.when), "{}: {}", kind.id, adjustment.when);
            }
        }
    }

    #[test]
    fn every_reference_resolves() {
        let taxonomy = taxonomy();
        for kind in taxonomy.types() {
            assert!(taxonomy.category(&kind.category).is_some(), "{}: no category {}", kind.id, kind.category);
            for link in &kind.regulations {
                let regulation = taxonomy.regulation(&link.id);
                assert!(regulation.is_some(), "{}: no regulation {}", kind.id, link.id);
                let articles = &regulation.expect("checked").articles;
                let known = |id: &String| articles.iter().any(|article| article.id == *id);
                assert!(link.article.as_ref().is_none_or(known), "{}: {} has no {:?}", kind.id, link.id, link.article);
                assert!(!link.reason.is_empty() && !link.reason.ends_with('.'), "{}: {}", kind.id, link.reason);
            }
        }
        let unused: Vec<&str> = taxonomy
            .categories()
            .iter()
            .filter(|category| taxonomy.types().iter().all(|kind| kind.category != category.id))
            .map(|category| category.id.as_str())
            .collect();
        assert_eq!(unused, [] as [&str; 0]);
    }

    #[test]
    fn every_regulation_can_be_looked_up() {
        let regulations = taxonomy().regulations();
        assert!(regulations.len() >= 60, "{}", regulations.len());
        let mut ids = HashSet::new();
        for regulation in regulations {
            let id = &regulation.id;
            let links = taxonomy().types().iter().flat_map(|kind| &kind.regulations);
            assert!(links.into_iter().any(|link| link.id == *id), "{id} is linked to no type");
            assert!(ids.insert(id), "{id} is listed twice");
            assert!(regulation.url.starts_with("https://"), "{id}: {}", regulation.url);
            assert!(!regulation.citation.is_empty() && !regulation.jurisdiction.is_empty(), "{id}");
            assert!(!regulation.short.is_empty() && !regulation.name.is_empty(), "{id}");
            sentences_of(&regulation.scope, id);
            let mut articles = HashSet::new();
            for article in &regulation.articles {
                assert!(articles.insert(&article.id) && !article.cite.is_empty() && !article.about.is_empty(), "{id}");
            }
        }
    }
}
