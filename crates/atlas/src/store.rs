//! The two engines behind one door: an enum of pools, values and rows that mean the same on both, and one dispatch point.
//!
//! Statements are written once, with `$1` placeholders that both engines take. Where the engines really differ there are two texts side
//! by side in one [`Sql`]. A test prepares every statement on both.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::TryStreamExt;
use sqlx::{AssertSqlSafe, Decode, PgPool, Postgres, Row as _, Sqlite, SqlitePool, Transaction, Type};

use crate::error::Result;

/// A statement as each engine is given it. Made only by [`statements!`], so that each is in a registry.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sql {
    pub sqlite: &'static str,
    pub postgres: &'static str,
}

/// Declares statements and, for the test that prepares them all, the list of them.
macro_rules! statements {
    ($($name:ident = $sqlite:expr $(; postgres $postgres:expr)?),+ $(,)?) => {
        $(const $name: $crate::store::Sql = {
            #[allow(unused_mut, unused_assignments)]
            let mut postgres = $sqlite;
            $(postgres = $postgres;)?
            $crate::store::Sql { sqlite: $sqlite, postgres }
        };)+
        #[cfg(test)]
        pub(crate) const STATEMENTS: &[$crate::store::Sql] = &[$($name),+];
    };
}
pub(crate) use statements;

/// Arguments of a statement.
macro_rules! args {
    ($($value:expr),* $(,)?) => { vec![$($crate::store::Value::from($value)),*] };
}
pub(crate) use args;

/// A statement that asks for [`PLACES`] values at once, given by [`filled`].
macro_rules! places {
    ($begins:literal) => {
        concat!(
            $begins,
            " ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28,
            $29, $30, $31, $32)"
        )
    };
}
pub(crate) use places;

/// So many values [`places`] has room for.
pub(crate) const PLACES: usize = 32;

/// At least one value and at most [`PLACES`] as the arguments of [`places`]: the first one takes the places that are left.
pub(crate) fn filled<T: Copy>(values: &[T]) -> Vec<Value>
where
    Value: From<T>,
{
    let filler = std::iter::repeat(&values[0]);
    values.iter().chain(filler).take(PLACES).map(|value| Value::from(*value)).collect()
}

/// An `INSERT` of many rows at a time: text before `VALUES`, number of columns, text after.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Insert {
    pub into: &'static str,
    pub columns: usize,
    pub tail: &'static str,
}

impl Insert {
    /// The statement for this many rows. On SQLite its placeholders have no names: to bind thousands of named ones, each is looked up
    /// among all, which took a tenth of an import.
    pub fn text(&self, rows: usize, numbered: bool) -> String {
        let mut text = format!("INSERT INTO {} VALUES ", self.into);
        for row in 0..rows {
            text.push_str(if row == 0 { "(" } else { ", (" });
            for column in 0..self.columns {
                text.push_str(if column == 0 { "" } else { ", " });
                match numbered {
                    true => text.push_str(&format!("${}", row * self.columns + column + 1)),
                    false => text.push('?'),
                }
            }
            text.push(')');
        }
        text.push(' ');
        text.push_str(self.tail);
        text
    }
}

/// Rows go in groups of these sizes, so that few distinct statements have to be prepared and kept, and few are run: each is a message to the
/// thread or process of the database and back, while the next writer waits. Most numbers of rows are made of two.
const GROUPS: [usize; 16] = [256, 192, 128, 96, 64, 48, 32, 24, 16, 12, 8, 6, 4, 3, 2, 1];

/// A value given to a statement. Nulls have a type, because PostgreSQL wants one.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Int(Option<i64>),
    Real(f64),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
}

macro_rules! value_from {
    ($($from:ty => |$v:ident| $value:expr;)+) => {
        $(impl From<$from> for Value { fn from($v: $from) -> Value { $value } })+
    };
}
value_from! {
    i64 => |v| Value::Int(Some(v));
    Option<i64> => |v| Value::Int(v);
    u32 => |v| Value::Int(Some(i64::from(v)));
    u16 => |v| Value::Int(Some(i64::from(v)));
    usize => |v| Value::Int(Some(i64::try_from(v).unwrap_or(i64::MAX)));
    f64 => |v| Value::Real(v);
    &str => |v| Value::Text(Some(v.to_owned()));
    String => |v| Value::Text(Some(v));
    &String => |v| Value::Text(Some(v.clone()));
    Option<String> => |v| Value::Text(v);
    &Option<String> => |v| Value::Text(v.clone());
    Vec<u8> => |v| Value::Bytes(Some(v));
    Option<Vec<u8>> => |v| Value::Bytes(v);
    archive::Sha256Digest => |v| Value::Bytes(Some(v.0.to_vec()));
    Option<archive::Sha256Digest> => |v| Value::Bytes(v.map(|digest| digest.0.to_vec()));
    crate::ids::DocumentId => |v| Value::Int(Some(v.0));
    crate::ids::ProvisionId => |v| Value::Int(Some(v.0));
    crate::ids::ChangeId => |v| Value::Int(Some(v.0));
}

/// A type that a column can be read as, on both engines.
pub(crate) trait Column:
    for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>
{
}
impl<T> Column for T where T: for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres> {}

/// A row of either engine.
pub(crate) enum Row {
    Sqlite(sqlx::sqlite::SqliteRow),
    Postgres(sqlx::postgres::PgRow),
}

impl Row {
    /// The value of a column.
    pub fn get<T: Column>(&self, index: usize) -> Result<T> {
        Ok(match self {
            Row::Sqlite(row) => row.try_get(index)?,
            Row::Postgres(row) => row.try_get(index)?,
        })
    }

    /// Reads the columns one after the other.
    pub fn columns(&self) -> Columns<'_> {
        Columns { row: self, next: 0 }
    }
}

/// Reads a row from left to right.
pub(crate) struct Columns<'r> {
    row: &'r Row,
    next: usize,
}

impl Columns<'_> {
    /// The next column.
    pub fn next<T: Column>(&mut self) -> Result<T> {
        self.next += 1;
        self.row.get(self.next - 1)
    }

    /// Passes over columns.
    pub fn skip(&mut self, columns: usize) {
        self.next += columns;
    }

    /// The next column as a digest.
    pub fn digest(&mut self) -> Result<archive::Sha256Digest> {
        digest(self.next()?)
    }

    /// The next column, which holds JSON.
    pub fn json<T: serde::de::DeserializeOwned>(&mut self) -> Result<T> {
        json(&self.next::<String>()?)
    }
}

/// 32 stored bytes as a digest.
pub(crate) fn digest(bytes: Vec<u8>) -> Result<archive::Sha256Digest> {
    match bytes.try_into() {
        Ok(bytes) => Ok(archive::Sha256Digest(bytes)),
        Err(bytes) => Err(damaged("a hash", format!("it has {} bytes", Vec::len(&bytes)))),
    }
}

/// A stored JSON text.
pub(crate) fn json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| damaged("a stored JSON text", error.to_string()))
}

/// Any value of ours as JSON text.
pub(crate) fn to_json<T: serde::Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("records serialise: no map in them has keys other than strings")
}

pub(crate) fn damaged(record: impl Into<String>, reason: impl Into<String>) -> crate::AtlasError {
    crate::AtlasError::Damaged { record: record.into(), reason: reason.into() }
}

/// The pools of one store.
#[derive(Clone)]
pub(crate) enum Pools {
    /// SQLite allows one writer: it has a connection of its own, so that writers queue here, in order, and not inside SQLite.
    Sqlite { writer: SqlitePool, readers: SqlitePool },
    /// PostgreSQL.
    Postgres(PgPool),
}

/// The beginnings of writes on SQLite. Whether a commit waits for the disk is set for the connection, so each sets it anew, in one step with the
/// beginning: nobody can come between.
const BEGIN_SAFE: &str = "PRAGMA synchronous = FULL; BEGIN IMMEDIATE";
const BEGIN_FAST: &str = "PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE";
/// On PostgreSQL it is set for the transaction.
const FAST: &str = "SET LOCAL synchronous_commit = off";

/// The database.
#[derive(Clone)]
pub(crate) struct Store {
    pub pools: Pools,
    bulk: Arc<AtomicBool>,
}

/// A transaction. Dropped without [`Tx::commit`], nothing of it stays.
pub(crate) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// A text as both engines take it. PostgreSQL has no NUL in a text and would refuse the statement, whoever typed it; the character that stands
/// for what cannot be shown takes its place, so that such a text is kept, and an address with one in it leads to nothing.
fn without_nul(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

/// Runs the same code with the engine's query bound to its arguments.
macro_rules! bound {
    ($db:ty, $text:expr, $args:expr) => {{
        let mut query = sqlx::query::<$db>($text);
        for value in $args {
            query = match value {
                Value::Int(v) => query.bind(v),
                Value::Real(v) => query.bind(v),
                Value::Text(v) => query.bind(v.map(without_nul)),
                Value::Bytes(v) => query.bind(v),
            };
        }
        query
    }};
}

fn sqlite_rows(rows: Vec<sqlx::sqlite::SqliteRow>) -> Vec<Row> {
    rows.into_iter().map(Row::Sqlite).collect()
}

fn postgres_rows(rows: Vec<sqlx::postgres::PgRow>) -> Vec<Row> {
    rows.into_iter().map(Row::Postgres).collect()
}

impl Store {
    pub fn new(pools: Pools) -> Store {
        Store { pools, bulk: Arc::default() }
    }

    /// Rows of a single read.
    pub async fn fetch(&self, sql: Sql, args: Vec<Value>) -> Result<Vec<Row>> {
        Ok(match &self.pools {
            Pools::Sqlite { readers, .. } => sqlite_rows(bound!(Sqlite, sql.sqlite, args).fetch_all(readers).await?),
            Pools::Postgres(pool) => postgres_rows(bound!(Postgres, sql.postgres, args).fetch_all(pool).await?),
        })
    }

    /// Hands over the rows of a single read one by one, for answers too long to hold in memory.
    pub async fn each(&self, sql: Sql, args: Vec<Value>, mut take: impl FnMut(&Row) -> Result<()>) -> Result<()> {
        match &self.pools {
            Pools::Sqlite { readers, .. } => {
                let mut rows = bound!(Sqlite, sql.sqlite, args).fetch(readers);
                while let Some(row) = rows.try_next().await? {
                    take(&Row::Sqlite(row))?;
                }
            }
            Pools::Postgres(pool) => {
                let mut rows = bound!(Postgres, sql.postgres, args).fetch(pool);
                while let Some(row) = rows.try_next().await? {
                    take(&Row::Postgres(row))?;
                }
            }
        }
        Ok(())
    }

    /// The only row of a single read, if there is one.
    pub async fn one(&self, sql: Sql, args: Vec<Value>) -> Result<Option<Row>> {
        Ok(self.fetch(sql, args).await?.into_iter().next())
    }

    /// A view of the store at one instant, for answers put together from several statements.
    pub async fn read(&self) -> Result<Tx> {
        Ok(match &self.pools {
            Pools::Sqlite { readers, .. } => Tx::Sqlite(readers.begin().await?),
            Pools::Postgres(pool) => {
                Tx::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
            }
        })
    }

    /// Begins a write. Writers follow one another, which is what lets row numbers and log indexes be given out without gaps.
    pub async fn write(&self) -> Result<Tx> {
        match &self.pools {
            Pools::Sqlite { writer, .. } => Ok(Tx::Sqlite(writer.begin_with(self.begin()).await?)),
            Pools::Postgres(pool) => in_order(pool, self.bulk.load(Ordering::Relaxed)).await,
        }
    }

    /// Begins a write that touches neither row numbers nor the log, so that on PostgreSQL it need not queue.
    pub async fn write_unordered(&self) -> Result<Tx> {
        match &self.pools {
            Pools::Sqlite { writer, .. } => Ok(Tx::Sqlite(writer.begin_with(self.begin()).await?)),
            Pools::Postgres(pool) => Ok(Tx::Postgres(pool.begin().await?)),
        }
    }

    /// As [`Store::write`], and the commit does not wait for the disk. What it writes outlasts the process, and the next other commit
    /// makes it safe; a loss of power may undo it until then. For what is then merely done again.
    pub async fn write_fast(&self) -> Result<Tx> {
        match &self.pools {
            Pools::Sqlite { writer, .. } => Ok(Tx::Sqlite(writer.begin_with(BEGIN_FAST).await?)),
            Pools::Postgres(pool) => in_order(pool, true).await,
        }
    }

    /// How a write begins on SQLite.
    fn begin(&self) -> &'static str {
        if self.bulk.load(Ordering::Relaxed) { BEGIN_FAST } else { BEGIN_SAFE }
    }

    /// Switches between safe and fast commits.
    pub async fn set_bulk(&self, bulk: bool) -> Result<()> {
        self.bulk.store(bulk, Ordering::Relaxed);
        let Pools::Sqlite { writer, .. } = &self.pools else { return Ok(()) };
        if !bulk {
            let mut connection = writer.acquire().await?;
            sqlx::query("PRAGMA synchronous = FULL").execute(&mut *connection).await?;
            // The checkpoint syncs the log and then the database: all that was fast becomes safe.
            sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_all(&mut *connection).await?;
        }
        Ok(())
    }
}

/// Begins a write on PostgreSQL that follows the one before it.
async fn in_order(pool: &PgPool, fast: bool) -> Result<Tx> {
    let mut tx = pool.begin().await?;
    if fast {
        sqlx::query(FAST).execute(&mut *tx).await?;
    }
    sqlx::query("SELECT id FROM log_head WHERE id = 1 FOR UPDATE").execute(&mut *tx).await?;
    Ok(Tx::Postgres(tx))
}

impl Tx {
    /// Rows.
    pub async fn fetch(&mut self, sql: Sql, args: Vec<Value>) -> Result<Vec<Row>> {
        Ok(match self {
            Tx::Sqlite(tx) => sqlite_rows(bound!(Sqlite, sql.sqlite, args).fetch_all(&mut **tx).await?),
            Tx::Postgres(tx) => postgres_rows(bound!(Postgres, sql.postgres, args).fetch_all(&mut **tx).await?),
        })
    }

    /// The only row, if there is one.
    pub async fn one(&mut self, sql: Sql, args: Vec<Value>) -> Result<Option<Row>> {
        Ok(self.fetch(sql, args).await?.into_iter().next())
    }

    /// Takes back what was written, at once: one that is dropped holds its locks until its connection is used again.
    pub async fn undo(self) -> Result<()> {
        match self {
            Tx::Sqlite(tx) => tx.rollback().await?,
            Tx::Postgres(tx) => tx.rollback().await?,
        }
        Ok(())
    }

    /// Runs a statement and says how many rows it touched.
    pub async fn run(&mut self, sql: Sql, args: Vec<Value>) -> Result<u64> {
        Ok(match self {
            Tx::Sqlite(tx) => bound!(Sqlite, sql.sqlite, args).execute(&mut **tx).await?.rows_affected(),
            Tx::Postgres(tx) => bound!(Postgres, sql.postgres, args).execute(&mut **tx).await?.rows_affected(),
        })
    }

    /// Inserts rows, given as their values one after the other.
    pub async fn insert(&mut self, insert: Insert, values: Vec<Value>) -> Result<()> {
        let mut left = values.len() / insert.columns;
        let mut values = values.into_iter();
        let numbered = matches!(self, Tx::Postgres(_));
        for group in GROUPS {
            let text: Arc<str> = if left >= group { insert.text(group, numbered).into() } else { continue };
            while left >= group {
                left -= group;
                let row: Vec<Value> = values.by_ref().take(group * insert.columns).collect();
                let text = AssertSqlSafe(Arc::clone(&text));
                match self {
                    Tx::Sqlite(tx) => {
                        bound!(Sqlite, text, row).execute(&mut **tx).await?;
                    }
                    Tx::Postgres(tx) => {
                        bound!(Postgres, text, row).execute(&mut **tx).await?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Makes it last.
    pub async fn commit(self) -> Result<()> {
        match self {
            Tx::Sqlite(tx) => tx.commit().await?,
            Tx::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use sqlx::sqlite::SqlitePoolOptions;

    use super::*;

    /// SQLite's number for how a transaction is made to last: 2 if its commit waits for the disk, 1 if not.
    async fn level(tx: Result<Tx>) -> i64 {
        let Tx::Sqlite(mut tx) = tx.unwrap() else { panic!("the store is in SQLite") };
        let level = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
        level
    }

    #[tokio::test]
    async fn a_fast_write_makes_no_other_unsafe() {
        let pool = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.unwrap();
        let store = Store::new(Pools::Sqlite { writer: pool.clone(), readers: pool });
        for (bulk, safe) in [(false, 2), (true, 1), (false, 2)] {
            store.set_bulk(bulk).await.unwrap();
            assert_eq!(level(store.write_fast().await).await, 1);
            assert_eq!(level(store.write().await).await, safe, "bulk: {bulk}");
            assert_eq!(level(store.write_fast().await).await, 1);
            assert_eq!(level(store.write_unordered().await).await, safe, "bulk: {bulk}");
        }
    }
}
