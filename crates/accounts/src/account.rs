//! What a person does with their account.
use atlas::accounts::{Account, AccountMail, AuditEntry, Belonging, Erased, Invitation, Passkey, Session, Token};
use atlas::plans::{Subscription, Trials};
use serde::Serialize;

use crate::{AccountError, Accounts, Caller, MailAddress, MailKind, Visitor, Wish};

/// What is kept of a person beside what they watch and were told.
#[derive(Debug, Serialize)]
pub struct Export {
    /// The account.
    pub account: Account,
    /// Where they are signed in.
    pub sessions: Vec<Session>,
    /// The tokens of their programs.
    pub tokens: Vec<Token>,
    /// Their passkeys.
    pub passkeys: Vec<Passkey>,
    /// The organisations that they belong to.
    pub organisations: Vec<Belonging>,
    /// Invitations to organisations that they have not answered.
    pub invitations: Vec<Invitation>,
    /// What happened to the account.
    pub audit: Vec<AuditEntry>,
    /// The plans that they tried.
    pub trials: Trials,
    /// What they pay for and paid for.
    pub subscriptions: Vec<Subscription>,
}

impl Accounts {
    /// Sets another password. Who has one gives it; who has none must have signed in of late. Ends all other sessions, and
    /// the tokens of programs if `end_tokens`.
    pub async fn set_password(
        &self,
        visitor: &Visitor,
        current: Option<&str>,
        new: &str,
        end_tokens: bool,
        caller: &Caller,
    ) -> Result<(), AccountError> {
        let account = &visitor.account;
        match &account.password {
            Some(_) => self.check_password(&visitor.account, current.unwrap_or(""), caller).await?,
            None => self.prove(visitor, None, caller).await?,
        }
        let hash = self.new_hash(new, &account.address).await?;
        self.atlas().set_password(account.person, Some(hash)).await?;
        self.atlas().end_other_sessions(account.person, visitor.session.id).await?;
        self.atlas().end_account_links(account.person, self.now_ms()).await?;
        if end_tokens {
            self.atlas().end_tokens(account.person).await?;
        }
        self.renew(visitor).await?;
        let detail = if end_tokens { "tokens ended" } else { "" };
        self.note(Some(account.person), "password-set", caller, detail).await?;
        self.post(MailKind::PasswordChanged, &account.address, Some(account), &Wish::default()).await
    }

    /// Asks to give the account another address: whoever reads that mailbox gets a link. That there is an account at it already, only they
    /// are told. The person must have proved who they are ([`Accounts::prove`]).
    pub async fn ask_for_address(&self, visitor: &Visitor, address: &str, caller: &Caller) -> Result<(), AccountError> {
        let address = MailAddress::parse(address)?;
        if !self.may_mail(&address, caller).await? {
            return Ok(());
        }
        let taken = self.atlas().account_at(address.key()).await?;
        let kind = match taken {
            Some(other) if other.person != visitor.account.person => MailKind::Taken,
            _ => MailKind::ChangeAddress,
        };
        self.post(kind, address.written(), Some(&visitor.account), &Wish::default()).await?;
        Ok(self.note(Some(visitor.account.person), "address-change-asked", caller, "").await?)
    }

    /// Gives an account the address that a mail about it was sent to.
    pub(crate) async fn readdress(&self, mail: &AccountMail, caller: &Caller) -> Result<String, AccountError> {
        let address = MailAddress::parse(&mail.address)?;
        let person = mail.person.ok_or(AccountError::Link)?;
        let account = self.atlas().account(person).await?.filter(|account| account.disabled_ms.is_none());
        let account = account.ok_or(AccountError::Link)?;
        if !self.atlas().set_account_address(person, address.written(), address.key()).await? {
            return Err(AccountError::Taken);
        }
        // Links to the address before must not open the account any more.
        self.atlas().end_account_links(person, self.now_ms()).await?;
        self.note(Some(person), "address-changed", caller, "").await?;
        self.post(MailKind::AddressChanged, &account.address, Some(&account), &Wish::default()).await?;
        Ok(address.written().into())
    }

    /// What is kept of the person's account. They must have proved who they are.
    pub async fn export(&self, visitor: &Visitor, caller: &Caller) -> Result<Export, AccountError> {
        let (atlas, person) = (self.atlas(), visitor.account.person);
        self.note(Some(person), "exported", caller, "").await?;
        Ok(Export {
            account: visitor.account.clone(),
            sessions: atlas.sessions(person).await?,
            tokens: atlas.tokens(person).await?,
            passkeys: atlas.passkeys(person).await?,
            organisations: atlas.belongings(person).await?,
            invitations: self.invitations(visitor).await?,
            audit: atlas.audit(Some(person), 0, i64::MAX).await?,
            trials: atlas.trials(person).await?,
            subscriptions: atlas.subscriptions(person).await?,
        })
    }

    /// Deletes the account and all that is the person's, with organisations that have no other member. They must have proved who they are, and
    /// pay for nothing any more.
    pub async fn erase(&self, visitor: &Visitor, caller: &Caller) -> Result<(), AccountError> {
        match self.atlas().erase_person(visitor.account.person, self.now_ms()).await? {
            Erased::Done => {}
            Erased::Pays => return Err(AccountError::Paying),
            Erased::LastOperator => return Err(AccountError::LastOperator),
            Erased::Owns(organisations) => {
                let names: Vec<String> = organisations.into_iter().map(|own| format!("“{}”", own.name)).collect();
                return Err(AccountError::Owns(names.join(" and of ")));
            }
        }
        self.note(None, "account-deleted", caller, "").await?;
        self.post(MailKind::Deleted, &visitor.account.address, None, &Wish::default()).await
    }
}
