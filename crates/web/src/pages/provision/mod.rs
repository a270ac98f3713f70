//! A provision: what a clause says, what it means, since when, and what proves it.
mod differences;
mod opinion;
mod record;
mod sheet;

use askama::Template;
use atlas::AtlasError;
use atlas::ids::ProvisionId;
use atlas::records::{Revised, Revision};
use atlas::review::{Judged, Ruling};
use atlas::watching::Subject;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};

use crate::error::Failure;
use crate::negotiate::Wants;
use crate::owner::Operator;
use crate::owner::Owner;
use crate::page::Head;
use crate::pages::watching::watch_box;
use crate::share::{ShareLink, share_links};
use crate::site::Site;
use crate::{faq, links, pdf, words};
use opinion::Opinion;
pub(super) use opinion::undamaged;
use record::Record;
pub(super) use record::{Words, explanation};

pub(crate) fn routes() -> Router<Site> {
    Router::new().route("/provisions/{id}", get(show)).route("/provisions/{id}/evidence.zip", get(evidence))
}

#[derive(Template)]
#[template(path = "pages/provision/page.html")]
struct ProvisionPage {
    head: Head,
    r: Record,
    share: Vec<ShareLink>,
    /// Absolute address of the page.
    url: String,
}

/// The page, or the PDF if the address ends in `.pdf`.
async fn show(
    State(site): State<Site>,
    wants: Wants,
    owner: Option<Owner>,
    operator: Option<Operator>,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let (name, as_pdf) = name.strip_suffix(".pdf").map_or((name.as_str(), false), |name| (name, true));
    let id = provision_id(name)?;
    let Some(record) = Record::gather(&site, id).await? else { return Err(absent(&site, id).await) };
    if as_pdf {
        return paper(&site, record).await;
    }
    let path = links::provision(&id);
    let url = format!("{}{path}", site.config.base_url);
    let page = ProvisionPage {
        head: head(&site, &record, path)
            .review(operator, id)
            .watch(watch_box(&site, owner, Subject::Provision(id), &record.full_title()).await?),
        share: share_links(&record.full_title(), &url),
        r: record,
        url,
    };
    wants.record(&page, || value(&site, &page.r))
}

/// Why no provision with this ID is shown: an editor may have had it taken from view, or a later reader withdrawn it.
pub(super) async fn absent(site: &Site, id: ProvisionId) -> Failure {
    match hidden(site, id).await {
        Ok(None) => {}
        Ok(Some(hidden)) => return hidden,
        Err(error) => return error.into(),
    }
    let revisions = match site.atlas.provision_revisions(id).await {
        Ok(revisions) => revisions,
        Err(error) => return error.into(),
    };
    let Some(Revision { record: Revised::Provision { clause_type, excerpt, .. }, document, at_ms, .. }) =
        revisions.last()
    else {
        return Failure::missing(format!("provision {id}"));
    };
    let title = words::type_title(clause_type);
    Failure::Gone(format!(
        "{id} was withdrawn on {}: {document} was read again, and the later reader does not find \u{201c}{title}\u{201d} in the words \u{201c}{}\u{201d}",
        words::day(at_ms),
        words::clip(excerpt, 300)
    ))
}

async fn hidden(site: &Site, id: ProvisionId) -> Result<Option<Failure>, AtlasError> {
    if site.atlas.provision_or_hidden(id).await?.is_none() {
        return Ok(None);
    }
    let Some(judgement) = site.atlas.judgement(Judged::Provision(id)).await? else { return Ok(None) };
    let also = match judgement.ruling {
        Ruling::Corrected { clause_type: Some(_), .. } => " (another provision of the same clause has that type)",
        _ => "",
    };
    Ok(Some(Failure::Gone(format!("{id} was {}{also}", words::judged(&judgement)))))
}

pub(super) fn provision_id(text: &str) -> Result<ProvisionId, Failure> {
    text.parse().map_err(|_| Failure::missing(format!("provision {:?}", words::clip(text, 40))))
}

fn head(site: &Site, record: &Record, path: String) -> Head {
    let provision = &record.provision;
    let about = format!("{} {}", record.explanation.what_it_does, words::rarity(&record.rarity));
    site.head(record.full_title(), path)
        .about(words::clip(&about, 300))
        .crumb("Platforms", links::PLATFORMS)
        .crumb(&provision.platform_name, links::platform(&provision.platform))
        .crumb(&provision.document_title, links::document(&provision.document))
        .here(record.title())
        .feed(format!("Changes of {}", provision.platform_name), links::platform_feed(&provision.platform))
        .json_ld(&faq::json_ld(&record.questions))
}

/// Typesetting takes some milliseconds of one core: not on a thread that serves others.
async fn paper(site: &Site, record: Record) -> Result<Response, Failure> {
    let sheet = sheet::sheet(site, &record);
    let name = format!("inline; filename=\"{}.pdf\"", record.provision.id);
    let set = tokio::task::spawn_blocking(move || pdf::pdf(&sheet)).await;
    let bytes = set.map_err(|error| Failure::Internal(error.to_string()))?;
    let bytes = bytes.map_err(|error| Failure::Internal(error.to_string()))?;
    Ok(([(header::CONTENT_TYPE, "application/pdf".to_string()), (header::CONTENT_DISPOSITION, name)], bytes)
        .into_response())
}

async fn evidence(State(site): State<Site>, Path(name): Path<String>) -> Result<Response, Failure> {
    let id = provision_id(&name)?;
    let Some(provision) = site.atlas.provision(id).await? else { return Err(absent(&site, id).await) };
    let version = (provision.document, provision.last_version);
    super::evidence::bundle(&site, version, Some(id), &id.to_string()).await
}

/// The record as JSON: what the page tells, in the same words.
fn value(site: &Site, r: &Record) -> Value {
    let kind = r.kind.map(|kind| {
        json!({"id": kind.id, "title": kind.title, "definition": kind.definition, "category": kind.category, "severity": kind.severity,
            "stance": kind.stance})
    });
    json!({
        "provision": r.provision,
        "removed_ms": r.removed_ms,
        "words_changed_ms": r.words_changed_ms(),
        "clause_type": kind,
        "rarity": {"platforms": r.rarity.platforms, "of_platforms": r.rarity.of_platforms, "words": words::rarity(&r.rarity)},
        "explanation": {"what_it_does": r.explanation.what_it_does, "why_it_matters": r.explanation.why_it_matters,
            "consumer_impact": r.explanation.consumer_impact},
        "notes": r.notes.iter().map(|note| &note.text).collect::<Vec<_>>(),
        "excerpt_verified": r.words.is_some(),
        "place": r.words.as_ref().map(|words| &words.place),
        "document": r.document,
        "version": r.version,
        "elsewhere": r.elsewhere.iter().map(|other| json!({"provision": other.provision, "differences": other.differences})).collect::<Vec<_>>(),
        "lineage": r.steps.iter().map(|step| json!({"version": step.version, "at_ms": step.at_ms, "event": step.what, "change": step.change})).collect::<Vec<_>>(),
        "revisions": r.revisions,
        "judgement": r.judgement,
        "regulations": r.regulations.iter().map(|a| json!({"id": a.regulation.id, "name": a.regulation.name,
            "jurisdiction": a.regulation.jurisdiction, "article": a.article.map(|article| &article.cite), "reason": a.reason,
            "condition": a.condition})).collect::<Vec<_>>(),
        "evidence": {"source_url": r.evidence.source_url, "archive_links": r.evidence.links, "outside_captures": r.evidence.witnesses, "capture": r.evidence.capture,
            "text_sha256_verified": r.evidence.text_verified,
            "log": r.evidence.proof.as_ref().map(|proof| json!({"size": proof.size, "origin": proof.origin, "verified": proof.verified, "proof": proof.text})),
            "bundle": format!("{}{}", site.config.base_url, links::provision_evidence(&r.provision.id))},
        "changes_in_30_days": r.recent,
        "citations": r.citations,
        "questions": r.questions,
        "language_model": r.opinion.as_ref().map(Opinion::json),
    })
}
