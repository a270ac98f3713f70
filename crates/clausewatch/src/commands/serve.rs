//! `clausewatch serve`: the web side.
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use atlas::Atlas;
use tokio::net::TcpListener;

use crate::instance::{Place, now_ms};

/// Serve the site and its API; tracking is another process (`work`)
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Address to listen on; only this machine can reach the default
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
}

/// Serves until interrupted.
pub async fn run(place: &Place, args: Args) -> crate::Answer {
    let atlas = place.open().await?;
    site(atlas, args.listen, "", Arc::new(now_ms)).await
}

/// Serves the site of an atlas until interrupted. `note` is shown in the footer.
pub async fn site(atlas: Atlas, listen: SocketAddr, note: &str, now: web::Clock) -> crate::Answer {
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("{listen} cannot be listened on; choose another address with --listen"))?;
    let base_url = format!("http://{}", listener.local_addr()?);
    println!("open {base_url}/");
    let config = web::SiteConfig { name: "Clausewatch".into(), base_url, note: note.into() };
    let router = web::router(web::Site::new(atlas, config, now).reading(crate::desk::reader()?));
    axum::serve(listener, router).with_graceful_shutdown(interrupted()).await?;
    Ok(true)
}

/// Ends when the process is asked to: Ctrl-C or SIGTERM.
pub async fn interrupted() {
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}
