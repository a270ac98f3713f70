//! `clausewatch watch`: what you watch, and what changed in it.
use std::io::Read;
use std::path::PathBuf;

use alerts::exchange;
use alerts::plans::Plans;
use anyhow::Context;
use archive::instant::DAY_MS;
use atlas::Atlas;
use atlas::watching::{ChannelId, NewWatch, PersonId, Subject, Threshold, Watch, WatchId};
use provisions::Severity;
use serde_json::json;

use crate::instance::{Place, now_ms};
use crate::paint::{self, counted, day};

const OWNER: PersonId = PersonId::OWNER;

/// Watch platforms, documents, clause types and more, and be told what changes
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Add(Add),
    List(List),
    Remove(Remove),
    Import(Import),
    Export(Export),
    Report(Report),
}

/// Watch something, or change how you watch it
#[derive(Debug, clap::Args)]
struct Add {
    /// platform:SLUG, CW-D-…, CW-P-… (one provision through all its wordings), type:ID, category:ID, regulation:ID or search:WORDS
    #[arg(value_parser = exchange::read, required = true)]
    subjects: Vec<Subject>,
    /// Minor changes too, not only material ones
    #[arg(long)]
    minor: bool,
    /// Only if a provision of at least this severity is touched: low, medium, high, critical
    #[arg(long, value_parser = severity)]
    severity: Option<Severity>,
    /// Only if a provision became stricter for the people bound
    #[arg(long)]
    stricter: bool,
    /// When to be told: "change" (at once), "day 8" (a digest at 8:00), "monday 8"
    #[arg(long, default_value = "change")]
    every: String,
    /// Over which channels, by number; over all if none is named
    #[arg(long = "channel", value_name = "NUMBER")]
    channels: Vec<ChannelId>,
    /// A note of your own
    #[arg(long, default_value = "")]
    note: String,
    /// A tag of your own
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
}

/// List what you watch
#[derive(Debug, clap::Args)]
struct List {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Watch something no more
#[derive(Debug, clap::Args)]
struct Remove {
    /// Numbers of the watches
    #[arg(required = true)]
    watches: Vec<WatchId>,
}

/// Add the watches of a file: CSV (the columns that `export` writes; only "subject" is needed) or OPML
#[derive(Debug, clap::Args)]
struct Import {
    /// The file; - for standard input
    file: PathBuf,
}

/// Write what you watch to standard output
#[derive(Debug, clap::Args)]
struct Export {
    /// csv, or opml for feed readers
    #[arg(long, default_value = "csv", value_parser = ["csv", "opml"])]
    format: String,
    /// Address of the site, for the feeds in OPML
    #[arg(long, value_name = "URL", env = "CLAUSEWATCH_PUBLIC_URL", default_value = "http://127.0.0.1:8080")]
    public_url: String,
}

/// What changed in what you watch, the most severe first
#[derive(Debug, clap::Args)]
struct Report {
    /// Days to look back
    #[arg(long, default_value_t = 30)]
    days: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn severity(name: &str) -> Result<Severity, String> {
    Severity::parse(name).ok_or_else(|| "a severity is low, medium, high or critical".into())
}

/// Status 1 if something that is named is not there.
pub async fn run(place: &Place, args: Args) -> crate::Answer {
    let atlas = place.open().await?;
    match args.verb {
        Verb::Add(args) => add(&atlas, args).await,
        Verb::List(args) => list(&atlas, args.json).await,
        Verb::Remove(args) => remove(&atlas, &args.watches).await,
        Verb::Import(args) => import(&atlas, &args.file).await,
        Verb::Export(args) => export(&atlas, &args).await,
        Verb::Report(args) => report(&atlas, &args).await,
    }
}

/// Whether a subject is there to be watched; says so if not.
async fn is_there(atlas: &Atlas, subject: &Subject) -> anyhow::Result<bool> {
    let found = alerts::known_subject(atlas, subject).await?.is_some();
    if !found {
        eprintln!("clausewatch: there is no {} to watch", exchange::written(subject));
    }
    Ok(found)
}

async fn add(atlas: &Atlas, args: Add) -> crate::Answer {
    let cadence = exchange::read_every(&args.every).map_err(anyhow::Error::msg)?;
    let channels = (!args.channels.is_empty()).then_some(args.channels);
    let threshold = Threshold { minor: args.minor, severity: args.severity, stricter: args.stricter };
    let mut all = true;
    for subject in args.subjects {
        if !is_there(atlas, &subject).await? {
            all = false;
            continue;
        }
        let (channels, note, tags) = (channels.clone(), args.note.clone(), args.tags.clone());
        let watch =
            atlas.put_watch(OWNER, &NewWatch { subject, threshold, cadence, channels, note, tags }, now_ms()).await?;
        println!("{}", line(atlas, &watch).await?);
    }
    Ok(all)
}

/// A watch in a line.
async fn line(atlas: &Atlas, watch: &Watch) -> anyhow::Result<String> {
    let asks = &watch.asks;
    let name = alerts::subject_name(atlas, &asks.subject).await?;
    let mut words = format!("{:>4}  {name}: ", watch.id);
    words += &alerts::matching::threshold(&asks.threshold);
    words += &format!(", {}", alerts::cadence_in_words(asks.cadence));
    if let Some(channels) = &asks.channels {
        let channels: Vec<String> = channels.iter().map(ToString::to_string).collect();
        words += &match channels.as_slice() {
            [] => ", over no channel".to_string(),
            [only] => format!(", over channel {only}"),
            several => format!(", over channels {}", several.join(", ")),
        };
    }
    for more in asks
        .tags
        .iter()
        .map(|tag| format!(" #{tag}"))
        .chain((!asks.note.is_empty()).then(|| format!(" ({})", asks.note)))
    {
        words += &more;
    }
    Ok(paint::plain(&words))
}

async fn list(atlas: &Atlas, as_json: bool) -> crate::Answer {
    let watches = atlas.watches(OWNER).await?;
    if as_json {
        println!("{}", serde_json::to_string_pretty(&watches)?);
        return Ok(true);
    }
    for watch in &watches {
        println!("{}", line(atlas, watch).await?);
    }
    if watches.is_empty() {
        println!("you watch nothing; begin with: clausewatch watch add platform:SLUG");
    }
    Ok(true)
}

async fn remove(atlas: &Atlas, watches: &[WatchId]) -> crate::Answer {
    let mut all = true;
    for id in watches {
        if !atlas.remove_watch(OWNER, *id).await? {
            eprintln!("clausewatch: there is no watch {id}; `clausewatch watch list` shows their numbers");
            all = false;
        }
    }
    Ok(all)
}

async fn import(atlas: &Atlas, file: &PathBuf) -> crate::Answer {
    let mut text = String::new();
    match file.to_str() {
        Some("-") => drop(std::io::stdin().read_to_string(&mut text).context("standard input cannot be read")?),
        _ => text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?,
    }
    let listed = exchange::Listed::read(&text).with_context(|| file.display().to_string())?;
    let import = alerts::import(atlas, &Plans::default(), OWNER, &listed, now_ms()).await?;
    for (subject, why) in &import.refused {
        eprintln!("clausewatch: {} is not watched: {}", paint::plain(subject), paint::plain(&why.to_string()));
    }
    println!("{}", counted(import.kept, "watch", "watches"));
    Ok(import.refused.is_empty())
}

async fn export(atlas: &Atlas, args: &Export) -> crate::Answer {
    let watches: Vec<NewWatch> = atlas.watches(OWNER).await?.into_iter().map(|watch| watch.asks).collect();
    if args.format == "csv" {
        print!("{}", exchange::to_csv(watches.iter()));
        return Ok(true);
    }
    let mut named = Vec::new();
    for watch in &watches {
        named.push((watch, alerts::subject_name(atlas, &watch.subject).await?));
    }
    print!("{}", exchange::to_opml(named.into_iter(), &args.public_url));
    Ok(true)
}

async fn report(atlas: &Atlas, args: &Report) -> crate::Answer {
    let to_ms = now_ms();
    let report = alerts::report(atlas, OWNER, to_ms - i64::from(args.days) * DAY_MS, to_ms, usize::MAX).await?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&json!(report))?);
        return Ok(true);
    }
    let colours = paint::colours();
    for line in &report.changes {
        let severity = line.severity.map_or_else(|| "-".into(), |severity| paint::severity(severity, colours));
        let headline = paint::bold(&paint::plain(&line.headline), colours);
        println!("{}  {severity}  {}  {}: {headline}", line.change, day(line.seen_ms), paint::plain(&line.document));
    }
    let counts: Vec<String> = report
        .by_severity()
        .into_iter()
        .map(|(severity, count)| match severity {
            Some(severity) => format!("{count} up to severity {severity}"),
            None => format!("{count} that touch no provision"),
        })
        .collect();
    let of = if counts.is_empty() { String::new() } else { format!(": {}", counts.join(", ")) };
    println!("{} in {} days{of}", counted(report.changes.len(), "change", "changes"), args.days);
    Ok(true)
}
