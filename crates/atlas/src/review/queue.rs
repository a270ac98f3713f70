//! What is proposed to an editor, most useful first.
use std::collections::HashSet;

use serde::Serialize;

use super::Judged;
use crate::codes::Code;
use crate::error::Result;
use crate::ids::{ChangeId, ProvisionId};
use crate::open::Atlas;
use crate::records::Materiality;
use crate::store::{Sql, Value, args, statements};

statements! {
    // Judged in other words, or a later reader finds something else or nothing.
    OTHER_WORDS = "SELECT p.id FROM judgements j JOIN provisions p ON p.id = j.provision_id
        WHERE j.ruling <> 3 AND NOT EXISTS (SELECT 1 FROM judgements l WHERE l.provision_id = j.provision_id AND l.id > j.id)
            AND ((p.excerpt <> j.words AND p.removed_version IS NULL)
                OR (j.ruling <> 2 AND j.level <> CASE WHEN p.score = 0 THEN -1 ELSE p.severity END))
        ORDER BY j.id LIMIT $1",
    OTHER_VERDICT = "SELECT c.id FROM judgements j JOIN changes c ON c.id = j.change_id
        WHERE j.ruling <> 3 AND c.materiality <> j.level
            AND NOT EXISTS (SELECT 1 FROM judgements l WHERE l.change_id = j.change_id AND l.id > j.id)
        ORDER BY j.id LIMIT $1",
    // Changes whose line may name a provision that an editor took away or gave another type.
    NAMES_IT = "SELECT DISTINCT c.id, c.at_ms FROM judgements j JOIN provisions p ON p.id = j.provision_id
        JOIN provision_events e ON e.provision_id = p.id JOIN changes c ON c.document_id = e.document_id AND c.to_version = e.version
        WHERE j.ruling IN (1, 2) AND (p.shown_type IS NULL OR p.shown_type <> p.clause_type)
            AND COALESCE(c.editor_materiality, c.materiality) >= $2
            AND NOT EXISTS (SELECT 1 FROM judgements l WHERE l.provision_id = j.provision_id AND l.id > j.id)
            AND NOT EXISTS (SELECT 1 FROM judgements k WHERE k.change_id = c.id AND k.id > j.id)
        ORDER BY c.at_ms DESC, c.id DESC LIMIT $1",
    // The conditions are those of the index `provisions_unsure`.
    UNSURE = "SELECT p.id FROM provisions p WHERE p.confidence <= 1 AND p.shown_severity >= 2 AND p.removed_version IS NULL
            AND p.shown_type IS NOT NULL AND NOT EXISTS (SELECT 1 FROM judgements j WHERE j.provision_id = p.id)
        ORDER BY p.shown_severity DESC, p.score, p.id LIMIT $1",
    // Material for a single clause in which no provision was found, or minor although a severe provision was reworded.
    BORDER = "SELECT c.id FROM changes c WHERE c.confirmed_ms IS NOT NULL AND c.materiality >= 3
            AND NOT EXISTS (SELECT 1 FROM judgements j WHERE j.change_id = c.id)
            AND ((c.materiality = 4 AND c.added + c.removed + c.reworded = 1 AND NOT EXISTS (SELECT 1 FROM provision_events e
                    WHERE e.document_id = c.document_id AND e.version = c.to_version))
                OR (c.materiality = 3 AND EXISTS (SELECT 1 FROM provision_events e JOIN provisions p ON p.id = e.provision_id
                    WHERE e.document_id = c.document_id AND e.version = c.to_version AND p.shown_severity >= 2)))
        ORDER BY c.at_ms DESC, c.id DESC LIMIT $1",
}

/// Why a record is proposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proposed {
    /// It was judged, but its words or what the reader makes of them are others now.
    SecondLook,
    /// The line that tells of the change may name a provision that an editor corrected or hid.
    NamesCorrected,
    /// The provision is severe, and the reader is not sure of it.
    Unsure,
    /// The change is near the border between two verdicts.
    Border,
}

/// A record proposed to an editor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Proposal {
    /// The record.
    pub record: Judged,
    /// Why.
    pub why: Proposed,
}

impl Atlas {
    /// What an editor should look at, most useful first, at most `limit`: judgements that need a second look, changes that name what was
    /// corrected, then by turns provisions and changes of which the reader is not sure.
    pub async fn review_queue(&self, limit: usize) -> Result<Vec<Proposal>> {
        let most = args![limit as i64];
        let mut queue = self.proposed(OTHER_WORDS, most.clone(), provision, Proposed::SecondLook).await?;
        queue.extend(self.proposed(OTHER_VERDICT, most.clone(), change, Proposed::SecondLook).await?);
        let names = args![limit as i64, Materiality::Minor.code()];
        queue.extend(self.proposed(NAMES_IT, names, change, Proposed::NamesCorrected).await?);
        let mut unsure = self.proposed(UNSURE, most.clone(), provision, Proposed::Unsure).await?.into_iter();
        let mut border = self.proposed(BORDER, most, change, Proposed::Border).await?.into_iter();
        loop {
            let before = queue.len();
            queue.extend(unsure.next());
            queue.extend(border.next());
            if queue.len() == before || before >= limit {
                break;
            }
        }
        let mut seen = HashSet::new();
        queue.retain(|proposal| seen.insert(proposal.record));
        queue.truncate(limit);
        Ok(queue)
    }

    async fn proposed(
        &self,
        sql: Sql,
        args: Vec<Value>,
        record: fn(i64) -> Judged,
        why: Proposed,
    ) -> Result<Vec<Proposal>> {
        let rows = self.store.fetch(sql, args).await?;
        rows.iter().map(|row| Ok(Proposal { record: record(row.get(0)?), why })).collect()
    }
}

fn provision(id: i64) -> Judged {
    Judged::Provision(ProvisionId(id))
}

fn change(id: i64) -> Judged {
    Judged::Change(ChangeId(id))
}
