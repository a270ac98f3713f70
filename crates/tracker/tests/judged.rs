//! What editors judged, as labels: measured by them, the reader is right where they say so and wrong where they say that.
mod common;

use atlas::records::{Materiality, Origin, Provision};
use atlas::review::{Judged, Ruling};
use atlas::watching::PersonId;
use common::{ARBITRATION, DAY, START, in_memory, plum, terms};
use provisions::corpus::{self, Example};
use provisions::eval::{self, Measures, Prediction};
use provisions::{Reader, Severity};
use tracker::history::{History, Observation};
use tracker::judged;

/// The figures that `clausewatch eval` gives for the exported clauses, read by the reader of the release.
async fn measured(atlas: &atlas::Atlas) -> (Vec<Example>, Measures) {
    let labels = judged::clauses(atlas, false).await.unwrap().labels;
    let lines: Vec<String> = labels.iter().map(|label| serde_json::to_string(label).unwrap()).collect();
    let examples: Vec<Example> = lines.iter().map(|line| corpus::read_line(line).unwrap()).collect();
    let predict =
        |example: &Example| Prediction { id: example.id.clone(), types: eval::read(Reader::embedded(), example) };
    let predictions: Vec<Prediction> = examples.iter().map(predict).collect();
    let measures = eval::measure(&examples.iter().collect::<Vec<_>>(), &predictions);
    (examples, measures)
}

#[tokio::test(flavor = "multi_thread")]
async fn corrections_move_the_figures() {
    let atlas = in_memory().await;
    let id = plum(&atlas).await;
    let plain = terms("Plum", &(0..12).collect::<Vec<_>>());
    let mut history = History::resume(Reader::embedded(), id, None);
    for (day, text) in [plain.clone(), format!("{plain}\n{ARBITRATION}\n")].into_iter().enumerate() {
        let origin =
            Origin { kind: "ota".into(), name: "c-versions".into(), id: format!("commit{day}"), links: vec![] };
        let capture = atlas::records::NewCapture {
            at_ms: START + day as i64 * DAY,
            url: None,
            status: 0,
            headers: vec![],
            body: text.clone().into_bytes(),
            origin: Some(origin),
        };
        history.observe(Observation { capture, text, recorded: true, technical: None });
    }
    atlas.record(history.take_batch("a reader", START, None)).await.unwrap();
    let all = atlas.document_provisions(id, false).await.unwrap();
    let arbitration: &Provision = all.iter().find(|provision| provision.clause_type == "arbitration").unwrap();
    let (of, person) = (Judged::Provision(arbitration.id), PersonId::OWNER);
    assert!(measured(&atlas).await.0.is_empty(), "what nobody judged is no label");

    atlas.judge(of, &Ruling::Confirmed, "", person, START).await.unwrap();
    let (examples, right) = measured(&atlas).await;
    assert_eq!((examples[0].platform.as_str(), examples[0].text.as_str()), ("Plum", ARBITRATION));
    assert_eq!(examples[0].severity, Some(arbitration.severity));
    let precision =
        |measures: &Measures| measures.types.iter().find(|kind| kind.id == "arbitration").unwrap().precision;
    assert_eq!(precision(&right), 1.0);

    let none = Ruling::Corrected { clause_type: None, severity: Severity::Low };
    atlas.judge(of, &none, "a test says so", person, START).await.unwrap();
    let (examples, wrong) = measured(&atlas).await;
    assert_eq!((examples.len(), precision(&wrong)), (1, 0.0));
    assert!(wrong.overall.micro_precision < right.overall.micro_precision);
    let trains = judged::clauses(&atlas, true).await.unwrap().labels;
    assert_eq!(corpus::read_line(&serde_json::to_string(&trains[0]).unwrap()).unwrap().role, corpus::Role::Picked);
    atlas.judge(of, &Ruling::Hidden, "by request", person, START).await.unwrap();
    assert!(measured(&atlas).await.0.is_empty(), "what is hidden says nothing of the reader");

    let change = atlas.change_between(id, 2).await.unwrap().unwrap();
    let verdict = Ruling::Verdict { materiality: Materiality::Minor, headline: None };
    atlas.judge(Judged::Change(change.id), &verdict, "a test", person, START).await.unwrap();
    let file = "Plum/Terms of Service.md";
    let expected = format!("c-versions\tcommit0\t{file}\tcommit1\t{file}\tminor\t-");
    assert_eq!(judged::verdicts(&atlas).await.unwrap().labels, [expected]);
}
