//! `clausewatch read`: what a document says, without keeping anything.
use std::collections::VecDeque;
use std::io::Write;

use document::Reading;
use provisions::{Provision, Reader, taxonomy};
use serde_json::{Value, json};

use crate::commands::read_table;
use crate::inputs::{self, Input, Inputs, Reach};
use crate::paint;

/// Read documents and show their provisions; nothing is kept
///
/// Prints what a person bound by the document should know, most severe first. HTML, PDF, Markdown and plain text are told apart by their
/// bytes. An input that cannot be read is named on standard error, the others are read, and the status is 1.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A file, an address, or - for standard input; with --jsonl also folders and WARC files
    #[arg(required = true)]
    paths: Vec<String>,
    /// Show every provision with its words, also the less severe ones
    #[arg(long, conflicts_with_all = ["json", "jsonl"])]
    all: bool,
    /// Print JSON: the text, its clauses and provisions, with byte ranges and hashes
    #[arg(long, conflicts_with = "jsonl")]
    json: bool,
    /// Print one line of JSON for each page: source, url, title, language, markdown, clauses
    #[arg(long)]
    jsonl: bool,
    /// What kind of document it is, for example "Privacy Policy": of several documents on one page, that one is read
    ///
    /// If this is not given, and the name of the file, of its folder or the end of the address is a title of a kind (Plum/Privacy Policy.html,
    /// privacy-policy/2024.html, https://plum.example/terms-of-use), it is that kind.
    #[arg(long, value_name = "TYPE", value_parser = kind)]
    kind: Option<&'static str>,
    #[command(flatten)]
    reach: Reach,
}

/// A terms type by its name, however its letters are.
fn kind(name: &str) -> Result<&'static str, String> {
    let known = || document::kinds();
    known()
        .find(|known| known.eq_ignore_ascii_case(name.trim()))
        .ok_or_else(|| format!("it is one of: {}", known().collect::<Vec<_>>().join(", ")))
}

/// A document being read.
type Pending = tokio::task::JoinHandle<anyhow::Result<(Input, Reading)>>;

/// Reads each input; those that fail are named and the others are read.
pub async fn run(args: Args) -> crate::Answer {
    let mut output = Output { args: &args, sound: true, pending: VecDeque::new(), shown: 0 };
    let most = std::thread::available_parallelism().map_or(2, |cores| cores.get());
    for path in &args.paths {
        match if args.jsonl { Inputs::many(path) } else { Inputs::one(path) } {
            Inputs::Url(url) => {
                let input = inputs::fetched(&url, &args.reach).await;
                output.start(input);
            }
            Inputs::Stored(stored) => {
                for input in stored {
                    output.start(input);
                    output.show(most).await?;
                }
            }
        }
    }
    output.show(0).await?;
    Ok(output.sound)
}

/// What was read, printed in the order of the inputs though they are read side by side.
struct Output<'a> {
    args: &'a Args,
    sound: bool,
    pending: VecDeque<Pending>,
    shown: usize,
}

impl Output<'_> {
    fn start(&mut self, input: anyhow::Result<Input>) {
        let kind = self.args.kind;
        self.pending.push_back(tokio::spawn(async move { inputs::read(input?, kind).await }));
    }

    /// Prints until at most `most` documents are being read.
    async fn show(&mut self, most: usize) -> anyhow::Result<()> {
        while self.pending.len() > most {
            let Some(first) = self.pending.pop_front() else { break };
            match first.await? {
                Ok((input, reading)) => self.print(&input, &reading)?,
                Err(error) => {
                    self.sound = false;
                    eprintln!("clausewatch: {}", paint::plain_lines(&format!("{error:#}")));
                }
            }
        }
        Ok(())
    }

    fn print(&mut self, input: &Input, reading: &Reading) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        if self.args.jsonl {
            writeln!(out, "{}", line(input, reading))?;
        } else if self.args.json {
            writeln!(out, "{}", serde_json::to_string_pretty(&whole(input, reading))?)?;
        } else {
            if self.shown > 0 {
                writeln!(out, "\n")?;
            }
            read_table::print(&mut out, &input.source, reading, &found(reading), self.args.all)?;
        }
        self.shown += 1;
        Ok(())
    }
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

fn line(input: &Input, reading: &Reading) -> Value {
    json!({
        "source": input.source,
        "url": input.url,
        "title": reading.title,
        "language": reading.language,
        "markdown": reading.text,
        "clauses": clauses(reading),
    })
}

fn found(reading: &Reading) -> Vec<Provision> {
    provisions::analyse(Reader::embedded(), &reading.text, &reading.structure)
}

fn whole(input: &Input, reading: &Reading) -> Value {
    let date = |date: Option<document::Date>| date.map(|date| date.to_string());
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
