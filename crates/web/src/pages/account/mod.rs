//! Accounts: signing up and in, links in mails, and the page of one's own account. On a site without accounts none of this is there.
mod link;
mod passkeys;
mod show;
mod sign_in;

pub(in crate::pages) use show::{DELETE, all_of, prove};

use accounts::{AccountError, SignedIn, Wish};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};

use crate::error::Failure;
use crate::links;
use crate::owner::{Asking, cookie};
use crate::query::Query;
use crate::site::Site;

/// Most bytes of a form.
const FORM: usize = 16 * 1024;

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route(links::ACCOUNT, get(show::show))
        .route(links::SIGN_UP, get(sign_in::asks_sign_up).post(sign_in::sign_up))
        .route(links::SIGN_IN, get(sign_in::asks_sign_in).post(sign_in::sign_in))
        .route("/account/mail-link", post(sign_in::mail_link))
        .route(links::SIGN_OUT, post(sign_in::sign_out))
        .route(links::FORGOT, get(sign_in::asks_forgot).post(sign_in::forgot))
        .route("/account/link/{token}", get(link::show).post(link::follow))
        .route("/account/password", post(show::password))
        .route("/account/address", post(show::address))
        .route("/account/sessions", post(show::sessions))
        .route("/account/tokens", post(show::tokens))
        .route(links::SECOND_FACTOR, post(show::second_factor))
        .route(links::PASSKEYS, post(passkeys::change))
        .route("/account/passkeys/begin", post(passkeys::begin))
        .route(links::PASSKEY_SIGN_IN, post(passkeys::sign_in))
        .route("/account/passkeys/sign-in/begin", post(passkeys::begin_sign_in))
        .route("/account/passkeys/proof", post(passkeys::end_proof))
        .route("/account/passkeys/proof/begin", post(passkeys::begin_proof))
        .route(links::PASSKEY_END_FACTOR, post(passkeys::end_factor))
        .route("/account/passkeys/end-second-factor/begin", post(passkeys::begin_factor_end))
        .route("/account/export", post(show::export))
        .route("/account/delete", post(show::delete))
        .layer(DefaultBodyLimit::max(FORM))
}

/// What a form says that whoever asks was about to do.
fn wish(form: &Query) -> Wish {
    let back = form.text("back").filter(|path| links::is_local(path) && !path.starts_with(links::ACCOUNT));
    Wish { watch: form.owned("watch"), back: back.map(str::to_string) }
}

/// The status and the words for a page on which something was not done; a failure of our own is none for a page.
pub(in crate::pages) fn told(error: AccountError) -> Result<(StatusCode, String), Failure> {
    match Failure::from(error) {
        Failure::Refused(status, words) => Ok((status, crate::words::sentence(&words))),
        failure => Err(failure),
    }
}

/// What a form came to, for a page that is shown again: the status, why it was not done, what was done.
pub(in crate::pages) fn came(
    outcome: Result<Option<String>, AccountError>,
) -> Result<(StatusCode, Option<String>, Option<String>), Failure> {
    match outcome {
        Ok(done) => Ok((StatusCode::OK, None, done)),
        Err(wrong) => told(wrong).map(|(status, words)| (status, Some(words), None)),
    }
}

/// Gives the browser a new session in the place of the one that it had, makes the watch that was wished for, and goes on.
async fn enter(site: &Site, asking: &Asking, signed_in: &SignedIn, wish: &Wish) -> Result<Response, Failure> {
    if let Some(before) = &asking.secret {
        asking.accounts.sign_out(before, &asking.caller).await?;
    }
    let person = signed_in.account.person;
    if let Some(subject) = wish.watch.as_deref().and_then(|said| serde_json::from_str(said).ok()) {
        match super::watching::begin(site, person, subject).await {
            // The record may be gone since, or there is no room for one more watch: that is no reason not to sign in.
            Ok(()) | Err(Failure::Missing(_) | Failure::Refused(..)) => {}
            Err(failure) => return Err(failure),
        }
    }
    let to = wish.back.as_deref().filter(|path| links::is_local(path)).unwrap_or(links::WATCHLIST);
    Ok(([cookie(&site.config, Some(&signed_in.secret))], Redirect::to(to)).into_response())
}
