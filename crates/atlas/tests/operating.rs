//! What operators do for an instance, and what becomes of it when the catalog is read again.
mod common;

use atlas::health::State;
use atlas::jobs::{Check, CheckResult, Trouble};
use atlas::operate::Urgency;
use atlas::plans::{NewSubscription, Trial, Trials};
use atlas::records::NewDocument;
use atlas::watching::PersonId;
use common::{DAY, START, document, platform, stages};

const OLD: &str = "https://plum.example/terms-of-service";
const NEW: &str = "https://plum.example/legal/terms";

fn declared(url: &str) -> NewDocument {
    NewDocument {
        platform: "plum".into(),
        kind: "Terms of Service".into(),
        title: "Terms of Service".into(),
        urls: vec![url.into()],
        language: Some("en".into()),
        select: vec![],
        remove: vec![],
    }
}

fn seen(moved_to: Option<&str>) -> Check {
    let result = CheckResult::Seen {
        changed: false,
        etag: None,
        last_modified: None,
        moved_to: moved_to.map(str::to_string),
        looks: 0,
        interval_ms: DAY,
    };
    Check { at_ms: START, next_due_ms: START + 9 * DAY, result }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_address_holds_until_another_is_declared() {
    for stage in stages().await {
        let atlas = stage.open().await;
        let id = document(&atlas, "plum", "Terms of Service").await;
        let urls = async || atlas.document(id).await.unwrap().unwrap().urls;
        assert!(!atlas.accept_address(id, NEW).await.unwrap(), "{}: the page does not say so", stage.engine);
        atlas.checked(id, &seen(Some(NEW))).await.unwrap();
        assert!(!atlas.accept_address(id, "https://evil.example/").await.unwrap(), "only what the page says");
        assert!(atlas.accept_address(id, NEW).await.unwrap());
        assert_eq!(urls().await, [NEW]);
        let due = atlas.due(START, 9).await.unwrap();
        assert_eq!((due.len(), due[0].urls.as_slice()), (1, &[NEW.to_string()][..]), "it is checked there soon");
        assert_eq!(atlas.health_of(id).await.unwrap().unwrap().moved_to, None);
        let accepted = atlas.accepted_addresses().await.unwrap();
        assert_eq!((accepted.len(), accepted[0].1.declared.as_slice()), (1, &[OLD.to_string()][..]));

        atlas.put_platform(&platform("plum", "PLUM")).await.unwrap();
        atlas.put_document(&declared(OLD)).await.unwrap();
        assert_eq!(urls().await, [NEW], "{}: the catalog is read again and says nothing new", stage.engine);
        // It moves on, and the catalog still names the first address.
        atlas.checked(id, &seen(Some("https://plum.example/terms"))).await.unwrap();
        assert!(atlas.accept_address(id, "https://plum.example/terms").await.unwrap());
        atlas.put_document(&declared(OLD)).await.unwrap();
        assert_eq!(urls().await, ["https://plum.example/terms"]);
        atlas.put_document(&declared("https://plum.example/other")).await.unwrap();
        assert_eq!(urls().await, ["https://plum.example/other"], "what the catalog declares anew counts");
        assert_eq!(atlas.accepted_addresses().await.unwrap(), []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_document_is_left_alone() {
    for stage in stages().await {
        let atlas = stage.open().await;
        let id = document(&atlas, "plum", "Terms of Service").await;
        let failed = CheckResult::Failed { trouble: Trouble::Address, reason: "it is no address".into() };
        atlas.checked(id, &Check { at_ms: START, next_due_ms: START + DAY, result: failed }).await.unwrap();
        let state = async || atlas.health_of(id).await.unwrap().unwrap().state;
        assert_eq!(state().await, State::Attention);
        assert_eq!(atlas.queue(START).await.unwrap(), 0);
        assert!(atlas.check_soon(id).await.unwrap());
        assert_eq!(atlas.queue(START).await.unwrap(), 1, "{}: due now", stage.engine);

        assert!(atlas.pause_document(id, true, START).await.unwrap());
        assert!(!atlas.pause_document(id, true, START + 1).await.unwrap(), "it is paused already");
        assert_eq!((state().await, atlas.queue(START + 9 * DAY).await.unwrap()), (State::Paused, 0));
        assert_eq!(atlas.due(START + 9 * DAY, 9).await.unwrap(), []);
        assert!(!atlas.check_soon(id).await.unwrap());
        assert!(atlas.pause_document(id, false, START).await.unwrap());
        assert_eq!((state().await, atlas.due(START, 9).await.unwrap().len()), (State::Attention, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn announcements_are_told_in_their_time() {
    for stage in stages().await {
        let atlas = stage.open().await;
        let person = PersonId::OWNER;
        let announce = async |text: &str, urgency, from: i64, until: i64| {
            let span = (START + from * DAY, START + until * DAY);
            atlas.announce(text, urgency, span, person, START).await.unwrap()
        };
        let first = announce("a note", Urgency::Information, 0, 4).await;
        announce("a warning", Urgency::Warning, 1, 2).await;
        let told = async |day: i64| {
            let told = atlas.announced(START + day * DAY).await.unwrap();
            told.into_iter().map(|announcement| announcement.text).collect::<Vec<_>>()
        };
        assert_eq!(told(0).await, ["a note"], "{}", stage.engine);
        assert_eq!(told(1).await, ["a warning", "a note"], "the loudest first");
        assert_eq!(told(2).await, ["a note"]);
        assert!(atlas.end_announcement(first, START + 3 * DAY).await.unwrap());
        assert!(!atlas.end_announcement(first, START + 3 * DAY).await.unwrap());
        assert_eq!(told(3).await, Vec::<String>::new());
        assert_eq!(atlas.announcements(9).await.unwrap().len(), 2, "none is forgotten");
        assert!(atlas.stored_bytes().await.unwrap() > 10_000);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn trials_and_subscriptions_are_kept_apart() {
    for stage in stages().await {
        let atlas = stage.open().await;
        let person = atlas.add_person("Ada", "UTC", START).await.unwrap();
        assert_eq!(atlas.trials(person).await.unwrap(), Trials::default(), "{}", stage.engine);
        let trial = |plan: &str, day: i64| Trial {
            plan: plan.into(),
            since_ms: START + day * DAY,
            until_ms: START + (day + 14) * DAY,
        };
        assert!(atlas.begin_trial(person, &trial("a", 0)).await.unwrap());
        assert!(!atlas.begin_trial(person, &trial("a", 1)).await.unwrap(), "once");
        assert_eq!(atlas.trials(person).await.unwrap().last, Some(trial("a", 0)));
        // Two that begin at the same moment do not forget each other.
        let (second, third) = (trial("b", 2), trial("c", 2));
        let (b, c) = tokio::join!(atlas.begin_trial(person, &second), atlas.begin_trial(person, &third));
        assert!(b.unwrap() && c.unwrap());
        let mut tried = atlas.trials(person).await.unwrap().tried;
        tried.sort();
        assert_eq!(tried, ["a", "b", "c"], "{}", stage.engine);

        let of = |id: &str, plan: &str| NewSubscription { id: id.into(), person, plan: plan.into() };
        assert_eq!(atlas.paid_plan(person).await.unwrap(), None);
        assert!(atlas.subscribed(&of("sub_1", "a"), START).await.unwrap());
        assert!(atlas.subscribed(&of("sub_2", "b"), START + DAY).await.unwrap());
        assert_eq!(atlas.paid_plan(person).await.unwrap(), Some(("b".into(), START + DAY)));
        assert!(atlas.unsubscribed("sub_2", START + 2 * DAY).await.unwrap());
        assert_eq!(atlas.paid_plan(person).await.unwrap(), Some(("a".into(), START)), "the other one runs");
        let ended: Vec<_> =
            atlas.subscriptions(person).await.unwrap().into_iter().map(|of| (of.id, of.ended_ms)).collect();
        assert_eq!(ended, [("sub_2".to_string(), Some(START + 2 * DAY)), ("sub_1".to_string(), None)]);
        assert_eq!(atlas.trials(person).await.unwrap().tried.len(), 3, "paying forgets no trial");
        assert_eq!(atlas.paid_plan(PersonId::OWNER).await.unwrap(), None);

        // A plan without an end, as earlier releases kept what was paid for, is no trial.
        stage.sql("UPDATE plans SET plan = '', trial_until_ms = NULL").await;
        let trials = atlas.trials(person).await.unwrap();
        assert_eq!((trials.last, trials.tried.len()), (None, 3), "{}", stage.engine);
    }
}
