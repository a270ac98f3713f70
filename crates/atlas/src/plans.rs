//! The plans of persons. What a plan allows is said in the instance's configuration and decided by `alerts::plans`.
use crate::error::Result;
use crate::open::Atlas;
use crate::store::{args, json, statements, to_json};
use crate::watching::PersonId;

statements! {
    PLAN = "SELECT plan, since_ms, trial_until_ms, tried FROM plans WHERE person_id = $1",
    SET = "INSERT INTO plans (person_id, plan, since_ms, trial_until_ms, tried) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (person_id) DO UPDATE SET plan = excluded.plan, since_ms = excluded.since_ms,
            trial_until_ms = excluded.trial_until_ms, tried = excluded.tried",
}

/// The plan that a person was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonPlan {
    /// ID of the plan.
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
        let Some(row) = self.store.one(PLAN, args![person]).await? else { return Ok(None) };
        let mut c = row.columns();
        let (plan, since_ms, trial_until_ms) = (c.next()?, c.next()?, c.next()?);
        Ok(Some(PersonPlan { plan, since_ms, trial_until_ms, tried: json(&c.next::<String>()?)? }))
    }

    /// Gives a person a plan, in place of the one before.
    pub async fn give_plan(&self, person: PersonId, plan: &PersonPlan) -> Result<()> {
        let PersonPlan { plan, since_ms, trial_until_ms, tried } = plan;
        let mut tx = self.store.write_unordered().await?;
        tx.run(SET, args![person, plan, *since_ms, *trial_until_ms, to_json(tried)]).await?;
        tx.commit().await
    }
}
