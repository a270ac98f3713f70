//! How small values are written into columns. The numbers are part of the schema: never change one.
use provisions::{Confidence, Explicitness, Severity};

use crate::error::Result;
use crate::jobs::{CheckOutcome, Trouble};
use crate::records::{EventKind, Materiality, RevisionKind};
use crate::store::damaged;

/// A value with a number in the store.
pub(crate) trait Code: Sized + Copy + PartialEq + 'static {
    /// The values, each at its number.
    const ALL: &'static [Self];

    fn code(self) -> i64 {
        Self::ALL.iter().position(|value| *value == self).map_or(-1, |at| at as i64)
    }

    fn from_code(code: i64) -> Result<Self> {
        let value = usize::try_from(code).ok().and_then(|at| Self::ALL.get(at)).copied();
        value.ok_or_else(|| damaged(std::any::type_name::<Self>(), format!("nothing has the number {code}")))
    }
}

impl Code for Severity {
    const ALL: &'static [Severity] = &[Severity::Low, Severity::Medium, Severity::High, Severity::Critical];
}

impl Code for Confidence {
    const ALL: &'static [Confidence] = &[Confidence::Low, Confidence::Medium, Confidence::High];
}

impl Code for Explicitness {
    const ALL: &'static [Explicitness] = &[Explicitness::Inferred, Explicitness::Explicit];
}

impl Code for EventKind {
    const ALL: &'static [EventKind] =
        &[EventKind::Appeared, EventKind::Reworded, EventKind::Removed, EventKind::Returned];
}

impl Code for RevisionKind {
    const ALL: &'static [RevisionKind] = &[RevisionKind::Found, RevisionKind::Withdrawn, RevisionKind::Judged];
}

impl Code for Materiality {
    /// In the order of how much they matter, so that "at least minor" is a comparison of numbers.
    const ALL: &'static [Materiality] = &[
        Materiality::Cosmetic,
        Materiality::Returning,
        Materiality::Defective,
        Materiality::Minor,
        Materiality::Material,
    ];
}

impl Code for Trouble {
    const ALL: &'static [Trouble] = &[
        Trouble::Unreachable,
        Trouble::Server,
        Trouble::Refused,
        Trouble::Gone,
        Trouble::Robots,
        Trouble::Address,
        Trouble::Redirect,
        Trouble::Unreadable,
    ];
}

impl Code for CheckOutcome {
    const ALL: &'static [CheckOutcome] = &[CheckOutcome::Changed, CheckOutcome::Unchanged, CheckOutcome::Failed];
}

/// Lineage numbers of a version's clauses as bytes: runs of numbers that each follow the one before, as (gap to the run, length). A
/// version whose clauses are all of one run takes three bytes.
pub(crate) fn pack_lineages(lineages: &[u32]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (mut next, mut at) = (0i64, 0);
    while at < lineages.len() {
        let start = i64::from(lineages[at]);
        let run = lineages[at..]
            .iter()
            .zip(start..)
            .take_while(|(lineage, expected)| i64::from(**lineage) == *expected)
            .count();
        varint(&mut bytes, zigzag(start - next));
        varint(&mut bytes, run as u64);
        next = start + run as i64;
        at += run;
    }
    bytes
}

/// Reads what [`pack_lineages`] wrote.
pub(crate) fn unpack_lineages(mut bytes: &[u8]) -> Result<Vec<u32>> {
    let fail = || damaged("lineages of a version", "their bytes end early or name no lineage");
    let mut lineages = Vec::new();
    let mut next = 0i64;
    while !bytes.is_empty() {
        let gap = read_varint(&mut bytes).ok_or_else(fail)?;
        let run = read_varint(&mut bytes).filter(|run| *run <= 10_000_000).ok_or_else(fail)?;
        let start = next.checked_add((gap >> 1) as i64 ^ -((gap & 1) as i64)).ok_or_else(fail)?;
        for lineage in start..start + run as i64 {
            lineages.push(u32::try_from(lineage).map_err(|_| fail())?);
        }
        next = start + run as i64;
    }
    Ok(lineages)
}

/// Small numbers of either sign as small numbers.
fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

fn varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn read_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..63).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_whole_run_is_three_bytes() {
        assert_eq!(pack_lineages(&(1..=100).collect::<Vec<_>>()).len(), 2);
        assert_eq!(pack_lineages(&[0; 3]).len(), 6);
    }

    proptest! {
        #[test]
        fn lineages_round_trip(lineages in prop::collection::vec(any::<u32>(), 0..50)) {
            prop_assert_eq!(unpack_lineages(&pack_lineages(&lineages)).unwrap(), lineages);
        }

        #[test]
        fn damage_is_an_error_and_no_panic(bytes in any::<Vec<u8>>()) {
            drop(unpack_lineages(&bytes));
        }
    }
}
