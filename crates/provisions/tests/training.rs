//! Training and measuring on a small invented corpus.
use provisions::corpus::{self, Example};
use provisions::eval;
use provisions::train::{self, Options, TrainError};

/// The sentences of the reader's tests, said by several invented platforms in slightly different words.
fn corpus(platforms: usize) -> Vec<Example> {
    let openings =
        ["At Plum,", "On this site,", "Please note:", "In plain words,", "For your information,", "As agreed,"];
    let mut examples = Vec::new();
    for (platform, opening) in openings.iter().enumerate().take(platforms) {
        for (number, line) in include_str!("sentences.tsv").lines().enumerate() {
            let (expected, text) = line.split_once('\t').unwrap();
            let types: Vec<&str> = expected.split(' ').filter_map(|one| one.strip_prefix('+')).collect();
            let line = serde_json::json!({
                "id": format!("{platform}-{number}"), "platform": format!("Plum {platform}"), "heading": "Terms",
                "text": format!("{opening} {text}"), "types": types, "severity": "low",
            });
            examples.push(corpus::read_line(&line.to_string()).unwrap());
        }
    }
    examples
}

#[test]
fn the_same_corpus_gives_the_same_bytes_on_any_number_of_threads() {
    let examples = corpus(6);
    let train = |threads| train::train(&examples, &Options { threads, ..Options::default() }).unwrap().to_bytes();
    assert!(train(1) == train(3));
}

#[test]
fn what_was_said_on_other_platforms_is_recognised() {
    let examples = corpus(6);
    let (measures, predictions) = eval::evaluate(&examples, &Options::default()).unwrap();
    assert_eq!((measures.platforms, measures.clauses, predictions.len()), (6, examples.len(), examples.len()));
    assert!(measures.overall.micro_f1 > 0.8, "{:?}", measures.overall);
    let of_bins: usize = measures.reliability.iter().map(|bin| bin.asserted).sum();
    let of_types: usize = measures.types.iter().map(|kind| kind.asserted).sum();
    let of_levels: usize = measures.levels.iter().map(|level| level.asserted).sum();
    assert!(of_bins == of_types && of_types == of_levels);
}

#[test]
fn too_few_platforms_are_refused() {
    assert!(matches!(
        train::train(&corpus(2), &Options::default()),
        Err(TrainError::FewPlatforms { found: 2, needed: 5 })
    ));
}

#[test]
fn a_line_with_an_unknown_type_is_named() {
    let line = r#"{"id":"c7","platform":"Plum","text":"Be kind.","types":["kindness"]}"#;
    let error = corpus::read_line(line).unwrap_err().to_string();
    assert!(error.contains("c7") && error.contains("kindness"), "{error}");
}
