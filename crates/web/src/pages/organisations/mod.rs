//! Organisations: which a person belongs to, who else does, invitations. What is watched together is at [`crate::pages::watching`].
mod list;
mod show;

use accounts::Accounts;
use atlas::watching::PersonId;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use serde::Deserialize;

use crate::error::Failure;
use crate::links;
use crate::query::Query;
use crate::site::Site;

/// Most bytes of a form.
const FORM: usize = 16 * 1024;

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route(links::ORGANISATIONS, get(list::show).post(list::change))
        .route("/organisations/{organisation}", get(show::show).post(show::change))
        .route("/organisations/{organisation}/members", post(show::members))
        .route("/organisations/{organisation}/invitations", post(show::invitations))
        .route("/organisations/{organisation}/export", post(show::export))
        .route("/organisations/{organisation}/delete", post(show::delete))
        .layer(DefaultBodyLimit::max(FORM))
}

/// The number of an organisation in an address.
#[derive(Deserialize)]
struct Named {
    organisation: String,
}

impl Named {
    fn id(&self) -> Result<PersonId, Failure> {
        self.organisation.parse().map_err(|_| Failure::missing("organisation of yours with this number"))
    }
}

/// The accounts of the site; there are no organisations without.
fn accounts(site: &Site) -> Result<&Accounts, Failure> {
    site.accounts.as_ref().ok_or_else(|| Failure::missing("organisation on this site"))
}

/// The number of something, as a form names it.
fn number<T: std::str::FromStr>(form: &Query, field: &str) -> Result<T, Failure> {
    let said = form.text(field).unwrap_or("");
    said.parse().map_err(|_| Failure::input(field, said, "it must be a number, as the site's own forms say it"))
}
