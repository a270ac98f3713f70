//! What one entry of the log says: that these bytes and this text were held, for this record, from this address.

use serde::{Deserialize, Serialize};

use crate::blob::Sha256Digest;

/// The entry of one version of a document.
///
/// Its bytes are canonical: compact JSON with these keys in this order and nothing else, so that whoever knows
/// the five values can make the bytes, and so the leaf hash, again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeafEntry {
    v: u32,
    /// The version's record, such as `CW-D-00001/3`.
    pub record: String,
    /// The address that the capture was taken from.
    pub url: String,
    /// When it was taken, in milliseconds since 1970 UTC.
    pub captured_ms: i64,
    /// SHA-256 of the capture's body after content decoding; null where only the text was handed down to us, as
    /// in an imported collection.
    pub capture_sha256: Option<Sha256Digest>,
    /// SHA-256 of the version's clean text in UTF-8.
    pub text_sha256: Sha256Digest,
}

/// Bytes that are not an entry of this log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeafError {
    /// Not the JSON of an entry.
    #[error("the log entry {entry:?} cannot be read: {reason}")]
    Json {
        /// Start of the entry.
        entry: String,
        /// What was wrong.
        reason: String,
    },
    /// The JSON has another form than the canonical one, or another version.
    #[error("the log entry {0:?} is not in canonical form of version 1")]
    NotCanonical(String),
}

impl LeafEntry {
    /// The entry of a record.
    pub fn new(
        record: &str,
        url: &str,
        captured_ms: i64,
        capture_sha256: Option<Sha256Digest>,
        text_sha256: Sha256Digest,
    ) -> Self {
        Self { v: 1, record: record.to_owned(), url: url.to_owned(), captured_ms, capture_sha256, text_sha256 }
    }

    /// The canonical bytes: the entry as the log holds it.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("strings and numbers always serialise")
    }

    /// Reads an entry, and refuses any spelling but the canonical one.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LeafError> {
        let start = || String::from_utf8_lossy(&bytes[..bytes.len().min(300)]).into_owned();
        let entry: Self = serde_json::from_slice(bytes)
            .map_err(|error| LeafError::Json { entry: start(), reason: error.to_string() })?;
        if entry.v != 1 || entry.to_bytes() != bytes {
            return Err(LeafError::NotCanonical(start()));
        }
        Ok(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling() {
        let digest = Sha256Digest([0xab; 32]);
        let entry = LeafEntry::new("CW-D-00001/3", "https://a.example/é?\"", 1_724_718_752_000, None, digest);
        let text = format!(
            r#"{{"v":1,"record":"CW-D-00001/3","url":"https://a.example/é?\"","captured_ms":1724718752000,"capture_sha256":null,"text_sha256":"{digest}"}}"#
        );
        assert_eq!(String::from_utf8(entry.to_bytes()).unwrap(), text);
        assert_eq!(LeafEntry::from_bytes(text.as_bytes()), Ok(entry));
        for other in [
            text.replace("\"v\":1", "\"v\":2"),
            text.replace(",", ", "),
            text.replace("é", "\\u00e9"),
            text.to_uppercase(),
        ] {
            assert!(LeafEntry::from_bytes(other.as_bytes()).is_err(), "{other}");
        }
    }
}
