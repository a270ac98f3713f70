//! Import of an Open Terms Archive *versions* repository: a git repository, bare or not, in which each file
//! `Service/Terms Type.md` is a document and each commit that touches it records one version of its text.
//!
//! Two passes. The first walks all commits, oldest first, and lists each document's records (commit, time, blob), following
//! renames; it reads trees only. The second takes document by document, so that a history is a fold in memory and its batches
//! are written in few transactions; workers read and analyse, one writer records. After each batch the position is stored in
//! the same transaction, so that a killed import goes on where it was and a second run adds nothing.
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use atlas::Atlas;
use atlas::ids::DocumentId;
use atlas::records::{Batch, HistoryState, NewCapture, NewDocument, Origin, Platform};
use document::Source;
use gix::ObjectId;
use gix::object::tree::diff::ChangeDetached;
use provisions::Reader;
use tokio::sync::mpsc;

use super::{Progress, Summary};
use crate::history::{History, Observation, Observed};
use crate::slug;

/// Most versions, and most bytes, recorded in one transaction.
const BATCH_VERSIONS: usize = 128;
const BATCH_BYTES: usize = 16 << 20;

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
    /// Threads that read and analyse.
    pub workers: usize,
}

/// One recorded state of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Record {
    commit: ObjectId,
    blob: ObjectId,
    at_ms: i64,
    order: usize,
    links: Vec<String>,
    technical: bool,
}

/// A document and its records.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Track {
    /// Path at its first commit: stable, unlike the path after renames.
    first_path: String,
    path: String,
    records: Vec<Record>,
}

/// Imports a repository.
pub async fn import(
    atlas: &Atlas,
    reader: &'static Reader,
    options: Options<'_>,
    progress: Progress<'_>,
) -> Result<Summary, OtaError> {
    let repository = |reason: String| OtaError::Repository { path: options.path.into(), reason };
    let repo = gix::open(options.path).map_err(|error| repository(error.to_string()))?;
    let mut summary = Summary::default();
    let tracks = tracks(&repo, &mut summary.failures).map_err(repository)?;
    summary.documents = tracks.len();
    summary.platforms = tracks.iter().map(|track| service(&track.path).0).collect::<BTreeSet<_>>().len();
    let mut jobs = Vec::new();
    let all: usize = tracks.iter().map(|track| track.records.len()).sum();
    for track in tracks {
        let source = format!("ota:{}:{}@{}", options.name, track.first_path, track.records[0].commit);
        let done = position(&track, atlas.cursor(&source).await?.as_deref());
        summary.known += done;
        if done == track.records.len() {
            continue;
        }
        let document = register(atlas, &options.name, &track).await?;
        let state = atlas.history(document).await?;
        jobs.push(Job { track, source, done, document, state });
    }
    // Longest first: the last worker to finish should hold a short one.
    jobs.sort_by_key(|job| job.track.records.len() - job.done);
    run(atlas, reader, &options, repo.into_sync(), jobs, &mut summary, &|read| progress(read, all)).await?;
    Ok(summary)
}

/// How many records the stored position says are done: the position is the commit of the last one.
fn position(track: &Track, cursor: Option<&str>) -> usize {
    let Some(cursor) = cursor else { return 0 };
    track.records.iter().position(|record| record.commit.to_string() == cursor).map_or(0, |index| index + 1)
}

/// Creates platform and document. A collection that is not the first to bring a document of this kind gets one of its own, since
/// two recorders' extractions of one page differ and would seem to change back and forth.
async fn register(atlas: &Atlas, collection: &str, track: &Track) -> Result<DocumentId, OtaError> {
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
    let document =
        NewDocument { platform: slug, kind, title, urls: vec![], language: None, select: vec![], remove: vec![] };
    Ok(atlas.put_document(&document).await?)
}

/// `Service/Terms Type.md` to service and terms type.
fn service(path: &str) -> (String, String) {
    let (service, file) = path.split_once('/').unwrap_or(("", path));
    let kind = file.strip_suffix(".md").unwrap_or(file);
    // A part of a document ("Terms of Service #Arbitration") is a document of its own.
    (service.to_string(), kind.to_string())
}

/// The first pass: every document's records, oldest first.
fn tracks(repo: &gix::Repository, failures: &mut Vec<String>) -> Result<Vec<Track>, String> {
    let mut walk = Walk::default();
    for (order, id) in commits(repo)?.into_iter().enumerate() {
        if let Err(reason) = walk.commit(repo, id, order) {
            failures.push(format!("commit {id}: {reason}"));
        }
    }
    Ok(merged(walk.tracks))
}

/// One track a document: paths that differ only in spelling, or that took turns through renames, are one document's history.
fn merged(tracks: Vec<Track>) -> Vec<Track> {
    let mut by_document: HashMap<(String, String), usize> = HashMap::new();
    let mut out: Vec<Track> = Vec::new();
    for track in tracks.into_iter().filter(|track| !track.records.is_empty()) {
        let (name, kind) = service(&track.path);
        match by_document.entry((slug(&name), kind)) {
            Entry::Occupied(entry) => out[*entry.get()].records.extend(track.records),
            Entry::Vacant(entry) => {
                entry.insert(out.len());
                out.push(track);
            }
        }
    }
    for track in &mut out {
        track.records.sort_by_key(|record| (record.at_ms, record.order));
    }
    out
}

/// All commits reachable from HEAD, each after its parents.
fn commits(repo: &gix::Repository) -> Result<Vec<ObjectId>, String> {
    let head = repo.head_id().map_err(|error| error.to_string())?;
    let walk = repo.rev_walk([head.detach()]).all().map_err(|error| error.to_string())?;
    let mut ids = Vec::new();
    let mut parents: HashMap<ObjectId, Vec<ObjectId>> = HashMap::new();
    for info in walk {
        let info = info.map_err(|error| error.to_string())?;
        parents.insert(info.id, info.parent_ids.to_vec());
        ids.push(info.id);
    }
    Ok(parents_first(&ids, &parents))
}

/// Depth-first from the oldest end, without recursion: histories are tens of thousands of commits long.
fn parents_first(ids: &[ObjectId], parents: &HashMap<ObjectId, Vec<ObjectId>>) -> Vec<ObjectId> {
    let mut done: HashSet<ObjectId> = HashSet::new();
    let mut out = Vec::with_capacity(ids.len());
    for &start in ids.iter().rev() {
        let mut stack = vec![(start, false)];
        while let Some((id, expanded)) = stack.pop() {
            if expanded {
                out.push(id);
            } else if done.insert(id) {
                stack.push((id, true));
                let known = parents.get(&id).into_iter().flatten().filter(|parent| !done.contains(*parent));
                stack.extend(known.map(|parent| (*parent, false)));
            }
        }
    }
    out
}

/// The state of the first pass.
#[derive(Default)]
struct Walk {
    tracks: Vec<Track>,
    by_path: HashMap<String, usize>,
}

impl Walk {
    fn commit(&mut self, repo: &gix::Repository, id: ObjectId, order: usize) -> Result<(), String> {
        let text = |error: &dyn std::fmt::Display| error.to_string();
        let commit = repo.find_commit(id).map_err(|error| text(&error))?;
        let tree = commit.tree().map_err(|error| text(&error))?;
        let parent = match commit.parent_ids().next() {
            Some(parent) => Some(
                repo.find_commit(parent.detach())
                    .and_then(|parent| Ok(parent.tree()?))
                    .map_err(|error| text(&error))?,
            ),
            None => None,
        };
        let message = commit.message_raw_sloppy().to_string();
        let seconds = commit.author().map_err(|error| text(&error))?.time().map_err(|error| text(&error))?.seconds;
        let mut options = gix::diff::Options::default();
        options.track_path();
        options.track_rewrites(Some(gix::diff::Rewrites {
            copies: None,
            percentage: Some(0.5),
            limit: 200,
            track_empty: false,
        }));
        let changes = repo.diff_tree_to_tree(parent.as_ref(), Some(&tree), options).map_err(|error| text(&error))?;
        let record = |blob| Record {
            commit: id,
            blob,
            at_ms: seconds * 1000,
            order,
            links: links(&message),
            technical: is_technical(&message),
        };
        for change in changes {
            self.change(change, &record);
        }
        Ok(())
    }

    fn change(&mut self, change: ChangeDetached, record: &dyn Fn(ObjectId) -> Record) {
        match change {
            ChangeDetached::Addition { location, entry_mode, id, .. }
            | ChangeDetached::Modification { location, entry_mode, id, .. } => {
                let path = location.to_string();
                if entry_mode.is_blob() && is_document(&path) {
                    let index = self.track(path);
                    self.tracks[index].records.push(record(id));
                }
            }
            ChangeDetached::Rewrite { source_location, source_id, location, id, entry_mode, copy: false, .. } => {
                let path = location.to_string();
                if !entry_mode.is_blob() || !is_document(&path) {
                    return;
                }
                let moved = self.by_path.remove(&source_location.to_string());
                let index = moved.unwrap_or_else(|| self.track(path.clone()));
                self.by_path.insert(path.clone(), index);
                self.tracks[index].path = path;
                if source_id != id {
                    self.tracks[index].records.push(record(id));
                }
            }
            ChangeDetached::Rewrite { .. } | ChangeDetached::Deletion { .. } => {}
        }
    }

    fn track(&mut self, path: String) -> usize {
        *self.by_path.entry(path.clone()).or_insert_with(|| {
            self.tracks.push(Track { first_path: path.clone(), path, records: Vec::new() });
            self.tracks.len() - 1
        })
    }
}

/// Documents lie one folder deep and end in `.md`; README and licence files do not.
fn is_document(path: &str) -> bool {
    path.ends_with(".md") && path.matches('/').count() == 1 && !path.starts_with('.')
}

/// Links to the snapshots that a version was extracted from.
fn links(message: &str) -> Vec<String> {
    message
        .split_whitespace()
        .filter(|word| word.starts_with("https://") && word.contains("/commit"))
        .map(str::to_string)
        .collect()
}

/// Commits made because the recorder's extraction changed, not the document.
fn is_technical(message: &str) -> bool {
    let subject = message.lines().next().unwrap_or("");
    subject.starts_with("Apply technical or declaration upgrade") || subject.starts_with("Refilter")
}

/// A document with records to import.
struct Job {
    track: Track,
    source: String,
    done: usize,
    document: DocumentId,
    state: Option<HistoryState>,
}

/// What a worker sends to the writer.
enum Message {
    Batch(Box<Batch>),
    Failure(String),
    Progress { versions: usize, confirmed: usize },
}

/// The second pass.
async fn run(
    atlas: &Atlas,
    reader: &'static Reader,
    options: &Options<'_>,
    repo: gix::ThreadSafeRepository,
    jobs: Vec<Job>,
    summary: &mut Summary,
    progress: &(dyn Fn(usize) + Send + Sync),
) -> Result<(), OtaError> {
    let jobs = Mutex::new(jobs);
    let stop = AtomicUsize::new(0);
    let (sender, mut receiver) = mpsc::channel::<Message>(3);
    let mut outcome = Ok(());
    std::thread::scope(|scope| {
        for _ in 0..options.workers.max(1) {
            let (sender, jobs, stop, repo) = (sender.clone(), &jobs, &stop, repo.clone());
            scope.spawn(move || {
                let mut repo = repo.to_thread_local();
                repo.object_cache_size_if_unset(8 << 20);
                while stop.load(Ordering::Relaxed) == 0 {
                    let Some(job) = jobs.lock().unwrap_or_else(|poison| poison.into_inner()).pop() else { break };
                    fold(&repo, reader, options, job, &sender);
                }
            });
        }
        drop(sender);
        outcome = tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(write(atlas, &mut receiver, summary, progress))
        });
        stop.store(1, Ordering::Relaxed);
        // Workers blocked on a full channel end when it closes.
        receiver.close();
    });
    outcome
}

async fn write(
    atlas: &Atlas,
    receiver: &mut mpsc::Receiver<Message>,
    summary: &mut Summary,
    progress: &(dyn Fn(usize) + Send + Sync),
) -> Result<(), OtaError> {
    while let Some(message) = receiver.recv().await {
        match message {
            Message::Batch(batch) => {
                summary.read += batch.entries.len();
                atlas.record(&batch).await?;
                progress(summary.known + summary.read);
            }
            Message::Failure(failure) => summary.failures.push(failure),
            Message::Progress { versions, confirmed } => {
                summary.versions += versions;
                summary.confirmed += confirmed;
            }
        }
    }
    Ok(())
}

/// Folds one document's records into batches.
fn fold(repo: &gix::Repository, reader: &Reader, options: &Options<'_>, job: Job, sender: &mpsc::Sender<Message>) {
    let mut history = History::resume(reader, job.document, job.state);
    let (mut versions, mut confirmed) = (0, 0);
    let mut last = None;
    let mut send = |history: &mut History<'_>, last: Option<ObjectId>| {
        let cursor = last.map(|commit| (job.source.clone(), commit.to_string()));
        let batch = history.take_batch(reader.version(), options.now_ms, cursor);
        sender.blocking_send(Message::Batch(Box::new(batch))).is_ok()
    };
    for record in &job.track.records[job.done..] {
        match observe(repo, options, record) {
            Ok(observation) => match history.observe(observation) {
                Observed::Version(_) => versions += 1,
                Observed::SameText | Observed::SameBytes => confirmed += 1,
            },
            Err(reason) => {
                let failure = format!("commit {}, {}: {reason}", record.commit, job.track.path);
                let _ = sender.blocking_send(Message::Failure(failure));
            }
        }
        last = Some(record.commit);
        if (history.pending() >= BATCH_VERSIONS || history.pending_bytes() >= BATCH_BYTES) && !send(&mut history, last)
        {
            return;
        }
    }
    if history.pending() > 0 || last.is_some() {
        send(&mut history, last);
    }
    let _ = sender.blocking_send(Message::Progress { versions, confirmed });
}

/// Reads one record's text.
fn observe(repo: &gix::Repository, options: &Options<'_>, record: &Record) -> Result<Observation, String> {
    let mut blob = repo.find_blob(record.blob).map_err(|error| error.to_string())?;
    let body = blob.take_data();
    let source = Source { bytes: &body, content_type: Some("text/markdown"), ..Source::default() };
    let reading = document::read(&source).map_err(|error| error.to_string())?;
    let origin = Origin {
        kind: "ota".into(),
        name: options.name.clone(),
        id: record.commit.to_string(),
        links: record.links.clone(),
    };
    let headers = vec![("content-type".to_string(), "text/markdown; charset=utf-8".to_string())];
    let capture = NewCapture { at_ms: record.at_ms, url: None, status: 0, headers, body, origin: Some(origin) };
    let technical = record.technical.then(|| "the collection changed how it extracts the text".to_string());
    Ok(Observation { capture, text: reading.text, recorded: true, technical })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_messages() {
        assert!(is_document("Plum/Privacy Policy.md"));
        assert!(
            !is_document("README.md")
                && !is_document(".github/x.md")
                && !is_document("a/b/c.md")
                && !is_document("a/b.json")
        );
        assert_eq!(service("Plum/Privacy Policy.md"), ("Plum".into(), "Privacy Policy".into()));
        let message = "Record new changes of Plum Terms\n\nThis version was recorded after extracting from snapshot https://git.example/plum/commit/54c413\n";
        assert_eq!(links(message), ["https://git.example/plum/commit/54c413"]);
        assert!(is_technical("Apply technical or declaration upgrade on Plum Terms\n") && !is_technical(message));
    }
}
