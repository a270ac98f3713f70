//! Questions that readers of a provision ask, with answers made of what the record says; for the page and as JSON-LD.
use atlas::Rarity;
use serde_json::json;

use crate::citation::Day;

/// A question and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The question.
    pub question: String,
    /// The answer, plain text.
    pub answer: String,
}

/// What the answers are made of.
#[derive(Debug, Clone)]
pub struct Subject<'a> {
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
pub fn questions(of: &Subject<'_>) -> Vec<Question> {
    let Subject { site, platform, document, clause_type, rarity, .. } = of;
    let standing = if of.removed {
        format!(" The clause no longer stands in the document; it was last seen on {}.", Day::of(of.last_verified_ms).plain())
    } else {
        format!(" It was last verified in the document on {}.", Day::of(of.last_verified_ms).plain())
    };
    let mut questions = vec![
        (format!("What does this clause of {platform}’s {document} do?"), of.what_it_does.to_string() + &standing),
        ("How does it affect me?".into(), of.consumer_impact.to_string()),
        (
            format!("How many platforms have a clause of the type “{clause_type}”?"),
            format!(
                "{} of the {} tracked {} with a document that could hold one, counted on {}. The page of the clause type lists them.",
                rarity.platforms,
                rarity.of_platforms,
                if rarity.of_platforms == 1 { "platform" } else { "platforms" },
                Day::of(of.counted_ms).plain()
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

/// The questions as a `FAQPage` of schema.org, to stand inside `<script type="application/ld+json">`.
pub fn json_ld(questions: &[Question]) -> String {
    let entities = questions.iter().map(|q| {
        json!({"@type": "Question", "name": q.question, "acceptedAnswer": {"@type": "Answer", "text": q.answer}})
    });
    let page = json!({"@context": "https://schema.org", "@type": "FAQPage", "mainEntity": entities.collect::<Vec<_>>()});
    script_json(&page)
}

/// JSON that can stand inside a `<script>` element: nothing in it ends the element or opens a comment. `<`, `>` and `&` occur in JSON
/// only within strings, where an escape says the same.
pub fn script_json(value: &serde_json::Value) -> String {
    let mut out = String::new();
    for c in value.to_string().chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out
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

    #[test]
    fn a_hostile_name_cannot_leave_the_script() {
        let name = "</script><script>alert(1)</script><!-- \u{2028} &amp; \"";
        let text = json_ld(&questions(&subject(name)));
        assert!(!text.contains(['<', '>', '&', '\u{2028}']), "{text}");
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        let asked = value["mainEntity"][0]["name"].as_str().unwrap();
        assert_eq!(asked, format!("What does this clause of {name}’s Terms do?"));
    }
}
