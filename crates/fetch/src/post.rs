//! Posting to addresses that people give: one request behind the guard, no redirect followed, the answer's body left unread unless it is asked for.
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use crate::FetchError;
use crate::client::{beginning, checked, network, retry_after};
use crate::guard::Guard;
use crate::outbound::Outbound;
use crate::ways::Ways;

/// Posts. Cheap to clone.
#[derive(Clone)]
pub struct Poster {
    ways: Ways,
}

/// What the server said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// HTTP status.
    pub status: u16,
    /// Seconds it asked us to wait.
    pub retry_after: Option<u64>,
}

impl Poster {
    /// A poster that reaches the public internet and the `allowed` networks, and waits `timeout` for an answer.
    pub fn new(
        user_agent: &str,
        timeout: Duration,
        allowed: Vec<ipnet::IpNet>,
        outbound: &Outbound,
    ) -> Result<Poster, FetchError> {
        let guard = Arc::new(Guard::new(allowed).through(outbound.proxy.clone()));
        Ok(Poster { ways: Ways::new(user_agent, timeout, guard, &outbound.authorities)? })
    }

    /// Whether an address may be posted to, as far as can be told without resolving its name.
    pub fn check(&self, url: &str) -> Result<Url, FetchError> {
        checked(self.ways.guard(), url, url)
    }

    /// Posts once. Any status is an answer.
    pub async fn post(&self, url: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Result<Posted, FetchError> {
        let response = self.send(url, headers, body).await?;
        Ok(Posted { status: response.status().as_u16(), retry_after: retry_after(response.headers()) })
    }

    /// Posts once and reads the answer, up to so many bytes: its status, and its beginning if it is longer.
    pub async fn ask(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
        most: usize,
    ) -> Result<(u16, Vec<u8>), FetchError> {
        let mut response = self.send(url, headers, body).await?;
        let (status, address) = (response.status().as_u16(), response.url().clone());
        let answer = beginning(&mut response, most).await.map_err(|error| network(&address, &error, None))?;
        Ok((status, answer))
    }

    async fn send(&self, url: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Result<reqwest::Response, FetchError> {
        let address = self.check(url)?;
        let mut all = HeaderMap::new();
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).ok();
            let value = HeaderValue::from_str(value).ok();
            let (Some(name), Some(value)) = (name, value) else {
                let reason = "a header of the request is not one".to_string();
                return Err(FetchError::Address { url: url.into(), reason });
            };
            all.insert(name, value);
        }
        self.ways.send(&address, |client| client.post(address.clone()).headers(all).body(body)).await
    }
}
