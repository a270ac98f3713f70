//! Import of an Open Terms Archive *versions* repository: a git repository, bare or not, in which each file
//! `Service/Terms Type.md` is a document and each commit that touches it records one version of its text.
//!
//! Two passes. The first walks all commits, oldest first, and lists each document's records (commit, time, blob), following
//! renames; it reads trees only. The second takes document by document, so that a history is a fold in memory and its batches
//! are written in few transactions; lanes read and analyse, one writer records. With each batch the position is stored in the
//! same transaction, so that a killed import goes on where it was and a second run adds nothing.
mod lanes;
pub(crate) mod walk;

use std::path::{Path, PathBuf};

use atlas::Atlas;
use atlas::ids::DocumentId;
use atlas::records::{NewDocument, Platform};
use document::Source;
use provisions::Reader;

use self::lanes::Job;
use self::walk::{Track, service};
use super::{Progress, Summary};
use crate::slug;

/// As much of a text tells its language.
const LANGUAGE_BYTES: usize = 20_000;

/// Why a repository cannot be imported at all.
#[derive(Debug, thiserror::Error)]
pub enum OtaError {
    /// Not a git repository, or a broken one.
    #[error("{}: {reason}. Give the folder of an Open Terms Archive versions repository, bare or not", path.display())]
    Repository {
        /// The folder.
        path: PathBuf,
        /// What git said.
        reason: String,
    },
    /// The store refused.
    #[error(transparent)]
    Atlas(#[from] atlas::AtlasError),
}

/// How to import.
pub struct Options<'a> {
    /// The repository.
    pub path: &'a Path,
    /// Name of the collection.
    pub name: String,
    /// When the analysis runs, in milliseconds since 1970 UTC.
    pub now_ms: i64,
}

/// Imports a repository.
pub async fn import(
    atlas: &Atlas,
    reader: &'static Reader,
    options: Options<'_>,
    progress: Progress<'_>,
) -> Result<Summary, OtaError> {
    let repository = |reason: String| OtaError::Repository { path: options.path.into(), reason };
    let mut repo = gix::open(options.path).map_err(|error| repository(error.to_string()))?;
    // Each tree is read twice, for its commit and for the next; near ones are packed as differences.
    repo.object_cache_size_if_unset(32 << 20);
    let mut summary = Summary::default();
    let tracks = walk::tracks(&repo, &mut summary.failures).map_err(repository)?;
    summary.documents = tracks.len();
    summary.platforms = tracks.iter().map(|track| slug(&service(&track.path).0)).collect();
    let all: usize = tracks.iter().map(|track| track.records.len()).sum();
    let mut jobs = Vec::with_capacity(tracks.len());
    for track in tracks {
        let job = begin(atlas, &repo, &options.name, track, &mut summary).await?;
        summary.known += job.done;
        jobs.push(job);
    }
    lanes::run(atlas, reader, &options, repo.into_sync(), jobs, &mut summary, &|read| progress(read, all)).await?;
    Ok(summary)
}

/// Where an earlier import of the document stopped; for a new document, its place in the store.
async fn begin(
    atlas: &Atlas,
    repo: &gix::Repository,
    collection: &str,
    track: Track,
    summary: &mut Summary,
) -> Result<Job, OtaError> {
    let source = format!("ota:{collection}:{}@{}", track.first_path, track.records[0].commit);
    if let Some((done, document)) = atlas.cursor(&source).await?.and_then(|text| position(&track, &text)) {
        return Ok(Job { track, source, done, document });
    }
    let document = register(atlas, collection, &track, language(repo, &track)).await?;
    // A document that has a history already, from a collection whose commits were rewritten, is not given the same history again.
    let known_ms = atlas.document(document).await?.and_then(|document| document.last_verified_ms);
    let done = known_ms.map_or(0, |known_ms| track.records.partition_point(|record| record.at_ms <= known_ms));
    if done > 0 {
        atlas.set_cursor(&source, &position_text(&track, done - 1, document)).await?;
        summary.failures.push(format!(
            "{}: {done} records are not later than what {document} holds, and were left out",
            track.path
        ));
    }
    Ok(Job { track, source, done, document })
}

/// The position after a record: its commit and blob, and the document that it went to.
fn position_text(track: &Track, index: usize, document: DocumentId) -> String {
    let record = &track.records[index];
    format!("{} {} {document}", record.commit, record.blob)
}

/// How many records a stored position says are done, and the document that they are in; none if it is of another history.
fn position(track: &Track, text: &str) -> Option<(usize, DocumentId)> {
    let mut parts = text.split(' ');
    let (commit, blob, document) = (parts.next()?, parts.next()?, parts.next()?.parse().ok()?);
    let is_it = |record: &walk::Record| record.commit == commit && record.blob == blob;
    Some((track.records.iter().rposition(is_it)? + 1, document))
}

/// Creates platform and document. A collection that is not the first to bring a document of this kind gets one of its own, since
/// two recorders' extractions of one page differ and would seem to change back and forth.
async fn register(
    atlas: &Atlas,
    collection: &str,
    track: &Track,
    language: Option<String>,
) -> Result<DocumentId, OtaError> {
    let (name, kind) = service(&track.path);
    let slug = slug(&name);
    let owner_key = format!("ota-owner:{slug}:{kind}");
    let owner = atlas.cursor(&owner_key).await?;
    if owner.is_none() {
        atlas.set_cursor(&owner_key, collection).await?;
    }
    let title =
        if owner.is_none_or(|owner| owner == collection) { kind.clone() } else { format!("{kind} ({collection})") };
    atlas.put_platform(&Platform { slug: slug.clone(), name, homepage: None, sector: None, country: None }).await?;
    let document = NewDocument { platform: slug, kind, title, urls: vec![], language, select: vec![], remove: vec![] };
    Ok(atlas.put_document(&document).await?)
}

/// The language of a document: that of its latest record that can be read.
fn language(repo: &gix::Repository, track: &Track) -> Option<String> {
    track.records.iter().rev().take(3).find_map(|record| {
        let blob = repo.find_blob(record.blob).ok()?;
        let start = &blob.data[..blob.data.len().min(LANGUAGE_BYTES)];
        let source = Source { bytes: start, content_type: Some("text/markdown"), ..Source::default() };
        document::read(&source).ok()?.language
    })
}
