//! Deleting a person: nothing of theirs stays but the fact that an account was deleted. Deleting an organisation: nothing of it stays.
use super::Belonging;
use super::organisations::leave_all;
use crate::error::Result;
use crate::open::Atlas;
use crate::store::{Tx, args, statements};
use crate::watching::PersonId;

statements! {
    TELLINGS = "DELETE FROM tellings WHERE person_id = $1",
    MESSAGES = "DELETE FROM messages WHERE person_id = $1",
    WATCHES = "DELETE FROM watches WHERE person_id = $1",
    CHANNELS = "DELETE FROM channels WHERE person_id = $1",
    SESSIONS = "DELETE FROM sessions WHERE person_id = $1",
    TOKENS = "DELETE FROM tokens WHERE person_id = $1",
    // Links that were sent to this address before there was an account name no person, and may write it in other capitals.
    MAILS = "DELETE FROM account_mails WHERE person_id = $1 OR LOWER(address) = (SELECT address_key FROM accounts WHERE person_id = $1)",
    CODES = "DELETE FROM recovery_codes WHERE person_id = $1",
    FACTOR = "DELETE FROM second_factors WHERE person_id = $1",
    AUDIT = "DELETE FROM audit WHERE person_id = $1",
    // What they did in organisations is known on as somebody's, and not from where.
    AUDIT_BY = "UPDATE audit SET source = '' WHERE by_id = $1",
    AUDIT_NAMED = "UPDATE audit SET detail = '' WHERE (event LIKE 'invitation-%' OR event LIKE 'member-%')
        AND LOWER(detail) = (SELECT address_key FROM accounts WHERE person_id = $1)",
    INVITATIONS = "DELETE FROM invitations WHERE by_id = $1 OR address_key = (SELECT address_key FROM accounts WHERE person_id = $1)",
    INVITED = "DELETE FROM invitations WHERE organisation_id = $1",
    MEMBERS = "DELETE FROM members WHERE organisation_id = $1",
    ORGANISATION = "DELETE FROM organisations WHERE person_id = $1",
    ACCOUNT = "DELETE FROM accounts WHERE person_id = $1",
    PERSON = "DELETE FROM persons WHERE id = $1",
}

/// Deletes an organisation and all that is its, in a transaction of the caller's.
pub(super) async fn organisation(tx: &mut Tx, organisation: PersonId) -> Result<()> {
    for statement in [TELLINGS, MESSAGES, WATCHES, CHANNELS, AUDIT, INVITED, MEMBERS, ORGANISATION, PERSON] {
        tx.run(statement, args![organisation]).await?;
    }
    Ok(())
}

impl Atlas {
    /// Deletes a person's account and all that is theirs, with the organisations that have no other member. If others would be left without
    /// an owner, nothing is deleted, and those are given.
    pub async fn erase_person(&self, person: PersonId, now_ms: i64) -> Result<Vec<Belonging>> {
        let mut tx = self.store.write_unordered().await?;
        let held = leave_all(&mut tx, person, now_ms).await?;
        if !held.is_empty() {
            tx.undo().await?;
            return Ok(held);
        }
        let all = [
            TELLINGS,
            MESSAGES,
            WATCHES,
            CHANNELS,
            SESSIONS,
            TOKENS,
            MAILS,
            CODES,
            FACTOR,
            AUDIT_BY,
            AUDIT_NAMED,
            INVITATIONS,
            AUDIT,
            ACCOUNT,
            PERSON,
        ];
        for statement in all {
            tx.run(statement, args![person]).await?;
        }
        tx.commit().await?;
        Ok(Vec::new())
    }

    /// Deletes an organisation and all that is its.
    pub async fn erase_organisation(&self, id: PersonId) -> Result<()> {
        let mut tx = self.store.write_unordered().await?;
        organisation(&mut tx, id).await?;
        tx.commit().await
    }
}
