//! The measured accuracy of the reader, as the methodology page shows it. Every figure comes from the release's own measures.
use std::fmt::Write as _;

use serde_json::Value;

use crate::words::{self, Html};

/// What was measured, made ready for the page.
pub(super) struct Measured {
    /// Name and value of each figure over all types.
    pub overall: Vec<(&'static str, String)>,
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
    pub fn title(&self) -> &str {
        words::type_title(&self.id)
    }
}

impl Measured {
    /// The measures of this release; none if it was not measured.
    pub fn shipped() -> Option<Measured> {
        None
    }
}

/// A share as people read it.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// Share right against mean score: on the dashed line, a score means what it says.
pub(super) fn diagram(bins: &[BinRow]) -> Html {
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
        let _ = write!(out, "<line class=\"grid\" x1=\"{LEFT}\" y1=\"{down:.1}\" x2=\"{:.1}\" y2=\"{down:.1}\"/>", x(1.0));
        let _ = write!(out, "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{share:.2}</text>", LEFT - 6.0, down + 4.0);
        let _ = write!(out, "<text x=\"{across:.1}\" y=\"268\" text-anchor=\"middle\">{share:.2}</text>");
    }
    let _ = write!(out, "<line class=\"ideal\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>", x(0.0), y(0.0), x(1.0), y(1.0));
    let _ = write!(out, "<line class=\"axis\" x1=\"{LEFT}\" y1=\"{0:.1}\" x2=\"{1:.1}\" y2=\"{0:.1}\"/>", y(0.0), x(1.0));
    let shown: Vec<&BinRow> = bins.iter().filter(|bin| bin.asserted > 0).collect();
    let points: Vec<String> = shown.iter().map(|bin| format!("{:.1},{:.1}", x(bin.mean_score), y(bin.right))).collect();
    let _ = write!(out, "<polyline class=\"line\" points=\"{}\"/>", points.join(" "));
    for bin in shown {
        let _ = write!(out, "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"4\"/>", x(bin.mean_score), y(bin.right));
    }
    let _ = write!(out, "<text x=\"{:.1}\" y=\"288\" text-anchor=\"middle\">Score</text></svg>", x(0.5));
    Html(out)
}
