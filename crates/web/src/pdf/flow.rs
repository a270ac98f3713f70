//! Lines and pages: where each run of text stands.
use std::mem::take;

use super::face::{Face, Shaped};
use super::{Block, Look, Sheet, Span, Tone};

/// A4 in points.
pub(super) const PAGE: (f32, f32) = (595.28, 841.89);
pub(super) const MARGIN: f32 = 64.0;
const TOP: f32 = 60.0;
const BOTTOM: f32 = 72.0;
const WIDTH: f32 = PAGE.0 - 2.0 * MARGIN;
/// Width of the first column of a table.
const NAMES: f32 = 132.0;
const QUOTE_INDENT: f32 = 16.0;

pub(super) type Colour = (u8, u8, u8);
const INK: Colour = (28, 30, 34);
const PALE: Colour = (98, 104, 114);
const LINK: Colour = (24, 78, 140);
const RULE: Colour = (214, 216, 220);

/// What a part of the sheet is, for readers that do not see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Section,
    Title,
    Heading,
    Paragraph,
    Quote,
    Table,
    Row,
    Name,
    Value,
    Link,
}

/// A node of the tree of parts; nodes come after their parents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub role: Role,
    pub parent: Option<usize>,
    /// The words of a title or heading, for the outline.
    pub title: Option<String>,
    /// Where a link leads.
    pub url: Option<String>,
}

/// Something drawn on a page.
#[derive(Debug, Clone)]
pub(super) enum Mark {
    /// A run of text at its baseline.
    Text { x: f32, y: f32, size: f32, face: Face, colour: Colour, shaped: Shaped, part: usize },
    /// A filled rectangle: ornament.
    Fill { x: f32, y: f32, width: f32, height: f32, colour: Colour },
}

/// Pages of marks and the tree of parts.
#[derive(Debug, Default)]
pub(super) struct Laid {
    pub pages: Vec<Vec<Mark>>,
    pub parts: Vec<Part>,
    /// First place of each title and heading: part, page, y.
    pub headings: Vec<(usize, usize, f32)>,
}

/// Size and distance of a kind of text.
#[derive(Debug, Clone, Copy)]
struct Type {
    size: f32,
    leading: f32,
    face: Face,
    colour: Colour,
}

const BODY: Type = Type { size: 10.5, leading: 15.0, face: Face::Regular, colour: INK };
const SMALL: Type = Type { size: 8.5, leading: 12.0, face: Face::Regular, colour: PALE };
const QUOTE: Type = Type { size: 11.5, leading: 17.0, face: Face::Regular, colour: INK };
const TITLE: Type = Type { size: 21.0, leading: 26.0, face: Face::Bold, colour: INK };
const HEADING: Type = Type { size: 12.5, leading: 17.0, face: Face::Bold, colour: INK };
const CELL: Type = Type { size: 9.5, leading: 13.5, face: Face::Regular, colour: INK };
const NAME: Type = Type { size: 9.5, leading: 13.5, face: Face::Regular, colour: PALE };
const LABEL: Type = Type { size: 9.0, leading: 13.0, face: Face::Bold, colour: INK };

/// A run within a line.
struct Piece {
    x: f32,
    shaped: Shaped,
    face: Face,
    colour: Colour,
    link: Option<String>,
}

/// Sets a sheet.
pub(super) fn lay_out(sheet: &Sheet) -> Laid {
    let mut flow = Flow { laid: Laid { pages: vec![Vec::new()], ..Laid::default() }, y: TOP };
    let root = flow.part(Role::Section, None);
    for block in &sheet.blocks {
        flow.block(block, root);
    }
    flow.laid
}

struct Flow {
    laid: Laid,
    y: f32,
}

impl Flow {
    fn block(&mut self, block: &Block, root: usize) {
        match block {
            Block::Kicker(text) => self.text(&[Span::plain(text)], SMALL, root, Role::Paragraph, 2.0),
            Block::Title(text) => self.heading(text, TITLE, root, Role::Title, 0.0, 6.0),
            Block::Heading(text) => self.heading(text, HEADING, root, Role::Heading, 14.0, 3.0),
            Block::Labels(labels) => self.labels(labels, root),
            Block::Paragraph(spans) => self.text(spans, BODY, root, Role::Paragraph, 6.0),
            Block::Small(spans) => self.text(spans, SMALL, root, Role::Paragraph, 5.0),
            Block::Quote(spans) => self.quote(spans, root),
            Block::Table(rows) => self.table(rows, root),
        }
    }

    fn part(&mut self, role: Role, parent: Option<usize>) -> usize {
        self.laid.parts.push(Part { role, parent, title: None, url: None });
        self.laid.parts.len() - 1
    }

    fn room(&self) -> f32 {
        PAGE.1 - BOTTOM - self.y
    }

    fn page(&self) -> usize {
        self.laid.pages.len() - 1
    }

    fn turn(&mut self) {
        self.laid.pages.push(Vec::new());
        self.y = TOP;
    }

    fn put(&mut self, mark: Mark) {
        if let Some(page) = self.laid.pages.last_mut() {
            page.push(mark);
        }
    }

    fn heading(&mut self, text: &str, of: Type, root: usize, role: Role, before: f32, after: f32) {
        // A heading stays with the two lines after it.
        if self.room() < before + of.leading + 2.0 * BODY.leading {
            self.turn();
        } else if self.y > TOP {
            self.y += before;
        }
        let part = self.part(role, Some(root));
        self.laid.parts[part].title = Some(text.to_string());
        let page = self.page();
        self.laid.headings.push((part, page, self.y));
        self.lines(lines(&[Span::plain(text)], of, WIDTH), of, MARGIN, part);
        self.y += after;
    }

    fn text(&mut self, spans: &[Span], of: Type, root: usize, role: Role, after: f32) {
        let part = self.part(role, Some(root));
        self.lines(lines(spans, of, WIDTH), of, MARGIN, part);
        self.y += after;
    }

    /// Puts lines one below the other, on new pages as need be. Gives the pages' stretches that they take: (page, top, bottom).
    fn lines(&mut self, lines: Vec<Vec<Piece>>, of: Type, left: f32, part: usize) -> Vec<(usize, f32, f32)> {
        let mut stretches: Vec<(usize, f32, f32)> = Vec::new();
        for line in lines {
            if self.room() < of.leading {
                self.turn();
            }
            let (page, top) = (self.page(), self.y);
            // The baseline stands where ascenders and descenders share the leading evenly.
            let baseline = top + of.leading * 0.5 + of.size * 0.33;
            for piece in line {
                let part = match piece.link {
                    Some(url) => {
                        let link = self.part(Role::Link, Some(part));
                        self.laid.parts[link].url = Some(url);
                        link
                    }
                    None => part,
                };
                let Piece { x, shaped, face, colour, .. } = piece;
                self.put(Mark::Text { x: left + x, y: baseline, size: of.size, face, colour, shaped, part });
            }
            self.y += of.leading;
            match stretches.last_mut() {
                Some(last) if last.0 == page => last.2 = self.y,
                _ => stretches.push((page, top, self.y)),
            }
        }
        stretches
    }

    fn quote(&mut self, spans: &[Span], root: usize) {
        let part = self.part(Role::Quote, Some(root));
        self.y += 2.0;
        let lines = lines(spans, QUOTE, WIDTH - QUOTE_INDENT);
        for (page, top, bottom) in self.lines(lines, QUOTE, MARGIN + QUOTE_INDENT, part) {
            let bar = Mark::Fill { x: MARGIN, y: top, width: 2.5, height: bottom - top, colour: LINK };
            self.laid.pages[page].push(bar);
        }
        self.y += 8.0;
    }

    fn labels(&mut self, labels: &[(String, Tone)], root: usize) {
        const PAD: f32 = 6.0;
        let part = self.part(Role::Paragraph, Some(root));
        let (mut x, height) = (0.0, LABEL.leading + 4.0);
        if self.room() < height {
            self.turn();
        }
        for (text, tone) in labels {
            let (ink, ground) = colours(*tone);
            let of = Type { colour: ink, ..LABEL };
            // A label is one line: what is too long for it is set on the lines below.
            let mut set = lines(&[Span::plain(text)], of, WIDTH - 2.0 * PAD).into_iter();
            let Some(first) = set.next() else { continue };
            let width = first.last().map_or(0.0, |piece| piece.x + piece.shaped.width * of.size) + 2.0 * PAD;
            if x > 0.0 && x + width > WIDTH {
                (x, self.y) = (0.0, self.y + height + 4.0);
                if self.room() < height {
                    self.turn();
                }
            }
            self.put(Mark::Fill { x: MARGIN + x, y: self.y, width, height, colour: ground });
            let top = self.y;
            self.y += 2.0;
            self.lines(vec![first], of, MARGIN + x + PAD, part);
            self.y = top;
            x += width + 6.0;
            let rest: Vec<_> = set.collect();
            if !rest.is_empty() {
                self.y += height;
                self.lines(rest, of, MARGIN + PAD, part);
                x = 0.0;
            }
        }
        self.y += height + 8.0;
    }

    fn table(&mut self, rows: &[(String, Vec<Span>)], root: usize) {
        let table = self.part(Role::Table, Some(root));
        for (name, value) in rows {
            let row = self.part(Role::Row, Some(table));
            let (left, right) = (self.part(Role::Name, Some(row)), self.part(Role::Value, Some(row)));
            let names = lines(&[Span::plain(name)], NAME, NAMES - 10.0);
            let values = lines(value, CELL, WIDTH - NAMES);
            if self.room() < CELL.leading + 6.0 {
                self.turn();
            }
            self.put(Mark::Fill { x: MARGIN, y: self.y, width: WIDTH, height: 0.5, colour: RULE });
            self.y += 3.0;
            let (page, top) = (self.page(), self.y);
            self.lines(names, NAME, MARGIN, left);
            let below = (self.page(), self.y);
            // The value begins beside its name; where the name ran over the page, on the new one.
            self.y = if self.page() == page { top } else { TOP };
            self.lines(values, CELL, MARGIN + NAMES, right);
            if below.0 == self.page() {
                self.y = self.y.max(below.1);
            }
            self.y += 3.0;
        }
        self.y += 6.0;
    }
}

/// Ink and ground of a label.
fn colours(tone: Tone) -> (Colour, Colour) {
    match tone {
        Tone::Neutral => ((60, 64, 72), (238, 239, 242)),
        Tone::Low => ((38, 92, 62), (226, 241, 232)),
        Tone::Medium => ((112, 82, 8), (250, 240, 210)),
        Tone::High => ((150, 62, 8), (253, 230, 214)),
        Tone::Critical => ((148, 22, 40), (251, 222, 226)),
    }
}

/// Breaks runs into lines of at most `width` points.
fn lines(spans: &[Span], of: Type, width: f32) -> Vec<Vec<Piece>> {
    let mut breaker = Breaker { lines: Vec::new(), line: Vec::new(), x: 0.0, width };
    for span in spans {
        let face = match (span.look, of.face) {
            (Look::Strong, _) => Face::Bold,
            (Look::Italic, _) => Face::Italic,
            (_, face) => face,
        };
        let colour = match (&span.link, span.look) {
            (Some(_), _) => LINK,
            (None, Look::Muted) => PALE,
            _ => of.colour,
        };
        for word in words(&span.text) {
            breaker.word(word, of.size, face, colour, &span.link);
        }
    }
    breaker.end()
}

/// Words, each with the white space after it.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(|c: char| c.is_whitespace() || c.is_control())
}

struct Breaker {
    lines: Vec<Vec<Piece>>,
    line: Vec<Piece>,
    x: f32,
    width: f32,
}

impl Breaker {
    fn word(&mut self, word: &str, size: f32, face: Face, colour: Colour, link: &Option<String>) {
        let bare = word.trim_end_matches(|c: char| c.is_whitespace() || c.is_control());
        // White space at the start of a line, or after other white space, has no width of its own.
        let after_space = self.line.last().is_none_or(|last| last.shaped.text.ends_with(' '));
        if bare.is_empty() && after_space {
            return;
        }
        let folded = if bare.len() < word.len() { format!("{bare} ") } else { bare.to_string() };
        let needed = face.load().shape(bare).width * size;
        if self.x + needed > self.width && !self.line.is_empty() {
            self.break_line();
            if bare.is_empty() {
                return;
            }
        }
        if needed > self.width {
            return self.split(&folded, size, face, colour, link);
        }
        self.push(&folded, size, face, colour, link);
    }

    /// Breaks a word that is longer than a line: an address, a hash.
    fn split(&mut self, word: &str, size: f32, face: Face, colour: Colour, link: &Option<String>) {
        let mut start = 0;
        let mut width = 0.0;
        let mut buffer = [0; 4];
        for (at, c) in word.char_indices() {
            let own = face.load().shape(c.encode_utf8(&mut buffer)).width * size;
            if width + own > self.width && at > start {
                self.push(&word[start..at], size, face, colour, link);
                self.break_line();
                (start, width) = (at, 0.0);
            }
            width += own;
        }
        self.push(&word[start..], size, face, colour, link);
    }

    /// Adds a run to the line; one of the same look as the run before is joined to it, so that both are shaped together.
    fn push(&mut self, text: &str, size: f32, face: Face, colour: Colour, link: &Option<String>) {
        if let Some(last) = self.line.last_mut()
            && (last.face, last.colour, &last.link) == (face, colour, link)
        {
            let before = last.shaped.actual.take().unwrap_or_else(|| take(&mut last.shaped.text));
            last.shaped = face.load().shape(&(before + text));
            self.x = last.x + last.shaped.width * size;
            return;
        }
        let shaped = face.load().shape(text);
        let x = self.x;
        self.x += shaped.width * size;
        self.line.push(Piece { x, shaped, face, colour, link: link.clone() });
    }

    fn break_line(&mut self) {
        self.lines.push(take(&mut self.line));
        self.x = 0.0;
    }

    fn end(mut self) -> Vec<Vec<Piece>> {
        if !self.line.is_empty() {
            self.break_line();
        }
        self.lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_hold_all_words_and_fit() {
        let text = "The quick brown fox jumps over the lazy dog and reads https://plum.example/terms/of/service/2024/"
            .repeat(6);
        let set = lines(&[Span::plain(&text)], BODY, 200.0);
        let read: String = set.iter().flatten().map(|piece| piece.shaped.text.as_str()).collect();
        assert_eq!(read, text);
        for piece in set.iter().flatten() {
            let bare = Face::Regular.load().shape(piece.shaped.text.trim_end()).width * BODY.size;
            assert!(piece.x + bare <= 200.5, "{:?} is too wide", piece.shaped.text);
        }
    }

    #[test]
    fn long_text_takes_several_pages_and_stays_on_them() {
        let sheet = Sheet { blocks: vec![Block::Quote(vec![Span::plain("word ".repeat(3000))])], ..Sheet::default() };
        let laid = lay_out(&sheet);
        assert!(laid.pages.len() > 2, "{} pages", laid.pages.len());
        for mark in laid.pages.iter().flatten() {
            let bottom = match mark {
                Mark::Text { y, .. } => *y,
                Mark::Fill { y, height, .. } => y + height,
            };
            assert!(bottom <= PAGE.1 - BOTTOM + 0.5, "{bottom}");
        }
    }
}
