//! `clausewatch classify`.
use std::io::{BufRead, Write};

use anyhow::Context;
use provisions::eval::{PredictedType, Prediction};
use provisions::{Passage, Reader};
use serde::Deserialize;

/// Find the clause types of clauses given as JSON lines
///
/// Reads {"id","heading","text"} a line from standard input and prints {"id","types":[{"type","score","confidence","severity"}]}
/// a line, most probable type first.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Read and print JSON lines (the only form there is)
    #[arg(long)]
    jsonl: bool,
}

#[derive(Deserialize)]
struct Clause {
    #[serde(default)]
    id: String,
    #[serde(default)]
    heading: String,
    text: String,
}

/// Runs it.
pub fn run(_args: Args) -> crate::Answer {
    let reader = Reader::embedded();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut all_read = true;
    for (number, line) in std::io::stdin().lock().split(b'\n').enumerate() {
        let line = line.context("standard input")?;
        if line.trim_ascii().is_empty() {
            continue;
        }
        match serde_json::from_slice::<Clause>(&line) {
            Ok(clause) => {
                serde_json::to_writer(&mut out, &classified(reader, clause))?;
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

fn classified(reader: &Reader, clause: Clause) -> Prediction {
    let Clause { id, heading, text } = clause;
    let passage = Passage { heading, lead_in: String::new(), text: &text, is_heading: false };
    Prediction { id, types: reader.findings(&passage).into_iter().map(PredictedType::from).collect() }
}
