//! Persons, and the read-only pages of their watchlists.
use serde::Serialize;

use super::channels::{ChannelKind, ChannelState};
use super::{PersonId, take_numbers, token};
use crate::codes::Code;
use crate::error::{AtlasError, Result};
use crate::open::Atlas;
use crate::seal::Of;
use crate::store::{Tx, args, statements};

statements! {
    PERSON = "SELECT name, zone, made_ms, share FROM persons WHERE id = $1",
    NEW = "INSERT INTO persons (id, name, zone, made_ms) VALUES ($1, $2, $3, $4)",
    NEW_INBOX = "INSERT INTO channels (id, person_id, kind, state, address, template, made_ms, hold_ms) VALUES ($1, $2, $3, $4, '', 0, $5, 0)",
    SET = "UPDATE persons SET name = $2, zone = $3 WHERE id = $1",
    SHARE = "UPDATE persons SET share = $2 WHERE id = $1",
}

/// A person who watches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Person {
    /// Their number.
    pub id: PersonId,
    /// How they are called; may be empty.
    pub name: String,
    /// IANA name of their time zone, in which the hours of digests are meant.
    pub zone: String,
    /// When they were added.
    pub made_ms: i64,
    /// Token of the read-only page of their watchlist, while it is shared.
    pub shared: Option<String>,
}

/// Adds a person with an inbox, in a transaction of the caller's.
pub(crate) async fn person_in(tx: &mut Tx, name: &str, zone: &str, now_ms: i64) -> Result<PersonId> {
    let id = take_numbers(tx, "persons", 1).await?;
    let inbox = take_numbers(tx, "channels", 1).await?;
    tx.run(NEW, args![id, name, zone, now_ms]).await?;
    let (kind, state) = (ChannelKind::Inbox.code(), ChannelState::InUse.code());
    tx.run(NEW_INBOX, args![inbox, id, kind, state, now_ms]).await?;
    Ok(PersonId(id))
}

impl Atlas {
    /// A person.
    pub async fn person(&self, id: PersonId) -> Result<Option<Person>> {
        let Some(row) = self.store.one(PERSON, args![id]).await? else { return Ok(None) };
        let mut c = row.columns();
        let (name, zone, made_ms) = (c.next()?, c.next()?, c.next()?);
        let secret = c.next::<Option<Vec<u8>>>()?;
        let secret = secret.map(|secret| self.shared.sealer.open(Of::Share(id.0), &secret)).transpose()?;
        let shared = secret.map(|secret| token::write('w', &[id.0], &secret));
        Ok(Some(Person { id, name, zone, made_ms, shared }))
    }

    /// Adds a person with an inbox.
    pub async fn add_person(&self, name: &str, zone: &str, now_ms: i64) -> Result<PersonId> {
        let mut tx = self.store.write_unordered().await?;
        let id = person_in(&mut tx, name, zone, now_ms).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Changes a person's name and time zone. Whether the zone exists is the caller's to check (`alerts::zone`).
    pub async fn set_person(&self, id: PersonId, name: &str, zone: &str) -> Result<()> {
        let mut tx = self.store.write_unordered().await?;
        if tx.run(SET, args![id, name, zone]).await? == 0 {
            return Err(AtlasError::Missing(format!("person {id}")));
        }
        tx.commit().await
    }

    /// Opens a read-only page of the person's watchlist, or closes it (no secret). `secret` are random bytes; an earlier address ends.
    pub async fn share_watchlist(&self, id: PersonId, secret: Option<[u8; 32]>) -> Result<()> {
        let mut tx = self.store.write_unordered().await?;
        let secret = secret.map(|secret| self.shared.sealer.seal(Of::Share(id.0), &secret).into_bytes());
        tx.run(SHARE, args![id, secret]).await?;
        tx.commit().await
    }

    /// The person whose watchlist a token of [`Person::shared`] opens.
    pub async fn shared_watchlist(&self, token: &str) -> Result<Option<Person>> {
        let Some(([id], secret)) = token::read('w', token) else { return Ok(None) };
        let person = self.person(PersonId(id)).await?;
        Ok(person.filter(|person| {
            person
                .shared
                .as_deref()
                .and_then(|own| token::read::<1>('w', own))
                .is_some_and(|(_, own)| token::same(&own, &secret))
        }))
    }
}
