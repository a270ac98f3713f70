//! The catalog: which platforms and documents to track, one TOML file a platform.
use std::collections::HashMap;
use std::path::{Path, PathBuf};

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
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryDocument {
    /// Terms type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Title; the terms type if absent.
    pub title: Option<String>,
    /// Address.
    pub url: String,
    /// Language to ask for.
    pub language: Option<String>,
    /// CSS selectors of the content; found without when absent.
    #[serde(default)]
    pub select: Vec<String>,
    /// CSS selectors of what to remove.
    #[serde(default)]
    pub remove: Vec<String>,
}

/// Reads every `*.toml` file of a folder, in the order of their names; all that is wrong is reported together.
pub fn load(folder: &Path) -> Result<Vec<Entry>, Vec<CatalogError>> {
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
    if files.is_empty() {
        return Err(vec![error(folder, "it holds no platform; add one TOML file for each (see the README)".into())]);
    }
    let mut entries = Vec::new();
    let mut errors = Vec::new();
    for path in files {
        let read = std::fs::read_to_string(&path).map_err(|cause| cause.to_string());
        match read.and_then(|text| parse(&text)) {
            Ok(entry) => entries.push(entry),
            Err(reason) => errors.push(error(&path, reason)),
        }
    }
    if errors.is_empty() { Ok(entries) } else { Err(errors) }
}

/// Parses and validates one file's text.
pub fn parse(text: &str) -> Result<Entry, String> {
    let entry: Entry = toml::from_str(text).map_err(|error| error.to_string())?;
    if entry.name.trim().is_empty() {
        return Err("`name` is empty".into());
    }
    if entry.country.as_ref().is_some_and(|code| code.len() != 2 || !code.bytes().all(|b| b.is_ascii_uppercase())) {
        return Err("`country` must be a two-letter code in capitals, for example \"DE\"".into());
    }
    for document in &entry.documents {
        if !document.url.starts_with("https://") && !document.url.starts_with("http://") {
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
                urls: vec![document.url.clone()],
                language: document.language.clone(),
                select: document.select.clone(),
                remove: document.remove.clone(),
            };
            atlas.put_document(&new).await?;
        }
    }
    Ok(())
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
        slug: slug(&entry.name),
        name: entry.name.clone(),
        homepage: entry.homepage.clone(),
        sector: entry.sector.clone(),
        country: entry.country.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_file_says_what_is_wrong() {
        let good = "name = \"Plum\"\ncountry = \"DE\"\n[[document]]\ntype = \"Privacy Policy\"\nurl = \"https://plum.example/privacy\"\n";
        assert_eq!(parse(good).unwrap().documents.len(), 1);
        assert!(parse(&good.replace("\"DE\"", "\"Germany\"")).unwrap_err().contains("two-letter"));
        assert!(parse(&good.replace("https://", "ftp://")).unwrap_err().contains("https://"));
        assert!(parse("nam = 1").is_err());
    }
}
