//! Changes, newest first, with the provisions that they touch.
use super::ChangeFilter;
use crate::codes::Code;
use crate::error::Result;
use crate::ids::{ChangeId, DocumentId, ProvisionId};
use crate::open::Atlas;
use crate::records::{Change, Materiality, NewChange, ReadVerdict, TouchedProvision};
use crate::store::{Columns, Row, args, statements};

macro_rules! changes {
    ($rest:literal) => {
        concat!(
            "SELECT c.id, c.document_id, d.title, d.kind, p.slug, p.name, c.from_version, c.to_version, c.at_ms,
                COALESCE(c.editor_materiality, c.materiality), COALESCE(c.editor_reason, c.reason), c.added, c.removed, c.reworded, c.moved,
                COALESCE(c.editor_headline, c.headline), c.confirmed_ms, c.editor_materiality, c.materiality, c.reason, c.headline
            FROM changes c JOIN documents d ON d.id = c.document_id JOIN platforms p ON p.id = c.platform_id ",
            $rest
        )
    };
}

// One statement for each filter that an index answers; the filters that are rarely given compare with a value that lets all pass.
statements! {
    ALL = changes!("WHERE COALESCE(c.editor_materiality, c.materiality) >= $1 AND c.at_ms >= $2
        AND ($3 = '' OR p.slug = $3) AND ($4 = 0 OR c.document_id = $4)
        AND ($7 = 0 OR c.confirmed_ms IS NOT NULL) ORDER BY c.at_ms DESC, c.id DESC LIMIT $5 OFFSET $6"),
    OF_PLATFORM = changes!("WHERE COALESCE(c.editor_materiality, c.materiality) >= $1 AND c.at_ms >= $2
        AND c.platform_id = (SELECT id FROM platforms WHERE slug = $3)
        AND ($4 = 0 OR c.document_id = $4) AND ($7 = 0 OR c.confirmed_ms IS NOT NULL)
        ORDER BY c.at_ms DESC, c.id DESC LIMIT $5 OFFSET $6"),
    OF_DOCUMENT = changes!("WHERE COALESCE(c.editor_materiality, c.materiality) >= $1 AND c.at_ms >= $2
        AND ($3 = '' OR p.slug = $3) AND c.document_id = $4
        AND ($7 = 0 OR c.confirmed_ms IS NOT NULL) ORDER BY c.at_ms DESC, c.id DESC LIMIT $5 OFFSET $6"),
    OF_TYPE = changes!("WHERE COALESCE(c.editor_materiality, c.materiality) >= $1 AND c.at_ms >= $2
        AND ($3 = '' OR p.slug = $3) AND ($4 = 0 OR c.document_id = $4)
        AND (c.document_id, c.to_version) IN (SELECT e.document_id, e.version FROM provisions q
            JOIN provision_events e ON e.provision_id = q.id WHERE q.shown_type = $8)
        AND ($7 = 0 OR c.confirmed_ms IS NOT NULL) ORDER BY c.at_ms DESC, c.id DESC LIMIT $5 OFFSET $6"),
    CHANGE = changes!("WHERE c.id = $1"),
    CHANGE_TO = changes!("WHERE c.document_id = $1 AND c.to_version = $2"),
    TOUCHED = "SELECT q.id, q.shown_type, q.shown_severity, e.kind FROM provision_events e JOIN provisions q ON q.id = e.provision_id
        WHERE e.document_id = $1 AND e.version = $2 AND q.shown_type IS NOT NULL ORDER BY q.shown_severity DESC, e.seq",
    COUNT = "SELECT COUNT(*) FROM changes c WHERE c.platform_id = (SELECT id FROM platforms WHERE slug = $1)
        AND c.at_ms >= $2 AND COALESCE(c.editor_materiality, c.materiality) >= $3 AND c.confirmed_ms IS NOT NULL",
    // A type that stands in the first version of a document is not news: we had not looked before.
    RISING = "SELECT p.shown_type, COUNT(DISTINCT p.platform_id) AS gained FROM provisions p
        WHERE p.shown_type IS NOT NULL AND p.removed_version IS NULL AND p.first_seen_ms >= $1 AND p.first_version > 1 AND NOT EXISTS (
            SELECT 1 FROM provisions q WHERE q.shown_type = p.shown_type AND q.platform_id = p.platform_id
                AND (q.first_seen_ms < $1 OR q.first_version = 1))
        GROUP BY p.shown_type ORDER BY gained DESC, p.shown_type LIMIT $2",
}

fn change(row: &Row) -> Result<Change> {
    let mut c = row.columns();
    let mut change = Change {
        id: ChangeId(c.next()?),
        document: DocumentId(c.next()?),
        document_title: c.next()?,
        document_kind: c.next()?,
        platform: c.next()?,
        platform_name: c.next()?,
        change: new_change(&mut c)?,
        confirmed_ms: c.next()?,
        provisions: Vec::new(),
        corrected: None,
    };
    let judged = c.next::<Option<i64>>()?.is_some();
    let read = ReadVerdict { materiality: Code::from_code(c.next()?)?, reason: c.next()?, headline: c.next()? };
    let shown = (change.change.materiality, &change.change.reason, &change.change.headline);
    let differs = shown != (read.materiality, &read.reason, &read.headline);
    change.corrected = (judged && differs).then_some(read);
    Ok(change)
}

/// A change from columns in the order of [`NewChange`]'s fields; others may stand before and after.
pub(crate) fn new_change(c: &mut Columns<'_>) -> Result<NewChange> {
    Ok(NewChange {
        from_version: c.next()?,
        to_version: c.next()?,
        at_ms: c.next()?,
        materiality: Materiality::from_code(c.next()?)?,
        reason: c.next()?,
        added: c.next()?,
        removed: c.next()?,
        reworded: c.next()?,
        moved: c.next()?,
        headline: c.next()?,
    })
}

fn touched(row: &Row) -> Result<TouchedProvision> {
    let mut c = row.columns();
    let (id, clause_type) = (ProvisionId(c.next()?), c.next()?);
    Ok(TouchedProvision { id, clause_type, severity: Code::from_code(c.next()?)?, event: Code::from_code(c.next()?)? })
}

impl Atlas {
    /// Changes that pass the filter, newest first.
    pub async fn changes(&self, filter: &ChangeFilter) -> Result<Vec<Change>> {
        let ChangeFilter { platform, document, clause_type, at_least, since_ms, confirmed, offset, limit } = filter;
        let least = at_least.map_or(0, Code::code);
        let (slug, id) = (platform.as_deref().unwrap_or(""), document.map_or(0, |id| id.0));
        let mut args = args![least, since_ms.unwrap_or(i64::MIN), slug, id, (*limit).max(0), (*offset).max(0)];
        args.extend(args![i64::from(*confirmed)]);
        let sql = match (clause_type, document, platform) {
            (Some(clause_type), _, _) => {
                args.extend(args![clause_type]);
                OF_TYPE
            }
            (None, Some(_), _) => OF_DOCUMENT,
            (None, None, Some(_)) => OF_PLATFORM,
            (None, None, None) => ALL,
        };
        let mut changes = Vec::new();
        for row in self.store.fetch(sql, args).await? {
            changes.push(self.with_provisions(change(&row)?).await?);
        }
        Ok(changes)
    }

    async fn with_provisions(&self, mut change: Change) -> Result<Change> {
        let rows = self.store.fetch(TOUCHED, args![change.document, change.change.to_version]).await?;
        change.provisions = rows.iter().map(touched).collect::<Result<_>>()?;
        Ok(change)
    }

    /// A change.
    pub async fn change(&self, id: ChangeId) -> Result<Option<Change>> {
        match self.store.one(CHANGE, args![id]).await? {
            Some(row) => Ok(Some(self.with_provisions(change(&row)?).await?)),
            None => Ok(None),
        }
    }

    /// The change that led to a version.
    pub async fn change_between(&self, document: DocumentId, to_version: i64) -> Result<Option<Change>> {
        match self.store.one(CHANGE_TO, args![document, to_version]).await? {
            Some(row) => Ok(Some(self.with_provisions(change(&row)?).await?)),
            None => Ok(None),
        }
    }

    /// How many material and minor changes of a platform's documents were confirmed, of those since an instant.
    pub async fn changes_count(&self, platform: &str, since_ms: i64) -> Result<i64> {
        let row = self.store.one(COUNT, args![platform, since_ms, Materiality::Minor.code()]).await?;
        row.map_or(Ok(0), |row| row.get(0))
    }

    /// Clause types that platforms took up since an instant, with how many did; those already there when we first looked do not count.
    pub async fn rising(&self, since_ms: i64, limit: i64) -> Result<Vec<(String, i64)>> {
        let rows = self.store.fetch(RISING, args![since_ms, limit.max(0)]).await?;
        rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
    }
}
