//! `clausewatch track`: fetch what is due, or some platforms now.
use provisions::Reader;
use tracker::track::{Outcome, Tracker};

use crate::commands::work::{self, Sources};
use crate::instance::{Place, now_ms};

/// Fetch what is due, or the platforms named, now
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Platforms (as in their addresses on the site); all that are due if none is named
    platforms: Vec<String>,
    /// Check what is due once and end, instead of going on
    #[arg(long)]
    once: bool,
    #[command(flatten)]
    sources: Sources,
}

/// Checks documents; status 1 if one failed.
pub async fn run(place: &Place, args: Args) -> crate::Answer {
    let atlas = place.open().await?;
    args.sources.register(&atlas).await?;
    let fetcher = args.sources.fetcher()?;
    if args.platforms.is_empty() && !args.once {
        return work::run(place, work::Args { sources: args.sources }).await;
    }
    let tracker = Tracker { atlas: &atlas, reader: Reader::embedded(), fetcher: &fetcher, now: &now_ms };
    let mut sound = true;
    loop {
        let due = match args.platforms.as_slice() {
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
        if due.is_empty() || !args.platforms.is_empty() {
            break;
        }
    }
    atlas.index_pending().await?;
    Ok(sound)
}
