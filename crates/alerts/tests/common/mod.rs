//! What the tests of alerts share: stores on every engine, an invented platform that changes its terms, a mail server that speaks SMTP,
//! and a receiver of webhooks that fails in every way a test wants.
#![allow(dead_code, reason = "each test file uses a part of it")]
pub mod exim;
#[path = "../../../atlas/tests/common/schema.rs"]
mod schema;
pub mod smtp;
pub mod webhooks;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use alerts::{Clock, Delivery, Links, MailServer, Mailer, Teller};
use atlas::ids::{ChangeId, DocumentId};
use atlas::records::{NewCapture, NewDocument, Platform};
use atlas::watching::*;
use atlas::{Atlas, KeyPlace, Location, LogConfig};
use provisions::Reader;
use schema::Schema;
use tracker::history::{History, Observation};

pub const DAY: i64 = 86_400_000;
pub const HOUR: i64 = 3_600_000;
/// 2026-11-02, a Monday.
pub const START: i64 = 1_793_577_600_000;

/// A store of one engine, in a place of its own, with a clock that is moved by hand.
pub struct Stage {
    pub engine: &'static str,
    pub location: Location,
    pub atlas: Atlas,
    clock: Arc<AtomicI64>,
    _folder: tempfile::TempDir,
    _schema: Option<Schema>,
}

/// Every engine at hand: SQLite, and PostgreSQL if there is one.
pub async fn stages() -> Vec<Stage> {
    let folder = tempfile::tempdir().unwrap();
    let mut all = vec![("SQLite", Location::Sqlite(folder.path().join("data")), folder, None)];
    match std::env::var("CLAUSEWATCH_TEST_POSTGRES") {
        Ok(server) => {
            let folder = tempfile::tempdir().unwrap();
            let schema = Schema::new(&server).await;
            let location = Location::Postgres { url: schema.url.clone(), index: folder.path().join("search") };
            all.push(("PostgreSQL", location, folder, Some(schema)));
        }
        Err(_) => eprintln!("CLAUSEWATCH_TEST_POSTGRES is not set: not run on PostgreSQL"),
    }
    let mut stages = Vec::new();
    for (engine, location, folder, schema) in all {
        let atlas = open(&location).await;
        let clock = Arc::new(AtomicI64::new(START));
        stages.push(Stage { engine, location, atlas, clock, _folder: folder, _schema: schema });
    }
    stages
}

pub async fn open(location: &Location) -> Atlas {
    let log = LogConfig { origin: "example.org/test".into(), fresh_seed: [7; 32] };
    Atlas::open(location, &log, &KeyPlace::given("the test", [5; 32])).await.unwrap()
}

impl Stage {
    pub fn now(&self) -> i64 {
        self.clock.load(Ordering::Relaxed)
    }

    pub fn pass(&self, ms: i64) {
        self.clock.fetch_add(ms, Ordering::Relaxed);
    }

    pub fn clock(&self) -> Clock {
        let clock = Arc::clone(&self.clock);
        Arc::new(move || clock.load(Ordering::Relaxed))
    }

    pub fn teller(&self) -> Teller {
        Teller::new(self.atlas.clone(), self.clock())
    }

    /// A delivery that gives a receiver of webhooks half a second, over a mail server or none.
    pub fn delivery(&self, smtp: Option<&smtp::Smtp>) -> Delivery {
        delivery(&self.atlas, self.clock(), smtp.map(|smtp| smtp.port))
    }

    /// Lets an hour pass and tells what is to be told.
    pub async fn tell(&self) -> alerts::Round {
        self.pass(alerts::GATHER_MS);
        let round = self.teller().round().await.unwrap();
        assert_eq!(round.troubles, Vec::<String>::new());
        round
    }

    /// The messages in a person's inbox, newest first.
    pub async fn inbox(&self, person: PersonId) -> Vec<Message> {
        self.atlas.messages(person, &MessageFilter::inbox()).await.unwrap()
    }

    pub async fn watch(&self, person: PersonId, subject: Subject) -> Watch {
        self.ask(person, NewWatch::on(subject)).await
    }

    pub async fn ask(&self, person: PersonId, asks: NewWatch) -> Watch {
        self.atlas.put_watch(person, &asks, self.now()).await.unwrap()
    }

    pub async fn mail(&self, person: PersonId, address: &str) -> Channel {
        let channel = alerts::channels::add_mail(&self.atlas, person, address, true, [9; 32], self.now()).await;
        channel.unwrap()
    }

    pub async fn webhook(&self, person: PersonId, url: &str, template: Template) -> Channel {
        let (poster, now) = (poster(), self.now());
        let added = alerts::channels::add_webhook(&self.atlas, person, &poster, url, template, [8; 32], now);
        added.await.unwrap()
    }

    /// Sees a text of a document now, twice; the changes that came of it.
    pub async fn see(&self, document: DocumentId, text: &str) -> Vec<ChangeId> {
        let changes = self.see_once(document, text).await;
        self.atlas.verified(document, self.now()).await.unwrap();
        changes
    }

    /// Sees a text of a document now, without a second look.
    pub async fn see_once(&self, document: DocumentId, text: &str) -> Vec<ChangeId> {
        let mut history = History::resume(Reader::embedded(), document, self.atlas.history(document).await.unwrap());
        let capture = NewCapture {
            at_ms: self.now(),
            url: Some("https://plum.example/terms".into()),
            status: 200,
            headers: vec![],
            body: text.as_bytes().to_vec(),
            origin: None,
        };
        history.observe(Observation { capture, text: text.into(), recorded: false, technical: None });
        self.atlas.record(history.take_batch("test 1", self.now(), None)).await.unwrap().changes
    }
}

pub fn poster() -> fetch::Poster {
    let loopback = vec!["127.0.0.0/8".parse().unwrap()];
    fetch::Poster::new(fetch::USER_AGENT, Duration::from_millis(500), loopback, &fetch::Outbound::default()).unwrap()
}

pub fn delivery(atlas: &Atlas, now: Clock, smtp: Option<u16>) -> Delivery {
    returning(atlas, now, smtp, None)
}

/// One whose mail comes back to an address.
pub fn returning(atlas: &Atlas, now: Clock, smtp: Option<u16>, returns: Option<&str>) -> Delivery {
    let mailer = smtp.map(|port| {
        let server = MailServer {
            url: format!("smtp://127.0.0.1:{port}"),
            from: "Clausewatch <alerts@clausewatch.example>".into(),
            returns: returns.map(str::to_string),
            ..MailServer::default()
        };
        Mailer::new(&server).unwrap()
    });
    Delivery::new(atlas.clone(), now, Links::below("https://clausewatch.example/"), mailer, poster())
}

/// A document of a platform, both created.
pub async fn document(atlas: &Atlas, name: &str, title: &str) -> DocumentId {
    let slug = tracker::slug(name);
    let platform =
        Platform { slug: slug.clone(), name: name.into(), homepage: None, sector: None, country: Some("DE".into()) };
    atlas.put_platform(&platform).await.unwrap();
    let new = NewDocument {
        platform: slug.clone(),
        kind: "Terms of Service".into(),
        title: title.into(),
        urls: vec![format!("https://{slug}.example/terms")],
        language: Some("en".into()),
        select: vec![],
        remove: vec![],
    };
    atlas.put_document(&new).await.unwrap()
}

pub const ARBITRATION: &str = "You and Plum agree that any dispute, claim or controversy arising out of these terms will be resolved exclusively by final and binding individual arbitration administered by the Arbitration Association of Norland, and not in a court of law.";

/// Terms that give so many days of notice, with further clauses.
pub fn terms(days: u32, clauses: &[&str]) -> String {
    let more: String = clauses.iter().map(|clause| format!("\n{clause}\n")).collect();
    format!(
        "# Plum Terms\n\nThese terms bind you and Plum Limited of Port Vesper, and they are the whole agreement between us.\n\n\
         ## Fees\n\nYou must pay 5 crowns a month for the plan that you chose, and we charge your card on the first day of each month.\n\n\
         ## Changes\n\nWe may change these terms; we will give you {days} days' notice by e-mail before a change takes effect.\n\n\
         ## Disputes\n\nThe law of Norland governs these terms and the use of the service by you.\n{more}"
    )
}

/// Persons who watch platforms and documents, each with an inbox, a mail address and a webhook; put into the store behind its back,
/// because one by one they take long. They are numbered from 2 on, their channels from 2 on, three for each.
pub async fn crowd(stage: &Stage, persons: i64, subject: (i64, &str), webhook: &str) {
    use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection};
    let (kind, subject) = subject;
    let last = persons + 1;
    let with = format!("WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < {last})");
    let now = START;
    let secret = match &stage.location {
        Location::Postgres { .. } => format!("decode('{}', 'hex')", "09".repeat(32)),
        _ => format!("X'{}'", "09".repeat(32)),
    };
    let channels = "INSERT INTO channels (id, person_id, kind, state, address, template, secret, made_ms, hold_ms)";
    let statements = [
        format!("{with} INSERT INTO persons (id, name, zone, made_ms) SELECT i, 'p', 'UTC', {now} FROM n"),
        format!("{with} {channels} SELECT 3 * i - 4, i, 0, 1, '', 0, NULL, {now}, 0 FROM n"),
        format!("{with} {channels} SELECT 3 * i - 3, i, 1, 1, 'p' || i || '@example.org', 0, {secret}, {now}, 0 FROM n"),
        format!("{with} {channels} SELECT 3 * i - 2, i, 2, 1, '{webhook}/' || i, 0, {secret}, {now}, 0 FROM n"),
        format!(
            "{with} INSERT INTO watches (id, person_id, kind, subject, least, stricter, cadence, weekday, hour, note, tags, made_ms)
            SELECT i, i, {kind}, '{subject}', 4, 0, 0, 0, 0, '', '[]', {now} FROM n"
        ),
        format!("UPDATE numbers SET last = {} WHERE name IN ('persons', 'channels', 'watches')", 3 * last),
    ];
    match &stage.location {
        Location::Postgres { url, .. } => {
            let mut connection = PgConnection::connect(url).await.unwrap();
            for statement in statements {
                connection.execute(AssertSqlSafe(statement)).await.unwrap();
            }
        }
        Location::Sqlite(folder) => {
            let url = format!("sqlite://{}", folder.join("clausewatch.db").display());
            let mut connection = SqliteConnection::connect(&url).await.unwrap();
            for statement in statements {
                connection.execute(AssertSqlSafe(statement)).await.unwrap();
            }
        }
        Location::Memory => unreachable!("no stage is in memory"),
    }
}
