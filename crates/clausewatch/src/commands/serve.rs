//! `clausewatch serve`: the web side.
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use accounts::Accounts;
use alerts::payment::{Provider, STRIPE_API, Stripe};
use alerts::plans::Plans;
use anyhow::{Context, bail};
use atlas::Atlas;
use fetch::Outbound;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::alerting::{Alerting, Secret, secret};
use crate::instance::{Place, now_ms, secret as fresh_secret};
use crate::members::Members;
use crate::network::Network;

/// What requests under way have when the site is asked to end.
const MOMENT: Duration = Duration::from_secs(2);

/// Serve the site and its API; tracking is another process (`work`)
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Address to listen on; only this machine can reach the default
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    #[command(flatten)]
    pub members: Members,
    #[command(flatten)]
    pub alerting: Alerting,
    #[command(flatten)]
    pub plans: PlansFile,
    #[command(flatten)]
    pub network: Network,
}

/// What persons may watch.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct PlansFile {
    /// Plans that say what persons may watch (TOML; docs/plans.toml is an example); without, everything is allowed
    #[arg(long, value_name = "FILE", env = "CLAUSEWATCH_PLANS")]
    plans: Option<PathBuf>,
    /// Secret key of the Stripe account through which plans are paid for; better in the environment
    #[arg(long, value_name = "KEY", env = "CLAUSEWATCH_STRIPE_KEY", hide_env_values = true, value_parser = secret)]
    stripe_key: Option<Secret>,
    /// Secret of the webhook at /payments, which Stripe shows when it is added; better in the environment
    #[arg(long, value_name = "SECRET", env = "CLAUSEWATCH_STRIPE_WEBHOOK_SECRET", hide_env_values = true, value_parser = secret)]
    stripe_webhook_secret: Option<Secret>,
}

/// What is sold, and through whom.
#[derive(Default)]
pub struct Offer {
    plans: Plans,
    payment: Option<Provider>,
}

impl PlansFile {
    /// The plans, none if no file is named; and through whom they are paid for, if somebody is.
    pub fn read(&self, outbound: &Outbound) -> anyhow::Result<Offer> {
        let plans = match &self.plans {
            Some(path) => {
                let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
                Plans::read(&text).with_context(|| path.display().to_string())?
            }
            None => Plans::default(),
        };
        let payment = match (given(self.stripe_key.as_ref()), given(self.stripe_webhook_secret.as_ref())) {
            (Some(key), Some(webhook_secret)) => {
                let (api, poster) = (STRIPE_API.into(), crate::alerting::poster(&[], outbound)?);
                Some(Provider::Stripe(Stripe { key, webhook_secret, api, poster }))
            }
            (None, None) => None,
            (Some(_), None) => bail!(
                "there is a key of Stripe but no secret of its webhook, without which no payment can be believed; set CLAUSEWATCH_STRIPE_WEBHOOK_SECRET too"
            ),
            (None, Some(_)) => bail!(
                "there is a secret of Stripe's webhook but no key, without which no checkout can begin; set CLAUSEWATCH_STRIPE_KEY too"
            ),
        };
        Ok(Offer { plans, payment })
    }
}

/// What a secret says, if it says anything: a variable that is set to nothing is a secret that everybody knows.
fn given(secret: Option<&Secret>) -> Option<String> {
    secret.map(|secret| secret.text().trim().to_owned()).filter(|text| !text.is_empty())
}

/// Serves until interrupted.
pub async fn run(place: &Place, args: Args) -> crate::Answer {
    let outbound = args.network.outbound()?;
    let atlas = place.open().await?;
    let (offer, adding) = (args.plans.read(&outbound)?, None);
    site(atlas, args.listen, &args.members, &args.alerting, Means { offer, outbound, adding }).await
}

/// What a site has beside the record.
#[derive(Default)]
pub struct Means {
    /// What persons may watch.
    pub offer: Offer,
    /// How it reaches the web.
    pub outbound: Outbound,
    /// Who adds documents, where this process tracks.
    pub adding: Option<Arc<dyn web::Adding>>,
}

/// Serves the site of an atlas until interrupted, with accounts if they are turned on.
pub async fn site(
    atlas: Atlas,
    listen: SocketAddr,
    members: &Members,
    alerting: &Alerting,
    means: Means,
) -> crate::Answer {
    let interruption = Interruption::listen()?;
    let listener = bound(listen).await?;
    let accounts = members.open(&atlas, alerting, &means.outbound.authorities, listener.local_addr()?)?;
    let public_url = accounts.is_some().then(|| alerting.public_url.trim_end_matches('/').to_string());
    let shown = Shown { note: "", public_url, accounts, means };
    listening(atlas, listener, shown, Arc::new(now_ms), interruption).await
}

/// What a site shows beside the record.
#[derive(Default)]
pub struct Shown {
    /// A sentence for the footer.
    pub note: &'static str,
    /// The address of the site as people reach it, if that is not where it listens.
    pub public_url: Option<String>,
    /// Accounts, if persons have them.
    pub accounts: Option<Accounts>,
    /// What it has to do it with.
    pub means: Means,
}

/// A listener on an address. A port that is taken is an error: a site that moves by itself would not be found.
pub async fn bound(listen: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(listen)
        .await
        .with_context(|| format!("{listen} cannot be listened on; choose another address with --listen"))
}

/// Serves the site on a listener until interrupted; requests under way then have a moment to end.
pub async fn listening(
    atlas: Atlas,
    listener: TcpListener,
    shown: Shown,
    now: web::Clock,
    interruption: Interruption,
) -> crate::Answer {
    let here = format!("http://{}", listener.local_addr()?);
    // Whoever closed our output may still want the site.
    let _ = writeln!(std::io::stdout(), "open {here}/");
    let base_url = shown.public_url.unwrap_or(here);
    let config = web::SiteConfig { name: "Clausewatch".into(), base_url, note: shown.note.into() };
    let Means { offer, outbound, adding } = shown.means;
    let poster = crate::alerting::poster(&[], &outbound)?;
    let site = web::Site::new(atlas, config, now)
        .reading(crate::desk::reader(&outbound)?)
        .plans(offer.plans)
        .paid_through(offer.payment)
        .adding_by(adding)
        .personal(Arc::new(fresh_secret), poster);
    let site = match shown.accounts {
        Some(accounts) => site.with_accounts(accounts),
        None => site,
    };
    // Who asks is told to the site: without accounts, only whoever sits at this machine has a watchlist.
    let service = web::router(site).into_make_service_with_connect_info::<SocketAddr>();
    let late = async {
        interruption.clone().comes().await;
        tokio::time::sleep(MOMENT).await;
    };
    tokio::select! {
        served = axum::serve(listener, service).with_graceful_shutdown(interruption.clone().comes()) => served?,
        () = late => {}
    }
    Ok(true)
}

/// Whether the process was asked to end: Ctrl-C, SIGTERM, or the terminal was closed. Once a program listens to a signal, one that comes
/// while nobody waits would be lost; this remembers it.
#[derive(Clone)]
pub struct Interruption(tokio::sync::watch::Receiver<bool>);

impl Interruption {
    /// Listens from now on.
    pub fn listen() -> anyhow::Result<Self> {
        let mut interrupt = signal(SignalKind::interrupt()).context("signals cannot be listened to")?;
        let mut terminate = signal(SignalKind::terminate()).context("signals cannot be listened to")?;
        let mut hangup = signal(SignalKind::hangup()).context("signals cannot be listened to")?;
        let (tell, told) = tokio::sync::watch::channel(false);
        tokio::spawn(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hangup.recv() => {}
            }
            // Nobody may be left to be told.
            let _ = tell.send(true);
        });
        Ok(Interruption(told))
    }

    /// Ends when the process was asked to end.
    pub async fn comes(mut self) {
        if self.0.wait_for(|asked| *asked).await.is_err() {
            // The listening task cannot end without telling.
            std::future::pending::<()>().await;
        }
    }
}

/// Ends when the process is asked to: Ctrl-C, SIGTERM, or the terminal is closed.
pub async fn interrupted() {
    match Interruption::listen() {
        Ok(interruption) => interruption.comes().await,
        Err(_) => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(key: Option<&str>, webhook_secret: Option<&str>) -> PlansFile {
        let given = |text: Option<&str>| text.map(|text| secret(text).unwrap());
        PlansFile { plans: None, stripe_key: given(key), stripe_webhook_secret: given(webhook_secret) }
    }

    #[test]
    fn an_empty_secret_is_none() {
        for (key, webhook_secret) in [(None, None), (Some(""), None), (None, Some(" ")), (Some(" "), Some("\n"))] {
            assert!(
                file(key, webhook_secret).read(&Outbound::default()).unwrap().payment.is_none(),
                "{key:?} {webhook_secret:?}"
            );
        }
        let Some(Provider::Stripe(stripe)) =
            file(Some("sk_1\n"), Some(" whsec_1")).read(&Outbound::default()).unwrap().payment
        else {
            panic!("both are given");
        };
        assert_eq!((stripe.key.as_str(), stripe.webhook_secret.as_str()), ("sk_1", "whsec_1"));
        for (key, webhook_secret, wanted) in
            [("sk_1", "", "set CLAUSEWATCH_STRIPE_WEBHOOK_SECRET"), (" ", "whsec_1", "set CLAUSEWATCH_STRIPE_KEY")]
        {
            let refused = file(Some(key), Some(webhook_secret)).read(&Outbound::default()).err().unwrap().to_string();
            assert!(refused.contains(wanted), "{refused}");
        }
    }
}
