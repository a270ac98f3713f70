//! Import of WARC files (1.0 and 1.1, plain or gzip): each response with a document in it is a capture.
//!
//! A response belongs to the document that has its address; an unknown address makes a new document of the platform whose name is
//! the host, with the type that its title speaks for.
use std::collections::HashMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use archive::warc::{Capture, WarcReader};
use atlas::Atlas;
use atlas::ids::DocumentId;
use atlas::records::{NewCapture, NewDocument, Origin, Platform};
use document::Source;
use provisions::Reader;

use super::{Progress, Summary};
use crate::history::{History, Observation, Observed};
use crate::{kinds, reading, slug};

/// Least letters and digits of a text that can be a document.
const LEAST_TEXT: usize = 200;

/// Imports one file. What is broken in it is named in the summary; the rest is imported.
pub async fn import(
    atlas: &Atlas,
    reader: &'static Reader,
    path: &Path,
    now_ms: i64,
    progress: Progress<'_>,
) -> Result<Summary, atlas::AtlasError> {
    let mut summary = Summary::default();
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) => {
            summary.failures.push(format!("{}: {error}", path.display()));
            return Ok(summary);
        }
    };
    let all = file.metadata().map_or(0, |metadata| metadata.len() as usize);
    let mut known = Known::load(atlas).await?;
    for record in WarcReader::new(BufReader::new(file)).captures() {
        match record {
            Err(error) => summary.failures.push(format!("{}: {error}", path.display())),
            Ok(capture) => {
                summary.read += 1;
                let url = capture.url.clone();
                if let Err(reason) = one(atlas, reader, &name, capture, now_ms, &mut known, &mut summary).await? {
                    summary.failures.push(format!("{}: {url}: {reason}", path.display()));
                }
                progress(summary.read, all.max(summary.read));
            }
        }
    }
    summary.documents = known.touched.len();
    Ok(summary)
}

/// Which document has which address.
struct Known {
    by_url: HashMap<String, DocumentId>,
    touched: std::collections::BTreeSet<DocumentId>,
}

impl Known {
    async fn load(atlas: &Atlas) -> Result<Self, atlas::AtlasError> {
        let documents = atlas.documents().await?;
        let by_url = documents
            .into_iter()
            .flat_map(|document| document.urls.into_iter().map(move |url| (url, document.id)))
            .collect();
        Ok(Known { by_url, touched: Default::default() })
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
    if !(200..300).contains(&capture.status) {
        return Ok(Err(format!("the server had answered {}, so there is no document in it", capture.status)));
    }
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
    let id = match known.by_url.get(&capture.url) {
        Some(id) => *id,
        None => register(atlas, &capture.url, reading.title.as_deref(), reading.language.clone()).await?,
    };
    known.by_url.insert(capture.url.clone(), id);
    known.touched.insert(id);
    let state = atlas.history(id).await?;
    if state.as_ref().is_some_and(|state| capture.at_ms <= state.last_verified_ms) {
        summary.known += 1;
        return Ok(Ok(()));
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
    let mut history = History::resume(reader, id, state);
    match history.observe(Observation { capture: new, text: reading.text, recorded: false, technical: None }) {
        Observed::Version(_) => summary.versions += 1,
        Observed::SameText | Observed::SameBytes => summary.confirmed += 1,
    }
    if history.pending() > 0 {
        atlas.record(&history.take_batch(reader.version(), now_ms, None)).await?;
    }
    Ok(Ok(()))
}

async fn register(
    atlas: &Atlas,
    url: &str,
    title: Option<&str>,
    language: Option<String>,
) -> Result<DocumentId, atlas::AtlasError> {
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
    let kind = kinds::guess(title, Some(url)).to_string();
    // The address keeps apart two pages of one host that bear the same title.
    let path = url.split_once("://").map_or(url, |(_, rest)| rest).split_once('/').map_or("", |(_, path)| path);
    let title = format!("{} (/{path})", title.unwrap_or(&kind));
    let document = NewDocument {
        platform: platform.slug,
        kind,
        title,
        urls: vec![url.into()],
        language,
        select: vec![],
        remove: vec![],
    };
    atlas.put_document(&document).await
}
