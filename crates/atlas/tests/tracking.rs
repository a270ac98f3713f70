//! Tracking as the store keeps it: jobs and their leases, the second look, how documents fare. The same on every engine.
mod common;

use atlas::health::{Checks, State};
use atlas::ids::DocumentId;
use atlas::jobs::{Check, CheckResult, LEASE_MS, Trouble};
use atlas::records::{Materiality, NewDocument, Origin};
use atlas::{Atlas, ChangeFilter};
use common::{DAY, START, batch, document, platform, stages, text};

fn seen(at_ms: i64) -> Check {
    let result = CheckResult::Seen {
        changed: false,
        etag: Some("\"a\"".into()),
        last_modified: None,
        moved_to: None,
        looks: 0,
        interval_ms: 2 * DAY,
    };
    Check { at_ms, next_due_ms: at_ms + DAY, result }
}

fn failed(at_ms: i64, trouble: Trouble) -> Check {
    let result = CheckResult::Failed { trouble, reason: "the server is away".into() };
    Check { at_ms, next_due_ms: at_ms + DAY, result }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_belongs_to_one_until_its_lease_ends() {
    for stage in stages().await {
        let (atlas, other) = (stage.open().await, stage.open().await);
        for slug in ["plum", "quince", "rowan"] {
            document(&atlas, slug, "Terms of Service").await;
        }
        let now = START;
        let first = atlas.due(now, 2).await.unwrap();
        let second = other.due(now, 9).await.unwrap();
        assert_eq!((first.len(), second.len()), (2, 1), "{}", stage.engine);
        assert!(!first.contains(&second[0]));
        assert_eq!(atlas.due(now + 1, 9).await.unwrap(), []);
        atlas.checked(first[0].id, &seen(now)).await.unwrap();
        atlas.checked(first[1].id, &failed(now, Trouble::Server)).await.unwrap();
        let left = other.due(now + LEASE_MS, 9).await.unwrap();
        assert_eq!(left.iter().map(|due| due.id).collect::<Vec<_>>(), [second[0].id], "a lease ends");
        atlas.postpone(second[0].id, now + 2 * DAY).await.unwrap();
        let again = atlas.due(now + DAY, 9).await.unwrap();
        assert_eq!(again.len(), 2, "one was put off");
        let fine = again.iter().find(|due| due.id == first[0].id).unwrap();
        assert_eq!((fine.etag.as_deref(), fine.failures, fine.interval_ms), (Some("\"a\""), 0, 2 * DAY));
        assert_eq!(atlas.due_of(&["rowan".into(), "nobody".into()]).await.unwrap().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_machines_never_take_the_same_job() {
    for stage in stages().await {
        let atlas = stage.open().await;
        for n in 0..12 {
            document(&atlas, &format!("plum{n}"), "Terms of Service").await;
        }
        let takers = (0..4).map(|_| {
            let atlas = atlas.clone();
            tokio::spawn(async move { atlas.due(START, 5).await.unwrap() })
        });
        let mut taken = Vec::new();
        for taker in takers.collect::<Vec<_>>() {
            taken.extend(taker.await.unwrap().into_iter().map(|due| due.id));
        }
        taken.extend(atlas.due(START, 12).await.unwrap().into_iter().map(|due| due.id));
        taken.sort();
        let all = taken.len();
        taken.dedup();
        assert_eq!((all, taken.len()), (12, 12), "{}", stage.engine);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_host_leaves_room_for_others() {
    for stage in stages().await {
        let atlas = stage.open().await;
        for kind in ["Terms of Service", "Privacy Policy", "Developer Terms", "Copyright", "Cookies", "Imprint"] {
            document(&atlas, "plum", kind).await;
        }
        document(&atlas, "quince", "Terms of Service").await;
        let due = atlas.due(START, 5).await.unwrap();
        let of = |host: &str| due.iter().filter(|due| due.urls[0].contains(host)).count();
        assert_eq!((of("plum"), of("quince")), (4, 1), "{}", stage.engine);
        assert_eq!(atlas.due(START, 5).await.unwrap().len(), 2, "the rest comes next");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_due_while_nobody_tracked_is_spread() {
    for stage in stages().await {
        let atlas = stage.open().await;
        let mut ids = Vec::new();
        for slug in ["plum", "quince", "rowan", "sorb"] {
            ids.push(document(&atlas, slug, "Terms of Service").await);
        }
        // The last one was never checked: it is new and does not wait.
        for (place, id) in ids[..3].iter().enumerate() {
            atlas.checked(*id, &seen(START - place as i64 * DAY)).await.unwrap();
        }
        let now = START + 20 * DAY;
        let spread = atlas.spread(now, &|place, all| now + (place * 100 + all) as i64).await.unwrap();
        assert_eq!(spread, 3, "{}", stage.engine);
        let mut order = Vec::new();
        for ms in [0, 3, 103, 203] {
            let due = atlas.due(now + ms, 9).await.unwrap();
            order.push(due.into_iter().map(|due| due.id).collect::<Vec<_>>());
        }
        assert_eq!(order, [vec![ids[3]], vec![ids[2]], vec![ids[1]], vec![ids[0]]], "longest overdue first");
    }
}

/// The changes that people are told of, and all.
async fn told(atlas: &Atlas, document: DocumentId) -> (Vec<i64>, usize) {
    let filter = ChangeFilter { document: Some(document), ..ChangeFilter::default() };
    let all = atlas.changes(&filter).await.unwrap();
    let confirmed = atlas.changes(&ChangeFilter { confirmed: true, ..filter }).await.unwrap();
    (confirmed.iter().map(|change| change.change.to_version).collect(), all.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_counts_after_a_second_look() {
    for stage in stages().await {
        let atlas = stage.open().await;
        let id = document(&atlas, "plum", "Terms of Service").await;
        atlas.record(batch(id, 0).version(0, &text(1)).batch).await.unwrap();
        let first = atlas.record(batch(id, 1).version(1, &text(2)).batch).await.unwrap();
        assert!(first.unconfirmed, "{}", stage.engine);
        assert_eq!(told(&atlas, id).await, (vec![], 1));
        assert_eq!(atlas.changes_count("plum", 0).await.unwrap(), 0);
        assert_eq!(atlas.unconfirmed().await.unwrap(), 1);
        // The same text again, in other bytes.
        let again = atlas.record(batch(id, 2).confirmed(2).batch).await;
        assert!(!again.unwrap().unconfirmed);
        assert_eq!(told(&atlas, id).await, (vec![2], 1));
        assert_eq!(atlas.changes_count("plum", 0).await.unwrap(), 1);
        let change = atlas.change_between(id, 2).await.unwrap().unwrap();
        assert_eq!((change.change.at_ms, change.confirmed_ms), (START + DAY, Some(START + 2 * DAY)));
        // And in the same bytes.
        let before = atlas.fingerprint().await.unwrap();
        atlas.record(batch(id, 2).version(3, &text(3)).batch).await.unwrap();
        atlas.verified(id, START + 4 * DAY).await.unwrap();
        assert_eq!(told(&atlas, id).await, (vec![3, 2], 2));
        assert_ne!(atlas.fingerprint().await.unwrap(), before);
        assert_eq!(atlas.check().await.unwrap(), []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_flips_back_is_evidence_and_no_news() {
    for stage in stages().await {
        let atlas = stage.open().await;
        let id = document(&atlas, "plum", "Terms of Service").await;
        atlas.record(batch(id, 0).version(0, &text(1)).batch).await.unwrap();
        atlas.record(batch(id, 1).version(1, &text(2)).batch).await.unwrap();
        let mut back = batch(id, 2).version(2, &text(1)).batch;
        back.entries[0].change.as_mut().unwrap().materiality = Materiality::Returning;
        assert!(!atlas.record(back).await.unwrap().unconfirmed, "{}: there is nothing to look at again", stage.engine);
        atlas.verified(id, START + 90 * DAY).await.unwrap();
        assert_eq!(told(&atlas, id).await, (vec![3], 2), "the return is no news either, but needs no second look");
        let material = ChangeFilter { at_least: Some(Materiality::Minor), confirmed: true, ..ChangeFilter::default() };
        assert_eq!(atlas.changes(&material).await.unwrap(), []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn imports_need_no_second_look() {
    for stage in stages().await {
        let atlas = stage.open().await;
        let id = document(&atlas, "plum", "Terms of Service").await;
        let mut import = batch(id, 0).version(0, &text(1)).version(1, &text(2)).batch;
        for entry in &mut import.entries {
            entry.capture.origin =
                Some(Origin { kind: "ota".into(), name: "plum".into(), id: "1".into(), links: Vec::new() });
        }
        assert!(!atlas.record(import).await.unwrap().unconfirmed);
        assert_eq!(told(&atlas, id).await, (vec![2], 1), "{}", stage.engine);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_document_has_a_state_and_a_reason() {
    for stage in stages().await {
        let atlas = stage.open().await;
        let state = |id| {
            let atlas = atlas.clone();
            async move { atlas.health_of(id).await.unwrap().unwrap() }
        };
        let id = document(&atlas, "plum", "Terms of Service").await;
        assert_eq!(state(id).await.state, State::Waiting, "{}", stage.engine);
        atlas.record(batch(id, 0).version(0, &text(1)).batch).await.unwrap();
        atlas.checked(id, &seen(START)).await.unwrap();
        assert_eq!(state(id).await.state, State::Sound);
        for failures in 1..=Trouble::Gone.patience() {
            atlas.checked(id, &failed(START + failures * DAY, Trouble::Gone)).await.unwrap();
            let health = state(id).await;
            let wanted = if failures < Trouble::Gone.patience() { State::Retrying } else { State::Attention };
            assert_eq!((health.state, health.failures), (wanted, failures));
            assert_eq!(health.reason.as_deref(), Some("the server is away"));
        }
        let health = state(id).await;
        assert!(health.next_step.unwrap().contains("its address in the catalog"), "{health:?}");
        assert_eq!(health.last_verified_ms, Some(START), "a failure verifies nothing");
        // An error page in its place, twice.
        atlas.checked(id, &seen(START + 9 * DAY)).await.unwrap();
        let mut wall = batch(id, 1).version(9, "Access denied to this page today.\n").batch;
        wall.entries[0].change.as_mut().unwrap().materiality = Materiality::Defective;
        atlas.record(wall).await.unwrap();
        assert_eq!(state(id).await.state, State::Sound, "once may be an accident");
        atlas.verified(id, START + 10 * DAY).await.unwrap();
        let health = state(id).await;
        assert_eq!((health.state, health.failures), (State::Attention, 0));
        assert!(health.reason.unwrap().contains("not the document"));
        // A document without an address asks for nothing.
        atlas.put_platform(&platform("quince", "Quince")).await.unwrap();
        let imported = NewDocument {
            platform: "quince".into(),
            kind: "Terms of Service".into(),
            title: "Terms".into(),
            urls: Vec::new(),
            language: None,
            select: Vec::new(),
            remove: Vec::new(),
        };
        let imported = atlas.put_document(&imported).await.unwrap();
        assert_eq!(state(imported).await.state, State::Untracked);
        assert_eq!(atlas.health().await.unwrap().len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_are_counted_by_the_hour() {
    for stage in stages().await {
        let atlas = stage.open().await;
        let id = document(&atlas, "plum", "Terms of Service").await;
        assert_eq!(atlas.queue(START).await.unwrap(), 1, "{}", stage.engine);
        for hour in 0..20 {
            let at_ms = START + hour * DAY / 24;
            let check = if hour < 15 { seen(at_ms) } else { failed(at_ms, Trouble::Unreachable) };
            atlas.checked(id, &check).await.unwrap();
        }
        assert_eq!(atlas.queue(START).await.unwrap(), 0);
        let now = START + 20 * DAY / 24;
        assert_eq!(atlas.all_checks().await.unwrap(), Checks { changed: 0, unchanged: 15, failed: 5 });
        assert_eq!(atlas.recent_checks(now).await.unwrap(), Checks { changed: 0, unchanged: 1, failed: 5 });
        assert_eq!(atlas.recent_checks(now + DAY).await.unwrap(), Checks::default());
    }
}
