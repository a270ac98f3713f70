//! The schema, its versions, and what it is called in each engine.
use sqlx::{AssertSqlSafe, Executor};

use crate::error::{AtlasError, Result};
use crate::store::{Store, Tx, args, statements};

/// Each step takes the schema from one version to the next. Released steps never change.
pub(crate) const STEPS: [&str; 21] = [
    include_str!("schema/001.sql"),
    include_str!("schema/002.sql"),
    include_str!("schema/003.sql"),
    include_str!("schema/004.sql"),
    include_str!("schema/005.sql"),
    include_str!("schema/006.sql"),
    include_str!("schema/007.sql"),
    include_str!("schema/008.sql"),
    include_str!("schema/009.sql"),
    include_str!("schema/010.sql"),
    include_str!("schema/011.sql"),
    include_str!("schema/012.sql"),
    include_str!("schema/013.sql"),
    include_str!("schema/014.sql"),
    include_str!("schema/015.sql"),
    include_str!("schema/016.sql"),
    include_str!("schema/017.sql"),
    include_str!("schema/018.sql"),
    include_str!("schema/019.sql"),
    include_str!("schema/020.sql"),
    include_str!("schema/021.sql"),
];

statements! {
    FOUND = "SELECT value FROM settings WHERE key = 'schema'",
    SET = "INSERT INTO settings (key, value) VALUES ('schema', $1) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    HAS_SETTINGS = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'settings'";
        postgres "SELECT COUNT(*) FROM information_schema.tables WHERE table_name = 'settings' AND table_schema = current_schema()",
}

/// A step as SQLite wants it. One text for both engines cannot drift apart; these are all the differences.
pub(crate) fn for_sqlite(step: &str) -> String {
    step.replace(" COLLATE \"C\"", "")
        .replace("BYTEA", "BLOB")
        // Only this spelling makes the key the row's own number.
        .replace("BIGINT PRIMARY KEY", "INTEGER PRIMARY KEY")
        .replace("BIGINT", "INTEGER")
        .replace("DOUBLE PRECISION", "REAL")
        .replace("/*WITHOUT ROWID*/", "WITHOUT ROWID")
}

/// Creates the schema or brings it up to date. Refuses a store of a later release.
pub(crate) async fn migrate(store: &Store) -> Result<()> {
    // Most starts find nothing to do, and lock nothing.
    if missing(&mut store.read().await?).await?.is_empty() {
        return Ok(());
    }
    let mut tx = store.write_unordered().await?;
    if let Tx::Postgres(tx) = &mut tx {
        sqlx::query("SELECT pg_advisory_xact_lock(4311047)").execute(&mut **tx).await?;
    }
    // Several processes may start at once: whoever had to wait finds the work done, so it is asked again.
    for step in missing(&mut tx).await? {
        match &mut tx {
            Tx::Sqlite(tx) => tx.execute(AssertSqlSafe(for_sqlite(step))).await.map(drop)?,
            Tx::Postgres(tx) => tx.execute(AssertSqlSafe((*step).to_string())).await.map(drop)?,
        }
    }
    tx.run(SET, args![STEPS.len().to_string()]).await?;
    tx.commit().await
}

/// The steps that the store lacks.
async fn missing(tx: &mut Tx) -> Result<&'static [&'static str]> {
    let (found, known) = (version(tx).await?, STEPS.len() as i64);
    STEPS.get(found as usize..).ok_or(AtlasError::NewerSchema { found, known })
}

/// The schema that the store has; 0 for an empty one.
async fn version(tx: &mut Tx) -> Result<i64> {
    let tables: i64 = match tx.one(HAS_SETTINGS, args![]).await? {
        Some(row) => row.get(0)?,
        None => 0,
    };
    if tables == 0 {
        return Ok(0);
    }
    let row = tx.one(FOUND, args![]).await?;
    Ok(row.map(|row| row.get::<String>(0)).transpose()?.and_then(|text| text.parse().ok()).unwrap_or(0))
}
