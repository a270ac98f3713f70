//! The first pass: every commit, oldest first, to the list of each document's records. Only commits and trees are read.
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use gix::ObjectId;
use gix::object::tree::diff::ChangeDetached;

use crate::slug;

/// One recorded state of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub commit: ObjectId,
    pub blob: ObjectId,
    pub at_ms: i64,
    pub order: usize,
    pub links: Vec<String>,
    pub technical: bool,
}

/// A document and its records, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Track {
    /// Path at its first commit: stable, unlike the path after renames.
    pub first_path: String,
    pub path: String,
    pub records: Vec<Record>,
}

/// `Service/Terms Type.md` to service and terms type.
pub(crate) fn service(path: &str) -> (String, String) {
    let (service, file) = path.split_once('/').unwrap_or(("", path));
    let kind = file.strip_suffix(".md").unwrap_or(file);
    // A part of a document ("Terms of Service #Arbitration") is a document of its own.
    (service.to_string(), kind.to_string())
}

/// Every document's records. A commit that cannot be read is named in `failures`; what it did shows in the next one that can.
pub(crate) fn tracks(repo: &gix::Repository, failures: &mut Vec<String>) -> Result<Vec<Track>, String> {
    let mut walk = Walk::default();
    for (order, id) in commits(repo, failures)?.into_iter().enumerate() {
        if let Err(reason) = walk.commit(repo, id, order) {
            failures.push(format!("commit {id}: {reason}"));
        }
    }
    Ok(merged(walk.tracks))
}

/// One track a document: paths that differ only in spelling, or that took turns through renames, are one document's history.
fn merged(tracks: Vec<Track>) -> Vec<Track> {
    let mut by_document: HashMap<(String, String), usize> = HashMap::new();
    let mut out: Vec<Track> = Vec::new();
    for track in tracks.into_iter().filter(|track| !track.records.is_empty()) {
        let (name, kind) = service(&track.path);
        match by_document.entry((slug(&name), kind)) {
            Entry::Occupied(entry) => out[*entry.get()].records.extend(track.records),
            Entry::Vacant(entry) => {
                entry.insert(out.len());
                out.push(track);
            }
        }
    }
    for track in &mut out {
        track.records.sort_by_key(|record| (record.at_ms, record.order));
        track.records.dedup_by(|a, b| (a.commit, a.blob) == (b.commit, b.blob));
    }
    out
}

/// All commits reachable from HEAD, each after its parents. Past a commit that is missing, what can be reached otherwise is listed.
fn commits(repo: &gix::Repository, failures: &mut Vec<String>) -> Result<Vec<ObjectId>, String> {
    let head = repo.head_id().map_err(|error| error.to_string())?;
    let walk = repo.rev_walk([head.detach()]).all().map_err(|error| error.to_string())?;
    let mut ids = Vec::new();
    let mut parents: HashMap<ObjectId, Vec<ObjectId>> = HashMap::new();
    for info in walk {
        match info {
            Ok(info) => {
                parents.insert(info.id, info.parent_ids.to_vec());
                ids.push(info.id);
            }
            Err(error) if ids.is_empty() => return Err(error.to_string()),
            Err(error) => failures.push(format!("the history cannot be followed further back: {error}")),
        }
    }
    Ok(parents_first(&ids, &parents))
}

/// Depth-first from the oldest end, without recursion: histories are tens of thousands of commits long.
fn parents_first(ids: &[ObjectId], parents: &HashMap<ObjectId, Vec<ObjectId>>) -> Vec<ObjectId> {
    let mut done: HashSet<ObjectId> = HashSet::new();
    let mut out = Vec::with_capacity(ids.len());
    for &start in ids.iter().rev() {
        let mut stack = vec![(start, false)];
        while let Some((id, expanded)) = stack.pop() {
            if expanded {
                out.push(id);
            } else if parents.contains_key(&id) && done.insert(id) {
                stack.push((id, true));
                let known = parents.get(&id).into_iter().flatten().filter(|parent| !done.contains(*parent));
                stack.extend(known.map(|parent| (*parent, false)));
            }
        }
    }
    out
}

/// The state of the first pass.
#[derive(Default)]
struct Walk {
    tracks: Vec<Track>,
    by_path: HashMap<String, usize>,
    /// Commits that could not be read, with the parent that stands in for them.
    skipped: HashMap<ObjectId, Option<ObjectId>>,
}

impl Walk {
    fn commit(&mut self, repo: &gix::Repository, id: ObjectId, order: usize) -> Result<(), String> {
        let text = |error: &dyn std::fmt::Display| error.to_string();
        let commit = repo.find_commit(id).map_err(|error| text(&error))?;
        let parents: Vec<ObjectId> = commit.parent_ids().map(|parent| parent.detach()).collect();
        let tree = match commit.tree() {
            Ok(tree) => tree,
            Err(error) => {
                self.skipped.insert(id, parents.first().copied());
                return Err(text(&error));
            }
        };
        let before = self.tree_before(repo, parents.first().copied());
        let message = commit.message_raw_sloppy().to_string();
        let seconds = commit.author().map_err(|error| text(&error))?.time().map_err(|error| text(&error))?.seconds;
        let changes = repo.diff_tree_to_tree(before.as_ref(), Some(&tree), options()).map_err(|error| text(&error))?;
        let record = |blob| Record {
            commit: id,
            blob,
            at_ms: seconds.saturating_mul(1000),
            order,
            links: links(&message),
            technical: is_technical(&message),
        };
        let others: Vec<gix::Tree<'_>> =
            parents.iter().skip(1).filter_map(|parent| self.tree_before(repo, Some(*parent))).collect();
        for change in changes {
            if !others.iter().any(|tree| has(tree, &change)) {
                self.change(change, &record);
            }
        }
        Ok(())
    }

    /// The tree of a parent, or of its nearest ancestor whose tree can be read.
    fn tree_before<'r>(&self, repo: &'r gix::Repository, mut parent: Option<ObjectId>) -> Option<gix::Tree<'r>> {
        loop {
            let id = parent?;
            match self.skipped.get(&id) {
                Some(before) => parent = *before,
                None => return repo.find_commit(id).ok()?.tree().ok(),
            }
        }
    }

    fn change(&mut self, change: ChangeDetached, record: &dyn Fn(ObjectId) -> Record) {
        match change {
            ChangeDetached::Addition { location, entry_mode, id, .. }
            | ChangeDetached::Modification { location, entry_mode, id, .. } => {
                let path = location.to_string();
                if entry_mode.is_blob() && is_document(&path) {
                    let index = self.track(path);
                    self.tracks[index].records.push(record(id));
                }
            }
            ChangeDetached::Rewrite { source_location, source_id, location, id, entry_mode, copy: false, .. } => {
                let path = location.to_string();
                if !entry_mode.is_blob() || !is_document(&path) {
                    return;
                }
                let moved = self.by_path.remove(&source_location.to_string());
                let index = moved.unwrap_or_else(|| self.track(path.clone()));
                self.by_path.insert(path.clone(), index);
                self.tracks[index].path = path;
                if source_id != id {
                    self.tracks[index].records.push(record(id));
                }
            }
            ChangeDetached::Rewrite { .. } | ChangeDetached::Deletion { .. } => {}
        }
    }

    fn track(&mut self, path: String) -> usize {
        *self.by_path.entry(path.clone()).or_insert_with(|| {
            self.tracks.push(Track { first_path: path.clone(), path, records: Vec::new() });
            self.tracks.len() - 1
        })
    }
}

/// Renames are followed where half of the text is kept.
fn options() -> gix::diff::Options {
    let mut options = gix::diff::Options::default();
    options.track_path();
    let rewrites = gix::diff::Rewrites { copies: None, percentage: Some(0.5), limit: 200, track_empty: false };
    options.track_rewrites(Some(rewrites));
    options
}

/// Whether another parent of a merge brought what the merge changes: then it was recorded on that side.
fn has(tree: &gix::Tree<'_>, change: &ChangeDetached) -> bool {
    let (location, id) = match change {
        ChangeDetached::Addition { location, id, .. }
        | ChangeDetached::Modification { location, id, .. }
        | ChangeDetached::Rewrite { location, id, .. } => (location, id),
        ChangeDetached::Deletion { .. } => return false,
    };
    let path = location.to_string();
    matches!(tree.lookup_entry_by_path(path), Ok(Some(entry)) if entry.object_id() == *id)
}

/// Documents lie one folder deep and end in `.md`; README and licence files do not.
fn is_document(path: &str) -> bool {
    path.ends_with(".md") && path.matches('/').count() == 1 && !path.starts_with('.')
}

/// Links to the snapshots that a version was extracted from.
fn links(message: &str) -> Vec<String> {
    message
        .split_whitespace()
        .filter(|word| word.starts_with("https://") && word.contains("/commit"))
        .map(str::to_string)
        .collect()
}

/// Commits made because the recorder's extraction changed, not the document.
fn is_technical(message: &str) -> bool {
    let subject = message.lines().next().unwrap_or("");
    subject.starts_with("Apply technical or declaration upgrade") || subject.starts_with("Refilter")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_messages() {
        assert!(is_document("Plum/Privacy Policy.md"));
        assert!(
            !is_document("README.md")
                && !is_document(".github/x.md")
                && !is_document("a/b/c.md")
                && !is_document("a/b.json")
        );
        assert_eq!(service("Plum/Privacy Policy.md"), ("Plum".into(), "Privacy Policy".into()));
        let message = "Record new changes of Plum Terms\n\nThis version was recorded after extracting from snapshot https://git.example/plum/commit/54c413\n";
        assert_eq!(links(message), ["https://git.example/plum/commit/54c413"]);
        assert!(is_technical("Apply technical or declaration upgrade on Plum Terms\n") && !is_technical(message));
    }
}
