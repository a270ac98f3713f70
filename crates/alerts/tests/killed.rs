//! Processes that tell and deliver are killed at a hundred random moments; every message arrives, and each once by its name. And how long
//! many watchers of one change take.
mod common;

use std::collections::HashMap;
use std::process::{Child, Command};
use std::sync::Arc;
use std::time::Duration;

use atlas::Location;
use atlas::watching::{ChannelKind, MessageState};
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

/// A change that so many persons are to be told of, with a mail server and a receiver of webhooks.
async fn watched(stage: &Stage, persons: i64) -> (Smtp, Receiver) {
    let (smtp, receiver) = (Smtp::lean().await, Receiver::lean().await);
    let id = document(&stage.atlas, "Plum", "Terms").await;
    stage.see(id, &terms(30, &[])).await;
    crowd(stage, persons, (0, "plum"), &receiver.url("ok")).await;
    stage.pass(DAY);
    stage.see(id, &terms(7, &[ARBITRATION])).await;
    stage.pass(alerts::GATHER_MS);
    (smtp, receiver)
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_a_hundred_moments_nothing_is_lost_and_nothing_is_another() {
    const KILLS: usize = 100;
    let persons = watchers(1000);
    for stage in stages().await {
        let (smtp, receiver) = watched(&stage, persons).await;
        let count = || smtp.mails.lock().unwrap().len() + receiver.requests.lock().unwrap().len();
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
        let mut kills = 0;
        while kills < KILLS && count() < 2 * persons as usize {
            // The leases of the one before have ended.
            stage.pass(3 * 60_000);
            let mut child = begin(&stage.location, stage.now(), smtp.port);
            let before = count();
            // Some die early, in the middle of telling; the others after so many messages that there are enough for all.
            let share = (2 * persons as usize - before) / (KILLS - kills);
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
        let killed_with = count();
        stage.pass(3 * 60_000);
        stage.teller().round().await.unwrap();
        stage.delivery(Some(&smtp)).round().await.unwrap();
        let waiting = stage.atlas.message_tally(None).await.unwrap();
        let waiting: Vec<_> = waiting.iter().filter(|tally| tally.state != MessageState::Sent).collect();
        assert!(waiting.is_empty(), "{waiting:?}");
        let all = arrived(&smtp, &receiver);
        let twice = all.values().filter(|times| **times > 1).count();
        eprintln!(
            "{}: {kills} kills, {killed_with} arrived before the last; {twice} of {} more than once",
            stage.engine,
            all.len()
        );
        assert_eq!(all.len() as i64, 2 * persons, "each person has each message under one name");
        let receivers: std::collections::HashSet<&String> = all.keys().map(|(_, receiver)| receiver).collect();
        assert_eq!(receivers.len() as i64, 2 * persons);
        let inboxes = stage.atlas.message_tally(None).await.unwrap();
        let inboxes = inboxes.iter().find(|tally| tally.channel == ChannelKind::Inbox).unwrap();
        assert_eq!(inboxes.messages, persons);
    }
}

/// Watchers of one change, each told by inbox, mail and webhook: a hundred, or with the time it takes as many as the environment says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_watcher_of_one_change_is_told() {
    let persons = watchers(100);
    for stage in stages().await {
        let (smtp, receiver) = watched(&stage, persons).await;
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
