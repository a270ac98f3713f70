//! Calling services that publish an interface for programs: as guarded and as polite as fetching, with less done unasked. Any status is an
//! answer, no redirect is followed, so that nothing that is sent goes elsewhere, and `robots.txt` is not asked: it is for crawlers, who follow
//! links (RFC 9309, section 1), and what is called is published for programs.
use std::borrow::Cow;

use reqwest::header::{self, HeaderValue};
use reqwest::{Client, RequestBuilder};
use url::{Url, form_urlencoded};

use crate::FetchError;
use crate::client::{Fetcher, decoded, headers_of, read, retry_after};

/// A request to a service.
#[derive(Debug, Clone, Default)]
pub struct Call<'a> {
    /// Address, with its query.
    pub url: &'a str,
    /// Media type that is asked for; any if it is empty.
    pub accept: &'a str,
    /// Sent as `Authorization`.
    pub authorization: Option<&'a str>,
    /// Names and values of a form, to be posted; without one, it is asked by GET.
    pub form: Option<&'a [(&'a str, &'a str)]>,
    /// Most bytes of the answer.
    pub most: usize,
}

/// What a service answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The address that was asked.
    pub url: String,
    /// HTTP status.
    pub status: u16,
    /// Seconds that it asked us to wait.
    pub retry_after: Option<u64>,
    /// Headers in order.
    pub headers: Vec<(String, String)>,
    /// The body as it was sent: its content encoding is not undone.
    pub body: Vec<u8>,
}

impl Reply {
    /// The first header of this name that is not empty.
    pub fn header(&self, name: &str) -> Option<&str> {
        let named = |(known, value): &&(String, String)| known.eq_ignore_ascii_case(name) && !value.trim().is_empty();
        self.headers.iter().find(named).map(|(_, value)| value.trim())
    }

    /// The body with its content encoding undone, if that is no more than `most` bytes.
    pub fn decoded(&self, most: usize) -> Result<Cow<'_, [u8]>, FetchError> {
        decoded(&self.url, self.header(header::CONTENT_ENCODING.as_str()), Cow::Borrowed(&self.body), most)
    }
}

impl Fetcher {
    /// Calls a service, when it is its host's turn. A host that said 429 or 503 with `Retry-After` is not asked before then
    /// ([`FetchError::Held`]).
    pub async fn call(&self, call: &Call<'_>) -> Result<Reply, FetchError> {
        let url = self.checked(call.url, call.url)?;
        let host = self.host(&url);
        let mut turn = host.turn().await;
        if let Some(seconds) = turn.held(tokio::time::Instant::now()) {
            return Err(FetchError::Held { url: url.to_string(), seconds });
        }
        let authorization =
            call.authorization.map(HeaderValue::from_str).transpose().map_err(|_| FetchError::Address {
                url: call.url.into(),
                reason: "its key has characters that no HTTP header can hold".into(),
            })?;
        let sent = self.ways.send(&url, |client| request(client, &url, call, authorization)).await;
        let read = match sent {
            Ok(response) => {
                let (status, headers) = (response.status().as_u16(), response.headers().clone());
                read(&url, response, call.most).await.map(|body| (status, headers, body))
            }
            Err(error) => Err(error),
        };
        // The host has its rest from the end of the answer on: one request at a time.
        turn.rest(self.settings.delay);
        let (status, headers, body) = read?;
        let retry_after = retry_after(&headers);
        if let (429 | 503, Some(seconds)) = (status, retry_after) {
            turn.hold(seconds);
        }
        Ok(Reply { url: url.to_string(), status, retry_after, headers: headers_of(&headers), body })
    }
}

fn request(client: &Client, url: &Url, call: &Call<'_>, authorization: Option<HeaderValue>) -> RequestBuilder {
    let mut request = match call.form {
        None => client.get(url.clone()),
        Some(form) => {
            let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
            let kind = "application/x-www-form-urlencoded";
            client.post(url.clone()).header(header::CONTENT_TYPE, kind).body(form)
        }
    };
    if !call.accept.is_empty() {
        request = request.header(header::ACCEPT, call.accept);
    }
    if let Some(mut authorization) = authorization {
        authorization.set_sensitive(true);
        request = request.header(header::AUTHORIZATION, authorization);
    }
    request.header(header::ACCEPT_ENCODING, "gzip, deflate")
}
