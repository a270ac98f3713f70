//! Changes of all platforms, newest first, filtered.
use askama::Template;
use atlas::records::{Change, Materiality, Platform};
use atlas::{ChangeFilter, PlatformFilter};
use axum::extract::State;
use axum::response::Response;
use serde_json::json;

use crate::error::Failure;
use crate::negotiate::Wants;
use crate::page::Head;
use crate::query::Query;
use crate::site::Site;
use crate::view::Paging;
use crate::{links, words};

/// Changes on a page.
const SIZE: usize = 25;
/// Choices of how much a change must matter, as they stand in the address, with their names. The first is the default.
const LEAST: [(&str, Option<Materiality>, &str); 3] = [
    ("material", Some(Materiality::Material), "Material"),
    ("minor", Some(Materiality::Minor), "Material and minor"),
    ("all", None, "All, also cosmetic ones and those seen once"),
];

#[derive(Template)]
#[template(path = "pages/changes/list.html")]
struct ListPage {
    head: Head,
    changes: Vec<Change>,
    paging: Paging,
    platforms: Vec<Platform>,
    query: Query,
}

impl ListPage {
    fn since(&self) -> &str {
        self.query.text("since").unwrap_or("")
    }

    /// Name of the clause type that the list is held to, if it is.
    fn of_type(&self) -> Option<&str> {
        self.query.text("type").map(words::type_title)
    }

    fn filtered(&self) -> bool {
        ["materiality", "platform", "since", "type"].iter().any(|name| self.query.text(name).is_some())
    }
}

pub(super) async fn list(State(site): State<Site>, wants: Wants, query: Query) -> Result<Response, Failure> {
    let page = query.page()?;
    let choices = LEAST.map(|(name, least, _)| (name, least));
    let at_least = query.choice("materiality", &choices)?.unwrap_or(LEAST[0].1);
    let filter = ChangeFilter {
        platform: query.owned("platform"),
        clause_type: query.owned("type"),
        at_least,
        confirmed: at_least.is_some(),
        since_ms: query.day("since")?,
        offset: ((page - 1) * SIZE) as i64,
        // One more than is shown tells whether there is another page.
        limit: SIZE as i64 + 1,
        ..ChangeFilter::default()
    };
    let mut changes = site.atlas.changes(&filter).await?;
    let more = changes.len() > SIZE;
    changes.truncate(SIZE);
    let paging = Paging::open(links::CHANGES, &query, page, more);
    let rows = site.atlas.platforms(&PlatformFilter::default()).await?;
    let platforms = rows.into_iter().map(|row| row.platform).collect();
    let head = site
        .head("Changes", links::CHANGES)
        .about("What changed in the terms, privacy policies and licences of online platforms, newest first.")
        .here("Changes");
    let shown = ListPage { head, changes, paging, platforms, query };
    wants.record(&shown, || json!({"page": page, "more": more, "changes": shown.changes}))
}
