//! How much a change matters, judged from the words that changed.
use std::{
    borrow::Cow,
    cell::LazyCell,
    collections::{HashMap, HashSet},
};

use serde::{Deserialize, Serialize};

use crate::{
    align::{Alignment, Pair, PairKind, words_of},
    redline::{Span, SpanKind, redline},
    words::{hash_of_words, same, spelled, words, words_as_written},
};

/// How much a change matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Materiality {
    /// No word changed, or only what binds nobody (dates, counters).
    Cosmetic,
    /// The text is one that the document had before.
    Returning,
    /// The capture is not the document: an error page, an empty shell, most of the text missing.
    Defective,
    /// Words changed without touching a provision or an obligation.
    Minor,
    /// A provision appeared, went or was reworded, or what people may, must or must not do changed.
    Material,
}

impl Materiality {
    /// Whether it is a change of the document that people are told of.
    pub fn is_told(self) -> bool {
        matches!(self, Materiality::Minor | Materiality::Material)
    }

    /// Its name in texts: "material".
    pub fn name(self) -> &'static str {
        match self {
            Materiality::Cosmetic => "cosmetic",
            Materiality::Returning => "returning",
            Materiality::Defective => "defective",
            Materiality::Minor => "minor",
            Materiality::Material => "material",
        }
    }
}

/// What [`judge`] cannot see in the alignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Context<'a> {
    /// Number of the earlier version that has exactly the new text, if there is one.
    pub returns_to: Option<i64>,
    /// Provisions that appeared, went or were reworded in more than a slight way.
    pub provisions_touched: usize,
    /// Which old and which new clauses stand beside the document, such as menu entries; empty where nothing is known.
    pub asides: (&'a [bool], &'a [bool]),
    /// Which pairs of the alignment change nothing ([`crate::idle()`]); empty where it was not asked.
    pub idle: &'a [bool],
    /// The text is in a language whose words about duties and rights are not known, so that any sentence may be about them.
    pub foreign: bool,
}

/// A verdict with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The verdict.
    pub materiality: Materiality,
    /// Why, as a sentence without its full stop.
    pub reason: String,
}

/// Words that make, limit or lift a duty or a right.
const OBLIGATION: &[&str] = &[
    "must",
    "shall",
    "may",
    "will",
    "not",
    "no",
    "never",
    "cannot",
    "only",
    "agree",
    "consent",
    "require",
    "required",
    "prohibited",
    "permitted",
    "right",
    "rights",
    "waive",
    "liable",
    "liability",
    "terminate",
    "suspend",
    "charge",
    "charges",
    "charged",
    "fee",
    "fees",
    "notice",
    "share",
    "sell",
    "collect",
    "retain",
    "delete",
    "days",
    "except",
    "unless",
    "deny",
    "refuse",
];

/// Most words that a slight rewording takes away, and that it adds.
const SLIGHT: usize = 4;

/// Letters of the longest line that is no sentence with a date in it.
const DATED: usize = 90;

/// Digits of a line that can be nothing but the number of a page's build.
const BUILD: usize = 9;

/// Letters of the longest mark of what is traded.
const MARK: usize = 8;

/// So many lines with a rise or fall make the figures beside them prices of the day.
const RISES: usize = 3;

/// Letters of the shortest statement.
const SENTENCE: usize = 12;

/// Most words of a heading.
const HEADING: usize = 9;

/// Most words of a clause that says where more is to be read.
const POINTER: usize = 20;

/// Most words of a sentence that sends its reader elsewhere, whatever is told of there.
const SENDS: usize = 45;

/// Fewest digits by which addresses that changed, or telephone numbers, differ.
const TELEPHONE: usize = 5;

/// Most words of a clause that says where to write.
const CONTACT: usize = 70;

/// Most words of a clause that tells of an update.
const NOTICE: usize = 80;

/// Words of the longest source in a list, those of its address aside.
const SOURCE: usize = 16;

/// A document with more credits of sources is a list of them, and what stands beside a copyright mark in it is one.
const CREDITS: usize = 10;

/// Most words of a name.
const NAME: usize = 4;

/// Words for those whom a clause is about.
const PERSONS: &[&str] = &[
    "we",
    "us",
    "our",
    "you",
    "your",
    "user",
    "users",
    "customer",
    "customers",
    "party",
    "parties",
    "member",
    "members",
    "provider",
    "company",
    "licensee",
    "licensor",
    "consumer",
    "consumers",
    "seller",
    "sellers",
    "buyer",
    "buyers",
];

/// Words of error messages.
const ERRORS: &[&str] = &[
    "page not found",
    "403 forbidden",
    "internal server error",
    "service unavailable",
    "bad gateway",
    "page isn't available",
    "page isn’t available",
    "page is not available",
    "page not available",
    "an unexpected error",
    "an error occurred",
    "an error has occurred",
    "ein fehler aufgetreten",
    "une erreur est survenue",
    "une erreur s'est produite",
    "une erreur s’est produite",
    "se ha producido un error",
    "si è verificato un errore",
    "ocorreu um erro",
    "een fout opgetreden",
];

/// Words of bot walls, log-in walls and empty shells, and of errors that a document may also speak of. Pages say them in the language of the
/// machine that asked, whatever the document's own is.
const WALLS: &[&str] = &[
    "404",
    "access denied",
    "enable javascript",
    "verify you are human",
    "captcha",
    "temporarily unavailable",
    "are you a robot",
    "just a moment",
    "something went wrong",
    "log in to continue",
    "sign in to continue",
    "log in or sign up",
    "sign up or log in",
    "continue with google",
    "forgot password",
    "forgot your password",
    "before you continue",
    "too many requests",
    "checking your browser",
    "under maintenance",
    "could not be found",
    "redirecting to",
    "be redirected",
    "isn't available in your",
    "isn’t available in your",
    "not available in your",
    "nicht verfügbar",
    "seite nicht gefunden",
    "seite wurde nicht gefunden",
    "zugriff verweigert",
    "page introuvable",
    "n'est pas disponible",
    "n’est pas disponible",
    "accès refusé",
    "página no encontrada",
    "no está disponible",
    "acceso denegado",
    "pagina non trovata",
    "non è disponibile",
    "página não encontrada",
    "não está disponível",
    "pagina niet gevonden",
    "niet beschikbaar",
];

/// Judges the change from `old` to `new` clauses, which `alignment` aligns; whether `new` is the document at all is asked before
/// ([`defect`]).
pub fn judge(old: &[&str], new: &[&str], alignment: &Alignment, context: Context<'_>) -> Verdict {
    let verdict = |materiality, reason: &str| Verdict { materiality, reason: reason.into() };
    if let Some(number) = context.returns_to {
        return verdict(Materiality::Returning, &format!("the text is again that of version {number}"));
    }
    let reworded = |pair: &&Pair| !pair.is_unchanged();
    let is_idle = |index: usize| context.idle.get(index).copied().unwrap_or(false);
    let mut changed: Vec<&Pair> = alignment.pairs.iter().filter(reworded).collect();
    if changed.is_empty() && alignment.pairs.iter().any(|pair| matches!(pair.kind, PairKind::Split | PairKind::Merged))
    {
        return verdict(Materiality::Cosmetic, "the same words, divided in another way");
    }
    if changed.is_empty() {
        return verdict(Materiality::Cosmetic, "no word changed: only marks, spaces, numbering or link targets");
    }
    let moved = changed.iter().any(|pair| pair.kind == PairKind::Moved);
    if !moved && same_sequence(old, new, &changed) {
        return verdict(Materiality::Cosmetic, "the same words, divided in another way");
    }
    let counted = alignment.pairs.iter().enumerate().filter(|(index, pair)| reworded(pair) && !is_idle(*index));
    changed = counted.map(|(_, pair)| pair).collect();
    if changed.is_empty() {
        return verdict(
            Materiality::Cosmetic,
            "only marks, spelling, divisions, copies or widgets of the page changed",
        );
    }
    changed.retain(|pair| !is_date_or_counter(old, new, pair));
    if changed.is_empty() {
        return verdict(Materiality::Cosmetic, "only a date or a counter changed");
    }
    // Prices of the day come with their rise or fall; without it, a bare figure may be what somebody pays.
    let rises = |pair: &&Pair| sides(old, new, pair).any(|text| is_rise(&text));
    if changed.iter().any(|pair| is_figure(old, new, pair) && sides(old, new, pair).any(|text| text.contains('%')))
        || alignment.pairs.iter().filter(rises).nth(RISES).is_some()
    {
        changed.retain(|pair| !is_figure(old, new, pair));
    }
    if changed.is_empty() {
        return verdict(Materiality::Cosmetic, "only prices of the day changed");
    }
    changed.retain(|pair| !is_aside(old, new, pair, context.asides));
    if changed.is_empty() {
        return verdict(
            Materiality::Cosmetic,
            "only menu entries or other parts of the page beside the document changed",
        );
    }
    // Beside a copyright mark stands who owns what.
    let listing = LazyCell::new(|| new.iter().filter(|text| is_credit(text)).nth(CREDITS).is_some());
    let credits = |text: Cow<'_, str>| {
        is_listed_source(&text) || is_credit(&text) && is_latin(&text) && (!text.contains('©') || *listing)
    };
    let before = changed.len();
    changed.retain(|pair| !sides(old, new, pair).all(credits));
    // What a source is called may stand above its credit.
    if changed.len() < before && *listing {
        changed.retain(|pair| !sides(old, new, pair).all(|text| is_name(&text)));
    }
    if changed.is_empty() {
        return verdict(Materiality::Cosmetic, "only credits of sources changed");
    }
    if changed.iter().all(|pair| pair.cosmetic) {
        return verdict(Materiality::Minor, "clauses stand at another place, in the same words");
    }
    if context.provisions_touched > 0 {
        let what = if context.provisions_touched == 1 { "provision" } else { "provisions" };
        return verdict(Materiality::Material, &format!("it touches {} {what}", context.provisions_touched));
    }
    if context.foreign && changed.iter().any(|pair| changes_a_sentence(old, new, pair) && !is_reference(old, new, pair))
    {
        return verdict(Materiality::Material, "sentences changed, in a language whose clauses are not analysed");
    }
    match changed.iter().filter(|pair| !is_reference(old, new, pair)).find_map(|pair| weighty_word(old, new, pair)) {
        Some(word) => {
            verdict(Materiality::Material, &format!("words or numbers about duties or rights changed (“{word}”)"))
        }
        None if changed.iter().any(|pair| changes_a_party(old, new, pair)) => {
            verdict(Materiality::Material, "who is contracted with or receives data changed")
        }
        None if changed.iter().any(|pair| changes_a_region(old, new, pair)) => {
            verdict(Materiality::Material, "where it holds changed")
        }
        None => verdict(Materiality::Minor, "words changed, but none that makes, limits or lifts a duty or a right"),
    }
}

/// Whether the clauses that changed have the same words in the same order, however they are divided.
fn same_sequence(old: &[&str], new: &[&str], changed: &[&Pair]) -> bool {
    let sorted = |side: fn(&Pair) -> &[usize]| {
        let mut indices: Vec<usize> = changed.iter().flat_map(|pair| side(pair)).copied().collect();
        indices.sort_unstable();
        indices
    };
    same(words_of(&sorted(|pair| &pair.old), old), words_of(&sorted(|pair| &pair.new), new))
}

/// A pair's texts: one where a clause came or went, else two.
fn sides<'a>(old: &[&'a str], new: &[&'a str], pair: &Pair) -> impl Iterator<Item = Cow<'a, str>> {
    pair.old_text(old).into_iter().chain(pair.new_text(new))
}

/// Whether all that a pair has is digits, and at most the mark of what is traded beside them ("-0.25% PLUM").
fn is_figure(old: &[&str], new: &[&str], pair: &Pair) -> bool {
    sides(old, new, pair).all(|text| {
        let words: Vec<&str> = words_as_written(&text).collect();
        let is_number = |word: &&&str| word.chars().all(char::is_numeric);
        let is_mark =
            |word: &&str| word.len() <= MARK && word.chars().all(|c| c.is_ascii_uppercase() || c.is_numeric());
        let numbers = words.iter().filter(is_number).count();
        numbers > 0 && words.len() <= numbers + 1 && words.iter().all(is_mark)
    })
}

/// Whether a line begins with a price's rise or fall ("2.31% | Plumcoin").
fn is_rise(text: &str) -> bool {
    let digits = text.trim_start_matches(['+', '-']).trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    digits.len() < text.len() && digits.starts_with('%') && text.split_whitespace().nth(5).is_none()
}

/// Whether a pair is a menu entry on each side, as `flags` has it of old and new clauses, and none that could be a statement ("No refunds").
pub fn is_aside(old: &[&str], new: &[&str], pair: &Pair, flags: (&[bool], &[bool])) -> bool {
    let within = |flags: &[bool], index: usize| flags.get(index).copied().unwrap_or(false);
    // A line with the owner and a year may come or go as a whole; in other words it may name another owner.
    let comes_or_goes = pair.old.is_empty() || pair.new.is_empty();
    let names_owner = |text: &str| text.contains('©') && !words(text).any(|word| is_weighty(&word) && word != "rights");
    let binds = |text: Cow<'_, str>| {
        let weighty = words(&text).any(|word| is_weighty(&word));
        weighty && !is_page_name(&text) && !(comes_or_goes && names_owner(&text))
    };
    pair.old.iter().all(|&index| within(flags.0, index))
        && pair.new.iter().all(|&index| within(flags.1, index))
        && !sides(old, new, pair).any(binds)
}

/// Whether a menu entry is the name of a page, though it has a word about duties or rights ("Your privacy rights", "Fee schedules").
fn is_page_name(text: &str) -> bool {
    const NOUNS: &[&str] = &["right", "rights", "fee", "fees", "notice", "share", "consent"];
    const TRADE: &[&str] = &["sell"];
    let people = words(text).any(|word| PERSONS.contains(&word.as_str()));
    let lower = text.to_lowercase();
    let names = |word: String| {
        !is_weighty(&word) || NOUNS.contains(&word.as_str()) || !people && TRADE.contains(&word.as_str())
    };
    let has_amount = text.contains(|c: char| c.is_ascii_digit() || "$€£¥%".contains(c));
    !has_amount && (lower.starts_with("do not sell") || words(text).all(names))
}

/// Whether a text speaks of somebody, or of a duty or a right.
pub fn speaks(text: &str) -> bool {
    // In a text that is not said aloud, "US" is a country.
    let aloud = !text.contains(char::is_lowercase);
    words_as_written(text)
        .filter(|word| aloud || *word != "US")
        .map(str::to_lowercase)
        .any(|word| is_weighty(&word) || PERSONS.contains(&word.as_str()))
}

/// Whether a text commands, forbids or allows, rather than naming what something is about.
pub fn commands(text: &str) -> bool {
    const COMMANDS: &[&str] =
        &["must", "shall", "may", "not", "no", "never", "cannot", "only", "prohibited", "required", "permitted"];
    words(text).any(|word| COMMANDS.contains(&word.as_str())) || text.chars().any(|c| c.is_ascii_digit())
}

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

/// Whether a clause only credits a source: it names a licence of data and nobody who would be bound.
fn is_credit(text: &str) -> bool {
    const CUES: &[&str] =
        &["creativecommons.org", "creative commons", "open data", "opendata", "open government licence", "©"];
    let lower = text.to_lowercase();
    // Within a sentence a capital letter makes it a part of a name ("Department of Customer Service").
    let person = |(at, word): (usize, &str)| {
        let named = at > 0 && word.starts_with(char::is_uppercase);
        !named && PERSONS.contains(&word.to_lowercase().as_str())
    };
    CUES.iter().any(|cue| lower.contains(cue)) && !words_as_written(text).enumerate().any(person)
}

/// Whether most of a text is in letters of which those of other scripts are accents, so that its words for persons are known.
pub fn is_latin(text: &str) -> bool {
    text.chars().filter(|c| !c.is_ascii()).count() * 3 <= text.chars().count()
}

/// Whether a clause is a source in a list of them: a name and the address of its page, and nothing about anybody.
fn is_listed_source(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let is_named = text.contains("://") || text.split_whitespace().any(is_domain) && digits < TELEPHONE;
    is_named && !text.contains('@') && is_latin(text) && words(text).nth(SOURCE).is_none() && !speaks(text)
}

/// Whether a line is no more than a name.
fn is_name(text: &str) -> bool {
    is_latin(text) && text.split_whitespace().nth(NAME).is_none() && !speaks(text)
}

/// Whether a token is the name of a host ("data.plum.example").
fn is_domain(token: &str) -> bool {
    let token = token.trim_end_matches(['.', ',', ')']);
    token.matches('.').count() >= 1
        && token.split('.').all(|part| {
            part.len() >= 2 && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        })
        && !token.starts_with(|c: char| c.is_ascii_digit())
}

/// Whether a clause only tells that the document was changed or renamed; one about what changes will bind people to is none.
fn is_notice(text: &str) -> bool {
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
fn is_contact(text: &str) -> bool {
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

/// Why a capture is not the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Defect {
    /// An error page, a login wall, a captcha.
    Wall,
    /// Most of the text is missing; if it stays so, that is what the document has become.
    Missing,
    /// The text breaks off within a sentence; if it stays so, that is what the document has become.
    BrokenOff,
    /// One of the document's pages is an error message; if it stays so, that is what the document has become.
    Part,
    /// Another page stands there, over and over; if it stays so, that is what the document has become.
    Repeated,
    /// The page was served in another language than before; if it stays so, that is what the document has become.
    Language,
}

impl Defect {
    /// The reason of the verdict, as a sentence without its full stop.
    pub fn reason(self) -> &'static str {
        match self {
            Defect::Wall => "the capture is an error page or a wall",
            Defect::Missing => "most of the text is missing",
            Defect::BrokenOff => "the text breaks off within a sentence",
            Defect::Part => "a part of it is an error message",
            Defect::Repeated => "one page of it stands there over and over",
            Defect::Language => "the page is in another language",
        }
    }
}

/// Error pages and walls have fewer words.
const WALL_WORDS: usize = 250;

/// Why the new capture is not the document, if it is not.
pub fn defect(old: &[&str], new: &[&str]) -> Option<Defect> {
    // Of a document that is hardly more than a few lines, nothing can be told.
    old.iter().flat_map(|text| words_as_written(text)).nth(149)?;
    // Counting words takes longer than all else here, and hardly any version is much shorter than the one before.
    let bytes = |texts: &[&str]| texts.iter().map(|text| text.len()).sum::<usize>();
    if bytes(new) * 4 < bytes(old) * 3 {
        let count = |texts: &[&str]| texts.iter().map(|text| words_as_written(text).count()).sum::<usize>();
        let (before, after) = (count(old), count(new));
        if after < WALL_WORDS && after * 2 < before && starts_as_wall(new) {
            return Some(Defect::Wall);
        }
        if after * 4 < before {
            return Some(Defect::Missing);
        }
    }
    if breaks_off(old, new) {
        return Some(Defect::BrokenOff);
    }
    let is_message = |text: &&str| {
        let text = text.split_once(". ").map_or(*text, |(first, _)| first);
        if text.split_whitespace().nth(8).is_some() {
            return false;
        }
        let text = text.to_lowercase();
        ERRORS.iter().any(|cue| text.contains(cue))
    };
    (new.iter().any(is_message) && !old.iter().any(is_message)).then_some(Defect::Part)
}

/// Whether `new` is `old` up to the middle of a sentence.
fn breaks_off(old: &[&str], new: &[&str]) -> bool {
    let Some((last, before)) = new.split_last() else { return false };
    old.starts_with(before)
        && old.get(before.len()).is_some_and(|whole| {
            let rest = whole.strip_prefix(last);
            rest.is_some_and(|rest| {
                rest.starts_with(char::is_alphanumeric) || rest.starts_with(' ') && !ends_sentence(last)
            })
        })
}

fn ends_sentence(text: &str) -> bool {
    text.trim_end().ends_with(['.', ':', ';', '!', '?', ')', '"', '”'])
}

/// Whether a text reads like an error page, a bot wall or a log-in wall: what can be told where there is no version before it.
pub fn is_wall(texts: &[&str]) -> bool {
    texts.iter().flat_map(|text| words_as_written(text)).nth(WALL_WORDS - 1).is_none() && starts_as_wall(texts)
}

fn starts_as_wall(texts: &[&str]) -> bool {
    let start = texts.iter().take(6).copied().collect::<Vec<_>>().join(" ").to_lowercase();
    ERRORS.iter().chain(WALLS).any(|cue| start.contains(cue))
}

/// Whether nearly all of a text stands there four times or more: a source that joins a document's pages was given one of them for each.
pub fn is_repeated(texts: &[&str]) -> bool {
    let mut times: HashMap<&str, usize> = HashMap::new();
    let long = || texts.iter().filter(|text| text.split_whitespace().nth(7).is_some());
    long().for_each(|text| *times.entry(text).or_default() += 1);
    let repeated: usize = long().filter(|text| times[**text] >= 4).map(|text| text.len()).sum();
    let all: usize = long().map(|text| text.len()).sum();
    all > 2_000 && repeated * 10 >= all * 9
}

/// Whether only digits, names of months or weekdays and the words around a date differ, in a short line or beside a copyright mark.
fn is_date_or_counter(old: &[&str], new: &[&str], pair: &Pair) -> bool {
    const CUES: &[&str] = &[
        "updated",
        "effective",
        "modified",
        "revised",
        "version",
        "ago",
        "views",
        "helpful",
        "votes",
        "copyright",
        "date",
        "published",
    ];
    const AROUND: &[&str] =
        &["last", "on", "as", "of", "from", "today", "yesterday", "the", "this", "a", "an", "minutes", "hours", "days"];
    const ZONES: &[&str] = &["gmt", "utc", "bst", "cet", "cest", "est", "edt", "pst", "pdt", "hkt"];
    let is_number = |word: &String| word.bytes().any(|b| b.is_ascii_digit());
    let kept = |text: &str| {
        let list: Vec<String> = words(text).collect();
        let neutral = |at: usize| {
            let word = list[at].as_str();
            // "May" is a month beside a number only.
            let month = word != "may" || at > 0 && is_number(&list[at - 1]) || list.get(at + 1).is_some_and(is_number);
            is_number(&list[at])
                || is_calendar_word(word) && month
                || CUES.contains(&word)
                || AROUND.contains(&word)
                || ZONES.contains(&word)
        };
        (0..list.len()).filter(|&at| !neutral(at)).map(|at| list[at].clone()).collect::<Vec<_>>()
    };
    // A term of notice is no date, even if it says when something is effective.
    let terms = |text: &str| if words(text).any(|word| word == "ago") { Vec::new() } else { quantities(text) };
    let dated =
        |text: &&str| text.contains('©') || text.len() <= 200 && words(text).any(|word| CUES.contains(&word.as_str()));
    let sides: Vec<Cow<'_, str>> = sides(old, new, pair).collect();
    let sides: Vec<&str> = sides.iter().map(Cow::as_ref).collect();
    // A number of the page's build.
    let is_build = |text: &str| {
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        digits >= BUILD && text.starts_with(char::is_alphabetic) && text.chars().all(char::is_alphanumeric)
    };
    match sides[..] {
        [before, after] if before != after && without_dates(before) == without_dates(after) => true,
        _ if sides.iter().all(|text| is_build(text)) => true,
        [before, after] if before != after && is_dated_title(before, after) => true,
        _ if !sides.iter().all(dated) => false,
        [before, after] => kept(before) == kept(after) && terms(before) == terms(after),
        // A line that is nothing but a date comes or goes.
        _ => sides.iter().all(|text| kept(text).is_empty() && terms(text).is_empty()),
    }
}

/// Whether two short lines are the same but for a full date in each, in any of the languages whose months are known.
fn is_dated_title(before: &str, after: &str) -> bool {
    let rest = |text: &str| {
        let list: Vec<String> = words(text).collect();
        let month = list.iter().position(|word| is_month(word) || is_calendar_word(word) && word.len() == 3)?;
        let is_year =
            |word: &String| word.len() == 4 && word.starts_with(['1', '2']) && word.bytes().all(|b| b.is_ascii_digit());
        let around = month.saturating_sub(1)..(month + 3).min(list.len());
        let year = around.clone().find(|&at| is_year(&list[at]))?;
        let day = around.clone().find(|&at| list[at].len() <= 2 && list[at].bytes().all(|b| b.is_ascii_digit()))?;
        let kept = (0..list.len()).filter(|at| ![month, year, day].contains(at)).map(|at| list[at].as_str());
        // "May" is a month here.
        let kept = kept.collect::<Vec<_>>().join(" ");
        (text.chars().nth(DATED).is_none() && !speaks(&kept)).then_some(kept)
    };
    rest(before).is_some_and(|kept| rest(after) == Some(kept))
}

/// Whether a word in lower case is a month in English, French, German, Spanish, Italian, Portuguese or Dutch.
fn is_month(word: &str) -> bool {
    const MONTHS: &[&str] = &[
        "january janvier januar enero gennaio janeiro januari",
        "february février februar febrero febbraio fevereiro februari",
        "march mars märz marzo março maart",
        "april avril abril aprile",
        "may mai mayo maggio maio mei",
        "june juin juni junio giugno junho",
        "july juillet juli julio luglio julho",
        "august août agosto augustus",
        "september septembre septiembre settembre setembro",
        "october octobre oktober octubre ottobre outubro",
        "november novembre noviembre novembro",
        "december décembre dezember diciembre dicembre dezembro",
    ];
    MONTHS.iter().any(|names| names.split(' ').any(|name| name == word))
}

/// `text` without its dates in Chinese or Japanese: full ones ("2024年10月18日"), and months of a year of an era ("令和7年 2 月号"); a month
/// or a day alone may be a term.
fn without_dates(text: &str) -> String {
    const ERAS: [&str; 2] = ["令和", "平成"];
    let in_date = |c: char| c.is_ascii_digit() || c == ' ' || "年月日".contains(c);
    let mut kept = String::with_capacity(text.len());
    let mut after_era = false;
    for run in text.split_inclusive(|c: char| !in_date(c)) {
        let date = run.trim_end_matches(|c| !in_date(c));
        let has = |parts: &[&str]| parts.iter().all(|part| date.contains(part));
        let is_date = has(&["年", "月", "日"]) || after_era && has(&["年", "月"]);
        let rest = if is_date { &run[date.len()..] } else { run };
        kept.push_str(rest);
        after_era = ERAS.iter().any(|era| kept.ends_with(era));
    }
    kept
}

fn is_calendar_word(word: &str) -> bool {
    const STEMS: &[&str] = &[
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ];
    word.len() >= 3 && STEMS.iter().any(|stem| stem == &word || (word.len() <= 4 && stem.starts_with(word)))
}

/// Whether a pair adds, removes or rewords so much that it can be a statement: [`SENTENCE`] letters, as some scripts part no words, of what
/// is more than a heading.
fn changes_a_sentence(old: &[&str], new: &[&str], pair: &Pair) -> bool {
    let is_heading = |text: Cow<'_, str>| {
        is_latin(&text)
            && text.split_whitespace().nth(HEADING).is_none()
            && !text.trim_end().ends_with(['.', ';', ':', '!', '?', ','])
    };
    if sides(old, new, pair).all(is_heading) {
        return false;
    }
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count();
    let changed = match (pair.old_text(old), pair.new_text(new)) {
        (Some(before), Some(after)) => {
            let (gone, come) = changed_words(&before, &after);
            gone.iter().chain(&come).map(|word| letters(word)).sum()
        }
        (before, after) => before.or(after).map_or(0, |text| letters(&text)),
    };
    changed >= SENTENCE
}

/// Whether a word makes, limits or lifts a duty or a right.
pub(crate) fn is_weighty(word: &str) -> bool {
    OBLIGATION.contains(&word)
}

/// Whether a word makes a number before it a term, a price or an age.
fn is_unit(word: &str) -> bool {
    const UNITS: &[&str] = &[
        "day", "days", "hour", "hours", "week", "weeks", "month", "months", "year", "years", "percent", "usd", "eur",
        "gbp", "dollars", "euros", "pounds", "times", "users", "business", "calendar", "jpy", "yen", "cny", "rmb",
        "hkd", "krw", "inr", "sgd", "aud", "cad", "chf", "sek", "nok", "dkk", "pln", "brl", "mxn", "cents",
    ];
    UNITS.contains(&word)
}

/// The numbers of `text` that are a term, a price, a share or an age; an address or an article number is none.
fn quantities(text: &str) -> Vec<String> {
    let tokens: Vec<&str> = text.split_whitespace().collect();
    let amount = |(at, token): (usize, &&str)| {
        let number = words(token).find(|word| word.bytes().all(|b| b.is_ascii_digit()))?;
        let next = tokens.get(at + 1).and_then(|next| words(next).next()).unwrap_or_default();
        let marked = token.contains(['$', '€', '£', '¥', '%']) || is_unit(&next);
        marked.then_some(number)
    };
    tokens.iter().enumerate().filter_map(amount).collect()
}

/// Whether one text marks amounts by a sign of a currency where the other has its letters.
fn notation(from: &str, to: &str) -> bool {
    let signs = |text: &str| text.chars().filter(|c| "$€£¥".contains(*c)).count();
    let letters =
        |text: &str| words(text).filter(|word| matches!(word.as_str(), "usd" | "eur" | "gbp" | "jpy")).count();
    signs(from) + letters(from) == signs(to) + letters(to) && signs(from) != signs(to)
}

/// The first word about duties or rights, or quantity, that a change adds or takes away. A clause that comes or goes must also speak of
/// somebody.
fn weighty_word(old: &[&str], new: &[&str], pair: &Pair) -> Option<String> {
    let whole = |text: &str| {
        let word = words(text).find(|word| is_weighty(word));
        word.filter(|_| words(text).any(|word| PERSONS.contains(&word.as_str())))
    };
    match (pair.old_text(old), pair.new_text(new)) {
        (Some(before), Some(after)) => weighty_changes(&before, &after),
        (before, after) => whole(&before.or(after)?),
    }
}

/// Whether a rewording of a clause about people adds or takes away the name of a country or union, so that it holds for others.
fn changes_a_region(old: &[&str], new: &[&str], pair: &Pair) -> bool {
    const REGIONS: &[&str] = &[
        "uk",
        "eea",
        "eu",
        "kingdom",
        "switzerland",
        "brazil",
        "china",
        "india",
        "canada",
        "australia",
        "california",
        "germany",
        "france",
        "italy",
        "spain",
        "japan",
        "korea",
        "turkey",
        "singapore",
        "mexico",
        "norway",
        "iceland",
        "liechtenstein",
        "poland",
        "netherlands",
        "ireland",
        "austria",
        "belgium",
        "sweden",
        "denmark",
        "finland",
    ];
    let (Some(before), Some(after)) = (pair.old_text(old), pair.new_text(new)) else { return false };
    let (gone, come) = changed_words(&before, &after);
    let is_region = |word: &String| REGIONS.contains(&word.as_str());
    !is_reference(old, new, pair) && speaks(&after) && gone.iter().chain(&come).any(is_region)
}

/// Whether a clause that says whom somebody contracts with comes, goes or is reworded, one names a company of another legal form, or one
/// that says who receives data names another.
fn changes_a_party(old: &[&str], new: &[&str], pair: &Pair) -> bool {
    const FORMS: &[&str] = &["inc", "llc", "ltd", "corp", "gmbh", "plc", "bv", "sarl", "sas"];
    let says = |cues: &[&str], text: &str| {
        let lower = text.to_lowercase();
        cues.iter().any(|cue| lower.contains(cue))
    };
    let (Some(before), Some(after)) = (pair.old_text(old), pair.new_text(new)) else {
        return sides(old, new, pair).all(|text| says(&["contracting with"], &text));
    };
    let (gone, come) = changed_words(&before, &after);
    let has_form = |list: &[String]| list.iter().any(|word| FORMS.contains(&word.as_str()));
    let contracts = || [&before, &after].iter().all(|text| says(&["contracting with"], text));
    if has_form(&gone) && has_form(&come) || contracts() && !(gone.is_empty() && come.is_empty()) {
        return !is_reference(old, new, pair);
    }
    let is_name = |text: &str, word: &String| {
        words_as_written(text).any(|other| other.starts_with(char::is_uppercase) && other.to_lowercase() == *word)
    };
    if ![&before, &after].iter().all(|text| says(&["shares", "processor"], text)) || is_reference(old, new, pair) {
        return false;
    }
    !gone.is_empty()
        && !come.is_empty()
        && gone.iter().all(|word| is_name(&before, word))
        && come.iter().all(|word| is_name(&after, word))
}

/// The first word about duties or rights, or quantity, that a rewording adds or takes away.
pub(crate) fn weighty_changes(old: &str, new: &str) -> Option<String> {
    let (gone, come) = changed_words(old, new);
    gone.into_iter().chain(come).find(|word| is_weighty(word)).or_else(|| {
        // A number that still stands there is the same amount in another notation ("USD 100", "US$100").
        let missing = |from: &str, to: &str| {
            let (marked, stands) = (quantities(to), words(to).collect::<Vec<_>>());
            let is_gone = |number: &String| !(marked.contains(number) || stands.contains(number) && notation(from, to));
            quantities(from).into_iter().find(is_gone)
        };
        missing(new, old).or_else(|| missing(old, new))
    })
}

/// The words that a rewording takes away and those that it adds, without addresses and without those that are only spelled otherwise.
fn changed_words(old: &str, new: &str) -> (Vec<String>, Vec<String>) {
    let (old, new) = (in_full(old), in_full(new));
    let spans = redline(&old, &new);
    let (mut gone, mut come) = (Vec::new(), Vec::new());
    let mut from = 0;
    for edit in spans.split(|span| span.kind == SpanKind::Same) {
        let (start, end) = (from, from + edit.len());
        from = end + 1;
        if let [span] = edit
            && repeats(span, start.checked_sub(1).map(|at| &spans[at]), spans.get(end))
        {
            continue;
        }
        let of = |kind: SpanKind| edit.iter().filter(move |span| span.kind == kind).flat_map(|span| own_words(span));
        let mut before: Vec<String> = of(SpanKind::Deleted).collect();
        for word in of(SpanKind::Inserted) {
            let form = spelled(word.clone());
            match before.iter().position(|other| spelled(other.clone()) == form) {
                Some(at) => drop(before.remove(at)),
                None => come.push(word),
            }
        }
        gone.append(&mut before);
    }
    (gone, come)
}

/// Whether a rewording takes away and adds nothing but other spellings, and words that stand there once more.
pub(crate) fn changes_no_word(old: &str, new: &str) -> bool {
    let addresses =
        |text: &str| text.split_whitespace().filter(|token| token.contains('@')).map(str::to_owned).collect::<Vec<_>>();
    let (gone, come) = changed_words(old, new);
    gone.is_empty() && come.is_empty() && addresses(old) == addresses(new)
}

/// Whether what is added or taken away stands beside it once more, as in "the right to right to".
fn repeats(span: &Span<'_>, before: Option<&Span<'_>>, after: Option<&Span<'_>>) -> bool {
    let list = |span: &Span<'_>| words(span.text).collect::<Vec<_>>();
    let own = list(span);
    !own.is_empty()
        && (before.is_some_and(|before| list(before).ends_with(&own))
            || after.is_some_and(|after| list(after).starts_with(&own)))
}

/// `text` with the usual contractions written in full: "doesn't" is "does not".
fn in_full(text: &str) -> Cow<'_, str> {
    if !text.contains(['\'', '’']) {
        return Cow::Borrowed(text);
    }
    const FORMS: &[(&str, &str)] = &[
        ("can't", "cannot"),
        ("won't", "will not"),
        ("n't", " not"),
        ("'re", " are"),
        ("'ve", " have"),
        ("'ll", " will"),
    ];
    let text = text.replace('’', "'");
    Cow::Owned(FORMS.iter().fold(text, |text, (short, full)| text.replace(short, full)))
}

/// The words of a span that belong to no e-mail address.
fn own_words<'a>(span: &Span<'a>) -> impl Iterator<Item = String> + use<'a> {
    span.text.split_whitespace().filter(|token| !token.contains('@')).flat_map(words)
}

/// Whether a rewording is too small to change what a clause means: no word about duties or rights, no quantity, at most [`SLIGHT`] words
/// on each side.
pub fn is_slight(old: &str, new: &str) -> bool {
    // Words that carry nothing: "the ads that you see" and "ads you see".
    const PARTICLES: &[&str] = &["a", "an", "the", "that", "which", "such", "as", "like"];
    let (gone, come) = changed_words(old, new);
    // A name that is another throughout is one change.
    let count =
        |list: &[String]| list.iter().filter(|word| !PARTICLES.contains(&word.as_str())).collect::<HashSet<_>>().len();
    count(&gone) <= SLIGHT && count(&come) <= SLIGHT && weighty_changes(old, new).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::align::align;

    fn verdict(old: &[&str], new: &[&str]) -> Materiality {
        judge(old, new, &align(old, new), Context::default()).materiality
    }

    #[test]
    fn marks_and_dates_are_cosmetic() {
        assert_eq!(verdict(&["1. We “may” stop."], &["2. We \"may\" stop."]), Materiality::Cosmetic);
        assert_eq!(
            verdict(&["更新日期：2024年10月14日 李公司"], &["更新日期：2024年10月18日 李公司"]),
            Materiality::Cosmetic
        );
        assert_ne!(verdict(&["保存期間は12月です"], &["保存期間は6月です"]), Materiality::Cosmetic);
        assert_eq!(verdict(&["Last updated: 3 March 2024"], &["Last updated: 9 May 2025"]), Materiality::Cosmetic);
    }

    #[test]
    fn another_party_is_material_and_who_serves_it_is_not() {
        assert_eq!(verdict(&["Plum, Inc. signs it."], &["Quince Corp. signs it."]), Materiality::Material);
        assert_eq!(verdict(&["Plum Gardens Ltd signs it."], &["Quince Gardens Ltd signs it."]), Materiality::Minor);
        let with = |place: &str| format!("If you live in Norland{place}, you are contracting with Plum Ltd.");
        assert_eq!(verdict(&[&with(" or beyond")], &[&with("")]), Materiality::Material);
        assert!(is_contact("Service agent for court proceedings: Quince Lawyers, 5 Mill Lane, Norhaven 6350112."));
        assert!(is_notice("On 4 June 2026 this page will become the place of our standards."));
        assert!(!is_notice("On 4 June 2026 this page will become the terms that you agree to."));
    }

    #[test]
    fn an_owner_s_line_comes_or_goes_beside_the_document() {
        let aside = |old: &[&str], new: &[&str]| is_aside(old, new, &align(old, new).pairs[0], (&[true], &[true]));
        assert!(aside(&[], &["© 2026 Plum Ltd. All rights reserved."]));
        assert!(!aside(&[], &["© 2026 Plum Ltd. You may not copy it."]));
        assert!(!aside(&["© 2026 Plum Ltd. All rights reserved."], &["© 2026 Quince Ltd. All rights reserved."]));
    }

    #[test]
    fn months_of_an_era_and_names_are_no_duties() {
        assert_eq!(verdict(&["May 4, 2022"], &["May 5, 2022"]), Materiality::Cosmetic);
        assert_eq!(verdict(&["Apr 30, 2020"], &["May 1, 2020"]), Materiality::Cosmetic);
        assert_ne!(verdict(&["We may end it on 4 June 2022"], &["We end it on 4 June 2022"]), Materiality::Cosmetic);
        assert_eq!(
            verdict(&["時刻表 令和7年 2 月号に基づきます。"], &["時刻表 令和7年 3 月号に基づきます。"]),
            Materiality::Cosmetic
        );
        assert_ne!(verdict(&["保存期間は1年 2 月です"], &["保存期間は1年 3 月です"]), Materiality::Cosmetic);
        let of = |name: &str| {
            format!("{name} shows ads that {name} picks, on {name} and beside {name}, for users of {name}.")
        };
        assert!(is_slight(&of("Plum"), &of("Quince")));
    }

    #[test]
    fn an_address_binds_nobody_and_a_term_is_none() {
        let changed = |from: &str, to: &str| {
            let (old, new) = ([from], [to]);
            is_reference(&old, &new, &align(&old, &new).pairs[0])
        };
        let at = |place: &str| {
            format!("You may access and correct your data by writing to Plum Ltd, {place}, Norland, at any time.")
        };
        assert!(changed(&at("40 Harbour St., Vesper 6350671"), &at("5 Mill Lane, Norhaven 6350112")));
        assert!(changed("Write to help@plum.example if you object.", "Write to data@quince.example if you object."));
        let term = |days: &str| {
            format!("We may raise the price if you have {days} days of notice; with less than {days} days we do not.")
        };
        assert!(!changed(&term("30"), &term("13000")));
        assert!(changed("See our page about fruit.", "Learn more on our page about trees."));
    }

    #[test]
    fn a_text_that_breaks_off_is_defective() {
        let words = "word ".repeat(160);
        let old = ["Fees", words.as_str(), "You pay each month, and all sales are final.", "You may cancel."];
        assert_eq!(defect(&old, &["Fees", words.as_str(), "You pay each month, and all sa"]), Some(Defect::BrokenOff));
        assert_eq!(defect(&old, &["Fees", words.as_str(), "You pay each month, and all sales are final."]), None);
    }

    #[test]
    fn a_changed_duty_is_material() {
        assert_eq!(
            verdict(&["We share data with partners."], &["We do not share data with partners."]),
            Materiality::Material
        );
        assert_eq!(
            verdict(&["Notice is given 30 days before."], &["Notice is given 10 days before."]),
            Materiality::Material
        );
        assert_eq!(verdict(&["Our office is in Port Vesper."], &["Our office is in Norhaven."]), Materiality::Minor);
    }

    #[test]
    fn figures_layout_and_menus_are_cosmetic() {
        assert_eq!(verdict(&["BTC", "64,102.50", "+1.2%"], &["BTC", "63,999.01", "-0.2%"]), Materiality::Cosmetic);
        assert_eq!(verdict(&["Fee | $25"], &["Fee | $40"]), Materiality::Material);
        assert_eq!(
            verdict(&["We may end it. You may leave."], &["We may end it.", "You may leave."]),
            Materiality::Cosmetic
        );
        let (old, new) = (["We may end it.", "English"], ["We may end it.", "English", "Kurdî"]);
        let context = Context { asides: (&[false, true], &[false, true, true]), ..Context::default() };
        assert_eq!(judge(&old, &new, &align(&old, &new), context).materiality, Materiality::Cosmetic);
    }

    #[test]
    fn what_somebody_pays_or_may_do_is_not_cosmetic() {
        for (old, new) in [
            ("Minimum age | 16", "Minimum age | 13"),
            ("Interest rate | 19%", "Interest rate | 29%"),
            ("$10", "$12"),
            ("This change is effective 30 days after notice.", "This change is effective 10 days after notice."),
            ("© Plum. We give 30 days of notice.", "© Plum. We give 10 days of notice."),
            ("You may use the latest version.", "You use the latest version."),
        ] {
            assert_ne!(verdict(&[old], &[new]), Materiality::Cosmetic, "{old}");
        }
        let context = Context { asides: (&[false], &[false, true]), ..Context::default() };
        let (old, new) = (["We may end it."], ["We may end it.", "No refunds"]);
        assert_ne!(judge(&old, &new, &align(&old, &new), context).materiality, Materiality::Cosmetic);
        assert_eq!(verdict(&["Updated 3 days ago"], &["Updated 5 days ago"]), Materiality::Cosmetic);
        assert_eq!(verdict(&["Effective 3 May 2024"], &["Effective 9 June 2025"]), Materiality::Cosmetic);
    }

    #[test]
    fn where_a_clause_holds_is_material() {
        let of = |place: &str| format!("This section applies only if you are a consumer based in {place}.");
        assert_eq!(verdict(&[&of("the EEA")], &[&of("the EEA or the UK")]), Materiality::Material);
        assert_ne!(
            verdict(&["At least 5000 JPY are paid out."], &["At least 3000 JPY are paid out."]),
            Materiality::Cosmetic
        );
    }

    #[test]
    fn who_receives_data_is_material() {
        let of = |name: &str| format!("Plum shares your picture with {name}, a processor in Norland.");
        assert_eq!(verdict(&[&of("Quince")], &[&of("Rowan")]), Materiality::Material);
        assert_eq!(verdict(&["Plum is made by Quince."], &["Plum is made by Rowan."]), Materiality::Minor);
        let italian = "If you live in Norland you are contracting with Plum Norland Ltd";
        assert_eq!(verdict(&["Plum Ltd"], &["Plum Ltd", italian]), Materiality::Material);
    }

    #[test]
    fn a_place_where_more_is_told_binds_nobody() {
        let reference = |old: &str, new: &str| {
            let (old, new) = ([old], [new]);
            align(&old, &new).pairs.iter().all(|pair| is_reference(&old, &new, pair))
        };
        let rule = "These rules say how to behave towards others here.";
        let with = |more: &str| format!("{rule} {more}");
        assert!(reference(rule, &with("You may also refer to our guide, which explains what is not allowed.")));
        assert!(reference(rule, &with("For details of what we collect and share, please see our policy.")));
        assert!(!reference(rule, &with("Please see our policy, which you must follow.")));
        assert!(!reference(rule, &with("For more benefits you agree to see advertising.")));
        assert!(!reference(rule, &with("We collect your address.")));
        assert!(reference(
            "What you post (see Public Data in our policy).",
            "What you post (see What We Collect in our policy)."
        ));
        assert!(is_listed_source("Survey of Norhaven (US): https://plum.example/works"));
        assert!(!is_listed_source("Send it to us: https://plum.example/works"));
    }

    #[test]
    fn a_moved_clause_is_minor() {
        let old = ["We may end it at any time.", "You keep your content.", "Norland law governs."];
        let new = ["You keep your content.", "Norland law governs.", "We may end it at any time."];
        assert_eq!(verdict(&old, &new), Materiality::Minor);
    }

    #[test]
    fn spelling_is_slight_and_a_negation_is_not() {
        assert!(is_slight("We honour requests about your data.", "We honor requests about your data."));
        assert!(is_slight("At most USD 100 in all.", "At most US$100 in all."));
        assert!(!is_slight("At most USD 100 in all.", "At most US$50 in all."));
        assert!(!is_slight("We share your data.", "We do not share your data."));
        assert!(!is_slight("We keep it for 30 days.", "We keep it for 90 days."));
    }

    #[test]
    fn a_page_that_lost_its_text_is_defective() {
        let long = "We may change these terms at any time and you agree to them. ".repeat(40);
        assert_eq!(defect(&[&long], &["Access denied"]), Some(Defect::Wall));
        assert_eq!(defect(&[&long], &["Log in or sign up", "Welcome to Plum", "Continue"]), Some(Defect::Wall));
        let german = ["Diese Seite ist momentan nicht verfügbar", "Bitte versuche, sie noch einmal zu laden."];
        assert_eq!(defect(&[&long], &german), Some(Defect::Wall));
        let short = "You may use this page. ".repeat(45);
        assert_eq!(defect(&[&short], &["Plum isn’t available in your country yet", &long[..400]]), Some(Defect::Wall));
        assert_eq!(defect(&[&short], &[&long[..400], "Plums are in season."]), None);
        assert_eq!(defect(&[&long], &["All rights reserved"]), Some(Defect::Missing));
        let clause = &long[..long.len() / 40];
        assert_eq!(defect(&[clause; 40], &[clause; 8]), Some(Defect::Missing));
        assert_eq!(defect(&[clause; 40], &[clause; 14]), None);
        let german = "Es ist ein Fehler aufgetreten. Wir konnten die Seite nicht laden, versuche es bitte noch einmal.";
        assert_eq!(defect(&[&long], &[german, &long]), Some(Defect::Part));
        assert_eq!(defect(&[&long], &["This page isn’t available", &long]), Some(Defect::Part));
        assert_eq!(defect(&[&long], &[&long]), None);
    }

    #[test]
    fn addresses_and_credits_bind_nobody() {
        let pair = |old: &str, new: &str| {
            let (old, new) = ([old], [new]);
            align(&old, &new).pairs.iter().all(|pair| is_reference(&old, &new, pair))
        };
        assert!(pair("Plum GmbH Quellweg 5 80331 Norhaven", "Plum GmbH Am Hafen 12 81673 Norhaven"));
        assert!(pair("Survey of Norhaven - Open Data", "Survey of Norhaven (Creative Commons)"));
        assert!(pair("Contact us at help@plum.example.", "Contact Plum Norland at hello@plum.example."));
        assert!(pair(
            "We process it here. Write to Plum for answers. Our representative can be contacted at data@plum.example.",
            "We process it here. Write to Plum for answers. You may contact our officer for data at officer@plum.example."
        ));
        let by_law = "Authorities may contact our representatives according to Article 27 of the law:";
        assert!(["We may end it", by_law].iter().map(|text| informs(text)).eq([false, true]));
        assert!(!pair("You pay 5 EUR a month to us.", "You pay 9 EUR a month to us."));
        assert!(!pair("Fees 5 EUR", "You grant us a Creative Commons licence."));
    }

    #[test]
    fn notices_of_a_change_are_minor() {
        let with = |notice: &str| verdict(&["We may end it.", "You pay."], &[notice, "We may end it.", "You pay."]);
        assert_eq!(
            with("We’ve updated our Terms to show our new name. You may read the former terms here."),
            Materiality::Minor
        );
        assert_eq!(
            with("We’ve updated our Terms. By continuing to use Plum you agree to arbitration."),
            Materiality::Material
        );
    }

    #[test]
    fn the_same_said_in_full_or_twice_is_slight() {
        assert!(is_slight("What it doesn’t cover.", "What it does not cover."));
        assert!(is_slight("You have the right to right to object.", "You have the right to object."));
        assert!(!is_slight("You have the right to object.", "You have no right to object."));
        assert!(!is_slight("We can’t share it.", "We can share it."));
        assert_eq!(verdict(&["Plum Open Data"], &["Quince Open Data"]), Materiality::Cosmetic);
        assert_eq!(verdict(&["© 2024 Plum, a mark of Quince"], &["© 2024 Plum, a mark of Rowan"]), Materiality::Minor);
        assert_eq!(verdict(&["Conditions : 14 mars 2025"], &["Conditions : 28 octobre 2025"]), Materiality::Cosmetic);
        assert_eq!(verdict(&["Frais : 14 mars 25"], &["Frais : 14 mars 35"]), Materiality::Minor);
        assert_eq!(verdict(&["plumrule011226212175"], &["plumrule011230144131"]), Materiality::Cosmetic);
    }

    #[test]
    fn a_page_over_and_over_is_repeated() {
        let page: Vec<String> =
            (0..20).map(|k| format!("Rule {k} says that nobody may shout at others in the hall.")).collect();
        let page: Vec<&str> = page.iter().map(String::as_str).collect();
        assert!(is_repeated(&page.repeat(5)));
        assert!(!is_repeated(&page.repeat(2)));
    }

    #[test]
    fn a_text_seen_before_is_returning() {
        let (old, new) = (["You pay yearly."], ["You pay monthly now."]);
        let context = Context { returns_to: Some(3), provisions_touched: 1, ..Context::default() };
        assert_eq!(judge(&old, &new, &align(&old, &new), context).materiality, Materiality::Returning);
    }
}
