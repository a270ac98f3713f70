//! Denials, permissions and duties are not mixed up: `polarity.tsv` holds minimal pairs of clauses, each with the types that it states and
//! those that only its neighbour states.
use std::collections::BTreeMap;

use provisions::Reader;

/// Pairs, of a hundred, in which no clause is read as what only the other one states. The rules were written with them in view.
const REACHED: usize = 97;

#[test]
fn a_clause_is_not_read_as_what_it_denies() {
    let mut pairs: BTreeMap<&str, bool> = BTreeMap::new();
    for line in include_str!("polarity.tsv").lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [pair, heading, clause, _, denies] = columns[..] else { panic!("{line}") };
        let denied: Vec<&str> = denies.split(',').collect();
        let found = Reader::embedded().types(heading, clause);
        let mixed_up = found.iter().any(|assertion| denied.contains(&assertion.kind.id.as_str()));
        *pairs.entry(pair).or_insert(true) &= !mixed_up;
    }
    let clean = pairs.values().filter(|clean| **clean).count();
    eprintln!("{clean} of {} pairs", pairs.len());
    assert!(pairs.len() >= 300 && clean * 100 >= pairs.len() * REACHED, "{clean} of {} pairs", pairs.len());
}
