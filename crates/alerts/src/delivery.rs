//! Delivering: messages are claimed, sent and settled, many at a time; what fails is tried again for days.
//!
//! A process that is killed leaves what it claimed to others after two minutes; what it had sent but not settled is sent again under the
//! same name. So every message arrives, and a receiver that knows names gets each once.
use std::sync::Arc;

use archive::Sha256Digest;
use archive::instant::{HOUR_MS, MINUTE_MS, SECOND_MS};
use atlas::watching::{ChannelKind, MessageId, Outcome, Outgoing, without_addresses};
use atlas::{Atlas, AtlasError};
use fetch::{Posted, Poster};
use tokio::task::JoinSet;

use crate::letter::Letter;
use crate::links::Links;
use crate::mail::{self, Handed, Mailer};
use crate::rest::Rest;
use crate::teller::Clock;
use crate::webhook::{payload, signature};

/// Waits after each failed attempt, about three days in all, as Standard Webhooks suggests; after the last one the message is dead.
pub const WAITS_MS: [i64; 9] = [
    5 * SECOND_MS,
    5 * MINUTE_MS,
    30 * MINUTE_MS,
    2 * HOUR_MS,
    5 * HOUR_MS,
    10 * HOUR_MS,
    14 * HOUR_MS,
    20 * HOUR_MS,
    24 * HOUR_MS,
];
/// A receiver cannot ask for more patience than this.
const MOST_PATIENCE_MS: i64 = 24 * HOUR_MS;
/// Requests under way at most.
const POSTS: usize = 32;
/// The first pause after the mail server could not be spoken to; doubled each time.
const FIRST_PAUSE_MS: i64 = 15 * SECOND_MS;
/// The longest.
const LONGEST_PAUSE_MS: i64 = 10 * MINUTE_MS;

/// Sends what is to be sent. Cheap to clone.
#[derive(Clone)]
pub struct Delivery {
    parts: Arc<Parts>,
}

struct Parts {
    atlas: Atlas,
    now: Clock,
    links: Links,
    mailer: Option<Mailer>,
    poster: Poster,
    /// The mail server's.
    rest: Rest,
}

/// What a round of delivering came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Messages that a receiver took.
    pub sent: usize,
    /// Messages that will be tried again.
    pub failed: usize,
    /// Messages that were given up.
    pub dead: usize,
    /// Why messages could not be tried: the mail server could not be spoken to, or the store failed.
    pub held_up: Option<String>,
}

impl Delivered {
    fn count(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Sent => self.sent += 1,
            Outcome::Failed { .. } => self.failed += 1,
            Outcome::Dead { .. } => self.dead += 1,
            Outcome::Released { reason, .. } => self.held_up = Some(reason.clone()),
        }
    }

    fn add(&mut self, other: Delivered) {
        self.sent += other.sent;
        self.failed += other.failed;
        self.dead += other.dead;
        self.held_up = other.held_up.or(self.held_up.take());
    }
}

impl Delivery {
    /// Sends over webhooks, and over mail if there is a mailer; without one, mail waits.
    pub fn new(atlas: Atlas, now: Clock, links: Links, mailer: Option<Mailer>, poster: Poster) -> Delivery {
        let rest = Rest::new(FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
        Delivery { parts: Arc::new(Parts { atlas, now, links, mailer, poster, rest }) }
    }

    /// Sends all that is due now.
    pub async fn round(&self) -> Result<Delivered, AtlasError> {
        let mut delivered = self.over(ChannelKind::Webhook, POSTS).await?;
        if self.parts.mailer.is_some() {
            delivered.add(self.over(ChannelKind::Mail, mail::CONNECTIONS).await?);
        }
        Ok(delivered)
    }

    /// Sends what is due over channels of a kind, at most so many at a time. While some are settled, others are under way. No more are claimed
    /// than can be sent at once: what waited here for its turn would outlive its lease, and be claimed and sent again.
    async fn over(&self, kind: ChannelKind, at_a_time: usize) -> Result<Delivered, AtlasError> {
        let parts = &self.parts;
        let mut delivered = Delivered::default();
        let mut sending: JoinSet<(MessageId, Outcome)> = JoinSet::new();
        loop {
            while sending.len() >= at_a_time {
                self.settle_next(&mut sending, &mut delivered).await?;
            }
            let room = (at_a_time - sending.len()) as i64;
            let resting = kind == ChannelKind::Mail && (parts.now)() < parts.rest.until_ms();
            let claimed = match resting {
                true => Vec::new(),
                false => parts.atlas.claim_messages(kind, (parts.now)(), room).await?,
            };
            let nothing = claimed.is_empty();
            for id in claimed {
                let parts = Arc::clone(parts);
                sending.spawn(async move { (id, parts.send(id).await) });
            }
            // What is under way may be all that is left, or make room for more.
            if nothing && !self.settle_next(&mut sending, &mut delivered).await? {
                return Ok(delivered);
            }
        }
    }

    /// Waits for the next message that was sent or not, and settles it with all others that are done by then; false if none is under way.
    async fn settle_next(
        &self,
        sending: &mut JoinSet<(MessageId, Outcome)>,
        delivered: &mut Delivered,
    ) -> Result<bool, AtlasError> {
        let Some(first) = sending.join_next().await else { return Ok(false) };
        let mut outcomes = Vec::new();
        // A task that panicked leaves its message to the end of the lease.
        outcomes.extend(first.ok());
        while let Some(next) = sending.try_join_next() {
            outcomes.extend(next.ok());
        }
        outcomes.iter().for_each(|(_, outcome)| delivered.count(outcome));
        self.parts.atlas.settle_messages(&outcomes, (self.parts.now)()).await?;
        Ok(true)
    }
}

impl Parts {
    /// Sends one message, whatever comes of it.
    async fn send(&self, id: MessageId) -> Outcome {
        let soon = |reason: String, now_ms: i64| Outcome::Released { reason, again_ms: now_ms + MINUTE_MS };
        let outgoing = match self.atlas.outgoing(id).await {
            Ok(Some(outgoing)) => outgoing,
            Ok(None) => return Outcome::Dead { reason: "its channel is gone".into() },
            Err(error) => return soon(error.to_string(), (self.now)()),
        };
        let letter = match Letter::of(&outgoing.message, &outgoing.zone, &self.links) {
            Ok(letter) => letter,
            Err(error) => return Outcome::Dead { reason: error.to_string() },
        };
        match outgoing.channel.kind {
            ChannelKind::Mail => self.mail(&outgoing, &letter).await,
            ChannelKind::Webhook => self.post(&outgoing, &letter).await,
            // They are shown, not sent.
            ChannelKind::Inbox | ChannelKind::Feed => Outcome::Sent,
        }
    }

    async fn mail(&self, outgoing: &Outgoing, letter: &Letter) -> Outcome {
        let now_ms = (self.now)();
        let rest_until = self.rest.until_ms();
        let Some(mailer) = self.mailer.as_ref().filter(|_| now_ms >= rest_until) else {
            let reason = "the mail server could not be spoken to a moment ago".to_string();
            return Outcome::Released { reason, again_ms: rest_until.max(now_ms) };
        };
        match mailer.send(outgoing, letter, &self.links, now_ms).await {
            Handed::Over => {
                self.rest.over();
                Outcome::Sent
            }
            Handed::Later(reason) => self.later(outgoing, reason, None).await,
            Handed::Never { reason, nobody } => {
                if nobody {
                    self.fail_channel(outgoing, &reason).await;
                }
                Outcome::Dead { reason }
            }
            Handed::NoServer(reason) => Outcome::Released { reason, again_ms: self.rest.begin(now_ms, (self.now)()) },
        }
    }

    async fn post(&self, outgoing: &Outgoing, letter: &Letter) -> Outcome {
        let Outgoing { message, channel, .. } = outgoing;
        let body = payload(message, letter, channel.template, &self.links.unsubscribe(channel, message.id));
        let second = (self.now)() / SECOND_MS;
        let timestamp = second.to_string();
        let signed = signature(&channel.secret, &message.key, second, &body);
        let headers = [
            ("content-type", "application/json"),
            ("webhook-id", message.key.as_str()),
            ("webhook-timestamp", timestamp.as_str()),
            ("webhook-signature", signed.as_str()),
        ];
        match self.poster.post(&channel.address, &headers, body).await {
            Ok(Posted { status: 200..=299, .. }) => Outcome::Sent,
            Ok(Posted { status: 410, .. }) => {
                let reason = "the receiver answered 410: it wants no more messages".to_string();
                self.fail_channel(outgoing, &reason).await;
                Outcome::Dead { reason }
            }
            Ok(Posted { status, retry_after }) => {
                let patience = retry_after.map(patience_ms);
                let what = if (300..400).contains(&status) { ", a redirect, which is not followed" } else { "" };
                self.hold(outgoing, patience).await;
                self.later(outgoing, format!("the receiver answered {status}{what}"), patience).await
            }
            Err(error) => {
                self.hold(outgoing, None).await;
                // It names the address, which is a secret.
                self.later(outgoing, without_addresses(&error.to_string()), None).await
            }
        }
    }

    /// Tries again later, or gives up after the last attempt, and the channel with it: who did not answer for days is not asked again
    /// until the person says so. The receiver may ask for more patience, not for less.
    async fn later(&self, outgoing: &Outgoing, reason: String, patience_ms: Option<i64>) -> Outcome {
        let message = &outgoing.message;
        let attempt = usize::try_from(message.attempts).unwrap_or(usize::MAX);
        let Some(wait) = WAITS_MS.get(attempt) else {
            self.fail_channel(outgoing, &format!("it took no message for three days: {reason}")).await;
            return Outcome::Dead { reason };
        };
        let wait = jittered(*wait, &format!("{} {attempt}", message.key)).max(patience_ms.unwrap_or(0));
        Outcome::Failed { reason, again_ms: (self.now)() + wait }
    }

    /// Spares a receiver in trouble the other messages for a while.
    async fn hold(&self, outgoing: &Outgoing, patience_ms: Option<i64>) {
        let attempts = u32::try_from(outgoing.message.attempts.clamp(0, 8)).unwrap_or(0);
        let hold = patience_ms.unwrap_or((5 * SECOND_MS) << attempts);
        // It is a courtesy: if it cannot be written down, the messages' own waits remain.
        self.atlas.hold_channel(outgoing.channel.id, (self.now)() + hold).await.ok();
    }

    async fn fail_channel(&self, outgoing: &Outgoing, trouble: &str) {
        // If it cannot be written down, the next message finds the same.
        self.atlas.channel_failed(&outgoing.channel, trouble).await.ok();
    }
}

/// A wait up to a tenth longer, so that what failed together does not come back together. The same for the same name.
fn jittered(wait_ms: i64, name: &str) -> i64 {
    let share = i64::from(Sha256Digest::of(name.as_bytes()).0[0]);
    wait_ms + wait_ms * share / 2560
}

/// Milliseconds of so many seconds that a receiver asks to wait, as far as it is heard.
fn patience_ms(seconds: u64) -> i64 {
    i64::try_from(seconds).map_or(MOST_PATIENCE_MS, |seconds| seconds.saturating_mul(SECOND_MS).min(MOST_PATIENCE_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_is_not_heard_beyond_a_day() {
        assert_eq!(patience_ms(120), 120_000);
        assert_eq!((patience_ms(9_999_999), patience_ms(u64::MAX)), (MOST_PATIENCE_MS, MOST_PATIENCE_MS));
    }

    #[test]
    fn waits_grow_for_three_days() {
        let all: i64 = WAITS_MS.iter().sum();
        assert!(WAITS_MS.is_sorted() && all > 72 * HOUR_MS && all < 84 * HOUR_MS, "{all}");
        let jittered = jittered(HOUR_MS, "a");
        assert!((HOUR_MS..=HOUR_MS + HOUR_MS / 10).contains(&jittered));
    }
}
