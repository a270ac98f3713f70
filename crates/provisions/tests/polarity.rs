//! Denials, permissions and duties are not mixed up: tables of minimal pairs of clauses, each with the types that it states and those that only
//! its neighbour states.
use std::collections::BTreeMap;

use provisions::Reader;

/// How many pairs a table has, in how many no clause is read as what only the other one states, and how many of the stated types are found.
#[derive(Debug)]
struct Counts {
    pairs: usize,
    clean: usize,
    stated: usize,
    found: usize,
}

fn counts(table: &str) -> Counts {
    let mut pairs: BTreeMap<&str, bool> = BTreeMap::new();
    let (mut stated, mut found) = (0, 0);
    for line in table.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [pair, heading, clause, states, denies] = columns[..] else { panic!("{line}") };
        let types = Reader::embedded().types(heading, clause);
        let reads = |list: &str| list.split(',').filter(|id| types.iter().any(|read| read.kind.id == *id)).count();
        *pairs.entry(pair).or_insert(true) &= reads(denies) == 0;
        stated += states.split(',').filter(|id| *id != "-").count();
        found += reads(states);
    }
    Counts { clean: pairs.values().filter(|clean| **clean).count(), pairs: pairs.len(), stated, found }
}

/// The rules were written with all of these in view.
#[test]
fn a_clause_is_not_read_as_what_it_denies() {
    let counts = counts(include_str!("polarity.tsv"));
    eprintln!("{counts:?}");
    assert!(counts.pairs >= 300 && counts.clean * 100 >= counts.pairs * 97, "{counts:?}");
}

/// Written blind, to be hard, by writers who knew neither rules nor model; no rule was written with them in view and nothing learns from them.
#[test]
fn neither_are_clauses_that_nobody_had_in_view() {
    let counts = counts(include_str!("polarity-blind.tsv"));
    eprintln!("{counts:?}");
    assert!(counts.clean * 100 >= counts.pairs * 73 && counts.found * 100 >= counts.stated * 86, "{counts:?}");
}
