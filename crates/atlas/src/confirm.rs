//! The second look: which changes of a live page are settled by what was seen now.
//!
//! A change is recorded when it is first seen and confirmed when a second capture shows the same text; until then nobody is told. A text
//! that comes and goes is never confirmed while it does, so that versions that flip back and forth tell nobody anything. A page that is
//! put out to one of its servers after the other flips too, and then stays: a text that returned is believed once it has come to stay
//! ([`has_come_to_stay`]), and until then looked at as what was seen once is: ten minutes after its return, then after twice as long each time.
//! A text that changed again before the second look is confirmed with the one that followed from it, so that nothing is lost.
//! Of a page whose words are never the same twice, whoever records says which changes still stand ([`crate::records::Batch::standing`]).
use std::collections::HashMap;

use archive::Sha256Digest;
use archive::instant::DAY_MS;

use crate::codes::Code;
use crate::error::Result;
use crate::ids::{ChangeId, DocumentId};
use crate::open::Atlas;
use crate::records::{Materiality, needs_second_look};
use crate::store::{Row, Tx, args, digest, statements};
use crate::watching;

statements! {
    OPEN = "SELECT COUNT(*) FROM changes WHERE document_id = $1 AND confirmed_ms IS NULL",
    // What is older than this many versions is not settled any more.
    STEPS = "SELECT c.id, c.to_version, c.materiality, COALESCE(c.editor_materiality, c.materiality), c.confirmed_ms, v.text_sha256,
            v.first_seen_ms, v.last_verified_ms, v.sightings FROM changes c
        JOIN versions v ON v.document_id = c.document_id AND v.number = c.to_version
        WHERE c.document_id = $1 AND c.to_version <= $2 ORDER BY c.to_version DESC LIMIT 64",
    CONFIRM = "UPDATE changes SET confirmed_ms = $3 WHERE document_id = $1 AND to_version = $2 AND confirmed_ms IS NULL",
    STAYS = "SELECT number, first_seen_ms, last_verified_ms, sightings FROM versions WHERE document_id = $1 AND number >= $2",
}

/// How long a wording that came back has to stand, at least: a day.
const LEAST_SPAN_MS: i64 = DAY_MS;
/// How often it has to be seen meanwhile, at least. What takes turns with every request, or by chance, is hardly ever seen so often in a row;
/// looked at after ten minutes and then after twice as long each time, what stays is seen so often within the day.
const LEAST_SIGHTINGS: i64 = 8;
/// It has to stand so many times as long, and be seen so many times as often, as at any return before of which nothing came.
const TIMES: i64 = 3;

/// A stretch of time in which every check saw the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stay {
    /// The first sighting.
    pub from_ms: i64,
    /// The last one.
    pub until_ms: i64,
    /// How many there were.
    pub sightings: i64,
}

impl Stay {
    /// This one and the one that follows it, with nothing between.
    pub fn and(self, next: Stay) -> Stay {
        Stay { until_ms: next.until_ms, sightings: self.sightings + next.sightings, ..self }
    }

    fn span_ms(&self) -> i64 {
        self.until_ms - self.from_ms
    }
}

/// Whether a wording that came back is what the document says now, after it stood and went `before` without being believed.
///
/// What takes turns is seen again and again for as long as its turn is, or as often as chance has it; a wording is believed only if its stay
/// is out of proportion to all that. What nobody has taken back is believed two days after its return was seen, if it did not stay long
/// before.
pub fn has_come_to_stay(now: &Stay, before: &[Stay]) -> bool {
    let span_ms = before.iter().map(Stay::span_ms).max().unwrap_or(0);
    let sightings = before.iter().map(|stay| stay.sightings).max().unwrap_or(0);
    now.span_ms() >= LEAST_SPAN_MS.max(TIMES * span_ms) && now.sightings >= LEAST_SIGHTINGS.max(TIMES * sightings)
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
    /// Whether the last version seen has to be seen again: the change to it is unconfirmed, or that to which it returned.
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
    /// Its text, or the one that it differs from in nothing that binds ([`same_wording`]).
    wording: Sha256Digest,
    stay: Stay,
}

/// What a sighting settles.
#[derive(Debug, PartialEq, Eq, Default)]
struct Confirmed {
    versions: Vec<i64>,
    /// Whether more would be if the text that came back were believed.
    in_doubt: bool,
}

impl Atlas {
    /// Whether a document has a change that was seen once.
    pub async fn awaits_a_look(&self, document: DocumentId) -> Result<bool> {
        Ok(self.store.one(OPEN, args![document]).await?.map_or(Ok(0), |row| row.get::<i64>(0))? > 0)
    }

    /// The stays of a document's versions from this number on, by number.
    pub async fn stays(&self, document: DocumentId, from: i64) -> Result<HashMap<i64, Stay>> {
        let rows = self.store.fetch(STAYS, args![document, from]).await?;
        rows.iter().map(|row| Ok((row.get(0)?, stay(row.get(1)?, row.get(2)?, row.get(3)?)))).collect()
    }
}

fn stay(from_ms: i64, until_ms: i64, sightings: i64) -> Stay {
    Stay { from_ms, until_ms, sightings }
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
        let mut steps = rows.iter().map(step).collect::<Result<Vec<_>>>()?;
        same_wording(&mut steps);
        let Confirmed { mut versions, in_doubt } = confirmed_by(&steps, sighting.again);
        versions.retain(|version| !doubted.contains(version));
        for step in steps.iter().filter(|step| versions.contains(&step.version)) {
            confirm(tx, document, step, sighting.at_ms).await?;
        }
        settled.confirmed += versions.len();
        let latest = steps.first().filter(|step| step.version == sighting.version);
        let unconfirmed = latest.is_some_and(|step| !step.confirmed && !versions.contains(&step.version));
        settled.unconfirmed = unconfirmed || in_doubt;
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
    let wording = digest(c.next()?)?;
    let stay = stay(c.next()?, c.next()?, c.next()?);
    Ok(Step { change, version, materiality, shown, confirmed, wording, stay })
}

/// Gives texts that differ in nothing that binds one name, that of the first of them; the latest step comes first.
fn same_wording(steps: &mut [Step]) {
    let mut known: HashMap<Sha256Digest, Sha256Digest> = HashMap::new();
    let mut before = None;
    for step in steps.iter_mut().rev() {
        let text = step.wording;
        let wording = if step.materiality == Materiality::Cosmetic { before } else { known.get(&text).copied() };
        step.wording = wording.unwrap_or(text);
        known.entry(text).or_insert(step.wording);
        if !defective(step) {
            before = Some(step.wording);
        }
    }
}

/// What a sighting of the first of `steps` settles, which go from there back in time; `again` if it had been seen before.
fn confirmed_by(steps: &[Step], again: bool) -> Confirmed {
    let Some(latest) = steps.first() else { return Confirmed::default() };
    if defective(latest) {
        // Error pages rarely have the same words twice; two in a row are no accident.
        let run = steps.iter().take_while(|step| defective(step));
        let twice = again || run.clone().nth(1).is_some();
        let versions = run.filter(|step| twice && !step.confirmed).map(|step| step.version).collect();
        return Confirmed { versions, in_doubt: false };
    }
    let mut confirmed = Confirmed::default();
    if !again && needs_second_look(latest.materiality) {
        return confirmed;
    }
    let mut at = 0;
    while let Some(step) = steps.get(at) {
        match step.materiality {
            Materiality::Returning => {
                let Some(first) = first_of(&steps[at..]) else { break };
                let other = |later: &Step| later.wording != step.wording && !defective(later);
                let from = steps[..at].iter().rposition(other).map_or(0, |other| other + 1);
                let stays = stays(&steps[from..=at + first], step.wording);
                let flips = stays.get(1..).unwrap_or_default();
                if !flips.is_empty() && !has_come_to_stay(&stays[0], flips) {
                    confirmed.in_doubt = from == 0 && !steps[at + first].confirmed;
                    break;
                }
                at += first;
                continue;
            }
            Materiality::Cosmetic | Materiality::Defective => {}
            Materiality::Minor | Materiality::Material if step.confirmed => break,
            Materiality::Minor | Materiality::Material => confirmed.versions.push(step.version),
        }
        at += 1;
    }
    confirmed
}

fn defective(step: &Step) -> bool {
    step.materiality == Materiality::Defective
}

/// How far back among `steps` the wording of the first one came for the first time; none if that was before all of them.
fn first_of(steps: &[Step]) -> Option<usize> {
    let first = steps.iter().rposition(|step| step.wording == steps[0].wording)?;
    (steps[first].materiality != Materiality::Returning).then_some(first)
}

/// The stays of a wording, latest first; an error page between does not end one.
fn stays(steps: &[Step], wording: Sha256Digest) -> Vec<Stay> {
    let mut stays: Vec<Stay> = Vec::new();
    let mut stood = false;
    for step in steps.iter().filter(|step| !defective(step)) {
        let stands = step.wording == wording;
        match stays.last_mut().filter(|_| stood) {
            Some(later) if stands => *later = step.stay.and(*later),
            _ if stands => stays.push(step.stay),
            _ => {}
        }
        stood = stands;
    }
    stays
}

#[cfg(test)]
mod tests {
    use archive::instant::{HOUR_MS, MINUTE_MS};
    use proptest::prelude::*;

    use super::*;

    /// Steps newest first from a story oldest first: a letter for the text of each version from the second on, each seen once, an hour after
    /// the one before; `!` marks an error page, `~` a text that differs in nothing that binds, `.` a change confirmed before.
    fn steps(story: &str) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        for (index, word) in story.split(' ').enumerate() {
            let text = if word.ends_with('~') { word } else { &word[..1] };
            let wording = Sha256Digest::of(text.as_bytes());
            let known = text == "a" || steps.iter().any(|step| step.wording == wording);
            let materiality = match word {
                word if word.ends_with('!') => Materiality::Defective,
                _ if known => Materiality::Returning,
                word if word.ends_with('~') => Materiality::Cosmetic,
                _ => Materiality::Material,
            };
            let at_ms = index as i64 * HOUR_MS;
            steps.push(Step {
                change: ChangeId(0),
                version: index as i64 + 2,
                materiality,
                shown: materiality,
                confirmed: word.ends_with('.') || !needs_second_look(materiality),
                wording,
                stay: stay(at_ms, at_ms, 1),
            });
        }
        steps.reverse();
        steps
    }

    /// What is settled when the last text of a story was seen so many times in all, over so many hours.
    fn seen(story: &str, sightings: i64, hours: i64) -> Confirmed {
        let mut steps = steps(story);
        let at_ms = steps[0].stay.from_ms;
        steps[0].stay = stay(at_ms, at_ms + hours * HOUR_MS, sightings);
        same_wording(&mut steps);
        confirmed_by(&steps, sightings > 1)
    }

    fn settled(story: &str, again: bool) -> Vec<i64> {
        seen(story, if again { 2 } else { 1 }, i64::from(again)).versions
    }

    /// Every document begins with the text `a`.
    #[test]
    fn a_change_is_confirmed_when_its_text_is_seen_again() {
        assert_eq!(settled("b", false), [0; 0], "seen once");
        assert_eq!(settled("b", true), [2]);
        assert_eq!(settled("b. c", true), [3], "what is settled stays as it is");
        assert_eq!(settled("b c", false), [0; 0], "another text is no confirmation");
        assert_eq!(settled("b c", true), [3, 2], "what led to a text that stays is not lost");
        assert_eq!(settled("b c~", false), [2], "but for what binds nobody, it is the same text");
    }

    #[test]
    fn what_flips_back_is_never_confirmed_until_it_stands() {
        assert_eq!(settled("b a", false), [0; 0]);
        assert_eq!(settled("b a", true), [0; 0]);
        assert_eq!(seen("b a", 99, 2000), Confirmed::default(), "the old text stands: nothing changed");
        assert_eq!(settled("b a b", false), [0; 0]);
        assert_eq!(settled("b a b", true), [0; 0]);
        assert!(seen("b a b", 1, 0).in_doubt && seen("b a b", 2, 1).in_doubt, "it is looked at soon");
        assert!(!seen("b. a b", 1, 0).in_doubt && !seen("b a", 1, 0).in_doubt, "nothing is waited for");
        assert_eq!(seen("b a b", 3, 100).versions, [0; 0], "seen too seldom");
        assert_eq!(seen("b a b", 99, 23).versions, [0; 0], "for too short a time");
        assert_eq!(seen("b a b", 8, 24), Confirmed { versions: vec![2], in_doubt: false }, "put out at last");
        assert_eq!(seen("b a b a b", 8, 24).versions, [2]);
        assert_eq!(seen("b a b a b b~", 8, 24).versions, [2], "but for what binds nobody, it is the same text");
        assert_eq!(settled("b a c", true), [4], "only what came after the old text");
    }

    #[test]
    fn error_pages_between_do_not_matter() {
        assert_eq!(settled("e!", false), [0; 0]);
        assert_eq!(settled("e!", true), [2]);
        assert_eq!(settled("e! f!", false), [3, 2], "two error pages in a row");
        assert_eq!(settled("b e! b", false), [2], "the second look after an error page");
        assert_eq!(settled("b e! c", true), [4, 2]);
        assert_eq!(settled("e! a", true), [0; 0]);
    }

    /// The versions whose change is confirmed when a page is seen to show these texts at these instants, `a` before all of them, and when
    /// they are.
    fn followed(sightings: &[(i64, char)]) -> Vec<(i64, i64)> {
        let mut steps: Vec<Step> = Vec::new();
        let mut confirmed = Vec::new();
        for &(at_ms, text) in sightings {
            let wording = Sha256Digest::of(text.to_string().as_bytes());
            let again = steps.first().is_some_and(|latest| latest.wording == wording);
            if again {
                steps[0].stay = steps[0].stay.and(stay(at_ms, at_ms, 1));
            } else if !steps.is_empty() || text != 'a' {
                let known = text == 'a' || steps.iter().any(|step| step.wording == wording);
                let materiality = if known { Materiality::Returning } else { Materiality::Material };
                let (version, confirmed) = (steps.len() as i64 + 2, known);
                let step = Step {
                    change: ChangeId(0),
                    version,
                    materiality,
                    shown: materiality,
                    confirmed,
                    wording,
                    stay: stay(at_ms, at_ms, 1),
                };
                steps.insert(0, step);
            }
            let versions = confirmed_by(&steps, again).versions;
            steps.iter_mut().filter(|step| versions.contains(&step.version)).for_each(|step| step.confirmed = true);
            confirmed.extend(versions.into_iter().map(|version| (at_ms, version)));
        }
        confirmed
    }

    /// Runs of looks that see the same side, as a page gives them that takes turns with its requests, some of which are lost; and the times
    /// between looks.
    fn turns() -> impl Strategy<Value = Vec<(char, Vec<i64>)>> {
        let run = |longest: usize| prop::collection::vec(10 * MINUTE_MS..90 * HOUR_MS, 1..=longest);
        let pair = (run(7), run(30)).prop_map(|(b, a)| [('b', b), ('a', a)]);
        // The first turn is one look: a second one would confirm it.
        let first = (run(1), run(30)).prop_map(|(b, a)| [('b', b), ('a', a)]);
        (first, prop::collection::vec(pair, 1..12))
            .prop_map(|(first, pairs)| first.into_iter().chain(pairs.into_iter().flatten()).collect())
    }

    fn at_instants(turns: &[(char, Vec<i64>)]) -> Vec<(i64, char)> {
        let mut at_ms = 0;
        let looks = turns.iter().flat_map(|(text, gaps)| gaps.iter().map(|gap| (*gap, *text)));
        looks
            .map(|(gap, text)| {
                at_ms += gap;
                (at_ms, text)
            })
            .collect()
    }

    proptest! {
        #[test]
        fn what_takes_turns_with_the_looks_is_never_confirmed(turns in turns()) {
            prop_assert_eq!(followed(&at_instants(&turns)), []);
        }

        #[test]
        fn what_takes_turns_by_the_hour_is_never_confirmed(
            turns in prop::collection::vec(HOUR_MS..24 * HOUR_MS, 4..40), gaps in prop::collection::vec(10 * MINUTE_MS..HOUR_MS, 900),
        ) {
            // The first turn is seen once, at its end.
            let mut sightings = vec![(-HOUR_MS, 'b'), (-HOUR_MS / 2, 'a')];
            let (mut at_ms, mut turn, mut end_ms) = (0, 0, turns[0]);
            for gap in gaps {
                at_ms += gap;
                while turn < turns.len() && at_ms >= end_ms {
                    turn += 1;
                    end_ms += turns.get(turn).copied().unwrap_or_default();
                }
                if turn == turns.len() {
                    break;
                }
                sightings.push((at_ms, if turn % 2 == 0 { 'a' } else { 'b' }));
            }
            prop_assert_eq!(followed(&sightings), []);
        }

        #[test]
        fn what_stays_at_last_is_confirmed_within_its_bound(turns in turns(), gaps in prop::collection::vec(10 * MINUTE_MS..27 * HOUR_MS, 120)) {
            let mut sightings = at_instants(&turns);
            let before = sightings.len();
            let mut at_ms = sightings[before - 1].0;
            for gap in gaps {
                at_ms += gap;
                sightings.push((at_ms, 'b'));
            }
            let told = followed(&sightings);
            prop_assert_eq!(told.len(), 1);
            prop_assert_eq!(told[0].1, 2);
            let mut stays = turns.iter().filter(|(text, _)| *text == 'b').map(|(_, gaps)| (gaps[1..].iter().sum::<i64>(), gaps.len() as i64));
            let (longest, most) = stays.by_ref().fold((0, 0), |(span, looks), stay| (span.max(stay.0), looks.max(stay.1)));
            let place = sightings.iter().position(|sighting| sighting.0 == told[0].0).unwrap_or_default();
            let (looks, span_ms) = ((place - before + 1) as i64, told[0].0 - sightings[before].0);
            let gap_ms = told[0].0 - sightings[place - 1].0;
            prop_assert!(looks <= LEAST_SIGHTINGS.max(TIMES * most) || span_ms - gap_ms < LEAST_SPAN_MS.max(TIMES * longest));
        }

        #[test]
        fn a_change_amid_turns_is_confirmed_by_the_second_look(turns in turns()) {
            let mut sightings = at_instants(&turns);
            let at_ms = sightings[sightings.len() - 1].0;
            sightings.extend([(at_ms + MINUTE_MS, 'c'), (at_ms + 11 * MINUTE_MS, 'c')]);
            let latest = 2 + turns.len() as i64;
            prop_assert_eq!(followed(&sightings), [(at_ms + 11 * MINUTE_MS, latest)]);
        }
    }
}
