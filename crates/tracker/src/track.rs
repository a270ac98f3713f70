//! Live tracking: fetch what is due, read it, advance its history, record.
//!
//! A document's pages are fetched in order and read one after the other. Whatever happens, the outcome is stored with the time of the next
//! check, which [`schedule`] decides. Several hosts are asked at once, each host one request after the other. A page that cannot be read as
//! it was sent is rendered, if the fetcher has a browser.
use std::borrow::Cow;

use archive::Sha256Digest;
use archive::instant::DAY_MS;
use atlas::ids::DocumentId;
use atlas::jobs::{self, Check, CheckResult, DueDocument, Trouble};
use atlas::records::{Batch, Change, Materiality, NewCapture};
use atlas::{Atlas, AtlasError, ChangeFilter, Stay, Verified, apart};
use document::{Reading, Source};
use fetch::{FetchError, Fetched, Fetcher, Request, Success};
use futures_util::stream::{self, StreamExt};
use provisions::Reader;

use crate::catalog;
use crate::history::{History, Observation, Observed};
use crate::reading;
use crate::schedule::{self, Found};
use crate::standing::{self, Step};

/// Hosts asked at once.
const HOSTS: usize = 16;
/// Changes among which those are looked for that still stand.
const LOOKED_BACK: i64 = 24;
/// A whole host is left alone for a day at most: what is asked for longer is for one page.
const MOST_HOLD_MS: i64 = DAY_MS;
/// Least letters and digits of a text that can be a document.
const LEAST_TEXT: usize = 200;

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A new version with this number.
    Version(i64),
    /// The latest version still stands.
    Unchanged,
    /// The document could not be fetched or read; nothing was changed.
    Failed {
        /// Of what kind the failure is.
        trouble: Trouble,
        /// What happened, in words.
        reason: String,
    },
    /// Its host asked to be left alone for now; the document was not asked for.
    Postponed,
}

/// What a check found, with what decides when the next one is.
enum Seen {
    /// The document.
    Found { outcome: Outcome, found: Found, page: Option<Success> },
    /// Not the document. The wait is what the server at an address asked for.
    Failed { trouble: Trouble, reason: String, asked: Option<(String, i64)> },
    /// It was not asked for.
    Held { wait_ms: i64 },
}

/// What became of an observation.
struct Noted {
    observed: Observed,
    /// Whether the change to it has to be seen again.
    unconfirmed: bool,
    /// Versions that the document has now.
    versions: i64,
}

/// Tracks documents with one fetcher and one reader.
pub struct Tracker<'a> {
    /// Where records are kept.
    pub atlas: &'a Atlas,
    /// Who finds provisions.
    pub reader: &'static Reader,
    /// Who fetches.
    pub fetcher: &'a Fetcher,
    /// Milliseconds since 1970 UTC.
    pub now: &'a (dyn Fn() -> i64 + Send + Sync),
}

impl Tracker<'_> {
    /// Checks due documents, those of different hosts at once, and tells what came of each as soon as its host is done with.
    pub async fn check_all(
        &self,
        due: Vec<DueDocument>,
        tell: &mut (dyn FnMut(&DueDocument, &Outcome) + Send),
    ) -> Result<(), AtlasError> {
        let mut hosts = stream::iter(by_host(due)).map(|host| self.check_host(host)).buffer_unordered(HOSTS);
        while let Some(checked) = hosts.next().await {
            checked?.iter().for_each(|(document, outcome)| tell(document, outcome));
        }
        Ok(())
    }

    async fn check_host(&self, due: Vec<DueDocument>) -> Result<Vec<(DueDocument, Outcome)>, AtlasError> {
        let mut checked = Vec::with_capacity(due.len());
        for document in due {
            let outcome = self.check(&document).await?;
            checked.push((document, outcome));
        }
        Ok(checked)
    }

    /// Checks one due document and stores what came of it.
    pub async fn check(&self, due: &DueDocument) -> Result<Outcome, AtlasError> {
        let at_ms = (self.now)();
        let seen = match self.fetch(due).await {
            Ok(None) => {
                self.verified(due.id, at_ms).await?;
                Seen::Found { outcome: Outcome::Unchanged, found: Found::Same, page: None }
            }
            Ok(Some(pages)) => self.record(due, pages, at_ms).await?,
            Err(error) => failed(error),
        };
        let (result, next_due_ms, outcome) = match seen {
            Seen::Found { outcome, found, page } => {
                let (result, next_due_ms) = found_again(due, at_ms, &outcome, found, page.as_ref());
                (result, next_due_ms, outcome)
            }
            Seen::Failed { trouble, reason, asked } => {
                if let Some((url, asked_ms)) = &asked {
                    self.atlas.leave_alone(jobs::host(url), at_ms + asked_ms.min(&MOST_HOLD_MS)).await?;
                }
                let next_due_ms = schedule::retry(due.id, at_ms, due.failures, asked.map(|(_, asked_ms)| asked_ms));
                let result = CheckResult::Failed { trouble, reason: reason.clone() };
                (result, next_due_ms, Outcome::Failed { trouble, reason })
            }
            Seen::Held { wait_ms } => {
                self.atlas.postpone(due.id, at_ms + wait_ms).await?;
                return Ok(Outcome::Postponed);
            }
        };
        self.atlas.checked(due.id, &Check { at_ms, next_due_ms, result }).await?;
        Ok(outcome)
    }

    /// Fetches all pages; none if the server says that nothing changed. Conditional only for a document of one page, and not when what was
    /// seen has to be seen again.
    async fn fetch(&self, due: &DueDocument) -> Result<Option<Vec<Success>>, FetchError> {
        let fresh = due.looks > 0;
        let conditional = due.urls.len() == 1 && !fresh;
        let mut pages = Vec::new();
        for url in &due.urls {
            let request = Request {
                url: url.clone(),
                etag: due.etag.clone().filter(|_| conditional),
                last_modified: due.last_modified.clone().filter(|_| conditional),
                language: due.language.clone(),
                fresh,
            };
            match self.fetcher.fetch(&request).await? {
                Fetched::NotModified => return Ok(None),
                Fetched::Document(page) => pages.push(page),
            }
        }
        Ok(Some(pages))
    }

    async fn record(&self, due: &DueDocument, pages: Vec<Success>, at_ms: i64) -> Result<Seen, AtlasError> {
        let mut page = pages.first().cloned();
        let noted = match self.same_bytes(due, &pages, at_ms).await? {
            Some(noted) => noted,
            None => {
                let (text, pages) = match self.read(due, pages).await {
                    Ok(read) => read,
                    Err(seen) => return Ok(seen),
                };
                page = pages.first().cloned();
                let Some(capture) = capture(&pages, at_ms) else { return Ok(unreadable("it has no address".into())) };
                self.go_on(due.id, Observation { capture, text, recorded: false, technical: None }, at_ms).await?
            }
        };
        let Noted { observed, unconfirmed, versions } = noted;
        let found = match observed {
            Observed::Version(1) => Found::First,
            _ if unconfirmed => Found::New { looks: due.looks + 1 },
            // The second look at a change is when it counts.
            _ if due.looks > 0 && self.matters(due, versions).await? => Found::Change,
            _ => Found::Same,
        };
        let outcome = match observed {
            Observed::Version(number) => Outcome::Version(number),
            Observed::SameText | Observed::SameBytes => Outcome::Unchanged,
        };
        Ok(Seen::Found { outcome, found, page })
    }

    /// Notes that the pages are byte for byte what was captured last, if they are: there is nothing to read then. Not when the document is
    /// to be looked at anew, for instance because its selectors are others now.
    async fn same_bytes(&self, due: &DueDocument, pages: &[Success], at_ms: i64) -> Result<Option<Noted>, AtlasError> {
        if due.anew {
            return Ok(None);
        }
        // Of a document that is seen for the first time nothing has to be hashed.
        let Some(last) = self.atlas.latest_body(due.id).await? else { return Ok(None) };
        if last != Sha256Digest::of(&body(pages)) {
            return Ok(None);
        }
        let Verified { version, unconfirmed } = self.verified(due.id, at_ms).await?;
        Ok(Some(Noted { observed: Observed::SameBytes, unconfirmed, versions: version }))
    }

    /// Adds an observation to a document's history.
    async fn go_on(&self, document: DocumentId, observation: Observation, at_ms: i64) -> Result<Noted, AtlasError> {
        match self.go_on_once(document, observation.clone(), at_ms).await {
            // Another process wrote to the document between reading its history and recording.
            Err(AtlasError::Stale { .. } | AtlasError::Revised { .. }) => {
                self.go_on_once(document, observation, at_ms).await
            }
            noted => noted,
        }
    }

    /// Adds an observation to a document's history as the store has it now.
    async fn go_on_once(
        &self,
        document: DocumentId,
        observation: Observation,
        at_ms: i64,
    ) -> Result<Noted, AtlasError> {
        let (reader, state) = (self.reader, self.atlas.history(document).await?);
        let advance = move || {
            let mut history = History::resume(reader, document, state);
            let observed = history.observe(observation);
            let versions = history.versions();
            (observed, history.into_batch(reader.version(), at_ms), versions)
        };
        let (observed, mut batch, versions) = apart::run(advance).await;
        let unconfirmed = match observed {
            Observed::SameBytes => self.verified(document, at_ms).await?.unconfirmed,
            _ => {
                match observed {
                    Observed::Version(_) => batch.standing = self.standing(&batch).await?,
                    _ => batch.doubted = self.doubted(document, at_ms).await?,
                }
                self.atlas.record(batch).await?.unconfirmed
            }
        };
        Ok(Noted { observed, unconfirmed, versions })
    }

    /// The earlier versions whose change a new version confirms: where what changed then still stands, though other words do not.
    async fn standing(&self, batch: &Batch) -> Result<Vec<i64>, AtlasError> {
        let newest =
            batch.entries.iter().rev().find_map(|entry| Some((entry, entry.version.as_ref()?, entry.change.as_ref()?)));
        let Some((entry, version, change)) = newest else { return Ok(Vec::new()) };
        if change.materiality == Materiality::Defective {
            return Ok(Vec::new());
        }
        let mut seen = self.looked_back(batch.document).await?;
        let (number, at_ms, text) = (version.number, entry.capture.at_ms, version.text.clone());
        let stay = Stay { from_ms: at_ms, until_ms: at_ms, sightings: 1 };
        seen.push(standing::Seen { number, stay, text, step: Step::Open });
        Ok(standing::standing(self.reader, &seen))
    }

    /// The versions whose change is not confirmed though the latest text is seen again: they only brought back what had stood there before.
    async fn doubted(&self, document: DocumentId, now_ms: i64) -> Result<Vec<i64>, AtlasError> {
        let mut seen = self.looked_back(document).await?;
        if let Some(last) = seen.last_mut() {
            last.stay = last.stay.and(Stay { from_ms: now_ms, until_ms: now_ms, sightings: 1 });
        }
        Ok(standing::doubted(self.reader, &seen))
    }

    /// Notes that the latest version was seen again without new bytes.
    async fn verified(&self, document: DocumentId, at_ms: i64) -> Result<Verified, AtlasError> {
        self.atlas.verified_but(document, at_ms, &self.doubted(document, at_ms).await?).await
    }

    /// The latest sound versions of a document, oldest first, if there is among them one whose change was seen once.
    async fn looked_back(&self, document: DocumentId) -> Result<Vec<standing::Seen>, AtlasError> {
        if !self.atlas.awaits_a_look(document).await? {
            return Ok(Vec::new());
        }
        let filter = ChangeFilter { document: Some(document), limit: LOOKED_BACK, ..ChangeFilter::default() };
        let mut changes = self.atlas.changes(&filter).await?;
        changes.retain(|change| change.as_read().materiality != Materiality::Defective);
        if !changes.iter().any(|change| step(change) == Step::Open) {
            return Ok(Vec::new());
        }
        changes.reverse();
        let first = changes.first().map(|change| (change.change.from_version, Step::Quiet));
        let stays = self.atlas.stays(document, first.map_or(0, |(number, _)| number)).await?;
        let steps = changes.iter().map(|change| (change.change.to_version, step(change)));
        let mut seen = Vec::with_capacity(changes.len() + 2);
        for (number, step) in first.into_iter().chain(steps) {
            let text = self.atlas.version_text(document, number).await?.unwrap_or_default();
            let Some(&stay) = stays.get(&number) else { continue };
            seen.push(standing::Seen { number, stay, text, step });
        }
        Ok(seen)
    }

    /// The text of a document's pages, and the pages that it was read from.
    async fn read(&self, due: &DueDocument, pages: Vec<Success>) -> Result<(String, Vec<Success>), Seen> {
        match read(due, &pages).await {
            Ok(text) => Ok((text, pages)),
            Err(_) if self.fetcher.renders() && pages.iter().any(is_html) => self.rendered(due).await,
            Err(reason) => Err(unreadable(reason)),
        }
    }

    /// The text of a document's pages and the pages as a browser shows them: those of some sites are an empty shell until their scripts ran.
    async fn rendered(&self, due: &DueDocument) -> Result<(String, Vec<Success>), Seen> {
        let mut pages = Vec::new();
        for url in &due.urls {
            let request = Request { url: url.clone(), language: due.language.clone(), ..Request::default() };
            pages.push(self.fetcher.render(&request).await.map_err(failed)?);
        }
        match read(due, &pages).await {
            Ok(text) => Ok((text, pages)),
            Err(reason) => Err(unreadable(format!("{reason}; a browser shows no more"))),
        }
    }

    /// Whether the change to a version is one that people are told of.
    async fn matters(&self, due: &DueDocument, version: i64) -> Result<bool, AtlasError> {
        let change = self.atlas.change_between(due.id, version).await?;
        Ok(change.is_some_and(|change| change.confirmed_ms.is_some() && change.change.materiality.is_told()))
    }
}

/// What is known of a sound change.
fn step(change: &Change) -> Step {
    match (change.as_read().materiality.is_told(), change.confirmed_ms) {
        (true, None) => Step::Open,
        (true, Some(_)) => Step::Told,
        (false, _) => Step::Quiet,
    }
}

/// The documents of each host, in the order in which the hosts first appear.
fn by_host(due: Vec<DueDocument>) -> Vec<Vec<DueDocument>> {
    let mut hosts: Vec<(String, Vec<DueDocument>)> = Vec::new();
    for document in due {
        let host = jobs::host(document.urls.first().map_or("", String::as_str)).to_owned();
        match hosts.iter_mut().find(|(known, _)| *known == host) {
            Some((_, documents)) => documents.push(document),
            None => hosts.push((host, vec![document])),
        }
    }
    hosts.into_iter().map(|(_, documents)| documents).collect()
}

/// What is stored of a document that was found, and when it is checked next.
fn found_again(
    due: &DueDocument,
    at_ms: i64,
    outcome: &Outcome,
    found: Found,
    page: Option<&Success>,
) -> (CheckResult, i64) {
    let interval_ms = schedule::interval(due.interval_ms, found);
    // An answer that nothing changed leaves what is known of the page.
    let header = |name, known: &Option<String>| match page {
        Some(page) => page.header(name).map(str::to_string),
        None => known.clone(),
    };
    let result = CheckResult::Seen {
        changed: matches!(outcome, Outcome::Version(_)),
        etag: header("etag", &due.etag),
        last_modified: header("last-modified", &due.last_modified),
        moved_to: page.map_or(due.moved_to.clone(), |page| page.moved_to.clone()).filter(|_| due.urls.len() == 1),
        looks: if let Found::New { looks } = found { looks } else { 0 },
        interval_ms,
    };
    (result, schedule::due(due.id, at_ms, found, interval_ms))
}

fn failed(error: FetchError) -> Seen {
    let (trouble, asked) = match &error {
        FetchError::Held { seconds, .. } => return Seen::Held { wait_ms: milliseconds(*seconds) },
        FetchError::Status { status, retry_after, url, .. } => {
            (of_status(*status), retry_after.map(|seconds| (url.clone(), milliseconds(seconds))))
        }
        FetchError::Address { .. } | FetchError::Refused { .. } => (Trouble::Address, None),
        FetchError::Robots(_) => (Trouble::Robots, None),
        FetchError::TooLarge { .. } | FetchError::Browser { .. } => (Trouble::Unreadable, None),
        FetchError::Redirect { .. } => (Trouble::Redirect, None),
        FetchError::Network { .. } => (Trouble::Unreachable, None),
    };
    Seen::Failed { trouble, reason: error.to_string(), asked }
}

fn unreadable(reason: String) -> Seen {
    Seen::Failed { trouble: Trouble::Unreadable, reason, asked: None }
}

fn milliseconds(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1000)
}

fn of_status(status: u16) -> Trouble {
    match status {
        401 | 403 | 429 | 451 => Trouble::Refused,
        400..500 => Trouble::Gone,
        _ => Trouble::Server,
    }
}

/// Reads a page that should be a document.
///
/// # Errors
/// Why it is none, in words.
pub async fn read_page(source: Source<'_>) -> Result<Reading, String> {
    let reading = reading::read(source).await?;
    enough(&reading.text)?;
    Ok(reading)
}

/// Refuses a text that is too short to be a document.
fn enough(text: &str) -> Result<(), String> {
    let letters = text.chars().filter(|c| c.is_alphanumeric()).count();
    if letters < LEAST_TEXT {
        return Err(format!("the page has almost no text ({letters} letters): it may need scripts, or show a wall"));
    }
    Ok(())
}

/// Whether a page is one that a browser could show more of.
pub(crate) fn is_html(page: &Success) -> bool {
    page.header("content-type").is_none_or(|kind| kind.to_ascii_lowercase().contains("html"))
}

/// The text of a document's pages, one after the other.
async fn read(due: &DueDocument, pages: &[Success]) -> Result<String, String> {
    let mut text = String::new();
    for (index, page) in pages.iter().enumerate() {
        let select = catalog::selectors_of_page(&due.select, index);
        let remove = catalog::selectors_of_page(&due.remove, index);
        let content_type = page.header("content-type").map(str::to_string);
        let source = Source {
            bytes: &page.body,
            content_type: content_type.as_deref(),
            url: Some(&page.url),
            name: Some(&due.kind),
            select: &select,
            remove: &remove,
        };
        match reading::text(source).await {
            Ok(read) if text.is_empty() => text = read,
            Ok(read) => text = format!("{text}\n{read}"),
            Err(reason) => return Err(format!("{}: {reason}", page.url)),
        }
    }
    enough(&text)?;
    Ok(text)
}

/// The bodies of a document's pages, one after the other.
fn body(pages: &[Success]) -> Cow<'_, [u8]> {
    match pages {
        [page] => Cow::Borrowed(&page.body),
        pages => Cow::Owned(pages.iter().map(|page| &page.body[..]).collect::<Vec<_>>().join(&b'\n')),
    }
}

/// One capture of a document's pages: the first page's headers; several bodies one after the other.
fn capture(pages: &[Success], at_ms: i64) -> Option<NewCapture> {
    let first = pages.first()?;
    let body = body(pages).into_owned();
    let (url, headers) = (Some(first.url.clone()), first.headers.clone());
    Some(NewCapture { at_ms, url, status: first.status, headers, body, origin: None })
}
