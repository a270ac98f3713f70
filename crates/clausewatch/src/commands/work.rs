//! `clausewatch work`: the tracking side.
use std::path::PathBuf;
use std::time::Duration;

use atlas::Atlas;
use fetch::{Fetcher, Settings};
use provisions::Reader;
use tracker::track::{Outcome, Tracker};

use crate::alerting::Alerting;
use crate::commands::serve::interrupted;
use crate::instance::{Place, now_ms};
use crate::model::Model;

/// Track what is due and tell who watches, again and again; the site is another process (`serve`)
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub sources: Sources,
    #[command(flatten)]
    pub alerting: Alerting,
    #[command(flatten)]
    pub model: Model,
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
}

impl Sources {
    /// A fetcher for these sources.
    pub fn fetcher(&self) -> anyhow::Result<Fetcher> {
        let mut settings = Settings { allowed: self.allowed.clone(), ..Settings::default() };
        if let Some(agent) = &self.user_agent {
            settings.user_agent.clone_from(agent);
        }
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

/// Works until interrupted.
pub async fn run(place: &Place, args: Args) -> crate::Answer {
    let atlas = place.open().await?;
    args.sources.register(&atlas).await?;
    let fetcher = args.sources.fetcher()?;
    args.alerting.attend(&atlas, &args.sources.allowed)?;
    args.model.attend(&atlas)?;
    tokio::select! {
        done = forever(&atlas, &fetcher) => done,
        () = interrupted() => Ok(true),
    }
}

/// Tracks what is due, for ever.
pub async fn forever(atlas: &Atlas, fetcher: &Fetcher) -> crate::Answer {
    loop {
        if round(atlas, fetcher).await? == 0 {
            tokio::time::sleep(Duration::from_secs(20)).await;
        }
    }
}

/// Checks what is due now; says what was found; returns how many documents were checked.
pub async fn round(atlas: &Atlas, fetcher: &Fetcher) -> anyhow::Result<usize> {
    let tracker = Tracker { atlas, reader: Reader::embedded(), fetcher, now: &now_ms };
    let due = atlas.due(now_ms(), 32).await?;
    for document in &due {
        match tracker.check(document).await? {
            Outcome::Version(number) => eprintln!("{} version {number}", document.id),
            Outcome::Unchanged => {}
            Outcome::Failed(reason) => eprintln!("{} could not be checked: {reason}", document.id),
        }
    }
    atlas.index_pending().await?;
    Ok(due.len())
}
