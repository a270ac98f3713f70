//! Messages: what is sent over a channel or shown in an inbox, and how that went.
use archive::Sha256Digest;
use archive::instant::MINUTE_MS;
use serde::{Deserialize, Serialize};

use super::channels::{Channel, ChannelKind, ChannelState, channel};
use super::stories::Why;
use super::{ChannelId, MessageId, PersonId, StoryId, WatchId, take_numbers};
use crate::codes::Code;
use crate::error::{AtlasError, Result};
use crate::ids::DocumentId;
use crate::open::Atlas;
use crate::store::{Insert, Row, Tx, args, statements};

/// How long a message belongs to the process that claimed it. One that is killed in the middle keeps its few messages for this long.
const LEASE_MS: i64 = 2 * MINUTE_MS;

macro_rules! messages {
    ($rest:literal) => {
        concat!(
            "SELECT m.id, m.key, m.person_id, m.channel_id, m.channel_kind, m.kind, m.made_ms, m.body, m.state, m.attempts, m.due_ms,
                m.settled_ms, m.error FROM messages m ",
            $rest
        )
    };
}

// Of a channel that is not in use, only the question to confirm it and tests are sent.
macro_rules! claimed {
    ($skip:literal) => {
        concat!(
            "UPDATE messages SET due_ms = $3 WHERE id IN (SELECT m.id FROM messages m JOIN channels c ON c.id = m.channel_id
                WHERE m.channel_kind = $1 AND m.state = 0 AND m.due_ms <= $2 AND c.hold_ms <= $2
                    AND (c.state = $5 OR (m.kind >= $6 AND c.state <> $7))
                    AND NOT EXISTS (SELECT 1 FROM accounts a WHERE a.person_id = m.person_id AND a.disabled_ms IS NOT NULL)
                    AND (m.channel_kind <> 1 OR NOT EXISTS (SELECT 1 FROM accounts a WHERE a.address_key = LOWER(c.address)
                        AND a.disabled_ms IS NOT NULL))
                ORDER BY m.due_ms, m.id LIMIT $4",
            $skip,
            ") RETURNING id"
        )
    };
}

statements! {
    MESSAGE = messages!("WHERE m.person_id = $1 AND m.id = $2"),
    // With when a reader read each. What was there before a member joined is not new to them.
    OF_PERSON = "SELECT m.id, m.key, m.person_id, m.channel_id, m.channel_kind, m.kind, m.made_ms, m.body, m.state, m.attempts, m.due_ms,
            m.settled_ms, m.error, COALESCE((SELECT r.read_ms FROM reads r WHERE r.person_id = $7 AND r.message_id = m.id),
                (SELECT b.since_ms FROM members b WHERE b.organisation_id = m.person_id AND b.person_id = $7 AND b.since_ms > m.made_ms))
        FROM messages m WHERE m.person_id = $1 AND ($2 = 0 OR m.channel_id = $2) AND ($3 = -1 OR m.state = $3)
            AND ($4 = -1 OR m.channel_kind = $4) ORDER BY m.id DESC LIMIT $5 OFFSET $6",
    OF_CHANNEL = messages!("WHERE m.channel_id = $1 AND m.state = 1 ORDER BY m.id DESC LIMIT $2"),
    DEAD = messages!("WHERE m.state = 2 ORDER BY m.id DESC LIMIT $1 OFFSET $2"),
    ITEMS = "SELECT t.story_id, s.document_id, s.at_ms, s.corrects, s.body, t.why FROM tellings t JOIN stories s ON s.id = t.story_id
        WHERE t.message_id = $1 ORDER BY s.at_ms DESC, s.id DESC",
    UNREAD = "SELECT COUNT(*) FROM messages m WHERE m.person_id = $1 AND m.channel_kind = $2
        AND NOT EXISTS (SELECT 1 FROM reads r WHERE r.person_id = $3 AND r.message_id = m.id)
        AND NOT EXISTS (SELECT 1 FROM members b WHERE b.organisation_id = $1 AND b.person_id = $3 AND b.since_ms > m.made_ms)",
    READ = "INSERT INTO reads (person_id, message_id, read_ms) SELECT CAST($3 AS BIGINT), m.id, CAST($5 AS BIGINT) FROM messages m
        WHERE m.person_id = $1 AND m.channel_kind = $2 AND ($4 = 0 OR m.id = $4) ON CONFLICT (person_id, message_id) DO NOTHING",
    CLAIM = claimed!(""); postgres claimed!(" FOR UPDATE OF m SKIP LOCKED"),
    OUTGOING = "SELECT m.id, m.key, m.person_id, m.channel_id, m.channel_kind, m.kind, m.made_ms, m.body, m.state, m.attempts, m.due_ms,
            m.settled_ms, m.error, p.zone, o.person_id, p.name, c.id, c.person_id, c.kind, c.state, c.address, c.sealed_address,
            c.template, c.secret, c.made_ms, c.trouble, c.hold_ms
        FROM messages m JOIN channels c ON c.id = m.channel_id JOIN persons p ON p.id = m.person_id
            LEFT JOIN organisations o ON o.person_id = p.id WHERE m.id = $1",
    SENT = "UPDATE messages SET state = 1, attempts = attempts + 1, settled_ms = $2, error = NULL WHERE id = $1 AND state = 0",
    FAILED = "UPDATE messages SET attempts = attempts + 1, due_ms = $2, error = $3 WHERE id = $1 AND state = 0",
    DEAD_LETTER = "UPDATE messages SET state = 2, attempts = attempts + 1, settled_ms = $2, error = $3 WHERE id = $1 AND state = 0",
    RELEASED = "UPDATE messages SET due_ms = $2, error = $3 WHERE id = $1 AND state = 0",
    AGAIN = "UPDATE messages SET state = 0, attempts = 0, due_ms = 0, settled_ms = NULL WHERE person_id = $1 AND id = $2 AND state IN (1, 2)
        AND channel_kind IN (1, 2)",
    ALL_AGAIN = "UPDATE messages SET state = 0, attempts = 0, due_ms = 0, settled_ms = NULL WHERE state = 2 AND ($1 = 0 OR channel_id = $1)",
    TALLY = "SELECT channel_kind, state, COUNT(*) FROM messages GROUP BY channel_kind, state ORDER BY channel_kind, state",
}

const MESSAGES: Insert = Insert {
    into: "messages (id, key, person_id, channel_id, channel_kind, kind, made_ms, body, state, attempts, due_ms, settled_ms)",
    columns: 12,
    tail: "",
};
#[cfg(test)]
pub(crate) const INSERTS: &[Insert] = &[MESSAGES];

/// What a message tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageKind {
    /// A change, as it happens.
    Change,
    /// That an earlier message was wrong.
    Correction,
    /// What happened in a day or a week.
    Digest,
    /// Nothing: that the channel works.
    Test,
    /// The question whether the reader of an address wants to be told.
    Confirmation,
}

impl Code for MessageKind {
    /// Those from [`MessageKind::Test`] on are sent over channels that are not in use as well.
    const ALL: &'static [MessageKind] = &[
        MessageKind::Change,
        MessageKind::Correction,
        MessageKind::Digest,
        MessageKind::Test,
        MessageKind::Confirmation,
    ];
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageState {
    /// It is to be sent.
    Waiting,
    /// The receiver took it, or it is there for the asking.
    Sent,
    /// It could not be sent and is not tried again by itself: a dead letter.
    Dead,
    /// It is not sent any more: its channel was removed, or it is summed up in another message.
    Dropped,
}

impl Code for MessageState {
    /// The statements of this file write the numbers out.
    const ALL: &'static [MessageState] =
        &[MessageState::Waiting, MessageState::Sent, MessageState::Dead, MessageState::Dropped];
}

/// A story in a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// The story.
    pub story: StoryId,
    /// Its document.
    pub document: DocumentId,
    /// When it happened.
    pub at_ms: i64,
    /// The story that it corrects.
    pub corrects: Option<StoryId>,
    /// What it says; `alerts::Story` reads it.
    pub body: String,
    /// Why the person is told.
    pub why: Vec<Why>,
}

/// A message as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Its number.
    pub id: MessageId,
    /// The name by which a receiver knows it when it comes again.
    pub key: String,
    /// Whose it is.
    pub person: PersonId,
    /// Its channel.
    pub channel: ChannelId,
    /// What that is.
    pub channel_kind: ChannelKind,
    /// What it tells.
    pub kind: MessageKind,
    /// When it was made.
    pub made_ms: i64,
    /// What it says, if it is not stories; of a digest that sums up what waited while the account was closed, how many stories it leaves out.
    pub body: Option<String>,
    /// What became of it.
    pub state: MessageState,
    /// How often it was tried.
    pub attempts: i64,
    /// When it is tried next, while it waits.
    pub due_ms: i64,
    /// When it was sent or given up.
    pub settled_ms: Option<i64>,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// When the reader read it in the inbox, where messages are listed for one ([`Atlas::messages`]).
    pub read_ms: Option<i64>,
    /// The stories in it, newest first.
    pub items: Vec<Item>,
}

/// A message to be sent now, with all that is needed for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    /// The message.
    pub message: Message,
    /// Its channel.
    pub channel: Channel,
    /// IANA name of the person's time zone.
    pub zone: String,
    /// Name of the organisation whose channel it is, if it is one's.
    pub organisation: Option<String>,
}

/// What came of trying to send a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver took it.
    Sent,
    /// It did not; to be tried again at an instant.
    Failed {
        /// Why.
        reason: String,
        /// When to try again.
        again_ms: i64,
    },
    /// It never will.
    Dead {
        /// Why.
        reason: String,
    },
    /// It was not tried, for a reason that is not the receiver's.
    Released {
        /// Why.
        reason: String,
        /// When to try again.
        again_ms: i64,
    },
}

/// Which messages of a person, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageFilter {
    /// Only over this channel.
    pub channel: Option<ChannelId>,
    /// Only over channels of this kind.
    pub channel_kind: Option<ChannelKind>,
    /// Only in this state.
    pub state: Option<MessageState>,
    /// Who reads; none: the person whose messages they are.
    pub reader: Option<PersonId>,
    /// How many to pass over.
    pub offset: i64,
    /// How many at most.
    pub limit: i64,
}

impl Default for MessageFilter {
    fn default() -> Self {
        MessageFilter { channel: None, channel_kind: None, state: None, reader: None, offset: 0, limit: 50 }
    }
}

impl MessageFilter {
    /// The inbox.
    pub fn inbox() -> MessageFilter {
        MessageFilter { channel_kind: Some(ChannelKind::Inbox), ..MessageFilter::default() }
    }
}

/// How many messages there are of a kind of channel in a state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// The kind of channel.
    pub channel: ChannelKind,
    /// The state.
    pub state: MessageState,
    /// How many.
    pub messages: i64,
}

/// A message to be made.
pub(super) struct NewMessage {
    pub key: String,
    pub person: PersonId,
    pub channel: ChannelId,
    pub channel_kind: ChannelKind,
    pub kind: MessageKind,
    pub body: Option<String>,
}

/// Makes messages; the number of the first, the others follow. What is shown and not sent is there at once.
pub(super) async fn post(tx: &mut Tx, new: Vec<NewMessage>, now_ms: i64) -> Result<MessageId> {
    let first = take_numbers(tx, "messages", new.len() as i64).await?;
    let mut values = Vec::with_capacity(new.len() * MESSAGES.columns);
    for (id, message) in (first..).zip(new) {
        let shown = message.channel_kind.is_shown();
        let state = if shown { MessageState::Sent } else { MessageState::Waiting };
        values.extend(args![
            id,
            message.key,
            message.person,
            message.channel,
            message.channel_kind.code(),
            message.kind.code(),
            now_ms,
            message.body,
            state.code(),
            0_i64,
            now_ms,
            shown.then_some(now_ms),
        ]);
    }
    tx.insert(MESSAGES, values).await?;
    Ok(MessageId(first))
}

/// The name of a message in the store with this key of the log; see [`Atlas::message_key`].
pub(super) fn message_key(log_key: &str, kind: MessageKind, channel: ChannelId, what: i64) -> String {
    let told = format!("{log_key}\n{}\n{channel}\n{what}", kind.code());
    format!("msg_{}", &Sha256Digest::of(told.as_bytes()).to_string()[..32])
}

fn message(row: &Row) -> Result<Message> {
    let mut c = row.columns();
    Ok(Message {
        id: MessageId(c.next()?),
        key: c.next()?,
        person: PersonId(c.next()?),
        channel: ChannelId(c.next()?),
        channel_kind: Code::from_code(c.next()?)?,
        kind: Code::from_code(c.next()?)?,
        made_ms: c.next()?,
        body: c.next()?,
        state: Code::from_code(c.next()?)?,
        attempts: c.next()?,
        due_ms: c.next()?,
        settled_ms: c.next()?,
        error: c.next()?,
        read_ms: None,
        items: Vec::new(),
    })
}

fn item(row: &Row) -> Result<Item> {
    let mut c = row.columns();
    Ok(Item {
        story: StoryId(c.next()?),
        document: DocumentId(c.next()?),
        at_ms: c.next()?,
        corrects: c.next::<Option<i64>>()?.map(StoryId),
        body: c.next()?,
        why: c.json()?,
    })
}

impl Atlas {
    /// The name of a message: what it tells and over which channel, in this store.
    pub(super) fn message_key(&self, kind: MessageKind, channel: ChannelId, what: i64) -> String {
        message_key(&self.log_key(), kind, channel, what)
    }

    /// A message of a person.
    pub async fn message(&self, person: PersonId, id: MessageId) -> Result<Option<Message>> {
        match self.store.one(MESSAGE, args![person, id]).await? {
            Some(row) => Ok(Some(self.with_items(message(&row)?).await?)),
            None => Ok(None),
        }
    }

    /// A person's messages that pass the filter, newest first.
    pub async fn messages(&self, person: PersonId, filter: &MessageFilter) -> Result<Vec<Message>> {
        let channel = filter.channel.map_or(0, |id| id.0);
        let (state, kind) = (filter.state.map_or(-1, Code::code), filter.channel_kind.map_or(-1, Code::code));
        let (limit, offset) = (filter.limit.max(0), filter.offset.max(0));
        let reader = filter.reader.unwrap_or(person);
        let rows = self.store.fetch(OF_PERSON, args![person, channel, state, kind, limit, offset, reader]).await?;
        let read: Vec<Option<i64>> = rows.iter().map(|row| row.get(13)).collect::<Result<_>>()?;
        let mut all = self.all_with_items(rows).await?;
        all.iter_mut().zip(read).for_each(|(message, read_ms)| message.read_ms = read_ms);
        Ok(all)
    }

    /// What was told over a channel, newest first: what a feed shows.
    pub async fn channel_messages(&self, channel: ChannelId, limit: i64) -> Result<Vec<Message>> {
        let rows = self.store.fetch(OF_CHANNEL, args![channel, limit.max(0)]).await?;
        self.all_with_items(rows).await
    }

    /// Messages that could not be sent, of all persons, newest first: for operators.
    pub async fn dead_letters(&self, offset: i64, limit: i64) -> Result<Vec<Message>> {
        let rows = self.store.fetch(DEAD, args![limit.max(0), offset.max(0)]).await?;
        self.all_with_items(rows).await
    }

    async fn all_with_items(&self, rows: Vec<Row>) -> Result<Vec<Message>> {
        let mut all = Vec::with_capacity(rows.len());
        for row in &rows {
            all.push(self.with_items(message(row)?).await?);
        }
        Ok(all)
    }

    async fn with_items(&self, mut message: Message) -> Result<Message> {
        if message.body.is_none() || message.kind == MessageKind::Digest {
            let rows = self.store.fetch(ITEMS, args![message.id]).await?;
            message.items = rows.iter().map(item).collect::<Result<_>>()?;
        }
        Ok(message)
    }

    /// The watches that a message came from.
    pub(super) async fn watches_of_message(&self, id: MessageId) -> Result<Vec<WatchId>> {
        let rows = self.store.fetch(ITEMS, args![id]).await?;
        let mut watches = Vec::new();
        for row in &rows {
            watches.extend(item(row)?.why.into_iter().map(|why| why.watch));
        }
        Ok(watches)
    }

    /// How many messages in the inbox of a person or an organisation somebody has not read.
    pub async fn unread(&self, person: PersonId, reader: PersonId) -> Result<i64> {
        let row = self.store.one(UNREAD, args![person, ChannelKind::Inbox.code(), reader]).await?;
        row.map_or(Ok(0), |row| row.get(0))
    }

    /// Marks a message in an inbox as read by somebody, or all of them; how many were new to them.
    pub async fn mark_read(
        &self,
        person: PersonId,
        reader: PersonId,
        id: Option<MessageId>,
        now_ms: i64,
    ) -> Result<u64> {
        let mut tx = self.store.write_unordered().await?;
        let id = id.map_or(0, |id| id.0);
        let read = tx.run(READ, args![person, ChannelKind::Inbox.code(), reader, id, now_ms]).await?;
        tx.commit().await?;
        Ok(read)
    }

    /// Makes a message that is not a story (a test, a question to confirm), to be sent over a channel of the person.
    pub async fn post_note(
        &self,
        person: PersonId,
        channel: ChannelId,
        kind: MessageKind,
        body: &str,
        now_ms: i64,
    ) -> Result<MessageId> {
        let to = self.channel(person, channel).await?;
        let to = to.ok_or_else(|| AtlasError::Missing(format!("channel {channel}")))?;
        let mut tx = self.store.write_unordered().await?;
        // A number that no other note has makes the name.
        let what = take_numbers(&mut tx, "messages", 1).await?;
        let key = self.message_key(kind, channel, what);
        let (channel_kind, body) = (to.kind, Some(body.to_string()));
        let id = post(&mut tx, vec![NewMessage { key, person, channel, channel_kind, kind, body }], now_ms).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Takes up to `limit` messages that are to be sent over channels of a kind, longest due first. Those of a closed account, and mail to its
    /// address by whomever, wait until it is opened. They are the caller's for two
    /// minutes; if it does not settle them by then, anybody may take them.
    pub async fn claim_messages(&self, kind: ChannelKind, now_ms: i64, limit: i64) -> Result<Vec<MessageId>> {
        let mut tx = self.store.write_unordered().await?;
        let (in_use, removed) = (ChannelState::InUse.code(), ChannelState::Removed.code());
        let always = MessageKind::Test.code();
        let rows =
            tx.fetch(CLAIM, args![kind.code(), now_ms, now_ms + LEASE_MS, limit, in_use, always, removed]).await?;
        let mut ids: Vec<MessageId> = rows.iter().map(|row| Ok(MessageId(row.get(0)?))).collect::<Result<_>>()?;
        tx.commit().await?;
        ids.sort_unstable();
        Ok(ids)
    }

    /// A claimed message with its channel.
    pub async fn outgoing(&self, id: MessageId) -> Result<Option<Outgoing>> {
        let Some(row) = self.store.one(OUTGOING, args![id]).await? else { return Ok(None) };
        let message = self.with_items(message(&row)?).await?;
        let mut c = row.columns();
        c.skip(13);
        let (zone, organisation): (String, Option<i64>) = (c.next()?, c.next()?);
        let name: String = c.next()?;
        Ok(Some(Outgoing {
            message,
            zone,
            organisation: organisation.map(|_| name),
            channel: channel(&mut c, &self.shared.sealer)?,
        }))
    }

    /// Writes down what came of messages, in one transaction.
    pub async fn settle_messages(&self, outcomes: &[(MessageId, Outcome)], now_ms: i64) -> Result<()> {
        let mut tx = self.store.write_unordered().await?;
        for (id, outcome) in outcomes {
            match outcome {
                Outcome::Sent => tx.run(SENT, args![*id, now_ms]).await?,
                Outcome::Failed { reason, again_ms } => tx.run(FAILED, args![*id, *again_ms, reason]).await?,
                Outcome::Dead { reason } => tx.run(DEAD_LETTER, args![*id, now_ms, reason]).await?,
                Outcome::Released { reason, again_ms } => tx.run(RELEASED, args![*id, *again_ms, reason]).await?,
            };
        }
        tx.commit().await
    }

    /// Sends a message once more, under its name: one that was given up, or one that the receiver lost. False if it still waits.
    pub async fn redeliver(&self, person: PersonId, id: MessageId) -> Result<bool> {
        let mut tx = self.store.write_unordered().await?;
        let again = tx.run(AGAIN, args![person, id]).await? > 0;
        tx.commit().await?;
        Ok(again)
    }

    /// Sends everything once more that was given up, over one channel or all of all persons: for operators. Gives how many messages.
    pub async fn redeliver_dead(&self, channel: Option<ChannelId>) -> Result<u64> {
        let mut tx = self.store.write_unordered().await?;
        let channel = channel.map_or(0, |id| id.0);
        let again = tx.run(ALL_AGAIN, args![channel]).await?;
        tx.commit().await?;
        Ok(again)
    }

    /// How many messages are in which state, of all persons.
    pub async fn message_tally(&self) -> Result<Vec<Tally>> {
        let rows = self.store.fetch(TALLY, args![]).await?;
        let tally = |row: &Row| {
            Ok(Tally {
                channel: Code::from_code(row.get(0)?)?,
                state: Code::from_code(row.get(1)?)?,
                messages: row.get(2)?,
            })
        };
        rows.iter().map(tally).collect()
    }
}
