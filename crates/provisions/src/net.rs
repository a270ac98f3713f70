//! Fitting a small neural network: features to a few hidden numbers shared by all types, and those to a score for each type. What
//! types have in common (words of one meaning, types that go together) is learnt once instead of once a type.
//!
//! Stochastic gradient descent with step sizes by coordinate (Duchi et al. 2011); random numbers come from a fixed seed.
use crate::random::Random;
use crate::svm::{self, Matrix};

/// Hidden numbers of a network.
pub const WIDTH: usize = 128;

type Hidden = [f32; WIDTH];

/// A fitted network.
pub(crate) struct Net {
    /// What each feature adds to the hidden numbers.
    pub rows: Vec<Hidden>,
    /// Hidden numbers of a clause without features; what is below zero counts as zero.
    pub base: Hidden,
    /// For each type, its weight on each hidden number and its own offset last.
    pub outputs: Vec<[f32; WIDTH + 1]>,
}

impl Net {
    /// Each type's score for a clause with these features: the logarithm of its odds.
    pub(crate) fn scores(&self, features: &[(u32, f32)]) -> Vec<f32> {
        let mut hidden = self.base;
        for &(row, value) in features {
            hidden.iter_mut().zip(&self.rows[row as usize]).for_each(|(h, w)| *h += value * w);
        }
        hidden.iter_mut().for_each(|h| *h = h.max(0.0));
        self.outputs.iter().map(|output| dot(&hidden, output) + output[WIDTH]).collect()
    }
}

/// The probability that a score stands for.
pub(crate) fn sigmoid(score: f32) -> f32 {
    1.0 / (1.0 + (-score).exp())
}

/// Sums in eight lanes.
fn dot(hidden: &Hidden, output: &[f32; WIDTH + 1]) -> f32 {
    let mut lanes = [0.0f32; 8];
    for (h, o) in hidden.chunks_exact(8).zip(output.chunks_exact(8)) {
        for lane in 0..8 {
            lanes[lane] += h[lane] * o[lane];
        }
    }
    lanes.iter().sum()
}

/// What can be set.
#[derive(Debug, Clone)]
pub struct NetOptions {
    /// Passes over the examples.
    pub passes: usize,
    /// First step size.
    pub rate: f32,
    /// Share of a clause's features that are left out at random in training, so that none is relied on alone.
    pub forget: f32,
    /// Share of hidden numbers left out likewise.
    pub forget_hidden: f32,
    /// How much more a missed label counts than a false one.
    pub positive: f32,
    /// Networks whose mean is taken: two that began at random err apart from each other, and their mean less than one of twice the width.
    pub networks: usize,
}

impl Default for NetOptions {
    fn default() -> Self {
        NetOptions { passes: 50, rate: 0.06, forget: 0.4, forget_hidden: 0.25, positive: 2.0, networks: 2 }
    }
}

/// Where random numbers begin, times the number of the network.
const SEED: u64 = 0x2545_f491_4f6c_dd1d;

struct Training<'a> {
    options: &'a NetOptions,
    rows: Vec<Hidden>,
    row_squares: Vec<Hidden>,
    base: Hidden,
    base_squares: Hidden,
    outputs: Vec<[f32; WIDTH + 1]>,
    output_squares: Vec<[f32; WIDTH + 1]>,
    /// The probability that each type should come to for the clause being learnt.
    targets: Vec<f32>,
    random: Random,
}

/// What a row of the matrix teaches.
pub(crate) enum Lesson {
    /// The types that a reader gave it; it has no others.
    Labels(Vec<u8>),
    /// Types with the probability that it has them; the others are out of the question.
    Opinion(Vec<(u8, f32)>),
}

/// Fits networks to the rows of `matrix`; `lessons` holds what each teaches.
pub(crate) fn fit(matrix: &Matrix, lessons: &[Lesson], types: usize, options: &NetOptions, threads: usize) -> Vec<Net> {
    svm::in_parallel(options.networks, threads, |number| fit_one(matrix, lessons, types, options, number as u64 + 1))
}

fn fit_one(matrix: &Matrix, lessons: &[Lesson], types: usize, options: &NetOptions, number: u64) -> Net {
    let mut training = Training::new(matrix.width, types, options, SEED.wrapping_mul(number));
    let mut order: Vec<u32> = (0..matrix.height() as u32).collect();
    let mut kept = Vec::new();
    for _ in 0..options.passes {
        for i in (1..order.len()).rev() {
            let j = training.random.below(i + 1);
            order.swap(i, j);
        }
        for &row in &order {
            kept.clear();
            for (column, value) in matrix.row(row as usize) {
                if !training.chance(options.forget) {
                    kept.push((column, value / (1.0 - options.forget)));
                }
            }
            training.learn(&kept, &lessons[row as usize]);
        }
    }
    Net { rows: training.rows, base: training.base, outputs: training.outputs }
}

impl<'a> Training<'a> {
    fn new(used: usize, types: usize, options: &'a NetOptions, seed: u64) -> Training<'a> {
        let mut training = Training {
            options,
            rows: vec![[0.0; WIDTH]; used],
            row_squares: vec![[1e-3; WIDTH]; used],
            base: [0.0; WIDTH],
            base_squares: [1e-3; WIDTH],
            outputs: vec![[0.0; WIDTH + 1]; types],
            output_squares: vec![[1e-3; WIDTH + 1]; types],
            targets: vec![0.0; types],
            random: Random::new(seed),
        };
        for i in 0..used {
            for k in 0..WIDTH {
                training.rows[i][k] = training.small(0.3);
            }
        }
        for kind in 0..types {
            for k in 0..WIDTH {
                training.outputs[kind][k] = training.small(0.3);
            }
            // Most types are rare: begin with "no".
            training.outputs[kind][WIDTH] = -4.0;
        }
        training
    }

    fn chance(&mut self, share: f32) -> bool {
        (self.random.below(1 << 20) as f32) < share * (1 << 20) as f32
    }

    fn small(&mut self, most: f32) -> f32 {
        (self.random.below(1 << 20) as f32 / (1 << 19) as f32 - 1.0) * most
    }

    fn learn(&mut self, features: &[(usize, f32)], lesson: &Lesson) {
        let mut hidden = self.base;
        for &(row, value) in features {
            hidden.iter_mut().zip(&self.rows[row]).for_each(|(h, w)| *h += value * w);
        }
        let keep = 1.0 / (1.0 - self.options.forget_hidden);
        let mut gate = [0.0; WIDTH];
        for k in 0..WIDTH {
            let kept = hidden[k] > 0.0 && !self.chance(self.options.forget_hidden);
            gate[k] = if kept { keep } else { 0.0 };
            hidden[k] *= gate[k];
        }
        let mut back = self.learn_outputs(&hidden, lesson);
        back.iter_mut().zip(&gate).for_each(|(b, g)| *b *= g);
        step(&mut self.base, &mut self.base_squares, &back, 1.0, self.options.rate);
        for &(row, value) in features {
            step(&mut self.rows[row], &mut self.row_squares[row], &back, value, self.options.rate);
        }
    }

    /// Moves the outputs; returns the gradient at the hidden numbers.
    fn learn_outputs(&mut self, hidden: &Hidden, lesson: &Lesson) -> Hidden {
        let mut back = [0.0; WIDTH];
        self.targets.fill(0.0);
        let missed = match lesson {
            Lesson::Labels(labels) => {
                labels.iter().for_each(|&kind| self.targets[usize::from(kind)] = 1.0);
                self.options.positive
            }
            Lesson::Opinion(types) => {
                types.iter().for_each(|&(kind, probability)| self.targets[usize::from(kind)] = probability);
                1.0
            }
        };
        for kind in 0..self.outputs.len() {
            let output = &mut self.outputs[kind];
            let score = dot(hidden, output) + output[WIDTH];
            let error = sigmoid(score) - self.targets[kind];
            let error = if self.targets[kind] == 1.0 { error * missed } else { error };
            // Nothing to learn from what is plain.
            if error.abs() < 1e-3 {
                continue;
            }
            let squares = &mut self.output_squares[kind];
            for k in 0..WIDTH {
                back[k] += error * output[k];
                let gradient = error * hidden[k];
                squares[k] += gradient * gradient;
                output[k] -= self.options.rate * gradient / squares[k].sqrt();
            }
            squares[WIDTH] += error * error;
            output[WIDTH] -= self.options.rate * error / squares[WIDTH].sqrt();
        }
        back
    }
}

fn step(weights: &mut Hidden, squares: &mut Hidden, back: &Hidden, value: f32, rate: f32) {
    for k in 0..WIDTH {
        let gradient = back[k] * value;
        squares[k] += gradient * gradient;
        weights[k] -= rate * gradient / squares[k].sqrt();
    }
}
