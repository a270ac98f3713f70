//! A breaker: after some failures in a row the endpoint is left in peace for a while, each time longer. Then one question is tried.
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The longest rest.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// The state of one endpoint.
#[derive(Debug)]
pub(crate) struct Breaker {
    /// Failures in a row that open it.
    failures: u32,
    /// The first rest.
    rest: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    rests: u32,
    until: Option<Instant>,
}

impl Breaker {
    pub fn new(failures: u32, rest: Duration) -> Breaker {
        Breaker { failures: failures.max(1), rest, state: Mutex::default() }
    }

    /// How long it is still open; none if a question may be asked.
    pub fn open(&self, now: Instant) -> Option<Duration> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.until.map(|until| until.saturating_duration_since(now)).filter(|left| !left.is_zero())
    }

    /// The endpoint worked.
    pub fn worked(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State::default();
    }

    /// The endpoint failed, and may have said for how long it wants to be left alone.
    pub fn failed(&self, now: Instant, asked: Option<Duration>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.failures += 1;
        if state.failures < self.failures && asked.is_none() {
            return;
        }
        let rest = self.rest.saturating_mul(1 << state.rests.min(10)).max(asked.unwrap_or_default());
        state.until = Some(now + rest.min(LONGEST));
        state.rests += 1;
        // The next failure opens it again at once.
        state.failures = self.failures - 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_after_failures_in_a_row_and_rests_longer_each_time() {
        let (breaker, mut now) = (Breaker::new(3, Duration::from_secs(60)), Instant::now());
        breaker.failed(now, None);
        breaker.failed(now, None);
        breaker.worked();
        breaker.failed(now, None);
        breaker.failed(now, None);
        assert_eq!(breaker.open(now), None, "not three in a row");
        for rest in [60, 120, 240] {
            breaker.failed(now, None);
            assert_eq!(breaker.open(now), Some(Duration::from_secs(rest)));
            now += Duration::from_secs(rest);
            assert_eq!(breaker.open(now), None, "one question is tried");
        }
        (0..20).for_each(|_| breaker.failed(now, None));
        assert_eq!(breaker.open(now), Some(LONGEST));
        breaker.worked();
        assert_eq!(breaker.open(now), None);
    }

    #[test]
    fn a_wish_to_be_left_alone_is_granted_within_reason() {
        let now = Instant::now();
        for (asked, granted) in [(90, 90), (5, 60), (1_000_000, 3600)] {
            let breaker = Breaker::new(3, Duration::from_secs(60));
            breaker.failed(now, Some(Duration::from_secs(asked)));
            assert_eq!(breaker.open(now), Some(Duration::from_secs(granted)));
        }
    }
}
