//! Recording a batch: everything learnt about one document, in one transaction or not at all.
//!
//! What is slow (hashing, compression, reading earlier texts) is done before the transaction; inside it there are only inserts, so that
//! writers wait for each other for milliseconds. The transaction then refuses the batch if the document has moved on in the meantime.
mod provisions;
mod refuse;

use std::collections::HashMap;
use std::sync::Arc;

use archive::Sha256Digest;
use archive::log::LeafEntry;
use serde::Serialize;

use crate::blobs::{self, Packed, Series};
use crate::codes::{Code, pack_lineages};
use crate::confirm::{self, Sighting};
use crate::error::{AtlasError, Result};
use crate::ids::{ChangeId, DocumentId};
use crate::log::Appender;
use crate::open::Atlas;
use crate::records::{Batch, Entry, NewVersion, Origin, needs_second_look};
use crate::store::{Insert, Store, Tx, Value, args, digest, statements, to_json};
use crate::watching;
use crate::write::put_cursor;

statements! {
    DOCUMENT = "SELECT platform_id, versions, revised, first_tracked_ms, last_changed_ms, last_verified_ms FROM documents WHERE id = $1",
    LAST_TEXT = "SELECT text_sha256 FROM versions WHERE document_id = $1 ORDER BY number DESC LIMIT 1",
    LAST_BODY = "SELECT sha256 FROM captures WHERE document_id = $1 ORDER BY id DESC LIMIT 1",
    LAST_CAPTURE = "SELECT COALESCE(MAX(id), 0) FROM captures",
    LAST_CHANGE = "SELECT COALESCE(MAX(id), 0) FROM changes",
    CONFIRM = "UPDATE versions SET last_verified_ms = $3, sightings = sightings + 1 WHERE document_id = $1 AND number = $2",
    SET_DOCUMENT = "UPDATE documents SET versions = $2, first_tracked_ms = $3, last_changed_ms = $4, last_verified_ms = $5, generation = $6
        WHERE id = $1",
}

const CAPTURES: Insert = Insert {
    into: "captures (id, document_id, version, at_ms, url, status, headers, sha256, bytes, origin, log_index)",
    columns: 11,
    tail: "",
};
const VERSIONS: Insert = Insert {
    into: "versions (document_id, number, text_sha256, text_bytes, words, clauses, first_seen_ms, last_verified_ms, stated_updated,
        stated_effective, capture_id, lineages)",
    columns: 12,
    tail: "",
};
pub(crate) const WORDINGS: Insert = Insert {
    into: "wordings (document_id, lineage, from_version, to_version, range_start, range_end, words_sha256, split_from,
        merged_into)",
    columns: 9,
    tail: "ON CONFLICT (document_id, lineage, from_version) DO UPDATE SET to_version = excluded.to_version,
        merged_into = excluded.merged_into",
};
const CHANGES: Insert = Insert {
    into: "changes (id, document_id, platform_id, from_version, to_version, at_ms, materiality, reason, added, removed, reworded, moved,
        headline, confirmed_ms)",
    columns: 14,
    tail: "",
};
#[cfg(test)]
pub(crate) const INSERTS: &[Insert] = &[CAPTURES, VERSIONS, WORDINGS, CHANGES];
#[cfg(test)]
pub(crate) use provisions::{INSERTS as PROVISION_INSERTS, STATEMENTS as PROVISION_STATEMENTS};
pub(crate) use provisions::{Key, Stored, write_beside as write_provisions};

/// What came of recording a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Recorded {
    /// IDs of the changes, in order.
    pub changes: Vec<ChangeId>,
    /// Index of the first new leaf in the transparency log; none if the batch had no capture.
    pub first_log_index: Option<i64>,
    /// Whether the latest version has to be seen again: the change to it was seen only once so far, or it came back and may not stay.
    pub unconfirmed: bool,
}

impl Atlas {
    /// Records a batch in one transaction: captures, versions, wordings, provisions, events, changes, the log's new leaves with its
    /// signed checkpoint, and the import position. A version is not to be seen before its leaf is in the log.
    ///
    /// An entry dated before what is already known of the document counts as seen when that was: the dates of a document's versions
    /// never run backwards. Its capture and its leaf keep the date that it came with.
    pub async fn record(&self, batch: &Batch) -> Result<Recorded> {
        let (texts, bodies) = hashed(batch);
        self.refuse_unsound(batch, &texts).await?;
        let packed = self.pack(batch, &texts, &bodies).await?;
        let recorded = self.write(batch, &texts, &bodies, packed).await?;
        for (name, bytes) in texts.into_iter().last().into_iter().chain(bodies.into_iter().last()) {
            self.shared.recent.put(name, bytes);
        }
        Ok(recorded)
    }

    /// Compresses texts and bodies, each against the one before it of its kind.
    async fn pack(&self, batch: &Batch, texts: &[Hashed], bodies: &[Hashed]) -> Result<Vec<Packed>> {
        // Before a first version there is neither.
        let (text, body) = match batch.after_version {
            0 => (None, None),
            _ => (self.latest(LAST_TEXT, batch.document).await?, self.latest(LAST_BODY, batch.document).await?),
        };
        let series = vec![Series { last: text, next: texts.to_vec() }, Series { last: body, next: bodies.to_vec() }];
        blobs::pack(&self.store, series).await
    }

    /// The name of the bytes that were captured last; none if nothing was.
    pub async fn latest_body(&self, document: DocumentId) -> Result<Option<Sha256Digest>> {
        self.store.one(LAST_BODY, args![document]).await?.map(|row| digest(row.get(0)?)).transpose()
    }

    async fn latest(&self, sql: crate::store::Sql, document: DocumentId) -> Result<Option<Hashed>> {
        let Some(row) = self.store.one(sql, args![document]).await? else { return Ok(None) };
        let name = digest(row.get(0)?)?;
        Ok(self.blob(name).await?.map(|bytes| (name, bytes)))
    }

    async fn write(&self, batch: &Batch, texts: &[Hashed], bodies: &[Hashed], packed: Vec<Packed>) -> Result<Recorded> {
        let mut tx = self.store.write().await?;
        let mut known = Known::read(&mut tx, batch).await?;
        tx.insert(blobs::INSERT, packed.into_iter().flat_map(Packed::into_values).collect()).await?;
        let mut log = Appender::begin(&mut tx).await?;
        let first_log_index = (!batch.entries.is_empty()).then(|| log.next_index());
        let rows = Rows::of(&mut tx, batch, texts, bodies, &mut known, &mut log).await?;
        tx.insert(CAPTURES, rows.captures).await?;
        if let Some(at_ms) = rows.confirmed {
            tx.run(CONFIRM, args![batch.document, batch.after_version, at_ms]).await?;
        }
        let seen = rows.versions.iter().map(|version| (version.new.number, version.first_seen_ms)).collect();
        tx.insert(
            VERSIONS,
            rows.versions.into_iter().flat_map(|version| version.into_values(batch.document)).collect(),
        )
        .await?;
        tx.insert(WORDINGS, wordings(batch)).await?;
        provisions::write(&mut tx, batch, known.platform, &seen).await?;
        let changes = write_changes(&mut tx, batch, known.platform, &seen).await?;
        watching::note_imported(&mut tx, batch, &changes).await?;
        let unconfirmed = confirm::settle(&mut tx, batch.document, &rows.sightings, &batch.doubted).await?.unconfirmed;
        if let Some(last) = rows.sightings.last() {
            confirm::settle_standing(&mut tx, batch.document, &batch.standing, last.at_ms).await?;
        }
        let generation = log.generation();
        log.finish(&mut tx, &self.shared.key).await?;
        known.write(&mut tx, batch.document, generation).await?;
        if let Some((source, position)) = &batch.cursor {
            put_cursor(&mut tx, source, position).await?;
        }
        tx.commit().await?;
        Ok(Recorded { changes, first_log_index, unconfirmed })
    }
}

/// Some bytes and their name.
pub(crate) type Hashed = (Sha256Digest, Arc<Vec<u8>>);

/// The batch's texts and bodies, each hashed once.
pub(crate) fn hashed(batch: &Batch) -> (Vec<Hashed>, Vec<Hashed>) {
    let hash = |bytes: &[u8]| (Sha256Digest::of(bytes), Arc::new(bytes.to_vec()));
    let texts = batch.entries.iter().filter_map(|entry| Some(hash(entry.version.as_ref()?.text.as_bytes()))).collect();
    (texts, batch.entries.iter().map(|entry| hash(&entry.capture.body)).collect())
}

/// The document before the batch, brought forward entry by entry.
struct Known {
    platform: i64,
    versions: i64,
    first_tracked_ms: Option<i64>,
    last_changed_ms: Option<i64>,
    last_verified_ms: Option<i64>,
    /// Text of the latest version.
    text: Option<Sha256Digest>,
}

impl Known {
    async fn read(tx: &mut Tx, batch: &Batch) -> Result<Known> {
        let document = batch.document;
        let row = tx.one(DOCUMENT, args![document]).await?.ok_or_else(|| AtlasError::Missing(document.to_string()))?;
        let text = tx.one(LAST_TEXT, args![document]).await?.map(|row| digest(row.get(0)?)).transpose()?;
        let mut c = row.columns();
        let (platform, versions, revised): (_, _, i64) = (c.next()?, c.next()?, c.next()?);
        if revised != batch.revised {
            return Err(AtlasError::Revised { document });
        }
        if versions != batch.after_version {
            return Err(AtlasError::Stale { document, expected: batch.after_version, found: versions });
        }
        let (first_tracked_ms, last_changed_ms, last_verified_ms) = (c.next()?, c.next()?, c.next()?);
        Ok(Known { platform, versions, first_tracked_ms, last_changed_ms, last_verified_ms, text })
    }

    /// Takes in one entry and gives the instant at which it counts as seen.
    fn advance(&mut self, entry: &Entry, text: Option<Sha256Digest>) -> i64 {
        let at_ms = entry.capture.at_ms;
        let seen_ms = at_ms.max(self.last_verified_ms.unwrap_or(at_ms));
        self.first_tracked_ms.get_or_insert(at_ms);
        self.last_verified_ms = Some(seen_ms);
        if let Some(version) = &entry.version {
            self.versions = version.number;
            self.last_changed_ms = Some(seen_ms);
            self.text = text;
        }
        seen_ms
    }

    async fn write(self, tx: &mut Tx, document: DocumentId, generation: i64) -> Result<()> {
        crate::log::bump(tx).await?;
        let Known { versions, first_tracked_ms, last_changed_ms, last_verified_ms, .. } = self;
        tx.run(
            SET_DOCUMENT,
            args![document, versions, first_tracked_ms, last_changed_ms, last_verified_ms, generation],
        )
        .await?;
        Ok(())
    }
}

/// The rows of a batch's entries.
struct Rows<'b> {
    captures: Vec<Value>,
    versions: Vec<VersionRow<'b>>,
    /// When the version before the batch was last confirmed by it.
    confirmed: Option<i64>,
    /// What each entry showed, and when.
    sightings: Vec<Sighting>,
}

/// A version as it will be stored.
struct VersionRow<'b> {
    new: &'b NewVersion,
    text: Sha256Digest,
    capture: i64,
    first_seen_ms: i64,
    last_verified_ms: i64,
}

impl VersionRow<'_> {
    fn into_values(self, document: DocumentId) -> Vec<Value> {
        let VersionRow { new, text, capture, first_seen_ms, last_verified_ms } = self;
        let lineages = pack_lineages(&new.lineages);
        args![
            document,
            new.number,
            text,
            new.text.len(),
            new.words,
            new.clauses,
            first_seen_ms,
            last_verified_ms,
            &new.stated_updated,
            &new.stated_effective,
            capture,
            lineages,
        ]
    }
}

impl<'b> Rows<'b> {
    /// Gives captures their numbers and leaves, and versions their dates.
    async fn of(
        tx: &mut Tx,
        batch: &'b Batch,
        texts: &[Hashed],
        bodies: &[Hashed],
        known: &mut Known,
        log: &mut Appender,
    ) -> Result<Rows<'b>> {
        let mut rows = Rows { captures: Vec::new(), versions: Vec::new(), confirmed: None, sightings: Vec::new() };
        let mut capture = last(tx, LAST_CAPTURE).await?;
        let mut texts = texts.iter();
        for (entry, (body, _)) in batch.entries.iter().zip(bodies) {
            capture += 1;
            let text = entry.version.as_ref().and_then(|_| texts.next()).map(|(name, _)| *name);
            let seen_ms = known.advance(entry, text);
            let again = entry.version.is_none();
            rows.sightings.push(Sighting { version: known.versions, at_ms: seen_ms, again });
            match (&entry.version, text, rows.versions.last_mut()) {
                (Some(new), Some(text), _) => {
                    rows.versions.push(VersionRow {
                        new,
                        text,
                        capture,
                        first_seen_ms: seen_ms,
                        last_verified_ms: seen_ms,
                    });
                }
                (_, _, Some(version)) => version.last_verified_ms = seen_ms,
                _ => rows.confirmed = Some(seen_ms),
            }
            let text = known.text.ok_or_else(|| refuse::refused(batch, "its first entry has no version"))?;
            let leaf = leaf(batch.document, known.versions, entry, *body, text);
            let index = log.push(leaf.to_bytes(), capture);
            rows.captures.extend(capture_values(batch.document, known.versions, capture, entry, *body, index));
        }
        Ok(rows)
    }
}

fn capture_values(
    document: DocumentId,
    version: i64,
    id: i64,
    entry: &Entry,
    body: Sha256Digest,
    index: i64,
) -> Vec<Value> {
    let capture = &entry.capture;
    let (headers, origin) = (to_json(&capture.headers), capture.origin.as_ref().map(to_json));
    let (url, len) = (&capture.url, capture.body.len());
    args![id, document, version, capture.at_ms, url, capture.status, headers, body, len, origin, index]
}

/// The log's entry of a capture.
fn leaf(document: DocumentId, version: i64, entry: &Entry, body: Sha256Digest, text: Sha256Digest) -> LeafEntry {
    let capture = &entry.capture;
    let url = address(capture.url.as_deref(), capture.origin.as_ref());
    LeafEntry::new(&version_record(document, version), &url, capture.at_ms, leaf_body(capture.status, body), text)
}

/// The record name of a version, `CW-D-00001/3`.
pub(crate) fn version_record(document: DocumentId, version: i64) -> String {
    format!("{document}/{version}")
}

/// What the log says of the body. Without a status no server's answer is held, only a text handed down by a collection; to log its
/// bytes as a capture would claim more than we know.
pub(crate) fn leaf_body(status: u16, body: Sha256Digest) -> Option<Sha256Digest> {
    (status != 0).then_some(body)
}

/// Where a capture comes from: its address, else the place in the collection that handed it down.
pub(crate) fn address(url: Option<&str>, origin: Option<&Origin>) -> String {
    match (url, origin) {
        (Some(url), _) => url.to_string(),
        (None, Some(origin)) => format!("{}:{}:{}", origin.kind, origin.name, origin.id),
        (None, None) => String::new(),
    }
}

pub(crate) fn wordings(batch: &Batch) -> Vec<Value> {
    let values = batch.wordings.iter().flat_map(|w| {
        args![
            batch.document,
            w.lineage,
            w.from_version,
            w.to_version,
            w.range.start,
            w.range.end,
            w.words_sha256,
            w.split_from.map(i64::from),
            w.merged_into.map(i64::from)
        ]
    });
    values.collect()
}

/// Highest row number of a table, 0 if it is empty.
async fn last(tx: &mut Tx, sql: crate::store::Sql) -> Result<i64> {
    tx.one(sql, args![]).await?.map_or(Ok(0), |row| row.get(0))
}

async fn write_changes(tx: &mut Tx, batch: &Batch, platform: i64, seen: &HashMap<i64, i64>) -> Result<Vec<ChangeId>> {
    let first = last(tx, LAST_CHANGE).await? + 1;
    let changes: Vec<_> =
        batch.entries.iter().filter_map(|entry| Some((entry, entry.change.as_ref()?))).zip(first..).collect();
    let values = changes.iter().flat_map(|((entry, c), id)| {
        let at_ms = seen.get(&c.to_version).copied().unwrap_or(c.at_ms);
        // Whoever collected what is imported has looked before us, and there is no looking again at the past.
        let live = entry.capture.origin.is_none();
        let confirmed_ms = (!live || !needs_second_look(c.materiality)).then_some(at_ms);
        args![
            *id,
            batch.document,
            platform,
            c.from_version,
            c.to_version,
            at_ms,
            c.materiality.code(),
            &c.reason,
            c.added,
            c.removed,
            c.reworded,
            c.moved,
            &c.headline,
            confirmed_ms,
        ]
    });
    tx.insert(CHANGES, values.collect()).await?;
    Ok(changes.into_iter().map(|(_, id)| ChangeId(id)).collect())
}

/// The hash of a version's text, by its number.
pub(crate) async fn text_name(store: &Store, document: DocumentId, number: i64) -> Result<Option<Sha256Digest>> {
    store.one(refuse::TEXT, args![document, number]).await?.map(|row| digest(row.get(0)?)).transpose()
}
#[cfg(test)]
pub(crate) use refuse::STATEMENTS as REFUSE_STATEMENTS;
