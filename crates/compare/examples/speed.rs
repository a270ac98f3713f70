//! How long two versions take to compare: clauses found in both, aligned, judged, and every change redlined.
//!
//! ```text
//! cargo run --release -p compare --example speed -- OLD NEW [OLD NEW ...]
//! ```
//!
//! The files are Markdown as a collection keeps it. The median of eleven rounds of each pair is printed, and the slowest pair.
#![allow(clippy::disallowed_methods)] // It measures time.
use std::hint::black_box;
use std::time::{Duration, Instant};

use compare::{Context, Pair, align, idle, judge, redline};
use document::Source;

const ROUNDS: usize = 11;

fn clean_text(path: &str) -> Result<String, Box<dyn std::error::Error>> {
    let bytes = std::fs::read(path)?;
    let source = Source { bytes: &bytes, content_type: Some("text/markdown"), ..Source::default() };
    Ok(document::read(&source)?.text)
}

/// Compares two texts as a page of the site does; gives the number of pairs that changed.
fn compared(old: &str, new: &str) -> usize {
    let structures = (document::structure(old), document::structure(new));
    let before = structures.0.words(old);
    let after = structures.1.words(new);
    let alignment = align(&before, &after);
    let listed = (vec![false; before.len()], vec![false; after.len()]);
    let idle = idle(&before, &after, &alignment, (&listed.0, &listed.1));
    black_box(judge(&before, &after, &alignment, Context { idle: &idle, ..Context::default() }));
    let changed: Vec<&Pair> = alignment.pairs.iter().filter(|pair| !pair.is_unchanged()).collect();
    for pair in &changed {
        if let (Some(old), Some(new)) = (pair.old_text(&before), pair.new_text(&after)) {
            black_box(redline(&old, &new));
        }
    }
    changed.len()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let paths: Vec<String> = std::env::args().skip(1).collect();
    let mut slowest = Duration::ZERO;
    for pair in paths.chunks_exact(2) {
        let (old, new) = (clean_text(&pair[0])?, clean_text(&pair[1])?);
        let mut times = Vec::with_capacity(ROUNDS);
        let mut changed = 0;
        for _ in 0..ROUNDS {
            let start = Instant::now();
            changed = compared(&old, &new);
            times.push(start.elapsed());
        }
        times.sort_unstable();
        slowest = slowest.max(times[ROUNDS / 2]);
        println!(
            "{:>9.2?}  {} and {} bytes, {changed} pairs changed  {}",
            times[ROUNDS / 2],
            old.len(),
            new.len(),
            pair[1]
        );
    }
    println!("slowest: {slowest:.2?}");
    Ok(())
}
