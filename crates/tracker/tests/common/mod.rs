//! What the tests of the tracker share: stores on every engine, an invented repository, long invented texts.
#![allow(dead_code, reason = "each test file uses a part of it")]
#[path = "../../../atlas/tests/common/schema.rs"]
pub mod schema;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use atlas::ids::DocumentId;
use atlas::records::{NewDocument, Platform};
use atlas::{Atlas, KeyPlace, Location, LogConfig};

pub const DAY: i64 = 86_400_000;
/// 2024-01-01.
pub const START: i64 = 1_704_067_200_000;

/// A store in a folder, with a log key that is the same each time.
pub async fn open(folder: &Path) -> Atlas {
    open_at(&Location::Sqlite(folder.into())).await
}

pub async fn open_at(location: &Location) -> Atlas {
    let log = LogConfig { origin: "example.org/test".into(), fresh_seed: [7; 32] };
    Atlas::open(location, &log, &KeyPlace::given("the test", [5; 32])).await.unwrap()
}

pub async fn in_memory() -> Atlas {
    open_at(&Location::Memory).await
}

/// A document of an invented platform.
pub async fn plum(atlas: &Atlas) -> DocumentId {
    let platform = Platform { slug: "plum".into(), name: "Plum".into(), homepage: None, sector: None, country: None };
    atlas.put_platform(&platform).await.unwrap();
    let document = NewDocument {
        platform: "plum".into(),
        kind: "Terms of Service".into(),
        title: "Terms".into(),
        urls: vec![],
        language: None,
        select: vec![],
        remove: vec![],
    };
    atlas.put_document(&document).await.unwrap()
}

/// A git repository under construction, as a stream for `git fast-import`.
pub struct Repo {
    stream: Vec<u8>,
    commits: usize,
    made: bool,
    pub folder: tempfile::TempDir,
}

/// Whether there is a git; says so if not.
pub fn has_git() -> bool {
    let found = Command::new("git").arg("--version").output().is_ok_and(|output| output.status.success());
    if !found {
        eprintln!("there is no git: skipped");
    }
    found
}

impl Repo {
    pub fn new() -> Repo {
        Repo { stream: Vec::new(), commits: 0, made: false, folder: tempfile::tempdir().unwrap() }
    }

    /// Adds a commit on this day that writes a file.
    pub fn write(&mut self, day: i64, message: &str, path: &str, body: impl AsRef<[u8]>) -> &mut Repo {
        self.commit(day, message);
        let body = body.as_ref();
        writeln!(self.stream, "M 100644 inline {}\ndata {}", quoted(path), body.len()).unwrap();
        self.stream.extend(body);
        self.stream.push(b'\n');
        self
    }

    /// Adds a commit that renames a file.
    pub fn rename(&mut self, day: i64, message: &str, from: &str, to: &str) -> &mut Repo {
        self.commit(day, message);
        writeln!(self.stream, "R {} {}", quoted(from), quoted(to)).unwrap();
        self
    }

    /// Adds a commit that deletes a file.
    pub fn delete(&mut self, day: i64, message: &str, path: &str) -> &mut Repo {
        self.commit(day, message);
        writeln!(self.stream, "D {}", quoted(path)).unwrap();
        self
    }

    fn commit(&mut self, day: i64, message: &str) {
        self.commits += 1;
        // A minute for each commit keeps the order of those of one day.
        let seconds = (START + day * DAY) / 1000 + self.commits as i64 * 60;
        writeln!(
            self.stream,
            "commit refs/heads/main\nauthor Recorder <r@plum.example> {seconds} +0000\ncommitter Recorder <r@plum.example> {seconds} +0000\ndata {}\n{message}",
            message.len()
        )
        .unwrap();
        // A later stream goes on from the branch as it is.
        if self.made && self.first_of_stream() {
            writeln!(self.stream, "from refs/heads/main^0").unwrap();
        }
    }

    fn first_of_stream(&self) -> bool {
        self.stream.windows(7).filter(|bytes| *bytes == b"commit ").count() == 1
    }

    /// Makes the repository, or what was added since, and gives its folder. Objects are loose, so that a test can break one.
    pub fn make(&mut self) -> PathBuf {
        let folder = self.folder.path().join("plum-versions");
        if !folder.exists() {
            git(&folder, &["init", "-q", "--bare", "-b", "main", folder.to_str().unwrap()], &[]);
        }
        self.made = true;
        let stream = std::mem::take(&mut self.stream);
        git(&folder, &["-c", "fastimport.unpackLimit=1000000", "fast-import", "--quiet", "--force"], &stream);
        folder
    }
}

/// Runs git in a bare repository.
pub fn git(folder: &Path, arguments: &[&str], input: &[u8]) -> String {
    let mut command = Command::new("git");
    command.env("GIT_DIR", folder).env("GIT_CONFIG_NOSYSTEM", "1").env("HOME", "/nonexistent");
    let mut child =
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_string()
}

fn quoted(path: &str) -> String {
    format!("\"{}\"", path.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

/// Terms of an invented company with a clause for each number; the same numbers give the same text.
pub fn terms(name: &str, clauses: &[u32]) -> String {
    let mut text =
        format!("# {name} Terms of Service\n\nThese terms are between you and {name} Limited of Port Vesper.\n");
    for n in clauses {
        text += &format!(
            "\n## Part {n}\n\nThe keeper of register {n} looks after {} shelves, {} lamps and one {} cat, and writes down \
             every visit in a book that is shown to nobody but the auditor of district {}.\n",
            n * 7 % 31,
            n * 13 % 17,
            ["grey", "black", "striped", "white"][*n as usize % 4],
            n * 5 % 23
        );
    }
    text
}

/// A clause that no reader could take for anything else.
pub const ARBITRATION: &str = "You and Plum agree that any dispute, claim or controversy arising out of these terms will be \
resolved exclusively by final and binding individual arbitration administered by the Arbitration Association of Norland, and not in \
a court of law. The arbitrator's award is final and binding on both of us.";
