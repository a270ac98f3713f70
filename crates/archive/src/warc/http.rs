//! An HTTP response as a WARC record holds it: status line, headers, body as it went over the wire.

use std::io::Read;

use super::first_header;

/// A response with its body decoded.
pub(super) struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

pub(super) enum HttpError {
    TooLarge,
    Broken(String),
}

/// The most content encodings one body is taken through; a server applies one.
const MAX_ENCODINGS: usize = 4;

pub(super) fn parse(payload: &[u8], limit: usize) -> Result<Response, HttpError> {
    let mut rest = payload;
    let status = status(&take_line(&mut rest))?;
    let headers = headers(&mut rest)?;
    let transfer = first_header(&headers, "Transfer-Encoding").unwrap_or_default();
    let body = if transfer.to_ascii_lowercase().contains("chunked") {
        // Many tools store the body already joined and keep the header; then it does not parse as chunks.
        unchunk(rest).unwrap_or_else(|| rest.to_vec())
    } else {
        rest.to_vec()
    };
    if body.len() > limit {
        return Err(HttpError::TooLarge);
    }
    let body = decode(body, first_header(&headers, "Content-Encoding").unwrap_or_default(), limit)?;
    Ok(Response { status, headers, body })
}

fn take_line<'a>(rest: &mut &'a [u8]) -> std::borrow::Cow<'a, str> {
    let end = rest.iter().position(|byte| *byte == b'\n');
    let line = &rest[..end.unwrap_or(rest.len())];
    *rest = &rest[end.map_or(rest.len(), |at| at + 1)..];
    String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line))
}

fn status(line: &str) -> Result<u16, HttpError> {
    let refused =
        || HttpError::Broken(format!("{:?} is not an HTTP status line", line.chars().take(80).collect::<String>()));
    let rest = line.strip_prefix("HTTP/").ok_or_else(refused)?;
    let code = rest.split_ascii_whitespace().nth(1).and_then(|code| code.parse().ok());
    code.filter(|code| (100..1000).contains(code)).ok_or_else(refused)
}

fn headers(rest: &mut &[u8]) -> Result<Vec<(String, String)>, HttpError> {
    let mut headers: Vec<(String, String)> = Vec::new();
    loop {
        if rest.is_empty() {
            // A response may end after its headers without the blank line; there is then no body.
            return Ok(headers);
        }
        let line = take_line(rest);
        if line.is_empty() {
            return Ok(headers);
        }
        if line.len() > 256 << 10 || headers.len() > 2000 {
            return Err(HttpError::Broken("its HTTP headers are too long".to_owned()));
        }
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = headers.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            headers.push((name.trim().to_owned(), value.trim().to_owned()));
        }
        // A line that is no header is passed over, as browsers do.
    }
}

/// Joins chunks; none if this is not chunked from its first byte to its last chunk.
fn unchunk(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = take_line(&mut rest);
        let size = line.split(';').next()?.trim();
        let hex = !size.is_empty() && size.len() <= 16 && size.bytes().all(|byte| byte.is_ascii_hexdigit());
        let size = usize::from_str_radix(size, 16).ok().filter(|_| hex)?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(..size)?);
        rest = &rest[size..];
        if !take_line(&mut rest).is_empty() {
            return None;
        }
    }
}

/// Undoes content encodings from the outermost, which is named last, to the first.
fn decode(mut body: Vec<u8>, encodings: &str, limit: usize) -> Result<Vec<u8>, HttpError> {
    let names: Vec<&str> = encodings.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    if names.len() > MAX_ENCODINGS {
        return Err(HttpError::Broken(format!("its body has {} content encodings", names.len())));
    }
    for name in names.into_iter().rev() {
        if body.is_empty() {
            break; // an answer to HEAD, or an empty page that was never encoded
        }
        match decode_one(&body, &name.to_ascii_lowercase(), limit) {
            Ok(decoded) => body = decoded,
            Err(HttpError::TooLarge) => return Err(HttpError::TooLarge),
            // Many tools store the decoded body and keep the header.
            Err(_) if looks_decoded(&body, name) => break,
            Err(broken) => return Err(broken),
        }
    }
    Ok(body)
}

fn looks_decoded(body: &[u8], name: &str) -> bool {
    let gzip = body.starts_with(&[0x1f, 0x8b]);
    let zstd = body.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]);
    // gzip and zstd announce themselves; for the others, readable text says that nothing is encoded.
    match name.to_ascii_lowercase().as_str() {
        "gzip" | "x-gzip" => !gzip,
        "zstd" => !zstd,
        _ => std::str::from_utf8(body).is_ok_and(|text| !text.contains('\0')),
    }
}

fn decode_one(body: &[u8], name: &str, limit: usize) -> Result<Vec<u8>, HttpError> {
    match name {
        "identity" | "none" | "utf-8" => Ok(body.to_vec()),
        "gzip" | "x-gzip" => read_limited(flate2::read::MultiGzDecoder::new(body), name, limit),
        // "deflate" means zlib, but some servers send raw deflate.
        "deflate" => read_limited(flate2::read::ZlibDecoder::new(body), name, limit).or_else(|error| match error {
            HttpError::TooLarge => Err(error),
            HttpError::Broken(_) => read_limited(flate2::read::DeflateDecoder::new(body), name, limit),
        }),
        "br" => read_limited(brotli_decompressor::Decompressor::new(body, 16 << 10), name, limit),
        "zstd" => unzstd(body, limit),
        _ => Err(HttpError::Broken(format!("its content encoding {name:?} is unknown"))),
    }
}

fn read_limited(decoder: impl Read, name: &str, limit: usize) -> Result<Vec<u8>, HttpError> {
    let mut out = Vec::new();
    let read = decoder.take(limit as u64 + 1).read_to_end(&mut out);
    if out.len() > limit {
        return Err(HttpError::TooLarge);
    }
    read.map_err(|error| HttpError::Broken(format!("its body is not {name}: {error}")))?;
    Ok(out)
}

fn unzstd(body: &[u8], limit: usize) -> Result<Vec<u8>, HttpError> {
    let refused = |code| HttpError::Broken(format!("its body is not zstd: {}", zstd_safe::get_error_name(code)));
    let mut context = zstd_safe::DCtx::create();
    // RFC 9659 holds content encoding to windows of 8 MiB.
    context.set_parameter(zstd_safe::DParameter::WindowLogMax(23)).map_err(refused)?;
    let mut input = zstd_safe::InBuffer::around(body);
    let mut out = Vec::new();
    let mut piece = vec![0; 128 << 10];
    loop {
        let mut buffer = zstd_safe::OutBuffer::around(&mut piece[..]);
        let hint = context.decompress_stream(&mut buffer, &mut input).map_err(refused)?;
        let written = buffer.as_slice().len();
        out.extend_from_slice(&piece[..written]);
        if out.len() > limit {
            return Err(HttpError::TooLarge);
        }
        let done = input.pos == body.len();
        if done && hint == 0 {
            return Ok(out);
        }
        if done && written == 0 {
            return Err(HttpError::Broken("its zstd body is cut off".to_owned()));
        }
    }
}
