//! Platforms side by side: which clause types stand on each, and how severe they are there.
use std::collections::BTreeMap;

use askama::Template;
use atlas::records::{Platform, Provision};
use atlas::{PlatformFilter, PlatformRow};
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use provisions::{ClauseType, Severity, taxonomy};
use serde_json::{Value, json};

use crate::error::Failure;
use crate::links;
use crate::negotiate::Wants;
use crate::page::Head;
use crate::query::Query;
use crate::site::Site;

/// The fields that name platforms.
const FIELDS: [&str; 4] = ["a", "b", "c", "d"];

pub(crate) fn routes() -> Router<Site> {
    Router::new().route(links::COMPARE, get(show))
}

/// A clause type on one platform.
struct Cell {
    platform: String,
    /// The most severe provision, if any stands.
    provision: Option<Provision>,
    count: i64,
}

/// A clause type across the platforms.
struct Row {
    kind: &'static ClauseType,
    cells: Vec<Cell>,
}

/// A category with its types.
struct Group {
    id: &'static str,
    title: &'static str,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "pages/compare/page.html")]
struct ComparePage {
    head: Head,
    /// All platforms, to choose from.
    choices: Vec<PlatformRow>,
    /// What each field says.
    chosen: Vec<(&'static str, String)>,
    platforms: Vec<Platform>,
    groups: Vec<Group>,
    /// Only rows in which the platforms differ.
    differing: bool,
}

async fn show(State(site): State<Site>, wants: Wants, query: Query) -> Result<Response, Failure> {
    let choices = site.atlas.platforms(&PlatformFilter::default()).await?;
    let mut platforms: Vec<Platform> = Vec::new();
    for name in FIELDS {
        let Some(slug) = query.text(name) else { continue };
        let known = choices.iter().find(|row| row.platform.slug == slug);
        let known = known.ok_or_else(|| Failure::input(name, slug, "no platform has this name in addresses"))?;
        if !platforms.iter().any(|chosen| chosen.slug == slug) {
            platforms.push(known.platform.clone());
        }
    }
    let differing = query.text("differing") == Some("1");
    let groups = if platforms.len() < 2 { Vec::new() } else { groups(&site, &platforms, differing).await? };
    let chosen = FIELDS.into_iter().map(|name| (name, query.owned(name).unwrap_or_default())).collect();
    let names: Vec<&str> = platforms.iter().map(|platform| platform.name.as_str()).collect();
    let title = if names.len() < 2 { "Compare platforms".to_string() } else { names.join(" and ") + " compared" };
    let path = format!("{}{}", links::COMPARE, query.with("page", ""));
    let head = site.head(title, path).about("Platforms side by side, clause type by clause type.").here("Compare");
    let page = ComparePage { head, choices, chosen, platforms, groups, differing };
    wants.record(&page, || value(&page))
}

/// Rows by category, in the order of the taxonomy.
async fn groups(site: &Site, platforms: &[Platform], differing: bool) -> Result<Vec<Group>, Failure> {
    let mut standing: Vec<BTreeMap<String, Vec<Provision>>> = Vec::new();
    for platform in platforms {
        let mut types: BTreeMap<String, Vec<Provision>> = BTreeMap::new();
        for document in site.atlas.platform_documents(&platform.slug).await? {
            for provision in site.atlas.document_provisions(document.id, false).await? {
                types.entry(provision.clause_type.clone()).or_default().push(provision);
            }
        }
        standing.push(types);
    }
    let mut groups = Vec::new();
    for category in taxonomy().categories() {
        let mut rows = Vec::new();
        for kind in taxonomy().types().iter().filter(|kind| kind.category == category.id) {
            let cells: Vec<Cell> =
                platforms.iter().zip(&standing).map(|(platform, types)| cell(platform, types.get(&kind.id))).collect();
            let levels: Vec<Option<Severity>> = cells.iter().map(Cell::severity).collect();
            let differ = levels.windows(2).any(|pair| pair[0] != pair[1]);
            if levels.iter().any(Option::is_some) && (differ || !differing) {
                rows.push(Row { kind, cells });
            }
        }
        if !rows.is_empty() {
            groups.push(Group { id: &category.id, title: &category.title, rows });
        }
    }
    Ok(groups)
}

fn cell(platform: &Platform, found: Option<&Vec<Provision>>) -> Cell {
    let most_severe = found.and_then(|found| found.iter().max_by_key(|provision| provision.severity));
    let count = found.map_or(0, |found| found.len() as i64);
    Cell { platform: platform.name.clone(), provision: most_severe.cloned(), count }
}

impl Cell {
    fn severity(&self) -> Option<Severity> {
        self.provision.as_ref().map(|provision| provision.severity)
    }
}

fn value(page: &ComparePage) -> Value {
    let cell = |cell: &Cell| json!({"provision": cell.provision.as_ref().map(|p| p.id), "severity": cell.severity(), "count": cell.count});
    let row = |row: &Row| json!({"clause_type": row.kind.id, "title": row.kind.title, "platforms": row.cells.iter().map(cell).collect::<Vec<_>>()});
    let group = |group: &Group| json!({"category": group.id, "types": group.rows.iter().map(row).collect::<Vec<_>>()});
    json!({"platforms": page.platforms, "categories": page.groups.iter().map(group).collect::<Vec<_>>()})
}
