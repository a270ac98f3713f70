//! How many clauses a second the shipped reader classifies on one core, from text to types and with all that is told of each, and how
//! long it takes to load.
//!
//! `cargo bench -p provisions --bench speed -- CLAUSES.jsonl` with {"heading","text"} a line; without a file, on sentences of the tests.
use std::time::Instant;

use provisions::{Passage, Reader};

/// Measurements; the fastest and the median are printed. Other work on the machine only ever slows one down.
const ROUNDS: usize = 9;

#[derive(serde::Deserialize)]
struct Clause {
    #[serde(default)]
    heading: String,
    text: String,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let clauses: Vec<Clause> = match path {
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
    let loaded = start.elapsed();
    let start = Instant::now();
    reader.types("Terms", "We may change these terms at any time.");
    println!("loaded in {:.1} ms, the first clause took {:.1} ms more", millis(loaded), millis(start.elapsed()));
    let bytes: usize = clauses.iter().map(|clause| clause.text.len()).sum();
    println!("{} clauses of {:.0} bytes", clauses.len(), bytes as f64 / clauses.len().max(1) as f64);
    measure("text to types", &clauses, |clause| reader.types(&clause.heading, &clause.text).len());
    measure("with severity, facts and excerpts", &clauses, |Clause { heading, text }| {
        let (heading, lead_in) = (heading.clone(), String::new());
        reader.findings(&Passage { heading, lead_in, text, is_heading: false, foreign: None }).len()
    });
    Ok(())
}

/// Prints how many clauses a second `find` reads, which returns how many types it found.
fn measure(what: &str, clauses: &[Clause], find: impl Fn(&Clause) -> usize) {
    let mut found = 0;
    let mut rounds: Vec<f64> = Vec::new();
    for _ in 0..ROUNDS {
        let start = cpu_seconds();
        found = clauses.iter().map(&find).sum();
        rounds.push(clauses.len() as f64 / (cpu_seconds() - start));
    }
    rounds.sort_by(f64::total_cmp);
    println!(
        "{what}, {found} types: {:.0} clauses a second of processor time (median), {:.0} at best",
        rounds[ROUNDS / 2],
        rounds[ROUNDS - 1]
    );
}

fn millis(time: std::time::Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Processor time of this thread where the system tells it (nanoseconds, first field of `schedstat`), else the clock.
fn cpu_seconds() -> f64 {
    static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|line| line.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| START.elapsed().as_secs_f64(), |nanoseconds| nanoseconds / 1e9)
}
