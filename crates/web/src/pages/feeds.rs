//! Atom feeds of changes: all material ones, those of a platform, those that touch a clause type.
use std::sync::Arc;

use atlas::ChangeFilter;
use atlas::operate::Announcement;
use atlas::records::{Change, Materiality};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use provisions::taxonomy;

use crate::error::Failure;
use crate::feed::{Entry, Feed, atom, entry_id};
use crate::pages::operate;
use crate::site::Site;
use crate::{links, words};

/// Entries of a feed.
const ENTRIES: i64 = 100;

pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route(links::FEED, get(all))
        .route("/platforms/{slug}/feed.atom", get(of_platform))
        .route("/types/{id}/feed.atom", get(of_type))
}

async fn all(State(site): State<Site>) -> Result<Response, Failure> {
    let filter = ChangeFilter {
        at_least: Some(Materiality::Material),
        limit: ENTRIES,
        confirmed: true,
        ..ChangeFilter::default()
    };
    let title = format!("{}: material changes", site.config.name);
    let subtitle = "Material changes of the documents that online platforms bind people to.";
    answer(&site, &filter, title, subtitle.into(), links::FEED.into(), links::CHANGES.into()).await
}

async fn of_platform(State(site): State<Site>, Path(slug): Path<String>) -> Result<Response, Failure> {
    let missing = || Failure::missing(format!("platform {:?}", words::clip(&slug, 60)));
    let name = site.atlas.platform(&slug).await?.ok_or_else(missing)?.platform.name;
    let filter = ChangeFilter {
        platform: Some(slug.clone()),
        at_least: Some(Materiality::Minor),
        limit: ENTRIES,
        confirmed: true,
        ..ChangeFilter::default()
    };
    let subtitle = format!("Material and minor changes of the documents of {name}.");
    let title = format!("{}: changes of {name}", site.config.name);
    answer(&site, &filter, title, subtitle, links::platform_feed(&slug), links::platform(&slug)).await
}

async fn of_type(State(site): State<Site>, Path(id): Path<String>) -> Result<Response, Failure> {
    let missing = || Failure::missing(format!("clause type {:?}", words::clip(&id, 60)));
    let kind = taxonomy().get(&id).ok_or_else(missing)?;
    let filter = ChangeFilter {
        clause_type: Some(kind.id.clone()),
        at_least: Some(Materiality::Minor),
        limit: ENTRIES,
        confirmed: true,
        ..ChangeFilter::default()
    };
    let subtitle = format!("Changes that touch a clause of the type {}.", kind.title);
    let title = format!("{}: {}", site.config.name, kind.title);
    answer(&site, &filter, title, subtitle, links::type_feed(&kind.id), links::clause_type(&kind.id)).await
}

async fn answer(
    site: &Site,
    filter: &ChangeFilter,
    title: String,
    subtitle: String,
    path: String,
    page: String,
) -> Result<Response, Failure> {
    let changes = site.atlas.changes(filter).await?;
    // A feed without entries is as old as the record.
    let newest = changes.iter().filter_map(|change| change.confirmed_ms).max();
    let updated_ms = match newest {
        Some(ms) => ms,
        None => site.atlas.counts().await?.first_ms.unwrap_or(0),
    };
    let (base, key) = (&site.config.base_url, site.atlas.log_key());
    // The feed of everything tells what is announced, too.
    let told = if path == links::FEED { site.announced() } else { Arc::default() };
    let updated_ms = told.iter().map(|announcement| announcement.from_ms).fold(updated_ms, i64::max);
    let mut entries: Vec<Entry> = told.iter().map(|told| announced(base, &key, &site.config.name, told)).collect();
    entries.extend(changes.iter().map(|change| entry(base, &key, change)));
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.updated_ms));
    let feed = Feed {
        title,
        subtitle,
        id: entry_id(&key, &path),
        self_url: format!("{base}{path}"),
        page_url: format!("{base}{page}"),
        author: site.config.name.clone(),
        updated_ms,
        entries,
    };
    Ok(([(header::CONTENT_TYPE, "application/atom+xml; charset=utf-8")], atom(&feed)).into_response())
}

fn announced(base: &str, key: &str, author: &str, told: &Announcement) -> Entry {
    let urgency = operate::urgency(&told.urgency);
    Entry {
        id: entry_id(key, &format!("announcement {}", told.id)),
        title: format!("{urgency}: {}", words::clip(&told.text, 100)),
        url: format!("{base}{}", links::HOME),
        published_ms: told.from_ms,
        updated_ms: told.from_ms,
        author: author.to_string(),
        content: None,
        summary: told.text.clone(),
        categories: vec!["announcement".into()],
    }
}

fn entry(base: &str, key: &str, change: &Change) -> Entry {
    let of = &change.change;
    let types = change.provisions.iter().map(|touched| {
        format!("{} {} ({}).", words::event(&touched.event), words::type_title(&touched.clause_type), touched.severity)
    });
    let summary = format!(
        "{}: {} {}",
        words::materiality(&of.materiality),
        words::sentence(&of.reason),
        types.collect::<Vec<_>>().join(" ")
    );
    let mut categories: Vec<String> = vec![of.materiality.name().into()];
    for touched in &change.provisions {
        if !categories.contains(&touched.clause_type) {
            categories.push(touched.clause_type.clone());
        }
    }
    Entry {
        id: entry_id(key, &change.id.to_string()),
        title: format!("{}, {}: {}", change.platform_name, change.document_title, of.headline),
        url: format!("{base}{}", links::change(&change.id)),
        published_ms: of.at_ms,
        updated_ms: change.confirmed_ms.unwrap_or(of.at_ms),
        author: change.platform_name.clone(),
        summary,
        content: None,
        categories,
    }
}
