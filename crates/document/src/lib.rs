//! Bytes of a governing document (HTML, PDF, Markdown, plain text) to clean text, and clean text to clauses.
//!
//! Two pure steps, so that only the text has to be stored:
//!
//! 1. [`read`]: bytes to a [`Reading`]: the *clean text* and its [`Structure`].
//! 2. [`structure`]: clean text to clauses, dates, defined terms. `read(x).structure == structure(&read(x).text)` always.
//!
//! **Clean text** is a small, canonical Markdown: blocks separated by one blank line (list items by one newline); `#`..`######` headings;
//! every block on one line; list items indented two spaces a level, with the marker that a reader sees (`- `, `1. `, `(a) `, `iv. `);
//! a table row as `| cell | cell |`. No emphasis, no link targets, no images, no hidden text, no markup; spaces folded; lines end in
//! `\n`; the text ends in exactly one `\n` unless it is empty.
mod charset;
mod content;
mod dates;
mod html;
mod kinds;
mod language;
mod markdown;
mod pdf;
mod plain;
mod range;
mod read;
mod render;
mod sentences;
mod several;
mod shallow;
mod structure;
mod terms;

use std::fmt;
use std::ops::Range;

pub use kinds::{TERMS_OF_SERVICE, kind_of, kinds};
pub use language::of as language;
pub use read::{MAX_BYTES, ReadError, from_text, read, sniff, text};
pub use sentences::sentences;
pub use several::kind_titled;
pub use structure::{heading_path, structure};

/// What [`read`] is given: the bytes and all that is known about them.
#[derive(Debug, Clone, Default)]
pub struct Source<'a> {
    /// The document as received (content encodings such as gzip already undone).
    pub bytes: &'a [u8],
    /// The declared media type, for example `text/html; charset=utf-8`; a wrong one is overruled by the bytes.
    pub content_type: Option<&'a str>,
    /// Where it came from; its fragment selects a part of a page that holds several documents.
    pub url: Option<&'a str>,
    /// What the document is called or of what type it is, for example `Privacy Policy`; chooses between documents that one page holds, where
    /// the address names none.
    pub name: Option<&'a str>,
    /// Selectors of the document's content, where an operator declared them: CSS, or `startBefore h1 >>> endBefore footer` for what lies
    /// between two places (`startAfter`, `endAfter` likewise).
    pub select: &'a [String],
    /// Selectors of what is removed from it.
    pub remove: &'a [String],
}

/// The formats that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// HTML or XHTML.
    Html,
    /// PDF.
    Pdf,
    /// Markdown (CommonMark with tables).
    Markdown,
    /// Plain text.
    Text,
}

/// A document read: its clean text and everything found in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The format the bytes turned out to have.
    pub format: Format,
    /// The clean text (see the crate documentation).
    pub text: String,
    /// The document's title: its first top-level heading, else what the page's head says.
    pub title: Option<String>,
    /// The name that a page gives its site (`og:site_name`), if it is a plain one.
    pub site: Option<String>,
    /// ISO 639-1 code of the language of the text, when it is long enough to tell.
    pub language: Option<String>,
    /// Clauses, dates and terms.
    pub structure: Structure,
}

/// What is found in a clean text.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Structure {
    /// Headings and clauses in the order of the text; their ranges do not overlap and hold all its words.
    pub clauses: Vec<Clause>,
    /// The dates the document states about itself.
    pub dates: StatedDates,
    /// Terms that the document defines, in order of definition.
    pub terms: Vec<DefinedTerm>,
}

impl Structure {
    /// The words of each clause, in order. `text` is the text that this is the structure of.
    ///
    /// # Panics
    /// If it is another.
    pub fn words<'t>(&self, text: &'t str) -> Vec<&'t str> {
        self.clauses.iter().map(|clause| &text[clause.range.clone()]).collect()
    }
}

/// One heading or one numbered, headed or paragraph-level unit of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// Bytes of the clean text: the words without block markup (`## `, `- `). Starts and ends on character boundaries, no white space at the ends.
    pub range: Range<usize>,
    /// What kind of block it is.
    pub kind: ClauseKind,
    /// Its number or list marker as the document gives it (`12.3`, `(a)`, `IV`), if any.
    pub number: Option<String>,
    /// Index in [`Structure::clauses`] of the nearest heading above it (for a heading: the heading one level up).
    pub heading: Option<usize>,
    /// For a list item: index of the paragraph that introduces the list ("You may not:"), if any.
    pub lead_in: Option<usize>,
}

impl Clause {
    /// Whether it is a heading.
    pub fn is_heading(&self) -> bool {
        matches!(self.kind, ClauseKind::Heading(_))
    }
}

/// Kinds of [`Clause`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClauseKind {
    /// A heading; level 1 to 6.
    Heading(u8),
    /// A paragraph.
    Paragraph,
    /// A list item; depth from 0.
    Item(u8),
    /// A table row.
    Row,
}

/// A calendar date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// Year, 1990 to 2100.
    pub year: i16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day, 1 to 31.
    pub day: u8,
}

/// As `YYYY-MM-DD`.
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// Dates that a document states about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StatedDates {
    /// "Last updated", "Last modified", "Version of".
    pub updated: Option<Date>,
    /// "Effective", "In force from".
    pub effective: Option<Date>,
}

/// A term that the document defines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefinedTerm {
    /// The term without its quotation marks.
    pub term: String,
    /// Index of the clause that defines it.
    pub clause: usize,
}
