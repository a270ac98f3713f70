//! Evidence from the command line: what is verified, by whose key, and what scripts are told.
mod common;

use std::path::{Path, PathBuf};

use common::{run, serve};
use serde_json::Value;

/// An instance that holds a document, and a bundle of it.
fn instance() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let words =
        "<p>We sell your personal information to advertisers, and keep it for as long as we like.</p>".repeat(5);
    let page = format!("<html><body><main><h1>Privacy Policy</h1>{words}</main></body></html>");
    let url = format!(
        "http://plum.localhost:{}/privacy",
        serve(move |_| ("200 OK\r\nContent-Type: text/html", page.clone()))
    );
    let tracked = run(folder.path(), &["track", &url, "--allow-network", "127.0.0.0/8", "--browser", "off"], b"");
    assert_eq!(tracked.status, Some(0), "{}", tracked.err);
    let written = run(folder.path(), &["evidence", "CW-D-00001", "-o", "clause.zip"], b"");
    assert_eq!(written.status, Some(0), "{}", written.err);
    std::fs::write(folder.path().join("key"), written.out.rsplit_once("--key ").unwrap().1).unwrap();
    let bundle = folder.path().join("clause.zip");
    (folder, bundle)
}

/// The exit status of `verify`, and its report.
fn verify(folder: &Path, bundle: &Path, more: &[&str]) -> (Option<i32>, Value) {
    let ran = run(folder, &[&["verify", bundle.to_str().unwrap(), "--json"], more].concat(), b"");
    (ran.status, serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}", ran.err)))
}

#[test]
fn only_a_bundle_that_a_trusted_key_signed_is_verified() {
    let ((honest, bundle), (forger, forged)) = (instance(), instance());
    let key = std::fs::read_to_string(honest.path().join("key")).unwrap();
    let key_file = honest.path().join("key");
    let elsewhere = tempfile::tempdir().unwrap();
    let said = |(status, report): (Option<i32>, Value)| (status, report["passed"] == true, report["trusted"] == true);

    // The key of the instance's own log, a key, a file with it.
    assert_eq!(said(verify(honest.path(), &bundle, &[])), (Some(0), true, true));
    for key in [key.trim(), key_file.to_str().unwrap()] {
        assert_eq!(said(verify(elsewhere.path(), &bundle, &["--key", key])), (Some(0), true, true));
        assert_eq!(said(verify(elsewhere.path(), &forged, &["--key", key])), (Some(1), false, false));
    }
    assert_eq!(said(verify(forger.path(), &bundle, &[])), (Some(1), false, false));
    // Without a key, that a bundle agrees with itself is no verification, unless no more is asked for.
    for bundle in [&bundle, &forged] {
        assert_eq!(said(verify(elsewhere.path(), bundle, &[])), (Some(1), true, false));
        assert_eq!(said(verify(elsewhere.path(), bundle, &["--integrity-only"])), (Some(0), true, false));
    }
    let told = run(elsewhere.path(), &["verify", forged.to_str().unwrap()], b"");
    assert!(told.out.contains("Not verified: ") && told.out.contains("--key"), "{}", told.out);
    assert!(!elsewhere.path().join("clausewatch-data").exists(), "checking creates no store");
    assert_eq!(
        run(elsewhere.path(), &["verify", "x.zip", "--integrity-only", "--key", key.trim()], b"").status,
        Some(2)
    );
}

#[test]
fn a_key_that_cannot_be_used_is_named() {
    let (folder, bundle) = instance();
    std::fs::write(folder.path().join("empty"), "no key\n").unwrap();
    for (key, reason) in [("absent.key", "cannot be read"), ("empty", "is no key")] {
        let ran = run(folder.path(), &["verify", bundle.to_str().unwrap(), "--key", key], b"");
        assert_eq!(ran.status, Some(1));
        assert!(ran.err.contains(&format!("--key {key}")) && ran.err.contains(reason), "{}", ran.err);
        assert!(!ran.err.contains("clause.zip"), "the bundle is not at fault: {}", ran.err);
    }
}
