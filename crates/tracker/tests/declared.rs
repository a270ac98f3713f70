//! Real pages read with the selectors that people declared for them, against the text that Open Terms Archive extracted: declarations come in
//! through the catalog and the store, as they would be tracked. Needs a folder of pages in `CLAUSEWATCH_PAGES` (see
//! `document/tests/real_pages.rs`), each with its `declaration` in `meta.json`; skipped without.
mod common;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use common::in_memory;
use document::{Source, read};
use serde_json::{Value, json};
use tracker::catalog::{self, selectors_of_page};
use tracker::import::declarations;

/// What is reached, of documents whose declaration has no filters; filters are programs, which are not run.
const MEAN_F1: f64 = 0.98;

fn folders(under: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(under).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.join("meta.json").is_file() {
            found.push(path);
        } else if path.is_dir() {
            folders(&path, found);
        }
    }
}

fn words(text: &str) -> Vec<String> {
    let parts = text.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty());
    parts.map(str::to_lowercase).collect()
}

/// F1 over the sets of word 3-grams.
fn f1(expected: &[String], got: &[String]) -> f64 {
    let expected: HashSet<&[String]> = expected.windows(3).collect();
    let got: HashSet<&[String]> = got.windows(3).collect();
    2.0 * expected.intersection(&got).count() as f64 / (expected.len() + got.len()).max(1) as f64
}

fn mean(scores: &[f64]) -> f64 {
    scores.iter().sum::<f64>() / scores.len().max(1) as f64
}

#[tokio::test(flavor = "multi_thread")]
async fn declared_pages_are_read_as_they_are_declared() {
    let Some(pages) = std::env::var_os("CLAUSEWATCH_PAGES") else {
        eprintln!("CLAUSEWATCH_PAGES is not set: skipped");
        return;
    };
    let mut found = Vec::new();
    folders(Path::new(&pages), &mut found);
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut of_slug: HashMap<String, (PathBuf, Value)> = HashMap::new();
    for folder in found {
        let meta: Value = serde_json::from_slice(&std::fs::read(folder.join("meta.json")).unwrap()).unwrap();
        let id = meta["id"].as_str().unwrap().to_string();
        let service = json!({"name": id, "terms": {meta["terms"].as_str().unwrap(): meta["declaration"]}});
        std::fs::write(from.path().join(format!("{id}.json")), service.to_string()).unwrap();
        of_slug.insert(tracker::slug(&id), (folder, meta));
    }
    let declared = declarations::import(from.path(), to.path()).unwrap();
    assert_eq!((declared.documents, declared.failures), (of_slug.len(), Vec::new()));
    let atlas = in_memory().await;
    catalog::register(&atlas, &catalog::load(to.path()).unwrap()).await.unwrap();

    let (mut plain, mut ranges, mut filtered) = (Vec::new(), Vec::new(), Vec::new());
    for (slug, (folder, meta)) in &of_slug {
        let due = atlas.due_of(std::slice::from_ref(slug)).await.unwrap().remove(0);
        let mut text = String::new();
        for (index, url) in due.urls.iter().enumerate() {
            let Ok(bytes) = std::fs::read(folder.join(format!("page-{index}.html"))) else { continue };
            let (select, remove) = (selectors_of_page(&due.select, index), selectors_of_page(&due.remove, index));
            let content_type = Some("text/html");
            let source = Source { bytes: &bytes, content_type, url: Some(url), select: &select, remove: &remove };
            text += &read(&source).map(|reading| reading.text + "\n").unwrap_or_default();
        }
        let markdown = std::fs::read(folder.join("expected.md")).unwrap();
        let expected = Source { bytes: &markdown, content_type: Some("text/markdown"), ..Source::default() };
        let expected = read(&expected).map(|reading| words(&reading.text)).unwrap_or_default();
        let score = f1(&expected, &words(&text));
        if std::env::var_os("CLAUSEWATCH_WORST").is_some() && score < 0.9 {
            eprintln!("{score:.3} {}", folder.display());
        }
        match meta["uses_js_filters"].as_bool() {
            Some(true) => filtered.push(score),
            _ if meta["declaration"].to_string().contains("\"start") => ranges.push(score),
            _ => plain.push(score),
        }
    }
    for (what, scores) in [("CSS only", &plain), ("ranges", &ranges), ("filters left out", &filtered)] {
        let close = scores.iter().filter(|score| **score >= 0.95).count();
        eprintln!("{what}: {} documents, mean F1 {:.4}, {close} at 0.95 or better", scores.len(), mean(scores));
    }
    plain.extend(ranges);
    assert!(plain.len() > 100, "{} documents", plain.len());
    assert!(mean(&plain) >= MEAN_F1, "{:.4}", mean(&plain));
}
