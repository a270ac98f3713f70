//! Adding documents on the site of a process that tracks: looked at with the tracker's own fetcher, written into the catalog as the command
//! line does it, tracked from then on.
use std::path::PathBuf;
use std::sync::Arc;

use atlas::Atlas;
use atlas::ids::DocumentId;
use atlas::records::{Document, Platform};
use fetch::Fetcher;
use provisions::Reader;
use tokio::sync::{Mutex, Semaphore};
use tracker::adopt::{self, AdoptError, Adopted, Looked, Page, Said};
use tracker::{catalog, known};
use web::{Adding, AddingAnswer, FoundDocument, WantedDocument};

/// Pages looked at at one time.
const AT_ONCE: usize = 2;

/// Who adds documents. Cheap to clone.
#[derive(Clone)]
pub struct Adder(Arc<Parts>);

struct Parts {
    atlas: Atlas,
    fetcher: Arc<Fetcher>,
    catalog: PathBuf,
    turns: Semaphore,
    /// Held while a file of the catalog is read and written.
    writing: Mutex<()>,
}

impl Adder {
    /// Adds to a catalog's folder and to an atlas what a fetcher reaches.
    pub fn new(atlas: Atlas, fetcher: Arc<Fetcher>, catalog: PathBuf) -> Adder {
        Adder(Arc::new(Parts { atlas, fetcher, catalog, turns: Semaphore::new(AT_ONCE), writing: Mutex::default() }))
    }
}

impl Adding for Adder {
    fn look(&self, url: String) -> AddingAnswer<FoundDocument> {
        let parts = Arc::clone(&self.0);
        Box::pin(async move { parts.look(&url).await })
    }

    fn track(&self, wanted: WantedDocument) -> AddingAnswer<DocumentId> {
        let parts = Arc::clone(&self.0);
        Box::pin(async move { parts.track(wanted).await })
    }

    fn catalog_file(&self, platform: String) -> AddingAnswer<Option<String>> {
        let parts = Arc::clone(&self.0);
        Box::pin(async move { catalog::stored(&parts.atlas, &platform).await.map_err(|error| error.to_string()) })
    }
}

impl Parts {
    async fn look(&self, url: &str) -> Result<FoundDocument, String> {
        // What is tracked needs no look.
        let asked = adopt::address(url)?.to_string();
        if let Some(known) = self.tracked(&asked).await? {
            return Ok(told(known));
        }
        let _turn =
            self.turns.try_acquire().map_err(|_| "other pages are being read; try again in a moment".to_string())?;
        let page = adopt::look(&self.fetcher, url).await?;
        if let Some(known) = self.tracked(&page.url).await? {
            return Ok(told(known));
        }
        let reading = page.clone();
        let found = tokio::task::spawn_blocking(move || adopt::provisions(Reader::embedded(), &reading)).await;
        let found = found.map_err(|_| {
            format!("{url}: the reader failed on it, which is a fault of the reader: please report the address")
        })?;
        let mut doubts = adopt::doubts(&page, &found);
        let adopted = match adopt::adopt(&self.catalog, &page.page(), &Said::default()) {
            Err(AdoptError::Whose { names, host }) => {
                doubts.push(format!("{} are all at {host}: say whose it is.", names.join(", ")));
                let said = Said { platform: names.into_iter().next(), ..Said::default() };
                adopt::adopt(&self.catalog, &page.page(), &said)
            }
            adopted => adopted,
        };
        let adopted = adopted.map_err(|error| error.to_string())?;
        let platform = self.platform(Some(&adopted.platform.slug()), &adopted.platform.name).await?;
        Ok(shown(page, adopted, platform, found.len(), doubts))
    }

    async fn track(&self, wanted: WantedDocument) -> Result<DocumentId, String> {
        let url = adopt::address(&wanted.url)?.to_string();
        let _writing = self.writing.lock().await;
        if let Some(known) = self.tracked(&url).await? {
            return Err(format!("{url} is tracked already: {} of {}", known.title, known.platform.name));
        }
        // What the record has of the platform goes on.
        let known = self.platform(wanted.slug.as_deref(), &wanted.platform).await?;
        let made = || wanted.slug.clone().unwrap_or_else(|| tracker::slug(&wanted.platform));
        let slug = known.as_ref().map_or_else(made, |known| known.slug.clone());
        let name = known.as_ref().map_or(wanted.platform, |known| known.name.clone());
        let said = Said {
            platform: Some(name),
            slug: Some(slug.clone()),
            homepage: known.as_ref().and_then(|known| known.homepage.clone()),
            sector: wanted.sector.or_else(|| known.as_ref()?.sector.clone()),
            country: wanted.country.or_else(|| known.as_ref()?.country.clone()),
            title: Some(wanted.title.unwrap_or_else(|| wanted.kind.clone())),
            kind: Some(wanted.kind),
            language: wanted.language,
        };
        let page = Page { url: &url, ..Page::default() };
        let adopted = adopt::adopt(&self.catalog, &page, &said).map_err(|error| error.to_string())?;
        let namesake = known::namesake(&self.atlas, &adopted).await.map_err(|error| error.to_string())?;
        namesake.map_or(Ok(()), |namesake| Err(known::told(&namesake)))?;
        adopted.write().map_err(|error| format!("{} cannot be written ({error})", adopted.path.display()))?;
        let entry = catalog::Entry { documents: vec![adopted.document], ..adopted.platform };
        let stored = catalog::register(&self.atlas, &[entry]).await;
        let file = adopted.path.display();
        stored.map_err(|error| {
            format!("{url} stands in {file}, but could not be stored ({error}); it is when this program starts again")
        })?;
        let tracked = self.tracked(&url).await?;
        tracked.map(|document| document.id).ok_or_else(|| format!("{url} stands in {file}, but is not in the store"))
    }

    /// The document that is tracked at an address.
    async fn tracked(&self, url: &str) -> Result<Option<Document>, String> {
        known::tracked(&self.atlas, url).await.map_err(|error| error.to_string())
    }

    /// The platform of the record with this name in addresses or, if none is given, with this name.
    async fn platform(&self, slug: Option<&str>, name: &str) -> Result<Option<Platform>, String> {
        known::platform(&self.atlas, slug, name).await.map_err(|error| error.to_string())
    }
}

/// A document that is tracked, as an answer to a look at its address.
fn told(known: Document) -> FoundDocument {
    let Document { id, platform, kind, title, urls, language, .. } = known;
    let url = urls.join(" ");
    let title = Some(title).filter(|title| *title != kind);
    let concluded = WantedDocument {
        url: url.clone(),
        platform: platform.name,
        kind,
        title,
        language,
        ..WantedDocument::default()
    };
    FoundDocument { url, tracked: Some(id), known: true, concluded, ..FoundDocument::default() }
}

fn shown(
    page: Looked,
    adopted: Adopted,
    stored: Option<Platform>,
    provisions: usize,
    doubts: Vec<String>,
) -> FoundDocument {
    let known = adopted.known || stored.is_some();
    let entry = adopted.platform;
    let platform = stored.map_or(entry.name, |stored| stored.name);
    let document = adopted.document;
    let concluded = WantedDocument {
        url: page.url.clone(),
        platform,
        slug: entry.slug,
        sector: entry.sector,
        country: entry.country,
        kind: document.kind,
        title: document.title,
        language: document.language,
    };
    let structure = &page.reading.structure;
    FoundDocument {
        moved_from: page.moved_from,
        tracked: None,
        concluded,
        known,
        page_title: page.reading.title.clone(),
        words: count(page.reading.text.split_whitespace().count()),
        clauses: count(structure.clauses.iter().filter(|clause| !clause.is_heading()).count()),
        provisions: count(provisions),
        assumed: adopted.assumed,
        doubts,
        url: page.url,
    }
}

fn count(things: usize) -> i64 {
    i64::try_from(things).unwrap_or(i64::MAX)
}
