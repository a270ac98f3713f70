//! Batches that wait for the writer are written together, in one transaction.
//!
//! Each would begin one of its own, write the pages anew that all of them touch, sign the log's head and wait for the disk, while the others wait.
//! The more wait, the more go in one, so that a slow disk is waited for less often, and nobody waits for others to come. What fails with others
//! is written by itself, so that no document is kept out by another one.
use std::mem;
use std::slice;
use std::sync::{Mutex, PoisonError};

use tokio::sync::oneshot;

use super::{Prepared, Recorded};
use crate::error::Result;
use crate::log::Appender;
use crate::open::Atlas;
use crate::store::Tx;

/// Batches that wait for the writer.
#[derive(Default)]
pub(crate) struct Queue {
    waiting: Mutex<Vec<Waiting>>,
    /// Held by the one who writes, so that others come together meanwhile.
    turn: tokio::sync::Mutex<()>,
}

/// A batch, and who is to be told what came of it.
type Waiting = (Prepared, oneshot::Sender<Result<Recorded>>);

impl Queue {
    fn put(&self, waiting: Waiting) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(waiting);
    }

    fn take(&self) -> Vec<Waiting> {
        mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Atlas {
    /// Writes a batch with those that wait when its turn comes.
    ///
    /// # Panics
    /// If writing does.
    pub(super) async fn write_together(&self, prepared: Prepared) -> Result<Recorded> {
        let (told, outcome) = oneshot::channel();
        self.shared.queue.put((prepared, told));
        // A task of its own: who gives up waiting must not end what is written for others.
        let atlas = self.clone();
        tokio::spawn(async move { atlas.write_waiting().await });
        outcome.await.expect("who writes tells what came of it, or panics")
    }

    async fn write_waiting(&self) {
        let _turn = self.shared.queue.turn.lock().await;
        let (prepared, told): (Vec<_>, Vec<_>) = self.shared.queue.take().into_iter().unzip();
        if prepared.is_empty() {
            // Another's turn came first and took it along.
            return;
        }
        let outcomes = match self.write(&prepared).await {
            Ok(recorded) => recorded.into_iter().map(Ok).collect(),
            Err(error) if prepared.len() == 1 => vec![Err(error)],
            Err(_) => {
                let mut outcomes = Vec::with_capacity(prepared.len());
                for one in &prepared {
                    outcomes.push(self.write(slice::from_ref(one)).await.map(|mut recorded| recorded.remove(0)));
                }
                outcomes
            }
        };
        for (told, outcome) in told.into_iter().zip(outcomes) {
            // Nobody waits for it any more if it cannot be sent.
            let _ = told.send(outcome);
        }
    }

    /// Writes batches in one transaction, all or none.
    async fn write(&self, prepared: &[Prepared]) -> Result<Vec<Recorded>> {
        let mut tx = self.store.write().await?;
        match self.write_all(&mut tx, prepared).await {
            Ok(recorded) => {
                tx.commit().await?;
                Ok(recorded)
            }
            Err(error) => {
                // What went wrong first is told, also where the connection that it cannot be undone on is lost.
                let _ = tx.undo().await;
                Err(error)
            }
        }
    }

    async fn write_all(&self, tx: &mut Tx, prepared: &[Prepared]) -> Result<Vec<Recorded>> {
        let mut log = Appender::begin(tx).await?;
        let mut recorded = Vec::with_capacity(prepared.len());
        for one in prepared {
            recorded.push(self.write_one(tx, &mut log, one).await?);
        }
        log.finish(tx, &self.shared.key).await?;
        Ok(recorded)
    }
}
