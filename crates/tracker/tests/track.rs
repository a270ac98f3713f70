//! Live tracking with a moved clock, over HTTP, of sites that misbehave. On SQLite, and on PostgreSQL if there is one.
mod common;

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use atlas::health::State;
use atlas::ids::DocumentId;
use atlas::jobs::Trouble;
use atlas::records::{Change, NewDocument, Platform};
use atlas::{Atlas, ChangeFilter, Location};
use common::schema::Schema;
use common::{ARBITRATION, START, open_at, terms};
use fetch::{BrowserSettings, Fetcher, Settings};
use provisions::Reader;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tracker::schedule::LOOK_MS;
use tracker::track::{Outcome, Tracker};

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// A page as the server answers: status line and further headers, body.
type Page = (String, String);

fn page(title: &str, clauses: &[u32]) -> Page {
    let text: String = terms(title, clauses).lines().skip(2).map(|line| format!("<p>{line}</p>")).collect();
    let body =
        format!("<html><head><title>{title}</title></head><body><main><h1>{title}</h1>{text}</main></body></html>");
    ("200 OK\r\nContent-Type: text/html; charset=utf-8".into(), body)
}

/// A page with one clause more.
fn with((status, body): Page, clause: &str) -> Page {
    (status, body.replace("</main>", &format!("<p>{clause}</p></main>")))
}

fn status(line: &str) -> Page {
    (line.into(), "<p>no</p>".into())
}

/// A web server on loopback for any number of hosts.
#[derive(Clone, Default)]
struct Web {
    /// By host and path, `plum.localhost/terms`.
    pages: Arc<Mutex<HashMap<String, Page>>>,
    /// What was asked, whole.
    asked: Arc<Mutex<Vec<String>>>,
    /// Requests under way, most of all hosts at once, and most of one host.
    busy: Arc<Mutex<HashMap<String, usize>>>,
    most: Arc<(AtomicUsize, AtomicUsize)>,
    pause: Arc<AtomicUsize>,
}

impl Web {
    async fn start(&self) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let web = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(web.clone().serve(stream));
            }
        });
        port
    }

    async fn serve(self, mut stream: TcpStream) {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            if stream.read(&mut byte).await.unwrap_or(0) == 0 {
                return;
            }
            request.push(byte[0]);
        }
        let request = String::from_utf8_lossy(&request).to_lowercase();
        let path = request.split(' ').nth(1).unwrap_or("/").to_string();
        let host =
            request.split("host: ").nth(1).and_then(|rest| rest.split([':', '\r']).next()).unwrap_or("").to_string();
        self.enter(&host);
        tokio::time::sleep(Duration::from_millis(self.pause.load(Ordering::Relaxed) as u64)).await;
        *self.busy.lock().unwrap().entry(host.clone()).or_default() -= 1;
        let none = status("404 Not Found");
        let (head, body) = self.pages.lock().unwrap().get(&format!("{host}{path}")).cloned().unwrap_or(none);
        if path != "/robots.txt" {
            self.asked.lock().unwrap().push(request);
        }
        let answer = format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
        stream.write_all(answer.as_bytes()).await.ok();
    }

    fn enter(&self, host: &str) {
        let mut busy = self.busy.lock().unwrap();
        *busy.entry(host.to_string()).or_default() += 1;
        self.most.0.fetch_max(busy.values().sum(), Ordering::Relaxed);
        self.most.1.fetch_max(busy[host], Ordering::Relaxed);
    }

    fn show(&self, place: &str, page: Page) {
        self.pages.lock().unwrap().insert(place.into(), page);
    }
}

/// A store with one engine, a web, a clock.
struct World {
    engine: &'static str,
    atlas: Atlas,
    web: Web,
    port: u16,
    clock: AtomicI64,
    fetcher: Fetcher,
    _schema: Option<Schema>,
    _folder: tempfile::TempDir,
}

async fn worlds() -> Vec<World> {
    let folder = tempfile::tempdir().unwrap();
    let mut places = vec![("SQLite", Location::Sqlite(folder.path().join("data")), None, folder)];
    match std::env::var("CLAUSEWATCH_TEST_POSTGRES") {
        Ok(server) => {
            let (folder, schema) = (tempfile::tempdir().unwrap(), Schema::new(&server).await);
            let location = Location::Postgres { url: schema.url.clone(), index: folder.path().join("search") };
            places.push(("PostgreSQL", location, Some(schema), folder));
        }
        Err(_) => eprintln!("CLAUSEWATCH_TEST_POSTGRES is not set: not run on PostgreSQL"),
    }
    let mut worlds = Vec::new();
    for (engine, location, schema, folder) in places {
        let web = Web::default();
        let port = web.start().await;
        let loopback = "127.0.0.0/8".parse().unwrap();
        let settings = Settings { delay: Duration::ZERO, allowed: vec![loopback], ..Settings::default() };
        worlds.push(World {
            engine,
            atlas: open_at(&location).await,
            web,
            port,
            clock: AtomicI64::new(START),
            fetcher: Fetcher::new(settings).unwrap(),
            _schema: schema,
            _folder: folder,
        });
    }
    worlds
}

impl World {
    /// A document of a platform of this name.
    async fn document(&self, name: &str, kind: &str) -> DocumentId {
        self.document_without(name, kind, &[]).await
    }

    /// The same, with selectors of what is taken out of its page.
    async fn document_without(&self, name: &str, kind: &str, remove: &[&str]) -> DocumentId {
        let platform = Platform { slug: name.into(), name: name.into(), homepage: None, sector: None, country: None };
        self.atlas.put_platform(&platform).await.unwrap();
        let document = NewDocument {
            platform: name.into(),
            kind: kind.into(),
            title: kind.into(),
            urls: vec![format!("http://{name}.localhost:{}/{kind}", self.port)],
            language: None,
            select: Vec::new(),
            remove: remove.iter().map(ToString::to_string).collect(),
        };
        self.atlas.put_document(&document).await.unwrap()
    }

    /// Moves the clock and checks what is due then.
    async fn after(&self, ms: i64) -> Vec<(DocumentId, Outcome)> {
        self.clock.fetch_add(ms, Ordering::Relaxed);
        let now = || self.clock.load(Ordering::Relaxed);
        let tracker = Tracker { atlas: &self.atlas, reader: Reader::embedded(), fetcher: &self.fetcher, now: &now };
        let due = self.atlas.due(now(), 64).await.unwrap();
        let mut found = Vec::new();
        tracker.check_all(due, &mut |due, outcome| found.push((due.id, outcome.clone()))).await.unwrap();
        found
    }

    fn now(&self) -> i64 {
        self.clock.load(Ordering::Relaxed)
    }

    async fn changes(&self, id: DocumentId) -> Vec<Change> {
        let filter = ChangeFilter { document: Some(id), ..ChangeFilter::default() };
        self.atlas.changes(&filter).await.unwrap()
    }

    async fn state(&self, id: DocumentId) -> State {
        self.atlas.health_of(id).await.unwrap().unwrap().state
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_told_when_a_second_look_shows_the_same() {
    for world in worlds().await {
        world.web.show("plum.localhost/terms", page("Plum", &[1, 2, 3]));
        let id = world.document("plum", "terms").await;
        assert_eq!(world.after(0).await, [(id, Outcome::Version(1))], "{}", world.engine);
        world.web.show("plum.localhost/terms", with(page("Plum", &[1, 2, 3]), ARBITRATION));
        assert_eq!(world.after(DAY).await, [(id, Outcome::Version(2))]);
        assert_eq!(world.state(id).await, State::SecondLook);
        assert_eq!(world.changes(id).await[0].confirmed_ms, None);
        let health = world.atlas.health_of(id).await.unwrap().unwrap();
        assert!((LOOK_MS..=2 * LOOK_MS).contains(&(health.next_due_ms - world.now())), "within minutes: {health:?}");
        assert_eq!(world.after(LOOK_MS / 2).await, [], "not at once");
        assert_eq!(world.after(LOOK_MS).await, [(id, Outcome::Unchanged)]);
        let last = world.web.asked.lock().unwrap().last().cloned().unwrap();
        assert!(last.contains("cache-control: no-cache"), "a second look is a fresh one: {last}");
        assert_eq!(world.changes(id).await[0].confirmed_ms, Some(world.now()));
        assert_eq!(world.state(id).await, State::Sound);
        let health = world.atlas.health_of(id).await.unwrap().unwrap();
        assert!(health.interval_ms < DAY, "what changes is checked more often: {health:?}");
        assert_eq!(world.atlas.check().await.unwrap(), []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_flips_back_tells_nobody_anything() {
    for world in worlds().await {
        world.web.show("plum.localhost/terms", page("Plum", &[1, 2, 3]));
        let id = world.document("plum", "terms").await;
        world.after(0).await;
        for round in 0..3 {
            world.web.show("plum.localhost/terms", page("Plum", &[1, 2, 9]));
            assert_eq!(world.after(4 * DAY).await.len(), 1, "{}, round {round}", world.engine);
            world.web.show("plum.localhost/terms", page("Plum", &[1, 2, 3]));
            // Later on it is a text that was there before, which needs no second look.
            let next = if round == 0 { LOOK_MS * 2 } else { 4 * DAY };
            assert_eq!(world.after(next).await.len(), 1, "{}, round {round}: the second look", world.engine);
        }
        let told = |change: &&Change| change.confirmed_ms.is_some() && change.change.materiality.is_told();
        let changes = world.changes(id).await;
        assert_eq!((changes.len(), changes.iter().filter(told).count()), (6, 0));
        let health = world.atlas.health_of(id).await.unwrap().unwrap();
        assert!(health.interval_ms >= DAY, "flipping is no reason to look more often: {health:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_back_and_then_put_out_is_told_within_two_days() {
    for world in worlds().await {
        let show = |clauses| world.web.show("plum.localhost/terms", page("Plum", clauses));
        show(&[1, 2, 3]);
        let id = world.document("plum", "terms").await;
        world.after(0).await;
        show(&[1, 2, 9]);
        assert_eq!(world.after(DAY).await, [(id, Outcome::Version(2))], "{}", world.engine);
        show(&[1, 2, 3]);
        assert_eq!(world.after(2 * LOOK_MS).await, [(id, Outcome::Version(3))]);
        show(&[1, 2, 9]);
        assert_eq!(world.after(4 * DAY).await, [(id, Outcome::Version(4))]);
        assert_eq!(world.state(id).await, State::SecondLook, "it is looked at soon");
        let (returned, mut looks) = (world.now(), 1);
        let told = loop {
            looks += world.after(5 * MINUTE).await.len();
            let change = world.changes(id).await.into_iter().find(|change| change.change.to_version == 2).unwrap();
            if let Some(at_ms) = change.confirmed_ms {
                break at_ms;
            }
            assert!(world.now() < returned + 30 * DAY, "{}: never told", world.engine);
        };
        assert!(
            (DAY..=2 * DAY).contains(&(told - returned)),
            "{}: after {} hours",
            world.engine,
            (told - returned) / 3_600_000
        );
        assert!((8..=10).contains(&looks), "{looks}");
        assert_eq!(world.state(id).await, State::Sound);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_bytes_are_read_again_when_the_selectors_are_others() {
    for world in worlds().await {
        world.web.show("plum.localhost/terms", page("Plum", &[1, 2, 3]));
        let id = world.document("plum", "terms").await;
        assert_eq!(world.after(0).await, [(id, Outcome::Version(1))], "{}", world.engine);
        assert_eq!(world.after(DAY).await, [(id, Outcome::Unchanged)]);
        world.document_without("plum", "terms", &["h1"]).await;
        assert_eq!(world.state(id).await, State::Sound, "it was checked");
        // A failure in between hides nothing.
        world.web.show("plum.localhost/terms", status("500 Internal Server Error"));
        assert!(matches!(world.after(0).await[..], [(_, Outcome::Failed { .. })]));
        world.web.show("plum.localhost/terms", page("Plum", &[1, 2, 3]));
        assert_eq!(world.after(DAY).await, [(id, Outcome::Version(2))]);
        let texts = [world.atlas.version_text(id, 1).await.unwrap(), world.atlas.version_text(id, 2).await.unwrap()];
        assert_eq!(texts.map(|text| text.unwrap().contains("# Plum\n")), [true, false]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_left_alone_as_long_as_it_asks() {
    for world in worlds().await {
        world.web.show("plum.localhost/terms", status("429 Too Many Requests\r\nRetry-After: 5400"));
        world.web.show("plum.localhost/privacy", page("Plum", &[1, 2, 3]));
        let (terms, privacy) = (world.document("plum", "terms").await, world.document("plum", "privacy").await);
        let cookies = world.document("plum", "cookies").await;
        world.atlas.postpone(cookies, START + 1_800_000).await.unwrap();
        let found = world.after(0).await;
        assert!(
            matches!(&found[..], [(a, Outcome::Failed { trouble: Trouble::Refused, .. }), (b, Outcome::Postponed)] if (*a, *b) == (terms, privacy)),
            "{}: {found:?}",
            world.engine
        );
        assert_eq!(world.web.asked.lock().unwrap().len(), 1, "the second document of the host was not asked for");
        let health = world.atlas.health().await.unwrap();
        let due = |id| health.iter().find(|health| health.document == id).unwrap().next_due_ms - START;
        assert_eq!(due(terms), 5_400_000);
        assert_eq!(due(cookies), 5_400_000, "a process that starts now knows of it as well");
        assert!((5_390_000..=5_401_000).contains(&due(privacy)), "{}", due(privacy));
        assert_eq!(world.state(privacy).await, State::Waiting, "that is no failure of its own");
        let host = format!("plum.localhost:{}", world.port);
        world.atlas.leave_alone(&host, START + 60_000).await.unwrap();
        let (own, others) = (world.document("plum", "licence").await, world.document("quince", "terms").await);
        let health = world.atlas.health().await.unwrap();
        let due = |id| health.iter().find(|health| health.document == id).unwrap().next_due_ms;
        assert_eq!((due(own), due(others)), (START + 5_400_000, 0), "whoever comes to the host meanwhile waits too");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_the_server_that_asked_which_is_left_alone() {
    for world in worlds().await {
        let to = format!("http://quince.localhost:{}/terms", world.port);
        world.web.show("plum.localhost/terms", status(&format!("302 Found\r\nLocation: {to}")));
        world.web.show("quince.localhost/terms", status("503 Service Unavailable\r\nRetry-After: 5400"));
        world.document("plum", "terms").await;
        let (own, others) = (world.document("plum", "privacy").await, world.document("quince", "privacy").await);
        for later in [own, others] {
            world.atlas.postpone(later, START + 1_800_000).await.unwrap();
        }
        world.after(0).await;
        let health = world.atlas.health().await.unwrap();
        let due = |id| health.iter().find(|health| health.document == id).unwrap().next_due_ms - START;
        assert_eq!((due(own), due(others)), (1_800_000, 5_400_000), "{}", world.engine);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_end_in_attention_and_a_move_in_a_proposal() {
    for world in worlds().await {
        let gone = world.document("plum", "terms").await;
        let moved = world.document("quince", "terms").await;
        let to = format!("http://quince.localhost:{}/legal", world.port);
        world.web.show("quince.localhost/terms", status(&format!("301 Moved Permanently\r\nLocation: {to}")));
        world.web.show("quince.localhost/legal", page("Quince", &[1, 2, 3]));
        world.after(0).await;
        let health = world.atlas.health_of(moved).await.unwrap().unwrap();
        assert_eq!((health.state, health.moved_to.as_deref()), (State::Sound, Some(to.as_str())), "{}", world.engine);
        assert_eq!(world.state(gone).await, State::Retrying);
        for _ in 0..5 {
            world.after(DAY).await;
        }
        let health = world.atlas.health_of(gone).await.unwrap().unwrap();
        assert_eq!((health.state, health.trouble), (State::Attention, Some(Trouble::Gone)));
        assert!(health.reason.unwrap().contains("404"));
        // A redirect for now only is no move.
        world.web.show("quince.localhost/terms", status(&format!("302 Found\r\nLocation: {to}")));
        for _ in 0..4 {
            world.after(DAY).await;
        }
        assert_eq!(world.atlas.health_of(moved).await.unwrap().unwrap().moved_to, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_hosts_are_asked_at_once_and_each_one_request_at_a_time() {
    for world in worlds().await {
        world.web.pause.store(60, Ordering::Relaxed);
        for n in 0..8 {
            for kind in ["terms", "privacy"] {
                let name = format!("p{n}");
                world.web.show(&format!("{name}.localhost/{kind}"), page(&name, &[n + 1, n + 2, n + 3]));
                world.document(&name, kind).await;
            }
        }
        let found = world.after(0).await;
        assert_eq!(found.len(), 16, "{}", world.engine);
        assert!(found.iter().all(|(_, outcome)| *outcome == Outcome::Version(1)), "{found:?}");
        let most = (world.web.most.0.load(Ordering::Relaxed), world.web.most.1.load(Ordering::Relaxed));
        assert!(most.0 > 3 && most.1 == 1, "most at once: {most:?}");
        assert_eq!(world.atlas.check().await.unwrap(), []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_says_is_unchanged_stays_known() {
    for world in worlds().await {
        let (head, body) = page("Plum", &[1, 2, 3]);
        world.web.show("plum.localhost/terms", (format!("{head}\r\nETag: \"one\""), body));
        let id = world.document("plum", "terms").await;
        world.after(0).await;
        world.web.show("plum.localhost/terms", ("304 Not Modified".into(), String::new()));
        for _ in 0..3 {
            assert_eq!(world.after(4 * DAY).await, [(id, Outcome::Unchanged)], "{}", world.engine);
            let last = world.web.asked.lock().unwrap().last().cloned().unwrap();
            assert!(last.contains("if-none-match: \"one\""), "{last}");
        }
        let health = world.atlas.health_of(id).await.unwrap().unwrap();
        assert_eq!(health.last_verified_ms, Some(world.now()));
        assert!(health.interval_ms > DAY, "what is quiet is checked less often: {health:?}");
    }
}

/// The Chromium of this machine.
fn browser() -> Option<BrowserSettings> {
    let told = std::env::var_os("CLAUSEWATCH_TEST_CHROMIUM").filter(|told| !told.is_empty());
    let found = told.map(|program| BrowserSettings::new(program.into())).or_else(BrowserSettings::found);
    if found.is_none() {
        eprintln!("skipped: no Chromium; install chromium, or name it in CLAUSEWATCH_TEST_CHROMIUM");
    }
    // Tests may run as root, where Chromium has no sandbox.
    found.map(|found| BrowserSettings { sandbox: false, timeout: Duration::from_secs(90), ..found })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_an_empty_shell_is_rendered() {
    let Some(browser) = browser() else { return };
    for mut world in worlds().await {
        let script = "fetch('/words').then(r => r.text()).then(t => { document.getElementById('app').innerHTML = t })";
        let shell = format!(
            "<html><head><title>Plum</title></head><body><div id=app></div><script>{script}</script></body></html>"
        );
        // A server that calls its shell unchanged though the words behind it change.
        world.web.show("plum.localhost/terms", ("200 OK\r\nContent-Type: text/html\r\nETag: \"1\"".into(), shell));
        world.web.show("plum.localhost/words", page("Plum", &[1, 2, 3]));
        let id = world.document("plum", "terms").await;
        let plain = world.after(0).await;
        assert!(matches!(&plain[..], [(_, Outcome::Failed { trouble: Trouble::Unreadable, .. })]), "{plain:?}");
        let allowed = vec!["127.0.0.0/8".parse().unwrap()];
        let settings =
            Settings { delay: Duration::ZERO, allowed, browser: Some(browser.clone()), ..Settings::default() };
        world.fetcher = Fetcher::new(settings).unwrap();
        // Who adds it by its address sees it likewise.
        let url = format!("http://plum.localhost:{}/terms", world.port);
        let looked = tracker::adopt::look(&world.fetcher, &url).await.unwrap();
        assert!(looked.reading.text.contains("# Plum") && looked.url == url, "{looked:?}");
        assert_eq!(world.after(DAY).await, [(id, Outcome::Version(1))], "{}", world.engine);
        let text = world.atlas.version_text(id, 1).await.unwrap().unwrap();
        assert!(text.contains("# Plum") && !text.contains("fetch("), "{text}");
        assert_eq!(world.after(4 * DAY).await, [(id, Outcome::Unchanged)]);
        world.web.show("plum.localhost/words", page("Plum", &[1, 2, 9]));
        assert_eq!(world.after(8 * DAY).await, [(id, Outcome::Version(2))]);
        let asked = world.web.asked.lock().unwrap().clone();
        assert!(
            asked.iter().all(|request| !request.contains("if-none-match")),
            "what validates the shell validates no text"
        );
        assert_eq!(world.atlas.check().await.unwrap(), []);
    }
}
