//! The measured accuracy of the reader, as the methodology page shows it. Every figure comes from the release's own measures.
use std::fmt::Write as _;

use provisions::eval::{Bin, Measures, TypeMeasures, measures};
use serde_json::Value;

use crate::words::{self, Html};

/// What was measured, made ready for the page.
pub(super) struct Measured {
    /// Name and value of each figure over all types.
    pub overall: Vec<(String, String)>,
    /// A sentence on what was measured on what.
    pub on: String,
    /// Reliability as a diagram, with the table behind it.
    pub diagram: Html,
    pub bins: Vec<BinRow>,
    pub types: Vec<TypeRow>,
    /// The same as JSON.
    pub json: Value,
}

/// Assertions whose scores are near each other.
pub(super) struct BinRow {
    pub from: f64,
    pub to: f64,
    pub asserted: i64,
    pub mean_score: f64,
    pub right: f64,
}

/// One clause type.
pub(super) struct TypeRow {
    pub id: String,
    pub support: i64,
    pub precision: Option<f64>,
    pub recall: Option<f64>,
    pub f1: Option<f64>,
}

impl TypeRow {
    fn of(of: &TypeMeasures) -> TypeRow {
        // Of nothing asserted, or nothing labelled, no share can be told.
        let precision = (of.asserted > 0).then_some(of.precision);
        let recall = (of.support > 0).then_some(of.recall);
        let f1 = precision.and(recall).map(|_| of.f1);
        TypeRow { id: of.id.clone(), support: of.support as i64, precision, recall, f1 }
    }

    pub fn title(&self) -> &str {
        words::type_title(&self.id)
    }
}

impl Measured {
    /// The measures of this release; none if it was not measured.
    pub fn shipped() -> Option<Measured> {
        let measures = measures();
        if measures.clauses == 0 {
            return None;
        }
        let bins: Vec<BinRow> = measures.reliability.iter().map(BinRow::of).collect();
        Some(Measured {
            overall: overall(measures),
            on: format!(
                "Measured on {} labelled clauses of {} platforms with {} labels. The platforms were divided into {} parts; the clauses of each \
                 part were read by a reader that had learnt from the others only. Some of its rules were written with clauses \
                 of these platforms in view: expect less elsewhere, above all about AI.",
                words::number(measures.clauses),
                words::number(measures.platforms),
                words::number(measures.labels),
                measures.folds
            ),
            diagram: diagram(&bins),
            bins,
            types: measures.types.iter().map(TypeRow::of).collect(),
            json: serde_json::to_value(measures).unwrap_or_default(),
        })
    }
}

impl BinRow {
    fn of(bin: &Bin) -> BinRow {
        let right = if bin.asserted > 0 { bin.right as f64 / bin.asserted as f64 } else { 0.0 };
        BinRow { from: bin.from, to: bin.to, asserted: bin.asserted as i64, mean_score: bin.mean_score, right }
    }
}

/// The figures over all types, with what each one means.
fn overall(measures: &Measures) -> Vec<(String, String)> {
    let of = &measures.overall;
    let mut rows = vec![
        (
            "Precision".to_string(),
            format!("{}: of all assertions, the share that is right", percent(of.micro_precision)),
        ),
        ("Recall".to_string(), format!("{}: of all labels, the share that was found", percent(of.micro_recall))),
        ("F1".to_string(), format!("{:.3}, the harmonic mean of the two", of.micro_f1)),
        (
            "Mean F1".to_string(),
            format!("{:.3} over {} clause types with enough labels, each counting alike", of.macro_f1, of.macro_types),
        ),
        (
            "About AI".to_string(),
            format!("{:.3}, the mean F1 over {} clause types about AI", of.ai_macro_f1, of.ai_types),
        ),
    ];
    for level in measures.levels.iter().rev().filter(|level| level.asserted > 0) {
        let share = percent(level.right as f64 / level.asserted as f64);
        let told = format!("{share} of {} assertions are right", words::number(level.asserted));
        rows.push((format!("{} confidence", level.level), told));
    }
    rows.push((
        "Calibration".into(),
        format!("a score is off by {:.3} on average (expected calibration error)", of.calibration_error),
    ));
    if of.severity_clauses > 0 {
        rows.push((
            "Severity".into(),
            format!(
                "{} as a reader judged it, {} at most one level away, over {} clauses",
                percent(of.severity_exact),
                percent(of.severity_within_one),
                words::number(of.severity_clauses)
            ),
        ));
    }
    rows
}

/// A share as people read it.
fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// Share right against mean score: on the dashed line, a score means what it says.
fn diagram(bins: &[BinRow]) -> Html {
    const SIZE: f64 = 240.0;
    const LEFT: f64 = 44.0;
    let (x, y) = (|share: f64| LEFT + share * SIZE, |share: f64| 12.0 + (1.0 - share) * SIZE);
    let mut out = String::from(
        "<svg class=\"reliability\" viewBox=\"0 0 300 300\" role=\"img\" aria-label=\"Share of assertions that are right, by the score that they \
         were made with; the table below has the figures\">",
    );
    for tick in 0..=4 {
        let share = f64::from(tick) / 4.0;
        let (across, down) = (x(share), y(share));
        let _ =
            write!(out, "<line class=\"grid\" x1=\"{LEFT}\" y1=\"{down:.1}\" x2=\"{:.1}\" y2=\"{down:.1}\"/>", x(1.0));
        let _ =
            write!(out, "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{share:.2}</text>", LEFT - 6.0, down + 4.0);
        let _ = write!(out, "<text x=\"{across:.1}\" y=\"268\" text-anchor=\"middle\">{share:.2}</text>");
    }
    let _ = write!(
        out,
        "<line class=\"ideal\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>",
        x(0.0),
        y(0.0),
        x(1.0),
        y(1.0)
    );
    let _ =
        write!(out, "<line class=\"axis\" x1=\"{LEFT}\" y1=\"{0:.1}\" x2=\"{1:.1}\" y2=\"{0:.1}\"/>", y(0.0), x(1.0));
    let shown: Vec<&BinRow> = bins.iter().filter(|bin| bin.asserted > 0).collect();
    let points: Vec<String> = shown.iter().map(|bin| format!("{:.1},{:.1}", x(bin.mean_score), y(bin.right))).collect();
    let _ = write!(out, "<polyline class=\"line\" points=\"{}\"/>", points.join(" "));
    for bin in shown {
        let _ = write!(out, "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"4\"/>", x(bin.mean_score), y(bin.right));
    }
    let _ = write!(out, "<text x=\"{:.1}\" y=\"288\" text-anchor=\"middle\">Score</text></svg>", x(0.5));
    Html(out)
}
