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
pub use client::{Fetched, Fetcher, Request, Settings, Success, USER_AGENT, cause, plain_client};
pub use outbound::{Authorities, Outbound, OutboundError, Proxy};
pub use post::{Posted, Poster};

/// Why a document could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The address cannot be used.
    #[error("{url}: not an address that can be fetched ({reason})")]
    Address {
        /// As given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The host's `robots.txt` asks us to stay away.
    #[error("{0}: the site's robots.txt does not allow it")]
    Robots(String),
    /// The address leads to a network that may not be reached.
    #[error("{url}: {reason}")]
    Refused {
        /// The address.
        url: String,
        /// Which address was refused, and what an operator can do.
        reason: String,
    },
    /// The server answered with an error.
    #[error("{url}: the server{} answered {status}", or_proxy(.proxy))]
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
    #[error("{url}: the server asked us to wait; it can be asked again in {seconds} s")]
    Held {
        /// The address.
        url: String,
        /// Seconds that are left.
        seconds: u64,
    },
    /// The body is larger than allowed.
    #[error("{url}: larger than {limit} bytes")]
    TooLarge {
        /// The address.
        url: String,
        /// The limit in bytes.
        limit: usize,
    },
    /// Too many redirects, or one that leads nowhere.
    #[error("{url}: {reason}")]
    Redirect {
        /// The first address.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// The connection failed or took too long.
    #[error("{url}: {reason}")]
    Network {
        /// The address.
        url: String,
        /// What failed.
        reason: String,
    },
    /// The browser could not render the page.
    #[error("{url}: could not be rendered: {reason}")]
    Browser {
        /// The address.
        url: String,
        /// What failed.
        reason: String,
    },
}

fn or_proxy(proxy: &Option<String>) -> String {
    proxy.as_ref().map_or_else(String::new, |proxy| format!(", or the proxy {proxy} on the way to it,"))
}
