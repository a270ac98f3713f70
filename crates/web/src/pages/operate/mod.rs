//! Operating the instance: adding documents, those that need somebody, messages that were not delivered, announcements, what is stored; and
//! where there are accounts, who has one.
mod adding;
mod announcements;
mod documents;
mod messages;
mod organisations;
mod plans;
mod users;

use alerts::{Letter, Links};
use askama::Template;
use atlas::Counts;
use atlas::health::{Checks, Health, RECENT_HOURS, State as Fares};
use atlas::ids::DocumentId;
use atlas::operate::{Accepted, Announcement, Urgency};
use atlas::watching::{Channel, ChannelId, ChannelKind, Message, MessageState, PersonId, Tally, without_addresses};
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::Response;
use axum::routing::{get, post};
use serde::Serialize;
use serde_json::json;

use crate::error::Failure;
use crate::negotiate::Wants;
use crate::owner::Operator;
use crate::page::Head;
use crate::site::Site;
use crate::{links, words};

/// Most bytes of a form.
const FORM: usize = 16 * 1024;
/// Messages and announcements shown.
const SHOWN: i64 = 50;

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route(links::OPERATE, get(show))
        .route(links::ADD, get(adding::show).post(adding::look))
        .route("/operate/add/track", post(adding::track))
        .route("/operate/catalog/{file}", get(adding::catalog_file))
        .route("/operate/documents/{id}", post(documents::change))
        .route("/operate/messages", post(messages::again))
        .route("/operate/announcements", post(announcements::add))
        .route("/operate/announcements/{id}", post(announcements::end))
        .route(links::OPERATE_USERS, get(users::show))
        .route("/operate/users/{person}", post(users::change))
        .route(links::OPERATE_ORGANISATIONS, get(organisations::show))
        .route("/operate/organisations/{organisation}", post(organisations::hand_over))
        .route(links::OPERATE_PLANS, get(plans::show))
        .layer(DefaultBodyLimit::max(FORM))
}

/// A message that was given up, as the page shows it.
struct Dead {
    message: Message,
    subject: String,
    /// Why it was not taken.
    error: String,
}

/// A channel that is out of use because of its receiver, as the page shows it.
#[derive(Serialize)]
struct Failed {
    channel: ChannelId,
    kind: ChannelKind,
    person: PersonId,
    /// Why, with the domains alone of addresses.
    trouble: String,
}

impl Failed {
    fn of(channel: Channel) -> Failed {
        let trouble = without_addresses(channel.trouble.as_deref().unwrap_or(""));
        Failed { channel: channel.id, kind: channel.kind, person: channel.person, trouble }
    }
}

#[derive(Template)]
#[template(path = "pages/operate/page.html")]
struct OperatePage {
    head: Head,
    /// Whether there are accounts here.
    accounts: bool,
    now_ms: i64,
    counts: Counts,
    health: Vec<Health>,
    recent: Checks,
    due: i64,
    accepted: Vec<(DocumentId, Accepted)>,
    tally: Vec<Tally>,
    dead: Vec<Dead>,
    failed: Vec<Failed>,
    announcements: Vec<Announcement>,
    bytes: i64,
    log_key: String,
}

impl OperatePage {
    fn in_state(&self, state: Fares) -> Vec<&Health> {
        self.health.iter().filter(|health| health.state == state).collect()
    }

    /// Documents that ask for somebody: those that fail, and those that moved.
    fn asking(&self) -> Vec<&Health> {
        let asks = |health: &&Health| {
            health.state == Fares::Attention || (health.moved_to.is_some() && health.state != Fares::Paused)
        };
        self.health.iter().filter(asks).collect()
    }

    /// Messages in a state, over all channels that send.
    fn messages(&self, state: MessageState) -> i64 {
        let of = |tally: &&Tally| tally.state == state && !tally.channel.is_shown();
        self.tally.iter().filter(of).map(|tally| tally.messages).sum()
    }

    fn given_up(&self) -> i64 {
        self.messages(MessageState::Dead)
    }

    /// Whether more were given up than the page shows.
    fn more_given_up(&self) -> bool {
        (self.dead.len() as i64) < self.given_up()
    }

    fn current(&self) -> Vec<&Announcement> {
        self.announcements.iter().filter(|announcement| announcement.until_ms > self.now_ms).collect()
    }

    fn size(&self) -> String {
        size(self.bytes)
    }
}

/// "412 MB": bytes in the unit that people read, in tens.
fn size(bytes: i64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    let mut value = bytes as f64 / 1000.0;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    if value < 10.0 { format!("{value:.1} {}", UNITS[unit]) } else { format!("{value:.0} {}", UNITS[unit]) }
}

/// The name of an urgency on the page.
pub(crate) fn urgency(of: &Urgency) -> &'static str {
    match of {
        Urgency::Information => "Information",
        Urgency::Warning => "Warning",
        Urgency::Critical => "Critical",
    }
}

fn channel(kind: &ChannelKind) -> &'static str {
    match kind {
        ChannelKind::Inbox => "inbox",
        ChannelKind::Mail => "mail",
        ChannelKind::Webhook => "webhook",
        ChannelKind::Feed => "feed",
    }
}

async fn show(_: Operator, State(site): State<Site>, wants: Wants) -> Result<Response, Failure> {
    let (atlas, now_ms) = (&site.atlas, site.now_ms());
    let links_of = Links::below(&site.config.base_url);
    let dead = atlas.dead_letters(0, SHOWN).await?.into_iter().map(|message| {
        let letter = Letter::of(&message, "UTC", &links_of);
        Dead {
            subject: letter.map_or_else(|_| "a message that cannot be read".into(), |letter| letter.subject),
            error: without_addresses(message.error.as_deref().unwrap_or("")),
            message,
        }
    });
    let page = OperatePage {
        head: site.head("Operate", links::OPERATE).here("Operate").unlisted(),
        accounts: site.accounts.is_some(),
        now_ms,
        counts: atlas.counts().await?,
        health: atlas.health().await?,
        recent: atlas.recent_checks(now_ms).await?,
        due: atlas.queue(now_ms).await?,
        accepted: atlas.accepted_addresses().await?,
        tally: atlas.message_tally().await?,
        dead: dead.collect(),
        failed: atlas.failed_channels(SHOWN).await?.into_iter().map(Failed::of).collect(),
        announcements: atlas.announcements(SHOWN).await?,
        bytes: atlas.stored_bytes().await?,
        log_key: atlas.log_key(),
    };
    wants.record(&page, || {
        let dead = page.dead.iter().map(|dead| {
            let Message { id, channel_kind, .. } = &dead.message;
            json!({"id": id, "channel": channel_kind, "subject": dead.subject, "error": dead.error})
        });
        json!({
            "now_ms": page.now_ms, "attention": page.asking(), "paused": page.in_state(Fares::Paused), "retrying": page.in_state(Fares::Retrying),
            "accepted_addresses": page.accepted, "messages": page.tally, "dead_letters": dead.collect::<Vec<_>>(),
            "failed_channels": page.failed,
            "announcements": page.announcements, "counts": page.counts, "stored_bytes": page.bytes,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_for_people() {
        for (bytes, expected) in [(0, "0.0 kB"), (1_500, "1.5 kB"), (412_000_000, "412 MB"), (2_500_000_000, "2.5 GB")]
        {
            assert_eq!(size(bytes), expected);
        }
    }
}
