//! Recording: what goes in comes out, a batch is there whole or not at all, and what contradicts is refused.
mod common;

use atlas::AtlasError;
use atlas::ids::{DocumentId, ProvisionId};
use atlas::records::{EventKind, Materiality};
use common::{ARBITRATION, DAY, START, TERMINATION, batch, document, stages, text};
use futures_util::future::join_all;
use provisions::Severity;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_recorded_is_read_back() {
    for stage in stages().await {
        let atlas = stage.open().await;
        let id = document(&atlas, "plum", "Terms of Service").await;
        let first = batch(id, 0).version(0, &text(9)).provision(2, "arbitration", ARBITRATION, Severity::High);
        let recorded = atlas.record(first.confirmed(3).batch).await.unwrap();
        assert_eq!((recorded.first_log_index, recorded.changes.len()), (Some(0), 0), "{}", stage.engine);
        let second = batch(id, 1).version(10, &text(11)).event(2, "arbitration", EventKind::Reworded);
        assert_eq!(atlas.record(second.batch).await.unwrap().changes.len(), 1);

        let record = atlas.document(id).await.unwrap().unwrap();
        assert_eq!((record.versions, record.first_tracked_ms), (2, Some(START)));
        assert_eq!((record.last_changed_ms, record.last_verified_ms), (Some(START + 10 * DAY), Some(START + 10 * DAY)));
        let versions = atlas.versions(id).await.unwrap();
        assert_eq!(versions[0].last_verified_ms, START + 3 * DAY, "confirmed on the third day");
        assert_eq!(versions[0].stated_effective.as_deref(), Some("2024-01-01"));
        assert_eq!(atlas.version_text(id, 1).await.unwrap().unwrap(), text(9));
        assert_eq!(atlas.version_text(id, 2).await.unwrap().unwrap(), text(11));
        assert_eq!(atlas.version_text(id, 3).await.unwrap(), None);
        assert_eq!(atlas.version_lineages(id, 1).await.unwrap(), [1, 2, 3, 4]);
        assert_eq!(atlas.wordings(id, 2).await.unwrap().len(), 1);
        let captures = atlas.captures(id).await.unwrap();
        assert_eq!(captures.len(), 3);
        assert_eq!(
            atlas.capture_body(captures[0].id).await.unwrap().unwrap(),
            format!("<p>{}</p>", text(9)).into_bytes()
        );

        let provision = atlas.provision(ProvisionId(1)).await.unwrap().unwrap();
        assert_eq!((provision.excerpt.as_str(), provision.severity), (ARBITRATION, Severity::High));
        assert_eq!(provision.facts, serde_json::json!({"days": 30}));
        let change = &atlas.changes(&Default::default()).await.unwrap()[0];
        assert_eq!((change.change.to_version, change.change.materiality), (2, Materiality::Material));
        assert_eq!(change.provisions[0].event, EventKind::Reworded);
        let counts = atlas.counts().await.unwrap();
        assert_eq!((counts.platforms, counts.versions, counts.captures, counts.log_size), (1, 2, 3, 3));
        assert_eq!(atlas.check().await.unwrap(), [], "{}", stage.engine);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_goes_on_where_it_was() {
    for stage in stages().await {
        let atlas = stage.open().await;
        let id = document(&atlas, "plum", "Terms of Service").await;
        assert_eq!(atlas.history(id).await.unwrap(), None);
        let mut first =
            batch(id, 0).version(0, &text(1)).provision(2, "arbitration", ARBITRATION, Severity::High).batch;
        first.wordings[3].to_version = Some(1);
        first.cursor = Some(("a source".into(), "a position".into()));
        atlas.record(first.clone()).await.unwrap();
        let mut broken = batch(id, 1).version(4, "Access denied to this page today.\n").batch;
        broken.entries[0].change.as_mut().unwrap().materiality = Materiality::Defective;
        atlas.record(broken).await.unwrap();

        drop(atlas);
        let atlas = stage.open().await;
        let state = atlas.history(id).await.unwrap().unwrap();
        assert_eq!((state.versions, state.base_version), (2, 1), "a defective version is no base");
        assert_eq!((state.text, state.lineages), (text(1), vec![1, 2, 3, 4]));
        assert_eq!((state.last_lineage, state.open_wordings.len()), (4, 3));
        assert_eq!(state.retired, [(4, first.wordings[3].words_sha256)]);
        assert_eq!(state.provisions, first.provisions);
        assert_eq!(state.texts.len(), 2);
        assert_eq!(atlas.cursor("a source").await.unwrap().as_deref(), Some("a position"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_refused_batch_stays() {
    for stage in stages().await {
        let atlas = stage.open().await;
        let id = document(&atlas, "plum", "Terms of Service").await;
        let first = batch(id, 0).version(0, &text(1)).provision(2, "arbitration", ARBITRATION, Severity::High).batch;
        atlas.record(first).await.unwrap();
        let before = atlas.fingerprint().await.unwrap();
        let next = || batch(id, 1).version(5, &text(2)).provision(3, "terminate-at-will", TERMINATION, Severity::High);

        let stale = batch(id, 0).version(5, &text(2)).batch;
        let refused = atlas.record(stale).await.unwrap_err();
        assert!(matches!(refused, AtlasError::Stale { expected: 0, found: 1, .. }), "{refused}");

        let mut cases = Vec::new();
        let mut case = next().batch;
        case.provisions[0].excerpt_range.start += 1;
        cases.push(("an excerpt beside its place", case));
        let mut case = next().batch;
        case.provisions[0].excerpt_range = 1_000_000..1_000_010;
        cases.push(("an excerpt beyond the text", case));
        let mut case = next().batch;
        case.provisions[0].last_version = 9;
        cases.push(("a version that does not exist", case));
        let mut case = next().batch;
        case.provisions.push(case.provisions[0].clone());
        cases.push(("a provision twice", case));
        let mut case = next().batch;
        case.entries[0].version.as_mut().unwrap().number = 3;
        cases.push(("a number left out", case));
        let mut case = next().batch;
        case.entries[0].change.as_mut().unwrap().to_version = 3;
        cases.push(("a change beside its version", case));
        cases.push(("an event of no provision", next().event(4, "no-refund", EventKind::Removed).batch));
        let mut case = next().batch;
        case.provisions[0].heading = "a\0b".into();
        cases.push(("a NUL character", case));
        let mut case = next().batch;
        case.events[0].version = 7;
        cases.push(("an event in no version", case));
        for (what, case) in cases {
            let refused = atlas.record(case).await;
            assert!(matches!(refused, Err(AtlasError::Refused { .. })), "{what} on {}: {refused:?}", stage.engine);
            assert_eq!(atlas.fingerprint().await.unwrap(), before, "{what} left something behind on {}", stage.engine);
        }
        let nowhere = batch(DocumentId(99), 0).version(0, &text(1)).batch;
        assert!(matches!(atlas.record(nowhere).await, Err(AtlasError::Missing(_))));
        assert_eq!(atlas.fingerprint().await.unwrap(), before);
        assert_eq!(atlas.check().await.unwrap(), []);
        atlas.record(next().batch).await.unwrap();
        assert_ne!(atlas.fingerprint().await.unwrap(), before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_at_once_are_recorded_as_one_after_the_other() {
    for stage in stages().await {
        let atlas = stage.open().await;
        let mut documents = Vec::new();
        for index in 0..12 {
            documents.push(document(&atlas, "plum", &format!("Terms {index}")).await);
        }
        let first =
            |id| batch(id, 0).version(0, &text(1)).provision(2, "arbitration", ARBITRATION, Severity::High).batch;
        let recorded = join_all(documents.iter().map(|id| atlas.record(first(*id)))).await;
        let mut places: Vec<_> = recorded.into_iter().map(|one| one.unwrap().first_log_index.unwrap()).collect();
        places.sort_unstable();
        assert_eq!(places, (0..12).collect::<Vec<_>>());

        // Of two that go on from the same version one is refused, whether they share a transaction or not, and the others are recorded.
        let next =
            |id| batch(id, 1).version(5, &text(2)).provision(3, "terminate-at-will", TERMINATION, Severity::High);
        let twice = documents.iter().chain(&documents[..1]).map(|id| atlas.record(next(*id).batch));
        let (recorded, checks) =
            tokio::join!(join_all(twice), join_all(documents.iter().map(|id| atlas.verified(*id, 3))));
        assert!(checks.iter().all(Result::is_ok), "{checks:?}");
        let refused: Vec<_> = recorded.iter().filter_map(|one| one.as_ref().err()).collect();
        assert!(matches!(refused[..], [AtlasError::Stale { expected: 1, found: 2, .. }]), "{refused:?}");
        let mut changes: Vec<_> = recorded.iter().flatten().flat_map(|one| &one.changes).collect();
        changes.sort_unstable();
        changes.dedup();
        assert_eq!(changes.len(), 12, "each change has a number of its own");
        for id in documents {
            let provisions = atlas.document_provisions(id, true).await.unwrap();
            assert_eq!(provisions.len(), 2, "{} on {}", id, stage.engine);
        }
        let counts = atlas.counts().await.unwrap();
        assert_eq!((counts.versions, counts.captures, counts.log_size), (24, 24, 24));
        assert_eq!(atlas.check().await.unwrap(), [], "{}", stage.engine);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dates_never_run_backwards() {
    for stage in stages().await {
        let atlas = stage.open().await;
        let id = document(&atlas, "plum", "Terms of Service").await;
        atlas.record(batch(id, 0).version(10, &text(1)).version(5, &text(2)).batch).await.unwrap();
        let versions = atlas.versions(id).await.unwrap();
        assert_eq!(versions[1].first_seen_ms, START + 10 * DAY, "an earlier date counts as seen with the one before");
        assert_eq!(atlas.captures(id).await.unwrap()[1].at_ms, START + 5 * DAY, "the capture keeps its own");
        atlas.verified(id, START + 3 * DAY).await.unwrap();
        assert_eq!(atlas.document(id).await.unwrap().unwrap().last_verified_ms, Some(START + 10 * DAY));
        atlas.verified(id, START + 30 * DAY).await.unwrap();
        assert_eq!(atlas.document(id).await.unwrap().unwrap().last_verified_ms, Some(START + 30 * DAY));
        assert_eq!(atlas.check().await.unwrap(), []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_known_of_a_platform_is_never_blanked() {
    for stage in stages().await {
        let atlas = stage.open().await;
        let mut plum = common::platform("plum", "Plum");
        plum.sector = Some("Commerce".into());
        atlas.put_platform(&plum).await.unwrap();
        atlas.put_platform(&common::platform("plum", "Plum Inc.")).await.unwrap();
        let known = atlas.platform("plum").await.unwrap().unwrap().platform;
        assert_eq!((known.name.as_str(), known.sector.as_deref()), ("Plum Inc.", Some("Commerce")));
        let id = document(&atlas, "plum", "Terms of Service").await;
        assert_eq!(document(&atlas, "plum", "Terms of Service").await, id, "a document is made once");
        let urls = atlas.document(id).await.unwrap().unwrap().urls;
        assert_eq!(urls, ["https://plum.example/terms-of-service"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_versions_stay_readable_and_small() {
    for stage in stages().await {
        let atlas = stage.open().await;
        let id = document(&atlas, "plum", "Terms of Service").await;
        let words: String = (0..4000).map(|n| format!("word{} ", n * 7919 % 10_007)).collect();
        let long = |n: usize| format!("# Terms\n\n{words}\n\nVersion {n} of these terms.\n");
        for round in 0..4 {
            let mut making = batch(id, round * 15);
            for n in 0..15 {
                making = making.version(round * 15 + n, &long((round * 15 + n) as usize));
            }
            atlas.record(making.batch).await.unwrap();
        }
        let deepest = stage.number("SELECT MAX(depth) FROM blobs").await;
        assert!((8..16).contains(&deepest), "one read touches at most 16 blobs, not {}", deepest + 1);
        let stored = stage.number("SELECT CAST(SUM(LENGTH(data)) AS BIGINT) FROM blobs").await;
        let all = stage.number("SELECT CAST(SUM(bytes) AS BIGINT) FROM blobs").await;
        assert!(stored * 10 < all, "{stored} bytes stored for {all}");
        drop(atlas);
        let atlas = stage.open().await;
        for n in (1..=60).rev() {
            assert_eq!(atlas.version_text(id, n).await.unwrap().unwrap(), long(n as usize - 1));
        }
    }
}
