//! Training: labelled clauses to a [`Model`].
//!
//! Every type gets a separator of its own ([`crate::svm`]). Its probabilities and threshold are fitted on scores of clauses whose
//! platform the scoring model did not see. Everything is deterministic: the same corpus and options give the same bytes.
use std::collections::HashMap;

use crate::calibrate::{self, Calibration};
use crate::corpus::Example;
use crate::features::{self, BLOCKS, Block, Scratch};
use crate::model::{Features, Model, TypeModel, idf_steps, value_of};
use crate::net::{self, Net, NetOptions};
use crate::reader::Reader;
use crate::svm::{self, Matrix};
use crate::taxonomy::{Severity, taxonomy};

/// What can be set.
#[derive(Debug, Clone)]
pub struct Options {
    /// How dear an error in training is.
    pub cost: f32,
    /// How far rare types' examples weigh more: 0 not at all, 1 as much in sum as all the others.
    pub balance: f32,
    /// Weight of each [`Block`].
    pub block_weights: [f32; BLOCKS],
    /// A feature must be seen on as many platforms, for each [`Block`].
    pub least_platforms: [usize; BLOCKS],
    /// Most weights kept for a type.
    pub weights_per_type: usize,
    /// How much the network's scores count beside the separators'; zero for none.
    pub net_weight: f32,
    /// The network looks at features that as many platforms use, for each [`Block`].
    pub net_platforms: [usize; BLOCKS],
    /// How the network is fitted.
    pub net: NetOptions,
    /// Types with fewer examples are not learnt.
    pub least_examples: usize,
    /// Parts into which platforms are divided to fit probabilities.
    pub folds: usize,
    /// Threads.
    pub threads: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            cost: 0.3,
            balance: 1.0,
            block_weights: [1.0, 0.7, 0.5, 0.5],
            least_platforms: [3, 4, 2, 1],
            weights_per_type: 7_000,
            net_weight: 0.2,
            net_platforms: [20, 15, 8, 3],
            net: NetOptions::default(),
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

/// A clause's features: block, hash, count; in the order of block and hash.
pub(crate) type Counts = Vec<(Block, u64, u16)>;

/// Examples made ready for learning.
pub(crate) struct Prepared {
    /// Names of the labels.
    pub names: Vec<String>,
    /// For each label, which documents have it.
    pub truth: Vec<Vec<bool>>,
    /// Features of each document.
    pub documents: Vec<Counts>,
    /// Number of each document's platform.
    pub platforms: Vec<usize>,
    /// Each document's part.
    pub folds: Vec<usize>,
}

/// Scores of each label for each document: `scores[label][document]`.
pub(crate) type Scores = Vec<Vec<f32>>;

/// Trains a model on all examples.
pub fn train(examples: &[Example], options: &Options) -> Result<Model, TrainError> {
    let prepared = prepare(examples, options)?;
    let mut model = train_prepared(&prepared, &|i| !examples[i].only_trains, options)?;
    let severities = usual_severities(examples.iter().filter(|example| !example.only_trains));
    for kind in &mut model.types {
        kind.calibration.severity = taxonomy().position(&kind.id).and_then(|position| severities[position]);
    }
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
    for (kind, calibration) in model.types.iter_mut().zip(calibrations(prepared, &scores, typical)) {
        kind.calibration = calibration;
    }
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
        part.iter().map(|(heading, text)| counts(heading, text, &mut scratch)).collect::<Vec<_>>()
    });
    Ok(Prepared { names, truth, documents: documents.into_iter().flatten().collect(), platforms, folds })
}

fn counts(heading: &str, text: &str, scratch: &mut Scratch) -> Counts {
    let mut all = Vec::new();
    features::extract(heading, text, scratch, |block, hash| all.push((block, hash)));
    all.sort_unstable();
    let mut counted: Counts = Vec::with_capacity(all.len());
    for (block, hash) in all {
        match counted.last_mut() {
            Some(last) if (last.0, last.1) == (block, hash) => last.2 = last.2.saturating_add(1),
            _ => counted.push((block, hash, 1)),
        }
    }
    counted
}

/// Numbers the platforms and deals them into folds, the largest first, each to the fold with the fewest clauses.
fn divide(platforms: &[&str], folds: usize) -> Result<(Vec<usize>, Vec<usize>), TrainError> {
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
    let mut scores = vec![vec![0.0; prepared.documents.len()]; prepared.names.len()];
    // A fold a thread: fitting a network takes one thread only.
    let within = Options { threads: 1, ..options.clone() };
    let models = svm::in_parallel(options.folds, options.threads, |fold| {
        let outside: Vec<usize> = (0..prepared.documents.len()).filter(|&i| prepared.folds[i] != fold).collect();
        fit(prepared, &outside, &within)
    });
    for (i, document) in prepared.documents.iter().enumerate() {
        for (kind, &score) in models[prepared.folds[i]].score_counts(document).iter().enumerate() {
            scores[kind][i] = score;
        }
    }
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
        set_calibrations(&mut model, calibrations(&prepared, &scores, &outside), &severities);
        readers.push(Reader::with_model(model).map_err(|_| TrainError::FewExamples(options.least_examples))?);
    }
    Ok(FoldReaders { readers, folds: prepared.folds })
}

fn set_calibrations(model: &mut Model, calibrations: Vec<Calibration>, severities: &[Option<Severity>]) {
    for (kind, mut calibration) in model.types.iter_mut().zip(calibrations) {
        calibration.severity = taxonomy().position(&kind.id).and_then(|position| severities[position]);
        kind.calibration = calibration;
    }
}

/// Fits a model, without calibration, on the documents at `rows`.
pub(crate) fn fit(prepared: &Prepared, rows: &[usize], options: &Options) -> Model {
    let features = vocabulary(prepared, rows, options);
    let index: HashMap<u64, u32> = features.hashes.iter().enumerate().map(|(i, &hash)| (hash, i as u32)).collect();
    let mut matrix = Matrix::new(features.hashes.len());
    for &row in rows {
        matrix.push(values(&prepared.documents[row], &index, &features.idf, &options.block_weights).into_iter());
    }
    let lengths = column_lengths(&matrix);
    let separators = svm::in_parallel(prepared.names.len(), options.threads, |kind| {
        let labels: Vec<bool> = rows.iter().map(|&row| prepared.truth[kind][row]).collect();
        let found = svm::fit(&matrix, &labels, &costs(&labels, options));
        quantise(&found, &lengths, options.weights_per_type)
    });
    let net = (options.net_weight > 0.0).then(|| fit_net(prepared, rows, &matrix, &features, options));
    let mut model = assemble(prepared, features, separators, options);
    model.net = net.unwrap_or_default();
    model.net_weight = options.net_weight;
    model
}

fn fit_net(prepared: &Prepared, rows: &[usize], matrix: &Matrix, features: &Features, options: &Options) -> Net {
    let mut labels: Vec<Vec<u8>> = vec![Vec::new(); rows.len()];
    for (kind, truth) in prepared.truth.iter().enumerate() {
        let having = labels.iter_mut().zip(rows).filter(|(_, row)| truth[**row]);
        having.for_each(|(own, _)| own.push(kind as u8));
    }
    let block_of = |feature: usize| features.block_ends.iter().filter(|&&end| feature >= end as usize).count();
    let enough = |(feature, &platforms): (usize, &u32)| platforms as usize >= options.net_platforms[block_of(feature)];
    let looked_at: Vec<bool> = features.platforms.iter().enumerate().map(enough).collect();
    net::fit(matrix, &labels, prepared.names.len(), &looked_at, &options.net)
}

/// What an error on each example costs: rare types' examples count more.
fn costs(labels: &[bool], options: &Options) -> Vec<f32> {
    let all = labels.len() as f32;
    let positive = (labels.iter().filter(|&&l| l).count() as f32).max(1.0);
    let share = |count: f32| options.cost * (all / (2.0 * count)).powf(options.balance);
    let (for_positive, for_negative) = (share(positive), share((all - positive).max(1.0)));
    labels.iter().map(|&l| if l { for_positive } else { for_negative }).collect()
}

/// The features that enough platforms use, by block and hash.
fn vocabulary(prepared: &Prepared, rows: &[usize], options: &Options) -> Features {
    struct Seen {
        documents: u32,
        platforms: u32,
        last: usize,
    }
    let mut order = rows.to_vec();
    order.sort_by_key(|&row| (prepared.platforms[row], row));
    let mut seen: HashMap<(Block, u64), Seen> = HashMap::new();
    for &row in &order {
        let platform = prepared.platforms[row];
        for &(block, hash, _) in &prepared.documents[row] {
            let entry = seen.entry((block, hash)).or_insert(Seen { documents: 0, platforms: 0, last: usize::MAX });
            entry.documents += 1;
            if entry.last != platform {
                entry.last = platform;
                entry.platforms += 1;
            }
        }
    }
    let kept = |((block, _), seen): &(&(Block, u64), &Seen)| {
        seen.platforms as usize >= options.least_platforms[*block as usize]
    };
    let mut kept: Vec<(Block, u64, u32, u32)> =
        seen.iter().filter(kept).map(|(&(block, hash), seen)| (block, hash, seen.documents, seen.platforms)).collect();
    kept.sort_unstable();
    let mut block_ends = [0; BLOCKS];
    for (end, block) in block_ends.iter_mut().zip(0..) {
        *end = kept.partition_point(|feature| feature.0 as usize <= block) as u32;
    }
    Features {
        hashes: kept.iter().map(|feature| feature.1).collect(),
        block_ends,
        idf: kept.iter().map(|feature| idf_steps(rows.len(), feature.2 as usize)).collect(),
        platforms: kept.iter().map(|feature| feature.3).collect(),
    }
}

/// A document's known features with the values that [`Model::score`] gives them.
fn values(document: &Counts, index: &HashMap<u64, u32>, idf: &[u16], weights: &[f32; BLOCKS]) -> Vec<(u32, f32)> {
    let mut row = Vec::with_capacity(document.len());
    let mut squares = [0.0f32; BLOCKS];
    for &(block, hash, count) in document {
        if let Some(&feature) = index.get(&hash) {
            let value = value_of(count, idf[feature as usize]);
            squares[block as usize] += value * value;
            row.push((feature, value, block));
        }
    }
    let scaled = |(feature, value, block): (u32, f32, Block)| {
        (feature, value * weights[block as usize] / squares[block as usize].sqrt())
    };
    row.into_iter().map(scaled).collect()
}

/// Each column's Euclidean length: what a weight there is worth over the corpus.
fn column_lengths(matrix: &Matrix) -> Vec<f32> {
    let mut squares = vec![0.0f32; matrix.width];
    for i in 0..matrix.height() {
        matrix.row(i).for_each(|(column, value)| squares[column] += value * value);
    }
    squares.into_iter().map(f32::sqrt).collect()
}

/// A separator's most telling weights as 8-bit steps.
struct Quantised {
    scale: f32,
    bias: f32,
    weights: Vec<(u32, i8)>,
}

fn quantise(separator: &svm::Separator, lengths: &[f32], most: usize) -> Quantised {
    let worth = |i: usize| separator.weights[i].abs() * lengths[i];
    let mut kept: Vec<usize> = (0..separator.weights.len()).filter(|&i| separator.weights[i] != 0.0).collect();
    if kept.len() > most {
        kept.select_nth_unstable_by(most, |&a, &b| worth(b).total_cmp(&worth(a)).then(a.cmp(&b)));
        kept.truncate(most);
    }
    kept.sort_unstable();
    let largest = kept.iter().map(|&i| separator.weights[i].abs()).fold(f32::MIN_POSITIVE, f32::max);
    let scale = largest / 127.0;
    let step = |i: usize| (i as u32, (separator.weights[i] / scale).round() as i8);
    let weights = kept.into_iter().map(step).filter(|&(_, weight)| weight != 0).collect();
    Quantised { scale, bias: separator.bias, weights }
}

/// Turns weights by type into weights by feature.
fn assemble(prepared: &Prepared, features: Features, separators: Vec<Quantised>, options: &Options) -> Model {
    let mut rows: Vec<Vec<(u8, i8)>> = vec![Vec::new(); features.hashes.len()];
    let mut types = Vec::new();
    for (kind, (found, name)) in separators.iter().zip(&prepared.names).enumerate() {
        found.weights.iter().for_each(|&(feature, weight)| rows[feature as usize].push((kind as u8, weight)));
        types.push(TypeModel {
            id: name.clone(),
            scale: found.scale,
            bias: found.bias,
            calibration: Calibration::default(),
        });
    }
    // Features without a weight stay: they count in a clause's length, as in training.
    Model::assemble(types, options.block_weights, features, &rows)
}

/// Fits each label's probabilities and threshold on the documents that `usable` allows.
pub(crate) fn calibrations(prepared: &Prepared, scores: &Scores, usable: &dyn Fn(usize) -> bool) -> Vec<Calibration> {
    let rows: Vec<usize> = (0..prepared.documents.len()).filter(|&i| usable(i)).collect();
    let pick = |kind: usize| -> (Vec<f32>, Vec<bool>) {
        rows.iter().map(|&i| (scores[kind][i], prepared.truth[kind][i])).unzip()
    };
    let prior = shared_curve(&(0..scores.len()).map(pick).collect::<Vec<_>>());
    let fitted = svm::in_parallel(scores.len(), 2, |kind| {
        let (scores, labels) = pick(kind);
        let (a, b) = calibrate::fit_curve(&scores, &labels, prior);
        let mut calibration = Calibration { curve: calibrate::curve(a, b), ..Calibration::default() };
        let probabilities: Vec<f32> = scores.iter().map(|&score| calibration.probability(score)).collect();
        calibration.threshold = calibrate::best_threshold(&probabilities, &labels, 0.4);
        let sure = probabilities.into_iter().zip(labels).filter(|&(p, _)| p >= calibration.threshold);
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
