//! Changes: the list, and each.
mod list;
mod show;

pub(super) use show::compare;

use axum::Router;
use axum::routing::get;

use crate::links;
use crate::site::Site;

pub(super) fn routes() -> Router<Site> {
    Router::new().route(links::CHANGES, get(list::list)).route("/changes/{id}", get(show::show))
}
