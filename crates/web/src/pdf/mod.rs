//! A small typesetter for records: a [`Sheet`] of headings, paragraphs, quotations and tables to a tagged PDF (PDF/UA-1) with
//! selectable text.
//!
//! Three steps, a file each: [`face`] turns words into glyphs and widths, [`flow`] breaks lines and pages, [`draw`] writes the file.
//! A script that the typeface lacks is shown as boxes, with the true characters as the text behind them, and never ends the program.
mod draw;
mod face;
mod flow;

use krilla::error::KrillaError;

/// Why a PDF could not be written.
#[derive(Debug, thiserror::Error)]
#[error("the PDF of {record} could not be written: {reason}")]
pub(crate) struct PdfError {
    /// The record.
    pub record: String,
    /// What the writer says.
    pub reason: String,
}

/// A document to be set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sheet {
    /// Title in the file's metadata.
    pub title: String,
    /// The record's ID, in the foot of every page.
    pub record: String,
    /// Name of the site, in the foot of every page.
    pub site: String,
    /// When the sheet was made.
    pub made_ms: i64,
    /// What is on it.
    pub blocks: Vec<Block>,
}

/// A part of a sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Block {
    /// The sheet's one title.
    Title(String),
    /// A heading of a section.
    Heading(String),
    /// A small line above the title: where the record stands.
    Kicker(String),
    /// Labels in a row, each with its tone.
    Labels(Vec<(String, Tone)>),
    /// A paragraph.
    Paragraph(Vec<Span>),
    /// A paragraph in small type.
    Small(Vec<Span>),
    /// Words of the document.
    Quote(Vec<Span>),
    /// Names and values.
    Table(Vec<(String, Vec<Span>)>),
}

/// A run of text of one look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Span {
    /// The text.
    pub text: String,
    /// How it looks.
    pub look: Look,
    /// Where it leads.
    pub link: Option<String>,
}

/// How a run of text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Look {
    /// As the text around it.
    Plain,
    /// Bold.
    Strong,
    /// Italic.
    Italic,
    /// Paler: context around a quotation.
    Muted,
}

/// Colour of a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Tone {
    /// No colour of its own.
    Neutral,
    /// Severity low.
    Low,
    /// Severity medium.
    Medium,
    /// Severity high.
    High,
    /// Severity critical.
    Critical,
}

impl Span {
    /// Plain text.
    pub fn plain(text: impl Into<String>) -> Span {
        Span { text: text.into(), look: Look::Plain, link: None }
    }

    /// Text of a look.
    pub fn look(text: impl Into<String>, look: Look) -> Span {
        Span { text: text.into(), look, link: None }
    }

    /// Text that leads to an address.
    pub fn link(text: impl Into<String>, url: impl Into<String>) -> Span {
        Span { text: text.into(), look: Look::Plain, link: Some(url.into()) }
    }
}

/// The sheet as a PDF file. The same sheet makes the same bytes.
pub(crate) fn pdf(sheet: &Sheet) -> Result<Vec<u8>, PdfError> {
    let laid = flow::lay_out(sheet);
    draw::write(sheet, laid)
        .map_err(|error: KrillaError| PdfError { record: sheet.record.clone(), reason: format!("{error:?}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(text: &str) -> Sheet {
        Sheet {
            title: "A clause".into(),
            record: "CW-P-000001".into(),
            site: "Clausewatch".into(),
            made_ms: 1_709_337_600_000,
            blocks: vec![
                Block::Kicker("Plum".into()),
                Block::Title(text.into()),
                Block::Labels(vec![("High severity".into(), Tone::High), (text.into(), Tone::Neutral)]),
                Block::Heading(text.into()),
                Block::Paragraph(vec![Span::plain(text), Span::link(text, "https://plum.example/")]),
                Block::Quote(vec![Span::look(text, Look::Muted), Span::plain(text)]),
                Block::Table(vec![(text.into(), vec![Span::plain(text)]), ("Empty".into(), vec![])]),
                Block::Small(vec![Span::look(text, Look::Italic)]),
            ],
        }
    }

    #[test]
    fn any_text_makes_a_pdf() {
        let long = "word ".repeat(4000);
        let unbroken = "x".repeat(3000);
        for text in [
            "",
            " ",
            "Plain words.",
            "条款和条件 \u{5d0}\u{5d1} \u{0627}\u{0644} 👩‍👩‍👧 \u{1F1E9}\u{1F1EA}",
            "a\u{0}b\u{7}\u{ad}\u{200b}\u{feff}\u{202e}\u{e000}\u{10ffff}\r\n\tc",
            "e\u{301}\u{323}\u{301}\u{301} fi ffi – “quoted”",
            &long,
            &unbroken,
        ] {
            let bytes = pdf(&sheet(text)).unwrap_or_else(|error| panic!("{error} for {text:.40?}"));
            assert!(bytes.starts_with(b"%PDF"));
        }
    }

    #[test]
    fn the_same_sheet_makes_the_same_bytes() {
        assert_eq!(pdf(&sheet("Words")).unwrap(), pdf(&sheet("Words")).unwrap());
    }
}
