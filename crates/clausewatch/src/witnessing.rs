//! The archive outside that an operator may have asked about versions: its flags, and asking it in the background of what tracks.
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use atlas::Atlas;
use fetch::Outbound;
use witness::{Archive, Attendant, Keys, Settings};

use crate::commands::work::Sources;
use crate::instance::now_ms;
use crate::paint::{counted, plain};

/// The keys of Save Page Now, as `ACCESS:SECRET`. Never a flag: others on this machine can see those.
const KEYS: &str = "CLAUSEWATCH_WITNESS_KEYS";
/// Between two passes.
const PAUSE: Duration = Duration::from_secs(60);
/// Between two passes after a failure of the store, or while the archive is left alone.
const REST: Duration = Duration::from_secs(5 * 60);

/// An archive that can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Witness {
    /// Nobody is asked.
    Off,
    /// The Internet Archive's Wayback Machine.
    Wayback,
}

/// An archive outside that is asked which captures it has of the pages tracked here; none unless it is named
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Outside witness (optional)")]
pub struct Witnessing {
    /// Ask the Wayback Machine for its capture nearest to each version; with CLAUSEWATCH_WITNESS_KEYS=ACCESS:SECRET in the environment,
    /// also submit pages that changed to its Save Page Now
    #[arg(
        long,
        env = "CLAUSEWATCH_WITNESS",
        default_value = "off",
        hide_possible_values = true,
        value_name = "off|wayback"
    )]
    pub witness: Witness,
    #[command(flatten)]
    pub server: Server,
}

/// Where the archive is.
#[derive(Debug, Clone, clap::Args)]
pub struct Server {
    /// Another archive that has the Wayback Machine's interfaces below this address
    #[arg(long, env = "CLAUSEWATCH_WITNESS_URL", value_name = "URL")]
    pub witness_url: Option<String>,
}

impl Server {
    /// The archive, as whoever tracks these sources reaches it.
    pub fn archive(&self, sources: &Sources, outbound: &Outbound, keys: Option<Keys>) -> anyhow::Result<Archive> {
        let url = self.witness_url.as_deref().filter(|url| !url.trim().is_empty());
        let mut settings = url.map_or_else(Settings::default, Settings::at);
        settings.fetch.allowed.clone_from(&sources.allowed);
        settings.private.clone_from(&sources.allowed);
        settings.fetch.outbound.clone_from(outbound);
        if let Some(agent) = &sources.user_agent {
            settings.fetch.user_agent.clone_from(agent);
        }
        settings.keys = keys;
        Ok(Archive::new(settings)?)
    }
}

impl Witnessing {
    /// Asks the archive, if one is named, whenever something new was recorded. In a task of its own: whatever becomes of it, tracking and the
    /// site go on.
    pub fn attend(&self, atlas: &Atlas, sources: &Sources, outbound: &Outbound) -> anyhow::Result<()> {
        if self.witness == Witness::Off {
            return Ok(());
        }
        let keys = std::env::var(KEYS).ok().filter(|keys| !keys.trim().is_empty());
        let keys = keys.as_deref().map(Keys::parse).transpose().context(KEYS)?;
        let archive = self.server.archive(sources, outbound, keys)?;
        let submits = if archive.saves() { "; pages that changed are submitted to it" } else { "" };
        eprintln!("outside witness: {} is asked about versions{submits}", archive.name());
        let attendant = Attendant::new(atlas.clone(), archive, Arc::new(now_ms));
        tokio::spawn(async move { forever(&attendant).await });
        Ok(())
    }
}

async fn forever(attendant: &Attendant) {
    let (mut stopped, mut keys) = (None, None);
    loop {
        let pause = match attendant.pass().await {
            Ok(report) => {
                // An outage is told once, not every time that it is met.
                told(&mut stopped, report.stopped.as_ref());
                told(&mut keys, report.keys.as_ref());
                if report.saved > 0 {
                    eprintln!("outside witness: {} made for us", counted(report.saved, "capture was", "captures were"));
                }
                if report.stopped.is_some() { REST } else { PAUSE }
            }
            Err(error) => {
                eprintln!("outside witness: nothing could be asked: {error}");
                REST
            }
        };
        tokio::time::sleep(pause).await;
    }
}

fn told(before: &mut Option<String>, now: Option<&String>) {
    if let Some(words) = now.filter(|words| before.as_ref() != Some(*words)) {
        eprintln!("outside witness: {}", plain(words));
    }
    *before = now.cloned();
}
