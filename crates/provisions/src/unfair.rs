//! A second head: the eight kinds of potentially unfair clauses of the UNFAIR-ToS data (Lippi et al. 2019), sentence by sentence.
//!
//! It shares features, separators and file format with the reader of clause types, and nothing else.
use std::sync::LazyLock;

use serde::Deserialize;

use crate::features::Kinds;
use crate::model::{Model, ModelError, Workspace};
use crate::train::{self, Learner, Options, TrainError};

/// The labels: arbitration, unilateral change, content removal, jurisdiction, choice of law, limitation of liability, unilateral
/// termination, contract by using.
pub const LABELS: [&str; 8] = ["a", "ch", "cr", "j", "law", "ltd", "ter", "use"];

/// The trained model of this release.
static MODEL: &[u8] = include_bytes!("../../../models/unfair-tos.bin");

/// A labelled sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// The platform that it is from.
    pub platform: String,
    /// Its words.
    pub text: String,
    /// Which of [`LABELS`] it has.
    pub labels: [bool; LABELS.len()],
}

#[derive(Deserialize)]
struct Line {
    platform: String,
    text: String,
    labels: Vec<String>,
}

/// Reads a line of a corpus; labels that are none of ours are passed over.
pub fn read_line(line: &str) -> serde_json::Result<Sentence> {
    let Line { platform, text, labels } = serde_json::from_str(line)?;
    Ok(Sentence { platform, text, labels: LABELS.map(|label| labels.iter().any(|own| own == label)) })
}

/// What the head is trained with.
pub fn options() -> Options {
    let words = Kinds::WORDS.and(Kinds::WORD_PAIRS);
    Options {
        kinds: words.and(Kinds::STEMS).and(Kinds::STEM_PAIRS).and(Kinds::STEM_GAPS).and(Kinds::RULES),
        least_platforms: [4, 8, 2, 1],
        learner: Learner::Separators { cost: 1.0, balance: 0.3 },
        // Eight labels are seldom rivals.
        rivals: None,
        ..Options::default()
    }
}

/// Trains the head. Probabilities and thresholds are fitted on the first `typical` sentences: how frequent a label is differs from
/// corpus to corpus, and these are from the one that the head is meant for.
pub fn train(sentences: &[Sentence], typical: usize, options: &Options) -> Result<Model, TrainError> {
    let names = LABELS.map(str::to_owned).into();
    let truth = (0..LABELS.len()).map(|label| sentences.iter().map(|s| s.labels[label]).collect()).collect();
    let texts: Vec<(&str, &str)> = sentences.iter().map(|s| ("", s.text.as_str())).collect();
    let platforms: Vec<&str> = sentences.iter().map(|s| s.platform.as_str()).collect();
    let prepared = train::prepare_texts(names, truth, &texts, &platforms, options)?;
    train::train_prepared(&prepared, &|i| i < typical, options)
}

/// Reads sentences with the trained head.
#[derive(Debug)]
pub struct UnfairReader {
    model: Model,
    labels: Vec<&'static str>,
}

impl UnfairReader {
    /// The head of this release.
    pub fn embedded() -> &'static UnfairReader {
        static READER: LazyLock<UnfairReader> =
            LazyLock::new(|| UnfairReader::from_model_file(MODEL).expect("the embedded model is tested"));
        &READER
    }

    /// A head with the model of `file`.
    pub fn from_model_file(file: &[u8]) -> Result<UnfairReader, ModelError> {
        let model = Model::from_bytes(file)?;
        let label = |name: &String| {
            let known = LABELS.into_iter().find(|label| label == name);
            known.ok_or_else(|| ModelError::UnknownType(name.clone()))
        };
        let labels = model.types.iter().map(|known| label(&known.id)).collect::<Result<_, _>>()?;
        Ok(UnfairReader { model, labels })
    }

    /// The labels of a sentence, in the order of [`LABELS`].
    pub fn labels(&self, text: &str, work: &mut Workspace) -> Vec<&'static str> {
        self.model.score("", text, work);
        let asserted = self.model.judge(text.len(), work).iter().filter(|&&(number, score)| {
            let calibration = &self.model.types[number].calibration;
            calibration.probability(score) >= calibration.threshold
        });
        asserted.map(|&(number, _)| self.labels[number]).collect()
    }
}
