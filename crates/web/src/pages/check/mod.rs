//! Check: any document's provisions in a moment. Nothing is kept.
use askama::Template;
use atlas::Rarity;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Multipart, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use document::Reading;
use provisions::{Confidence, Explicitness, Provision, Reader, Severity, taxonomy};
use serde_json::{Value, json};

use crate::desk::Brought;
use crate::error::Failure;
use crate::links;
use crate::negotiate::{Wants, json as as_json};
use crate::page::Head;
use crate::site::Site;
use crate::words;

/// Largest document taken.
const MOST_BYTES: usize = 8 << 20;
/// Provisions shown.
const SHOWN: usize = 300;

pub(crate) fn routes() -> Router<Site> {
    Router::new().route(links::CHECK, get(show).post(check)).layer(DefaultBodyLimit::max(MOST_BYTES + (1 << 16)))
}

/// A provision found in the visitor's document.
struct Found {
    type_id: &'static str,
    excerpt: String,
    heading: String,
    severity: Severity,
    confidence: Confidence,
    explicitness: Explicitness,
    score: f32,
    reasons: Vec<String>,
    what_it_does: String,
    rarity: Rarity,
}

/// What the document turned out to be.
struct Checked {
    title: String,
    language: Option<String>,
    words: i64,
    clauses: i64,
    updated: Option<String>,
    /// Provisions by severity: low, medium, high, critical.
    severity: [i64; 4],
    found: Vec<Found>,
    all: i64,
}

#[derive(Template)]
#[template(path = "pages/check/page.html")]
struct CheckPage {
    head: Head,
    /// Whether addresses and PDF are taken.
    equipped: bool,
    result: Option<Result<Checked, String>>,
    text: String,
    url: String,
}

fn page(site: &Site) -> CheckPage {
    let head = site
        .head("Check a document", links::CHECK)
        .about("Paste, upload or point at any terms or policy: its provisions in a moment, nothing kept.")
        .here("Check")
        .no_json();
    CheckPage { head, equipped: site.desk.equipped, result: None, text: String::new(), url: String::new() }
}

async fn show(State(site): State<Site>) -> Result<Response, Failure> {
    Ok(Html(page(&site).render()?).into_response())
}

/// What the form says.
#[derive(Default)]
struct Form {
    text: String,
    url: String,
    file: Option<(Vec<u8>, Option<String>, String)>,
}

async fn check(State(site): State<Site>, wants: Wants, multipart: Multipart) -> Result<Response, Failure> {
    let form = fields(multipart).await?;
    let (text, url) = (form.text.clone(), form.url.clone());
    let (brought, name) = brought(form)?;
    let result = match site.desk.read(brought).await {
        Ok(reading) => Ok(checked(&site, reading, name).await?),
        Err(reason) => Err(format!("{name}: {reason}")),
    };
    if wants == Wants::Json {
        return match &result {
            Ok(checked) => as_json(&value(checked)),
            Err(reason) => Err(Failure::Refused(StatusCode::UNPROCESSABLE_ENTITY, reason.clone())),
        };
    }
    let mut page = page(&site);
    page.head.listed = false;
    // A reader who brought text that could not be read finds it still in the form; one who got an answer starts anew.
    if result.is_err() {
        (page.text, page.url) = (text, url);
    }
    page.result = Some(result);
    let headers = [(axum::http::header::CACHE_CONTROL, "no-store")];
    Ok((headers, Html(page.render()?)).into_response())
}

async fn fields(mut multipart: Multipart) -> Result<Form, Failure> {
    let broken = |error: axum::extract::multipart::MultipartError| {
        Failure::unreadable("the document", MOST_BYTES, error.status(), &error.body_text())
    };
    let mut form = Form::default();
    while let Some(field) = multipart.next_field().await.map_err(broken)? {
        match field.name().unwrap_or("") {
            "text" => form.text = field.text().await.map_err(broken)?,
            "url" => form.url = field.text().await.map_err(broken)?.trim().to_string(),
            "file" => {
                let (kind, name) =
                    (field.content_type().map(str::to_string), field.file_name().unwrap_or("").to_string());
                let bytes = field.bytes().await.map_err(broken)?.to_vec();
                form.file = Some((bytes, kind, name)).filter(|(bytes, ..)| !bytes.is_empty());
            }
            _ => {}
        }
    }
    Ok(form)
}

/// The one document of the form, and how it is called in messages.
fn brought(form: Form) -> Result<(Brought, String), Failure> {
    if let Some((bytes, content_type, name)) = form.file {
        // Markdown and plain text look alike; a file's name says which it is.
        let by_name = match name.rsplit('.').next().unwrap_or("").to_ascii_lowercase().as_str() {
            "md" | "markdown" => Some("text/markdown".to_string()),
            "txt" => Some("text/plain".to_string()),
            _ => content_type.filter(|kind| kind != "application/octet-stream"),
        };
        return Ok((Brought::Bytes { bytes, content_type: by_name }, words::clip(&name, 80)));
    }
    if !form.url.is_empty() {
        let name = words::clip(&form.url, 200);
        return Ok((Brought::Address(form.url), name));
    }
    if !form.text.trim().is_empty() {
        let looks_like_html = form.text.trim_start().starts_with('<');
        let kind = if looks_like_html { "text/html" } else { "text/plain" };
        let brought =
            Brought::Bytes { bytes: form.text.into_bytes(), content_type: Some(format!("{kind}; charset=utf-8")) };
        return Ok((brought, "the pasted text".into()));
    }
    Err(Failure::Refused(
        StatusCode::BAD_REQUEST,
        "nothing was brought: paste a text, choose a file or give an address".into(),
    ))
}

async fn checked(site: &Site, reading: Reading, name: String) -> Result<Checked, Failure> {
    // Reading a long document takes some tens of milliseconds of one core: not on a thread that serves others.
    let analysed = tokio::task::spawn_blocking(move || {
        let found = provisions::analyse(Reader::embedded(), &reading.text, &reading.structure);
        (reading, found)
    });
    let (reading, mut all) = analysed.await.map_err(|error| Failure::Internal(error.to_string()))?;
    all.sort_by(|a, b| b.severity.cmp(&a.severity).then(a.excerpt.start.cmp(&b.excerpt.start)));
    let mut severity = [0; 4];
    for provision in &all {
        severity[provision.severity as usize] += 1;
    }
    let mut found = Vec::new();
    for provision in all.iter().take(SHOWN) {
        found.push(told(site, &reading, provision).await?);
    }
    let structure = &reading.structure;
    Ok(Checked {
        title: reading.title.clone().unwrap_or(name),
        language: reading.language.clone(),
        words: reading.text.split_whitespace().count() as i64,
        clauses: structure.clauses.iter().filter(|clause| !clause.is_heading()).count() as i64,
        updated: structure.dates.updated.map(|date| date.to_string()),
        severity,
        found,
        all: all.len() as i64,
    })
}

async fn told(site: &Site, reading: &Reading, provision: &Provision) -> Result<Found, Failure> {
    let excerpt = reading.text.get(provision.excerpt.clone()).unwrap_or("").to_string();
    let kind = taxonomy().get(provision.type_id);
    let explained =
        kind.map(|kind| provisions::explain(kind, &excerpt, &provision.facts, provision.severity, &provision.reasons));
    Ok(Found {
        type_id: provision.type_id,
        heading: document::heading_path(&reading.structure, &reading.text, provision.clause),
        severity: provision.severity,
        confidence: provision.confidence,
        explicitness: provision.explicitness,
        score: provision.score,
        reasons: provision.reasons.clone(),
        what_it_does: explained.map(|explained| explained.what_it_does).unwrap_or_default(),
        rarity: site.atlas.rarity(provision.type_id).await?,
        excerpt,
    })
}

fn value(checked: &Checked) -> Value {
    let found = |found: &Found| {
        json!({"clause_type": found.type_id, "excerpt": found.excerpt, "heading": found.heading, "severity": found.severity,
            "confidence": found.confidence, "explicitness": found.explicitness, "score": found.score, "reasons": found.reasons,
            "platforms": found.rarity.platforms, "of_platforms": found.rarity.of_platforms})
    };
    json!({"title": checked.title, "language": checked.language, "words": checked.words, "clauses": checked.clauses,
        "stated_updated": checked.updated, "provisions": checked.found.iter().map(found).collect::<Vec<_>>(), "all": checked.all})
}
