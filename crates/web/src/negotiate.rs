//! One address, two forms: a page for people, JSON for programs.
use std::convert::Infallible;

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::{Html, IntoResponse, Response};
use serde::Serialize;

use crate::error::Failure;

/// The form that the reader wants: `Accept: application/json`, or an address that ends in `.json` (which [`crate::doors`] takes off).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wants {
    /// A page.
    Page,
    /// JSON.
    Json,
}

impl Wants {
    /// What the headers ask for; a reader that takes both gets the page.
    pub fn from_headers(headers: &HeaderMap) -> Wants {
        let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("");
        let names = |kind: &str| accept.split(',').any(|part| part.split(';').next().unwrap_or("").trim() == kind);
        if names("application/json") && !names("text/html") { Wants::Json } else { Wants::Page }
    }

    /// A record in the form that is wanted. `value` is made only if it is asked for.
    pub fn record<T: Serialize>(self, page: &impl Template, value: impl FnOnce() -> T) -> Result<Response, Failure> {
        match self {
            Wants::Page => Ok(Html(page.render()?).into_response()),
            Wants::Json => json(&value()),
        }
    }
}

/// JSON, indented, for it is read by people too.
pub(crate) fn json(value: &impl Serialize) -> Result<Response, Failure> {
    let mut text = serde_json::to_vec_pretty(value)?;
    text.push(b'\n');
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}

impl<S: Sync> FromRequestParts<S> for Wants {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Wants>().copied().unwrap_or_else(|| Wants::from_headers(&parts.headers)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_unless_json_is_asked_for() {
        let wants = |accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().unwrap());
            Wants::from_headers(&headers)
        };
        assert_eq!(wants("text/html,application/json;q=0.9,*/*;q=0.8"), Wants::Page);
        assert_eq!(wants("application/json; q=1, */*"), Wants::Json);
        assert_eq!(wants("*/*"), Wants::Page);
    }
}
