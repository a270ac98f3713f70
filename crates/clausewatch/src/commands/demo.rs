//! `clausewatch demo`: everything over an invented world.
use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, RwLock};

use anyhow::Context;
use atlas::Atlas;
use provisions::Reader;
use tokio::net::TcpListener;

use crate::commands::serve::{self, Shown};
use crate::instance::{Place, now_ms};
use crate::paint;

/// See everything at once, offline: a dozen invented platforms, tracked over HTTP on this machine
///
/// Nothing is fetched from outside and nothing is kept: the record lies in a temporary folder that goes when the command ends.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Address of the site [default: 127.0.0.1:8080, or the next port that is free]
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// Track the invented world, print what was found, and end without serving the site
    #[arg(long)]
    once: bool,
}

/// Serves the world, tracks it from its first day to today, then serves the site over it.
pub async fn run(_place: &Place, args: Args) -> crate::Answer {
    let interruption = serve::Interruption::listen()?;
    // The site's port is taken first: who cannot have it should not wait for the tour.
    let site = if args.once { None } else { Some(listener(args.listen).await?) };
    let folder =
        tempfile::Builder::new().prefix("clausewatch-demo-").tempdir().context("no temporary folder can be made")?;
    // A demonstration leaves nothing behind: the place of a real instance, its database above all, is not its own.
    let place = Place { data: folder.path().into(), database_url: None, accounts_key: None };
    let atlas = place.open().await?;
    let toured = tokio::select! {
        toured = tour(&atlas) => Some(toured?),
        () = interruption.clone().comes() => None,
    };
    if toured.is_none() {
        return Ok(false);
    }
    match site {
        Some(site) => {
            let shown = Shown { note: "the invented world of the demonstration", ..Shown::default() };
            serve::listening(atlas, site, shown, Arc::new(now_ms), interruption).await
        }
        None => Ok(true),
    }
}

/// The port asked for, or else the first free one of ten.
async fn listener(asked: Option<SocketAddr>) -> anyhow::Result<TcpListener> {
    if let Some(listen) = asked {
        return serve::bound(listen).await;
    }
    for port in 8080..8090 {
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)).await {
            return Ok(listener);
        }
    }
    anyhow::bail!("the ports 8080 to 8089 are taken; choose an address with --listen")
}

/// Tracks the world over HTTP and says what was found.
async fn tour(atlas: &Atlas) -> anyhow::Result<()> {
    let world = Arc::new(demo::World::load()?);
    let date = Arc::new(RwLock::new(String::new()));
    let listener = TcpListener::bind("127.0.0.1:0").await.context("no port can be opened on 127.0.0.1")?;
    let port = listener.local_addr()?.port();
    let server = tokio::spawn(demo::serve(listener, Arc::clone(&world), Arc::clone(&date)));
    let bar = paint::progress("tracking the invented world");
    let moves = |done: usize, all: usize| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    };
    atlas.bulk(true).await?;
    let tour = demo::tour(atlas, Reader::embedded(), &world, port, &date, now_ms(), &moves).await?;
    server.abort();
    atlas.index_pending().await?;
    atlas.bulk(false).await?;
    bar.finish_and_clear();
    let counts = atlas.counts().await?;
    writeln!(
        std::io::stdout(),
        "{} invented platforms, {} documents, {} versions, {} provisions ({} checks over HTTP, {} versions found)",
        counts.platforms,
        counts.documents,
        counts.versions,
        counts.provisions,
        tour.checks,
        tour.versions
    )?;
    Ok(())
}
