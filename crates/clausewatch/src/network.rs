//! How the web is reached: through the operator's proxy, with authorities of their own. The flags of every verb that reaches it.
use std::path::PathBuf;

use anyhow::Context;
use fetch::{Authorities, Outbound, Proxy};

use crate::alerting::{Secret, secret};

/// How the web is reached; without, straight, and HTTP_PROXY and the like are passed over
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Network")]
pub struct Network {
    /// HTTP proxy that all requests go through, http://HOST:PORT; with NAME:PASSWORD@ before the host better in the environment or in a file
    #[arg(long, value_name = "URL", env = "CLAUSEWATCH_PROXY", hide_env_values = true, value_parser = secret)]
    proxy: Option<Secret>,
    /// File that holds the proxy's address
    #[arg(long, value_name = "FILE", env = "CLAUSEWATCH_PROXY_FILE", conflicts_with = "proxy")]
    proxy_file: Option<PathBuf>,
    /// Leave names to the proxy, where this machine cannot resolve them: the proxy then has to keep requests out of private networks
    #[arg(long, env = "CLAUSEWATCH_PROXY_RESOLVES_NAMES")]
    proxy_resolves_names: bool,
    #[command(flatten)]
    trust: Trust,
}

/// Whose certificates are trusted.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Trust {
    /// Certificates of authorities to trust beside those of the system (PEM, one or several in a file); can be given again
    #[arg(long = "ca-file", value_name = "FILE", env = "CLAUSEWATCH_CA_FILE")]
    ca_files: Vec<PathBuf>,
}

impl Network {
    /// What the flags come to. An error names the file that cannot be used, and repeats no password.
    pub fn outbound(&self) -> anyhow::Result<Outbound> {
        let address = match (&self.proxy, &self.proxy_file) {
            (Some(address), _) => Some(address.text().to_owned()),
            (None, Some(path)) => {
                Some(std::fs::read_to_string(path).with_context(|| format!("{}: no proxy's address", path.display()))?)
            }
            (None, None) => None,
        };
        // Empty means none, so that a variable can be unset by a service's file.
        let proxy = match address.as_deref().map(str::trim).filter(|address| !address.is_empty()) {
            Some(address) => {
                let proxy = Proxy::new(address, self.proxy_resolves_names);
                Some(match &self.proxy_file {
                    Some(path) => proxy.with_context(|| path.display().to_string())?,
                    None => proxy?,
                })
            }
            None => {
                let idle = self.proxy_resolves_names;
                anyhow::ensure!(
                    !idle,
                    "--proxy-resolves-names needs a proxy: name it with --proxy or CLAUSEWATCH_PROXY"
                );
                None
            }
        };
        Ok(Outbound { proxy, authorities: self.trust.authorities()? })
    }
}

impl Trust {
    /// The authorities. An error names the file that cannot be used.
    pub fn authorities(&self) -> anyhow::Result<Authorities> {
        let mut authorities = Authorities::default();
        for path in &self.ca_files {
            authorities.add_file(path)?;
        }
        Ok(authorities)
    }
}
