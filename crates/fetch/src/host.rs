//! What is remembered of a host: when it may be asked again, and what its `robots.txt` says.
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

/// The rules of one host's `robots.txt` for us; none if it has none.
pub(crate) type Rules = Option<Arc<texting_robots::Robot>>;

/// One host (scheme, name and port). The lock is held while a request is under way: one request at a time.
#[derive(Default)]
pub(crate) struct Host {
    turn: Mutex<Turn>,
}

/// State that belongs to whoever has the host's turn.
#[derive(Default)]
pub(crate) struct Turn {
    next: Option<Instant>,
    /// Until when the host asked to be left alone.
    held: Option<Instant>,
    /// Rules, once they were asked for, and when that was.
    rules: Option<(Rules, Instant)>,
}

/// Rules are asked for again when they are older (RFC 9309, section 2.4).
const RULES_STAND: Duration = Duration::from_secs(24 * 60 * 60);

impl Host {
    /// Waits for this host's turn.
    pub async fn turn(&self) -> tokio::sync::MutexGuard<'_, Turn> {
        let turn = self.turn.lock().await;
        if let Some(next) = turn.next {
            tokio::time::sleep_until(next).await;
        }
        turn
    }
}

impl Turn {
    /// The host's rules, unless they were never asked for or have to be asked for again.
    pub fn rules(&self, now: Instant) -> Option<&Rules> {
        self.rules.as_ref().filter(|(_, asked)| now - *asked < RULES_STAND).map(|(rules, _)| rules)
    }

    /// Remembers the host's rules.
    pub fn set_rules(&mut self, rules: Rules) {
        self.rules = Some((rules, Instant::now()));
    }

    /// Leaves the host alone for as long as it asked, a day at most: what is asked for longer is for one page and the schedule's matter.
    pub fn hold(&mut self, seconds: u64) {
        self.held = Some(Instant::now() + Duration::from_secs(seconds.min(24 * 60 * 60)));
    }

    /// Seconds for which the host is still to be left alone, if it is.
    pub fn held(&self, now: Instant) -> Option<u64> {
        let left = self.held?.checked_duration_since(now)?;
        (!left.is_zero()).then_some(left.as_secs() + 1)
    }

    /// Makes the next request wait: the longer of our delay and the one that the host's rules ask for (at most a minute).
    pub fn rest(&mut self, delay: Duration) {
        let asked = self
            .rules
            .iter()
            .flat_map(|(rules, _)| rules)
            .filter_map(|robot| robot.delay)
            .map(f64::from)
            .fold(0.0, f64::max);
        let asked = Duration::from_secs_f64(asked.clamp(0.0, 60.0));
        self.next = Some(Instant::now() + delay.max(asked));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_asked_for_again_after_a_day() {
        let (mut turn, hours) = (Turn::default(), |hours: u64| Instant::now() + Duration::from_secs(hours * 60 * 60));
        assert!(turn.rules(hours(0)).is_none());
        turn.set_rules(None);
        assert!(turn.rules(hours(23)).is_some());
        assert!(turn.rules(hours(25)).is_none());
    }

    #[test]
    fn a_host_is_left_alone_as_long_as_it_asked() {
        let (mut turn, now) = (Turn::default(), Instant::now());
        assert_eq!(turn.held(now), None);
        turn.hold(120);
        assert!((119..=121).contains(&turn.held(now).unwrap()));
        assert_eq!(turn.held(now + Duration::from_secs(121)), None);
        turn.hold(u64::MAX);
        assert!(turn.held(now + Duration::from_secs(25 * 60 * 60)).is_none());
    }
}
