//! What stands around and within a document on a page: what is read and what is left out. The pages and companies are invented.
use document::{Source, read};

fn html(page: &str) -> String {
    read(&Source { bytes: page.as_bytes(), content_type: Some("text/html"), ..Source::default() }).unwrap().text
}

/// A few paragraphs that make a document.
fn clauses() -> String {
    (1..=8)
        .map(|n| {
            format!(
                "<p>{n}. Plum may change clause {n} of these terms. {}</p>",
                "You are told of it a month before. ".repeat(4)
            )
        })
        .collect()
}

#[test]
fn ages_and_questions_about_the_page_are_left_out() {
    let page =
        |age: &str, foot: &str| html(&format!("<main><h1>Plum Terms</h1><div>{age}</div>{}{foot}</main>", clauses()));
    let plain = page("", "");
    for age in ["Updated today", "Updated yesterday", "Updated this week", "Updated over 2 weeks ago"] {
        assert_eq!(page(age, "<div>Did this answer your question?</div><div>😞😐😃</div>"), plain, "{age}");
    }
    assert!(page("Updated 3 May 2024", "").contains("Updated 3 May 2024"));
}

#[test]
fn title_and_date_above_the_document_are_read() {
    let page = format!(
        "<body><main><header><div><p>Plum of Norland</p><h1>Plum Terms</h1><p>Effective: May 3, 2024</p></div></header><section><div>{}</div></section></main>",
        clauses().repeat(4)
    );
    let text = html(&page);
    assert!(text.starts_with("# Plum Terms\n\nEffective: May 3, 2024\n\n1. Plum may"), "{text}");
}

#[test]
fn a_header_with_the_title_keeps_it_whatever_links_stand_beside_it() {
    let languages: String = (0..60).map(|n| format!("<a href='/l{n}'>Language number {n}</a>")).collect();
    let page = format!(
        "<main><article><header><h1>Plum Terms</h1><span>Effective May 3, 2024</span><div>{languages}</div></header>{}</article></main>",
        clauses()
    );
    let text = html(&page);
    assert!(text.contains("Effective May 3, 2024") && !text.contains("Language number"), "{text}");
}

#[test]
fn buttons_that_fold_sections_are_headings_and_others_are_not_read() {
    let page = format!(
        "<main>{}<div><button id='accordion-header-1'><p>Do not resell plums</p></button><div><p>{}</p></div></div><button>Copy the text</button><p>The end.</p></main>",
        clauses(),
        "Plums may not be sold again without a licence. ".repeat(4)
    );
    let text = html(&page);
    assert!(text.contains("Do not resell plums") && !text.contains("Copy the text"), "{text}");
}

#[test]
fn a_choice_of_versions_is_left_out_and_a_date_in_the_text_is_not() {
    let versions = "<div><h6>28 avr. 2022</h6><h6>24 nov. 2021</h6><h6>26 août 2021</h6><span>Older</span></div>";
    let page =
        format!("<main><h1>Plum Terms</h1>{versions}<div><p>In force from 1 May 2022</p></div>{}</main>", clauses());
    let text = html(&page);
    assert!(!text.contains("2021") && text.contains("In force from 1 May 2022"), "{text}");
}

#[test]
fn a_form_to_log_in_is_left_out() {
    let form = "<form><h2>Join Plum for free</h2><p>Choose a password.</p><input type='password'></form>";
    let text = html(&format!("<main><h1>Plum Terms</h1>{}{form}</main>", clauses()));
    assert!(!text.contains("Join Plum") && text.contains("clause 8"), "{text}");
}
