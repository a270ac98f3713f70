//! Methodology: how it is done, what the words mean, how well it works, and what it cannot do.
mod measured;

use askama::Template;
use atlas::Counts;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use provisions::{Reader, taxonomy};
use serde_json::json;

use crate::error::Failure;
use crate::links;
use crate::negotiate::Wants;
use crate::page::Head;
use crate::site::Site;
use crate::words;
use measured::Measured;

pub(crate) fn routes() -> Router<Site> {
    Router::new().route(links::METHODOLOGY, get(show))
}

#[derive(Template)]
#[template(path = "pages/methodology/page.html")]
struct MethodologyPage {
    head: Head,
    counts: Counts,
    types: i64,
    categories: i64,
    instruments: i64,
    analyser: &'static str,
    /// None if this release was not measured.
    measured: Option<Measured>,
}

async fn show(State(site): State<Site>, wants: Wants) -> Result<Response, Failure> {
    let head = site
        .head("Methodology", links::METHODOLOGY)
        .about("How documents are tracked, read and rated, what each word means, and how often the program errs, measured.")
        .here("Methodology");
    let taxonomy = taxonomy();
    let page = MethodologyPage {
        head,
        counts: site.atlas.counts().await?,
        types: taxonomy.types().len() as i64,
        categories: taxonomy.categories().len() as i64,
        instruments: taxonomy.regulations().len() as i64,
        analyser: Reader::embedded().version(),
        measured: Measured::shipped(),
    };
    wants.record(&page, || {
        json!({"analyser": page.analyser, "clause_types": page.types, "categories": page.categories, "regulations": page.instruments,
            "counts": page.counts, "measures": page.measured.as_ref().map(|measured| &measured.json)})
    })
}
