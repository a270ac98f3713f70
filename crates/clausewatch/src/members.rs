//! Accounts of a public instance: the flag that turns them on, what that needs, and sending the mail about them.
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use accounts::{Accounts, Cost, Post, Settings};
use anyhow::{Context, bail, ensure};
use atlas::Atlas;
use fetch::Authorities;

use crate::alerting::{Alerting, Secret};
use crate::instance::{Place, now_ms, secret};

/// Between two looks for mail about accounts: somebody waits for it.
const PAUSE: Duration = Duration::from_secs(1);
/// Between two looks after a failure of the store.
const REST: Duration = Duration::from_secs(30);
/// Looks between two times at which what is over is cleared away: about an hour.
const SWEEP: u32 = 3600;
/// The file of the key that makes links in mails, in the data folder.
const KEY_FILE: &str = "accounts.key";

/// Accounts for a site that others use; without them, who sits at this machine is the owner
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Accounts")]
pub struct Members {
    /// Let visitors sign up; needs --public-url, --mail-server and --mail-from. Make the first operator with `clausewatch admin`
    #[arg(long, env = "CLAUSEWATCH_ACCOUNTS")]
    accounts: bool,
    /// The key that makes links in mails, 64 hexadecimal digits; for several machines that share a database. Else it is kept in the data
    /// folder
    #[arg(long, value_name = "KEY", env = "CLAUSEWATCH_ACCOUNTS_KEY", hide_env_values = true, value_parser = crate::alerting::secret)]
    accounts_key: Option<Secret>,
}

impl Members {
    /// The accounts of a site that listens at an address, if they are turned on, with their mail on its way in a task of its own.
    pub fn open(
        &self,
        place: &Place,
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
        let accounts = opened(atlas, &alerting.public_url, self.key(place)?)?;
        let post = Post::new(accounts.clone(), mailer);
        tokio::spawn(async move { attend(&post).await });
        Ok(Some(accounts))
    }

    fn key(&self, place: &Place) -> anyhow::Result<[u8; 32]> {
        match &self.accounts_key {
            Some(key) => read_key(key.text()).context("--accounts-key, or CLAUSEWATCH_ACCOUNTS_KEY"),
            None => kept_key(&place.data),
        }
    }
}

/// Accounts over a store.
pub fn opened(atlas: &Atlas, public_url: &str, key: [u8; 32]) -> anyhow::Result<Accounts> {
    let base_url = public_url.trim_end_matches('/').to_string();
    let settings = Settings { site: "Clausewatch".into(), base_url, key, cost: Cost::default() };
    Ok(Accounts::new(atlas.clone(), settings, Arc::new(now_ms), Arc::new(secret))?)
}

/// Passwords and sessions travel over TLS, or stay on this machine. Links in mails lead to the public address, so it has to be given.
fn reachable(public_url: &str, listen: SocketAddr) -> anyhow::Result<()> {
    let here = format!("http://{listen}");
    let local = listen.ip().is_loopback() && public_url.trim_end_matches('/') == here;
    ensure!(
        public_url.starts_with("https://") || local,
        "accounts need the address under which people reach this site, over TLS: --public-url https://… or CLAUSEWATCH_PUBLIC_URL \
         ({public_url} is not it; for a trial on this machine give --public-url {here})"
    );
    Ok(())
}

fn read_key(text: &str) -> anyhow::Result<[u8; 32]> {
    let text = text.trim();
    let digits = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    ensure!(digits, "a key has 64 hexadecimal digits; `openssl rand -hex 32` makes one");
    let mut key = [0; 32];
    for (at, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16)?;
    }
    Ok(key)
}

/// The key in the data folder; made the first time, for nobody's eyes but ours.
fn kept_key(data: &Path) -> anyhow::Result<[u8; 32]> {
    let file = data.join(KEY_FILE);
    let mut options = std::fs::OpenOptions::new();
    match options.write(true).create_new(true).mode(0o600).open(&file) {
        Ok(mut opened) => {
            let key = secret();
            let text: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
            opened.write_all(text.as_bytes()).with_context(|| format!("{} cannot be written", file.display()))?;
            opened.sync_all()?;
            Ok(key)
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let text = std::fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
            read_key(&text).with_context(|| format!("{}", file.display()))
        }
        Err(error) => bail!("{}: {error}", file.display()),
    }
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
                    eprintln!("accounts: mail waits: {trouble}");
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

    #[test]
    fn the_key_is_made_once_and_for_us_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let key = kept_key(folder.path()).unwrap();
        assert_eq!(key, kept_key(folder.path()).unwrap());
        let file = folder.path().join(KEY_FILE);
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(&file, "damaged").unwrap();
        assert!(kept_key(folder.path()).is_err());
    }
}
