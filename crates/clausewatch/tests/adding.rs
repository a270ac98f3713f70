//! Adding documents on the site of `clausewatch up` by their addresses: what is shown before, what is refused, and that what was added stays.
//!
//! The walk in a browser is skipped with a message where there is none. With `CLAUSEWATCH_TEST_SHOTS` set to a folder, it leaves a picture of
//! each page there, to be looked at.
#![allow(clippy::disallowed_methods, reason = "a child process lives by the clock of the machine")]
mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use common::browser::{Browser, Ending, chromium};
use common::{run, serve};

/// A site of two platforms, with pages that are documents and pages that are none.
fn answer(path: &str) -> (&'static str, String) {
    const PAGE: &str = "200 OK\r\nContent-Type: text/html";
    let words =
        "<p>We sell your personal information to advertisers, and keep it for as long as we like to keep it.</p>"
            .repeat(12);
    let page = |head: &str, title: &str, text: &str| {
        format!("<html><head>{head}</head><body><main><h1 id=top>{title}</h1>{text}</main></body></html>")
    };
    match path {
        "/terms" => (PAGE, page("", "Terms of Service", &words)),
        "/privacy" => {
            (PAGE, page("<meta property='og:site_name' content='Pear &amp; Sons'>", "Privacy Notice", &words))
        }
        "/old-privacy" => ("301 Moved Permanently\r\nLocation: /privacy", String::new()),
        "/to-private" => ("302 Found\r\nLocation: http://10.0.0.1/terms", String::new()),
        "/wall" => (
            PAGE,
            page(
                "",
                "Sign in to continue",
                &"<p>Your address and your password, please. Forgot password?</p>".repeat(5),
            ),
        ),
        "/shell" => (PAGE, "<html><body><div id=app>Loading</div></body></html>".into()),
        "/archive" => ("200 OK\r\nContent-Type: application/zip", "PK\u{3}\u{4}".repeat(100)),
        _ => ("404 Not Found", String::new()),
    }
}

/// `clausewatch up` in a folder, which ends with the test; and where its site is.
fn up(folder: &Path, more: &[&str]) -> (Ending, String) {
    let arguments = ["--listen", "127.0.0.1:0", "--data", "data", "--catalog", "catalog", "--browser", "off"];
    let mut command = common::program(folder);
    command.arg("up").args(arguments).args(["--allow-network", "127.0.0.0/8"]).args(more);
    started(command)
}

fn started(mut command: std::process::Command) -> (Ending, String) {
    let mut process = Ending(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(process.0.stdout.take().unwrap()).lines();
    let site = lines.find_map(|line| line.ok()?.strip_prefix("open ").map(str::to_string)).unwrap();
    // Whoever prints more must not find the pipe closed.
    std::thread::spawn(move || lines.for_each(drop));
    (process, site.trim_end_matches('/').to_string())
}

fn catalog(folder: &Path, port: u16) {
    std::fs::create_dir(folder.join("catalog")).unwrap();
    let plum = format!(
        "name = \"Plum\"\n[[document]]\ntype = \"Terms of Service\"\nurl = \"http://plum.localhost:{port}/terms\"\n"
    );
    std::fs::write(folder.join("catalog/plum.toml"), plum).unwrap();
}

/// Sends a form, or nothing; gives the status and all that came.
fn ask(site: &str, method: &str, path: &str, form: &[(&str, &str)], more: &str) -> (u16, String) {
    let host = site.trim_start_matches("http://");
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {}\r\n{more}\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(host).unwrap();
    stream.write_all((head + &body).as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    (answer[9..12].parse().unwrap(), answer.replace("&#38;", "&").replace("&#34;", "\""))
}

fn look(site: &str, url: &str) -> (u16, String) {
    ask(site, "POST", "/operate/add", &[("url", url)], "")
}

#[test]
fn a_document_is_added_by_its_address_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let port = serve(answer);
    catalog(folder.path(), port);
    let (process, site) = up(folder.path(), &[]);
    let at = |host: &str, path: &str| format!("http://{host}.localhost:{port}{path}");

    // What was found is shown, and nothing is kept of it.
    let (status, page) = look(&site, &at("pear", "/old-privacy"));
    assert_eq!(status, 200, "{page}");
    for words in [
        &*at("pear", "/privacy"),
        "Moved for good from",
        "value=\"Pear & Sons\"",
        "value=\"Privacy Policy\"",
        "value=\"en\"",
        "found</dd>",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains("Is this the document?"), "{page}");
    assert_eq!(std::fs::read_dir(folder.path().join("catalog")).unwrap().count(), 1);

    // Corrected and tracked.
    let url = at("pear", "/privacy");
    let form = [
        ("url", &*url),
        ("platform", "Pear"),
        ("slug", "pear-sons"),
        ("sector", "Commerce"),
        ("country", "de"),
        ("type", "Privacy Policy"),
        ("title", "Privacy of Pear"),
        ("language", "en"),
    ];
    let foreign = ask(&site, "POST", "/operate/add/track", &form, "Origin: http://evil.example\r\n");
    assert_eq!(foreign.0, 403, "{}", foreign.1);
    let (status, answer) = ask(&site, "POST", "/operate/add/track", &form, "");
    assert_eq!(status, 303, "{answer}");
    assert!(answer.contains("location: /operate/add?added=CW-D-00002"), "{answer}");
    let file = std::fs::read_to_string(folder.path().join("catalog/pear-sons.toml")).unwrap();
    for line in [
        "name = \"Pear\"",
        "slug = \"pear-sons\"",
        "sector = \"Commerce\"",
        "country = \"DE\"",
        "title = \"Privacy of Pear\"",
    ] {
        assert!(file.contains(line), "{line}: {file}");
    }
    let (_, told) = ask(&site, "GET", "/operate/add?added=CW-D-00002", &[], "");
    assert!(told.contains("/documents/CW-D-00002") && told.contains("/operate/catalog/pear-sons.toml"), "{told}");
    let (_, given) = ask(&site, "GET", "/operate/catalog/pear-sons.toml", &[], "");
    assert!(given.ends_with(&file), "{given}");

    // Again, and another one that would take its place.
    let again = look(&site, &format!("{url}#top"));
    assert!(
        again.1.contains("Tracked already") && again.1.contains("/documents/CW-D-00002"),
        "a fragment that chooses nothing: {}",
        again.1
    );
    let (status, twice) = ask(&site, "POST", "/operate/add/track", &form, "");
    assert!(status == 422 && twice.contains("is tracked already"), "{twice}");
    let elsewhere = at("pear", "/terms");
    let other = [("url", &*elsewhere), ("platform", "Pear"), ("type", "Privacy Policy"), ("title", "Privacy of Pear")];
    let (status, taken) = ask(&site, "POST", "/operate/add/track", &other, "");
    assert!(
        status == 422 && taken.contains("give it another") && taken.contains(&format!("value=\"{elsewhere}\"")),
        "{taken}"
    );

    // The tracker takes the first version by itself.
    let seen = (0..240).any(|_| {
        std::thread::sleep(Duration::from_millis(250));
        ask(&site, "GET", "/documents/CW-D-00002", &[], "").1.contains("sell your personal information")
    });
    assert!(seen, "no version of the document was taken");

    // After a restart with another edition of the catalog it is tracked still, and its file can be given to others.
    drop(process);
    std::fs::remove_file(folder.path().join("catalog/pear-sons.toml")).unwrap();
    let (_process, site) = up(folder.path(), &[]);
    let known = look(&site, &url);
    assert!(known.1.contains("Tracked already"), "{}", known.1);
    let given = run(folder.path(), &["export", "catalog", "--platform", "pear-sons", "--data", "data"], b"");
    assert_eq!((given.status, given.out), (Some(0), file));
    assert_eq!(run(folder.path(), &["export", "catalog", "--data", "data"], b"").status, Some(2));
}

#[test]
fn what_is_no_document_is_refused_or_doubted() {
    let folder = tempfile::tempdir().unwrap();
    let port = serve(answer);
    catalog(folder.path(), port);
    let (_process, site) = up(folder.path(), &[]);
    let at = |path: &str| format!("http://pear.localhost:{port}{path}");
    let long = format!("https://plum.example/?{}", "x".repeat(5000));
    for (url, reason) in [
        (&*at("/shell"), "almost no text"),
        (&at("/none"), "answered 404"),
        (&at("/archive"), "zip archive"),
        (&at("/to-private"), "10.0.0.1 is on a private or reserved network"),
        ("http://10.0.0.1/terms", "private or reserved network"),
        ("http://0xa000001/terms", "private or reserved network"),
        ("http://169.254.169.254/latest/meta-data", "private or reserved network"),
        ("file:///etc/passwd", "only pages of the web"),
        ("javascript:alert(1)", "only pages of the web"),
        ("plum.example", "not an address"),
        ("<script>alert(1)</script>", "not an address"),
        ("", "not an address"),
        ("https://ada:secret@plum.example/", "holds a name or a password"),
        (&long, "longer than 1800 bytes"),
    ] {
        let (status, page) = look(&site, url);
        assert_eq!(status, 422, "{url}: {page}");
        assert!(page.contains(reason) && page.contains("Not read"), "{url}: {page}");
        assert!(!page.contains("<script>alert"), "{page}");
    }
    let (status, wall) = look(&site, &at("/wall"));
    assert_eq!(status, 200);
    assert!(wall.contains("Is this the document?") && wall.contains("a wall (signing in"), "{wall}");
    // A program gets the same as JSON, and forms that were not made by the page are judged likewise.
    let (status, json) = ask(&site, "POST", "/operate/add.json", &[("url", &at("/privacy"))], "");
    assert!(status == 200 && json.contains("\"type\": \"Privacy Policy\""), "{json}");
    for (name, value, wrong) in [
        ("url", "https://ada:secret@plum.example/", "holds a name or a password"),
        ("url", "ftp://plum.example/", "only pages of the web"),
        ("slug", "../../etc", "`slug` must consist"),
        ("country", "Germany", "two-letter"),
        ("language", "english", "two-letter"),
        ("title", "a\nb", "`title` must be a line"),
        ("platform", &"x".repeat(500), "`platform` must be a line"),
    ] {
        let url = at("/privacy");
        let mut form = vec![("url", &*url), ("platform", "Pear"), ("type", "Privacy Policy")];
        form.retain(|(known, _)| *known != name);
        form.push((name, value));
        let (status, page) = ask(&site, "POST", "/operate/add/track", &form, "");
        assert!(status == 422 && page.contains(wrong), "{name}: {page}");
    }
    assert_eq!(std::fs::read_dir(folder.path().join("catalog")).unwrap().count(), 1, "nothing was written");
}

#[test]
fn a_site_that_does_not_track_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = common::program(folder.path());
    command.args(["serve", "--listen", "127.0.0.1:0", "--data", "data"]);
    let (_process, site) = started(command);
    let (status, page) = ask(&site, "GET", "/operate/add?url=https://plum.example/privacy", &[], "");
    assert_eq!(status, 200);
    assert!(
        page.contains("does not track") && page.contains("clausewatch track https://plum.example/privacy"),
        "{page}"
    );
    let (status, refused) = look(&site, "https://plum.example/privacy");
    assert!(status == 409 && refused.contains("does not track"), "{refused}");
}

#[test]
fn an_operator_adds_a_document_in_a_browser() {
    let Some(chromium) = chromium() else {
        return println!("skipped: no Chromium; install it, or name it with CLAUSEWATCH_TEST_CHROMIUM");
    };
    let folder = tempfile::tempdir().unwrap();
    let port = serve(answer);
    catalog(folder.path(), port);
    let (_process, site) = up(folder.path(), &[]);
    let mut browser = Browser::start(&chromium, &folder.path().join("profile"));
    browser.open(&format!("{site}/operate"));
    browser.press("a[href='/operate/add']");
    browser.picture("adding-1-form");
    let read = "form[action='/operate/add'] button";
    browser.fill("input[type=url]", &format!("http://pear.localhost:{port}/wall"));
    browser.press(read);
    assert!(browser.text().contains("Is this the document?"), "{}", browser.text());
    browser.picture("adding-2-doubts");
    browser.fill("input[type=url]", &format!("http://pear.localhost:{port}/shell"));
    browser.press(read);
    assert!(browser.text().contains("Not read."), "{}", browser.text());
    browser.picture("adding-3-refused");
    browser.fill("input[type=url]", &format!("http://pear.localhost:{port}/privacy"));
    browser.press(read);
    browser.picture("adding-4-found");
    browser.fill("input[name=sector]", "Commerce");
    browser.press("form[action='/operate/add/track'] button");
    let text = browser.text();
    assert!(text.contains("Added.") && text.contains("Pear & Sons, Privacy Policy"), "{text}");
    browser.picture("adding-5-added");
    browser.fill("input[type=url]", &format!("http://pear.localhost:{port}/privacy/"));
    browser.press(read);
    assert!(browser.text().contains("Tracked already."), "{}", browser.text());
    browser.picture("adding-6-tracked");
}
