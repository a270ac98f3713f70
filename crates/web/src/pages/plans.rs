//! Plans: what each allows, which one is the reader's, and trying another.
use alerts::plans::{Entitlements, Feature, Plan, Refused, platforms_watched};
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{Redirect, Response};
use axum::routing::get;
use serde_json::json;

use crate::error::Failure;
use crate::negotiate::Wants;
use crate::owner::Owner;
use crate::page::Head;
use crate::query::Query;
use crate::site::Site;
use crate::{links, words};

pub(crate) fn routes() -> Router<Site> {
    Router::new().route(links::PLANS, get(show).post(try_out))
}

#[derive(Template)]
#[template(path = "pages/plans.html")]
struct PlansPage {
    head: Head,
    plans: Vec<Plan>,
    /// What the reader may do; none for whoever is not signed in.
    entitled: Option<Entitlements>,
    /// What of it is used, in a sentence.
    used: Option<String>,
}

impl PlansPage {
    fn is_own(&self, plan: &Plan) -> bool {
        self.entitled.as_ref().and_then(|entitled| entitled.plan.as_ref()).is_some_and(|own| own.id == plan.id)
    }

    /// For how many days the reader can try a plan.
    fn trial(&self, plan: &Plan) -> Option<u32> {
        let entitled = self.entitled.as_ref()?;
        let open = entitled.plan.is_some() && !self.is_own(plan) && !entitled.has_tried(&plan.id);
        plan.trial_days.filter(|_| open)
    }

    fn platforms(&self, plan: &Plan) -> String {
        plan.platforms.map_or_else(|| "any number".into(), words::number)
    }

    fn trial_ends(&self) -> Option<i64> {
        self.entitled.as_ref()?.trial_until_ms
    }
}

async fn show(State(site): State<Site>, wants: Wants, owner: Option<Owner>) -> Result<Response, Failure> {
    let plans = site.plans.all().to_vec();
    let (mut entitled, mut used) = (None, None);
    if let Some(Owner(person)) = owner {
        let own = site.plans.of(&site.atlas, person, site.now_ms()).await?;
        used = own.told(&platforms_watched(&site.atlas, person, None).await?);
        entitled = Some(own);
    }
    let head = site
        .head("Plans", links::PLANS)
        .about("What can be watched here, and how soon changes are told.")
        .here("Plans");
    let page = PlansPage { head, plans, entitled, used };
    wants.record(&page, || {
        let own = page.entitled.as_ref().and_then(|entitled| entitled.plan.as_ref()).map(|plan| &plan.id);
        json!({"plans": page.plans, "own": own, "trial_until_ms": page.trial_ends(), "used": page.used})
    })
}

/// Begins the trial of a plan.
async fn try_out(Owner(person): Owner, State(site): State<Site>, body: String) -> Result<Redirect, Failure> {
    let form = Query::parse(&body);
    let id = form.text("plan").unwrap_or("");
    site.plans.try_out(&site.atlas, person, id, site.now_ms()).await?;
    Ok(Redirect::to(links::PLANS))
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Failure {
        match refused {
            Refused::Store(error) => error.into(),
            Refused::Limit(why) | Refused::NoTrial(why) => Failure::Refused(axum::http::StatusCode::FORBIDDEN, why),
        }
    }
}
