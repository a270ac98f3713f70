//! `clausewatch serve`: the web side.
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use atlas::Atlas;
use tokio::net::TcpListener;

use crate::instance::{Place, now_ms};

/// What requests under way have when the site is asked to end.
const MOMENT: Duration = Duration::from_secs(2);

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
    let listener = bound(listen).await?;
    listening(atlas, listener, note, now).await
}

/// A listener on an address. A port that is taken is an error: a site that moves by itself would not be found.
pub async fn bound(listen: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(listen)
        .await
        .with_context(|| format!("{listen} cannot be listened on; choose another address with --listen"))
}

/// Serves the site on a listener until interrupted; requests under way then have a moment to end.
pub async fn listening(atlas: Atlas, listener: TcpListener, note: &str, now: web::Clock) -> crate::Answer {
    let base_url = format!("http://{}", listener.local_addr()?);
    // Whoever closed our output may still want the site.
    let _ = writeln!(std::io::stdout(), "open {base_url}/");
    let config = web::SiteConfig { name: "Clausewatch".into(), base_url, note: note.into() };
    let router = web::router(web::Site::new(atlas, config, now).reading(crate::desk::reader()?));
    let (told, mut telling) = tokio::sync::watch::channel(());
    let ending = async move {
        interrupted().await;
        drop(told);
    };
    let late = async {
        // Ends when the sender is dropped.
        let _ = telling.changed().await;
        tokio::time::sleep(MOMENT).await;
    };
    tokio::select! {
        served = axum::serve(listener, router).with_graceful_shutdown(ending) => served?,
        () = late => {}
    }
    Ok(true)
}

/// Ends when the process is asked to: Ctrl-C, SIGTERM, or the terminal is closed.
pub async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let asked = |kind: SignalKind| async move {
        match signal(kind) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = asked(SignalKind::interrupt()) => {}
        () = asked(SignalKind::terminate()) => {}
        () = asked(SignalKind::hangup()) => {}
    }
}
