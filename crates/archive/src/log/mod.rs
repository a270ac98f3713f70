//! The transparency log: what was held, in an order that cannot be changed unseen.
//!
//! The log is a Merkle tree of RFC 6962. Its public form is C2SP: [tlog-tiles](https://c2sp.org/tlog-tiles) for
//! hashes and entries, [tlog-checkpoint](https://c2sp.org/tlog-checkpoint) in
//! [signed-note](https://c2sp.org/signed-note) for the head, [tlog-proof](https://c2sp.org/tlog-proof) for one
//! entry. Any client of those formats can audit it.
//!
//! Storage belongs to the caller. A node of the tree is named by its level (0 for leaves) and its position in
//! that level; functions that read the tree take a closure from those two to the hash, and each has a companion
//! ending in `_needs` that lists the nodes it will ask for, so that a caller with an asynchronous store loads
//! them first in one query. Appending is one step of pure computation:
//!
//! ```
//! use archive::log::{Checkpoint, LogState, SigningKey, inclusion_proof, leaf_hash, verify_inclusion};
//! use std::collections::HashMap;
//!
//! let key = SigningKey::from_seed("example.com/log", [7; 32]).unwrap();
//! let mut log = LogState::default();
//! let entries: Vec<Vec<u8>> = (0..5u8).map(|n| vec![n]).collect();
//! // These rows, the entries and the new checkpoint belong in one transaction.
//! let rows = log.append(&entries).unwrap();
//! let checkpoint = Checkpoint::new("example.com/log", log.size, log.root()).sign(&key).unwrap();
//!
//! let store: HashMap<_, _> = rows.into_iter().map(|row| ((row.level, row.position), row.hash)).collect();
//! let proof = inclusion_proof(5, 3, |level, position| store.get(&(level, position)).copied()).unwrap();
//! let head = Checkpoint::open(&checkpoint, &key.verifier()).unwrap();
//! verify_inclusion(&proof, head.size, 3, leaf_hash(&entries[3]), head.root).unwrap();
//! ```

mod checkpoint;
mod leaf;
mod note;
mod proof;
mod proof_file;
mod state;
mod tile;
mod tree;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use leaf::{LeafEntry, LeafError};
pub use note::{NoteError, SigningKey, VerifierKey, open_note, signed_text};
pub use proof::{
    consistency_needs, consistency_proof, inclusion_needs, inclusion_proof, verify_consistency, verify_inclusion,
};
pub use proof_file::{ProofFileError, TlogProof};
pub use state::{LogState, StoredHash};
pub use tile::{TilePath, render_entries, render_tile, tile_needs, tile_paths};
pub use tree::{Hash, LogError, empty_root, leaf_hash, node_hash, right_edge_needs, stored_hash_index};
