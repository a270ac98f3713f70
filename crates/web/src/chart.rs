//! Counts over months as a drawing: steps from month to month, with years below and numbers beside. Who does not see it hears where each
//! line begins, peaks and ends; the table and the CSV beside it have every number.
use std::collections::BTreeSet;
use std::fmt::Write as _;

use atlas::Month;
use atlas::records::EventKind;

use crate::words::{self, Html, escape_into};

/// One line of a drawing.
pub(crate) struct Series<'a> {
    /// What is counted.
    pub name: &'a str,
    /// The count at the end of each month.
    pub counts: Vec<i64>,
}

/// Size of a drawing in its own units, and what of it the numbers at its left and the years below take.
const WIDTH: f64 = 420.0;
const HEIGHT: f64 = 170.0;
const LEFT: f64 = 34.0;
const BELOW: f64 = 20.0;
const ABOVE: f64 = 8.0;
/// Fewest units between two years that are written out.
const YEAR_ROOM: f64 = 34.0;

/// Up to three lines over the same months, each in a style of its own (`line-1` and so on), with a legend where there are several.
pub(crate) fn months(months: &[Month], series: &[Series<'_>]) -> Html {
    let Some(last) = months.len().checked_sub(1).filter(|last| *last > 0) else { return Html(String::new()) };
    let most = nice(series.iter().flat_map(|line| line.counts.iter().copied()).max().unwrap_or(0));
    let x = |at: usize| LEFT + (WIDTH - LEFT - 4.0) * at as f64 / last as f64;
    let y = |count: i64| HEIGHT - BELOW - (HEIGHT - BELOW - ABOVE) * count as f64 / most as f64;
    let mut out = format!("<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"");
    let heard: Vec<String> = series.iter().map(|line| told(line, months)).collect();
    escape_into(&mut out, &heard.join("; "));
    out.push_str("\">");
    for count in [0, most / 2, most] {
        let (x1, x2, at) = (LEFT, WIDTH - 4.0, y(count));
        let _ = write!(out, "<line class=\"chart-rule\" x1=\"{x1}\" x2=\"{x2}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>");
        let (left, base) = (LEFT - 6.0, at + 4.0);
        let number = words::number(count);
        let _ = write!(out, "<text class=\"chart-y\" x=\"{left}\" y=\"{base:.1}\">{number}</text>");
    }
    years(&mut out, months, x);
    for (number, line) in series.iter().enumerate() {
        let mut path = String::new();
        for (at, count) in line.counts.iter().enumerate() {
            let _ = match at {
                0 => write!(path, "M{:.1} {:.1}", x(at), y(*count)),
                _ => write!(path, "H{:.1}V{:.1}", x(at), y(*count)),
            };
        }
        let _ = write!(out, "<path class=\"line-{}\" d=\"{path}\"/>", number + 1);
    }
    out.push_str("</svg>");
    if series.len() > 1 {
        legend(&mut out, series);
    }
    Html(out)
}

/// The years, where there is room for them.
fn years(out: &mut String, months: &[Month], x: impl Fn(usize) -> f64) {
    let mut free = LEFT - 10.0;
    for (at, month) in months.iter().enumerate().filter(|(_, month)| month.month == 1) {
        let (place, top, foot) = (x(at), HEIGHT - BELOW, HEIGHT - BELOW + 4.0);
        let _ =
            write!(out, "<line class=\"chart-tick\" x1=\"{place:.1}\" x2=\"{place:.1}\" y1=\"{top}\" y2=\"{foot}\"/>");
        if place - YEAR_ROOM / 2.0 >= free && place + YEAR_ROOM / 2.0 <= WIDTH + 4.0 {
            let _ =
                write!(out, "<text class=\"chart-x\" x=\"{place:.1}\" y=\"{}\">{}</text>", HEIGHT - 4.0, month.year);
            free = place + YEAR_ROOM / 2.0;
        }
    }
}

/// The life of a provision between two instants: where it stood as a bar, with a mark at each event. `told` is said to who does not see it.
pub(crate) fn life(span: (i64, i64), events: &[(EventKind, i64, i64)], told: &str) -> Html {
    let (from, to) = span;
    if to <= from || events.is_empty() {
        return Html(String::new());
    }
    let x = |ms: i64| 6.0 + (WIDTH - 12.0) * (ms.clamp(from, to) - from) as f64 / (to - from) as f64;
    let mut out = format!("<svg class=\"chart\" viewBox=\"0 0 {WIDTH} 44\" role=\"img\" aria-label=\"");
    escape_into(&mut out, told);
    let _ = write!(out, "\"><line class=\"chart-rule\" x1=\"6\" x2=\"{}\" y1=\"14\" y2=\"14\"/>", WIDTH - 6.0);
    let mut since = None;
    let end = (EventKind::Removed, 0, to);
    for (event, _, at_ms) in events.iter().chain([&end]) {
        match (event, since) {
            (EventKind::Removed, Some(start)) => {
                let (left, width) = (x(start), (x(*at_ms) - x(start)).max(1.0));
                let _ = write!(
                    out,
                    "<rect class=\"life-bar\" x=\"{left:.1}\" y=\"11\" width=\"{width:.1}\" height=\"6\"/>"
                );
                since = None;
            }
            (EventKind::Removed, None) => {}
            _ => since = since.or(Some(*at_ms)),
        }
    }
    // A text that flips back and forth has hundreds of events: one mark of a kind at a place will do.
    let mut marks = BTreeSet::new();
    for (event, _, at_ms) in events {
        let class = if *event == EventKind::Removed { "life-gone" } else { "life-mark" };
        if marks.insert((class, x(*at_ms) as i64)) {
            let _ = write!(out, "<circle class=\"{class}\" cx=\"{:.1}\" cy=\"14\" r=\"4.5\"/>", x(*at_ms));
        }
    }
    for (ms, place, class) in [(from, 6.0, "chart-x life-from"), (to, WIDTH - 6.0, "chart-x life-to")] {
        let _ = write!(out, "<text class=\"{class}\" x=\"{place}\" y=\"38\">{}</text>", Month::of(ms));
    }
    out.push_str("</svg>");
    Html(out)
}

/// The names of the lines beside a piece of each; their styles differ in more than colour.
fn legend(out: &mut String, series: &[Series<'_>]) {
    out.push_str("<ul class=\"legend\">");
    for (number, line) in series.iter().enumerate() {
        let class = number + 1;
        let _ = write!(
            out,
            "<li><svg class=\"legend-line\" viewBox=\"0 0 28 8\" width=\"28\" height=\"8\" aria-hidden=\"true\">\
             <path class=\"line-{class}\" d=\"M0 4H28\"/></svg> "
        );
        escape_into(out, line.name);
        out.push_str("</li>");
    }
    out.push_str("</ul>");
}

/// A line in words: "Platforms: 0 in 2019-03, at most 12 in 2024-01, 11 in 2026-02".
fn told(line: &Series<'_>, months: &[Month]) -> String {
    let (Some(first), Some(last)) = (months.first().zip(line.counts.first()), months.last().zip(line.counts.last()))
    else {
        return line.name.to_string();
    };
    let peak = months.iter().zip(&line.counts).fold(first, |peak, now| if now.1 > peak.1 { now } else { peak });
    let middle = if peak == first || peak.1 == last.1 {
        String::new()
    } else {
        format!(", at most {} in {}", words::number(peak.1), peak.0)
    };
    format!("{}: {} in {}{middle}, {} in {}", line.name, words::number(first.1), first.0, words::number(last.1), last.0)
}

/// The least of 2, 4, 6, 8, 10, 20, 40 … that is not below a count: half of it is whole.
fn nice(count: i64) -> i64 {
    let mut step = 1;
    loop {
        if let Some(found) = [2, 4, 6, 8, 10].map(|times| times * step).into_iter().find(|top| *top >= count) {
            return found;
        }
        step *= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: i64, count: usize) -> Vec<Month> {
        std::iter::successors(Some(Month { year: from, month: 1 }), |month| Some(month.next())).take(count).collect()
    }

    #[test]
    fn tops_are_round() {
        for (count, top) in [(0, 2), (2, 2), (3, 4), (7, 8), (11, 20), (39, 40), (101, 200), (390, 400)] {
            assert_eq!(nice(count), top, "{count}");
        }
    }

    #[test]
    fn a_drawing_is_told_in_words_and_has_its_years() {
        let counts = (0..26).map(|at| if at < 12 { 0 } else { 30 - at }).collect();
        let lines = [Series { name: "With <it>", counts }, Series { name: "Tracked", counts: vec![40; 26] }];
        let drawn = months(&span(2023, 26), &lines).0;
        assert!(drawn.contains("With &lt;it&gt;: 0 in 2023-01, at most 18 in 2024-01, 5 in 2025-02; Tracked: 40 in"));
        assert!(drawn.contains(">2024</text>") && drawn.contains(">40</text>"));
        assert_eq!(drawn.matches("<path class=\"line-1\"").count(), 2, "the line and its place in the legend");
    }

    #[test]
    fn a_life_has_a_bar_where_the_provision_stood() {
        let events = [(EventKind::Appeared, 1, 10), (EventKind::Removed, 2, 40), (EventKind::Returned, 3, 60)];
        let drawn = life((0, 100), &events, "told").0;
        assert_eq!((drawn.matches("life-bar").count(), drawn.matches("life-gone").count()), (2, 1));
        let flips: Vec<_> = (0..10_000).map(|at| (EventKind::Reworded, at, at)).collect();
        assert!(life((0, 10_000), &flips, "told").0.len() < 60_000);
        assert!(life((5, 5), &events, "told").0.is_empty());
    }

    #[test]
    fn one_month_is_no_drawing() {
        assert!(months(&span(2023, 1), &[Series { name: "a", counts: vec![1] }]).0.is_empty());
    }

    #[test]
    fn years_do_not_run_into_each_other() {
        let drawn = months(&span(1990, 480), &[Series { name: "a", counts: vec![1; 480] }]).0;
        let places: Vec<f64> = drawn
            .split("<text class=\"chart-x\" x=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next()?.parse().ok())
            .collect();
        assert!(places.len() > 5 && places.windows(2).all(|two| two[1] - two[0] >= YEAR_ROOM));
    }
}
