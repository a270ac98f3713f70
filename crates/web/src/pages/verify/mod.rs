//! Verify: a bundle is checked, or the records are shown that have a hash. What is uploaded is not kept.
use std::time::Duration;

use archive::Sha256Digest;
use archive::evidence::{CheckStatus, VerifyReport, verify_bundle};
use askama::Template;
use atlas::{HashMatch, Hashed};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Multipart, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde_json::json;

use crate::error::Failure;
use crate::links;
use crate::negotiate::{Wants, json as as_json};
use crate::page::Head;
use crate::query::Query;
use crate::site::Site;
use crate::words;

/// Largest bundle taken.
const MOST_BYTES: usize = 64 << 20;
/// Most time for sending a bundle.
const PATIENCE: Duration = Duration::from_secs(120);
/// Records shown for one hash.
const MATCHES: i64 = 100;

pub(crate) fn routes() -> Router<Site> {
    Router::new().route(links::VERIFY, get(show).post(check)).layer(DefaultBodyLimit::max(MOST_BYTES + (1 << 20)))
}

#[derive(Template)]
#[template(path = "pages/verify/page.html")]
struct VerifyPage {
    head: Head,
    key: String,
    size: i64,
    /// The hash asked for.
    asked: String,
    /// Records that have it, once one was asked for.
    matches: Option<Vec<HashMatch>>,
    /// What became of a bundle: the report, or why there is none.
    report: Option<Result<VerifyReport, String>>,
}

async fn page(site: &Site) -> Result<VerifyPage, Failure> {
    let head = site
        .head("Verify evidence", links::VERIFY)
        .about("Check an evidence bundle, or find the records that have a SHA-256.")
        .here("Verify evidence");
    let size = site.atlas.counts().await?.log_size;
    Ok(VerifyPage { head, key: site.atlas.log_key(), size, asked: String::new(), matches: None, report: None })
}

async fn show(State(site): State<Site>, wants: Wants, query: Query) -> Result<Response, Failure> {
    let mut page = page(&site).await?;
    if let Some(hash) = query.text("sha256") {
        let bare: String = hash.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase();
        let digest: Sha256Digest =
            bare.parse().map_err(|_| Failure::input("sha256", hash, "a SHA-256 has 64 hexadecimal digits"))?;
        page.matches = Some(site.atlas.records_of_hash(digest, MATCHES).await?);
        page.asked = bare;
    }
    wants.record(
        &page,
        || json!({"log_key": page.key, "log_size": page.size, "sha256": page.asked, "records": page.matches}),
    )
}

async fn check(State(site): State<Site>, wants: Wants, form: Multipart) -> Result<Response, Failure> {
    // Before the body is read: it is large.
    let turn = site.checking.take("checking bundles").await?;
    let late =
        |_| Failure::Refused(StatusCode::REQUEST_TIMEOUT, "the bundle took longer than two minutes to arrive".into());
    let (bundle, key) = tokio::time::timeout(PATIENCE, fields(form)).await.map_err(late)??;
    let trusted = key.unwrap_or_else(|| site.atlas.log_key());
    // Unpacking and hashing: not on a thread that serves others.
    let check = move || {
        // It goes on when the visitor leaves, and so does the turn.
        let _turn = turn;
        verify_bundle(&bundle, Some(&trusted))
    };
    let checked = tokio::task::spawn_blocking(check).await;
    let report = checked.map_err(|error| Failure::Internal(error.to_string()))?.map_err(|error| error.to_string());
    if wants == Wants::Json {
        let value = match &report {
            Ok(report) => json!({"passed": report.passed(), "trusted": report.trusted(), "report": report}),
            Err(reason) => json!({"passed": false, "error": reason}),
        };
        return as_json(&value);
    }
    let mut page = page(&site).await?;
    page.report = Some(report);
    page.head.listed = false;
    Ok(Html(page.render()?).into_response())
}

/// The bundle, and the key to trust if one is given.
async fn fields(mut form: Multipart) -> Result<(Vec<u8>, Option<String>), Failure> {
    let broken = |error: axum::extract::multipart::MultipartError| {
        Failure::unreadable("the bundle", MOST_BYTES, error.status(), &error.body_text())
    };
    let (mut bundle, mut key) = (Vec::new(), None);
    while let Some(field) = form.next_field().await.map_err(broken)? {
        match field.name().unwrap_or("") {
            "bundle" => bundle = field.bytes().await.map_err(broken)?.to_vec(),
            "key" => key = Some(field.text().await.map_err(broken)?.trim().to_string()).filter(|key| !key.is_empty()),
            _ => {}
        }
    }
    if bundle.is_empty() {
        return Err(Failure::Refused(StatusCode::BAD_REQUEST, "no bundle was chosen".into()));
    }
    if bundle.len() > MOST_BYTES {
        let why = format!("it has {} bytes", bundle.len());
        return Err(Failure::unreadable("the bundle", MOST_BYTES, StatusCode::PAYLOAD_TOO_LARGE, &why));
    }
    Ok((bundle, key))
}

/// How a check ended, in words and as a class.
fn outcome(status: &CheckStatus) -> (&'static str, &'static str) {
    match status {
        CheckStatus::Pass => ("Holds", "ok"),
        CheckStatus::Fail => ("Fails", "bad"),
        CheckStatus::NotCovered => ("Not covered", "open"),
    }
}
