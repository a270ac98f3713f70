//! The interface for programs: told to people, and to programs as an OpenAPI description. Both are made from [`addresses`].
mod addresses;
mod openapi;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use crate::error::Failure;
use crate::links;
use crate::negotiate::json;
use crate::page::Head;
use crate::site::Site;
use addresses::{Address, FILES, FORMS, OWN, POSTS, RECORDS};

pub(crate) fn routes() -> Router<Site> {
    // The ending `.json` is taken off before an address is looked up.
    Router::new().route(links::API, get(show)).route("/api/openapi", get(describe))
}

#[derive(Template)]
#[template(path = "pages/api/page.html")]
struct ApiPage {
    head: Head,
    records: &'static [Address],
    files: &'static [Address],
    posts: &'static [Address],
    own: &'static [Address],
    forms: &'static [Address],
}

async fn show(State(site): State<Site>) -> Result<Response, Failure> {
    let head = site
        .head("API", links::API)
        .about("Every record as JSON at its own address; feeds, timelines, evidence and the log as files.")
        .here("API")
        .no_json();
    Ok(Html(ApiPage { head, records: RECORDS, files: FILES, posts: POSTS, own: OWN, forms: FORMS }.render()?)
        .into_response())
}

async fn describe(State(site): State<Site>) -> Result<Response, Failure> {
    json(&openapi::description(&site.config.name, &site.config.base_url))
}
