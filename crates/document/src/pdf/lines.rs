//! The lines of a PDF page, from its text operators.
use std::collections::{BTreeMap, HashMap};

use lopdf::content::Operation;
use lopdf::{Dictionary, Document, Encoding, Object, ObjectId};

/// Glyphs closer together than this share of the font's size are of one word.
const WORD_GAP: f32 = 0.16;
/// Bytes that a page's content may have once it is decompressed.
const CONTENT: usize = 64 << 20;

/// A line of text and its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    /// Its words.
    pub text: String,
    /// Height of its base line above the foot of the page.
    pub y: f32,
    /// Size of its letters.
    pub size: f32,
}

/// The lines of a page in the order in which they are drawn, which is the reading order in all but artful layouts.
pub(crate) fn of(document: &Document, page: ObjectId) -> lopdf::Result<Vec<Line>> {
    let fonts: BTreeMap<Vec<u8>, &Dictionary> = document.get_page_fonts(page).unwrap_or_default();
    let known = fonts.into_iter().map(|(name, font)| (name, Font::of(document, font))).collect();
    let content = document.get_page_content_with_limit(page, CONTENT)?;
    let operations = lopdf::content::Content::decode(&content)?.operations;
    let mut pen = Pen { fonts: known, font: None, ..Pen::default() };
    for operation in &operations {
        pen.follow(operation);
    }
    pen.end_line();
    Ok(pen.lines)
}

/// What is needed of a font: how its bytes become characters, and how wide its glyphs are.
struct Font<'a> {
    encoding: Option<Encoding<'a>>,
    /// Widths by code, in thousandths of the size.
    widths: HashMap<u32, f32>,
    usual: f32,
    /// Whether a code has two bytes.
    wide: bool,
}

impl<'a> Font<'a> {
    fn of(document: &'a Document, font: &'a Dictionary) -> Self {
        let wide = font.get(b"Subtype").and_then(Object::as_name).is_ok_and(|kind| kind == b"Type0");
        let mut this =
            Font { encoding: font.get_font_encoding(document).ok(), widths: HashMap::new(), usual: 500.0, wide };
        if wide {
            this.descendant(document, font);
        } else if let Some(widths) = array(document, font, b"Widths") {
            let first = font.get(b"FirstChar").and_then(Object::as_i64).unwrap_or(0).clamp(0, 255) as u32;
            this.widths
                .extend(widths.iter().take(256).enumerate().map(|(at, width)| (first + at as u32, number(width))));
        }
        this
    }

    /// The widths of a composite font: `[code [w w w] first last w]`.
    fn descendant(&mut self, document: &'a Document, font: &'a Dictionary) {
        let inner = array(document, font, b"DescendantFonts").and_then(|fonts| fonts.first());
        let Some(inner) = inner.and_then(|inner| document.dereference(inner).ok()?.1.as_dict().ok()) else { return };
        self.usual = inner.get(b"DW").map_or(1000.0, number);
        let Some(list) = array(document, inner, b"W") else { return };
        let mut at = 0;
        while at + 1 < list.len() {
            let first = number(&list[at]).max(0.0) as u32;
            let second = document.dereference(&list[at + 1]).map_or(&list[at + 1], |found| found.1);
            if let Object::Array(widths) = second {
                self.widths
                    .extend(widths.iter().enumerate().map(|(place, width)| (first + place as u32, number(width))));
                at += 2;
            } else if let Some(width) = list.get(at + 2) {
                let last = (number(second).max(0.0) as u32).min(first.saturating_add(65_535));
                self.widths.extend((first..=last).map(|code| (code, number(width))));
                at += 3;
            } else {
                break;
            }
        }
    }

    fn text(&self, bytes: &[u8]) -> String {
        let decoded = self.encoding.as_ref().and_then(|encoding| Document::decode_text(encoding, bytes).ok());
        decoded.unwrap_or_else(|| bytes.iter().filter(|b| b.is_ascii()).map(|b| char::from(*b)).collect())
    }

    /// Widths of a string's glyphs in thousandths of the size, and how many of them are one-byte spaces.
    fn measure(&self, bytes: &[u8]) -> (f32, usize, usize) {
        let width = |code: u32| self.widths.get(&code).copied().unwrap_or(self.usual);
        if self.wide {
            let codes = bytes.chunks(2).map(|pair| pair.iter().fold(0, |code, byte| code << 8 | u32::from(*byte)));
            return (codes.map(width).sum(), bytes.len().div_ceil(2), 0);
        }
        let spaces = bytes.iter().filter(|byte| **byte == b' ').count();
        (bytes.iter().map(|byte| width(u32::from(*byte))).sum(), bytes.len(), spaces)
    }
}

fn array<'a>(document: &'a Document, dictionary: &'a Dictionary, key: &[u8]) -> Option<&'a Vec<Object>> {
    document.dereference(dictionary.get(key).ok()?).ok()?.1.as_array().ok()
}

fn number(object: &Object) -> f32 {
    object.as_float().unwrap_or(0.0)
}

/// Where the next glyph goes; follows text operators.
#[derive(Default)]
struct Pen<'a> {
    fonts: HashMap<Vec<u8>, Font<'a>>,
    font: Option<Vec<u8>>,
    size: f32,
    leading: f32,
    char_space: f32,
    word_space: f32,
    scale: Option<f32>,
    /// The coordinate system of the page, and those saved by `q`.
    space: Matrix,
    saved: Vec<Matrix>,
    line_start: Matrix,
    at: Matrix,
    line: String,
    /// Base line, size and end of the line under way.
    y: f32,
    letters: f32,
    end: f32,
    lines: Vec<Line>,
}

/// `a b c d e f` as PDF has it.
#[derive(Clone, Copy)]
struct Matrix([f32; 6]);

impl Default for Matrix {
    fn default() -> Self {
        Matrix([1.0, 0.0, 0.0, 1.0, 0.0, 0.0])
    }
}

impl Matrix {
    /// This transformation, then `next`.
    fn then(self, next: Matrix) -> Matrix {
        let ([a, b, c, d, e, f], [p, q, r, s, t, u]) = (self.0, next.0);
        Matrix([a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s, e * p + f * r + t, e * q + f * s + u])
    }

    fn moved(x: f32, y: f32) -> Matrix {
        Matrix([1.0, 0.0, 0.0, 1.0, x, y])
    }
}

impl Pen<'_> {
    fn follow(&mut self, operation: &Operation) {
        let given = &operation.operands;
        let value = |place: usize| given.get(place).map_or(0.0, number);
        let matrix = || Matrix([value(0), value(1), value(2), value(3), value(4), value(5)]);
        match operation.operator.as_str() {
            "q" if self.saved.len() < 64 => self.saved.push(self.space),
            "Q" => self.space = self.saved.pop().unwrap_or(self.space),
            "cm" => self.space = matrix().then(self.space),
            "BT" => (self.at, self.line_start) = (Matrix::default(), Matrix::default()),
            "Tf" => {
                self.font = given.first().and_then(|name| name.as_name().ok()).map(<[u8]>::to_vec);
                self.size = value(1);
            }
            "TL" => self.leading = value(0),
            "Tc" => self.char_space = value(0),
            "Tw" => self.word_space = value(0),
            "Tz" => self.scale = Some(value(0) / 100.0),
            "Tm" => (self.at, self.line_start) = (matrix(), matrix()),
            "Td" => self.next_line(value(0), value(1)),
            "TD" => {
                self.leading = -value(1);
                self.next_line(value(0), value(1));
            }
            "T*" => self.next_line(0.0, -self.leading),
            "Tj" => self.show_all(given),
            "TJ" => self.show_all(given.first().and_then(|list| list.as_array().ok()).map_or(&[][..], Vec::as_slice)),
            "'" => {
                self.next_line(0.0, -self.leading);
                self.show_all(given);
            }
            "\"" => {
                (self.word_space, self.char_space) = (value(0), value(1));
                self.next_line(0.0, -self.leading);
                self.show_all(given.get(2..).unwrap_or(&[]));
            }
            _ => {}
        }
    }

    fn next_line(&mut self, x: f32, y: f32) {
        self.line_start = Matrix::moved(x, y).then(self.line_start);
        self.at = self.line_start;
    }

    fn show_all(&mut self, parts: &[Object]) {
        for part in parts {
            match part {
                Object::String(bytes, _) => self.show(bytes),
                other => self.advance(-number(other) / 1000.0 * self.size),
            }
        }
    }

    fn advance(&mut self, x: f32) {
        self.at = Matrix::moved(x * self.scale.unwrap_or(1.0), 0.0).then(self.at);
    }

    fn show(&mut self, bytes: &[u8]) {
        let font = self.font.as_ref().and_then(|name| self.fonts.get(name));
        let Some(font) = font else { return };
        let (text, (width, glyphs, spaces)) = (font.text(bytes), font.measure(bytes));
        let place = self.at.then(self.space).0;
        let (x, y, letters) = (place[4], place[5], self.size.abs() * place[3].abs().max(place[1].abs()));
        let same_line = (y - self.y).abs() < 0.4 * letters.max(1.0) && x > self.end - 4.0 * letters.max(1.0);
        if !same_line {
            self.end_line();
            (self.y, self.letters) = (y, letters);
        } else if x - self.end > WORD_GAP * letters && !self.line.ends_with(' ') {
            self.line.push(' ');
        }
        self.line.extend(text.chars().flat_map(unligated));
        self.letters = self.letters.max(letters);
        self.advance(width / 1000.0 * self.size + glyphs as f32 * self.char_space + spaces as f32 * self.word_space);
        self.end = self.at.then(self.space).0[4];
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        if !line.trim().is_empty() {
            self.lines.push(Line { text: line.trim().to_string(), y: self.y, size: self.letters });
        }
    }
}

/// A ligature as the letters that it stands for.
fn unligated(c: char) -> impl Iterator<Item = char> {
    let letters = match c {
        'ﬀ' => "ff",
        'ﬁ' => "fi",
        'ﬂ' => "fl",
        'ﬃ' => "ffi",
        'ﬄ' => "ffl",
        _ => "",
    };
    letters.chars().chain(letters.is_empty().then_some(c))
}
