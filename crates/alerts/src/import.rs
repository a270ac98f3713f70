//! Importing a watchlist from a file: what it names is watched as far as it is there and the plan allows it.
use atlas::watching::PersonId;
use atlas::{Atlas, AtlasError};

use crate::exchange::{Listed, written};
use crate::matching::known_subject;
use crate::plans::{Plans, Refused, put_entitled};

/// What came of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Import {
    /// Watches that were added or changed.
    pub kept: usize,
    /// What is not watched, as the file names it, and why.
    pub refused: Vec<(String, String)>,
}

/// Watches what a file names, in its order. A watch that is there keeps what the file leaves open; a new one begins as one click makes it.
///
/// # Errors
/// If the store fails; what was imported by then stays, and the same file can be imported again.
pub async fn import(
    atlas: &Atlas,
    plans: &Plans,
    holder: PersonId,
    listed: &Listed,
    now_ms: i64,
) -> Result<Import, AtlasError> {
    let entitled = plans.of(atlas, holder, now_ms).await?;
    let mut import = Import::default();
    for new in &listed.watches {
        let refused = match known_subject(atlas, &new.subject).await? {
            None => "there is nothing of this name here".to_string(),
            Some(_) => {
                let known = atlas.watch_on(holder, &new.subject).await?.map(|watch| watch.asks);
                let there = known.unwrap_or_else(|| entitled.one_click(new.subject.clone()));
                match put_entitled(atlas, &entitled, holder, &listed.over(new, there), now_ms).await {
                    Ok(_) => {
                        import.kept += 1;
                        continue;
                    }
                    Err(Refused::Store(error)) => return Err(error),
                    Err(refused) => refused.to_string(),
                }
            }
        };
        import.refused.push((written(&new.subject), refused));
    }
    Ok(import)
}
