//! The Wayback Machine from the command line: a document's past, and asking about versions in the background, against an archive on this machine.
mod common;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use common::{program, run};

const PAGE: &str = "https://plum.example/terms";
const CATALOG: &str =
    "name = \"Plum\"\n[[document]]\ntype = \"Terms of Service\"\nurl = \"https://plum.example/terms\"\n";

/// An archive that has two captures of the page, of May and of June 2024; gives its address and what it was asked.
fn serve() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let root = format!("http://{}/", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            answer(stream.unwrap(), &seen);
        }
    });
    (root, asked)
}

fn answer(mut stream: TcpStream, asked: &Mutex<Vec<String>>) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte).unwrap_or(0) == 0 {
            break;
        }
        request.push(byte[0]);
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let path = request.split(' ').nth(1).unwrap_or("/").to_string();
    asked.lock().unwrap().push(request);
    let (head, body) = reply(&path);
    let head = format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    let _ = stream.write_all((head + &body).as_bytes());
}

fn reply(path: &str) -> (String, String) {
    const DIGEST: [&str; 2] = ["Q4YULN754FHV2U6Q5JUT6Q2P57WEWNNY", "XAHDNHZ5P3GSSSNJ3DMEOJF7BMCCPZR3"];
    if path.starts_with("/cdx/search/cdx") {
        let after = |stamp: &str| {
            !path.contains("from=2024") || path.split("from=").nth(1).is_some_and(|from| &from[..14] <= stamp)
        };
        let rows: Vec<String> = ["20240501100000", "20240601100000"]
            .iter()
            .zip(DIGEST)
            .filter(|(stamp, _)| after(stamp))
            .map(|(stamp, digest)| format!(r#",["{stamp}","{PAGE}","text/html","200","{digest}"]"#))
            .collect();
        let list = format!(r#"[["timestamp","original","mimetype","statuscode","digest"]{}]"#, rows.concat());
        return ("200 OK\r\nContent-Type: application/json".into(), if rows.is_empty() { "[]".into() } else { list });
    }
    if path.starts_with("/wayback/available") {
        return ("200 OK\r\nContent-Type: application/json".into(), r#"{"archived_snapshots":{}}"#.into());
    }
    let (date, days) = match path.contains("/web/20240501100000id_/") {
        true => ("Wed, 01 May 2024 10:00:00 GMT", 30),
        false => ("Sat, 01 Jun 2024 10:00:00 GMT", 7),
    };
    let words = format!(
        "<p>We may change these terms at any time. We will tell you {days} days before by e-mail, to the address that you gave us.</p>"
    );
    let more = "<p>You may end your account whenever you like, and we return what you paid in advance for the months that are left.</p>".repeat(12);
    // How an archive hands down what the server had sent in chunks: its hash may be of the chunks.
    let head = format!(
        "200 OK\r\nContent-Type: text/html\r\nMemento-Datetime: {date}\r\nx-archive-orig-transfer-encoding: chunked"
    );
    (head, format!("<html><body><main><h1>Plum Terms</h1>{words}{more}</main></body></html>"))
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("catalog")).unwrap();
    std::fs::write(folder.path().join("catalog/plum.toml"), CATALOG).unwrap();
    folder
}

#[test]
fn a_past_is_brought_in_and_gone_on_with() {
    let (folder, (root, asked)) = (folder(), serve());
    let backfill = |args: &[&str]| {
        let fixed = ["backfill", "--allow-network", "127.0.0.0/8", "--witness-url", &root];
        run(folder.path(), &[&fixed[..], args].concat(), b"")
    };
    let first = backfill(&["plum", "--limit", "1"]);
    assert_eq!(first.status, Some(0), "{}", first.err);
    assert!(
        first.out.contains("1 version added to CW-D-00001, 0 captures of a known text, 0 not taken in"),
        "{}",
        first.out
    );
    assert!(first.out.contains("1 capture is left; run it again to go on"), "{}", first.out);
    let second = backfill(&[PAGE, "--json"]);
    assert_eq!(second.status, Some(0), "{}", second.err);
    let said: serde_json::Value = serde_json::from_str(second.out.trim()).unwrap();
    assert_eq!((&said["filled"]["versions"], &said["of"]), (&1.into(), &"CW-D-00001".into()), "{said}");
    let shown = run(folder.path(), &["show", "CW-D-00001"], b"");
    assert!(shown.out.contains("2 versions; tracked since 2024-05-01"), "{}", shown.out);
    assert_eq!(run(folder.path(), &["verify", "--store"], b"").status, Some(0));
    assert!(asked.lock().unwrap().iter().all(|request| request.contains("user-agent: clausewatch/")));

    let none = backfill(&["quince"]);
    assert_eq!(none.status, Some(1));
    assert!(none.err.contains("there is no document quince"), "{}", none.err);
    assert_eq!(backfill(&["plum", "--since", "soon"]).status, Some(2));
}

#[test]
fn versions_are_asked_about_in_the_background() {
    let (folder, (root, asked)) = (folder(), serve());
    // A page that was crawled by others: no version of ours came from the archive.
    let capture = archive::warc::Capture {
        id: String::new(),
        url: PAGE.into(),
        at_ms: archive::instant::parse("20240610100000").unwrap(),
        status: 200,
        headers: vec![("Content-Type".into(), "text/html".into())],
        body: reply("").1.into_bytes(),
    };
    let mut writer = archive::warc::WarcWriter::new(Vec::new(), false);
    writer.response("urn:uuid:00000000-0000-4000-8000-000000000001", &capture).unwrap();
    std::fs::write(folder.path().join("crawl.warc"), writer.finish().unwrap()).unwrap();
    let imported = run(folder.path(), &["import", "warc", "crawl.warc"], b"");
    assert_eq!(imported.status, Some(0), "{}", imported.err);

    let mut work = program(folder.path());
    work.args(["work", "--browser", "off", "--witness", "wayback", "--witness-url", &root])
        .args(["--allow-network", "127.0.0.0/8"])
        .env("CLAUSEWATCH_WITNESS_KEYS", "access:topsecret")
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = work.spawn().unwrap();
    wait(|| asked.lock().unwrap().iter().filter(|request| request.contains("/cdx/search/cdx")).count() >= 2);
    child.kill().unwrap();
    let said = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(said.contains("is asked about versions; pages that changed are submitted to it"), "{said}");
    assert!(!said.contains("topsecret"));
    let asked = asked.lock().unwrap();
    let shown = run(folder.path(), &["show", "CW-D-00001", "--json"], b"");
    let shown: serde_json::Value = serde_json::from_str(&shown.out).unwrap();
    assert!(shown["outside_captures"].is_array(), "{shown}");
    assert!(asked[0].contains("/wayback/available?url=https%3A%2F%2Fplum.example%2Fterms&timestamp=20240610100000"));
    assert!(!asked.iter().any(|request| request.contains("topsecret")), "keys go with submissions only");
    drop(asked);

    let wrong = {
        let mut work = program(folder.path());
        work.args(["work", "--witness", "wayback"]).env("CLAUSEWATCH_WITNESS_KEYS", "topsecret");
        work.output().unwrap()
    };
    let said = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(said.contains("CLAUSEWATCH_WITNESS_KEYS") && said.contains("ACCESS:SECRET"), "{said}");
    assert!(!said.contains("topsecret"), "{said}");
}

#[expect(clippy::disallowed_methods, reason = "a child process lives by the clock of the machine")]
fn wait(until: impl Fn() -> bool) {
    let start = Instant::now();
    while !until() {
        assert!(start.elapsed() < Duration::from_secs(100), "the archive was not asked");
        std::thread::sleep(Duration::from_millis(20));
    }
}
