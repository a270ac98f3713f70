//! Markdown (CommonMark with tables), as extractors write it, to clean text.
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use crate::render::{Block, Emitter};

/// Renders Markdown.
pub(crate) fn render(markdown: &str) -> String {
    let mut state = State { emitter: Emitter::new(), lists: Vec::new(), silent: 0, in_cell: false };
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        state.event(event);
    }
    state.emitter.finish()
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
    use super::render;

    #[test]
    fn blocks_lists_tables_and_links() {
        let markdown = "Plum Terms\n==========\n\n**1. Scope**\n\nWe [may](https://plum.example/x?y=1) *change*  \nthis.\n\n3.  three\n4.  four\n    *   nested\n\n\
                        | a | b |\n| --- | --- |\n| 1 | 2\\_x |\n\n![logo](x.png)\n";
        let clean = "# Plum Terms\n\n## 1. Scope\n\nWe may change this.\n\n3. three\n4. four\n  - nested\n\n| a | b |\n| 1 | 2_x |\n";
        assert_eq!(render(markdown), clean);
    }

    #[test]
    fn deep_nesting_is_harmless() {
        assert!(render(&"> ".repeat(50_000)).len() < 10);
        assert!(!render(&format!("{}x", "- ".repeat(5_000))).is_empty());
    }
}
