//! The world's web server: one address, a host name for each platform (`<slug>.localhost`), the date moved from outside.
use std::sync::{Arc, RwLock};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;

use crate::chrome;
use crate::world::World;

/// Shared by all requests: the world and the date that it shows.
#[derive(Clone)]
struct Site {
    world: Arc<World>,
    date: Arc<RwLock<String>>,
}

/// Serves the world until the listener's task is dropped; `date` (`YYYY-MM-DD`) decides which versions stand.
pub async fn serve(listener: TcpListener, world: Arc<World>, date: Arc<RwLock<String>>) -> std::io::Result<()> {
    let router = Router::new().fallback(page).with_state(Site { world, date });
    axum::serve(listener, router).await
}

async fn page(State(site): State<Site>, uri: Uri, headers: HeaderMap) -> Response {
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or("");
    let slug = host.split('.').next().unwrap_or("");
    let date = site.date.read().unwrap_or_else(|poison| poison.into_inner()).clone();
    if uri.path() == "/robots.txt" {
        return ([(header::CONTENT_TYPE, "text/plain")], "User-agent: *\nDisallow: /login\n").into_response();
    }
    let html = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    if uri.path() == "/"
        && let Some(platform) = site.world.platforms.iter().find(|platform| platform.slug == slug)
    {
        return (html, chrome::home(platform)).into_response();
    }
    match site.world.document(slug, uri.path(), &date) {
        Some((platform, document, markdown)) => {
            (html, chrome::page(platform, document, markdown, &date)).into_response()
        }
        None => {
            (StatusCode::NOT_FOUND, html, "<!doctype html><title>Not found</title><p>No such page.</p>").into_response()
        }
    }
}
