//! What waits for the writer is written together, in one transaction.
//!
//! Each would begin one of its own, write the pages anew that all of them touch, sign the log's head and wait for the disk, while the others wait.
//! The more wait, the more go in one, so that a slow disk is waited for less often, and nobody waits for others to come. What fails with others
//! is written by itself, so that no document is kept out by another one.
use std::mem;
use std::sync::{Mutex, PoisonError};

use futures_util::future::{BoxFuture, FutureExt};
use tokio::sync::oneshot;

use crate::error::Result;
use crate::log::Appender;
use crate::open::Atlas;
use crate::store::Tx;

/// Something that is written of one document.
pub(crate) trait Write: Send + Sync + 'static {
    /// What came of it.
    type Outcome: Send;
    /// Whether it is on the disk when who wrote it is told.
    const SAFE: bool = true;

    /// Writes it; once more in another transaction if this one fails.
    fn write(&self, shared: &mut Shared) -> impl Future<Output = Result<Self::Outcome>> + Send;
}

/// A transaction of several.
pub(crate) struct Shared {
    pub tx: Tx,
    log: Option<Appender>,
}

impl Shared {
    /// The transaction and the log, which the first who appends to it takes up.
    pub async fn with_log(&mut self) -> Result<(&mut Tx, &mut Appender)> {
        let Shared { tx, log } = self;
        let log = match log {
            Some(log) => log,
            none => none.insert(Appender::begin(tx).await?),
        };
        Ok((tx, log))
    }
}

/// What waits for the writer.
#[derive(Default)]
pub(crate) struct Queue {
    waiting: Mutex<Vec<Box<dyn Waits>>>,
    /// Held by the one who writes, so that others come together meanwhile.
    turn: tokio::sync::Mutex<()>,
}

/// One of those that wait, whatever it writes.
trait Waits: Send {
    fn is_safe(&self) -> bool;
    fn write<'w>(&'w mut self, shared: &'w mut Shared) -> BoxFuture<'w, Result<()>>;
    /// Tells what came of it, once that is certain.
    fn tell(self: Box<Self>, committed: Result<()>);
}

struct Waiting<W: Write> {
    what: W,
    outcome: Option<W::Outcome>,
    told: oneshot::Sender<Result<W::Outcome>>,
}

impl<W: Write> Waits for Waiting<W> {
    fn is_safe(&self) -> bool {
        W::SAFE
    }

    fn write<'w>(&'w mut self, shared: &'w mut Shared) -> BoxFuture<'w, Result<()>> {
        async {
            self.outcome = Some(self.what.write(shared).await?);
            Ok(())
        }
        .boxed()
    }

    fn tell(self: Box<Self>, committed: Result<()>) {
        let Waiting { outcome, told, .. } = *self;
        let outcome = committed.map(|()| outcome.expect("it was written before it was committed"));
        // Nobody waits for it any more if it cannot be told.
        let _ = told.send(outcome);
    }
}

impl Atlas {
    /// Writes something with what else waits when its turn comes.
    ///
    /// # Panics
    /// If writing does.
    pub(crate) async fn write_together<W: Write>(&self, what: W) -> Result<W::Outcome> {
        let (told, outcome) = oneshot::channel();
        let waiting = Box::new(Waiting { what, outcome: None, told });
        self.shared.queue.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(waiting);
        // A task of its own: who gives up waiting must not end what is written for others.
        let atlas = self.clone();
        tokio::spawn(async move { atlas.write_waiting().await });
        outcome.await.expect("who writes tells what came of it, or panics")
    }

    async fn write_waiting(&self) {
        let queue = &self.shared.queue;
        let _turn = queue.turn.lock().await;
        let mut waiting = mem::take(&mut *queue.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        if waiting.is_empty() {
            // Another's turn came first and took it along.
            return;
        }
        match self.write_all(&mut waiting).await {
            Ok(()) => waiting.into_iter().for_each(|one| one.tell(Ok(()))),
            Err(error) if waiting.len() == 1 => waiting.remove(0).tell(Err(error)),
            Err(_) => {
                for one in waiting {
                    let mut alone = [one];
                    let committed = self.write_all(&mut alone).await;
                    let [one] = alone;
                    one.tell(committed);
                }
            }
        }
    }

    /// Writes all in one transaction, or none.
    async fn write_all(&self, waiting: &mut [Box<dyn Waits>]) -> Result<()> {
        let safe = waiting.iter().any(|one| one.is_safe());
        let tx = match safe {
            true => self.store.write().await?,
            false => self.store.write_fast().await?,
        };
        let mut shared = Shared { tx, log: None };
        let written = self.write_each(&mut shared, waiting).await;
        let Shared { tx, .. } = shared;
        match written {
            Ok(()) => tx.commit().await,
            Err(error) => {
                // What went wrong first is told, also where the connection that it cannot be undone on is lost.
                let _ = tx.undo().await;
                Err(error)
            }
        }
    }

    async fn write_each(&self, shared: &mut Shared, waiting: &mut [Box<dyn Waits>]) -> Result<()> {
        for one in waiting {
            one.write(shared).await?;
        }
        match shared.log.take() {
            Some(log) => log.finish(&mut shared.tx, &self.shared.key).await,
            None => Ok(()),
        }
    }
}
