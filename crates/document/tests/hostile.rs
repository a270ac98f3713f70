//! Hostile and odd input: an error that says what to do, or a sound reading; never a panic, a hang or a wrong range.
use document::{ClauseKind, Format, ReadError, Source, read, structure};
use proptest::prelude::*;

fn of<'a>(bytes: &'a [u8], content_type: &'a str) -> Source<'a> {
    Source { bytes, content_type: Some(content_type), ..Source::default() }
}

fn html(bytes: &[u8]) -> String {
    read(&of(bytes, "text/html")).unwrap().text
}

#[test]
fn empty_binary_and_giant_inputs_are_named() {
    assert_eq!(read(&of(b" \n\0 ", "text/html")), Err(ReadError::Empty));
    assert!(matches!(
        read(&of(b"\x89PNG\r\n\x1a\n....", "text/html")),
        Err(ReadError::Binary { looks_like: "a PNG picture" })
    ));
    assert!(matches!(
        read(&of(b"\x1f\x8b\x08\0\0\0\0", "text/html")),
        Err(ReadError::Binary { looks_like: "gzip data" })
    ));
    let giant = vec![b'a'; document::MAX_BYTES + 1];
    assert!(matches!(read(&of(&giant, "text/plain")), Err(ReadError::TooLarge { .. })));
    let shell = b"<!doctype html><div id=app></div><script>var a = 'words';</script>";
    assert!(matches!(read(&of(shell, "text/html")), Err(ReadError::NoText { .. })));
}

#[test]
fn pdfs_that_are_broken_or_locked_are_named() {
    assert!(matches!(read(&of(b"%PDF-1.7\nnothing", "application/pdf")), Err(ReadError::BrokenPdf { .. })));
    assert!(matches!(read(&of(b"%PDF-1.7\nnothing", "text/html")), Err(ReadError::BrokenPdf { .. })));
}

#[test]
fn depth_costs_no_stack() {
    let deep = format!("<html><body>{}We may end it.{}", "<div>".repeat(100_000), "</div>".repeat(100_000));
    assert_eq!(html(deep.as_bytes()), "We may end it.\n");
    let lists = format!("<body>{}x{}", "<ul><li>".repeat(500), "</li></ul>".repeat(500));
    assert!(html(lists.as_bytes()).contains('x'));
}

#[test]
fn twenty_megabytes_are_read() {
    let page =
        format!("<html><body>{}</body></html>", "<p>You may close your account at any time.</p>".repeat(440_000));
    assert!(page.len() > 20_000_000);
    assert_eq!(structure(&html(page.as_bytes())).clauses.len(), 440_000);
}

#[test]
fn what_is_repeated_without_end_is_read() {
    let row = format!("<body><table><tr>{}</tr></table>", "<td colspan=1000000>x</td>".repeat(200_000));
    assert_eq!(structure(&html(row.as_bytes())).clauses.len(), 1);
    let bodies: String = (0..100_000).map(|n| format!("<body a{n}=b>")).collect();
    assert_eq!(html(format!("{bodies}We may end it.").as_bytes()), "We may end it.\n");
    let terms = format!("<p>{}</p>", (0..200_000).map(|n| format!("“Term {n}” means ")).collect::<String>());
    assert_eq!(structure(&html(terms.as_bytes())).terms.len(), 200_000);
    let quotations = format!("<p>(the {}</p>", "“x” ".repeat(1_000_000));
    assert_eq!(structure(&html(quotations.as_bytes())).terms.len(), 1);
}

#[test]
fn hidden_text_is_not_read_and_folded_sections_are() {
    let section = "We may change the terms at any time and without notice. ".repeat(12);
    let page = format!(
        "<body><p>Shown. {section}</p><p hidden>Hidden one.</p><p style='display: none'>Hidden two.</p><div style='display:none'><p>{section}</p></div></body>"
    );
    let text = html(page.as_bytes());
    assert!(text.starts_with("Shown.") && !text.contains("Hidden") && text.contains("without notice"), "{text}");
}

#[test]
fn lists_keep_the_numbers_that_readers_see() {
    let page = b"<body><ol type='a' start='3'><li>three<li value='7'>seven<li>eight</ol><ol reversed><li>x<li>y</ol><ul><li>p<ol type=I><li>q</ol></ul>";
    assert_eq!(html(page), "c. three\ng. seven\nh. eight\n2. x\n1. y\n- p\n  I. q\n");
}

#[test]
fn tables_of_data_are_rows_and_tables_of_layout_are_not() {
    let data =
        b"<body><table><tr><th>Cookie</th><th>Life</th></tr><tr><td><p>sid</p></td><td>1 <b>day</b></td></tr></table>";
    assert_eq!(html(data), "| Cookie | Life |\n| sid | 1 day |\n");
    let layout = b"<body><table role='presentation'><tr><td><h2>Law</h2></td><td><p>Norland.</p></td></tr></table>";
    assert_eq!(html(layout), "## Law\n\nNorland.\n");
}

#[test]
fn surroundings_are_left_out_and_selectors_are_obeyed() {
    let page = b"<body><nav><a href=/>Home</a></nav><div id='cookie-banner'>We use cookies.</div><main><h1>Terms</h1><p>You agree to these words.</p></main>\
                 <footer>Imprint</footer></body>";
    assert_eq!(html(page), "# Terms\n\nYou agree to these words.\n");
    let select = ["footer".to_string()];
    let chosen =
        read(&Source { bytes: page, content_type: Some("text/html"), select: &select, ..Source::default() }).unwrap();
    assert_eq!(chosen.text, "Imprint\n");
}

#[test]
fn formats_are_told_by_their_bytes() {
    let page = read(&of(b"<!doctype html><p>Words of a page.", "text/plain")).unwrap();
    assert_eq!(page.format, Format::Html);
    assert_eq!(page.structure.clauses[0].kind, ClauseKind::Paragraph);
    assert_eq!(read(&of(b"# Terms\n\nWords.", "text/markdown")).unwrap().title.as_deref(), Some("Terms"));
}

/// A section of `count` sentences, long enough to be a document.
fn section(words: &str, count: usize) -> String {
    format!("<p>{}</p>", format!("{words} at any time and without notice. ").repeat(count))
}

#[test]
fn one_tab_of_several_is_the_document() {
    let (terms, privacy) = (section("We change the terms", 12), section("We share your data", 12));
    let page = format!(
        "<body><div class='tab'><h1 id='terms'>Terms</h1>{terms}</div><div class='tab' id='privacy' style='display:none'><h1>Privacy</h1>{privacy}</div></body>"
    );
    let text = html(page.as_bytes());
    assert!(text.starts_with("# Terms") && !text.contains("share your data"), "{text}");
    let source = |url| Source { url: Some(url), ..of(page.as_bytes(), "text/html") };
    let named = read(&source("https://plum.example/legal#privacy")).unwrap().text;
    assert!(named.starts_with("# Privacy") && !named.contains("change the terms"), "{named}");
    let no_part = read(&source("https://plum.example/legal#nowhere")).unwrap().text;
    assert_eq!(no_part, text);
}

#[test]
fn an_address_may_name_a_section_by_its_heading() {
    let (terms, cookies) = (section("We change the terms", 12), section("We set cookies", 12));
    let page = format!(
        "<main><h2 id='terms'>Terms</h2>{terms}<h2><a name='cookies'></a>Cookies</h2>{cookies}<h3>Kinds</h3><h2>Law</h2><p>Norland.</p></main>"
    );
    let url = Some("https://plum.example/legal#cookies");
    let text = read(&Source { url, ..of(page.as_bytes(), "text/html") }).unwrap().text;
    assert!(text.starts_with("## Cookies") && text.ends_with("### Kinds\n"), "{text}");
}

#[test]
fn folded_sections_with_headings_between_them_are_one_document() {
    let fold = |name: &str, open: &str| {
        format!("<h3>{name}</h3><div class='fold' {open}>{}</div>", section(&format!("We {name}"), 20))
    };
    let page = format!("<body>{}{}</body>", fold("collect", ""), fold("share", "style='display:none'"));
    let text = html(page.as_bytes());
    assert!(text.contains("We collect") && text.contains("We share"), "{text}");
}

#[test]
fn what_lies_over_a_page_is_left_out_unless_it_is_the_document() {
    let (terms, cookies) = (section("We end your account", 12), section("This cookie helps us", 60));
    let page = format!("<body><div class='cky-modal' role='dialog'>{cookies}</div><div>{terms}</div></body>");
    let text = html(page.as_bytes());
    assert!(text.contains("end your account") && !text.contains("cookie"), "{text}");
    let policy = format!("<body><div class='cookies-page'><h1>Cookies</h1>{cookies}</div><div>Plum Ltd.</div></body>");
    assert!(html(policy.as_bytes()).contains("This cookie helps us"));
}

#[test]
fn copies_lists_of_links_and_page_feet_are_left_out() {
    let terms = section("We end your account", 12);
    let links: String = (0..9).map(|n| format!("<a href='/{n}'>Our product number {n}</a> ")).collect();
    let page = format!(
        "<body><div class='top'>{links}</div><div><h1>Terms</h1><p>Updated over a week ago</p>{terms}<p>Did this answer your question?</p></div>\
         <div style='display:none'>{terms}</div><p>© 2026 Plum Ltd. All rights reserved.</p></body>"
    );
    let text = html(page.as_bytes());
    assert!(text.starts_with("# Terms\n\nWe end") && text.trim_end().ends_with("without notice."), "{text}");
    assert_eq!(text.matches("We end your account").count(), 12);
}

/// Everything that a reading promises.
fn check(reading: &document::Reading) {
    assert_eq!(reading.structure, structure(&reading.text), "the structure is a function of the text");
    assert!(reading.text.ends_with('\n') && !reading.text.ends_with("\n\n"));
    let mut end = 0;
    for clause in &reading.structure.clauses {
        assert!(clause.range.start >= end && clause.range.end > clause.range.start, "ranges are in order and apart");
        let words = &reading.text[clause.range.clone()];
        assert_eq!(words, words.trim());
        assert!(!words.contains('\n'));
        let between = &reading.text[end..clause.range.start];
        assert!(between.split_whitespace().all(is_mark), "no word lies outside of the clauses: {between:?}");
        end = clause.range.end;
    }
    assert!(reading.text[end..].split_whitespace().all(is_mark));
}

/// Marks of headings, rows and list items.
fn is_mark(token: &str) -> bool {
    token == "-" || token.ends_with('.') || token.chars().all(|c| c == '#' || c == '|')
}

proptest! {
    #[test]
    fn clean_text_is_its_own_reading(blocks in prop::collection::vec((0..5usize, "[a-z]{2,9}( [a-z]{2,9}){0,6}"), 1..12)) {
        let markdown: String = blocks.iter().map(|(kind, words)| match kind {
            0 => format!("\n## {words}\n\n"),
            1 => format!("- {words}\n"),
            2 => format!("1. {words}\n"),
            3 => format!("\n**{words}**: {words}\n\n"),
            _ => format!("\n{words}.\n\n"),
        }).collect();
        let once = read(&of(markdown.as_bytes(), "text/markdown")).unwrap();
        check(&once);
        prop_assert_eq!(&read(&of(once.text.as_bytes(), "text/markdown")).unwrap().text, &once.text);
        prop_assert_eq!(&document::from_text(once.text.clone()).structure, &once.structure);
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..600), kind in 0..4usize) {
        let kinds = ["text/html", "text/markdown", "text/plain", "application/pdf"];
        if let Ok(reading) = read(&of(&bytes, kinds[kind])) {
            check(&reading);
        }
    }

    #[test]
    fn any_markup(parts in prop::collection::vec(prop::sample::select(vec![
        "<p>", "</p>", "<ul>", "<li>", "</ul>", "<ol type=i>", "<table>", "<tr>", "<td>", "</table>", "<h2>", "</h2>", "<br>", "<b>", "</b>",
        "# ", "| ", "- ", "1. ", "(a) ", "word ", "Inc. ", "“Term” ", "é ", "\u{200b}", "\n\n", "<div hidden>", "</div>", "* ", "> ", "**",
    ]), 0..60)) {
        let text = parts.concat();
        for kind in ["text/html", "text/markdown", "text/plain"] {
            if let Ok(reading) = read(&of(text.as_bytes(), kind)) {
                check(&reading);
            }
        }
    }
}
