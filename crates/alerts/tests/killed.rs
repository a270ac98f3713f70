//! Processes that tell and deliver are killed at a hundred random moments; every message arrives, and each once by its name. And how long
//! many watchers of one change take.
mod common;

use std::collections::{HashMap, HashSet};
use std::process::{Child, Command};
use std::sync::Arc;
use std::time::Duration;

use atlas::Location;
use atlas::watching::{ChannelKind, MessageState};
use common::exim::Exim;
use common::smtp::Smtp;
use common::webhooks::Receiver;
use common::*;

/// Set for the process that is to be killed: what it works on.
const WORK: &str = "CLAUSEWATCH_TEST_DELIVERS";

/// Not a test: the process that is killed. It tells and delivers, over and over.
#[tokio::test]
async fn the_one_who_is_killed() {
    let Ok(work) = std::env::var(WORK) else { return };
    let parts: Vec<&str> = work.split('\n').collect();
    let location = match parts[0] {
        "sqlite" => Location::Sqlite(parts[1].into()),
        _ => Location::Postgres { url: parts[1].into(), index: parts[2].into() },
    };
    let now: i64 = parts[3].parse().unwrap();
    let clock: alerts::Clock = Arc::new(move || now);
    let atlas = open(&location).await;
    let teller = alerts::Teller::new(atlas.clone(), Arc::clone(&clock));
    let delivery = delivery(&atlas, clock, Some(parts[4].parse().unwrap()));
    loop {
        teller.round().await.unwrap();
        delivery.round().await.unwrap();
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn begin(location: &Location, now: i64, smtp: u16) -> Child {
    let (engine, place, index) = match location {
        Location::Sqlite(folder) => ("sqlite", folder.display().to_string(), String::new()),
        Location::Postgres { url, index } => ("postgres", url.clone(), index.display().to_string()),
        Location::Memory => unreachable!("no stage is in memory"),
    };
    let work = format!("{engine}\n{place}\n{index}\n{now}\n{smtp}");
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "the_one_who_is_killed", "--nocapture"]).env(WORK, work);
    command.stdout(std::process::Stdio::null()).spawn().unwrap()
}

/// How many persons watch: so many, or as many as the environment says.
fn watchers(usual: i64) -> i64 {
    std::env::var("CLAUSEWATCH_TEST_WATCHERS").map_or(usual, |text| text.parse().unwrap())
}

/// Numbers that look random and are the same each time (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }
}

/// A change that so many persons are to be told of, with a receiver of their webhooks.
async fn watched(stage: &Stage, persons: i64) -> Receiver {
    let receiver = Receiver::lean().await;
    let id = document(&stage.atlas, "Plum", "Terms").await;
    stage.see(id, &terms(30, &[])).await;
    crowd(stage, persons, (0, "plum"), &receiver.url("ok")).await;
    stage.pass(DAY);
    stage.see(id, &terms(7, &[ARBITRATION])).await;
    stage.pass(alerts::GATHER_MS);
    receiver
}

/// How often each name arrived, and at whom.
fn arrived(smtp: &Smtp, receiver: &Receiver) -> HashMap<(String, String), usize> {
    let mut all = HashMap::new();
    for mail in smtp.mails.lock().unwrap().iter() {
        let id = mail.header("Message-ID").trim_start_matches('<').split('@').next().unwrap().to_string();
        *all.entry((id, mail.to[0].clone())).or_default() += 1;
    }
    for request in receiver.requests.lock().unwrap().iter() {
        *all.entry((request.headers["webhook-id"].clone(), request.path.clone())).or_default() += 1;
    }
    all
}

/// How many mails and webhooks are noted as sent.
async fn sent(stage: &Stage) -> i64 {
    let all = stage.atlas.message_tally().await.unwrap();
    let sent = all.iter().filter(|of| of.channel != ChannelKind::Inbox && of.state == MessageState::Sent);
    sent.map(|of| of.messages).sum()
}

/// Tells and delivers `all` messages by processes that are killed at a hundred random moments, and then by one that is not. `count` says how
/// many have arrived, as often as they did. How many processes were killed.
async fn killed_often(stage: &Stage, smtp: u16, all: usize, count: impl Fn() -> usize) -> usize {
    const KILLS: usize = 100;
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut kills = 0;
    loop {
        let left = all.saturating_sub(usize::try_from(sent(stage).await).unwrap());
        if kills == KILLS || left == 0 {
            break;
        }
        // The leases of the one before have ended.
        stage.pass(3 * 60_000);
        let mut child = begin(&stage.location, stage.now(), smtp);
        let before = count();
        // Some die early, in the middle of telling; the others after so many messages that there are enough for all.
        let share = left / (KILLS - kills);
        let (patience, messages) = match kills < 15 {
            true => (Duration::from_millis(dice.below(400)), usize::MAX),
            false => (Duration::from_secs(60), dice.below(share as u64 + 1) as usize),
        };
        let born = tokio::time::Instant::now();
        while born.elapsed() < patience && count() - before <= messages && child.try_wait().unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert!(child.try_wait().unwrap().is_none(), "{}: it ended by itself", stage.engine);
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
    }
    assert!(kills > KILLS / 2, "{}: it was too quick to be killed more than {kills} times", stage.engine);
    stage.pass(3 * 60_000);
    stage.teller().round().await.unwrap();
    delivery(&stage.atlas, stage.clock(), Some(smtp)).round().await.unwrap();
    let waiting = stage.atlas.message_tally().await.unwrap();
    let waiting: Vec<_> = waiting.iter().filter(|tally| tally.state != MessageState::Sent).collect();
    assert!(waiting.is_empty(), "{waiting:?}");
    kills
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_a_hundred_moments_nothing_is_lost_and_nothing_is_another() {
    let persons = watchers(1000);
    for stage in stages().await {
        let (smtp, receiver) = (Smtp::lean().await, watched(&stage, persons).await);
        let count = || smtp.mails.lock().unwrap().len() + receiver.requests.lock().unwrap().len();
        let kills = killed_often(&stage, smtp.port, 2 * persons as usize, count).await;
        let all = arrived(&smtp, &receiver);
        let twice = all.values().filter(|times| **times > 1).count();
        eprintln!("{}: {kills} kills; {twice} of {} more than once", stage.engine, all.len());
        assert_eq!(all.len() as i64, 2 * persons, "each person has each message under one name");
        let receivers: HashSet<&String> = all.keys().map(|(_, receiver)| receiver).collect();
        assert_eq!(receivers.len() as i64, 2 * persons);
        let inboxes = stage.atlas.message_tally().await.unwrap();
        let inboxes = inboxes.iter().find(|tally| tally.channel == ChannelKind::Inbox).unwrap();
        assert_eq!(inboxes.messages, persons);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_a_hundred_moments_a_real_mail_server_keeps_each_message_once() {
    let Some(exim) = Exim::start().await else { return };
    let persons = watchers(700);
    let stage = stages().await.remove(0);
    let receiver = watched(&stage, persons).await;
    let count = || exim.count() + receiver.requests.lock().unwrap().len();
    let kills = killed_often(&stage, exim.port, 2 * persons as usize, count).await;
    let kept = exim.kept().await;
    eprintln!("{kills} kills; of {} mails that the server took it kept {}", exim.taken(), kept.len());
    let receivers: HashSet<&String> = kept.iter().map(|kept| &kept.to).collect();
    let names: HashSet<&String> = kept.iter().map(|kept| &kept.id).collect();
    let each = [kept.len(), receivers.len(), names.len()];
    assert_eq!(each, [persons as usize; 3], "each person has each message once, each under a name of its own");
}

/// Watchers of one change, each told by inbox, mail and webhook: a hundred, or with the time it takes as many as the environment says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_watcher_of_one_change_is_told() {
    let persons = watchers(100);
    for stage in stages().await {
        let (smtp, receiver) = (Smtp::lean().await, watched(&stage, persons).await);
        let start = tokio::time::Instant::now();
        let told = stage.teller().round().await.unwrap().told;
        let fanned_out = start.elapsed();
        let delivered = stage.delivery(Some(&smtp)).round().await.unwrap();
        eprintln!(
            "{}: {persons} watchers, {told} messages made in {fanned_out:?}; {} sent {:?} later",
            stage.engine,
            delivered.sent,
            start.elapsed() - fanned_out
        );
        assert_eq!(arrived(&smtp, &receiver).len() as i64, 2 * persons);
    }
}
