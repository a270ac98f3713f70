//! Inclusion and consistency proofs: built as in RFC 6962, verified as in RFC 9162.
//!
//! The verifier is written from the other specification on purpose: it walks from the bottom and shares no code
//! with the builder, so that an error in one is not repeated in the other.

use super::tree::{Hash, LogError, MAX_SIZE, empty_root, fold, node_hash, split, subtrees};

/// A proof before its hashes are read: each element is the root over some neighbouring complete subtrees.
type Plan = Vec<Vec<(u8, u64)>>;

/// The nodes that [`inclusion_proof`] will ask for.
pub fn inclusion_needs(size: u64, index: u64) -> Result<Vec<(u8, u64)>, LogError> {
    Ok(inclusion_plan(size, index)?.concat())
}

/// Proves that the entry at `index` is in the log of `size` entries.
///
/// The log may have grown since; `read` gives the hash of a node by level and position.
pub fn inclusion_proof(
    size: u64,
    index: u64,
    read: impl FnMut(u8, u64) -> Option<Hash>,
) -> Result<Vec<Hash>, LogError> {
    read_plan(inclusion_plan(size, index)?, read)
}

/// The nodes that [`consistency_proof`] will ask for.
pub fn consistency_needs(old_size: u64, size: u64) -> Result<Vec<(u8, u64)>, LogError> {
    Ok(consistency_plan(old_size, size)?.concat())
}

/// Proves that the log of `size` entries begins with the log of `old_size` entries.
///
/// The proof from the empty log, and of a log to itself, is empty.
pub fn consistency_proof(
    old_size: u64,
    size: u64,
    read: impl FnMut(u8, u64) -> Option<Hash>,
) -> Result<Vec<Hash>, LogError> {
    read_plan(consistency_plan(old_size, size)?, read)
}

fn inclusion_plan(size: u64, index: u64) -> Result<Plan, LogError> {
    if index >= size || size > MAX_SIZE {
        return Err(LogError::OutOfRange { index, size });
    }
    let mut plan = Plan::new();
    let (mut lo, mut hi) = (0, size);
    while hi - lo > 1 {
        let middle = lo + split(hi - lo);
        if index < middle {
            plan.push(subtrees(middle, hi));
            hi = middle;
        } else {
            plan.push(subtrees(lo, middle));
            lo = middle;
        }
    }
    plan.reverse();
    Ok(plan)
}

fn consistency_plan(old_size: u64, size: u64) -> Result<Plan, LogError> {
    if old_size > size || size > MAX_SIZE {
        return Err(LogError::OutOfRange { index: old_size, size });
    }
    let mut plan = Plan::new();
    if old_size == 0 || old_size == size {
        return Ok(plan);
    }
    let (mut lo, mut hi) = (0, size);
    while old_size < hi {
        let middle = lo + split(hi - lo);
        if old_size <= middle {
            plan.push(subtrees(middle, hi));
            hi = middle;
        } else {
            plan.push(subtrees(lo, middle));
            lo = middle;
        }
    }
    // Where the old log is itself one of the subtrees, the verifier starts from the old root.
    if lo > 0 {
        plan.push(subtrees(lo, hi));
    }
    plan.reverse();
    Ok(plan)
}

fn read_plan(plan: Plan, mut read: impl FnMut(u8, u64) -> Option<Hash>) -> Result<Vec<Hash>, LogError> {
    let element = |nodes: Vec<(u8, u64)>| {
        let hashes: Result<Vec<Hash>, LogError> = nodes
            .into_iter()
            .map(|(level, position)| read(level, position).ok_or(LogError::MissingHash { level, position }))
            .collect();
        Ok(fold(&hashes?).expect("no range of a proof is empty"))
    };
    plan.into_iter().map(element).collect()
}

/// Verifies that the entry whose [`leaf_hash`](super::leaf_hash) is `leaf` stands at `index` in the log of `size`
/// entries with this `root`.
pub fn verify_inclusion(proof: &[Hash], size: u64, index: u64, leaf: Hash, root: Hash) -> Result<(), LogError> {
    if index >= size || size > MAX_SIZE {
        return Err(LogError::OutOfRange { index, size });
    }
    let mismatch = LogError::ProofMismatch { size };
    let (mut node, mut last, mut hash) = (index, size - 1, leaf);
    for sibling in proof {
        if last == 0 {
            return Err(mismatch);
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            // A node without a right neighbour rises unchanged until it is a right child.
            while node & 1 == 0 && node != 0 {
                (node, last) = (node >> 1, last >> 1);
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    if last == 0 && hash == root { Ok(()) } else { Err(mismatch) }
}

/// Verifies that the log of `size` entries with root `root` begins with the log of `old_size` entries with root
/// `old_root`.
pub fn verify_consistency(
    proof: &[Hash],
    old_size: u64,
    old_root: Hash,
    size: u64,
    root: Hash,
) -> Result<(), LogError> {
    if old_size > size || size > MAX_SIZE {
        return Err(LogError::OutOfRange { index: old_size, size });
    }
    let mismatch = LogError::ProofMismatch { size };
    if old_size == 0 || old_size == size {
        let expected = if old_size == 0 { empty_root() } else { root };
        return if proof.is_empty() && old_root == expected { Ok(()) } else { Err(mismatch) };
    }
    let shift = (old_size - 1).trailing_ones();
    let (mut node, mut last) = ((old_size - 1) >> shift, (size - 1) >> shift);
    // An old log that is one complete subtree is not repeated in the proof.
    let (seed, rest) = match (old_size.is_power_of_two(), proof.split_first()) {
        (true, _) => (&old_root, proof),
        (false, Some((seed, rest))) => (seed, rest),
        (false, None) => return Err(mismatch),
    };
    let (mut old_hash, mut hash) = (*seed, *seed);
    for sibling in rest {
        if last == 0 {
            return Err(mismatch);
        }
        if node & 1 == 1 || node == last {
            old_hash = node_hash(sibling, &old_hash);
            hash = node_hash(sibling, &hash);
            while node & 1 == 0 && node != 0 {
                (node, last) = (node >> 1, last >> 1);
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    if last == 0 && old_hash == old_root && hash == root { Ok(()) } else { Err(mismatch) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{LogState, leaf_hash, stored_hash_index};

    const MOST: u64 = 70;

    struct Fixture {
        hashes: Vec<Hash>,
        roots: Vec<Hash>,
    }

    impl Fixture {
        fn new() -> Self {
            let mut log = LogState::default();
            let (mut hashes, mut roots) = (Vec::new(), vec![log.root()]);
            for entry in 0..MOST {
                hashes.extend(log.append(&[entry.to_be_bytes().to_vec()]).unwrap().into_iter().map(|row| row.hash));
                roots.push(log.root());
            }
            Self { hashes, roots }
        }

        fn read(&self, level: u8, position: u64) -> Option<Hash> {
            self.hashes.get(stored_hash_index(level, position) as usize).copied()
        }
    }

    /// Every proof with one bit flipped (the bit varies), one hash less or one more.
    fn damaged(proof: &[Hash]) -> impl Iterator<Item = Vec<Hash>> {
        let flips =
            (0..proof.len()).flat_map(|at| (0..256usize).step_by(37).map(move |bit| (at, (bit + at * 11) % 256)));
        let flipped = flips.map(|(at, bit)| {
            let mut copy = proof.to_vec();
            copy[at][bit / 8] ^= 1 << (bit % 8);
            copy
        });
        let shorter = proof.split_last().map(|(_, rest)| rest.to_vec());
        flipped.chain(shorter).chain([[proof, &[[0; 32]]].concat()])
    }

    #[test]
    fn every_inclusion_proof_to_70() {
        let log = Fixture::new();
        for size in 1..=MOST {
            let root = log.roots[size as usize];
            for index in 0..size {
                let proof = inclusion_proof(size, index, |l, p| log.read(l, p)).unwrap();
                let leaf = leaf_hash(&index.to_be_bytes());
                let verify = |proof: &[Hash]| verify_inclusion(proof, size, index, leaf, root);
                assert_eq!(verify(&proof), Ok(()), "{index} in {size}");
                assert!(damaged(&proof).all(|proof| verify(&proof).is_err()), "{index} in {size}");
                assert!(verify_inclusion(&proof, size, index, leaf_hash(b"other"), root).is_err());
                assert!((0..size).all(|i| i == index || verify_inclusion(&proof, size, i, leaf, root).is_err()));
            }
            assert!(inclusion_proof(size, size, |l, p| log.read(l, p)).is_err());
        }
    }

    #[test]
    fn every_consistency_proof_to_70() {
        let log = Fixture::new();
        for size in 0..=MOST {
            for old in 0..=size {
                let proof = consistency_proof(old, size, |l, p| log.read(l, p)).unwrap();
                let (old_root, root) = (log.roots[old as usize], log.roots[size as usize]);
                let verify = |proof: &[Hash]| verify_consistency(proof, old, old_root, size, root);
                assert_eq!(verify(&proof), Ok(()), "{old} to {size}");
                assert!(damaged(&proof).all(|proof| verify(&proof).is_err()), "{old} to {size}");
                assert!(verify_consistency(&proof, old, [9; 32], size, root).is_err());
                // From the empty log there is nothing to compare the new root with.
                assert!(old == 0 || verify_consistency(&proof, old, old_root, size, [9; 32]).is_err());
            }
        }
        assert!(verify_consistency(&[], 2, [0; 32], 1, [0; 32]).is_err());
    }

    #[test]
    fn a_hole_in_the_store_is_named() {
        let found = inclusion_proof(3, 0, |level, _| (level > 0).then_some([0; 32]));
        assert_eq!(found, Err(LogError::MissingHash { level: 0, position: 1 }));
        assert_eq!(inclusion_needs(3, 0).unwrap(), [(0, 1), (0, 2)]);
    }
}
