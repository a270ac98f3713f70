//! What waited while an account was closed: when it is opened again, it is summed up, so that nobody is sent months of messages at once.
use std::collections::BTreeMap;

use archive::instant::DAY_MS;

use super::messages::{self, MessageKind, MessageState, NewMessage, message_key};
use super::{ChannelId, ChannelKind, MessageId, PersonId, StoryId, take_numbers};
use crate::codes::Code;
use crate::error::Result;
use crate::store::{Tx, args, statements};

/// What waited longer than a digest of a day would have is summed up; what is younger is sent as it is.
const OLD_MS: i64 = DAY_MS;
/// Stories in a message that sums up: the latest. The others stand in the inbox, as all of them do.
const MOST: usize = 20;

statements! {
    // Over channels of the person, and over mail to the address of their account, by whomever.
    OLD = "SELECT m.id, m.channel_id, m.person_id, m.channel_kind FROM messages m
        WHERE m.state = 0 AND m.kind <= $2 AND m.made_ms < $3 AND m.channel_id IN (SELECT c.id FROM channels c WHERE c.person_id = $1
            OR (c.kind = $4 AND LOWER(c.address) = (SELECT a.address_key FROM accounts a WHERE a.person_id = $1)))
        ORDER BY m.channel_id, m.id",
    STORIES = "SELECT s.at_ms, s.id FROM tellings t JOIN stories s ON s.id = t.story_id WHERE t.message_id = $1",
    MOVE = "UPDATE tellings SET message_id = $3 WHERE story_id = $1 AND channel_id = $2",
    DROP = "UPDATE messages SET state = $2, settled_ms = $3, error = $4 WHERE id = $1 AND state = 0",
}

/// What waits over a channel.
struct Waiting {
    person: PersonId,
    kind: ChannelKind,
    messages: Vec<MessageId>,
}

/// Puts one digest in the place of all that waited long over a channel, for each channel of a person and each that mails to their account's
/// address, in the transaction that opens the account. `log_key` is a part of the names of messages.
pub(crate) async fn sum_up(tx: &mut Tx, person: PersonId, log_key: &str, now_ms: i64) -> Result<()> {
    let (digest, mail) = (MessageKind::Digest.code(), ChannelKind::Mail.code());
    let mut by_channel: BTreeMap<ChannelId, Waiting> = BTreeMap::new();
    for row in tx.fetch(OLD, args![person, digest, now_ms - OLD_MS, mail]).await? {
        let mut c = row.columns();
        let (message, channel, person) = (MessageId(c.next()?), ChannelId(c.next()?), PersonId(c.next()?));
        let waiting = Waiting { person, kind: ChannelKind::from_code(c.next()?)?, messages: Vec::new() };
        by_channel.entry(channel).or_insert(waiting).messages.push(message);
    }
    for (channel, waiting) in by_channel {
        // One message is no flood.
        if waiting.messages.len() > 1 {
            sum_up_channel(tx, channel, waiting, log_key, now_ms).await?;
        }
    }
    Ok(())
}

async fn sum_up_channel(tx: &mut Tx, channel: ChannelId, waiting: Waiting, log_key: &str, now_ms: i64) -> Result<()> {
    let mut stories: Vec<(i64, StoryId)> = Vec::new();
    for message in &waiting.messages {
        for row in tx.fetch(STORIES, args![*message]).await? {
            stories.push((row.get(0)?, StoryId(row.get(1)?)));
        }
    }
    stories.sort_unstable_by(|a, b| b.cmp(a));
    let left_out = stories.len().saturating_sub(MOST);
    // Other digests are named by stories, whose numbers are positive.
    let name = -take_numbers(tx, "messages", 1).await?;
    let new = NewMessage {
        key: message_key(log_key, MessageKind::Digest, channel, name),
        person: waiting.person,
        channel,
        channel_kind: waiting.kind,
        kind: MessageKind::Digest,
        body: Some(left_out.to_string()),
    };
    let id = messages::post(tx, vec![new], now_ms).await?;
    for (_, story) in stories.into_iter().take(MOST) {
        tx.run(MOVE, args![story, channel, id]).await?;
    }
    let why = format!("it waited while the account was closed, and is summed up in message {id}");
    for message in waiting.messages {
        tx.run(DROP, args![message, MessageState::Dropped.code(), now_ms, &why]).await?;
    }
    Ok(())
}
