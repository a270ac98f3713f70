//! The watchlist: what is watched, which changes are told and when, over which channels; and its read-only page for others.
use alerts::Import;
use askama::Template;
use atlas::watching::{Cadence, Channel, ChannelId, Person, PersonId, Subject, Threshold, Watch, WatchId, Weekday};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use provisions::Severity;
use serde_json::json;

use super::Numbered;
use super::channels::ChannelRow;
use crate::error::Failure;
use crate::holder::Holder;
use crate::links;
use crate::negotiate::Wants;
use crate::page::Head;
use crate::query::Query;
use crate::site::Site;
use crate::words;

const CADENCES: [(&str, &str); 3] =
    [("at-once", "As it happens"), ("day", "In a digest every day"), ("week", "In a digest every week")];
/// Choices of the least severity that is told: every change has the lowest.
const LEAST: &[(&str, Severity)] = words::SEVERITIES.split_at(1).1;
const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];
/// Longest note and longest list of tags, in characters.
pub(super) const NOTE: usize = 1_000;

/// A watch as the page shows it.
struct Row {
    watch: Watch,
    /// What is watched, in words.
    name: String,
    /// The words of a search that its name shortens.
    whole: Option<String>,
    /// Its page.
    path: String,
}

impl Row {
    async fn of(site: &Site, watch: Watch) -> Result<Row, Failure> {
        let name = alerts::subject_name(&site.atlas, &watch.asks.subject).await?;
        let whole = match &watch.asks.subject {
            Subject::Search(search) if !name.contains(&search.words) => Some(search.words.clone()),
            _ => None,
        };
        let name = words::sentence(&name).trim_end_matches('.').to_string();
        Ok(Row { path: place(&watch.asks.subject), name, whole, watch })
    }

    /// "Material changes, told as it happens".
    fn told(&self) -> String {
        let threshold = alerts::matching::threshold(&self.watch.asks.threshold);
        let told = format!("{threshold}, told {}", alerts::cadence_in_words(self.watch.asks.cadence));
        words::sentence(&told).trim_end_matches('.').to_string()
    }

    fn is_cadence(&self, value: &str) -> bool {
        value
            == match self.watch.asks.cadence {
                Cadence::AtOnce => "at-once",
                Cadence::Day { .. } => "day",
                Cadence::Week { .. } => "week",
            }
    }

    fn hour(&self) -> u8 {
        match self.watch.asks.cadence {
            Cadence::AtOnce => 8,
            Cadence::Day { hour } | Cadence::Week { hour, .. } => hour,
        }
    }

    fn is_weekday(&self, weekday: &Weekday) -> bool {
        matches!(self.watch.asks.cadence, Cadence::Week { weekday: own, .. } if own == *weekday)
    }

    fn is_severity(&self, severity: &Severity) -> bool {
        self.watch.asks.threshold.severity == Some(*severity)
    }

    fn uses(&self, channel: &ChannelId) -> bool {
        self.watch.asks.channels.as_ref().is_none_or(|used| used.contains(channel))
    }

    fn tags(&self) -> String {
        self.watch.asks.tags.join(", ")
    }
}

/// The page of what is watched.
fn place(subject: &Subject) -> String {
    match subject {
        Subject::Platform(slug) => links::platform(slug),
        Subject::Document(id) => links::document(id),
        Subject::ClauseType(id) => links::clause_type(id),
        Subject::Category(id) => format!("{}#{}", links::TYPES, links::segment(id)),
        Subject::Regulation(id) => links::regulation(id),
        Subject::Provision(id) => links::provision(id),
        Subject::Search(search) => {
            let severity = search.severity.map(|severity| severity.to_string().to_lowercase());
            let fields = [
                ("q", Some(&search.words)),
                ("platform", search.platform.as_ref()),
                ("type", search.clause_type.as_ref()),
                ("severity", severity.as_ref()),
                ("kind", search.kind.as_ref()),
            ];
            let fields =
                fields.into_iter().filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_empty())?)));
            let query: Vec<String> = fields.map(|(name, value)| format!("{name}={}", links::value(value))).collect();
            format!("{}?{}", links::SEARCH, query.join("&"))
        }
    }
}

#[derive(Template)]
#[template(path = "pages/watching/list.html")]
struct ListPage {
    head: Head,
    holder: Holder,
    /// All whose watchlists the reader may see.
    all: Vec<Holder>,
    person: Person,
    rows: Vec<Row>,
    channels: Vec<ChannelRow>,
    unread: i64,
    /// What of the plan of the person or the organisation is used, if plans limit it.
    plan: Option<String>,
    /// What came of a file that was just read.
    import: Option<Import>,
}

impl ListPage {
    fn shared_url(&self) -> Option<String> {
        let token = self.person.shared.as_ref()?;
        Some(format!("{}/watchlists/{token}", self.head.site.base_url))
    }
}

async fn person(site: &Site, id: PersonId) -> Result<Person, Failure> {
    site.atlas.person(id).await?.ok_or_else(|| Failure::missing(format!("person {id}")))
}

async fn rows(site: &Site, person: PersonId) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    for watch in site.atlas.watches(person).await? {
        rows.push(Row::of(site, watch).await?);
    }
    Ok(rows)
}

pub(super) async fn show(holder: Holder, State(site): State<Site>, wants: Wants) -> Result<Response, Failure> {
    page(&site, holder, wants, None).await
}

/// The page with what came of a file that was just read.
pub(super) async fn page(
    site: &Site,
    holder: Holder,
    wants: Wants,
    import: Option<Import>,
) -> Result<Response, Failure> {
    let id = holder.id();
    let channels = if holder.changes() { site.atlas.channels(id).await? } else { Vec::new() };
    let channels = channels.into_iter().map(|channel| ChannelRow::of(site, channel)).collect();
    let of = holder.organisation.is_some();
    let title = if of { format!("Watchlist of {}", holder.name()) } else { "Watchlist".into() };
    let head = super::way(site.head(title, holder.path(links::WATCHLIST)), &holder).here("Watchlist").unlisted();
    let (person, rows) = (person(site, id).await?, rows(site, id).await?);
    let unread = site.atlas.unread(id, holder.person).await?;
    let entitled = site.plans.of(&site.atlas, id, site.now_ms()).await?;
    let plan = alerts::plans::used(&site.atlas, &entitled, id).await?;
    let all = Holder::all(site, holder.person).await?;
    let page = ListPage { head, holder, all, person, rows, channels, unread, plan, import };
    wants.record(&page, || {
        let watches: Vec<_> =
            page.rows.iter().map(|row| json!({"name": row.name, "path": row.path, "watch": row.watch})).collect();
        let channels: Vec<&Channel> = page.channels.iter().map(|row| &row.channel).collect();
        let mut value =
            json!({"watches": watches, "channels": channels, "unread": page.unread, "zone": page.person.zone});
        if let Some(import) = &page.import {
            let refused = import.refused.iter().map(|(subject, why)| json!({"subject": subject, "why": why}));
            value["import"] = json!({"kept": import.kept, "refused": refused.collect::<Vec<_>>()});
        }
        value
    })
}

/// Changes or ends a watch.
pub(super) async fn change(
    holder: Holder,
    State(site): State<Site>,
    Path(Numbered { id }): Path<Numbered>,
    body: String,
) -> Result<Redirect, Failure> {
    let (of, list) = (holder.id(), holder.path(links::WATCHLIST));
    let missing = || Failure::missing(format!("watch {:?}", words::clip(&id, 40)));
    let id: WatchId = id.parse().map_err(|_| missing())?;
    let watch = site.atlas.watch(of, id).await?.ok_or_else(missing)?;
    let form = Query::parse(&body);
    if form.text("end").is_some() {
        site.atlas.remove_watch(of, id).await?;
        return Ok(Redirect::to(&list));
    }
    let mut asks = watch.asks;
    asks.threshold = Threshold {
        minor: form.text("minor").is_some(),
        severity: form.choice("severity", LEAST)?,
        stricter: form.text("stricter").is_some(),
    };
    asks.cadence = cadence(&form)?;
    let all = site.atlas.channels(of).await?;
    let wanted = |channel: &Channel| form.all("channel").any(|said| said == channel.id.to_string());
    let chosen: Vec<ChannelId> = all.iter().filter(|channel| wanted(channel)).map(|channel| channel.id).collect();
    // All of them means: also those that will be added.
    asks.channels = (chosen.len() < all.len()).then_some(chosen);
    asks.note = words::clip(form.text("note").unwrap_or(""), NOTE);
    let tags = words::clip(form.text("tags").unwrap_or(""), NOTE);
    asks.tags = tags.split(',').map(|tag| tag.trim().to_string()).filter(|tag| !tag.is_empty()).collect();
    alerts::plans::put_watch(&site.atlas, &site.plans, of, &asks, site.now_ms()).await?;
    Ok(Redirect::to(&format!("{list}#w-{id}")))
}

fn cadence(form: &Query) -> Result<Cadence, Failure> {
    let hour = form.text("hour").unwrap_or("8");
    let hour = hour
        .parse()
        .ok()
        .filter(|hour: &u8| *hour < 24)
        .ok_or_else(|| Failure::input("hour", hour, "it must be from 0 to 23"))?;
    let weekday = form.choice("weekday", &WEEKDAYS)?.unwrap_or(Weekday::Monday);
    let choices =
        [("at-once", Cadence::AtOnce), ("day", Cadence::Day { hour }), ("week", Cadence::Week { weekday, hour })];
    Ok(form.choice("cadence", &choices)?.unwrap_or_default())
}

/// The time zone, and whether the watchlist is shared.
pub(super) async fn settings(holder: Holder, State(site): State<Site>, body: String) -> Result<Redirect, Failure> {
    let (form, id) = (Query::parse(&body), holder.id());
    let person = person(&site, id).await?;
    if let Some(zone) = form.text("zone").filter(|zone| *zone != person.zone) {
        if !alerts::is_zone(zone) {
            return Err(Failure::input(
                "time zone",
                zone,
                "it must be a name of the IANA time zone database, for example Europe/Berlin",
            ));
        }
        site.atlas.set_person(id, &person.name, zone).await?;
    }
    match form.text("share") {
        Some("open") => site.atlas.share_watchlist(id, Some(site.secret()?)).await?,
        Some("close") => site.atlas.share_watchlist(id, None).await?,
        _ => {}
    }
    Ok(Redirect::to(&format!("{}#settings", holder.path(links::WATCHLIST))))
}

#[derive(Template)]
#[template(path = "pages/watching/shared.html")]
struct SharedPage {
    head: Head,
    rows: Vec<Row>,
}

/// The read-only page of somebody's watchlist, for whoever was given its address.
pub(super) async fn shared(State(site): State<Site>, Path(token): Path<String>) -> Result<Response, Failure> {
    let gone = || {
        Failure::Refused(
            StatusCode::NOT_FOUND,
            "there is no shared watchlist at this address; it may have been closed".into(),
        )
    };
    let person = site.atlas.shared_watchlist(&token).await?.ok_or_else(gone)?;
    if site.is_closed(person.id).await? {
        return Err(gone());
    }
    let rows = rows(&site, person.id).await?;
    let head = site
        .head("A watchlist", format!("/watchlists/{}", links::segment(&token)))
        .here("A watchlist")
        .unlisted()
        .no_json();
    Ok(Html(SharedPage { head, rows }.render()?).into_response())
}
