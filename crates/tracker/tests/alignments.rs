//! Alignments of real versions against those judged by reading: `labels/alignments.tsv`, of which only commits and clause indices are
//! kept. Needs the histories as a folder of git repositories in `CLAUSEWATCH_HISTORIES`; skipped without.
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use compare::{Alignment, PairKind, align};
use document::Source;
use tracker::labels::stored;

/// What was judged about one clause and those of the other version that it comes from or became.
struct Judged {
    old: Vec<usize>,
    new: Vec<usize>,
    kind: String,
}

impl Judged {
    fn links(&self) -> BTreeSet<(usize, usize)> {
        self.old.iter().flat_map(|&old| self.new.iter().map(move |&new| (old, new))).collect()
    }

    /// The links that an alignment gives the clauses judged, and what it says became of them.
    fn found(&self, alignment: &Alignment) -> (BTreeSet<(usize, usize)>, BTreeSet<&'static str>) {
        let (mut links, mut kinds) = (BTreeSet::new(), BTreeSet::new());
        for pair in &alignment.pairs {
            let touches = |(old, new): &(usize, usize)| self.old.contains(old) || self.new.contains(new);
            let all = pair.old.iter().flat_map(|&old| pair.new.iter().map(move |&new| (old, new)));
            links.extend(all.filter(touches));
            if pair.old.iter().any(|old| self.old.contains(old)) || pair.new.iter().any(|new| self.new.contains(new)) {
                let same = pair.kind == PairKind::Reworded && pair.cosmetic;
                kinds.insert(if same { PairKind::Same.name() } else { pair.kind.name() });
            }
        }
        (links, kinds)
    }

    fn is_kind(&self, kinds: &BTreeSet<&'static str>) -> bool {
        let [kind] = kinds.iter().copied().collect::<Vec<_>>()[..] else { return false };
        kind == self.kind || self.kind == "either" && ["same", "reworded", "moved"].contains(&kind)
    }
}

/// Links found that were judged, links found, links judged; kinds that are the same, clauses judged.
#[derive(Debug, Default)]
struct Counts {
    right: usize,
    found: usize,
    judged: usize,
    kinds: usize,
    clauses: usize,
}

impl Counts {
    fn precision(&self) -> f64 {
        self.right as f64 / self.found.max(1) as f64
    }

    fn recall(&self) -> f64 {
        self.right as f64 / self.judged.max(1) as f64
    }
}

fn indices(column: &str) -> Vec<usize> {
    if column == "-" { Vec::new() } else { column.split(',').map(|index| index.parse().unwrap()).collect() }
}

/// The clauses of a file at a commit.
fn clauses(histories: &Path, collection: &str, commit: &str, file: &str) -> Option<Vec<String>> {
    let repo = gix::open(histories.join(format!("{collection}.git"))).ok()?;
    let bytes = stored(&repo, commit, file).ok()?;
    let source = Source { bytes: &bytes, content_type: Some("text/markdown"), ..Source::default() };
    let reading = document::read(&source).ok()?;
    Some(reading.structure.clauses.iter().map(|clause| reading.text[clause.range.clone()].to_string()).collect())
}

#[test]
fn clauses_are_aligned_as_readers_align_them() {
    let Some(histories) = std::env::var_os("CLAUSEWATCH_HISTORIES") else {
        eprintln!("CLAUSEWATCH_HISTORIES is not set: skipped");
        return;
    };
    let mut parts: BTreeMap<&str, Counts> = BTreeMap::new();
    for line in include_str!("../../../labels/alignments.tsv").lines() {
        let columns: Vec<&str> = line.split('\t').collect();
        let [collection, old, old_file, new, new_file, olds, news, kind, part] = columns[..] else { panic!("{line}") };
        let read = |commit, file| clauses(Path::new(&histories), collection, commit, file);
        let (Some(before), Some(after)) = (read(old, old_file), read(new, new_file)) else { continue };
        let judged = Judged { old: indices(olds), new: indices(news), kind: kind.into() };
        let (before, after): (Vec<&str>, Vec<&str>) =
            (before.iter().map(String::as_str).collect(), after.iter().map(String::as_str).collect());
        let (links, kinds) = judged.found(&align(&before, &after));
        let counts = parts.entry(part).or_default();
        counts.right += links.intersection(&judged.links()).count();
        counts.found += links.len();
        counts.judged += judged.links().len();
        counts.kinds += usize::from(judged.is_kind(&kinds));
        counts.clauses += 1;
    }
    for (part, counts) in &parts {
        eprintln!("{part}: precision {:.4}, recall {:.4}; {counts:?}", counts.precision(), counts.recall());
    }
    assert!(parts.values().map(|counts| counts.clauses).sum::<usize>() >= 500, "too few were found: {parts:?}");
    assert!(parts.values().all(|counts| counts.precision() >= LEAST && counts.recall() >= LEAST), "{parts:?}");
}

/// Least precision and recall of links in each part.
const LEAST: f64 = 0.97;
