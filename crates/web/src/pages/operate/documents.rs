//! What an operator does for a document.
use axum::extract::{Path, State};
use axum::response::Redirect;

use crate::error::Failure;
use crate::links;
use crate::owner::Operator;
use crate::pages::documents;
use crate::query::Query;
use crate::site::Site;

/// Has a document checked now, takes over its new address, leaves it alone, or goes on with it.
pub(super) async fn change(
    _: Operator,
    State(site): State<Site>,
    Path(id): Path<String>,
    body: String,
) -> Result<Redirect, Failure> {
    let id = documents::document(&site, &id).await?.id;
    let form = Query::parse(&body);
    let refused = |why: &str| Failure::Refused(axum::http::StatusCode::CONFLICT, why.into());
    match form.text("do") {
        Some("check") => {
            if !site.atlas.check_soon(id).await? {
                return Err(refused("the document is paused; go on with it first"));
            }
        }
        Some("accept") => {
            let address = form.text("address").unwrap_or("");
            if !site.atlas.accept_address(id, address).await? {
                return Err(refused("the page does not say any more that it has moved there; look at it again"));
            }
        }
        Some("pause") => {
            site.atlas.pause_document(id, true, site.now_ms()).await?;
        }
        Some("resume") => {
            site.atlas.pause_document(id, false, site.now_ms()).await?;
        }
        other => {
            return Err(Failure::input("do", other.unwrap_or(""), "it must be check, accept, pause or resume"));
        }
    }
    Ok(Redirect::to(&format!("{}#documents", links::OPERATE)))
}
