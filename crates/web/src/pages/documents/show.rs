//! A document: its text as it stands, provisions marked, versions, and what is known of it.
use alerts::of_platform;
use askama::Template;
use atlas::ChangeFilter;
use atlas::health::{Health, State as Fares};
use atlas::records::{Change, Document, Provision, Version};
use atlas::watching::Subject;
use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::json;

use crate::error::Failure;
use crate::negotiate::Wants;
use crate::outside::{Outside, Taken, taken_from};
use crate::owner::Owner;
use crate::page::Head;
use crate::pages::watching::watch_box;
use crate::site::Site;
use crate::text::{self, Text};
use crate::{links, view, words};

/// Versions shown; the rest is on a page of its own.
const VERSIONS: usize = 12;
/// Most severe provisions named above the text.
const NAMED: usize = 5;

#[derive(Template)]
#[template(path = "pages/documents/show.html")]
struct DocumentPage {
    head: Head,
    title: String,
    document: Document,
    /// The version shown.
    version: Version,
    /// Set when a later capture is not the document.
    later_defective: bool,
    /// How tracking it goes.
    health: Option<Health>,
    /// What is not read of a document in its language.
    limits: Option<String>,
    text: Text,
    provisions: Vec<Provision>,
    /// Latest versions, newest first, each with the change that led to it.
    timeline: Vec<(Version, Option<Change>)>,
    /// Set if the version shown was taken from an archive outside.
    taken: Option<Taken>,
    outside: Vec<Outside>,
}

impl DocumentPage {
    /// Versions that the form compares unless others are chosen.
    fn chosen(&self) -> (i64, i64) {
        (self.document.versions - 1, self.document.versions)
    }

    fn severity(&self) -> [i64; 4] {
        let mut counts = [0; 4];
        self.provisions.iter().for_each(|provision| counts[provision.severity as usize] += 1);
        counts
    }

    fn named(&self) -> &[Provision] {
        &self.provisions[..self.provisions.len().min(NAMED)]
    }

    fn more_versions(&self) -> bool {
        self.document.versions > VERSIONS as i64
    }
}

pub(super) async fn show(
    State(site): State<Site>,
    wants: Wants,
    owner: Option<Owner>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let document = super::document(&site, &id).await?;
    let title = of_platform(&document.platform.name, &document.title);
    let path = links::document(&document.id);
    let head = super::head(&site, &document, title.clone(), path)
        .about(format!(
            "{title}, {}: the text as it stands, with its provisions marked, and every version since tracking began.",
            document.kind
        ))
        .here(document.title.as_str())
        .watch(watch_box(&site, owner, Subject::Document(document.id), &title).await?);
    if document.versions == 0 {
        let health = site.atlas.health_of(document.id).await?;
        let page = UnreadPage { head, title, document, health };
        let value = || json!({"document": page.document, "health": page.health, "versions": [], "provisions": []});
        return wants.record(&page, value);
    }
    let id = document.id;
    let number = super::sound(&site, id, document.versions).await?;
    let mut versions = site.atlas.versions(id).await?;
    let version = versions.iter().find(|version| version.number == number).cloned();
    let version = version.ok_or_else(|| Failure::Internal(format!("{id} lacks version {number}")))?;
    let words = site.atlas.version_text(id, number).await?.unwrap_or_default();
    let provisions = site.atlas.document_provisions(id, false).await?;
    versions.reverse();
    let changes = changes(&site, &document).await?;
    let health = site.atlas.health_of(id).await?;
    let witnesses = site.atlas.witnesses(id, number).await?;
    if wants == Wants::Json {
        let value = json!({
            "document": document, "health": health, "current_version": number, "versions": versions, "provisions": provisions, "changes": changes,
            "text": words, "outside_captures": witnesses,
        });
        return crate::negotiate::json(&value);
    }
    let structure = document::structure(&words);
    let text = text::show(&words, &structure, &provisions);
    let change = |number| changes.iter().find(|change| change.change.to_version == number).cloned();
    let timeline =
        versions.into_iter().take(VERSIONS).map(|version| (version.clone(), change(version.number))).collect();
    let later_defective = number < document.versions;
    let limits = provisions::language::limits(document.language.as_deref());
    let (taken, outside) = (taken_from(site.atlas.capture(version.capture).await?.as_ref()), Outside::all(&witnesses));
    let page = DocumentPage {
        head,
        title,
        document,
        version,
        later_defective,
        health,
        limits,
        text,
        provisions,
        timeline,
        taken,
        outside,
    };
    wants.record(&page, || ())
}

/// The changes that led to the latest versions.
async fn changes(site: &Site, document: &Document) -> Result<Vec<Change>, Failure> {
    let filter = ChangeFilter { document: Some(document.id), limit: VERSIONS as i64, ..ChangeFilter::default() };
    Ok(site.atlas.changes(&filter).await?)
}

/// A document that is tracked but has not been seen yet.
#[derive(Template)]
#[template(path = "pages/documents/unread.html")]
struct UnreadPage {
    head: Head,
    title: String,
    document: Document,
    health: Option<Health>,
}
