//! The pages: one file for each resource, its templates beside it. A file has a function `routes`.
mod evidence;
mod home;
mod provision;

use axum::Router;

use crate::site::Site;

/// The routes of every resource.
pub(crate) fn all() -> Router<Site> {
    Router::new()
        .merge(evidence::routes())
        .merge(home::routes())
        .merge(provision::routes())
}
