//! What a link in a mail leads to: a page that says what it does, and a button that does it.
use accounts::{Followed, Invited, Link, MailKind, Wish};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};

use super::{enter, told};
use crate::error::Failure;
use crate::links;
use crate::owner::Asking;
use crate::page::Head;
use crate::query::Query;
use crate::site::Site;
use crate::words;

#[derive(Template)]
#[template(path = "pages/account/link.html")]
struct LinkPage {
    head: Head,
    title: &'static str,
    text: String,
    /// What the button is called; none when nothing is left to do.
    button: Option<&'static str>,
    /// Where who has an account signs in to accept an invitation.
    sign_in: Option<String>,
    link: Link,
    watched: Option<String>,
    error: Option<String>,
}

impl LinkPage {
    /// Whether a new password is asked for; whether it may be left empty.
    fn password(&self) -> Option<bool> {
        match self.link.kind {
            MailKind::SignUp | MailKind::Invitation => Some(true),
            MailKind::Reset => Some(false),
            _ => None,
        }
    }
}

/// What somebody wishes to watch, in words; none if it is nothing that is there.
pub(super) async fn watched(site: &Site, wish: &Wish) -> Result<Option<String>, Failure> {
    match wish.watch.as_deref().and_then(|said| serde_json::from_str(said).ok()) {
        Some(subject) => Ok(alerts::known_subject(&site.atlas, &subject).await?),
        None => Ok(None),
    }
}

/// What an invitation says, and where to sign in for who has an account at its address.
fn invitation(site: &Site, link: &Link, invited: &Invited) -> (String, Option<String>) {
    let Invited { organisation, role, by, has_account } = invited;
    let by = by.as_deref().unwrap_or("A member");
    let invites =
        format!("{by} invites {} to the organisation “{organisation}” as {}.", link.address, words::role(role));
    if *has_account {
        let query = format!("address={}&back={}", links::value(&link.address), links::value(links::ORGANISATIONS));
        let text = format!("{invites} There is an account with this address: sign in to it to accept.");
        return (text, Some(format!("{}?{query}", links::SIGN_IN)));
    }
    let text = format!("{invites} Accepting makes your account at {} for {}.", site.config.name, link.address);
    (text, None)
}

async fn page(site: &Site, token: &str, link: Link, error: Option<String>) -> Result<String, Failure> {
    let address = &link.address;
    let mut sign_in = None;
    let (title, text, button) = match (link.kind, &link.invited) {
        (MailKind::SignUp, _) => (
            "Confirm your address",
            format!("This makes your account at {} for {address}.", site.config.name),
            Some("Confirm and sign in"),
        ),
        (MailKind::Reset, _) => {
            ("Set a new password", format!("This sets a new password for {address}."), Some("Set it and sign in"))
        }
        (MailKind::ChangeAddress, _) => (
            "Confirm your new address",
            format!("This makes {address} the address of your account."),
            Some("Use this address"),
        ),
        (MailKind::EndFactor, _) => (
            "End your second factor",
            format!(
                "This ends the second factor of {address}, which signs in without codes then. Do it only if you lost your app."
            ),
            Some("End it"),
        ),
        (MailKind::Invitation, Some(invited)) => {
            let (text, place) = invitation(site, &link, invited);
            sign_in = place;
            ("You are invited", text, Some("Accept and sign in"))
        }
        _ => ("Sign in", format!("This signs you in as {address}, in this browser."), Some("Sign in")),
    };
    let head = site.head(title, format!("/account/link/{}", links::segment(token))).here(title).unlisted().no_json();
    let watched = watched(site, &link.wish).await?;
    Ok(LinkPage { head, title, text, button, sign_in, link, watched, error }.render()?)
}

pub(super) async fn show(
    asking: Asking,
    State(site): State<Site>,
    Path(token): Path<String>,
) -> Result<Response, Failure> {
    let link = asking.accounts.link(&token).await?;
    let invited = link.invited.as_ref().is_some_and(|invited| invited.has_account);
    if let Some(secret) = asking.secret.as_deref().filter(|_| invited) {
        let visitor = asking.accounts.visitor(secret).await?;
        // Who is signed in to the account that is invited answers there.
        if visitor.is_some_and(|visitor| visitor.account.address.eq_ignore_ascii_case(&link.address)) {
            return Ok(Redirect::to(links::ORGANISATIONS).into_response());
        }
    }
    Ok(Html(page(&site, &token, link, None).await?).into_response())
}

/// What came of a link after which nobody is signed in.
fn done(site: &Site, link: Link, title: &'static str, text: String) -> Result<Response, Failure> {
    let head = site.head(title, links::ACCOUNT).here(title).unlisted().no_json();
    let page = LinkPage { head, title, text, button: None, sign_in: None, link, watched: None, error: None };
    Ok(Html(page.render()?).into_response())
}

pub(super) async fn follow(
    asking: Asking,
    State(site): State<Site>,
    Path(token): Path<String>,
    body: String,
) -> Result<Response, Failure> {
    let form = Query::parse(&body);
    let link = asking.accounts.link(&token).await?;
    if form.text("do") == Some("decline") {
        asking.accounts.decline_by_link(&token, &asking.caller).await?;
        return done(&site, link, "You declined the invitation", "Nothing more is sent about it.".into());
    }
    match asking.accounts.follow(&token, form.exact("password"), form.text("code"), &asking.caller).await {
        Ok(Followed::In(signed_in, wish)) => enter(&site, &asking, &signed_in, &wish).await,
        Ok(Followed::Joined(signed_in, organisation)) => {
            let back = Some(links::held(Some(organisation), links::WATCHLIST));
            enter(&site, &asking, &signed_in, &Wish { back, ..Wish::default() }).await
        }
        Ok(Followed::Readdressed(address)) => {
            let text = format!("{address} is the address of your account from now on.");
            done(&site, link, "Your address is changed", text)
        }
        Ok(Followed::FactorEnded) => {
            let text = "No code is asked for any more. Sign in, and set up a second factor anew.";
            done(&site, link, "Your second factor is ended", text.into())
        }
        Err(wrong) => {
            let (status, words) = told(wrong)?;
            if status == StatusCode::NOT_FOUND {
                return Err(Failure::Refused(status, words));
            }
            Ok((status, Html(page(&site, &token, link, Some(words)).await?)).into_response())
        }
    }
}
