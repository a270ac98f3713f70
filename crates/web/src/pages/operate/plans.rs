//! How much each plan is in use.
use alerts::plans::PlanUse;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde_json::json;

use crate::error::Failure;
use crate::negotiate::Wants;
use crate::owner::{Member, Operator};
use crate::page::Head;
use crate::site::Site;
use crate::{links, words};

#[derive(Template)]
#[template(path = "pages/operate/plans.html")]
struct PlansPage {
    head: Head,
    uses: Vec<PlanUse>,
}

impl PlansPage {
    fn persons(&self) -> i64 {
        self.uses.iter().map(|of| of.persons).sum()
    }

    fn trials(&self) -> i64 {
        self.uses.iter().map(|of| of.trials).sum()
    }

    fn subscriptions(&self) -> i64 {
        self.uses.iter().map(|of| of.subscriptions).sum()
    }
}

pub(super) async fn show(_: Operator, _: Member, State(site): State<Site>, wants: Wants) -> Result<Response, Failure> {
    let uses = site.plans.in_use(&site.atlas, site.now_ms()).await?;
    if uses.is_empty() {
        return Err(Failure::missing("plan on this site"));
    }
    let head = site.head("Plans in use", links::OPERATE_PLANS).crumb("Operate", links::OPERATE).here("Plans");
    let page = PlansPage { head: head.unlisted(), uses };
    wants.record(&page, || {
        let uses = page.uses.iter().map(|of| {
            let PlanUse { plan, persons, trials, subscriptions } = of;
            json!({"plan": plan.id, "persons": persons, "trials": trials, "subscriptions": subscriptions})
        });
        json!({"plans": uses.collect::<Vec<_>>()})
    })
}
