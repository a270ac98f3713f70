//! All versions of a document, newest first.
use alerts::of_platform;
use askama::Template;
use atlas::records::{Change, Document, Version};
use atlas::{ChangeFilter, StandingMonth};
use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::json;

use crate::error::Failure;
use crate::negotiate::Wants;
use crate::page::Head;
use crate::pages::timelines;
use crate::query::Query;
use crate::site::Site;
use crate::view::Paging;
use crate::words::Html;
use crate::{links, words};

/// Versions on a page.
const SIZE: usize = 50;

#[derive(Template)]
#[template(path = "pages/documents/versions.html")]
struct VersionsPage {
    head: Head,
    title: String,
    document: Document,
    timeline: Vec<(Version, Option<Change>)>,
    paging: Paging,
    months: Vec<StandingMonth>,
    chart: Html,
}

impl VersionsPage {
    /// Versions that the form compares unless others are chosen.
    fn chosen(&self) -> (i64, i64) {
        (self.document.versions - 1, self.document.versions)
    }
}

pub(super) async fn list(
    State(site): State<Site>,
    wants: Wants,
    query: Query,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let document = super::document(&site, &id).await?;
    let page = query.page()?;
    let mut versions = site.atlas.versions(document.id).await?;
    versions.reverse();
    let total = versions.len();
    let versions: Vec<Version> = versions.into_iter().skip((page - 1) * SIZE).take(SIZE).collect();
    let (limit, offset) = (SIZE as i64, ((page - 1) * SIZE) as i64);
    let filter = ChangeFilter { document: Some(document.id), limit, offset, ..ChangeFilter::default() };
    let changes = site.atlas.changes(&filter).await?;
    let change = |number| changes.iter().find(|change| change.change.to_version == number).cloned();
    let timeline = versions.into_iter().map(|version| (version.clone(), change(version.number))).collect();
    let title = of_platform(&document.platform.name, &document.title);
    let path = links::versions(&document.id);
    let paging = Paging::of(&path, &query, page, SIZE, total);
    let head = super::head(&site, &document, format!("Versions of {title}"), path)
        .about(format!("Every version of {title} since tracking began, with what changed in each."))
        .crumb(document.title.as_str(), links::document(&document.id))
        .here("Versions");
    let months = site.atlas.document_timeline(document.id).await?;
    let chart = timelines::drawing(&months);
    let page = VersionsPage { head, title, document, timeline, paging, months, chart };
    wants.record(&page, || {
        let versions: Vec<_> =
            page.timeline.iter().map(|(version, change)| json!({"version": version, "change": change})).collect();
        json!({"document": page.document, "total": total, "versions": versions, "timeline": page.months})
    })
}
