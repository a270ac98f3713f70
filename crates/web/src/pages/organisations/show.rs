//! One organisation: its members and who is invited, and what owners do with them.
use std::collections::HashMap;

use accounts::{AccountError, role_name};
use askama::Template;
use atlas::accounts::{AuditEntry, Belonging, Invitation, OrganisationMember, Role};
use atlas::watching::PersonId;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Redirect, Response};

use super::{Named, number};
use crate::error::Failure;
use crate::links;
use crate::owner::{Member, Proof};
use crate::page::Head;
use crate::pages::account::{DELETE, all_of, came, prove};
use crate::query::Query;
use crate::saved::saved;
use crate::site::Site;
use crate::words;

/// Entries of the log that the page shows.
const LOG: i64 = 50;
/// What is said when a member was removed.
const REMOVED: &str = "The member is removed, and nothing is mailed to the address of their account any more. If they were more than a reader, \
                       renew the private feed and webhooks on the watchlist, and close its shared page: they may know the secrets.";
/// The roles, as forms name them.
const ROLES: [(&str, Role); 3] = [named(Role::Reader), named(Role::Editor), named(Role::Owner)];

const fn named(role: Role) -> (&'static str, Role) {
    (role_name(role), role)
}

#[derive(Template)]
#[template(path = "pages/organisations/show.html")]
struct OrganisationPage {
    head: Head,
    own: Belonging,
    person: PersonId,
    members: Vec<OrganisationMember>,
    /// Who is invited; for owners only.
    invitations: Vec<Invitation>,
    /// What happened, in words; for owners only.
    log: Vec<(i64, String)>,
    proof: Proof,
    error: Option<String>,
    done: Option<String>,
}

impl OrganisationPage {
    fn is_owner(&self) -> bool {
        self.own.role == Role::Owner
    }

    fn is_you(&self, member: &OrganisationMember) -> bool {
        member.person == self.person
    }
}

/// The addresses by which a log names persons: those of members, and those that others had when they left.
fn addresses(members: &[OrganisationMember], log: &[AuditEntry]) -> HashMap<PersonId, String> {
    let gone = |entry: &AuditEntry| matches!(entry.event.as_str(), "member-left" | "member-removed");
    let left = log.iter().rev().filter(|entry| gone(entry) && !entry.detail.is_empty());
    let left = left.filter_map(|entry| Some((entry.member?, entry.detail.clone())));
    left.chain(members.iter().map(|member| (member.person, member.address.clone()))).collect()
}

/// What happened, in words: "ada@example.org invited bob@example.org".
fn deed(entry: &AuditEntry, addresses: &HashMap<PersonId, String>) -> String {
    let somebody = |person: Option<PersonId>, none: &'static str| match person {
        None => none,
        Some(id) => addresses.get(&id).map_or("somebody who is gone", String::as_str),
    };
    let (by, whom) = (somebody(entry.by, "the operator of this site"), somebody(entry.member, ""));
    let detail = &entry.detail;
    let address = if detail.is_empty() { "somebody" } else { detail };
    match entry.event.as_str() {
        "organisation-founded" => format!("{by} founded it as “{detail}”"),
        "organisation-renamed" => format!("{by} renamed it to “{detail}”"),
        "organisation-exported" => format!("{by} exported what is kept of it"),
        "invitation-sent" => format!("{by} invited {address}"),
        "invitation-withdrawn" => format!("{by} withdrew the invitation of {address}"),
        "invitation-declined" => format!("{address} declined the invitation"),
        "member-joined" => format!("{whom} joined as {detail}, invited by {by}"),
        "role-changed" => format!("{by} made {whom} {detail}"),
        "member-removed" => format!("{by} removed {address}"),
        "member-left" => format!("{address} left"),
        other => other.replace('-', " "),
    }
}

/// What a form came to.
type Outcome = Result<Option<String>, AccountError>;

async fn page(site: &Site, member: &Member, id: PersonId, outcome: Outcome) -> Result<Response, Failure> {
    let person = member.visitor.account.person;
    let own = member.accounts.belonging(person, id, Role::Reader).await?;
    let (status, error, done) = came(outcome)?;
    let members = site.atlas.members(id).await?;
    let (mut invitations, mut log) = (Vec::new(), Vec::new());
    if own.role == Role::Owner {
        invitations = site.atlas.invited(id, site.now_ms()).await?;
        let entries = site.atlas.audit(Some(id), 0, LOG).await?;
        let addresses = addresses(&members, &entries);
        log = entries.iter().map(|entry| (entry.at_ms, deed(entry, &addresses))).collect();
    }
    let head = site.head(own.name.as_str(), links::organisation(&id)).crumb("Organisations", links::ORGANISATIONS);
    let proof = member.proof().await?;
    let page = OrganisationPage {
        head: head.here(own.name.as_str()).unlisted().no_json().passkeys(proof.passkey),
        own,
        person,
        members,
        invitations,
        log,
        proof,
        error,
        done,
    };
    Ok((status, Html(page.render()?)).into_response())
}

pub(super) async fn show(
    member: Member,
    State(site): State<Site>,
    Path(named): Path<Named>,
) -> Result<Response, Failure> {
    page(&site, &member, named.id()?, Ok(None)).await
}

/// Renames it, or leaves it.
pub(super) async fn change(
    member: Member,
    State(site): State<Site>,
    Path(named): Path<Named>,
    body: String,
) -> Result<Response, Failure> {
    let (id, form) = (named.id()?, Query::parse(&body));
    let (accounts, visitor, caller) = (&member.accounts, &member.visitor, &member.caller);
    if form.text("do") == Some("leave") {
        return match accounts.leave(visitor, id, caller).await {
            Ok(()) => Ok(Redirect::to(links::ORGANISATIONS).into_response()),
            Err(wrong) => page(&site, &member, id, Err(wrong)).await,
        };
    }
    let renamed = accounts.rename_organisation(visitor, id, form.text("name").unwrap_or(""), caller).await;
    page(&site, &member, id, renamed.map(|()| Some("It has another name.".into()))).await
}

/// Gives a member another role, or removes one.
pub(super) async fn members(
    member: Member,
    State(site): State<Site>,
    Path(named): Path<Named>,
    body: String,
) -> Result<Response, Failure> {
    let (id, form) = (named.id()?, Query::parse(&body));
    let whom = number(&form, "member")?;
    let (accounts, visitor, caller) = (&member.accounts, &member.visitor, &member.caller);
    if form.text("do") == Some("remove") {
        let removed = accounts.remove_member(visitor, id, whom, caller).await;
        if removed.is_ok() && whom == visitor.account.person {
            return Ok(Redirect::to(links::ORGANISATIONS).into_response());
        }
        return page(&site, &member, id, removed.map(|()| Some(REMOVED.into()))).await;
    }
    let role = form.choice("role", &ROLES)?;
    let role = role.ok_or_else(|| Failure::input("role", "", "it must be reader, editor or owner"))?;
    let changed = async {
        if role == Role::Owner {
            prove(&member, &form).await?;
        }
        accounts.set_role(visitor, id, whom, role, caller).await
    };
    let changed = changed.await;
    page(&site, &member, id, changed.map(|()| Some("The role is changed.".into()))).await
}

/// Invites somebody, or withdraws an invitation.
pub(super) async fn invitations(
    member: Member,
    State(site): State<Site>,
    Path(named): Path<Named>,
    body: String,
) -> Result<Response, Failure> {
    let (id, form) = (named.id()?, Query::parse(&body));
    let (accounts, caller) = (&member.accounts, &member.caller);
    if form.text("withdraw").is_some() {
        let withdrawn = accounts.withdraw(&member.visitor, id, number(&form, "withdraw")?, caller).await;
        return page(&site, &member, id, withdrawn.map(|()| Some("The invitation is withdrawn.".into()))).await;
    }
    let (address, role) = (form.text("address").unwrap_or(""), form.choice("role", &ROLES)?.unwrap_or(Role::Reader));
    let invited = async {
        if role == Role::Owner {
            prove(&member, &form).await?;
        }
        accounts.invite(&member.visitor, id, address, role, caller).await
    };
    let invited = invited.await.map(|()| {
        let words = "A mail is on its way to {}, unless that address was mailed five times within an hour. It is good for seven days.";
        Some(words.replace("{}", address))
    });
    page(&site, &member, id, invited).await
}

pub(super) async fn export(
    member: Member,
    State(site): State<Site>,
    Path(named): Path<Named>,
    body: String,
) -> Result<Response, Failure> {
    let id = named.id()?;
    if let Err(wrong) = prove(&member, &Query::parse(&body)).await {
        return page(&site, &member, id, Err(wrong)).await;
    }
    let kept = match member.accounts.export_organisation(&member.visitor, id, &member.caller).await {
        Ok(kept) => kept,
        Err(wrong) => return page(&site, &member, id, Err(wrong)).await,
    };
    let mut all = all_of(&site, id).await?;
    all["organisation"] = serde_json::to_value(kept)?;
    Ok(saved("clausewatch-organisation.json", "application/json", serde_json::to_vec_pretty(&all)?))
}

pub(super) async fn delete(
    member: Member,
    State(site): State<Site>,
    Path(named): Path<Named>,
    body: String,
) -> Result<Response, Failure> {
    let (id, form) = (named.id()?, Query::parse(&body));
    let erased = async {
        if form.text("sure") != Some(DELETE) {
            return Err(AccountError::Input(format!("type “{DELETE}” to delete the organisation")));
        }
        prove(&member, &form).await?;
        member.accounts.erase_organisation(&member.visitor, id, &member.caller).await
    };
    match erased.await {
        Ok(()) => Ok(Redirect::to(links::ORGANISATIONS).into_response()),
        Err(wrong) => page(&site, &member, id, Err(wrong)).await,
    }
}
