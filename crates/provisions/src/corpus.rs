//! Labelled clauses, as `clausewatch train` and `clausewatch eval` read them: one JSON object a line.
use serde::Deserialize;

use crate::taxonomy::{Severity, taxonomy};

/// A clause with the types that a reader gave it.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// Its name in the corpus.
    pub id: String,
    /// The platform it is from: clauses of one platform are never on both sides of a measurement.
    pub platform: String,
    /// Headings above it, joined by ` > `.
    pub heading: String,
    /// Its words.
    pub text: String,
    /// Positions in [`crate::Taxonomy::types`], the main type first.
    pub types: Vec<usize>,
    /// Positions of types that it only seems to be of: it speaks of them and says the contrary.
    pub denies: Vec<usize>,
    /// The severity that the reader saw in it.
    pub severity: Option<Severity>,
    /// What it is good for.
    pub role: Role,
}

/// What a clause of a corpus is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Of a plain sample: learnt from, measured and calibrated on.
    Sample,
    /// Picked because it is hard or rare: good to learn from, no fair sample to measure or calibrate on.
    Picked,
    /// Written for the purpose, one of a pair of contraries: learnt from, not measured or calibrated on.
    Contrary,
    /// Nobody labelled it; what is learnt from it is what [`crate::teach`] makes of it.
    Unlabelled,
}

/// A line of a corpus cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CorpusError {
    /// Not the JSON that is expected.
    #[error("not a labelled clause: {0}")]
    Format(#[from] serde_json::Error),
    /// A type that the taxonomy does not have.
    #[error("clause {id} has the type {name}, which the taxonomy does not have")]
    UnknownType {
        /// The clause.
        id: String,
        /// The type's name.
        name: String,
    },
}

#[derive(Deserialize)]
struct Line {
    id: String,
    platform: String,
    #[serde(default)]
    heading: String,
    text: String,
    types: Vec<String>,
    denies: Option<Vec<String>>,
    #[serde(default)]
    severity: String,
    #[serde(default)]
    only_trains: bool,
}

/// Reads one line.
pub fn read_line(line: &str) -> Result<Example, CorpusError> {
    let line: Line = serde_json::from_str(line)?;
    Ok(Example {
        types: positions(&line.id, &line.types)?,
        denies: positions(&line.id, line.denies.as_deref().unwrap_or_default())?,
        id: line.id,
        platform: line.platform,
        heading: line.heading,
        text: line.text,
        severity: Severity::parse(&line.severity),
        role: match line.denies {
            Some(_) => Role::Contrary,
            None if line.only_trains => Role::Picked,
            None => Role::Sample,
        },
    })
}

/// Positions in the taxonomy of the types that clause `id` was given, without repetitions; the type `-` stands for none.
pub fn positions(id: &str, names: &[impl AsRef<str>]) -> Result<Vec<usize>, CorpusError> {
    let mut types = Vec::new();
    for name in names.iter().map(AsRef::as_ref).filter(|name| *name != "-") {
        let unknown = || CorpusError::UnknownType { id: id.into(), name: name.into() };
        let position = taxonomy().position(name).ok_or_else(unknown)?;
        if !types.contains(&position) {
            types.push(position);
        }
    }
    Ok(types)
}
