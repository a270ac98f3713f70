//! Import of WARC files, on invented ones.
mod common;

use std::io::Write;
use std::path::{Path, PathBuf};

use archive::warc::{Capture, WarcWriter};
use atlas::Atlas;
use common::{DAY, START, in_memory, terms};
use provisions::Reader;
use tracker::import::{Summary, warc};

async fn import(atlas: &Atlas, path: &Path) -> Summary {
    warc::import(atlas, Reader::embedded(), path, START, &|_, _| {}).await.unwrap()
}

fn page(url: &str, day: i64, status: u16, kind: &str, body: impl Into<Vec<u8>>) -> Capture {
    Capture {
        id: String::new(),
        url: url.into(),
        at_ms: START + day * DAY,
        status,
        headers: vec![("Content-Type".into(), kind.into())],
        body: body.into(),
    }
}

fn html(title: &str, clauses: &[u32]) -> String {
    let text: String = terms("Plum", clauses).lines().skip(2).map(|line| format!("<p>{line}</p>")).collect();
    format!("<html><head><title>{title}</title></head><body><main><h1>{title}</h1>{text}</main></body></html>")
}

fn crawl() -> Vec<Capture> {
    let url = "https://www.plum.example/legal/privacy";
    let mut pages = vec![
        page("https://plum.example/", 0, 301, "text/html", "moved"),
        page(url, 1, 200, "text/html; charset=utf-8", html("Plum Privacy Policy", &[1, 2, 3])),
        page("https://plum.example/logo.png", 1, 200, "image/png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec()),
        page("https://plum.example/empty", 1, 200, "text/html", ""),
        page(url, 2, 200, "text/html; charset=utf-8", html("Plum Privacy Policy", &[1, 2, 3])),
        page(url, 3, 200, "text/html; charset=utf-8", html("Plum Privacy Policy", &[1, 2, 4])),
        page("https://quince.example/terms", 3, 200, "text/html", html("Terms of Use", &[8, 9])),
    ];
    // Not in the order of their times, as crawlers write them.
    pages.swap(1, 5);
    pages
}

fn file(folder: &Path, name: &str, captures: &[Capture], gzip: bool, version: &str) -> PathBuf {
    let mut writer = WarcWriter::new(Vec::new(), gzip);
    for (n, capture) in captures.iter().enumerate() {
        writer.response(&format!("urn:uuid:00000000-0000-4000-8000-{n:012}"), capture).unwrap();
    }
    let mut bytes = writer.finish().unwrap();
    if version == "WARC/1.0" {
        // The older format has the same records, with times in whole seconds.
        let text = String::from_utf8(bytes).unwrap().replace("WARC/1.1", version);
        bytes = text.replace(".000Z", "Z").into_bytes();
    }
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_gzip_and_both_formats_give_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let text_only: Vec<Capture> = crawl().into_iter().filter(|page| !page.url.ends_with("png")).collect();
    let mut found = Vec::new();
    for (name, gzip, version) in
        [("a.warc", false, "WARC/1.1"), ("a.warc.gz", true, "WARC/1.1"), ("b.warc", false, "WARC/1.0")]
    {
        let atlas = in_memory().await;
        let path = file(folder.path(), name, &text_only, gzip, version);
        let summary = import(&atlas, &path).await;
        assert_eq!((summary.versions, summary.confirmed, summary.skipped), (3, 1, 1), "{name}");
        assert_eq!((summary.platforms.len(), summary.documents), (2, 2), "{name}");
        let documents = atlas.documents().await.unwrap();
        found.push(documents.iter().map(|d| (d.title.clone(), d.versions, d.last_verified_ms)).collect::<Vec<_>>());
        assert_eq!(atlas.check().await.unwrap(), []);
    }
    assert!(found.windows(2).all(|two| two[0] == two[1]), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_named_and_a_second_run_adds_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let atlas = in_memory().await;
    let path = file(folder.path(), "crawl.warc.gz", &crawl(), true, "WARC/1.1");
    let first = import(&atlas, &path).await;
    assert_eq!((first.read, first.versions, first.skipped), (7, 3, 2));
    assert_eq!(first.failures.len(), 1, "{:?}", first.failures);
    assert!(first.failures[0].contains("https://plum.example/empty") && first.failures[0].contains("000000000003"));
    let documents = atlas.documents().await.unwrap();
    assert_eq!(documents[0].platform.name, "plum.example");
    assert_eq!((documents[0].kind.as_str(), documents[1].kind.as_str()), ("Privacy Policy", "Terms of Service"));
    let before = atlas.fingerprint().await.unwrap();
    let again = import(&atlas, &path).await;
    assert_eq!((again.versions, again.confirmed, again.known), (0, 0, 4));
    assert_eq!(atlas.fingerprint().await.unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn captures_that_come_too_late_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let atlas = in_memory().await;
    import(&atlas, &file(folder.path(), "new.warc", &crawl(), false, "WARC/1.1")).await;
    let old = page("https://quince.example/terms", 0, 200, "text/html", html("Terms of Use", &[8, 9, 10]));
    let late = import(&atlas, &file(folder.path(), "old.warc", &[old], false, "WARC/1.1")).await;
    assert_eq!((late.versions, late.failures.len()), (0, 1));
    assert!(late.failures[0].contains("import older files first"), "{:?}", late.failures);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_broken_is_named_and_the_rest_imported() {
    let folder = tempfile::tempdir().unwrap();
    let whole = std::fs::read(file(folder.path(), "whole.warc", &crawl(), false, "WARC/1.1")).unwrap();
    let text = String::from_utf8_lossy(&whole).into_owned();
    let broken = text.replacen("Content-Length:", "Content-Longth:", 2);
    let path = folder.path().join("broken.warc");
    std::fs::File::create(&path).unwrap().write_all(broken.as_bytes()).unwrap();
    let atlas = in_memory().await;
    let summary = import(&atlas, &path).await;
    assert!(summary.failures.iter().any(|failure| failure.contains("Content-Length")), "{:?}", summary.failures);
    assert!(summary.versions >= 2, "{summary:?}");

    let cut = folder.path().join("cut.warc");
    std::fs::write(&cut, &whole[..whole.len() - 300]).unwrap();
    let atlas = in_memory().await;
    let summary = import(&atlas, &cut).await;
    assert!(summary.failures.iter().any(|failure| failure.contains("cut off")), "{:?}", summary.failures);
    assert_eq!(summary.versions, 2);
    for (name, bytes) in [("not.warc", &b"<html>no archive</html>"[..]), ("half.gz", b"\x1f\x8b\x08\0\0")] {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let summary = import(&atlas, &path).await;
        assert!(!summary.failures.is_empty() && summary.failures[0].contains(name), "{summary:?}");
    }
    let summary = import(&atlas, &folder.path().join("absent.warc")).await;
    assert!(summary.failures[0].contains("absent.warc"));
}

/// Real captures, where they are at hand.
#[tokio::test(flavor = "multi_thread")]
async fn real_captures_come_in() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/pages/captures.warc.gz");
    if !path.exists() {
        eprintln!("{} is absent: skipped", path.display());
        return;
    }
    let atlas = in_memory().await;
    let summary = import(&atlas, &path).await;
    assert_eq!(summary.versions + summary.confirmed + summary.failures.len(), 46, "{summary:?}");
    // One page is an empty shell, which is named. Eighteen captures are later ones with the same text: they must not count as changes.
    assert!(summary.failures.len() <= 1, "{summary:?}");
    assert!(summary.confirmed >= 15, "{summary:?}");
    assert_eq!(atlas.check().await.unwrap(), []);
    let again = import(&atlas, &path).await;
    assert_eq!((again.versions, again.confirmed), (0, 0));
}
