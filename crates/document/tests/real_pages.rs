//! Real pages read without selectors against the text that people's selectors extracted from them: mean F1 over word 3-grams, and pairs of
//! captures with the same text. Needs a folder of pages (a folder a document: `meta.json`, `expected.md`, `page-0.html`, perhaps
//! `later-same-text.html`) in `CLAUSEWATCH_PAGES`; skipped without. Documents of several pages are left out.
use std::collections::HashSet;
use std::path::{Path, PathBuf};

use document::{Source, read};

/// What is reached, without and with the document's name; a rule that costs more than a hair fails.
const MEAN_F1: [f64; 2] = [0.957, 0.978];
const SAME_TEXT: [f64; 2] = [0.977, 0.997];

fn folders(under: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(under).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.join("expected.md").is_file() {
            found.push(path);
        } else if path.is_dir() {
            folders(&path, found);
        }
    }
}

/// Words of a page's clean text, or of a Markdown text once its marks are gone; lower case.
fn words(text: &str) -> Vec<String> {
    let parts = text.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty());
    parts.map(str::to_lowercase).collect()
}

/// The document's name, as `meta.json` gives it (`"terms": "Privacy Policy"`).
fn name_of(folder: &Path) -> Option<String> {
    let meta = std::fs::read_to_string(folder.join("meta.json")).ok()?;
    let value = meta.split_once("\"terms\": \"")?.1;
    Some(value.split_once('"')?.0.to_string())
}

fn page(path: &Path, name: Option<&str>) -> Option<Vec<String>> {
    let bytes = std::fs::read(path).ok()?;
    let source = Source { bytes: &bytes, content_type: Some("text/html"), name, ..Source::default() };
    Some(read(&source).map(|reading| words(&reading.text)).unwrap_or_default())
}

/// F1 over the sets of word 3-grams.
fn f1(expected: &[String], got: &[String]) -> f64 {
    let expected: HashSet<&[String]> = expected.windows(3).collect();
    let got: HashSet<&[String]> = got.windows(3).collect();
    2.0 * expected.intersection(&got).count() as f64 / (expected.len() + got.len()).max(1) as f64
}

#[test]
fn pages_are_read_as_people_read_them() {
    let Some(pages) = std::env::var_os("CLAUSEWATCH_PAGES") else {
        eprintln!("CLAUSEWATCH_PAGES is not set: skipped");
        return;
    };
    let mut found = Vec::new();
    folders(Path::new(&pages), &mut found);
    for (told, (least_f1, least_same)) in [false, true].into_iter().zip(MEAN_F1.into_iter().zip(SAME_TEXT)) {
        let (scores, pairs, same) = measure(&found, told);
        assert!(scores.len() > 100 && pairs > 100, "{} documents, {pairs} pairs", scores.len());
        let mean = scores.iter().sum::<f64>() / scores.len() as f64;
        let count = scores.len();
        eprintln!(
            "{count} documents, told their names: {told}: mean F1 {mean:.4}; {same} of {pairs} later captures are read the same"
        );
        assert!(mean >= least_f1, "{mean:.4}");
        assert!(f64::from(same) >= least_same * f64::from(pairs), "{same} of {pairs}");
    }
}

/// Scores of the documents, how many have a later capture with the same text, and how many of those are read as the same text.
fn measure(folders: &[PathBuf], told: bool) -> (Vec<f64>, u32, u32) {
    let (mut scores, mut pairs, mut same) = (Vec::new(), 0_u32, 0_u32);
    for folder in folders.iter().filter(|folder| !folder.join("page-1.html").exists()) {
        let name = name_of(folder).filter(|_| told);
        let Some(got) = page(&folder.join("page-0.html"), name.as_deref()) else { continue };
        let markdown = std::fs::read(folder.join("expected.md")).unwrap();
        let expected = Source { bytes: &markdown, content_type: Some("text/markdown"), ..Source::default() };
        let expected = read(&expected).map(|reading| words(&reading.text)).unwrap_or_default();
        scores.push(f1(&expected, &got));
        if let Some(later) = page(&folder.join("later-same-text.html"), name.as_deref()) {
            pairs += 1;
            same += u32::from(later == got);
        }
    }
    (scores, pairs, same)
}
