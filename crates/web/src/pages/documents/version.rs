//! An older version's text, with the provisions that stood in it.
use alerts::of_platform;
use askama::Template;
use atlas::records::{Change, Document, Materiality, Provision, Version};
use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::json;

use crate::error::Failure;
use crate::negotiate::Wants;
use crate::outside::{Outside, Taken, taken_from};
use crate::page::Head;
use crate::site::Site;
use crate::text::{self, Text};
use crate::{links, words};

#[derive(Template)]
#[template(path = "pages/documents/version.html")]
struct VersionPage {
    head: Head,
    title: String,
    document: Document,
    version: Version,
    /// The change that led to it; none for the first.
    change: Option<Change>,
    text: Text,
    provisions: Vec<Provision>,
    /// Set if it was taken from an archive outside.
    taken: Option<Taken>,
    outside: Vec<Outside>,
}

impl VersionPage {
    fn latest(&self) -> bool {
        self.version.number == self.document.versions
    }

    fn defective(&self) -> bool {
        self.change.as_ref().is_some_and(|change| change.change.materiality == Materiality::Defective)
    }

    fn before(&self) -> Option<i64> {
        (self.version.number > 1).then_some(self.version.number - 1)
    }

    fn after(&self) -> Option<i64> {
        (!self.latest()).then_some(self.version.number + 1)
    }
}

pub(super) async fn show(
    State(site): State<Site>,
    wants: Wants,
    Path((id, number)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let document = super::document(&site, &id).await?;
    let number = super::number(&document, &number)?;
    let id = document.id;
    let missing = || Failure::Internal(format!("{id} lacks version {number}"));
    let version = site.atlas.version(id, number).await?.ok_or_else(missing)?;
    let words = site.atlas.version_text(id, number).await?.ok_or_else(missing)?;
    let change = site.atlas.change_between(id, number).await?;
    let defective = change.as_ref().is_some_and(|change| change.change.materiality == Materiality::Defective);
    // No clause of a defective version has a lineage, so no provision stands in it.
    let provisions = if defective { Vec::new() } else { site.atlas.provisions_at(id, number).await? };
    let witnesses = site.atlas.witnesses(id, number).await?;
    let capture = site.atlas.capture(version.capture).await?;
    if wants == Wants::Json {
        let origin = capture.and_then(|capture| capture.origin);
        let value = json!({
            "document": document, "version": version, "change": change, "provisions": provisions, "text": words,
            "origin": origin, "outside_captures": witnesses,
        });
        return crate::negotiate::json(&value);
    }
    let title = of_platform(&document.platform.name, &document.title);
    let head = super::head(&site, &document, format!("{title}, version {number}"), links::version(&id, &number))
        .about(format!("{title} as it was on {}, word for word.", words::day(&version.first_seen_ms)))
        .crumb(document.title.as_str(), links::document(&id))
        .here(format!("Version {number}"));
    let structure = document::structure(&words);
    let text = text::show(&words, &structure, &provisions);
    let (taken, outside) = (taken_from(capture.as_ref()), Outside::all(&witnesses));
    let page = VersionPage { head, title, document, version, change, text, provisions, taken, outside };
    wants.record(&page, || ())
}
