//! Running the built program as a person or a script does.
#![allow(dead_code, reason = "each test program uses a part of this")]
#![allow(clippy::disallowed_methods, reason = "a child process lives by the clock of the machine")]
pub mod browser;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What a run of the program came to.
#[derive(Debug)]
pub struct Ran {
    /// Exit status; none if it was ended by a signal.
    pub status: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// The program, with an environment of its own: no instance of the machine is touched.
pub fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clausewatch"));
    command.current_dir(folder);
    for (name, _) in std::env::vars_os() {
        // Variables of the tests name what they may use: a database, a browser.
        let text = name.to_string_lossy();
        if text.starts_with("CLAUSEWATCH_") && !text.starts_with("CLAUSEWATCH_TEST_") {
            command.env_remove(name);
        }
    }
    command.env("NO_COLOR", "1").env_remove("COLUMNS").env("TMPDIR", folder);
    command
}

/// Runs the program in `folder` to its end, at most two minutes.
pub fn run(folder: &Path, args: &[&str], input: &[u8]) -> Ran {
    let mut command = program(folder);
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (mut stdin, input) = (child.stdin.take().unwrap(), input.to_vec());
    // A program that reads no input closes its end, which is no fault.
    let feed = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let out = collected(child.stdout.take().unwrap());
    let err = collected(child.stderr.take().unwrap());
    let status = ended(&mut child, Duration::from_secs(120));
    feed.join().unwrap();
    Ran { status, out: out.join().unwrap(), err: err.join().unwrap() }
}

/// Waits for a process to end; one that takes longer is killed and fails the test.
pub fn ended(child: &mut Child, limit: Duration) -> Option<i32> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        if start.elapsed() > limit {
            let _ = child.kill();
            panic!("the program did not end within {limit:?}");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// What a server at an address (`127.0.0.1:8080`) answers to a request for a page, headers included.
pub fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").unwrap();
    let mut page = Vec::new();
    stream.read_to_end(&mut page).unwrap();
    String::from_utf8_lossy(&page).into_owned()
}

fn collected(mut from: impl Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = from.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// A web server on loopback that answers a path with a status line and fields, and a body. Gives its port; it ends with the test.
pub fn serve(answer: impl Fn(&str) -> (&'static str, String) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                if stream.read(&mut byte).unwrap_or(0) == 0 {
                    break;
                }
                request.push(byte[0]);
            }
            let request = String::from_utf8_lossy(&request).into_owned();
            let (head, body) = answer(request.split(' ').nth(1).unwrap_or("/"));
            let head = format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            // Who went away meanwhile is not told.
            let _ = stream.write_all((head + &body).as_bytes());
        }
    });
    port
}
