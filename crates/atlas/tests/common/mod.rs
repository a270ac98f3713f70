//! What the tests of the store share: every engine, a little world of invented platforms, and rough hands that damage a store.
#![allow(dead_code, reason = "each test file uses a part of it")]
mod schema;

use std::ops::Range;

use archive::Sha256Digest;
use atlas::ids::DocumentId;
use atlas::records::{
    Batch, Entry, EventKind, Materiality, NewCapture, NewChange, NewDocument, NewVersion, Platform, ProvisionEvent,
    ProvisionState, Wording,
};
use atlas::{Atlas, KeyPlace, Location, LogConfig};
use provisions::{Confidence, Explicitness, Severity};
use schema::Schema;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection};

/// The variable that names a PostgreSQL.
const POSTGRES: &str = "CLAUSEWATCH_TEST_POSTGRES";

/// One engine with an empty place of its own.
pub struct Stage {
    pub engine: &'static str,
    pub location: Location,
    folder: tempfile::TempDir,
    schema: Option<Schema>,
}

/// Every engine at hand: SQLite, and PostgreSQL if there is one.
pub async fn stages() -> Vec<Stage> {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::Sqlite(folder.path().join("data"));
    let mut stages = vec![Stage { engine: "SQLite", location, folder, schema: None }];
    match std::env::var(POSTGRES) {
        Ok(server) => stages.push(postgres(server).await),
        Err(_) => eprintln!("{POSTGRES} is not set: not run on PostgreSQL"),
    }
    stages
}

async fn postgres(server: String) -> Stage {
    let folder = tempfile::tempdir().unwrap();
    let schema = Schema::new(&server).await;
    let location = Location::Postgres { url: schema.url.clone(), index: folder.path().join("search") };
    Stage { engine: "PostgreSQL", location, folder, schema: Some(schema) }
}

impl Stage {
    pub async fn open(&self) -> Atlas {
        self.try_open().await.unwrap()
    }

    pub async fn try_open(&self) -> Result<Atlas, atlas::AtlasError> {
        self.open_with(&KeyPlace::given("the test", [5; 32])).await
    }

    pub async fn open_with(&self, key: &KeyPlace) -> Result<Atlas, atlas::AtlasError> {
        let log = LogConfig { origin: "example.org/test".into(), fresh_seed: [7; 32] };
        Atlas::open(&self.location, &log, key).await
    }

    /// Runs a statement behind the atlas's back. `$BLOB(hex)` is written as the engine wants it.
    pub async fn sql(&self, statement: &str) -> u64 {
        match &self.location {
            Location::Sqlite(folder) => {
                let url = format!("sqlite://{}", folder.join("clausewatch.db").display());
                let mut connection = SqliteConnection::connect(&url).await.unwrap();
                connection.execute("PRAGMA foreign_keys = OFF").await.unwrap();
                let done = connection.execute(AssertSqlSafe(statement.to_string())).await.unwrap();
                connection.close().await.unwrap();
                done.rows_affected()
            }
            Location::Postgres { url, .. } => {
                let mut connection = PgConnection::connect(url).await.unwrap();
                connection.execute("SET session_replication_role = replica").await.unwrap();
                connection.execute(AssertSqlSafe(statement.to_string())).await.unwrap().rows_affected()
            }
            Location::Memory => unreachable!("no stage is in memory"),
        }
    }

    /// A number read behind the atlas's back.
    pub async fn number(&self, statement: &str) -> i64 {
        let statement = AssertSqlSafe(statement.to_string());
        match &self.location {
            Location::Sqlite(folder) => {
                let url = format!("sqlite://{}", folder.join("clausewatch.db").display());
                let mut connection = SqliteConnection::connect(&url).await.unwrap();
                sqlx::query_scalar(statement).fetch_one(&mut connection).await.unwrap()
            }
            Location::Postgres { url, .. } => {
                let mut connection = PgConnection::connect(url).await.unwrap();
                sqlx::query_scalar(statement).fetch_one(&mut connection).await.unwrap()
            }
            Location::Memory => unreachable!("no stage is in memory"),
        }
    }

    /// Bytes as this engine writes them in a statement.
    pub fn bytes(&self, bytes: &[u8]) -> String {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        if self.engine == "SQLite" { format!("X'{hex}'") } else { format!("'\\x{hex}'") }
    }
}

pub const DAY: i64 = 86_400_000;
/// 2024-01-01.
pub const START: i64 = 1_704_067_200_000;

pub fn platform(slug: &str, name: &str) -> Platform {
    Platform { slug: slug.into(), name: name.into(), homepage: None, sector: None, country: None }
}

/// A document of a platform, both created.
pub async fn document(atlas: &Atlas, slug: &str, kind: &str) -> DocumentId {
    atlas.put_platform(&platform(slug, &slug.to_uppercase())).await.unwrap();
    let document = NewDocument {
        platform: slug.into(),
        kind: kind.into(),
        title: kind.into(),
        urls: vec![format!("https://{slug}.example/{}", kind.to_lowercase().replace(' ', "-"))],
        language: Some("en".into()),
        select: vec![],
        remove: vec![],
    };
    atlas.put_document(&document).await.unwrap()
}

/// A batch under construction. Clauses are the lines of a text; a line's lineage is its place, counted from 1.
pub struct Making {
    pub batch: Batch,
    text: String,
}

/// An empty batch upon a document with so many versions.
pub fn batch(document: DocumentId, after_version: i64) -> Making {
    let batch = Batch {
        document,
        after_version,
        revised: 0,
        entries: vec![],
        wordings: vec![],
        provisions: vec![],
        events: vec![],
        standing: Vec::new(),
        doubted: Vec::new(),
        analyser: "test".into(),
        analysed_ms: START + 900 * DAY,
        cursor: None,
    };
    Making { batch, text: String::new() }
}

impl Making {
    /// Adds a version seen on this day.
    pub fn version(mut self, day: i64, text: &str) -> Self {
        let number = self.last() + 1;
        let structure = document::structure(text);
        let lineages: Vec<u32> = (1..=structure.clauses.len() as u32).collect();
        let change = (number > 1).then(|| NewChange {
            from_version: number - 1,
            to_version: number,
            at_ms: START + day * DAY,
            materiality: Materiality::Material,
            reason: "a test says so".into(),
            added: 0,
            removed: 0,
            reworded: 1,
            moved: 0,
            headline: format!("Headline {number}"),
        });
        for (clause, &lineage) in structure.clauses.iter().zip(&lineages).filter(|_| number == 1) {
            let words_sha256 = Sha256Digest::of(text[clause.range.clone()].as_bytes());
            let range = clause.range.clone();
            self.batch.wordings.push(Wording {
                lineage,
                from_version: number,
                to_version: None,
                range,
                words_sha256,
                split_from: None,
                merged_into: None,
            });
        }
        let version = NewVersion {
            number,
            text: text.into(),
            words: text.split_whitespace().count() as i64,
            clauses: structure.clauses.len() as i64,
            lineages,
            stated_updated: None,
            stated_effective: Some("2024-01-01".into()),
        };
        let capture = capture(day, format!("<p>{text}</p>").into_bytes());
        self.batch.entries.push(Entry { capture, version: Some(version), change });
        self.text = text.into();
        self
    }

    /// Adds a capture that confirms the latest version.
    pub fn confirmed(mut self, day: i64) -> Self {
        let capture = capture(day, format!("<p id={day}>{}</p>", self.text).into_bytes());
        self.batch.entries.push(Entry { capture, version: None, change: None });
        self
    }

    /// Adds a provision that stands in the latest version, with its event.
    pub fn provision(mut self, lineage: u32, clause_type: &str, excerpt: &str, severity: Severity) -> Self {
        let number = self.last();
        let start = self.text.find(excerpt).unwrap();
        let state = state(lineage, clause_type, number, start..start + excerpt.len(), excerpt, severity);
        self.batch.provisions.push(state);
        self.event(lineage, clause_type, EventKind::Appeared)
    }

    pub fn event(mut self, lineage: u32, clause_type: &str, kind: EventKind) -> Self {
        let version = self.last();
        self.batch.events.push(ProvisionEvent { lineage, clause_type: clause_type.into(), version, kind });
        self
    }

    pub fn last(&self) -> i64 {
        self.batch.after_version + self.batch.entries.iter().filter(|entry| entry.version.is_some()).count() as i64
    }
}

pub fn capture(day: i64, body: Vec<u8>) -> NewCapture {
    NewCapture {
        at_ms: START + day * DAY,
        url: Some("https://plum.example/terms".into()),
        status: 200,
        headers: vec![("Content-Type".into(), "text/html".into())],
        body,
        origin: None,
    }
}

pub fn state(
    lineage: u32,
    clause_type: &str,
    version: i64,
    excerpt_range: Range<usize>,
    excerpt: &str,
    severity: Severity,
) -> ProvisionState {
    ProvisionState {
        lineage,
        clause_type: clause_type.into(),
        first_version: version,
        last_version: version,
        removed_version: None,
        excerpt_range,
        excerpt: excerpt.into(),
        heading: "Terms".into(),
        score: 0.875,
        confidence: Confidence::High,
        severity,
        reasons: vec!["a reason".into()],
        explicitness: Explicitness::Explicit,
        facts: serde_json::json!({"days": 30}),
    }
}

/// A text of several clauses, the last of which differs from version to version.
pub fn text(number: usize) -> String {
    format!(
        "# Plum Terms\n\nYou and Plum settle every dispute by binding arbitration.\n\nWe may end your account at any time \
         without notice.\n\nThe fee of this plan is {number} crowns a month, and {} crowns in a leap year.\n",
        number * 12
    )
}

pub const ARBITRATION: &str = "You and Plum settle every dispute by binding arbitration.";
pub const TERMINATION: &str = "We may end your account at any time without notice.";
