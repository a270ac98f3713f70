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

/// Tables that grow with all that was ever told or done.
const GROWING: [&str; 6] = ["messages", "tellings", "stories", "news", "audit", "reads"];
/// Indexes that may be read from end to end: those of what waits or was given up, and the one that is counted.
const WHOLE: [&str; 7] = [
    "messages_waiting",
    "messages_waiting_of_channel",
    "messages_dead",
    "messages_counted",
    "tellings_waiting",
    "news_waiting",
    "stories_open",
];
/// A page of all entries, the latest first: it is read from the end and no further than the page.
const PAGED: &str = "FROM audit ORDER BY id DESC LIMIT";

/// Statements on tables that grow.
fn on_growing() -> Vec<Sql> {
    let names = |text: &str| GROWING.iter().any(|table| !aliases(text, table).is_empty());
    statements().into_iter().filter(|sql| names(sql.sqlite) && !sql.sqlite.contains(PAGED)).collect()
}

/// What a table is called in a statement, as plans call it; nothing if the statement does not ask it.
fn aliases<'a>(text: &'a str, table: &'a str) -> Vec<&'a str> {
    let words: Vec<&str> = text.split([' ', '\n', '(', ')', ',']).filter(|word| !word.is_empty()).collect();
    let asked =
        words.windows(2).enumerate().filter(|(_, two)| ["FROM", "JOIN", "UPDATE"].contains(&two[0]) && two[1] == table);
    asked.map(|(at, _)| words.get(at + 2).copied().filter(|word| word.len() == 1).unwrap_or(table)).collect()
}

#[tokio::test]
async fn what_grows_is_never_read_from_end_to_end() {
    let mut connection = sqlite().await;
    let statements = on_growing();
    assert!(statements.len() > 40, "{} statements", statements.len());
    for Sql { sqlite, .. } in &statements {
        let rows = connection.fetch_all(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sqlite}"))).await.unwrap();
        for step in rows.iter().map(|row| row.get::<String, _>(3)) {
            let mut words = step.split(' ');
            let scans = words.next() == Some("SCAN");
            let table = words.next().unwrap_or_default();
            let grows = GROWING.iter().any(|name| aliases(sqlite, name).contains(&table));
            let whole = words.next_back().is_some_and(|index| WHOLE.contains(&index));
            assert!(!scans || !grows || whole, "SQLite: {step}: {sqlite}");
        }
    }
    let Some(mut connection) = postgres().await else { return };
    // Tables of a test are empty, and an empty table is soonest read whole: it is asked what can be done without that.
    connection.execute("SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan").await.unwrap();
    for Sql { postgres, .. } in &statements {
        let arguments = (1..).take_while(|at| postgres.contains(&format!("${at}"))).count();
        let nulls = if arguments == 0 { String::new() } else { format!("({})", vec!["NULL"; arguments].join(", ")) };
        connection.execute(AssertSqlSafe(format!("PREPARE asked AS {postgres}"))).await.unwrap();
        let rows = connection.fetch_all(AssertSqlSafe(format!("EXPLAIN EXECUTE asked{nulls}"))).await.unwrap();
        connection.execute("DEALLOCATE asked").await.unwrap();
        let plan: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        for table in GROWING {
            let whole = |lines: &[String]| read_whole(table, &lines[0], lines.get(1).map_or("", String::as_str));
            let whole = (0..plan.len()).any(|at| whole(&plan[at..]));
            assert!(!whole, "PostgreSQL: {table}: {postgres}:\n{}", plan.join("\n"));
        }
    }
}

/// Whether a line of a plan of PostgreSQL, which the next may go on, reads all of a table. The primary key is left out: which of two indexes
/// it takes to give one row in order depends on how much it believes to be there.
fn read_whole(table: &str, line: &str, next: &str) -> bool {
    let index = line.split_once("Index Scan on ").or(line.split_once(" using ")).map(|(_, rest)| rest);
    let index = index.and_then(|rest| rest.split(' ').next()).filter(|index| index.starts_with(&format!("{table}_")));
    let all = |index: &str| !WHOLE.contains(&index) && !index.ends_with("_pkey") && !next.contains("Index Cond");
    line.contains(&format!("Seq Scan on {table}")) || index.is_some_and(all)
}
