//! What the tests of consulting share: a store with an invented document on every engine, and a server that speaks the protocol as well or
//! as badly as a test wants.
#![allow(dead_code, reason = "each test file uses a part of it")]
#[path = "../../../atlas/tests/common/schema.rs"]
mod schema;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use atlas::ids::DocumentId;
use atlas::records::{NewCapture, NewDocument, Platform};
use atlas::{Atlas, KeyPlace, Location, LogConfig};
use consult::{Asking, Consultant, Endpoint, Settings};
use provisions::Reader;
use schema::Schema;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tracker::history::{History, Observation};

pub const DAY: i64 = 86_400_000;
/// 2026-01-01.
pub const START: i64 = 1_767_225_600_000;

/// Clauses that no reader could take for anything else.
pub const ARBITRATION: &str = "You and Plum agree that any dispute, claim or controversy arising out of these terms will be resolved exclusively by final and binding individual arbitration administered by the Arbitration Association of Norland, and not in a court of law.";
pub const WAIVER: &str = "You waive any right to bring or take part in a class action, a collective action or any other representative proceeding against Plum.";
pub const ENDING: &str = "We may suspend or terminate your account at any time, for any reason or no reason, without notice and without liability to you.";

/// The document, whose fee is so many crowns; where it is high, there is another one for leaving.
pub fn terms(crowns: u32) -> String {
    let leaving = match crowns > 9 {
        true => format!(
            "\nIf you cancel in the first year, you must pay an early termination fee of {crowns} crowns, which we do not refund.\n"
        ),
        false => String::new(),
    };
    format!(
        "# Plum Terms\n\nThese terms bind you and Plum Limited of Port Vesper.\n\n## Disputes\n\n{ARBITRATION}\n\n{WAIVER}\n\n## \
         Ending\n\n{ENDING}\n\n## Fees\n\nYou must pay {crowns} crowns a month for the plan that you chose, and we charge your card on \
         the first day of each month until you cancel.\n{leaving}"
    )
}

/// Opens a store.
pub async fn open(location: &Location) -> Atlas {
    let log = LogConfig { origin: "example.org/test".into(), fresh_seed: [7; 32] };
    Atlas::open(location, &log, &KeyPlace::given("the test", [5; 32])).await.unwrap()
}

/// A document with these texts, one for each day.
pub async fn document(atlas: &Atlas, slug: &str, texts: &[String]) -> DocumentId {
    let platform =
        Platform { slug: slug.into(), name: slug.to_uppercase(), homepage: None, sector: None, country: None };
    atlas.put_platform(&platform).await.unwrap();
    let new = NewDocument {
        platform: slug.into(),
        kind: "Terms of Service".into(),
        title: "Terms of Service".into(),
        urls: vec![format!("https://{slug}.example/terms")],
        language: Some("en".into()),
        select: vec![],
        remove: vec![],
    };
    let id = atlas.put_document(&new).await.unwrap();
    let mut history = History::resume(Reader::embedded(), id, None);
    for (day, text) in texts.iter().enumerate() {
        let capture = NewCapture {
            at_ms: START + day as i64 * DAY,
            url: Some(format!("https://{slug}.example/terms")),
            status: 200,
            headers: vec![],
            body: text.as_bytes().to_vec(),
            origin: None,
        };
        history.observe(Observation { capture, text: text.clone(), recorded: false, technical: None });
    }
    atlas.record(history.take_batch("test 1", START + 30 * DAY, None)).await.unwrap();
    // The second look, after which the last change counts.
    atlas.verified(id, START + 30 * DAY).await.unwrap();
    id
}

/// A store in memory with one version of the document.
pub async fn world() -> (Atlas, DocumentId) {
    let atlas = open(&Location::Memory).await;
    let id = document(&atlas, "plum", &[terms(5)]).await;
    (atlas, id)
}

/// Impatient settings, so that no test waits.
pub fn settings(url: &str) -> Settings {
    Settings {
        timeout: Duration::from_millis(1500),
        max_bytes: 64 * 1024,
        tries: 2,
        backoff: Duration::from_millis(2),
        longest_wait: Duration::from_millis(50),
        failures: 100,
        rest: Duration::from_secs(60),
        ..Settings::new(url, "plum-1")
    }
}

/// A consultant that asks one question at a time.
pub fn consultant(atlas: &Atlas, settings: Settings) -> Consultant {
    consultant_at(atlas, settings, START + 40 * DAY)
}

/// The same at another time.
pub fn consultant_at(atlas: &Atlas, settings: Settings, now_ms: i64) -> Consultant {
    let asking = Asking { at_once: 1, a_day: 500 };
    Consultant::new(atlas.clone(), Endpoint::new(settings).unwrap(), asking, Arc::new(move || now_ms))
}

/// What the server does with one request.
pub enum Act {
    /// A chat completion with this content.
    Say(String),
    /// What a good model would say.
    Sound,
    /// A status with headers and an empty body.
    Status(u16, &'static str),
    /// 200 with this body as JSON.
    Json(Value),
    /// These bytes, then the connection is closed.
    Raw(Vec<u8>),
    /// Half of an answer, then the connection is closed.
    Half,
    /// Nothing: the connection is closed.
    Close,
    /// Nothing, for ever.
    Hang,
    /// A byte now and then.
    Drip,
    /// Bytes without end.
    Endless,
}

/// Decides what becomes of a request: its number from 0, its body.
pub type Script = Arc<dyn Fn(usize, &Value) -> Act + Send + Sync>;

/// A server on this machine.
pub struct Server {
    pub url: String,
    requests: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Server {
    /// A server that acts as `script` says.
    pub async fn start(script: impl Fn(usize, &Value) -> Act + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let (script, requests): (Script, Arc<Mutex<Vec<_>>>) = (Arc::new(script), Arc::default());
        let all = Arc::clone(&requests);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (script, all) = (Arc::clone(&script), Arc::clone(&all));
                tokio::spawn(async move { serve(stream, &script, &all).await });
            }
        });
        Server { url, requests }
    }

    /// A server that answers every question well.
    pub async fn sound() -> Server {
        Server::start(|_, _| Act::Sound).await
    }

    /// Heads and bodies of the requests so far.
    pub fn requests(&self) -> Vec<(String, Value)> {
        self.requests.lock().unwrap().clone()
    }

    /// How many requests came.
    pub fn count(&self) -> usize {
        self.requests.lock().unwrap().len()
    }
}

async fn serve(mut stream: TcpStream, script: &Script, all: &Mutex<Vec<(String, Value)>>) -> Option<()> {
    let (head, body) = request(&mut stream).await?;
    let number = {
        let mut all = all.lock().unwrap();
        all.push((head, body.clone()));
        all.len() - 1
    };
    let close = "connection: close";
    let json = |value: &Value| {
        let body = value.to_string();
        let length = body.len();
        format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{close}\r\n\r\n{body}"
        )
    };
    let endless = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{close}\r\n\r\n");
    let answer = match script(number, &body) {
        Act::Say(content) => json(&completion(&content)).into_bytes(),
        Act::Sound => json(&completion(&sound(&body))).into_bytes(),
        Act::Json(value) => json(&value).into_bytes(),
        Act::Status(code, headers) => {
            format!("HTTP/1.1 {code} No\r\n{headers}content-length: 0\r\n{close}\r\n\r\n").into_bytes()
        }
        Act::Raw(bytes) => bytes,
        Act::Half => {
            let whole = json(&completion(&sound(&body))).into_bytes();
            whole[..whole.len() / 2].to_vec()
        }
        Act::Close => Vec::new(),
        Act::Hang => std::future::pending().await,
        Act::Drip => {
            stream.write_all(endless.as_bytes()).await.ok()?;
            loop {
                stream.write_all(b" ").await.ok()?;
                tokio::time::sleep(Duration::from_millis(30)).await;
            }
        }
        Act::Endless => {
            stream.write_all(endless.as_bytes()).await.ok()?;
            loop {
                stream.write_all(&[b' '; 8192]).await.ok()?;
            }
        }
    };
    stream.write_all(&answer).await.ok()?;
    stream.shutdown().await.ok()
}

/// Head and body of a request.
async fn request(stream: &mut TcpStream) -> Option<(String, Value)> {
    let mut bytes = Vec::new();
    loop {
        let mut more = [0; 4096];
        let read = stream.read(&mut more).await.ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&more[..read]);
        let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8(bytes[..at].to_vec()).unwrap();
        let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        let body = &bytes[at + 4..];
        if body.len() >= length.unwrap_or(0) {
            return Some((head, serde_json::from_slice(body).unwrap()));
        }
    }
}

/// A chat completion with this content.
pub fn completion(content: &str) -> Value {
    json!({
        "id": "1", "object": "chat.completion", "model": "plum-1",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1},
    })
}

/// The text between the last two marker lines of a question.
pub fn asked_text(request: &Value) -> String {
    let user = request["messages"][1]["content"].as_str().unwrap();
    let parts: Vec<&str> = user.split("-----\n").collect();
    let text = parts[parts.len() - 1 - usize::from(!user.trim_end().ends_with("-----"))];
    text.rsplit_once("\n-----").map_or(text, |(text, _)| text).to_string()
}

/// What a good model says.
pub fn sound(request: &Value) -> String {
    let text = asked_text(request);
    let system = request["messages"][0]["content"].as_str().unwrap();
    if system.contains("\"paragraph\"") {
        let new = text.split("new:\n").nth(1).unwrap().lines().next().unwrap().to_string();
        let quotations = json!([{"side": "new", "quotation": new}]);
        return json!({"paragraph": "The fee that people pay is another one now.", "quotations": quotations})
            .to_string();
    }
    let kind = if text.contains("arbitration") {
        "arbitration"
    } else if text.contains("class action") {
        "class-action-waiver"
    } else {
        "content-removal"
    };
    let types = json!([{"id": kind, "quotation": text}]);
    json!({"explanation": "It says what the two of them have agreed upon.", "types": types}).to_string()
}

/// An empty place on one engine.
pub struct Stage {
    pub engine: &'static str,
    pub location: Location,
    _folder: tempfile::TempDir,
    _schema: Option<Schema>,
}

/// Every engine at hand: SQLite, and PostgreSQL if there is one.
pub async fn stages() -> Vec<Stage> {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::Sqlite(folder.path().join("data"));
    let mut stages = vec![Stage { engine: "SQLite", location, _folder: folder, _schema: None }];
    let Ok(server) = std::env::var("CLAUSEWATCH_TEST_POSTGRES") else {
        eprintln!("CLAUSEWATCH_TEST_POSTGRES is not set: not run on PostgreSQL");
        return stages;
    };
    let folder = tempfile::tempdir().unwrap();
    let schema = Schema::new(&server).await;
    let location = Location::Postgres { url: schema.url.clone(), index: folder.path().join("search") };
    stages.push(Stage { engine: "PostgreSQL", location, _folder: folder, _schema: Some(schema) });
    stages
}
