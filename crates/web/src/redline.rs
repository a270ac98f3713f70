//! Two versions of a document clause by clause: what changed in full, what did not folded.
use std::borrow::Cow;

use alerts::sides::{Corrected, Side, summary};
use compare::{Pair, PairKind};
use provisions::Reader;
use serde::Serialize;

use crate::meaning::Meaning;
use crate::words::{Html, escaped};
use crate::{view, words};

/// Class of a change that changes no word.
const MARKS: &str = "marks";

/// A run of the comparison.
#[derive(Debug, Clone)]
pub(crate) enum Run {
    /// The heading under which the following changes stand, when it is not shown itself.
    Under(String),
    /// Clauses that are the same, in the words of the newer version.
    Same(Vec<Line>),
    /// Clauses in which only marks, case or numbering changed.
    Marks(Vec<Changed>),
    /// A clause that changed.
    Changed(Changed),
}

impl Run {
    fn changed(&self) -> &[Changed] {
        match self {
            Run::Changed(changed) => std::slice::from_ref(changed),
            Run::Marks(list) => list,
            Run::Under(_) | Run::Same(_) => &[],
        }
    }
}

/// A clause that is the same.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// Its words.
    pub text: String,
    /// Whether it is a heading.
    pub heading: bool,
}

/// A clause that changed.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Changed {
    /// Name of the change for programs and the style sheet: `added`, `removed`, `reworded`, `moved`, `split`, `merged`, `marks`.
    #[serde(rename = "change")]
    pub class: &'static str,
    /// What happened, in words.
    #[serde(skip)]
    pub label: Cow<'static, str>,
    /// The heading under which a moved clause stood before.
    #[serde(rename = "moved_from", skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Its words with what changed marked; of several clauses, with a pilcrow between them.
    #[serde(rename = "redline_html")]
    pub html: Html,
    /// Whether it is a heading.
    pub heading: bool,
    /// Index of the clause in the newer version, the first of several, for a link to its place.
    pub clause: Option<usize>,
}

/// Two versions compared.
#[derive(Debug, Clone, Default)]
pub(crate) struct Redline {
    /// Its runs in the order of the newer version.
    pub runs: Vec<Run>,
    /// Clauses reworded (marks and numbers aside), split, merged, added, removed, moved.
    pub counts: [i64; 6],
    /// Clauses in which only marks, case or numbering changed.
    pub marks_only: i64,
    /// What the changes mean.
    pub meaning: Meaning,
}

impl Redline {
    /// The changes, without what is the same.
    pub fn changes(&self) -> Vec<&Changed> {
        self.runs.iter().flat_map(Run::changed).collect()
    }

    /// The counts in words: "2 clauses reworded, 1 added".
    pub fn summary(&self) -> String {
        let [reworded, split, merged, added, removed, moved] = self.counts;
        let all = [
            (reworded, "reworded"),
            (split, "split"),
            (merged, "merged"),
            (added, "added"),
            (removed, "removed"),
            (moved, "moved"),
            (self.marks_only, "changed in marks only"),
        ];
        let mut parts: Vec<String> = Vec::new();
        for (count, what) in all.into_iter().filter(|(count, _)| *count > 0) {
            let count = if parts.is_empty() { words::count(count, "clause", "clauses") } else { words::number(count) };
            parts.push(format!("{count} {what}"));
        }
        parts.join(", ")
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.counts == [0; 6] && self.marks_only == 0
    }
}

/// Compares two clean texts, with what editors put in place of what the reader finds in them.
pub(crate) fn compare(old: &str, new: &str, corrected: &Corrected) -> Redline {
    let sides = (Side::new(old), Side::new(new));
    let alignment = compare::align(&sides.0.clauses, &sides.1.clauses);
    let mut redline = Redline::default();
    // The heading that a reader saw last: those of clauses that are the same are folded away.
    let mut shown: Option<&str> = None;
    for pair in &alignment.pairs {
        if pair.kind == PairKind::Same {
            redline.same(&sides.1, pair);
            continue;
        }
        redline.count(pair);
        let changed = changed(&sides, pair);
        if changed.class == MARKS {
            redline.marks(changed);
            continue;
        }
        let own = pair.new.first().map(|&index| sides.1.clauses[index]);
        let here = if changed.heading { own } else { heading_of(&sides, pair) };
        if here != shown && !changed.heading {
            redline.runs.extend(here.map(|heading| Run::Under(heading.to_string())));
        }
        shown = here;
        redline.runs.push(Run::Changed(changed));
    }
    redline.meaning = Meaning::new(summary(Reader::embedded(), &sides, &alignment, corrected));
    redline
}

impl Redline {
    fn same(&mut self, new: &Side<'_>, pair: &Pair) {
        let Some(&index) = pair.new.first() else { return };
        let line = Line { text: new.clauses[index].to_string(), heading: new.structure.clauses[index].is_heading() };
        match self.runs.last_mut() {
            Some(Run::Same(lines)) => lines.push(line),
            _ => self.runs.push(Run::Same(vec![line])),
        }
    }

    fn marks(&mut self, changed: Changed) {
        match self.runs.last_mut() {
            Some(Run::Marks(list)) => list.push(changed),
            _ => self.runs.push(Run::Marks(vec![changed])),
        }
    }

    fn count(&mut self, pair: &Pair) {
        let place = match pair.kind {
            PairKind::Same => return,
            PairKind::Reworded if pair.cosmetic => return self.marks_only += 1,
            PairKind::Reworded => 0,
            PairKind::Split => 1,
            PairKind::Merged => 2,
            PairKind::Added => 3,
            PairKind::Removed => 4,
            PairKind::Moved => 5,
        };
        self.counts[place] += 1;
    }
}

/// The heading that a pair stands under: in the newer version if it is there.
fn heading_of<'a>(sides: &(Side<'a>, Side<'a>), pair: &Pair) -> Option<&'a str> {
    match (pair.old.first(), pair.new.first()) {
        (_, Some(new)) => sides.1.heading(*new),
        (Some(old), None) => sides.0.heading(*old),
        (None, None) => None,
    }
}

fn changed(sides: &(Side<'_>, Side<'_>), pair: &Pair) -> Changed {
    let class = if pair.kind == PairKind::Reworded && pair.cosmetic { MARKS } else { pair.kind.name() };
    let html = match (pair.old_text(&sides.0.clauses), pair.new_text(&sides.1.clauses)) {
        (Some(old), Some(new)) => view::redline(&old, &new),
        (Some(old), None) => Html(format!("<del>{}</del>", escaped(&old))),
        (None, new) => Html(format!("<ins>{}</ins>", escaped(&new.unwrap_or_default()))),
    };
    let from = match (pair.kind, pair.old.first()) {
        (PairKind::Moved, Some(&index)) => sides.0.heading(index).map(str::to_string),
        _ => None,
    };
    let (side, indices) = if pair.new.is_empty() { (&sides.0, &pair.old) } else { (&sides.1, &pair.new) };
    let heading = indices.iter().all(|&index| side.structure.clauses[index].is_heading());
    Changed { class, label: label(pair), from, html, heading, clause: pair.new.first().copied() }
}

/// What happened to a clause, in words.
fn label(pair: &Pair) -> Cow<'static, str> {
    let same_words = if pair.cosmetic { ", in the same words" } else { " and reworded" };
    match pair.kind {
        PairKind::Added => "Added".into(),
        PairKind::Removed => "Removed".into(),
        PairKind::Moved if pair.cosmetic => "Moved".into(),
        PairKind::Moved => "Moved and reworded".into(),
        PairKind::Split => format!("Split into {} clauses{same_words}", words::number(pair.new.len() as i64)).into(),
        PairKind::Merged => {
            format!("{} clauses merged into one{same_words}", words::number(pair.old.len() as i64)).into()
        }
        PairKind::Same | PairKind::Reworded if pair.cosmetic => "Marks or numbering only".into(),
        PairKind::Same | PairKind::Reworded => "Reworded".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compare(old: &str, new: &str) -> Redline {
        super::compare(old, new, &Corrected::default())
    }

    #[test]
    fn what_changed_is_shown_and_the_rest_folded() {
        let old = "# Terms\n\nYou pay monthly.\n\n## Notice\n\nWe give 30 days of notice of changes to these terms.\n\n## Law\n\nThe law of Norland governs this agreement.\n";
        let new = "# Terms\n\nYou pay monthly.\n\n## Notice\n\nWe give 10 days of notice of changes to these terms.\n\n## Law\n\nThe law of Norland governs this agreement.\n\nDisputes go to <arbitration>.\n";
        let redline = compare(old, new);
        assert_eq!(redline.counts, [1, 0, 0, 1, 0, 0]);
        let kinds: Vec<String> = redline
            .runs
            .iter()
            .map(|run| match run {
                Run::Under(heading) => format!("under {heading}"),
                Run::Same(lines) => format!("{} same", lines.len()),
                Run::Marks(list) => format!("{} marks", list.len()),
                Run::Changed(changed) => format!("{}: {}", changed.label, changed.html),
            })
            .collect();
        assert_eq!(
            kinds,
            [
                "3 same",
                "under Notice",
                "Reworded: We give <del>30</del><ins>10</ins> days of notice of changes to these terms.",
                "2 same",
                "under Law",
                "Added: <ins>Disputes go to &lt;arbitration&gt;.</ins>",
            ]
        );
        assert!(compare(old, old).is_empty());
    }

    #[test]
    fn splits_and_merges_are_told_in_words() {
        let whole = "You pay monthly by card.\n\nWe keep your letters for ten years. We keep your pictures for one year and no longer.\n";
        let parts = "You pay monthly by card.\n\nWe keep your letters for ten years.\n\nWe keep your pictures for two years and no longer.\n";
        let split = compare(whole, parts);
        let [changed] = split.changes()[..] else { panic!("{split:?}") };
        assert_eq!((changed.class, &*changed.label), ("split", "Split into 2 clauses and reworded"));
        assert!(changed.html.to_string().contains("<ins>¶"), "{}", changed.html);
        assert_eq!(split.summary(), "1 clause split");
        let merged = compare(parts, &whole.replace("one year", "two years"));
        assert_eq!(merged.changes()[0].label, "2 clauses merged into one, in the same words");
    }

    #[test]
    fn nothing_is_compared_with_nothing() {
        assert!(compare("", "").is_empty());
        assert_eq!(compare("", "A word.\n").counts, [0, 0, 0, 1, 0, 0]);
    }
}
