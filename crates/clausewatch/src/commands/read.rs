//! `clausewatch read`: what a document says, without keeping anything.
use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use archive::warc::WarcReader;
use document::{Reading, Source};
use provisions::{Provision, Reader, taxonomy};
use serde_json::{Value, json};

use crate::paint;

/// Read documents and show their provisions; nothing is kept
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A file, an address, or - for standard input; with --jsonl also folders and WARC files
    #[arg(required = true)]
    paths: Vec<String>,
    /// Print JSON
    #[arg(long, conflicts_with = "jsonl")]
    json: bool,
    /// Print one line of JSON for each page: source, url, title, language, markdown, clauses
    #[arg(long)]
    jsonl: bool,
    /// A network that may be reached though it is private, when an address is read
    #[arg(long = "allow-network", value_name = "NETWORK")]
    allowed: Vec<fetch::IpNet>,
}

/// Bytes and what is known about them.
struct Input {
    source: String,
    url: Option<String>,
    content_type: Option<String>,
    bytes: Vec<u8>,
}

/// Reads each input; those that fail are named and the others are read.
pub async fn run(args: Args) -> crate::Answer {
    let mut sound = true;
    for path in &args.paths {
        let inputs: Vec<anyhow::Result<Input>> =
            if args.jsonl { many(path, &args).await } else { vec![one(path, &args).await] };
        for input in inputs {
            let read = match input {
                Ok(input) => read(input).await,
                Err(error) => Err(error),
            };
            match read {
                Ok((input, reading)) if args.jsonl => line(&input, &reading)?,
                Ok((input, reading)) if args.json => {
                    println!("{}", serde_json::to_string_pretty(&whole(&input, &reading))?)
                }
                Ok((input, reading)) => table(&input, &reading)?,
                Err(error) => {
                    sound = false;
                    eprintln!("clausewatch: {error:#}");
                }
            }
        }
    }
    Ok(sound)
}

async fn read(input: Input) -> anyhow::Result<(Input, Reading)> {
    let source = Source {
        bytes: &input.bytes,
        content_type: input.content_type.as_deref(),
        url: input.url.as_deref(),
        ..Source::default()
    };
    let reading =
        tracker::reading::read(source).await.map_err(|reason| anyhow::anyhow!("{}: {reason}", input.source))?;
    Ok((input, reading))
}

async fn one(path: &str, args: &Args) -> anyhow::Result<Input> {
    if path == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).context("standard input")?;
        return Ok(Input { source: "standard input".into(), url: None, content_type: None, bytes });
    }
    if path.starts_with("http://") || path.starts_with("https://") {
        return fetched(path, args).await;
    }
    file(Path::new(path))
}

async fn fetched(url: &str, args: &Args) -> anyhow::Result<Input> {
    let settings = fetch::Settings { allowed: args.allowed.clone(), ..fetch::Settings::default() };
    let request = fetch::Request { url: url.into(), ..fetch::Request::default() };
    match fetch::Fetcher::new(settings)?.fetch(&request).await? {
        fetch::Fetched::Document(page) => {
            let content_type = page.header("content-type").map(str::to_string);
            Ok(Input { source: url.into(), url: Some(page.url), content_type, bytes: page.body })
        }
        fetch::Fetched::NotModified => anyhow::bail!("{url}: the server says “not modified”, though nothing was asked"),
    }
}

fn file(path: &Path) -> anyhow::Result<Input> {
    let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
    // Markdown and plain text look alike; a file's name says which it is.
    let content_type = match path.extension().and_then(|ending| ending.to_str()) {
        Some("md" | "markdown") => Some("text/markdown"),
        Some("txt") => Some("text/plain"),
        Some("html" | "htm" | "xhtml") => Some("text/html"),
        Some("pdf") => Some("application/pdf"),
        _ => None,
    };
    Ok(Input { source: path.display().to_string(), url: None, content_type: content_type.map(str::to_string), bytes })
}

/// All documents of a path: a folder's files in order, a WARC file's responses, or the one file.
async fn many(path: &str, args: &Args) -> Vec<anyhow::Result<Input>> {
    let root = Path::new(path);
    if !root.is_dir() {
        return if is_warc(root) { warc(root) } else { vec![one(path, args).await] };
    }
    let mut files = Vec::new();
    if let Err(error) = list(root, &mut files) {
        return vec![Err(error)];
    }
    files.sort();
    let readable = |path: &PathBuf| {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or("");
        matches!(ending, "html" | "htm" | "xhtml" | "pdf" | "md" | "markdown" | "txt") || is_warc(path)
    };
    files.retain(readable);
    files.iter().flat_map(|path| if is_warc(path) { warc(path) } else { vec![file(path)] }).collect()
}

fn is_warc(path: &Path) -> bool {
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().to_lowercase());
    name.ends_with(".warc") || name.ends_with(".warc.gz")
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        // Links are not followed: they may lead in circles.
        match entry.file_type()? {
            kind if kind.is_dir() => list(&entry.path(), files)?,
            kind if kind.is_file() => files.push(entry.path()),
            _ => {}
        }
    }
    Ok(())
}

fn warc(path: &Path) -> Vec<anyhow::Result<Input>> {
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) => return vec![Err(anyhow::Error::new(error).context(path.display().to_string()))],
    };
    let name = path.display().to_string();
    let input = |capture: archive::warc::Capture| {
        let find = |(name, value): &(String, String)| name.eq_ignore_ascii_case("content-type").then(|| value.clone());
        let content_type = capture.headers.iter().find_map(find);
        Input { source: format!("{name}#{}", capture.url), url: Some(capture.url), content_type, bytes: capture.body }
    };
    WarcReader::new(std::io::BufReader::new(file))
        .captures()
        .map(|record| record.map(input).map_err(|error| anyhow::anyhow!("{name}: {error}")))
        .collect()
}

fn clauses(reading: &Reading) -> Vec<Value> {
    let clause = |clause: &document::Clause| {
        json!({
            "start": clause.range.start,
            "end": clause.range.end,
            "kind": match clause.kind {
                document::ClauseKind::Heading(_) => "heading",
                document::ClauseKind::Paragraph => "paragraph",
                document::ClauseKind::Item(_) => "item",
                document::ClauseKind::Row => "row",
            },
            "number": clause.number,
            "text": reading.text[clause.range.clone()],
        })
    };
    reading.structure.clauses.iter().map(clause).collect()
}

fn line(input: &Input, reading: &Reading) -> anyhow::Result<()> {
    let value = json!({
        "source": input.source,
        "url": input.url,
        "title": reading.title,
        "language": reading.language,
        "markdown": reading.text,
        "clauses": clauses(reading),
    });
    writeln!(std::io::stdout(), "{value}")?;
    Ok(())
}

fn found(reading: &Reading) -> Vec<Provision> {
    provisions::analyse(Reader::embedded(), &reading.text, &reading.structure)
}

fn whole(input: &Input, reading: &Reading) -> Value {
    let date = |date: Option<document::Date>| date.map(|d| format!("{:04}-{:02}-{:02}", d.year, d.month, d.day));
    let provision = |provision: &Provision| {
        json!({
            "type": provision.type_id,
            "title": taxonomy().get(provision.type_id).map(|kind| kind.title.clone()),
            "severity": provision.severity,
            "confidence": provision.confidence,
            "score": provision.score,
            "reasons": provision.reasons,
            "facts": provision.facts,
            "start": provision.excerpt.start,
            "end": provision.excerpt.end,
            "excerpt": reading.text[provision.excerpt.clone()],
        })
    };
    json!({
        "source": input.source,
        "url": input.url,
        "title": reading.title,
        "language": reading.language,
        "text_sha256": archive::Sha256Digest::of(reading.text.as_bytes()).to_string(),
        "updated": date(reading.structure.dates.updated),
        "effective": date(reading.structure.dates.effective),
        "terms": reading.structure.terms.iter().map(|term| term.term.clone()).collect::<Vec<_>>(),
        "markdown": reading.text,
        "clauses": clauses(reading),
        "provisions": found(reading).iter().map(provision).collect::<Vec<_>>(),
        "analyser": Reader::embedded().version(),
    })
}

/// The table for people: most severe first, each with its words.
fn table(input: &Input, reading: &Reading) -> anyhow::Result<()> {
    let colours = paint::colours();
    let mut out = std::io::stdout().lock();
    let title = reading.title.clone().unwrap_or_else(|| input.source.clone());
    writeln!(out, "{}", paint::bold(&title, colours))?;
    writeln!(out, "{}\n", about(reading))?;
    let mut list = found(reading);
    if list.is_empty() {
        writeln!(out, "No provision was found.")?;
        return Ok(());
    }
    list.sort_by_key(|p| (std::cmp::Reverse(p.severity), std::cmp::Reverse(p.confidence), p.excerpt.start));
    for provision in &list {
        let Some(kind) = taxonomy().get(provision.type_id) else { continue };
        let severity = paint::severity(provision.severity, colours);
        writeln!(
            out,
            "{severity}  {}  ({} confidence)",
            paint::bold(&kind.title, colours),
            provision.confidence.to_string().to_lowercase()
        )?;
        let excerpt = paint::clip(&reading.text[provision.excerpt.clone()], 260);
        writeln!(out, "{}", paint::wrap(&format!("“{excerpt}”"), 10))?;
        for reason in &provision.reasons {
            writeln!(out, "{}", paint::wrap(reason, 10))?;
        }
        writeln!(out)?;
    }
    if std::io::stdout().is_terminal() {
        writeln!(
            out,
            "Read by a machine, which errs at measured rates; not legal advice. --json has byte ranges and hashes."
        )?;
    }
    Ok(())
}

/// "English · last updated 2024-03-01 · 86 clauses"
fn about(reading: &Reading) -> String {
    let mut parts = Vec::new();
    parts.extend(reading.language.as_ref().map(|code| format!("language {code}")));
    let date = |label: &str, date: Option<document::Date>| {
        date.map(|d| format!("{label} {:04}-{:02}-{:02}", d.year, d.month, d.day))
    };
    parts.extend(date("last updated", reading.structure.dates.updated));
    parts.extend(date("effective", reading.structure.dates.effective));
    parts.push(format!("{} clauses", reading.structure.clauses.iter().filter(|clause| !clause.is_heading()).count()));
    parts.join(" · ")
}
