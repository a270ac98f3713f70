//! Training: labelled clauses to a [`Model`].
//!
//! Every type gets a separator of its own ([`crate::svm`]). Its probabilities and threshold are fitted on scores of clauses whose
//! platform the scoring model did not see. Everything is deterministic: the same corpus and options give the same bytes.
use std::collections::HashMap;

use crate::calibrate::{self, Calibration};
use crate::corpus::Example;
use crate::features::{self, BLOCKS, Kinds, Scratch};
use crate::forest;
use crate::layer::{Outputs, Rows};
use crate::model::{self, Features, Layer, Model, SHARING, TypeModel, square_of, value_of};
use crate::net::{self, Net, NetOptions, WIDTH};
use crate::passage::MOST_BYTES;
use crate::reader::Reader;
use crate::rivals::Rivals;
use crate::svm::{self, Matrix};
use crate::table::Table;
use crate::taxonomy::{Severity, taxonomy};

/// Most features of a model: they have numbers of 16 bits.
const MOST_FEATURES: usize = 65_534;
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
    /// How the second look at scores is fitted, if there is to be one.
    pub rivals: Option<forest::Options>,
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
        /// How it is fitted.
        options: NetOptions,
        /// What its scores are multiplied by, so that they span what curves of probability are kept for.
        scale: f32,
    },
}

impl Default for Options {
    fn default() -> Self {
        Options {
            kinds: Kinds::WORDS.and(Kinds::STEMS).and(Kinds::STEM_PAIRS).and(Kinds::HEADING).and(Kinds::RULES),
            block_weights: [1.0, 0.7, 0.5, 0.5],
            least_platforms: [8, 14, 5, 1],
            learner: Learner::Net { options: NetOptions::default(), scale: 0.2 },
            rivals: Some(forest::Options::default()),
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
    /// Number of each document's platform.
    pub platforms: Vec<usize>,
    /// Each document's part.
    pub folds: Vec<usize>,
}

/// Scores of each document for each label: `scores[document][label]`.
pub(crate) type Scores = Vec<Vec<f32>>;

/// Trains a model on all examples.
pub fn train(examples: &[Example], options: &Options) -> Result<Model, TrainError> {
    let prepared = prepare(examples, options)?;
    let mut model = train_prepared(&prepared, &|i| !examples[i].only_trains, options)?;
    let severities = usual_severities(examples.iter().filter(|example| !example.only_trains));
    set_severities(&mut model, &severities);
    Ok(model)
}

/// Trains a model, for any labels; probabilities and thresholds are fitted on the documents that `typical` allows.
pub(crate) fn train_prepared(
    prepared: &Prepared,
    typical: &dyn Fn(usize) -> bool,
    options: &Options,
) -> Result<Model, TrainError> {
    let (_, scores) = held_out(prepared, options);
    let everything: Vec<usize> = (0..prepared.documents.len()).collect();
    let mut model = fit(prepared, &everything, options);
    conclude(&mut model, prepared, &scores, typical, options);
    Ok(model)
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
    let texts: Vec<(&str, &str)> = examples.iter().map(|e| (e.heading.as_str(), e.text.as_str())).collect();
    let names_of_platforms: Vec<&str> = examples.iter().map(|e| e.platform.as_str()).collect();
    prepare_texts(names, truth, &texts, &names_of_platforms, options)
}

/// As [`prepare`], for any labels.
pub(crate) fn prepare_texts(
    names: Vec<String>,
    truth: Vec<Vec<bool>>,
    texts: &[(&str, &str)],
    platforms: &[&str],
    options: &Options,
) -> Result<Prepared, TrainError> {
    let (platforms, folds) = divide(platforms, options.folds)?;
    let documents = svm::in_parallel(texts.len().div_ceil(256), options.threads, |chunk| {
        let mut scratch = Scratch::default();
        let part = &texts[chunk * 256..texts.len().min((chunk + 1) * 256)];
        part.iter().map(|(heading, text)| keys_of(heading, text, options.kinds, &mut scratch)).collect::<Vec<_>>()
    });
    let lengths = texts.iter().map(|(_, text)| text.len().min(MOST_BYTES)).collect();
    Ok(Prepared { names, truth, documents: documents.into_iter().flatten().collect(), lengths, platforms, folds })
}

fn keys_of(heading: &str, text: &str, kinds: Kinds, scratch: &mut Scratch) -> Keys {
    features::extract(text, kinds, scratch);
    features::extract_heading(heading, kinds, scratch);
    let mut keys = scratch.keys.clone();
    for block in &mut keys {
        block.sort_unstable();
        block.dedup();
    }
    keys
}

/// Numbers the platforms and deals them into folds, the largest first, each to the fold with the fewest clauses.
pub(crate) fn divide(platforms: &[&str], folds: usize) -> Result<(Vec<usize>, Vec<usize>), TrainError> {
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
        places.insert(platform, (number, fold));
    }
    Ok(platforms.iter().map(|platform| places[platform]).unzip())
}

/// For each fold, a model that was fitted on the others, and the scores that it gives the fold's documents.
pub(crate) fn held_out(prepared: &Prepared, options: &Options) -> (Vec<Model>, Scores) {
    // A fold a thread: fitting a network takes one thread only.
    let within = Options { threads: 1, ..options.clone() };
    let models = svm::in_parallel(options.folds, options.threads, |fold| {
        let outside: Vec<usize> = (0..prepared.documents.len()).filter(|&i| prepared.folds[i] != fold).collect();
        fit(prepared, &outside, &within)
    });
    let scored =
        prepared.documents.iter().zip(&prepared.folds).map(|(document, &fold)| models[fold].score_keys(document));
    let scores = scored.collect();
    (models, scores)
}

/// Readers for a measurement.
pub(crate) struct FoldReaders {
    /// For each fold, a reader whose weights, probabilities and thresholds come from the labels of the other folds.
    pub readers: Vec<Reader>,
    /// Each example's fold.
    pub folds: Vec<usize>,
}

/// Trains a reader for each fold without its labels.
pub(crate) fn fold_readers(examples: &[Example], options: &Options) -> Result<FoldReaders, TrainError> {
    let prepared = prepare(examples, options)?;
    let (models, scores) = held_out(&prepared, options);
    let mut readers = Vec::new();
    for (fold, mut model) in models.into_iter().enumerate() {
        let outside = |i: usize| prepared.folds[i] != fold && !examples[i].only_trains;
        let severities = usual_severities(examples.iter().enumerate().filter(|&(i, _)| outside(i)).map(|(_, e)| e));
        conclude(&mut model, &prepared, &scores, &outside, options);
        set_severities(&mut model, &severities);
        readers.push(Reader::with_model(model).map_err(|_| TrainError::FewExamples(options.least_examples))?);
    }
    Ok(FoldReaders { readers, folds: prepared.folds })
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
    for (kind, calibration) in model.types.iter_mut().zip(calibrations(&scored)) {
        kind.calibration = calibration;
    }
}

fn set_severities(model: &mut Model, severities: &[Option<Severity>]) {
    for kind in &mut model.types {
        kind.calibration.severity = taxonomy().position(&kind.id).and_then(|position| severities[position]);
    }
}

/// Fits a model, without calibration, on the documents at `rows`.
pub(crate) fn fit(prepared: &Prepared, rows: &[usize], options: &Options) -> Model {
    let features = vocabulary(prepared, rows, options);
    let index: HashMap<u64, u32> = features.keys.iter().enumerate().map(|(i, &key)| (key, i as u32)).collect();
    let mut matrix = Matrix::new(features.keys.len());
    for &row in rows {
        let values = values(&prepared.documents[row], &index, &features.squares, &options.block_weights);
        matrix.push(values.into_iter());
    }
    let (layer, outputs) = match &options.learner {
        Learner::Separators { cost, balance } => {
            let separators = svm::in_parallel(prepared.names.len(), options.threads, |kind| {
                let labels: Vec<bool> = rows.iter().map(|&row| prepared.truth[kind][row]).collect();
                svm::fit(&matrix, &labels, &costs(&labels, *cost, *balance))
            });
            let base = separators.iter().map(|separator| separator.bias).collect();
            (quantise(&features, base, STEPS_OF_SEPARATORS, |feature, kind| separators[kind].weights[feature]), None)
        }
        Learner::Net { options, scale } => {
            let nets = net::fit(&matrix, &labels(prepared, rows), prepared.names.len(), options);
            let share = scale / nets.len() as f32;
            let offset = |kind: usize| nets.iter().map(|net| net.outputs[kind][WIDTH]).sum::<f32>() * share;
            let base = (0..prepared.names.len()).map(offset).collect();
            let of_hidden =
                |(net, k): (&Net, usize)| net.outputs.iter().map(|output| output[k] * share).collect::<Vec<f32>>();
            let hidden = nets.iter().flat_map(|net| (0..WIDTH).map(move |k| (net, k)));
            let weights: Vec<f32> = hidden.flat_map(of_hidden).collect();
            let resting = nets.iter().flat_map(|net| net.base).collect();
            let layer = quantise(&features, resting, STEPS_OF_NETS, |feature, column| {
                nets[column / WIDTH].rows[feature][column % WIDTH]
            });
            (layer, Some(Outputs::quantised(base, &weights)))
        }
    };
    let unfitted = |name: &String| TypeModel { id: name.clone(), calibration: Calibration::default() };
    let types = prepared.names.iter().map(unfitted).collect();
    Model::new(types, options.kinds, options.block_weights, layer, outputs)
}

/// The labels of each document at `rows`.
fn labels(prepared: &Prepared, rows: &[usize]) -> Vec<Vec<u8>> {
    let mut labels: Vec<Vec<u8>> = vec![Vec::new(); rows.len()];
    for (kind, truth) in prepared.truth.iter().enumerate() {
        let having = labels.iter_mut().zip(rows).filter(|(_, row)| truth[**row]);
        having.for_each(|(own, _)| own.push(kind as u8));
    }
    labels
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

/// The features that enough platforms use, by block and key.
fn vocabulary(prepared: &Prepared, rows: &[usize], options: &Options) -> Features {
    struct Seen {
        documents: u32,
        platforms: u32,
        last: usize,
    }
    let mut order = rows.to_vec();
    order.sort_by_key(|&row| (prepared.platforms[row], row));
    let mut seen: HashMap<(usize, u64), Seen> = HashMap::new();
    for &row in &order {
        let platform = prepared.platforms[row];
        for (block, keys) in prepared.documents[row].iter().enumerate() {
            for &key in keys {
                let entry = seen.entry((block, key)).or_insert(Seen { documents: 0, platforms: 0, last: usize::MAX });
                entry.documents += 1;
                if entry.last != platform {
                    entry.last = platform;
                    entry.platforms += 1;
                }
            }
        }
    }
    let enough = |block: usize, seen: &Seen| seen.platforms as usize >= options.least_platforms[block];
    let kept = seen.iter().filter(|((block, _), seen)| enough(*block, seen));
    let mut kept: Vec<(usize, u64, u32)> = kept.map(|(&(block, key), seen)| (block, key, seen.documents)).collect();
    kept.sort_unstable_by_key(|&(block, key, documents)| (u32::MAX - documents, block, key));
    kept.truncate(MOST_FEATURES);
    // The most frequent of neighbours stands for all.
    let squares = kept.chunks(SHARING).flat_map(|same| {
        let square = square_of(rows.len(), same[0].2 as usize);
        same.iter().map(move |_| square)
    });
    Features { keys: kept.iter().map(|feature| feature.1).collect(), squares: squares.collect() }
}

/// A document's known features with the values that [`Model::score`] gives them.
fn values(document: &Keys, index: &HashMap<u64, u32>, squares: &[u16], weights: &[f32; BLOCKS]) -> Vec<(u32, f32)> {
    let mut row = Vec::new();
    for (keys, weight) in document.iter().zip(weights) {
        let known: Vec<u32> = keys.iter().filter_map(|key| index.get(key).copied()).collect();
        let length = model::length(known.iter().map(|&feature| u64::from(squares[feature as usize])).sum());
        row.extend(known.into_iter().map(|feature| (feature, value_of(squares[feature as usize]) * weight / length)));
    }
    row
}

/// Fits each label's probabilities and threshold to scores and whether they are of documents with the label.
fn calibrations(scored: &[(Vec<f32>, Vec<bool>)]) -> Vec<Calibration> {
    let prior = shared_curve(scored);
    let fitted = svm::in_parallel(scored.len(), 2, |kind| {
        let (scores, labels) = &scored[kind];
        let (a, b) = calibrate::fit_curve(scores, labels, prior);
        let mut calibration = Calibration { curve: calibrate::curve(a, b), ..Calibration::default() };
        let probabilities: Vec<f32> = scores.iter().map(|&score| calibration.probability(score)).collect();
        calibration.threshold = calibrate::best_threshold(&probabilities, labels, 0.4);
        let sure = probabilities.into_iter().zip(labels.iter().copied()).filter(|&(p, _)| p >= calibration.threshold);
        (sure.collect::<Vec<_>>(), calibration)
    });
    let (asserted, mut calibrations): (Vec<_>, Vec<_>) = fitted.into_iter().unzip();
    let high = calibrate::high_cut(asserted.into_iter().flatten().collect(), 0.93);
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
