//! Mail about accounts: asking for it, and what the link in it does. A link works once, for a short time, and only when a button is
//! pressed: programs that open links in mail do not use it up.
use std::sync::Arc;

use archive::instant::MINUTE_MS;
use archive::{Sha256Digest, hex};
use atlas::accounts::{Account, AccountMail, NewAccount, NewMail};
use atlas::watching::PersonId;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::{AccountError, Accounts, Caller, Invited, MailAddress, PasswordError, SignedIn, password};

/// What a mail about an account says. The numbers are stored: never change one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailKind {
    /// The address is to be confirmed, which makes an account.
    SignUp,
    /// The link signs in.
    SignIn,
    /// The link sets another password.
    Reset,
    /// The link makes the address that of an account.
    ChangeAddress,
    /// There is no account to sign in to at the address.
    NoAccount,
    /// Somebody wants the address for their account, but there is one already.
    Taken,
    /// Notice: the password was changed.
    PasswordChanged,
    /// Notice, to the address before: the account has another one.
    AddressChanged,
    /// Notice: the account is gone.
    Deleted,
    /// An organisation invites whoever reads the mailbox.
    Invitation,
    /// Notice: a second factor is in use.
    FactorAdded,
    /// Notice: the second factor is ended.
    FactorEnded,
    /// Notice: there are other recovery codes.
    CodesRenewed,
    /// Notice: there is a passkey more.
    PasskeyAdded,
    /// Notice: there is a passkey less, or none any more.
    PasskeyRemoved,
    /// Notice to a member of an organisation: they have another role.
    RoleChanged,
    /// Notice to somebody who is no member of an organisation any more.
    MemberRemoved,
    /// Notice to who was a member: the organisation is deleted.
    OrganisationDeleted,
    /// The link ends the second factor of somebody who lost it; the operator has it sent.
    EndFactor,
}

impl MailKind {
    const ALL: [MailKind; 19] = [
        MailKind::SignUp,
        MailKind::SignIn,
        MailKind::Reset,
        MailKind::ChangeAddress,
        MailKind::NoAccount,
        MailKind::Taken,
        MailKind::PasswordChanged,
        MailKind::AddressChanged,
        MailKind::Deleted,
        MailKind::Invitation,
        MailKind::FactorAdded,
        MailKind::FactorEnded,
        MailKind::CodesRenewed,
        MailKind::PasskeyAdded,
        MailKind::PasskeyRemoved,
        MailKind::RoleChanged,
        MailKind::MemberRemoved,
        MailKind::OrganisationDeleted,
        MailKind::EndFactor,
    ];

    fn code(self) -> i64 {
        Self::ALL.iter().position(|kind| *kind == self).map_or(-1, |at| at as i64)
    }

    pub(crate) fn of(mail: &AccountMail) -> Option<MailKind> {
        Self::ALL.get(usize::try_from(mail.kind).ok()?).copied()
    }

    /// How long its link is good, or how long it is tried to send a mail that has none.
    pub(crate) fn lasts_ms(self) -> i64 {
        match self {
            // What signs in is as short-lived as a code.
            MailKind::SignIn | MailKind::Reset => 10 * MINUTE_MS,
            MailKind::ChangeAddress | MailKind::EndFactor => 60 * MINUTE_MS,
            MailKind::Invitation => 7 * 24 * 60 * MINUTE_MS,
            _ => 24 * 60 * MINUTE_MS,
        }
    }

    /// Whether it has a link that does something.
    pub(crate) fn acts(self) -> bool {
        use MailKind::{ChangeAddress, EndFactor, Invitation, Reset, SignIn, SignUp};
        matches!(self, SignUp | SignIn | Reset | ChangeAddress | Invitation | EndFactor)
    }
}

/// What whoever asked was about to do, to go on with when they are signed in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wish {
    /// What they wanted to watch, as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watch: Option<String>,
    /// The page that they came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub back: Option<String>,
}

/// A link that is good, before it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What it does.
    pub kind: MailKind,
    /// The address that it was sent to.
    pub address: String,
    /// What whoever asked was about to do.
    pub wish: Wish,
    /// Whether a code of a second factor is asked for.
    pub asks_code: bool,
    /// Whether the password that the account has is asked for.
    pub asks_password: bool,
    /// What an invitation invites to.
    pub invited: Option<Invited>,
}

/// What came of using a link.
pub enum Followed {
    /// The person is signed in, to an account that is new or was there.
    In(SignedIn, Wish),
    /// The account has another address.
    Readdressed(String),
    /// The account has no second factor any more.
    FactorEnded,
    /// The person is signed in to an account that is new, and a member of the organisation with this number.
    Joined(SignedIn, PersonId),
}

impl Accounts {
    /// Asks for an account. Whoever reads the mailbox gets a link that makes one, or signs in to the one that is there.
    pub async fn sign_up(&self, address: &str, wish: &Wish, caller: &Caller) -> Result<(), AccountError> {
        self.ask(address, MailKind::SignUp, MailKind::SignIn, wish, caller).await
    }

    /// Asks for a link that signs in.
    pub async fn mail_sign_in(&self, address: &str, wish: &Wish, caller: &Caller) -> Result<(), AccountError> {
        self.ask(address, MailKind::NoAccount, MailKind::SignIn, wish, caller).await
    }

    /// Asks for a link that sets another password.
    pub async fn mail_reset(&self, address: &str, caller: &Caller) -> Result<(), AccountError> {
        self.ask(address, MailKind::NoAccount, MailKind::Reset, &Wish::default(), caller).await
    }

    /// Sends one mail or another. What is done here is the same for both, to the last statement.
    async fn ask(
        &self,
        address: &str,
        without: MailKind,
        with: MailKind,
        wish: &Wish,
        caller: &Caller,
    ) -> Result<(), AccountError> {
        let address = MailAddress::parse(address)?;
        if !self.may_mail(&address, caller).await? {
            return Ok(());
        }
        let account = self.atlas().account_at(address.key()).await?;
        let (kind, to) = match &account {
            // An account that is out of use is as none, and its address makes no new one.
            Some(account) if account.disabled_ms.is_some() => (MailKind::NoAccount, account.address.as_str()),
            Some(account) => (with, account.address.as_str()),
            None => (without, address.written()),
        };
        self.post(kind, to, account.as_ref(), wish).await?;
        let person = account.as_ref().map(|account| account.person);
        Ok(self.note(person, "mail-asked", caller, "").await?)
    }

    /// Puts a mail into the outbox.
    pub(crate) async fn post(
        &self,
        kind: MailKind,
        to: &str,
        about: Option<&Account>,
        wish: &Wish,
    ) -> Result<(), AccountError> {
        self.post_with(kind, to, about, wish).await
    }

    /// The same, with what its link goes on with.
    pub(crate) async fn post_with(
        &self,
        kind: MailKind,
        to: &str,
        about: Option<&Account>,
        data: &impl Serialize,
    ) -> Result<(), AccountError> {
        let now_ms = self.now_ms();
        let new = NewMail {
            kind: kind.code(),
            address: to.into(),
            person: about.map(|account| account.person),
            nonce: self.random(),
            data: serde_json::to_string(data).map_err(|error| AccountError::Internal(error.to_string()))?,
            expires_ms: now_ms + kind.lasts_ms(),
        };
        self.atlas().post_account_mail(&new, now_ms).await?;
        Ok(())
    }

    /// The token of a mail's link: its number, and an HMAC over all that it does: fields behind their lengths, so that no two mails have the same
    /// bytes. Another encoding needs another name in front: links that are under way depend on this one.
    pub(crate) fn token_of(&self, mail: &AccountMail) -> String {
        // A key of any length is a key of HMAC.
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.parts.settings.key).expect("HMAC takes any key");
        let person = mail.person.map_or(0, |person| person.0);
        let [id, kind, person, expires_ms] = [mail.id, mail.kind, person, mail.expires_ms].map(i64::to_be_bytes);
        let does: [&[u8]; 7] =
            [&id, &kind, mail.address.as_bytes(), &person, &mail.nonce, mail.data.as_bytes(), &expires_ms];
        mac.update(b"account link 2\n");
        for field in does {
            mac.update(&(field.len() as u64).to_be_bytes());
            mac.update(field);
        }
        format!("{}-{}", mail.id, hex(&mac.finalize().into_bytes()))
    }

    /// The mail whose link a token is, and what it does.
    pub(crate) async fn mail_of(&self, token: &str) -> Result<(AccountMail, MailKind), AccountError> {
        let id = token.split_once('-').and_then(|(id, _)| id.parse().ok()).ok_or(AccountError::Link)?;
        let mail = self.atlas().account_mail(id).await?.ok_or(AccountError::Link)?;
        let kind = MailKind::of(&mail).filter(|kind| kind.acts()).ok_or(AccountError::Link)?;
        // Hashes are compared, so that the time tells nothing of the token.
        let same = Sha256Digest::of(self.token_of(&mail).as_bytes()) == Sha256Digest::of(token.as_bytes());
        let good = same && mail.used_ms.is_none() && self.now_ms() < mail.expires_ms;
        if good && self.fits(&mail, kind).await? { Ok((mail, kind)) } else { Err(AccountError::Link) }
    }

    /// Whether a link still fits who has an account: one that makes an account is over once the address has one, for it is good for longer
    /// than what signs in may be; one that signs in is over once the account has another address.
    async fn fits(&self, mail: &AccountMail, kind: MailKind) -> Result<bool, AccountError> {
        Ok(match kind {
            MailKind::SignUp => self.atlas().account_at(MailAddress::parse(&mail.address)?.key()).await?.is_none(),
            MailKind::SignIn | MailKind::Reset => {
                self.signs_in_to(mail, kind).await?.is_some_and(|account| account.address == mail.address)
            }
            MailKind::Invitation => self.invitation_of(mail).await?.is_some(),
            MailKind::EndFactor => match self.usable(mail).await {
                Ok(account) => account.address == mail.address && self.has_factor(&account).await?,
                Err(AccountError::Link) => false,
                Err(error) => return Err(error),
            },
            _ => true,
        })
    }

    /// What a link would do.
    pub async fn link(&self, token: &str) -> Result<Link, AccountError> {
        let (mail, kind) = self.mail_of(token).await?;
        let wish = serde_json::from_str(&mail.data).unwrap_or_default();
        let account = self.signs_in_to(&mail, kind).await?;
        let asks_code = match &account {
            Some(account) => self.has_factor(account).await?,
            None => false,
        };
        let invited = match kind {
            MailKind::Invitation => match self.invitation_of(&mail).await? {
                Some(invitation) => Some(self.shown(&invitation).await?),
                None => return Err(AccountError::Link),
            },
            _ => None,
        };
        let asks_password = kind == MailKind::EndFactor && self.usable(&mail).await?.password.is_some();
        Ok(Link { kind, address: mail.address, wish, asks_code, asks_password, invited })
    }

    /// The account that a link signs in to, if it does and there is one.
    async fn signs_in_to(&self, mail: &AccountMail, kind: MailKind) -> Result<Option<Account>, AccountError> {
        Ok(match (kind, mail.person) {
            (MailKind::SignIn | MailKind::Reset, Some(person)) => self.atlas().account(person).await?,
            _ => None,
        })
    }

    /// Has a code given where the account that a link signs in to has a second factor: who reads the mailbox alone does not get in.
    async fn pass(
        &self,
        mail: &AccountMail,
        kind: MailKind,
        code: Option<&str>,
        caller: &Caller,
    ) -> Result<(), AccountError> {
        let Some(account) = self.signs_in_to(mail, kind).await? else { return Ok(()) };
        if !self.has_factor(&account).await? {
            return if self.needs_passkey(&account).await? { Err(AccountError::PasskeyOnly) } else { Ok(()) };
        }
        let code = code.ok_or(AccountError::Code)?;
        self.may_guess(&MailAddress::parse(&account.address)?, caller).await?;
        if self.passes_factor(&account, Some(code)).await? { Ok(()) } else { Err(AccountError::Code) }
    }

    /// Uses a link. A new account may be given a password; a reset needs one; to end a second factor needs the one that the account has. An
    /// account with a second factor needs a code. That of an invitation makes an account; who has one signs in to it and accepts
    /// ([`Accounts::accept`]).
    pub async fn follow(
        &self,
        token: &str,
        password: Option<&str>,
        code: Option<&str>,
        caller: &Caller,
    ) -> Result<Followed, AccountError> {
        let (mail, kind) = self.mail_of(token).await?;
        let wish = serde_json::from_str(&mail.data).unwrap_or_default();
        // Before the link is used up: a password that will not do can be tried again.
        let hash = match (kind, password) {
            (MailKind::SignUp | MailKind::Invitation, Some(password)) => {
                Some(self.new_hash(password, &mail.address).await?)
            }
            (MailKind::Reset, password) => Some(self.new_hash(password.unwrap_or(""), &mail.address).await?),
            (MailKind::EndFactor, password) => {
                self.knows_password(&mail, password.unwrap_or(""), caller).await?;
                None
            }
            _ => None,
        };
        self.pass(&mail, kind, code, caller).await?;
        let invitation = match kind {
            MailKind::Invitation => Some(self.invitation_for_nobody(&mail).await?),
            _ => None,
        };
        if !self.atlas().use_account_link(mail.id, self.now_ms()).await? {
            return Err(AccountError::Link);
        }
        if let Some(invitation) = invitation {
            let signed_in = self.confirmed(&mail, hash, caller).await?;
            let organisation = self.join(&invitation, signed_in.account.person, caller).await?;
            return Ok(Followed::Joined(signed_in, organisation));
        }
        match kind {
            MailKind::SignUp => Ok(Followed::In(self.confirmed(&mail, hash, caller).await?, wish)),
            MailKind::ChangeAddress => self.readdress(&mail, caller).await.map(Followed::Readdressed),
            MailKind::EndFactor => {
                self.factor_ended(&self.usable(&mail).await?, "", caller).await?;
                Ok(Followed::FactorEnded)
            }
            _ => {
                let account = self.usable(&mail).await?;
                if let Some(hash) = hash {
                    self.reset(&account, hash, caller).await?;
                }
                Ok(Followed::In(self.begin(account, caller, "by a mailed link").await?, wish))
            }
        }
    }

    /// Has whoever follows a link give the password of the account that it is about, if that has one: what was asked when the factor that
    /// they lost was set up. It counts as a guess.
    async fn knows_password(&self, mail: &AccountMail, password: &str, caller: &Caller) -> Result<(), AccountError> {
        let account = self.usable(mail).await?;
        match account.password {
            Some(_) => self.check_password(&account, password, caller).await,
            None => Ok(()),
        }
    }

    /// The hash of a new password, if it may be one.
    pub(crate) async fn new_hash(&self, password: &str, address: &str) -> Result<String, AccountError> {
        let (name, _) = address.split_once('@').unwrap_or((address, ""));
        password::check(password, &[address, name, &self.parts.settings.site])?;
        if let Some(breached) = &self.parts.settings.breached {
            let (breached, text) = (Arc::clone(breached), password.to_string());
            let found = tokio::task::spawn_blocking(move || breached.holds(&text)).await.map_err(password::failed)?;
            if found.map_err(password::failed)? {
                return Err(PasswordError::Breached.into());
            }
        }
        self.parts.passwords.hash(password, self.random()).await
    }

    /// The account that a mail is about, if it can be used.
    async fn usable(&self, mail: &AccountMail) -> Result<Account, AccountError> {
        let person = mail.person.ok_or(AccountError::Link)?;
        let account = self.atlas().account(person).await?;
        account.filter(|account| account.disabled_ms.is_none()).ok_or(AccountError::Link)
    }

    /// Makes the account of a confirmed address.
    async fn confirmed(
        &self,
        mail: &AccountMail,
        password: Option<String>,
        caller: &Caller,
    ) -> Result<SignedIn, AccountError> {
        let address = MailAddress::parse(&mail.address)?;
        let new = NewAccount {
            address: address.written().into(),
            key: address.key().into(),
            password,
            secret: self.random(),
        };
        // Another link may have made it at the same moment.
        let account = self.atlas().add_account(&new, self.now_ms()).await?.ok_or(AccountError::Link)?;
        self.note(Some(account.person), "signed-up", caller, "").await?;
        self.begin(account, caller, "by a mailed link").await
    }

    /// Sets the password of somebody who reads the mailbox; whoever was signed in is so no more.
    async fn reset(&self, account: &Account, hash: String, caller: &Caller) -> Result<(), AccountError> {
        let atlas = self.atlas();
        atlas.set_password(account.person, Some(hash)).await?;
        atlas.end_all_access(account.person).await?;
        atlas.end_account_links(account.person, self.now_ms()).await?;
        self.note(Some(account.person), "password-reset", caller, "").await?;
        self.post(MailKind::PasswordChanged, &account.address, Some(account), &Wish::default()).await
    }
}
