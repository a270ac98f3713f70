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
    fn write(&self, joint: &mut Joint) -> impl Future<Output = Result<Self::Outcome>> + Send;
}

/// A transaction of several.
pub(crate) struct Joint {
    pub tx: Tx,
    log: Option<Appender>,
}

impl Joint {
    /// The transaction and the log, which the first who appends to it takes up.
    pub async fn with_log(&mut self) -> Result<(&mut Tx, &mut Appender)> {
        let Joint { tx, log } = self;
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
    fn write<'w>(&'w mut self, joint: &'w mut Joint) -> BoxFuture<'w, Result<()>>;
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

    fn write<'w>(&'w mut self, joint: &'w mut Joint) -> BoxFuture<'w, Result<()>> {
        async {
            self.outcome = Some(self.what.write(joint).await?);
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
        let mut joint = Joint { tx, log: None };
        let written = self.write_each(&mut joint, waiting).await;
        let Joint { tx, .. } = joint;
        match written {
            Ok(()) => tx.commit().await,
            Err(error) => {
                // What went wrong first is told, also where the connection that it cannot be undone on is lost.
                let _ = tx.undo().await;
                Err(error)
            }
        }
    }

    async fn write_each(&self, joint: &mut Joint, waiting: &mut [Box<dyn Waits>]) -> Result<()> {
        for one in waiting {
            one.write(joint).await?;
        }
        match joint.log.take() {
            Some(log) => log.finish(&mut joint.tx, &self.shared.key).await,
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::error::AtlasError;
    use crate::ids::DocumentId;
    use crate::jobs::{Check, CheckResult, Trouble};
    use crate::open::{Atlas, Location, LogConfig};
    use crate::records::{Batch, NewDocument, Platform};
    use crate::seal::KeyPlace;

    async fn open() -> Atlas {
        let log = LogConfig { origin: "example.org/test".into(), fresh_seed: [7; 32] };
        Atlas::open(&Location::Memory, &log, &KeyPlace::given("the test", [5; 32])).await.unwrap()
    }

    async fn document(atlas: &Atlas, kind: &str) -> DocumentId {
        let (slug, name) = ("plum".to_owned(), "Plum".to_owned());
        atlas.put_platform(&Platform { slug, name, homepage: None, sector: None, country: None }).await.unwrap();
        let (platform, kind, title) = ("plum".into(), kind.to_owned(), kind.to_owned());
        let urls = vec!["https://plum.example".into()];
        let new = NewDocument { platform, kind, title, urls, language: None, select: vec![], remove: vec![] };
        atlas.put_document(&new).await.unwrap()
    }

    /// A batch with nothing but an import position, which goes on after a version.
    fn batch(document: DocumentId, after_version: i64) -> Batch {
        Batch {
            document,
            after_version,
            revised: 0,
            entries: vec![],
            wordings: vec![],
            provisions: vec![],
            events: vec![],
            standing: vec![],
            doubted: vec![],
            analyser: "a reader".into(),
            analysed_ms: 0,
            cursor: Some((document.to_string(), "here".into())),
        }
    }

    #[tokio::test]
    async fn what_fails_keeps_nothing_out_that_waits_with_it() {
        let atlas = open().await;
        let mut documents = Vec::new();
        for kind in ["Terms", "Privacy", "Cookies"] {
            documents.push(document(&atlas, kind).await);
        }
        let before = atlas.head().await.unwrap().generation;
        let turn = atlas.shared.queue.turn.lock().await;
        let recorded: Vec<_> = documents
            .iter()
            .enumerate()
            .map(|(index, document)| {
                // The second goes on from a version that is not there.
                let (atlas, batch) = (atlas.clone(), batch(*document, i64::from(index == 1)));
                tokio::spawn(async move { atlas.record(batch).await })
            })
            .collect();
        let result = CheckResult::Failed { trouble: Trouble::Gone, reason: "no such page".into() };
        let check = Check { at_ms: 5, next_due_ms: 9, result };
        let checked = tokio::spawn({
            let (atlas, document) = (atlas.clone(), documents[0]);
            async move { atlas.checked(document, &check).await }
        });
        let given_up = tokio::spawn({
            let (atlas, document) = (atlas.clone(), documents[0]);
            async move { atlas.verified(document, 5).await }
        });
        while atlas.shared.queue.waiting.lock().unwrap().len() < 5 {
            tokio::task::yield_now().await;
        }
        given_up.abort();
        drop(turn);
        let mut outcomes = Vec::new();
        for recorded in recorded {
            outcomes.push(recorded.await.unwrap());
        }
        assert!(matches!(outcomes[1], Err(AtlasError::Stale { expected: 1, found: 0, .. })), "{:?}", outcomes[1]);
        assert!(outcomes[0].is_ok() && outcomes[2].is_ok(), "{outcomes:?}");
        checked.await.unwrap().unwrap();
        for (document, position) in documents.iter().zip([Some("here"), None, Some("here")]) {
            assert_eq!(atlas.cursor(&document.to_string()).await.unwrap().as_deref(), position);
        }
        assert_eq!(atlas.head().await.unwrap().generation, before + 2, "each document has a generation of its own");
        assert_eq!(atlas.check().await.unwrap(), []);
    }
}
