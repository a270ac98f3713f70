//! [Signed notes](https://c2sp.org/signed-note): a text and Ed25519 signatures over it, all readable.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::Signer;
use sha2::{Digest, Sha256};

/// The signature type of plain Ed25519.
const ED25519: u8 = 1;
/// A checkpoint with many witnesses stays far below these.
const MAX_NOTE: usize = 1 << 20;
const MAX_SIGNATURES: usize = 100;

/// Why a key or a note was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// A key name is empty, or has a space or a plus sign.
    #[error("{0:?} cannot name a key: it is empty or has a space, a plus sign or a control character")]
    Name(String),
    /// The text of a key is malformed.
    #[error("{0:?} is not a key of the form name+hash+base64")]
    Key(String),
    /// The note is not a text, a blank line and signature lines.
    #[error("the note is malformed: {0}")]
    Malformed(&'static str),
    /// The trusted key has not signed the note.
    #[error("the note has no signature by the key {0}")]
    Unsigned(String),
    /// A signature in the name of the trusted key is wrong.
    #[error("the signature by the key {0} does not fit the note")]
    WrongSignature(String),
}

/// The secret key of the log. Its debug form hides the secret.
#[derive(Clone)]
pub struct SigningKey {
    name: String,
    key: ed25519_dalek::SigningKey,
}

impl SigningKey {
    /// Makes the key of the log called `name` from 32 random bytes. The same bytes give the same key.
    pub fn from_seed(name: &str, seed: [u8; 32]) -> Result<Self, NoteError> {
        check_name(name)?;
        Ok(Self { name: name.to_owned(), key: ed25519_dalek::SigningKey::from_bytes(&seed) })
    }

    /// The name of the key.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The public half.
    pub fn verifier(&self) -> VerifierKey {
        VerifierKey { name: self.name.clone(), key: self.key.verifying_key() }
    }

    /// The secret as text, `PRIVATE+KEY+name+hash+base64`, as Go's `note` package writes it.
    pub fn to_secret_text(&self) -> String {
        let secret = [&[ED25519][..], &self.key.to_bytes()].concat();
        format!("PRIVATE+KEY+{}+{:08x}+{}", self.name, self.verifier().id(), STANDARD.encode(secret))
    }

    /// Reads the text of [`to_secret_text`](Self::to_secret_text). The error does not repeat the secret.
    pub fn from_secret_text(text: &str) -> Result<Self, NoteError> {
        let refused = || NoteError::Key("PRIVATE+KEY+...".to_owned());
        let (name, id, secret) =
            split_key(text.trim().strip_prefix("PRIVATE+KEY+").ok_or_else(refused)?).ok_or_else(refused)?;
        let key = Self::from_seed(name, secret)?;
        if key.verifier().id() == id { Ok(key) } else { Err(refused()) }
    }

    /// Signs `text`, which must end in a newline, and returns the note.
    pub fn sign_note(&self, text: &str) -> Result<String, NoteError> {
        if !text.ends_with('\n') {
            return Err(NoteError::Malformed("the text does not end in a newline"));
        }
        check_characters(text)?;
        let signature = self.key.sign(text.as_bytes()).to_bytes();
        let line = [&self.verifier().id().to_be_bytes()[..], &signature].concat();
        Ok(format!("{text}\n\u{2014} {} {}\n", self.name, STANDARD.encode(line)))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The public key of a log. Its text is `name+hash+base64`, as C2SP tools take it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    key: ed25519_dalek::VerifyingKey,
}

impl VerifierKey {
    /// The name of the key.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The short identifier that signature lines carry.
    pub fn id(&self) -> u32 {
        let digest = Sha256::new()
            .chain_update(&self.name)
            .chain_update([b'\n', ED25519])
            .chain_update(self.key.as_bytes())
            .finalize();
        u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[ED25519][..], self.key.as_bytes()].concat();
        write!(f, "{}+{:08x}+{}", self.name, self.id(), STANDARD.encode(key))
    }
}

impl FromStr for VerifierKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let refused = || NoteError::Key(text.chars().take(200).collect());
        let (name, id, key) = split_key(text.trim()).ok_or_else(refused)?;
        check_name(name)?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(&key).map_err(|_| refused())?;
        let key = Self { name: name.to_owned(), key };
        if key.id() == id { Ok(key) } else { Err(refused()) }
    }
}

/// Splits `name+hash+base64` into its parts, the last without its type byte. Base64 itself may hold plus signs.
fn split_key(text: &str) -> Option<(&str, u32, [u8; 32])> {
    let mut parts = text.splitn(3, '+');
    let (name, id, key) = (parts.next()?, parts.next()?, parts.next()?);
    let id = (id.len() == 8).then(|| u32::from_str_radix(id, 16).ok())??;
    let key = STANDARD.decode(key).ok()?;
    let (kind, key) = key.split_first()?;
    (*kind == ED25519).then(|| Some((name, id, key.try_into().ok()?)))?
}

fn check_name(name: &str) -> Result<(), NoteError> {
    let bad = |c: char| c.is_whitespace() || c.is_control() || c == '+';
    if name.is_empty() || name.contains(bad) { Err(NoteError::Name(name.to_owned())) } else { Ok(()) }
}

fn check_characters(text: &str) -> Result<(), NoteError> {
    let control = |byte: u8| byte < 0x20 && byte != b'\n';
    if text.bytes().any(control) { Err(NoteError::Malformed("it has control characters")) } else { Ok(()) }
}

/// The text of a note without any check of its signatures; use [`open_note`] for everything that is to be believed.
pub fn signed_text(note: &str) -> Result<&str, NoteError> {
    Ok(split_note(note)?.0)
}

fn split_note(note: &str) -> Result<(&str, &str), NoteError> {
    if note.len() > MAX_NOTE {
        return Err(NoteError::Malformed("it is longer than 1 MiB"));
    }
    check_characters(note)?;
    let at = note.rfind("\n\n").ok_or(NoteError::Malformed("no blank line before the signatures"))?;
    let (text, signatures) = (&note[..at + 1], &note[at + 2..]);
    if !signatures.ends_with('\n') {
        return Err(NoteError::Malformed("its last line does not end in a newline"));
    }
    Ok((text, signatures))
}

/// Returns the text of a note once the trusted key's signature is verified. Signatures by other keys, such as
/// those of witnesses, are passed over.
pub fn open_note<'a>(note: &'a str, key: &VerifierKey) -> Result<&'a str, NoteError> {
    let (text, signatures) = split_note(note)?;
    let mut signed = false;
    for (count, line) in signatures.lines().enumerate() {
        if count >= MAX_SIGNATURES {
            return Err(NoteError::Malformed("it has more than 100 signatures"));
        }
        let malformed = NoteError::Malformed("a signature line is not an em dash, a name and base64");
        let (name, signature) =
            line.strip_prefix("\u{2014} ").and_then(|rest| rest.split_once(' ')).ok_or(malformed.clone())?;
        let bytes = STANDARD.decode(signature).map_err(|_| malformed.clone())?;
        let (id, signature) = bytes.split_first_chunk::<4>().ok_or(malformed)?;
        if name != key.name || u32::from_be_bytes(*id) != key.id() {
            continue;
        }
        let wrong = || NoteError::WrongSignature(key.to_string());
        let signature = ed25519_dalek::Signature::from_slice(signature).map_err(|_| wrong())?;
        // Strict: no small-order keys, no second encoding of the same signature.
        key.key.verify_strict(text.as_bytes(), &signature).map_err(|_| wrong())?;
        signed = true;
    }
    if signed { Ok(text) } else { Err(NoteError::Unsigned(key.to_string())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys and note from the documentation of Go's golang.org/x/mod/sumdb/note.
    const GO_SECRET: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const GO_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const GO_TEXT: &str = "If you think cryptography is the answer to your problem,\n\
                           then you don't know what your problem is.\n";
    const GO_SIGNATURE: &str = "\u{2014} PeterNeumann \
        x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    #[test]
    fn agrees_with_go() {
        let key = SigningKey::from_secret_text(GO_SECRET).unwrap();
        assert_eq!(key.verifier().to_string(), GO_KEY);
        assert_eq!(key.to_secret_text(), GO_SECRET);
        let note = key.sign_note(GO_TEXT).unwrap();
        assert_eq!(note, format!("{GO_TEXT}\n{GO_SIGNATURE}"));
        assert_eq!(open_note(&note, &GO_KEY.parse().unwrap()), Ok(GO_TEXT));
    }

    #[test]
    fn forged_and_foreign_signatures() {
        let (key, other) = (
            SigningKey::from_seed("a.example", [1; 32]).unwrap(),
            SigningKey::from_seed("b.example", [2; 32]).unwrap(),
        );
        let note = key.sign_note("one\n\ntwo\n").unwrap();
        let foreign = other.sign_note("one\n\ntwo\n").unwrap();
        let cosigned = format!("{note}{}", foreign.split_once("two\n\n").unwrap().1);
        assert_eq!(open_note(&cosigned, &key.verifier()), Ok("one\n\ntwo\n"));
        assert_eq!(open_note(&cosigned, &other.verifier()), Ok("one\n\ntwo\n"));
        assert!(matches!(open_note(&note, &other.verifier()), Err(NoteError::Unsigned(_))));
        let altered = note.replace("one", "One");
        assert!(matches!(open_note(&altered, &key.verifier()), Err(NoteError::WrongSignature(_))));
        let namesake = SigningKey::from_seed("a.example", [3; 32]).unwrap();
        assert!(matches!(open_note(&note, &namesake.verifier()), Err(NoteError::Unsigned(_))));
    }

    #[test]
    fn malformed_keys_and_notes() {
        let key: VerifierKey = GO_KEY.parse().unwrap();
        for text in ["", "a", "a+b+c", "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"] {
            assert!(text.parse::<VerifierKey>().is_err(), "{text}");
        }
        for note in [
            "",
            "\n\n",
            "text\n",
            "text\n\n",
            "text\n\nnot a signature\n",
            "t\n\n\u{2014} a b\n",
            "a\r\n\n\u{2014} a AAAA\n",
        ] {
            assert!(open_note(note, &key).is_err(), "{note:?}");
        }
        assert!(SigningKey::from_seed("a b", [0; 32]).is_err());
        assert!(SigningKey::from_seed("a+b", [0; 32]).is_err());
        assert!(!format!("{:?}", SigningKey::from_seed("a", [77; 32]).unwrap()).contains("77"));
    }
}
