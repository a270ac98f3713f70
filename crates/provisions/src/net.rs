//! A small neural network beside the separators: features to a few hidden numbers shared by all types, and those to a score for
//! each type. What types have in common (words of one meaning, types that go together) is learnt once instead of once a type.
//!
//! Fitted by stochastic gradient descent with step sizes by coordinate (Duchi et al. 2011); random numbers come from a fixed seed.
use crate::svm::Matrix;

/// Hidden numbers.
pub const WIDTH: usize = 64;

type Hidden = [f32; WIDTH];

/// A fitted network.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Net {
    /// For each feature, the number of its row in `rows` plus one; zero when the network does not look at it.
    pub(crate) places: Vec<u32>,
    /// Hidden contribution of each feature that it looks at, in steps of `step`.
    pub(crate) rows: Vec<[i8; WIDTH]>,
    /// What a step is worth.
    pub(crate) step: f32,
    /// Hidden numbers of a clause without features.
    pub(crate) base: Vec<f32>,
    /// For each type, its weight on each hidden number and its own offset last.
    pub(crate) outputs: Vec<[f32; WIDTH + 1]>,
}

impl Net {
    /// Hidden numbers to begin a clause with.
    pub(crate) fn start(&self) -> Hidden {
        let mut hidden = [0.0; WIDTH];
        if self.step > 0.0 {
            hidden.iter_mut().zip(&self.base).for_each(|(h, b)| *h = b / self.step);
        }
        hidden
    }

    /// Adds a feature with a value.
    pub(crate) fn add(&self, hidden: &mut Hidden, feature: u32, value: f32) {
        if let Some(&place @ 1..) = self.places.get(feature as usize) {
            let row = &self.rows[place as usize - 1];
            hidden.iter_mut().zip(row).for_each(|(h, &w)| *h += value * f32::from(w));
        }
    }

    /// Adds `weight` times the network's score of each type to `scores`.
    pub(crate) fn finish(&self, hidden: &Hidden, weight: f32, scores: &mut [f32]) {
        let hidden = hidden.map(|h| h.max(0.0) * self.step);
        for (score, output) in scores.iter_mut().zip(&self.outputs) {
            *score += weight * (dot(&hidden, output) + output[WIDTH]);
        }
    }
}

/// Sums in eight lanes, in an order that does not depend on the machine.
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
}

impl Default for NetOptions {
    fn default() -> Self {
        NetOptions { passes: 16, rate: 0.06, forget: 0.25, forget_hidden: 0.25, positive: 2.0 }
    }
}

struct Training<'a> {
    options: &'a NetOptions,
    rows: Vec<Hidden>,
    row_squares: Vec<Hidden>,
    base: Hidden,
    base_squares: Hidden,
    outputs: Vec<[f32; WIDTH + 1]>,
    output_squares: Vec<[f32; WIDTH + 1]>,
    random: u64,
}

/// Fits a network to the rows of `matrix`; `labels` holds each row's types. Only columns that `looked_at` allows are used.
pub(crate) fn fit(matrix: &Matrix, labels: &[Vec<u8>], types: usize, looked_at: &[bool], options: &NetOptions) -> Net {
    let mut places = vec![0u32; matrix.width];
    let mut used = 0;
    for (place, _) in places.iter_mut().zip(looked_at).filter(|(_, looked)| **looked) {
        used += 1;
        *place = used;
    }
    let mut training = Training::new(used as usize, types, options);
    let mut order: Vec<u32> = (0..matrix.height() as u32).collect();
    let mut kept = Vec::new();
    for _ in 0..options.passes {
        for i in (1..order.len()).rev() {
            let j = training.draw(i + 1);
            order.swap(i, j);
        }
        for &row in &order {
            kept.clear();
            for (column, value) in matrix.row(row as usize) {
                if places[column] > 0 && !training.chance(options.forget) {
                    kept.push((places[column] as usize - 1, value / (1.0 - options.forget)));
                }
            }
            training.learn(&kept, &labels[row as usize]);
        }
    }
    training.into_net(places)
}

impl<'a> Training<'a> {
    fn new(used: usize, types: usize, options: &'a NetOptions) -> Training<'a> {
        let mut training = Training {
            options,
            rows: vec![[0.0; WIDTH]; used],
            row_squares: vec![[1e-3; WIDTH]; used],
            base: [0.0; WIDTH],
            base_squares: [1e-3; WIDTH],
            outputs: vec![[0.0; WIDTH + 1]; types],
            output_squares: vec![[1e-3; WIDTH + 1]; types],
            random: 0x2545_f491_4f6c_dd1d,
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

    fn draw(&mut self, below: usize) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        ((self.random >> 33) as usize * below) >> 31
    }

    fn chance(&mut self, share: f32) -> bool {
        (self.draw(1 << 20) as f32) < share * (1 << 20) as f32
    }

    fn small(&mut self, most: f32) -> f32 {
        (self.draw(1 << 20) as f32 / (1 << 19) as f32 - 1.0) * most
    }

    fn learn(&mut self, features: &[(usize, f32)], labels: &[u8]) {
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
        let mut back = self.learn_outputs(&hidden, labels);
        back.iter_mut().zip(&gate).for_each(|(b, g)| *b *= g);
        step(&mut self.base, &mut self.base_squares, &back, 1.0, self.options.rate);
        for &(row, value) in features {
            step(&mut self.rows[row], &mut self.row_squares[row], &back, value, self.options.rate);
        }
    }

    /// Moves the outputs; returns the gradient at the hidden numbers.
    fn learn_outputs(&mut self, hidden: &Hidden, labels: &[u8]) -> Hidden {
        let mut back = [0.0; WIDTH];
        for kind in 0..self.outputs.len() {
            let output = &mut self.outputs[kind];
            let score = dot(hidden, output) + output[WIDTH];
            let probability = 1.0 / (1.0 + (-score).exp());
            let error =
                if labels.contains(&(kind as u8)) { (probability - 1.0) * self.options.positive } else { probability };
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

    fn into_net(self, places: Vec<u32>) -> Net {
        let largest = self.rows.iter().flatten().fold(f32::MIN_POSITIVE, |most, w| most.max(w.abs()));
        let step = largest / 127.0;
        let rows = self.rows.iter().map(|row| row.map(|w| (w / step).round() as i8)).collect();
        Net { places, rows, step, base: self.base.to_vec(), outputs: self.outputs }
    }
}

fn step(weights: &mut Hidden, squares: &mut Hidden, back: &Hidden, value: f32, rate: f32) {
    for k in 0..WIDTH {
        let gradient = back[k] * value;
        squares[k] += gradient * gradient;
        weights[k] -= rate * gradient / squares[k].sqrt();
    }
}
