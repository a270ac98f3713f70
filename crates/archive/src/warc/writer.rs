//! Writing WARC/1.1.

use std::io::{self, Write};

use flate2::{Compression, GzBuilder};

use super::Capture;
use crate::blob::Sha256Digest;
use crate::instant;

/// Writes records one after the other. The bytes depend only on the arguments: identifiers and dates come from
/// the caller, and the gzip headers carry neither name nor time.
///
/// Identifiers are given without angle brackets, such as `urn:uuid:...`.
pub struct WarcWriter<W> {
    out: W,
    gzip: bool,
}

impl<W: Write> WarcWriter<W> {
    /// Writes to `out`, each record as a gzip member of its own if `gzip` is set.
    pub fn new(out: W, gzip: bool) -> Self {
        Self { out, gzip }
    }

    /// The record that opens a file and says who made it, as pairs such as `("software", "Clausewatch")`.
    pub fn warcinfo(&mut self, id: &str, date_ms: i64, fields: &[(&str, &str)]) -> io::Result<()> {
        let mut body = String::new();
        for (name, value) in fields {
            push_header(&mut body, name, value)?;
        }
        let headers = [("WARC-Type", "warcinfo"), ("Content-Type", "application/warc-fields")];
        self.record(id, date_ms, &headers, body.as_bytes())
    }

    /// A capture. Its body is written as it is, so headers that speak of an encoding on the wire are kept under
    /// `X-Archive-Orig-`, as other archives do, and `Content-Length` is made true.
    pub fn response(&mut self, id: &str, capture: &Capture) -> io::Result<()> {
        let mut block = format!("HTTP/1.1 {} {}\r\n", capture.status, reason(capture.status)).into_bytes();
        block.extend_from_slice(http_headers(capture)?.as_bytes());
        block.extend_from_slice(b"\r\n");
        block.extend_from_slice(&capture.body);
        let digest = format!("sha256:{}", Sha256Digest::of(&capture.body));
        let headers = [
            ("WARC-Type", "response"),
            ("WARC-Target-URI", capture.url.as_str()),
            ("WARC-Payload-Digest", digest.as_str()),
            ("Content-Type", "application/http; msgtype=response"),
        ];
        self.record(id, capture.at_ms, &headers, &block)
    }

    /// Something said about the record `refers_to`, such as the record of the version made from it.
    pub fn metadata(
        &mut self,
        id: &str,
        date_ms: i64,
        refers_to: &str,
        target_uri: &str,
        content_type: &str,
        payload: &[u8],
    ) -> io::Result<()> {
        let refers_to = format!("<{refers_to}>");
        let headers = [
            ("WARC-Type", "metadata"),
            ("WARC-Target-URI", target_uri),
            ("WARC-Refers-To", refers_to.as_str()),
            ("Content-Type", content_type),
        ];
        self.record(id, date_ms, &headers, payload)
    }

    /// Flushes and gives back what was written to.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }

    fn record(&mut self, id: &str, date_ms: i64, headers: &[(&str, &str)], block: &[u8]) -> io::Result<()> {
        let mut head = String::from("WARC/1.1\r\n");
        push_header(&mut head, "WARC-Record-ID", &format!("<{id}>"))?;
        push_header(&mut head, "WARC-Date", &instant::format(date_ms))?;
        for (name, value) in headers {
            push_header(&mut head, name, value)?;
        }
        push_header(&mut head, "WARC-Block-Digest", &format!("sha256:{}", Sha256Digest::of(block)))?;
        push_header(&mut head, "Content-Length", &block.len().to_string())?;
        let parts = [head.as_bytes(), b"\r\n", block, b"\r\n\r\n"];
        if self.gzip {
            // Operating system 255 is "unknown": the same bytes on every machine.
            let mut member = GzBuilder::new().operating_system(255).write(&mut self.out, Compression::default());
            parts.iter().try_for_each(|part| member.write_all(part))?;
            member.finish()?;
            Ok(())
        } else {
            parts.iter().try_for_each(|part| self.out.write_all(part))
        }
    }
}

fn http_headers(capture: &Capture) -> io::Result<String> {
    let length = capture.body.len().to_string();
    let mut text = String::new();
    let mut has_length = false;
    for (name, value) in &capture.headers {
        let true_length = name.eq_ignore_ascii_case("Content-Length") && *value == length && !has_length;
        let on_the_wire = ["Content-Encoding", "Transfer-Encoding", "Content-Length"]
            .iter()
            .any(|wire| name.eq_ignore_ascii_case(wire));
        if on_the_wire && !true_length {
            push_header(&mut text, &format!("X-Archive-Orig-{name}"), value)?;
        } else {
            push_header(&mut text, name, value)?;
        }
        has_length |= true_length;
    }
    if !has_length {
        push_header(&mut text, "Content-Length", &length)?;
    }
    Ok(text)
}

/// Adds a header line, and refuses names and values that would make two of it.
fn push_header(text: &mut String, name: &str, value: &str) -> io::Result<()> {
    let bad_name = name.is_empty() || name.contains(|c: char| c.is_control() || c.is_whitespace() || c == ':');
    if bad_name || value.contains(['\r', '\n', '\0']) {
        let message = format!("the header {name:?} with value {value:?} cannot be written to a WARC file");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    text.push_str(&format!("{name}: {value}\r\n"));
    Ok(())
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        301 => "Moved Permanently",
        302 => "Found",
        304 => "Not Modified",
        403 => "Forbidden",
        404 => "Not Found",
        410 => "Gone",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "",
    }
}
