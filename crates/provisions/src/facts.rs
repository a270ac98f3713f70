//! What a clause says in figures and names: periods, amounts, places, addresses, exceptions.
use serde::{Deserialize, Serialize};

/// Facts found in one clause; what is not said is absent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// Facts for people, in the order in which they are shown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<Fact>,
}

/// One fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// What it is about: "Notice", "Liability cap", "Governing law".
    pub label: String,
    /// What the clause says: "30 days", "100 US dollars", "California".
    pub value: String,
}
