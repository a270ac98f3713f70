//! `clausewatch verify`: check an evidence bundle, or the whole store against its log.
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use archive::evidence::{VerifyReport, verify_bundle};
use archive::log::VerifierKey;

use crate::instance::Place;
use crate::paint;

/// Check an evidence bundle offline, or the whole store against its log
///
/// The exit status is 0 only if every check holds and the bundle is signed by a key that you trust: the one of --key, else that of this
/// instance's log. Where there is neither, it is 1.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The bundle
    #[arg(required_unless_present = "store")]
    file: Option<PathBuf>,
    /// Check every hash, excerpt, date and log entry of this instance's store
    #[arg(long, conflicts_with = "file")]
    store: bool,
    /// The log's public key as published elsewhere (name+hash+base64), or a file with it; without, that of this instance's log
    #[arg(long, value_name = "KEY", conflicts_with = "store")]
    key: Option<String>,
    /// Trust no key, and check only that the bundle agrees with itself (status 0 if so): anybody can make one that does
    #[arg(long, conflicts_with_all = ["key", "store"])]
    integrity_only: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Status 1 if a check fails, or a bundle is signed by no key that is trusted.
pub async fn run(place: &Place, args: Args) -> crate::Answer {
    match &args.file {
        Some(file) => bundle(place, file, &args).await,
        None => store(place, args.json).await,
    }
}

async fn bundle(place: &Place, file: &Path, args: &Args) -> crate::Answer {
    let bytes = std::fs::read(file).with_context(|| file.display().to_string())?;
    let key = match &args.key {
        _ if args.integrity_only => None,
        Some(given) => Some(given_key(given)?),
        None => own_key(place).await?,
    };
    let report = verify_bundle(&bytes, key.as_deref()).with_context(|| file.display().to_string())?;
    if args.json {
        let verdict = Verdict { passed: report.passed(), trusted: report.trusted(), report: &report };
        println!("{}", serde_json::to_string_pretty(&verdict)?);
    } else {
        tell(&report, args, place);
    }
    Ok(report.trusted() || args.integrity_only && report.passed())
}

/// The report with what it comes to, for programs.
#[derive(serde::Serialize)]
struct Verdict<'a> {
    /// No check failed.
    passed: bool,
    /// And the key is one that is trusted.
    trusted: bool,
    #[serde(flatten)]
    report: &'a VerifyReport,
}

fn tell(report: &VerifyReport, args: &Args, place: &Place) {
    let record = &report.record;
    let named = format!("{}: {}, {}, captured {}", record.record, record.platform, record.document, record.captured_at);
    println!("{}\n{}\n", paint::plain(&named), paint::plain(&record.url));
    report.to_string().lines().for_each(|line| println!("{}", paint::plain(line)));
    match (report.passed(), report.trusted()) {
        (false, _) => println!("\nNot verified: do not rely on this bundle."),
        (true, true) => println!("\nVerified."),
        (true, false) if args.integrity_only => {
            println!("\nIt agrees with itself. Who signed it is not checked: anybody can make such a bundle.");
        }
        (true, false) => println!(
            "\nNot verified: it agrees with itself, but only the key inside it has signed it, as anybody's can. Give the log's published \
             key with --key."
        ),
    }
    if !report.passed() && args.key.is_none() && !args.integrity_only {
        println!("If it is of another instance than {}, give that log's published key with --key.", place.name());
    }
}

/// The key that is given, or the one in the file that is.
fn given_key(given: &str) -> anyhow::Result<String> {
    let Err(no_key) = given.parse::<VerifierKey>() else { return Ok(given.into()) };
    let text = std::fs::read_to_string(given).map_err(|error| {
        anyhow!("--key {given}: the file cannot be read: {error}; and it is no key itself: {no_key}")
    })?;
    let key = text.trim();
    key.parse::<VerifierKey>().with_context(|| format!("--key {given}: what is in this file is no key"))?;
    Ok(key.into())
}

/// The key of this instance's log; none if there is no store.
async fn own_key(place: &Place) -> anyhow::Result<Option<String>> {
    if !place.has_store() {
        return Ok(None);
    }
    let atlas = place.open().await.context("the key of this instance's log cannot be had; give one with --key")?;
    Ok(Some(atlas.log_key()))
}

async fn store(place: &Place, json: bool) -> crate::Answer {
    let atlas = place.open_existing().await?;
    let problems = atlas.check().await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&problems)?);
        return Ok(problems.is_empty());
    }
    for problem in &problems {
        eprintln!("clausewatch: {}", paint::plain(&problem.to_string()));
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
