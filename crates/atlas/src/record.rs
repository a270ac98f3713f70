//! Recording a batch: everything learnt about one document, in one transaction or not at all.
//!
//! What is slow (hashing, compression, reading earlier texts) is done before the transaction; inside it there are only inserts, so that
//! writers wait for each other for milliseconds. The transaction then refuses the batch if the document has moved on in the meantime.
//! Batches of several documents that wait for the writer share a transaction ([`crate::together`]).
mod provisions;
mod refuse;

use std::collections::HashMap;
use std::mem;
use std::sync::Arc;

use archive::Sha256Digest;
use archive::log::LeafEntry;
use serde::Serialize;

use crate::apart;
use crate::blobs::{self, Packed, Series};
use crate::codes::{Code, pack_lineages};
use crate::confirm::{self, Sighting};
use crate::error::{AtlasError, Result};
use crate::ids::{ChangeId, DocumentId};
use crate::log::Appender;
use crate::open::Atlas;
use crate::records::{Batch, Entry, NewVersion, Origin, needs_second_look};
use crate::store::{Insert, Store, Tx, Value, args, digest, statements, to_json};
use crate::together::{Joint, Write};
use crate::watching;
use crate::write::put_cursor;

statements! {
    // With the text of its latest version and the highest row numbers: each statement is waited for while other writers wait.
    DOCUMENT = "SELECT platform_id, versions, revised, first_tracked_ms, last_changed_ms, last_verified_ms,
        (SELECT text_sha256 FROM versions WHERE document_id = documents.id ORDER BY number DESC LIMIT 1),
        (SELECT COALESCE(MAX(id), 0) FROM captures), (SELECT COALESCE(MAX(id), 0) FROM changes) FROM documents WHERE id = $1",
    LAST_TEXT = "SELECT text_sha256 FROM versions WHERE document_id = $1 ORDER BY number DESC LIMIT 1",
    LAST_BODY = "SELECT sha256 FROM captures WHERE document_id = $1 ORDER BY id DESC LIMIT 1",
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
    pub async fn record(&self, batch: Batch) -> Result<Recorded> {
        let (batch, texts, bodies) = apart::run(move || named_apart(batch)).await;
        self.refuse_unsound(&batch, &texts).await?;
        let packed = self.pack(&batch, &texts, &bodies).await?;
        let latest: Vec<Named> = texts.last().into_iter().chain(bodies.last()).cloned().collect();
        let recorded = self.write_together(Prepared { batch, texts, bodies, packed }).await?;
        for (name, bytes) in latest {
            self.shared.recent.put(name, bytes);
        }
        Ok(recorded)
    }

    /// Compresses texts and bodies, each against the one before it of its kind.
    async fn pack(&self, batch: &Batch, texts: &[Named], bodies: &[Named]) -> Result<Vec<Packed>> {
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

    async fn latest(&self, sql: crate::store::Sql, document: DocumentId) -> Result<Option<Named>> {
        let Some(row) = self.store.one(sql, args![document]).await? else { return Ok(None) };
        let name = digest(row.get(0)?)?;
        Ok(self.blob(name).await?.map(|bytes| (name, bytes)))
    }
}

/// A batch that only has to be written: sound in itself, its texts and bodies taken out of it and compressed.
struct Prepared {
    batch: Batch,
    texts: Vec<Named>,
    bodies: Vec<Named>,
    packed: Vec<Packed>,
}

impl Write for Prepared {
    type Outcome = Recorded;

    async fn write(&self, joint: &mut Joint) -> Result<Recorded> {
        let Prepared { batch, packed, .. } = self;
        let (tx, log) = joint.with_log().await?;
        let mut known = Known::read(tx, batch).await?;
        tx.insert(blobs::INSERT, packed.iter().flat_map(Packed::values).collect()).await?;
        let first_log_index = (!batch.entries.is_empty()).then(|| log.next_index());
        let rows = Rows::of(self, &mut known, log)?;
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
        provisions::write(tx, batch, known.platform, &seen).await?;
        let changes = write_changes(tx, batch, &known, &seen).await?;
        watching::note_imported(tx, batch, &changes).await?;
        // What has no change waits for no second look.
        let unconfirmed = (batch.after_version > 0 || !changes.is_empty())
            && confirm::settle(tx, batch.document, &rows.sightings, &batch.doubted).await?.unconfirmed;
        if let Some(last) = rows.sightings.last() {
            confirm::settle_standing(tx, batch.document, &batch.standing, last.at_ms).await?;
        }
        known.write(tx, batch.document, log.next_generation()).await?;
        if let Some((source, position)) = &batch.cursor {
            put_cursor(tx, source, position).await?;
        }
        Ok(Recorded { changes, first_log_index, unconfirmed })
    }
}

/// Some bytes and their name.
pub(crate) type Named = (Sha256Digest, Arc<Vec<u8>>);

pub(crate) fn named(bytes: Vec<u8>) -> Named {
    (Sha256Digest::of(&bytes), Arc::new(bytes))
}

/// A batch, and its texts and bodies, which are taken out of it in their order.
fn named_apart(mut batch: Batch) -> (Batch, Vec<Named>, Vec<Named>) {
    let (mut texts, mut bodies) = (Vec::new(), Vec::with_capacity(batch.entries.len()));
    for entry in &mut batch.entries {
        texts.extend(entry.version.as_mut().map(|version| named(mem::take(&mut version.text).into_bytes())));
        bodies.push(named(mem::take(&mut entry.capture.body)));
    }
    (batch, texts, bodies)
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
    /// Highest row number of all captures.
    last_capture: i64,
    /// Highest row number of all changes.
    last_change: i64,
}

impl Known {
    async fn read(tx: &mut Tx, batch: &Batch) -> Result<Known> {
        let document = batch.document;
        let row = tx.one(DOCUMENT, args![document]).await?.ok_or_else(|| AtlasError::Missing(document.to_string()))?;
        let mut c = row.columns();
        let (platform, versions, revised): (_, _, i64) = (c.next()?, c.next()?, c.next()?);
        if revised != batch.revised {
            return Err(AtlasError::Revised { document });
        }
        if versions != batch.after_version {
            return Err(AtlasError::Stale { document, expected: batch.after_version, found: versions });
        }
        let (first_tracked_ms, last_changed_ms, last_verified_ms) = (c.next()?, c.next()?, c.next()?);
        let text = c.next::<Option<Vec<u8>>>()?.map(digest).transpose()?;
        let (last_capture, last_change) = (c.next()?, c.next()?);
        Ok(Known {
            platform,
            versions,
            first_tracked_ms,
            last_changed_ms,
            last_verified_ms,
            text,
            last_capture,
            last_change,
        })
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
    text_bytes: usize,
    capture: i64,
    first_seen_ms: i64,
    last_verified_ms: i64,
}

impl VersionRow<'_> {
    fn into_values(self, document: DocumentId) -> Vec<Value> {
        let VersionRow { new, text, text_bytes, capture, first_seen_ms, last_verified_ms } = self;
        let lineages = pack_lineages(&new.lineages);
        args![
            document,
            new.number,
            text,
            text_bytes,
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
    fn of(prepared: &'b Prepared, known: &mut Known, log: &mut Appender) -> Result<Rows<'b>> {
        let mut rows = Rows { captures: Vec::new(), versions: Vec::new(), confirmed: None, sightings: Vec::new() };
        let Prepared { batch, texts, bodies, .. } = prepared;
        let mut texts = texts.iter();
        for (entry, (body, body_bytes)) in batch.entries.iter().zip(bodies) {
            known.last_capture += 1;
            let capture = known.last_capture;
            let named = entry.version.as_ref().and_then(|_| texts.next());
            let text = named.map(|(name, _)| *name);
            let seen_ms = known.advance(entry, text);
            let again = entry.version.is_none();
            rows.sightings.push(Sighting { version: known.versions, at_ms: seen_ms, again });
            match (&entry.version, named, rows.versions.last_mut()) {
                (Some(new), Some((text, bytes)), _) => {
                    rows.versions.push(VersionRow {
                        new,
                        text: *text,
                        text_bytes: bytes.len(),
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
            let body = (*body, body_bytes.len());
            rows.captures.extend(capture_values(batch.document, known.versions, capture, entry, body, index));
        }
        Ok(rows)
    }
}

fn capture_values(
    document: DocumentId,
    version: i64,
    id: i64,
    entry: &Entry,
    (body, bytes): (Sha256Digest, usize),
    index: i64,
) -> Vec<Value> {
    let capture = &entry.capture;
    let (headers, origin) = (to_json(&capture.headers), capture.origin.as_ref().map(to_json));
    let url = &capture.url;
    args![id, document, version, capture.at_ms, url, capture.status, headers, body, bytes, origin, index]
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

async fn write_changes(tx: &mut Tx, batch: &Batch, known: &Known, seen: &HashMap<i64, i64>) -> Result<Vec<ChangeId>> {
    let first = known.last_change + 1;
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
            known.platform,
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
