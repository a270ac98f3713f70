//! Passkeys on the site, as the script of its pages and others ask for them. The authenticator is that of the tests of accounts.
#[path = "../../../accounts/tests/accounts/authenticator.rs"]
mod authenticator;

use std::sync::atomic::Ordering;

use authenticator::Authenticator;
use axum::http::{StatusCode, header};
use serde_json::Value;

use crate::accounts::{Asks, Hall, PASSWORD, encoded, given, hall};
use crate::{Answer, between, well_formed};

fn device() -> Authenticator {
    Authenticator::at("https://record.example", "record.example")
}

/// A browser in a session, if it is in one, and in a ceremony.
fn within(session: &str, ceremony: &str) -> Asks {
    Asks::browser(&format!("{session}; __Host-clausewatch-ceremony={ceremony}"))
}

/// The secret of the ceremony that an answer begins, and what the authenticator is asked.
fn begun(answer: &Answer) -> (String, Value) {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let cookies: Vec<&str> =
        answer.headers.get_all(header::SET_COOKIE).iter().map(|cookie| cookie.to_str().unwrap()).collect();
    let cookie = cookies.iter().find(|cookie| cookie.starts_with("__Host-clausewatch-ceremony=")).unwrap();
    assert!(cookie.ends_with("; Path=/; Max-Age=300; HttpOnly; SameSite=Strict; Secure"), "{cookie}");
    assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
    let secret = between(cookie, "=", ";").to_string();
    assert!(secret.len() == 64 && !answer.body.contains(&secret));
    (secret, serde_json::from_str(&answer.body).unwrap())
}

impl Hall {
    /// Adds the passkey of a device, with a proof that the session needs; what came of it.
    async fn add(&self, session: &str, device: &mut Authenticator, proof: &str) -> Answer {
        let answer = self.post(&Asks::browser(session), "/account/passkeys/begin", proof).await;
        let (ceremony, options) = begun(&answer);
        let made = encoded(&device.create(&options));
        self.post(&within(&given(&answer), &ceremony), "/account/passkeys", &format!("name=Phone&answer={made}")).await
    }
}

#[tokio::test]
async fn a_passkey_is_added_used_and_removed() {
    let hall = hall().await;
    let (ada, person) = hall.person("ada@example.org").await;
    let mut phone = device();
    // Who proved of late who they are adds one; later the password is asked for, and the session has another secret.
    hall.clock.fetch_add(16 * 60 * 1000, Ordering::Relaxed);
    let asks = Asks::browser(&ada);
    let refused = hall.post(&asks, "/account/passkeys/begin", "").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let added = hall.add(&ada, &mut phone, &format!("proof={}", encoded(PASSWORD))).await;
    assert!(added.status == StatusCode::OK && added.body.contains("Your passkey is added"), "{}", added.body);
    well_formed::check(&added.body).unwrap();
    assert!(added.body.contains("<strong>Phone</strong>") && added.body.contains("It is your last one"));
    assert_eq!(hall.get(&asks, "/account").await.status, StatusCode::SEE_OTHER, "the secret before is over");
    let sessions = hall.atlas.sessions(person).await.unwrap();
    assert_eq!(sessions.len(), 1);

    // In with it, to where somebody was going; not without the cookie, nor twice.
    let stranger = Asks::stranger();
    let (ceremony, options) = begun(&hall.post(&stranger, "/account/passkeys/sign-in/begin", "").await);
    assert_eq!(options["rpId"], "record.example");
    let form = format!("back=/inbox&answer={}", encoded(&phone.get(&options)));
    let without = hall.post(&stranger, "/account/passkeys/sign-in", &form).await;
    assert_eq!(without.status, StatusCode::BAD_REQUEST);
    well_formed::check(&without.body).unwrap();
    assert!(without.body.contains("role=\"alert\">This took longer than five minutes"), "{}", without.body);
    assert!(without.body.contains("name=\"back\" value=\"/inbox\""), "what was wished for is kept");
    let entered = hall.post(&within("", &ceremony), "/account/passkeys/sign-in", &form).await;
    assert_eq!((entered.status, entered.header(header::LOCATION)), (StatusCode::SEE_OTHER, "/inbox"));
    let ada = given(&entered);
    assert_eq!(hall.get(&Asks::browser(&ada), "/inbox").await.status, StatusCode::OK);
    let again = hall.post(&within("", &ceremony), "/account/passkeys/sign-in", &form).await;
    assert!(again.status == StatusCode::BAD_REQUEST && !again.headers.contains_key(header::SET_COOKIE));
    let (ceremony, _) = begun(&hall.post(&stranger, "/account/passkeys/sign-in/begin", "").await);
    let wrong = hall.post(&within("", &ceremony), "/account/passkeys/sign-in", "answer=%7B%7D").await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN);
    assert!(wrong.body.contains("role=\"alert\">This passkey was not accepted"), "{}", wrong.body);

    // It proves who somebody is, in the place of the password.
    hall.clock.fetch_add(16 * 60 * 1000, Ordering::Relaxed);
    let page = hall.get(&Asks::browser(&ada), "/account").await;
    well_formed::check(&page.body).unwrap();
    assert!(page.body.contains("Use a passkey instead") && page.body.contains("name=\"proof\""));
    let id = hall.atlas.passkeys(person).await.unwrap()[0].id;
    let remove = format!("remove={id}");
    assert_eq!(hall.post(&Asks::browser(&ada), "/account/passkeys", &remove).await.status, StatusCode::FORBIDDEN);
    let (ceremony, options) = begun(&hall.post(&Asks::browser(&ada), "/account/passkeys/proof/begin", "").await);
    assert_eq!(options["allowCredentials"][0]["id"], phone.id());
    let form = format!("answer={}", encoded(&phone.get(&options)));
    let proven = hall.post(&within(&ada, &ceremony), "/account/passkeys/proof", &form).await;
    assert_eq!(proven.status, StatusCode::NO_CONTENT);
    let ada = Asks::browser(&given(&proven));
    for wrong in ["remove=999", "remove=x"] {
        assert_eq!(hall.post(&ada, "/account/passkeys", wrong).await.status, StatusCode::NOT_FOUND, "{wrong}");
    }
    let removed = hall.post(&ada, "/account/passkeys", &remove).await;
    assert!(removed.body.contains("The passkey is removed") && hall.atlas.passkeys(person).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_passkey_ends_the_second_factor_in_the_place_of_a_code() {
    const END: &str = "/account/passkeys/end-second-factor";
    let hall = hall().await;
    let (ada, person) = hall.person("ada@example.org").await;
    let begin = format!("{END}/begin");
    assert_eq!(hall.post(&Asks::browser(&ada), &begin, "").await.status, StatusCode::BAD_REQUEST, "there is none");
    hall.atlas.put_factor(person, &[7; 20]).await.unwrap();
    hall.atlas.confirm_factor(person, &[], 1).await.unwrap();
    let page = hall.get(&Asks::browser(&ada), "/account").await.body;
    assert!(page.contains("value=\"end\"") && !page.contains(END), "who has no passkey gives a code");
    let mut phone = device();
    hall.clock.fetch_add(16 * 60 * 1000, Ordering::Relaxed);
    let ada = given(&hall.add(&ada, &mut phone, &format!("proof={}", encoded(PASSWORD))).await);
    let page = hall.get(&Asks::browser(&ada), "/account").await.body;
    well_formed::check(&page).unwrap();
    assert!(page.contains(&format!("action=\"{END}\" data-passkey=\"get\" hidden")) && page.contains("value=\"end\""));
    // A proof, even of the passkey, is not asked for to this end.
    let (ceremony, options) = begun(&hall.post(&Asks::browser(&ada), "/account/passkeys/proof/begin", "").await);
    let form = format!("answer={}", encoded(&phone.get(&options)));
    let refused = hall.post(&within(&ada, &ceremony), END, &form).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    well_formed::check(&refused.body).unwrap();
    assert!(hall.atlas.factor(person).await.unwrap().is_some());
    // Long after signing in the password is not asked for beside it.
    hall.clock.fetch_add(16 * 60 * 1000, Ordering::Relaxed);
    let (ceremony, options) = begun(&hall.post(&Asks::browser(&ada), &begin, "").await);
    let form = format!("answer={}", encoded(&phone.get(&options)));
    let ended = hall.post(&within(&ada, &ceremony), END, &form).await;
    assert_eq!(ended.status, StatusCode::OK, "{}", ended.body);
    well_formed::check(&ended.body).unwrap();
    assert!(ended.body.contains("Your second factor is ended.") && ended.body.contains("value=\"begin\""));
    assert!(hall.atlas.factor(person).await.unwrap().is_none());
    let again = hall.post(&within(&given(&ended), &ceremony), END, &form).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST, "once");
}

#[tokio::test]
async fn pages_ask_for_passkeys_by_one_script_of_their_own() {
    let hall = hall().await;
    let (ada, _) = hall.person("ada@example.org").await;
    let ada = Asks::browser(&ada);
    let page = hall.get(&Asks::stranger(), "/account/sign-in").await.body;
    well_formed::check(&page).unwrap();
    let path = between(&page, "<script src=\"", "\" defer></script>").to_string();
    assert!(page.contains("data-passkey=\"get\" hidden") && page.contains("Sign in with a passkey"), "{page}");
    let script = hall.get(&Asks::stranger(), &path).await;
    assert_eq!(script.status, StatusCode::OK);
    assert_eq!(script.header(header::CONTENT_TYPE), "text/javascript; charset=utf-8");
    assert!(script.header(header::CONTENT_SECURITY_POLICY).contains("script-src 'self'; connect-src 'self'"));
    for (path, has) in [("/account", true), ("/account/sign-up", false), ("/account/forgot", false), ("/", false)] {
        let page = hall.get(&ada, path).await.body;
        assert_eq!(page.matches("<script src").count(), usize::from(has), "{path}");
        assert!(!page.contains("onclick") && !page.contains("javascript:"), "{path}");
    }
}
