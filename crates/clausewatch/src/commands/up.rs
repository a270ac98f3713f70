//! `clausewatch up`: everything in one process.
use std::net::SocketAddr;

use crate::alerting::Alerting;
use crate::commands::{serve, work};
use crate::instance::Place;
use crate::members::Members;
use crate::model::Model;

/// Track your catalog, serve the site and tell who watches, in one process
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Address of the site; only this machine can reach the default
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    #[command(flatten)]
    plans: serve::PlansFile,
    #[command(flatten)]
    sources: work::Sources,
    #[command(flatten)]
    members: Members,
    #[command(flatten)]
    alerting: Alerting,
    #[command(flatten)]
    model: Model,
}

/// Serves and tracks until interrupted.
pub async fn run(place: &Place, args: Args) -> crate::Answer {
    let atlas = place.open().await?;
    let platforms = args.sources.register(&atlas).await?;
    println!("{platforms} platforms in {}", args.sources.catalog.display());
    let offer = args.plans.read()?;
    let fetcher = args.sources.fetcher()?;
    args.alerting.attend(&atlas, &args.sources.allowed)?;
    args.model.attend(&atlas)?;
    tokio::select! {
        done = work::forever(&atlas, &fetcher) => done,
        done = serve::site(atlas.clone(), args.listen, &args.members, &args.alerting, offer) => done,
    }
}
