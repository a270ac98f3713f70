//! Families of documents, and which of them could hold a clause of a category: the denominator of rarity.

/// A family of governing documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// Terms of service and other rules of a contract.
    Terms,
    /// Privacy and cookie policies, data processing agreements.
    Privacy,
    /// Licences of software and models.
    Licence,
}

impl Family {
    /// All families.
    pub const ALL: [Family; 3] = [Family::Terms, Family::Privacy, Family::Licence];

    /// The family of a terms type.
    pub fn of_kind(kind: &str) -> Family {
        let kind = kind.to_lowercase();
        let names = |words: &[&str]| words.iter().any(|word| kind.contains(word));
        if names(&["privacy", "tracker", "cookie", "data processor", "data processing", "data controller"]) {
            Family::Privacy
        } else if names(&["licence", "license"]) {
            Family::Licence
        } else {
            Family::Terms
        }
    }
}

/// The families that could hold a clause of a category of the taxonomy; all of them for a category that is not known here.
pub fn families(category: &str) -> &'static [Family] {
    match category {
        "data-collection" | "tracking" | "data-sharing" | "retention-security" | "privacy-rights" => &[Family::Privacy],
        "licence-api" | "content-rights" | "use-restrictions" | "liability" | "disputes" | "termination" => {
            &[Family::Terms, Family::Licence]
        }
        "payments" => &[Family::Terms],
        _ => &Family::ALL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_fall_into_families() {
        for (kind, family) in [
            ("Terms of Service", Family::Terms),
            ("Privacy Policy", Family::Privacy),
            ("Trackers Policy", Family::Privacy),
            ("Model Licence", Family::Licence),
            ("Open Source License", Family::Licence),
            ("Anything Else", Family::Terms),
        ] {
            assert_eq!(Family::of_kind(kind), family, "{kind}");
        }
        assert_eq!(families("payments"), [Family::Terms]);
        assert_eq!(families("unheard-of").len(), 3);
    }
}
