//! Watching: persons, what they watch, the channels over which they are told, and what became of telling them.
//!
//! The way of a message, each step in one transaction, so that a process may be killed at any moment:
//!
//! 1. **News** ([`news`]): a change that is to be told is noted in the transaction that confirms it; so is a verdict that a later reader
//!    reverses. Changes of the past (imports) are no news.
//! 2. **Story** ([`stories`]): after a while the news of one document becomes one story. What it says is composed by the caller.
//! 3. **Tellings** ([`stories`]): person by person, with a cursor, the story is assigned to the channels of the watches that it answers; at
//!    once, or for the hour of a digest. The key (story, channel) makes it impossible to tell a channel twice.
//! 4. **Messages** ([`messages`]): what is due becomes messages. The key of a message follows from what it tells and to whom, so that a
//!    receiver can know it again. Senders claim messages by lease, send, and settle them: at least once, with one key.
//! 5. **What comes back** ([`returned`]): a mail that its receiver's server took first and returned later, or that its reader complained of,
//!    names its message by a token in the address that it comes back to.
//!
//! Everything belongs to a person. The first one, [`PersonId::OWNER`], is there from the beginning.
mod backlog;
mod channels;
mod discreet;
mod messages;
mod news;
mod persons;
mod returned;
mod stories;
mod token;
mod watches;

use std::fmt;
use std::str::FromStr;

use provisions::Severity;
use serde::{Deserialize, Serialize};

use crate::codes::Code;
use crate::error::Result;
use crate::ids::{DocumentId, ProvisionId};
use crate::records::Materiality;
use crate::search::SearchQuery;
use crate::store::{Tx, args, damaged, statements};

pub(crate) use backlog::sum_up;
pub use channels::{Channel, ChannelKind, ChannelState, NewChannel, Template};
pub(crate) use channels::{channel_in, forget_mail, readdress};
pub use discreet::without_addresses;
pub use messages::{Item, Message, MessageFilter, MessageKind, MessageState, Outcome, Outgoing, Tally};
pub use news::{Gathered, NewsKind};
pub(crate) use news::{note_confirmed, note_imported, note_reversal};
pub use persons::Person;
pub(crate) use persons::person_in;
pub use returned::{Return, Returned};
pub use stories::{Asker, NewStory, NewTelling, StoryRow, Why};
pub use token::Unsubscribed;
pub use watches::{NewWatch, Watch};

#[cfg(test)]
pub(crate) const ALL_STATEMENTS: [&[crate::store::Sql]; 9] = [
    backlog::STATEMENTS,
    channels::STATEMENTS,
    messages::STATEMENTS,
    news::STATEMENTS,
    persons::STATEMENTS,
    returned::STATEMENTS,
    stories::STATEMENTS,
    STATEMENTS,
    watches::STATEMENTS,
];
#[cfg(test)]
pub(crate) const ALL_INSERTS: [&[crate::store::Insert]; 2] = [messages::INSERTS, stories::INSERTS];

macro_rules! row_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        $($(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
                text.parse().map($name)
            }
        }

        impl From<$name> for crate::store::Value {
            fn from(id: $name) -> Self {
                crate::store::Value::Int(Some(id.0))
            }
        })+
    };
}
row_id! {
    /// Number of a person.
    PersonId,
    /// Number of a watch.
    WatchId,
    /// Number of a channel.
    ChannelId,
    /// Number of a message.
    MessageId,
    /// Number of a story: what is told of a document.
    StoryId,
}

impl PersonId {
    /// The owner of an instance, who is there from the beginning and needs no account.
    pub const OWNER: PersonId = PersonId(1);
}

/// What is watched.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "watches", content = "subject")]
pub enum Subject {
    /// All documents of the platform with this slug.
    Platform(String),
    /// A document.
    #[serde(with = "shown")]
    Document(DocumentId),
    /// Every provision of the clause type with this ID, on any platform.
    ClauseType(String),
    /// Every provision of the category with this ID.
    Category(String),
    /// Every provision that the regulation with this ID may bear on.
    Regulation(String),
    /// Every clause that a search finds.
    Search(SavedSearch),
    /// One provision through all its wordings.
    #[serde(with = "shown")]
    Provision(ProvisionId),
}

/// Record IDs in JSON: as people see them.
mod shown {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<T: Display, S: Serializer>(id: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(id)
    }

    pub fn deserialize<'de, T: FromStr<Err: Display>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// A search that is kept to be watched. Its words are read as on the search page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SavedSearch {
    /// Words; `"a phrase"`, `-without`.
    pub words: String,
    /// Only on the platform with this slug.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// Only clauses of this type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clause_type: Option<String>,
    /// Only provisions of this severity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// Only documents of this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

impl SavedSearch {
    /// The search without the page that was looked at.
    pub fn of(query: &SearchQuery) -> SavedSearch {
        let SearchQuery { words, platform, clause_type, severity, kind, .. } = query.clone();
        SavedSearch { words: words.trim().to_string(), platform, clause_type, severity, kind }
    }
}

impl Subject {
    /// The kind's number in the store: never change one.
    pub(crate) fn code(&self) -> i64 {
        match self {
            Subject::Platform(_) => 0,
            Subject::Document(_) => 1,
            Subject::ClauseType(_) => 2,
            Subject::Category(_) => 3,
            Subject::Regulation(_) => 4,
            Subject::Search(_) => 5,
            Subject::Provision(_) => 6,
        }
    }

    /// The subject within its kind, as a text.
    pub(crate) fn text(&self) -> String {
        match self {
            Subject::Platform(id) | Subject::ClauseType(id) | Subject::Category(id) | Subject::Regulation(id) => {
                id.clone()
            }
            Subject::Document(id) => id.to_string(),
            Subject::Provision(id) => id.to_string(),
            Subject::Search(search) => crate::store::to_json(search),
        }
    }

    pub(crate) fn read(code: i64, text: String) -> Result<Subject> {
        let no_id = |error: crate::ids::IdError| damaged("a watch", error.to_string());
        Ok(match code {
            0 => Subject::Platform(text),
            1 => Subject::Document(text.parse().map_err(no_id)?),
            2 => Subject::ClauseType(text),
            3 => Subject::Category(text),
            4 => Subject::Regulation(text),
            5 => Subject::Search(crate::store::json(&text)?),
            6 => Subject::Provision(text.parse().map_err(no_id)?),
            other => return Err(damaged("a watch", format!("nothing that can be watched has the number {other}"))),
        })
    }
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "their names say it")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Code for Weekday {
    const ALL: &'static [Weekday] = &[
        Weekday::Monday,
        Weekday::Tuesday,
        Weekday::Wednesday,
        Weekday::Thursday,
        Weekday::Friday,
        Weekday::Saturday,
        Weekday::Sunday,
    ];
}

/// When a watch tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "every")]
pub enum Cadence {
    /// As it happens.
    #[default]
    AtOnce,
    /// In a digest every day.
    Day {
        /// At this full hour, 0 to 23, in the person's time zone.
        hour: u8,
    },
    /// In a digest every week.
    Week {
        /// On this day.
        weekday: Weekday,
        /// At this full hour, 0 to 23, in the person's time zone.
        hour: u8,
    },
}

/// Which changes are told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Threshold {
    /// Minor changes too, not only material ones.
    pub minor: bool,
    /// Only if a provision of at least this severity is touched.
    pub severity: Option<Severity>,
    /// Only if a provision became stricter for the people bound, or a strict one is new.
    pub stricter: bool,
}

impl Threshold {
    /// How much a change has to matter.
    pub fn least(&self) -> Materiality {
        if self.minor { Materiality::Minor } else { Materiality::Material }
    }
}

statements! {
    TAKE = "UPDATE numbers SET last = last + $2 WHERE name = $1 RETURNING last",
    LOCK = "UPDATE persons SET name = name WHERE id = $1",
}

/// Holds back whoever else would add something that is limited to the same person or organisation, until the transaction ends: so they are
/// counted, and do not come to more than there may be.
pub(crate) async fn lock_holder(tx: &mut Tx, person: PersonId) -> Result<()> {
    tx.run(LOCK, args![person]).await?;
    Ok(())
}

/// Gives out `count` numbers for rows of a table; returns the first.
pub(crate) async fn take_numbers(tx: &mut Tx, table: &str, count: i64) -> Result<i64> {
    let row = tx.one(TAKE, args![table, count]).await?;
    let last: i64 = row.ok_or_else(|| damaged("the numbers of rows", format!("{table} is not among them")))?.get(0)?;
    Ok(last - count + 1)
}
