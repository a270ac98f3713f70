//! The language model that an operator may attach: its flags, and asking it in the background of what tracks.
use std::sync::Arc;

use anyhow::Context;
use atlas::Atlas;
use consult::{Asking, Consultant, Endpoint, Key, Settings, Wanted};
use fetch::Authorities;

use crate::instance::now_ms;

/// A language model that is asked about what is recorded; none unless its address is given
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Language model (optional)")]
pub struct Model {
    /// Any endpoint that speaks OpenAI's chat completions, for example http://127.0.0.1:11434/v1
    #[arg(long, value_name = "URL", env = "CLAUSEWATCH_MODEL_URL")]
    pub model_url: Option<String>,
    /// The model's name, as the endpoint knows it
    #[arg(long, value_name = "NAME", env = "CLAUSEWATCH_MODEL")]
    pub model: Option<String>,
    /// The endpoint's key; better in the environment, since others on this machine can see flags
    #[arg(long, value_name = "KEY", env = "CLAUSEWATCH_MODEL_KEY", hide_env_values = true, value_parser = key)]
    pub model_key: Option<Key>,
    /// Most questions in a day (UTC), over all processes of this store. One takes one request; up to three where the endpoint fails,
    /// and up to three more where it refuses the form in which it is asked
    #[arg(long, value_name = "N", env = "CLAUSEWATCH_MODEL_LIMIT", default_value_t = 500)]
    pub model_limit: u32,
    /// A proxy on the way to the endpoint
    #[arg(long, value_name = "URL", env = "CLAUSEWATCH_MODEL_PROXY", hide_env_values = true)]
    pub model_proxy: Option<String>,
}

/// The key as it is given; empty means none.
#[expect(clippy::unnecessary_wraps, reason = "clap wants a parser that can fail")]
fn key(text: &str) -> Result<Key, std::convert::Infallible> {
    Ok(Key::new(text))
}

impl Model {
    /// Who asks the model about an atlas; none if no address is given.
    pub fn consultant(&self, atlas: &Atlas, authorities: &Authorities) -> anyhow::Result<Option<Consultant>> {
        let Some(url) = self.model_url.as_deref().filter(|url| !url.trim().is_empty()) else { return Ok(None) };
        let model = self.model.clone().context("name the language model too, with --model or CLAUSEWATCH_MODEL")?;
        let (key, proxy, authorities) = (self.model_key.clone(), self.model_proxy.clone(), authorities.clone());
        let settings = Settings { key, proxy, authorities, ..Settings::new(url, model) };
        let asking = Asking { a_day: i64::from(self.model_limit), ..Asking::default() };
        Ok(Some(Consultant::new(atlas.clone(), Endpoint::new(settings)?, asking, Arc::new(now_ms))))
    }

    /// Asks the model, if there is one, whenever something new was recorded. In a task of its own: whatever becomes of it, tracking and the
    /// site go on.
    pub fn attend(&self, atlas: &Atlas, authorities: &Authorities) -> anyhow::Result<()> {
        let Some(consultant) = self.consultant(atlas, authorities)? else { return Ok(()) };
        eprintln!(
            "language model: {} at {}, at most {} questions a day",
            consultant.endpoint().asker().model,
            consultant.endpoint().address(),
            self.model_limit
        );
        tokio::spawn(async move {
            let mut told = None;
            loop {
                let report = match consultant.pass(&Wanted::default(), &|_| {}).await {
                    Ok(report) => report,
                    Err(error) => {
                        eprintln!("language model: nothing could be asked: {error}");
                        consult::Report::default()
                    }
                };
                if report.asked() > 0 {
                    eprintln!(
                        "language model: {} answers, {} that cannot be used, {} failures",
                        report.answered, report.refused, report.failed
                    );
                }
                // An outage is told once, not every hour that it lasts.
                if report.stopped != told {
                    if let Some(stop) = &report.stopped {
                        eprintln!("language model: {stop}");
                    }
                    told.clone_from(&report.stopped);
                }
                tokio::time::sleep(consultant.pause(&report)).await;
            }
        });
        Ok(())
    }
}
