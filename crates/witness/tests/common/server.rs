//! An archive on this machine: it holds captures, answers the availability interface, the CDX server, `id_` and Save Page Now as they are
//! documented, and misbehaves where a test says so.
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A request, as far as tests look at it.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    /// With the query.
    pub path: String,
    pub head: String,
    pub body: String,
}

impl Asked {
    /// A parameter of the query, decoded.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let url = url::Url::parse(&format!("http://archive.example{}", self.path)).unwrap();
        url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    pub fn is(&self, path: &str) -> bool {
        self.path.starts_with(path)
    }
}

/// What is answered.
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    endless: bool,
    silent: bool,
}

impl Reply {
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Reply {
        Reply { status, headers: vec![], body: body.into(), endless: false, silent: false }
    }

    pub fn with(mut self, name: &str, value: impl Into<String>) -> Reply {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Bytes without end.
    pub fn endless() -> Reply {
        Reply { endless: true, ..Reply::new(200, b"[[\"timestamp\"],".repeat(4096)) }
    }

    /// Nothing, for ever.
    pub fn silent() -> Reply {
        Reply { silent: true, ..Reply::new(200, "") }
    }
}

pub fn json(text: impl Into<String>) -> Reply {
    Reply::new(200, text.into()).with("Content-Type", "application/json")
}

/// A capture that the archive holds.
#[derive(Debug, Clone)]
pub struct Held {
    /// 14 digits.
    pub timestamp: String,
    pub original: String,
    pub status: u16,
    pub body: Vec<u8>,
    /// As the index gives it; that of the body unless a test says otherwise.
    pub digest: String,
}

impl Held {
    pub fn page(timestamp: &str, original: &str, body: &str) -> Held {
        Held {
            timestamp: timestamp.into(),
            original: original.into(),
            status: 200,
            body: body.into(),
            digest: digest(body.as_bytes()),
        }
    }

    /// As the archive answers for `id_`.
    pub fn reply(&self) -> Reply {
        let at_ms = archive::instant::parse(&self.timestamp).unwrap();
        let at = std::time::UNIX_EPOCH + std::time::Duration::from_millis(at_ms as u64);
        let link =
            format!("<{0}>; rel=\"original\", <http://archive.example/web/{0}>; rel=\"timegate\"", self.original);
        Reply::new(self.status, self.body.clone())
            .with("Memento-Datetime", httpdate::fmt_http_date(at))
            .with("Link", link)
            .with("Content-Type", "text/html; charset=utf-8")
            .with("x-archive-orig-content-type", "text/html; charset=utf-8")
            .with("x-archive-orig-server", "plum")
    }
}

/// Base32 of the SHA-1.
pub fn digest(bytes: &[u8]) -> String {
    use sha1::Digest;
    base32::encode(base32::Alphabet::Rfc4648 { padding: false }, &sha1::Sha1::digest(bytes))
}

/// A list as the CDX server writes it.
pub fn listed(captures: &[&Held], resume: Option<&str>) -> String {
    let mut rows = vec![r#"["timestamp","original","mimetype","statuscode","digest"]"#.to_string()];
    rows.extend(captures.iter().map(|held| {
        let Held { timestamp, original, status, digest, .. } = held;
        format!(r#"["{timestamp}","{original}","text/html","{status}","{digest}"]"#)
    }));
    rows.extend(resume.map(|key| format!("[],\n [\"{key}\"]")));
    format!("[{}]\n", rows.join(",\n "))
}

/// A server; it ends when it is dropped.
pub struct Server {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    task: JoinHandle<()>,
}

impl Server {
    /// A server that answers as a test says.
    pub async fn start(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (answer, remembered) = (Arc::new(answer), Arc::clone(&asked));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&answer), Arc::clone(&remembered)));
            }
        });
        Server { address, asked, task }
    }

    /// A sound archive that holds these captures, of which it lists `rows` at once. Pages cannot be submitted.
    pub async fn archive(held: Vec<Held>, rows: usize) -> Server {
        Server::start(move |asked| sound(asked, &held, rows)).await
    }

    pub fn root(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// What it was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What a sound archive answers.
pub fn sound(asked: &Asked, held: &[Held], rows: usize) -> Reply {
    if asked.is("/wayback/available") {
        let at = archive::instant::parse(&asked.parameter("timestamp").unwrap()).unwrap();
        let distance = |held: &&Held| (archive::instant::parse(&held.timestamp).unwrap() - at).abs();
        let host =
            asked.head.lines().find_map(|line| line.to_lowercase().strip_prefix("host: ").map(str::to_owned)).unwrap();
        return json(match held.iter().filter(|held| held.status == 200).min_by_key(distance) {
            None => format!(r#"{{"url":"{0}","archived_snapshots":{{}}}}"#, asked.parameter("url").unwrap()),
            Some(Held { timestamp, original, .. }) => format!(
                r#"{{"url":"x","archived_snapshots":{{"closest":{{"status":"200","available":true,"url":"http://{host}/web/{timestamp}/{original}","timestamp":"{timestamp}"}}}},"timestamp":"x"}}"#
            ),
        });
    }
    if asked.is("/cdx/search/cdx") {
        return cdx(asked, held, rows);
    }
    let raw = asked.path.strip_prefix("/web/").and_then(|rest| rest.split_once("id_/"));
    match raw.and_then(|(at, original)| held.iter().find(|held| held.timestamp == at && held.original == original)) {
        Some(held) => held.reply(),
        None => Reply::new(404, "<html>The archive has not archived that URL.</html>"),
    }
}

fn cdx(asked: &Asked, held: &[Held], rows: usize) -> Reply {
    let edge = |name: &str| asked.parameter(name);
    let mut found: Vec<&Held> = held.iter().filter(|held| held.status == 200).collect();
    found.sort_by_key(|held| held.timestamp.clone());
    found.retain(|held| edge("from").is_none_or(|from| held.timestamp >= from));
    found.retain(|held| edge("to").is_none_or(|to| held.timestamp <= to));
    if asked.parameter("collapse").as_deref() == Some("digest") {
        found.dedup_by_key(|held| held.digest.clone());
    }
    if let Some(key) = asked.parameter("resumeKey") {
        found.retain(|held| held.timestamp > key);
    }
    let limit: i64 = asked.parameter("limit").unwrap().parse().unwrap();
    let most = rows.min(limit.unsigned_abs() as usize);
    let all = found.len();
    let found = if limit < 0 { found.split_off(all - all.min(most)) } else { found[..all.min(most)].to_vec() };
    let more = asked.parameter("showResumeKey").is_some() && all > found.len();
    let key = found.last().filter(|_| more).map(|held| held.timestamp.clone());
    json(if found.is_empty() { "[]\n".into() } else { listed(&found, key.as_deref()) })
}

async fn serve(mut stream: TcpStream, answer: Arc<impl Fn(&Asked) -> Reply>, asked: Arc<Mutex<Vec<Asked>>>) {
    let Some(request) = read(&mut stream).await else { return };
    asked.lock().unwrap().push(request.clone());
    let reply = answer(&request);
    if reply.silent {
        std::future::pending::<()>().await;
    }
    let fields: String = reply.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = match reply.endless {
        true => String::new(),
        false => format!("Content-Length: {}\r\n", reply.body.len()),
    };
    let head = format!("HTTP/1.1 {} X\r\nConnection: close\r\n{fields}{length}\r\n", reply.status);
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.write_all(&reply.body).await;
    while reply.endless && stream.write_all(&reply.body).await.is_ok() {}
    let _ = stream.shutdown().await;
}

async fn read(stream: &mut TcpStream) -> Option<Asked> {
    let (mut bytes, mut part) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let field = |line: &str| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned);
            let length = head.lines().find_map(field).map_or(0, |length| length.trim().parse().unwrap());
            if body.len() >= length {
                let mut first = head.split(' ');
                let (method, path) = (first.next()?.to_string(), first.next()?.to_string());
                return Some(Asked { method, path, head: head.into(), body: body.into() });
            }
        }
        match stream.read(&mut part).await {
            Ok(count) if count > 0 => bytes.extend_from_slice(&part[..count]),
            _ => return None,
        }
    }
}
