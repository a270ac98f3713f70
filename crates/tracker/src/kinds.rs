//! Which terms type a document is, judged from its title and address when nobody said so.

/// Cues, most telling first: words of a title or address, and the terms type that they speak for.
const CUES: &[(&str, &str)] = &[
    ("data processing", "Data Processor Agreement"),
    ("data processor", "Data Processor Agreement"),
    ("model licen", "Model Licence"),
    ("community licen", "Model Licence"),
    ("cookie", "Trackers Policy"),
    ("tracker", "Trackers Policy"),
    ("community", "Community Guidelines"),
    ("acceptable use", "Acceptable Use Policy"),
    ("acceptable-use", "Acceptable Use Policy"),
    ("usage polic", "Acceptable Use Policy"),
    ("developer", "Developer Terms"),
    ("api terms", "Developer Terms"),
    ("copyright", "Copyright Claims Policy"),
    ("law enforcement", "Law Enforcement Guidelines"),
    ("commercial terms", "Commercial Terms"),
    ("business terms", "Commercial Terms"),
    ("seller", "Seller Warranty"),
    ("privacy", "Privacy Policy"),
    ("datenschutz", "Privacy Policy"),
    ("confidentialit", "Privacy Policy"),
    ("privacidad", "Privacy Policy"),
    ("terms", "Terms of Service"),
    ("conditions", "Terms of Service"),
    ("tos", "Terms of Service"),
    ("agb", "Terms of Service"),
    ("agreement", "Terms of Service"),
    ("licen", "Model Licence"),
];

/// The terms type that a title and an address speak for; the title has the first word. `Terms of Service` if neither does.
pub fn guess(title: Option<&str>, url: Option<&str>) -> &'static str {
    let find = |text: Option<&str>| {
        let lower = text?.to_lowercase();
        CUES.iter().find(|(cue, _)| lower.contains(cue)).map(|(_, kind)| *kind)
    };
    find(title).or_else(|| find(url)).unwrap_or("Terms of Service")
}

#[cfg(test)]
mod tests {
    use super::guess;

    #[test]
    fn titles_come_before_addresses() {
        assert_eq!(guess(Some("Plum Privacy Notice"), Some("https://plum.example/legal/terms")), "Privacy Policy");
        assert_eq!(guess(Some("Plum"), Some("https://plum.example/legal/cookies")), "Trackers Policy");
        assert_eq!(guess(None, None), "Terms of Service");
    }
}
