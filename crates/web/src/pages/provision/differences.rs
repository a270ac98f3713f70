//! In what two clauses of one type differ, named from what was found in them.
use atlas::records::Provision;
use provisions::Facts;
use serde::Serialize;

/// Most differences told.
const MOST: usize = 5;

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Difference {
    /// What it is about.
    pub about: String,
    /// What is said here; empty if nothing.
    pub here: String,
    /// What is said there; empty if nothing.
    pub there: String,
}

/// The differences of another clause from this one: severity, then facts, then what moved the severity.
pub(super) fn differences(this: &Provision, facts: &Facts, other: &Provision, theirs: &Facts) -> Vec<Difference> {
    let mut found = Vec::new();
    if this.severity != other.severity {
        found.push(Difference {
            about: "Severity".into(),
            here: this.severity.to_string(),
            there: other.severity.to_string(),
        });
    }
    let of_facts = provisions::summary::differences(facts, theirs).into_iter();
    found.extend(of_facts.map(|fact| Difference { about: fact.label, here: fact.before, there: fact.after }));
    let only = |reasons: &[String], not: &[String]| {
        reasons.iter().filter(|reason| !not.contains(reason)).cloned().collect::<Vec<_>>().join(" ")
    };
    let (here, there) = (only(&this.reasons, &other.reasons), only(&other.reasons, &this.reasons));
    if !here.is_empty() || !there.is_empty() {
        found.push(Difference { about: "What weighs".into(), here, there });
    }
    found.truncate(MOST);
    found
}
