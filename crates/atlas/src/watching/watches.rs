//! What persons watch.
use serde::{Deserialize, Serialize};

use super::{Cadence, ChannelId, PersonId, Subject, Threshold, WatchId, Weekday, lock_holder, take_numbers};
use crate::codes::Code;
use crate::error::{AtlasError, Result};
use crate::open::Atlas;
use crate::records::Materiality;
use crate::store::{Columns, Row, Tx, Value, args, damaged, json, statements, to_json};

macro_rules! watches {
    ($rest:literal) => {
        concat!(
            "SELECT w.id, w.person_id, w.kind, w.subject, w.least, w.severity, w.stricter, w.cadence, w.weekday, w.hour, w.channels, w.note,
                w.tags, w.made_ms FROM watches w ",
            $rest
        )
    };
}

statements! {
    OF_PERSON = watches!("WHERE w.person_id = $1 ORDER BY w.id"),
    NUMBERS = "SELECT id FROM watches WHERE person_id = $1 ORDER BY id",
    WATCH = watches!("WHERE w.person_id = $1 AND w.id = $2"),
    ON_SUBJECT = watches!("WHERE w.person_id = $1 AND w.kind = $2 AND w.subject = $3"),
    // Whoever asks after the story happened is not told of it.
    ANSWERED = watches!("JOIN story_subjects s ON s.kind = w.kind AND s.subject = w.subject
        WHERE s.story_id = $1 AND w.person_id > $2 AND w.made_ms <= $3 ORDER BY w.person_id, w.id LIMIT $4"),
    PUT = "INSERT INTO watches (id, person_id, kind, subject, least, severity, stricter, cadence, weekday, hour, channels, note, tags, made_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        ON CONFLICT (person_id, kind, subject) DO UPDATE SET least = excluded.least, severity = excluded.severity,
            stricter = excluded.stricter, cadence = excluded.cadence, weekday = excluded.weekday, hour = excluded.hour,
            channels = excluded.channels, note = excluded.note, tags = excluded.tags",
    SET_CHANNELS = "UPDATE watches SET channels = $3 WHERE person_id = $1 AND id = $2",
    REMOVE = "DELETE FROM watches WHERE person_id = $1 AND id = $2",
    SEARCHES = "SELECT DISTINCT subject FROM watches WHERE kind = $1",
}

/// A watch to be kept: what is watched, which changes are told, when, and over which channels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewWatch {
    /// What is watched.
    #[serde(flatten)]
    pub subject: Subject,
    /// Which changes are told.
    #[serde(default)]
    pub threshold: Threshold,
    /// When.
    #[serde(default)]
    pub cadence: Cadence,
    /// Over which of the person's channels; none: over all that are in use at the time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channels: Option<Vec<ChannelId>>,
    /// The person's own note.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// The person's own tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

impl NewWatch {
    /// A watch as one click makes it: material changes, at once, over all channels.
    pub fn on(subject: Subject) -> NewWatch {
        NewWatch {
            subject,
            threshold: Threshold::default(),
            cadence: Cadence::AtOnce,
            channels: None,
            note: String::new(),
            tags: Vec::new(),
        }
    }
}

/// A watch as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Watch {
    /// Its number.
    pub id: WatchId,
    /// Whose it is.
    #[serde(skip)]
    pub person: PersonId,
    /// What it asks for.
    #[serde(flatten)]
    pub asks: NewWatch,
    /// Since when.
    pub made_ms: i64,
}

pub(super) fn watch(row: &Row) -> Result<Watch> {
    let mut c = row.columns();
    let (id, person) = (WatchId(c.next()?), PersonId(c.next()?));
    let subject = Subject::read(c.next()?, c.next()?)?;
    let least = Materiality::from_code(c.next()?)?;
    let severity = c.next::<Option<i64>>()?.map(Code::from_code).transpose()?;
    let stricter = c.next::<i64>()? != 0;
    let threshold = Threshold { minor: least == Materiality::Minor, severity, stricter };
    let cadence = cadence(&mut c)?;
    let channels = c.next::<Option<String>>()?.map(|text| json(&text)).transpose()?;
    let asks = NewWatch { subject, threshold, cadence, channels, note: c.next()?, tags: c.json()? };
    Ok(Watch { id, person, asks, made_ms: c.next()? })
}

fn cadence(c: &mut Columns<'_>) -> Result<Cadence> {
    let (every, weekday, hour): (i64, i64, i64) = (c.next()?, c.next()?, c.next()?);
    let hour = u8::try_from(hour).ok().filter(|hour| *hour < 24);
    let hour = hour.ok_or_else(|| damaged("a watch", "its hour is none"))?;
    match every {
        0 => Ok(Cadence::AtOnce),
        1 => Ok(Cadence::Day { hour }),
        2 => Ok(Cadence::Week { weekday: Weekday::from_code(weekday)?, hour }),
        other => Err(damaged("a watch", format!("no cadence has the number {other}"))),
    }
}

fn values(id: i64, person: PersonId, asks: &NewWatch, made_ms: i64) -> Vec<Value> {
    let (every, weekday, hour) = match asks.cadence {
        Cadence::AtOnce => (0, 0, 0),
        Cadence::Day { hour } => (1, 0, hour),
        Cadence::Week { weekday, hour } => (2, weekday.code(), hour),
    };
    args![
        id,
        person,
        asks.subject.code(),
        asks.subject.text(),
        asks.threshold.least().code(),
        asks.threshold.severity.map(Code::code),
        i64::from(asks.threshold.stricter),
        i64::from(every),
        weekday,
        i64::from(hour.min(23)),
        asks.channels.as_ref().map(to_json),
        &asks.note,
        to_json(&asks.tags),
        made_ms,
    ]
}

async fn put_in(tx: &mut Tx, person: PersonId, asks: &NewWatch, now_ms: i64) -> Result<Watch> {
    let id = take_numbers(tx, "watches", 1).await?;
    tx.run(PUT, values(id, person, asks, now_ms)).await?;
    let row = tx.one(ON_SUBJECT, args![person, asks.subject.code(), asks.subject.text()]).await?;
    watch(&row.ok_or_else(|| damaged("a watch", "it vanished while it was written"))?)
}

impl Atlas {
    /// A person's watches, oldest first.
    pub async fn watches(&self, person: PersonId) -> Result<Vec<Watch>> {
        self.store.fetch(OF_PERSON, args![person]).await?.iter().map(watch).collect()
    }

    /// A watch of a person.
    pub async fn watch(&self, person: PersonId, id: WatchId) -> Result<Option<Watch>> {
        self.store.one(WATCH, args![person, id]).await?.as_ref().map(watch).transpose()
    }

    /// The person's watch on exactly this subject, if they watch it.
    pub async fn watch_on(&self, person: PersonId, subject: &Subject) -> Result<Option<Watch>> {
        let args = args![person, subject.code(), subject.text()];
        self.store.one(ON_SUBJECT, args).await?.as_ref().map(watch).transpose()
    }

    /// Adds a watch, or changes the one that the person has on this subject; gives it as stored. What a watch on a subject tells begins
    /// when it was first added.
    ///
    /// # Errors
    /// [`AtlasError::Missing`] if it names a channel that is not the person's.
    pub async fn put_watch(&self, person: PersonId, asks: &NewWatch, now_ms: i64) -> Result<Watch> {
        self.check_channels(person, asks).await?;
        let mut tx = self.store.write_unordered().await?;
        let stored = put_in(&mut tx, person, asks, now_ms).await?;
        tx.commit().await?;
        Ok(stored)
    }

    /// The same, if the person's watches are still those with these numbers, oldest first; else none, and nothing is written. So what was
    /// allowed beside them is not written beside others.
    ///
    /// # Errors
    /// As for [`Atlas::put_watch`].
    pub async fn put_watch_beside(
        &self,
        person: PersonId,
        asks: &NewWatch,
        known: &[WatchId],
        now_ms: i64,
    ) -> Result<Option<Watch>> {
        self.check_channels(person, asks).await?;
        let mut tx = self.store.write_unordered().await?;
        lock_holder(&mut tx, person).await?;
        let rows = tx.fetch(NUMBERS, args![person]).await?;
        let there: Vec<WatchId> = rows.iter().map(|row| Ok(WatchId(row.get(0)?))).collect::<Result<_>>()?;
        if there != known {
            tx.undo().await?;
            return Ok(None);
        }
        let stored = put_in(&mut tx, person, asks, now_ms).await?;
        tx.commit().await?;
        Ok(Some(stored))
    }

    /// Refuses channels that are not the person's.
    async fn check_channels(&self, person: PersonId, asks: &NewWatch) -> Result<()> {
        let Some(channels) = &asks.channels else { return Ok(()) };
        let own: Vec<ChannelId> = self.channels(person).await?.into_iter().map(|channel| channel.id).collect();
        match channels.iter().find(|id| !own.contains(id)) {
            Some(other) => Err(AtlasError::Missing(format!("channel {other}"))),
            None => Ok(()),
        }
    }

    /// Removes a watch; false if the person has none with this number.
    pub async fn remove_watch(&self, person: PersonId, id: WatchId) -> Result<bool> {
        let mut tx = self.store.write_unordered().await?;
        let removed = tx.run(REMOVE, args![person, id]).await? > 0;
        tx.commit().await?;
        Ok(removed)
    }

    /// Keeps watches from using a channel. One that used all channels now names the others.
    pub(super) async fn leave_channel(
        &self,
        person: PersonId,
        ids: &[WatchId],
        channel: ChannelId,
    ) -> Result<Vec<WatchId>> {
        let own: Vec<ChannelId> = self.channels(person).await?.into_iter().map(|channel| channel.id).collect();
        let mut tx = self.store.write_unordered().await?;
        let mut left = Vec::new();
        for id in ids {
            let Some(row) = tx.one(WATCH, args![person, *id]).await? else { continue };
            let mut channels = watch(&row)?.asks.channels.unwrap_or_else(|| own.clone());
            channels.retain(|other| *other != channel);
            tx.run(SET_CHANNELS, args![person, *id, to_json(&channels)]).await?;
            left.push(*id);
        }
        tx.commit().await?;
        Ok(left)
    }

    /// Every search that somebody watches, once.
    pub async fn watched_searches(&self) -> Result<Vec<super::SavedSearch>> {
        let kind = Subject::Search(super::SavedSearch::default()).code();
        let rows = self.store.fetch(SEARCHES, args![kind]).await?;
        rows.iter().map(|row| json(&row.get::<String>(0)?)).collect()
    }

    /// Watches on what a story is about, made before it happened, of persons after this number, in the order of persons; at most
    /// `limit`, of whole persons unless one has more.
    pub(super) async fn watches_answered(
        &self,
        story: i64,
        after: i64,
        at_ms: i64,
        limit: i64,
    ) -> Result<(Vec<Watch>, bool)> {
        let rows = self.store.fetch(ANSWERED, args![story, after, at_ms, limit]).await?;
        let mut watches: Vec<Watch> = rows.iter().map(watch).collect::<Result<_>>()?;
        let all = (watches.len() as i64) < limit;
        let last = watches.last().map(|watch| watch.person);
        if !all && watches.iter().any(|watch| Some(watch.person) != last) {
            watches.retain(|watch| Some(watch.person) != last);
        }
        Ok((watches, all))
    }
}
