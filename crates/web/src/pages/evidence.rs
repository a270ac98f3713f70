//! Evidence bundles to download.
use atlas::ids::{DocumentId, ProvisionId};
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;

use crate::error::Failure;
use crate::saved::saved;
use crate::site::Site;

pub(crate) fn routes() -> Router<Site> {
    Router::new().route("/documents/{id}/versions/{number}/evidence.zip", get(of_version))
}

async fn of_version(State(site): State<Site>, Path((id, number)): Path<(String, String)>) -> Result<Response, Failure> {
    let missing = || Failure::missing(format!("version {number:.20} of {id:.20}"));
    let document: DocumentId = id.parse().map_err(|_| missing())?;
    let number: i64 = number.parse().map_err(|_| missing())?;
    bundle(&site, (document, number), None, &format!("{document}-version-{number}")).await
}

/// The bundle of a version, or of a provision in it, as a download. It is compressed and verified before it leaves: not on a thread that serves others.
pub(super) async fn bundle(
    site: &Site,
    (document, number): (DocumentId, i64),
    provision: Option<ProvisionId>,
    name: &str,
) -> Result<Response, Failure> {
    let turn = site.bundling.take("making bundles").await?;
    let evidence = site.atlas.evidence(document, number, provision).await?;
    let write = move || {
        // It goes on when the visitor leaves, and so does the turn.
        let _turn = turn;
        evidence.bundle()
    };
    let written = tokio::task::spawn_blocking(write).await;
    let bytes = written.map_err(|error| Failure::Internal(error.to_string()))?;
    let bytes = bytes.map_err(|error| Failure::Internal(error.to_string()))?;
    Ok(saved(&format!("clausewatch-evidence-{name}.zip"), "application/zip", bytes))
}
