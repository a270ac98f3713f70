//! No text makes the meaning of a clause panic, and what is told of it is well-formed.
use proptest::prelude::*;
use provisions::{Circumstances, Passage, applicable, assess, explain, notes, taxonomy};

/// Words that wake the rules, between anything at all.
fn text() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "We may ",
        "without notice",
        " unless ",
        "except ",
        "thirty (30) days",
        "$100",
        "laws of the State of ",
        "É",
        "“Output”",
        " courts of ",
        "\u{2011}",
        "İ",
        "ß",
        ". ",
        "\n\n",
        "# ",
        "1.000,50 €",
        "18 years old",
        "a@b.example",
        "{",
        "]",
        "’",
        "99.9%",
        "governed by the laws of Österreich",
        "to the extent permitted",
        "99999 years",
        "🙂",
    ])
    .prop_map(str::to_owned);
    prop::collection::vec(prop_oneof![words, "\\PC{0,12}", any::<String>()], 0..24).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_passage_is_assessed_and_explained(text in text(), lead_in in "\\PC{0,20}", heading in "\\PC{0,20}", from in 0usize..200, len in 0usize..400) {
        let passage = Passage { heading, lead_in, text: &text, is_heading: false, foreign: None };
        let circumstances = Circumstances { country: Some(&text), sector: None, document_kind: &text, text: &text };
        // Every fifth type, from another start each time.
        for kind in taxonomy().types().iter().skip(from % 5).step_by(5) {
            let found = assess(kind, None, &passage, from..from + len);
            prop_assert_eq!(&found, &assess(kind, None, &passage, from..from + len));
            let told = explain(kind, &text, &found.facts, found.severity, &found.reasons);
            prop_assert!(told.what_it_does.starts_with(char::is_uppercase));
        }
        prop_assert!(applicable(&taxonomy().types()[0], &circumstances).len() <= provisions::law::MOST);
    }

    #[test]
    fn any_document_has_notes(text in text(), a in 0usize..300, b in 0usize..300) {
        let structure = document::structure(&text);
        let provisions = [("change-with-notice", a..b), ("no-sale", b..b.saturating_add(9)), ("arbitration", 0..text.len())];
        for kind in taxonomy().types().iter().skip(a % 5).step_by(5) {
            for range in [a..b, 0..text.len(), b..usize::MAX] {
                prop_assert!(notes(&text, &structure, &kind.id, range, &provisions).len() <= provisions::notes::MOST);
            }
        }
    }
}
