//! The outbox: what is new and may have to be told, noted in the transaction that records it.
use archive::instant::DAY_MS;

use super::{StoryId, take_numbers};
use crate::codes::Code;
use crate::error::Result;
use crate::ids::{ChangeId, DocumentId};
use crate::open::Atlas;
use crate::records::{Batch, Materiality};
use crate::store::{Tx, args, statements};

/// A change that was seen longer ago when it is recorded is history (an import), not news.
const FRESH_MS: i64 = 2 * DAY_MS;
/// A change that is taken more seriously later is told as long as it was seen within a week.
const RAISED_MS: i64 = 7 * DAY_MS;

statements! {
    NOTE = "INSERT INTO news (id, document_id, change_id, kind, at_ms, story_id) VALUES ($1, $2, $3, $4, $5, NULL)",
    OF_CHANGE = "SELECT n.kind, n.story_id, s.materiality FROM news n LEFT JOIN stories s ON s.id = n.story_id
        WHERE n.change_id = $1 ORDER BY n.id DESC LIMIT 1",
    CONFIRMED = "SELECT COUNT(*) FROM changes WHERE id = $1 AND confirmed_ms IS NOT NULL",
    // One document at a time, the one that has waited longest.
    RIPE = "SELECT document_id FROM news WHERE story_id IS NULL GROUP BY document_id HAVING MIN(at_ms) <= $1 ORDER BY MIN(at_ms), document_id LIMIT $2",
    WAITING = "SELECT n.id, n.kind, n.change_id, n.at_ms FROM news n WHERE n.document_id = $1 AND n.story_id IS NULL ORDER BY n.id",
    STORY_OF = "SELECT story_id FROM news WHERE change_id = $1 AND kind = $2 AND story_id > 0 ORDER BY id DESC LIMIT 1",
    CHANGES_OF = "SELECT change_id FROM news WHERE story_id = $1 ORDER BY change_id",
    SOUND = "SELECT COALESCE(MAX(v.number), 0) FROM versions v WHERE v.document_id = $1 AND v.number < $2 AND NOT EXISTS (
        SELECT 1 FROM changes c WHERE c.document_id = v.document_id AND c.to_version = v.number
            AND (COALESCE(c.editor_materiality, c.materiality) = $3 OR c.confirmed_ms IS NULL))",
}

/// What kind of news it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewsKind {
    /// A document changed.
    Changed,
    /// The verdict on a change that was told was reversed.
    Reversed,
}

impl Code for NewsKind {
    const ALL: &'static [NewsKind] = &[NewsKind::Changed, NewsKind::Reversed];
}

/// The news of a document that have waited long enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gathered {
    /// The document.
    pub document: DocumentId,
    /// Number of the news and the change, oldest first.
    pub changes: Vec<(i64, ChangeId)>,
    /// Number of the news, a change that was told and whose verdict was reversed, and the story that told it.
    pub reversed: Vec<(i64, ChangeId, StoryId)>,
    /// When the latest of it was recorded.
    pub at_ms: i64,
}

/// Notes that a change of a live page is confirmed, if anybody may want to be told of it.
pub(crate) async fn note_confirmed(
    tx: &mut Tx,
    document: DocumentId,
    change: ChangeId,
    materiality: Materiality,
    at_ms: i64,
) -> Result<()> {
    if materiality.is_told() { note(tx, document, change, NewsKind::Changed, at_ms).await } else { Ok(()) }
}

/// Notes the changes of a batch that was collected elsewhere and needs no second look, if they are to be told: sound ones, seen just now.
pub(crate) async fn note_imported(tx: &mut Tx, batch: &Batch, ids: &[ChangeId]) -> Result<()> {
    let changes = batch.entries.iter().filter_map(|entry| Some((entry.change.as_ref()?, &entry.capture)));
    for ((change, capture), id) in changes.zip(ids) {
        if capture.origin.is_some() && change.materiality.is_told() && batch.analysed_ms - change.at_ms <= FRESH_MS {
            note(tx, batch.document, *id, NewsKind::Changed, batch.analysed_ms).await?;
        }
    }
    Ok(())
}

/// Notes that a change seen at `seen_ms` is judged otherwise now, by a later reader or an editor, if somebody was told of it, or should be.
pub(crate) async fn note_reversal(
    tx: &mut Tx,
    document: DocumentId,
    (id, seen_ms): (ChangeId, i64),
    (was, is): (Materiality, Materiality),
    now_ms: i64,
) -> Result<()> {
    let last = tx.one(OF_CHANGE, args![id]).await?;
    let last = last
        .map(|row| {
            let kind = NewsKind::from_code(row.get(0)?)?;
            Ok::<_, crate::AtlasError>((kind, row.get::<Option<i64>>(1)?, row.get::<Option<i64>>(2)?))
        })
        .transpose()?;
    let raised = is.is_told() && is > was && now_ms - seen_ms <= RAISED_MS;
    let kind = match last {
        // It still waits and will be told as it is judged by then.
        Some((_, None, _)) => return Ok(()),
        Some((_, Some(_), Some(told))) if is.code() < told => NewsKind::Reversed,
        // The correction itself was wrong: it is told once more.
        Some((NewsKind::Reversed, Some(_), Some(told))) if is.code() > told && raised => NewsKind::Changed,
        Some((_, Some(_), Some(_))) => return Ok(()),
        _ if raised => NewsKind::Changed,
        _ => return Ok(()),
    };
    // What was seen only once is told when it is confirmed.
    if tx.one(CONFIRMED, args![id]).await?.map_or(Ok(0), |row| row.get::<i64>(0))? == 0 {
        return Ok(());
    }
    note(tx, document, id, kind, now_ms).await
}

async fn note(tx: &mut Tx, document: DocumentId, change: ChangeId, kind: NewsKind, at_ms: i64) -> Result<()> {
    let id = take_numbers(tx, "news", 1).await?;
    tx.run(NOTE, args![id, document, change, kind.code(), at_ms]).await?;
    Ok(())
}
impl Atlas {
    /// Documents with news the oldest of which was recorded at or before `until_ms`, with all that waits of them.
    pub async fn gathered(&self, until_ms: i64, limit: i64) -> Result<Vec<Gathered>> {
        let mut all = Vec::new();
        for row in self.store.fetch(RIPE, args![until_ms, limit]).await? {
            let document = DocumentId(row.get(0)?);
            let mut found = Gathered { document, changes: vec![], reversed: vec![], at_ms: 0 };
            for row in self.store.fetch(WAITING, args![document]).await? {
                let (id, kind, change, at_ms): (i64, i64, i64, i64) =
                    (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
                found.at_ms = found.at_ms.max(at_ms);
                match NewsKind::from_code(kind)? {
                    NewsKind::Changed => found.changes.push((id, ChangeId(change))),
                    NewsKind::Reversed => {
                        let story = self.store.one(STORY_OF, args![change, NewsKind::Changed.code()]).await?;
                        let story: Option<i64> = story.map(|row| row.get(0)).transpose()?;
                        found.reversed.extend(story.map(|story| (id, ChangeId(change), StoryId(story))));
                    }
                }
            }
            found.changes.sort_unstable_by_key(|(_, change)| *change);
            all.push(found);
        }
        Ok(all)
    }

    /// The changes that a story told.
    pub async fn story_changes(&self, story: StoryId) -> Result<Vec<ChangeId>> {
        let rows = self.store.fetch(CHANGES_OF, args![story]).await?;
        rows.iter().map(|row| Ok(ChangeId(row.get(0)?))).collect()
    }

    /// The last version before `before` that is neither defective nor waits for a second look; 0 if there is none.
    pub async fn sound_version(&self, document: DocumentId, before: i64) -> Result<i64> {
        let row = self.store.one(SOUND, args![document, before, Materiality::Defective.code()]).await?;
        row.map_or(Ok(0), |row| row.get(0))
    }
}
