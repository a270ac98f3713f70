//! Which part of a page is the document: selectors where an operator gave them, the part that the address names, else the subtree that
//! holds the text, without what surrounds documents.
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use dom_query::{Document, NodeId, NodeRef};
// The keys are numbers that the parser gave, which no page can make collide.
use rustc_hash::{FxHashMap, FxHashSet};

use crate::html::SILENT;
use crate::{Source, dates, range, several};

/// Words in an element's class or ID that mark what surrounds a document.
const SURROUNDINGS: &[&str] = &[
    "breadcrumb",
    "breadcrumbs",
    "share",
    "sharing",
    "social",
    "related",
    "newsletter",
    "subscribe",
    "navbar",
    "nav",
    "navigation",
    "menu",
    "submenu",
    "megamenu",
    "sidebar",
    "skip",
    "footer",
    "toolbar",
    "feedback",
    "helpful",
    "advert",
    "promo",
    "pagination",
    "switcher",
    "selector",
    "picker",
];
/// Words that mark what lies over a page: consent to cookies, dialogs.
const OVERLAYS: &[&str] =
    &["cookie", "cookies", "consent", "gdpr", "onetrust", "cookiebot", "cky", "modal", "modals", "popup", "overlay"];
/// Words for a document, and words for its text: an element whose name is made of both (`policy-details`, `legal-body`) is the document.
const DOCUMENTS: &[&str] = &[
    "policy",
    "policies",
    "terms",
    "conditions",
    "tos",
    "eula",
    "agreement",
    "contract",
    "legal",
    "privacy",
    "guidelines",
    "standards",
];
const TEXTS: &[&str] = &["text", "content", "contents", "body", "copy", "details"];
/// ARIA roles of what surrounds a document.
const ROLES: &[&str] = &[
    "navigation",
    "banner",
    "contentinfo",
    "search",
    "complementary",
    "menu",
    "menubar",
    "toolbar",
    "tablist",
    "listbox",
];
/// Hidden text longer than this is a folded section, which a reader opens, not something that is kept from readers.
const FOLDED: u32 = 400;
/// Letters and digits of a section that a button folds.
const SECTION: u32 = 80;
/// Letters and digits of a paragraph that can introduce a list.
const LEAD_IN: u32 = 25;
/// Most links of a list that belongs to a document; a longer one is a register, which changes by itself.
const REGISTER: u32 = 50;
/// Letters and digits of what stands above a document and belongs to it: its title and dates.
const ABOVE: u32 = 400;
/// Letters and digits of a paragraph that frames have none of: what holds one is left out only by what it is called.
const PARAGRAPH: u32 = 250;
/// Most elements called a page's main part that are looked at: few pages have two.
const MAIN_PARTS: usize = 20;
/// Letters and digits outside of an overlay that make a page readable without it.
pub(crate) const READABLE: u32 = 400;
/// Letters and digits outside of a dialog that make a page readable without it: the page calls it a dialog itself.
const MESSAGE: u32 = 60;

/// What is known of a page's elements: how much text each holds, and which are left out.
#[derive(Default)]
pub(crate) struct Survey {
    skipped: FxHashSet<NodeId>,
    /// Panels that are not shown, next to one that is.
    closed: FxHashSet<NodeId>,
    /// What the page calls the text of a document, none of them in another; no more than two are looked for.
    called_text: Vec<NodeId>,
    weights: Weights,
}

impl Survey {
    /// Whether an element is left out of the text.
    pub fn skips(&self, node: &NodeRef<'_>) -> bool {
        self.skipped.contains(&node.id)
    }

    /// Whether an element or what holds it is left out of the text.
    pub fn is_left_out(&self, node: &NodeRef<'_>) -> bool {
        self.skips(node) || node.ancestors_it(None).any(|around| self.skips(&around))
    }

    /// Whether an element lies in a panel that is not shown.
    pub fn is_closed(&self, node: &NodeRef<'_>) -> bool {
        let mut around = std::iter::once(node.id).chain(node.ancestors_it(None).map(|ancestor| ancestor.id));
        !self.closed.is_empty() && around.any(|id| self.closed.contains(&id))
    }

    /// Letters and digits of an element.
    pub fn letters(&self, node: &NodeRef<'_>) -> u32 {
        self.weight(node).all
    }

    /// Letters and digits of an element outside of links.
    pub fn prose(&self, node: &NodeRef<'_>) -> u32 {
        self.weight(node).prose()
    }

    fn weight(&self, node: &NodeRef<'_>) -> Weight {
        self.weights.get(&node.id).copied().unwrap_or_default()
    }

    /// Letters and digits outside of links that are read of an element.
    fn score(&self, node: &NodeRef<'_>) -> u32 {
        if self.skips(node) { 0 } else { self.weight(node).unlinked() }
    }

    /// Takes what is left out from the weights of what holds it: an element weighs as much as is read of it.
    fn discount(&mut self, page: &Document) {
        let mut stack = vec![page.root()];
        while let Some(node) = stack.pop() {
            if !self.skips(&node) {
                stack.extend(node.children_it(false).filter(NodeRef::is_element));
                continue;
            }
            let left_out = self.weight(&node);
            for around in node.ancestors_it(None) {
                self.weights.entry(around.id).and_modify(|weight| weight.take(left_out));
            }
        }
    }

    /// Whether there is a paragraph in what is read of an element.
    fn holds_paragraph(&self, node: &NodeRef<'_>) -> bool {
        let mut stack = vec![*node];
        while let Some(node) = stack.pop() {
            if self.skips(&node) || self.weight(&node).longest < PARAGRAPH {
                continue;
            }
            if node.is_text() {
                return true;
            }
            stack.extend(node.children_it(false));
        }
        false
    }

    /// The one element that the page calls the text of a document, else the one that it calls its main part, with all that hold it, if it
    /// holds a good part of what is read.
    fn path_to_text(&self, page: &Document) -> FxHashSet<NodeId> {
        let text = match self.called_text[..] {
            [text] => page.tree.get(&text).filter(|text| self.holds_share(text, 4, page)),
            _ => None,
        };
        let Some(text) = text.or_else(|| self.main_part(page)) else { return FxHashSet::default() };
        std::iter::once(text.id).chain(text.ancestors_it(None).map(|around| around.id)).collect()
    }

    /// Whether an element is read, is long enough for a document, and holds so large a part of what is read: a half, a quarter.
    fn holds_share(&self, node: &NodeRef<'_>, part: u32, page: &Document) -> bool {
        let weight = self.prose(node);
        weight >= READABLE && weight.saturating_mul(part) >= self.prose(&page.root()) && !self.is_left_out(node)
    }

    /// The one element that is shown and that the page calls its main part.
    fn main_part<'a>(&self, page: &'a Document) -> Option<NodeRef<'a>> {
        let found = page.select("main, [role=main]");
        if found.length() > MAIN_PARTS {
            return None;
        }
        let shown = |node: &NodeRef<'_>| !is_hidden(node) && !node.ancestors_it(None).any(|around| is_hidden(&around));
        let mut parts = outermost(found.nodes().to_vec()).into_iter().filter(shown);
        parts.next().filter(|part| parts.next().is_none() && self.holds_share(part, 2, page))
    }
}

/// Text of an element, in letters and digits.
#[derive(Clone, Copy, Default)]
struct Weight {
    all: u32,
    /// In links to other pages.
    linked: u32,
    /// In links to places of the page itself: a table of contents.
    anchored: u32,
    /// The number of links to other pages.
    links: u32,
    /// The longest of its pieces outside of links.
    longest: u32,
    /// Whether there is a heading in it.
    headed: bool,
}

impl Weight {
    /// Letters and digits outside of links to other pages.
    fn prose(self) -> u32 {
        self.all - self.linked.min(self.all)
    }

    /// Letters and digits outside of links.
    fn unlinked(self) -> u32 {
        self.prose() - self.anchored.min(self.prose())
    }

    fn add(&mut self, part: Weight) {
        self.all += part.all;
        self.linked += part.linked;
        self.anchored += part.anchored;
        self.links += part.links;
        self.longest = self.longest.max(part.longest);
        self.headed |= part.headed;
    }

    /// Undoes [`Weight::add`], but for the longest piece and the heading.
    fn take(&mut self, part: Weight) {
        self.all -= part.all.min(self.all);
        self.linked -= part.linked.min(self.linked);
        self.anchored -= part.anchored.min(self.anchored);
        self.links -= part.links.min(self.links);
    }
}

type Weights = FxHashMap<NodeId, Weight>;

/// Weights of all nodes, by a walk without recursion.
fn weights(page: &Document) -> Weights {
    let mut weights = Weights::default();
    let mut order: Vec<(NodeRef<'_>, Option<NodeId>, Option<Link>)> = Vec::new();
    let mut stack = vec![(page.root(), None, None)];
    while let Some((node, parent, around)) = stack.pop() {
        let name = node.node_name();
        if name.as_ref().is_some_and(|name| SILENT.contains(&&**name)) && !node.has_name("head") {
            continue;
        }
        let link = name.filter(|name| &**name == "a").map(|_| Link::of(&node));
        if link == Some(Link::Away) {
            weights.entry(node.id).or_default().links = 1;
        }
        let link = link.max(around);
        order.push((node, parent, link));
        stack.extend(node.children_it(false).map(|child| (child, Some(node.id), link)));
    }
    for (node, parent, link) in order.into_iter().rev() {
        let mut weight = weights.get(&node.id).copied().unwrap_or_default();
        if node.is_text() {
            weight.all = node.text().chars().map(|c| u32::from(c.is_alphanumeric())).sum();
            match link {
                Some(Link::Away) => weight.linked = weight.all,
                Some(Link::Here) => weight.anchored = weight.all,
                None => weight.longest = weight.all,
            }
        }
        weight.headed |= heading_level(&node).is_some();
        weights.insert(node.id, weight);
        if let Some(parent) = parent {
            weights.entry(parent).or_default().add(weight);
        }
    }
    weights
}

/// Where a link leads: to a place of the page itself, or away from it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Link {
    Here,
    Away,
}

impl Link {
    fn of(node: &NodeRef<'_>) -> Link {
        if node.attr("href").is_some_and(|href| href.starts_with('#')) { Link::Here } else { Link::Away }
    }
}

/// Weighs a page's elements and chooses those to leave out: hidden ones, and what surrounds documents, unless it holds a good part of the
/// page's text. Where an operator gave selectors, only what they remove.
pub(crate) fn survey(page: &Document, source: &Source<'_>) -> Survey {
    let mut skipped = FxHashSet::default();
    for selector in source.remove {
        skipped.extend(range::select(page, selector).iter().map(|node| node.id));
    }
    if !source.select.is_empty() {
        return Survey { skipped, ..Survey::default() };
    }
    let weights = weights(page);
    let titled = with_ancestors(page, "h1");
    let asking = with_ancestors(page, "input[type=password]");
    let (mut folded, mut closed, mut overlays) = (FxHashSet::default(), FxHashSet::default(), Vec::new());
    let mut called_text: Vec<NodeId> = Vec::new();
    let total = weights.get(&page.root().id).copied().unwrap_or_default();
    // Letters and digits that nothing marks as surroundings.
    let mut plain = total.prose();
    let mut stack = vec![(page.root(), false)];
    while let Some((node, mut inside)) = stack.pop() {
        let weight = weights.get(&node.id).copied().unwrap_or_default();
        if weight.all == 0 {
            continue;
        }
        if is_hidden(&node) && weight.all >= FOLDED {
            folded.insert(node.id);
        }
        let surrounding = surrounds(&node);
        let skip = match surrounding {
            Some(Surrounding::Dialog | Surrounding::Overlay) => false,
            Some(Surrounding::Beside) => weight.all * 3 < total.all || weight.linked * 2 > weight.all,
            // A header with the document's title is judged by its parts.
            Some(Surrounding::Inside) => weight.linked * 2 > weight.all && !titled.contains(&node.id),
            Some(Surrounding::Button) => !opens_section(&node, &weights),
            None => {
                is_folded_menu(&node, &weights)
                    || (is_link_block(&node, weight) && !is_introduced(&node, &weights))
                    || is_list_of_dates(&node, weight)
                    || is_date_among_dates(&node, &weights)
            }
        };
        let log_in = node.has_name("form") && asking.contains(&node.id) && weight.all * 3 < total.all;
        let skip = skip || log_in;
        let is_closed = weight.all >= FOLDED && is_other_panel(&node);
        if is_closed {
            closed.insert(node.id);
        }
        if skip || is_closed || (is_hidden(&node) && weight.all < FOLDED) {
            skipped.insert(node.id);
        }
        let dialog = matches!(surrounding, Some(Surrounding::Dialog));
        let overlay = dialog || matches!(surrounding, Some(Surrounding::Overlay));
        if overlay {
            overlays.push((node.id, weight.prose(), dialog));
        }
        if !inside && (overlay || skipped.contains(&node.id)) {
            plain -= weight.prose().min(plain);
            inside = true;
        }
        if !inside && called_text.len() < 2 && weight.prose() >= READABLE && is_called_text(&node) {
            let within = node.ancestors_it(None).any(|around| called_text.contains(&around.id));
            called_text.extend((!within).then_some(node.id));
        }
        stack.extend(node.children_it(false).filter(NodeRef::is_element).map(|child| (child, inside)));
    }
    // What is called an overlay is one if the page can be read without it; else the largest is the document (a cookie policy).
    let largest = overlays.iter().map(|(_, prose, _)| *prose).max().unwrap_or(0);
    let lies_over = |prose: u32, dialog: bool| {
        // A page that says no more than that it is not available says so behind its dialog too.
        let readable = if dialog { plain >= MESSAGE } else { plain >= READABLE && plain >= largest / 5 };
        readable || prose <= plain || prose * 2 < largest
    };
    skipped.extend(overlays.iter().filter(|(_, prose, dialog)| lies_over(*prose, *dialog)).map(|(id, _, _)| *id));
    skipped.extend(repeated(page, &folded).into_iter().map(|node| node.id));
    let mut survey = Survey { skipped, closed, called_text, weights };
    survey.discount(page);
    survey
}

/// Hidden sections whose words stand elsewhere on the page too: copies for another screen size, or from before the page's scripts ran.
fn repeated<'a>(page: &'a Document, folded: &FxHashSet<NodeId>) -> Vec<NodeRef<'a>> {
    if folded.is_empty() {
        return Vec::new();
    }
    let (mut shown, mut outermost) = (HashSet::new(), Vec::new());
    let mut stack = vec![page.root()];
    while let Some(node) = stack.pop() {
        if folded.contains(&node.id) {
            outermost.push(node);
        } else if !is_silent(&node) {
            shown.extend(phrase(&node).map(|(hash, _)| hash));
            stack.extend(node.children_it(false));
        }
    }
    let copied = |node: &NodeRef<'a>| {
        let (mut all, mut known) = (0, 0);
        let read = node.descendants_it().filter(|node| !node.parent().is_some_and(|parent| is_silent(&parent)));
        for (hash, length) in read.filter_map(|node| phrase(&node)) {
            all += length;
            known += if shown.contains(&hash) { length } else { 0 };
        }
        known * 10 > all * 8
    };
    outermost.into_iter().filter(copied).collect()
}

fn is_silent(node: &NodeRef<'_>) -> bool {
    node.node_name().is_some_and(|name| SILENT.contains(&&*name))
}

/// A text that is long enough not to recur by chance: its hash and its length.
fn phrase(node: &NodeRef<'_>) -> Option<(u64, usize)> {
    if !node.is_text() {
        return None;
    }
    let text = node.text();
    let mut hasher = DefaultHasher::new();
    let mut length = 0;
    for word in text.split_whitespace() {
        word.hash(&mut hasher);
        length += word.len();
    }
    (length >= 25).then(|| (hasher.finish(), length))
}

fn is_hidden(node: &NodeRef<'_>) -> bool {
    if node.has_attr("hidden") {
        return true;
    }
    let style = node.attr("style").map(|style| style.to_ascii_lowercase().replace(' ', ""));
    style.is_some_and(|style| style.contains("display:none") || style.contains("visibility:hidden"))
}

/// Whether an element is a panel that is not shown, next to one like it that is: the other tabs of a page that holds several documents, or
/// the earlier versions behind the current one. A folded section is none: a heading, by which a reader opens it, stands between it and the next.
fn is_other_panel(node: &NodeRef<'_>) -> bool {
    let Some(closed) = panel_state(node) else { return false };
    if !closed.hidden && (closed.active || !closed.is_tab) {
        return false;
    }
    let Some(parent) = node.parent() else { return false };
    let (mut adjacent, mut shown, mut before) = (false, false, None);
    for child in parent.children_it(false).filter(NodeRef::is_element).take(200) {
        let like = panel_state(&child).filter(|state| state.kind == closed.kind);
        if let Some(state) = &like {
            let here = child.id == node.id;
            adjacent |= before.is_some_and(|id| id == node.id) || (here && before.is_some());
            shown |= !here && !state.hidden && (closed.hidden || state.active);
        }
        before = like.map(|_| child.id);
    }
    adjacent && shown
}

/// What a panel looks like.
struct Panel {
    /// Its element and first class: what panels of one group share.
    kind: (String, String),
    hidden: bool,
    is_tab: bool,
    active: bool,
}

fn panel_state(node: &NodeRef<'_>) -> Option<Panel> {
    let name = node.node_name()?;
    if !matches!(&*name, "div" | "section" | "article") {
        return None;
    }
    let class = node.class().unwrap_or_default();
    let mut words = class.split_ascii_whitespace();
    let first = words.next().unwrap_or("").to_string();
    let is_tab = node.attr("role").is_some_and(|role| &*role == "tabpanel") || first == "tab-pane";
    let active =
        class.split_ascii_whitespace().any(|word| matches!(word, "active" | "show" | "is-active" | "selected"));
    (is_tab || !first.is_empty()).then(|| Panel {
        kind: (name.to_string(), first),
        hidden: is_hidden(node),
        is_tab,
        active,
    })
}

/// How an element surrounds a document.
enum Surrounding {
    /// Over the page, as the page itself says.
    Dialog,
    /// Over the page, by its name.
    Overlay,
    /// Beside the document.
    Beside,
    /// Within the document's own element.
    Inside,
    /// What is pressed.
    Button,
}

fn surrounds(node: &NodeRef<'_>) -> Option<Surrounding> {
    let name = node.node_name()?;
    if matches!(&*name, "header" | "footer") {
        let inside = within(node, &["main", "article"]);
        return Some(if inside { Surrounding::Inside } else { Surrounding::Beside });
    }
    match &*name {
        "dialog" => return Some(Surrounding::Dialog),
        "nav" | "aside" => return Some(Surrounding::Beside),
        "button" => return Some(Surrounding::Button),
        // Only what can hold a part of a page is judged by its names: a heading "Cookies" is no cookie banner.
        "div" | "section" | "ul" | "ol" | "form" | "iframe" => {}
        name if name.contains('-') => {}
        _ => return None,
    }
    match node.attr("role").map(|role| role.to_ascii_lowercase()) {
        Some(role) if matches!(&*role, "dialog" | "alertdialog") => return Some(Surrounding::Dialog),
        Some(role) if ROLES.contains(&&*role) => return Some(Surrounding::Beside),
        _ => {}
    }
    let (class, id) = (node.class().unwrap_or_default(), node.id_attr().unwrap_or_default());
    let names_any = |name: &str, words: &[&str]| {
        let plain = name.len() <= 60 && !name.contains(['[', ':']);
        plain && words_of(name).any(|word| words.contains(&word.to_ascii_lowercase().as_str()))
    };
    let says = |words: &[&str]| {
        class.split_ascii_whitespace().any(|name| names_any(name, words))
            || names_any(&id, words) && !is_named_by_its_words(&id, node)
    };
    if says(OVERLAYS) && !is_among_documents(&id, node) {
        return Some(Surrounding::Overlay);
    }
    says(SURROUNDINGS).then_some(Surrounding::Beside)
}

/// Whether an element's ID is the title of a document, and that of one beside it the title of another: the cookie policy on a page of
/// several documents is no banner.
fn is_among_documents(id: &str, node: &NodeRef<'_>) -> bool {
    let Some(kind) = several::kind_titled(id) else { return false };
    let titled = |other: &NodeRef<'_>| other.id_attr().and_then(|id| several::kind_titled(&id));
    let mut near = elements_before(node).take(8).chain(elements_after(node).take(8));
    near.any(|other| titled(&other).is_some_and(|found| found != kind))
}

/// Whether a page calls an element the text of a document: the words of its ID, or of one of its classes, name both and nothing else.
fn is_called_text(node: &NodeRef<'_>) -> bool {
    let says = |name: &str| {
        let words: Vec<String> = words_of(name).take(8).map(str::to_ascii_lowercase).collect();
        let any = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
        let all = words.iter().all(|word| DOCUMENTS.contains(&word.as_str()) || TEXTS.contains(&word.as_str()));
        any(DOCUMENTS) && any(TEXTS) && all
    };
    is_container(node)
        && (node.id_attr().is_some_and(|id| says(&id))
            || node.class().is_some_and(|class| class.split_ascii_whitespace().any(says)))
}

/// Whether an ID is made of the words with which its element begins: the section "How we share your data" is no row of buttons for sharing,
/// though its ID is `how-we-share-your-data`.
fn is_named_by_its_words(id: &str, node: &NodeRef<'_>) -> bool {
    let words: Vec<String> = words_of(id).map(str::to_ascii_lowercase).collect();
    let texts = node.descendants_it().take(64).filter(NodeRef::is_text);
    let texts = texts.take(12).map(|text| text.text().chars().take(200).collect::<String>().to_lowercase());
    let start = texts.collect::<Vec<_>>().join(" ");
    let begins = start.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let begins: Vec<&str> = begins.take(16).collect();
    let known = words.iter().filter(|word| begins.contains(&word.as_str())).count();
    known >= 3 && known * 4 >= words.len() * 3
}

/// The words of a name: `siteNav-bar` is `site`, `Nav`, `bar`.
pub(crate) fn words_of(name: &str) -> impl Iterator<Item = &str> {
    let mut rest = name;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
        let mut before = ' ';
        let ends = |(_, c): &(usize, char)| {
            let ends = !c.is_ascii_alphabetic() || (before.is_ascii_lowercase() && c.is_ascii_uppercase());
            before = *c;
            ends
        };
        let end = rest.char_indices().find(ends).map_or(rest.len(), |(at, _)| at);
        let word = &rest[..end];
        rest = &rest[end..];
        (!word.is_empty()).then_some(word)
    })
}

/// A list of links to other pages: navigation, whatever it is called.
fn is_link_block(node: &NodeRef<'_>, weight: Weight) -> bool {
    let holds = node.node_name().is_some_and(|name| matches!(&*name, "div" | "section" | "ul"));
    holds && weight.links >= 4 && weight.linked * 10 >= weight.all * 9
}

/// A section that is nothing but its label and navigation.
fn is_folded_menu(node: &NodeRef<'_>, weights: &Weights) -> bool {
    if !node.has_name("details") {
        return false;
    }
    let weigh = |node: &NodeRef<'_>| weights.get(&node.id).copied().unwrap_or_default().all;
    let mut parts = node.children_it(false).filter(|part| weigh(part) > 0 && !part.has_name("summary")).peekable();
    parts.peek().is_some() && parts.all(|part| part.has_name("nav"))
}

/// Whether a list continues the paragraph before it ("You can block cookies in these browsers:"), so that its links belong to the document.
fn is_introduced(list: &NodeRef<'_>, weights: &Weights) -> bool {
    let weigh = |node: &NodeRef<'_>| weights.get(&node.id).copied().unwrap_or_default();
    let before = elements_before(list);
    let before = before.take(4).find(|node| weigh(node).all > 0).filter(|node| node.has_name("p"));
    let introduces = |weight: Weight| weight.prose() >= LEAD_IN && weight.linked * 2 < weight.all;
    list.has_name("ul") && weigh(list).links <= REGISTER && before.is_some_and(|node| introduces(weigh(&node)))
}

/// The elements that a selector finds, and all that hold one of them.
fn with_ancestors(page: &Document, selector: &str) -> FxHashSet<NodeId> {
    let found = page.select(selector);
    let above = found.nodes().iter().flat_map(|node| node.ancestors_it(None).map(|ancestor| ancestor.id));
    above.chain(found.nodes().iter().map(|node| node.id)).collect()
}

/// Whether a button is the heading of a section that it folds: it stands in a heading, or it says that it unfolds something and text follows.
fn opens_section(button: &NodeRef<'_>, weights: &Weights) -> bool {
    if button.ancestors_it(Some(2)).any(|ancestor| heading_level(&ancestor).is_some()) {
        return true;
    }
    let named = [button.class(), button.id_attr()].into_iter().flatten();
    let folds = button.has_attr("aria-expanded")
        || button.has_attr("aria-controls")
        || named
            .flat_map(|name| words_of(&name).map(str::to_ascii_lowercase).collect::<Vec<_>>())
            .any(|word| word == "accordion");
    let weigh = |node: &NodeRef<'_>| weights.get(&node.id).copied().unwrap_or_default();
    let followed = |node: NodeRef<'_>| node.next_element_sibling().is_some_and(|next| weigh(&next).prose() >= SECTION);
    folds && weigh(button).all >= 4 && std::iter::once(*button).chain(button.ancestors_it(Some(1))).any(followed)
}

/// A choice of dates (the versions of a document): three or more, and hardly anything else.
fn is_list_of_dates(node: &NodeRef<'_>, weight: Weight) -> bool {
    let holds = node.node_name().is_some_and(|name| matches!(&*name, "div" | "section" | "ul" | "ol"));
    if !holds || !(20..=1_500).contains(&weight.all) {
        return false;
    }
    let (mut dates, mut all) = (0, 0);
    for text in node.descendants_it().filter(NodeRef::is_text) {
        let text = text.text();
        let text = text.trim();
        all += usize::from(text.chars().any(char::is_alphanumeric));
        dates += usize::from(dates::is_date(text));
    }
    dates >= 3 && dates * 10 >= all * 6
}

/// A date alone in its element, in a row of three or more such: a choice of versions with words of its own around.
fn is_date_among_dates(node: &NodeRef<'_>, weights: &Weights) -> bool {
    let weigh = |node: &NodeRef<'_>| weights.get(&node.id).copied().unwrap_or_default().all;
    let is_date = |node: &NodeRef<'_>| (6..=24).contains(&weigh(node)) && dates::is_date(node.text().trim());
    let holds = node.node_name().is_some_and(|name| matches!(&*name, "div" | "section"));
    if !holds || !is_date(node) {
        return false;
    }
    let dates_before = elements_before(node).take(2).take_while(is_date).count();
    dates_before + elements_after(node).take(2).take_while(is_date).count() >= 2
}

/// The elements beside one that come before it, the nearest first.
fn elements_before<'a>(node: &NodeRef<'a>) -> impl Iterator<Item = NodeRef<'a>> + use<'a> {
    std::iter::successors(node.prev_element_sibling(), NodeRef::prev_element_sibling)
}

/// The elements beside one that come after it, the nearest first.
fn elements_after<'a>(node: &NodeRef<'a>) -> impl Iterator<Item = NodeRef<'a>> + use<'a> {
    std::iter::successors(node.next_element_sibling(), NodeRef::next_element_sibling)
}

fn within(node: &NodeRef<'_>, names: &[&str]) -> bool {
    node.ancestors_it(Some(40)).any(|ancestor| names.iter().any(|name| ancestor.has_name(name)))
}

/// The elements that hold the document, in order.
pub(crate) fn roots<'a>(page: &'a Document, source: &Source<'_>, survey: &mut Survey) -> Vec<NodeRef<'a>> {
    let mut chosen: Vec<NodeRef<'a>> = Vec::new();
    for selector in source.select {
        chosen.extend(range::select(page, selector));
    }
    if !chosen.is_empty() {
        return outermost(chosen);
    }
    let fragment = source.url.and_then(|url| url.split_once('#')).map(|(_, fragment)| fragment);
    let part = fragment.and_then(|fragment| several::addressed(page, fragment, survey));
    let named = || {
        let whole = |name| several::named(page, name, survey).map(|whole| vec![whole]);
        source.name.and_then(|name| whole(name).or_else(|| several::headed(page, name, survey)))
    };
    if let Some(part) = part.or_else(named) {
        // Asked for, it is shown even if it is a closed tab.
        part.iter().for_each(|node| {
            survey.skipped.remove(&node.id);
        });
        return part;
    }
    main_content(page, survey)
}

pub(crate) fn heading_level(node: &NodeRef<'_>) -> Option<u8> {
    let name = node.node_name()?;
    let level = name.strip_prefix('h')?.parse().ok()?;
    (1..=6).contains(&level).then_some(level)
}

/// Those that lie in none of the others.
fn outermost(chosen: Vec<NodeRef<'_>>) -> Vec<NodeRef<'_>> {
    let ids: FxHashSet<NodeId> = chosen.iter().map(|node| node.id).collect();
    let mut seen = FxHashSet::default();
    let keep = |node: &NodeRef<'_>| !node.ancestors_it(None).any(|ancestor| ids.contains(&ancestor.id));
    chosen.into_iter().filter(keep).filter(|node| seen.insert(node.id)).collect()
}

/// Descends from the body to what the page calls the text of a document, and on as long as one child holds nearly all of the text that is
/// not in links; also what stands above it and gives the document's title or dates.
fn main_content<'a>(page: &'a Document, survey: &Survey) -> Vec<NodeRef<'a>> {
    let score = |node: &NodeRef<'_>| survey.score(node);
    let mut node = page.body().unwrap_or_else(|| page.root());
    let path = survey.path_to_text(page);
    let short = survey.prose(&node) < READABLE;
    let mut content = Vec::new();
    // Inside the element that the page itself calls its main part, less may be left out.
    let mut named = false;
    loop {
        let leads = |child: &NodeRef<'_>| path.contains(&child.id);
        let children = || node.children_it(false).filter(NodeRef::is_element);
        let Some(best) = children().max_by_key(|child| (leads(child), score(child))) else { break };
        // On a page of a few words what surrounds them weighs as much as they do; they have the heading.
        let share = if named {
            97
        } else if short && survey.weight(&best).headed {
            60
        } else {
            90
        };
        // What follows a title, as the title does, is the document.
        let before = || children().take_while(|child| child.id != best.id);
        let titled = before().any(|child| child.has_name("h1") && !survey.skips(&child));
        if !leads(&best) && (titled || !is_all(&best, &node, share, survey)) {
            break;
        }
        before()
            .filter(|child| (1..=ABOVE).contains(&score(child)))
            .for_each(|child| introduce(&child, survey, &mut content));
        node = best;
        let is_text = survey.called_text.contains(&node.id) && leads(&node);
        named |= is_text || node.has_name("main") || node.has_name("article");
        named |= node.attr("role").is_some_and(|role| &*role == "main");
    }
    content.push(node);
    content
}

/// Whether a child holds so many hundredths of what is read of its parent, and the rest no paragraph.
fn is_all(child: &NodeRef<'_>, parent: &NodeRef<'_>, share: u32, survey: &Survey) -> bool {
    let score = |node: &NodeRef<'_>| survey.score(node);
    let total: u32 = parent.children_it(false).map(|child| score(&child)).sum();
    let framed = score(child) * 100 >= total * share && total > 0;
    let is_part = |other: &NodeRef<'_>| other.id != child.id && survey.holds_paragraph(other);
    // Paragraphs and lists are parts of a document, never the whole.
    framed && is_container(child) && !parent.children_it(false).any(|other| is_part(&other))
}

/// Adds what gives a document's title, or says since when it holds, from an element that stands above it.
fn introduce<'a>(above: &NodeRef<'a>, survey: &Survey, content: &mut Vec<NodeRef<'a>>) {
    let mut stack = vec![*above];
    while let Some(node) = stack.pop() {
        if survey.skips(&node) {
            continue;
        }
        let holds_title = node.descendants_it().any(|inner| inner.has_name("h1"));
        if node.has_name("h1") || (!holds_title && dates::announces(&node.text())) {
            content.push(node);
        } else {
            stack.extend(node.children_it(true).filter(NodeRef::is_element));
        }
    }
}

pub(crate) fn is_container(node: &NodeRef<'_>) -> bool {
    node.node_name().is_some_and(|name| {
        matches!(&*name, "div" | "section" | "article" | "main" | "form" | "center" | "body" | "html" | "span")
            || name.contains('-')
    })
}

/// Whether a row or cell belongs to a table of data: not marked as layout, and with more than one column.
pub(crate) fn is_data_table(node: &NodeRef<'_>) -> bool {
    let row = if node.has_name("tr") {
        Some(*node)
    } else {
        node.ancestors_it(Some(3)).find(|ancestor| ancestor.has_name("tr"))
    };
    let Some(row) = row else { return false };
    let mut cells = row.children_it(false).filter(|child| child.has_name("td") || child.has_name("th"));
    let layout = row.ancestors_it(Some(4)).find(|ancestor| ancestor.has_name("table"));
    let layout =
        layout.is_some_and(|table| table.attr("role").is_some_and(|role| matches!(&*role, "presentation" | "none")));
    !layout && cells.nth(1).is_some()
}
