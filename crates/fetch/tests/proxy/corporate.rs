//! A corporate proxy: it takes plain requests and tunnels, leads every host to a server of the test, and can fail in every way.
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What a proxy does with requests.
#[derive(Clone)]
pub enum Manner {
    /// It connects to the port of this machine that stands for a host and port of the world, and forwards to it; 502 for others.
    Serves(HashMap<String, u16>),
    /// The same, for who proves who they are with this `Proxy-Authorization`.
    Asks(&'static str, HashMap<String, u16>),
    /// It says this to everybody.
    Says(&'static str),
    /// It takes requests and says nothing.
    Hangs,
}

/// A proxy; it ends when it is dropped.
pub struct TestProxy {
    pub port: u16,
    asked: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl TestProxy {
    pub async fn start(manner: Manner) -> TestProxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heads = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, manner.clone(), Arc::clone(&heads)));
            }
        });
        TestProxy { port, asked, task }
    }

    /// The first lines of what it was asked.
    pub fn lines(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().filter_map(|head| head.lines().next().map(str::to_string)).collect()
    }
}

impl Drop for TestProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut client: TcpStream, manner: Manner, asked: Arc<Mutex<Vec<String>>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = client.read_u8().await else { return };
        head.push(byte);
    }
    let head = String::from_utf8(head).unwrap();
    asked.lock().unwrap().push(head.clone());
    let hosts = match manner {
        Manner::Says(answer) => return drop(client.write_all(answer.as_bytes()).await),
        Manner::Hangs => return std::future::pending().await,
        Manner::Asks(proof, _)
            if !head.lines().any(|line| line.eq_ignore_ascii_case(&format!("proxy-authorization: {proof}"))) =>
        {
            let answer =
                "HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n";
            return drop(client.write_all(answer.as_bytes()).await);
        }
        Manner::Serves(hosts) | Manner::Asks(_, hosts) => hosts,
    };
    let target = head.split(' ').nth(1).unwrap();
    let tunnel = head.starts_with("CONNECT ");
    let host = target.trim_start_matches("http://").split('/').next().unwrap();
    let host = if host.contains(':') { host.to_string() } else { format!("{host}:80") };
    let Some(port) = hosts.get(&host) else {
        return drop(client.write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n").await);
    };
    let mut server = TcpStream::connect(("127.0.0.1", *port)).await.unwrap();
    if tunnel {
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
    } else {
        // As a proxy does: the path for the server, and nothing of what was for the proxy.
        let path = target.trim_start_matches("http://").split_once('/').map_or("", |(_, path)| path);
        let lines = head.split("\r\n").skip(1).filter(|line| !line.to_lowercase().starts_with("proxy-"));
        let rest: Vec<&str> = lines.collect();
        server.write_all(format!("GET /{path} HTTP/1.1\r\n{}", rest.join("\r\n")).as_bytes()).await.unwrap();
    }
    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
}
