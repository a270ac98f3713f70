//! `clausewatch diff`: the structured change between two documents.
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use compare::{PairKind, SpanKind, align, judge, redline};
use document::{Reading, Source};
use serde_json::{Value, json};

use crate::paint;

/// Show what changed between two documents, clause by clause; status 1 if anything did
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The earlier document
    old: PathBuf,
    /// The later document
    new: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Prints the change.
pub async fn run(args: Args) -> crate::Answer {
    let (old, new) = (read(&args.old).await?, read(&args.new).await?);
    let (a, b) = (clauses(&old), clauses(&new));
    let alignment = align(&a, &b);
    let verdict = judge(&a, &b, &alignment, compare::Context::default());
    let changed: Vec<&compare::Pair> = alignment.pairs.iter().filter(|pair| pair.kind != PairKind::Same).collect();
    let text = |index: Option<usize>, of: &[&str]| index.map(|index| of[index].to_string());
    if args.json {
        let change = |pair: &&compare::Pair| {
            json!({
                "kind": name(pair.kind),
                "cosmetic": pair.cosmetic,
                "similarity": pair.similarity,
                "old": text(pair.old, &a),
                "new": text(pair.new, &b),
            })
        };
        let value: Value = json!({
            "materiality": verdict.materiality,
            "reason": verdict.reason,
            "same": alignment.count(PairKind::Same),
            "reworded": alignment.count(PairKind::Reworded),
            "moved": alignment.count(PairKind::Moved),
            "added": alignment.count(PairKind::Added),
            "removed": alignment.count(PairKind::Removed),
            "changes": changed.iter().map(change).collect::<Vec<_>>(),
        });
        println!("{}", serde_json::to_string_pretty(&value)?);
        return Ok(changed.is_empty());
    }
    let colours = paint::colours();
    let mut out = std::io::stdout().lock();
    let materiality = serde_json::to_value(verdict.materiality)?;
    writeln!(out, "{}: {}", paint::bold(materiality.as_str().unwrap_or(""), colours), verdict.reason)?;
    for pair in &changed {
        let (from, to) = (text(pair.old, &a).unwrap_or_default(), text(pair.new, &b).unwrap_or_default());
        writeln!(out, "\n{}", paint::bold(name(pair.kind), colours))?;
        writeln!(out, "{}", paint::wrap(&marked(&from, &to, colours), 4))?;
    }
    Ok(changed.is_empty())
}

async fn read(path: &Path) -> anyhow::Result<Reading> {
    let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
    let markdown = path.extension().is_some_and(|ending| ending == "md");
    let source = Source { bytes: &bytes, content_type: markdown.then_some("text/markdown"), ..Source::default() };
    tracker::reading::read(source).await.map_err(|reason| anyhow::anyhow!("{}: {reason}", path.display()))
}

fn clauses(reading: &Reading) -> Vec<&str> {
    reading.structure.clauses.iter().map(|clause| &reading.text[clause.range.clone()]).collect()
}

fn name(kind: PairKind) -> &'static str {
    match kind {
        PairKind::Same => "same",
        PairKind::Reworded => "reworded",
        PairKind::Moved => "moved",
        PairKind::Added => "added",
        PairKind::Removed => "removed",
    }
}

/// The redline in a line of text: `[-gone-]` and `{+new+}`, coloured where colours are wanted.
fn marked(old: &str, new: &str, colours: bool) -> String {
    let span = |span: &compare::Span<'_>| match span.kind {
        SpanKind::Same => span.text.to_string(),
        SpanKind::Deleted if colours => format!("\x1b[31m[-{}-]\x1b[0m", span.text),
        SpanKind::Deleted => format!("[-{}-]", span.text),
        SpanKind::Inserted if colours => format!("\x1b[32m{{+{}+}}\x1b[0m", span.text),
        SpanKind::Inserted => format!("{{+{}+}}", span.text),
    };
    redline(old, new).iter().map(span).collect()
}
