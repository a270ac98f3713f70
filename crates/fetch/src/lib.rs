//! Polite, guarded HTTP: one [`Fetcher`] for all hosts, which asks `robots.txt` first, waits between requests to a host, never
//! reaches an address that the [`guard`] refuses, and bounds time and size. Pages that need scripts are rendered by a headless browser
//! behind the same guard, if there is one. All of it can go through an operator's [`Proxy`].
//!
//! It does what it is told and never decides when: schedules are the tracker's.
mod browser;
mod call;
mod client;
pub mod guard;
mod host;
mod outbound;
mod post;
mod robots;
mod ways;

pub use ipnet::IpNet;

pub use browser::BrowserSettings;
pub use call::{Call, Reply};
pub use client::{Fetched, Fetcher, Request, Settings, Success, USER_AGENT, cause, first_header, plain_client};
pub use outbound::{Authorities, Outbound, OutboundError, Proxy};
pub use post::{Posted, Poster};

/// Why a document could not be fetched.
#[derive(Debug)]
pub enum FetchError {
    /// The address cannot be used.
    Address {
        /// As given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The host's `robots.txt` asks us to stay away.
    Robots(String),
    /// The address leads to a network that may not be reached.
    Refused {
        /// The address.
        url: String,
        /// Which address was refused, and what an operator can do.
        reason: String,
    },
    /// The server answered with an error.
    Status {
        /// The final address.
        url: String,
        /// HTTP status.
        status: u16,
        /// Seconds it asked us to wait.
        retry_after: Option<u64>,
        /// The proxy on the way, where it may have answered itself.
        proxy: Option<String>,
    },
    /// The host asked us to wait, not long ago; it was not asked again.
    Held {
        /// The address.
        url: String,
        /// Seconds that are left.
        seconds: u64,
    },
    /// The body is larger than allowed.
    TooLarge {
        /// The address.
        url: String,
        /// The limit in bytes.
        limit: usize,
    },
    /// Too many redirects, or one that leads nowhere.
    Redirect {
        /// The first address.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// The connection failed or took too long.
    Network {
        /// The address.
        url: String,
        /// What failed.
        reason: String,
    },
    /// The browser could not render the page.
    Browser {
        /// The address.
        url: String,
        /// What failed.
        reason: String,
    },
}

impl FetchError {
    /// The address that it is about: the one asked for, or where that led to.
    pub fn url(&self) -> &str {
        match self {
            FetchError::Robots(url)
            | FetchError::Address { url, .. }
            | FetchError::Refused { url, .. }
            | FetchError::Status { url, .. }
            | FetchError::Held { url, .. }
            | FetchError::TooLarge { url, .. }
            | FetchError::Redirect { url, .. }
            | FetchError::Network { url, .. }
            | FetchError::Browser { url, .. } => url,
        }
    }

    /// What is to be said beside the address that was asked for: the reason, and the address that it led to if the reason is about that.
    pub fn beside(&self, asked: &str) -> String {
        let same = self.url() == asked || url::Url::parse(asked).is_ok_and(|asked| asked.as_str() == self.url());
        if same { self.reason() } else { self.to_string() }
    }

    /// What is said of that address.
    pub fn reason(&self) -> String {
        match self {
            FetchError::Robots(_) => "the site's robots.txt does not allow it".into(),
            FetchError::Address { reason, .. } => format!("not an address that can be fetched ({reason})"),
            FetchError::Status { status, proxy: None, .. } => format!("the server answered {status}"),
            FetchError::Status { status, proxy: Some(proxy), .. } => {
                format!("the server, or the proxy {proxy} on the way to it, answered {status}")
            }
            FetchError::Held { seconds, .. } => {
                format!("the server asked us to wait; it can be asked again in {seconds} s")
            }
            FetchError::TooLarge { limit, .. } => format!("larger than {limit} bytes"),
            FetchError::Browser { reason, .. } => format!("could not be rendered: {reason}"),
            FetchError::Refused { reason, .. }
            | FetchError::Redirect { reason, .. }
            | FetchError::Network { reason, .. } => reason.clone(),
        }
    }
}

impl std::fmt::Display for FetchError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.url(), self.reason())
    }
}

impl std::error::Error for FetchError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_not_repeated_beside_itself() {
        let error = |url: &str| FetchError::Status { url: url.into(), status: 404, retry_after: None, proxy: None };
        assert_eq!(error("https://plum.example/").to_string(), "https://plum.example/: the server answered 404");
        assert_eq!(error("https://plum.example/").beside("HTTPS://Plum.example"), "the server answered 404");
        let led = error("https://plum.example/terms").beside("https://plum.example/term");
        assert_eq!(led, "https://plum.example/terms: the server answered 404");
        let broken = FetchError::Address { url: "plum".into(), reason: "it has no host".into() };
        assert_eq!(broken.beside("plum"), "not an address that can be fetched (it has no host)");
    }
}
