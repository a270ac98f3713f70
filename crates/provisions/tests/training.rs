//! Training and measuring on a small invented corpus.
use provisions::corpus::{self, Example, Role};
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
fn contraries_are_learnt_from_and_not_measured() {
    let sample = corpus(6);
    let mut all = sample.clone();
    for (number, act) in ["sell", "rent", "trade"].iter().cycle().take(90).enumerate() {
        for (text, types, denies) in [
            (format!("We {act} personal data to brokers."), vec!["sells-data"], vec![]),
            (format!("We never {act} personal data to brokers."), vec!["no-sale"], vec!["sells-data"]),
        ] {
            let line = serde_json::json!({ "id": number.to_string(), "platform": "", "text": text, "types": types, "denies": denies });
            all.push(corpus::read_line(&line.to_string()).unwrap());
        }
    }
    let read = |examples: &[Example]| {
        let reader = train::train(examples, &Options::default()).unwrap().to_bytes();
        let reader = provisions::Reader::from_model_file(&reader).unwrap();
        let sells = |text| reader.types("", text).iter().any(|found| found.kind.id == "sells-data");
        (sells("We sell your personal data to brokers."), sells("We do not lease your personal data to brokers."))
    };
    assert_eq!(read(&all), (true, false));
    let (measures, predictions) = eval::evaluate(&all, &Options::default()).unwrap();
    assert_eq!((measures.platforms, measures.clauses, predictions.len()), (6, sample.len(), sample.len()));
    let unknown = r#"{"id": "1", "platform": "", "text": "", "types": ["-"], "denies": ["plums"]}"#;
    assert!(corpus::read_line(unknown).is_err());
}

#[test]
fn clauses_without_labels_are_learnt_from_and_not_measured() {
    let labelled = corpus(6);
    let mut all = labelled.clone();
    // The same sentences as another platform puts them, which is in no fold, and as one does whose clauses are in a fold.
    for (number, (example, platform)) in labelled.iter().zip(["Pear", "Plum 1"].into_iter().cycle()).enumerate() {
        let text = format!("Kindly observe: {} Kindly do.", example.text);
        let id = format!("unlabelled-{number}");
        let (platform, types, severity, role) = (platform.into(), Vec::new(), None, Role::Unlabelled);
        all.push(Example { id, platform, text, types, severity, role, ..example.clone() });
    }
    let train = |examples: &[Example], threads| {
        train::train(examples, &Options { threads, ..Options::default() }).unwrap().to_bytes()
    };
    let taught = train(&all, 1);
    assert!(taught == train(&all, 2) && taught != train(&labelled, 2));
    let (measures, predictions) = eval::evaluate(&all, &Options::default()).unwrap();
    assert_eq!((measures.platforms, measures.clauses, predictions.len()), (6, labelled.len(), labelled.len()));
    assert!(measures.overall.micro_f1 > 0.8, "{:?}", measures.overall);
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
