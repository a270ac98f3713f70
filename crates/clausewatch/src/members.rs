//! Accounts of a public instance: the flag that turns them on, what that needs, and sending the mail about them.
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use accounts::{Accounts, Breached, Cost, Post, Required, Settings};
use anyhow::{Context, ensure};
use atlas::Atlas;
use fetch::Authorities;

use crate::alerting::Alerting;
use crate::instance::{now_ms, secret};
use crate::paint::plain;

/// Between two looks for mail about accounts: somebody waits for it.
const PAUSE: Duration = Duration::from_secs(1);
/// Between two looks after a failure of the store.
const REST: Duration = Duration::from_secs(30);
/// Looks between two times at which what is over is cleared away: about an hour.
const SWEEP: u32 = 3600;

/// Accounts for a site that others use; without them, who sits at this machine is the owner
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Accounts")]
pub struct Members {
    /// Let visitors sign up; needs --public-url, --mail-server and --mail-from. Make the first operator with `clausewatch admin`
    #[arg(long, env = "CLAUSEWATCH_ACCOUNTS")]
    accounts: bool,
    /// Refuse new passwords that are in this list of known ones: lines of SHA-1 and count in the order of the hashes, as Have I Been Pwned
    /// offers them for download
    #[arg(long, value_name = "FILE", env = "CLAUSEWATCH_BREACHED_PASSWORDS")]
    breached_passwords: Option<PathBuf>,
    /// Of whom a second factor is required, an app for codes or a passkey: who has none sets one up before they do anything else
    #[arg(long, value_name = "WHOM", value_enum, default_value_t, env = "CLAUSEWATCH_REQUIRE_SECOND_FACTOR")]
    require_second_factor: Whom,
}

/// Of whom something is required.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Whom {
    /// Who wants one has one
    #[default]
    Nobody,
    /// Those who operate the site
    Operators,
    /// Everybody
    Everybody,
}

impl From<Whom> for Required {
    fn from(whom: Whom) -> Required {
        match whom {
            Whom::Nobody => Required::OfNobody,
            Whom::Operators => Required::OfOperators,
            Whom::Everybody => Required::OfEverybody,
        }
    }
}

impl Members {
    /// The accounts of a site that listens at an address, if they are turned on, with their mail on its way in a task of its own.
    pub fn open(
        &self,
        atlas: &Atlas,
        alerting: &Alerting,
        authorities: &Authorities,
        listen: SocketAddr,
    ) -> anyhow::Result<Option<Accounts>> {
        if !self.accounts {
            return Ok(None);
        }
        reachable(&alerting.public_url, listen)?;
        let mailer = alerting.mailer(authorities)?.context(
            "accounts send mail: name the mail server with --mail-server or CLAUSEWATCH_MAIL_SERVER, and the sender with --mail-from",
        )?;
        let breached = self
            .breached_passwords
            .as_deref()
            .map(|path| Breached::open(path).with_context(|| path.display().to_string()));
        let accounts = opened(atlas, &alerting.public_url, breached.transpose()?, self.require_second_factor.into())?;
        let post = Post::new(accounts.clone(), mailer);
        tokio::spawn(async move { attend(&post).await });
        Ok(Some(accounts))
    }
}

/// Accounts over a store.
pub fn opened(
    atlas: &Atlas,
    public_url: &str,
    breached: Option<Breached>,
    required: Required,
) -> anyhow::Result<Accounts> {
    let base_url = public_url.trim_end_matches('/').to_string();
    let (site, key, breached) = ("Clausewatch".into(), atlas.key_of_links(), breached.map(Arc::new));
    let settings = Settings { site, base_url, key, cost: Cost::default(), breached, required };
    Ok(Accounts::new(atlas.clone(), settings, Arc::new(now_ms), Arc::new(secret))?)
}

/// Passwords and sessions travel over TLS, or stay on this machine. Links in mails lead to the public address, so it has to be given.
fn reachable(public_url: &str, listen: SocketAddr) -> anyhow::Result<()> {
    let here = format!("http://{listen}");
    let named = format!("http://localhost:{}", listen.port());
    let local = listen.ip().is_loopback() && [here.as_str(), &named].contains(&public_url.trim_end_matches('/'));
    ensure!(
        public_url.starts_with("https://") || local,
        "accounts need the address under which people reach this site, over TLS: --public-url https://… or CLAUSEWATCH_PUBLIC_URL \
         ({public_url} is not it; for a trial on this machine give --public-url {here})"
    );
    Ok(())
}

/// Sends mail about accounts for ever. Trouble with the mail server is told once, not every time.
async fn attend(post: &Post) {
    let mut told = false;
    for look in 0_u32.. {
        let done = async {
            if look % SWEEP == 0 {
                post.sweep().await?;
            }
            post.round().await
        };
        let pause = match done.await {
            Ok((_, Some(trouble))) => {
                if !told {
                    eprintln!("accounts: mail waits: {}", plain(&trouble));
                }
                told = true;
                PAUSE
            }
            Ok((sent, None)) => {
                told &= sent == 0;
                PAUSE
            }
            Err(error) => {
                eprintln!("accounts: {error}");
                REST
            }
        };
        tokio::time::sleep(pause).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_reached_over_tls_or_from_this_machine() {
        let listen: SocketAddr = "127.0.0.1:8080".parse().unwrap();
        for url in ["https://terms.example", "http://127.0.0.1:8080", "http://127.0.0.1:8080/"] {
            assert!(reachable(url, listen).is_ok(), "{url}");
        }
        for (url, listen) in [
            ("http://terms.example", listen),
            ("http://127.0.0.1:8080", "0.0.0.0:8080".parse().unwrap()),
            ("http://127.0.0.1:8080", "127.0.0.1:9090".parse().unwrap()),
            ("terms.example", listen),
        ] {
            assert!(reachable(url, listen).is_err(), "{url} at {listen}");
        }
    }
}
