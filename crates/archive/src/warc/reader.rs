//! Reading WARC/1.0 and WARC/1.1, record by record.

use std::io::{self, Read};

use super::stream::Stream;
use super::{Capture, first_header, http};
use crate::instant;

/// A line of a record's header that is longer than this is damage.
const MAX_LINE: usize = 64 << 10;
const MAX_HEADERS: usize = 1000;

/// What a record and its decoded body may take up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes of a record's payload; a longer record is skipped with an error.
    pub record: usize,
    /// The most bytes of a body once its content encoding is undone.
    pub body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { record: 64 << 20, body: 64 << 20 }
    }
}

/// The types of WARC record.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RecordKind {
    /// Describes the file.
    Warcinfo,
    /// What a server answered.
    Response,
    /// What it was asked.
    Request,
    /// Bytes without an answer's headers.
    Resource,
    /// Something said about another record.
    Metadata,
    /// The same answer as another record.
    Revisit,
    /// Another form of a record's content.
    Conversion,
    /// The next piece of a record split over files.
    Continuation,
    /// A type outside of the standard, in lower case.
    Other(String),
}

/// One record of a WARC file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Where the record begins in the file; in a gzip file, where its gzip member begins.
    pub offset: u64,
    /// Its type.
    pub kind: RecordKind,
    /// Its identifier without angle brackets; empty where the record has none.
    pub id: String,
    /// Its date in milliseconds since 1970 UTC.
    pub date_ms: i64,
    /// The address it is about.
    pub target_uri: Option<String>,
    /// Every header of the record.
    pub headers: Vec<(String, String)>,
    /// Its content, as in the file.
    pub payload: Vec<u8>,
}

/// What was wrong in a WARC file, and where.
#[derive(Debug, thiserror::Error)]
pub enum WarcError {
    /// The file could not be read, or its gzip is damaged; `offset` is that of the gzip member.
    #[error("WARC file, offset {offset}: {source}")]
    Read {
        /// Place in the file.
        offset: u64,
        /// The cause.
        source: io::Error,
    },
    /// The record breaks the format and was passed over.
    #[error("WARC record at offset {offset}: {reason}")]
    Broken {
        /// Place in the file.
        offset: u64,
        /// What was wrong.
        reason: String,
    },
    /// The file ends, or its gzip member ends, within the record.
    #[error("WARC record at offset {offset} is cut off: {missing} bytes of its content are missing")]
    Truncated {
        /// Place in the file.
        offset: u64,
        /// Bytes that the record announced and that are not there.
        missing: u64,
    },
    /// The record or its decoded body is larger than the limit, and was passed over.
    #[error("WARC record at offset {offset} holds more than {limit} bytes")]
    TooLarge {
        /// Place in the file.
        offset: u64,
        /// The limit it broke.
        limit: usize,
    },
}

impl Record {
    /// The first header of the record with this name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        first_header(&self.headers, name)
    }

    /// The capture that a `response` record of HTTP holds, its body decoded; none for every other record.
    pub fn capture(&self, limits: &Limits) -> Result<Option<Capture>, WarcError> {
        let Some(url) = self.target_uri.as_ref().filter(|_| self.kind == RecordKind::Response) else {
            return Ok(None);
        };
        // A response may be of another protocol, such as DNS.
        let scheme = url.split(':').next().unwrap_or_default();
        if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
            return Ok(None);
        }
        let offset = self.offset;
        let response = http::parse(&self.payload, limits.body).map_err(|error| match error {
            http::HttpError::TooLarge => WarcError::TooLarge { offset, limit: limits.body },
            http::HttpError::Broken(reason) => WarcError::Broken { offset, reason },
        })?;
        let (status, headers, body) = (response.status, response.headers, response.body);
        Ok(Some(Capture { id: self.id.clone(), url: url.clone(), at_ms: self.date_ms, status, headers, body }))
    }
}

/// Reads a WARC file as an iterator over its records.
///
/// After an error the iterator goes on with the next record that can be found; it ends with the file.
pub struct WarcReader<R> {
    stream: Stream<R>,
    limits: Limits,
    ended: bool,
}

impl<R: Read> WarcReader<R> {
    /// Reads with the usual [`Limits`]. The reader buffers by itself.
    pub fn new(inner: R) -> Self {
        Self::with_limits(inner, Limits::default())
    }

    /// Reads with other limits.
    pub fn with_limits(inner: R, limits: Limits) -> Self {
        Self { stream: Stream::new(inner), limits, ended: false }
    }

    /// Only the captures, decoded.
    pub fn captures(self) -> Captures<R> {
        Captures { reader: self }
    }

    fn next_record(&mut self) -> Result<Option<Record>, WarcError> {
        self.skip_blank()?;
        let offset = self.stream.offset();
        let Some(version) = self.line(offset)? else { return Ok(None) };
        if !version.starts_with(b"WARC/1.") && !version.starts_with(b"WARC/0.") {
            self.find_record()?;
            let start = String::from_utf8_lossy(&version[..version.len().min(40)]).into_owned();
            return Err(broken(offset, format!("{start:?} where WARC/1.0 or WARC/1.1 should stand")));
        }
        let headers = self.headers(offset)?;
        let length = first_header(&headers, "Content-Length").map(|text| text.trim().parse::<u64>());
        let Some(Ok(length)) = length else {
            self.find_record()?;
            return Err(broken(offset, "no Content-Length, or one that is not a number".to_owned()));
        };
        let payload = self.payload(offset, length)?;
        record(offset, headers, payload).map(Some)
    }

    fn skip_blank(&mut self) -> Result<(), WarcError> {
        loop {
            let next = self.stream.fill()?;
            let blank = next.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            let more = blank > 0 && blank == next.len();
            self.stream.consume(blank);
            if !more {
                return Ok(());
            }
        }
    }

    /// The next line without its end, or none at the end of the file.
    fn line(&mut self, offset: u64) -> Result<Option<Vec<u8>>, WarcError> {
        let mut line = Vec::new();
        loop {
            let next = self.stream.fill()?;
            if next.is_empty() {
                return Ok((!line.is_empty()).then_some(line));
            }
            let end = next.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(next.len(), |at| at + 1);
            line.extend_from_slice(&next[..end.unwrap_or(taken)]);
            self.stream.consume(taken);
            if end.is_some() {
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                return Ok(Some(line));
            }
            if line.len() > MAX_LINE {
                self.find_record()?;
                return Err(broken(offset, format!("a header line of more than {MAX_LINE} bytes")));
            }
        }
    }

    fn headers(&mut self, offset: u64) -> Result<Vec<(String, String)>, WarcError> {
        let mut headers: Vec<(String, String)> = Vec::new();
        loop {
            let Some(line) = self.line(offset)? else {
                return Err(broken(offset, "the file ends within the record's headers".to_owned()));
            };
            if line.is_empty() {
                return Ok(headers);
            }
            if headers.len() >= MAX_HEADERS {
                self.find_record()?;
                return Err(broken(offset, format!("more than {MAX_HEADERS} headers")));
            }
            let line = String::from_utf8_lossy(&line).into_owned();
            if line.starts_with([' ', '\t']) {
                if let Some((_, value)) = headers.last_mut() {
                    value.push(' ');
                    value.push_str(line.trim());
                }
                continue;
            }
            let Some((name, value)) = line.split_once(':') else {
                self.find_record()?;
                return Err(broken(offset, format!("{line:?} is not a header")));
            };
            headers.push((name.trim().to_owned(), value.trim().to_owned()));
        }
    }

    /// Takes `length` bytes; of a record that is too large none are kept.
    fn payload(&mut self, offset: u64, length: u64) -> Result<Vec<u8>, WarcError> {
        let limit = self.limits.record;
        let keep = length <= limit as u64;
        // The announced length is not believed beyond what has arrived.
        let mut payload = Vec::with_capacity(if keep { length.min(1 << 20) as usize } else { 0 });
        let mut missing = length;
        while missing > 0 {
            let next = self.stream.fill()?;
            let taken = next.len().min(usize::try_from(missing).unwrap_or(usize::MAX));
            if keep {
                payload.extend_from_slice(&next[..taken]);
            }
            if taken == 0 || self.stream.at_record_member() {
                return Err(WarcError::Truncated { offset, missing });
            }
            self.stream.consume(taken);
            missing -= taken as u64;
        }
        if keep { Ok(payload) } else { Err(WarcError::TooLarge { offset, limit }) }
    }

    /// Moves to the next line that begins a record, or to the end of the file.
    fn find_record(&mut self) -> Result<(), WarcError> {
        let mut line_start = true;
        loop {
            self.stream.fill()?;
            line_start |= self.stream.at_record_member();
            let next = self.stream.fill()?;
            if next.is_empty() || (line_start && (next.starts_with(b"WARC/1.") || next.starts_with(b"WARC/0."))) {
                return Ok(());
            }
            // A chunk may end within "WARC/1."; that one record is then passed over.
            let mark = next.windows(8).position(|window| window == b"\nWARC/1." || window == b"\nWARC/0.");
            let taken = mark.map_or(next.len(), |at| at + 1);
            line_start = next[taken - 1] == b'\n';
            self.stream.consume(taken);
        }
    }
}

impl<R: Read> Iterator for WarcReader<R> {
    type Item = Result<Record, WarcError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let item = self.next_record().transpose();
        self.ended = item.is_none();
        item
    }
}

/// The captures of a WARC file, see [`WarcReader::captures`].
pub struct Captures<R> {
    reader: WarcReader<R>,
}

impl<R: Read> Iterator for Captures<R> {
    type Item = Result<Capture, WarcError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let limits = self.reader.limits;
            match self.reader.next()?.and_then(|record| record.capture(&limits)).transpose() {
                None => continue,
                found => return found,
            }
        }
    }
}

fn broken(offset: u64, reason: String) -> WarcError {
    WarcError::Broken { offset, reason }
}

fn record(offset: u64, headers: Vec<(String, String)>, payload: Vec<u8>) -> Result<Record, WarcError> {
    let get = |name| first_header(&headers, name);
    let unbracket = |text: &str| text.trim_start_matches('<').trim_end_matches('>').to_owned();
    let kind = match get("WARC-Type") {
        Some(kind) => record_kind(kind),
        None => return Err(broken(offset, "no WARC-Type".to_owned())),
    };
    let date = get("WARC-Date").unwrap_or_default();
    let date_ms = instant::parse(date).ok_or_else(|| broken(offset, format!("{date:?} is not a WARC-Date")))?;
    let id = get("WARC-Record-ID").map(unbracket).unwrap_or_default();
    // Some writers of WARC/1.0 put angle brackets around the address too.
    let target_uri = get("WARC-Target-URI").map(unbracket);
    Ok(Record { offset, kind, id, date_ms, target_uri, headers, payload })
}

fn record_kind(text: &str) -> RecordKind {
    match text.to_ascii_lowercase().as_str() {
        "warcinfo" => RecordKind::Warcinfo,
        "response" => RecordKind::Response,
        "request" => RecordKind::Request,
        "resource" => RecordKind::Resource,
        "metadata" => RecordKind::Metadata,
        "revisit" => RecordKind::Revisit,
        "conversion" => RecordKind::Conversion,
        "continuation" => RecordKind::Continuation,
        other => RecordKind::Other(other.to_owned()),
    }
}
