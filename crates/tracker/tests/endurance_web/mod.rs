//! The web of the endurance test: hosts on loopback whose pages change at known times, and which fail in every way that hosts do.
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::common::{DAY, terms};

/// What the fetcher waits between two requests to a host.
pub const DELAY: Duration = Duration::from_millis(20);
/// What it waits for an answer.
pub const PATIENCE: Duration = Duration::from_millis(800);
/// Of a hundred requests so many fail, where hosts do.
const FAULTS: u64 = 12;
/// Clauses of a page that never changes.
const STEADY_CLAUSES: u32 = 200;
/// A host that says 429 wants to be left alone for so long.
const HOLD: Duration = Duration::from_secs(1);
/// One who is killed sooner than this after being told so may not have noted it.
const NOTED: Duration = Duration::from_millis(250);

/// What a page does beside changing when it changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// Nothing.
    Plain,
    /// It has an entity tag and says so when it is unchanged.
    Tagged,
    /// It counts its readers.
    Counting,
    /// Every other time it shows another advertisement.
    Flapping,
    /// It changes about every day, the others at most once a week.
    Daily,
    /// It never changes, and is as long as such pages are (40 kB).
    Steady,
}

/// A page, which shows state 0, 1, 2 and so on, from one change to the next.
#[derive(Debug, Clone)]
pub struct Page {
    pub host: String,
    pub path: String,
    pub behaviour: Behaviour,
    /// When it changes.
    pub changes: Vec<i64>,
}

impl Page {
    fn new(number: usize, hosts: usize, from: i64, until: i64) -> Page {
        let behaviour = match number % 20 {
            0..8 => Behaviour::Plain,
            8..14 => Behaviour::Tagged,
            14..16 => Behaviour::Counting,
            16..19 => Behaviour::Flapping,
            _ => Behaviour::Daily,
        };
        let (least, spread) = if behaviour == Behaviour::Daily { (DAY / 2, DAY) } else { (7 * DAY, 12 * DAY) };
        let wait = |step: u64| least + (hash(number as u64, step) % spread as u64) as i64;
        let mut changes = Vec::new();
        let mut at = from + wait(0) / 2;
        while at < until {
            changes.push(at);
            at += wait(changes.len() as u64);
        }
        Page { host: format!("h{}", number % hosts), path: format!("/{}", number / hosts), behaviour, changes }
    }

    fn state(&self, now: i64) -> usize {
        self.changes.iter().filter(|at| **at <= now).count()
    }

    /// The state that a version's text shows.
    pub fn state_in(text: &str) -> Option<usize> {
        let (before, _) = text.split_once(" days' notice by e-mail")?;
        before.rsplit(' ').next()?.parse::<usize>().ok()?.checked_sub(10)
    }

    fn body(&self, state: usize, served: u64) -> String {
        let clauses = if self.behaviour == Behaviour::Steady { STEADY_CLAUSES } else { 5 };
        let text = terms(&self.host, &(1..=clauses).collect::<Vec<_>>());
        let text: String = text.lines().skip(2).map(|line| format!("<p>{line}</p>")).collect();
        let days = state + 10;
        let aside = match (self.behaviour, served % 2) {
            (Behaviour::Counting, _) => format!("<p>This page was read {} times.</p>", 1000 + served * 7),
            (Behaviour::Flapping, 0) => {
                "<p>Lamps at half the price until Sunday, in all our shops and online!</p>".into()
            }
            (Behaviour::Flapping, _) => {
                "<p>Join our club of friends of shelves today and get the first book free.</p>".into()
            }
            _ => String::new(),
        };
        format!(
            "<html><head><title>Terms of {host}</title></head><body><main><h1>Terms of {host}</h1>{text}<h2>Changes</h2>\
             <p>We may change these terms at any time with {days} days' notice by e-mail, and you accept them by going on.</p>\
             {aside}</main></body></html>",
            host = self.host
        )
    }
}

/// How a host fails.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Silence,
    Reset,
    Busy,
    Broken,
    Slow,
    Short,
    Endless,
}

const ALL_FAULTS: [Fault; 7] =
    [Fault::Silence, Fault::Reset, Fault::Busy, Fault::Broken, Fault::Slow, Fault::Short, Fault::Endless];

/// What is known of a host.
#[derive(Debug, Default)]
struct Host {
    under_way: usize,
    last: Option<Instant>,
    /// What it told the one who asks now.
    held: Option<Hold>,
    /// What it told the one before, by the moved clock.
    known_until_ms: i64,
}

/// A host's wish to be left alone, by the clock on the wall for the one who was told, by the moved one for the process after it.
#[derive(Debug, Clone, Copy)]
struct Hold {
    since: Instant,
    until_ms: i64,
}

/// What was asked.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    pub requests: usize,
    pub faults: usize,
    pub unchanged: usize,
    /// Requests that should not have been made, in words.
    pub impolite: Vec<String>,
}

/// The hosts and their pages.
pub struct Web {
    pub pages: Vec<Page>,
    /// Of a hundred requests so many fail.
    faults: u64,
    /// Milliseconds since 1970 UTC.
    pub clock: AtomicI64,
    port: AtomicU16,
    /// Places of the pages, by host and path.
    places: HashMap<String, usize>,
    hosts: Mutex<HashMap<String, Host>>,
    /// How often each page was shown.
    shown: Mutex<HashMap<String, u64>>,
    asked: Mutex<Asked>,
}

impl Web {
    /// Pages that change between two instants.
    pub fn new(pages: usize, hosts: usize, from: i64, until: i64) -> Web {
        Web::of((0..pages).map(|number| Page::new(number, hosts, from, until)).collect(), FAULTS)
    }

    /// Pages that never change, on hosts that never fail.
    pub fn steady(pages: usize, hosts: usize) -> Web {
        let page = |number: usize| Page {
            host: format!("h{}", number % hosts),
            path: format!("/{}", number / hosts),
            behaviour: Behaviour::Steady,
            changes: Vec::new(),
        };
        Web::of((0..pages).map(page).collect(), 0)
    }

    fn of(pages: Vec<Page>, faults: u64) -> Web {
        let places = pages.iter().enumerate().map(|(number, page)| (format!("{}{}", page.host, page.path), number));
        Web {
            places: places.collect(),
            pages,
            faults,
            clock: AtomicI64::new(0),
            port: AtomicU16::new(0),
            hosts: Mutex::default(),
            shown: Mutex::default(),
            asked: Mutex::default(),
        }
    }

    /// Begins to answer.
    pub async fn serve(self: &Arc<Web>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        self.port.store(listener.local_addr().unwrap().port(), Ordering::Relaxed);
        let web = Arc::clone(self);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(Arc::clone(&web).answer(stream));
            }
        });
    }

    pub fn port(&self) -> u16 {
        self.port.load(Ordering::Relaxed)
    }

    pub fn asked(&self) -> Asked {
        self.asked.lock().unwrap().clone()
    }

    /// A number that looks drawn at random.
    pub fn draw(&self, what: u64, number: u64) -> u64 {
        hash(what, number)
    }

    /// The one who asks was killed: what it asked last is nobody's request. How long hosts want to be left alone is known to the next one, by
    /// the moved clock, unless the answer had only just come.
    pub fn forgotten(&self) {
        for host in self.hosts.lock().unwrap().values_mut() {
            let noted = host.held.filter(|held| held.since.elapsed() > NOTED).map_or(0, |held| held.until_ms);
            *host = Host { known_until_ms: noted.max(host.known_until_ms), ..Host::default() };
        }
    }

    async fn answer(self: Arc<Web>, mut stream: TcpStream) {
        let Some(request) = request(&mut stream).await else { return };
        let path = request.split(' ').nth(1).unwrap_or("/").to_string();
        let name = request.split("host: ").nth(1).and_then(|rest| rest.split(['.', ':', '\r']).next()).unwrap_or("");
        self.enter(name, &path);
        self.respond(&mut stream, name, &path, &request).await;
        if let Some(host) = self.hosts.lock().unwrap().get_mut(name) {
            host.under_way = host.under_way.saturating_sub(1);
        }
    }

    /// Notes a request and what is wrong with it.
    fn enter(&self, name: &str, path: &str) {
        let now = Instant::now();
        let mut hosts = self.hosts.lock().unwrap();
        let host = hosts.entry(name.into()).or_default();
        let mut asked = self.asked.lock().unwrap();
        asked.requests += 1;
        let mut impolite = |what: String| asked.impolite.push(format!("{name}{path}: {what}"));
        // A host that is silent or slow has its request under way until the fetcher gives up, which it does not see at once.
        if host.under_way > 1 {
            impolite(format!("{} others are under way", host.under_way));
        }
        if let Some(since) = host.last.map(|last| now - last).filter(|since| *since < DELAY * 3 / 4) {
            impolite(format!("{since:?} after the one before"));
        }
        let clock_ms = self.clock.load(Ordering::Relaxed);
        if host.held.is_some_and(|held| now < held.since + HOLD - DELAY) || clock_ms < host.known_until_ms {
            impolite("the host wants to be left alone".into());
        }
        if path.starts_with("/private") {
            impolite("robots.txt does not allow it".into());
        }
        host.under_way += 1;
        // The rules are asked for in the same turn as the page.
        host.last = (path != "/robots.txt").then_some(now);
    }

    async fn respond(&self, stream: &mut TcpStream, name: &str, path: &str, request: &str) {
        if path == "/robots.txt" {
            return send(stream, "200 OK", "", "User-agent: *\nDisallow: /private\n").await;
        }
        let place = format!("{name}{path}");
        let Some(page) = self.places.get(&place).map(|&number| &self.pages[number]) else {
            return send(stream, "404 Not Found", "", "no such page").await;
        };
        let number = self.asked.lock().unwrap().requests as u64;
        if hash(number, 0xfa17) % 100 < self.faults {
            self.asked.lock().unwrap().faults += 1;
            let fault = ALL_FAULTS[hash(number, 0x4057) as usize % ALL_FAULTS.len()];
            return self.fail(stream, name, fault).await;
        }
        let state = page.state(self.clock.load(Ordering::Relaxed));
        let tag = format!("\"{state}\"");
        if page.behaviour == Behaviour::Tagged && request.contains(&format!("if-none-match: {tag}")) {
            self.asked.lock().unwrap().unchanged += 1;
            return send(stream, "304 Not Modified", "", "").await;
        }
        let served = {
            let mut shown = self.shown.lock().unwrap();
            let served = shown.entry(place).or_default();
            *served += 1;
            *served
        };
        let header = if page.behaviour == Behaviour::Tagged { format!("ETag: {tag}\r\n") } else { String::new() };
        send(stream, "200 OK", &header, &page.body(state, served)).await;
    }

    async fn fail(&self, stream: &mut TcpStream, name: &str, fault: Fault) {
        match fault {
            Fault::Silence => tokio::time::sleep(PATIENCE + Duration::from_millis(100)).await,
            // A socket that does not linger is reset when it is dropped.
            Fault::Reset => drop(stream.set_zero_linger()),
            Fault::Busy => {
                send(stream, "429 Too Many Requests", "Retry-After: 1\r\n", "later").await;
                if let Some(host) = self.hosts.lock().unwrap().get_mut(name) {
                    let until_ms = self.clock.load(Ordering::Relaxed) + HOLD.as_millis() as i64;
                    host.held = Some(Hold { since: Instant::now(), until_ms });
                }
            }
            Fault::Broken => send(stream, "500 Internal Server Error", "", "<p>Something went wrong.</p>").await,
            Fault::Slow => {
                let _ = stream
                    .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5000\r\n\r\n")
                    .await;
                for _ in 0..PATIENCE.as_millis() / 100 + 1 {
                    if stream.write_all(b"<p>slow").await.is_err() {
                        return;
                    }
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
            Fault::Short => {
                let half = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9000\r\n\r\n<p>We may change these terms";
                let _ = stream.write_all(half.as_bytes()).await;
            }
            Fault::Endless => {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n").await;
                let more = "<p>and so on</p>".repeat(512);
                while stream.write_all(more.as_bytes()).await.is_ok() {}
            }
        }
    }
}

async fn request(stream: &mut TcpStream) -> Option<String> {
    let mut request = Vec::new();
    let mut buffer = [0; 1024];
    while !request.ends_with(b"\r\n\r\n") {
        match stream.read(&mut buffer).await {
            Ok(read) if read > 0 => request.extend_from_slice(&buffer[..read]),
            _ => return None,
        }
    }
    Some(String::from_utf8_lossy(&request).to_lowercase())
}

async fn send(stream: &mut TcpStream, status: &str, headers: &str, body: &str) {
    let length = if status.starts_with("304") { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\n{headers}{length}Connection: close\r\n\r\n{body}"
    );
    let _ = stream.write_all(answer.as_bytes()).await;
}

/// splitmix64 of two numbers.
fn hash(a: u64, b: u64) -> u64 {
    let mut z = a.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(b).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
