//! Regulations: the instruments that clause types refer to, and which clauses on which platforms they may bear on.
use std::collections::BTreeMap;

use askama::Template;
use atlas::watching::Subject;
use atlas::{Holder, TypeCount};
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use provisions::{Article, Circumstances, ClauseType, Regulation, RegulationLink, taxonomy};
use serde_json::json;

use crate::error::Failure;
use crate::links;
use crate::negotiate::Wants;
use crate::owner::Owner;
use crate::page::Head;
use crate::pages::watching::watch_box;
use crate::site::Site;
use crate::words;

pub(crate) fn routes() -> Router<Site> {
    Router::new().route(links::REGULATIONS, get(list)).route("/regulations/{id}", get(show))
}

/// A regulation in the list.
struct Row {
    regulation: &'static Regulation,
    /// Clause types that refer to it.
    types: i64,
    /// Standing provisions of those types.
    provisions: i64,
}

#[derive(Template)]
#[template(path = "pages/regulations/list.html")]
struct ListPage {
    head: Head,
    /// By jurisdiction.
    groups: Vec<(&'static str, Vec<Row>)>,
    all: i64,
}

/// The types that refer to a regulation.
fn referring(id: &str) -> impl Iterator<Item = &'static ClauseType> {
    taxonomy().types().iter().filter(move |kind| kind.regulations.iter().any(|link| link.id == id))
}

async fn list(State(site): State<Site>, wants: Wants) -> Result<Response, Failure> {
    let counts = site.atlas.type_counts().await?;
    let standing = |kind: &ClauseType| {
        counts.iter().find(|count: &&TypeCount| count.clause_type == kind.id).map_or(0, |count| count.provisions)
    };
    // Jurisdictions in the order of the taxonomy.
    let mut groups: Vec<(&'static str, Vec<Row>)> = Vec::new();
    for regulation in taxonomy().regulations() {
        let types: Vec<&ClauseType> = referring(&regulation.id).collect();
        let row =
            Row { regulation, types: types.len() as i64, provisions: types.iter().map(|kind| standing(kind)).sum() };
        match groups.iter_mut().find(|(jurisdiction, _)| *jurisdiction == regulation.jurisdiction) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((&regulation.jurisdiction, vec![row])),
        }
    }
    let head = site
        .head("Regulations", links::REGULATIONS)
        .about("Laws and policy instruments that clauses of online platforms may fall under, each with its reason and condition.")
        .here("Regulations");
    let page = ListPage { head, groups, all: taxonomy().regulations().len() as i64 };
    wants.record(&page, || {
        let row =
            |row: &Row| json!({"regulation": row.regulation, "clause_types": row.types, "provisions": row.provisions});
        json!(page.groups.iter().flat_map(|(_, rows)| rows).map(row).collect::<Vec<_>>())
    })
}

/// Why a clause type refers to the regulation.
struct Reason {
    reason: &'static str,
    article: Option<&'static Article>,
    /// In words; none where the type refers to more regulations than are told for one clause.
    condition: Option<String>,
}

/// The reasons why a type refers to a regulation, where nothing is known of the platform.
fn reasons(kind: &'static ClauseType, regulation: &'static Regulation) -> Vec<Reason> {
    let told = provisions::applicable(kind, &Circumstances::default());
    let reason = |link: &'static RegulationLink| {
        let same = told.iter().find(|a| a.regulation.id == regulation.id && a.reason == link.reason);
        let article = regulation.articles.iter().find(|article| link.article.as_deref() == Some(article.id.as_str()));
        Reason { reason: &link.reason, article, condition: same.map(|a| a.condition.clone()) }
    };
    kind.regulations.iter().filter(|link| link.id == regulation.id).map(reason).collect()
}

/// A clause type that refers to the regulation, and where it stands.
struct Reference {
    kind: &'static ClauseType,
    reasons: Vec<Reason>,
    holders: Vec<Holder>,
}

#[derive(Template)]
#[template(path = "pages/regulations/show.html")]
struct RegulationPage {
    head: Head,
    regulation: &'static Regulation,
    references: Vec<Reference>,
    /// Platforms on which a clause of any of those types stands.
    platforms: i64,
}

async fn show(
    State(site): State<Site>,
    wants: Wants,
    owner: Option<Owner>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let regulation = taxonomy().regulation(&id);
    let regulation = regulation.ok_or_else(|| Failure::missing(format!("regulation {:?}", words::clip(&id, 60))))?;
    let mut references = Vec::new();
    let mut platforms: BTreeMap<String, ()> = BTreeMap::new();
    for kind in referring(&regulation.id) {
        let holders = site.atlas.holders(&kind.id).await?;
        platforms.extend(holders.iter().map(|holder| (holder.platform.clone(), ())));
        references.push(Reference { kind, reasons: reasons(kind, regulation), holders });
    }
    references.sort_by_key(|reference| std::cmp::Reverse(reference.holders.len()));
    let head = site
        .head(&regulation.name, links::regulation(&regulation.id))
        .about(format!("{}, {}. {}", regulation.citation, regulation.jurisdiction, regulation.scope))
        .crumb("Regulations", links::REGULATIONS)
        .here(&regulation.short)
        .watch(watch_box(&site, owner, Subject::Regulation(regulation.id.clone()), &regulation.short).await?);
    let page = RegulationPage { head, regulation, references, platforms: platforms.len() as i64 };
    wants.record(&page, || {
        let reason = |a: &Reason| json!({"reason": a.reason, "condition": a.condition, "article": a.article.map(|article| &article.cite)});
        let reference = |reference: &Reference| {
            json!({"clause_type": reference.kind.id, "title": reference.kind.title, "platforms": reference.holders,
                "references": reference.reasons.iter().map(reason).collect::<Vec<_>>()})
        };
        json!({"regulation": page.regulation, "clause_types": page.references.iter().map(reference).collect::<Vec<_>>()})
    })
}
