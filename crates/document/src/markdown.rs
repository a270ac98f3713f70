//! Markdown (CommonMark with tables), as extractors write it, to clean text.
use std::borrow::Cow;

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use crate::render::{Block, Emitter};

/// Renders Markdown.
pub(crate) fn render(markdown: &str) -> String {
    let mut state = State { emitter: Emitter::new(), lists: Vec::new(), silent: 0, in_cell: false };
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        state.event(event);
    }
    without_torn_links(state.emitter.finish())
}

/// Takes away the marks and targets of links that no parser sees as such: extractors write one link around several blocks
/// (`[Plum`, a blank line, `9 %](https://plum.example "Prices")`), or Markdown within HTML.
fn without_torn_links(text: String) -> String {
    if !text.contains("](") {
        return text;
    }
    let mut whole = String::with_capacity(text.len());
    for line in text.lines() {
        let kept = without_targets(line);
        let emptied = kept.len() < line.len() && kept.trim().is_empty();
        // A paragraph that held nothing but marks goes with the blank line after it.
        let second_blank = kept.is_empty() && (whole.is_empty() || whole.ends_with("\n\n"));
        if !emptied && !second_blank && kept.trim() != "[" {
            whole.push_str(&kept);
            whole.push('\n');
        }
    }
    whole.truncate(whole.trim_end().len());
    whole.push('\n');
    whole
}

/// A line without the targets of links, and without the brackets around what they are on.
fn without_targets(line: &str) -> Cow<'_, str> {
    if !line.contains("](") {
        return line.into();
    }
    let (mut kept, mut rest) = (String::with_capacity(line.len()), line);
    while let Some((before, target)) = rest.split_once("](") {
        let Some(length) = target_length(target) else {
            kept.push_str(&rest[..before.len() + 2]);
            rest = target;
            continue;
        };
        match before.rfind('[') {
            Some(open) => kept.extend([&before[..open], &before[open + 1..]]),
            None => kept.push_str(before),
        }
        rest = &target[length..];
    }
    // The next link begins here and is torn too.
    let opens = rest.len() < line.len() && rest.contains('[') && !rest.contains(']');
    kept.push_str(&if opens { rest.replacen('[', " ", 1) } else { rest.to_owned() });
    kept.into()
}

/// Bytes of a link's target with its closing bracket, if there is one at the start.
fn target_length(text: &str) -> Option<usize> {
    let end = text.find(|c: char| c == ')' || c.is_whitespace())?;
    let is_target = ["https://", "http://", "mailto:", "tel:", "/", "#"].iter().any(|start| text.starts_with(start));
    let (_, rest) = text.split_at_checked(end).filter(|_| is_target)?;
    match rest.strip_prefix(" \"") {
        Some(title) => Some(end + 2 + title.find("\")")? + 2),
        None => rest.starts_with(')').then_some(end + 1),
    }
}

struct State {
    emitter: Emitter,
    /// The next number of each open list; none for bullets.
    lists: Vec<Option<u64>>,
    /// Nesting of elements whose text is not shown (images).
    silent: usize,
    in_cell: bool,
}

impl State {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Code(text) if self.silent == 0 => self.emitter.text(&text),
            Event::SoftBreak => self.emitter.space(),
            Event::HardBreak if self.in_cell => self.emitter.space(),
            Event::HardBreak => self.emitter.line_break(),
            Event::InlineHtml(html) if is_break(&html) => self.emitter.line_break(),
            Event::Html(html) => self.html(&html),
            Event::Rule => self.emitter.begin(Block::Paragraph),
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Heading { level, .. } => self.emitter.begin(Block::Heading(number(level))),
            // A paragraph in an item goes on with the item's line if that is still empty.
            Tag::Paragraph if self.lists.is_empty() => self.emitter.begin(Block::Paragraph),
            Tag::Paragraph => self.emitter.flush(),
            Tag::CodeBlock(_) | Tag::BlockQuote(_) => self.emitter.begin(Block::Paragraph),
            Tag::List(start) => {
                self.emitter.flush();
                self.lists.push(start);
            }
            Tag::Item => {
                let depth = self.lists.len().saturating_sub(1);
                let marker = match self.lists.last_mut() {
                    Some(Some(next)) => {
                        let marker = format!("{next}.");
                        *next = next.saturating_add(1);
                        marker
                    }
                    _ => "-".to_string(),
                };
                self.emitter.begin(Block::Item { depth, marker });
            }
            Tag::TableHead | Tag::TableRow => self.emitter.begin(Block::Row),
            Tag::TableCell => self.in_cell = true,
            Tag::Strong => self.emitter.bold += 1,
            Tag::Image { .. } => self.silent += 1,
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) | TagEnd::CodeBlock | TagEnd::BlockQuote(_) | TagEnd::TableHead | TagEnd::TableRow => {
                self.emitter.flush();
            }
            TagEnd::Paragraph => self.emitter.flush(),
            TagEnd::Item => self.emitter.begin(Block::Paragraph),
            TagEnd::List(_) => {
                self.lists.pop();
                self.emitter.begin(Block::Paragraph);
            }
            TagEnd::TableCell => {
                self.in_cell = false;
                self.emitter.cell();
            }
            TagEnd::Strong => self.emitter.bold = self.emitter.bold.saturating_sub(1),
            TagEnd::Image => self.silent = self.silent.saturating_sub(1),
            _ => {}
        }
    }

    /// Blocks of HTML in Markdown: their words, without the tags. Whole pages are read as HTML, so this is a remnant.
    fn html(&mut self, html: &str) {
        let mut inside = false;
        let words: String = html
            .chars()
            .filter(|c| {
                let tag = inside || *c == '<';
                inside = (inside || *c == '<') && *c != '>';
                !tag
            })
            .collect();
        self.emitter.text(&words);
    }
}

fn is_break(html: &str) -> bool {
    html.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("<br"))
}

fn number(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_lists_tables_and_links() {
        let markdown = "Plum Terms\n==========\n\n**1. Scope**\n\nWe [may](https://plum.example/x?y=1) *change*  \nthis.\n\n3.  three\n4.  four\n    *   nested\n\n\
                        | a | b |\n| --- | --- |\n| 1 | 2\\_x |\n\n![logo](x.png)\n";
        let clean = "# Plum Terms\n\n## 1. Scope\n\nWe may change this.\n\n3. three\n4. four\n  - nested\n\n| a | b |\n| 1 | 2_x |\n";
        assert_eq!(render(markdown), clean);
    }

    #[test]
    fn links_around_several_blocks_leave_their_words() {
        let torn = "[Plum\n\n$ 9.10\n\n1 %](https://plum.example/p \"Prices of (the) day\")[Pear\n\n2 %](https://plum.example/q)\n";
        assert_eq!(render(torn), "[Plum\n\n$ 9.10\n\n1 % Pear\n\n2 %\n");
        let in_lines = "[\n\nPlum\n\n](https://plum.example/)\n\n1. Scope\n";
        assert_eq!(without_torn_links(in_lines.into()), "Plum\n\n1. Scope\n");
        assert_eq!(without_torn_links("See [note](https://plum.example) here.".into()), "See note here.\n");
        for kept in ["f[i](x) is a call\n", "[a] (b)\n", "a](\n", "](\n", "x](https://plum.example\n"] {
            assert_eq!(without_torn_links(kept.into()), kept);
        }
    }

    #[test]
    fn deep_nesting_is_harmless() {
        assert!(render(&"> ".repeat(50_000)).len() < 10);
        assert!(!render(&format!("{}x", "- ".repeat(5_000))).is_empty());
    }
}
