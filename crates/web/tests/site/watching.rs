//! Watching on the site: the button of a record, the watchlist, channels, links in messages; and that none of it is for strangers.
use std::sync::Arc;

use alerts::exchange::to_csv;
use atlas::watching::{Cadence, NewWatch, PersonId, SavedSearch, Subject, Weekday};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use tower::ServiceExt;
use web::{Site, SiteConfig};

use crate::{Answer, ask, between, get, well_formed, world};

const ATOM: &str = "http://www.w3.org/2005/Atom";

/// A site with an owner, and what the owner's browser says with every request.
pub async fn owned_site() -> (Router, atlas::Atlas) {
    let atlas = world::world().await;
    let config =
        SiteConfig { name: "Clausewatch".into(), base_url: "http://127.0.0.1:8080".into(), note: String::new() };
    let now = Arc::new(|| world::START + 400 * world::DAY);
    let site = Site::new(atlas.clone(), config, now).personal(Arc::new(|| [7; 32]), super::poster());
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
async fn a_watchlist_is_written_to_files_and_read_from_them() {
    let (site, atlas) = owned_site().await;
    let owner = PersonId::OWNER;
    let mut asks = NewWatch::on(Subject::Platform("plum".into()));
    asks.note = "=1+1, \"ours\"".into();
    asks.tags = vec!["vendors".into()];
    asks.cadence = Cadence::Week { weekday: Weekday::Friday, hour: 17 };
    let wanted = [asks, NewWatch::on(Subject::ClauseType("arbitration".into()))];
    for asks in &wanted {
        atlas.put_watch(owner, asks, 0).await.unwrap();
    }
    let kept = async || atlas.watches(owner).await.unwrap().into_iter().map(|watch| watch.asks).collect::<Vec<_>>();
    let list = send(&site, &OWNER, Method::GET, "/watchlist", "").await;
    for (path, kind) in [("/watchlist.csv", "text/csv"), ("/watchlist.opml", "text/x-opml")] {
        assert!(list.body.contains(&format!("href=\"{path}\"")), "{path}");
        let file = send(&site, &OWNER, Method::GET, path, "").await;
        assert_eq!(file.status, StatusCode::OK, "{path}");
        assert!(file.header(header::CONTENT_TYPE).starts_with(kind));
        assert!(file.header(header::CONTENT_DISPOSITION).starts_with("attachment; filename=\"watchlist."));
        for watch in atlas.watches(owner).await.unwrap() {
            atlas.remove_watch(owner, watch.id).await.unwrap();
        }
        // As a browser sends a file, and as a program does.
        let form = format!(
            "--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"list\"\r\n\r\n{}\r\n--x--\r\n",
            file.body
        );
        let headers = [OWNER.headers, &[("content-type", "multipart/form-data; boundary=x")]].concat();
        let browser = Asks { headers: &headers, ..OWNER };
        for (asks, body) in [(&browser, &form), (&OWNER, &file.body)] {
            let page = send(&site, asks, Method::POST, "/watchlist/import", body).await;
            assert_eq!(page.status, StatusCode::OK, "{}", page.body);
            well_formed::check(&page.body).unwrap();
            assert!(page.body.contains("<p>2 watches were imported.") && !page.body.contains("Not watched:"));
            let subjects: Vec<Subject> = kept().await.into_iter().map(|asks| asks.subject).collect();
            assert_eq!(subjects, wanted.clone().map(|asks| asks.subject), "{path}");
        }
        let all = send(&site, &OWNER, Method::POST, "/watchlist/import", &to_csv(wanted.iter())).await;
        assert_eq!(all.status, StatusCode::OK);
        assert_eq!(kept().await, wanted, "{path}");
    }
    let partly = "subject\nplatform:nobody\nplatform:orrery\nplatform:plum";
    let page = send(&site, &OWNER, Method::POST, "/watchlist/import", partly).await;
    well_formed::check(&page.body).unwrap();
    assert!(page.body.contains("2 watches were imported. Not watched:"), "{}", page.body);
    assert!(page.body.contains("<code>platform:nobody</code>: there is nothing of this name here"));
    assert_eq!(kept().await[0], wanted[0], "what the file does not say stays");
    let many = format!("subject\n{}", "platform:plum\n".repeat(501));
    for (body, words) in [
        ("", "There is no file"),
        ("subject\nplatform:plum\nfruit", "Line 3: &#34;fruit&#34; cannot be watched"),
        ("name\nx", "one of them has to be “subject”"),
        ("<html/>", "The file is no OPML"),
        (&format!("subject\nsearch:{}", "long ".repeat(500)), "longer than 2000 bytes"),
        (&many, "501 watches, and 500 are read at a time"),
    ] {
        let page = send(&site, &OWNER, Method::POST, "/watchlist/import", body).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST);
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    assert_eq!(kept().await.len(), 3, "a file that cannot be read changes nothing");
    let long = format!("subject,note,tags\nplatform:plum,{},{}", "n".repeat(5000), "tag;".repeat(5000));
    send(&site, &OWNER, Method::POST, "/watchlist/import", &long).await;
    let plum = &kept().await[0];
    assert!(plum.note.chars().count() <= 1001 && plum.tags.len() <= 250, "{} {}", plum.note.len(), plum.tags.len());
}

#[tokio::test]
async fn a_report_says_what_changed_in_a_period_by_severity() {
    let (site, atlas) = owned_site().await;
    let mut asks = NewWatch::on(Subject::Platform("plum".into()));
    asks.threshold.minor = true;
    atlas.put_watch(PersonId::OWNER, &asks, world::START + 400 * world::DAY).await.unwrap();
    let list = send(&site, &OWNER, Method::GET, "/watchlist", "").await;
    assert!(list.body.contains("href=\"/watchlist/report\""));
    let period = "from=2024-06-01&to=2025-01-31";
    let page = send(&site, &OWNER, Method::GET, &format!("/watchlist/report?{period}"), "").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    well_formed::check(&page.body).unwrap();
    let json = send(&site, &OWNER, Method::GET, &format!("/watchlist/report.json?{period}"), "").await;
    let json: serde_json::Value = serde_json::from_str(&json.body).unwrap();
    let changes = json["report"]["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 2, "the error page between them is no change: {json}");
    for change in changes {
        let link = format!("href=\"/changes/{}\"", change["change"].as_str().unwrap());
        assert_eq!(page.body.matches(&link).count(), 1, "{link}");
    }
    let counted: i64 = json["by_severity"].as_array().unwrap().iter().map(|of| of["changes"].as_i64().unwrap()).sum();
    assert_eq!(counted, 2);
    assert!(page.body.contains("2 changes, ") && page.body.contains("It is here because you watch"), "{}", page.body);
    let csv = send(&site, &OWNER, Method::GET, &format!("/watchlist/report.csv?{period}"), "").await;
    assert_eq!(csv.body.lines().count(), 3, "{}", csv.body);
    assert!(csv.header(header::CONTENT_DISPOSITION).contains("watchlist-report-2024-06-01-2025-01-31.csv"));
    let lately = send(&site, &OWNER, Method::GET, "/watchlist/report", "").await;
    well_formed::check(&lately.body).unwrap();
    assert!(lately.body.contains("Nothing that the"), "{}", lately.body);
    for wrong in ["from=2024-06-02&to=2024-06-01", "from=2023-01-01&to=2024-06-01", "to=never"] {
        let answer = send(&site, &OWNER, Method::GET, &format!("/watchlist/report?{wrong}"), "").await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[tokio::test]
async fn what_is_told_is_whole_in_the_inbox_and_in_the_feed() {
    let (site, atlas) = owned_site().await;
    let owner = PersonId::OWNER;
    let now_ms = world::START + 400 * world::DAY;
    let watch = atlas.put_watch(owner, &NewWatch::on(Subject::Platform("plum".into())), 0).await.unwrap();
    send(&site, &OWNER, Method::POST, "/channels", "kind=feed").await;
    let channels = atlas.channels(owner).await.unwrap();
    let round = alerts::Teller::new(atlas.clone(), Arc::new(move || now_ms)).round().await.unwrap();
    assert_eq!((round.stories, round.told), (1, 2), "{round:?}");
    let inbox = send(&site, &OWNER, Method::GET, "/inbox", "").await;
    well_formed::check(&inbox.body).unwrap();
    let settings = format!("material changes (<a href=\"/watchlist#w-{}\">change or end it</a>).", watch.id);
    assert!(inbox.body.contains(&settings), "{}", inbox.body);
    let token = channels.iter().find_map(|channel| channel.feed_token()).unwrap();
    let feed = get(&site, &format!("/feeds/{token}")).await.body;
    let feed = roxmltree::Document::parse(&feed).unwrap();
    let content = feed.descendants().find(|node| node.has_tag_name((ATOM, "content"))).unwrap();
    assert_eq!(content.attribute("type"), Some("html"));
    let content = content.text().unwrap();
    for words in
        ["<b>Why:</b>", "arbitration", "<del", "http://127.0.0.1:8080/changes/CW-C-", "You are told because you watch"]
    {
        assert!(content.contains(words), "{words} is not in {content}");
    }
    assert!(!content.contains("<script>"), "{content}");
    let end = between(content, "http://127.0.0.1:8080/unsubscribe/", "\"");
    let asked = get(&site, &format!("/unsubscribe/{end}")).await;
    assert!(asked.status == StatusCode::OK && asked.body.contains("to the private feed"), "{}", asked.body);
    // Older messages stand on further pages.
    assert!(!inbox.body.contains("page=2"));
    for at in 0..50 {
        alerts::channels::test(&atlas, owner, channels[0].id, now_ms + at).await.unwrap();
    }
    let shown = |page: &Answer| page.body.matches("<article").count();
    let first = send(&site, &OWNER, Method::GET, "/inbox", "").await;
    assert!(shown(&first) == 50 && first.body.contains("/inbox?page=2"), "{}", shown(&first));
    let last = send(&site, &OWNER, Method::GET, "/inbox?page=2", "").await;
    assert!(shown(&last) == 1 && last.body.contains(&settings), "{}", last.body);
    assert_eq!(send(&site, &OWNER, Method::GET, "/inbox?page=0", "").await.status, StatusCode::BAD_REQUEST);
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

#[tokio::test]
async fn a_long_search_is_shown_in_short_with_the_whole_at_hand() {
    let (site, atlas) = owned_site().await;
    let words = "\"waives <any> right\" and ".repeat(80);
    let words = words.trim();
    let search = SavedSearch { words: words.into(), ..SavedSearch::default() };
    atlas.put_watch(PersonId::OWNER, &NewWatch::on(Subject::Search(search)), 0).await.unwrap();
    let short = SavedSearch { words: "class action".into(), ..SavedSearch::default() };
    atlas.put_watch(PersonId::OWNER, &NewWatch::on(Subject::Search(short)), 0).await.unwrap();
    atlas.share_watchlist(PersonId::OWNER, Some([9; 32])).await.unwrap();
    let shared = atlas.person(PersonId::OWNER).await.unwrap().unwrap().shared.unwrap();
    for path in ["/watchlist".to_string(), format!("/watchlists/{shared}")] {
        let page = send(&site, &OWNER, Method::GET, &path, "").await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        well_formed::check(&page.body).unwrap();
        let card = between(&page.body, "/search?q=%22waives", "</a>");
        let name = between(&format!("{card}</a>"), "<bdi>", "</bdi>").to_string();
        assert!(name.contains('…') && name.matches("right").count() < 8, "{path}: {name}");
        let title = between(card, "title=\"", "\"");
        assert_eq!(title.matches("right").count(), 80, "{path}: the whole is at hand");
        let link = card.split('"').next().unwrap();
        assert_eq!(link.matches("right").count(), 80, "{path}: the link searches for all of it");
        let plain = between(&page.body, "/search?q=class+action\"", "</a>");
        assert!(plain.contains("“class action”") && !plain.contains("title="), "{path}: {plain}");
    }
}
