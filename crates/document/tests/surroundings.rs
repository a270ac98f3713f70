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

#[test]
fn links_that_a_paragraph_introduces_are_read_and_menus_are_not() {
    let list = |names: [&str; 4]| {
        let entries: String = names.iter().map(|name| format!("<li><a href='/{name}'>{name}</a></li>")).collect();
        format!("<ul>{entries}</ul>")
    };
    let browsers = list(["Fox browser", "Wolf browser", "Bear browser", "Lynx browser"]);
    let menu = list(["Plum shop", "Plum press", "Plum jobs", "Plum help"]);
    let page = format!(
        "<main>{menu}<h1>Plum Terms</h1>{}<p>You can refuse cookies in these browsers:</p>{browsers}<h2>More</h2>{menu}</main>",
        clauses()
    );
    let text = html(&page);
    assert!(text.contains("- Wolf browser") && !text.contains("Plum press"), "{text}");
    let friends: String = (0..60).map(|n| format!("<li><a href='/{n}'>Friend {n}</a></li>")).collect();
    let page =
        format!("<main><h1>Plum Terms</h1>{}<p>We thank our many friends:</p><ul>{friends}</ul></main>", clauses());
    assert!(!html(&page).contains("Friend 9"));
}

#[test]
fn a_section_named_by_its_heading_is_read_whatever_its_name_says() {
    let section = format!(
        "<div id='how-we-share-your-data'><h2>4. How we share your data</h2><p>{}</p></div>",
        "We give it to the growers of plums. ".repeat(6)
    );
    let buttons = "<div id='share-this-page'>Send by post</div>";
    let text = html(&format!("<main><h1>Plum Terms</h1>{}{section}{buttons}{}</main>", clauses(), clauses()));
    assert!(text.contains("How we share your data") && text.contains("growers of plums"), "{text}");
    assert!(!text.contains("Send by post"), "{text}");
}

#[test]
fn a_short_message_behind_a_dialog_is_read_and_the_dialog_is_not() {
    let dialog = format!("<div role='dialog'><h2>Cookies?</h2><p>{}</p></div>", "Plum uses cookies. ".repeat(80));
    let message = "<main><h1>This page isn't available at the moment</h1><p>Plum is working on it. Please try again in a few minutes.</p></main>";
    let text = html(&format!("<body>{dialog}{message}</body>"));
    assert!(text.starts_with("# This page isn't available") && !text.contains("cookies"), "{text}");
}

/// A page that holds `documents`, each the ID of its element and its text.
fn legal(documents: &[(&str, &str)]) -> String {
    let one = |(id, text): &(&str, &str)| format!("<section id='{id}'>{text}</section>");
    format!("<main><h1>Plum: legal</h1><div>{}</div></main>", documents.iter().map(one).collect::<String>())
}

fn named(page: &str, name: &str) -> String {
    let source =
        Source { bytes: page.as_bytes(), content_type: Some("text/html"), name: Some(name), ..Source::default() };
    read(&source).unwrap().text
}

#[test]
fn of_several_documents_the_one_with_the_name_is_read() {
    let (terms, privacy) = (clauses(), format!("<h2>Privacy Policy</h2>{}", clauses().replace("terms", "secrets")));
    let cookies = clauses().replace("terms", "cookies");
    let page = legal(&[("terms-of-use", &terms), ("p2", &privacy), ("cookie-policy", &cookies)]);
    for (name, holds) in [("Terms of Service", "terms"), ("Privacy Policy", "secrets"), ("Trackers Policy", "cookies")]
    {
        let text = named(&page, name);
        for word in ["terms", "secrets", "cookies"] {
            assert_eq!(text.contains(&format!("these {word}.")), word == holds, "{name}: {text}");
        }
    }
    assert_eq!(named(&page, "Imprint"), html(&page));
}

#[test]
fn a_document_with_a_section_of_another_name_is_one_document() {
    let cookies = format!("<h2>Cookies</h2>{}", clauses().replace("terms", "cookies"));
    let changes = format!("<h2>Changes to this privacy policy</h2>{}", clauses());
    let page = legal(&[("privacy", &clauses()), ("cookies", &cookies), ("changes", &changes)]);
    assert_eq!(named(&page, "Privacy Policy"), html(&page));
}

#[test]
fn the_document_that_is_open_is_read_whatever_the_name() {
    let panel = |id: &str, style: &str, text: &str| format!("<div class='panel' id='{id}' {style}>{text}</div>");
    let page = format!(
        "<main>{}{}</main>",
        panel("licence-agreement", "", &clauses()),
        panel("terms-of-service", "style='display:none'", &clauses().replace("terms", "secrets"))
    );
    assert_eq!(named(&page, "Terms of Service"), html(&page));
    assert!(!html(&page).contains("secrets"));
}

#[test]
fn a_short_message_is_read_whatever_holds_the_dialog_and_whatever_stands_around() {
    let dialog = format!("<div role='dialog'><h2>Cookies?</h2><p>{}</p></div>", "Plum uses cookies. ".repeat(80));
    let message = "<div><h2>This page isn't available</h2><span>Something went wrong. Try again later, or go back to where you came from.</span></div>";
    let around = ["<div><span>Status:</span> <span>all is well</span></div>", "<div>Plum Ltd 2026</div>"];
    let page =
        format!("<body><div><div>{}{message}{}</div></div><div><div>{dialog}</div></div></body>", around[0], around[1]);
    let text = html(&page);
    assert!(text.starts_with("## This page isn't available\n\nSomething went wrong."), "{text}");
    assert!(!text.contains("cookies") && !text.contains("Status") && !text.contains("Plum Ltd"), "{text}");
}

#[test]
fn what_the_page_calls_the_text_of_a_document_is_read_and_what_follows_it_is_not() {
    let section = |name: &str, text: &str| format!("<section {name}>{text}</section>");
    let stories = clauses().replace("terms", "stories").repeat(2);
    let page = |name: &str| {
        html(&format!("<body>{}{}</body>", section(name, &clauses()), section("id='what-people-saw'", &stories)))
    };
    for name in ["id='policy-details'", "class='wide legalBody'", "class='terms-content'"] {
        let text = page(name);
        assert!(text.contains("these terms") && !text.contains("these stories"), "{name}: {text}");
    }
    // Neither the name of a part, nor that of something smaller, nor one that several bear says so.
    for name in ["id='policy-changes'", "class='content'", "id='policy'"] {
        assert!(page(name).contains("these stories"), "{name}");
    }
    let small = section("id='legal-text'", &"Plum is a mark of Plum Ltd of Norland. ".repeat(14));
    assert!(html(&format!("<body>{}{small}</body>", clauses().repeat(3))).contains("these terms"));
    let both = section("class='terms-text'", &clauses()) + &section("class='terms-text'", &stories);
    let text = html(&format!("<body>{both}</body>"));
    assert!(text.contains("these terms") && text.contains("these stories"), "{text}");
}

#[test]
fn a_paragraph_beside_the_largest_part_belongs_to_the_document() {
    let list: String = (1..=90).map(|n| format!("<li>Do not sell plum number {n} to somebody else.</li>")).collect();
    let first = format!("<span>{}</span>", "You may eat plums if you keep to what is said here. ".repeat(7));
    let page = format!("<body><div><div>{first}</div><div><ul>{list}</ul></div><div>Plum Ltd</div></div></body>");
    let text = html(&page);
    assert!(text.starts_with("You may eat plums") && text.contains("plum number 90"), "{text}");
}

#[test]
fn a_table_of_contents_beside_the_document_is_left_out() {
    let entries: String =
        (1..=12).map(|n| format!("<li><a href='#c{n}'>What clause {n} says of plums</a></li>")).collect();
    let page = format!("<main><div><ul>{entries}</ul></div><div><h1>Plum Terms</h1>{}</div></main>", clauses());
    let text = html(&page);
    assert!(text.starts_with("# Plum Terms") && text.contains("clause 8"), "{text}");
}

#[test]
fn a_document_that_a_heading_begins_is_found_by_its_name() {
    let cookies = clauses().replace("terms", "cookies");
    let page = |title: &str| {
        format!(
            "<main><h1>Plum Privacy Policy</h1>{}<h2>{title}</h2>{cookies}<h2>Cookies that we set</h2>{cookies}<h2>Terms of Use</h2>{}</main>",
            clauses().replace("terms", "secrets"),
            clauses()
        )
    };
    let text = named(&page("Cookie Policy"), "Trackers Policy");
    assert!(text.starts_with("## Cookie Policy") && text.contains("## Cookies that we set"), "{text}");
    assert!(!text.contains("these secrets") && !text.contains("these terms"), "{text}");
    // A title in a menu begins no document, and one that stands apart from its document does not hold it.
    let apart =
        format!("<div><h1>Cookie Policy</h1><p>{}</p></div><div>{cookies}</div>", "Plum sets cookies. ".repeat(30));
    let menu = format!("<main><div><h2>Privacy Policy</h2><p>What we know of you.</p></div>{apart}</main>");
    assert_eq!(named(&menu, "Trackers Policy"), html(&menu));
    let other = clauses().replace("terms", "secrets");
    let page_apart = format!("<main><h2>Privacy Policy</h2>{other}{apart}</main>");
    assert_eq!(named(&page_apart, "Trackers Policy"), html(&page_apart));
    // The page's own document is not cut by the titles of others, and a numbered chapter is no document.
    assert_eq!(named(&page("Cookie Policy"), "Privacy Policy"), html(&page("Cookie Policy")));
    assert_eq!(named(&page("7. Cookie Policy"), "Trackers Policy"), html(&page("7. Cookie Policy")));
}

#[test]
fn a_heading_in_a_numbered_item_bears_the_number() {
    let page = format!(
        "<main><h1>Plum Terms</h1>{}<ol start='7'><li><h2>Your rights</h2><p>You may return plums.</p></li><li><h2></h2><p>None is sold twice.</p></li>\
         <li><h2>9. Ends</h2></li></ol><ul><li><h2>Last words</h2></li></ul></main>",
        clauses()
    );
    let text = html(&page);
    assert!(text.contains("\n## 7. Your rights\n\nYou may return plums.\n"), "{text}");
    assert!(text.contains("\n8. None is sold twice.\n\n## 9. Ends\n\n## Last words"), "{text}");
}

#[test]
fn the_main_part_is_read_whatever_stands_beside_it() {
    let stories = format!("<p>{}</p>", "Plum uses crumbs to keep this page as you left it. ".repeat(8));
    let page = |name: &str, beside: &str| {
        html(&format!("<body><div><{name}><h1>Plum Terms</h1>{}</{name}><div>{beside}</div></div></body>", clauses()))
    };
    for name in ["main", "div role='main'"] {
        assert_eq!(page(name, &stories), page(name, ""), "{name}");
    }
    assert!(page("div", &stories).contains("crumbs"));
    // Neither one of two, nor a small part of the page, is the whole.
    assert!(page("main", &format!("<main>{stories}</main>")).contains("crumbs"));
    assert!(page("main", &stories.repeat(5)).contains("crumbs"));
    assert!(!page("main", &format!("<main hidden>{}</main>", clauses())).contains("crumbs"));
}

#[test]
fn a_hidden_copy_of_the_page_is_not_read_though_it_holds_scripts() {
    let script = format!("<script>{}</script>", "plums.push({ name: 'plum', ripe: true });".repeat(80));
    let document = format!("<div><h1>Plum Terms</h1>{}</div>", clauses());
    let page = format!("<body>{document}<div style='display:none'>{document}{script}</div></body>");
    assert_eq!(html(&page), html(&format!("<body>{document}</body>")));
}

#[test]
fn a_choice_of_versions_with_words_around_is_left_out_but_for_the_words() {
    let versions = "<div><p>Changes</p><div><div><h6>Today</h6><p>Current version</p></div><div><h6>28 April 2022</h6></div>\
        <div><h6>24 November 2021</h6></div><div><h6>26 August 2021</h6></div><div>Show older ones</div></div></div>";
    let dates = "<div>1 May 2022</div><div>In force from 2 May 2022</div>";
    let text = html(&format!("<main><h1>Plum Terms</h1>{versions}{dates}{}</main>", clauses()));
    assert!(!text.contains("2021") && !text.contains("April 2022"), "{text}");
    assert!(text.contains("Current version") && text.contains("1 May 2022"), "{text}");
}

#[test]
fn a_label_that_unfolds_nothing_but_navigation_is_left_out() {
    let page = |inner: &str| {
        html(&format!(
            "<main><h1>Plum Terms</h1><details><summary>See more</summary>{inner}</details>{}</main>",
            clauses()
        ))
    };
    assert!(!page("<nav><a href='#1'>Growing</a> <a href='#2'>Eating</a></nav>").contains("See more"));
    assert!(page("<p>Plums are eaten ripe.</p>").contains("See more\n\nPlums are eaten"));
    assert!(page("<nav><a href='#1'>Growing</a></nav><p>Plums are eaten ripe.</p>").contains("See more"));
}

#[test]
fn a_cookie_policy_among_documents_is_no_banner() {
    let cookies = clauses().replace("terms", "cookies");
    let page = legal(&[("terms-of-use", &clauses().repeat(2)), ("cookie-policy", &cookies)]);
    assert!(html(&page).contains("these cookies"));
    let banner = format!("<main>{}</main><div id='cookie-policy'>{cookies}</div>", clauses().repeat(2));
    assert!(!html(&banner).contains("these cookies"));
}

#[test]
fn what_follows_the_title_belongs_to_the_document() {
    let first = "<span>Plum grows its fruit with care.</span>";
    let page = |title: &str| html(&format!("<body><div>{title}{first}<div>{}</div></div></body>", clauses().repeat(2)));
    let text = page("<h1>Plum Terms</h1>");
    assert!(text.starts_with("# Plum Terms\n\nPlum grows its fruit with care."), "{text}");
    assert!(!page("<b>Plum</b>").contains("with care"));
}
