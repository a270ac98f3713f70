//! WARC files: captures in, captures out.
//!
//! WARC is the format that web archives exchange; Clausewatch imports and exports it but does not store it. The
//! reader streams, takes plain files and gzip (a member for each record, or one for all), and goes on after a
//! broken record where it can find the next one. The writer makes WARC/1.1 whose bytes depend only on what it
//! is given.
//!
//! ```
//! use archive::warc::{Capture, WarcReader, WarcWriter};
//! let capture = Capture {
//!     id: String::new(),
//!     url: "https://a.example/terms".into(),
//!     at_ms: 1_724_718_752_000,
//!     status: 200,
//!     headers: vec![("Content-Type".into(), "text/plain".into())],
//!     body: b"The terms.".to_vec(),
//! };
//! let mut writer = WarcWriter::new(Vec::new(), true);
//! writer.response("urn:uuid:00000000-0000-4000-8000-000000000001", &capture).unwrap();
//! let file = writer.finish().unwrap();
//! let read: Vec<Capture> = WarcReader::new(&file[..]).captures().map(Result::unwrap).collect();
//! assert_eq!(read[0].body, b"The terms.");
//! ```

mod http;
mod reader;
mod stream;
mod writer;

pub use reader::{Captures, Limits, Record, RecordKind, WarcError, WarcReader};
pub use writer::WarcWriter;

/// The bytes a server sent for an address at an instant, with what it said about them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// Identifier of the WARC record that it was read from, without angle brackets; empty where there is none.
    pub id: String,
    /// The address that was asked.
    pub url: String,
    /// When, in milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// The HTTP status.
    pub status: u16,
    /// The response's headers in their order and spelling.
    pub headers: Vec<(String, String)>,
    /// The body, with transfer and content encoding undone.
    pub body: Vec<u8>,
}

impl Capture {
    /// The first header of this name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        first_header(&self.headers, name)
    }
}

fn first_header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}
