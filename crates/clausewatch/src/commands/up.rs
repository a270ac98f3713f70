//! `clausewatch up`: everything in one process.
use std::net::SocketAddr;
use std::sync::Arc;

use crate::adding::Adder;
use crate::alarm::{Alarm, Operator};
use crate::alerting::Alerting;
use crate::commands::serve::{self, Means};
use crate::commands::work;
use crate::instance::Place;
use crate::members::Members;
use crate::model::Model;
use crate::witnessing::Witnessing;

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
    rendering: work::Rendering,
    #[command(flatten)]
    members: Members,
    #[command(flatten)]
    alerting: Alerting,
    #[command(flatten)]
    operator: Operator,
    #[command(flatten)]
    model: Model,
    #[command(flatten)]
    witnessing: Witnessing,
}

/// Serves and tracks until interrupted.
pub async fn run(place: &Place, args: Args) -> crate::Answer {
    let outbound = args.sources.network.outbound()?;
    let atlas = place.open().await?;
    let platforms = args.sources.register(&atlas).await?;
    println!("{platforms} platforms in {}", args.sources.catalog.display());
    let offer = args.plans.read(&outbound)?;
    let fetcher = Arc::new(args.sources.fetcher(&args.rendering, &outbound)?);
    let alarm = Alarm::new(&args.operator, &args.alerting, &outbound.authorities)?;
    args.alerting.attend(&atlas, &args.sources.allowed, &outbound)?;
    args.model.attend(&atlas, &outbound.authorities)?;
    args.witnessing.attend(&atlas, &args.sources, &outbound)?;
    let adder = Adder::new(atlas.clone(), Arc::clone(&fetcher), args.sources.catalog.clone());
    let means = Means { offer, outbound, adding: Some(Arc::new(adder)) };
    tokio::select! {
        done = work::forever(&atlas, &fetcher, alarm) => done,
        done = serve::site(atlas.clone(), args.listen, &args.members, &args.alerting, means) => done,
    }
}
