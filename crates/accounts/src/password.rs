//! Passwords: what may be one, and keeping them as argon2id hashes.
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use std::sync::Arc;
use tokio::sync::Semaphore;

use crate::AccountError;

/// Fewest characters.
const SHORTEST: usize = 10;
/// Most bytes: hashing takes longer with length.
const LONGEST: usize = 512;
/// Passwords hashed at one time: each takes its memory and a core.
const AT_ONCE: usize = 2;

/// Why a text cannot be a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// It is too short.
    #[error("a password has at least {SHORTEST} characters; a few words that do not belong together are a good one")]
    Short,
    /// It is too long.
    #[error("a password has at most {LONGEST} bytes")]
    Long,
    /// It is among the first that are tried.
    #[error(
        "this password is among the first that would be tried; a few words that do not belong together are a better one"
    )]
    Common,
    /// It is known from a breach.
    #[error(
        "this password is known from a breach of some site, and would be tried; take another one, and change it where you use it"
    )]
    Breached,
}

/// What hashing a password costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    pub memory: u32,
    /// Passes over it.
    pub passes: u32,
}

impl Default for Cost {
    /// 19 MiB and two passes: the first choice of OWASP's cheat sheet on storing passwords.
    fn default() -> Cost {
        Cost { memory: 19 * 1024, passes: 2 }
    }
}

/// Whether a text may be a password. `known` are words that whoever guesses would try: the person's address, the site's name.
///
/// # Errors
/// Why not. There are no rules about kinds of characters: what counts is how many guesses it takes.
pub fn check(password: &str, known: &[&str]) -> Result<(), PasswordError> {
    if password.chars().count() < SHORTEST {
        return Err(PasswordError::Short);
    }
    if password.len() > LONGEST {
        return Err(PasswordError::Long);
    }
    // At least ten million guesses, by an estimate that knows common passwords, names, words, dates and keyboard patterns.
    if zxcvbn::zxcvbn(password, known).guesses_log10() < 7.0 { Err(PasswordError::Common) } else { Ok(()) }
}

/// Hashes and compares passwords, few at a time and away from where requests are answered.
pub(crate) struct Passwords {
    argon: Argon2<'static>,
    turns: Arc<Semaphore>,
    /// A hash of nothing that anybody knows, to compare with where there is none.
    decoy: String,
}

pub(crate) fn failed(error: impl std::fmt::Display) -> AccountError {
    AccountError::Internal(error.to_string())
}

fn hash(argon: &Argon2<'_>, password: &[u8], salt: &[u8]) -> Result<String, AccountError> {
    Ok(argon.hash_password_with_salt(password, salt).map_err(failed)?.to_string())
}

impl Passwords {
    pub fn new(cost: Cost, random: [u8; 32]) -> Result<Passwords, AccountError> {
        let params = Params::new(cost.memory, cost.passes, 1, None).map_err(failed)?;
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let decoy = hash(&argon, &random, &random[..16])?;
        Ok(Passwords { argon, turns: Arc::new(Semaphore::new(AT_ONCE)), decoy })
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Argon2<'static>) -> T + Send + 'static,
    ) -> Result<T, AccountError> {
        let _turn = self.turns.acquire().await.map_err(failed)?;
        let argon = self.argon.clone();
        tokio::task::spawn_blocking(move || work(&argon)).await.map_err(failed)
    }

    /// The hash of a password, in the PHC form.
    pub async fn hash(&self, password: &str, random: [u8; 32]) -> Result<String, AccountError> {
        let password = password.as_bytes().to_vec();
        self.in_turn(move |argon| hash(argon, &password, &random[..16])).await?
    }

    /// Whether a password is that of a hash. Without a hash it is not, and that takes as long to find out.
    pub async fn is(&self, password: &str, stored: Option<&str>) -> Result<bool, AccountError> {
        let there = stored.is_some();
        let stored = stored.unwrap_or(&self.decoy).to_string();
        let cut = password.len() > LONGEST;
        let password = if cut { Vec::new() } else { password.as_bytes().to_vec() };
        let same = self.in_turn(move |argon| argon.verify_password(&password, stored.as_str()).is_ok()).await?;
        Ok(same && there && !cut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_tried_first_is_no_password() {
        let known = ["ada.byron@example.org", "ada.byron", "Clausewatch"];
        for (password, wrong) in [
            ("kurz", PasswordError::Short),
            ("password12", PasswordError::Common),
            ("1234567890", PasswordError::Common),
            ("qwertyuiop", PasswordError::Common),
            ("aaaaaaaaaaaa", PasswordError::Common),
            ("ada.byron1", PasswordError::Common),
            ("Clausewatch", PasswordError::Common),
            (&"x".repeat(513), PasswordError::Long),
        ] {
            assert_eq!(check(password, &known), Err(wrong), "{password}");
        }
        for password in [
            "violet anchor seldom 9",
            "  spaces stay spaces  ",
            "пароль из нескольких слов",
            &"lorem ipsum ".repeat(20),
        ] {
            assert_eq!(check(password, &known), Ok(()), "{password}");
        }
    }

    #[tokio::test]
    async fn a_password_is_kept_as_its_hash_only() {
        let passwords = Passwords::new(Cost { memory: 64, passes: 1 }, [1; 32]).unwrap();
        let kept = passwords.hash("violet anchor seldom 9", [2; 32]).await.unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{kept}");
        assert_ne!(kept, passwords.hash("violet anchor seldom 9", [3; 32]).await.unwrap(), "each has its salt");
        assert!(passwords.is("violet anchor seldom 9", Some(&kept)).await.unwrap());
        for other in ["Violet anchor seldom 9", "violet anchor seldom 9 ", "violet anchor seldom", ""] {
            assert!(!passwords.is(other, Some(&kept)).await.unwrap(), "{other:?}");
        }
        assert!(!passwords.is("", None).await.unwrap() && !passwords.is("x", Some("damaged")).await.unwrap());
    }

    #[test]
    fn the_default_cost_is_owasps() {
        assert_eq!(Cost::default(), Cost { memory: 19_456, passes: 2 });
    }
}
