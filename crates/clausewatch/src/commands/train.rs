//! `clausewatch train`.
use std::fmt::Display;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use provisions::corpus::{self, Example};
use provisions::eval::{self, Measures, Prediction};
use provisions::train::{Folds, Options};
use provisions::{card, unfair};

use super::classify::Head;
use crate::output::Output;

/// Fit the classifier on labelled clauses
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Files of labelled clauses: JSON lines with id, platform, heading, text, types, severity,
    /// and denies for those of a pair of contraries (labels/contraries.jsonl); plain or gzip
    #[arg(required = true)]
    corpus: Vec<PathBuf>,
    #[command(flatten)]
    more: MoreClauses,
    #[command(flatten)]
    figures: Figures,
    /// Where the model is written
    #[arg(short, long, default_value = "models/clauses.bin")]
    output: PathBuf,
    /// What the model is to find; for all but types the lines are platform, text, labels, and thresholds are fitted on the first file
    #[arg(long, value_enum, default_value_t = Head::Types, conflicts_with_all = ["labels", "unlabelled", "predictions", "measures", "card"])]
    head: Head,
}

/// Clauses of recorded histories, which are learnt from and not measured on.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("from_histories").multiple(true))]
pub(super) struct MoreClauses {
    /// More labels to learn from, kept without their texts (labels/clauses.tsv); their texts are read from --histories
    #[arg(long, value_name = "FILE", requires = "histories", group = "from_histories")]
    labels: Option<PathBuf>,
    /// Learn from clauses of --histories that have no labels as well: networks with a wider vocabulary say what they are of
    #[arg(long, requires = "histories", group = "from_histories")]
    unlabelled: bool,
    /// Folder of Open Terms Archive repositories
    #[arg(long, value_name = "DIR", requires = "from_histories")]
    histories: Option<PathBuf>,
}

impl MoreClauses {
    /// Adds them to `examples`.
    pub(super) fn add_to(&self, examples: &mut Vec<Example>) -> anyhow::Result<()> {
        let Some(histories) = &self.histories else { return Ok(()) };
        if let Some(file) = &self.labels {
            let table = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
            let found = tracker::labels::examples(&table, histories).with_context(|| file.display().to_string())?;
            if found.lost > 0 {
                eprintln!("clausewatch: {}: {} labels are of clauses that were not found", file.display(), found.lost);
            }
            examples.extend(found.examples);
        }
        if self.unlabelled {
            let found = tracker::unlabelled(histories, examples)?;
            eprintln!("clausewatch: {} clauses without labels", found.len());
            examples.extend(found);
        }
        Ok(())
    }
}

/// Where the figures of a measurement are written.
#[derive(Debug, clap::Args)]
pub(super) struct Figures {
    /// Write what was predicted for each clause, as `clausewatch classify` prints it
    #[arg(long, value_name = "FILE")]
    predictions: Option<PathBuf>,
    /// Write the figures as JSON; `models/measures.json` is such a file
    #[arg(long, value_name = "FILE")]
    measures: Option<PathBuf>,
    /// Renew the section of measured figures in a model card; `models/CARD.md` is one
    #[arg(long, value_name = "FILE")]
    card: Option<PathBuf>,
}

impl Figures {
    /// Whether there is anything to write.
    fn wanted(&self) -> bool {
        self.predictions.is_some() || self.measures.is_some() || self.card.is_some()
    }

    /// Fails if the card could not be renewed: that is said before minutes of work.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        self.card.as_deref().map_or(Ok(()), |path| read_card(path).map(|_| ()))
    }

    /// Writes them.
    pub(super) fn write(&self, measures: &Measures, predictions: &[Prediction]) -> anyhow::Result<()> {
        if let Some(path) = &self.predictions {
            let mut lines = String::new();
            for prediction in predictions {
                lines.push_str(&serde_json::to_string(prediction)?);
                lines.push('\n');
            }
            write(path, lines.as_bytes())?;
        }
        if let Some(path) = &self.measures {
            write(path, (serde_json::to_string_pretty(measures)? + "\n").as_bytes())?;
        }
        if let Some(path) = &self.card {
            let renewed = card::renew(&read_card(path)?, measures).with_context(|| path.display().to_string())?;
            write(path, renewed.as_bytes())?;
        }
        Ok(())
    }
}

fn read_card(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| path.display().to_string())
}

fn write(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let mut file = Output::new(Some(path))?;
    file.write_all(content)?;
    file.finish()
}

/// Runs it.
pub fn run(args: Args) -> crate::Answer {
    let (model, all_read) = match args.head.unfair() {
        None => {
            args.figures.check()?;
            let (mut examples, all_read) = read_corpora(&args.corpus)?;
            args.more.add_to(&mut examples)?;
            let options = Options::default();
            let folds = Folds::fit(&examples, &options)?;
            if args.figures.wanted() {
                let (measures, predictions) = eval::evaluate_folds(&folds)?;
                args.figures.write(&measures, &predictions)?;
            }
            (folds.train(), all_read)
        }
        Some(head) => {
            let (typical, _) = read_lines(&args.corpus[..1], unfair::read_line)?;
            let (sentences, all_read) = read_lines(&args.corpus, unfair::read_line)?;
            (head.train(&sentences, typical.len(), &head.options())?, all_read)
        }
    };
    let file = model.to_bytes();
    write(&args.output, &file)?;
    println!("{}: {} bytes", args.output.display(), file.len());
    Ok(all_read)
}

/// The labelled clauses of all files; see [`read_lines`].
pub(super) fn read_corpora(paths: &[PathBuf]) -> anyhow::Result<(Vec<Example>, bool)> {
    read_lines(paths, corpus::read_line)
}

/// What `read` makes of the lines of all files, and whether every line could be used; a line that could not is named on standard
/// error.
pub(super) fn read_lines<T, E: Display>(
    paths: &[PathBuf],
    read: impl Fn(&str) -> Result<T, E>,
) -> anyhow::Result<(Vec<T>, bool)> {
    let mut found = Vec::new();
    let mut all_read = true;
    for path in paths {
        let lines = open(path).with_context(|| path.display().to_string())?;
        for (number, line) in lines.lines().enumerate() {
            let line = line.with_context(|| format!("{}: line {}", path.display(), number + 1))?;
            match read(&line) {
                _ if line.trim().is_empty() => {}
                Ok(item) => found.push(item),
                Err(error) => {
                    eprintln!("clausewatch: {}: line {}: {error}", path.display(), number + 1);
                    all_read = false;
                }
            }
        }
    }
    Ok((found, all_read))
}

fn open(path: &Path) -> std::io::Result<Box<dyn BufRead>> {
    let mut file = BufReader::new(std::fs::File::open(path)?);
    let gzip = file.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    let bytes: Box<dyn Read> = if gzip { Box::new(flate2::read::MultiGzDecoder::new(file)) } else { Box::new(file) };
    Ok(Box::new(BufReader::new(bytes)))
}
