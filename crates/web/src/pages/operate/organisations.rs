//! Which organisations there are, and handing one over whose owners are gone.
use accounts::{AccountError, Hand};
use askama::Template;
use atlas::accounts::{Organisation, OrganisationMember, Role};
use atlas::watching::PersonId;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
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

/// Organisations on a page.
const SIZE: usize = 25;

/// An organisation as the page shows it.
struct Row {
    organisation: Organisation,
    watches: i64,
    members: Vec<OrganisationMember>,
}

impl Row {
    /// Who can be made an owner: members who can sign in and are none yet.
    fn candidates(&self) -> Vec<&OrganisationMember> {
        let can = |member: &&OrganisationMember| member.role != Role::Owner && member.disabled_ms.is_none();
        self.members.iter().filter(can).collect()
    }
}

#[derive(Template)]
#[template(path = "pages/operate/organisations.html")]
struct OrganisationsPage {
    head: Head,
    rows: Vec<Row>,
    all: i64,
    /// The query of this page, for forms to come back to it.
    query: String,
    paging: Paging,
    proof: Proof,
    error: Option<String>,
    done: Option<String>,
}

async fn page(
    site: &Site,
    member: &Member,
    query: &Query,
    wants: Wants,
    outcome: Result<Option<String>, AccountError>,
) -> Result<Response, Failure> {
    let (status, error, done) = came(outcome)?;
    let number = query.page()?;
    let (listed, all) = site.atlas.organisations_watching(((number - 1) * SIZE) as i64, SIZE as i64).await?;
    let mut rows = Vec::new();
    for (organisation, watches) in listed {
        rows.push(Row { members: site.atlas.members(organisation.id).await?, organisation, watches });
    }
    let path = links::OPERATE_ORGANISATIONS;
    let head = site.head("Organisations", path).crumb("Operate", links::OPERATE).here("Organisations").unlisted();
    let proof = member.proof().await?;
    let page = OrganisationsPage {
        head: head.passkeys(proof.passkey),
        rows,
        all,
        query: query.with("", ""),
        paging: Paging::of(path, query, number, SIZE, usize::try_from(all).unwrap_or(0)),
        proof,
        error,
        done,
    };
    let answer = wants.record(&page, || {
        let rows = page.rows.iter();
        let organisations =
            rows.map(|row| json!({"organisation": row.organisation, "watches": row.watches, "members": row.members}));
        json!({"organisations": organisations.collect::<Vec<_>>(), "total": page.all})
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

/// Makes a member of an organisation an owner of it.
pub(super) async fn hand_over(
    _: Operator,
    member: Member,
    State(site): State<Site>,
    query: Query,
    Path(organisation): Path<String>,
    body: String,
) -> Result<Response, Failure> {
    let missing = || Failure::missing(format!("organisation {:?}", words::clip(&organisation, 40)));
    let id: PersonId = organisation.parse().map_err(|_| missing())?;
    let organisation = site.atlas.organisation(id).await?.ok_or_else(missing)?;
    let form = Query::parse(&body);
    let said = form.text("member").unwrap_or("");
    let nobody = || Failure::input("member", said, "it must be the number of a member");
    let account = site.atlas.account(said.parse().map_err(|_| nobody())?).await?.ok_or_else(nobody)?;
    let done = async {
        prove(&member, &form).await?;
        member.accounts.hand_over(id, &account, Hand::Operator(&member.visitor, &member.caller)).await?;
        Ok(Some(format!("{} is an owner of {}.", account.address, organisation.name)))
    };
    let done = done.await;
    page(&site, &member, &query, Wants::Page, done).await
}
