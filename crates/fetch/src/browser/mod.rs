//! Pages that need scripts, rendered by headless Chromium.
//!
//! One browser is started when it is first needed and used again, one page at a time. It reaches nothing by itself: everything it
//! asks for goes through the [`gate`], names are resolved behind the guard and nowhere else, and pictures, films and fonts are not
//! asked for at all. Time, bytes, requests and memory of a page are limited; a browser that breaks a limit is killed, and the next
//! page gets a new one.
//!
//! Spoken to over a pipe ([`pipe`]), with the few calls of the DevTools protocol that this takes: a client library for all of the
//! protocol would be several times as long to build as this crate.
mod gate;
mod page;
mod pipe;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::sync::Mutex;
use url::Url;

use crate::guard::Guard;
use crate::{FetchError, Request, Success};
use gate::Gate;
use pipe::Pipe;

/// Names under which Chromium is looked for.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
/// Pages that one browser renders before it is replaced: whatever they left behind goes with it.
const PAGES: usize = 100;
/// How often its memory is looked at.
const WATCH: Duration = Duration::from_millis(500);

/// How pages are rendered.
#[derive(Debug, Clone)]
pub struct BrowserSettings {
    /// The program.
    pub program: PathBuf,
    /// Whether Chromium isolates its renderers. It cannot where it runs as root, or in a container that allows no namespaces; without,
    /// a page that breaks into the renderer is on the machine, as the user whom this program runs as.
    pub sandbox: bool,
    /// Most time for a page.
    pub timeout: Duration,
    /// Most bytes that come over the network for a page, as sent.
    pub max_bytes: u64,
    /// Most requests for a page.
    pub max_requests: usize,
    /// Most memory of all the browser's processes together, in bytes; what they share is counted for each.
    pub max_memory: u64,
}

impl BrowserSettings {
    /// Settings for this program, with the usual limits.
    pub fn new(program: PathBuf) -> Self {
        BrowserSettings {
            program,
            sandbox: true,
            timeout: Duration::from_secs(40),
            max_bytes: 50 * 1024 * 1024,
            max_requests: 300,
            max_memory: 2 * 1024 * 1024 * 1024,
        }
    }

    /// Settings for the Chromium that is installed on this machine, if there is one in a folder of `PATH`.
    pub fn found() -> Option<Self> {
        let path = std::env::var_os("PATH")?;
        let files = std::env::split_paths(&path).flat_map(|folder| NAMES.map(|name| folder.join(name)));
        files.into_iter().find(|file| file.is_file()).map(Self::new)
    }
}

/// A browser that is started when it is needed.
pub(crate) struct Browser {
    settings: BrowserSettings,
    user_agent: String,
    guard: Arc<Guard>,
    running: Mutex<Option<Running>>,
}

/// A browser under way. Dropping it kills it and removes its profile.
struct Running {
    settings: BrowserSettings,
    guard: Arc<Guard>,
    pipe: Pipe,
    gate: Gate,
    process: Child,
    profile: tempfile::TempDir,
    /// The browser's program and version, as it says.
    version: String,
    pages: usize,
}

impl Browser {
    pub fn new(settings: BrowserSettings, user_agent: &str, guard: Arc<Guard>) -> Self {
        Browser { settings, user_agent: user_agent.into(), guard, running: Mutex::default() }
    }

    /// The page at `url` as it stands after its scripts ran: what its document element holds, as HTML in UTF-8.
    pub async fn render(&self, request: &Request, url: &Url) -> Result<Success, FetchError> {
        let mut place = self.running.lock().await;
        // Taken out while it works, so that a browser whose page was given up in the middle is killed, not used again.
        let mut running = match place.take() {
            Some(running) => running,
            None => self.start().await.map_err(|reason| broken(url, reason))?,
        };
        running.gate.begin(self.settings.max_bytes);
        let id = running.process.id();
        let rendered = tokio::select! {
            rendered = tokio::time::timeout(self.settings.timeout, running.page(request, url)) => {
                rendered.unwrap_or_else(|_| Err(broken(url, format!("no page in time{}", self.guard.by_way()))))
            }
            () = grows(id, self.settings.max_memory) => {
                let limit = self.settings.max_memory / (1024 * 1024);
                Err(broken(url, format!("the page needs more than {limit} MiB of memory")))
            }
        };
        running.pages += 1;
        if !matches!(rendered, Err(FetchError::Browser { .. })) && running.pages < PAGES {
            *place = Some(running);
        }
        rendered
    }

    async fn start(&self) -> Result<Running, String> {
        let program = self.settings.program.display();
        let profile = tempfile::Builder::new().prefix("clausewatch-browser-").tempdir();
        let profile = profile.map_err(|error| format!("no folder for the browser's profile can be made: {error}"))?;
        let gate = Gate::open(Arc::clone(&self.guard)).await;
        let gate = gate.map_err(|error| format!("the browser's gate cannot be opened: {error}"))?;
        let mut process = command(&self.settings, &self.user_agent, profile.path(), &gate)
            .spawn()
            .map_err(|error| format!("{program} cannot be started: {error}"))?;
        let (stdin, stdout) = (process.stdin.take(), process.stdout.take());
        let (Some(stdin), Some(stdout)) = (stdin, stdout) else { return Err(format!("{program} has no pipes")) };
        let mut pipe = Pipe::new(stdin, stdout, 3 * page::LARGEST);
        let version =
            tokio::time::timeout(self.settings.timeout, pipe.call("Browser.getVersion", serde_json::json!({}), None));
        let hint = if self.settings.sandbox {
            "; where it cannot isolate its pages (as root, in a container) it has to run without its sandbox (--browser-no-sandbox)"
        } else {
            ""
        };
        let version = match version.await {
            Ok(Ok(version)) => version["product"].as_str().unwrap_or("Chromium").to_string(),
            Ok(Err(reason)) => return Err(format!("{program} does not start: {reason}{hint}")),
            Err(_) => return Err(format!("{program} does not answer")),
        };
        let (settings, guard) = (self.settings.clone(), Arc::clone(&self.guard));
        Ok(Running { settings, guard, pipe, gate, process, profile, version, pages: 0 })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Its helpers end when it does. The profile is removed after it: it writes there to the last.
        let _ = self.process.start_kill();
        for _ in 0..100 {
            if !matches!(self.process.try_wait(), Ok(None)) {
                break;
            }
            std::thread::yield_now();
        }
        let _ = std::fs::remove_dir_all(self.profile.path());
    }
}

fn broken(url: &Url, reason: String) -> FetchError {
    FetchError::Browser { url: url.to_string(), reason }
}

/// The command that starts a browser. Its protocol is spoken over the descriptors 3 and 4; a shell hands our ends on as those.
fn command(settings: &BrowserSettings, user_agent: &str, profile: &Path, gate: &Gate) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null"]).arg(&settings.program);
    command.args([
        "--headless=new",
        "--remote-debugging-pipe",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-extensions",
        "--disable-sync",
        "--disable-component-update",
        "--disable-background-networking",
        "--disable-default-apps",
        "--disable-quic",
        "--no-first-run",
        "--no-pings",
        "--mute-audio",
        "--hide-scrollbars",
        "--window-size=1280,1600",
        // All it reaches, it reaches through the gate, this machine included; it resolves no name itself.
        "--proxy-bypass-list=<-loopback>",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
        "--js-flags=--max-old-space-size=512",
    ]);
    command.arg(format!("--proxy-server=http://{}", gate.address()));
    // Who asks is said, after the word that servers expect of a browser.
    command.arg(format!("--user-agent=Mozilla/5.0 (compatible; {user_agent})"));
    command.arg(format!("--user-data-dir={}", profile.display()));
    if !settings.sandbox {
        command.arg("--no-sandbox");
    }
    command.arg("about:blank");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    command
}

/// Ends when a process and its descendants hold more than `limit` bytes of memory.
async fn grows(root: Option<u32>, limit: u64) {
    loop {
        tokio::time::sleep(WATCH).await;
        let held = tokio::task::spawn_blocking(move || root.map_or(0, resident)).await.unwrap_or(0);
        if held > limit {
            return;
        }
    }
}

/// Resident bytes of a process and its descendants; 0 where the system does not tell.
fn resident(root: u32) -> u64 {
    const PAGE: u64 = 4096;
    let Ok(entries) = std::fs::read_dir("/proc") else { return 0 };
    let ids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let processes: Vec<(u32, u32, u64)> =
        ids.filter_map(|id| stat(id).map(|(parent, pages)| (id, parent, pages))).collect();
    let mut family = vec![root];
    let mut next = 0;
    while let Some(&parent) = family.get(next) {
        let children = processes.iter().filter(|(id, of, _)| *of == parent && !family.contains(id)).map(|(id, ..)| *id);
        let children: Vec<u32> = children.collect();
        family.extend(children);
        next += 1;
    }
    processes.iter().filter(|(id, ..)| family.contains(id)).map(|(.., pages)| pages * PAGE).sum()
}

/// A process's parent and resident pages (proc(5), `/proc/PID/stat`, fields 4 and 24). Its name, in parentheses, may hold anything.
fn stat(id: u32) -> Option<(u32, u64)> {
    let text = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let mut fields = text.rsplit_once(')')?.1.split_whitespace();
    let parent = fields.nth(1)?.parse().ok()?;
    let pages = fields.nth(19)?.parse().ok()?;
    Some((parent, pages))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_holds_memory() {
        let own = resident(std::process::id());
        assert!(own > 100_000 && own < 1 << 40, "{own}");
        assert_eq!(resident(u32::MAX), 0);
    }
}
