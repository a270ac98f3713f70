//! What a link in a mail leads to: a page that says what it does, and a button that does it.
use accounts::{Followed, Link, MailKind, Wish};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

use super::{enter, told};
use crate::error::Failure;
use crate::links;
use crate::owner::Asking;
use crate::page::Head;
use crate::query::Query;
use crate::site::Site;

#[derive(Template)]
#[template(path = "pages/account/link.html")]
struct LinkPage {
    head: Head,
    title: &'static str,
    text: String,
    /// What the button is called; none when nothing is left to do.
    button: Option<&'static str>,
    link: Link,
    watched: Option<String>,
    error: Option<String>,
}

impl LinkPage {
    /// Whether a password is asked for; whether it may be left empty.
    fn password(&self) -> Option<bool> {
        match self.link.kind {
            MailKind::SignUp => Some(true),
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

async fn page(site: &Site, token: &str, link: Link, error: Option<String>) -> Result<String, Failure> {
    let address = &link.address;
    let (title, text, button) = match link.kind {
        MailKind::SignUp => (
            "Confirm your address",
            format!("This makes your account at {} for {address}.", site.config.name),
            Some("Confirm and sign in"),
        ),
        MailKind::Reset => {
            ("Set a new password", format!("This sets a new password for {address}."), Some("Set it and sign in"))
        }
        MailKind::ChangeAddress => (
            "Confirm your new address",
            format!("This makes {address} the address of your account."),
            Some("Use this address"),
        ),
        _ => ("Sign in", format!("This signs you in as {address}, in this browser."), Some("Sign in")),
    };
    let head = site.head(title, format!("/account/link/{}", links::segment(token))).here(title).unlisted().no_json();
    let watched = watched(site, &link.wish).await?;
    Ok(LinkPage { head, title, text, button, link, watched, error }.render()?)
}

pub(super) async fn show(
    asking: Asking,
    State(site): State<Site>,
    Path(token): Path<String>,
) -> Result<Response, Failure> {
    let link = asking.accounts.link(&token).await?;
    Ok(Html(page(&site, &token, link, None).await?).into_response())
}

pub(super) async fn follow(
    asking: Asking,
    State(site): State<Site>,
    Path(token): Path<String>,
    body: String,
) -> Result<Response, Failure> {
    let form = Query::parse(&body);
    let link = asking.accounts.link(&token).await?;
    match asking.accounts.follow(&token, form.exact("password"), form.text("code"), &asking.caller).await {
        Ok(Followed::In(signed_in, wish)) => enter(&site, &asking, &signed_in, &wish).await,
        Ok(Followed::Readdressed(address)) => {
            let title = "Your address is changed";
            let head = site.head(title, links::ACCOUNT).here(title).unlisted().no_json();
            let text = format!("{address} is the address of your account from now on.");
            let page = LinkPage { head, title, text, button: None, link, watched: None, error: None };
            Ok(Html(page.render()?).into_response())
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
