//! Pieces of pages that are made in Rust: redlines, bars, page numbers. Pieces that are mere markup are macros in `components.html`.
use std::fmt::Write as _;

use atlas::records::TouchedProvision;
use compare::SpanKind;
use provisions::Severity;

use crate::query::Query;
use crate::words::{self, Html, escape_into};

/// The redline from `old` to `new`: `<del>` and `<ins>` around what changed.
pub(crate) fn redline(old: &str, new: &str) -> Html {
    let mut out = String::with_capacity(new.len() + old.len() / 2);
    for span in compare::redline(old, new) {
        let tag = match span.kind {
            SpanKind::Same => "",
            SpanKind::Inserted => "ins",
            SpanKind::Deleted => "del",
        };
        // White space at the ends of a mark would be underlined or struck through: it goes outside.
        let inner = if tag.is_empty() { span.text } else { span.text.trim_matches(' ') };
        let at = span.text.find(inner).unwrap_or(0);
        let (before, after) = (&span.text[..at], &span.text[at + inner.len()..]);
        escape_into(&mut out, before);
        if !inner.is_empty() {
            wrap(&mut out, tag, inner);
        }
        escape_into(&mut out, after);
    }
    Html(out)
}

fn wrap(out: &mut String, tag: &str, text: &str) {
    if tag.is_empty() {
        return escape_into(out, text);
    }
    out.push('<');
    out.push_str(tag);
    out.push('>');
    escape_into(out, text);
    out.push_str("</");
    out.push_str(tag);
    out.push('>');
}

/// Counts by severity (low, medium, high, critical) as one bar in four parts. The words for it stand beside it or in its label.
pub(crate) fn severity_bar(counts: &[i64; 4]) -> Html {
    let total: i64 = counts.iter().sum();
    let names = ["low", "medium", "high", "critical"];
    let mut out = String::from(
        "<svg class=\"sevbar\" viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"",
    );
    let label: Vec<String> = (0..4).rev().map(|at| format!("{} {}", words::number(counts[at]), names[at])).collect();
    out.push_str(&label.join(", "));
    out.push_str("\">");
    let mut x = 0.0;
    for at in (0..4).rev() {
        let width = if total > 0 { counts[at] as f64 * 100.0 / total as f64 } else { 0.0 };
        if width > 0.0 {
            let _ = write!(out, "<rect class=\"fill-{}\" x=\"{x:.2}\" width=\"{width:.2}\" height=\"8\"/>", names[at]);
        }
        x += width;
    }
    out.push_str("</svg>");
    Html(out)
}

/// The same counts in words, most severe first, levels without any left out: "2 critical, 5 high".
pub(crate) fn severity_words(counts: &[i64; 4]) -> String {
    let names = ["low", "medium", "high", "critical"];
    let parts = (0..4).rev().filter(|at| counts[*at] > 0);
    parts.map(|at| format!("{} {}", words::number(counts[at]), names[at])).collect::<Vec<_>>().join(", ")
}

/// The severity of the severest provision that a change touches.
pub(crate) fn severest(touched: &[TouchedProvision]) -> Option<Severity> {
    touched.iter().map(|provision| provision.severity).max()
}

/// A count as a bar against the largest of its kind, with a mark where the median lies.
pub(crate) fn median_bar(value: f64, median: f64, most: f64, label: &str) -> Html {
    let place = |amount: f64| if most > 0.0 { (amount * 100.0 / most).clamp(0.0, 100.0) } else { 0.0 };
    let mut out = String::from(
        "<svg class=\"bar\" viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"",
    );
    escape_into(&mut out, label);
    let (width, mark) = (place(value), place(median).min(99.2));
    let halo = (mark - 0.6).max(0.0);
    let _ = write!(
        out,
        "\"><rect class=\"bar-back\" width=\"100\" height=\"10\"/><rect class=\"bar-fill\" width=\"{width:.2}\" height=\"10\"/>\
         <rect class=\"bar-halo\" x=\"{halo:.2}\" width=\"2\" height=\"10\"/>\
         <rect class=\"bar-mark\" x=\"{mark:.2}\" width=\"0.8\" height=\"10\"/></svg>"
    );
    Html(out)
}

/// Where a reader is in a list of several pages.
#[derive(Debug, Clone)]
pub(crate) struct Paging {
    /// Page shown, from 1.
    pub page: usize,
    /// Link to the page before, if there is one.
    pub before: Option<String>,
    /// Link to the page after, if there is one.
    pub after: Option<String>,
    /// Number of the last page, when the number of records is known.
    pub last: Option<usize>,
}

impl Paging {
    /// Of a list whose length is known.
    pub fn of(path: &str, query: &Query, page: usize, size: usize, total: usize) -> Paging {
        let last = total.div_ceil(size).max(1);
        Paging { last: Some(last), ..Paging::open(path, query, page, page < last) }
    }

    /// Of a list of which it is only known whether there is more.
    pub fn open(path: &str, query: &Query, page: usize, more: bool) -> Paging {
        let link = |page: usize| {
            let value = if page == 1 { String::new() } else { page.to_string() };
            format!("{path}{}", query.with("page", &value))
        };
        Paging { page, before: (page > 1).then(|| link(page - 1)), after: more.then(|| link(page + 1)), last: None }
    }

    /// Whether there is any other page.
    pub fn needed(&self) -> bool {
        self.before.is_some() || self.after.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redline_escapes_and_keeps_spaces_outside_of_marks() {
        let shown = redline("We <b>may</b> charge 5.", "We <b>may</b> not charge 5.").0;
        assert_eq!(shown, "We &lt;b&gt;may&lt;/b&gt; <ins>not</ins> charge 5.");
        assert_eq!(redline("", "<").0, "<ins>&lt;</ins>");
    }

    #[test]
    fn bars_of_nothing_are_empty() {
        assert!(!severity_bar(&[0; 4]).0.contains("<rect"));
        assert!(severity_bar(&[1, 0, 0, 1]).0.contains("aria-label=\"1 critical, 0 high, 0 medium, 1 low\""));
        assert!(!median_bar(1.0, 0.0, 0.0, "x").0.contains("NaN"));
    }

    #[test]
    fn pages_are_turned_with_the_filters_kept() {
        let query = Query::parse("q=a&page=2");
        let paging = Paging::of("/search", &query, 2, 20, 60);
        assert_eq!(paging.before.as_deref(), Some("/search?q=a"));
        assert_eq!(paging.after.as_deref(), Some("/search?q=a&page=3"));
        assert!(!Paging::of("/search", &query, 1, 20, 20).needed());
    }
}
