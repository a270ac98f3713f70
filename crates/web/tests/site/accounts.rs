//! Accounts on the site, as browsers, programs, other sites and strangers ask for them.
#[path = "../../../alerts/tests/common/smtp.rs"]
#[allow(dead_code, reason = "a part of it is used")]
mod smtp;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use accounts::{Accounts, Caller, Cost, Followed, Hand, Post, Required, Scope, Settings, Wish};
use alerts::{MailServer, Mailer};
use atlas::accounts::{Kept, NewPasskey};
use atlas::watching::{ChannelKind, NewChannel, NewWatch, PersonId, Subject, Template};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use smtp::Smtp;
use tower::ServiceExt;
use web::{Site, SiteConfig};

use crate::{Answer, between, operate_users, organisations, unescaped, well_formed, world};

const BASE: &str = "https://record.example";
pub const PASSWORD: &str = "violet anchor seldom 9";

/// A site with accounts.
pub struct Hall {
    site: Router,
    pub atlas: atlas::Atlas,
    pub accounts: Accounts,
    post: Post,
    smtp: Smtp,
    pub clock: Arc<AtomicI64>,
}

/// Who asks: a browser with its cookie, a program with its token, or another site's page.
#[derive(Clone, Default)]
pub struct Asks {
    pub cookie: Option<String>,
    bearer: Option<String>,
    fetch_site: Option<&'static str>,
    origin: Option<&'static str>,
}

impl Asks {
    pub fn browser(secret: &str) -> Asks {
        Asks { cookie: Some(secret.into()), fetch_site: Some("same-origin"), ..Asks::default() }
    }

    pub fn stranger() -> Asks {
        Asks { fetch_site: Some("same-origin"), ..Asks::default() }
    }

    pub fn program(token: &str) -> Asks {
        Asks { bearer: Some(token.into()), ..Asks::default() }
    }
}

pub async fn hall() -> Hall {
    hall_of(|site| site).await
}

/// A site with accounts, and with more if it is added.
pub async fn hall_of(more: impl FnOnce(Site) -> Site) -> Hall {
    hall_that_requires(Required::OfNobody, more).await
}

/// The same, where some need a second factor.
async fn hall_that_requires(required: Required, more: impl FnOnce(Site) -> Site) -> Hall {
    let atlas = world::world().await;
    let clock = Arc::new(AtomicI64::new(world::START + 400 * world::DAY));
    let next = AtomicU64::new(1);
    let secrets: web::Secrets =
        Arc::new(move || archive::Sha256Digest::of(&next.fetch_add(1, Ordering::Relaxed).to_be_bytes()).0);
    let told = Arc::clone(&clock);
    let now: web::Clock = Arc::new(move || told.load(Ordering::Relaxed));
    let config = SiteConfig { name: "Clausewatch".into(), base_url: BASE.into(), note: String::new() };
    let settings = Settings {
        site: "Clausewatch".into(),
        base_url: BASE.into(),
        key: [5; 32],
        cost: Cost { memory: 64, passes: 1 },
        breached: None,
        required,
    };
    let accounts = Accounts::new(atlas.clone(), settings, now.clone(), secrets.clone()).unwrap();
    let smtp = Smtp::start().await;
    let server = MailServer {
        url: format!("smtp://127.0.0.1:{}", smtp.port),
        from: "accounts@record.example".into(),
        ..MailServer::default()
    };
    let post = Post::new(accounts.clone(), Mailer::new(&server).unwrap());
    let site = Site::new(atlas.clone(), config, now).personal(secrets, super::poster()).with_accounts(accounts.clone());
    Hall { site: web::router(more(site)), atlas, accounts, post, smtp, clock }
}

pub fn here() -> Caller {
    Caller { from: "192.0.2.1".parse().unwrap(), agent: "test".into() }
}

impl Hall {
    async fn send(&self, asks: &Asks, method: Method, path: &str, form: &str) -> Answer {
        let peer: std::net::SocketAddr = "192.0.2.1:50000".parse().unwrap();
        let mut request = Request::builder().method(method).uri(path).extension(axum::extract::ConnectInfo(peer));
        request = request.header("host", "record.example");
        if let Some(secret) = &asks.cookie {
            request = request.header("cookie", format!("a=b; __Host-clausewatch={secret}"));
        }
        if let Some(token) = &asks.bearer {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if let Some(from) = asks.fetch_site {
            request = request.header("sec-fetch-site", from);
        }
        if let Some(origin) = asks.origin {
            request = request.header("origin", origin);
        }
        let response = self.site.clone().oneshot(request.body(Body::from(form.to_string())).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, body: String::from_utf8_lossy(&body).into_owned() }
    }

    pub async fn get(&self, asks: &Asks, path: &str) -> Answer {
        self.send(asks, Method::GET, path, "").await
    }

    pub async fn post(&self, asks: &Asks, path: &str, form: &str) -> Answer {
        self.send(asks, Method::POST, path, form).await
    }

    /// The path of the link in the only mail that was sent since the last time.
    pub async fn link(&self) -> String {
        while self.post.round().await.unwrap().0 > 0 {}
        let mut mails = std::mem::take(&mut *self.smtp.mails.lock().unwrap());
        assert_eq!(mails.len(), 1, "{mails:?}");
        let body = mails.remove(0).body.replace("=\r\n", "").replace("=3D", "=");
        let rest = body.split_once(BASE).unwrap_or_else(|| panic!("{body}")).1;
        rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "/-".contains(*c)).collect()
    }

    /// Somebody with an account; the secret of their session, and their number.
    pub async fn person(&self, address: &str) -> (String, PersonId) {
        self.accounts.sign_up(address, &Wish::default(), &here()).await.unwrap();
        let link = self.link().await;
        let token = link.rsplit('/').next().unwrap();
        match self.accounts.follow(token, Some(PASSWORD), None, &here()).await.unwrap() {
            Followed::In(signed_in, _) => (signed_in.secret, signed_in.account.person),
            _ => panic!("not signed in"),
        }
    }
}

pub fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// The secret that an answer gives to a browser.
pub fn given(answer: &Answer) -> String {
    let mut cookies = answer.headers.get_all(header::SET_COOKIE).iter().map(|cookie| cookie.to_str().unwrap());
    let cookie = cookies.find(|cookie| cookie.starts_with("__Host-clausewatch=")).unwrap();
    between(cookie, "=", ";").to_string()
}

#[tokio::test]
async fn a_watch_survives_signing_up() {
    let hall = hall().await;
    let visitor = Asks::stranger();
    let page = hall.get(&visitor, "/platforms/orrery").await;
    assert!(page.body.contains("<button>Watch<span"), "a visitor may become somebody");
    let subject = unescaped(between(&page.body, "name=\"subject\" value=\"", "\"")).replace("&#34;", "\"");
    let form = format!("subject={}&back=/platforms/orrery", encoded(&subject));
    let asked = hall.post(&visitor, "/watch", &form).await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER);
    let to = asked.header(header::LOCATION).to_string();
    assert!(to.starts_with("/account/sign-up?watch="), "{to}");
    let page = hall.get(&visitor, &to).await;
    well_formed::check(&page.body).unwrap();
    assert!(page.body.contains("You will be told of changes to <strong>Orrery Models</strong>"), "{}", page.body);
    assert_eq!(page.header(header::CACHE_CONTROL), "no-store");
    assert_eq!(page.header(header::STRICT_TRANSPORT_SECURITY), "max-age=31536000");
    let form = format!("address=ada@example.org&watch={}&back=/platforms/orrery", encoded(&subject));
    let sent = hall.post(&visitor, "/account/sign-up", &form).await;
    well_formed::check(&sent.body).unwrap();
    assert!(sent.body.contains("Look into your mailbox"));
    let link = hall.link().await;
    let page = hall.get(&visitor, &link).await;
    well_formed::check(&page.body).unwrap();
    assert!(page.body.contains("Confirm and sign in") && page.body.contains("Orrery Models"), "{}", page.body);
    let weak = hall.post(&visitor, &link, "password=password12").await;
    assert_eq!(weak.status, StatusCode::BAD_REQUEST);
    assert!(weak.body.contains("role=\"alert\">This password is among the first"), "{}", weak.body);
    let entered = hall.post(&visitor, &link, &format!("password={}", encoded(PASSWORD))).await;
    assert_eq!((entered.status, entered.header(header::LOCATION)), (StatusCode::SEE_OTHER, "/platforms/orrery"));
    let cookie = entered.header(header::SET_COOKIE);
    assert!(cookie.ends_with("; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure"), "{cookie}");
    let ada = Asks::browser(&given(&entered));
    let page = hall.get(&ada, "/platforms/orrery").await;
    assert!(page.body.contains("Stop watching"));
    assert_eq!(page.header(header::CACHE_CONTROL), "no-store");
    assert_eq!(page.header(header::VARY), "accept, cookie, authorization");
    let list = hall.get(&ada, "/watchlist").await;
    assert!(list.body.contains("Orrery Models") && list.body.contains("Mail to ada@example.org"));
    assert_eq!(hall.post(&visitor, &link, "").await.status, StatusCode::NOT_FOUND, "it works once");
}

#[tokio::test]
async fn who_is_not_signed_in_is_taken_there_and_back() {
    let hall = hall().await;
    let (_, _) = hall.person("ada@example.org").await;
    let visitor = Asks::stranger();
    for path in ["/watchlist", "/inbox", "/account"] {
        let answer = hall.get(&visitor, path).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
        assert_eq!(answer.header(header::LOCATION), format!("/account/sign-in?back={}", encoded(path)));
    }
    for path in ["/watchlist.json", "/inbox.json"] {
        assert_eq!(hall.get(&visitor, path).await.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    let form = |back: &str| format!("address=ada@example.org&password={}&back={}", encoded(PASSWORD), encoded(back));
    let entered = hall.post(&visitor, "/account/sign-in", &form("/inbox")).await;
    assert_eq!(entered.header(header::LOCATION), "/inbox");
    for elsewhere in [
        "//evil.example/",
        "https://evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/\u{1}",
    ] {
        let entered = hall.post(&visitor, "/account/sign-in", &form(elsewhere)).await;
        assert_eq!(
            (entered.status, entered.header(header::LOCATION)),
            (StatusCode::SEE_OTHER, "/watchlist"),
            "{elsewhere}"
        );
    }
    // Spaces are part of a password.
    let wrong = hall.post(&visitor, "/account/sign-in", &form("/").replace("seldom", "seldom+")).await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN);
    well_formed::check(&wrong.body).unwrap();
    assert!(wrong.body.contains("role=\"alert\">This address and this password do not go together"), "{}", wrong.body);
    assert!(!wrong.headers.contains_key(header::SET_COOKIE));
}

#[tokio::test]
async fn answers_do_not_say_who_has_an_account() {
    let hall = hall().await;
    hall.person("ada@example.org").await;
    let visitor = Asks::stranger();
    for (path, more) in [
        ("/account/sign-up", ""),
        ("/account/mail-link", ""),
        ("/account/forgot", ""),
        ("/account/sign-in", "&password=copper+lantern+mostly"),
    ] {
        let known = hall.post(&visitor, path, &format!("address=ada@example.org{more}")).await;
        let unknown = hall.post(&visitor, path, &format!("address=bob@example.org{more}")).await;
        assert_eq!(known.status, unknown.status, "{path}");
        assert_eq!(known.body.replace("ada@", "bob@"), unknown.body, "{path}");
        let names = |answer: &Answer| answer.headers.keys().map(ToString::to_string).collect::<BTreeSet<_>>();
        assert_eq!(names(&known), names(&unknown), "{path}");
    }
}

#[tokio::test]
async fn a_session_is_never_one_that_a_browser_brings() {
    let hall = hall().await;
    let (ada, _) = hall.person("ada@example.org").await;
    let fixed = "0".repeat(64);
    let form = format!("address=ada@example.org&password={}", encoded(PASSWORD));
    let entered = hall.post(&Asks::browser(&fixed), "/account/sign-in", &form).await;
    let secret = given(&entered);
    assert!(secret.len() == 64 && secret != fixed);
    assert_eq!(hall.get(&Asks::browser(&fixed), "/watchlist").await.status, StatusCode::SEE_OTHER);
    // Signing in again ends the session that the browser had.
    let again = hall.post(&Asks::browser(&secret), "/account/sign-in", &form).await;
    assert_ne!(given(&again), secret);
    assert_eq!(hall.get(&Asks::browser(&secret), "/watchlist").await.status, StatusCode::SEE_OTHER);
    assert_eq!(hall.get(&Asks::browser(&ada), "/watchlist").await.status, StatusCode::OK, "others stay");
    let out = hall.post(&Asks::browser(&ada), "/account/sign-out", "").await;
    assert!(out.header(header::SET_COOKIE).starts_with("__Host-clausewatch=; Path=/; Max-Age=0;"));
    assert_eq!(hall.get(&Asks::browser(&ada), "/watchlist").await.status, StatusCode::SEE_OTHER);
    // In an address it is nothing.
    let query = format!("/watchlist?__Host-clausewatch={}", given(&again));
    assert_eq!(hall.get(&Asks::stranger(), &query).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn who_proves_who_they_are_is_known_by_another_secret() {
    let hall = hall().await;
    let (mut secret, _) = hall.person("ada@example.org").await;
    let proof = format!("proof={}", encoded(PASSWORD));
    // Whatever comes of the form: a page, a file, or an error beside the proof.
    for (path, form, status) in [
        ("/account/address", "address=eve@example.org", StatusCode::OK),
        ("/account/export", "", StatusCode::OK),
        ("/account/tokens", "name=x&days=30", StatusCode::BAD_REQUEST),
        ("/account/second-factor", "do=begin", StatusCode::OK),
    ] {
        hall.clock.fetch_add(16 * 60 * 1000, Ordering::Relaxed);
        let ada = Asks::browser(&secret);
        let unproven = hall.post(&ada, path, form).await;
        assert!(
            unproven.status == StatusCode::FORBIDDEN && !unproven.headers.contains_key(header::SET_COOKIE),
            "{path}"
        );
        let proven = hall.post(&ada, path, &format!("{form}&{proof}")).await;
        assert_eq!(proven.status, status, "{path}: {}", proven.body);
        assert!(
            proven.header(header::SET_COOKIE).ends_with("; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure")
        );
        let renewed = given(&proven);
        assert!(renewed.len() == 64 && !proven.body.contains(&renewed), "{path}");
        assert_eq!(hall.get(&ada, "/account").await.status, StatusCode::SEE_OTHER, "{path}: the secret before is over");
        secret = renewed;
        let within = hall.post(&Asks::browser(&secret), "/account/export", "").await;
        assert!(within.status == StatusCode::OK && !within.headers.contains_key(header::SET_COOKIE), "{path}");
    }
    let form = format!("current={}&password=copper+lantern+mostly+4", encoded(PASSWORD));
    let changed = hall.post(&Asks::browser(&secret), "/account/password", &form).await;
    assert_eq!(hall.get(&Asks::browser(&given(&changed)), "/account").await.status, StatusCode::OK);
    assert_eq!(hall.get(&Asks::browser(&secret), "/account").await.status, StatusCode::SEE_OTHER);
}

/// Every address to which something is posted, with a form that would do something.
pub const POSTS: [(&str, &str); 30] = [
    ("/watch", "subject=%7B%22watches%22%3A%22platform%22%2C%22subject%22%3A%22plum%22%7D"),
    ("/watchlist/settings", "zone=Europe/Berlin"),
    ("/watchlist/{id}", "end=1"),
    ("/watchlist/import", "subject,note\nplatform:pear,imported"),
    ("/channels", "kind=feed"),
    ("/channels/{id}", "do=remove"),
    ("/inbox", ""),
    ("/messages/{id}", ""),
    ("/channels/confirm/{token}", ""),
    ("/unsubscribe/{token}", "all=1"),
    ("/account/sign-up", "address=x@example.org"),
    ("/account/sign-in", "address=ada@example.org&password=violet+anchor+seldom+9"),
    ("/account/mail-link", "address=x@example.org"),
    ("/account/sign-out", ""),
    ("/account/forgot", "address=ada@example.org"),
    ("/account/link/{token}", ""),
    ("/account/password", "current=violet+anchor+seldom+9&password=copper+lantern+mostly+4"),
    ("/account/address", "address=eve@example.org"),
    ("/account/sessions", "end=others"),
    ("/account/tokens", "name=x&scope=watchlist:write&days=30"),
    ("/account/second-factor", "do=begin"),
    ("/account/passkeys", "remove=1"),
    ("/account/passkeys/begin", ""),
    ("/account/passkeys/sign-in", "answer=x"),
    ("/account/passkeys/sign-in/begin", ""),
    ("/account/passkeys/proof", "answer=x"),
    ("/account/passkeys/proof/begin", ""),
    ("/account/passkeys/end-second-factor", "answer=x"),
    ("/account/passkeys/end-second-factor/begin", ""),
    ("/account/export", ""),
];
/// What deletes an account: it stands alone, since nothing can be asked of it twice.
const DELETE: (&str, &str) = ("/account/delete", "sure=delete");
/// What is read and belongs to somebody.
const READS: [&str; 15] = [
    "/watchlist",
    "/watchlist.csv",
    "/watchlist.opml",
    "/watchlist/report",
    "/watchlist/report.csv",
    "/inbox",
    "/account",
    "/account/sign-up",
    "/account/sign-in",
    "/account/forgot",
    "/account/link/{token}",
    "/watchlists/{token}",
    "/feeds/{token}",
    "/channels/confirm/{token}",
    "/unsubscribe/{token}",
];

/// The addresses that the sources of watching and accounts name, so that none is forgotten above.
#[test]
fn no_address_of_persons_is_forgotten() {
    let pages = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let links = std::fs::read_to_string(pages.join("links.rs")).unwrap();
    let mut found = BTreeSet::new();
    for file in ["pages/watching/mod.rs", "pages/account/mod.rs", "pages/organisations/mod.rs", "pages/operate/mod.rs"]
    {
        let text = std::fs::read_to_string(pages.join(file)).unwrap();
        for rest in text.split(".route(").skip(1) {
            let name = rest.split(',').next().unwrap().trim();
            // Pages of a watchlist are there for each organisation too.
            let held = name.strip_prefix("&at(").and_then(|name| name.strip_suffix(')'));
            let name = held.unwrap_or(name);
            let path = match name.strip_prefix("links::") {
                Some(constant) => between(&links, &format!("const {constant}: &str = \""), "\""),
                None => name.trim_matches('"'),
            };
            if held.is_some() {
                found.insert(format!("/organisations/{{organisation}}{path}"));
            }
            found.insert(path.to_string());
        }
    }
    let own = POSTS.iter().map(|(path, _)| *path).chain([DELETE.0]).chain(READS);
    let changes = organisations::CHANGES.iter().map(|(path, _, _)| *path).chain([organisations::DELETE.0]);
    let operated = operate_users::CHANGES.iter().map(|(path, _)| *path).chain(operate_users::READS);
    let listed = own.chain(changes).chain(organisations::READS).chain(organisations::OTHERS).chain(operated);
    assert_eq!(found, listed.map(str::to_string).collect::<BTreeSet<_>>());
}

#[tokio::test]
async fn other_sites_change_nothing() {
    let hall = hall().await;
    let (ada, person) = hall.person("ada@example.org").await;
    let watch = hall.atlas.put_watch(person, &NewWatch::on(Subject::Platform("plum".into())), 0).await.unwrap();
    let before = state(&hall, &ada).await;
    let others = [
        Asks { fetch_site: Some("cross-site"), origin: Some("https://evil.example"), ..Asks::browser(&ada) },
        Asks { fetch_site: Some("same-site"), ..Asks::browser(&ada) },
        Asks { fetch_site: None, origin: Some("https://evil.example"), ..Asks::browser(&ada) },
        Asks { fetch_site: None, origin: Some("null"), ..Asks::browser(&ada) },
        Asks { fetch_site: None, origin: Some("http://record.example.evil.example"), ..Asks::browser(&ada) },
        Asks { fetch_site: None, origin: Some("http://record.example"), ..Asks::browser(&ada) },
    ];
    for asks in &others {
        // What ends messages is posted to by mail programs, with a token that is all it needs.
        let posts = POSTS.iter().filter(|(path, _)| !path.starts_with("/unsubscribe"));
        let of_organisations = organisations::CHANGES.map(|(path, form, _)| (path, form));
        let more = [DELETE, organisations::DELETE, ("/organisations", "name=x"), ("/check", "text=x"), ("/verify", "")];
        for (path, form) in posts.chain(&of_organisations).chain(&more).chain(&operate_users::CHANGES) {
            let path = path
                .replace("{id}", &watch.id.to_string())
                .replace("{token}", "x")
                .replace("{organisation}", "9")
                .replace("{person}", "2");
            let answer = hall.post(asks, &path, form).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} from {:?} {:?}", asks.fetch_site, asks.origin);
            assert!(answer.body.contains("The form was sent from another site"), "{path}");
            assert!(!answer.headers.contains_key(header::SET_COOKIE), "{path}");
        }
    }
    assert_eq!(state(&hall, &ada).await, before);
    let ours = Asks { fetch_site: None, origin: Some(BASE), ..Asks::browser(&ada) };
    assert_eq!(hall.post(&ours, "/watchlist/settings", "zone=Europe/Berlin").await.status, StatusCode::SEE_OTHER);
    for method in [Method::PUT, Method::PATCH, Method::DELETE] {
        let answer = hall.send(&others[0], method.clone(), "/account", "").await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{method}");
    }
}

/// All that is a person's, as they would export it, without the log and times of use.
async fn state(hall: &Hall, secret: &str) -> serde_json::Value {
    let visitor = hall.accounts.visitor(secret).await.unwrap().expect("they are signed in still");
    let person = visitor.account.person;
    let mut export = serde_json::to_value(hall.accounts.export(&visitor, &here()).await.unwrap()).unwrap();
    export["audit"] = serde_json::Value::Null;
    let everything = atlas::watching::MessageFilter { limit: 1000, ..atlas::watching::MessageFilter::default() };
    let messages: Vec<String> =
        hall.atlas.messages(person, &everything).await.unwrap().iter().map(|m| format!("{m:?}")).collect();
    let secrets: Vec<Vec<u8>> = hall.atlas.channels(person).await.unwrap().into_iter().map(|c| c.secret).collect();
    serde_json::json!({"account": export, "person": hall.atlas.person(person).await.unwrap(),
        "watches": hall.atlas.watches(person).await.unwrap(), "channels": hall.atlas.channels(person).await.unwrap(),
        "secrets": secrets, "messages": messages, "password": visitor.account.password})
}

/// Somebody whose every record is marked with a word that nobody else has.
async fn marked(hall: &Hall, word: &str) -> (String, PersonId) {
    let (secret, person) = hall.person(&format!("{word}@example.org")).await;
    let now = hall.clock.load(Ordering::Relaxed);
    let mut asks = NewWatch::on(Subject::Platform("plum".into()));
    asks.note = format!("note {word}");
    asks.tags = vec![format!("tag {word}")];
    hall.atlas.put_watch(person, &asks, now).await.unwrap();
    for (kind, address) in [
        (ChannelKind::Webhook, format!("https://{word}.example/hook")),
        (ChannelKind::Mail, format!("{word}.second@example.org")),
        (ChannelKind::Feed, String::new()),
    ] {
        let secret = archive::Sha256Digest::of(format!("{word} {kind:?}").as_bytes()).0;
        let new = NewChannel { kind, address, template: Template::Plain, confirmed: true, secret };
        hall.atlas.add_channel(person, &new, now).await.unwrap();
    }
    for channel in hall.atlas.channels(person).await.unwrap() {
        alerts::channels::test(&hall.atlas, person, channel.id, now).await.unwrap();
    }
    let visitor = hall.accounts.visitor(&secret).await.unwrap().unwrap();
    hall.accounts.add_token(&visitor, &format!("token {word}"), &Scope::ALL, 30, &here()).await.unwrap();
    let passkey = NewPasskey { credential: word.as_bytes(), key: "{}", name: &format!("passkey {word}") };
    assert_eq!(hall.atlas.add_passkey(person, &passkey, 1, now).await.unwrap(), Kept::Kept);
    hall.atlas.set_person(person, &format!("name {word}"), "UTC").await.unwrap();
    (secret, person)
}

/// Two persons, all addresses, all numbers: nothing of one shows to the other, and nothing that one does changes what is the other's.
#[tokio::test]
async fn nothing_of_one_person_shows_to_another() {
    let hall = hall().await;
    let (ada, ada_id) = marked(&hall, "adamark").await;
    let (bob, bob_id) = marked(&hall, "bobmark").await;
    assert_ne!(ada_id, bob_id);
    let own = hall.get(&Asks::browser(&ada), "/watchlist").await;
    assert!(own.body.contains("note adamark") && own.body.contains("adamark.example/hook"), "{}", own.body);
    let visitor = hall.accounts.visitor(&bob).await.unwrap().unwrap();
    let token = hall.accounts.add_token(&visitor, "all", &Scope::ALL, 30, &here()).await.unwrap();
    let before = state(&hall, &ada).await;
    // The program first: what the browser does ends its token.
    let asking = [Asks::program(&token), Asks::browser(&bob), Asks::stranger()];
    let mut paths: BTreeSet<String> = READS.iter().map(|path| path.replace("{token}", "x")).collect();
    paths.extend(
        ["/watchlist.json", "/inbox.json", "/platforms/plum", "/types", "/", "/status", "/metrics", "/changes"]
            .map(str::to_string),
    );
    for asks in &asking {
        for path in &paths {
            let answer = hall.get(asks, path).await;
            assert!(!answer.body.contains("adamark"), "{path} shows something: {}", answer.body);
            let theirs = answer.body.contains("bobmark");
            assert!(!theirs || asks.cookie.is_some() || asks.bearer.is_some(), "{path} shows it to a stranger");
        }
        // Numbers of both persons' watches, channels, messages, sessions and tokens are all among these.
        for id in 1..=40 {
            for (path, form) in [
                (format!("/watchlist/{id}"), "minor=1&note=x".to_string()),
                (format!("/watchlist/{id}"), "end=1".to_string()),
                (format!("/channels/{id}"), "do=test".to_string()),
                (format!("/channels/{id}"), "do=pause".to_string()),
                (format!("/channels/{id}"), "do=renew".to_string()),
                (format!("/channels/{id}"), "do=remove".to_string()),
                (format!("/messages/{id}"), String::new()),
                ("/inbox".to_string(), format!("message={id}")),
                ("/account/tokens".to_string(), format!("end={id}")),
            ] {
                let answer = hall.post(asks, &path, &form).await;
                assert!(!answer.body.contains("adamark"), "{path} {form} shows something");
            }
        }
        for (path, form) in POSTS.iter().filter(|(path, _)| !path.contains('{') && !path.ends_with("sign-out")) {
            if matches!(*path, "/account/password" | "/account/sign-in" | "/account/sessions" | "/account/forgot") {
                continue;
            }
            let answer = hall.post(asks, path, form).await;
            assert!(!answer.body.contains("adamark"), "{path} shows something");
        }
    }
    let theirs: Vec<i64> = hall.atlas.sessions(ada_id).await.unwrap().iter().map(|session| session.id).collect();
    for id in theirs {
        let answer = hall.post(&Asks::browser(&bob), "/account/sessions", &format!("end={id}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
    let theirs = hall.atlas.passkeys(ada_id).await.unwrap()[0].id;
    let answer = hall.post(&Asks::browser(&bob), "/account/passkeys", &format!("remove={theirs}")).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    hall.post(&Asks::browser(&bob), "/account/sessions", "end=others").await;
    let watch = NewWatch {
        channels: Some(vec![hall.atlas.channels(ada_id).await.unwrap()[1].id]),
        ..NewWatch::on(Subject::Platform("orrery".into()))
    };
    assert!(hall.atlas.put_watch(bob_id, &watch, 0).await.is_err(), "a channel of somebody else");
    assert_eq!(state(&hall, &ada).await, before, "what is the other's is as before");
    let deleted = hall.post(&Asks::browser(&bob), DELETE.0, DELETE.1).await;
    assert_eq!(deleted.status, StatusCode::SEE_OTHER);
    assert!(hall.atlas.person(bob_id).await.unwrap().is_none());
    assert_eq!(state(&hall, &ada).await, before);
}

#[tokio::test]
async fn programs_do_what_their_tokens_say_and_nothing_of_the_account() {
    let hall = hall().await;
    let (ada, person) = hall.person("ada@example.org").await;
    let visitor = hall.accounts.visitor(&ada).await.unwrap().unwrap();
    let reads = Asks::program(&hall.accounts.add_token(&visitor, "r", &[Scope::Read], 30, &here()).await.unwrap());
    let writes = Asks::program(&hall.accounts.add_token(&visitor, "w", &[Scope::Write], 30, &here()).await.unwrap());
    let watch = POSTS[0];
    assert_eq!(hall.get(&reads, "/watchlist.json").await.status, StatusCode::OK);
    assert_eq!(hall.post(&reads, watch.0, watch.1).await.status, StatusCode::FORBIDDEN);
    assert_eq!(hall.get(&writes, "/watchlist.json").await.status, StatusCode::FORBIDDEN);
    assert_eq!(hall.post(&writes, watch.0, watch.1).await.status, StatusCode::SEE_OTHER);
    assert_eq!(hall.atlas.watches(person).await.unwrap().len(), 1);
    for (path, form) in POSTS.iter().chain([&DELETE]).filter(|(path, _)| path.starts_with("/account/")) {
        if ["sign-up", "sign-in", "sign-in/begin", "mail-link", "sign-out", "forgot", "link/{token}"]
            .iter()
            .any(|end| path.ends_with(end))
        {
            continue;
        }
        for asks in [&reads, &writes] {
            assert_eq!(hall.post(asks, path, form).await.status, StatusCode::UNAUTHORIZED, "{path}");
        }
    }
    assert_eq!(hall.get(&writes, "/account").await.status, StatusCode::UNAUTHORIZED);
    // Secrets of channels stand on pages, which programs are not given.
    hall.post(&Asks::browser(&ada), "/channels", "kind=feed").await;
    hall.post(&Asks::browser(&ada), "/channels", &format!("kind=webhook&address={}", encoded("https://h.example/")))
        .await;
    let page = hall.get(&Asks::browser(&ada), "/watchlist").await.body;
    let feed = between(&page, "/feeds/", "\"").to_string();
    assert!(page.contains("whsec_") && !feed.is_empty());
    let told = hall.get(&reads, "/watchlist").await;
    assert_eq!(told.header(header::CONTENT_TYPE), "application/json");
    assert!(!told.body.contains("whsec_") && !told.body.contains(&feed), "{}", told.body);
    for bad in ["", "cwt_", &ada] {
        let answer = hall.get(&Asks::program(bad), "/watchlist.json").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{bad}");
        assert_eq!(hall.get(&Asks::program(bad), "/platforms/plum").await.status, StatusCode::UNAUTHORIZED, "{bad}");
    }
}

#[tokio::test]
async fn an_address_is_asked_before_it_is_told_anything() {
    let hall = hall().await;
    let (ada, person) = hall.person("ada@example.org").await;
    let ada = Asks::browser(&ada);
    let added = hall.post(&ada, "/channels", "kind=mail&address=victim@example.org").await;
    assert_eq!(added.status, StatusCode::SEE_OTHER);
    let channel = hall.atlas.channels(person).await.unwrap().pop().unwrap();
    assert_eq!(channel.state, atlas::watching::ChannelState::Unconfirmed);
    for said in ["test", "use", "pause"] {
        let answer = hall.post(&ada, &format!("/channels/{}", channel.id), &format!("do={said}")).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{said}");
    }
    let everything = atlas::watching::MessageFilter::default();
    let question = hall.atlas.messages(person, &everything).await.unwrap().remove(0);
    assert_eq!(question.kind, atlas::watching::MessageKind::Confirmation);
    let again = hall.post(&ada, &format!("/messages/{}", question.id), "").await;
    assert_eq!(again.status, StatusCode::CONFLICT, "the question is not repeated at will");
    let after = hall.atlas.channel(person, channel.id).await.unwrap().unwrap();
    assert_eq!(after.state, atlas::watching::ChannelState::Unconfirmed);
    let mut last = StatusCode::SEE_OTHER;
    for _ in 0..8 {
        hall.post(&ada, &format!("/channels/{}", channel.id), "do=remove").await;
        last = hall.post(&ada, "/channels", "kind=mail&address=victim@example.org").await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS, "nobody is flooded with questions");
}

#[tokio::test]
async fn an_address_whose_mail_came_back_is_asked_again_before_it_is_used() {
    use atlas::watching::{ChannelState, MessageKind};
    let hall = hall().await;
    let (ada, person) = hall.person("ada@example.org").await;
    let ada = Asks::browser(&ada);
    let mail = hall.atlas.channels(person).await.unwrap().pop().unwrap();
    hall.atlas.channel_failed(&mail, "the mail came back: 5.1.1 <b>nobody</b>").await.unwrap();
    let list = hall.get(&ada, "/watchlist").await.body;
    well_formed::check(&list).unwrap();
    for said in ["stopped", "The mail came back: 5.1.1 &#60;b&#62;nobody", "have it asked again", "value=\"ask\""] {
        assert!(list.contains(said), "{said} is not in {list}");
    }
    assert!(!list.contains("Use again"), "{list}");
    let path = format!("/channels/{}", mail.id);
    for said in ["test", "use", "pause"] {
        assert_eq!(hall.post(&ada, &path, &format!("do={said}")).await.status, StatusCode::CONFLICT, "{said}");
    }
    assert_eq!(hall.post(&ada, &path, "do=ask").await.status, StatusCode::SEE_OTHER);
    let state = async || hall.atlas.channel(person, mail.id).await.unwrap().unwrap().state;
    assert_eq!(state().await, ChannelState::Unconfirmed);
    let everything = atlas::watching::MessageFilter::default();
    let asked = hall.atlas.messages(person, &everything).await.unwrap()[0].clone();
    assert_eq!(asked.kind, MessageKind::Confirmation);
    // A question that was not taken is not repeated from the inbox: that would be refused.
    let dead = atlas::watching::Outcome::Dead { reason: "5.1.1 nobody".into() };
    hall.atlas.settle_messages(&[(asked.id, dead)], 1).await.unwrap();
    let inbox = hall.get(&ada, "/inbox").await.body;
    well_formed::check(&inbox).unwrap();
    assert!(inbox.contains("5.1.1 nobody") && inbox.contains("href=\"/watchlist#channels\""), "{inbox}");
    assert!(!inbox.contains("Send it again"), "{inbox}");
    // One that never answered can be asked again, and nobody is flooded with questions.
    let mut last = StatusCode::SEE_OTHER;
    for _ in 0..8 {
        last = hall.post(&ada, &path, "do=ask").await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    hall.atlas.confirm_channel(&mail.confirmation_token()).await.unwrap().unwrap();
    assert_eq!(state().await, ChannelState::InUse);
    assert!(hall.get(&ada, "/watchlist").await.body.contains("value=\"pause\""));
    // Nothing else is asked.
    let inbox = hall.atlas.channels(person).await.unwrap()[0].id;
    assert_ne!(hall.post(&ada, &format!("/channels/{inbox}"), "do=ask").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn nobody_fills_the_store() {
    let hall = hall().await;
    let (ada, person) = hall.person("ada@example.org").await;
    let ada = Asks::browser(&ada);
    // With the inbox and the mail of signing up, twenty.
    for at in 0..18 {
        let form = format!("kind=webhook&address={}", encoded(&format!("https://hooks.example/{at}")));
        assert_eq!(hall.post(&ada, "/channels", &form).await.status, StatusCode::SEE_OTHER, "{at}");
    }
    let one_more = hall.post(&ada, "/channels", "kind=feed").await;
    assert_eq!(one_more.status, StatusCode::CONFLICT);
    assert!(one_more.body.contains("One watchlist may have 20 channels here"), "{}", one_more.body);
    for at in 0..500 {
        let search = atlas::watching::SavedSearch { words: format!("word{at}"), ..Default::default() };
        hall.atlas.put_watch(person, &NewWatch::on(Subject::Search(search)), 0).await.unwrap();
    }
    let (path, form) = POSTS[0];
    assert_eq!(hall.post(&ada, path, form).await.status, StatusCode::CONFLICT);
    assert_eq!(hall.atlas.watches(person).await.unwrap().len(), 500);
}

#[tokio::test]
async fn a_button_floods_nobody() {
    let hall = hall().await;
    let (ada, person) = hall.person("ada@example.org").await;
    let ada = Asks::browser(&ada);
    let mail = hall.atlas.channels(person).await.unwrap()[1].id;
    let path = format!("/channels/{mail}");
    for _ in 0..30 {
        assert_eq!(hall.post(&ada, &path, "do=test").await.status, StatusCode::SEE_OTHER);
    }
    assert_eq!(hall.post(&ada, &path, "do=test").await.status, StatusCode::TOO_MANY_REQUESTS);
    let everything = atlas::watching::MessageFilter { limit: 1000, ..atlas::watching::MessageFilter::default() };
    let messages = hall.atlas.messages(person, &everything).await.unwrap();
    assert_eq!(messages.len(), 30);
    let again = hall.post(&ada, &format!("/messages/{}", messages[0].id), "").await;
    assert_eq!(again.status, StatusCode::TOO_MANY_REQUESTS);
    for path in ["/watchlist/report", "/watchlist/report.csv"] {
        for _ in 0..15 {
            assert_eq!(hall.get(&ada, path).await.status, StatusCode::OK, "counted apart");
        }
    }
    assert_eq!(hall.get(&ada, "/watchlist/report").await.status, StatusCode::TOO_MANY_REQUESTS);
    for _ in 0..30 {
        assert_eq!(hall.post(&ada, "/watchlist/import", "subject\nplatform:plum").await.status, StatusCode::OK);
    }
    let import = hall.post(&ada, "/watchlist/import", "subject\nplatform:orrery").await;
    assert_eq!(import.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(hall.atlas.watches(person).await.unwrap().len(), 1);
    hall.clock.fetch_add(60 * 60 * 1000, Ordering::Relaxed);
    assert_eq!(hall.post(&ada, &path, "do=test").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_account_page_does_what_it_says() {
    let hall = hall().await;
    let (secret, person) = hall.person("ada@example.org").await;
    let ada = Asks::browser(&secret);
    let page = hall.get(&ada, "/account").await;
    well_formed::check(&page.body).unwrap();
    for said in ["ada@example.org", "(this browser)", "Signed in", "Sign out", "autocomplete=\"new-password\""] {
        assert!(page.body.contains(said), "{said} is not in {}", page.body);
    }
    assert!(!page.body.contains(&secret) && !page.body.contains("argon2"));
    let made = hall.post(&ada, "/account/tokens", "name=laptop&scope=watchlist:read&days=90").await;
    well_formed::check(&made.body).unwrap();
    let token = format!("cwt_{}", between(&made.body, "<code>cwt_", "</code>"));
    assert_eq!(hall.get(&Asks::program(&token), "/watchlist.json").await.status, StatusCode::OK);
    let page = hall.get(&ada, "/account").await;
    assert!(!page.body.contains(&token), "it is shown once");
    assert!(page.body.contains("name=\"tokens\" value=\"end\" checked"), "{}", page.body);
    let exported = hall.post(&ada, "/account/export", "").await;
    assert!(exported.header(header::CONTENT_DISPOSITION).starts_with("attachment"));
    let all: serde_json::Value = serde_json::from_str(&exported.body).unwrap();
    assert_eq!(all["account"]["account"]["address"], "ada@example.org");
    assert_eq!(all["channels"].as_array().unwrap().len(), 2);
    for secret in [&token, &secret, "argon2"] {
        assert!(!exported.body.contains(secret), "no secret is exported");
    }
    // A second factor begins with a secret, and is in use after its first code.
    let begun = hall.post(&ada, "/account/second-factor", "do=begin").await;
    well_formed::check(&begun.body).unwrap();
    assert!(begun.body.contains("href=\"otpauth://totp/Clausewatch:ada%40example%2Eorg?secret="), "{}", begun.body);
    assert!(begun.body.contains("<svg class=\"qr\" role=\"img\" aria-label=\"QR code of the secret below\""));
    let secret = between(&begun.body, "<code class=\"secret\">", "</code>");
    let wrong = hall.post(&ada, "/account/second-factor", "do=confirm&code=000000").await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN);
    well_formed::check(&wrong.body).unwrap();
    assert!(secret.len() == 32 && wrong.body.contains(secret), "who mistypes goes on with the same secret");
    hall.atlas.confirm_factor(person, &[], 1).await.unwrap();
    let page = hall.get(&ada, "/account").await;
    well_formed::check(&page.body).unwrap();
    assert!(page.body.contains("Signing in needs a code of your app"));
    let wrong = hall.post(&ada, "/account/second-factor", "do=codes&code=000000").await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN);
    well_formed::check(&wrong.body).unwrap();
    assert!(page.body.contains("value=\"codes\"") && !wrong.body.contains("These are your recovery codes"));
    let without = hall
        .post(&Asks::stranger(), "/account/sign-in", "address=ada@example.org&password=violet+anchor+seldom+9")
        .await;
    assert_eq!(without.status, StatusCode::FORBIDDEN);
    hall.post(&Asks::stranger(), "/account/mail-link", "address=ada@example.org").await;
    let link = hall.link().await;
    assert!(hall.get(&Asks::stranger(), &link).await.body.contains("name=\"code\""));
    let without = hall.post(&Asks::stranger(), &link, "").await;
    assert_eq!(without.status, StatusCode::FORBIDDEN);
    assert!(without.body.contains("Give the code that your app shows now"), "{}", without.body);
    hall.atlas.drop_factor(person).await.unwrap();
    // A quarter of an hour later the password is asked for once more.
    hall.clock.fetch_add(16 * 60 * 1000, Ordering::Relaxed);
    assert!(hall.get(&ada, "/account").await.body.contains("name=\"proof\""));
    for (path, form) in [
        ("/account/export", ""),
        ("/account/tokens", "name=x&scope=watchlist:read&days=30"),
        DELETE,
        ("/account/address", "address=e@example.org"),
    ] {
        let refused = hall.post(&ada, path, form).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
        well_formed::check(&refused.body).unwrap();
        assert!(refused.body.contains("role=\"alert\">Give your password once more"), "{path}: {}", refused.body);
        let wrong = hall.post(&ada, path, &format!("{form}&proof=copper+lantern")).await;
        assert_eq!(wrong.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(hall.post(&ada, DELETE.0, "proof=violet+anchor+seldom+9").await.status, StatusCode::BAD_REQUEST);
    let deleted = hall.post(&ada, DELETE.0, "sure=delete&proof=violet+anchor+seldom+9").await;
    assert_eq!((deleted.status, deleted.header(header::LOCATION)), (StatusCode::SEE_OTHER, "/"));
    assert!(hall.atlas.account(person).await.unwrap().is_none());
    assert_eq!(hall.get(&ada, "/account").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn who_lacks_a_required_second_factor_reaches_nothing_but_the_way_to_one() {
    let hall = hall_that_requires(Required::OfEverybody, |site| site).await;
    let (secret, person) = hall.person("ada@example.org").await;
    let visitor = hall.accounts.visitor(&secret).await.unwrap().unwrap();
    hall.accounts.grant(&visitor.account, true, Hand::CommandLine).await.unwrap();
    let ada = Asks::browser(&secret);
    let program = Asks::program(&hall.accounts.add_token(&visitor, "all", &Scope::ALL, 30, &here()).await.unwrap());
    let own = READS.iter().copied().filter(|path| !path.contains('{') && !path.starts_with("/account"));
    for path in own.chain(["/organisations", "/operate", "/operate/users", "/review"]) {
        let answer = hall.get(&ada, path).await;
        assert_eq!((answer.status, answer.header(header::LOCATION)), (StatusCode::SEE_OTHER, "/account"), "{path}");
    }
    let json = hall.get(&ada, "/watchlist.json").await;
    assert!(
        json.status == StatusCode::FORBIDDEN && json.body.contains("requires a second factor of you"),
        "{}",
        json.body
    );
    assert_eq!(hall.get(&program, "/watchlist.json").await.status, StatusCode::FORBIDDEN);
    assert_eq!(hall.post(&program, POSTS[0].0, POSTS[0].1).await.status, StatusCode::FORBIDDEN);
    let before = state(&hall, &secret).await;
    let open =
        ["sign-", "mail-link", "forgot", "link/", "second-factor", "passkeys", "/unsubscribe", "/channels/confirm"];
    let shut = POSTS.iter().chain([&DELETE]).filter(|(path, _)| !open.iter().any(|part| path.contains(part)));
    for (path, form) in shut {
        let answer = hall.post(&ada, &path.replace("{id}", "1"), form).await;
        assert_eq!((answer.status, answer.header(header::LOCATION)), (StatusCode::SEE_OTHER, "/account"), "{path}");
    }
    assert_eq!(state(&hall, &secret).await, before);
    assert_eq!(hall.get(&ada, "/platforms/orrery").await.status, StatusCode::OK, "the record is everybody's");
    // The one page that is left says what to do, and no more.
    let page = hall.get(&ada, "/account").await;
    well_formed::check(&page.body).unwrap();
    assert!(page.body.contains("This site requires a second factor of you") && page.body.contains("Sign out"));
    assert!(page.body.contains("value=\"begin\"") && page.body.contains("id=\"passkeys\""));
    assert!(!page.body.contains("id=\"tokens\"") && !page.body.contains("id=\"log\""), "{}", page.body);
    hall.atlas.put_factor(person, &[7; 20]).await.unwrap();
    hall.atlas.confirm_factor(person, &[], 1).await.unwrap();
    for path in ["/watchlist", "/operate"] {
        assert_eq!(hall.get(&ada, path).await.status, StatusCode::OK, "{path}");
    }
    assert_eq!(hall.get(&program, "/watchlist.json").await.status, StatusCode::OK);
}

#[tokio::test]
async fn signing_out_is_a_button_on_every_page_behind_it() {
    let hall = market().await;
    let (secret, _) = hall.person("ada@example.org").await;
    let visitor = hall.accounts.visitor(&secret).await.unwrap().unwrap();
    hall.accounts.grant(&visitor.account, true, Hand::CommandLine).await.unwrap();
    let organisation = hall.accounts.found_organisation(&visitor, "Guild", &here()).await.unwrap();
    let ada = Asks::browser(&secret);
    let button = "action=\"/account/sign-out\"><button>Sign out</button>";
    let own = READS.iter().chain(&operate_users::READS).filter(|path| !path.contains('{')).map(|path| path.to_string());
    let held = organisations::READS.iter().map(|path| path.replace("{organisation}", &organisation.to_string()));
    for path in own.chain(held).chain(["/review".to_string(), "/review/history".to_string()]) {
        let file = path.ends_with(".csv") || path.ends_with(".opml");
        let open = file || ["/account/sign-up", "/account/sign-in", "/account/forgot"].contains(&path.as_str());
        let page = hall.get(&ada, &path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert_eq!(page.body.contains(button), !open, "{path}");
    }
    assert!(!hall.get(&ada, "/platforms/orrery").await.body.contains(button), "what everybody sees has none");
}

#[tokio::test]
async fn a_lost_second_factor_is_ended_on_the_page_of_a_mailed_link() {
    let hall = hall().await;
    let (secret, person) = hall.person("ada@example.org").await;
    hall.atlas.put_factor(person, &[7; 20]).await.unwrap();
    hall.atlas.confirm_factor(person, &[], 1).await.unwrap();
    let account = hall.accounts.visitor(&secret).await.unwrap().unwrap().account;
    hall.accounts.send_end_of_factor(&account).await.unwrap();
    let link = hall.link().await;
    let visitor = Asks::stranger();
    let page = hall.get(&visitor, &link).await;
    well_formed::check(&page.body).unwrap();
    assert!(page.body.contains("End your second factor") && page.body.contains("autocomplete=\"current-password\""));
    let wrong = hall.post(&visitor, &link, "password=copper+lantern").await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN);
    well_formed::check(&wrong.body).unwrap();
    let ended = hall.post(&visitor, &link, &format!("password={}", encoded(PASSWORD))).await;
    well_formed::check(&ended.body).unwrap();
    assert!(ended.status == StatusCode::OK && ended.body.contains("Your second factor is ended"), "{}", ended.body);
    assert!(!ended.headers.contains_key(header::SET_COOKIE), "it signs nobody in");
    assert!(hall.atlas.factor(person).await.unwrap().is_none());
}

/// A site with plans, all but the first of which are sold.
pub async fn market() -> Hall {
    let sold = |text: &str, id: &str| {
        text.replace(&format!("id = \"{id}\""), &format!("id = \"{id}\"\nstripe_price = \"price_{id}\""))
    };
    let text = sold(&sold(include_str!("../../../../docs/plans.toml"), "monitor"), "compliance");
    let (key, webhook_secret, api) = ("sk_test".into(), "whsec_test".into(), "http://127.0.0.1:1".into());
    let stripe = alerts::payment::Stripe { key, webhook_secret, api, poster: super::poster() };
    let provider = alerts::payment::Provider::Stripe(stripe);
    hall_of(|site| site.plans(alerts::plans::Plans::read(&text).unwrap()).paid_through(Some(provider))).await
}

#[tokio::test]
async fn who_pays_is_not_charged_twice_and_not_forgotten() {
    let hall = market().await;
    let (secret, person) = hall.person("ada@example.org").await;
    let ada = Asks::browser(&secret);
    let page = hall.get(&ada, "/plans").await;
    well_formed::check(&page.body).unwrap();
    assert!(page.body.contains("Subscribe<span") && !page.body.contains("You pay for a plan"), "{}", page.body);
    let now = hall.clock.load(Ordering::Relaxed);
    let paid = atlas::plans::NewSubscription { id: "sub_1".into(), person, plan: "monitor".into() };
    assert!(hall.atlas.subscribed(&paid, now).await.unwrap());
    let page = hall.get(&ada, "/plans").await;
    well_formed::check(&page.body).unwrap();
    assert!(!page.body.contains("Subscribe<span"), "{}", page.body);
    assert!(page.body.contains("To end your subscription, or to change to another plan, ask whoever runs this site"));
    let json: serde_json::Value = serde_json::from_str(&hall.get(&ada, "/plans.json").await.body).unwrap();
    assert_eq!((json["own"].as_str(), json["pays"].as_bool()), (Some("monitor"), Some(true)));
    for plan in ["monitor", "compliance"] {
        let again = hall.post(&ada, "/plans", &format!("subscribe={plan}")).await;
        assert_eq!(again.status, StatusCode::CONFLICT, "{plan}");
        assert!(again.body.contains("You pay for a plan already"), "{}", again.body);
    }
    let exported = hall.post(&ada, "/account/export", "").await;
    let all: serde_json::Value = serde_json::from_str(&exported.body).unwrap();
    assert_eq!(all["account"]["subscriptions"][0]["plan"], "monitor");
    assert_eq!(all["account"]["trials"]["tried"], serde_json::json!([]));
    let kept = hall.post(&ada, DELETE.0, DELETE.1).await;
    assert_eq!(kept.status, StatusCode::CONFLICT);
    assert!(kept.body.contains("role=\"alert\">You pay for a plan, and would go on to be charged"), "{}", kept.body);
    assert!(hall.atlas.unsubscribed("sub_1", now).await.unwrap());
    assert!(hall.get(&ada, "/plans").await.body.contains("Subscribe<span"), "it can be paid for again");
    assert_eq!(hall.post(&ada, DELETE.0, DELETE.1).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn no_program_begins_a_trial_or_a_checkout() {
    let hall = market().await;
    let (secret, person) = hall.person("ada@example.org").await;
    let visitor = hall.accounts.visitor(&secret).await.unwrap().unwrap();
    let scopes = [Scope::Read, Scope::Write];
    let token = hall.accounts.add_token(&visitor, "program", &scopes, 30, &here()).await.unwrap();
    let program = Asks::program(&token);
    assert_eq!(hall.get(&program, "/plans.json").await.status, StatusCode::OK, "it may read them");
    for form in ["try=monitor", "subscribe=monitor"] {
        let refused = hall.post(&program, "/plans", form).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{form}: {}", refused.body);
        assert!(refused.body.to_lowercase().contains("no token does this; sign in with a browser"), "{}", refused.body);
    }
    assert_eq!(hall.atlas.trials(person).await.unwrap(), atlas::plans::Trials::default());
    let ada = Asks::browser(&secret);
    // The provider is not there, but it was asked.
    assert_eq!(hall.post(&ada, "/plans", "subscribe=monitor").await.status, StatusCode::BAD_GATEWAY);
    assert_eq!(hall.post(&ada, "/plans", "try=monitor").await.status, StatusCode::SEE_OTHER);
    assert!(hall.atlas.trials(person).await.unwrap() != atlas::plans::Trials::default());
}

#[tokio::test]
async fn the_address_of_a_webhook_is_shown_to_its_person_alone() {
    let hall = hall().await;
    let (secret, person) = hall.person("ada@example.org").await;
    let new = atlas::watching::NewChannel {
        kind: atlas::watching::ChannelKind::Webhook,
        address: "https://hooks.example/T1/secret-of-a-room".into(),
        template: atlas::watching::Template::Slack,
        confirmed: true,
        secret: [3; 32],
    };
    let channel = hall.atlas.add_channel(person, &new, 0).await.unwrap();
    let message = hall.atlas.post_note(person, channel.id, atlas::watching::MessageKind::Test, "", 0).await.unwrap();
    let ada = Asks::browser(&secret);
    assert!(hall.get(&ada, "/watchlist").await.body.contains("secret-of-a-room"));
    let unsubscribe = format!("/unsubscribe/{}", channel.unsubscribe_token(message));
    for answer in [
        hall.get(&ada, "/watchlist.json").await,
        hall.post(&ada, "/account/export", "").await,
        hall.get(&Asks::stranger(), &unsubscribe).await,
    ] {
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        assert!(answer.body.contains("hooks.example") && !answer.body.contains("secret-of"), "{}", answer.body);
    }
}

#[tokio::test]
async fn a_limit_says_where_the_other_plans_are() {
    let hall = market().await;
    let (secret, _) = hall.person("ada@example.org").await;
    let ada = Asks::browser(&secret);
    let watch = |slug: &str| {
        let subject = serde_json::to_string(&Subject::Platform(slug.into())).unwrap();
        format!("subject={}", encoded(&subject))
    };
    assert_eq!(hall.post(&ada, "/watch", &watch("plum")).await.status, StatusCode::SEE_OTHER);
    let page = hall.get(&ada, "/platforms/orrery").await;
    let told = "Not watched: the plan Free watches 1 platform, and you watch 1. <a href=\"/plans\">Plans</a>";
    assert!(page.body.contains(told), "{}", page.body);
    let refused = hall.post(&ada, "/watch", &watch("orrery")).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.body.contains("and you watch 1; /plans shows the others."), "{}", refused.body);
}

#[tokio::test]
async fn the_way_to_plans_and_to_operating_is_shown_to_whom_it_is_for() {
    for (hall, plans) in [(hall().await, false), (market().await, true)] {
        let page = hall.get(&Asks::stranger(), "/").await;
        assert_eq!(page.body.contains("href=\"/plans\""), plans);
        assert!(!page.body.contains("href=\"/operate\""), "strangers are not led where they may not go");
        let (secret, person) = hall.person("ada@example.org").await;
        let ada = Asks::browser(&secret);
        assert!(!hall.get(&ada, "/account").await.body.contains("href=\"/operate\""));
        assert_eq!(hall.get(&ada, "/operate").await.status, StatusCode::FORBIDDEN);
        hall.atlas.set_operator(person, true, false).await.unwrap();
        assert!(hall.get(&ada, "/account").await.body.contains("href=\"/operate\""));
        assert_eq!(hall.get(&ada, "/operate").await.status, StatusCode::OK);
        assert_eq!(hall.get(&ada, "/operate/plans").await.status == StatusCode::OK, plans);
        // A program does not operate, whoever it belongs to.
        let visitor = hall.accounts.visitor(&secret).await.unwrap().unwrap();
        let token = hall.accounts.add_token(&visitor, "all", &Scope::ALL, 30, &here()).await.unwrap();
        let program = hall.get(&Asks::program(&token), "/operate.json").await;
        assert_eq!(program.status, StatusCode::FORBIDDEN);
        assert!(program.body.contains("no token operates this site"), "{}", program.body);
    }
}

#[tokio::test]
async fn sitting_at_the_machine_makes_nobody_the_owner_where_there_are_accounts() {
    let hall = hall().await;
    let mut request = Request::builder().uri("/watchlist").header("host", "127.0.0.1:8080");
    let peer: std::net::SocketAddr = "127.0.0.1:50000".parse().unwrap();
    request = request.extension(axum::extract::ConnectInfo(peer));
    let answer = hall.site.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn without_accounts_there_are_no_such_pages() {
    let site = crate::site().await;
    for path in ["/account", "/account/sign-in", "/account/sign-up", "/account/forgot", "/account/link/1-a"] {
        assert_eq!(crate::get(&site, path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert!(!crate::get(&site, "/").await.body.contains("href=\"/account\""));
}

#[tokio::test]
async fn what_people_type_is_only_words() {
    let hall = hall().await;
    let visitor = Asks::stranger();
    let evil = encoded("\"><script>alert(1)</script>");
    for path in ["/account/sign-up", "/account/sign-in", "/account/forgot", "/account/mail-link"] {
        let answer = hall.post(&visitor, path, &format!("address={evil}&watch={evil}&back={evil}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
        well_formed::check(&answer.body).unwrap_or_else(|wrong| panic!("{path}: {wrong}"));
        assert!(!answer.body.contains("<script>alert"), "{path}");
    }
    let (ada, _) = hall.person("ada@example.org").await;
    let made =
        hall.post(&Asks::browser(&ada), "/account/tokens", &format!("name={evil}&scope=watchlist:read&days=30")).await;
    well_formed::check(&made.body).unwrap();
    assert!(!made.body.contains("<script>alert"));
}
