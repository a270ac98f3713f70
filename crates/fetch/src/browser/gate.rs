//! The gate that a browser's traffic goes through: an HTTP proxy on a loopback port which connects only where the guard allows.
//!
//! The name in a request is resolved here and the connection goes to the address that was judged, so a name cannot change between
//! check and use. Encrypted traffic passes as it is (`CONNECT`); a plain request's head is rewritten for its server.
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use url::Url;

use crate::guard::{self, Guard};

/// Most bytes of a request's head.
const HEAD: usize = 64 * 1024;
/// Most time to connect.
const CONNECT: Duration = Duration::from_secs(15);

/// An open gate; closed, with all connections, when it is dropped.
pub(super) struct Gate {
    address: SocketAddr,
    state: Arc<State>,
    task: JoinHandle<()>,
}

struct State {
    guard: Arc<Guard>,
    /// Bytes that the page may still receive.
    left: AtomicU64,
    /// Hosts that were refused since the page began, and what was said of them.
    refused: Mutex<Vec<(String, String)>>,
}

impl Gate {
    /// Opens a gate on a free port of the loopback interface.
    pub async fn open(guard: Arc<Guard>) -> io::Result<Gate> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let state = Arc::new(State { guard, left: AtomicU64::new(0), refused: Mutex::default() });
        let task = tokio::spawn(accept(listener, Arc::clone(&state)));
        Ok(Gate { address, state, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A new page begins: it may receive `bytes`.
    pub fn begin(&self, bytes: u64) {
        self.state.left.store(bytes, Ordering::Relaxed);
        self.state.refused.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Why this host was refused, if it was.
    pub fn refused(&self, host: &str) -> Option<String> {
        let refused = self.state.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.iter().find(|(name, _)| name == host).map(|(_, reason)| reason.clone())
    }

    /// Whether the page has received all that it may.
    pub fn exhausted(&self) -> bool {
        self.state.left.load(Ordering::Relaxed) == 0
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    // Dropped with this task, and the connections with it.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let state = Arc::clone(&state);
                    // What becomes of a connection is told to the browser, on the connection.
                    connections.spawn(async move { let _ = serve(stream, &state).await; });
                }
                // Out of descriptors, most likely: some will be free again.
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(mut client: TcpStream, state: &State) -> io::Result<()> {
    let Some((head, rest)) = head(&mut client).await? else { return Ok(()) };
    let Some(wanted) = Wanted::of(&head) else { return answer(&mut client, "400 Bad Request").await };
    let mut server = match connect(&wanted.url, state).await {
        Ok(server) => server,
        Err(status) => return answer(&mut client, status).await,
    };
    if wanted.tunnel {
        answer(&mut client, "200 Connection established").await?;
    } else {
        server.write_all(wanted.head.as_bytes()).await?;
    }
    server.write_all(&rest).await?;
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    tokio::try_join!(
        pour(&mut from_client, &mut to_server, None),
        pour(&mut from_server, &mut to_client, Some(&state.left))
    )?;
    Ok(())
}

async fn answer(client: &mut TcpStream, status: &str) -> io::Result<()> {
    client.write_all(format!("HTTP/1.1 {status}\r\n\r\n").as_bytes()).await
}

/// Reads a request's head; returns it, with what came after it. None if the connection ends before, or the head is too long.
async fn head(client: &mut TcpStream) -> io::Result<Option<(String, Vec<u8>)>> {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    loop {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            let rest = bytes.split_off(end + 4);
            return Ok(String::from_utf8(bytes).ok().map(|head| (head, rest)));
        }
        let count = client.read(&mut part).await?;
        if count == 0 || bytes.len() > HEAD {
            return Ok(None);
        }
        bytes.extend_from_slice(&part[..count]);
    }
}

/// What a browser asks a proxy for.
struct Wanted {
    url: Url,
    /// Bytes both ways, instead of a request that we hand on.
    tunnel: bool,
    /// The head for the server.
    head: String,
}

impl Wanted {
    fn of(head: &str) -> Option<Wanted> {
        let (first, fields) = head.split_once("\r\n")?;
        let mut words = first.split(' ');
        let (method, target, version) = (words.next()?, words.next()?, words.next()?);
        if method == "CONNECT" {
            return Some(Wanted {
                url: Url::parse(&format!("http://{target}/")).ok()?,
                tunnel: true,
                head: String::new(),
            });
        }
        let url = Url::parse(target).ok().filter(|url| url.scheme() == "http")?;
        let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
        // One request a connection: the next one may be for another server.
        let mut out = format!("{method} {path} {version}\r\n");
        let is = |field: &str, name: &str| field.split(':').next().is_some_and(|own| own.eq_ignore_ascii_case(name));
        let hop = |field: &&str| is(field, "connection") || is(field, "proxy-connection");
        for field in fields.split("\r\n").filter(|field| !field.is_empty() && !hop(field)) {
            out += field;
            out += "\r\n";
        }
        out += "Connection: close\r\n\r\n";
        Some(Wanted { url, tunnel: false, head: out })
    }
}

/// Connects to an address of the host that the guard allows; the status that says why not.
async fn connect(url: &Url, state: &State) -> Result<TcpStream, &'static str> {
    let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else { return Err("400 Bad Request") };
    let addresses = match guard::resolve(&state.guard, &host.to_owned()).await {
        Ok(addresses) => addresses,
        Err(error) => {
            let mut refused = state.refused.lock().unwrap_or_else(PoisonError::into_inner);
            refused.push((host.to_string(), error.to_string()));
            return Err("403 Forbidden");
        }
    };
    let targets: Vec<SocketAddr> = addresses.into_iter().map(|address| SocketAddr::new(address, port)).collect();
    match tokio::time::timeout(CONNECT, TcpStream::connect(&targets[..])).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(_)) => Err("502 Bad Gateway"),
        Err(_) => Err("504 Gateway Timeout"),
    }
}

/// Copies to the end; an error when `left` is used up.
async fn pour(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    left: Option<&AtomicU64>,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let count = from.read(&mut buffer).await?;
        if count == 0 {
            return to.shutdown().await;
        }
        if let Some(left) = left {
            let before =
                left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| Some(left.saturating_sub(count as u64)));
            if before.is_ok_and(|before| before < count as u64) {
                return Err(io::Error::other("the page has received all that it may"));
            }
        }
        to.write_all(&buffer[..count]).await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_rewritten_for_its_server() {
        let wanted = Wanted::of(
            "GET http://plum.example:81/a?b=c HTTP/1.1\r\nHost: plum.example:81\r\nProxy-Connection: keep-alive\r\nAccept: */*\r\n\r\n",
        )
        .unwrap();
        assert!(!wanted.tunnel);
        assert_eq!(wanted.url.port(), Some(81));
        assert_eq!(
            wanted.head,
            "GET /a?b=c HTTP/1.1\r\nHost: plum.example:81\r\nAccept: */*\r\nConnection: close\r\n\r\n"
        );
    }

    #[test]
    fn a_tunnel_is_to_a_host_and_port() {
        let wanted = Wanted::of("CONNECT plum.example:443 HTTP/1.1\r\nHost: plum.example:443\r\n\r\n").unwrap();
        assert!(wanted.tunnel);
        assert_eq!((wanted.url.host_str(), wanted.url.port()), (Some("plum.example"), Some(443)));
    }

    #[test]
    fn what_is_no_request_to_a_proxy_is_refused() {
        for head in [
            "",
            "\r\n",
            "GET / HTTP/1.1\r\n\r\n",
            "GET ftp://plum.example/ HTTP/1.1\r\n\r\n",
            "CONNECT :0:0 HTTP/1.1\r\n\r\n",
        ] {
            assert!(Wanted::of(head).is_none(), "{head:?}");
        }
    }
}
