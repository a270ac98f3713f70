//! Telling: news become stories, stories become tellings and messages, digests are composed when they are due.
//!
//! Each step is one transaction of the store; a teller that is killed leaves the rest to the next round of any teller.
use std::sync::{Arc, Mutex, PoisonError};

use archive::instant::HOUR_MS;
use atlas::ids::DocumentId;
use atlas::records::Change;
use atlas::watching::{Asker, Gathered, NewStory, NewTelling, StoryId, StoryRow};
use atlas::{Atlas, AtlasError, apart};
use provisions::Reader;

use crate::compose::{Ground, compose};
use crate::matching::choose;
use crate::sides::Corrected;
use crate::story::{Correction, Story};

/// Several changes of a document within this time are told as one: an hour.
pub const GATHER_MS: i64 = HOUR_MS;
/// Documents in one look for news.
const DOCUMENTS: i64 = 50;

/// Milliseconds since 1970 UTC.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Who turns news into messages.
pub struct Teller {
    atlas: Atlas,
    now: Clock,
    gather_ms: i64,
    /// The story that is told now, so that it is not read for every person.
    current: Mutex<Option<(StoryId, Arc<Story>)>>,
}

/// What a round did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Round {
    /// Stories made.
    pub stories: usize,
    /// Channels that were told, or will be in a digest.
    pub told: usize,
    /// Digests composed.
    pub digests: usize,
    /// Documents whose news could not be told, with the reason.
    pub troubles: Vec<String>,
}

impl Round {
    /// Whether there was nothing to do.
    pub fn is_idle(&self) -> bool {
        *self == Round::default()
    }
}

impl Teller {
    /// A teller for an atlas that waits [`GATHER_MS`] for further changes of a document.
    pub fn new(atlas: Atlas, now: Clock) -> Teller {
        Teller { atlas, now, gather_ms: GATHER_MS, current: Mutex::new(None) }
    }

    /// Waits so many milliseconds for further changes of a document.
    pub fn gathering(self, gather_ms: i64) -> Teller {
        Teller { gather_ms, ..self }
    }

    /// Does all that is to be done now.
    pub async fn round(&self) -> Result<Round, AtlasError> {
        let mut round = Round::default();
        for gathered in self.atlas.gathered((self.now)() - self.gather_ms, DOCUMENTS).await? {
            match self.settle(&gathered).await {
                Ok(stories) => round.stories += stories,
                // What is damaged stays so: nobody is told of it, and the others are.
                Err(error @ (AtlasError::Damaged { .. } | AtlasError::Missing(_))) => {
                    round.troubles.push(format!("{}: {error}", gathered.document));
                    let news = gathered.changes.iter().map(|(news, _)| *news);
                    let news: Vec<i64> = news.chain(gathered.reversed.iter().map(|(news, ..)| *news)).collect();
                    self.atlas.settle_news(&news, None).await?;
                }
                Err(error) => return Err(error),
            }
        }
        let tell = |row: &StoryRow, asker: &Asker| self.choose(row, asker);
        while let Some(told) = self.atlas.tell_on((self.now)(), &tell).await? {
            round.told += told;
        }
        loop {
            match self.atlas.compose_digests((self.now)()).await? {
                0 => break,
                digests => round.digests += digests,
            }
        }
        Ok(round)
    }

    fn choose(&self, row: &StoryRow, asker: &Asker) -> Result<Vec<NewTelling>, AtlasError> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let story = match &*current {
            Some((id, story)) if *id == row.id => Arc::clone(story),
            _ => {
                let story = Arc::new(read(row)?);
                *current = Some((row.id, Arc::clone(&story)));
                story
            }
        };
        drop(current);
        Ok(choose(&story, asker, (self.now)()))
    }

    async fn settle(&self, gathered: &Gathered) -> Result<usize, AtlasError> {
        let mut stories = 0;
        if !gathered.changes.is_empty() {
            let news: Vec<i64> = gathered.changes.iter().map(|(news, _)| *news).collect();
            let story = self.changed(gathered).await?;
            stories += usize::from(self.atlas.settle_news(&news, story.as_ref()).await?.is_some());
        }
        let mut wrong: Vec<StoryId> = gathered.reversed.iter().map(|(.., story)| *story).collect();
        wrong.sort_unstable();
        wrong.dedup();
        for story in wrong {
            let news = gathered.reversed.iter().filter(|(.., told)| *told == story).map(|(news, ..)| *news);
            let news: Vec<i64> = news.collect();
            let correction = self.reversed(gathered, story).await?;
            stories += usize::from(self.atlas.settle_news(&news, correction.as_ref()).await?.is_some());
        }
        Ok(stories)
    }

    /// The story of a document's changes, as they are judged now; none if nothing is left to tell: the verdicts were reversed, or the
    /// document went back to the text that it had.
    async fn changed(&self, gathered: &Gathered) -> Result<Option<NewStory>, AtlasError> {
        let id = gathered.document;
        let mut changes = Vec::new();
        for (_, change) in &gathered.changes {
            let change = self.atlas.change(*change).await?;
            changes.extend(change.filter(|change| change.change.materiality.is_told()));
        }
        let story = story_of(&self.atlas, id, &changes, i64::MAX).await?;
        Ok(story.map(|story| NewStory {
            document: id,
            at_ms: gathered.at_ms,
            materiality: story.materiality,
            corrects: None,
            body: written(&story),
            subjects: story.subjects(),
        }))
    }

    /// The correction of a story whose verdict was reversed; none if another change that it told still bears it.
    async fn reversed(&self, gathered: &Gathered, wrong: StoryId) -> Result<Option<NewStory>, AtlasError> {
        let told = self.atlas.story(wrong).await?.ok_or_else(|| AtlasError::Missing(format!("story {wrong}")))?;
        let mut changes = Vec::new();
        for id in self.atlas.story_changes(wrong).await? {
            changes.extend(self.atlas.change(id).await?);
        }
        let Some(heaviest) = changes.iter().max_by_key(|change| change.change.materiality) else { return Ok(None) };
        let materiality = heaviest.change.materiality;
        if materiality >= told.materiality {
            return Ok(None);
        }
        let before = read(&told)?;
        let story = Story {
            materiality,
            reason: heaviest.change.reason.clone(),
            headline: before.headline.clone(),
            correction: Some(Correction { told_ms: told.at_ms, was: told.materiality }),
            ..before
        };
        Ok(Some(NewStory {
            document: gathered.document,
            at_ms: gathered.at_ms,
            materiality,
            corrects: Some(wrong),
            body: written(&story),
            subjects: Vec::new(),
        }))
    }
}

/// What some changes of a document amount to, from the sound text before the first of them to the last sound one up to a version; none if
/// there is nothing to tell.
pub(crate) async fn story_of(
    atlas: &Atlas,
    id: DocumentId,
    changes: &[Change],
    up_to: i64,
) -> Result<Option<Story>, AtlasError> {
    let Some(first) = changes.first() else { return Ok(None) };
    let document = atlas.document(id).await?.ok_or_else(|| AtlasError::Missing(id.to_string()))?;
    let base = atlas.sound_version(id, first.change.to_version).await?;
    let last = atlas.sound_version(id, up_to.min(document.versions) + 1).await?;
    if base == 0 || last <= base {
        return Ok(None);
    }
    let text = async |number| {
        let text = atlas.version_text(id, number).await?;
        text.ok_or_else(|| AtlasError::Missing(format!("version {number} of {id}")))
    };
    let (old, new) = (text(base).await?, text(last).await?);
    let effective = atlas.version(id, last).await?.and_then(|version| version.stated_effective);
    let searches = atlas.watched_searches().await?;
    let corrected = Corrected::of(atlas, id, base, last).await?;
    let changes = changes.to_vec();
    // Reading two long texts takes some tens of milliseconds of one core: not on a thread that serves others.
    let composed = move || {
        let (old, new, searches, changes) = (&*old, &*new, &*searches, &*changes);
        let ground = Ground { document: &document, changes, old, new, effective, searches, corrected };
        compose(Reader::embedded(), &ground)
    };
    Ok(apart::run(composed).await)
}

fn read(row: &StoryRow) -> Result<Story, AtlasError> {
    Story::of(row)
        .map_err(|error| AtlasError::Damaged { record: format!("story {}", row.id), reason: error.to_string() })
}

fn written(story: &Story) -> String {
    serde_json::to_string(story).expect("stories serialise: they have no maps")
}
