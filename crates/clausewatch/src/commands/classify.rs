//! `clausewatch classify`.
use std::io::{BufRead, Write};

use anyhow::Context;
use provisions::eval::PredictedType;
use provisions::model::Workspace;
use provisions::unfair;
use provisions::{Passage, Reader};
use serde::Deserialize;
use serde_json::{Value, json};

/// Find the clause types of clauses given as JSON lines
///
/// Reads {"id","heading","text"} a line from standard input and prints {"id","types":[{"type","score","confidence","severity"}]}
/// a line, most probable type first; with another head, {"id","labels"}.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Read and print JSON lines (the only form there is)
    #[arg(long)]
    jsonl: bool,
    /// What to find
    #[arg(long, value_enum, default_value_t = Head::Types)]
    head: Head,
}

/// What can be found in a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Head {
    /// Our clause types
    Types,
    /// The eight labels of the UNFAIR-ToS data
    UnfairTos,
    /// The nine labels of the CLAUDETTE data, in German
    UnfairDe,
    /// The same in Italian
    UnfairIt,
    /// The same in Polish
    UnfairPl,
}

impl Head {
    /// The head of potentially unfair sentences, if it is one.
    pub(super) fn unfair(self) -> Option<unfair::Head> {
        match self {
            Head::Types => None,
            Head::UnfairTos => Some(unfair::Head::UnfairTos),
            Head::UnfairDe => Some(unfair::Head::German),
            Head::UnfairIt => Some(unfair::Head::Italian),
            Head::UnfairPl => Some(unfair::Head::Polish),
        }
    }
}

#[derive(Deserialize)]
struct Clause {
    #[serde(default)]
    id: Value,
    #[serde(default)]
    heading: String,
    text: String,
}

/// Runs it.
pub fn run(args: Args) -> crate::Answer {
    let mut work = Workspace::default();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut all_read = true;
    for (number, line) in std::io::stdin().lock().split(b'\n').enumerate() {
        let line = line.context("standard input")?;
        if line.trim_ascii().is_empty() {
            continue;
        }
        match serde_json::from_slice::<Clause>(&line) {
            Ok(clause) => {
                let answer = match args.head.unfair() {
                    None => types(clause),
                    Some(head) => json!({ "id": clause.id, "labels": head.reader().labels(&clause.text, &mut work) }),
                };
                serde_json::to_writer(&mut out, &answer)?;
                out.write_all(b"\n")?;
            }
            Err(error) => {
                eprintln!("clausewatch: standard input: line {}: not a clause: {error}", number + 1);
                all_read = false;
            }
        }
    }
    out.flush()?;
    Ok(all_read)
}

fn types(clause: Clause) -> Value {
    let Clause { id, heading, text } = clause;
    let foreign = unfair::Head::of_text(&text);
    let passage = Passage { heading, lead_in: String::new(), text: &text, is_heading: false, foreign };
    let found: Vec<_> = Reader::embedded().findings(&passage).into_iter().map(PredictedType::from).collect();
    json!({ "id": id, "types": found })
}
