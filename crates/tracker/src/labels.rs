//! Labels kept without the text that they are about: collection, commit, document and the hash of the clause's words. The text is read
//! again from the history that it was labelled in; so are clauses without labels, for a classifier to learn from ([`crate::unlabelled`]).
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use archive::Sha256Digest;
use document::Source;
use provisions::corpus::{self, CorpusError, Example, Role};
use provisions::passage;

/// The labels cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LabelsError {
    /// A line that is not as [`examples`] describes it.
    #[error(
        "line {0}: it needs six columns: collection, commit, document (these may be empty if the line above has them), name of the clause's words, types, severity"
    )]
    Line(usize),
    /// A type that the taxonomy does not have.
    #[error("line {line}: {reason}")]
    Type {
        /// The line, from 1.
        line: usize,
        /// Which type.
        reason: CorpusError,
    },
    /// A history that cannot be read, is not there, or lacks the commit or document.
    #[error("{document}: {reason}; it needs the repositories as they were cloned, with all commits")]
    History {
        /// Collection and document.
        document: String,
        /// What is wrong.
        reason: String,
    },
}

/// Labelled clauses with their words, and how many labels were for clauses that the document no longer divides into.
#[derive(Debug, Default)]
pub struct Resolved {
    /// The clauses, in the order of collection, commit and document.
    pub examples: Vec<Example>,
    /// Labels without a clause.
    pub lost: usize,
}

/// The name of a clause's words: 16 digits of the SHA-256 of its letters and digits in lower case, with one space between words.
pub fn words_name(text: &str) -> String {
    let words: Vec<String> =
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
    Sha256Digest::of(words.join(" ").as_bytes()).to_string()[..16].into()
}

/// A line's labels, by the name of the clause's words.
type Wanted = HashMap<String, Vec<(Vec<usize>, Option<provisions::Severity>)>>;

/// Finds the words of the labels in `table`, tab-separated lines without a header: collection (`contrib-versions`), commit, document
/// (`Plum/Terms of Service.md`), [`words_name`] of the clause, types (comma-separated, the main one first, `-` for none), severity. The
/// first three may be empty: they are then those of the line above.
/// `histories` holds the collections as `contrib-versions.git` or `contrib-versions`.
pub fn examples(table: &str, histories: &Path) -> Result<Resolved, LabelsError> {
    let mut documents: BTreeMap<(&str, &str, &str), Wanted> = BTreeMap::new();
    let mut above = ("", "", "");
    for (number, line) in table.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [collection, commit, document, name, types, severity] = columns[..] else {
            return Err(LabelsError::Line(number + 1));
        };
        if [collection, commit, document] != [""; 3] {
            above = (collection, commit, document);
        }
        if [above.0, above.1, above.2].contains(&"") {
            return Err(LabelsError::Line(number + 1));
        }
        let types: Vec<&str> = types.split(',').collect();
        let types = corpus::positions(name, &types).map_err(|reason| LabelsError::Type { line: number + 1, reason })?;
        let label = (types, provisions::Severity::parse(severity));
        documents.entry(above).or_default().entry(name.into()).or_default().push(label);
    }
    let mut resolved = Resolved::default();
    let mut open: Option<(&str, gix::Repository)> = None;
    for ((collection, commit, document), wanted) in documents {
        let failed = |reason: String| LabelsError::History { document: format!("{collection}: {document}"), reason };
        if open.as_ref().is_none_or(|(name, _)| *name != collection) {
            let bare = histories.join(format!("{collection}.git"));
            let path = if bare.exists() { bare } else { histories.join(collection) };
            open = Some((collection, gix::open(path).map_err(|error| failed(error.to_string()))?));
        }
        let Some((_, repo)) = &open else { continue };
        let bytes = stored(repo, commit, document).map_err(failed)?;
        add(&bytes, document, wanted, &mut resolved).map_err(failed)?;
    }
    Ok(resolved)
}

/// A document’s bytes at a commit; the reason if there are none.
pub fn stored(repo: &gix::Repository, commit: &str, document: &str) -> Result<Vec<u8>, String> {
    let id = gix::ObjectId::from_hex(commit.as_bytes()).map_err(|error| error.to_string())?;
    let tree = repo.find_commit(id).map_err(|error| error.to_string())?.tree().map_err(|error| error.to_string())?;
    let entry = tree.lookup_entry_by_path(document).map_err(|error| error.to_string())?;
    let entry = entry.ok_or_else(|| format!("commit {commit} has no such document"))?;
    Ok(entry.object().map_err(|error| error.to_string())?.data.clone())
}

/// The labelled clauses of one document, as the reader sees them: a list item with the words that introduce it.
fn add(bytes: &[u8], document: &str, mut wanted: Wanted, resolved: &mut Resolved) -> Result<(), String> {
    let source = Source { bytes, content_type: Some("text/markdown"), ..Source::default() };
    let reading = document::read(&source).map_err(|error| error.to_string())?;
    let structure = document::structure(&reading.text);
    for index in 0..structure.clauses.len() {
        let passage = passage(&reading.text, &structure, index, None);
        let Some(labels) = wanted.get_mut(&words_name(passage.text)) else { continue };
        let Some((types, severity)) = labels.pop() else { continue };
        resolved.examples.push(Example {
            id: format!("{document}#{index}"),
            platform: document.split('/').next().unwrap_or(document).into(),
            text: passage.read_text(),
            heading: passage.heading,
            types,
            denies: Vec::new(),
            severity,
            role: Role::Picked,
        });
    }
    resolved.lost += wanted.values().map(Vec::len).sum::<usize>();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_case_do_not_change_a_name() {
        assert_eq!(words_name("* **We may** end it."), words_name("we MAY end it"));
        assert_ne!(words_name("We may end it."), words_name("We may not end it."));
    }

    #[test]
    fn a_bad_line_is_named() {
        let none = Path::new("/nowhere");
        assert!(matches!(examples("a\tb\n", none), Err(LabelsError::Line(1))));
        assert!(matches!(examples("\t\t\tf\tarbitration\tlow\n", none), Err(LabelsError::Line(1))));
        assert!(matches!(examples("c\t\te\tf\tarbitration\tlow\n", none), Err(LabelsError::Line(1))));
        let line = "c\td\te\tf\t-\t-\n\t\t\tg\tno-such-type\tlow";
        assert!(examples(line, none).unwrap_err().to_string().contains("no-such-type"));
        let line = "c\td\te\tf\tarbitration\tlow";
        assert!(examples(line, none).unwrap_err().to_string().contains("c: e"));
    }
}
