//! The door: bytes of any format to a [`Reading`].
use crate::{Format, Reading, Source, charset, html, language, markdown, pdf, plain, structure};

/// Largest document that is read, in bytes.
pub const MAX_BYTES: usize = 32 * 1024 * 1024;

/// Why bytes are no document. Each says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Nothing in it.
    #[error("it is empty; check that the address or file is the right one")]
    Empty,
    /// Larger than [`MAX_BYTES`].
    #[error("it has {bytes} bytes, more than the {MAX_BYTES} that are read; split it")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// Not a text in any format that is read.
    #[error("it is not a text: it looks like {looks_like}; give HTML, PDF, Markdown or plain text")]
    Binary {
        /// What the first bytes say.
        looks_like: &'static str,
    },
    /// A PDF that needs a password.
    #[error("the PDF is encrypted; save a copy without a password")]
    EncryptedPdf,
    /// A PDF that cannot be followed.
    #[error("the PDF is broken ({reason}); open it in a viewer and save it again")]
    BrokenPdf {
        /// What the parser said.
        reason: String,
    },
    /// There is no word in it.
    #[error("there is no text in {what}; it may be made of pictures, or need scripts to show its text")]
    NoText {
        /// What has no text.
        what: &'static str,
    },
}

/// The format that the bytes have, if they are a text or a PDF.
pub fn sniff(source: &Source<'_>) -> Option<Format> {
    let bytes = source.bytes;
    if bytes[..bytes.len().min(1024)].windows(5).any(|five| five == b"%PDF-")
        && !bytes.trim_ascii_start().starts_with(b"<")
    {
        return Some(Format::Pdf);
    }
    if binary(bytes).is_some() {
        return None;
    }
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(4096)]).to_ascii_lowercase().replace('\0', "");
    let markup = ["<!doctype html", "<html", "<head", "<body"].iter().any(|tag| start.contains(tag));
    let declared = source.content_type.unwrap_or("").to_ascii_lowercase();
    Some(match () {
        () if markup || declared.contains("html") => Format::Html,
        () if declared.contains("markdown") => Format::Markdown,
        () if ["<div", "<p>", "<p ", "<h1", "<section", "<article"].iter().any(|tag| start.contains(tag)) => {
            Format::Html
        }
        () if declared.contains("plain") => Format::Text,
        () if looks_like_markdown(&start) => Format::Markdown,
        () => Format::Text,
    })
}

/// What bytes that are no text look like.
fn binary(bytes: &[u8]) -> Option<&'static str> {
    const MAGIC: &[(&[u8], &str)] = &[
        (b"\x89PNG", "a PNG picture"),
        (b"\xff\xd8\xff", "a JPEG picture"),
        (b"GIF8", "a GIF picture"),
        (b"PK\x03\x04", "a zip archive or an office document"),
        (b"\x1f\x8b", "gzip data"),
        (b"\x28\xb5\x2f\xfd", "zstd data"),
        (b"\x7fELF", "a program"),
        (b"\xd0\xcf\x11\xe0", "an old office document"),
        (b"SQLite format", "a database"),
        (b"wOF", "a font"),
    ];
    if let Some((_, name)) = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Some(name);
    }
    let utf16 = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    let sample = &bytes[..bytes.len().min(8192)];
    let odd = sample.iter().filter(|b| **b < 9 || (14..32).contains(*b)).count();
    (!utf16 && odd * 10 > sample.len() * 3).then_some("binary data")
}

fn looks_like_markdown(start: &str) -> bool {
    start.lines().any(|line| {
        line.starts_with("# ") || line.starts_with("## ") || line.starts_with("===") || line.starts_with("* ")
    }) || start.contains("](http")
}

/// Reads a document.
pub fn read(source: &Source<'_>) -> Result<Reading, ReadError> {
    let mut head = html::Head::default();
    let (format, text) = render(source, Some(&mut head))?;
    let reading = from_text(text);
    Ok(Reading { format, title: reading.title.or(head.title), site: head.site, ..reading })
}

/// The clean text of a document and nothing else: for whom reads many, and asks for structure or language of some.
pub fn text(source: &Source<'_>) -> Result<String, ReadError> {
    render(source, None).map(|(_, text)| text)
}

/// The format and the clean text; also what a page's head says, if that is asked for.
fn render(source: &Source<'_>, head: Option<&mut html::Head>) -> Result<(Format, String), ReadError> {
    let bytes = source.bytes;
    if bytes.iter().all(|b| b.is_ascii_whitespace() || *b == 0) {
        return Err(ReadError::Empty);
    }
    if bytes.len() > MAX_BYTES {
        return Err(ReadError::TooLarge { bytes: bytes.len() });
    }
    let Some(format) = sniff(source) else {
        return Err(ReadError::Binary { looks_like: binary(bytes).unwrap_or("binary data") });
    };
    let text = match format {
        Format::Pdf => pdf::render(bytes)?,
        Format::Html => html::render(&charset::decode(bytes, source.content_type, true), source, head),
        Format::Markdown => markdown::render(&charset::decode(bytes, source.content_type, false)),
        Format::Text => plain::render(&charset::decode(bytes, source.content_type, false)),
    };
    if !text.chars().any(char::is_alphanumeric) {
        return Err(ReadError::NoText { what: if format == Format::Html { "the page" } else { "the document" } });
    }
    Ok((format, text))
}

/// The reading of a text that is clean already.
pub fn from_text(text: String) -> Reading {
    let structure = structure(&text);
    let heading =
        structure.clauses.iter().take(12).find(|clause| matches!(clause.kind, crate::ClauseKind::Heading(1 | 2)));
    let title = heading.map(|clause| text[clause.range.clone()].to_string());
    Reading { format: Format::Text, language: language::of(&text), title, site: None, structure, text }
}
