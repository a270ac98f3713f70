//! What the links in messages lead to. Their tokens are all that is needed: whoever reads a mailbox may end what comes into it. Opening a
//! link changes nothing, since programs open links too; a button does, and the one-click unsubscribing of RFC 8058 is its `POST`.
use alerts::{Letter, Links};
use askama::Template;
use atlas::watching::{Channel, ChannelKind, Unsubscribed, without_addresses};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use crate::error::Failure;
use crate::feed::{Entry, Feed, atom, entry_id};
use crate::links;
use crate::page::Head;
use crate::query::Query;
use crate::site::Site;

/// Entries of a private feed.
const ENTRIES: i64 = 50;

/// A question with a button, or what came of pressing it.
#[derive(Template)]
#[template(path = "pages/watching/question.html")]
struct QuestionPage {
    head: Head,
    title: String,
    text: String,
    /// What each button is named, and the field that it sends.
    buttons: Vec<(&'static str, &'static str)>,
}

fn question(
    site: &Site,
    path: String,
    title: &str,
    text: String,
    buttons: Vec<(&'static str, &'static str)>,
) -> Result<Response, Failure> {
    let head = site.head(title, path).here(title).unlisted().no_json();
    Ok(Html(QuestionPage { head, title: title.into(), text, buttons }.render()?).into_response())
}

fn outdated() -> Failure {
    Failure::Refused(
        StatusCode::NOT_FOUND,
        "this link is not valid, or no longer; use the one in the latest message".into(),
    )
}

fn confirming(token: &str) -> String {
    format!("/channels/confirm/{}", links::segment(token))
}

pub(super) async fn asks_to_confirm(State(site): State<Site>, Path(token): Path<String>) -> Result<Response, Failure> {
    let text = "Changes of terms and policies will be sent to your address once you confirm it. Every message has a link that ends it.";
    question(&site, confirming(&token), "Confirm your address", text.into(), vec![("Confirm", "confirm")])
}

pub(super) async fn confirm(State(site): State<Site>, Path(token): Path<String>) -> Result<Response, Failure> {
    let channel = site.atlas.confirm_channel(&token).await?.ok_or_else(outdated)?;
    let text = format!("Messages will be sent to {}.", channel.address);
    question(&site, confirming(&token), "Your address is confirmed", text, Vec::new())
}

fn unsubscribing(token: &str) -> String {
    format!("/unsubscribe/{}", links::segment(token))
}

/// Where a channel leads, in words.
fn destination(channel: &Channel) -> String {
    match channel.kind {
        ChannelKind::Mail => format!("to {}", channel.address),
        // Many read what is posted to a room, and its address is all that is needed to write there.
        ChannelKind::Webhook => format!("to {}", without_addresses(&channel.address)),
        ChannelKind::Inbox => "to the inbox".into(),
        ChannelKind::Feed => "to the private feed".into(),
    }
}

pub(super) async fn asks_to_unsubscribe(
    State(site): State<Site>,
    Path(token): Path<String>,
) -> Result<Response, Failure> {
    let Unsubscribed { channel, watches } = site.atlas.unsubscribing(&token).await?.ok_or_else(outdated)?;
    let to = destination(&channel);
    let (text, mut buttons) = match watches.len() {
        0 => (format!("What this message came from is no longer sent {to}."), Vec::new()),
        1 => (
            format!("The watch that this message came from will no longer be told {to}."),
            vec![("Unsubscribe", "unsubscribe")],
        ),
        more => (
            format!("The {more} watches that this message came from will no longer be told {to}."),
            vec![("Unsubscribe", "unsubscribe")],
        ),
    };
    buttons.push(("Stop all messages", "all"));
    question(&site, unsubscribing(&token), "Unsubscribe", text, buttons)
}

pub(super) async fn unsubscribe(
    State(site): State<Site>,
    Path(token): Path<String>,
    body: String,
) -> Result<Response, Failure> {
    let wholly = Query::parse(&body).text("all").is_some();
    let Unsubscribed { channel, .. } = site.atlas.unsubscribe(&token, wholly).await?.ok_or_else(outdated)?;
    let to = destination(&channel);
    let text = if wholly {
        format!("Nothing more is sent {to}.")
    } else {
        format!("What the message came from is no longer sent {to}.")
    };
    question(&site, unsubscribing(&token), "You are unsubscribed", text, Vec::new())
}

/// A private feed: what was told, newest first.
pub(super) async fn feed(State(site): State<Site>, Path(token): Path<String>) -> Result<Response, Failure> {
    let channel = site.atlas.feed_by_token(&token).await?.ok_or_else(outdated)?;
    let of = channel.person;
    if site.is_closed(of).await? {
        return Err(outdated());
    }
    let zone = site.atlas.person(of).await?.map_or_else(|| "UTC".into(), |person| person.zone);
    let organisation = site.atlas.organisation(of).await?;
    let messages = site.atlas.channel_messages(channel.id, ENTRIES).await?;
    let (base, key) = (&site.config.base_url, site.atlas.log_key());
    let letters = Links::below(base);
    let mut entries = Vec::new();
    for message in &messages {
        let Ok(letter) = Letter::of(message, &zone, &letters) else { continue };
        for part in &letter.parts {
            entries.push(Entry {
                id: entry_id(&key, &format!("{} {}", message.key, part.url)),
                title: format!("{}: {}", part.document, part.headline),
                url: part.url.clone(),
                updated_ms: message.made_ms,
                published_ms: message.made_ms,
                author: part.document.clone(),
                summary: format!("{} You are told because {}.", part.verdict, part.why.join("; and because ")),
                content: Some(alerts::entry(part, &letters.unsubscribe(&channel, message.id))),
                categories: Vec::new(),
            });
        }
    }
    let path = format!("/feeds/{}", links::segment(&token));
    let feed = Feed {
        title: match &organisation {
            Some(organisation) => format!("{}: watchlist of {}", site.config.name, organisation.name),
            None => format!("{}: your watchlist", site.config.name),
        },
        subtitle: "What changed in what is watched.".into(),
        id: entry_id(&key, &format!("feed {}", channel.id)),
        self_url: format!("{base}{path}"),
        page_url: format!("{base}{}", links::held(organisation.map(|_| of), links::WATCHLIST)),
        author: site.config.name.clone(),
        updated_ms: messages.first().map_or(channel.made_ms, |message| message.made_ms),
        entries,
    };
    let headers =
        [(header::CONTENT_TYPE, "application/atom+xml; charset=utf-8"), (header::CACHE_CONTROL, "private, no-cache")];
    Ok((headers, atom(&feed)).into_response())
}
