//! Which of several documents on one page is meant: the one that the address's fragment names, else the one that bears the document's name.
use dom_query::{Document, NodeId, NodeRef};
use rustc_hash::FxHashSet;

use crate::content::{READABLE, Survey, heading_level, is_container, words_of};
use crate::kinds::{KINDS, Kind};

/// Most titled elements that are compared, so that a hostile page costs little.
const TITLED: usize = 200;
/// Most headings that are looked at, for the same reason.
const HEADINGS: usize = 2_000;
/// Letters and digits of a title.
const LONGEST_TITLE: u32 = 120;
/// Words of a title that name the company or the edition, beside those of the kind.
const BESIDE: usize = 2;
/// Words that make a title one of a section: "Changes to this privacy policy".
const SECTION_WORDS: &[&str] =
    &["to", "this", "these", "of", "our", "how", "what", "about", "changes", "and", "or", "in", "for", "other", "your"];

/// The part of the page that an address's fragment names, if it is large enough to be a document: an element, the panel that a tab opens,
/// or a heading and what follows it up to the next of its level.
pub(crate) fn addressed<'a>(page: &'a Document, fragment: &str, survey: &Survey) -> Option<Vec<NodeRef<'a>>> {
    let names = |node: &NodeRef<'a>, attribute: &str| node.attr(attribute).is_some_and(|value| &*value == fragment);
    if fragment.is_empty() {
        return None;
    }
    let large = |nodes: &[NodeRef<'a>]| nodes.iter().map(|node| survey.prose(node)).sum::<u32>() >= READABLE;
    let root = page.root();
    let elements = || root.descendants_it().filter(NodeRef::is_element);
    let whole = elements().filter(|node| names(node, "id") || names(node, "aria-labelledby"));
    if let Some(whole) = whole.filter(|node| is_container(node)).find(|node| large(&[*node])) {
        return Some(vec![whole]);
    }
    let anchor = elements().find(|node| names(node, "id") || names(node, "name"))?;
    let mut above = std::iter::once(anchor).chain(anchor.ancestors(Some(3)));
    let heading = above.find(|node| heading_level(node).is_some())?;
    let level = heading_level(&heading)?;
    let mut part = vec![heading];
    let mut next = heading.next_sibling();
    while let Some(node) = next.filter(|node| heading_level(node).is_none_or(|found| found > level)) {
        part.push(node);
        next = node.next_sibling();
    }
    large(&part).then_some(part)
}

/// The element that holds the document of a name ("Privacy Policy"), on a page that holds at least one of another kind beside it.
pub(crate) fn named<'a>(page: &'a Document, name: &str, survey: &Survey) -> Option<NodeRef<'a>> {
    let wanted = kind(&words(name))?.0;
    let root = page.root();
    let is_large = |node: &NodeRef<'a>| is_container(node) && survey.prose(node) >= READABLE;
    let large = root.descendants_it().filter(|node| is_large(node) && !survey.is_closed(node));
    let titled = large.filter_map(|node| title(&node).map(|(kind, sure)| (node, kind, sure)));
    let titled: Vec<(NodeRef<'a>, usize, bool)> = titled.take(TITLED).collect();
    let holds = |outer: &NodeRef<'a>, inner: &NodeRef<'a>| inner.ancestors_it(None).any(|node| node.id == outer.id);
    let others: Vec<NodeRef<'a>> =
        titled.iter().filter(|(_, kind, sure)| *kind != wanted && *sure).map(|(node, ..)| *node).collect();
    let alone = |node: &NodeRef<'a>| {
        // What holds a document of another kind is the page, not a document.
        !others.iter().any(|other| holds(node, other)) && others.iter().any(|other| !holds(other, node))
    };
    let fitting = titled.iter().filter(|(node, kind, _)| *kind == wanted && alone(node)).map(|(node, ..)| *node);
    fitting.max_by_key(|node| survey.prose(node))
}

/// The document of a name that a heading begins, on a page that begins with another: up to the next title of a document, else to the end of
/// the element that holds it, since its chapters may have headings of the same level. A title in a menu, or one that stands apart from its
/// document, begins none.
pub(crate) fn headed<'a>(page: &'a Document, name: &str, survey: &Survey) -> Option<Vec<NodeRef<'a>>> {
    let wanted = kind(&words(name))?.0;
    let root = page.root();
    let is_short = |node: &NodeRef<'a>| (1..=LONGEST_TITLE).contains(&survey.letters(node));
    let headings = root.descendants_it().filter(|node| heading_level(node).is_some_and(|level| level <= 3));
    let titles = headings.take(HEADINGS).filter(|node| is_short(node) && !survey.is_left_out(node));
    let titles: Vec<_> = titles.filter_map(|node| titled_document(&node).map(|kind| (node, kind))).collect();
    let (before, _) = *titles.first().filter(|(_, kind)| *kind != wanted)?;
    let (heading, _) = *titles.iter().find(|(_, kind)| *kind == wanted)?;
    let others: FxHashSet<NodeId> =
        titles.iter().filter(|(_, kind)| *kind != wanted).map(|(node, _)| node.id).collect();
    let is_wrapped = |node: &NodeRef<'a>| is_container(node) && survey.prose(node) == survey.prose(&heading);
    let first = heading.ancestors_it(None).take_while(is_wrapped).last().unwrap_or(heading);
    let is_other = |node: &NodeRef<'a>| others.contains(&node.id);
    let next = std::iter::successors(first.next_sibling(), NodeRef::next_sibling);
    let next = next.take_while(|node| !is_other(node) && !node.descendants_it().any(|inner| is_other(&inner)));
    let part: Vec<NodeRef<'a>> = std::iter::once(first).chain(next).collect();
    let read = |nodes: &mut dyn Iterator<Item = NodeRef<'a>>| -> u32 {
        nodes.filter(|node| node.is_text() && !survey.is_left_out(node)).map(|text| survey.prose(&text)).sum()
    };
    let from = |start: NodeId| root.descendants_it().skip_while(move |node| node.id != start);
    let own = part.iter().map(|node| survey.prose(node)).sum::<u32>();
    let above = read(&mut from(before.id).take_while(|node| node.id != heading.id));
    let below = read(&mut from(heading.id).take_while(|node| !is_other(node)));
    (own >= READABLE && own * 2 >= below && above >= READABLE).then_some(part)
}

/// The kind of document whose title a heading is; a numbered one is a chapter's.
fn titled_document(node: &NodeRef<'_>) -> Option<usize> {
    let text = node.text();
    if text.trim_start().starts_with(|c: char| c.is_numeric()) {
        return None;
    }
    kind(&words(&text)).filter(|(_, sure)| *sure).map(|(kind, _)| kind)
}

/// The kind of document that an element's ID, label or first heading names, and whether surely.
fn title(node: &NodeRef<'_>) -> Option<(usize, bool)> {
    let slugs = [node.id_attr(), node.attr("aria-labelledby")].into_iter().flatten();
    let slugs = slugs.map(|slug| words_of(&slug).map(str::to_lowercase).collect::<Vec<_>>());
    let heading = || node.descendants_it().take(24).find(|inner| heading_level(inner).is_some_and(|level| level <= 3));
    slugs.map(|slug| kind(&slug)).find(Option::is_some).flatten().or_else(|| kind(&words(&heading()?.text())))
}

/// The kind of document that a title names (an index of [`KINDS`]), and whether no section of another document bears such a title.
fn kind(title: &[String]) -> Option<(usize, bool)> {
    let title_has = |phrase: &str, beside: usize| {
        let phrase: Vec<&str> = phrase.split(' ').collect();
        let Some(rest) = title.len().checked_sub(phrase.len()).filter(|rest| *rest <= beside) else { return false };
        let is_at = |at: usize| title[at..at + phrase.len()].iter().zip(&phrase).all(|(a, b)| a == b);
        let free = |words: &[String]| words.iter().all(|word| !SECTION_WORDS.contains(&word.as_str()));
        (is_at(0) && free(&title[phrase.len()..])) || (is_at(rest) && free(&title[..rest]))
    };
    let of = |sure: bool| {
        let has = |kind: &Kind| {
            let list = if sure { kind.titles } else { kind.short };
            list.iter().any(|phrase| title_has(phrase, if sure { BESIDE } else { 0 }))
        };
        KINDS.iter().position(has).map(|kind| (kind, sure))
    };
    of(true).or_else(|| of(false))
}

/// The terms type of which a name is a title, as files, folders and addresses bear it: `privacy-policy`, `Plum Terms of Use`. None for a
/// name that says less: `terms`, `legal`, `changes-to-this-privacy-policy`.
pub fn kind_titled(name: &str) -> Option<&'static str> {
    let (kind, sure) = kind(&words(name))?;
    sure.then_some(KINDS[kind].name)
}

/// The words of a name, in lower case: as many as any title has, and a few more.
fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.take(12).map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::kind_titled;

    #[test]
    fn only_a_whole_title_says_a_kind() {
        for (name, kind) in [
            ("Privacy Policy", Some("Privacy Policy")),
            ("terms_of_use-2024", Some("Terms of Service")),
            ("plum-terms-of-use", Some("Terms of Service")),
            ("Impressum", Some("Imprint")),
            ("Community Guidelines - Spam", Some("Community Guidelines")),
            ("terms", None),
            ("legal", None),
            ("changes-to-this-privacy-policy", None),
            ("", None),
        ] {
            assert_eq!(kind_titled(name), kind, "{name}");
        }
    }
}
