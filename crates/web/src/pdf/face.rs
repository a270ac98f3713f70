//! Words to glyphs: the embedded typeface, shaping, and what happens to characters that it lacks.
use std::ops::Range;
use std::sync::LazyLock;

use krilla::text::{Font, GlyphId, KrillaGlyph};
use rustybuzz::UnicodeBuffer;

/// What stands for a character that the typeface lacks.
const BOX: char = '?';

/// A face of the typeface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Face {
    Regular,
    Bold,
    Italic,
}

/// A face, read.
pub(super) struct Loaded {
    shaper: rustybuzz::Face<'static>,
    /// For drawing.
    pub font: Font,
}

/// A shaped run.
#[derive(Debug, Clone)]
pub(super) struct Shaped {
    /// The text that the glyphs show.
    pub text: String,
    /// The text that they stand for, where it is another.
    pub actual: Option<String>,
    /// The glyphs; their ranges are of `text`.
    pub glyphs: Vec<KrillaGlyph>,
    /// Width in ems.
    pub width: f32,
}

impl Face {
    /// The face, read once.
    pub fn load(self) -> &'static Loaded {
        static REGULAR: LazyLock<Loaded> =
            LazyLock::new(|| Loaded::read(include_bytes!("../../fonts/GentiumBookPlus-Regular.ttf")));
        static BOLD: LazyLock<Loaded> =
            LazyLock::new(|| Loaded::read(include_bytes!("../../fonts/GentiumBookPlus-Bold.ttf")));
        static ITALIC: LazyLock<Loaded> =
            LazyLock::new(|| Loaded::read(include_bytes!("../../fonts/GentiumBookPlus-Italic.ttf")));
        match self {
            Face::Regular => &REGULAR,
            Face::Bold => &BOLD,
            Face::Italic => &ITALIC,
        }
    }
}

impl Loaded {
    fn read(bytes: &'static [u8]) -> Loaded {
        let shaper = rustybuzz::Face::from_slice(bytes, 0).expect("the embedded typeface is tested");
        let font = Font::new(bytes.into(), 0).expect("the embedded typeface is tested");
        Loaded { shaper, font }
    }

    /// Shapes a run of text. Its control characters are taken as spaces.
    pub fn shape(&self, text: &str) -> Shaped {
        let shown: String = text.chars().filter_map(|c| self.shown(c)).collect();
        let actual = (shown.contains(BOX) && shown != text).then(|| text.to_string());
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(&shown);
        buffer.set_direction(rustybuzz::Direction::LeftToRight);
        let shaped = rustybuzz::shape(&self.shaper, &[], buffer);
        let em = self.shaper.units_per_em().max(1) as f32;
        let (infos, positions) = (shaped.glyph_infos(), shaped.glyph_positions());
        let starts: Vec<usize> = infos.iter().map(|info| info.cluster as usize).collect();
        let mut glyphs = Vec::with_capacity(infos.len());
        let mut width = 0.0;
        for (at, (info, position)) in infos.iter().zip(positions).enumerate() {
            let advance = position.x_advance as f32 / em;
            width += advance;
            glyphs.push(KrillaGlyph::new(
                GlyphId::new(info.glyph_id),
                advance,
                position.x_offset as f32 / em,
                position.y_offset as f32 / em,
                0.0,
                cluster(&starts, at, shown.len()),
                None,
            ));
        }
        Shaped { text: shown, actual, glyphs, width }
    }

    /// The character that is shown for `c`: itself, a space, a question mark, or nothing for those that only steer layout.
    fn shown(&self, c: char) -> Option<char> {
        match c {
            c if c.is_control() || c.is_whitespace() => Some(' '),
            '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' => None,
            '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}' => None,
            // Private use: the typeface has marks of its own there, which mean nothing to the document.
            '\u{e000}'..='\u{f8ff}' => Some(BOX),
            c if self.shaper.glyph_index(c).is_some_and(|glyph| glyph.0 != 0) => Some(c),
            _ => Some(BOX),
        }
    }
}

/// The bytes that glyph `at` stands for: from its cluster to the next one.
fn cluster(starts: &[usize], at: usize, end: usize) -> Range<usize> {
    let start = starts[at];
    start..starts[at..].iter().copied().find(|next| *next > start).unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_face_has_the_marks_that_we_set() {
        for face in [Face::Regular, Face::Bold, Face::Italic] {
            let shaped = face.load().shape("“Plum” – § 4 · … → € 12");
            assert_eq!(shaped.actual, None, "{}", shaped.text);
            assert!(shaped.glyphs.iter().all(|glyph| glyph.glyph_id.to_u32() != 0));
        }
    }

    #[test]
    fn a_script_that_is_lacking_is_boxes_over_its_own_words() {
        let shaped = Face::Regular.load().shape("条款 x");
        assert_eq!(shaped.text, "?? x");
        assert_eq!(shaped.actual.as_deref(), Some("条款 x"));
    }
}
