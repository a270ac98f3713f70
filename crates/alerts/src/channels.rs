//! Adding channels: addresses are checked before they are kept.
use atlas::watching::{Channel, ChannelId, ChannelKind, MessageId, MessageKind, NewChannel, PersonId, Template};
use atlas::{Atlas, AtlasError};
use fetch::{FetchError, Poster};

use crate::mail::{MailError, address};

/// Most channels of a person who is not the owner of the instance, the inbox among them.
const MOST_CHANNELS: i64 = 20;

/// Why a channel cannot be added.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// It is no mail address.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// It is no web address that may be posted to.
    #[error(transparent)]
    Web(#[from] FetchError),
    /// The watchlist has as many as one may have.
    #[error("one watchlist may have {MOST_CHANNELS} channels here; remove one first")]
    Full,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] AtlasError),
}

async fn add(atlas: &Atlas, person: PersonId, new: &NewChannel, now_ms: i64) -> Result<Channel, ChannelError> {
    if person == PersonId::OWNER {
        return Ok(atlas.add_channel(person, new, now_ms).await?);
    }
    atlas.add_channel_within(person, new, MOST_CHANNELS, now_ms).await?.ok_or(ChannelError::Full)
}

/// Adds a mail address. Unless it is `confirmed`, it is asked first whether it wants to be told (double opt-in).
pub async fn add_mail(
    atlas: &Atlas,
    person: PersonId,
    to: &str,
    confirmed: bool,
    secret: [u8; 32],
    now_ms: i64,
) -> Result<Channel, ChannelError> {
    let new =
        NewChannel { kind: ChannelKind::Mail, address: address(to)?, template: Template::Plain, confirmed, secret };
    let channel = add(atlas, person, &new, now_ms).await?;
    if channel.state == atlas::watching::ChannelState::Unconfirmed {
        atlas.post_note(person, channel.id, MessageKind::Confirmation, "", now_ms).await?;
    }
    Ok(channel)
}

/// Asks the reader of a mail address once more whether it wants to be told: one that never answered, or whose mail came back. Until then nothing
/// else is sent there. False for any other channel.
pub async fn confirm_again(atlas: &Atlas, channel: &Channel, now_ms: i64) -> Result<bool, AtlasError> {
    let asks = atlas.unconfirm_channel(channel).await?;
    if asks {
        atlas.post_note(channel.person, channel.id, MessageKind::Confirmation, "", now_ms).await?;
    }
    Ok(asks)
}

/// Adds a web address to which messages are posted.
pub async fn add_webhook(
    atlas: &Atlas,
    person: PersonId,
    poster: &Poster,
    url: &str,
    template: Template,
    secret: [u8; 32],
    now_ms: i64,
) -> Result<Channel, ChannelError> {
    let address = poster.check(url.trim())?.to_string();
    let new = NewChannel { kind: ChannelKind::Webhook, address, template, confirmed: true, secret };
    add(atlas, person, &new, now_ms).await
}

/// Adds a private feed; a person has one.
pub async fn add_feed(atlas: &Atlas, person: PersonId, secret: [u8; 32], now_ms: i64) -> Result<Channel, ChannelError> {
    let (kind, template) = (ChannelKind::Feed, Template::Plain);
    let new = NewChannel { kind, address: String::new(), template, confirmed: true, secret };
    add(atlas, person, &new, now_ms).await
}

/// Sends a test over a channel, in use or not.
pub async fn test(atlas: &Atlas, person: PersonId, channel: ChannelId, now_ms: i64) -> Result<MessageId, AtlasError> {
    atlas.post_note(person, channel, MessageKind::Test, "", now_ms).await
}

/// The secret of a webhook as its receiver is given it: `whsec_…`.
pub fn webhook_secret(channel: &Channel) -> Option<String> {
    (channel.kind == ChannelKind::Webhook).then(|| crate::webhook::written_secret(channel))
}
