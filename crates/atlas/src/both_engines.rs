//! Tests of the promise that one SQL text runs on two engines: every statement is prepared on both, and both have one schema.
use std::collections::{BTreeMap, BTreeSet};

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row as _, SqlSafeStr, SqliteConnection};

use crate::schema;
use crate::store::{Insert, Sql};

const LISTS: &[&[Sql]] = &[
    crate::answers::STATEMENTS,
    crate::blobs::STATEMENTS,
    crate::check::STATEMENTS,
    crate::confirm::STATEMENTS,
    crate::fingerprint::STATEMENTS,
    crate::health::STATEMENTS,
    crate::jobs::STATEMENTS,
    crate::log::STATEMENTS,
    crate::operate::STATEMENTS,
    crate::plans::STATEMENTS,
    crate::read::changes::STATEMENTS,
    crate::read::documents::STATEMENTS,
    crate::read::history::STATEMENTS,
    crate::read::holders::STATEMENTS,
    crate::read::platforms::STATEMENTS,
    crate::read::provisions::STATEMENTS,
    crate::read::standing::STATEMENTS,
    crate::read::timelines::STATEMENTS,
    crate::record::STATEMENTS,
    crate::record::PROVISION_STATEMENTS,
    crate::record::REFUSE_STATEMENTS,
    crate::review::STATEMENTS,
    crate::review::QUEUE_STATEMENTS,
    crate::revise::STATEMENTS,
    crate::schema::STATEMENTS,
    crate::seal::STATEMENTS,
    crate::search::STATEMENTS,
    crate::witnesses::STATEMENTS,
    crate::write::STATEMENTS,
];

fn lists() -> impl Iterator<Item = &'static [Sql]> {
    let others = crate::watching::ALL_STATEMENTS.iter().chain(&crate::accounts::ALL_STATEMENTS);
    LISTS.iter().chain(others).chain(&crate::seal::ROW_STATEMENTS).copied()
}

fn statements() -> Vec<Sql> {
    lists().flat_map(|list| list.iter().copied()).collect()
}

fn inserts() -> Vec<Insert> {
    let lists = [
        crate::record::INSERTS,
        crate::record::PROVISION_INSERTS,
        crate::review::INSERTS,
        crate::revise::INSERTS,
        crate::log::INSERTS,
        &[crate::blobs::INSERT],
    ];
    lists.iter().chain(&crate::watching::ALL_INSERTS).copied().flatten().copied().collect()
}

#[test]
fn no_list_is_forgotten() {
    fn count(folder: &std::path::Path) -> usize {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries
            .map(|path| match path.is_dir() {
                true => count(&path),
                false => {
                    let text = std::fs::read_to_string(&path).unwrap();
                    text.lines().filter(|line| line.trim_end().ends_with("statements! {")).count()
                }
            })
            .sum()
    }
    let found = count(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert_eq!(found, lists().count(), "a list of statements is missing from LISTS");
}

async fn sqlite() -> SqliteConnection {
    let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    sqlite_steps(&mut connection, &schema::STEPS).await;
    connection
}

async fn sqlite_steps(connection: &mut SqliteConnection, steps: &[&str]) {
    for step in steps {
        connection.execute(AssertSqlSafe(schema::for_sqlite(step))).await.unwrap();
    }
}

/// A PostgreSQL connection with the schema in temporary tables, which end with it.
async fn postgres() -> Option<PgConnection> {
    let mut connection = temporary_postgres().await?;
    postgres_steps(&mut connection, &schema::STEPS).await;
    Some(connection)
}

async fn postgres_steps(connection: &mut PgConnection, steps: &[&str]) {
    for step in steps {
        let temporary = step.replace("CREATE TABLE", "CREATE TEMPORARY TABLE");
        connection.execute(AssertSqlSafe(temporary)).await.unwrap();
    }
}

async fn temporary_postgres() -> Option<PgConnection> {
    let Ok(url) = std::env::var("CLAUSEWATCH_TEST_POSTGRES") else {
        eprintln!("CLAUSEWATCH_TEST_POSTGRES is not set: not run on PostgreSQL");
        return None;
    };
    let mut connection = PgConnection::connect(&url).await.unwrap();
    connection.execute("SET search_path = pg_temp").await.unwrap();
    Some(connection)
}

#[tokio::test]
async fn every_statement_is_prepared_on_both() {
    let mut connection = sqlite().await;
    for text in statements().iter().map(|sql| sql.sqlite.to_string()).chain(inserts().iter().map(|i| i.text(2, false)))
    {
        let prepared = connection.prepare(AssertSqlSafe(text.clone()).into_sql_str()).await;
        assert!(prepared.is_ok(), "SQLite: {text}: {}", prepared.err().unwrap());
    }
    let Some(mut connection) = postgres().await else { return };
    for text in statements().iter().map(|sql| sql.postgres.to_string()).chain(inserts().iter().map(|i| i.text(2, true)))
    {
        let prepared = connection.prepare(AssertSqlSafe(text.clone()).into_sql_str()).await;
        assert!(prepared.is_ok(), "PostgreSQL: {text}: {}", prepared.err().unwrap());
    }
}

/// What was read before members had marks of their own: by person 2, and in their organisation 3, to which 4 belongs too.
const READ_BEFORE: &str = "
    INSERT INTO persons (id, name, zone, made_ms) VALUES (2, '', 'UTC', 0), (3, '', 'UTC', 0), (4, '', 'UTC', 0);
    INSERT INTO accounts (person_id, address, address_key, operator, made_ms) VALUES (2, 'a', 'a', 0, 0), (4, 'b', 'b', 0, 0);
    INSERT INTO organisations (person_id, made_ms) VALUES (3, 0);
    INSERT INTO members (organisation_id, person_id, role, since_ms) VALUES (3, 2, 2, 0), (3, 4, 0, 0);
    INSERT INTO messages (id, key, person_id, channel_id, channel_kind, kind, made_ms, state, attempts, due_ms, read_ms) VALUES
        (10, 'k', 2, 1, 0, 0, 0, 1, 0, 0, 7), (11, 'l', 2, 1, 0, 0, 0, 1, 0, 0, NULL), (12, 'm', 3, 2, 0, 0, 0, 1, 0, 0, 8)";

#[tokio::test]
async fn what_was_read_for_all_members_is_read_for_each() {
    let at = schema::STEPS.iter().position(|step| step.contains("CREATE TABLE reads")).unwrap();
    let (before, after) = schema::STEPS.split_at(at);
    let read = "SELECT person_id, message_id, read_ms FROM reads ORDER BY person_id, message_id";
    let expected = [(2_i64, 10_i64, 7_i64), (2, 12, 8), (4, 12, 8)];
    let mut lite = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    sqlite_steps(&mut lite, before).await;
    lite.execute(READ_BEFORE).await.unwrap();
    sqlite_steps(&mut lite, after).await;
    let rows = lite.fetch_all(read).await.unwrap();
    assert_eq!(rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect::<Vec<_>>(), expected);
    let Some(mut postgres) = temporary_postgres().await else { return };
    postgres_steps(&mut postgres, before).await;
    postgres.execute(READ_BEFORE).await.unwrap();
    postgres_steps(&mut postgres, after).await;
    let rows = postgres.fetch_all(read).await.unwrap();
    assert_eq!(rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect::<Vec<_>>(), expected);
}

/// Table, column, type, whether it may be null.
type Column = (String, String, &'static str, bool);

async fn sqlite_columns() -> BTreeSet<Column> {
    let mut connection = sqlite().await;
    let sql = "SELECT m.name, c.name, c.type, c.\"notnull\" = 0 AND c.pk = 0 FROM sqlite_master m, pragma_table_info(m.name) c
        WHERE m.type = 'table'";
    let rows = connection.fetch_all(sql).await.unwrap();
    let kind = |name: String| match name.as_str() {
        "INTEGER" => "integer",
        "REAL" => "real",
        "TEXT" => "text",
        "BLOB" => "bytes",
        other => panic!("SQLite has a column of type {other}"),
    };
    rows.iter().map(|row| (row.get(0), row.get(1), kind(row.get(2)), row.get(3))).collect()
}

async fn postgres_columns(connection: &mut PgConnection) -> BTreeSet<Column> {
    let sql = "SELECT table_name::text, column_name::text, data_type::text, is_nullable = 'YES' FROM information_schema.columns
        WHERE table_schema = pg_my_temp_schema()::regnamespace::text";
    let rows = connection.fetch_all(sql).await.unwrap();
    let kind = |name: String| match name.as_str() {
        "bigint" => "integer",
        "double precision" => "real",
        "text" => "text",
        "bytea" => "bytes",
        other => panic!("PostgreSQL has a column of type {other}"),
    };
    rows.iter().map(|row| (row.get(0), row.get(1), kind(row.get(2)), row.get(3))).collect()
}

#[tokio::test]
async fn both_have_one_schema() {
    let Some(mut connection) = postgres().await else { return };
    assert_eq!(sqlite_columns().await, postgres_columns(&mut connection).await);

    let mut lite = sqlite().await;
    let sql = "SELECT tbl_name, COUNT(*) FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL GROUP BY tbl_name";
    let on_sqlite: BTreeMap<String, i64> =
        lite.fetch_all(sql).await.unwrap().iter().map(|row| (row.get(0), row.get(1))).collect();
    let sql = "SELECT i.tablename::text, COUNT(*) FROM pg_indexes i WHERE i.schemaname = pg_my_temp_schema()::regnamespace::text
            AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conname = i.indexname) GROUP BY i.tablename";
    let on_postgres: BTreeMap<String, i64> =
        connection.fetch_all(sql).await.unwrap().iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(on_sqlite, on_postgres, "indexes of each table");
}
