//! `clausewatch backfill`: documents' pasts from the Wayback Machine.
use std::collections::HashSet;
use std::time::Duration;

use anyhow::Context;
use atlas::ids::DocumentId;
use atlas::records::Document;
use atlas::{Atlas, Work};
use provisions::Reader;
use serde_json::json;
use tracker::backfill::{Backfill, Filled, Wanted};
use witness::Archive;

use crate::commands::work::Sources;
use crate::inputs::is_url;
use crate::instance::{Place, now_ms};
use crate::paint;
use crate::witnessing::Server;

/// A rest of the archive that is waited for.
const LONGEST_WAIT_MS: i64 = 25 * 60 * 1000;

/// Fetch what the Wayback Machine has of documents' pasts
///
/// Captures with another body than the one before are fetched one after the other, some fifteen a minute, and taken in as versions in the
/// order of their times, which are the archive's word, as are the bytes. A run that is stopped goes on where it was. Nothing is put before a
/// version that is recorded already: bring the past in before a document is checked for the first time, or use --apart.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Documents by ID (CW-D-…) or address, or platforms, whose documents are meant
    #[arg(required = true, value_name = "DOCUMENT")]
    documents: Vec<String>,
    /// Captures from this day on: 2020, 2020-06 or 2020-06-15
    #[arg(long, value_name = "DATE", value_parser = day)]
    since: Option<i64>,
    /// Most captures of each document, and a few more where the first ones may be error pages; the next run goes on after them
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Keep the past apart, as a document of its own beside the one that is tracked
    #[arg(long)]
    apart: bool,
    /// Print JSON, a line for each document
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: Server,
    #[command(flatten)]
    sources: Sources,
}

/// Reads a day.
fn day(text: &str) -> Result<i64, String> {
    let rest = match text.len() {
        4 => "-01-01",
        7 => "-01",
        _ => "",
    };
    let instant = archive::instant::parse(&format!("{text}{rest}T00:00:00Z"));
    instant.ok_or_else(|| "give a year, a month or a day: 2020, 2020-06 or 2020-06-15".into())
}

/// Status 1 if a document has no past that can be asked for, or the archive failed.
pub async fn run(place: &Place, args: Args) -> crate::Answer {
    let atlas = place.open().await?;
    if args.sources.catalog.exists() {
        args.sources.register(&atlas).await?;
    }
    let documents = named(&atlas, &args.documents).await?;
    let archive = args.server.archive(&args.sources, &args.sources.network.outbound()?, None)?;
    let _held = atlas.hold(Work::Import).await?;
    let backfill = Backfill { atlas: &atlas, reader: Reader::embedded(), archive: &archive, now: &now_ms };
    let wanted = Wanted { since_ms: args.since, most: args.limit, apart: args.apart };
    // Whoever tracks beside this leaves alone the documents whose turn is later, too.
    for document in documents.iter().filter(|_| !args.apart) {
        backfill.expect(document).await?;
    }
    let mut sound = true;
    for document in &documents {
        let filled = match one(&backfill, document, wanted).await {
            Ok(filled) => filled,
            Err(error) => {
                sound = false;
                eprintln!("clausewatch: {}", paint::plain_lines(&format!("{error:#}")));
                continue;
            }
        };
        sound &= filled.stopped.is_none();
        tell(document, &filled, &archive, args.json);
    }
    atlas.index_pending().await?;
    Ok(sound)
}

/// The documents that are meant.
async fn named(atlas: &Atlas, names: &[String]) -> anyhow::Result<Vec<Document>> {
    let all = atlas.documents().await?;
    let mut found: Vec<Document> = Vec::new();
    for name in names {
        let id = name.parse::<DocumentId>().ok();
        let slug = tracker::slug(name);
        let is_meant = |document: &&Document| match id {
            Some(id) => document.id == id,
            None if is_url(name) => document.urls.iter().any(|url| tracker::adopt::same_address(url, name)),
            // What was imported has no address that an archive could be asked about.
            None => document.platform.slug == slug && document.urls.len() == 1,
        };
        let before = found.len();
        found.extend(all.iter().filter(is_meant).cloned());
        anyhow::ensure!(
            found.len() > before,
            "there is no document {name}: give its ID, its address or its platform, and add it to the catalog first"
        );
    }
    let mut seen = HashSet::new();
    found.retain(|document| seen.insert(document.id));
    Ok(found)
}

/// Fetches a document's past. An archive that wants rest gets it, if that is not long.
async fn one(backfill: &Backfill<'_>, document: &Document, wanted: Wanted) -> anyhow::Result<Filled> {
    let bar = paint::progress("fetching");
    let moves = |done: usize, all: usize| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    };
    let name = backfill.archive.name();
    let mut total: Option<Filled> = None;
    loop {
        if let Some((until_ms, reason)) = backfill.atlas.archive_rests(name, now_ms()).await? {
            let wait_ms = until_ms - now_ms();
            let until = archive::instant::format(until_ms / 1000 * 1000);
            if wait_ms > LONGEST_WAIT_MS {
                bar.finish_and_clear();
                let Some(total) = total else { anyhow::bail!("{name} is left alone until {until}: {reason}") };
                return Ok(total);
            }
            bar.suspend(|| eprintln!("clausewatch: {}; it goes on at {until}", paint::plain(&reason)));
            tokio::time::sleep(Duration::from_millis(wait_ms.max(0).cast_unsigned())).await;
        }
        let filled = backfill.run(document.id, wanted, &moves).await;
        let filled = filled.with_context(|| document.id.to_string())?;
        let goes_on = filled.stopped.is_some();
        total = Some(match total.take() {
            Some(before) => before.and(filled),
            None => filled,
        });
        if !goes_on {
            bar.finish_and_clear();
            return total.context("nothing was fetched");
        }
    }
}

fn tell(document: &Document, filled: &Filled, archive: &Archive, as_json: bool) {
    if as_json {
        println!("{}", json!({"of": document.id, "archive": archive.name(), "filled": filled}));
        return;
    }
    for passed in &filled.passed_over {
        eprintln!("clausewatch: not taken in: {}", paint::plain(&passed.to_string()));
    }
    let Filled { listed, versions, confirmed, earlier, left, .. } = filled;
    println!(
        "{}  {} added to {}, {} of a known text, {} not taken in; {} had {listed} new ones",
        document.id,
        paint::counted(*versions, "version", "versions"),
        filled.document,
        paint::counted(*confirmed, "capture", "captures"),
        filled.passed_over.len(),
        archive.name()
    );
    if *earlier > 0 {
        println!(
            "{}  {} older than what is recorded of it and cannot be put before: a version’s number stands in the log; --apart keeps \
             them in a document of their own",
            document.id,
            paint::counted(*earlier, "capture is", "captures are")
        );
    }
    if *left > 0 {
        println!(
            "{}  {} left; run it again to go on",
            document.id,
            paint::counted(*left, "capture is", "captures are")
        );
    }
    if let Some(reason) = &filled.stopped {
        eprintln!("clausewatch: {}: ended early: {}", document.id, paint::plain(reason));
    }
}

#[cfg(test)]
mod tests {
    use super::day;

    #[test]
    fn days_can_be_short() {
        assert_eq!(day("2020"), day("2020-01-01"));
        assert_eq!(day("2020-06"), day("2020-06-01"));
        assert_eq!(day("1970-01-02"), Ok(86_400_000));
        for wrong in ["", "x", "20", "2020-", "2020-13", "2020-06-15T", "2020-06-31", "yesterday it was"] {
            assert!(day(wrong).is_err(), "{wrong}");
        }
    }
}
