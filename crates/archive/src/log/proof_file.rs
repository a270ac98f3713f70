//! [tlog-proof](https://c2sp.org/tlog-proof): the proof of one entry with its checkpoint, as one readable text.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::checkpoint::{Checkpoint, CheckpointError};
use super::note::VerifierKey;
use super::proof::verify_inclusion;
use super::tree::{Hash, LogError};

const HEADER: &str = "c2sp.org/tlog-proof@v1";
/// A tree of 2^56 entries has proofs of 56 hashes.
const MAX_HASHES: usize = 64;

/// An inclusion proof and the signed checkpoint it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlogProof {
    /// Opaque data that nothing authenticates; this log writes none.
    pub extra: Option<Vec<u8>>,
    /// Index of the entry in the log.
    pub index: u64,
    /// Hashes from the leaf's sibling upwards.
    pub hashes: Vec<Hash>,
    /// The signed checkpoint, as the log published it.
    pub checkpoint: String,
}

/// Why a proof was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofFileError {
    /// The text does not have the format.
    #[error("the tlog-proof is malformed: {0}")]
    Malformed(&'static str),
    /// The checkpoint is malformed or not signed by the trusted key.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The hashes do not lead from the entry to the root of the checkpoint.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl TlogProof {
    /// Verifies that the entry with this [`leaf_hash`](super::leaf_hash) is in the log that `key` signs for, and
    /// returns the checkpoint that says so.
    pub fn verify(&self, leaf: Hash, key: &VerifierKey) -> Result<Checkpoint, ProofFileError> {
        let checkpoint = Checkpoint::open(&self.checkpoint, key)?;
        verify_inclusion(&self.hashes, checkpoint.size, self.index, leaf, checkpoint.root)?;
        Ok(checkpoint)
    }
}

impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.hashes.iter().try_for_each(|hash| writeln!(f, "{}", STANDARD.encode(hash)))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

impl FromStr for TlogProof {
    type Err = ProofFileError;

    fn from_str(text: &str) -> Result<Self, ProofFileError> {
        use ProofFileError::Malformed;
        let (head, checkpoint) = text.split_once("\n\n").ok_or(Malformed("no blank line before the checkpoint"))?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(HEADER) {
            return Err(Malformed("its first line is not c2sp.org/tlog-proof@v1"));
        }
        let extra = lines.next_if(|line| line.starts_with("extra ")).map(|line| STANDARD.decode(&line[6..]));
        let extra = extra.transpose().map_err(|_| Malformed("the extra data is not base64"))?;
        let digits = lines.next().and_then(|line| line.strip_prefix("index ")).ok_or(Malformed("no index line"))?;
        let index: u64 = digits.parse().map_err(|_| Malformed("the index is not a number"))?;
        if index.to_string() != digits {
            return Err(Malformed("the index is not in its shortest form"));
        }
        let mut hashes = Vec::new();
        for line in lines {
            let hash = STANDARD.decode(line).ok().and_then(|hash| Hash::try_from(hash).ok());
            hashes.push(hash.ok_or(Malformed("a line of the proof is not the base64 of 32 bytes"))?);
            if hashes.len() > MAX_HASHES {
                return Err(Malformed("it has more than 64 hashes"));
            }
        }
        Ok(Self { extra, index, hashes, checkpoint: checkpoint.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{LogState, SigningKey, inclusion_proof, leaf_hash, stored_hash_index};

    #[test]
    fn written_read_and_verified() {
        let key = SigningKey::from_seed("log.example", [1; 32]).unwrap();
        for size in [1u8, 2, 9] {
            let mut log = LogState::default();
            let rows = log.append(&(0..size).map(|n| vec![n]).collect::<Vec<_>>()).unwrap();
            let read = |l, p| rows.get(stored_hash_index(l, p) as usize).map(|row| row.hash);
            let proof = TlogProof {
                extra: (size == 2).then(|| b"extra".to_vec()),
                index: u64::from(size) - 1,
                hashes: inclusion_proof(size.into(), u64::from(size) - 1, read).unwrap(),
                checkpoint: Checkpoint::new("log.example", log.size, log.root()).sign(&key).unwrap(),
            };
            let text = proof.to_string();
            assert_eq!(text.parse(), Ok(proof.clone()));
            assert_eq!(proof.verify(leaf_hash(&[size - 1]), &key.verifier()).unwrap().size, u64::from(size));
            assert!(proof.verify(leaf_hash(&[size]), &key.verifier()).is_err());
        }
    }

    #[test]
    fn malformed_texts() {
        for text in [
            "",
            "c2sp.org/tlog-proof@v2\nindex 0\n\nx",
            "c2sp.org/tlog-proof@v1\nindex 00\n\nx",
            "c2sp.org/tlog-proof@v1\nindex +1\n\nx",
            "c2sp.org/tlog-proof@v1\nextra ?\nindex 0\n\nx",
            "c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\nx",
            "c2sp.org/tlog-proof@v1\nindex 0\n",
        ] {
            assert!(text.parse::<TlogProof>().is_err(), "{text:?}");
        }
    }
}
