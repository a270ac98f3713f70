//! Timelines as CSV: of a clause type, of who took it up, of a platform, a document and a single provision. The drawings and tables of
//! the same numbers stand on the pages of these records.
use atlas::StandingMonth;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use provisions::taxonomy;

use super::{documents, provision};
use crate::chart::{self, Series};
use crate::error::Failure;
use crate::site::Site;
use crate::words::Html;
use crate::{csv, words};

pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route("/types/{id}/timeline.csv", get(of_type))
        .route("/types/{id}/adoption.csv", get(adoption))
        .route("/platforms/{slug}/timeline.csv", get(of_platform))
        .route("/documents/{id}/timeline.csv", get(of_document))
        .route("/provisions/{id}/timeline.csv", get(of_provision))
}

async fn of_type(State(site): State<Site>, Path(id): Path<String>) -> Result<Response, Failure> {
    let id = known(&id)?;
    let months = site.atlas.type_timeline(id).await?.months;
    let rows = months.iter().map(|m| vec![m.month.to_string(), m.platforms.to_string(), m.of_platforms.to_string()]);
    Ok(csv::answer(&format!("{id}-by-month"), &["month", "platforms", "of_platforms"], rows))
}

async fn adoption(State(site): State<Site>, Path(id): Path<String>) -> Result<Response, Failure> {
    let id = known(&id)?;
    let adoptions = site.atlas.type_timeline(id).await?.adoptions;
    let rows = adoptions.iter().map(|a| {
        let until = a.until_ms.map_or(String::new(), |ms| words::iso_day(&ms));
        let (platform, name) = (a.platform.clone(), a.platform_name.clone());
        vec![platform, name, words::iso_day(&a.since_ms), a.from_start.to_string(), until]
    });
    let head = ["platform", "name", "since", "stood_when_first_seen", "until"];
    Ok(csv::answer(&format!("{id}-adoption"), &head, rows))
}

/// The clause type of that name.
fn known(id: &str) -> Result<&'static str, Failure> {
    let kind = taxonomy().get(id).ok_or_else(|| Failure::missing(format!("clause type {:?}", words::clip(id, 60))))?;
    Ok(&kind.id)
}

async fn of_platform(State(site): State<Site>, Path(slug): Path<String>) -> Result<Response, Failure> {
    let of = site.atlas.platform(&slug).await?;
    of.ok_or_else(|| Failure::missing(format!("platform named {:?}", words::clip(&slug, 80))))?;
    Ok(standing("platform-by-month", &site.atlas.platform_timeline(&slug).await?))
}

async fn of_document(State(site): State<Site>, Path(id): Path<String>) -> Result<Response, Failure> {
    let document = documents::document(&site, &id).await?;
    let months = site.atlas.document_timeline(document.id).await?;
    Ok(standing(&format!("{}-by-month", document.id), &months))
}

fn standing(name: &str, months: &[StandingMonth]) -> Response {
    let rows = months.iter().map(|m| {
        let counts = [m.provisions, m.high_or_critical, m.material, m.minor];
        std::iter::once(m.month.to_string()).chain(counts.map(|count| count.to_string())).collect()
    });
    let head = ["month", "provisions", "high_or_critical", "material_changes", "minor_changes"];
    csv::answer(name, &head, rows)
}

async fn of_provision(State(site): State<Site>, Path(id): Path<String>) -> Result<Response, Failure> {
    let id = provision::provision_id(&id)?;
    if site.atlas.provision(id).await?.is_none() {
        return Err(provision::absent(&site, id).await);
    }
    let events = site.atlas.provision_events(id).await?;
    let rows = events.iter().map(|(event, version, at_ms)| {
        vec![words::iso_day(at_ms), version.to_string(), words::event(event).to_lowercase()]
    });
    Ok(csv::answer(&format!("{id}-timeline"), &["date", "version", "what"], rows))
}

/// The drawing of what stood month by month; nothing for a single month.
pub(super) fn drawing(months: &[StandingMonth]) -> Html {
    let names: Vec<atlas::Month> = months.iter().map(|m| m.month).collect();
    let provisions = months.iter().map(|m| m.provisions).collect();
    let severe = months.iter().map(|m| m.high_or_critical).collect();
    let lines = [
        Series { name: "Provisions that stood", counts: provisions },
        Series { name: "of these, high or critical", counts: severe },
    ];
    chart::months(&names, &lines)
}
