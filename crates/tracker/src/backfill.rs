//! A document's past from an archive outside, through the same door as live pages and imports.
//!
//! The archive's index is asked for all captures of the document's address with another body than the one before; each is fetched as it was
//! captured and observed in the order of their times. Bytes and times are the archive's word: the capture says where the bytes come from, by
//! its address and its origin.
//!
//! A version's number stands in the log, so nothing is put before a version that is recorded. The past of a document has to come in before its
//! first check, or becomes a document of its own ([`Wanted::apart`]). With what is recorded the position is kept in one transaction: killed at
//! any moment, a backfill goes on where it was, and a second one adds nothing.
use archive::instant::DAY_MS;
use atlas::ids::DocumentId;
use atlas::jobs::DueDocument;
use atlas::records::{Batch, Document, Materiality, NewCapture, NewDocument, Origin};
use atlas::witnesses::{WAYBACK, archive_title};
use atlas::{Atlas, AtlasError};
use compare::{Defect, defect};
use document::Source;
use provisions::Reader;
use serde::Serialize;
use witness::{Archive, Failure, Listed, Raw, Span};

use crate::history::{History, Observation, Observed};
use crate::import::Progress;
use crate::track::read_page;

/// For so long the first check of a document waits for its past; renewed with each capture. A run that was stopped is gone on with till then.
const WAIT_MS: i64 = DAY_MS;
/// An error page or a wall has fewer words than this; a document has more, or is so short that nothing can be told of it.
const WALL_WORDS: usize = 250;
/// Short captures that are held back before the first version at most: where there are more, that is what the document is.
const HELD: usize = 8;
/// Parts of an index that are read at most: of more captures than this no person will read the history.
const PARTS: usize = 100;

/// Why a document has no past that can be asked for.
#[derive(Debug, thiserror::Error)]
pub enum BackfillError {
    /// The store failed.
    #[error(transparent)]
    Atlas(#[from] AtlasError),
    /// An archive knows pages, not documents.
    #[error(
        "{document} has {addresses} addresses: an archive is asked for the captures of one; name a document of one page"
    )]
    Addresses {
        /// The document.
        document: DocumentId,
        /// How many it has.
        addresses: usize,
    },
    /// Its page is nobody's business outside.
    #[error("{document}: {failure}")]
    Withheld {
        /// The document.
        document: DocumentId,
        /// Why the archive is not asked.
        failure: Failure,
    },
}

/// What to fetch.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    /// Captures from this instant on.
    pub since_ms: Option<i64>,
    /// Most captures, and a few more where the first ones may be error pages; the next run goes on after them.
    pub most: Option<usize>,
    /// Whether what the archive has becomes a document of its own beside the one that is tracked.
    pub apart: bool,
}

/// What a backfill did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Filled {
    /// The document that the captures went to.
    pub document: DocumentId,
    /// Captures in the archive's index that were not seen to before.
    pub listed: usize,
    /// Rows of its index that name no capture of the page.
    pub unusable: usize,
    /// Versions added.
    pub versions: usize,
    /// Captures with a text that was known.
    pub confirmed: usize,
    /// Captures that lie before what the document holds, and were left out.
    pub earlier: usize,
    /// Captures that are not the document, each with the reason.
    pub passed_over: Vec<String>,
    /// Captures that are still to be fetched.
    pub left: usize,
    /// Why it ended early, if it did.
    pub stopped: Option<String>,
}

impl Filled {
    /// What two runs after each other did.
    pub fn and(mut self, later: Filled) -> Filled {
        self.passed_over.extend(later.passed_over);
        Filled {
            // The later run sees what the earlier one left.
            listed: self.listed - self.left + later.listed,
            unusable: self.unusable.max(later.unusable),
            versions: self.versions + later.versions,
            confirmed: self.confirmed + later.confirmed,
            earlier: self.earlier.max(later.earlier),
            passed_over: self.passed_over,
            ..later
        }
    }
}

/// Fetches documents' pasts from one archive.
pub struct Backfill<'a> {
    /// Where records are kept.
    pub atlas: &'a Atlas,
    /// Who finds provisions.
    pub reader: &'a Reader,
    /// Who is asked.
    pub archive: &'a Archive,
    /// Milliseconds since 1970 UTC.
    pub now: &'a (dyn Fn() -> i64 + Send + Sync),
}

/// A capture that was fetched and read.
struct Seen {
    listed: Listed,
    raw: Raw,
    text: String,
}

/// What became of a capture.
enum Noted {
    Version,
    Known,
    NotIt(&'static str),
    Late,
}

/// A backfill under way.
struct Run<'r> {
    due: &'r DueDocument,
    target: DocumentId,
    /// Under which name the position is kept.
    source: String,
    /// Whether its first check has to wait for its past.
    unchecked: bool,
    /// Whether the next capture becomes the first version.
    empty: bool,
    /// Short captures before the first version. They are held back until a longer one shows which of them are error pages.
    held: Vec<Seen>,
    filled: Filled,
}

impl Backfill<'_> {
    /// Fetches what the archive has of a document and was not fetched before, and tells how far it is. An archive that fails ends it early,
    /// which is said in the outcome; the next one goes on from there.
    pub async fn run(&self, id: DocumentId, wanted: Wanted, progress: Progress<'_>) -> Result<Filled, BackfillError> {
        let missing = || AtlasError::Missing(id.to_string());
        let document = self.atlas.document(id).await?.ok_or_else(missing)?;
        let addresses = document.urls.len();
        let due = self.due(&document).await?.ok_or(BackfillError::Addresses { document: id, addresses })?;
        let target = if wanted.apart { self.beside(&document).await? } else { id };
        let held_ms = self.atlas.document(target).await?.and_then(|document| document.last_verified_ms);
        let filled = Filled {
            document: target,
            listed: 0,
            unusable: 0,
            versions: 0,
            confirmed: 0,
            earlier: 0,
            passed_over: Vec::new(),
            left: 0,
            stopped: None,
        };
        let source = self.source(target);
        let empty = held_ms.is_none();
        let unchecked = target == id && self.is_expected(&due, empty).await?;
        let mut run = Run { due: &due, target, source, unchecked, empty, held: Vec::new(), filled };
        self.wait(&run).await?;
        let captures = match self.listed(&mut run, wanted.since_ms, held_ms).await? {
            Ok(captures) => captures,
            Err(failure @ Failure::Withheld { .. }) => {
                self.track_on(&run).await?;
                return Err(BackfillError::Withheld { document: id, failure });
            }
            Err(failure) => return self.stopped(run, &failure).await,
        };
        let most = wanted.most.unwrap_or(usize::MAX).min(captures.len());
        run.filled.left = captures.len();
        for (done, listed) in captures.iter().enumerate() {
            // What is held back is not let go for a limit: only a longer text shows whether it is the document.
            if done >= most && run.held.is_empty() {
                break;
            }
            progress(done, most.max(done));
            self.wait(&run).await?;
            match self.archive.raw(listed).await {
                Ok(raw) => self.see(&mut run, listed, raw).await?,
                Err(Failure::Never { reason, .. }) => self.pass_over(&mut run, listed, &reason).await?,
                Err(failure) => return self.stopped(run, &failure).await,
            }
            self.atlas.archive_works(self.archive.name(), (self.now)()).await?;
            run.filled.left = captures.len() - done - 1;
        }
        self.settle(&mut run, None).await?;
        if run.filled.left == 0 {
            self.track_on(&run).await?;
        }
        Ok(run.filled)
    }

    /// Keeps a document that was never checked from being checked before its past is in, for a day.
    pub async fn expect(&self, document: &Document) -> Result<(), AtlasError> {
        let Some(due) = self.due(document).await? else { return Ok(()) };
        match self.is_expected(&due, document.versions == 0).await? {
            true => self.atlas.postpone(document.id, (self.now)() + WAIT_MS).await,
            false => Ok(()),
        }
    }

    /// Whether a document was never checked: it has no versions, or those of an earlier run.
    async fn is_expected(&self, due: &DueDocument, empty: bool) -> Result<bool, AtlasError> {
        Ok(due.last_checked_ms.is_none() && (empty || self.atlas.cursor(&self.source(due.id)).await?.is_some()))
    }

    /// Under which name the position of a document is kept.
    fn source(&self, target: DocumentId) -> String {
        format!("backfill:{}:{target}", self.archive.name())
    }

    /// What is declared of a document of one page; none for others.
    async fn due(&self, document: &Document) -> Result<Option<DueDocument>, AtlasError> {
        let due = self.atlas.due_of(std::slice::from_ref(&document.platform.slug)).await?;
        Ok(due.into_iter().find(|due| due.id == document.id && due.urls.len() == 1))
    }

    /// The document beside a tracked one that holds what the archive has of it.
    async fn beside(&self, document: &Document) -> Result<DocumentId, AtlasError> {
        let new = NewDocument {
            platform: document.platform.slug.clone(),
            kind: document.kind.clone(),
            title: format!("{} ({})", document.title, archive_title(self.archive.name())),
            urls: vec![],
            language: document.language.clone(),
            select: vec![],
            remove: vec![],
        };
        self.atlas.put_document(&new).await
    }

    /// Keeps a document that was never checked waiting for the rest of its past.
    async fn wait(&self, run: &Run<'_>) -> Result<(), AtlasError> {
        if run.unchecked {
            self.atlas.postpone(run.target, (self.now)() + WAIT_MS).await?;
        }
        Ok(())
    }

    /// Lets a document be checked that waited for its past.
    async fn track_on(&self, run: &Run<'_>) -> Result<(), AtlasError> {
        if run.unchecked {
            self.atlas.postpone(run.target, (self.now)()).await?;
        }
        Ok(())
    }

    /// The captures that are to be fetched, oldest first.
    async fn listed(
        &self,
        run: &mut Run<'_>,
        since_ms: Option<i64>,
        held_ms: Option<i64>,
    ) -> Result<Result<Vec<Listed>, Failure>, AtlasError> {
        let done = self.atlas.cursor(&run.source).await?.and_then(|position| position.parse::<i64>().ok());
        let span = Span { from_ms: since_ms.max(done.map(|ms| ms + 1000)), to_ms: None };
        let (mut captures, mut resume): (Vec<Listed>, Option<String>) = (Vec::new(), None);
        for _ in 0..PARTS {
            let part = match self.archive.captures(&run.due.urls[0], span, resume.as_deref()).await {
                Ok(part) => part,
                Err(failure @ Failure::Never { .. }) => {
                    run.filled.passed_over.push(failure.to_string());
                    break;
                }
                Err(failure) => return Ok(Err(failure)),
            };
            run.filled.unusable += part.unusable;
            captures.extend(part.captures);
            resume = part.resume;
            if resume.is_none() {
                break;
            }
        }
        let now_ms = (self.now)();
        captures.retain(|capture| done.is_none_or(|done| capture.at_ms > done) && capture.at_ms <= now_ms);
        captures.sort_by_key(|capture| capture.at_ms);
        captures.dedup_by_key(|capture| capture.at_ms);
        let held = captures.iter().filter(|capture| held_ms.is_some_and(|held| capture.at_ms <= held)).count();
        run.filled.earlier = held;
        captures.drain(..held);
        run.filled.listed = captures.len();
        Ok(Ok(captures))
    }

    /// Reads a capture and takes it into the history.
    async fn see(&self, run: &mut Run<'_>, listed: &Listed, raw: Raw) -> Result<(), AtlasError> {
        let text = match read(run.due, listed, &raw).await {
            Ok(text) => text,
            Err(reason) => return self.pass_over(run, listed, &reason).await,
        };
        let seen = Seen { listed: listed.clone(), raw, text };
        if !run.empty {
            return self.note(run, seen).await;
        }
        if seen.text.split_whitespace().nth(WALL_WORDS - 1).is_none() && run.held.len() < HELD {
            run.held.push(seen);
            return Ok(());
        }
        self.settle(run, Some(&seen.text)).await?;
        self.note(run, seen).await
    }

    /// Takes in the captures that were held back, except those that a text of the document shows to be error pages.
    async fn settle(&self, run: &mut Run<'_>, document: Option<&str>) -> Result<(), AtlasError> {
        run.empty = false;
        for seen in std::mem::take(&mut run.held) {
            match document.is_some_and(|document| is_wall(document, &seen.text)) {
                true => self.pass_over(run, &seen.listed, Defect::Wall.reason()).await?,
                false => self.note(run, seen).await?,
            }
        }
        Ok(())
    }

    async fn note(&self, run: &mut Run<'_>, seen: Seen) -> Result<(), AtlasError> {
        let listed = seen.listed.clone();
        match self.observe(run, seen).await? {
            Noted::Version => run.filled.versions += 1,
            Noted::Known => run.filled.confirmed += 1,
            Noted::NotIt(reason) => self.pass_over(run, &listed, reason).await?,
            Noted::Late => run.filled.earlier += 1,
        }
        Ok(())
    }

    async fn observe(&self, run: &Run<'_>, seen: Seen) -> Result<Noted, AtlasError> {
        let Seen { listed, raw, text } = seen;
        let origin = Origin {
            kind: WAYBACK.into(),
            name: self.archive.name().into(),
            id: listed.timestamp.clone(),
            links: vec![raw.shown],
        };
        let capture = NewCapture {
            at_ms: listed.at_ms,
            url: Some(raw.url),
            status: 200,
            headers: raw.headers,
            body: raw.body,
            origin: Some(origin),
        };
        let observation = Observation { capture, text, recorded: false, technical: None };
        match self.record(run, observation.clone()).await {
            // Another process wrote to the document between reading its history and recording.
            Err(AtlasError::Stale { .. } | AtlasError::Revised { .. }) => self.record(run, observation).await,
            noted => noted,
        }
    }

    async fn record(&self, run: &Run<'_>, observation: Observation) -> Result<Noted, AtlasError> {
        let (at_ms, now_ms) = (observation.capture.at_ms, (self.now)());
        let state = self.atlas.history(run.target).await?;
        if state.as_ref().is_some_and(|state| at_ms <= state.last_verified_ms) {
            return Ok(Noted::Late);
        }
        let position = (run.source.clone(), at_ms.to_string());
        let mut history = History::resume(self.reader, run.target, state);
        let observed = history.observe(observation);
        if observed == Observed::SameBytes {
            self.atlas.verified(run.target, at_ms).await?;
            self.atlas.set_cursor(&position.0, &position.1).await?;
            return Ok(Noted::Known);
        }
        let batch = history.take_batch(self.reader.version(), now_ms, Some(position));
        if shows_wall(&batch) {
            return Ok(Noted::NotIt(Defect::Wall.reason()));
        }
        self.atlas.record(batch).await?;
        Ok(if matches!(observed, Observed::Version(_)) { Noted::Version } else { Noted::Known })
    }

    async fn pass_over(&self, run: &mut Run<'_>, listed: &Listed, reason: &str) -> Result<(), AtlasError> {
        run.filled.passed_over.push(format!("{} of {}: {reason}", listed.timestamp, listed.original));
        // What is held back would be lost by a position after it.
        if run.held.is_empty() {
            self.atlas.set_cursor(&run.source, &listed.at_ms.to_string()).await?;
        }
        Ok(())
    }

    /// Ends early: the archive is left alone, by every process of this store. What is held back is fetched again.
    async fn stopped(&self, mut run: Run<'_>, failure: &Failure) -> Result<Filled, BackfillError> {
        run.filled.left += run.held.len();
        let reason = failure.to_string();
        self.atlas.rest_archive(self.archive.name(), (self.now)(), failure.least_ms(), &reason).await?;
        run.filled.stopped = Some(reason);
        Ok(run.filled)
    }
}

/// The text of a capture. Selectors are those of today's page; where they find nothing in an older one, it is read without.
async fn read(due: &DueDocument, listed: &Listed, raw: &Raw) -> Result<String, String> {
    let source = |select, remove| Source {
        bytes: &raw.body,
        content_type: raw.header("content-type"),
        url: Some(&listed.original),
        name: Some(&due.kind),
        select,
        remove,
    };
    let reading = match read_page(source(&due.select, &due.remove)).await {
        Err(_) if !due.select.is_empty() || !due.remove.is_empty() => read_page(source(&[], &[])).await?,
        reading => reading?,
    };
    Ok(reading.text)
}

/// Whether `text` is an error page or a wall, seen from a text of the document.
fn is_wall(document: &str, text: &str) -> bool {
    let (of, other) = (document::structure(document), document::structure(text));
    defect(&of.words(document), &other.words(text)) == Some(Defect::Wall)
}

/// Whether what would be recorded is an error page or a wall. Whoever tracks keeps such a capture as evidence; an archive's is not worth it.
fn shows_wall(batch: &Batch) -> bool {
    let change = batch.entries.last().and_then(|entry| entry.change.as_ref());
    change.is_some_and(|c| c.materiality == Materiality::Defective && c.reason == Defect::Wall.reason())
}
