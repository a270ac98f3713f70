//! Accounts as stored: who has one, where they are signed in, the mail about them, and what happened to them. What is allowed is decided
//! in the crate `accounts`; secrets are kept as hashes, those that have to be read again sealed.
mod audit;
mod erase;
mod factors;
mod mails;
mod members;
mod organisations;
mod passkeys;
mod sessions;

use archive::Sha256Digest;
use serde::Serialize;

use crate::error::{AtlasError, Result};
use crate::open::Atlas;
use crate::store::{Columns, Row, Tx, args, statements};
use crate::watching::{ChannelKind, NewChannel, PersonId, Template, channel_in, person_in, readdress, sum_up};

pub(crate) use audit::note_in;
pub use audit::{AuditEntry, Deed};
pub use erase::Erased;
pub use factors::Factor;
pub use mails::{AccountMail, MailOutcome, NewMail};
pub use members::User;
pub use organisations::{Belonging, Changed, Invitation, NewInvitation, Organisation, OrganisationMember, Role};
pub use passkeys::{Ceremony, Kept, NewPasskey, Passkey};
pub use sessions::{NewToken, Session, Token};

#[cfg(test)]
pub(crate) const ALL_STATEMENTS: [&[crate::store::Sql]; 9] = [
    STATEMENTS,
    audit::STATEMENTS,
    erase::STATEMENTS,
    factors::STATEMENTS,
    mails::STATEMENTS,
    members::STATEMENTS,
    organisations::STATEMENTS,
    passkeys::STATEMENTS,
    sessions::STATEMENTS,
];

macro_rules! accounts {
    ($rest:literal) => {
        concat!("SELECT person_id, address, password, operator, disabled_ms, made_ms FROM accounts ", $rest)
    };
}

statements! {
    OF_PERSON = accounts!("WHERE person_id = $1"),
    AT = accounts!("WHERE address_key = $1"),
    ALL = accounts!("ORDER BY person_id LIMIT $1 OFFSET $2"),
    NEW = "INSERT INTO accounts (person_id, address, address_key, password, operator, made_ms) VALUES ($1, $2, $3, $4, 0, $5)
        ON CONFLICT (address_key) DO NOTHING",
    SET_PASSWORD = "UPDATE accounts SET password = $2 WHERE person_id = $1",
    SET_ADDRESS = "UPDATE accounts SET address = $2, address_key = $3 WHERE person_id = $1
        AND NOT EXISTS (SELECT 1 FROM accounts other WHERE other.address_key = $3 AND other.person_id <> $1)",
    SET_OPERATOR = "UPDATE accounts SET operator = $2 WHERE person_id = $1",
    SET_DISABLED = "UPDATE accounts SET disabled_ms = $2 WHERE person_id = $1",
    // Changes of operators wait for each other, so that two cannot make each other ordinary persons at the same moment.
    LOCK_OPERATORS = "UPDATE accounts SET operator = 1 WHERE operator = 1",
    OPERATORS = "SELECT COUNT(*) FROM accounts WHERE operator = 1 AND disabled_ms IS NULL",
}

/// An account as stored.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Account {
    /// Whose it is.
    #[serde(skip)]
    pub person: PersonId,
    /// Their mail address, as they write it.
    pub address: String,
    /// Hash of their password in the PHC form; none: they sign in by mail.
    #[serde(skip)]
    pub password: Option<String>,
    /// Whether they operate the instance.
    pub operator: bool,
    /// Since when it cannot be used.
    pub disabled_ms: Option<i64>,
    /// Since when there is an account.
    pub made_ms: i64,
}

impl std::fmt::Debug for Account {
    /// Without address and hash.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account")
            .field("person", &self.person)
            .field("operator", &self.operator)
            .finish_non_exhaustive()
    }
}

/// An account to be made.
#[derive(Clone)]
pub struct NewAccount {
    /// Mail address, as the person writes it; it is known to be theirs.
    pub address: String,
    /// The same in small letters.
    pub key: String,
    /// Hash of a password in the PHC form.
    pub password: Option<String>,
    /// Random bytes: the secret of the channel that mails to the address.
    pub secret: [u8; 32],
}

fn account(row: &Row) -> Result<Account> {
    account_in(&mut row.columns())
}

/// The account that a row begins with.
fn account_in(c: &mut Columns<'_>) -> Result<Account> {
    Ok(Account {
        person: PersonId(c.next()?),
        address: c.next()?,
        password: c.next()?,
        operator: c.next::<i64>()? != 0,
        disabled_ms: c.next()?,
        made_ms: c.next()?,
    })
}

impl Atlas {
    /// The account of a person.
    pub async fn account(&self, person: PersonId) -> Result<Option<Account>> {
        self.store.one(OF_PERSON, args![person]).await?.as_ref().map(account).transpose()
    }

    /// The account at a mail address, given in small letters.
    pub async fn account_at(&self, key: &str) -> Result<Option<Account>> {
        self.store.one(AT, args![key]).await?.as_ref().map(account).transpose()
    }

    /// Accounts by number.
    pub async fn accounts(&self, offset: i64, limit: i64) -> Result<Vec<Account>> {
        self.store.fetch(ALL, args![limit.max(0), offset.max(0)]).await?.iter().map(account).collect()
    }

    /// Makes a person with an inbox, an account, and a channel that mails to its address. None if somebody has the address.
    pub async fn add_account(&self, new: &NewAccount, now_ms: i64) -> Result<Option<Account>> {
        let mut tx = self.store.write_unordered().await?;
        let person = person_in(&mut tx, "", "UTC", now_ms).await?;
        let (address, key, password) = (new.address.as_str(), new.key.as_str(), new.password.clone());
        if tx.run(NEW, args![person, address, key, password, now_ms]).await? == 0 {
            // Nothing of the transaction stays.
            return Ok(None);
        }
        let channel = NewChannel {
            kind: ChannelKind::Mail,
            address: new.address.clone(),
            template: Template::Plain,
            confirmed: true,
            secret: new.secret,
        };
        channel_in(&mut tx, &self.shared.sealer, person, &channel, now_ms).await?;
        tx.commit().await?;
        self.account(person).await
    }

    /// Sets the hash of a person's password; none: they sign in by mail.
    pub async fn set_password(&self, person: PersonId, password: Option<String>) -> Result<()> {
        let mut tx = self.store.write_unordered().await?;
        one(tx.run(SET_PASSWORD, args![person, password]).await?, person)?;
        tx.commit().await
    }

    /// Gives an account another address, and its mail channel with it; false if somebody else has the address.
    pub async fn set_account_address(&self, person: PersonId, address: &str, key: &str) -> Result<bool> {
        let Some(before) = self.account(person).await? else { return Ok(false) };
        let mut tx = self.store.write_unordered().await?;
        let set = tx.run(SET_ADDRESS, args![person, address, key]).await? > 0;
        if set {
            readdress(&mut tx, person, &before.address, address).await?;
        }
        tx.commit().await?;
        Ok(set)
    }

    /// Makes somebody an operator, or no longer. False, with nothing done, if `spares_last` and no operator who can sign in would be left.
    pub async fn set_operator(&self, person: PersonId, operator: bool, spares_last: bool) -> Result<bool> {
        let mut tx = self.store.write_unordered().await?;
        tx.run(LOCK_OPERATORS, args![]).await?;
        one(tx.run(SET_OPERATOR, args![person, i64::from(operator)]).await?, person)?;
        unless_unoperated(tx, spares_last).await
    }

    /// Closes an account to its person, or opens it again. Sessions and tokens end when it is closed; what waited to be sent meanwhile is summed
    /// up when it is opened. False, with nothing done, if `spares_last` and no operator who can sign in would be left.
    pub async fn set_disabled(&self, person: PersonId, disabled: bool, spares_last: bool, now_ms: i64) -> Result<bool> {
        let since_ms = disabled.then_some(now_ms);
        let mut tx = self.store.write_unordered().await?;
        tx.run(LOCK_OPERATORS, args![]).await?;
        one(tx.run(SET_DISABLED, args![person, since_ms]).await?, person)?;
        match disabled {
            true => sessions::end_all(&mut tx, person).await?,
            false => sum_up(&mut tx, person, &self.log_key(), now_ms).await?,
        }
        unless_unoperated(tx, spares_last).await
    }
}

/// Commits a change, unless it leaves no operator who can sign in and one is to be spared.
async fn unless_unoperated(mut tx: Tx, spares_last: bool) -> Result<bool> {
    let left: i64 = tx.one(OPERATORS, args![]).await?.map_or(Ok(0), |row| row.get(0))?;
    if spares_last && left == 0 {
        tx.undo().await?;
        return Ok(false);
    }
    tx.commit().await?;
    Ok(true)
}

fn one(rows: u64, person: PersonId) -> Result<()> {
    if rows == 0 { Err(AtlasError::Missing(format!("account of person {person}"))) } else { Ok(()) }
}

/// How a secret is stored and looked up.
fn hashed(secret: &str) -> Sha256Digest {
    Sha256Digest::of(secret.as_bytes())
}
