//! Sending a request on the way that its address is reached on, straight or through the operator's proxy, and telling what went wrong there.
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, ClientBuilder, RequestBuilder, Response};
use url::Url;

use crate::FetchError;
use crate::client::{network, plain_client, unreached};
use crate::guard::{self, Guard, GuardedResolver, ProxyResolver, Way};
use crate::outbound::{Authorities, Fault, Proxy};

/// Two clients behind one guard.
#[derive(Clone)]
pub(crate) struct Ways {
    guard: Arc<Guard>,
    straight: Client,
    /// Connects to the proxy and to nothing else.
    through: Option<Client>,
}

/// The proxy that an answer came through, as it is shown: it stands with the answer, whoever reads it.
#[derive(Clone)]
pub(crate) struct Via(pub String);

impl Ways {
    /// The clients. Fails if the TLS configuration or the user agent cannot be used.
    pub fn new(
        user_agent: &str,
        timeout: Duration,
        guard: Arc<Guard>,
        authorities: &Authorities,
    ) -> Result<Ways, FetchError> {
        let made = |builder: ClientBuilder| builder.tls_certs_merge(authorities.for_client()?).build();
        let started = |client: reqwest::Result<Client>| {
            client.map_err(|error| FetchError::Network {
                url: String::new(),
                reason: format!("the HTTP client cannot start: {error}"),
            })
        };
        let resolver = Arc::new(GuardedResolver(Arc::clone(&guard)));
        let straight = started(made(plain_client(user_agent, timeout).dns_resolver(resolver)))?;
        let through = guard.proxy().map(|proxy| {
            let resolver = Arc::new(ProxyResolver(proxy.clone()));
            let client = plain_client(user_agent, timeout).dns_resolver(resolver);
            started(proxy.for_client().and_then(|proxy| made(client.proxy(proxy))))
        });
        Ok(Ways { guard, straight, through: through.transpose()? })
    }

    /// The guard.
    pub fn guard(&self) -> &Guard {
        &self.guard
    }

    /// Sends the request that is made of a client, after its address was judged.
    pub async fn send(
        &self,
        url: &Url,
        request: impl FnOnce(&Client) -> RequestBuilder,
    ) -> Result<Response, FetchError> {
        let Some(through) = &self.through else { return straight(url, request(&self.straight)).await };
        let host =
            url.host().ok_or_else(|| FetchError::Address { url: url.to_string(), reason: "it has no host".into() })?;
        match guard::way(&self.guard, &host.to_owned()).await {
            Ok(Way::Straight(_)) => straight(url, request(&self.straight)).await,
            Ok(Way::Through(proxy)) => by_proxy(url, proxy, request(through)).await,
            Err(error) => Err(unreached(url, &error)),
        }
    }
}

async fn straight(url: &Url, request: RequestBuilder) -> Result<Response, FetchError> {
    request.send().await.map_err(|error| network(url, &error, None))
}

async fn by_proxy(url: &Url, proxy: &Proxy, request: RequestBuilder) -> Result<Response, FetchError> {
    let told = |fault: &Fault| FetchError::Network { url: url.to_string(), reason: fault.told(proxy, url) };
    let mut response = match request.send().await {
        Ok(response) => response,
        Err(error) if error.is_connect() && !error.is_timeout() => {
            // A client does not tell what a proxy answered: it is asked once more, for that.
            let again = if url.scheme() == "http" { proxy.connect().await } else { proxy.tunnel(url).await };
            return Err(again.err().map_or_else(|| network(url, &error, Some(proxy)), |fault| told(&fault)));
        }
        Err(error) => return Err(network(url, &error, Some(proxy))),
    };
    // What comes out of a tunnel is the server's. Elsewhere only this status is certainly the proxy's.
    if url.scheme() == "http" {
        if response.status() == 407 {
            return Err(told(&Fault::Answered(407)));
        }
        response.extensions_mut().insert(Via(proxy.to_string()));
    }
    Ok(response)
}
