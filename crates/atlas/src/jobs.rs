//! Tracking jobs: which documents are due for a check, who has taken them, and what came of it.
use serde::Serialize;

use crate::error::Result;
use crate::ids::DocumentId;
use crate::open::Atlas;
use crate::store::{Row, Tx, args, statements};

/// How long a job belongs to the one who took it. A process that dies in the middle keeps the document from being checked for this long.
pub const LEASE_MS: i64 = 15 * 60 * 1000;

statements! {
    // Machines that ask at once take different documents: on SQLite because writers queue, on PostgreSQL because locked rows are skipped.
    DUE = "SELECT c.document_id FROM checks c JOIN documents d ON d.id = c.document_id
            WHERE c.next_due_ms <= $1 AND c.lease_until_ms <= $1 AND d.urls <> '[]'
            ORDER BY c.next_due_ms, c.document_id LIMIT $2";
        postgres "SELECT c.document_id FROM checks c JOIN documents d ON d.id = c.document_id
            WHERE c.next_due_ms <= $1 AND c.lease_until_ms <= $1 AND d.urls <> '[]'
            ORDER BY c.next_due_ms, c.document_id LIMIT $2 FOR UPDATE OF c SKIP LOCKED",
    OF_PLATFORM = "SELECT d.id FROM documents d JOIN platforms p ON p.id = d.platform_id
        WHERE p.slug = $1 AND d.urls <> '[]' ORDER BY d.id",
    LEASE = "UPDATE checks SET lease_until_ms = $2 WHERE document_id = $1",
    JOB = "SELECT d.id, d.kind, d.urls, d.content_select, d.content_remove, d.language, c.etag, c.last_modified, c.failures
        FROM documents d JOIN checks c ON c.document_id = d.id WHERE d.id = $1",
    DONE = "UPDATE checks SET next_due_ms = $2, lease_until_ms = 0, failures = 0, last_checked_ms = $3, last_error = NULL,
        etag = $4, last_modified = $5 WHERE document_id = $1",
    FAILED = "UPDATE checks SET next_due_ms = $2, lease_until_ms = 0, failures = failures + 1, last_checked_ms = $3, last_error = $4
        WHERE document_id = $1",
    STATUSES = "SELECT d.id, d.title, p.slug, c.last_checked_ms, c.next_due_ms, c.failures, c.last_error
        FROM checks c JOIN documents d ON d.id = c.document_id JOIN platforms p ON p.id = d.platform_id
        WHERE d.urls <> '[]' AND c.failures >= $1 ORDER BY c.failures DESC, d.id",
}

/// A document whose check is due, leased to the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueDocument {
    /// The document.
    pub id: DocumentId,
    /// Its type, for example `Privacy Policy`.
    pub kind: String,
    /// Its addresses, in reading order.
    pub urls: Vec<String>,
    /// CSS selectors of the content, where declared.
    pub select: Vec<String>,
    /// CSS selectors of what is removed from it.
    pub remove: Vec<String>,
    /// ISO 639-1 code, when known.
    pub language: Option<String>,
    /// Entity tag of the last answer.
    pub etag: Option<String>,
    /// `Last-Modified` of the last answer.
    pub last_modified: Option<String>,
    /// Failures in a row so far.
    pub failures: i64,
}

/// What came of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// When.
    pub at_ms: i64,
    /// Why it failed; none if it did not.
    pub failed: Option<String>,
    /// Entity tag, kept for the next conditional request.
    pub etag: Option<String>,
    /// `Last-Modified`, kept for the next conditional request.
    pub last_modified: Option<String>,
    /// When to check next.
    pub next_due_ms: i64,
}

/// How a document's checks have gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckStatus {
    /// The document.
    pub id: DocumentId,
    /// Title of the document.
    pub title: String,
    /// Slug of its platform.
    pub platform: String,
    /// When it was last checked.
    pub last_checked_ms: Option<i64>,
    /// When it is checked next.
    pub next_due_ms: i64,
    /// Failures in a row.
    pub failures: i64,
    /// Why the last check failed; empty if it did not.
    pub error: String,
}

impl Atlas {
    /// Takes up to `limit` documents that have an address and are due, longest overdue first, for [`LEASE_MS`].
    pub async fn due(&self, now_ms: i64, limit: i64) -> Result<Vec<DueDocument>> {
        let mut tx = self.store.write_unordered().await?;
        let ids = tx.fetch(DUE, args![now_ms, limit]).await?;
        let mut due = Vec::with_capacity(ids.len());
        for id in ids {
            let id: i64 = id.get(0)?;
            tx.run(LEASE, args![id, now_ms + LEASE_MS]).await?;
            due.extend(job(&mut tx, id).await?);
        }
        tx.commit().await?;
        Ok(due)
    }

    /// Every document of these platforms that has an address, due or not, without a lease: for a person who asks for a check now.
    pub async fn due_of(&self, slugs: &[String]) -> Result<Vec<DueDocument>> {
        let mut tx = self.store.read().await?;
        let mut due = Vec::new();
        for slug in slugs {
            for id in tx.fetch(OF_PLATFORM, args![slug]).await? {
                due.extend(job(&mut tx, id.get(0)?).await?);
            }
        }
        tx.commit().await?;
        Ok(due)
    }

    /// Stores what came of a check and gives the document back. A failure leaves what the last good answer said.
    pub async fn checked(&self, document: DocumentId, check: &Check) -> Result<()> {
        let mut tx = self.store.write_unordered().await?;
        match &check.failed {
            None => {
                tx.run(DONE, args![document, check.next_due_ms, check.at_ms, &check.etag, &check.last_modified]).await?
            }
            Some(reason) => tx.run(FAILED, args![document, check.next_due_ms, check.at_ms, reason]).await?,
        };
        tx.commit().await
    }

    /// Documents whose last check failed, worst first.
    pub async fn failing(&self) -> Result<Vec<CheckStatus>> {
        self.store.fetch(STATUSES, args![1i64]).await?.iter().map(status).collect()
    }

    /// Checks of all documents that have an address, those that fail first.
    pub async fn check_statuses(&self) -> Result<Vec<CheckStatus>> {
        self.store.fetch(STATUSES, args![0i64]).await?.iter().map(status).collect()
    }
}

async fn job(tx: &mut Tx, id: i64) -> Result<Option<DueDocument>> {
    let Some(row) = tx.one(JOB, args![id]).await? else { return Ok(None) };
    let mut c = row.columns();
    Ok(Some(DueDocument {
        id: DocumentId(c.next()?),
        kind: c.next()?,
        urls: c.json()?,
        select: c.json()?,
        remove: c.json()?,
        language: c.next()?,
        etag: c.next()?,
        last_modified: c.next()?,
        failures: c.next()?,
    }))
}

fn status(row: &Row) -> Result<CheckStatus> {
    let mut c = row.columns();
    Ok(CheckStatus {
        id: DocumentId(c.next()?),
        title: c.next()?,
        platform: c.next()?,
        last_checked_ms: c.next()?,
        next_due_ms: c.next()?,
        failures: c.next()?,
        error: c.next::<Option<String>>()?.unwrap_or_default(),
    })
}
