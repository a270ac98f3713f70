//! A web server that answers as a test says, and remembers what it was asked; and a browser.
#![allow(dead_code, reason = "each test program uses a part of this")]
use std::io::Read;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fetch::BrowserSettings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A request, as far as tests look at it.
#[derive(Debug, Clone)]
pub struct Asked {
    /// With the query.
    pub path: String,
    head: String,
}

impl Asked {
    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(':'));
        fields.into_iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// What the server answers.
pub struct Answer {
    head: String,
    body: Vec<u8>,
    endless: bool,
}

impl Answer {
    fn new(status: u16, fields: &str, body: Vec<u8>) -> Answer {
        let head =
            format!("HTTP/1.1 {status} X\r\nConnection: close\r\nAccess-Control-Allow-Origin: *\r\n{fields}\r\n");
        Answer { head, body, endless: false }
    }

    pub fn html(page: String) -> Answer {
        Answer::new(200, "Content-Type: text/html\r\n", page.into_bytes())
    }

    pub fn text(text: String) -> Answer {
        Answer::new(200, "Content-Type: text/plain\r\n", text.into_bytes())
    }

    pub fn status(status: u16) -> Answer {
        Answer::new(status, "Content-Type: text/plain\r\n", b"no".to_vec())
    }

    pub fn redirect(to: &str) -> Answer {
        Answer::new(302, &format!("Location: {to}\r\n"), Vec::new())
    }

    /// A text that is sent compressed.
    pub fn gzip(text: &[u8]) -> Answer {
        let mut body = Vec::new();
        flate2::read::GzEncoder::new(text, flate2::Compression::fast()).read_to_end(&mut body).unwrap();
        Answer::new(200, "Content-Type: text/plain\r\nContent-Encoding: gzip\r\n", body)
    }

    /// The same with the last bytes of the body lost.
    pub fn without_end(mut self) -> Answer {
        self.body.truncate(self.body.len() - 12);
        self
    }

    pub fn attachment() -> Answer {
        let fields = "Content-Type: application/octet-stream\r\nContent-Disposition: attachment\r\n";
        Answer::new(200, fields, vec![0; 100])
    }

    /// A page without end.
    pub fn endless() -> Answer {
        Answer { endless: true, ..Answer::new(200, "Content-Type: text/html\r\n", b"<p>words ".repeat(10_000)) }
    }
}

/// A server; it ends when it is dropped.
pub struct Server {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    task: JoinHandle<()>,
}

impl Server {
    /// Starts a server on a free port of this address.
    pub async fn start(address: &str, answers: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind((address, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (answers, remembered) = (Arc::new(answers), Arc::clone(&asked));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&answers), Arc::clone(&remembered)));
            }
        });
        Server { address, asked, task }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// What it was asked so far.
    pub fn requests(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, answers: Arc<impl Fn(&Asked) -> Answer>, asked: Arc<Mutex<Vec<Asked>>>) {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    while !bytes.windows(4).any(|four| four == b"\r\n\r\n") {
        match stream.read(&mut part).await {
            Ok(count) if count > 0 => bytes.extend_from_slice(&part[..count]),
            // A connection without a request counts too: somebody was reached.
            _ => break,
        }
    }
    let head = String::from_utf8_lossy(&bytes).into_owned();
    let path = head.split(' ').nth(1).unwrap_or("(a connection without a request)").to_string();
    let request = Asked { path, head };
    asked.lock().unwrap().push(request.clone());
    let answer = answers(&request);
    let _ = stream.write_all(answer.head.as_bytes()).await;
    let _ = stream.write_all(&answer.body).await;
    while answer.endless && stream.write_all(&answer.body).await.is_ok() {}
    let _ = stream.shutdown().await;
}

/// The browser that pages are rendered with; none, and that is said, where there is none.
pub fn browser() -> Option<BrowserSettings> {
    let told = std::env::var_os("CLAUSEWATCH_TEST_CHROMIUM").filter(|told| !told.is_empty());
    let found = told.map(|program| BrowserSettings::new(program.into())).or_else(BrowserSettings::found);
    if found.is_none() {
        eprintln!("skipped: no Chromium; install chromium, or name it in CLAUSEWATCH_TEST_CHROMIUM");
    }
    // Tests may run as root, where Chromium has no sandbox.
    found.map(|found| BrowserSettings { sandbox: false, timeout: Duration::from_secs(60), ..found })
}
