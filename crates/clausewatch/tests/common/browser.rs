//! A real browser: headless Chromium, spoken to in the DevTools protocol over a pipe.
#![allow(dead_code, reason = "each test program uses a part of this")]
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(60);

/// The browser, where there is one: `CLAUSEWATCH_TEST_CHROMIUM`, or an installed `chromium`.
pub fn chromium() -> Option<PathBuf> {
    if let Some(told) = std::env::var_os("CLAUSEWATCH_TEST_CHROMIUM").filter(|told| !told.is_empty()) {
        return Some(told.into());
    }
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    std::env::split_paths(&path).flat_map(|folder| names.map(|name| folder.join(name))).find(|file| file.is_file())
}

/// A process that ends with the test.
pub struct Ending(pub Child);

impl Drop for Ending {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A browser with one page.
pub struct Browser {
    _process: Ending,
    to: ChildStdin,
    from: Receiver<Value>,
    next: u64,
    session: Option<String>,
}

impl Browser {
    /// Leaves pictures of the page as it is, on a wide screen and on a phone, in the folder `CLAUSEWATCH_TEST_SHOTS` if that is set. Nothing
    /// may stand out at the side.
    pub fn picture(&mut self, name: &str) {
        for width in [1440, 500] {
            self.at_width(width);
            let wide = self.value("document.documentElement.scrollWidth");
            assert!(wide.as_u64().unwrap() <= u64::from(width), "{name} stands out at the side at {width}: {wide}");
            let Some(folder) = std::env::var_os("CLAUSEWATCH_TEST_SHOTS") else { continue };
            let shot = self.ask("Page.captureScreenshot", json!({"captureBeyondViewport": true}));
            // Base64 as the browser gives it; `base64 -d` makes a picture of it.
            let data = shot["data"].as_str().unwrap();
            std::fs::write(Path::new(&folder).join(format!("{name}-{width}.png.b64")), data).unwrap();
        }
    }

    pub fn start(program: &Path, profile: &Path) -> Self {
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
    pub fn ask(&mut self, method: &str, params: Value) -> Value {
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

    /// Shows pages at this width from now on.
    pub fn at_width(&mut self, width: u32) {
        let screen = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600});
        self.ask("Emulation.setDeviceMetricsOverride", screen);
    }

    /// Opens a page.
    pub fn open(&mut self, url: &str) {
        let opened = self.ask("Page.navigate", json!({"url": url}));
        assert!(opened["errorText"].is_null(), "{url}: {opened}");
        self.loaded();
    }

    /// Waits until a page is loaded.
    pub fn loaded(&mut self) {
        loop {
            let event = self.from.recv_timeout(PATIENCE).expect("the page loads");
            if event["method"] == "Page.loadEventFired" {
                return;
            }
        }
    }

    /// The value of an expression in the page.
    pub fn value(&mut self, expression: &str) -> Value {
        let answer = self.ask("Runtime.evaluate", json!({"expression": expression, "returnByValue": true}));
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// The text of the page.
    pub fn text(&mut self) -> String {
        self.value("document.body.innerText").as_str().unwrap_or_default().to_string()
    }

    /// Fills a field, by its selector.
    pub fn fill(&mut self, field: &str, text: &str) {
        self.value(&format!("document.querySelector({field:?}).value = {text:?}"));
    }

    /// Presses a button that leads to another page, by its selector.
    pub fn press(&mut self, button: &str) {
        self.value(&format!("document.querySelector({button:?}).click()"));
        self.loaded();
    }
}
