//! PDF to clean text. Parsers of PDF crash on hostile files, so callers run this in a child process; what panics is caught all the same.
//!
//! A PDF says where glyphs stand, not what is a word, a line or a paragraph. [`lines`] follows the text operators of a page and gives its
//! lines with their places; [`paragraphs`] joins lines by the distance between them.
mod lines;

use std::collections::{BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};

use lines::Line;

use crate::plain;
use crate::read::ReadError;

/// Pages read at most.
const PAGES: usize = 1_000;
/// Lines at the head and foot of a page that may be running ones.
const MARGIN: usize = 3;

/// Reads a PDF's text page by page.
pub(crate) fn render(bytes: &[u8]) -> Result<String, ReadError> {
    let broken = |reason: String| ReadError::BrokenPdf { reason };
    let read = catch_unwind(AssertUnwindSafe(|| extract(bytes)));
    let pages = read.map_err(|_| broken("its structure cannot be followed".into()))??;
    let text = plain::render(&paragraphs(&pages));
    if text.chars().any(char::is_alphabetic) { Ok(text) } else { Err(ReadError::NoText { what: "the PDF" }) }
}

fn extract(bytes: &[u8]) -> Result<Vec<Vec<Line>>, ReadError> {
    let broken = |error: lopdf::Error| match error {
        lopdf::Error::Decryption(_) | lopdf::Error::InvalidPassword => ReadError::EncryptedPdf,
        error => ReadError::BrokenPdf { reason: error.to_string() },
    };
    let document = lopdf::Document::load_mem(bytes).map_err(broken)?;
    if document.is_encrypted() {
        return Err(ReadError::EncryptedPdf);
    }
    document.get_pages().into_values().take(PAGES).map(|page| lines::of(&document, page).map_err(broken)).collect()
}

/// Joins lines to paragraphs, and drops lines that stand at the head or foot of most pages (running ones, page numbers).
fn paragraphs(pages: &[Vec<Line>]) -> String {
    let margins = |page: &[Line]| {
        let edge = |place: usize| place < MARGIN || place + MARGIN >= page.len();
        let texts = page.iter().enumerate().filter(move |(place, _)| edge(*place));
        texts.map(|(_, line)| without_digits(&line.text)).collect::<BTreeSet<_>>()
    };
    let mut seen: HashMap<String, usize> = HashMap::new();
    for line in pages.iter().flat_map(|page| margins(page)) {
        *seen.entry(line).or_default() += 1;
    }
    let mut out = String::new();
    for page in pages {
        let running = |place: usize, line: &Line| {
            let edge = place < MARGIN || place + MARGIN >= page.len();
            let count = seen.get(&without_digits(&line.text)).copied().unwrap_or(0);
            edge && pages.len() > 2 && count * 10 > pages.len() * 6
        };
        let mut before: Option<&Line> = None;
        let gap = usual_gap(page);
        for (place, line) in page.iter().enumerate() {
            if !running(place, line) {
                join(&mut out, before, line, gap);
                before = Some(line);
            }
        }
    }
    out
}

/// Adds a line to the paragraph under way, or begins another. `before` is none at the head of a page.
fn join(out: &mut String, before: Option<&Line>, line: &Line, gap: f32) {
    let text = line.text.trim();
    let goes_on = match before {
        Some(before) => {
            let apart = before.y - line.y;
            apart >= 0.0 && apart <= gap * 1.25 && (before.size - line.size).abs() < 0.6
        }
        // Over the end of a page, only the words can tell.
        None => {
            let open = out.chars().last().is_some_and(|c| !matches!(c, '.' | ':' | ';' | '?' | '!'));
            open && text.starts_with(|c: char| c.is_lowercase() || c == '(')
        }
    };
    if out.is_empty() {
    } else if goes_on && out.ends_with('-') && text.starts_with(char::is_lowercase) {
        out.pop();
    } else if goes_on {
        // A line of its own: a bullet or number at its start begins a part, see `plain`.
        out.push('\n');
    } else {
        out.push_str("\n\n");
    }
    out.push_str(text);
}

/// The distance between the lines of a paragraph: the most common one.
fn usual_gap(page: &[Line]) -> f32 {
    let mut counts: HashMap<i32, usize> = HashMap::new();
    for pair in page.windows(2) {
        let apart = pair[0].y - pair[1].y;
        if apart > 1.0 && apart < 60.0 {
            *counts.entry((apart * 2.0).round() as i32).or_default() += 1;
        }
    }
    let most = counts.into_iter().max_by_key(|(gap, count)| (*count, -gap));
    most.map_or(14.0, |(gap, _)| gap as f32 / 2.0)
}

fn without_digits(line: &str) -> String {
    line.trim().chars().filter(|c| !c.is_ascii_digit()).collect()
}
