//! The second pass: documents are read and analysed in lanes, each a thread, and recorded by one writer.
//!
//! The order of recording does not depend on how fast a lane is, nor on how often the import was killed: which document is in which
//! lane follows from the repository alone, and it is always the turn of the lane with the fewest records done. So the same repository
//! gives the same record IDs and the same log, and an import that goes on after a kill ends with the same store.
use std::cmp::Reverse;
use std::sync::atomic::{AtomicBool, Ordering};

use atlas::Atlas;
use atlas::ids::DocumentId;
use atlas::records::{Batch, NewCapture, Origin};
use document::Source;
use provisions::Reader;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::super::Summary;
use super::walk::{Record, Track};
use super::{Options, OtaError, position_text};
use crate::history::{EXTRACTION, History, Observation, Observed};

/// Lanes, on every machine alike. Twice the cores of a small machine: a lane that waits for its turn leaves its core to another.
const LANES: usize = 4;
/// Batches that a lane may be ahead of the writer.
const AHEAD: usize = 2;
/// Most versions, and most bytes, recorded in one transaction.
const BATCH_VERSIONS: usize = 128;
const BATCH_BYTES: usize = 6 << 20;

/// A document with records to import.
pub(super) struct Job {
    pub track: Track,
    pub source: String,
    pub done: usize,
    pub document: DocumentId,
}

/// What a lane sends to the writer: a batch, and how many records (those that failed included) it stands for.
struct Done {
    batch: Batch,
    records: usize,
    versions: usize,
    failures: Vec<String>,
}

/// The documents of one lane, in order, and how many of its records are imported.
#[derive(Default)]
struct Lane {
    jobs: Vec<Job>,
    records: usize,
    done: usize,
}

/// Longest documents first, each into the lane that has the least to do.
fn lanes(mut jobs: Vec<Job>) -> Vec<Lane> {
    jobs.sort_by_key(|job| Reverse(job.track.records.len()));
    let mut lanes: Vec<Lane> = (0..LANES).map(|_| Lane::default()).collect();
    for job in jobs {
        let Some(lane) = lanes.iter_mut().min_by_key(|lane| lane.records) else { break };
        lane.records += job.track.records.len();
        lane.done += job.done;
        lane.jobs.push(job);
    }
    lanes
}

/// Imports what is not done. `jobs` holds the documents that are done as well: they decide whose turn it is.
pub(super) async fn run(
    atlas: &Atlas,
    reader: &'static Reader,
    options: &Options<'_>,
    repo: gix::ThreadSafeRepository,
    jobs: Vec<Job>,
    summary: &mut Summary,
    progress: &(dyn Fn(usize) + Send + Sync),
) -> Result<(), OtaError> {
    let stop = AtomicBool::new(false);
    let runtime = Handle::current();
    let mut outcome = Ok(());
    std::thread::scope(|scope| {
        let mut turns = Vec::new();
        for lane in lanes(jobs) {
            let (sender, receiver) = mpsc::channel::<Result<Done, OtaError>>(AHEAD);
            turns.push(Turn { receiver, done: lane.done });
            let (stop, repo, runtime) = (&stop, repo.clone(), runtime.clone());
            scope.spawn(move || {
                let mut repo = repo.to_thread_local();
                repo.object_cache_size_if_unset(8 << 20);
                let worker = Worker { atlas, repo: &repo, reader, options, runtime, sender };
                for job in lane.jobs.into_iter().filter(|job| job.done < job.track.records.len()) {
                    if stop.load(Ordering::Relaxed) || !worker.fold(job) {
                        break;
                    }
                }
            });
        }
        outcome = tokio::task::block_in_place(|| runtime.block_on(write(atlas, &mut turns, summary, progress)));
        // Lanes that wait for their turn end when their channel closes.
        stop.store(true, Ordering::Relaxed);
        drop(turns);
    });
    outcome
}

/// A lane as the writer sees it.
struct Turn {
    receiver: mpsc::Receiver<Result<Done, OtaError>>,
    done: usize,
}

async fn write(
    atlas: &Atlas,
    turns: &mut Vec<Turn>,
    summary: &mut Summary,
    progress: &(dyn Fn(usize) + Send + Sync),
) -> Result<(), OtaError> {
    while let Some(turn) = (0..turns.len()).min_by_key(|&lane| (turns[lane].done, lane)) {
        let Some(done) = turns[turn].receiver.recv().await else {
            // Removing keeps the order of the others, which decides between lanes that have done as much.
            turns.remove(turn);
            continue;
        };
        let done = done?;
        atlas.record(done.batch).await?;
        turns[turn].done += done.records;
        summary.read += done.records;
        summary.versions += done.versions;
        summary.failures.extend(done.failures);
        progress(summary.known + summary.read);
    }
    Ok(())
}

/// What a lane works with.
struct Worker<'a> {
    atlas: &'a Atlas,
    repo: &'a gix::Repository,
    reader: &'static Reader,
    options: &'a Options<'a>,
    runtime: Handle,
    sender: mpsc::Sender<Result<Done, OtaError>>,
}

impl Worker<'_> {
    /// Folds one document's records into batches; false if nobody takes them any more.
    fn fold(&self, job: Job) -> bool {
        let state = match self.runtime.block_on(self.atlas.history(job.document)) {
            Ok(state) => state,
            Err(error) => return self.sender.blocking_send(Err(error.into())).is_ok(),
        };
        let mut history = History::resume(self.reader, job.document, state);
        let (mut records, mut versions, mut failures) = (0, 0, Vec::new());
        for (index, record) in job.track.records.iter().enumerate().skip(job.done) {
            records += 1;
            match observe(self.repo, self.options, record) {
                Ok(observation) => {
                    versions += usize::from(matches!(history.observe(observation), Observed::Version(_)))
                }
                Err(reason) => failures.push(format!("commit {}, {}: {reason}", record.commit, job.track.path)),
            }
            let last = index + 1 == job.track.records.len();
            if last || history.pending() >= BATCH_VERSIONS || history.pending_bytes() >= BATCH_BYTES {
                let position = (job.source.clone(), position_text(&job.track, index, job.document));
                let batch = history.take_batch(self.reader.version(), self.options.now_ms, Some(position));
                let done = Done { batch, records, versions, failures: std::mem::take(&mut failures) };
                (records, versions) = (0, 0);
                if self.sender.blocking_send(Ok(done)).is_err() {
                    return false;
                }
            }
        }
        true
    }
}

/// Reads one record's text.
fn observe(repo: &gix::Repository, options: &Options<'_>, record: &Record) -> Result<Observation, String> {
    let mut blob = repo.find_blob(record.blob).map_err(|error| error.to_string())?;
    let body = blob.take_data();
    let source = Source { bytes: &body, content_type: Some("text/markdown"), ..Source::default() };
    let text = document::text(&source).map_err(|error| error.to_string())?;
    let origin = Origin {
        kind: "ota".into(),
        name: options.name.clone(),
        id: record.commit.to_string(),
        links: record.links.clone(),
    };
    let headers = vec![("content-type".to_string(), "text/markdown; charset=utf-8".to_string())];
    let capture = NewCapture { at_ms: record.at_ms, url: None, status: 0, headers, body, origin: Some(origin) };
    let technical = record.technical.then(|| EXTRACTION.to_string());
    Ok(Observation { capture, text, recorded: true, technical })
}
