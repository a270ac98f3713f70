//! Declarations of Open Terms Archive (a JSON file for each service) as files of the catalog.
//!
//! `fetch`, `select`, `remove`, ranges and `combine` are taken as they are. Filters are programs, and programs of others are not run: what they
//! would have changed on the page is named. What the catalog has of a platform already stays as it is.
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::catalog::{self, Entry, EntryDocument, EntryPage};
use crate::slug;

/// What an import of declarations did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Declared {
    /// Services read.
    pub services: usize,
    /// Platforms that are new in the catalog.
    pub platforms: usize,
    /// Documents that are new in the catalog.
    pub documents: usize,
    /// Documents that the catalog had.
    pub known: usize,
    /// Of the new documents, those split over several pages.
    pub combined: usize,
    /// Documents whose declaration has filters, which were left out.
    pub filtered: Vec<String>,
    /// Files that cannot be used, and why.
    pub failures: Vec<String>,
}

/// A service's file. What else stands in it is not about how to track its documents.
#[derive(Debug, Deserialize)]
struct Service {
    name: String,
    #[serde(alias = "documents")]
    terms: BTreeMap<String, Declaration>,
}

#[derive(Debug, Default, Deserialize)]
struct Declaration {
    fetch: Option<String>,
    #[serde(default)]
    select: Selectors,
    #[serde(default)]
    remove: Selectors,
    #[serde(default)]
    filter: Vec<serde_json::Value>,
    #[serde(default)]
    combine: Vec<Declaration>,
}

/// One selector or a list of them. A list is tried first: one of four could be taken for the fields of a range.
#[derive(Debug, Default, Deserialize)]
#[serde(untagged)]
enum Selectors {
    #[default]
    None,
    Many(Vec<Selector>),
    One(Selector),
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Selector {
    Css(String),
    Range(Range),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Range {
    start_before: Option<String>,
    start_after: Option<String>,
    end_before: Option<String>,
    end_after: Option<String>,
}

impl Selectors {
    /// As the catalog writes them.
    fn texts(&self) -> Result<Vec<String>, String> {
        match self {
            Selectors::None => Ok(Vec::new()),
            Selectors::One(one) => Ok(vec![one.text()?]),
            Selectors::Many(many) => many.iter().map(Selector::text).collect(),
        }
    }
}

impl Selector {
    fn text(&self) -> Result<String, String> {
        let range = match self {
            Selector::Css(css) => return Ok(css.clone()),
            Selector::Range(range) => range,
        };
        let start = match (&range.start_before, &range.start_after) {
            (Some(css), None) => format!("startBefore {css}"),
            (None, Some(css)) => format!("startAfter {css}"),
            _ => return Err("a range begins before or after one element".into()),
        };
        match (&range.end_before, &range.end_after) {
            (Some(css), None) => Ok(format!("{start} >>> endBefore {css}")),
            (None, Some(css)) => Ok(format!("{start} >>> endAfter {css}")),
            _ => Err("a range ends before or after one element".into()),
        }
    }
}

/// Adds the declarations of a folder, or of its folder `declarations`, to the catalog.
///
/// # Errors
/// Those of the catalog if it cannot be read, or of the folder. A file in it that cannot be used is named in the answer instead.
pub fn import(folder: &Path, catalog: &Path) -> Result<Declared, String> {
    let within = folder.join("declarations");
    let folder = if within.is_dir() { within } else { folder.into() };
    let known = catalog::load_files(catalog)
        .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;
    let mut known: BTreeMap<String, (PathBuf, Entry)> =
        known.into_iter().map(|(path, entry)| (entry.slug(), (path, entry))).collect();
    let mut declared = Declared::default();
    for path in files(&folder)? {
        let added =
            read(&path, &mut declared.filtered).and_then(|service| add(service, catalog, &mut known, &mut declared));
        if let Err(reason) = added {
            declared.failures.push(format!("{}: {reason}", path.display()));
        }
    }
    Ok(declared)
}

/// The files of services, by name. Beside each there may be its history and its filters, which say nothing of today.
fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let listing = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let is_service = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        name.ends_with(".json")
            && !name.ends_with(".history.json")
            && !matches!(&*name, "package.json" | "package-lock.json")
    };
    let mut files: Vec<PathBuf> = listing.flatten().map(|entry| entry.path()).filter(is_service).collect();
    files.sort();
    if files.is_empty() {
        return Err(format!("{}: it holds no declaration (a JSON file for each service)", folder.display()));
    }
    Ok(files)
}

fn read(path: &Path, filtered: &mut Vec<String>) -> Result<(String, Vec<EntryDocument>), String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let service: Service = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let mut documents = Vec::new();
    for (kind, declaration) in service.terms {
        let filters = !declaration.filter.is_empty() || declaration.combine.iter().any(|part| !part.filter.is_empty());
        if filters {
            filtered.push(format!("{}, {kind}", service.name));
        }
        documents.push(document(&kind, &declaration).map_err(|reason| format!("{kind}: {reason}"))?);
    }
    Ok((service.name, documents))
}

fn document(kind: &str, declaration: &Declaration) -> Result<EntryDocument, String> {
    let mut pages = Vec::new();
    for part in &declaration.combine {
        // What a part does not say, the document says for it.
        let url =
            part.fetch.clone().or_else(|| declaration.fetch.clone()).ok_or("a part of `combine` lacks `fetch`")?;
        pages.push(EntryPage { url, select: part.select.texts()?, remove: part.remove.texts()? });
    }
    let url = if pages.is_empty() { declaration.fetch.clone().ok_or("it lacks `fetch`")? } else { String::new() };
    let (select, remove) = (declaration.select.texts()?, declaration.remove.texts()?);
    Ok(EntryDocument { kind: kind.into(), url, select, remove, pages, ..EntryDocument::default() })
}

/// Writes the documents of a service that the catalog lacks.
fn add(
    (name, documents): (String, Vec<EntryDocument>),
    catalog: &Path,
    known: &mut BTreeMap<String, (PathBuf, Entry)>,
    declared: &mut Declared,
) -> Result<(), String> {
    declared.services += 1;
    let slug = slug(&name);
    let path = catalog.join(format!("{slug}.toml"));
    let new = Entry { name, slug: None, homepage: None, sector: None, country: None, documents: Vec::new() };
    let (path, mut entry) = known.get(&slug).cloned().unwrap_or((path, new));
    let had = |document: &EntryDocument| {
        entry.documents.iter().any(|known| known.kind == document.kind || known.urls() == document.urls())
    };
    let (old, fresh): (Vec<_>, Vec<_>) = documents.into_iter().partition(had);
    declared.known += old.len();
    if fresh.is_empty() {
        return Ok(());
    }
    let mut text = match known.contains_key(&slug) {
        true => std::fs::read_to_string(&path).map_err(|error| error.to_string())?,
        false => catalog::platform_text(&entry),
    };
    fresh.iter().for_each(|document| text.push_str(&catalog::document_text(document)));
    // What would not be read back is not written.
    catalog::parse(&text)?;
    catalog::save(&path, &text).map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
    declared.platforms += usize::from(!known.contains_key(&slug));
    declared.documents += fresh.len();
    declared.combined += fresh.iter().filter(|document| !document.pages.is_empty()).count();
    entry.documents.extend(fresh);
    known.insert(slug, (path, entry));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLUM: &str = r##"{
        "name": "Plum & Co",
        "importedFrom": "elsewhere",
        "terms": {
            "Privacy Policy": { "fetch": "https://plum.example/privacy", "select": "main", "remove": [".ad", { "startBefore": "#a", "endAfter": "#b" }],
                "executeClientScripts": true, "filter": ["tidy"] },
            "Terms of Service": { "select": { "startAfter": "h1", "endBefore": "footer" }, "combine": [
                { "fetch": "https://plum.example/1" }, { "fetch": "https://plum.example/2", "select": ["article"], "remove": ["a", "b", "c", "d"] } ] }
        }
    }"##;

    #[test]
    fn declarations_become_files_and_a_second_run_adds_nothing() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let folder = from.path().join("declarations");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("Plum & Co.json"), PLUM).unwrap();
        std::fs::write(folder.join("Plum & Co.history.json"), "{}").unwrap();
        std::fs::write(
            folder.join("Broken.json"),
            "{\"name\": \"Broken\", \"terms\": {\"Imprint\": {\"select\": \"a\"}}}",
        )
        .unwrap();
        let declared = import(from.path(), to.path()).unwrap();
        assert_eq!((declared.services, declared.platforms, declared.documents, declared.combined), (1, 1, 2, 1));
        assert_eq!(declared.filtered, ["Plum & Co, Privacy Policy"]);
        assert!(
            matches!(&declared.failures[..], [one] if one.contains("Broken.json: Imprint: it lacks `fetch`")),
            "{declared:?}"
        );
        let entries = catalog::load(to.path()).unwrap();
        let [privacy, terms] = &entries[0].documents[..] else { panic!("{entries:?}") };
        assert_eq!((&*entries[0].name, privacy.select.as_slice()), ("Plum & Co", &["main".to_string()][..]));
        assert_eq!(privacy.remove, [".ad", "startBefore #a >>> endAfter #b"]);
        assert_eq!(terms.select, ["startAfter h1 >>> endBefore footer"]);
        assert_eq!(terms.urls(), ["https://plum.example/1", "https://plum.example/2"]);
        assert_eq!(terms.pages[1].select, ["article"]);
        assert_eq!(terms.pages[1].remove, ["a", "b", "c", "d"]);
        let again = import(from.path(), to.path()).unwrap();
        assert_eq!((again.platforms, again.documents, again.known), (0, 0, 2));
    }

    #[test]
    fn what_the_catalog_has_stays() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::write(from.path().join("Plum.json"), PLUM.replace("Plum & Co", "Plum")).unwrap();
        let own = "# By hand.\nname = \"Plum\"\ncountry = \"DE\"\n\n[[document]]\ntype = \"Privacy Policy\"\nurl = \"https://plum.example/other\"\n";
        std::fs::write(to.path().join("my-plum.toml"), own).unwrap();
        let declared = import(from.path(), to.path()).unwrap();
        assert_eq!((declared.platforms, declared.documents, declared.known), (0, 1, 1));
        let text = std::fs::read_to_string(to.path().join("my-plum.toml")).unwrap();
        assert!(text.starts_with(own) && text.contains("[[document.page]]"), "{text}");
        assert!(import(&to.path().join("none"), to.path()).is_err());
    }
}
