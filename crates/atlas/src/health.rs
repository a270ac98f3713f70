//! How tracking goes: what state each document is in and what to do about it, and how many checks came to what.
use archive::instant::HOUR_MS;
use serde::Serialize;

use crate::codes::Code;
use crate::error::Result;
use crate::ids::DocumentId;
use crate::jobs::{CheckOutcome, Trouble};
use crate::open::Atlas;
use crate::records::Materiality;
use crate::store::{Row, args, statements};

/// The last hours over which failures are looked at together.
pub const RECENT_HOURS: i64 = 6;
/// Checks below which nothing is said of all of them together.
const FEW: i64 = 10;

macro_rules! health {
    ($rest:literal) => {
        concat!(
            "SELECT d.id, d.title, d.kind, p.slug, p.name, d.urls, d.last_changed_ms, d.last_verified_ms, c.last_checked_ms,
                c.next_due_ms, c.interval_ms, c.looks, c.failures, c.failure, c.last_error, c.moved_to,
                COALESCE(l.editor_materiality, l.materiality), l.confirmed_ms, c.paused_ms
            FROM documents d JOIN platforms p ON p.id = d.platform_id JOIN checks c ON c.document_id = d.id
            LEFT JOIN changes l ON l.document_id = d.id AND l.to_version = d.versions ",
            $rest
        )
    };
}

statements! {
    ALL = health!("ORDER BY c.failures DESC, p.slug, d.kind, d.title"),
    ONE = health!("WHERE d.id = $1"),
    QUEUE = "SELECT COUNT(*) FROM checks c JOIN documents d ON d.id = c.document_id
        WHERE c.next_due_ms <= $1 AND c.lease_until_ms <= $1 AND c.paused_ms IS NULL AND d.urls <> '[]'",
    CHECKS = "SELECT outcome, CAST(SUM(checks) AS BIGINT) FROM check_hours WHERE hour >= $1 GROUP BY outcome",
    TOLD = "SELECT value FROM settings WHERE key = 'told-of-failing'",
    SET_TOLD = "INSERT INTO settings (key, value) VALUES ('told-of-failing', $1) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    UNCONFIRMED = "SELECT COUNT(*) FROM changes WHERE confirmed_ms IS NULL",
}

/// How a document fares. In the order of how much it asks of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It has failed again and again, or the server sends something else in its place: somebody has to look.
    Attention,
    /// The last check failed; it is tried again.
    Retrying,
    /// A change was seen once; a second look follows.
    SecondLook,
    /// It has not been checked yet.
    Waiting,
    /// The last check found it.
    Sound,
    /// An operator had it left alone.
    Paused,
    /// It has no address: it was imported, and nothing is fetched.
    Untracked,
}

impl State {
    /// All states, in order.
    pub const ALL: [State; 7] = [
        State::Attention,
        State::Retrying,
        State::SecondLook,
        State::Waiting,
        State::Sound,
        State::Paused,
        State::Untracked,
    ];

    /// The state's name in JSON and metrics.
    pub fn name(self) -> &'static str {
        match self {
            State::Attention => "attention",
            State::Retrying => "retrying",
            State::SecondLook => "second_look",
            State::Waiting => "waiting",
            State::Sound => "sound",
            State::Paused => "paused",
            State::Untracked => "untracked",
        }
    }

    /// What it means, after a number of documents.
    pub fn words(self) -> &'static str {
        match self {
            State::Attention => "in need of attention",
            State::Retrying => "failed, tried again",
            State::SecondLook => "waiting for a second look",
            State::Waiting => "not checked yet",
            State::Sound => "in order",
            State::Paused => "paused by an operator",
            State::Untracked => "imported, not fetched",
        }
    }
}

/// How a document fares, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Health {
    /// The document.
    pub document: DocumentId,
    /// Its title.
    pub title: String,
    /// Its type.
    pub kind: String,
    /// Slug of its platform.
    pub platform: String,
    /// Name of its platform.
    pub platform_name: String,
    /// Its addresses.
    pub urls: Vec<String>,
    /// How it fares.
    pub state: State,
    /// When its text last changed.
    pub last_changed_ms: Option<i64>,
    /// When a capture last confirmed the latest version.
    pub last_verified_ms: Option<i64>,
    /// When it was last checked.
    pub last_checked_ms: Option<i64>,
    /// When it is checked next; in the past if it is due.
    pub next_due_ms: i64,
    /// Time between checks.
    pub interval_ms: i64,
    /// Failures in a row.
    pub failures: i64,
    /// Of what kind the last failure is, if the last check failed.
    pub trouble: Option<Trouble>,
    /// Why it fails, in words; none if it does not.
    pub reason: Option<String>,
    /// What can be done, if somebody should do something.
    pub next_step: Option<&'static str>,
    /// Where the page says that it has moved for good: the address to put into the catalog.
    pub moved_to: Option<String>,
    /// Since when it is not checked, because an operator said so.
    pub paused_ms: Option<i64>,
}

/// What checks came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Checks {
    /// Those that found a new version.
    pub changed: i64,
    /// Those that found the latest version.
    pub unchanged: i64,
    /// Those that failed.
    pub failed: i64,
}

impl Checks {
    /// All of them.
    pub fn all(&self) -> i64 {
        self.changed + self.unchanged + self.failed
    }

    /// Whether so many failed, over a fifth, that the fault is hardly the documents'.
    pub fn many_fail(&self) -> bool {
        self.all() >= FEW && self.failed * 5 > self.all()
    }
}

const OTHER_CONTENT: &str = "what the server sends is not the document: an error page, a wall or an empty shell";
const OTHER_CONTENT_STEP: &str =
    "open the address in a browser: if the document is elsewhere, change its address in the catalog";

impl Atlas {
    /// How every document fares, those that fail most first.
    pub async fn health(&self) -> Result<Vec<Health>> {
        self.store.fetch(ALL, args![]).await?.iter().map(health).collect()
    }

    /// How a document fares.
    pub async fn health_of(&self, document: DocumentId) -> Result<Option<Health>> {
        self.store.one(ONE, args![document]).await?.as_ref().map(health).transpose()
    }

    /// How many documents are due now and taken by nobody.
    pub async fn queue(&self, now_ms: i64) -> Result<i64> {
        self.count(QUEUE, args![now_ms]).await
    }

    /// How many changes were seen only once.
    pub async fn unconfirmed(&self) -> Result<i64> {
        self.count(UNCONFIRMED, args![]).await
    }

    /// Whether the last that the operator was told is that many checks fail.
    pub async fn told_of_failing(&self) -> Result<bool> {
        let told: Option<String> = self.store.one(TOLD, args![]).await?.map(|row| row.get(0)).transpose()?;
        Ok(told.is_some_and(|told| told == "1"))
    }

    /// Notes that the operator was told that many checks fail, or that they no longer do.
    pub async fn set_told_of_failing(&self, fail: bool) -> Result<()> {
        let mut tx = self.store.write_unordered().await?;
        tx.run(SET_TOLD, args![if fail { "1" } else { "0" }]).await?;
        tx.commit().await
    }

    async fn count(&self, sql: crate::store::Sql, args: Vec<crate::store::Value>) -> Result<i64> {
        self.store.one(sql, args).await?.map_or(Ok(0), |row| row.get(0))
    }

    /// What checks came to in the last [`RECENT_HOURS`], the hour that runs included.
    pub async fn recent_checks(&self, now_ms: i64) -> Result<Checks> {
        self.checks_since(now_ms.div_euclid(HOUR_MS) - RECENT_HOURS).await
    }

    /// What all checks ever came to.
    pub async fn all_checks(&self) -> Result<Checks> {
        self.checks_since(i64::MIN).await
    }

    async fn checks_since(&self, hour: i64) -> Result<Checks> {
        let mut checks = Checks::default();
        for row in self.store.fetch(CHECKS, args![hour]).await? {
            let count = row.get(1)?;
            match CheckOutcome::from_code(row.get(0)?)? {
                CheckOutcome::Changed => checks.changed = count,
                CheckOutcome::Unchanged => checks.unchanged = count,
                CheckOutcome::Failed => checks.failed = count,
            }
        }
        Ok(checks)
    }
}

fn health(row: &Row) -> Result<Health> {
    let mut c = row.columns();
    let mut health = Health {
        document: DocumentId(c.next()?),
        title: c.next()?,
        kind: c.next()?,
        platform: c.next()?,
        platform_name: c.next()?,
        urls: c.json()?,
        state: State::Sound,
        last_changed_ms: c.next()?,
        last_verified_ms: c.next()?,
        last_checked_ms: c.next()?,
        next_due_ms: c.next()?,
        interval_ms: c.next()?,
        failures: 0,
        trouble: None,
        reason: None,
        next_step: None,
        moved_to: None,
        paused_ms: None,
    };
    let looks: i64 = c.next()?;
    health.failures = c.next()?;
    health.trouble = c.next::<Option<i64>>()?.map(Trouble::from_code).transpose()?;
    health.reason = c.next()?;
    health.moved_to = c.next()?;
    let latest: Option<i64> = c.next()?;
    let confirmed = c.next::<Option<i64>>()?.is_some();
    health.paused_ms = c.next()?;
    let defective = latest.map(Materiality::from_code).transpose()? == Some(Materiality::Defective);
    health.judge(looks > 0, defective && confirmed);
    Ok(health)
}

impl Health {
    /// Sets the state and what follows from it.
    fn judge(&mut self, looks: bool, other_content: bool) {
        let patience = self.trouble.map_or(Trouble::Unreachable.patience(), Trouble::patience);
        self.state = if self.urls.is_empty() {
            State::Untracked
        } else if self.paused_ms.is_some() {
            State::Paused
        } else if self.failures >= patience {
            self.next_step = self.trouble.map(Trouble::next_step);
            State::Attention
        } else if self.failures > 0 {
            State::Retrying
        } else if other_content {
            self.reason = Some(OTHER_CONTENT.into());
            self.next_step = Some(OTHER_CONTENT_STEP);
            State::Attention
        } else if looks {
            State::SecondLook
        } else if self.last_checked_ms.is_none() {
            State::Waiting
        } else {
            State::Sound
        };
    }
}
