//! A version's clean text as HTML: each clause an anchor `c-N`, headings as headings, lists as lists, provisions marked in the words
//! and named in the margin.
use std::fmt::Write as _;
use std::ops::Range;

use atlas::records::Provision;
use document::{Clause, ClauseKind, Structure};
use provisions::Severity;

use crate::links;
use crate::words::{self, Html, escape_into};

/// A heading of the text, for the table of contents.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// Index of its clause.
    pub clause: usize,
    /// Depth below the shallowest heading, 0 to 2.
    pub depth: u8,
    /// Its words.
    pub title: String,
    /// The severest provision beneath it, up to the next entry.
    pub severity: Option<Severity>,
}

/// A version's text, ready to be shown.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    /// The text.
    pub html: Html,
    /// Its headings.
    pub contents: Vec<Entry>,
    /// Provisions whose words are not at their place in the text, and which are therefore not marked. None, unless the store is damaged.
    pub misplaced: usize,
}

/// A provision at its clause.
struct Mark<'a> {
    range: Range<usize>,
    provision: &'a Provision,
}

/// Shows a text with its provisions.
pub(crate) fn show(text: &str, structure: &Structure, provisions: &[Provision]) -> Text {
    let (marks, misplaced) = marks(text, structure, provisions);
    let mut writer = Writer { out: String::with_capacity(text.len() * 3 / 2), text, open: Open::Nothing };
    let mut end = 0;
    for (index, clause) in structure.clauses.iter().enumerate() {
        let before = text.get(end..clause.range.start).unwrap_or("");
        writer.clause(index, clause, marker(before), &marks[index]);
        end = clause.range.end;
    }
    writer.close();
    Text { html: Html(writer.out), contents: contents(text, structure, &marks), misplaced }
}

/// The provisions of each clause, and how many have no place.
fn marks<'a>(text: &str, structure: &Structure, provisions: &'a [Provision]) -> (Vec<Vec<Mark<'a>>>, usize) {
    let mut marks: Vec<Vec<Mark<'a>>> = structure.clauses.iter().map(|_| Vec::new()).collect();
    let mut misplaced = 0;
    for provision in provisions {
        let range = provision.excerpt_range.clone();
        let at = structure.clauses.partition_point(|clause| clause.range.start <= range.start);
        let inside = at > 0 && range.end <= structure.clauses[at - 1].range.end;
        // An excerpt is shown only where its words really are.
        if inside && text.get(range.clone()) == Some(provision.excerpt.as_str()) {
            marks[at - 1].push(Mark { range, provision });
        } else {
            misplaced += 1;
        }
    }
    for marks in &mut marks {
        marks.sort_by_key(|mark| (std::cmp::Reverse(mark.provision.severity), mark.provision.id));
    }
    (marks, misplaced)
}

/// The list marker between a clause and the one before it; headings and rows have marks of their own.
fn marker(before: &str) -> &str {
    let line = before.rsplit('\n').next().unwrap_or("").trim();
    if line.starts_with(['#', '|']) { "" } else { line }
}

fn contents(text: &str, structure: &Structure, marks: &[Vec<Mark<'_>>]) -> Vec<Entry> {
    let level = |clause: &Clause| if let ClauseKind::Heading(level) = clause.kind { Some(level) } else { None };
    let headings = structure.clauses.iter().filter_map(level);
    // A title alone at the top is no section: depth is counted from the headings beneath it.
    let lone_top = headings.clone().min().filter(|top| headings.clone().filter(|level| level == top).count() == 1);
    let shallowest = headings.filter(|level| Some(*level) != lone_top).min().unwrap_or(1);
    let mut entries: Vec<Entry> = Vec::new();
    for (index, clause) in structure.clauses.iter().enumerate() {
        let severest = marks[index].first().map(|mark| mark.provision.severity);
        match level(clause) {
            Some(level) if level >= shallowest && level < shallowest + 3 => entries.push(Entry {
                clause: index,
                depth: level - shallowest,
                title: text[clause.range.clone()].to_string(),
                severity: severest,
            }),
            _ => {
                if let Some(entry) = entries.last_mut() {
                    entry.severity = entry.severity.max(severest);
                }
            }
        }
    }
    entries
}

/// What is open in the HTML while clauses are written.
#[derive(PartialEq, Eq)]
enum Open {
    Nothing,
    List,
    Table,
}

struct Writer<'a> {
    out: String,
    text: &'a str,
    open: Open,
}

impl Writer<'_> {
    fn clause(&mut self, index: usize, clause: &Clause, marker: &str, marks: &[Mark<'_>]) {
        match clause.kind {
            ClauseKind::Heading(level) => {
                self.close();
                let level = (level + 1).clamp(2, 6);
                let _ = write!(self.out, "<h{level} id=\"c-{index}\">");
                self.words(clause, marks);
                let _ = writeln!(self.out, "</h{level}>");
            }
            ClauseKind::Paragraph => {
                self.close();
                let _ = write!(self.out, "<div class=\"cl\"><p id=\"c-{index}\">");
                self.words(clause, marks);
                self.out.push_str("</p>");
                self.notes(marks);
                self.out.push_str("</div>\n");
            }
            ClauseKind::Item(depth) => self.item(index, clause, depth, marker, marks),
            ClauseKind::Row => self.row(index, clause, marks),
        }
    }

    fn item(&mut self, index: usize, clause: &Clause, depth: u8, marker: &str, marks: &[Mark<'_>]) {
        if self.open != Open::List {
            self.close();
            self.out.push_str("<ul class=\"items\">\n");
            self.open = Open::List;
        }
        let _ = write!(self.out, "<li class=\"cl d{}\"><p id=\"c-{index}\">", depth.min(5));
        if !marker.is_empty() {
            self.out.push_str("<span class=\"m\">");
            escape_into(&mut self.out, if marker == "-" { "•" } else { marker });
            self.out.push_str("</span> ");
        }
        self.words(clause, marks);
        self.out.push_str("</p>");
        self.notes(marks);
        self.out.push_str("</li>\n");
    }

    fn row(&mut self, index: usize, clause: &Clause, marks: &[Mark<'_>]) {
        if self.open != Open::Table {
            self.close();
            self.out.push_str("<div class=\"scroll\" tabindex=\"0\"><table class=\"table rows\">\n");
            self.open = Open::Table;
        }
        let _ = write!(self.out, "<tr id=\"c-{index}\">");
        let cells = self.text[clause.range.clone()].split(" | ");
        for cell in cells {
            self.out.push_str("<td>");
            escape_into(&mut self.out, cell);
            self.out.push_str("</td>");
        }
        if !marks.is_empty() {
            self.out.push_str("<td>");
            self.notes(marks);
            self.out.push_str("</td>");
        }
        self.out.push_str("</tr>\n");
    }

    /// Ends the list or table under way.
    fn close(&mut self) {
        match std::mem::replace(&mut self.open, Open::Nothing) {
            Open::Nothing => {}
            Open::List => self.out.push_str("</ul>\n"),
            Open::Table => self.out.push_str("</table></div>\n"),
        }
    }

    /// The words of a clause, those of provisions marked with the severest that covers them.
    fn words(&mut self, clause: &Clause, marks: &[Mark<'_>]) {
        let mut cuts: Vec<usize> = marks.iter().flat_map(|mark| [mark.range.start, mark.range.end]).collect();
        cuts.extend([clause.range.start, clause.range.end]);
        cuts.sort_unstable();
        cuts.dedup();
        let covering =
            |at: usize| marks.iter().filter(|mark| mark.range.contains(&at)).map(|mark| mark.provision.severity).max();
        let mut runs: Vec<(Range<usize>, Option<Severity>)> = Vec::new();
        for pair in cuts.windows(2) {
            let severity = covering(pair[0]);
            match runs.last_mut() {
                Some((range, known)) if *known == severity => range.end = pair[1],
                _ => runs.push((pair[0]..pair[1], severity)),
            }
        }
        for (range, severity) in runs {
            match severity {
                None => escape_into(&mut self.out, &self.text[range]),
                Some(severity) => {
                    let _ = write!(self.out, "<mark class=\"m-{}\">", severity.to_string().to_lowercase());
                    escape_into(&mut self.out, &self.text[range]);
                    self.out.push_str("</mark>");
                }
            }
        }
    }

    /// The provisions of a clause, for the margin.
    fn notes(&mut self, marks: &[Mark<'_>]) {
        if marks.is_empty() {
            return;
        }
        self.out.push_str("<ul class=\"notes\" aria-label=\"Provisions in this clause\">");
        for mark in marks {
            let severity = mark.provision.severity;
            let _ = write!(
                self.out,
                "<li><span class=\"sev sev-{}\">{severity}</span> <a href=\"{}\">",
                severity.to_string().to_lowercase(),
                links::provision(&mark.provision.id)
            );
            escape_into(&mut self.out, words::type_title(&mark.provision.clause_type));
            self.out.push_str("</a></li>");
        }
        self.out.push_str("</ul>");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Plum Terms\n\n## 1. Use\n\nYou may <not>:\n\n- scrape;\n  - with bots\n\n| Cookie | Life |\n| sid | 1 day |\n\n## 2. Law\n\nNorland.\n";

    #[test]
    fn blocks_become_headings_lists_and_tables() {
        let shown = show(TEXT, &document::structure(TEXT), &[]);
        let html = &shown.html.0;
        for part in [
            "<h2 id=\"c-0\">Plum Terms</h2>",
            "<p id=\"c-2\">You may &lt;not&gt;:</p>",
            "<li class=\"cl d1\"><p id=\"c-4\"><span class=\"m\">•</span> with bots</p></li>",
            "<tr id=\"c-6\"><td>sid</td><td>1 day</td></tr>",
            "</table></div>\n<h3 id=\"c-7\">",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
        let titles: Vec<(&str, u8)> = shown.contents.iter().map(|entry| (entry.title.as_str(), entry.depth)).collect();
        assert_eq!(titles, [("1. Use", 0), ("2. Law", 0)]);
    }
}
