//! The site over a small world, asked as a browser, a program and a vandal would ask it.
mod accounts;
mod operate;
mod operate_users;
mod organisations;
mod passkeys;
mod review;
mod watching;
mod well_formed;
mod world;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use tower::ServiceExt;
use web::{Site, SiteConfig};

/// An answer, read to its end.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

async fn site() -> Router {
    let atlas = world::world().await;
    let config =
        SiteConfig { name: "Clausewatch".into(), base_url: "https://record.example".into(), note: "a <test>".into() };
    web::router(Site::new(atlas, config, Arc::new(|| world::START + 400 * world::DAY)))
}

/// Posts as the site does, with a short wait and to the public internet only.
fn poster() -> fetch::Poster {
    fetch::Poster::new("test", std::time::Duration::from_secs(1), Vec::new(), &fetch::Outbound::default()).unwrap()
}

async fn ask(site: &Router, method: Method, path: &str, headers: &[(header::HeaderName, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    let response = site.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    Answer { status: parts.status, headers: parts.headers, body: String::from_utf8_lossy(&body).into_owned() }
}

async fn get(site: &Router, path: &str) -> Answer {
    ask(site, Method::GET, path, &[]).await
}

/// Pages of this half of the site with a part of their title.
const PAGES: [(&str, &str); 16] = [
    ("/", "Clausewatch"),
    ("/platforms", "Platforms"),
    ("/platforms?q=orr&sort=risk&sector=AI&country=DE", "Platforms"),
    ("/platforms/plum", "plum"),
    ("/platforms/orrery", "Orrery Models"),
    ("/documents/CW-D-00001", "Plum"),
    ("/documents/CW-D-00003", "Never seen"),
    ("/documents/CW-D-00001/versions", "Versions of"),
    ("/documents/CW-D-00001/versions/1", "version 1"),
    ("/documents/CW-D-00001/versions/3", "version 3"),
    ("/documents/CW-D-00001/compare/1/4", "version 1 and 4"),
    ("/changes?materiality=all", "Changes"),
    ("/changes/CW-C-000002", "CW-C-000002"),
    ("/search", "Search"),
    ("/search?q=arbitration", "arbitration"),
    ("/status", "3 documents are tracked"),
];

#[tokio::test]
async fn every_page_is_a_page() {
    let site = site().await;
    for (path, title) in PAGES {
        let answer = get(&site, path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.header(header::CONTENT_TYPE), "text/html; charset=utf-8", "{path}");
        let html = &answer.body;
        well_formed::check(html).unwrap_or_else(|wrong| panic!("{path}: {wrong}"));
        for part in ["<html lang=\"en\">", "<main id=\"main\"", "</main>", "<footer", "<nav", "href=\"#main\"", "<h1>"]
        {
            assert_eq!(html.matches(part).count().min(1), 1, "{path} lacks {part}");
        }
        assert_eq!(html.matches("<h1").count(), 1, "{path} has one h1");
        let found = between(html, "<title>", "</title>");
        assert!(found.contains(title) || html.contains(title), "{path} has the title {found}");
        assert!(
            between(html, "<link rel=\"canonical\" href=\"", "\"").starts_with("https://record.example/"),
            "{path}"
        );
    }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    text.split_once(before).and_then(|(_, rest)| rest.split_once(after)).map_or("", |(found, _)| found)
}

#[tokio::test]
async fn hostile_names_and_texts_are_only_words() {
    let site = site().await;
    for (path, _) in PAGES {
        let html = get(&site, path).await.body;
        let scripts = html.matches("<script").count();
        assert_eq!(scripts, html.matches("<script type=\"application/ld+json\">").count(), "{path}");
        assert!(!html.contains("href=\"javascript:"), "{path} links to a script");
        assert!(!html.contains("<b>Veg</b>") && !html.contains("<i>Terms</i>") && !html.contains("<test>"), "{path}");
    }
    assert!(get(&site, "/platforms/plum").await.body.contains("&#60;script&#62;alert"), "the name is shown");
    let text = get(&site, "/documents/CW-D-00001").await.body;
    assert!(text.contains("Write &lt;/p&gt;&lt;/main&gt;&lt;script&gt;alert(2)"), "{}", world::HOSTILE_TEXT);
}

/// Pages that the other half of the crate serves; taken off this list as they arrive.
const ELSEWHERE: [&str; 11] = [
    "/provisions/",
    "/types",
    "/compare",
    "/regulations",
    "/methodology",
    "/check",
    "/verify",
    "/api",
    "/feed.atom",
    "/platforms/plum/feed.atom",
    "/platforms/orrery/feed.atom",
];

#[tokio::test]
async fn every_link_leads_somewhere() {
    let site = site().await;
    let mut queue: VecDeque<String> = VecDeque::from(["/".to_string()]);
    let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    while let Some(path) = queue.pop_front() {
        if seen.contains_key(&path) {
            continue;
        }
        let answer = get(&site, &path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        if answer.header(header::CONTENT_TYPE).starts_with("application/json") {
            serde_json::from_str::<serde_json::Value>(&answer.body).unwrap_or_else(|error| panic!("{path}: {error}"));
        }
        let html = answer.header(header::CONTENT_TYPE).starts_with("text/html");
        let anchors = if html { attributes(&answer.body, " id=\"") } else { BTreeSet::new() };
        assert!(!html || !anchors.is_empty(), "{path} has no anchors");
        seen.insert(path.clone(), anchors);
        for link in if html { attributes(&answer.body, " href=\"") } else { BTreeSet::new() } {
            let link = unescaped(&link);
            let (page, _) = link.split_once('#').unwrap_or((&link, ""));
            let local = page.starts_with('/') && !ELSEWHERE.iter().any(|prefix| page.starts_with(prefix));
            if local && !page.ends_with("evidence.zip") {
                queue.push_back(page.to_string());
            }
        }
        for link in if html { attributes(&answer.body, " href=\"#") } else { BTreeSet::new() } {
            assert!(seen[&path].contains(&link), "{path} has no #{link}");
        }
    }
    assert!(seen.len() > 30, "only {} addresses were found", seen.len());
}

/// Values of an attribute, given with its name and opening mark.
fn attributes(html: &str, opening: &str) -> BTreeSet<String> {
    html.split(opening).skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_string).collect()
}

fn unescaped(text: &str) -> String {
    text.replace("&#38;", "&").replace("&amp;", "&")
}

#[tokio::test]
async fn records_are_json_at_the_same_address() {
    let site = site().await;
    for (path, field) in [
        ("/", "counts"),
        ("/platforms", "platforms"),
        ("/platforms/plum", "documents"),
        ("/documents/CW-D-00001", "text"),
        ("/documents/CW-D-00001/versions/1", "provisions"),
        ("/documents/CW-D-00001/compare/1/4", "changes"),
        ("/changes", "changes"),
        ("/changes/CW-C-000001", "clauses"),
        ("/search?q=arbitration", "hits"),
        ("/status", "documents_by_state"),
    ] {
        let accepted = ask(&site, Method::GET, path, &[(header::ACCEPT, "application/json")]).await;
        assert_eq!(accepted.status, StatusCode::OK, "{path}");
        assert_eq!(accepted.header(header::CONTENT_TYPE), "application/json");
        let value: serde_json::Value = serde_json::from_str(&accepted.body).unwrap();
        assert!(!value[field].is_null(), "{path} lacks {field}: {value}");
        let (page, query) =
            path.split_once('?').map_or((path, String::new()), |(page, query)| (page, format!("?{query}")));
        let page = if page == "/" { "/index" } else { page };
        assert_eq!(get(&site, &format!("{page}.json{query}")).await.body, accepted.body, "{path}");
    }
}

#[tokio::test]
async fn what_is_not_there_says_so_and_leads_back() {
    let site = site().await;
    for path in [
        "/nothing",
        "/platforms/none",
        "/documents/CW-D-99999",
        "/documents/CW-D-00001/versions/5",
        "/documents/CW-D-00001/versions/0",
        "/documents/CW-D-00001/versions/x",
        "/documents/CW-D-00001/compare/1/9",
        "/changes/CW-C-999999",
        "/documents/none",
        "/platforms/%3Cscript%3E",
        "/static/style.000000000000.css",
    ] {
        let answer = get(&site, path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        well_formed::check(&answer.body).unwrap_or_else(|wrong| panic!("{path}: {wrong}"));
        assert!(answer.body.contains("action=\"/search\"") && answer.body.contains("href=\"/platforms\""), "{path}");
        let answer = ask(&site, Method::GET, path, &[(header::ACCEPT, "application/json")]).await;
        let value: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(value["status"], 404, "{path}");
        assert!(value["error"].as_str().unwrap().starts_with("there is no"), "{path}: {value}");
    }
    let wrong = get(&site, "/platforms?sort=up").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(wrong.body.contains("Sort cannot be") && wrong.body.contains("name, risk"), "{}", wrong.body);
    assert_eq!(ask(&site, Method::DELETE, "/platforms", &[]).await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn each_record_has_one_address() {
    let site = site().await;
    for (path, location) in [
        ("/documents/cw-d-1", "/documents/CW-D-00001"),
        ("/documents/CW-D-1/versions/2?x=1", "/documents/CW-D-00001/versions/2?x=1"),
        ("/CW-D-1", "/documents/CW-D-00001"),
        ("/cw-c-1.json", "/changes/CW-C-000001.json"),
        ("/platforms/", "/platforms"),
        ("//host.example/", "/host.example"),
    ] {
        let answer = get(&site, path).await;
        assert_eq!(answer.status, StatusCode::PERMANENT_REDIRECT, "{path}");
        assert_eq!(answer.header(header::LOCATION), location, "{path}");
    }
    let chosen = get(&site, "/documents/CW-D-00001/compare?from=1&to=2").await;
    assert_eq!(chosen.header(header::LOCATION), "/documents/CW-D-00001/compare/1/2");
}

#[tokio::test]
async fn answers_are_safe_and_can_be_kept() {
    let site = site().await;
    let page = get(&site, "/platforms").await;
    let policy = page.header(header::CONTENT_SECURITY_POLICY);
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(page.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    assert_eq!(page.header(header::VARY), "accept");
    let tag = page.header(header::ETAG).to_string();
    let again = ask(&site, Method::GET, "/platforms", &[(header::IF_NONE_MATCH, &tag)]).await;
    assert_eq!((again.status, again.body.as_str()), (StatusCode::NOT_MODIFIED, ""));
    let head = ask(&site, Method::HEAD, "/platforms", &[]).await;
    assert_eq!((head.status, head.body.as_str()), (StatusCode::OK, ""));
    assert_eq!(head.header(header::CONTENT_LENGTH), page.body.len().to_string());
    assert_eq!(head.header(header::ETAG), tag);
    let style = between(&page.body, "<link rel=\"stylesheet\" href=\"", "\"");
    let css = get(&site, style).await;
    assert_eq!((css.status, css.header(header::CONTENT_TYPE)), (StatusCode::OK, "text/css; charset=utf-8"));
    assert!(css.header(header::CACHE_CONTROL).contains("immutable"));
    let font = format!("/static/serif.{}.woff2", between(&css.body, "/static/serif.", ".woff2"));
    assert_eq!(get(&site, &font).await.status, StatusCode::OK);
    assert!(!page.body.contains(" style=\""), "the policy forbids style attributes");
}

#[tokio::test]
async fn the_text_shows_its_provisions_and_versions_their_fate() {
    let site = site().await;
    let first = get(&site, "/documents/CW-D-00001/versions/1").await.body;
    assert!(first.contains("<mark class=\"m-critical\">settled by binding arbitration</mark>"), "{first}");
    assert!(first.contains("sev sev-critical") && first.contains("An older version"));
    assert!(first.contains("<p id=\"c-5\"><span class=\"m\">•</span> "), "nested items keep their marker");
    let broken = get(&site, "/documents/CW-D-00001/versions/3").await.body;
    assert!(broken.contains("This capture is not the document"));
    let change = get(&site, "/changes/CW-C-000003").await.body;
    assert!(
        change.contains("Compared with <a href=\"/documents/CW-D-00001/versions/2\">"),
        "the defective one is passed over"
    );
    let redline = get(&site, "/documents/CW-D-00001/compare/1/2").await.body;
    assert!(redline.contains("<del>ten</del><ins>twelve</ins>") && redline.contains("Moved"), "{redline}");
    let table = get(&site, "/documents/CW-D-00002").await.body;
    assert!(table.contains("<td>&lt;b&gt;ad&lt;/b&gt;</td><td>2 years</td>"));
}

#[tokio::test]
async fn no_query_breaks_anything() {
    let site = site().await;
    let long = "a%20".repeat(1500);
    for path in
        ["/", "/platforms", "/changes", "/search", "/documents/CW-D-00001/versions", "/documents/CW-D-00001/compare"]
    {
        for query in [
            "q=%FF%FE&page=2",
            "q=%00",
            "q=%22%22%22-+-%22(&type=%3Cb%3E&severity=high",
            "page=-1",
            "page=99999999999999999999",
            "page=100000",
            "since=9999-99-99",
            "since=-1",
            "q=a&q=b&platform='+OR+1=1--",
            "from=9223372036854775807&to=-9223372036854775808",
            "&&&===%",
            "sort=&materiality=&severity=",
            &format!("q={long}"),
        ] {
            let answer = get(&site, &format!("{path}?{query}")).await;
            assert!(!answer.status.is_server_error(), "{path}?{query}: {}", answer.status);
            if answer.status == StatusCode::OK {
                well_formed::check(&answer.body).unwrap_or_else(|wrong| panic!("{path}?{query}: {wrong}"));
            }
        }
    }
}
