//! The pages: one file for each resource, its template beside it. A file has a function `routes`.
mod account;
mod api;
mod changes;
mod check;
mod compare;
pub(crate) mod documents;
mod evidence;
mod feeds;
mod home;
mod log;
mod methodology;
pub(crate) mod operate;
mod organisations;
mod plans;
mod platforms;
mod provision;
mod regulations;
mod review;
mod search;
mod status;
mod timelines;
mod types;
mod verify;
pub(crate) mod watching;

use axum::Router;

use crate::site::Site;

/// The routes of every resource.
pub(crate) fn all() -> Router<Site> {
    Router::new()
        .merge(account::routes())
        .merge(api::routes())
        .merge(changes::routes())
        .merge(check::routes())
        .merge(compare::routes())
        .merge(documents::routes())
        .merge(evidence::routes())
        .merge(feeds::routes())
        .merge(home::routes())
        .merge(log::routes())
        .merge(methodology::routes())
        .merge(operate::routes())
        .merge(organisations::routes())
        .merge(plans::routes())
        .merge(platforms::routes())
        .merge(provision::routes())
        .merge(regulations::routes())
        .merge(review::routes())
        .merge(search::routes())
        .merge(status::routes())
        .merge(timelines::routes())
        .merge(types::routes())
        .merge(verify::routes())
        .merge(watching::routes())
}
