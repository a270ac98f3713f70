//! Check.
use serde::Serialize;

/// A contradiction found in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Which record.
    pub record: String,
    /// What is wrong with it.
    pub what: String,
}
