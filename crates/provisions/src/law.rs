//! Which regulations may bear on a provision, and on what condition.
//!
//! The taxonomy links each clause type to instruments, with a reason and conditions (`eu`, `us-ca`, `consumer`, `ai`, …). Here each
//! condition is judged by what is known of the platform and by what the document says of itself: it holds, it is likely, it is
//! possible, or it is ruled out. A law that is ruled out is not shown; the others tell the condition that is still open. Nothing here
//! says that a law is broken.
use std::sync::LazyLock;

use regex::Regex;

use crate::taxonomy::{Article, ClauseType, Regulation, RegulationLink, taxonomy};

/// Most regulations that are told for one provision.
pub const MOST: usize = 6;

/// What is known about a platform and its document that decides which law may apply.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Circumstances<'a> {
    /// ISO 3166-1 alpha-2 country of the platform.
    pub country: Option<&'a str>,
    /// Sector of the platform.
    pub sector: Option<&'a str>,
    /// Terms type of the document.
    pub document_kind: &'a str,
    /// The document's clean text: what it says about where and to whom the service is offered.
    pub text: &'a str,
}

/// A regulation that may apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applicable<'a> {
    /// The regulation.
    pub regulation: &'a Regulation,
    /// The article that matters, where one is named.
    pub article: Option<&'a Article>,
    /// Why it may apply to a clause of this type.
    pub reason: &'a str,
    /// On what condition, in words: "if people in the European Union are served".
    pub condition: String,
}

/// How far a condition is met, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// What is known of the platform says so.
    Holds,
    /// The document speaks of it.
    Likely,
    /// Nothing is known.
    Possible,
    /// The document says that it is not so.
    RuledOut,
}

/// The regulations that may bear on a clause of type `kind` under these circumstances. Those whose conditions hold come first, then
/// those that the document speaks of, each in the order of the taxonomy; at most [`MOST`]. Those whose conditions the document itself
/// rules out are left out.
pub fn applicable<'a>(kind: &'a ClauseType, circumstances: &Circumstances<'_>) -> Vec<Applicable<'a>> {
    let known = Known::read(kind, circumstances);
    let mut found: Vec<(Fit, Applicable<'a>)> = kind
        .regulations
        .iter()
        .filter_map(|link| judge(link, &known))
        .filter(|(fit, _)| *fit != Fit::RuledOut)
        .collect();
    found.sort_by_key(|(fit, _)| *fit);
    found.into_iter().map(|(_, applicable)| applicable).take(MOST).collect()
}

fn judge<'a>(link: &'a RegulationLink, known: &Known<'_>) -> Option<(Fit, Applicable<'a>)> {
    let regulation = taxonomy().regulation(&link.id)?;
    let article = link.article.as_deref().and_then(|id| regulation.articles.iter().find(|article| article.id == id));
    let tokens: Vec<&str> = link.when.split(',').map(str::trim).collect();
    let place = place_of(regulation, &tokens);
    let mut fits = vec![known.place(place)];
    fits.extend(tokens.iter().map(|token| known.circumstance(token)));
    let fit = fits.iter().copied().max().unwrap_or(Fit::Possible);
    let condition = condition(place, fits[0], &tokens, known);
    Some((fit, Applicable { regulation, article, reason: &link.reason, condition }))
}

// ---- Places ----

/// A place in which a law is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    /// How it is called after "in".
    name: &'static str,
    /// Country codes that belong to it; a state has that of its country.
    codes: &'static [&'static str],
    /// A part of a country: a platform of that country need not serve it.
    part: bool,
    /// Words, in lower case, with which a document speaks of it.
    cues: &'static [&'static str],
}

const EU_CODES: &[&str] = &[
    "EU", "AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IE", "IT", "LV", "LT", "LU",
    "MT", "NL", "PL", "PT", "RO", "SK", "SI", "ES", "SE", "IS", "LI", "NO",
];

const fn whole(name: &'static str, codes: &'static [&'static str], cues: &'static [&'static str]) -> Place {
    Place { name, codes, part: false, cues }
}

const fn part(name: &'static str, codes: &'static [&'static str], cues: &'static [&'static str]) -> Place {
    Place { name, codes, part: true, cues }
}

const PLACES: &[Place] = &[
    whole("the European Union", EU_CODES, &["european union", "european economic area", " eea", "gdpr", " eu "]),
    whole("the United States", &["US"], &["united states", "u.s.", "california", " usa"]),
    whole("the United Kingdom", &["GB", "UK"], &["united kingdom", " uk ", "uk gdpr", "england"]),
    whole("Canada", &["CA"], &["canada", "canadian"]),
    whole("Brazil", &["BR"], &["brazil", "lgpd"]),
    whole("China", &["CN"], &["people's republic of china", "mainland china", "pipl"]),
    whole("Japan", &["JP"], &["japan"]),
    whole("Australia", &["AU"], &["australia"]),
    whole("Switzerland", &["CH"], &["switzerland", "swiss"]),
    whole("South Korea", &["KR"], &["korea"]),
    whole("India", &["IN"], &[" india"]),
    whole("Singapore", &["SG"], &["singapore"]),
    whole("South Africa", &["ZA"], &["south africa", "popia"]),
    part("California", &["US"], &["california", "ccpa"]),
    part("Illinois", &["US"], &["illinois"]),
    part("Virginia", &["US"], &["virginia"]),
    part("Colorado", &["US"], &["colorado"]),
    part("Connecticut", &["US"], &["connecticut"]),
    part("Utah", &["US"], &["utah"]),
    part("Texas", &["US"], &["texas"]),
    part("Oregon", &["US"], &["oregon"]),
    part(
        "Washington",
        &["US"],
        &["state of washington", "washington state", "washington resident", "my health my data"],
    ),
    part("New York City", &["US"], &["new york city"]),
    part("New York", &["US"], &["new york"]),
    part("Quebec", &["CA"], &["quebec", "québec"]),
];

/// The place of a regulation: its jurisdiction, which for a state is narrower than the condition of the link.
fn place_of(regulation: &Regulation, tokens: &[&str]) -> Option<&'static Place> {
    let by_condition = tokens.iter().find_map(|token| {
        let name = match *token {
            "eu" => "the European Union",
            "us" => "the United States",
            "uk" => "the United Kingdom",
            "us-ca" => "California",
            "us-il" => "Illinois",
            "ca" => "Canada",
            "br" => "Brazil",
            "cn" => "China",
            "jp" => "Japan",
            _ => return None,
        };
        PLACES.iter().find(|place| place.name == name)
    });
    let jurisdiction = regulation.jurisdiction.as_str();
    PLACES.iter().find(|place| place.name.strip_prefix("the ").unwrap_or(place.name) == jurisdiction).or(by_condition)
}

// ---- What is known ----

/// What the circumstances say, read once for all regulations of a type.
struct Known<'a> {
    country: Option<String>,
    /// Country codes of the places that alone are served, if the document says so.
    only: Option<Vec<&'static str>>,
    /// The document in lower case.
    text: String,
    business_only: bool,
    category: &'a str,
    sector: String,
    kind: &'a ClauseType,
}

impl<'a> Known<'a> {
    fn read(kind: &'a ClauseType, circumstances: &Circumstances<'_>) -> Known<'a> {
        let text = circumstances.text.to_lowercase();
        Known {
            country: circumstances.country.map(str::to_ascii_uppercase),
            only: served_only(&text),
            business_only: business_only(&text, circumstances.document_kind),
            category: &kind.category,
            sector: circumstances.sector.unwrap_or("").to_lowercase(),
            text,
            kind,
        }
    }

    fn place(&self, place: Option<&Place>) -> Fit {
        let Some(place) = place else { return Fit::Possible };
        if self.only.as_ref().is_some_and(|only| !only.iter().any(|code| place.codes.contains(code))) {
            return Fit::RuledOut;
        }
        if !place.part && self.country.as_deref().is_some_and(|country| place.codes.contains(&country)) {
            return Fit::Holds;
        }
        if place.cues.iter().any(|cue| self.text.contains(cue)) { Fit::Likely } else { Fit::Possible }
    }

    fn circumstance(&self, token: &str) -> Fit {
        match token {
            "consumer" if self.business_only => Fit::RuledOut,
            "business" if self.business_only => Fit::Holds,
            "consumer" | "business" => Fit::Possible,
            "ai" => self.about_ai(),
            "children" if self.text.is_empty() => Fit::Possible,
            "children"
                if ["child", "minor", "under 13", "under 16", "parent"].iter().any(|cue| self.text.contains(cue)) =>
            {
                Fit::Likely
            }
            "children" => Fit::Possible,
            "subscription" => self.by_subscription(),
            // A place, judged by the jurisdiction; "any".
            _ => Fit::Holds,
        }
    }

    fn about_ai(&self) -> Fit {
        let cues = [
            "artificial intelligence",
            "machine learning",
            "machine-learning",
            " ai ",
            " ai-",
            "language model",
            "generative",
        ];
        if self.sector.split(|c: char| !c.is_alphanumeric()).any(|word| word == "ai")
            || self.sector.contains("artificial intelligence")
            || self.category == "ai"
        {
            Fit::Holds
        } else if self.text.is_empty() {
            Fit::Possible
        } else if cues.iter().any(|cue| self.text.contains(cue)) {
            Fit::Likely
        } else {
            Fit::RuledOut
        }
    }

    fn by_subscription(&self) -> Fit {
        let cues = ["subscri", "renew", "recurring", "free trial", "membership"];
        if matches!(self.kind.id.as_str(), "auto-renewal" | "free-trial-conversion") {
            Fit::Holds
        } else if self.text.is_empty() {
            Fit::Possible
        } else if cues.iter().any(|cue| self.text.contains(cue)) {
            Fit::Likely
        } else {
            Fit::RuledOut
        }
    }
}

/// The countries to which alone the service is offered, if the document (in lower case) says so of the service itself: a section
/// "only for residents of California" says nothing of the kind.
fn served_only(text: &str) -> Option<Vec<&'static str>> {
    static ONLY: LazyLock<Regex> = LazyLock::new(|| {
        let subject = r"(?:services?|sites?|websites?|apps?|applications?|platform|products?)";
        let offered = r"(?:available|offered|intended|provided|directed|designed|open|accessible)";
        let whom = r"(?:(?:to|for|in|within|from|by|of|the|use|users?|residents?|persons?|people|individuals|customers|consumers|citizens|who|are|located|residing|resident|living|and|or) ){1,9}";
        let place = r"(united states(?: of america)?|u\.s\.|usa|european union|european economic area|united kingdom|uk|canada|brazil|japan|china|mainland china|australia|india|switzerland|singapore|south korea|germany|france)";
        Regex::new(&format!(
            r"\b{subject} (?:(?:is|are|and|our|other|its|content) ){{1,4}}(?:(?:only|solely|exclusively) (?:currently )?{offered}|(?:currently )?{offered} (?:only|solely|exclusively)) {whom}{place}\b"
        ))
        .expect("a constant")
    });
    let name = ONLY.captures(text)?.get(1)?.as_str();
    let codes: &[&str] = match name {
        "european union" | "european economic area" => EU_CODES,
        "united kingdom" | "uk" => &["GB", "UK"],
        "canada" => &["CA"],
        "brazil" => &["BR"],
        "japan" => &["JP"],
        "china" | "mainland china" => &["CN"],
        "australia" => &["AU"],
        "india" => &["IN"],
        "switzerland" => &["CH"],
        "singapore" => &["SG"],
        "south korea" => &["KR"],
        "germany" => &["DE"],
        "france" => &["FR"],
        _ => &["US"],
    };
    Some(codes.to_vec())
}

/// Whether the document (in lower case) says that only businesses may use the service, or is of a kind that only they agree to.
fn business_only(text: &str, document_kind: &str) -> bool {
    static ONLY: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"\b(?:(?:only|solely|exclusively) (?:available |offered |intended |provided |directed )?(?:to|for|at) (?:use by )?(?:businesses|business customers|business users|commercial customers|companies|professionals|entrepreneurs|merchants)\b|(?:not|never) (?:available|offered|intended|provided|directed|meant) (?:to|for|at) (?:use by )?(?:consumers|private individuals)\b|you are not (?:a|acting as a|entering into .{1,40} as a) consumer\b)",
        )
        .expect("a constant")
    });
    let kind = document_kind.to_lowercase();
    kind.contains("business") || kind.contains("data process") || kind == "commercial terms" || ONLY.is_match(text)
}

// ---- Conditions in words ----

fn condition(place: Option<&Place>, fit: Fit, tokens: &[&str], known: &Known<'_>) -> String {
    let has = |token: &str| tokens.contains(&token);
    let name = place.map(|place| place.name);
    let open = |token: &str| has(token) && known.circumstance(token) != Fit::Holds;
    let people = if has("consumer") {
        "consumers"
    } else if open("children") {
        "children"
    } else if open("business") {
        "business customers"
    } else {
        "people"
    };
    let mut parts = Vec::new();
    match (name, fit) {
        (Some(name), Fit::Holds) if people == "people" => parts.push(format!("the company is established in {name}")),
        (Some(name), _) => parts.push(format!("{people} in {name} are served")),
        (None, _) if people == "people" => {}
        (None, _) => parts.push(format!("{people} are served")),
    }
    if has("consumer") && open("children") {
        parts.push("children use it".to_owned());
    }
    if open("ai") {
        parts.push("the service is an AI system".to_owned());
    }
    if open("subscription") {
        parts.push("it is sold as a subscription".to_owned());
    }
    match (parts.as_slice(), fit) {
        ([], _) => "whatever the place".to_owned(),
        ([only], Fit::Holds) if only.starts_with("the company") => format!("since {only}"),
        (parts, _) => format!("if {}", parts.join(" and ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shorts(type_id: &str, circumstances: &Circumstances<'_>) -> Vec<(String, String)> {
        let kind = taxonomy().get(type_id).expect("a type");
        applicable(kind, circumstances)
            .into_iter()
            .map(|found| (found.regulation.short.clone(), found.condition))
            .collect()
    }

    fn has(found: &[(String, String)], short: &str) -> bool {
        found.iter().any(|(name, _)| name == short)
    }

    #[test]
    fn what_is_known_comes_first_and_tells_its_condition() {
        let german = Circumstances { country: Some("DE"), document_kind: "Privacy Policy", ..Default::default() };
        let found = shorts("rights-access-deletion", &german);
        assert_eq!(found[0], ("GDPR".into(), "since the company is established in the European Union".into()));
        assert!(
            found.iter().any(|(name, when)| name == "LGPD" && when == "if people in Brazil are served"),
            "{found:?}"
        );
        assert!(found.iter().any(|(_, when)| when == "if consumers in California are served"), "{found:?}");
        let brazilian = Circumstances { country: Some("br"), ..Default::default() };
        assert_eq!(shorts("rights-access-deletion", &brazilian)[0].0, "LGPD");
    }

    #[test]
    fn a_law_of_one_place_is_not_claimed_where_another_alone_is_served() {
        let text = "The Service is available only to residents of the European Union.";
        let european = Circumstances { text, document_kind: "Terms of Service", ..Default::default() };
        let found = shorts("arbitration", &european);
        assert!(
            has(&found, "Unfair Contract Terms Directive") && !has(&found, "FAA") && !has(&found, "EFAA"),
            "{found:?}"
        );
        assert!(!has(&found, "Quebec CPA"), "{found:?}");
        let text = "Our Services are intended solely for users located in the United States.";
        let found = shorts("arbitration", &Circumstances { text, ..Default::default() });
        assert!(has(&found, "FAA") && !has(&found, "Unfair Contract Terms Directive"), "{found:?}");
    }

    #[test]
    fn a_section_for_one_place_rules_nothing_out() {
        for text in [
            "This section applies solely to residents of the United States.",
            "This offer is only available in Canada.",
            "The Service is not only available in the United States but everywhere.",
            "The app is available in the United States.",
        ] {
            assert!(has(&shorts("arbitration", &Circumstances { text, ..Default::default() }), "FAA"), "{text}");
            assert!(
                has(
                    &shorts("arbitration", &Circumstances { text, ..Default::default() }),
                    "Unfair Contract Terms Directive"
                ),
                "{text}"
            );
        }
    }

    #[test]
    fn consumer_law_is_left_out_of_business_terms() {
        let text = "The Services are offered solely to businesses.";
        let found = shorts("liability-cap", &Circumstances { text, ..Default::default() });
        assert!(!has(&found, "Unfair Contract Terms Directive") && has(&found, "UCTA"), "{found:?}");
        let private = Circumstances { text: "For everyone.", ..Default::default() };
        assert!(has(&shorts("liability-cap", &private), "Unfair Contract Terms Directive"));
    }

    #[test]
    fn ai_law_needs_ai() {
        let shop = Circumstances { text: "We sell shoes.", document_kind: "Terms of Service", ..Default::default() };
        assert!(!has(&shorts("use-policy-flow-down", &shop), "AI Act"));
        let lab = Circumstances { sector: Some("AI"), text: "We make models.", ..Default::default() };
        assert!(has(&shorts("use-policy-flow-down", &lab), "AI Act"));
        let conditions = shorts("ai-output-disclaimer", &Circumstances { country: Some("FR"), ..Default::default() });
        assert_eq!(conditions[0].1, "since the company is established in the European Union");
    }

    #[test]
    fn every_condition_of_the_taxonomy_is_known() {
        let tokens = [
            "eu",
            "us",
            "us-ca",
            "us-il",
            "uk",
            "ca",
            "br",
            "cn",
            "jp",
            "ai",
            "consumer",
            "business",
            "children",
            "subscription",
            "any",
        ];
        for kind in taxonomy().types() {
            for link in &kind.regulations {
                assert!(link.when.split(',').all(|token| tokens.contains(&token.trim())), "{}: {}", kind.id, link.when);
            }
            let all = applicable(kind, &Circumstances::default());
            assert_eq!(all.len(), kind.regulations.len().min(MOST), "{}: nothing is ruled out by silence", kind.id);
            assert!(all.iter().all(|found| !found.condition.is_empty() && !found.condition.ends_with('.')));
        }
    }
}
