//! Questions that readers of a provision ask, with answers made of what the record says; for the page and as JSON-LD.
use alerts::of_platform;
use atlas::Rarity;
use serde::Serialize;
use serde_json::{Value, json};

use crate::words;

/// A question and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Question {
    /// The question.
    pub question: String,
    /// The answer, plain text.
    pub answer: String,
}

/// What the answers are made of.
#[derive(Debug, Clone)]
pub(crate) struct Subject<'a> {
    /// Name of the site.
    pub site: &'a str,
    /// Name of the platform.
    pub platform: &'a str,
    /// Title of the document.
    pub document: &'a str,
    /// Name of the clause type.
    pub clause_type: &'a str,
    /// What the clause does.
    pub what_it_does: &'a str,
    /// What it means for the person who agreed.
    pub consumer_impact: &'a str,
    /// On how many platforms the type stands.
    pub rarity: Rarity,
    /// When that was counted.
    pub counted_ms: i64,
    /// When the clause was last verified.
    pub last_verified_ms: i64,
    /// Whether it is gone from the document.
    pub removed: bool,
}

/// The questions of a provision.
pub(crate) fn questions(of: &Subject<'_>) -> Vec<Question> {
    let Subject { site, platform, document, clause_type, rarity, .. } = of;
    let standing = if of.removed {
        format!(
            " The clause no longer stands in the document; it was last seen on {}.",
            words::day(&of.last_verified_ms)
        )
    } else {
        format!(" It was last verified in the document on {}.", words::day(&of.last_verified_ms))
    };
    let mut questions = vec![
        (
            format!("What does this clause of {} do?", of_platform(platform, document)),
            of.what_it_does.to_string() + &standing,
        ),
        ("How does it affect me?".into(), of.consumer_impact.to_string()),
        (
            format!("How many platforms have a clause of the type “{clause_type}”?"),
            format!(
                "{} of the {} tracked {} with a document that could hold one, counted on {}. The page of the clause type lists them.",
                rarity.platforms,
                rarity.of_platforms,
                if rarity.of_platforms == 1 { "platform" } else { "platforms" },
                words::day(&of.counted_ms)
            ),
        ),
        (
            format!("Is {site} affiliated with {platform}?"),
            format!(
                "No. {site} keeps a public record of published documents. {platform} neither runs it nor has reviewed this page. \
                 This page describes what the text states; it is not legal advice."
            ),
        ),
    ];
    questions.retain(|(_, answer)| !answer.trim().is_empty());
    questions.into_iter().map(|(question, answer)| Question { question, answer }).collect()
}

/// The questions as a `FAQPage` of schema.org.
pub(crate) fn json_ld(questions: &[Question]) -> Value {
    let entity = |q: &Question| json!({"@type": "Question", "name": q.question, "acceptedAnswer": {"@type": "Answer", "text": q.answer}});
    let entities: Vec<Value> = questions.iter().map(entity).collect();
    json!({"@context": "https://schema.org", "@type": "FAQPage", "mainEntity": entities})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject<'a>(platform: &'a str) -> Subject<'a> {
        Subject {
            site: "Clausewatch",
            platform,
            document: "Terms",
            clause_type: "Class action waiver",
            what_it_does: "It bars class actions.",
            consumer_impact: "You sue alone.",
            rarity: Rarity { platforms: 3, of_platforms: 12 },
            counted_ms: 1_709_337_600_000,
            last_verified_ms: 1_709_337_600_000,
            removed: false,
        }
    }

    #[test]
    fn answers_say_what_the_record_says() {
        let answers = questions(&subject("Plum"));
        assert_eq!(answers.len(), 4);
        assert!(answers[2].answer.starts_with("3 of the 12 tracked platforms"), "{}", answers[2].answer);
        assert!(answers[3].answer.starts_with("No."));
        let gone = questions(&Subject { removed: true, ..subject("Plum") });
        assert!(gone[0].answer.contains("no longer stands"), "{}", gone[0].answer);
    }
}
