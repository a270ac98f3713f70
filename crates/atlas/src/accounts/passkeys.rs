//! Passkeys as stored, and the ceremonies in which they are added and used.
use serde::Serialize;

use super::hashed;
use crate::error::{AtlasError, Result};
use crate::open::Atlas;
use crate::store::{Row, args, statements};
use crate::watching::{PersonId, take_numbers};

macro_rules! passkeys {
    ($rest:literal) => {
        concat!("SELECT id, person_id, credential, key, name, made_ms, used_ms FROM passkeys ", $rest)
    };
}

statements! {
    PASSKEY = passkeys!("WHERE credential = $1"),
    PASSKEYS = passkeys!("WHERE person_id = $1 ORDER BY id"),
    ADD = "INSERT INTO passkeys (id, person_id, credential, key, name, made_ms) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (credential) DO NOTHING",
    // Two windows that add one at once wait for each other, and do not come to more than there may be.
    LOCK = "UPDATE accounts SET handle = handle WHERE person_id = $1",
    COUNT = "SELECT COUNT(*) FROM passkeys WHERE person_id = $1",
    USED = "UPDATE passkeys SET key = $3, used_ms = $4 WHERE id = $1 AND key = $2",
    REMOVE = "DELETE FROM passkeys WHERE person_id = $1 AND id = $2",
    REMOVE_ALL = "DELETE FROM passkeys WHERE person_id = $1",
    NEW_HANDLE = "UPDATE accounts SET handle = $2 WHERE person_id = $1 AND handle IS NULL",
    HANDLE = "SELECT handle FROM accounts WHERE person_id = $1",
    BEGIN = "INSERT INTO ceremonies (token, kind, session_id, state, expires_ms) VALUES ($1, $2, $3, $4, $5)",
    TAKE = "DELETE FROM ceremonies WHERE token = $1 RETURNING kind, session_id, state, expires_ms",
    FORGET = "DELETE FROM ceremonies WHERE expires_ms < $1",
}

/// A passkey of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Passkey {
    /// Its number.
    pub id: i64,
    /// Whose it is.
    #[serde(skip)]
    pub person: PersonId,
    /// What the authenticator calls it.
    #[serde(skip)]
    pub credential: Vec<u8>,
    /// What the crate `accounts` knows of it, as JSON.
    #[serde(skip)]
    pub key: String,
    /// What the person calls it.
    pub name: String,
    /// Since when.
    pub made_ms: i64,
    /// When it was last used.
    pub used_ms: Option<i64>,
}

/// A passkey to be kept.
#[derive(Debug, Clone, Copy)]
pub struct NewPasskey<'a> {
    /// What the authenticator calls it.
    pub credential: &'a [u8],
    /// What the crate `accounts` knows of it, as JSON.
    pub key: &'a str,
    /// What the person calls it.
    pub name: &'a str,
}

/// What became of a passkey that was to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It is.
    Kept,
    /// Nothing is: it is somebody's already.
    Known,
    /// Nothing is: the person has as many as they may.
    Full,
}

/// A ceremony that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ceremony {
    /// What for, by a number of the crate `accounts`.
    pub kind: i64,
    /// The session that it was begun in; none: it is to begin one.
    pub session: Option<i64>,
    /// What the answer is checked against, as JSON.
    pub state: String,
    /// Until when it is answered.
    pub expires_ms: i64,
}

fn passkey(row: &Row) -> Result<Passkey> {
    let mut c = row.columns();
    let (id, person, credential, key) = (c.next()?, PersonId(c.next()?), c.next()?, c.next()?);
    Ok(Passkey { id, person, credential, key, name: c.next()?, made_ms: c.next()?, used_ms: c.next()? })
}

impl Atlas {
    /// The passkey that an authenticator calls so.
    pub async fn passkey(&self, credential: &[u8]) -> Result<Option<Passkey>> {
        self.store.one(PASSKEY, args![credential.to_vec()]).await?.as_ref().map(passkey).transpose()
    }

    /// A person's passkeys, oldest first.
    pub async fn passkeys(&self, person: PersonId) -> Result<Vec<Passkey>> {
        self.store.fetch(PASSKEYS, args![person]).await?.iter().map(passkey).collect()
    }

    /// Keeps a passkey of a person, if they have fewer than `most` and it is nobody's yet.
    pub async fn add_passkey(&self, person: PersonId, new: &NewPasskey<'_>, most: i64, now_ms: i64) -> Result<Kept> {
        let mut tx = self.store.write_unordered().await?;
        tx.run(LOCK, args![person]).await?;
        let has: i64 = tx.one(COUNT, args![person]).await?.map_or(Ok(0), |row| row.get(0))?;
        if has >= most {
            tx.undo().await?;
            return Ok(Kept::Full);
        }
        let id = take_numbers(&mut tx, "passkeys", 1).await?;
        let args = args![id, person, new.credential.to_vec(), new.key, new.name, now_ms];
        let kept = if tx.run(ADD, args).await? > 0 { Kept::Kept } else { Kept::Known };
        tx.commit().await?;
        Ok(kept)
    }

    /// Notes that a passkey was used, and what is known of it since; false if it is gone, or was used elsewhere since it was read.
    pub async fn passkey_used(&self, passkey: &Passkey, key: &str, now_ms: i64) -> Result<bool> {
        let mut tx = self.store.write_unordered().await?;
        let used = tx.run(USED, args![passkey.id, passkey.key.as_str(), key, now_ms]).await? > 0;
        tx.commit().await?;
        Ok(used)
    }

    /// Removes a passkey of a person; false if they have none with this number.
    pub async fn remove_passkey(&self, person: PersonId, id: i64) -> Result<bool> {
        let mut tx = self.store.write_unordered().await?;
        let removed = tx.run(REMOVE, args![person, id]).await? > 0;
        tx.commit().await?;
        Ok(removed)
    }

    /// Removes all passkeys of a person; how many there were.
    pub async fn remove_passkeys(&self, person: PersonId) -> Result<u64> {
        let mut tx = self.store.write_unordered().await?;
        let removed = tx.run(REMOVE_ALL, args![person]).await?;
        tx.commit().await?;
        Ok(removed)
    }

    /// What authenticators call a person: what was given at some time, else `fresh`, random bytes that they are called from now on.
    pub async fn handle(&self, person: PersonId, fresh: &[u8]) -> Result<Vec<u8>> {
        let mut tx = self.store.write_unordered().await?;
        tx.run(NEW_HANDLE, args![person, fresh.to_vec()]).await?;
        let row = tx.one(HANDLE, args![person]).await?;
        let handle = row.ok_or_else(|| AtlasError::Missing(format!("account of person {person}")))?.get(0)?;
        tx.commit().await?;
        Ok(handle)
    }

    /// Keeps a ceremony, to be found by a secret.
    pub async fn begin_ceremony(&self, secret: &str, begun: &Ceremony) -> Result<()> {
        let mut tx = self.store.write_unordered().await?;
        let session = begun.session.unwrap_or(0);
        tx.run(BEGIN, args![hashed(secret), begun.kind, session, begun.state.as_str(), begun.expires_ms]).await?;
        tx.commit().await
    }

    /// Takes away the ceremony with this secret, over or not. Of several who try at once, one is given it.
    pub async fn take_ceremony(&self, secret: &str) -> Result<Option<Ceremony>> {
        let mut tx = self.store.write_unordered().await?;
        let taken = match tx.one(TAKE, args![hashed(secret)]).await? {
            Some(row) => {
                let mut c = row.columns();
                let (kind, session) = (c.next()?, Some(c.next::<i64>()?).filter(|id| *id > 0));
                Some(Ceremony { kind, session, state: c.next()?, expires_ms: c.next()? })
            }
            None => None,
        };
        tx.commit().await?;
        Ok(taken)
    }

    /// Forgets ceremonies that were over before an instant.
    pub async fn forget_ceremonies(&self, before_ms: i64) -> Result<u64> {
        let mut tx = self.store.write_unordered().await?;
        let forgotten = tx.run(FORGET, args![before_ms]).await?;
        tx.commit().await?;
        Ok(forgotten)
    }
}
