//! An attached language model, as an operator meets it: what is asked, what is told, what is left alone.
#![allow(clippy::disallowed_methods, reason = "a child process lives by the clock of the machine")]
mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use atlas::records::{NewCapture, NewDocument, Platform};
use atlas::{Atlas, KeyPlace, Location, LogConfig};
use common::{Ran, ended, get, program};
use provisions::Reader;
use serde_json::{Value, json};
use tracker::history::{History, Observation};

const KEY: &str = "sk-plum-very-secret";
const TERMS: &str = "# Plum Terms\n\n## Disputes\n\nYou and Plum agree that any dispute arising out of these terms will be resolved exclusively by final and binding individual arbitration and not in a court of law.\n\nYou waive any right to bring or take part in a class action against Plum.\n\n## Ending\n\nWe may suspend or terminate your account at any time, for any reason or no reason, without notice.\n\n## Fees\n\nAll fees are non-refundable and we give no refunds or credits for months that you did not use.\n";

/// A store in `folder` with one document.
fn store(folder: &Path) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let log = LogConfig { origin: "clausewatch".into(), fresh_seed: [7; 32] };
        let data = folder.join("clausewatch-data");
        let key = KeyPlace::in_folder(&data, [5; 32]);
        let atlas = Atlas::open(&Location::Sqlite(data), &log, &key).await.unwrap();
        let (slug, name) = ("plum".to_string(), "Plum".to_string());
        let platform = Platform { slug: slug.clone(), name, homepage: None, sector: None, country: None };
        atlas.put_platform(&platform).await.unwrap();
        let (kind, title) = ("Terms of Service".to_string(), "Terms of Service".to_string());
        let urls = vec!["https://plum.example/terms".to_string()];
        let language = Some("en".to_string());
        let new = NewDocument { platform: slug, kind, title, urls, language, select: vec![], remove: vec![] };
        let id = atlas.put_document(&new).await.unwrap();
        let mut history = History::resume(Reader::embedded(), id, None);
        let (url, body) = (Some("https://plum.example/terms".into()), TERMS.as_bytes().to_vec());
        let capture = NewCapture { at_ms: 1_767_225_600_000, url, status: 200, headers: vec![], body, origin: None };
        history.observe(Observation { capture, text: TERMS.into(), recorded: false, technical: None });
        atlas.record(history.take_batch("test 1", 1_767_225_700_000, None)).await.unwrap();
        atlas.close().await;
    });
}

/// A server that quotes the clause it is asked about, after a while.
struct Model {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Model {
    /// Waits `slow` before each answer; only the first `answers` are given, all later requests wait for ever.
    fn start(slow: Duration, answers: usize) -> Model {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let (asked, given) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(0)));
        let all = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (all, given) = (Arc::clone(&all), Arc::clone(&given));
                std::thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    let text = question(&mut stream);
                    all.lock().unwrap().push(text.clone());
                    std::thread::sleep(slow);
                    while given.fetch_add(1, Ordering::SeqCst) >= answers {
                        std::thread::sleep(Duration::from_secs(60));
                    }
                    let said = json!({"explanation": "It says what has been agreed upon.", "types": [{"id": "arbitration", "quotation": text}]});
                    let body =
                        json!({"choices": [{"message": {"content": said.to_string()}, "finish_reason": "stop"}]})
                            .to_string();
                    let head = format!(
                        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                        body.len()
                    );
                    let _ = stream.write_all((head + &body).as_bytes());
                });
            }
        });
        Model { url, asked }
    }

    fn count(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

/// The clause that a request asks about.
fn question(stream: &mut TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.to_lowercase().strip_prefix("content-length: ") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    let user = body["messages"][1]["content"].as_str().unwrap();
    user.split("-----\n").nth(1).unwrap().rsplit_once("\n-----").unwrap().0.to_string()
}

fn command(folder: &Path, url: &str, args: &[&str]) -> Command {
    let mut command = program(folder);
    command.env("CLAUSEWATCH_MODEL_URL", url).env("CLAUSEWATCH_MODEL", "plum-1").env("CLAUSEWATCH_MODEL_KEY", KEY);
    command.args(args);
    command
}

fn run(folder: &Path, url: &str, args: &[&str]) -> Ran {
    let output = command(folder, url, args).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let ran = Ran { status: output.status.code(), out: text(output.stdout), err: text(output.stderr) };
    assert!(!ran.out.contains(KEY) && !ran.err.contains(KEY), "{ran:?}");
    ran
}

fn all_runs(folder: &Path, url: &str) -> Value {
    let ran = run(folder, url, &["consult", "--json", "--limit", "0"]);
    serde_json::from_str::<Value>(&ran.out).unwrap()["all"].clone()
}

#[test]
fn what_is_asked_is_bounded_told_and_never_asked_again() {
    let folder = tempfile::tempdir().unwrap();
    store(folder.path());
    let none = common::run(folder.path(), &["consult"], b"");
    assert_eq!(none.status, Some(1));
    assert!(none.err.contains("CLAUSEWATCH_MODEL_URL"), "{}", none.err);

    let model = Model::start(Duration::ZERO, 99);
    let first = run(folder.path(), &model.url, &["consult", "--limit", "2"]);
    assert_eq!((first.status, model.count()), (Some(0), 2), "{first:?}");
    assert!(first.out.contains("1 clause type: “") && first.out.contains("2 questions: 2 answered"), "{}", first.out);
    let rest = run(folder.path(), &model.url, &["consult", "CW-D-00001"]);
    let count = model.count();
    assert!(rest.status == Some(0) && count > 3, "{rest:?}");
    let again = run(folder.path(), &model.url, &["consult", "--json"]);
    let report: Value = serde_json::from_str(&again.out).unwrap();
    assert_eq!((model.count(), &report["run"]["answered"]), (count, &json!(0)));
    assert_eq!(report["all"]["answered"], json!(count));
    let unknown = run(folder.path(), &model.url, &["consult", "CW-D-00009"]);
    assert!(unknown.status == Some(1) && unknown.err.contains("CW-D-00009"), "{unknown:?}");
    let full = run(folder.path(), &model.url, &["consult", "--model-limit", "1"]);
    assert_eq!((full.status, model.count()), (Some(0), count), "{full:?}");

    let shown = run(folder.path(), &model.url, &["show", "CW-P-000001"]);
    assert!(shown.out.contains("A language model, plum-1, on "), "{}", shown.out);
    let record: Value = serde_json::from_str(&run(folder.path(), "", &["show", "CW-P-000001", "--json"]).out).unwrap();
    assert_eq!(record["language_model"]["types"][0]["id"], "arbitration");
    let doctor = run(folder.path(), "", &["doctor"]);
    assert_eq!(doctor.status, Some(0), "{doctor:?}");
}

#[test]
fn a_run_that_is_killed_or_ended_is_gone_on_with() {
    for signal in ["-KILL", "-TERM"] {
        let folder = tempfile::tempdir().unwrap();
        store(folder.path());
        let stuck = Model::start(Duration::ZERO, 1);
        let mut child = command(folder.path(), &stuck.url, &["consult"]).stdout(Stdio::piped()).spawn().unwrap();
        // One answer is kept, the other questions are under way.
        while stuck.count() < 4 {
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_millis(300));
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        assert_ne!(ended(&mut child, Duration::from_secs(20)), Some(0), "{signal}");
        let before = all_runs(folder.path(), &stuck.url);
        assert_eq!(before["answered"], 1, "{signal}: {before}");

        let model = Model::start(Duration::ZERO, 99);
        let resumed = run(folder.path(), &model.url, &["consult"]);
        assert_eq!(resumed.status, Some(0), "{signal}: {resumed:?}");
        let after = all_runs(folder.path(), &model.url);
        assert_eq!(after["answered"], json!(1 + model.count()), "{signal}: {after}");
        let kept = stuck.asked.lock().unwrap().clone();
        let asked_again = model.asked.lock().unwrap().iter().filter(|text| kept.contains(text)).count();
        match signal {
            // What was under way is held for a while.
            "-KILL" => assert!(asked_again == 0 && after["under_way"].as_i64() >= Some(1), "{after}"),
            // Given back, and asked at once.
            _ => assert!(asked_again == kept.len() - 1 && after["under_way"] == 0, "{after}"),
        }
    }
}

/// Starts `up` and looks at a page, over and over for a while, until it is as wanted; then ends `up`.
fn up_shows(folder: &Path, url: &str, wanted: impl Fn(&str) -> bool) -> bool {
    std::fs::create_dir(folder.join("catalog")).unwrap();
    let entry = "name = \"Quince\"\n[[document]]\ntype = \"Terms of Service\"\nurl = \"http://127.0.0.1:1/terms\"\n";
    std::fs::write(folder.join("catalog/quince.toml"), entry).unwrap();
    let mut up = command(folder, url, &["up", "--listen", "127.0.0.1:0"]);
    let mut up = up.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let address = address_of(&mut up);
    let found = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        let page = get(&address, "/provisions/CW-P-000001");
        assert!(page.starts_with("HTTP/1.1 200"), "{page}");
        wanted(&page)
    });
    assert!(Command::new("kill").args(["-TERM", &up.id().to_string()]).status().unwrap().success());
    assert_eq!(ended(&mut up, Duration::from_secs(20)), Some(0));
    found
}

#[test]
fn the_site_goes_on_whatever_the_endpoint_does() {
    const BOX: &str = "data-element=\"language-model\"";
    let folder = tempfile::tempdir().unwrap();
    store(folder.path());
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    // Ten seconds are more than the tries of a question take.
    assert!(!up_shows(folder.path(), &format!("http://{free}/v1"), |page| page.contains(BOX)));
    let folder = tempfile::tempdir().unwrap();
    store(folder.path());
    let model = Model::start(Duration::ZERO, 99);
    assert!(up_shows(folder.path(), &model.url, |page| page.contains(BOX)), "the model is asked without being told to");
}

#[test]
fn addresses_that_cannot_be_used_are_told() {
    let folder = tempfile::tempdir().unwrap();
    store(folder.path());
    for (url, told) in
        [("nonsense", "http://127.0.0.1:11434/v1"), ("http://me:hidden@127.0.0.1/v1", "CLAUSEWATCH_MODEL_KEY")]
    {
        let ran = run(folder.path(), url, &["consult"]);
        assert!(ran.status == Some(1) && ran.err.contains(told) && !ran.err.contains("hidden"), "{ran:?}");
    }
}

fn address_of(child: &mut Child) -> String {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let open = lines.find_map(|line| line.ok()?.strip_prefix("open http://").map(str::to_string)).unwrap();
    // Whoever reads no further would end the program.
    std::thread::spawn(move || lines.for_each(drop));
    open.trim_end_matches('/').to_string()
}
