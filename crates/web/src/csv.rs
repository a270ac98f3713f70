//! Answers that are tables as CSV (RFC 4180), which spreadsheets open.
use alerts::csv::line;
use axum::response::Response;

use crate::saved::saved;

/// Its media type.
pub(crate) const CSV: &str = "text/csv; charset=utf-8";

/// An answer that browsers save as `name`.csv. `name` is ours or an ID, never somebody else's words.
pub(crate) fn answer(name: &str, head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Response {
    let mut text = line(head);
    rows.for_each(|row| {
        text.push_str("\r\n");
        text.push_str(&line(&row));
    });
    text.push_str("\r\n");
    saved(&format!("{name}.csv"), CSV, text)
}
