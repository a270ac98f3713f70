//! Webhooks as Standard Webhooks 1.0 wants them: what is signed, how, and the payload for each kind of receiver.
use atlas::watching::{Channel, Message, MessageKind, Template};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use provisions::Severity;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::compose::clip;
use crate::letter::{Letter, Part, one_line};
use crate::plain::NO_MORE;

/// Discord takes ten embeds, Slack fifty blocks; more documents than this are counted.
const PARTS: usize = 8;
/// Characters of a clause in a chat.
const CLAUSE: usize = 300;

/// The secret as the receiver is given it.
pub fn written_secret(channel: &Channel) -> String {
    format!("whsec_{}", STANDARD.encode(&channel.secret))
}

/// The value of `webhook-signature`: HMAC-SHA256 over the message's ID, the second of the attempt and the body, joined by full stops.
pub fn signature(secret: &[u8], id: &str, second: i64, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes any key");
    mac.update(format!("{id}.{second}.").as_bytes());
    mac.update(body);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// The body of a request; `unsubscribe` is the address where its receiver ends what it came from.
pub fn payload(message: &Message, letter: &Letter, template: Template, unsubscribe: &str) -> Vec<u8> {
    let value = match template {
        Template::Plain => plain(message, letter, unsubscribe),
        Template::Slack => slack(letter, unsubscribe),
        Template::Teams => teams(letter, unsubscribe),
        Template::Discord => discord(letter, unsubscribe),
    };
    value.to_string().into_bytes()
}

/// The documented payload: type, time, and the letter.
fn plain(message: &Message, letter: &Letter, unsubscribe: &str) -> Value {
    let kind = match message.kind {
        MessageKind::Change => "change",
        MessageKind::Correction => "change.corrected",
        MessageKind::Digest => "digest",
        MessageKind::Test | MessageKind::Confirmation => "test",
    };
    json!({
        "type": kind,
        "timestamp": archive::instant::format(message.made_ms),
        "data": {"id": message.key, "subject": letter.subject, "lead": letter.lead, "documents": letter.parts,
            "unsubscribe": unsubscribe},
    })
}

/// The JSON Schema of the documented payload. It names every field: one that is added is added here.
pub fn schema() -> Value {
    let text = |about: &str| json!({"type": "string", "description": about});
    let texts = |about: &str| json!({"type": "array", "description": about, "items": {"type": "string"}});
    let or_null = |about: &str| json!({"type": ["string", "null"], "description": about});
    let severities = Severity::ALL.map(|severity| json!(severity));
    let severity = json!({"description": "How severe the provision is, or was.", "enum": severities});
    let highest: Vec<Value> = severities.iter().cloned().chain([Value::Null]).collect();
    let provision = object(json!({
        "title": text("Name of its clause type."),
        "severity": severity,
        "what": text("What happened to it: \"new, stricter\"."),
        "facts": texts("Facts that changed: \"Notice: 30 days → 7 days\"."),
        "matters": text("Why it matters, for the person who agreed; empty where a line above says it."),
        "url": or_null("Its page; null where only the comparison found it."),
    }));
    let clause = object(json!({
        "heading": text("Headings above it, joined by \" > \"."),
        "before": or_null("Its words before; null if it is new."),
        "after": or_null("Its words now; null if it is gone."),
    }));
    let document = object(json!({
        "document": text("Its name."),
        "document_id": text("Its ID, CW-D-00001."),
        "headline": text("What happened, in one line."),
        "verdict": text("How much it matters, and when it was seen."),
        "reason": text("Why the verdict is what it is."),
        "severity": {"description": "The highest severity of a provision that is touched; null if none is.", "enum": highest},
        "why": texts("Why you are told, each to be read after \"because\"."),
        "provisions": {"type": "array", "description": "The provisions that it touches.", "items": provision},
        "clauses": {"type": "array", "description": "Clauses before and after.", "items": clause},
        "more_clauses": {"type": "integer", "description": "How many more clauses changed."},
        "url": text("The change, with the redline of all clauses."),
        "document_url": text("The document."),
    }));
    let data = object(json!({
        "id": text("The same as webhook-id: a message that comes again has the same."),
        "subject": text("The message in one line."),
        "lead": text("What it is, in a sentence or two; may be empty."),
        "documents": {"type": "array", "description": "What is told, a part for each document; a test has none.", "items": document},
        "unsubscribe": text("Where the receiver ends what the message came from."),
    }));
    object(json!({
        "type": {"description": "What it tells.", "enum": ["change", "change.corrected", "digest", "test"]},
        "timestamp": text("When the message was made: RFC 3339, UTC."),
        "data": data,
    }))
}

/// The schema of an object that has these fields, all of them and no others.
fn object(properties: Value) -> Value {
    let required: Vec<&String> = properties.as_object().into_iter().flat_map(|fields| fields.keys()).collect();
    json!({"type": "object", "required": required, "additionalProperties": false, "properties": properties})
}

/// Each provision in a line; the first, which is the most severe, with why it matters.
fn lines(part: &Part) -> Vec<String> {
    let line = |(at, line): (usize, &crate::letter::ProvisionLine)| {
        let facts = if line.facts.is_empty() { String::new() } else { format!(" ({})", line.facts.join("; ")) };
        let matters = if at == 0 { format!(". {}", line.matters) } else { String::new() };
        format!("{}, {}: {}{facts}{matters}", line.title, line.severity, line.what)
    };
    part.provisions.iter().enumerate().map(line).collect()
}

fn because(part: &Part) -> String {
    format!("You are told because {}.", part.why.join("; because "))
}

/// The first clause, before and after.
fn first_clause(part: &Part) -> Vec<(&'static str, String)> {
    let Some(clause) = part.clauses.first() else { return Vec::new() };
    let before = clause.before.as_ref().map(|words| ("Before", one_line(words, CLAUSE)));
    let after = clause.after.as_ref().map(|words| ("Now", one_line(words, CLAUSE)));
    before.into_iter().chain(after).collect()
}

fn left_out(letter: &Letter) -> Option<String> {
    let more = letter.parts.len().saturating_sub(PARTS);
    (more > 0).then(|| format!("and {more} more"))
}

/// Slack's three characters of control; all else is text in a `plain_text` or a quoted `mrkdwn` block.
fn slack_escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn slack(letter: &Letter, unsubscribe: &str) -> Value {
    let section = |text: String| json!({"type": "section", "text": {"type": "mrkdwn", "text": clip(&text, 2900)}});
    let mut blocks =
        vec![json!({"type": "header", "text": {"type": "plain_text", "text": clip(&letter.subject, 140)}})];
    if !letter.lead.is_empty() {
        blocks.push(section(slack_escaped(&letter.lead)));
    }
    for part in letter.parts.iter().take(PARTS) {
        let mut text = format!(
            "*<{}|{}>*\n{}\n{}",
            part.url,
            slack_escaped(&part.document),
            slack_escaped(&part.headline),
            slack_escaped(&part.verdict)
        );
        for line in lines(part) {
            text += &format!("\n• {}", slack_escaped(&line));
        }
        for (side, words) in first_clause(part) {
            text += &format!("\n{side}:\n> {}", slack_escaped(&words));
        }
        blocks.push(section(text));
        blocks
            .push(json!({"type": "context", "elements": [{"type": "plain_text", "text": clip(&because(part), 290)}]}));
    }
    if let Some(more) = left_out(letter) {
        blocks.push(section(more));
    }
    let end = json!({"type": "mrkdwn", "text": format!("<{unsubscribe}|{NO_MORE}>")});
    blocks.push(json!({"type": "context", "elements": [end]}));
    json!({"text": slack_escaped(&letter.subject), "blocks": blocks})
}

fn teams(letter: &Letter, unsubscribe: &str) -> Value {
    let block = |text: &str, more: Value| {
        let mut block = json!({"type": "TextBlock", "wrap": true, "text": markdown_escaped(text)});
        if let (Some(block), Some(more)) = (block.as_object_mut(), more.as_object()) {
            block.extend(more.clone());
        }
        block
    };
    let mut body = vec![block(&letter.subject, json!({"size": "Large", "weight": "Bolder"}))];
    if !letter.lead.is_empty() {
        body.push(block(&letter.lead, json!({})));
    }
    let mut actions = Vec::new();
    for part in letter.parts.iter().take(PARTS) {
        body.push(block(&part.document, json!({"weight": "Bolder", "separator": true})));
        body.push(block(&part.headline, json!({})));
        body.push(block(&part.verdict, json!({"isSubtle": true})));
        body.extend(lines(part).iter().map(|line| block(&format!("• {line}"), json!({}))));
        body.extend(first_clause(part).iter().map(|(side, words)| block(&format!("{side}: {words}"), json!({}))));
        body.push(block(&because(part), json!({"isSubtle": true, "size": "Small"})));
        if actions.len() < 5 {
            actions.push(json!({"type": "Action.OpenUrl", "title": clip(&part.document, 60), "url": part.url}));
        }
    }
    body.extend(left_out(letter).map(|more| block(&more, json!({}))));
    actions.push(json!({"type": "Action.OpenUrl", "title": NO_MORE, "url": unsubscribe}));
    let card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
        "actions": actions,
    });
    json!({"type": "message", "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}]})
}

/// Words of a document that would be marks in a chat are words.
fn markdown_escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '*' | '_' | '~' | '`' | '|' | '>' | '[' | ']' | '#' | '<' | '@') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn discord(letter: &Letter, unsubscribe: &str) -> Value {
    let embed = |part: &Part| {
        let mut text = format!("{}\n{}", markdown_escaped(&part.headline), markdown_escaped(&part.verdict));
        for line in lines(part) {
            text += &format!("\n• {}", markdown_escaped(&line));
        }
        for (side, words) in first_clause(part) {
            text += &format!("\n{side}:\n> {}", markdown_escaped(&words));
        }
        // All embeds together may have 6000 characters.
        let text = clip(&text, 4200 / PARTS.min(letter.parts.len()).max(1));
        json!({"title": clip(&part.document, 100), "url": part.url, "description": text, "footer": {"text": clip(&because(part), 100)}})
    };
    let embeds: Vec<Value> = letter.parts.iter().take(PARTS).map(embed).collect();
    let mut content = markdown_escaped(&letter.subject);
    for more in
        [Some(letter.lead.as_str()), left_out(letter).as_deref()].into_iter().flatten().filter(|more| !more.is_empty())
    {
        content += &format!("\n{}", markdown_escaped(more));
    }
    let content = format!("{}\n[{NO_MORE}](<{unsubscribe}>)", clip(&content, 1500));
    json!({"content": content, "embeds": embeds, "allowed_mentions": {"parse": []}})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_standard() {
        // The example of the reference implementations.
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signed = signature(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn words_of_a_document_are_no_marks() {
        assert_eq!(slack_escaped("<!channel> & <https://x|y>"), "&lt;!channel&gt; &amp; &lt;https://x|y&gt;");
        assert_eq!(markdown_escaped("@everyone [a](b) **c**"), "\\@everyone \\[a\\](b) \\*\\*c\\*\\*");
    }
}
