//! The store and the search index, asked in the product's words.
//!
//! One [`Atlas`] is the record of what was seen: platforms, their documents, every version of them, the provisions found in them, and
//! the transparency log over all of it. Callers ask for "the provisions of this document", never for rows: SQL does not leave this crate.
//! The same statements run on SQLite (the default) and on PostgreSQL; see [`Location`].
pub mod ids;
pub mod jobs;
pub mod records;

mod error;
mod open;
mod read;
mod search;
mod check;
mod unfinished;
mod write;

pub use check::Problem;
pub use error::AtlasError;
pub use open::{Atlas, Durability, Location, LogConfig};
pub use read::*;
pub use search::{SearchHit, SearchPage, SearchQuery};
pub use write::Recorded;
