//! Who holds what: the platforms on which a clause type stands, and the records whose bytes have a given hash.
use archive::Sha256Digest;
use provisions::Severity;
use serde::Serialize;

use crate::codes::Code;
use crate::error::Result;
use crate::ids::DocumentId;
use crate::open::Atlas;
use crate::store::{args, statements};

statements! {
    HOLDERS = "SELECT o.slug, o.name, COUNT(*), MAX(p.shown_severity) FROM provisions p JOIN platforms o ON o.id = p.platform_id
        WHERE p.shown_type = $1 AND p.removed_version IS NULL GROUP BY o.slug, o.name ORDER BY o.slug",
    TEXTS = "SELECT document_id, number, first_seen_ms FROM versions WHERE text_sha256 = $1 ORDER BY document_id, number LIMIT $2",
    BODIES = "SELECT document_id, version, at_ms FROM captures WHERE sha256 = $1 ORDER BY id LIMIT $2",
}

/// A platform on which a clause type stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Holder {
    /// Slug of the platform.
    pub platform: String,
    /// Its name.
    pub platform_name: String,
    /// Standing provisions of the type there.
    pub provisions: i64,
    /// The highest severity among them.
    pub severity: Severity,
}

/// What the bytes of a hash are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Hashed {
    /// The clean text of a version.
    Text,
    /// The body of a capture.
    Capture,
}

/// A record whose bytes have a given hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HashMatch {
    /// What has the hash.
    pub of: Hashed,
    /// The document.
    pub document: DocumentId,
    /// The version whose text it is, or that the capture showed.
    pub version: i64,
    /// When it was first seen, or captured.
    pub at_ms: i64,
}

impl Atlas {
    /// The platforms on which a clause type stands: as many as [`Atlas::rarity`] counts.
    pub async fn holders(&self, clause_type: &str) -> Result<Vec<Holder>> {
        let rows = self.store.fetch(HOLDERS, args![clause_type]).await?;
        let holder = |row: &crate::store::Row| {
            let mut c = row.columns();
            let (platform, platform_name, provisions) = (c.next()?, c.next()?, c.next()?);
            Ok(Holder { platform, platform_name, provisions, severity: Severity::from_code(c.next()?)? })
        };
        rows.iter().map(holder).collect()
    }

    /// The records whose bytes have this SHA-256, texts before captures, at most `limit` of each.
    pub async fn records_of_hash(&self, sha256: Sha256Digest, limit: i64) -> Result<Vec<HashMatch>> {
        let mut found = Vec::new();
        for (of, sql) in [(Hashed::Text, TEXTS), (Hashed::Capture, BODIES)] {
            for row in self.store.fetch(sql, args![sha256.0.to_vec(), limit.max(0)]).await? {
                let mut c = row.columns();
                let (document, version, at_ms) = (DocumentId(c.next()?), c.next()?, c.next()?);
                found.push(HashMatch { of, document, version, at_ms });
            }
        }
        Ok(found)
    }
}
