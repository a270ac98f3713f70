//! The kinds of documents: by which titles they go, and what in a title or an address speaks for them. One list for all who ask.

/// A kind of document.
pub(crate) struct Kind {
    /// Its terms type.
    pub name: &'static str,
    /// Titles by which it goes, as lower-case words.
    pub titles: &'static [&'static str],
    /// Titles of it that may also head a section of another document, so that they do not show that a page holds several.
    pub short: &'static [&'static str],
    /// Parts of a title or of an address that speak for it.
    cues: &'static [&'static str],
}

/// The kinds, those first whose cues are the more telling: "community" says more than the "terms" beside it.
pub(crate) const KINDS: &[Kind] = &[
    Kind {
        name: "Data Processor Agreement",
        titles: &["data processor agreement", "data processing agreement", "data processing addendum"],
        short: &["dpa", "data processing"],
        cues: &["data processing", "data processor"],
    },
    Kind { name: MODEL_LICENCE, titles: &[], short: &[], cues: &["model licen", "community licen"] },
    Kind {
        name: "Trackers Policy",
        titles: &["trackers policy", "cookie policy", "cookies policy", "cookie statement", "politique de cookies"],
        short: &["cookies", "cookie notice"],
        cues: &["cookie", "tracker"],
    },
    Kind {
        name: "Community Guidelines",
        titles: &["community guidelines", "community standards", "community rules"],
        short: &["guidelines"],
        cues: &["community"],
    },
    Kind {
        name: "Acceptable Use Policy",
        titles: &["acceptable use policy", "usage policy"],
        short: &["acceptable use"],
        cues: &["acceptable use", "acceptable-use", "usage polic"],
    },
    Kind {
        name: "Developer Terms",
        titles: &["developer terms", "api terms", "developer agreement", "api license"],
        short: &["api", "developers"],
        cues: &["developer", "api terms"],
    },
    Kind {
        name: "Copyright Claims Policy",
        titles: &["copyright claims policy", "copyright policy", "dmca policy"],
        short: &["dmca", "copyright"],
        cues: &["copyright"],
    },
    Kind { name: "Law Enforcement Guidelines", titles: &[], short: &[], cues: &["law enforcement"] },
    Kind { name: "Commercial Terms", titles: &[], short: &[], cues: &["commercial terms", "business terms"] },
    Kind { name: "Seller Warranty", titles: &[], short: &[], cues: &["seller"] },
    Kind {
        name: "Privacy Policy",
        titles: &[
            "privacy policy",
            "privacy notice",
            "privacy statement",
            "politique de confidentialité",
            "datenschutzerklärung",
            "política de privacidad",
            "informativa sulla privacy",
        ],
        short: &["privacy", "datenschutz"],
        cues: &["privacy", "datenschutz", "confidentialit", "privacidad"],
    },
    Kind {
        name: IMPRINT,
        titles: &["imprint", "impressum", "legal notice", "mentions légales", "aviso legal", "note legali", "colofon"],
        short: &[],
        cues: &["imprint", "impressum"],
    },
    Kind {
        name: TERMS_OF_SERVICE,
        titles: &[
            "terms of service",
            "terms of use",
            "terms and conditions",
            "terms conditions",
            "conditions of use",
            "user agreement",
            "conditions générales d utilisation",
            "nutzungsbedingungen",
            "condiciones de uso",
            "termini di servizio",
        ],
        short: &["terms", "cgu", "agb", "tos"],
        cues: &["terms", "conditions", "tos", "agb", "agreement"],
    },
    // Of a licence that says nothing else of itself.
    Kind { name: MODEL_LICENCE, titles: &[], short: &[], cues: &["licen"] },
    // "Legal notice" may head terms of service as well, which then speak for themselves.
    Kind {
        name: IMPRINT,
        titles: &[],
        short: &[],
        cues: &[
            "legal notice",
            "legal-notice",
            "mentions légales",
            "mentions legales",
            "mentions-legales",
            "aviso legal",
            "aviso-legal",
            "note legali",
            "note-legali",
            "colofon",
        ],
    },
];

const IMPRINT: &str = "Imprint";

const MODEL_LICENCE: &str = "Model Licence";
/// The terms type of a document of which nothing else is known.
pub const TERMS_OF_SERVICE: &str = "Terms of Service";

/// The names of the kinds.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    let again = |at: usize| KINDS[..at].iter().any(|kind| kind.name == KINDS[at].name);
    (0..KINDS.len()).filter(move |at| !again(*at)).map(|at| KINDS[at].name)
}

/// The terms type that a title and an address speak for; the title has the first word. None if neither speaks for any.
pub fn kind_of(title: Option<&str>, url: Option<&str>) -> Option<&'static str> {
    let find = |text: Option<&str>| {
        let lower = text?.to_lowercase();
        KINDS.iter().find(|kind| kind.cues.iter().any(|cue| lower.contains(cue))).map(|kind| kind.name)
    };
    find(title).or_else(|| find(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_come_before_addresses() {
        assert_eq!(
            kind_of(Some("Plum Privacy Notice"), Some("https://plum.example/legal/terms")),
            Some("Privacy Policy")
        );
        assert_eq!(kind_of(Some("Plum"), Some("https://plum.example/legal/cookies")), Some("Trackers Policy"));
        assert_eq!(kind_of(Some("Plum Community Licence Agreement"), None), Some("Model Licence"));
        assert_eq!(kind_of(Some("Licence agreement"), None), Some(TERMS_OF_SERVICE));
        assert_eq!(kind_of(Some("Plum"), Some("https://plum.example/licence")), Some("Model Licence"));
        assert_eq!(kind_of(Some("Impressum"), Some("https://plum.example/agb")), Some("Imprint"));
        assert_eq!(kind_of(None, Some("/de/impressum")), Some("Imprint"));
        assert_eq!(kind_of(Some("Impressum und Datenschutz"), None), Some("Privacy Policy"));
        assert_eq!(kind_of(Some("Mentions légales"), None), Some("Imprint"));
        assert_eq!(kind_of(Some("Legal notice and terms of use"), None), Some(TERMS_OF_SERVICE));
        assert_eq!(kind_of(Some("Plum"), None), None);
        assert_eq!(kind_of(None, None), None);
    }

    #[test]
    fn each_kind_is_named_once() {
        let names: Vec<&str> = kinds().collect();
        assert_eq!(names.iter().filter(|name| **name == MODEL_LICENCE).count(), 1);
        assert!(names.contains(&TERMS_OF_SERVICE) && names.contains(&"Imprint"), "{names:?}");
        // A document that goes by its own type's title is found by it.
        for kind in KINDS.iter().filter(|kind| !kind.titles.is_empty() && !kind.cues.is_empty()) {
            assert_eq!(kind_of(Some(kind.name), None), Some(kind.name));
        }
    }
}
