//! Reading what visitors of the site bring to be checked: PDF in a child process, addresses under the fetcher's guard.
use std::sync::Arc;
use std::time::Duration;

use document::{Reading, Source};
use web::{Brought, ReadBrought};

/// Most bytes of a document fetched for a visitor, after decompression.
const MOST_BYTES: usize = 8 << 20;

/// The reader for visitors. It reaches the public internet only, and asks a host as seldom as the tracker does.
pub fn reader(outbound: &fetch::Outbound) -> anyhow::Result<ReadBrought> {
    let (timeout, outbound) = (Duration::from_secs(15), outbound.clone());
    let settings = fetch::Settings { max_bytes: MOST_BYTES, timeout, outbound, ..fetch::Settings::default() };
    let fetcher = Arc::new(fetch::Fetcher::new(settings)?);
    Ok(Arc::new(move |brought| {
        let fetcher = Arc::clone(&fetcher);
        Box::pin(async move {
            match brought {
                Brought::Bytes { bytes, content_type } => read(bytes, content_type, None).await,
                Brought::Address(url) => fetched(&fetcher, url).await,
            }
        })
    }))
}

async fn fetched(fetcher: &fetch::Fetcher, url: String) -> Result<Reading, String> {
    let request = fetch::Request { url, ..fetch::Request::default() };
    match fetcher.fetch(&request).await.map_err(|error| error.beside(&request.url))? {
        fetch::Fetched::Document(page) => {
            let content_type = page.header("content-type").map(str::to_string);
            read(page.body, content_type, Some(page.url)).await
        }
        fetch::Fetched::NotModified => Err("the server says “not modified”, though nothing was asked".into()),
    }
}

/// Parsing a page takes up to a second of one core: not on a thread that serves others.
async fn read(bytes: Vec<u8>, content_type: Option<String>, url: Option<String>) -> Result<Reading, String> {
    let runtime = tokio::runtime::Handle::current();
    let work = move || {
        let source =
            Source { bytes: &bytes, content_type: content_type.as_deref(), url: url.as_deref(), ..Source::default() };
        runtime.block_on(tracker::reading::read(source))
    };
    tokio::task::spawn_blocking(work).await.map_err(|_| "the document could not be read".to_string())?
}
