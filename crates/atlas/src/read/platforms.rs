//! Platforms in lists and alone.
use std::cmp::Reverse;
use std::collections::HashMap;

use archive::instant::DAY_MS;

use super::{PlatformDetail, PlatformFilter, PlatformRow, PlatformSort, documents};
use crate::codes::Code;
use crate::error::Result;
use crate::open::Atlas;
use crate::records::Materiality;
use crate::store::{args, statements};

statements! {
    // Filters are applied afterwards: there are hundreds of platforms, and neither engine folds the case of all letters alike.
    PLATFORMS = "SELECT p.id, p.slug, p.name, p.homepage, p.sector, p.country, COUNT(d.id), CAST(COALESCE(SUM(d.versions), 0) AS BIGINT),
        MAX(d.last_changed_ms), MAX(d.last_verified_ms) FROM platforms p LEFT JOIN documents d ON d.platform_id = p.id
        GROUP BY p.id, p.slug, p.name, p.homepage, p.sector, p.country ORDER BY p.slug",
    CHANGES = "SELECT platform_id, COUNT(*) FROM changes WHERE at_ms >= $1 AND at_ms <= $2 AND COALESCE(editor_materiality, materiality) >= $3
        AND confirmed_ms IS NOT NULL GROUP BY platform_id",
    PLATFORM = "SELECT id, slug, name, homepage, sector, country FROM platforms WHERE slug = $1",
}

/// Changes within so many milliseconds are told as those of the last 30 days, wherever they are counted.
pub const RECENT_MS: i64 = 30 * DAY_MS;

impl Atlas {
    /// Platforms that pass the filter.
    pub async fn platforms(&self, filter: &PlatformFilter) -> Result<Vec<PlatformRow>> {
        let severities = self.standing().await?.severities();
        let mut rows = Vec::new();
        for row in self.store.fetch(PLATFORMS, args![]).await? {
            let mut c = row.columns();
            let (id, platform): (i64, _) = (c.next()?, documents::platform(&mut c)?);
            let severity = severities.get(&id).copied().unwrap_or_default();
            let (documents, versions, last_changed_ms, last_verified_ms) = (c.next()?, c.next()?, c.next()?, c.next()?);
            let row = PlatformRow {
                platform,
                documents,
                versions,
                severity,
                changes_30d: 0,
                last_changed_ms,
                last_verified_ms,
            };
            rows.push((id, row));
        }
        let now_ms = filter.now_ms.or(rows.iter().filter_map(|(_, row)| row.last_verified_ms).max());
        let changes = self.changes_since(now_ms.unwrap_or(0)).await?;
        let rows = rows
            .into_iter()
            .map(|(id, row)| PlatformRow { changes_30d: changes.get(&id).copied().unwrap_or(0), ..row });
        let mut rows: Vec<PlatformRow> = rows.filter(|row| passes(row, filter)).collect();
        order(&mut rows, filter.sort);
        Ok(rows)
    }

    async fn changes_since(&self, now_ms: i64) -> Result<HashMap<i64, i64>> {
        let rows = self.store.fetch(CHANGES, args![now_ms - RECENT_MS, now_ms, Materiality::Minor.code()]).await?;
        rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
    }

    /// A platform with its documents.
    pub async fn platform(&self, slug: &str) -> Result<Option<PlatformDetail>> {
        let Some(row) = self.store.one(PLATFORM, args![slug]).await? else { return Ok(None) };
        let mut c = row.columns();
        let (id, platform): (i64, _) = (c.next()?, documents::platform(&mut c)?);
        let severity = self.standing().await?.severities().get(&id).copied().unwrap_or_default();
        Ok(Some(PlatformDetail { platform, documents: self.platform_documents(slug).await?, severity }))
    }
}

fn passes(row: &PlatformRow, filter: &PlatformFilter) -> bool {
    let platform = &row.platform;
    let is = |wanted: &Option<String>, value: &Option<String>| wanted.is_none() || wanted == value;
    let named = |q: &String| {
        let q = q.trim().to_lowercase();
        platform.name.to_lowercase().contains(&q) || platform.slug.contains(&q)
    };
    is(&filter.sector, &platform.sector)
        && is(&filter.country, &platform.country)
        && filter.q.as_ref().is_none_or(named)
}

fn order(rows: &mut [PlatformRow], sort: PlatformSort) {
    let name = |row: &PlatformRow| (row.platform.name.to_lowercase(), row.platform.slug.clone());
    match sort {
        PlatformSort::Name => rows.sort_by_cached_key(name),
        PlatformSort::Severity => {
            rows.sort_by_cached_key(|row| (Reverse([row.severity[3], row.severity[2], row.severity[1]]), name(row)));
        }
        PlatformSort::Changed => rows.sort_by_cached_key(|row| (Reverse(row.last_changed_ms), name(row))),
        PlatformSort::Documents => rows.sort_by_cached_key(|row| (Reverse(row.documents), name(row))),
        PlatformSort::Provisions => {
            rows.sort_by_cached_key(|row| (Reverse(row.severity.iter().sum::<i64>()), name(row)))
        }
    }
}
