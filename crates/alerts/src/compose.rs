//! Composing a story from what is recorded: pure, from the changes and the two texts.
use atlas::records::{Change, Document, EventKind, Materiality, TouchedProvision};
use atlas::watching::SavedSearch;
use compare::Pair;
use provisions::{Circumstances, Happening, Reader, SummaryLine, applicable, taxonomy};

use crate::sides::{Corrected, Side, summary};
use crate::story::{ClauseChange, Fact, Story, Touched};

/// Clauses that a story shows; who wants more follows the link.
const CLAUSES: usize = 4;
/// Characters of a clause that a story keeps.
const WORDS: usize = 1500;

/// What a story is composed from.
pub struct Ground<'a> {
    /// The document.
    pub document: &'a Document,
    /// Its changes that are told, oldest first: at least one.
    pub changes: &'a [Change],
    /// The sound text before the first of them.
    pub old: &'a str,
    /// The latest sound text.
    pub new: &'a str,
    /// `YYYY-MM-DD` from which the newer text says it is in force.
    pub effective: Option<String>,
    /// Searches that somebody watches.
    pub searches: &'a [SavedSearch],
    /// What editors put in place of what the reader finds.
    pub corrected: Corrected,
}

/// The story; none if there is nothing to tell after all.
pub fn compose(reader: &Reader, ground: &Ground<'_>) -> Option<Story> {
    let last = ground.changes.last()?;
    if ground.old == ground.new {
        return None;
    }
    let sides = (Side::new(ground.old), Side::new(ground.new));
    let alignment = compare::align(&sides.0.clauses, &sides.1.clauses);
    let changed: Vec<&Pair> = alignment.differing().collect();
    let lines = summary(reader, &sides, &alignment, &ground.corrected);
    let platform = &ground.document.platform;
    let (clauses, more_clauses) = clauses(&sides, &changed, &lines);
    let materiality = ground.changes.iter().map(|change| change.change.materiality).max()?;
    let (headline, reason) = headline(ground.changes, materiality);
    let mut story = Story {
        platform: platform.slug.clone(),
        platform_name: platform.name.clone(),
        document: ground.document.id.to_string(),
        document_title: ground.document.title.clone(),
        changes: ground.changes.iter().map(|change| change.id.to_string()).collect(),
        seen_ms: last.change.at_ms,
        materiality,
        headline,
        reason,
        effective: ground.effective.clone(),
        provisions: touched(ground, &lines),
        clauses,
        more_clauses,
        searches: Vec::new(),
        correction: None,
    };
    let found = |search: &&SavedSearch| finds(search, ground, &story, &sides, &changed);
    story.searches = ground.searches.iter().filter(found).cloned().collect();
    Some(story)
}

type Sides<'a> = (Side<'a>, Side<'a>);

/// One change tells its own headline; of several, the one that matters most, the latest of equals.
fn headline(changes: &[Change], materiality: Materiality) -> (String, String) {
    let mut by_weight = changes.iter().filter(|change| change.change.materiality == materiality);
    let Some(told) = by_weight.next_back() else { return Default::default() };
    let headline = match changes.len() {
        1 => told.change.headline.clone(),
        2 => format!("{}; and another change", told.change.headline),
        more => format!("{}; and {} more changes", told.change.headline, more - 1),
    };
    (headline, told.change.reason.clone())
}

/// The provisions that the changes touch: what the comparison of the texts says of their types, and the records.
fn touched(ground: &Ground<'_>, lines: &[SummaryLine]) -> Vec<Touched> {
    let platform = &ground.document.platform;
    let circumstances = Circumstances {
        country: platform.country.as_deref(),
        sector: platform.sector.as_deref(),
        document_kind: &ground.document.kind,
        text: ground.new,
    };
    let regulations = |id: &str| {
        let found = taxonomy().get(id).map(|kind| applicable(kind, &circumstances)).unwrap_or_default();
        found.into_iter().map(|applicable| applicable.regulation.id.clone()).collect::<Vec<_>>()
    };
    // The last event of each provision that was touched.
    let mut records: Vec<&TouchedProvision> = Vec::new();
    for record in ground.changes.iter().flat_map(|change| &change.provisions) {
        records.retain(|known| known.id != record.id);
        records.push(record);
    }
    let mut all: Vec<Touched> = Vec::new();
    for line in lines {
        let of_type: Vec<&TouchedProvision> =
            records.iter().filter(|record| record.clause_type == line.kind.id).copied().collect();
        let ids: Vec<Option<String>> = match of_type.as_slice() {
            [] => vec![None],
            several => several.iter().map(|record| Some(record.id.to_string())).collect(),
        };
        all.extend(ids.into_iter().map(|provision| Touched {
            provision,
            clause_type: line.kind.id.clone(),
            severity: line.before.max(line.after).unwrap_or(line.kind.severity),
            happening: line.happening.word().into(),
            direction: line.direction.word().into(),
            facts: facts(line),
            regulations: regulations(&line.kind.id),
        }));
    }
    let unsaid = records.iter().filter(|record| !lines.iter().any(|line| line.kind.id == record.clause_type));
    all.extend(unsaid.map(|record| Touched {
        provision: Some(record.id.to_string()),
        clause_type: record.clause_type.clone(),
        severity: record.severity,
        happening: happening(record.event).word().into(),
        direction: String::new(),
        facts: Vec::new(),
        regulations: regulations(&record.clause_type),
    }));
    all.sort_by_key(|touched| (std::cmp::Reverse(touched.severity), !touched.says_more_than_words()));
    all
}

fn happening(event: EventKind) -> Happening {
    match event {
        EventKind::Appeared | EventKind::Returned => Happening::Appeared,
        EventKind::Removed => Happening::Gone,
        EventKind::Reworded => Happening::Reworded,
    }
}

fn facts(line: &SummaryLine) -> Vec<Fact> {
    let fact = |fact: &provisions::FactDifference| Fact {
        label: fact.label.clone(),
        before: fact.before.clone(),
        after: fact.after.clone(),
    };
    line.facts.iter().map(fact).collect()
}

/// The clauses that changed, those first of which the summary says most; and how many are left out.
fn clauses(sides: &Sides<'_>, changed: &[&Pair], lines: &[SummaryLine]) -> (Vec<ClauseChange>, usize) {
    let place = |pair: &Pair| {
        let of_pair = |line: &SummaryLine| {
            let indices = if line.happening == Happening::Gone { &pair.old } else { &pair.new };
            indices.contains(&line.clause)
        };
        let telling = lines.iter().position(|line| line.says_more_than_words() && of_pair(line));
        telling.or_else(|| lines.iter().position(of_pair).map(|at| at + lines.len())).unwrap_or(usize::MAX)
    };
    let mut sorted: Vec<&Pair> = changed.to_vec();
    sorted.sort_by_key(|pair| place(pair));
    let clipped = |text: std::borrow::Cow<'_, str>| clip(&text, WORDS);
    let shown = sorted.iter().take(CLAUSES).map(|pair| {
        let heading = match (pair.new.first(), pair.old.first()) {
            (Some(new), _) => sides.1.heading_path(*new),
            (None, Some(old)) => sides.0.heading_path(*old),
            (None, None) => String::new(),
        };
        ClauseChange {
            heading,
            before: pair.old_text(&sides.0.clauses).map(clipped),
            after: pair.new_text(&sides.1.clauses).map(clipped),
        }
    });
    (shown.collect(), sorted.len().saturating_sub(CLAUSES))
}

/// Whether a search finds a clause that changed, in its old or its new words.
fn finds(search: &SavedSearch, ground: &Ground<'_>, story: &Story, sides: &Sides<'_>, changed: &[&Pair]) -> bool {
    let here = search.platform.as_ref().is_none_or(|slug| *slug == story.platform)
        && search.kind.as_ref().is_none_or(|kind| *kind == ground.document.kind);
    let of_type = |touched: &Touched| {
        search.clause_type.as_ref().is_none_or(|id| *id == touched.clause_type)
            && search.severity.is_none_or(|severity| severity == touched.severity)
    };
    let filtered = search.clause_type.is_some() || search.severity.is_some();
    if !here || (filtered && !story.provisions.iter().any(of_type)) {
        return false;
    }
    let in_words = |pair: &&Pair| {
        let on = |side: &Side<'_>, indices: &[usize]| {
            indices.iter().any(|&index| atlas::finds(&search.words, &side.heading_path(index), side.clauses[index]))
        };
        on(&sides.0, &pair.old) || on(&sides.1, &pair.new)
    };
    search.words.trim().is_empty() || changed.iter().any(in_words)
}

/// The beginning of a text, at most so many characters, cut between words.
pub(crate) fn clip(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_string();
    }
    let cut: String = text.chars().take(most.saturating_sub(1)).collect();
    let whole = cut.rsplit_once(char::is_whitespace).map_or(cut.as_str(), |(whole, _)| whole);
    format!("{}…", whole.trim_end())
}
