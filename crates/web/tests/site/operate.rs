//! Operating on the site: documents, messages, announcements; and that none of it is for strangers.
use atlas::jobs::{Check, CheckResult, Trouble};
use atlas::watching::{ChannelKind, MessageKind, MessageState, Outcome, PersonId};
use axum::http::{Method, StatusCode, header};

use crate::watching::{OWNER, owned_site, send};
use crate::{get, well_formed, world};

const NOW: i64 = world::START + 400 * world::DAY;

#[tokio::test]
async fn a_document_that_asks_is_looked_after() {
    let (site, atlas) = owned_site().await;
    let id = atlas.documents().await.unwrap().into_iter().find(|document| document.title == "Never seen").unwrap().id;
    let failed = CheckResult::Failed { trouble: Trouble::Address, reason: "it is <no> address".into() };
    atlas.checked(id, &Check { at_ms: NOW, next_due_ms: NOW + world::DAY, result: failed }).await.unwrap();
    let page = send(&site, &OWNER, Method::GET, "/operate", "").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    well_formed::check(&page.body).unwrap();
    assert!(page.body.contains("1 document asks for you") && page.body.contains("It is &#60;no&#62; address."));
    let path = format!("/operate/documents/{id}");
    let act = async |form: &str| send(&site, &OWNER, Method::POST, &path, form).await.status;
    assert_eq!(act("do=check").await, StatusCode::SEE_OTHER);
    assert_eq!(atlas.health_of(id).await.unwrap().unwrap().next_due_ms, 0, "it is due");
    assert_eq!(act("do=pause").await, StatusCode::SEE_OTHER);
    assert_eq!(act("do=check").await, StatusCode::CONFLICT, "a paused document is not checked");
    assert!(send(&site, &OWNER, Method::GET, "/operate", "").await.body.contains("Not checked since"));
    assert!(get(&site, "/status").await.body.contains("Paused by an operator"));
    assert_eq!(act("do=resume").await, StatusCode::SEE_OTHER);
    assert_eq!(act("do=accept&address=https://elsewhere.example/").await, StatusCode::CONFLICT);
    assert_eq!(act("do=fly").await, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn what_was_given_up_is_sent_again() {
    let (site, atlas) = owned_site().await;
    let person = atlas.add_person("Ada", "UTC", NOW).await.unwrap();
    let channel = alerts::channels::add_mail(&atlas, person, "ada@plum.example", true, [3; 32], NOW).await.unwrap();
    let id = atlas.post_note(person, channel.id, MessageKind::Test, "a test", NOW).await.unwrap();
    atlas.claim_messages(ChannelKind::Mail, NOW, 9).await.unwrap();
    let reason = "550 5.2.2 <ada@plum.example>: the mailbox is full";
    let dead = Outcome::Dead { reason: reason.into() };
    atlas.settle_messages(&[(id, dead)], NOW).await.unwrap();
    let page = send(&site, &OWNER, Method::GET, "/operate", "").await;
    well_formed::check(&page.body).unwrap();
    assert!(page.body.contains("550 5.2.2 &#60;plum.example&#62;: the mailbox is full"), "{}", page.body);
    assert!(page.body.contains("1 message was given up"));
    let json = send(&site, &OWNER, Method::GET, "/operate.json", "").await;
    assert!(json.body.contains("550 5.2.2 <plum.example>: the mailbox is full"), "{}", json.body);
    assert!(!page.body.contains("ada@") && !json.body.contains("ada@"), "an operator needs no addresses of others");
    let of_ada = atlas.message(person, id).await.unwrap().unwrap().error;
    assert_eq!(of_ada.as_deref(), Some(reason), "she is told all of it");
    // Nor where a channel stopped.
    assert!(!page.body.contains("Channels that stopped"));
    let failed = "the mail came back: 5.1.1 <ada@plum.example>: nobody";
    atlas.channel_failed(&channel, failed).await.unwrap();
    let page = send(&site, &OWNER, Method::GET, "/operate", "").await.body;
    well_formed::check(&page).unwrap();
    let said =
        format!("Mail {} of person {person}: the mail came back: 5.1.1 &#60;plum.example&#62;: nobody", channel.id);
    assert!(page.contains("Channels that stopped") && page.contains(&said) && !page.contains("ada@"), "{page}");
    let json = send(&site, &OWNER, Method::GET, "/operate.json", "").await.body;
    assert!(json.contains("failed_channels") && !json.contains("ada@"), "{json}");
    let again = send(&site, &OWNER, Method::POST, "/operate/messages", "message=all").await;
    assert_eq!(again.status, StatusCode::SEE_OTHER);
    assert_eq!(atlas.message(person, id).await.unwrap().unwrap().state, MessageState::Waiting);
    for form in ["message=x", "channel=x", ""] {
        let wrong = send(&site, &OWNER, Method::POST, "/operate/messages", form).await;
        assert_eq!(wrong.status, StatusCode::BAD_REQUEST, "{form}");
    }
}

#[tokio::test]
async fn all_that_was_given_up_is_counted_and_no_address_is_shown() {
    let (site, atlas) = owned_site().await;
    let (person, address) = (PersonId::OWNER, "https://hooks.example/T1/secret-of-a-room");
    let template = atlas::watching::Template::Slack;
    let added = alerts::channels::add_webhook(&atlas, person, &super::poster(), address, template, [3; 32], NOW).await;
    let channel = added.unwrap().id;
    for _ in 0..51 {
        atlas.post_note(person, channel, MessageKind::Test, "a test", NOW).await.unwrap();
    }
    let claimed = atlas.claim_messages(ChannelKind::Webhook, NOW, 99).await.unwrap();
    let dead = |id| (id, Outcome::Dead { reason: format!("{address}: no answer in time") });
    atlas.settle_messages(&claimed.into_iter().map(dead).collect::<Vec<_>>(), NOW).await.unwrap();
    let page = send(&site, &OWNER, Method::GET, "/operate", "").await;
    well_formed::check(&page.body).unwrap();
    assert!(page.body.contains("51 messages were given up") && page.body.contains("The last 50:"), "{}", page.body);
    assert!(page.body.contains("Hooks.example: no answer in time."), "{}", page.body);
    let json = send(&site, &OWNER, Method::GET, "/operate.json", "").await;
    assert!(json.body.contains("hooks.example: no answer in time"), "{}", json.body);
    assert!(!page.body.contains("secret-of") && !json.body.contains("secret-of"));
    let again = send(&site, &OWNER, Method::POST, "/operate/messages", &format!("channel={channel}")).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER);
    assert_eq!(atlas.dead_letters(0, 9).await.unwrap(), [], "also those that are not shown");
}

#[tokio::test]
async fn an_announcement_stands_on_every_page_and_in_the_feed() {
    let (site, atlas) = owned_site().await;
    assert!(!get(&site, "/platforms").await.body.contains("announcement"));
    let form = "text=The+site+%3Cb%3Erests%3C/b%3E+on+Sunday&urgency=warning&until=2025-04-20";
    let made = send(&site, &OWNER, Method::POST, "/operate/announcements", form).await;
    assert_eq!((made.status, made.header(header::LOCATION)), (StatusCode::SEE_OTHER, "/operate#announcements"));
    for path in ["/", "/platforms", "/documents/CW-D-00001", "/nothing", "/status"] {
        let page = get(&site, path).await.body;
        well_formed::check(&page).unwrap_or_else(|wrong| panic!("{path}: {wrong}"));
        assert!(page.contains("<strong>Warning.</strong> The site &#60;b&#62;rests"), "{path}: {page}");
    }
    let feed = get(&site, "/feed.atom").await.body;
    assert!(feed.contains("Warning: The site &lt;b&gt;rests") || feed.contains("Warning: The site &#60;b"), "{feed}");
    assert!(!get(&site, "/platforms/plum/feed.atom").await.body.contains("rests"));
    let id = atlas.announcements(1).await.unwrap()[0].id;
    send(&site, &OWNER, Method::POST, &format!("/operate/announcements/{id}"), "").await;
    assert!(!get(&site, "/platforms").await.body.contains("rests"));
    for (form, wrong) in [
        ("urgency=warning&until=2025-04-20", "say what"),
        ("text=x", "last day"),
        ("text=x&until=2025-04-01", "before it begins"),
        ("text=x&until=soon", "a day like"),
        (&format!("text={}&until=2025-04-20", "x".repeat(281)), "280 characters"),
    ] {
        let answer = send(&site, &OWNER, Method::POST, "/operate/announcements", form).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{form}");
        assert!(answer.body.to_lowercase().contains(wrong), "{form}: {}", answer.body);
    }
}

/// Who finds what the address says.
struct Finder;

impl web::Adding for Finder {
    fn look(&self, url: String) -> web::AddingAnswer<web::FoundDocument> {
        let concluded = web::WantedDocument {
            url: url.clone(),
            platform: "<b>Pear</b>".into(),
            kind: "Privacy Policy".into(),
            ..web::WantedDocument::default()
        };
        let found = web::FoundDocument {
            page_title: Some("<i>Privacy</i>".into()),
            tracked: url.ends_with("tracked").then(|| "CW-D-00001".parse().unwrap()),
            assumed: vec!["its type is Privacy Policy, after its title “<i>Privacy</i>”".into()],
            doubts: vec!["It has 3 words only & no more.".into()],
            words: 3,
            clauses: 1,
            concluded,
            url: url.clone(),
            ..web::FoundDocument::default()
        };
        Box::pin(async move { if url.contains("plum") { Ok(found) } else { Err(format!("{url}: <not> to be read")) } })
    }

    fn track(&self, wanted: web::WantedDocument) -> web::AddingAnswer<atlas::ids::DocumentId> {
        let id = "CW-D-00001".parse().map_err(|_| String::new());
        Box::pin(async move { if wanted.country.as_deref() == Some("DE") { id } else { Err("“no” <country>".into()) } })
    }

    fn catalog_file(&self, platform: String) -> web::AddingAnswer<Option<String>> {
        Box::pin(async move { Ok((platform == "plum").then(|| "name = \"Plum\"\n".into())) })
    }
}

#[tokio::test]
async fn a_document_is_added_by_its_address() {
    let atlas = world::world().await;
    let config = web::SiteConfig { name: "C".into(), base_url: "http://127.0.0.1:8080".into(), note: String::new() };
    let site = web::Site::new(atlas, config, std::sync::Arc::new(|| NOW))
        .personal(std::sync::Arc::new(|| [7; 32]), super::poster())
        .adding_by(Some(std::sync::Arc::new(Finder)));
    let site = web::router(site);
    for (method, path, form, status, words) in [
        (Method::GET, "/operate/add", "", StatusCode::OK, "Read it"),
        (Method::GET, "/operate/add?added=CW-D-00001", "", StatusCode::OK, "/operate/catalog/plum.toml"),
        (Method::POST, "/operate/add", "url=https://plum.example/x", StatusCode::OK, "&#60;i&#62;Privacy&#60;/i&#62;"),
        (Method::POST, "/operate/add", "url=https://plum.example/tracked", StatusCode::OK, "Tracked already."),
        (
            Method::POST,
            "/operate/add",
            "url=https://pear/",
            StatusCode::UNPROCESSABLE_ENTITY,
            "&#60;not&#62; to be read",
        ),
        (
            Method::POST,
            "/operate/add/track",
            "url=https://plum.example/x&platform=P&type=T&country=us",
            StatusCode::UNPROCESSABLE_ENTITY,
            "“no” &#60;country&#62;",
        ),
        (Method::POST, "/operate/add/track", "url=https://plum.example/x&type=T", StatusCode::BAD_REQUEST, "platform"),
    ] {
        let answer = send(&site, &OWNER, method, path, form).await;
        assert_eq!(answer.status, status, "{path} {form}: {}", answer.body);
        assert!(answer.body.contains(words), "{path} {form}: {}", answer.body);
        well_formed::check(&answer.body).unwrap_or_else(|wrong| panic!("{path} {form}: {wrong}"));
    }
    let form = "url=https://plum.example/x&platform=P&type=T&country=de";
    let added = send(&site, &OWNER, Method::POST, "/operate/add/track", form).await;
    assert_eq!(
        (added.status, added.header(header::LOCATION)),
        (StatusCode::SEE_OTHER, "/operate/add?added=CW-D-00001")
    );
    let file = send(&site, &OWNER, Method::GET, "/operate/catalog/plum.toml", "").await;
    assert_eq!((file.status, file.body.as_str()), (StatusCode::OK, "name = \"Plum\"\n"));
    assert!(file.header(header::CONTENT_DISPOSITION).contains("plum.toml"));
    for path in ["/operate/catalog/none.toml", "/operate/catalog/plum", "/operate/catalog/..%2Fplum.toml"] {
        assert_eq!(send(&site, &OWNER, Method::GET, path, "").await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn strangers_operate_nothing() {
    let (site, atlas) = owned_site().await;
    for path in ["/operate", "/operate.json", "/operate/add", "/operate/catalog/plum.toml"] {
        assert_eq!(get(&site, path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    for path in [
        "/operate/documents/CW-D-00001",
        "/operate/messages",
        "/operate/announcements",
        "/operate/announcements/1",
        "/operate/add",
        "/operate/add/track",
    ] {
        let answer = crate::ask(&site, Method::POST, path, &[]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
    let told = get(&site, "/operate").await.body;
    assert!(told.contains("This instance is operated on the machine that it runs on"), "{told}");
    assert!(!get(&site, "/").await.body.contains("href=\"/operate\""));
    assert!(send(&site, &OWNER, Method::GET, "/watchlist", "").await.body.contains("href=\"/operate\""));
    assert_eq!(atlas.announcements(9).await.unwrap(), []);
    assert_eq!(atlas.person(PersonId::OWNER).await.unwrap().unwrap().id, PersonId::OWNER);
}

#[tokio::test]
async fn plans_are_shown_with_what_they_allow() {
    let (site, atlas) = owned_site().await;
    let page = get(&site, "/plans").await;
    assert!(page.body.contains("This instance has no plans"), "{}", page.body);
    let plans = alerts::plans::Plans::read(include_str!("../../../../docs/plans.toml")).unwrap();
    let config = web::SiteConfig { name: "C".into(), base_url: "https://c.example".into(), note: String::new() };
    let now = std::sync::Arc::new(|| NOW);
    let site =
        web::Site::new(atlas, config, now).plans(plans).personal(std::sync::Arc::new(|| [7; 32]), super::poster());
    let site = web::router(site);
    let page = get(&site, "/plans").await;
    well_formed::check(&page.body).unwrap();
    for words in ["Free", "Monitor", "Compliance", "in a weekly digest", "14 days to try", "any number"] {
        assert!(page.body.contains(words), "{words}");
    }
    let own = send(&site, &OWNER, Method::GET, "/plans", "").await;
    assert!(own.body.contains("You run this instance") && !own.body.contains("Try for"));
    let tried = send(&site, &OWNER, Method::POST, "/plans", "try=monitor").await;
    assert_eq!(tried.status, StatusCode::FORBIDDEN);
    assert!(tried.body.contains("verything is allowed to you already"), "{}", tried.body);
    // Nothing is paid for unless a provider is configured.
    assert_eq!(send(&site, &OWNER, Method::POST, "/plans", "subscribe=monitor").await.status, StatusCode::NOT_FOUND);
    assert_eq!(crate::ask(&site, Method::POST, "/payments", &[]).await.status, StatusCode::NOT_FOUND);
}
