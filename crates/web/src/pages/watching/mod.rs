//! Watching: the watchlist with its channels, the inbox, and what the links in messages lead to.
mod channels;
mod inbox;
mod links_in_messages;
mod list;

use atlas::watching::{PersonId, Subject};
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};

use crate::error::Failure;
use crate::links;
use crate::owner::Owner;
use crate::page::WatchBox;
use crate::query::Query;
use crate::site::Site;

/// Most bytes of a form.
const FORM: usize = 64 * 1024;

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route(links::WATCH, post(watch))
        .route(links::WATCHLIST, get(list::show))
        .route("/watchlist/settings", post(list::settings))
        .route("/watchlist/{id}", post(list::change))
        .route("/watchlists/{token}", get(list::shared))
        .route("/channels", post(channels::add))
        .route("/channels/{id}", post(channels::change))
        .route(links::INBOX, get(inbox::show).post(inbox::read))
        .route("/messages/{id}", post(inbox::redeliver))
        .route("/feeds/{token}", get(links_in_messages::feed))
        .route("/channels/confirm/{token}", get(links_in_messages::asks_to_confirm).post(links_in_messages::confirm))
        .route("/unsubscribe/{token}", get(links_in_messages::asks_to_unsubscribe).post(links_in_messages::unsubscribe))
        .layer(DefaultBodyLimit::max(FORM))
}

/// One click on a record's page: watched as one click makes it, or no longer.
async fn watch(owner: Result<Owner, Response>, State(site): State<Site>, body: String) -> Result<Response, Failure> {
    let form = Query::parse(&body);
    let said = form.text("subject").unwrap_or("");
    let subject: Subject = serde_json::from_str(said).map_err(|_| {
        Failure::input("subject", said, "it must be what can be watched, as the site's own forms say it")
    })?;
    let Owner(person) = match owner {
        Ok(owner) => owner,
        // Whoever may become somebody here is asked to, and the watch is made then.
        Err(refusal) if refusal.status().is_redirection() => {
            let (watch, back) = (links::value(said), links::value(back(&form)));
            return Ok(Redirect::to(&format!("{}?watch={watch}&back={back}", links::SIGN_UP)).into_response());
        }
        Err(refusal) => return Ok(refusal),
    };
    match (site.atlas.watch_on(person, &subject).await?, form.text("end").is_some()) {
        (Some(watched), true) => {
            site.atlas.remove_watch(person, watched.id).await?;
        }
        (None, false) => begin(&site, person, subject).await?,
        (Some(_), false) | (None, true) => {}
    }
    Ok(Redirect::to(back(&form)).into_response())
}

/// Watches a record as one click does, unless it is watched already.
pub(crate) async fn begin(site: &Site, person: PersonId, subject: Subject) -> Result<(), Failure> {
    if alerts::known_subject(&site.atlas, &subject).await?.is_none() {
        return Err(Failure::missing("record of this name that could be watched"));
    }
    if site.atlas.watch_on(person, &subject).await?.is_none() {
        let (now_ms, plans) = (site.now_ms(), &site.plans);
        let asks = plans.of(&site.atlas, person, now_ms).await?.one_click(subject);
        alerts::plans::put_watch(&site.atlas, plans, person, &asks, now_ms).await?;
    }
    Ok(())
}

/// Where a form was sent from, if that is a page of ours; else the watchlist.
fn back(form: &Query) -> &str {
    form.text("back").filter(|path| links::is_local(path)).unwrap_or(links::WATCHLIST)
}

/// The button of a record's page; none for whoever has no watchlist and cannot get one.
pub(crate) async fn watch_box(
    site: &Site,
    owner: Option<Owner>,
    subject: Subject,
    name: &str,
) -> Result<Option<WatchBox>, Failure> {
    let Some(Owner(person)) = owner else {
        let subject = serde_json::to_string(&subject)?;
        let offered = WatchBox { subject, name: name.into(), watched: None, limit: None };
        return Ok(site.accounts.is_some().then_some(offered));
    };
    let watched = site.atlas.watch_on(person, &subject).await?.map(|watch| watch.id);
    let limit = match watched {
        Some(_) => None,
        None => alerts::plans::limit(&site.atlas, &site.plans, person, &subject, site.now_ms()).await?,
    };
    Ok(Some(WatchBox { subject: serde_json::to_string(&subject)?, name: name.into(), watched, limit }))
}
