//! `clausewatch train`.
use std::fmt::Display;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::Context;
use provisions::corpus::{self, Example};
use provisions::train::{self, Options};
use provisions::unfair;

use super::classify::Head;

/// Fit the classifier on labelled clauses
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Files of labelled clauses: JSON lines with id, platform, heading, text, types, severity; plain or gzip
    #[arg(required = true)]
    corpus: Vec<PathBuf>,
    #[command(flatten)]
    more: MoreLabels,
    /// Where the model is written
    #[arg(short, long, default_value = "models/clauses.bin")]
    output: PathBuf,
    /// What the model is to find; for all but types the lines are platform, text, labels, and thresholds are fitted on the first file
    #[arg(long, value_enum, default_value_t = Head::Types)]
    head: Head,
}

/// Labels that are kept without their texts, which are learnt from and not measured on.
#[derive(Debug, clap::Args)]
pub(super) struct MoreLabels {
    /// More labels to learn from, kept without their texts (labels/clauses.tsv); their texts are read from --histories
    #[arg(long, value_name = "FILE", requires = "histories")]
    labels: Option<PathBuf>,
    /// Folder of the Open Terms Archive repositories that the labels name
    #[arg(long, value_name = "DIR", requires = "labels")]
    histories: Option<PathBuf>,
}

impl MoreLabels {
    /// The labelled clauses with their texts.
    pub(super) fn examples(&self) -> anyhow::Result<Vec<Example>> {
        let (Some(file), Some(histories)) = (&self.labels, &self.histories) else { return Ok(Vec::new()) };
        let table = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
        let found = tracker::labels::examples(&table, histories).with_context(|| file.display().to_string())?;
        if found.lost > 0 {
            eprintln!("clausewatch: {}: {} labels are of clauses that were not found", file.display(), found.lost);
        }
        Ok(found.examples)
    }
}

/// Runs it.
pub fn run(args: Args) -> crate::Answer {
    let (model, all_read) = match args.head.unfair() {
        None => {
            let (mut examples, all_read) = read_corpora(&args.corpus)?;
            examples.extend(args.more.examples()?);
            (train::train(&examples, &Options::default())?, all_read)
        }
        Some(head) => {
            let (typical, _) = read_lines(&args.corpus[..1], unfair::read_line)?;
            let (sentences, all_read) = read_lines(&args.corpus, unfair::read_line)?;
            (head.train(&sentences, typical.len(), &head.options())?, all_read)
        }
    };
    let file = model.to_bytes();
    std::fs::write(&args.output, &file).with_context(|| args.output.display().to_string())?;
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
