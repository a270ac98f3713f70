//! Review on the site: the queue, one record at a time, what a judgement does to the record's pages; and that none of it is for strangers.
use atlas::records::{Revised, Revision, RevisionKind};
use axum::http::{Method, StatusCode, header};

use crate::watching::{Asks, OWNER, owned_site, send};
use crate::{get, well_formed};

const REVIEW: [&str; 4] = ["/review", "/review/history", "/review/CW-P-000001", "/review/CW-C-000002"];

#[tokio::test]
async fn the_pages_are_whole_and_for_the_operator_only() {
    let (site, _) = owned_site().await;
    for path in REVIEW {
        let page = send(&site, &OWNER, Method::GET, path, "").await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        well_formed::check(&page.body).unwrap_or_else(|wrong| panic!("{path}: {wrong}"));
        assert!(page.body.contains("noindex") && !page.body.contains("<script>alert"), "{path}");
        let json = send(&site, &OWNER, Method::GET, &format!("{path}.json"), "").await;
        assert!(serde_json::from_str::<serde_json::Value>(&json.body).is_ok(), "{path}");
        assert_eq!(get(&site, path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let forged = Asks { peer: OWNER.peer, headers: &[("host", "127.0.0.1:8080"), ("origin", "http://evil.example")] };
    let hide = "do=hide&reason=x";
    assert_eq!(send(&site, &forged, Method::POST, REVIEW[2], hide).await.status, StatusCode::FORBIDDEN);
    let page = send(&site, &OWNER, Method::GET, "/provisions/CW-P-000001", "").await;
    assert!(page.body.contains("href=\"/review/CW-P-000001\""));
    assert!(!get(&site, "/provisions/CW-P-000001").await.body.contains("/review/"), "strangers are offered nothing");
}

#[tokio::test]
async fn a_hidden_record_answers_that_it_was_hidden() {
    let (site, _) = owned_site().await;
    let judged = send(&site, &OWNER, Method::POST, REVIEW[2], "do=hide&reason=It+names+%3Cb%3Ea+person%3C/b%3E.").await;
    assert_eq!(judged.status, StatusCode::SEE_OTHER);
    assert!(judged.header(header::LOCATION).starts_with("/review"));
    for path in ["", ".json", ".pdf", "/evidence.zip", "/timeline.csv"] {
        let answer = get(&site, &format!("/provisions/CW-P-000001{path}")).await;
        assert_eq!(answer.status, StatusCode::GONE, "{path}");
        assert!(answer.body.contains("was hidden by an editor, on 5 April 2025"), "{path}: {}", answer.body);
        assert!(answer.body.contains("a person") && (path == ".json" || !answer.body.contains("names <b>")), "{path}");
    }
    for path in ["/documents/CW-D-00001", "/platforms/plum", "/changes", "/documents/CW-D-00001/versions/1"] {
        let page = get(&site, path).await;
        assert!(!page.body.contains("CW-P-000001"), "{path} shows it");
    }
    let again = send(&site, &OWNER, Method::GET, REVIEW[2], "").await;
    assert!(again.body.contains("accesskey=\"c\">The reader was right</button>"), "{}", again.body);
    let history = send(&site, &OWNER, Method::GET, "/review/history", "").await;
    assert!(history.body.contains("Hidden by an editor") && history.body.contains("the owner"));
    send(&site, &OWNER, Method::POST, REVIEW[2], "do=withdraw&reason=it+does+not").await;
    let again = send(&site, &OWNER, Method::GET, REVIEW[2], "").await;
    assert!(again.body.contains("accesskey=\"c\">Confirm</button>"), "{}", again.body);
    assert_eq!(get(&site, "/provisions/CW-P-000001").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_withdrawn_record_answers_that_it_was_withdrawn() {
    let (site, atlas) = owned_site().await;
    let documents = atlas.documents().await.unwrap().into_iter().map(|document| document.id).collect();
    let mut withdrawn = Vec::new();
    let each = |_, done: Result<Vec<Revision>, _>| {
        for revision in done.unwrap_or_default() {
            if let (RevisionKind::Withdrawn, Revised::Provision { id, .. }) = (revision.kind, revision.record) {
                withdrawn.push(id);
            }
        }
    };
    let now_ms = crate::world::START + 400 * crate::world::DAY;
    tracker::reanalysis::reanalyse(&atlas, provisions::Reader::embedded(), documents, now_ms, true, each).await;
    assert!(!withdrawn.is_empty(), "the reader finds something else than the world was made with");
    for id in withdrawn {
        let answer = get(&site, &format!("/provisions/{id}")).await;
        assert_eq!(answer.status, StatusCode::GONE, "{id}");
        well_formed::check(&answer.body).unwrap();
        let told = format!("{id} was withdrawn on 5 April 2025: CW-D-");
        assert!(answer.body.contains(&told), "{}", answer.body);
    }
}

#[tokio::test]
async fn a_correction_is_shown_beside_what_was_found() {
    let (site, _) = owned_site().await;
    let form = "do=correct&reason=it+bars+class+actions&type=class-action-waiver&severity=low";
    let judged = send(&site, &OWNER, Method::POST, REVIEW[2], form).await;
    assert_eq!(judged.status, StatusCode::SEE_OTHER, "{}", judged.body);
    let page = get(&site, "/provisions/CW-P-000001").await;
    well_formed::check(&page.body).unwrap();
    let title = &provisions::taxonomy().get("class-action-waiver").unwrap().title;
    assert!(page.body.contains(&format!("<h1>{title}</h1>")), "{}", page.body);
    assert!(page.body.contains("Corrected by an editor") && page.body.contains("It bars class actions."));
    assert!(page.body.contains("The reader itself found"));
    let json: serde_json::Value = serde_json::from_str(&get(&site, "/provisions/CW-P-000001.json").await.body).unwrap();
    assert_eq!(json["provision"]["clause_type"], "class-action-waiver");
    assert!(json["provision"]["reader_found"]["clause_type"].is_string());
    assert_eq!(json["judgement"]["reason"], "it bars class actions");
    assert!(json["judgement"].get("person").is_none(), "who judged is not told to strangers");
}

#[tokio::test]
async fn a_verdict_is_shown_wherever_the_change_is() {
    let (site, atlas) = owned_site().await;
    let before = get(&site, "/changes").await.body;
    let id = atlas
        .changes(&Default::default())
        .await
        .unwrap()
        .iter()
        .find(|change| change.change.materiality == atlas::records::Materiality::Material)
        .unwrap()
        .id;
    assert!(before.contains(&id.to_string()));
    let form = "do=correct&reason=a+copy&verdict=cosmetic&headline=Nothing+but+a+copy";
    let path = format!("/review/{id}");
    assert_eq!(send(&site, &OWNER, Method::POST, &path, form).await.status, StatusCode::SEE_OTHER);
    assert!(!get(&site, "/changes").await.body.contains(&id.to_string()));
    assert!(!get(&site, "/feed.atom").await.body.contains(&id.to_string()));
    let review = send(&site, &OWNER, Method::GET, &path, "").await;
    assert!(review.body.contains("accesskey=\"c\">The reader was right</button>"), "{}", review.body);
    let page = get(&site, &format!("/changes/{id}")).await;
    well_formed::check(&page.body).unwrap();
    assert!(page.body.contains("Judged by an editor: cosmetic, on 5 April 2025: a copy."), "{}", page.body);
    assert!(
        page.body.contains("<h1>Nothing but a copy</h1>") && page.body.contains("The reader itself found: material")
    );
}

#[tokio::test]
async fn what_is_wrong_in_a_form_is_named() {
    let (site, _) = owned_site().await;
    for (form, wrong) in [
        ("do=hide", "say why"),
        ("do=correct&reason=x&type=arbitration", "severity"),
        ("do=correct&reason=x&type=none&severity=low", "no clause type"),
        ("do=other&reason=x", "confirm, correct, hide"),
        ("", "confirm, correct, hide"),
    ] {
        let answer = send(&site, &OWNER, Method::POST, REVIEW[2], form).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{form}");
        assert!(answer.body.to_lowercase().contains(wrong), "{form}: {}", answer.body);
    }
    for path in ["/review/CW-P-999999", "/review/CW-C-999999", "/review/nothing"] {
        assert_eq!(send(&site, &OWNER, Method::GET, path, "").await.status, StatusCode::NOT_FOUND, "{path}");
    }
}
