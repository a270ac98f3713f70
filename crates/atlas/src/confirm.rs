//! The second look: which changes of a live page are settled by what was seen now.
//!
//! A change is recorded when it is first seen and confirmed when a second capture shows the same text; until then nobody is told. A text
//! that comes and goes is never confirmed while it does, so that versions that flip back and forth tell nobody anything. A page that is
//! put out to one of its servers after the other flips too, and then stays: a text that returned is believed once it has stood for
//! [`STANDS_MS`]. A text that changed again before the second look is confirmed with the one that followed from it, so that nothing is lost.
//! Of a page whose words are never the same twice, whoever records says which changes still stand ([`crate::records::Batch::standing`]).
use archive::Sha256Digest;

use crate::codes::Code;
use crate::error::Result;
use crate::ids::{ChangeId, DocumentId};
use crate::open::Atlas;
use crate::records::{Materiality, STANDS_MS, needs_second_look};
use crate::store::{Row, Tx, args, digest, statements};
use crate::watching;

statements! {
    OPEN = "SELECT COUNT(*) FROM changes WHERE document_id = $1 AND confirmed_ms IS NULL",
    // What is older than this many versions is not settled any more.
    STEPS = "SELECT c.id, c.to_version, c.materiality, COALESCE(c.editor_materiality, c.materiality), c.confirmed_ms, v.text_sha256,
            v.first_seen_ms FROM changes c
        JOIN versions v ON v.document_id = c.document_id AND v.number = c.to_version
        WHERE c.document_id = $1 AND c.to_version <= $2 ORDER BY c.to_version DESC LIMIT 64",
    CONFIRM = "UPDATE changes SET confirmed_ms = $3 WHERE document_id = $1 AND to_version = $2 AND confirmed_ms IS NULL",
}

/// A version seen at an instant.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sighting {
    pub version: i64,
    pub at_ms: i64,
    /// Whether it had been seen before, so that the text is one that stayed.
    pub again: bool,
}

/// What came of sightings.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Settled {
    /// How many changes they confirmed.
    pub confirmed: usize,
    /// Whether the change to the last version seen is still unconfirmed.
    pub unconfirmed: bool,
}

/// A version with the change that led to it.
#[derive(Debug, Clone, Copy)]
struct Step {
    change: ChangeId,
    version: i64,
    /// What the reader made of it.
    materiality: Materiality,
    /// What it is told as: an editor may have judged it before it is confirmed.
    shown: Materiality,
    confirmed: bool,
    text: Sha256Digest,
    first_seen_ms: i64,
}

impl Atlas {
    /// Whether a document has a change that was seen once.
    pub async fn awaits_a_look(&self, document: DocumentId) -> Result<bool> {
        Ok(self.store.one(OPEN, args![document]).await?.map_or(Ok(0), |row| row.get::<i64>(0))? > 0)
    }
}

/// Confirms what these sightings of a document's versions, oldest first, confirm; the changes to the `doubted` versions stay as they are.
pub(crate) async fn settle(
    tx: &mut Tx,
    document: DocumentId,
    sightings: &[Sighting],
    doubted: &[i64],
) -> Result<Settled> {
    let open = tx.one(OPEN, args![document]).await?.map_or(Ok(0), |row| row.get::<i64>(0))?;
    let mut settled = Settled::default();
    if open == 0 {
        return Ok(settled);
    }
    for sighting in sightings {
        let rows = tx.fetch(STEPS, args![document, sighting.version]).await?;
        let steps = rows.iter().map(step).collect::<Result<Vec<_>>>()?;
        let mut versions = confirmed_by(&steps, sighting);
        versions.retain(|version| !doubted.contains(version));
        for step in steps.iter().filter(|step| versions.contains(&step.version)) {
            confirm(tx, document, step, sighting.at_ms).await?;
        }
        settled.confirmed += versions.len();
        let latest = steps.first().filter(|step| step.version == sighting.version);
        settled.unconfirmed = latest.is_some_and(|step| !step.confirmed && !versions.contains(&step.version));
    }
    Ok(settled)
}

/// Confirms the changes to these versions, as far as they wait for it: what changed then still stands, though the text is another one.
pub(crate) async fn settle_standing(tx: &mut Tx, document: DocumentId, versions: &[i64], at_ms: i64) -> Result<()> {
    let Some(last) = versions.iter().max() else { return Ok(()) };
    for row in tx.fetch(STEPS, args![document, *last]).await? {
        let step = step(&row)?;
        if !step.confirmed && versions.contains(&step.version) {
            confirm(tx, document, &step, at_ms).await?;
        }
    }
    Ok(())
}

async fn confirm(tx: &mut Tx, document: DocumentId, step: &Step, at_ms: i64) -> Result<()> {
    tx.run(CONFIRM, args![document, step.version, at_ms]).await?;
    watching::note_confirmed(tx, document, step.change, step.shown, at_ms).await
}

fn step(row: &Row) -> Result<Step> {
    let mut c = row.columns();
    let (change, version) = (ChangeId(c.next()?), c.next()?);
    let (materiality, shown) = (Materiality::from_code(c.next()?)?, Materiality::from_code(c.next()?)?);
    let confirmed = c.next::<Option<i64>>()?.is_some();
    Ok(Step { change, version, materiality, shown, confirmed, text: digest(c.next()?)?, first_seen_ms: c.next()? })
}

/// The versions whose changes are settled by a sighting of the first of `steps`, which go from there back in time.
fn confirmed_by(steps: &[Step], sighting: &Sighting) -> Vec<i64> {
    let defective = |step: &&Step| step.materiality == Materiality::Defective;
    let Some(latest) = steps.first() else { return Vec::new() };
    if defective(&latest) {
        // Error pages rarely have the same words twice; two in a row are no accident.
        let run = steps.iter().take_while(defective);
        let twice = sighting.again || run.clone().nth(1).is_some();
        return run.filter(|step| twice && !step.confirmed).map(|step| step.version).collect();
    }
    let mut versions = Vec::new();
    if !sighting.again && needs_second_look(latest.materiality) {
        return versions;
    }
    let mut at = 0;
    while let Some(step) = steps.get(at) {
        match step.materiality {
            Materiality::Returning => {
                let before = &steps[at + 1..];
                let Some(back) = before.iter().position(|earlier| earlier.text == step.text) else { break };
                let only_defects = before[..back].iter().all(|between| defective(&between));
                if !only_defects && sighting.at_ms - step.first_seen_ms < STANDS_MS {
                    break;
                }
                at += back;
            }
            Materiality::Cosmetic | Materiality::Defective => {}
            Materiality::Minor | Materiality::Material if step.confirmed => break,
            Materiality::Minor | Materiality::Material => versions.push(step.version),
        }
        at += 1;
    }
    versions
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Steps newest first from a story oldest first: a letter for the text of each version from the second on; `!` marks an error page, `~` a
    /// text that differs in nothing that binds, `.` a change confirmed before.
    fn steps(story: &str) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        for (index, word) in story.split(' ').enumerate() {
            let text = Sha256Digest::of(&word.as_bytes()[..1]);
            let known = index == 0 && word.starts_with('a') || steps.iter().any(|step| step.text == text);
            let materiality = match word {
                word if word.ends_with('!') => Materiality::Defective,
                word if word.ends_with('~') => Materiality::Cosmetic,
                word if known || word.starts_with('a') => Materiality::Returning,
                _ => Materiality::Material,
            };
            let confirmed = word.ends_with('.') || !needs_second_look(materiality);
            steps.push(Step {
                change: ChangeId(0),
                version: index as i64 + 2,
                materiality,
                shown: materiality,
                confirmed,
                text,
                first_seen_ms: index as i64,
            });
        }
        steps.reverse();
        steps
    }

    fn settled(story: &str, again: bool, at_ms: i64) -> Vec<i64> {
        let steps = steps(story);
        confirmed_by(&steps, &Sighting { version: steps[0].version, at_ms, again })
    }

    /// Every document begins with the text `a`.
    #[test]
    fn a_change_is_confirmed_when_its_text_is_seen_again() {
        assert_eq!(settled("b", false, 0), [0; 0], "seen once");
        assert_eq!(settled("b", true, 9), [2]);
        assert_eq!(settled("b. c", true, 9), [3], "what is settled stays as it is");
        assert_eq!(settled("b c", false, 9), [0; 0], "another text is no confirmation");
        assert_eq!(settled("b c", true, 9), [3, 2], "what led to a text that stays is not lost");
        assert_eq!(settled("b c~", false, 9), [2], "but for what binds nobody, it is the same text");
    }

    #[test]
    fn what_flips_back_is_never_confirmed_until_it_stands() {
        assert_eq!(settled("b a", false, 9), [0; 0]);
        assert_eq!(settled("b a", true, 9), [0; 0]);
        assert_eq!(settled("b a", true, 90 * STANDS_MS), [0; 0], "the old text stands: nothing changed");
        assert_eq!(settled("b a b", false, 9), [0; 0]);
        assert_eq!(settled("b a b", true, 9), [0; 0]);
        assert_eq!(settled("b a b", true, 2 + STANDS_MS), [2], "put out at last");
        assert_eq!(settled("b a b a b", true, 4 + STANDS_MS), [2]);
        assert_eq!(settled("b a c", true, 9), [4], "only what came after the old text");
    }

    #[test]
    fn error_pages_between_do_not_matter() {
        assert_eq!(settled("e!", false, 9), [0; 0]);
        assert_eq!(settled("e!", true, 9), [2]);
        assert_eq!(settled("e! f!", false, 9), [3, 2], "two error pages in a row");
        assert_eq!(settled("b e! b", false, 9), [2], "the second look after an error page");
        assert_eq!(settled("b e! c", true, 9), [4, 2]);
        assert_eq!(settled("e! a", true, 9), [0; 0]);
    }
}
