//! A linear support-vector machine with squared hinge loss, fitted by dual coordinate descent (Hsieh et al. 2008).
//!
//! Examples are visited in an order drawn from a fixed seed, in one thread per problem, so the same data gives the same weights.
use crate::random::Random;

/// Sparse rows.
#[derive(Debug, Clone, Default)]
pub struct Matrix {
    starts: Vec<usize>,
    columns: Vec<u32>,
    values: Vec<f32>,
    /// Number of columns.
    pub width: usize,
}

impl Matrix {
    /// A matrix of `width` columns without rows.
    pub fn new(width: usize) -> Matrix {
        Matrix { starts: vec![0], width, ..Matrix::default() }
    }

    /// Adds a row of columns and values.
    pub fn push(&mut self, row: impl Iterator<Item = (u32, f32)>) {
        for (column, value) in row {
            self.columns.push(column);
            self.values.push(value);
        }
        self.starts.push(self.columns.len());
    }

    /// Number of rows.
    pub fn height(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Row `i`.
    pub fn row(&self, i: usize) -> impl Iterator<Item = (usize, f32)> + '_ {
        let range = self.starts[i]..self.starts[i + 1];
        self.columns[range.clone()].iter().map(|&c| c as usize).zip(self.values[range].iter().copied())
    }

    /// The row's product with `weights`.
    pub fn dot(&self, i: usize, weights: &[f32]) -> f32 {
        self.row(i).map(|(column, value)| weights[column] * value).sum()
    }
}

/// A fitted separator.
#[derive(Debug, Clone)]
pub struct Separator {
    /// One weight per column.
    pub weights: Vec<f32>,
    /// Score of an empty row.
    pub bias: f32,
}

/// Most passes over the examples.
const MOST_PASSES: usize = 60;
/// The passes end when no example's gradient is further than this from where it should be.
const TOLERANCE: f32 = 0.1;

/// Fits a separator of the rows with `labels` from the others; `costs` says how dear an error on each row is.
pub fn fit(matrix: &Matrix, labels: &[bool], costs: &[f32]) -> Separator {
    let mut state = Descent::new(matrix, labels, costs);
    let mut bounds = (f32::INFINITY, f32::NEG_INFINITY);
    for _ in 0..MOST_PASSES {
        let (most, least) = state.pass(bounds);
        if most - least <= TOLERANCE {
            if state.all_active() {
                break;
            }
            state.activate_all();
            bounds = (f32::INFINITY, f32::NEG_INFINITY);
            continue;
        }
        bounds = (if most <= 0.0 { f32::INFINITY } else { most }, if least >= 0.0 { f32::NEG_INFINITY } else { least });
    }
    Separator { weights: state.weights, bias: state.bias }
}

struct Descent<'a> {
    matrix: &'a Matrix,
    signs: Vec<f32>,
    /// Half the inverse cost: the diagonal that squared loss adds.
    diagonal: Vec<f32>,
    squares: Vec<f32>,
    alphas: Vec<f32>,
    order: Vec<u32>,
    active: usize,
    weights: Vec<f32>,
    bias: f32,
    random: Random,
}

impl<'a> Descent<'a> {
    fn new(matrix: &'a Matrix, labels: &[bool], costs: &[f32]) -> Descent<'a> {
        let height = matrix.height();
        let diagonal: Vec<f32> = costs.iter().map(|c| 0.5 / c).collect();
        let squares = (0..height).map(|i| 1.0 + diagonal[i] + matrix.row(i).map(|(_, v)| v * v).sum::<f32>()).collect();
        Descent {
            matrix,
            signs: labels.iter().map(|&l| if l { 1.0 } else { -1.0 }).collect(),
            diagonal,
            squares,
            alphas: vec![0.0; height],
            order: (0..height as u32).collect(),
            active: height,
            weights: vec![0.0; matrix.width],
            bias: 0.0,
            random: Random::new(0x9e37_79b9_7f4a_7c15),
        }
    }

    fn all_active(&self) -> bool {
        self.active == self.order.len()
    }

    fn activate_all(&mut self) {
        self.active = self.order.len();
    }

    /// One pass over the active examples; those whose multiplier rests at zero beyond `bounds` are set aside. Returns the extremes of the projected gradient.
    fn pass(&mut self, bounds: (f32, f32)) -> (f32, f32) {
        for i in 0..self.active {
            let j = i + self.random.below(self.active - i);
            self.order.swap(i, j);
        }
        let (mut most, mut least) = (f32::NEG_INFINITY, f32::INFINITY);
        let mut at = 0;
        while at < self.active {
            let i = self.order[at] as usize;
            let score = self.matrix.dot(i, &self.weights) + self.bias;
            let gradient = self.signs[i] * score - 1.0 + self.diagonal[i] * self.alphas[i];
            if self.alphas[i] == 0.0 && gradient > bounds.0 {
                self.active -= 1;
                self.order.swap(at, self.active);
                continue;
            }
            let projected = if self.alphas[i] == 0.0 { gradient.min(0.0) } else { gradient };
            most = most.max(projected);
            least = least.min(projected);
            if projected.abs() > 1e-12 {
                self.step(i, gradient);
            }
            at += 1;
        }
        (most, least)
    }

    fn step(&mut self, i: usize, gradient: f32) {
        let before = self.alphas[i];
        self.alphas[i] = (before - gradient / self.squares[i]).max(0.0);
        let change = (self.alphas[i] - before) * self.signs[i];
        if change != 0.0 {
            for (column, value) in self.matrix.row(i) {
                self.weights[column] += change * value;
            }
            self.bias += change;
        }
    }
}

/// Runs `work` for `0..count` on `threads` threads; the results are in order, whatever the number of threads.
pub fn in_parallel<T: Send>(count: usize, threads: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let run = || {
        let mut done = Vec::new();
        loop {
            let i = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            if i >= count {
                return done;
            }
            done.push((i, work(i)));
        }
    };
    let mut all: Vec<(usize, T)> = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(run)).collect();
        handles.into_iter().flat_map(|handle| handle.join().expect("the work does not panic")).collect()
    });
    all.sort_by_key(|&(i, _)| i);
    all.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_clusters_are_separated() {
        let mut matrix = Matrix::new(2);
        let mut labels = Vec::new();
        for i in 0..40 {
            let shift = i as f32 / 100.0;
            matrix.push([(0, 1.0 + shift), (1, shift)].into_iter());
            labels.push(true);
            matrix.push([(0, shift), (1, 1.0 + shift)].into_iter());
            labels.push(false);
        }
        let found = fit(&matrix, &labels, &[1.0; 80]);
        assert!((0..80).all(|i| (matrix.dot(i, &found.weights) + found.bias > 0.0) == labels[i]));
    }

    #[test]
    fn the_order_of_results_does_not_depend_on_threads() {
        assert_eq!(in_parallel(50, 1, |i| i * i), in_parallel(50, 3, |i| i * i));
    }
}
