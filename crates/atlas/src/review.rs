//! Review: what editors judge of provisions and of the verdicts on changes, and what follows from it.
//!
//! A judgement is a row that is never altered: the latest of a record stands, and taking one back is a judgement too. What the reader
//! found stays in the columns in which it was recorded; beside them stands what is shown ([`apply`]), so that lists, counts and search
//! follow an editor while the analysis, and what is built upon it, stays the reader's. Captures, versions and the log are not touched.
mod queue;

use serde::{Deserialize, Serialize};

use crate::codes::Code;
use crate::error::AtlasError;
use crate::ids::{ChangeId, DocumentId, ProvisionId};
use crate::open::Atlas;
use crate::records::{Change, Materiality, Provision, ReadVerdict};
use crate::store::{Insert, Row, Tx, Value, args, damaged, json, statements, to_json};
use crate::watching::{self, PersonId, take_numbers};
use provisions::{Finding, Severity, taxonomy};

#[cfg(test)]
pub(crate) use queue::STATEMENTS as QUEUE_STATEMENTS;
pub use queue::{Proposal, Proposed};

macro_rules! judgements {
    ($rest:literal) => {
        concat!(
            "SELECT j.id, j.document_id, j.provision_id, j.change_id, j.ruling, j.clause_type, j.severity, j.materiality, j.headline, j.reason,
                j.person_id, COALESCE(n.name, ''), j.at_ms, j.found FROM judgements j LEFT JOIN persons n ON n.id = j.person_id ",
            $rest
        )
    };
}

statements! {
    ALL = judgements!("ORDER BY j.id DESC LIMIT $1 OFFSET $2"),
    OF_DOCUMENT = judgements!("WHERE j.document_id = $1 AND j.provision_id IS NOT NULL ORDER BY j.id"),
    OF_PROVISION = judgements!("WHERE j.provision_id = $1 ORDER BY j.id"),
    OF_CHANGE = judgements!("WHERE j.change_id = $1 ORDER BY j.id"),
    // A type that another provision of the clause has already would be shown twice.
    SHOW = "UPDATE provisions SET shown_severity = $3, shown_type = CASE WHEN EXISTS (SELECT 1 FROM provisions o
            WHERE o.document_id = provisions.document_id AND o.lineage = provisions.lineage AND o.shown_type = $2
                AND o.id <> provisions.id AND o.removed_version IS NULL) THEN NULL ELSE $2 END
        WHERE id = $1",
    HIDE = "UPDATE provisions SET shown_type = NULL WHERE id = $1",
    SHOW_AS_READ = "UPDATE provisions SET shown_type = clause_type, shown_severity = severity
        WHERE document_id = $1 AND (shown_type IS NULL OR shown_type <> clause_type OR shown_severity <> severity)",
    SET_VERDICT = "UPDATE changes SET editor_materiality = $2, editor_reason = $3, editor_headline = $4 WHERE id = $1",
    SET_GENERATION = "UPDATE documents SET generation = $2 WHERE id = $1",
    SHOWN_OTHERWISE = "SELECT lineage, clause_type, shown_type, shown_severity FROM provisions
        WHERE document_id = $1 AND (shown_type IS NULL OR shown_type <> clause_type OR shown_severity <> severity)",
}

const NEW: Insert = Insert {
    into: "judgements (id, document_id, provision_id, change_id, ruling, clause_type, severity, materiality, headline, reason, person_id,
        at_ms, found, level, words)",
    columns: 15,
    tail: "",
};
#[cfg(test)]
pub(crate) const INSERTS: &[Insert] = &[NEW];

/// The record that is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Judged {
    /// A provision.
    Provision(ProvisionId),
    /// The verdict on a change.
    Change(ChangeId),
}

impl std::fmt::Display for Judged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Judged::Provision(id) => id.fmt(f),
            Judged::Change(id) => id.fmt(f),
        }
    }
}

/// What an editor says of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Ruling {
    /// The reader is right.
    Confirmed,
    /// The clause is of another type, or weighs otherwise.
    Corrected {
        /// Its clause type; none: it states none of the taxonomy's, and the provision is not shown.
        clause_type: Option<String>,
        /// Its severity.
        severity: Severity,
    },
    /// The change amounts to something else.
    Verdict {
        /// The verdict.
        materiality: Materiality,
        /// What happened, in one line, if the reader's line is wrong.
        headline: Option<String>,
    },
    /// The provision is not to be shown, whether the reader is right or not.
    Hidden,
    /// What was said before is taken back.
    Withdrawn,
}

impl Ruling {
    /// The kind's number in the store: never change one.
    fn code(&self) -> i64 {
        match self {
            Ruling::Confirmed => 0,
            Ruling::Corrected { .. } | Ruling::Verdict { .. } => 1,
            Ruling::Hidden => 2,
            Ruling::Withdrawn => 3,
        }
    }
}

/// What the reader had found when it was judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Found {
    /// Of a provision.
    Provision {
        /// The clause type.
        clause_type: String,
        /// The severity.
        severity: Severity,
        /// The probability that it is right.
        score: f32,
        /// The words.
        excerpt: String,
        /// The reader.
        analyser: String,
    },
    /// Of a change.
    Verdict(ReadVerdict),
}

/// A judgement as stored.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judgement {
    /// Its number.
    pub id: i64,
    /// The document of the record.
    pub document: DocumentId,
    /// What is judged.
    pub record: Judged,
    /// What is said of it.
    pub ruling: Ruling,
    /// Why.
    pub reason: String,
    /// Who said it.
    #[serde(skip)]
    pub person: PersonId,
    /// Their name; may be empty.
    #[serde(skip)]
    pub person_name: String,
    /// When.
    pub at_ms: i64,
    /// What the reader had found.
    pub found: Found,
}

/// Why a judgement cannot be given.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// It does not go with the record, or lacks something; the text says what to do.
    #[error("{0}")]
    Unfit(String),
    /// The store failed, or there is no such record.
    #[error(transparent)]
    Store(#[from] AtlasError),
}

fn unfit(why: impl Into<String>) -> ReviewError {
    ReviewError::Unfit(why.into())
}

/// A judgement to be written.
struct New<'a> {
    document: DocumentId,
    record: Judged,
    ruling: &'a Ruling,
    reason: &'a str,
    person: PersonId,
    at_ms: i64,
    found: Found,
}

impl New<'_> {
    fn values(&self, id: i64) -> Vec<Value> {
        let (provision, change) = match self.record {
            Judged::Provision(id) => (Some(id.0), None),
            Judged::Change(id) => (None, Some(id.0)),
        };
        let (mut clause_type, mut severity, mut materiality, mut line) = (None, None, None, None);
        match self.ruling {
            Ruling::Corrected { clause_type: of, severity: level } => {
                (clause_type, severity) = (of.clone(), Some(level.code()));
            }
            Ruling::Verdict { materiality: level, headline } => {
                (materiality, line) = (Some(level.code()), headline.clone());
            }
            Ruling::Confirmed | Ruling::Hidden | Ruling::Withdrawn => {}
        }
        let (level, words) = match &self.found {
            // An editor's word may keep what the reader does not find.
            Found::Provision { score, excerpt, .. } if *score <= 0.0 => (-1, Some(excerpt.clone())),
            Found::Provision { severity, excerpt, .. } => (severity.code(), Some(excerpt.clone())),
            Found::Verdict(verdict) => (verdict.materiality.code(), None),
        };
        args![
            id,
            self.document,
            provision,
            change,
            self.ruling.code(),
            clause_type,
            severity,
            materiality,
            line,
            self.reason,
            self.person,
            self.at_ms,
            to_json(&self.found),
            level,
            words,
        ]
    }
}

fn judgement(row: &Row) -> Result<Judgement, AtlasError> {
    let mut c = row.columns();
    let (id, document) = (c.next()?, DocumentId(c.next()?));
    let (provision, change): (Option<i64>, Option<i64>) = (c.next()?, c.next()?);
    let (ruling, clause_type): (i64, Option<String>) = (c.next()?, c.next()?);
    let severity = c.next::<Option<i64>>()?.map(Severity::from_code).transpose()?;
    let materiality = c.next::<Option<i64>>()?.map(Materiality::from_code).transpose()?;
    let headline = c.next()?;
    let ruling = match (ruling, severity, materiality) {
        (0, ..) => Ruling::Confirmed,
        (1, Some(severity), _) => Ruling::Corrected { clause_type, severity },
        (1, None, Some(materiality)) => Ruling::Verdict { materiality, headline },
        (2, ..) => Ruling::Hidden,
        (3, ..) => Ruling::Withdrawn,
        (other, ..) => return Err(damaged("a judgement", format!("no ruling has the number {other}"))),
    };
    let record = match (provision, change) {
        (Some(id), _) => Judged::Provision(ProvisionId(id)),
        (None, change) => Judged::Change(ChangeId(change.unwrap_or(0))),
    };
    let (reason, person, person_name) = (c.next()?, PersonId(c.next()?), c.next()?);
    let (at_ms, found) = (c.next()?, json(&c.next::<String>()?)?);
    Ok(Judgement { id, document, record, ruling, reason, person, person_name, at_ms, found })
}

impl Judgement {
    /// What is said of the record, in words, without the reason.
    pub fn told(&self) -> String {
        let title = |id: &str| taxonomy().get(id).map_or(id, |kind| &kind.title).to_owned();
        match (&self.ruling, &self.found) {
            (Ruling::Confirmed, _) => "confirmed by an editor".into(),
            (Ruling::Corrected { clause_type: None, .. }, Found::Provision { clause_type, .. }) => {
                format!("taken out by an editor: the clause does not state “{}”", title(clause_type))
            }
            (Ruling::Corrected { clause_type: Some(kind), severity }, Found::Provision { clause_type, .. }) => {
                let what = if kind == clause_type { String::new() } else { format!("“{}”, ", title(kind)) };
                format!("corrected by an editor: {what}severity {severity}")
            }
            (Ruling::Verdict { materiality, .. }, _) => {
                format!("judged by an editor: {}", materiality.name())
            }
            (Ruling::Corrected { .. }, Found::Verdict(_)) => "corrected by an editor".into(),
            (Ruling::Hidden, _) => "hidden by an editor".into(),
            (Ruling::Withdrawn, _) => "the earlier judgement was taken back".into(),
        }
    }
}

impl Atlas {
    /// Judges a provision or a change's verdict. What is shown of it, and what is counted, searched and told, follows at once; who was told
    /// of a change whose verdict falls is told that it was wrong. Gives the judgement as stored.
    ///
    /// # Errors
    /// [`ReviewError::Unfit`] if the ruling does not go with the record or lacks its reason.
    pub async fn judge(
        &self,
        record: Judged,
        ruling: &Ruling,
        reason: &str,
        person: PersonId,
        at_ms: i64,
    ) -> Result<Judgement, ReviewError> {
        let reason = reason.trim();
        if reason.is_empty() && !matches!(ruling, Ruling::Confirmed) {
            return Err(unfit("say why: the reason is shown with the record"));
        }
        let mut judgement = match record {
            Judged::Provision(id) => self.judge_provision(id, ruling, reason, person, at_ms).await?,
            Judged::Change(id) => self.judge_change(id, ruling, reason, person, at_ms).await?,
        };
        judgement.person_name = self.person(person).await?.map(|person| person.name).unwrap_or_default();
        Ok(judgement)
    }

    async fn judge_provision(
        &self,
        id: ProvisionId,
        ruling: &Ruling,
        reason: &str,
        person: PersonId,
        at_ms: i64,
    ) -> Result<Judgement, ReviewError> {
        let missing = || AtlasError::Missing(format!("provision {id}"));
        let of = self.provision_or_hidden(id).await?.ok_or_else(missing)?;
        if let Ruling::Verdict { .. } = ruling {
            return Err(unfit("a verdict is given on a change, not on a provision"));
        }
        if let Ruling::Corrected { clause_type: Some(kind), .. } = ruling {
            self.fits(&of, kind).await?;
        }
        let document = of.document;
        let new = New { document, record: Judged::Provision(id), ruling, reason, person, at_ms, found: as_read(of) };
        let mut tx = self.store.write().await?;
        let judgement = write(&mut tx, new).await?;
        apply(&mut tx, document).await?;
        let generation = crate::log::bump(&mut tx).await?;
        // The search index reads the document again.
        tx.run(SET_GENERATION, args![document, generation]).await?;
        tx.commit().await?;
        Ok(judgement)
    }

    /// Refuses a type that the taxonomy lacks, or that another provision of the clause has.
    async fn fits(&self, of: &Provision, kind: &str) -> Result<(), ReviewError> {
        if taxonomy().get(kind).is_none() {
            return Err(unfit(format!("the taxonomy has no clause type {kind:?}")));
        }
        let all = self.document_provisions(of.document, false).await?;
        match all.iter().find(|other| other.id != of.id && other.lineage == of.lineage && other.clause_type == kind) {
            Some(other) => Err(unfit(format!(
                "the clause has a provision of that type already, {}: say that it states no such thing here instead",
                other.id
            ))),
            None => Ok(()),
        }
    }

    async fn judge_change(
        &self,
        id: ChangeId,
        ruling: &Ruling,
        reason: &str,
        person: PersonId,
        at_ms: i64,
    ) -> Result<Judgement, ReviewError> {
        let of = self.change(id).await?.ok_or_else(|| AtlasError::Missing(format!("change {id}")))?;
        let read = of.as_read();
        let verdict = match ruling {
            Ruling::Confirmed => Some((read.materiality, read.reason.clone(), None)),
            Ruling::Verdict { materiality, headline } => Some((*materiality, reason.to_owned(), headline.clone())),
            Ruling::Withdrawn => None,
            Ruling::Corrected { .. } | Ruling::Hidden => {
                return Err(unfit("of a change, the verdict is confirmed or another is given"));
            }
        };
        let Change { document, change, .. } = of;
        let found = Found::Verdict(read.clone());
        let new = New { document, record: Judged::Change(id), ruling, reason, person, at_ms, found };
        let mut tx = self.store.write().await?;
        let judgement = write(&mut tx, new).await?;
        let is = verdict.as_ref().map_or(read.materiality, |verdict| verdict.0);
        let (materiality, why, headline) = verdict.map_or((None, None, None), |(m, r, h)| (Some(m.code()), Some(r), h));
        tx.run(SET_VERDICT, args![id, materiality, why, headline]).await?;
        watching::note_reversal(&mut tx, document, (id, change.at_ms), (change.materiality, is), at_ms).await?;
        let generation = crate::log::bump(&mut tx).await?;
        tx.run(SET_GENERATION, args![document, generation]).await?;
        tx.commit().await?;
        Ok(judgement)
    }

    /// What was ever said of a record, oldest first.
    pub async fn judgements(&self, record: Judged) -> Result<Vec<Judgement>, AtlasError> {
        let rows = match record {
            Judged::Provision(id) => self.store.fetch(OF_PROVISION, args![id]).await?,
            Judged::Change(id) => self.store.fetch(OF_CHANGE, args![id]).await?,
        };
        rows.iter().map(judgement).collect()
    }

    /// The judgement of a record that stands, if one does.
    pub async fn judgement(&self, record: Judged) -> Result<Option<Judgement>, AtlasError> {
        let last = self.judgements(record).await?.pop();
        Ok(last.filter(|judgement| judgement.ruling != Ruling::Withdrawn))
    }

    /// All judgements, newest first.
    pub async fn latest_judgements(&self, offset: i64, limit: i64) -> Result<Vec<Judgement>, AtlasError> {
        self.store.fetch(ALL, args![limit.max(0), offset.max(0)]).await?.iter().map(judgement).collect()
    }

    /// What editors put in place of what the reader finds in a document.
    pub async fn corrections(&self, document: DocumentId) -> Result<Corrections, AtlasError> {
        let mut corrections = Corrections::default();
        for row in self.store.fetch(SHOWN_OTHERWISE, args![document]).await? {
            let mut c = row.columns();
            let (lineage, clause_type) = (c.next::<i64>()? as u32, c.next()?);
            let (shown, severity) = (c.next::<Option<String>>()?, Severity::from_code(c.next()?)?);
            let shown = shown.map(|shown| (shown, severity));
            corrections.0.push(Correction { lineage, clause_type, shown });
        }
        Ok(corrections)
    }
}

/// What the reader found, whatever is shown.
fn as_read(of: Provision) -> Found {
    let Provision { clause_type, severity, score, excerpt, analyser, corrected, .. } = of;
    let (clause_type, severity) = corrected.map_or((clause_type, severity), |read| (read.clause_type, read.severity));
    Found::Provision { clause_type, severity, score, excerpt, analyser }
}

async fn write(tx: &mut Tx, new: New<'_>) -> Result<Judgement, AtlasError> {
    let id = take_numbers(tx, "judgements", 1).await?;
    tx.insert(NEW, new.values(id)).await?;
    let New { document, record, ruling, reason, person, at_ms, found } = new;
    let (ruling, reason, person_name) = (ruling.clone(), reason.to_owned(), String::new());
    Ok(Judgement { id, document, record, ruling, reason, person, person_name, at_ms, found })
}

/// The judgements that stand on a document's provisions.
pub(crate) async fn standing(tx: &mut Tx, document: DocumentId) -> Result<Vec<(ProvisionId, Judgement)>, AtlasError> {
    let mut standing: Vec<(ProvisionId, Judgement)> = Vec::new();
    for row in tx.fetch(OF_DOCUMENT, args![document]).await? {
        let judgement = judgement(&row)?;
        let Judged::Provision(id) = judgement.record else { continue };
        standing.retain(|(known, _)| *known != id);
        if judgement.ruling != Ruling::Withdrawn {
            standing.push((id, judgement));
        }
    }
    Ok(standing)
}

/// Sets what is shown of a document's provisions to what the judgements say that stand; all else is shown as it was read. What an editor
/// takes from its type leaves it before anything else is shown with that type, so that the order of judgements does not matter.
pub(crate) async fn apply(tx: &mut Tx, document: DocumentId) -> Result<(), AtlasError> {
    tx.run(SHOW_AS_READ, args![document]).await?;
    let standing = standing(tx, document).await?;
    for (id, judgement) in &standing {
        if matches!(judgement.ruling, Ruling::Corrected { .. } | Ruling::Hidden) {
            tx.run(HIDE, args![*id]).await?;
        }
    }
    for (id, judgement) in standing {
        let shown = match (judgement.ruling, judgement.found) {
            // A confirmed provision stays as it was confirmed, whatever a later reader makes of its weight.
            (Ruling::Confirmed, Found::Provision { clause_type, severity, .. }) => Some((clause_type, severity)),
            (Ruling::Corrected { clause_type, severity }, _) => clause_type.map(|kind| (kind, severity)),
            _ => None,
        };
        if let Some((kind, severity)) = shown {
            tx.run(SHOW, args![id, kind, severity.code()]).await?;
        }
    }
    Ok(())
}

/// What editors put in place of what the reader finds in the clauses of one document.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Corrections(Vec<Correction>);

/// What is shown in place of a finding.
#[derive(Debug, Clone, PartialEq)]
struct Correction {
    lineage: u32,
    /// The type that the reader finds.
    clause_type: String,
    /// The type and severity that are shown; none: nothing is.
    shown: Option<(String, Severity)>,
}

impl Corrections {
    /// What is to be shown of something found in the clause of a lineage; none if nothing is.
    pub fn judge(&self, lineage: u32, finding: Finding) -> Option<Finding> {
        let is_of = |of: &&Correction| (of.lineage, of.clause_type.as_str()) == (lineage, finding.type_id);
        let Some(correction) = self.0.iter().find(is_of) else { return Some(finding) };
        let (kind, severity) = correction.shown.as_ref()?;
        let type_id = taxonomy().get(kind)?.id.as_str();
        Some(Finding { type_id, severity: *severity, ..finding })
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
