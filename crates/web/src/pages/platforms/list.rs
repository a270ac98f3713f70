//! All platforms, filtered and sorted.
use askama::Template;
use atlas::{PlatformFilter, PlatformRow, PlatformSort};
use axum::extract::State;
use axum::response::Response;

use crate::error::Failure;
use crate::negotiate::Wants;
use crate::page::Head;
use crate::query::Query;
use crate::site::Site;
use crate::{links, view, words};

/// Orders as they stand in the address, with their names.
const SORTS: [(&str, PlatformSort, &str); 4] = [
    ("name", PlatformSort::Name, "Name"),
    ("risk", PlatformSort::Severity, "Most severe provisions"),
    ("changes", PlatformSort::Changed, "Last changed"),
    ("documents", PlatformSort::Documents, "Most documents"),
];

#[derive(Template)]
#[template(path = "pages/platforms/list.html")]
struct ListPage {
    head: Head,
    rows: Vec<PlatformRow>,
    /// Number of platforms without any filter.
    all: i64,
    sectors: Vec<String>,
    countries: Vec<String>,
    query: Query,
}

impl ListPage {
    fn field(&self, name: &str) -> &str {
        self.query.text(name).unwrap_or("")
    }

    fn filtered(&self) -> bool {
        ["q", "sector", "country"].iter().any(|name| self.query.text(name).is_some())
    }
}

pub(super) async fn list(State(site): State<Site>, wants: Wants, query: Query) -> Result<Response, Failure> {
    let choices = SORTS.map(|(name, sort, _)| (name, sort));
    let filter = PlatformFilter {
        sector: query.owned("sector"),
        country: query.owned("country"),
        q: query.owned("q"),
        sort: query.choice("sort", &choices)?.unwrap_or_default(),
        now_ms: Some(site.now_ms()),
    };
    let everything = site.atlas.platforms(&PlatformFilter::default()).await?;
    let rows = site.atlas.platforms(&filter).await?;
    let values = |value: fn(&PlatformRow) -> &Option<String>| {
        let mut values: Vec<String> = everything.iter().filter_map(|row| value(row).clone()).collect();
        values.sort();
        values.dedup();
        values
    };
    let (sectors, countries) = (values(|row| &row.platform.sector), values(|row| &row.platform.country));
    let head = site
        .head("Platforms", links::PLATFORMS)
        .about("Every platform on the record, with the severity of its provisions and its latest changes.")
        .here("Platforms");
    let page = ListPage { head, rows, all: everything.len() as i64, sectors, countries, query };
    wants.record(&page, || serde_json::json!({"total": page.rows.len(), "platforms": page.rows}))
}
