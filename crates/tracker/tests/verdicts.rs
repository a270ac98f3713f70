//! Verdicts on real changes against those of people: `labels/changes.tsv`, of which only commits and verdicts are kept. Needs the histories
//! as a folder of git repositories in `CLAUSEWATCH_HISTORIES`; skipped without.
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use document::Source;
use provisions::Reader;
use tracker::history;
use tracker::labels::stored;

/// The clean text of a file at a commit.
fn text(histories: &Path, collection: &str, commit: &str, file: &str) -> Option<String> {
    let repo = gix::open(histories.join(format!("{collection}.git"))).ok()?;
    let bytes = stored(&repo, commit, file).ok()?;
    let source = Source { bytes: &bytes, content_type: Some("text/markdown"), ..Source::default() };
    document::read(&source).ok().map(|reading| reading.text)
}

/// How many changes of `table` are judged as people judged them, and how many there are.
fn agreement(table: &str, histories: &Path) -> (usize, usize) {
    let (mut counts, mut right, mut all) = (BTreeMap::new(), 0, 0);
    for line in table.lines() {
        let columns: Vec<&str> = line.split('\t').collect();
        let [collection, old, old_file, new, new_file, verdict, _] = columns[..] else { panic!("{line}") };
        // Two versions alone do not say that the second was there before.
        if verdict == "returning" {
            continue;
        }
        let read = |commit, file| text(histories, collection, commit, file);
        let (Some(before), Some(after)) = (read(old, old_file), read(new, new_file)) else { continue };
        let ours = match history::between(Reader::embedded(), &before, &after) {
            Some(change) => serde_json::to_value(change.materiality).unwrap().as_str().unwrap().to_string(),
            None => "cosmetic".into(),
        };
        all += 1;
        right += usize::from(ours == verdict);
        *counts.entry((verdict, ours)).or_insert(0) += 1;
    }
    eprintln!("{right} of {all} verdicts are the same; (theirs, ours): {counts:?}");
    assert_eq!(counts.get(&("material", "cosmetic".to_string())), None);
    (right, all)
}

/// The folder of the histories; says so if there is none.
fn histories() -> Option<PathBuf> {
    let folder = std::env::var_os("CLAUSEWATCH_HISTORIES").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("CLAUSEWATCH_HISTORIES is not set: skipped");
    }
    folder
}

#[test]
fn changes_are_judged_as_people_judge_them() {
    let Some(histories) = histories() else { return };
    let (right, all) = agreement(include_str!("../../../labels/changes.tsv"), &histories);
    assert!(all > 2_540, "only {all} changes were found");
    assert!(right * 100 >= all * 95, "{right} of {all}");
}
