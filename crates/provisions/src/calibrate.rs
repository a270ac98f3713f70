//! Scores to probabilities, fitted on clauses of platforms that the model did not see.
//!
//! A type's curve is logistic (Platt 1999, with his smoothed targets), which few examples suffice for; it is stored as points between which
//! probability is linear, so that reading it needs no exponential.
use crate::taxonomy::Severity;

/// Points of a stored curve.
pub const KNOTS: usize = 25;
/// Scores of the first and last points; beyond them the curve is flat.
const SPAN: (f32, f32) = (-3.0, 3.0);

/// One type's probabilities and decisions.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// Probability at equally spaced scores.
    pub curve: [f32; KNOTS],
    /// Probability from which the type is asserted.
    pub threshold: f32,
    /// Probability from which confidence is high.
    pub high: f32,
    /// Severity level that clauses of the type most often have.
    pub severity: Option<Severity>,
}

impl Default for Calibration {
    fn default() -> Self {
        Calibration { curve: curve(-2.0, 0.0), threshold: 0.4, high: 0.92, severity: None }
    }
}

impl Calibration {
    /// How many numbers a calibration is in the model file.
    pub const NUMBERS: usize = KNOTS + 3;

    /// Probability at `score`.
    pub fn probability(&self, score: f32) -> f32 {
        let place = (score.clamp(SPAN.0, SPAN.1) - SPAN.0) / (SPAN.1 - SPAN.0) * (KNOTS - 1) as f32;
        let left = (place as usize).min(KNOTS - 2);
        let share = place - left as f32;
        self.curve[left] + (self.curve[left + 1] - self.curve[left]) * share
    }

    /// As numbers for the model file.
    pub fn to_numbers(&self) -> Vec<f32> {
        let severity = self.severity.map_or(-1.0, |level| level as u8 as f32);
        self.curve.iter().copied().chain([self.threshold, self.high, severity]).collect()
    }

    /// From [`Self::to_numbers`].
    pub fn from_numbers(numbers: &[f32]) -> Calibration {
        let mut curve = [0.0; KNOTS];
        curve.copy_from_slice(&numbers[..KNOTS]);
        let severity = Severity::ALL.into_iter().find(|&level| level as u8 as f32 == numbers[KNOTS + 2]);
        Calibration { curve, threshold: numbers[KNOTS], high: numbers[KNOTS + 1], severity }
    }
}

/// Fits the curve of one type to held-out scores. `prior` holds the slope and offset that few examples fall back on.
pub fn fit_curve(scores: &[f32], labels: &[bool], prior: (f64, f64)) -> (f64, f64) {
    let positive = labels.iter().filter(|&&l| l).count() as f64;
    let negative = labels.len() as f64 - positive;
    if positive == 0.0 || negative == 0.0 {
        return prior;
    }
    let (high, low) = ((positive + 1.0) / (positive + 2.0), 1.0 / (negative + 2.0));
    // A pull toward the curve that all types share, worth a few examples.
    const PULL: f64 = 4.0;
    let (mut a, mut b) = prior;
    for _ in 0..50 {
        let (mut ga, mut gb) = (PULL * 0.25 * (a - prior.0), PULL * 0.25 * (b - prior.1));
        let (mut haa, mut hab, mut hbb) = (PULL * 0.25, 0.0, PULL * 0.25);
        for (&score, &label) in scores.iter().zip(labels) {
            let s = f64::from(score);
            let p = 1.0 / (1.0 + (a * s + b).exp());
            let error = (if label { high } else { low }) - p;
            ga += error * s;
            gb += error;
            let w = (p * (1.0 - p)).max(1e-9);
            haa += w * s * s;
            hab += w * s;
            hbb += w;
        }
        let det = haa * hbb - hab * hab;
        let (da, db) = ((hbb * ga - hab * gb) / det, (haa * gb - hab * ga) / det);
        a -= da.clamp(-2.0, 2.0);
        b -= db.clamp(-2.0, 2.0);
        if da.abs() + db.abs() < 1e-7 {
            break;
        }
    }
    (a.min(-0.05), b)
}

/// The stored points of the logistic curve `1 / (1 + exp(a * score + b))`.
pub fn curve(a: f64, b: f64) -> [f32; KNOTS] {
    let mut points = [0.0; KNOTS];
    for (i, point) in points.iter_mut().enumerate() {
        let score = f64::from(SPAN.0) + f64::from(SPAN.1 - SPAN.0) * i as f64 / (KNOTS - 1) as f64;
        *point = (1.0 / (1.0 + (a * score + b).exp())) as f32;
    }
    points
}

/// The probability from which asserting a type gives the best F1, pulled toward `prior`, which weighs as much as so many examples of it:
/// what is best for the few clauses of one type that were seen is not for those that were not.
pub fn best_threshold(probabilities: &[f32], labels: &[bool], prior: f32, weight: f32) -> f32 {
    let mut order: Vec<usize> = (0..labels.len()).filter(|&i| probabilities[i] > 0.02).collect();
    order.sort_by(|&a, &b| probabilities[b].total_cmp(&probabilities[a]).then(a.cmp(&b)));
    let positive = labels.iter().filter(|&&l| l).count() as f32;
    let (mut found, mut best, mut at) = (0.0, 0.0, prior);
    for (n, &i) in order.iter().enumerate() {
        found += f32::from(u8::from(labels[i]));
        let f1 = 2.0 * found / (positive + n as f32 + 1.0);
        if f1 > best {
            best = f1;
            let next = order.get(n + 1).map_or(0.0, |&j| probabilities[j]);
            at = (probabilities[i] + next) / 2.0;
        }
    }
    let share = positive / (positive + weight).max(1.0);
    (at * share + prior * (1.0 - share)).clamp(0.1, 0.8)
}

/// The lowest probability from which, over all types, at least `precision` of the assertions are right.
pub fn high_cut(mut asserted: Vec<(f32, bool)>, precision: f64) -> f32 {
    asserted.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let (mut right, mut cut) = (0usize, 0.99);
    for (n, &(probability, is_right)) in asserted.iter().enumerate() {
        right += usize::from(is_right);
        if right as f64 >= precision * (n + 1) as f64 && n >= 20 {
            cut = probability;
        }
    }
    cut
}
