//! Answers that are tables as CSV (RFC 4180), which spreadsheets open.
use alerts::csv::line;
use axum::http::header;
use axum::response::{IntoResponse, Response};

/// An answer that browsers save as `name`.csv. `name` is ours or an ID, never somebody else's words.
pub(crate) fn answer(name: &str, head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Response {
    let mut text = line(head);
    rows.for_each(|row| {
        text.push_str("\r\n");
        text.push_str(&line(&row));
    });
    text.push_str("\r\n");
    let disposition = format!("attachment; filename=\"{name}.csv\"");
    let headers =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_string()), (header::CONTENT_DISPOSITION, disposition)];
    (headers, text).into_response()
}
