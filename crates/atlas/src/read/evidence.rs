//! Everything that an evidence bundle is made of.
use archive::evidence::{BundleError, BundleInput, EvidenceRecord, write_bundle};
use archive::log::{TlogProof, VerifierKey};

/// What goes into an evidence bundle, read from the store.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// What is claimed.
    pub record: EvidenceRecord,
    /// The version's clean text.
    pub text: String,
    /// The capture that it was read from, where a server's answer is held (an imported text has none).
    pub capture: Option<archive::warc::Capture>,
    /// Proof of the version's entry in the log.
    pub proof: TlogProof,
    /// The key that signed the checkpoint of the proof.
    pub log_key: VerifierKey,
}

impl Evidence {
    /// The input of [`write_bundle`].
    pub fn input(&self) -> BundleInput<'_> {
        let Evidence { record, text, capture, proof, log_key } = self;
        BundleInput { record, text, capture: capture.as_ref(), proof, log_key }
    }

    /// The bundle as a file, verified before it is handed out.
    pub fn bundle(&self) -> Result<Vec<u8>, BundleError> {
        write_bundle(&self.input())
    }
}
