//! Tracking as the site tells it: what was seen once is told to nobody, and who looks at the status finds what is wrong.
mod world;

use atlas::ChangeFilter;
use atlas::ids::DocumentId;
use atlas::jobs::{Check, CheckResult, Trouble};
use atlas::records::{Materiality, NewCapture};
use provisions::Reader;
use tracker::history::{History, Observation};
use world::World;

const DAY: i64 = 86_400_000;
/// 10 February 2026, the clock of the world's site.
const NOW: i64 = 1_767_225_600_000 + 40 * DAY;

/// Rowan's policy with a change that matters, seen once; the change's path.
async fn changed(world: &World) -> (DocumentId, String) {
    let rowan = world.atlas.platform("rowan").await.unwrap().unwrap().documents[0].id;
    let text = "# Privacy\n\nWe keep little.\n\nWe sell your personal information to advertisers.\n";
    let mut history = History::resume(Reader::embedded(), rowan, world.atlas.history(rowan).await.unwrap());
    let url = Some("https://rowan.example/privacy".into());
    let capture =
        NewCapture { at_ms: NOW - DAY, url, status: 200, headers: Vec::new(), body: text.into(), origin: None };
    history.observe(Observation { capture, text: text.into(), recorded: false, technical: None });
    world.atlas.record(history.take_batch("test 1", NOW - DAY, None)).await.unwrap();
    let filter = ChangeFilter { document: Some(rowan), ..ChangeFilter::default() };
    let change = &world.atlas.changes(&filter).await.unwrap()[0];
    assert_eq!(change.change.materiality, Materiality::Material, "{change:?}");
    (rowan, format!("/changes/{}", change.id))
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_of_what_was_seen_once() {
    let world = World::new().await;
    let (rowan, path) = changed(&world).await;
    let places = ["/", "/feed.atom", "/changes", "/platforms/rowan/feed.atom"];
    let told = |place: &'static str| {
        let (world, path) = (&world, &path);
        async move { String::from_utf8(world.get(place).await.bytes).unwrap().contains(path.as_str()) }
    };
    for place in places {
        assert!(!told(place).await, "{place} tells of it");
    }
    let page = world.get(&path).await.page();
    assert!(page.contains("A second look follows"), "{page}");
    assert!(world.get("/changes?materiality=all").await.page().contains("Seen once"), "who asks for all gets all");
    assert!(world.get(&format!("/documents/{rowan}")).await.page().contains("Seen once"));
    let json = world.get_json(&path).await.json();
    assert!(json["change"]["confirmed_ms"].is_null(), "{json}");

    world.atlas.verified(rowan, NOW - DAY + 600_000).await.unwrap();
    for place in places {
        assert!(told(place).await, "{place} does not tell of it");
    }
    let page = world.get(&path).await.page();
    assert!(!page.contains("Seen once") && page.contains("by a second look"), "{page}");
    let feed = String::from_utf8(world.get("/feed.atom").await.bytes).unwrap();
    assert!(
        feed.contains("<published>2026-02-09T00:00:00Z</published>")
            && feed.contains("<updated>2026-02-09T00:10:00Z</updated>")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_stands_on_the_status_page() {
    let world = World::new().await;
    let json = world.get_json("/status").await.json();
    assert_eq!(json["documents_by_state"]["waiting"], 3, "{json}");
    assert!(world.get("/status").await.page().contains("none needs attention"));
    let check = |result| Check { at_ms: NOW - DAY / 24, next_due_ms: NOW + DAY, result };
    for _ in 0..Trouble::Gone.patience() {
        let reason = "https://plum.example/terms: the server answered <404>".into();
        let failed = check(CheckResult::Failed { trouble: Trouble::Gone, reason });
        world.atlas.checked(world.plum, &failed).await.unwrap();
    }
    let page = world.get("/status").await.page();
    assert!(page.contains("1 needs attention") && page.contains("the server answered &#60;404&#62;."), "{page}");
    assert!(page.contains("Failed 3 times in a row") && page.contains("change its address in the catalog"), "{page}");
    let page = world.get(&format!("/documents/{}", world.plum)).await.page();
    assert!(page.contains("It cannot be checked") && page.contains("3 checks in a row failed"), "{page}");
    let moved = CheckResult::Seen {
        changed: false,
        etag: None,
        last_modified: None,
        moved_to: Some("https://plum.example/legal".into()),
        looks: 0,
        interval_ms: DAY,
    };
    world.atlas.checked(world.plum, &check(moved)).await.unwrap();
    let page = world.get("/status").await.page();
    assert!(page.contains("none needs attention") && page.contains("https://plum.example/legal"), "{page}");
    let json = world.get_json("/status").await.json();
    assert_eq!(json["moved"][0]["moved_to"], "https://plum.example/legal");
    assert_eq!(json["recent_checks"]["failed"], 3);
    assert_eq!(json["many_checks_fail"], false, "four checks are too few to tell");
    assert_eq!(json["log"]["size"], world.atlas.counts().await.unwrap().log_size);
    for _ in 0..20 {
        let failed = CheckResult::Failed { trouble: Trouble::Unreachable, reason: "no answer in time".into() };
        world.atlas.checked(world.plum, &check(failed)).await.unwrap();
    }
    assert!(world.get("/status").await.page().contains("Many checks fail"));
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_in_the_format_of_prometheus() {
    let world = World::new().await;
    changed(&world).await;
    let failed = CheckResult::Failed { trouble: Trouble::Server, reason: "500".into() };
    let check = Check { at_ms: NOW - 60_000, next_due_ms: NOW + DAY, result: failed };
    world.atlas.checked(world.plum, &check).await.unwrap();
    let answer = world.get("/metrics").await;
    assert_eq!((answer.status, answer.kind.as_str()), (200, "text/plain; version=0.0.4; charset=utf-8"));
    let text = String::from_utf8(answer.bytes).unwrap();
    let mut declared = Vec::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(["gauge", "counter"].contains(&kind) && kind.eq("counter") == name.ends_with("_total"), "{line}");
            declared.push(name);
        } else if !line.starts_with("# HELP ") {
            let (name, value) = line.rsplit_once(' ').unwrap();
            assert_eq!(name.split('{').next(), declared.last().copied(), "{line} stands under its name");
            assert!(value.parse::<i64>().is_ok(), "{line}");
        }
    }
    for line in [
        "clausewatch_documents{state=\"retrying\"} 1",
        "clausewatch_checks_total{outcome=\"failed\"} 1",
        "clausewatch_last_check_age_seconds 60",
        "clausewatch_changes_unconfirmed 1",
        "clausewatch_documents_due 2",
        "clausewatch_many_checks_fail 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is missing:\n{text}");
    }
    let told = include_str!("../../../docs/tracking.md");
    for name in declared {
        let rest = name.strip_prefix("clausewatch").unwrap();
        assert!(
            told.contains(&format!("{name}`"))
                || told.contains(&format!("{name}{{"))
                || told.contains(&format!("`{rest}`")),
            "{name}"
        );
    }
}
