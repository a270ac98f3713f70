//! Questions: rarity, other platforms, provisions of an earlier version, search. The answers are the same on every engine.
mod common;

use atlas::ids::{DocumentId, ProvisionId};
use atlas::records::{EventKind, Materiality};
use atlas::{Atlas, ChangeFilter, InstanceFilter, Location, SearchQuery};
use common::{ARBITRATION, DAY, START, TERMINATION, batch, document, stages, text};
use provisions::Severity;

/// Three platforms with terms, two of which arbitrate; one has a privacy policy only.
async fn world(atlas: &Atlas) -> Vec<DocumentId> {
    let mut ids = Vec::new();
    for (slug, arbitrates) in [("plum", true), ("quince", true), ("rowan", false)] {
        let id = document(atlas, slug, "Terms of Service").await;
        let mut making = batch(id, 0).version(0, &text(5));
        if arbitrates {
            making = making.provision(2, "arbitration", ARBITRATION, Severity::High);
        }
        making = making.provision(3, "terminate-at-will", TERMINATION, Severity::Critical);
        atlas.record(making.batch).await.unwrap();
        ids.push(id);
    }
    let privacy = document(atlas, "sloe", "Privacy Policy").await;
    atlas.record(batch(privacy, 0).version(0, "We keep your récipes for thirty days.\n").batch).await.unwrap();
    ids.push(privacy);
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn rarity_counts_what_the_list_shows() {
    for stage in stages().await {
        let atlas = stage.open().await;
        world(&atlas).await;
        let rarity = atlas.rarity("arbitration").await.unwrap();
        assert_eq!((rarity.platforms, rarity.of_platforms), (2, 3), "a privacy policy does not arbitrate");
        let listed = atlas.provisions_of_type("arbitration", &InstanceFilter::default()).await.unwrap();
        assert_eq!(listed.iter().map(|p| p.platform.as_str()).collect::<Vec<_>>(), ["plum", "quince"]);
        let page = InstanceFilter { offset: 1, limit: 1, ..Default::default() };
        assert_eq!(atlas.provisions_of_type("arbitration", &page).await.unwrap()[0].platform, "quince");
        assert_eq!(atlas.rarity("no-refund").await.unwrap().platforms, 0);

        let elsewhere = atlas.elsewhere(listed[0].id, 9).await.unwrap();
        assert_eq!(elsewhere.len(), 1);
        assert_eq!((elsewhere[0].platform.as_str(), elsewhere[0].clause_type.as_str()), ("quince", "arbitration"));
        let counts = atlas.type_counts().await.unwrap();
        assert_eq!(counts.iter().map(|count| count.provisions).collect::<Vec<_>>(), [2, 3]);
    }
}

/// Takes the arbitration out of plum's terms on a day; the text without it.
async fn remove_arbitration(atlas: &Atlas, plum: DocumentId, day: i64) -> String {
    let shorter = text(5).replace(&format!("{ARBITRATION}\n\n"), "");
    let mut gone = batch(plum, 1).version(day, &shorter).event(2, "arbitration", EventKind::Removed);
    gone.batch.entries[0].version.as_mut().unwrap().lineages = vec![1, 3, 4];
    let start = text(5).find(ARBITRATION).unwrap();
    let range = start..start + ARBITRATION.len();
    let mut state = common::state(2, "arbitration", 1, range, ARBITRATION, Severity::High);
    state.removed_version = Some(2);
    gone.batch.provisions.push(state);
    let start = shorter.find(TERMINATION).unwrap();
    let range = start..start + TERMINATION.len();
    let mut stays = common::state(3, "terminate-at-will", 1, range, TERMINATION, Severity::Critical);
    stays.last_version = 2;
    gone.batch.provisions.push(stays);
    atlas.record(gone.batch).await.unwrap();
    shorter
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_is_remembered_and_the_past_can_be_asked() {
    for stage in stages().await {
        let atlas = stage.open().await;
        let plum = world(&atlas).await[0];
        let shorter = remove_arbitration(&atlas, plum, 9).await;
        let before: Vec<String> =
            atlas.provisions_at(plum, 1).await.unwrap().into_iter().map(|p| p.clause_type).collect();
        assert_eq!(before, ["arbitration", "terminate-at-will"]);
        let now = atlas.provisions_at(plum, 2).await.unwrap();
        assert_eq!(now.len(), 1);
        for (version, words) in [(1, text(5)), (2, shorter.clone())] {
            for provision in atlas.provisions_at(plum, version).await.unwrap() {
                assert_eq!(words[provision.excerpt_range.clone()], provision.excerpt, "version {version}");
            }
        }
        let arbitration = atlas.provision(ProvisionId(1)).await.unwrap().unwrap();
        assert_eq!((arbitration.removed_version, arbitration.last_changed_ms), (Some(2), START + 9 * DAY));
        assert_eq!(atlas.document_provisions(plum, false).await.unwrap().len(), 1);
        assert_eq!(atlas.document_provisions(plum, true).await.unwrap().len(), 2);
        assert_eq!(atlas.rarity("arbitration").await.unwrap().platforms, 1);
        let events = atlas.provision_events(ProvisionId(1)).await.unwrap();
        assert_eq!(events.iter().map(|event| event.0).collect::<Vec<_>>(), [EventKind::Appeared, EventKind::Removed]);
        let filter = ChangeFilter { clause_type: Some("arbitration".into()), ..Default::default() };
        assert_eq!(atlas.changes(&filter).await.unwrap().len(), 1);
        let filter = ChangeFilter { at_least: Some(Materiality::Material), since_ms: Some(START + 10 * DAY), ..filter };
        assert_eq!(atlas.changes(&filter).await.unwrap().len(), 0);
        assert_eq!(atlas.check().await.unwrap(), []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn months_show_what_stood_and_who_took_it_up() {
    for stage in stages().await {
        let atlas = stage.open().await;
        let plum = world(&atlas).await[0];
        remove_arbitration(&atlas, plum, 40).await;
        assert_eq!(atlas.platform_timeline("plum").await.unwrap()[1].material, 0, "it was seen once");
        atlas.verified(plum, START + 40 * DAY).await.unwrap();
        let timeline = atlas.type_timeline("arbitration").await.unwrap();
        let told: Vec<(String, i64, i64)> =
            timeline.months.iter().map(|m| (m.month.to_string(), m.platforms, m.of_platforms)).collect();
        assert_eq!(told, [("2024-01".into(), 2, 3), ("2024-02".into(), 1, 3)]);
        let adopted: Vec<_> =
            timeline.adoptions.iter().map(|a| (a.platform.as_str(), a.since_ms, a.from_start, a.until_ms)).collect();
        assert_eq!(adopted, [("plum", START, true, Some(START + 40 * DAY)), ("quince", START, true, None)]);
        assert_eq!(atlas.type_timeline("no-refund").await.unwrap().adoptions, []);

        let months = atlas.platform_timeline("plum").await.unwrap();
        assert_eq!(months, atlas.document_timeline(plum).await.unwrap());
        let told: Vec<_> = months.iter().map(|m| (m.provisions, m.high_or_critical, m.material, m.minor)).collect();
        assert_eq!(told, [(2, 2, 0, 0), (1, 1, 1, 0)]);
        assert_eq!(atlas.platform_timeline("nobody").await.unwrap(), []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn search_finds_the_same_on_every_engine() {
    let mut answers = Vec::new();
    for stage in stages().await {
        let atlas = stage.open().await;
        world(&atlas).await;
        assert_eq!(atlas.index_pending().await.unwrap(), 4);
        assert_eq!(atlas.index_pending().await.unwrap(), 0, "nothing is left to do");
        let mut found = Vec::new();
        for words in ["dispute", "\"binding arbitration\"", "account -dispute", "recipe", "crown (", "title:\"", ""] {
            found.push(atlas.search(&SearchQuery { words: words.into(), ..Default::default() }).await.unwrap());
        }
        let totals: Vec<usize> = found.iter().map(|page| page.total).collect();
        assert_eq!(totals, [3, 3, 3, 1, 3, 0, 10], "on {}", stage.engine);
        let query = SearchQuery { clause_type: Some("arbitration".into()), ..Default::default() };
        let of_type = atlas.search(&query).await.unwrap();
        assert_eq!(of_type.total, 2);
        assert!(found[1].hits[0].snippet_html.contains("<mark>"));
        found.push(of_type);
        let platform = SearchQuery { platform: Some("rowan".into()), words: "notice".into(), ..Default::default() };
        found.push(atlas.search(&platform).await.unwrap());

        let rowan = found.last().unwrap().hits[0].document;
        atlas.record(batch(rowan, 1).version(3, "Nothing of it is left but a marzipan clause.\n").batch).await.unwrap();
        assert_eq!(atlas.index_pending().await.unwrap(), 1);
        let new = atlas.search(&SearchQuery { words: "marzipan".into(), ..Default::default() }).await.unwrap();
        assert_eq!((new.total, new.hits[0].version), (1, 2));
        found.push(new);
        let total = |words: &str| SearchQuery { words: words.into(), ..Default::default() };
        let before = atlas.search(&total("")).await.unwrap().total;
        atlas.close().await;
        let folder = match &stage.location {
            Location::Sqlite(folder) => folder.join("search"),
            Location::Postgres { index, .. } => index.clone(),
            Location::Memory => unreachable!("no stage is in memory"),
        };
        std::fs::remove_dir_all(folder).unwrap();
        let atlas = stage.open().await;
        assert_eq!(atlas.index_pending().await.unwrap(), 4, "the index is made again from the store");
        assert_eq!(atlas.search(&total("")).await.unwrap().total, before);
        answers.push(found);
    }
    assert!(answers.windows(2).all(|two| two[0] == two[1]), "engines answer alike");
}
