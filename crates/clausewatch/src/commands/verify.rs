//! `clausewatch verify`: check an evidence bundle, or the whole store against its log.
use std::path::PathBuf;

use anyhow::Context;

use crate::instance::Place;

/// Check an evidence bundle offline, or the whole store against its log
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The bundle
    #[arg(required_unless_present = "store")]
    file: Option<PathBuf>,
    /// Check every hash, excerpt, date and log entry of this instance's store
    #[arg(long, conflicts_with = "file")]
    store: bool,
    /// The log's public key as published elsewhere (name+hash+base64), or a file with it; without, the bundle's own key is used
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Status 1 if a check fails.
pub async fn run(place: &Place, args: Args) -> crate::Answer {
    match &args.file {
        Some(file) => bundle(file, &args),
        None => store(place, args.json).await,
    }
}

fn bundle(file: &std::path::Path, args: &Args) -> crate::Answer {
    let bytes = std::fs::read(file).with_context(|| file.display().to_string())?;
    let key = args.key.as_ref().map(|key| match std::fs::read_to_string(key) {
        Ok(text) => text.trim().to_string(),
        Err(_) => key.clone(),
    });
    let report =
        archive::evidence::verify_bundle(&bytes, key.as_deref()).with_context(|| file.display().to_string())?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
        return Ok(report.passed());
    }
    let record = &report.record;
    println!("{}: {}, {}, captured {}", record.record, record.platform, record.document, record.captured_at);
    println!("{}\n", record.url);
    print!("{report}");
    match (report.passed(), report.trusted()) {
        (false, _) => println!("\nNot verified: do not rely on this bundle."),
        (true, true) => println!("\nVerified."),
        (true, false) => println!("\nSound, but signed by the key inside it: give the log's published key with --key."),
    }
    Ok(report.passed())
}

async fn store(place: &Place, json: bool) -> crate::Answer {
    let atlas = place.open_existing().await?;
    let problems = atlas.check().await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&problems)?);
        return Ok(problems.is_empty());
    }
    for problem in &problems {
        eprintln!("clausewatch: {problem}");
    }
    if problems.is_empty() {
        let counts = atlas.counts().await?;
        println!(
            "every hash, excerpt, date and log entry is in order ({} versions, log of {})",
            counts.versions, counts.log_size
        );
    }
    Ok(problems.is_empty())
}
