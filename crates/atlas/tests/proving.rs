//! Proof: bundles that anyone can verify, a log that outlives restarts, and a check that finds damage.
mod common;

use std::collections::HashMap;

use archive::evidence::verify_bundle;
use archive::log::{
    Checkpoint, TilePath, VerifierKey, consistency_needs, consistency_proof, leaf_hash, stored_hash_index,
    verify_consistency, verify_inclusion,
};
use atlas::ids::{DocumentId, ProvisionId};
use atlas::{Atlas, AtlasError};
use common::{ARBITRATION, Stage, TERMINATION, batch, document, stages, text};
use futures_util::future::join_all;
use provisions::Severity;

async fn plum(atlas: &Atlas) -> DocumentId {
    let id = document(atlas, "plum", "Terms of Service").await;
    let first = batch(id, 0)
        .version(0, &text(1))
        .provision(2, "arbitration", ARBITRATION, Severity::High)
        .provision(3, "terminate-at-will", TERMINATION, Severity::Critical)
        .confirmed(2);
    atlas.record(first.batch).await.unwrap();
    atlas.record(batch(id, 1).version(7, &text(2)).version(9, &text(3)).batch).await.unwrap();
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_verifies_and_a_touched_one_does_not() {
    for stage in stages().await {
        let atlas = stage.open().await;
        let id = plum(&atlas).await;
        let evidence = atlas.evidence(id, 1, Some(ProvisionId(1))).await.unwrap();
        let bytes = evidence.bundle().unwrap();
        let report = verify_bundle(&bytes, Some(&atlas.log_key())).unwrap();
        assert!(report.passed() && report.trusted(), "{report}");
        assert_eq!(report.record.excerpt.unwrap().text, ARBITRATION);
        let mut false_text = evidence.clone();
        false_text.text = false_text.text.replace("binding", "friendly");
        assert!(false_text.bundle().is_err(), "a bundle is verified before it is handed out");
        assert!(matches!(atlas.evidence(id, 9, None).await, Err(AtlasError::Missing(_))));
        assert!(matches!(atlas.evidence(id, 1, Some(ProvisionId(99))).await, Err(AtlasError::Missing(_))));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_grows_consistently_over_restarts() {
    for stage in stages().await {
        let atlas = stage.open().await;
        let id = plum(&atlas).await;
        let key: VerifierKey = atlas.log_key().parse().unwrap();
        let old = Checkpoint::open(&atlas.log_checkpoint().await.unwrap(), &key).unwrap();
        drop(atlas);
        let atlas = stage.open().await;
        assert_eq!(atlas.log_key(), key.to_string(), "the key is kept");
        let mut making = batch(id, 3);
        for n in 0..300 {
            making = making.version(20 + n, &text(100 + n as usize));
        }
        atlas.record(making.batch).await.unwrap();
        let new = Checkpoint::open(&atlas.log_checkpoint().await.unwrap(), &key).unwrap();
        assert_eq!((old.size, new.size), (4, 304));

        let mut nodes: HashMap<(u8, u64), [u8; 32]> = HashMap::new();
        for (level, position) in consistency_needs(old.size, new.size).unwrap() {
            let at = stored_hash_index(level, position) as i64;
            nodes.insert((level, position), node(&stage, at).await);
        }
        let proof = consistency_proof(old.size, new.size, |level, at| nodes.get(&(level, at)).copied()).unwrap();
        verify_consistency(&proof, old.size, old.root, new.size, new.root).unwrap();

        for index in [0, 3, 255, 256, 303] {
            let proof = atlas.inclusion_proof(index).await.unwrap().unwrap();
            let leaf = leaf_hash(&atlas.log_entry(index).await.unwrap().unwrap());
            verify_inclusion(&proof.hashes, new.size, index as u64, leaf, new.root).unwrap();
        }
        assert!(atlas.inclusion_proof(304).await.unwrap().is_none());
        tiles(&atlas).await;
    }
}

/// The full tile, the partial one, and the bundles of entries; what is not there is none.
async fn tiles(atlas: &Atlas) {
    let tile = atlas.log_tile("tile/0/000").await.unwrap().unwrap();
    assert_eq!(tile.len(), 256 * 32);
    let entry = atlas.log_entry(255).await.unwrap().unwrap();
    assert_eq!(tile[255 * 32..], leaf_hash(&entry));
    let partial = atlas.log_tile("tile/0/001.p/48").await.unwrap().unwrap();
    assert_eq!(partial.len(), 48 * 32);
    assert!("tile/entries/001.p/48".parse::<TilePath>().is_ok());
    let entries = atlas.log_tile("tile/entries/001.p/48").await.unwrap().unwrap();
    let last = atlas.log_entry(303).await.unwrap().unwrap();
    assert!(entries.ends_with(&last), "an entry bundle holds the entries themselves");
    for path in ["tile/0/002", "tile/0/001", "tile/0/../../etc", "checkpoint"] {
        assert!(atlas.log_tile(path).await.unwrap().is_none(), "{path}");
    }
}

/// A stored node, read from the tiles' table in two halves of numbers would be long; so as text.
async fn node(stage: &Stage, position: i64) -> [u8; 32] {
    let mut hash = [0; 32];
    for (at, byte) in hash.iter_mut().enumerate() {
        let sql = match stage.engine {
            "SQLite" => format!(
                "SELECT instr('0123456789ABCDEF', substr(hex(hash), {}, 1)) * 16 + instr('0123456789ABCDEF', substr(hex(hash), {}, 1)) - 17
                 FROM log_hashes WHERE position = {position}",
                at * 2 + 1,
                at * 2 + 2
            ),
            _ => format!("SELECT get_byte(hash, {at})::bigint FROM log_hashes WHERE position = {position}"),
        };
        *byte = u8::try_from(stage.number(&sql).await).unwrap();
    }
    hash
}

/// Damage, and a word of what the check says about it.
const DAMAGE: &[(&str, &str)] = &[
    ("UPDATE provisions SET range_start = range_start + 1, range_end = range_end + 1 WHERE id = 1", "excerpt"),
    ("UPDATE provisions SET excerpt = 'You and Plum settle nothing by arbitration.' WHERE id = 1", "excerpt"),
    ("UPDATE provisions SET first_seen_ms = last_changed_ms + 1 WHERE id = 1", "order"),
    ("UPDATE provisions SET last_version = 77 WHERE id = 1", "does not exist"),
    ("UPDATE documents SET first_tracked_ms = last_verified_ms + 1", "order"),
    ("UPDATE documents SET versions = versions + 1", "as many versions"),
    ("UPDATE versions SET first_seen_ms = first_seen_ms - 999999999 WHERE number = 3", "last verified"),
    ("UPDATE versions SET last_verified_ms = first_seen_ms - 1 WHERE number = 1", "before it was seen"),
    ("UPDATE changes SET at_ms = at_ms + 1 WHERE id = 1", "another time"),
    ("UPDATE captures SET at_ms = at_ms + 1 WHERE id = 2", "says something else"),
    ("UPDATE captures SET url = 'https://other.example/'", "says something else"),
    ("UPDATE captures SET bytes = bytes + 1 WHERE id = 2", "length"),
    ("DELETE FROM captures WHERE id = 4", "capture"),
    ("DELETE FROM provision_events WHERE seq = 0", "event"),
    ("UPDATE provision_events SET version = 50 WHERE seq = 0", "event"),
    ("UPDATE wordings SET range_end = 100000 WHERE lineage = 1", "outside"),
    ("DELETE FROM wordings WHERE lineage = 2", "wording"),
    ("DELETE FROM blobs WHERE depth = 0", "not stored"),
    ("UPDATE blobs SET bytes = bytes - 1 WHERE depth = 0", "were expected"),
    ("DELETE FROM log_entries WHERE log_index = 2", "missing"),
    ("DELETE FROM versions WHERE number = 2", "versions"),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_check_finds_each_kind_of_damage() {
    for (damage, what) in DAMAGE {
        for stage in stages().await {
            let atlas = stage.open().await;
            plum(&atlas).await;
            assert_eq!(atlas.check().await.unwrap(), []);
            atlas.close().await;
            assert!(stage.sql(damage).await > 0, "{damage} changed nothing");
            let atlas = stage.open().await;
            let problems = atlas.check().await.unwrap();
            let said = problems.iter().any(|problem| problem.to_string().contains(what));
            assert!(said, "{damage} on {}: {problems:?}", stage.engine);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_byte_of_a_blob_or_a_leaf_is_found() {
    for stage in stages().await {
        let atlas = stage.open().await;
        plum(&atlas).await;
        let leaf = atlas.log_entry(1).await.unwrap().unwrap();
        atlas.close().await;
        let mut flipped = leaf.clone();
        flipped[20] ^= 1;
        let put = |bytes: &[u8]| format!("UPDATE log_entries SET entry = {} WHERE log_index = 1", stage.bytes(bytes));
        stage.sql(&put(&flipped)).await;
        let problems = stage.open().await.check().await.unwrap();
        assert!(problems.iter().any(|problem| problem.record == "the log"), "{problems:?}");
        assert!(problems.iter().any(|problem| problem.record == "capture 2"), "{problems:?}");
        stage.sql(&put(&leaf)).await;
        assert_eq!(stage.open().await.check().await.unwrap(), []);

        let junk = archive::blob::compress(b"other bytes", None);
        stage.sql(&format!("UPDATE blobs SET data = {}, bytes = 11 WHERE depth = 0", stage.bytes(&junk))).await;
        let problems = stage.open().await.check().await.unwrap();
        assert!(problems.iter().any(|problem| problem.what.contains("SHA-256")), "{problems:?}");
    }
}

/// So many open a store at the same time.
const TOGETHER: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn those_who_begin_together_make_one_store() {
    for stage in stages().await {
        let opened = join_all((0..TOGETHER).map(|_| stage.try_open())).await;
        let keys: Vec<String> = opened.into_iter().map(|atlas| atlas.unwrap().log_key()).collect();
        assert!(keys.iter().all(|key| *key == keys[0]), "on {}: one log", stage.engine);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_does_not_lead_to_its_checkpoint_is_not_opened() {
    for stage in stages().await {
        let atlas = stage.open().await;
        plum(&atlas).await;
        atlas.close().await;
        stage.sql("DELETE FROM log_hashes WHERE position = (SELECT MAX(position) FROM log_hashes)").await;
        let error = stage.try_open().await.unwrap_err().to_string();
        assert!(error.contains("log"), "{error}");
        stage.sql("UPDATE settings SET value = '99' WHERE key = 'schema'").await;
        let error = stage.try_open().await.unwrap_err();
        assert!(matches!(error, AtlasError::NewerSchema { found: 99, .. }), "{error}");
    }
}
