//! Interpretive notes: where a clause leaves open what it means.
use std::ops::Range;

use document::Structure;

/// A note about a clause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The note, one or two sentences.
    pub text: String,
    /// Indices in [`Structure::clauses`] of other clauses that it speaks of, for links.
    pub clauses: Vec<usize>,
}

/// Notes on the words at `excerpt` in a document's clean text, of clause type `type_id`. `provisions` are the types and byte ranges
/// of all provisions of the document, for conflicts between clauses.
pub fn notes(
    text: &str,
    structure: &Structure,
    type_id: &str,
    excerpt: Range<usize>,
    provisions: &[(&str, Range<usize>)],
) -> Vec<Note> {
    let _ = (text, structure, type_id, excerpt, provisions);
    Vec::new()
}
