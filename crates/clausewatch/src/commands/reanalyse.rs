//! `clausewatch reanalyse`: read stored versions again with the reader of this release, and say which records change and why.
use std::collections::BTreeMap;

use atlas::Work;
use atlas::ids::DocumentId;
use atlas::records::{Revised, Revision, RevisionKind};
use provisions::{Reader, taxonomy};
use serde_json::json;
use tracker::reanalysis::reanalyse;

use crate::instance::{Place, now_ms};
use crate::paint;

/// Read stored versions again with the reader of this release, and say which records change and why
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Documents, by ID; all that an earlier reader analysed if none is named
    #[arg(value_name = "DOCUMENT-ID")]
    documents: Vec<DocumentId>,
    /// Say what would change and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Print a JSON line for each record that changes, instead of text
    #[arg(long)]
    json: bool,
}

/// What came of all documents.
#[derive(Default)]
struct Report {
    documents: usize,
    failed: usize,
    /// Records by what became of them.
    records: BTreeMap<&'static str, usize>,
    /// For each clause type, provisions found and withdrawn.
    types: BTreeMap<String, (usize, usize)>,
}

/// Status 1 if a document could not be read again.
pub async fn run(place: &Place, args: Args) -> crate::Answer {
    let atlas = place.open_existing().await?;
    let _held = if args.dry_run { None } else { Some(atlas.hold(Work::Reanalysis).await?) };
    let reader = Reader::embedded();
    let named = !args.documents.is_empty();
    let documents = if named { args.documents } else { atlas.outdated(reader.version()).await? };
    let mut report = Report::default();
    let bar = paint::progress("reading again");
    bar.set_length(documents.len() as u64);
    let each = |document: DocumentId, outcome: Result<Vec<Revision>, tracker::reanalysis::ReanalysisError>| {
        bar.inc(1);
        match outcome {
            Ok(revisions) => {
                report.documents += 1;
                for revision in &revisions {
                    report.count(revision);
                    let line = if args.json { json!(revision).to_string() } else { line(revision) };
                    bar.suspend(|| println!("{line}"));
                }
            }
            Err(error) => {
                report.failed += 1;
                bar.suspend(|| eprintln!("clausewatch: {document}: {}", paint::plain(&error.to_string())));
            }
        }
    };
    reanalyse(&atlas, reader, documents, now_ms(), !args.dry_run, each).await;
    bar.finish_and_clear();
    if !args.dry_run {
        atlas.index_pending().await?;
    }
    if !args.json {
        report.print(reader.version(), args.dry_run);
    }
    Ok(report.failed == 0)
}

impl Report {
    fn count(&mut self, revision: &Revision) {
        let what = match (&revision.record, revision.kind) {
            (Revised::Change { .. }, _) => "changes judged otherwise",
            (_, RevisionKind::Found) => "provisions found",
            (_, RevisionKind::Withdrawn) => "provisions withdrawn",
            (_, RevisionKind::Judged) => "provisions judged otherwise",
        };
        *self.records.entry(what).or_default() += 1;
        if let Revised::Provision { clause_type, .. } = &revision.record {
            let counts = self.types.entry(clause_type.clone()).or_default();
            counts.0 += usize::from(revision.kind == RevisionKind::Found);
            counts.1 += usize::from(revision.kind == RevisionKind::Withdrawn);
        }
    }

    fn print(&self, reader: &str, dry_run: bool) {
        let mut types: Vec<_> = self.types.iter().filter(|(_, counts)| **counts != (0, 0)).collect();
        types.sort_by_key(|(_, (found, withdrawn))| usize::MAX - found - withdrawn);
        for (clause_type, (found, withdrawn)) in types {
            println!("{:>7} found {:>7} withdrawn  {}", found, withdrawn, title(clause_type));
        }
        let would = if dry_run { "would be " } else { "" };
        println!("{} documents {would}read again by {reader}", self.documents);
        for (what, count) in &self.records {
            println!("{count} {what}");
        }
        if self.records.is_empty() {
            println!("no record changes");
        }
    }
}

fn title(clause_type: &str) -> &str {
    taxonomy().get(clause_type).map_or(clause_type, |kind| &kind.title)
}

/// What became of a record, in a line.
fn line(revision: &Revision) -> String {
    match &revision.record {
        Revised::Change { id } => format!("{id}  {}", revision.told()),
        Revised::Provision { id, clause_type, .. } => format!("{id}  {}: {}", title(clause_type), revision.told()),
    }
}
