//! A receiver of webhooks on loopback that answers each path in its own way, or not at all.
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A request that arrived whole.
#[derive(Debug, Clone)]
pub struct Request {
    pub path: String,
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

pub struct Receiver {
    pub port: u16,
    pub requests: Arc<Mutex<Vec<Request>>>,
    /// Set: everything is taken, whatever the path.
    pub healed: Arc<Mutex<bool>>,
}

impl Receiver {
    /// A receiver that keeps requests whole.
    pub async fn start() -> Receiver {
        Receiver::keeping(true).await
    }

    /// A receiver that keeps no bodies, for very many requests.
    pub async fn lean() -> Receiver {
        Receiver::keeping(false).await
    }

    async fn keeping(bodies: bool) -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (requests, healed) = (Arc::<Mutex<Vec<Request>>>::default(), Arc::<Mutex<bool>>::default());
        let receiver = Receiver { port, requests: Arc::clone(&requests), healed: Arc::clone(&healed) };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (requests, healed) = (Arc::clone(&requests), Arc::clone(&healed));
                tokio::spawn(async move { drop(serve(stream, port, &requests, &healed, bodies).await) });
            }
        });
        receiver
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port)
    }

    pub fn taken(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    pub fn heal(&self) {
        *self.healed.lock().unwrap() = true;
    }
}

async fn serve(
    mut stream: TcpStream,
    port: u16,
    requests: &Mutex<Vec<Request>>,
    healed: &Mutex<bool>,
    bodies: bool,
) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    loop {
        let Some(mut request) = request(&mut stream, &mut bytes).await? else { return Ok(()) };
        if !bodies {
            request.body = Vec::new();
        }
        let path = if *healed.lock().unwrap() { "ok".to_string() } else { request.path.clone() };
        requests.lock().unwrap().push(request);
        let answer = match path.trim_matches('/') {
            "timeout" => {
                tokio::time::sleep(Duration::from_secs(30)).await;
                return Ok(());
            }
            "reset" => {
                // With bytes that nobody reads, closing resets.
                stream.set_zero_linger()?;
                return Ok(());
            }
            "close" => return Ok(()),
            "garbage" => "SSH-2.0-not-http\r\n\r\n".to_string(),
            "500" => "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n".into(),
            "429" => "HTTP/1.1 429 Slowly\r\nRetry-After: 7200\r\nContent-Length: 0\r\n\r\n".into(),
            "410" => "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n".into(),
            "redirect" => {
                format!("HTTP/1.1 302 There\r\nLocation: http://127.0.0.1:{port}/ok\r\nContent-Length: 0\r\n\r\n")
            }
            "slow-body" => {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n").await?;
                loop {
                    stream.write_all(b"x").await?;
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
            _ => "HTTP/1.1 204 Fine\r\n\r\n".into(),
        };
        stream.write_all(answer.as_bytes()).await?;
    }
}

/// The next request on a connection; none when it ends.
async fn request(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> std::io::Result<Option<Request>> {
    let mut chunk = [0; 16 * 1024];
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let mut lines = head.split("\r\n");
            let path = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap_or_default().to_string();
            let fields = lines.filter_map(|line| line.split_once(": "));
            let headers: HashMap<String, String> =
                fields.map(|(name, value)| (name.to_ascii_lowercase(), value.to_string())).collect();
            let length: usize = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
            if bytes.len() >= end + 4 + length {
                let body = bytes[end + 4..end + 4 + length].to_vec();
                bytes.drain(..end + 4 + length);
                return Ok(Some(Request { path, headers, body }));
            }
        }
        match stream.read(&mut chunk).await? {
            0 => return Ok(None),
            read => bytes.extend_from_slice(&chunk[..read]),
        }
    }
}
