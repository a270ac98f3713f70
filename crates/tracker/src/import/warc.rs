//! Import of WARC files (1.0 and 1.1, plain or gzip): each response with a document in it is a capture.
//!
//! A response belongs to the document that has its address; an unknown address makes a new document of the platform whose name is
//! the host, with the type that its title speaks for. What a crawl holds beside documents (redirects, pictures, scripts) is passed over.
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use archive::Sha256Digest;

use archive::warc::{Capture, WarcReader};
use atlas::Atlas;
use atlas::ids::DocumentId;
use atlas::records::{HistoryState, NewCapture, NewDocument, Origin, Platform};
use document::Source;
use provisions::Reader;

use super::{Progress, Summary};
use crate::history::{History, Observation, Observed};
use crate::{reading, slug};

/// Least letters and digits of a text that can be a document.
const LEAST_TEXT: usize = 200;
/// Captures of so many bytes are put in the order of their times.
const WINDOW_BYTES: usize = 64 << 20;

/// Imports one file. What is broken in it is named in the summary; the rest is imported.
pub async fn import(
    atlas: &Atlas,
    reader: &'static Reader,
    path: &Path,
    now_ms: i64,
    progress: Progress<'_>,
) -> Result<Summary, atlas::AtlasError> {
    let mut summary = Summary::default();
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) => {
            summary.failures.push(format!("{}: {error}", path.display()));
            return Ok(summary);
        }
    };
    let all = file.metadata().map_or(0, |metadata| metadata.len() as usize);
    let mut known = Known::load(atlas).await?;
    let read = Arc::new(AtomicUsize::new(0));
    let file = Counting { inner: file, read: Arc::clone(&read) };
    let mut window: Vec<Capture> = Vec::new();
    for record in WarcReader::new(BufReader::new(file)).captures() {
        progress(read.load(Ordering::Relaxed), all);
        match record {
            Err(error) => summary.failures.push(format!("{}: {error}", path.display())),
            Ok(capture) => {
                summary.read += 1;
                if !may_be_document(&capture) {
                    summary.skipped += 1;
                    continue;
                }
                window.push(capture);
            }
        }
        if window.iter().map(|capture| capture.body.len()).sum::<usize>() > WINDOW_BYTES {
            all_of(atlas, reader, path, std::mem::take(&mut window), now_ms, &mut known, &mut summary).await?;
        }
    }
    all_of(atlas, reader, path, window, now_ms, &mut known, &mut summary).await?;
    summary.documents = known.touched.len();
    summary.platforms = known.touched.values().cloned().collect();
    Ok(summary)
}

/// Whether a response can hold a document: not a redirect or an error, not a picture or an archive.
fn may_be_document(capture: &Capture) -> bool {
    let source = Source { bytes: &capture.body, content_type: capture.header("content-type"), ..Source::default() };
    (200..300).contains(&capture.status) && (capture.body.is_empty() || document::sniff(&source).is_some())
}

/// Imports captures, oldest first: crawlers do not write them in the order of their times.
async fn all_of(
    atlas: &Atlas,
    reader: &'static Reader,
    path: &Path,
    mut captures: Vec<Capture>,
    now_ms: i64,
    known: &mut Known,
    summary: &mut Summary,
) -> Result<(), atlas::AtlasError> {
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    captures.sort_by_key(|capture| capture.at_ms);
    for capture in captures {
        let (url, id) = (capture.url.clone(), capture.id.clone());
        if let Err(reason) = one(atlas, reader, &name, capture, now_ms, known, summary).await? {
            summary.failures.push(format!("{}: record {id}, {url}: {reason}", path.display()));
        }
    }
    Ok(())
}

/// Counts the bytes that have been read.
struct Counting<R> {
    inner: R,
    read: Arc<AtomicUsize>,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.read.fetch_add(count, Ordering::Relaxed);
        Ok(count)
    }
}

/// Which document, of which platform, has which address.
struct Known {
    by_url: HashMap<String, (DocumentId, String)>,
    /// Documents of this file, with their platforms.
    touched: HashMap<DocumentId, String>,
}

impl Known {
    async fn load(atlas: &Atlas) -> Result<Self, atlas::AtlasError> {
        let mut by_url = HashMap::new();
        for document in atlas.documents().await? {
            for url in document.urls {
                by_url.insert(url, (document.id, document.platform.slug.clone()));
            }
        }
        Ok(Known { by_url, touched: HashMap::new() })
    }
}

/// Imports one response; the inner error says why it holds no document.
async fn one(
    atlas: &Atlas,
    reader: &'static Reader,
    file: &str,
    capture: Capture,
    now_ms: i64,
    known: &mut Known,
    summary: &mut Summary,
) -> Result<Result<(), String>, atlas::AtlasError> {
    let content_type = capture
        .headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-type"))
        .map(|(_, value)| value.clone());
    let source = Source {
        bytes: &capture.body,
        content_type: content_type.as_deref(),
        url: Some(&capture.url),
        ..Source::default()
    };
    let reading = match reading::read(source).await {
        Ok(reading) => reading,
        Err(reason) => return Ok(Err(reason)),
    };
    let letters = reading.text.chars().filter(|c| c.is_alphanumeric()).count();
    if letters < LEAST_TEXT {
        return Ok(Err(format!("almost no text in it ({letters} letters)")));
    }
    let (id, platform) = match known.by_url.get(&capture.url) {
        Some(place) => place.clone(),
        None => register(atlas, &capture.url, reading.title.as_deref(), reading.language.clone()).await?,
    };
    known.by_url.insert(capture.url.clone(), (id, platform.clone()));
    known.touched.insert(id, platform);
    let state = atlas.history(id).await?;
    if let Some(state) = state.as_ref().filter(|state| capture.at_ms <= state.last_verified_ms) {
        return before_the_latest(atlas, id, state, &capture, &reading.text, summary).await;
    }
    let origin = Origin { kind: "warc".into(), name: file.into(), id: capture.id.clone(), links: Vec::new() };
    let new = NewCapture {
        at_ms: capture.at_ms,
        url: Some(capture.url),
        status: capture.status,
        headers: capture.headers,
        body: capture.body,
        origin: Some(origin),
    };
    let at_ms = new.at_ms;
    let mut history = History::resume(reader, id, state);
    let observed = history.observe(Observation { capture: new, text: reading.text, recorded: false, technical: None });
    match observed {
        Observed::SameBytes => drop(atlas.verified(id, at_ms).await?),
        _ => drop(atlas.record(history.take_batch(reader.version(), now_ms, None)).await?),
    }
    match observed {
        Observed::Version(_) => summary.versions += 1,
        Observed::SameText | Observed::SameBytes => summary.confirmed += 1,
    }
    Ok(Ok(()))
}

/// A capture that is not later than what the document holds: known, or too late to be put before it.
async fn before_the_latest(
    atlas: &Atlas,
    id: DocumentId,
    state: &HistoryState,
    capture: &Capture,
    text: &str,
    summary: &mut Summary,
) -> Result<Result<(), String>, atlas::AtlasError> {
    let name = Sha256Digest::of(text.as_bytes());
    let versions = atlas.versions(id).await?;
    let is_it = |version: &atlas::records::Version| {
        version.text_sha256 == name && (version.first_seen_ms..=version.last_verified_ms).contains(&capture.at_ms)
    };
    if versions.iter().any(is_it) {
        summary.known += 1;
        return Ok(Ok(()));
    }
    let (this, latest) = (archive::instant::format(capture.at_ms), archive::instant::format(state.last_verified_ms));
    Ok(Err(format!("captured {this}, before what {id} holds ({latest}); import older files first")))
}

async fn register(
    atlas: &Atlas,
    url: &str,
    title: Option<&str>,
    language: Option<String>,
) -> Result<(DocumentId, String), atlas::AtlasError> {
    let host =
        url.split("://").nth(1).unwrap_or(url).split(['/', '?', '#']).next().unwrap_or("").trim_start_matches("www.");
    let host = host.to_ascii_lowercase();
    let platform = Platform {
        slug: slug(&host),
        name: host.clone(),
        homepage: Some(format!("https://{host}/")),
        sector: None,
        country: None,
    };
    atlas.put_platform(&platform).await?;
    let kind = document::kind_of(title, Some(url)).unwrap_or(document::TERMS_OF_SERVICE).to_string();
    // The address keeps apart two pages of one host that bear the same title.
    let path = url.split_once("://").map_or(url, |(_, rest)| rest).split_once('/').map_or("", |(_, path)| path);
    let title = format!("{} (/{path})", title.unwrap_or(&kind));
    let document = NewDocument {
        platform: platform.slug.clone(),
        kind,
        title,
        urls: vec![url.into()],
        language,
        select: vec![],
        remove: vec![],
    };
    Ok((atlas.put_document(&document).await?, platform.slug))
}
