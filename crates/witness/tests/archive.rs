//! The client, against an archive on this machine that follows the documented behaviour of the Wayback Machine and fails as that does.
mod common;

use common::server::{Held, Reply, Server, digest, json, listed, sound};
use common::{DAY, PAGE, SEEN, archive, saving, settings};
use witness::{Archive, Failure, Job, Listed, Settings, Span};

fn reason<T: std::fmt::Debug>(result: Result<T, Failure>) -> String {
    result.unwrap_err().to_string()
}

fn as_listed(held: &Held) -> Listed {
    let at_ms = ::archive::instant::parse(&held.timestamp).unwrap();
    Listed { timestamp: held.timestamp.clone(), at_ms, original: held.original.clone(), digest: held.digest.clone() }
}

fn available(url: &str, timestamp: &str) -> String {
    format!(
        r#"{{"archived_snapshots":{{"closest":{{"status":"200","available":true,"url":"{url}","timestamp":"{timestamp}"}}}}}}"#
    )
}

#[tokio::test]
async fn the_nearest_capture_is_found_and_who_asks_says_so() {
    let held = vec![
        Held::page("20260101000000", PAGE, "old"),
        Held::page("20260505080000", "http://www.plum.example:80/terms", "near"),
    ];
    let server = Server::archive(held, 100).await;
    let found = archive(&server).nearest(PAGE, SEEN).await.unwrap().unwrap();
    assert_eq!(found.url, format!("{}web/20260505080000/http://www.plum.example/terms", server.root()));
    assert_eq!(found.at_ms, SEEN - 4 * 60 * 60 * 1000);
    let asked = server.asked();
    assert_eq!(asked.len(), 1, "near enough; its index is spared");
    assert_eq!(asked[0].parameter("url").as_deref(), Some(PAGE));
    assert_eq!(asked[0].parameter("timestamp").as_deref(), Some("20260505120000"));
    assert!(asked[0].head.to_lowercase().contains("user-agent: clausewatch/"), "{}", asked[0].head);
}

#[tokio::test]
async fn an_empty_answer_is_not_believed_before_the_index_was_asked() {
    let held = vec![
        Held::page("20260401000000", PAGE, "a"),
        Held::page("20260503120000", PAGE, "b"),
        Held::page("20260601000000", PAGE, "c"),
    ];
    let server = Server::start(move |asked| match asked.is("/wayback/available") {
        true => json(r#"{"url":"plum.example/terms","archived_snapshots":{}}"#),
        false => sound(asked, &held, 100),
    })
    .await;
    let found = archive(&server).nearest(PAGE, SEEN).await.unwrap().unwrap();
    assert_eq!(found.at_ms, SEEN - 2 * DAY);
    let none = Server::archive(vec![], 100).await;
    assert_eq!(archive(&none).nearest(PAGE, SEEN).await, Ok(None));
    assert_eq!(none.asked().len(), 3, "one before, one after");
}

#[tokio::test]
async fn captures_that_lie_elsewhere_are_no_answer() {
    for (url, timestamp) in [
        ("http://evil.example/web/20260505080000/https://plum.example/terms", "20260505080000"),
        ("ROOTweb/20260505080000/https://quince.example/terms", "20260505080000"),
        ("ROOTweb/20260505080000/https://plum.example/terms", "20260101000000"),
        ("ROOTweb/soon/https://plum.example/terms", "soon"),
        ("javascript:alert(1)", "20260505080000"),
    ] {
        let server = Server::start(move |asked| {
            let host =
                asked.head.lines().find_map(|line| line.to_lowercase().strip_prefix("host: ").map(str::to_owned));
            json(available(&url.replace("ROOT", &format!("http://{}/", host.unwrap())), timestamp))
        })
        .await;
        let said = reason(archive(&server).nearest(PAGE, SEEN).await);
        assert!(said.contains("names a capture that lies elsewhere"), "{url}: {said}");
    }
}

#[tokio::test]
async fn whatever_is_no_answer_is_an_outage_and_never_a_no() {
    let robots = "org.archive.wayback.exception.RobotAccessControlException: Blocked By Robots";
    let excluded = "org.archive.wayback.exception.AdministrativeAccessControlException: Blocked Site Error";
    let cases: Vec<(Reply, &str)> = vec![
        (Reply::new(200, "<html><body>Please wait</body></html>"), "something else"),
        (Reply::new(200, ""), "something else"),
        (json(r#"{"archived_snapshots":{"closest":{"available":tr"#), "something else"),
        (json("[1,2"), "something else"),
        (Reply::new(500, "x"), "answered 500"),
        (Reply::new(502, "x"), "answered 502"),
        (Reply::new(503, "x"), "answered 503"),
        (Reply::new(403, "no"), "answered 403"),
        (Reply::new(302, "").with("Location", "http://127.0.0.1:1/"), "answered 302"),
        (Reply::endless(), "sent more than"),
        (Reply::silent(), "no answer in time"),
        (Reply::new(429, "slow down"), "left alone for 60 s"),
        (Reply::new(429, "slow down").with("Retry-After", "120"), "left alone for 120 s"),
        (Reply::new(503, "x").with("Retry-After", "7"), "left alone for 7 s"),
        (Reply::new(403, robots), "robots.txt asked it not to"),
        (Reply::new(403, excluded), "excluded"),
        (Reply::new(200, "[]").with("X-Archive-Wayback-Runtime-Error", robots), "robots.txt asked it not to"),
    ];
    for (number, (reply, expected)) in cases.into_iter().enumerate() {
        let reply = std::sync::Mutex::new(Some(reply));
        let server = Server::start(move |_| reply.lock().unwrap().take().unwrap_or_else(|| Reply::new(500, ""))).await;
        let said = archive(&server).nearest(PAGE, SEEN).await;
        let never = matches!(said, Err(Failure::Never { .. }));
        assert_eq!(never, expected.contains("robots") || expected == "excluded", "case {number}: {said:?}");
        assert!(reason(said).contains(expected), "case {number} ({expected})");
    }
    // Nobody listens.
    let gone = Server::archive(vec![], 1).await;
    let client = archive(&gone);
    drop(gone);
    tokio::task::yield_now().await;
    assert!(matches!(client.nearest(PAGE, SEEN).await, Err(Failure::Outage { .. })));
}

#[tokio::test]
async fn an_archive_that_asked_for_rest_is_not_asked_again() {
    let server = Server::start(|_| Reply::new(429, "").with("Retry-After", "300")).await;
    let client = archive(&server);
    assert!(matches!(client.nearest(PAGE, SEEN).await, Err(Failure::Busy { seconds: 300, .. })));
    assert!(matches!(client.captures(PAGE, Span::default(), None).await, Err(Failure::Busy { .. })));
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn an_archive_on_a_private_network_is_refused_unless_it_is_allowed() {
    let server = Server::archive(vec![], 1).await;
    let mut guarded = settings(&server);
    guarded.fetch.allowed.clear();
    let said = reason(Archive::new(guarded).unwrap().nearest(PAGE, SEEN).await);
    assert!(said.contains("private or reserved network"), "{said}");
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn an_index_is_read_part_by_part() {
    let held: Vec<Held> =
        (1..=5).map(|day| Held::page(&format!("2024010{day}000000"), PAGE, &format!("text {day}"))).collect();
    let again = Held { timestamp: "20240103120000".into(), ..held[2].clone() };
    let server = Server::archive([held, vec![again]].concat(), 2).await;
    let client = archive(&server);
    let (mut found, mut resume) = (Vec::new(), None);
    loop {
        let part = client.captures(PAGE, Span::default(), resume.as_deref()).await.unwrap();
        found.extend(part.captures.into_iter().map(|capture| capture.timestamp));
        match part.resume {
            Some(key) => resume = Some(key),
            None => break,
        }
    }
    let expected: Vec<String> = (1..=5).map(|day| format!("2024010{day}000000")).collect();
    assert_eq!(found, expected, "what has the same body as the one before is left out");
    let asked = &server.asked()[0];
    for (name, value) in
        [("output", "json"), ("filter", "statuscode:200"), ("collapse", "digest"), ("showResumeKey", "true")]
    {
        assert_eq!(asked.parameter(name).as_deref(), Some(value));
    }
    assert_eq!(asked.parameter("from"), None);
}

#[tokio::test]
async fn an_index_that_never_ends_is_an_outage() {
    let held = Held::page("20240101000000", PAGE, "text");
    let server = Server::start(move |_| json(listed(&[&held], Some("com,plum)/terms 2024!")))).await;
    let client = archive(&server);
    let part = client.captures(PAGE, Span::default(), None).await.unwrap();
    let key = part.resume.unwrap();
    assert_eq!(server.asked().len(), 1);
    let said = reason(client.captures(PAGE, Span::default(), Some(&key)).await);
    assert!(said.contains("again and again"), "{said}");
    assert_eq!(server.asked()[1].parameter("resumeKey").as_deref(), Some("com,plum)/terms 2024!"));
}

#[tokio::test]
async fn a_broken_index_is_an_outage() {
    let half = r#"[["timestamp","original","mimetype","statuscode","digest"],["20240101000000","https://plum.exa"#;
    for (body, expected) in [
        ("", "empty list"),
        (half, "ends early"),
        ("org.archive.util.io.RuntimeIOException: java.io.IOException", "index could not be read"),
        ("<!DOCTYPE html><html>", "page for people"),
    ] {
        let server = Server::start(move |_| Reply::new(200, body)).await;
        let said = archive(&server).captures(PAGE, Span::default(), None).await;
        assert!(matches!(said, Err(Failure::Outage { .. })), "{body}");
        assert!(reason(said).contains(expected), "{body}");
    }
}

#[tokio::test]
async fn a_capture_comes_as_it_was_captured() {
    let held = Held::page("20240101000000", PAGE, "<p>Terms</p>");
    let server = Server::archive(vec![held.clone()], 10).await;
    let raw = archive(&server).raw(&as_listed(&held)).await.unwrap();
    assert_eq!(raw.body, b"<p>Terms</p>");
    assert!(raw.verified);
    assert_eq!(raw.url, format!("{}web/20240101000000id_/{PAGE}", server.root()));
    assert_eq!(raw.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(raw.header("server"), Some("plum"));
    assert_eq!(raw.header("memento-datetime"), None, "that is the archive's");
}

#[tokio::test]
async fn what_was_sent_compressed_is_undone_and_its_hash_may_be_of_either() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut gzip, b"<p>Terms</p>").unwrap();
    let sent = gzip.finish().unwrap();
    let held = Held::page("20240101000000", PAGE, "<p>Terms</p>");
    for (digest, verified) in [(digest(&sent), true), (held.digest.clone(), true), (digest(b"chunks"), false)] {
        let listed = Listed { digest, ..as_listed(&held) };
        let (held, sent) = (held.clone(), sent.clone());
        let server = Server::start(move |_| {
            Held { body: sent.clone(), ..held.clone() }
                .reply()
                .with("content-encoding", "")
                .with("Content-Encoding", "gzip")
                .with("x-archive-orig-content-encoding", "gzip")
        })
        .await;
        let raw = archive(&server).raw(&listed).await.unwrap();
        assert_eq!((&raw.body[..], raw.verified), (&b"<p>Terms</p>"[..], verified));
        assert_eq!(raw.header("content-encoding"), None);
    }
}

#[tokio::test]
async fn what_the_archive_says_of_itself_is_never_a_capture() {
    let held = Held::page("20240101000000", PAGE, "<p>Terms</p>");
    let page = "<html>The Wayback Machine has not archived that URL.</html>";
    let loops = format!("/web/20240101000000id_/{PAGE}");
    let other = Held { timestamp: "20230101000000".into(), ..held.clone() };
    let elsewhere = Held { original: "https://quince.example/terms".into(), ..held.clone() };
    let cases: Vec<(Reply, &str)> = vec![
        (Reply::new(200, page), "a page of its own"),
        (Reply::new(404, page), "does not have it"),
        (Reply::new(302, "").with("Location", loops), "to another one"),
        (other.reply(), "or another capture"),
        (elsewhere.reply(), "of another page"),
        (Held { status: 404, ..held.clone() }.reply(), "of status 404"),
        (Held { status: 301, ..held.clone() }.reply(), "to another one"),
        (Held { body: b"<p>Other terms</p>".to_vec(), ..held.clone() }.reply(), "other bytes"),
        (Held { body: vec![b'x'; 100_000], ..held.clone() }.reply(), "more than 65536 bytes"),
        (held.reply().with("Content-Encoding", "gzip"), "damaged"),
        (Reply::endless(), "more than 65536 bytes"),
        (Reply::new(403, "org.archive.wayback.exception.RobotAccessControlException"), "robots.txt"),
    ];
    for (number, (reply, expected)) in cases.into_iter().enumerate() {
        let reply = std::sync::Mutex::new(Some(reply));
        let server = Server::start(move |_| reply.lock().unwrap().take().unwrap()).await;
        let said = archive(&server).raw(&as_listed(&held)).await;
        assert!(matches!(said, Err(Failure::Never { .. })), "case {number} ({expected}): {said:?}");
        assert!(reason(said).contains(expected), "case {number} ({expected})");
        assert_eq!(server.asked().len(), 1, "nothing is followed");
    }
    for (reply, busy) in [(Reply::new(429, ""), true), (Reply::new(504, ""), false)] {
        let reply = std::sync::Mutex::new(Some(reply));
        let server = Server::start(move |_| reply.lock().unwrap().take().unwrap()).await;
        let said = archive(&server).raw(&as_listed(&held)).await.unwrap_err();
        assert_eq!(matches!(said, Failure::Busy { .. }), busy, "{said}");
        assert!(matches!(said, Failure::Busy { .. } | Failure::Outage { .. }), "{said}");
    }
}

#[tokio::test]
async fn a_page_is_submitted_with_the_keys_and_looked_after() {
    let server = Server::start(|asked| match (asked.method.as_str(), asked.path.as_str()) {
        ("POST", "/save") => json(r#"{"url":"https://plum.example/terms","job_id":"spn2-0a1b"}"#),
        ("GET", "/save/status/spn2-0a1b") => json(
            r#"{"status":"success","job_id":"spn2-0a1b","original_url":"https://plum.example/terms","timestamp":"20260505121500","outlinks":[]}"#,
        ),
        _ => Reply::new(404, ""),
    })
    .await;
    let client = saving(&server);
    let job = client.submit(PAGE, 900).await.unwrap().unwrap();
    let saved = client.job(&job, PAGE).await.unwrap();
    let Job::Saved(capture) = saved else { panic!("{saved:?}") };
    assert_eq!(capture.url, format!("{}web/20260505121500/{PAGE}", server.root()));
    let asked = server.asked();
    assert!(asked.iter().all(|asked| asked.head.to_lowercase().contains("authorization: low key:secret")));
    assert!(asked.iter().all(|asked| asked.head.to_lowercase().contains("accept: application/json")));
    assert_eq!(asked[0].body, "url=https%3A%2F%2Fplum.example%2Fterms&skip_first_archive=1&if_not_archived_within=900");
    assert_eq!(client.job("other", PAGE).await, Ok(Job::Unknown));
}

#[tokio::test]
async fn failures_of_submissions_are_told_apart() {
    let failed = |code: &str, again| Ok(Err(Job::Failed { code: code.into(), again }));
    let said = |code: &str| json(format!(r#"{{"status":"error","status_ext":"{code}","message":"<b>words</b>"}}"#));
    for (reply, expected) in [
        (said("error:too-many-daily-captures"), failed("error:too-many-daily-captures", true)),
        (said("error:blocked-url"), failed("error:blocked-url", false)),
        (said("error:no-access"), failed("error:no-access", false)),
        (said("<script>"), failed("error", true)),
    ] {
        let reply = std::sync::Mutex::new(Some(reply));
        let server = Server::start(move |_| reply.lock().unwrap().take().unwrap()).await;
        assert_eq!(saving(&server).submit(PAGE, 60).await, expected);
    }
    let keys = |failure: &Failure| matches!(failure, Failure::Keys { .. });
    let server = Server::start(|_| Reply::new(401, r#"{"message":"You need to be logged in"}"#)).await;
    assert!(keys(&saving(&server).submit(PAGE, 60).await.unwrap_err()));
    assert!(keys(&archive(&server).submit(PAGE, 60).await.unwrap_err()), "nothing is submitted without keys");
    assert_eq!(server.asked().len(), 1);
    for (body, expected) in [
        (r#"{"url":"x"}"#, "did not name the job"),
        (r#"{"job_id":"../../x"}"#, "did not name the job"),
        ("<html>", "something else"),
    ] {
        let server = Server::start(move |_| json(body)).await;
        let said = reason(saving(&server).submit(PAGE, 60).await);
        assert!(said.contains(expected), "{body}: {said}");
    }
}

#[tokio::test]
async fn a_submission_that_led_elsewhere_is_no_capture_of_the_page() {
    for (body, expected) in [
        (r#"{"status":"pending","resources":[]}"#, Ok(Job::Pending)),
        (
            r#"{"status":"success","timestamp":"20260505121500","original_url":"https://plum.example/sign-in"}"#,
            Ok(Job::Failed { code: "captured another page".into(), again: false }),
        ),
        (
            r#"{"status":"success","timestamp":"soon","original_url":"https://plum.example/terms"}"#,
            Ok(Job::Failed { code: "captured another page".into(), again: false }),
        ),
    ] {
        let server = Server::start(move |_| json(body)).await;
        assert_eq!(saving(&server).job("spn2-1", PAGE).await, expected, "{body}");
    }
    let server = Server::start(|_| json(r#"{"status":"who knows"}"#)).await;
    assert!(reason(saving(&server).job("spn2-1", PAGE).await).contains("did not say"));
}

#[test]
fn settings_show_no_keys() {
    let keys = Some(witness::Keys::parse("access:secret").unwrap());
    assert!(!format!("{:?}", Settings { keys, ..Settings::default() }).contains("secret"));
}
