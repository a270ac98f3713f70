//! What Clausewatch holds, and how it proves it.
//!
//! - [`blob`]: captures and texts, addressed by SHA-256 and compressed against the version before.
//! - [`warc`]: captures in and out, in the format that web archives share.
//! - [`log`]: the append-only transparency log that every held version enters (C2SP tiles, checkpoints, proofs).
//! - [`evidence`]: one file that shows an outsider what a document said on a date, and its verification offline.
//!
//! Nothing here opens a file, a socket or a database, reads a clock or draws a random number. Callers pass
//! bytes, times and seeds in, and store what comes out; so each promise can be tested without a machine around it.
//! The formats are published for outsiders in `docs/evidence.md`.

#![warn(missing_docs)]

pub mod blob;
pub mod evidence;
pub mod instant;
pub mod log;
pub mod warc;

pub use blob::{Sha256Digest, hex};
