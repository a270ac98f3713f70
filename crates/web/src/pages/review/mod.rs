//! Review: what waits for an editor's judgement, one record with the buttons that judge it, and what was judged.
mod history;
mod item;
mod list;

use std::str::FromStr;

use atlas::ids::{ChangeId, ProvisionId};
use atlas::review::{Judged, Proposal, Proposed};
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::Redirect;
use axum::routing::get;

use crate::error::Failure;
use crate::links;
use crate::owner::Operator;
use crate::site::Site;
use crate::words;
use history::{found, who};

/// Most bytes of a form.
const FORM: usize = 16 * 1024;
/// Proposals looked at.
const QUEUE: usize = 60;

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route(links::REVIEW, get(list::list))
        .route(links::REVIEW_HISTORY, get(history::list))
        .route("/review/next", get(next))
        .route("/review/{id}", get(item::show).post(item::judge))
        .layer(DefaultBodyLimit::max(FORM))
}

/// The record that a part of an address names.
fn record(text: &str) -> Result<Judged, Failure> {
    let provision = || ProvisionId::from_str(text).ok().map(Judged::Provision);
    let change = || ChangeId::from_str(text).ok().map(Judged::Change);
    provision().or_else(change).ok_or_else(|| Failure::missing(format!("record {:?} to review", words::clip(text, 40))))
}

/// Why a record is proposed, in words.
fn why(proposed: Proposed) -> &'static str {
    match proposed {
        Proposed::SecondLook => "It was judged before, and its words or what the reader finds are others now.",
        Proposed::NamesCorrected => "Its headline may name a provision that an editor corrected or hid.",
        Proposed::Unsure => "A severe provision of which the reader is not sure.",
        Proposed::Border => "A change near the border between two verdicts.",
    }
}

/// On to the first record of the queue; to the list, if there is none.
async fn next(_: Operator, State(site): State<Site>) -> Result<Redirect, Failure> {
    Ok(Redirect::to(&following(&site.atlas.review_queue(QUEUE).await?, None)))
}

/// The page of the proposal that follows a record's; the first one for a record that is not proposed.
fn following(queue: &[Proposal], after: Option<Judged>) -> String {
    let at = queue.iter().position(|proposal| Some(proposal.record) == after).map_or(0, |at| at + 1);
    let others = queue[at..].iter().chain(&queue[..at]);
    let next = others.map(|proposal| proposal.record).find(|record| Some(*record) != after);
    next.map_or_else(|| links::REVIEW.into(), links::review)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_queue_is_gone_through_in_order_and_round() {
        let of = |id| Proposal { record: Judged::Provision(ProvisionId(id)), why: Proposed::Unsure };
        let queue = [of(1), of(2), of(3)];
        let after = |id: i64| following(&queue, Some(Judged::Provision(ProvisionId(id))));
        assert_eq!(following(&queue, None), "/review/CW-P-000001");
        assert_eq!(after(1), "/review/CW-P-000002");
        assert_eq!(after(3), "/review/CW-P-000001");
        assert_eq!(after(9), "/review/CW-P-000001", "what was judged is not in the queue any more");
        assert_eq!(following(&queue[..1], Some(queue[0].record)), "/review");
    }
}
