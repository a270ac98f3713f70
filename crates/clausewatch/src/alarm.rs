//! Telling the operator that many checks fail, and that they no longer do: in a line of the log, and by mail to whom they named.
use alerts::{Foot, Handed, Letter, Mailer};
use anyhow::Context;
use atlas::health::{Checks, RECENT_HOURS};
use atlas::{Atlas, AtlasError};
use fetch::Authorities;

use crate::alerting::Alerting;
use crate::instance::now_ms;
use crate::paint::plain;

/// Who operates the instance.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Alerts")]
pub struct Operator {
    /// Who operates this instance, and is told by mail when many checks fail and when they no longer do
    #[arg(long, value_name = "ADDRESS", env = "CLAUSEWATCH_OPERATOR_MAIL")]
    operator_mail: Option<String>,
}

/// Between two attempts to hand over a mail: what keeps checks from succeeding may keep it here, too.
const AGAIN_MS: i64 = 5 * 60 * 1000;

/// Says once that many checks fail, and once that they do not any more. While many fail, the single ones are not worth a line.
#[derive(Default)]
pub struct Alarm {
    on: bool,
    post: Option<Post>,
}

/// Who is told by mail.
struct Post {
    mailer: Mailer,
    to: String,
    /// The status page.
    status: String,
    /// When the next attempt may be made.
    again_ms: i64,
}

impl Alarm {
    /// An alarm as the flags say. Connects to nothing yet.
    pub fn new(operator: &Operator, alerting: &Alerting, authorities: &Authorities) -> anyhow::Result<Alarm> {
        let Some(to) = operator.operator_mail.as_deref().filter(|to| !to.trim().is_empty()) else {
            return Ok(Alarm::default());
        };
        let to = alerts::address(to).context("--operator-mail")?;
        let mailer = alerting.mailer(authorities)?;
        let mailer = mailer.context("say which server sends mail to --operator-mail, with --mail-server")?;
        Ok(Alarm { on: false, post: Some(Post { mailer, to, status: alerting.links().status(), again_ms: 0 }) })
    }

    /// Whether many checks fail, as far as was heard.
    pub fn is_on(&self) -> bool {
        self.on
    }

    /// Tells the operator what is new, now that checks went like this lately. A mail that no server takes is tried again at a later call.
    pub async fn hear(&mut self, atlas: &Atlas, recent: &Checks) -> Result<(), AtlasError> {
        if let Some(line) = self.news(recent) {
            eprintln!("clausewatch: {line}");
        }
        match &mut self.post {
            Some(post) => post.tell(atlas, recent).await,
            None => Ok(()),
        }
    }

    /// What to write into the log.
    fn news(&mut self, recent: &Checks) -> Option<String> {
        if recent.many_fail() == self.on {
            return None;
        }
        self.on = !self.on;
        Some(if self.on {
            format!("{}; `clausewatch doctor --quick` lists the documents", many_fail(recent))
        } else {
            "most checks succeed again".into()
        })
    }
}

impl Post {
    /// What was told last is kept in the store: a process that starts while many checks fail does not tell it again.
    async fn tell(&mut self, atlas: &Atlas, recent: &Checks) -> Result<(), AtlasError> {
        let (fail, now) = (recent.many_fail(), now_ms());
        if now < self.again_ms || atlas.told_of_failing().await? == fail {
            return Ok(());
        }
        let letter = letter(recent);
        let foot = Foot { action: Some(("See how tracking goes".into(), self.status.clone())), ..Foot::default() };
        match self.mailer.send_letter(&self.to, &format!("checks-{now}"), &letter, &foot, now).await {
            Handed::Over => atlas.set_told_of_failing(fail).await,
            Handed::Never { reason, .. } => {
                eprintln!("clausewatch: the operator cannot be told at {}: {}", self.to, plain(&reason));
                atlas.set_told_of_failing(fail).await
            }
            Handed::Later(reason) | Handed::NoServer(reason) => {
                eprintln!("clausewatch: the operator is told later, because mail cannot be sent: {}", plain(&reason));
                self.again_ms = now + AGAIN_MS;
                Ok(())
            }
        }
    }
}

fn letter(recent: &Checks) -> Letter {
    let (subject, lead) = match recent.many_fail() {
        true => ("Many checks of documents fail".to_string(), format!("{}.", many_fail(recent))),
        false => (
            "Most checks of documents succeed again".into(),
            format!("Of {} checks of the last {RECENT_HOURS} hours, {} failed.", recent.all(), recent.failed),
        ),
    };
    Letter { subject, lead, parts: Vec::new() }
}

/// That many checks fail, in words.
pub fn many_fail(recent: &Checks) -> String {
    format!(
        "{} of {} checks of the last {RECENT_HOURS} hours failed; where so many fail, the cause is often on this side: look at this \
         machine's network, name resolution and clock",
        recent.failed,
        recent.all()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_failures_are_one_warning() {
        let checks = |unchanged, failed| Checks { changed: 0, unchanged, failed };
        let mut alarm = Alarm::default();
        assert_eq!(alarm.news(&checks(0, 5)), None, "too few to tell");
        assert_eq!(alarm.news(&checks(80, 20)), None, "a fifth");
        assert!(alarm.news(&checks(79, 21)).unwrap().starts_with("21 of 100 checks of the last 6 hours failed"));
        assert!(alarm.is_on());
        assert_eq!(alarm.news(&checks(60, 40)), None, "it was said");
        assert_eq!(alarm.news(&checks(90, 10)).as_deref(), Some("most checks succeed again"));
        assert!(!alarm.is_on());
    }
}
