//! The pages of records over a small invented world: every element is there, and says what the store says.
mod world;

use archive::Sha256Digest;
use atlas::answers::{AboutChange, AboutClause, Asked, Asker, ClauseWords, NamedType, Outcome, Side, SideQuotation};
use serde::Serialize;
use std::collections::BTreeSet;
use tokio::io::AsyncWriteExt;
use world::{Answer, World, plain_text};

const PROVISION: &str = "/provisions/CW-P-000001";

/// Every element of the provision page, by the attribute that marks it.
const ELEMENTS: [&str; 20] = [
    "ratings",
    "rarity",
    "share",
    "activity",
    "changed-before",
    "monitoring",
    "interpretation",
    "why-it-matters",
    "consumer-impact",
    "elsewhere",
    "original",
    "lineage",
    "regulations",
    "details",
    "evidence",
    "citation",
    "classification",
    "others",
    "faq",
    "what-it-does",
];

/// What stands between the mark of an element and the end of its section.
fn element<'a>(page: &'a str, name: &str) -> &'a str {
    let after = page.split(&format!("data-element=\"{name}\"")).nth(1).unwrap_or_else(|| panic!("no {name}"));
    after.split("</section>").next().unwrap()
}

#[tokio::test]
async fn the_provision_page_has_every_element() {
    let world = World::new().await;
    let page = world.get(PROVISION).await.page();
    for element in ELEMENTS {
        assert_eq!(page.matches(&format!("data-element=\"{element}\"")).count(), 1, "{element}");
    }
    let links = [
        "class=\"crumbs\"",
        "href=\"/platforms/plum\"",
        "href=\"/documents/CW-D-00001\"",
        "https://x.com/intent/post?",
        "https://www.linkedin.com/",
        "mailto:",
        "/provisions/CW-P-000001.pdf",
        "/platforms/plum/feed.atom",
        "/methodology",
    ];
    for link in links {
        assert!(page.contains(link), "{link}");
    }
    let json = page.split("application/ld+json\">").nth(1).unwrap().split("</script>").next().unwrap();
    let value: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(value["@type"], "FAQPage");
    assert_eq!(value["mainEntity"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn the_excerpt_is_byte_for_byte_in_its_version_and_leads_to_its_place() {
    let world = World::new().await;
    let json = world.get(&format!("{PROVISION}.json")).await.json();
    let number = json["version"]["number"].as_i64().unwrap();
    let text = world.atlas.version_text(world.plum, number).await.unwrap().unwrap();
    let range = &json["provision"]["excerpt_range"];
    let range = range["start"].as_u64().unwrap() as usize..range["end"].as_u64().unwrap() as usize;
    let excerpt = json["provision"]["excerpt"].as_str().unwrap();
    assert_eq!(&text[range.clone()], excerpt);
    assert_eq!(json["excerpt_verified"], true);
    let place = json["place"].as_str().unwrap();
    assert!(place.starts_with("/documents/CW-D-00001#c-"), "{place}");
    let index: usize = place.rsplit("#c-").next().unwrap().parse().unwrap();
    let clause = &document::structure(&text).clauses[index].range;
    assert!(clause.start <= range.start && range.end <= clause.end);
    let page = world.get(PROVISION).await.page();
    assert!(page.contains(&format!("<mark data-excerpt>{excerpt}</mark>")));
    assert!(page.contains(&format!("href=\"{place}\"")));
}

#[tokio::test]
async fn rarity_counts_as_many_platforms_as_its_list_has() {
    let world = World::new().await;
    for kind in [world::BAN, world::WAIVER, "ai-output-ownership"] {
        let json = world.get(&format!("/types/{kind}.json")).await.json();
        let listed = json["platforms"].as_array().unwrap().len();
        let page = world.get(&format!("/types/{kind}")).await.page();
        assert_eq!(json["rarity"]["platforms"].as_u64().unwrap() as usize, listed, "{kind}");
        assert_eq!(element(&page, "platforms").matches("data-platform=").count(), listed, "{kind}");
        assert!(json["rarity"]["of_platforms"].as_u64().unwrap() as usize >= listed, "{kind}");
    }
    let json = world.get(&format!("{PROVISION}.json")).await.json();
    assert_eq!(json["rarity"]["platforms"], 2);
    assert_eq!(json["rarity"]["of_platforms"], 3);
    let page = world.get(PROVISION).await.page();
    assert!(page.contains(&format!("href=\"/types/{}#platforms\"", world::BAN)));
}

#[tokio::test]
async fn other_platforms_have_the_same_type_and_are_others() {
    let world = World::new().await;
    let page = world.get(PROVISION).await.page();
    let others: Vec<&str> = page.split("data-other=\"").skip(1).map(|rest| rest.split('>').next().unwrap()).collect();
    assert_eq!(others.len(), 1);
    assert!(others[0].contains(&format!("data-type=\"{}\"", world::BAN)), "{}", others[0]);
    assert!(others[0].contains("data-platform=\"quince\""), "{}", others[0]);
    let differences = page.split("<table class=\"differences\">").nth(1).unwrap().split("</table>").next().unwrap();
    let words = plain_text(differences);
    assert!(words.contains("Severity High Critical"), "{words}");
    assert!(words.contains("Notice 30 days not said"), "{words}");
}

#[tokio::test]
async fn the_lineage_shows_each_rewording_as_a_redline() {
    let world = World::new().await;
    let page = world.get(PROVISION).await.page();
    let lineage = element(&page, "lineage");
    assert!(lineage.contains("<ins>or improve any</ins>") && lineage.contains("<del>a</del>"), "{lineage}");
    let json = world.get(&format!("{PROVISION}.json")).await.json();
    let steps = json["lineage"].as_array().unwrap();
    let events: Vec<&str> = steps.iter().map(|step| step["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["First found in the document", "Reworded"]);
    assert_eq!(steps[1]["change"], "CW-C-000001");
}

#[tokio::test]
async fn a_removed_provision_keeps_its_page() {
    let world = World::new().await;
    let page = world.get("/provisions/CW-P-000002").await.page();
    assert!(page.contains("data-element=\"removed\""));
    let words = plain_text(&page);
    assert!(words.contains("Version 3, first seen on 21 January 2026"), "{words}");
    assert!(page.contains("/documents/CW-D-00001/versions/2#c-"), "its place is in the version that has it");
    assert!(page.contains("<mark data-excerpt>"));
}

#[tokio::test]
async fn dates_do_not_contradict_each_other() {
    let world = World::new().await;
    for id in 1..=3 {
        let json = world.get(&format!("/provisions/CW-P-{id:06}.json")).await.json();
        let (provision, document) = (&json["provision"], &json["document"]);
        let ms =
            |value: &serde_json::Value, name: &str| value[name].as_i64().unwrap_or_else(|| panic!("{name} of {id}"));
        assert!(ms(document, "first_tracked_ms") <= ms(provision, "first_seen_ms"));
        assert!(ms(provision, "first_seen_ms") <= ms(&json, "words_changed_ms"));
        assert!(ms(&json, "words_changed_ms") <= ms(provision, "last_verified_ms"));
        assert!(ms(provision, "last_verified_ms") <= ms(document, "last_verified_ms"));
        assert!(ms(document, "last_changed_ms") <= ms(document, "last_verified_ms"));
        let steps: Vec<i64> = json["lineage"].as_array().unwrap().iter().map(|step| ms(step, "at_ms")).collect();
        assert!(steps.is_sorted() && steps[0] == ms(provision, "first_seen_ms"), "{steps:?}");
        match json["removed_ms"].as_i64() {
            Some(removed) => assert!(ms(provision, "last_verified_ms") < removed),
            None => assert!(ms(provision, "last_changed_ms") <= ms(provision, "last_verified_ms")),
        }
    }
}

#[tokio::test]
async fn every_citation_has_the_whole_hash_and_the_source() {
    let world = World::new().await;
    let page = world.get(PROVISION).await.page();
    let text = world.atlas.version_text(world.plum, 3).await.unwrap().unwrap();
    let hash = Sha256Digest::of(text.as_bytes()).to_string();
    let form = |rest: &str| plain_text(rest.split_once('>').unwrap().1.split("</pre>").next().unwrap());
    let forms: Vec<String> = page.split("data-citation=\"").skip(1).map(form).collect();
    assert_eq!(forms.len(), 5);
    for form in forms {
        for part in [&hash, "https://plum.example/terms", "CW-P-000001"] {
            assert!(form.contains(part), "{part} is not in {form}");
        }
    }
    let evidence = element(&page, "evidence");
    assert!(evidence.contains(&format!("<code data-hash=\"text\">{hash}</code>")));
    assert!(plain_text(evidence).contains("inclusion followed to the signed checkpoint"), "{evidence}");
}

#[tokio::test]
async fn the_evidence_bundle_verifies_and_the_verify_page_says_so() {
    let world = World::new().await;
    let Answer { bytes, kind, .. } = world.get(&format!("{PROVISION}/evidence.zip")).await;
    assert_eq!(kind, "application/zip");
    let report = archive::evidence::verify_bundle(&bytes, Some(&world.atlas.log_key())).unwrap();
    assert!(report.trusted(), "{report}");
    assert_eq!(report.record.excerpt.as_ref().unwrap().record, "CW-P-000001");
    let page = world.post("/verify", &[("bundle", "b.zip", &bytes)]).await.page();
    assert!(page.contains("It holds.") && !page.contains("outcome-bad"), "{page}");
    let mut broken = bytes.clone();
    let at = broken.len() / 2;
    broken[at] ^= 1;
    assert!(!world.post("/verify", &[("bundle", "b.zip", &broken)]).await.page().contains("It holds."));
    let version = world.get("/documents/CW-D-00001/versions/1/evidence.zip").await;
    assert!(archive::evidence::verify_bundle(&version.bytes, None).unwrap().passed());
}

#[tokio::test]
async fn a_hash_leads_to_its_records() {
    let world = World::new().await;
    let text = world.atlas.version_text(world.plum, 1).await.unwrap().unwrap();
    let hash = Sha256Digest::of(text.as_bytes());
    let page = world.get(&format!("/verify?sha256={hash}")).await.page();
    assert!(page.contains("/documents/CW-D-00001/versions/1"));
    let none = world.get(&format!("/verify?sha256={}", "0".repeat(64))).await.page();
    assert!(none.contains("No text and no capture"));
    assert_eq!(world.get("/verify?sha256=abc").await.status, 400);
}

#[tokio::test]
async fn the_log_is_served_as_tiles() {
    let world = World::new().await;
    let checkpoint = String::from_utf8(world.get("/log/checkpoint").await.bytes).unwrap();
    let key = String::from_utf8(world.get("/log/key").await.bytes).unwrap();
    let signed = archive::log::Checkpoint::open(&checkpoint, &key.trim().parse().unwrap()).unwrap();
    assert_eq!(signed.size, 5);
    assert_eq!(world.get("/log/tile/0/000.p/5").await.bytes.len(), 5 * 32);
    assert_eq!(world.get("/log/tile/entries/000.p/5").await.status, 200);
    for path in ["/log/tile/0/000", "/log/tile/../../etc/passwd", "/log/tile/x"] {
        assert_eq!(world.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn the_pdf_has_the_excerpt() {
    let world = World::new().await;
    let answer = world.get(&format!("{PROVISION}.pdf")).await;
    assert_eq!(answer.kind, "application/pdf");
    assert!(answer.bytes.starts_with(b"%PDF"));
    let Some(text) = world::pdf_text(&answer.bytes) else {
        eprintln!("pdftotext is not installed: the words of the PDF are not looked at");
        return;
    };
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let excerpt = "You may not use output to train or improve any model that competes with ours.";
    for part in [excerpt, "CW-P-000001", "High severity", "https://plum.example/terms"] {
        assert!(words.contains(part), "{part} is not in {words}");
    }
}

#[tokio::test]
async fn feeds_are_xml_with_stable_ids() {
    let world = World::new().await;
    let of_type = format!("/types/{}/feed.atom", world::BAN);
    for path in ["/feed.atom", "/platforms/plum/feed.atom", "/platforms/quince/feed.atom", &of_type] {
        let answer = world.get(path).await;
        assert!(answer.kind.starts_with("application/atom+xml"), "{path}");
        let text = String::from_utf8(answer.bytes).unwrap();
        world::assert_xml(&text);
        assert!(text.contains("<id>urn:uuid:"), "{path}");
    }
    let plum = String::from_utf8(world.get("/platforms/plum/feed.atom").await.bytes).unwrap();
    assert_eq!(plum.matches("<entry>").count(), 2);
    assert!(plum.contains("href=\"https://watch.example/changes/CW-C-000001\""), "{plum}");
}

#[tokio::test]
async fn hostile_names_are_text_everywhere() {
    let world = World::new().await;
    let hostile = "/provisions/CW-P-000003";
    for path in [hostile, PROVISION, "/compare?a=plum&b=quince", "/types/ai-competing-model-ban", "/regulations/gdpr"] {
        let page = world.get(path).await.page();
        assert!(!page.contains("<script>alert"), "{path}");
        assert!(!page.contains("<b>Quince"), "{path}");
        assert!(!page.contains("href=\"javascript:"), "{path}: only addresses of the web are links");
    }
    let json = world.get(&format!("{hostile}.json")).await.json();
    let forms = json["citations"].as_array().unwrap();
    let bibtex = forms.iter().find(|form| form["id"] == "bibtex").unwrap()["text"].as_str().unwrap();
    let depth = bibtex.chars().fold(0, |depth, c| depth + i32::from(c == '{') - i32::from(c == '}'));
    assert_eq!(depth, 0, "{bibtex}");
    assert!(world.get(&format!("{hostile}.pdf")).await.bytes.starts_with(b"%PDF"));
}

#[tokio::test]
async fn every_page_renders_as_page_and_as_json() {
    let world = World::new().await;
    for path in [
        "/types",
        "/types?q=training",
        "/types/ai-competing-model-ban?removed=1",
        "/compare",
        "/compare?a=plum&b=quince&differing=1",
        "/regulations",
        "/regulations/gdpr",
        "/methodology",
        "/verify",
    ] {
        let page = world.get(path).await.page();
        assert!(page.contains("<h1") && page.contains("</html>"), "{path}");
        world.get_json(path).await.json();
    }
    for path in ["/api", "/check"] {
        assert!(world.get(path).await.page().contains("<h1"), "{path}");
    }
    let missing = [
        "/types/none",
        "/regulations/none",
        "/provisions/CW-P-999999",
        "/provisions/x",
        "/provisions/CW-P-999999.pdf",
        "/platforms/none/feed.atom",
        "/documents/CW-D-00001/versions/9/evidence.zip",
    ];
    for path in missing {
        assert_eq!(world.get(path).await.status, 404, "{path}");
    }
    assert_eq!(world.get("/compare?a=none&b=plum").await.status, 400);
}

#[tokio::test]
async fn check_reads_what_is_brought_and_keeps_nothing() {
    let world = World::new().await;
    let before = world.atlas.counts().await.unwrap();
    let text = "# Terms\n\nYou agree to all of this.\n\n<script>alert(1)</script>\n";
    let page = world.post("/check", &[("text", "", text.as_bytes())]).await.page();
    assert!(page.contains("data-element=\"result\"") && !page.contains("<script>alert"), "{page}");
    let file = b"<h1>Uploaded terms</h1><p>You may not resell the service to anybody.</p>";
    let page = world.post("/check", &[("file", "terms.html", file)]).await.page();
    assert!(page.contains("Uploaded terms"), "the title is read from the file");
    assert_eq!(world.post("/check", &[("text", "", b"")]).await.status, 400);
    let refused = world.post("/check", &[("url", "", b"http://127.0.0.1/")]).await.page();
    assert!(refused.contains("Not read."));
    // However it is called.
    let refused = world.post("/check.json", &[("file", "this", b"%PDF-1.7")]).await;
    assert_eq!(refused.status, 422);
    let said = String::from_utf8_lossy(&refused.bytes);
    assert!(said.contains("this: this site does not read PDF"), "{said}");
    let large = vec![b'a'; 9 << 20];
    let refused = world.post("/check", &[("text", "", &large)]).await;
    assert_eq!(refused.status, 413);
    assert!(String::from_utf8_lossy(&refused.bytes).contains("send a smaller file"));
    assert_eq!(world.atlas.counts().await.unwrap(), before);
}

#[tokio::test]
async fn timelines_stand_on_their_pages_and_as_csv() {
    let world = World::new().await;
    let kind = world.get_json(PROVISION).await.json()["provision"]["clause_type"].as_str().unwrap().to_string();
    let page = world.get(&format!("/types/{kind}")).await.page();
    let section = element(&page, "over-time");
    assert!(section.contains(&format!("/types/{kind}/adoption.csv")) && section.contains("href=\"/platforms/plum\""));
    for (path, head) in [
        (format!("/types/{kind}/timeline.csv"), "month,platforms,of_platforms\r\n2026-01,2,3\r\n"),
        (format!("/types/{kind}/adoption.csv"), "platform,name,since,stood_when_first_seen,until\r\nplum,"),
        (
            "/platforms/plum/timeline.csv".into(),
            "month,provisions,high_or_critical,material_changes,minor_changes\r\n2026-01,",
        ),
        ("/documents/CW-D-00001/timeline.csv".into(), "month,provisions,"),
        (format!("{PROVISION}/timeline.csv"), "date,version,what\r\n2026-01-01,1,added\r\n"),
    ] {
        let answer = world.get(&path).await;
        assert_eq!(answer.kind, "text/csv; charset=utf-8", "{path}");
        let text = String::from_utf8(answer.bytes).unwrap();
        assert!(text.starts_with(head), "{path}: {text}");
    }
    for path in ["/types/none/timeline.csv", "/platforms/nobody/timeline.csv", "/provisions/CW-P-999999/timeline.csv"] {
        assert_eq!(world.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn what_is_described_for_programs_is_there() {
    let world = World::new().await;
    let described = world.get("/api/openapi.json").await.json();
    assert_eq!(described["openapi"], "3.1.0");
    let kind = world.get_json(PROVISION).await.json()["provision"]["clause_type"].as_str().unwrap().to_string();
    let regulation = provisions::taxonomy().regulations()[0].id.clone();
    let names = [
        ("{platform}", "plum"),
        ("{document}", "CW-D-00001"),
        ("{change}", "CW-C-000001"),
        ("{provision}", "CW-P-000001"),
        ("{version}", "1"),
        ("{from}", "1"),
        ("{to}", "2"),
        ("{type}", &kind),
        ("{regulation}", &regulation),
    ];
    let mut asked = 0;
    for (path, methods) in described["paths"].as_object().unwrap() {
        let Some(operation) = methods.get("get") else { continue };
        if operation.get("security").is_some() || path == "/feeds/{token}" {
            assert_ne!(world.get(path).await.status, 200, "{path} is a person's");
            continue;
        }
        let path = names.iter().fold(path.clone(), |path, (name, value)| path.replace(name, value));
        let path = if path == "/compare.json" { "/compare.json?a=plum&b=rowan".into() } else { path };
        let answer = world.get(&path).await;
        let media = operation["responses"]["200"]["content"].as_object().unwrap().keys().next().unwrap();
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.kind.starts_with(media.as_str()), "{path}: {} for {media}", answer.kind);
        asked += 1;
    }
    assert!(asked >= 30, "{asked}");
    let provision = &described["paths"]["/provisions/{provision}.json"]["get"]["responses"]["200"]["content"];
    let said = &provision["application/json"]["schema"]["properties"]["language_model"]["oneOf"][0]["$ref"];
    let schema = said.as_str().unwrap().rsplit('/').next().unwrap();
    assert!(described["components"]["schemas"][schema]["properties"]["agreement"].is_object(), "{said}");
    assert!(described["paths"]["/check.json"]["post"].is_object());
    let words = b"We may close your account at any time for any reason.";
    assert!(world.post("/check.json", &[("text", "", words)]).await.json().is_object());
}

/// Addresses that are no program's, with why.
const FOR_PEOPLE: [(&str, &str); 10] = [
    ("/account", "an account is changed in a session, by its person"),
    ("/operate", "no token operates"),
    ("/review", "no token judges"),
    ("/payments", "the payment provider's"),
    ("/watchlists/", "a page for people, read-only"),
    ("/organisations/", "an organisation is changed in a session, by its members"),
    ("/channels/confirm/", "a link in a mail, with a button"),
    ("/favicon", "pictures"),
    ("/robots.txt", "for crawlers"),
    ("/api", "what is described here"),
];

/// What programs do not need: pages whose content other addresses give, and what is for people.
const SAME: [(&str, &str); 7] = [
    ("get", "/log"),
    ("get", "/check"),
    ("get", "/log/tile/{*path}"),
    ("get", "/documents/{id}/compare"),
    ("get", "/unsubscribe/{token}"),
    ("post", "/plans"),
    ("post", "/organisations"),
];

/// A path without its ending and without the names of its parts.
fn shape(path: &str) -> String {
    let path = [".json", "/index"].iter().fold(path, |path, end| path.strip_suffix(end).unwrap_or(path));
    let mut parts = path.split('{');
    let first = parts.next().unwrap().to_string();
    let shape = parts.fold(first, |shape, part| shape + "{}" + part.split_once('}').unwrap().1);
    if shape.is_empty() { "/".into() } else { shape }
}

/// Every address that the sources route is described for programs, or listed above.
#[tokio::test]
async fn no_address_is_left_undescribed() {
    fn sources(folder: &std::path::Path, all: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, all);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                all.push(std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let links = std::fs::read_to_string(folder.join("links.rs")).unwrap();
    let constant = |name: &str| {
        let after =
            links.split_once(&format!("const {name}: &str = \"")).unwrap_or_else(|| panic!("{name} is no link")).1;
        after.split_once('"').unwrap().0.to_string()
    };
    let world = World::new().await;
    let described = world.get("/api/openapi.json").await.json();
    let paths = described["paths"].as_object().unwrap();
    let described: BTreeSet<(String, &str)> = paths
        .iter()
        .flat_map(|(path, methods)| methods.as_object().unwrap().keys().map(|verb| (shape(path), verb.as_str())))
        .collect();
    let (mut all, mut routes) = (Vec::new(), 0);
    sources(&folder, &mut all);
    for rest in all.iter().flat_map(|text| text.split(".route(").skip(1)) {
        let (name, handlers) = rest.split_once(',').unwrap();
        // Those of a watchlist are there for organisations too.
        let own = name.trim().strip_prefix("&at(").and_then(|name| name.strip_suffix(')'));
        let name = own.unwrap_or(name.trim());
        let path = match (name.strip_prefix("links::"), name.strip_prefix('"')) {
            (Some(link), _) => constant(link),
            (_, Some(path)) => path.trim_end_matches('"').to_string(),
            // The files of the site itself: their names are made of what is in them.
            _ => continue,
        };
        routes += 1;
        if FOR_PEOPLE.iter().any(|(start, _)| path.starts_with(start)) {
            continue;
        }
        for verb in ["get", "post"] {
            let here = handlers.lines().next().unwrap().contains(&format!("{verb}("));
            let there = described.contains(&(shape(&path), verb)) || SAME.contains(&(verb, path.as_str()));
            assert!(!here || there, "{verb} {path} is not described");
            let of = format!("/organisations/{{}}{}", shape(&path));
            assert!(!here || own.is_none() || described.contains(&(of, verb)), "{verb} {path} of an organisation");
        }
    }
    assert!(routes > 60, "only {routes} routes were found");
}

/// What is posted to webhooks is described as it is made, with the headers that are sent and the scopes that there are.
#[tokio::test]
async fn webhooks_and_scopes_are_described() {
    let world = World::new().await;
    let described = world.get("/api/openapi.json").await.json();
    assert_eq!(described["components"]["schemas"]["WebhookMessage"], alerts::webhook::schema());
    let webhook = &described["webhooks"]["message"]["post"];
    let headers: Vec<&str> =
        webhook["parameters"].as_array().unwrap().iter().map(|header| header["name"].as_str().unwrap()).collect();
    assert_eq!(headers, ["webhook-id", "webhook-timestamp", "webhook-signature"]);
    let scopes = accounts::Scope::ALL.map(accounts::Scope::name);
    let told = described["components"]["securitySchemes"]["token"]["description"].as_str().unwrap();
    assert!(scopes.iter().all(|scope| told.contains(scope)), "{told}");
    for (path, verb, scope) in
        [("/watchlist.json", "get", scopes[0]), ("/inbox.json", "get", scopes[0]), ("/channels", "post", scopes[1])]
    {
        assert_eq!(described["paths"][path][verb]["security"][0]["token"][0], scope, "{path}");
    }
    assert!(described["paths"]["/unsubscribe/{token}"]["post"].get("security").is_none());
}

/// A clause type and a quotation.
type Named = (&'static str, &'static str);

/// The clause of [`PROVISION`].
const CLAUSE: &str = "You may not use output to train or improve any model that competes with ours.";

/// Has a language model say something.
async fn model_says<T: Serialize>(world: &World, asked: Asked, model: &str, at_ms: i64, answer: T) {
    let asker = Asker { model: model.into(), prompt: "1".into() };
    world.atlas.claim(&asker, &asked, at_ms, false, 99).await.unwrap();
    world.atlas.settle(&asker, &asked, at_ms, &Outcome::Answered(answer)).await.unwrap();
}

fn reading(types: &[Named]) -> AboutClause {
    let named = |(id, quotation): &Named| NamedType { id: (*id).into(), quotation: (*quotation).into() };
    AboutClause { explanation: "Says <b>who</b> may train what.".into(), types: types.iter().map(named).collect() }
}

#[tokio::test]
async fn a_language_model_is_shown_where_it_disagrees_too() {
    let world = World::new().await;
    let asked = ClauseWords { words: CLAUSE, lead_in: None }.asked();
    let before = world.get(PROVISION).await.page();
    assert!(!before.contains("language-model") && !before.contains("language model"), "nothing without an answer");
    let json = world.get_json(PROVISION).await.json();
    assert!(json["language_model"].is_null() && json.as_object().unwrap().contains_key("language_model"));
    let ratings = element(&before, "ratings").split("</div>").next().unwrap().to_string();

    let (ban, waiver) = ((world::BAN, "train or improve any model"), (world::WAIVER, "competes with ours."));
    let readings: [(&[Named], &str, &str, &str); 4] = [
        (&[ban], "agrees", "Agrees", "It reads the clause as this page does"),
        (&[waiver, ban], "agrees", "Agrees", "and names other types too"),
        (&[waiver], "names_other_types", "Disagrees", "names other types"),
        (&[], "sees_no_such_clause", "Disagrees", "nor any other clause type in it"),
    ];
    for (number, (types, agreement, chip, words)) in readings.into_iter().enumerate() {
        let at_ms = 1_768_000_000_000 + number as i64;
        model_says(&world, asked, &format!("model-{number}"), at_ms, reading(types)).await;
        let page = world.get(PROVISION).await.page();
        let shown = element(&page, "language-model");
        let text = plain_text(shown);
        assert!(shown.contains(&format!(">{chip}</span>")) && text.contains(words), "{agreement}: {text}");
        assert!(text.contains(&format!("model-{number} on 9 January 2026, prompt version 1")), "{text}");
        assert!(text.contains("Says <b>who</b> may train what.") && !shown.contains("<b>"), "only words: {shown}");
        for (id, quotation) in types {
            assert!(shown.contains(&format!("href=\"/types/{id}\"")) && text.contains(quotation), "{text}");
        }
        assert!(element(&page, "ratings").starts_with(&ratings), "no rating depends on it");
        let json = world.get_json(PROVISION).await.json();
        let said = &json["language_model"];
        assert_eq!((&said["agreement"], &said["model"]), (&agreement.into(), &format!("model-{number}").into()));
        assert_eq!((said["types"].as_array().unwrap().len(), said["asked_ms"].as_i64()), (types.len(), Some(at_ms)));
    }
}

#[tokio::test]
async fn what_a_language_model_quotes_must_be_there_whenever_it_is_shown() {
    let world = World::new().await;
    let before = world.get(PROVISION).await.page();
    let asked = ClauseWords { words: CLAUSE, lead_in: None }.asked();
    model_says(&world, asked, "m", 1, reading(&[(world::BAN, "You may use output as you like")])).await;
    assert!(world.get(PROVISION).await.page() == before, "the page is what it was");
}

#[tokio::test]
async fn a_paragraph_about_a_change_is_shown_with_its_words() {
    let world = World::new().await;
    let path = "/changes/CW-C-000001";
    assert!(!world.get(path).await.page().contains("language-model"));
    assert!(world.get_json(path).await.json()["language_model"].is_null());
    let text = |number| {
        let (atlas, plum) = (world.atlas.clone(), world.plum);
        async move { atlas.version_text(plum, number).await.unwrap().unwrap() }
    };
    let asked = Asked::change(Sha256Digest::of(text(1).await.as_bytes()), Sha256Digest::of(text(2).await.as_bytes()));
    let quoted = |side, words: &str| SideQuotation { side, quotation: words.into() };
    let quotations = vec![quoted(Side::Old, "to train a model"), quoted(Side::New, "to train or improve any model")];
    let paragraph = "The ban now covers any model.".to_string();
    model_says(&world, asked, "m-1", 1_768_000_000_000, AboutChange { paragraph, quotations }).await;
    let page = world.get(path).await.page();
    let shown = plain_text(element(&page, "language-model"));
    for part in ["The ban now covers any model.", "Before to train a model", "Now to train or improve any model", "m-1"]
    {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let json = world.get_json(path).await.json();
    assert_eq!(json["language_model"]["quotations"][0]["side"], "old");
    assert_eq!(json["language_model"]["prompt_version"], "1");
}

#[tokio::test]
async fn few_send_bundles_at_once_and_the_next_is_told_so() {
    let world = World::new().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let site = world.site.clone();
    tokio::spawn(async move { axum::serve(listener, site).await.unwrap() });
    // Each asks for room for 60 MB and sends nothing more.
    let head = format!(
        "POST /verify HTTP/1.1\r\nHost: {address}\r\nContent-Type: multipart/form-data; boundary=frontier\r\n\
         Content-Length: 60000000\r\n\r\n"
    );
    let mut slow = Vec::new();
    for _ in 0..4 {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    // Until the four are being read, one more has its answer.
    let mut refused = world.post("/verify", &[("bundle", "b.zip", b"no bundle")]).await;
    for _ in 0..100 {
        if refused.status != 200 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        refused = world.post("/verify", &[("bundle", "b.zip", b"no bundle")]).await;
    }
    assert_eq!(refused.status, 503);
    let page = plain_text(&String::from_utf8(refused.bytes).unwrap());
    assert!(page.contains("busy with checking bundles of others, 4 at a time"), "{page}");
    assert!(page.contains("Wait a little and try again."), "{page}");
    // Evidence is made all the same, and who is done makes room.
    assert_eq!(world.get(&format!("{PROVISION}/evidence.zip")).await.status, 200);
    slow.pop();
    assert_eq!(world.post("/verify", &[("bundle", "b.zip", b"no bundle")]).await.status, 200);
}
