//! How tracking goes: documents by state, those that need somebody, how old what is known may be. For people, as JSON, and as metrics.
mod metrics;

use askama::Template;
use atlas::Counts;
use atlas::health::{Checks, Health, RECENT_HOURS, State};
use atlas::witnesses::{ArchiveState, archive_title};
use axum::Router;
use axum::extract::State as Shared;
use axum::response::Response;
use axum::routing::get;
use serde_json::{Map, json};

use crate::error::Failure;
use crate::negotiate::Wants;
use crate::page::Head;
use crate::site::Site;
use crate::{links, words};

/// Documents shown of those that are tried again by themselves.
const RETRYING: usize = 20;

pub(crate) fn routes() -> Router<Site> {
    Router::new().route(links::STATUS, get(show)).route(links::METRICS, get(metrics::show))
}

/// How tracking goes now.
struct Tracking {
    now_ms: i64,
    counts: Counts,
    health: Vec<Health>,
    /// In the last [`RECENT_HOURS`].
    recent: Checks,
    /// Ever.
    all: Checks,
    /// Documents that are due and taken by nobody.
    due: i64,
    /// Changes that were seen once.
    unconfirmed: i64,
    /// Archives outside that are asked.
    archives: Vec<ArchiveState>,
}

impl Tracking {
    async fn of(site: &Site) -> Result<Tracking, Failure> {
        let (atlas, now_ms) = (&site.atlas, site.now_ms());
        Ok(Tracking {
            now_ms,
            counts: atlas.counts().await?,
            health: atlas.health().await?,
            recent: atlas.recent_checks(now_ms).await?,
            all: atlas.all_checks().await?,
            due: atlas.queue(now_ms).await?,
            unconfirmed: atlas.unconfirmed().await?,
            archives: atlas.archives(now_ms).await?,
        })
    }

    fn in_state(&self, state: State) -> impl Iterator<Item = &Health> {
        self.health.iter().filter(move |health| health.state == state)
    }

    /// States in which there are documents, with how many.
    fn states(&self) -> Vec<(State, usize)> {
        let counted = State::ALL.iter().map(|state| (*state, self.in_state(*state).count()));
        counted.filter(|(_, count)| *count > 0).collect()
    }

    fn moved(&self) -> impl Iterator<Item = &Health> {
        self.health.iter().filter(|health| health.moved_to.is_some())
    }

    fn last_checked_ms(&self) -> Option<i64> {
        self.health.iter().filter_map(|health| health.last_checked_ms).max()
    }

    /// The tracked document of which it is longest ago that it was verified.
    fn oldest(&self) -> Option<&Health> {
        let tracked = self.health.iter().filter(|health| health.state != State::Untracked);
        tracked.filter(|health| health.last_verified_ms.is_some()).min_by_key(|health| health.last_verified_ms)
    }
}

#[derive(Template)]
#[template(path = "pages/status/page.html")]
struct StatusPage {
    head: Head,
    of: Tracking,
    /// The log's signed checkpoint.
    checkpoint: String,
}

impl StatusPage {
    /// One sentence on how it goes.
    fn summary(&self) -> String {
        let tracked = self.of.health.iter().filter(|health| health.state != State::Untracked).count();
        let attention = self.of.in_state(State::Attention).count();
        match (tracked, attention) {
            (0, _) => "No document is tracked.".into(),
            (_, 0) => format!(
                "{}; none needs attention.",
                words::count(tracked, "document is tracked", "documents are tracked")
            ),
            _ => format!(
                "{}; {}.",
                words::count(tracked, "document is tracked", "documents are tracked"),
                words::count(attention, "needs attention", "need attention")
            ),
        }
    }

    fn retrying(&self) -> Vec<&Health> {
        self.of.in_state(State::Retrying).take(RETRYING).collect()
    }

    /// By what name people know an archive.
    fn title_of<'a>(&self, state: &'a ArchiveState) -> &'a str {
        archive_title(&state.archive)
    }

    /// How long ago something was, in words.
    fn ago(&self, ms: &i64) -> String {
        words::span((self.of.now_ms - ms).max(0))
    }
}

async fn show(Shared(site): Shared<Site>, wants: Wants) -> Result<Response, Failure> {
    let of = Tracking::of(&site).await?;
    let head = site
        .head("Status", links::STATUS)
        .about("How tracking goes: documents by state, those that need attention with the reason, the age of what is known.")
        .here("Status");
    let page = StatusPage { head, of, checkpoint: site.atlas.log_checkpoint().await? };
    wants.record(&page, || {
        let of = &page.of;
        let states: Map<_, _> =
            State::ALL.iter().map(|state| (state.name().into(), json!(of.in_state(*state).count()))).collect();
        json!({
            "now_ms": of.now_ms,
            "documents_by_state": states,
            "attention": of.in_state(State::Attention).collect::<Vec<_>>(),
            "retrying": of.in_state(State::Retrying).collect::<Vec<_>>(),
            "moved": of.moved().collect::<Vec<_>>(),
            "recent_hours": RECENT_HOURS,
            "recent_checks": of.recent,
            "many_checks_fail": of.recent.many_fail(),
            "last_checked_ms": of.last_checked_ms(),
            "oldest_verification": of.oldest().map(|health| json!({"document": health.document, "last_verified_ms": health.last_verified_ms})),
            "due": of.due,
            "unconfirmed_changes": of.unconfirmed,
            "outside_archives": of.archives,
            "log": {"size": of.counts.log_size, "checkpoint": page.checkpoint},
        })
    })
}
