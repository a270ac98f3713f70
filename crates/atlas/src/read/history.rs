//! What a caller needs to go on with a document's history.
use super::documents::{range, wording};
use crate::codes::{Code, unpack_lineages};
use crate::error::Result;
use crate::ids::DocumentId;
use crate::open::Atlas;
use crate::records::{HistoryState, Materiality, ProvisionState, Wording};
use crate::store::{Columns, Row, args, damaged, digest, statements};

statements! {
    REVISED = "SELECT revised FROM documents WHERE id = $1",
    TEXTS = "SELECT number, text_sha256, last_verified_ms FROM versions WHERE document_id = $1 ORDER BY number",
    // The first version has no change, and so no verdict against it.
    BASE = "SELECT v.number, v.text_sha256, v.lineages FROM versions v
        LEFT JOIN changes c ON c.document_id = v.document_id AND c.to_version = v.number
        WHERE v.document_id = $1 AND (c.materiality IS NULL OR c.materiality <> $2) ORDER BY v.number DESC LIMIT 1",
    WORDINGS = "SELECT lineage, from_version, to_version, range_start, range_end, words_sha256, split_from, merged_into
        FROM wordings WHERE document_id = $1 ORDER BY lineage, from_version",
    PROVISIONS = "SELECT lineage, clause_type, first_version, last_version, removed_version, range_start, range_end, excerpt, heading,
        score, confidence, severity, reasons, explicitness, facts FROM provisions WHERE document_id = $1 ORDER BY id",
    LAST_BODY = "SELECT sha256 FROM captures WHERE document_id = $1 ORDER BY id DESC LIMIT 1",
}

impl Atlas {
    /// What is known of a document's history; none if it has no version yet.
    pub async fn history(&self, document: DocumentId) -> Result<Option<HistoryState>> {
        let mut tx = self.store.read().await?;
        let (mut texts, mut last_verified_ms) = (Vec::new(), 0);
        for row in tx.fetch(TEXTS, args![document]).await? {
            texts.push((row.get(0)?, digest(row.get(1)?)?));
            last_verified_ms = row.get(2)?;
        }
        let Some(&(versions, _)) = texts.last() else { return Ok(None) };
        let revised = tx.one(REVISED, args![document]).await?.map_or(Ok(0), |row| row.get(0))?;
        let base = tx.one(BASE, args![document, Materiality::Defective.code()]).await?;
        let wordings = tx.fetch(WORDINGS, args![document]).await?.iter().map(wording).collect::<Result<Vec<_>>>()?;
        let provisions = tx
            .fetch(PROVISIONS, args![document])
            .await?
            .iter()
            .map(|row| state(&mut row.columns()))
            .collect::<Result<_>>()?;
        let capture = tx.one(LAST_BODY, args![document]).await?;
        let capture_sha256 = capture.map(|row| digest(row.get(0)?)).transpose()?;
        // Given back before the text is read: a store in memory has one connection only.
        tx.commit().await?;
        let (base_version, text, lineages) = self.base(document, base).await?;
        let last_lineage = wordings.last().map_or(0, |wording| wording.lineage);
        let (open_wordings, retired) = sort_out(wordings);
        Ok(Some(HistoryState {
            versions,
            revised,
            base_version,
            text,
            lineages,
            last_lineage,
            open_wordings,
            retired,
            provisions,
            texts,
            capture_sha256,
            last_verified_ms,
        }))
    }

    async fn base(&self, document: DocumentId, row: Option<Row>) -> Result<(i64, String, Vec<u32>)> {
        let Some(row) = row else { return Ok((0, String::new(), Vec::new())) };
        let (number, name) = (row.get(0)?, digest(row.get(1)?)?);
        let fail = |reason| damaged(crate::record::version_record(document, number), reason);
        let bytes = self.blob(name).await?.ok_or_else(|| fail("its text is not stored"))?;
        let text = String::from_utf8(bytes.to_vec()).map_err(|_| fail("its text is not UTF-8"))?;
        Ok((number, text, unpack_lineages(&row.get::<Vec<u8>>(2)?)?))
    }
}

/// Wordings that stand, and lineages that stand in none with the hash of their last words, longest gone first.
fn sort_out(wordings: Vec<Wording>) -> (Vec<Wording>, Vec<(u32, archive::Sha256Digest)>) {
    let (mut open, mut gone) = (Vec::new(), Vec::new());
    let mut wordings = wordings.into_iter().peekable();
    while let Some(wording) = wordings.next() {
        let last_of_lineage = wordings.peek().is_none_or(|next| next.lineage != wording.lineage);
        match wording.to_version {
            None => open.push(wording),
            Some(to) if last_of_lineage => gone.push((to, wording.lineage, wording.words_sha256)),
            Some(_) => {}
        }
    }
    gone.sort_unstable_by_key(|(to, lineage, _)| (*to, *lineage));
    (open, gone.into_iter().map(|(_, lineage, words)| (lineage, words)).collect())
}

/// A provision from columns in the order of [`PROVISIONS`]; others may go before and follow.
pub(crate) fn state(c: &mut Columns<'_>) -> Result<ProvisionState> {
    Ok(ProvisionState {
        lineage: c.next::<i64>()? as u32,
        clause_type: c.next()?,
        first_version: c.next()?,
        last_version: c.next()?,
        removed_version: c.next()?,
        excerpt_range: range(c)?,
        excerpt: c.next()?,
        heading: c.next()?,
        score: c.next::<f64>()? as f32,
        confidence: Code::from_code(c.next()?)?,
        severity: Code::from_code(c.next()?)?,
        reasons: c.json()?,
        explicitness: Code::from_code(c.next()?)?,
        facts: c.json()?,
    })
}
