//! `clausewatch track`: fetch what is due, or some platforms now.
use atlas::{Atlas, PlatformFilter};
use provisions::Reader;
use tracker::track::{Outcome, Tracker};

use crate::alerting::Alerting;
use crate::commands::work::{self, Sources};
use crate::instance::{Place, now_ms};
use crate::model::Model;

/// Fetch what is due, or the platforms named, now
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Platforms, by name; all that are due if none is named
    platforms: Vec<String>,
    /// Check what is due once and end, instead of going on
    #[arg(long)]
    once: bool,
    #[command(flatten)]
    sources: Sources,
    #[command(flatten)]
    alerting: Alerting,
    #[command(flatten)]
    model: Model,
}

/// Whether all of these platforms can be tracked; says which cannot, and why.
async fn known(atlas: &Atlas, slugs: &[String]) -> anyhow::Result<bool> {
    let mut all = true;
    for slug in slugs {
        let platform = atlas.platform(slug).await?;
        let has_address = platform.as_ref().is_some_and(|p| p.documents.iter().any(|d| !d.urls.is_empty()));
        if has_address {
            continue;
        }
        all = false;
        if platform.is_some() {
            eprintln!("clausewatch: {slug} has no document with an address: add `url` to its file in the catalog");
            continue;
        }
        let filter = PlatformFilter { q: Some(slug.clone()), ..PlatformFilter::default() };
        let near: Vec<String> = atlas.platforms(&filter).await?.into_iter().map(|row| row.platform.slug).collect();
        match near.is_empty() {
            true => eprintln!("clausewatch: there is no platform {slug}: add a file for it to the catalog"),
            false => eprintln!("clausewatch: there is no platform {slug}; there is {}", near.join(", ")),
        }
    }
    Ok(all)
}

/// Checks documents; status 1 if one failed.
pub async fn run(place: &Place, args: Args) -> crate::Answer {
    let atlas = place.open().await?;
    args.sources.register(&atlas).await?;
    let fetcher = args.sources.fetcher()?;
    if args.platforms.is_empty() && !args.once {
        return work::run(place, work::Args { sources: args.sources, alerting: args.alerting, model: args.model })
            .await;
    }
    let platforms: Vec<String> = args.platforms.iter().map(|name| tracker::slug(name)).collect();
    if !known(&atlas, &platforms).await? {
        return Ok(false);
    }
    let tracker = Tracker { atlas: &atlas, reader: Reader::embedded(), fetcher: &fetcher, now: &now_ms };
    let mut sound = true;
    loop {
        let due = match platforms.as_slice() {
            [] => atlas.due(now_ms(), 32).await?,
            slugs => atlas.due_of(slugs).await?,
        };
        for document in &due {
            let outcome = tracker.check(document).await?;
            sound &= !matches!(outcome, Outcome::Failed(_));
            match outcome {
                Outcome::Version(number) => println!("{}  version {number}", document.id),
                Outcome::Unchanged => println!("{}  unchanged", document.id),
                Outcome::Failed(reason) => eprintln!("clausewatch: {}: {reason}", document.id),
            }
        }
        if due.is_empty() || !platforms.is_empty() {
            break;
        }
    }
    atlas.index_pending().await?;
    Ok(sound)
}
