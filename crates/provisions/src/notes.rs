//! Interpretive notes: where a clause leaves open what it means.
//!
//! In order of weight: a conflict with another provision of the document, silence that matters, a key term that is not defined (or is
//! defined elsewhere), and vague words that decide the clause, quoted. Each note is true of the text as it stands; there are at most
//! [`MOST`].
use std::cell::OnceCell;
use std::ops::Range;
use std::sync::LazyLock;

use document::Structure;
use regex::Regex;

use crate::normalise::whole_word;

/// Most notes on one provision.
pub const MOST: usize = 4;
/// Most notes on vague words.
const MOST_VAGUE: usize = 2;

/// A note about a clause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The note, one or two sentences.
    pub text: String,
    /// Indices in [`Structure::clauses`] of other clauses that it speaks of, for links.
    pub clauses: Vec<usize>,
}

/// Notes on the words at `excerpt` in a document's clean text, of clause type `type_id`. `provisions` are the types and byte ranges
/// of all provisions of the document, for conflicts between clauses.
pub fn notes(
    text: &str,
    structure: &Structure,
    type_id: &str,
    excerpt: Range<usize>,
    provisions: &[(&str, Range<usize>)],
) -> Vec<Note> {
    let words = text.get(excerpt.clone()).unwrap_or("");
    let place = Place { text, structure, excerpt: &excerpt, words, lower: OnceCell::new() };
    let mut found = conflicts(&place, type_id, provisions);
    found.extend(silence(&place, type_id, provisions));
    found.extend(term(&place, type_id));
    found.extend(vague(place.words).into_iter().take(MOST_VAGUE).map(|text| Note { text, clauses: Vec::new() }));
    found.truncate(MOST);
    found
}

/// The provision that is read, in its document.
struct Place<'a> {
    text: &'a str,
    structure: &'a Structure,
    excerpt: &'a Range<usize>,
    words: &'a str,
    /// The document in lower case, made when it is first asked for.
    lower: OnceCell<String>,
}

impl Place<'_> {
    fn lower(&self) -> &str {
        self.lower.get_or_init(|| self.text.to_lowercase())
    }

    /// The clause that holds the byte.
    fn clause_at(&self, byte: usize) -> Option<usize> {
        let clauses = &self.structure.clauses;
        let after = clauses.partition_point(|clause| clause.range.start <= byte);
        let index = after.checked_sub(1)?;
        clauses[index].range.contains(&byte).then_some(index)
    }

    /// "section 4.2" or "the section “Fees”", if the clause has a number or a heading.
    fn name(&self, index: usize) -> Option<String> {
        let clause = self.structure.clauses.get(index)?;
        if let Some(number) = clause.number.as_deref().filter(|number| number.chars().any(|c| c.is_ascii_digit())) {
            return Some(format!("clause {}", number.trim_matches(['.', '(', ')', ' '])));
        }
        let heading = self.structure.clauses.get(clause.heading?)?;
        let words = self.text.get(heading.range.clone())?.trim();
        (!words.is_empty() && words.chars().count() <= 60).then(|| format!("the section “{words}”"))
    }
}

// ---- Conflicts ----

/// Two types that can contradict each other, and what is said of it beside a clause of the first and of the second.
struct Conflict {
    one: &'static str,
    other: &'static str,
    on_one: &'static str,
    on_other: &'static str,
}

const CONFLICTS: &[Conflict] = &[
    Conflict {
        one: "change-without-notice",
        other: "change-with-notice",
        on_one: "This clause promises no notice of a change, while {} promises one; the document does not plainly say which governs",
        on_other: "This clause promises notice of changes, while {} allows a change without that promise",
    },
    Conflict {
        one: "sells-data",
        other: "no-sale",
        on_one: "This clause describes a sale of data, while {} says that data is not sold; the two may use different meanings of “sell”",
        on_other: "This clause says that data is not sold, while {} describes a sale, perhaps in the sense of a statute",
    },
    Conflict {
        one: "shares-third-parties",
        other: "no-sale",
        on_one: "Beside this sharing, {} says that data is not sold; the difference between the two is not explained here",
        on_other: "The promise is about selling only: {} still lets data go to other companies",
    },
    Conflict {
        one: "retention-indefinite",
        other: "retention-period",
        on_one: "This clause sets no end, or goes on after deletion, while {} speaks of a limit to keeping data",
        on_other: "This clause speaks of a limit to keeping data, while {} lets data stay after deletion or without an end",
    },
    Conflict {
        one: "arbitration",
        other: "exclusive-venue",
        on_one: "This clause sends disputes to arbitration, while {} names courts; which disputes go where has to be read from both",
        on_other: "This clause names courts, while {} sends disputes to arbitration; which disputes go where has to be read from both",
    },
    Conflict {
        one: "content-assignment",
        other: "content-ownership-user",
        on_one: "This clause takes ownership, while {} says that content stays with the person who made it",
        on_other: "This clause says that content stays yours, while {} hands ownership of some material to the company",
    },
    Conflict {
        one: "no-account-deletion",
        other: "user-may-leave",
        on_one: "This clause limits deletion, while {} lets a person leave at will; leaving may not remove what was stored",
        on_other: "This clause lets a person leave, while {} limits deletion; leaving may not remove what was stored",
    },
    Conflict {
        one: "terminate-at-will",
        other: "termination-notice",
        on_one: "This clause lets the company end the account at will, while {} promises notice, a cure or an appeal",
        on_other: "This clause promises notice, a cure or an appeal, while {} lets the company end the account at will",
    },
    Conflict {
        one: "content-licence-survives",
        other: "content-licence-limited",
        on_one: "Permission to use content goes on after deletion here, while {} ties it to running the service",
        on_other: "The permission is tied to running the service here, while {} lets it go on after deletion",
    },
    Conflict {
        one: "no-refund",
        other: "refund-right",
        on_one: "This clause rules refunds out or limits them, while {} gives a right to one",
        on_other: "This clause gives a right to a refund, while {} rules refunds out or limits them",
    },
    Conflict {
        one: "ai-training-on-user-data",
        other: "ai-training-choice",
        on_one: "How far this use can be refused is said in {}",
        on_other: "The use that this choice is about is described in {}",
    },
    Conflict {
        one: "data-loss-disclaimer",
        other: "security-measures",
        on_one: "This clause refuses responsibility for data, while {} describes how data is protected",
        on_other: "This clause describes protection, while {} refuses responsibility if it fails",
    },
];

fn conflicts(place: &Place<'_>, type_id: &str, provisions: &[(&str, Range<usize>)]) -> Vec<Note> {
    CONFLICTS
        .iter()
        .filter_map(|conflict| {
            let (wanted, sentence) = if conflict.one == type_id {
                (conflict.other, conflict.on_one)
            } else if conflict.other == type_id {
                (conflict.one, conflict.on_other)
            } else {
                return None;
            };
            let (index, name) = provisions
                .iter()
                .filter(|(id, range)| *id == wanted && !overlaps(range, place.excerpt))
                .find_map(|(_, range)| place.clause_at(range.start))
                .map(|index| (index, place.name(index)))?;
            let name = name.unwrap_or_else(|| "another clause of this document".to_owned());
            Some(Note { text: format!("{}.", sentence.replace("{}", &name)), clauses: vec![index] })
        })
        .take(2)
        .collect()
}

fn overlaps(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}

// ---- Silence ----

/// A clause that weighs more when the document holds nothing of the types, nor the words, that would soften it.
struct Silence {
    on: &'static str,
    types: &'static [&'static str],
    /// In lower case; one of them anywhere in the document takes the note back.
    words: &'static [&'static str],
    note: &'static str,
}

const SILENCES: &[Silence] = &[
    Silence {
        on: "arbitration",
        types: &["arbitration-opt-out"],
        words: &[
            "opt out of arbitration",
            "opt-out of arbitration",
            "opt out of this",
            "arbitration opt-out",
            "opting out",
            "opt out",
            "opt-out",
        ],
        note: "No way to opt out of arbitration was found anywhere in this document.",
    },
    Silence {
        on: "auto-renewal",
        types: &["price-change", "change-with-notice"],
        words: &["price increase", "price change", "change the price", "change our price", "new price"],
        note: "Nothing was found in this document about notice of a higher price before a renewal.",
    },
    Silence {
        on: "ai-training-on-user-data",
        types: &["ai-training-choice"],
        words: &["opt out", "opt-out", "object to", "turn off", "disable"],
        note: "No way to refuse this use was found anywhere in this document.",
    },
    Silence {
        on: "terminate-at-will",
        types: &["termination-notice"],
        words: &["appeal", "days' notice", "days’ notice", "days notice"],
        note: "No appeal and no period of notice were found anywhere in this document.",
    },
    Silence {
        on: "retention-indefinite",
        types: &["rights-access-deletion"],
        words: &["delete your", "erasure", "deletion", "right to delete"],
        note: "Nothing was found in this document about asking for deletion.",
    },
    Silence {
        on: "liability-exclusion",
        types: &["liability-carve-out"],
        words: &[
            "some jurisdictions",
            "mandatory",
            "permitted by",
            "allowed by law",
            "cannot be excluded",
            "statutory",
            "gross negligence",
        ],
        note: "No exception for mandatory rights was found in this document; the law may make one all the same.",
    },
    Silence {
        on: "sells-data",
        types: &["rights-object"],
        words: &["opt out", "opt-out", "do not sell"],
        note: "No way to opt out of the sale was found anywhere in this document.",
    },
    Silence {
        on: "automated-decisions",
        types: &["rights-object"],
        words: &["human review", "human intervention", "appeal", "contest", "object", "opt out", "opt-out"],
        note: "Nothing was found in this document about having a person look at such a decision.",
    },
];

fn silence(place: &Place<'_>, type_id: &str, provisions: &[(&str, Range<usize>)]) -> Option<Note> {
    let silence = SILENCES.iter().find(|silence| silence.on == type_id)?;
    if provisions.iter().any(|(id, _)| silence.types.contains(id)) {
        return None;
    }
    let spoken = silence.words.iter().any(|word| place.lower().contains(word));
    (!spoken).then(|| Note { text: silence.note.to_owned(), clauses: Vec::new() })
}

// ---- Terms ----

/// Words that documents write with a capital where they mean a defined term, and on which rights turn. Names of companies and places
/// are not among them, nor "Service", which every reader understands.
const TERMS: [&str; 23] = [
    "User Content",
    "Content",
    "Output",
    "Outputs",
    "Input",
    "Inputs",
    "Confidential Information",
    "Affiliates",
    "Materials",
    "Feedback",
    "Customer Data",
    "Customer Content",
    "Licensed Materials",
    "Derivative Works",
    "Usage Data",
    "Permitted Purpose",
    "Virtual Items",
    "Virtual Currency",
    "Submissions",
    "Contributions",
    "Model",
    "Derivatives",
    "Third-Party Services",
];

/// Terms on which clauses of a type turn, whether or not they are written with a capital.
const KEY_TERMS: &[(&str, &[&str])] = &[
    ("ai-competing-model-ban", &["output", "outputs", "competing", "compete", "competitive"]),
    ("competing-use-ban", &["competing", "competitive", "compete", "competitor"]),
    ("ai-output-ownership", &["output", "outputs"]),
    ("ai-output-disclaimer", &["output", "outputs"]),
    ("ai-training-on-user-data", &["content", "inputs"]),
    ("noncommercial-only", &["commercial", "non-commercial", "personal use"]),
    ("shares-affiliates", &["affiliates", "family of companies", "corporate family"]),
    ("shares-third-parties", &["partners", "trusted partners", "business partners"]),
    ("change-with-notice", &["material changes", "material change", "significant changes"]),
    ("aggregate-data", &["de-identified", "aggregated", "anonymized", "anonymised"]),
    ("field-of-use", &["commercial", "monthly active users"]),
    ("inactivity-closure", &["inactive", "inactivity"]),
];

fn term(place: &Place<'_>, type_id: &str) -> Option<Note> {
    let key = KEY_TERMS.iter().find(|(id, _)| *id == type_id).map_or(&[] as &[&str], |(_, terms)| terms);
    let lower = place.words.to_lowercase();
    let keys = key.iter().copied().filter(|term| whole_word(&lower, term).is_some());
    let capitals = TERMS.iter().copied().filter(|term| written_as_term(place.words, term));
    let mut elsewhere = None;
    for term in keys.chain(capitals) {
        let shown = shown_as(place.words, term);
        match definition(place, term) {
            None if !place.is_explained(term) => {
                let role = if key.contains(&term) { "turns on" } else { "uses, as if it were defined," };
                return Some(Note {
                    text: format!("The clause {role} “{shown}”, and no definition of it was found in this document."),
                    clauses: Vec::new(),
                });
            }
            Some(index) if !place.is_own(index) => elsewhere = elsewhere.or(Some((shown, index))),
            _ => {}
        }
    }
    let (shown, index) = elsewhere?;
    let name = place.name(index).unwrap_or_else(|| "another clause".to_owned());
    Some(Note { text: format!("What “{shown}” means is set in {name} of this document."), clauses: vec![index] })
}

impl Place<'_> {
    /// Whether the clause is the one that is read.
    fn is_own(&self, index: usize) -> bool {
        self.structure.clauses.get(index).is_some_and(|clause| overlaps(&clause.range, self.excerpt))
    }

    /// Whether the document says what the term is in another way than a definition: in quotation marks, or "by X we mean".
    fn is_explained(&self, term: &str) -> bool {
        let lower = self.lower();
        let term = term.to_lowercase();
        let stem = term.trim_end_matches('s');
        [
            format!("“{stem}"),
            format!("\"{stem}"),
            format!("by {stem}"),
            format!("{stem} means"),
            format!("{term} means"),
            format!("{term} include"),
        ]
        .iter()
        .any(|form| lower.contains(form))
    }
}

/// The clause that defines the term, in the singular or the plural.
fn definition(place: &Place<'_>, term: &str) -> Option<usize> {
    let stem = term.to_lowercase();
    let stem = stem.trim_end_matches('s');
    let found = place.structure.terms.iter().find(|known| known.term.to_lowercase().trim_end_matches('s') == stem);
    found.map(|known| known.clause)
}

/// Whether the words hold the term with its capital inside a sentence, where a capital means something.
fn written_as_term(words: &str, term: &str) -> bool {
    // Text in capitals or in title case tells nothing.
    let letters = words.chars().filter(|c| c.is_alphabetic());
    let capitals = letters.clone().filter(|c| c.is_uppercase()).count();
    if capitals * 4 > letters.count() {
        return false;
    }
    let Some(at) = whole_word(words, term) else { return false };
    let before = words[..at].trim_end();
    // A lower-case word before it: neither the start of a sentence nor part of a name.
    let before_word = before.rsplit(char::is_whitespace).next().unwrap_or("");
    let after = words[at + term.len()..].split_whitespace().next().unwrap_or("");
    before_word.chars().next().is_some_and(char::is_lowercase)
        && before_word.ends_with(char::is_alphabetic)
        && !after.chars().next().is_some_and(char::is_uppercase)
}

/// The term as the words write it.
fn shown_as(words: &str, term: &str) -> String {
    let lower = words.to_lowercase();
    let at = whole_word(words, term)
        .or_else(|| (lower.len() == words.len()).then(|| whole_word(&lower, &term.to_lowercase()))?);
    at.and_then(|at| words.get(at..at + term.len())).unwrap_or(term).to_owned()
}

// ---- Vague words ----

/// A pattern of vague words and what they leave open; the most telling first.
const VAGUE: &[(&str, &str)] = &[
    (
        r"(?:in|at) (?:our|its|their|the company's|the company’s) (?:sole |absolute |own )*discretion",
        "names no standard by which the decision could be tested",
    ),
    (
        r"(?:including|includes?|included),? (?:but (?:is |are )?not limited to|without limitation)",
        "leaves the list open: what is not named can be meant too",
    ),
    (
        r"(?:other|any) (?:legitimate |similar )?(?:business|commercial) (?:purposes?|reasons?)",
        "can cover nearly any use",
    ),
    (r"(?:for|with|by) (?:any|other) (?:purposes?|reasons?)", "sets no limit"),
    (r"from time to time", "does not say when or how often"),
    (
        r"(?:commercially )?reasonable (?:efforts?|endeavou?rs|steps|measures|notice|time|period|security|precautions|fees?|costs?)",
        "leaves open what is reasonable and who decides it",
    ),
    (
        r"as long as (?:is |it is |reasonably )?necessary|as long as needed|for as long as we (?:need|require)",
        "gives no period in figures",
    ),
    (
        r"(?:trusted|selected|certain|carefully selected) (?:third[- ]party )?(?:partners|third parties|companies|providers|vendors)",
        "does not say who they are",
    ),
    (r"materially|material (?:changes?|breach|adverse)", "leaves open what counts as material"),
    (
        r"(?:promptly|without undue delay|in a timely manner|as soon as (?:reasonably )?(?:possible|practicable))",
        "sets no time limit in figures",
    ),
    (
        r"where (?:reasonably )?(?:practicable|feasible|possible|appropriate)|when appropriate|as appropriate|if appropriate",
        "leaves the exception to the company's own view",
    ),
    (
        r"(?:we|the company) (?:reasonably )?(?:believes?|deems?|considers?|suspects?)",
        "makes the company's own belief the test",
    ),
    (r"substantially similar|similar (?:products?|services?)", "leaves open how alike things must be"),
    (
        r"we may (?:also )?(?:share|disclose|use|sell|transfer|collect|combine|retain|charge|suspend|terminate|modify|change|remove)",
        "permits the act without saying whether or when it is done",
    ),
];

fn vague(words: &str) -> Vec<String> {
    static PATTERNS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
        VAGUE.iter().map(|(pattern, _)| Regex::new(&format!(r"(?i)\b(?:{pattern})\b")).expect("a constant")).collect()
    });
    let found = PATTERNS.iter().zip(VAGUE).filter_map(|(pattern, (_, leaves_open))| {
        let quoted = pattern.find(words)?.as_str().split_whitespace().collect::<Vec<_>>().join(" ");
        let quoted = if quoted.chars().any(char::is_lowercase) { quoted } else { quoted.to_lowercase() };
        Some(format!("“{quoted}” {leaves_open}."))
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use document::structure;

    /// Notes on the clause of `text` that holds `words`, as a provision of `type_id`; other provisions are given by words of theirs.
    fn on(text: &str, type_id: &str, words: &str, others: &[(&'static str, &str)]) -> Vec<Note> {
        let structure = structure(text);
        let range = |words: &str| {
            let at = text.find(words).expect("in the text");
            structure.clauses.iter().find(|clause| clause.range.contains(&at)).expect("a clause").range.clone()
        };
        let mut provisions = vec![(type_id, range(words))];
        provisions.extend(others.iter().map(|(id, words)| (*id, range(words))));
        notes(text, &structure, type_id, range(words), &provisions)
    }

    const PLUM: &str = "# Terms of Plum\n\n## Changes\n\nWe may change these terms whenever we like.\n\n## News\n\n\
        We will tell you 30 days before a change.\n\n## Ideas\n\nYou may not use output to train a competing model.\n";

    #[test]
    fn a_conflict_names_and_links_the_other_clause() {
        let found = on(PLUM, "change-without-notice", "whenever we like", &[("change-with-notice", "30 days before")]);
        assert!(found[0].text.contains("the section “News”"), "{found:?}");
        assert_eq!(found[0].clauses.len(), 1);
        let back = on(PLUM, "change-with-notice", "30 days before", &[("change-without-notice", "whenever we like")]);
        assert!(back[0].text.starts_with("This clause promises notice"), "{back:?}");
        assert!(on(PLUM, "change-without-notice", "whenever we like", &[]).iter().all(|note| note.clauses.is_empty()));
    }

    #[test]
    fn a_key_term_without_definition_is_told() {
        let found = on(PLUM, "ai-competing-model-ban", "output", &[]);
        assert!(found[0].text.contains("“output”") && found[0].text.contains("no definition"), "{found:?}");
        let defined =
            format!("{PLUM}\n## Words\n\n“Output” means what the model returns. “Competing” means of a rival.\n");
        let found = on(&defined, "ai-competing-model-ban", "output to train", &[]);
        assert!(
            found.iter().any(|note| note.text.contains("is set in the section “Words”") && !note.clauses.is_empty()),
            "{found:?}"
        );
    }

    #[test]
    fn a_capital_at_the_start_or_in_a_name_is_no_term() {
        let text = "# T\n\nContent is king and we like it a lot here.\n\nWe work with Plum Content Ltd on many of these things.\n\n\
            We may use the Content as we want to.\n";
        assert!(on(text, "content-licence-broad", "is king", &[]).is_empty());
        assert!(on(text, "content-licence-broad", "Ltd", &[]).is_empty());
        assert!(on(text, "content-licence-broad", "as we want", &[])[0].text.contains("“Content”"));
    }

    #[test]
    fn silence_is_told_only_where_it_is_silence() {
        let text = "# T\n\nAll disputes go to binding arbitration.\n\n## More\n\nBe kind to others.\n";
        let found = on(text, "arbitration", "binding", &[]);
        assert!(found[0].text.contains("opt out of arbitration"), "{found:?}");
        let text = text.replace("Be kind", "You may opt out within 30 days. Be kind");
        assert!(on(&text, "arbitration", "binding", &[]).iter().all(|note| !note.text.contains("No way to opt out")));
    }

    #[test]
    fn vague_words_are_quoted() {
        let text = "# T\n\nWe may, from time to time, share data with trusted partners, including without limitation advertisers.\n";
        let found = on(text, "shares-third-parties", "trusted", &[]);
        assert!(found.len() <= MOST);
        assert!(found.iter().any(|note| note.text.starts_with("“including without limitation” ")), "{found:?}");
        let quiet = "# T\n\nWe keep your data for 30 days.\n";
        assert!(on(quiet, "retention-period", "30 days", &[]).is_empty());
    }

    #[test]
    fn a_range_that_is_not_in_the_text_gives_no_panic() {
        let structure = structure(PLUM);
        assert!(
            notes(PLUM, &structure, "arbitration", 5_000..6_000, &[("exclusive-venue", 7_000..8_000)]).len() <= MOST
        );
        assert!(notes("é", &structure, "no-sale", 1..1, &[]).len() <= MOST);
    }
}
