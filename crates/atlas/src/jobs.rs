//! Tracking jobs: which documents are due for a check, who has taken them, and what came of it.
use crate::ids::DocumentId;

/// A document whose check is due, leased to the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueDocument {
    /// The document.
    pub id: DocumentId,
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

/// How a document's checks have gone, for the doctor and for the document's page.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
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
    /// Why the last check failed.
    pub last_error: Option<String>,
}
