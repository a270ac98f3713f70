//! The provisions and events of a batch.
use std::collections::HashMap;

use super::refuse::refused;
use crate::codes::Code;
use crate::error::Result;
use crate::records::{Batch, ProvisionState};
use crate::review;
use crate::store::{Insert, Tx, Value, args, statements, to_json};

statements! {
    STORED = "SELECT id, lineage, clause_type, first_seen_ms, last_changed_ms FROM provisions WHERE document_id = $1",
    // A withdrawn provision's ID is given to no other.
    LAST = "SELECT COALESCE(MAX(last), 0) FROM (SELECT MAX(id) AS last FROM provisions
        UNION ALL SELECT MAX(provision_id) AS last FROM revisions) AS used",
    SEEN = "SELECT first_seen_ms FROM versions WHERE document_id = $1 AND number = $2",
    EVENTS_IN = "SELECT COUNT(*) FROM provision_events WHERE document_id = $1 AND version = $2",
}

const PROVISIONS: Insert = Insert {
    into: "provisions (id, document_id, platform_id, lineage, clause_type, first_version, last_version, removed_version, first_seen_ms,
        last_changed_ms, range_start, range_end, excerpt, heading, score, confidence, severity, reasons, explicitness, facts,
        analysed_ms, analyser, shown_type, shown_severity)",
    columns: 24,
    tail: "ON CONFLICT (id) DO UPDATE SET lineage = excluded.lineage, first_version = excluded.first_version, last_version = excluded.last_version,
        removed_version = excluded.removed_version, first_seen_ms = excluded.first_seen_ms, last_changed_ms = excluded.last_changed_ms,
        range_start = excluded.range_start, range_end = excluded.range_end, excerpt = excluded.excerpt, heading = excluded.heading,
        score = excluded.score, confidence = excluded.confidence, severity = excluded.severity, reasons = excluded.reasons,
        explicitness = excluded.explicitness, facts = excluded.facts, analysed_ms = excluded.analysed_ms, analyser = excluded.analyser,
        shown_type = excluded.shown_type, shown_severity = excluded.shown_severity",
};
const EVENTS: Insert =
    Insert { into: "provision_events (document_id, version, seq, provision_id, kind, at_ms)", columns: 6, tail: "" };
#[cfg(test)]
pub(crate) const INSERTS: &[Insert] = &[PROVISIONS, EVENTS];

/// What is stored of a provision that the batch may touch.
#[derive(Clone, Copy)]
pub(crate) struct Stored {
    id: i64,
    first_seen_ms: i64,
    last_changed_ms: i64,
}

impl Stored {
    /// Of what is to be written anew under an ID.
    pub(crate) fn anew(id: i64) -> Stored {
        Stored { id, first_seen_ms: 0, last_changed_ms: i64::MIN }
    }
}

/// The key of a provision within its document: lineage and clause type.
pub(crate) type Key = (u32, String);

/// Writes the batch's provisions, giving IDs to new ones in the order of the batch, and its events.
pub(super) async fn write(tx: &mut Tx, batch: &Batch, platform: i64, seen: &HashMap<i64, i64>) -> Result<()> {
    if batch.provisions.is_empty() && batch.events.is_empty() {
        return Ok(());
    }
    // A document without versions has no provisions yet, and nobody has judged any.
    if batch.after_version == 0 {
        return write_beside(tx, batch, platform, seen, HashMap::new()).await.map(drop);
    }
    let stored = stored(tx, batch).await?;
    write_beside(tx, batch, platform, seen, stored).await?;
    review::apply(tx, batch.document).await
}

/// As [`write`], where provisions have their IDs from `stored` and what editors judged is not applied; gives the IDs of all.
pub(crate) async fn write_beside(
    tx: &mut Tx,
    batch: &Batch,
    platform: i64,
    seen: &HashMap<i64, i64>,
    mut stored: HashMap<Key, Stored>,
) -> Result<HashMap<Key, i64>> {
    let times = times(tx, batch, seen).await?;
    let mut last = tx.one(LAST, args![]).await?.map_or(Ok(0), |row| row.get(0))?;
    let mut changed: HashMap<(u32, &str), i64> = HashMap::new();
    for event in &batch.events {
        let at_ms = changed.entry((event.lineage, &event.clause_type)).or_insert(i64::MIN);
        *at_ms = (*at_ms).max(times[&event.version]);
    }
    let mut values = Vec::with_capacity(batch.provisions.len() * PROVISIONS.columns);
    for state in &batch.provisions {
        let first_seen_ms = times.get(&state.first_version).copied();
        let place = stored.entry((state.lineage, state.clause_type.clone())).or_insert_with(|| {
            last += 1;
            let first_seen_ms = first_seen_ms.unwrap_or(0);
            Stored { id: last, first_seen_ms, last_changed_ms: first_seen_ms }
        });
        place.first_seen_ms = first_seen_ms.unwrap_or(place.first_seen_ms);
        let event_ms = changed.get(&(state.lineage, state.clause_type.as_str())).copied();
        place.last_changed_ms = place.last_changed_ms.max(event_ms.unwrap_or(i64::MIN)).max(place.first_seen_ms);
        values.extend(row(batch, platform, state, *place));
    }
    tx.insert(PROVISIONS, values).await?;
    write_events(tx, batch, &stored, &times).await?;
    Ok(stored.into_iter().map(|(key, stored)| (key, stored.id)).collect())
}

async fn stored(tx: &mut Tx, batch: &Batch) -> Result<HashMap<Key, Stored>> {
    let mut stored = HashMap::new();
    for row in tx.fetch(STORED, args![batch.document]).await? {
        let mut c = row.columns();
        let (id, lineage, clause_type) = (c.next()?, c.next::<i64>()?, c.next()?);
        stored
            .insert((lineage as u32, clause_type), Stored { id, first_seen_ms: c.next()?, last_changed_ms: c.next()? });
    }
    Ok(stored)
}

/// When the versions that the batch refers to were first seen: its own, and earlier ones if it has been analysed again.
async fn times(tx: &mut Tx, batch: &Batch, seen: &HashMap<i64, i64>) -> Result<HashMap<i64, i64>> {
    let mut times = seen.clone();
    let numbers =
        batch.events.iter().map(|event| event.version).chain(batch.provisions.iter().map(|state| state.first_version));
    for number in numbers {
        if let std::collections::hash_map::Entry::Vacant(e) = times.entry(number) {
            let row = tx.one(SEEN, args![batch.document, number]).await?;
            let row = row.ok_or_else(|| refused(batch, format!("there is no version {number}")))?;
            e.insert(row.get(0)?);
        }
    }
    Ok(times)
}

fn row(batch: &Batch, platform: i64, state: &ProvisionState, place: Stored) -> Vec<Value> {
    args![
        place.id,
        batch.document,
        platform,
        state.lineage,
        &state.clause_type,
        state.first_version,
        state.last_version,
        state.removed_version,
        place.first_seen_ms,
        place.last_changed_ms,
        state.excerpt_range.start,
        state.excerpt_range.end,
        &state.excerpt,
        &state.heading,
        f64::from(state.score),
        state.confidence.code(),
        state.severity.code(),
        to_json(&state.reasons),
        state.explicitness.code(),
        to_json(&state.facts),
        batch.analysed_ms,
        &batch.analyser,
        &state.clause_type,
        state.severity.code(),
    ]
}

async fn write_events(
    tx: &mut Tx,
    batch: &Batch,
    stored: &HashMap<Key, Stored>,
    times: &HashMap<i64, i64>,
) -> Result<()> {
    let mut next: HashMap<i64, i64> = HashMap::new();
    let mut values = Vec::with_capacity(batch.events.len() * EVENTS.columns);
    for event in &batch.events {
        let key = (event.lineage, event.clause_type.clone());
        let place = stored.get(&key).ok_or_else(|| {
            refused(
                batch,
                format!("an event is of the unknown provision {} of lineage {}", event.clause_type, event.lineage),
            )
        })?;
        if event.version <= batch.after_version && !next.contains_key(&event.version) {
            let row = tx.one(EVENTS_IN, args![batch.document, event.version]).await?;
            next.insert(event.version, row.map_or(Ok(0), |row| row.get(0))?);
        }
        let seq = next.entry(event.version).or_insert(0);
        values.extend(args![batch.document, event.version, *seq, place.id, event.kind.code(), times[&event.version]]);
        *seq += 1;
    }
    tx.insert(EVENTS, values).await
}
