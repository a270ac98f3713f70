//! The fetcher: one request from address to bytes, redirects followed by hand so that each is checked.
use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{self, HeaderMap, HeaderValue};
use tokio::sync::MutexGuard;
use url::Url;

use crate::FetchError;
use crate::browser::{Browser, BrowserSettings};
use crate::guard::{BoxError, Guard, Refusal};
use crate::host::{Host, Turn};
use crate::outbound::{Outbound, Proxy};
use crate::ways::{Via, Ways};

/// Redirects followed at most.
const REDIRECTS: usize = 8;

/// How to fetch.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Sent as `User-Agent`: a name and a contact.
    pub user_agent: String,
    /// Networks that may be reached beside the public internet.
    pub allowed: Vec<ipnet::IpNet>,
    /// How requests leave this machine.
    pub outbound: Outbound,
    /// Least time between two requests to one host.
    pub delay: Duration,
    /// Most time for one request, redirects not counted.
    pub timeout: Duration,
    /// Most bytes of a body, after decompression.
    pub max_bytes: usize,
    /// The browser that renders pages which need scripts, if there is one.
    pub browser: Option<BrowserSettings>,
}

/// Sent as `User-Agent` where the operator gives none.
pub const USER_AGENT: &str =
    concat!("clausewatch/", env!("CARGO_PKG_VERSION"), " (self-hosted record of terms; contact: see the operator)");

/// An HTTP client that does no more than it is told: it follows no redirect, uses no proxy that the environment names (one would resolve
/// names behind a guard's back), and undoes no compression. `timeout` covers a request to the last byte of its answer.
pub fn plain_client(user_agent: &str, timeout: Duration) -> reqwest::ClientBuilder {
    // The process may have chosen a provider before; either is fine.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .user_agent(user_agent)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(timeout)
        .connect_timeout(timeout.min(Duration::from_secs(15)))
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            user_agent: USER_AGENT.into(),
            allowed: Vec::new(),
            outbound: Outbound::default(),
            delay: Duration::from_secs(2),
            timeout: Duration::from_secs(30),
            max_bytes: 20 * 1024 * 1024,
            browser: None,
        }
    }
}

/// What to fetch.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Address.
    pub url: String,
    /// `ETag` of the capture we have.
    pub etag: Option<String>,
    /// `Last-Modified` of the capture we have.
    pub last_modified: Option<String>,
    /// Language asked for, ISO 639-1.
    pub language: Option<String>,
    /// Asks for the page itself, and not for what a cache on the way has kept.
    pub fresh: bool,
}

/// What came back.
#[derive(Debug, Clone, PartialEq)]
pub enum Fetched {
    /// The server says that the capture we have still stands.
    NotModified,
    /// The document.
    Document(Success),
}

/// A successful response.
#[derive(Debug, Clone, PartialEq)]
pub struct Success {
    /// The address that answered.
    pub url: String,
    /// Addresses that redirected, in order.
    pub redirects: Vec<String>,
    /// The address that the page has moved to for good, if it says so.
    pub moved_to: Option<String>,
    /// HTTP status.
    pub status: u16,
    /// Response headers in order.
    pub headers: Vec<(String, String)>,
    /// Body, content encoding undone.
    pub body: Vec<u8>,
}

impl Success {
    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        first_header(&self.headers, name)
    }
}

/// The first header of this name, whatever its case.
pub fn first_header<'h>(headers: &'h [(String, String)], name: &str) -> Option<&'h str> {
    headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// Hosts whose rules are remembered; when there are more, those that nothing is asked of now are forgotten.
const MOST_HOSTS: usize = 10_000;

/// Fetches documents. Cheap to share.
pub struct Fetcher {
    pub(crate) ways: Ways,
    pub(crate) settings: Settings,
    hosts: Mutex<HashMap<String, Arc<Host>>>,
    browser: Option<Browser>,
}

impl Fetcher {
    /// A fetcher with these settings. Fails if the TLS configuration or the user agent cannot be used.
    pub fn new(settings: Settings) -> Result<Self, FetchError> {
        let guard = Guard::new(settings.allowed.clone()).through(settings.outbound.proxy.clone());
        let guard = Arc::new(guard);
        let authorities = &settings.outbound.authorities;
        let ways = Ways::new(&settings.user_agent, settings.timeout, Arc::clone(&guard), authorities)?;
        let browser = settings.browser.clone();
        let browser = browser.map(|browser| Browser::new(browser, &settings.user_agent, guard));
        Ok(Fetcher { ways, settings, hosts: Mutex::default(), browser })
    }

    /// Fetches one address.
    pub async fn fetch(&self, request: &Request) -> Result<Fetched, FetchError> {
        let mut url = self.checked(&request.url, &request.url)?;
        let (mut redirects, mut for_good) = (Vec::new(), true);
        loop {
            let response = self.polite(&url, request).await?;
            let status = response.status();
            if status == 304 {
                return Ok(Fetched::NotModified);
            }
            if !status.is_redirection() {
                let moved_to = if for_good { moved_to(&request.url, &url) } else { None };
                return self.success(url, redirects, moved_to, response).await;
            }
            let target = location(&url, &response).ok_or_else(|| FetchError::Redirect {
                url: request.url.clone(),
                reason: format!("{url} answered {status} without an address to go to"),
            })?;
            // A fragment names a part of the page and outlives a redirect that names none (RFC 9110, section 10.2.2).
            let fragment = url.fragment().map(str::to_string);
            redirects.push(url.to_string());
            for_good &= matches!(status.as_u16(), 301 | 308);
            if redirects.len() > REDIRECTS {
                let reason = format!("more than {REDIRECTS} redirects");
                return Err(FetchError::Redirect { url: request.url.clone(), reason });
            }
            url = self.checked(target.as_str(), &request.url)?;
            if url.fragment().is_none() {
                url.set_fragment(fragment.as_deref());
            }
        }
    }

    /// Whether there is a browser.
    pub fn renders(&self) -> bool {
        self.browser.is_some()
    }

    /// Fetches one address with the browser: the body is the page as HTML after its scripts ran, and a header `x-clausewatch-rendered-by`
    /// says so. As polite as [`Self::fetch`]; what the page loads beside itself counts as one request. Fails if there is no browser.
    pub async fn render(&self, request: &Request) -> Result<Success, FetchError> {
        let url = self.checked(&request.url, &request.url)?;
        let Some(browser) = &self.browser else {
            return Err(FetchError::Browser { url: url.to_string(), reason: "there is no browser".into() });
        };
        let host = self.host(&url);
        let mut turn = self.turn(&host, &url).await?;
        let rendered = browser.render(request, &url).await;
        turn.rest(self.settings.delay);
        let page = rendered?;
        // Scripts may lead elsewhere.
        let at = self.checked(&page.url, &request.url)?;
        if at.origin() != url.origin() {
            drop(turn);
            let host = self.host(&at);
            let _allowed = self.turn(&host, &at).await?;
        }
        Ok(page)
    }

    pub(crate) fn checked(&self, url: &str, first: &str) -> Result<Url, FetchError> {
        checked(self.ways.guard(), url, first)
    }

    pub(crate) fn host(&self, url: &Url) -> Arc<Host> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() >= MOST_HOSTS {
            hosts.retain(|_, host| Arc::strong_count(host) > 1);
        }
        Arc::clone(hosts.entry(url.origin().ascii_serialization()).or_default())
    }

    /// Asks when it is the host's turn and its `robots.txt` allows it.
    async fn polite(&self, url: &Url, request: &Request) -> Result<reqwest::Response, FetchError> {
        let host = self.host(url);
        let mut turn = self.turn(&host, url).await?;
        let sent = self.ways.send(url, |client| client.get(url.clone()).headers(headers(request))).await;
        turn.rest(self.settings.delay);
        let response = sent?;
        if let (429 | 503, Some(seconds)) = (response.status().as_u16(), retry_after(response.headers())) {
            turn.hold(seconds);
        }
        Ok(response)
    }

    /// Waits for the host's turn; an error if its `robots.txt` does not allow the address.
    async fn turn<'h>(&self, host: &'h Host, url: &Url) -> Result<MutexGuard<'h, Turn>, FetchError> {
        let mut turn = host.turn().await;
        let now = tokio::time::Instant::now();
        if let Some(seconds) = turn.held(now) {
            return Err(FetchError::Held { url: url.to_string(), seconds });
        }
        if turn.rules(now).is_none() {
            turn.set_rules(self.rules(url).await?);
        }
        if turn.rules(now).into_iter().flatten().any(|robot| !robot.allowed(url.as_str())) {
            return Err(FetchError::Robots(url.to_string()));
        }
        Ok(turn)
    }

    async fn success(
        &self,
        url: Url,
        redirects: Vec<String>,
        moved_to: Option<String>,
        response: reqwest::Response,
    ) -> Result<Fetched, FetchError> {
        if !response.status().is_success() {
            return Err(status(&url, &response));
        }
        let headers = headers_of(response.headers());
        let code = response.status().as_u16();
        let body = body(&url, response, self.settings.max_bytes).await?;
        Ok(Fetched::Document(Success { url: url.to_string(), redirects, moved_to, status: code, headers, body }))
    }
}

/// Headers as texts, in order.
pub(crate) fn headers_of(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect()
}

/// Reads a body within `limit` and undoes its content encoding, within `limit` too.
async fn body(url: &Url, response: reqwest::Response, limit: usize) -> Result<Vec<u8>, FetchError> {
    let encoding = response.headers().get(header::CONTENT_ENCODING).and_then(|value| value.to_str().ok());
    let encoding = encoding.map(str::to_owned);
    let body = read(url, response, limit).await?;
    Ok(decoded(url.as_str(), encoding.as_deref(), Cow::Owned(body), limit)?.into_owned())
}

/// Reads a body within `limit`, as it is sent.
pub(crate) async fn read(url: &Url, mut response: reqwest::Response, limit: usize) -> Result<Vec<u8>, FetchError> {
    let body = beginning(&mut response, limit.saturating_add(1)).await.map_err(|error| network(url, &error, None))?;
    if body.len() > limit {
        return Err(FetchError::TooLarge { url: url.to_string(), limit });
    }
    Ok(body)
}

/// Reads a body, as it is sent, to its end or to so many bytes.
pub(crate) async fn beginning(response: &mut reqwest::Response, most: usize) -> reqwest::Result<Vec<u8>> {
    let mut body = Vec::new();
    while body.len() < most
        && let Some(chunk) = response.chunk().await?
    {
        body.extend_from_slice(&chunk[..chunk.len().min(most - body.len())]);
    }
    Ok(body)
}

/// A body with its content encoding undone, within `limit`.
pub(crate) fn decoded<'b>(
    url: &str,
    encoding: Option<&str>,
    body: Cow<'b, [u8]>,
    limit: usize,
) -> Result<Cow<'b, [u8]>, FetchError> {
    let Some((decoded, failed)) = unpacked(encoding, &body, limit.saturating_add(1)) else { return Ok(body) };
    if let Some(reason) = failed {
        return Err(FetchError::Network { url: url.into(), reason });
    }
    if decoded.len() > limit {
        return Err(FetchError::TooLarge { url: url.into(), limit });
    }
    Ok(Cow::Owned(decoded))
}

/// Up to `most` bytes of a body whose content encoding can be undone, and why no more came of it if it is broken. None if nothing is to be undone.
pub(crate) fn unpacked(encoding: Option<&str>, body: &[u8], most: usize) -> Option<(Vec<u8>, Option<String>)> {
    let encoding = encoding?.trim().to_ascii_lowercase();
    let mut unpacked = Vec::new();
    let most = most as u64;
    let read = match encoding.as_str() {
        "gzip" | "x-gzip" => flate2::read::MultiGzDecoder::new(body).take(most).read_to_end(&mut unpacked),
        "deflate" => flate2::read::ZlibDecoder::new(body).take(most).read_to_end(&mut unpacked),
        _ => return None,
    };
    let failed = read.err().map(|error| format!("the {encoding} body cannot be decompressed: {error}"));
    Some((unpacked, failed))
}

/// The address, if its scheme is HTTP and its host is not a refused IP literal. `first` is the address that led to it.
pub(crate) fn checked(guard: &Guard, url: &str, first: &str) -> Result<Url, FetchError> {
    let address = |reason: String| FetchError::Address { url: first.into(), reason };
    let parsed = Url::parse(url).map_err(|error| address(error.to_string()))?;
    if !matches!(parsed.scheme(), "http" | "https") {
        return Err(address(format!("{}: only http and https are fetched", parsed.scheme())));
    }
    let host = parsed.host().ok_or_else(|| address("it has no host".into()))?;
    if !guard.allows_host(&host) {
        return Err(FetchError::Refused { url: first.into(), reason: Refusal::of(host).to_string() });
    }
    Ok(parsed)
}

/// The address that an answer leads on to, if it is a redirect and names one.
pub(crate) fn location(asked: &Url, response: &reqwest::Response) -> Option<Url> {
    let target = response.headers().get(header::LOCATION).filter(|_| response.status().is_redirection());
    asked.join(target?.to_str().ok()?).ok()
}

fn headers(request: &Request) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut set = |name: header::HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set(
        header::ACCEPT,
        "text/html,application/xhtml+xml,application/pdf;q=0.9,text/markdown;q=0.9,text/plain;q=0.8,*/*;q=0.5",
    );
    // Only what `body` can undo within limits.
    set(header::ACCEPT_ENCODING, "gzip, deflate");
    set(
        header::ACCEPT_LANGUAGE,
        &request.language.as_deref().map_or("en;q=0.9,*;q=0.5".into(), |code| format!("{code},*;q=0.5")),
    );
    if request.fresh {
        set(header::CACHE_CONTROL, "no-cache");
    }
    if let Some(etag) = &request.etag {
        set(header::IF_NONE_MATCH, etag);
    }
    if let Some(date) = &request.last_modified {
        set(header::IF_MODIFIED_SINCE, date);
    }
    headers
}

pub(crate) fn status(url: &Url, response: &reqwest::Response) -> FetchError {
    let retry_after = retry_after(response.headers());
    let proxy = response.extensions().get::<Via>().map(|via| via.0.clone());
    FetchError::Status { url: url.to_string(), status: response.status().as_u16(), retry_after, proxy }
}

/// Seconds that an answer asks us to wait (RFC 9110, section 10.2.3). A date is counted from the answer's own, so that clocks need not agree.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<u64> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let asked = text(header::RETRY_AFTER)?;
    asked.parse().ok().or_else(|| {
        let date = |text| httpdate::parse_http_date(text).ok();
        Some(date(asked)?.duration_since(date(text(header::DATE)?)?).map_or(0, |wait| wait.as_secs()))
    })
}

/// The address that a page asked for at `asked` has moved to for good, when it was found at `found` by permanent redirects alone. A site
/// that sends to its front page has rather lost the page.
fn moved_to(asked: &str, found: &Url) -> Option<String> {
    let mut asked = Url::parse(asked).ok()?;
    let mut target = found.clone();
    asked.set_fragment(None);
    target.set_fragment(None);
    let front = target.path() == "/" && target.query().is_none() && asked.path() != "/";
    (asked != target && !front).then(|| found.to_string())
}

/// Why a request failed. The innermost cause says what happened; the outer ones only that a request failed.
pub fn cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    if error.is_timeout() { "no answer in time".into() } else { cause.to_string() }
}

/// That a request failed, asked for through a proxy or not.
pub(crate) fn network(url: &Url, error: &reqwest::Error, proxy: Option<&Proxy>) -> FetchError {
    if let Some(refusal) = Refusal::behind(error) {
        return FetchError::Refused { url: url.to_string(), reason: refusal.to_string() };
    }
    let mut reason = cause(error);
    if reason.contains("UnknownIssuer") {
        reason += "; if an authority of your own signed the certificate, give its file with --ca-file";
    }
    if let Some(proxy) = proxy {
        reason +=
            &format!("; asked for through the proxy {proxy}: see whether it opens through that proxy in a browser");
    }
    FetchError::Network { url: url.to_string(), reason }
}

/// That there was no way to an address: the guard refused it, or its name could not be resolved.
pub(crate) fn unreached(url: &Url, error: &BoxError) -> FetchError {
    let (url, reason) = (url.to_string(), error.to_string());
    match Refusal::behind(&**error) {
        Some(_) => FetchError::Refused { url, reason },
        None => FetchError::Network { url, reason },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_seconds_or_dates() {
        let wait = |headers: &[(header::HeaderName, &'static str)]| {
            let headers = headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
            retry_after(&headers.collect())
        };
        let date = (header::DATE, "Fri, 27 Nov 2026 12:00:00 GMT");
        assert_eq!(wait(&[(header::RETRY_AFTER, " 120 ")]), Some(120));
        assert_eq!(wait(&[(header::RETRY_AFTER, "Fri, 27 Nov 2026 12:05:00 GMT"), date.clone()]), Some(300));
        assert_eq!(wait(&[(header::RETRY_AFTER, "Fri, 27 Nov 2026 11:05:00 GMT"), date.clone()]), Some(0));
        assert_eq!(wait(&[(header::RETRY_AFTER, "Fri, 27 Nov 2026 12:05:00 GMT")]), None, "counted from when?");
        assert_eq!(wait(&[(header::RETRY_AFTER, "soon"), date]), None);
        assert_eq!(wait(&[]), None);
    }

    #[test]
    fn only_the_guard_refuses() {
        let url = Url::parse("http://10.0.0.1/terms").unwrap();
        let guarded = unreached(&url, &Refusal::of("10.0.0.1").into());
        assert!(matches!(guarded, FetchError::Refused { .. }), "{guarded}");
        let said = unreached(&url, &Refusal::of("10.0.0.1").to_string().into());
        assert!(matches!(said, FetchError::Network { .. }), "whatever words a server uses: {said}");
    }

    #[test]
    fn pages_move_but_not_to_the_front_page() {
        let moved = |asked: &str, found: &str| moved_to(asked, &Url::parse(found).unwrap());
        let new = "https://www.plum.example/legal/privacy";
        assert_eq!(moved("https://plum.example/privacy", new).as_deref(), Some(new));
        assert_eq!(moved("http://plum.example/", "https://plum.example/").as_deref(), Some("https://plum.example/"));
        assert_eq!(moved(new, new), None);
        assert_eq!(moved("https://plum.example/a#part", "https://plum.example/a"), None);
        assert_eq!(moved("https://plum.example/privacy", "https://plum.example/"), None);
    }
}
