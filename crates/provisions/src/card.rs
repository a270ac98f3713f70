//! The measured part of the model card, written from [`Measures`].
use std::fmt::Write;

use crate::eval::{Bin, Measures};

const START: &str = "<!-- measured: begin -->";
const END: &str = "<!-- measured: end -->";

/// The card has no place for figures.
#[derive(Debug, thiserror::Error)]
#[error("no lines “{START}” and “{END}”, between which the figures go")]
pub struct NoPlace;

/// `card` with its measured part renewed.
pub fn renew(card: &str, measures: &Measures) -> Result<String, NoPlace> {
    let (before, rest) = card.split_once(START).ok_or(NoPlace)?;
    let (_, after) = rest.split_once(END).ok_or(NoPlace)?;
    Ok(format!("{before}{START}\n{}{END}{after}", section(measures)))
}

fn section(measures: &Measures) -> String {
    let mut out = String::new();
    let o = &measures.overall;
    let mut row = |name: &str, value: String| {
        let _ = writeln!(out, "| {name} | {value} |");
    };
    row("measure", "figure".into());
    row("---", "---".into());
    row("clauses, platforms, labels", format!("{}, {}, {}", measures.clauses, measures.platforms, measures.labels));
    row("folds by platform", measures.folds.to_string());
    row("micro-F1 (precision, recall)", format!("{:.3} ({:.3}, {:.3})", o.micro_f1, o.micro_precision, o.micro_recall));
    row("macro-F1 over types with at least 10 labels", format!("{:.3} ({} types)", o.macro_f1, o.macro_types));
    row("macro-F1 over the AI types", format!("{:.3} ({} types)", o.ai_macro_f1, o.ai_types));
    row("precision at high confidence", format!("{:.3}", o.high_precision));
    row("labels found at high confidence", format!("{:.1}%", o.high_coverage * 100.0));
    row("expected calibration error", format!("{:.3}", o.calibration_error));
    row(
        "severity the same, within one level",
        format!("{:.1}%, {:.1}%", o.severity_exact * 100.0, o.severity_within_one * 100.0),
    );
    reliability(&measures.reliability, &mut out);
    types(measures, &mut out);
    out
}

fn reliability(bins: &[Bin], out: &mut String) {
    out.push_str("\n| score | assertions | mean score | right |  |\n| --- | ---: | ---: | ---: | --- |\n");
    for bin in bins.iter().filter(|bin| bin.asserted > 0) {
        let right = bin.right as f64 / bin.asserted as f64;
        let bar = "█".repeat((right * 20.0).round() as usize);
        let (from, to, n, mean) = (bin.from, bin.to, bin.asserted, bin.mean_score);
        let _ = writeln!(out, "| {from:.1}–{to:.1} | {n} | {mean:.2} | {right:.2} | {bar} |");
    }
}

fn types(measures: &Measures, out: &mut String) {
    out.push_str("\n| clause type | precision | recall | F1 | labels | asserted from |\n| --- | ---: | ---: | ---: | ---: | ---: |\n");
    for kind in &measures.types {
        let (id, p, r, f1) = (&kind.id, kind.precision, kind.recall, kind.f1);
        let _ = writeln!(out, "| `{id}` | {p:.2} | {r:.2} | {f1:.2} | {} | {:.2} |", kind.support, kind.threshold);
    }
}
