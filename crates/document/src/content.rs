//! Which part of a page is the document: selectors where an operator gave them, else the subtree that holds the text.
use std::collections::HashSet;

use dom_query::{Document, NodeId, NodeRef};

use crate::Source;
use crate::html::SILENT;

/// Words in an element's class or ID that mark what surrounds a document.
const SURROUNDINGS: &[&str] = &[
    "cookie",
    "consent",
    "gdpr-banner",
    "breadcrumb",
    "share",
    "social",
    "related",
    "newsletter",
    "subscribe",
    "navbar",
    "nav-",
    "-nav",
    "menu",
    "sidebar",
    "skip-",
    "skip_to",
    "site-header",
    "site-footer",
    "global-header",
    "global-footer",
    "page-footer",
    "onetrust",
    "modal",
    "popup",
    "toolbar",
    "language-selector",
    "lang-switch",
    "feedback",
    "was-this",
    "helpful",
    "advert",
    "promo",
    "pagination",
    "print-button",
];
/// ARIA roles of what surrounds a document.
const ROLES: &[&str] = &[
    "navigation",
    "banner",
    "contentinfo",
    "dialog",
    "alertdialog",
    "search",
    "complementary",
    "menu",
    "toolbar",
    "tablist",
];
/// Hidden text longer than this is a folded section, which a reader opens, not something that is kept from readers.
const FOLDED: usize = 400;

/// Elements left out of the text.
pub(crate) struct Skipped(HashSet<NodeId>);

impl Skipped {
    pub fn contains(&self, node: &NodeRef<'_>) -> bool {
        self.0.contains(&node.id)
    }
}

/// Text of an element: letters and digits in all, and in links.
#[derive(Clone, Copy, Default)]
struct Weight {
    all: usize,
    linked: usize,
}

/// Weights of all nodes, by a walk without recursion.
fn weights(page: &Document) -> std::collections::HashMap<NodeId, Weight> {
    let mut weights: std::collections::HashMap<NodeId, Weight> = std::collections::HashMap::new();
    let mut order: Vec<(NodeRef<'_>, Option<NodeId>, bool)> = Vec::new();
    let mut stack = vec![(page.root(), None, false)];
    while let Some((node, parent, linked)) = stack.pop() {
        let name = node.node_name();
        if name.as_ref().is_some_and(|name| SILENT.contains(&&**name)) && !node.has_name("head") {
            continue;
        }
        let linked = linked || node.has_name("a");
        order.push((node, parent, linked));
        stack.extend(node.children_it(false).map(|child| (child, Some(node.id), linked)));
    }
    for (node, parent, linked) in order.into_iter().rev() {
        let mut weight = weights.get(&node.id).copied().unwrap_or_default();
        if node.is_text() {
            weight.all = node.text().chars().filter(|c| c.is_alphanumeric()).count();
            weight.linked = if linked { weight.all } else { 0 };
        }
        weights.insert(node.id, weight);
        if let Some(parent) = parent {
            let sum = weights.entry(parent).or_default();
            sum.all += weight.all;
            sum.linked += weight.linked;
        }
    }
    weights
}

/// The elements to leave out: hidden ones, and what surrounds documents, unless it holds a good part of the page's text.
pub(crate) fn skipped(page: &Document, source: &Source<'_>) -> Skipped {
    let mut skipped = HashSet::new();
    for selector in source.remove {
        if let Some(found) = page.try_select(selector) {
            skipped.extend(found.nodes().iter().map(|node| node.id));
        }
    }
    if !source.select.is_empty() {
        return Skipped(skipped);
    }
    let weights = weights(page);
    let total = weights.get(&page.root().id).map_or(0, |weight| weight.all);
    for node in page.root().descendants_it().filter(NodeRef::is_element) {
        let weight = weights.get(&node.id).copied().unwrap_or_default();
        let hidden = is_hidden(&node) && weight.all < FOLDED;
        let surrounds = surrounds(&node) && (weight.all * 3 < total || weight.linked * 2 > weight.all);
        if hidden || surrounds {
            skipped.insert(node.id);
        }
    }
    Skipped(skipped)
}

fn is_hidden(node: &NodeRef<'_>) -> bool {
    if node.has_attr("hidden") {
        return true;
    }
    let style = node.attr("style").map(|style| style.to_ascii_lowercase().replace(' ', ""));
    style.is_some_and(|style| style.contains("display:none") || style.contains("visibility:hidden"))
}

fn surrounds(node: &NodeRef<'_>) -> bool {
    let name = node.node_name().unwrap_or_default();
    if matches!(&*name, "nav" | "aside" | "button" | "dialog") {
        return true;
    }
    if matches!(&*name, "header" | "footer") && !within(node, &["main", "article"]) {
        return true;
    }
    if matches!(&*name, "html" | "body" | "main" | "article") {
        return false;
    }
    if node.attr("role").is_some_and(|role| ROLES.contains(&&*role.to_ascii_lowercase())) {
        return true;
    }
    let marks =
        format!("{} {}", node.class().unwrap_or_default(), node.id_attr().unwrap_or_default()).to_ascii_lowercase();
    marks.len() > 1 && SURROUNDINGS.iter().any(|word| marks.contains(word))
}

fn within(node: &NodeRef<'_>, names: &[&str]) -> bool {
    node.ancestors_it(Some(40)).any(|ancestor| names.iter().any(|name| ancestor.has_name(name)))
}

/// The elements that hold the document, in order.
pub(crate) fn roots<'a>(page: &'a Document, source: &Source<'_>, skipped: &Skipped) -> Vec<NodeRef<'a>> {
    let mut chosen: Vec<NodeRef<'a>> = Vec::new();
    for selector in source.select {
        if let Some(found) = page.try_select(selector) {
            chosen.extend(found.nodes().iter().copied());
        }
    }
    if !chosen.is_empty() {
        return outermost(chosen);
    }
    vec![main_content(page, skipped)]
}

/// Those that lie in none of the others.
fn outermost(chosen: Vec<NodeRef<'_>>) -> Vec<NodeRef<'_>> {
    let ids: HashSet<NodeId> = chosen.iter().map(|node| node.id).collect();
    let mut seen = HashSet::new();
    let keep = |node: &NodeRef<'_>| !node.ancestors_it(None).any(|ancestor| ids.contains(&ancestor.id));
    chosen.into_iter().filter(keep).filter(|node| seen.insert(node.id)).collect()
}

/// Descends from the body as long as one child holds nearly all of the text that is not in links.
fn main_content<'a>(page: &'a Document, skipped: &Skipped) -> NodeRef<'a> {
    let weights = weights(page);
    let score = |node: &NodeRef<'_>| {
        let weight = weights.get(&node.id).copied().unwrap_or_default();
        if skipped.contains(node) { 0 } else { weight.all - weight.linked.min(weight.all) }
    };
    let mut node = page.body().unwrap_or_else(|| page.root());
    loop {
        let total: usize = node.children_it(false).map(|child| score(&child)).sum();
        let best = node.children_it(false).filter(NodeRef::is_element).max_by_key(|child| score(child));
        match best {
            // Paragraphs and lists are parts of a document, never the whole.
            Some(best) if score(&best) * 10 >= total * 9 && total > 0 && is_container(&best) => node = best,
            _ => return node,
        }
    }
}

fn is_container(node: &NodeRef<'_>) -> bool {
    node.node_name().is_some_and(|name| {
        matches!(&*name, "div" | "section" | "article" | "main" | "form" | "center" | "body" | "html" | "span")
    }) || node.node_name().is_some_and(|name| name.contains('-'))
}

/// Whether a row or cell belongs to a table of data: not marked as layout, and with more than one column.
pub(crate) fn is_data_table(node: &NodeRef<'_>) -> bool {
    let row = if node.has_name("tr") {
        Some(*node)
    } else {
        node.ancestors_it(Some(3)).find(|ancestor| ancestor.has_name("tr"))
    };
    let Some(row) = row else { return false };
    let cells = row.children_it(false).filter(|child| child.has_name("td") || child.has_name("th"));
    let layout = row.ancestors_it(Some(4)).find(|ancestor| ancestor.has_name("table"));
    let layout =
        layout.is_some_and(|table| table.attr("role").is_some_and(|role| matches!(&*role, "presentation" | "none")));
    !layout && cells.count() > 1
}
