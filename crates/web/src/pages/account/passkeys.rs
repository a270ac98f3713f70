//! Passkeys on the site: what the script of these pages asks for and sends. A ceremony is begun by one request, which is answered with what the
//! browser asks the authenticator and a cookie that binds the ceremony to the browser, and ended by another one.
use accounts::{AccountError, Begun};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::show::{FACTOR_ENDED, Outcome, after};
use super::{enter, prove, sign_in, wish};
use crate::error::Failure;
use crate::owner::{Asking, Member, ceremony_cookie};
use crate::query::Query;
use crate::site::Site;

/// What the authenticator answered, as the script writes it. It may be longer than the fields that people fill.
fn answer(body: &str) -> String {
    let mut fields = form_urlencoded::parse(body.as_bytes());
    fields.find(|(name, _)| name == "answer").map(|(_, value)| value.into_owned()).unwrap_or_default()
}

fn begun(site: &Site, begun: Begun) -> Response {
    ([ceremony_cookie(&site.config, &begun.secret)], Json(begun.options)).into_response()
}

pub(super) async fn begin_sign_in(asking: Asking, State(site): State<Site>) -> Result<Response, Failure> {
    Ok(begun(&site, asking.accounts.begin_passkey_sign_in(&asking.caller).await?))
}

pub(super) async fn sign_in(asking: Asking, State(site): State<Site>, body: String) -> Result<Response, Failure> {
    let (said, secret) = (Query::parse(&body), asking.ceremony.as_deref());
    match asking.accounts.sign_in_with_passkey(secret, &answer(&body), &asking.caller).await {
        Ok(signed_in) => enter(&site, &asking, &signed_in, &wish(&said)).await,
        Err(wrong) => sign_in::again(&site, &said, wrong).await,
    }
}

pub(super) async fn begin_proof(member: Member, State(site): State<Site>) -> Result<Response, Failure> {
    Ok(begun(&site, member.accounts.begin_passkey_proof(&member.visitor, &member.caller).await?))
}

pub(super) async fn end_proof(member: Member, body: String) -> Result<StatusCode, Failure> {
    let secret = member.ceremony.as_deref();
    member.accounts.prove_with_passkey(&member.visitor, secret, &answer(&body), &member.caller).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn begin_factor_end(member: Member, State(site): State<Site>) -> Result<Response, Failure> {
    Ok(begun(&site, member.accounts.begin_factor_end(&member.visitor, &member.caller).await?))
}

pub(super) async fn end_factor(member: Member, State(site): State<Site>, body: String) -> Result<Response, Failure> {
    let secret = member.ceremony.as_deref();
    let ended = member.accounts.end_factor_with_passkey(&member.visitor, secret, &answer(&body), &member.caller).await;
    after(&site, member, ended.map(|()| Outcome::done(FACTOR_ENDED))).await
}

pub(super) async fn begin(member: Member, State(site): State<Site>, body: String) -> Result<Response, Failure> {
    prove(&member, &Query::parse(&body)).await?;
    Ok(begun(&site, member.accounts.begin_passkey(&member.visitor, &member.caller).await?))
}

/// Adds the passkey that was made, or removes one.
pub(super) async fn change(member: Member, State(site): State<Site>, body: String) -> Result<Response, Failure> {
    let form = Query::parse(&body);
    let (accounts, visitor, caller) = (&member.accounts, &member.visitor, &member.caller);
    let Some(said) = form.text("remove") else {
        let (secret, name) = (member.ceremony.as_deref(), form.text("name").unwrap_or(""));
        let added = accounts.add_passkey(visitor, secret, &answer(&body), name, caller).await;
        let words = "Your passkey is added, and all other browsers are signed out.";
        return after(&site, member, added.map(|()| Outcome::done(words))).await;
    };
    let missing = || Failure::missing("passkey of yours with this number");
    let id = said.parse().map_err(|_| missing())?;
    let removed: Result<bool, AccountError> = async {
        prove(&member, &form).await?;
        accounts.remove_passkey(visitor, id, caller).await
    }
    .await;
    match removed {
        Ok(false) => Err(missing()),
        removed => {
            let words = "The passkey is removed, and all other browsers are signed out. Delete it on your device too.";
            after(&site, member, removed.map(|_| Outcome::done(words))).await
        }
    }
}
