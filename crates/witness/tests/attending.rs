//! Passes over the versions of a store, on every engine: what is asked, when again, what becomes of it, and what failures do.
mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use atlas::records::Origin;
use atlas::witnesses::WAYBACK;
use common::server::{Held, Reply, Server, json, sound};
use common::{Clock, DAY, HOUR, PAGE, SECOND, SEEN, archive, document, places, saving, version, version_of};

#[tokio::test(flavor = "multi_thread")]
async fn versions_are_asked_about_once_and_what_is_near_settles_it() {
    let held = vec![Held::page("20260503120000", PAGE, "b"), Held::page("20260505180000", PAGE, "c")];
    for place in places().await {
        let (atlas, clock) = (place.open().await, Clock::at(SEEN + HOUR));
        let id = document(&atlas).await;
        version(&atlas, id, 1, SEEN - 2 * DAY, None).await;
        version(&atlas, id, 2, SEEN, None).await;
        let server = Server::archive(held.clone(), 10).await;
        let attendant = clock.attendant(&atlas, archive(&server));
        assert_eq!(atlas.witnesses(id, 2).await.unwrap(), []);
        let report = attendant.pass().await.unwrap();
        assert_eq!((report.asked, report.found, report.stopped), (2, 2, None), "{}", place.engine);
        let first = server.asked()[0].parameter("timestamp");
        assert_eq!(first.as_deref(), Some("20260505120000"), "the latest version comes first");
        let said = atlas.witnesses(id, 2).await.unwrap();
        assert_eq!(said.len(), 1);
        assert_eq!(said[0].archive, attendant.archive().name());
        assert_eq!(said[0].asked_ms, SEEN + HOUR);
        assert_eq!(said[0].distance_ms, Some(6 * HOUR));
        assert_eq!(said[0].capture.as_ref().unwrap().url, format!("{}web/20260505180000/{PAGE}", server.root()));
        assert_eq!(said[0].submitted, None);
        assert_eq!(atlas.witnesses(id, 1).await.unwrap()[0].distance_ms, Some(0));
        // Nothing is left to ask, and a later version is.
        clock.set(SEEN + 40 * DAY);
        assert_eq!(attendant.pass().await.unwrap().asked, 0);
        version(&atlas, id, 3, SEEN + 40 * DAY, None).await;
        assert_eq!(attendant.pass().await.unwrap().asked, 1);
        assert_eq!(atlas.check().await.unwrap(), []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_is_near_it_is_asked_again_and_the_nearest_stays() {
    for place in places().await {
        let (atlas, clock) = (place.open().await, Clock::at(SEEN));
        let id = document(&atlas).await;
        version(&atlas, id, 1, SEEN, None).await;
        let crawled = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&crawled);
        let server = Server::start(move |asked| {
            let held = [Held::page("20260502120000", PAGE, "old"), Held::page("20260507120000", PAGE, "new")];
            let skip = match seen.load(Ordering::Relaxed) {
                // The archive forgets, for a while, what it had.
                0 => 2,
                1 => 1,
                _ => 0,
            };
            sound(asked, &held[..2 - skip], 10)
        })
        .await;
        let attendant = clock.attendant(&atlas, archive(&server));
        let nearest = async || atlas.witnesses(id, 1).await.unwrap()[0].distance_ms;
        assert_eq!(attendant.pass().await.unwrap().asked, 1);
        assert_eq!(nearest().await, None, "{}", place.engine);
        clock.set(SEEN + DAY - SECOND);
        assert_eq!(attendant.pass().await.unwrap().asked, 0, "it was asked a while ago");
        crawled.store(1, Ordering::Relaxed);
        clock.set(SEEN + DAY);
        assert_eq!(attendant.pass().await.unwrap().found, 1);
        assert_eq!(nearest().await, Some(-3 * DAY));
        crawled.store(2, Ordering::Relaxed);
        clock.set(SEEN + 4 * DAY);
        assert_eq!(attendant.pass().await.unwrap().found, 1);
        assert_eq!(nearest().await, Some(2 * DAY));
        crawled.store(0, Ordering::Relaxed);
        for day in [13, 40] {
            clock.set(SEEN + day * DAY);
            assert_eq!(attendant.pass().await.unwrap().asked, 1);
        }
        assert_eq!(nearest().await, Some(2 * DAY), "what is known is not forgotten");
        clock.set(SEEN + 400 * DAY);
        assert_eq!(attendant.pass().await.unwrap().asked, 0, "never again");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_from_the_archive_is_not_asked_about() {
    for place in places().await {
        let (atlas, clock) = (place.open().await, Clock::at(SEEN));
        let id = document(&atlas).await;
        let origin = |kind: &str| Origin { kind: kind.into(), name: "x".into(), id: "1".into(), links: vec![] };
        version(&atlas, id, 1, SEEN - 2 * DAY, Some(origin(WAYBACK))).await;
        version(&atlas, id, 2, SEEN - DAY, Some(origin("warc"))).await;
        let server = Server::archive(vec![], 10).await;
        assert_eq!(clock.attendant(&atlas, archive(&server)).pass().await.unwrap().asked, 1, "{}", place.engine);
        assert_eq!(server.asked()[0].parameter("timestamp").as_deref(), Some("20260504120000"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_archive_is_left_alone_by_every_process_longer_and_longer() {
    for place in places().await {
        let (atlas, clock) = (place.open().await, Clock::at(SEEN));
        let id = document(&atlas).await;
        version(&atlas, id, 1, SEEN, None).await;
        let sick = Arc::new(AtomicUsize::new(1));
        let state = Arc::clone(&sick);
        let server = Server::start(move |asked| match state.load(Ordering::Relaxed) {
            0 => sound(asked, &[], 10),
            1 => Reply::new(500, "x"),
            _ => Reply::new(429, "x"),
        })
        .await;
        let attendant = || clock.attendant(&atlas, archive(&server));
        let report = attendant().pass().await.unwrap();
        assert!(report.stopped.unwrap().contains("answered 500"), "{}", place.engine);
        assert_eq!((report.asked, server.asked().len()), (0, 1));
        clock.set(SEEN + 9 * 60 * SECOND);
        let report = attendant().pass().await.unwrap();
        assert!(report.stopped.unwrap().contains("answered 500"), "it is said why");
        assert_eq!(server.asked().len(), 1, "and not asked");
        clock.set(SEEN + 11 * 60 * SECOND);
        sick.store(2, Ordering::Relaxed);
        assert!(attendant().pass().await.unwrap().stopped.unwrap().contains("left alone"));
        assert_eq!(server.asked().len(), 2);
        clock.set(SEEN + 30 * 60 * SECOND);
        attendant().pass().await.unwrap();
        assert_eq!(server.asked().len(), 2, "the second rest is longer");
        clock.set(SEEN + 32 * 60 * SECOND);
        sick.store(0, Ordering::Relaxed);
        let report = attendant().pass().await.unwrap();
        assert_eq!((report.asked, report.stopped), (1, None), "nothing was lost");
        assert_eq!(atlas.archive_rests(attendant().archive().name(), clock.now()).await.unwrap(), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_waits_as_long_as_it_is_asked_to() {
    for place in places().await {
        let (atlas, clock) = (place.open().await, Clock::at(SEEN));
        let id = document(&atlas).await;
        version(&atlas, id, 1, SEEN, None).await;
        let server = Server::start(|_| Reply::new(429, "").with("Retry-After", "7200")).await;
        let attendant = || clock.attendant(&atlas, archive(&server));
        attendant().pass().await.unwrap();
        clock.set(SEEN + 2 * HOUR - SECOND);
        attendant().pass().await.unwrap();
        assert_eq!(server.asked().len(), 1, "{}", place.engine);
        clock.set(SEEN + 2 * HOUR + SECOND);
        attendant().pass().await.unwrap();
        assert_eq!(server.asked().len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_kept_out_of_the_archive_is_settled_with_the_reason() {
    let robots = "org.archive.wayback.exception.RobotAccessControlException: Blocked By Robots";
    for place in places().await {
        let (atlas, clock) = (place.open().await, Clock::at(SEEN));
        let id = document(&atlas).await;
        version(&atlas, id, 1, SEEN, None).await;
        let server = Server::start(move |_| Reply::new(403, robots)).await;
        let attendant = clock.attendant(&atlas, archive(&server));
        assert_eq!(attendant.pass().await.unwrap().asked, 1);
        let said = atlas.witnesses(id, 1).await.unwrap();
        assert!(said[0].reason.as_ref().unwrap().contains("robots.txt"), "{}", place.engine);
        clock.set(SEEN + 100 * DAY);
        assert_eq!(attendant.pass().await.unwrap().asked, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_are_nobodys_business_are_not_named() {
    for place in places().await {
        let (atlas, clock) = (place.open().await, Clock::at(SEEN));
        let id = document(&atlas).await;
        let pages = ["http://10.1.2.3/terms", "https://me:secret@plum.example/terms", "file:///etc/passwd"];
        for (number, page) in pages.iter().enumerate() {
            version_of(&atlas, id, number as i64 + 1, SEEN + number as i64, None, page).await;
        }
        let server = Server::archive(vec![], 10).await;
        let attendant = clock.attendant(&atlas, saving(&server));
        assert_eq!(attendant.pass().await.unwrap().asked, 0, "{}", place.engine);
        assert_eq!(attendant.pass().await.unwrap().submitted, 0);
        assert!(server.asked().is_empty());
        for (version, reason) in [(1, "private network"), (2, "a name or a password")] {
            let said = atlas.witnesses(id, version).await.unwrap();
            assert!(said[0].reason.as_ref().unwrap().contains(reason), "{said:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_may_be_private_is_asked_about_when_it_can_be_told() {
    for place in places().await {
        let (atlas, clock) = (place.open().await, Clock::at(SEEN));
        let id = document(&atlas).await;
        version_of(&atlas, id, 1, SEEN, None, "https://plum.invalid/terms").await;
        let server = Server::archive(vec![], 10).await;
        let mut settings = common::settings(&server);
        settings.private = vec!["10.0.0.0/8".parse().unwrap()];
        let attendant = clock.attendant(&atlas, witness::Archive::new(settings).unwrap());
        assert_eq!(attendant.pass().await.unwrap().asked, 0, "{}", place.engine);
        assert!(server.asked().is_empty() && atlas.witnesses(id, 1).await.unwrap().is_empty());
        clock.set(SEEN + DAY);
        assert_eq!(clock.attendant(&atlas, archive(&server)).pass().await.unwrap().asked, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_ask_each_question_once_and_a_killed_one_loses_none() {
    for place in places().await {
        let (atlas, clock) = (place.open().await, Clock::at(SEEN));
        let id = document(&atlas).await;
        version(&atlas, id, 1, SEEN, None).await;
        let server = Server::archive(vec![], 10).await;
        let name = archive(&server).name().to_string();
        atlas.note_for_witness(&name).await.unwrap();
        // Taken, and never settled.
        assert!(atlas.next_question(&name, SEEN).await.unwrap().is_some());
        assert_eq!(atlas.next_question(&name, SEEN).await.unwrap(), None, "{}", place.engine);
        let attendant = clock.attendant(&atlas, archive(&server));
        assert_eq!(attendant.pass().await.unwrap().asked, 0);
        clock.set(SEEN + atlas::witnesses::LEASE_MS);
        assert_eq!(attendant.pass().await.unwrap().asked, 1);
    }
}

/// An archive that has nothing, and does with submissions what `job` says of the number of the look.
async fn spn(job: impl Fn(usize) -> String + Send + Sync + 'static) -> Server {
    let looks = AtomicUsize::new(0);
    Server::start(move |asked| match (asked.method.as_str(), asked.path.as_str()) {
        ("POST", "/save") => json(r#"{"url":"https://plum.example/terms","job_id":"spn2-1"}"#),
        ("GET", "/save/status/spn2-1") => json(job(looks.fetch_add(1, Ordering::Relaxed))),
        _ => sound(asked, &[], 10),
    })
    .await
}

fn submissions(server: &Server) -> usize {
    server.asked().iter().filter(|asked| asked.method == "POST").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_is_submitted_and_its_capture_becomes_the_nearest() {
    for place in places().await {
        let (atlas, clock) = (place.open().await, Clock::at(SEEN));
        let id = document(&atlas).await;
        version(&atlas, id, 1, SEEN - 30 * DAY, None).await;
        version(&atlas, id, 2, SEEN, None).await;
        let server = spn(|look| match look {
            0 => r#"{"status":"pending"}"#.into(),
            _ => r#"{"status":"success","timestamp":"20260505120130","original_url":"https://plum.example/terms"}"#
                .into(),
        })
        .await;
        let attendant = clock.attendant(&atlas, saving(&server));
        assert_eq!(attendant.pass().await.unwrap().submitted, 0, "first it is asked what the archive has");
        assert_eq!(attendant.pass().await.unwrap().submitted, 1, "{}", place.engine);
        assert_eq!(attendant.pass().await.unwrap(), witness::Report::default(), "it is given its time");
        let submitted = async || atlas.witnesses(id, 2).await.unwrap()[0].submitted.clone().unwrap();
        assert_eq!((submitted().await.at_ms, submitted().await.over), (Some(SEEN), false));
        clock.set(SEEN + 30 * SECOND);
        assert_eq!(attendant.pass().await.unwrap().saved, 0);
        clock.set(SEEN + 120 * SECOND);
        assert_eq!(attendant.pass().await.unwrap().saved, 1);
        assert!(submitted().await.over);
        let said = atlas.witnesses(id, 2).await.unwrap();
        assert_eq!((said[0].distance_ms, said[0].capture.clone()), (Some(90 * SECOND), submitted().await.capture));
        assert_eq!(submissions(&server), 1, "the old version's page is not what it was");
        clock.set(SEEN + 300 * DAY);
        assert_eq!(attendant.pass().await.unwrap().submitted, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn submissions_that_never_end_are_given_up() {
    for place in places().await {
        let (atlas, clock) = (place.open().await, Clock::at(SEEN));
        let id = document(&atlas).await;
        version(&atlas, id, 1, SEEN, None).await;
        let server = spn(|_| r#"{"status":"pending"}"#.into()).await;
        let attendant = clock.attendant(&atlas, saving(&server));
        for minute in (0..6000).step_by(10) {
            clock.set(SEEN + minute * 60 * SECOND);
            attendant.pass().await.unwrap();
        }
        let said = atlas.witnesses(id, 1).await.unwrap()[0].submitted.clone().unwrap();
        assert!(said.over, "{}", place.engine);
        assert_eq!(said.reason.as_deref(), Some("the submission came to no end"));
        assert_eq!(submissions(&server), 3);
        let looks = server.asked().iter().filter(|asked| asked.is("/save/status")).count();
        assert!(looks < 40, "{looks} looks");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_of_a_job_are_tried_again_or_not() {
    for (code, over, attempts) in [("error:no-access", true, 1), ("error:cannot-fetch", false, 2)] {
        for place in places().await {
            let (atlas, clock) = (place.open().await, Clock::at(SEEN));
            let id = document(&atlas).await;
            version(&atlas, id, 1, SEEN, None).await;
            let server = spn(move |_| format!(r#"{{"status":"error","status_ext":"{code}"}}"#)).await;
            let attendant = clock.attendant(&atlas, saving(&server));
            for minute in 0..65 {
                clock.set(SEEN + minute * 60 * SECOND);
                attendant.pass().await.unwrap();
            }
            let said = atlas.witnesses(id, 1).await.unwrap()[0].submitted.clone().unwrap();
            assert_eq!((said.over, submissions(&server)), (over, attempts), "{code} on {}", place.engine);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_are_refused_stop_submissions_and_nothing_else() {
    for place in places().await {
        let (atlas, clock) = (place.open().await, Clock::at(SEEN));
        let id = document(&atlas).await;
        version(&atlas, id, 1, SEEN, None).await;
        let server = Server::start(|asked| match asked.is("/save") {
            true => Reply::new(401, "{}"),
            false => sound(asked, &[], 10),
        })
        .await;
        let attendant = clock.attendant(&atlas, saving(&server));
        attendant.pass().await.unwrap();
        version(&atlas, id, 2, SEEN + SECOND, None).await;
        let report = attendant.pass().await.unwrap();
        assert!(report.keys.unwrap().contains("keys"), "{}", place.engine);
        assert_eq!((report.asked, report.stopped), (1, None));
    }
}
