//! What archives outside say of our versions: their captures nearest to a version's first sight, and pages that were submitted to them.
//!
//! A question is a row: it waits for its time, is claimed by whoever asks, and settled with the answer; a process that is killed in the middle
//! keeps it from being asked for [`LEASE_MS`]. Nothing else in the store refers to what is kept here or depends on it.
use archive::instant::{DAY_MS, MINUTE_MS};
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::ids::DocumentId;
use crate::open::Atlas;
use crate::store::{Row, args, statements};

/// How long a question belongs to the one who claimed it: longer than any takes.
pub const LEASE_MS: i64 = 10 * MINUTE_MS;

statements! {
    MEET = "INSERT INTO archives (archive, capture_id, failures, rest_until_ms) VALUES ($1, 0, 0, 0) ON CONFLICT (archive) DO NOTHING",
    UP_TO = "SELECT capture_id FROM archives WHERE archive = $1",
    LAST_CAPTURE = "SELECT COALESCE(MAX(id), 0) FROM captures",
    // What an archive handed us itself is not asked about, nor what has no address of the web.
    NOTE = "INSERT INTO witnesses (document_id, version, archive, answers, again_ms)
        SELECT v.document_id, v.number, $1, 0, -v.first_seen_ms FROM captures c
            JOIN versions v ON v.document_id = c.document_id AND v.number = c.version AND v.capture_id = c.id
            WHERE c.id > $2 AND c.id <= $3 AND c.url LIKE 'http%' AND (c.origin IS NULL OR c.origin NOT LIKE $4)
        ON CONFLICT (document_id, version, archive) DO NOTHING",
    NOTED = "UPDATE archives SET capture_id = $2 WHERE archive = $1",
    NEXT = "SELECT w.document_id, w.version FROM witnesses w WHERE w.archive = $1 AND w.again_ms <= $2
            ORDER BY w.again_ms, w.document_id, w.version LIMIT 1";
        postgres "SELECT w.document_id, w.version FROM witnesses w WHERE w.archive = $1 AND w.again_ms <= $2
            ORDER BY w.again_ms, w.document_id, w.version LIMIT 1 FOR UPDATE SKIP LOCKED",
    CLAIM = "UPDATE witnesses SET again_ms = $4 WHERE document_id = $1 AND version = $2 AND archive = $3",
    QUESTION = "SELECT w.document_id, w.version, c.url, v.first_seen_ms, w.answers, w.url, w.at_ms FROM witnesses w
        JOIN versions v ON v.document_id = w.document_id AND v.number = w.version JOIN captures c ON c.id = v.capture_id
        WHERE w.document_id = $1 AND w.version = $2 AND w.archive = $3",
    ANSWERED = "UPDATE witnesses SET asked_ms = $4, answers = answers + 1, again_ms = $5, url = $6, at_ms = $7, reason = NULL
        WHERE document_id = $1 AND version = $2 AND archive = $3",
    SETTLED = "UPDATE witnesses SET asked_ms = $4, again_ms = NULL, reason = $5 WHERE document_id = $1 AND version = $2 AND archive = $3",
    OF_VERSION = "SELECT w.archive, w.asked_ms, w.url, w.at_ms, w.reason, v.first_seen_ms, s.submitted_ms, s.again_ms, s.url, s.at_ms, s.reason
        FROM witnesses w JOIN versions v ON v.document_id = w.document_id AND v.number = w.version
            LEFT JOIN submissions s ON s.document_id = w.document_id AND s.version = w.version AND s.archive = w.archive
        WHERE w.document_id = $1 AND w.version = $2 AND w.asked_ms IS NOT NULL ORDER BY w.archive",
    SUBMIT = "INSERT INTO submissions (document_id, version, archive, attempts, again_ms) VALUES ($1, $2, $3, 0, $4)
        ON CONFLICT (document_id, version, archive) DO NOTHING",
    NEXT_SUBMISSION = "SELECT s.document_id, s.version FROM submissions s WHERE s.archive = $1 AND s.again_ms <= $2
            ORDER BY s.again_ms, s.document_id, s.version LIMIT 1";
        postgres "SELECT s.document_id, s.version FROM submissions s WHERE s.archive = $1 AND s.again_ms <= $2
            ORDER BY s.again_ms, s.document_id, s.version LIMIT 1 FOR UPDATE SKIP LOCKED",
    CLAIM_SUBMISSION = "UPDATE submissions SET again_ms = $4 WHERE document_id = $1 AND version = $2 AND archive = $3",
    SUBMISSION = "SELECT s.document_id, s.version, c.url, v.first_seen_ms, s.job, s.submitted_ms, s.attempts FROM submissions s
        JOIN versions v ON v.document_id = s.document_id AND v.number = s.version JOIN captures c ON c.id = v.capture_id
        WHERE s.document_id = $1 AND s.version = $2 AND s.archive = $3",
    SUBMITTED = "UPDATE submissions SET job = $4, submitted_ms = $5, attempts = attempts + 1, again_ms = $6, reason = NULL
        WHERE document_id = $1 AND version = $2 AND archive = $3",
    FAILED = "UPDATE submissions SET job = NULL, again_ms = $4, reason = $5 WHERE document_id = $1 AND version = $2 AND archive = $3",
    SAVED = "UPDATE submissions SET job = NULL, again_ms = NULL, url = $4, at_ms = $5, reason = NULL
        WHERE document_id = $1 AND version = $2 AND archive = $3",
    // A capture that was made for us is the nearest, unless a nearer one is known.
    NEARER = "UPDATE witnesses SET url = $4, at_ms = $5 WHERE document_id = $1 AND version = $2 AND archive = $3
        AND (at_ms IS NULL OR ABS(at_ms - $6) > ABS($5 - $6))",
    REST = "SELECT rest_until_ms, reason FROM archives WHERE archive = $1 AND rest_until_ms > $2",
    // Ten minutes, then twice as long after each failure, a day at most.
    RESTS = "UPDATE archives SET failures = failures + 1, reason = $3, rest_until_ms = $2 + CASE failures
            WHEN 0 THEN 600000 WHEN 1 THEN 1200000 WHEN 2 THEN 2400000 WHEN 3 THEN 4800000 WHEN 4 THEN 9600000 WHEN 5 THEN 19200000
            WHEN 6 THEN 38400000 ELSE 86400000 END
        WHERE archive = $1",
    // What it asks for counts where it is longer.
    RESTS_AT_LEAST = "UPDATE archives SET rest_until_ms = $2 WHERE archive = $1 AND rest_until_ms < $2",
    ARCHIVES = "SELECT a.archive, a.failures, a.rest_until_ms, a.reason, COUNT(w.version), COUNT(w.asked_ms), COUNT(w.url)
        FROM archives a LEFT JOIN witnesses w ON w.archive = a.archive
        GROUP BY a.archive, a.failures, a.rest_until_ms, a.reason ORDER BY a.archive",
    WORKS = "UPDATE archives SET failures = 0, rest_until_ms = 0, reason = NULL WHERE archive = $1 AND failures > 0 AND rest_until_ms <= $2",
}

/// A wait that is longer than a month is a mistake.
const MOST_REST_MS: i64 = 30 * DAY_MS;

/// How it goes with an archive outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArchiveState {
    /// Its host.
    pub archive: String,
    /// Versions that it is, or was, to be asked about.
    pub versions: i64,
    /// Of those, how many are answered for.
    pub answered: i64,
    /// Of those, of how many it has a capture.
    pub found: i64,
    /// Failures in a row.
    pub failures: i64,
    /// Until when it is left alone, if it is.
    pub rest_until_ms: Option<i64>,
    /// What the last failure was.
    pub reason: Option<String>,
}

/// A capture that an archive outside says it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutsideCapture {
    /// Where it is shown.
    pub url: String,
    /// When it was captured, as the archive says.
    pub at_ms: i64,
}

/// The kind of [`crate::records::Origin`] of what was taken from the Wayback Machine.
pub const WAYBACK: &str = "wayback";

/// What an archive is called, by its host.
pub fn archive_title(host: &str) -> &str {
    if host == "web.archive.org" { "Wayback Machine" } else { host }
}

/// A version whose page an archive is to be asked about; the caller's for [`LEASE_MS`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The document.
    pub document: DocumentId,
    /// Number of the version.
    pub version: i64,
    /// The address that it was captured from.
    pub page: String,
    /// When it was first seen.
    pub seen_ms: i64,
    /// Answers so far.
    pub answers: i64,
    /// The nearest capture known so far.
    pub nearest: Option<OutsideCapture>,
}

/// A page that is to be submitted to an archive, or was; the caller's for [`LEASE_MS`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// The document.
    pub document: DocumentId,
    /// Number of the version.
    pub version: i64,
    /// The address that it was captured from.
    pub page: String,
    /// When it was first seen.
    pub seen_ms: i64,
    /// The job that is under way, if one is.
    pub job: Option<String>,
    /// When it was last submitted.
    pub submitted_ms: Option<i64>,
    /// Submissions so far.
    pub attempts: i64,
}

/// What an archive outside says of a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Witness {
    /// Host of the archive.
    pub archive: String,
    /// When it was last asked.
    pub asked_ms: i64,
    /// Its capture of the version's address nearest to the version's first sight.
    pub capture: Option<OutsideCapture>,
    /// How much later than the version's first sight that is; negative: earlier.
    pub distance_ms: Option<i64>,
    /// Why it does not say.
    pub reason: Option<String>,
    /// The page's submission to it.
    pub submitted: Option<Submitted>,
}

/// How the submission of a page went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Submitted {
    /// When it was last submitted; none: not yet.
    pub at_ms: Option<i64>,
    /// Whether it is over.
    pub over: bool,
    /// The capture that it made.
    pub capture: Option<OutsideCapture>,
    /// Why it made none.
    pub reason: Option<String>,
}

impl Atlas {
    /// Notes every version that an archive was not asked about yet. What the archive handed us itself is left out.
    pub async fn note_for_witness(&self, archive: &str) -> Result<()> {
        let mut tx = self.store.write_unordered().await?;
        tx.run(MEET, args![archive]).await?;
        let up_to: i64 = tx.one(UP_TO, args![archive]).await?.map_or(Ok(0), |row| row.get(0))?;
        let last: i64 = tx.one(LAST_CAPTURE, args![]).await?.map_or(Ok(0), |row| row.get(0))?;
        if last > up_to {
            let handed = format!("{{\"kind\":\"{WAYBACK}\",%");
            tx.run(NOTE, args![archive, up_to, last, handed]).await?;
            tx.run(NOTED, args![archive, last]).await?;
        }
        tx.commit().await
    }

    /// Takes the next question for an archive: versions that it was never asked about first, the latest of them before the others.
    pub async fn next_question(&self, archive: &str, now_ms: i64) -> Result<Option<Question>> {
        let mut tx = self.store.write_unordered().await?;
        let Some(row) = tx.one(NEXT, args![archive, now_ms]).await? else { return Ok(None) };
        let (document, version): (i64, i64) = (row.get(0)?, row.get(1)?);
        tx.run(CLAIM, args![document, version, archive, now_ms + LEASE_MS]).await?;
        let row = tx.one(QUESTION, args![document, version, archive]).await?;
        tx.commit().await?;
        row.map(|row| question(&row)).transpose()
    }

    /// Records an archive's answer, and when to ask again (none: not any more).
    pub async fn witnessed(
        &self,
        archive: &str,
        question: &Question,
        at_ms: i64,
        nearest: Option<&OutsideCapture>,
        again_ms: Option<i64>,
    ) -> Result<()> {
        let (url, captured) = columns(nearest);
        let args = args![question.document, question.version, archive, at_ms, again_ms, url, captured];
        self.set_row(ANSWERED, args).await
    }

    /// Records that an archive will not say anything of a version, and why; it is not asked again.
    pub async fn not_witnessed(&self, archive: &str, question: &Question, at_ms: i64, reason: &str) -> Result<()> {
        self.set_row(SETTLED, args![question.document, question.version, archive, at_ms, reason]).await
    }

    /// Gives a question back, to be asked at an instant.
    pub async fn ask_later(&self, archive: &str, question: &Question, again_ms: i64) -> Result<()> {
        self.set_row(CLAIM, args![question.document, question.version, archive, again_ms]).await
    }

    /// What archives outside say of a version; those that have answered.
    pub async fn witnesses(&self, document: DocumentId, version: i64) -> Result<Vec<Witness>> {
        self.store.fetch(OF_VERSION, args![document, version]).await?.iter().map(witness).collect()
    }

    /// Notes that a version's page is to be submitted to an archive; once is enough.
    pub async fn to_submit(&self, archive: &str, document: DocumentId, version: i64, now_ms: i64) -> Result<()> {
        self.set_row(SUBMIT, args![document, version, archive, now_ms]).await
    }

    /// Takes the next submission whose time has come.
    pub async fn next_submission(&self, archive: &str, now_ms: i64) -> Result<Option<Submission>> {
        let mut tx = self.store.write_unordered().await?;
        let Some(row) = tx.one(NEXT_SUBMISSION, args![archive, now_ms]).await? else { return Ok(None) };
        let (document, version): (i64, i64) = (row.get(0)?, row.get(1)?);
        tx.run(CLAIM_SUBMISSION, args![document, version, archive, now_ms + LEASE_MS]).await?;
        let row = tx.one(SUBMISSION, args![document, version, archive]).await?;
        tx.commit().await?;
        row.map(|row| submission(&row)).transpose()
    }

    /// Records that a page was submitted under this name of the job, which is looked at at an instant.
    pub async fn submitted(
        &self,
        archive: &str,
        submission: &Submission,
        at_ms: i64,
        job: &str,
        again_ms: i64,
    ) -> Result<()> {
        let Submission { document, version, .. } = submission;
        self.set_row(SUBMITTED, args![*document, *version, archive, job, at_ms, again_ms]).await
    }

    /// Gives a submission back as it is, to be looked at at an instant.
    pub async fn look_later(&self, archive: &str, submission: &Submission, again_ms: i64) -> Result<()> {
        let Submission { document, version, .. } = submission;
        self.set_row(CLAIM_SUBMISSION, args![*document, *version, archive, again_ms]).await
    }

    /// Records that a submission failed; it is submitted again at an instant, or not any more.
    pub async fn not_saved(
        &self,
        archive: &str,
        submission: &Submission,
        reason: &str,
        again_ms: Option<i64>,
    ) -> Result<()> {
        let Submission { document, version, .. } = submission;
        self.set_row(FAILED, args![*document, *version, archive, again_ms, reason]).await
    }

    /// Records the capture that a submission made.
    pub async fn saved(&self, archive: &str, submission: &Submission, capture: &OutsideCapture) -> Result<()> {
        let Submission { document, version, seen_ms, .. } = submission;
        let mut tx = self.store.write_unordered().await?;
        tx.run(SAVED, args![*document, *version, archive, &capture.url, capture.at_ms]).await?;
        tx.run(NEARER, args![*document, *version, archive, &capture.url, capture.at_ms, *seen_ms]).await?;
        tx.commit().await
    }

    /// Until when an archive is left alone, and why; none if it may be asked.
    pub async fn archive_rests(&self, archive: &str, now_ms: i64) -> Result<Option<(i64, String)>> {
        let row = self.store.one(REST, args![archive, now_ms]).await?;
        row.map(|row| Ok((row.get(0)?, row.get::<Option<String>>(1)?.unwrap_or_default()))).transpose()
    }

    /// How it goes with every archive that was ever asked.
    pub async fn archives(&self, now_ms: i64) -> Result<Vec<ArchiveState>> {
        self.store.fetch(ARCHIVES, args![]).await?.iter().map(|row| archive_state(row, now_ms)).collect()
    }

    /// Leaves an archive alone after a failure: for ten minutes, then twice as long each time, up to a day; at least for as long as it asked, a month at most.
    /// Every process of this store does.
    pub async fn rest_archive(&self, archive: &str, now_ms: i64, least_ms: i64, reason: &str) -> Result<()> {
        let mut tx = self.store.write_unordered().await?;
        tx.run(MEET, args![archive]).await?;
        tx.run(RESTS, args![archive, now_ms, reason]).await?;
        tx.run(RESTS_AT_LEAST, args![archive, now_ms + least_ms.min(MOST_REST_MS)]).await?;
        tx.commit().await
    }

    /// Notes that an archive answers. What it asked of another process meanwhile holds.
    pub async fn archive_works(&self, archive: &str, now_ms: i64) -> Result<()> {
        self.set_row(WORKS, args![archive, now_ms]).await
    }

    async fn set_row(&self, sql: crate::store::Sql, args: Vec<crate::store::Value>) -> Result<()> {
        let mut tx = self.store.write_unordered().await?;
        tx.run(sql, args).await?;
        tx.commit().await
    }
}

fn columns(capture: Option<&OutsideCapture>) -> (Option<String>, Option<i64>) {
    (capture.map(|capture| capture.url.clone()), capture.map(|capture| capture.at_ms))
}

fn outside(url: Option<String>, at_ms: Option<i64>) -> Option<OutsideCapture> {
    Some(OutsideCapture { url: url?, at_ms: at_ms? })
}

fn archive_state(row: &Row, now_ms: i64) -> Result<ArchiveState> {
    let mut c = row.columns();
    let (archive, failures, rest_until_ms): (_, _, i64) = (c.next()?, c.next()?, c.next()?);
    let reason: Option<String> = c.next()?;
    let (versions, answered, found): (i64, _, _) = (c.next()?, c.next()?, c.next()?);
    let rest_until_ms = Some(rest_until_ms).filter(|until| *until > now_ms);
    Ok(ArchiveState { archive, versions, answered, found, failures, rest_until_ms, reason })
}

fn question(row: &Row) -> Result<Question> {
    let mut c = row.columns();
    let (document, version, page) = (DocumentId(c.next()?), c.next()?, c.next()?);
    let (seen_ms, answers) = (c.next()?, c.next()?);
    Ok(Question { document, version, page, seen_ms, answers, nearest: outside(c.next()?, c.next()?) })
}

fn submission(row: &Row) -> Result<Submission> {
    let mut c = row.columns();
    Ok(Submission {
        document: DocumentId(c.next()?),
        version: c.next()?,
        page: c.next()?,
        seen_ms: c.next()?,
        job: c.next()?,
        submitted_ms: c.next()?,
        attempts: c.next()?,
    })
}

fn witness(row: &Row) -> Result<Witness> {
    let mut c = row.columns();
    let (archive, asked_ms, capture) = (c.next()?, c.next()?, outside(c.next()?, c.next()?));
    let (reason, seen_ms): (_, i64) = (c.next()?, c.next()?);
    let (submitted_ms, again_ms): (Option<i64>, Option<i64>) = (c.next()?, c.next()?);
    let (made, failed) = (outside(c.next()?, c.next()?), c.next::<Option<String>>()?);
    let known = submitted_ms.is_some() || again_ms.is_some() || failed.is_some();
    let submitted =
        known.then_some(Submitted { at_ms: submitted_ms, over: again_ms.is_none(), capture: made, reason: failed });
    let distance_ms = capture.as_ref().map(|capture| capture.at_ms - seen_ms);
    Ok(Witness { archive, asked_ms, capture, distance_ms, reason, submitted })
}
