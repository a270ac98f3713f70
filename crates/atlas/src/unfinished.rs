//! Temporary: signatures whose bodies are being written.
#![allow(clippy::todo, unused_variables)]
use archive::Sha256Digest;
use archive::log::Hash;

use crate::error::Result;
use crate::ids::{ChangeId, DocumentId, ProvisionId};
use crate::jobs::{Check, CheckStatus, DueDocument};
use crate::records::{
    Batch, Capture, Change, Document, EventKind, HistoryState, NewDocument, Platform, Provision, Version, Wording,
};
use crate::*;

impl Atlas {
    /// Opens.
    pub async fn open(location: &Location, log: &LogConfig) -> Result<Atlas> { todo!() }
    /// Upserts.
    pub async fn put_platform(&self, platform: &Platform) -> Result<()> { todo!() }
    /// Upserts by (platform, kind, title).
    pub async fn put_document(&self, document: &NewDocument) -> Result<DocumentId> { todo!() }
    /// None: no version yet.
    pub async fn history(&self, document: DocumentId) -> Result<Option<HistoryState>> { todo!() }
    /// Records.
    pub async fn record(&self, batch: &Batch) -> Result<Recorded> { todo!() }
    /// Verified.
    pub async fn verified(&self, document: DocumentId, at_ms: i64) -> Result<()> { todo!() }
    /// Import position.
    pub async fn cursor(&self, source: &str) -> Result<Option<String>> { todo!() }
    /// Sets an import position.
    pub async fn set_cursor(&self, source: &str, position: &str) -> Result<()> { todo!() }
    /// Outcome of a check.
    pub async fn checked(&self, document: DocumentId, check: &Check) -> Result<()> { todo!() }
    /// Claims due documents.
    pub async fn due(&self, now_ms: i64, limit: i64) -> Result<Vec<DueDocument>> { todo!() }
    /// How checks have gone; documents that fail first.
    pub async fn check_statuses(&self) -> Result<Vec<CheckStatus>> { todo!() }
    /// Durability of following records.
    pub async fn set_durability(&self, durability: Durability) -> Result<()> { todo!() }
    /// Rebuilds the index.
    pub async fn rebuild_search(&self) -> Result<usize> { todo!() }
    /// Outbox to index.
    pub async fn index_pending(&self) -> Result<usize> { todo!() }
    /// Search.
    pub async fn search(&self, query: &SearchQuery) -> Result<SearchPage> { todo!() }
    /// Counts.
    pub async fn counts(&self) -> Result<Counts> { todo!() }
    /// Platforms.
    pub async fn platforms(&self, filter: &PlatformFilter) -> Result<Vec<PlatformRow>> { todo!() }
    /// Platform.
    pub async fn platform(&self, slug: &str) -> Result<Option<PlatformDetail>> { todo!() }
    /// Profile.
    pub async fn category_profile(&self, slug: &str) -> Result<Vec<CategoryShare>> { todo!() }
    /// Document.
    pub async fn document(&self, id: DocumentId) -> Result<Option<Document>> { todo!() }
    /// Documents.
    pub async fn documents(&self) -> Result<Vec<Document>> { todo!() }
    /// Versions, oldest first.
    pub async fn versions(&self, document: DocumentId) -> Result<Vec<Version>> { todo!() }
    /// Version.
    pub async fn version(&self, document: DocumentId, number: i64) -> Result<Option<Version>> { todo!() }
    /// Text.
    pub async fn version_text(&self, document: DocumentId, number: i64) -> Result<Option<String>> { todo!() }
    /// Lineage of each clause.
    pub async fn version_lineages(&self, document: DocumentId, number: i64) -> Result<Vec<u32>> { todo!() }
    /// Wordings of a lineage.
    pub async fn wordings(&self, document: DocumentId, lineage: u32) -> Result<Vec<Wording>> { todo!() }
    /// Standing in that version.
    pub async fn provisions_at(&self, document: DocumentId, version: i64) -> Result<Vec<Provision>> { todo!() }
    /// Most severe first.
    pub async fn document_provisions(&self, document: DocumentId, include_removed: bool) -> Result<Vec<Provision>> { todo!() }
    /// Provision.
    pub async fn provision(&self, id: ProvisionId) -> Result<Option<Provision>> { todo!() }
    /// Events: kind, version number, time.
    pub async fn provision_events(&self, id: ProvisionId) -> Result<Vec<(EventKind, i64, i64)>> { todo!() }
    /// Instances of a type.
    pub async fn provisions_of_type(&self, clause_type: &str, filter: &InstanceFilter) -> Result<Vec<Provision>> { todo!() }
    /// Closest on other platforms.
    pub async fn elsewhere(&self, id: ProvisionId, limit: i64) -> Result<Vec<Provision>> { todo!() }
    /// Counts of every type.
    pub async fn type_counts(&self) -> Result<Vec<TypeCount>> { todo!() }
    /// Rarity.
    pub async fn rarity(&self, clause_type: &str) -> Result<Rarity> { todo!() }
    /// Year, platforms at its end.
    pub async fn type_over_time(&self, clause_type: &str) -> Result<Vec<(i32, i64)>> { todo!() }
    /// Newest first.
    pub async fn changes(&self, filter: &ChangeFilter) -> Result<Vec<Change>> { todo!() }
    /// Change.
    pub async fn change(&self, id: ChangeId) -> Result<Option<Change>> { todo!() }
    /// Change that led to a version.
    pub async fn change_between(&self, document: DocumentId, to_version: i64) -> Result<Option<Change>> { todo!() }
    /// Material and minor changes of a platform since.
    pub async fn changes_count(&self, platform: &str, since_ms: i64) -> Result<i64> { todo!() }
    /// Clause types with the platforms that took them up since.
    pub async fn rising(&self, since_ms: i64, limit: i64) -> Result<Vec<(String, i64)>> { todo!() }
    /// Capture.
    pub async fn capture(&self, id: i64) -> Result<Option<Capture>> { todo!() }
    /// Captures of a document, oldest first.
    pub async fn captures(&self, document: DocumentId) -> Result<Vec<Capture>> { todo!() }
    /// Body of a capture.
    pub async fn capture_body(&self, id: i64) -> Result<Option<Vec<u8>>> { todo!() }
    /// Signed note.
    pub async fn log_checkpoint(&self) -> Result<String> { todo!() }
    /// Tile or entry bundle.
    pub async fn log_tile(&self, path: &str) -> Result<Option<Vec<u8>>> { todo!() }
    /// Entry.
    pub async fn log_entry(&self, index: i64) -> Result<Option<Vec<u8>>> { todo!() }
    /// Proof with the checkpoint that it is for; none if there is no such entry.
    pub async fn inclusion_proof(&self, index: i64) -> Result<Option<archive::log::TlogProof>> { todo!() }
    /// Verifier key text.
    pub fn log_key(&self) -> String { todo!() }
    /// What goes into a bundle; `provision` must stand in the version.
    pub async fn evidence(&self, document: DocumentId, number: i64, provision: Option<ProvisionId>) -> Result<Evidence> { todo!() }
    /// Every contradiction in the store.
    pub async fn check(&self) -> Result<Vec<Problem>> { todo!() }
}
