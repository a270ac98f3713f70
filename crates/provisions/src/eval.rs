//! Measurement: how often the reader is right on clauses of platforms that it did not see.
//!
//! Platforms are divided into folds. The clauses of each fold are read by a reader that was trained on the other folds, its
//! probabilities and thresholds included, exactly as the shipped reader reads them. [`Measures`] is what comes out; the measures of
//! the shipped reader are part of the release ([`measures`]), written by `clausewatch eval`, never by hand.
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::corpus::{Example, Role};
use crate::passage::Passage;
use crate::reader::{Confidence, Finding, Reader};
use crate::taxonomy::{ClauseType, Severity, taxonomy};
use crate::train::{Folds, Options, TrainError};

/// Types with at least as many labels count in the mean over types.
pub const LEAST_SUPPORT: usize = 10;
/// As [`LEAST_SUPPORT`], for the mean over the types of the category `ai`.
const LEAST_AI_SUPPORT: usize = 5;

/// Everything measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measures {
    /// Labelled clauses that were read.
    pub clauses: usize,
    /// Platforms that they are from.
    pub platforms: usize,
    /// Labels that readers gave them.
    pub labels: usize,
    /// Parts that the platforms were divided into.
    pub folds: usize,
    /// Figures over all types.
    pub overall: Overall,
    /// What the levels of confidence come to, lowest first.
    pub levels: Vec<LevelMeasures>,
    /// Reliability over all types, in tenths of the score.
    pub reliability: Vec<Bin>,
    /// Each type, in the order of the taxonomy.
    pub types: Vec<TypeMeasures>,
}

/// Figures over all types.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Overall {
    /// Assertions that are right, of all that were made.
    pub micro_precision: f64,
    /// Labels that were found, of all.
    pub micro_recall: f64,
    /// Harmonic mean of the two.
    pub micro_f1: f64,
    /// Mean F1 over types with at least [`LEAST_SUPPORT`] labels.
    pub macro_f1: f64,
    /// How many types that is.
    pub macro_types: usize,
    /// Mean F1 over the types about AI with at least 5 labels.
    pub ai_macro_f1: f64,
    /// How many types that is.
    pub ai_types: usize,
    /// Precision of assertions with high confidence.
    pub high_precision: f64,
    /// Share of all labels that they find.
    pub high_coverage: f64,
    /// Expected calibration error of the score, over all assertions.
    pub calibration_error: f64,
    /// Clauses whose main type was found and whose severity a reader judged.
    pub severity_clauses: usize,
    /// Share of them with the same severity.
    pub severity_exact: f64,
    /// Share of them with a severity at most one level away.
    pub severity_within_one: f64,
}

/// One level of confidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LevelMeasures {
    /// The level.
    pub level: Confidence,
    /// Assertions made with it.
    pub asserted: usize,
    /// Those that are right.
    pub right: usize,
}

/// Assertions whose scores are near each other.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// Lowest score, inclusive.
    pub from: f64,
    /// Highest score, exclusive but for 1.
    pub to: f64,
    /// Assertions with such a score.
    pub asserted: usize,
    /// Their mean score.
    pub mean_score: f64,
    /// How many of them are right.
    pub right: usize,
}

/// One clause type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TypeMeasures {
    /// [`ClauseType::id`].
    pub id: String,
    /// Labels of this type in the corpus.
    pub support: usize,
    /// Clauses that the reader asserted to be of it.
    pub asserted: usize,
    /// Assertions that are right.
    pub right: usize,
    /// `right` of `asserted`.
    pub precision: f64,
    /// `right` of `support`.
    pub recall: f64,
    /// Harmonic mean of the two.
    pub f1: f64,
    /// Mean over the folds of the probability from which it is asserted; 1 when it never was.
    pub threshold: f64,
    /// Reliability in fifths of the score.
    pub reliability: Vec<Bin>,
}

/// What the reader said of one clause of the corpus.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Prediction {
    /// [`Example::id`].
    pub id: String,
    /// Asserted types, most probable first.
    pub types: Vec<PredictedType>,
}

/// One asserted type, as `clausewatch classify` prints it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PredictedType {
    /// [`ClauseType::id`].
    #[serde(rename = "type")]
    pub type_id: &'static str,
    /// Calibrated probability.
    pub score: f32,
    /// Its level.
    pub confidence: Confidence,
    /// Severity of the clause.
    pub severity: Severity,
}

impl From<Finding> for PredictedType {
    fn from(finding: Finding) -> PredictedType {
        let Finding { type_id, score, confidence, severity, .. } = finding;
        PredictedType { type_id, score, confidence, severity }
    }
}

/// The measures of the shipped reader.
pub fn measures() -> &'static Measures {
    static MEASURES: LazyLock<Measures> = LazyLock::new(|| {
        let file = include_str!("../../../models/measures.json");
        serde_json::from_str(file).expect("the embedded measures are tested")
    });
    &MEASURES
}

/// Trains and measures by folds of platforms; see [`evaluate_folds`].
pub fn evaluate(examples: &[Example], options: &Options) -> Result<(Measures, Vec<Prediction>), TrainError> {
    evaluate_folds(&Folds::fit(examples, options)?)
}

/// Measures the models of folds on the examples of the plain sample, each by the model that did not see its platform. The others are
/// neither measured nor among the predictions.
pub fn evaluate_folds(folds: &Folds) -> Result<(Measures, Vec<Prediction>), TrainError> {
    let readers = folds.readers()?;
    let mut thresholds = vec![Vec::new(); taxonomy().types().len()];
    for reader in &readers {
        reader.thresholds().for_each(|(position, threshold)| thresholds[position].push(f64::from(threshold)));
    }
    let sample = folds.examples().iter().enumerate().filter(|(_, example)| example.role == Role::Sample);
    let (mut measured, mut predictions) = (Vec::new(), Vec::new());
    for (i, example) in sample {
        let fold = folds.fold(i).expect("platforms with a labelled clause have a fold");
        measured.push(example);
        predictions.push(Prediction { id: example.id.clone(), types: read(&readers[fold], example) });
    }
    let mut measures = measure(&measured, &predictions);
    measures.folds = readers.len();
    for (kind, thresholds) in measures.types.iter_mut().zip(&thresholds) {
        kind.threshold = if thresholds.is_empty() { 1.0 } else { round(mean(thresholds.iter().copied())) };
    }
    Ok((measures, predictions))
}

/// Reads one clause given without its document.
pub fn read(reader: &Reader, example: &Example) -> Vec<PredictedType> {
    let passage = Passage {
        heading: example.heading.clone(),
        lead_in: String::new(),
        text: &example.text,
        is_heading: false,
        foreign: None,
    };
    reader.findings(&passage).into_iter().map(PredictedType::from).collect()
}

/// Compares predictions with labels; both are in the same order.
pub fn measure(examples: &[&Example], predictions: &[Prediction]) -> Measures {
    let mut tally = Tally::default();
    for (example, prediction) in examples.iter().zip(predictions) {
        tally.add(example, prediction);
    }
    let types = tally.types();
    let mut platforms: Vec<&str> = examples.iter().map(|example| example.platform.as_str()).collect();
    platforms.sort_unstable();
    platforms.dedup();
    Measures {
        clauses: examples.len(),
        platforms: platforms.len(),
        labels: types.iter().map(|kind| kind.support).sum(),
        folds: 0,
        overall: tally.overall(&types),
        levels: tally.levels(),
        reliability: bins(&tally.asserted, 10),
        types,
    }
}

/// One assertion: position of the type, score, level, whether it is right.
type Asserted = (usize, f32, Confidence, bool);

#[derive(Default)]
struct Tally {
    asserted: Vec<Asserted>,
    support: Vec<usize>,
    /// Steps between the reader's severity and ours, for each clause whose main type was found.
    severity_steps: Vec<i32>,
}

impl Tally {
    fn add(&mut self, example: &Example, prediction: &Prediction) {
        self.support.resize(taxonomy().types().len(), 0);
        example.types.iter().for_each(|&kind| self.support[kind] += 1);
        for (found, position) in prediction.types.iter().filter_map(|p| Some((p, taxonomy().position(p.type_id)?))) {
            let right = example.types.contains(&position);
            self.asserted.push((position, found.score, found.confidence, right));
            if let Some(severity) = example.severity.filter(|_| example.types.first() == Some(&position)) {
                self.severity_steps.push(severity as i32 - found.severity as i32);
            }
        }
    }

    fn types(&self) -> Vec<TypeMeasures> {
        let mut by_type: Vec<Vec<Asserted>> = vec![Vec::new(); taxonomy().types().len()];
        self.asserted.iter().for_each(|&assertion| by_type[assertion.0].push(assertion));
        let kinds = taxonomy().types().iter().zip(&by_type).enumerate();
        kinds.map(|(i, (kind, list))| type_measures(kind, self.support.get(i).copied().unwrap_or(0), list)).collect()
    }

    fn overall(&self, types: &[TypeMeasures]) -> Overall {
        let labels: usize = types.iter().map(|kind| kind.support).sum();
        let right = self.asserted.iter().filter(|a| a.3).count();
        let high = || self.asserted.iter().filter(|a| a.2 == Confidence::High);
        let high_right = high().filter(|a| a.3).count();
        let big: Vec<f64> = types.iter().filter(|kind| kind.support >= LEAST_SUPPORT).map(|kind| kind.f1).collect();
        let is_ai = |kind: &&TypeMeasures| taxonomy().get(&kind.id).is_some_and(|kind| kind.category == "ai");
        let ai = types.iter().filter(is_ai).filter(|kind| kind.support >= LEAST_AI_SUPPORT);
        let ai: Vec<f64> = ai.map(|kind| kind.f1).collect();
        let steps = &self.severity_steps;
        Overall {
            micro_precision: share(right, self.asserted.len()),
            micro_recall: share(right, labels),
            micro_f1: share(2 * right, self.asserted.len() + labels),
            macro_f1: round(mean(big.iter().copied())),
            macro_types: big.len(),
            ai_macro_f1: round(mean(ai.iter().copied())),
            ai_types: ai.len(),
            high_precision: share(high_right, high().count()),
            high_coverage: share(high_right, labels),
            calibration_error: calibration_error(&bins(&self.asserted, 10)),
            severity_clauses: steps.len(),
            severity_exact: share(steps.iter().filter(|&&s| s == 0).count(), steps.len()),
            severity_within_one: share(steps.iter().filter(|&&s| s.abs() <= 1).count(), steps.len()),
        }
    }

    fn levels(&self) -> Vec<LevelMeasures> {
        let of = |level| {
            let at_level = self.asserted.iter().filter(|a| a.2 == level);
            let right = at_level.clone().filter(|a| a.3).count();
            LevelMeasures { level, asserted: at_level.count(), right }
        };
        [Confidence::Low, Confidence::Medium, Confidence::High].map(of).into()
    }
}

fn type_measures(kind: &ClauseType, support: usize, asserted: &[Asserted]) -> TypeMeasures {
    let right = asserted.iter().filter(|a| a.3).count();
    TypeMeasures {
        id: kind.id.clone(),
        support,
        asserted: asserted.len(),
        right,
        precision: share(right, asserted.len()),
        recall: share(right, support),
        f1: share(2 * right, asserted.len() + support),
        threshold: 1.0,
        reliability: bins(asserted, 5),
    }
}

fn bins(asserted: &[Asserted], count: usize) -> Vec<Bin> {
    let edge = |i: usize| i as f64 / count as f64;
    let mut bins: Vec<Bin> = (0..count).map(|i| Bin { from: edge(i), to: edge(i + 1), ..Bin::default() }).collect();
    for &(_, score, _, right) in asserted {
        let bin = &mut bins[((f64::from(score) * count as f64) as usize).min(count - 1)];
        bin.asserted += 1;
        bin.mean_score += f64::from(score);
        bin.right += usize::from(right);
    }
    for bin in &mut bins {
        bin.mean_score = round(bin.mean_score / bin.asserted.max(1) as f64);
    }
    bins
}

/// How far scores are from the share that is right, weighted by assertions.
fn calibration_error(bins: &[Bin]) -> f64 {
    let all: usize = bins.iter().map(|bin| bin.asserted).sum();
    let off = |bin: &Bin| (bin.mean_score * bin.asserted as f64 - bin.right as f64).abs();
    round(bins.iter().map(off).sum::<f64>() / all.max(1) as f64)
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { round(part as f64 / whole as f64) }
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len().max(1) as f64;
    values.sum::<f64>() / count
}

/// Four digits after the point, so that the file is short and stable.
fn round(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}
