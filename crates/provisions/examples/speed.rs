//! How many clauses a second the shipped reader classifies on one core, from text to types.
//!
//! `cargo run --release -p provisions --example speed -- CLAUSES.jsonl` with {"heading","text"} a line; without a file, on sentences of
//! the tests.
use std::time::Instant;

use provisions::Reader;

#[derive(serde::Deserialize)]
struct Clause {
    #[serde(default)]
    heading: String,
    text: String,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let clauses: Vec<Clause> = match std::env::args().nth(1) {
        Some(path) => std::fs::read_to_string(path)?
            .lines()
            .map(serde_json::from_str)
            .collect::<Result<_, serde_json::Error>>()?,
        None => include_str!("../tests/sentences.tsv")
            .lines()
            .filter_map(|line| line.split_once('\t'))
            .map(|(_, text)| Clause { heading: String::new(), text: text.to_owned() })
            .collect(),
    };
    let start = Instant::now();
    let reader = Reader::embedded();
    println!("loaded in {:.1} ms", start.elapsed().as_secs_f64() * 1000.0);
    let mut best = f64::INFINITY;
    let mut found = 0;
    // The fastest of several rounds: other work on the machine only ever slows it down.
    for _ in 0..5 {
        let start = Instant::now();
        found = clauses.iter().map(|clause| reader.types(&clause.heading, &clause.text).len()).sum();
        best = best.min(start.elapsed().as_secs_f64());
    }
    let bytes: usize = clauses.iter().map(|clause| clause.text.len()).sum();
    println!(
        "{} clauses, {} bytes, {found} types: {:.0} clauses a second, {:.1} MB a second",
        clauses.len(),
        bytes,
        clauses.len() as f64 / best,
        bytes as f64 / best / 1e6
    );
    Ok(())
}
