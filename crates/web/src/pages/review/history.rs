//! What editors judged, newest first.
use askama::Template;
use atlas::review::{Found, Judgement};
use axum::extract::State;
use axum::response::Response;
use serde_json::json;

use crate::error::Failure;
use crate::negotiate::Wants;
use crate::owner::Operator;
use crate::page::Head;
use crate::query::Query;
use crate::site::Site;
use crate::view::Paging;
use crate::{links, words};

/// Judgements on a page.
const SIZE: usize = 50;

#[derive(Template)]
#[template(path = "pages/review/history.html")]
struct HistoryPage {
    head: Head,
    judgements: Vec<Judgement>,
    paging: Paging,
}

/// What the reader had found, in words.
pub(super) fn found(judgement: &Judgement) -> String {
    match &judgement.found {
        Found::Provision { clause_type, severity, score, excerpt, .. } => {
            let title = words::type_title(clause_type);
            format!("“{title}”, severity {severity}, probability {score:.2}, in “{}”", words::clip(excerpt, 160))
        }
        Found::Verdict(read) => {
            format!("{}: {} (“{}”)", read.materiality.name(), read.reason, read.headline)
        }
    }
}

/// Who judged, in words.
pub(super) fn who(judgement: &Judgement) -> String {
    match judgement.person_name.as_str() {
        "" if judgement.person == atlas::watching::PersonId::OWNER => "the owner".into(),
        "" => format!("person {}", judgement.person),
        name => name.to_string(),
    }
}

pub(super) async fn list(
    _: Operator,
    State(site): State<Site>,
    wants: Wants,
    query: Query,
) -> Result<Response, Failure> {
    let page = query.page()?;
    let mut judgements = site.atlas.latest_judgements(((page - 1) * SIZE) as i64, SIZE as i64 + 1).await?;
    let more = judgements.len() > SIZE;
    judgements.truncate(SIZE);
    let paging = Paging::open(links::REVIEW_HISTORY, &query, page, more);
    let head = site
        .head("What was judged", links::REVIEW_HISTORY)
        .crumb("Review", links::REVIEW)
        .here("What was judged")
        .unlisted();
    let shown = HistoryPage { head, judgements, paging };
    wants.record(&shown, || json!({"page": page, "more": more, "judgements": shown.judgements}))
}
