//! Captures that are not the document: error pages, walls, what is cut short or stands there over and over.
use std::collections::HashMap;

use crate::words::words_as_written;

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
