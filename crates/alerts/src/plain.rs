//! A letter as plain text and as HTML, both for mail: readable in clients that show one font and no style sheets, and in those that do.
use compare::{SpanKind, redline};
use provisions::Severity;

use crate::letter::{Letter, Part, ProvisionLine};
use crate::story::ClauseChange;

/// Columns of a line of plain text.
const COLUMNS: usize = 74;
/// Characters of a clause that a mail shows.
const CLAUSE: usize = 700;

/// How an ordinary paragraph begins its lines.
const PLAIN: (&str, &str) = ("", "");

/// Where a mail leads to beside its records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Foot {
    /// Where the reader ends what the message came from.
    pub unsubscribe: Option<String>,
    /// The watchlist that it comes from: its name and its address.
    pub watchlist: Option<(String, String)>,
    /// What the reader is asked to do, in a few words, and the address at which they do it.
    pub action: Option<(String, String)>,
}

/// The letter as plain text.
pub fn text(letter: &Letter, foot: &Foot) -> String {
    let mut out = String::new();
    paragraph(&mut out, &letter.lead, PLAIN);
    if let Some((words, url)) = &foot.action {
        out += &format!("{words}: {url}\n\n");
    }
    for (at, part) in letter.parts.iter().enumerate() {
        if at > 0 {
            out += &format!("{}\n\n", "-".repeat(COLUMNS));
        }
        part_text(&mut out, part);
    }
    if !out.is_empty() {
        out += "-- \n";
    }
    if let Some((name, url)) = &foot.watchlist {
        out += &format!("{name}: {url}\n");
    }
    if let Some(url) = &foot.unsubscribe {
        out += &format!("No more of this to this address: {url}\n");
    }
    out += "Clausewatch describes what a text states. It is not legal advice.\n";
    out
}

fn part_text(out: &mut String, part: &Part) {
    paragraph(out, &part.document, PLAIN);
    paragraph(out, &part.headline, PLAIN);
    paragraph(out, &part.verdict, PLAIN);
    if !part.reason.is_empty() {
        paragraph(out, &format!("Why: {}.", part.reason.trim_end_matches('.')), PLAIN);
    }
    for line in &part.provisions {
        let facts = if line.facts.is_empty() { String::new() } else { format!(". {}", line.facts.join("; ")) };
        paragraph(out, &format!("{} ({}): {}{facts}", line.title, line.severity, line.what), ("* ", "  "));
        if !line.matters.is_empty() {
            paragraph(out, &format!("What it means: {}", line.matters), ("  ", "  "));
        }
        // A line of its own: an address must not be broken.
        if let Some(url) = &line.url {
            out.push_str(&format!("  {url}\n\n"));
        }
    }
    for clause in &part.clauses {
        clause_text(out, clause);
    }
    paragraph(out, &more(part.more_clauses), PLAIN);
    out.push_str(&format!("All clauses, before and after: {}\n\n", part.url));
    paragraph(out, &because(&part.why), PLAIN);
}

fn clause_text(out: &mut String, clause: &ClauseChange) {
    if !clause.heading.is_empty() {
        paragraph(out, &format!("In “{}”:", clause.heading), PLAIN);
    }
    let mut side = |label: &str, words: &Option<String>| {
        if let Some(words) = words {
            out.push_str(&format!("{label}:\n"));
            paragraph(out, &crate::compose::clip(words, CLAUSE), ("> ", "> "));
        }
    };
    match (&clause.before, &clause.after) {
        (None, _) => side("New clause", &clause.after),
        (_, None) => side("Clause that is gone", &clause.before),
        _ => {
            side("Before", &clause.before);
            side("Now", &clause.after);
        }
    }
}

fn more(clauses: usize) -> String {
    match clauses {
        0 => String::new(),
        1 => "One more clause changed.".into(),
        more => format!("{more} more clauses changed."),
    }
}

/// "You are told because you watch Plum, material changes."
fn because(why: &[String]) -> String {
    match why {
        [] => String::new(),
        [only] => format!("You are told because {only}."),
        several => format!("You are told because {}.", several.join("; because ")),
    }
}

/// A paragraph of lines, the first after `first`, the others after `indent`, and an empty line; nothing if it has no words.
fn paragraph(out: &mut String, words: &str, (first, indent): (&str, &str)) {
    let (mut column, mut begun) = (0, false);
    for word in words.split_whitespace() {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > COLUMNS - indent.len() {
            out.push('\n');
            column = 0;
        }
        match (column, begun) {
            (0, false) => out.push_str(first),
            (0, true) => out.push_str(indent),
            _ => out.push(' '),
        }
        out.push_str(word);
        column += length + usize::from(column > 0);
        begun = true;
    }
    if begun {
        out.push_str("\n\n");
    }
}

/// The letter as HTML.
pub fn html(letter: &Letter, foot: &Foot) -> String {
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{}</title></head>\
         <body style=\"margin:0;padding:0\"><div style=\"max-width:620px;margin:0 auto;padding:20px;\
         font:16px/1.5 -apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif\">\n",
        escape(&letter.subject)
    );
    block(&mut out, "p", "margin:0 0 16px", &escape(&letter.lead));
    if let Some((words, url)) = &foot.action {
        let button = format!(
            "<a href=\"{}\" style=\"display:inline-block;padding:10px 18px;background:#1f4e79;color:#ffffff;text-decoration:none;border-radius:4px\">{}</a>",
            escape(url),
            escape(words)
        );
        block(&mut out, "p", "margin:0 0 20px", &button);
    }
    for (at, part) in letter.parts.iter().enumerate() {
        if at > 0 {
            out += "<hr style=\"border:0;border-top:1px solid #c8c8c8;margin:28px 0\">\n";
        }
        part_html(&mut out, part);
    }
    out += "<div style=\"margin-top:28px;padding-top:12px;border-top:1px solid #c8c8c8;font-size:13px;color:#6b6b6b\">";
    let link =
        |words: &str, url: &str| format!("<a href=\"{}\" style=\"color:#6b6b6b\">{}</a>", escape(url), escape(words));
    let watchlist = foot.watchlist.as_ref().map(|(name, url)| link(name, url));
    let unsubscribe = foot.unsubscribe.as_ref().map(|url| link("No more of this to this address", url));
    let links: Vec<String> = watchlist.into_iter().chain(unsubscribe).collect();
    block(&mut out, "p", "margin:0 0 6px", &links.join(" · "));
    out += "<p style=\"margin:0\">Clausewatch describes what a text states. It is not legal advice.</p></div>\n</div></body></html>\n";
    out
}

fn part_html(out: &mut String, part: &Part) {
    let document =
        format!("<a href=\"{}\" style=\"color:inherit\">{}</a>", escape(&part.document_url), escape(&part.document));
    block(out, "p", "margin:0;font-size:14px;color:#6b6b6b", &document);
    let headline = format!(
        "<a href=\"{}\" style=\"color:inherit;text-decoration:none\">{}</a>",
        escape(&part.url),
        escape(&part.headline)
    );
    block(out, "h1", "margin:2px 0 8px;font-size:21px;line-height:1.3", &headline);
    let badge = part.severity.map(badge).unwrap_or_default();
    block(out, "p", "margin:0 0 14px;font-size:14px", &format!("{badge}{}", escape(&part.verdict)));
    if !part.reason.is_empty() {
        let why = format!("<b>Why:</b> {}.", escape(part.reason.trim_end_matches('.')));
        block(out, "p", "margin:0 0 14px", &why);
    }
    for line in &part.provisions {
        provision_html(out, line);
    }
    for clause in &part.clauses {
        clause_html(out, clause);
    }
    block(out, "p", "margin:0 0 14px", &more(part.more_clauses));
    let all = format!("<a href=\"{}\" style=\"color:#1f4e79\">All clauses, before and after</a>", escape(&part.url));
    block(out, "p", "margin:0 0 14px", &all);
    block(out, "p", "margin:0;font-size:13px;color:#6b6b6b", &escape(&because(&part.why)));
}

fn provision_html(out: &mut String, line: &ProvisionLine) {
    let title = match &line.url {
        Some(url) => format!("<a href=\"{}\" style=\"color:#1f4e79\">{}</a>", escape(url), escape(&line.title)),
        None => escape(&line.title),
    };
    let facts = if line.facts.is_empty() { String::new() } else { format!(". {}", escape(&line.facts.join("; "))) };
    let mut words = format!("{}<b>{title}</b>: {}{facts}", badge(line.severity), escape(&line.what));
    if !line.matters.is_empty() {
        words += &format!("<br><span style=\"font-size:14px;color:#6b6b6b\">{}</span>", escape(&line.matters));
    }
    block(out, "p", "margin:0 0 12px", &words);
}

fn clause_html(out: &mut String, clause: &ClauseChange) {
    if !clause.heading.is_empty() {
        block(out, "p", "margin:0 0 4px;font-size:13px;color:#6b6b6b", &escape(&clause.heading));
    }
    let del = |words: &str| format!("<del style=\"background:#fde3e1;color:#7a1c14\">{}</del>", escape(words));
    let ins = |words: &str| {
        format!("<ins style=\"background:#dff2e1;color:#14541d;text-decoration:none\">{}</ins>", escape(words))
    };
    let clipped = |words: &String| crate::compose::clip(words, CLAUSE);
    let words = match (&clause.before, &clause.after) {
        (Some(before), Some(after)) => {
            let spans = redline(before, after);
            spans
                .iter()
                .map(|span| match span.kind {
                    SpanKind::Same => escape(span.text),
                    SpanKind::Deleted => del(span.text),
                    SpanKind::Inserted => ins(span.text),
                })
                .collect()
        }
        (None, Some(after)) => ins(&clipped(after)),
        (Some(before), None) => del(&clipped(before)),
        (None, None) => return,
    };
    block(out, "blockquote", "margin:0 0 14px;padding:2px 0 2px 12px;border-left:3px solid #c8c8c8", &words);
}

fn badge(severity: Severity) -> String {
    let colour = match severity {
        Severity::Low => "#5f6b76",
        Severity::Medium => "#8a6100",
        Severity::High => "#b3400e",
        Severity::Critical => "#a01313",
    };
    format!(
        "<span style=\"display:inline-block;padding:0 7px;margin-right:6px;border-radius:3px;font-size:12px;background:{colour};color:#ffffff\">{severity}</span>"
    )
}

/// An element with a style; nothing if it has no content.
fn block(out: &mut String, element: &str, style: &str, content: &str) {
    if !content.is_empty() {
        out.push_str(&format!("<{element} style=\"{style}\">{content}</{element}>\n"));
    }
}

/// Text or an attribute's value in HTML.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    escape_into(&mut out, text);
    out
}

/// Adds a text to HTML, or to the value of an attribute in it, with its five marks escaped.
pub fn escape_into(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_are_folded_and_marked() {
        let mut out = String::new();
        paragraph(&mut out, &"* word ".repeat(20), ("> ", "> "));
        assert!(out.lines().take(2).all(|line| line.starts_with("> ") && line.len() <= COLUMNS), "{out}");
        paragraph(&mut out, "  \n ", PLAIN);
        assert_eq!(out.matches("\n\n").count(), 1);
        let mut out = String::new();
        paragraph(&mut out, &"item ".repeat(20), ("* ", "  "));
        let lines: Vec<&str> = out.lines().collect();
        assert!(lines[0].starts_with("* item") && lines[1].starts_with("  item"), "{out}");
    }
}
