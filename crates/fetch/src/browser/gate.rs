//! The gate that a browser's traffic goes through: an HTTP proxy on a loopback port which connects only where the guard allows.
//!
//! The name in a request is resolved here and the connection goes to the address that was judged, so a name cannot change between
//! check and use. Encrypted traffic passes as it is (`CONNECT`); a plain request's head is rewritten for its server. Where the operator names
//! a proxy, what the guard lets through goes on to that. What no page asked for is not let through at all: a browser also asks its maker for
//! news of itself.
use std::collections::HashSet;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use url::Url;

use crate::FetchError;
use crate::client::unreached;
use crate::guard::{self, BoxError, Guard, Way};
use crate::outbound::{Fault, Proxy};

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
    /// Hosts that the page asks for.
    admitted: Mutex<HashSet<String>>,
    /// Hosts that were not reached since the page began because of the guard or the proxy, and what was said of them.
    failed: Mutex<Vec<(String, BoxError)>>,
}

impl Gate {
    /// Opens a gate on a free port of the loopback interface.
    pub async fn open(guard: Arc<Guard>) -> io::Result<Gate> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (left, admitted, failed) = (AtomicU64::new(0), Mutex::default(), Mutex::default());
        let state = Arc::new(State { guard, left, admitted, failed });
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
        self.state.admitted.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.state.failed.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Lets the page's requests to a host through to the guard.
    pub fn admit(&self, host: &str) {
        self.state.admitted.lock().unwrap_or_else(PoisonError::into_inner).insert(host.to_string());
    }

    /// Why the host of this address was not reached, where the guard refused it or the proxy failed.
    pub fn failed(&self, url: &Url) -> Option<FetchError> {
        let host = url.host_str()?;
        let failed = self.state.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.iter().find(|(name, _)| name == host).map(|(_, error)| unreached(url, error))
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
    let mut server = match connect(&wanted, state).await {
        Ok(server) => server,
        Err(status) => return answer(&mut client, status).await,
    };
    let Some(body) = wanted.body else {
        answer(&mut client, "200 Connection established").await?;
        server.stream.write_all(&rest).await?;
        let (mut from_client, mut to_client) = client.split();
        let (mut from_server, mut to_server) = server.stream.split();
        tokio::try_join!(
            pour(&mut from_client, &mut to_server, None),
            pour(&mut from_server, &mut to_client, Some(&state.left))
        )?;
        return Ok(());
    };
    server.stream.write_all(&wanted.head(server.proxy)).await?;
    let (from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.stream.split();
    let mut request = rest.as_slice().chain(from_client);
    tokio::try_join!(
        hand_on(&mut request, &mut to_server, body),
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
    method: String,
    version: String,
    /// The fields that are for the server.
    fields: Vec<String>,
    /// Bytes of the request's body; none where bytes are wanted both ways, instead of a request that we hand on.
    body: Option<u64>,
}

impl Wanted {
    fn of(head: &str) -> Option<Wanted> {
        let (first, fields) = head.split_once("\r\n")?;
        let mut words = first.split(' ').map(str::to_string);
        let (method, target, version) = (words.next()?, words.next()?, words.next()?);
        if method == "CONNECT" {
            let url = Url::parse(&format!("http://{target}/")).ok()?;
            return Some(Wanted { url, method, version, fields: Vec::new(), body: None });
        }
        let url = Url::parse(&target).ok().filter(|url| url.scheme() == "http")?;
        let fields: Vec<(&str, &str)> = fields.split("\r\n").filter_map(|field| field.split_once(':')).collect();
        let is = |name: &str, own: &str| own.eq_ignore_ascii_case(name);
        // Its length is not said before: browsers do not send such requests to servers of HTTP/1.1.
        if fields.iter().any(|(name, _)| is("transfer-encoding", name)) {
            return None;
        }
        let length = fields.iter().find(|(name, _)| is("content-length", name));
        let body = length.map_or(Some(0), |(_, length)| length.trim().parse().ok())?;
        let hop =
            |name: &str| ["connection", "proxy-connection", "proxy-authorization"].iter().any(|own| is(own, name));
        let fields = fields.into_iter().filter(|(name, _)| !hop(name));
        let fields = fields.map(|(name, value)| format!("{name}:{value}")).collect();
        Some(Wanted { url, method, version, fields, body: Some(body) })
    }

    /// The head of the request for its server, or for a proxy on the way there.
    fn head(&self, proxy: Option<&Proxy>) -> Vec<u8> {
        let path = &self.url[url::Position::BeforePath..url::Position::AfterQuery];
        let target = match proxy {
            Some(_) => format!("http://{}{path}", &self.url[url::Position::BeforeHost..url::Position::AfterPort]),
            None => path.to_string(),
        };
        let mut head = format!("{} {target} {}\r\n", self.method, self.version).into_bytes();
        for field in &self.fields {
            head.extend_from_slice(field.as_bytes());
            head.extend_from_slice(b"\r\n");
        }
        head.extend(proxy.map(Proxy::authorization_field).unwrap_or_default());
        // One request a connection: the next one may be for another server.
        head.extend_from_slice(b"Connection: close\r\n\r\n");
        head
    }
}

/// A connection on which a server is reached.
struct Server<'s> {
    stream: TcpStream,
    /// The proxy that a plain request is to be handed to, if it is not the server itself.
    proxy: Option<&'s Proxy>,
}

/// Connects as the guard allows; the status that says why not.
async fn connect<'s>(wanted: &Wanted, state: &'s State) -> Result<Server<'s>, &'static str> {
    let url = &wanted.url;
    let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else { return Err("400 Bad Request") };
    let failed = |error: BoxError| {
        let mut failed = state.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.push((host.to_string(), error));
    };
    if !state.admitted.lock().unwrap_or_else(PoisonError::into_inner).contains(&host.to_string()) {
        return Err("403 Forbidden");
    }
    let addresses = match guard::way(&state.guard, &host.to_owned()).await {
        Ok(Way::Straight(addresses)) => addresses,
        Ok(Way::Through(proxy)) => {
            let tunnel = wanted.body.is_none();
            let stream = if tunnel { proxy.tunnel(url).await } else { proxy.connect().await };
            return match stream {
                Ok(stream) => Ok(Server { stream, proxy: (!tunnel).then_some(proxy) }),
                Err(fault) => {
                    failed(fault.told(proxy, url).into());
                    Err(if matches!(fault, Fault::Silent) { "504 Gateway Timeout" } else { "502 Bad Gateway" })
                }
            };
        }
        Err(error) => {
            failed(error);
            return Err("403 Forbidden");
        }
    };
    let targets: Vec<SocketAddr> = addresses.into_iter().map(|address| SocketAddr::new(address, port)).collect();
    match tokio::time::timeout(CONNECT, TcpStream::connect(&targets[..])).await {
        Ok(Ok(stream)) => Ok(Server { stream, proxy: None }),
        Ok(Err(_)) => Err("502 Bad Gateway"),
        Err(_) => Err("504 Gateway Timeout"),
    }
}

/// Copies a request's body. What follows it would be another request, for a server that was not judged: that is an error, and the browser
/// sends it again on a connection of its own.
async fn hand_on(from: &mut (impl AsyncRead + Unpin), to: &mut (impl AsyncWrite + Unpin), body: u64) -> io::Result<()> {
    tokio::io::copy(&mut (&mut *from).take(body), to).await?;
    match from.read(&mut [0]).await? {
        0 => to.shutdown().await,
        _ => Err(io::Error::other("a connection is for one request")),
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
        assert_eq!((wanted.url.port(), wanted.body), (Some(81), Some(0)));
        let head = |proxy: Option<&Proxy>| String::from_utf8(wanted.head(proxy)).unwrap();
        assert_eq!(
            head(None),
            "GET /a?b=c HTTP/1.1\r\nHost: plum.example:81\r\nAccept: */*\r\nConnection: close\r\n\r\n"
        );
        let proxy = Proxy::new("http://ada:secret@127.0.0.1:3128", false).unwrap();
        assert_eq!(
            head(Some(&proxy)),
            "GET http://plum.example:81/a?b=c HTTP/1.1\r\nHost: plum.example:81\r\nAccept: */*\r\n\
             Proxy-Authorization: Basic YWRhOnNlY3JldA==\r\nConnection: close\r\n\r\n"
        );
    }

    #[tokio::test]
    async fn one_request_a_connection() {
        let handed = async |sent: &[u8], body: u64| {
            let (mut from, mut to) = (sent, Vec::new());
            hand_on(&mut from, &mut to, body).await.map(|()| to)
        };
        assert_eq!(handed(b"words", 5).await.unwrap(), b"words");
        assert_eq!(handed(b"", 0).await.unwrap(), b"");
        assert!(handed(b"wordsGET http://10.0.0.1/ HTTP/1.1\r\n\r\n", 5).await.is_err());
        assert!(handed(b"GET http://10.0.0.1/ HTTP/1.1\r\n\r\n", 0).await.is_err());
    }

    #[test]
    fn a_tunnel_is_to_a_host_and_port() {
        let wanted = Wanted::of("CONNECT plum.example:443 HTTP/1.1\r\nHost: plum.example:443\r\n\r\n").unwrap();
        assert_eq!(wanted.body, None);
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
            "POST http://plum.example/ HTTP/1.1\r\nContent-Length: many\r\n\r\n",
            "POST http://plum.example/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        ] {
            assert!(Wanted::of(head).is_none(), "{head:?}");
        }
    }
}
