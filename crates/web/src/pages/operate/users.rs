//! Who has an account, and what an operator may do with accounts: as `clausewatch admin` does it, and through the same functions.
use accounts::{AccountError, Hand};
use askama::Template;
use atlas::accounts::{Account, Belonging, User};
use atlas::watching::PersonId;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::json;

use crate::error::Failure;
use crate::negotiate::Wants;
use crate::owner::{Member, Operator, Proof};
use crate::page::Head;
use crate::pages::account::{came, prove};
use crate::query::Query;
use crate::site::Site;
use crate::view::Paging;
use crate::{links, words};

/// Accounts on a page.
const SIZE: usize = 25;

/// An account as the page shows it.
struct Row {
    user: User,
    organisations: Vec<Belonging>,
    /// The plan's name, and how the person comes to have it; none where there are no plans.
    plan: Option<(String, &'static str)>,
}

#[derive(Template)]
#[template(path = "pages/operate/users.html")]
struct UsersPage {
    head: Head,
    rows: Vec<Row>,
    all: i64,
    /// The address that is searched, as typed.
    part: String,
    /// The query of this page, for forms to come back to it.
    query: String,
    paging: Paging,
    proof: Proof,
    error: Option<String>,
    done: Option<String>,
}

/// What a form came to: what was done, in words, or why not.
type Outcome = Result<Option<String>, AccountError>;

/// What a person has of the plans, in words: "trial", "paid" or nothing.
async fn plan(site: &Site, person: PersonId) -> Result<Option<(String, &'static str)>, Failure> {
    let entitled = site.plans.of(&site.atlas, person, site.now_ms()).await?;
    let how = match (entitled.trial_until_ms, entitled.pays) {
        (Some(_), true) => "trial, pays for another",
        (Some(_), false) => "trial",
        (None, true) => "paid",
        (None, false) => "",
    };
    Ok(entitled.plan.map(|plan| (plan.name, how)))
}

async fn page(
    site: &Site,
    member: &Member,
    query: &Query,
    wants: Wants,
    outcome: Outcome,
) -> Result<Response, Failure> {
    let (status, error, done) = came(outcome)?;
    let (number, part) = (query.page()?, query.text("q").unwrap_or(""));
    let (users, all) = site.atlas.users(part, ((number - 1) * SIZE) as i64, SIZE as i64).await?;
    let mut rows = Vec::new();
    for user in users {
        let organisations = site.atlas.belongings(user.person).await?;
        rows.push(Row { organisations, plan: plan(site, user.person).await?, user });
    }
    let head = site.head("Users", links::OPERATE_USERS).crumb("Operate", links::OPERATE).here("Users").unlisted();
    let proof = member.proof().await?;
    let paging = Paging::of(links::OPERATE_USERS, query, number, SIZE, usize::try_from(all).unwrap_or(0));
    let page = UsersPage {
        head: head.passkeys(proof.passkey),
        rows,
        all,
        part: part.into(),
        query: query.with("", ""),
        paging,
        proof,
        error,
        done,
    };
    let answer = wants.record(&page, || {
        let users = page.rows.iter().map(|row| {
            let plan = row.plan.as_ref().map(|(name, how)| json!({"name": name, "how": how}));
            json!({"user": row.user, "organisations": row.organisations, "plan": plan})
        });
        json!({"users": users.collect::<Vec<_>>(), "total": page.all})
    })?;
    Ok((status, answer).into_response())
}

pub(super) async fn show(
    _: Operator,
    member: Member,
    State(site): State<Site>,
    wants: Wants,
    query: Query,
) -> Result<Response, Failure> {
    page(&site, &member, &query, wants, Ok(None)).await
}

/// Does what a form says with an account; what was done, in words.
async fn act(member: &Member, account: &Account, form: &Query) -> Result<String, AccountError> {
    let Member { accounts, visitor, caller, .. } = member;
    prove(member, form).await?;
    let (hand, address) = (Hand::Operator(visitor, caller), &account.address);
    Ok(match form.text("do").unwrap_or("") {
        "sign-out" => {
            accounts.end_all_access(account, hand).await?;
            format!("{address} is signed out everywhere; their tokens are ended.")
        }
        "close" => {
            accounts.disable(account, true, hand).await?;
            format!("The account of {address} is closed.")
        }
        "open" => {
            accounts.disable(account, false, hand).await?;
            format!("The account of {address} is open.")
        }
        "grant" => {
            accounts.grant(account, true, hand).await?;
            format!("{address} is an operator.")
        }
        "revoke" => {
            accounts.grant(account, false, hand).await?;
            format!("{address} is no operator any more.")
        }
        "reset" => {
            accounts.send_reset(account, visitor, caller).await?;
            format!("A link to set a password is mailed to {address}; it is good for 10 minutes.")
        }
        _ => return Err(AccountError::Input("it must be sign-out, close, open, grant, revoke or reset".into())),
    })
}

pub(super) async fn change(
    Operator(own): Operator,
    member: Member,
    State(site): State<Site>,
    query: Query,
    Path(person): Path<String>,
    body: String,
) -> Result<Response, Failure> {
    let missing = || Failure::missing(format!("person {:?} with an account", words::clip(&person, 40)));
    let account = site.atlas.account(person.parse().map_err(|_| missing())?).await?.ok_or_else(missing)?;
    let done = act(&member, &account, &Query::parse(&body)).await;
    // Who has done something to themselves may be signed out, or no operator any more.
    if done.is_ok() && account.person == own {
        return Ok(Redirect::to(links::ACCOUNT).into_response());
    }
    page(&site, &member, &query, Wants::Page, done.map(Some)).await
}
