//! What archives outside say of a version, as the site tells it: on the pages of the version, the document and the provision, in JSON, and in
//! the evidence bundle as a pointer that is no part of the proof.
mod world;

use archive::evidence::{CheckName, CheckStatus, verify_bundle};
use atlas::records::{NewCapture, Origin};
use atlas::witnesses::{OutsideCapture, Question, WAYBACK};
use provisions::Reader;
use tracker::history::{History, Observation};
use world::World;

const DAY: i64 = 86_400_000;
const ARCHIVE: &str = "web.archive.org";

/// The question about a version of Plum's terms, and the instant at which that was first seen.
async fn question(world: &World, number: i64) -> Question {
    let version = world.atlas.version(world.plum, number).await.unwrap().unwrap();
    world.atlas.note_for_witness(ARCHIVE).await.unwrap();
    loop {
        let question = world.atlas.next_question(ARCHIVE, 0).await.unwrap().expect("each version is asked about");
        if (question.document, question.version) == (world.plum, number) {
            assert_eq!(question.seen_ms, version.first_seen_ms);
            return question;
        }
    }
}

fn url(question: &Question) -> String {
    format!("https://{ARCHIVE}/web/{}/{}", archive::instant::digits14(question.seen_ms - 2 * DAY), question.page)
}

async fn near(world: &World, number: i64) -> String {
    let question = question(world, number).await;
    let capture = OutsideCapture { url: url(&question), at_ms: question.seen_ms - 2 * DAY };
    world.atlas.witnessed(ARCHIVE, &question, question.seen_ms + DAY, Some(&capture), None).await.unwrap();
    capture.url
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_say_what_the_archive_has_and_what_that_is_not() {
    let world = World::new().await;
    let latest = world.atlas.document(world.plum).await.unwrap().unwrap().versions;
    let provision = world.atlas.document_provisions(world.plum, false).await.unwrap()[0].clone();
    let version = format!("/documents/{}/versions/{latest}", world.plum);
    let before = world.get(&version).await.page();
    assert!(!before.contains("Elsewhere"), "nobody was asked");
    let page = world.get(&format!("/provisions/{}", provision.id)).await.page();
    assert!(page.contains("Internet Archive, nearest to that day"), "a link that nobody has looked at");

    let url = near(&world, latest).await;
    for path in [version, format!("/documents/{}", world.plum), format!("/provisions/{}", provision.id)] {
        let page = world.get(&path).await.page();
        for words in
            ["The Wayback Machine has", "2 days before ours", "is no part of our proof", &format!("href=\"{url}\"")]
        {
            assert!(page.contains(words), "{path}: {words}");
        }
        assert!(!page.contains("nearest to that day"), "{path}");
        let json = world.get_json(&path).await.json();
        let said =
            if path.starts_with("/prov") { &json["evidence"]["outside_captures"] } else { &json["outside_captures"] };
        assert_eq!(said[0]["archive"], ARCHIVE, "{path}: {json}");
        assert_eq!(said[0]["capture"]["url"], *url);
        assert_eq!(said[0]["distance_ms"], -2 * DAY);
    }
    assert_eq!(world.get(&format!("/provisions/{}.pdf", provision.id)).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_that_has_nothing_or_will_not_say_is_told_as_such() {
    let world = World::new().await;
    let latest = world.atlas.document(world.plum).await.unwrap().unwrap().versions;
    let asked = question(&world, latest).await;
    let path = format!("/documents/{}/versions/{latest}", world.plum);
    world.atlas.witnessed(ARCHIVE, &asked, asked.seen_ms, None, Some(asked.seen_ms + DAY)).await.unwrap();
    assert!(world.get(&path).await.page().contains("The Wayback Machine has no capture of this address."));
    world
        .atlas
        .not_witnessed(ARCHIVE, &asked, asked.seen_ms, "does not show this page: <it> has been excluded")
        .await
        .unwrap();
    let page = world.get(&path).await.page();
    assert!(page.contains("The Wayback Machine does not show this page: &#60;it&#62; has been excluded."), "{page}");
    let bundle = world.get(&format!("{path}/evidence.zip")).await.bytes;
    assert!(verify_bundle(&bundle, None).unwrap().record.elsewhere.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bundle_names_the_capture_and_proves_nothing_by_it() {
    let world = World::new().await;
    let latest = world.atlas.document(world.plum).await.unwrap().unwrap().versions;
    let path = format!("/documents/{}/versions/{latest}/evidence.zip", world.plum);
    let leaf = |record: archive::evidence::EvidenceRecord| record.leaf().to_bytes();
    let plain = verify_bundle(&world.get(&path).await.bytes, None).unwrap();
    let url = near(&world, latest).await;
    let report = verify_bundle(&world.get(&path).await.bytes, None).unwrap();
    assert_eq!(report.failures().count(), 0);
    assert_eq!((report.record.elsewhere.len(), &report.record.elsewhere[0].url), (1, &url));
    assert_eq!(report.record.elsewhere[0].archive, ARCHIVE);
    let labels = report.checks.iter().find(|check| check.name == CheckName::Labels).unwrap();
    assert_eq!(labels.status, CheckStatus::NotCovered);
    assert!(labels.detail.contains("prove nothing here"), "{}", labels.detail);
    assert_eq!(leaf(plain.record), leaf(report.record), "the log entry is the same");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_was_taken_from_an_archive_says_so() {
    let world = World::new().await;
    let at_ms = archive::instant::parse("20260210000000").unwrap();
    let shown = "https://web.archive.org/web/20260210000000/https://rowan.example/privacy";
    let origin =
        Origin { kind: WAYBACK.into(), name: ARCHIVE.into(), id: "20260210000000".into(), links: vec![shown.into()] };
    let text = "# Privacy\n\nWe keep little.\n\nAny dispute between you and Rowan will be settled by binding individual arbitration, and you \
                waive your right to a jury trial and to take part in a class action.\n";
    let capture = NewCapture {
        at_ms,
        url: Some(shown.replace("/https:", "id_/https:")),
        status: 200,
        headers: vec![],
        body: text.into(),
        origin: Some(origin),
    };
    let rowan = world.atlas.platform("rowan").await.unwrap().unwrap().documents[0].id;
    let mut history = History::resume(Reader::embedded(), rowan, world.atlas.history(rowan).await.unwrap());
    history.observe(Observation { capture, text: text.into(), recorded: false, technical: None });
    world.atlas.record(history.take_batch("test 1", at_ms, None)).await.unwrap();
    let provision = world.atlas.document_provisions(rowan, false).await.unwrap()[0].id;
    let version = format!("/documents/{rowan}/versions/2");
    for path in [version.clone(), format!("/documents/{rowan}"), format!("/provisions/{provision}")] {
        let page = world.get(&path).await.page();
        for words in ["Taken from", "The Wayback Machine", "we did not see the page ourselves", shown] {
            assert!(page.contains(words), "{path}: {words}");
        }
    }
    assert_eq!(world.get_json(&version).await.json()["origin"]["name"], ARCHIVE);
    world.atlas.note_for_witness(ARCHIVE).await.unwrap();
    while let Some(question) = world.atlas.next_question(ARCHIVE, 0).await.unwrap() {
        assert_ne!((question.document, question.version), (rowan, 2), "it is not asked about what it gave");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn how_it_goes_with_an_archive_stands_on_the_status_page() {
    let world = World::new().await;
    assert!(!world.get("/status").await.page().contains("Outside witnesses"), "none is asked");
    let latest = world.atlas.document(world.plum).await.unwrap().unwrap().versions;
    near(&world, latest).await;
    world.atlas.rest_archive(ARCHIVE, i64::MAX / 4, 0, "it answered 503").await.unwrap();
    let state = world.atlas.archives(0).await.unwrap().remove(0);
    assert_eq!((state.answered, state.found, state.failures), (1, 1, 1));
    let page = world.get("/status").await.page();
    let answered = format!("Answered for 1 of {} versions, has captures of 1.", state.versions);
    for words in ["The Wayback Machine", &answered, "it answered 503"] {
        assert!(page.contains(words.trim_start_matches("The ")), "{words}");
    }
    let metrics = String::from_utf8(world.get("/metrics").await.bytes).unwrap();
    assert!(metrics.contains(&format!("clausewatch_outside_failures{{archive=\"{ARCHIVE}\"}} 1\n")), "{metrics}");
}
