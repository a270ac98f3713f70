//! One hash of all that the store holds, to tell whether two stores hold the same: after a restart, after a move to the other engine.
//!
//! Left out is what two stores of the same content may differ in: times of analysis, how blobs are compressed, the log's key and with
//! it the signature of its checkpoint, import positions, tracking jobs, and counters for readers' memory.
use archive::Sha256Digest;

use crate::error::Result;
use crate::log;
use crate::open::Atlas;
use crate::store::{Row, Sql, Value, args, statements};

statements! {
    PLATFORMS = "SELECT id, slug, name, homepage, sector, country FROM platforms ORDER BY id",
    DOCUMENTS = "SELECT id, platform_id, kind, title, urls, language, content_select, content_remove, first_tracked_ms, last_changed_ms,
        last_verified_ms, versions FROM documents ORDER BY id",
    DOCUMENT_IDS = "SELECT id FROM documents ORDER BY id",
    BLOBS = "SELECT sha256, bytes FROM blobs ORDER BY sha256",
    CAPTURES = "SELECT id, version, at_ms, url, status, headers, sha256, bytes, origin, log_index
        FROM captures WHERE document_id = $1 ORDER BY id",
    VERSIONS = "SELECT number, text_sha256, text_bytes, words, clauses, first_seen_ms, last_verified_ms, stated_updated, stated_effective,
        capture_id, lineages FROM versions WHERE document_id = $1 ORDER BY number",
    WORDINGS = "SELECT lineage, from_version, to_version, range_start, range_end, words_sha256, split_from, merged_into
        FROM wordings WHERE document_id = $1 ORDER BY lineage, from_version",
    PROVISIONS = "SELECT id, platform_id, lineage, clause_type, first_version, last_version, removed_version, first_seen_ms,
        last_changed_ms, range_start, range_end, excerpt, heading, score, confidence, severity, reasons, explicitness, facts, analyser
        FROM provisions WHERE document_id = $1 ORDER BY id",
    EVENTS = "SELECT version, seq, provision_id, kind, at_ms FROM provision_events WHERE document_id = $1 ORDER BY version, seq",
    CHANGES = "SELECT id, platform_id, from_version, to_version, at_ms, materiality, reason, added, removed, reworded, moved, headline,
        confirmed_ms FROM changes WHERE document_id = $1 ORDER BY id",
    JUDGEMENTS = "SELECT id, provision_id, change_id, ruling, clause_type, severity, materiality, headline, reason, person_id, at_ms, found,
        level, words FROM judgements WHERE document_id = $1 ORDER BY id",
}

/// Tables read at once, each with its columns' types: (i)nteger, (r)eal, (t)ext, (b)ytes.
const WHOLE: &[(Sql, &str)] = &[(PLATFORMS, "ittttt"), (DOCUMENTS, "iittttttiiii"), (BLOBS, "bi")];
/// Tables read document by document.
const BY_DOCUMENT: &[(Sql, &str)] = &[
    (CAPTURES, "iiititbiti"),
    (VERSIONS, "ibiiiiittib"),
    (WORDINGS, "iiiiibii"),
    (PROVISIONS, "iiitiiiiiiittriititt"),
    (EVENTS, "iiiii"),
    (CHANGES, "iiiiiitiiiiti"),
    (JUDGEMENTS, "iiiitiittiitit"),
];
/// Entries of the log read at once.
const STEP: i64 = 2000;
/// Bytes of a table hashed at once.
const PIECE: usize = 1 << 20;

impl Atlas {
    /// The SHA-256 of the store's content: equal for two stores that hold the same records under the same IDs, on either engine.
    pub async fn fingerprint(&self) -> Result<Sha256Digest> {
        let mut tables = Vec::new();
        for (sql, types) in WHOLE {
            tables.push(self.hash(*sql, types, Vec::new()).await?);
        }
        for row in self.store.fetch(DOCUMENT_IDS, args![]).await? {
            for (sql, types) in BY_DOCUMENT {
                tables.push(self.hash(*sql, types, args![row.get::<i64>(0)?]).await?);
            }
        }
        let size = self.head().await?.size;
        for first in (0..size).step_by(STEP as usize) {
            let mut bytes = Vec::new();
            for (index, entry) in log::entries(&self.store, first, STEP.min(size - first)).await? {
                put(&mut bytes, Some(&index.to_be_bytes()));
                put(&mut bytes, Some(&entry));
            }
            tables.push(Sha256Digest::of(&bytes));
        }
        Ok(Sha256Digest::of(&tables.iter().flat_map(|digest| digest.0).collect::<Vec<u8>>()))
    }

    async fn hash(&self, sql: Sql, types: &str, args: Vec<Value>) -> Result<Sha256Digest> {
        let (mut bytes, mut cells) = (Vec::new(), Vec::new());
        let each = |row: &Row| {
            // Each piece begins with the hash of the one before, so that long tables need not be held.
            if bytes.len() > PIECE {
                let so_far = Sha256Digest::of(&bytes);
                bytes.clear();
                bytes.extend(so_far.0);
            }
            cells.clear();
            for (index, kind) in types.chars().enumerate() {
                cell(row, index, kind, &mut cells)?;
            }
            bytes.extend(&cells);
            Ok(())
        };
        self.store.each(sql, args, each).await?;
        Ok(Sha256Digest::of(&bytes))
    }
}

fn cell(row: &Row, index: usize, kind: char, bytes: &mut Vec<u8>) -> Result<()> {
    match kind {
        'i' => put(bytes, row.get::<Option<i64>>(index)?.map(i64::to_be_bytes).as_ref().map(|b| &b[..])),
        'r' => put(bytes, row.get::<Option<f64>>(index)?.map(f64::to_be_bytes).as_ref().map(|b| &b[..])),
        't' => put(bytes, row.get::<Option<String>>(index)?.as_deref().map(str::as_bytes)),
        _ => put(bytes, row.get::<Option<Vec<u8>>>(index)?.as_deref()),
    }
    Ok(())
}

/// A cell with its length before it, so that no two tables have the same bytes.
fn put(bytes: &mut Vec<u8>, cell: Option<&[u8]>) {
    match cell {
        None => bytes.extend(u64::MAX.to_be_bytes()),
        Some(cell) => {
            bytes.extend((cell.len() as u64).to_be_bytes());
            bytes.extend(cell);
        }
    }
}
