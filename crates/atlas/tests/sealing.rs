//! Secrets in the store: sealed under a key outside of it, bound to their rows, sealed at the next start where they were not, and sealed anew
//! when the key is changed. On every engine.
mod common;

use atlas::accounts::NewAccount;
use atlas::watching::{Channel, ChannelKind, ChannelState, NewChannel, NewWatch, PersonId, Subject, Template};
use atlas::{Atlas, AtlasError, Forgotten, KeyPlace, Location, LogConfig};
use common::{START, Stage, stages};
use futures_util::future::join_all;
use hmac::{Hmac, KeyInit, Mac};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};

const OWNER: PersonId = PersonId::OWNER;
const HOOK: &str = "https://hooks.example/services/T0123/B4567/wholly-secret-path";
/// The key that the stages open their stores with.
const KEY: [u8; 32] = [5; 32];

fn webhook(address: &str, secret: u8) -> NewChannel {
    let (kind, template) = (ChannelKind::Webhook, Template::Slack);
    NewChannel { kind, address: address.into(), template, confirmed: true, secret: [secret; 32] }
}

/// Everything secret that a store can hold; the person with the second factor.
async fn fill(atlas: &Atlas) -> PersonId {
    atlas.add_channel(OWNER, &webhook(HOOK, 0xa1), START).await.unwrap();
    let feed = NewChannel { kind: ChannelKind::Feed, address: String::new(), ..webhook("", 0xa2) };
    atlas.add_channel(OWNER, &feed, START).await.unwrap();
    atlas.share_watchlist(OWNER, Some([0xa3; 32])).await.unwrap();
    let (address, key) = ("ada@example.org".to_string(), "ada@example.org".to_string());
    let new = NewAccount { address, key, password: None, secret: [0xa4; 32] };
    let person = atlas.add_account(&new, START).await.unwrap().unwrap().person;
    atlas.put_factor(person, &[0xa5; 20]).await.unwrap();
    person
}

async fn check(atlas: &Atlas, person: PersonId) {
    let webhook = &of_kind(atlas, ChannelKind::Webhook).await;
    assert_eq!((webhook.address.as_str(), webhook.secret.as_slice()), (HOOK, &[0xa1; 32][..]));
    let feed = of_kind(atlas, ChannelKind::Feed).await;
    assert_eq!(atlas.feed_by_token(&feed.feed_token().unwrap()).await.unwrap(), Some(feed));
    let shared = atlas.person(OWNER).await.unwrap().unwrap().shared.unwrap();
    assert!(shared.ends_with(&"a3".repeat(32)), "{shared}");
    assert!(atlas.shared_watchlist(&shared).await.unwrap().is_some());
    assert_eq!(atlas.factor(person).await.unwrap().unwrap().secret, [0xa5; 20]);
}

async fn of_kind(atlas: &Atlas, kind: ChannelKind) -> Channel {
    let channels = atlas.channels(OWNER).await.unwrap();
    channels.into_iter().find(|channel| channel.kind == kind).unwrap()
}

/// Whether bytes stand anywhere in the store, as a person with its files or its tables would find them.
async fn stands(stage: &Stage, bytes: &[u8]) -> bool {
    match &stage.location {
        Location::Sqlite(folder) => ["clausewatch.db", "clausewatch.db-wal"].iter().any(|file| {
            let content = std::fs::read(folder.join(file)).unwrap_or_default();
            content.windows(bytes.len()).any(|window| window == bytes)
        }),
        Location::Postgres { url, .. } => {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            let mut connection = PgConnection::connect(url).await.unwrap();
            let tables = "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()";
            let tables: Vec<String> =
                connection.fetch_all(tables).await.unwrap().iter().map(|row| row.get(0)).collect();
            let mut found = false;
            for table in tables {
                let text = String::from_utf8_lossy(bytes);
                let sql = format!(
                    "SELECT COUNT(*) FROM {table} WHERE position('{text}' IN CAST({table} AS TEXT)) > 0
                        OR position('{hex}' IN CAST({table} AS TEXT)) > 0"
                );
                let sql = AssertSqlSafe(sql.replace(char::REPLACEMENT_CHARACTER, "\u{1}"));
                found |= connection.fetch_one(sql).await.unwrap().get::<i64, _>(0) > 0;
            }
            found
        }
        Location::Memory => unreachable!("no stage is in memory"),
    }
}

/// Fails if anything that [`fill`] puts into the store can be read in it.
async fn nothing_stands(stage: &Stage) {
    assert!(stands(stage, b"ada@example.org").await, "{}: what is looked at is the store", stage.engine);
    for secret in
        [&[0xa1; 32][..], &[0xa2; 32], &[0xa3; 32], &[0xa4; 32], &[0xa5; 20], b"wholly-secret", b"PRIVATE+KEY"]
    {
        assert!(!stands(stage, secret).await, "{}: {secret:x?} stands in the store", stage.engine);
    }
}

#[tokio::test]
async fn no_secret_stands_in_the_store() {
    for stage in stages().await {
        let atlas = stage.open().await;
        let person = fill(&atlas).await;
        check(&atlas, person).await;
        atlas.close().await;
        nothing_stands(&stage).await;
        check(&stage.open().await, person).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_begin_together_agree_on_one_key() {
    for stage in stages().await {
        // What is left is a store that was never opened with a key, so that nobody waits for its schema.
        stage.open().await.close().await;
        stage.sql("DELETE FROM settings WHERE key <> 'schema'").await;
        stage.sql("DELETE FROM log_head").await;
        let folder = tempfile::tempdir().unwrap();
        let places: Vec<KeyPlace> = (1..=8).map(|byte| KeyPlace::in_folder(folder.path(), [byte; 32])).collect();
        let opened = join_all(places.iter().map(|place| stage.open_with(place))).await;
        let keys: Vec<[u8; 32]> = opened.into_iter().map(|atlas| atlas.unwrap().key_of_links()).collect();
        assert!(keys.iter().all(|key| *key == keys[0]), "on {}", stage.engine);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "on {}: the file alone is left", stage.engine);
        assert_eq!(stage.open_with(&places[0]).await.unwrap().key_of_links(), keys[0], "on {}", stage.engine);
    }
}

#[tokio::test]
async fn a_secret_that_was_moved_is_refused() {
    for stage in stages().await {
        let atlas = stage.open().await;
        let person = fill(&atlas).await;
        let other = atlas.add_channel(person, &webhook("https://other.example/hook", 0xb1), START).await.unwrap();
        let ours = of_kind(&atlas, ChannelKind::Webhook).await;
        for column in ["secret", "sealed_address"] {
            let taken = format!("(SELECT {column} FROM channels WHERE id = {})", ours.id);
            stage.sql("CREATE TABLE kept AS SELECT * FROM channels").await;
            stage.sql(&format!("UPDATE channels SET {column} = {taken} WHERE id = {}", other.id)).await;
            let error = atlas.channel(person, other.id).await.unwrap_err();
            let text = error.to_string();
            assert!(matches!(error, AtlasError::Sealed { .. }), "{}: {text}", stage.engine);
            assert!(text.contains(&format!("channel {}", other.id)) && !text.contains("secret-path"), "{text}");
            let back = format!("(SELECT {column} FROM kept WHERE id = {})", other.id);
            stage.sql(&format!("UPDATE channels SET {column} = {back} WHERE id = {}", other.id)).await;
            stage.sql("DROP TABLE kept").await;
            assert!(atlas.channel(person, other.id).await.unwrap().is_some());
        }
        let share = "UPDATE persons SET share = (SELECT share FROM persons WHERE id = 1) WHERE id <> 1";
        assert_eq!(stage.sql(share).await, 1);
        assert!(matches!(atlas.person(person).await, Err(AtlasError::Sealed { .. })));
    }
}

#[tokio::test]
async fn a_wrong_or_missing_key_changes_nothing() {
    for stage in stages().await {
        let atlas = stage.open().await;
        let person = fill(&atlas).await;
        atlas.close().await;
        let folder = tempfile::tempdir().unwrap();
        let missing = stage.open_with(&KeyPlace::in_folder(folder.path(), [6; 32])).await.unwrap_err();
        assert!(matches!(missing, AtlasError::KeyMissing { .. }), "{}: {missing}", stage.engine);
        let text = missing.to_string();
        assert!(text.contains(&folder.path().join("accounts.key").display().to_string()), "{text}");
        assert!(text.contains("put it there") && text.contains("CLAUSEWATCH_ACCOUNTS_KEY"), "{text}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "no key is made");
        std::fs::write(folder.path().join("accounts.key"), "06".repeat(32)).unwrap();
        let wrong = stage.open_with(&KeyPlace::in_folder(folder.path(), [9; 32])).await.unwrap_err();
        assert!(matches!(wrong, AtlasError::WrongKey { .. }), "{}: {wrong}", stage.engine);
        assert!(wrong.to_string().contains("accounts.key"), "{wrong}");
        std::fs::write(folder.path().join("accounts.key"), "05".repeat(31)).unwrap();
        let unusable = stage.open_with(&KeyPlace::in_folder(folder.path(), [9; 32])).await.unwrap_err();
        assert!(matches!(unusable, AtlasError::KeyUnusable { .. }), "{}: {unusable}", stage.engine);
        std::fs::write(folder.path().join("accounts.key"), "05".repeat(32)).unwrap();
        let atlas = stage.open_with(&KeyPlace::in_folder(folder.path(), [9; 32])).await.unwrap();
        check(&atlas, person).await;
    }
}

/// A second factor as it was sealed before all secrets were.
fn early_factor(person: PersonId) -> Vec<u8> {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&KEY).unwrap();
    mac.update(b"second factors");
    let key = LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, &mac.finalize().into_bytes()).unwrap());
    let mut sealed = vec![0xa5; 20];
    let aad = Aad::from(person.0.to_be_bytes());
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key([3; 12]), aad, &mut sealed).unwrap();
    [&[3; 12][..], &sealed].concat()
}

/// Takes a filled store back to what it was before secrets were sealed, with a removed webhook and a thousand more.
async fn unseal(stage: &Stage, person: PersonId) {
    let bytes = |bytes: &[u8]| stage.bytes(bytes);
    let log = archive::log::SigningKey::from_seed("example.org/test", [7; 32]).unwrap().to_secret_text();
    for statement in [
        "DELETE FROM settings WHERE key IN ('key_check', 'sealed_with')".to_string(),
        format!("UPDATE settings SET value = '{log}' WHERE key = 'log_key'"),
        format!("UPDATE channels SET address = '{HOOK}', sealed_address = NULL, secret = {} WHERE kind = 2", bytes(&[0xa1; 32])),
        format!("UPDATE channels SET secret = {} WHERE kind = 3", bytes(&[0xa2; 32])),
        format!("UPDATE channels SET secret = {} WHERE kind = 1", bytes(&[0xa4; 32])),
        format!("UPDATE persons SET share = {} WHERE id = 1", bytes(&[0xa3; 32])),
        format!("UPDATE second_factors SET secret = {} WHERE person_id = {person}", bytes(&early_factor(person))),
        format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1100)
            INSERT INTO channels (id, person_id, kind, state, address, template, secret, made_ms, hold_ms)
            SELECT 1000 + i, {person}, 2, CASE i WHEN 7 THEN 4 ELSE 1 END, '{HOOK}/' || i, 0, {}, 0, 0 FROM n",
            bytes(&[0xa1; 32])
        ),
        format!("UPDATE channels SET trouble = 'it took no message for three days: {HOOK}: refused' WHERE id = 1008"),
        format!(
            "INSERT INTO messages (id, key, person_id, channel_id, channel_kind, kind, made_ms, state, attempts, due_ms, error)
            VALUES (9000, 'k', {person}, 1008, 2, 3, 0, 2, 1, 0, '{HOOK}: refused')"
        ),
    ] {
        stage.sql(&statement).await;
    }
}

#[tokio::test]
async fn what_was_stored_before_is_sealed_at_the_next_start() {
    for stage in stages().await {
        let atlas = stage.open().await;
        let person = fill(&atlas).await;
        atlas.close().await;
        unseal(&stage, person).await;
        for secret in [&[0xa1; 32][..], b"wholly-secret", b"PRIVATE+KEY"] {
            assert!(stands(&stage, secret).await, "{}: {secret:x?} should stand in the store", stage.engine);
        }
        // Somebody has a second factor, so there is a key, and another one is not it.
        let folder = tempfile::tempdir().unwrap();
        let missing = stage.open_with(&KeyPlace::in_folder(folder.path(), KEY)).await.unwrap_err();
        assert!(matches!(missing, AtlasError::KeyMissing { .. }), "{missing}");
        let wrong = stage.open_with(&KeyPlace::given("the test", [6; 32])).await.unwrap_err();
        assert!(matches!(wrong, AtlasError::WrongKey { .. }), "{wrong}");
        assert!(stands(&stage, b"PRIVATE+KEY").await, "nothing was changed");

        let atlas = stage.open().await;
        check(&atlas, person).await;
        let channels = atlas.channels(person).await.unwrap();
        let hooks = channels.iter().filter(|channel| channel.kind == ChannelKind::Webhook);
        assert_eq!(hooks.clone().count(), 1099, "{}: the removed one is in no list", stage.engine);
        assert!(hooks.clone().all(|channel| channel.address == format!("{HOOK}/{}", channel.id.0 - 1000)));
        let troubled = hooks.clone().find(|channel| channel.id.0 == 1008).unwrap();
        assert_eq!(troubled.trouble.as_deref(), Some("it took no message for three days: hooks.example: refused"));
        let dead = atlas.dead_letters(0, 10).await.unwrap();
        assert_eq!(dead[0].error.as_deref(), Some("hooks.example: refused"));
        // The removed one is found again by its address, and comes back under its number.
        let again = atlas.add_channel(person, &webhook(&format!("{HOOK}/7"), 0xa6), START).await.unwrap();
        assert_eq!((again.id.0, again.address.as_str()), (1007, format!("{HOOK}/7").as_str()));
        atlas.close().await;
        nothing_stands(&stage).await;
    }
}

#[tokio::test]
async fn sealing_goes_on_where_it_was_ended() {
    for stage in stages().await {
        let atlas = stage.open().await;
        let person = fill(&atlas).await;
        atlas.close().await;
        unseal(&stage, person).await;
        stage.open().await.close().await;
        // As if the process had ended before the last of it: the key is known, some rows are sealed, others not.
        stage.sql("DELETE FROM settings WHERE key = 'sealed_with'").await;
        let half = format!("UPDATE channels SET secret = {} WHERE id > 1600", stage.bytes(&[0xa1; 32]));
        assert!(stage.sql(&half).await > 0);
        let atlas = stage.open().await;
        let channels = atlas.channels(person).await.unwrap();
        assert!(channels.iter().all(|channel| channel.kind != ChannelKind::Webhook || channel.secret == [0xa1; 32]));
        atlas.close().await;
        nothing_stands(&stage).await;
    }
}

#[tokio::test]
async fn a_new_key_seals_all_anew() {
    for stage in stages().await {
        let atlas = stage.open().await;
        let person = fill(&atlas).await;
        let ours = of_kind(&atlas, ChannelKind::Webhook).await;
        atlas.close().await;
        let new = [8; 32];
        let both = KeyPlace::Given { name: "the test".into(), keys: vec![new, KEY] };
        let atlas = stage.open_with(&both).await.unwrap();
        check(&atlas, person).await;
        atlas.close().await;
        let atlas = stage.open_with(&KeyPlace::given("the test", new)).await.unwrap();
        check(&atlas, person).await;
        let again = atlas.add_channel(OWNER, &webhook(HOOK, 0xb2), START).await.unwrap();
        assert_eq!(again, ours, "{}: an address is found under the new key", stage.engine);
        atlas.close().await;
        let old = stage.try_open().await.unwrap_err();
        assert!(matches!(old, AtlasError::WrongKey { .. }), "{}: {old}", stage.engine);
        check(&stage.open_with(&KeyPlace::given("the test", new)).await.unwrap(), person).await;
    }
}

#[tokio::test]
async fn a_store_whose_key_is_lost_is_usable_again_without_what_was_sealed() {
    for stage in stages().await {
        let (engine, new) = (stage.engine, KeyPlace::given("the test", [8; 32]));
        let log = LogConfig { origin: "example.org/test".into(), fresh_seed: [9; 32] };
        let forget = async |key: &KeyPlace| Atlas::forget_secrets(&stage.location, &log, key, &[7; 32], START).await;
        assert_eq!(forget(&new).await.unwrap(), None, "{engine}: nothing is sealed yet");
        let atlas = stage.open().await;
        let person = fill(&atlas).await;
        let watch = NewWatch::on(Subject::Platform("plum".into()));
        atlas.put_watch(person, &watch, START).await.unwrap();
        atlas.confirm_factor(person, &[], START).await.unwrap();
        let (webhook_before, feed_before) =
            (of_kind(&atlas, ChannelKind::Webhook).await, of_kind(&atlas, ChannelKind::Feed).await);
        let (log_key, checkpoint) = (atlas.log_key(), atlas.log_checkpoint().await.unwrap());
        atlas.close().await;
        // Whoever has the key loses nothing.
        assert_eq!(forget(&KeyPlace::given("the test", KEY)).await.unwrap(), None, "{engine}");
        let both = KeyPlace::Given { name: "the test".into(), keys: vec![[8; 32], KEY] };
        assert_eq!(forget(&both).await.unwrap(), None, "{engine}: a key that is being changed is not lost");
        check(&stage.open().await, person).await;

        let forgotten = forget(&new).await.unwrap().unwrap();
        let expected = Forgotten {
            webhooks: 1,
            feeds: 1,
            mails: 1,
            shares: 1,
            factors: vec![person],
            checkpoint: Some(checkpoint.clone()),
        };
        assert_eq!(forgotten, expected, "{engine}");
        assert_eq!(forget(&new).await.unwrap(), None, "{engine}: once");
        let old = stage.try_open().await.unwrap_err();
        assert!(matches!(old, AtlasError::WrongKey { .. }), "{engine}: {old}");
        let atlas = stage.open_with(&new).await.unwrap();
        let hook = of_kind(&atlas, ChannelKind::Webhook).await;
        assert_eq!((hook.id, hook.state, hook.address.as_str()), (webhook_before.id, ChannelState::Failed, ""));
        assert!(hook.trouble.unwrap().contains("remove it and add it again"));
        assert!(!atlas.pause_channel(OWNER, hook.id, false).await.unwrap(), "nothing can be sent to it");
        let again = atlas.add_channel(OWNER, &webhook(HOOK, 0xb1), START).await.unwrap();
        assert_eq!((again.address.as_str(), again.state), (HOOK, ChannelState::InUse));
        let feed = of_kind(&atlas, ChannelKind::Feed).await;
        assert_eq!(atlas.feed_by_token(&feed_before.feed_token().unwrap()).await.unwrap(), None);
        assert_eq!(atlas.feed_by_token(&feed.feed_token().unwrap()).await.unwrap().unwrap().id, feed_before.id);
        assert!(feed.trouble.unwrap().contains("another address"));
        let mail = atlas.channels(person).await.unwrap().pop().unwrap();
        assert_eq!((mail.state, mail.trouble), (ChannelState::InUse, None), "mail goes on");
        assert!(atlas.factor(person).await.unwrap().is_none());
        assert_eq!(atlas.person(OWNER).await.unwrap().unwrap().shared, None);
        // What is no secret stays, and so does the log, under another key.
        assert_eq!(atlas.watches(person).await.unwrap().len(), 1);
        assert_eq!(atlas.account(person).await.unwrap().unwrap().address, "ada@example.org");
        assert_ne!(atlas.log_key(), log_key);
        let after = atlas.log_checkpoint().await.unwrap();
        assert_ne!(after, checkpoint);
        assert!(after.lines().take(3).eq(checkpoint.lines().take(3)), "the same entries: {after}");
        let events: Vec<String> = atlas.audit(None, 0, 9).await.unwrap().into_iter().map(|entry| entry.event).collect();
        assert_eq!(events, ["secrets-forgotten", "second-factor-ended"]);
        atlas.close().await;
        stage.open_with(&new).await.unwrap();
    }
}

#[tokio::test]
async fn the_file_of_a_lost_key_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (location, log) = (
        Location::Sqlite(folder.path().to_path_buf()),
        LogConfig { origin: "example.org/test".into(), fresh_seed: [7; 32] },
    );
    let place = |fresh: u8| KeyPlace::in_folder(folder.path(), [fresh; 32]);
    Atlas::open(&location, &log, &place(1)).await.unwrap().close().await;
    std::fs::remove_file(folder.path().join("accounts.key")).unwrap();
    let missing = Atlas::open(&location, &log, &place(2)).await.unwrap_err().to_string();
    assert!(missing.contains("forget-secrets"), "the way on is named: {missing}");
    let forgotten = Atlas::forget_secrets(&location, &log, &place(3), &[4; 32], START).await.unwrap().unwrap();
    assert_eq!(Forgotten { checkpoint: None, ..forgotten }, Forgotten::default());
    Atlas::open(&location, &log, &place(5)).await.unwrap();
}

#[tokio::test]
async fn a_removed_webhook_leaves_no_address() {
    for stage in stages().await {
        let atlas = stage.open().await;
        let ours = atlas.add_channel(OWNER, &webhook(HOOK, 0xa1), START).await.unwrap();
        assert!(atlas.remove_channel(OWNER, ours.id, START).await.unwrap());
        let left =
            "SELECT COUNT(*) FROM channels WHERE kind = 2 AND (secret IS NOT NULL OR sealed_address IS NOT NULL)";
        assert_eq!(stage.number(left).await, 0);
        let again = atlas.add_channel(OWNER, &webhook(HOOK, 0xb1), START).await.unwrap();
        assert_eq!((again.id, again.address.as_str(), again.secret.as_slice()), (ours.id, HOOK, &[0xb1; 32][..]));
    }
}
