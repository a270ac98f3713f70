//! Through a corporate proxy, with an authority of one's own: what is asked of it and what never is, and what is said when it fails.
#[path = "../common/mod.rs"]
mod common;
mod corporate;
mod tls;

use std::collections::HashMap;
use std::time::Duration;

use common::{Answer, Server, browser};
use corporate::{Manner, TestProxy};
use fetch::{Authorities, BrowserSettings, FetchError, Fetched, Fetcher, Outbound, Poster, Proxy, Request, Settings};
use tls::Authority;

const TEXT: &str = "Emberlune may change these terms at any time.";
const PAGE: &str = "<!doctype html><title>Emberlune</title><p>Emberlune may change these terms at any time.</p>";

/// A public address, which only the proxy leads to a server of the test.
const PUBLIC: &str = "93.184.216.34";

fn outbound(proxy: &TestProxy, resolves: bool, user: &str, authorities: Authorities) -> Outbound {
    let proxy = Proxy::new(&format!("http://{user}127.0.0.1:{}", proxy.port), resolves).unwrap();
    Outbound { proxy: Some(proxy), authorities }
}

fn plain(proxy: &TestProxy, resolves: bool) -> Outbound {
    outbound(proxy, resolves, "", Authorities::default())
}

fn fetcher(outbound: Outbound, browser: Option<BrowserSettings>) -> Fetcher {
    let (delay, timeout) = (Duration::ZERO, Duration::from_secs(3));
    Fetcher::new(Settings { delay, timeout, outbound, browser, ..Settings::default() }).unwrap()
}

async fn fetch(fetcher: &Fetcher, url: &str) -> Result<String, FetchError> {
    let request = Request { url: url.into(), ..Request::default() };
    fetcher.fetch(&request).await.map(|fetched| match fetched {
        Fetched::Document(page) => String::from_utf8(page.body).unwrap(),
        Fetched::NotModified => panic!("nothing was asked conditionally"),
    })
}

async fn site() -> Server {
    Server::start("127.0.0.1", |request| match request.path.as_str() {
        "/terms" => Answer::html(PAGE.into()),
        "/to-private" => Answer::redirect("http://10.0.0.1/terms"),
        "/to-here" => Answer::redirect("http://plum.localhost/terms"),
        "/to-name" => Answer::redirect("http://terms.plum.example/terms"),
        "/forbidden" => Answer::status(403),
        _ => Answer::status(404),
    })
    .await
}

fn world(hosts: &[(&str, u16)]) -> HashMap<String, u16> {
    hosts.iter().map(|(host, port)| (host.to_string(), *port)).collect()
}

fn trusted(authority: &Authority) -> Authorities {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("authorities.pem");
    // Several in a file, with words between them.
    std::fs::write(&file, format!("{}\nAnother one\n{}", Authority::new().pem(), authority.pem())).unwrap();
    let mut authorities = Authorities::default();
    authorities.add_file(&file).unwrap();
    assert_eq!(authorities.der().count(), 2);
    authorities
}

#[tokio::test]
async fn plain_requests_and_tunnels_go_through_it() {
    let (site, authority) = (site().await, Authority::new());
    let secure = authority.serve(&[PUBLIC, "terms.plum.example"], PAGE).await;
    let hosts = [
        (&*format!("{PUBLIC}:80"), site.port()),
        (&*format!("{PUBLIC}:443"), secure),
        ("terms.plum.example:80", site.port()),
        ("terms.plum.example:443", secure),
    ];
    let proxy = TestProxy::start(Manner::Asks("Basic YWRhOnNlOmNyZXQ=", world(&hosts))).await;
    let judging = fetcher(outbound(&proxy, false, "ada:se%3Acret@", trusted(&authority)), None);
    for scheme in ["http", "https"] {
        assert!(fetch(&judging, &format!("{scheme}://{PUBLIC}/terms")).await.unwrap().contains(TEXT), "{scheme}");
    }
    let leaving = fetcher(outbound(&proxy, true, "ada:se%3Acret@", trusted(&authority)), None);
    for scheme in ["http", "https"] {
        assert!(
            fetch(&leaving, &format!("{scheme}://terms.plum.example/terms")).await.unwrap().contains(TEXT),
            "{scheme}"
        );
    }
    // A proxy that is named by a name: that one is resolved, and not judged.
    let named = Proxy::new(&format!("http://ada:se%3Acret@localhost:{}", proxy.port), true).unwrap();
    let named = fetcher(Outbound { proxy: Some(named), authorities: trusted(&authority) }, None);
    for scheme in ["http", "https"] {
        assert!(
            fetch(&named, &format!("{scheme}://terms.plum.example/terms")).await.unwrap().contains(TEXT),
            "{scheme}"
        );
    }
    // The server is not told who asks the proxy.
    assert!(!site.requests().is_empty());
    assert!(site.requests().iter().all(|request| request.header("proxy-authorization").is_none()));
    let poster = Poster::new(
        "test",
        Duration::from_secs(3),
        Vec::new(),
        &outbound(&proxy, false, "ada:se%3Acret@", trusted(&authority)),
    );
    let posted = poster.unwrap().post(&format!("https://{PUBLIC}/hook"), &[], b"{}".to_vec()).await.unwrap();
    assert_eq!(posted.status, 200);
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused_with_the_next_step() {
    let authority = Authority::new();
    let secure = authority.serve(&[PUBLIC], PAGE).await;
    let proxy = TestProxy::start(Manner::Serves(world(&[(&*format!("{PUBLIC}:443"), secure)]))).await;
    let url = format!("https://{PUBLIC}/terms");
    let stranger = fetch(&fetcher(plain(&proxy, false), None), &url).await.unwrap_err().to_string();
    assert!(stranger.contains("UnknownIssuer") && stranger.contains("--ca-file"), "{stranger}");
    let trusting = |authority: &Authority| fetcher(outbound(&proxy, false, "", trusted(authority)), None);
    assert!(fetch(&trusting(&Authority::new()), &url).await.is_err(), "another authority");
    assert!(fetch(&trusting(&authority), &url).await.is_ok());
    // Without a proxy as well.
    let here = authority.serve(&["127.0.0.1"], PAGE).await;
    let allowed = vec!["127.0.0.0/8".parse().unwrap()];
    let outbound = Outbound { proxy: None, authorities: trusted(&authority) };
    let straight = Fetcher::new(Settings { allowed, outbound, ..Settings::default() }).unwrap();
    assert!(fetch(&straight, &format!("https://127.0.0.1:{here}/terms")).await.unwrap().contains(TEXT));
}

#[tokio::test]
async fn nothing_private_is_asked_of_it() {
    let site = site().await;
    let everywhere = ["10.0.0.1", "127.0.0.1", "localhost", "plum.localhost", "169.254.169.254", "[::1]", PUBLIC];
    let hosts: Vec<(String, u16)> = everywhere.iter().map(|host| (format!("{host}:80"), site.port())).collect();
    let hosts: Vec<(&str, u16)> = hosts.iter().map(|(host, port)| (host.as_str(), *port)).collect();
    let proxy = TestProxy::start(Manner::Serves(world(&hosts))).await;
    for resolves in [false, true] {
        let fetcher = fetcher(plain(&proxy, resolves), None);
        for url in [
            "http://10.0.0.1/terms",
            "https://10.0.0.1/terms",
            "http://2130706433/terms",
            "http://0x7f.1/terms",
            "http://017700000001/terms",
            "http://127.1/terms",
            "http://127.0.0.1./terms",
            "http://%31%32%37.0.0.1/terms",
            "http://１２７.0.0.1/terms",
            "http://[::1]/terms",
            "http://[::ffff:127.0.0.1]/terms",
            "http://[64:ff9b::7f00:1]/terms",
            "http://169.254.169.254/latest/meta-data",
            "http://localhost/terms",
            "http://plum.localhost/terms",
            "https://LOCALHOST./terms",
            &format!("http://{PUBLIC}/to-private"),
            &format!("http://{PUBLIC}/to-here"),
        ] {
            let refused = fetch(&fetcher, url).await.unwrap_err();
            assert!(matches!(refused, FetchError::Refused { .. }), "{url}, {resolves}: {refused}");
            assert!(refused.to_string().contains("--allow-network"), "{refused}");
        }
        assert!(fetch(&fetcher, &format!("http://{PUBLIC}/terms")).await.is_ok());
    }
    let asked = proxy.lines();
    assert!(!asked.is_empty() && asked.iter().all(|line| line.contains(PUBLIC)), "{asked:?}");
}

#[tokio::test]
async fn names_that_only_the_proxy_resolves_are_left_to_it_when_that_is_said() {
    let site = site().await;
    let hosts = world(&[(&*format!("{PUBLIC}:80"), site.port()), ("terms.plum.example:80", site.port())]);
    let proxy = TestProxy::start(Manner::Serves(hosts)).await;
    let judging = fetcher(plain(&proxy, false), None);
    for url in ["http://terms.plum.example/terms".to_string(), format!("http://{PUBLIC}/to-name")] {
        let unresolved = fetch(&judging, &url).await.unwrap_err().to_string();
        assert!(
            unresolved.contains("cannot be resolved") && unresolved.contains("--proxy-resolves-names"),
            "{unresolved}"
        );
    }
    assert!(!proxy.lines().iter().any(|line| line.contains("plum")), "{:?}", proxy.lines());
    let leaving = fetcher(plain(&proxy, true), None);
    assert!(fetch(&leaving, &format!("http://{PUBLIC}/to-name")).await.is_ok());
}

#[tokio::test]
async fn what_lies_in_an_allowed_network_is_reached_straight() {
    let (site, proxy) = (site().await, TestProxy::start(Manner::Says("HTTP/1.1 500 No\r\n\r\n")).await);
    let allowed = vec!["127.0.0.0/8".parse().unwrap()];
    let settings = Settings { allowed, outbound: plain(&proxy, true), delay: Duration::ZERO, ..Settings::default() };
    let fetcher = Fetcher::new(settings).unwrap();
    assert!(fetch(&fetcher, &site.url("/terms")).await.is_ok());
    assert!(fetch(&fetcher, &format!("http://plum.localhost:{}/terms", site.port())).await.is_ok());
    assert_eq!(proxy.lines(), [""; 0]);
}

#[tokio::test]
async fn a_proxy_that_fails_is_named_with_the_next_step() {
    let failing: [(Manner, [&str; 2]); 8] = [
        (
            Manner::Asks("Basic other", HashMap::new()),
            ["asks for a name and a password", "asks for a name and a password"],
        ),
        (Manner::Serves(HashMap::new()), ["or the proxy http", "cannot reach 93.184.216.34:443 (502)"]),
        (Manner::Says("HTTP/1.1 403 Policy\r\nContent-Length: 0\r\n\r\n"), ["answered 403", "refuses to connect"]),
        (Manner::Says("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"), ["answered 503", "(503)"]),
        (Manner::Says("SSH-2.0-OpenSSH\r\n"), ["see whether it opens", "is not HTTP"]),
        (Manner::Says("HTTP/1.1 2"), ["see whether it opens", "is not HTTP"]),
        (Manner::Says(""), ["see whether it opens", "without an answer"]),
        (Manner::Hangs, ["no answer in time", "no answer in time"]),
    ];
    for (manner, expected) in failing {
        let proxy = TestProxy::start(manner).await;
        let outbound = outbound(&proxy, false, "ada:secret@", Authorities::default());
        // Who gives no name is asked for one, who gives a wrong one is told so.
        let asks = expected[0].starts_with("asks");
        let outbound = if asks { plain(&proxy, false) } else { outbound };
        let fetcher = fetcher(outbound, None);
        for (scheme, expected) in ["http", "https"].iter().zip(expected) {
            // A page of its own for each: what robots.txt came to is remembered.
            let error = fetch(&fetcher, &format!("{scheme}://{PUBLIC}/terms")).await.unwrap_err();
            let said = error.to_string();
            assert!(said.contains(expected), "{scheme}, {expected}: {said}");
            assert!(said.contains(&format!("the proxy http://127.0.0.1:{}", proxy.port)), "{said}");
            assert!(!said.contains("secret") && !said.contains("ada"), "{said}");
            assert!(!matches!(error, FetchError::Refused { .. }), "{said}");
        }
    }
    let port = TestProxy::start(Manner::Hangs).await.port;
    let gone = Proxy::new(&format!("http://ada:secret@127.0.0.1:{port}"), false).unwrap();
    let gone = fetcher(Outbound { proxy: Some(gone), ..Outbound::default() }, None);
    for scheme in ["http", "https"] {
        let said = fetch(&gone, &format!("{scheme}://{PUBLIC}/")).await.unwrap_err().to_string();
        assert!(said.contains("cannot be reached") && said.contains("whether it runs"), "{said}");
    }
    let proxy = TestProxy::start(Manner::Asks("Basic other", HashMap::new())).await;
    let wrong = fetcher(outbound(&proxy, false, "ada:secret@", Authorities::default()), None);
    for scheme in ["http", "https"] {
        let said = fetch(&wrong, &format!("{scheme}://{PUBLIC}/")).await.unwrap_err().to_string();
        assert!(said.contains("does not take the name and password"), "{said}");
    }
}

#[tokio::test]
async fn the_browser_goes_through_it_too() {
    let Some(browser) = browser() else { return };
    let script = "<!doctype html><title>Emberlune</title><main id=m></main><script>fetch('/words').then(r => r.text()).then(t => { \
                  document.getElementById('m').textContent = t }); for (const host of ['10.0.0.1', 'localhost', '0x7f.1', 'plum.localhost']) \
                  fetch('http://' + host + '/private', { mode: 'no-cors' }).catch(() => {})</script>";
    let site = Server::start("127.0.0.1", move |request| match request.path.as_str() {
        "/terms" => Answer::html(script.into()),
        "/moved" => Answer::redirect("http://terms.plum.example/terms"),
        "/words" => Answer::text(TEXT.into()),
        _ => Answer::status(404),
    })
    .await;
    let private = ["10.0.0.1:80", "localhost:80", "127.0.0.1:80", "plum.localhost:80"].map(|host| (host, site.port()));
    let mut hosts = world(&private);
    hosts.extend(world(&[("terms.plum.example:80", site.port()), ("www.plum.example:80", site.port())]));
    let proxy = TestProxy::start(Manner::Asks("Basic YWRhOnNlY3JldA==", hosts)).await;
    let render = async |outbound: Outbound, url: &str| {
        let settings =
            Settings { delay: Duration::ZERO, outbound, browser: Some(browser.clone()), ..Settings::default() };
        let fetcher = Fetcher::new(settings).unwrap();
        fetcher.render(&Request { url: url.into(), ..Request::default() }).await
    };
    let url = "http://terms.plum.example/terms";
    let page = render(outbound(&proxy, true, "ada:secret@", Authorities::default()), url).await.unwrap();
    assert!(String::from_utf8(page.body).unwrap().contains(TEXT));
    let asked = proxy.lines();
    assert!(asked.iter().all(|line| line.contains("terms.plum.example")), "{asked:?}");
    assert!(asked.iter().any(|line| line.contains("/words")), "{asked:?}");
    assert!(site.requests().iter().all(|request| request.header("proxy-authorization").is_none()));
    let moved = render(outbound(&proxy, true, "ada:secret@", Authorities::default()), "http://www.plum.example/moved");
    let moved = moved.await.unwrap();
    assert!(moved.url == url && String::from_utf8(moved.body).unwrap().contains(TEXT));
    // A tunnel: there is no server behind it, and the proxy says so.
    let said =
        render(outbound(&proxy, true, "ada:secret@", Authorities::default()), "https://gone.plum.example/").await;
    let said = said.unwrap_err().to_string();
    assert!(
        said.contains("the proxy http://127.0.0.1") && said.contains("(502)") && !said.contains("secret"),
        "{said}"
    );
}
