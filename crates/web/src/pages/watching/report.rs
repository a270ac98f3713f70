//! What changed in a watchlist over a period, the most severe first: as a page, as JSON and as CSV.
use alerts::{Report, ReportLine};
use archive::instant::DAY_MS;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use provisions::Severity;
use serde_json::json;
use tokio::sync::Semaphore;

use crate::error::Failure;
use crate::holder::Holder;
use crate::negotiate::Wants;
use crate::page::Head;
use crate::query::Query;
use crate::site::Site;
use crate::{links, words};

/// Days of a report that names no period.
const DAYS: i64 = 30;
/// Most days of a report.
const MOST_DAYS: i64 = 366;
/// Most changes that are looked at closely.
const MOST: usize = 200;
/// A report keeps a core busy for a while: one at a time.
static TURN: Semaphore = Semaphore::const_new(1);

/// The days of a report, the last one included.
#[derive(Clone, Copy)]
struct Period {
    from_ms: i64,
    /// When the day after the last one begins.
    to_ms: i64,
}

impl Period {
    /// Of the days that an address names, in UTC; else the last ones.
    fn of(query: &Query, now_ms: i64) -> Result<Period, Failure> {
        let today_ms = now_ms - now_ms.rem_euclid(DAY_MS);
        let last_ms = query.day("to")?.unwrap_or(today_ms);
        let from_ms = query.day("from")?.unwrap_or(last_ms - (DAYS - 1) * DAY_MS);
        let period = Period { from_ms, to_ms: last_ms + DAY_MS };
        let named = query.text("from").or(query.text("to")).unwrap_or("");
        match (period.to_ms - from_ms) / DAY_MS {
            ..1 => Err(Failure::input("from", named, "it must not be later than the last day")),
            1..=MOST_DAYS => Ok(period),
            _ => Err(Failure::input("from", named, format!("a report covers {MOST_DAYS} days at most"))),
        }
    }

    fn first(&self) -> String {
        words::iso_day(&self.from_ms)
    }

    fn last(&self) -> String {
        words::iso_day(&self.last_ms())
    }

    fn last_ms(&self) -> i64 {
        self.to_ms - DAY_MS
    }
}

#[derive(Template)]
#[template(path = "pages/watching/report.html")]
struct ReportPage {
    head: Head,
    holder: Holder,
    /// All whose reports the reader may see.
    all: Vec<Holder>,
    period: Period,
    report: Report,
}

impl ReportPage {
    /// The changes of a severity; of none: those that touch no provision.
    fn of(&self, level: &Option<Severity>) -> impl Iterator<Item = &ReportLine> {
        self.report.changes.iter().filter(move |line| line.severity == *level)
    }

    /// The same as a table.
    fn csv(&self) -> String {
        format!("{}.csv?from={}&to={}", self.holder.path(links::REPORT), self.period.first(), self.period.last())
    }
}

async fn made(site: &Site, holder: &Holder, period: Period) -> Result<Report, Failure> {
    super::may_ask_for(site, &format!("reports of {}", holder.person)).await?;
    let turn = TURN.acquire().await;
    let _turn =
        turn.map_err(|_| Failure::Refused(StatusCode::SERVICE_UNAVAILABLE, "the site is shutting down".into()))?;
    Ok(alerts::report(&site.atlas, holder.id(), period.from_ms, period.to_ms, MOST).await?)
}

pub(super) async fn show(
    holder: Holder,
    State(site): State<Site>,
    wants: Wants,
    query: Query,
) -> Result<Response, Failure> {
    let period = Period::of(&query, site.now_ms())?;
    let report = made(&site, &holder, period).await?;
    let title = if holder.organisation.is_some() { format!("Report of {}", holder.name()) } else { "Report".into() };
    let head = super::way(site.head(title, holder.path(links::REPORT)), &holder);
    let head = head.crumb("Watchlist", holder.path(links::WATCHLIST)).here("Report").unlisted();
    let all = Holder::all(&site, holder.person).await?;
    let page = ReportPage { head, holder, all, period, report };
    wants.record(&page, || {
        let counts = page.report.by_severity();
        let counts: Vec<_> = counts.iter().map(|(level, count)| json!({"severity": level, "changes": count})).collect();
        json!({"report": page.report, "by_severity": counts})
    })
}

/// The same as a table.
pub(super) async fn csv(holder: Holder, State(site): State<Site>, query: Query) -> Result<Response, Failure> {
    let period = Period::of(&query, site.now_ms())?;
    let report = made(&site, &holder, period).await?;
    let rows = report.changes.iter().map(|line| {
        vec![
            words::iso_day(&line.seen_ms),
            line.document.clone(),
            line.headline.clone(),
            line.materiality.name().to_string(),
            line.severity.map(|level| level.to_string()).unwrap_or_default(),
            line.stricter.to_string(),
            line.why.join("; "),
            format!("{}/changes/{}", site.config.base_url, line.change),
        ]
    });
    let head = ["seen", "document", "change", "materiality", "severity", "provisions stricter", "because", "address"];
    let name = format!("watchlist-report-{}-{}", period.first(), period.last());
    Ok(crate::csv::answer(&name, &head, rows))
}
