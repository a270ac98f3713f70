//! Everything that an evidence bundle is made of.
use archive::evidence::{BundleError, BundleFormat, BundleInput, Elsewhere, EvidenceRecord, Excerpt, write_bundle};
use archive::log::{TlogProof, VerifierKey};

use crate::error::{AtlasError, Result};
use crate::ids::{DocumentId, ProvisionId};
use crate::open::Atlas;
use crate::record::{address, leaf_body, version_record};
use crate::records::Capture;
use crate::store::damaged;

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
    pub fn bundle(&self) -> std::result::Result<Vec<u8>, BundleError> {
        write_bundle(&self.input())
    }
}

impl Atlas {
    /// What proves that a version was held, and that a provision stands in it if one is named.
    pub async fn evidence(
        &self,
        document: DocumentId,
        number: i64,
        provision: Option<ProvisionId>,
    ) -> Result<Evidence> {
        let missing = || AtlasError::Missing(format!("version {number} of {document}"));
        let of = self.document(document).await?.ok_or_else(missing)?;
        let version = self.version(document, number).await?.ok_or_else(missing)?;
        let text = self.version_text(document, number).await?.ok_or_else(missing)?;
        let capture = self.capture(version.capture).await?;
        let capture = capture.ok_or_else(|| damaged(version_record(document, number), "its capture is not stored"))?;
        let proof = self.inclusion_proof(capture.log_index).await?;
        let proof = proof.ok_or_else(|| damaged(version_record(document, number), "its leaf is not in the log"))?;
        let excerpt = match provision {
            Some(id) => Some(self.excerpt(document, number, id).await?),
            None => None,
        };
        let record = EvidenceRecord {
            format: BundleFormat::V1,
            record: version_record(document, number),
            platform: of.platform.name,
            document: of.title,
            version: u32::try_from(number).unwrap_or(u32::MAX),
            url: address(capture.url.as_deref(), capture.origin.as_ref()),
            captured_at: archive::instant::format(capture.at_ms),
            captured_ms: capture.at_ms,
            effective_date: version.stated_effective,
            capture_sha256: leaf_body(capture.status, capture.sha256),
            text_sha256: version.text_sha256,
            excerpt,
            elsewhere: self.captured_elsewhere(document, number).await?,
        };
        let capture = if record.capture_sha256.is_some() { Some(self.answer(capture).await?) } else { None };
        Ok(Evidence { record, text, capture, proof, log_key: self.shared.key.verifier() })
    }

    /// Captures of the version's address that archives outside say they hold.
    async fn captured_elsewhere(&self, document: DocumentId, number: i64) -> Result<Vec<Elsewhere>> {
        let format = archive::instant::format;
        let named = self.witnesses(document, number).await?.into_iter().filter_map(|witness| {
            let capture = witness.capture?;
            let (captured_at, asked_at) = (format(capture.at_ms), format(witness.asked_ms));
            Some(Elsewhere { archive: witness.archive, url: capture.url, captured_at, asked_at })
        });
        Ok(named.collect())
    }

    /// The provision's words as they stand in the version.
    async fn excerpt(&self, document: DocumentId, number: i64, id: ProvisionId) -> Result<Excerpt> {
        let provisions = self.provisions_at(document, number).await?;
        let found = provisions.into_iter().find(|provision| provision.id == id);
        let found = found.ok_or_else(|| AtlasError::Missing(format!("{id} in version {number} of {document}")))?;
        let (start, end) = (found.excerpt_range.start, found.excerpt_range.end);
        Ok(Excerpt { record: id.to_string(), clause_type: found.clause_type, text: found.excerpt, start, end })
    }

    async fn answer(&self, capture: Capture) -> Result<archive::warc::Capture> {
        let body = self.blob(capture.sha256).await?;
        let body = body.ok_or_else(|| damaged(format!("capture {}", capture.id), "its body is not stored"))?;
        let url = address(capture.url.as_deref(), capture.origin.as_ref());
        let Capture { at_ms, status, headers, .. } = capture;
        Ok(archive::warc::Capture { id: String::new(), url, at_ms, status, headers, body: body.to_vec() })
    }
}
