//! The head of the log in memory: enough to append to it and to sign it, and no more.

use serde::{Deserialize, Serialize};

use super::tree::{Hash, LogError, MAX_ENTRY, empty_root, fold, leaf_hash, node_hash, stored_hash_index};

/// The size of a log and the roots of the complete subtrees on its right edge, largest first.
///
/// A log of a billion entries has at most 30 hashes here. The default is the empty log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogState {
    /// Number of entries.
    pub size: u64,
    /// One hash for each bit that is set in `size`, the largest subtree first.
    pub right_edge: Vec<Hash>,
}

/// A node that [`LogState::append`] completed, to be stored by the caller. It never changes afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredHash {
    /// Place in the one sequence of all stored hashes, see [`stored_hash_index`].
    pub index: u64,
    /// Level of the node, 0 for leaves.
    pub level: u8,
    /// Position in the level.
    pub position: u64,
    /// The hash itself.
    pub hash: Hash,
}

impl LogState {
    /// Restores a log from its size and the hashes at [`right_edge_needs`](super::right_edge_needs).
    pub fn restore(size: u64, right_edge: Vec<Hash>) -> Result<Self, LogError> {
        let needed = size.count_ones();
        if right_edge.len() != needed as usize {
            return Err(LogError::RightEdge { size, needed, found: right_edge.len() });
        }
        Ok(Self { size, right_edge })
    }

    /// The state may have come from a store, so its two parts are compared before anything rests on them.
    fn check(&self) -> Result<(), LogError> {
        Self::restore(self.size, self.right_edge.clone()).map(|_| ())
    }

    /// Appends `entries` in order and returns every node that this completes, in the order of
    /// [`stored_hash_index`]. On an error nothing was appended.
    pub fn append(&mut self, entries: &[Vec<u8>]) -> Result<Vec<StoredHash>, LogError> {
        self.check()?;
        let lengths = (self.size..).zip(entries).map(|(index, entry)| (index, entry.len()));
        for (index, len) in lengths {
            if len > MAX_ENTRY {
                return Err(LogError::EntryTooLong { index, len });
            }
        }
        let mut stored = Vec::with_capacity(entries.len() * 2);
        for entry in entries {
            self.append_leaf(leaf_hash(entry), &mut stored);
        }
        Ok(stored)
    }

    fn append_leaf(&mut self, leaf: Hash, stored: &mut Vec<StoredHash>) {
        let mut hash = leaf;
        // Each trailing one bit of the size is a complete subtree that this leaf's subtree doubles.
        for level in 0..=self.size.trailing_ones() as u8 {
            if level > 0 {
                let left = self.right_edge.pop().expect("one hash for each bit set in the size");
                hash = node_hash(&left, &hash);
            }
            let position = self.size >> level;
            stored.push(StoredHash { index: stored_hash_index(level, position), level, position, hash });
        }
        self.right_edge.push(hash);
        self.size += 1;
    }

    /// The root hash of the log as it stands.
    pub fn root(&self) -> Hash {
        fold(&self.right_edge).unwrap_or_else(empty_root)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::right_edge_needs;

    /// The entries and roots that the Certificate Transparency code base tests RFC 6962 with.
    const ENTRIES: [&str; 8] =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    const ROOTS: [&str; 9] = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    fn unhex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    }

    #[test]
    fn roots_of_rfc_6962() {
        let mut log = LogState::default();
        for (size, root) in ROOTS.iter().enumerate() {
            assert_eq!(log.root().to_vec(), unhex(root), "size {size}");
            if let Some(entry) = ENTRIES.get(size) {
                log.append(&[unhex(entry)]).unwrap();
            }
        }
    }

    #[test]
    fn one_batch_and_many_agree_and_restore() {
        let entries: Vec<Vec<u8>> = (0..300u32).map(|n| n.to_be_bytes().to_vec()).collect();
        let mut whole = LogState::default();
        let rows = whole.append(&entries).unwrap();
        assert!(rows.iter().enumerate().all(|(at, row)| row.index == at as u64));
        let mut parts = LogState::default();
        let mut found = Vec::new();
        for part in entries.chunks(7) {
            found.extend(parts.append(part).unwrap());
            let edge = right_edge_needs(parts.size)
                .into_iter()
                .map(|(level, position)| found[stored_hash_index(level, position) as usize].hash);
            assert_eq!(LogState::restore(parts.size, edge.collect()).unwrap(), parts);
        }
        assert_eq!((parts, found), (whole, rows));
        assert!(LogState::restore(3, vec![[0; 32]]).is_err());
        assert!(LogState { size: 3, right_edge: Vec::new() }.append(&[vec![1]]).is_err());
    }

    #[test]
    fn a_too_long_entry_leaves_the_log_as_it_was() {
        let mut log = LogState::default();
        let batch = [vec![1], vec![0; 65_536]];
        assert_eq!(log.append(&batch), Err(LogError::EntryTooLong { index: 1, len: 65_536 }));
        assert_eq!(log, LogState::default());
    }
}
