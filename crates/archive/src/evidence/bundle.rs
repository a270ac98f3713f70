//! What an evidence bundle says, and writing one.

use serde::{Deserialize, Serialize};

use super::strict_zip::{self, ZipError};
use super::verify::{CheckName, verify_bundle};
use super::{README, member};
use crate::blob::Sha256Digest;
use crate::log::{LeafEntry, NoteError, TlogProof, VerifierKey, leaf_hash};
use crate::warc::{Capture, WarcWriter};

/// The format of `record.json`; a bundle of another format is refused rather than half understood.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum BundleFormat {
    /// The first format.
    #[default]
    #[serde(rename = "clausewatch-evidence/1")]
    V1,
}

/// What a bundle claims: the content of `record.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceRecord {
    /// The format of the bundle.
    pub format: BundleFormat,
    /// The version's record, such as `CW-D-00001/3`.
    pub record: String,
    /// Name of the platform. Not covered by the log.
    pub platform: String,
    /// Type or title of the document. Not covered by the log.
    pub document: String,
    /// Number of the version. Not covered by the log, other than within `record`.
    pub version: u32,
    /// The address of the capture.
    pub url: String,
    /// When the capture was taken, for people: `captured_ms` as RFC 3339.
    pub captured_at: String,
    /// When the capture was taken, in milliseconds since 1970 UTC.
    pub captured_ms: i64,
    /// The date the document gives itself, as it gives it. Not covered by the log.
    pub effective_date: Option<String>,
    /// SHA-256 of the capture's body after content decoding; null when there is no capture.
    pub capture_sha256: Option<Sha256Digest>,
    /// SHA-256 of `text.txt`.
    pub text_sha256: Sha256Digest,
    /// The provision, when the bundle is about one.
    pub excerpt: Option<Excerpt>,
    /// Captures of the address that other archives say they hold: for whoever wants to compare. Not covered by the log, and no part of
    /// what is proved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub elsewhere: Vec<Elsewhere>,
}

/// A capture that another archive says it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Elsewhere {
    /// Host of the archive.
    pub archive: String,
    /// Where it shows the capture.
    pub url: String,
    /// When it was captured, as that archive says (RFC 3339).
    pub captured_at: String,
    /// When that archive said so (RFC 3339).
    pub asked_at: String,
}

/// A provision within the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Excerpt {
    /// The provision's record.
    pub record: String,
    /// The clause type it was read as. Not covered by the log.
    pub clause_type: String,
    /// Its words.
    pub text: String,
    /// First byte of them in `text.txt`.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl EvidenceRecord {
    /// The log entry that this record must have.
    pub fn leaf(&self) -> LeafEntry {
        LeafEntry::new(&self.record, &self.url, self.captured_ms, self.capture_sha256, self.text_sha256)
    }
}

/// What goes into a bundle.
#[derive(Debug, Clone)]
pub struct BundleInput<'a> {
    /// What is claimed.
    pub record: &'a EvidenceRecord,
    /// The version's clean text.
    pub text: &'a str,
    /// The capture, where one is held.
    pub capture: Option<&'a Capture>,
    /// Proof of the record's [`LeafEntry`] in the log.
    pub proof: &'a TlogProof,
    /// The key that signed the checkpoint of the proof.
    pub log_key: &'a VerifierKey,
}

/// Why a bundle could not be written or read at all. A bundle that can be read and does not hold is no error but
/// a [`VerifyReport`](super::VerifyReport) with failed checks.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The zip is malformed, hostile or damaged.
    #[error(transparent)]
    Zip(#[from] ZipError),
    /// The bundle is larger than any bundle can be.
    #[error("the bundle has {size} bytes; {limit} is the most")]
    TooLarge {
        /// Its size.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// A member that every bundle has is absent.
    #[error("the bundle has no {0}")]
    Missing(&'static str),
    /// `record.json` cannot be read.
    #[error("record.json cannot be read: {0}")]
    Record(#[from] serde_json::Error),
    /// The trusted key that the caller gave is malformed.
    #[error("the trusted key is not usable: {0}")]
    TrustedKey(NoteError),
    /// The capture has a header or address that WARC cannot hold.
    #[error("the capture of {url} cannot be written: {source}")]
    Capture {
        /// Address of the capture.
        url: String,
        /// The cause.
        source: std::io::Error,
    },
    /// The bundle was written but would not verify, so it was withheld.
    #[error("the bundle of {record} would not verify: {check}: {detail}")]
    WouldNotVerify {
        /// The record of the bundle.
        record: String,
        /// The check that fails.
        check: CheckName,
        /// Why.
        detail: String,
    },
}

/// Writes a bundle. The same input makes the same bytes.
///
/// The bundle is verified before it is returned: evidence that fails at the outsider's desk must not leave here.
pub fn write_bundle(input: &BundleInput) -> Result<Vec<u8>, BundleError> {
    let leaf = input.record.leaf().to_bytes();
    let mut record = serde_json::to_vec_pretty(input.record)?;
    record.push(b'\n');
    let capture = input.capture.map(|capture| capture_file(capture, &leaf)).transpose()?;
    let (proof, key) = (input.proof.to_string(), format!("{}\n", input.log_key));
    let mut members =
        vec![(member::README, README.as_bytes()), (member::RECORD, &record[..]), (member::TEXT, input.text.as_bytes())];
    members.extend(capture.iter().map(|capture| (member::CAPTURE, &capture[..])));
    members.extend([(member::LEAF, &leaf[..]), (member::PROOF, proof.as_bytes()), (member::KEY, key.as_bytes())]);
    let bundle = strict_zip::write(&members);
    let report = verify_bundle(&bundle, Some(&input.log_key.to_string()))?;
    match report.failures().next() {
        None => Ok(bundle),
        Some(failed) => Err(BundleError::WouldNotVerify {
            record: input.record.record.clone(),
            check: failed.name,
            detail: failed.detail.clone(),
        }),
    }
}

fn capture_file(capture: &Capture, leaf: &[u8]) -> Result<Vec<u8>, BundleError> {
    let refused = |source| BundleError::Capture { url: capture.url.clone(), source };
    let mut writer = WarcWriter::new(Vec::new(), true);
    let fields = [("software", "Clausewatch"), ("format", "WARC File Format 1.1")];
    writer.warcinfo(&record_id(leaf, 0), capture.at_ms, &fields).map_err(refused)?;
    writer.response(&record_id(leaf, 1), capture).map_err(refused)?;
    writer.finish().map_err(refused)
}

/// An identifier that follows from the log entry, so that nothing random enters a bundle: a UUID of version 8.
fn record_id(leaf: &[u8], number: u8) -> String {
    let mut id = leaf_hash(&[leaf, &[number]].concat());
    id[6] = id[6] & 0x0f | 0x80;
    id[8] = id[8] & 0x3f | 0x80;
    let hex = Sha256Digest(id).to_string();
    format!("urn:uuid:{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..32])
}
