//! The records that the atlas keeps, as callers hand them in and get them back. Times are milliseconds since 1970 UTC.
use std::fmt;
use std::ops::Range;

use archive::Sha256Digest;
pub use compare::Materiality;
use provisions::{Confidence, Explicitness, Severity};
use serde::{Deserialize, Serialize};

use crate::ids::{ChangeId, DocumentId, ProvisionId};

/// An organisation or service whose documents are tracked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Platform {
    /// Stable name in addresses: lower-case ASCII letters, digits and hyphens.
    pub slug: String,
    /// Name as the platform writes it.
    pub name: String,
    /// Home page address, when known.
    pub homepage: Option<String>,
    /// Sector, for example `AI`, `Social`, `Commerce`.
    pub sector: Option<String>,
    /// ISO 3166-1 alpha-2 country of the organisation.
    pub country: Option<String>,
}

/// One governing document of a platform, to be created or updated. Its key is (platform, kind, title).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewDocument {
    /// Slug of the platform.
    pub platform: String,
    /// Terms type in Open Terms Archive's vocabulary, for example `Privacy Policy`; or `Model Licence`.
    pub kind: String,
    /// Title shown to people.
    pub title: String,
    /// Addresses of the document, in reading order.
    pub urls: Vec<String>,
    /// ISO 639-1 code, when known.
    pub language: Option<String>,
    /// CSS selectors of the content, where declared.
    pub select: Vec<String>,
    /// CSS selectors of what is removed from it.
    pub remove: Vec<String>,
}

/// A document as stored.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Document {
    /// Its ID.
    pub id: DocumentId,
    /// The platform that it governs.
    pub platform: Platform,
    /// Terms type.
    pub kind: String,
    /// Title.
    pub title: String,
    /// Addresses.
    pub urls: Vec<String>,
    /// Language code.
    pub language: Option<String>,
    /// When its first capture was taken.
    pub first_tracked_ms: Option<i64>,
    /// When its text last changed (the latest version's first sight).
    pub last_changed_ms: Option<i64>,
    /// When a capture last confirmed the latest version.
    pub last_verified_ms: Option<i64>,
    /// Number of versions; the latest has this number.
    pub versions: i64,
}

/// Where bytes came from when we did not fetch them ourselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// `ota` (Open Terms Archive versions repository) or `warc`.
    pub kind: String,
    /// Name of the collection or file.
    pub name: String,
    /// Commit hash or WARC record ID.
    pub id: String,
    /// Links given by the origin, for example to snapshots.
    pub links: Vec<String>,
}

/// The bytes that a server sent for a document at an instant.
#[derive(Debug, Clone, PartialEq)]
pub struct NewCapture {
    /// When.
    pub at_ms: i64,
    /// Final address.
    pub url: Option<String>,
    /// HTTP status; 0 for an import that has none.
    pub status: u16,
    /// Response headers in order.
    pub headers: Vec<(String, String)>,
    /// Body with transfer and content encodings undone.
    pub body: Vec<u8>,
    /// Set for imports.
    pub origin: Option<Origin>,
}

/// A capture as stored.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Capture {
    /// Row number.
    pub id: i64,
    /// Its document.
    pub document: DocumentId,
    /// When the bytes were received.
    pub at_ms: i64,
    /// Final address.
    pub url: Option<String>,
    /// HTTP status, 0 for an import without one.
    pub status: u16,
    /// Response headers in order.
    pub headers: Vec<(String, String)>,
    /// SHA-256 of the body.
    pub sha256: Sha256Digest,
    /// Body length in bytes.
    pub bytes: i64,
    /// Set for imports.
    pub origin: Option<Origin>,
    /// Index of its leaf in the transparency log.
    pub log_index: i64,
}

/// One version of a document as stored (its text is asked for separately).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Version {
    /// Its document.
    pub document: DocumentId,
    /// 1 for the first.
    pub number: i64,
    /// SHA-256 of the clean text.
    pub text_sha256: Sha256Digest,
    /// Length of the clean text in bytes.
    pub text_bytes: i64,
    /// Words in the clean text.
    pub words: i64,
    /// Clauses, headings not counted.
    pub clauses: i64,
    /// When first seen.
    pub first_seen_ms: i64,
    /// When a capture last had this text while it was the latest version.
    pub last_verified_ms: i64,
    /// `YYYY-MM-DD` that the document claims as its last update.
    pub stated_updated: Option<String>,
    /// `YYYY-MM-DD` from which it says it is in force.
    pub stated_effective: Option<String>,
    /// The capture that it was read from.
    pub capture: i64,
}

/// A version to record.
#[derive(Debug, Clone, PartialEq)]
pub struct NewVersion {
    /// Its number: the previous one plus 1.
    pub number: i64,
    /// The clean text.
    pub text: String,
    /// Words in it.
    pub words: i64,
    /// Clauses, headings not counted.
    pub clauses: i64,
    /// Lineage number of each clause (headings included), in the order of [`document::Structure::clauses`].
    pub lineages: Vec<u32>,
    /// `YYYY-MM-DD`.
    pub stated_updated: Option<String>,
    /// `YYYY-MM-DD`.
    pub stated_effective: Option<String>,
}

/// One wording of a clause lineage: the versions in which the clause had these words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Wording {
    /// Lineage number, unique within the document.
    pub lineage: u32,
    /// First version with these words.
    pub from_version: i64,
    /// Last version with these words; none while they stand in the latest version.
    pub to_version: Option<i64>,
    /// Byte range of the words in the text of `from_version`.
    pub range: Range<usize>,
    /// SHA-256 of the words, by which a clause that returns after a removal is recognised.
    pub words_sha256: Sha256Digest,
    /// The lineage of the clause from which this one was split off in `from_version`.
    pub split_from: Option<u32>,
    /// The lineage of the clause into which this one was merged after `to_version`.
    pub merged_into: Option<u32>,
}

/// The difference between two consecutive versions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewChange {
    /// The earlier version's number; `to` is the next.
    pub from_version: i64,
    /// The later version's number.
    pub to_version: i64,
    /// When the later version was first seen.
    pub at_ms: i64,
    /// Verdict.
    pub materiality: Materiality,
    /// Why that verdict, in words.
    pub reason: String,
    /// Clauses added, removed, reworded, moved.
    pub added: i64,
    /// See `added`.
    pub removed: i64,
    /// See `added`.
    pub reworded: i64,
    /// See `added`.
    pub moved: i64,
    /// One line that says what happened.
    pub headline: String,
}

/// Whether a change of a live page is believed only once a second capture shows the same. Nobody is told of the others, and what a server
/// sends for a moment may be a mistake.
pub fn needs_second_look(materiality: Materiality) -> bool {
    materiality.is_told() || materiality == Materiality::Defective
}

/// A change as stored.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// Its ID.
    pub id: ChangeId,
    /// The document that changed.
    pub document: DocumentId,
    /// Its title.
    pub document_title: String,
    /// Its type.
    pub document_kind: String,
    /// Slug of its platform.
    pub platform: String,
    /// Name of its platform.
    pub platform_name: String,
    /// The rest.
    #[serde(flatten)]
    pub change: NewChange,
    /// When it was settled that the page had changed: by a second capture, or at once where none is needed ([`needs_second_look`]; imports).
    /// None while, or because, it was seen only once.
    pub confirmed_ms: Option<i64>,
    /// Provisions that it touches.
    pub provisions: Vec<TouchedProvision>,
    /// What the reader concluded, where an editor's verdict stands in its place.
    #[serde(rename = "reader_found", skip_serializing_if = "Option::is_none")]
    pub corrected: Option<ReadVerdict>,
}

impl Change {
    /// What the reader concluded, whatever an editor put in its place.
    pub fn as_read(&self) -> ReadVerdict {
        let NewChange { materiality, reason, headline, .. } = &self.change;
        let shown = || ReadVerdict { materiality: *materiality, reason: reason.clone(), headline: headline.clone() };
        self.corrected.clone().unwrap_or_else(shown)
    }
}

/// What the reader concluded of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadVerdict {
    /// The verdict.
    pub materiality: Materiality,
    /// Why, in words.
    pub reason: String,
    /// What happened, in one line.
    pub headline: String,
}

/// A provision that a change touches.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TouchedProvision {
    /// Its ID.
    pub id: ProvisionId,
    /// Its clause type.
    pub clause_type: String,
    /// Its severity now.
    pub severity: Severity,
    /// What happened to it.
    pub event: EventKind,
}

/// What happened to a provision in a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EventKind {
    /// It stands in this version for the first time.
    Appeared,
    /// Its words changed.
    Reworded,
    /// It no longer stands in this version.
    Removed,
    /// It stands again after a removal.
    Returned,
}

/// An event in a provision's life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProvisionEvent {
    /// Lineage of the clause.
    pub lineage: u32,
    /// Clause type.
    pub clause_type: String,
    /// Version in which it happened.
    pub version: i64,
    /// What.
    pub kind: EventKind,
}

/// A provision's state after a batch. Its key within the document is (lineage, clause type); the atlas gives the ID.
#[derive(Debug, Clone, PartialEq)]
pub struct ProvisionState {
    /// Lineage of the clause.
    pub lineage: u32,
    /// Clause type.
    pub clause_type: String,
    /// Version in which it first stood.
    pub first_version: i64,
    /// Latest version in which it stands, or stood before removal: the version that `excerpt` is taken from.
    pub last_version: i64,
    /// The version that lacks it, if it is gone.
    pub removed_version: Option<i64>,
    /// Byte range of the excerpt in the text of `last_version`.
    pub excerpt_range: Range<usize>,
    /// The words themselves: byte for byte that range.
    pub excerpt: String,
    /// Headings above it, joined by ` > `.
    pub heading: String,
    /// Calibrated probability that the classification is right.
    pub score: f32,
    /// Its level.
    pub confidence: Confidence,
    /// Severity.
    pub severity: Severity,
    /// Why the severity is raised or lowered.
    pub reasons: Vec<String>,
    /// Stated or inferred.
    pub explicitness: Explicitness,
    /// Facts found in the clause, as JSON ([`provisions::Facts`]).
    pub facts: serde_json::Value,
}

/// A provision as stored.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Provision {
    /// Its ID.
    pub id: ProvisionId,
    /// Document.
    pub document: DocumentId,
    /// Document title.
    pub document_title: String,
    /// Document type.
    pub document_kind: String,
    /// Platform slug.
    pub platform: String,
    /// Platform name.
    pub platform_name: String,
    /// Lineage of the clause in the document.
    pub lineage: u32,
    /// Clause type.
    pub clause_type: String,
    /// See [`ProvisionState`].
    pub first_version: i64,
    /// See [`ProvisionState`].
    pub last_version: i64,
    /// See [`ProvisionState`].
    pub removed_version: Option<i64>,
    /// When `first_version` was first seen.
    pub first_seen_ms: i64,
    /// When the words last changed, appeared or went.
    pub last_changed_ms: i64,
    /// When a capture last confirmed it (for a removed one: while it stood).
    pub last_verified_ms: i64,
    /// See [`ProvisionState`].
    pub excerpt_range: Range<usize>,
    /// See [`ProvisionState`].
    pub excerpt: String,
    /// See [`ProvisionState`].
    pub heading: String,
    /// See [`ProvisionState`].
    pub score: f32,
    /// See [`ProvisionState`].
    pub confidence: Confidence,
    /// See [`ProvisionState`].
    pub severity: Severity,
    /// See [`ProvisionState`].
    pub reasons: Vec<String>,
    /// See [`ProvisionState`].
    pub explicitness: Explicitness,
    /// See [`ProvisionState`].
    pub facts: serde_json::Value,
    /// When it was last analysed.
    pub analysed_ms: i64,
    /// Version of the analyser.
    pub analyser: String,
    /// What the reader found, where an editor put another type or severity in its place.
    #[serde(rename = "reader_found", skip_serializing_if = "Option::is_none")]
    pub corrected: Option<ReadAs>,
}

/// What the reader found in the clause of a provision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReadAs {
    /// The clause type.
    pub clause_type: String,
    /// The severity.
    pub severity: Severity,
    /// Why it is raised or lowered.
    pub reasons: Vec<String>,
}

/// One thing seen, in order: a new version, or a capture that confirms the latest one.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The bytes.
    pub capture: NewCapture,
    /// The version read from them; none when the text is that of the latest version.
    pub version: Option<NewVersion>,
    /// The change from the version before; none for the first version.
    pub change: Option<NewChange>,
}

/// Everything learnt about one document in one go; recorded in one transaction or not at all.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// The document.
    pub document: DocumentId,
    /// Number of versions the caller built upon; the atlas refuses the batch if another writer has added one since.
    pub after_version: i64,
    /// How often the document had been analysed anew when its history was read; the atlas refuses the batch if it has been since.
    pub revised: i64,
    /// What was seen, oldest first.
    pub entries: Vec<Entry>,
    /// Wordings opened or closed (key: lineage, from_version).
    pub wordings: Vec<Wording>,
    /// Final state of every provision touched, and the new place of every standing one.
    pub provisions: Vec<ProvisionState>,
    /// What happened to provisions, in order.
    pub events: Vec<ProvisionEvent>,
    /// Earlier versions that the last entry confirms the change to, though its text is another one: what changed then still stands.
    pub standing: Vec<i64>,
    /// Versions that a text that is seen again does not confirm the change to: it only brought back what had stood there before.
    pub doubted: Vec<i64>,
    /// Analyser version.
    pub analyser: String,
    /// When the analyser ran.
    pub analysed_ms: i64,
    /// Import position to remember: (source key, position). Same transaction.
    pub cursor: Option<(String, String)>,
}

/// What became of a record when its document was analysed again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RevisionKind {
    /// The later reader finds a provision that the earlier one did not.
    Found,
    /// The later reader does not find a provision that the earlier one did.
    Withdrawn,
    /// The later reader judges it otherwise.
    Judged,
}

/// A field of a record before and after a revision, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The field.
    pub field: String,
    /// What it was.
    pub before: String,
    /// What it is.
    pub after: String,
}

/// "severity High, was Medium". Words of a clause and facts are too long for a line: that they differ is said.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or_none = |text: &str| if text.is_empty() { "none".to_owned() } else { text.to_owned() };
        match self.field.as_str() {
            "excerpt" | "facts" => write!(f, "other {}", self.field),
            field => write!(f, "{field} {}, was {}", or_none(&self.after), or_none(&self.before)),
        }
    }
}

/// The record that a revision is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Revised {
    /// A provision.
    Provision {
        /// Its ID.
        id: ProvisionId,
        /// Lineage of its clause.
        lineage: u32,
        /// Its clause type.
        clause_type: String,
        /// Its words.
        excerpt: String,
    },
    /// A change.
    Change {
        /// Its ID.
        id: ChangeId,
    },
}

/// What became of one record when its document was analysed again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Revision {
    /// The document.
    pub document: DocumentId,
    /// The record.
    pub record: Revised,
    /// What became of it.
    pub kind: RevisionKind,
    /// What differs, if it was there before and is still.
    pub differences: Vec<Difference>,
    /// When.
    pub at_ms: i64,
    /// The reader that it was analysed with.
    pub analyser: String,
    /// The reader before, of a provision that was there before.
    pub previous: Option<String>,
}

impl Revision {
    /// What became of the record, in words.
    pub fn told(&self) -> String {
        match self.kind {
            RevisionKind::Found => "found by a later reader".into(),
            RevisionKind::Withdrawn => "withdrawn by a later reader".into(),
            RevisionKind::Judged => self.differences.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
        }
    }
}

/// What a caller needs to go on with a document's history.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryState {
    /// Number of versions so far.
    pub versions: i64,
    /// How often the document has been analysed anew.
    pub revised: i64,
    /// The latest version that is not [`Materiality::Defective`]: the next one is aligned with it. 0 if there is none.
    pub base_version: i64,
    /// Clean text of that version.
    pub text: String,
    /// Lineage of each of its clauses.
    pub lineages: Vec<u32>,
    /// Highest lineage number ever used in the document, 0 if none.
    pub last_lineage: u32,
    /// Wordings that stand in that version.
    pub open_wordings: Vec<Wording>,
    /// Lineages that stand in no wording now, with the hash of their last words.
    pub retired: Vec<(u32, Sha256Digest)>,
    /// Every provision of the document, removed ones included.
    pub provisions: Vec<ProvisionState>,
    /// SHA-256 of every version's text with its number, oldest first.
    pub texts: Vec<(i64, Sha256Digest)>,
    /// Body hash of the latest capture.
    pub capture_sha256: Option<Sha256Digest>,
    /// When the latest version was last verified.
    pub last_verified_ms: i64,
}
