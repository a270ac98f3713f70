//! What the record has already of a document that is to be added: its address, its platform, its name.
use atlas::records::{Document, Platform};
use atlas::{Atlas, AtlasError, PlatformFilter};

use crate::adopt::{Adopted, same_address};
use crate::slug;

/// The document that is tracked at an address.
pub async fn tracked(atlas: &Atlas, url: &str) -> Result<Option<Document>, AtlasError> {
    let at = |known: &Document| known.urls.iter().any(|own| same_address(own, url));
    Ok(atlas.documents().await?.into_iter().find(at))
}

/// The platform with this name in addresses or, if none is given, with this name.
pub async fn platform(atlas: &Atlas, short: Option<&str>, name: &str) -> Result<Option<Platform>, AtlasError> {
    let made = slug(name);
    let is = |platform: &Platform| match short {
        Some(short) => platform.slug == short,
        None => platform.name == name || platform.slug == made,
    };
    let rows = atlas.platforms(&PlatformFilter::default()).await?;
    Ok(rows.into_iter().map(|row| row.platform).find(is))
}

/// The document at another address that has the type and the title of one that is to be added, and would be moved to its address.
pub async fn namesake(atlas: &Atlas, adopted: &Adopted) -> Result<Option<Document>, AtlasError> {
    let new = &adopted.document;
    let title = new.title.as_ref().unwrap_or(&new.kind);
    let elsewhere = |known: &Document| {
        let here = known.urls.iter().any(|own| new.urls().iter().any(|url| same_address(own, url)));
        !known.urls.is_empty() && !here
    };
    let own = atlas.platform_documents(&adopted.platform.slug()).await?;
    Ok(own.into_iter().find(|known| known.kind == new.kind && known.title == *title && elsewhere(known)))
}

/// What is said to a person of a [`namesake`].
pub fn told(namesake: &Document) -> String {
    let Document { kind, title, platform, urls, .. } = namesake;
    format!(
        "there is a {kind} of {} with the title “{title}” at {}: give this one another title",
        platform.name,
        urls.join(" ")
    )
}
