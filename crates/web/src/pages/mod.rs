//! The pages: one file for each resource, its templates beside it. A file has a function `routes`.
mod home;

use axum::Router;

use crate::site::Site;

/// The routes of every resource.
pub(crate) fn all() -> Router<Site> {
    Router::new().merge(home::routes())
}
