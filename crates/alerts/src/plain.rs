//! A letter as plain text and as HTML, both for mail: readable in clients that show one font and no style sheets, and in those that do.
use compare::{SpanKind, redline};
use provisions::Severity;

use crate::letter::{Letter, Part, ProvisionLine};
use crate::story::ClauseChange;

/// Columns of a line of plain text.
const COLUMNS: usize = 74;
/// Characters of a clause that a mail shows.
const CLAUSE: usize = 700;

/// What the link is called that ends what a message came from.
const UNSUBSCRIBE: &str = "Stop these messages to this address";
/// The same in a room or a feed.
pub(crate) const NO_MORE: &str = "No more of this here";
/// What stands beside a clause that only one of the two texts has.
const NEW_CLAUSE: &str = "New clause";
const GONE_CLAUSE: &str = "Clause that is gone";
const NO_ADVICE: &str = "Clausewatch describes what a text states. It is not legal advice.";

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
    if letter.parts.len() > 1 {
        for part in &letter.parts {
            paragraph(&mut out, &format!("{}: {}", part.document, part.headline), ("* ", "  "));
        }
        out += &format!("{}\n\n", "-".repeat(COLUMNS));
    }
    for (at, part) in letter.parts.iter().enumerate() {
        if at > 0 {
            out += &format!("{}\n\n", "-".repeat(COLUMNS));
        }
        part_text(&mut out, part);
    }
    let mut end = String::new();
    if let Some((name, url)) = &foot.watchlist {
        end += &format!("{name}: {url}\n");
    }
    if let Some(url) = &foot.unsubscribe {
        end += &format!("{UNSUBSCRIBE}: {url}\n");
    }
    if !letter.parts.is_empty() {
        end += NO_ADVICE;
        end += "\n";
    }
    if !end.is_empty() {
        out += "-- \n";
    }
    out + &end
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
        (None, _) => side(NEW_CLAUSE, &clause.after),
        (_, None) => side(GONE_CLAUSE, &clause.before),
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

/// Styles for clients that show mail on a dark ground. All others are inline, since many clients know no style sheet.
const DARK: &str = "<style>@media (prefers-color-scheme:dark){.page{background:#121212!important;color:#e8e8e8!important}.muted{color:#a8a8a8!important}\
    .link{color:#8cb8e8!important}.rule{border-color:#4a4a4a!important}.del{background:#4a1f1b!important;color:#ffb4a8!important}\
    .ins{background:#173d1f!important;color:#9fe0a8!important}}</style>";
const FONT: &str = "font:16px/1.5 -apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";

/// A column of 600 pixels for Outlook on Windows, which knows no greatest width; all others pass these comments over.
const COLUMN: &str =
    "<!--[if mso]><table role=\"presentation\" width=\"600\" align=\"center\" cellpadding=\"20\"><tr><td><![endif]-->";
const COLUMN_END: &str = "<!--[if mso]></td></tr></table><![endif]-->";

/// The letter as HTML, at most 600 pixels wide.
pub fn html(letter: &Letter, foot: &Foot) -> String {
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"color-scheme\" content=\"light dark\"><meta name=\"supported-color-schemes\" content=\"light dark\"><title>{}</title>{DARK}</head>\
         <body class=\"page\" style=\"margin:0;padding:0;background:#ffffff;color:#1c1c1c\">\n",
        escape(&letter.subject)
    );
    let hidden = "display:none;max-height:0;overflow:hidden;mso-hide:all";
    block(&mut out, "div", hidden, &escape(&preview(letter)));
    out += &format!("{COLUMN}<div style=\"max-width:600px;margin:0 auto;padding:20px;text-align:left;{FONT}\">\n");
    block(&mut out, "p", "margin:0 0 16px", &escape(&letter.lead));
    if let Some((words, url)) = &foot.action {
        button(&mut out, words, url);
    }
    overview(&mut out, &letter.parts);
    for (at, part) in letter.parts.iter().enumerate() {
        if at > 0 {
            out += "<hr class=\"rule\" style=\"border:0;border-top:1px solid #c8c8c8;margin:28px 0\">\n";
        }
        part_html(&mut out, part, if letter.parts.len() > 1 { "h2" } else { "h1" });
    }
    foot_html(&mut out, letter, foot);
    out += &format!("</div>{COLUMN_END}</body></html>\n");
    out
}

/// A part of a letter as a piece of HTML, for an entry of a feed; `unsubscribe` is where its reader ends what it came from.
pub fn entry(part: &Part, unsubscribe: &str) -> String {
    let mut out = String::new();
    part_html(&mut out, part, "h2");
    muted(
        &mut out,
        "margin:12px 0 0;font-size:13px",
        &format!("{} · {}", link(NO_MORE, unsubscribe), escape(NO_ADVICE)),
    );
    out
}

/// What clients show beside the subject in a list of mails, instead of what the subject says already; nothing where the mail begins with it.
fn preview(letter: &Letter) -> String {
    match letter.parts.as_slice() {
        [only] if letter.lead.is_empty() => {
            let first =
                only.provisions.first().map(|line| format!(" {}: {}.", line.title, line.what)).unwrap_or_default();
            format!("{}{first}", only.verdict)
        }
        _ => String::new(),
    }
}

/// What a letter of several parts tells, a line each.
fn overview(out: &mut String, parts: &[Part]) {
    if parts.len() < 2 {
        return;
    }
    let line = |part: &Part| {
        format!("<li style=\"margin:0 0 6px\">{}: {}</li>", escape(&part.document), link(&part.headline, &part.url))
    };
    block(out, "ul", "margin:0 0 24px;padding:0 0 0 20px", &parts.iter().map(line).collect::<String>());
}

/// What the reader is asked to do: a cell, because the padding of a link is not shown everywhere, and the address for who has no buttons.
fn button(out: &mut String, words: &str, url: &str) {
    let (words, url) = (escape(words), escape(url));
    out.push_str(&format!(
        "<table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\"><tr><td bgcolor=\"#1f4e79\" style=\"padding:10px 18px;\
         border-radius:4px;background:#1f4e79\"><a href=\"{url}\" style=\"color:#ffffff;text-decoration:none;{FONT}\">{words}</a></td></tr></table>\n\
         <p class=\"muted\" style=\"margin:12px 0 20px;font-size:13px;color:#5f5f5f;word-break:break-all\">{url}</p>\n"
    ));
}

fn foot_html(out: &mut String, letter: &Letter, foot: &Foot) {
    let link = |words: &str, url: &str| {
        format!("<a class=\"muted\" href=\"{}\" style=\"color:#5f5f5f\">{}</a>", escape(url), escape(words))
    };
    let watchlist = foot.watchlist.as_ref().map(|(name, url)| link(name, url));
    let unsubscribe = foot.unsubscribe.as_ref().map(|url| link(UNSUBSCRIBE, url));
    let links: Vec<String> = watchlist.into_iter().chain(unsubscribe).collect();
    let mut words = String::new();
    block(&mut words, "p", "margin:0 0 6px", &links.join(" · "));
    if !letter.parts.is_empty() {
        block(&mut words, "p", "margin:0", NO_ADVICE);
    }
    if !words.is_empty() {
        out.push_str(&format!(
            "<div class=\"muted rule\" style=\"margin-top:28px;padding-top:12px;border-top:1px solid #c8c8c8;font-size:13px;color:#5f5f5f\">{words}</div>\n"
        ));
    }
}

/// A link in the text.
fn link(words: &str, url: &str) -> String {
    format!("<a class=\"link\" href=\"{}\" style=\"color:#1f4e79\">{}</a>", escape(url), escape(words))
}

fn part_html(out: &mut String, part: &Part, heading: &str) {
    let document =
        format!("<a href=\"{}\" style=\"color:inherit\">{}</a>", escape(&part.document_url), escape(&part.document));
    muted(out, "margin:0;font-size:14px", &document);
    let headline = format!(
        "<a href=\"{}\" style=\"color:inherit;text-decoration:none\">{}</a>",
        escape(&part.url),
        escape(&part.headline)
    );
    block(out, heading, "margin:2px 0 8px;font-size:21px;line-height:1.3", &headline);
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
    block(out, "p", "margin:0 0 14px", &link("All clauses, before and after", &part.url));
    muted(out, "margin:0;font-size:13px", &escape(&because(&part.why)));
}

fn provision_html(out: &mut String, line: &ProvisionLine) {
    let title = match &line.url {
        Some(url) => link(&line.title, url),
        None => escape(&line.title),
    };
    let facts = if line.facts.is_empty() { String::new() } else { format!(". {}", escape(&line.facts.join("; "))) };
    let mut words = format!("{}<b>{title}</b>: {}{facts}", badge(line.severity), escape(&line.what));
    if !line.matters.is_empty() {
        let matters = escape(&line.matters);
        words += &format!("<br><span class=\"muted\" style=\"font-size:14px;color:#5f5f5f\">{matters}</span>");
    }
    block(out, "p", "margin:0 0 12px", &words);
}

fn clause_html(out: &mut String, clause: &ClauseChange) {
    let label = match (&clause.before, &clause.after) {
        (None, Some(_)) => NEW_CLAUSE,
        (Some(_), None) => GONE_CLAUSE,
        _ => "",
    };
    let said: Vec<&str> = [clause.heading.as_str(), label].into_iter().filter(|words| !words.is_empty()).collect();
    muted(out, "margin:0 0 4px;font-size:13px", &escape(&said.join(" · ")));
    // A whole clause under a line, or struck through, is hard to read; its label says what it is.
    let marked = |element: &str, style: &str, words: &str| {
        let whole = if label.is_empty() { "" } else { ";text-decoration:none" };
        format!("<{element} class=\"{element}\" style=\"{style}{whole}\">{}</{element}>", escape(words))
    };
    let del = |words: &str| marked("del", "background:#fde3e1;color:#7a1c14", words);
    let ins = |words: &str| marked("ins", "background:#dff2e1;color:#14541d", words);
    let clipped = |words: &String| crate::compose::clip(words, CLAUSE);
    let words = match (&clause.before, &clause.after) {
        (Some(before), Some(after)) => {
            let (mut words, mut deleted) = (String::new(), false);
            for span in redline(before, after) {
                // Without colours, “30” and “7” must not be read as “307”.
                if deleted && span.kind == SpanKind::Inserted {
                    words.push(' ');
                }
                words += &match span.kind {
                    SpanKind::Same => escape(span.text),
                    SpanKind::Deleted => del(span.text),
                    SpanKind::Inserted => ins(span.text),
                };
                deleted = span.kind == SpanKind::Deleted;
            }
            words
        }
        (None, Some(after)) => ins(&clipped(after)),
        (Some(before), None) => del(&clipped(before)),
        (None, None) => return,
    };
    out.push_str(&format!(
        "<blockquote class=\"rule\" style=\"margin:0 0 14px;padding:2px 0 2px 12px;border-left:3px solid #c8c8c8\">{words}</blockquote>\n"
    ));
}

/// A paragraph of lesser weight; nothing if it has no content.
fn muted(out: &mut String, style: &str, content: &str) {
    if !content.is_empty() {
        out.push_str(&format!("<p class=\"muted\" style=\"{style};color:#5f5f5f\">{content}</p>\n"));
    }
}

fn badge(severity: Severity) -> String {
    let colour = match severity {
        Severity::Low => "#5f6b76",
        Severity::Medium => "#8a6100",
        Severity::High => "#b3400e",
        Severity::Critical => "#a01313",
    };
    format!(
        "<span style=\"display:inline-block;padding:0 4px;border-radius:3px;font-size:12px;background:{colour};color:#ffffff\">&nbsp;{severity}&nbsp;</span> "
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

    fn clause(before: &str, after: &str) -> ClauseChange {
        let side = |words: &str| (!words.is_empty()).then(|| words.to_string());
        ClauseChange { heading: "Terms".into(), before: side(before), after: side(after) }
    }

    fn part(headline: &str) -> Part {
        Part {
            document: "Plum’s Terms".into(),
            document_id: "CW-D-00001".into(),
            headline: headline.into(),
            verdict: "Material. Seen 3 March 2024.".into(),
            reason: String::new(),
            severity: None,
            why: Vec::new(),
            provisions: Vec::new(),
            clauses: vec![
                clause("You get 30 days.", "You get 7 days."),
                clause("", "New <b>words</b>."),
                clause("Old words.", ""),
            ],
            more_clauses: 0,
            url: "https://record.example/changes/CW-C-000001".into(),
            document_url: "https://record.example/documents/CW-D-00001".into(),
        }
    }

    /// What a client shows that knows no styles, or takes them all away.
    fn bare(html: &str) -> String {
        let body = html.split_once("<body").unwrap().1;
        let mut out = String::new();
        for piece in body.split('<').skip(1) {
            out.push_str(piece.split_once('>').map_or("", |(_, text)| text));
        }
        out
    }

    #[test]
    fn a_mail_reads_well_where_styles_are_taken_away() {
        let letter = Letter { subject: "s".into(), lead: String::new(), parts: vec![part("Adds a fee")] };
        let html = html(&letter, &Foot::default());
        let bare = bare(&html);
        assert!(bare.contains("You get 30 7 days.") && !bare.contains("307"), "{bare}");
        assert!(bare.contains("Terms · New clause") && bare.contains("Terms · Clause that is gone"), "{bare}");
        assert!(bare.contains("New &lt;b&gt;words&lt;/b&gt;."), "{bare}");
        // What most clients do not lay out is not used, and nothing is fetched.
        for word in ["flex", "grid", "<img", "<script", "<link", "url(", "position:"] {
            assert!(!html.contains(word), "{word}");
        }
        assert!(html.contains("max-width:600px") && html.contains("prefers-color-scheme:dark"));
        let (shown, _) = html.split_once("<p class=\"muted\"").unwrap();
        assert!(
            shown.contains("mso-hide:all\">Material. Seen 3 March 2024.</div>"),
            "the list of mails shows the verdict: {shown}"
        );
    }

    #[test]
    fn a_letter_of_several_parts_begins_with_what_they_are() {
        let (lead, parts) = ("Changes.".to_string(), vec![part("Adds a fee"), part("Drops a right")]);
        let letter = Letter { subject: "s".into(), lead, parts };
        let text = text(&letter, &Foot::default());
        assert!(
            text.starts_with("Changes.\n\n* Plum’s Terms: Adds a fee\n\n* Plum’s Terms: Drops a right\n\n---"),
            "{text}"
        );
        let html = html(&letter, &Foot::default());
        assert_eq!(html.matches("Adds a fee").count(), 2, "in the list and as a heading");
        assert!(!html.contains("<h1") && html.matches("<h2").count() == 2);
    }

    #[test]
    fn a_mail_that_asks_for_something_has_its_address_in_words_and_no_more() {
        let letter = Letter { subject: "s".into(), lead: "Do it.".into(), parts: Vec::new() };
        let url = "https://record.example/account/link/1-ab";
        let foot = Foot { action: Some(("Confirm".into(), url.into())), ..Foot::default() };
        let html = html(&letter, &foot);
        assert!(html.matches(url).count() == 2 && !html.contains("legal advice"), "{html}");
        assert_eq!(text(&letter, &foot), format!("Do it.\n\nConfirm: {url}\n\n"));
    }

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
