//! Telling and delivering in the background of what tracks, with the flags of the mail server.
use std::sync::Arc;
use std::time::Duration;

use alerts::{Delivery, Links, MailServer, Mailer, Teller};
use anyhow::Context;
use atlas::Atlas;
use fetch::{Authorities, Outbound};

use crate::instance::now_ms;
use crate::paint::{counted, plain};

/// Between two looks for something to tell or to send.
const PAUSE: Duration = Duration::from_secs(10);
/// Between two looks after a failure of the store.
const REST: Duration = Duration::from_secs(60);
/// How long a receiver of webhooks has to answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// How persons are told of changes; without a mail server, mail waits
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Alerts")]
pub struct Alerting {
    /// Address of the site in messages, as those who get them reach it
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "CLAUSEWATCH_PUBLIC_URL",
        default_value = "http://127.0.0.1:8080"
    )]
    pub public_url: String,
    /// smtps://HOST for TLS, smtp://HOST for STARTTLS (no TLS on this machine), with :PORT where it is not the usual one
    #[arg(long, global = true, value_name = "URL", env = "CLAUSEWATCH_MAIL_SERVER")]
    pub mail_server: Option<String>,
    /// User name at the mail server
    #[arg(long, global = true, value_name = "NAME", env = "CLAUSEWATCH_MAIL_USER")]
    pub mail_user: Option<String>,
    /// Their password; better in the environment, since others on this machine can see flags
    #[arg(long, global = true, value_name = "PASSWORD", env = "CLAUSEWATCH_MAIL_PASSWORD", hide_env_values = true, value_parser = secret)]
    pub mail_password: Option<Secret>,
    /// Sender of all mail, for example "Clausewatch <alerts@example.org>"
    #[arg(long, global = true, value_name = "ADDRESS", env = "CLAUSEWATCH_MAIL_FROM")]
    pub mail_from: Option<String>,
    /// Where mail comes back to that cannot be delivered, for example bounces@example.org, which has to get what is sent to
    /// bounces+ANYTHING@example.org too; `clausewatch returned-mail` takes it
    #[arg(long, global = true, value_name = "ADDRESS", env = "CLAUSEWATCH_MAIL_RETURN")]
    pub mail_return: Option<String>,
}

/// A password that no error and no log shows.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// The password itself.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// Reads a password from a flag or the environment.
#[expect(clippy::unnecessary_wraps, reason = "clap wants a parser that can fail")]
pub fn secret(text: &str) -> Result<Secret, std::convert::Infallible> {
    Ok(Secret(text.to_string()))
}

impl Alerting {
    /// Links of messages.
    pub fn links(&self) -> Links {
        Links::below(&self.public_url)
    }

    /// Who hands mail to the server; none if no server is given.
    pub fn mailer(&self, authorities: &Authorities) -> anyhow::Result<Option<Mailer>> {
        let Some(url) = self.mail_server.as_deref().filter(|url| !url.trim().is_empty()) else { return Ok(None) };
        let from =
            self.mail_from.clone().context("say who sends mail too, with --mail-from or CLAUSEWATCH_MAIL_FROM")?;
        let password = self.mail_password.as_ref().map(|secret| secret.text().to_owned());
        let (user, authorities) = (self.mail_user.clone(), authorities.clone());
        let returns = self.mail_return.clone().filter(|address| !address.trim().is_empty());
        let server = MailServer { url: url.into(), user, password, from, returns, authorities };
        Ok(Some(Mailer::new(&server)?))
    }

    /// Who sends what is to be sent. Webhooks reach the public internet and the `allowed` networks.
    pub fn delivery(&self, atlas: &Atlas, allowed: &[fetch::IpNet], outbound: &Outbound) -> anyhow::Result<Delivery> {
        let (mailer, poster) = (self.mailer(&outbound.authorities)?, poster(allowed, outbound)?);
        Ok(Delivery::new(atlas.clone(), Arc::new(now_ms), self.links(), mailer, poster))
    }

    /// Tells and delivers, in a task of its own: whatever becomes of it, tracking and the site go on.
    pub fn attend(&self, atlas: &Atlas, allowed: &[fetch::IpNet], outbound: &Outbound) -> anyhow::Result<()> {
        let delivery = self.delivery(atlas, allowed, outbound)?;
        let teller = Teller::new(atlas.clone(), Arc::new(now_ms));
        tokio::spawn(async move {
            let mut held_up = None;
            loop {
                let pause = match round(&teller, &delivery, &mut held_up).await {
                    Ok(()) => PAUSE,
                    Err(error) => {
                        eprintln!("alerts: {error}");
                        REST
                    }
                };
                tokio::time::sleep(pause).await;
            }
        });
        Ok(())
    }
}

/// Tells and delivers what is due now, and says what was done. An outage of the mail server is told once, not every time.
async fn round(teller: &Teller, delivery: &Delivery, held_up: &mut Option<String>) -> Result<(), atlas::AtlasError> {
    let told = teller.round().await?;
    for trouble in &told.troubles {
        eprintln!("alerts: nobody is told of this change: {}", plain(trouble));
    }
    if told.stories > 0 {
        let stories = counted(told.stories, "change of a document", "changes of documents");
        eprintln!("alerts: {stories} told over {}", counted(told.told, "channel", "channels"));
    }
    let delivered = delivery.round().await?;
    if delivered.sent + delivered.failed + delivered.dead > 0 {
        let sent = counted(delivered.sent, "message", "messages");
        eprintln!("alerts: {sent} sent, {} to be tried again, {} given up", delivered.failed, delivered.dead);
    }
    match delivered.held_up {
        Some(reason) if held_up.is_none() => {
            eprintln!("alerts: messages wait, because they could not be tried: {}", plain(&reason));
            *held_up = Some(reason);
        }
        Some(_) => {}
        None if delivered.sent > 0 => *held_up = None,
        None => {}
    }
    Ok(())
}

/// Who posts to webhooks.
pub fn poster(allowed: &[fetch::IpNet], outbound: &Outbound) -> anyhow::Result<fetch::Poster> {
    Ok(fetch::Poster::new(fetch::USER_AGENT, PATIENCE, allowed.to_vec(), outbound)?)
}
