//! Documents analysed again: the same reader changes nothing, another one changes what it reads otherwise and says so.
mod common;

use atlas::Atlas;
use atlas::ids::{DocumentId, ProvisionId};
use atlas::records::{Batch, Materiality, NewCapture, ProvisionEvent, Revised, Revision, RevisionKind};
use common::{ARBITRATION, DAY, START, in_memory, plum, terms};
use provisions::{Reader, Severity};
use tracker::history::{EXTRACTION, History, Observation};
use tracker::reanalysis::reanalyse;

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
    atlas.record(&history(id)).await.unwrap();
    let before = atlas.fingerprint().await.unwrap();
    assert_eq!(atlas.outdated(Reader::embedded().version()).await.unwrap(), []);
    assert_eq!(again(&atlas, vec![id], true).await, []);
    assert_eq!(atlas.fingerprint().await.unwrap(), before);
    assert_eq!(atlas.check().await.unwrap(), []);
}

/// Clauses may be aligned in another way by a later release: what says the same at the same place keeps its ID.
#[tokio::test(flavor = "multi_thread")]
async fn other_lineages_cost_no_record_its_id() {
    let (atlas, clean) = (in_memory().await, in_memory().await);
    let id = plum(&atlas).await;
    assert_eq!(plum(&clean).await, id);
    clean.record(&history(id)).await.unwrap();
    let mut batch = history(id);
    // Every lineage of the first half stands for one of the second and the other way round.
    let most = batch.wordings.iter().map(|wording| wording.lineage).max().unwrap();
    let turned = |lineage: u32| if lineage == 0 { 0 } else { most + 1 - lineage };
    batch.wordings.iter_mut().for_each(|wording| wording.lineage = turned(wording.lineage));
    batch.provisions.iter_mut().for_each(|state| state.lineage = turned(state.lineage));
    batch.events.iter_mut().for_each(|event| event.lineage = turned(event.lineage));
    let versions = batch.entries.iter_mut().filter_map(|entry| entry.version.as_mut());
    versions.for_each(|version| version.lineages.iter_mut().for_each(|lineage| *lineage = turned(*lineage)));
    atlas.record(&batch).await.unwrap();
    let ids = |provisions: Vec<atlas::records::Provision>| {
        let mut ids: Vec<_> = provisions.into_iter().map(|p| (p.clause_type, p.excerpt, p.id)).collect();
        ids.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
        ids
    };
    let before = ids(atlas.document_provisions(id, true).await.unwrap());
    assert!(before.len() > 1);
    assert_eq!(again(&atlas, vec![id], true).await, []);
    assert_eq!(ids(atlas.document_provisions(id, true).await.unwrap()), before);
    assert_eq!(told(&atlas, id).await, told(&clean, id).await);
    assert_eq!(atlas.check().await.unwrap(), []);
}

async fn another_reader_says_what_it_reads_otherwise(atlas: &Atlas) {
    let id = plum(atlas).await;
    let clean = in_memory().await;
    assert_eq!(plum(&clean).await, id);
    clean.record(&history(id)).await.unwrap();
    atlas.record(&as_an_earlier_reader(history(id))).await.unwrap();
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

#[tokio::test(flavor = "multi_thread")]
async fn another_reader_says_what_it_reads_otherwise_in_postgresql() {
    let Ok(server) = std::env::var("CLAUSEWATCH_TEST_POSTGRES") else {
        eprintln!("CLAUSEWATCH_TEST_POSTGRES is not set: skipped");
        return;
    };
    let database = common::schema::Schema::new(&server).await;
    let index = tempfile::tempdir().unwrap();
    let location = atlas::Location::Postgres { url: database.url.clone(), index: index.path().into() };
    let atlas = common::open_at(&location).await;
    another_reader_says_what_it_reads_otherwise(&atlas).await;
    atlas.close().await;
}
