//! The one place where clean text is written: every format hands its blocks to an [`Emitter`].
use std::borrow::Cow;

use crate::structure::leading_number;

/// A block being written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Block {
    Heading(u8),
    Paragraph,
    /// Depth from 0 and the marker that a reader sees, for example `-`, `1.`, `(a)`.
    Item {
        depth: usize,
        marker: String,
    },
    Row,
}

/// Writes canonical clean text.
pub(crate) struct Emitter {
    out: String,
    block: Block,
    line: String,
    /// The item that a heading stands in, whose number is the heading's.
    headed_item: Option<Block>,
    /// Characters of the block that are not space, and how many of them are bold.
    inked: usize,
    bold_inked: usize,
    /// Nesting of bold elements.
    pub bold: usize,
    last: Option<Block>,
    heading_level: u8,
    breaks: usize,
}

impl Emitter {
    pub fn new() -> Self {
        Emitter {
            out: String::new(),
            block: Block::Paragraph,
            line: String::new(),
            headed_item: None,
            inked: 0,
            bold_inked: 0,
            bold: 0,
            last: None,
            heading_level: 1,
            breaks: 0,
        }
    }

    /// Ends the current block and begins another.
    pub fn begin(&mut self, block: Block) {
        self.flush();
        let numbered = matches!(&self.block, Block::Item { marker, .. } if !matches!(marker.as_str(), "" | "-"));
        if numbered && matches!(block, Block::Heading(_)) {
            self.headed_item = Some(std::mem::replace(&mut self.block, block));
        } else {
            self.block = block;
        }
    }

    /// Adds inline text; runs of white space and invisible characters become one space or nothing.
    pub fn text(&mut self, text: &str) {
        let mut rest = text;
        while !rest.is_empty() {
            // Most of a text is runs of plain letters and marks.
            let end = rest.bytes().position(|b| !b.is_ascii_graphic()).unwrap_or(rest.len());
            let (plain, other) = rest.split_at(end);
            self.ink(plain, end);
            let mut chars = other.chars();
            match chars.next() {
                Some(c) if c.is_whitespace() || c.is_control() || c == '\u{feff}' => self.space(),
                Some(c) if !is_invisible(c) => self.ink(&other[..c.len_utf8()], 1),
                _ => {}
            }
            rest = chars.as_str();
        }
    }

    /// Adds so many characters, none of them space.
    fn ink(&mut self, text: &str, count: usize) {
        if count > 0 {
            self.line.push_str(text);
            self.inked += count;
            self.bold_inked += if self.bold > 0 { count } else { 0 };
            self.breaks = 0;
        }
    }

    /// A space between words, if there is none yet.
    pub fn space(&mut self) {
        if !self.line.is_empty() && !self.line.ends_with(' ') {
            self.line.push(' ');
        }
    }

    /// A line break: one is a space, two in a row end the paragraph.
    pub fn line_break(&mut self) {
        self.breaks += 1;
        self.space();
        if self.breaks >= 2 && self.block != Block::Row {
            let depth = match &self.block {
                Block::Item { depth, .. } => Some(*depth),
                _ => None,
            };
            self.flush();
            self.block = depth.map_or(Block::Paragraph, |depth| Block::Item { depth, marker: String::new() });
        }
    }

    /// A cell boundary in a row.
    pub fn cell(&mut self) {
        let trimmed = self.line.trim_end().len();
        self.line.truncate(trimmed);
        self.line.push_str(if self.line.is_empty() { "" } else { " | " });
    }

    /// Ends the current block.
    pub fn flush(&mut self) {
        let line = std::mem::take(&mut self.line);
        let (inked, bold) = (std::mem::take(&mut self.inked), std::mem::take(&mut self.bold_inked));
        self.breaks = 0;
        let mut block = std::mem::replace(&mut self.block, Block::Paragraph);
        let line = line.trim();
        let headed_item = self.headed_item.take();
        if inked == 0 || line.chars().all(|c| c == '|' || c == ' ') {
            // An item's marker stays for its first text: `<li><p>text` begins two blocks.
            if matches!(&block, Block::Item { marker, .. } if !marker.is_empty()) {
                self.block = block;
            } else if let Some(item) = headed_item {
                self.block = item;
            }
            return;
        }
        if block == Block::Paragraph && inked == bold && reads_as_heading(line) {
            block = Block::Heading((self.heading_level + 1).min(6));
        } else if let Block::Heading(level) = block {
            self.heading_level = level;
        }
        let line = unmarked(line);
        if line.is_empty() {
            return;
        }
        let line = match headed_item {
            Some(Block::Item { marker, .. }) if leading_number(line).is_none() => Cow::from(format!("{marker} {line}")),
            _ => Cow::from(line),
        };
        self.write(&block, &line);
        self.last = Some(block);
    }

    fn write(&mut self, block: &Block, line: &str) {
        let run = matches!(
            (&self.last, block),
            (Some(Block::Item { .. }), Block::Item { .. }) | (Some(Block::Row), Block::Row)
        );
        if !self.out.is_empty() && !run {
            self.out.push('\n');
        }
        match block {
            Block::Heading(level) => {
                (0..*level).for_each(|_| self.out.push('#'));
                self.out.push(' ');
                self.out.push_str(line);
            }
            Block::Paragraph => self.out.push_str(line),
            Block::Item { depth, marker } => {
                (0..(*depth).min(8)).for_each(|_| self.out.push_str("  "));
                self.out.push_str(if marker.is_empty() { "-" } else { marker });
                self.out.push(' ');
                self.out.push_str(line);
            }
            Block::Row => {
                self.out.push_str("| ");
                self.out.push_str(line);
                self.out.push_str(" |");
            }
        }
        self.out.push('\n');
    }

    /// The clean text.
    pub fn finish(mut self) -> String {
        self.flush();
        self.out
    }
}

/// No block's words may look like the marks of a heading or a row: those at its ends are dropped.
fn unmarked(line: &str) -> &str {
    line.trim_start_matches(['#', '|', ' ']).trim_end_matches(['|', ' '])
}

/// Whether a paragraph that is wholly bold is meant as a heading: short, and not a sentence.
fn reads_as_heading(line: &str) -> bool {
    line.chars().count() <= 120
        && !line.ends_with(['.', ';', ',', ':', '!'])
        && line.chars().any(char::is_alphabetic)
        && line.split_whitespace().count() <= 16
}

/// Soft hyphens, joiners and marks of direction: nothing that a reader sees.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{fffe}' | '\u{ffff}')
}
