//! A watchlist as a file: written as CSV and OPML, and read.
use alerts::exchange::{Listed, tags, to_csv, to_opml, written};
use alerts::plans::MOST_WATCHES;
use atlas::watching::NewWatch;
use axum::body::Bytes;
use axum::extract::{FromRequest, Multipart, Request, State};
use axum::http::{StatusCode, header};
use axum::response::Response;

use super::list::NOTE;
use crate::csv::CSV;
use crate::error::Failure;
use crate::holder::Holder;
use crate::negotiate::Wants;
use crate::saved::saved;
use crate::site::Site;
use crate::words;

/// Most bytes of a file that is read, with the form around it.
pub(super) const MOST_BYTES: usize = 512 * 1024;
/// Longest line that names what is watched, in bytes.
const LONGEST_SUBJECT: usize = 2_000;

async fn watches(site: &Site, holder: &Holder) -> Result<Vec<NewWatch>, Failure> {
    let watches = site.atlas.watches(holder.id()).await?;
    Ok(watches.into_iter().map(|watch| watch.asks).collect())
}

/// For spreadsheets, and for another instance.
pub(super) async fn csv(holder: Holder, State(site): State<Site>) -> Result<Response, Failure> {
    let watches = watches(&site, &holder).await?;
    Ok(saved("watchlist.csv", CSV, to_csv(watches.iter())))
}

/// For feed readers, and for another instance.
pub(super) async fn opml(holder: Holder, State(site): State<Site>) -> Result<Response, Failure> {
    let watches = watches(&site, &holder).await?;
    let mut named = Vec::with_capacity(watches.len());
    for watch in &watches {
        named.push((watch, alerts::subject_name(&site.atlas, &watch.subject).await?));
    }
    Ok(saved("watchlist.opml", "text/x-opml; charset=utf-8", to_opml(named.into_iter(), &site.config.base_url)))
}

/// Watches what a file names; the watchlist says what came of it.
pub(super) async fn import(
    holder: Holder,
    State(site): State<Site>,
    wants: Wants,
    request: Request,
) -> Result<Response, Failure> {
    super::may_ask_for(&site, &format!("imports of {}", holder.person)).await?;
    let refused = |why: String| Failure::Refused(StatusCode::BAD_REQUEST, why);
    let mut listed = Listed::read(&text(&site, request).await?).map_err(|error| refused(error.to_string()))?;
    if listed.watches.len() > MOST_WATCHES {
        return Err(refused(format!(
            "the file names {} watches, and {MOST_WATCHES} are read at a time; divide it",
            listed.watches.len()
        )));
    }
    if listed.watches.iter().any(|watch| written(&watch.subject).len() > LONGEST_SUBJECT) {
        return Err(refused(format!("a search in the file is longer than {LONGEST_SUBJECT} bytes; shorten it")));
    }
    // As long as the form of a watch takes them.
    for watch in &mut listed.watches {
        watch.note = words::clip(&watch.note, NOTE);
        watch.tags = tags(&words::clip(&watch.tags.join("; "), NOTE));
    }
    let import = alerts::import(&site.atlas, &site.plans, holder.id(), &listed, site.now_ms()).await?;
    super::list::page(&site, holder, wants, Some(import)).await
}

/// The words of a file: the field `file` of a form, or the body itself, as programs send it.
async fn text(site: &Site, request: Request) -> Result<String, Failure> {
    let broken = |status: StatusCode, why: String| Failure::unreadable("the file", MOST_BYTES, status, &why);
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let mut bytes = Bytes::new();
    if kind.starts_with("multipart/form-data") {
        let multipart = Multipart::from_request(request, site).await;
        let mut multipart = multipart.map_err(|error| broken(error.status(), error.body_text()))?;
        while let Some(field) =
            multipart.next_field().await.map_err(|error| broken(error.status(), error.body_text()))?
        {
            if field.name() == Some("file") {
                bytes = field.bytes().await.map_err(|error| broken(error.status(), error.body_text()))?;
            }
        }
    } else {
        let body = Bytes::from_request(request, site).await;
        bytes = body.map_err(|error| broken(error.status(), error.body_text()))?;
    }
    if bytes.is_empty() {
        return Err(Failure::Refused(
            StatusCode::BAD_REQUEST,
            "there is no file; choose a CSV or OPML file first".into(),
        ));
    }
    String::from_utf8(bytes.into()).map_err(|_| {
        let why = "the file is not in UTF-8; save it as “CSV UTF-8”, as most spreadsheets call it";
        Failure::Refused(StatusCode::BAD_REQUEST, why.into())
    })
}
