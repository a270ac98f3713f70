//! Whose site it is. An instance for one person needs no account: whoever sits at its machine is the owner, with a watchlist and an inbox.
//!
//! "At the machine" means: the connection comes from the loopback interface, names it as its host (a page elsewhere whose name was made to
//! point here does not), and was handed on by no proxy. What changes something must come from a page of ours, as browsers say
//! with `Sec-Fetch-Site` and `Origin`; a program that says neither is not a page at all.
use std::net::{IpAddr, SocketAddr};

use atlas::watching::PersonId;
use axum::extract::{ConnectInfo, FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, Uri, header};

use crate::error::Failure;
use crate::site::Site;

/// Headers of a request that was handed on.
const HANDED_ON: [HeaderName; 3] =
    [header::FORWARDED, HeaderName::from_static("x-forwarded-for"), HeaderName::from_static("x-real-ip")];

/// The owner, who asks. As an extractor it refuses everybody else; as an optional one it is none for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner(pub PersonId);

impl FromRequestParts<Site> for Owner {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Owner, Failure> {
        let refused = |why: &str| Failure::Refused(StatusCode::FORBIDDEN, why.into());
        let owner = found(parts, site).ok_or_else(|| {
            refused("watching works on the machine that this instance runs on, at its loopback address; it has no accounts yet")
        })?;
        let reads = matches!(parts.method, Method::GET | Method::HEAD);
        if reads || is_ours(&parts.headers) { Ok(owner) } else { Err(refused("the form was sent from another site")) }
    }
}

impl OptionalFromRequestParts<Site> for Owner {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Option<Owner>, Self::Rejection> {
        Ok(found(parts, site))
    }
}

fn found(parts: &Parts, site: &Site) -> Option<Owner> {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>()?.0;
    let handed_on = HANDED_ON.iter().any(|name| parts.headers.contains_key(name));
    let here = peer.ip().to_canonical().is_loopback() && !handed_on && host(parts).is_some_and(is_here);
    (site.personal.is_some() && here).then_some(Owner(PersonId::OWNER))
}

/// The host that the request is for, with its port.
fn host(parts: &Parts) -> Option<&str> {
    let named = parts.headers.get(header::HOST).and_then(|value| value.to_str().ok());
    named.or_else(|| parts.uri.authority().map(|authority| authority.as_str()))
}

/// Whether a host is this machine by a name that cannot be pointed elsewhere.
fn is_here(host: &str) -> bool {
    let Ok(uri) = host.parse::<Uri>() else { return false };
    let Some(name) = uri.host() else { return false };
    let literal = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    name.eq_ignore_ascii_case("localhost") || literal.is_ok_and(|address| address.to_canonical().is_loopback())
}

/// Whether a request comes from a page of ours, or from no page.
fn is_ours(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    match (text(HeaderName::from_static("sec-fetch-site")), text(header::ORIGIN)) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => text(header::HOST).is_some_and(|host| origin == format!("http://{host}")),
        (None, None) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_cannot_be_pointed_elsewhere_are_here() {
        for host in ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "127.1.2.3", "[::1]:8080", "[::ffff:127.0.0.1]"] {
            assert!(is_here(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "localhost.evil.example:8080",
            "10.0.0.1",
            "0.0.0.0:8080",
            "[::]:80",
            "a b",
            "127.0.0.1.nip.io",
        ] {
            assert!(!is_here(host), "{host}");
        }
    }

    #[test]
    fn forms_of_other_sites_are_not_ours() {
        let ours = |fields: &[(&'static str, &str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in fields {
                headers.insert(*name, value.parse().unwrap());
            }
            is_ours(&headers)
        };
        assert!(ours(&[]));
        assert!(ours(&[
            ("sec-fetch-site", "same-origin"),
            ("origin", "http://127.0.0.1:8080"),
            ("host", "127.0.0.1:8080")
        ]));
        assert!(ours(&[("origin", "http://127.0.0.1:8080"), ("host", "127.0.0.1:8080")]));
        assert!(!ours(&[("sec-fetch-site", "cross-site")]));
        assert!(!ours(&[
            ("sec-fetch-site", "same-site"),
            ("origin", "http://127.0.0.1:8080"),
            ("host", "127.0.0.1:8080")
        ]));
        assert!(!ours(&[("origin", "http://127.0.0.1:9090"), ("host", "127.0.0.1:8080")]));
        assert!(!ours(&[("origin", "null"), ("host", "127.0.0.1:8080")]));
    }
}
