//! Where persons are signed in, and the tokens of their programs. Both are found by the hash of the secret that is shown.
use serde::Serialize;

use super::hashed;
use crate::error::Result;
use crate::open::Atlas;
use crate::store::{Row, Tx, args, statements};
use crate::watching::{PersonId, lock_holder, take_numbers};

macro_rules! sessions {
    ($rest:literal) => {
        concat!("SELECT id, person_id, made_ms, seen_ms, proven_ms, agent FROM sessions ", $rest)
    };
}
macro_rules! tokens {
    ($rest:literal) => {
        concat!("SELECT id, person_id, name, scopes, made_ms, expires_ms, used_ms FROM tokens ", $rest)
    };
}

statements! {
    SESSION = sessions!("WHERE token = $1"),
    SESSIONS = sessions!("WHERE person_id = $1 ORDER BY seen_ms DESC, id DESC"),
    BEGIN = "INSERT INTO sessions (id, person_id, token, made_ms, seen_ms, proven_ms, agent) VALUES ($1, $2, $3, $4, $4, $4, $5)",
    SEEN = "UPDATE sessions SET seen_ms = $2 WHERE id = $1",
    RENEW = "UPDATE sessions SET token = $2, proven_ms = $3 WHERE id = $1",
    END = "DELETE FROM sessions WHERE person_id = $1 AND id = $2",
    END_OTHERS = "DELETE FROM sessions WHERE person_id = $1 AND id <> $2",
    END_OLD = "DELETE FROM sessions WHERE seen_ms < $1 OR made_ms < $2",
    TOKEN = tokens!("WHERE token = $1 AND expires_ms > $2"),
    TOKENS = tokens!("WHERE person_id = $1 ORDER BY id"),
    ADD_TOKEN = "INSERT INTO tokens (id, person_id, name, token, scopes, made_ms, expires_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    COUNT_TOKENS = "SELECT COUNT(*) FROM tokens WHERE person_id = $1",
    USED = "UPDATE tokens SET used_ms = $2 WHERE id = $1",
    END_TOKEN = "DELETE FROM tokens WHERE person_id = $1 AND id = $2",
    END_TOKENS = "DELETE FROM tokens WHERE person_id = $1",
}

/// A browser in which a person is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Session {
    /// Its number.
    pub id: i64,
    /// Who is signed in.
    #[serde(skip)]
    pub person: PersonId,
    /// Since when.
    pub made_ms: i64,
    /// When it was last used, to a few minutes.
    pub seen_ms: i64,
    /// When the person last proved in it who they are.
    pub proven_ms: i64,
    /// What the browser calls itself.
    pub agent: String,
}

/// A token of a person's program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Token {
    /// Its number.
    pub id: i64,
    /// For whom the program asks.
    #[serde(skip)]
    pub person: PersonId,
    /// What the person calls it.
    pub name: String,
    /// Names of scopes, parted by spaces.
    pub scopes: String,
    /// Since when.
    pub made_ms: i64,
    /// Until when.
    pub expires_ms: i64,
    /// When it was last used, to a few minutes.
    pub used_ms: Option<i64>,
}

/// A token to be kept.
pub struct NewToken<'a> {
    /// What the person calls it.
    pub name: &'a str,
    /// The token; its hash is kept.
    pub secret: &'a str,
    /// Names of scopes, parted by spaces.
    pub scopes: &'a str,
    /// Until when it is good.
    pub expires_ms: i64,
}

fn session(row: &Row) -> Result<Session> {
    let mut c = row.columns();
    let (id, person) = (c.next()?, PersonId(c.next()?));
    Ok(Session { id, person, made_ms: c.next()?, seen_ms: c.next()?, proven_ms: c.next()?, agent: c.next()? })
}

fn token(row: &Row) -> Result<Token> {
    let mut c = row.columns();
    let (id, person, name, scopes) = (c.next()?, PersonId(c.next()?), c.next()?, c.next()?);
    Ok(Token { id, person, name, scopes, made_ms: c.next()?, expires_ms: c.next()?, used_ms: c.next()? })
}

/// Ends all sessions and tokens of a person.
pub(super) async fn end_all(tx: &mut Tx, person: PersonId) -> Result<()> {
    tx.run(END_OTHERS, args![person, 0_i64]).await?;
    tx.run(END_TOKENS, args![person]).await?;
    Ok(())
}

impl Atlas {
    /// The session whose secret this is, ended by time or not.
    pub async fn session(&self, secret: &str) -> Result<Option<Session>> {
        self.store.one(SESSION, args![hashed(secret)]).await?.as_ref().map(session).transpose()
    }

    /// A person's sessions, the last used first.
    pub async fn sessions(&self, person: PersonId) -> Result<Vec<Session>> {
        self.store.fetch(SESSIONS, args![person]).await?.iter().map(session).collect()
    }

    /// Begins a session; its number.
    pub async fn begin_session(&self, person: PersonId, secret: &str, agent: &str, now_ms: i64) -> Result<i64> {
        let mut tx = self.store.write_unordered().await?;
        let id = take_numbers(&mut tx, "sessions", 1).await?;
        tx.run(BEGIN, args![id, person, hashed(secret), now_ms, agent]).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Notes that a session was used.
    pub async fn session_seen(&self, id: i64, now_ms: i64) -> Result<()> {
        let mut tx = self.store.write_unordered().await?;
        tx.run(SEEN, args![id, now_ms]).await?;
        tx.commit().await
    }

    /// Gives a session another secret, since the person proved in it who they are; false if it has ended.
    pub async fn renew_session(&self, id: i64, secret: &str, now_ms: i64) -> Result<bool> {
        let mut tx = self.store.write_unordered().await?;
        let renewed = tx.run(RENEW, args![id, hashed(secret), now_ms]).await? > 0;
        tx.commit().await?;
        Ok(renewed)
    }

    /// Ends a session of a person; false if they have none with this number.
    pub async fn end_session(&self, person: PersonId, id: i64) -> Result<bool> {
        let mut tx = self.store.write_unordered().await?;
        let ended = tx.run(END, args![person, id]).await? > 0;
        tx.commit().await?;
        Ok(ended)
    }

    /// Ends the sessions of a person except one; 0 spares none.
    pub async fn end_other_sessions(&self, person: PersonId, spared: i64) -> Result<u64> {
        let mut tx = self.store.write_unordered().await?;
        let ended = tx.run(END_OTHERS, args![person, spared]).await?;
        tx.commit().await?;
        Ok(ended)
    }

    /// Ends all sessions and tokens of a person.
    pub async fn end_all_access(&self, person: PersonId) -> Result<()> {
        let mut tx = self.store.write_unordered().await?;
        end_all(&mut tx, person).await?;
        tx.commit().await
    }

    /// Forgets sessions that were last used, or begun, before instants.
    pub async fn end_old_sessions(&self, seen_before_ms: i64, made_before_ms: i64) -> Result<u64> {
        let mut tx = self.store.write_unordered().await?;
        let ended = tx.run(END_OLD, args![seen_before_ms, made_before_ms]).await?;
        tx.commit().await?;
        Ok(ended)
    }

    /// The token whose secret this is, while it is good.
    pub async fn token(&self, secret: &str, now_ms: i64) -> Result<Option<Token>> {
        self.store.one(TOKEN, args![hashed(secret), now_ms]).await?.as_ref().map(token).transpose()
    }

    /// A person's tokens, oldest first.
    pub async fn tokens(&self, person: PersonId) -> Result<Vec<Token>> {
        self.store.fetch(TOKENS, args![person]).await?.iter().map(token).collect()
    }

    /// Keeps a token, if the person has fewer than `most`; false if not.
    pub async fn add_token(&self, person: PersonId, new: &NewToken<'_>, most: i64, now_ms: i64) -> Result<bool> {
        let mut tx = self.store.write_unordered().await?;
        lock_holder(&mut tx, person).await?;
        if tx.one(COUNT_TOKENS, args![person]).await?.map_or(Ok(0), |row| row.get::<i64>(0))? >= most {
            tx.undo().await?;
            return Ok(false);
        }
        let id = take_numbers(&mut tx, "tokens", 1).await?;
        let (secret, expires_ms) = (hashed(new.secret), new.expires_ms);
        tx.run(ADD_TOKEN, args![id, person, new.name, secret, new.scopes, now_ms, expires_ms]).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Ends all tokens of a person.
    pub async fn end_tokens(&self, person: PersonId) -> Result<()> {
        let mut tx = self.store.write_unordered().await?;
        tx.run(END_TOKENS, args![person]).await?;
        tx.commit().await
    }

    /// Notes that a token was used.
    pub async fn token_used(&self, id: i64, now_ms: i64) -> Result<()> {
        let mut tx = self.store.write_unordered().await?;
        tx.run(USED, args![id, now_ms]).await?;
        tx.commit().await
    }

    /// Ends a token of a person; false if they have none with this number.
    pub async fn end_token(&self, person: PersonId, id: i64) -> Result<bool> {
        let mut tx = self.store.write_unordered().await?;
        let ended = tx.run(END_TOKEN, args![person, id]).await? > 0;
        tx.commit().await?;
        Ok(ended)
    }
}
