//! The channels over which a person, or the members of an organisation, are told.
use accounts::{AccountError, MailAddress};
use alerts::channels::{ChannelError, add_feed, add_mail, add_webhook, confirm_again, test, webhook_secret};
use atlas::watching::{Channel, ChannelId, ChannelKind, ChannelState, Template};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Redirect;

use super::Numbered;
use crate::error::Failure;
use crate::holder::Holder;
use crate::links;
use crate::owner::Asking;
use crate::query::Query;
use crate::site::Site;
use crate::words;

pub(super) const TEMPLATES: [(&str, Template); 4] = [
    ("plain", Template::Plain),
    ("slack", Template::Slack),
    ("teams", Template::Teams),
    ("discord", Template::Discord),
];

/// A channel as the page shows it.
pub(super) struct ChannelRow {
    pub channel: Channel,
    /// Of a webhook: what its receiver checks signatures with.
    pub secret: Option<String>,
    /// Of a feed: its address.
    pub feed: Option<String>,
    /// Of a mail address: whether its reader has to be asked before it is used.
    pub asks: bool,
}

impl ChannelRow {
    pub fn of(site: &Site, channel: Channel) -> ChannelRow {
        let feed = channel.feed_token().map(|token| format!("{}/feeds/{token}", site.config.base_url));
        ChannelRow { secret: webhook_secret(&channel), feed, asks: waits_for_reader(site, &channel), channel }
    }

    /// "Mail to ada@plum.example".
    pub fn name(&self) -> String {
        match self.channel.kind {
            ChannelKind::Inbox => "The inbox here".into(),
            ChannelKind::Mail => format!("Mail to {}", self.channel.address),
            ChannelKind::Webhook if is_lost(&self.channel) => receiver(self.channel.template).into(),
            ChannelKind::Webhook => {
                format!("{} at {}", receiver(self.channel.template), words::clip(&self.channel.address, 60))
            }
            ChannelKind::Feed => "A private feed".into(),
        }
    }

    pub fn state(&self) -> &'static str {
        match self.channel.state {
            ChannelState::Unconfirmed => "waits to be confirmed from its own mailbox",
            ChannelState::InUse => "in use",
            ChannelState::Paused => "paused",
            ChannelState::Failed if self.channel.kind == ChannelKind::Mail => "stopped",
            ChannelState::Failed => "failed",
            ChannelState::Removed => "removed",
        }
    }

    /// Whether it can be taken out of use and back.
    pub fn pausable(&self) -> bool {
        let unconfirmed = self.channel.state == ChannelState::Unconfirmed;
        !matches!(self.channel.kind, ChannelKind::Inbox) && !unconfirmed && !self.asks && !is_lost(&self.channel)
    }

    /// Whether mail to it came back, or was complained of, so that its reader has to be asked again.
    pub fn stopped(&self) -> bool {
        self.asks && self.channel.state == ChannelState::Failed
    }

    pub fn in_use(&self) -> bool {
        self.channel.state == ChannelState::InUse
    }

    pub fn sends(&self) -> bool {
        !self.channel.kind.is_shown() && !self.asks && !is_lost(&self.channel)
    }

    pub fn removable(&self) -> bool {
        self.channel.kind != ChannelKind::Inbox
    }
}

/// Whether nothing can be sent over a channel any more: the address of a webhook is lost with the key that sealed it.
fn is_lost(channel: &Channel) -> bool {
    channel.kind == ChannelKind::Webhook && channel.address.is_empty()
}

/// Whether only who reads a mailbox takes it into use, on a site that others use: of an address that is not confirmed, and of one at which
/// there was nobody or whose reader complained.
pub(super) fn waits_for_reader(site: &Site, channel: &Channel) -> bool {
    let out = matches!(channel.state, ChannelState::Unconfirmed | ChannelState::Failed);
    site.accounts.is_some() && channel.kind == ChannelKind::Mail && out
}

fn receiver(template: Template) -> &'static str {
    match template {
        Template::Plain => "Webhook",
        Template::Slack => "Slack",
        Template::Teams => "Teams",
        Template::Discord => "Discord",
    }
}

/// Adds a channel.
pub(super) async fn add(
    holder: Holder,
    asking: Result<Asking, Failure>,
    State(site): State<Site>,
    body: String,
) -> Result<Redirect, Failure> {
    let form = Query::parse(&body);
    let (secret, now_ms, address) = (site.secret()?, site.now_ms(), form.text("address").unwrap_or(""));
    let (poster, of) = (site.poster()?, holder.id());
    let added = match form.text("kind") {
        Some("mail") => {
            // The owner types an address of their own, on their own machine; the mail server is theirs too. Others confirm it first.
            let confirmed = site.accounts.is_none();
            if !confirmed {
                may_ask(&asking?, address).await?;
            }
            add_mail(&site.atlas, of, address, confirmed, secret, now_ms).await
        }
        Some("webhook") => {
            let template = form.choice("template", &TEMPLATES)?.unwrap_or_default();
            add_webhook(&site.atlas, of, poster, address, template, secret, now_ms).await
        }
        Some("feed") => add_feed(&site.atlas, of, secret, now_ms).await,
        other => return Err(Failure::input("kind", other.unwrap_or(""), "it must be mail, webhook or feed")),
    };
    match added {
        Ok(_) => Ok(Redirect::to(&format!("{}#channels", holder.path(links::WATCHLIST)))),
        Err(ChannelError::Store(error)) => Err(error.into()),
        Err(error @ ChannelError::Full) => Err(Failure::Refused(StatusCode::CONFLICT, error.to_string())),
        Err(error) => Err(Failure::input("address", address, error.to_string())),
    }
}

/// Has the question that is mailed to a new address counted: nobody is to be flooded with them.
async fn may_ask(asking: &Asking, address: &str) -> Result<(), Failure> {
    let address = MailAddress::parse(address).map_err(AccountError::from)?;
    match asking.accounts.may_mail(&address, &asking.caller).await? {
        true => Ok(()),
        false => Err(Failure::Refused(
            StatusCode::TOO_MANY_REQUESTS,
            "this address was asked several times within an hour; try again later".into(),
        )),
    }
}

/// Tests, pauses, renews or removes a channel, or asks its reader again.
pub(super) async fn change(
    holder: Holder,
    asking: Result<Asking, Failure>,
    State(site): State<Site>,
    Path(Numbered { id }): Path<Numbered>,
    body: String,
) -> Result<Redirect, Failure> {
    let of = holder.id();
    let missing = || Failure::missing(format!("channel {:?}", words::clip(&id, 40)));
    let id: ChannelId = id.parse().map_err(|_| missing())?;
    let channel = site.atlas.channel(of, id).await?.ok_or_else(missing)?;
    let (form, now_ms) = (Query::parse(&body), site.now_ms());
    match form.text("do") {
        // Only who reads the mailbox takes it into use.
        Some("test" | "pause" | "use")
            if channel.state == ChannelState::Unconfirmed || waits_for_reader(&site, &channel) =>
        {
            let why = "this address is used once it is confirmed from its own mailbox; have it asked again if need be";
            return Err(Failure::Refused(StatusCode::CONFLICT, why.into()));
        }
        Some("test" | "use") if is_lost(&channel) => {
            let why = "the address of this webhook is lost; remove it and add it again";
            return Err(Failure::Refused(StatusCode::CONFLICT, why.into()));
        }
        Some("ask") => {
            may_ask(&asking?, &channel.address).await?;
            if !confirm_again(&site.atlas, &channel, now_ms).await? {
                let why = "only a mail address that waits to be confirmed, or whose mail came back, is asked";
                return Err(Failure::Refused(StatusCode::CONFLICT, why.into()));
            }
        }
        Some("test") => {
            super::may_send(&site, of).await?;
            test(&site.atlas, of, id, now_ms).await?;
        }
        Some("pause") => {
            site.atlas.pause_channel(of, id, true).await?;
        }
        Some("use") => {
            site.atlas.pause_channel(of, id, false).await?;
        }
        Some("renew") => {
            site.atlas.renew_channel(of, id, site.secret()?).await?;
        }
        Some("remove") => {
            site.atlas.remove_channel(of, id, now_ms).await?;
        }
        other => {
            return Err(Failure::input("do", other.unwrap_or(""), "it must be test, pause, use, ask, renew or remove"));
        }
    }
    Ok(Redirect::to(&format!("{}#channels", holder.path(links::WATCHLIST))))
}
