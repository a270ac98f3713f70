//! Watching: the watchlist with its channels, the inbox, and what the links in messages lead to. A watchlist is a person's own or an
//! organisation's, at the same addresses below the organisation's; see [`crate::holder`].
mod channels;
mod files;
mod inbox;
mod links_in_messages;
mod list;
mod report;

use archive::instant::HOUR_MS;
use atlas::accounts::Role;
use atlas::watching::{PersonId, Subject};
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use crate::error::Failure;
use crate::holder::Holder;
use crate::links;
use crate::owner::{Owner, TurnedAway};
use crate::page::{Head, WatchBox, WatchPlace};
use crate::query::Query;
use crate::site::Site;

/// Most bytes of a form.
const FORM: usize = 64 * 1024;
/// Most tests and repeated messages of one watchlist within an hour, and most reports and imports of one person, unless it is the owner of an
/// instance.
const MOST_ASKED_FOR: i64 = 30;

/// The pages of a watchlist, below an organisation's address or at those of one's own.
fn held(of: &str) -> Router<Site> {
    let at = |own: &str| format!("{of}{own}");
    Router::new()
        .route(&at(links::WATCHLIST), get(list::show))
        .route(&at("/watchlist.csv"), get(files::csv))
        .route(&at("/watchlist.opml"), get(files::opml))
        .route(&at("/watchlist/import"), post(files::import).layer(DefaultBodyLimit::max(files::MOST_BYTES)))
        .route(&at(links::REPORT), get(report::show))
        .route(&at("/watchlist/report.csv"), get(report::csv))
        .route(&at("/watchlist/settings"), post(list::settings))
        .route(&at("/watchlist/{id}"), post(list::change))
        .route(&at("/channels"), post(channels::add))
        .route(&at("/channels/{id}"), post(channels::change))
        .route(&at(links::INBOX), get(inbox::show).post(inbox::read))
        .route(&at("/messages/{id}"), post(inbox::redeliver))
}

/// The number of a watch, a channel or a message in an address.
#[derive(Deserialize)]
struct Numbered {
    id: String,
}

pub(super) fn routes() -> Router<Site> {
    held("")
        .merge(held(links::OF_ORGANISATION))
        .route(links::WATCH, post(watch))
        .route("/watchlists/{token}", get(list::shared))
        .route("/feeds/{token}", get(links_in_messages::feed))
        .route("/channels/confirm/{token}", get(links_in_messages::asks_to_confirm).post(links_in_messages::confirm))
        .route("/unsubscribe/{token}", get(links_in_messages::asks_to_unsubscribe).post(links_in_messages::unsubscribe))
        .layer(DefaultBodyLimit::max(FORM))
}

/// One click on a record's page: watched as one click makes it, or no longer; for oneself, or for the organisation that the form names.
async fn watch(owner: Result<Owner, TurnedAway>, State(site): State<Site>, body: String) -> Result<Response, Failure> {
    let form = Query::parse(&body);
    let said = form.text("subject").unwrap_or("");
    let subject: Subject = serde_json::from_str(said).map_err(|_| {
        Failure::input("subject", said, "it must be what can be watched, as the site's own forms say it")
    })?;
    let Owner(person) = match owner {
        Ok(owner) => owner,
        // Whoever may become somebody here is asked to, and the watch is made then.
        Err(TurnedAway::SignIn { .. }) => {
            let (watch, back) = (links::value(said), links::value(back(&form)));
            return Ok(Redirect::to(&format!("{}?watch={watch}&back={back}", links::SIGN_UP)).into_response());
        }
        Err(away) => return Ok(away.into_response()),
    };
    let holder = Holder::named(&site, person, form.text("for"), Role::Editor).await?.id();
    match (site.atlas.watch_on(holder, &subject).await?, form.text("end").is_some()) {
        (Some(watched), true) => {
            site.atlas.remove_watch(holder, watched.id).await?;
        }
        (None, false) => begin(&site, holder, subject).await?,
        (Some(_), false) | (None, true) => {}
    }
    Ok(Redirect::to(back(&form)).into_response())
}

/// Watches a record as one click does, unless it is watched already.
pub(crate) async fn begin(site: &Site, holder: PersonId, subject: Subject) -> Result<(), Failure> {
    if alerts::known_subject(&site.atlas, &subject).await?.is_none() {
        return Err(Failure::missing("record of this name that could be watched"));
    }
    if site.atlas.watch_on(holder, &subject).await?.is_none() {
        let (now_ms, plans) = (site.now_ms(), &site.plans);
        let asks = plans.of(&site.atlas, holder, now_ms).await?.one_click(subject);
        alerts::plans::put_watch(&site.atlas, plans, holder, &asks, now_ms).await?;
    }
    Ok(())
}

/// The way to a page of a watchlist: over the organisation, if it is one's.
fn way(head: Head, holder: &Holder) -> Head {
    match &holder.organisation {
        Some(belonging) => head.crumb(belonging.name.as_str(), links::organisation(&belonging.organisation)),
        None => head,
    }
}

/// Counts what is done because somebody asked for it, and refuses more than some within an hour, on a site that others use: a button is no
/// way to flood a receiver or the store, or to keep the site busy. `what` names it, with whose it is.
async fn may_ask_for(site: &Site, what: &str) -> Result<(), Failure> {
    if site.accounts.is_none() {
        return Ok(());
    }
    let (asked, _) = site.atlas.count_try(what, HOUR_MS, site.now_ms()).await?;
    if asked > MOST_ASKED_FOR {
        let why = format!("this was done {MOST_ASKED_FOR} times within an hour; try again later");
        return Err(Failure::Refused(StatusCode::TOO_MANY_REQUESTS, why));
    }
    Ok(())
}

/// As [`may_ask_for`], of a message that is sent.
async fn may_send(site: &Site, holder: PersonId) -> Result<(), Failure> {
    may_ask_for(site, &format!("messages asked for by {holder}")).await
}

/// Where a form was sent from, if that is a page of ours; else the watchlist.
fn back(form: &Query) -> &str {
    form.text("back").filter(|path| links::is_local(path)).unwrap_or(links::WATCHLIST)
}

/// The button of a record's page, once for each watchlist that who asks may change; none for whoever has none and cannot get one.
pub(crate) async fn watch_box(
    site: &Site,
    owner: Option<Owner>,
    subject: Subject,
    name: &str,
) -> Result<Option<WatchBox>, Failure> {
    let (said, name) = (serde_json::to_string(&subject)?, name.to_string());
    let Some(Owner(person)) = owner else {
        let places = vec![WatchPlace { holder: None, watched: None, limit: None }];
        return Ok(site.accounts.is_some().then_some(WatchBox { subject: said, name, places }));
    };
    let mut places = Vec::new();
    for holder in Holder::changeable(site, person).await? {
        let watched = site.atlas.watch_on(holder.id(), &subject).await?.map(|watch| watch.id);
        let limit = match watched {
            Some(_) => None,
            None => alerts::plans::limit(&site.atlas, &site.plans, holder.id(), &subject, site.now_ms()).await?,
        };
        places.push(WatchPlace { holder: Some(holder), watched, limit });
    }
    Ok(Some(WatchBox { subject: said, name, places }))
}
