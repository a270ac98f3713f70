//! Leaving a mail server alone that cannot be spoken to, for longer each time.
use std::sync::atomic::{AtomicI64, Ordering};

/// The rest that a server is given. Times are milliseconds since 1970 UTC.
#[derive(Debug)]
pub struct Rest {
    first_ms: i64,
    longest_ms: i64,
    until_ms: AtomicI64,
    last_ms: AtomicI64,
}

impl Rest {
    /// No rest yet; the first will last `first_ms`, each after it twice as long, none longer than `longest_ms`.
    pub fn new(first_ms: i64, longest_ms: i64) -> Rest {
        Rest { first_ms, longest_ms, until_ms: AtomicI64::new(0), last_ms: AtomicI64::new(0) }
    }

    /// Until when the server is left alone; past if it is not.
    pub fn until_ms(&self) -> i64 {
        self.until_ms.load(Ordering::Relaxed)
    }

    /// The server works: the next rest is short again.
    pub fn over(&self) {
        self.last_ms.store(0, Ordering::Relaxed);
    }

    /// The server cannot be spoken to, as a try showed that was `begun_ms`; until when it is left alone.
    pub fn begin(&self, begun_ms: i64, now_ms: i64) -> i64 {
        let rest = (2 * self.last_ms.load(Ordering::Relaxed)).clamp(self.first_ms, self.longest_ms);
        let until_ms = now_ms + rest;
        // Of several tries that fail together, the first lengthens the rest.
        if self.until_ms.fetch_max(until_ms, Ordering::Relaxed) <= begun_ms {
            self.last_ms.store(rest, Ordering::Relaxed);
        }
        until_ms
    }
}
