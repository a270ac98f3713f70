//! Messages that came back by mail after the receiver's server had taken them: what follows for the message and for its channel.
use super::channels::{Channel, ChannelState, LEAVE, RETURN, SHORT, set_channel_in};
use super::{ChannelId, MessageId, Unsubscribed, token, without_addresses};
use crate::accounts::note_in;
use crate::error::Result;
use crate::open::Atlas;
use crate::store::{args, statements};

/// Where entries of the log about returned mail come from.
const SOURCE: &str = "returned mail";

statements! {
    CHANNEL_OF = "SELECT channel_id FROM messages WHERE id = $1",
    GIVEN_UP = "UPDATE messages SET state = 2, settled_ms = $2, error = $3 WHERE id = $1 AND state = 1",
    // It stays sent; one that is reported twice is written down once.
    UNWANTED = "UPDATE messages SET error = $2 WHERE id = $1 AND state = 1 AND error IS NULL",
}

/// What a mail that came back says of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Return {
    /// It was not delivered, and will not be.
    Undelivered {
        /// Why.
        reason: String,
        /// There is nobody at the address.
        nobody: bool,
    },
    /// Its reader told their provider that they do not want it.
    Unwanted {
        /// What they said.
        reason: String,
    },
}

/// A message that came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Returned {
    /// The message.
    pub message: MessageId,
    /// Its channel, as it was before.
    pub channel: Channel,
    /// Whether anything was written down: what comes again, or about a message that is to be sent again, changes nothing.
    pub new: bool,
    /// Whether the channel is out of use by it.
    pub stops: bool,
}

impl Atlas {
    /// Writes down that a message came back, which a token of [`Channel::return_token`] names: it counts as given up, and the channel fails if
    /// there is nobody at the address; a complaint ends the channel. None if the token is none of ours.
    pub async fn message_returned(&self, token: &str, back: &Return, now_ms: i64) -> Result<Option<Returned>> {
        let Some((channel, message)) = self.named_by_mail(RETURN, token).await? else { return Ok(None) };
        self.returned(channel, message, back, now_ms).await.map(Some)
    }

    /// The same for a complaint about a message that a token of [`Channel::unsubscribe_token`] names: providers leave that one in what they
    /// send back, but not always the address that it was to be returned to.
    pub async fn message_unwanted(&self, token: &str, back: &Return, now_ms: i64) -> Result<Option<Returned>> {
        let Some(Unsubscribed { channel, .. }) = self.unsubscribing(token).await? else { return Ok(None) };
        let Some(([_, message], _)) = token::read::<2>('u', token) else { return Ok(None) };
        self.returned(channel, MessageId(message), back, now_ms).await.map(Some)
    }

    /// Ends what a message came from, which a token of [`Channel::leave_token`] names; see [`Atlas::unsubscribe`].
    pub async fn unsubscribe_by_mail(&self, token: &str) -> Result<Option<Unsubscribed>> {
        let Some((channel, message)) = self.named_by_mail(LEAVE, token).await? else { return Ok(None) };
        self.unsubscribe(&channel.unsubscribe_token(message), false).await
    }

    /// The message that a token in a mail address names, and its channel.
    async fn named_by_mail(&self, what: char, token: &str) -> Result<Option<(Channel, MessageId)>> {
        let Some(([message], mac)) = token::read_with(what, token, SHORT) else { return Ok(None) };
        let message = MessageId(message);
        let Some(row) = self.store.one(CHANNEL_OF, args![message]).await? else { return Ok(None) };
        let Some(channel) = self.any_channel(ChannelId(row.get(0)?)).await? else { return Ok(None) };
        let good = !channel.secret.is_empty() && token::same(&channel.short_mac(what, message), &mac);
        Ok(good.then_some((channel, message)))
    }

    async fn returned(&self, channel: Channel, message: MessageId, back: &Return, now_ms: i64) -> Result<Returned> {
        let (event, reason, ends) = match back {
            Return::Undelivered { reason, nobody } => ("mail-returned", reason, *nobody),
            Return::Unwanted { reason } => ("mail-unwanted", reason, true),
        };
        let mut tx = self.store.write_unordered().await?;
        let changed = match back {
            Return::Undelivered { .. } => tx.run(GIVEN_UP, args![message, now_ms, reason]).await?,
            Return::Unwanted { .. } => tx.run(UNWANTED, args![message, reason]).await?,
        };
        let new = changed > 0;
        let stops = new
            && ends
            && set_channel_in(&mut tx, channel.person, channel.id, ChannelState::Failed, Some(reason.clone())).await?;
        if new {
            let detail = format!("channel {}, message {message}: {}", channel.id, without_addresses(reason));
            note_in(&mut tx, Some(channel.person), event, SOURCE, &detail, [None, None], now_ms).await?;
        }
        tx.commit().await?;
        Ok(Returned { message, channel, new, stops })
    }
}
