//! Deleting a person: nothing of theirs stays but the fact that an account was deleted, and that somebody paid. Deleting an organisation:
//! nothing of it stays.
use super::organisations::leave_all;
use super::{Belonging, LOCK_OPERATORS};
use crate::error::Result;
use crate::open::Atlas;
use crate::store::{Tx, args, statements};
use crate::watching::PersonId;

statements! {
    TELLINGS = "DELETE FROM tellings WHERE person_id = $1",
    READS = "DELETE FROM reads WHERE person_id = $1",
    // What others read of an organisation's. Two statements: PostgreSQL would read all for one with an OR.
    READS_BY_OTHERS = "DELETE FROM reads WHERE message_id IN (SELECT id FROM messages WHERE person_id = $1)",
    MESSAGES = "DELETE FROM messages WHERE person_id = $1",
    WATCHES = "DELETE FROM watches WHERE person_id = $1",
    CHANNELS = "DELETE FROM channels WHERE person_id = $1",
    CEREMONIES = "DELETE FROM ceremonies WHERE session_id IN (SELECT id FROM sessions WHERE person_id = $1)",
    SESSIONS = "DELETE FROM sessions WHERE person_id = $1",
    TOKENS = "DELETE FROM tokens WHERE person_id = $1",
    // Links that were sent to this address before there was an account name no person, and may write it in other capitals.
    MAILS = "DELETE FROM account_mails WHERE person_id = $1 OR LOWER(address) = (SELECT address_key FROM accounts WHERE person_id = $1)",
    CODES = "DELETE FROM recovery_codes WHERE person_id = $1",
    FACTOR = "DELETE FROM second_factors WHERE person_id = $1",
    PASSKEYS = "DELETE FROM passkeys WHERE person_id = $1",
    AUDIT = "DELETE FROM audit WHERE person_id = $1",
    // What they did in organisations is known on as somebody's, and not from where. Few entries have a doer or a detail, and only those are in
    // the indexes, which are used where the statement says so.
    AUDIT_BY = "UPDATE audit SET source = '' WHERE by_id = $1 AND by_id > 0",
    // The key is in small letters already: that it is an expression too lets SQLite look the index of the other one up.
    AUDIT_NAMED = "UPDATE audit SET detail = '' WHERE (event LIKE 'invitation-%' OR event LIKE 'member-%')
        AND detail <> '' AND LOWER(detail) = (SELECT LOWER(address_key) FROM accounts WHERE person_id = $1)",
    INVITATIONS = "DELETE FROM invitations WHERE by_id = $1 OR address_key = (SELECT address_key FROM accounts WHERE person_id = $1)",
    INVITED = "DELETE FROM invitations WHERE organisation_id = $1",
    MEMBERS = "DELETE FROM members WHERE organisation_id = $1",
    ORGANISATION = "DELETE FROM organisations WHERE person_id = $1",
    TRIALS = "DELETE FROM plans WHERE person_id = $1",
    // What the payment provider tells of them later finds them ended, and nobody's.
    SUBSCRIPTIONS = "UPDATE subscriptions SET person_id = 0 WHERE person_id = $1",
    RUNNING = "SELECT COUNT(*) FROM subscriptions WHERE person_id = $1 AND ended_ms IS NULL",
    LAST_OPERATOR = "SELECT COUNT(*) FROM accounts WHERE person_id = $1 AND operator = 1
        AND NOT EXISTS (SELECT 1 FROM accounts o WHERE o.operator = 1 AND o.disabled_ms IS NULL AND o.person_id <> $1)",
    ACCOUNT = "DELETE FROM accounts WHERE person_id = $1",
    PERSON = "DELETE FROM persons WHERE id = $1",
}

/// What came of deleting a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Erased {
    /// They are deleted.
    Done,
    /// Nothing is deleted: they pay for a plan.
    Pays,
    /// Nothing is deleted: they are the last operator who can sign in.
    LastOperator,
    /// Nothing is deleted: these organisations, which have other members, would be left without an owner.
    Owns(Vec<Belonging>),
}

/// Deletes an organisation and all that is its, in a transaction of the caller's.
pub(super) async fn organisation(tx: &mut Tx, organisation: PersonId) -> Result<()> {
    let told = [TELLINGS, READS, READS_BY_OTHERS, MESSAGES, WATCHES, CHANNELS];
    for statement in told.into_iter().chain([AUDIT, INVITED, MEMBERS, ORGANISATION, PERSON]) {
        tx.run(statement, args![organisation]).await?;
    }
    Ok(())
}

impl Atlas {
    /// Deletes a person's account and all that is theirs, with the organisations that have no other member.
    pub async fn erase_person(&self, person: PersonId, now_ms: i64) -> Result<Erased> {
        let mut tx = self.store.write_unordered().await?;
        if tx.one(RUNNING, args![person]).await?.map_or(Ok(0), |row| row.get::<i64>(0))? > 0 {
            tx.undo().await?;
            return Ok(Erased::Pays);
        }
        tx.run(LOCK_OPERATORS, args![]).await?;
        if tx.one(LAST_OPERATOR, args![person]).await?.map_or(Ok(0), |row| row.get::<i64>(0))? > 0 {
            tx.undo().await?;
            return Ok(Erased::LastOperator);
        }
        let held = leave_all(&mut tx, person, now_ms).await?;
        if !held.is_empty() {
            tx.undo().await?;
            return Ok(Erased::Owns(held));
        }
        let told = [TELLINGS, READS, READS_BY_OTHERS, MESSAGES, WATCHES, CHANNELS, AUDIT_BY, AUDIT_NAMED, INVITATIONS];
        let ways_in = [CEREMONIES, SESSIONS, TOKENS, MAILS, CODES, FACTOR, PASSKEYS];
        let known = [AUDIT, TRIALS, SUBSCRIPTIONS, ACCOUNT, PERSON];
        for statement in told.into_iter().chain(ways_in).chain(known) {
            tx.run(statement, args![person]).await?;
        }
        tx.commit().await?;
        Ok(Erased::Done)
    }

    /// Deletes an organisation and all that is its.
    pub async fn erase_organisation(&self, id: PersonId) -> Result<()> {
        let mut tx = self.store.write_unordered().await?;
        organisation(&mut tx, id).await?;
        tx.commit().await
    }
}
