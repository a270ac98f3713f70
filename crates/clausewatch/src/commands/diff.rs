//! `clausewatch diff`: the structured change between two documents.
use std::{borrow::Cow, io::Write};

use atlas::records::{Materiality, NewChange};
use compare::{Alignment, Pair, PairKind, Span, SpanKind, align, redline};
use document::{Reading, heading_path};
use provisions::summary::or_none;
use provisions::{Happening, Reader, SummaryLine, summarise};
use serde_json::{Value, json};
use tracker::history;

use crate::inputs::{self, Inputs, Reach};
use crate::paint;

/// Words shown of what is the same on each side of a change.
const AROUND: usize = 9;
/// Characters shown of a clause that was added or removed as a whole.
const WHOLE: usize = 600;

/// Show what changed between two documents, clause by clause; status 1 if anything did
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The earlier document: a file, an address, or - for standard input
    old: String,
    /// The later document
    new: String,
    /// Show also what only moved, changes of punctuation, and clauses at full length
    #[arg(long, conflicts_with = "json")]
    all: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    reach: Reach,
}

/// Two documents, how their clauses correspond, and what that means.
struct Comparison<'a> {
    old: &'a Reading,
    new: &'a Reading,
    clauses: (Vec<&'a str>, Vec<&'a str>),
    alignment: Alignment,
    change: Option<NewChange>,
    meaning: Vec<SummaryLine>,
}

/// Prints the change.
pub async fn run(args: Args) -> crate::Answer {
    let (old, new) = (read(&args.old, &args.reach).await?, read(&args.new, &args.reach).await?);
    let (a, b) = (old.structure.words(&old.text), new.structure.words(&new.text));
    let alignment = align(&a, &b);
    let change = history::between(Reader::embedded(), &old.text, &new.text);
    let same = alignment.pairs.iter().all(|pair| pair.kind == PairKind::Same);
    // A capture that is not the document says nothing about what the document means.
    let tells = change.as_ref().is_some_and(|change| change.materiality != Materiality::Defective);
    let meaning = if tells { meaning(&old, &new, &alignment) } else { Vec::new() };
    let comparison = Comparison { old: &old, new: &new, clauses: (a, b), alignment, change, meaning };
    let mut out = std::io::stdout().lock();
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&as_json(&comparison))?)?;
    } else {
        table(&mut out, &comparison, args.all)?;
    }
    Ok(same)
}

fn meaning(old: &Reading, new: &Reading, alignment: &Alignment) -> Vec<SummaryLine> {
    summarise(
        Reader::embedded(),
        (old.text.as_str(), &old.structure),
        (new.text.as_str(), &new.structure),
        alignment.differing().map(|pair| (pair.old.as_slice(), pair.new.as_slice())),
    )
}

async fn read(path: &str, reach: &Reach) -> anyhow::Result<Reading> {
    let input = match Inputs::one(path) {
        Inputs::Url(url) => inputs::fetched(&url, reach).await?,
        Inputs::Stored(mut one) => one.next().unwrap_or_else(|| Err(anyhow::anyhow!("{path}: there is nothing")))?,
    };
    Ok(inputs::read(input, None).await?.1)
}

impl Comparison<'_> {
    fn changed(&self) -> impl Iterator<Item = &Pair> {
        self.alignment.pairs.iter().filter(|pair| pair.kind != PairKind::Same)
    }

    /// The words of a pair's clauses, before and after.
    fn words(&self, pair: &Pair) -> (Option<Cow<'_, str>>, Option<Cow<'_, str>>) {
        (pair.old_text(&self.clauses.0), pair.new_text(&self.clauses.1))
    }

    /// The headings above a pair's clause, in the later document if it is there.
    fn place(&self, pair: &Pair) -> String {
        let path = match (pair.new.first(), pair.old.first()) {
            (Some(index), _) => heading_path(&self.new.structure, &self.new.text, *index),
            (None, Some(index)) => heading_path(&self.old.structure, &self.old.text, *index),
            (None, None) => String::new(),
        };
        paint::plain(path.rsplit(" > ").next().unwrap_or(""))
    }
}

fn as_json(comparison: &Comparison<'_>) -> Value {
    let change = |pair: &Pair| {
        let (old, new) = comparison.words(pair);
        json!({
            "kind": pair.kind.name(),
            "cosmetic": pair.cosmetic,
            "similarity": pair.similarity,
            "heading": comparison.place(pair),
            "old_clauses": pair.old,
            "new_clauses": pair.new,
            "old": old,
            "new": new,
        })
    };
    let count = |kind| comparison.alignment.count(kind);
    json!({
        "materiality": comparison.change.as_ref().map(|change| change.materiality),
        "reason": comparison.change.as_ref().map(|change| &change.reason),
        "headline": comparison.change.as_ref().map(|change| &change.headline),
        "stated_effective": comparison.new.structure.dates.effective.map(|date| date.to_string()),
        "meaning": comparison.meaning,
        "same": count(PairKind::Same),
        "reworded": count(PairKind::Reworded),
        "moved": count(PairKind::Moved),
        "split": count(PairKind::Split),
        "merged": count(PairKind::Merged),
        "added": count(PairKind::Added),
        "removed": count(PairKind::Removed),
        "changes": comparison.changed().map(change).collect::<Vec<_>>(),
    })
}

/// The change for people: how much it matters, how many clauses, then each.
fn table(out: &mut impl Write, comparison: &Comparison<'_>, all: bool) -> anyhow::Result<()> {
    let colours = paint::colours();
    let Comparison { alignment, change, .. } = comparison;
    let Some(change) = change else { return Ok(writeln!(out, "The texts are the same")?) };
    let materiality = serde_json::to_value(change.materiality)?;
    let materiality = capital(materiality.as_str().unwrap_or(""));
    writeln!(out, "{}", paint::bold(&paint::wrap(&paint::plain(&change.headline), 0), colours))?;
    writeln!(out, "{}", paint::wrap(&format!("{materiality}: {}", paint::plain(&change.reason)), 0))?;
    let kinds = [
        PairKind::Reworded,
        PairKind::Split,
        PairKind::Merged,
        PairKind::Added,
        PairKind::Removed,
        PairKind::Moved,
        PairKind::Same,
    ];
    let counts = kinds.into_iter().filter(|kind| alignment.count(*kind) > 0);
    let counts: Vec<String> = counts.map(|kind| format!("{} {}", alignment.count(kind), kind.name())).collect();
    writeln!(out, "{}", paint::faint(&format!("clauses: {}", counts.join(", ")), colours))?;
    means(out, comparison, colours)?;
    let mut heading = String::new();
    let (mut moved, mut cosmetic) = (0, 0);
    for pair in comparison.changed() {
        match pair.kind {
            PairKind::Moved if !all => moved += 1,
            _ if pair.cosmetic && !all => cosmetic += 1,
            _ => {
                let place = comparison.place(pair);
                if place != heading {
                    writeln!(out, "\n{}", paint::bold(&paint::wrap(&place, 0), colours))?;
                    heading = place;
                }
                one(out, comparison, pair, all, colours)?;
            }
        }
    }
    let more: Vec<String> = [
        (moved > 0).then(|| format!("{} only moved", paint::counted(moved, "clause", "clauses"))),
        (cosmetic > 0).then(|| format!("{} changed in marks only", paint::counted(cosmetic, "clause", "clauses"))),
    ]
    .into_iter()
    .flatten()
    .collect();
    if !more.is_empty() {
        writeln!(out, "\n{}", paint::faint(&format!("{} (--all shows them)", more.join(", ")), colours))?;
    }
    Ok(())
}

/// What the change means, a line for each provision of which more changed than words.
fn means(out: &mut impl Write, comparison: &Comparison<'_>, colours: bool) -> std::io::Result<()> {
    if let Some(date) = comparison.new.structure.dates.effective {
        writeln!(out, "{}", paint::faint(&format!("in force from {date}, as it says"), colours))?;
    }
    for line in comparison.meaning.iter().filter(|line| line.says_more_than_words()) {
        let facts = line.facts.iter().map(|fact| match line.happening {
            Happening::Reworded => format!("{} {} -> {}", fact.label, or_none(&fact.before), or_none(&fact.after)),
            Happening::Appeared => format!("{} {}", fact.label, fact.after),
            Happening::Gone => format!("{} {}", fact.label, fact.before),
        });
        let mut parts: Vec<String> = facts.collect();
        if let (Some(before), Some(after)) = (line.before, line.after)
            && before != after
        {
            parts.insert(0, format!("{before} -> {after}"));
        }
        let parts = if parts.is_empty() { String::new() } else { format!(": {}", parts.join("; ")) };
        let told = format!("{}, {}{parts}", line.kind.title, line.happening.word());
        writeln!(out, "  {:<9} {}", line.direction.word(), paint::wrap(&paint::plain(&told), 12).trim_start())?;
    }
    Ok(())
}

fn one(
    out: &mut impl Write,
    comparison: &Comparison<'_>,
    pair: &Pair,
    all: bool,
    colours: bool,
) -> std::io::Result<()> {
    let (old, new) = comparison.words(pair);
    let (old, new) = (paint::plain(&old.unwrap_or_default()), paint::plain(&new.unwrap_or_default()));
    let clipped = |text: &str| if all { text.to_string() } else { paint::clip(text, WHOLE) };
    let words = match pair.kind {
        PairKind::Added => coloured(&clipped(&new), SpanKind::Inserted, colours),
        PairKind::Removed => coloured(&clipped(&old), SpanKind::Deleted, colours),
        _ => marked(&redline(&old, &new), all, colours),
    };
    writeln!(out, "  {}", paint::faint(pair.kind.name(), colours))?;
    writeln!(out, "{}", paint::wrap(&words, 4))
}

/// The redline in a line of text: `[-gone-]` and `{+new+}`; of what is the same, only the words around the changes.
fn marked(spans: &[Span<'_>], all: bool, colours: bool) -> String {
    let mut out = String::new();
    for (place, span) in spans.iter().enumerate() {
        let text = match span.kind {
            SpanKind::Same if !all => &around(span.text, place == 0, place + 1 == spans.len()),
            _ => span.text,
        };
        out += &coloured(text, span.kind, colours);
    }
    out
}

/// The ends of a text that stands between changes: what is far from any is left out.
fn around(text: &str, first: bool, last: bool) -> String {
    let words: Vec<&str> = text.split_inclusive(char::is_whitespace).collect();
    let (head, tail) = (if first { 0 } else { AROUND }, if last { 0 } else { AROUND });
    if words.len() <= head + tail + 3 {
        return text.to_string();
    }
    let (before, after) = (words[..head].concat(), words[words.len() - tail..].concat());
    format!("{before}{}… {after}", if before.is_empty() || before.ends_with(' ') { "" } else { " " })
}

fn coloured(text: &str, kind: SpanKind, colours: bool) -> String {
    match kind {
        SpanKind::Deleted if colours => format!("\x1b[31m[-{text}-]\x1b[0m"),
        SpanKind::Deleted => format!("[-{text}-]"),
        SpanKind::Inserted if colours => format!("\x1b[32m{{+{text}+}}\x1b[0m"),
        SpanKind::Inserted => format!("{{+{text}+}}"),
        SpanKind::Same => text.to_string(),
    }
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_far_from_a_change_is_left_out() {
        let same = "word ".repeat(40);
        let (old, new) = (format!("{same}14 days {same}"), format!("{same}7 days {same}"));
        let shown = marked(&redline(&old, &new), false, false);
        assert!(shown.starts_with("… word") && shown.ends_with('…') | shown.ends_with("… "), "{shown}");
        assert!(shown.contains("[-14-]") && shown.contains("{+7+}"), "{shown}");
        assert_eq!(marked(&redline(&old, &new), true, false).matches("word").count(), 80);
    }
}
