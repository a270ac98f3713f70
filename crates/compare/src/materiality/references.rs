//! Clauses that bind nobody, whatever they name: addresses, contacts, notices of a change, places where more is to be read.
use std::{borrow::Cow, collections::HashSet};

use super::credits::{is_credit, is_listed_source};
use super::duties::{is_unit, is_weighty, speaks, weighty_changes};
use super::sides;
use crate::{
    align::Pair,
    redline::{Span, SpanKind, redline},
    words::{hash_of_words, words, words_as_written},
};

/// Most words of a clause that says where more is to be read.
const POINTER: usize = 20;

/// Most words of a sentence that sends its reader elsewhere, whatever is told of there.
const SENDS: usize = 45;

/// Fewest digits by which addresses that changed, or telephone numbers, differ.
pub(super) const TELEPHONE: usize = 5;

/// Most words of a clause that says where to write.
const CONTACT: usize = 70;

/// Most words of a clause that tells of an update.
const NOTICE: usize = 80;

/// Whether a clause only says where somebody is: names and numbers as a postal address has them.
fn is_address(text: &str) -> bool {
    let named = |word: &&&str| word.starts_with(|c: char| c.is_uppercase() || c.is_numeric());
    let tokens: Vec<&str> = text.split_whitespace().filter(|word| word.starts_with(char::is_alphanumeric)).collect();
    let has_number = tokens.iter().any(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    // Capitals throughout are a sentence said aloud.
    let aloud = !text.chars().any(char::is_lowercase);
    (3..=30).contains(&tokens.len())
        && has_number
        && !aloud
        && !speaks(text)
        && tokens.iter().filter(named).count() * 4 >= tokens.len() * 3
}

/// Whether a clause only tells that the document was changed or renamed; one about what changes will bind people to is none.
pub(super) fn is_notice(text: &str) -> bool {
    const TOLD: &[&str] = &[
        "we have updated",
        "we're updating",
        "we are updating",
        "we've updated",
        "we updated",
        "we have made some updates",
        "we've made some updates",
        "we posted",
        "we have changed our name",
        "has changed its name",
        "have been updated",
        "has been updated",
        "most recent update",
        "this is an archived",
        "an update to our",
        "pour consulter la version",
        "une nouvelle version",
        "to see the previous version",
        "a new version of",
        "this page will become",
        "will be updated and",
        "cette mise à jour prendra effet",
    ];
    const NAMED: &[&str] = &[
        "polic",
        "politique",
        "terms",
        "agreement",
        "statement",
        "notice",
        "guidelines",
        "standards",
        "conditions",
        "version",
    ];
    const BINDING: &[&str] = &["agree", "accept", "consent", "continu", "from time to time"];
    let lower = text.to_lowercase().replace('’', "'");
    let has = |cues: &[&str]| cues.iter().any(|cue| lower.contains(cue));
    has(TOLD) && has(NAMED) && !has(BINDING) && text.split_whitespace().nth(NOTICE).is_none()
}

/// Whether a clause only says where to write or who stands for whom, and about no duty or right.
pub(super) fn is_contact(text: &str) -> bool {
    const SERVES: &[&str] = &["service agent for", "directeur de la publication", "directrice de la publication"];
    let lower = text.to_lowercase();
    let represents = || {
        let by_law = lower.contains("contact") && lower.contains("representative") && lower.contains("article");
        by_law
            || SERVES.iter().any(|cue| lower.contains(cue))
            || lower.contains("representative is") && text.contains(|c: char| c.is_ascii_digit())
    };
    (text.contains('@') && lower.contains("contact") || represents())
        && text.split_whitespace().nth(CONTACT).is_none()
        && !words(&lower.replace("may contact", "contact").replace("may also contact", "contact"))
            .any(|word| is_weighty(&word))
}

/// Whether a clause only says where more is to be read.
fn is_pointer(text: &str) -> bool {
    const BEGINNINGS: &[&str] = &[
        "for more information",
        "for more details",
        "to learn more",
        "learn more",
        "to troubleshoot",
        "read more",
        "see ",
        "view our",
        "read our",
        "pour en savoir plus",
        "en savoir plus",
        "weitere informationen",
        "mehr erfahren",
        "más información",
        "para más información",
        "per ulteriori informazioni",
        "para mais informações",
        "meer informatie",
    ];
    let lower = text.to_lowercase();
    BEGINNINGS.iter().any(|beginning| lower.starts_with(beginning))
        && text.split_whitespace().nth(POINTER).is_none()
        && text.contains(char::is_lowercase)
        && !words_as_written(text).any(is_weighty)
        || sends_on(text)
}

/// Whether a sentence sends its reader to where something is told of, though it names the duty or right ("For details of what we collect,
/// see our policy").
fn sends_on(text: &str) -> bool {
    const PURPOSES: &[&str] = &[
        "for information",
        "for more ",
        "for further ",
        "for additional ",
        "for details",
        "to learn more",
        "to find out more",
    ];
    const SENDING: &[&str] = &[" see ", " refer to ", " visit ", " read ", " review ", " consult ", " go to "];
    const INVITATIONS: &[&str] = &[
        "please see ",
        "please refer to ",
        "you may also refer to ",
        "you can find more ",
        "you can read more ",
        "you can learn more ",
    ];
    const TELLING: &[&str] = &[
        "which explain",
        "which further explain",
        "which describe",
        "which sets out",
        "that explain",
        "that describe",
    ];
    const BINDING: &[&str] = &[
        "must", "shall", "will", "not", "no", "agree", "consent", "apply", "applies", "govern", "subject", "bound",
        "bind", "only",
    ];
    let lower = text.trim_start_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    // What the place tells of is told there.
    let sent = TELLING.iter().filter_map(|telling| lower.find(telling)).min().map_or(&lower[..], |at| &lower[..at]);
    let invites = PURPOSES.iter().any(|purpose| sent.starts_with(purpose))
        && SENDING.iter().any(|verb| sent.contains(verb))
        || INVITATIONS.iter().any(|invitation| sent.starts_with(invitation));
    invites
        && lower.split_whitespace().nth(SENDS).is_none()
        && !words_as_written(sent).any(|word| {
            BINDING.iter().any(|binding| word == *binding || binding.len() >= 4 && word.starts_with(binding))
        })
}

/// Whether all sentences, and remarks in brackets, in which two wordings differ say where more is to be read or where to write, or tell
/// of a change.
fn changes_references(old: &str, new: &str) -> bool {
    fn parts(text: &str) -> impl Iterator<Item = &str> {
        text.split_inclusive(['(', ')']).flat_map(|part| part.split_inclusive(". ")).map(str::trim)
    }
    let lacking = |from: &str, other: &str| {
        let stand: HashSet<u64> = parts(other).map(hash_of_words).collect();
        let lacks = |part: &&str| words_as_written(part).next().is_some() && !stand.contains(&hash_of_words(part));
        parts(from).filter(lacks).map(str::to_owned).collect::<Vec<_>>()
    };
    let mut differing = lacking(old, new);
    differing.append(&mut lacking(new, old));
    !differing.is_empty() && differing.iter().all(|part| is_pointer(part) || is_contact(part) || is_notice(part))
}

/// Whether a clause tells where somebody is, or of a change.
pub fn informs(text: &str) -> bool {
    is_address(text) || is_notice(text) || is_contact(text)
}

/// Whether a pair binds nobody, whatever the reader of provisions sees in it: addresses, contacts, credits, notices of a change, places
/// where more is to be read; or whether all that differs is an address.
pub fn is_reference(old: &[&str], new: &[&str], pair: &Pair) -> bool {
    let binds_nobody = |text: Cow<'_, str>| {
        is_address(&text)
            || is_contact(&text)
            || is_credit(&text)
            || is_listed_source(&text)
            || is_notice(&text)
            || is_pointer(&text)
    };
    if let (Some(before), Some(after)) = (pair.old_text(old), pair.new_text(new))
        && (changes_an_address(&before, &after) || changes_references(&before, &after))
    {
        return true;
    }
    sides(old, new, pair).all(binds_nobody)
}

/// Whether all that a rewording takes away and adds are postal addresses, telephone numbers and addresses of mail.
fn changes_an_address(old: &str, new: &str) -> bool {
    let spans = redline(old, new);
    let mut edits = spans.split(|span| span.kind == SpanKind::Same).filter(|edit| !edit.is_empty()).peekable();
    let is_place = |edit: &[Span<'_>]| {
        let tokens: Vec<&str> = edit
            .iter()
            .flat_map(|span| span.text.split_whitespace())
            .filter(|token| token.contains(char::is_alphanumeric))
            .collect();
        let named = |token: &&&str| {
            token.contains('@')
                || token.trim_start_matches('+').starts_with(|c: char| c.is_uppercase() || c.is_numeric())
        };
        let located = tokens.iter().any(|token| token.contains('@') || token.contains(|c: char| c.is_ascii_digit()));
        located
            && tokens.iter().filter(named).count() * 3 >= tokens.len() * 2
            && !tokens.iter().any(|token| {
                token.contains(['$', '€', '£', '¥', '%'])
                    || words(token).any(|word| is_weighty(&word) || is_unit(&word))
            })
    };
    // One number alone may be a term.
    let digits =
        |edit: &[Span<'_>]| edit.iter().map(|span| span.text.bytes().filter(u8::is_ascii_digit).count()).sum::<usize>();
    let has_address = spans.iter().any(|span| span.kind != SpanKind::Same && span.text.contains('@'));
    let number = spans.split(|span| span.kind == SpanKind::Same).map(digits).sum::<usize>();
    edits.peek().is_some()
        && (has_address || number >= TELEPHONE)
        && edits.all(is_place)
        && weighty_changes(old, new).is_none()
}
