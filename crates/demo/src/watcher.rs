//! The owner of the demonstration watches something too: so that the watchlist and the inbox show what they are for.
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use alerts::Teller;
use atlas::watching::{Cadence, NewWatch, PersonId, Subject, Threshold, Weekday};
use atlas::{Atlas, AtlasError};

/// When the owner began to watch: half a year before the world's last changes.
const SINCE: &str = "2026-05-20";

/// When the owner looked into the inbox last.
const LAST_READ: &str = "2026-10-01";

/// What the owner watches, and who tells of it.
pub(crate) struct Watcher {
    teller: Teller,
    watches: bool,
}

impl Watcher {
    /// Who tells by this clock what happened until now.
    pub fn new(atlas: &Atlas, clock: &Arc<AtomicI64>) -> Watcher {
        let clock = Arc::clone(clock);
        let teller = Teller::new(atlas.clone(), Arc::new(move || clock.load(Ordering::Relaxed))).gathering(0);
        Watcher { teller, watches: false }
    }

    /// Begins to watch when it is time, and tells what is to be told on a day.
    pub async fn day(&mut self, atlas: &Atlas, day: &str, now_ms: i64) -> Result<(), AtlasError> {
        if day < LAST_READ {
            atlas.mark_read(PersonId::OWNER, PersonId::OWNER, None, now_ms).await?;
        }
        self.teller.round().await?;
        if !self.watches && day >= SINCE {
            for asks in watches() {
                atlas.put_watch(PersonId::OWNER, &asks, now_ms).await?;
            }
            self.watches = true;
        }
        Ok(())
    }
}

fn watches() -> [NewWatch; 3] {
    let monday = Cadence::Week { weekday: Weekday::Monday, hour: 8 };
    [
        NewWatch {
            note: "We build on their models: tell the legal team.".into(),
            tags: vec!["suppliers".into()],
            ..NewWatch::on(Subject::Platform("orrery-models".into()))
        },
        NewWatch {
            threshold: Threshold { stricter: true, ..Threshold::default() },
            note: "Who takes away the way to court?".into(),
            ..NewWatch::on(Subject::ClauseType("arbitration".into()))
        },
        NewWatch { cadence: monday, tags: vec!["research".into()], ..NewWatch::on(Subject::Category("ai".into())) },
    ]
}
