//! The pages: one file for each resource, its template beside it. A file has a function `routes`.
mod changes;
pub(crate) mod documents;
mod home;
mod platforms;
mod search;

use axum::Router;

use crate::site::Site;

/// The routes of every resource.
pub(crate) fn all() -> Router<Site> {
    Router::new()
        .merge(home::routes())
        .merge(platforms::routes())
        .merge(documents::routes())
        .merge(changes::routes())
        .merge(search::routes())
}
