//! What a host's `robots.txt` says is kept to, wherever the host leads on to for it and however long it is (RFC 9309).
mod common;

use std::time::Duration;

use common::{Answer, Asked, Server};
use fetch::{FetchError, Fetcher, Request, Settings};

/// The networks of the hosts; the rest of the loopback network stands for what may not be reached.
const ALLOWED: &str = "127.0.0.2/31";
const RULES: &str = "User-agent: *\nDisallow: /forbidden\n";

/// A host whose `robots.txt` and what that leads on to is answered so, and which has a page at every other path.
async fn host(robots: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Server {
    host_at("127.0.0.2", robots).await
}

async fn host_at(address: &str, robots: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Server {
    let answers = move |request: &Asked| match request.path.as_str() {
        path if path.contains("robots") => robots(path),
        _ => Answer::html("<p>Emberlune may change these terms at any time.".into()),
    };
    Server::start(address, answers).await
}

async fn fetch(host: &Server, path: &str) -> Result<(), FetchError> {
    let allowed = vec![ALLOWED.parse().unwrap()];
    let fetcher = Fetcher::new(Settings { allowed, delay: Duration::ZERO, ..Settings::default() }).unwrap();
    fetcher.fetch(&Request { url: host.url(path), ..Request::default() }).await.map(|_| ())
}

/// The rules are kept to: what they forbid is not asked for, the rest is.
async fn rules_stand(host: &Server, case: &str) {
    let forbidden = fetch(host, "/forbidden").await;
    assert!(matches!(forbidden, Err(FetchError::Robots(_))), "{case}: {forbidden:?}");
    assert!(fetch(host, "/terms").await.is_ok(), "{case}");
    assert!(host.requests().iter().all(|request| request.path != "/forbidden"), "{case}: it was asked for");
}

/// There are no rules.
async fn all_is_allowed(host: &Server, case: &str) {
    let answered = fetch(host, "/forbidden").await;
    assert!(answered.is_ok(), "{case}: {answered:?}");
}

/// Nothing is asked for, with an error that has these words.
async fn nothing_is_allowed(host: &Server, words: &str) -> FetchError {
    let error = fetch(host, "/terms").await.unwrap_err();
    assert!(error.to_string().contains(words), "{words}: {error}");
    assert!(host.requests().iter().all(|request| request.path.contains("robots")), "{words}: {:?}", host.requests());
    error
}

/// Leads on so many times, to the rules at last.
fn chain(length: usize) -> impl Fn(&str) -> Answer + Send + Sync + 'static {
    move |path| match path.strip_prefix("/robots-").map_or(0, |step| step.parse().unwrap()) {
        step if step < length => Answer::redirect(&format!("/robots-{}", step + 1)),
        _ => Answer::text(RULES.into()),
    }
}

#[tokio::test]
async fn redirects_are_followed_to_the_rules() {
    for length in [0, 1, 5] {
        rules_stand(&host(chain(length)).await, &format!("{length} redirects")).await;
    }
    all_is_allowed(&host(chain(6)).await, "six redirects").await;
    let loops = host(|_| Answer::redirect("/robots.txt")).await;
    all_is_allowed(&loops, "a loop").await;
    assert_eq!(loops.requests().iter().filter(|request| request.path == "/robots.txt").count(), 6);
    all_is_allowed(&host(|_| Answer::status(302)).await, "a redirect to nowhere").await;
}

#[tokio::test]
async fn rules_that_another_host_keeps_are_those_of_the_host_that_was_asked() {
    let keeps = host_at("127.0.0.3", |path| match path {
        "/robots/emberlune" => Answer::text(RULES.into()),
        _ => Answer::status(404),
    })
    .await;
    let address = keeps.url("/robots/emberlune");
    rules_stand(&host(move |_| Answer::redirect(&address)).await, "kept elsewhere").await;
    assert!(fetch(&keeps, "/forbidden").await.is_ok(), "they are not the rules of the host that keeps them");
}

#[tokio::test]
async fn a_redirect_to_what_the_guard_refuses_is_not_followed() {
    let private = host_at("127.0.0.1", |_| Answer::text(RULES.into())).await;
    let named = format!("http://robots.localhost:{}/robots.txt", private.port());
    for target in [private.url("/robots.txt"), named, "http://10.0.0.1/robots.txt".into()] {
        let leads = host(move |_| Answer::redirect(&target)).await;
        let error = nothing_is_allowed(&leads, "robots.txt").await;
        assert!(matches!(error, FetchError::Refused { .. }), "{error}");
        assert!(error.to_string().contains("--allow-network"), "{error}");
    }
    assert_eq!(private.requests().len(), 0, "{:?}", private.requests());
}

#[tokio::test]
async fn what_the_server_says_instead_of_rules_allows_all_or_nothing() {
    for status in [400, 401, 403, 404, 410, 429, 451] {
        all_is_allowed(&host(move |_| Answer::status(status)).await, &status.to_string()).await;
    }
    for status in [500, 503] {
        nothing_is_allowed(&host(move |_| Answer::status(status)).await, &status.to_string()).await;
    }
    let after = |status| {
        move |path: &str| if path == "/robots.txt" { Answer::redirect("/robots") } else { Answer::status(status) }
    };
    all_is_allowed(&host(after(404)).await, "404 after a redirect").await;
    nothing_is_allowed(&host(after(503)).await, "503").await;
    let gone = host_at("127.0.0.3", |_| Answer::status(404)).await.url("/robots.txt");
    let error = nothing_is_allowed(&host(move |_| Answer::redirect(&gone)).await, "robots.txt").await;
    assert!(matches!(error, FetchError::Network { .. }), "{error}");
}

#[tokio::test]
async fn a_long_file_is_read_up_to_the_limit() {
    let filling = |kib: usize| "# Emberlune asks for patience.\r\n".repeat(kib * 32);
    let long = format!("{RULES}{}", filling(600));
    let unpacked = long.clone();
    rules_stand(&host(move |_| Answer::text(long.clone())).await, "rules first").await;
    rules_stand(&host(move |_| Answer::gzip(unpacked.as_bytes())).await, "rules first, compressed").await;
    let late = format!("{}{RULES}{}", filling(500), filling(100));
    rules_stand(&host(move |_| Answer::text(late.clone())).await, "rules after 500 KiB").await;
    // The limit lies within the path of the last rule: its first half would forbid more.
    let limit = 512 * 1024;
    let start = format!("{RULES}{}", filling(511));
    let rest = limit - start.len() - "Disallow: /".len();
    let cut = format!("{start}{}\nDisallow: /terms-of-others\n{}", "#".repeat(rest - 1), filling(10));
    assert_eq!(&cut[limit - 3..limit + 3], ": /ter");
    rules_stand(&host(move |_| Answer::text(cut.clone())).await, "cut within a rule").await;
    let without_end = Server::start("127.0.0.2", |request| match request.path.as_str() {
        "/robots.txt" => Answer::endless(),
        _ => Answer::html(String::new()),
    });
    all_is_allowed(&without_end.await, "no rules, without end").await;
}

#[tokio::test]
async fn a_compressed_file_is_cut_between_lines_too_or_whole() {
    // Words that hardly shrink: what is sent is longer than what is read of it.
    let mut state = 7u64;
    let mut noise = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_le_bytes()[5] | 0x80
    };
    let mut text = RULES.as_bytes().to_vec();
    text.extend((0..40_000).flat_map(|line| {
        let mut comment = format!("# {line} ").into_bytes();
        comment.extend((0..20).map(|_| noise()));
        comment.push(b'\n');
        comment
    }));
    rules_stand(&host(move |_| Answer::gzip(&text)).await, "long when compressed").await;
    let broken = || Answer::gzip(RULES.as_bytes()).without_end();
    nothing_is_allowed(&host(move |_| broken()).await, "cannot be decompressed").await;
}
