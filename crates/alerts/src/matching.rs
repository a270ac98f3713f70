//! Which watches a story answers, and why: pure, from the story and the watch alone.
use std::collections::BTreeMap;

use atlas::records::Materiality;
use atlas::watching::{Asker, ChannelId, NewTelling, SavedSearch, Subject, Threshold, Watch, Why};
use provisions::taxonomy;

use crate::cadence::next_digest;
use crate::letter::one_line;
use crate::story::{Story, Touched, of_platform};

/// Most characters of the words of a search, and of a name in one, where it is said what is watched: some paste whole clauses.
const SEARCH_WORDS: usize = 120;
const SEARCH_NAME: usize = 60;

/// Why the person is told, in words that follow "because": "you watch Plum's Privacy Policy, material changes". None if the watch does
/// not ask for this story. A story's correction is told without being asked for.
pub fn answer(watch: &Watch, story: &Story) -> Option<String> {
    let Threshold { severity, stricter, .. } = watch.asks.threshold;
    if story.materiality < watch.asks.threshold.least() {
        return None;
    }
    let touched: Vec<&Touched> = touched_by(&watch.asks.subject, story)?;
    let meets = |touched: &&Touched| {
        severity.is_none_or(|least| touched.severity >= least) && (!stricter || touched.is_stricter())
    };
    if (severity.is_some() || stricter) && !touched.iter().any(meets) {
        return None;
    }
    Some(format!("you watch {}, {}", subject(&watch.asks.subject, story), threshold(&watch.asks.threshold)))
}

/// The provisions of a story that a subject is about; none if the subject is not in the story.
fn touched_by<'s>(subject: &Subject, story: &'s Story) -> Option<Vec<&'s Touched>> {
    let those = |test: &dyn Fn(&Touched) -> bool| {
        let found: Vec<&Touched> = story.provisions.iter().filter(|touched| test(touched)).collect();
        (!found.is_empty()).then_some(found)
    };
    match subject {
        Subject::Platform(slug) => (*slug == story.platform).then(|| story.provisions.iter().collect()),
        Subject::Document(id) => (id.to_string() == story.document).then(|| story.provisions.iter().collect()),
        Subject::ClauseType(id) => those(&|touched| touched.clause_type == *id),
        Subject::Category(id) => {
            those(&|touched| taxonomy().get(&touched.clause_type).is_some_and(|kind| kind.category == *id))
        }
        Subject::Regulation(id) => those(&|touched| touched.regulations.contains(id)),
        Subject::Provision(id) => {
            let id = id.to_string();
            those(&|touched| touched.provision.as_ref() == Some(&id))
        }
        Subject::Search(search) => story.searches.contains(search).then(|| story.provisions.iter().collect()),
    }
}

/// A subject of a story in words.
fn subject(subject: &Subject, story: &Story) -> String {
    match subject {
        Subject::Platform(_) => story.platform_name.clone(),
        Subject::Document(_) => story.document_name(),
        Subject::Provision(id) => {
            let id = id.to_string();
            let touched = story.provisions.iter().find(|touched| touched.provision.as_ref() == Some(&id));
            let title = touched.map_or(id.as_str(), Touched::title);
            format!("“{title}” in {}", story.document_name())
        }
        other => subject_alone(other),
    }
}

/// What is watched, in words, as far as they can be known without the store.
fn subject_alone(subject: &Subject) -> String {
    match subject {
        Subject::Platform(slug) => slug.clone(),
        Subject::Document(id) => id.to_string(),
        Subject::Provision(id) => id.to_string(),
        Subject::ClauseType(id) => {
            format!("“{}” on every platform", taxonomy().get(id).map_or(id.as_str(), |kind| &kind.title))
        }
        Subject::Category(id) => {
            let title = taxonomy().category(id).map_or(id.as_str(), |category| &category.title);
            format!("the category “{title}” on every platform")
        }
        Subject::Regulation(id) => {
            let name = taxonomy().regulation(id).map_or(id.as_str(), |regulation| &regulation.short);
            format!("provisions that {name} may apply to")
        }
        Subject::Search(search) => format!("the search {}", search_in_words(search)),
    }
}

/// A search in words: "“class action” in clauses of the type “Binding arbitration” on the platform plum". Long ones are shortened, and none has
/// a line break: this stands in titles, in mails and in sentences.
fn search_in_words(search: &SavedSearch) -> String {
    let name = |text: &str| one_line(text, SEARCH_NAME);
    let mut words = match search.words.is_empty() {
        true => "for all clauses".to_string(),
        false => format!("“{}”", one_line(&search.words, SEARCH_WORDS)),
    };
    if let Some(id) = &search.clause_type {
        words += &format!(" in clauses of the type “{}”", name(taxonomy().get(id).map_or(id, |kind| &kind.title)));
    }
    if let Some(severity) = search.severity {
        words += &format!(" of severity {severity}");
    }
    if let Some(kind) = &search.kind {
        words += &format!(" in documents of the kind {}", name(kind));
    }
    if let Some(platform) = &search.platform {
        words += &format!(" on the platform {}", name(platform));
    }
    words
}

/// What is watched, in words, with the names that the store knows: "Plum's Privacy Policy". A record that is gone has its ID.
pub async fn subject_name(atlas: &atlas::Atlas, subject: &Subject) -> Result<String, atlas::AtlasError> {
    Ok(known_subject(atlas, subject).await?.unwrap_or_else(|| subject_alone(subject)))
}

/// As [`subject_name`]; none if the store or the taxonomy has no such subject.
pub async fn known_subject(atlas: &atlas::Atlas, subject: &Subject) -> Result<Option<String>, atlas::AtlasError> {
    let alone = || subject_alone(subject);
    Ok(match subject {
        Subject::Platform(slug) => atlas.platform(slug).await?.map(|found| found.platform.name),
        Subject::Document(id) => {
            let document = atlas.document(*id).await?;
            document.map(|document| of_platform(&document.platform.name, &document.title))
        }
        Subject::Provision(id) => atlas.provision(*id).await?.map(|provision| {
            let title =
                taxonomy().get(&provision.clause_type).map_or(provision.clause_type.as_str(), |kind| &kind.title);
            format!("“{title}” in {}", of_platform(&provision.platform_name, &provision.document_title))
        }),
        Subject::ClauseType(id) => taxonomy().get(id).map(|_| alone()),
        Subject::Category(id) => taxonomy().category(id).map(|_| alone()),
        Subject::Regulation(id) => taxonomy().regulation(id).map(|_| alone()),
        Subject::Search(_) => Some(alone()),
    })
}

/// A threshold in words: "material changes of severity High or more".
pub fn threshold(threshold: &Threshold) -> String {
    let mut words = if threshold.minor { "material and minor changes" } else { "material changes" }.to_string();
    if let Some(severity) = threshold.severity {
        words += &format!(" of severity {severity}");
        if severity < provisions::Severity::Critical {
            words += " or more";
        }
    }
    if threshold.stricter {
        words += ", only if stricter";
    }
    words
}

/// Which channels of a person are told a story, when, and why. A channel is told once, by the soonest of the watches that use it, with the
/// reasons of all of them.
pub fn choose(story: &Story, asker: &Asker, now_ms: i64) -> Vec<NewTelling> {
    let mut channels: BTreeMap<ChannelId, NewTelling> = BTreeMap::new();
    for watch in &asker.watches {
        let Some(text) = answer(watch, story) else { continue };
        let due_ms = next_digest(watch.asks.cadence, &asker.zone, now_ms);
        let least: Materiality = watch.asks.threshold.least();
        let used = |channel: &&ChannelId| watch.asks.channels.as_ref().is_none_or(|wanted| wanted.contains(channel));
        for channel in asker.channels.iter().filter(used) {
            let why = Why { watch: watch.id, text: text.clone() };
            let telling = channels.entry(*channel).or_insert_with(|| NewTelling {
                person: asker.person,
                channel: *channel,
                due_ms,
                why: Vec::new(),
                least,
            });
            // No hour at all is the soonest.
            telling.due_ms = telling.due_ms.min(due_ms);
            telling.least = telling.least.min(least);
            telling.why.push(why);
        }
    }
    channels.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_search_is_said_in_short() {
        let said = |search: SavedSearch| subject_alone(&Subject::Search(search));
        let plain = SavedSearch { words: "class action".into(), ..SavedSearch::default() };
        assert_eq!(said(plain), "the search “class action”");
        let clause = "You waive\r\nany right to a jury trial. ".repeat(200);
        let long = SavedSearch { words: clause, platform: Some("plum".into()), ..SavedSearch::default() };
        let long = said(long);
        assert!(long.starts_with("the search “You waive any right to a jury trial.") && !long.contains('\n'), "{long}");
        assert!(long.ends_with("…” on the platform plum") && long.chars().count() < 160, "{long}");
        let word = Some("x".repeat(9_000));
        let hostile =
            SavedSearch { clause_type: word.clone(), platform: word.clone(), kind: word, ..SavedSearch::default() };
        assert!(said(hostile).chars().count() < 300);
    }
}
