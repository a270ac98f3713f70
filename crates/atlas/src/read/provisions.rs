//! Provisions: of a document, of a version, of a type, and the nearest ones elsewhere.
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use super::InstanceFilter;
use super::history::state;
use crate::codes::Code;
use crate::error::Result;
use crate::ids::{DocumentId, ProvisionId};
use crate::open::Atlas;
use crate::records::{EventKind, Provision, ReadAs};
use crate::store::{Row, args, damaged, statements};

macro_rules! provisions {
    ($rest:literal) => {
        concat!(
            "SELECT p.id, p.document_id, d.title, d.kind, o.slug, o.name, p.lineage, COALESCE(p.shown_type, p.clause_type),
                p.first_version, p.last_version, p.removed_version, p.range_start, p.range_end, p.excerpt, p.heading, p.score,
                p.confidence, p.shown_severity, p.reasons, p.explicitness, p.facts, p.first_seen_ms, p.last_changed_ms,
                v.last_verified_ms, p.analysed_ms, p.analyser, p.clause_type, p.severity, CAST(CASE WHEN p.shown_type IS NULL THEN 0 ELSE 1 END AS BIGINT)
            FROM provisions p JOIN documents d ON d.id = p.document_id JOIN platforms o ON o.id = p.platform_id
                JOIN versions v ON v.document_id = p.document_id AND v.number = p.last_version ",
            $rest
        )
    };
}

statements! {
    PROVISION = provisions!("WHERE p.id = $1 AND p.shown_type IS NOT NULL"),
    PROVISION_OR_HIDDEN = provisions!("WHERE p.id = $1"),
    OF_CLAUSE = provisions!("WHERE p.document_id = $1 AND p.lineage = $2 ORDER BY p.score DESC, p.id"),
    ALL_OF_DOCUMENT = provisions!("WHERE p.document_id = $1 ORDER BY p.id"),
    OF_DOCUMENT = provisions!("WHERE p.document_id = $1 AND ($2 = 1 OR p.removed_version IS NULL) AND p.shown_type IS NOT NULL
        ORDER BY CASE WHEN p.removed_version IS NULL THEN 0 ELSE 1 END, p.shown_severity DESC, p.range_start, p.id"),
    // The page is cut from the index before the rows, with their long texts, are read.
    STANDING_OF_TYPE = provisions!("WHERE p.id IN (SELECT q.id FROM provisions q JOIN platforms s ON s.id = q.platform_id
            WHERE q.shown_type = $1 AND q.removed_version IS NULL ORDER BY q.shown_severity DESC, s.slug, q.id LIMIT $2 OFFSET $3)
        ORDER BY p.shown_severity DESC, o.slug, p.id"),
    EVER_OF_TYPE = provisions!("WHERE p.id IN (SELECT q.id FROM provisions q JOIN platforms s ON s.id = q.platform_id
            WHERE q.shown_type = $1 ORDER BY q.shown_severity DESC, s.slug, q.id LIMIT $2 OFFSET $3)
        ORDER BY p.shown_severity DESC, o.slug, p.id"),
    SEVERE_OF_PLATFORM = provisions!("WHERE p.id IN (SELECT q.id FROM provisions q JOIN documents e ON e.id = q.document_id
            JOIN platforms s ON s.id = e.platform_id WHERE s.slug = $1 AND q.removed_version IS NULL AND q.shown_type IS NOT NULL
            ORDER BY q.shown_severity DESC, q.score DESC, q.id LIMIT $2)
        ORDER BY p.shown_severity DESC, p.score DESC, p.id"),
    EVENTS = "SELECT kind, version, at_ms FROM provision_events WHERE provision_id = $1 ORDER BY version, seq",
    DOCUMENT_EVENTS = "SELECT provision_id, kind FROM provision_events WHERE document_id = $1 AND version <= $2 ORDER BY version, seq",
    ELSEWHERE = "SELECT q.id, q.platform_id, q.excerpt FROM provisions p
        JOIN provisions q ON q.shown_type = p.shown_type AND q.platform_id <> p.platform_id
        WHERE p.id = $1 AND q.removed_version IS NULL ORDER BY q.id",
}

/// Column of `provisions!` that says whether the provision is shown.
const SHOWN: usize = 28;

/// Reads a row of `provisions!`.
pub(crate) fn provision(row: &Row) -> Result<Provision> {
    let mut c = row.columns();
    let (id, document) = (ProvisionId(c.next()?), DocumentId(c.next()?));
    let (document_title, document_kind, platform, platform_name) = (c.next()?, c.next()?, c.next()?, c.next()?);
    let state = state(&mut c)?;
    let mut provision = Provision {
        id,
        document,
        document_title,
        document_kind,
        platform,
        platform_name,
        lineage: state.lineage,
        clause_type: state.clause_type,
        first_version: state.first_version,
        last_version: state.last_version,
        removed_version: state.removed_version,
        first_seen_ms: c.next()?,
        last_changed_ms: c.next()?,
        last_verified_ms: c.next()?,
        excerpt_range: state.excerpt_range,
        excerpt: state.excerpt,
        heading: state.heading,
        score: state.score,
        confidence: state.confidence,
        severity: state.severity,
        reasons: state.reasons,
        explicitness: state.explicitness,
        facts: state.facts,
        analysed_ms: c.next()?,
        analyser: c.next()?,
        corrected: None,
    };
    let (clause_type, severity): (String, _) = (c.next()?, Code::from_code(c.next()?)?);
    if (&clause_type, severity) != (&provision.clause_type, provision.severity) {
        // The reasons are those of the reader's own severity.
        let reasons = std::mem::take(&mut provision.reasons);
        provision.corrected = Some(ReadAs { clause_type, severity, reasons });
    }
    Ok(provision)
}

impl Atlas {
    /// A provision; none if an editor had it hidden ([`Atlas::provision_or_hidden`]).
    pub async fn provision(&self, id: ProvisionId) -> Result<Option<Provision>> {
        self.store.one(PROVISION, args![id]).await?.as_ref().map(provision).transpose()
    }

    /// A provision, also if it is hidden: for those who judge it. What is not shown has the reader's own type and severity.
    pub async fn provision_or_hidden(&self, id: ProvisionId) -> Result<Option<Provision>> {
        self.store.one(PROVISION_OR_HIDDEN, args![id]).await?.as_ref().map(provision).transpose()
    }

    /// The provisions of a clause through all its wordings, the surest first, each with whether it is shown.
    pub async fn clause_provisions(&self, document: DocumentId, lineage: u32) -> Result<Vec<(Provision, bool)>> {
        let rows = self.store.fetch(OF_CLAUSE, args![document, lineage]).await?;
        rows.iter().map(|row| Ok((provision(row)?, row.get::<i64>(SHOWN)? != 0))).collect()
    }

    /// Every provision of a document, hidden and removed ones included, by ID.
    pub(crate) async fn every_provision(&self, document: DocumentId) -> Result<Vec<Provision>> {
        self.store.fetch(ALL_OF_DOCUMENT, args![document]).await?.iter().map(provision).collect()
    }

    /// A document's provisions, most severe first; those that are gone, if asked for, after those that stand.
    pub async fn document_provisions(&self, document: DocumentId, include_removed: bool) -> Result<Vec<Provision>> {
        self.store
            .fetch(OF_DOCUMENT, args![document, i64::from(include_removed)])
            .await?
            .iter()
            .map(provision)
            .collect()
    }

    /// A platform's standing provisions, most severe and then surest first.
    pub async fn platform_provisions(&self, slug: &str, limit: i64) -> Result<Vec<Provision>> {
        let rows = self.store.fetch(SEVERE_OF_PLATFORM, args![slug, limit.max(0)]).await?;
        rows.iter().map(provision).collect()
    }

    /// The provisions that stand in a version, in the order of its text, with excerpt and range as they are *in that version*: where the
    /// words were others then, the excerpt is the whole clause of that version.
    pub async fn provisions_at(&self, document: DocumentId, version: i64) -> Result<Vec<Provision>> {
        let mut standing = HashSet::new();
        for row in self.store.fetch(DOCUMENT_EVENTS, args![document, version]).await? {
            let (id, kind): (i64, i64) = (row.get(0)?, row.get(1)?);
            match EventKind::from_code(kind)? {
                EventKind::Removed => standing.remove(&id),
                _ => standing.insert(id),
            };
        }
        let mut provisions = self.document_provisions(document, true).await?;
        provisions.retain(|provision| standing.contains(&provision.id.0));
        if provisions.iter().any(|provision| provision.last_version != version) {
            provisions = self.at_their_place(document, version, provisions).await?;
        }
        provisions.sort_by_key(|provision| (provision.excerpt_range.start, provision.id));
        Ok(provisions)
    }

    /// Moves excerpts to where they are in another version; drops provisions whose clause it lacks.
    async fn at_their_place(
        &self,
        document: DocumentId,
        version: i64,
        provisions: Vec<Provision>,
    ) -> Result<Vec<Provision>> {
        let Some(text) = self.version_text(document, version).await? else { return Ok(Vec::new()) };
        let lineages = self.version_lineages(document, version).await?;
        let structure = document::structure(&text);
        let places: HashMap<u32, usize> =
            lineages.iter().zip(0..structure.clauses.len()).map(|(l, at)| (*l, at)).collect();
        let mut moved = Vec::with_capacity(provisions.len());
        for mut provision in provisions {
            let Some(&at) = places.get(&provision.lineage) else { continue };
            let clause = structure.clauses[at].range.clone();
            let words = &text[clause.clone()];
            provision.excerpt_range = match words.find(&provision.excerpt) {
                Some(start) => clause.start + start..clause.start + start + provision.excerpt.len(),
                None => clause,
            };
            provision.excerpt = text[provision.excerpt_range.clone()].to_string();
            provision.heading = document::heading_path(&structure, &text, at);
            moved.push(provision);
        }
        Ok(moved)
    }

    /// What happened to a provision: the event, the version it happened in, and when that was seen.
    pub async fn provision_events(&self, id: ProvisionId) -> Result<Vec<(EventKind, i64, i64)>> {
        let rows = self.store.fetch(EVENTS, args![id]).await?;
        rows.iter().map(|row| Ok((Code::from_code(row.get(0)?)?, row.get(1)?, row.get(2)?))).collect()
    }

    /// Provisions of a type, most severe first, then by platform.
    pub async fn provisions_of_type(&self, clause_type: &str, filter: &InstanceFilter) -> Result<Vec<Provision>> {
        let sql = if filter.include_removed { EVER_OF_TYPE } else { STANDING_OF_TYPE };
        let rows = self.store.fetch(sql, args![clause_type, filter.limit.max(0), filter.offset.max(0)]).await?;
        rows.iter().map(provision).collect()
    }

    /// What other platforms say: standing provisions of the same type, one for each platform, nearest in words first.
    pub async fn elsewhere(&self, id: ProvisionId, limit: i64) -> Result<Vec<Provision>> {
        let Some(this) = self.provision(id).await? else { return Ok(Vec::new()) };
        let words = word_set(&this.excerpt);
        let mut nearest: HashMap<i64, (f64, i64)> = HashMap::new();
        for row in self.store.fetch(ELSEWHERE, args![id]).await? {
            let (other, platform): (i64, i64) = (row.get(0)?, row.get(1)?);
            let likeness = likeness(&words, &word_set(&row.get::<String>(2)?));
            let best = nearest.entry(platform).or_insert((likeness, other));
            if likeness > best.0 {
                *best = (likeness, other);
            }
        }
        let mut nearest: Vec<(f64, i64)> = nearest.into_values().collect();
        nearest.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut found = Vec::new();
        for (_, other) in nearest.into_iter().take(usize::try_from(limit).unwrap_or(0)) {
            let other = self.provision(ProvisionId(other)).await?;
            found.push(other.ok_or_else(|| damaged("a provision", "it has vanished between two reads"))?);
        }
        Ok(found)
    }
}

/// The words of an excerpt, in lower case and hashed: sets of numbers compare several times faster than sets of words.
fn word_set(text: &str) -> Vec<u64> {
    let hasher = BuildHasherDefault::<DefaultHasher>::default();
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let mut set: Vec<u64> = words.map(|word| hasher.hash_one(word.to_lowercase())).collect();
    set.sort_unstable();
    set.dedup();
    set
}

/// Cosine of two word sets: shared words over the geometric mean of both sizes.
fn likeness(a: &[u64], b: &[u64]) -> f64 {
    if a.is_empty() || b.is_empty() {
        return 0.0;
    }
    let shared = a.iter().filter(|word| b.binary_search(word).is_ok()).count();
    shared as f64 / (a.len() as f64 * b.len() as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::{likeness, word_set};

    #[test]
    fn likeness_of_words() {
        let a = word_set("You may NOT train a model.");
        assert!((likeness(&a, &word_set("you may not train, a model")) - 1.0).abs() < 1e-9);
        assert!(likeness(&a, &word_set("You may train")) > likeness(&a, &word_set("We may share data")));
        assert_eq!(likeness(&a, &[]), 0.0);
    }
}
