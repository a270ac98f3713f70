//! The demonstration: everything is found, nothing is left behind.
#![allow(clippy::disallowed_methods, reason = "a child process lives by the clock of the machine")]
mod common;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use common::{ended, get, program, run};

/// Platforms, documents and versions that lie under `demo/platforms`.
fn world() -> (usize, usize, usize) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo/platforms");
    let folders = |path: &Path| -> Vec<_> {
        let entries = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.is_dir()).collect()
    };
    let platforms = folders(&root);
    let documents: Vec<_> = platforms.iter().flat_map(|platform| folders(platform)).collect();
    let versions = documents.iter().map(|document| std::fs::read_dir(document).unwrap().count()).sum();
    (platforms.len(), documents.len(), versions)
}

fn left_behind(folder: &Path) -> Vec<String> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn every_version_of_the_world_is_found_over_http() {
    let folder = tempfile::tempdir().unwrap();
    let ran = run(folder.path(), &["demo", "--once"], b"");
    assert_eq!(ran.status, Some(0), "{}", ran.err);
    let (platforms, documents, versions) = world();
    let counts = format!("{platforms} invented platforms, {documents} documents, {versions} versions, ");
    assert!(ran.out.starts_with(&counts), "{counts}: {}", ran.out);
    let provisions: usize = ran.out[counts.len()..].split(' ').next().unwrap().parse().unwrap();
    // Real length and language: dozens of provisions in each document.
    assert!(provisions > documents * 10, "{}", ran.out);
    assert!(left_behind(folder.path()).is_empty(), "{:?}", left_behind(folder.path()));
}

/// Starts the demonstration on a free port, waits for its address.
fn served(folder: &Path) -> (Child, String) {
    let mut command = program(folder);
    let mut child = command.args(["demo", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = lines.find_map(|line| line.ok()?.strip_prefix("open ").map(str::to_string));
    (child, address.expect("the demonstration says where its site is"))
}

#[test]
fn its_owner_watches_and_was_told() {
    let folder = tempfile::tempdir().unwrap();
    let (mut child, address) = served(folder.path());
    let address = address.trim_start_matches("http://").trim_end_matches('/');
    assert!(get(address, "/watchlist").contains("We build on their models"));
    let inbox = get(address, "/inbox");
    assert!(inbox.contains("messages are unread") && inbox.contains("because you watch Orrery Models"), "{inbox}");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn it_ends_when_asked_and_leaves_nothing_behind() {
    for (signal, early) in [("-TERM", false), ("-INT", true)] {
        let folder = tempfile::tempdir().unwrap();
        let mut child = if early {
            let child = program(folder.path()).args(["demo", "--listen", "127.0.0.1:0"]).stdout(Stdio::null()).spawn();
            // In the middle of the tour: its folder is there, its address is not.
            while left_behind(folder.path()).is_empty() {
                std::thread::sleep(Duration::from_millis(5));
            }
            std::thread::sleep(Duration::from_millis(200));
            child.unwrap()
        } else {
            served(folder.path()).0
        };
        let asked = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        assert!(asked.success());
        let status = ended(&mut child, Duration::from_secs(20));
        assert!(status.is_some(), "{signal}: it ends by itself");
        assert!(left_behind(folder.path()).is_empty(), "{signal}: {:?}", left_behind(folder.path()));
    }
}

#[test]
fn a_port_that_is_taken_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ran = run(folder.path(), &["demo", "--listen", &address], b"");
    assert_eq!(ran.status, Some(1));
    assert!(ran.err.contains(&address) && ran.err.contains("--listen"), "{}", ran.err);
    assert!(left_behind(folder.path()).is_empty());
}
