//! Signing in with a password, and the sessions of browsers.
use std::sync::{Arc, OnceLock};

use archive::instant::{DAY_MS, MINUTE_MS};
use atlas::accounts::{Account, Session};

use crate::{AccountError, Accounts, Caller, MailAddress, one_line};

/// A session ends when it was not used for so long.
pub const IDLE_MS: i64 = 14 * DAY_MS;
/// And after so long in any case.
pub const LONGEST_MS: i64 = 30 * DAY_MS;
/// For so long after signing in, what could take an account over is done without proving again who one is.
pub const PROOF_MS: i64 = 15 * MINUTE_MS;
/// The last use is written down this often at most.
const SEEN_MS: i64 = 5 * MINUTE_MS;

/// A person who has just signed in.
#[derive(Clone)]
pub struct SignedIn {
    /// Their account.
    pub account: Account,
    /// What their browser keeps.
    pub secret: String,
}

/// A person in a session.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// Their account.
    pub account: Account,
    /// The session.
    pub session: Session,
    /// The site requires a second factor of them, and they have none: they set one up before they do anything else.
    pub lacks_factor: bool,
    /// The secret that it has since they proved in it who they are.
    pub renewed: Renewed,
}

/// The secret that a session was given in place of the one that the browser has, which must be told to the browser; none if it is as it was.
/// Clones are one.
#[derive(Clone, Default)]
pub struct Renewed(Arc<OnceLock<String>>);

impl Renewed {
    /// The secret that the browser is to keep.
    pub fn secret(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }
}

impl std::fmt::Debug for Renewed {
    /// Without the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Renewed").field(&self.0.get().is_some()).finish()
    }
}

/// Whether a session is over at an instant.
fn is_over(session: &Session, now_ms: i64) -> bool {
    now_ms - session.seen_ms > IDLE_MS || now_ms - session.made_ms > LONGEST_MS
}

impl Accounts {
    /// Signs in with a password, and a code of the second factor where there is one. What fails, fails alike: an unknown address, a wrong password, an account without one or out of use,
    /// a code that is missing.
    pub async fn sign_in(
        &self,
        address: &str,
        password: &str,
        code: Option<&str>,
        caller: &Caller,
    ) -> Result<SignedIn, AccountError> {
        let address = MailAddress::parse(address)?;
        self.may_guess(&address, caller).await?;
        let account = self.atlas().account_at(address.key()).await?;
        let kept = account.as_ref().filter(|account| account.disabled_ms.is_none());
        let right = self.parts.passwords.is(password, kept.and_then(|account| account.password.as_deref())).await?;
        let passes = match &account {
            Some(account) if right => self.passes_factor(account, code).await?,
            _ => false,
        };
        match (account, passes) {
            (Some(account), true) => {
                self.forgive(&address).await?;
                self.begin(account, caller, "with a password").await
            }
            (account, _) => {
                self.note(account.map(|account| account.person), "sign-in-failed", caller, "").await?;
                Err(AccountError::Wrong)
            }
        }
    }

    /// Begins a session. Its secret is always a new one: nothing that a browser brings becomes a session.
    pub(crate) async fn begin(&self, account: Account, caller: &Caller, how: &str) -> Result<SignedIn, AccountError> {
        let secret = self.secret("");
        let agent = one_line(&caller.agent, 200);
        self.atlas().begin_session(account.person, &secret, &agent, self.now_ms()).await?;
        self.note(Some(account.person), "signed-in", caller, how).await?;
        Ok(SignedIn { account, secret })
    }

    /// Who is in the session with this secret; none if it is over.
    pub async fn visitor(&self, secret: &str) -> Result<Option<Visitor>, AccountError> {
        let Some(session) = self.atlas().session(secret).await? else { return Ok(None) };
        let now_ms = self.now_ms();
        if is_over(&session, now_ms) {
            self.atlas().end_session(session.person, session.id).await?;
            return Ok(None);
        }
        let account = self.atlas().account(session.person).await?;
        let Some(account) = account.filter(|account| account.disabled_ms.is_none()) else { return Ok(None) };
        if now_ms - session.seen_ms > SEEN_MS {
            self.atlas().session_seen(session.id, now_ms).await?;
        }
        let lacks_factor = self.lacks_factor(&account).await?;
        Ok(Some(Visitor { account, session, lacks_factor, renewed: Renewed::default() }))
    }

    /// Ends the session with this secret, if there is one.
    pub async fn sign_out(&self, secret: &str, caller: &Caller) -> Result<(), AccountError> {
        if let Some(session) = self.atlas().session(secret).await? {
            self.atlas().end_session(session.person, session.id).await?;
            self.note(Some(session.person), "signed-out", caller, "").await?;
        }
        Ok(())
    }

    /// Ends a session of the person, this one or another; false if they have none with this number.
    pub async fn end_session(&self, visitor: &Visitor, id: i64, caller: &Caller) -> Result<bool, AccountError> {
        let ended = self.atlas().end_session(visitor.account.person, id).await?;
        if ended {
            self.note(Some(visitor.account.person), "session-ended", caller, "").await?;
        }
        Ok(ended)
    }

    /// Ends all sessions of the person but this one.
    pub async fn end_other_sessions(&self, visitor: &Visitor, caller: &Caller) -> Result<u64, AccountError> {
        let ended = self.atlas().end_other_sessions(visitor.account.person, visitor.session.id).await?;
        self.note(Some(visitor.account.person), "sessions-ended", caller, "all others").await?;
        Ok(ended)
    }

    /// Whether the person has proved in this session, of late, who they are.
    pub fn is_proven(&self, visitor: &Visitor) -> bool {
        visitor.renewed.secret().is_some() || self.now_ms() - visitor.session.proven_ms <= PROOF_MS
    }

    /// Gives the session another secret, since the person proved in it who they are: one that somebody else had learnt is worth nothing any
    /// more. Once for a visitor.
    pub(crate) async fn renew(&self, visitor: &Visitor) -> Result<(), AccountError> {
        if visitor.renewed.secret().is_some() {
            return Ok(());
        }
        let secret = self.secret("");
        if self.atlas().renew_session(visitor.session.id, &secret, self.now_ms()).await? {
            visitor.renewed.0.get_or_init(|| secret);
        }
        Ok(())
    }

    /// Has the person prove who they are, unless they did of late. Who has no password signs in anew. The session of who gives the password
    /// has another secret then ([`Visitor::renewed`]).
    pub async fn prove(&self, visitor: &Visitor, password: Option<&str>, caller: &Caller) -> Result<(), AccountError> {
        if self.is_proven(visitor) {
            return Ok(());
        }
        let (Some(password), Some(_)) = (password, &visitor.account.password) else {
            return Err(AccountError::Unproven);
        };
        self.check_password(&visitor.account, password, caller).await?;
        self.renew(visitor).await
    }

    /// Checks the password of an account, which counts as a guess. The right one does not make the count begin anew, or who knows the password
    /// could try codes of the second factor without end.
    pub(crate) async fn check_password(
        &self,
        account: &Account,
        password: &str,
        caller: &Caller,
    ) -> Result<(), AccountError> {
        self.may_guess(&MailAddress::parse(&account.address)?, caller).await?;
        if !self.parts.passwords.is(password, account.password.as_deref()).await? {
            self.note(Some(account.person), "proof-failed", caller, "").await?;
            return Err(AccountError::Wrong);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_unused_and_in_any_case() {
        let session = |made_ms, seen_ms| Session {
            id: 1,
            person: atlas::watching::PersonId(2),
            made_ms,
            seen_ms,
            proven_ms: made_ms,
            agent: String::new(),
        };
        assert!(!is_over(&session(0, 0), IDLE_MS));
        assert!(is_over(&session(0, 0), IDLE_MS + 1));
        assert!(!is_over(&session(0, LONGEST_MS), LONGEST_MS));
        assert!(is_over(&session(0, LONGEST_MS), LONGEST_MS + 1));
    }
}
