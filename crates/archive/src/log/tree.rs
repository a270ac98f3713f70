//! Hashing of RFC 6962, and which complete subtrees make up a range of leaves.

use sha2::{Digest, Sha256};

/// A node of the tree: a SHA-256.
pub type Hash = [u8; 32];

/// The longest entry that an entry bundle can carry, as its length is a u16.
pub(super) const MAX_ENTRY: usize = u16::MAX as usize;

/// No log grows to this size; larger sizes come from hostile input, and sums over them could overflow.
pub(super) const MAX_SIZE: u64 = 1 << 56;

/// Why the tree could not be extended, read or verified.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// The entry does not fit an entry bundle.
    #[error("entry {index} of the log is {len} bytes long; 65535 is the most")]
    EntryTooLong {
        /// Index the entry would have had.
        index: u64,
        /// Its length in bytes.
        len: usize,
    },
    /// The store did not have a node that the tree needs.
    #[error("the log's hash at level {level}, position {position} is missing from the store")]
    MissingHash {
        /// Level of the node, 0 for leaves.
        level: u8,
        /// Position in the level.
        position: u64,
    },
    /// The store did not have an entry.
    #[error("entry {0} is missing from the store")]
    MissingEntry(u64),
    /// The right edge does not fit the size.
    #[error("a log of size {size} has {needed} hashes on its right edge, {found} were given")]
    RightEdge {
        /// Size of the log.
        size: u64,
        /// Number of hashes that this size implies.
        needed: u32,
        /// Number of hashes given.
        found: usize,
    },
    /// An index or a size outside of the log.
    #[error("{index} is outside of a log of size {size}")]
    OutOfRange {
        /// What was asked for.
        index: u64,
        /// Size of the log.
        size: u64,
    },
    /// The path does not name a tile.
    #[error("{0:?} is not the path of a tile or entry bundle")]
    TilePath(String),
    /// The proof has the wrong number of hashes, or leads to another root.
    #[error("the proof does not lead to the root of the log at size {size}")]
    ProofMismatch {
        /// Size of the tree that was to be reached.
        size: u64,
    },
}

/// The root of the empty log.
pub fn empty_root() -> Hash {
    Sha256::digest(b"").into()
}

/// The hash of an entry. The leading zero keeps an entry from being passed off as an inner node.
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(entry).finalize().into()
}

/// The hash of an inner node over its two children.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The place of a node in the one sequence that Go's `sumdb/tlog` stores hashes in: each node directly after the
/// leaf that completed it. It gives rows a dense integer key that only ever grows.
pub fn stored_hash_index(level: u8, position: u64) -> u64 {
    // The node was completed by the last leaf below it.
    let leaf = ((position + 1) << level) - 1;
    // Before leaf n there are n leaves, n/2 nodes of level 1, n/4 of level 2 and so on.
    let before: u64 = std::iter::successors(Some(leaf), |n| (*n > 0).then(|| n >> 1)).sum();
    before + u64::from(level)
}

/// The nodes on the right edge of a log of `size` entries, from the largest subtree to the smallest.
///
/// A caller that stores rows loads these to restore a [`LogState`](super::LogState).
pub fn right_edge_needs(size: u64) -> Vec<(u8, u64)> {
    subtrees(0, size)
}

/// The complete subtrees that cover the leaves from `lo` up to `hi`, from left to right.
///
/// `lo` must be a multiple of the power of two at or above `hi - lo`, as it is in every split of RFC 6962.
pub(super) fn subtrees(lo: u64, hi: u64) -> Vec<(u8, u64)> {
    let mut at = lo;
    let mut nodes = Vec::new();
    while at < hi {
        let level = (hi - at).ilog2() as u8;
        nodes.push((level, at >> level));
        at += 1 << level;
    }
    nodes
}

/// Hashes the roots of neighbouring subtrees, from largest to smallest, into the root above them.
pub(super) fn fold(hashes: &[Hash]) -> Option<Hash> {
    let (last, rest) = hashes.split_last()?;
    Some(rest.iter().rev().fold(*last, |right, left| node_hash(left, &right)))
}

/// The largest power of two below `n`: where RFC 6962 splits a tree of `n` leaves. `n` is at least 2.
pub(super) fn split(n: u64) -> u64 {
    1 << (n - 1).ilog2()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_hashes_follow_each_other_without_gap() {
        let mut next = 0;
        for leaf in 0..1000u64 {
            for level in 0..=(leaf + 1).trailing_zeros() as u8 {
                assert_eq!(stored_hash_index(level, leaf >> level), next);
                next += 1;
            }
        }
    }

    #[test]
    fn ranges_split_into_complete_subtrees() {
        assert_eq!(subtrees(0, 7), [(2, 0), (1, 2), (0, 6)]);
        assert_eq!(subtrees(4, 7), [(1, 2), (0, 6)]);
        assert_eq!(subtrees(0, 0), []);
        assert_eq!(right_edge_needs(8), [(3, 0)]);
    }
}
