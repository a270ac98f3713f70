//! When a document is checked next. Pure: the same history gives the same times, on every machine.
//!
//! A document that changes is checked more often, down to hourly, a quiet one less often, down to every three days; what was seen once is
//! looked at again within minutes; what fails is tried less and less often. Every time is moved a little, by a number made of the document
//! and the instant, so that checks spread over the day and stay spread.
use archive::instant::{DAY_MS, HOUR_MS, MINUTE_MS};
use atlas::ids::DocumentId;

/// Time between checks of a document of which nothing is known yet.
const FIRST_INTERVAL_MS: i64 = DAY_MS;
/// Shortest time between checks.
const LEAST_INTERVAL_MS: i64 = HOUR_MS;
/// Longest time between checks of a document that answers.
const MOST_INTERVAL_MS: i64 = 3 * DAY_MS;
/// Until the second look at what was seen once.
pub const LOOK_MS: i64 = 10 * MINUTE_MS;
/// First wait after a failure.
const FIRST_BACKOFF_MS: i64 = HOUR_MS;
/// Longest wait after failures, before it is moved a little.
const MOST_BACKOFF_MS: i64 = 7 * DAY_MS;
/// Longest wait that a server can ask for.
const MOST_ASKED_MS: i64 = 30 * DAY_MS;
/// Failures in a row until which a server's own word on when to come back is taken, however short the wait.
const TRUSTED: i64 = 3;
/// Time in which a document that was due while nobody tracked is checked, for each of them; a server is seldom asked that fast.
const OVERDUE_STEP_MS: i64 = 4 * 1000;
/// Longest time over which overdue documents are spread.
const OVERDUE_MOST_MS: i64 = 6 * HOUR_MS;

/// What a check found, as far as the schedule minds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Its first version.
    First,
    /// A change that matters, confirmed now.
    Change,
    /// Something new that nobody has confirmed; so many looks in a row showed something new, this one included.
    New {
        /// At least 1.
        looks: i64,
    },
    /// The same document, or one that differs in nothing that matters.
    Same,
}

/// The time between checks from now on. Only changes that matter shorten it: a page that counts its visitors is not worth a visit an hour.
pub fn interval(before_ms: i64, found: Found) -> i64 {
    let after = match found {
        Found::First => FIRST_INTERVAL_MS,
        Found::Change => before_ms / 3,
        Found::New { .. } => before_ms,
        Found::Same => before_ms.saturating_add(before_ms / 5),
    };
    after.clamp(LEAST_INTERVAL_MS, MOST_INTERVAL_MS)
}

/// When a document that was found is checked next; `interval_ms` is the time between checks from now on.
pub fn due(document: DocumentId, at_ms: i64, found: Found, interval_ms: i64) -> i64 {
    let unit = unit(document, at_ms);
    let wait = match found {
        // Documents are added many at once: their second checks are spread over the day.
        Found::First => between(interval_ms / 4, interval_ms, unit),
        Found::New { looks } => {
            let wait = (LOOK_MS << (looks - 1).clamp(0, 20)).min(interval_ms);
            between(wait, wait + wait / 8, unit)
        }
        Found::Change | Found::Same => between(interval_ms - interval_ms / 8, interval_ms + interval_ms / 8, unit),
    };
    at_ms + wait
}

/// When a document that failed is tried again, after `failures` failures in a row before this one; `asked_ms` is how long the server asked
/// to wait. Never sooner than that, unless it asks for more than a month.
pub fn retry(document: DocumentId, at_ms: i64, failures: i64, asked_ms: Option<i64>) -> i64 {
    let doubled = (FIRST_BACKOFF_MS << failures.clamp(0, 10)).min(MOST_BACKOFF_MS);
    let backoff = between(doubled - doubled / 8, doubled + doubled / 8, unit(document, at_ms));
    let wait = match asked_ms.map(|asked| asked.clamp(MINUTE_MS, MOST_ASKED_MS)) {
        Some(asked) if failures < TRUSTED => asked,
        Some(asked) => asked.max(backoff),
        None => backoff,
    };
    at_ms + wait
}

/// When a document is checked that stands at `place` among `all` that were due while nobody tracked.
pub fn overdue(now_ms: i64, place: usize, all: usize) -> i64 {
    let all = (all as i64).max(1);
    let window = (all * OVERDUE_STEP_MS).min(OVERDUE_MOST_MS);
    now_ms + window * (place as i64).min(all) / all
}

/// The point between two waits, `unit` of the way.
fn between(least: i64, most: i64, unit: f64) -> i64 {
    least + ((most - least) as f64 * unit) as i64
}

/// A number from 0 to 1 that looks drawn at random (splitmix64).
fn unit(document: DocumentId, at_ms: i64) -> f64 {
    let mut z = (document.0 as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ at_ms as u64;
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found() -> impl Strategy<Value = Found> {
        prop_oneof![
            Just(Found::First),
            Just(Found::Change),
            (1..1000i64).prop_map(|looks| Found::New { looks }),
            Just(Found::Same)
        ]
    }

    proptest! {
        #[test]
        fn an_interval_stays_within_its_bounds(before in any::<i64>(), found in found()) {
            let after = interval(before, found);
            prop_assert!((LEAST_INTERVAL_MS..=MOST_INTERVAL_MS).contains(&after));
        }

        #[test]
        fn changes_bring_checks_closer_and_quiet_takes_them_apart(before in LEAST_INTERVAL_MS..=MOST_INTERVAL_MS) {
            prop_assert!(interval(before, Found::Change) < before || before == LEAST_INTERVAL_MS);
            prop_assert!(interval(before, Found::Same) > before || before == MOST_INTERVAL_MS);
            prop_assert_eq!(interval(before, Found::New { looks: 1 }), before);
        }

        #[test]
        fn the_next_check_is_never_now_and_never_far(
            id in 1..1_000_000i64, at in 0..4_000_000_000_000i64, found in found(),
            interval in LEAST_INTERVAL_MS..=MOST_INTERVAL_MS,
        ) {
            let wait = due(DocumentId(id), at, found, interval) - at;
            prop_assert!((LOOK_MS..=MOST_INTERVAL_MS * 9 / 8).contains(&wait), "{}", wait);
            prop_assert_eq!(wait, due(DocumentId(id), at, found, interval) - at);
        }

        #[test]
        fn a_retry_is_later_than_the_server_asked(
            id in 1..1_000_000i64, at in 0..4_000_000_000_000i64, failures in 0..10_000i64,
            asked in proptest::option::of(0..MOST_ASKED_MS),
        ) {
            let wait = retry(DocumentId(id), at, failures, asked) - at;
            prop_assert!(wait >= asked.unwrap_or(0).max(MINUTE_MS));
            prop_assert!(wait <= asked.unwrap_or(0).max(MOST_BACKOFF_MS * 9 / 8));
            // Who says again and again "come back in a minute" is not asked every minute.
            prop_assert!(failures < TRUSTED || wait >= 7 * HOUR_MS);
        }

        #[test]
        fn what_is_overdue_is_spread_in_its_order(now in 0..4_000_000_000_000i64, all in 1..100_000usize, a in 0..100_000usize) {
            let place = a % all;
            let at = overdue(now, place, all);
            prop_assert!(at >= now && at <= now + OVERDUE_MOST_MS);
            prop_assert!(at <= overdue(now, place + 1, all));
        }
    }

    #[test]
    fn failures_are_tried_less_and_less_often() {
        let mut before = 0;
        for failures in 0..7 {
            let wait = retry(DocumentId(1), 0, failures, None);
            assert!(wait > before, "{failures}: {wait}");
            before = wait;
        }
    }

    /// The most checks within an hour of a day, and all of the day.
    fn busiest(dues: impl Iterator<Item = i64>) -> (usize, usize) {
        let mut hours = [0; 24];
        dues.filter(|due| (0..DAY_MS).contains(due)).for_each(|due| hours[(due / HOUR_MS) as usize] += 1);
        (hours.into_iter().max().unwrap_or(0), hours.iter().sum())
    }

    #[test]
    fn documents_added_at_once_are_not_checked_at_once() {
        let second = |id: i64| due(DocumentId(id), id % 600_000, Found::First, FIRST_INTERVAL_MS);
        let (most, all) = busiest((1..=2000).map(second));
        assert!(all > 1900 && most < 2000 / 12, "{most} of {all} in one hour");
    }

    #[test]
    fn downtime_ends_without_a_stampede() {
        let (most, _) = busiest((0..2000).map(|place| overdue(0, place, 2000)));
        assert!(most <= 900, "{most}: one in four seconds");
        let (most, _) = busiest((0..100_000).map(|place| overdue(0, place, 100_000)));
        assert!(most <= 16_668, "{most}: within six hours");
    }

    /// The checks of a year of a document that changes every `days` days, and the longest that a change waited for its check.
    fn year(days: i64) -> (usize, i64) {
        let (mut at, mut interval_ms, mut checks, mut known, mut longest) = (0, FIRST_INTERVAL_MS, 0, 0, 0);
        while at < 365 * DAY_MS {
            let changed = at / (days * DAY_MS);
            let found = if changed > known { Found::Change } else { Found::Same };
            if changed > known {
                longest = longest.max(at - (known + 1) * days * DAY_MS);
                known = changed;
            }
            interval_ms = interval(interval_ms, found);
            at = due(DocumentId(7), at, found, interval_ms);
            checks += 1;
        }
        (checks, longest)
    }

    #[test]
    fn checks_go_where_changes_are() {
        let (busy, busy_wait) = year(1);
        let (quiet, quiet_wait) = year(1000);
        assert!(busy > 4 * quiet, "{busy} and {quiet}");
        assert!(quiet < 150 && busy_wait < DAY_MS && quiet_wait == 0, "{quiet}, {busy_wait}, {quiet_wait}");
        let (_, wait) = year(30);
        assert!(wait <= MOST_INTERVAL_MS * 9 / 8, "{wait}");
    }
}
