//! Writing a document's analysis anew, in one transaction: what was seen (captures, versions, the log) stays, what was concluded
//! from it is replaced by what a later reader concludes. Records keep their IDs, and what became of each is kept as a [`Revision`].
mod numbers;

use std::collections::{BTreeMap, HashMap, HashSet};

use archive::Sha256Digest;
use provisions::Confidence;

use crate::codes::{Code, pack_lineages, unpack_lineages};
use crate::error::{AtlasError, Result};
use crate::ids::{ChangeId, DocumentId, ProvisionId};
use crate::open::Atlas;
use crate::read::changes::new_change;
use crate::read::history::state;
use crate::record::{Key, Stored, WORDINGS, named, wordings, write_provisions};
use crate::records::{Batch, Difference, NewChange, ProvisionEvent, ProvisionState, Revised, Revision, RevisionKind};
use crate::review::{self, Ruling};
use crate::store::{Insert, Row, Tx, args, digest, statements, to_json};
use crate::watching;

statements! {
    OUTDATED = "SELECT d.id FROM documents d WHERE d.versions > 0 AND (
            EXISTS (SELECT 1 FROM provisions p WHERE p.document_id = d.id AND p.analyser <> $1)
            OR NOT EXISTS (SELECT 1 FROM provisions p WHERE p.document_id = d.id)) ORDER BY d.id",
    DOCUMENT = "SELECT platform_id FROM documents WHERE id = $1",
    VERSIONS = "SELECT number, text_sha256, first_seen_ms, lineages FROM versions WHERE document_id = $1 ORDER BY number",
    PROVISIONS = "SELECT lineage, clause_type, first_version, last_version, removed_version, range_start, range_end, excerpt, heading,
        score, confidence, severity, reasons, explicitness, facts, id, analyser FROM provisions WHERE document_id = $1",
    CHANGES = "SELECT id, from_version, to_version, at_ms, materiality, reason, added, removed, reworded, moved, headline,
        editor_materiality FROM changes WHERE document_id = $1 ORDER BY to_version",
    WITHDRAWN = "SELECT lineage, clause_type, provision_id FROM revisions
        WHERE document_id = $1 AND provision_id IS NOT NULL AND kind = $2 ORDER BY id",
    EVENTS_OF = "SELECT version, kind FROM provision_events WHERE provision_id = $1 ORDER BY version, seq",
    FORGET_EVENTS = "DELETE FROM provision_events WHERE document_id = $1",
    FORGET_WORDINGS = "DELETE FROM wordings WHERE document_id = $1",
    // No two provisions may have one lineage and type, not even for a moment: those that change places make room first.
    MAKE_ROOM = "UPDATE provisions SET lineage = -id WHERE document_id = $1",
    WITHDRAW = "DELETE FROM provisions WHERE id = $1",
    SET_LINEAGES = "UPDATE versions SET lineages = $3 WHERE document_id = $1 AND number = $2",
    SET_CHANGE = "UPDATE changes SET materiality = $2, reason = $3, added = $4, removed = $5, reworded = $6, moved = $7, headline = $8
        WHERE id = $1",
    // A document without versions has no history that somebody could have read.
    SET_GENERATION = "UPDATE documents SET generation = $2, revised = revised + CASE WHEN versions > 0 THEN 1 ELSE 0 END WHERE id = $1",
    LAST = "SELECT COALESCE(MAX(id), 0) FROM revisions",
    OF_CHANGE = "SELECT document_id, provision_id, change_id, kind, lineage, clause_type, excerpt, differences, at_ms, analyser, previous
        FROM revisions WHERE document_id = $1 AND change_id = $2 ORDER BY id",
    OF_PROVISION = "SELECT document_id, provision_id, change_id, kind, lineage, clause_type, excerpt, differences, at_ms, analyser, previous
        FROM revisions WHERE provision_id = $1 ORDER BY id",
}

const REVISIONS: Insert = Insert {
    into: "revisions (id, document_id, provision_id, change_id, kind, lineage, clause_type, excerpt, differences, at_ms, analyser, previous)",
    columns: 12,
    tail: "",
};
#[cfg(test)]
pub(crate) const INSERTS: &[Insert] = &[REVISIONS];

impl Atlas {
    /// Documents that were not wholly analysed by `analyser`, or in which nothing is found, which does not tell by whom.
    pub async fn outdated(&self, analyser: &str) -> Result<Vec<DocumentId>> {
        self.store.fetch(OUTDATED, args![analyser]).await?.iter().map(|row| Ok(DocumentId(row.get(0)?))).collect()
    }

    /// Replaces what was concluded from a document's versions by `batch`, which holds all of them and no capture, and says what became
    /// of its records. Without `write`, nothing is written.
    ///
    /// # Errors
    /// [`AtlasError::Stale`] if the document has other versions than the batch, in number or text; it can be read again then.
    pub async fn revise(&self, mut batch: Batch, write: bool) -> Result<Vec<Revision>> {
        let texts = batch.entries.iter().filter_map(|entry| entry.version.as_ref());
        let texts: Vec<_> = texts.map(|version| named(version.text.clone().into_bytes())).collect();
        self.refuse_unsound(&batch, &texts).await?;
        let mut tx = self.store.write().await?;
        let mut before = Before::read(&mut tx, &batch).await?;
        let withdrawn = tx.fetch(WITHDRAWN, args![batch.document, RevisionKind::Withdrawn.code()]).await?;
        before.number(&mut batch, &withdrawn)?;
        before.keep_judged(&mut tx, &mut batch).await?;
        let batch = &batch;
        before.follow(batch);
        let mut revisions = before.withdrawn(batch);
        tx.run(FORGET_EVENTS, args![batch.document]).await?;
        tx.run(FORGET_WORDINGS, args![batch.document]).await?;
        for revision in &revisions {
            if let Revised::Provision { id, .. } = &revision.record {
                tx.run(WITHDRAW, args![*id]).await?;
            }
        }
        tx.run(MAKE_ROOM, args![batch.document]).await?;
        tx.insert(WORDINGS, wordings(batch)).await?;
        before.write_lineages(&mut tx, batch).await?;
        let stored = before.ids(&withdrawn)?;
        let ids = write_provisions(&mut tx, batch, before.platform, &before.seen, stored).await?;
        review::apply(&mut tx, batch.document).await?;
        revisions.extend(before.provisions_revised(batch, &ids));
        revisions.extend(before.revise_changes(&mut tx, batch).await?);
        put_revisions(&mut tx, &revisions).await?;
        let generation = crate::log::bump(&mut tx).await?;
        tx.run(SET_GENERATION, args![batch.document, generation]).await?;
        if write {
            tx.commit().await?;
        }
        Ok(revisions)
    }

    /// What became of a provision whenever its document was analysed again, oldest first.
    pub async fn provision_revisions(&self, id: ProvisionId) -> Result<Vec<Revision>> {
        self.store.fetch(OF_PROVISION, args![id]).await?.iter().map(revision).collect()
    }

    /// What became of a change of a document whenever that was analysed again, oldest first.
    pub async fn change_revisions(&self, document: DocumentId, id: ChangeId) -> Result<Vec<Revision>> {
        self.store.fetch(OF_CHANGE, args![document, id]).await?.iter().map(revision).collect()
    }
}

/// The document as the earlier reader left it.
struct Before {
    platform: i64,
    /// When each version was first seen.
    seen: HashMap<i64, i64>,
    /// Packed lineages of each version.
    lineages: HashMap<i64, Vec<u8>>,
    provisions: BTreeMap<Key, (ProvisionId, String, ProvisionState)>,
    changes: HashMap<i64, (ChangeId, NewChange)>,
    /// Changes on which an editor's verdict stands.
    judged: HashSet<ChangeId>,
}

impl Before {
    async fn read(tx: &mut Tx, batch: &Batch) -> Result<Before> {
        let document = batch.document;
        let row = tx.one(DOCUMENT, args![document]).await?.ok_or_else(|| AtlasError::Missing(document.to_string()))?;
        let (mut seen, mut lineages, mut texts) = (HashMap::new(), HashMap::new(), Vec::new());
        for row in tx.fetch(VERSIONS, args![document]).await? {
            let mut c = row.columns();
            let number: i64 = c.next()?;
            texts.push(digest(c.next()?)?);
            seen.insert(number, c.next()?);
            lineages.insert(number, c.next()?);
        }
        let (found, expected) = (texts.len() as i64, batch.entries.len() as i64);
        let same = |(entry, text): (&crate::records::Entry, &Sha256Digest)| {
            entry.version.as_ref().is_some_and(|version| Sha256Digest::of(version.text.as_bytes()) == *text)
        };
        if found != expected || !batch.entries.iter().zip(&texts).all(same) {
            return Err(AtlasError::Stale { document, expected, found });
        }
        let mut provisions = BTreeMap::new();
        for row in tx.fetch(PROVISIONS, args![document]).await? {
            let mut c = row.columns();
            let state = state(&mut c)?;
            provisions.insert(key(&state), (ProvisionId(c.next()?), c.next()?, state));
        }
        let rows = tx.fetch(CHANGES, args![document]).await?;
        let changes = rows.iter().map(change).collect::<Result<_>>()?;
        let mut judged = HashSet::new();
        for row in &rows {
            judged.extend(row.get::<Option<i64>>(11)?.map(|_| row.get(0).map(ChangeId)).transpose()?);
        }
        Ok(Before { platform: row.get(0)?, seen, lineages, provisions, changes, judged })
    }

    /// Gives the lineages of `batch` the numbers that they have in the store, wherever most of their clauses are the same.
    fn number(&self, batch: &mut Batch, withdrawn: &[Row]) -> Result<()> {
        let unpacked = |(number, packed): (&i64, &Vec<u8>)| Ok((*number, unpack_lineages(packed)?));
        let stored = self.lineages.iter().map(unpacked).collect::<Result<HashMap<i64, Vec<u32>>>>()?;
        let mut last = stored.values().flatten().copied().max().unwrap_or(0);
        for row in withdrawn {
            last = last.max(row.get::<i64>(0)? as u32);
        }
        numbers::carry_over(batch, &stored, last);
        Ok(())
    }

    /// Keeps what an editor confirmed, or gave another type, and the later reader does not find: an editor's word outlasts the reader. It
    /// has no probability any more. Where the later reader finds the type that the editor gave, both agree, and nothing is to be kept.
    async fn keep_judged(&self, tx: &mut Tx, batch: &mut Batch) -> Result<()> {
        for (id, judgement) in review::standing(tx, batch.document).await? {
            let given = match &judgement.ruling {
                Ruling::Confirmed => None,
                Ruling::Corrected { clause_type: Some(kind), .. } => Some(kind),
                Ruling::Corrected { .. } | Ruling::Verdict { .. } | Ruling::Hidden | Ruling::Withdrawn => continue,
            };
            let Some((_, _, state)) = self.provisions.values().find(|(known, ..)| *known == id) else { continue };
            let Some(lineage) = lineage_at(batch, state) else { continue };
            let is_it = |kind: &String| *kind == state.clause_type || Some(kind) == given;
            if batch.provisions.iter().any(|found| found.lineage == lineage && is_it(&found.clause_type)) {
                continue;
            }
            for row in tx.fetch(EVENTS_OF, args![id]).await? {
                let (version, kind) = (row.get(0)?, Code::from_code(row.get(1)?)?);
                batch.events.push(ProvisionEvent { lineage, clause_type: state.clause_type.clone(), version, kind });
            }
            batch.provisions.push(ProvisionState { lineage, score: 0.0, confidence: Confidence::Low, ..state.clone() });
        }
        Ok(())
    }

    /// Gives the provisions that the batch still has under other lineages those lineages: their clauses belong together otherwise now,
    /// but the same words at the end of the same versions are the same provision.
    fn follow(&mut self, batch: &Batch) {
        let place = |state: &ProvisionState| (state.clause_type.clone(), state.last_version, state.excerpt_range.start);
        let kept: HashSet<Key> = batch.provisions.iter().map(key).collect();
        let lost: Vec<Key> = self.provisions.keys().filter(|key| !kept.contains(*key)).cloned().collect();
        let mut lost: HashMap<_, Key> = lost.into_iter().map(|key| (place(&self.provisions[&key].2), key)).collect();
        for state in &batch.provisions {
            if self.provisions.contains_key(&key(state)) {
                continue;
            }
            if let Some(found) = lost.remove(&place(state)).and_then(|old| self.provisions.remove(&old)) {
                self.provisions.insert(key(state), found);
            }
        }
    }

    /// The provisions that the batch lacks.
    fn withdrawn(&self, batch: &Batch) -> Vec<Revision> {
        let kept: HashSet<Key> = batch.provisions.iter().map(key).collect();
        let gone = self.provisions.iter().filter(|(key, _)| !kept.contains(*key));
        gone.map(|(_, (id, analyser, state))| {
            let previous = Some(analyser.clone());
            revision_of(batch, provision(*id, state), RevisionKind::Withdrawn, Vec::new(), previous)
        })
        .collect()
    }

    /// The IDs that provisions had, those that were withdrawn once included.
    fn ids(&self, withdrawn: &[Row]) -> Result<HashMap<Key, Stored>> {
        let mut ids = HashMap::new();
        for row in withdrawn {
            ids.insert((row.get::<i64>(0)? as u32, row.get(1)?), Stored::anew(row.get(2)?));
        }
        ids.extend(self.provisions.iter().map(|(key, (id, ..))| (key.clone(), Stored::anew(id.0))));
        Ok(ids)
    }

    async fn write_lineages(&self, tx: &mut Tx, batch: &Batch) -> Result<()> {
        for version in batch.entries.iter().filter_map(|entry| entry.version.as_ref()) {
            let packed = pack_lineages(&version.lineages);
            if self.lineages.get(&version.number) != Some(&packed) {
                tx.run(SET_LINEAGES, args![batch.document, version.number, packed]).await?;
            }
        }
        Ok(())
    }

    /// The provisions that are new or judged otherwise.
    fn provisions_revised(&self, batch: &Batch, ids: &HashMap<Key, i64>) -> Vec<Revision> {
        let mut revisions = Vec::new();
        for state in &batch.provisions {
            let key = key(state);
            let record = || provision(ProvisionId(ids[&key]), state);
            match self.provisions.get(&key) {
                None => revisions.push(revision_of(batch, record(), RevisionKind::Found, Vec::new(), None)),
                Some((_, analyser, before)) => {
                    let differences = judged_otherwise(before, state);
                    if !differences.is_empty() {
                        let previous = Some(analyser.clone());
                        revisions.push(revision_of(batch, record(), RevisionKind::Judged, differences, previous));
                    }
                }
            }
        }
        revisions
    }

    async fn revise_changes(&self, tx: &mut Tx, batch: &Batch) -> Result<Vec<Revision>> {
        let mut revisions = Vec::new();
        for after in batch.entries.iter().filter_map(|entry| entry.change.as_ref()) {
            let Some((id, before)) = self.changes.get(&after.to_version) else { continue };
            if (NewChange { at_ms: before.at_ms, ..after.clone() }) == *before {
                continue;
            }
            let c = after;
            let counts =
                args![*id, c.materiality.code(), &c.reason, c.added, c.removed, c.reworded, c.moved, &c.headline];
            tx.run(SET_CHANGE, counts).await?;
            // An editor's verdict stands, whatever a later reader makes of the change.
            if !self.judged.contains(id) {
                let verdicts = (before.materiality, after.materiality);
                watching::note_reversal(tx, batch.document, (*id, before.at_ms), verdicts, batch.analysed_ms).await?;
            }
            let differences = verdict_otherwise(before, after);
            if !differences.is_empty() {
                revisions.push(revision_of(
                    batch,
                    Revised::Change { id: *id },
                    RevisionKind::Judged,
                    differences,
                    None,
                ));
            }
        }
        Ok(revisions)
    }
}

fn change(row: &Row) -> Result<(i64, (ChangeId, NewChange))> {
    let mut c = row.columns();
    let (id, change) = (ChangeId(c.next()?), new_change(&mut c)?);
    Ok((change.to_version, (id, change)))
}

/// The lineage of the clause in which a provision's words begin, as the batch has it.
fn lineage_at(batch: &Batch, state: &ProvisionState) -> Option<u32> {
    let mut versions = batch.entries.iter().filter_map(|entry| entry.version.as_ref());
    let version = versions.find(|version| version.number == state.last_version)?;
    let clauses = document::structure(&version.text).clauses;
    let after = clauses.partition_point(|clause| clause.range.start <= state.excerpt_range.start);
    version.lineages.get(after.checked_sub(1)?).copied().filter(|lineage| *lineage > 0)
}

fn key(state: &ProvisionState) -> Key {
    (state.lineage, state.clause_type.clone())
}

fn provision(id: ProvisionId, state: &ProvisionState) -> Revised {
    let ProvisionState { lineage, clause_type, excerpt, .. } = state;
    Revised::Provision { id, lineage: *lineage, clause_type: clause_type.clone(), excerpt: excerpt.clone() }
}

fn revision_of(
    batch: &Batch,
    record: Revised,
    kind: RevisionKind,
    differences: Vec<Difference>,
    previous: Option<String>,
) -> Revision {
    let Batch { document, analysed_ms, analyser, .. } = batch;
    Revision {
        document: *document,
        record,
        kind,
        differences,
        at_ms: *analysed_ms,
        analyser: analyser.clone(),
        previous,
    }
}

/// What a page shows of a provision and would show otherwise. The probability itself is not among it: it moves with every training.
fn judged_otherwise(before: &ProvisionState, after: &ProvisionState) -> Vec<Difference> {
    let number = |number: Option<i64>| number.map_or("none".into(), |number| number.to_string());
    let of = |state: &ProvisionState| {
        [
            ("severity", state.severity.to_string()),
            ("confidence", state.confidence.to_string()),
            ("explicitness", state.explicitness.to_string()),
            ("reasons", state.reasons.join("; ")),
            ("excerpt", state.excerpt.clone()),
            ("facts", state.facts.to_string()),
            ("first version", number(Some(state.first_version))),
            ("removed in version", number(state.removed_version)),
            ("reader’s finding", if state.score > 0.0 { "found" } else { "not found, kept by an editor" }.into()),
        ]
    };
    differing(of(before), of(after))
}

fn verdict_otherwise(before: &NewChange, after: &NewChange) -> Vec<Difference> {
    let of = |change: &NewChange| {
        [
            ("verdict", change.materiality.name().into()),
            ("reason", change.reason.clone()),
            ("headline", change.headline.clone()),
        ]
    };
    differing(of(before), of(after))
}

fn differing<const N: usize>(before: [(&str, String); N], after: [(&str, String); N]) -> Vec<Difference> {
    let both = before.into_iter().zip(after);
    let differing = both.filter(|(before, after)| before != after);
    differing.map(|((field, before), (_, after))| Difference { field: field.into(), before, after }).collect()
}

async fn put_revisions(tx: &mut Tx, revisions: &[Revision]) -> Result<()> {
    let last: i64 = tx.one(LAST, args![]).await?.map_or(Ok(0), |row| row.get(0))?;
    let mut values = Vec::with_capacity(revisions.len() * REVISIONS.columns);
    for (id, revision) in (last + 1..).zip(revisions) {
        let (provision, change) = match &revision.record {
            Revised::Provision { id, lineage, clause_type, excerpt } => {
                (Some((id.0, lineage, clause_type, excerpt)), None)
            }
            Revised::Change { id } => (None, Some(id.0)),
        };
        values.extend(args![
            id,
            revision.document,
            provision.map(|provision| provision.0),
            change,
            revision.kind.code(),
            provision.map(|provision| i64::from(*provision.1)),
            provision.map(|provision| provision.2.clone()),
            provision.map(|provision| provision.3.clone()),
            to_json(&revision.differences),
            revision.at_ms,
            &revision.analyser,
            &revision.previous,
        ]);
    }
    tx.insert(REVISIONS, values).await
}

fn revision(row: &Row) -> Result<Revision> {
    let mut c = row.columns();
    let document = DocumentId(c.next()?);
    let (provision, change): (Option<i64>, Option<i64>) = (c.next()?, c.next()?);
    let kind = RevisionKind::from_code(c.next()?)?;
    let (lineage, clause_type, excerpt): (Option<i64>, Option<String>, Option<String>) =
        (c.next()?, c.next()?, c.next()?);
    let record = match (provision, change) {
        (Some(id), _) => Revised::Provision {
            id: ProvisionId(id),
            lineage: lineage.unwrap_or(0) as u32,
            clause_type: clause_type.unwrap_or_default(),
            excerpt: excerpt.unwrap_or_default(),
        },
        (None, change) => Revised::Change { id: ChangeId(change.unwrap_or(0)) },
    };
    Ok(Revision {
        document,
        record,
        kind,
        differences: c.json()?,
        at_ms: c.next()?,
        analyser: c.next()?,
        previous: c.next()?,
    })
}
