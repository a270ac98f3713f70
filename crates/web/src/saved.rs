//! Answers that browsers save as a file.
use axum::http::header;
use axum::response::{IntoResponse, Response};

/// An answer of a media type that browsers save under a name. The name is ours or an ID, never somebody else's words.
pub(crate) fn saved(name: &str, kind: &str, body: impl IntoResponse) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(header::CONTENT_TYPE, kind.to_string()), (header::CONTENT_DISPOSITION, disposition)], body).into_response()
}
