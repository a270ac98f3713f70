//! Watching on the site: the button of a record, the watchlist, channels, links in messages; and that none of it is for strangers.
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use tower::ServiceExt;
use web::{Site, SiteConfig};

use crate::{Answer, ask, between, get, well_formed, world};

/// A site with an owner, and what the owner's browser says with every request.
pub async fn owned_site() -> (Router, atlas::Atlas) {
    let atlas = world::world().await;
    let config =
        SiteConfig { name: "Clausewatch".into(), base_url: "http://127.0.0.1:8080".into(), note: String::new() };
    let now = Arc::new(|| world::START + 400 * world::DAY);
    let poster =
        fetch::Poster::new("test", std::time::Duration::from_secs(1), Vec::new(), &fetch::Outbound::default()).unwrap();
    let site = Site::new(atlas.clone(), config, now).personal(Arc::new(|| [7; 32]), poster);
    (web::router(site), atlas)
}

pub struct Asks<'a> {
    pub peer: &'a str,
    pub headers: &'a [(&'a str, &'a str)],
}

pub const OWNER: Asks<'_> =
    Asks { peer: "127.0.0.1:50000", headers: &[("host", "127.0.0.1:8080"), ("sec-fetch-site", "same-origin")] };

pub async fn send(site: &Router, asks: &Asks<'_>, method: Method, path: &str, form: &str) -> Answer {
    let peer: std::net::SocketAddr = asks.peer.parse().unwrap();
    let mut request = Request::builder().method(method).uri(path).extension(axum::extract::ConnectInfo(peer));
    for (name, value) in asks.headers {
        request = request.header(*name, *value);
    }
    let response = site.clone().oneshot(request.body(Body::from(form.to_string())).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    Answer { status: parts.status, headers: parts.headers, body: String::from_utf8_lossy(&body).into_owned() }
}

/// A form of a page, as a browser would send it: the value of its field `subject`, and more.
fn subject_of(page: &str) -> String {
    let said = between(page, "name=\"subject\" value=\"", "\"");
    let said = said.replace("&#34;", "\"").replace("&quot;", "\"").replace("&#38;", "&");
    format!("subject={}", form_urlencoded::byte_serialize(said.as_bytes()).collect::<String>())
}

#[tokio::test]
async fn one_click_watches_and_one_ends_it() {
    let (site, _) = owned_site().await;
    for path in [
        "/platforms/plum",
        "/documents/CW-D-00001",
        "/changes/CW-C-000002",
        "/provisions/CW-P-000001",
        "/types/arbitration",
        "/types",
        "/regulations/gdpr",
        "/search?q=arbitration",
    ] {
        let page = send(&site, &OWNER, Method::GET, path, "").await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        well_formed::check(&page.body).unwrap_or_else(|wrong| panic!("{path}: {wrong}"));
        assert!(page.body.contains("<button>Watch<span"), "{path} has no button");
        let form = format!("{}&back={}", subject_of(&page.body), path.replace('?', "%3F").replace('=', "%3D"));
        let watched = send(&site, &OWNER, Method::POST, "/watch", &form).await;
        assert_eq!((watched.status, watched.header(header::LOCATION)), (StatusCode::SEE_OTHER, path));
        let page = send(&site, &OWNER, Method::GET, path, "").await;
        assert!(page.body.contains("Stop watching"), "{path} is not watched");
        let list = send(&site, &OWNER, Method::GET, "/watchlist", "").await;
        well_formed::check(&list.body).unwrap_or_else(|wrong| panic!("the watchlist after {path}: {wrong}"));
        assert_eq!(list.body.matches("watch-card").count(), 1, "{path}: {}", list.body);
        send(&site, &OWNER, Method::POST, "/watch", &format!("{form}&end=1")).await;
        let page = send(&site, &OWNER, Method::GET, path, "").await;
        assert!(!page.body.contains("Stop watching"), "{path} is still watched");
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_watched() {
    let (site, atlas) = owned_site().await;
    for (kind, subject) in [
        ("platform", "nobody"),
        ("document", "CW-D-99999"),
        ("provision", "CW-P-999999"),
        ("clause-type", "no-such-type"),
        ("category", "none"),
        ("regulation", "none"),
    ] {
        let said = format!("{{\"watches\":\"{kind}\",\"subject\":\"{subject}\"}}");
        let form: String = form_urlencoded::byte_serialize(said.as_bytes()).collect();
        let answer = send(&site, &OWNER, Method::POST, "/watch", &format!("subject={form}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{said}");
    }
    for form in ["", "subject=%7B%7D", "subject=%FF%00"] {
        assert_eq!(send(&site, &OWNER, Method::POST, "/watch", form).await.status, StatusCode::BAD_REQUEST, "{form}");
    }
    assert!(atlas.watches(atlas::watching::PersonId::OWNER).await.unwrap().is_empty());
}

#[tokio::test]
async fn nobody_but_the_owner_has_a_watchlist() {
    let (site, atlas) = owned_site().await;
    let page = send(&site, &OWNER, Method::GET, "/platforms/plum", "").await;
    let form = subject_of(&page.body);
    let host = ("host", "127.0.0.1:8080");
    let strangers = [
        Asks { peer: "192.0.2.7:50000", headers: &[host] },
        Asks { peer: "127.0.0.1:50000", headers: &[("host", "record.example")] },
        Asks { peer: "127.0.0.1:50000", headers: &[host, ("x-forwarded-for", "192.0.2.7")] },
        Asks { peer: "127.0.0.1:50000", headers: &[host, ("forwarded", "for=192.0.2.7")] },
    ];
    for stranger in &strangers {
        for path in ["/watchlist", "/inbox", "/watchlist.json", "/inbox.json"] {
            let answer = send(&site, stranger, Method::GET, path, "").await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} for {:?}", stranger.headers);
        }
        let page = send(&site, stranger, Method::GET, "/platforms/plum", "").await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(!page.body.contains("action=\"/watch\""), "a stranger is offered to watch");
    }
    // What another site makes the owner's browser send.
    let forged = [
        Asks { peer: OWNER.peer, headers: &[host, ("sec-fetch-site", "cross-site")] },
        Asks { peer: OWNER.peer, headers: &[host, ("origin", "http://evil.example")] },
        Asks { peer: OWNER.peer, headers: &[host, ("origin", "null")] },
    ];
    for asks in strangers.iter().chain(&forged) {
        for path in
            ["/watch", "/watchlist/1", "/watchlist/settings", "/channels", "/channels/1", "/inbox", "/messages/1"]
        {
            let answer = send(&site, asks, Method::POST, path, &form).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} for {:?}", asks.headers);
        }
    }
    assert!(atlas.watches(atlas::watching::PersonId::OWNER).await.unwrap().is_empty());
    // A site without an owner has no list at all, nor a link to one.
    let plain = crate::site().await;
    assert_eq!(send(&plain, &OWNER, Method::GET, "/watchlist", "").await.status, StatusCode::FORBIDDEN);
    assert!(!get(&plain, "/").await.body.contains("/watchlist"));
}

#[tokio::test]
async fn a_watch_is_set_and_a_list_is_shared() {
    let (site, atlas) = owned_site().await;
    let owner = atlas::watching::PersonId::OWNER;
    let page = send(&site, &OWNER, Method::GET, "/platforms/plum", "").await;
    send(&site, &OWNER, Method::POST, "/watch", &subject_of(&page.body)).await;
    let id = atlas.watches(owner).await.unwrap()[0].id;
    let inbox = atlas.channels(owner).await.unwrap()[0].id;
    let form = format!(
        "minor=1&stricter=1&severity=high&cadence=week&hour=17&weekday=friday&channel={inbox}&note=%3Cb%3Eours&tags=vendors,+dpo,,"
    );
    let answer = send(&site, &OWNER, Method::POST, &format!("/watchlist/{id}"), &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let asks = atlas.watch(owner, id).await.unwrap().unwrap().asks;
    assert!(asks.threshold.minor && asks.threshold.stricter);
    assert_eq!(asks.tags, ["vendors", "dpo"]);
    assert_eq!(asks.channels, None, "all channels that there are");
    let list = send(&site, &OWNER, Method::GET, "/watchlist", "").await.body;
    assert!(list.contains("every Friday at 17:00") && list.contains("&#60;b&#62;ours"), "{list}");
    well_formed::check(&list).unwrap();
    for (form, part) in [("hour=24&cadence=day", "hour"), ("cadence=hourly", "cadence"), ("severity=awful", "severity")]
    {
        let answer = send(&site, &OWNER, Method::POST, &format!("/watchlist/{id}"), form).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(answer.body.to_lowercase().contains(part), "{}", answer.body);
    }
    let zone = send(&site, &OWNER, Method::POST, "/watchlist/settings", "zone=Nowhere/Land").await;
    assert_eq!(zone.status, StatusCode::BAD_REQUEST);
    send(&site, &OWNER, Method::POST, "/watchlist/settings", "zone=Europe/Berlin&share=open").await;
    let person = atlas.person(owner).await.unwrap().unwrap();
    assert_eq!(person.zone, "Europe/Berlin");
    let shared = format!("/watchlists/{}", person.shared.unwrap());
    // For anybody who has the address; without the notes.
    let page = get(&site, &shared).await;
    assert_eq!(page.status, StatusCode::OK);
    well_formed::check(&page.body).unwrap();
    assert!(page.body.contains("/platforms/plum") && page.body.contains("vendors") && !page.body.contains("ours"));
    send(&site, &OWNER, Method::POST, "/watchlist/settings", "share=close").await;
    assert_eq!(get(&site, &shared).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn channels_are_added_and_what_is_wrong_with_one_is_said() {
    let (site, atlas) = owned_site().await;
    let owner = atlas::watching::PersonId::OWNER;
    for (form, part) in [
        ("kind=mail&address=nobody", "nobody"),
        ("kind=webhook&address=http%3A%2F%2F10.0.0.1%2Fhook", "10.0.0.1"),
        ("kind=webhook&address=file%3A%2F%2F%2Fetc%2Fpasswd", "only http"),
        ("kind=pigeon", "kind"),
    ] {
        let answer = send(&site, &OWNER, Method::POST, "/channels", form).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{form}");
        assert!(answer.body.to_lowercase().contains(part), "{form}: {}", answer.body);
    }
    for form in [
        "kind=mail&address=ada%40plum.example",
        "kind=webhook&address=https%3A%2F%2Fhooks.plum.example%2Fx&template=slack",
        "kind=feed",
    ] {
        let answer = send(&site, &OWNER, Method::POST, "/channels", form).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{form}: {}", answer.body);
    }
    let channels = atlas.channels(owner).await.unwrap();
    assert_eq!(channels.len(), 4);
    let list = send(&site, &OWNER, Method::GET, "/watchlist", "").await.body;
    well_formed::check(&list).unwrap();
    assert!(
        list.contains("Mail to ada@plum.example") && list.contains("whsec_") && list.contains("/feeds/f"),
        "{list}"
    );
    let token = channels.iter().find_map(|channel| channel.feed_token()).unwrap();
    let feed = get(&site, &format!("/feeds/{token}")).await;
    assert_eq!(
        (feed.status, feed.header(header::CONTENT_TYPE)),
        (StatusCode::OK, "application/atom+xml; charset=utf-8")
    );
    assert_eq!(get(&site, &format!("/feeds/{}", token.replace('0', "1"))).await.status, StatusCode::NOT_FOUND);
    let hook = channels.iter().find(|channel| channel.address.contains("hooks")).unwrap().id;
    for (act, state) in [("pause", "paused"), ("use", "in use"), ("test", "in use"), ("renew", "in use")] {
        let answer = send(&site, &OWNER, Method::POST, &format!("/channels/{hook}"), &format!("do={act}")).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{act}");
        assert!(send(&site, &OWNER, Method::GET, "/watchlist", "").await.body.contains(state), "{act}");
    }
    send(&site, &OWNER, Method::POST, &format!("/channels/{hook}"), "do=remove").await;
    assert_eq!(atlas.channels(owner).await.unwrap().len(), 3);
    assert_eq!(send(&site, &OWNER, Method::POST, "/channels/99", "do=pause").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn opening_a_link_of_a_message_changes_nothing_and_pressing_its_button_does() {
    let (site, atlas) = owned_site().await;
    let owner = atlas::watching::PersonId::OWNER;
    let now = world::START + 400 * world::DAY;
    let mail = alerts::channels::add_mail(&atlas, owner, "ada@plum.example", false, [3; 32], now).await.unwrap();
    let confirm = format!("/channels/confirm/{}", mail.confirmation_token());
    let state = async || atlas.channel(owner, mail.id).await.unwrap().unwrap().state;
    assert_eq!(get(&site, &confirm).await.status, StatusCode::OK);
    assert_eq!(state().await, atlas::watching::ChannelState::Unconfirmed);
    assert_eq!(ask(&site, Method::POST, &confirm, &[]).await.status, StatusCode::OK);
    assert_eq!(state().await, atlas::watching::ChannelState::InUse);

    let message = alerts::channels::test(&atlas, owner, mail.id, now).await.unwrap();
    let unsubscribe = format!("/unsubscribe/{}", mail.unsubscribe_token(message));
    let page = get(&site, &unsubscribe).await;
    well_formed::check(&page.body).unwrap();
    assert!(page.body.contains("<form method=\"post\""), "{}", page.body);
    assert_eq!(state().await, atlas::watching::ChannelState::InUse);
    // As mail programs do it (RFC 8058): no cookie, no page of ours, this body; twice.
    let stranger =
        Asks { peer: "192.0.2.7:50000", headers: &[("host", "record.example"), ("origin", "https://mail.example")] };
    for _ in 0..2 {
        let done = send(&site, &stranger, Method::POST, &unsubscribe, "List-Unsubscribe=One-Click").await;
        assert_eq!(done.status, StatusCode::OK);
        assert_eq!(state().await, atlas::watching::ChannelState::Paused);
    }
    for path in ["/unsubscribe/u1-2-00", "/channels/confirm/nothing", "/feeds/f1-", "/watchlists/w1-"] {
        let method = if path.contains("confirm") { Method::POST } else { Method::GET };
        assert_eq!(ask(&site, method, path, &[]).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}
