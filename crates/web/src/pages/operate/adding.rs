//! Adding a document by its address: it is read first, and what was found is shown to be corrected before it is tracked.
use askama::Template;
use atlas::PlatformFilter;
use atlas::records::Document;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::json;

use crate::adding::{FoundDocument, WantedDocument};
use crate::error::Failure;
use crate::negotiate::Wants;
use crate::owner::Operator;
use crate::page::Head;
use crate::pages::documents;
use crate::query::Query;
use crate::saved::saved;
use crate::site::Site;
use crate::{links, words};

#[derive(Template)]
#[template(path = "pages/operate/adding.html")]
struct AddingPage {
    head: Head,
    /// Whether this process tracks.
    tracks: bool,
    /// The address in the form.
    url: String,
    /// Why the page was not read, or the document not added.
    refused: Option<String>,
    found: Option<FoundDocument>,
    /// The document that was just added.
    added: Option<Document>,
    platforms: Vec<String>,
    sectors: Vec<String>,
    kinds: Vec<String>,
}

impl AddingPage {
    /// The names in use and those that the reader knows.
    async fn new(site: &Site) -> Result<AddingPage, Failure> {
        let head = site.head("Add a document", links::ADD).crumb("Operate", links::OPERATE).here("Add").unlisted();
        let rows = site.atlas.platforms(&PlatformFilter::default()).await?;
        let sorted = |mut names: Vec<String>| {
            names.sort();
            names.dedup();
            names
        };
        let sectors = rows.iter().filter_map(|row| row.platform.sector.clone()).collect();
        let kinds = document::kinds().map(str::to_string).chain(site.atlas.kinds().await?).collect();
        Ok(AddingPage {
            head,
            tracks: site.adding.is_some(),
            url: String::new(),
            refused: None,
            found: None,
            added: None,
            platforms: sorted(rows.iter().map(|row| row.platform.name.clone()).collect()),
            sectors: sorted(sectors),
            kinds: sorted(kinds),
        })
    }

    fn answer(&self, wants: Wants) -> Result<Response, Failure> {
        if let (Wants::Json, Some(reason)) = (wants, &self.refused) {
            return Err(Failure::Refused(StatusCode::UNPROCESSABLE_ENTITY, reason.clone()));
        }
        let status = if self.refused.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        let answer = wants.record(self, || json!({"tracks": self.tracks, "found": self.found}))?;
        Ok((status, [(header::CACHE_CONTROL, "no-store")], answer).into_response())
    }
}

/// The form, or what came of it.
pub(super) async fn show(
    _: Operator,
    State(site): State<Site>,
    wants: Wants,
    query: Query,
) -> Result<Response, Failure> {
    let mut page = AddingPage::new(&site).await?;
    page.url = query.text("url").unwrap_or("").into();
    if let Some(id) = query.text("added") {
        page.added = Some(documents::document(&site, id).await?);
    }
    page.answer(wants)
}

/// Reads the page at an address.
pub(super) async fn look(
    _: Operator,
    State(site): State<Site>,
    wants: Wants,
    body: String,
) -> Result<Response, Failure> {
    let adding = site.adding()?;
    let form = Query::parse(&body);
    let mut page = AddingPage::new(&site).await?;
    page.url = form.text("url").unwrap_or("").into();
    match adding.look(page.url.clone()).await {
        Ok(found) => page.found = Some(found),
        Err(reason) => page.refused = Some(reason),
    }
    page.answer(wants)
}

/// Has a document tracked as the form says.
pub(super) async fn track(
    _: Operator,
    State(site): State<Site>,
    wants: Wants,
    body: String,
) -> Result<Response, Failure> {
    let adding = site.adding()?;
    let form = Query::parse(&body);
    let needed = |name| form.owned(name).ok_or_else(|| Failure::input(name, "", "it must not be empty"));
    let wanted = WantedDocument {
        url: needed("url")?,
        platform: needed("platform")?,
        slug: form.owned("slug"),
        sector: form.owned("sector"),
        country: form.owned("country").map(|code| code.to_ascii_uppercase()),
        kind: needed("type")?,
        title: form.owned("title"),
        language: form.owned("language").map(|code| code.to_ascii_lowercase()),
    };
    match adding.track(wanted.clone()).await {
        Ok(id) => Ok(Redirect::to(&format!("{}?added={id}", links::ADD)).into_response()),
        Err(reason) => {
            let mut page = AddingPage::new(&site).await?;
            page.url.clone_from(&wanted.url);
            // What was read of the page is not read again; what the person wrote stays.
            page.found = Some(FoundDocument { url: wanted.url.clone(), concluded: wanted, ..FoundDocument::default() });
            page.refused = Some(reason);
            page.answer(wants)
        }
    }
}

/// A platform's file for the catalog.
pub(super) async fn catalog_file(
    _: Operator,
    State(site): State<Site>,
    Path(file): Path<String>,
) -> Result<Response, Failure> {
    let missing = || Failure::missing(format!("file {:?} of the catalog", words::clip(&file, 80)));
    let platform = file.strip_suffix(".toml").ok_or_else(missing)?;
    let text = site.adding()?.catalog_file(platform.into()).await.map_err(Failure::Internal)?.ok_or_else(missing)?;
    Ok(saved(&format!("{platform}.toml"), "application/toml", text))
}
