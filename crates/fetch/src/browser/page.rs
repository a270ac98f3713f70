//! One page from its address to what its scripts made of it.
use std::collections::HashSet;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;
use url::Url;

use super::pipe::Message;
use super::{Running, broken};
use crate::guard::Guard;
use crate::{FetchError, Request, Success};

/// Largest page that is taken over, in bytes of HTML.
pub(super) const LARGEST: usize = 20 * 1024 * 1024;
/// A page has settled when it asked for nothing for so long after it was loaded...
const QUIET: Duration = Duration::from_millis(800);
/// ...or so long after it was loaded in any case: some ask for ever.
const SETTLE: Duration = Duration::from_secs(8);
/// What is not asked for: nothing of it is text.
const PASSED_OVER: [&str; 7] = ["Image", "Media", "Font", "Ping", "Prefetch", "TextTrack", "CSPViolationReport"];
/// Headers that speak of the bytes sent, which are not the bytes kept.
const OF_THE_BYTES: [&str; 6] =
    ["content-type", "content-length", "content-encoding", "transfer-encoding", "etag", "last-modified"];
/// What is taken over of a page, asked in a world of its own, where the page's scripts changed nothing.
const TAKE: &str = "({url: location.href, html: document.documentElement ? document.documentElement.outerHTML : ''})";

/// What is known of a page while it loads.
#[derive(Default)]
struct Loading {
    /// Its frame; the other frames of the page are none of ours.
    frame: String,
    /// The call that opened it.
    navigation: u64,
    /// Addresses that redirected.
    redirects: Vec<String>,
    /// Status and headers of the document.
    response: Option<(u16, Vec<(String, String)>)>,
    requests: usize,
    under_way: HashSet<String>,
    loaded: Option<Instant>,
}

impl Running {
    pub(super) async fn page(&mut self, request: &Request, url: &Url) -> Result<Success, FetchError> {
        let browser = |reason: String| broken(url, reason);
        self.pipe.forget();
        let context = self.pipe.call("Target.createBrowserContext", json!({}), None).await.map_err(browser)?;
        let context = context["browserContextId"].clone();
        let taken = self.in_context(&context, request, url).await;
        // With its cookies, its workers and the windows that it opened.
        let gone = self.pipe.call("Target.disposeBrowserContext", json!({ "browserContextId": context }), None).await;
        gone.map_err(browser)?;
        taken
    }

    async fn in_context(&mut self, context: &Value, request: &Request, url: &Url) -> Result<Success, FetchError> {
        let browser = |reason: String| broken(url, reason);
        let (session, frame) = self.open(context, request).await.map_err(browser)?;
        let navigation = self.pipe.send("Page.navigate", json!({ "url": url.as_str() }), Some(&session)).await;
        let mut loading = Loading { navigation: navigation.map_err(browser)?, frame, ..Loading::default() };
        let failed = self.load(&session, &mut loading).await.map_err(browser)?;
        if let Some(error) = self.gate.failed(url) {
            return Err(error);
        }
        if self.gate.exhausted() {
            let limit = usize::try_from(self.settings.max_bytes).unwrap_or(usize::MAX);
            return Err(FetchError::TooLarge { url: url.to_string(), limit });
        }
        if let Some(reason) = failed {
            let mut reason = reason + &self.guard.by_way();
            if reason.contains("ERR_CERT_AUTHORITY_INVALID") {
                reason += "; the browser has a list of authorities of its own (docs/tracking.md says how to add to it)";
            }
            return Err(FetchError::Network { url: url.to_string(), reason });
        }
        let silent = || format!("the browser got no answer{}", self.guard.by_way());
        let response = loading.response.take();
        let (status, mut headers) =
            response.ok_or_else(|| FetchError::Network { url: url.to_string(), reason: silent() })?;
        if !(200..300).contains(&status) {
            let proxy = self.guard.proxy().filter(|_| url.scheme() == "http").map(ToString::to_string);
            return Err(FetchError::Status { url: url.to_string(), status, retry_after: None, proxy });
        }
        let (at, html) = self.take(&session, &loading.frame).await.map_err(browser)?;
        let at = Url::parse(&at).ok().filter(|at| matches!(at.scheme(), "http" | "https"));
        let at =
            at.ok_or_else(|| FetchError::Redirect { url: url.to_string(), reason: "the page left the web".into() })?;
        // Instead, the kind of the bytes kept is said, and who made them.
        headers.retain(|(name, _)| !OF_THE_BYTES.contains(&name.as_str()));
        headers.push(("content-type".into(), "text/html; charset=utf-8".into()));
        headers.push(("x-clausewatch-rendered-by".into(), self.version.clone()));
        let (redirects, body) = (loading.redirects, html.into_bytes());
        Ok(Success { url: at.to_string(), redirects, moved_to: None, status, headers, body })
    }

    /// Opens an empty page; returns its session and its frame.
    async fn open(&mut self, context: &Value, request: &Request) -> Result<(String, String), String> {
        let empty = json!({ "url": "about:blank", "browserContextId": context });
        let target = self.pipe.call("Target.createTarget", empty, None).await?["targetId"].clone();
        let attach = json!({ "targetId": target, "flatten": true });
        let session = self.pipe.call("Target.attachToTarget", attach, None).await?;
        let session = session["sessionId"].as_str().ok_or("the browser gave no session")?.to_string();
        let language = request.language.as_deref().map_or("en;q=0.9,*;q=0.5".into(), |code| format!("{code},*;q=0.5"));
        let downloads = json!({ "behavior": "deny", "browserContextId": context });
        self.pipe.call("Browser.setDownloadBehavior", downloads, None).await?;
        for (method, params) in [
            ("Page.enable", json!({})),
            ("Network.enable", json!({})),
            ("Network.setExtraHTTPHeaders", json!({ "headers": { "Accept-Language": language } })),
            ("Fetch.enable", json!({ "patterns": [{ "urlPattern": "*" }] })),
        ] {
            self.pipe.call(method, params, Some(&session)).await?;
        }
        let frames = self.pipe.call("Page.getFrameTree", json!({}), Some(&session)).await?;
        let frame = frames["frameTree"]["frame"]["id"].as_str().ok_or("the browser gave no frame")?;
        Ok((session, frame.to_string()))
    }

    /// Answers the page's requests until it has settled; what the browser says if it could not be opened.
    async fn load(&mut self, session: &str, loading: &mut Loading) -> Result<Option<String>, String> {
        // Whatever has not come by then: better what is there than nothing.
        let latest = Instant::now() + self.settings.timeout * 3 / 4;
        loop {
            let now = Instant::now();
            let until = match loading.loaded {
                Some(loaded) if loading.under_way.is_empty() => latest.min(loaded + SETTLE).min(now + QUIET),
                Some(loaded) => latest.min(loaded + SETTLE),
                None => latest,
            };
            let Ok(message) = tokio::time::timeout_at(until, self.pipe.next()).await else { return Ok(None) };
            match message? {
                Message::Answer(number, result) if number == loading.navigation => {
                    let failed = result.map(|result| result["errorText"].as_str().map(str::to_string))?;
                    if failed.is_some() {
                        return Ok(failed);
                    }
                }
                Message::Answer(..) => {}
                Message::Event(name, said, of) if of.as_deref() == Some(session) => {
                    self.happened(session, loading, &name, &said).await?;
                }
                Message::Event(..) => {}
            }
        }
    }

    async fn happened(&mut self, session: &str, loading: &mut Loading, name: &str, said: &Value) -> Result<(), String> {
        let own_document = said["type"] == "Document" && said["frameId"] == loading.frame.as_str();
        match name {
            "Fetch.requestPaused" => {
                loading.requests += 1;
                let host = wanted(said, &self.guard).filter(|_| loading.requests <= self.settings.max_requests);
                let request = &said["requestId"];
                let (method, params) = match host {
                    Some(host) => {
                        self.gate.admit(&host);
                        ("Fetch.continueRequest", json!({ "requestId": request }))
                    }
                    None => ("Fetch.failRequest", json!({ "requestId": request, "errorReason": "BlockedByClient" })),
                };
                self.pipe.send(method, params, Some(session)).await?;
            }
            "Network.requestWillBeSent" => {
                if own_document && let Some(from) = said["redirectResponse"]["url"].as_str() {
                    loading.redirects.push(from.to_string());
                }
                loading.under_way.extend(said["requestId"].as_str().map(str::to_string));
            }
            "Network.responseReceived" if own_document => loading.response = Some(response(&said["response"])),
            "Network.loadingFinished" | "Network.loadingFailed" => {
                said["requestId"].as_str().map(|id| loading.under_way.remove(id));
            }
            "Page.loadEventFired" => loading.loaded = Some(Instant::now()),
            "Page.javascriptDialogOpening" => {
                self.pipe.send("Page.handleJavaScriptDialog", json!({ "accept": false }), Some(session)).await?;
            }
            "Inspector.targetCrashed" => return Err("the page crashed".into()),
            _ => {}
        }
        Ok(())
    }

    /// The page's address and HTML.
    async fn take(&mut self, session: &str, frame: &str) -> Result<(String, String), String> {
        let world = json!({ "frameId": frame, "worldName": "clausewatch" });
        let world = self.pipe.call("Page.createIsolatedWorld", world, Some(session)).await?;
        let take = json!({ "expression": TAKE, "returnByValue": true, "contextId": world["executionContextId"] });
        let taken = self.pipe.call("Runtime.evaluate", take, Some(session)).await?;
        let text = |name: &str| taken["result"]["value"][name].as_str().map(str::to_string);
        let (url, html) = text("url").zip(text("html")).ok_or("the page cannot be read")?;
        if html.len() > LARGEST {
            return Err(format!("the page is larger than {LARGEST} bytes"));
        }
        Ok((url, html))
    }
}

/// The host of what the page asks for, if it is asked for: kinds that hold text or make it, over HTTP, from no host that is a refused
/// address. (Names are judged by the gate.)
fn wanted(said: &Value, guard: &Guard) -> Option<String> {
    if said["resourceType"].as_str().is_some_and(|kind| PASSED_OVER.contains(&kind)) {
        return None;
    }
    let url = Url::parse(said["request"]["url"].as_str()?).ok()?;
    let host = url.host().filter(|host| guard.allows_host(host))?;
    matches!(url.scheme(), "http" | "https").then(|| host.to_string())
}

fn response(said: &Value) -> (u16, Vec<(String, String)>) {
    let status = said["status"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or(0);
    let header =
        |(name, value): (&String, &Value)| (name.to_ascii_lowercase(), value.as_str().unwrap_or_default().to_string());
    (status, said["headers"].as_object().into_iter().flatten().map(header).collect())
}
