//! Clauses that nobody labelled, for a classifier to learn from ([`provisions::teach`]): what the English documents of recorded histories
//! said at a few moments, years apart.
use std::collections::HashSet;
use std::path::{Path, PathBuf};

use document::Source;
use gix::ObjectId;
use provisions::corpus::{Example, Role};
use provisions::passage;

use crate::import::ota::walk::{self, Track, service};
use crate::labels::{LabelsError, words_name};

/// Starts of the years 2018, 2020, 2022, 2024 and 2025 (milliseconds UTC). Documents of each moment and of today are read.
const MOMENTS: [i64; 5] =
    [1_514_764_800_000, 1_577_836_800_000, 1_640_995_200_000, 1_704_067_200_000, 1_735_689_600_000];
/// Bytes of a clause that says something and is no list or table in disguise.
const LENGTHS: std::ops::RangeInclusive<usize> = 20..=1_900;

/// The clauses of the documents of all repositories in the folder `histories`, each wording once and none that `labelled` has.
pub fn unlabelled(histories: &Path, labelled: &[Example]) -> Result<Vec<Example>, LabelsError> {
    let mut known: HashSet<String> = labelled.iter().map(|example| words_name(&example.text)).collect();
    let mut found = Vec::new();
    for path in repositories(histories)? {
        let failed = |reason: String| LabelsError::History { document: path.display().to_string(), reason };
        let mut repo = gix::open(&path).map_err(|error| failed(error.to_string()))?;
        repo.object_cache_size_if_unset(32 << 20);
        // Commits that cannot be read have no clauses.
        for track in walk::tracks(&repo, &mut Vec::new()).map_err(failed)? {
            let platform = service(&track.path).0;
            for blob in at_moments(&track) {
                let blob = repo.find_object(blob).map_err(|error| failed(error.to_string()))?;
                add(&blob.data, &platform, &mut known, &mut found);
            }
        }
    }
    Ok(found)
}

/// The repositories in a folder, by name.
fn repositories(folder: &Path) -> Result<Vec<PathBuf>, LabelsError> {
    let failed = |error: std::io::Error| LabelsError::History {
        document: folder.display().to_string(),
        reason: error.to_string(),
    };
    let entries = std::fs::read_dir(folder).map_err(failed)?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, _>>().map_err(failed)?;
    paths.retain(|path| path.join("HEAD").exists() || path.join(".git").exists());
    paths.sort();
    Ok(paths)
}

/// What the document was at each moment and is at last, each state once.
fn at_moments(track: &Track) -> Vec<ObjectId> {
    let state =
        |moment: i64| track.records.iter().rev().find(|record| record.at_ms <= moment).map(|record| record.blob);
    let mut states: Vec<ObjectId> = MOMENTS.into_iter().chain([i64::MAX]).filter_map(state).collect();
    states.dedup();
    states
}

/// Adds the clauses of an English document whose words are not yet `known`.
fn add(bytes: &[u8], platform: &str, known: &mut HashSet<String>, found: &mut Vec<Example>) {
    let source = Source { bytes, content_type: Some("text/markdown"), ..Source::default() };
    let Ok(reading) = document::read(&source) else { return };
    if reading.language.as_deref() != Some("en") {
        return;
    }
    let structure = document::structure(&reading.text);
    for index in 0..structure.clauses.len() {
        let passage = passage(&reading.text, &structure, index, None);
        if passage.is_heading || passage.is_label() || !LENGTHS.contains(&passage.text.len()) {
            continue;
        }
        let text = passage.read_text();
        // Of a list item, readers may have labelled the item alone.
        if known.contains(&words_name(passage.text)) || !known.insert(words_name(&text)) {
            continue;
        }
        found.push(Example {
            id: format!("unlabelled-{}", found.len()),
            platform: platform.into(),
            heading: passage.heading,
            text,
            types: Vec::new(),
            denies: Vec::new(),
            severity: None,
            role: Role::Unlabelled,
        });
    }
}
