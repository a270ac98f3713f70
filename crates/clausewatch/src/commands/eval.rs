//! `clausewatch eval`.
use std::io::Write;
use std::path::PathBuf;

use provisions::eval::{self, Bin, Measures};
use provisions::practices::{self, PracticeMeasures};
use provisions::train::Options;
use provisions::{Reader, taxonomy, unfair};

use super::classify::Head;
use super::train::{Figures, MoreClauses, read_corpora, read_lines};

/// Measure the classifier on labelled clauses
///
/// Platforms are divided into five folds; each fold is read by a classifier that was trained on the other four.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Files of labelled clauses, as for `clausewatch train`
    #[arg(required = true)]
    corpus: Vec<PathBuf>,
    #[command(flatten)]
    more: MoreClauses,
    #[command(flatten)]
    figures: Figures,
    /// What the clauses are labelled with
    #[arg(long, value_enum, default_value_t = Head::Types, conflicts_with_all = ["labels", "unlabelled", "predictions", "measures", "card"])]
    head: Head,
    /// The corpus is OPP-115 (segments of privacy policies, labelled with data practices): measure the reader as it is, learn nothing
    #[arg(long, conflicts_with_all = ["head", "labels", "unlabelled", "predictions", "measures", "card"])]
    opp_115: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs it.
pub fn run(args: Args) -> crate::Answer {
    if let Some(head) = args.head.unfair() {
        return of_sentences(head, &args);
    }
    if args.opp_115 {
        return of_practices(&args);
    }
    args.figures.check()?;
    let (mut examples, all_read) = read_corpora(&args.corpus)?;
    args.more.add_to(&mut examples)?;
    let (measures, predictions) = eval::evaluate(&examples, &Options::default())?;
    args.figures.write(&measures, &predictions)?;
    let mut out = std::io::stdout().lock();
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&measures)?)?;
    } else {
        table(&measures, &mut out)?;
    }
    Ok(all_read)
}

/// Measures a head of potentially unfair sentences.
fn of_sentences(head: unfair::Head, args: &Args) -> crate::Answer {
    let (sentences, all_read) = read_lines(&args.corpus, unfair::read_line)?;
    let measures = head.evaluate(&sentences, &head.options())?;
    let mut out = std::io::stdout().lock();
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&measures)?)?;
        return Ok(all_read);
    }
    let unfair::HeadMeasures { sentences, micro_f1, macro_f1, labels } = &measures;
    writeln!(out, "{sentences} sentences, by platform: micro-F1 {micro_f1:.3}, macro-F1 {macro_f1:.3}\n")?;
    writeln!(out, "{:<6} {:>6} {:>9} {:>6}", "label", "labels", "asserted", "F1")?;
    for label in labels {
        writeln!(out, "{:<6} {:>6} {:>9} {:>6.3}", label.name, label.support, label.asserted, label.f1())?;
    }
    Ok(all_read)
}

/// Measures the reader on data practices.
fn of_practices(args: &Args) -> crate::Answer {
    let (segments, all_read) = read_lines(&args.corpus, unfair::read_line)?;
    let measures = practices::measure(Reader::embedded(), &segments);
    let mut out = std::io::stdout().lock();
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&measures)?)?;
        return Ok(all_read);
    }
    let PracticeMeasures { segments, policies, by_segment, by_policy } = &measures;
    let (of_segments, of_policies) = (unfair::macro_f1(by_segment), unfair::macro_f1(by_policy));
    writeln!(out, "{segments} segments of {policies} policies, nothing learnt from them")?;
    writeln!(out, "macro-F1 by policy {of_policies:.3}, by segment {of_segments:.3}\n")?;
    writeln!(out, "{:<38} {:>8} {:>6} {:>9} {:>6}", "practice", "policies", "F1", "segments", "F1")?;
    for (segment, policy) in by_segment.iter().zip(by_policy) {
        let (name, n, m) = (segment.name, policy.support, segment.support);
        writeln!(out, "{name:<38} {n:>8} {:>6.3} {m:>9} {:>6.3}", policy.f1(), segment.f1())?;
    }
    Ok(all_read)
}

fn table(measures: &Measures, out: &mut impl Write) -> std::io::Result<()> {
    let Measures { clauses, platforms, labels, folds, overall, .. } = measures;
    writeln!(out, "{clauses} clauses of {platforms} platforms, {labels} labels, {folds} folds by platform\n")?;
    writeln!(
        out,
        "micro-F1 {:.3} (precision {:.3}, recall {:.3})",
        overall.micro_f1, overall.micro_precision, overall.micro_recall
    )?;
    writeln!(out, "macro-F1 {:.3} over {} types", overall.macro_f1, overall.macro_types)?;
    writeln!(out, "macro-F1 {:.3} over {} types about AI", overall.ai_macro_f1, overall.ai_types)?;
    writeln!(
        out,
        "high confidence: precision {:.3}, finds {:.1}% of all labels",
        overall.high_precision,
        overall.high_coverage * 100.0
    )?;
    writeln!(out, "calibration error {:.3}", overall.calibration_error)?;
    writeln!(
        out,
        "severity: the same for {:.1}%, within one level for {:.1}% of {} clauses\n",
        overall.severity_exact * 100.0,
        overall.severity_within_one * 100.0,
        overall.severity_clauses
    )?;
    reliability(&measures.reliability, out)?;
    writeln!(out, "\n{:<32} {:>9} {:>6} {:>6} {:>7}", "type", "precision", "recall", "F1", "labels")?;
    for kind in measures.types.iter().filter(|kind| taxonomy().get(&kind.id).is_some()) {
        let (id, p, r, f1, n) = (&kind.id, kind.precision, kind.recall, kind.f1, kind.support);
        writeln!(out, "{id:<32} {p:>9.3} {r:>6.3} {f1:>6.3} {n:>7}")?;
    }
    Ok(())
}

/// What share of assertions is right at each score, as bars.
fn reliability(bins: &[Bin], out: &mut impl Write) -> std::io::Result<()> {
    for bin in bins.iter().filter(|bin| bin.asserted > 0) {
        let right = bin.right as f64 / bin.asserted as f64;
        let bar = "▇".repeat((right * 40.0).round() as usize);
        let (from, to, mean, n) = (bin.from, bin.to, bin.mean_score, bin.asserted);
        writeln!(out, "score {from:.1}–{to:.1}, mean {mean:.2}: right {right:.2} of {n:>5}  {bar}")?;
    }
    Ok(())
}
