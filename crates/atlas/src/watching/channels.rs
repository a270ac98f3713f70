//! The channels over which persons are told.
use serde::{Deserialize, Serialize};

use super::discreet::without_addresses;
use super::messages::MessageState;
use super::{ChannelId, MessageId, PersonId, Unsubscribed, WatchId, lock_holder, take_numbers, token};
use crate::codes::Code;
use crate::error::{AtlasError, Result};
use crate::open::Atlas;
use crate::seal::{Of, Sealer, is_hashed};
use crate::store::{Columns, Tx, args, damaged, statements};

macro_rules! channels {
    ($rest:literal) => {
        concat!(
            "SELECT id, person_id, kind, state, address, sealed_address, template, secret, made_ms, trouble, hold_ms FROM channels ",
            $rest
        )
    };
}

statements! {
    OF_PERSON = channels!("WHERE person_id = $1 AND state <> $2 ORDER BY id"),
    CHANNEL = channels!("WHERE id = $1"),
    FAILED = channels!("WHERE state = $1 ORDER BY id DESC LIMIT $2"),
    AT = channels!("WHERE person_id = $1 AND kind = $2 AND address = $3"),
    COUNT = "SELECT COUNT(*) FROM channels WHERE person_id = $1 AND state <> $2",
    NUMBER_AT = "SELECT id FROM channels WHERE person_id = $1 AND kind = $2 AND address = $3",
    IN_USE = "SELECT person_id, id, kind FROM channels WHERE person_id > $1 AND person_id <= $2 AND state = $3 ORDER BY person_id, id",
    ADD = "INSERT INTO channels (id, person_id, kind, state, address, sealed_address, template, secret, made_ms, hold_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)
        ON CONFLICT (person_id, kind, address) DO UPDATE SET state = excluded.state, sealed_address = excluded.sealed_address,
            template = excluded.template, secret = excluded.secret, trouble = NULL, hold_ms = 0
            WHERE channels.state = $10 AND channels.id = $11",
    SET_STATE = "UPDATE channels SET state = $3, trouble = $4 WHERE person_id = $1 AND id = $2 AND state <> $5",
    SET_SECRET = "UPDATE channels SET secret = $3 WHERE person_id = $1 AND id = $2 AND secret IS NOT NULL",
    READDRESS = "UPDATE channels SET address = $4 WHERE person_id = $1 AND kind = $2 AND address = $3",
    PAUSE_AT = "UPDATE channels SET state = $4 WHERE person_id = $1 AND kind = $2 AND address = $3 AND state = $5",
    HOLD = "UPDATE channels SET hold_ms = $2 WHERE id = $1 AND hold_ms < $2",
    // What was to be sent over a channel that is gone is not sent; what only waits for it to be used again stays.
    DROP_UNSENT = "UPDATE messages SET state = $2, settled_ms = $3, error = $4 WHERE channel_id = $1 AND state IN ($5, $6)",
    DROP_TELLINGS = "DELETE FROM tellings WHERE channel_id = $1 AND message_id IS NULL",
    FORGET = "UPDATE channels SET state = $2, secret = NULL, sealed_address = NULL, trouble = NULL WHERE id = $1",
    MAIL_TO = "SELECT id FROM channels WHERE person_id = $1 AND kind = $2 AND LOWER(address) = $3",
    FORGET_ADDRESS = "UPDATE channels SET address = 'removed ' || CAST(id AS TEXT) WHERE id = $1",
}

/// What tokens of returned messages begin with.
pub(super) const RETURN: char = 'r';
/// What tokens of unsubscribing by mail begin with.
pub(super) const LEAVE: char = 'l';
/// Bytes of the secret in both.
pub(super) const SHORT: usize = 16;

/// What a channel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChannelKind {
    /// The inbox on the site; everybody has one.
    Inbox,
    /// A mail address.
    Mail,
    /// A web address to which messages are posted.
    Webhook,
    /// A private Atom feed.
    Feed,
}

impl Code for ChannelKind {
    const ALL: &'static [ChannelKind] =
        &[ChannelKind::Inbox, ChannelKind::Mail, ChannelKind::Webhook, ChannelKind::Feed];
}

impl ChannelKind {
    /// Whether messages are there for the asking, instead of being sent.
    pub fn is_shown(self) -> bool {
        matches!(self, ChannelKind::Inbox | ChannelKind::Feed)
    }
}

/// Whether a channel is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChannelState {
    /// A mail address that has not been confirmed by who reads it: nothing but the question is sent.
    Unconfirmed,
    /// In use.
    InUse,
    /// The person wants nothing over it for now.
    Paused,
    /// Its receiver refused for good, or never answered: see [`Channel::trouble`].
    Failed,
    /// Removed; it is in no list.
    Removed,
}

impl Code for ChannelState {
    const ALL: &'static [ChannelState] = &[
        ChannelState::Unconfirmed,
        ChannelState::InUse,
        ChannelState::Paused,
        ChannelState::Failed,
        ChannelState::Removed,
    ];
}

/// For whom a webhook's payload is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Template {
    /// Programs: the documented payload.
    #[default]
    Plain,
    /// Slack's incoming webhooks.
    Slack,
    /// Workflows of Microsoft Teams.
    Teams,
    /// Discord's webhooks.
    Discord,
}

impl Code for Template {
    const ALL: &'static [Template] = &[Template::Plain, Template::Slack, Template::Teams, Template::Discord];
}

/// A channel to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewChannel {
    /// What it is: anything but an inbox, which everybody has.
    pub kind: ChannelKind,
    /// Mail or web address, as it will be used; empty for a feed.
    pub address: String,
    /// Of a webhook.
    pub template: Template,
    /// Whether it may be used at once. A mail address that somebody else typed has to be confirmed first.
    pub confirmed: bool,
    /// Random bytes.
    pub secret: [u8; 32],
}

/// A channel as stored.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Channel {
    /// Its number.
    pub id: ChannelId,
    /// Whose it is.
    #[serde(skip)]
    pub person: PersonId,
    /// What it is.
    pub kind: ChannelKind,
    /// Whether it is used.
    pub state: ChannelState,
    /// Mail or web address; empty for the inbox and a feed. Of a web address the host alone is written into files and answers.
    #[serde(serialize_with = "shown_address")]
    pub address: String,
    /// Of a webhook.
    pub template: Template,
    /// Signs what is sent over it; never shown in lists.
    #[serde(skip)]
    pub secret: Vec<u8>,
    /// Since when.
    pub made_ms: i64,
    /// Why it failed.
    pub trouble: Option<String>,
    /// Nothing is sent before.
    pub hold_ms: i64,
}

impl std::fmt::Debug for Channel {
    /// Without the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Channel");
        shown.field("id", &self.id).field("kind", &self.kind).field("state", &self.state).finish_non_exhaustive()
    }
}

impl Channel {
    /// The token that opens this feed.
    pub fn feed_token(&self) -> Option<String> {
        (self.kind == ChannelKind::Feed).then(|| token::write('f', &[self.id.0], &self.secret))
    }

    /// The token by which the reader of a mail address confirms it.
    pub fn confirmation_token(&self) -> String {
        token::write('c', &[self.id.0], &token::mac(&self.secret, "confirm"))
    }

    /// The token in the address to which a message comes back, if it cannot be delivered.
    pub fn return_token(&self, message: MessageId) -> String {
        token::write(RETURN, &[message.0], &self.short_mac(RETURN, message))
    }

    /// The token in the address to which the receiver of a message writes to end what it came from.
    pub fn leave_token(&self, message: MessageId) -> String {
        token::write(LEAVE, &[message.0], &self.short_mac(LEAVE, message))
    }

    /// Half of an HMAC: such a token is a part of a mail address, of which 64 characters may stand before the `@`.
    pub(super) fn short_mac(&self, what: char, message: MessageId) -> Vec<u8> {
        let mut mac = token::mac(&self.secret, &format!("mail {what} {message}"));
        mac.truncate(SHORT);
        mac
    }

    /// The token by which the receiver of a message ends what it came from.
    pub fn unsubscribe_token(&self, message: MessageId) -> String {
        token::write('u', &[self.id.0, message.0], &token::mac(&self.secret, &format!("unsubscribe {message}")))
    }
}

pub(super) fn channel(c: &mut Columns<'_>, sealer: &Sealer) -> Result<Channel> {
    let id = ChannelId(c.next()?);
    Ok(Channel {
        id,
        person: PersonId(c.next()?),
        kind: Code::from_code(c.next()?)?,
        state: Code::from_code(c.next()?)?,
        address: address(sealer, id, c.next()?, c.next()?)?,
        template: Code::from_code(c.next()?)?,
        secret: match c.next::<Option<Vec<u8>>>()? {
            Some(secret) => sealer.open(Of::Channel(id.0), &secret)?,
            None => Vec::new(),
        },
        made_ms: c.next()?,
        trouble: c.next()?,
        hold_ms: c.next()?,
    })
}

fn shown_address<S: serde::Serializer>(address: &str, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    match address.starts_with("http") && address.contains("://") {
        true => serializer.serialize_str(&without_addresses(address)),
        false => serializer.serialize_str(address),
    }
}

/// The address of a channel, of what stands in its row; that of a webhook that was removed is gone.
fn address(sealer: &Sealer, id: ChannelId, address: String, sealed: Option<String>) -> Result<String> {
    match sealed {
        Some(sealed) => sealer.open_text(Of::Address(id.0), &sealed),
        None if is_hashed(&address) => Ok(String::new()),
        None => Ok(address),
    }
}

/// Adds a channel in a transaction of the caller's; see [`Atlas::add_channel`].
pub(crate) async fn channel_in(
    tx: &mut Tx,
    sealer: &Sealer,
    person: PersonId,
    new: &NewChannel,
    now_ms: i64,
) -> Result<Channel> {
    let state = if new.confirmed { ChannelState::InUse } else { ChannelState::Unconfirmed };
    let (kind, template, removed) = (new.kind.code(), new.template.code(), ChannelState::Removed.code());
    let webhook = new.kind == ChannelKind::Webhook;
    let address = if webhook { sealer.hashed_address(person.0, &new.address) } else { new.address.clone() };
    // One that was removed keeps its number, to which its secrets are bound.
    let id = match tx.one(NUMBER_AT, args![person, kind, &address]).await? {
        Some(row) => row.get(0)?,
        None => take_numbers(tx, "channels", 1).await?,
    };
    let secret = sealer.seal(Of::Channel(id), &new.secret).into_bytes();
    let sealed = webhook.then(|| sealer.seal(Of::Address(id), new.address.as_bytes()));
    let of = args![id, person, kind, state.code(), &address, sealed, template, secret, now_ms, removed, id];
    tx.run(ADD, of).await?;
    let row = tx.one(AT, args![person, kind, &address]).await?;
    let row = row.ok_or_else(|| damaged("a channel", "it vanished while it was written"))?;
    channel(&mut row.columns(), sealer)
}

/// Sends what went to one mail address of a person to another one that is known to be theirs. If they have a channel there already, it
/// stays as it is and the other one is paused.
pub(crate) async fn readdress(tx: &mut Tx, person: PersonId, from: &str, to: &str) -> Result<()> {
    let kind = ChannelKind::Mail.code();
    if tx.one(AT, args![person, kind, to]).await?.is_some() {
        tx.run(PAUSE_AT, args![person, kind, from, ChannelState::Paused.code(), ChannelState::InUse.code()]).await?;
    } else {
        tx.run(READDRESS, args![person, kind, from, to]).await?;
    }
    Ok(())
}

/// Puts a channel into another state; false if it is not there any more.
pub(super) async fn set_channel_in(
    tx: &mut Tx,
    person: PersonId,
    id: ChannelId,
    to: ChannelState,
    trouble: Option<String>,
) -> Result<bool> {
    Ok(tx.run(SET_STATE, args![person, id, to.code(), trouble, ChannelState::Removed.code()]).await? > 0)
}

/// Removes a channel; what was to be sent over it, or was given up, is not sent any more.
async fn remove_in(tx: &mut Tx, id: ChannelId, now_ms: i64) -> Result<()> {
    tx.run(FORGET, args![id, ChannelState::Removed.code()]).await?;
    let (dropped, waiting) = (MessageState::Dropped.code(), MessageState::Waiting.code());
    let (dead, why) = (MessageState::Dead.code(), "the channel was removed");
    tx.run(DROP_UNSENT, args![id, dropped, now_ms, why, waiting, dead]).await?;
    tx.run(DROP_TELLINGS, args![id]).await?;
    Ok(())
}

/// Removes the channels that mail to an address, given in small letters, and forgets the address.
pub(crate) async fn forget_mail(tx: &mut Tx, person: PersonId, key: &str, now_ms: i64) -> Result<()> {
    for row in tx.fetch(MAIL_TO, args![person, ChannelKind::Mail.code(), key]).await? {
        let id = ChannelId(row.get(0)?);
        remove_in(tx, id, now_ms).await?;
        tx.run(FORGET_ADDRESS, args![id]).await?;
    }
    Ok(())
}

impl Atlas {
    /// A person's channels, the inbox first.
    pub async fn channels(&self, person: PersonId) -> Result<Vec<Channel>> {
        let rows = self.store.fetch(OF_PERSON, args![person, ChannelState::Removed.code()]).await?;
        rows.iter().map(|row| channel(&mut row.columns(), &self.shared.sealer)).collect()
    }

    /// Channels of all persons whose receivers refused for good, the latest added first: for operators.
    pub async fn failed_channels(&self, limit: i64) -> Result<Vec<Channel>> {
        let rows = self.store.fetch(FAILED, args![ChannelState::Failed.code(), limit.max(0)]).await?;
        rows.iter().map(|row| channel(&mut row.columns(), &self.shared.sealer)).collect()
    }

    /// A channel, by its number.
    pub(super) async fn any_channel(&self, id: ChannelId) -> Result<Option<Channel>> {
        let row = self.store.one(CHANNEL, args![id]).await?;
        row.map(|row| channel(&mut row.columns(), &self.shared.sealer)).transpose()
    }

    /// A channel of a person.
    pub async fn channel(&self, person: PersonId, id: ChannelId) -> Result<Option<Channel>> {
        let channel = self.any_channel(id).await?;
        Ok(channel.filter(|channel| channel.person == person && channel.state != ChannelState::Removed))
    }

    /// Adds a channel and gives it as stored. One that the person already has at the address stays as it is, unless it was removed.
    pub async fn add_channel(&self, person: PersonId, new: &NewChannel, now_ms: i64) -> Result<Channel> {
        let mut tx = self.store.write_unordered().await?;
        let stored = channel_in(&mut tx, &self.shared.sealer, person, new, now_ms).await?;
        tx.commit().await?;
        Ok(stored)
    }

    /// The same, if the person has fewer than `most` channels; else none, and nothing is added.
    pub async fn add_channel_within(
        &self,
        person: PersonId,
        new: &NewChannel,
        most: i64,
        now_ms: i64,
    ) -> Result<Option<Channel>> {
        let mut tx = self.store.write_unordered().await?;
        lock_holder(&mut tx, person).await?;
        let count = tx.one(COUNT, args![person, ChannelState::Removed.code()]).await?;
        if count.map_or(Ok(0), |row| row.get::<i64>(0))? >= most {
            tx.undo().await?;
            return Ok(None);
        }
        let stored = channel_in(&mut tx, &self.shared.sealer, person, new, now_ms).await?;
        tx.commit().await?;
        Ok(Some(stored))
    }

    /// Takes a channel in or out of use, on the person's wish. What was to be sent over it waits. False for one that is not there, or whose address
    /// is lost.
    pub async fn pause_channel(&self, person: PersonId, id: ChannelId, paused: bool) -> Result<bool> {
        let state = if paused { ChannelState::Paused } else { ChannelState::InUse };
        // The address of a webhook may be lost with the key that sealed it.
        let lost = |channel: Channel| channel.kind == ChannelKind::Webhook && channel.address.is_empty();
        if self.channel(person, id).await?.is_some_and(lost) {
            return Ok(false);
        }
        self.set_channel(person, id, state, None).await
    }

    /// Has a mail address wait for its reader's confirmation again: one that failed, or never answered. False for any other channel.
    pub async fn unconfirm_channel(&self, channel: &Channel) -> Result<bool> {
        let waits = matches!(channel.state, ChannelState::Failed | ChannelState::Unconfirmed);
        if channel.kind != ChannelKind::Mail || !waits {
            return Ok(false);
        }
        self.set_channel(channel.person, channel.id, ChannelState::Unconfirmed, None).await
    }

    /// Marks a channel whose receiver refused for good.
    pub async fn channel_failed(&self, channel: &Channel, trouble: &str) -> Result<bool> {
        self.set_channel(channel.person, channel.id, ChannelState::Failed, Some(trouble.to_string())).await
    }

    async fn set_channel(
        &self,
        person: PersonId,
        id: ChannelId,
        to: ChannelState,
        trouble: Option<String>,
    ) -> Result<bool> {
        let mut tx = self.store.write_unordered().await?;
        let set = set_channel_in(&mut tx, person, id, to, trouble).await?;
        tx.commit().await?;
        Ok(set)
    }

    /// Gives a channel a new secret: earlier signatures, feed addresses and links in messages end.
    pub async fn renew_channel(&self, person: PersonId, id: ChannelId, secret: [u8; 32]) -> Result<bool> {
        let mut tx = self.store.write_unordered().await?;
        let secret = self.shared.sealer.seal(Of::Channel(id.0), &secret).into_bytes();
        let set = tx.run(SET_SECRET, args![person, id, secret]).await? > 0;
        tx.commit().await?;
        Ok(set)
    }

    /// Sends nothing over a channel before an instant, because its receiver asked for a pause.
    pub async fn hold_channel(&self, id: ChannelId, until_ms: i64) -> Result<()> {
        let mut tx = self.store.write_unordered().await?;
        tx.run(HOLD, args![id, until_ms]).await?;
        tx.commit().await
    }

    /// Removes a channel; what was to be sent over it, or was given up, is not sent any more. The inbox stays: false, as for a channel that is not there.
    pub async fn remove_channel(&self, person: PersonId, id: ChannelId, now_ms: i64) -> Result<bool> {
        let Some(channel) = self.channel(person, id).await? else { return Ok(false) };
        if channel.kind == ChannelKind::Inbox {
            return Ok(false);
        }
        let mut tx = self.store.write_unordered().await?;
        remove_in(&mut tx, id, now_ms).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The channels in use of persons after one number and up to another, by person.
    pub(super) async fn channels_in_use(
        &self,
        after: i64,
        up_to: i64,
    ) -> Result<Vec<(PersonId, ChannelId, ChannelKind)>> {
        let rows = self.store.fetch(IN_USE, args![after, up_to, ChannelState::InUse.code()]).await?;
        rows.iter()
            .map(|row| Ok((PersonId(row.get(0)?), ChannelId(row.get(1)?), Code::from_code(row.get(2)?)?)))
            .collect()
    }

    /// The channel that a feed's token opens.
    pub async fn feed_by_token(&self, token: &str) -> Result<Option<Channel>> {
        let Some(([id], secret)) = token::read('f', token) else { return Ok(None) };
        let channel = self.any_channel(ChannelId(id)).await?;
        Ok(channel.filter(|channel| {
            let usable = matches!(channel.state, ChannelState::InUse | ChannelState::Paused);
            channel.kind == ChannelKind::Feed && usable && token::same(&channel.secret, &secret)
        }))
    }

    /// Confirms a mail address by the token that was sent to it; gives the channel.
    pub async fn confirm_channel(&self, token: &str) -> Result<Option<Channel>> {
        let Some(([id], mac)) = token::read('c', token) else { return Ok(None) };
        let Some(channel) = self.any_channel(ChannelId(id)).await? else { return Ok(None) };
        if channel.secret.is_empty() || !token::same(&token::mac(&channel.secret, "confirm"), &mac) {
            return Ok(None);
        }
        if channel.state == ChannelState::Unconfirmed {
            self.set_channel(channel.person, channel.id, ChannelState::InUse, None).await?;
        }
        self.channel(channel.person, channel.id).await
    }

    /// What a token of [`Channel::unsubscribe_token`] would end: the channel and the watches that the message came from.
    pub async fn unsubscribing(&self, token: &str) -> Result<Option<Unsubscribed>> {
        let Some(([id, message], mac)) = token::read('u', token) else { return Ok(None) };
        let Some(channel) = self.any_channel(ChannelId(id)).await? else { return Ok(None) };
        let own = token::mac(&channel.secret, &format!("unsubscribe {message}"));
        if channel.secret.is_empty() || !token::same(&own, &mac) {
            return Ok(None);
        }
        let asked: Vec<WatchId> = self.watches_of_message(MessageId(message)).await?;
        let mut watches = Vec::new();
        for watch in self.watches(channel.person).await? {
            let used = watch.asks.channels.as_ref().is_none_or(|channels| channels.contains(&channel.id));
            if used && asked.contains(&watch.id) {
                watches.push(watch.id);
            }
        }
        Ok(Some(Unsubscribed { channel, watches }))
    }

    /// Ends what a message came from: its watches no longer use the channel. `wholly`: nothing more is sent over the channel at all. A
    /// message that came from no watch ends the channel. Doing it again changes nothing.
    pub async fn unsubscribe(&self, token: &str, wholly: bool) -> Result<Option<Unsubscribed>> {
        let Some(found) = self.unsubscribing(token).await? else { return Ok(None) };
        let Unsubscribed { channel, watches } = found;
        let Some(([_, message], _)) = token::read::<2>('u', token) else { return Ok(None) };
        let from_watches = !self.watches_of_message(MessageId(message)).await?.is_empty();
        if wholly || !from_watches {
            self.pause_channel(channel.person, channel.id, true).await?;
            let channel =
                self.any_channel(channel.id).await?.ok_or_else(|| AtlasError::Missing("the channel".into()))?;
            return Ok(Some(Unsubscribed { channel, watches: Vec::new() }));
        }
        let watches = self.leave_channel(channel.person, &watches, channel.id).await?;
        Ok(Some(Unsubscribed { channel, watches }))
    }
}
