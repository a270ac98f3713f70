//! Turns at what keeps a core or much memory busy and needs no account: checking bundles and making them. Who finds none free is told so
//! before anything is read or computed.
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::Failure;

/// How many have a turn at one time.
const AT_ONCE: usize = 4;
/// How long one waits for a turn.
const PATIENCE: Duration = Duration::from_secs(2);

/// A few turns. Clones share them.
#[derive(Clone)]
pub(crate) struct Turns(Arc<Semaphore>);

impl Default for Turns {
    fn default() -> Turns {
        Turns(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Turns {
    /// A turn, which lasts until it is dropped.
    ///
    /// # Errors
    /// 503 if none is free in a moment; `what` is what the site is busy with.
    pub async fn take(&self, what: &str) -> Result<OwnedSemaphorePermit, Failure> {
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&self.0).acquire_owned()).await;
        turn.ok().and_then(Result::ok).ok_or_else(|| {
            let why = format!("this site is busy with {what} of others, {AT_ONCE} at a time");
            Failure::Refused(StatusCode::SERVICE_UNAVAILABLE, why)
        })
    }
}
