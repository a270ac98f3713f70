//! Tokens by which programs ask for a person, each with the scopes that the person gave it.
use archive::instant::{DAY_MS, MINUTE_MS};
use atlas::accounts::{Account, NewToken};

use crate::{AccountError, Accounts, Caller, Visitor, one_line};

/// Most days that a token is good for.
const MOST_DAYS: i64 = 366;
/// Most tokens of a person.
const MOST: i64 = 20;
/// What every token begins with, so that one that leaks is known for what it is.
const MARK: &str = "cwt_";
/// The last use is written down this often at most.
const USED_MS: i64 = 5 * MINUTE_MS;

/// What a program may do. Nothing of the account itself is open to programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Read the watchlist and the inbox.
    Read,
    /// Change them.
    Write,
}

impl Scope {
    /// All of them.
    pub const ALL: [Scope; 2] = [Scope::Read, Scope::Write];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Scope::Read => "watchlist:read",
            Scope::Write => "watchlist:write",
        }
    }
}

/// A program that asks for a person.
#[derive(Debug, Clone)]
pub struct Program {
    /// The person's account.
    pub account: Account,
    /// The site requires a second factor of the person, and they have none: their programs do nothing until they have one.
    pub lacks_factor: bool,
    scopes: String,
}

impl Program {
    /// Whether the person lets it do this.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.split(' ').any(|known| known == scope.name())
    }
}

impl Accounts {
    /// Makes a token, which is shown this once.
    pub async fn add_token(
        &self,
        visitor: &Visitor,
        name: &str,
        scopes: &[Scope],
        days: i64,
        caller: &Caller,
    ) -> Result<String, AccountError> {
        let person = visitor.account.person;
        let name = one_line(name, 60);
        if name.is_empty() {
            return Err(AccountError::Input("give the token a name by which you will know it".into()));
        }
        if scopes.is_empty() {
            return Err(AccountError::Input("choose what the token may do".into()));
        }
        if !(1..=MOST_DAYS).contains(&days) {
            return Err(AccountError::Input(format!("a token is good for 1 to {MOST_DAYS} days")));
        }
        let names: Vec<&str> = scopes.iter().map(|scope| scope.name()).collect();
        let (secret, now_ms) = (self.secret(MARK), self.now_ms());
        let new =
            NewToken { name: &name, secret: &secret, scopes: &names.join(" "), expires_ms: now_ms + days * DAY_MS };
        if !self.atlas().add_token(person, &new, MOST, now_ms).await? {
            return Err(AccountError::Input(format!("you have {MOST} tokens; end one first")));
        }
        self.note(Some(person), "token-added", caller, &name).await?;
        Ok(secret)
    }

    /// Ends a token of the person; false if they have none with this number.
    pub async fn end_token(&self, visitor: &Visitor, id: i64, caller: &Caller) -> Result<bool, AccountError> {
        let ended = self.atlas().end_token(visitor.account.person, id).await?;
        if ended {
            self.note(Some(visitor.account.person), "token-ended", caller, "").await?;
        }
        Ok(ended)
    }

    /// The program that brings this token.
    pub async fn program(&self, secret: &str) -> Result<Option<Program>, AccountError> {
        let now_ms = self.now_ms();
        let Some(token) = self.atlas().token(secret, now_ms).await? else { return Ok(None) };
        let account = self.atlas().account(token.person).await?;
        let Some(account) = account.filter(|account| account.disabled_ms.is_none()) else { return Ok(None) };
        if token.used_ms.is_none_or(|used_ms| now_ms - used_ms > USED_MS) {
            self.atlas().token_used(token.id, now_ms).await?;
        }
        let lacks_factor = self.lacks_factor(&account).await?;
        Ok(Some(Program { account, lacks_factor, scopes: token.scopes }))
    }
}
