//! The store and the search index, asked in the product's words.
//!
//! One [`Atlas`] is the record of what was seen: platforms, their documents, every version of them, the provisions found in them, and
//! the transparency log over all of it. Callers ask for "the provisions of this document", never for rows: SQL does not leave this crate.
//! The same statements run on SQLite (the default) and on PostgreSQL; see [`Location`].
pub mod accounts;
pub mod answers;
pub mod apart;
pub mod families;
pub mod health;
pub mod ids;
pub mod jobs;
pub mod operate;
pub mod plans;
pub mod records;
pub mod review;
pub mod watching;
pub mod witnesses;

mod blobs;
#[cfg(test)]
mod both_engines;
mod check;
mod codes;
mod confirm;
mod error;
mod fingerprint;
mod hold;
mod log;
mod open;
mod read;
mod record;
mod revise;
mod schema;
mod seal;
mod search;
mod store;
mod together;
mod write;

pub use check::Problem;
pub use confirm::{Stay, has_come_to_stay};
pub use error::AtlasError;
pub use hold::{Held, Work};
pub use open::{Atlas, Location, LogConfig};
pub use read::{
    Adoption, CategoryShare, ChangeFilter, Counts, Evidence, HashMatch, Hashed, Holder, InstanceFilter, Month,
    PlatformDetail, PlatformFilter, PlatformRow, PlatformSort, RECENT_MS, Rarity, StandingMonth, TypeCount, TypeMonth,
    TypeTimeline,
};
pub use record::Recorded;
pub use seal::{Forgotten, KeyPlace, read_keys};
pub use search::{SearchHit, SearchPage, SearchQuery, finds};
pub use write::Verified;
