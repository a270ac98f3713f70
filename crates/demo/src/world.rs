//! The invented platforms and their documents' versions.
use include_dir::{Dir, include_dir};
use serde::Deserialize;

static PLATFORMS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../demo/platforms");

/// A file of the world that cannot be used; only a change to `demo/` can cause it.
#[derive(Debug, thiserror::Error)]
#[error("demo/platforms/{path}: {reason}")]
pub struct WorldError {
    path: String,
    reason: String,
}

/// How a platform's site looks around its documents: each sets the reader another task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Style {
    /// Header, navigation, footer.
    Plain,
    /// A side bar with related articles.
    Sidebar,
    /// Sections folded into `details`.
    Accordion,
    /// A cookie banner over the page.
    DarkBanner,
}

/// A platform of the world.
#[derive(Debug, Clone, Deserialize)]
pub struct Platform {
    /// Name.
    pub name: String,
    /// Folder and address.
    pub slug: String,
    /// Invented home page.
    pub homepage: String,
    /// Sector.
    pub sector: String,
    /// Country.
    pub country: String,
    /// Site style.
    pub style: Style,
    /// Documents.
    #[serde(rename = "document")]
    pub documents: Vec<Document>,
}

/// A document of a platform.
#[derive(Debug, Clone, Deserialize)]
pub struct Document {
    /// Folder.
    pub slug: String,
    /// Terms type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Title.
    pub title: String,
    /// Language.
    pub language: String,
    /// Path on the platform's site.
    pub path: String,
    /// Dates (`YYYY-MM-DD`) of its versions, oldest first.
    pub versions: Vec<String>,
}

/// All platforms.
#[derive(Debug, Clone)]
pub struct World {
    /// In the order of their slugs.
    pub platforms: Vec<Platform>,
}

impl World {
    /// Reads the embedded files and checks that each listed version is there.
    pub fn load() -> Result<Self, WorldError> {
        let mut platforms = Vec::new();
        for folder in PLATFORMS.dirs() {
            let path = folder.path().join("platform.toml");
            let error = |reason: String| WorldError { path: path.display().to_string(), reason };
            let text = PLATFORMS
                .get_file(&path)
                .and_then(|file| file.contents_utf8())
                .ok_or_else(|| error("missing".into()))?;
            let platform: Platform = toml::from_str(text).map_err(|cause| error(cause.to_string()))?;
            for document in &platform.documents {
                for date in &document.versions {
                    if midday_ms(date).is_none() {
                        return Err(error(format!("{date:?}, of {}, is not a date", document.slug)));
                    }
                    if text_of(&platform, document, date).is_none() {
                        return Err(error(format!("{}/{date}.md is missing", document.slug)));
                    }
                }
            }
            platforms.push(platform);
        }
        platforms.sort_by(|a, b| a.slug.cmp(&b.slug));
        Ok(World { platforms })
    }

    /// All dates on which something changed, in order.
    pub fn dates(&self) -> Vec<&str> {
        let documents = self.platforms.iter().flat_map(|platform| &platform.documents);
        let mut dates: Vec<&str> =
            documents.flat_map(|document| document.versions.iter().map(String::as_str)).collect();
        dates.sort_unstable();
        dates.dedup();
        dates
    }

    /// The document at a path of a platform, and its Markdown as of `date`; none before its first version.
    pub fn document(&self, slug: &str, path: &str, date: &str) -> Option<(&Platform, &Document, &'static str)> {
        let platform = self.platforms.iter().find(|platform| platform.slug == slug)?;
        let document = platform.documents.iter().find(|document| document.path == path)?;
        let version = document.versions.iter().rfind(|version| version.as_str() <= date)?;
        Some((platform, document, text_of(platform, document, version)?))
    }
}

/// Noon UTC of a `YYYY-MM-DD` date, in milliseconds since 1970; none if it is not a date.
pub(crate) fn midday_ms(date: &str) -> Option<i64> {
    archive::instant::parse(&format!("{date}T12:00:00Z"))
}

fn text_of(platform: &Platform, document: &Document, date: &str) -> Option<&'static str> {
    PLATFORMS.get_file(format!("{}/{}/{date}.md", platform.slug, document.slug))?.contents_utf8()
}

#[cfg(test)]
mod tests {
    use super::midday_ms;

    #[test]
    fn middays_are_of_days_that_there_are() {
        assert_eq!(midday_ms("1970-01-01"), Some(43_200_000));
        assert_eq!(midday_ms("2024-02-29"), Some(1_709_208_000_000));
        for wrong in ["2023-02-29", "2024-13-01", "2024-1-1", "soon", ""] {
            assert_eq!(midday_ms(wrong), None, "{wrong}");
        }
        for day in ["1999-12-31", "2024-03-01", "2026-11-18"] {
            assert_eq!(midday_ms(day).map(archive::instant::day).as_deref(), Some(day));
        }
    }
}
