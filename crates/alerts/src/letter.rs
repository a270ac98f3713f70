//! A message in words, before it takes the form of a mail, a payload or an entry of a feed.
use atlas::records::Materiality;
use atlas::watching::{Message, MessageKind};
use provisions::{Severity, taxonomy};
use serde::Serialize;

use crate::cadence::{day, moment, spelled};
use crate::compose::clip;
use crate::links::Links;
use crate::story::{ClauseChange, Correction, Fact, Story, Touched};

/// Most characters of a subject line.
const SUBJECT: usize = 150;
/// Provisions that are told of one document.
const PROVISIONS: usize = 8;

/// A message in words.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Letter {
    /// The subject: one line.
    pub subject: String,
    /// What the message is, in a sentence or two.
    pub lead: String,
    /// What is told, a part for each document's story.
    pub parts: Vec<Part>,
}

/// What is told of one document.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    /// "Plum’s Privacy Policy".
    pub document: String,
    /// Its ID.
    pub document_id: String,
    /// What happened, in one line.
    pub headline: String,
    /// "Material, up to severity High. Seen 3 March 2024, 14:05 CET."
    pub verdict: String,
    /// Why the verdict is what it is.
    pub reason: String,
    /// The highest severity of a provision that it touches.
    pub severity: Option<Severity>,
    /// Why the person is told, each to be read after "because".
    pub why: Vec<String>,
    /// The provisions that it touches.
    pub provisions: Vec<ProvisionLine>,
    /// Clauses before and after.
    pub clauses: Vec<ClauseChange>,
    /// How many more clauses changed.
    pub more_clauses: usize,
    /// Address of the change, with the redline of all clauses.
    pub url: String,
    /// Address of the document.
    pub document_url: String,
}

/// What a change does to a provision.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProvisionLine {
    /// Name of its clause type.
    pub title: String,
    /// How severe it is, or was.
    pub severity: Severity,
    /// "new, stricter".
    pub what: String,
    /// "Notice: 30 days → 7 days".
    pub facts: Vec<String>,
    /// Why it matters, for the person who agreed; empty where a line above says it.
    pub matters: String,
    /// Address of the provision.
    pub url: Option<String>,
}

/// A message that cannot be written: what is stored of it is damaged.
#[derive(Debug, thiserror::Error)]
#[error("message {message} cannot be written: {reason}")]
pub struct Unwritable {
    message: i64,
    reason: String,
}

impl Letter {
    /// The message in words, with times in the person's time zone.
    ///
    /// # Errors
    /// If what is stored of it cannot be read.
    pub fn of(message: &Message, zone: &str, links: &Links) -> Result<Letter, Unwritable> {
        let mut parts = Vec::with_capacity(message.items.len());
        for item in &message.items {
            let story = Story::read(&item.body);
            let story = story.map_err(|error| Unwritable { message: message.id.0, reason: error.to_string() })?;
            parts.push(Part::of(&story, item.why.iter().map(|why| why.text.clone()).collect(), zone, links));
        }
        let (subject, lead) = match (message.kind, parts.as_slice()) {
            (MessageKind::Test, _) => test(),
            (MessageKind::Confirmation, _) => confirmation(),
            (MessageKind::Digest, parts) => match message.body.as_deref().and_then(|left_out| left_out.parse().ok()) {
                Some(left_out) => summed_up(parts, left_out),
                None => digest(parts, &moment(message.made_ms, zone)),
            },
            (MessageKind::Correction, [part, ..]) => (
                format!("Correction: {}", part.document),
                "An earlier message told you of a change that, read again, amounts to less. We are sorry for the noise.".into(),
            ),
            (MessageKind::Change, [part, ..]) => (format!("{}: {}", part.document, part.headline), String::new()),
            (MessageKind::Change | MessageKind::Correction, []) => {
                return Err(Unwritable { message: message.id.0, reason: "it tells nothing".into() });
            }
        };
        Ok(Letter { subject: one_line(&subject, SUBJECT), lead, parts })
    }
}

fn test() -> (String, String) {
    let lead = "This is a test. Messages of Clausewatch reach you here; a real one says what changed, the clause before and after, and why \
                you are told.";
    ("A test message of Clausewatch".into(), lead.into())
}

fn confirmation() -> (String, String) {
    let lead = "Somebody, you we hope, wants changes of terms and policies to be sent to this address by Clausewatch. Nothing is sent until \
                you confirm it. If it was not you, do nothing.";
    ("Please confirm this address".into(), lead.into())
}

fn digest(parts: &[Part], when: &str) -> (String, String) {
    let stories = match parts.len() {
        1 => "One change".to_string(),
        many => format!("{many} changes"),
    };
    let mut documents: Vec<&str> = parts.iter().map(|part| part.document.as_str()).collect();
    documents.sort_unstable();
    documents.dedup();
    let of = match documents.as_slice() {
        [only] => (*only).to_string(),
        [one, other] => format!("{one} and {other}"),
        many => format!("{} documents", many.len()),
    };
    (format!("{stories}: {of}"), format!("What changed in what you watch, up to {when}."))
}

/// What waited while an account was closed, of which some may be left out.
fn summed_up(parts: &[Part], left_out: usize) -> (String, String) {
    let all = parts.len() + left_out;
    let latest = match left_out {
        0 => "They are here".to_string(),
        _ => format!("The latest {} are here", parts.len()),
    };
    (
        format!("{all} changes while your account was closed"),
        format!(
            "While your account was closed, {all} changes happened in what is watched. {latest}, and all of them stand in the inbox."
        ),
    )
}

impl Part {
    fn of(story: &Story, why: Vec<String>, zone: &str, links: &Links) -> Part {
        let change = story.changes.last().map(String::as_str).unwrap_or_default();
        let told = match &story.correction {
            Some(_) => &[],
            None => story.provisions.as_slice(),
        };
        Part {
            document: story.document_name(),
            document_id: story.document.clone(),
            headline: match &story.correction {
                Some(correction) => corrected(story, correction, zone),
                None => story.headline.clone(),
            },
            verdict: verdict(story, zone),
            reason: story.reason.clone(),
            severity: story.severity().filter(|_| story.correction.is_none()),
            why,
            provisions: provisions(told, links),
            clauses: if story.correction.is_some() { Vec::new() } else { story.clauses.clone() },
            more_clauses: if story.correction.is_some() { 0 } else { story.more_clauses },
            url: links.change(change),
            document_url: links.document(&story.document),
        }
    }
}

/// The provisions that are told, each with why it matters: of several of a type, the first says it.
fn provisions(told: &[Touched], links: &Links) -> Vec<ProvisionLine> {
    let mut lines: Vec<ProvisionLine> = Vec::new();
    for touched in told.iter().take(PROVISIONS) {
        let mut line = ProvisionLine::of(touched, links);
        if lines.iter().any(|said| said.matters == line.matters) {
            line.matters.clear();
        }
        lines.push(line);
    }
    lines
}

/// "Material, up to severity High. Seen 3 March 2024, 14:05 CET. In force from 1 April 2024, as it says."
fn verdict(story: &Story, zone: &str) -> String {
    let mut words = capital(story.materiality.name());
    if let Some(severity) = story.severity().filter(|_| story.correction.is_none()) {
        words += &format!(", up to severity {severity}");
    }
    words += &format!(". Seen {}.", moment(story.seen_ms, zone));
    if let Some(date) = &story.effective {
        words += &format!(" In force from {}, as the document says.", spelled(date));
    }
    words
}

fn corrected(story: &Story, correction: &Correction, zone: &str) -> String {
    format!(
        "On {} we called this change {}: “{}”. Read again, it is {}",
        day(correction.told_ms, zone),
        correction.was.name(),
        // It is quoted, and may quote.
        story.headline.replace('“', "‘").replace('”', "’"),
        match story.materiality {
            Materiality::Minor => "minor: words changed, but no provision and no duty or right",
            Materiality::Cosmetic => "cosmetic: nothing changed that binds anybody",
            Materiality::Returning => "a return to a text that the document had before",
            Materiality::Defective => "no change at all: what the server sent was not the document",
            Materiality::Material => "material still",
        }
    )
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

impl ProvisionLine {
    fn of(touched: &Touched, links: &Links) -> ProvisionLine {
        let kind = taxonomy().get(&touched.clause_type);
        let what = match touched.direction.as_str() {
            "" => touched.happening.clone(),
            direction => format!("{}, {direction}", touched.happening),
        };
        ProvisionLine {
            title: touched.title().to_string(),
            severity: touched.severity,
            what,
            facts: touched.facts.iter().map(|fact| told(fact, &touched.happening)).collect(),
            matters: kind.map(|kind| kind.consumer_impact.clone()).unwrap_or_default(),
            url: touched.provision.as_ref().map(|id| links.provision(id)),
        }
    }
}

fn told(fact: &Fact, happening: &str) -> String {
    let or_none = provisions::summary::or_none;
    match happening {
        "new" => format!("{}: {}", fact.label, fact.after),
        "gone" => format!("{}: {}", fact.label, fact.before),
        _ => format!("{}: {} → {}", fact.label, or_none(&fact.before), or_none(&fact.after)),
    }
}

/// A text as one line without control characters: what goes into a header or a title can end neither.
pub(crate) fn one_line(text: &str, most: usize) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() || is_invisible(c) { ' ' } else { c }).collect();
    clip(&plain.split_whitespace().collect::<Vec<_>>().join(" "), most)
}

/// Characters that show nothing or turn the direction of what follows.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn a_line_stays_one() {
        assert_eq!(one_line("a\r\nBcc: x@example.org\u{2028}\u{202e}b\0c", 90), "a Bcc: x@example.org b c");
        assert_eq!(one_line("one two three", 9), "one two…");
    }
}
