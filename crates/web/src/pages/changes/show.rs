//! A change: what it did, which provisions it touches, the redline.
use alerts::sides::Corrected;
use askama::Template;
use atlas::answers::{AboutChange, Said, Side};
use atlas::ids::ChangeId;
use atlas::records::{Change, Materiality, Revision};
use atlas::review::{Judged, Judgement};
use atlas::watching::Subject;
use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::json;

use crate::error::Failure;
use crate::negotiate::Wants;
use crate::owner::Operator;
use crate::owner::Owner;
use crate::page::Head;
use crate::pages::documents;
use crate::pages::provision::undamaged;
use crate::pages::watching::watch_box;
use crate::redline::{self, Redline};
use crate::site::Site;
use crate::{links, words};

#[derive(Template)]
#[template(path = "pages/changes/show.html")]
struct ChangePage {
    head: Head,
    of: Change,
    /// The version that the new one is compared with: the one before, or the last sound one.
    base: i64,
    /// None for a defective version, which is compared with nothing.
    redline: Option<Redline>,
    /// What a language model says, if one was attached and answered.
    said: Option<Said<AboutChange>>,
    /// Path of the page that shows the newer text.
    newer: String,
    /// `YYYY-MM-DD` from which the newer text says it is in force.
    effective: Option<String>,
    /// Whether a later capture showed another text.
    overtaken: bool,
    /// What became of the verdict whenever the document was read again, oldest first.
    revisions: Vec<Revision>,
    /// What an editor says of the verdict, if that stands.
    judgement: Option<Judgement>,
}

impl ChangePage {
    /// What the verdict means, for those who meet the word for the first time.
    fn meaning(&self) -> &'static str {
        match self.of.change.materiality {
            Materiality::Material => "a provision, or what people may, must or must not do, changed",
            Materiality::Minor => "words changed, but no provision and no duty or right",
            Materiality::Cosmetic => "nothing changed that binds anybody",
            Materiality::Returning => "the text is one that the document had before",
            Materiality::Defective => "what the server sent is not the document",
        }
    }

    /// When a second look confirmed it, if it took one.
    fn looked_again(&self) -> Option<i64> {
        self.of.confirmed_ms.filter(|ms| *ms > self.of.change.at_ms)
    }

    /// What it means that the change was seen only once.
    fn once(&self) -> &'static str {
        match self.overtaken {
            false => {
                "This is what the page showed at one look. A second look follows, and nobody is told before it shows the same."
            }
            true => {
                "The page showed this at one look, and something else at the next. It is kept as evidence, but nobody was told."
            }
        }
    }
}

pub(super) async fn show(
    State(site): State<Site>,
    wants: Wants,
    owner: Option<Owner>,
    operator: Option<Operator>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let missing = || Failure::missing(format!("change {:?}", words::clip(&id, 40)));
    let parsed: ChangeId = id.parse().map_err(|_| missing())?;
    let of = site.atlas.change(parsed).await?.ok_or_else(missing)?;
    let change = &of.change;
    let base = documents::sound(&site, of.document, change.from_version).await?;
    let (redline, said) = match change.materiality {
        Materiality::Defective => (None, None),
        _ => compare(&site, &of, base).await?,
    };
    let name = format!("{}, {}", of.platform_name, of.document_title);
    let head = site
        .head(format!("{}: {}", of.platform_name, change.headline), links::change(&of.id))
        .about(format!("{name}, {}: {}.", words::day(&change.at_ms), change.headline))
        .feed(format!("Changes of {}", of.platform_name), links::platform_feed(&of.platform))
        .crumb("Platforms", links::PLATFORMS)
        .crumb(of.platform_name.as_str(), links::platform(&of.platform))
        .crumb(of.document_title.as_str(), links::document(&of.document))
        .here(of.id.to_string())
        .review(operator, of.id)
        .watch(watch_box(&site, owner, Subject::Document(of.document), &name).await?);
    let newer = links::version(&of.document, &change.to_version);
    let version = site.atlas.version(of.document, change.to_version).await?;
    let effective = version.and_then(|version| version.stated_effective);
    let revisions = site.atlas.change_revisions(of.document, of.id).await?;
    let judgement = site.atlas.judgement(Judged::Change(of.id)).await?;
    let latest = site.atlas.document(of.document).await?.map(|document| document.versions);
    let overtaken = latest.is_some_and(|latest| latest > change.to_version);
    let page = ChangePage { head, base, redline, said, newer, effective, overtaken, revisions, judgement, of };
    wants.record(&page, || {
        let changes = page.redline.as_ref().map(Redline::changes);
        let meaning = page.redline.as_ref().map(|redline| &redline.meaning);
        json!({"change": page.of, "compared_with_version": page.base, "stated_effective": page.effective, "meaning": meaning,
            "clauses": changes, "language_model": page.said, "revisions": page.revisions, "judgement": page.judgement})
    })
}

/// What a change did, and what a language model says about it.
pub(in crate::pages) async fn compare(
    site: &Site,
    of: &Change,
    base: i64,
) -> Result<(Option<Redline>, Option<Said<AboutChange>>), Failure> {
    let missing = |number| Failure::Internal(format!("{} lacks version {number}", of.document));
    let old = site.atlas.version_text(of.document, base).await?.ok_or_else(|| missing(base))?;
    let to = of.change.to_version;
    let new = site.atlas.version_text(of.document, to).await?.ok_or_else(|| missing(to))?;
    let said = undamaged(site.atlas.said_of_change(&old, &new).await)?;
    let corrected = Corrected::of(&site.atlas, of.document, base, to).await?;
    Ok((Some(redline::compare(&old, &new, &corrected)), said))
}
