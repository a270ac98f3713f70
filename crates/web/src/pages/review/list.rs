//! The queue: what an editor should look at, most useful first.
use askama::Template;
use atlas::records::{Change, Provision};
use atlas::review::{Judged, Proposal};
use axum::extract::State;
use axum::response::Response;
use serde_json::json;

use super::{QUEUE, why};
use crate::error::Failure;
use crate::links;
use crate::negotiate::Wants;
use crate::owner::Operator;
use crate::page::Head;
use crate::site::Site;

/// A proposal with its record.
struct Row {
    proposal: Proposal,
    provision: Option<Provision>,
    change: Option<Change>,
}

impl Row {
    async fn of(site: &Site, proposal: Proposal) -> Result<Row, Failure> {
        let (provision, change) = match proposal.record {
            Judged::Provision(id) => (site.atlas.provision_or_hidden(id).await?, None),
            Judged::Change(id) => (None, site.atlas.change(id).await?),
        };
        Ok(Row { proposal, provision, change })
    }

    fn path(&self) -> String {
        links::review(self.proposal.record)
    }

    fn why(&self) -> &'static str {
        why(self.proposal.why)
    }
}

#[derive(Template)]
#[template(path = "pages/review/list.html")]
struct QueuePage {
    head: Head,
    rows: Vec<Row>,
}

pub(super) async fn list(_: Operator, State(site): State<Site>, wants: Wants) -> Result<Response, Failure> {
    let mut rows = Vec::new();
    for proposal in site.atlas.review_queue(QUEUE).await? {
        rows.push(Row::of(&site, proposal).await?);
    }
    let head = site.head("Review", links::REVIEW).here("Review").unlisted();
    let page = QueuePage { head, rows };
    wants.record(&page, || {
        let row = |row: &Row| json!({"record": row.proposal.record.to_string(), "why": row.proposal.why, "provision": row.provision, "change": row.change});
        json!({"queue": page.rows.iter().map(row).collect::<Vec<_>>()})
    })
}
