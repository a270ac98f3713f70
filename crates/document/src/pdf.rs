//! PDF to clean text. Parsers of PDF crash on hostile files, so callers run this in a child process; what panics is caught all the same.
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::plain;
use crate::read::ReadError;

/// Pages read at most.
const PAGES: usize = 1_000;

/// Reads a PDF's text page by page.
pub(crate) fn render(bytes: &[u8]) -> Result<String, ReadError> {
    let broken = |reason: String| ReadError::BrokenPdf { reason };
    let read = catch_unwind(AssertUnwindSafe(|| extract(bytes)));
    let pages = read.map_err(|_| broken("its structure cannot be followed".into()))??;
    let text = plain::render(&paragraphs(&pages));
    if text.chars().any(char::is_alphabetic) { Ok(text) } else { Err(ReadError::NoText { what: "the PDF" }) }
}

fn extract(bytes: &[u8]) -> Result<Vec<String>, ReadError> {
    let broken = |error: lopdf::Error| ReadError::BrokenPdf { reason: error.to_string() };
    let document = lopdf::Document::load_mem(bytes).map_err(broken)?;
    if document.is_encrypted() {
        return Err(ReadError::EncryptedPdf);
    }
    let mut pages = Vec::new();
    for number in document.get_pages().into_keys().take(PAGES) {
        pages.push(document.extract_text(&[number]).map_err(broken)?);
    }
    Ok(pages)
}

/// Joins lines to paragraphs, and drops lines that stand on most pages (running heads and feet) and page numbers.
fn paragraphs(pages: &[String]) -> String {
    let mut seen = std::collections::HashMap::new();
    for page in pages {
        let lines: std::collections::BTreeSet<String> = page.lines().map(without_digits).collect();
        for line in lines {
            *seen.entry(line).or_insert(0usize) += 1;
        }
    }
    let running = |line: &str| {
        pages.len() > 2 && seen.get(&without_digits(line)).is_some_and(|count| count * 10 > pages.len() * 6)
    };
    let mut out = String::new();
    for line in
        pages.iter().flat_map(|page| page.lines()).map(str::trim).filter(|line| !line.is_empty() && !running(line))
    {
        let goes_on = out.chars().last().is_some_and(|c| !matches!(c, '.' | ':' | ';' | '?' | '!'))
            && line.chars().next().is_some_and(|c| c.is_lowercase() || c == '(' || c.is_ascii_digit());
        if out.ends_with('-') && goes_on {
            out.pop();
        } else if goes_on {
            out.push(' ');
        } else if !out.is_empty() {
            out.push_str("\n\n");
        }
        out.push_str(line);
    }
    out
}

fn without_digits(line: &str) -> String {
    line.trim().chars().filter(|c| !c.is_ascii_digit()).collect()
}
