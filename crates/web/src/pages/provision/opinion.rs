//! What an attached language model says about the clause, beside what the reader of this site found. Where they disagree, it is said.
use atlas::answers::{AboutClause, ClauseWords, Said};
use atlas::records::Provision;
use atlas::{Atlas, AtlasError};
use document::Structure;
use serde::Serialize;
use serde_json::{Value, json};

use crate::error::Failure;
use crate::words;

/// How the model's reading stands to that of the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Agreement {
    /// It names the provision's clause type.
    Agrees,
    /// It names other clause types only.
    NamesOtherTypes,
    /// It names no clause type.
    SeesNoSuchClause,
}

/// What a model says about the clause of a provision.
pub(super) struct Opinion {
    pub said: Said<AboutClause>,
    pub agreement: Agreement,
}

impl Opinion {
    /// The newest answer about the clause in which a provision's excerpt stands.
    pub async fn gather(
        atlas: &Atlas,
        provision: &Provision,
        text: &str,
        structure: &Structure,
    ) -> Result<Option<Opinion>, Failure> {
        let Some(clause) = ClauseWords::at(text, structure, &provision.excerpt_range) else { return Ok(None) };
        let said = undamaged(atlas.said_of_clause(&clause).await)?;
        Ok(said.map(|said| Opinion { agreement: Agreement::of(&said.what, &provision.clause_type), said }))
    }

    /// The agreement or disagreement as a sentence.
    pub fn verdict(&self, clause_type: &str) -> String {
        let title = words::type_title(clause_type);
        match self.agreement {
            Agreement::Agrees if self.said.what.types.len() == 1 => {
                format!("It reads the clause as this page does: “{title}”.")
            }
            Agreement::Agrees => {
                format!("It reads the clause as “{title}”, as this page does, and names other types too.")
            }
            Agreement::NamesOtherTypes => {
                format!("It reads the clause otherwise: it does not see “{title}” in it, and names other types.")
            }
            Agreement::SeesNoSuchClause => {
                format!("It reads the clause otherwise: it sees neither “{title}” nor any other clause type in it.")
            }
        }
    }

    /// For programs.
    pub fn json(&self) -> Value {
        json!({"model": self.said.model, "prompt_version": self.said.prompt, "asked_ms": self.said.at_ms, "agreement": self.agreement,
            "explanation": self.said.what.explanation, "types": self.said.what.types})
    }
}

impl Agreement {
    fn of(answer: &AboutClause, clause_type: &str) -> Agreement {
        match answer.types.as_slice() {
            [] => Agreement::SeesNoSuchClause,
            named if named.iter().any(|named| named.id == clause_type) => Agreement::Agrees,
            _ => Agreement::NamesOtherTypes,
        }
    }

    /// In two words, for the chip.
    pub fn words(self) -> &'static str {
        match self {
            Agreement::Agrees => "Agrees",
            Agreement::NamesOtherTypes | Agreement::SeesNoSuchClause => "Disagrees",
        }
    }
}

/// What a model said, or nothing if it is damaged, which must not take the page away.
pub(in crate::pages) fn undamaged<T>(said: Result<Option<T>, AtlasError>) -> Result<Option<T>, Failure> {
    match said {
        Err(AtlasError::Damaged { record, reason }) => {
            eprintln!("clausewatch: {record} is damaged: {reason}");
            Ok(None)
        }
        said => Ok(said?),
    }
}
