//! Pages rendered by a real Chromium, served on this machine: what scripts make of a page is taken over, limits hold, and nothing is
//! reached that the guard refuses.
//!
//! Skipped with a message where there is no Chromium: set `CLAUSEWATCH_TEST_CHROMIUM`, or install `chromium`.
mod common;

use std::time::Duration;

use common::{Answer, Server, browser};
use fetch::{BrowserSettings, FetchError, Fetcher, Request, Settings};

/// The network of the pages; the rest of the loopback network stands for what may not be reached.
const ALLOWED: &str = "127.0.0.2/32";
const TEXT: &str = "Emberlune may change these terms at any time.";

fn fetcher(browser: BrowserSettings) -> Fetcher {
    let allowed = vec![ALLOWED.parse().unwrap()];
    let settings = Settings { allowed, delay: Duration::ZERO, browser: Some(browser), ..Settings::default() };
    Fetcher::new(settings).unwrap()
}

async fn render(fetcher: &Fetcher, url: String) -> Result<fetch::Success, FetchError> {
    fetcher.render(&Request { url, ..Request::default() }).await
}

fn page(script: &str) -> Answer {
    Answer::html(format!("<!doctype html><title>Emberlune</title><main id=m></main><script>{script}</script>"))
}

const FILLS: &str = "fetch('/words').then(r => r.text()).then(t => { document.getElementById('m').textContent = t })";

#[tokio::test]
async fn a_page_is_what_its_scripts_make_of_it() {
    let Some(browser) = browser() else { return };
    let server = Server::start("127.0.0.2", |request| match request.path.as_str() {
        "/terms" => page(FILLS),
        "/moved" => Answer::redirect("/terms"),
        "/words" => Answer::text(format!("{TEXT} {}", request.header("accept-language").unwrap_or_default())),
        "/dialog" => page(&format!("alert('hello'); confirm('sure?'); {FILLS}")),
        "/restless" => page(&format!("{FILLS}; setInterval(() => fetch('/words?again'), 100)")),
        "/cheats" => page(&format!(
            "Object.defineProperty(Element.prototype, 'outerHTML', {{ get() {{ return 'nothing' }} }}); {FILLS}"
        )),
        "/gone" => Answer::status(404),
        _ => Answer::status(404),
    })
    .await;
    let fetcher = fetcher(browser);
    let page = render(&fetcher, server.url("/terms")).await.unwrap();
    let html = String::from_utf8(page.body.clone()).unwrap();
    assert!(html.contains(TEXT), "{html}");
    assert!(html.contains("en;q=0.9"), "the language is asked for: {html}");
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(page.header("x-clausewatch-rendered-by").unwrap().contains("Chrom"), "{page:?}");
    let asked = server.requests().into_iter().find(|request| request.path == "/terms").unwrap();
    assert!(asked.header("user-agent").unwrap().contains("clausewatch"), "{asked:?}");

    let moved = render(&fetcher, server.url("/moved")).await.unwrap();
    assert_eq!((moved.url, moved.redirects), (server.url("/terms"), vec![server.url("/moved")]));
    for path in ["/dialog", "/restless", "/cheats"] {
        let page = render(&fetcher, server.url(path)).await.unwrap();
        assert!(String::from_utf8(page.body).unwrap().contains(TEXT), "{path}");
    }
    let gone = render(&fetcher, server.url("/gone")).await.unwrap_err();
    assert!(matches!(gone, FetchError::Status { status: 404, .. }), "{gone}");
    // All by one browser.
    assert_eq!(server.requests().iter().filter(|request| request.path == "/robots.txt").count(), 1);
}

#[tokio::test]
async fn nothing_is_reached_that_the_guard_refuses() {
    let Some(browser) = browser() else { return };
    let secret = Server::start("127.0.0.1", |_| Answer::text("secret".into())).await;
    let port = secret.port();
    let tries = format!(
        "const port = {port};
        for (const host of ['127.0.0.1', 'localhost', 'secret.localhost', '2130706433', '0x7f.1', '017700000001', '127.1', '[::1]',
            '[::ffff:127.0.0.1]', '0.0.0.0', '169.254.169.254', '10.0.0.1', '127.0.0.3']) {{
            const base = 'http://' + host + ':' + port;
            const quietly = f => {{ try {{ const p = f(); p && p.catch && p.catch(() => {{}}) }} catch {{}} }};
            quietly(() => fetch(base + '/fetch', {{ mode: 'no-cors' }}));
            quietly(() => navigator.sendBeacon(base + '/beacon', 'x'));
            quietly(() => new WebSocket('ws://' + host + ':' + port + '/socket') && null);
            quietly(() => new EventSource(base + '/events') && null);
            quietly(() => new Worker(URL.createObjectURL(new Blob(['fetch(\"' + base + '/worker\", {{ mode: \"no-cors\" }})']))) && null);
            quietly(() => window.open(base + '/window') && null);
            for (const [tag, place] of [['img', 'src'], ['script', 'src'], ['iframe', 'src'], ['video', 'src'], ['embed', 'src'], ['object', 'data']]) {{
                const element = document.createElement(tag);
                element[place] = base + '/' + tag;
                document.body.append(element);
            }}
            for (const rel of ['stylesheet', 'prefetch', 'preload', 'preconnect', 'dns-prefetch', 'icon', 'manifest']) {{
                const link = document.createElement('link');
                link.rel = rel; link.href = base + '/' + rel; link.as = 'fetch';
                document.head.append(link);
            }}
            const frame = document.createElement('iframe');
            frame.src = '/leads?to=' + encodeURIComponent(base + '/redirected');
            document.body.append(frame);
        }}
        new RTCPeerConnection({{ iceServers: [{{ urls: 'stun:127.0.0.1:' + port }}] }}).createDataChannel('x');
        {FILLS}"
    );
    let leads = secret.url("/led");
    let server = Server::start("127.0.0.2", move |request| match request.path.as_str() {
        "/tries" => page(&tries),
        "/words" => Answer::text(TEXT.into()),
        "/led" => Answer::redirect(&leads),
        "/sends" => page(&format!("location = {leads:?}")),
        "/local" => page("location = 'file:///etc/passwd'; setTimeout(() => { location = 'chrome://version' }, 100)"),
        path => match path.strip_prefix("/leads?to=") {
            Some(to) => {
                Answer::redirect(&to.replace("%3A", ":").replace("%2F", "/").replace("%5B", "[").replace("%5D", "]"))
            }
            None => Answer::status(404),
        },
    })
    .await;
    let fetcher = fetcher(browser);
    let page = render(&fetcher, server.url("/tries")).await.unwrap();
    assert!(String::from_utf8(page.body).unwrap().contains(TEXT), "the page itself is rendered");
    for path in ["/led", "/sends"] {
        let refused = render(&fetcher, server.url(path)).await;
        let read = refused.as_ref().map(|page| String::from_utf8_lossy(&page.body).contains("secret"));
        assert!(!matches!(read, Ok(true)), "{path}: {refused:?}");
    }
    if let Ok(page) = render(&fetcher, server.url("/local")).await {
        assert!(!String::from_utf8_lossy(&page.body).contains("root:"), "a local file was read");
    }
    let direct = render(&fetcher, secret.url("/")).await.unwrap_err();
    assert!(matches!(direct, FetchError::Refused { .. }), "{direct}");
    let named = render(&fetcher, format!("http://localhost:{port}/")).await.unwrap_err();
    assert!(matches!(named, FetchError::Refused { .. } | FetchError::Network { .. }), "{named}");
    assert_eq!(secret.requests().iter().map(|request| request.path.as_str()).collect::<Vec<_>>(), [""; 0]);
}

#[tokio::test]
async fn a_page_that_breaks_a_limit_is_given_up_and_the_next_is_rendered() {
    let Some(browser) = browser() else { return };
    let browser = BrowserSettings {
        timeout: Duration::from_secs(20),
        max_bytes: 4 * 1024 * 1024,
        max_requests: 50,
        max_memory: 6 * 1024 * 1024 * 1024,
        ..browser
    };
    let server = Server::start("127.0.0.2", |request| match request.path.as_str() {
        "/terms" => page(FILLS),
        "/words" => Answer::text(TEXT.into()),
        "/loops" => page("for (;;) {}"),
        "/large" => Answer::endless(),
        "/many" => page(&format!("for (let i = 0; i < 500; i++) fetch('/one?' + i); {FILLS}")),
        "/robots.txt" => Answer::text("User-agent: *\nDisallow: /private\n".into()),
        "/download" => Answer::attachment(),
        _ => Answer::text("x".into()),
    })
    .await;
    let fetcher = fetcher(browser);
    let stuck = render(&fetcher, server.url("/loops")).await.unwrap_err();
    assert!(matches!(&stuck, FetchError::Browser { reason, .. } if reason.contains("in time")), "{stuck}");
    let large = render(&fetcher, server.url("/large")).await.unwrap_err();
    assert!(matches!(large, FetchError::TooLarge { .. } | FetchError::Browser { .. }), "{large}");
    render(&fetcher, server.url("/many")).await.unwrap();
    let asked = server.requests().iter().filter(|request| request.path.starts_with("/one?")).count();
    assert!(asked < 50, "{asked} requests for one page");
    let private = render(&fetcher, server.url("/private")).await.unwrap_err();
    assert!(matches!(private, FetchError::Robots(_)), "{private}");
    assert!(render(&fetcher, server.url("/download")).await.is_err());
    let page = render(&fetcher, server.url("/terms")).await.unwrap();
    assert!(String::from_utf8(page.body).unwrap().contains(TEXT));
}

#[tokio::test]
async fn a_page_that_needs_too_much_memory_is_given_up() {
    let Some(browser) = browser() else { return };
    let server = Server::start("127.0.0.2", |_| page("")).await;
    // Less than any browser needs.
    let fetcher = fetcher(BrowserSettings { max_memory: 50 * 1024 * 1024, ..browser });
    let greedy = render(&fetcher, server.url("/terms")).await;
    // A fast machine may be done before memory is looked at.
    if let Err(greedy) = greedy {
        assert!(matches!(&greedy, FetchError::Browser { reason, .. } if reason.contains("memory")), "{greedy}");
    }
}

#[tokio::test]
async fn nothing_of_a_browser_stays() {
    let Some(browser) = browser() else { return };
    let server = Server::start("127.0.0.2", |request| match request.path.as_str() {
        "/loops" => page("for (;;) {}"),
        _ => page(FILLS),
    })
    .await;
    // Stands in the command of the browser's processes, and of no other's.
    const MARK: &str = "browser-that-must-not-stay";
    let allowed = vec![ALLOWED.parse().unwrap()];
    let settings = Settings { allowed, browser: Some(browser), user_agent: MARK.into(), ..Settings::default() };
    let fetcher = Fetcher::new(settings).unwrap();
    // Given up in the middle.
    let url = server.url("/loops");
    tokio::select! {
        done = render(&fetcher, url) => panic!("{done:?}"),
        () = async { while server.requests().iter().all(|request| request.path != "/loops") { pause().await } } => {}
    }
    drop(fetcher);
    for _ in 0..100 {
        if running(MARK) == 0 {
            return;
        }
        pause().await;
    }
    panic!("{} processes are still there", running(MARK));
}

async fn pause() {
    tokio::time::sleep(Duration::from_millis(100)).await;
}

/// Processes whose command holds this.
fn running(mark: &str) -> usize {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let commands = entries.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    commands.filter(|command| String::from_utf8_lossy(command).contains(mark)).count()
}

#[tokio::test]
async fn what_cannot_be_started_is_named() {
    let server = Server::start("127.0.0.2", |_| page("")).await;
    for program in ["/nonexistent/chromium", "/bin/false", "/bin/true"] {
        let fetcher = fetcher(BrowserSettings::new(program.into()));
        let error = render(&fetcher, server.url("/terms")).await.unwrap_err().to_string();
        assert!(error.contains(program), "{error}");
    }
    let none = Fetcher::new(Settings { allowed: vec![ALLOWED.parse().unwrap()], ..Settings::default() }).unwrap();
    assert!(!none.renders());
    assert!(matches!(render(&none, server.url("/terms")).await, Err(FetchError::Browser { .. })));
}
