//! Selectors as they are declared: CSS, or a range of the page between two places, as Open Terms Archive has them.
//!
//! A range is written `startBefore h1 >>> endBefore footer`; `startAfter` and `endAfter` are the other choices. It holds all that lies wholly
//! between the first elements that its selectors find.
use std::collections::HashMap;

use dom_query::{Document, NodeId, NodeRef};

/// What parts the two ends of a range.
const TO: &str = " >>> ";

/// The nodes that a declared selector finds, in the order of the page; none for a range whose ends are not both there, or are not CSS.
pub(crate) fn select<'a>(page: &'a Document, selector: &str) -> Vec<NodeRef<'a>> {
    match Range::parse(selector) {
        Some(range) => range.within(page).unwrap_or_default(),
        None => page.try_select(selector).map(|found| found.nodes().to_vec()).unwrap_or_default(),
    }
}

/// A place in a page: before or after an element.
struct Place<'s> {
    after: bool,
    selector: &'s str,
}

struct Range<'s> {
    start: Place<'s>,
    end: Place<'s>,
}

impl<'s> Range<'s> {
    fn parse(text: &'s str) -> Option<Range<'s>> {
        let (start, end) = text.split_once(TO)?;
        let place = |text: &'s str, names: [&str; 2]| {
            let name = text.split(' ').next()?;
            let after = names.iter().position(|known| *known == name)? == 1;
            Some(Place { after, selector: text[name.len()..].trim() })
        };
        let start = place(start.trim(), ["startBefore", "startAfter"])?;
        Some(Range { start, end: place(end.trim(), ["endBefore", "endAfter"])? })
    }

    fn within<'a>(&self, page: &'a Document) -> Option<Vec<NodeRef<'a>>> {
        let spans = spans(page);
        let at = |place: &Place<'_>| {
            let found = page.try_select(place.selector)?;
            let (first, past) = *spans.get(&found.nodes().first()?.id)?;
            Some(if place.after { past } else { first })
        };
        let (start, end) = (at(&self.start)?, at(&self.end)?);
        let mut nodes = Vec::new();
        let mut stack = vec![page.root()];
        while let Some(node) = stack.pop() {
            let (first, past) = *spans.get(&node.id)?;
            if first >= start && past <= end {
                nodes.push(node);
            } else if past > start && first < end {
                let children = node.children();
                stack.extend(children.into_iter().rev());
            }
        }
        Some(nodes)
    }
}

/// Each node's place in the order of the page, and the place past its last descendant.
fn spans(page: &Document) -> HashMap<NodeId, (usize, usize)> {
    let mut spans = HashMap::new();
    let (mut next, mut stack) = (0, vec![(page.root(), false)]);
    while let Some((node, left)) = stack.pop() {
        if left {
            if let Some((_, past)) = spans.get_mut(&node.id) {
                *past = next;
            }
            continue;
        }
        spans.insert(node.id, (next, next));
        next += 1;
        stack.push((node, true));
        let children = node.children();
        stack.extend(children.into_iter().rev().map(|child| (child, false)));
    }
    spans
}

#[cfg(test)]
mod tests {
    use crate::{Source, read};

    const PAGE: &str = "<html><body><div><p>Menu of the site</p><div id=a><h2>First part</h2><p>One stands here.</p></div>\
        <h2 id=b>Second part</h2><ul><li>Two stands here.</li></ul><p>Three stands here.</p></div><footer>Foot</footer></body></html>";

    fn text(select: &[&str], remove: &[&str]) -> String {
        let (select, remove) = (select.iter().map(|s| s.to_string()), remove.iter().map(|s| s.to_string()));
        let (select, remove): (Vec<_>, Vec<_>) = (select.collect(), remove.collect());
        let source = Source { bytes: PAGE.as_bytes(), select: &select, remove: &remove, ..Source::default() };
        let text = read(&source).unwrap().text;
        text.lines().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn a_range_holds_what_lies_between() {
        let first = "## First part|One stands here.";
        assert_eq!(text(&["startBefore #a >>> endBefore #b"], &[]), first);
        assert_eq!(text(&["startBefore #a h2 >>> endBefore #b"], &[]), first, "the ends need not have one parent");
        assert_eq!(text(&["startAfter #b >>> endBefore ul + p"], &[]), "- Two stands here.");
        assert_eq!(text(&["startAfter #b >>> endAfter footer"], &[]), "- Two stands here.|Three stands here.|Foot");
        assert_eq!(
            text(&["#a h2", "startBefore ul >>> endBefore footer"], &[]),
            "## First part|- Two stands here.|Three stands here."
        );
    }

    #[test]
    fn a_range_can_be_removed() {
        let left = text(&["body"], &["startBefore #b >>> endBefore footer", "body > div > p:first-child"]);
        assert!(left.starts_with("## First part|One stands here.") && !left.contains("Three"), "{left}");
    }

    #[test]
    fn a_range_whose_end_is_not_there_is_nothing() {
        let all = text(&["#none"], &[]);
        assert_eq!(text(&["startBefore #a >>> endBefore #none"], &[]), all, "as with CSS that finds nothing");
        assert_eq!(text(&["startBefore #b >>> endBefore #a"], &[]), all, "an end before the start");
        assert_eq!(text(&["startBefore ]] >>> endBefore #b"], &[]), all, "no CSS");
    }
}
