//! Evidence bundles: one file that shows what a document said on a date, and that an outsider can check offline.
//!
//! A bundle is a zip of the version's text, the capture it was read from, the entry of the transparency log that
//! names both by their hashes, and the proof that this entry is in the log under a signed checkpoint.
//! [`write_bundle`] makes one, [`verify_bundle`] checks one and says for each check what it covers and, as
//! important, what nothing covers. `docs/evidence.md` publishes the format.

mod bundle;
mod strict_zip;
mod verify;

pub use bundle::{BundleError, BundleFormat, BundleInput, Elsewhere, EvidenceRecord, Excerpt, write_bundle};
pub use strict_zip::ZipError;
pub use verify::{Check, CheckName, CheckStatus, VerifyReport, verify_bundle};

/// The names of the files in a bundle.
mod member {
    pub const README: &str = "README.txt";
    pub const RECORD: &str = "record.json";
    pub const TEXT: &str = "text.txt";
    pub const CAPTURE: &str = "capture.warc.gz";
    pub const LEAF: &str = "leaf.json";
    pub const PROOF: &str = "proof.tlog-proof";
    pub const KEY: &str = "log-key.txt";
}

/// The instructions in every bundle. Once a bundle was given out this text must not change within its format.
const README: &str = include_str!("readme.txt");
