//! The shipped reader: it loads, refuses damage, keeps its head on noise, and knows what plain sentences say.
use proptest::prelude::*;
use provisions::model::Model;
use provisions::unfair::Head;
use provisions::{Passage, Reader, taxonomy};

static FILE: &[u8] = include_bytes!("../../../models/clauses.bin");

fn clause(text: &str) -> Passage<'_> {
    Passage { heading: String::new(), lead_in: String::new(), text, is_heading: false, foreign: None }
}

fn found(text: &str) -> Vec<&'static str> {
    Reader::embedded().findings(&clause(text)).into_iter().map(|finding| finding.type_id).collect()
}

#[test]
fn the_embedded_models_load_and_know_only_types_of_the_taxonomy() {
    let model = Model::from_bytes(FILE).unwrap();
    assert!(model.types.len() > 140);
    assert!(model.types.iter().all(|known| taxonomy().get(&known.id).is_some()));
    let heads = [
        include_bytes!("../../../models/unfair-tos.bin").len(),
        include_bytes!("../../../models/unfair-de.bin").len(),
        include_bytes!("../../../models/unfair-it.bin").len(),
        include_bytes!("../../../models/unfair-pl.bin").len(),
    ];
    assert!(FILE.len() + heads.iter().sum::<usize>() < 5_000_000);
    for head in Head::FOREIGN.into_iter().chain([Head::UnfairTos]) {
        assert!(head.labels().iter().all(|label| taxonomy().get(label.type_id).is_some()));
        assert!(head.reader().labels("", &mut provisions::model::Workspace::default()).is_empty());
    }
}

#[test]
fn a_model_file_survives_a_round_trip() {
    assert!(Model::from_bytes(FILE).unwrap().to_bytes() == FILE);
}

#[test]
fn the_measures_are_of_this_taxonomy() {
    let measures = provisions::eval::measures();
    assert!(measures.clauses > 0 && measures.overall.micro_f1 > 0.0);
    assert!(measures.types.iter().map(|kind| &kind.id).eq(taxonomy().types().iter().map(|kind| &kind.id)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_damaged_model_is_refused(at in 0..FILE.len(), change in 1u8..) {
        let mut file = FILE.to_vec();
        file[at] ^= change;
        prop_assert!(Model::from_bytes(&file).is_err());
    }

    #[test]
    fn a_cut_model_is_refused(length in 0..FILE.len()) {
        prop_assert!(Model::from_bytes(&FILE[..length]).is_err());
    }

    #[test]
    fn bytes_that_are_no_model_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(Model::from_bytes(&bytes).is_err());
        prop_assert!(Model::from_bytes(&[b"CWC5", &bytes[..]].concat()).is_err());
    }

    #[test]
    fn any_text_is_read_the_same_twice_and_excerpts_lie_within(heading in ".{0,60}", lead_in in ".{0,60}", text in "(?s).{0,900}") {
        let passage = Passage { heading, lead_in, text: &text, is_heading: false, foreign: None };
        let findings = Reader::embedded().findings(&passage);
        for finding in &findings {
            prop_assert!(text.get(finding.excerpt.clone()).is_some());
            prop_assert!((0.0..=1.0).contains(&finding.score));
        }
        prop_assert_eq!(findings, Reader::embedded().findings(&passage));
    }
}

#[test]
fn noise_holds_no_provision() {
    let megabyte = "x1 ".repeat(350_000);
    let one_word = "a".repeat(1 << 20);
    let noise =
        ["", " ", "\u{0}\u{1}\u{7f}\n\t", "Plum", "12 34 56", "…—•", "\u{202e}\u{feff}\u{200b}", &megabyte, &one_word];
    for text in noise {
        assert_eq!(found(text), [""; 0], "{:?}", text.chars().take(20).collect::<String>());
    }
}

#[test]
fn a_megabyte_of_clauses_is_read_without_trouble() {
    let text = "You agree to indemnify Plum and hold it harmless from any claim arising from your use of the service. "
        .repeat(10_500);
    assert!(found(&text).contains(&"indemnity"));
}

#[test]
fn other_languages_hold_no_provision() {
    for text in [
        "Wir können diese Bedingungen jederzeit ändern und informieren Sie darüber nicht, und Sie stimmen dem durch Nutzung zu.",
        "Nous pouvons modifier ces conditions à tout moment et vous acceptez les nouvelles conditions par votre utilisation.",
        "Мы можем изменить условия в любое время без уведомления.",
        "我们可以随时更改这些条款，恕不另行通知。",
        "Podemos modificar estas condiciones en cualquier momento y usted las acepta por el uso de los servicios.",
    ] {
        assert_eq!(found(text), [""; 0], "{text}");
    }
}

#[test]
fn a_heading_holds_no_provision() {
    let heading = Passage { is_heading: true, ..clause("Binding arbitration and class action waiver") };
    assert!(Reader::embedded().findings(&heading).is_empty());
}

#[test]
fn the_excerpt_is_the_sentence_that_carries_the_type() {
    let filler = "The garden shop of Plum opens its doors in spring, and the staff there will gladly show visitors the many trees that grow along the old wall by the river. ";
    let carrier =
        "This agreement is governed by the laws of the State of Oregon, without regard to its conflict of laws rules.";
    let text = format!("{filler}{filler}{carrier} {filler}");
    let findings = Reader::embedded().findings(&clause(&text));
    let law = findings.iter().find(|finding| finding.type_id == "governing-law").expect("it is found");
    assert_eq!(&text[law.excerpt.clone()], carrier);
}

#[test]
fn a_list_item_is_read_with_its_lead_in() {
    let item = Passage {
        lead_in: "You may not do any of the following with the service:".into(),
        ..clause("decompile or disassemble it")
    };
    let types: Vec<_> = Reader::embedded().findings(&item).into_iter().map(|finding| finding.type_id).collect();
    assert!(types.contains(&"reverse-engineering-ban"), "{types:?}");
}

#[test]
fn the_version_names_release_and_model() {
    let version = Reader::embedded().version();
    assert!(version.starts_with(concat!(env!("CARGO_PKG_VERSION"), "+")) && version.len() > 8, "{version}");
}

/// Sentences of invented platforms: a type that must be found (`+`) or must not (`-`). Neighbours are minimal pairs.
const SENTENCES: &str = include_str!("sentences.tsv");

/// How many of the sentences may be misread: the reader errs, and this says how often here.
const MISREAD: usize = 12;

#[test]
fn plain_sentences_are_understood() {
    let lines: Vec<&str> = SENTENCES.lines().filter(|line| !line.is_empty()).collect();
    let mut wrong = Vec::new();
    for line in &lines {
        let (expected, text) = line.split_once('\t').expect("expectation, tab, sentence");
        let types = found(text);
        let met = |one: &str| match one.split_at(1) {
            ("+", kind) => types.contains(&kind),
            (_, kind) => !types.contains(&kind),
        };
        assert!(expected.split(' ').all(|one| taxonomy().get(&one[1..]).is_some()), "{expected}");
        if !expected.split(' ').all(met) {
            wrong.push(format!("{expected} | {text} | {types:?}"));
        }
    }
    assert!(lines.len() >= 60, "{}", lines.len());
    assert!(wrong.len() <= MISREAD, "{} of {} misread:\n{}", wrong.len(), lines.len(), wrong.join("\n"));
}

#[test]
fn a_german_document_is_read_for_the_labels_of_its_head() {
    let text = "# Nutzungsbedingungen der Pflaumen GmbH\n\nDurch die Nutzung unserer Dienste erklären Sie sich mit diesen Bedingungen \
                einverstanden.\n\nWir können Ihr Konto jederzeit und aus beliebigem Grund ohne Ankündigung sperren oder löschen.\n\n\
                Wir haften nicht für mittelbare Schäden, Folgeschäden oder entgangenen Gewinn, die aus der Nutzung der Dienste entstehen.\n";
    let found = provisions::analyse(Reader::embedded(), text, &document::structure(text));
    let types: Vec<_> = found.iter().map(|provision| provision.type_id).collect();
    for expected in ["accept-by-use", "terminate-at-will", "liability-exclusion"] {
        assert!(types.contains(&expected), "{types:?}");
    }
    let known = |provision: &&provisions::Provision| provision.type_id == "terminate-at-will";
    assert!(text[found.iter().find(known).unwrap().excerpt.clone()].starts_with("Wir können Ihr Konto"));
}

#[test]
fn a_language_without_a_head_gives_nothing() {
    let text = "Nous pouvons modifier ces conditions à tout moment et sans préavis. Nous ne sommes pas responsables des dommages indirects.";
    assert_eq!(provisions::analyse(Reader::embedded(), text, &document::structure(text)), []);
}
