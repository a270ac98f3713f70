//! The organisations of a person, invitations to others, and founding one.
use accounts::AccountError;
use askama::Template;
use atlas::accounts::{Belonging, Invitation};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde_json::json;

use super::{accounts, number};
use crate::error::Failure;
use crate::links;
use crate::negotiate::{Wants, json};
use crate::owner::{Member, Owner, TurnedAway};
use crate::page::Head;
use crate::pages::account::told;
use crate::query::Query;
use crate::site::Site;
use crate::words;

#[derive(Template)]
#[template(path = "pages/organisations/list.html")]
struct ListPage {
    head: Head,
    belongings: Vec<Belonging>,
    invitations: Vec<Invitation>,
    address: String,
    error: Option<String>,
}

async fn page(site: &Site, member: &Member, wrong: Option<AccountError>) -> Result<Response, Failure> {
    let (status, error) = match wrong.map(told).transpose()? {
        Some((status, words)) => (status, Some(words)),
        None => (StatusCode::OK, None),
    };
    let account = &member.visitor.account;
    let head = site.head("Organisations", links::ORGANISATIONS).crumb("Account", links::ACCOUNT).here("Organisations");
    let page = ListPage {
        head: head.unlisted(),
        belongings: site.atlas.belongings(account.person).await?,
        invitations: member.accounts.invitations(&member.visitor).await?,
        address: account.address.clone(),
        error,
    };
    Ok((status, Html(page.render()?)).into_response())
}

/// Programs are told which watchlists there are; persons also who invites them.
pub(super) async fn show(
    Owner(person): Owner,
    member: Result<Member, TurnedAway>,
    State(site): State<Site>,
    wants: Wants,
) -> Result<Response, Failure> {
    accounts(&site)?;
    if wants == Wants::Json {
        let belonging = |own: Belonging| {
            let watchlist = links::json(&links::of_organisation(&own.organisation, links::WATCHLIST));
            json!({"organisation": own.organisation, "name": own.name, "role": own.role, "watchlist": watchlist})
        };
        let all: Vec<_> = site.atlas.belongings(person).await?.into_iter().map(belonging).collect();
        return json(&json!({"organisations": all}));
    }
    match member {
        Ok(member) => page(&site, &member, None).await,
        Err(away) => Ok(away.into_response()),
    }
}

/// Founds an organisation, or answers an invitation.
pub(super) async fn change(member: Member, State(site): State<Site>, body: String) -> Result<Response, Failure> {
    let form = Query::parse(&body);
    let (accounts, visitor, caller) = (&member.accounts, &member.visitor, &member.caller);
    let done = if form.text("accept").is_some() {
        accounts
            .accept(visitor, number(&form, "accept")?, caller)
            .await
            .map(|id| links::of_organisation(&id, links::WATCHLIST))
    } else if form.text("decline").is_some() {
        let declined = accounts.decline(visitor, number(&form, "decline")?, caller).await;
        declined.map(|()| links::ORGANISATIONS.to_string())
    } else {
        let name = form.text("name").unwrap_or("");
        accounts.found_organisation(visitor, name, caller).await.map(|id| links::organisation(&id))
    };
    match done {
        Ok(to) => Ok(Redirect::to(&to).into_response()),
        Err(wrong) => page(&site, &member, Some(wrong)).await,
    }
}
