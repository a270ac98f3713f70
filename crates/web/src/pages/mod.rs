//! The pages: one file for each resource, its templates beside it. A file has a function `routes`.
mod api;
mod check;
mod compare;
mod evidence;
mod feeds;
mod home;
mod log;
mod methodology;
mod provision;
mod regulations;
mod types;
mod verify;

use axum::Router;

use crate::site::Site;

/// The routes of every resource.
pub(crate) fn all() -> Router<Site> {
    Router::new()
        .merge(api::routes())
        .merge(check::routes())
        .merge(compare::routes())
        .merge(evidence::routes())
        .merge(feeds::routes())
        .merge(home::routes())
        .merge(log::routes())
        .merge(methodology::routes())
        .merge(provision::routes())
        .merge(regulations::routes())
        .merge(types::routes())
        .merge(verify::routes())
}
