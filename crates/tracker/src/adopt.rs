//! Adding a document by its address alone: whose it is, of what type and in which language is read off the page, and said, so that a person
//! can correct it in the file that is written.
use std::path::{Path, PathBuf};

use document::Reading;

use crate::catalog::{self, Entry, EntryDocument};
use crate::slug;

/// A document that is to be tracked, with the file that says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adopted {
    /// Name of its platform.
    pub platform: String,
    /// The platform's file in the catalog.
    pub path: PathBuf,
    /// What the file holds now.
    pub text: String,
    /// The document's address.
    pub url: String,
    /// What was concluded, and from what, a sentence each. Empty if the catalog had the document.
    pub assumed: Vec<String>,
}

/// A page that was fetched.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// The address to ask from now on.
    pub url: &'a str,
    /// What was read of it.
    pub reading: &'a Reading,
}

/// Concludes what a page is and what the catalog in `folder` has to say of it. `platform` is its name, where a person gave it.
///
/// # Errors
/// What is wrong with the catalog, or why it cannot be told whose the page is, and what to do.
pub fn adopt(folder: &Path, page: Page<'_>, platform: Option<&str>) -> Result<Adopted, String> {
    let files = if folder.exists() { catalog::load_files(folder) } else { Ok(Vec::new()) };
    let files = files.map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;
    if let Some((path, entry)) = files.iter().find(|(_, entry)| has(entry, page.url)) {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let (platform, path) = (entry.name.clone(), path.clone());
        return Ok(Adopted { platform, path, text, url: page.url.into(), assumed: Vec::new() });
    }
    let mut assumed = Vec::new();
    let (path, entry, mut text) = match owner(&files, page.url, platform)? {
        Some((path, entry)) => {
            let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
            assumed.push(format!("it is a document of {}, which the catalog has", entry.name));
            (path.clone(), entry.clone(), text)
        }
        None => {
            let entry = new_platform(page, platform, &mut assumed);
            let text = catalog::platform_text(&entry);
            (folder.join(format!("{}.toml", slug(&entry.name))), entry, text)
        }
    };
    let document = document(&entry, page, &mut assumed);
    text.push_str(&catalog::document_text(&document));
    // What would not be read back is not written.
    catalog::parse(&text)?;
    Ok(Adopted { platform: entry.name, path, text, url: page.url.into(), assumed })
}

impl Adopted {
    /// Writes the file, if there is something new in it.
    pub fn write(&self) -> std::io::Result<()> {
        if self.assumed.is_empty() {
            return Ok(());
        }
        catalog::save(&self.path, &self.text)
    }
}

fn has(entry: &Entry, url: &str) -> bool {
    entry.documents.iter().any(|document| document.urls().iter().any(|known| known == url))
}

/// The platform of the catalog that an address belongs to: the one that was named, else the one at this host, else the only one at this domain.
fn owner<'f>(
    files: &'f [(PathBuf, Entry)],
    url: &str,
    platform: Option<&str>,
) -> Result<Option<&'f (PathBuf, Entry)>, String> {
    if let Some(name) = platform {
        return Ok(files.iter().find(|(_, entry)| slug(&entry.name) == slug(name)));
    }
    let homes = |entry: &Entry| -> Vec<String> {
        let documents = entry.documents.iter().flat_map(EntryDocument::urls);
        entry.homepage.clone().into_iter().chain(documents).map(|url| host(&url).to_string()).collect()
    };
    let own = host(url);
    let at = |whose: &dyn Fn(&str) -> bool| -> Vec<&(PathBuf, Entry)> {
        files.iter().filter(|(_, entry)| homes(entry).iter().any(|home| whose(home))).collect()
    };
    let mut found = at(&|home| home == own);
    if found.is_empty() {
        found = at(&|home| domain(home) == domain(own));
    }
    match found[..] {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        _ => {
            let names: Vec<&str> = found.iter().take(5).map(|(_, entry)| entry.name.as_str()).collect();
            let more = if found.len() > names.len() { " and others" } else { "" };
            Err(format!("{} are all at {own}: say whose it is with --platform NAME", names.join(", ") + more))
        }
    }
}

fn new_platform(page: Page<'_>, platform: Option<&str>, assumed: &mut Vec<String>) -> Entry {
    let own = host(page.url);
    let (name, whence) = match (platform, page.reading.site.clone()) {
        (Some(name), _) => (name.to_string(), "as you said"),
        (None, Some(name)) => (name, "as the page says"),
        (None, None) => (from_domain(own), "after its address"),
    };
    let scheme = page.url.split("://").next().unwrap_or("https");
    let authority = atlas::jobs::host(page.url);
    assumed.push(format!("its platform is {name}, {whence}, and is new in the catalog"));
    let homepage = Some(format!("{scheme}://{authority}"));
    Entry { name, homepage, sector: None, country: None, documents: Vec::new() }
}

fn document(entry: &Entry, page: Page<'_>, assumed: &mut Vec<String>) -> EntryDocument {
    let title = page.reading.title.as_deref();
    let path = page.url.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map(|(_, path)| path);
    let kind = document::kind_of(title, path).unwrap_or(document::TERMS_OF_SERVICE);
    match title {
        Some(title) => assumed.push(format!("its type is {kind}, after its title “{title}”")),
        None => assumed.push(format!("its type is {kind}, after its address")),
    }
    // Type and title together name a document within its platform.
    let taken = |name: &str| {
        let known =
            |document: &EntryDocument| document.kind == kind && document.title.as_deref().unwrap_or(kind) == name;
        entry.documents.iter().any(known)
    };
    let title = taken(kind).then(|| {
        let numbered = (2..).map(|number| format!("{kind} {number}"));
        title.map(str::to_string).into_iter().chain(numbered).find(|name| !taken(name)).unwrap_or_default()
    });
    if let Some(title) = &title {
        assumed.push(format!("as there is another {kind} of {}, it is called “{title}”", entry.name));
    }
    match &page.reading.language {
        Some(language) => assumed.push(format!("it is in the language {language}, as its words say")),
        None => assumed.push("its language cannot be told from its words".into()),
    }
    let language = page.reading.language.clone();
    EntryDocument { kind: kind.into(), title, url: page.url.into(), language, ..EntryDocument::default() }
}

/// The host of an address without its port and `www`.
fn host(url: &str) -> &str {
    let host = atlas::jobs::host(url);
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    host.strip_prefix("www.").unwrap_or(host)
}

/// The part of a host that somebody registered: `plum.example` of `legal.plum.example`, `plum.co.uk` of `www.plum.co.uk`.
fn domain(host: &str) -> &str {
    let dots: Vec<usize> = host.rmatch_indices('.').map(|(at, _)| at).collect();
    let second = |at: usize| &host[dots.get(at).map_or(0, |dot| dot + 1)..];
    match dots[..] {
        [last, before, ..] if host.len() - last == 3 && last - before <= 4 => second(2),
        _ => second(1),
    }
}

/// A platform's name after its domain: `Plum` of `legal.plum.example`.
fn from_domain(host: &str) -> String {
    let label = domain(host).split('.').next().unwrap_or(host);
    let mut letters = label.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adopted(folder: &Path, url: &str, html: &str, platform: Option<&str>) -> Result<Adopted, String> {
        let source = document::Source { bytes: html.as_bytes(), url: Some(url), ..document::Source::default() };
        let reading = document::read(&source).unwrap();
        let adopted = adopt(folder, Page { url, reading: &reading }, platform)?;
        adopted.write().unwrap();
        Ok(adopted)
    }

    fn page(head: &str, title: &str) -> String {
        let text =
            "<p>We collect the address that you give us and keep it for as long as you have an account with us.</p>"
                .repeat(9);
        format!("<html><head>{head}</head><body><main><h1>{title}</h1>{text}</main></body></html>")
    }

    #[test]
    fn a_page_tells_whose_and_what_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let catalog_folder = folder.path().join("catalog");
        let html =
            page("<meta property=\"og:site_name\" content=\"Plum &amp; Pear\"><title>x</title>", "Privacy Notice");
        let first = adopted(&catalog_folder, "https://www.plum.example/privacy", &html, None).unwrap();
        assert_eq!((first.platform.as_str(), first.assumed.len()), ("Plum & Pear", 3), "{first:?}");
        let entries = catalog::load(&catalog_folder).unwrap();
        let document = &entries[0].documents[0];
        assert_eq!(entries[0].homepage.as_deref(), Some("https://www.plum.example"));
        assert_eq!((document.kind.as_str(), document.language.as_deref()), ("Privacy Policy", Some("en")));
        // The same again is no second document, another one of the type gets a title, another host of the domain is the same platform.
        assert_eq!(adopted(&catalog_folder, "https://www.plum.example/privacy", &html, None).unwrap().assumed, [""; 0]);
        let second =
            adopted(&catalog_folder, "https://legal.plum.example/kids", &page("", "Privacy for Children"), None)
                .unwrap();
        assert!(second.assumed.iter().any(|line| line.contains("“Privacy for Children”")), "{second:?}");
        let entries = catalog::load(&catalog_folder).unwrap();
        assert_eq!((entries.len(), entries[0].documents.len()), (1, 2));
    }

    #[test]
    fn where_it_cannot_be_told_a_person_is_asked() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["Plum Maps", "Plum Mail"] {
            let url = format!("https://www.plum.example/{}", slug(name));
            adopted(folder.path(), &url, &page("", "Terms"), Some(name)).unwrap();
        }
        let url = "https://www.plum.example/privacy";
        let refused = adopted(folder.path(), url, &page("", "Privacy"), None).unwrap_err();
        assert!(refused.contains("Plum Mail, Plum Maps") && refused.contains("--platform"), "{refused}");
        assert_eq!(adopted(folder.path(), url, &page("", "Privacy"), Some("plum mail")).unwrap().platform, "Plum Mail");
    }

    #[test]
    fn names_come_from_the_address() {
        for (host, name) in
            [("legal.plum.example", "Plum"), ("www.plum.co.uk", "Plum"), ("plum.de", "Plum"), ("x", "X")]
        {
            assert_eq!(from_domain(host), name, "{host}");
        }
    }
}
