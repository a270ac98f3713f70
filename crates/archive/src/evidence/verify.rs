//! Checking a bundle, offline, and saying what each check covers.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::bundle::{BundleError, EvidenceRecord};
use super::strict_zip;
use super::{README, member};
use crate::blob::Sha256Digest;
use crate::instant;
use crate::log::{Checkpoint, LeafEntry, TlogProof, VerifierKey, leaf_hash, signed_text, verify_inclusion};
use crate::warc::{Capture, Limits, WarcReader};

const MAX_BUNDLE: usize = 128 << 20;

/// The members a bundle may have, and the most bytes of each.
const MEMBERS: [(&str, u64); 7] = [
    (member::README, 64 << 10),
    (member::RECORD, 8 << 20),
    (member::TEXT, 32 << 20),
    (member::CAPTURE, 65 << 20),
    (member::LEAF, 64 << 10),
    (member::PROOF, 2 << 20),
    (member::KEY, 4 << 10),
];

/// The checks of a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckName {
    /// The zip has one reading, and only the files of a bundle.
    Archive,
    /// The instructions are those published.
    Readme,
    /// The text has the hash of the record.
    Text,
    /// The capture has the address, date and body hash of the record.
    Capture,
    /// The provision's words stand at their place in the text.
    Excerpt,
    /// The log entry says what the record says.
    Leaf,
    /// The log entry is under the root of the checkpoint.
    Inclusion,
    /// The log's key signed the checkpoint.
    Checkpoint,
    /// The key is the trusted one.
    Key,
    /// Names and types, which the log does not cover.
    Labels,
}

impl fmt::Display for CheckName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Archive => "archive",
            Self::Readme => "readme",
            Self::Text => "text",
            Self::Capture => "capture",
            Self::Excerpt => "excerpt",
            Self::Leaf => "leaf",
            Self::Inclusion => "inclusion",
            Self::Checkpoint => "checkpoint",
            Self::Key => "key",
            Self::Labels => "labels",
        })
    }
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
    /// It holds.
    Pass,
    /// It does not hold: the bundle is no evidence.
    Fail,
    /// Nothing in the bundle can show it; `detail` says what that means.
    NotCovered,
}

/// One check and its outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Which check.
    pub name: CheckName,
    /// How it ended.
    pub status: CheckStatus,
    /// What the check is about, whatever its outcome.
    pub covers: &'static str,
    /// What was found.
    pub detail: String,
}

/// What the checks of a bundle found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerifyReport {
    /// What the bundle claims. To be believed only as far as the checks go.
    pub record: EvidenceRecord,
    /// Index of the log entry, if the proof could be read.
    pub log_index: Option<u64>,
    /// Name of the log, if its checkpoint verified.
    pub log_origin: Option<String>,
    /// Size of the log at that checkpoint.
    pub log_size: Option<u64>,
    /// Every check, in the order of the bundle's instructions.
    pub checks: Vec<Check>,
}

impl VerifyReport {
    /// True if no check failed. Whether the key is trusted is told by [`trusted`](Self::trusted).
    pub fn passed(&self) -> bool {
        self.failures().next().is_none()
    }

    /// True if no check failed and the key was one the caller trusts, not merely the one in the bundle.
    pub fn trusted(&self) -> bool {
        let key = |check: &Check| check.name == CheckName::Key && check.status == CheckStatus::Pass;
        self.passed() && self.checks.iter().any(key)
    }

    /// The checks that failed.
    pub fn failures(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| check.status == CheckStatus::Fail)
    }
}

impl fmt::Display for VerifyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for check in &self.checks {
            let mark = match check.status {
                CheckStatus::Pass => "ok",
                CheckStatus::Fail => "FAILED",
                CheckStatus::NotCovered => "not covered",
            };
            writeln!(f, "{mark:<12}{:<12}{}", check.name.to_string(), check.detail)?;
        }
        Ok(())
    }
}

/// What a check found: the detail of a pass, of a failure, or of what is not covered.
enum Outcome {
    Pass(String),
    Fail(String),
    NotCovered(String),
}

use Outcome::{Fail, NotCovered, Pass};

/// Checks a bundle. With `trusted_key` (the text of a [`VerifierKey`]) the checkpoint must be signed by that key;
/// without, the key in the bundle is used and the report says so.
///
/// An error means that there is nothing to report on: the zip is hostile or damaged, or a file is missing.
pub fn verify_bundle(bytes: &[u8], trusted_key: Option<&str>) -> Result<VerifyReport, BundleError> {
    if bytes.len() > MAX_BUNDLE {
        return Err(BundleError::TooLarge { size: bytes.len(), limit: MAX_BUNDLE });
    }
    let trusted = trusted_key.map(|key| key.parse::<VerifierKey>().map_err(BundleError::TrustedKey)).transpose()?;
    let members = strict_zip::read(bytes, &MEMBERS)?;
    let bundle = Bundle::new(&members)?;
    let (key, key_outcome) = bundle.key(trusted);
    let signed = bundle.checkpoint(key.as_ref());
    let head = signed.as_ref().ok();
    let (log_origin, log_size) = (head.map(|head| head.origin.clone()), head.map(|head| head.size));
    let checkpoint_outcome = match &signed {
        Ok(head) => Pass(format!("signed by the log {} at size {}", head.origin, head.size)),
        Err(reason) => Fail(reason.clone()),
    };
    let outcomes = [
        (CheckName::Archive, Pass(format!("{} files, none of them ambiguous", members.len()))),
        (CheckName::Readme, bundle.readme()),
        (CheckName::Text, bundle.text()),
        (CheckName::Capture, bundle.capture()),
        (CheckName::Excerpt, bundle.excerpt()),
        (CheckName::Leaf, bundle.leaf()),
        (CheckName::Inclusion, bundle.inclusion()),
        (CheckName::Checkpoint, checkpoint_outcome),
        (CheckName::Key, key_outcome),
        (CheckName::Labels, bundle.labels()),
    ];
    let log_index = bundle.proof.as_ref().ok().map(|proof| proof.index);
    let checks = outcomes.into_iter().map(|(name, outcome)| check(name, outcome)).collect();
    Ok(VerifyReport { record: bundle.record, log_index, log_origin, log_size, checks })
}

fn check(name: CheckName, outcome: Outcome) -> Check {
    let (status, detail) = match outcome {
        Pass(detail) => (CheckStatus::Pass, detail),
        Fail(detail) => (CheckStatus::Fail, detail),
        NotCovered(detail) => (CheckStatus::NotCovered, detail),
    };
    let covers = match name {
        CheckName::Archive => "every zip tool sees the same files in this bundle, and only a bundle's files",
        CheckName::Readme => "the instructions for checking by hand were not altered",
        CheckName::Text => "text.txt is the text that the record names by its hash",
        CheckName::Capture => "capture.warc.gz holds one answer, of the record's address, date and body hash",
        CheckName::Excerpt => "the provision's words stand at their byte range in text.txt",
        CheckName::Leaf => "the log entry names the record, address, date and hashes of record.json",
        CheckName::Inclusion => "the log entry is in the tree whose root the checkpoint gives",
        CheckName::Checkpoint => "the log's key signed the checkpoint",
        CheckName::Key => "the key is one you trust",
        CheckName::Labels => "platform, document, clause type, effective date, HTTP headers, captures elsewhere",
    };
    Check { name, status, covers, detail }
}

struct Bundle<'a> {
    members: &'a BTreeMap<String, Vec<u8>>,
    record: EvidenceRecord,
    proof: Result<TlogProof, String>,
}

impl<'a> Bundle<'a> {
    fn new(members: &'a BTreeMap<String, Vec<u8>>) -> Result<Self, BundleError> {
        for name in [member::README, member::RECORD, member::TEXT, member::LEAF, member::PROOF, member::KEY] {
            if !members.contains_key(name) {
                return Err(BundleError::Missing(name));
            }
        }
        let record = serde_json::from_slice(&members[member::RECORD])?;
        let proof = match std::str::from_utf8(&members[member::PROOF]) {
            Ok(text) => text.parse().map_err(|error| format!("{error}")),
            Err(_) => Err("proof.tlog-proof is not UTF-8".to_owned()),
        };
        Ok(Self { members, record, proof })
    }

    fn readme(&self) -> Outcome {
        if self.members[member::README] == README.as_bytes() {
            Pass("the published instructions".to_owned())
        } else {
            Fail("README.txt is not the text published for this format; do not follow it".to_owned())
        }
    }

    fn text(&self) -> Outcome {
        let text = &self.members[member::TEXT];
        let (found, claimed) = (Sha256Digest::of(text), self.record.text_sha256);
        if std::str::from_utf8(text).is_err() {
            Fail("text.txt is not UTF-8".to_owned())
        } else if found == claimed {
            Pass(format!("SHA-256 {found}"))
        } else {
            Fail(format!("text.txt has SHA-256 {found}, the record says {claimed}"))
        }
    }

    fn capture(&self) -> Outcome {
        let Some(claimed) = self.record.capture_sha256 else {
            return match self.members.get(member::CAPTURE) {
                None => NotCovered("the archive was handed the text only; there is no capture".to_owned()),
                Some(_) => Fail("there is a capture.warc.gz that the record does not know".to_owned()),
            };
        };
        let Some(file) = self.members.get(member::CAPTURE) else {
            return Fail("the record names a capture, and capture.warc.gz is missing".to_owned());
        };
        let capture = match only_capture(file) {
            Ok(capture) => capture,
            Err(reason) => return Fail(reason),
        };
        let found = Sha256Digest::of(&capture.body);
        if found != claimed {
            Fail(format!("the capture's body has SHA-256 {found}, the record says {claimed}"))
        } else if capture.url != self.record.url {
            Fail(format!("the capture is of {}, the record says {}", capture.url, self.record.url))
        } else if capture.at_ms != self.record.captured_ms {
            Fail(format!("the capture is of {}, not of the record's date", instant::format(capture.at_ms)))
        } else {
            Pass(format!("SHA-256 {found}, HTTP {}, {} bytes", capture.status, capture.body.len()))
        }
    }

    fn excerpt(&self) -> Outcome {
        let Some(excerpt) = &self.record.excerpt else {
            return NotCovered("the bundle is about the whole version, not about one provision".to_owned());
        };
        let place = format!("bytes {} to {} of text.txt", excerpt.start, excerpt.end);
        match self.members[member::TEXT].get(excerpt.start..excerpt.end) {
            _ if excerpt.text.is_empty() => Fail("the excerpt is empty".to_owned()),
            Some(found) if found == excerpt.text.as_bytes() => Pass(place),
            Some(_) => Fail(format!("{place} are other words than the excerpt")),
            None => Fail(format!("{place} do not exist")),
        }
    }

    fn leaf(&self) -> Outcome {
        let entry = match LeafEntry::from_bytes(&self.members[member::LEAF]) {
            Ok(entry) => entry,
            Err(error) => return Fail(error.to_string()),
        };
        let date = instant::format(self.record.captured_ms);
        if entry != self.record.leaf() {
            Fail("leaf.json and record.json differ in record, address, date or hashes".to_owned())
        } else if self.record.captured_at != date {
            Fail(format!("record.json gives two dates: {} and {date}", self.record.captured_at))
        } else {
            Pass(format!("{} of {date}", entry.record))
        }
    }

    fn inclusion(&self) -> Outcome {
        let proof = match &self.proof {
            Ok(proof) => proof,
            Err(reason) => return Fail(reason.clone()),
        };
        let head = signed_text(&proof.checkpoint).ok().and_then(Checkpoint::parse_text);
        let Some(head) = head else {
            return Fail("the checkpoint in proof.tlog-proof cannot be read".to_owned());
        };
        let leaf = leaf_hash(&self.members[member::LEAF]);
        match verify_inclusion(&proof.hashes, head.size, proof.index, leaf, head.root) {
            Ok(()) => Pass(format!("entry {} of {}", proof.index, head.size)),
            Err(error) => Fail(error.to_string()),
        }
    }

    fn checkpoint(&self, key: Option<&VerifierKey>) -> Result<Checkpoint, String> {
        let proof = self.proof.as_ref().map_err(String::clone)?;
        let key = key.ok_or("there is no usable key to verify it with")?;
        Checkpoint::open(&proof.checkpoint, key).map_err(|error| error.to_string())
    }

    /// The key to verify with, and whether it is to be trusted.
    fn key(&self, trusted: Option<VerifierKey>) -> (Option<VerifierKey>, Outcome) {
        let text = std::str::from_utf8(&self.members[member::KEY]).ok();
        let own = text.and_then(|text| text.strip_suffix('\n')).and_then(|text| text.parse::<VerifierKey>().ok());
        let outcome = match (&own, &trusted) {
            (None, _) => Fail("log-key.txt is not a key".to_owned()),
            (Some(own), Some(trusted)) if own == trusted => Pass(format!("{own}, as you trust it")),
            (Some(own), Some(_)) => Fail(format!("log-key.txt is {own}, another key than the one you trust")),
            (Some(own), None) => {
                NotCovered(format!("the key was taken from the bundle: compare {own} with the key published elsewhere"))
            }
        };
        (trusted.or(own), outcome)
    }

    fn labels(&self) -> Outcome {
        let (platform, document) = (&self.record.platform, &self.record.document);
        let elsewhere = match self.record.elsewhere.len() {
            0 => "",
            _ => "; captures elsewhere are named for you to compare, and prove nothing here",
        };
        NotCovered(format!(
            "that this is {document:?} of {platform:?} is the archive's word; the address is covered{elsewhere}"
        ))
    }
}

fn only_capture(file: &[u8]) -> Result<Capture, String> {
    let limits = Limits::default();
    let mut captures = WarcReader::with_limits(file, limits).captures();
    let first = captures.next().ok_or("capture.warc.gz holds no capture")?;
    let capture = first.map_err(|error| format!("capture.warc.gz: {error}"))?;
    match captures.next() {
        None => Ok(capture),
        Some(_) => Err("capture.warc.gz holds more than one capture, or is damaged".to_owned()),
    }
}
