//! Documents: the text that stands, older versions, the list of versions, any two versions compared.
mod compare;
mod show;
mod version;
mod versions;

use atlas::ids::DocumentId;
use atlas::records::{Document, Materiality};
use axum::Router;
use axum::routing::get;

use crate::error::Failure;
use crate::page::Head;
use crate::site::Site;
use crate::{links, words};

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/documents/{id}", get(show::show))
        .route("/documents/{id}/versions", get(versions::list))
        .route("/documents/{id}/versions/{number}", get(version::show))
        .route("/documents/{id}/compare", get(compare::choose))
        .route("/documents/{id}/compare/{from}/{to}", get(compare::show))
}

/// The document that a part of an address names.
pub(super) async fn document(site: &Site, id: &str) -> Result<Document, Failure> {
    let missing = || Failure::missing(format!("document {:?}", words::clip(id, 40)));
    let id: DocumentId = id.parse().map_err(|_| missing())?;
    site.atlas.document(id).await?.ok_or_else(missing)
}

/// The version number that a part of an address names.
fn number(document: &Document, text: &str) -> Result<i64, Failure> {
    let number = text.parse::<i64>().ok().filter(|number| (1..=document.versions).contains(number));
    number.ok_or_else(|| {
        let kept = words::count(document.versions, "version is", "versions are");
        Failure::missing(format!("version {:?} of {}, of which {kept} kept", words::clip(text, 20), document.id))
    })
}

/// The head of a page about a document.
fn head(site: &Site, document: &Document, title: String, path: String) -> Head {
    let platform = &document.platform;
    site.head(title, path)
        .feed(format!("Changes of {}", platform.name), links::platform_feed(&platform.slug))
        .crumb("Platforms", links::PLATFORMS)
        .crumb(platform.name.as_str(), links::platform(&platform.slug))
}

/// The latest version up to `number` that is the document and not an error page or an empty shell; `number` itself if there is none.
pub(crate) async fn sound(site: &Site, document: DocumentId, number: i64) -> Result<i64, Failure> {
    let mut at = number;
    while at > 1 {
        match site.atlas.change_between(document, at).await? {
            Some(change) if change.change.materiality == Materiality::Defective => at -= 1,
            _ => return Ok(at),
        }
    }
    Ok(if at == 1 { 1 } else { number })
}
