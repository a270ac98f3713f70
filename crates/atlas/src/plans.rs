//! The plans of persons. What a plan allows is said in the instance's configuration and decided by `alerts::plans`.
use crate::error::Result;
use crate::open::Atlas;
use crate::store::{Row, Tx, args, json, statements, to_json};
use crate::watching::PersonId;

statements! {
    PLAN = "SELECT plan, since_ms, trial_until_ms, tried FROM plans WHERE person_id = $1",
    SET = "INSERT INTO plans (person_id, plan, since_ms, trial_until_ms, tried) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (person_id) DO UPDATE SET plan = excluded.plan, since_ms = excluded.since_ms,
            trial_until_ms = excluded.trial_until_ms, tried = excluded.tried",
    BEGUN = "INSERT INTO subscriptions (id, person_id, plan, since_ms, ended_ms) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING",
    ENDED = "UPDATE subscriptions SET ended_ms = $2 WHERE id = $1 AND ended_ms IS NULL",
    PAYER = "SELECT person_id FROM subscriptions WHERE id = $1",
    RUNNING = "SELECT plan, since_ms FROM subscriptions WHERE person_id = $1 AND ended_ms IS NULL ORDER BY since_ms DESC, id LIMIT 1",
}

/// What a person pays for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// The payment provider's name of it.
    pub id: String,
    /// Who pays.
    pub person: PersonId,
    /// ID of the plan.
    pub plan: String,
}

/// The plan that a person was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonPlan {
    /// ID of the plan; none that is known: the one that everybody begins with.
    pub plan: String,
    /// Since when.
    pub since_ms: i64,
    /// When the trial ends, if it is one.
    pub trial_until_ms: Option<i64>,
    /// IDs of the plans that the person has tried.
    pub tried: Vec<String>,
}

impl Atlas {
    /// The plan that a person was given, if one was.
    pub async fn plan_of(&self, person: PersonId) -> Result<Option<PersonPlan>> {
        self.store.one(PLAN, args![person]).await?.as_ref().map(person_plan).transpose()
    }

    /// Gives a person a plan, in place of the one before.
    pub async fn give_plan(&self, person: PersonId, plan: &PersonPlan) -> Result<()> {
        let mut tx = self.store.write_unordered().await?;
        give(&mut tx, person, plan).await?;
        tx.commit().await
    }

    /// Notes that a person pays for a plan, and gives it. False if that was noted before, or has ended: events of a provider may come
    /// again, and in the wrong order.
    pub async fn subscribed(&self, to: &Subscription, now_ms: i64) -> Result<bool> {
        let mut tx = self.store.write_unordered().await?;
        let begun = tx.run(BEGUN, args![&to.id, to.person, &to.plan, now_ms, None::<i64>]).await? > 0;
        if begun {
            follow(&mut tx, to.person, now_ms).await?;
        }
        // Also where nothing was written: its locks end here, and not at some time later.
        tx.commit().await?;
        Ok(begun)
    }

    /// Notes that a subscription is over; the person has the plan of another that still runs, or the one that everybody begins with. False
    /// if it did not run.
    pub async fn unsubscribed(&self, id: &str, now_ms: i64) -> Result<bool> {
        let mut tx = self.store.write_unordered().await?;
        let ended = tx.run(ENDED, args![id, now_ms]).await? > 0;
        match tx.one(PAYER, args![id]).await? {
            Some(row) if ended => follow(&mut tx, PersonId(row.get(0)?), now_ms).await?,
            Some(_) => {}
            None => {
                tx.run(BEGUN, args![id, 0_i64, "", now_ms, now_ms]).await?;
            }
        }
        tx.commit().await?;
        Ok(ended)
    }
}

fn person_plan(row: &Row) -> Result<PersonPlan> {
    let mut c = row.columns();
    let (plan, since_ms, trial_until_ms) = (c.next()?, c.next()?, c.next()?);
    Ok(PersonPlan { plan, since_ms, trial_until_ms, tried: json(&c.next::<String>()?)? })
}

async fn give(tx: &mut Tx, person: PersonId, plan: &PersonPlan) -> Result<()> {
    let PersonPlan { plan, since_ms, trial_until_ms, tried } = plan;
    tx.run(SET, args![person, plan, *since_ms, *trial_until_ms, to_json(tried)]).await?;
    Ok(())
}

/// Gives a person the plan of the subscription that began last of those that run.
async fn follow(tx: &mut Tx, person: PersonId, now_ms: i64) -> Result<()> {
    let before = tx.one(PLAN, args![person]).await?.as_ref().map(person_plan).transpose()?;
    let tried = before.map_or(Vec::new(), |before| before.tried);
    let (plan, since_ms) = match tx.one(RUNNING, args![person]).await? {
        Some(row) => (row.get(0)?, row.get(1)?),
        None => (String::new(), now_ms),
    };
    give(tx, person, &PersonPlan { plan, since_ms, trial_until_ms: None, tried }).await
}
