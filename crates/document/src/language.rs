//! The language of a text.

/// Characters of a text that are looked at.
const SAMPLE: usize = 6_000;

/// ISO 639-1 code of the language, if there is enough text to tell.
pub fn of(text: &str) -> Option<String> {
    let sample: String = text.chars().filter(|c| c.is_alphabetic() || c.is_whitespace()).take(SAMPLE).collect();
    if sample.chars().filter(|c| c.is_alphabetic()).count() < 100 {
        return None;
    }
    let info = whatlang::detect(&sample)?;
    if !info.is_reliable() && info.confidence() < 0.5 {
        return None;
    }
    let three = info.lang().code();
    let two = CODES.iter().find(|(long, _)| *long == three).map(|(_, short)| *short)?;
    Some(two.to_string())
}

/// ISO 639-3 to ISO 639-1.
const CODES: &[(&str, &str)] = &[
    ("eng", "en"),
    ("deu", "de"),
    ("fra", "fr"),
    ("spa", "es"),
    ("ita", "it"),
    ("por", "pt"),
    ("nld", "nl"),
    ("pol", "pl"),
    ("dan", "da"),
    ("swe", "sv"),
    ("nob", "no"),
    ("fin", "fi"),
    ("ces", "cs"),
    ("slk", "sk"),
    ("slv", "sl"),
    ("hrv", "hr"),
    ("srp", "sr"),
    ("hun", "hu"),
    ("ron", "ro"),
    ("bul", "bg"),
    ("ell", "el"),
    ("tur", "tr"),
    ("rus", "ru"),
    ("ukr", "uk"),
    ("ara", "ar"),
    ("heb", "he"),
    ("hin", "hi"),
    ("jpn", "ja"),
    ("kor", "ko"),
    ("cmn", "zh"),
    ("vie", "vi"),
    ("tha", "th"),
    ("ind", "id"),
    ("cat", "ca"),
    ("est", "et"),
    ("lav", "lv"),
    ("lit", "lt"),
];
