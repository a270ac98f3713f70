//! Pages that are nested so deeply, or whose tags have so many attributes, that no person wrote them, made shallow before they are parsed.
//!
//! An HTML parser looks through all open elements at nearly every tag, so 100,000 nested `div`s cost it minutes; it opens every
//! unclosed `<b x=1>` `<b x=2>` … again in each paragraph, so a few kilobytes fill any memory; and it compares each attribute of a tag with
//! those before it, those of every `<body a=b>` with those of the first. Tags beyond a depth are dropped here, and all attributes of a tag
//! that has too many, in one pass over the bytes; the words stay. A page within the limits, which is every real one, is not touched.
use std::borrow::Cow;
use std::collections::HashMap;

/// Elements open at once.
const DEPTH: usize = 256;
/// Elements of style open at once: these the parser opens again in each paragraph.
const STYLES: usize = 24;
/// Tags such as `<span/>`, which open an element though they look as if they closed it, that are taken for what they look like.
const LOOSE: usize = 500;
/// Attributes of one tag, and of all tags whose attributes the parser gives to one element.
const ATTRIBUTES: usize = 500;

/// Elements that a page has one of: the parser adds the attributes of every further tag to those of the first.
const SINGLE_NAMES: &[&str] = &["html", "body"];

const STYLE_NAMES: &[&str] =
    &["b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"];
/// Elements without an end, or that the next of their kind ends.
const FLAT_NAMES: &[&str] = &[
    "a", "area", "base", "body", "br", "col", "dd", "dt", "embed", "head", "hr", "html", "img", "input", "li", "link",
    "meta", "option", "p", "param", "source", "tbody", "td", "tfoot", "th", "thead", "tr", "track", "wbr",
];
/// Elements whose content is no markup.
const RAW_NAMES: &[&str] = &["script", "style", "textarea", "title", "iframe", "xmp"];
/// Elements that end a drawing or formula which they stand in, whatever is open there.
const BREAKOUT_NAMES: &[&str] = &[
    "b",
    "big",
    "blockquote",
    "body",
    "br",
    "center",
    "code",
    "dd",
    "div",
    "dl",
    "dt",
    "em",
    "embed",
    "font",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "hr",
    "i",
    "img",
    "li",
    "listing",
    "menu",
    "meta",
    "nobr",
    "ol",
    "p",
    "pre",
    "ruby",
    "s",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "sup",
    "table",
    "tt",
    "u",
    "ul",
    "var",
];
/// Elements of drawings and formulas that hold HTML again.
const HTML_NAMES: &[&str] = &["foreignobject", "desc", "title", "annotation-xml", "mi", "mo", "mn", "ms", "mtext"];

/// A tag of a page.
struct Tag<'a> {
    name: &'a str,
    start: usize,
    name_end: usize,
    /// Past its `>`, or where the page ends within it.
    end: usize,
    closes: bool,
    /// It ends in `/>`.
    closed: bool,
    attributes: usize,
}

/// The page, with tags beyond the limits dropped.
pub(crate) fn shallow(html: &str) -> Cow<'_, str> {
    let (mut open, mut drawing) = (Open::default(), Drawing::default());
    let (mut out, mut copied, mut at, mut single) = (String::new(), 0, 0, 0);
    while let Some(tag) = next_tag(html, at) {
        at = tag.end;
        let name = lower_case(tag.name);
        let foreign = drawing.holds(&name, &tag);
        let raw = !foreign && !tag.closes && RAW_NAMES.contains(&&*name);
        if raw {
            at = raw_end(html, at, &name);
        }
        let flat = raw || !foreign && FLAT_NAMES.contains(&&*name);
        let closed = tag.closed && (foreign || open.passes_as_closed());
        let nests = !flat && !closed;
        let style = STYLE_NAMES.contains(&&*name);
        if nests && !open.admits(&name, style, tag.closes) {
            out.push_str(&html[copied..tag.start]);
            // A dropped block still ends the paragraph before it.
            out.push_str(if style { "" } else { "<hr>" });
            copied = tag.end;
            continue;
        }
        let mut attributes = tag.attributes;
        if SINGLE_NAMES.contains(&&*name) {
            single += attributes;
            attributes = single;
        }
        if tag.attributes > 0 && attributes > ATTRIBUTES {
            out.push_str(&html[copied..tag.name_end]);
            out.push('>');
            copied = tag.end;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(html);
    }
    out.push_str(&html[copied..]);
    Cow::Owned(out)
}

/// The name of an element, as most pages write it.
fn lower_case(name: &str) -> Cow<'_, str> {
    match name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => name.to_ascii_lowercase().into(),
        false => name.into(),
    }
}

/// How many elements are open, and which ends belong to tags that were dropped.
#[derive(Default)]
struct Open {
    depth: usize,
    styles: usize,
    loose: usize,
    dropped: HashMap<String, usize>,
}

impl Open {
    /// Whether a tag that ends in `/>`, outside of drawings, is one of the first.
    fn passes_as_closed(&mut self) -> bool {
        self.loose += 1;
        self.loose <= LOOSE
    }

    /// Counts a tag; false if it must be dropped.
    fn admits(&mut self, name: &str, style: bool, closes: bool) -> bool {
        let count = if style { &mut self.styles } else { &mut self.depth };
        if closes {
            if let Some(dropped) = self.dropped.get_mut(name).filter(|dropped| **dropped > 0) {
                *dropped -= 1;
                return false;
            }
            *count = count.saturating_sub(1);
            return true;
        }
        if *count >= if style { STYLES } else { DEPTH } {
            *self.dropped.entry(name.to_owned()).or_default() += 1;
            return false;
        }
        *count += 1;
        true
    }
}

/// The drawing (`svg`) or formula (`math`) that is open: in it `/>` closes an element, and nothing is raw.
#[derive(Default)]
struct Drawing {
    /// The elements open in it, itself first. Whatever is not nested as it should be ends it: where there is doubt, all is HTML.
    open: Vec<String>,
}

impl Drawing {
    /// Whether a tag is one of a drawing's.
    fn holds(&mut self, name: &str, tag: &Tag<'_>) -> bool {
        let begins = !tag.closes && matches!(name, "svg" | "math");
        if tag.closes {
            let holds = self.open.last().is_some_and(|last| last == name);
            if holds {
                self.open.pop();
            } else {
                self.open.clear();
            }
            return holds;
        }
        let in_html = self.open.last().is_some_and(|last| HTML_NAMES.contains(&&**last));
        if in_html || BREAKOUT_NAMES.contains(&name) {
            self.open.clear();
        }
        if self.open.is_empty() && !begins {
            return false;
        }
        if !tag.closed && self.open.len() < DEPTH {
            self.open.push(name.to_string());
        }
        true
    }
}

/// The next tag from `at` on; comments are passed over.
fn next_tag(html: &str, mut at: usize) -> Option<Tag<'_>> {
    loop {
        let start = at + html.get(at..)?.find('<')?;
        let rest = &html[start + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            at = start + 4 + comment_length(comment)?;
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
        let name_end = name_start + length;
        let (after, attributes, closed) = attributes(&html.as_bytes()[name_end..]);
        let (name, end) = (&html[name_start..name_end], name_end + after);
        return Some(Tag { name, start, name_end, end, closes, closed, attributes });
    }
}

/// How long a comment is after its `<!--`: to `-->` or `--!>`, or no longer than that; none if it has no end.
fn comment_length(comment: &str) -> Option<usize> {
    if let Some(at) = [">", "->"].iter().find(|short| comment.starts_with(**short)) {
        return Some(at.len());
    }
    let mut from = 0;
    loop {
        let dashes = from + comment.get(from..)?.find("--")?;
        let rest = &comment[dashes + 2..];
        if let Some(end) = [">", "!>"].iter().find(|end| rest.starts_with(**end)) {
            return Some(dashes + 2 + end.len());
        }
        from = dashes + 1;
    }
}

/// How long a tag is after its name, with its `>`, how many attributes it has, and whether it ends in `/>`; all that is left if it has no
/// end. As a parser reads them: a quotation mark begins a value after `=` only, and a `>` within the marks ends nothing.
fn attributes(bytes: &[u8]) -> (usize, usize, bool) {
    #[derive(PartialEq)]
    enum At {
        Between,
        Name,
        Equals,
        Value,
    }
    let (mut state, mut count, mut at) = (At::Between, 0, 0);
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        state = match (state, byte) {
            (At::Equals, b'"' | b'\'') => {
                at = bytes[at..].iter().position(|b| *b == byte).map_or(bytes.len(), |end| at + end + 1);
                At::Between
            }
            (state, b'>') => return (at, count, state == At::Between && at >= 2 && bytes[at - 2] == b'/'),
            (At::Equals, b) if b.is_ascii_whitespace() => At::Equals,
            (At::Between, b'=') if count > 0 => At::Equals,
            (At::Name, b'=') => At::Equals,
            (At::Equals, _) => At::Value,
            (At::Name, b'/') => At::Between,
            (_, b) if b.is_ascii_whitespace() => At::Between,
            (At::Between, b'/') => At::Between,
            (At::Between, _) => {
                count += 1;
                At::Name
            }
            (state, _) => state,
        };
    }
    (bytes.len(), count, false)
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

    #[test]
    fn attributes_are_dropped_only_of_tags_that_have_too_many() {
        let list = |count: usize| (0..count).map(|n| format!(" a{n}='>'")).collect::<String>();
        let few = format!("<div{}>x</div>", list(ATTRIBUTES));
        assert!(matches!(shallow(&few), Cow::Borrowed(_)));
        for (tag, left) in [("<div", "<div>x"), ("<p", "<p>x"), ("<script", "<script>x"), ("</div", "</div>x")] {
            assert_eq!(shallow(&format!("{tag}{}>x", list(ATTRIBUTES + 1))), left);
        }
        assert_eq!(shallow(&format!("x<div{}", list(ATTRIBUTES + 1))), "x<div>", "the page ends in the tag");
        let again: String = (0..ATTRIBUTES + 5).map(|n| format!("<body a{n}=b>x")).collect();
        let left = shallow(&again);
        assert_eq!((left.matches("<body a").count(), left.matches("<body>").count()), (ATTRIBUTES, 5));
    }

    #[test]
    fn tags_and_comments_end_where_a_parser_ends_them() {
        let ends = |tag: &str| attributes(tag.as_bytes());
        assert_eq!(ends(" a = '>' b=\"'>\" c=d'>x"), (21, 3, false));
        assert_eq!(ends(" a'b=c>x"), (7, 1, false));
        assert_eq!(ends("/>x"), (2, 0, true));
        assert_eq!(ends(" a='>"), (5, 1, false));
        assert_eq!(ends(" a=b/>x"), (6, 1, false));
        assert_eq!(ends(" a='b'/>x"), (8, 1, true));
        let deep = "<div>".repeat(DEPTH + 5);
        for comment in ["<!-->", "<!--->", "<!-- x --!>", "<!-- -- -->"] {
            assert_eq!(shallow(&format!("{comment}{deep}")).matches("<div>").count(), DEPTH, "{comment}");
        }
    }

    #[test]
    fn depth_cannot_be_hidden() {
        let many = DEPTH + LOOSE + 50;
        let deep = "<div>".repeat(many);
        for before in ["<noscript>", "<svg><style>", "<svg><title>", "<svg><desc><p>", "<b><svg></b><svg><title>"] {
            let left = shallow(&format!("{before}{deep}")).matches("<div>").count();
            assert!((DEPTH - 4..=DEPTH).contains(&left), "{before}: {left}");
        }
        for loose in ["<x-y/>", "<div a=b/>", "<div/>", "<div a/>"] {
            assert!(shallow(&loose.repeat(many)).matches(loose).count() <= DEPTH + LOOSE, "{loose}");
        }
        assert!(
            shallow(&format!("<x-z><svg></x-z>{}", "<path/>".repeat(many))).matches("<path/>").count() <= DEPTH + LOOSE
        );
        // Icons, as many as there may be, hide nothing and cost nothing.
        let icon = "<p><svg><title>Plum</title><style>.a { }</style><g><path/><path/></g></svg><br/>";
        assert!(matches!(shallow(&icon.repeat(many)), Cow::Borrowed(_)));
    }
}
