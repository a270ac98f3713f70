//! The protocol of the Wayback Machine: its availability interface, its CDX server, captures as they were captured (`id_`), and Save Page Now.
//!
//! What it answers is hostile: addresses must lie in the archive and be of the page that was asked about, times must parse, bodies are bounded.
//! It is asked politely: one request at a time, [`Settings::delay`] apart; whoever asks more, or goes on after a 429, is shut out for hours.
use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use atlas::witnesses::OutsideCapture;
use fetch::guard::leads_into;
use fetch::{Call, FetchError, Fetcher, IpNet, Reply, first_header};
use serde::Deserialize;
use sha1::{Digest, Sha1};
use url::Url;

use crate::cdx::{FIELDS, Listed, Listing, listing};
use crate::place;
use crate::{Failure, WitnessError};

/// Seconds that an archive is left alone that said 429 and not for how long.
const USUAL_WAIT: u64 = 60;
/// Most bytes of an answer of the availability interface.
const AVAILABILITY_BYTES: usize = 64 * 1024;
/// Most bytes of an answer of Save Page Now: it lists all that the page loads.
const SAVE_BYTES: usize = 4 * 1024 * 1024;
/// Most bytes of a list of captures.
const LIST_BYTES: usize = 8 * 1024 * 1024;
/// Captures listed at once.
const LIST_ROWS: &str = "2000";
/// A capture no further from the instant than this is not asked about further.
pub(crate) const NEAR_MS: i64 = 24 * 60 * 60 * 1000;

/// The keys of Save Page Now. They cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys(String);

impl Keys {
    /// Keys written as `ACCESS:SECRET`.
    pub fn parse(text: &str) -> Result<Keys, WitnessError> {
        let sound = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_graphic());
        match text.trim().split_once(':') {
            Some((access, secret)) if sound(access) && sound(secret) => Ok(Keys(format!("{access}:{secret}"))),
            _ => Err(WitnessError::Keys),
        }
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(…)")
    }
}

/// Which archive, and how patiently it is asked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Root of the archive: captures lie at `web/`, its index at `cdx/search/cdx`, Save Page Now at `save`.
    pub root: String,
    /// Address of the availability interface.
    pub available: String,
    /// Keys of Save Page Now; without them nothing is submitted.
    pub keys: Option<Keys>,
    /// Networks whose pages are not named to the archive.
    pub private: Vec<IpNet>,
    /// How the archive is reached: [`fetch::Settings::delay`] is the time between two requests, `max_bytes` bounds a capture.
    pub fetch: fetch::Settings,
}

impl Default for Settings {
    /// The Wayback Machine, asked at most every four seconds: its index allows 24 requests a minute.
    fn default() -> Self {
        let fetch = fetch::Settings {
            delay: Duration::from_secs(4),
            timeout: Duration::from_secs(60),
            ..fetch::Settings::default()
        };
        let available = "https://archive.org/wayback/available".into();
        Settings { root: "https://web.archive.org/".into(), available, keys: None, private: Vec::new(), fetch }
    }
}

impl Settings {
    /// A server that speaks the same interfaces, all of them below one address.
    pub fn at(root: &str) -> Settings {
        let root = format!("{}/", root.trim().trim_end_matches('/'));
        Settings { available: format!("{root}wayback/available"), root, ..Settings::default() }
    }
}

/// A time between two instants, in milliseconds since 1970 UTC, both included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    /// The first instant.
    pub from_ms: Option<i64>,
    /// The last instant.
    pub to_ms: Option<i64>,
}

/// A capture as it was captured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raw {
    /// The address at which the archive has these bytes.
    pub url: String,
    /// The address at which it shows them to people.
    pub shown: String,
    /// Headers of the answer that was captured, in order.
    pub headers: Vec<(String, String)>,
    /// The body, content encoding undone.
    pub body: Vec<u8>,
    /// Whether the bytes have the hash that the archive's index gives.
    pub verified: bool,
}

impl Raw {
    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        first_header(&self.headers, name)
    }
}

/// How a submission to Save Page Now goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Job {
    /// It is under way.
    Pending,
    /// It made this capture.
    Saved(OutsideCapture),
    /// It failed.
    Failed {
        /// The archive's code, for example `error:no-access`.
        code: String,
        /// Whether another attempt can help.
        again: bool,
    },
    /// The archive does not know it (any more).
    Unknown,
}

/// An archive.
pub struct Archive {
    root: Url,
    available: Url,
    name: String,
    keys: Option<Keys>,
    private: Vec<IpNet>,
    fetcher: Fetcher,
    max_bytes: usize,
}

impl Archive {
    /// An archive with these settings; nothing is sent yet.
    pub fn new(settings: Settings) -> Result<Archive, WitnessError> {
        let (root, available) = (http(&settings.root)?, http(&settings.available)?);
        let port = root.port().map_or(String::new(), |port| format!(":{port}"));
        let name = format!("{}{port}", root.host_str().unwrap_or_default());
        let Settings { keys, private, fetch, .. } = settings;
        let max_bytes = fetch.max_bytes;
        let fetcher = Fetcher::new(fetch)?;
        Ok(Archive { root, available, name, keys, private, fetcher, max_bytes })
    }

    /// Its host, by which it is known.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether pages can be submitted.
    pub fn saves(&self) -> bool {
        self.keys.is_some()
    }

    /// The capture of a page nearest to an instant; none if the archive has none.
    ///
    /// The availability interface often says that there is none where there are many, and may name one that is not the nearest. So unless it
    /// names one that is near, its index is asked for the last one before and the first one after.
    pub async fn nearest(&self, page: &str, at_ms: i64) -> Result<Option<OutsideCapture>, Failure> {
        self.may_name(page).await?;
        let distance = |capture: &OutsideCapture| (capture.at_ms - at_ms).abs();
        let available = self.available(page, at_ms).await?;
        if available.as_ref().is_some_and(|capture| distance(capture) <= NEAR_MS) {
            return Ok(available);
        }
        let before = Span { from_ms: None, to_ms: Some(at_ms) };
        let after = Span { from_ms: Some(at_ms), to_ms: None };
        let before = self.list(page, before, &[("limit", "-1")]).await?;
        let after = self.list(page, after, &[("limit", "1")]).await?;
        let listed = before.captures.last().into_iter().chain(after.captures.first());
        let listed = listed.filter_map(|c| place::at(&self.root, &c.timestamp, c.at_ms, &c.original, page));
        Ok(available.into_iter().chain(listed).min_by_key(distance))
    }

    /// Refuses to name a page that is nobody's business outside.
    async fn may_name(&self, page: &str) -> Result<(), Failure> {
        let (reason, again) = match leads_into(&self.private, page).await {
            _ if place::has_login(page) => ("the page’s address holds a name or a password", false),
            Some(true) => ("the page lies on a private network", false),
            None => ("whether the page lies on a private network cannot be told, as its name is not resolved", true),
            Some(false) => return Ok(()),
        };
        Err(Failure::Withheld { archive: self.name.clone(), reason, again })
    }

    async fn available(&self, page: &str, at_ms: i64) -> Result<Option<OutsideCapture>, Failure> {
        let mut url = self.available.clone();
        url.query_pairs_mut().append_pair("url", page).append_pair("timestamp", &archive::instant::digits14(at_ms));
        let body = self.answer(&url, AVAILABILITY_BYTES).await?;
        let said: Available = self.json(&body)?;
        let Some(closest) = said.archived_snapshots.closest.filter(|c| c.available && c.status == "200") else {
            return Ok(None);
        };
        let capture = place::capture(&self.root, &closest.url, page);
        let capture = capture.filter(|capture| place::instant_of(&closest.timestamp) == Some(capture.at_ms));
        let wrong = || self.outage("names a capture that lies elsewhere, is of another page or has no time");
        capture.map(Some).ok_or_else(wrong)
    }

    /// Captures of a page with another body than the one before, oldest first; `resume` is what the part before said.
    pub async fn captures(&self, page: &str, span: Span, resume: Option<&str>) -> Result<Listing, Failure> {
        self.may_name(page).await?;
        let mut fields = vec![("limit", LIST_ROWS), ("collapse", "digest"), ("showResumeKey", "true")];
        fields.extend(resume.map(|key| ("resumeKey", key)));
        let listing = self.list(page, span, &fields).await?;
        if listing.resume.is_some() && listing.resume.as_deref() == resume {
            return Err(self.outage("sends the same part of its list of captures again and again"));
        }
        Ok(listing)
    }

    async fn list(&self, page: &str, span: Span, fields: &[(&str, &str)]) -> Result<Listing, Failure> {
        let mut url = self.below("cdx/search/cdx");
        let digits = |ms: Option<i64>| ms.map(archive::instant::digits14);
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("url", page).append_pair("output", "json").append_pair("fl", FIELDS);
            query.append_pair("filter", "statuscode:200");
            if let Some(from) = digits(span.from_ms) {
                query.append_pair("from", &from);
            }
            if let Some(to) = digits(span.to_ms) {
                query.append_pair("to", &to);
            }
            query.extend_pairs(fields);
        }
        let body = self.answer(&url, LIST_BYTES).await?;
        listing(&body, page).map_err(|reason| self.outage(reason))
    }

    /// Fetches a capture that the index names, as it was captured.
    ///
    /// # Errors
    /// [`Failure::Never`] where the archive sends something else than this capture: a page of its own, another capture, or other bytes.
    pub async fn raw(&self, capture: &Listed) -> Result<Raw, Failure> {
        let url = place::address(&self.root, &capture.timestamp, "id_", &capture.original);
        let call = Call { url: &url, most: self.max_bytes, ..Call::default() };
        let reply = self.fetcher.call(&call).await.map_err(|error| match error {
            FetchError::TooLarge { limit, .. } => self.never(format!("has a capture of more than {limit} bytes")),
            error => self.failed(&error),
        })?;
        let is_capture = reply.header("memento-datetime").and_then(http_date) == Some(capture.at_ms);
        match reply.status {
            // An answer that was captured says when; what the archive says of itself does not.
            200 if is_capture => {}
            200 => return Err(self.never("sent a page of its own, or another capture, in place of the one asked for")),
            300..400 => return Err(self.never("sends from this capture to another one")),
            status if is_capture => return Err(self.never(format!("holds an answer of status {status}"))),
            404 => return Err(self.never("lists this capture and does not have it")),
            _ => return Err(self.unwell(&reply)),
        }
        if original_of(&reply).is_some_and(|original| !place::same_page(original, &capture.original)) {
            return Err(self.never("sent a capture of another page"));
        }
        let body =
            reply.decoded(self.max_bytes).map_err(|error| self.never(format!("sent a damaged capture: {error}")))?;
        let verified = [&reply.body[..], &body[..]].iter().any(|bytes| sha1_base32(bytes) == capture.digest);
        // What was hashed when it was captured, archives disagree about, where the server had encoded it or sent it in chunks.
        let encoded = ["x-archive-orig-content-encoding", "x-archive-orig-transfer-encoding"];
        if !verified && !encoded.iter().any(|name| reply.header(name).is_some()) {
            return Err(self.never("sent other bytes than those whose hash is in its index"));
        }
        let headers = captured_headers(&reply);
        let shown = place::address(&self.root, &capture.timestamp, "", &capture.original);
        Ok(Raw { url, shown, headers, body: body.into_owned(), verified })
    }

    /// Submits a page to Save Page Now, unless the archive has a capture of it that is no older than `within_s` seconds. Returns its name for
    /// the job, or how the submission failed.
    pub async fn submit(&self, page: &str, within_s: i64) -> Result<Result<String, Job>, Failure> {
        self.may_name(page).await?;
        let within = within_s.max(60).to_string();
        let form = [("url", page), ("skip_first_archive", "1"), ("if_not_archived_within", &within)];
        let reply = self.save(&self.below("save"), Some(&form)).await?;
        let said: Saving = self.json(&self.body(&reply, SAVE_BYTES)?)?;
        // A refusal comes with status 200, too.
        if let Some(failed) = said.failed() {
            return Ok(Err(failed));
        }
        let is_name = |job: &String| {
            (1..=100).contains(&job.len())
                && job.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        };
        said.job_id.filter(is_name).map(Ok).ok_or_else(|| self.outage("took a page and did not name the job"))
    }

    /// How a submission of a page goes.
    pub async fn job(&self, job: &str, page: &str) -> Result<Job, Failure> {
        let reply = match self.save(&self.below(&format!("save/status/{job}")), None).await {
            Ok(reply) if reply.status == 404 => return Ok(Job::Unknown),
            reply => reply?,
        };
        let said: Saving = self.json(&self.body(&reply, SAVE_BYTES)?)?;
        if let Some(failed) = said.failed() {
            return Ok(failed);
        }
        match said.status.as_deref() {
            Some("pending") => Ok(Job::Pending),
            Some("success") => {
                let timestamp = said.timestamp.unwrap_or_default();
                let at = place::instant_of(&timestamp);
                let original = said.original_url.as_deref().unwrap_or(page);
                // A page that redirects is captured where it leads; that is another page than the one that we keep.
                let saved = at.and_then(|at_ms| place::at(&self.root, &timestamp, at_ms, original, page));
                let elsewhere = || Job::Failed { code: "captured another page".into(), again: false };
                Ok(saved.map_or_else(elsewhere, Job::Saved))
            }
            _ => Err(self.outage("did not say how the submission goes")),
        }
    }

    async fn save(&self, url: &Url, form: Option<&[(&str, &str)]>) -> Result<Reply, Failure> {
        let Some(Keys(keys)) = &self.keys else { return Err(Failure::Keys { archive: self.name.clone() }) };
        let authorization = format!("LOW {keys}");
        let call = Call {
            url: url.as_str(),
            accept: "application/json",
            authorization: Some(&authorization),
            form,
            most: SAVE_BYTES,
        };
        let reply = self.fetcher.call(&call).await.map_err(|error| self.failed(&error))?;
        match reply.status {
            200 => Ok(reply),
            404 if form.is_none() => Ok(reply),
            401 => Err(Failure::Keys { archive: self.name.clone() }),
            _ => Err(self.unwell(&reply)),
        }
    }

    /// The body of an answer that has to be sound.
    async fn answer(&self, url: &Url, most: usize) -> Result<Vec<u8>, Failure> {
        let call = Call { url: url.as_str(), accept: "application/json", most, ..Call::default() };
        let reply = self.fetcher.call(&call).await.map_err(|error| self.failed(&error))?;
        if reply.status != 200 || said_no(&reply).is_some() {
            return Err(self.unwell(&reply));
        }
        self.body(&reply, most)
    }

    fn body(&self, reply: &Reply, most: usize) -> Result<Vec<u8>, Failure> {
        Ok(reply.decoded(most).map_err(|error| self.failed(&error))?.into_owned())
    }

    fn json<T: for<'de> Deserialize<'de>>(&self, body: &[u8]) -> Result<T, Failure> {
        serde_json::from_slice(body).map_err(|_| self.outage("sent something else than the JSON that it documents"))
    }

    fn below(&self, path: &str) -> Url {
        // The root ends with a slash, and paths are ours.
        self.root.join(path).unwrap_or_else(|_| self.root.clone())
    }

    /// What an answer that is none means.
    fn unwell(&self, reply: &Reply) -> Failure {
        if let Some(reason) = said_no(reply) {
            return self.never(reason);
        }
        match (reply.status, reply.retry_after) {
            (429, wait) => Failure::Busy { archive: self.name.clone(), seconds: wait.unwrap_or(USUAL_WAIT) },
            (503, Some(seconds)) => Failure::Busy { archive: self.name.clone(), seconds },
            (status, _) => self.outage(format!("answered {status}")),
        }
    }

    fn failed(&self, error: &FetchError) -> Failure {
        match error {
            FetchError::Held { seconds, .. } => Failure::Busy { archive: self.name.clone(), seconds: *seconds },
            // Without the address of the question, which is long and is told elsewhere.
            FetchError::Network { reason, .. } => self.outage(format!("cannot be asked: {reason}")),
            FetchError::TooLarge { limit, .. } => self.outage(format!("sent more than {limit} bytes")),
            error => self.outage(format!("cannot be asked: {error}")),
        }
    }

    fn outage(&self, reason: impl Into<String>) -> Failure {
        Failure::Outage { archive: self.name.clone(), reason: reason.into() }
    }

    fn never(&self, reason: impl Into<String>) -> Failure {
        Failure::Never { archive: self.name.clone(), reason: reason.into() }
    }
}

fn http(address: &str) -> Result<Url, WitnessError> {
    let wrong = |reason: String| WitnessError::Address { url: address.into(), reason };
    let url = Url::parse(address).map_err(|error| wrong(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("it is no plain http or https address".into()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("it holds a name or a password, which would be shown".into()));
    }
    Ok(url)
}

/// Whether the archive keeps the page from us, and why: such an answer is not worth asking for again. Its words are those of the
/// archive's software, in a header or on the page.
fn said_no(reply: &Reply) -> Option<&'static str> {
    let header = reply.header("x-archive-wayback-runtime-error").unwrap_or_default();
    let page = if reply.status >= 400 { reply.decoded(AVAILABILITY_BYTES).unwrap_or_default() } else { Cow::default() };
    let page = String::from_utf8_lossy(&page);
    let says = |words: &str| header.contains(words) || page.contains(words);
    if says("RobotAccessControlException") {
        Some("does not show this page, because the site's robots.txt asked it not to")
    } else if says("AdministrativeAccessControlException") || says("URL has been excluded") {
        Some("does not show this page: it has been excluded")
    } else {
        None
    }
}

/// The instant of an HTTP date.
fn http_date(text: &str) -> Option<i64> {
    let since = httpdate::parse_http_date(text).ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok()
}

/// The address that was captured, as a `Link` header names it: `<https://…>; rel="original"`.
fn original_of(reply: &Reply) -> Option<&str> {
    let links = reply.header("link")?;
    let (before, _) = links.split_once("; rel=\"original\"")?;
    before.trim_end().strip_suffix('>')?.rsplit_once('<').map(|(_, url)| url)
}

/// The headers of the answer that was captured: the archive hands them down under names of its own. What they said of the encoding is left
/// out, since it is undone.
fn captured_headers(reply: &Reply) -> Vec<(String, String)> {
    const ENCODING: [&str; 3] = ["content-encoding", "transfer-encoding", "content-length"];
    let original = |(name, value): &(String, String)| {
        let name = name.to_ascii_lowercase();
        let own = name.strip_prefix("x-archive-orig-").filter(|own| !own.is_empty() && !ENCODING.contains(own))?;
        Some((own.to_string(), value.clone()))
    };
    let mut headers: Vec<_> = reply.headers.iter().filter_map(original).collect();
    let kind = reply.header("content-type").map(str::to_owned);
    if !headers.iter().any(|(name, _)| name == "content-type") {
        headers.extend(kind.map(|kind| ("content-type".to_string(), kind)));
    }
    headers
}

fn sha1_base32(bytes: &[u8]) -> String {
    base32::encode(base32::Alphabet::Rfc4648 { padding: false }, &Sha1::digest(bytes))
}

/// What the availability interface says.
#[derive(Debug, Deserialize)]
struct Available {
    archived_snapshots: Snapshots,
}

#[derive(Debug, Deserialize)]
struct Snapshots {
    closest: Option<Closest>,
}

#[derive(Debug, Deserialize)]
struct Closest {
    #[serde(default)]
    available: bool,
    url: String,
    timestamp: String,
    status: String,
}

/// What Save Page Now says, of a submission and of a job.
#[derive(Debug, Deserialize)]
struct Saving {
    status: Option<String>,
    status_ext: Option<String>,
    job_id: Option<String>,
    timestamp: Option<String>,
    original_url: Option<String>,
}

impl Saving {
    /// The failure that it tells of, if it does.
    fn failed(&self) -> Option<Job> {
        if self.status.as_deref() != Some("error") {
            return None;
        }
        let is_code = |code: &&str| {
            code.len() <= 60 && code.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b':' | b'-'))
        };
        let code = self.status_ext.as_deref().filter(is_code).unwrap_or("error");
        let again = !FOR_GOOD.contains(&code.trim_start_matches("error:"));
        Some(Job::Failed { code: code.into(), again })
    }
}

/// Codes of failures that another attempt would meet again.
const FOR_GOOD: &[&str] = &[
    "bad-request",
    "blocked",
    "blocked-client-ip",
    "blocked-url",
    "filesize-limit",
    "ftp-access-denied",
    "http-version-not-supported",
    "invalid-host-resolution",
    "invalid-url-syntax",
    "method-not-allowed",
    "network-authentication-required",
    "no-access",
    "not-found",
    "not-implemented",
    "too-many-redirects",
    "unauthorized",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_two_parts_and_are_not_printed() {
        let keys = Keys::parse(" access:se:cret\n").unwrap();
        assert_eq!(keys.0, "access:se:cret");
        assert!(!format!("{keys:?}").contains("cret"));
        for wrong in ["", "access", ":secret", "access:", "a b:c", "a:b\nc"] {
            assert!(Keys::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn addresses_of_archives_are_plain() {
        for wrong in
            ["", "web.archive.org", "ftp://web.archive.org/", "https://me:pass@web.archive.org/", "https://a/?q"]
        {
            let settings = Settings { root: wrong.into(), ..Settings::default() };
            assert!(Archive::new(settings).is_err(), "{wrong:?}");
        }
        assert_eq!(Archive::new(Settings::default()).unwrap().name(), "web.archive.org");
        let local = Settings::at("http://127.0.0.1:9000");
        assert_eq!(
            (&*local.root, &*local.available),
            ("http://127.0.0.1:9000/", "http://127.0.0.1:9000/wayback/available")
        );
    }

    #[test]
    fn hashes_are_written_as_an_index_writes_them() {
        assert_eq!(sha1_base32(b""), "3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ");
    }
}
