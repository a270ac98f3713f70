//! The site of the demonstration in a real browser: pages render on a phone and on a wide screen, nothing stands out at the side.
//!
//! Speaks the DevTools protocol with headless Chromium over a pipe. Skipped with a message where there is none: set
//! `CLAUSEWATCH_TEST_CHROMIUM`, or install `chromium`.
mod common;

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use common::browser::{Browser, Ending, chromium};
use serde_json::{Value, json};

const PAGES: &[&str] = &[
    "/",
    "/platforms",
    "/platforms/orrery-models",
    "/documents/CW-D-00001",
    "/provisions/CW-P-000001",
    "/types",
    "/search?q=arbitration",
    "/methodology",
];
const WIDTHS: [u32; 2] = [390, 1440];

/// What is asked of each page.
const QUESTION: &str = "JSON.stringify({
    width: document.documentElement.scrollWidth,
    status: performance.getEntriesByType('navigation')[0].responseStatus,
    title: document.title,
    headings: document.querySelectorAll('h1').length,
    main: document.querySelectorAll('main').length,
    lang: document.documentElement.lang,
    text: document.body.innerText.length,
    wide: [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > WIDTH + 1).slice(0, 3).map(e => e.outerHTML.slice(0, 160)),
})";

/// Opens a page at a width and asks about it.
fn look(browser: &mut Browser, url: &str, width: u32) -> Value {
    browser.at_width(width);
    browser.open(url);
    let answer = browser.value(&QUESTION.replace("WIDTH", &width.to_string()));
    serde_json::from_str(answer.as_str().unwrap_or_else(|| panic!("{url}: {answer}"))).unwrap()
}

#[test]
fn pages_render_on_a_phone_and_on_a_wide_screen() {
    let Some(chromium) = chromium() else {
        return println!("skipped: no Chromium; install it, or name it with CLAUSEWATCH_TEST_CHROMIUM");
    };
    let folder = tempfile::tempdir().unwrap();
    let mut command = common::program(folder.path());
    let mut demo = Ending(command.args(["demo", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(demo.0.stdout.take().unwrap()).lines();
    let site = lines.find_map(|line| line.ok()?.strip_prefix("open ").map(str::to_string)).unwrap();
    let mut browser = Browser::start(&chromium, &folder.path().join("profile"));
    let mut titles = std::collections::BTreeSet::new();
    for page in PAGES {
        for width in WIDTHS {
            let seen = look(&mut browser, &format!("{}{page}", site.trim_end_matches('/')), width);
            let place = format!("{page} at {width}: {seen}");
            assert_eq!(seen["status"], 200, "{place}");
            assert!(seen["width"].as_u64().unwrap() <= u64::from(width), "stands out at the side: {place}");
            assert_eq!(
                (&seen["headings"], &seen["main"], &seen["lang"]),
                (&json!(1), &json!(1), &json!("en")),
                "{place}"
            );
            assert!(seen["text"].as_u64().unwrap() > 200, "{place}");
            let title = seen["title"].as_str().unwrap().to_string();
            assert!(title.chars().count() >= 10, "{place}");
            titles.insert(title);
        }
    }
    assert_eq!(titles.len(), PAGES.len(), "each page has a title of its own: {titles:?}");
}
