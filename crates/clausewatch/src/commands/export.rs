//! `clausewatch export`: the record in open formats.
use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use atlas::Atlas;
use atlas::records::Provision;
use clap::ValueEnum;

use crate::instance::Place;
use crate::output::Output;
use crate::paint;

/// Write the record in an open format
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to write: captures as WARC, provisions as JSON lines or CSV, or a platform's file for the catalog
    format: Format,
    /// The platform whose file for the catalog is written, by its name in addresses
    #[arg(long, value_name = "PLATFORM", required_if_eq("format", "catalog"))]
    platform: Option<String>,
    /// File to write; standard output by default
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Warc,
    Jsonl,
    Csv,
    Catalog,
}

/// Streams document by document, so that memory stays small.
pub async fn run(place: &Place, args: Args) -> crate::Answer {
    let platform = args.platform.as_deref();
    anyhow::ensure!(platform.is_none() || matches!(args.format, Format::Catalog), "--platform is for the catalog only");
    let atlas = place.open_existing().await?;
    let file = match platform {
        Some(name) => match tracker::catalog::stored(&atlas, name).await? {
            Some(text) => text,
            None => anyhow::bail!("there is no platform {name:?} in {}", place.name()),
        },
        None => String::new(),
    };
    let mut out = Output::new(args.output.as_deref())?;
    match args.format {
        Format::Warc => warc(&atlas, &mut out).await?,
        Format::Jsonl => rows(&atlas, &mut out, |provision| Ok(serde_json::to_string(provision)?)).await?,
        Format::Csv => {
            writeln!(out, "{}", COLUMNS.join(","))?;
            rows(&atlas, &mut out, |provision| Ok(csv(provision))).await?;
        }
        Format::Catalog => out.write_all(file.as_bytes())?,
    }
    out.finish()?;
    Ok(true)
}

async fn rows(
    atlas: &Atlas,
    out: &mut dyn Write,
    row: impl Fn(&Provision) -> anyhow::Result<String>,
) -> anyhow::Result<()> {
    for document in atlas.documents().await? {
        for provision in atlas.document_provisions(document.id, true).await? {
            writeln!(out, "{}", row(&provision)?)?;
        }
    }
    Ok(())
}

const COLUMNS: &[&str] = &[
    "id",
    "platform",
    "document",
    "document_type",
    "clause_type",
    "severity",
    "confidence",
    "score",
    "first_version",
    "last_version",
    "removed_version",
    "first_seen",
    "last_verified",
    "excerpt",
];

fn csv(p: &Provision) -> String {
    let cells = [
        p.id.to_string(),
        p.platform.clone(),
        p.document.to_string(),
        p.document_kind.clone(),
        p.clause_type.clone(),
        p.severity.to_string(),
        p.confidence.to_string(),
        format!("{:.4}", p.score),
        p.first_version.to_string(),
        p.last_version.to_string(),
        p.removed_version.map(|version| version.to_string()).unwrap_or_default(),
        paint::day(p.first_seen_ms),
        paint::day(p.last_verified_ms),
        p.excerpt.clone(),
    ];
    alerts::csv::line(&cells)
}

async fn warc(atlas: &Atlas, out: &mut dyn Write) -> anyhow::Result<()> {
    let mut writer = archive::warc::WarcWriter::new(out, true);
    for document in atlas.documents().await? {
        for capture in atlas.captures(document.id).await? {
            let body =
                atlas.capture_body(capture.id).await?.with_context(|| format!("capture {} has no body", capture.id))?;
            let id = format!("urn:clausewatch:capture:{}", capture.id);
            let response = archive::warc::Capture {
                id: id.clone(),
                url: capture.url.clone().unwrap_or_else(|| format!("urn:clausewatch:{}", document.id)),
                at_ms: capture.at_ms,
                status: capture.status,
                headers: capture.headers.clone(),
                body,
            };
            writer.response(&id, &response)?;
        }
    }
    Ok(())
}
