//! Which regulations may bear on a provision, and on what condition.
use crate::taxonomy::{Article, ClauseType, Regulation};

/// What is known about a platform and its document that decides which law may apply.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Circumstances<'a> {
    /// ISO 3166-1 alpha-2 country of the platform.
    pub country: Option<&'a str>,
    /// Sector of the platform.
    pub sector: Option<&'a str>,
    /// Terms type of the document.
    pub document_kind: &'a str,
    /// The document's clean text: what it says about where and to whom the service is offered.
    pub text: &'a str,
}

/// A regulation that may apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applicable<'a> {
    /// The regulation.
    pub regulation: &'a Regulation,
    /// The article that matters, where one is named.
    pub article: Option<&'a Article>,
    /// Why it may apply to a clause of this type.
    pub reason: &'a str,
    /// On what condition, in words: "if people in the European Union are served".
    pub condition: String,
}

/// The regulations that may bear on a clause of type `kind` under these circumstances, in the order of the taxonomy. Those whose
/// conditions the document itself rules out are left out.
pub fn applicable<'a>(kind: &ClauseType, circumstances: &Circumstances<'_>) -> Vec<Applicable<'a>> {
    let _ = (kind, circumstances);
    Vec::new()
}
