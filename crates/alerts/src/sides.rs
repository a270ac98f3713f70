//! Two versions of a document side by side, and what the change from one to the other means as it is shown: with what editors put in place
//! of the reader's findings.
use atlas::ids::DocumentId;
use atlas::review::Corrections;
use atlas::{Atlas, AtlasError};
use compare::Alignment;
use document::Structure;
use provisions::{Finding, Reader, SummaryLine, summarise_as};

/// A version's text with its clauses.
#[derive(Debug)]
pub struct Side<'a> {
    /// The clean text.
    pub text: &'a str,
    /// Its clauses.
    pub structure: Structure,
    /// The words of each clause.
    pub clauses: Vec<&'a str>,
}

impl<'a> Side<'a> {
    /// Divides a text.
    pub fn new(text: &'a str) -> Side<'a> {
        let structure = document::structure(text);
        Side { text, clauses: structure.words(text), structure }
    }

    /// The headings above a clause, joined by ` > `.
    pub fn heading_path(&self, index: usize) -> String {
        document::heading_path(&self.structure, self.text, index)
    }

    /// The words of the nearest heading above a clause.
    pub fn heading(&self, index: usize) -> Option<&'a str> {
        self.structure.clauses[index].heading.map(|heading| self.clauses[heading])
    }
}

/// What editors put in place of what the reader finds in two versions of a document.
#[derive(Debug, Clone, Default)]
pub struct Corrected {
    corrections: Corrections,
    /// Lineages of the clauses of the older version, and of the newer.
    lineages: (Vec<u32>, Vec<u32>),
}

impl Corrected {
    /// Of two versions of a document, by their numbers.
    pub async fn of(atlas: &Atlas, document: DocumentId, old: i64, new: i64) -> Result<Corrected, AtlasError> {
        let corrections = atlas.corrections(document).await?;
        if corrections.is_empty() {
            return Ok(Corrected::default());
        }
        let lineages = (atlas.version_lineages(document, old).await?, atlas.version_lineages(document, new).await?);
        Ok(Corrected { corrections, lineages })
    }

    fn judge(&self, lineages: &[u32], clause: usize, finding: Finding) -> Option<Finding> {
        match lineages.get(clause) {
            Some(lineage) => self.corrections.judge(*lineage, finding),
            None => Some(finding),
        }
    }
}

/// What the change from one side to the other means, most severe first.
pub fn summary(
    reader: &Reader,
    (old, new): &(Side<'_>, Side<'_>),
    alignment: &Alignment,
    corrected: &Corrected,
) -> Vec<SummaryLine> {
    let changed = alignment.differing().map(|pair| (pair.old.as_slice(), pair.new.as_slice()));
    let before = |clause, finding| corrected.judge(&corrected.lineages.0, clause, finding);
    let after = |clause, finding| corrected.judge(&corrected.lineages.1, clause, finding);
    summarise_as(reader, (old.text, &old.structure), (new.text, &new.structure), changed, (&before, &after))
}
