//! What every request passes on its way in and out, whatever page it is for.
//!
//! In: what would change something must come from a page of ours, or from no page; an address that is not the one address of its record is
//! redirected there; `.json` is taken off and remembered; HEAD becomes GET.
//! Out: failures become pages or JSON; every answer gets its validator, its cache policy, the secret of a session that
//! was renewed, and the headers that keep browsers safe.
use accounts::Renewed;
use askama::Template;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{Html, IntoResponse, Redirect, Response};

use crate::error::{ErrorPage, Failure, Told};
use crate::negotiate::{Wants, json};
use crate::owner::{cookie, cookie_name, is_ours, is_reading, session_secret};
use crate::site::Site;
use crate::{assets, links};

/// Longest address that is looked at.
const LONGEST_ADDRESS: usize = 8_000;
/// Where files live whose names are theirs alone: nothing in them is a record, no ending is taken off.
const FILES: [&str; 2] = [assets::FOLDER, "/log/"];

/// Headers of every answer. Nothing is loaded from elsewhere, no script stands in a page, no other site may frame one.
const SAFETY: [(HeaderName, &str); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self' data:; script-src 'self'; connect-src 'self'; \
         manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "strict-origin-when-cross-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
];

/// Puts the doors around all routes. They stand outside of the router, for routing must see the address that they leave.
pub(crate) fn around(routes: Router<Site>, site: Site) -> Router {
    let inner = routes.fallback(missing).method_not_allowed_fallback(refused).with_state(site.clone());
    Router::new().fallback_service(inner).layer(from_fn_with_state(site, pass))
}

async fn missing() -> Failure {
    Failure::missing("page at this address")
}

async fn refused(method: Method) -> Failure {
    Failure::Refused(StatusCode::METHOD_NOT_ALLOWED, format!("{method} is not possible at this address"))
}

async fn pass(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    let (path, head) = (request.uri().path().to_string(), request.method() == Method::HEAD);
    let reading = head || request.method() == Method::GET;
    let asked = request.headers().get(header::IF_NONE_MATCH).cloned();
    let mut wants = Wants::from_headers(request.headers());
    // Pages show a person the secrets of channels, which no token is for.
    if site.accounts.is_some() && request.headers().contains_key(header::AUTHORIZATION) {
        wants = Wants::Json;
    }
    let known = request.headers().contains_key(header::AUTHORIZATION)
        || session_secret(request.headers(), &site.config).is_some();
    let personal = site.accounts.is_some() && (known || path.starts_with(links::ACCOUNT));
    // A session that is given another secret while the request is answered: whatever the answer is, it tells the browser.
    let renewed = Renewed::default();
    request.extensions_mut().insert(renewed.clone());
    let file = FILES.iter().any(|folder| path.starts_with(folder));
    let redirect = if reading && !file { links::canonical(&path) } else { None };
    let response = if request.uri().to_string().len() > LONGEST_ADDRESS {
        Failure::Refused(StatusCode::URI_TOO_LONG, "the address is too long".into()).into_response()
    } else if let Some(path) = redirect {
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        Redirect::permanent(&format!("{path}{query}")).into_response()
    } else if !is_reading(request.method())
        && !path.starts_with(links::UNSUBSCRIBE)
        && !is_ours(request.headers(), &site.config)
    {
        Failure::Refused(StatusCode::FORBIDDEN, "the form was sent from another site".into()).into_response()
    } else {
        if !file && let Some(uri) = without_json(request.uri()) {
            wants = Wants::Json;
            *request.uri_mut() = uri;
        }
        request.extensions_mut().insert(wants);
        if head {
            *request.method_mut() = Method::GET;
        }
        if !file {
            site.read_announcements().await;
        }
        next.run(request).await
    };
    let failed = response.status().is_client_error() || response.status().is_server_error();
    let response = if failed && !is_page(&response) { explained(&site, response, wants, &path) } else { response };
    let mut response = if reading { validated(response, asked.as_ref()).await } else { response };
    if let Some(secret) = renewed.secret()
        && !gives_session(&response, &site)
        && let (name, value) = cookie(&site.config, Some(secret))
        && let Ok(value) = HeaderValue::from_str(&value)
    {
        response.headers_mut().append(name, value);
    }
    finish(response.headers_mut(), site.accounts.is_some(), personal);
    if head {
        *response.body_mut() = Body::empty();
    }
    response
}

/// Whether an answer gives the browser the secret of a session, or takes it away.
fn gives_session(response: &Response, site: &Site) -> bool {
    let name = format!("{}=", cookie_name(&site.config));
    response.headers().get_all(header::SET_COOKIE).iter().any(|cookie| cookie.as_bytes().starts_with(name.as_bytes()))
}

/// The address without `.json` at the end of its path; none if it has none.
fn without_json(uri: &Uri) -> Option<Uri> {
    let path = uri.path().strip_suffix(".json")?;
    let path = if path == "/index" { links::HOME } else { path };
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(format!("{path}{query}")).ok()?);
    Uri::from_parts(parts).ok()
}

/// Whether a handler has made a page of a failure itself: a form that is shown again with what was wrong.
fn is_page(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    kind.is_some_and(|kind| kind.starts_with(b"text/html"))
}

/// A failure in the form that is wanted. One that no handler of ours made (a body too large, a broken form) is told by its status.
fn explained(site: &Site, mut response: Response, wants: Wants, path: &str) -> Response {
    let status = response.status();
    let told = response.extensions_mut().remove::<Told>().unwrap_or_else(|| {
        Failure::Refused(status, status.canonical_reason().unwrap_or("the request failed").to_lowercase()).told()
    });
    let answer = match wants {
        Wants::Json => json(&told).ok(),
        Wants::Page => {
            let head = site.head(told.title, path).no_json().unlisted();
            ErrorPage { head, told }.render().ok().map(|page| Html(page).into_response())
        }
    };
    match answer {
        Some(mut answer) => {
            *answer.status_mut() = status;
            answer
        }
        None => response,
    }
}

/// The answer with its validator; 304 without a body if the reader has it already.
async fn validated(response: Response, asked: Option<&HeaderValue>) -> Response {
    if response.status() != StatusCode::OK {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // Every body is made in memory by a handler, so reading it whole costs nothing more.
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        return Failure::Internal("an answer broke off".into()).into_response();
    };
    let digest = archive::Sha256Digest::of(&bytes).to_string();
    let tag = format!("\"{}\"", &digest[..32]);
    let known = asked.and_then(|asked| asked.to_str().ok()).is_some_and(|asked| {
        asked.split(',').any(|known| known.trim() == "*" || known.trim().trim_start_matches("W/") == tag)
    });
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        parts.headers.insert(header::ETAG, tag);
    }
    if known {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_LENGTH);
        parts.headers.remove(header::CONTENT_TYPE);
        return Response::from_parts(parts, Body::empty());
    }
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    Response::from_parts(parts, Body::from(bytes))
}

/// Cache policy (ask again each time, unless the handler said otherwise; what one person is shown is kept nowhere) and safety.
fn finish(headers: &mut HeaderMap, accounts: bool, personal: bool) {
    let policy = if personal { "no-store" } else { "no-cache" };
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static(policy));
    if accounts {
        // Passwords travel: a browser that was here over TLS comes by no other way. Over another way nobody heeds this.
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    let vary = if accounts { "accept, cookie, authorization" } else { "accept" };
    headers.append(header::VARY, HeaderValue::from_static(vary));
    for (name, value) in SAFETY {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
