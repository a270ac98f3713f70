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
    for label in labels(facts, theirs) {
        let (here, there) = (values(facts, &label), values(theirs, &label));
        if here != there {
            found.push(Difference { about: label, here, there });
        }
    }
    let only = |reasons: &[String], not: &[String]| {
        reasons.iter().filter(|reason| !not.contains(reason)).cloned().collect::<Vec<_>>().join("; ")
    };
    let (here, there) = (only(&this.reasons, &other.reasons), only(&other.reasons, &this.reasons));
    if !here.is_empty() || !there.is_empty() {
        found.push(Difference { about: "What weighs".into(), here, there });
    }
    found.truncate(MOST);
    found
}

/// Labels of both, in the order in which they are found.
fn labels(facts: &Facts, theirs: &Facts) -> Vec<String> {
    let mut labels: Vec<String> = Vec::new();
    for fact in facts.lines.iter().chain(&theirs.lines) {
        if !labels.contains(&fact.label) {
            labels.push(fact.label.clone());
        }
    }
    labels
}

fn values(facts: &Facts, label: &str) -> String {
    let found: Vec<&str> =
        facts.lines.iter().filter(|fact| fact.label == label).map(|fact| fact.value.as_str()).collect();
    found.join(", ")
}
