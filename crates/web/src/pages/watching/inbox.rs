//! The inbox, and what became of messages over other channels.
use alerts::{Letter, Links};
use askama::Template;
use atlas::watching::{ChannelKind, Message, MessageFilter, MessageId, MessageKind, MessageState};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Redirect, Response};
use serde_json::json;

use super::Numbered;
use crate::error::Failure;
use crate::holder::{Holder, Reading};
use crate::negotiate::Wants;
use crate::page::Head;
use crate::query::Query;
use crate::site::Site;
use crate::words::Html;
use crate::{links, view, words};

/// Messages shown.
const SHOWN: i64 = 50;

/// A message as the page shows it.
struct Row {
    message: Message,
    letter: Letter,
}

#[derive(Template)]
#[template(path = "pages/watching/inbox.html")]
struct InboxPage {
    head: Head,
    holder: Holder,
    /// All whose inboxes the reader may see.
    all: Vec<Holder>,
    rows: Vec<Row>,
    unread: i64,
    /// Messages over other channels that were not sent: given up, or tried and to be tried again.
    unsent: Vec<Row>,
}

impl InboxPage {
    fn redline(&self, clause: &alerts::ClauseChange) -> Html {
        view::redline(clause.before.as_deref().unwrap_or(""), clause.after.as_deref().unwrap_or(""))
    }

    fn channel(&self, message: &Message) -> &'static str {
        match message.channel_kind {
            ChannelKind::Mail => "by mail",
            ChannelKind::Webhook => "to a webhook",
            ChannelKind::Inbox | ChannelKind::Feed => "here",
        }
    }

    fn given_up(&self, message: &Message) -> bool {
        message.state == MessageState::Dead
    }

    /// Whether it asks an address to confirm itself: that is done where the address stands, and not at will.
    fn asks(&self, message: &Message) -> bool {
        message.kind == MessageKind::Confirmation
    }
}

fn rows(site: &Site, zone: &str, messages: Vec<Message>) -> Vec<Row> {
    let links = Links::below(&site.config.base_url);
    let row = |message: Message| Some(Row { letter: Letter::of(&message, zone, &links).ok()?, message });
    messages.into_iter().filter_map(row).collect()
}

pub(super) async fn show(holder: Holder, State(site): State<Site>, wants: Wants) -> Result<Response, Failure> {
    let id = holder.id();
    let zone = site.atlas.person(id).await?.map_or_else(|| "UTC".into(), |person| person.zone);
    let reader = Some(holder.person);
    let inbox = site.atlas.messages(id, &MessageFilter { limit: SHOWN, reader, ..MessageFilter::inbox() }).await?;
    let mut unsent = Vec::new();
    // Why a channel failed can name its address, which only who may change channels is shown.
    if holder.changes() {
        let dead = MessageFilter { state: Some(MessageState::Dead), ..MessageFilter::default() };
        let waiting = MessageFilter { state: Some(MessageState::Waiting), ..MessageFilter::default() };
        unsent = site.atlas.messages(id, &dead).await?;
        unsent.extend(site.atlas.messages(id, &waiting).await?.into_iter().filter(|message| message.error.is_some()));
    }
    let title = if holder.organisation.is_some() { format!("Inbox of {}", holder.name()) } else { "Inbox".into() };
    let head = site.head(title, holder.path(links::INBOX));
    let head = super::way(head, &holder).crumb("Watchlist", holder.path(links::WATCHLIST)).here("Inbox").unlisted();
    let (rows, unsent) = (rows(&site, &zone, inbox), rows(&site, &zone, unsent));
    let (unread, all) = (site.atlas.unread(id, holder.person).await?, Holder::all(&site, holder.person).await?);
    let page = InboxPage { head, holder, all, rows, unread, unsent };
    wants.record(&page, || {
        let message = |row: &Row| {
            json!({"id": row.message.id, "key": row.message.key, "kind": row.message.kind, "made_ms": row.message.made_ms,
                "read_ms": row.message.read_ms, "state": row.message.state, "error": row.message.error, "letter": row.letter})
        };
        let of = |rows: &[Row]| rows.iter().map(message).collect::<Vec<_>>();
        json!({"unread": page.unread, "messages": of(&page.rows), "unsent": of(&page.unsent)})
    })
}

/// Marks one message as read, or all, for who asks alone.
pub(super) async fn read(
    Reading(holder): Reading,
    State(site): State<Site>,
    body: String,
) -> Result<Redirect, Failure> {
    let form = Query::parse(&body);
    let id = match form.text("message") {
        Some(said) => Some(
            said.parse::<MessageId>()
                .map_err(|_| Failure::input("message", said, "it must be the number of a message"))?,
        ),
        None => None,
    };
    site.atlas.mark_read(holder.id(), holder.person, id, site.now_ms()).await?;
    Ok(Redirect::to(&holder.path(links::INBOX)))
}

/// Sends a message once more: one that was given up, or that the receiver lost.
pub(super) async fn redeliver(
    holder: Holder,
    State(site): State<Site>,
    Path(Numbered { id }): Path<Numbered>,
) -> Result<Redirect, Failure> {
    let missing = || Failure::missing(format!("message {:?}", words::clip(&id, 40)));
    let id = id.parse().map_err(|_| missing())?;
    let message = site.atlas.message(holder.id(), id).await?.ok_or_else(missing)?;
    // Else anybody's mailbox could be flooded with it.
    if message.kind == MessageKind::Confirmation {
        let why = "the question to confirm an address is sent again from the list of channels";
        return Err(Failure::Refused(StatusCode::CONFLICT, why.into()));
    }
    let channel = site.atlas.channel(holder.id(), message.channel).await?;
    if channel.is_some_and(|channel| super::channels::waits_for_reader(&site, &channel)) {
        let why = "its address is used once it is confirmed from its own mailbox; have it asked again from the list of channels";
        return Err(Failure::Refused(StatusCode::CONFLICT, why.into()));
    }
    super::may_send(&site, holder.id()).await?;
    site.atlas.redeliver(holder.id(), id).await?;
    Ok(Redirect::to(&holder.path(links::INBOX)))
}
