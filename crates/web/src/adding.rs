//! Adding a document by its address: what the site asks of the process that tracks. Where it tracks itself (`up`), the program hands this in;
//! a site that is served alone has nobody to ask, and says so.
use std::future::Future;
use std::pin::Pin;

use atlas::ids::DocumentId;
use serde::Serialize;

/// What a page turned out to be.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct FoundDocument {
    /// The address that will be asked.
    pub url: String,
    /// The address that was given, if the page has moved from there for good.
    pub moved_from: Option<String>,
    /// The document that is tracked at this address already.
    pub tracked: Option<DocumentId>,
    /// What is concluded of it.
    pub concluded: WantedDocument,
    /// Whether its platform is in the record already.
    pub known: bool,
    /// What the page calls itself.
    pub page_title: Option<String>,
    /// Words of its text.
    pub words: i64,
    /// Its clauses.
    pub clauses: i64,
    /// The provisions found in it.
    pub provisions: i64,
    /// What was concluded from what, a sentence each.
    pub assumed: Vec<String>,
    /// Why it may be no legal document, or not this one; a sentence each.
    pub doubts: Vec<String>,
}

/// What is to be tracked, as a person confirmed it. What is empty is concluded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct WantedDocument {
    /// Its address.
    pub url: String,
    /// Name of its platform.
    pub platform: String,
    /// The platform's name in addresses; made of its name if absent.
    pub slug: Option<String>,
    /// The platform's sector.
    pub sector: Option<String>,
    /// The platform's country, ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// Its terms type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its title, where that is not its type.
    pub title: Option<String>,
    /// Its language, ISO 639-1.
    pub language: Option<String>,
}

/// What comes of it, or the reason why not, which names the input and what to do.
pub type AddingAnswer<T> = Pin<Box<dyn Future<Output = Result<T, String>> + Send>>;

/// Who adds documents.
pub trait Adding: Send + Sync {
    /// Fetches and reads a page; nothing is kept.
    fn look(&self, url: String) -> AddingAnswer<FoundDocument>;
    /// Writes a document into the catalog and has it tracked.
    fn track(&self, wanted: WantedDocument) -> AddingAnswer<DocumentId>;
    /// A platform's file for the catalog, as the record has it; none if there is no such platform.
    fn catalog_file(&self, platform: String) -> AddingAnswer<Option<String>>;
}
