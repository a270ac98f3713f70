//! Payment for plans through a provider's hosted checkout: nobody types a card number into this program.
//!
//! Off unless a provider is configured. One is known: Stripe, as its published API says (Checkout Sessions, signed webhooks). A payment is
//! believed only when the provider says so in a signed event; what a browser comes back with means nothing.
use std::fmt;

use atlas::plans::NewSubscription;
use atlas::watching::PersonId;
use fetch::{FetchError, Poster};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use crate::plans::Plan;

/// An event that was signed longer ago, or later than now by as much, is not believed: five minutes, as Stripe's own libraries do.
const TOLERANCE_S: u64 = 300;
/// Most bytes of an answer that are read.
const ANSWER: usize = 256 * 1024;
/// Where Stripe's API is.
pub const STRIPE_API: &str = "https://api.stripe.com";

/// Who is paid.
#[derive(Clone)]
pub enum Provider {
    /// Stripe.
    Stripe(Stripe),
}

/// What is needed to be paid through Stripe.
#[derive(Clone)]
pub struct Stripe {
    /// The secret key, `sk_…`.
    pub key: String,
    /// The secret of the webhook's endpoint, `whsec_…`.
    pub webhook_secret: String,
    /// Where its API is: [`STRIPE_API`].
    pub api: String,
    /// Who posts.
    pub poster: Poster,
}

impl fmt::Debug for Provider {
    /// Without secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Provider::Stripe")
    }
}

/// What an event of the provider says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A person pays for a plan.
    Paid(NewSubscription),
    /// A subscription is over.
    Ended {
        /// The provider's name of it.
        id: String,
    },
    /// Something that changes nothing here.
    Nothing,
}

/// Why a checkout cannot begin or an event is not believed.
#[derive(Debug, thiserror::Error)]
pub enum PaymentError {
    /// The plan is not sold.
    #[error("the plan {0} cannot be paid for here")]
    NotSold(String),
    /// The provider cannot be reached.
    #[error(transparent)]
    Network(#[from] FetchError),
    /// The provider answered something that is no checkout.
    #[error("the payment provider refused: {0}; try again, or tell whoever runs this site")]
    Refused(String),
    /// The event is not signed by the provider, or too long ago.
    #[error("the event is not signed as it should be: {0}")]
    Unsigned(&'static str),
    /// The event cannot be read.
    #[error("the event cannot be read: {0}")]
    Event(#[from] serde_json::Error),
}

impl Provider {
    /// Its name, as people know it.
    pub fn name(&self) -> &'static str {
        match self {
            Provider::Stripe(_) => "Stripe",
        }
    }

    /// Begins a checkout of a plan for a person; the address where they pay. They come back to `back`.
    pub async fn checkout(&self, person: PersonId, plan: &Plan, back: &str) -> Result<String, PaymentError> {
        match self {
            Provider::Stripe(stripe) => stripe.checkout(person, plan, back).await,
        }
    }

    /// What an event says that was posted to us with this signature, if it is the provider's.
    pub fn event(&self, signature: &str, body: &[u8], now_ms: i64) -> Result<Event, PaymentError> {
        match self {
            Provider::Stripe(stripe) => stripe.event(signature, body, now_ms),
        }
    }
}

impl Stripe {
    async fn checkout(&self, person: PersonId, plan: &Plan, back: &str) -> Result<String, PaymentError> {
        let body = fields(person, plan, back)?;
        let authorization = format!("Bearer {}", self.key);
        let headers =
            [("authorization", authorization.as_str()), ("content-type", "application/x-www-form-urlencoded")];
        let url = format!("{}/v1/checkout/sessions", self.api);
        let (status, answer) = self.poster.ask(&url, &headers, body, ANSWER).await?;
        let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
        match (status, answer["url"].as_str()) {
            (200, Some(url)) if url.starts_with("https://") => Ok(url.into()),
            _ => {
                let said = answer["error"]["message"].as_str();
                Err(PaymentError::Refused(said.map_or_else(|| format!("status {status}"), str::to_owned)))
            }
        }
    }

    fn event(&self, signature: &str, body: &[u8], now_ms: i64) -> Result<Event, PaymentError> {
        self.verify(signature, body, now_ms / 1000)?;
        let event: Value = serde_json::from_slice(body)?;
        let object = &event["data"]["object"];
        let text = |value: &Value| value.as_str().map(str::to_owned);
        match event["type"].as_str() {
            // A session that is completed by a way of paying that takes days is unpaid until the second event.
            Some("checkout.session.completed" | "checkout.session.async_payment_succeeded")
                if matches!(object["payment_status"].as_str(), Some("paid" | "no_payment_required")) =>
            {
                let person = object["client_reference_id"].as_str().and_then(|id| id.parse().ok());
                let (id, plan) = (text(&object["subscription"]), text(&object["metadata"]["plan"]));
                Ok(match (id, person, plan) {
                    (Some(id), Some(person), Some(plan)) => Event::Paid(NewSubscription { id, person, plan }),
                    _ => Event::Nothing,
                })
            }
            Some("customer.subscription.deleted") => {
                Ok(text(&object["id"]).map_or(Event::Nothing, |id| Event::Ended { id }))
            }
            _ => Ok(Event::Nothing),
        }
    }

    /// Checks the header `Stripe-Signature`: `t=SECOND,v1=HEX,…`, where `v1` is the HMAC-SHA256 of the second, a full stop and the body.
    fn verify(&self, signature: &str, body: &[u8], now_s: i64) -> Result<(), PaymentError> {
        let parts = || signature.split(',').filter_map(|part| part.trim().split_once('='));
        let second = parts().find(|(name, _)| *name == "t").map(|(_, second)| second);
        let second = second.ok_or(PaymentError::Unsigned("it does not say when"))?;
        let at_s: i64 = second.parse().map_err(|_| PaymentError::Unsigned("it does not say when"))?;
        if now_s.abs_diff(at_s) > TOLERANCE_S {
            return Err(PaymentError::Unsigned("it was not signed now"));
        }
        let mut mac = Hmac::<Sha256>::new_from_slice(self.webhook_secret.as_bytes()).expect("HMAC takes any key");
        mac.update(second.as_bytes());
        mac.update(b".");
        mac.update(body);
        let is_ours = |hex: &str| unhex(hex).is_some_and(|bytes| mac.clone().verify_slice(&bytes).is_ok());
        match parts().any(|(name, hex)| name == "v1" && is_ours(hex)) {
            true => Ok(()),
            false => Err(PaymentError::Unsigned("the signature is another")),
        }
    }
}

/// The fields of a Checkout Session.
fn fields(person: PersonId, plan: &Plan, back: &str) -> Result<Vec<u8>, PaymentError> {
    let price = plan.stripe_price.as_ref().ok_or_else(|| PaymentError::NotSold(plan.name.clone()))?;
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("mode", "subscription")
        .append_pair("line_items[0][price]", price)
        .append_pair("line_items[0][quantity]", "1")
        .append_pair("client_reference_id", &person.to_string())
        .append_pair("metadata[plan]", &plan.id)
        .append_pair("success_url", back)
        .append_pair("cancel_url", back);
    Ok(form.finish().into_bytes())
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    Some(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}
