//! Training: labelled clauses to a [`Model`].
//!
//! Every type gets a separator of its own ([`crate::svm`]). Its probabilities and threshold are fitted on scores of clauses whose
//! platform the scoring model did not see. Everything is deterministic: the same corpus and options give the same bytes.
use std::collections::HashMap;

use crate::calibrate::{self, Calibration};
use crate::contrary::Contraries;
use crate::corpus::{Example, Role};
use crate::features::{self, BLOCKS, Kinds, Scratch};
use crate::forest;
use crate::layer::{Outputs, Rows};
use crate::model::{Features, Layer, Model, SHARING, TypeModel, value_of};
use crate::net::{self, Lesson, Net, NetOptions, WIDTH};
use crate::passage::MOST_BYTES;
use crate::reader::Reader;
use crate::rivals::Rivals;
use crate::svm;
use crate::table::Table;
use crate::taxonomy::{Severity, taxonomy};
use crate::teach::Teachers;
use crate::vocabulary::Vocabulary;

/// Steps from zero to the largest weight of a column. A network's many weights bear a coarse scale, which packs better: with 127 steps
/// its file would be half as large again, and micro-F1 about two thousandths higher.
const STEPS_OF_SEPARATORS: f32 = 127.0;
const STEPS_OF_NETS: f32 = 16.0;

/// What can be set.
#[derive(Debug, Clone)]
pub struct Options {
    /// Kinds of features that are read.
    pub kinds: Kinds,
    /// Weight of each [`features::Block`].
    pub block_weights: [f32; BLOCKS],
    /// A feature must be seen on as many platforms, for each [`features::Block`].
    pub least_platforms: [usize; BLOCKS],
    /// What is fitted to the features.
    pub learner: Learner,
    /// Who says what clauses without labels are of. Without them nothing is learnt from such clauses.
    pub teachers: Option<Teachers>,
    /// How the second look at scores is fitted, if there is to be one.
    pub rivals: Option<forest::Options>,
    /// How the probability from which a type is asserted is chosen.
    pub thresholds: Thresholds,
    /// Types with fewer examples are not learnt.
    pub least_examples: usize,
    /// Parts into which platforms are divided to fit probabilities.
    pub folds: usize,
    /// Threads.
    pub threads: usize,
}

/// What is fitted to the features.
#[derive(Debug, Clone)]
pub enum Learner {
    /// A separator for each type on its own ([`crate::svm`]).
    Separators {
        /// How dear an error in training is.
        cost: f32,
        /// How far rare types' examples weigh more: 0 not at all, 1 as much in sum as all the others.
        balance: f32,
    },
    /// A network for all types ([`crate::net`]).
    Net {
        /// How it is fitted to labels alone: without [`Options::teachers`], or without clauses for them to judge.
        options: NetOptions,
        /// What its scores are multiplied by, so that they span what curves of probability are kept for.
        scale: f32,
    },
}

/// What the probability from which a type is asserted is pulled toward.
#[derive(Debug, Clone, Copy)]
pub struct Thresholds {
    /// A probability; without one, that from which asserting gives the best F1 over all types together.
    pub common: Option<f32>,
    /// As many examples of a type as it weighs.
    pub weight: f32,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            kinds: Kinds::WORDS.and(Kinds::STEMS).and(Kinds::STEM_PAIRS).and(Kinds::HEADING).and(Kinds::RULES),
            block_weights: [1.0, 0.7, 0.5, 0.5],
            least_platforms: [8, 14, 5, 1],
            learner: Learner::Net { options: NetOptions::default(), scale: 0.2 },
            teachers: Some(Teachers::default()),
            rivals: Some(forest::Options::default()),
            thresholds: Thresholds { common: None, weight: 400.0 },
            least_examples: 4,
            folds: 5,
            threads: 2,
        }
    }
}

/// The corpus cannot be learnt from.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// Folds need several platforms.
    #[error("the corpus has clauses of {found} platforms; at least {needed} are needed to fit probabilities")]
    FewPlatforms {
        /// Platforms in the corpus.
        found: usize,
        /// Platforms needed.
        needed: usize,
    },
    /// No type has enough examples.
    #[error("no clause type has at least {0} examples")]
    FewExamples(usize),
}

/// A clause's features, each once, by block.
pub(crate) type Keys = [Vec<u64>; BLOCKS];

/// Examples made ready for learning.
pub(crate) struct Prepared {
    /// Names of the labels.
    pub names: Vec<String>,
    /// For each label, which documents have it.
    pub truth: Vec<Vec<bool>>,
    /// Features of each document.
    pub documents: Vec<Keys>,
    /// Their bytes.
    pub lengths: Vec<usize>,
    /// Number of each document's platform; documents without labels have none if no other of their platform has any.
    pub platforms: Vec<Option<usize>>,
    /// Each document's part; none likewise.
    pub folds: Vec<Option<usize>>,
    /// Whether the document has labels, if only that it has none of them.
    pub labelled: Vec<bool>,
}

/// A clause to learn from, beside its labels.
pub(crate) struct Clause<'a> {
    /// Headings above it.
    pub heading: &'a str,
    /// Its words.
    pub text: &'a str,
    /// The platform it is from; none if it was written for the purpose. Its words then do not speak for a platform.
    pub platform: Option<&'a str>,
    /// As [`Prepared::labelled`].
    pub labelled: bool,
}

impl<'a> From<&'a Example> for Clause<'a> {
    fn from(example: &'a Example) -> Clause<'a> {
        let Example { heading, text, platform, role, .. } = example;
        let platform = (*role != Role::Contrary).then_some(platform.as_str());
        Clause { heading, text, platform, labelled: *role != Role::Unlabelled }
    }
}

/// Scores of each document for each label: `scores[document][label]`.
pub(crate) type Scores = Vec<Vec<f32>>;

/// A corpus divided into folds of platforms, with a model for each that learnt from the others. What they say of clauses that they did
/// not see is what probabilities and thresholds are fitted on, and what is measured.
pub struct Folds<'a> {
    examples: &'a [Example],
    options: &'a Options,
    prepared: Prepared,
    models: Vec<Model>,
    scores: Scores,
}

impl<'a> Folds<'a> {
    /// Divides the corpus and fits the models: most of the work of training.
    pub fn fit(examples: &'a [Example], options: &'a Options) -> Result<Folds<'a>, TrainError> {
        let prepared = prepare(examples, options)?;
        let (models, scores) = held_out(&prepared, options);
        Ok(Folds { examples, options, prepared, models, scores })
    }

    /// The model that learns from all examples.
    pub fn train(&self) -> Model {
        let sample = |i: usize| self.examples[i].role == Role::Sample;
        let mut model = fit_all(&self.prepared, &self.scores, &sample, self.options);
        self.set_contraries(&mut model, &|_| true);
        set_severities(&mut model, &self.usual_severities(&sample));
        model
    }

    /// For each fold, a reader whose weights, probabilities and thresholds come from the labels of the other folds.
    pub(crate) fn readers(&self) -> Result<Vec<Reader>, TrainError> {
        let reader = |(fold, model): (usize, &Model)| {
            let outside = |i: usize| self.fold(i) != Some(fold) && self.examples[i].role == Role::Sample;
            let mut model = model.clone();
            self.set_contraries(&mut model, &|i| self.fold(i) != Some(fold));
            conclude(&mut model, &self.prepared, &self.scores, &outside, self.options);
            set_severities(&mut model, &self.usual_severities(&outside));
            Reader::with_model(model).map_err(|_| TrainError::FewExamples(self.options.least_examples))
        };
        self.models.iter().enumerate().map(reader).collect()
    }

    /// The examples.
    pub(crate) fn examples(&self) -> &'a [Example] {
        self.examples
    }

    /// The fold of example `i`; every one of a plain sample has one.
    pub(crate) fn fold(&self, i: usize) -> Option<usize> {
        self.prepared.folds[i]
    }

    /// Learns what tells contraries from the examples that `usable` allows.
    fn set_contraries(&self, model: &mut Model, usable: &dyn Fn(usize) -> bool) {
        let examples = self.examples.iter().enumerate().filter(|&(i, _)| usable(i)).map(|(_, example)| example);
        let number = |position: usize| model.types.iter().position(|kind| kind.id == taxonomy().types()[position].id);
        let numbers: Vec<Option<usize>> = (0..taxonomy().types().len()).map(number).collect();
        model.contraries = Contraries::fit(examples, numbers.iter().flatten().count(), &|position| numbers[position]);
    }

    fn usual_severities(&self, usable: &dyn Fn(usize) -> bool) -> Vec<Option<Severity>> {
        usual_severities(self.examples.iter().enumerate().filter(|&(i, _)| usable(i)).map(|(_, example)| example))
    }
}

/// Trains a model on all examples.
pub fn train(examples: &[Example], options: &Options) -> Result<Model, TrainError> {
    Ok(Folds::fit(examples, options)?.train())
}

/// Trains a model, for any labels; probabilities and thresholds are fitted on the documents that `typical` allows.
pub(crate) fn train_prepared(prepared: &Prepared, typical: &dyn Fn(usize) -> bool, options: &Options) -> Model {
    let (_, scores) = held_out(prepared, options);
    fit_all(prepared, &scores, typical, options)
}

fn fit_all(prepared: &Prepared, scores: &Scores, typical: &dyn Fn(usize) -> bool, options: &Options) -> Model {
    let everything: Vec<usize> = (0..prepared.documents.len()).collect();
    let mut model = fit(prepared, &everything, options);
    conclude(&mut model, prepared, scores, typical, options);
    model
}

/// Divides examples by platform and reads their features.
pub(crate) fn prepare(examples: &[Example], options: &Options) -> Result<Prepared, TrainError> {
    let mut truth: Vec<Vec<bool>> = vec![vec![false; examples.len()]; taxonomy().types().len()];
    for (i, example) in examples.iter().enumerate() {
        example.types.iter().for_each(|&kind| truth[kind][i] = true);
    }
    let mut names = Vec::new();
    let enough = |labels: &Vec<bool>| labels.iter().filter(|&&l| l).count() >= options.least_examples;
    let learnt: Vec<bool> = truth.iter().map(enough).collect();
    for (kind, _) in taxonomy().types().iter().zip(&learnt).filter(|(_, learnt)| **learnt) {
        names.push(kind.id.clone());
    }
    if names.is_empty() {
        return Err(TrainError::FewExamples(options.least_examples));
    }
    let truth = truth.into_iter().zip(learnt).filter_map(|(labels, learnt)| learnt.then_some(labels)).collect();
    prepare_clauses(names, truth, &examples.iter().map(Clause::from).collect::<Vec<_>>(), options)
}

/// As [`prepare`], for any labels.
pub(crate) fn prepare_clauses(
    names: Vec<String>,
    truth: Vec<Vec<bool>>,
    clauses: &[Clause],
    options: &Options,
) -> Result<Prepared, TrainError> {
    let labelled = clauses.iter().filter(|clause| clause.labelled).filter_map(|clause| clause.platform);
    let places = divide(labelled, options.folds)?;
    let place = |clause: &Clause| places.get(clause.platform?);
    let documents = svm::in_parallel(clauses.len().div_ceil(256), options.threads, |chunk| {
        let mut scratch = Scratch::default();
        let part = &clauses[chunk * 256..clauses.len().min((chunk + 1) * 256)];
        part.iter().map(|clause| keys_of(clause, options.kinds, &mut scratch)).collect::<Vec<_>>()
    });
    Ok(Prepared {
        names,
        truth,
        documents: documents.into_iter().flatten().collect(),
        lengths: clauses.iter().map(|clause| clause.text.len().min(MOST_BYTES)).collect(),
        platforms: clauses.iter().map(|clause| place(clause).map(|place| place.number)).collect(),
        folds: clauses.iter().map(|clause| place(clause).map(|place| place.fold)).collect(),
        labelled: clauses.iter().map(|clause| clause.labelled).collect(),
    })
}

fn keys_of(clause: &Clause, kinds: Kinds, scratch: &mut Scratch) -> Keys {
    features::extract(clause.text, kinds, scratch);
    features::extract_heading(clause.heading, kinds, scratch);
    let mut keys = scratch.keys.clone();
    for block in &mut keys {
        block.sort_unstable();
        block.dedup();
    }
    keys
}

/// Where a platform stands.
pub(crate) struct Place {
    /// Its number.
    pub number: usize,
    /// The fold that its clauses are in.
    pub fold: usize,
}

/// Numbers the platforms, of which each clause names one, and deals them into folds, the largest first, each to the fold with the fewest
/// clauses.
pub(crate) fn divide<'a>(
    platforms: impl Iterator<Item = &'a str>,
    folds: usize,
) -> Result<HashMap<&'a str, Place>, TrainError> {
    let mut sizes: HashMap<&str, usize> = HashMap::new();
    for platform in platforms {
        *sizes.entry(platform).or_default() += 1;
    }
    if sizes.len() < folds {
        return Err(TrainError::FewPlatforms { found: sizes.len(), needed: folds });
    }
    let mut order: Vec<(&str, usize)> = sizes.into_iter().collect();
    order.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let mut filled = vec![0; folds];
    let mut places = HashMap::new();
    for (number, (platform, size)) in order.into_iter().enumerate() {
        let fold = (0..folds).min_by_key(|&fold| (filled[fold], fold)).unwrap_or(0);
        filled[fold] += size;
        places.insert(platform, Place { number, fold });
    }
    Ok(places)
}

/// For each fold, a model that was fitted on the others, and the scores that it gives the fold's documents; documents of no fold have none.
pub(crate) fn held_out(prepared: &Prepared, options: &Options) -> (Vec<Model>, Scores) {
    // A fold a thread: fitting a network takes one thread only.
    let within = Options { threads: 1, ..options.clone() };
    let models = svm::in_parallel(options.folds, options.threads, |fold| {
        let outside: Vec<usize> = (0..prepared.documents.len()).filter(|&i| prepared.folds[i] != Some(fold)).collect();
        fit(prepared, &outside, &within)
    });
    let score = |(document, &fold): (&Keys, &Option<usize>)| match fold {
        Some(fold) => models[fold].score_keys(document),
        None => Vec::new(),
    };
    let scores = prepared.documents.iter().zip(&prepared.folds).map(score).collect();
    (models, scores)
}

/// Fits what `model` concludes from scores: on held-out `scores` of the documents that `usable` allows.
fn conclude(
    model: &mut Model,
    prepared: &Prepared,
    scores: &Scores,
    usable: &dyn Fn(usize) -> bool,
    options: &Options,
) {
    let rows: Vec<usize> = (0..prepared.documents.len()).filter(|&row| usable(row)).collect();
    if let Some(options) = &options.rivals {
        let truth = |row: usize| prepared.truth.iter().map(|labels| labels[row]).collect();
        let truths: Vec<Vec<bool>> = rows.iter().map(|&row| truth(row)).collect();
        let clauses = rows.iter().zip(&truths);
        let clauses = clauses.map(|(&row, truth)| (&scores[row][..], prepared.lengths[row], &truth[..]));
        model.rivals = Some(Rivals::fit(clauses, options));
    }
    let last = |&row: &usize| match &model.rivals {
        Some(rivals) => rivals.judge_all(&scores[row], prepared.lengths[row]),
        None => scores[row].clone(),
    };
    let last: Vec<Vec<f32>> = rows.iter().map(last).collect();
    let of_kind = |kind: usize| -> (Vec<f32>, Vec<bool>) {
        rows.iter().zip(&last).map(|(&row, scores)| (scores[kind], prepared.truth[kind][row])).unzip()
    };
    let scored: Vec<(Vec<f32>, Vec<bool>)> = (0..prepared.names.len()).map(of_kind).collect();
    for (kind, calibration) in model.types.iter_mut().zip(calibrations(&scored, options.thresholds)) {
        kind.calibration = calibration;
    }
}

fn set_severities(model: &mut Model, severities: &[Option<Severity>]) {
    for kind in &mut model.types {
        kind.calibration.severity = taxonomy().position(&kind.id).and_then(|position| severities[position]);
    }
}

/// Fits a model, without calibration, on the documents at `rows`.
fn fit(prepared: &Prepared, rows: &[usize], options: &Options) -> Model {
    let (rows, others): (Vec<usize>, Vec<usize>) = rows.iter().partition(|&&row| prepared.labelled[row]);
    let vocabulary = Vocabulary::of(prepared, &rows, &options.least_platforms, options.block_weights);
    let (layer, outputs) = match &options.learner {
        Learner::Separators { cost, balance } => {
            let matrix = vocabulary.matrix(prepared, rows.iter().copied());
            let separators = svm::in_parallel(prepared.names.len(), options.threads, |kind| {
                let labels: Vec<bool> = rows.iter().map(|&row| prepared.truth[kind][row]).collect();
                svm::fit(&matrix, &labels, &costs(&labels, *cost, *balance))
            });
            let base = separators.iter().map(|separator| separator.bias).collect();
            let weight = |feature: usize, kind: usize| separators[kind].weights[feature];
            (quantise(&vocabulary.features, base, STEPS_OF_SEPARATORS, weight), None)
        }
        Learner::Net { options: net, scale } => {
            let nets = fit_nets(prepared, &vocabulary, rows, others, net, options);
            let share = scale / nets.len() as f32;
            let offset = |kind: usize| nets.iter().map(|net| net.outputs[kind][WIDTH]).sum::<f32>() * share;
            let base = (0..prepared.names.len()).map(offset).collect();
            let of_hidden =
                |(net, k): (&Net, usize)| net.outputs.iter().map(|output| output[k] * share).collect::<Vec<f32>>();
            let hidden = nets.iter().flat_map(|net| (0..WIDTH).map(move |k| (net, k)));
            let weights: Vec<f32> = hidden.flat_map(of_hidden).collect();
            let resting = nets.iter().flat_map(|net| net.base).collect();
            let layer = quantise(&vocabulary.features, resting, STEPS_OF_NETS, |feature, column| {
                nets[column / WIDTH].rows[feature][column % WIDTH]
            });
            (layer, Some(Outputs::quantised(base, &weights)))
        }
    };
    let unfitted = |name: &String| TypeModel { id: name.clone(), calibration: Calibration::default() };
    let types = prepared.names.iter().map(unfitted).collect();
    Model::new(types, options.kinds, options.block_weights, layer, outputs)
}

/// Fits networks on the documents at `rows` and, if there are teachers, on what they say of those at `others`.
fn fit_nets<'a>(
    prepared: &Prepared,
    vocabulary: &Vocabulary,
    mut rows: Vec<usize>,
    others: Vec<usize>,
    mut net: &'a NetOptions,
    options: &'a Options,
) -> Vec<Net> {
    let mut lessons = labels(prepared, &rows);
    if let Some(teachers) = options.teachers.as_ref().filter(|_| !others.is_empty()) {
        lessons.extend(teachers.opinions(prepared, &rows, &others, options));
        rows.extend(others);
        net = &teachers.learner;
    }
    let matrix = vocabulary.matrix(prepared, rows.into_iter());
    net::fit(&matrix, &lessons, prepared.names.len(), net, options.threads)
}

/// The labels of each document at `rows`.
pub(crate) fn labels(prepared: &Prepared, rows: &[usize]) -> Vec<Lesson> {
    let mut labels: Vec<Vec<u8>> = vec![Vec::new(); rows.len()];
    for (kind, truth) in prepared.truth.iter().enumerate() {
        let having = labels.iter_mut().zip(rows).filter(|(_, row)| truth[**row]);
        having.for_each(|(own, _)| own.push(kind as u8));
    }
    labels.into_iter().map(Lesson::Labels).collect()
}

/// Makes rows of steps, at most `most` from zero, of the weights of each feature in each column, times its inverse document frequency.
fn quantise(features: &Features, base: Vec<f32>, most: f32, weight: impl Fn(usize, usize) -> f32) -> Layer {
    let count = features.keys.len();
    let table = Table::build(&features.keys);
    let value = |feature: usize, column: usize| weight(feature, column) * value_of(features.squares[feature]);
    let largest = |column| (0..count).map(|feature| value(feature, column).abs()).fold(f32::MIN_POSITIVE, f32::max);
    let steps: Vec<f32> = (0..base.len()).map(|column| largest(column) / most).collect();
    // One more than features: what is no feature has the next number.
    let mut rows = vec![0; (count + 1) * base.len()];
    for (feature, row) in rows.chunks_exact_mut(base.len()).enumerate().take(count) {
        for (column, number) in row.iter_mut().enumerate() {
            *number = (value(feature, column) / steps[column]).round() as i8;
        }
    }
    let rows = Rows::new(rows, base.len());
    let squares =
        (0..=count).step_by(SHARING).map(|number| features.squares.get(number).copied().unwrap_or(0)).collect();
    Layer { table, squares, rows, steps, base }
}

/// What an error on each example costs: rare types' examples count more.
fn costs(labels: &[bool], cost: f32, balance: f32) -> Vec<f32> {
    let all = labels.len() as f32;
    let positive = (labels.iter().filter(|&&l| l).count() as f32).max(1.0);
    let share = |count: f32| cost * (all / (2.0 * count)).powf(balance);
    let (for_positive, for_negative) = (share(positive), share((all - positive).max(1.0)));
    labels.iter().map(|&l| if l { for_positive } else { for_negative }).collect()
}

/// Fits each label's probabilities and threshold to scores and whether they are of documents with the label.
fn calibrations(scored: &[(Vec<f32>, Vec<bool>)], thresholds: Thresholds) -> Vec<Calibration> {
    let prior = shared_curve(scored);
    let fitted = svm::in_parallel(scored.len(), 2, |kind| {
        let (scores, labels) = &scored[kind];
        let (a, b) = calibrate::fit_curve(scores, labels, prior);
        let calibration = Calibration { curve: calibrate::curve(a, b), ..Calibration::default() };
        let probabilities: Vec<f32> = scores.iter().map(|&score| calibration.probability(score)).collect();
        (probabilities, calibration)
    });
    let (probabilities, mut calibrations): (Vec<_>, Vec<_>) = fitted.into_iter().unzip();
    let labels = || scored.iter().map(|(_, labels)| labels);
    let of_all = || {
        calibrate::best_threshold(&probabilities.concat(), &labels().flatten().copied().collect::<Vec<_>>(), 0.4, 0.0)
    };
    let common = thresholds.common.unwrap_or_else(of_all);
    let mut asserted = Vec::new();
    for ((calibration, probabilities), labels) in calibrations.iter_mut().zip(&probabilities).zip(labels()) {
        calibration.threshold = calibrate::best_threshold(probabilities, labels, common, thresholds.weight);
        let pairs = probabilities.iter().copied().zip(labels.iter().copied());
        asserted.extend(pairs.filter(|&(probability, _)| probability >= calibration.threshold));
    }
    let high = calibrate::high_cut(asserted, 0.93);
    calibrations.iter_mut().for_each(|calibration| calibration.high = high);
    calibrations
}

/// The curve that all types share, fitted on a mixture of their scores.
fn shared_curve(all: &[(Vec<f32>, Vec<bool>)]) -> (f64, f64) {
    let (mut scores, mut labels) = (Vec::new(), Vec::new());
    for (kind_scores, kind_labels) in all {
        let near = kind_scores.iter().zip(kind_labels).filter(|&(&score, &label)| label || score > -1.2);
        for (&score, &label) in near {
            scores.push(score);
            labels.push(label);
        }
    }
    calibrate::fit_curve(&scores, &labels, (-3.0, 0.5))
}

/// For each type, the severity that its clauses most often have; the milder one of two that are as frequent.
fn usual_severities<'a>(examples: impl Iterator<Item = &'a Example>) -> Vec<Option<Severity>> {
    let mut counts = vec![[0usize; 4]; taxonomy().types().len()];
    for example in examples {
        if let (Some(&main), Some(severity)) = (example.types.first(), example.severity) {
            counts[main][severity as usize] += 1;
        }
    }
    let usual = |counts: &[usize; 4]| {
        let most = *counts.iter().max()?;
        // Few examples say less than the taxonomy does.
        (most >= 4).then(|| Severity::ALL.into_iter().find(|&level| counts[level as usize] == most))?
    };
    counts.iter().map(usual).collect()
}
