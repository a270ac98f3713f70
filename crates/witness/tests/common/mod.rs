//! What the tests of outside witnesses share: an archive on this machine that follows the documented behaviour of the Wayback Machine, its
//! failures included, and stores with an invented document.
#![allow(dead_code, reason = "each test file uses a part of it")]
#[path = "../../../atlas/tests/common/schema.rs"]
mod schema;
pub mod server;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use atlas::ids::DocumentId;
use atlas::records::{Batch, Entry, NewCapture, NewDocument, NewVersion, Origin, Platform};
use atlas::{Atlas, KeyPlace, Location, LogConfig};
use schema::Schema;
use server::Server;
use witness::{Archive, Attendant, Keys, Settings};

pub const SECOND: i64 = 1000;
pub const HOUR: i64 = 60 * 60 * SECOND;
pub const DAY: i64 = 24 * HOUR;
/// 2026-05-05T12:00:00Z.
pub const SEEN: i64 = 1_777_982_400_000;
/// The page of the invented document.
pub const PAGE: &str = "https://plum.example/terms";

/// Settings for an archive on this machine: impatient, so that no test waits.
pub fn settings(server: &Server) -> Settings {
    let mut settings = Settings::at(&server.root());
    settings.fetch.allowed = vec!["127.0.0.0/8".parse().unwrap()];
    settings.fetch.delay = Duration::ZERO;
    settings.fetch.timeout = Duration::from_millis(1500);
    settings.fetch.max_bytes = 64 * 1024;
    settings
}

pub fn archive(server: &Server) -> Archive {
    Archive::new(settings(server)).unwrap()
}

/// The same with keys of Save Page Now.
pub fn saving(server: &Server) -> Archive {
    Archive::new(Settings { keys: Some(Keys::parse("key:secret").unwrap()), ..settings(server) }).unwrap()
}

/// A clock that a test moves.
#[derive(Clone)]
pub struct Clock(Arc<AtomicI64>);

impl Clock {
    pub fn at(ms: i64) -> Clock {
        Clock(Arc::new(AtomicI64::new(ms)))
    }

    pub fn set(&self, ms: i64) {
        self.0.store(ms, Ordering::Relaxed);
    }

    pub fn now(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    pub fn attendant(&self, atlas: &Atlas, archive: Archive) -> Attendant {
        let clock = self.clone();
        Attendant::new(atlas.clone(), archive, Arc::new(move || clock.now()))
    }
}

/// An empty store.
pub struct Place {
    pub engine: &'static str,
    location: Location,
    _folder: tempfile::TempDir,
    _schema: Option<Schema>,
}

impl Place {
    pub async fn open(&self) -> Atlas {
        let log = LogConfig { origin: "example.org/test".into(), fresh_seed: [7; 32] };
        Atlas::open(&self.location, &log, &KeyPlace::given("the test", [5; 32])).await.unwrap()
    }
}

/// An empty store on every engine at hand.
pub async fn places() -> Vec<Place> {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::Sqlite(folder.path().join("data"));
    let mut places = vec![Place { engine: "SQLite", location, _folder: folder, _schema: None }];
    match std::env::var("CLAUSEWATCH_TEST_POSTGRES") {
        Ok(server) => {
            let (folder, schema) = (tempfile::tempdir().unwrap(), Schema::new(&server).await);
            let location = Location::Postgres { url: schema.url.clone(), index: folder.path().join("search") };
            places.push(Place { engine: "PostgreSQL", location, _folder: folder, _schema: Some(schema) });
        }
        Err(_) => eprintln!("CLAUSEWATCH_TEST_POSTGRES is not set: not run on PostgreSQL"),
    }
    places
}

/// The invented document.
pub async fn document(atlas: &Atlas) -> DocumentId {
    let platform = Platform { slug: "plum".into(), name: "Plum".into(), homepage: None, sector: None, country: None };
    atlas.put_platform(&platform).await.unwrap();
    let document = NewDocument {
        platform: "plum".into(),
        kind: "Terms of Service".into(),
        title: "Terms of Service".into(),
        urls: vec![PAGE.into()],
        language: Some("en".into()),
        select: vec![],
        remove: vec![],
    };
    atlas.put_document(&document).await.unwrap()
}

/// Records a version as seen at an instant.
pub async fn version(atlas: &Atlas, document: DocumentId, number: i64, at_ms: i64, origin: Option<Origin>) {
    version_of(atlas, document, number, at_ms, origin, PAGE).await;
}

/// The same, captured from an address.
pub async fn version_of(
    atlas: &Atlas,
    document: DocumentId,
    number: i64,
    at_ms: i64,
    origin: Option<Origin>,
    page: &str,
) {
    let text = format!("Text {number}");
    let capture =
        NewCapture { at_ms, url: Some(page.into()), status: 200, headers: vec![], body: text.clone().into(), origin };
    let version = NewVersion {
        number,
        text,
        words: 2,
        clauses: 1,
        lineages: vec![0],
        stated_updated: None,
        stated_effective: None,
    };
    let batch = Batch {
        document,
        after_version: number - 1,
        revised: 0,
        entries: vec![Entry { capture, version: Some(version), change: None }],
        wordings: vec![],
        provisions: vec![],
        events: vec![],
        standing: vec![],
        doubted: vec![],
        analyser: "test".into(),
        analysed_ms: at_ms,
        cursor: None,
    };
    atlas.record(batch).await.unwrap();
}
