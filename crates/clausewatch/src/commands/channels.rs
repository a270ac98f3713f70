//! `clausewatch channels`: where you are told, and what became of the messages.
use alerts::channels;
use anyhow::Context;
use atlas::Atlas;
use atlas::watching::{
    Channel, ChannelId, ChannelKind, ChannelState, Message, MessageFilter, MessageId, MessageKind, MessageState,
    PersonId, Template,
};

use crate::alerting::{Alerting, poster};
use crate::instance::{Place, now_ms, secret};
use crate::network::Network;
use crate::paint;

const OWNER: PersonId = PersonId::OWNER;

/// Where you are told of changes: mail, webhooks, a private feed, the inbox
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
    /// A network that webhooks may reach though it is private, for example 10.1.0.0/16
    #[arg(long = "allow-network", global = true, value_name = "NETWORK")]
    allowed: Vec<fetch::IpNet>,
    #[command(flatten)]
    network: Network,
    #[command(flatten)]
    alerting: Alerting,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// List your channels
    List {
        /// Print JSON, without secrets
        #[arg(long)]
        json: bool,
    },
    /// Add a mail address. You run this instance, so it is not asked first
    AddMail {
        /// The address
        address: String,
    },
    /// Add a web address to which messages are posted, signed as Standard Webhooks
    AddWebhook {
        /// The address
        url: String,
        /// Who reads it: plain (the documented payload), slack, teams, discord
        #[arg(long = "for", default_value = "plain", value_parser = template)]
        template: Template,
    },
    /// Add your private feed
    AddFeed,
    /// Send nothing over a channel for now
    Pause {
        /// Its number
        channel: ChannelId,
    },
    /// Use a channel again, after a pause or a failure
    Resume {
        /// Its number
        channel: ChannelId,
    },
    /// Remove a channel
    Remove {
        /// Its number
        channel: ChannelId,
    },
    /// Send a test over a channel, now
    Test {
        /// Its number
        channel: ChannelId,
    },
    /// Set your time zone (for example Europe/Berlin), in which the hours of digests are meant
    Zone {
        /// IANA name
        zone: String,
    },
    /// What became of your latest messages
    Messages {
        /// Only those that were given up
        #[arg(long)]
        dead: bool,
    },
    /// Send messages again that were given up or lost by their receiver
    Redeliver {
        /// Their numbers; all that were given up if none is named
        messages: Vec<MessageId>,
    },
}

fn template(name: &str) -> Result<Template, String> {
    serde_json::from_value(name.into()).map_err(|_| "it is plain, slack, teams or discord".into())
}

/// Status 1 if something that is named is not there, or a test does not arrive.
pub async fn run(place: &Place, args: Args) -> crate::Answer {
    let atlas = place.open().await?;
    match args.verb {
        Verb::List { json } => list(&atlas, &args.alerting, json).await,
        Verb::AddMail { ref address } => {
            let channel = channels::add_mail(&atlas, OWNER, address, true, secret(), now_ms()).await?;
            added(&args.alerting, &channel)
        }
        Verb::AddWebhook { ref url, template } => {
            let poster = poster(&args.allowed, &args.network.outbound()?)?;
            let channel = channels::add_webhook(&atlas, OWNER, &poster, url, template, secret(), now_ms()).await?;
            added(&args.alerting, &channel)
        }
        Verb::AddFeed => {
            let channel = channels::add_feed(&atlas, OWNER, secret(), now_ms()).await?;
            added(&args.alerting, &channel)
        }
        Verb::Pause { channel } => found(atlas.pause_channel(OWNER, channel, true).await?, channel),
        Verb::Resume { channel } => found(atlas.pause_channel(OWNER, channel, false).await?, channel),
        Verb::Remove { channel } => found(atlas.remove_channel(OWNER, channel, now_ms()).await?, channel),
        Verb::Test { channel } => test(&atlas, &args, channel).await,
        Verb::Zone { ref zone } => {
            anyhow::ensure!(alerts::is_zone(zone), "{zone:?} is no time zone; they are named like Europe/Berlin");
            let person = atlas.person(OWNER).await?.context("the store has no owner")?;
            atlas.set_person(OWNER, &person.name, zone).await?;
            Ok(true)
        }
        Verb::Messages { dead } => messages(&atlas, dead).await,
        Verb::Redeliver { messages } => redeliver(&atlas, messages).await,
    }
}

fn found(found: bool, channel: ChannelId) -> crate::Answer {
    if !found {
        eprintln!(
            "clausewatch: there is no channel {channel} for which this can be done; `clausewatch channels list` shows their numbers"
        );
    }
    Ok(found)
}

/// Tells what was added and what its receiver has to know.
fn added(alerting: &Alerting, channel: &Channel) -> crate::Answer {
    println!("{}", line(channel));
    if let Some(secret) = channels::webhook_secret(channel) {
        println!("its secret, by which the receiver knows that a message is ours: {secret}");
    }
    if let Some(url) = alerting.links().feed(channel) {
        println!("{url}\nwhoever has this address can read it");
    }
    if channel.kind == ChannelKind::Mail && alerting.mail_server.is_none() {
        println!("mail waits until `up` or `work` is given a mail server (--mail-server)");
    }
    Ok(true)
}

fn line(channel: &Channel) -> String {
    let kind = match channel.kind {
        ChannelKind::Inbox => "inbox on the site",
        ChannelKind::Mail => "mail to",
        ChannelKind::Webhook => "webhook",
        ChannelKind::Feed => "private feed",
    };
    let state = match (&channel.state, &channel.trouble) {
        (ChannelState::InUse, _) => String::new(),
        (ChannelState::Failed, Some(trouble)) => format!("  failed: {}", paint::plain(trouble)),
        (ChannelState::Failed, None) => "  failed".into(),
        (ChannelState::Paused, _) => "  paused".into(),
        (ChannelState::Unconfirmed, _) => "  not confirmed yet".into(),
        (ChannelState::Removed, _) => "  removed".into(),
    };
    format!("{:>4}  {kind} {}{state}", channel.id, paint::plain(&channel.address))
}

async fn list(atlas: &Atlas, alerting: &Alerting, as_json: bool) -> crate::Answer {
    let channels = atlas.channels(OWNER).await?;
    if as_json {
        println!("{}", serde_json::to_string_pretty(&channels)?);
        return Ok(true);
    }
    for channel in &channels {
        println!("{}", line(channel));
        if let Some(url) = alerting.links().feed(channel) {
            println!("      {url}");
        }
    }
    Ok(true)
}

/// Makes a test and sends what is due, so that the answer is known at once.
async fn test(atlas: &Atlas, args: &Args, channel: ChannelId) -> crate::Answer {
    let Some(to) = atlas.channel(OWNER, channel).await? else { return found(false, channel) };
    if to.kind == ChannelKind::Mail {
        anyhow::ensure!(
            args.alerting.mail_server.is_some(),
            "name the mail server with --mail-server or CLAUSEWATCH_MAIL_SERVER"
        );
    }
    let id = channels::test(atlas, OWNER, channel, now_ms()).await?;
    args.alerting.delivery(atlas, &args.allowed, &args.network.outbound()?)?.round().await?;
    let message = atlas.message(OWNER, id).await?.context("the test message is gone")?;
    match (message.state, message.error) {
        (MessageState::Sent, _) => println!("the receiver took it"),
        (_, Some(error)) => eprintln!("clausewatch: it did not arrive: {}", paint::plain(&error)),
        (_, None) => eprintln!("clausewatch: it was not sent; another process may be sending it"),
    }
    Ok(message.state == MessageState::Sent)
}

async fn messages(atlas: &Atlas, dead: bool) -> crate::Answer {
    let filter = MessageFilter { state: dead.then_some(MessageState::Dead), ..MessageFilter::default() };
    for message in atlas.messages(OWNER, &filter).await? {
        println!("{}", message_line(&message));
    }
    Ok(true)
}

fn message_line(message: &Message) -> String {
    let what = match (message.kind, message.items.first().map(|item| alerts::Story::read(&item.body))) {
        (MessageKind::Test, _) => "a test".to_string(),
        (MessageKind::Confirmation, _) => "the question whether to use the address".into(),
        (MessageKind::Digest, _) => format!("a digest of {}", paint::counted(message.items.len(), "change", "changes")),
        (_, Some(Ok(story))) => format!("{}: {}", story.document_name(), story.headline),
        (_, _) => "a change".into(),
    };
    let state = match (message.state, &message.error) {
        (MessageState::Sent, None) => "sent".to_string(),
        (MessageState::Sent, Some(error)) => format!("sent; {error}"),
        (MessageState::Waiting, Some(error)) => format!("waits after {} attempts: {error}", message.attempts),
        (MessageState::Waiting, None) => "waits".into(),
        (MessageState::Dead, error) => format!("given up: {}", error.as_deref().unwrap_or("")),
        (MessageState::Dropped, error) => format!("not sent: {}", error.as_deref().unwrap_or("")),
    };
    let words =
        format!("{:>6}  {}  channel {}  {what}  {state}", message.id, paint::day(message.made_ms), message.channel);
    paint::plain(&words)
}

async fn redeliver(atlas: &Atlas, named: Vec<MessageId>) -> crate::Answer {
    let filter = MessageFilter { state: Some(MessageState::Dead), limit: i64::MAX, ..MessageFilter::default() };
    let messages = match named.is_empty() {
        true => atlas.messages(OWNER, &filter).await?.iter().map(|message| message.id).collect(),
        false => named,
    };
    let mut all = true;
    for id in messages {
        if !atlas.redeliver(OWNER, id).await? {
            eprintln!("clausewatch: message {id} cannot be sent again: it waits, or it is not there");
            all = false;
        }
    }
    Ok(all)
}
