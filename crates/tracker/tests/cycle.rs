//! How fast pages are tracked without the network: read, recorded in a store on disk, and checked again with nothing changed,
//! as the cycle of another engine is measured in `../shared/bench/ota/cycle.mjs`. Needs a folder of real pages in `CLAUSEWATCH_PAGES` (a folder a document:
//! `meta.json`, `page-0.html`); skipped without.
mod common;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

use archive::Sha256Digest;
use atlas::ids::DocumentId;
use atlas::jobs::{Check, CheckResult};
use atlas::records::{NewCapture, NewDocument, Platform};
use atlas::{Atlas, apart};
use common::{DAY, START, open};
use document::Source;
use futures_util::stream::{self, StreamExt};
use provisions::Reader;
use serde::Deserialize;
use tracker::history::{History, Observation, Observed};

/// Documents that are tracked.
const DOCUMENTS: usize = 150;
/// So many at once, as the tracker asks so many hosts at once; what keeps a core busy is done on as many cores as there are.
const AT_ONCE: usize = 16;

#[derive(Deserialize)]
struct Meta {
    service: String,
    terms: String,
    pages: Vec<Page>,
    declaration: Declaration,
    #[serde(default)]
    uses_js_filters: bool,
}

#[derive(Deserialize)]
struct Page {
    file: String,
}

#[derive(Deserialize)]
struct Declaration {
    #[serde(default)]
    combine: Option<serde_json::Value>,
    #[serde(default)]
    select: serde_json::Value,
    #[serde(default)]
    remove: serde_json::Value,
}

/// A document that is tracked, and the bytes that its server sends.
struct Tracked {
    id: DocumentId,
    bytes: Vec<u8>,
    select: Vec<String>,
    remove: Vec<String>,
}

fn metas(under: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(under).into_iter().flatten().flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => metas(&path, found),
            false if path.ends_with("meta.json") => found.push(path),
            false => {}
        }
    }
}

/// One selector or several; ranges, which only the other engine knows, are left out.
fn selectors(value: &serde_json::Value) -> Vec<String> {
    match value {
        serde_json::Value::String(one) => vec![one.clone()],
        serde_json::Value::Array(several) => several.iter().flat_map(selectors).collect(),
        _ => Vec::new(),
    }
}

/// The same documents as the other engine's bench takes: one HTML page each, the first of each document.
async fn tracked(atlas: &Atlas, pages: &Path) -> Vec<Tracked> {
    let mut paths = Vec::new();
    metas(pages, &mut paths);
    paths.sort();
    let (mut seen, mut tracked) = (HashSet::new(), Vec::new());
    for path in paths {
        let Ok(meta) = serde_json::from_slice::<Meta>(&std::fs::read(&path).unwrap()) else { continue };
        let single = meta.pages.len() == 1 && meta.pages[0].file.ends_with(".html");
        let plain = !meta.uses_js_filters && meta.declaration.combine.is_none();
        if !single || !plain || tracked.len() == DOCUMENTS || !seen.insert((meta.service.clone(), meta.terms.clone())) {
            continue;
        }
        let slug = tracker::slug(&meta.service);
        let (name, homepage, sector, country) = (meta.service, None, None, None);
        atlas.put_platform(&Platform { slug: slug.clone(), name, homepage, sector, country }).await.unwrap();
        let (select, remove) = (selectors(&meta.declaration.select), selectors(&meta.declaration.remove));
        let (kind, title, language, urls) = (meta.terms.clone(), meta.terms, None, vec![]);
        let new = NewDocument { platform: slug, kind, title, urls, language, select: vec![], remove: vec![] };
        let id = atlas.put_document(&new).await.unwrap();
        let bytes = std::fs::read(path.with_file_name(&meta.pages[0].file)).unwrap();
        tracked.push(Tracked { id, bytes, select, remove });
    }
    tracked
}

/// What [`tracker::track::Tracker`] does once the server has answered; false if the page cannot be read.
async fn check(atlas: &Atlas, tracked: &Tracked, at_ms: i64) -> bool {
    let Tracked { id, bytes, select, remove } = tracked;
    if atlas.latest_body(*id).await.unwrap().is_some_and(|last| last == Sha256Digest::of(bytes)) {
        atlas.verified(*id, at_ms).await.unwrap();
        noted(atlas, *id, at_ms).await;
        return true;
    }
    let source = Source { bytes, content_type: Some("text/html"), url: None, name: None, select, remove };
    let Ok(text) = tracker::reading::text(source).await else { return false };
    let (headers, body) = (vec![], bytes.clone());
    let capture =
        NewCapture { at_ms, url: Some("https://plum.example".into()), status: 200, headers, body, origin: None };
    let (id, state) = (*id, atlas.history(*id).await.unwrap());
    let advance = move || {
        let mut history = History::resume(Reader::embedded(), id, state);
        let observed = history.observe(Observation { capture, text, recorded: false, technical: None });
        (observed, history.into_batch(Reader::embedded().version(), at_ms))
    };
    match apart::run(advance).await {
        (Observed::SameBytes, _) => drop(atlas.verified(id, at_ms).await.unwrap()),
        (Observed::Version(_) | Observed::SameText, batch) => drop(atlas.record(batch).await.unwrap()),
    }
    noted(atlas, id, at_ms).await;
    true
}

/// Notes that a document was checked.
async fn noted(atlas: &Atlas, id: DocumentId, at_ms: i64) {
    let result = CheckResult::Seen {
        changed: false,
        etag: None,
        last_modified: None,
        moved_to: None,
        looks: 0,
        interval_ms: DAY,
    };
    atlas.checked(id, &Check { at_ms, next_due_ms: at_ms + DAY, result }).await.unwrap();
}

/// CPU time of this process so far, in seconds; 0 where the system does not tell.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // After the name in brackets: user time is the 12th field, system time the 13th, in hundredths of a second.
    let fields = stat.rsplit(')').next().unwrap_or("").split_whitespace().skip(11).take(2);
    fields.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_tracked_fast() {
    let Some(pages) = std::env::var_os("CLAUSEWATCH_PAGES").map(PathBuf::from) else {
        eprintln!("CLAUSEWATCH_PAGES is not set: skipped");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let atlas = open(folder.path()).await;
    let tracked = tracked(&atlas, &pages).await;
    assert!(tracked.len() > DOCUMENTS / 2, "only {} documents", tracked.len());
    // The model is loaded before, as the other engine's modules are.
    let _ = Reader::embedded().version();
    for (day, pass) in ["first record", "nothing changed"].into_iter().enumerate() {
        let (begun, cpu_before) = (Instant::now(), cpu_seconds());
        let at_ms = START + day as i64 * DAY;
        let checks = stream::iter(tracked.iter()).map(|document| check(&atlas, document, at_ms));
        let failed = checks.buffer_unordered(AT_ONCE).filter(|read| std::future::ready(!read)).count().await;
        let (seconds, cpu) = (begun.elapsed().as_secs_f64(), cpu_seconds() - cpu_before);
        let (count, rate) = (tracked.len(), tracked.len() as f64 / seconds);
        let per_cpu = count as f64 / cpu.max(0.01);
        eprintln!(
            "{pass}: {count} documents, {seconds:.2} s, {rate:.1} a second; {cpu:.2} s of CPU time, {per_cpu:.1} a CPU second; {failed} cannot be read"
        );
        assert!(failed * 10 < tracked.len(), "{failed} failed");
    }
    assert_eq!(atlas.check().await.unwrap(), []);
}
