//! `clausewatch work`: the tracking side.
use std::path::PathBuf;
use std::time::Duration;

use atlas::Atlas;
use atlas::jobs::{DueDocument, Trouble};
use fetch::{BrowserSettings, Fetcher, Outbound, Settings};
use provisions::Reader;
use tracker::track::{Outcome, Tracker};

use crate::alarm::{Alarm, Operator};
use crate::alerting::Alerting;
use crate::commands::serve::interrupted;
use crate::instance::{Place, now_ms};
use crate::model::Model;
use crate::network::Network;
use crate::paint::plain;
use crate::witnessing::Witnessing;

/// Track what is due and tell who watches, again and again; the site is another process (`serve`)
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub sources: Sources,
    #[command(flatten)]
    pub rendering: Rendering,
    #[command(flatten)]
    pub alerting: Alerting,
    #[command(flatten)]
    pub operator: Operator,
    #[command(flatten)]
    pub model: Model,
    #[command(flatten)]
    pub witnessing: Witnessing,
}

/// What to track and how to reach it.
#[derive(Debug, Clone, clap::Args)]
pub struct Sources {
    /// Folder with one TOML file for each platform
    #[arg(long, default_value = "catalog")]
    pub catalog: PathBuf,
    /// A network that may be reached though it is private, for example 10.1.0.0/16
    #[arg(long = "allow-network", value_name = "NETWORK")]
    pub allowed: Vec<fetch::IpNet>,
    /// Who asks: sent to every site, so give a contact
    #[arg(long, env = "CLAUSEWATCH_USER_AGENT")]
    pub user_agent: Option<String>,
    #[command(flatten)]
    pub network: Network,
}

/// How pages are rendered that need scripts.
#[derive(Debug, Clone, clap::Args)]
pub struct Rendering {
    /// Renders pages that need scripts: the Chromium that is installed (auto), none (off), or this program
    #[arg(long, env = "CLAUSEWATCH_BROWSER", default_value = "auto", value_name = "auto|off|PROGRAM")]
    browser: String,
    /// Run the browser without its sandbox, as it has to as root or in a container; any other user is better
    #[arg(long)]
    browser_no_sandbox: bool,
}

impl Sources {
    /// A fetcher for these sources.
    pub fn fetcher(&self, rendering: &Rendering, outbound: &Outbound) -> anyhow::Result<Fetcher> {
        let (allowed, outbound) = (self.allowed.clone(), outbound.clone());
        let mut settings = Settings { allowed, outbound, ..Settings::default() };
        if let Some(agent) = &self.user_agent {
            settings.user_agent.clone_from(agent);
        }
        settings.browser = rendering.browser();
        Ok(Fetcher::new(settings)?)
    }

    /// Reads the catalog and puts it into the atlas; every broken file is named.
    pub async fn register(&self, atlas: &Atlas) -> anyhow::Result<usize> {
        let entries = tracker::catalog::load(&self.catalog).map_err(|errors| {
            let list: Vec<String> = errors.iter().map(ToString::to_string).collect();
            anyhow::anyhow!("the catalog cannot be used:\n  {}", list.join("\n  "))
        })?;
        tracker::catalog::register(atlas, &entries).await?;
        Ok(entries.len())
    }
}

impl Rendering {
    fn browser(&self) -> Option<BrowserSettings> {
        let found = match self.browser.as_str() {
            "off" => None,
            "auto" => BrowserSettings::found(),
            program => Some(BrowserSettings::new(program.into())),
        };
        found.map(|browser| BrowserSettings { sandbox: !self.browser_no_sandbox, ..browser })
    }
}

/// Works until interrupted.
pub async fn run(place: &Place, args: Args) -> crate::Answer {
    let outbound = args.sources.network.outbound()?;
    let atlas = place.open().await?;
    args.sources.register(&atlas).await?;
    let fetcher = args.sources.fetcher(&args.rendering, &outbound)?;
    let alarm = Alarm::new(&args.operator, &args.alerting, &outbound.authorities)?;
    args.alerting.attend(&atlas, &args.sources.allowed, &outbound)?;
    args.model.attend(&atlas, &outbound.authorities)?;
    args.witnessing.attend(&atlas, &args.sources, &outbound)?;
    tokio::select! {
        done = forever(&atlas, &fetcher, alarm) => done,
        () = interrupted() => Ok(true),
    }
}

/// Documents taken at once.
pub const TAKEN: i64 = 64;
/// Between looks at what is due.
const PAUSE: Duration = Duration::from_secs(20);
/// A pause longer than this means that nobody tracked meanwhile: the machine slept, or the process was stopped.
const GAP_MS: i64 = 15 * 60 * 1000;

/// Tracks what is due, for ever.
pub async fn forever(atlas: &Atlas, fetcher: &Fetcher, mut alarm: Alarm) -> crate::Answer {
    let mut last_ms = 0;
    loop {
        let now = now_ms();
        if now - last_ms > GAP_MS {
            after_a_gap(atlas, now).await?;
        }
        let checked = round(atlas, fetcher, &mut alarm).await?;
        last_ms = now_ms();
        if checked == 0 {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Spreads what was due while nobody tracked, so that it is not all asked for at once.
async fn after_a_gap(atlas: &Atlas, now: i64) -> anyhow::Result<()> {
    let spread = atlas.spread(now - GAP_MS, &|place, all| tracker::schedule::overdue(now, place, all)).await?;
    if spread > 0 {
        let last = tracker::schedule::overdue(now, spread - 1, spread) - now;
        eprintln!(
            "{spread} documents were due while nobody tracked; they are checked within {} minutes",
            last / 60_000 + 1
        );
    }
    Ok(())
}

/// Checks what is due now; says what was found; returns how many documents were taken.
async fn round(atlas: &Atlas, fetcher: &Fetcher, alarm: &mut Alarm) -> anyhow::Result<usize> {
    let tracker = Tracker { atlas, reader: Reader::embedded(), fetcher, now: &now_ms };
    let due = atlas.due(now_ms(), TAKEN).await?;
    let taken = due.len();
    let quiet = alarm.is_on();
    let mut tell = |document: &DueDocument, outcome: &Outcome| match outcome {
        Outcome::Version(number) => eprintln!("{} version {number}", document.id),
        Outcome::Failed { trouble, reason } if !quiet => told(document, *trouble, reason),
        Outcome::Unchanged | Outcome::Failed { .. } | Outcome::Postponed => {}
    };
    tracker.check_all(due, &mut tell).await?;
    if taken > 0 {
        atlas.index_pending().await?;
    }
    alarm.hear(atlas, &atlas.recent_checks(now_ms()).await?).await?;
    Ok(taken)
}

/// Says that a document fails: the first time, and when it is time to look at it.
fn told(document: &DueDocument, trouble: Trouble, reason: &str) {
    let failures = document.failures + 1;
    if failures == trouble.patience() {
        eprintln!("{} needs attention: {}; {}", document.id, plain(reason), trouble.next_step());
    } else if failures == 1 {
        eprintln!("{} could not be checked: {}; it is tried again", document.id, plain(reason));
    }
}
