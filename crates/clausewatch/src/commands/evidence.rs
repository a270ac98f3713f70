//! `clausewatch evidence`: the evidence bundle of a record.
use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use atlas::ids::{DocumentId, ProvisionId};

use crate::instance::Place;
use crate::output::Output;

/// Write the evidence bundle of a provision or of a document's version
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A provision (CW-P-010578), a document (CW-D-00784) or one of its versions (CW-D-00784/3)
    record: String,
    /// File to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// Writes the bundle; an existing file is replaced only by a whole one.
pub async fn run(place: &Place, args: Args) -> crate::Answer {
    let atlas = place.open_existing().await?;
    let (id, number) = match args.record.split_once('/') {
        Some((id, number)) => (id, Some(number.parse::<i64>().context("the version after the / is not a number")?)),
        None => (args.record.as_str(), None),
    };
    let evidence = if let Ok(provision) = id.parse::<ProvisionId>() {
        let record = atlas.provision(provision).await?.with_context(|| format!("there is no record {provision}"))?;
        atlas.evidence(record.document, number.unwrap_or(record.last_version), Some(provision)).await?
    } else {
        let document: DocumentId = id.parse()?;
        let record = atlas.document(document).await?.with_context(|| format!("there is no record {document}"))?;
        atlas.evidence(document, number.unwrap_or(record.versions), None).await?
    };
    let bytes = evidence.bundle()?;
    let mut file = Output::new(Some(&args.output))?;
    file.write_all(&bytes)?;
    file.finish()?;
    println!(
        "{}: {} bytes; check it with: clausewatch verify {} --key {}",
        args.output.display(),
        bytes.len(),
        args.output.display(),
        atlas.log_key()
    );
    Ok(true)
}
