//! Heads for the labels of potentially unfair clauses of the CLAUDETTE data (Lippi et al. 2019; in four languages Galassi et al. 2024),
//! sentence by sentence: one for the UNFAIR-ToS task as LexGLUE has it, and one for each language other than English that is read.
//!
//! They share features, separators and file format with the reader of clause types. A clause in German, Italian or Polish has the
//! clause types that its sentences' labels come to.
use std::ops::Range;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::features::Kinds;
use crate::model::{Model, ModelError, Workspace};
use crate::normalise;
use crate::passage::MOST_BYTES;
use crate::reader::Assertion;
use crate::taxonomy::{ClauseType, taxonomy};
use crate::train::{self, Clause, Learner, Options, Thresholds, TrainError};
use crate::words::Words;

/// A label, and the clause type that says the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label {
    /// As the data has it.
    pub name: &'static str,
    /// [`ClauseType::id`].
    pub type_id: &'static str,
}

/// Arbitration, unilateral change, content removal, jurisdiction, choice of law, limitation of liability, unilateral termination,
/// contract by using; last, which the UNFAIR-ToS task does not have, consent to the privacy policy by using.
const LABELS: [Label; 9] = [
    Label { name: "a", type_id: "arbitration" },
    Label { name: "ch", type_id: "change-without-notice" },
    Label { name: "cr", type_id: "content-removal" },
    Label { name: "j", type_id: "exclusive-venue" },
    Label { name: "law", type_id: "governing-law" },
    Label { name: "ltd", type_id: "liability-exclusion" },
    Label { name: "ter", type_id: "terminate-at-will" },
    Label { name: "use", type_id: "accept-by-use" },
    Label { name: "pinc", type_id: "consent-bundled" },
];

/// Bytes of a document that tell whether it is in English.
const TELLING: usize = 4_000;

/// A trained head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Head {
    /// The eight labels of the UNFAIR-ToS data, in English.
    UnfairTos,
    /// German.
    German,
    /// Italian.
    Italian,
    /// Polish.
    Polish,
}

/// A labelled sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// The platform that it is from.
    pub platform: String,
    /// Its words.
    pub text: String,
    /// Its labels, as the data names them.
    pub labels: Vec<String>,
}

#[derive(Deserialize)]
struct Line {
    platform: String,
    text: String,
    labels: Vec<String>,
}

impl<'a> From<&'a Sentence> for Clause<'a> {
    fn from(sentence: &'a Sentence) -> Clause<'a> {
        Clause { heading: "", text: &sentence.text, platform: Some(&sentence.platform), labelled: true }
    }
}

/// Reads a line of a corpus.
pub fn read_line(line: &str) -> serde_json::Result<Sentence> {
    let Line { platform, text, labels } = serde_json::from_str(line)?;
    Ok(Sentence { platform, text, labels })
}

impl Head {
    /// Those for languages other than English.
    pub const FOREIGN: [Head; 3] = [Head::German, Head::Italian, Head::Polish];

    /// The head that reads a language (ISO 639-1) other than English.
    pub fn of_language(code: &str) -> Option<Head> {
        match code {
            "de" => Some(Head::German),
            "it" => Some(Head::Italian),
            "pl" => Some(Head::Polish),
            _ => None,
        }
    }

    /// The head that reads the language of a document, if that is neither English nor unknown.
    pub fn of_text(text: &str) -> Option<Head> {
        let mut words = Words::default();
        words.read(&text[..text.floor_char_boundary(TELLING)]);
        if normalise::looks_english(&words) {
            return None;
        }
        Head::of_language(&document::language(text)?)
    }

    /// The labels that it gives.
    pub fn labels(self) -> &'static [Label] {
        let all: &'static [Label] = &LABELS;
        if self == Head::UnfairTos { &all[..8] } else { all }
    }

    /// What it is trained with.
    pub fn options(self) -> Options {
        let words = Kinds::WORDS.and(Kinds::WORD_PAIRS).and(Kinds::STEMS).and(Kinds::STEM_PAIRS).and(Kinds::STEM_GAPS);
        let english = self == Head::UnfairTos;
        Options {
            kinds: if english { words.and(Kinds::RULES).and(Kinds::TYPES) } else { words },
            block_weights: [1.0, 0.7, 0.5, 0.5],
            least_platforms: if english { [4, 8, 2, 1] } else { [4, 6, 2, 1] },
            learner: Learner::Separators { cost: 0.5, balance: 0.1 },
            // These labels are seldom rivals.
            rivals: None,
            // And too few to tell what is best for all.
            thresholds: Thresholds { common: Some(0.4), weight: 25.0 },
            ..Options::default()
        }
    }

    pub(crate) fn file(self) -> &'static [u8] {
        match self {
            Head::UnfairTos => include_bytes!("../../../models/unfair-tos.bin"),
            Head::German => include_bytes!("../../../models/unfair-de.bin"),
            Head::Italian => include_bytes!("../../../models/unfair-it.bin"),
            Head::Polish => include_bytes!("../../../models/unfair-pl.bin"),
        }
    }

    /// The reader of this release.
    pub fn reader(self) -> &'static UnfairReader {
        static READERS: [OnceLock<UnfairReader>; 4] = [const { OnceLock::new() }; 4];
        READERS[self as usize]
            .get_or_init(|| UnfairReader::from_model_file(self.file()).expect("the embedded models are tested"))
    }

    /// Trains the head. Probabilities and thresholds are fitted on the first `typical` sentences: how frequent a label is differs from
    /// corpus to corpus, and these are from the one that the head is meant for.
    pub fn train(self, sentences: &[Sentence], typical: usize, options: &Options) -> Result<Model, TrainError> {
        let names: Vec<String> = self.labels().iter().map(|label| label.name.to_owned()).collect();
        let truth = names.iter().map(|name| sentences.iter().map(|s| s.labels.contains(name)).collect()).collect();
        let clauses: Vec<Clause> = sentences.iter().map(Clause::from).collect();
        let prepared = train::prepare_clauses(names, truth, &clauses, options)?;
        Ok(train::train_prepared(&prepared, &|i| i < typical, options))
    }
}

/// How often a head is right on sentences of platforms that it did not see. As in LexGLUE, a sentence without a label has the label
/// [`NONE`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HeadMeasures {
    /// Sentences that were read.
    pub sentences: usize,
    /// F1 over all labels of all sentences.
    pub micro_f1: f64,
    /// Mean of the labels' F1.
    pub macro_f1: f64,
    /// Each label.
    pub labels: Vec<LabelMeasures>,
}

/// One label.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct LabelMeasures {
    /// Its name.
    pub name: &'static str,
    /// Sentences (or documents) that have it.
    pub support: usize,
    /// Those that were said to have it.
    pub asserted: usize,
    /// Those that were rightly said to have it.
    pub right: usize,
}

/// What a sentence without a label is said to be.
const NONE: &str = "none";

impl LabelMeasures {
    /// Counts one more: whether it has the label, and whether it was said to.
    pub(crate) fn count(&mut self, has: bool, said: bool) {
        self.support += usize::from(has);
        self.asserted += usize::from(said);
        self.right += usize::from(has && said);
    }

    /// Harmonic mean of precision and recall.
    pub fn f1(&self) -> f64 {
        2.0 * self.right as f64 / (self.asserted + self.support).max(1) as f64
    }
}

/// Mean of the F1 of some labels.
pub fn macro_f1(labels: &[LabelMeasures]) -> f64 {
    labels.iter().map(LabelMeasures::f1).sum::<f64>() / labels.len().max(1) as f64
}

impl Head {
    /// Trains and measures by folds of platforms.
    pub fn evaluate(self, sentences: &[Sentence], options: &Options) -> Result<HeadMeasures, TrainError> {
        let places = train::divide(sentences.iter().map(|sentence| sentence.platform.as_str()), options.folds)?;
        let fold_of = |sentence: &Sentence| places[sentence.platform.as_str()].fold;
        let names = self.labels().iter().map(|label| label.name).chain([NONE]);
        let mut labels: Vec<LabelMeasures> = names.map(|name| LabelMeasures { name, ..Default::default() }).collect();
        let mut work = Workspace::default();
        for fold in 0..options.folds {
            let others: Vec<Sentence> = sentences.iter().filter(|own| fold_of(own) != fold).cloned().collect();
            let reader = UnfairReader::with_model(self.train(&others, others.len(), options)?);
            let reader = reader.map_err(|_| TrainError::FewExamples(options.least_examples))?;
            for sentence in sentences.iter().filter(|own| fold_of(own) == fold) {
                tally(&mut labels, sentence, &reader.labels(&sentence.text, &mut work));
            }
        }
        let all = labels.iter().fold(LabelMeasures::default(), |all, own| LabelMeasures {
            name: "",
            support: all.support + own.support,
            asserted: all.asserted + own.asserted,
            right: all.right + own.right,
        });
        Ok(HeadMeasures { sentences: sentences.len(), micro_f1: all.f1(), macro_f1: macro_f1(&labels), labels })
    }
}

fn tally(labels: &mut [LabelMeasures], sentence: &Sentence, found: &[&str]) {
    let known = |name: &str| sentence.labels.iter().any(|own| own == name);
    let without = !labels.iter().any(|label| known(label.name));
    for label in labels {
        let (has, said) = match label.name {
            NONE => (without, found.is_empty()),
            name => (known(name), found.contains(&name)),
        };
        label.count(has, said);
    }
}

/// Reads sentences with a trained head.
#[derive(Debug)]
pub struct UnfairReader {
    model: Model,
    labels: Vec<Label>,
}

impl UnfairReader {
    /// A head with the model of `file`.
    pub fn from_model_file(file: &[u8]) -> Result<UnfairReader, ModelError> {
        UnfairReader::with_model(Model::from_bytes(file)?)
    }

    fn with_model(model: Model) -> Result<UnfairReader, ModelError> {
        let label = |name: &String| {
            let known = LABELS.into_iter().find(|label| label.name == name);
            known.ok_or_else(|| ModelError::UnknownType(name.clone()))
        };
        let labels = model.types.iter().map(|known| label(&known.id)).collect::<Result<_, _>>()?;
        Ok(UnfairReader { model, labels })
    }

    /// The labels of a sentence.
    pub fn labels(&self, text: &str, work: &mut Workspace) -> Vec<&'static str> {
        self.read(text, work).into_iter().map(|(label, _, _)| label.name).collect()
    }

    /// The labels of a sentence, each with its probability and that from which it counts as high.
    fn read(&self, text: &str, work: &mut Workspace) -> Vec<(Label, f32, f32)> {
        self.model.score("", text, work);
        let judged = self.model.judge(text.len(), work).iter().map(|&(number, score)| {
            let calibration = &self.model.types[number].calibration;
            (self.labels[number], calibration.probability(score), calibration)
        });
        let asserted = judged.filter(|(_, probability, calibration)| *probability >= calibration.threshold);
        asserted.map(|(label, probability, calibration)| (label, probability, calibration.high)).collect()
    }

    /// The clause types that the sentences of a clause come to, most probable first, each with the bytes of its sentences.
    pub(crate) fn types(&self, text: &str, work: &mut Workspace) -> Vec<(Assertion, Range<usize>)> {
        let mut found: Vec<(Assertion, Range<usize>)> = Vec::new();
        for sentence in normalise::sentences(&text[..text.floor_char_boundary(MOST_BYTES)]) {
            for (label, score, high) in self.read(&text[sentence.clone()], work) {
                let kind: &'static ClauseType =
                    taxonomy().get(label.type_id).expect("labels are of the taxonomy: tested");
                match found.iter_mut().find(|(known, _)| known.kind.id == kind.id) {
                    None => found.push((Assertion::new(kind, score, high, None), sentence.clone())),
                    Some((known, range)) => {
                        range.end = sentence.end;
                        if score > known.score {
                            *known = Assertion::new(kind, score, high, None);
                        }
                    }
                }
            }
        }
        found.sort_by(|a, b| b.0.score.total_cmp(&a.0.score));
        found
    }
}
