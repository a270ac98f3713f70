//! Adding a document by its address alone: the page is fetched and read, and whose it is, of what type and in which language is read off it,
//! and said, so that a person can correct it before or after it stands in the catalog.
use std::path::{Path, PathBuf};

use document::{Reading, Source};
use fetch::{Fetched, Fetcher, Request, Success};
use provisions::{Provision, Reader};
use url::{Position, Url};

use crate::catalog::{self, Entry, EntryDocument};
use crate::{slug, track};

/// Longest address that is taken, in bytes. What is longer carries the state of somebody's visit, and forms cut it.
const LONGEST_ADDRESS: usize = 1_800;
/// Fewer words are hardly a legal document.
const FEW_WORDS: usize = 150;

/// A page that was fetched and read.
#[derive(Debug, Clone, PartialEq)]
pub struct Looked {
    /// The address to ask from now on.
    pub url: String,
    /// The address that was given, if the page has moved from there for good.
    pub moved_from: Option<String>,
    /// Where the page was found now, if that is elsewhere.
    pub found_at: Option<String>,
    /// What was read of it.
    pub reading: Reading,
}

/// What a page says of itself, as far as it tells whose it is and what.
#[derive(Debug, Clone, Copy, Default)]
pub struct Page<'a> {
    /// The address to ask from now on.
    pub url: &'a str,
    /// The name that it gives its site.
    pub site: Option<&'a str>,
    /// Its title.
    pub title: Option<&'a str>,
    /// The language of its words.
    pub language: Option<&'a str>,
}

impl Looked {
    /// What the page says of itself.
    pub fn page(&self) -> Page<'_> {
        let Reading { site, title, language, .. } = &self.reading;
        Page { url: &self.url, site: site.as_deref(), title: title.as_deref(), language: language.as_deref() }
    }
}

/// Fetches and reads a page, with the browser if it cannot be read as it is sent and there is one.
///
/// # Errors
/// Why it cannot be tracked: the address and the reason.
pub async fn look(fetcher: &Fetcher, url: &str) -> Result<Looked, String> {
    let asked = address(url)?;
    let request = Request { url: asked.to_string(), ..Request::default() };
    let page = match fetcher.fetch(&request).await.map_err(|error| error.to_string())? {
        Fetched::Document(page) => page,
        Fetched::NotModified => {
            return Err(format!("{asked}: the server says “not modified”, though nothing was asked; try again"));
        }
    };
    let (page, reading) = match read(&page).await {
        Ok(reading) => (page, reading),
        Err(reason) if fetcher.renders() && track::is_html(&page) => {
            let shown = fetcher
                .render(&request)
                .await
                .map_err(|error| format!("{asked}: {reason}; with the browser: {error}"))?;
            let reading = read(&shown).await.map_err(|again| format!("{asked}: {again}; a browser shows no more"))?;
            (Success { moved_to: page.moved_to, ..shown }, reading)
        }
        Err(reason) => return Err(format!("{asked}: {reason}")),
    };
    let kept = page.moved_to.clone().unwrap_or_else(|| asked.to_string());
    let kept = address(&without_idle_fragment(&page, &reading, &kept).await)?;
    let moved_from = page.moved_to.as_ref().map(|_| asked.to_string());
    let found_at = (page.moved_to.is_none() && !same_address(&page.url, asked.as_str())).then(|| page.url.clone());
    Ok(Looked { url: kept.to_string(), moved_from, found_at, reading })
}

/// An address that can be tracked, as it is written everywhere.
///
/// # Errors
/// What is wrong with it.
pub fn address(url: &str) -> Result<Url, String> {
    let url = url.trim();
    if url.len() > LONGEST_ADDRESS {
        let start: String = url.chars().take(60).collect();
        return Err(format!(
            "{start}…: longer than {LONGEST_ADDRESS} bytes; give the address without what follows “?”"
        ));
    }
    let parsed =
        Url::parse(url).map_err(|error| format!("{url}: not an address ({error}); it begins with https://"))?;
    if !matches!(parsed.scheme(), "http" | "https") || parsed.host().is_none() {
        return Err(format!("{url}: only pages of the web are tracked; an address begins with https://"));
    }
    if !parsed.username().is_empty() || parsed.password().is_some() {
        // Not repeated: what is tracked is shown to everybody.
        let host = parsed.host_str().unwrap_or_default();
        return Err(format!(
            "the address at {host} holds a name or a password, and would be shown to everybody; give it without"
        ));
    }
    Ok(parsed)
}

/// Whether two addresses lead to the same document: they differ in nothing but scheme, `www` and a slash at the end.
pub fn same_address(a: &str, b: &str) -> bool {
    let bare = |url: &str| {
        let url = Url::parse(url).ok()?;
        let host = url.host_str()?;
        let host = host.strip_prefix("www.").unwrap_or(host);
        let (path, rest) = (url.path().trim_end_matches('/'), &url[Position::AfterPath..]);
        Some(format!("{host} {:?} {path}{rest}", url.port()))
    };
    a == b || bare(a).is_some_and(|bare_a| bare(b) == Some(bare_a))
}

async fn read(page: &Success) -> Result<Reading, String> {
    track::read_page(source(page, &page.url)).await
}

fn source<'a>(page: &'a Success, url: &'a str) -> Source<'a> {
    let content_type = page.header("content-type");
    Source { bytes: &page.body, content_type, url: Some(url), ..Source::default() }
}

/// The address without its fragment, where that chooses nothing on the page.
async fn without_idle_fragment(page: &Success, reading: &Reading, url: &str) -> String {
    let Some((whole, _)) = url.split_once('#') else { return url.to_string() };
    let at = page.url.split_once('#').map_or(page.url.as_str(), |(at, _)| at);
    match track::read_page(source(page, at)).await {
        Ok(unchosen) if unchosen.text == reading.text => whole.to_string(),
        _ => url.to_string(),
    }
}

/// Why a page may be no legal document, a sentence each; none if it looks like one.
pub fn doubts(looked: &Looked, found: &[Provision]) -> Vec<String> {
    let Looked { url, found_at, reading, .. } = looked;
    let clauses = reading.structure.words(&reading.text);
    let words = reading.text.split_whitespace().count();
    let mut doubts = Vec::new();
    if compare::is_wall(&clauses) {
        doubts.push(
            "It reads like an error page or a wall (signing in, proving to be human), not like a document.".into(),
        );
    }
    if words < FEW_WORDS {
        doubts.push(format!("It has {words} words only."));
    }
    if found.is_empty() && document::kind_of(reading.title.as_deref(), path(url)).is_none() {
        doubts.push(
            "Neither its title nor its address names a kind of document, and no provision of a known type is in it."
                .into(),
        );
    }
    if let Some(at) = found_at {
        doubts.push(format!("The server leads to {at} for now: see whether that is the document."));
    }
    doubts
}

/// The provisions of a page.
pub fn provisions(reader: &Reader, looked: &Looked) -> Vec<Provision> {
    provisions::analyse(reader, &looked.reading.text, &looked.reading.structure)
}

/// What a person says of a document, where they know better than what is concluded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// Name of its platform.
    pub platform: Option<String>,
    /// The platform's name in addresses.
    pub slug: Option<String>,
    /// The platform's home page.
    pub homepage: Option<String>,
    /// The platform's sector.
    pub sector: Option<String>,
    /// The platform's country, two letters.
    pub country: Option<String>,
    /// The document's terms type.
    pub kind: Option<String>,
    /// The document's title.
    pub title: Option<String>,
    /// The document's language, two letters.
    pub language: Option<String>,
}

impl Said {
    /// Refuses what could not stand on a line of a page.
    fn check(&self) -> Result<(), String> {
        let Said { platform, slug, homepage: _, sector, country, kind, title, language } = self;
        let lengths = [
            ("platform", platform, 120),
            ("slug", slug, 60),
            ("sector", sector, 60),
            ("type", kind, 80),
            ("title", title, 200),
        ];
        for (name, value, most) in lengths {
            let Some(value) = value else { continue };
            if value.trim().is_empty() || value.chars().count() > most || value.chars().any(char::is_control) {
                return Err(format!("`{name}` must be a line of at most {most} characters"));
            }
        }
        // Before it becomes the name of a file.
        slug.as_deref().map_or(Ok(()), catalog::check_slug)?;
        for (name, value) in [("country", country), ("language", language)] {
            let code = |value: &String| value.len() == 2 && value.bytes().all(|byte| byte.is_ascii_alphabetic());
            if value.as_ref().is_some_and(|value| !code(value)) {
                return Err(format!("`{name}` must be a two-letter code"));
            }
        }
        Ok(())
    }
}

/// A document that is to be tracked, with the file that says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adopted {
    /// Its platform, as the file has it, without documents.
    pub platform: Entry,
    /// Whether the catalog had the platform.
    pub known: bool,
    /// The document.
    pub document: EntryDocument,
    /// The platform's file in the catalog.
    pub path: PathBuf,
    /// What the file holds now.
    pub text: String,
    /// What was concluded, and from what, a sentence each. Empty if the catalog had the document.
    pub assumed: Vec<String>,
}

impl Adopted {
    /// Whether the catalog had the document.
    pub fn is_old(&self) -> bool {
        self.assumed.is_empty()
    }

    /// Writes the file, if there is something new in it.
    pub fn write(&self) -> std::io::Result<()> {
        if self.is_old() {
            return Ok(());
        }
        catalog::save(&self.path, &self.text)
    }
}

/// Why a document cannot be added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdoptError {
    /// Several platforms of the catalog are at its host.
    #[error("{} are all at {host}: say whose it is", names.join(", "))]
    Whose {
        /// Their names.
        names: Vec<String>,
        /// The host.
        host: String,
    },
    /// What is wrong, and what to do.
    #[error("{0}")]
    Wrong(String),
}

impl From<String> for AdoptError {
    fn from(reason: String) -> Self {
        AdoptError::Wrong(reason)
    }
}

/// Concludes what a page is and what the catalog in `folder` has to say of it. What a person said of it stands.
///
/// # Errors
/// What is wrong with the catalog or with what was said, or that it cannot be told whose the page is.
pub fn adopt(folder: &Path, page: &Page<'_>, said: &Said) -> Result<Adopted, AdoptError> {
    said.check()?;
    let files = if folder.exists() { catalog::load_files(folder) } else { Ok(Vec::new()) };
    let files = files.map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;
    let holds = |path: &Path| std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()));
    if let Some((path, entry, document)) =
        files.iter().find_map(|(path, entry)| Some((path, entry, has(entry, page.url)?)))
    {
        let (platform, document) = (Entry { documents: Vec::new(), ..entry.clone() }, document.clone());
        return Ok(Adopted {
            platform,
            known: true,
            document,
            path: path.clone(),
            text: holds(path)?,
            assumed: Vec::new(),
        });
    }
    let mut assumed = Vec::new();
    let owner = owner(&files, page.url, said)?;
    let (path, entry, mut text) = match owner {
        Some((path, entry)) => {
            assumed.push(format!("it is a document of {}, which the catalog has", entry.name));
            (path.clone(), entry.clone(), holds(path)?)
        }
        None => {
            let entry = new_platform(page, said, &mut assumed);
            let path = folder.join(format!("{}.toml", entry.slug()));
            if path.exists() {
                let reason =
                    format!("{} is another platform's file: give the platform another short name", path.display());
                return Err(reason.into());
            }
            let text = catalog::platform_text(&entry);
            (path, entry, text)
        }
    };
    let document = document(&entry, page, said, &mut assumed)?;
    text.push_str(&catalog::document_text(&document));
    // What would not be read back is not written.
    catalog::parse(&text)?;
    let platform = Entry { documents: Vec::new(), ..entry };
    Ok(Adopted { platform, known: owner.is_some(), document, path, text, assumed })
}

/// The document of a platform at an address.
fn has<'e>(entry: &'e Entry, url: &str) -> Option<&'e EntryDocument> {
    entry.documents.iter().find(|document| document.urls().iter().any(|known| same_address(known, url)))
}

/// The platform of the catalog that an address belongs to: the one that was named, else the one at this host, else the only one at this domain.
fn owner<'f>(
    files: &'f [(PathBuf, Entry)],
    url: &str,
    said: &Said,
) -> Result<Option<&'f (PathBuf, Entry)>, AdoptError> {
    if let Some(named) = said.slug.clone().or_else(|| said.platform.as_deref().map(slug)) {
        let by_name = |entry: &Entry| said.slug.is_none() && said.platform.as_ref() == Some(&entry.name);
        return Ok(files.iter().find(|(_, entry)| entry.slug() == named || by_name(entry)));
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
            let names = found.iter().map(|(_, entry)| entry.name.clone()).collect();
            Err(AdoptError::Whose { names, host: own.into() })
        }
    }
}

fn new_platform(page: &Page<'_>, said: &Said, assumed: &mut Vec<String>) -> Entry {
    let own = host(page.url);
    let (name, whence) = match (&said.platform, page.site) {
        (Some(name), _) => (name.clone(), "as you said"),
        (None, Some(name)) => (name.to_string(), "as the page says"),
        (None, None) => (from_domain(own), "after its address"),
    };
    let scheme = page.url.split("://").next().unwrap_or("https");
    let authority = atlas::jobs::host(page.url);
    assumed.push(format!("its platform is {name}, {whence}, and is new in the catalog"));
    let homepage = said.homepage.clone().or_else(|| Some(format!("{scheme}://{authority}")));
    let short = said.slug.clone().filter(|short| *short != slug(&name));
    Entry {
        name,
        slug: short,
        homepage,
        sector: said.sector.clone(),
        country: said.country.clone(),
        documents: Vec::new(),
    }
}

fn document(entry: &Entry, page: &Page<'_>, said: &Said, assumed: &mut Vec<String>) -> Result<EntryDocument, String> {
    let shown = page.title;
    let guessed = document::kind_of(shown, path(page.url));
    let kind = said.kind.as_deref().or(guessed).unwrap_or(document::TERMS_OF_SERVICE);
    match (&said.kind, guessed, shown) {
        (Some(_), ..) => assumed.push(format!("its type is {kind}, as you said")),
        (None, Some(_), Some(title)) => assumed.push(format!("its type is {kind}, after its title “{title}”")),
        (None, Some(_), None) => assumed.push(format!("its type is {kind}, after its address")),
        (None, None, _) => assumed.push(format!("its type is {kind}, as nothing speaks for another")),
    }
    // Type and title together name a document within its platform.
    let taken = |name: &str| {
        let known =
            |document: &EntryDocument| document.kind == kind && document.title.as_deref().unwrap_or(kind) == name;
        entry.documents.iter().any(known)
    };
    let title = match &said.title {
        Some(title) if taken(title) => {
            return Err(format!("there is a {kind} of {} with the title “{title}”: give it another", entry.name));
        }
        Some(title) => Some(title.clone()).filter(|title| title != kind),
        None => taken(kind).then(|| {
            let numbered = (2..).map(|number| format!("{kind} {number}"));
            shown.map(str::to_string).into_iter().chain(numbered).find(|name| !taken(name)).unwrap_or_default()
        }),
    };
    if let (Some(title), None) = (&title, &said.title) {
        assumed.push(format!("as there is another {kind} of {}, it is called “{title}”", entry.name));
    }
    let language = said.language.clone().or_else(|| page.language.map(str::to_string));
    match &language {
        Some(language) if said.language.is_some() => {
            assumed.push(format!("it is in the language {language}, as you said"))
        }
        Some(language) => assumed.push(format!("it is in the language {language}, as its words say")),
        None => assumed.push("its language cannot be told from its words".into()),
    }
    Ok(EntryDocument { kind: kind.into(), title, url: page.url.into(), language, ..EntryDocument::default() })
}

/// The part of an address that may say what a document is.
fn path(url: &str) -> Option<&str> {
    url.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map(|(_, path)| path)
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

    fn adopted(folder: &Path, url: &str, html: &str, platform: Option<&str>) -> Result<Adopted, AdoptError> {
        let adopted = adopt(folder, &looked(url, html).page(), &said(platform))?;
        adopted.write().unwrap();
        Ok(adopted)
    }

    fn looked(url: &str, html: &str) -> Looked {
        let source = Source { bytes: html.as_bytes(), url: Some(url), ..Source::default() };
        let reading = document::read(&source).unwrap();
        Looked { url: url.into(), moved_from: None, found_at: None, reading }
    }

    fn said(platform: Option<&str>) -> Said {
        Said { platform: platform.map(str::to_string), ..Said::default() }
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
        assert_eq!(
            (first.platform.name.as_str(), first.assumed.len(), first.known),
            ("Plum & Pear", 3, false),
            "{first:?}"
        );
        let entries = catalog::load(&catalog_folder).unwrap();
        let document = &entries[0].documents[0];
        assert_eq!(entries[0].homepage.as_deref(), Some("https://www.plum.example"));
        assert_eq!((document.kind.as_str(), document.language.as_deref()), ("Privacy Policy", Some("en")));
        // The same again is no second document, another one of the type gets a title, another host of the domain is the same platform.
        for same in ["https://www.plum.example/privacy", "http://plum.example/privacy/"] {
            let again = adopted(&catalog_folder, same, &html, None).unwrap();
            assert!(again.is_old() && again.document.url == "https://www.plum.example/privacy", "{again:?}");
        }
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
        assert_eq!(refused.to_string(), "Plum Mail, Plum Maps are all at plum.example: say whose it is");
        assert_eq!(
            adopted(folder.path(), url, &page("", "Privacy"), Some("plum mail")).unwrap().platform.name,
            "Plum Mail"
        );
    }

    #[test]
    fn what_a_person_says_stands() {
        let folder = tempfile::tempdir().unwrap();
        let page = looked("https://weixin.example/x", &page("", "Rules"));
        let said = Said {
            platform: Some("微信".into()),
            slug: Some("weixin".into()),
            homepage: None,
            sector: Some("Social".into()),
            country: Some("CN".into()),
            kind: Some("Community Guidelines".into()),
            title: Some("Rules".into()),
            language: Some("en".into()),
        };
        let adopted = adopt(folder.path(), &page.page(), &said).unwrap();
        adopted.write().unwrap();
        let entry = &catalog::load(folder.path()).unwrap()[0];
        assert_eq!(
            (entry.name.as_str(), &*entry.slug(), adopted.path.file_name().unwrap()),
            ("微信", "weixin", "weixin.toml".as_ref())
        );
        assert_eq!((entry.sector.as_deref(), entry.country.as_deref()), (Some("Social"), Some("CN")));
        assert_eq!(
            (entry.documents[0].kind.as_str(), entry.documents[0].title.as_deref()),
            ("Community Guidelines", Some("Rules"))
        );
        let elsewhere = Looked { url: "https://weixin.example/y".into(), ..page.clone() };
        assert!(
            adopt(folder.path(), &elsewhere.page(), &said).unwrap_err().to_string().contains("with the title “Rules”")
        );
        let country = Said { country: Some("China".into()), platform: Some("Plum".into()), ..Said::default() };
        assert!(adopt(folder.path(), &elsewhere.page(), &country).unwrap_err().to_string().contains("two-letter"));
        // Whether there is such a file elsewhere is not told.
        let catalog = folder.path().join("catalog");
        std::fs::write(folder.path().join("x.toml"), "").unwrap();
        let short = Said { slug: Some("../x".into()), platform: Some("Plum".into()), ..Said::default() };
        assert!(adopt(&catalog, &elsewhere.page(), &short).unwrap_err().to_string().contains("`slug`"));
    }

    #[test]
    fn what_cannot_be_tracked_is_said() {
        assert_eq!(address(" HTTPS://Plum.example:443/a?b#c ").unwrap().as_str(), "https://plum.example/a?b#c");
        for (url, wrong) in [
            ("", "not an address"),
            ("plum.example", "begins with https://"),
            ("ftp://plum.example/", "only pages of the web"),
            ("data:text/html,terms", "only pages of the web"),
            ("https://ada:secret@plum.example/", "name or a password"),
            (&format!("https://plum.example/?{}", "x".repeat(3000)), "longer than 1800"),
        ] {
            let said = address(url).unwrap_err();
            assert!(said.contains(wrong) && !said.contains("secret") && said.len() < 400, "{url}: {said}");
        }
        assert!(same_address("https://www.plum.example/a/", "http://plum.example/a"));
        assert!(!same_address("https://plum.example/a#x", "https://plum.example/a"));
        assert!(!same_address("https://plum.example/a?x", "https://plum.example/a"));
    }

    #[test]
    fn pages_that_are_no_documents_are_doubted() {
        let doubts_of = |url: &str, html: &str| {
            let looked = looked(url, html);
            doubts(&looked, &provisions(Reader::embedded(), &looked)).join(" ")
        };
        let long = page("", "Privacy Notice");
        assert_eq!(doubts_of("https://plum.example/privacy", &long), "");
        let wall = "<main><h1>Sign in to continue</h1><p>Enter the address of your mail and your password. Forgot password?</p></main>";
        let wall = doubts_of("https://plum.example/privacy", wall);
        assert!(wall.contains("error page or a wall") && wall.contains("words only"), "{wall}");
        let recipe = format!(
            "<main><h1>Plum cake</h1>{}</main>",
            "<p>Beat the eggs with the sugar until they are white.</p>".repeat(30)
        );
        assert!(doubts_of("https://plum.example/cake", &recipe).contains("names a kind of document"));
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
