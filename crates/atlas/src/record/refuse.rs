//! What a batch must not say. A batch that contradicts itself or the stored texts is refused as a whole, before anything is written.
use std::collections::{HashMap, HashSet};

use super::{Named, text_name};
use crate::error::{AtlasError, Result};
use crate::open::Atlas;
use crate::records::{Batch, ProvisionState};
use crate::store::Sql;

crate::store::statements! {
    TEXT_OF_VERSION = "SELECT text_sha256 FROM versions WHERE document_id = $1 AND number = $2",
}
pub(crate) const TEXT: Sql = TEXT_OF_VERSION;

pub(super) fn refused(batch: &Batch, reason: impl Into<String>) -> AtlasError {
    AtlasError::Refused { document: batch.document, reason: reason.into() }
}

/// Refuses numbers out of order, references to nothing, and keys given twice.
fn contradictions(batch: &Batch) -> Result<()> {
    let last = numbers(batch)?;
    let mut keys = HashSet::new();
    for p in &batch.provisions {
        let sound = 1 <= p.first_version && p.first_version <= p.last_version && p.last_version <= last;
        if !sound || p.removed_version.is_some_and(|removed| removed <= p.last_version || removed > last) {
            return Err(refused(
                batch,
                format!("{} stands in versions that do not exist or in the wrong order", name(p)),
            ));
        }
        if !keys.insert((p.lineage, &p.clause_type)) {
            return Err(refused(batch, format!("{} is given twice", name(p))));
        }
        // PostgreSQL has no such character in a text; refused on both engines, so that a store can move.
        if p.excerpt.contains('\0') || p.heading.contains('\0') {
            return Err(refused(batch, format!("{} has a NUL character in it", name(p))));
        }
    }
    let mut places = HashSet::new();
    for w in &batch.wordings {
        let sound = 1 <= w.from_version && w.from_version <= last && w.to_version.is_none_or(|to| to >= w.from_version);
        if !sound || !places.insert((w.lineage, w.from_version)) {
            return Err(refused(
                batch,
                format!("a wording of lineage {} from version {} makes no sense", w.lineage, w.from_version),
            ));
        }
    }
    match batch.events.iter().find(|event| !(1..=last).contains(&event.version)) {
        Some(event) => Err(refused(
            batch,
            format!("an event of {} is in version {}, which does not exist", event.clause_type, event.version),
        )),
        None => Ok(()),
    }
}

/// Refuses versions that do not follow one another; gives the number of the last one.
fn numbers(batch: &Batch) -> Result<i64> {
    let mut last = batch.after_version;
    for entry in &batch.entries {
        if let Some(version) = &entry.version {
            last += 1;
            if version.number != last {
                return Err(refused(
                    batch,
                    format!("version {} is given where version {last} comes next", version.number),
                ));
            }
        } else if last == 0 {
            return Err(refused(batch, "its first entry has no version"));
        }
        let expected = entry.version.as_ref().map(|version| (version.number - 1, version.number));
        if let Some(change) = &entry.change
            && Some((change.from_version, change.to_version)) != expected
        {
            return Err(refused(
                batch,
                format!("a change to version {} stands beside another version", change.to_version),
            ));
        }
    }
    Ok(last)
}

fn name(provision: &ProvisionState) -> String {
    format!("the provision {} of lineage {}", provision.clause_type, provision.lineage)
}

impl Atlas {
    /// Refuses a batch that contradicts itself, or the texts: `texts` are its own.
    pub(crate) async fn refuse_unsound(&self, batch: &Batch, texts: &[Named]) -> Result<()> {
        contradictions(batch)?;
        self.refuse_false_excerpts(batch, texts).await
    }

    /// Refuses a batch with an excerpt that is not, byte for byte, in the text of its version. What fails here is never published.
    async fn refuse_false_excerpts(&self, batch: &Batch, texts: &[Named]) -> Result<()> {
        let mut known: HashMap<i64, std::sync::Arc<Vec<u8>>> = HashMap::new();
        for (number, (_, text)) in (batch.after_version + 1..).zip(texts) {
            known.insert(number, text.clone());
        }
        for p in &batch.provisions {
            if let std::collections::hash_map::Entry::Vacant(e) = known.entry(p.last_version) {
                let stored = text_name(&self.store, batch.document, p.last_version).await?;
                let Some(stored) = stored else {
                    return Err(refused(batch, format!("{} is of an unknown version", name(p))));
                };
                let text = self.blob(stored).await?;
                e.insert(
                    text.ok_or_else(|| refused(batch, format!("the text of version {} is lost", p.last_version)))?,
                );
            }
            if known[&p.last_version].get(p.excerpt_range.clone()) != Some(p.excerpt.as_bytes()) {
                return Err(refused(
                    batch,
                    format!("the excerpt of {} is not at its place in version {}", name(p), p.last_version),
                ));
            }
        }
        Ok(())
    }
}
