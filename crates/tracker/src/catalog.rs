//! The catalog: which platforms and documents to track, one TOML file a platform.
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use atlas::ids::DocumentId;
use atlas::jobs::DueDocument;
use atlas::records::Platform;
use serde::Deserialize;

use crate::slug;

/// A catalog file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}", path.display())]
pub struct CatalogError {
    /// The file or folder.
    pub path: PathBuf,
    /// What is wrong and what to do.
    pub reason: String,
}

/// One platform's file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Name as the platform writes it.
    pub name: String,
    /// Its name in addresses, where that is not made of its name.
    pub slug: Option<String>,
    /// Home page.
    pub homepage: Option<String>,
    /// Sector.
    pub sector: Option<String>,
    /// ISO 3166-1 alpha-2 country.
    pub country: Option<String>,
    /// Its documents.
    #[serde(default, rename = "document")]
    pub documents: Vec<EntryDocument>,
}

/// One document in a platform's file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryDocument {
    /// Terms type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Title; the terms type if absent.
    pub title: Option<String>,
    /// Address; empty if it is split over several pages.
    #[serde(default)]
    pub url: String,
    /// Language to ask for.
    pub language: Option<String>,
    /// Selectors of the content ([`document::Source::select`]); found without when absent.
    #[serde(default)]
    pub select: Vec<String>,
    /// Selectors of what to remove.
    #[serde(default)]
    pub remove: Vec<String>,
    /// The pages that it is split over, in reading order.
    #[serde(default, rename = "page")]
    pub pages: Vec<EntryPage>,
}

/// One page of a document that is split over several.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryPage {
    /// Address.
    pub url: String,
    /// Selectors of the content of this page, instead of those of the document.
    #[serde(default)]
    pub select: Vec<String>,
    /// Selectors of what to remove from this page, instead of those of the document.
    #[serde(default)]
    pub remove: Vec<String>,
}

impl Entry {
    /// Its name in addresses.
    pub fn slug(&self) -> String {
        self.slug.clone().unwrap_or_else(|| slug(&self.name))
    }
}

impl EntryDocument {
    /// Its addresses, in reading order.
    pub fn urls(&self) -> Vec<String> {
        match self.pages.as_slice() {
            [] => vec![self.url.clone()],
            pages => pages.iter().map(|page| page.url.clone()).collect(),
        }
    }

    /// What the store has of a document that has an address.
    fn of_stored(title: Option<String>, due: DueDocument) -> EntryDocument {
        let DueDocument { kind, urls, language, select, remove, .. } = due;
        let document = EntryDocument { kind, title, language, ..EntryDocument::default() };
        match <[String; 1]>::try_from(urls) {
            Ok([url]) => EntryDocument { url, select, remove, ..document },
            Err(urls) => {
                let page = |(index, url)| {
                    let (select, remove) = (selectors_of_page(&select, index), selectors_of_page(&remove, index));
                    EntryPage { url, select, remove }
                };
                EntryDocument { pages: urls.into_iter().enumerate().map(page).collect(), ..document }
            }
        }
    }

    /// The selectors that `own` gives of a page, or else those of the document. Where pages differ in theirs, each has its page before it.
    fn selectors(&self, shared: &[String], own: fn(&EntryPage) -> &[String]) -> Vec<String> {
        if self.pages.iter().all(|page| own(page).is_empty()) {
            return shared.to_vec();
        }
        let of_page = |(index, page): (usize, &EntryPage)| {
            let selectors = if own(page).is_empty() { shared.to_vec() } else { own(page).to_vec() };
            selectors.into_iter().map(move |selector| format!("{PAGE}{}{SELECTS}{selector}", index + 1))
        };
        self.pages.iter().enumerate().flat_map(of_page).collect()
    }
}

/// What stands before the number of the page that a selector is for, and after it.
const PAGE: &str = "page ";
const SELECTS: &str = " >>> ";

/// Those of a document's selectors that are for one of its pages (from 0), as they are for that page.
pub fn selectors_of_page(selectors: &[String], index: usize) -> Vec<String> {
    let of_page = |selector: &String| {
        let numbered = selector.strip_prefix(PAGE).and_then(|rest| rest.split_once(SELECTS));
        match numbered.and_then(|(number, selector)| Some((number.parse::<usize>().ok()?, selector))) {
            Some((number, selector)) => (number == index + 1).then(|| selector.to_string()),
            None => Some(selector.clone()),
        }
    };
    selectors.iter().filter_map(of_page).collect()
}

/// Reads every `*.toml` file of a folder, in the order of their names; all that is wrong is reported together.
pub fn load(folder: &Path) -> Result<Vec<Entry>, Vec<CatalogError>> {
    let files = load_files(folder)?;
    if files.is_empty() {
        let reason = "it holds no platform; add one TOML file for each (see the README)";
        return Err(vec![CatalogError { path: folder.into(), reason: reason.into() }]);
    }
    Ok(files.into_iter().map(|(_, entry)| entry).collect())
}

/// The same, each with its file; a folder may be empty.
pub fn load_files(folder: &Path) -> Result<Vec<(PathBuf, Entry)>, Vec<CatalogError>> {
    let error = |path: &Path, reason: String| CatalogError { path: path.into(), reason };
    let listing = std::fs::read_dir(folder).map_err(|cause| {
        let next = "make the folder, with one TOML file for each platform, or name another with --catalog";
        vec![error(folder, format!("{cause}; {next}"))]
    })?;
    let mut files: Vec<PathBuf> = listing
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    files.sort();
    let mut entries = Vec::new();
    let mut errors = Vec::new();
    for path in files {
        let read = std::fs::read_to_string(&path).map_err(|cause| cause.to_string());
        match read.and_then(|text| parse(&text)) {
            Ok(entry) => entries.push((path, entry)),
            Err(reason) => errors.push(error(&path, reason)),
        }
    }
    if errors.is_empty() { Ok(entries) } else { Err(errors) }
}

/// Refuses a short name that could not stand in addresses and names of files.
pub(crate) fn check_slug(short: &str) -> Result<(), String> {
    let like = "`slug` must consist of lower-case letters from a to z, digits and hyphens, for example \"plum-mail\"";
    if short == slug(short) { Ok(()) } else { Err(like.into()) }
}

/// Parses and validates one file's text.
pub fn parse(text: &str) -> Result<Entry, String> {
    let entry: Entry = toml::from_str(text).map_err(|error| error.to_string())?;
    if entry.name.trim().is_empty() {
        return Err("`name` is empty".into());
    }
    entry.slug.as_deref().map_or(Ok(()), check_slug)?;
    if entry.country.as_ref().is_some_and(|code| code.len() != 2 || !code.bytes().all(|b| b.is_ascii_uppercase())) {
        return Err("`country` must be a two-letter code in capitals, for example \"DE\"".into());
    }
    for document in &entry.documents {
        if document.pages.is_empty() == document.url.is_empty() {
            return Err(format!("document {:?}: give it `url`, or a [[document.page]] for each page", document.kind));
        }
        if document.urls().iter().any(|url| !url.starts_with("https://") && !url.starts_with("http://")) {
            return Err(format!("document {:?}: `url` must begin with https://", document.kind));
        }
    }
    Ok(entry)
}

/// Puts catalog entries into the atlas and schedules new documents.
pub async fn register(atlas: &atlas::Atlas, entries: &[Entry]) -> Result<(), atlas::AtlasError> {
    for entry in entries {
        let platform = platform(entry);
        atlas.put_platform(&platform).await?;
        for document in &entry.documents {
            let new = atlas::records::NewDocument {
                platform: platform.slug.clone(),
                kind: document.kind.clone(),
                title: document.title.clone().unwrap_or_else(|| document.kind.clone()),
                urls: document.urls(),
                language: document.language.clone(),
                select: document.selectors(&document.select, |page| &page.select),
                remove: document.selectors(&document.remove, |page| &page.remove),
            };
            atlas.put_document(&new).await?;
        }
    }
    Ok(())
}

/// A platform's file as the store has it: what it declares can be given to others. None if there is no such platform.
pub async fn stored(atlas: &atlas::Atlas, slug: &str) -> Result<Option<String>, atlas::AtlasError> {
    let Some(of) = atlas.platform(slug).await? else { return Ok(None) };
    let Platform { name, slug, homepage, sector, country } = of.platform;
    let own = Some(slug.clone()).filter(|slug| *slug != crate::slug(&name));
    let entry = Entry { name, slug: own, homepage, sector, country, documents: Vec::new() };
    let titles: HashMap<DocumentId, String> = of.documents.into_iter().map(|known| (known.id, known.title)).collect();
    let mut text = platform_text(&entry);
    for due in atlas.due_of(&[slug]).await? {
        let title = titles.get(&due.id).filter(|title| **title != due.kind).cloned();
        text.push_str(&document_text(&EntryDocument::of_stored(title, due)));
    }
    Ok(Some(text))
}

/// A document's part of a platform's file.
pub fn document_text(document: &EntryDocument) -> String {
    let mut text = String::from("\n[[document]]\n");
    let EntryDocument { kind, title, url, language, select, remove, pages } = document;
    text.push_str(&format!("type = {}\n", quoted(kind)));
    title.iter().for_each(|title| text.push_str(&format!("title = {}\n", quoted(title))));
    if pages.is_empty() {
        text.push_str(&format!("url = {}\n", quoted(url)));
    }
    language.iter().for_each(|language| text.push_str(&format!("language = {}\n", quoted(language))));
    text.push_str(&selectors_text(select, remove));
    for page in pages {
        text.push_str(&format!("\n[[document.page]]\nurl = {}\n", quoted(&page.url)));
        text.push_str(&selectors_text(&page.select, &page.remove));
    }
    text
}

/// Writes a file of the catalog, whole or not at all: what stood there stays if the machine stops in the middle.
pub(crate) fn save(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let new = path.with_extension("new");
    std::fs::write(&new, text)?;
    std::fs::rename(&new, path)
}

/// A platform's part of its file.
pub fn platform_text(entry: &Entry) -> String {
    let Entry { name, slug, homepage, sector, country, .. } = entry;
    let mut text = format!("name = {}\n", quoted(name));
    for (key, value) in [("slug", slug), ("homepage", homepage), ("sector", sector), ("country", country)] {
        value.iter().for_each(|value| text.push_str(&format!("{key} = {}\n", quoted(value))));
    }
    text
}

fn selectors_text(select: &[String], remove: &[String]) -> String {
    let lists = [("select", select), ("remove", remove)];
    let line = |(key, list): (&str, &[String])| {
        let list: Vec<String> = list.iter().map(|selector| quoted(selector)).collect();
        if list.is_empty() { String::new() } else { format!("{key} = [{}]\n", list.join(", ")) }
    };
    lists.into_iter().map(line).collect()
}

/// A text as a TOML string.
fn quoted(text: &str) -> String {
    toml::Value::String(text.into()).to_string()
}

/// Gives platforms that are in the atlas the home page, sector and country that the catalog knows; adds none.
pub async fn describe(atlas: &atlas::Atlas, entries: &[Entry]) -> Result<(), atlas::AtlasError> {
    let all = atlas.platforms(&atlas::PlatformFilter::default()).await?;
    let known: HashMap<String, String> = all.into_iter().map(|row| (row.platform.slug, row.platform.name)).collect();
    for described in entries.iter().map(platform) {
        if let Some(name) = known.get(&described.slug) {
            atlas.put_platform(&Platform { name: name.clone(), ..described }).await?;
        }
    }
    Ok(())
}

fn platform(entry: &Entry) -> Platform {
    Platform {
        slug: entry.slug(),
        name: entry.name.clone(),
        homepage: entry.homepage.clone(),
        sector: entry.sector.clone(),
        country: entry.country.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_what_is_wrong() {
        let good = "name = \"Plum\"\ncountry = \"DE\"\n[[document]]\ntype = \"Privacy Policy\"\nurl = \"https://plum.example/privacy\"\n";
        assert_eq!(parse(good).unwrap().documents.len(), 1);
        assert!(parse(&good.replace("\"DE\"", "\"Germany\"")).unwrap_err().contains("two-letter"));
        assert!(parse(&good.replace("https://", "ftp://")).unwrap_err().contains("https://"));
        assert!(parse(&format!("slug = \"Plum Mail\"\n{good}")).unwrap_err().contains("hyphens"));
        assert!(parse("nam = 1").is_err());
        assert!(
            parse("name = \"Plum\"\n[[document]]\ntype = \"Terms of Service\"\n")
                .unwrap_err()
                .contains("[[document.page]]")
        );
    }

    #[tokio::test]
    async fn what_is_stored_is_given_to_others() {
        let log = atlas::LogConfig { origin: "example.com/test".into(), fresh_seed: [7; 32] };
        let atlas = atlas::Atlas::open(&atlas::Location::Memory, &log, &atlas::KeyPlace::given("the test", [5; 32]))
            .await
            .unwrap();
        let text = "name = \"Plum Mail\"\nslug = \"plum\"\nhomepage = \"https://plum.example\"\nsector = \"Social\"\ncountry = \"DE\"\n\
                    \n[[document]]\ntype = \"Privacy Policy\"\nurl = \"https://plum.example/privacy\"\nlanguage = \"de\"\nselect = [\"main\"]\n\
                    \n[[document]]\ntype = \"Terms of Service\"\ntitle = \"Terms \\\"of\\\" Plum\"\n\
                    \n[[document.page]]\nurl = \"https://plum.example/1\"\nselect = [\"main\"]\nremove = [\".ad\"]\n\
                    \n[[document.page]]\nurl = \"https://plum.example/2\"\nremove = [\".ad\"]\n";
        let entry = parse(text).unwrap();
        register(&atlas, std::slice::from_ref(&entry)).await.unwrap();
        let given = stored(&atlas, "plum").await.unwrap().unwrap();
        assert_eq!(parse(&given).unwrap(), entry, "{given}");
        assert_eq!(stored(&atlas, "pear").await.unwrap(), None);
    }

    #[test]
    fn what_is_written_is_read_back() {
        let page = |url: &str, select: &[&str]| EntryPage {
            url: url.into(),
            select: select.iter().map(|s| s.to_string()).collect(),
            remove: Vec::new(),
        };
        let split = EntryDocument {
            kind: "Terms of Service".into(),
            title: Some("Terms \"of\" Plum\n".into()),
            remove: vec![".ad".into()],
            pages: vec![page("https://plum.example/1", &["main"]), page("https://plum.example/2", &[])],
            ..EntryDocument::default()
        };
        let single = EntryDocument {
            kind: "Privacy Policy".into(),
            url: "https://plum.example/privacy".into(),
            language: Some("de".into()),
            select: vec!["startBefore h1 >>> endBefore footer".into(), "a[href='x\\\\y']".into()],
            ..EntryDocument::default()
        };
        let entry = Entry {
            name: "Plum & Co".into(),
            slug: Some("plum".into()),
            homepage: Some("https://plum.example".into()),
            sector: None,
            country: Some("DE".into()),
            documents: vec![split.clone(), single],
        };
        let documents: String = entry.documents.iter().map(document_text).collect();
        assert_eq!(parse(&format!("{}{documents}", platform_text(&entry))).unwrap(), entry);
        let stored = EntryDocument { select: vec!["article".into()], ..split };
        let stored = stored.selectors(&stored.select, |page| &page.select);
        assert_eq!(selectors_of_page(&stored, 0), ["main"]);
        assert_eq!(selectors_of_page(&stored, 1), ["article"]);
        assert_eq!(selectors_of_page(&["main".into()], 7), ["main"]);
    }
}
