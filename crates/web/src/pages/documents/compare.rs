//! Any two versions of a document compared clause by clause.
use alerts::of_platform;
use alerts::sides::Corrected;
use askama::Template;
use atlas::records::{Document, Version};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::json;

use crate::error::Failure;
use crate::negotiate::Wants;
use crate::page::Head;
use crate::query::Query;
use crate::redline::{self, Redline};
use crate::site::Site;
use crate::{links, words};

#[derive(Template)]
#[template(path = "pages/documents/compare.html")]
struct ComparePage {
    head: Head,
    title: String,
    document: Document,
    from: Version,
    to: Version,
    redline: Redline,
    /// Path of the page that shows the newer text.
    newer: String,
}

impl ComparePage {
    /// Versions that the form compares unless others are chosen.
    fn chosen(&self) -> (i64, i64) {
        (self.from.number, self.to.number)
    }
}

/// The form's answer: on to the two versions.
pub(super) async fn choose(
    State(site): State<Site>,
    query: Query,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let document = super::document(&site, &id).await?;
    let number = |name| super::number(&document, query.text(name).unwrap_or(""));
    let (from, to) = (number("from")?, number("to")?);
    Ok(Redirect::to(&links::compare_versions(&document.id, &from, &to)).into_response())
}

pub(super) async fn show(
    State(site): State<Site>,
    wants: Wants,
    Path((id, from, to)): Path<(String, String, String)>,
) -> Result<Response, Failure> {
    let document = super::document(&site, &id).await?;
    let (from, to) = (super::number(&document, &from)?, super::number(&document, &to)?);
    let (from, old) = side(&site, &document, from).await?;
    let (to, new) = side(&site, &document, to).await?;
    let redline = redline::compare(&old, &new, &Corrected::of(&site.atlas, document.id, from.number, to.number).await?);
    let title = of_platform(&document.platform.name, &document.title);
    let path = links::compare_versions(&document.id, &from.number, &to.number);
    let head = super::head(&site, &document, format!("{title}, version {} and {}", from.number, to.number), path)
        .about(format!("What changed in {title} from version {} to version {}.", from.number, to.number))
        .crumb(document.title.as_str(), links::document(&document.id))
        .here(format!("Version {} and {}", from.number, to.number))
        .unlisted();
    let newer = links::version(&document.id, &to.number);
    let page = ComparePage { head, title, document, from, to, redline, newer };
    wants.record(&page, || {
        let [reworded, split, merged, added, removed, moved] = page.redline.counts;
        json!({
            "document": page.document, "from": page.from, "to": page.to,
            "reworded": reworded, "split": split, "merged": merged, "added": added, "removed": removed, "moved": moved,
            "marks_only": page.redline.marks_only,
            "meaning": page.redline.meaning, "changes": page.redline.changes(),
        })
    })
}

async fn side(site: &Site, document: &Document, number: i64) -> Result<(Version, String), Failure> {
    let missing = || Failure::Internal(format!("{} lacks version {number}", document.id));
    let version = site.atlas.version(document.id, number).await?.ok_or_else(missing)?;
    let text = site.atlas.version_text(document.id, number).await?.ok_or_else(missing)?;
    Ok((version, text))
}
