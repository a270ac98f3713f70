//! Trials of plans and what persons pay for. Which plan somebody has follows from both (`alerts::plans`), and what a plan allows is said in
//! the instance's configuration.
use serde::Serialize;

use crate::error::Result;
use crate::open::Atlas;
use crate::store::{Row, args, json, statements, to_json};
use crate::watching::PersonId;

statements! {
    TRIALS = "SELECT plan, since_ms, trial_until_ms, tried FROM plans WHERE person_id = $1",
    // Another trial that began meanwhile is not overwritten.
    TRY = "INSERT INTO plans (person_id, plan, since_ms, trial_until_ms, tried) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (person_id) DO UPDATE SET plan = excluded.plan, since_ms = excluded.since_ms,
            trial_until_ms = excluded.trial_until_ms, tried = excluded.tried WHERE plans.tried = $6",
    BEGUN = "INSERT INTO subscriptions (id, person_id, plan, since_ms, ended_ms) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING",
    ENDED = "UPDATE subscriptions SET ended_ms = $2 WHERE id = $1 AND ended_ms IS NULL",
    OF_PERSON = "SELECT id, plan, since_ms, ended_ms FROM subscriptions WHERE person_id = $1 ORDER BY since_ms DESC, id",
}

/// What a person begins to pay for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSubscription {
    /// The payment provider's name of it.
    pub id: String,
    /// Who pays.
    pub person: PersonId,
    /// ID of the plan.
    pub plan: String,
}

/// What a person pays for or paid for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Subscription {
    /// The payment provider's name of it.
    pub id: String,
    /// ID of the plan.
    pub plan: String,
    /// Since when.
    pub since_ms: i64,
    /// When it ended; none: it runs.
    pub ended_ms: Option<i64>,
}

/// The trial of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trial {
    /// ID of the plan.
    pub plan: String,
    /// When it began.
    pub since_ms: i64,
    /// When it ends or ended.
    pub until_ms: i64,
}

/// What a person has tried.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Trials {
    /// The last trial, whether or not it still runs.
    pub last: Option<Trial>,
    /// IDs of all plans that were tried.
    pub tried: Vec<String>,
}

impl Atlas {
    /// What a person has tried.
    pub async fn trials(&self, person: PersonId) -> Result<Trials> {
        let row = self.store.one(TRIALS, args![person]).await?;
        row.as_ref().map_or_else(|| Ok(Trials::default()), trials)
    }

    /// Begins the trial of a plan, in place of another one that runs; false if the person has tried it before.
    pub async fn begin_trial(&self, person: PersonId, trial: &Trial) -> Result<bool> {
        let Trial { plan, since_ms, until_ms } = trial;
        loop {
            let mut tried = self.trials(person).await?.tried;
            if tried.contains(plan) {
                return Ok(false);
            }
            let before = to_json(&tried);
            tried.push(plan.clone());
            let mut tx = self.store.write_unordered().await?;
            let begun = tx.run(TRY, args![person, plan, *since_ms, *until_ms, to_json(&tried), before]).await? > 0;
            tx.commit().await?;
            if begun {
                return Ok(true);
            }
        }
    }

    /// What a person pays for or paid for, what began last first.
    pub async fn subscriptions(&self, person: PersonId) -> Result<Vec<Subscription>> {
        self.store.fetch(OF_PERSON, args![person]).await?.iter().map(subscription).collect()
    }

    /// The plan that a person pays for and since when: of several subscriptions that run, the one that began last.
    pub async fn paid_plan(&self, person: PersonId) -> Result<Option<(String, i64)>> {
        let running = self.subscriptions(person).await?.into_iter().find(|of| of.ended_ms.is_none());
        Ok(running.map(|of| (of.plan, of.since_ms)))
    }

    /// Notes that a person pays for a plan. False if that was noted before, or has ended: events of a provider may come again, and in the
    /// wrong order.
    pub async fn subscribed(&self, to: &NewSubscription, now_ms: i64) -> Result<bool> {
        let mut tx = self.store.write_unordered().await?;
        let begun = tx.run(BEGUN, args![&to.id, to.person, &to.plan, now_ms, None::<i64>]).await? > 0;
        tx.commit().await?;
        Ok(begun)
    }

    /// Notes that a subscription is over; false if it did not run.
    pub async fn unsubscribed(&self, id: &str, now_ms: i64) -> Result<bool> {
        let mut tx = self.store.write_unordered().await?;
        let ended = tx.run(ENDED, args![id, now_ms]).await? > 0;
        // One that is told to have ended before it began is nobody's, and does not begin any more.
        tx.run(BEGUN, args![id, 0_i64, "", now_ms, now_ms]).await?;
        tx.commit().await?;
        Ok(ended)
    }
}

fn trials(row: &Row) -> Result<Trials> {
    let mut c = row.columns();
    let (plan, since_ms, until_ms): (String, i64, Option<i64>) = (c.next()?, c.next()?, c.next()?);
    // Earlier releases kept plans without an end in the same place: they were paid for, which is in `subscriptions`.
    let last = until_ms.map(|until_ms| Trial { plan, since_ms, until_ms });
    Ok(Trials { last, tried: json(&c.next::<String>()?)? })
}

fn subscription(row: &Row) -> Result<Subscription> {
    let mut c = row.columns();
    Ok(Subscription { id: c.next()?, plan: c.next()?, since_ms: c.next()?, ended_ms: c.next()? })
}
