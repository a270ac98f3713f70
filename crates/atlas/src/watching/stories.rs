//! Stories, and telling them person by person.
use serde::{Deserialize, Serialize};

use super::messages::{self, MessageKind, NewMessage};
use super::watches::Watch;
use super::{ChannelId, ChannelKind, MessageId, PersonId, StoryId, Subject, WatchId, take_numbers};
use crate::codes::Code;
use crate::error::{AtlasError, Result};
use crate::ids::DocumentId;
use crate::open::Atlas;
use crate::records::Materiality;
use crate::store::{Insert, Row, Tx, args, json, statements, to_json};

statements! {
    SETTLE_NEWS = "UPDATE news SET story_id = $2 WHERE id = $1 AND story_id IS NULL",
    NEW = "INSERT INTO stories (id, document_id, at_ms, materiality, corrects, body, told_up_to) VALUES ($1, $2, $3, $4, $5, $6, 0)",
    STORY = "SELECT id, document_id, at_ms, materiality, corrects, body FROM stories WHERE id = $1",
    OPEN = "SELECT id, document_id, at_ms, materiality, corrects, body, told_up_to FROM stories WHERE told_up_to IS NOT NULL ORDER BY id LIMIT 1",
    ZONES = "SELECT id, zone FROM persons WHERE id > $1 AND id <= $2 ORDER BY id",
    ADVANCE = "UPDATE stories SET told_up_to = $3 WHERE id = $1 AND told_up_to = $2",
    FORGET_SUBJECTS = "DELETE FROM story_subjects WHERE story_id = $1",
    TOLD = "SELECT t.channel_id, t.person_id, t.why, t.least, t.message_id, c.kind FROM tellings t JOIN channels c ON c.id = t.channel_id
        WHERE t.story_id = $1 AND t.channel_id > $2 ORDER BY t.channel_id LIMIT $3";
        postgres "SELECT t.channel_id, t.person_id, t.why, t.least, t.message_id, c.kind FROM tellings t JOIN channels c ON c.id = t.channel_id
        WHERE t.story_id = $1 AND t.channel_id > $2 ORDER BY t.channel_id LIMIT $3 FOR UPDATE OF t",
    TAKE_BACK = "DELETE FROM tellings WHERE story_id = $1 AND channel_id = $2 AND message_id IS NULL",
    // One digest for each channel and hour.
    DUE = "SELECT t.due_ms, t.channel_id, MIN(t.person_id), MIN(t.story_id), MIN(c.kind) FROM tellings t
        JOIN channels c ON c.id = t.channel_id WHERE t.message_id IS NULL AND t.due_ms <= $1
        GROUP BY t.due_ms, t.channel_id ORDER BY t.due_ms, t.channel_id LIMIT $2",
    COMPOSED = "UPDATE tellings SET message_id = $3 WHERE due_ms = $1 AND channel_id = $2 AND message_id IS NULL",
    NEXT_DUE = "SELECT MIN(due_ms) FROM tellings WHERE message_id IS NULL",
}

const SUBJECTS: Insert = Insert {
    into: "story_subjects (story_id, kind, subject)",
    columns: 3,
    tail: "ON CONFLICT (story_id, kind, subject) DO NOTHING",
};
const TELLINGS: Insert =
    Insert { into: "tellings (story_id, channel_id, person_id, due_ms, why, least, message_id)", columns: 7, tail: "" };
#[cfg(test)]
pub(crate) const INSERTS: &[Insert] = &[SUBJECTS, TELLINGS];

/// Persons (of a correction: channels) in one step of telling a story.
const STEP: i64 = 2000;
/// Digests composed in one step.
const DIGESTS: i64 = 500;

/// A story to be told.
#[derive(Debug, Clone, PartialEq)]
pub struct NewStory {
    /// The document that it is about.
    pub document: DocumentId,
    /// When the latest of it was recorded: whoever began to watch later is not told.
    pub at_ms: i64,
    /// How much it matters.
    pub materiality: Materiality,
    /// The story that it corrects, if it is a correction: who was told that one is told.
    pub corrects: Option<StoryId>,
    /// What it says, as the one who tells it writes and reads it.
    pub body: String,
    /// What it is about; empty for a correction.
    pub subjects: Vec<Subject>,
}

/// A story as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoryRow {
    /// Its number.
    pub id: StoryId,
    /// See [`NewStory`].
    pub document: DocumentId,
    /// See [`NewStory`].
    pub at_ms: i64,
    /// See [`NewStory`].
    pub materiality: Materiality,
    /// See [`NewStory`].
    pub corrects: Option<StoryId>,
    /// See [`NewStory`].
    pub body: String,
}

/// Why a person is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Why {
    /// The watch that asked.
    pub watch: WatchId,
    /// In words: "you watch Plum's Privacy Policy, material changes".
    pub text: String,
}

/// A person who may have asked for a story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asker {
    /// Who.
    pub person: PersonId,
    /// IANA name of their time zone.
    pub zone: String,
    /// Their channels in use.
    pub channels: Vec<ChannelId>,
    /// Their watches on what the story is about.
    pub watches: Vec<Watch>,
}

/// A channel that is to be told a story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTelling {
    /// Whose channel.
    pub person: PersonId,
    /// The channel.
    pub channel: ChannelId,
    /// The hour of a digest; none: at once.
    pub due_ms: Option<i64>,
    /// The watches that asked.
    pub why: Vec<Why>,
    /// How much a change has to matter for the most easily content of these watches.
    pub least: Materiality,
}

fn story(row: &Row) -> Result<StoryRow> {
    let mut c = row.columns();
    Ok(StoryRow {
        id: StoryId(c.next()?),
        document: DocumentId(c.next()?),
        at_ms: c.next()?,
        materiality: Code::from_code(c.next()?)?,
        corrects: c.next::<Option<i64>>()?.map(StoryId),
        body: c.next()?,
    })
}

impl Atlas {
    /// A story.
    pub async fn story(&self, id: StoryId) -> Result<Option<StoryRow>> {
        self.store.one(STORY, args![id]).await?.as_ref().map(story).transpose()
    }

    /// Makes a story of some news, or says that nobody is told of it. None if another process did so before.
    pub async fn settle_news(&self, news: &[i64], new: Option<&NewStory>) -> Result<Option<StoryId>> {
        let mut tx = self.store.write_unordered().await?;
        let id = match new {
            Some(_) => take_numbers(&mut tx, "stories", 1).await?,
            None => 0,
        };
        for news in news {
            if tx.run(SETTLE_NEWS, args![*news, id]).await? == 0 {
                return Ok(None);
            }
        }
        if let Some(new) = new {
            let corrects = new.corrects.map(|story| story.0);
            let values = args![id, new.document, new.at_ms, new.materiality.code(), corrects, &new.body];
            tx.run(NEW, values).await?;
            let subjects = new.subjects.iter().flat_map(|subject| args![id, subject.code(), subject.text()]);
            tx.insert(SUBJECTS, subjects.collect()).await?;
        }
        tx.commit().await?;
        Ok(new.map(|_| StoryId(id)))
    }

    /// Takes the oldest story that is not told to all yet one step on. `choose` decides which of a person's channels are told and when; a
    /// correction goes to every channel that was told the story which it corrects. How many channels were told; none if no story is open.
    pub async fn tell_on(
        &self,
        now_ms: i64,
        choose: &(dyn Fn(&StoryRow, &Asker) -> Result<Vec<NewTelling>> + Send + Sync),
    ) -> Result<Option<usize>> {
        let Some(row) = self.store.one(OPEN, args![]).await? else { return Ok(None) };
        let (story, up_to): (StoryRow, i64) = (story(&row)?, row.get(6)?);
        match story.corrects {
            Some(wrong) => self.correct_on(&story, wrong, up_to, now_ms).await.map(Some),
            None => self.tell_askers(&story, up_to, now_ms, choose).await.map(Some),
        }
    }

    async fn tell_askers(
        &self,
        story: &StoryRow,
        up_to: i64,
        now_ms: i64,
        choose: &(dyn Fn(&StoryRow, &Asker) -> Result<Vec<NewTelling>> + Send + Sync),
    ) -> Result<usize> {
        let (watches, all) = self.watches_answered(story.id.0, up_to, story.at_ms, STEP).await?;
        let last = watches.last().map_or(up_to, |watch| watch.person.0);
        let (askers, kinds) = self.askers(watches, up_to, last).await?;
        let mut tellings = Vec::new();
        for asker in &askers {
            tellings.extend(choose(story, asker)?);
        }
        let mut tx = self.store.write_unordered().await?;
        if !advance(&mut tx, story.id, up_to, (!all).then_some(last)).await? {
            return Ok(0);
        }
        let told = tellings.len();
        self.write_tellings(&mut tx, story.id, MessageKind::Change, tellings, &kinds, now_ms).await?;
        tx.commit().await?;
        Ok(told)
    }

    /// The persons behind watches, with their channels; and the kind of each channel.
    async fn askers(&self, watches: Vec<Watch>, after: i64, up_to: i64) -> Result<(Vec<Asker>, Kinds)> {
        let mut askers: Vec<Asker> = Vec::new();
        for watch in watches {
            match askers.last_mut() {
                Some(asker) if asker.person == watch.person => asker.watches.push(watch),
                _ => askers.push(Asker {
                    person: watch.person,
                    zone: String::new(),
                    channels: vec![],
                    watches: vec![watch],
                }),
            }
        }
        let mut kinds = Kinds::new();
        let place = |person: i64, askers: &[Asker]| askers.binary_search_by_key(&person, |asker| asker.person.0).ok();
        for row in self.store.fetch(ZONES, args![after, up_to]).await? {
            if let Some(at) = place(row.get(0)?, &askers) {
                askers[at].zone = row.get(1)?;
            }
        }
        for (person, channel, kind) in self.channels_in_use(after, up_to).await? {
            if let Some(at) = place(person.0, &askers) {
                askers[at].channels.push(channel);
                kinds.insert(channel, kind);
            }
        }
        Ok((askers, kinds))
    }

    async fn write_tellings(
        &self,
        tx: &mut Tx,
        story: StoryId,
        kind: MessageKind,
        tellings: Vec<NewTelling>,
        kinds: &Kinds,
        now_ms: i64,
    ) -> Result<()> {
        let at_once = tellings.iter().filter(|telling| telling.due_ms.is_none());
        let new = at_once.map(|telling| NewMessage {
            key: self.message_key(kind, telling.channel, story.0),
            person: telling.person,
            channel: telling.channel,
            channel_kind: kinds.get(&telling.channel).copied().unwrap_or(ChannelKind::Inbox),
            kind,
            body: None,
        });
        let first = messages::post(tx, new.collect(), now_ms).await?;
        let mut next = first.0..;
        let values = tellings.iter().flat_map(|telling| {
            let message = telling.due_ms.is_none().then(|| next.next()).flatten();
            let why = to_json(&telling.why);
            args![
                story,
                telling.channel,
                telling.person,
                telling.due_ms.unwrap_or(0),
                why,
                telling.least.code(),
                message
            ]
        });
        tx.insert(TELLINGS, values.collect()).await
    }

    /// One step of a correction: channels that were told are told, those that only would have been are not told at all.
    async fn correct_on(&self, story: &StoryRow, wrong: StoryId, up_to: i64, now_ms: i64) -> Result<usize> {
        let mut tx = self.store.write_unordered().await?;
        let rows = tx.fetch(TOLD, args![wrong, up_to, STEP]).await?;
        let all = (rows.len() as i64) < STEP;
        let (mut tellings, mut kinds, mut last) = (Vec::new(), Kinds::new(), up_to);
        for row in rows {
            let mut c = row.columns();
            let (channel, person) = (ChannelId(c.next()?), PersonId(c.next()?));
            let (why, least): (String, i64) = (c.next()?, c.next()?);
            let (message, kind): (Option<i64>, i64) = (c.next()?, c.next()?);
            last = channel.0;
            let least = Materiality::from_code(least)?;
            if story.materiality >= least {
                continue;
            }
            if message.is_none() {
                tx.run(TAKE_BACK, args![wrong, channel]).await?;
                continue;
            }
            kinds.insert(channel, ChannelKind::from_code(kind)?);
            tellings.push(NewTelling { person, channel, due_ms: None, why: json(&why)?, least });
        }
        if !advance(&mut tx, story.id, up_to, (!all).then_some(last)).await? {
            return Ok(0);
        }
        let told = tellings.len();
        self.write_tellings(&mut tx, story.id, MessageKind::Correction, tellings, &kinds, now_ms).await?;
        tx.commit().await?;
        Ok(told)
    }

    /// Makes digests of what is due, some at a time; how many.
    pub async fn compose_digests(&self, now_ms: i64) -> Result<usize> {
        // Most of the time there is nothing to do, and then nobody needs to wait for the writer.
        if self.next_digest().await?.is_none_or(|due_ms| due_ms > now_ms) {
            return Ok(0);
        }
        let mut tx = self.store.write_unordered().await?;
        // Holds back other processes that would compose the same.
        take_numbers(&mut tx, "messages", 0).await?;
        let rows = tx.fetch(DUE, args![now_ms, DIGESTS]).await?;
        let mut composed = 0;
        for row in &rows {
            let mut c = row.columns();
            let (due_ms, channel) = (c.next::<i64>()?, ChannelId(c.next()?));
            let (person, first) = (PersonId(c.next()?), c.next::<i64>()?);
            let new = NewMessage {
                // No channel is told a story twice: its first one names a digest.
                key: self.message_key(MessageKind::Digest, channel, first),
                person,
                channel,
                channel_kind: Code::from_code(c.next()?)?,
                kind: MessageKind::Digest,
                body: None,
            };
            let id: MessageId = messages::post(&mut tx, vec![new], now_ms).await?;
            if tx.run(COMPOSED, args![due_ms, channel, id]).await? == 0 {
                return Err(AtlasError::Missing(format!("anything to tell over channel {channel}")));
            }
            composed += 1;
        }
        tx.commit().await?;
        Ok(composed)
    }

    /// When the next digest is due.
    pub async fn next_digest(&self) -> Result<Option<i64>> {
        self.store.one(NEXT_DUE, args![]).await?.map_or(Ok(None), |row| row.get(0))
    }
}

/// The kinds of channels.
type Kinds = std::collections::HashMap<ChannelId, ChannelKind>;

/// Moves a story's cursor on, to the end if `to` is none; false if another process did so before.
async fn advance(tx: &mut Tx, story: StoryId, from: i64, to: Option<i64>) -> Result<bool> {
    if tx.run(ADVANCE, args![story, from, to]).await? == 0 {
        return Ok(false);
    }
    if to.is_none() {
        tx.run(FORGET_SUBJECTS, args![story]).await?;
    }
    Ok(true)
}
