//! Tracking from the command line: a document by its address alone, declarations of others, what the doctor says of it.
mod common;
#[path = "../../alerts/tests/common/smtp.rs"]
#[allow(dead_code, reason = "each test program uses a part of this")]
mod smtp;

use common::{program, run, serve};

/// A policy, a page that moved to it, an empty shell, and nothing else.
fn answer(path: &str) -> (&'static str, String) {
    let words =
        "<p>We sell your personal information to advertisers, and keep it for as long as we like to keep it.</p>"
            .repeat(5);
    match path {
        "/privacy" | "/privacy-too" => (
            "200 OK\r\nContent-Type: text/html",
            format!("<html><body><main><h1>Privacy Policy</h1>{words}</main></body></html>"),
        ),
        "/old-privacy" => ("301 Moved Permanently\r\nLocation: /privacy", String::new()),
        "/shell" => ("200 OK\r\nContent-Type: text/html", "<html><body><div id=app>Loading</div></body></html>".into()),
        _ => ("404 Not Found", String::new()),
    }
}

#[test]
fn an_address_is_all_that_is_needed() {
    let folder = tempfile::tempdir().unwrap();
    let site = format!("http://plum.localhost:{}", serve(answer));
    let track = |path: &str| {
        let url = format!("{site}{path}");
        run(folder.path(), &["track", &url, "--allow-network", "127.0.0.0/8"], b"")
    };
    let failed = track("/shell");
    assert_eq!(failed.status, Some(1));
    assert!(failed.err.contains("almost no text"), "{}", failed.err);
    assert_eq!(track("/none").status, Some(1));
    assert!(!folder.path().join("catalog").exists(), "what cannot be read is not added");

    let added = track("/old-privacy");
    assert_eq!(added.status, Some(0), "{}", added.err);
    for words in [
        "is added to catalog/plum.toml",
        "moved for good",
        "its platform is Plum",
        "its type is Privacy Policy",
        "version 1",
    ] {
        assert!(added.out.contains(words), "{words}: {}", added.out);
    }
    let file = std::fs::read_to_string(folder.path().join("catalog/plum.toml")).unwrap();
    assert!(file.contains(&format!("url = \"{site}/privacy\"")) && file.contains("language = \"en\""), "{file}");

    let again = track("/privacy");
    assert!(again.out.contains("in catalog/plum.toml already") && again.out.contains("unchanged"), "{}", again.out);
    assert_eq!(std::fs::read_to_string(folder.path().join("catalog/plum.toml")).unwrap(), file);
    let doctor = run(folder.path(), &["doctor"], b"");
    assert_eq!(doctor.status, Some(0), "{}", doctor.out);
    assert!(doctor.out.contains("documents: 1 in order"), "{}", doctor.out);
}

#[test]
fn no_document_is_moved_by_adding_another() {
    let folder = tempfile::tempdir().unwrap();
    let site = format!("http://plum.localhost:{}", serve(answer));
    let track = |path: &str| {
        let url = format!("{site}{path}");
        run(folder.path(), &["track", &url, "--allow-network", "127.0.0.0/8"], b"")
    };
    assert_eq!(track("/privacy").status, Some(0));
    // Another catalog, the same record.
    std::fs::remove_dir_all(folder.path().join("catalog")).unwrap();
    let refused = track("/privacy-too");
    assert_eq!(refused.status, Some(1), "{}", refused.out);
    assert!(
        refused.err.contains("there is a Privacy Policy of Plum with the title “Privacy Policy” at"),
        "{}",
        refused.err
    );
    assert!(!folder.path().join("catalog").exists());
    assert_eq!(track("/privacy").status, Some(0), "the document that it is is no other");
}

#[test]
fn the_doctor_says_what_needs_attention() {
    let folder = tempfile::tempdir().unwrap();
    let port = serve(answer);
    std::fs::create_dir(folder.path().join("catalog")).unwrap();
    let file = format!(
        "name = \"Plum\"\n[[document]]\ntype = \"Terms of Service\"\nurl = \"http://plum.localhost:{port}/terms\"\n\
         [[document]]\ntype = \"Privacy Policy\"\nurl = \"http://plum.localhost:{port}/old-privacy\"\n"
    );
    std::fs::write(folder.path().join("catalog/plum.toml"), file).unwrap();
    for round in 1..=3 {
        let ran = run(folder.path(), &["track", "Plum", "--allow-network", "127.0.0.0/8"], b"");
        assert_eq!(ran.status, Some(1), "round {round}: {}", ran.out);
    }
    let doctor = run(folder.path(), &["doctor", "--quick"], b"");
    assert_eq!(doctor.status, Some(1));
    for words in [
        "1 in need of attention",
        "the server answered 404",
        "find where the document is now",
        "/privacy\"` into its file",
    ] {
        assert!(doctor.out.contains(words), "{words}: {}", doctor.out);
    }
    let json: serde_json::Value =
        serde_json::from_str(&run(folder.path(), &["doctor", "--quick", "--json"], b"").out).unwrap();
    assert_eq!((&json["documents_by_state"]["attention"], &json["attention"][0]["failures"]), (&1.into(), &3.into()));
    assert_eq!(json["moved"][0]["moved_to"], format!("http://plum.localhost:{port}/privacy"));
}

#[test]
fn names_from_outside_do_not_control_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let port = serve(answer);
    std::fs::create_dir(folder.path().join("catalog")).unwrap();
    let file = format!(
        "name = \"Pl\\u001b[31mum\"\n[[document]]\ntype = \"Privacy Policy\"\ntitle = \"Privacy\\u001b]0;x\\u0007\"\n\
         url = \"http://plum.localhost:{port}/old-privacy\"\n"
    );
    std::fs::write(folder.path().join("catalog/plum.toml"), file).unwrap();
    let tracked = run(folder.path(), &["track", "--once", "--allow-network", "127.0.0.0/8"], b"");
    assert!(tracked.out.contains("version 1"), "{}{}", tracked.out, tracked.err);
    for args in [&["doctor", "--quick"][..], &["show", "CW-D-00001"], &["show", "CW-P-000001"]] {
        let ran = run(folder.path(), args, b"");
        assert!(ran.out.contains("Pl[31mum"), "{args:?}: {}{}", ran.out, ran.err);
        assert!(!ran.out.contains(['\x1b', '\x07']), "{args:?}: {:?}", ran.out);
    }
}

#[test]
fn declarations_come_into_the_catalog() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("declarations")).unwrap();
    let plum = r#"{"name": "Plum", "terms": {"Terms of Service": {"fetch": "https://plum.example/terms", "select": {"startBefore": "h1", "endBefore": "footer"}}}}"#;
    std::fs::write(folder.path().join("declarations/Plum.json"), plum).unwrap();
    let ran = run(folder.path(), &["import", "declarations", "."], b"");
    assert_eq!(ran.status, Some(0), "{}", ran.err);
    let file = std::fs::read_to_string(folder.path().join("catalog/plum.toml")).unwrap();
    assert!(file.contains("select = [\"startBefore h1 >>> endBefore footer\"]"), "{file}");
    assert!(!folder.path().join("clausewatch-data").exists(), "no store is made");
    assert_eq!(run(folder.path(), &["import", "declarations", "none"], b"").status, Some(1));
}

#[test]
fn a_proxy_is_used_when_it_is_named_and_only_then() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("http://plum.localhost:{}/privacy", serve(answer));
    let read = |args: &[&str], variables: &[(&str, &str)]| {
        let mut command = common::program(folder.path());
        command.args(["read", &url, "--allow-network", "127.0.0.0/8"]).args(args).envs(variables.iter().copied());
        let ran = command.output().unwrap();
        (ran.status.code(), String::from_utf8_lossy(&ran.stderr).into_owned())
    };
    // A port of this machine that nobody listens on.
    let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let dead = format!("http://ada:secret@{dead}");
    let ambient =
        ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"].map(|name| (name, dead.as_str()));
    assert_eq!(read(&[], &ambient).0, Some(0), "the environment's proxy is passed over");
    // What lies in an allowed network is reached straight; what is public is asked of the proxy.
    assert_eq!(read(&[], &[("CLAUSEWATCH_PROXY", &dead)]).0, Some(0));
    std::fs::write(folder.path().join("proxy.txt"), format!("{dead}\n")).unwrap();
    let public = "http://93.184.216.34/terms";
    for (args, variables) in
        [(&["--proxy-file", "proxy.txt"][..], &[][..]), (&[], &[("CLAUSEWATCH_PROXY", dead.as_str())])]
    {
        let mut command = common::program(folder.path());
        let ran = command.args(["read", public]).args(args).envs(variables.iter().copied()).output().unwrap();
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert_eq!(ran.status.code(), Some(1), "{said}");
        assert!(said.contains("the proxy http://127.0.0.1") && said.contains("cannot be reached"), "{said}");
        assert!(!said.contains("secret") && !said.contains("ada"), "{said}");
    }
    std::fs::write(folder.path().join("socks.txt"), "socks5://ada:secret@127.0.0.1:1080").unwrap();
    for (args, words) in [
        (&["--proxy", "ftp://ada:secret@plum.example"][..], "write http://HOST:PORT"),
        (&["--proxy-file", "socks.txt"], "socks.txt"),
        (&["--proxy-file", "none.txt"], "none.txt"),
        (&["--proxy-resolves-names"], "needs a proxy"),
        (&["--ca-file", "none.pem"], "none.pem"),
        (&["--ca-file", "proxy.txt"], "proxy.txt: it holds no certificate"),
    ] {
        let (status, said) = read(args, &[]);
        assert_eq!(status, Some(1), "{args:?}: {said}");
        assert!(said.contains(words) && !said.contains("secret"), "{args:?}: {said}");
    }
    // At the start, whatever is to be fetched later.
    for verb in ["up", "serve", "work"] {
        let ran = run(folder.path(), &[verb, "--ca-file", "proxy.txt"], b"");
        assert!(ran.status == Some(1) && ran.err.contains("proxy.txt"), "{verb}: {}", ran.err);
    }
    assert!(!folder.path().join("clausewatch-data").exists(), "no store is made");
}

/// The mails that came within a while, each whole.
async fn mails(smtp: &smtp::Smtp, count: usize) -> Vec<smtp::Mail> {
    for _ in 0..600 {
        if smtp.taken().len() >= count {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    smtp.taken()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_is_told_once_that_many_checks_fail() {
    let (folder, smtp, port) = (tempfile::tempdir().unwrap(), smtp::Smtp::start().await, serve(answer));
    std::fs::create_dir(folder.path().join("catalog")).unwrap();
    for host in 1..=11 {
        let url = format!("http://plum{host}.localhost:{port}/none");
        let file = format!("name = \"Plum {host}\"\n[[document]]\ntype = \"Terms of Service\"\nurl = \"{url}\"\n");
        std::fs::write(folder.path().join(format!("catalog/plum-{host}.toml")), file).unwrap();
    }
    let server = format!("smtp://127.0.0.1:{}", smtp.port);
    let begin = || {
        let mut work = program(folder.path());
        work.args(["work", "--browser", "off", "--allow-network", "127.0.0.0/8", "--mail-server", &server])
            .args(["--mail-from", "alerts@watch.example", "--operator-mail", "ada@watch.example"])
            .stderr(std::process::Stdio::null());
        work.spawn().unwrap()
    };
    let mut child = begin();
    let told = mails(&smtp, 1).await;
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!((told.len(), told[0].to.clone()), (1, vec!["ada@watch.example".into()]));
    assert_eq!(told[0].header("subject"), "Many checks of documents fail");
    assert!(
        told[0].body.contains("11 of 11 checks of the last 6 hours failed") && told[0].body.contains("/status"),
        "{}",
        told[0].body
    );
    // One that starts while they fail does not tell it again: it is told before anything is checked.
    let mut child = begin();
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(smtp.taken().len(), 1);

    let nowhere = run(folder.path(), &["work", "--operator-mail", "ada@watch.example"], b"");
    assert!(nowhere.status == Some(1) && nowhere.err.contains("--mail-server"), "{}", nowhere.err);
}
