//! Histories recorded elsewhere, through the same door as live pages.
pub mod declarations;
pub mod ota;
pub mod warc;

use std::collections::BTreeSet;

use serde::{Serialize, Serializer};

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Slugs of the platforms in the sources; as JSON their number.
    #[serde(serialize_with = "number_of")]
    pub platforms: BTreeSet<String>,
    /// Documents in the source.
    pub documents: usize,
    /// Records read this time (those imported before are not read again).
    pub read: usize,
    /// Versions added.
    pub versions: usize,
    /// Captures with a text that we had already.
    pub confirmed: usize,
    /// Records that were imported before.
    pub known: usize,
    /// Records that hold no document (redirects, pictures).
    pub skipped: usize,
    /// What could not be imported, each with the commit or record it is about.
    pub failures: Vec<String>,
}

impl Summary {
    /// Adds another summary's counts to this one.
    pub fn add(&mut self, other: Summary) {
        self.platforms.extend(other.platforms);
        self.documents += other.documents;
        self.read += other.read;
        self.versions += other.versions;
        self.confirmed += other.confirmed;
        self.known += other.known;
        self.skipped += other.skipped;
        self.failures.extend(other.failures);
    }
}

fn number_of<S: Serializer>(slugs: &BTreeSet<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(slugs.len() as u64)
}

/// Where an import tells how far it is: (done, of all).
pub type Progress<'a> = &'a (dyn Fn(usize, usize) + Send + Sync);
