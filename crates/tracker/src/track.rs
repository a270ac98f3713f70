//! Live tracking: fetch what is due, read it, advance its history, record.
//!
//! A document's pages are fetched in order and read one after the other. Whatever happens, the outcome is stored with the time of
//! the next check; a document that fails is asked less and less often.
use atlas::ids::DocumentId;
use atlas::jobs::{Check, DueDocument};
use atlas::records::NewCapture;
use atlas::{Atlas, AtlasError};
use document::Source;
use fetch::{FetchError, Fetched, Fetcher, Request, Success};
use provisions::Reader;

use crate::history::{History, Observation, Observed};
use crate::reading;

/// Time between checks of a document that answers: a day.
pub const INTERVAL_MS: i64 = 24 * 60 * 60 * 1000;
/// Longest time between checks of a document that fails: a week.
const MAX_BACKOFF_MS: i64 = 7 * INTERVAL_MS;
/// First wait after a failure: an hour.
const FIRST_BACKOFF_MS: i64 = 60 * 60 * 1000;
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
    Failed(String),
}

/// Tracks documents with one fetcher and one reader.
pub struct Tracker<'a> {
    /// Where records are kept.
    pub atlas: &'a Atlas,
    /// Who finds provisions.
    pub reader: &'a Reader,
    /// Who fetches.
    pub fetcher: &'a Fetcher,
    /// Milliseconds since 1970 UTC.
    pub now: &'a (dyn Fn() -> i64 + Send + Sync),
}

impl Tracker<'_> {
    /// Checks one due document and stores what came of it.
    pub async fn check(&self, due: &DueDocument) -> Result<Outcome, AtlasError> {
        let at_ms = (self.now)();
        let (outcome, seen) = match self.fetch(due).await {
            Ok(None) => {
                self.atlas.verified(due.id, at_ms).await?;
                (Outcome::Unchanged, None)
            }
            Ok(Some(pages)) => self.record(due, pages, at_ms).await?,
            Err(error) => (Outcome::Failed(error.to_string()), None),
        };
        let failed = match &outcome {
            Outcome::Failed(reason) => Some(reason.clone()),
            Outcome::Version(_) | Outcome::Unchanged => None,
        };
        let next_due_ms = at_ms + if failed.is_some() { backoff(due.failures) } else { INTERVAL_MS };
        let header = |name| seen.as_ref().and_then(|page: &Success| page.header(name).map(str::to_string));
        let check = Check { at_ms, failed, etag: header("etag"), last_modified: header("last-modified"), next_due_ms };
        self.atlas.checked(due.id, &check).await?;
        Ok(outcome)
    }

    /// Fetches all pages; none if the server says that nothing changed. Conditional only for a document of one page.
    async fn fetch(&self, due: &DueDocument) -> Result<Option<Vec<Success>>, FetchError> {
        let single = due.urls.len() == 1;
        let mut pages = Vec::new();
        for url in &due.urls {
            let request = Request {
                url: url.clone(),
                etag: due.etag.clone().filter(|_| single),
                last_modified: due.last_modified.clone().filter(|_| single),
                language: due.language.clone(),
            };
            match self.fetcher.fetch(&request).await? {
                Fetched::NotModified => return Ok(None),
                Fetched::Document(page) => pages.push(page),
            }
        }
        Ok(Some(pages))
    }

    async fn record(
        &self,
        due: &DueDocument,
        pages: Vec<Success>,
        at_ms: i64,
    ) -> Result<(Outcome, Option<Success>), AtlasError> {
        let mut text = String::new();
        for page in &pages {
            let content_type = page.header("content-type").map(str::to_string);
            let source = Source {
                bytes: &page.body,
                content_type: content_type.as_deref(),
                url: Some(&page.url),
                select: &due.select,
                remove: &due.remove,
            };
            match reading::read(source).await {
                Ok(reading) if text.is_empty() => text = reading.text,
                Ok(reading) => text = format!("{text}\n{}", reading.text),
                Err(reason) => return Ok((Outcome::Failed(format!("{}: {reason}", page.url)), None)),
            }
        }
        let letters = text.chars().filter(|c| c.is_alphanumeric()).count();
        if letters < LEAST_TEXT {
            let reason =
                format!("the page has almost no text ({letters} letters): it may need scripts, or show a wall");
            return Ok((Outcome::Failed(reason), None));
        }
        let first = pages.first().cloned();
        let Some(capture) = capture(pages, at_ms) else {
            return Ok((Outcome::Failed("it has no address".into()), None));
        };
        let observation = Observation { capture, text, recorded: false, technical: None };
        let outcome = match self.go_on(due.id, observation.clone(), at_ms).await {
            // Another process wrote to the document between reading its history and recording.
            Err(AtlasError::Stale { .. } | AtlasError::Revised { .. }) => self.go_on(due.id, observation, at_ms).await,
            outcome => outcome,
        };
        Ok((outcome?, first))
    }

    /// Adds an observation to a document's history as the store has it now.
    async fn go_on(&self, document: DocumentId, observation: Observation, at_ms: i64) -> Result<Outcome, AtlasError> {
        let mut history = History::resume(self.reader, document, self.atlas.history(document).await?);
        let observed = history.observe(observation);
        if observed == Observed::SameBytes {
            self.atlas.verified(document, at_ms).await?;
            return Ok(Outcome::Unchanged);
        }
        self.atlas.record(&history.take_batch(self.reader.version(), at_ms, None)).await?;
        Ok(match observed {
            Observed::Version(number) => Outcome::Version(number),
            Observed::SameText | Observed::SameBytes => Outcome::Unchanged,
        })
    }
}

/// One capture of a document's pages: the first page's headers; several bodies one after the other.
fn capture(pages: Vec<Success>, at_ms: i64) -> Option<NewCapture> {
    let mut pages = pages.into_iter();
    let first = pages.next()?;
    let mut body = first.body;
    for page in pages {
        body.push(b'\n');
        body.extend(page.body);
    }
    Some(NewCapture { at_ms, url: Some(first.url), status: first.status, headers: first.headers, body, origin: None })
}

/// How long to wait after `failures` failures in a row before this one: doubled each time up to a week.
fn backoff(failures: i64) -> i64 {
    (FIRST_BACKOFF_MS << failures.clamp(0, 10)).min(MAX_BACKOFF_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_doubles_up_to_a_week() {
        assert_eq!(backoff(0), FIRST_BACKOFF_MS);
        assert_eq!(backoff(3), 8 * FIRST_BACKOFF_MS);
        assert_eq!(backoff(1_000_000), MAX_BACKOFF_MS);
    }
}
