//! Clause types: the list of them by category, and each with its platforms, its history and every instance.
use std::collections::HashMap;

use askama::Template;
use atlas::records::Provision;
use atlas::watching::Subject;
use atlas::{Holder, InstanceFilter, Month, Rarity, TypeCount, TypeMonth, TypeTimeline};
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use provisions::{Applicable, Circumstances, ClauseType, taxonomy};
use serde_json::{Value, json};

use crate::chart::{self, Series};
use crate::error::Failure;
use crate::links;
use crate::negotiate::Wants;
use crate::owner::Owner;
use crate::page::{Head, WatchBox};
use crate::pages::watching::watch_box;
use crate::query::Query;
use crate::site::Site;
use crate::view::Paging;
use crate::words::{self, Html};

/// Instances on a page.
const PAGE: usize = 24;

pub(crate) fn routes() -> Router<Site> {
    Router::new().route(links::TYPES, get(list)).route("/types/{id}", get(show))
}

/// A clause type in the list.
struct Row {
    kind: &'static ClauseType,
    rarity: Rarity,
    provisions: i64,
}

/// A category with its types.
struct Group {
    id: &'static str,
    title: &'static str,
    about: &'static str,
    rows: Vec<Row>,
    watch: Option<WatchBox>,
}

#[derive(Template)]
#[template(path = "pages/types/list.html")]
struct ListPage {
    head: Head,
    q: String,
    groups: Vec<Group>,
    shown: i64,
    all: i64,
}

async fn list(State(site): State<Site>, wants: Wants, owner: Option<Owner>, query: Query) -> Result<Response, Failure> {
    let q = query.owned("q").unwrap_or_default();
    let mut groups = groups(&site, &q).await?;
    for group in &mut groups {
        group.watch = watch_box(&site, owner, Subject::Category(group.id.into()), group.title).await?;
    }
    let shown = groups.iter().map(|group| group.rows.len() as i64).sum();
    let head = site
        .head("Clause types", links::TYPES)
        .about("The kinds of clauses that are looked for in every document, and on how many platforms each one stands.")
        .here("Clause types");
    let page = ListPage { head, q, groups, shown, all: taxonomy().types().len() as i64 };
    wants.record(&page, || {
        let row = |row: &Row| {
            json!({"id": row.kind.id, "title": row.kind.title, "definition": row.kind.definition, "severity": row.kind.severity,
                "stance": row.kind.stance, "platforms": row.rarity.platforms, "of_platforms": row.rarity.of_platforms,
                "provisions": row.provisions})
        };
        let groups = page.groups.iter().map(|group| {
            json!({"category": group.id, "title": group.title, "types": group.rows.iter().map(row).collect::<Vec<_>>()})
        });
        json!({"categories": groups.collect::<Vec<_>>()})
    })
}

/// The categories with the types that hold all words of `q`, most widespread first.
async fn groups(site: &Site, q: &str) -> Result<Vec<Group>, Failure> {
    let counts = site.atlas.type_counts().await?;
    let counts: HashMap<&str, &TypeCount> = counts.iter().map(|count| (count.clause_type.as_str(), count)).collect();
    let sought: Vec<String> = q.to_lowercase().split_whitespace().map(str::to_string).collect();
    let mut groups = Vec::new();
    for category in taxonomy().categories() {
        let mut rows = Vec::new();
        for kind in taxonomy().types().iter().filter(|kind| kind.category == category.id && speaks_of(kind, &sought)) {
            let rarity = match counts.get(kind.id.as_str()) {
                Some(count) => Rarity { platforms: count.platforms, of_platforms: count.of_platforms },
                None => site.atlas.rarity(&kind.id).await?,
            };
            let provisions = counts.get(kind.id.as_str()).map_or(0, |count| count.provisions);
            rows.push(Row { kind, rarity, provisions });
        }
        rows.sort_by_key(|row| std::cmp::Reverse(row.rarity.platforms));
        if !rows.is_empty() {
            groups.push(Group { id: &category.id, title: &category.title, about: &category.about, rows, watch: None });
        }
    }
    Ok(groups)
}

fn speaks_of(kind: &ClauseType, sought: &[String]) -> bool {
    let text = [&kind.id, &kind.title, &kind.definition, &kind.question].map(|part| part.to_lowercase()).join(" ");
    sought.iter().all(|word| text.contains(word))
}

#[derive(Template)]
#[template(path = "pages/types/show.html")]
struct TypePage {
    head: Head,
    kind: &'static ClauseType,
    rarity: Rarity,
    holders: Vec<Holder>,
    timeline: TypeTimeline,
    chart: Html,
    instances: Vec<Provision>,
    standing: i64,
    removed: bool,
    paging: Paging,
    regulations: Vec<Applicable<'static>>,
    counted_ms: i64,
}

async fn show(
    State(site): State<Site>,
    wants: Wants,
    owner: Option<Owner>,
    Path(id): Path<String>,
    query: Query,
) -> Result<Response, Failure> {
    let kind =
        taxonomy().get(&id).ok_or_else(|| Failure::missing(format!("clause type {:?}", words::clip(&id, 60))))?;
    let (path, number) = (links::clause_type(&kind.id), query.page()?);
    let removed = query.text("removed") == Some("1");
    let filter =
        InstanceFilter { include_removed: removed, offset: ((number - 1) * PAGE) as i64, limit: PAGE as i64 + 1 };
    let mut instances = site.atlas.provisions_of_type(&kind.id, &filter).await?;
    let more = instances.len() > PAGE;
    instances.truncate(PAGE);
    let counts = site.atlas.type_counts().await?;
    let standing = counts.iter().find(|count| count.clause_type == kind.id).map_or(0, |count| count.provisions);
    let paging = if removed {
        Paging::open(&path, &query, number, more)
    } else {
        Paging::of(&path, &query, number, PAGE, standing as usize)
    };
    let timeline = site.atlas.type_timeline(&kind.id).await?;
    let page = TypePage {
        head: head(&site, kind, path)
            .watch(watch_box(&site, owner, Subject::ClauseType(kind.id.clone()), &kind.title).await?),
        rarity: site.atlas.rarity(&kind.id).await?,
        holders: site.atlas.holders(&kind.id).await?,
        chart: drawing(&timeline.months),
        timeline,
        instances,
        standing,
        removed,
        paging,
        regulations: provisions::applicable(kind, &Circumstances::default()),
        counted_ms: site.now_ms(),
        kind,
    };
    wants.record(&page, || value(&page))
}

/// The platforms with the clause type among those that could hold it.
fn drawing(months: &[TypeMonth]) -> Html {
    let names: Vec<Month> = months.iter().map(|m| m.month).collect();
    let lines = [
        Series { name: "Platforms with this clause type", counts: months.iter().map(|m| m.platforms).collect() },
        Series {
            name: "Platforms tracked that could have it",
            counts: months.iter().map(|m| m.of_platforms).collect(),
        },
    ];
    chart::months(&names, &lines)
}

fn head(site: &Site, kind: &'static ClauseType, path: String) -> Head {
    site.head(&kind.title, path)
        .about(&kind.definition)
        .crumb("Clause types", links::TYPES)
        .crumb(words::category_title(&kind.category), format!("{}#{}", links::TYPES, kind.category))
        .here(&kind.title)
        .feed(format!("Changes of clauses of the type {}", kind.title), links::type_feed(&kind.id))
}

fn value(page: &TypePage) -> Value {
    json!({
        "clause_type": page.kind,
        "rarity": page.rarity,
        "counted_ms": page.counted_ms,
        "platforms": page.holders,
        "timeline": page.timeline,
        "standing": page.standing,
        "page": page.paging.page,
        "provisions": page.instances,
    })
}
