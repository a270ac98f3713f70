//! Which languages are read and how far, in words for people.
use crate::taxonomy::taxonomy;
use crate::unfair::Head;

/// The English name of a language (ISO 639-1); the code itself when it is not among those that documents are told to be in.
pub fn name(code: &str) -> &str {
    NAMES.iter().find(|(known, _)| *known == code).map_or(code, |(_, name)| name)
}

/// What is not read of a document in this language: nothing of one in English, or in a language that could not be told.
pub fn limits(code: Option<&str>) -> Option<String> {
    let code = code.filter(|code| *code != "en")?;
    let (name, all) = (name(code), taxonomy().types().len());
    Some(match Head::of_language(code) {
        Some(head) => {
            format!(
                "The document is in {name}. In that language {} of the {all} clause types are looked for.",
                head.labels().len()
            )
        }
        None => format!("The document is in {name}, which the reader does not know: no provision is looked for in it."),
    })
}

const NAMES: &[(&str, &str)] = &[
    ("ar", "Arabic"),
    ("bg", "Bulgarian"),
    ("ca", "Catalan"),
    ("cs", "Czech"),
    ("da", "Danish"),
    ("de", "German"),
    ("el", "Greek"),
    ("en", "English"),
    ("es", "Spanish"),
    ("et", "Estonian"),
    ("fi", "Finnish"),
    ("fr", "French"),
    ("he", "Hebrew"),
    ("hi", "Hindi"),
    ("hr", "Croatian"),
    ("hu", "Hungarian"),
    ("id", "Indonesian"),
    ("it", "Italian"),
    ("ja", "Japanese"),
    ("ko", "Korean"),
    ("lt", "Lithuanian"),
    ("lv", "Latvian"),
    ("nl", "Dutch"),
    ("no", "Norwegian"),
    ("pl", "Polish"),
    ("pt", "Portuguese"),
    ("ro", "Romanian"),
    ("ru", "Russian"),
    ("sk", "Slovak"),
    ("sl", "Slovenian"),
    ("sr", "Serbian"),
    ("sv", "Swedish"),
    ("th", "Thai"),
    ("tr", "Turkish"),
    ("uk", "Ukrainian"),
    ("vi", "Vietnamese"),
    ("zh", "Chinese"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_read_is_said() {
        assert_eq!(limits(Some("en")), None);
        assert_eq!(limits(None), None);
        assert!(limits(Some("de")).unwrap().contains("German. In that language 9 of the 146"));
        assert!(limits(Some("fr")).unwrap().contains("French, which the reader does not know"));
        assert_eq!(name("xx"), "xx");
    }
}
