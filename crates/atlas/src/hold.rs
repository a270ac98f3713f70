//! Work on the whole store by several processes: any number may import at a time, one alone may analyse anew, and not while others
//! import. What a process holds ends with it, however it ends.
//!
//! No record depends on this: a batch that was built upon an analysis that has been replaced is refused ([`AtlasError::Revised`]). It spares
//! an import of hours that refusal.
use std::fs::{File, TryLockError};

use sqlx::PgConnection;

use crate::error::{AtlasError, Result};
use crate::open::Atlas;
use crate::store::Pools;

/// Work on the whole store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Adding histories; others may do so as well.
    Import,
    /// Analysing stored versions anew.
    Reanalysis,
}

/// Work that is under way; it ends when this is dropped.
#[derive(Debug)]
#[must_use]
pub struct Held {
    _by: By,
}

#[derive(Debug)]
#[expect(dead_code, reason = "a lock is held by being there")]
enum By {
    /// A store in memory has no other process.
    Nobody,
    File(File),
    /// The lock is of the session.
    Session(Box<PgConnection>),
}

impl Atlas {
    /// Takes the store for this work.
    ///
    /// # Errors
    /// [`AtlasError::Busy`] if another process is at work that this one does not go with.
    pub async fn hold(&self, work: Work) -> Result<Held> {
        let by = match (&self.store.pools, &self.shared.folder) {
            (Pools::Postgres(pool), _) => session(pool.acquire().await?.detach(), work).await?,
            (_, Some(folder)) => {
                let path = folder.join("work.lock");
                file(&path, work).map_err(|source| AtlasError::Io { path: path.display().to_string(), source })?
            }
            (_, None) => Some(By::Nobody),
        };
        let doing = match work {
            Work::Import => "reading the store again",
            Work::Reanalysis => "importing, or reading the store again",
        };
        by.map(|by| Held { _by: by }).ok_or(AtlasError::Busy { doing })
    }
}

/// The lock, if it is free.
fn file(path: &std::path::Path, work: Work) -> std::io::Result<Option<By>> {
    let file = File::options().create(true).append(true).open(path)?;
    let outcome = match work {
        Work::Import => file.try_lock_shared(),
        Work::Reanalysis => file.try_lock(),
    };
    match outcome {
        Ok(()) => Ok(Some(By::File(file))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

async fn session(mut connection: PgConnection, work: Work) -> Result<Option<By>> {
    // A database may hold several stores, each in a schema.
    let free: bool = sqlx::query_scalar(match work {
        Work::Import => "SELECT pg_try_advisory_lock_shared(4311048, hashtext(current_schema()))",
        Work::Reanalysis => "SELECT pg_try_advisory_lock(4311048, hashtext(current_schema()))",
    })
    .fetch_one(&mut connection)
    .await?;
    Ok(free.then(|| By::Session(Box::new(connection))))
}
