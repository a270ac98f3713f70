//! Documents, their versions, texts, wordings and captures, and how much of everything there is.
use std::ops::Range;

use super::Counts;
use crate::codes::unpack_lineages;
use crate::error::Result;
use crate::ids::DocumentId;
use crate::open::Atlas;
use crate::records::{Capture, Document, Platform, Version, Wording};
use crate::store::{Columns, Row, args, damaged, json, statements};

macro_rules! documents {
    ($rest:literal) => {
        concat!(
            "SELECT d.id, p.slug, p.name, p.homepage, p.sector, p.country, d.kind, d.title, d.urls, d.language, d.first_tracked_ms,
                d.last_changed_ms, d.last_verified_ms, d.versions FROM documents d JOIN platforms p ON p.id = d.platform_id ",
            $rest
        )
    };
}

macro_rules! versions {
    ($rest:literal) => {
        concat!(
            "SELECT document_id, number, text_sha256, text_bytes, words, clauses, first_seen_ms, last_verified_ms, stated_updated,
                stated_effective, capture_id FROM versions ",
            $rest
        )
    };
}

macro_rules! captures {
    ($rest:literal) => {
        concat!(
            "SELECT id, document_id, at_ms, url, status, headers, sha256, bytes, origin, log_index FROM captures ",
            $rest
        )
    };
}

statements! {
    COUNTS = "SELECT
        (SELECT COUNT(DISTINCT platform_id) FROM documents),
        (SELECT COUNT(*) FROM documents),
        (SELECT CAST(COALESCE(SUM(versions), 0) AS BIGINT) FROM documents),
        (SELECT COALESCE(MAX(id), 0) FROM captures),
        (SELECT COUNT(*) FROM provisions WHERE shown_type IS NOT NULL AND removed_version IS NULL),
        (SELECT COUNT(*) FROM provisions WHERE shown_type IS NOT NULL AND removed_version IS NOT NULL),
        (SELECT COALESCE(MAX(id), 0) FROM changes),
        (SELECT size FROM log_head WHERE id = 1),
        (SELECT MIN(first_tracked_ms) FROM documents),
        (SELECT MAX(last_verified_ms) FROM documents)",
    DOCUMENT = documents!("WHERE d.id = $1"),
    DOCUMENTS = documents!("ORDER BY p.slug, d.kind, d.title"),
    OF_PLATFORM = documents!("WHERE p.slug = $1 ORDER BY d.kind, d.title"),
    KINDS = "SELECT DISTINCT kind FROM documents WHERE versions > 0 ORDER BY kind",
    VERSIONS = versions!("WHERE document_id = $1 ORDER BY number"),
    VERSION = versions!("WHERE document_id = $1 AND number = $2"),
    LINEAGES = "SELECT lineages FROM versions WHERE document_id = $1 AND number = $2",
    WORDINGS = "SELECT lineage, from_version, to_version, range_start, range_end, words_sha256, split_from, merged_into
        FROM wordings WHERE document_id = $1 AND lineage = $2 ORDER BY from_version",
    CAPTURE = captures!("WHERE id = $1"),
    CAPTURES = captures!("WHERE document_id = $1 ORDER BY id"),
}

/// Reads a row of `documents!`.
pub(crate) fn document(row: &Row) -> Result<Document> {
    let mut c = row.columns();
    Ok(Document {
        id: DocumentId(c.next()?),
        platform: platform(&mut c)?,
        kind: c.next()?,
        title: c.next()?,
        urls: c.json()?,
        language: c.next()?,
        first_tracked_ms: c.next()?,
        last_changed_ms: c.next()?,
        last_verified_ms: c.next()?,
        versions: c.next()?,
    })
}

/// Reads the columns slug, name, homepage, sector, country.
pub(super) fn platform(c: &mut Columns<'_>) -> Result<Platform> {
    Ok(Platform { slug: c.next()?, name: c.next()?, homepage: c.next()?, sector: c.next()?, country: c.next()? })
}

/// Reads a row of `versions!`.
pub(super) fn version(row: &Row) -> Result<Version> {
    let mut c = row.columns();
    Ok(Version {
        document: DocumentId(c.next()?),
        number: c.next()?,
        text_sha256: c.digest()?,
        text_bytes: c.next()?,
        words: c.next()?,
        clauses: c.next()?,
        first_seen_ms: c.next()?,
        last_verified_ms: c.next()?,
        stated_updated: c.next()?,
        stated_effective: c.next()?,
        capture: c.next()?,
    })
}

/// Reads lineage, from_version, to_version, range_start, range_end, words_sha256, split_from, merged_into.
pub(crate) fn wording(row: &Row) -> Result<Wording> {
    let mut c = row.columns();
    let (lineage, from_version, to_version): (i64, i64, Option<i64>) = (c.next()?, c.next()?, c.next()?);
    let range = range(&mut c)?;
    let words_sha256 = c.digest()?;
    let (split_from, merged_into): (Option<i64>, Option<i64>) = (c.next()?, c.next()?);
    Ok(Wording {
        lineage: lineage as u32,
        from_version,
        to_version,
        range,
        words_sha256,
        split_from: split_from.map(|lineage| lineage as u32),
        merged_into: merged_into.map(|lineage| lineage as u32),
    })
}

/// Reads two columns as a byte range.
pub(crate) fn range(c: &mut Columns<'_>) -> Result<Range<usize>> {
    let (start, end): (i64, i64) = (c.next()?, c.next()?);
    match (usize::try_from(start), usize::try_from(end)) {
        (Ok(start), Ok(end)) => Ok(start..end),
        _ => Err(damaged("a byte range", "it is negative")),
    }
}

fn capture(row: &Row) -> Result<Capture> {
    let mut c = row.columns();
    Ok(Capture {
        id: c.next()?,
        document: DocumentId(c.next()?),
        at_ms: c.next()?,
        url: c.next()?,
        status: c.next::<i64>()? as u16,
        headers: c.json()?,
        sha256: c.digest()?,
        bytes: c.next()?,
        origin: c.next::<Option<String>>()?.map(|text| json(&text)).transpose()?,
        log_index: c.next()?,
    })
}

impl Atlas {
    /// How much the store holds.
    pub async fn counts(&self) -> Result<Counts> {
        let row = self.store.one(COUNTS, args![]).await?.ok_or_else(|| damaged("the store", "it cannot be counted"))?;
        let mut c = row.columns();
        let (platforms, documents, versions, captures) = (c.next()?, c.next()?, c.next()?, c.next()?);
        let (provisions, removed_provisions) = (c.next()?, c.next()?);
        let (changes, log_size, first_ms, last_ms) = (c.next()?, c.next()?, c.next()?, c.next()?);
        Ok(Counts {
            platforms,
            documents,
            versions,
            captures,
            provisions,
            removed_provisions,
            changes,
            log_size,
            first_ms,
            last_ms,
        })
    }

    /// A document.
    pub async fn document(&self, id: DocumentId) -> Result<Option<Document>> {
        self.store.one(DOCUMENT, args![id]).await?.as_ref().map(document).transpose()
    }

    /// All documents, by platform, kind and title.
    pub async fn documents(&self) -> Result<Vec<Document>> {
        self.store.fetch(DOCUMENTS, args![]).await?.iter().map(document).collect()
    }

    /// The documents of a platform, by kind and title.
    pub async fn platform_documents(&self, slug: &str) -> Result<Vec<Document>> {
        self.store.fetch(OF_PLATFORM, args![slug]).await?.iter().map(document).collect()
    }

    /// The terms types of which there is a document with a version.
    pub async fn kinds(&self) -> Result<Vec<String>> {
        self.store.fetch(KINDS, args![]).await?.iter().map(|row| row.get(0)).collect()
    }

    /// A document's versions, oldest first.
    pub async fn versions(&self, document: DocumentId) -> Result<Vec<Version>> {
        self.store.fetch(VERSIONS, args![document]).await?.iter().map(version).collect()
    }

    /// A version by its number.
    pub async fn version(&self, document: DocumentId, number: i64) -> Result<Option<Version>> {
        self.store.one(VERSION, args![document, number]).await?.as_ref().map(version).transpose()
    }

    /// The clean text of a version, whose SHA-256 was checked.
    pub async fn version_text(&self, document: DocumentId, number: i64) -> Result<Option<String>> {
        let Some(name) = crate::record::text_name(&self.store, document, number).await? else { return Ok(None) };
        let record = || crate::record::version_record(document, number);
        let bytes = self.blob(name).await?.ok_or_else(|| damaged(record(), "its text is not stored"))?;
        let text = String::from_utf8(bytes.to_vec()).map_err(|_| damaged(record(), "its text is not UTF-8"))?;
        Ok(Some(text))
    }

    /// The lineage of each clause of a version, headings included, in the order of [`document::Structure::clauses`]; zeros for a version
    /// that is defective. Empty if there is no such version.
    pub async fn version_lineages(&self, document: DocumentId, number: i64) -> Result<Vec<u32>> {
        match self.store.one(LINEAGES, args![document, number]).await? {
            Some(row) => unpack_lineages(&row.get::<Vec<u8>>(0)?),
            None => Ok(Vec::new()),
        }
    }

    /// The wordings that a clause has had, oldest first.
    pub async fn wordings(&self, document: DocumentId, lineage: u32) -> Result<Vec<Wording>> {
        self.store.fetch(WORDINGS, args![document, lineage]).await?.iter().map(wording).collect()
    }

    /// A capture.
    pub async fn capture(&self, id: i64) -> Result<Option<Capture>> {
        self.store.one(CAPTURE, args![id]).await?.as_ref().map(capture).transpose()
    }

    /// A document's captures, oldest first.
    pub async fn captures(&self, document: DocumentId) -> Result<Vec<Capture>> {
        self.store.fetch(CAPTURES, args![document]).await?.iter().map(capture).collect()
    }

    /// The body of a capture, whose SHA-256 was checked.
    pub async fn capture_body(&self, id: i64) -> Result<Option<Vec<u8>>> {
        let Some(capture) = self.capture(id).await? else { return Ok(None) };
        let bytes = self.blob(capture.sha256).await?;
        Ok(Some(bytes.ok_or_else(|| damaged(format!("capture {id}"), "its body is not stored"))?.to_vec()))
    }
}
