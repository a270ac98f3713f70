//! Documents analysed again: the same reader changes nothing, another one changes what it reads otherwise and says so.
mod common;

use atlas::ids::{DocumentId, ProvisionId};
use atlas::records::{Batch, EventKind, Materiality, NewCapture, ProvisionEvent, Revised, Revision, RevisionKind};
use atlas::review::{Judged, Proposed, Ruling};
use atlas::watching::PersonId;
use atlas::{Atlas, AtlasError, Held, Location, Work};
use common::{ARBITRATION, DAY, START, in_memory, open, plum, terms};
use provisions::{Reader, Severity};
use tracker::history::{EXTRACTION, History, Observation};
use tracker::reanalysis::{ReanalysisError, reanalyse};

fn texts() -> Vec<String> {
    let plain = terms("Plum", &(0..12).collect::<Vec<_>>());
    let with = format!("{plain}\n{ARBITRATION}\n");
    let reworded = with.replace("Norland", "Sundmark");
    vec![plain.clone(), with.clone(), "Access denied.\n".into(), reworded, plain, with]
}

fn history(id: DocumentId) -> Batch {
    let mut history = History::resume(Reader::embedded(), id, None);
    for (day, text) in texts().into_iter().enumerate() {
        let (body, at_ms) = (text.clone().into_bytes(), START + day as i64 * DAY);
        let capture = NewCapture { at_ms, url: None, status: 200, headers: vec![], body, origin: None };
        let technical = (day == 4).then(|| EXTRACTION.to_string());
        history.observe(Observation { capture, text, recorded: true, technical });
    }
    history.take_batch(Reader::embedded().version(), START, None)
}

async fn again(atlas: &Atlas, documents: Vec<DocumentId>, write: bool) -> Vec<Revision> {
    let mut revisions = Vec::new();
    let each = |_, outcome: Result<Vec<Revision>, _>| revisions.extend(outcome.unwrap());
    reanalyse(atlas, Reader::embedded(), documents, START + 100 * DAY, write, each).await;
    revisions
}

/// As an earlier reader might have left it: one provision of another type in place of the arbitration clause, another severity, another
/// verdict.
fn as_an_earlier_reader(mut batch: Batch) -> Batch {
    batch.analyser = "an earlier reader".into();
    let arbitration = batch.provisions.iter().position(|state| state.clause_type == "arbitration").unwrap();
    let lineage = batch.provisions[arbitration].lineage;
    batch.provisions[arbitration].clause_type = "language-version".into();
    let of_it = |event: &&mut ProvisionEvent| event.lineage == lineage && event.clause_type == "arbitration";
    batch.events.iter_mut().filter(of_it).for_each(|event| event.clause_type = "language-version".into());
    let other = batch.provisions.iter_mut().find(|state| state.clause_type != "language-version").unwrap();
    other.severity = if other.severity == Severity::Low { Severity::Critical } else { Severity::Low };
    batch.entries[1].change.as_mut().unwrap().materiality = Materiality::Minor;
    batch
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_reader_changes_nothing() {
    let atlas = in_memory().await;
    let id = plum(&atlas).await;
    atlas.record(history(id)).await.unwrap();
    let before = atlas.fingerprint().await.unwrap();
    assert_eq!(atlas.outdated(Reader::embedded().version()).await.unwrap(), []);
    assert_eq!(again(&atlas, vec![id], true).await, []);
    assert_eq!(atlas.fingerprint().await.unwrap(), before);
    assert_eq!(atlas.check().await.unwrap(), []);
}

/// Numbers of lineages depend on every clause before; where the clauses that belong together are the same, so are all records.
async fn other_numbers_of_lineages_change_nothing(atlas: &Atlas) {
    let id = plum(atlas).await;
    let mut batch = history(id);
    // Every lineage of the first half stands for one of the second and the other way round, some provisions of one type among them.
    let most = batch.wordings.iter().map(|wording| wording.lineage).max().unwrap();
    let turned = |lineage: u32| if lineage == 0 { 0 } else { most + 1 - lineage };
    batch.wordings.iter_mut().for_each(|wording| wording.lineage = turned(wording.lineage));
    batch.provisions.iter_mut().for_each(|state| state.lineage = turned(state.lineage));
    batch.events.iter_mut().for_each(|event| event.lineage = turned(event.lineage));
    let versions = batch.entries.iter_mut().filter_map(|entry| entry.version.as_mut());
    versions.for_each(|version| version.lineages.iter_mut().for_each(|lineage| *lineage = turned(*lineage)));
    atlas.record(batch).await.unwrap();
    assert!(atlas.document_provisions(id, true).await.unwrap().len() > 1);
    let before = atlas.fingerprint().await.unwrap();
    assert_eq!(again(atlas, vec![id], true).await, []);
    assert_eq!(atlas.fingerprint().await.unwrap(), before);
    assert_eq!(atlas.check().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_numbers_of_lineages_change_nothing_in_sqlite() {
    other_numbers_of_lineages_change_nothing(&in_memory().await).await;
}

/// What an earlier reader took for two clauses that followed each other is one for this reader: the provision keeps its ID, and so do
/// all others.
async fn lineages_that_are_joined_cost_no_record_its_id(atlas: &Atlas) {
    let id = plum(atlas).await;
    let mut batch = history(id);
    // From version 4 on, the clause about arbitration was another lineage for the earlier reader.
    let arbitration = batch.provisions.iter().position(|state| state.clause_type == "arbitration").unwrap();
    let old = batch.provisions[arbitration].lineage;
    let new = batch.wordings.iter().map(|wording| wording.lineage).max().unwrap() + 1;
    for wording in batch.wordings.iter_mut().filter(|wording| wording.lineage == old && wording.from_version >= 4) {
        wording.lineage = new;
    }
    for version in batch.entries.iter_mut().filter_map(|entry| entry.version.as_mut()).filter(|v| v.number >= 4) {
        version.lineages.iter_mut().filter(|lineage| **lineage == old).for_each(|lineage| *lineage = new);
    }
    let state = &mut batch.provisions[arbitration];
    let kept: Vec<String> = vec![state.excerpt.clone()];
    (state.lineage, state.first_version) = (new, 4);
    batch.events.retain(|event| event.lineage != old || event.version >= 4);
    for event in batch.events.iter_mut().filter(|event| event.lineage == old) {
        event.lineage = new;
        if event.version == 4 {
            event.kind = EventKind::Appeared;
        }
    }
    atlas.record(batch).await.unwrap();
    let ids = |provisions: Vec<atlas::records::Provision>| {
        let mut ids: Vec<_> = provisions.into_iter().map(|p| (p.clause_type, p.excerpt, p.id)).collect();
        ids.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
        ids
    };
    let before = ids(atlas.document_provisions(id, true).await.unwrap());
    assert!(before.iter().any(|(_, excerpt, _)| kept.contains(excerpt)));
    let revisions = again(atlas, vec![id], true).await;
    assert!(revisions.iter().all(|revision| revision.kind == RevisionKind::Judged), "{revisions:?}");
    assert_eq!(ids(atlas.document_provisions(id, true).await.unwrap()), before);
    let clean = in_memory().await;
    assert_eq!(plum(&clean).await, id);
    clean.record(history(id)).await.unwrap();
    assert_eq!(told(atlas, id).await, told(&clean, id).await);
    assert_eq!(atlas.check().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn lineages_that_are_joined_cost_no_record_its_id_in_sqlite() {
    lineages_that_are_joined_cost_no_record_its_id(&in_memory().await).await;
}

/// Who read a document's history before it was analysed anew would mix two analyses.
async fn a_history_read_before_is_refused(atlas: &Atlas) {
    let id = plum(atlas).await;
    atlas.record(as_an_earlier_reader(history(id))).await.unwrap();
    let mut before = History::resume(Reader::embedded(), id, atlas.history(id).await.unwrap());
    assert_ne!(again(atlas, vec![id], true).await, []);
    let seen = atlas.fingerprint().await.unwrap();
    let observation = || {
        let text = terms("Plum", &[1, 2, 3]);
        let (body, at_ms) = (text.clone().into_bytes(), START + 50 * DAY);
        let capture = NewCapture { at_ms, url: None, status: 200, headers: vec![], body, origin: None };
        Observation { capture, text, recorded: true, technical: None }
    };
    before.observe(observation());
    let refused = atlas.record(before.take_batch(Reader::embedded().version(), START, None)).await.unwrap_err();
    assert!(matches!(refused, AtlasError::Revised { document } if document == id), "{refused}");
    assert!(refused.to_string().contains("read its history again"), "{refused}");
    assert_eq!(atlas.fingerprint().await.unwrap(), seen);
    let mut after = History::resume(Reader::embedded(), id, atlas.history(id).await.unwrap());
    after.observe(observation());
    atlas.record(after.take_batch(Reader::embedded().version(), START, None)).await.unwrap();
    assert_eq!(atlas.check().await.unwrap(), []);
    assert_eq!(again(atlas, vec![id], true).await, [], "what went on is as if it had been read in one go");
}

/// Captures are recorded while their document is analysed anew over and over: whoever comes second begins again, and nothing is mixed.
async fn side_by_side_nothing_is_mixed(atlas: &Atlas) {
    let id = plum(atlas).await;
    let mut batches = 0;
    let write = async {
        for (day, text) in texts().into_iter().cycle().take(24).enumerate() {
            loop {
                let mut history = History::resume(Reader::embedded(), id, atlas.history(id).await.unwrap());
                let (body, at_ms) = (text.clone().into_bytes(), START + day as i64 * DAY);
                let capture = NewCapture { at_ms, url: None, status: 200, headers: vec![], body, origin: None };
                history.observe(Observation { capture, text: text.clone(), recorded: true, technical: None });
                tokio::task::yield_now().await;
                match atlas.record(history.take_batch(Reader::embedded().version(), START, None)).await {
                    Err(AtlasError::Stale { .. } | AtlasError::Revised { .. }) => {}
                    outcome => break drop(outcome.unwrap()),
                }
            }
            batches += 1;
        }
    };
    let reread = async {
        for _ in 0..12 {
            let each = |_, outcome: Result<_, ReanalysisError>| match outcome {
                Ok(revisions) => assert_eq!(revisions, []),
                Err(ReanalysisError::Atlas(AtlasError::Stale { .. })) => {}
                Err(error) => panic!("{error}"),
            };
            reanalyse(atlas, Reader::embedded(), vec![id], START, true, each).await;
        }
    };
    tokio::join!(write, reread);
    assert_eq!(batches, 24);
    assert_eq!(again(atlas, vec![id], true).await, []);
    assert_eq!(atlas.check().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_mixed_in_sqlite() {
    a_history_read_before_is_refused(&in_memory().await).await;
    side_by_side_nothing_is_mixed(&in_memory().await).await;
}

/// Reading again waits for no import and spoils none.
async fn work_on_the_whole_store_is_held(first: &Atlas, second: &Atlas) {
    let import = first.hold(Work::Import).await.unwrap();
    let other = second.hold(Work::Import).await.unwrap();
    let busy = second.hold(Work::Reanalysis).await.unwrap_err();
    assert!(busy.to_string().contains("wait until it has ended"), "{busy}");
    drop(import);
    drop(other);
    let reanalysis = held(second, Work::Reanalysis).await;
    assert!(first.hold(Work::Reanalysis).await.is_err());
    let busy = first.hold(Work::Import).await.unwrap_err();
    assert!(busy.to_string().contains("reading the store again"), "{busy}");
    drop(reanalysis);
    drop(held(first, Work::Import).await);
}

/// Takes what was let go of a moment ago: a server notices later that a session has ended.
async fn held(atlas: &Atlas, work: Work) -> Held {
    for _ in 0..100 {
        match atlas.hold(work).await {
            Err(AtlasError::Busy { .. }) => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
            outcome => return outcome.unwrap(),
        }
    }
    panic!("it is not let go of")
}

#[tokio::test(flavor = "multi_thread")]
async fn work_on_the_whole_store_is_held_in_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    work_on_the_whole_store_is_held(&open(folder.path()).await, &open(folder.path()).await).await;
}

async fn another_reader_says_what_it_reads_otherwise(atlas: &Atlas) {
    let id = plum(atlas).await;
    let clean = in_memory().await;
    assert_eq!(plum(&clean).await, id);
    clean.record(history(id)).await.unwrap();
    atlas.record(as_an_earlier_reader(history(id))).await.unwrap();
    let wrong = atlas.fingerprint().await.unwrap();
    let outdated = atlas.outdated(Reader::embedded().version()).await.unwrap();
    assert_eq!(outdated, [id]);

    let foretold = again(atlas, outdated.clone(), false).await;
    assert_eq!(atlas.fingerprint().await.unwrap(), wrong, "a dry run writes nothing");
    let revisions = again(atlas, outdated, true).await;
    assert_eq!(revisions, foretold);
    let of = |wanted: RevisionKind| revisions.iter().filter(move |revision| revision.kind == wanted);
    let Revised::Provision { id: gone, clause_type, .. } = &of(RevisionKind::Withdrawn).next().unwrap().record else {
        panic!("{revisions:?}")
    };
    assert_eq!((clause_type.as_str(), of(RevisionKind::Withdrawn).count()), ("language-version", 1));
    let found: Vec<&str> = of(RevisionKind::Found).map(type_of).collect();
    assert_eq!(found, ["arbitration"]);
    let differences: Vec<&str> =
        of(RevisionKind::Judged).flat_map(|revision| &revision.differences).map(|d| d.field.as_str()).collect();
    assert_eq!(differences, ["severity", "verdict"]);

    let change = atlas.change_between(id, 2).await.unwrap().unwrap();
    let told: Vec<String> = atlas.change_revisions(id, change.id).await.unwrap().iter().map(Revision::told).collect();
    assert_eq!(told, ["verdict material, was minor"]);
    assert_eq!(atlas.check().await.unwrap(), []);
    assert_eq!(again(atlas, vec![id], true).await, [], "a second run has nothing to say");
    assert_eq!(atlas.outdated(Reader::embedded().version()).await.unwrap(), []);
    assert_eq!(atlas.provision(*gone).await.unwrap(), None);
    assert_eq!(atlas.provision_revisions(*gone).await.unwrap().last().unwrap().kind, RevisionKind::Withdrawn);
    same_records(atlas, &clean, id, *gone).await;
}

fn type_of(revision: &Revision) -> &str {
    match &revision.record {
        Revised::Provision { clause_type, .. } => clause_type,
        Revised::Change { .. } => "",
    }
}

/// Both stores say the same of the document, IDs aside, and `gone` was given to nobody.
async fn same_records(atlas: &Atlas, clean: &Atlas, id: DocumentId, gone: ProvisionId) {
    assert!(atlas.document_provisions(id, true).await.unwrap().iter().all(|provision| provision.id != gone));
    assert_eq!(told(atlas, id).await, told(clean, id).await);
}

/// What a store says of a document's provisions and changes.
async fn told(atlas: &Atlas, id: DocumentId) -> Vec<String> {
    let mut told = Vec::new();
    for mut provision in atlas.document_provisions(id, true).await.unwrap() {
        let events = atlas.provision_events(provision.id).await.unwrap();
        (provision.id, provision.analysed_ms) = (ProvisionId(0), 0);
        told.push(format!("{provision:?} {events:?}"));
    }
    told.sort();
    for change in atlas.changes(&atlas::ChangeFilter::default()).await.unwrap() {
        told.push(format!("{:?}", change.change));
    }
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn another_reader_says_what_it_reads_otherwise_in_sqlite() {
    another_reader_says_what_it_reads_otherwise(&in_memory().await).await;
}

/// A store in a schema of its own; says so if there is no server.
async fn in_postgresql() -> Option<(common::schema::Schema, tempfile::TempDir, Atlas)> {
    let Ok(server) = std::env::var("CLAUSEWATCH_TEST_POSTGRES") else {
        eprintln!("CLAUSEWATCH_TEST_POSTGRES is not set: skipped");
        return None;
    };
    let (database, index) = (common::schema::Schema::new(&server).await, tempfile::tempdir().unwrap());
    let location = Location::Postgres { url: database.url.clone(), index: index.path().into() };
    let atlas = common::open_at(&location).await;
    Some((database, index, atlas))
}

#[tokio::test(flavor = "multi_thread")]
async fn another_reader_says_what_it_reads_otherwise_in_postgresql() {
    let Some((_database, _index, atlas)) = in_postgresql().await else { return };
    another_reader_says_what_it_reads_otherwise(&atlas).await;
    atlas.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lineages_keep_their_numbers_in_postgresql() {
    let Some((_database, _index, atlas)) = in_postgresql().await else { return };
    other_numbers_of_lineages_change_nothing(&atlas).await;
    atlas.close().await;
    let Some((_database, _index, atlas)) = in_postgresql().await else { return };
    lineages_that_are_joined_cost_no_record_its_id(&atlas).await;
    atlas.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_mixed_in_postgresql() {
    let Some((_database, _index, atlas)) = in_postgresql().await else { return };
    a_history_read_before_is_refused(&atlas).await;
    atlas.close().await;
    let Some((_database, _index, atlas)) = in_postgresql().await else { return };
    side_by_side_nothing_is_mixed(&atlas).await;
    atlas.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn work_on_the_whole_store_is_held_in_postgresql() {
    let Some((database, index, first)) = in_postgresql().await else { return };
    let location = Location::Postgres { url: database.url.clone(), index: index.path().join("other") };
    let second = common::open_at(&location).await;
    work_on_the_whole_store_is_held(&first, &second).await;
    first.close().await;
    second.close().await;
}

/// What an editor confirmed outlasts a reader that does not find it, and is proposed for a second look; what an editor corrected to what
/// the later reader finds is settled.
async fn judgements_outlast_the_reader(atlas: &Atlas) {
    let id = plum(atlas).await;
    atlas.record(as_an_earlier_reader(history(id))).await.unwrap();
    let of_type = async |kind: &str| {
        let all = atlas.document_provisions(id, true).await.unwrap();
        all.into_iter().find(|provision| provision.clause_type == kind)
    };
    let kept = of_type("language-version").await.unwrap();
    let events = atlas.provision_events(kept.id).await.unwrap();
    let (record, change) = (Judged::Provision(kept.id), atlas.change_between(id, 2).await.unwrap().unwrap());
    let person = PersonId::OWNER;
    atlas.judge(record, &Ruling::Confirmed, "", person, START).await.unwrap();
    let verdict = Ruling::Verdict { materiality: Materiality::Cosmetic, headline: None };
    atlas.judge(Judged::Change(change.id), &verdict, "a test", person, START).await.unwrap();

    let revisions = again(atlas, vec![id], true).await;
    assert!(revisions.iter().all(|revision| revision.kind != RevisionKind::Withdrawn), "{revisions:?}");
    let now = of_type("language-version").await.unwrap();
    assert_eq!((now.id, now.severity, now.score), (kept.id, kept.severity, 0.0));
    assert_eq!(atlas.provision_events(kept.id).await.unwrap(), events);
    assert!(of_type("arbitration").await.is_some(), "and the later reader says what it finds");
    let change = atlas.change(change.id).await.unwrap().unwrap();
    assert_eq!(change.change.materiality, Materiality::Cosmetic, "an editor's verdict stands");
    assert_eq!(change.as_read().materiality, Materiality::Material, "the reader's is the later one");
    let queue = atlas.review_queue(9).await.unwrap();
    let again_first: Vec<Judged> =
        queue.iter().filter(|p| p.why == Proposed::SecondLook).map(|proposal| proposal.record).collect();
    assert_eq!(again_first, [record, Judged::Change(change.id)]);
    assert_eq!(atlas.check().await.unwrap(), []);
    assert_eq!(again(atlas, vec![id], true).await, [], "a second run has nothing to say");

    let corrected = Ruling::Corrected { clause_type: None, severity: Severity::Low };
    atlas.judge(record, &corrected, "it is no such thing", person, START).await.unwrap();
    let revisions = again(atlas, vec![id], true).await;
    assert_eq!(revisions.len(), 1, "{revisions:?}");
    assert_eq!(revisions[0].kind, RevisionKind::Withdrawn, "both agree that it is none");
    assert_eq!(atlas.judgements(record).await.unwrap().len(), 2, "what was said of it stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn judgements_outlast_the_reader_on_both() {
    judgements_outlast_the_reader(&in_memory().await).await;
    let Some((_database, _index, atlas)) = in_postgresql().await else { return };
    judgements_outlast_the_reader(&atlas).await;
    atlas.close().await;
}
