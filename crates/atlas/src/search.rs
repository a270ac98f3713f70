//! Search over the clauses of every document's latest version, and over removed provisions.
//!
//! The index is a view of the store, one for each machine: it remembers up to which generation of the store it has read, in its own
//! commit. So a process may end at any moment, several machines may index the same store, and the folder may be deleted at any time.
mod index;
mod query;

use provisions::Severity;
use serde::Serialize;

use crate::error::Result;
use crate::ids::{DocumentId, ProvisionId};
use crate::open::Atlas;
pub(crate) use index::Index;
#[cfg(test)]
pub(crate) use index::STATEMENTS;
pub use query::finds;

/// What is looked for. Words may be empty: then everything that passes the filters is found.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchQuery {
    /// Words; `"a phrase"`, `-without`. Anything else is read as words, never as an error.
    pub words: String,
    /// Only on the platform with this slug.
    pub platform: Option<String>,
    /// Only clauses of this type.
    pub clause_type: Option<String>,
    /// Only provisions of this severity.
    pub severity: Option<Severity>,
    /// Only documents of this kind.
    pub kind: Option<String>,
    /// How many hits to pass over.
    pub offset: usize,
    /// How many hits at most.
    pub limit: usize,
}

impl Default for SearchQuery {
    fn default() -> Self {
        let (platform, clause_type, severity, kind) = (None, None, None, None);
        SearchQuery { words: String::new(), platform, clause_type, severity, kind, offset: 0, limit: 20 }
    }
}

/// A page of hits, best first.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SearchPage {
    /// How many there are in all.
    pub total: usize,
    /// The page.
    pub hits: Vec<SearchHit>,
}

/// A clause that was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SearchHit {
    /// The most severe provision in the clause, if any.
    pub provision: Option<ProvisionId>,
    /// The document.
    pub document: DocumentId,
    /// Its title.
    pub document_title: String,
    /// Slug of the platform.
    pub platform: String,
    /// Name of the platform.
    pub platform_name: String,
    /// Headings above the clause, joined by ` > `.
    pub heading: String,
    /// Words around the first finds: HTML, escaped, finds in `<mark>`.
    pub snippet_html: String,
    /// Clause types recognised in the clause.
    pub clause_types: Vec<String>,
    /// The version in which the clause stands, or stood last.
    pub version: i64,
    /// Whether it is gone from the document.
    pub removed: bool,
}

impl Atlas {
    /// Clauses that hold all the words and pass the filters, best first. Never fails because of what the words are.
    pub async fn search(&self, query: &SearchQuery) -> Result<SearchPage> {
        let found = query::run(&self.shared.index, query)?;
        let mut documents = std::collections::HashMap::new();
        let mut hits = Vec::with_capacity(found.hits.len());
        for hit in found.hits {
            if let std::collections::hash_map::Entry::Vacant(e) = documents.entry(hit.document) {
                e.insert(self.document(hit.document).await?);
            }
            // A document that the index knows and the store does not is of another store: not shown.
            let Some(Some(document)) = documents.get(&hit.document) else { continue };
            hits.push(SearchHit {
                document_title: document.title.clone(),
                platform: document.platform.slug.clone(),
                platform_name: document.platform.name.clone(),
                ..hit
            });
        }
        Ok(SearchPage { total: found.total, hits })
    }
}
