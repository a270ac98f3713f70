//! Pages to a PDF file: drawing, tags, links, outline, metadata.
use std::num::NonZeroU16;

use krilla::action::{Action, LinkAction};
use krilla::annotation::{Annotation, LinkAnnotation, Target};
use krilla::color::rgb;
use krilla::configure::{Accessibility, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::error::KrillaResult;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata};
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Node, SpanTag, TableHeaderScope, Tag, TagGroup, TagKind, TagTree,
};
use krilla::{Document, SerializeSettings};

use super::Sheet;
use super::face::Face;
use super::flow::{Colour, Laid, MARGIN, Mark, PAGE, Part, Role};
use crate::citation::Day;
use crate::words;

/// Children of each part, in reading order.
type Children = Vec<Vec<Child>>;

enum Child {
    Part(usize),
    Content(Node),
}

/// Writes the file.
pub(super) fn write(sheet: &Sheet, laid: Laid) -> KrillaResult<Vec<u8>> {
    let mut settings = SerializeSettings::default();
    // PDF/UA-1 is a standard of its own, so it cannot be at odds with another; were it, the file is made without the promise.
    if let Ok(configuration) = ConfigurationBuilder::new().with_accessibility_validator(Accessibility::UA1).finish() {
        settings.configuration = configuration;
    }
    let mut document = Document::new_with(settings);
    let mut children: Children = laid.parts.iter().map(|_| Vec::new()).collect();
    let pages = laid.pages.len();
    let mut shown = vec![false; laid.parts.len()];
    for (at, marks) in laid.pages.iter().enumerate() {
        let settings = PageSettings::from_wh(PAGE.0, PAGE.1).unwrap_or_default();
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        let mut links = Vec::new();
        for mark in marks {
            draw(&mut surface, mark, &laid.parts, &mut children, &mut shown, &mut links);
        }
        foot(&mut surface, sheet, at + 1, pages);
        surface.finish();
        for (part, rect, url) in links {
            let target = Target::Action(Action::Link(LinkAction::new(url.clone())));
            let annotation = Annotation::new_link(LinkAnnotation::new(rect, target), Some(url));
            let id = page.add_tagged_annotation(annotation);
            children[part].insert(0, Child::Content(Node::Leaf(id)));
        }
        page.finish();
    }
    document.set_metadata(metadata(sheet));
    document.set_outline(outline(&laid));
    document.set_tag_tree(tree(&laid.parts, children));
    document.finish()
}

fn fill(colour: Colour) -> Option<Fill> {
    Some(Fill { paint: rgb::Color::new(colour.0, colour.1, colour.2).into(), ..Fill::default() })
}

fn draw(
    surface: &mut Surface<'_>,
    mark: &Mark,
    parts: &[Part],
    children: &mut Children,
    shown: &mut [bool],
    links: &mut Vec<(usize, Rect, String)>,
) {
    match mark {
        Mark::Fill { x, y, width, height, colour } => {
            let Some(rect) = Rect::from_xywh(*x, *y, *width, *height) else { return };
            let mut path = PathBuilder::new();
            path.push_rect(rect);
            let Some(path) = path.finish() else { return };
            surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)));
            surface.set_fill(fill(*colour));
            surface.draw_path(&path);
            surface.end_tagged();
        }
        Mark::Text { x, y, size, face, colour, shaped, part } => {
            hang(*part, parts, children, shown);
            let tag = SpanTag::empty().with_actual_text(shaped.actual.as_deref());
            let id = surface.start_tagged(ContentTag::Span(tag));
            surface.set_fill(fill(*colour));
            let font = face.load().font.clone();
            surface.draw_glyphs(Point::from_xy(*x, *y), &shaped.glyphs, font, &shaped.text, *size, false);
            surface.end_tagged();
            children[*part].push(Child::Content(Node::Leaf(id)));
            if let Some(url) = &parts[*part].url
                && let Some(rect) = Rect::from_xywh(*x, y - size, (shaped.width * size).max(1.0), size * 1.3)
            {
                links.push((*part, rect, url.clone()));
            }
        }
    }
}

/// Puts a part under its parents where it is first seen, so that children stand in reading order.
fn hang(part: usize, parts: &[Part], children: &mut Children, shown: &mut [bool]) {
    let mut at = part;
    while !shown[at] {
        shown[at] = true;
        let Some(parent) = parts[at].parent else { return };
        children[parent].push(Child::Part(at));
        at = parent;
    }
}

fn foot(surface: &mut Surface<'_>, sheet: &Sheet, number: usize, of: usize) {
    const SIZE: f32 = 8.0;
    let y = PAGE.1 - 40.0;
    surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::PaginationOther)));
    surface.set_fill(fill((98, 104, 114)));
    let face = Face::Regular.load();
    let left = face.shape(&format!("{}  ·  {}  ·  {}", sheet.site, sheet.record, words::day(&sheet.made_ms)));
    surface.draw_glyphs(Point::from_xy(MARGIN, y), &left.glyphs, face.font.clone(), &left.text, SIZE, false);
    let right = face.shape(&format!("{number} of {of}"));
    let x = PAGE.0 - MARGIN - right.width * SIZE;
    surface.draw_glyphs(Point::from_xy(x, y), &right.glyphs, face.font.clone(), &right.text, SIZE, false);
    surface.end_tagged();
}

fn metadata(sheet: &Sheet) -> Metadata {
    let day = Day::of(sheet.made_ms);
    let date = DateTime::new(day.year.clamp(0, 9999) as u16).month(day.month).day(day.day);
    let title = if sheet.title.trim().is_empty() { sheet.record.clone() } else { sheet.title.clone() };
    Metadata::new()
        .title(title)
        .language("en".into())
        .creator(sheet.site.clone())
        .creation_date(date)
        .document_id(sheet.record.clone())
}

fn outline(laid: &Laid) -> Outline {
    let mut outline = Outline::new();
    for (part, page, y) in &laid.headings {
        let title = laid.parts[*part].title.clone().unwrap_or_default();
        outline.push_child(OutlineNode::new(title, XyzDestination::new(*page, Point::from_xy(MARGIN, *y))));
    }
    outline
}

fn tree(parts: &[Part], mut children: Children) -> TagTree {
    let mut tree = TagTree::new();
    // The tree is five levels deep at most.
    fn group(part: usize, parts: &[Part], children: &mut Children) -> TagGroup {
        let own = std::mem::take(&mut children[part]);
        let nodes = own.into_iter().map(|child| match child {
            Child::Part(inner) => Node::Group(group(inner, parts, children)),
            Child::Content(node) => node,
        });
        let nodes: Vec<Node> = nodes.collect();
        TagGroup::with_children(tag(&parts[part]), nodes)
    }
    for root in (0..parts.len()).filter(|at| parts[*at].parent.is_none()) {
        tree.push(group(root, parts, &mut children));
    }
    tree
}

fn tag(part: &Part) -> TagKind {
    let level = |number| NonZeroU16::new(number).unwrap_or(NonZeroU16::MIN);
    let title = || Some(part.title.clone().unwrap_or_default());
    match part.role {
        Role::Section => Tag::Section.into(),
        Role::Title => Tag::Hn(level(1), title()).into(),
        Role::Heading => Tag::Hn(level(2), title()).into(),
        Role::Paragraph => Tag::P.into(),
        Role::Quote => Tag::BlockQuote.into(),
        Role::Table => Tag::Table.into(),
        Role::Row => Tag::TR.into(),
        Role::Name => Tag::TH(TableHeaderScope::Row).into(),
        Role::Value => Tag::TD.into(),
        Role::Link => Tag::Link.into(),
    }
}
