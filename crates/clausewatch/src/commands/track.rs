//! `clausewatch track`: fetch what is due, some platforms now, or a document of which there is only an address.
use anyhow::Context;
use atlas::jobs::DueDocument;
use atlas::{Atlas, PlatformFilter};
use fetch::Fetcher;
use provisions::Reader;
use tracker::adopt::{self, AdoptError, Adopted, Looked, Said};
use tracker::known;
use tracker::track::{Outcome, Tracker};

use crate::alarm::Operator;
use crate::alerting::Alerting;
use crate::commands::work::{self, Rendering, Sources};
use crate::inputs::is_url;
use crate::instance::{Place, now_ms};
use crate::model::Model;
use crate::paint::{plain, plain_lines};
use crate::witnessing::Witnessing;

/// Fetch what is due, or the platforms and addresses named, now
///
/// An address that the catalog lacks is added to it: whose document it is, of what type and in which language is read off the page.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Platforms, by name, or addresses of documents; all that are due if none is named
    #[arg(value_name = "PLATFORM|URL")]
    platforms: Vec<String>,
    /// Whose the addresses are, where it cannot be told from them
    #[arg(long, value_name = "NAME")]
    platform: Option<String>,
    /// Check what is due once and end, instead of going on
    #[arg(long)]
    once: bool,
    #[command(flatten)]
    sources: Sources,
    #[command(flatten)]
    rendering: Rendering,
    #[command(flatten)]
    alerting: Alerting,
    #[command(flatten)]
    operator: Operator,
    #[command(flatten)]
    model: Model,
    #[command(flatten)]
    witnessing: Witnessing,
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

/// Adds the document at an address to the catalog, and says what was assumed of it.
async fn add(place: &Place, url: &str, args: &Args, fetcher: &Fetcher) -> anyhow::Result<Adopted> {
    let page = adopt::look(fetcher, url).await.map_err(anyhow::Error::msg)?;
    let said = Said { platform: args.platform.clone(), ..Said::default() };
    let adopted = adopt::adopt(&args.sources.catalog, &page.page(), &said).map_err(|error| match error {
        AdoptError::Whose { .. } => anyhow::anyhow!("{url}: {error} with --platform NAME"),
        AdoptError::Wrong(_) => anyhow::anyhow!("{url}: {error}"),
    })?;
    if adopted.is_old() {
        println!("{} is in {} already", adopted.document.url, adopted.path.display());
        return Ok(adopted);
    }
    if let Some(namesake) = known::namesake(&place.open().await?, &adopted).await? {
        anyhow::bail!("{url}: {}, by writing it into {}", known::told(&namesake), adopted.path.display());
    }
    adopted.write().with_context(|| format!("{} cannot be written", adopted.path.display()))?;
    tell(&page, &adopted);
    Ok(adopted)
}

/// Says what was added, and what was assumed of it.
fn tell(page: &Looked, adopted: &Adopted) {
    println!("{} is added to {}:", plain(page.url.as_str()), adopted.path.display());
    if let Some(from) = &page.moved_from {
        println!("  the page has moved for good from {}", plain(from));
    }
    adopted.assumed.iter().for_each(|line| println!("  {}", plain(line)));
    let doubts = adopt::doubts(page, &adopt::provisions(Reader::embedded(), page));
    doubts.iter().for_each(|line| println!("  is it the document? {}", plain(line)));
    println!("  correct it there if something is wrong");
}

/// The documents of the platforms named, and those added.
async fn named(atlas: &Atlas, platforms: &[String], added: &[Adopted]) -> anyhow::Result<Vec<DueDocument>> {
    let mut due = atlas.due_of(platforms).await?;
    for adopted in added {
        let of_platform = atlas.due_of(&[adopted.platform.slug()]).await?;
        let urls = adopted.document.urls();
        let new = of_platform.into_iter().filter(|document| document.urls == urls);
        due.extend(new.filter(|document| !due.iter().any(|known| known.id == document.id)).collect::<Vec<_>>());
    }
    Ok(due)
}

/// Checks documents; status 1 if one failed.
pub async fn run(place: &Place, args: Args) -> crate::Answer {
    let fetcher = args.sources.fetcher(&args.rendering, &args.sources.network.outbound()?)?;
    let (urls, names): (Vec<String>, Vec<String>) = args.platforms.iter().cloned().partition(|name| is_url(name));
    let mut added = Vec::new();
    let mut sound = true;
    for url in &urls {
        match add(place, url, &args, &fetcher).await {
            Ok(adopted) => added.push(adopted),
            Err(error) => {
                sound = false;
                eprintln!("clausewatch: {}", plain_lines(&format!("{error:#}")));
            }
        }
    }
    if !urls.is_empty() && added.is_empty() && names.is_empty() {
        return Ok(false);
    }
    let atlas = place.open().await?;
    args.sources.register(&atlas).await?;
    if args.platforms.is_empty() && !args.once {
        let Args { sources, rendering, alerting, operator, model, witnessing, .. } = args;
        return work::run(place, work::Args { sources, rendering, alerting, operator, model, witnessing }).await;
    }
    let platforms: Vec<String> = names.iter().map(|name| tracker::slug(name)).collect();
    if !known(&atlas, &platforms).await? {
        return Ok(false);
    }
    let tracker = Tracker { atlas: &atlas, reader: Reader::embedded(), fetcher: &fetcher, now: &now_ms };
    loop {
        let due = match args.platforms.as_slice() {
            [] => atlas.due(now_ms(), work::TAKEN).await?,
            _ => named(&atlas, &platforms, &added).await?,
        };
        if due.is_empty() {
            break;
        }
        let mut tell = |document: &DueDocument, outcome: &Outcome| match outcome {
            Outcome::Version(number) => println!("{}  version {number}", document.id),
            Outcome::Unchanged => println!("{}  unchanged", document.id),
            Outcome::Postponed => println!("{}  not asked for: its server asked us to wait", document.id),
            Outcome::Failed { reason, .. } => {
                sound = false;
                eprintln!("clausewatch: {}: {}", document.id, plain(reason));
            }
        };
        tracker.check_all(due, &mut tell).await?;
        if !args.platforms.is_empty() {
            break;
        }
    }
    atlas.index_pending().await?;
    Ok(sound)
}
