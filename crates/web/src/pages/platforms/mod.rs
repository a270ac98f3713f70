//! Platforms: the list, and each.
mod list;
mod show;

use axum::Router;
use axum::routing::get;

use crate::links;
use crate::site::Site;

pub(super) fn routes() -> Router<Site> {
    Router::new().route(links::PLATFORMS, get(list::list)).route("/platforms/{slug}", get(show::show))
}
