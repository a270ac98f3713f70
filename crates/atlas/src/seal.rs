//! Sealing: secrets that have to be read again are stored encrypted (ChaCha20-Poly1305), under a key that is not in the store.
//!
//! A sealed secret is a text, `v1.KEY.BYTES`: which key seals it, and in base64 its nonce and what RFC 8439 makes of it. What it is and whose
//! is bound to it as associated data, so that it opens nowhere but in its own row. The nonce is an HMAC of both under a key of its own: it
//! repeats only where the same secret is sealed for the same row, which gives the same text.
//!
//! There may be several keys: the first one seals, the others only open. When the first one is new, the next start seals all anew
//! ([`rows`]). When the key is lost, what it sealed is dropped ([`forget`]).
mod forget;
mod rows;

use std::fmt;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use archive::hex;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use sha2::Sha256;

use crate::error::{AtlasError, Result};
use crate::store::{Store, Tx, args, statements};

pub use forget::Forgotten;
pub(crate) use forget::forget;
pub(crate) use rows::seal_all;

#[cfg(test)]
pub(crate) const ROW_STATEMENTS: [&[crate::store::Sql]; 2] = [forget::STATEMENTS, rows::STATEMENTS];

/// The file of the key in the data folder.
const KEY_FILE: &str = "accounts.key";
/// What a sealed text begins with. A later way of sealing gets another one.
const VERSION: &str = "v1.";
/// Hexadecimal digits that name a key.
const NAME: usize = 8;
/// Characters before the bytes of a sealed text.
const MARK: usize = VERSION.len() + NAME + 1;
/// What the address of a webhook begins with when it stands as a hash.
const HASHED: &str = "hmac:";
/// A text that is sealed to know the key again.
const PROBE: &str = "clausewatch";

statements! {
    CHECK = "SELECT value FROM settings WHERE key = 'key_check'";
        postgres "SELECT value FROM settings WHERE key = 'key_check' FOR UPDATE",
    NEW_CHECK = "INSERT INTO settings (key, value) VALUES ('key_check', $1) ON CONFLICT (key) DO NOTHING",
    // Second factors were sealed before there was a check: who has one has a key.
    FACTORS = "SELECT person_id, secret FROM second_factors ORDER BY person_id",
}

/// Where the key is that seals what is secret in the store.
#[derive(Clone)]
pub enum KeyPlace {
    /// In a file, one key a line, which is made if there is none and nothing is sealed yet.
    File {
        /// The file.
        path: PathBuf,
        /// Random bytes: the key, if it has to be made.
        fresh: [u8; 32],
    },
    /// Given by whoever opens the store.
    Given {
        /// How they call the place, as errors name it.
        name: String,
        /// The keys: the first one seals, the others open what was sealed with them before.
        keys: Vec<[u8; 32]>,
    },
}

impl fmt::Debug for KeyPlace {
    /// Without the keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeyPlace").field(&self.name()).finish()
    }
}

impl KeyPlace {
    /// This key alone.
    pub fn given(name: &str, key: [u8; 32]) -> KeyPlace {
        KeyPlace::Given { name: name.into(), keys: vec![key] }
    }

    /// The file of a data folder. `fresh` are random bytes.
    pub fn in_folder(data: &Path, fresh: [u8; 32]) -> KeyPlace {
        KeyPlace::File { path: data.join(KEY_FILE), fresh }
    }

    /// The place as errors name it.
    fn name(&self) -> String {
        match self {
            KeyPlace::File { path, .. } => path.display().to_string(),
            KeyPlace::Given { name, .. } => name.clone(),
        }
    }

    /// The keys; none if the file is not there.
    fn keys(&self) -> Result<Option<Vec<[u8; 32]>>> {
        let unusable = |reason: String| AtlasError::KeyUnusable { place: self.name(), reason };
        match self {
            KeyPlace::Given { keys, .. } if keys.is_empty() => Err(unusable("it is empty".into())),
            KeyPlace::Given { keys, .. } => Ok(Some(keys.clone())),
            KeyPlace::File { path, .. } => match std::fs::read_to_string(path) {
                Ok(text) => read_keys(&text).map(Some).map_err(unusable),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(unusable(error.to_string())),
            },
        }
    }

    /// Makes the file, for nobody's eyes but ours, unless another process was faster; gives the keys that are in it then.
    fn make(&self) -> Result<Vec<[u8; 32]>> {
        let missing = || AtlasError::KeyMissing { place: self.name() };
        let KeyPlace::File { path, fresh } = self else { return Err(missing()) };
        let failed = |source| AtlasError::Io { path: self.name(), source };
        // Written beside it and linked: whoever finds the file finds a whole key. Each key has a file of its own there: the number of the process
        // would not do, since two containers that share the folder may have the same.
        let beside = path.with_extension(format!("key.{}", Key::of(*fresh).name));
        let made = || {
            let mut options = std::fs::OpenOptions::new();
            let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
            writeln!(file, "{}", hex(fresh))?;
            file.sync_all()?;
            match std::fs::hard_link(&beside, path) {
                Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
                _ => std::fs::remove_file(&beside),
            }
        };
        made().map_err(failed)?;
        self.keys()?.ok_or_else(missing)
    }
}

/// The keys in a text, 64 hexadecimal digits each, parted by white space or commas; the first one seals. The error does not repeat them.
///
/// # Errors
/// What is wrong, in words.
pub fn read_keys(text: &str) -> std::result::Result<Vec<[u8; 32]>, String> {
    let parts = text.split(|c: char| c.is_whitespace() || c == ',').filter(|part| !part.is_empty());
    let keys: Option<Vec<[u8; 32]>> = parts.map(read_key).collect();
    keys.filter(|keys| !keys.is_empty())
        .ok_or_else(|| "a key has 64 hexadecimal digits; `openssl rand -hex 32` makes one".to_string())
}

fn read_key(digits: &str) -> Option<[u8; 32]> {
    let whole = digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut key = [0; 32];
    for (at, byte) in key.iter_mut().enumerate().filter(|_| whole) {
        *byte = u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).ok()?;
    }
    whole.then_some(key)
}

/// A secret of the store: what it is and the number of its row. Both are bound to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    /// The secret of a channel.
    Channel(i64),
    /// The address of a channel.
    Address(i64),
    /// The address of a person's shared watchlist.
    Share(i64),
    /// The second factor of a person.
    Factor(i64),
    /// The key of the log.
    Log,
    /// The text by which the key is known again.
    Check,
}

impl fmt::Display for Of {
    /// As errors name it. It is the associated data too: never change one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Of::Channel(id) => write!(f, "the secret of channel {id}"),
            Of::Address(id) => write!(f, "the address of channel {id}"),
            Of::Share(id) => write!(f, "the shared watchlist of person {id}"),
            Of::Factor(id) => write!(f, "the second factor of person {id}"),
            Of::Log => f.write_str("the key of the log"),
            Of::Check => f.write_str("the check of the key"),
        }
    }
}

/// The keys of a store, as they are used.
pub(crate) struct Sealer {
    place: String,
    /// The first one seals.
    keys: Vec<Key>,
}

struct Key {
    raw: [u8; 32],
    /// What it is called in what it sealed.
    name: String,
    sealing: LessSafeKey,
}

impl Key {
    fn of(raw: [u8; 32]) -> Key {
        let name = hex(&derived(&raw, &[b"name"])[..NAME / 2]);
        Key { sealing: sealing_key(&derived(&raw, &[b"secrets of the store"])), name, raw }
    }
}

/// The HMAC-SHA256 of some parts, none of which can be taken for another.
fn derived(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes any key");
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            mac.update(&(part.len() as u64).to_be_bytes());
        }
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

fn sealing_key(bytes: &[u8; 32]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, bytes).expect("ChaCha20 takes any key of 32 bytes"))
}

fn unsealed(key: &LessSafeKey, aad: &[u8], bytes: &[u8]) -> Option<Vec<u8>> {
    let (nonce, rest) = bytes.split_at_checked(NONCE_LEN)?;
    let mut rest = rest.to_vec();
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    Some(key.open_in_place(nonce, Aad::from(aad), &mut rest).ok()?.to_vec())
}

impl Sealer {
    fn new(place: &KeyPlace, keys: Vec<[u8; 32]>) -> Sealer {
        Sealer { place: place.name(), keys: keys.into_iter().map(Key::of).collect() }
    }

    fn first(&self) -> &Key {
        &self.keys[0]
    }

    /// What everything begins with that the first key sealed.
    fn mark(&self) -> String {
        format!("{VERSION}{}.", self.first().name)
    }

    /// The first key itself.
    pub fn raw(&self) -> [u8; 32] {
        self.first().raw
    }

    /// A secret as it is stored.
    pub fn seal(&self, of: Of, secret: &[u8]) -> String {
        let (key, aad) = (self.first(), of.to_string());
        let nonce = derived(&key.raw, &[b"nonces", aad.as_bytes(), secret]);
        let nonce: [u8; NONCE_LEN] = nonce[..NONCE_LEN].try_into().expect("a hash is longer than a nonce");
        let mut sealed = secret.to_vec();
        let (used, bound) = (Nonce::assume_unique_for_key(nonce), Aad::from(aad.as_bytes()));
        key.sealing.seal_in_place_append_tag(used, bound, &mut sealed).expect("a secret is short");
        self.mark() + &STANDARD.encode([&nonce[..], &sealed].concat())
    }

    /// A stored secret. One from before secrets were sealed is given as it is.
    pub fn open(&self, of: Of, stored: &[u8]) -> Result<Vec<u8>> {
        let Some((name, bytes)) = parsed(stored) else { return Ok(stored.to_vec()) };
        let shut = |reason: String| AtlasError::Sealed { what: of.to_string(), place: self.place.clone(), reason };
        let key = self.keys.iter().find(|key| key.name.as_bytes() == name);
        let key = key.ok_or_else(|| {
            shut(format!("it was sealed with the key {}, which is not there", String::from_utf8_lossy(name)))
        })?;
        let bytes = STANDARD.decode(bytes).ok();
        bytes
            .and_then(|bytes| unsealed(&key.sealing, of.to_string().as_bytes(), &bytes))
            .ok_or_else(|| shut("it was altered, or belongs to another record".into()))
    }

    /// A stored secret that is a text.
    pub fn open_text(&self, of: Of, stored: &str) -> Result<String> {
        let bytes = self.open(of, stored.as_bytes())?;
        String::from_utf8(bytes).map_err(|_| crate::store::damaged(of.to_string(), "it is no text"))
    }

    /// What stands in the store in place of a secret address of a person's, so that it is found again.
    pub fn hashed_address(&self, person: i64, address: &str) -> String {
        let hash = derived(&self.first().raw, &[b"addresses", &person.to_be_bytes(), address.as_bytes()]);
        format!("{HASHED}{}", hex(&hash))
    }

    /// A second factor as it was sealed before all secrets were: without a version, under a key of its own.
    fn open_early_factor(&self, person: i64, stored: &[u8]) -> Option<Vec<u8>> {
        self.keys.iter().find_map(|key| {
            let sealing = sealing_key(&derived(&key.raw, &[b"second factors"]));
            unsealed(&sealing, &person.to_be_bytes(), stored)
        })
    }
}

/// Whether this stands in place of an address ([`Sealer::hashed_address`]).
pub(crate) fn is_hashed(address: &str) -> bool {
    address.starts_with(HASHED)
}

/// Name of the key and bytes, in base64, of a sealed text; none if it is not sealed.
fn parsed(stored: &[u8]) -> Option<(&[u8], &[u8])> {
    let (name, rest) = stored.strip_prefix(VERSION.as_bytes())?.split_at_checked(NAME)?;
    Some((name, rest.strip_prefix(b".")?))
}

/// The keys of a store: read, or made if nothing in it needs a key yet. Refuses keys with which what is sealed cannot be opened; then
/// nothing was changed.
pub(crate) async fn open(store: &Store, place: &KeyPlace) -> Result<Sealer> {
    let mut tx = store.write_unordered().await?;
    let check = checked(&mut tx).await?;
    let factors = tx.fetch(FACTORS, args![]).await?;
    // Read after the check: of processes that begin together, the one that made the check made its key before.
    let keys = match place.keys()? {
        Some(keys) => keys,
        None if check.is_none() && factors.is_empty() => place.make()?,
        None => return Err(AtlasError::KeyMissing { place: place.name() }),
    };
    let sealer = Sealer::new(place, keys);
    let wrong = || AtlasError::WrongKey { place: place.name() };
    if check.is_none() && !factors.is_empty() {
        let mut opened = false;
        for row in &factors {
            opened |= sealer.open_early_factor(row.get(0)?, &row.get::<Vec<u8>>(1)?).is_some();
        }
        if !opened {
            return Err(wrong());
        }
    }
    tx.run(NEW_CHECK, args![sealer.seal(Of::Check, PROBE.as_bytes())]).await?;
    // Of processes that begin together, one made the check.
    let check = checked(&mut tx).await?.unwrap_or_default();
    match sealer.open_text(Of::Check, &check) {
        Ok(text) if text == PROBE => tx.commit().await?,
        _ => return Err(wrong()),
    }
    Ok(sealer)
}

/// The check of the key. On PostgreSQL it is held until the transaction ends, so that one process at a time seals.
async fn checked(tx: &mut Tx) -> Result<Option<String>> {
    tx.one(CHECK, args![]).await?.map(|row| row.get(0)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer(keys: &[u8]) -> Sealer {
        let keys: Vec<[u8; 32]> = keys.iter().map(|byte| [*byte; 32]).collect();
        Sealer::new(&KeyPlace::Given { name: "here".into(), keys: keys.clone() }, keys)
    }

    #[test]
    fn a_secret_opens_in_its_own_row_with_its_own_key_only() {
        let ours = sealer(&[1]);
        let sealed = ours.seal(Of::Channel(12), b"a secret");
        assert_eq!(ours.open(Of::Channel(12), sealed.as_bytes()).unwrap(), b"a secret");
        assert!(!sealed.contains("secret") && sealed.starts_with(&ours.mark()) && ours.mark().len() == MARK);
        for other in [Of::Channel(1), Of::Channel(13), Of::Address(12), Of::Share(12), Of::Factor(12)] {
            let error = ours.open(other, sealed.as_bytes()).unwrap_err().to_string();
            assert!(error.contains("belongs to another record") && error.contains("here"), "{error}");
        }
        let error = sealer(&[2]).open(Of::Channel(12), sealed.as_bytes()).unwrap_err().to_string();
        assert!(error.contains("the secret of channel 12") && error.contains(&ours.first().name), "{error}");
        let both = sealer(&[2, 1]);
        assert_eq!(both.open(Of::Channel(12), sealed.as_bytes()).unwrap(), b"a secret");
        assert!(both.seal(Of::Channel(12), b"a secret").starts_with(&sealer(&[2]).mark()));
    }

    #[test]
    fn an_altered_character_is_noticed() {
        let ours = sealer(&[1]);
        let sealed = ours.seal(Of::Log, b"a secret").into_bytes();
        for at in MARK..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
            assert!(ours.open(Of::Log, &altered).is_err(), "{at}");
            altered[at] = 0xff;
            assert!(ours.open(Of::Log, &altered).is_err(), "{at}");
        }
        assert_eq!(ours.open(Of::Log, b"PRIVATE+KEY").unwrap(), b"PRIVATE+KEY", "from before secrets were sealed");
    }

    #[test]
    fn keys_are_read_whole_or_not_at_all() {
        let (one, two) = ("ab".repeat(32), "0F".repeat(32));
        assert_eq!(read_keys(&format!("{one}\n")).unwrap(), [[0xab; 32]]);
        assert_eq!(read_keys(&format!(" {one}, {two}\n\n")).unwrap(), [[0xab; 32], [0x0f; 32]]);
        for wrong in
            ["", "\n", &one[1..], &one.replace('a', "g"), &format!("{one}{two}"), &format!("{one} {}", "é".repeat(32))]
        {
            assert!(read_keys(wrong).unwrap_err().contains("64 hexadecimal digits"), "{wrong}");
        }
    }

    #[test]
    fn the_file_is_made_once_and_for_us_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let place = KeyPlace::in_folder(folder.path(), [3; 32]);
        assert_eq!(place.keys().unwrap(), None);
        assert_eq!(place.make().unwrap(), [[3; 32]]);
        assert_eq!(KeyPlace::in_folder(folder.path(), [4; 32]).make().unwrap(), [[3; 32]]);
        let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(files, [folder.path().join(KEY_FILE)]);
        assert_eq!(std::fs::metadata(&files[0]).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(&files[0], "a part of a key").unwrap();
        let error = place.keys().unwrap_err().to_string();
        assert!(
            error.contains(KEY_FILE) && error.contains("64 hexadecimal digits") && !error.contains("a part"),
            "{error}"
        );
    }
}
