//! A platform: its documents, its profile beside the median platform, what changed, what is most severe.
use std::collections::HashSet;

use askama::Template;
use atlas::records::{Change, Document, Materiality, Provision};
use atlas::watching::Subject;
use atlas::{CategoryShare, ChangeFilter, PlatformDetail, RECENT_MS, StandingMonth};
use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::json;

use crate::error::Failure;
use crate::negotiate::Wants;
use crate::owner::Owner;
use crate::page::Head;
use crate::pages::timelines;
use crate::pages::watching::watch_box;
use crate::site::Site;
use crate::words::Html;
use crate::{links, view, words};

/// Changes shown.
const CHANGES: i64 = 10;
/// Most severe provisions shown, each of another clause type.
const PROVISIONS: usize = 6;

#[derive(Template)]
#[template(path = "pages/platforms/show.html")]
struct PlatformPage {
    head: Head,
    of: PlatformDetail,
    profile: Vec<CategoryShare>,
    changes: Vec<Change>,
    changes_30d: i64,
    provisions: Vec<Provision>,
    months: Vec<StandingMonth>,
    chart: Html,
}

impl PlatformPage {
    /// Standing provisions in all.
    fn standing(&self) -> i64 {
        self.of.severity.iter().sum()
    }

    /// Earliest and latest instants over the documents.
    fn span(&self, of: fn(&Document) -> Option<i64>, last: bool) -> Option<i64> {
        let instants = self.of.documents.iter().filter_map(of);
        if last { instants.max() } else { instants.min() }
    }

    fn tracked_since(&self) -> Option<i64> {
        self.span(|document| document.first_tracked_ms, false)
    }

    fn verified(&self) -> Option<i64> {
        self.span(|document| document.last_verified_ms, true)
    }

    fn versions(&self) -> i64 {
        self.of.documents.iter().map(|document| document.versions).sum()
    }

    /// A median, which is whole or ends in a half.
    fn half(&self, median: &f64) -> String {
        if median.fract() == 0.0 { words::number(*median as i64) } else { format!("{median:.1}") }
    }

    fn bar(&self, share: &CategoryShare) -> Html {
        let most = self.profile.iter().map(|share| (share.provisions as f64).max(share.median)).fold(1.0, f64::max);
        let label = format!("{} here, {} on the median platform", share.provisions, self.half(&share.median));
        view::median_bar(share.provisions as f64, share.median, most, &label)
    }
}

pub(super) async fn show(
    State(site): State<Site>,
    wants: Wants,
    owner: Option<Owner>,
    Path(slug): Path<String>,
) -> Result<Response, Failure> {
    let of = site.atlas.platform(&slug).await?;
    let of = of.ok_or_else(|| Failure::missing(format!("platform named {:?}", words::clip(&slug, 80))))?;
    let profile = site.atlas.category_profile(&slug).await?;
    let filter =
        ChangeFilter { platform: Some(slug.clone()), at_least: Some(Materiality::Minor), ..ChangeFilter::default() };
    let changes = site.atlas.changes(&ChangeFilter { limit: CHANGES, ..filter }).await?;
    let changes_30d = site.atlas.changes_count(&slug, site.now_ms() - RECENT_MS).await?;
    let mut provisions = site.atlas.platform_provisions(&slug, 60).await?;
    let mut seen = HashSet::new();
    provisions.retain(|provision| seen.insert(provision.clause_type.clone()));
    provisions.truncate(PROVISIONS);
    let months = site.atlas.platform_timeline(&slug).await?;
    let chart = timelines::drawing(&months);
    let name = &of.platform.name;
    let head = site
        .head(name.as_str(), links::platform(&slug))
        .about(format!(
            "The governing documents of {name}: {}, every version kept, with their provisions and changes.",
            words::count(of.documents.len(), "document", "documents")
        ))
        .feed(format!("Changes of {name}"), links::platform_feed(&slug))
        .crumb("Platforms", links::PLATFORMS)
        .here(name.as_str())
        .watch(watch_box(&site, owner, Subject::Platform(slug), name).await?);
    let page = PlatformPage { head, of, profile, changes, changes_30d, provisions, months, chart };
    wants.record(&page, || {
        json!({
            "platform": page.of.platform, "documents": page.of.documents, "severity": severity(&page.of.severity),
            "profile": page.profile, "changes": page.changes, "changes_30d": page.changes_30d,
            "most_severe": page.provisions, "timeline": page.months,
        })
    })
}

fn severity(counts: &[i64; 4]) -> serde_json::Value {
    json!({"low": counts[0], "medium": counts[1], "high": counts[2], "critical": counts[3]})
}
