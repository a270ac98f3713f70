//! A place of its own in the PostgreSQL of the tests, for every crate whose tests need one.
use archive::Sha256Digest;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

/// A schema in the PostgreSQL of the tests, dropped at the end.
pub struct Schema {
    server: String,
    name: String,
    pub url: String,
}

impl Schema {
    pub async fn new(server: &str) -> Schema {
        let unique = tempfile::tempdir().unwrap();
        let unique = format!("{}{}", std::process::id(), unique.path().display());
        let name = format!("clausewatch_test_{}", &Sha256Digest::of(unique.as_bytes()).to_string()[..16]);
        let mut connection = PgConnection::connect(server).await.unwrap();
        connection.execute(AssertSqlSafe(format!("CREATE SCHEMA {name}"))).await.unwrap();
        let mark = if server.contains('?') { '&' } else { '?' };
        let url = format!("{server}{mark}options=-c%20search_path%3D{name}");
        Schema { server: server.into(), name, url }
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        let work = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut connection = PgConnection::connect(&server).await.unwrap();
                connection.execute(AssertSqlSafe(format!("DROP SCHEMA {name} CASCADE"))).await.unwrap();
            });
        });
        work.join().ok();
    }
}
