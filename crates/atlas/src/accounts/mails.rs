//! Mail about accounts: an outbox of its own, since such mail goes to addresses that are not channels of anybody yet. A row holds no
//! token: what a link says is an HMAC over the row's number and nonce, made when the mail is sent and again when the link is opened.
use archive::instant::MINUTE_MS;

use crate::error::Result;
use crate::open::Atlas;
use crate::store::{Row, args, statements};
use crate::watching::{PersonId, take_numbers};

/// How long a mail belongs to the process that claimed it.
const LEASE_MS: i64 = 2 * MINUTE_MS;

macro_rules! claimed {
    ($skip:literal) => {
        concat!(
            "UPDATE account_mails SET due_ms = $2 WHERE id IN (SELECT id FROM account_mails
                WHERE state = 0 AND due_ms <= $1 ORDER BY due_ms, id LIMIT $3",
            $skip,
            ") RETURNING id"
        )
    };
}

statements! {
    ADD = "INSERT INTO account_mails (id, kind, address, person_id, nonce, data, made_ms, expires_ms, state, attempts, due_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, $7)",
    MAIL = "SELECT id, kind, address, person_id, nonce, data, made_ms, expires_ms, used_ms, attempts FROM account_mails WHERE id = $1",
    CLAIM = claimed!(""); postgres claimed!(" FOR UPDATE SKIP LOCKED"),
    SETTLE = "UPDATE account_mails SET state = $2, attempts = attempts + $4, due_ms = $3 WHERE id = $1 AND state = 0",
    USE = "UPDATE account_mails SET used_ms = $2 WHERE id = $1 AND used_ms IS NULL AND expires_ms > $2",
    END_LINKS = "UPDATE account_mails SET used_ms = $2 WHERE person_id = $1 AND used_ms IS NULL",
    FORGET = "DELETE FROM account_mails WHERE expires_ms < $1",
}

/// A mail to be sent about an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMail {
    /// What it says, by a number of the crate `accounts`.
    pub kind: i64,
    /// To whom.
    pub address: String,
    /// Whose account it is about.
    pub person: Option<PersonId>,
    /// Random bytes.
    pub nonce: [u8; 32],
    /// What its link goes on with, as JSON.
    pub data: String,
    /// Until when its link is good.
    pub expires_ms: i64,
}

/// A mail about an account as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountMail {
    /// Its number.
    pub id: i64,
    /// What it says.
    pub kind: i64,
    /// To whom.
    pub address: String,
    /// Whose account it is about.
    pub person: Option<PersonId>,
    /// Random bytes.
    pub nonce: Vec<u8>,
    /// What its link goes on with, as JSON.
    pub data: String,
    /// When it was made.
    pub made_ms: i64,
    /// Until when its link is good.
    pub expires_ms: i64,
    /// When its link was used.
    pub used_ms: Option<i64>,
    /// How often it was tried to send it.
    pub attempts: i64,
}

/// What came of sending a mail about an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailOutcome {
    /// The server took it.
    Sent,
    /// To be tried again at an instant.
    Again(i64),
    /// It was not tried, for a reason that is not its own, and is due again at an instant.
    Released(i64),
    /// Given up.
    Dead,
}

fn mail(row: &Row) -> Result<AccountMail> {
    let mut c = row.columns();
    Ok(AccountMail {
        id: c.next()?,
        kind: c.next()?,
        address: c.next()?,
        person: Some(c.next::<i64>()?).filter(|id| *id > 0).map(PersonId),
        nonce: c.next()?,
        data: c.next()?,
        made_ms: c.next()?,
        expires_ms: c.next()?,
        used_ms: c.next()?,
        attempts: c.next()?,
    })
}

impl Atlas {
    /// Puts a mail about an account into the outbox; its number.
    pub async fn post_account_mail(&self, new: &NewMail, now_ms: i64) -> Result<i64> {
        let mut tx = self.store.write_unordered().await?;
        let id = take_numbers(&mut tx, "account_mails", 1).await?;
        let (person, nonce) = (new.person.map_or(0, |person| person.0), new.nonce.to_vec());
        let (address, data) = (new.address.as_str(), new.data.as_str());
        tx.run(ADD, args![id, new.kind, address, person, nonce, data, now_ms, new.expires_ms]).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// A mail about an account.
    pub async fn account_mail(&self, id: i64) -> Result<Option<AccountMail>> {
        self.store.one(MAIL, args![id]).await?.as_ref().map(mail).transpose()
    }

    /// Takes mails that are to be sent, longest due first; they are the caller's for two minutes.
    pub async fn claim_account_mails(&self, now_ms: i64, limit: i64) -> Result<Vec<i64>> {
        let mut tx = self.store.write_unordered().await?;
        let rows = tx.fetch(CLAIM, args![now_ms, now_ms + LEASE_MS, limit]).await?;
        let mut ids: Vec<i64> = rows.iter().map(|row| row.get(0)).collect::<Result<_>>()?;
        tx.commit().await?;
        ids.sort_unstable();
        Ok(ids)
    }

    /// Writes down what came of sending a mail.
    pub async fn settle_account_mail(&self, id: i64, outcome: MailOutcome) -> Result<()> {
        let (state, due_ms, attempts) = match outcome {
            MailOutcome::Again(at_ms) => (0_i64, at_ms, 1_i64),
            MailOutcome::Released(at_ms) => (0, at_ms, 0),
            MailOutcome::Sent => (1, 0, 1),
            MailOutcome::Dead => (2, 0, 1),
        };
        let mut tx = self.store.write_unordered().await?;
        tx.run(SETTLE, args![id, state, due_ms, attempts]).await?;
        tx.commit().await
    }

    /// Uses up the link of a mail; false if it was used or is too old. Of several who try at once, one is told true.
    pub async fn use_account_link(&self, id: i64, now_ms: i64) -> Result<bool> {
        let mut tx = self.store.write_unordered().await?;
        let used = tx.run(USE, args![id, now_ms]).await? > 0;
        tx.commit().await?;
        Ok(used)
    }

    /// Ends all links that were sent about a person's account.
    pub async fn end_account_links(&self, person: PersonId, now_ms: i64) -> Result<()> {
        let mut tx = self.store.write_unordered().await?;
        tx.run(END_LINKS, args![person, now_ms]).await?;
        tx.commit().await
    }

    /// Forgets mails whose links ended before an instant.
    pub async fn forget_account_mails(&self, before_ms: i64) -> Result<u64> {
        let mut tx = self.store.write_unordered().await?;
        let forgotten = tx.run(FORGET, args![before_ms]).await?;
        tx.commit().await?;
        Ok(forgotten)
    }
}
