//! The instance that a command works on: where its data is, its store, and what the edge of the program supplies (time, randomness).
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, anyhow};
use atlas::{Atlas, Forgotten, KeyPlace, Location, LogConfig};

use crate::alerting::Secret;

/// Where the data of this instance is.
#[derive(Debug, Clone, clap::Args)]
pub struct Place {
    /// Folder of the embedded store and the search index.
    #[arg(long, global = true, value_name = "DIR", env = "CLAUSEWATCH_DATA", default_value = "clausewatch-data")]
    pub data: PathBuf,
    /// PostgreSQL to use instead of the embedded store, for example postgres://user@host/clausewatch.
    #[arg(long, global = true, value_name = "URL", env = "CLAUSEWATCH_DATABASE_URL")]
    pub database_url: Option<String>,
    /// The key that seals the secrets in the store and makes links in mails, 64 hexadecimal digits (several to change it: the first one
    /// seals); for machines that share a database. Else it is in the file accounts.key of the data folder.
    #[arg(long, global = true, value_name = "KEY", env = KEY_VARIABLE, hide_env_values = true, value_parser = crate::alerting::secret)]
    pub accounts_key: Option<Secret>,
}

/// The variable of the key.
const KEY_VARIABLE: &str = "CLAUSEWATCH_ACCOUNTS_KEY";

impl Place {
    /// The store as a person would name it. Of a database only that there is one: its address may hold a password.
    pub fn name(&self) -> String {
        self.database_url.as_ref().map_or_else(|| self.data.display().to_string(), |_| "the database".into())
    }

    /// Opens the store, creating it if need be.
    pub async fn open(&self) -> anyhow::Result<Atlas> {
        std::fs::create_dir_all(&self.data).with_context(|| {
            format!("the data folder {} cannot be created; choose another with --data", self.data.display())
        })?;
        Ok(Atlas::open(&self.location(), &log(), &self.key()?).await?)
    }

    fn location(&self) -> Location {
        match &self.database_url {
            Some(url) => Location::Postgres { url: url.clone(), index: self.data.join("search") },
            None => Location::Sqlite(self.data.clone()),
        }
    }

    /// Drops what is sealed in the store with a key that is lost; none if the key opens it.
    pub async fn forget_secrets(&self) -> anyhow::Result<Option<Forgotten>> {
        self.exists()?;
        Ok(Atlas::forget_secrets(&self.location(), &log(), &self.key()?, &secret(), now_ms()).await?)
    }

    /// Where the key is that seals the secrets in the store.
    fn key(&self) -> anyhow::Result<KeyPlace> {
        let Some(key) = &self.accounts_key else { return Ok(KeyPlace::in_folder(&self.data, secret())) };
        let name = format!("--accounts-key, or {KEY_VARIABLE}");
        let keys = atlas::read_keys(key.text()).map_err(|reason| anyhow!("{name}: {reason}"))?;
        Ok(KeyPlace::Given { name, keys })
    }

    /// Opens the store if it exists; a command that only reads should not create one.
    pub async fn open_existing(&self) -> anyhow::Result<Atlas> {
        self.exists()?;
        self.open().await
    }

    /// Whether there is a store; a database is taken for one.
    pub fn has_store(&self) -> bool {
        self.database_url.is_some() || self.data.join("clausewatch.db").exists()
    }

    fn exists(&self) -> anyhow::Result<()> {
        anyhow::ensure!(
            self.has_store(),
            "there is no store in {}; import or track something first, or name the folder with --data",
            self.data.display()
        );
        Ok(())
    }
}

/// The log of an instance.
fn log() -> LogConfig {
    LogConfig { origin: "clausewatch".into(), fresh_seed: secret() }
}

/// Random bytes for a new secret.
///
/// # Panics
/// If the system gives none: a secret that can be guessed is worse than no answer.
pub fn secret() -> [u8; 32] {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}

/// Milliseconds since 1970 UTC. The one place where the program looks at the clock.
#[expect(clippy::disallowed_methods, reason = "the edge of the program: everything below takes time as a parameter")]
pub fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}
