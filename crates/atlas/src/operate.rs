//! What operators do for an instance: have a document checked now, leave it alone, take over the address that it has moved to; announce
//! something to everybody; and how much is stored.
use serde::{Deserialize, Serialize};

use crate::codes::Code;
use crate::error::{AtlasError, Result};
use crate::ids::DocumentId;
use crate::log;
use crate::open::Atlas;
use crate::store::{Row, args, json, statements, to_json};
use crate::watching::{MessageId, PersonId, take_numbers};
use crate::write;

statements! {
    CHECK_NOW = "UPDATE checks SET next_due_ms = 0 WHERE document_id = $1 AND paused_ms IS NULL",
    PAUSE = "UPDATE checks SET paused_ms = $2 WHERE document_id = $1 AND paused_ms IS NULL",
    RESUME = "UPDATE checks SET paused_ms = NULL, next_due_ms = 0 WHERE document_id = $1 AND paused_ms IS NOT NULL",
    MOVED = "SELECT d.urls, d.accepted, c.moved_to FROM documents d JOIN checks c ON c.document_id = d.id WHERE d.id = $1",
    SET_URLS = "UPDATE documents SET urls = $2, accepted = $3, generation = $4 WHERE id = $1",
    ACCEPTED = "SELECT id, accepted FROM documents WHERE accepted IS NOT NULL ORDER BY id",
    NEW = "INSERT INTO announcements (id, text, urgency, from_ms, until_ms, person_id, made_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    // One that had not begun is told at no time.
    END = "UPDATE announcements SET until_ms = $2 WHERE id = $1 AND until_ms > $2",
    TOLD = "SELECT id, text, urgency, from_ms, until_ms, made_ms FROM announcements WHERE from_ms <= $1 AND until_ms > $1
        ORDER BY urgency DESC, id DESC",
    ALL = "SELECT id, text, urgency, from_ms, until_ms, made_ms FROM announcements ORDER BY id DESC LIMIT $1",
    OWNER_OF = "SELECT person_id FROM messages WHERE id = $1",
    BYTES = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()";
        postgres "SELECT CAST(COALESCE(SUM(pg_total_relation_size(c.oid)), 0) AS BIGINT) FROM pg_class c
            WHERE c.relkind = 'r' AND c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())",
}

/// How loud an announcement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Urgency {
    /// Something to know.
    Information,
    /// Something does not work as usual, or will not.
    Warning,
    /// Something is wrong, and readers should mind it.
    Critical,
}

impl Code for Urgency {
    const ALL: &'static [Urgency] = &[Urgency::Information, Urgency::Warning, Urgency::Critical];
}

/// What is told to everybody for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Announcement {
    /// Its number.
    pub id: i64,
    /// What it says: plain text.
    pub text: String,
    /// How loud.
    pub urgency: Urgency,
    /// From when it is told.
    pub from_ms: i64,
    /// Until when.
    pub until_ms: i64,
    /// When it was made.
    pub made_ms: i64,
}

/// The addresses of a document that an operator accepted in place of those declared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// What the catalog declared then.
    pub declared: Vec<String>,
    /// Where the document is found since.
    pub urls: Vec<String>,
}

fn announcement(row: &Row) -> Result<Announcement> {
    let mut c = row.columns();
    Ok(Announcement {
        id: c.next()?,
        text: c.next()?,
        urgency: Code::from_code(c.next()?)?,
        from_ms: c.next()?,
        until_ms: c.next()?,
        made_ms: c.next()?,
    })
}

impl Atlas {
    /// Has a document checked as soon as somebody tracks; false if it is paused or there is none.
    pub async fn check_soon(&self, document: DocumentId) -> Result<bool> {
        let mut tx = self.store.write_unordered().await?;
        let done = tx.run(CHECK_NOW, args![document]).await? > 0;
        tx.commit().await?;
        Ok(done)
    }

    /// Leaves a document alone from now on, or no longer, and then checks it as soon as somebody tracks. False if it was so before.
    pub async fn pause_document(&self, document: DocumentId, pause: bool, now_ms: i64) -> Result<bool> {
        let mut tx = self.store.write_unordered().await?;
        let done = match pause {
            true => tx.run(PAUSE, args![document, now_ms]).await? > 0,
            false => tx.run(RESUME, args![document]).await? > 0,
        };
        tx.commit().await?;
        Ok(done)
    }

    /// Takes over the address that a document's page says it has moved to, and checks it there soon. It holds until the catalog declares
    /// another address than now. False if the page does not say so (any more).
    pub async fn accept_address(&self, document: DocumentId, address: &str) -> Result<bool> {
        let mut tx = self.store.write().await?;
        let row = tx.one(MOVED, args![document]).await?.ok_or_else(|| AtlasError::Missing(document.to_string()))?;
        let (urls, moved_to): (Vec<String>, Option<String>) = (json(&row.get::<String>(0)?)?, row.get(2)?);
        let before = row.get::<Option<String>>(1)?.map(|text| json::<Accepted>(&text)).transpose()?;
        if moved_to.as_deref() != Some(address) || urls.len() != 1 {
            return Ok(false);
        }
        let declared = before.map_or(urls, |before| before.declared);
        let accepted = Accepted { declared, urls: vec![address.to_owned()] };
        let generation = log::bump(&mut tx).await?;
        let of = args![document, to_json(&accepted.urls), to_json(&accepted), generation];
        tx.run(SET_URLS, of).await?;
        write::check_again(&mut tx, document, &accepted.urls).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The documents whose address an operator accepted and the catalog does not declare.
    pub async fn accepted_addresses(&self) -> Result<Vec<(DocumentId, Accepted)>> {
        let rows = self.store.fetch(ACCEPTED, args![]).await?;
        rows.iter().map(|row| Ok((DocumentId(row.get(0)?), json(&row.get::<String>(1)?)?))).collect()
    }

    /// Announces something from one instant to another; gives its number.
    pub async fn announce(
        &self,
        text: &str,
        urgency: Urgency,
        (from_ms, until_ms): (i64, i64),
        person: PersonId,
        now_ms: i64,
    ) -> Result<i64> {
        let mut tx = self.store.write_unordered().await?;
        let id = take_numbers(&mut tx, "announcements", 1).await?;
        tx.run(NEW, args![id, text, urgency.code(), from_ms, until_ms, person, now_ms]).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Ends an announcement; false if it has ended or there is none.
    pub async fn end_announcement(&self, id: i64, now_ms: i64) -> Result<bool> {
        let mut tx = self.store.write_unordered().await?;
        let ended = tx.run(END, args![id, now_ms]).await? > 0;
        tx.commit().await?;
        Ok(ended)
    }

    /// What is announced now, the loudest first.
    pub async fn announced(&self, now_ms: i64) -> Result<Vec<Announcement>> {
        self.store.fetch(TOLD, args![now_ms]).await?.iter().map(announcement).collect()
    }

    /// The latest announcements, also those to come and those that ended.
    pub async fn announcements(&self, limit: i64) -> Result<Vec<Announcement>> {
        self.store.fetch(ALL, args![limit.max(0)]).await?.iter().map(announcement).collect()
    }

    /// Sends a message of any person once more ([`Atlas::redeliver`]).
    pub async fn redeliver_of_anybody(&self, id: MessageId) -> Result<bool> {
        match self.store.one(OWNER_OF, args![id]).await? {
            Some(row) => self.redeliver(PersonId(row.get(0)?), id).await,
            None => Ok(false),
        }
    }

    /// How many bytes the database takes.
    pub async fn stored_bytes(&self) -> Result<i64> {
        self.store.one(BYTES, args![]).await?.map_or(Ok(0), |row| row.get(0))
    }
}
