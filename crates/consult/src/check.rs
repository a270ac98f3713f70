//! The checks: what a model answers is shown only if it has the form that was asked for, names known clause types, rests on words that
//! are in the text byte for byte, and is plain text of limited length. The first fault refuses the whole answer.
//!
//! A fault is told in a sentence. It may hold a little of what the model said, clipped and stripped of everything but plain characters.
use std::collections::HashSet;

use atlas::answers::{AboutChange, AboutClause, Side};
use provisions::taxonomy;
use serde::de::DeserializeOwned;

use crate::question::ChangedClause;

/// Characters of an explanation: at least, at most. A little more is taken than is asked for.
const EXPLANATION: (usize, usize) = (20, 600);
/// Characters of a paragraph: at least, at most.
const PARAGRAPH: (usize, usize) = (20, 900);
/// Most characters of a quotation.
const QUOTATION: usize = 600;
/// Fewest words of a quotation that is not a whole clause: fewer are found in any text.
const QUOTED_WORDS: usize = 3;
/// Most clause types named.
const TYPES: usize = 8;
/// Most quotations of a change.
const QUOTATIONS: usize = 6;

/// The answer about a clause, or what is wrong with it.
pub fn clause(content: &str, words: &str) -> Result<AboutClause, String> {
    let mut answer: AboutClause = parsed(content)?;
    answer.explanation = prose("its explanation", &answer.explanation, EXPLANATION)?;
    if answer.types.len() > TYPES {
        return Err(format!("it names {} clause types, more than {TYPES}", answer.types.len()));
    }
    let mut seen = HashSet::new();
    for named in &answer.types {
        if taxonomy().get(&named.id).is_none() {
            return Err(format!("there is no clause type {}", cited(&named.id)));
        }
        if !seen.insert(named.id.as_str()) {
            return Err(format!("it names the clause type {} twice", named.id));
        }
        quotation(&named.quotation, &[words], "the clause")?;
    }
    Ok(answer)
}

/// The answer about a change, or what is wrong with it. Quotations are looked for in the clauses that were asked about.
pub fn change(content: &str, clauses: &[ChangedClause<'_>]) -> Result<AboutChange, String> {
    let mut answer: AboutChange = parsed(content)?;
    answer.paragraph = prose("its paragraph", &answer.paragraph, PARAGRAPH)?;
    if answer.quotations.is_empty() || answer.quotations.len() > QUOTATIONS {
        return Err(format!("it has {} quotations, not 1 to {QUOTATIONS}", answer.quotations.len()));
    }
    let mut seen = HashSet::new();
    for quoted in &answer.quotations {
        let of_side = clauses.iter().filter(|clause| clause.side == quoted.side).map(|clause| clause.words);
        let (texts, name): (Vec<&str>, _) = match quoted.side {
            Side::Old => (of_side.collect(), "the clauses of the older version"),
            Side::New => (of_side.collect(), "the clauses of the newer version"),
        };
        quotation(&quoted.quotation, &texts, name)?;
        if !seen.insert((quoted.side == Side::Old, quoted.quotation.as_str())) {
            return Err(format!("it has the quotation {} twice", cited(&quoted.quotation)));
        }
    }
    Ok(answer)
}

fn parsed<T: DeserializeOwned>(content: &str) -> Result<T, String> {
    serde_json::from_str(content.trim()).map_err(|error| {
        let what = plain(&error.to_string(), 100);
        format!("its answer is not the JSON that was asked for: {what}")
    })
}

/// Plain sentences on one line, trimmed.
fn prose(what: &str, text: &str, (least, most): (usize, usize)) -> Result<String, String> {
    let text = text.trim();
    let length = text.chars().count();
    if !(least..=most).contains(&length) {
        return Err(format!("{what} has {length} characters, not {least} to {most}"));
    }
    if text.chars().any(|c| c.is_control() || is_invisible(c)) {
        return Err(format!("{what} has control characters or invisible ones"));
    }
    let lower = text.to_lowercase();
    let marked = ["<", ">", "```", "](", "&#", "&lt"].iter().any(|mark| lower.contains(mark));
    if marked {
        return Err(format!("{what} has markup in it"));
    }
    if ["://", "www.", "javascript:", "mailto:"].iter().any(|mark| lower.contains(mark)) {
        return Err(format!("{what} has a link in it"));
    }
    if !text.chars().any(char::is_alphabetic) {
        return Err(format!("{what} has no words"));
    }
    Ok(text.to_string())
}

/// Words that stand in one of the texts, byte for byte.
fn quotation(quoted: &str, texts: &[&str], place: &str) -> Result<(), String> {
    let length = quoted.chars().count();
    if length > QUOTATION {
        return Err(format!("a quotation has {length} characters, more than {QUOTATION}"));
    }
    if quoted.trim() != quoted || quoted.contains('\0') {
        return Err(format!("the quotation {} has white space around it or a NUL in it", cited(quoted)));
    }
    if !texts.iter().any(|text| text.contains(quoted)) {
        return Err(format!("the quotation {} is not in {place}, character for character", cited(quoted)));
    }
    if quoted.split_whitespace().count() < QUOTED_WORDS && !texts.contains(&quoted) {
        return Err(format!("the quotation {} is too short to show anything", cited(quoted)));
    }
    Ok(())
}

/// Characters that are not seen, or that change the order in which others are seen.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Some of a foreign text, in quotation marks.
fn cited(text: &str) -> String {
    format!("“{}”", plain(text, 60))
}

/// At most `most` characters of a foreign text, on one line, nothing in it but what can be seen.
pub(crate) fn plain(text: &str, most: usize) -> String {
    let seen = |c: &char| !c.is_control() && !is_invisible(*c);
    let line: String = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(seen).collect();
    if line.chars().count() <= most {
        return line;
    }
    line.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const WORDS: &str = "You may not use output to train a model that “competes” with ours, <b>ever</b>.";
    const TYPE: &str = "ai-competing-model-ban";

    fn about(explanation: &str, types: &[(&str, &str)]) -> Result<AboutClause, String> {
        let types: Vec<_> = types.iter().map(|(id, quotation)| json!({"id": id, "quotation": quotation})).collect();
        clause(&json!({"explanation": explanation, "types": types}).to_string(), WORDS)
    }

    const SAYS: &str = "It forbids training a competing model.";

    #[test]
    fn a_sound_answer_passes() {
        let answer = about(&format!(" {SAYS} "), &[(TYPE, "train a model that “competes”")]).unwrap();
        assert_eq!((answer.explanation.as_str(), answer.types[0].id.as_str()), (SAYS, TYPE));
        assert!(about(SAYS, &[]).unwrap().types.is_empty());
        assert!(about(SAYS, &[(TYPE, WORDS)]).is_ok(), "the document's own marks may be quoted");
    }

    #[test]
    fn quotations_are_byte_for_byte_or_refused() {
        for quotation in [
            "train a model that \"competes\"",
            "Train a model that",
            "train a  model that",
            "train a model … ours",
            "model",
            "a model",
            "",
            " train a model that",
            "train a rival model",
        ] {
            assert!(about(SAYS, &[(TYPE, quotation)]).is_err(), "{quotation}");
        }
    }

    #[test]
    fn only_plain_sentences_pass() {
        for says in [
            "<script>alert(1)</script> it is harmless",
            "See https://evil.example/ for what it means",
            "It is [harmless](evil) as everyone knows",
            "It is harmless\nand all is well with it",
            "It is harmless \u{202e}dna lla si llew",
            "It is harmless\u{200b} and all is well",
            "&#60;b&#62; it is harmless and well",
            "1234567890 1234567890 123",
            "short",
            &"long ".repeat(200),
        ] {
            assert!(about(says, &[]).is_err(), "{says}");
        }
    }

    #[test]
    fn faults_hold_little_of_what_was_said() {
        let fault = about(SAYS, &[(&"x\u{1b}[31m\n".repeat(1000), "train a model that")]).unwrap_err();
        assert!(fault.chars().count() < 120 && !fault.contains(['\u{1b}', '\n']), "{fault}");
        let fault = clause(&format!("{{\"{}\":1}}", "y".repeat(5000)), WORDS).unwrap_err();
        assert!(fault.chars().count() < 200, "{fault}");
    }

    #[test]
    fn a_change_is_quoted_from_its_own_sides() {
        let clauses = [(Side::Old, "We never sell your data."), (Side::New, "We may sell your data.")];
        let clauses = clauses.map(|(side, words)| ChangedClause { side, words });
        let about = |quotations: serde_json::Value| {
            let content = json!({"paragraph": "The platform may now sell data.", "quotations": quotations});
            change(&content.to_string(), &clauses)
        };
        let (old, new) = ("never sell your data", "may sell your data");
        assert!(about(json!([{"side": "old", "quotation": old}, {"side": "new", "quotation": new}])).is_ok());
        for wrong in [
            json!([{"side": "new", "quotation": old}]),
            json!([{"side": "both", "quotation": old}]),
            json!([]),
            json!([{"side": "old", "quotation": old}, {"side": "old", "quotation": old}]),
            json!([{"side": "old", "quotation": old, "more": 1}]),
        ] {
            assert!(about(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
