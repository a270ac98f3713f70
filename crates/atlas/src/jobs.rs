//! Tracking jobs: which documents are due for a check, who has taken them, and what came of it.
use std::collections::HashMap;

use archive::instant::{HOUR_MS, MINUTE_MS};
use serde::{Deserialize, Serialize};

use crate::codes::Code;
use crate::error::Result;
use crate::ids::DocumentId;
use crate::open::Atlas;
use crate::store::{Tx, args, json, statements};
use crate::together::{Joint, Write};
use crate::write;

/// How long a job belongs to the one who took it. A process that dies in the middle keeps the document from being checked for this long.
pub const LEASE_MS: i64 = 15 * MINUTE_MS;
/// Documents of one host that are taken at once: they are asked for one after the other, and others should not wait for them.
const PER_HOST: usize = 4;
/// So many times as many documents as are wanted are looked at, to find some of other hosts.
const CANDIDATES: i64 = 16;

statements! {
    // Machines that ask at once take different documents: on SQLite because writers queue, on PostgreSQL because locked rows are skipped.
    DUE = "SELECT c.document_id, d.urls FROM checks c JOIN documents d ON d.id = c.document_id
            WHERE c.next_due_ms <= $1 AND c.lease_until_ms <= $1 AND c.paused_ms IS NULL AND d.urls <> '[]'
            ORDER BY c.next_due_ms, c.document_id LIMIT $2";
        postgres "SELECT c.document_id, d.urls FROM checks c JOIN documents d ON d.id = c.document_id
            WHERE c.next_due_ms <= $1 AND c.lease_until_ms <= $1 AND c.paused_ms IS NULL AND d.urls <> '[]'
            ORDER BY c.next_due_ms, c.document_id LIMIT $2 FOR UPDATE OF c SKIP LOCKED",
    OF_PLATFORM = "SELECT d.id FROM documents d JOIN platforms p ON p.id = d.platform_id
        WHERE p.slug = $1 AND d.urls <> '[]' ORDER BY d.id",
    LEASE = "UPDATE checks SET lease_until_ms = $2 WHERE document_id = $1",
    JOB = "SELECT d.id, d.kind, d.urls, d.content_select, d.content_remove, d.language, c.etag, c.last_modified, c.failures, c.looks,
        c.interval_ms, c.last_checked_ms, c.moved_to, c.anew FROM documents d JOIN checks c ON c.document_id = d.id WHERE d.id = $1",
    DONE = "UPDATE checks SET next_due_ms = $2, lease_until_ms = 0, failures = 0, last_checked_ms = $3, last_error = NULL, failure = NULL,
        etag = $4, last_modified = $5, moved_to = $6, looks = $7, interval_ms = $8, anew = 0 WHERE document_id = $1",
    FAILED = "UPDATE checks SET next_due_ms = $2, lease_until_ms = 0, failures = failures + 1, last_checked_ms = $3, last_error = $4,
        failure = $5 WHERE document_id = $1",
    SOONER = "SELECT c.document_id, d.urls FROM checks c JOIN documents d ON d.id = c.document_id WHERE c.next_due_ms < $1",
    // A lease is left to the one who has it.
    RESCHEDULE = "UPDATE checks SET next_due_ms = $2 WHERE document_id = $1",
    POSTPONE = "UPDATE checks SET next_due_ms = $2, lease_until_ms = 0 WHERE document_id = $1",
    // Second looks first, then what has waited longest.
    OVERDUE = "SELECT document_id FROM checks WHERE next_due_ms < $1 AND last_checked_ms IS NOT NULL
        ORDER BY looks DESC, next_due_ms, document_id",
    COUNT = "INSERT INTO check_hours (hour, outcome, checks) VALUES ($1, $2, 1)
        ON CONFLICT (hour, outcome) DO UPDATE SET checks = check_hours.checks + 1",
}

/// A document whose check is due, leased to the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueDocument {
    /// The document.
    pub id: DocumentId,
    /// Its type, for example `Privacy Policy`.
    pub kind: String,
    /// Its addresses, in reading order.
    pub urls: Vec<String>,
    /// CSS selectors of the content, where declared.
    pub select: Vec<String>,
    /// CSS selectors of what is removed from it.
    pub remove: Vec<String>,
    /// ISO 639-1 code, when known.
    pub language: Option<String>,
    /// Entity tag of the last answer.
    pub etag: Option<String>,
    /// `Last-Modified` of the last answer.
    pub last_modified: Option<String>,
    /// Failures in a row so far.
    pub failures: i64,
    /// Looks in a row so far that showed something new: if there were any, this check is a second look.
    pub looks: i64,
    /// Time between checks as it was last set.
    pub interval_ms: i64,
    /// When it was last checked; none if this is the first time.
    pub last_checked_ms: Option<i64>,
    /// Where the page said last that it has moved for good.
    pub moved_to: Option<String>,
    /// Whether it has to be read anew, though its page may be the same as before: its address or its selectors are others now.
    pub anew: bool,
}

/// Of what kind a failure is, which decides what can be done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// No connection, or no answer in time.
    Unreachable,
    /// The server answered with an error of its own (5xx).
    Server,
    /// The server asked to be left alone for a while, or refuses programs (401, 403, 429, 451).
    Refused,
    /// There is no such page (404, 410, other 4xx).
    Gone,
    /// The site's `robots.txt` does not allow it.
    Robots,
    /// The address cannot be used, or leads to a network that may not be reached.
    Address,
    /// It redirects in circles or to nowhere.
    Redirect,
    /// It is too large, or nothing in it can be read as a document.
    Unreadable,
}

impl Trouble {
    /// Failures in a row after which it needs attention. What time may mend is given more of it.
    pub fn patience(self) -> i64 {
        match self {
            Trouble::Unreachable | Trouble::Server => 6,
            Trouble::Refused | Trouble::Unreadable => 4,
            Trouble::Gone | Trouble::Robots | Trouble::Redirect => 3,
            Trouble::Address => 1,
        }
    }

    /// What an operator can do about it.
    pub fn next_step(self) -> &'static str {
        match self {
            Trouble::Unreachable => {
                "see whether the address opens in a browser; if the site is gone, take the document out of the catalog"
            }
            Trouble::Server => {
                "wait, or see in a browser whether the page has moved, and change its address in the catalog"
            }
            Trouble::Refused => {
                "give a contact with --user-agent and ask the site to allow it; check it less often meanwhile"
            }
            Trouble::Gone => "find where the document is now and change its address in the catalog",
            Trouble::Robots => "ask the site to allow it, or take the document out of the catalog",
            Trouble::Address => "correct its address in the catalog; a private network is allowed with --allow-network",
            Trouble::Redirect => "open the address in a browser and put the address where it ends into the catalog",
            Trouble::Unreadable => {
                "open the address in a browser: where the text needs scripts or an account, name another page in the catalog"
            }
        }
    }
}

/// What a check came to, as it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckOutcome {
    /// A new version.
    Changed,
    /// The latest version still stands.
    Unchanged,
    /// It could not be fetched or read.
    Failed,
}

/// What came of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// When.
    pub at_ms: i64,
    /// When to check next.
    pub next_due_ms: i64,
    /// What came of it.
    pub result: CheckResult,
}

/// See [`Check`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckResult {
    /// The document was seen.
    Seen {
        /// Whether in a new version.
        changed: bool,
        /// Entity tag, kept for the next conditional request.
        etag: Option<String>,
        /// `Last-Modified`, kept for the next conditional request.
        last_modified: Option<String>,
        /// Where the page says that it has moved for good.
        moved_to: Option<String>,
        /// Looks in a row that showed something new.
        looks: i64,
        /// Time between checks from now on.
        interval_ms: i64,
    },
    /// It was not.
    Failed {
        /// Of what kind the failure is.
        trouble: Trouble,
        /// What happened, in words.
        reason: String,
    },
}

impl Atlas {
    /// Takes up to `limit` documents that have an address and are due, longest overdue first, but few of each host, for [`LEASE_MS`].
    pub async fn due(&self, now_ms: i64, limit: i64) -> Result<Vec<DueDocument>> {
        let mut tx = self.store.write_unordered().await?;
        let rows = tx.fetch(DUE, args![now_ms, limit.saturating_mul(CANDIDATES)]).await?;
        let mut of_host: HashMap<String, usize> = HashMap::new();
        let mut due = Vec::new();
        for row in rows {
            let urls: Vec<String> = json(&row.get::<String>(1)?)?;
            let taken = of_host.entry(host(urls.first().map_or("", String::as_str)).to_owned()).or_default();
            if *taken == PER_HOST {
                continue;
            }
            *taken += 1;
            let id: i64 = row.get(0)?;
            tx.run(LEASE, args![id, now_ms + LEASE_MS]).await?;
            due.extend(job(&mut tx, id).await?);
            if due.len() as i64 >= limit {
                break;
            }
        }
        tx.commit().await?;
        Ok(due)
    }

    /// Every document of these platforms that has an address, due or not, without a lease: for a person who asks for a check now.
    pub async fn due_of(&self, slugs: &[String]) -> Result<Vec<DueDocument>> {
        let mut tx = self.store.read().await?;
        let mut due = Vec::new();
        for slug in slugs {
            for id in tx.fetch(OF_PLATFORM, args![slug]).await? {
                due.extend(job(&mut tx, id.get(0)?).await?);
            }
        }
        tx.commit().await?;
        Ok(due)
    }

    /// Stores what came of a check and gives the document back. A failure leaves what the last good answer said. If the power fails within a
    /// moment, the document is merely checked once more: what was found is recorded before.
    pub async fn checked(&self, document: DocumentId, check: &Check) -> Result<()> {
        self.write_together(Checked { document, check: check.clone() }).await
    }

    /// Gives a document back unchecked, to be checked at an instant.
    pub async fn postpone(&self, document: DocumentId, due_ms: i64) -> Result<()> {
        let mut tx = self.store.write_unordered().await?;
        tx.run(POSTPONE, args![document, due_ms]).await?;
        tx.commit().await
    }

    /// Leaves a host ([`host`]) alone until an instant: none of its documents is due sooner, also for a process that starts after this one,
    /// and no document that is added meanwhile.
    pub async fn leave_alone(&self, named: &str, until_ms: i64) -> Result<()> {
        let mut tx = self.store.write_unordered().await?;
        write::remember_host(&mut tx, named, until_ms).await?;
        for row in tx.fetch(SOONER, args![until_ms]).await? {
            let urls: Vec<String> = json(&row.get::<String>(1)?)?;
            if urls.iter().any(|url| host(url) == named) {
                tx.run(RESCHEDULE, args![row.get::<i64>(0)?, until_ms]).await?;
            }
        }
        tx.commit().await
    }

    /// Gives every document that was due before an instant, and was checked ever, another time: `due_ms` of its place among them and of
    /// their number. Those that wait for a second look come first, then those that have waited longest. Returns how many they were.
    pub async fn spread(&self, before_ms: i64, due_ms: &(dyn Fn(usize, usize) -> i64 + Sync)) -> Result<usize> {
        let mut tx = self.store.write_unordered().await?;
        let overdue = tx.fetch(OVERDUE, args![before_ms]).await?;
        for (place, row) in overdue.iter().enumerate() {
            let id: i64 = row.get(0)?;
            tx.run(RESCHEDULE, args![id, due_ms(place, overdue.len())]).await?;
        }
        tx.commit().await?;
        Ok(overdue.len())
    }
}

/// A document that was checked.
struct Checked {
    document: DocumentId,
    check: Check,
}

impl Write for Checked {
    type Outcome = ();
    const SAFE: bool = false;

    async fn write(&self, Joint { tx, .. }: &mut Joint) -> Result<()> {
        let Checked { document, check: Check { at_ms, next_due_ms, result } } = self;
        let outcome = match result {
            CheckResult::Seen { changed, etag, last_modified, moved_to, looks, interval_ms } => {
                let done = args![*document, *next_due_ms, *at_ms, etag, last_modified, moved_to, *looks, *interval_ms];
                tx.run(DONE, done).await?;
                if *changed { CheckOutcome::Changed } else { CheckOutcome::Unchanged }
            }
            CheckResult::Failed { trouble, reason } => {
                tx.run(FAILED, args![*document, *next_due_ms, *at_ms, reason, trouble.code()]).await?;
                CheckOutcome::Failed
            }
        };
        tx.run(COUNT, args![at_ms.div_euclid(HOUR_MS), outcome.code()]).await?;
        Ok(())
    }
}

/// The host of an address, with its port; all of it if it is no address.
pub fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or(rest)
}

async fn job(tx: &mut Tx, id: i64) -> Result<Option<DueDocument>> {
    let Some(row) = tx.one(JOB, args![id]).await? else { return Ok(None) };
    let mut c = row.columns();
    Ok(Some(DueDocument {
        id: DocumentId(c.next()?),
        kind: c.next()?,
        urls: c.json()?,
        select: c.json()?,
        remove: c.json()?,
        language: c.next()?,
        etag: c.next()?,
        last_modified: c.next()?,
        failures: c.next()?,
        looks: c.next()?,
        interval_ms: c.next()?,
        last_checked_ms: c.next()?,
        moved_to: c.next()?,
        anew: c.next::<i64>()? != 0,
    }))
}
