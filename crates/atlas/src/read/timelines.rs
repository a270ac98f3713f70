//! How it was month by month: on how many platforms a clause type stood and who took it up when, and how much stood in the documents of
//! a platform or in one document.
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use serde::{Serialize, Serializer};

use super::standing::category;
use crate::codes::Code;
use crate::error::Result;
use crate::families::{Family, families};
use crate::ids::DocumentId;
use crate::open::Atlas;
use crate::records::{EventKind, Materiality};
use crate::store::{Row, args, statements};

statements! {
    HISTORY_OF_TYPE = "SELECT o.slug, o.name, e.provision_id, e.kind, e.version, e.at_ms FROM provisions p
        JOIN platforms o ON o.id = p.platform_id JOIN provision_events e ON e.provision_id = p.id
        WHERE p.shown_type = $1 ORDER BY e.at_ms, e.document_id, e.version, e.seq",
    TRACKED = "SELECT o.slug, d.kind, MIN(d.first_tracked_ms) FROM documents d JOIN platforms o ON o.id = d.platform_id
        WHERE d.first_tracked_ms IS NOT NULL GROUP BY o.slug, d.kind ORDER BY o.slug, d.kind",
    LAST_SEEN = "SELECT MAX(last_verified_ms) FROM documents",
    EVENTS_OF_PLATFORM = "SELECT e.provision_id, e.kind, p.shown_severity, e.at_ms FROM documents d
        JOIN provisions p ON p.document_id = d.id JOIN provision_events e ON e.provision_id = p.id
        WHERE d.platform_id = (SELECT id FROM platforms WHERE slug = $1) AND p.shown_type IS NOT NULL
        ORDER BY e.at_ms, e.document_id, e.version, e.seq",
    CHANGES_OF_PLATFORM = "SELECT at_ms, COALESCE(editor_materiality, materiality) FROM changes
        WHERE platform_id = (SELECT id FROM platforms WHERE slug = $1) AND COALESCE(editor_materiality, materiality) >= $2
        AND confirmed_ms IS NOT NULL ORDER BY at_ms",
    SEEN_OF_PLATFORM = "SELECT MIN(first_tracked_ms), MAX(last_verified_ms) FROM documents
        WHERE platform_id = (SELECT id FROM platforms WHERE slug = $1)",
    EVENTS_OF_DOCUMENT = "SELECT e.provision_id, e.kind, p.shown_severity, e.at_ms FROM provisions p
        JOIN provision_events e ON e.provision_id = p.id WHERE p.document_id = $1 AND p.shown_type IS NOT NULL
        ORDER BY e.at_ms, e.version, e.seq",
    CHANGES_OF_DOCUMENT = "SELECT at_ms, COALESCE(editor_materiality, materiality) FROM changes WHERE document_id = $1
        AND COALESCE(editor_materiality, materiality) >= $2
        AND confirmed_ms IS NOT NULL ORDER BY at_ms",
    SEEN_OF_DOCUMENT = "SELECT first_tracked_ms, last_verified_ms FROM documents WHERE id = $1",
}

/// A month of the calendar (UTC), shown as `2026-11`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    /// The year.
    pub year: i64,
    /// 1 to 12.
    pub month: i64,
}

impl Month {
    /// The month of an instant in milliseconds since 1970.
    pub fn of(ms: i64) -> Month {
        let (year, month, _) = archive::instant::date(ms);
        Month { year, month }
    }

    /// The month after it.
    pub fn next(self) -> Month {
        match self.month {
            12 => Month { year: self.year + 1, month: 1 },
            month => Month { year: self.year, month: month + 1 },
        }
    }

    /// All months from one to another, both included.
    fn span(from: Month, to: Month) -> impl Iterator<Item = Month> {
        std::iter::successors(Some(from), |month| Some(month.next())).take_while(move |month| *month <= to)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl Serialize for Month {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A clause type at the end of a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct TypeMonth {
    /// The month.
    pub month: Month,
    /// Platforms on which it stood.
    pub platforms: i64,
    /// Platforms that were tracked and could hold it.
    pub of_platforms: i64,
}

/// A platform and a clause type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Adoption {
    /// Slug of the platform.
    pub platform: String,
    /// Its name.
    pub platform_name: String,
    /// When a clause of the type was first seen there.
    pub since_ms: i64,
    /// Whether it already stood in the first version that was seen of its document, so that it is older by an unknown time.
    pub from_start: bool,
    /// When the last clause of the type went, if none stands now.
    pub until_ms: Option<i64>,
}

/// The past of a clause type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TypeTimeline {
    /// From the first month in which a platform was tracked that could hold it.
    pub months: Vec<TypeMonth>,
    /// Platforms that had it, the first first.
    pub adoptions: Vec<Adoption>,
}

/// Documents at the end of a month, and their changes within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct StandingMonth {
    /// The month.
    pub month: Month,
    /// Provisions that stood.
    pub provisions: i64,
    /// Those of them whose severity is high or critical as it is judged today.
    pub high_or_critical: i64,
    /// Material changes in the month.
    pub material: i64,
    /// Minor changes in the month.
    pub minor: i64,
}

impl Atlas {
    /// On how many platforms a type stood at the end of each month, and which took it up when.
    pub async fn type_timeline(&self, clause_type: &str) -> Result<TypeTimeline> {
        let mut tracked = self.tracked(clause_type).await?;
        let mut standing: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
        let mut adoptions: BTreeMap<String, Adoption> = BTreeMap::new();
        let (mut holding, mut counts) = (0, BTreeMap::new());
        for row in self.store.fetch(HISTORY_OF_TYPE, args![clause_type]).await? {
            let mut c = row.columns();
            let (platform, platform_name): (String, String) = (c.next()?, c.next()?);
            let (provision, kind): (i64, i64) = (c.next()?, c.next()?);
            let (version, at_ms): (i64, i64) = (c.next()?, c.next()?);
            let of_platform = standing.entry(platform.clone()).or_default();
            let stood = !of_platform.is_empty();
            match EventKind::from_code(kind)? {
                EventKind::Removed => of_platform.remove(&provision),
                _ => of_platform.insert(provision),
            };
            let gone = of_platform.is_empty();
            holding += i64::from(!gone) - i64::from(stood);
            let since = tracked.entry(platform.clone()).or_insert(at_ms);
            *since = (*since).min(at_ms);
            let new = || Adoption {
                platform: platform.clone(),
                platform_name,
                since_ms: at_ms,
                from_start: version == 1,
                until_ms: None,
            };
            adoptions.entry(platform.clone()).or_insert_with(new).until_ms = gone.then_some(at_ms);
            counts.insert(Month::of(at_ms), holding);
        }
        let last_ms: Option<i64> = self.store.one(LAST_SEEN, args![]).await?.map_or(Ok(None), |row| row.get(0))?;
        let mut adoptions: Vec<Adoption> = adoptions.into_values().collect();
        adoptions.sort_by(|a, b| (a.since_ms, &a.platform).cmp(&(b.since_ms, &b.platform)));
        Ok(TypeTimeline { months: type_months(&counts, &tracked, last_ms), adoptions })
    }

    /// When each platform that could hold a type was first tracked, by its slug.
    async fn tracked(&self, clause_type: &str) -> Result<BTreeMap<String, i64>> {
        let fitting = families(category(clause_type).unwrap_or(""));
        let mut tracked: BTreeMap<String, i64> = BTreeMap::new();
        for row in self.store.fetch(TRACKED, args![]).await? {
            let mut c = row.columns();
            let (platform, kind, since_ms): (String, String, i64) = (c.next()?, c.next()?, c.next()?);
            if fitting.contains(&Family::of_kind(&kind)) {
                let since = tracked.entry(platform).or_insert(since_ms);
                *since = (*since).min(since_ms);
            }
        }
        Ok(tracked)
    }

    /// What stood in a platform's documents at the end of each month since it was first tracked.
    pub async fn platform_timeline(&self, slug: &str) -> Result<Vec<StandingMonth>> {
        let events = self.store.fetch(EVENTS_OF_PLATFORM, args![slug]).await?;
        let changes = self.store.fetch(CHANGES_OF_PLATFORM, args![slug, Materiality::Minor.code()]).await?;
        let seen = self.store.one(SEEN_OF_PLATFORM, args![slug]).await?;
        standing_months(&events, &changes, seen.as_ref())
    }

    /// What stood in a document at the end of each month since it was first tracked.
    pub async fn document_timeline(&self, document: DocumentId) -> Result<Vec<StandingMonth>> {
        let events = self.store.fetch(EVENTS_OF_DOCUMENT, args![document]).await?;
        let changes = self.store.fetch(CHANGES_OF_DOCUMENT, args![document, Materiality::Minor.code()]).await?;
        let seen = self.store.one(SEEN_OF_DOCUMENT, args![document]).await?;
        standing_months(&events, &changes, seen.as_ref())
    }
}

/// Months with the last count known at their end; `counts` holds the months in which one changed.
fn type_months(counts: &BTreeMap<Month, i64>, tracked: &BTreeMap<String, i64>, last_ms: Option<i64>) -> Vec<TypeMonth> {
    let mut since: BTreeMap<Month, i64> = BTreeMap::new();
    tracked.values().for_each(|&ms| *since.entry(Month::of(ms)).or_default() += 1);
    let (Some((&first, _)), Some(last_ms)) = (since.first_key_value(), last_ms) else { return Vec::new() };
    let (mut platforms, mut of_platforms) = (0, 0);
    let at_end = |month| {
        platforms = counts.get(&month).copied().unwrap_or(platforms);
        of_platforms += since.get(&month).copied().unwrap_or(0);
        TypeMonth { month, platforms, of_platforms }
    };
    Month::span(first, Month::of(last_ms)).map(at_end).collect()
}

/// Months from events (provision, kind, severity, instant), changes (instant, materiality) and the span in which anything was seen.
fn standing_months(events: &[Row], changes: &[Row], seen: Option<&Row>) -> Result<Vec<StandingMonth>> {
    let Some(seen) = seen else { return Ok(Vec::new()) };
    let (Some(first_ms), Some(last_ms)): (Option<i64>, Option<i64>) = (seen.get(0)?, seen.get(1)?) else {
        return Ok(Vec::new());
    };
    let mut standing: HashMap<i64, bool> = HashMap::new();
    let mut counts: BTreeMap<Month, (i64, i64)> = BTreeMap::new();
    let mut severe = 0;
    for row in events {
        let mut c = row.columns();
        let (provision, kind): (i64, i64) = (c.next()?, c.next()?);
        let (severity, at_ms): (i64, i64) = (c.next()?, c.next()?);
        let is_severe = provisions::Severity::from_code(severity)? >= provisions::Severity::High;
        let stood = match EventKind::from_code(kind)? {
            EventKind::Removed => standing.remove(&provision),
            _ => standing.insert(provision, is_severe),
        };
        severe += i64::from(standing.get(&provision) == Some(&true)) - i64::from(stood == Some(true));
        counts.insert(Month::of(at_ms), (standing.len() as i64, severe));
    }
    let mut changed: BTreeMap<Month, [i64; 2]> = BTreeMap::new();
    for row in changes {
        let is_minor = Materiality::from_code(row.get(1)?)? == Materiality::Minor;
        changed.entry(Month::of(row.get(0)?)).or_default()[usize::from(is_minor)] += 1;
    }
    let mut last = (0, 0);
    let at_end = |month| {
        last = counts.get(&month).copied().unwrap_or(last);
        let [material, minor] = changed.get(&month).copied().unwrap_or_default();
        StandingMonth { month, provisions: last.0, high_or_critical: last.1, material, minor }
    };
    Ok(Month::span(Month::of(first_ms), Month::of(last_ms)).map(at_end).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_begin_and_end_on_time() {
        for (ms, expected) in [
            (0, "1970-01"),
            (-1, "1969-12"),
            (1_709_164_800_000, "2024-02"),
            (1_735_689_599_999, "2024-12"),
            (1_735_689_600_000, "2025-01"),
        ] {
            assert_eq!(Month::of(ms).to_string(), expected, "{ms}");
        }
        let span: Vec<String> =
            Month::span(Month::of(1_730_000_000_000), Month::of(1_740_000_000_000)).map(|m| m.to_string()).collect();
        assert_eq!(span, ["2024-10", "2024-11", "2024-12", "2025-01", "2025-02"]);
    }

    #[test]
    fn a_count_holds_until_the_next_one() {
        let month = |month| Month { year: 2024, month };
        let counts = BTreeMap::from([(month(2), 1), (month(4), 0)]);
        let tracked =
            BTreeMap::from([("plum".to_string(), 1_704_067_200_000), ("pear".to_string(), 1_709_300_000_000)]);
        let months = type_months(&counts, &tracked, Some(1_714_600_000_000));
        let told: Vec<(i64, i64)> = months.iter().map(|m| (m.platforms, m.of_platforms)).collect();
        assert_eq!(told, [(0, 1), (1, 1), (1, 2), (0, 2), (0, 2)]);
        assert!(type_months(&counts, &BTreeMap::new(), None).is_empty());
    }
}
