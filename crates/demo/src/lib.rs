//! The demonstration world: a dozen invented platforms with dated versions of their documents, served on loopback and tracked
//! over HTTP like any other site, with the clock moved from version to version.
//!
//! The documents lie in `demo/platforms/` and are part of the program.
mod chrome;
mod serve;
mod tour;
mod watcher;
mod world;

pub use serve::serve;
pub use tour::{Tour, TourError, tour};
pub use world::{World, WorldError};
