//! `clausewatch review`: what editors judged, to learn from.
use std::io::Write;
use std::path::PathBuf;

use clap::ValueEnum;
use tracker::judged;

use crate::instance::Place;
use crate::output::Output;

/// What editors judged on the site (/review), as labels to learn from and to measure by
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Export(Export),
}

/// Write labels: clauses for `train` and `eval`, verdicts as in labels/changes.tsv
#[derive(Debug, clap::Args)]
struct Export {
    /// Which judgements
    what: What,
    /// Of clauses: to be learnt from and not measured on. What is reviewed is harder than a plain sample
    #[arg(long)]
    only_trains: bool,
    /// File to write; standard output by default
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum What {
    /// Clauses whose provisions were confirmed or corrected, as JSON lines
    Clauses,
    /// Verdicts on changes between versions of an Open Terms Archive collection, tab-separated
    Verdicts,
}

/// Says on standard error how many judgements give no label.
pub async fn run(place: &Place, args: Args) -> crate::Answer {
    let Verb::Export(args) = args.verb;
    let atlas = place.open_existing().await?;
    let mut out = Output::new(args.output.as_deref())?;
    let (left_out, why) = match args.what {
        What::Clauses => {
            let found = judged::clauses(&atlas, args.only_trains).await?;
            for clause in &found.labels {
                writeln!(out, "{}", serde_json::to_string(clause)?)?;
            }
            (found.left_out, "their clauses have other words now; look at them again on the review page")
        }
        What::Verdicts => {
            let found = judged::verdicts(&atlas).await?;
            found.labels.iter().try_for_each(|line| writeln!(out, "{line}"))?;
            (found.left_out, "their versions are of no collection")
        }
    };
    out.finish()?;
    if left_out > 0 {
        eprintln!("clausewatch: left out {}: {why}", crate::paint::counted(left_out, "judgement", "judgements"));
    }
    Ok(true)
}
