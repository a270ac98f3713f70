//! Tracks the world from its first day to today: the same tracker as for real sites, with the clock moved to each date on which
//! something changed.
use std::collections::HashSet;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use atlas::Atlas;
use atlas::jobs::DueDocument;
use fetch::{Fetcher, Settings};
use provisions::Reader;
use tracker::catalog::{self, Entry, EntryDocument};
use tracker::schedule::LOOK_MS;
use tracker::track::{Outcome, Tracker};

use crate::watcher::Watcher;
use crate::world::World;

/// Why the tour failed.
#[derive(Debug, thiserror::Error)]
pub enum TourError {
    /// The store refused.
    #[error(transparent)]
    Atlas(#[from] atlas::AtlasError),
    /// The fetcher could not start.
    #[error(transparent)]
    Fetch(#[from] fetch::FetchError),
    /// A document of our own world could not be tracked.
    #[error("{0}")]
    Document(String),
}

/// What the tour did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tour {
    /// Checks made over HTTP.
    pub checks: usize,
    /// Versions found.
    pub versions: usize,
}

/// Tracks every document of the world, served on `port`, on each date of the world up to `now_ms`, and once more now. `date` is the world
/// server's date. A machine whose clock stands before the world's last versions does not see them: nothing is dated in the future.
pub async fn tour(
    atlas: &Atlas,
    reader: &'static Reader,
    world: &World,
    port: u16,
    date: &Arc<RwLock<String>>,
    now_ms: i64,
    progress: &(dyn Fn(usize, usize) + Send + Sync),
) -> Result<Tour, TourError> {
    let settings = Settings { delay: Duration::ZERO, allowed: vec![loopback()], ..Settings::default() };
    let fetcher = Fetcher::new(settings)?;
    let clock = Arc::new(AtomicI64::new(0));
    let mut watcher = Watcher::new(atlas, &clock);
    let now = || clock.load(Ordering::Relaxed);
    let tracker = Tracker { atlas, reader, fetcher: &fetcher, now: &now };
    let mut days: Vec<(String, i64)> = world.dates().into_iter().map(|day| (day.to_string(), midday_ms(day))).collect();
    days.retain(|(_, at_ms)| *at_ms <= now_ms);
    days.push((day_of(now_ms), now_ms));
    let mut done = Tour::default();
    let mut known = HashSet::new();
    for (index, (day, at_ms)) in days.iter().enumerate() {
        day.clone_into(&mut date.write().unwrap_or_else(|poison| poison.into_inner()));
        let entries = entries(world, port, day);
        catalog::register(atlas, &entries).await?;
        // Noon UTC: the same day in most of the world. Every document is checked, those that are new first.
        clock.store(*at_ms, Ordering::Relaxed);
        let slugs: Vec<String> = entries.iter().map(tracker::catalog::Entry::slug).collect();
        let mut all = atlas.due_of(&slugs).await?;
        all.sort_by_key(|document| (known.contains(&document.id), document.id));
        known.extend(all.iter().map(|document| document.id));
        check(&tracker, &all, &mut done).await?;
        // What is new is looked at a second time, as it would be on any other day; not in the future, though.
        clock.store((at_ms + LOOK_MS).min(now_ms), Ordering::Relaxed);
        let again: Vec<DueDocument> =
            atlas.due_of(&slugs).await?.into_iter().filter(|document| document.looks > 0).collect();
        check(&tracker, &again, &mut done).await?;
        watcher.day(atlas, day, now()).await?;
        progress(index + 1, days.len());
    }
    Ok(done)
}

/// Checks documents and counts what came of it.
async fn check(tracker: &Tracker<'_>, documents: &[DueDocument], done: &mut Tour) -> Result<(), TourError> {
    for document in documents {
        done.checks += 1;
        match tracker.check(document).await? {
            Outcome::Version(_) => done.versions += 1,
            Outcome::Unchanged => {}
            Outcome::Failed { reason, .. } => return Err(TourError::Document(reason)),
            Outcome::Postponed => return Err(TourError::Document(format!("{} was not asked for", document.id))),
        }
    }
    Ok(())
}

/// The catalog as of a date: documents that exist by then.
fn entries(world: &World, port: u16, date: &str) -> Vec<Entry> {
    let document = |slug: &str, document: &crate::world::Document| EntryDocument {
        kind: document.kind.clone(),
        title: Some(document.title.clone()),
        url: format!("http://{slug}.localhost:{port}{}", document.path),
        language: Some(document.language.clone()),
        ..EntryDocument::default()
    };
    world
        .platforms
        .iter()
        .map(|platform| Entry {
            name: platform.name.clone(),
            slug: None,
            homepage: Some(platform.homepage.clone()),
            sector: Some(platform.sector.clone()),
            country: Some(platform.country.clone()),
            documents: platform
                .documents
                .iter()
                .filter(|known| known.versions.first().is_some_and(|first| first.as_str() <= date))
                .map(|known| document(&platform.slug, known))
                .collect(),
        })
        .filter(|entry| !entry.documents.is_empty())
        .collect()
}

fn loopback() -> fetch::IpNet {
    fetch::IpNet::from(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST))
}

/// The date of a time, `YYYY-MM-DD`: the inverse of [`midday_ms`].
fn day_of(at_ms: i64) -> String {
    let shifted = at_ms.div_euclid(86_400_000) + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted - era * 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let (day, month) = (day_of_year - (153 * shifted_month + 2) / 5 + 1, (shifted_month + 2) % 12 + 1);
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Noon UTC of a `YYYY-MM-DD` date in milliseconds (days from civil, Howard Hinnant's algorithm).
fn midday_ms(date: &str) -> i64 {
    let mut parts = date.split('-').map(|part| part.parse::<i64>().unwrap_or(1));
    let (year, month, day) = (parts.next().unwrap_or(1970), parts.next().unwrap_or(1), parts.next().unwrap_or(1));
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    (era * 146_097 + day_of_era - 719_468) * 86_400_000 + 43_200_000
}

#[cfg(test)]
mod tests {
    use super::{day_of, midday_ms};

    #[test]
    fn middays() {
        assert_eq!(midday_ms("1970-01-01"), 43_200_000);
        assert_eq!(midday_ms("2024-02-29"), 1_709_208_000_000);
        for day in ["1970-01-01", "1999-12-31", "2024-02-29", "2024-03-01", "2026-11-18"] {
            assert_eq!(day_of(midday_ms(day)), day);
        }
    }
}
