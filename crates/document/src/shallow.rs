//! Pages that are nested so deeply that no person wrote them, made shallow before they are parsed.
//!
//! An HTML parser looks through all open elements at nearly every tag, so 100,000 nested `div`s cost it minutes; and it opens every
//! unclosed `<b x=1>` `<b x=2>` … again in each paragraph, so a few kilobytes fill any memory. Tags beyond a depth are dropped here, in
//! one pass over the bytes; the words stay. A page within the limits, which is every real one, is not touched.
use std::borrow::Cow;
use std::collections::HashMap;

/// Elements open at once.
const DEPTH: usize = 256;
/// Elements of style open at once: these the parser opens again in each paragraph.
const STYLES: usize = 24;

const STYLE_NAMES: &[&str] =
    &["b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"];
/// Elements without an end, or that the next of their kind ends.
const FLAT_NAMES: &[&str] = &[
    "a", "area", "base", "body", "br", "col", "dd", "dt", "embed", "head", "hr", "html", "img", "input", "li", "link",
    "meta", "option", "p", "param", "source", "tbody", "td", "tfoot", "th", "thead", "tr", "track", "wbr",
];
/// Elements whose content is no markup.
const RAW_NAMES: &[&str] = &["script", "style", "textarea", "title", "noscript", "iframe", "xmp"];

/// A tag of a page.
struct Tag<'a> {
    name: &'a str,
    start: usize,
    end: usize,
    closes: bool,
}

/// The page, with tags beyond the limits dropped.
pub(crate) fn shallow(html: &str) -> Cow<'_, str> {
    let mut open = Open::default();
    let (mut out, mut copied, mut at) = (String::new(), 0, 0);
    while let Some(tag) = next_tag(html, at) {
        at = tag.end;
        let name = tag.name.to_ascii_lowercase();
        if !tag.closes && RAW_NAMES.contains(&&*name) {
            at = raw_end(html, at, &name);
            continue;
        }
        if FLAT_NAMES.contains(&&*name) || html[tag.start..tag.end].ends_with("/>") {
            continue;
        }
        let style = STYLE_NAMES.contains(&&*name);
        if open.admits(name, style, tag.closes) {
            continue;
        }
        out.push_str(&html[copied..tag.start]);
        // A dropped block still ends the paragraph before it.
        out.push_str(if style { "" } else { "<hr>" });
        copied = tag.end;
    }
    if copied == 0 {
        return Cow::Borrowed(html);
    }
    out.push_str(&html[copied..]);
    Cow::Owned(out)
}

/// How many elements are open, and which ends belong to tags that were dropped.
#[derive(Default)]
struct Open {
    depth: usize,
    styles: usize,
    dropped: HashMap<String, usize>,
}

impl Open {
    /// Counts a tag; false if it must be dropped.
    fn admits(&mut self, name: String, style: bool, closes: bool) -> bool {
        let count = if style { &mut self.styles } else { &mut self.depth };
        if closes {
            if let Some(dropped) = self.dropped.get_mut(&name).filter(|dropped| **dropped > 0) {
                *dropped -= 1;
                return false;
            }
            *count = count.saturating_sub(1);
            return true;
        }
        if *count >= if style { STYLES } else { DEPTH } {
            *self.dropped.entry(name).or_default() += 1;
            return false;
        }
        *count += 1;
        true
    }
}

/// The next tag from `at` on; comments are passed over.
fn next_tag(html: &str, mut at: usize) -> Option<Tag<'_>> {
    loop {
        let start = at + html.get(at..)?.find('<')?;
        let rest = &html[start + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            at = start + 4 + comment.find("-->")?;
            continue;
        }
        let closes = rest.starts_with('/');
        let name_start = start + 1 + usize::from(closes);
        let name = &html[name_start..];
        let length = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(name.len());
        if length == 0 {
            at = start + 1;
            continue;
        }
        // A `>` in an attribute's value ends the tag too early, which costs nothing: it is text for this count.
        let end = name_start + length + html[name_start + length..].find('>')? + 1;
        return Some(Tag { name: &html[name_start..name_start + length], start, end, closes });
    }
}

/// Where the content of a raw element ends.
fn raw_end(html: &str, at: usize, name: &str) -> usize {
    let mut from = at;
    while let Some(found) = html[from..].find("</") {
        from += found + 2;
        if html.as_bytes()[from..].get(..name.len()).is_some_and(|end| end.eq_ignore_ascii_case(name.as_bytes())) {
            return from - 2;
        }
    }
    // Never closed: the parser takes the rest for its content; nothing in it nests.
    html.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_too_deep_is_dropped() {
        let page = "<!doctype html><div><script>if (a<b) {'<div>'}</script><p>One<p>Two<b>bold</b></div>";
        assert!(matches!(shallow(page), Cow::Borrowed(_)));
        let deep = format!("{}x{}<p>y", "<div>".repeat(DEPTH + 5), "</div>".repeat(DEPTH + 5));
        let made = shallow(&deep);
        assert_eq!(made.matches("<div>").count(), DEPTH);
        assert_eq!(made.matches("</div>").count(), DEPTH);
        assert!(made.ends_with("<p>y"));
        let styles: String = (0..500).map(|n| format!("<b x={n}><p>")).collect();
        assert_eq!(shallow(&styles).matches("<b ").count(), STYLES);
    }
}
