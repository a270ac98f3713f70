//! From a change that is seen to the messages about it: who is told, once, when, and why.
mod common;

use alerts::Story;
use atlas::records::Materiality;
use atlas::review::{Judged, Ruling};
use atlas::watching::*;
use common::*;
use provisions::Severity;

const OWNER: PersonId = PersonId::OWNER;

fn story(message: &Message) -> Story {
    Story::read(&message.items[0].body).unwrap()
}

fn why(message: &Message) -> Vec<&str> {
    message.items[0].why.iter().map(|why| why.text.as_str()).collect()
}

#[tokio::test]
async fn a_change_is_told_once_with_all_reasons() {
    for stage in stages().await {
        let id = document(&stage.atlas, "Plum", "Terms").await;
        stage.see(id, &terms(30, &[])).await;
        stage.watch(OWNER, Subject::Document(id)).await;
        stage.watch(OWNER, Subject::Platform("plum".into())).await;
        stage.watch(OWNER, Subject::ClauseType("arbitration".into())).await;
        stage.watch(OWNER, Subject::ClauseType("class-action-waiver".into())).await;
        stage.pass(DAY);
        let change = stage.see(id, &terms(30, &[ARBITRATION])).await;
        assert_eq!(stage.teller().round().await.unwrap().told, 0, "{}: it waits for more", stage.engine);
        let round = stage.tell().await;
        assert_eq!((round.stories, round.told), (1, 1));
        let inbox = stage.inbox(OWNER).await;
        assert_eq!(inbox.len(), 1);
        assert_eq!(
            why(&inbox[0]),
            [
                "you watch Plum’s Terms, material changes",
                "you watch Plum, material changes",
                "you watch “Binding arbitration” on every platform, material changes"
            ]
        );
        let story = story(&inbox[0]);
        assert_eq!((story.changes, story.materiality), (vec![change[0].to_string()], Materiality::Material));
        assert!(story.headline.contains("arbitration"), "{}", story.headline);
        assert_eq!((story.clauses[0].before.clone(), story.clauses[0].after.as_deref()), (None, Some(ARBITRATION)));
        let arbitration = &story.provisions.iter().find(|touched| touched.clause_type == "arbitration").unwrap();
        assert_eq!((arbitration.happening.as_str(), arbitration.is_stricter()), ("new", true));
        assert!(arbitration.provision.as_ref().is_some_and(|id| id.starts_with("CW-P-")));
        assert!(stage.tell().await.is_idle());
    }
}

#[tokio::test]
async fn a_report_has_what_is_confirmed_and_asked_for() {
    for stage in stages().await {
        let (plum, pear) =
            (document(&stage.atlas, "Plum", "Terms").await, document(&stage.atlas, "Pear", "Terms").await);
        stage.watch(OWNER, Subject::Document(plum)).await;
        for id in [plum, pear] {
            stage.see(id, &terms(30, &[])).await;
        }
        let begun_ms = stage.now();
        let report =
            async |most| alerts::report(&stage.atlas, OWNER, begun_ms + 1, stage.now() + 1, most).await.unwrap();
        stage.pass(DAY);
        let first = stage.see(plum, &terms(30, &[ARBITRATION])).await;
        stage.see(pear, &terms(7, &[])).await;
        let told = report(usize::MAX).await;
        assert_eq!(told.changes.len(), 1, "{}: {told:?}", stage.engine);
        assert_eq!((told.changes[0].change.clone(), told.since_ms), (first[0].to_string(), None));
        assert_eq!(told.changes[0].why, ["you watch Plum’s Terms, material changes"]);
        assert_eq!(told.by_severity(), [(told.changes[0].severity, 1)]);
        let first_ms = stage.now();
        stage.pass(DAY);
        let second = stage.see_once(plum, &terms(7, &[ARBITRATION])).await;
        assert_eq!(report(usize::MAX).await.changes, told.changes, "what was seen once is not told");
        stage.atlas.verified(plum, stage.now()).await.unwrap();
        assert_eq!(report(usize::MAX).await.changes.len(), 2);
        let cut = report(1).await;
        assert_eq!((cut.changes.len(), cut.since_ms), (1, Some(first_ms + 1)), "the latest ones are looked at");
        assert_eq!(cut.changes[0].change, second[0].to_string());
    }
}

#[tokio::test]
async fn several_changes_of_an_hour_are_one_message() {
    for stage in stages().await {
        let id = document(&stage.atlas, "Plum", "Terms").await;
        stage.see(id, &terms(30, &[])).await;
        stage.watch(OWNER, Subject::Document(id)).await;
        stage.pass(DAY);
        stage.see(id, &terms(14, &[])).await;
        stage.pass(HOUR / 2);
        stage.see(id, &terms(14, &[ARBITRATION])).await;
        stage.pass(HOUR / 2);
        assert_eq!(stage.teller().round().await.unwrap().stories, 1, "{}", stage.engine);
        let inbox = stage.inbox(OWNER).await;
        let told = story(&inbox[0]);
        assert_eq!((inbox.len(), told.changes.len(), told.clauses.len()), (1, 2, 2));
        assert!(told.headline.ends_with("; and another change"), "{}", told.headline);
        let notice = told.provisions.iter().flat_map(|touched| &touched.facts).find(|fact| fact.label == "Notice");
        let notice = notice.unwrap();
        assert_eq!((notice.before.as_str(), notice.after.as_str()), ("30 days", "14 days"));
        // The next change is another story.
        stage.pass(DAY);
        stage.see(id, &terms(7, &[ARBITRATION])).await;
        stage.tell().await;
        assert_eq!(stage.inbox(OWNER).await.len(), 2);
    }
}

#[tokio::test]
async fn what_changes_nothing_is_told_to_nobody() {
    for stage in stages().await {
        let id = document(&stage.atlas, "Plum", "Terms").await;
        // Long enough for an error page to be known as one.
        let lamps = "The keepers of the register look after the lamps of the northern house, and they write down every evening which of them \
                     burned, for how long, and who filled them with oil. ";
        let text = terms(30, &[&lamps.repeat(4)]);
        stage.see(id, &text).await;
        let asks = NewWatch::on(Subject::Document(id));
        let threshold = Threshold { minor: true, ..Threshold::default() };
        stage.ask(OWNER, NewWatch { threshold, ..asks }).await;
        // Marks, an error page, the text again, and a text that came and went within the hour.
        for seen in
            [text.replace("service by you.", "service, by you!"), "# Error\n\nPlease try again.\n".into(), text.clone()]
        {
            stage.pass(DAY);
            stage.see(id, &seen).await;
            stage.tell().await;
        }
        stage.see(id, &text.replace("30 days", "3 days")).await;
        stage.pass(HOUR / 4);
        stage.see(id, &text).await;
        assert_eq!(stage.tell().await.stories, 0, "{}: it came and went", stage.engine);
        let told: Vec<String> = stage.inbox(OWNER).await.iter().map(|message| story(message).reason).collect();
        assert_eq!(told, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_watch_asks_for_what_it_says_and_no_more() {
    let stage = stages().await.remove(0);
    let id = document(&stage.atlas, "Plum", "Terms").await;
    stage.see(id, &terms(30, &[])).await;
    let with = |threshold: Threshold| NewWatch { threshold, ..NewWatch::on(Subject::Document(id)) };
    let stricter = Threshold { stricter: true, ..Threshold::default() };
    let critical = Threshold { severity: Some(Severity::Critical), ..Threshold::default() };
    let low = Threshold { severity: Some(Severity::Low), ..Threshold::default() };
    let search =
        |words: &str| NewWatch::on(Subject::Search(SavedSearch { words: words.into(), ..SavedSearch::default() }));
    let elsewhere =
        SavedSearch { words: "arbitration".into(), platform: Some("pear".into()), ..SavedSearch::default() };
    let notice = stage.atlas.document_provisions(id, false).await.unwrap();
    let notice = notice.iter().find(|provision| provision.clause_type == "change-with-notice").unwrap().id;
    let category = provisions::taxonomy().get("arbitration").unwrap().category.clone();
    let mut askers = Vec::new();
    for (name, asks) in [
        ("stricter", with(stricter)),
        ("critical", with(critical)),
        ("low", with(low)),
        ("type", NewWatch::on(Subject::ClauseType("arbitration".into()))),
        ("category", NewWatch::on(Subject::Category(category))),
        ("search", search("\"individual arbitration\" -pear")),
        ("other search", search("pear")),
        ("search elsewhere", NewWatch::on(Subject::Search(elsewhere))),
        ("provision", NewWatch::on(Subject::Provision(notice))),
        ("other platform", NewWatch::on(Subject::Platform("pear".into()))),
    ] {
        let person = stage.atlas.add_person(name, "UTC", stage.now()).await.unwrap();
        stage.ask(person, asks).await;
        askers.push((name, person, 0));
    }
    let mut told = async |seen: String| {
        stage.pass(DAY);
        stage.see(id, &seen).await;
        stage.tell().await;
        let mut names = Vec::new();
        for (name, person, before) in &mut askers {
            let now = stage.inbox(*person).await.len();
            if now > *before {
                names.push(*name);
            }
            *before = now;
        }
        names
    };
    // A longer notice is milder.
    assert_eq!(told(terms(60, &[])).await, ["low", "provision"]);
    assert_eq!(told(terms(60, &[ARBITRATION])).await, ["stricter", "low", "type", "category", "search"]);
    assert_eq!(told(terms(7, &[ARBITRATION])).await, ["stricter", "low", "provision"]);
    // Arbitration goes: milder.
    assert_eq!(told(terms(7, &[])).await, ["low", "type", "category", "search"]);
}

#[tokio::test]
async fn channels_are_told_when_their_soonest_watch_says() {
    for stage in stages().await {
        let id = document(&stage.atlas, "Plum", "Terms").await;
        stage.see(id, &terms(30, &[])).await;
        let mail = stage.mail(OWNER, "a@example.org").await;
        stage.atlas.set_person(OWNER, "Ada", "America/New_York").await.unwrap();
        let weekly = Cadence::Week { weekday: Weekday::Friday, hour: 9 };
        stage.ask(OWNER, NewWatch { cadence: weekly, ..NewWatch::on(Subject::Document(id)) }).await;
        let at_once = NewWatch { channels: Some(vec![ChannelId(1)]), ..NewWatch::on(Subject::Platform("plum".into())) };
        stage.ask(OWNER, at_once).await;
        stage.pass(HOUR);
        for days in [20, 10] {
            stage.see(id, &terms(days, &[])).await;
            stage.tell().await;
        }
        assert_eq!(stage.inbox(OWNER).await.len(), 2, "{}: at once", stage.engine);
        assert!(stage.inbox(OWNER).await.iter().all(|message| message.items[0].why.len() == 2));
        let waiting = MessageFilter { channel: Some(mail.id), ..MessageFilter::default() };
        assert_eq!(stage.atlas.messages(OWNER, &waiting).await.unwrap(), []);
        // Friday, 6 November 2026, 09:00 in New York.
        let due = START + 4 * DAY + 14 * HOUR;
        assert_eq!(stage.atlas.next_digest().await.unwrap(), Some(due));
        stage.pass(due - stage.now());
        assert_eq!(stage.teller().round().await.unwrap().digests, 1);
        let digest = stage.atlas.messages(OWNER, &waiting).await.unwrap().remove(0);
        assert_eq!((digest.kind, digest.items.len()), (MessageKind::Digest, 2));
        let links = alerts::Links::below("https://clausewatch.example");
        let letter = alerts::Letter::of(&digest, "America/New_York", &links).unwrap();
        assert_eq!(letter.subject, "2 changes: Plum’s Terms");
        assert!(letter.lead.ends_with("up to 6 November 2026, 09:00 EST."), "{}", letter.lead);
    }
}

#[tokio::test]
async fn damaged_news_keep_nobody_from_being_told() {
    let stage = stages().await.remove(0);
    let (plum, pear) = (document(&stage.atlas, "Plum", "Terms").await, document(&stage.atlas, "Pear", "Terms").await);
    for id in [plum, pear] {
        stage.see(id, &terms(30, &[])).await;
        stage.watch(OWNER, Subject::Document(id)).await;
    }
    stage.pass(DAY);
    stage.see(plum, &terms(7, &[])).await;
    stage.see(pear, &terms(7, &[])).await;
    // The text of Plum's later version is lost. (That of Pear is another one.)
    stage.see(pear, &terms(8, &[])).await;
    damage(&stage, "UPDATE versions SET text_sha256 = zeroblob(32) WHERE document_id = 1 AND number = 2").await;
    stage.pass(HOUR);
    let round = stage.teller().round().await.unwrap();
    assert_eq!(
        (round.stories, stage.inbox(OWNER).await.len(), round.troubles.len()),
        (1, 1, 1),
        "{:?}",
        round.troubles
    );
    assert!(stage.teller().round().await.unwrap().is_idle());
}

async fn damage(stage: &Stage, statement: &'static str) {
    use sqlx::{Connection, Executor};
    let atlas::Location::Sqlite(folder) = &stage.location else { unreachable!("the first stage is SQLite") };
    let url = format!("sqlite://{}", folder.join("clausewatch.db").display());
    let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
    connection.execute("PRAGMA foreign_keys = OFF").await.unwrap();
    connection.execute(statement).await.unwrap();
}

#[tokio::test]
async fn an_editors_verdict_corrects_what_was_told() {
    for stage in stages().await {
        let id = document(&stage.atlas, "Plum", "Terms").await;
        stage.see(id, &terms(30, &[])).await;
        stage.watch(OWNER, Subject::Document(id)).await;
        stage.pass(DAY);
        let change = Judged::Change(stage.see(id, &terms(30, &[ARBITRATION])).await[0]);
        stage.tell().await;
        assert_eq!(stage.inbox(OWNER).await.len(), 1);
        let cosmetic = Ruling::Verdict { materiality: Materiality::Cosmetic, headline: None };
        stage.atlas.judge(change, &cosmetic, "it is a copy of an older clause", OWNER, stage.now()).await.unwrap();
        stage.tell().await;
        let inbox = stage.inbox(OWNER).await;
        let told = story(&inbox[0]);
        assert_eq!((inbox.len(), inbox[0].kind), (2, MessageKind::Correction), "{}", stage.engine);
        assert_eq!((told.materiality, told.correction.unwrap().was), (Materiality::Cosmetic, Materiality::Material));
        assert_eq!(told.reason, "it is a copy of an older clause");
        // Once told, it is not told again; a verdict that was never told corrects nothing.
        stage.atlas.judge(change, &cosmetic, "as before", OWNER, stage.now()).await.unwrap();
        assert_eq!(stage.tell().await.stories, 0);
        // An editor may be wrong as well: what was taken back wrongly is told once more.
        stage.atlas.judge(change, &Ruling::Withdrawn, "it is none", OWNER, stage.now()).await.unwrap();
        stage.tell().await;
        let inbox = stage.inbox(OWNER).await;
        assert_eq!((inbox.len(), inbox[0].kind), (3, MessageKind::Change), "{}", stage.engine);
        assert_eq!(story(&inbox[0]).materiality, Materiality::Material);
    }
}

#[tokio::test]
async fn what_an_editor_took_away_is_not_told() {
    let stage = stages().await.remove(0);
    let id = document(&stage.atlas, "Plum", "Terms").await;
    stage.see(id, &terms(30, &[])).await;
    stage.watch(OWNER, Subject::Document(id)).await;
    stage.watch(OWNER, Subject::ClauseType("arbitration".into())).await;
    stage.pass(DAY);
    stage.see(id, &terms(30, &[ARBITRATION])).await;
    let all = stage.atlas.document_provisions(id, false).await.unwrap();
    let found = all.iter().find(|provision| provision.clause_type == "arbitration").unwrap().id;
    stage.atlas.judge(Judged::Provision(found), &Ruling::Hidden, "by request", OWNER, stage.now()).await.unwrap();
    stage.tell().await;
    let inbox = stage.inbox(OWNER).await;
    let told = story(&inbox[0]);
    assert!(told.provisions.iter().all(|touched| touched.clause_type != "arbitration"), "{:?}", told.provisions);
    assert_eq!(why(&inbox[0]), ["you watch Plum’s Terms, material changes"]);
}
