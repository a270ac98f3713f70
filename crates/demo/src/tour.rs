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
use crate::world::{World, midday_ms};

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
    let mut days: Vec<(String, i64)> =
        world.dates().into_iter().filter_map(|day| Some((day.to_string(), midday_ms(day)?))).collect();
    days.retain(|(_, at_ms)| *at_ms <= now_ms);
    days.push((archive::instant::day(now_ms), now_ms));
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
