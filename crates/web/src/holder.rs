//! Whose watchlist a request is about: one's own, or that of an organisation that the address names (`/organisations/7/watchlist`). Whether
//! who asks belongs to it, and may do what they ask, is asked here at each request, of `Accounts::belonging`, which decides it.
use atlas::accounts::{Belonging, Role};
use atlas::watching::PersonId;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use crate::error::Failure;
use crate::links;
use crate::owner::{Owner, is_reading};
use crate::site::Site;
use crate::words;

/// A watchlist with its channels and inbox, as who asks may use it. As an extractor it is the one that the address names: to read it, one
/// has to belong to the organisation; to change anything, one has to be an editor of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Holder {
    /// Who asks.
    pub person: PersonId,
    /// The organisation whose it is; none: it is their own.
    pub organisation: Option<Belonging>,
}

impl Holder {
    /// One's own watchlist.
    pub fn own(person: PersonId) -> Holder {
        Holder { person, organisation: None }
    }

    /// The one that a form or an address names by the number of an organisation, or one's own if it names none.
    pub async fn named(site: &Site, person: PersonId, said: Option<&str>, least: Role) -> Result<Holder, Failure> {
        let Some(said) = said else { return Ok(Holder::own(person)) };
        let missing = || Failure::missing("organisation of yours with this number");
        let accounts = site.accounts.as_ref().ok_or_else(missing)?;
        let number = said.parse::<PersonId>().map_err(|_| missing())?;
        Ok(Holder { person, organisation: Some(accounts.belonging(person, number, least).await?) })
    }

    /// All that a person may change: their own and those of organisations whose editors they are.
    pub async fn changeable(site: &Site, person: PersonId) -> Result<Vec<Holder>, Failure> {
        let mut all = Holder::all(site, person).await?;
        all.retain(Holder::changes);
        Ok(all)
    }

    /// All that a person may see, their own first.
    pub async fn all(site: &Site, person: PersonId) -> Result<Vec<Holder>, Failure> {
        let mut all = vec![Holder::own(person)];
        if site.accounts.is_some() {
            let belongings = site.atlas.belongings(person).await?;
            all.extend(belongings.into_iter().map(|belonging| Holder { person, organisation: Some(belonging) }));
        }
        Ok(all)
    }

    /// The number under which watches, channels and messages are kept.
    pub fn id(&self) -> PersonId {
        self.organisation.as_ref().map_or(self.person, |belonging| belonging.organisation)
    }

    /// Whether who asks may change it, and see what only serves that: channels, settings, what was not sent.
    pub fn changes(&self) -> bool {
        self.organisation.as_ref().is_none_or(|belonging| belonging.role >= Role::Editor)
    }

    /// The name of the organisation, or "Yours".
    pub fn name(&self) -> &str {
        self.organisation.as_ref().map_or("Yours", |belonging| &belonging.name)
    }

    /// The name of the role in the organisation; none for one's own.
    pub fn role(&self) -> Option<&'static str> {
        self.organisation.as_ref().map(|belonging| words::role(&belonging.role))
    }

    /// The number of the organisation, as forms and addresses name it.
    pub fn organisation(&self) -> Option<PersonId> {
        self.organisation.as_ref().map(|belonging| belonging.organisation)
    }

    /// One of its pages, of the path that the page has for one's own.
    pub fn path(&self, own: &str) -> String {
        links::held(self.organisation(), own)
    }
}

/// The watchlist that the address names, for who may read it, also to change what is theirs alone in it: what they have read.
pub(crate) struct Reading(pub Holder);

/// The watchlist that an address names, if who asks has at least this role in it.
async fn in_address(parts: &mut Parts, site: &Site, least: Role) -> Result<Holder, Response> {
    let owner = <Owner as FromRequestParts<Site>>::from_request_parts(parts, site).await;
    let Owner(person) = owner.map_err(IntoResponse::into_response)?;
    let params = RawPathParams::from_request_parts(parts, site).await.map_err(IntoResponse::into_response)?;
    let named = params.iter().find(|(name, _)| *name == links::ORGANISATION_PART).map(|(_, value)| value);
    Holder::named(site, person, named, least).await.map_err(IntoResponse::into_response)
}

impl FromRequestParts<Site> for Holder {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Holder, Response> {
        let least = if is_reading(&parts.method) { Role::Reader } else { Role::Editor };
        in_address(parts, site, least).await
    }
}

impl FromRequestParts<Site> for Reading {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Reading, Response> {
        in_address(parts, site, Role::Reader).await.map(Reading)
    }
}
