//! The front page: what this is, how much it holds, what has changed.
use archive::instant::DAY_MS;
use askama::Template;
use atlas::records::{Change, Materiality};
use atlas::{ChangeFilter, Counts, PlatformFilter};
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use serde_json::json;

use crate::error::Failure;
use crate::links;
use crate::negotiate::Wants;
use crate::page::Head;
use crate::site::Site;
use crate::words;

/// Changes shown.
const CHANGES: i64 = 8;
/// Rising clause types shown.
const RISING: i64 = 6;
/// What counts as rising: a year.
const RISING_MS: i64 = 365 * DAY_MS;

pub(crate) fn routes() -> Router<Site> {
    Router::new().route(links::HOME, get(show))
}

#[derive(Template)]
#[template(path = "pages/home.html")]
struct HomePage {
    head: Head,
    counts: Counts,
    changes: Vec<Change>,
    rising: Vec<(String, i64)>,
    /// Sectors with their number of platforms.
    sectors: Vec<(String, i64)>,
}

async fn show(State(site): State<Site>, wants: Wants) -> Result<Response, Failure> {
    let counts = site.atlas.counts().await?;
    let filter = ChangeFilter {
        at_least: Some(Materiality::Material),
        confirmed: true,
        limit: CHANGES,
        ..ChangeFilter::default()
    };
    let changes = site.atlas.changes(&filter).await?;
    let rising = site.atlas.rising(site.now_ms() - RISING_MS, RISING).await?;
    let sectors = sectors(&site).await?;
    let head = site.head("the record of what platforms make people agree to", links::HOME).about(
        "Terms of service, privacy policies and licences of online platforms: every version kept as evidence, every clause read, every change shown.",
    );
    let page = HomePage { head, counts, changes, rising, sectors };
    wants.record(&page, || {
        let rising: Vec<_> =
            page.rising.iter().map(|(id, count)| json!({"clause_type": id, "platforms": count})).collect();
        let sectors: Vec<_> =
            page.sectors.iter().map(|(name, count)| json!({"sector": name, "platforms": count})).collect();
        json!({"counts": page.counts, "changes": page.changes, "rising": rising, "sectors": sectors})
    })
}

/// Sectors, largest first.
async fn sectors(site: &Site) -> Result<Vec<(String, i64)>, Failure> {
    let mut sectors: std::collections::BTreeMap<String, i64> = std::collections::BTreeMap::new();
    for row in site.atlas.platforms(&PlatformFilter::default()).await? {
        if let Some(sector) = row.platform.sector {
            *sectors.entry(sector).or_default() += 1;
        }
    }
    let mut sectors: Vec<(String, i64)> = sectors.into_iter().collect();
    sectors.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    Ok(sectors)
}
