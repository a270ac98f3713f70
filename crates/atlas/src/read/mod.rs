//! Questions to the store: the types of what is asked and answered. Each file answers about one noun.
pub(crate) mod changes;
pub(crate) mod documents;
mod evidence;
pub(crate) mod history;
pub(crate) mod holders;
pub(crate) mod platforms;
pub(crate) mod provisions;
pub(crate) mod standing;
pub(crate) mod timelines;

use serde::Serialize;

use crate::ids::DocumentId;
use crate::records::{Document, Materiality, Platform};
pub use evidence::Evidence;
pub use holders::{HashMatch, Hashed, Holder};
pub use platforms::RECENT_MS;
pub(crate) use standing::Cache;
pub use timelines::{Adoption, Month, StandingMonth, TypeMonth, TypeTimeline};

/// How much the store holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Platforms that have a document.
    pub platforms: i64,
    /// Documents.
    pub documents: i64,
    /// Versions of them.
    pub versions: i64,
    /// Captures.
    pub captures: i64,
    /// Provisions that stand.
    pub provisions: i64,
    /// Provisions that are gone.
    pub removed_provisions: i64,
    /// Changes.
    pub changes: i64,
    /// Entries of the transparency log.
    pub log_size: i64,
    /// Time of the first capture.
    pub first_ms: Option<i64>,
    /// When a document was last verified.
    pub last_ms: Option<i64>,
}

/// Orders of a list of platforms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PlatformSort {
    /// By name.
    #[default]
    Name,
    /// Most critical, then most high provisions first.
    Severity,
    /// Last changed first.
    Changed,
    /// Most documents first.
    Documents,
    /// Most standing provisions first.
    Provisions,
}

/// Which platforms.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlatformFilter {
    /// Only of this sector.
    pub sector: Option<String>,
    /// Only of this country.
    pub country: Option<String>,
    /// Only if the name or slug contains this, in any case of letters.
    pub q: Option<String>,
    /// Order.
    pub sort: PlatformSort,
    /// The instant from which "the last 30 days" count back; none: when the store last saw anything.
    pub now_ms: Option<i64>,
}

/// A platform in a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlatformRow {
    /// The platform.
    pub platform: Platform,
    /// Its documents.
    pub documents: i64,
    /// Versions of all of them.
    pub versions: i64,
    /// Standing provisions by severity: low, medium, high, critical.
    pub severity: [i64; 4],
    /// Material and minor changes in the last 30 days.
    pub changes_30d: i64,
    /// When one of its documents last changed.
    pub last_changed_ms: Option<i64>,
    /// When one of its documents was last verified.
    pub last_verified_ms: Option<i64>,
}

/// A platform with its documents.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlatformDetail {
    /// The platform.
    pub platform: Platform,
    /// Its documents, by kind and title.
    pub documents: Vec<Document>,
    /// Standing provisions by severity: low, medium, high, critical.
    pub severity: [i64; 4],
}

/// A platform's standing provisions of one category, beside the median platform.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CategoryShare {
    /// The category's ID in the taxonomy.
    pub category: String,
    /// Standing provisions of the platform in it.
    pub provisions: i64,
    /// Those of severity high or critical.
    pub high_or_critical: i64,
    /// Median of `provisions` over the platforms that could hold the category.
    pub median: f64,
}

/// A page of the provisions of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceFilter {
    /// Removed ones too.
    pub include_removed: bool,
    /// How many to pass over.
    pub offset: i64,
    /// How many at most.
    pub limit: i64,
}

impl Default for InstanceFilter {
    fn default() -> Self {
        InstanceFilter { include_removed: false, offset: 0, limit: 50 }
    }
}

/// How often a clause type occurs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TypeCount {
    /// The clause type.
    pub clause_type: String,
    /// Platforms with a standing provision of it.
    pub platforms: i64,
    /// Standing provisions of it.
    pub provisions: i64,
    /// Platforms with a document of a kind that could hold it.
    pub of_platforms: i64,
}

/// On how many platforms a clause type occurs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Rarity {
    /// Platforms with a standing provision of the type.
    pub platforms: i64,
    /// Platforms with a document of a kind that could hold it.
    pub of_platforms: i64,
}

/// Which changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeFilter {
    /// Only of the platform with this slug.
    pub platform: Option<String>,
    /// Only of this document.
    pub document: Option<DocumentId>,
    /// Only those that touch a provision of this clause type.
    pub clause_type: Option<String>,
    /// Only those that matter at least this much.
    pub at_least: Option<Materiality>,
    /// Only from this instant on.
    pub since_ms: Option<i64>,
    /// Only those that are confirmed: what people are told of.
    pub confirmed: bool,
    /// How many to pass over.
    pub offset: i64,
    /// How many at most.
    pub limit: i64,
}

impl Default for ChangeFilter {
    fn default() -> Self {
        let (platform, document, clause_type, at_least, since_ms) = (None, None, None, None, None);
        ChangeFilter { platform, document, clause_type, at_least, since_ms, confirmed: false, offset: 0, limit: 50 }
    }
}
