//! `clausewatch demo`: everything over an invented world.
use std::net::SocketAddr;
use std::sync::{Arc, RwLock};

use anyhow::Context;
use provisions::Reader;
use tokio::net::TcpListener;

use crate::instance::{Place, now_ms};
use crate::{commands::serve, paint};

/// See everything at once, offline: a dozen invented platforms, tracked over HTTP on this machine
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Address of the site
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Track the invented world, print what was found, and end without serving the site
    #[arg(long)]
    once: bool,
}

/// Serves the world, tracks it from its first day to today, then serves the site over it.
pub async fn run(place: &Place, args: Args) -> crate::Answer {
    // A demonstration leaves nothing behind; --database-url or CLAUSEWATCH_DATA are for real instances.
    let folder =
        tempfile::Builder::new().prefix("clausewatch-demo-").tempdir().context("no temporary folder can be made")?;
    let place = Place { data: folder.path().into(), ..place.clone() };
    let atlas = place.open().await?;
    let world = Arc::new(demo::World::load()?);
    let first = world.dates().first().copied().unwrap_or_default().to_string();
    let date = Arc::new(RwLock::new(first));
    let listener = TcpListener::bind("127.0.0.1:0").await.context("no port can be opened on 127.0.0.1")?;
    let port = listener.local_addr()?.port();
    tokio::spawn(demo::serve(listener, Arc::clone(&world), Arc::clone(&date)));
    let bar = paint::progress("tracking the invented world");
    let moves = |done: usize, all: usize| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    };
    atlas.bulk(true).await?;
    let tour = demo::tour(&atlas, Reader::embedded(), &world, port, &date, &moves).await?;
    atlas.index_pending().await?;
    atlas.bulk(false).await?;
    bar.finish_and_clear();
    let counts = atlas.counts().await?;
    println!(
        "{} invented platforms, {} documents, {} versions, {} provisions ({} checks over HTTP, {} versions found)",
        counts.platforms, counts.documents, counts.versions, counts.provisions, tour.checks, tour.versions
    );
    if args.once {
        return Ok(true);
    }
    serve::site(atlas, args.listen, "the invented world of the demonstration", Arc::new(now_ms)).await
}
