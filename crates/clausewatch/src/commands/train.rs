//! `clausewatch train`.
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::Context;
use provisions::corpus::{self, Example};
use provisions::train::{self, Options};

/// Fit the classifier on labelled clauses
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Files of labelled clauses: JSON lines with id, platform, heading, text, types, severity; plain or gzip
    #[arg(required = true)]
    corpus: Vec<PathBuf>,
    /// Where the model is written
    #[arg(short, long, default_value = "models/clauses.bin")]
    output: PathBuf,
}

/// Runs it.
pub fn run(args: Args) -> crate::Answer {
    let (examples, all_read) = read_corpora(&args.corpus)?;
    eprintln!("{} clauses", examples.len());
    let file = train::train(&examples, &Options::default())?.to_bytes();
    std::fs::write(&args.output, &file).with_context(|| args.output.display().to_string())?;
    println!("{}: {} bytes", args.output.display(), file.len());
    Ok(all_read)
}

/// The examples of all files, and whether every line could be used; a line that could not is named on standard error.
pub(super) fn read_corpora(paths: &[PathBuf]) -> anyhow::Result<(Vec<Example>, bool)> {
    let mut examples = Vec::new();
    let mut all_read = true;
    for path in paths {
        let lines = open(path).with_context(|| path.display().to_string())?;
        for (number, line) in lines.lines().enumerate() {
            let line = line.with_context(|| format!("{}: line {}", path.display(), number + 1))?;
            match corpus::read_line(&line) {
                _ if line.trim().is_empty() => {}
                Ok(example) => examples.push(example),
                Err(error) => {
                    eprintln!("clausewatch: {}: line {}: {error}", path.display(), number + 1);
                    all_read = false;
                }
            }
        }
    }
    Ok((examples, all_read))
}

fn open(path: &Path) -> std::io::Result<Box<dyn BufRead>> {
    let mut file = BufReader::new(std::fs::File::open(path)?);
    let gzip = file.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    let bytes: Box<dyn Read> = if gzip { Box::new(flate2::read::MultiGzDecoder::new(file)) } else { Box::new(file) };
    Ok(Box::new(BufReader::new(bytes)))
}
