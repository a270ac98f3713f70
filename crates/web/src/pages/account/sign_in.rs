//! Signing up, in and out, and asking for a link. What these pages say of an address is the same whether or not it has an account.
use accounts::{AccountError, Accounts, Wish};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};

use super::{enter, told, wish};
use crate::error::Failure;
use crate::links;
use crate::owner::{Asking, cookie};
use crate::page::Head;
use crate::query::Query;
use crate::site::Site;

/// A form that asks for an address, and what goes with it.
#[derive(Template)]
#[template(path = "pages/account/sign_in.html")]
struct FormPage {
    head: Head,
    form: Form,
    address: String,
    wish: Wish,
    /// What is wished to be watched, in words.
    watched: Option<String>,
    error: Option<String>,
    /// Whether there can be passkeys on this site.
    passkeys: bool,
}

/// Which form.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    SignUp,
    SignIn,
    Forgot,
}

impl Form {
    fn title(self) -> &'static str {
        match self {
            Form::SignUp => "Sign up",
            Form::SignIn => "Sign in",
            Form::Forgot => "Set a new password",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Form::SignUp => links::SIGN_UP,
            Form::SignIn => links::SIGN_IN,
            Form::Forgot => links::FORGOT,
        }
    }
}

impl FormPage {
    fn is_sign_up(&self) -> bool {
        self.form == Form::SignUp
    }

    fn is_sign_in(&self) -> bool {
        self.form == Form::SignIn
    }

    /// The other form, with the same wish.
    fn path_of(&self, path: &str) -> String {
        let fields = [("watch", &self.wish.watch), ("back", &self.wish.back)];
        let said = fields.iter().filter_map(|(name, value)| Some(format!("{name}={}", links::value(value.as_ref()?))));
        let query = said.collect::<Vec<_>>().join("&");
        if query.is_empty() { path.to_string() } else { format!("{path}?{query}") }
    }
}

fn head(site: &Site, title: &str, path: &str) -> Head {
    site.head(title, path).here(title).unlisted().no_json()
}

/// A form as it is first shown, or again with what was wrong.
async fn form(site: &Site, form: Form, said: &Query, wrong: Option<AccountError>) -> Result<Response, Failure> {
    let (status, error) = match wrong.map(told).transpose()? {
        Some((status, words)) => (status, Some(words)),
        None => (StatusCode::OK, None),
    };
    let wish = wish(said);
    let watched = super::link::watched(site, &wish).await?;
    let address = said.owned("address").unwrap_or_default();
    let passkeys = form == Form::SignIn && site.accounts.as_ref().is_some_and(Accounts::takes_passkeys);
    let head = head(site, form.title(), form.path()).passkeys(passkeys);
    let page = FormPage { head, form, address, wish, watched, error, passkeys };
    Ok((status, Html(page.render()?)).into_response())
}

/// The form to sign in, after a try with a passkey.
pub(super) async fn again(site: &Site, said: &Query, wrong: AccountError) -> Result<Response, Failure> {
    form(site, Form::SignIn, said, Some(wrong)).await
}

pub(super) async fn asks_sign_up(_: Asking, State(site): State<Site>, said: Query) -> Result<Response, Failure> {
    form(&site, Form::SignUp, &said, None).await
}

pub(super) async fn asks_sign_in(_: Asking, State(site): State<Site>, said: Query) -> Result<Response, Failure> {
    form(&site, Form::SignIn, &said, None).await
}

pub(super) async fn asks_forgot(_: Asking, State(site): State<Site>, said: Query) -> Result<Response, Failure> {
    form(&site, Form::Forgot, &said, None).await
}

/// What is said when a mail was asked for, whatever the mail says and whether or not one is sent.
#[derive(Template)]
#[template(path = "pages/account/sent.html")]
struct SentPage {
    head: Head,
    address: String,
    lasts: &'static str,
}

async fn asked(
    site: &Site,
    which: Form,
    said: &Query,
    done: Result<(), AccountError>,
    lasts: &'static str,
) -> Result<Response, Failure> {
    if let Err(wrong) = done {
        return form(site, which, said, Some(wrong)).await;
    }
    let head = head(site, "Look into your mailbox", which.path());
    Ok(Html(SentPage { head, address: said.owned("address").unwrap_or_default(), lasts }.render()?).into_response())
}

pub(super) async fn sign_up(asking: Asking, State(site): State<Site>, body: String) -> Result<Response, Failure> {
    let said = Query::parse(&body);
    let done = asking.accounts.sign_up(said.text("address").unwrap_or(""), &wish(&said), &asking.caller).await;
    asked(&site, Form::SignUp, &said, done, "for a day, or ten minutes if you have an account already").await
}

pub(super) async fn mail_link(asking: Asking, State(site): State<Site>, body: String) -> Result<Response, Failure> {
    let said = Query::parse(&body);
    let done = asking.accounts.mail_sign_in(said.text("address").unwrap_or(""), &wish(&said), &asking.caller).await;
    asked(&site, Form::SignIn, &said, done, "for ten minutes").await
}

pub(super) async fn forgot(asking: Asking, State(site): State<Site>, body: String) -> Result<Response, Failure> {
    let said = Query::parse(&body);
    let done = asking.accounts.mail_reset(said.text("address").unwrap_or(""), &asking.caller).await;
    asked(&site, Form::Forgot, &said, done, "for ten minutes").await
}

pub(super) async fn sign_in(asking: Asking, State(site): State<Site>, body: String) -> Result<Response, Failure> {
    let said = Query::parse(&body);
    let (address, password) = (said.text("address").unwrap_or(""), said.exact("password").unwrap_or(""));
    match asking.accounts.sign_in(address, password, said.text("code"), &asking.caller).await {
        Ok(signed_in) => enter(&site, &asking, &signed_in, &wish(&said)).await,
        Err(wrong) => form(&site, Form::SignIn, &said, Some(wrong)).await,
    }
}

pub(super) async fn sign_out(asking: Asking, State(site): State<Site>) -> Result<Response, Failure> {
    if let Some(secret) = &asking.secret {
        asking.accounts.sign_out(secret, &asking.caller).await?;
    }
    Ok(([cookie(&site.config, None)], Redirect::to(links::HOME)).into_response())
}
