//! [Checkpoints](https://c2sp.org/tlog-checkpoint): the head of the log, signed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::note::{NoteError, SigningKey, VerifierKey, open_note};
use super::tree::{Hash, MAX_SIZE};

/// The head of a log: which log, how many entries, and the root over them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Names the log, as a URL without its scheme.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// Root hash over them.
    pub root: Hash,
    /// Further lines; this log writes none.
    pub extensions: Vec<String>,
}

/// Why a checkpoint was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The note around it is malformed or not signed by the trusted key.
    #[error("the checkpoint is not to be believed: {0}")]
    Note(#[from] NoteError),
    /// The text is not origin, size and root.
    #[error("the checkpoint {0:?} is not made of origin, size and base64 root hash")]
    Text(String),
    /// The origin is another log than the key's.
    #[error("the checkpoint is of the log {found:?}, the key belongs to {expected:?}")]
    Origin {
        /// Name of the key.
        expected: String,
        /// Origin of the checkpoint.
        found: String,
    },
}

impl Checkpoint {
    /// A checkpoint without extension lines.
    pub fn new(origin: &str, size: u64, root: Hash) -> Self {
        Self { origin: origin.to_owned(), size, root, extensions: Vec::new() }
    }

    /// The text that is signed.
    pub fn text(&self) -> String {
        let extensions: String = self.extensions.iter().map(|line| format!("{line}\n")).collect();
        format!("{}\n{}\n{}\n{extensions}", self.origin, self.size, STANDARD.encode(self.root))
    }

    /// Signs the checkpoint. The result is what is served at `/checkpoint`.
    pub fn sign(&self, key: &SigningKey) -> Result<String, CheckpointError> {
        // What cannot be read back must not be signed.
        Self::parse_text(&self.text()).filter(|read| read == self).ok_or_else(|| refused(&self.text()))?;
        if self.origin != key.name() {
            return Err(CheckpointError::Origin { expected: key.name().to_owned(), found: self.origin.clone() });
        }
        Ok(key.sign_note(&self.text())?)
    }

    /// Reads a signed checkpoint once the signature of `key` is verified and the origin is the key's name.
    pub fn open(note: &str, key: &VerifierKey) -> Result<Self, CheckpointError> {
        let text = open_note(note, key)?;
        let checkpoint = Self::parse_text(text).ok_or_else(|| refused(text))?;
        if checkpoint.origin != key.name() {
            return Err(CheckpointError::Origin { expected: key.name().to_owned(), found: checkpoint.origin });
        }
        Ok(checkpoint)
    }

    /// Reads the text of a checkpoint that nothing has vouched for.
    pub(crate) fn parse_text(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let (origin, digits, root) = (lines.next()?, lines.next()?, lines.next()?);
        let size: u64 = digits.parse().ok().filter(|size| *size <= MAX_SIZE)?;
        let extensions: Vec<String> = lines.map(str::to_owned).collect();
        let sound = !origin.is_empty() && size.to_string() == digits && !extensions.iter().any(String::is_empty);
        let root = STANDARD.decode(root).ok()?.try_into().ok()?;
        sound.then(|| Self { origin: origin.to_owned(), size, root, extensions })
    }
}

fn refused(text: &str) -> CheckpointError {
    CheckpointError::Text(text.chars().take(300).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SigningKey {
        SigningKey::from_seed("log.example/terms", [5; 32]).unwrap()
    }

    #[test]
    fn signed_and_opened() {
        let checkpoint = Checkpoint::new("log.example/terms", 7, [3; 32]);
        let note = checkpoint.sign(&key()).unwrap();
        assert!(note.starts_with(
            "log.example/terms\n7\nAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=\n\n\u{2014} log.example/terms "
        ));
        assert_eq!(Checkpoint::open(&note, &key().verifier()), Ok(checkpoint));
    }

    #[test]
    fn wrong_texts_are_refused_though_signed() {
        let root = STANDARD.encode([3; 32]);
        for text in [
            format!("log.example/terms\n07\n{root}\n"),
            format!("log.example/terms\n-7\n{root}\n"),
            format!("other.example\n7\n{root}\n"),
            format!("log.example/terms\n7\n{root}\n\nextension\n"),
            format!("log.example/terms\n99999999999999999999\n{root}\n"),
            "log.example/terms\n7\nAAAA\n".to_owned(),
            "log.example/terms\n7\n".to_owned(),
        ] {
            let note = key().sign_note(&text).unwrap();
            assert!(Checkpoint::open(&note, &key().verifier()).is_err(), "{text}");
        }
        assert!(Checkpoint::new("other.example", 7, [3; 32]).sign(&key()).is_err());
        assert!(Checkpoint::new("two\nlines", 7, [3; 32]).sign(&key()).is_err());
    }
}
