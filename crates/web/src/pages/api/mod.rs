//! The interface for programs, told to people.
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use crate::error::Failure;
use crate::links;
use crate::page::Head;
use crate::site::Site;

pub(crate) fn routes() -> Router<Site> {
    Router::new().route(links::API, get(show))
}

/// An address and what is there.
struct Address {
    path: &'static str,
    what: &'static str,
}

const fn at(path: &'static str, what: &'static str) -> Address {
    Address { path, what }
}

/// Addresses that answer with JSON.
const RECORDS: [Address; 13] = [
    at("/index.json", "How much the record holds, latest material changes, rising clause types."),
    at("/platforms.json", "Platforms. Fields: q, sector, country, sort."),
    at("/platforms/{slug}.json", "A platform with its documents."),
    at("/documents/{CW-D-…}.json", "A document: versions, provisions."),
    at("/changes.json", "Changes, newest first. Fields: platform, page."),
    at("/changes/{CW-C-…}.json", "A change with the provisions that it touches."),
    at(
        "/provisions/{CW-P-…}.json",
        "A provision: excerpt, ratings, explanation, lineage, other platforms, regulations, evidence, citations.",
    ),
    at("/types.json", "All clause types with the number of platforms on which each stands. Field: q."),
    at("/types/{id}.json", "A clause type: definition, platforms, years, instances. Fields: page, removed=1."),
    at("/compare.json?a={slug}&b={slug}", "Two to four platforms side by side (a, b, c, d). Field: differing=1."),
    at("/regulations.json and /regulations/{id}.json", "Regulations, with the clause types that refer to each."),
    at("/search.json?q={words}", "Clauses that hold all the words."),
    at("/methodology.json", "The analyser, and its measured accuracy."),
];

/// Addresses that answer with files.
const FILES: [Address; 8] = [
    at("/provisions/{CW-P-…}.pdf", "A provision as a tagged PDF."),
    at("/provisions/{CW-P-…}/evidence.zip", "The evidence bundle of a provision."),
    at("/documents/{CW-D-…}/versions/{n}/evidence.zip", "The evidence bundle of a version."),
    at("/feed.atom", "Material changes of all documents."),
    at("/platforms/{slug}/feed.atom", "Material and minor changes of a platform."),
    at("/types/{id}/feed.atom", "Changes that touch a clause of a type."),
    at("/log/checkpoint", "The signed checkpoint of the log (C2SP tlog-checkpoint)."),
    at("/log/tile/…", "Tiles and entries of the log (C2SP tlog-tiles)."),
];

/// What can be posted.
const POSTS: [Address; 2] = [
    at("POST /check", "multipart/form-data with text, file or url: the provisions of a document, nothing kept."),
    at("POST /verify", "multipart/form-data with bundle and, if you like, key: the report of the checks."),
];

#[derive(Template)]
#[template(path = "pages/api/page.html")]
struct ApiPage {
    head: Head,
    records: &'static [Address],
    files: &'static [Address],
    posts: &'static [Address],
}

async fn show(State(site): State<Site>) -> Result<Response, Failure> {
    let head = site
        .head("API", links::API)
        .about("Every record as JSON at its own address; feeds, evidence and the log as files.")
        .here("API")
        .no_json();
    Ok(Html(ApiPage { head, records: &RECORDS, files: &FILES, posts: &POSTS }.render()?).into_response())
}
