//! What a CDX server lists: JSON of rows whose first names the fields; an empty row and a row of one value, the resumption key, may follow.
use crate::place;

/// The fields that are asked for, in this order.
pub(crate) const FIELDS: &str = "timestamp,original,mimetype,statuscode,digest";
/// Longest resumption key.
const LONGEST_KEY: usize = 2000;

/// A capture as the index of an archive names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// When, as 14 digits.
    pub timestamp: String,
    /// When, in milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// The address that was captured.
    pub original: String,
    /// Base32 of the SHA-1 of the body.
    pub digest: String,
}

/// A part of an index.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// Captures, oldest first.
    pub captures: Vec<Listed>,
    /// Rows that name no capture of the page.
    pub unusable: usize,
    /// Where to go on, if there is more.
    pub resume: Option<String>,
}

/// Reads a listing of the captures of a page.
///
/// # Errors
/// What it is instead.
pub(crate) fn listing(body: &[u8], page: &str) -> Result<Listing, String> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err("sent an empty list of captures, which is not how it says that there are none".into());
    }
    let rows: Vec<Vec<String>> = serde_json::from_slice(body).map_err(|error| match error.is_eof() {
        true => "sent a list of captures that ends early".to_string(),
        false => format!("sent something else than a list of captures ({})", looks_like(body)),
    })?;
    let mut rows = rows.into_iter();
    match rows.next() {
        None => return Ok(Listing::default()),
        Some(header) if header.join(",") == FIELDS => {}
        Some(_) => return Err("sent a list of captures with other fields than those asked for".into()),
    }
    let mut listing = Listing::default();
    while let Some(row) = rows.next() {
        if row.is_empty() {
            let key = rows.next().and_then(|row| row.into_iter().next());
            listing.resume = key.filter(|key| !key.is_empty() && key.len() <= LONGEST_KEY);
            break;
        }
        match listed(&row, page) {
            // Some servers repeat rows.
            Some(capture) if listing.captures.last() == Some(&capture) => {}
            Some(capture) => listing.captures.push(capture),
            None => listing.unusable += 1,
        }
    }
    listing.captures.sort_by_key(|capture| capture.at_ms);
    Ok(listing)
}

fn listed(row: &[String], page: &str) -> Option<Listed> {
    let [timestamp, original, _, status, digest] = row else { return None };
    let at_ms = place::instant_of(timestamp)?;
    let original = place::page(original).filter(|original| place::same_page(original, page))?;
    let base32 = digest.len() == 32 && digest.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'2'..=b'7'));
    (status == "200" && base32).then(|| Listed {
        timestamp: timestamp.clone(),
        at_ms,
        original,
        digest: digest.clone(),
    })
}

/// What a body looks like, in words of ours.
fn looks_like(body: &[u8]) -> &'static str {
    let start = String::from_utf8_lossy(&body[..body.len().min(2000)]).to_ascii_lowercase();
    if start.contains("runtimeioexception") {
        "its index could not be read"
    } else if start.contains("<html") || start.contains("<!doctype") {
        "a page for people"
    } else if start.trim_start().starts_with(['[', '{']) {
        "JSON of another form"
    } else {
        "text"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "https://plum.example/terms";
    const DIGEST: &str = "Q4YULN754FHV2U6Q5JUT6Q2P57WEWNNY";

    fn row(timestamp: &str, original: &str, status: &str, digest: &str) -> String {
        format!(r#"["{timestamp}","{original}","text/html","{status}","{digest}"]"#)
    }

    fn list(rows: &[String]) -> Result<Listing, String> {
        let header = r#"["timestamp","original","mimetype","statuscode","digest"]"#.to_string();
        let rows: Vec<String> = std::iter::once(header).chain(rows.iter().cloned()).collect();
        listing(format!("[{}]", rows.join(",\n ")).as_bytes(), PAGE)
    }

    #[test]
    fn captures_come_in_the_order_of_their_times_and_once() {
        let one = row("20240102000000", "http://plum.example:80/terms", "200", DIGEST);
        let two = row("20250102000000", PAGE, "200", DIGEST);
        let found = list(&[two, one.clone(), one, "[]".into(), r#"["com,plum)/terms 2025!"]"#.into()]).unwrap();
        assert_eq!(found.captures.iter().map(|c| &c.timestamp[..4]).collect::<Vec<_>>(), ["2024", "2025"]);
        assert_eq!(found.captures[0].original, "http://plum.example/terms");
        assert_eq!(found.resume.as_deref(), Some("com,plum)/terms 2025!"));
        assert_eq!(found.unusable, 0);
    }

    #[test]
    fn rows_that_name_no_capture_of_the_page_are_counted() {
        let rows = [
            row("2024", PAGE, "200", DIGEST),
            row("20240102000000", "https://quince.example/terms", "200", DIGEST),
            row("20240102000000", "mailto:terms@plum.example", "200", DIGEST),
            row("20240102000000", PAGE, "302", DIGEST),
            row("20240102000000", PAGE, "-", DIGEST),
            row("20240102000000", PAGE, "200", "short"),
            r#"["20240102000000"]"#.into(),
        ];
        let found = list(&rows).unwrap();
        assert_eq!((found.captures.len(), found.unusable), (0, rows.len()));
    }

    #[test]
    fn nothing_else_is_taken_for_a_list() {
        assert_eq!(listing(b"[]", PAGE), Ok(Listing::default()), "how a server says that there are none");
        for (body, reason) in [
            ("", "empty"),
            ("\n", "empty"),
            (r#"[["timestamp","original","mimetype","statuscode","digest"],["2024"#, "ends early"),
            ("<html><body>Too many requests</body></html>", "a page for people"),
            ("org.archive.util.io.RuntimeIOException: x", "could not be read"),
            (r#"{"error":"x"}"#, "another form"),
            (r#"[["urlkey","timestamp"]]"#, "other fields"),
            ("com,plum)/terms 20240102000000", "text"),
        ] {
            let error = listing(body.as_bytes(), PAGE).unwrap_err();
            assert!(error.contains(reason), "{body}: {error}");
        }
        assert_eq!(list(&["[]".into(), format!(r#"["{}"]"#, "k".repeat(3000))]).unwrap().resume, None);
    }
}
