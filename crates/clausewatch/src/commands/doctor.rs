//! `clausewatch doctor`: what is wrong with this instance, and what to do.
use serde_json::json;

use crate::instance::Place;

/// Say what is wrong with this instance, and what to do
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Look at the store's tables and documents only, without checking every hash
    #[arg(long)]
    quick: bool,
}

/// Status 1 if something needs attention.
pub async fn run(place: &Place, args: Args) -> crate::Answer {
    let atlas = place.open_existing().await?;
    let counts = atlas.counts().await?;
    let failing = atlas.failing().await?;
    let problems = if args.quick { Vec::new() } else { atlas.check().await? };
    let fingerprint = if args.quick { None } else { Some(atlas.fingerprint().await?) };
    let sound = failing.is_empty() && problems.is_empty();
    if args.json {
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        let failing: Vec<_> = failing
            .iter()
            .map(|doc| json!({"document": doc.id, "failures": doc.failures, "error": doc.error}))
            .collect();
        println!(
            "{}",
            serde_json::to_string_pretty(&json!({
                "counts": counts, "failing": failing, "problems": problems, "fingerprint": fingerprint,
            }))?
        );
        return Ok(sound);
    }
    println!(
        "{} platforms, {} documents, {} versions, {} captures",
        counts.platforms, counts.documents, counts.versions, counts.captures
    );
    println!(
        "{} provisions standing, {} removed; log of {} leaves",
        counts.provisions, counts.removed_provisions, counts.log_size
    );
    if let Some(fingerprint) = fingerprint {
        println!("fingerprint of the content {fingerprint}");
    }
    for document in &failing {
        println!("{}  failed {} times in a row: {}", document.id, document.failures, document.error);
        println!("          open its address in a browser; if the page has moved, change `url` in the catalog");
    }
    for problem in &problems {
        println!("{problem}");
    }
    if !problems.is_empty() {
        println!(
            "{} contradictions: keep this store as it is, and restore a backup beside it to compare",
            problems.len()
        );
    }
    if sound {
        println!(
            "{}",
            if args.quick { "nothing needs attention" } else { "every hash, excerpt, date and log entry is in order" }
        );
    }
    Ok(sound)
}
