//! The second factor: codes of an app (TOTP, RFC 6238: SHA-1, 6 digits, 30 seconds, as all apps have it), and recovery codes. It is asked
//! for wherever somebody signs in: with the password, by a mailed link, and when a password is set anew.
use archive::Sha256Digest;
use atlas::accounts::{Account, Factor};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use totp_rs::{Builder, Secret, Totp};

use crate::{AccountError, Accounts, Caller, MailAddress, MailKind, Visitor, Wish};

/// Bytes of a secret, as RFC 4226 advises.
const SECRET: usize = 20;
/// Recovery codes that are given out together.
const CODES: usize = 10;
/// Characters of a recovery code: 5 bits each.
const CODE: usize = 24;
/// The alphabet of RFC 4648, in small letters.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Of whom a site requires a second factor: an app for codes, or a passkey. Who has none reaches the page of their account only.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Required {
    /// Who wants one has one.
    #[default]
    OfNobody,
    /// Those who operate the site have one.
    OfOperators,
    /// Everybody has one.
    OfEverybody,
}

/// A second factor that waits for its first code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// The secret, to be typed into an app.
    pub secret: String,
    /// The same as an address that apps open: `otpauth://…`.
    pub url: String,
}

fn totp(secret: &[u8]) -> Result<Totp, AccountError> {
    let builder = Builder::new().with_secret(Secret::new(secret.into())).with_skew(1);
    builder.build().map_err(|error| AccountError::Internal(error.to_string()))
}

/// A recovery code as it was given out, of what somebody types: small letters, without what parts them.
fn recovery_code(typed: &str) -> Option<String> {
    let code: String = typed.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    (code.len() == CODE).then_some(code)
}

/// A recovery code of random bytes, in groups of four.
fn shown_code(random: &[u8; 32]) -> String {
    let code: Vec<u8> = random[..CODE].iter().map(|byte| ALPHABET[usize::from(byte & 31)]).collect();
    code.chunks(4).map(|group| String::from_utf8_lossy(group).into_owned()).collect::<Vec<_>>().join("-")
}

fn hashed(code: &str) -> Sha256Digest {
    Sha256Digest::of(code.as_bytes())
}

impl Accounts {
    /// Whether an account has a second factor in use.
    pub async fn has_factor(&self, account: &Account) -> Result<bool, AccountError> {
        let factor = self.atlas().factor(account.person).await?;
        Ok(factor.is_some_and(|factor| factor.confirmed_ms.is_some()))
    }

    /// Refuses what is about a second factor in use where there is none.
    pub(crate) async fn must_have_factor(&self, account: &Account) -> Result<(), AccountError> {
        match self.has_factor(account).await? {
            true => Ok(()),
            false => Err(AccountError::Input("you have no second factor; set one up first".into())),
        }
    }

    /// Whether the site requires a second factor of an account.
    fn requires_factor(&self, account: &Account) -> bool {
        match self.parts.settings.required {
            Required::OfNobody => false,
            Required::OfOperators => account.operator,
            Required::OfEverybody => true,
        }
    }

    /// Whether the site requires a second factor of an account that has none.
    pub(crate) async fn lacks_factor(&self, account: &Account) -> Result<bool, AccountError> {
        Ok(self.requires_factor(account) && !self.has_factor(account).await? && !self.has_passkey(account).await?)
    }

    /// Whether nothing but a passkey signs in to an account without codes: the site requires a second factor, and a password alone is none.
    pub(crate) async fn needs_passkey(&self, account: &Account) -> Result<bool, AccountError> {
        Ok(self.requires_factor(account) && self.has_passkey(account).await?)
    }

    /// Begins a second factor: its secret, which is shown until its first code is given. The person must have proved who they are.
    pub async fn begin_factor(&self, visitor: &Visitor) -> Result<Enrolment, AccountError> {
        let account = &visitor.account;
        if self.has_factor(account).await? {
            return Err(AccountError::Input("you have a second factor already; end that one first".into()));
        }
        let secret = &self.random()[..SECRET];
        self.atlas().put_factor(account.person, secret).await?;
        Ok(self.enrolment(account, secret))
    }

    /// A second factor that was begun and waits for its first code.
    pub async fn begun_factor(&self, visitor: &Visitor) -> Result<Option<Enrolment>, AccountError> {
        let account = &visitor.account;
        let factor = self.atlas().factor(account.person).await?.filter(|factor| factor.confirmed_ms.is_none());
        Ok(factor.map(|factor| self.enrolment(account, &factor.secret)))
    }

    fn enrolment(&self, account: &Account, secret: &[u8]) -> Enrolment {
        let secret = Secret::new(secret.into()).to_base32();
        let site = utf8_percent_encode(&self.parts.settings.site, NON_ALPHANUMERIC);
        let label = utf8_percent_encode(&account.address, NON_ALPHANUMERIC);
        let url = format!("otpauth://totp/{site}:{label}?secret={secret}&issuer={site}");
        Enrolment { secret, url }
    }

    /// Takes the second factor into use by its first code; the recovery codes, which are shown this once.
    pub async fn confirm_factor(
        &self,
        visitor: &Visitor,
        code: &str,
        caller: &Caller,
    ) -> Result<Vec<String>, AccountError> {
        let account = &visitor.account;
        self.may_guess(&MailAddress::parse(&account.address)?, caller).await?;
        let factor = self.atlas().factor(account.person).await?;
        let factor = factor.filter(|factor| factor.confirmed_ms.is_none());
        let factor = factor.ok_or_else(|| AccountError::Input("begin with a new secret".into()))?;
        if !self.is_code(account, &factor, code).await? {
            return Err(AccountError::Wrong);
        }
        let (codes, hashes) = self.new_codes();
        // Of two windows that confirm at once, one is shown the codes that are kept.
        if !self.atlas().confirm_factor(account.person, &hashes, self.now_ms()).await? {
            return Err(AccountError::Input(
                "you have a second factor already; it was taken into use elsewhere".into(),
            ));
        }
        self.atlas().end_other_sessions(account.person, visitor.session.id).await?;
        self.renew(visitor).await?;
        self.note(Some(account.person), "second-factor-added", caller, "").await?;
        self.post(MailKind::FactorAdded, &account.address, Some(account), &Wish::default()).await?;
        Ok(codes)
    }

    /// New recovery codes in the place of those that there were, by a code of the factor or one of them; they are shown this once. The person
    /// must have proved who they are.
    pub async fn renew_codes(
        &self,
        visitor: &Visitor,
        code: &str,
        caller: &Caller,
    ) -> Result<Vec<String>, AccountError> {
        let account = &visitor.account;
        self.spend(account, code, caller).await?;
        let (codes, hashes) = self.new_codes();
        if !self.atlas().renew_recovery_codes(account.person, &hashes).await? {
            return Err(AccountError::Input("your second factor was ended elsewhere; set one up first".into()));
        }
        self.renew(visitor).await?;
        self.note(Some(account.person), "recovery-codes-renewed", caller, "").await?;
        self.post(MailKind::CodesRenewed, &account.address, Some(account), &Wish::default()).await?;
        Ok(codes)
    }

    /// Recovery codes to be shown, and their hashes to be kept.
    fn new_codes(&self) -> (Vec<String>, Vec<Sha256Digest>) {
        let codes: Vec<String> = (0..CODES).map(|_| shown_code(&self.random())).collect();
        let hashes = codes.iter().filter_map(|code| Some(hashed(&recovery_code(code)?))).collect();
        (codes, hashes)
    }

    /// Ends the second factor, by a code of it or a recovery code. The person must have proved who they are.
    pub async fn end_factor(&self, visitor: &Visitor, code: &str, caller: &Caller) -> Result<(), AccountError> {
        let account = &visitor.account;
        self.spend(account, code, caller).await?;
        self.renew(visitor).await?;
        self.factor_ended(account, "", caller).await
    }

    /// Ends the second factor of an account, notes it and how it was done, and tells the person.
    pub(crate) async fn factor_ended(&self, account: &Account, how: &str, caller: &Caller) -> Result<(), AccountError> {
        self.atlas().drop_factor(account.person).await?;
        self.note(Some(account.person), "second-factor-ended", caller, how).await?;
        self.post(MailKind::FactorEnded, &account.address, Some(account), &Wish::default()).await
    }

    /// Uses up a code of the second factor or a recovery code.
    async fn spend(&self, account: &Account, code: &str, caller: &Caller) -> Result<(), AccountError> {
        self.may_guess(&MailAddress::parse(&account.address)?, caller).await?;
        self.must_have_factor(account).await?;
        if self.passes_factor(account, Some(code)).await? { Ok(()) } else { Err(AccountError::Wrong) }
    }

    /// Whether a code is one of the factor at this time that was not used yet; it is used up.
    async fn is_code(&self, account: &Account, factor: &Factor, code: &str) -> Result<bool, AccountError> {
        let totp = totp(&factor.secret)?;
        let second = u64::try_from(self.now_ms() / 1000).unwrap_or(0);
        let typed: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        match totp.check(&typed, second) {
            Some(step) => Ok(self.atlas().use_step(account.person, i64::try_from(step).unwrap_or(0)).await?),
            None => Ok(false),
        }
    }

    /// Whether a code is what an account with a second factor asks for; true for one without, unless its passkey is needed. A code that passes
    /// is used up.
    pub(crate) async fn passes_factor(&self, account: &Account, code: Option<&str>) -> Result<bool, AccountError> {
        let factor = self.atlas().factor(account.person).await?;
        let Some(factor) = factor.filter(|factor| factor.confirmed_ms.is_some()) else {
            return Ok(!self.needs_passkey(account).await?);
        };
        let Some(code) = code else { return Ok(false) };
        if let Some(code) = recovery_code(code) {
            return Ok(self.atlas().use_recovery_code(account.person, hashed(&code)).await?);
        }
        self.is_code(account, &factor, code).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recovery_codes_are_read_as_people_type_them() {
        let code = shown_code(&[7; 32]);
        assert_eq!(code, "hhhh-hhhh-hhhh-hhhh-hhhh-hhhh");
        assert_eq!(recovery_code(&code.to_uppercase().replace('-', " ")), Some("h".repeat(24)));
        assert_eq!(recovery_code("123456"), None);
    }

    #[test]
    fn codes_are_those_of_rfc_6238() {
        // Appendix B: the secret of 20 digits, at 59 seconds, to 6 digits.
        let totp = totp(b"12345678901234567890").unwrap();
        assert_eq!(totp.check("287082", 59), Some(1));
        assert_eq!(totp.check("287082", 59 + 30), Some(1), "a step late");
        assert_eq!(totp.check("287082", 59 + 60), None);
        assert_eq!(totp.check("287083", 59), None);
    }
}
