//! Plain text: blocks are set off by blank lines; a line that is short, without a full stop and between blank lines is a heading.
use crate::render::{Block, Emitter};
use crate::structure::leading_number;

/// Renders plain text.
pub(crate) fn render(text: &str) -> String {
    let mut emitter = Emitter::new();
    let mut first = true;
    for block in text.split("\n\n").flat_map(|block| block.split("\r\n\r\n")) {
        for part in parts(block) {
            let line = part.trim();
            emitter.begin(kind(line, first));
            let item = bullet(line);
            emitter.text(item.unwrap_or(line));
            first &= line.is_empty();
        }
    }
    emitter.finish()
}

/// A block's lines joined, except that a bullet or a numbered line begins a part of its own.
fn parts(block: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for line in block.lines() {
        let starts = bullet(line.trim()).is_some() || leading_number(line.trim()).is_some();
        match out.last_mut() {
            Some(last) if !starts => {
                last.push(' ');
                last.push_str(line.trim());
            }
            _ => out.push(line.trim().to_string()),
        }
    }
    out
}

fn bullet(line: &str) -> Option<&str> {
    ["• ", "- ", "* ", "· ", "– ", "o "].iter().find_map(|mark| line.strip_prefix(mark))
}

fn kind(line: &str, first: bool) -> Block {
    if bullet(line).is_some() {
        return Block::Item { depth: 0, marker: "-".into() };
    }
    let short =
        line.chars().count() <= 80 && !line.ends_with(['.', ';', ',', ':']) && line.split_whitespace().count() <= 10;
    let capitals = line.chars().any(char::is_alphabetic) && !line.chars().any(char::is_lowercase);
    let titled = leading_number(line).is_some() || capitals || first;
    match (short && titled && line.chars().any(char::is_alphabetic), first) {
        (true, true) => Block::Heading(1),
        (true, false) => Block::Heading(2),
        (false, _) => Block::Paragraph,
    }
}
