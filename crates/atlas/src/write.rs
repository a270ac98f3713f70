//! Small writes: platforms, documents, confirmations, import positions.
use crate::confirm::{self, Settled, Sighting};
use crate::error::{AtlasError, Result};
use crate::ids::DocumentId;
use crate::jobs;
use crate::log;
use crate::open::Atlas;
use crate::operate::Accepted;
use crate::records::{NewDocument, Platform};
use crate::store::{Tx, args, json, statements, to_json};
use crate::together::{Joint, Write};

statements! {
    PLATFORM = "SELECT id, name, homepage, sector, country FROM platforms WHERE slug = $1",
    NEW_PLATFORM = "INSERT INTO platforms (id, slug, name, homepage, sector, country)
        SELECT COALESCE(MAX(id), 0) + 1, $1, $2, $3, $4, $5 FROM platforms",
    SET_PLATFORM = "UPDATE platforms SET name = $2, homepage = $3, sector = $4, country = $5 WHERE id = $1",
    DOCUMENT = "SELECT d.id, d.urls, d.language, d.content_select, d.content_remove, d.accepted
        FROM documents d WHERE d.platform_id = $1 AND d.kind = $2 AND d.title = $3",
    LAST_DOCUMENT = "SELECT COALESCE(MAX(id), 0) FROM documents",
    NEW_DOCUMENT = "INSERT INTO documents (id, platform_id, kind, title, urls, language, content_select, content_remove, versions, generation)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9)",
    NEW_CHECK = "INSERT INTO checks (document_id, next_due_ms, lease_until_ms, failures) VALUES ($1, $2, 0, 0)",
    SET_DOCUMENT = "UPDATE documents SET urls = $2, language = $3, content_select = $4, content_remove = $5, generation = $6,
        accepted = CASE WHEN $7 = 1 THEN accepted ELSE NULL END WHERE id = $1",
    // What the server said about the old address means nothing at the new one.
    CHECK_AGAIN = "UPDATE checks SET next_due_ms = $2, failures = 0, etag = NULL, last_modified = NULL, last_error = NULL, failure = NULL,
        moved_to = NULL, anew = 1 WHERE document_id = $1",
    VERSIONS = "SELECT versions FROM documents WHERE id = $1",
    CONFIRM_DOCUMENT = "UPDATE documents SET last_verified_ms = $2 WHERE id = $1 AND last_verified_ms < $2",
    CONFIRM_VERSION = "UPDATE versions SET last_verified_ms = $3, sightings = sightings + 1
        WHERE document_id = $1 AND number = $2 AND last_verified_ms < $3",
    SETTING = "SELECT value FROM settings WHERE key = $1",
    SET_SETTING = "INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
}

/// What came of seeing the latest version again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// Its number.
    pub version: i64,
    /// Whether it has to be seen again ([`crate::Recorded::unconfirmed`]).
    pub unconfirmed: bool,
}

impl Atlas {
    /// Creates a platform, or adds what is newly known of it. A known field is never blanked.
    pub async fn put_platform(&self, platform: &Platform) -> Result<()> {
        let mut tx = self.store.write().await?;
        let Platform { slug, name, homepage, sector, country } = platform;
        let Some(row) = tx.one(PLATFORM, args![slug]).await? else {
            tx.run(NEW_PLATFORM, args![slug, name, homepage, sector, country]).await?;
            log::bump(&mut tx).await?;
            return tx.commit().await;
        };
        let mut c = row.columns();
        let (id, old_name): (i64, String) = (c.next()?, c.next()?);
        let old: [Option<String>; 3] = [c.next()?, c.next()?, c.next()?];
        let new = [homepage, sector, country].map(Clone::clone);
        let merged: Vec<Option<String>> =
            new.into_iter().zip(&old).map(|(new, old)| new.or_else(|| old.clone())).collect();
        if *name != old_name || merged != old {
            tx.run(SET_PLATFORM, args![id, name, &merged[0], &merged[1], &merged[2]]).await?;
            log::bump(&mut tx).await?;
        }
        tx.commit().await
    }

    /// Creates a document, or brings what is declared of it up to date. An import that knows no address leaves the known ones.
    pub async fn put_document(&self, document: &NewDocument) -> Result<DocumentId> {
        let mut tx = self.store.write().await?;
        let platform = tx.one(PLATFORM, args![&document.platform]).await?;
        let platform: i64 =
            platform.ok_or_else(|| AtlasError::Missing(format!("platform {:?}", document.platform)))?.get(0)?;
        let id = match tx.one(DOCUMENT, args![platform, &document.kind, &document.title]).await? {
            None => new_document(&mut tx, platform, document).await?,
            Some(row) => {
                let mut c = row.columns();
                let (id, old) = (c.next::<i64>()?, [Some(c.next()?), c.next()?, Some(c.next()?), Some(c.next()?)]);
                let accepted = c.next::<Option<String>>()?.map(|text| json::<Accepted>(&text)).transpose()?;
                set_document(&mut tx, id, old, accepted, document).await?;
                id
            }
        };
        tx.commit().await?;
        Ok(DocumentId(id))
    }

    /// Notes that the latest version was seen again at this instant without new bytes; the change to it is confirmed by that. Returns its
    /// number.
    pub async fn verified(&self, document: DocumentId, at_ms: i64) -> Result<i64> {
        Ok(self.verified_but(document, at_ms, &[]).await?.version)
    }

    /// The same, which does not confirm the changes to the `doubted` versions ([`crate::records::Batch::doubted`]).
    pub async fn verified_but(&self, document: DocumentId, at_ms: i64, doubted: &[i64]) -> Result<Verified> {
        self.write_together(SeenAgain { document, at_ms, doubted: doubted.to_vec() }).await
    }

    /// The import position remembered for a source.
    pub async fn cursor(&self, source: &str) -> Result<Option<String>> {
        self.store.one(SETTING, args![cursor_key(source)]).await?.map(|row| row.get(0)).transpose()
    }

    /// Remembers an import position. [`Atlas::record`] does so together with what was imported.
    pub async fn set_cursor(&self, source: &str, position: &str) -> Result<()> {
        let mut tx = self.store.write_unordered().await?;
        put_cursor(&mut tx, source, position).await?;
        tx.commit().await
    }
}

/// A document whose latest version was seen again.
struct SeenAgain {
    document: DocumentId,
    at_ms: i64,
    doubted: Vec<i64>,
}

impl Write for SeenAgain {
    type Outcome = Verified;

    async fn write(&self, joint: &mut Joint) -> Result<Verified> {
        let (SeenAgain { document, at_ms, doubted }, tx) = (self, &mut joint.tx);
        let versions = tx.one(VERSIONS, args![*document]).await?.map(|row| row.get::<i64>(0)).transpose()?;
        let latest = versions.filter(|versions| *versions > 0);
        let latest = latest.ok_or_else(|| AtlasError::Missing(format!("version of {document} to confirm")))?;
        tx.run(CONFIRM_DOCUMENT, args![*document, *at_ms]).await?;
        tx.run(CONFIRM_VERSION, args![*document, latest, *at_ms]).await?;
        let sighting = Sighting { version: latest, at_ms: *at_ms, again: true };
        let Settled { confirmed, unconfirmed } = confirm::settle(tx, *document, &[sighting], doubted).await?;
        if confirmed > 0 {
            joint.with_log().await?.1.next_generation();
        }
        Ok(Verified { version: latest, unconfirmed })
    }
}

/// Cursors share a table with the log's key and the hosts that are left alone; the prefix keeps a source from being named like them.
fn cursor_key(source: &str) -> String {
    format!("cursor:{source}")
}

pub(crate) async fn put_cursor(tx: &mut Tx, source: &str, position: &str) -> Result<()> {
    tx.run(SET_SETTING, args![cursor_key(source), position]).await?;
    Ok(())
}

async fn new_document(tx: &mut Tx, platform: i64, document: &NewDocument) -> Result<i64> {
    let last: i64 = tx.one(LAST_DOCUMENT, args![]).await?.map_or(Ok(0), |row| row.get(0))?;
    let generation = log::bump(tx).await?;
    let NewDocument { kind, title, urls, language, select, remove, .. } = document;
    let (urls, select, remove) = (to_json(urls), to_json(select), to_json(remove));
    let id = last + 1;
    tx.run(NEW_DOCUMENT, args![id, platform, kind, title, urls, language, select, remove, generation]).await?;
    let due_ms = left_alone_until(tx, &document.urls).await?;
    tx.run(NEW_CHECK, args![id, due_ms]).await?;
    Ok(id)
}

/// Forgets what the server said about an old address and checks the document, which is at `urls` now, as soon as their hosts may be asked.
pub(crate) async fn check_again(tx: &mut Tx, document: DocumentId, urls: &[String]) -> Result<()> {
    let due_ms = left_alone_until(tx, urls).await?;
    tx.run(CHECK_AGAIN, args![document, due_ms]).await?;
    Ok(())
}

async fn set_document(
    tx: &mut Tx,
    id: i64,
    old: [Option<String>; 4],
    accepted: Option<Accepted>,
    document: &NewDocument,
) -> Result<()> {
    let NewDocument { language, select, remove, .. } = document;
    // An address that an operator accepted holds as long as the same is declared as then.
    let urls = accepted.as_ref().filter(|accepted| accepted.declared == document.urls).map(|accepted| &accepted.urls);
    let language = language.clone().or_else(|| old[1].clone());
    let declared = !document.urls.is_empty();
    let holds = accepted.is_none() || urls.is_some() || !declared;
    let new = match declared {
        true => [Some(to_json(urls.unwrap_or(&document.urls))), language, Some(to_json(select)), Some(to_json(remove))],
        false => [old[0].clone(), language, old[2].clone(), old[3].clone()],
    };
    if new == old && holds {
        return Ok(());
    }
    let generation = log::bump(tx).await?;
    tx.run(SET_DOCUMENT, args![id, &new[0], &new[1], &new[2], &new[3], generation, i64::from(holds)]).await?;
    if (&new[0], &new[2], &new[3]) != (&old[0], &old[2], &old[3]) {
        check_again(tx, DocumentId(id), urls.unwrap_or(&document.urls)).await?;
    }
    Ok(())
}

/// Remembers until when a host ([`jobs::host`]) is left alone, for documents that come to it meanwhile. What it asked for before holds if
/// that is longer.
pub(crate) async fn remember_host(tx: &mut Tx, host: &str, until_ms: i64) -> Result<()> {
    if until_ms > host_left_alone_until(tx, host).await? {
        tx.run(SET_SETTING, args![host_key(host), until_ms.to_string()]).await?;
    }
    Ok(())
}

/// Until when the hosts of addresses are to be left alone; 0 if none asked for that.
async fn left_alone_until(tx: &mut Tx, urls: &[String]) -> Result<i64> {
    let mut until_ms = 0;
    for url in urls {
        until_ms = until_ms.max(host_left_alone_until(tx, jobs::host(url)).await?);
    }
    Ok(until_ms)
}

async fn host_left_alone_until(tx: &mut Tx, host: &str) -> Result<i64> {
    let kept = tx.one(SETTING, args![host_key(host)]).await?.map(|row| row.get::<String>(0)).transpose()?;
    Ok(kept.and_then(|kept| kept.parse().ok()).unwrap_or(0))
}

fn host_key(host: &str) -> String {
    format!("left alone:{host}")
}
