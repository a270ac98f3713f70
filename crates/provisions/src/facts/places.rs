//! Places and bodies: the law, the courts, the seat and the body of an arbitration, the language that prevails.
use std::sync::LazyLock;

use regex::Regex;

use crate::normalise::whole_word;

/// Capitalised words that name a place, as part of a regular expression.
const PLACE: &str = r"((?:the )?(?:[A-Z](?:\.[A-Z]\.?)+|[A-Z][\p{L}’'-]*)(?:,? (?:(?:of|and|the|de) )*(?:[A-Z](?:\.[A-Z]\.?)+|[A-Z][\p{L}’'-]*)){0,7})";

fn place_pattern(before: &str) -> Regex {
    Regex::new(&format!("{before}{PLACE}")).expect("a constant")
}

/// A place without "the State of" and what does not belong to it.
fn tidy_place(found: &str) -> Option<String> {
    let mut place = found.trim().trim_end_matches(',');
    for prefix in ["the ", "State of ", "Commonwealth of ", "Province of ", "Republic of ", "Country of "] {
        let rest = place.strip_prefix(prefix);
        place = match (prefix, rest) {
            // "the Republic of Korea" keeps its name; "the Republic of Ireland" is as clear without.
            ("Republic of ", Some("Korea" | "China")) | (_, None) => place,
            (_, Some(rest)) => rest,
        };
    }
    for stop in [
        " and Licensee",
        " and You",
        " and Company",
        ", You",
        ", We",
        " and We",
        ", Licensee",
        ", Company",
        " You",
        " Company",
    ] {
        place = place.split(stop).next().unwrap_or(place);
    }
    let generic = [
        "Your",
        "You",
        "We",
        "Our",
        "This",
        "These",
        "Such",
        "Any",
        "Site",
        "Service",
        "Services",
        "Terms",
        "Conflict",
        "Contracts",
        "EU",
        "EEA",
    ];
    let usable =
        place.len() >= 4 && place.len() <= 60 && !generic.iter().any(|word| place.split(' ').next() == Some(word));
    let article = ["United ", "Netherlands", "Republic ", "People", "Federal Republic", "Cayman", "District of"];
    let article = if article.iter().any(|name| place.starts_with(name)) { "the " } else { "" };
    (usable && !place.contains("Court")).then(|| format!("{article}{place}"))
}

pub(super) fn governing_law(text: &str) -> Option<String> {
    static OF: LazyLock<Regex> = LazyLock::new(|| {
        place_pattern(
            r"\b[Ll]aws? (?:in force |in effect |as applied |applicable )?(?:of|in|from) (?:the (?:country|State|state|Commonwealth|jurisdiction) of )?",
        )
    });
    static ADJECTIVE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b(English|French|German|Irish|Dutch|Swiss|Spanish|Italian|Swedish|Finnish|Danish|Norwegian|Belgian|Austrian|Polish|Japanese|Chinese|Indian|Brazilian|Canadian|Australian|Singapore|Luxembourg|California|New York|Delaware|Texas|Washington|Israeli|Scottish|Maltese) [Ll]aws?\b")
            .expect("a constant")
    });
    OF.captures_iter(text)
        .find_map(|found| tidy_place(&found[1]))
        .or_else(|| ADJECTIVE.captures(text).map(|found| land(&found[1]).to_owned()))
}

/// The place whose law is called by an adjective.
fn land(adjective: &str) -> &str {
    const LANDS: [(&str, &str); 24] = [
        ("English", "England"),
        ("French", "France"),
        ("German", "Germany"),
        ("Irish", "Ireland"),
        ("Dutch", "the Netherlands"),
        ("Swiss", "Switzerland"),
        ("Spanish", "Spain"),
        ("Italian", "Italy"),
        ("Swedish", "Sweden"),
        ("Finnish", "Finland"),
        ("Danish", "Denmark"),
        ("Norwegian", "Norway"),
        ("Belgian", "Belgium"),
        ("Austrian", "Austria"),
        ("Polish", "Poland"),
        ("Japanese", "Japan"),
        ("Chinese", "China"),
        ("Indian", "India"),
        ("Brazilian", "Brazil"),
        ("Canadian", "Canada"),
        ("Australian", "Australia"),
        ("Israeli", "Israel"),
        ("Scottish", "Scotland"),
        ("Maltese", "Malta"),
    ];
    LANDS.iter().find(|(name, _)| *name == adjective).map_or(adjective, |(_, land)| land)
}

pub(super) fn courts(text: &str) -> Option<String> {
    static IN: LazyLock<Regex> = LazyLock::new(|| {
        place_pattern(
            r"\b[Cc]ourts?,? (?:having jurisdiction |of competent jurisdiction |with jurisdiction |sitting |located |situated |seated |residing |based )?(?:of|in|for|within) ",
        )
    });
    static NAMED: LazyLock<Regex> = LazyLock::new(|| {
        place_pattern(
            r"\b(?:jurisdiction of|venue (?:shall be|will be|is|in|lies in)|jurisdiction (?:and venue )?(?:in|shall be)) (?:the )?(?:state |federal |state and federal |state or federal )?(?:courts? (?:of|in|located in) )?",
        )
    });
    IN.captures_iter(text).chain(NAMED.captures_iter(text)).find_map(|found| tidy_place(&found[1]))
}

const ARBITRATORS: [(&str, &str); 17] = [
    ("American Arbitration Association", "the American Arbitration Association"),
    ("AAA", "the American Arbitration Association"),
    ("JAMS", "JAMS"),
    ("National Arbitration and Mediation", "National Arbitration and Mediation"),
    ("NAM", "National Arbitration and Mediation"),
    ("International Chamber of Commerce", "the International Chamber of Commerce"),
    ("ICC", "the International Chamber of Commerce"),
    ("London Court of International Arbitration", "the London Court of International Arbitration"),
    ("LCIA", "the London Court of International Arbitration"),
    ("Singapore International Arbitration Centre", "the Singapore International Arbitration Centre"),
    ("SIAC", "the Singapore International Arbitration Centre"),
    ("Hong Kong International Arbitration Centre", "the Hong Kong International Arbitration Centre"),
    ("HKIAC", "the Hong Kong International Arbitration Centre"),
    ("CIETAC", "CIETAC"),
    ("FedArb", "FedArb"),
    ("ADR Services", "ADR Services"),
    ("New Era ADR", "New Era ADR"),
];

/// The bodies named, at most two.
pub(super) fn arbitration_body(text: &str) -> String {
    let mut found: Vec<(usize, &str)> =
        ARBITRATORS.iter().filter_map(|(name, shown)| whole_word(text, name).map(|at| (at, *shown))).collect();
    found.sort();
    let mut names: Vec<String> = Vec::new();
    for (_, shown) in found {
        if names.len() < 2 && !names.iter().any(|name| name == shown) {
            names.push(shown.to_owned());
        }
    }
    names.join(" or ")
}

pub(super) fn seat(text: &str) -> Option<String> {
    static SEAT: LazyLock<Regex> = LazyLock::new(|| {
        place_pattern(
            r"\b(?:seat|place|venue|location|arbitration|hearings?)\b(?: of (?:the )?arbitration)?(?: proceedings?| hearings?)? (?:shall|will|is|must|may)(?: be| take place)?(?: held| conducted| seated| heard| located)?(?: in| at)? (?:the (?:city|City|County) of )?",
        )
    });
    static EACH: [&str; 7] = ["JAMS", "AAA", "American Arb", "Arbitration", "Section", "English", "Rules"];
    SEAT.captures_iter(text)
        .filter_map(|found| tidy_place(&found[1]))
        .find(|place| !EACH.iter().any(|word| place.contains(word)))
}

pub(super) fn language(text: &str) -> Option<String> {
    const LANGUAGES: [&str; 14] = [
        "English",
        "German",
        "French",
        "Spanish",
        "Italian",
        "Japanese",
        "Chinese",
        "Korean",
        "Portuguese",
        "Dutch",
        "Polish",
        "Swedish",
        "Finnish",
        "Russian",
    ];
    let found: Vec<&str> = LANGUAGES.iter().copied().filter(|name| whole_word(text, name).is_some()).collect();
    // With two or more named, the words do not show cheaply which of them prevails.
    match found.as_slice() {
        [only] => Some((*only).to_owned()),
        _ => None,
    }
}
