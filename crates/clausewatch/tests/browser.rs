//! The site of the demonstration in a real browser: pages render on a phone and on a wide screen, nothing stands out at the side.
//!
//! Speaks the DevTools protocol with headless Chromium over a pipe. Skipped with a message where there is none: set
//! `CLAUSEWATCH_TEST_CHROMIUM`, or install `chromium`.
mod common;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

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
const PATIENCE: Duration = Duration::from_secs(60);

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

fn chromium() -> Option<PathBuf> {
    if let Some(told) = std::env::var_os("CLAUSEWATCH_TEST_CHROMIUM").filter(|told| !told.is_empty()) {
        return Some(told.into());
    }
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    std::env::split_paths(&path).flat_map(|folder| names.map(|name| folder.join(name))).find(|file| file.is_file())
}

/// A process that ends with the test.
struct Ending(Child);

impl Drop for Ending {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Browser {
    _process: Ending,
    to: ChildStdin,
    from: Receiver<Value>,
    next: u64,
    session: Option<String>,
}

impl Browser {
    fn start(program: &Path, profile: &Path) -> Self {
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--hide-scrollbars",
            "--remote-debugging-pipe",
            "about:blank",
        ];
        // The protocol's pipe is the descriptors 3 and 4; a shell can hand our ends on as those.
        let mut command = Command::new("sh");
        command.args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 >/dev/null 2>&1"]).arg(program).args(arguments);
        command.arg(format!("--user-data-dir={}", profile.display()));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (to, out) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (send, from) = channel();
        std::thread::spawn(move || {
            for message in BufReader::new(out).split(0) {
                let Ok(message) = message else { break };
                let Ok(message) = serde_json::from_slice(&message) else { continue };
                if send.send(message).is_err() {
                    break;
                }
            }
        });
        let mut browser = Browser { _process: Ending(child), to, from, next: 0, session: None };
        let target = browser.ask("Target.createTarget", json!({"url": "about:blank"}));
        let attached = json!({"targetId": target["targetId"], "flatten": true});
        let session = browser.ask("Target.attachToTarget", attached);
        browser.session = session["sessionId"].as_str().map(str::to_string);
        browser.ask("Page.enable", json!({}));
        browser
    }

    /// Sends a command and waits for its result.
    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        let mut message = json!({"id": self.next, "method": method, "params": params});
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.to.write_all(format!("{message}\0").as_bytes()).unwrap();
        loop {
            let answer = self.from.recv_timeout(PATIENCE).expect("the browser answers");
            if answer["id"] == json!(self.next) {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].clone();
            }
        }
    }

    /// Opens a page at a width and asks about it.
    fn look(&mut self, url: &str, width: u32) -> Value {
        let screen = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600});
        self.ask("Emulation.setDeviceMetricsOverride", screen);
        let opened = self.ask("Page.navigate", json!({"url": url}));
        assert!(opened["errorText"].is_null(), "{url}: {opened}");
        loop {
            let event = self.from.recv_timeout(PATIENCE).expect("the page loads");
            if event["method"] == "Page.loadEventFired" {
                break;
            }
        }
        let question = QUESTION.replace("WIDTH", &width.to_string());
        let answer = self.ask("Runtime.evaluate", json!({"expression": question, "returnByValue": true}));
        serde_json::from_str(answer["result"]["value"].as_str().unwrap_or_else(|| panic!("{url}: {answer}"))).unwrap()
    }
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
            let seen = browser.look(&format!("{}{page}", site.trim_end_matches('/')), width);
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
