//! HTML to clean text: a walk over the parsed page, iterative, so that depth costs memory and not stack.
use dom_query::{Document, NodeRef};

use crate::render::{Block, Emitter};
use crate::shallow::shallow;
use crate::{Source, content};

/// Elements whose text is never the document's.
pub(crate) const SILENT: &[&str] = &[
    "script", "style", "noscript", "template", "svg", "canvas", "iframe", "object", "embed", "audio", "video", "head",
    "title", "meta", "link", "input", "select", "textarea", "datalist", "progress", "meter", "math", "map", "picture",
];

const BLOCKS: &[&str] = &[
    "p",
    "div",
    "section",
    "article",
    "main",
    "header",
    "footer",
    "aside",
    "nav",
    "blockquote",
    "pre",
    "figure",
    "figcaption",
    "address",
    "details",
    "summary",
    "form",
    "fieldset",
    "legend",
    "dl",
    "dt",
    "dd",
    "hr",
    "body",
    "html",
    "center",
    "caption",
];

/// Most characters of a site's name.
const LONGEST_NAME: usize = 60;

/// What a page's head says of it.
#[derive(Debug, Default)]
pub(crate) struct Head {
    pub title: Option<String>,
    /// The name of the site.
    pub site: Option<String>,
}

impl Head {
    fn of(page: &Document) -> Head {
        let title = page.select_single("title").nodes().first().map(|node| fold(&node.text()));
        let title = title.filter(|title| !title.is_empty()).map(|title| name_of(&title));
        Head { title, site: site_name(page) }
    }
}

/// Renders a page; also tells what its head says, if that is asked for.
pub(crate) fn render(html: &str, source: &Source<'_>, head: Option<&mut Head>) -> String {
    let page = Document::from(&*shallow(html));
    if let Some(head) = head {
        *head = Head::of(&page);
    }
    let mut survey = content::survey(&page, source);
    let roots = content::roots(&page, source, &mut survey);
    let mut walk = Walk { emitter: Emitter::new(), lists: Vec::new(), cells: 0, survey: &survey };
    for root in roots {
        walk.run(root);
        walk.emitter.flush();
    }
    let text = walk.emitter.finish();
    if source.select.is_empty() { without_foot(&text) } else { text }
}

fn site_name(page: &Document) -> Option<String> {
    let named = page.select("meta[property='og:site_name'], meta[name='og:site_name']");
    let name = named.nodes().iter().find_map(|node| node.attr("content"))?;
    let name = fold(&name);
    let plain = !name.is_empty() && name.chars().count() <= LONGEST_NAME && !name.contains(['<', '>', '\u{fffd}']);
    (plain && !name.chars().any(char::is_control)).then_some(name)
}

/// Drops lines that are the page's and not the document's: a copyright notice at the end (it changes every January), a question about the
/// page, an age ("updated over a week ago", which changes by itself).
fn without_foot(text: &str) -> String {
    let is_page_line = |line: &str| {
        let lower = line.trim_start_matches(['#', '-', ' ']).to_lowercase();
        let notice = lower.contains('©') || lower.starts_with("copyright ") || lower.starts_with("all rights reserved");
        let question = ["did this answer", "was this article", "was this page", "was this helpful", "back to top"];
        let wordless = !lower.chars().any(char::is_alphanumeric);
        wordless || lower.chars().count() <= 120 && (notice || question.iter().any(|start| lower.starts_with(start)))
    };
    let is_age = |line: &str| {
        let updated = line.starts_with("Updated ") || line.starts_with("Last updated ") || line.starts_with("Edited ");
        let ages = [" ago", " today", " yesterday", " this week", " this month"];
        updated && ages.iter().any(|age| line.ends_with(age)) && line.len() <= 60
    };
    let mut blocks: Vec<&str> = text.trim_end().split("\n\n").filter(|block| !is_age(block)).collect();
    let foot = |block: &str| block.lines().all(is_page_line);
    while blocks.len() > 1 && blocks.last().is_some_and(|block| foot(block)) {
        blocks.pop();
    }
    let mut out = blocks.join("\n\n");
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

/// White space folded.
fn fold(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// "Privacy Policy | Plum" is the privacy policy.
fn name_of(title: &str) -> String {
    [" | ", " - ", " – ", " — ", " · "]
        .iter()
        .find_map(|mark| title.split_once(mark))
        .map_or(title, |(name, _)| name)
        .trim()
        .to_string()
}

/// A list that is open.
struct List {
    ordered: Option<char>,
    next: i64,
    step: i64,
}

struct Walk<'a> {
    emitter: Emitter,
    lists: Vec<List>,
    /// Nesting of data cells, in which blocks are only spaces.
    cells: usize,
    survey: &'a content::Survey,
}

impl Walk<'_> {
    fn run(&mut self, root: NodeRef<'_>) {
        let mut node = root;
        loop {
            let descend = self.enter(&node);
            if descend && let Some(child) = node.first_child() {
                node = child;
                continue;
            }
            if descend {
                self.leave(&node);
            }
            loop {
                if node.id == root.id {
                    return;
                }
                if let Some(next) = node.next_sibling() {
                    node = next;
                    break;
                }
                let Some(parent) = node.parent() else { return };
                node = parent;
                self.leave(&node);
            }
        }
    }

    /// Handles a node before its children; false if they are not shown.
    fn enter(&mut self, node: &NodeRef<'_>) -> bool {
        if node.is_text() {
            self.emitter.text(&node.text());
            return false;
        }
        if !node.is_element() {
            return node.is_document() || node.is_fragment();
        }
        let Some(name) = node.node_name() else { return false };
        if SILENT.contains(&&*name) || self.survey.skips(node) {
            return false;
        }
        match &*name {
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" if self.cells == 0 => {
                self.emitter.begin(Block::Heading(name.as_bytes()[1] - b'0'));
            }
            "ul" | "ol" | "menu" => self.open_list(node, &name),
            "li" => self.item(node),
            "tr" if content::is_data_table(node) => self.emitter.begin(Block::Row),
            "td" | "th" if content::is_data_table(node) => self.cells += 1,
            "br" => self.emitter.line_break(),
            "b" | "strong" => self.emitter.bold += 1,
            _ if self.is_block(&name) => self.boundary(),
            _ => {}
        }
        true
    }

    /// Handles a node after its children.
    fn leave(&mut self, node: &NodeRef<'_>) {
        let Some(name) = node.node_name() else { return };
        match &*name {
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" if self.cells == 0 => self.emitter.flush(),
            "ul" | "ol" | "menu" => {
                self.lists.pop();
                self.boundary();
            }
            "tr" if content::is_data_table(node) => self.emitter.flush(),
            "td" | "th" if content::is_data_table(node) => {
                self.cells = self.cells.saturating_sub(1);
                self.emitter.cell();
            }
            "li" => self.emitter.begin(Block::Paragraph),
            "b" | "strong" => self.emitter.bold = self.emitter.bold.saturating_sub(1),
            _ if self.is_block(&name) => self.boundary(),
            _ => {}
        }
    }

    fn is_block(&self, name: &str) -> bool {
        BLOCKS.contains(&name) || matches!(name, "table" | "tr" | "td" | "th" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
    }

    /// A block begins or ends: in a cell that is a space, elsewhere a new block (an item without text yet keeps its marker).
    fn boundary(&mut self) {
        if self.cells > 0 {
            self.emitter.space();
        } else {
            self.emitter.flush();
        }
    }

    fn open_list(&mut self, node: &NodeRef<'_>, name: &str) {
        self.boundary();
        let number = |attribute: &str| node.attr(attribute).and_then(|value| value.trim().parse::<i64>().ok());
        let reversed = node.has_attr("reversed");
        let kind = node.attr("type").and_then(|kind| kind.trim().chars().next()).filter(|c| "1aAiI".contains(*c));
        let ordered = (name == "ol").then(|| kind.unwrap_or('1'));
        let items = || node.children_it(false).filter(|child| child.has_name("li")).count() as i64;
        let next = number("start").unwrap_or_else(|| if reversed { items() } else { 1 });
        self.lists.push(List { ordered, next, step: if reversed { -1 } else { 1 } });
    }

    fn item(&mut self, node: &NodeRef<'_>) {
        if self.cells > 0 {
            return self.emitter.space();
        }
        let depth = self.lists.len().saturating_sub(1);
        let value = node.attr("value").and_then(|value| value.trim().parse::<i64>().ok());
        let marker = match self.lists.last_mut() {
            Some(List { ordered: Some(kind), next, step }) => {
                let at = value.unwrap_or(*next);
                *next = at.saturating_add(*step);
                format!("{}.", ordinal(at, *kind))
            }
            _ => "-".to_string(),
        };
        self.emitter.begin(Block::Item { depth, marker });
    }
}

/// A list number as the browser shows it for `type`.
fn ordinal(number: i64, kind: char) -> String {
    if !(1..=3999).contains(&number) {
        return number.to_string();
    }
    match kind {
        'a' => letters(number),
        'A' => letters(number).to_uppercase(),
        'i' => roman(number),
        'I' => roman(number).to_uppercase(),
        _ => number.to_string(),
    }
}

fn letters(mut number: i64) -> String {
    let mut out = Vec::new();
    while number > 0 {
        number -= 1;
        out.push(b'a' + (number % 26) as u8);
        number /= 26;
    }
    out.reverse();
    String::from_utf8(out).unwrap_or_default()
}

fn roman(mut number: i64) -> String {
    const PARTS: &[(i64, &str)] = &[
        (1000, "m"),
        (900, "cm"),
        (500, "d"),
        (400, "cd"),
        (100, "c"),
        (90, "xc"),
        (50, "l"),
        (40, "xl"),
        (10, "x"),
        (9, "ix"),
        (5, "v"),
        (4, "iv"),
        (1, "i"),
    ];
    let mut out = String::new();
    for (value, mark) in PARTS {
        while number >= *value {
            out.push_str(mark);
            number -= value;
        }
    }
    out
}
