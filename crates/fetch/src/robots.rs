//! A host's `robots.txt`: asked for, followed and read as RFC 9309 says.
use std::sync::Arc;

use reqwest::{Response, header};
use url::Url;

use crate::FetchError;
use crate::client::{Fetcher, beginning, location, network, status, unpacked};
use crate::host::Rules;

/// Redirects followed at most on the way to a `robots.txt` (section 2.3.1.2 asks for at least five).
const REDIRECTS: usize = 5;
/// Bytes read of a `robots.txt` (section 2.5 asks for at least 500 KiB). What follows is not read.
const MOST: usize = 512 * 1024;

impl Fetcher {
    /// The rules of the host of `url`, wherever its `robots.txt` is kept. None where there is no such file: the server answers 4xx or leads on
    /// for ever. That of a server that fails, or is not reached, is an error, and nothing is asked of the host (section 2.3.1).
    pub(crate) async fn rules(&self, url: &Url) -> Result<Rules, FetchError> {
        let mut first = url.clone();
        first.set_path("/robots.txt");
        first.set_query(None);
        first.set_fragment(None);
        let mut address = first.clone();
        for _ in 0..=REDIRECTS {
            let response = self.ways.send(&address, |client| client.get(address.clone())).await?;
            match response.status() {
                answered if answered.is_server_error() => return Err(status(&address, &response)),
                answered if answered.is_success() => return read(&address, response).await,
                _ => {}
            }
            let Some(target) = location(&address, &response) else { return Ok(None) };
            address = self.checked(target.as_str(), first.as_str())?;
        }
        Ok(None)
    }
}

/// The rules in what a server sent, or in the beginning of it.
async fn read(address: &Url, mut response: Response) -> Result<Rules, FetchError> {
    let sent = beginning(&mut response, MOST + 1).await.map_err(|error| network(address, &error, None))?;
    let encoding = response.headers().get(header::CONTENT_ENCODING).and_then(|value| value.to_str().ok());
    let cut = sent.len() > MOST;
    let text = match unpacked(encoding, &sent, MOST + 1) {
        None => sent,
        // What is cut here lacks its end, which is no fault of the file.
        Some((text, failed)) if cut || failed.is_none() => text,
        Some((_, failed)) => {
            let reason = failed.unwrap_or_default();
            return Err(FetchError::Network { url: address.to_string(), reason });
        }
    };
    let text = if cut || text.len() > MOST { whole_lines(&text) } else { &text };
    Ok(texting_robots::Robot::new("clausewatch", text).ok().map(Arc::new))
}

/// The lines that were read to their end: half a path would be the rule of another one.
fn whole_lines(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|byte| matches!(byte, b'\n' | b'\r'));
    &text[..end.unwrap_or(0)]
}
