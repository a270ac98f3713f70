//! Hand-written rules for each clause type, as a second signal beside the learnt weights.
use std::sync::LazyLock;

use crate::phrases::RuleSet;

const RULES: &[(&str, &str)] = &[];

/// All rules, compiled.
pub fn rules() -> &'static RuleSet {
    static SET: LazyLock<RuleSet> = LazyLock::new(|| RuleSet::compile(RULES.iter().map(|(_, line)| *line)));
    &SET
}

/// A name of a rule that does not depend on the order of the list.
pub fn stable_name(rule: usize) -> u64 {
    crate::features::hash_bytes(0, RULES[rule].1.as_bytes())
}
