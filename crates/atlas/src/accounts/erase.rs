//! Deleting a person: nothing of theirs stays but the fact that an account was deleted, and that somebody paid.
use crate::error::Result;
use crate::open::Atlas;
use crate::store::{args, statements};
use crate::watching::PersonId;

statements! {
    TELLINGS = "DELETE FROM tellings WHERE person_id = $1",
    MESSAGES = "DELETE FROM messages WHERE person_id = $1",
    WATCHES = "DELETE FROM watches WHERE person_id = $1",
    CHANNELS = "DELETE FROM channels WHERE person_id = $1",
    SESSIONS = "DELETE FROM sessions WHERE person_id = $1",
    TOKENS = "DELETE FROM tokens WHERE person_id = $1",
    // Links that others were sent to this address name no person.
    MAILS = "DELETE FROM account_mails WHERE person_id = $1 OR address = (SELECT address FROM accounts WHERE person_id = $1)",
    CODES = "DELETE FROM recovery_codes WHERE person_id = $1",
    FACTOR = "DELETE FROM second_factors WHERE person_id = $1",
    AUDIT = "DELETE FROM audit WHERE person_id = $1",
    TRIALS = "DELETE FROM plans WHERE person_id = $1",
    // What the payment provider tells of them later finds them ended, and nobody's.
    SUBSCRIPTIONS = "UPDATE subscriptions SET person_id = 0 WHERE person_id = $1",
    RUNNING = "SELECT COUNT(*) FROM subscriptions WHERE person_id = $1 AND ended_ms IS NULL",
    ACCOUNT = "DELETE FROM accounts WHERE person_id = $1",
    PERSON = "DELETE FROM persons WHERE id = $1",
}

impl Atlas {
    /// Deletes a person's account and all that is theirs; false, and nothing is deleted, while they pay for a plan.
    pub async fn erase_person(&self, person: PersonId) -> Result<bool> {
        let mut tx = self.store.write_unordered().await?;
        if tx.one(RUNNING, args![person]).await?.map_or(Ok(0), |row| row.get::<i64>(0))? > 0 {
            return Ok(false);
        }
        let told = [TELLINGS, MESSAGES, WATCHES, CHANNELS];
        let known = [SESSIONS, TOKENS, MAILS, CODES, FACTOR, AUDIT, TRIALS, SUBSCRIPTIONS, ACCOUNT, PERSON];
        for statement in told.into_iter().chain(known) {
            tx.run(statement, args![person]).await?;
        }
        tx.commit().await?;
        Ok(true)
    }
}
