//! Lineage numbers of a document that is analysed anew. The later analysis counts its lineages from one again, and a single clause that it
//! takes for another one moves all numbers after it; but a provision's key is its lineage. So every lineage gets the number of the
//! stored lineage with which it shares most clauses: where both analyses agree, every number stays.
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};

use crate::records::Batch;

/// Renumbers the lineages of `batch`, which holds all versions of its document. `stored` has the lineages of each version's clauses,
/// by its number; `last` is the highest number ever given, so that a lineage that is new gets one that none ever had.
pub(super) fn carry_over(batch: &mut Batch, stored: &HashMap<i64, Vec<u32>>, last: u32) {
    let numbers = numbers(batch, stored, last);
    // Zero stands for no lineage.
    let turn = |lineage: &mut u32| *lineage = numbers.get(lineage).copied().unwrap_or(*lineage);
    for version in batch.entries.iter_mut().filter_map(|entry| entry.version.as_mut()) {
        version.lineages.iter_mut().for_each(turn);
    }
    for wording in &mut batch.wordings {
        turn(&mut wording.lineage);
        wording.split_from.iter_mut().for_each(turn);
        wording.merged_into.iter_mut().for_each(turn);
    }
    batch.provisions.iter_mut().for_each(|state| turn(&mut state.lineage));
    batch.events.iter_mut().for_each(|event| turn(&mut event.lineage));
}

/// The number of each lineage of the batch.
fn numbers(batch: &Batch, stored: &HashMap<i64, Vec<u32>>, last: u32) -> HashMap<u32, u32> {
    let mut shared: Vec<((u32, u32), usize)> = shared(batch, stored).into_iter().collect();
    shared.sort_unstable_by_key(|&(lineages, count)| (Reverse(count), lineages));
    let (mut numbers, mut given) = (HashMap::new(), HashSet::new());
    for ((new, old), _) in shared {
        if !numbers.contains_key(&new) && given.insert(old) {
            numbers.insert(new, old);
        }
    }
    let all: BTreeSet<u32> = batch.wordings.iter().map(|wording| wording.lineage).collect();
    let mut next = last;
    for lineage in all {
        numbers.entry(lineage).or_insert_with(|| {
            next += 1;
            next
        });
    }
    numbers
}

/// How many clauses each lineage of the batch shares with each stored one. A version that was divided into another number of clauses
/// says nothing.
fn shared(batch: &Batch, stored: &HashMap<i64, Vec<u32>>) -> HashMap<(u32, u32), usize> {
    let mut shared = HashMap::new();
    for version in batch.entries.iter().filter_map(|entry| entry.version.as_ref()) {
        let Some(old) = stored.get(&version.number).filter(|old| old.len() == version.lineages.len()) else { continue };
        for (&new, &old) in version.lineages.iter().zip(old).filter(|(new, old)| **new > 0 && **old > 0) {
            *shared.entry((new, old)).or_insert(0) += 1;
        }
    }
    shared
}
