//! Deleting a person: nothing of theirs stays but the fact that an account was deleted.
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
    // Links that were sent to this address before there was an account name no person, and may write it in other capitals.
    MAILS = "DELETE FROM account_mails WHERE person_id = $1 OR LOWER(address) = (SELECT address_key FROM accounts WHERE person_id = $1)",
    CODES = "DELETE FROM recovery_codes WHERE person_id = $1",
    FACTOR = "DELETE FROM second_factors WHERE person_id = $1",
    AUDIT = "DELETE FROM audit WHERE person_id = $1",
    ACCOUNT = "DELETE FROM accounts WHERE person_id = $1",
    PERSON = "DELETE FROM persons WHERE id = $1",
}

impl Atlas {
    /// Deletes a person's account and all that is theirs.
    pub async fn erase_person(&self, person: PersonId) -> Result<()> {
        let mut tx = self.store.write_unordered().await?;
        let all =
            [TELLINGS, MESSAGES, WATCHES, CHANNELS, SESSIONS, TOKENS, MAILS, CODES, FACTOR, AUDIT, ACCOUNT, PERSON];
        for statement in all {
            tx.run(statement, args![person]).await?;
        }
        tx.commit().await
    }
}
