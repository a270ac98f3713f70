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
    /// Rules, once they were asked for.
    pub rules: Option<Rules>,
}

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
    /// Makes the next request wait: the longer of our delay and the one that the host's rules ask for (at most a minute).
    pub fn rest(&mut self, delay: Duration) {
        let asked = self.rules.iter().flatten().filter_map(|robot| robot.delay).map(f64::from).fold(0.0, f64::max);
        let asked = Duration::from_secs_f64(asked.clamp(0.0, 60.0));
        self.next = Some(Instant::now() + delay.max(asked));
    }
}
