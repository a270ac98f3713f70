//! Where each clause type stands now: counts, rarity and profiles are read off one small table kept in memory.
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use super::{CategoryShare, Rarity, TypeCount};
use crate::codes::Code;
use crate::error::Result;
use crate::families::{Family, families};
use crate::open::Atlas;
use crate::store::{Store, args, statements};

statements! {
    STANDING = "SELECT shown_type, platform_id, shown_severity, COUNT(*) FROM provisions
        WHERE shown_type IS NOT NULL AND removed_version IS NULL
        GROUP BY shown_type, platform_id, shown_severity ORDER BY shown_type, platform_id, shown_severity",
    KINDS = "SELECT DISTINCT platform_id, kind FROM documents WHERE versions > 0",
    PLATFORM = "SELECT id FROM platforms WHERE slug = $1",
}

/// The table of the generation at which it was read. A write anywhere, by any process, counts the generation up.
#[derive(Default)]
pub(crate) struct Cache(Mutex<Option<Arc<Standing>>>);

/// Standing provisions by type and platform.
pub(crate) struct Standing {
    generation: i64,
    /// By type and platform: how many of each severity.
    types: BTreeMap<String, BTreeMap<i64, [i64; 4]>>,
    /// Platforms that have a document of the family with a version.
    holders: HashMap<Family, BTreeSet<i64>>,
}

impl Standing {
    async fn read(store: &Store, generation: i64) -> Result<Standing> {
        let mut types: BTreeMap<String, BTreeMap<i64, [i64; 4]>> = BTreeMap::new();
        for row in store.fetch(STANDING, args![]).await? {
            let mut c = row.columns();
            let (clause_type, platform): (String, i64) = (c.next()?, c.next()?);
            let severity = provisions::Severity::from_code(c.next()?)?.code() as usize;
            types.entry(clause_type).or_default().entry(platform).or_default()[severity] = c.next()?;
        }
        let mut holders: HashMap<Family, BTreeSet<i64>> = HashMap::new();
        for row in store.fetch(KINDS, args![]).await? {
            let (platform, kind): (i64, String) = (row.get(0)?, row.get(1)?);
            holders.entry(Family::of_kind(&kind)).or_default().insert(platform);
        }
        Ok(Standing { generation, types, holders })
    }

    /// Platforms that could hold a type: those with a document of a fitting family, and those that do hold it.
    fn could_hold(&self, clause_type: &str) -> i64 {
        let category = category(clause_type).unwrap_or("");
        let mut platforms = self.could_hold_category(category);
        platforms.extend(self.types.get(clause_type).into_iter().flat_map(BTreeMap::keys));
        platforms.len() as i64
    }

    fn could_hold_category(&self, category: &str) -> BTreeSet<i64> {
        families(category).iter().filter_map(|family| self.holders.get(family)).flatten().copied().collect()
    }

    fn rarity(&self, clause_type: &str) -> Rarity {
        let platforms = self.types.get(clause_type).map_or(0, |platforms| platforms.len() as i64);
        Rarity { platforms, of_platforms: self.could_hold(clause_type) }
    }

    /// Standing provisions of each platform by severity.
    pub(crate) fn severities(&self) -> HashMap<i64, [i64; 4]> {
        let mut sums: HashMap<i64, [i64; 4]> = HashMap::new();
        for (platform, counts) in self.types.values().flatten() {
            let sum = sums.entry(*platform).or_default();
            counts.iter().zip(sum).for_each(|(count, sum)| *sum += count);
        }
        sums
    }

    /// Per category, the standing provisions of each platform by severity.
    fn categories(&self) -> BTreeMap<&str, HashMap<i64, [i64; 4]>> {
        let mut categories: BTreeMap<&str, HashMap<i64, [i64; 4]>> = BTreeMap::new();
        for (clause_type, platforms) in &self.types {
            let category = categories.entry(category(clause_type).unwrap_or("other")).or_default();
            for (platform, counts) in platforms {
                let sum = category.entry(*platform).or_default();
                counts.iter().zip(sum).for_each(|(count, sum)| *sum += count);
            }
        }
        categories
    }
}

/// The category of a clause type, if the taxonomy knows it.
pub(super) fn category(clause_type: &str) -> Option<&'static str> {
    provisions::taxonomy::taxonomy().get(clause_type).map(|kind| kind.category.as_str())
}

impl Atlas {
    /// The table as of now.
    pub(crate) async fn standing(&self) -> Result<Arc<Standing>> {
        let generation = crate::log::generation(&self.store).await?;
        let kept = self.shared.cache.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(standing) = kept.filter(|standing| standing.generation == generation) {
            return Ok(standing);
        }
        // A write in between makes the table newer than the number it is kept under; it is then read once more than needed.
        let standing = Arc::new(Standing::read(&self.store, generation).await?);
        *self.shared.cache.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&standing));
        Ok(standing)
    }

    /// How often each clause type that stands anywhere occurs.
    pub async fn type_counts(&self) -> Result<Vec<TypeCount>> {
        let standing = self.standing().await?;
        let counts = standing.types.iter().map(|(clause_type, platforms)| TypeCount {
            clause_type: clause_type.clone(),
            platforms: platforms.len() as i64,
            provisions: platforms.values().flatten().sum(),
            of_platforms: standing.could_hold(clause_type),
        });
        Ok(counts.collect())
    }

    /// On how many platforms a clause type stands, of how many that could hold it.
    pub async fn rarity(&self, clause_type: &str) -> Result<Rarity> {
        Ok(self.standing().await?.rarity(clause_type))
    }

    /// A platform's standing provisions by category, beside the median of the platforms that could hold the category. In the order of
    /// the taxonomy; categories that stand nowhere are left out.
    pub async fn category_profile(&self, slug: &str) -> Result<Vec<CategoryShare>> {
        let Some(row) = self.store.one(PLATFORM, args![slug]).await? else { return Ok(Vec::new()) };
        let platform: i64 = row.get(0)?;
        let standing = self.standing().await?;
        let mut shares = Vec::new();
        for (category, platforms) in standing.categories() {
            let could = standing.could_hold_category(category);
            let all: BTreeSet<i64> = could.iter().chain(platforms.keys()).copied().collect();
            let mut counts: Vec<i64> =
                all.iter().map(|id| platforms.get(id).map_or(0, |counts| counts.iter().sum())).collect();
            let own = platforms.get(&platform).copied().unwrap_or_default();
            shares.push(CategoryShare {
                category: category.to_string(),
                provisions: own.iter().sum(),
                high_or_critical: own[2] + own[3],
                median: median(&mut counts),
            });
        }
        let order = provisions::taxonomy::taxonomy().categories();
        shares
            .sort_by_key(|share| order.iter().position(|category| category.id == share.category).unwrap_or(usize::MAX));
        Ok(shares)
    }
}

fn median(counts: &mut [i64]) -> f64 {
    counts.sort_unstable();
    let middle = counts.len() / 2;
    match (counts.len(), counts.len() % 2) {
        (0, _) => 0.0,
        (_, 1) => counts[middle] as f64,
        _ => (counts[middle - 1] + counts[middle]) as f64 / 2.0,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn median() {
        assert_eq!(super::median(&mut []), 0.0);
        assert_eq!(super::median(&mut [5, 1, 3]), 3.0);
        assert_eq!(super::median(&mut [1, 2]), 1.5);
    }
}
