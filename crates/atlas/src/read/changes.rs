//! Changes, newest first, with the provisions that they touch.
use std::collections::{BTreeSet, HashMap};

use super::ChangeFilter;
use crate::codes::Code;
use crate::error::Result;
use crate::ids::{ChangeId, DocumentId, ProvisionId};
use crate::open::Atlas;
use crate::records::{Change, Materiality, NewChange, TouchedProvision};
use crate::store::{Row, args, statements};

macro_rules! changes {
    ($rest:literal) => {
        concat!(
            "SELECT c.id, c.document_id, d.title, d.kind, p.slug, p.name, c.from_version, c.to_version, c.at_ms, c.materiality, c.reason,
                c.added, c.removed, c.reworded, c.moved, c.headline
            FROM changes c JOIN documents d ON d.id = c.document_id JOIN platforms p ON p.id = c.platform_id ",
            $rest
        )
    };
}

// One statement for each filter that an index answers; the filters that are rarely given compare with a value that lets all pass.
statements! {
    ALL = changes!("WHERE c.materiality >= $1 AND c.at_ms >= $2 AND ($3 = '' OR p.slug = $3) AND ($4 = 0 OR c.document_id = $4)
        ORDER BY c.at_ms DESC, c.id DESC LIMIT $5 OFFSET $6"),
    OF_PLATFORM = changes!("WHERE c.materiality >= $1 AND c.at_ms >= $2 AND c.platform_id = (SELECT id FROM platforms WHERE slug = $3)
        AND ($4 = 0 OR c.document_id = $4) ORDER BY c.at_ms DESC, c.id DESC LIMIT $5 OFFSET $6"),
    OF_DOCUMENT = changes!("WHERE c.materiality >= $1 AND c.at_ms >= $2 AND ($3 = '' OR p.slug = $3) AND c.document_id = $4
        ORDER BY c.at_ms DESC, c.id DESC LIMIT $5 OFFSET $6"),
    OF_TYPE = changes!("WHERE c.materiality >= $1 AND c.at_ms >= $2 AND ($3 = '' OR p.slug = $3) AND ($4 = 0 OR c.document_id = $4)
        AND (c.document_id, c.to_version) IN (SELECT e.document_id, e.version FROM provisions q
            JOIN provision_events e ON e.provision_id = q.id WHERE q.clause_type = $7)
        ORDER BY c.at_ms DESC, c.id DESC LIMIT $5 OFFSET $6"),
    CHANGE = changes!("WHERE c.id = $1"),
    CHANGE_TO = changes!("WHERE c.document_id = $1 AND c.to_version = $2"),
    TOUCHED = "SELECT q.id, q.clause_type, q.severity, e.kind FROM provision_events e JOIN provisions q ON q.id = e.provision_id
        WHERE e.document_id = $1 AND e.version = $2 ORDER BY q.severity DESC, e.seq",
    COUNT = "SELECT COUNT(*) FROM changes c WHERE c.platform_id = (SELECT id FROM platforms WHERE slug = $1)
        AND c.at_ms >= $2 AND c.materiality >= $3",
    // A type that stands in the first version of a document is not news: we had not looked before.
    RISING = "SELECT p.clause_type, COUNT(DISTINCT p.platform_id) AS gained FROM provisions p
        WHERE p.removed_version IS NULL AND p.first_seen_ms >= $1 AND p.first_version > 1 AND NOT EXISTS (
            SELECT 1 FROM provisions q WHERE q.clause_type = p.clause_type AND q.platform_id = p.platform_id
                AND (q.first_seen_ms < $1 OR q.first_version = 1))
        GROUP BY p.clause_type ORDER BY gained DESC, p.clause_type LIMIT $2",
    HISTORY_OF_TYPE = "SELECT p.platform_id, e.provision_id, e.kind, e.at_ms FROM provisions p
        JOIN provision_events e ON e.provision_id = p.id WHERE p.clause_type = $1 ORDER BY e.at_ms, e.version, e.seq",
    LAST_SEEN = "SELECT MAX(last_verified_ms) FROM documents",
}

fn change(row: &Row) -> Result<Change> {
    let mut c = row.columns();
    Ok(Change {
        id: ChangeId(c.next()?),
        document: DocumentId(c.next()?),
        document_title: c.next()?,
        document_kind: c.next()?,
        platform: c.next()?,
        platform_name: c.next()?,
        change: NewChange {
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
        },
        provisions: Vec::new(),
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
        let ChangeFilter { platform, document, clause_type, at_least, since_ms, offset, limit } = filter;
        let least = at_least.map_or(0, Code::code);
        let (slug, id) = (platform.as_deref().unwrap_or(""), document.map_or(0, |id| id.0));
        let mut args = args![least, since_ms.unwrap_or(i64::MIN), slug, id, (*limit).max(0), (*offset).max(0)];
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

    /// How many material and minor changes a platform's documents have had since an instant.
    pub async fn changes_count(&self, platform: &str, since_ms: i64) -> Result<i64> {
        let row = self.store.one(COUNT, args![platform, since_ms, Materiality::Minor.code()]).await?;
        row.map_or(Ok(0), |row| row.get(0))
    }

    /// Clause types that platforms took up since an instant, with how many did; those already there when we first looked do not count.
    pub async fn rising(&self, since_ms: i64, limit: i64) -> Result<Vec<(String, i64)>> {
        let rows = self.store.fetch(RISING, args![since_ms, limit.max(0)]).await?;
        rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
    }

    /// On how many platforms a type stood at the end of each year, from the first year it was seen to the last that anything was.
    pub async fn type_over_time(&self, clause_type: &str) -> Result<Vec<(i32, i64)>> {
        let events = self.store.fetch(HISTORY_OF_TYPE, args![clause_type]).await?;
        let last_ms: Option<i64> = self.store.one(LAST_SEEN, args![]).await?.map_or(Ok(None), |row| row.get(0))?;
        let mut standing: HashMap<i64, BTreeSet<i64>> = HashMap::new();
        let mut years: Vec<(i32, i64)> = Vec::new();
        for row in &events {
            let mut c = row.columns();
            let (platform, provision): (i64, i64) = (c.next()?, c.next()?);
            let (kind, at_ms): (i64, i64) = (c.next()?, c.next()?);
            fill(&mut years, year(at_ms));
            let provisions = standing.entry(platform).or_default();
            match crate::records::EventKind::from_code(kind)? {
                crate::records::EventKind::Removed => provisions.remove(&provision),
                _ => provisions.insert(provision),
            };
            if provisions.is_empty() {
                standing.remove(&platform);
            }
            if let Some(last) = years.last_mut() {
                last.1 = standing.len() as i64;
            }
        }
        if let (false, Some(last_ms)) = (years.is_empty(), last_ms) {
            fill(&mut years, year(last_ms));
        }
        Ok(years)
    }
}

/// Adds years up to this one, each with the count of the one before.
fn fill(years: &mut Vec<(i32, i64)>, to: i32) {
    let (mut next, count) = years.last().map_or((to, 0), |(year, count)| (year + 1, *count));
    while next <= to {
        years.push((next, count));
        next += 1;
    }
}

/// The year (UTC) of an instant.
fn year(ms: i64) -> i32 {
    // Days since 1 March of year 0, so that a leap day ends its year; 146,097 days are 400 years.
    let days = ms.div_euclid(86_400_000) + 719_468;
    let era = days.div_euclid(146_097);
    let day = days.rem_euclid(146_097);
    let of_era = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * of_era + of_era / 4 - of_era / 100);
    // January and February are the last two months of the year that began in March.
    (era * 400 + of_era + i64::from(of_year >= 306)) as i32
}

#[cfg(test)]
mod tests {
    use super::year;

    #[test]
    fn years_begin_and_end_on_time() {
        const DAY: i64 = 86_400_000;
        for (ms, expected) in [
            (0, 1970),
            (-1, 1969),
            (365 * DAY - 1, 1970),
            (365 * DAY, 1971),
            (946_684_800_000, 2000),
            (946_684_799_999, 1999),
            (1_709_164_800_000, 2024),
            (1_735_689_599_999, 2024),
            (1_735_689_600_000, 2025),
        ] {
            assert_eq!(year(ms), expected, "{ms}");
        }
    }
}
