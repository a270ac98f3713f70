//! Review: what an editor says is shown everywhere at once, what the reader found and what is held as evidence stays, and nothing that was
//! said is lost.
mod common;

use atlas::ids::{ChangeId, DocumentId, ProvisionId};
use atlas::records::Materiality;
use atlas::review::{Judged, Proposed, ReviewError, Ruling};
use atlas::watching::PersonId;
use atlas::{Atlas, ChangeFilter, InstanceFilter, SearchQuery};
use common::{ARBITRATION, DAY, START, TERMINATION, batch, document, stages, text};
use provisions::{Confidence, Severity};

const OWNER: PersonId = PersonId::OWNER;
const FIRST: ProvisionId = ProvisionId(1);
const NOW: i64 = START + 100 * DAY;

/// Two versions; the second one touches a clause on arbitration, and another one is found in the first.
async fn recorded(atlas: &Atlas) -> DocumentId {
    let id = document(atlas, "plum", "Terms of Service").await;
    let first = batch(id, 0).version(0, &text(9)).provision(2, "arbitration", ARBITRATION, Severity::High).provision(
        3,
        "termination-without-notice",
        TERMINATION,
        Severity::Medium,
    );
    atlas.record(first.batch).await.unwrap();
    let second = batch(id, 1).version(10, &text(11)).event(2, "arbitration", atlas::records::EventKind::Reworded);
    atlas.record(second.batch).await.unwrap();
    atlas.index_pending().await.unwrap();
    id
}

async fn judge(atlas: &Atlas, record: Judged, ruling: Ruling) {
    atlas.judge(record, &ruling, "because", OWNER, NOW).await.unwrap();
    atlas.index_pending().await.unwrap();
}

fn corrected(kind: Option<&str>, severity: Severity) -> Ruling {
    Ruling::Corrected { clause_type: kind.map(str::to_string), severity }
}

/// In how many answers of the store the provision is: each list, count and page that could show it.
async fn shown(atlas: &Atlas, id: DocumentId, kind: &str) -> Vec<(&'static str, bool)> {
    let all = InstanceFilter { include_removed: true, ..InstanceFilter::default() };
    let found =
        |provisions: &[atlas::records::Provision]| provisions.iter().any(|provision| provision.clause_type == kind);
    let of_type = ChangeFilter { clause_type: Some(kind.into()), ..ChangeFilter::default() };
    let search = SearchQuery { clause_type: Some(kind.into()), ..SearchQuery::default() };
    let timeline = atlas.type_timeline(kind).await.unwrap();
    let touched = &atlas.changes(&ChangeFilter::default()).await.unwrap()[0].provisions;
    vec![
        ("record", atlas.provision(FIRST).await.unwrap().is_some_and(|provision| provision.clause_type == kind)),
        ("document", found(&atlas.document_provisions(id, true).await.unwrap())),
        ("version", found(&atlas.provisions_at(id, 1).await.unwrap())),
        ("platform", found(&atlas.platform_provisions("plum", 9).await.unwrap())),
        ("type", found(&atlas.provisions_of_type(kind, &all).await.unwrap())),
        ("standing of type", found(&atlas.provisions_of_type(kind, &InstanceFilter::default()).await.unwrap())),
        ("holders", !atlas.holders(kind).await.unwrap().is_empty()),
        ("counts by type", atlas.type_counts().await.unwrap().iter().any(|count| count.clause_type == kind)),
        ("rarity", atlas.rarity(kind).await.unwrap().platforms > 0),
        ("adoption", !timeline.adoptions.is_empty()),
        ("changes of type", !atlas.changes(&of_type).await.unwrap().is_empty()),
        ("touched", touched.iter().any(|touched| touched.clause_type == kind)),
        ("search", atlas.search(&search).await.unwrap().total > 0),
        (
            "evidence",
            atlas.evidence(id, 1, Some(FIRST)).await.is_ok_and(|of| of.record.excerpt.unwrap().clause_type == kind),
        ),
    ]
}

async fn standing(atlas: &Atlas, id: DocumentId) -> (i64, i64, [i64; 4]) {
    let months = atlas.document_timeline(id).await.unwrap();
    let of_platform = atlas.platform_timeline("plum").await.unwrap();
    assert_eq!(months, of_platform);
    let severity = atlas.platform("plum").await.unwrap().unwrap().severity;
    (atlas.counts().await.unwrap().provisions, months.last().unwrap().provisions, severity)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_hidden_is_nowhere_and_comes_back() {
    for stage in stages().await {
        let atlas = stage.open().await;
        let id = recorded(&atlas).await;
        let evidence = (atlas.log_checkpoint().await.unwrap(), atlas.captures(id).await.unwrap());
        let all = |answers: &[(&str, bool)], is: bool| {
            answers.iter().filter(|answer| answer.1 != is).map(|a| a.0).collect::<Vec<_>>().join(", ")
        };
        assert_eq!(all(&shown(&atlas, id, "arbitration").await, true), "", "{}: before", stage.engine);
        assert_eq!(standing(&atlas, id).await, (2, 2, [0, 1, 1, 0]));

        judge(&atlas, Judged::Provision(FIRST), Ruling::Hidden).await;
        assert_eq!(all(&shown(&atlas, id, "arbitration").await, false), "", "{}: it is still shown in", stage.engine);
        assert_eq!(standing(&atlas, id).await, (1, 1, [0, 1, 0, 0]));
        let judgement = atlas.judgement(Judged::Provision(FIRST)).await.unwrap().unwrap();
        assert_eq!((judgement.ruling, judgement.reason.as_str(), judgement.at_ms), (Ruling::Hidden, "because", NOW));
        let hidden = atlas.provision_or_hidden(FIRST).await.unwrap().unwrap();
        assert_eq!(
            (hidden.clause_type.as_str(), hidden.severity, hidden.corrected),
            ("arbitration", Severity::High, None)
        );

        // A new version keeps it hidden, a clean start keeps it, and the reader's own state is as it was.
        let own = atlas.history(id).await.unwrap().unwrap().provisions;
        assert_eq!((own[0].clause_type.as_str(), own[0].severity), ("arbitration", Severity::High));
        let mut third = batch(id, 2).version(20, &text(12)).batch;
        third.provisions = own.clone();
        third.provisions.iter_mut().for_each(|state| state.last_version = 3);
        atlas.record(third).await.unwrap();
        assert_eq!(atlas.provision(FIRST).await.unwrap(), None, "{}: hidden in the next version", stage.engine);
        let atlas = stage.open().await;
        assert_eq!(standing(&atlas, id).await.0, 1);

        judge(&atlas, Judged::Provision(FIRST), Ruling::Withdrawn).await;
        assert_eq!(
            all(&shown(&atlas, id, "arbitration").await, true).replace("touched", ""),
            "",
            "{}: taken back",
            stage.engine
        );
        assert_eq!(atlas.judgement(Judged::Provision(FIRST)).await.unwrap(), None);
        assert_eq!(atlas.judgements(Judged::Provision(FIRST)).await.unwrap().len(), 2, "nothing said is lost");
        assert_eq!(atlas.captures(id).await.unwrap()[..2], evidence.1[..]);
        assert_eq!(atlas.check().await.unwrap(), []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_is_shown_with_what_the_reader_found() {
    for stage in stages().await {
        let atlas = stage.open().await;
        let id = recorded(&atlas).await;
        let of = Judged::Provision(FIRST);
        judge(&atlas, of, corrected(Some("class-action-waiver"), Severity::Critical)).await;
        let at = shown(&atlas, id, "class-action-waiver").await;
        assert!(at.iter().all(|answer| answer.1), "{}: {at:?}", stage.engine);
        assert!(shown(&atlas, id, "arbitration").await.iter().all(|answer| !answer.1));
        let provision = atlas.provision(FIRST).await.unwrap().unwrap();
        let read = provision.corrected.unwrap();
        assert_eq!((read.clause_type.as_str(), read.severity, read.reasons.len()), ("arbitration", Severity::High, 1));
        assert_eq!((provision.severity, provision.reasons.len()), (Severity::Critical, 0));
        assert_eq!(standing(&atlas, id).await, (2, 2, [0, 1, 0, 1]));
        // The change that touched it may name it: an editor looks at it again.
        let queue = atlas.review_queue(9).await.unwrap();
        assert!(
            queue.iter().any(|p| p.why == Proposed::NamesCorrected && p.record == Judged::Change(ChangeId(1))),
            "{queue:?}"
        );

        judge(&atlas, of, corrected(None, Severity::Low)).await;
        assert_eq!(atlas.provision(FIRST).await.unwrap(), None, "the clause states nothing of the kind");
        judge(&atlas, of, Ruling::Confirmed).await;
        let provision = atlas.provision(FIRST).await.unwrap().unwrap();
        assert_eq!((provision.clause_type.as_str(), provision.corrected), ("arbitration", None), "the latest stands");
        let said: Vec<String> = atlas.judgements(of).await.unwrap().iter().map(|judgement| judgement.told()).collect();
        assert!(said[0].contains("severity Critical") && said[1].starts_with("taken out"), "{said:?}");
        assert_eq!(said[2], "confirmed by an editor");
        assert_eq!(atlas.latest_judgements(0, 9).await.unwrap().len(), 3);
        assert_eq!(atlas.check().await.unwrap(), []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_refused_with_the_next_step() {
    for stage in stages().await {
        let atlas = stage.open().await;
        recorded(&atlas).await;
        let of = Judged::Provision(FIRST);
        let verdict = Ruling::Verdict { materiality: Materiality::Minor, headline: None };
        for (record, ruling, reason, expected) in [
            (of, Ruling::Hidden, " ", "say why"),
            (of, verdict.clone(), "x", "on a change"),
            (of, corrected(Some("no-such-type"), Severity::Low), "x", "no clause type"),
            (Judged::Change(ChangeId(1)), Ruling::Hidden, "x", "another is given"),
            (Judged::Provision(ProvisionId(99)), Ruling::Hidden, "x", "there is no provision"),
        ] {
            let refused = atlas.judge(record, &ruling, reason, OWNER, NOW).await.unwrap_err();
            assert!(refused.to_string().contains(expected), "{}: {refused}", stage.engine);
        }
        assert_eq!(atlas.latest_judgements(0, 9).await.unwrap(), [], "nothing of it is kept");

        // A clause has each type once.
        also_a_waiver(&atlas, DocumentId(1)).await;
        let twice = corrected(Some("class-action-waiver"), Severity::Low);
        let refused = atlas.judge(of, &twice, "x", OWNER, NOW).await.unwrap_err();
        assert!(matches!(refused, ReviewError::Unfit(why) if why.contains("CW-P-000003")), "{}", stage.engine);
    }
}

/// Finds another provision, the third, in the clause of the first one.
async fn also_a_waiver(atlas: &Atlas, id: DocumentId) {
    let mut more = batch(id, 2).version(30, &text(11)).batch;
    let mut state = atlas.history(id).await.unwrap().unwrap().provisions[0].clone();
    (state.clause_type, state.last_version, state.first_version) = ("class-action-waiver".into(), 3, 3);
    more.provisions.push(state.clone());
    more.events.push(atlas::records::ProvisionEvent {
        lineage: state.lineage,
        clause_type: state.clause_type.clone(),
        version: 3,
        kind: atlas::records::EventKind::Appeared,
    });
    atlas.record(more).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_of_judgements_does_not_matter() {
    for stage in stages().await {
        let atlas = stage.open().await;
        let id = recorded(&atlas).await;
        also_a_waiver(&atlas, id).await;
        let (first, waiver) = (Judged::Provision(FIRST), Judged::Provision(ProvisionId(3)));
        judge(&atlas, waiver, Ruling::Hidden).await;
        judge(&atlas, first, corrected(Some("class-action-waiver"), Severity::High)).await;
        // What hides the other one is said once more, after the correction.
        judge(&atlas, waiver, Ruling::Hidden).await;
        let shown = async |id| atlas.provision(id).await.unwrap().map(|provision| provision.clause_type);
        assert_eq!(shown(FIRST).await.as_deref(), Some("class-action-waiver"), "{}", stage.engine);
        assert_eq!(shown(ProvisionId(3)).await, None);
        // Two that change places.
        judge(&atlas, waiver, corrected(Some("arbitration"), Severity::Low)).await;
        assert_eq!(shown(FIRST).await.as_deref(), Some("class-action-waiver"), "{}", stage.engine);
        assert_eq!(shown(ProvisionId(3)).await.as_deref(), Some("arbitration"));
        assert_eq!(atlas.check().await.unwrap(), []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verdict_is_counted_and_the_readers_kept() {
    for stage in stages().await {
        let atlas = stage.open().await;
        let id = recorded(&atlas).await;
        atlas.verified(id, START + 11 * DAY).await.unwrap();
        let of = Judged::Change(ChangeId(1));
        let material = ChangeFilter { at_least: Some(Materiality::Material), ..ChangeFilter::default() };
        assert_eq!(atlas.changes_count("plum", 0).await.unwrap(), 1);
        let verdict = Ruling::Verdict { materiality: Materiality::Cosmetic, headline: Some("Only a price".into()) };
        judge(&atlas, of, verdict).await;
        assert_eq!(atlas.changes_count("plum", 0).await.unwrap(), 0, "{}", stage.engine);
        assert_eq!(atlas.changes(&material).await.unwrap(), []);
        let months = atlas.document_timeline(id).await.unwrap();
        assert_eq!(months.iter().map(|month| month.material + month.minor).sum::<i64>(), 0);
        let change = atlas.change(ChangeId(1)).await.unwrap().unwrap();
        assert_eq!((change.change.headline.as_str(), change.change.reason.as_str()), ("Only a price", "because"));
        assert_eq!(
            (change.as_read().materiality, change.as_read().headline.as_str()),
            (Materiality::Material, "Headline 2")
        );
        judge(&atlas, of, Ruling::Withdrawn).await;
        let change = atlas.change(ChangeId(1)).await.unwrap().unwrap();
        assert_eq!((change.change.materiality, change.corrected), (Materiality::Material, None));
        assert_eq!(atlas.changes(&material).await.unwrap().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_proposes_the_unsure_and_second_looks_first() {
    for stage in stages().await {
        let atlas = stage.open().await;
        let id = document(&atlas, "plum", "Terms of Service").await;
        let mut first = batch(id, 0)
            .version(0, &text(9))
            .provision(2, "arbitration", ARBITRATION, Severity::High)
            .provision(3, "termination-without-notice", TERMINATION, Severity::Critical);
        for (state, unsure) in
            first.batch.provisions.iter_mut().zip([(Confidence::Medium, 0.6), (Confidence::Low, 0.4)])
        {
            (state.confidence, state.score) = unsure;
        }
        atlas.record(first.batch).await.unwrap();
        let mut second = batch(id, 1).version(10, &text(11)).batch;
        second.entries[0].capture.origin =
            Some(atlas::records::Origin { kind: "ota".into(), name: "c".into(), id: "1".into(), links: vec![] });
        atlas.record(second).await.unwrap();
        let queue = async || {
            let queue = atlas.review_queue(9).await.unwrap();
            queue.iter().map(|proposal| (proposal.record.to_string(), proposal.why)).collect::<Vec<_>>()
        };
        let (one, two) = ("CW-P-000001".to_string(), "CW-P-000002".to_string());
        let border = ("CW-C-000001".to_string(), Proposed::Border);
        let expected = [(two.clone(), Proposed::Unsure), border.clone(), (one.clone(), Proposed::Unsure)];
        assert_eq!(queue().await, expected, "{}: the more severe first", stage.engine);
        judge(&atlas, Judged::Provision(FIRST), Ruling::Confirmed).await;
        assert_eq!(queue().await, expected[..2], "what is judged is not proposed");

        // Other words, and the judgement stands until somebody has looked again.
        let words = text(12).replace("every dispute", "each dispute");
        let mut third = batch(id, 2).version(20, &words).batch;
        let mut state = atlas.history(id).await.unwrap().unwrap().provisions[0].clone();
        (state.excerpt, state.last_version) = (ARBITRATION.replace("every dispute", "each dispute"), 3);
        let start = words.find(&state.excerpt).unwrap();
        state.excerpt_range = start..start + state.excerpt.len();
        third.provisions.push(state);
        atlas.record(third).await.unwrap();
        assert_eq!(queue().await[0], (one, Proposed::SecondLook));
    }
}
