//! Opening a store: its pools, its schema, its log key, its index.
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use archive::log::SigningKey;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use crate::blobs::Recent;
use crate::error::{AtlasError, Result};
use crate::log;
use crate::read::Cache;
use crate::schema;
use crate::seal::{self, Forgotten, KeyPlace, Sealer};
use crate::search::Index;
use crate::store::{Pools, Store};
use crate::together::Queue;

/// Where the store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// SQLite in this data folder (the file `clausewatch.db`), the search index beside it.
    Sqlite(PathBuf),
    /// PostgreSQL.
    Postgres {
        /// Connection URL.
        url: String,
        /// Folder of this machine's search index.
        index: PathBuf,
    },
    /// SQLite in memory with an index in memory, for tests.
    Memory,
}

/// Name and key of the transparency log. The key is made once, when the store is created, and then lives in the store, sealed.
#[derive(Clone)]
pub struct LogConfig {
    /// The log's name, for example `example.com/clausewatch`.
    pub origin: String,
    /// Random bytes of which the key is made if the store has none yet.
    pub fresh_seed: [u8; 32],
}

impl fmt::Debug for LogConfig {
    /// Without the seed: it is a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogConfig").field("origin", &self.origin).finish_non_exhaustive()
    }
}

/// The store and the search index. Clones share both.
#[derive(Clone)]
pub struct Atlas {
    pub(crate) store: Store,
    pub(crate) shared: Arc<Shared>,
}

/// What clones share beside the pools.
pub(crate) struct Shared {
    /// The data folder, if the store is in one.
    pub folder: Option<PathBuf>,
    pub key: SigningKey,
    pub sealer: Sealer,
    pub index: Index,
    pub recent: Recent,
    pub queue: Queue,
    pub cache: Cache,
}

impl fmt::Debug for Atlas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Atlas").field("log", &self.shared.key.name()).finish_non_exhaustive()
    }
}

impl Atlas {
    /// Opens the store, creating it or bringing its schema up to date if need be. Refuses a store of a later release, another log, or
    /// a log whose rows do not lead to its signed checkpoint. What is secret in it and not sealed with the first key is sealed now.
    pub async fn open(location: &Location, log: &LogConfig, key: &KeyPlace) -> Result<Atlas> {
        let store = store(location).await?;
        let index = match location {
            Location::Sqlite(folder) => Index::open(&folder.join("search"))?,
            Location::Postgres { index, .. } => Index::open(index)?,
            Location::Memory => Index::in_memory()?,
        };
        let sealer = seal::open(&store, key).await?;
        seal::seal_all(&store, &sealer).await?;
        let key = log::open(&store, log, &sealer).await?;
        let folder = match location {
            Location::Sqlite(folder) => Some(folder.clone()),
            Location::Postgres { .. } | Location::Memory => None,
        };
        let shared = Shared {
            folder,
            key,
            sealer,
            index,
            recent: Recent::default(),
            queue: Queue::default(),
            cache: Cache::default(),
        };
        Ok(Atlas { store, shared: Arc::new(shared) })
    }

    /// Makes a store whose key is lost usable again: what the key at this place does not open is dropped, and all else is left as it is; see
    /// [`Forgotten`]. None, and nothing is done, if the key opens the store. `fresh` are random bytes. The log goes on under another key.
    pub async fn forget_secrets(
        location: &Location,
        log: &LogConfig,
        key: &KeyPlace,
        fresh: &[u8; 32],
        now_ms: i64,
    ) -> Result<Option<Forgotten>> {
        seal::forget(&store(location).await?, key, log, fresh, now_ms).await
    }

    /// The key outside of the store under which links in mails are made.
    pub fn key_of_links(&self) -> [u8; 32] {
        self.shared.sealer.raw()
    }

    /// Chooses how safe the following batches are when [`Atlas::record`] returns. During a bulk import (`true`) they survive the end of
    /// the process, but a loss of power may undo the latest, which the import then repeats; `false` makes all of them safe.
    pub async fn bulk(&self, on: bool) -> Result<()> {
        self.store.set_bulk(on).await
    }

    /// Closes the pools once what is running has ended. Optional: a store may be dropped at any time.
    pub async fn close(&self) {
        match &self.store.pools {
            Pools::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}

/// The store at a place, with its schema up to date.
async fn store(location: &Location) -> Result<Store> {
    let store = Store::new(match location {
        Location::Sqlite(folder) => {
            std::fs::create_dir_all(folder)
                .map_err(|source| AtlasError::Io { path: folder.display().to_string(), source })?;
            sqlite(&folder.join("clausewatch.db")).await?
        }
        Location::Postgres { url, .. } => postgres(url).await?,
        Location::Memory => memory().await?,
    });
    schema::migrate(&store).await?;
    Ok(store)
}

/// More statements than the crate has, so that each stays prepared.
const STATEMENTS: usize = 640;

fn sqlite_options() -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .create_if_missing(true)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(30))
        .statement_cache_capacity(STATEMENTS)
        .pragma("temp_store", "MEMORY")
}

/// A pool whose connections stay: settings made on a connection are kept, and a store in memory lives as long as its connection.
fn lasting(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .acquire_timeout(Duration::from_secs(120))
}

async fn sqlite(file: &Path) -> Result<Pools> {
    let options = sqlite_options()
        .filename(file)
        .page_size(8192)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("wal_autocheckpoint", "2000")
        .pragma("mmap_size", "67108864");
    let writer = lasting(1).connect_with(options.clone().pragma("cache_size", "-32768")).await?;
    let readers = lasting(4).connect_with(options.pragma("cache_size", "-8192").pragma("query_only", "ON")).await?;
    Ok(Pools::Sqlite { writer, readers })
}

async fn memory() -> Result<Pools> {
    let pool = lasting(1).connect_with(sqlite_options().in_memory(true)).await?;
    Ok(Pools::Sqlite { writer: pool.clone(), readers: pool })
}

async fn postgres(url: &str) -> Result<Pools> {
    let options: PgConnectOptions = url.parse::<PgConnectOptions>()?.statement_cache_capacity(STATEMENTS);
    let pool = PgPoolOptions::new().max_connections(8).acquire_timeout(Duration::from_secs(60));
    Ok(Pools::Postgres(pool.connect_with(options).await?))
}
