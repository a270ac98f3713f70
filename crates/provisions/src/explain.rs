//! What a provision means, in words: the taxonomy's texts, filled with what this clause says.
//!
//! [`ClauseType::says`] gives the first sentence, with the clause's own facts in it; the reasons of its severity give the second. The
//! longer texts of the taxonomy are kept, less any sentence that this clause contradicts, plus what its facts add.
use std::collections::HashMap;
use std::sync::LazyLock;

use crate::facts::Facts;
use crate::normalise::sentences;
use crate::phrases::{RuleSet, Seen};
use crate::severity::{AGAINST, FOR, NOTE};
use crate::signals::{self, Signal, Signals};
use crate::taxonomy::{ClauseType, Severity, taxonomy};
use crate::words::Words;

/// The texts of a provision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What this clause does, in one or two sentences built from its facts and reasons.
    pub what_it_does: String,
    /// From the view of compliance and governance.
    pub why_it_matters: String,
    /// For the person who agreed.
    pub consumer_impact: String,
}

/// Explains a provision of type `kind` whose excerpt, facts, severity and reasons are given.
pub fn explain(kind: &ClauseType, excerpt: &str, facts: &Facts, severity: Severity, reasons: &[String]) -> Explanation {
    let template = template(kind, excerpt);
    let mut what_it_does = fill(template, facts);
    if let Some(second) = second_sentence(reasons) {
        what_it_does.push(' ');
        what_it_does.push_str(&second);
    }
    let found = stated(kind, excerpt, reasons);
    let mut why_it_matters = without_contradictions(&kind.why_it_matters, found);
    if let Some(limits) = facts.get("Exceptions").filter(|_| !what_it_does.contains("makes an exception")) {
        why_it_matters.push_str(&format!(" The clause has limits of its own: “{limits}”."));
    }
    let mut consumer_impact = without_contradictions(&kind.consumer_impact, found);
    for sentence in specific(template, facts).into_iter().take(2) {
        consumer_impact.push(' ');
        consumer_impact.push_str(&sentence);
    }
    if severity == Severity::Critical {
        consumer_impact.push_str(" Weigh this one before you agree: what it costs may not come back.");
    }
    Explanation { what_it_does, why_it_matters, consumer_impact }
}

/// The signals of the excerpt, and what sentences beside it say in favour, as the reasons tell.
fn stated(kind: &ClauseType, excerpt: &str, reasons: &[String]) -> Signals {
    let mut found = signals::in_text(excerpt);
    for lower in &kind.lowers {
        let told = |reason: &String| reason.strip_prefix(FOR).and_then(|say| say.strip_suffix('.')) == Some(&lower.say);
        if let Some(signal) = Signal::parse(&lower.when).filter(|_| reasons.iter().any(told)) {
            found.add(signal);
        }
    }
    found
}

/// The sentence for this clause: the first form whose rule its words meet, or the type's own.
fn template<'a>(kind: &'a ClauseType, excerpt: &str) -> &'a str {
    static FORMS: LazyLock<HashMap<&'static str, RuleSet>> = LazyLock::new(|| {
        let with_forms = taxonomy().types().iter().filter(|kind| !kind.forms.is_empty());
        with_forms
            .map(|kind| (kind.id.as_str(), RuleSet::compile(kind.forms.iter().map(|form| form.when.as_str()))))
            .collect()
    });
    let Some(rules) = FORMS.get(kind.id.as_str()) else { return &kind.says };
    let mut words = Words::default();
    words.read(excerpt);
    let first = rules.find(&words, &mut Seen::default()).iter().next();
    first.and_then(|rule| kind.forms.get(rule)).map_or(&kind.says, |form| &form.says)
}

/// The template with its facts: a bracket is left out, or takes its other words, where a fact in it is not known.
fn fill(template: &str, facts: &Facts) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(open) = rest.find('[') {
        let Some(len) = rest[open..].find(']') else { break };
        out.push_str(&rest[..open]);
        let inner = &rest[open + 1..open + len];
        if let Some(words) = inner.split('|').find_map(|option| with_facts(option, facts)) {
            out.push_str(&words);
        }
        rest = &rest[open + len + 1..];
    }
    out.push_str(rest);
    out
}

/// The words with each `{name}` replaced by its fact; nothing if one is not known.
fn with_facts(words: &str, facts: &Facts) -> Option<String> {
    let mut out = String::new();
    let mut rest = words;
    while let Some(open) = rest.find('{') {
        let len = rest[open..].find('}')?;
        out.push_str(&rest[..open]);
        out.push_str(facts.get(&label(&rest[open + 1..open + len]))?);
        rest = &rest[open + len + 1..];
    }
    out.push_str(rest);
    Some(out)
}

/// The label of a fact that a template names: `time-to-sue` is "Time to sue".
fn label(name: &str) -> String {
    let words = name.replace('-', " ");
    let mut chars = words.chars();
    let label: String = chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect();
    label.replace("Opt out ", "Opt-out ")
}

/// "It denies liability for the loss and needs no reason; in your favour, it promises notice."
fn second_sentence(reasons: &[String]) -> Option<String> {
    let against = told(reasons, AGAINST);
    let favour = told(reasons, FOR);
    let note = told(reasons, NOTE);
    let weighed = match (against.is_empty(), favour.is_empty()) {
        (true, true) => None,
        (false, true) => Some(format!("It {against}.")),
        (true, false) => Some(format!("In your favour, it {favour}.")),
        (false, false) => Some(format!("It {against}; in your favour, it {favour}.")),
    };
    let noted = (!note.is_empty()).then(|| format!("It {note}."));
    let both: Vec<String> = weighed.into_iter().chain(noted).collect();
    (!both.is_empty()).then(|| both.join(" "))
}

/// What up to three reasons that begin with `prefix` say: "a, b and c".
fn told(reasons: &[String], prefix: &str) -> String {
    let found = reasons.iter().filter_map(|reason| reason.strip_prefix(prefix));
    let says: Vec<&str> = found.map(|say| say.strip_suffix('.').unwrap_or(say)).take(3).collect();
    match says.as_slice() {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// Sentences of the taxonomy, by words in them, that are untrue of a clause with the signal.
const CONTRADICTED: &[(Signal, &[&str])] = &[
    (
        Signal::Notice,
        &[
            "nobody has promised to tell",
            "keep checking the page",
            "no warning",
            "not be told",
            "only learn of it afterwards",
            "unannounced",
            "no individual notice",
        ],
    ),
    (
        Signal::OptOut,
        &[
            "Look for a setting to refuse",
            "not be able to take that back",
            "not given a separate choice",
            "only way to say no",
        ],
    ),
    (Signal::ConsentRequired, &["not be asked again", "not given a separate choice"]),
    (Signal::Refund, &["no claim to compensation", "seldom get cash back"]),
    (Signal::HumanReview, &["no way to argue"]),
    (Signal::Mutual, &["binds the customer and not the provider", "protect only the provider", "you cannot."]),
];

/// The text without the sentences that the clause contradicts; the whole text if nothing would be left.
fn without_contradictions(text: &str, found: Signals) -> String {
    let untrue = |sentence: &str| {
        CONTRADICTED
            .iter()
            .any(|(signal, words)| found.has(*signal) && words.iter().any(|word| sentence.contains(word)))
    };
    let kept: Vec<&str> =
        sentences(text).into_iter().map(|span| &text[span]).filter(|sentence| !untrue(sentence)).collect();
    if kept.is_empty() { text.to_owned() } else { kept.join(" ") }
}

/// What a fact adds for the person, where the first sentence does not tell it.
const SPECIFIC: &[(&str, &str)] = &[
    ("Where to refuse", "The place named for refusing is {}."),
    ("Opt-out window", "The time to opt out is {}."),
    ("Contact", "Write to {}."),
    ("Notice", "The time named is {}."),
    ("Liability cap", "The most that is paid is {}."),
    ("Time to sue", "The time to bring a claim is {}."),
    ("Courts", "The courts named are those of {}."),
    ("Governing law", "The law named is that of {}."),
    ("Seat", "The place named is {}."),
    ("Kept for", "The time named is {}."),
    ("Minimum age", "The ages named are {}."),
    ("Licence", "In the clause's own terms the licence is {}."),
    ("Allows", "The acts that it names are: {}."),
    ("Amounts", "The amounts named are {}."),
    ("Binds", "It binds {}."),
];

fn specific(template: &str, facts: &Facts) -> Vec<String> {
    let told = |name: &str| template.contains(&format!("{{{}}}", name.to_lowercase().replace(' ', "-")));
    SPECIFIC
        .iter()
        .filter(|(name, _)| !told(name))
        .filter_map(|(name, sentence)| Some(sentence.replace("{}", facts.get(name)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Fact;
    use crate::passage::Passage;
    use crate::severity::assess;

    /// Every label that a template can name, with a value.
    fn all_facts() -> Facts {
        let values = [
            ("Notice", "30 days"),
            ("Opt-out window", "30 days"),
            ("Liability cap", "$100"),
            ("Governing law", "Ireland"),
            ("Courts", "Dublin, Ireland"),
            ("Arbitration body", "JAMS"),
            ("Seat", "Dublin"),
            ("Time to sue", "1 year"),
            ("Waiting period", "60 days"),
            ("Kept for", "90 days"),
            ("Minimum age", "16"),
            ("Licence", "worldwide, perpetual"),
            ("Covers", "your content"),
            ("Allows", "use, copy, publish"),
            ("Binds", "both sides"),
            ("Amounts", "$10"),
            ("Renewal term", "1 year"),
            ("Trial length", "7 days"),
            ("Refund window", "14 days"),
            ("Inactive after", "12 months"),
            ("Period after the end", "30 days"),
            ("Interest", "1% a month"),
            ("Uptime", "99.9%"),
            ("Contact", "law@plum.example"),
            ("Date", "March 3, 2024"),
            ("Language", "English"),
            ("Exceptions", "unless the law says otherwise"),
            ("Data named", "IP address and browser"),
            ("Sources", "partners"),
            ("Purposes", "security"),
            ("Recipients", "partners"),
            ("Banned", "spam"),
            ("Losses excluded", "lost profits"),
            ("Not promised", "accuracy"),
            ("Countries", "the United States"),
            ("Safeguards", "adequacy decisions"),
            ("Rights", "access and deletion"),
            ("Grounds", "fraud"),
            ("Events", "strikes"),
            ("Documents", "the privacy policy"),
            ("Regions", "California"),
            ("Legal bases", "consent"),
            ("Cookie kinds", "necessary"),
            ("Uses banned", "weapons"),
            ("Measures", "encryption"),
            ("Subjects", "gambling"),
            ("Used for training", "prompts and files"),
            ("Whose models", "the company's own models"),
            ("Where to refuse", "Settings > Privacy"),
        ];
        let line = |(label, value): &(&str, &str)| Fact { label: (*label).to_owned(), value: (*value).to_owned() };
        Facts { lines: values.iter().map(line).collect() }
    }

    #[track_caller]
    fn well_formed(text: &str, whose: &str) {
        let first = text.chars().next();
        assert!(first.is_some_and(char::is_uppercase), "{whose}: {text}");
        assert!(text.ends_with('.'), "{whose}: {text}");
        for bad in ["{", "}", "[", "]", "|", "  ", "..", " .", " ,", ",.", "()", ";."] {
            assert!(!text.contains(bad), "{whose} holds {bad:?}: {text}");
        }
    }

    #[test]
    fn every_type_reads_well_with_and_without_facts() {
        assert_eq!(taxonomy().types().len(), 146);
        for kind in taxonomy().types() {
            let against = kind.raises.iter().map(|raise| format!("{AGAINST}{}.", raise.say));
            let favour = kind.lowers.iter().map(|lower| format!("{FOR}{}.", lower.say));
            let reasons: Vec<String> = against.chain(favour).collect();
            let mut templates = vec![kind.says.as_str()];
            templates.extend(kind.forms.iter().map(|form| form.says.as_str()));
            for facts in [Facts::default(), all_facts()] {
                templates.iter().for_each(|template| well_formed(&fill(template, &facts), &kind.id));
                for reasons in [&reasons[..], &[]] {
                    let told = explain(kind, "", &facts, kind.severity, reasons);
                    well_formed(&told.what_it_does, &kind.id);
                    well_formed(&told.why_it_matters, &kind.id);
                    well_formed(&told.consumer_impact, &kind.id);
                }
            }
            assert_ne!(kind.says, kind.definition, "{}", kind.id);
        }
    }

    #[test]
    fn every_fact_that_a_template_names_exists() {
        let facts = all_facts();
        for kind in taxonomy().types() {
            for template in std::iter::once(&kind.says).chain(kind.forms.iter().map(|form| &form.says)) {
                for name in template.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
                    assert!(facts.get(&label(name)).is_some(), "{}: no fact is called {name}", kind.id);
                }
            }
        }
    }

    fn explained(type_id: &str, text: &str) -> Explanation {
        let kind = taxonomy().get(type_id).expect("a type");
        let passage =
            Passage { heading: String::new(), lead_in: String::new(), text, is_heading: false, foreign: None };
        let found = assess(kind, None, &passage, 0..text.len());
        explain(kind, text, &found.facts, found.severity, &found.reasons)
    }

    #[test]
    fn a_clause_is_described_with_what_it_says() {
        let text =
            "Disputes are settled by binding arbitration under the rules of JAMS. You may opt out within 30 days.";
        let told = explained("arbitration", text);
        assert_eq!(
            told.what_it_does,
            "Disputes go to binding arbitration under JAMS instead of court. In your favour, it lets you opt out."
        );
        assert!(told.consumer_impact.contains("The time to opt out is 30 days."), "{told:?}");
        let cap =
            explained("liability-cap", "Neither party's liability shall exceed the fees paid in the 12 months before.");
        assert!(
            cap.what_it_does
                .starts_with("What one side would have to pay the other is limited to the amounts paid in 12 months."),
            "{cap:?}"
        );
    }

    #[test]
    fn a_choice_beside_the_excerpt_is_told() {
        let text =
            "We use your files and prompts to train our own models. You can switch it off in Settings > Privacy.";
        let kind = taxonomy().get("ai-training-on-user-data").expect("a type");
        let passage =
            Passage { heading: String::new(), lead_in: String::new(), text, is_heading: false, foreign: None };
        let excerpt = 0..text.find(" You can").expect("a second sentence");
        let found = assess(kind, None, &passage, excerpt.clone());
        let told = explain(kind, &text[excerpt], &found.facts, found.severity, &found.reasons);
        assert_eq!(
            told.what_it_does,
            "Your prompts and files can be used to train or improve the company's own models. In your favour, it lets you opt out."
        );
        assert!(told.consumer_impact.ends_with("The place named for refusing is Settings > Privacy."), "{told:?}");
        assert!(!told.consumer_impact.contains("Look for a setting"), "{told:?}");
    }

    #[test]
    fn polarity_decides_between_forms() {
        let denied = explained("children-data", "The service is not directed to children under 13.");
        assert!(denied.what_it_does.contains("not meant to use the service"), "{denied:?}");
        let collected =
            explained("children-data", "With a parent's consent we collect the names of children under 13.");
        assert!(collected.what_it_does.starts_with("Data of children"), "{collected:?}");
        let ignored = explained("do-not-track", "We do not respond to Do Not Track signals.");
        assert!(ignored.what_it_does.starts_with("The service does not act on"), "{ignored:?}");
        let honoured = explained("do-not-track", "We honor Global Privacy Control signals.");
        assert!(honoured.what_it_does.starts_with("The service says that it acts on"), "{honoured:?}");
        let choice = explained("ai-training-choice", "We do not train our models on your files.");
        assert!(choice.what_it_does.starts_with("The company says that it does not train"), "{choice:?}");
    }

    #[test]
    fn nothing_is_told_that_the_clause_contradicts() {
        let told = explained("terminate-at-will", "We may close your account for any reason on 30 days' prior notice.");
        assert!(!told.consumer_impact.contains("no warning"), "{told:?}");
        let silent = explained("terminate-at-will", "We may close your account for any reason.");
        assert!(silent.consumer_impact.contains("no warning"), "{silent:?}");
    }
}
