//! Which versions an archive is asked about, when again, and what becomes of each; which pages are submitted to it.
//!
//! Every question and every submission is a row of the atlas, claimed before anything is sent and settled with what came of it. Killed at any
//! moment, a pass loses nothing and repeats at most one request; to submit a page twice makes no second capture, because the archive is asked
//! to make none if it has one since the version was first seen.
use std::sync::Arc;

use archive::instant::{DAY_MS, HOUR_MS, SECOND_MS};
use atlas::witnesses::{OutsideCapture, Question, Submission};
use atlas::{Atlas, AtlasError};
use serde::Serialize;

use crate::Failure;
use crate::wayback::{Archive, Job, NEAR_MS};

/// Tells the time in milliseconds since 1970 UTC.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Questions of a pass at most, and submissions.
const QUESTIONS: usize = 10;
const SUBMISSIONS: usize = 4;
/// Days after which an archive that had nothing near is asked again: a crawl may pass by, and captures are indexed late.
const AGAIN_DAYS: [i64; 4] = [1, 3, 9, 27];
/// Of a version seen longer ago than this the archive has what it will ever have.
const SETTLED_MS: i64 = 120 * DAY_MS;
/// The page of a version is submitted while it is younger than this: later it may show another one.
const FRESH_MS: i64 = DAY_MS;
/// The first look at a submission.
const LOOK_MS: i64 = 30 * SECOND_MS;
/// An archive remembers a submission for about this long.
const REMEMBERED_MS: i64 = HOUR_MS;
/// Submissions of one page.
const ATTEMPTS: i64 = 3;

/// What a pass did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Versions that the archive was asked about.
    pub asked: usize,
    /// Of those, how many it has a capture of.
    pub found: usize,
    /// Pages submitted.
    pub submitted: usize,
    /// Submissions that made a capture.
    pub saved: usize,
    /// Submissions that failed for good.
    pub failed: usize,
    /// Why the pass ended early, if it did.
    pub stopped: Option<String>,
    /// Why nothing is submitted, though there are keys.
    pub keys: Option<String>,
}

/// Asks an archive about what an atlas holds.
pub struct Attendant {
    atlas: Atlas,
    archive: Archive,
    now: Clock,
}

impl Attendant {
    /// An attendant.
    pub fn new(atlas: Atlas, archive: Archive, now: Clock) -> Attendant {
        Attendant { atlas, archive, now }
    }

    /// The archive.
    pub fn archive(&self) -> &Archive {
        &self.archive
    }

    /// Asks about versions that the archive was not asked about yet or has to be asked about again, and sees to submissions; a few of each.
    /// Fails only if the store does.
    pub async fn pass(&self) -> Result<Report, AtlasError> {
        let name = self.archive.name();
        let mut report = Report::default();
        self.atlas.note_for_witness(name).await?;
        for _ in 0..SUBMISSIONS {
            if !self.archive.saves() || report.keys.is_some() || self.rests(&mut report).await? {
                break;
            }
            let Some(submission) = self.atlas.next_submission(name, (self.now)()).await? else { break };
            self.see_to(&submission, &mut report).await?;
        }
        for _ in 0..QUESTIONS {
            if self.rests(&mut report).await? {
                break;
            }
            let Some(question) = self.atlas.next_question(name, (self.now)()).await? else { break };
            self.ask(&question, &mut report).await?;
        }
        Ok(report)
    }

    /// Whether the archive is left alone, which another process may have been told.
    async fn rests(&self, report: &mut Report) -> Result<bool, AtlasError> {
        if report.stopped.is_none() {
            let rest = self.atlas.archive_rests(self.archive.name(), (self.now)()).await?;
            report.stopped = rest.map(|(_, reason)| reason);
        }
        Ok(report.stopped.is_some())
    }

    async fn ask(&self, question: &Question, report: &mut Report) -> Result<(), AtlasError> {
        let name = self.archive.name();
        let answer = self.archive.nearest(&question.page, question.seen_ms).await;
        let now_ms = (self.now)();
        match answer {
            Ok(found) => {
                self.atlas.archive_works(name, now_ms).await?;
                let nearest = nearer(question, found);
                let again_ms = again(question.seen_ms, now_ms, question.answers + 1, nearest.as_ref());
                self.atlas.witnessed(name, question, now_ms, nearest.as_ref(), again_ms).await?;
                report.asked += 1;
                report.found += usize::from(nearest.is_some());
                let since = nearest.is_some_and(|capture| capture.at_ms >= question.seen_ms);
                if self.archive.saves() && !since && now_ms - question.seen_ms <= FRESH_MS {
                    self.atlas.to_submit(name, question.document, question.version, now_ms).await?;
                }
            }
            Err(Failure::Withheld { again: true, .. }) => self.atlas.ask_later(name, question, now_ms + DAY_MS).await?,
            Err(Failure::Withheld { reason, .. }) => {
                let reason = format!("was not asked: {reason}");
                self.atlas.not_witnessed(name, question, now_ms, &reason).await?;
            }
            Err(Failure::Never { reason, .. }) => {
                self.atlas.archive_works(name, now_ms).await?;
                self.atlas.not_witnessed(name, question, now_ms, &reason).await?;
                report.asked += 1;
            }
            Err(failure) => {
                self.atlas.ask_later(name, question, now_ms).await?;
                self.rest(&failure, report).await?;
            }
        }
        Ok(())
    }

    /// Submits a page, or looks how its submission goes.
    async fn see_to(&self, submission: &Submission, report: &mut Report) -> Result<(), AtlasError> {
        let name = self.archive.name();
        let outcome = match &submission.job {
            Some(job) => self.archive.job(job, &submission.page).await,
            None => {
                let since_s = ((self.now)() - submission.seen_ms) / SECOND_MS;
                match self.archive.submit(&submission.page, since_s).await {
                    Ok(Ok(job)) => {
                        let now_ms = (self.now)();
                        report.submitted += 1;
                        return self.atlas.submitted(name, submission, now_ms, &job, now_ms + LOOK_MS).await;
                    }
                    Ok(Err(refused)) => Ok(refused),
                    Err(failure) => Err(failure),
                }
            }
        };
        let now_ms = (self.now)();
        if outcome.is_ok() {
            self.atlas.archive_works(name, now_ms).await?;
        }
        match outcome {
            Ok(Job::Saved(capture)) => {
                report.saved += 1;
                self.atlas.saved(name, submission, &capture).await
            }
            Ok(Job::Pending) => {
                let under_way = now_ms - submission.submitted_ms.unwrap_or(now_ms);
                if under_way >= REMEMBERED_MS {
                    return self.failed(submission, "the submission came to no end", HOUR_MS, report).await;
                }
                self.atlas.look_later(name, submission, now_ms + under_way.max(LOOK_MS)).await
            }
            Ok(Job::Unknown) => self.failed(submission, "the submission was forgotten", HOUR_MS, report).await,
            Ok(Job::Failed { code, again: true }) => self.failed(submission, &code, wait_after(&code), report).await,
            Ok(Job::Failed { code, again: false }) => {
                report.failed += 1;
                self.atlas.not_saved(name, submission, &code, None).await
            }
            Err(Failure::Never { reason, .. }) => {
                report.failed += 1;
                self.atlas.not_saved(name, submission, &reason, None).await
            }
            Err(failure @ Failure::Withheld { .. }) => {
                self.failed(submission, &failure.to_string(), HOUR_MS, report).await
            }
            Err(failure @ Failure::Keys { .. }) => {
                report.keys = Some(failure.to_string());
                self.atlas.look_later(name, submission, now_ms + HOUR_MS).await
            }
            Err(failure) => {
                self.atlas.look_later(name, submission, now_ms).await?;
                self.rest(&failure, report).await
            }
        }
    }

    /// A submission that came to nothing; a few are tried again, while the page may still show the version.
    async fn failed(
        &self,
        submission: &Submission,
        reason: &str,
        wait_ms: i64,
        report: &mut Report,
    ) -> Result<(), AtlasError> {
        let again_ms = (self.now)() + wait_ms;
        let again = submission.attempts < ATTEMPTS && again_ms - submission.seen_ms <= 2 * FRESH_MS;
        report.failed += usize::from(!again);
        self.atlas.not_saved(self.archive.name(), submission, reason, again.then_some(again_ms)).await
    }

    async fn rest(&self, failure: &Failure, report: &mut Report) -> Result<(), AtlasError> {
        let reason = failure.to_string();
        self.atlas.rest_archive(self.archive.name(), (self.now)(), failure.least_ms(), &reason).await?;
        report.stopped = Some(reason);
        Ok(())
    }
}

/// How long to wait after a failure that time may mend: a limit of the day is over tomorrow.
fn wait_after(code: &str) -> i64 {
    let of_a_day = ["daily", "bandwidth", "session-limit"].iter().any(|limit| code.contains(limit));
    if of_a_day { DAY_MS } else { HOUR_MS }
}

/// The nearer of what is known and what was found.
fn nearer(question: &Question, found: Option<OutsideCapture>) -> Option<OutsideCapture> {
    let distance = |capture: &OutsideCapture| (capture.at_ms - question.seen_ms).abs();
    question.nearest.clone().into_iter().chain(found).min_by_key(distance)
}

/// When to ask again about a version that was first seen at `seen_ms`, after so many answers of which `nearest` is the best; none: not any more.
pub fn again(seen_ms: i64, now_ms: i64, answers: i64, nearest: Option<&OutsideCapture>) -> Option<i64> {
    let near = nearest.is_some_and(|capture| (capture.at_ms - seen_ms).abs() <= NEAR_MS);
    if near || now_ms - seen_ms > SETTLED_MS {
        return None;
    }
    let days = usize::try_from(answers - 1).ok().and_then(|place| AGAIN_DAYS.get(place))?;
    Some(now_ms + days * DAY_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_asked_again_later_and_later_and_then_not_any_more() {
        let at = |day: i64| OutsideCapture { url: String::new(), at_ms: day * DAY_MS };
        let seen = 100 * DAY_MS;
        assert_eq!(again(seen, seen, 1, Some(&at(101))), None, "near enough");
        assert_eq!(again(seen, seen, 1, Some(&at(99))), None, "near enough, before");
        assert_eq!(again(seen, seen, 1, Some(&at(98))), Some(seen + DAY_MS));
        let (mut now, mut answers, mut asked) = (seen, 1, Vec::new());
        while let Some(next) = again(seen, now, answers, None) {
            asked.push((next - seen) / DAY_MS);
            (now, answers) = (next, answers + 1);
        }
        assert_eq!(asked, [1, 4, 13, 40]);
        assert_eq!(again(seen, seen + 121 * DAY_MS, 1, None), None, "the past does not change");
    }
}
