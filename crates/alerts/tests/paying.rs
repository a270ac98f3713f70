//! Paying for a plan, against a local server that answers as Stripe's API documents it.
mod common;

use std::time::Duration;

use alerts::payment::{Event, PaymentError, Provider, Stripe};
use alerts::plans::Plans;
use atlas::plans::NewSubscription;
use common::*;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const SECRET: &str = "whsec_test";

/// Answers one request as `POST /v1/checkout/sessions` does; gives its address, and later the request.
async fn stripe(answer: (u16, Value)) -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            let read = stream.read(&mut buffer).await.unwrap();
            request.extend(&buffer[..read]);
            let text = String::from_utf8_lossy(&request).into_owned();
            let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
                let length = head
                    .lines()
                    .find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(|n| n.parse().unwrap()));
                body.len() >= length.unwrap_or(0)
            });
            if whole || read == 0 {
                let (status, body) = (answer.0, answer.1.to_string());
                let head = format!(
                    "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                    body.len()
                );
                stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
                return text;
            }
        }
    });
    (address, served)
}

fn provider(api: &str) -> Provider {
    let networks = vec!["127.0.0.0/8".parse().unwrap()];
    let poster = fetch::Poster::new("test", Duration::from_secs(5), networks, &fetch::Outbound::default()).unwrap();
    Provider::Stripe(Stripe { key: "sk_test".into(), webhook_secret: SECRET.into(), api: api.into(), poster })
}

fn signed(second: i64, body: &str, secret: &str) -> String {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{second}.{body}").as_bytes());
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={second},v1=00ff,v1={hex},v0=ignored")
}

fn plans() -> Plans {
    let text = include_str!("../../../docs/plans.toml")
        .replace("id = \"monitor\"", "id = \"monitor\"\nstripe_price = \"price_1\"");
    Plans::read(&text).unwrap()
}

#[tokio::test]
async fn a_checkout_is_begun_as_the_api_documents_it() {
    let session = json!({"id": "cs_1", "object": "checkout.session", "url": "https://checkout.stripe.com/c/pay/cs_1"});
    let (api, served) = stripe((200, session)).await;
    let (plans, person) = (plans(), atlas::watching::PersonId(7));
    let monitor = plans.get("monitor").unwrap();
    let url = provider(&api).checkout(person, monitor, "https://c.example/plans").await.unwrap();
    assert_eq!(url, "https://checkout.stripe.com/c/pay/cs_1");
    let request = served.await.unwrap();
    assert!(request.starts_with("POST /v1/checkout/sessions "), "{request}");
    assert!(request.to_lowercase().contains("authorization: bearer sk_test"));
    let (_, body) = request.split_once("\r\n\r\n").unwrap();
    let fields: Vec<(String, String)> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    for (name, value) in [
        ("mode", "subscription"),
        ("line_items[0][price]", "price_1"),
        ("line_items[0][quantity]", "1"),
        ("client_reference_id", "7"),
        ("metadata[plan]", "monitor"),
        ("success_url", "https://c.example/plans"),
    ] {
        assert!(fields.contains(&(name.into(), value.into())), "{name}: {fields:?}");
    }

    let (api, _) = stripe((402, json!({"error": {"message": "Your account cannot make live charges."}}))).await;
    let refused = provider(&api).checkout(person, monitor, "https://c.example/plans").await.unwrap_err();
    assert!(refused.to_string().contains("cannot make live charges"), "{refused}");
    let (api, _) = stripe((200, json!({"url": "http://127.0.0.1/pay"}))).await;
    let elsewhere = provider(&api).checkout(person, monitor, "https://c.example/plans").await.unwrap_err();
    assert!(matches!(elsewhere, PaymentError::Refused(_)), "nobody pays at an address without TLS");
    let free = provider(&api).checkout(person, plans.get("free").unwrap(), "x").await.unwrap_err();
    assert!(matches!(free, PaymentError::NotSold(_)));
}

#[tokio::test]
async fn only_signed_events_of_now_are_believed() {
    let provider = provider("http://127.0.0.1:1");
    let body = json!({"type": "checkout.session.completed", "data": {"object": {"client_reference_id": "7", "subscription": "sub_1",
        "payment_status": "paid", "metadata": {"plan": "monitor"}}}})
    .to_string();
    let paid = NewSubscription { id: "sub_1".into(), person: atlas::watching::PersonId(7), plan: "monitor".into() };
    let event = |signature: &str, body: &str| provider.event(signature, body.as_bytes(), 1_000_000);
    let believed = |body: &str| event(&signed(1_000, body, SECRET), body).unwrap();
    assert_eq!(believed(&body), Event::Paid(paid.clone()));
    // A way of paying that takes days: completed, and paid or not paid later.
    let unpaid = body.replace("\"paid\"", "\"unpaid\"");
    assert_eq!(believed(&unpaid), Event::Nothing);
    assert_eq!(believed(&body.replace("\"paid\"", "null")), Event::Nothing, "nothing is said of it");
    let later = |how: &str| body.replace("session.completed", how);
    assert_eq!(believed(&later("session.async_payment_succeeded")), Event::Paid(paid.clone()));
    assert_eq!(believed(&later("session.async_payment_failed")), Event::Nothing);
    assert_eq!(believed(&body.replace("\"paid\"", "\"no_payment_required\"")), Event::Paid(paid));
    let ended = json!({"type": "customer.subscription.deleted", "data": {"object": {"id": "sub_1"}}}).to_string();
    assert_eq!(event(&signed(1_000, &ended, SECRET), &ended).unwrap(), Event::Ended { id: "sub_1".into() });
    for signature in [
        signed(1_000, &body, "another secret"),
        signed(1_000, &format!("{body} "), SECRET),
        signed(600, &body, SECRET),
        signed(1_400, &body, SECRET),
        "v1=00".into(),
        format!("t={},v1=00", i64::MIN),
        "t=1000,v1=xyz".into(),
        String::new(),
    ] {
        assert!(matches!(event(&signature, &body), Err(PaymentError::Unsigned(_))), "{signature}");
    }
}

#[tokio::test]
async fn a_subscription_gives_its_plan_while_it_runs() {
    let plans = plans();
    for stage in stages().await {
        let person = stage.atlas.add_person("Ada", "UTC", stage.now()).await.unwrap();
        let plan = async || plans.of(&stage.atlas, person, stage.now()).await.unwrap().plan.unwrap().id;
        let of = |id: &str, plan: &str| NewSubscription { id: id.into(), person, plan: plan.into() };
        plans.try_out(&stage.atlas, person, "compliance", stage.now()).await.unwrap();
        assert!(stage.atlas.subscribed(&of("sub_1", "monitor"), stage.now()).await.unwrap());
        assert_eq!(plan().await, "monitor", "{}", stage.engine);
        stage.pass(90 * DAY);
        assert_eq!(plan().await, "monitor");
        // The provider sends an event again, and another one begins before the first ends.
        assert!(!stage.atlas.subscribed(&of("sub_1", "monitor"), stage.now()).await.unwrap());
        assert!(stage.atlas.subscribed(&of("sub_2", "compliance"), stage.now()).await.unwrap());
        assert!(stage.atlas.unsubscribed("sub_2", stage.now()).await.unwrap());
        assert_eq!(plan().await, "monitor", "the other one still runs");
        assert!(stage.atlas.unsubscribed("sub_1", stage.now()).await.unwrap());
        assert!(!stage.atlas.unsubscribed("sub_1", stage.now()).await.unwrap());
        assert_eq!(plan().await, "free");
        assert!(
            !stage.atlas.subscribed(&of("sub_1", "monitor"), stage.now()).await.unwrap(),
            "what ended does not begin again"
        );
        // Events may come in the wrong order.
        stage.atlas.unsubscribed("sub_3", stage.now()).await.unwrap();
        assert!(!stage.atlas.subscribed(&of("sub_3", "monitor"), stage.now()).await.unwrap());
        assert_eq!(plan().await, "free");
        let again = plans.try_out(&stage.atlas, person, "compliance", stage.now()).await;
        assert!(again.is_err(), "what was tried stays tried");
    }
}

#[tokio::test]
async fn neither_a_trial_nor_a_subscription_overwrites_the_other() {
    let plans = plans();
    for stage in stages().await {
        let ada = stage.atlas.add_person("Ada", "UTC", stage.now()).await.unwrap();
        let bob = stage.atlas.add_person("Bob", "UTC", stage.now()).await.unwrap();
        let has = async |person| {
            let entitled = plans.of(&stage.atlas, person, stage.now()).await.unwrap();
            (entitled.plan.unwrap().id, entitled.trial_until_ms.is_some(), entitled.pays)
        };
        let is = |plan: &str, tries: bool, pays: bool| (plan.to_string(), tries, pays);
        let pays = |id: &str, person| NewSubscription { id: id.into(), person, plan: "monitor".into() };

        // Ada pays, tries more, and has again what she pays for.
        stage.atlas.subscribed(&pays("sub_ada", ada), stage.now()).await.unwrap();
        let own = plans.try_out(&stage.atlas, ada, "monitor", stage.now()).await;
        assert!(own.is_err(), "{}: her own plan is not tried", stage.engine);
        stage.pass(DAY);
        plans.try_out(&stage.atlas, ada, "compliance", stage.now()).await.unwrap();
        assert_eq!(has(ada).await, is("compliance", true, true), "{}", stage.engine);
        // Bob tries, pays for another plan, and ends that while his trial runs.
        plans.try_out(&stage.atlas, bob, "compliance", stage.now()).await.unwrap();
        stage.pass(DAY);
        stage.atlas.subscribed(&pays("sub_bob", bob), stage.now()).await.unwrap();
        assert_eq!(has(bob).await, is("monitor", false, true), "{}", stage.engine);
        stage.atlas.unsubscribed("sub_bob", stage.now()).await.unwrap();
        assert_eq!(has(bob).await, is("compliance", true, false), "{}", stage.engine);

        stage.pass(14 * DAY);
        assert_eq!(has(ada).await, is("monitor", false, true), "{}", stage.engine);
        assert_eq!(has(bob).await, is("free", false, false), "{}", stage.engine);
    }
}
