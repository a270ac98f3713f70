//! Plans: what each allows, which one is the reader's, and trying another.
use alerts::payment::Event;
use alerts::plans::{Entitlements, Feature, Plan, Plans, Refused, used};
use askama::Template;
use atlas::plans::NewSubscription;
use atlas::watching::PersonId;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde_json::json;

use crate::error::Failure;
use crate::negotiate::Wants;
use crate::owner::{Oneself, Owner};
use crate::page::Head;
use crate::query::Query;
use crate::site::Site;
use crate::{links, words};

/// Most bytes of a provider's event.
const EVENT: usize = 256 * 1024;

pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route(links::PLANS, get(show).post(choose))
        .route("/payments", post(event))
        .layer(DefaultBodyLimit::max(EVENT))
}

#[derive(Template)]
#[template(path = "pages/plans.html")]
struct PlansPage {
    head: Head,
    plans: Plans,
    /// What the reader may do; none for whoever is not signed in.
    entitled: Option<Entitlements>,
    /// What of it is used, in a sentence.
    used: Option<String>,
    /// Through whom plans are paid for, if they can be.
    payment: Option<&'static str>,
}

/// The way to the provider's page: a link, since a form may lead to pages of this site only.
#[derive(Template)]
#[template(path = "pages/pay.html")]
struct PayPage {
    head: Head,
    plan: Plan,
    provider: &'static str,
    url: String,
}

impl PlansPage {
    fn is_own(&self, plan: &Plan) -> bool {
        self.entitled.as_ref().and_then(|entitled| entitled.plan.as_ref()).is_some_and(|own| own.id == plan.id)
    }

    /// For how many days the reader can try a plan: one that is greater than theirs.
    fn trial(&self, plan: &Plan) -> Option<u32> {
        let entitled = self.entitled.as_ref()?;
        let greater = self.plans.is_greater(&plan.id, &entitled.plan.as_ref()?.id);
        plan.trial_days.filter(|_| greater && !entitled.has_tried(&plan.id))
    }

    /// Whether the reader can pay for a plan here: who pays for one already would be charged for both.
    fn sold(&self, plan: &Plan) -> bool {
        let open = self.entitled.as_ref().is_some_and(|entitled| entitled.plan.is_some() && !entitled.pays);
        open && self.payment.is_some() && plan.stripe_price.is_some()
    }

    fn pays(&self) -> bool {
        self.entitled.as_ref().is_some_and(|entitled| entitled.pays)
    }

    fn platforms(&self, plan: &Plan) -> String {
        plan.platforms.map_or_else(|| "any number".into(), words::number)
    }

    fn trial_ends(&self) -> Option<i64> {
        self.entitled.as_ref()?.trial_until_ms
    }
}

async fn show(State(site): State<Site>, wants: Wants, owner: Option<Owner>) -> Result<Response, Failure> {
    let plans = (*site.plans).clone();
    let (mut entitled, mut uses) = (None, None);
    if let Some(Owner(person)) = owner {
        let own = site.plans.of(&site.atlas, person, site.now_ms()).await?;
        uses = used(&site.atlas, &own, person).await?;
        entitled = Some(own);
    }
    let head = site
        .head("Plans", links::PLANS)
        .about("What can be watched here, and how soon changes are told.")
        .here("Plans");
    let payment = site.payment.as_ref().map(|provider| provider.name());
    let page = PlansPage { head, plans, entitled, used: uses, payment };
    wants.record(&page, || {
        let own = page.entitled.as_ref().and_then(|entitled| entitled.plan.as_ref()).map(|plan| &plan.id);
        json!({"plans": page.plans.all(), "own": own, "trial_until_ms": page.trial_ends(), "pays": page.pays(), "used": page.used})
    })
}

/// Begins the trial of a plan, or the way to pay for it.
async fn choose(Oneself(person): Oneself, State(site): State<Site>, body: String) -> Result<Response, Failure> {
    let form = Query::parse(&body);
    if let Some(id) = form.text("subscribe") {
        return pay(&site, person, id).await;
    }
    site.plans.try_out(&site.atlas, person, form.text("try").unwrap_or(""), site.now_ms()).await?;
    Ok(Redirect::to(links::PLANS).into_response())
}

async fn pay(site: &Site, person: PersonId, id: &str) -> Result<Response, Failure> {
    let plan = site.plans.get(id).ok_or_else(|| Failure::missing(format!("plan {:?}", words::clip(id, 40))))?;
    let provider = site.payment.as_ref().ok_or_else(|| Failure::missing("payment on this site"))?;
    let refused = |why: &str| Err(Failure::Refused(StatusCode::CONFLICT, why.into()));
    let entitled = site.plans.of(&site.atlas, person, site.now_ms()).await?;
    if entitled.plan.is_none() {
        return refused("everything is allowed to you already");
    }
    if entitled.pays {
        return refused(
            "you pay for a plan already, and would pay for both; ask whoever runs this site to end your subscription first",
        );
    }
    let back = format!("{}{}", site.config.base_url, links::PLANS);
    let url = provider.checkout(person, plan, &back).await.map_err(|error| {
        eprintln!("clausewatch: {error}");
        Failure::Refused(StatusCode::BAD_GATEWAY, error.to_string())
    })?;
    let head = site.head(format!("Pay for {}", plan.name), links::PLANS).crumb("Plans", links::PLANS);
    let head = head.here(plan.name.as_str()).unlisted().no_json();
    let page = PayPage { head, plan: plan.clone(), provider: provider.name(), url };
    Ok(Html(page.render()?).into_response())
}

/// An event of the payment provider. Only its signature says that it is one.
async fn event(State(site): State<Site>, headers: HeaderMap, body: Bytes) -> Result<StatusCode, Failure> {
    let provider = site.payment.as_ref().ok_or_else(|| Failure::missing("payment on this site"))?;
    let signature = headers.get("stripe-signature").and_then(|value| value.to_str().ok()).unwrap_or("");
    let event = provider.event(signature, &body, site.now_ms());
    match event.map_err(|error| Failure::Refused(StatusCode::BAD_REQUEST, error.to_string()))? {
        Event::Paid(subscription) => {
            if site.atlas.subscribed(&subscription, site.now_ms()).await? {
                doubt(&site, &subscription).await?;
            }
        }
        Event::Ended { id } => drop(site.atlas.unsubscribed(&id, site.now_ms()).await?),
        Event::Nothing => {}
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Tells whoever runs the site of a payment that should not have been made: two pages of the provider may be open at the same time, and an
/// account may be deleted while one is.
async fn doubt(site: &Site, paid: &NewSubscription) -> Result<(), Failure> {
    let NewSubscription { id, person, .. } = paid;
    let running = site.atlas.subscriptions(*person).await?.iter().filter(|of| of.ended_ms.is_none()).count();
    if site.atlas.person(*person).await?.is_none() {
        eprintln!(
            "clausewatch: subscription {id} is paid for by nobody who has an account here; end it at the payment provider"
        );
    } else if running > 1 {
        eprintln!(
            "clausewatch: person {person} pays for {running} subscriptions, {id} the last; end one at the payment provider"
        );
    }
    Ok(())
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Failure {
        match refused {
            Refused::Store(error) => error.into(),
            Refused::Full => Failure::Refused(StatusCode::CONFLICT, refused.to_string()),
            Refused::Limit(_) | Refused::NoTrial(_) => Failure::Refused(StatusCode::FORBIDDEN, refused.to_string()),
        }
    }
}
