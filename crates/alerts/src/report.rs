//! A report: the changes of a period that a person's watches ask for, the most severe first.
use atlas::records::Materiality;
use atlas::watching::{PersonId, Subject};
use atlas::{Atlas, AtlasError, ChangeFilter};
use provisions::Severity;
use serde::Serialize;

use crate::matching::answer;
use crate::teller::story_of;

/// Changes that are looked through at a time.
const PAGE: i64 = 200;

/// What changed in what a person watches.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    /// From this instant on.
    pub from_ms: i64,
    /// Up to this one.
    pub to_ms: i64,
    /// The changes, most severe first, then the latest first.
    pub changes: Vec<ReportLine>,
    /// Set if there were more than could be looked at: what happened before this instant is left out.
    pub since_ms: Option<i64>,
}

/// A change in a report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReportLine {
    /// Its ID.
    pub change: String,
    /// When it was seen.
    pub seen_ms: i64,
    /// "Plum’s Privacy Policy".
    pub document: String,
    /// How much it matters.
    pub materiality: Materiality,
    /// The highest severity of a provision that it touches.
    pub severity: Option<Severity>,
    /// How many provisions became stricter.
    pub stricter: usize,
    /// What happened, in one line.
    pub headline: String,
    /// Why it is in the report, each to be read after "because".
    pub why: Vec<String>,
}

impl Report {
    /// How many changes there are of each severity, the highest first; of those that touch no provision last.
    pub fn by_severity(&self) -> Vec<(Option<Severity>, usize)> {
        let levels = Severity::ALL.into_iter().rev().map(Some).chain([None]);
        let count = |level| self.changes.iter().filter(|line| line.severity == level).count();
        levels.map(|level| (level, count(level))).filter(|(_, count)| *count > 0).collect()
    }
}

/// The report of a person for a period, of changes that are confirmed. Watches count as if they had been there all the time; their cadence
/// does not matter. At most so many changes are looked at closely, the latest ones: for each, two texts are compared.
pub async fn report(
    atlas: &Atlas,
    person: PersonId,
    from_ms: i64,
    to_ms: i64,
    most: usize,
) -> Result<Report, AtlasError> {
    let watches = atlas.watches(person).await?;
    let mut report = Report { from_ms, to_ms, changes: Vec::new(), since_ms: None };
    let mut looked_at = 0;
    let searches =
        watches.iter().any(|watch| matches!(watch.asks.subject, Subject::Search(_) | Subject::Regulation(_)));
    let mut filter = ChangeFilter {
        at_least: Some(Materiality::Minor),
        since_ms: Some(from_ms),
        confirmed: true,
        limit: PAGE,
        ..ChangeFilter::default()
    };
    'all: loop {
        let changes = atlas.changes(&filter).await?;
        let read = changes.len() as i64;
        for change in changes.into_iter().filter(|change| change.change.at_ms < to_ms) {
            // The texts are compared only where a watch may ask for the change.
            let of_type = |id: &str| change.provisions.iter().any(|touched| touched.clause_type == id);
            let maybe = |subject: &Subject| match subject {
                Subject::Platform(slug) => *slug == change.platform,
                Subject::Document(id) => *id == change.document,
                Subject::ClauseType(id) => of_type(id),
                Subject::Category(id) => {
                    provisions::taxonomy().types().iter().any(|kind| kind.category == *id && of_type(&kind.id))
                }
                Subject::Provision(id) => change.provisions.iter().any(|touched| touched.id == *id),
                Subject::Search(_) | Subject::Regulation(_) => true,
            };
            if !searches && !watches.iter().any(|watch| maybe(&watch.asks.subject)) {
                continue;
            }
            if looked_at == most {
                report.since_ms = Some(change.change.at_ms + 1);
                break 'all;
            }
            looked_at += 1;
            let (document, version) = (change.document, change.change.to_version);
            let Some(story) = story_of(atlas, document, &[change], version).await? else { continue };
            let why: Vec<String> = watches.iter().filter_map(|watch| answer(watch, &story)).collect();
            if !why.is_empty() {
                report.changes.push(ReportLine {
                    change: story.changes[0].clone(),
                    seen_ms: story.seen_ms,
                    document: story.document_name(),
                    materiality: story.materiality,
                    severity: story.severity(),
                    stricter: story.provisions.iter().filter(|touched| touched.is_stricter()).count(),
                    headline: story.headline,
                    why,
                });
            }
        }
        if read < PAGE {
            break;
        }
        filter.offset += PAGE;
    }
    report.changes.sort_by_key(|line| (std::cmp::Reverse(line.severity), std::cmp::Reverse(line.seen_ms)));
    Ok(report)
}
