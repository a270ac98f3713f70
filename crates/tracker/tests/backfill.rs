//! A document's past from an archive on this machine that behaves as the Wayback Machine is documented to, on every engine.
#[path = "../../witness/tests/common/server.rs"]
#[allow(dead_code, reason = "the archive of another room's tests; a part of it is used")]
mod server;

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use atlas::ids::DocumentId;
use atlas::records::{NewCapture, NewDocument, Platform};
use atlas::{Atlas, Location};
use common::schema::Schema;
use common::{DAY, START, open_at, terms};
use provisions::Reader;
use server::{Held, Reply, Server, sound};
use tracker::backfill::{Backfill, BackfillError, Filled, Wanted};
use tracker::history::{History, Observation};
use witness::{Archive, Settings};

const PAGE: &str = "https://plum.example/terms";
const ALL: Wanted = Wanted { since_ms: None, most: None, apart: false };

/// Stores on every engine at hand, with what keeps them.
async fn places() -> Vec<(Atlas, Box<dyn std::any::Any>)> {
    let folder = tempfile::tempdir().unwrap();
    let mut places: Vec<(Atlas, Box<dyn std::any::Any>)> =
        vec![(open_at(&Location::Sqlite(folder.path().into())).await, Box::new(folder))];
    if let Ok(server) = std::env::var("CLAUSEWATCH_TEST_POSTGRES") {
        let (folder, schema) = (tempfile::tempdir().unwrap(), Schema::new(&server).await);
        let location = Location::Postgres { url: schema.url.clone(), index: folder.path().join("search") };
        places.push((open_at(&location).await, Box::new((folder, schema))));
    }
    places
}

async fn document(atlas: &Atlas, urls: &[&str]) -> DocumentId {
    let platform = Platform { slug: "plum".into(), name: "Plum".into(), homepage: None, sector: None, country: None };
    atlas.put_platform(&platform).await.unwrap();
    let document = NewDocument {
        platform: "plum".into(),
        kind: "Terms of Service".into(),
        title: "Terms of Service".into(),
        urls: urls.iter().map(|url| (*url).to_string()).collect(),
        language: Some("en".into()),
        select: vec![],
        remove: vec![],
    };
    atlas.put_document(&document).await.unwrap()
}

fn client(server: &Server) -> Archive {
    let mut settings = Settings::at(&server.root());
    settings.fetch.allowed = vec!["127.0.0.0/8".parse().unwrap()];
    settings.fetch.delay = Duration::ZERO;
    settings.fetch.timeout = Duration::from_secs(5);
    Archive::new(settings).unwrap()
}

async fn backfill(atlas: &Atlas, server: &Server, id: DocumentId, wanted: Wanted) -> Result<Filled, BackfillError> {
    let archive = client(server);
    let now = || START + 900 * DAY;
    let backfill = Backfill { atlas, reader: Reader::embedded(), archive: &archive, now: &now };
    backfill.run(id, wanted, &|_, _| {}).await
}

fn page(clauses: &[u32]) -> String {
    let text: String = terms("Plum", clauses).lines().skip(2).map(|line| format!("<p>{line}</p>")).collect();
    format!("<html><head><title>Terms</title></head><body><main><h1>Plum Terms</h1>{text}</main></body></html>")
}

/// A capture of this day.
fn held(day: i64, clauses: &[u32]) -> Held {
    Held::page(&archive::instant::digits14(START + day * DAY), PAGE, &page(clauses))
}

fn wall(day: i64) -> Held {
    let words = "Your browser will be checked before you can go on to the page that you asked for. ".repeat(6);
    let page = format!("<html><body><main><h1>Access denied</h1><p>{words}</p></main></body></html>");
    Held::page(&archive::instant::digits14(START + day * DAY), PAGE, &page)
}

/// 300 words or more.
const LONG: &[u32] = &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
const LATER: &[u32] = &[1, 2, 3, 4, 5, 6, 7, 8, 9, 11];

/// What a live check records.
async fn check(atlas: &Atlas, id: DocumentId, day: i64, clauses: &[u32]) {
    let body = page(clauses);
    let source =
        document::Source { bytes: body.as_bytes(), content_type: Some("text/html"), ..document::Source::default() };
    let text = tracker::track::read_page(source).await.unwrap().text;
    let capture = NewCapture {
        at_ms: START + day * DAY,
        url: Some(PAGE.into()),
        status: 200,
        headers: vec![],
        body: body.into(),
        origin: None,
    };
    let mut history = History::resume(Reader::embedded(), id, atlas.history(id).await.unwrap());
    history.observe(Observation { capture, text, recorded: false, technical: None });
    atlas.record(history.take_batch("test", START + day * DAY, None)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_comes_in_the_order_of_its_times_and_says_where_it_is_from() {
    for (atlas, _kept) in places().await {
        let id = document(&atlas, &[PAGE]).await;
        let server = Server::archive(vec![held(30, LATER), held(10, LONG), held(20, LONG), held(40, LONG)], 2).await;
        let done = backfill(&atlas, &server, id, ALL).await.unwrap();
        assert_eq!((done.document, done.listed, done.versions, done.confirmed), (id, 3, 3, 0), "{done:?}");
        assert_eq!((done.left, done.earlier, done.stopped), (0, 0, None));
        let versions = atlas.versions(id).await.unwrap();
        let days: Vec<i64> = versions.iter().map(|version| (version.first_seen_ms - START) / DAY).collect();
        assert_eq!(days, [10, 30, 40]);
        let capture = atlas.capture(versions[1].capture).await.unwrap().unwrap();
        let digits = archive::instant::digits14(START + 30 * DAY);
        assert_eq!(capture.url.unwrap(), format!("{}web/{digits}id_/{PAGE}", server.root()));
        assert_eq!(capture.status, 200);
        let origin = capture.origin.unwrap();
        assert_eq!((origin.kind.as_str(), origin.id.as_str()), ("wayback", digits.as_str()));
        assert_eq!(origin.links, [format!("{}web/{digits}/{PAGE}", server.root())]);
        assert_eq!(capture.headers.iter().find(|(name, _)| name == "server").unwrap().1, "plum");
        let bundle = atlas.evidence(id, 2, None).await.unwrap();
        assert!(bundle.record.url.contains("id_/https://plum.example/terms"), "{}", bundle.record.url);
        bundle.bundle().unwrap();
        // The past needs no second look.
        let changes = atlas.changes(&atlas::ChangeFilter { document: Some(id), limit: 9, ..Default::default() }).await;
        assert!(changes.unwrap().iter().all(|change| change.confirmed_ms.is_some()));
        assert_eq!(atlas.check().await.unwrap(), []);
        // And then the document is checked.
        assert_eq!(atlas.due(START + 901 * DAY, 9).await.unwrap().len(), 1);
        check(&atlas, id, 950, LATER).await;
        assert_eq!(atlas.document(id).await.unwrap().unwrap().versions, 4);
        assert_eq!(atlas.check().await.unwrap(), []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_adds_nothing_and_a_limited_one_goes_on() {
    for (atlas, _kept) in places().await {
        let id = document(&atlas, &[PAGE]).await;
        let captures = vec![held(10, LONG), held(20, LATER), held(30, LONG)];
        let server = Server::archive(captures, 10).await;
        let two = Wanted { most: Some(2), ..ALL };
        let done = backfill(&atlas, &server, id, two).await.unwrap();
        assert_eq!((done.versions, done.left), (2, 1));
        assert!(
            atlas.due(START + 900 * DAY + DAY / 2, 9).await.unwrap().is_empty(),
            "the rest of its past comes first"
        );
        let done = backfill(&atlas, &server, id, two).await.unwrap();
        assert_eq!((done.listed, done.versions, done.left), (1, 1, 0));
        assert_eq!(atlas.due(START + 900 * DAY, 9).await.unwrap().len(), 1, "now it is tracked");
        let before = server.asked().len();
        let done = backfill(&atlas, &server, id, ALL).await.unwrap();
        assert_eq!((done.listed, done.versions, done.earlier), (0, 0, 0));
        assert_eq!(server.asked().len(), before + 1, "one question to the index");
        assert_eq!(atlas.document(id).await.unwrap().unwrap().versions, 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_that_fails_in_the_middle_loses_nothing() {
    for (atlas, _kept) in places().await {
        let id = document(&atlas, &[PAGE]).await;
        let captures = [held(10, LONG), held(20, LATER), held(30, LONG)];
        let (asked, sick) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(1)));
        let (count, state) = (Arc::clone(&asked), Arc::clone(&sick));
        let server = Server::start(move |request| {
            let raw = request.is("/web/") && state.load(Ordering::Relaxed) == 1;
            match raw && count.fetch_add(1, Ordering::Relaxed) == 1 {
                true => Reply::new(429, "slow down").with("Retry-After", "120"),
                false => sound(request, &captures, 10),
            }
        })
        .await;
        let done = backfill(&atlas, &server, id, ALL).await.unwrap();
        assert!(done.stopped.unwrap().contains("left alone for 120 s"));
        assert_eq!((done.versions, done.left), (1, 2));
        let rests = atlas.archive_rests(client(&server).name(), START + 900 * DAY).await.unwrap();
        assert!(rests.is_some(), "who asks in the background rests too");
        sick.store(0, Ordering::Relaxed);
        let done = backfill(&atlas, &server, id, ALL).await.unwrap();
        assert_eq!((done.versions, done.left, done.stopped), (2, 0, None));
        let versions = atlas.versions(id).await.unwrap();
        assert_eq!(versions.iter().map(|v| (v.first_seen_ms - START) / DAY).collect::<Vec<_>>(), [10, 20, 30]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_run_is_gone_on_with() {
    for (atlas, _kept) in places().await {
        let id = document(&atlas, &[PAGE]).await;
        let captures = [held(10, LONG), held(20, LATER), held(30, LONG)];
        let (asked, reached) = (Arc::new(AtomicUsize::new(0)), Arc::new(tokio::sync::Notify::new()));
        let (count, tell) = (Arc::clone(&asked), Arc::clone(&reached));
        let server = Server::start(move |request| {
            let raw = request.is("/web/");
            if raw && count.fetch_add(1, Ordering::Relaxed) == 1 {
                tell.notify_one();
                return Reply::silent();
            }
            sound(request, &captures, 10)
        })
        .await;
        tokio::select! {
            _ = backfill(&atlas, &server, id, ALL) => panic!("it waits for the second capture"),
            () = reached.notified() => {}
        }
        assert_eq!(atlas.document(id).await.unwrap().unwrap().versions, 1);
        let done = backfill(&atlas, &server, id, ALL).await.unwrap();
        assert_eq!((done.listed, done.versions, done.left), (2, 2, 0), "{done:?}");
        assert_eq!(atlas.check().await.unwrap(), []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_put_before_a_version_that_is_recorded() {
    for (atlas, _kept) in places().await {
        let id = document(&atlas, &[PAGE]).await;
        check(&atlas, id, 25, LONG).await;
        let log = atlas.check().await.unwrap();
        assert_eq!(log, []);
        let server = Server::archive(vec![held(10, LATER), held(20, LONG), held(30, LATER)], 10).await;
        let done = backfill(&atlas, &server, id, ALL).await.unwrap();
        assert_eq!((done.earlier, done.listed, done.versions), (2, 1, 1), "what was missed since comes in");
        let versions = atlas.versions(id).await.unwrap();
        assert_eq!(versions.iter().map(|v| (v.first_seen_ms - START) / DAY).collect::<Vec<_>>(), [25, 30]);
        // The whole of it, beside.
        let done = backfill(&atlas, &server, id, Wanted { apart: true, ..ALL }).await.unwrap();
        assert_eq!((done.earlier, done.versions), (0, 3));
        assert_ne!(done.document, id);
        let beside = atlas.document(done.document).await.unwrap().unwrap();
        assert!(beside.title.starts_with("Terms of Service (127.0.0.1:"), "{}", beside.title);
        assert_eq!((beside.urls.len(), beside.kind.as_str()), (0, "Terms of Service"));
        assert_eq!(atlas.versions(id).await.unwrap().len(), 2, "the tracked document is as it was");
        let again = backfill(&atlas, &server, id, Wanted { apart: true, ..ALL }).await.unwrap();
        assert_eq!((again.document, again.versions), (done.document, 0));
        assert_eq!(atlas.check().await.unwrap(), []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn error_pages_never_become_a_version() {
    for (atlas, _kept) in places().await {
        let id = document(&atlas, &[PAGE]).await;
        let mut bad = held(25, LATER);
        bad.body = page(LONG).into_bytes();
        let short =
            Held::page(&archive::instant::digits14(START + 26 * DAY), PAGE, "<html><body>Loading</body></html>");
        let gone = held(27, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 12]);
        let captures = vec![wall(5), wall(6), held(10, LONG), wall(20), bad, short, gone.clone(), held(30, LATER)];
        let server = Server::start(move |asked| match asked.path.contains(&format!("{}id_", gone.timestamp)) {
            // It is listed, and the archive shows another one.
            true => Reply::new(302, "").with("Location", "/web/20200101000000id_/https://plum.example/terms"),
            false => sound(asked, &captures, 10),
        })
        .await;
        let done = backfill(&atlas, &server, id, ALL).await.unwrap();
        assert_eq!((done.versions, done.confirmed, done.left), (2, 0, 0), "{done:?}");
        let reasons = ["error page", "error page", "other bytes", "almost no text", "to another one"];
        let missing = reasons.iter().filter(|reason| !done.passed_over.iter().any(|said| said.contains(*reason)));
        assert_eq!(missing.count(), 0, "{:#?}", done.passed_over);
        let versions = atlas.versions(id).await.unwrap();
        assert_eq!(versions.iter().map(|v| (v.first_seen_ms - START) / DAY).collect::<Vec<_>>(), [10, 30]);
        let again = backfill(&atlas, &server, id, ALL).await.unwrap();
        assert_eq!((again.listed, again.versions), (0, 0), "and none is fetched again");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_takes_no_error_page_for_the_document() {
    for (atlas, _kept) in places().await {
        let id = document(&atlas, &[PAGE]).await;
        let server = Server::archive(vec![wall(5), wall(6), held(10, LONG), held(20, LATER)], 10).await;
        let done = backfill(&atlas, &server, id, Wanted { most: Some(1), ..ALL }).await.unwrap();
        assert_eq!((done.versions, done.passed_over.len(), done.left), (1, 1, 1), "{done:?}");
        let versions = atlas.versions(id).await.unwrap();
        assert_eq!((versions[0].first_seen_ms - START) / DAY, 10);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_of_a_private_page_is_not_asked_for() {
    for (atlas, _kept) in places().await {
        let server = Server::archive(vec![held(10, LONG)], 10).await;
        let page = "https://wiki.internal/terms";
        let id = document(&atlas, &[page]).await;
        let error = backfill(&atlas, &server, id, ALL).await.unwrap_err();
        assert!(error.to_string().contains("was not asked: the page lies on a private network"), "{error}");
        assert!(server.asked().is_empty());
        assert_eq!(atlas.due(START + 900 * DAY, 9).await.unwrap().len(), 1, "it is tracked");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_of_a_few_lines_has_a_past_too() {
    for (atlas, _kept) in places().await {
        let id = document(&atlas, &[PAGE]).await;
        let server = Server::archive(vec![held(10, &[1, 2]), held(20, &[1, 2, 3])], 10).await;
        let done = backfill(&atlas, &server, id, ALL).await.unwrap();
        assert_eq!((done.versions, done.passed_over), (2, vec![]));
        // Also where it has many captures: it is not waited for a long one that never comes.
        let many = (20..32).map(|day| held(i64::from(day), &[1, 2, day])).collect();
        let beside = Server::archive(many, 50).await;
        let done = backfill(&atlas, &beside, id, Wanted { apart: true, ..ALL }).await.unwrap();
        assert_eq!(done.versions, 12);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_single_address_has_no_past_and_says_so() {
    let atlas = common::in_memory().await;
    let server = Server::archive(vec![], 10).await;
    let two = document(&atlas, &[PAGE, "https://plum.example/more"]).await;
    let error = backfill(&atlas, &server, two, ALL).await.unwrap_err();
    assert!(error.to_string().contains("has 2 addresses"), "{error}");
    let error = backfill(&atlas, &server, DocumentId(99), ALL).await.unwrap_err();
    assert!(error.to_string().contains("CW-D-00099"), "{error}");
    assert!(server.asked().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_kept_out_of_the_archive_is_told() {
    let atlas = common::in_memory().await;
    let id = document(&atlas, &[PAGE]).await;
    let words = "org.archive.wayback.exception.AdministrativeAccessControlException: Blocked Site Error";
    let server = Server::start(move |_| Reply::new(403, words)).await;
    let done = backfill(&atlas, &server, id, ALL).await.unwrap();
    assert!(done.passed_over[0].contains("excluded"), "{:?}", done.passed_over);
    let since = Wanted { since_ms: Some(START + 15 * DAY), ..ALL };
    let server = Server::archive(vec![held(10, LONG), held(20, LATER)], 10).await;
    let done = backfill(&atlas, &server, id, since).await.unwrap();
    assert_eq!((done.listed, done.versions), (1, 1), "only from then on");
}
