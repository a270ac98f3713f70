//! The pass: which questions are asked, in which order, how many, and what becomes of each.
//!
//! A question is claimed in the store before it is sent, so that two processes never pay for one twice, and settled when it is answered.
//! Killed at any moment, a pass loses at most the answers that were under way; the next one goes on with the rest.
use std::collections::HashSet;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use atlas::answers::{Asked, Asker, Claim, ClauseWords, Open, OpenChange, OpenClause, Outcome, Tally};
use atlas::ids::{ChangeId, DocumentId};
use atlas::{Atlas, AtlasError};
use futures_util::{StreamExt, stream};
use serde::Serialize;

use crate::check;
use crate::endpoint::{Endpoint, Failure};
use crate::question::{Question, changed_clauses};

/// Tells the time in milliseconds since 1970 UTC.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Questions looked for at once: three in four about clauses.
const BATCH: i64 = 32;
/// Answers refused in a row after which the model is taken for unfit: all others would be paid for in vain.
const UNFIT: usize = 25;

/// How much is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asking {
    /// Questions under way at one time.
    pub at_once: usize,
    /// Most questions in a day (UTC), those of all processes together. One takes up to [`Settings::tries`](crate::Settings::tries) requests,
    /// and one more for each form of asking that the server refuses first.
    pub a_day: i64,
}

impl Default for Asking {
    fn default() -> Self {
        Asking { at_once: 4, a_day: 500 }
    }
}

/// What a pass is to ask about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Only these documents; all if none is named.
    pub documents: Vec<DocumentId>,
    /// Most questions; none: as many as there are.
    pub most: Option<usize>,
    /// Whether questions that failed are asked again at once.
    pub eager: bool,
}

/// A question that came to an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The document.
    pub document: DocumentId,
    /// The change; none for a clause.
    pub change: Option<ChangeId>,
    /// The first words of the clause, on one line.
    pub words: String,
    /// Clause types named or quotations given, or why there is no answer.
    pub outcome: Outcome<usize>,
}

/// Why a pass ended before all was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// The endpoint fails.
    Endpoint(String),
    /// As many questions as a day may have were asked.
    DayIsFull,
    /// So many answers in a row were refused, the last for this reason.
    Unfit(String),
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stop::Endpoint(reason) => write!(f, "the endpoint fails: {reason}"),
            Stop::DayIsFull => f.write_str("as many questions as a day may have were asked today"),
            Stop::Unfit(reason) => {
                write!(f, "{UNFIT} answers in a row cannot be used, so this model is left alone; the last: {reason}")
            }
        }
    }
}

/// What a pass did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Answers kept.
    pub answered: usize,
    /// Answers that failed a check.
    pub refused: usize,
    /// Questions that the endpoint failed.
    pub failed: usize,
    /// Why it ended early, if it did.
    pub stopped: Option<Stop>,
}

impl Report {
    /// Questions asked.
    pub fn asked(&self) -> usize {
        self.answered + self.refused + self.failed
    }
}

/// What one question is about, where it is found.
enum Subject {
    Clause(OpenClause),
    Change(OpenChange),
}

impl Subject {
    /// Names it within a pass.
    fn name(&self) -> (DocumentId, i64, usize) {
        match self {
            Subject::Clause(clause) => (clause.document, clause.version, clause.range.start),
            Subject::Change(change) => (change.document, -change.to_version, 0),
        }
    }
}

/// A question with what its answer is checked against.
enum Prepared {
    Clause { question: Option<Question>, asked: Asked, words: String },
    Change { question: Option<Question>, asked: Asked, old: String, new: String },
}

/// What one question came to.
enum Done {
    /// It was asked.
    Event(Event),
    /// It was not this pass's to ask, or the pass is ending.
    Nothing,
    /// No question can be asked now.
    Stop(Stop),
}

/// Asks about what an atlas holds.
pub struct Consultant {
    atlas: Atlas,
    endpoint: Endpoint,
    asking: Asking,
    now: Clock,
    /// Claimed, and neither settled nor given back.
    under_way: Mutex<HashSet<Asked>>,
}

impl Consultant {
    /// A consultant.
    pub fn new(atlas: Atlas, endpoint: Endpoint, asking: Asking, now: Clock) -> Consultant {
        Consultant { atlas, endpoint, asking, now, under_way: Mutex::default() }
    }

    /// The endpoint.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    fn asker(&self) -> &Asker {
        self.endpoint.asker()
    }

    /// How the questions to this model stand, those of earlier passes included.
    pub async fn tally(&self) -> Result<Tally, AtlasError> {
        self.atlas.tally(self.asker()).await
    }

    /// Asks about what was not asked about yet: standing clauses, those with the severest provisions first, and for every three of them
    /// one material change, the newest first. Fails only if the store does.
    pub async fn pass(&self, wanted: &Wanted, told: &(dyn Fn(&Event) + Send + Sync)) -> Result<Report, AtlasError> {
        let (mut report, mut seen, mut in_a_row) = (Report::default(), HashSet::new(), 0);
        let mut failure = None;
        let ending = AtomicBool::new(false);
        loop {
            let left = wanted.most.map_or(usize::MAX, |most| most.saturating_sub(report.asked()));
            let batch =
                if left == 0 || report.stopped.is_some() { Vec::new() } else { self.next(wanted, &seen).await? };
            if batch.is_empty() {
                return Ok(report);
            }
            seen.extend(batch.iter().map(Subject::name));
            let batch = batch.into_iter().take(left);
            let mut questions = stream::iter(batch.map(|subject| self.one(subject, wanted.eager, &ending)))
                .buffer_unordered(self.asking.at_once.max(1));
            while let Some(done) = questions.next().await {
                let stop = match done? {
                    Done::Nothing => None,
                    // That it is left alone says less than why.
                    Done::Stop(Stop::Endpoint(rests)) => Some(Stop::Endpoint(failure.clone().unwrap_or(rests))),
                    Done::Stop(stop) => Some(stop),
                    Done::Event(event) => {
                        told(&event);
                        if let Outcome::Failed(reason) = &event.outcome {
                            failure = Some(reason.clone());
                        }
                        counted(&mut report, &mut in_a_row, &event.outcome)
                    }
                };
                if stop.is_some() && report.stopped.is_none() {
                    report.stopped = stop;
                    // What is under way comes to its end; nothing else is begun.
                    ending.store(true, Ordering::Relaxed);
                }
            }
        }
    }

    /// Gives back what was claimed by a pass that was dropped, so that another can ask at once.
    pub async fn release(&self) -> Result<(), AtlasError> {
        let left: Vec<Asked> = self.lock().drain().collect();
        for asked in left {
            self.atlas.release(self.asker(), &asked).await?;
        }
        Ok(())
    }

    /// How long to wait after a pass before the next: while the endpoint is left alone, or until something new may have been recorded.
    pub fn pause(&self, report: &Report) -> Duration {
        match &report.stopped {
            // Each pass would pay for as many answers in vain.
            Some(Stop::Unfit(_)) => Duration::from_secs(24 * 60 * 60),
            Some(Stop::DayIsFull) => Duration::from_secs(10 * 60),
            Some(Stop::Endpoint(_)) | None => self.endpoint.resting().unwrap_or(Duration::from_secs(60)),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<Asked>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next questions that this pass has not met.
    async fn next(
        &self,
        wanted: &Wanted,
        seen: &HashSet<(DocumentId, i64, usize)>,
    ) -> Result<Vec<Subject>, AtlasError> {
        let all = [None];
        let named: Vec<Option<DocumentId>> = wanted.documents.iter().copied().map(Some).collect();
        let mut found = Vec::new();
        for document in if named.is_empty() { &all[..] } else { &named[..] } {
            // What was met and is still open (failed, or asked elsewhere) would stand in the way of the rest.
            let limit = BATCH + seen.len() as i64;
            let open = Open { document: *document, now_ms: (self.now)(), eager: wanted.eager, limit };
            let clauses = self.atlas.open_clauses(self.asker(), &open).await?.into_iter().map(Subject::Clause);
            let changes = self.atlas.open_changes(self.asker(), &open).await?.into_iter().map(Subject::Change);
            let fresh = |subject: &Subject| !seen.contains(&subject.name());
            found = mixed(clauses.filter(fresh).collect(), changes.filter(fresh).collect());
            if !found.is_empty() {
                break;
            }
        }
        found.truncate(BATCH as usize);
        Ok(found)
    }

    /// Asks one question, from claim to settlement.
    async fn one(&self, subject: Subject, eager: bool, ending: &AtomicBool) -> Result<Done, AtlasError> {
        if ending.load(Ordering::Relaxed) {
            return Ok(Done::Nothing);
        }
        if let Some(left) = self.endpoint.resting() {
            return Ok(Done::Stop(Stop::Endpoint(Failure::Resting(left).to_string())));
        }
        let Some(prepared) = self.prepared(&subject).await? else { return Ok(Done::Nothing) };
        let asked = *prepared.asked();
        match self.atlas.claim(self.asker(), &asked, (self.now)(), eager, self.asking.a_day).await? {
            Claim::Taken => return Ok(Done::Nothing),
            Claim::DayIsFull => return Ok(Done::Stop(Stop::DayIsFull)),
            Claim::Yours => {}
        }
        self.lock().insert(asked);
        let (outcome, words) = match &prepared {
            Prepared::Clause { question, words, .. } => {
                let outcome = self.answer(question, |content| check::clause(content, words)).await;
                (self.settled(&asked, outcome, |answer| answer.types.len()).await?, check::plain(words, 80))
            }
            Prepared::Change { question, old, new, .. } => {
                let clauses = changed_clauses(old, new);
                let outcome = self.answer(question, |content| check::change(content, &clauses)).await;
                (self.settled(&asked, outcome, |answer| answer.quotations.len()).await?, String::new())
            }
        };
        self.lock().remove(&asked);
        let Some(outcome) = outcome else { return Ok(Done::Nothing) };
        let (document, change) = match subject {
            Subject::Clause(clause) => (clause.document, None),
            Subject::Change(change) => (change.document, Some(change.id)),
        };
        Ok(Done::Event(Event { document, change, words, outcome }))
    }

    /// Sends a question and checks what comes; none if the endpoint is left alone in the meantime.
    async fn answer<T>(
        &self,
        question: &Option<Question>,
        check: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Outcome<T>> {
        let Some(question) = question else {
            return Some(Outcome::Refused("it is too long to be asked about, or no words of it changed".into()));
        };
        match self.endpoint.ask(question).await {
            Ok(content) => Some(check(&content).map_or_else(Outcome::Refused, Outcome::Answered)),
            Err(Failure::Refused(reason)) => Some(Outcome::Refused(reason)),
            Err(Failure::Failed(reason)) => Some(Outcome::Failed(reason)),
            Err(Failure::Resting(_)) => None,
        }
    }

    /// Records an outcome; of an answer, its size is told.
    async fn settled<T: Serialize>(
        &self,
        asked: &Asked,
        outcome: Option<Outcome<T>>,
        size: impl Fn(&T) -> usize,
    ) -> Result<Option<Outcome<usize>>, AtlasError> {
        let Some(outcome) = outcome else {
            self.atlas.release(self.asker(), asked).await?;
            return Ok(None);
        };
        self.atlas.settle(self.asker(), asked, (self.now)(), &outcome).await?;
        Ok(Some(match outcome {
            Outcome::Answered(answer) => Outcome::Answered(size(&answer)),
            Outcome::Refused(reason) => Outcome::Refused(reason),
            Outcome::Failed(reason) => Outcome::Failed(reason),
        }))
    }

    /// Reads the words from the store and writes the question; none if they are not (or no longer) there.
    async fn prepared(&self, subject: &Subject) -> Result<Option<Prepared>, AtlasError> {
        match subject {
            Subject::Clause(clause) => {
                let Some(text) = self.text(clause.document, clause.version).await? else { return Ok(None) };
                let structure = document::structure(&text);
                let Some(words) = ClauseWords::at(&text, &structure, &clause.range) else { return Ok(None) };
                // A wording is a whole clause; if it is not, the store is damaged, which is for `doctor` to say.
                if archive::Sha256Digest::of(words.words.as_bytes()) != clause.words_sha256 {
                    return Ok(None);
                }
                let (question, asked) = (Question::about_clause(&words), words.asked());
                Ok(Some(Prepared::Clause { question, asked, words: words.words.into() }))
            }
            Subject::Change(change) => {
                let old = self.text(change.document, change.from_version).await?;
                let new = self.text(change.document, change.to_version).await?;
                let (Some(old), Some(new)) = (old, new) else { return Ok(None) };
                let question = Question::about_change(&changed_clauses(&old, &new));
                Ok(Some(Prepared::Change { question, asked: change.asked, old, new }))
            }
        }
    }

    /// A version's text; none if it is damaged, which must not end a pass.
    async fn text(&self, document: DocumentId, version: i64) -> Result<Option<String>, AtlasError> {
        match self.atlas.version_text(document, version).await {
            Err(AtlasError::Damaged { .. }) => Ok(None),
            text => text,
        }
    }
}

impl Prepared {
    fn asked(&self) -> &Asked {
        match self {
            Prepared::Clause { asked, .. } | Prepared::Change { asked, .. } => asked,
        }
    }
}

/// Three clauses, a change, three clauses, a change; what is left of one kind follows.
fn mixed(clauses: Vec<Subject>, changes: Vec<Subject>) -> Vec<Subject> {
    let mut changes = changes.into_iter();
    let mut mixed = Vec::new();
    for (at, clause) in clauses.into_iter().enumerate() {
        mixed.push(clause);
        if at % 3 == 2 {
            mixed.extend(changes.next());
        }
    }
    mixed.extend(changes);
    mixed
}

/// Counts an outcome; says if the model is unfit.
fn counted(report: &mut Report, in_a_row: &mut usize, outcome: &Outcome<usize>) -> Option<Stop> {
    match outcome {
        Outcome::Answered(_) => {
            report.answered += 1;
            *in_a_row = 0;
        }
        Outcome::Failed(_) => report.failed += 1,
        Outcome::Refused(reason) => {
            report.refused += 1;
            *in_a_row += 1;
            return (*in_a_row >= UNFIT).then(|| Stop::Unfit(reason.clone()));
        }
    }
    None
}
