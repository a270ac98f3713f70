//! The transparency log as C2SP tlog-tiles, under `/log/`: checkpoint, tiles, entries, key.
use axum::Router;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;

use crate::error::Failure;
use crate::links;
use crate::site::Site;

pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route("/log", get(about))
        .route("/log/checkpoint", get(checkpoint))
        .route("/log/key", get(key))
        .route("/log/tile/{*path}", get(tile))
}

/// People who look for the log are told about it where evidence is checked.
async fn about() -> Redirect {
    Redirect::to(&format!("{}#log", links::VERIFY))
}

async fn checkpoint(State(site): State<Site>) -> Result<Response, Failure> {
    Ok(text(site.atlas.log_checkpoint().await?))
}

async fn key(State(site): State<Site>) -> Response {
    text(site.atlas.log_key() + "\n")
}

fn text(body: String) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], body).into_response()
}

async fn tile(State(site): State<Site>, Path(path): Path<String>) -> Result<Response, Failure> {
    let path = format!("tile/{path}");
    let tile = site.atlas.log_tile(&path).await?;
    let bytes = tile.ok_or_else(|| Failure::missing(format!("{} in the log", crate::words::clip(&path, 80))))?;
    // What a tile says never changes.
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    Ok((headers, bytes).into_response())
}
