//! Our clause types beside the data practices of OPP-115 (Wilson et al. 2016, "The creation and analysis of a website privacy policy
//! corpus"), to measure the reader on policies that others labelled for another purpose. Nothing is learnt from them.
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::reader::Reader;
use crate::unfair::{LabelMeasures, Sentence};

/// A practice as the data names it, and the clause types that speak of it.
type Practice = (&'static str, &'static [&'static str]);

/// The practices that say something of a policy; the data's labels for introductions, addresses and the rest do not.
const PRACTICES: [Practice; 9] = [
    (
        "First Party Collection/Use",
        &[
            "collects-personal",
            "collects-device-usage",
            "collects-location",
            "collects-sensitive",
            "collects-biometric",
            "collects-payment",
            "collects-contacts-content",
            "collects-from-third-parties",
            "cookies",
            "tracking-pixels",
            "processing-purposes",
            "aggregate-data",
        ],
    ),
    (
        "Third Party Sharing/Collection",
        &[
            "shares-third-parties",
            "shares-affiliates",
            "shares-by-user-choice",
            "service-providers",
            "merger-transfer",
            "law-enforcement",
            "sells-data",
            "no-sale",
            "analytics-providers",
            "cross-site-tracking",
            "targeted-ads",
        ],
    ),
    ("User Choice/Control", &["cookie-controls", "marketing-messages", "rights-object", "user-may-leave"]),
    ("User Access, Edit and Deletion", &["rights-access-deletion"]),
    ("Data Retention", &["retention-period", "retention-indefinite"]),
    ("Data Security", &["security-measures"]),
    ("Policy Change", &["change-without-notice", "change-with-notice", "change-continued-use", "review-duty"]),
    ("Do Not Track", &["do-not-track"]),
    (
        "International and Specific Audiences",
        &["children-data", "minimum-age", "cross-border-transfer", "regional-notice"],
    ),
];

/// How well practices are found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PracticeMeasures {
    /// Segments (paragraphs) that were read.
    pub segments: usize,
    /// Policies that they are from.
    pub policies: usize,
    /// Each practice: does a segment speak of it?
    pub by_segment: Vec<LabelMeasures>,
    /// Each practice: does a policy speak of it anywhere?
    pub by_policy: Vec<LabelMeasures>,
}

/// Reads labelled segments, each with the policy it is from as its platform, and compares.
pub fn measure(reader: &Reader, segments: &[Sentence]) -> PracticeMeasures {
    let none = || PRACTICES.map(|(name, _)| LabelMeasures { name, ..LabelMeasures::default() }).to_vec();
    let (mut by_segment, mut by_policy) = (none(), none());
    let mut policies: BTreeMap<&str, (BTreeSet<&str>, BTreeSet<&str>)> = BTreeMap::new();
    for segment in segments {
        let labelled: BTreeSet<&str> = segment.labels.iter().map(String::as_str).collect();
        let found = found(reader, &segment.text);
        tally(&mut by_segment, &labelled, &found);
        let policy = policies.entry(&segment.platform).or_default();
        policy.0.extend(labelled);
        policy.1.extend(found);
    }
    policies.values().for_each(|(labelled, found)| tally(&mut by_policy, labelled, found));
    PracticeMeasures { segments: segments.len(), policies: policies.len(), by_segment, by_policy }
}

/// The practices that a text speaks of.
fn found(reader: &Reader, text: &str) -> BTreeSet<&'static str> {
    let types = reader.types("", text);
    let speaks = |(_, ids): &&Practice| types.iter().any(|assertion| ids.contains(&assertion.kind.id.as_str()));
    PRACTICES.iter().filter(speaks).map(|(name, _)| *name).collect()
}

fn tally(measures: &mut [LabelMeasures], labelled: &BTreeSet<&str>, found: &BTreeSet<&str>) {
    for measure in measures {
        measure.count(labelled.contains(measure.name), found.contains(measure.name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::taxonomy::taxonomy;

    #[test]
    fn every_type_is_known_and_in_one_practice() {
        let mut seen = BTreeSet::new();
        for id in PRACTICES.iter().flat_map(|(_, ids)| *ids) {
            assert!(taxonomy().get(id).is_some(), "{id}");
            assert!(seen.insert(id), "{id} is in two practices");
        }
    }

    #[test]
    fn a_policy_speaks_of_what_any_segment_speaks_of() {
        let segment = |platform: &str, text: &str, labels: &[&str]| Sentence {
            platform: platform.into(),
            text: text.into(),
            labels: labels.iter().map(|label| label.to_string()).collect(),
        };
        let segments = [
            segment("plum", "We encrypt your personal data in transit and at rest.", &["Data Security"]),
            segment("plum", "Our site is made for people who like fruit.", &["Data Security"]),
            segment("pear", "We do not respond to Do Not Track signals of your browser.", &["Do Not Track"]),
        ];
        let measures = measure(Reader::embedded(), &segments);
        let of = |measures: &[LabelMeasures], name: &str| {
            let found = measures.iter().find(|measure| measure.name == name).unwrap();
            (found.support, found.asserted, found.right)
        };
        assert_eq!((measures.segments, measures.policies), (3, 2));
        assert_eq!(of(&measures.by_segment, "Data Security"), (2, 1, 1));
        assert_eq!(of(&measures.by_policy, "Data Security"), (1, 1, 1));
        assert_eq!(of(&measures.by_policy, "Do Not Track"), (1, 1, 1));
    }
}
