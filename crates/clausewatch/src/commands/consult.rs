//! `clausewatch consult`: ask an attached language model about what is recorded.
use std::io::Write;

use anyhow::Context;
use atlas::answers::{Outcome, Tally};
use atlas::ids::DocumentId;
use consult::{Consultant, Event, Report, Stop, Wanted};
use serde_json::json;

use crate::commands::serve::interrupted;
use crate::instance::Place;
use crate::model::Model;
use crate::network::Trust;
use crate::paint::{counted, plain};

/// Ask an attached language model about provisions and changes that it was not asked about yet
///
/// The severest clauses come first; what was asked before is not asked again, and a run can be ended at any time. Nothing of the record
/// depends on what the model says: it is shown beside it, where it disagrees too.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only these documents (CW-D-…)
    documents: Vec<DocumentId>,
    /// Most questions in this run; those of a day are bounded by --model-limit
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    trust: Trust,
    #[command(flatten)]
    model: Model,
}

/// Asks until all is asked or a limit is reached; status 1 if the endpoint or the model is at fault.
pub async fn run(place: &Place, args: Args) -> crate::Answer {
    let atlas = place.open_existing().await?;
    let consultant = args.model.consultant(&atlas, &args.trust.authorities()?)?.context(
        "no language model is attached: give its address with --model-url or CLAUSEWATCH_MODEL_URL, for example http://127.0.0.1:11434/v1",
    )?;
    for id in &args.documents {
        if atlas.document(*id).await?.is_none() {
            eprintln!("clausewatch: there is no {id} in {}", place.name());
            return Ok(false);
        }
    }
    // Who asks by hand has mended what failed.
    let wanted = Wanted { documents: args.documents, most: args.limit, eager: true };
    let as_json = args.json;
    let told = move |event: &Event| {
        if !as_json {
            tell(event);
        }
    };
    let report = tokio::select! {
        report = consultant.pass(&wanted, &told) => Some(report?),
        () = interrupted() => None,
    };
    if report.is_none() {
        consultant.release().await?;
    }
    let tally = consultant.tally().await?;
    if as_json {
        println!("{}", serde_json::to_string_pretty(&json!({"run": report, "all": tally}))?);
    } else {
        summary(&consultant, report.as_ref(), &tally)?;
    }
    Ok(report.is_some_and(|report| {
        report.failed == 0 && !matches!(report.stopped, Some(Stop::Endpoint(_) | Stop::Unfit(_)))
    }))
}

/// One line for each question.
fn tell(event: &Event) {
    let about = match event.change {
        Some(change) => change.to_string(),
        None => format!("“{}”", plain(&event.words)),
    };
    let id = event.document;
    // Whoever closed our output may still want the answers.
    let _ = match &event.outcome {
        Outcome::Answered(quoted) if event.change.is_some() => {
            let quoted = counted(*quoted, "quotation", "quotations");
            writeln!(std::io::stdout(), "{id}  {quoted}: {about}")
        }
        Outcome::Answered(named) => {
            let named = counted(*named, "clause type", "clause types");
            writeln!(std::io::stdout(), "{id}  {named}: {about}")
        }
        Outcome::Refused(reason) => writeln!(std::io::stdout(), "{id}  not used, {reason}: {about}"),
        Outcome::Failed(reason) => writeln!(std::io::stderr(), "clausewatch: {id}: {reason}: {about}"),
    };
}

fn summary(consultant: &Consultant, report: Option<&Report>, tally: &Tally) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match report {
        None => writeln!(out, "interrupted; the next run goes on from here")?,
        Some(report) => {
            let asked = counted(report.asked(), "question", "questions");
            let Report { answered, refused, failed, .. } = report;
            writeln!(
                out,
                "{asked}: {answered} answered, {refused} with an answer that cannot be used, {failed} failed"
            )?;
            if let Some(stop) = &report.stopped {
                writeln!(out, "ended early: {stop}")?;
            }
        }
    }
    let asker = consultant.endpoint().asker();
    writeln!(
        out,
        "{} with prompt version {}, all runs: {} answered, {} cannot be used, {} to be asked again",
        asker.model, asker.prompt, tally.answered, tally.refused, tally.failed
    )?;
    if tally.under_way > 0 {
        let some = counted(usize::try_from(tally.under_way)?, "question is", "questions are");
        writeln!(out, "{some} under way in another process, or free again ten minutes after it was killed")?;
    }
    for (reason, count) in &tally.reasons {
        writeln!(out, "{count:>6}  {reason}")?;
    }
    Ok(())
}
