//! Who asks. An instance for one person needs no account: whoever sits at its machine is the owner, with a watchlist and an inbox. An
//! instance with accounts knows the person of a session's cookie, or of a program's token, and nobody by where they sit.
//!
//! "At the machine" means: the connection comes from the loopback interface, names it as its host (a page elsewhere whose name was made to
//! point here does not), and was handed on by no proxy. What changes something must come from a page of ours, as browsers say
//! with `Sec-Fetch-Site` and `Origin`; a program that says neither is not a page at all. [`crate::doors`] asks that of every request.
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use accounts::{Accounts, Caller, Renewed, Scope, Visitor};
use atlas::watching::PersonId;
use axum::extract::{ConnectInfo, FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};

use crate::error::Failure;
use crate::links;
use crate::negotiate::Wants;
use crate::site::{Site, SiteConfig};

/// Header of proxies that names who they ask for, the nearest last.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// Headers of a request that was handed on.
const HANDED_ON: [HeaderName; 3] = [header::FORWARDED, FORWARDED_FOR, HeaderName::from_static("x-real-ip")];
/// How long a browser keeps a session's cookie, in seconds; the session may end before.
const COOKIE_SECONDS: i64 = accounts::session::LONGEST_MS / 1000;

/// The person who asks, owner of a watchlist: at the machine, in a session, or through a program that may do this. As an extractor it takes
/// everybody else to where they sign in; as an optional one it is none for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner(pub PersonId);

/// The person who asks, themselves: at the machine or in a session. What costs money or is had once is not for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Oneself(pub PersonId);

/// An operator of the instance who asks: the owner at the machine, or a person in a session whose account says so. Programs are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Operator(pub PersonId);

/// A person in a session, with all that is needed to change their account.
pub(crate) struct Member {
    pub visitor: Visitor,
    pub caller: Caller,
    pub accounts: Accounts,
    /// The secret of the ceremony that its browser began.
    pub ceremony: Option<String>,
}

/// How a form has a person prove once more who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Proof {
    /// It asks for the password.
    pub password: bool,
    /// It can be done with a passkey.
    pub passkey: bool,
    /// It cannot: nothing that needs proof is done before they sign in anew.
    pub must_sign_in: bool,
}

impl Member {
    /// How forms have the person prove who they are.
    pub async fn proof(&self) -> Result<Proof, Failure> {
        if self.accounts.is_proven(&self.visitor) {
            return Ok(Proof { password: false, passkey: false, must_sign_in: false });
        }
        let password = self.visitor.account.password.is_some();
        let passkey = self.accounts.takes_passkeys() && !self.accounts.passkeys(&self.visitor).await?.is_empty();
        Ok(Proof { password, passkey, must_sign_in: !password && !passkey })
    }
}

/// Where a request comes from, on a site with accounts.
pub(crate) struct Asking {
    pub caller: Caller,
    pub accounts: Accounts,
    /// The secret of the session that its browser has, good or not.
    pub secret: Option<String>,
    /// The secret of the ceremony that its browser began.
    pub ceremony: Option<String>,
}

/// Why somebody is not let in.
#[derive(Debug)]
pub(crate) enum TurnedAway {
    /// A person who is not signed in: they are taken to where they sign in, and from there back to this path.
    SignIn { back: String },
    /// A person who lacks the second factor that the site requires: they are taken to where they set one up.
    SetUpFactor,
    /// A program, or somebody who may not do this whoever they are.
    Refused(Failure),
}

impl From<Failure> for TurnedAway {
    fn from(failure: Failure) -> TurnedAway {
        TurnedAway::Refused(failure)
    }
}

impl IntoResponse for TurnedAway {
    fn into_response(self) -> Response {
        match self {
            TurnedAway::SignIn { back } => {
                Redirect::to(&format!("{}?back={}", links::SIGN_IN, links::value(&back))).into_response()
            }
            TurnedAway::SetUpFactor => Redirect::to(links::ACCOUNT).into_response(),
            TurnedAway::Refused(failure) => failure.into_response(),
        }
    }
}

fn refused(status: StatusCode, why: &str) -> Failure {
    Failure::Refused(status, why.into())
}

impl FromRequestParts<Site> for Owner {
    type Rejection = TurnedAway;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Owner, TurnedAway> {
        match found(parts, site).await? {
            Some(owner) => Ok(owner),
            None if site.accounts.is_some() => Err(turned_away(parts)),
            None => Err(refused(StatusCode::FORBIDDEN, AT_THE_MACHINE).into()),
        }
    }
}

impl OptionalFromRequestParts<Site> for Owner {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Option<Owner>, Failure> {
        found(parts, site).await
    }
}

impl FromRequestParts<Site> for Oneself {
    type Rejection = TurnedAway;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Oneself, TurnedAway> {
        if site.accounts.is_some() && parts.headers.contains_key(header::AUTHORIZATION) {
            let why = "no token does this; sign in with a browser";
            return Err(refused(StatusCode::FORBIDDEN, why).into());
        }
        let Owner(person) = <Owner as FromRequestParts<Site>>::from_request_parts(parts, site).await?;
        Ok(Oneself(person))
    }
}

impl FromRequestParts<Site> for Operator {
    type Rejection = TurnedAway;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Operator, TurnedAway> {
        match operator(parts, site).await? {
            Asks::Operator(person) => Ok(Operator(person)),
            Asks::Unknown => Err(turned_away(parts)),
            Asks::Other(why) => Err(refused(StatusCode::FORBIDDEN, why).into()),
        }
    }
}

impl OptionalFromRequestParts<Site> for Operator {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Option<Operator>, Failure> {
        match operator(parts, site).await? {
            Asks::Operator(person) => Ok(Some(Operator(person))),
            Asks::Unknown | Asks::Other(_) => Ok(None),
        }
    }
}

/// Who asks, as far as operating goes.
enum Asks {
    Operator(PersonId),
    /// Somebody who does not operate the site, and why.
    Other(&'static str),
    /// Nobody that is known, on a site with accounts.
    Unknown,
}

async fn operator(parts: &mut Parts, site: &Site) -> Result<Asks, Failure> {
    let Some(accounts) = &site.accounts else {
        return Ok(match at_the_machine(parts, site) {
            true => Asks::Operator(PersonId::OWNER),
            false => Asks::Other(OPERATED_AT_THE_MACHINE),
        });
    };
    if parts.headers.contains_key(header::AUTHORIZATION) {
        return Ok(Asks::Other("no token operates this site; sign in with a browser"));
    }
    Ok(match visitor(parts, site, accounts).await?.filter(|visitor| !visitor.lacks_factor) {
        Some(visitor) if visitor.account.operator => Asks::Operator(visitor.account.person),
        Some(_) => Asks::Other("this is for who operates this site"),
        None => Asks::Unknown,
    })
}

impl FromRequestParts<Site> for Asking {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Asking, Failure> {
        let accounts = site.accounts.clone().ok_or_else(|| Failure::missing("account on this site"))?;
        let secret = session_secret(&parts.headers, &site.config).map(str::to_string);
        Ok(Asking { caller: caller(parts), accounts, secret, ceremony: ceremony_secret(parts, &site.config) })
    }
}

impl FromRequestParts<Site> for Member {
    type Rejection = TurnedAway;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Member, TurnedAway> {
        let accounts = site.accounts.clone().ok_or_else(|| Failure::missing("account on this site"))?;
        match visitor(parts, site, &accounts).await? {
            Some(visitor) if !visitor.lacks_factor || links::sets_up_factor(parts.uri.path()) => {
                let ceremony = ceremony_secret(parts, &site.config);
                Ok(Member { visitor, caller: caller(parts), accounts, ceremony })
            }
            _ => Err(turned_away(parts)),
        }
    }
}

const AT_THE_MACHINE: &str =
    "watching works on the machine that this instance runs on, at its loopback address; it has no accounts";
const OPERATED_AT_THE_MACHINE: &str =
    "this instance is operated on the machine that it runs on, at its loopback address; it has no accounts";

const FACTOR_FIRST: &str =
    "this site requires a second factor of you: set up an app for codes, or a passkey, on the page of your account";

/// Why who is not signed in, or lacks the second factor that the site requires, is turned away: people are taken to a page, programs refused.
fn turned_away(parts: &Parts) -> TurnedAway {
    let wants = parts.extensions.get::<Wants>().copied().unwrap_or_else(|| Wants::from_headers(&parts.headers));
    let is_program = wants == Wants::Json || parts.headers.contains_key(header::AUTHORIZATION);
    let lacks_factor = matches!(parts.extensions.get(), Some(InSession(Some(visitor))) if visitor.lacks_factor);
    match (lacks_factor, is_program) {
        (true, true) => refused(StatusCode::FORBIDDEN, FACTOR_FIRST).into(),
        (true, false) => TurnedAway::SetUpFactor,
        (false, true) => refused(StatusCode::UNAUTHORIZED, "sign in, or give a token that is good").into(),
        (false, false) => {
            let back = if is_reading(&parts.method) { parts.uri.path() } else { links::HOME };
            TurnedAway::SignIn { back: back.into() }
        }
    }
}

/// Whether a request only reads.
pub(crate) fn is_reading(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

async fn found(parts: &mut Parts, site: &Site) -> Result<Option<Owner>, Failure> {
    let Some(accounts) = &site.accounts else {
        return Ok(at_the_machine(parts, site).then_some(Owner(PersonId::OWNER)));
    };
    if let Some(authorization) = parts.headers.get(header::AUTHORIZATION) {
        return program(authorization, &parts.method, accounts).await.map(Some);
    }
    let visitor = visitor(parts, site, accounts).await?.filter(|visitor| !visitor.lacks_factor);
    Ok(visitor.map(|visitor| Owner(visitor.account.person)))
}

/// The person whose program asks. A token that is not good is an error: a program should not believe that it asks for somebody.
async fn program(said: &HeaderValue, method: &Method, accounts: &Accounts) -> Result<Owner, Failure> {
    let token = said.to_str().ok().and_then(|said| said.strip_prefix("Bearer "));
    let program = match token {
        Some(token) => accounts.program(token.trim()).await?,
        None => None,
    };
    let program = program.ok_or_else(|| refused(StatusCode::UNAUTHORIZED, "this token is not good, or no longer"))?;
    if program.lacks_factor {
        return Err(refused(StatusCode::FORBIDDEN, FACTOR_FIRST));
    }
    let scope = if is_reading(method) { Scope::Read } else { Scope::Write };
    match program.may(scope) {
        true => Ok(Owner(program.account.person)),
        false => {
            let why = format!("this token has not the scope {}", scope.name());
            Err(Failure::Refused(StatusCode::FORBIDDEN, why))
        }
    }
}

/// Who was found in the session of a request.
#[derive(Clone)]
struct InSession(Option<Visitor>);

/// The person in the session of a request. It is looked for once, however often a page asks.
async fn visitor(parts: &mut Parts, site: &Site, accounts: &Accounts) -> Result<Option<Visitor>, Failure> {
    if let Some(InSession(visitor)) = parts.extensions.get() {
        return Ok(visitor.clone());
    }
    let mut visitor = match session_secret(&parts.headers, &site.config) {
        Some(secret) => accounts.visitor(secret).await?,
        None => None,
    };
    if let (Some(visitor), Some(renewed)) = (&mut visitor, parts.extensions.get::<Renewed>()) {
        visitor.renewed = renewed.clone();
    }
    parts.extensions.insert(InSession(visitor.clone()));
    Ok(visitor)
}

/// Whether a request comes from the machine itself.
fn at_the_machine(parts: &Parts, site: &Site) -> bool {
    let handed_on = HANDED_ON.iter().any(|name| parts.headers.contains_key(name));
    let near = peer(parts).is_some_and(|peer| peer.is_loopback());
    site.personal.is_some() && near && !handed_on && host(parts).is_some_and(is_here)
}

fn peer(parts: &Parts) -> Option<IpAddr> {
    parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip().to_canonical())
}

/// Where a request comes from. A proxy on this machine says for whom it asks; nobody else is believed.
fn caller(parts: &Parts) -> Caller {
    let peer = peer(parts).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let said = parts.headers.get_all(FORWARDED_FOR).iter().next_back().and_then(|value| value.to_str().ok());
    let nearest = said.and_then(|said| named_address(said.rsplit(',').next()?.trim()));
    let from = nearest.filter(|_| peer.is_loopback()).unwrap_or(peer);
    let agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or("");
    Caller { from: from.to_canonical(), agent: agent.into() }
}

/// The network address that a proxy names: alone, or with the port that some add, where IPv6 stands in brackets.
fn named_address(said: &str) -> Option<IpAddr> {
    let bare = said.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let with_port = || said.parse::<SocketAddr>().map(|address| address.ip());
    match bare {
        Some(bare) => bare.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => said.parse().or_else(|_| with_port()).ok(),
    }
}

/// The name of a session's cookie. A browser takes one that begins with `__Host-` from this host alone, over TLS.
pub(crate) fn cookie_name(site: &SiteConfig) -> &'static str {
    if is_over_tls(site) { "__Host-clausewatch" } else { "clausewatch-session" }
}

/// The name of the cookie of a ceremony with a passkey.
fn ceremony_name(site: &SiteConfig) -> &'static str {
    if is_over_tls(site) { "__Host-clausewatch-ceremony" } else { "clausewatch-ceremony" }
}

fn is_over_tls(site: &SiteConfig) -> bool {
    site.base_url.starts_with("https://")
}

/// The secret of a session that a browser sends.
pub(crate) fn session_secret<'h>(headers: &'h HeaderMap, site: &SiteConfig) -> Option<&'h str> {
    sent(headers, cookie_name(site))
}

fn ceremony_secret(parts: &Parts, site: &SiteConfig) -> Option<String> {
    sent(&parts.headers, ceremony_name(site)).map(str::to_string)
}

/// The cookie of this name that a browser sends.
fn sent<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, secret)| secret)
}

/// The header that gives a browser a session's secret, or takes it away.
pub(crate) fn cookie(site: &SiteConfig, secret: Option<&str>) -> (HeaderName, String) {
    let secure = if is_over_tls(site) { "; Secure" } else { "" };
    let seconds = if secret.is_some() { COOKIE_SECONDS } else { 0 };
    let (name, value) = (cookie_name(site), secret.unwrap_or(""));
    (header::SET_COOKIE, format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"))
}

/// The header that gives a browser the secret of the ceremony that it begins.
pub(crate) fn ceremony_cookie(site: &SiteConfig, secret: &str) -> (HeaderName, String) {
    let secure = if is_over_tls(site) { "; Secure" } else { "" };
    let (name, seconds) = (ceremony_name(site), accounts::passkey::CEREMONY_MS / 1000);
    (header::SET_COOKIE, format!("{name}={secret}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"))
}

/// The host that the request is for, with its port.
fn host(parts: &Parts) -> Option<&str> {
    let named = parts.headers.get(header::HOST).and_then(|value| value.to_str().ok());
    named.or_else(|| parts.uri.authority().map(|authority| authority.as_str()))
}

/// Whether a host is this machine by a name that cannot be pointed elsewhere.
fn is_here(host: &str) -> bool {
    let Ok(uri) = host.parse::<Uri>() else { return false };
    let Some(name) = uri.host() else { return false };
    let literal = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    name.eq_ignore_ascii_case("localhost") || literal.is_ok_and(|address| address.to_canonical().is_loopback())
}

/// Whether a request comes from a page of ours, or from no page.
pub(crate) fn is_ours(headers: &HeaderMap, site: &SiteConfig) -> bool {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    match (text(HeaderName::from_static("sec-fetch-site")), text(header::ORIGIN)) {
        (Some(from), _) => matches!(from, "same-origin" | "none"),
        (None, Some(origin)) => {
            // Under a name that is reached over TLS, a page without it may be anybody's on the way.
            let plain = |host: &&str| !site.base_url.starts_with("https://") || is_here(host);
            let host = text(header::HOST).filter(plain);
            origin == site.base_url || host.is_some_and(|host| origin == format!("http://{host}"))
        }
        (None, None) => true,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn config(base_url: &str) -> SiteConfig {
        SiteConfig { name: "Clausewatch".into(), base_url: base_url.into(), note: String::new() }
    }

    #[test]
    fn only_names_that_cannot_be_pointed_elsewhere_are_here() {
        for host in ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "127.1.2.3", "[::1]:8080", "[::ffff:127.0.0.1]"] {
            assert!(is_here(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "localhost.evil.example:8080",
            "10.0.0.1",
            "0.0.0.0:8080",
            "[::]:80",
            "a b",
            "127.0.0.1.nip.io",
        ] {
            assert!(!is_here(host), "{host}");
        }
    }

    #[test]
    fn forms_of_other_sites_are_not_ours() {
        let ours = |fields: &[(&'static str, &str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in fields {
                headers.insert(*name, value.parse().unwrap());
            }
            is_ours(&headers, &config("https://record.example"))
        };
        assert!(ours(&[]));
        assert!(ours(&[
            ("sec-fetch-site", "same-origin"),
            ("origin", "http://127.0.0.1:8080"),
            ("host", "127.0.0.1:8080")
        ]));
        assert!(ours(&[("origin", "http://127.0.0.1:8080"), ("host", "127.0.0.1:8080")]));
        assert!(!ours(&[("sec-fetch-site", "cross-site")]));
        assert!(!ours(&[
            ("sec-fetch-site", "same-site"),
            ("origin", "http://127.0.0.1:8080"),
            ("host", "127.0.0.1:8080")
        ]));
        assert!(!ours(&[("origin", "http://127.0.0.1:9090"), ("host", "127.0.0.1:8080")]));
        assert!(ours(&[("origin", "https://record.example"), ("host", "10.0.0.2:8080")]), "behind a proxy");
        assert!(!ours(&[("origin", "http://record.example"), ("host", "10.0.0.2:8080")]));
        assert!(!ours(&[("origin", "null"), ("host", "127.0.0.1:8080")]));
    }

    #[test]
    fn a_cookie_is_for_this_host_and_no_script() {
        let (_, over_tls) = cookie(&config("https://record.example"), Some("ab"));
        assert_eq!(over_tls, "__Host-clausewatch=ab; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure");
        let (_, ended) = cookie(&config("http://127.0.0.1:8080"), None);
        assert_eq!(ended, "clausewatch-session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, "a=b; clausewatch-session=no".parse().unwrap());
        headers.append(header::COOKIE, "__Host-clausewatch=yes; c=d".parse().unwrap());
        assert_eq!(session_secret(&headers, &config("https://record.example")), Some("yes"));
    }

    #[test]
    fn only_a_proxy_of_this_machine_says_who_asks() {
        let from = |peer: &str, said: &[&'static str]| {
            let mut request = axum::http::Request::new(());
            request.extensions_mut().insert(ConnectInfo(peer.parse::<SocketAddr>().unwrap()));
            for value in said {
                request.headers_mut().append(FORWARDED_FOR, HeaderValue::from_static(value));
            }
            caller(&request.into_parts().0).from.to_string()
        };
        assert_eq!(
            from("127.0.0.1:1", &["10.9.9.9, 192.0.2.7"]),
            "192.0.2.7",
            "what the visitor said before is not believed"
        );
        assert_eq!(from("127.0.0.1:1", &["10.9.9.9", "192.0.2.7"]), "192.0.2.7");
        assert_eq!(from("198.51.100.2:1", &["192.0.2.7"]), "198.51.100.2");
        assert_eq!(from("127.0.0.1:1", &["10.9.9.9:80, 203.0.113.7:4711"]), "203.0.113.7");
        assert_eq!(from("127.0.0.1:1", &["[2001:db8::1]:4711"]), "2001:db8::1");
        assert_eq!(from("127.0.0.1:1", &["[2001:db8::1]"]), "2001:db8::1");
        assert_eq!(from("127.0.0.1:1", &["2001:db8::1"]), "2001:db8::1");
        assert_eq!(from("127.0.0.1:1", &["[::ffff:203.0.113.7]:1"]), "203.0.113.7");
        for damaged in
            ["unknown", "", "[192.0.2.7]", "192.0.2.7:", "192.0.2.7:99999", "[2001:db8::1", "2001:db8::1]:1", "[]:1"]
        {
            assert_eq!(from("127.0.0.1:1", &[damaged]), "127.0.0.1", "{damaged}");
        }
        assert_eq!(from("[::ffff:198.51.100.2]:1", &[]), "198.51.100.2");
    }

    #[tokio::test]
    async fn a_request_looks_for_its_session_once() {
        let (site, accounts) = public_site().await;
        let ada = accounts.create_operator("ada@example.org").await.unwrap();
        let atlas = &site.atlas;
        atlas.begin_session(ada.person, "secret", "", 1).await.unwrap();
        let request = axum::http::Request::builder().header(header::COOKIE, "clausewatch-session=secret");
        let mut parts = request.body(()).unwrap().into_parts().0;
        let owner = <Owner as OptionalFromRequestParts<Site>>::from_request_parts(&mut parts, &site).await;
        assert_eq!(owner.ok(), Some(Some(Owner(ada.person))));
        atlas.end_all_access(ada.person).await.unwrap();
        let operator = <Operator as OptionalFromRequestParts<Site>>::from_request_parts(&mut parts, &site).await;
        assert_eq!(operator.ok(), Some(Some(Operator(ada.person))), "what was found stands for the request");
    }

    async fn asks_operator(site: &Site, peer: &str, cookie: &str) -> Result<PersonId, StatusCode> {
        let mut request = axum::http::Request::builder().header("host", "127.0.0.1:8080");
        if !cookie.is_empty() {
            request = request.header(header::COOKIE, format!("clausewatch-session={cookie}"));
        }
        let peer: SocketAddr = peer.parse().unwrap();
        let mut parts = request.extension(ConnectInfo(peer)).body(()).unwrap().into_parts().0;
        let asked = <Operator as FromRequestParts<Site>>::from_request_parts(&mut parts, site).await;
        asked.map(|Operator(person)| person).map_err(|away| away.into_response().status())
    }

    /// A site for the owner.
    async fn personal_site() -> Site {
        let log = atlas::LogConfig { origin: "example.com/test".into(), fresh_seed: [7; 32] };
        let atlas = atlas::Atlas::open(&atlas::Location::Memory, &log, &atlas::KeyPlace::given("the test", [5; 32]))
            .await
            .unwrap();
        let poster =
            fetch::Poster::new("test", std::time::Duration::from_secs(1), Vec::new(), &fetch::Outbound::default())
                .unwrap();
        Site::new(atlas, config("http://127.0.0.1:8080"), Arc::new(|| 1)).personal(Arc::new(|| [7; 32]), poster)
    }

    /// A site with accounts.
    async fn public_site() -> (Site, Accounts) {
        let site = personal_site().await;
        let cost = accounts::Cost { memory: 64, passes: 1 };
        let base_url = site.config.base_url.clone();
        let required = accounts::Required::OfNobody;
        let settings = accounts::Settings { site: "C".into(), base_url, key: [1; 32], cost, breached: None, required };
        let accounts = Accounts::new(site.atlas.clone(), settings, Arc::new(|| 1), Arc::new(|| [7; 32])).unwrap();
        (site.with_accounts(accounts.clone()), accounts)
    }

    /// Why a stranger who asks for a path is not let in.
    async fn turned_away(site: &Site, method: Method, path: &str, accept: &str) -> TurnedAway {
        let request = axum::http::Request::builder().method(method).uri(path).header(header::ACCEPT, accept);
        let mut parts = request.body(()).unwrap().into_parts().0;
        <Owner as FromRequestParts<Site>>::from_request_parts(&mut parts, site).await.unwrap_err()
    }

    #[tokio::test]
    async fn people_are_taken_to_where_they_sign_in_and_programs_are_refused() {
        let (site, _) = public_site().await;
        let refused = |away, status| matches!(away, TurnedAway::Refused(failure) if failure.status() == status);
        let taken = |away, to| matches!(away, TurnedAway::SignIn { back } if back == to);
        assert!(taken(turned_away(&site, Method::GET, "/inbox?page=2", "text/html").await, "/inbox"));
        assert!(taken(turned_away(&site, Method::POST, "/watch", "text/html").await, links::HOME));
        let program = turned_away(&site, Method::POST, "/watch", "application/json").await;
        assert!(refused(program, StatusCode::UNAUTHORIZED));
        let elsewhere = turned_away(&personal_site().await, Method::GET, "/inbox", "text/html").await;
        assert!(refused(elsewhere, StatusCode::FORBIDDEN), "where there are no accounts, nobody signs in");
        let to = TurnedAway::SignIn { back: "/a b&c".into() }.into_response();
        assert_eq!(to.headers()[header::LOCATION], "/account/sign-in?back=%2Fa+b%26c");
    }

    #[tokio::test]
    async fn operators_are_who_the_account_says() {
        let personal = personal_site().await;
        assert_eq!(asks_operator(&personal, "127.0.0.1:1", "").await, Ok(PersonId::OWNER));
        assert_eq!(asks_operator(&personal, "192.0.2.1:1", "").await, Err(StatusCode::FORBIDDEN));
        let (public, accounts) = public_site().await;
        assert_eq!(asks_operator(&public, "127.0.0.1:1", "").await, Err(StatusCode::SEE_OTHER));
        let ada = accounts.create_operator("ada@example.org").await.unwrap();
        public.atlas.begin_session(ada.person, "secret", "", 1).await.unwrap();
        assert_eq!(asks_operator(&public, "192.0.2.1:1", "secret").await, Ok(ada.person));
        accounts.grant(&ada, false, accounts::Hand::CommandLine).await.unwrap();
        assert_eq!(asks_operator(&public, "192.0.2.1:1", "secret").await, Err(StatusCode::FORBIDDEN));
    }
}
