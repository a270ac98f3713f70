//! Weeks of tracking under a moved clock: many documents on many hosts that fail in every way, a tracker that is killed again and again. No
//! change may be lost, none may be told that was none, no host may be asked more often than it should be, and memory stays within bounds.
//!
//! The tracker is a process of its own (this executable, [`worker`]), told over a pipe what time it is, so that it can be killed at any
//! instant. The web that it asks is this process. `CLAUSEWATCH_TEST_ENDURANCE=2000,200,30,20` sets how many documents on how many hosts are
//! tracked for how many days, and how often the tracker is killed; without it a small run is made.
mod common;
mod endurance_web;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use atlas::ids::DocumentId;
use atlas::records::{Materiality, NewDocument, Platform};
use atlas::{Atlas, ChangeFilter};
use common::{DAY, START, open};
use endurance_web::{Behaviour, DELAY, PATIENCE, Page, Web};
use fetch::{Fetcher, Settings};
use provisions::Reader;
use tracker::track::Tracker;

/// Bytes of its own that the worker may hold.
const MOST_MEMORY: u64 = 128 * 1024 * 1024;
/// Bytes that it may hold more at the end than half-way through, beside a quarter of what it held then: caches that fill.
const MOST_GROWTH: u64 = 8 * 1024 * 1024;

const MINUTE: i64 = 60_000;
/// The clock moves in such steps.
const STEP: i64 = 10 * MINUTE;
/// Days at the end in which no page changes, so that what was missed while a host failed is seen.
const QUIET_DAYS: i64 = 8;

/// What the worker is told where its store is.
const STORE: &str = "CLAUSEWATCH_ENDURANCE_STORE";

/// How much.
#[derive(Debug, Clone, Copy)]
struct Size {
    documents: usize,
    hosts: usize,
    days: i64,
    kills: usize,
}

impl Size {
    fn wanted() -> Size {
        let wanted = std::env::var("CLAUSEWATCH_TEST_ENDURANCE").unwrap_or("60,12,20,6".into());
        let numbers: Vec<usize> = wanted.split(',').map(|number| number.trim().parse().unwrap()).collect();
        let [documents, hosts, days, kills] = numbers[..] else { panic!("four numbers, not {wanted}") };
        Size { documents, hosts, days: days as i64, kills }
    }
}

/// Not a test but the process that tracks: for each instant on standard input it checks all that is due and says how many that were.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn worker() {
    let Some(store) = std::env::var_os(STORE).map(PathBuf::from) else { return };
    tracker::memory::keep_steady();
    let atlas = open(&store).await;
    let clock = AtomicI64::new(0);
    let fetcher = fetcher();
    let now = || clock.load(Ordering::Relaxed);
    let tracker = Tracker { atlas: &atlas, reader: Reader::embedded(), fetcher: &fetcher, now: &now };
    for line in std::io::stdin().lines() {
        clock.store(line.unwrap().parse().unwrap(), Ordering::Relaxed);
        let mut checked = 0;
        loop {
            let due = atlas.due(now(), 64).await.unwrap();
            if due.is_empty() {
                break;
            }
            tracker.check_all(due, &mut |_, _| checked += 1).await.unwrap();
        }
        if now() % DAY < STEP {
            atlas.index_pending().await.unwrap();
        }
        println!("@{checked}");
    }
}

fn fetcher() -> Fetcher {
    let allowed = vec!["127.0.0.0/8".parse().unwrap()];
    let max_bytes = 256 * 1024;
    Fetcher::new(Settings { delay: DELAY, timeout: PATIENCE, max_bytes, allowed, ..Settings::default() }).unwrap()
}

/// A running worker.
struct Worker {
    process: Child,
    told: ChildStdin,
    says: BufReader<ChildStdout>,
}

impl Worker {
    fn start(store: &Path) -> Worker {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "worker", "--nocapture", "--quiet"]).env(STORE, store);
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (told, says) = (process.stdin.take().unwrap(), BufReader::new(process.stdout.take().unwrap()));
        Worker { process, told, says }
    }

    fn tell(&mut self, now: i64) {
        writeln!(self.told, "{now}").unwrap();
    }

    /// Documents that it has checked; waits until it is done.
    fn checked(&mut self) -> usize {
        let mut line = String::new();
        loop {
            line.clear();
            assert!(self.says.read_line(&mut line).unwrap() > 0, "the worker ended by itself");
            if let Some(number) = line.trim().strip_prefix('@') {
                return number.parse().unwrap();
            }
        }
    }

    /// Bytes of its own that it holds (not files mapped into memory), and milliseconds of CPU time that it has taken (Linux; else zero).
    fn taken(&self) -> (u64, u64) {
        let read =
            |file: &str| std::fs::read_to_string(format!("/proc/{}/{file}", self.process.id())).unwrap_or_default();
        let status = read("status");
        let resident = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        let kilobytes = resident.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0);
        // After the name in brackets: user time is the 12th field, system time the 13th, in hundredths of a second.
        let stat = read("stat");
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
        let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
        (kilobytes * 1024, (ticks(11) + ticks(12)) * 10)
    }

    fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// Puts the documents into a new store.
async fn registered(store: &Path, web: &Web) -> Vec<DocumentId> {
    let atlas = open(store).await;
    let mut ids = Vec::new();
    for page in &web.pages {
        let slug = page.host.clone();
        let (name, homepage, sector, country) = (slug.clone(), None, None, None);
        atlas.put_platform(&Platform { slug: slug.clone(), name, homepage, sector, country }).await.unwrap();
        let (kind, title) = (String::from("Terms of Service"), page.path.clone());
        let urls = vec![format!("http://{}.localhost:{}{}", page.host, web.port(), page.path)];
        let new = NewDocument { platform: slug, kind, title, urls, language: None, select: vec![], remove: vec![] };
        ids.push(atlas.put_document(&new).await.unwrap());
    }
    ids
}

/// What was measured of a run.
#[derive(Debug, Default)]
struct Run {
    checks: usize,
    cpu_ms: u64,
    /// Bytes of its own that the worker held at the end of each day since the last kill.
    memory: Vec<u64>,
}

#[expect(clippy::disallowed_methods, reason = "the worker is killed at any moment of its own time")]
fn tracked(store: &Path, web: &Web, size: Size) -> Run {
    let mut run = Run::default();
    let mut worker = Worker::start(store);
    let steps = size.days * DAY / STEP;
    // All kills fall into the first two thirds, so that memory can be watched afterwards.
    let every = steps * 2 / 3 / (size.kills as i64 + 1);
    let mut killed = 0;
    for step in 0..steps {
        let now = START + step * STEP;
        web.clock.store(now, Ordering::Relaxed);
        worker.tell(now);
        if killed < size.kills && step == (killed as i64 + 1) * every {
            std::thread::sleep(Duration::from_millis(web.draw(0x6b11, step as u64) % 80));
            run.cpu_ms += worker.taken().1;
            worker.kill();
            web.forgotten();
            killed += 1;
            run.memory.clear();
            worker = Worker::start(store);
            worker.tell(now);
        }
        run.checks += worker.checked();
        if now % DAY == 0 {
            run.memory.push(worker.taken().0);
        }
    }
    run.cpu_ms += worker.taken().1;
    worker.kill();
    run
}

/// Documents that are checked without having changed; `CLAUSEWATCH_TEST_UNCHANGED` sets how many.
const UNCHANGED: usize = 200;
/// Documents of a host.
const OF_HOST: usize = 10;
/// Milliseconds of CPU time that checking an unchanged document may take, everything included.
const MOST_CPU_MS: f64 = 2.0;

#[tokio::test(flavor = "multi_thread")]
async fn checking_what_has_not_changed_costs_little() {
    let documents: usize =
        std::env::var("CLAUSEWATCH_TEST_UNCHANGED").map_or(UNCHANGED, |wanted| wanted.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("data");
    let web = Arc::new(Web::steady(documents, documents / OF_HOST));
    web.serve().await;
    registered(&store, &web).await;
    let checked = move || {
        let mut worker = Worker::start(&store);
        let (mut taken, mut checks) = (Vec::new(), Vec::new());
        // The first is the first version, the others find what was there.
        for day in [0, 8, 16, 24] {
            let before = worker.taken().1;
            worker.tell(START + day * DAY + STEP);
            checks.push(worker.checked());
            taken.push(worker.taken().1 - before);
        }
        worker.kill();
        (taken, checks)
    };
    let (taken, checks) = tokio::task::spawn_blocking(checked).await.unwrap();
    assert_eq!(checks, vec![documents; 4], "every document was checked each time");
    let each: Vec<f64> = taken.iter().map(|ms| *ms as f64 / documents as f64).collect();
    eprintln!(
        "CPU milliseconds for each of {documents} documents: first version {:.2}, unchanged {:.2?}",
        each[0],
        &each[1..]
    );
    let least = each[1..].iter().copied().fold(f64::INFINITY, f64::min);
    assert!(least < MOST_CPU_MS, "{least} ms");
}

/// The states of a page that its versions show, as people were told: of the first version, and of each that came with a confirmed change.
async fn told(atlas: &Atlas, id: DocumentId) -> Vec<usize> {
    let filter = ChangeFilter {
        document: Some(id),
        confirmed: true,
        at_least: Some(Materiality::Minor),
        limit: 1000,
        ..ChangeFilter::default()
    };
    let changes = atlas.changes(&filter).await.unwrap();
    let mut versions: Vec<i64> = changes.iter().map(|change| change.change.to_version).collect();
    versions.sort_unstable();
    let mut states = Vec::new();
    for number in std::iter::once(1).chain(versions) {
        let text = atlas.version_text(id, number).await.unwrap().unwrap();
        states
            .push(Page::state_in(&text).unwrap_or_else(|| panic!("{id} version {number} is no page of ours: {text}")));
    }
    states
}

#[tokio::test(flavor = "multi_thread")]
async fn weeks_of_failing_hosts_and_kills_lose_nothing_and_invent_nothing() {
    let size = Size::wanted();
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("data");
    let web = Arc::new(Web::new(size.documents, size.hosts, START, START + (size.days - QUIET_DAYS) * DAY));
    web.serve().await;
    let ids = registered(&store, &web).await;
    let (theirs, at) = (Arc::clone(&web), store.clone());
    let run = tokio::task::spawn_blocking(move || tracked(&at, &theirs, size)).await.unwrap();

    let atlas = open(&store).await;
    let (mut lost, mut invented, mut changes) = (Vec::new(), Vec::new(), 0);
    for (page, &id) in web.pages.iter().zip(&ids) {
        let told = told(&atlas, id).await;
        changes += told.len() - 1;
        let last = page.changes.len();
        let complete: Vec<usize> = (0..=last).collect();
        // What changes daily may change twice between two checks; the last state has to be known in any case.
        let missing = if page.behaviour == Behaviour::Daily { told.last() != Some(&last) } else { told != complete };
        if missing {
            lost.push(format!("{id} {page:?}: told {told:?}"));
        }
        if told.windows(2).any(|pair| pair[1] <= pair[0]) {
            invented.push(format!("{id} {page:?}: told {told:?}"));
        }
    }
    let asked = web.asked();
    eprintln!("{size:?}: {} checks, {} ms of CPU time, {changes} changes told, {asked:?}", run.checks, run.cpu_ms);
    eprintln!(
        "memory at the end of each day after the last kill: {:?} kB",
        run.memory.iter().map(|b| b / 1024).collect::<Vec<_>>()
    );
    assert_eq!((lost, invented), (vec![], vec![]));
    assert_eq!(asked.impolite, Vec::<String>::new());
    assert!(asked.faults > asked.requests / 20, "the hosts failed too seldom: {asked:?}");
    assert!(changes > size.documents / 2, "too little changed: {changes}");
    assert_eq!(atlas.check().await.unwrap(), []);
    let (most, last) = (run.memory.iter().max().copied().unwrap_or(0), run.memory.last().copied().unwrap_or(0));
    let half_way = run.memory.get(run.memory.len() / 2).copied().unwrap_or(0);
    assert!(most < MOST_MEMORY, "it holds {most} bytes");
    assert!(last <= half_way + half_way / 4 + MOST_GROWTH, "it grew from {half_way} to {last} bytes");
}
