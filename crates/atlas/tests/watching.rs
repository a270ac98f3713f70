//! Watches, channels, and the way of a message through the store, on both engines.
mod common;

use atlas::Atlas;
use atlas::ids::DocumentId;
use atlas::records::{Materiality, Origin};
use atlas::review::{Judged, Ruling};
use atlas::watching::*;
use common::{ARBITRATION, DAY, START, Stage, batch, document, stages, text};
use provisions::Severity;

/// When the batches of these tests are analysed.
const NOW: i64 = START + 900 * DAY;

/// A document with a change that was seen just now, twice.
async fn changed(atlas: &Atlas) -> DocumentId {
    let id = document(atlas, "plum", "Terms").await;
    let making = batch(id, 0).version(1, &text(1)).provision(2, "arbitration", ARBITRATION, Severity::High);
    atlas.record(making.version(900, &text(2)).batch).await.unwrap();
    assert!(atlas.gathered(NOW, 10).await.unwrap().is_empty(), "what was seen once is no news");
    atlas.verified(id, NOW).await.unwrap();
    id
}

fn story_of(document: DocumentId) -> NewStory {
    NewStory {
        document,
        at_ms: NOW,
        materiality: Materiality::Material,
        corrects: None,
        body: "{}".into(),
        subjects: vec![Subject::Platform("plum".into()), Subject::Document(document)],
    }
}

/// Tells everybody who asked, at once or at `due_ms`, over all channels.
fn everybody(asker: &Asker, due_ms: Option<i64>) -> Vec<NewTelling> {
    let why: Vec<Why> =
        asker.watches.iter().map(|watch| Why { watch: watch.id, text: "you watch it".into() }).collect();
    let telling = |channel: &ChannelId| NewTelling {
        person: asker.person,
        channel: *channel,
        due_ms,
        why: why.clone(),
        least: Materiality::Material,
    };
    asker.channels.iter().map(telling).collect()
}

async fn settled(atlas: &Atlas, story: &NewStory) -> StoryId {
    let gathered = atlas.gathered(NOW, 10).await.unwrap();
    let news: Vec<i64> = gathered[0].changes.iter().map(|(news, _)| *news).collect();
    let id = atlas.settle_news(&news, Some(story)).await.unwrap().unwrap();
    assert_eq!(atlas.settle_news(&news, Some(story)).await.unwrap(), None, "news are settled once");
    id
}

async fn tell(atlas: &Atlas, due_ms: Option<i64>) -> usize {
    let mut told = 0;
    while let Some(some) = atlas.tell_on(NOW, &move |_, asker| Ok(everybody(asker, due_ms))).await.unwrap() {
        told += some;
    }
    told
}

async fn mail(atlas: &Atlas, person: PersonId, address: &str) -> Channel {
    let new = NewChannel {
        kind: ChannelKind::Mail,
        address: address.into(),
        template: Template::Plain,
        confirmed: true,
        secret: [9; 32],
    };
    atlas.add_channel(person, &new, START).await.unwrap()
}

async fn opened() -> Vec<(Stage, Atlas)> {
    let mut all = Vec::new();
    for stage in stages().await {
        let atlas = stage.open().await;
        all.push((stage, atlas));
    }
    all
}

#[tokio::test]
async fn a_text_with_a_nul_is_kept_alike_on_both_engines() {
    for (stage, atlas) in opened().await {
        let asks = NewWatch { note: "a\0b".into(), ..NewWatch::on(Subject::Platform("plum".into())) };
        let watch =
            atlas.put_watch(PersonId::OWNER, &asks, NOW).await.unwrap_or_else(|e| panic!("{}: {e}", stage.engine));
        let kept = atlas.watches(PersonId::OWNER).await.unwrap().remove(0);
        assert_eq!((kept.id, kept.asks.note.as_str()), (watch.id, "a\u{fffd}b"), "{}", stage.engine);
        assert!(atlas.platform("pl\0um").await.unwrap().is_none(), "{}", stage.engine);
    }
}

#[tokio::test]
async fn watches_are_kept_as_they_were_asked() {
    for (stage, atlas) in opened().await {
        let id = document(&atlas, "plum", "Terms").await;
        let search =
            SavedSearch { words: "class action".into(), severity: Some(Severity::High), ..SavedSearch::default() };
        let subjects = [
            Subject::Platform("plum".into()),
            Subject::Document(id),
            Subject::ClauseType("arbitration".into()),
            Subject::Category("disputes".into()),
            Subject::Regulation("gdpr".into()),
            Subject::Search(search),
            Subject::Provision(atlas::ids::ProvisionId(7)),
        ];
        let other = atlas.add_person("Ada", "Europe/Berlin", START).await.unwrap();
        for subject in &subjects {
            assert_eq!(atlas.watch_on(PersonId::OWNER, subject).await.unwrap(), None);
            let mut asks = NewWatch::on(subject.clone());
            asks.threshold = Threshold { minor: true, severity: Some(Severity::High), stricter: true };
            asks.cadence = Cadence::Week { weekday: Weekday::Thursday, hour: 17 };
            (asks.note, asks.tags) = ("a note".into(), vec!["vendor".into()]);
            let stored = atlas.put_watch(PersonId::OWNER, &asks, START).await.unwrap();
            assert_eq!(stored.asks, asks, "{}", stage.engine);
            // Again: the same watch, changed, as old as it was.
            let changed = atlas.put_watch(PersonId::OWNER, &NewWatch::on(subject.clone()), START + 1).await.unwrap();
            assert_eq!(
                (changed.id, changed.made_ms, changed.asks.clone()),
                (stored.id, START, NewWatch::on(subject.clone()))
            );
            assert_eq!(atlas.watch(other, stored.id).await.unwrap(), None, "another's watch is not shown");
            assert!(!atlas.remove_watch(other, stored.id).await.unwrap());
            let json = serde_json::to_string(&changed.asks).unwrap();
            assert_eq!(serde_json::from_str::<NewWatch>(&json).unwrap(), changed.asks, "{json}");
        }
        assert_eq!(atlas.watches(PersonId::OWNER).await.unwrap().len(), subjects.len());
        assert_eq!(atlas.watches(other).await.unwrap(), []);
        assert_eq!(atlas.watched_searches().await.unwrap().len(), 1);
        let first = atlas.watches(PersonId::OWNER).await.unwrap()[0].id;
        assert!(atlas.remove_watch(PersonId::OWNER, first).await.unwrap());
        assert!(!atlas.remove_watch(PersonId::OWNER, first).await.unwrap());
        let again = atlas.put_watch(PersonId::OWNER, &NewWatch::on(subjects[0].clone()), START).await.unwrap();
        assert!(again.id > first, "a number is given out once");
        let not_mine = mail(&atlas, other, "ada@example.org").await.id;
        let asks = NewWatch { channels: Some(vec![not_mine]), ..NewWatch::on(subjects[1].clone()) };
        assert!(atlas.put_watch(PersonId::OWNER, &asks, START).await.is_err(), "a channel of another person");
    }
}

#[tokio::test]
async fn tokens_open_what_they_are_for_and_nothing_else() {
    for (_stage, atlas) in opened().await {
        let owner = PersonId::OWNER;
        let new = |kind, address: &str, confirmed| NewChannel {
            kind,
            address: address.into(),
            template: Template::Plain,
            confirmed,
            secret: [5; 32],
        };
        let feed = atlas.add_channel(owner, &new(ChannelKind::Feed, "", true), START).await.unwrap();
        let token = feed.feed_token().unwrap();
        assert_eq!(atlas.feed_by_token(&token).await.unwrap().unwrap().id, feed.id);
        for wrong in ["", "f1-", &token.replace("05", "06"), &token.replacen('f', "c", 1)] {
            assert_eq!(atlas.feed_by_token(wrong).await.unwrap(), None, "{wrong}");
        }
        assert_eq!(atlas.channel_messages(feed.id, 10).await.unwrap(), []);
        atlas.renew_channel(owner, feed.id, [6; 32]).await.unwrap();
        assert_eq!(atlas.feed_by_token(&token).await.unwrap(), None, "a renewed feed has another address");

        let address = atlas.add_channel(owner, &new(ChannelKind::Mail, "a@example.org", false), START).await.unwrap();
        assert_eq!(address.state, ChannelState::Unconfirmed);
        assert_eq!(atlas.confirm_channel(&address.unsubscribe_token(MessageId(1))).await.unwrap(), None);
        let confirmed = atlas.confirm_channel(&address.confirmation_token()).await.unwrap().unwrap();
        assert_eq!(confirmed.state, ChannelState::InUse);
        atlas.pause_channel(owner, address.id, true).await.unwrap();
        let still = atlas.confirm_channel(&address.confirmation_token()).await.unwrap().unwrap();
        assert_eq!(still.state, ChannelState::Paused, "an old link does not undo a pause");

        assert_eq!(atlas.person(owner).await.unwrap().unwrap().shared, None);
        atlas.share_watchlist(owner, Some([1; 32])).await.unwrap();
        let shared = atlas.person(owner).await.unwrap().unwrap().shared.unwrap();
        assert_eq!(atlas.shared_watchlist(&shared).await.unwrap().unwrap().id, owner);
        atlas.share_watchlist(owner, None).await.unwrap();
        assert_eq!(atlas.shared_watchlist(&shared).await.unwrap(), None);
        assert!(!atlas.remove_channel(owner, ChannelId(1), START).await.unwrap(), "the inbox stays");
    }
}

#[tokio::test]
async fn a_change_judged_before_its_second_look_is_told_as_it_was_judged() {
    for (stage, atlas) in opened().await {
        for (slug, read, judged, told) in [
            ("plum", Materiality::Material, Materiality::Cosmetic, false),
            ("pear", Materiality::Defective, Materiality::Material, true),
        ] {
            let id = document(&atlas, slug, "Terms").await;
            let mut making = batch(id, 0).version(1, &text(1)).version(900, &text(2));
            making.batch.entries[1].change.iter_mut().for_each(|change| change.materiality = read);
            let change = atlas.record(making.batch).await.unwrap().changes[0];
            let ruling = Ruling::Verdict { materiality: judged, headline: None };
            atlas.judge(Judged::Change(change), &ruling, "because", PersonId::OWNER, NOW).await.unwrap();
            assert_eq!(atlas.gathered(NOW, 10).await.unwrap(), [], "{}: seen once", stage.engine);
            atlas.verified(id, NOW).await.unwrap();
            let gathered = atlas.gathered(NOW, 10).await.unwrap();
            assert_eq!(gathered.iter().any(|news| news.document == id), told, "{}: {slug}", stage.engine);
        }
    }
}

#[tokio::test]
async fn what_was_given_up_is_sent_again_unless_its_channel_is_gone() {
    for (stage, atlas) in opened().await {
        let (owner, other) = (PersonId::OWNER, atlas.add_person("Ada", "UTC", START).await.unwrap());
        let mut ids = Vec::new();
        for (person, address) in [(owner, "a@example.org"), (owner, "b@example.org"), (other, "a@example.org")] {
            let channel = mail(&atlas, person, address).await.id;
            ids.push((channel, atlas.post_note(person, channel, MessageKind::Test, "", NOW).await.unwrap()));
        }
        let give_up = async || {
            let claimed = atlas.claim_messages(ChannelKind::Mail, NOW, 10).await.unwrap();
            let dead = |id| (id, Outcome::Dead { reason: "full".into() });
            atlas.settle_messages(&claimed.into_iter().map(dead).collect::<Vec<_>>(), NOW).await.unwrap();
        };
        give_up().await;
        assert_eq!(atlas.dead_letters(0, 10).await.unwrap().len(), 3, "{}", stage.engine);
        assert_eq!(atlas.redeliver_dead(Some(ids[0].0)).await.unwrap(), 1);
        assert_eq!(atlas.claim_messages(ChannelKind::Mail, NOW, 10).await.unwrap(), [ids[0].1]);
        atlas.settle_messages(&[(ids[0].1, Outcome::Sent)], NOW).await.unwrap();
        assert!(atlas.remove_channel(owner, ids[1].0, NOW).await.unwrap());
        assert_eq!(atlas.redeliver_dead(None).await.unwrap(), 1, "{}", stage.engine);
        assert_eq!(atlas.claim_messages(ChannelKind::Mail, NOW, 10).await.unwrap(), [ids[2].1]);
        assert_eq!(atlas.message(owner, ids[1].1).await.unwrap().unwrap().state, MessageState::Dropped);
        assert_eq!(atlas.dead_letters(0, 10).await.unwrap(), []);
    }
}

#[tokio::test]
async fn only_sound_changes_seen_just_now_are_news() {
    for (stage, atlas) in opened().await {
        let id = document(&atlas, "plum", "Terms").await;
        let mut making =
            batch(id, 0).version(1, &text(1)).version(400, &text(2)).version(900, &text(3)).version(900, &text(4));
        for (entry, verdict) in making.batch.entries.iter_mut().zip([
            Materiality::Material,
            Materiality::Material,
            Materiality::Cosmetic,
            Materiality::Minor,
        ]) {
            entry.change.iter_mut().for_each(|change| change.materiality = verdict);
            let of = Origin { kind: "ota".into(), name: "collection".into(), id: "1".into(), links: vec![] };
            entry.capture.origin = Some(of);
        }
        let changes = atlas.record(making.batch).await.unwrap().changes;
        assert_eq!(atlas.gathered(NOW - 1, 10).await.unwrap(), [], "it waits for more");
        let gathered = atlas.gathered(NOW, 10).await.unwrap();
        assert_eq!(gathered.len(), 1, "{}", stage.engine);
        assert_eq!(gathered[0].changes, [(1, changes[2])]);
        atlas.settle_news(&[1], None).await.unwrap();
        assert_eq!(atlas.gathered(NOW, 10).await.unwrap(), []);
        assert_eq!(tell(&atlas, None).await, 0);
    }
}

#[tokio::test]
async fn a_story_reaches_each_channel_once_and_a_message_is_sent_once() {
    for (stage, atlas) in opened().await {
        let id = changed(&atlas).await;
        let owner = PersonId::OWNER;
        let asks = NewWatch::on(Subject::Document(id));
        let watch = atlas.put_watch(owner, &asks, START).await.unwrap();
        atlas.put_watch(owner, &NewWatch::on(Subject::Platform("plum".into())), START).await.unwrap();
        // Who came later is not told of it.
        let late = atlas.add_person("Late", "UTC", START).await.unwrap();
        atlas.put_watch(late, &asks, NOW + 1).await.unwrap();
        let address = mail(&atlas, owner, "a@example.org").await;
        settled(&atlas, &story_of(id)).await;
        assert_eq!(tell(&atlas, None).await, 2, "{}: inbox and mail", stage.engine);
        assert_eq!(tell(&atlas, None).await, 0);

        assert_eq!(atlas.unread(owner, owner).await.unwrap(), 1);
        let inbox = atlas.messages(owner, &MessageFilter::inbox()).await.unwrap();
        assert_eq!((inbox.len(), inbox[0].state, inbox[0].items[0].why.len()), (1, MessageState::Sent, 2));
        assert_eq!(atlas.mark_read(owner, owner, Some(inbox[0].id), NOW).await.unwrap(), 1);
        assert_eq!(atlas.unread(owner, owner).await.unwrap(), 0);
        assert_eq!(atlas.mark_read(owner, owner, None, NOW + 1).await.unwrap(), 0, "it was read before");
        let read = atlas.messages(owner, &MessageFilter::inbox()).await.unwrap();
        assert_eq!(read[0].read_ms, Some(NOW));
        // Who else reads it has not.
        assert_eq!(atlas.unread(owner, late).await.unwrap(), 1);
        let theirs = MessageFilter { reader: Some(late), ..MessageFilter::inbox() };
        assert_eq!(atlas.messages(owner, &theirs).await.unwrap()[0].read_ms, None);
        assert_eq!(atlas.messages(late, &MessageFilter::default()).await.unwrap(), []);

        let claimed = atlas.claim_messages(ChannelKind::Mail, NOW, 10).await.unwrap();
        assert_eq!(claimed.len(), 1);
        assert_eq!(atlas.claim_messages(ChannelKind::Mail, NOW, 10).await.unwrap(), [], "it is leased");
        let later = NOW + 10 * 60_000;
        assert_eq!(atlas.claim_messages(ChannelKind::Mail, later, 10).await.unwrap(), claimed, "the lease ends");
        let outgoing = atlas.outgoing(claimed[0]).await.unwrap().unwrap();
        assert_eq!((outgoing.channel.id, outgoing.zone.as_str(), outgoing.message.items.len()), (address.id, "UTC", 1));
        let failed = Outcome::Failed { reason: "no answer".into(), again_ms: later + 5 };
        atlas.settle_messages(&[(claimed[0], failed)], later).await.unwrap();
        let message = atlas.message(owner, claimed[0]).await.unwrap().unwrap();
        assert_eq!((message.attempts, message.error.as_deref(), message.due_ms), (1, Some("no answer"), later + 5));
        assert_eq!(atlas.message(late, claimed[0]).await.unwrap(), None, "another's message is not shown");
        let dead = Outcome::Dead { reason: "no such reader".into() };
        atlas.settle_messages(&[(claimed[0], dead)], later).await.unwrap();
        assert_eq!(atlas.dead_letters(0, 10).await.unwrap()[0].id, claimed[0]);
        assert!(!atlas.redeliver(late, claimed[0]).await.unwrap());
        assert!(atlas.redeliver(owner, claimed[0]).await.unwrap());
        assert_eq!(atlas.claim_messages(ChannelKind::Mail, later, 10).await.unwrap(), claimed);
        atlas.settle_messages(&[(claimed[0], Outcome::Sent)], later).await.unwrap();
        let sent = atlas.message(owner, claimed[0]).await.unwrap().unwrap();
        assert_eq!((sent.state, sent.key == outgoing.message.key), (MessageState::Sent, true));

        // One click ends the watches that the message came from, for this channel.
        let token = address.unsubscribe_token(claimed[0]);
        assert_eq!(atlas.unsubscribe(&token.replace('9', "8"), false).await.unwrap(), None);
        let ended = atlas.unsubscribe(&token, false).await.unwrap().unwrap();
        assert_eq!(ended.watches.len(), 2);
        let left = atlas.watch(owner, watch.id).await.unwrap().unwrap();
        assert_eq!(left.asks.channels, Some(vec![ChannelId(1)]), "the inbox is still told");
        assert_eq!(atlas.unsubscribe(&token, false).await.unwrap().unwrap().watches, [], "again: nothing");
        assert_eq!(atlas.unsubscribe(&token, true).await.unwrap().unwrap().channel.state, ChannelState::Paused);
    }
}

#[tokio::test]
async fn a_channel_that_is_not_in_use_gets_nothing_but_what_it_must() {
    for (stage, atlas) in opened().await {
        let id = changed(&atlas).await;
        let owner = PersonId::OWNER;
        atlas.put_watch(owner, &NewWatch::on(Subject::Document(id)), START).await.unwrap();
        let address = mail(&atlas, owner, "a@example.org").await;
        settled(&atlas, &story_of(id)).await;
        tell(&atlas, None).await;
        atlas.pause_channel(owner, address.id, true).await.unwrap();
        assert_eq!(atlas.claim_messages(ChannelKind::Mail, NOW, 10).await.unwrap(), [], "{}", stage.engine);
        let test = atlas.post_note(owner, address.id, MessageKind::Test, "{}", NOW).await.unwrap();
        assert_eq!(atlas.claim_messages(ChannelKind::Mail, NOW, 10).await.unwrap(), [test]);
        atlas.pause_channel(owner, address.id, false).await.unwrap();
        atlas.hold_channel(address.id, NOW + 5).await.unwrap();
        assert_eq!(atlas.claim_messages(ChannelKind::Mail, NOW, 10).await.unwrap(), []);
        assert_eq!(atlas.claim_messages(ChannelKind::Mail, NOW + 5, 10).await.unwrap().len(), 1);
        assert!(atlas.remove_channel(owner, address.id, NOW).await.unwrap());
        assert_eq!(atlas.channels(owner).await.unwrap().len(), 1);
        let dropped = MessageFilter { state: Some(MessageState::Dropped), ..MessageFilter::default() };
        assert_eq!(atlas.messages(owner, &dropped).await.unwrap().len(), 2);
        let back = mail(&atlas, owner, "a@example.org").await;
        assert_eq!((back.id, back.state), (address.id, ChannelState::InUse));
    }
}

#[tokio::test]
async fn digests_hold_what_was_told_until_their_hour() {
    for (stage, atlas) in opened().await {
        let id = changed(&atlas).await;
        let owner = PersonId::OWNER;
        atlas.put_watch(owner, &NewWatch::on(Subject::Document(id)), START).await.unwrap();
        settled(&atlas, &story_of(id)).await;
        let due = NOW + 8 * 3_600_000;
        assert_eq!(tell(&atlas, Some(due)).await, 1);
        assert_eq!(atlas.compose_digests(due - 1).await.unwrap(), 0);
        assert_eq!(atlas.next_digest().await.unwrap(), Some(due));
        // A second story for the same hour.
        atlas.record(batch(id, 2).version(900, &text(3)).batch).await.unwrap();
        atlas.verified(id, NOW).await.unwrap();
        settled(&atlas, &story_of(id)).await;
        assert_eq!(tell(&atlas, Some(due)).await, 1);
        assert_eq!(atlas.compose_digests(due).await.unwrap(), 1, "{}", stage.engine);
        assert_eq!(atlas.compose_digests(due).await.unwrap(), 0);
        let inbox = atlas.messages(owner, &MessageFilter::inbox()).await.unwrap();
        assert_eq!((inbox.len(), inbox[0].kind, inbox[0].items.len()), (1, MessageKind::Digest, 2));
        // One that was late for its hour still comes.
        atlas.record(batch(id, 3).version(900, &text(4)).batch).await.unwrap();
        atlas.verified(id, NOW).await.unwrap();
        settled(&atlas, &story_of(id)).await;
        tell(&atlas, Some(due)).await;
        assert_eq!(atlas.compose_digests(due).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_correction_goes_to_those_who_were_told_and_the_others_never_hear_of_it() {
    for (stage, atlas) in opened().await {
        let id = changed(&atlas).await;
        let owner = PersonId::OWNER;
        let weekly = atlas.add_person("Weekly", "UTC", START).await.unwrap();
        let minor = atlas.add_person("Minor", "UTC", START).await.unwrap();
        for person in [owner, weekly, minor] {
            atlas.put_watch(person, &NewWatch::on(Subject::Document(id)), START).await.unwrap();
        }
        let wrong = settled(&atlas, &story_of(id)).await;
        let choose = move |_: &StoryRow, asker: &Asker| {
            let due = (asker.person == weekly).then_some(NOW + DAY);
            let mut tellings = everybody(asker, due);
            for telling in tellings.iter_mut().filter(|telling| telling.person == minor) {
                telling.least = Materiality::Minor;
            }
            Ok(tellings)
        };
        while atlas.tell_on(NOW, &choose).await.unwrap().is_some() {}
        // A later reader finds that the change is minor.
        let mut making = batch(id, 0)
            .version(1, &text(1))
            .provision(2, "arbitration", ARBITRATION, Severity::High)
            .version(900, &text(2));
        for change in making.batch.entries.iter_mut().filter_map(|entry| entry.change.as_mut()) {
            change.materiality = Materiality::Minor;
        }
        atlas.revise(making.batch.clone(), false).await.unwrap();
        assert_eq!(atlas.gathered(NOW, 10).await.unwrap(), [], "a dry run is no news");
        atlas.revise(making.batch, true).await.unwrap();
        let gathered = atlas.gathered(NOW, 10).await.unwrap();
        let (news, _, told) = gathered[0].reversed[0];
        assert_eq!((gathered[0].changes.len(), told), (0, wrong), "{}", stage.engine);
        let correction =
            NewStory { materiality: Materiality::Minor, corrects: Some(wrong), subjects: vec![], ..story_of(id) };
        atlas.settle_news(&[news], Some(&correction)).await.unwrap();
        assert_eq!(tell(&atlas, None).await, 1);
        let inbox = async |person| atlas.messages(person, &MessageFilter::inbox()).await.unwrap();
        let kinds = |messages: Vec<Message>| messages.iter().map(|message| message.kind).collect::<Vec<_>>();
        assert_eq!(kinds(inbox(owner).await), [MessageKind::Correction, MessageKind::Change]);
        assert_eq!(kinds(inbox(minor).await), [MessageKind::Change], "who asked for minor changes was told rightly");
        assert_eq!(atlas.compose_digests(NOW + DAY).await.unwrap(), 0, "the digest is empty now");
        assert_eq!(kinds(inbox(weekly).await), []);
        assert_eq!(atlas.message_tally().await.unwrap().iter().map(|tally| tally.messages).sum::<i64>(), 3);
    }
}
