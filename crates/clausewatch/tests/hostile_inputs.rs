//! `clausewatch read` on hostile and broken input: a clear error that names the input and the next step, exit status 1, the rest done.
mod common;

use std::io::Write;
use std::path::Path;

use common::run;
use flate2::Compression;
use flate2::write::GzEncoder;

const GOOD: &[u8] = b"<!doctype html><html><body><main><h1>Plum Terms</h1><p>We may end your account at any time.</p></main></body></html>";

/// A file of each kind of damage, and words that the error about it must have.
fn damaged(folder: &Path) -> Vec<(&'static str, &'static str)> {
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).unwrap();
    write("empty.html", b"");
    write("blank.txt", b" \n\0\0\n ");
    write("picture.html", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    write("office.pdf", b"PK\x03\x04\x14\0\0\0");
    write("shell.html", b"<!doctype html><div id=app></div><script>let words = 'many words';</script>");
    write("broken.pdf", b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog");
    write("locked.pdf", include_bytes!("locked.pdf"));
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    (0..200).for_each(|_| bomb.write_all(&[b'a'; 1 << 20]).unwrap());
    write("bomb.html", &bomb.finish().unwrap());
    write("giant.txt", &vec![b'a'; (32 << 20) + 1]);
    std::fs::create_dir(folder.join("folder.html")).unwrap();
    vec![
        ("empty.html", "empty"),
        ("blank.txt", "empty"),
        ("picture.html", "PNG"),
        ("office.pdf", "office document"),
        ("shell.html", "no text"),
        ("broken.pdf", "broken"),
        ("locked.pdf", "password"),
        ("bomb.html", "gzip"),
        ("giant.txt", "split it"),
        ("folder.html", "folder"),
        ("absent.html", "No such file"),
    ]
}

#[test]
fn each_is_named_and_the_rest_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let kinds = damaged(folder.path());
    std::fs::write(folder.path().join("good.html"), GOOD).unwrap();
    let mut args = vec!["read"];
    args.extend(kinds.iter().map(|(name, _)| *name));
    args.push("good.html");
    let ran = run(folder.path(), &args, b"");
    assert_eq!(ran.status, Some(1), "{ran:?}");
    for (name, words) in kinds {
        let line = ran.err.lines().find(|line| line.starts_with(&format!("clausewatch: {name}: ")));
        assert!(line.is_some_and(|line| line.contains(words)), "{name}: {words} in:\n{}", ran.err);
    }
    assert!(ran.out.contains("Plum Terms"), "{}", ran.out);
}

#[test]
fn a_batch_goes_on_after_damage() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("pages");
    std::fs::create_dir(&pages).unwrap();
    damaged(&pages);
    std::fs::write(pages.join("good.html"), GOOD).unwrap();
    std::fs::write(
        pages.join("cut.warc"),
        b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 4000\r\n\r\nHTTP/1.1 200",
    )
    .unwrap();
    std::fs::write(pages.join("none.warc.gz"), b"no gzip, no WARC").unwrap();
    let ran = run(folder.path(), &["read", "pages", "--jsonl"], b"");
    assert_eq!(ran.status, Some(1));
    let lines: Vec<serde_json::Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(lines[0]["source"], "pages/good.html");
    assert_eq!(lines[0]["markdown"], "# Plum Terms\n\nWe may end your account at any time.\n");
    for name in ["pages/empty.html", "pages/cut.warc", "pages/none.warc.gz", "pages/giant.txt", "pages/locked.pdf"] {
        assert!(ran.err.contains(&format!("clausewatch: {name}")), "{name} in:\n{}", ran.err);
    }
}

/// A pipe that nobody writes to would be waited for for ever.
#[test]
fn pipes_devices_and_closed_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let made = std::process::Command::new("mkfifo").arg(folder.path().join("pipe.html")).status();
    assert!(made.is_ok_and(|status| status.success()));
    for (name, words) in [("pipe.html", "pipe or a device"), ("/dev/zero", "pipe or a device")] {
        let ran = run(folder.path(), &["read", name], b"");
        assert_eq!(ran.status, Some(1));
        assert!(ran.err.contains(words) && ran.err.contains("standard input"), "{}", ran.err);
    }
    let secret = folder.path().join("secret.html");
    std::fs::write(&secret, GOOD).unwrap();
    std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o000)).unwrap();
    if std::fs::read(&secret).is_ok() {
        return println!("skipped for unreadable files: root reads them all");
    }
    let ran = run(folder.path(), &["read", "secret.html"], b"");
    assert!(ran.status == Some(1) && ran.err.contains("secret.html: Permission denied"), "{ran:?}");
}

#[test]
fn odd_bytes_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let read = |bytes: &[u8]| {
        let ran = run(folder.path(), &["read", "-", "--json"], bytes);
        assert_eq!(ran.status, Some(0), "{}", ran.err);
        serde_json::from_str::<serde_json::Value>(&ran.out).unwrap()["markdown"].as_str().unwrap().to_string()
    };
    assert_eq!(read(b"<!doctype html><p>Gr\xf6\xdfe is kept.</p>"), "Größe is kept.\n");
    assert_eq!(read(b"<!doctype html><p>Half a char \xe2\x82 and NUL\0s.</p>").matches("NULs").count(), 1);
    assert_eq!(read("<!doctype html><meta charset=iso-8859-1><p>Größe</p>".as_bytes()), "Größe\n");
    let deep = format!("<!doctype html>{}We may end it.", "<div>".repeat(100_000));
    assert_eq!(read(deep.as_bytes()), "We may end it.\n");
    let line = format!("<!doctype html><p>{}</p>", "We may end it. ".repeat(70_000));
    assert!(read(line.as_bytes()).len() > 1_000_000);
    assert!(read(&GOOD[..GOOD.len() - 40]).starts_with("# Plum Terms"));
}
