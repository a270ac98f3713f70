//! Mail that comes back after the receiver's server had taken it: reports that it was not delivered (RFC 3464), complaints of readers that
//! their providers pass on (RFC 5965), and mail that unsubscribes.
//!
//! Anybody can write to the address that mail comes back to, so a report says nothing by itself: it counts if it names a message of ours by a
//! token that only who got the message can know ([`atlas::watching::Channel::return_token`]). [`read`] is pure and takes any bytes.
use std::borrow::Cow;

use atlas::watching::{ChannelId, Return, Returned};
use atlas::{Atlas, AtlasError};
use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders, PartType};

use crate::letter::one_line;
use crate::mail::says_nobody;

/// So much of a mail is read. What it reports stands before the message that it brings back, which may be long.
pub const MOST_BYTES: usize = 1 << 20;
/// Most parts that say what they are: a report has three, and a message that came back a few. More are no report, but a burden.
const MOST_PARTS: usize = 100;
/// Most tokens that are looked up.
const MOST_TOKENS: usize = 8;
/// Most characters of a reason.
const REASON: usize = 300;
/// Header fields that say to which address a mail was sent.
const SENT_TO: [&str; 5] = ["To", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To"];
/// Hexadecimal digits of the secret of a token in an address.
const SECRET: usize = 32;

/// What a mail says, before it is known whether its tokens are ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// What it reports.
    pub says: Says,
    /// What may be tokens of returned messages.
    pub returns: Vec<String>,
    /// What may be tokens of unsubscribing by mail: of the addresses that it was sent to.
    pub leaves: Vec<String>,
    /// Of a complaint, what may be tokens of links that unsubscribe.
    pub links: Vec<String>,
}

/// What a mail reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Says {
    /// Something that counts, if a token is ours.
    Report(Return),
    /// Nothing that anything follows from, and why.
    Nothing(&'static str),
}

/// What came of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// It is about a message of ours.
    Message(Returned, Return),
    /// It unsubscribed what a message over this channel came from.
    Left(ChannelId),
    /// Nothing was done, and why.
    Ignored(&'static str),
}

impl Taken {
    /// Whether nothing was done, so that a person may want to look at the mail.
    pub fn is_ignored(&self) -> bool {
        matches!(self, Taken::Ignored(_))
    }
}

impl std::fmt::Display for Taken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Taken::Ignored(why) => write!(f, "ignored: {why}"),
            Taken::Left(channel) => {
                write!(f, "unsubscribed: what the message came from is not told over channel {channel} any more")
            }
            Taken::Message(returned, back) => {
                let Returned { message, channel, new, stops } = returned;
                let (what, reason) = match back {
                    Return::Undelivered { reason, .. } => ("was not delivered", reason),
                    Return::Unwanted { reason } => ("is unwanted", reason),
                };
                let follows = match (new, stops) {
                    (false, _) => "nothing is changed, since this was known or the message is to be sent again",
                    (true, true) => "the channel is out of use until its address is confirmed again",
                    (true, false) => "the message is given up, the channel stays in use",
                };
                let reason = atlas::watching::without_addresses(reason);
                write!(f, "message {message} over channel {} {what} ({reason}): {follows}", channel.id)
            }
        }
    }
}

/// Takes a mail that came back, and does what follows from it.
pub async fn take(atlas: &Atlas, mail: &[u8], now_ms: i64) -> Result<Taken, AtlasError> {
    let read = read(mail);
    for token in &read.leaves {
        if let Some(left) = atlas.unsubscribe_by_mail(token).await? {
            return Ok(Taken::Left(left.channel.id));
        }
    }
    let back = match read.says {
        Says::Report(back) => back,
        Says::Nothing(why) => return Ok(Taken::Ignored(why)),
    };
    for token in &read.returns {
        if let Some(returned) = atlas.message_returned(token, &back, now_ms).await? {
            return Ok(Taken::Message(returned, back));
        }
    }
    for token in &read.links {
        if let Some(returned) = atlas.message_unwanted(token, &back, now_ms).await? {
            return Ok(Taken::Message(returned, back));
        }
    }
    Ok(Taken::Ignored(match read.returns.is_empty() && read.links.is_empty() {
        true => "it names no message of ours",
        false => "its token is not one of ours: it was made up, or its message is gone",
    }))
}

/// Reads a mail.
pub fn read(mail: &[u8]) -> Read {
    let mail = without_envelope(&mail[..mail.len().min(MOST_BYTES)]);
    let nothing = |why| Read { says: Says::Nothing(why), returns: Vec::new(), leaves: Vec::new(), links: Vec::new() };
    // Counted before it is taken apart: parts within parts within parts would use up the stack.
    if declared_parts(mail) > MOST_PARTS {
        return nothing("it has more parts than any report");
    }
    // A mail at which the parser stops must not hold up those that come after it.
    let parsed = std::panic::catch_unwind(|| MessageParser::new().parse(mail));
    let Ok(parsed) = parsed else { return nothing("it cannot be taken apart") };
    let Some(message) = parsed else { return nothing("it is no mail") };
    let mut sent_to = String::new();
    for (_, value) in message.headers_raw().filter(|(name, _)| is_one_of(name, &SENT_TO)) {
        sent_to.push_str(value);
    }
    let mut read = Read { leaves: tokens(&sent_to, 'l'), ..nothing("") };
    let mut named = sent_to;
    read.says = match report(&message) {
        Some((says, rest)) => {
            named.push_str(&rest);
            says
        }
        None => Says::Nothing(other(&message)),
    };
    read.returns = tokens(&named, 'r');
    if let Says::Report(Return::Unwanted { .. }) = read.says {
        read.links = linked(&named);
    }
    read
}

/// A mail without the line that some servers put before it when they hand it to a program: `From SENDER DATE`.
fn without_envelope(mail: &[u8]) -> &[u8] {
    if !mail.starts_with(b"From ") {
        return mail;
    }
    mail.iter().position(|byte| *byte == b'\n').map_or(&[], |end| &mail[end + 1..])
}

fn declared_parts(mail: &[u8]) -> usize {
    let name = b"content-type";
    mail.windows(name.len()).filter(|window| window.eq_ignore_ascii_case(name)).count()
}

fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name.trim()))
}

/// What a mail is that reports nothing.
fn other(message: &Message<'_>) -> &'static str {
    let answers = message.headers_raw().any(|(name, value)| {
        let value = value.trim();
        name.eq_ignore_ascii_case("Auto-Submitted") && !value.eq_ignore_ascii_case("no")
            || is_one_of(name, &["X-Autoreply", "X-Autorespond", "Vacation"])
    });
    if answers { "an automatic answer, and no report" } else { "no report, but an ordinary mail" }
}

/// What a part that has a type is: "message/delivery-status", in small letters.
fn type_of(part: &MessagePart<'_>) -> String {
    part.content_type()
        .map_or_else(String::new, |of| format!("{}/{}", of.ctype(), of.subtype().unwrap_or("")).to_ascii_lowercase())
}

fn content<'a>(part: &'a MessagePart<'_>) -> Cow<'a, str> {
    String::from_utf8_lossy(part.contents())
}

/// What a report says, and where it may name its message; none if the mail is no report. One within a message that is attached is none: it
/// was made for somebody else.
fn report(message: &Message<'_>) -> Option<(Says, String)> {
    let of = |ids: &[u32]| ids.iter().filter_map(|id| message.parts.get(*id as usize)).collect::<Vec<_>>();
    let reports = message.parts.iter().filter(|part| type_of(part) == "multipart/report");
    for report in reports.filter_map(MessagePart::sub_parts) {
        let parts = of(report);
        let Some(status) = parts.iter().find(|part| STATUS_TYPES.contains(&type_of(part).as_str())) else { continue };
        let text = content(status);
        let says = match type_of(status).as_str() {
            "message/feedback-report" => complaint(&fields(&text)),
            "message/disposition-notification" => {
                Says::Nothing("it says that a message was read, and reports no trouble")
            }
            _ => delivery(&fields(&text)),
        };
        let mut named = text.to_string();
        for part in parts {
            named.push_str(&returned_header(part));
        }
        return Some((says, named));
    }
    None
}

const STATUS_TYPES: [&str; 4] = [
    "message/delivery-status",
    "message/global-delivery-status",
    "message/feedback-report",
    "message/disposition-notification",
];

/// What names the message in the header of what was brought back.
fn returned_header(part: &MessagePart<'_>) -> String {
    match (&part.body, type_of(part).as_str()) {
        (PartType::Message(inner), _) => {
            let naming = inner.headers_raw().filter(|(name, _)| is_one_of(name, &["Return-Path", "List-Unsubscribe"]));
            naming.map(|(_, value)| value).collect()
        }
        (_, "text/rfc822-headers" | "message/rfc822-headers" | "message/global-headers") => content(part).into_owned(),
        _ => String::new(),
    }
}

/// Fields of a report, in the groups that empty lines part. Names are in small letters, values unfolded.
fn fields(text: &str) -> Vec<Vec<(String, String)>> {
    let mut groups: Vec<Vec<(String, String)>> = vec![Vec::new()];
    for line in text.lines() {
        if line.trim().is_empty() {
            groups.push(Vec::new());
            continue;
        }
        let Some(group) = groups.last_mut() else { continue };
        match (line.starts_with([' ', '\t']), group.last_mut(), line.split_once(':')) {
            (true, Some((_, value)), _) => {
                value.push(' ');
                value.push_str(line.trim());
            }
            (false, _, Some((name, value))) => group.push((name.trim().to_ascii_lowercase(), value.trim().to_string())),
            _ => {}
        }
    }
    groups
}

fn field<'a>(group: &'a [(String, String)], name: &str) -> &'a str {
    group.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}

/// What became of a message, of a report on its delivery: that it was given up outweighs that it is late. Each of our messages has one
/// receiver; more groups are of forwarding.
fn delivery(groups: &[Vec<(String, String)>]) -> Says {
    let failed = groups.iter().find(|group| {
        let action = field(group, "action").split([';', ' ']).next().unwrap_or("");
        action.eq_ignore_ascii_case("failed") && class(group).is_some()
    });
    let Some(group) = failed else {
        return Says::Nothing("it says that a message is late or was delivered, not that it failed");
    };
    let (status, said) = (field(group, "status"), field(group, "diagnostic-code"));
    let reason = one_line(&format!("the mail came back: {status} {said}"), REASON);
    // Who gave up after days of trying later says nothing about the address.
    let nobody = class(group) == Some(b'5') && says_nobody(&format!("{status} {said}"));
    Says::Report(Return::Undelivered { reason, nobody })
}

/// `5` for what failed for good and `4` for what was tried too long, by the status or, where it has none, by the reply of the server.
fn class(group: &[(String, String)]) -> Option<u8> {
    let status = field(group, "status").bytes().next();
    let reply = || field(group, "diagnostic-code").split_once(';')?.1.trim().bytes().next();
    status.or_else(reply).filter(|class| matches!(class, b'4' | b'5'))
}

/// What a reader complained of.
fn complaint(groups: &[Vec<(String, String)>]) -> Says {
    let of = groups.iter().map(|group| field(group, "feedback-type")).find(|of| !of.is_empty()).unwrap_or("");
    let of = of.split([';', ' ']).next().unwrap_or("").to_ascii_lowercase();
    let reason = match of.as_str() {
        "abuse" => "its reader reported a message as unwanted (abuse)",
        "fraud" => "its reader reported a message as unwanted (fraud)",
        "virus" => "its provider reported a message as unwanted (virus)",
        "opt-out" | "opt-out-list" => "its reader asked their provider to end it (opt-out)",
        "other" => "its reader reported a message as unwanted",
        "not-spam" => return Says::Nothing("its reader said that a message was not unwanted"),
        _ => return Says::Nothing("a report of a kind from which nothing follows"),
    };
    Says::Report(Return::Unwanted { reason: reason.into() })
}

/// What may be tokens in mail addresses: `+r12-0123…@`.
fn tokens(text: &str, what: char) -> Vec<String> {
    let text = text.to_ascii_lowercase();
    let mut found = Vec::new();
    for part in text.split('+').skip(1) {
        let Some(token) = part.split_once('@').map(|(token, _)| token) else { continue };
        let secret = token.strip_prefix(what).and_then(|rest| rest.split_once('-')).map(|(_, secret)| secret);
        if secret.is_some_and(|secret| secret.len() == SECRET) {
            keep(&mut found, token);
        }
    }
    found
}

/// What may be tokens of links that unsubscribe.
fn linked(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for part in text.split("/unsubscribe/").skip(1) {
        let end = part.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).unwrap_or(part.len());
        keep(&mut found, &part[..end]);
    }
    found
}

fn keep(found: &mut Vec<String>, token: &str) {
    if found.len() < MOST_TOKENS && !found.iter().any(|known| known == token) {
        found.push(token.to_string());
    }
}
