//! What an operator does with accounts and organisations: from the command line of the instance, or on the site.
use atlas::accounts::{Account, Belonging, Deed, NewAccount, Role};
use atlas::watching::PersonId;

use crate::organisations::{Notice, done};
use crate::{AccountError, Accounts, Caller, MailAddress, MailKind, Visitor, Wish, role_name};

/// Where changes from the command line come from, in the audit log.
const SOURCE: &str = "command line";
/// Who made a change on the site, for the person whose account it is: they are told neither who operates it nor from where.
const AN_OPERATOR: &str = "an operator";
/// The same as a mail to a member begins with it.
const BY_AN_OPERATOR: &str = "Whoever operates the site";

/// Who does what an operator may.
#[derive(Clone, Copy)]
pub enum Hand<'a> {
    /// Whoever has the store and the program. They can make an operator again, so they may leave none.
    CommandLine,
    /// An operator in a session, who has proved who they are ([`Accounts::prove`]). They cannot take the last operator away.
    Operator(&'a Visitor, &'a Caller),
}

impl Hand<'_> {
    fn spares_last(self) -> bool {
        matches!(self, Hand::Operator(..))
    }
}

/// Refuses a closed account.
fn open(account: &Account) -> Result<(), AccountError> {
    match account.disabled_ms {
        Some(_) => Err(AccountError::Input("the account is closed; open it first".into())),
        None => Ok(()),
    }
}

impl Accounts {
    /// The account at an address.
    pub async fn find(&self, address: &str) -> Result<Option<Account>, AccountError> {
        Ok(self.atlas().account_at(MailAddress::parse(address)?.key()).await?)
    }

    /// Makes the account at an address that of an operator; it is made if there is none. It has no password: its person signs in by mail.
    pub async fn create_operator(&self, address: &str) -> Result<Account, AccountError> {
        let address = MailAddress::parse(address)?;
        let (written, key) = (address.written().to_string(), address.key().to_string());
        let new = NewAccount { address: written, key, password: None, secret: self.random() };
        self.atlas().add_account(&new, self.now_ms()).await?;
        let account = self.atlas().account_at(address.key()).await?;
        let account = account.ok_or_else(|| AccountError::Internal("the account vanished".into()))?;
        self.grant(&account, true, Hand::CommandLine).await?;
        Ok(Account { operator: true, ..account })
    }

    /// Makes somebody an operator, or no longer.
    pub async fn grant(&self, account: &Account, operator: bool, hand: Hand<'_>) -> Result<(), AccountError> {
        if !self.atlas().set_operator(account.person, operator, hand.spares_last()).await? {
            return Err(AccountError::LastOperator);
        }
        self.operated(account, if operator { "operator-granted" } else { "operator-revoked" }, hand).await
    }

    /// Closes an account to its person, which ends its sessions, tokens and links, or opens it again.
    pub async fn disable(&self, account: &Account, disabled: bool, hand: Hand<'_>) -> Result<(), AccountError> {
        if !self.atlas().set_disabled(account.person, disabled, hand.spares_last(), self.now_ms()).await? {
            return Err(AccountError::LastOperator);
        }
        self.atlas().end_account_links(account.person, self.now_ms()).await?;
        self.operated(account, if disabled { "account-disabled" } else { "account-enabled" }, hand).await
    }

    /// Ends all sessions, tokens and links of an account.
    pub async fn end_all_access(&self, account: &Account, hand: Hand<'_>) -> Result<(), AccountError> {
        self.atlas().end_account_links(account.person, self.now_ms()).await?;
        self.atlas().end_all_access(account.person).await?;
        self.operated(account, "access-ended", hand).await
    }

    /// Mails a link that sets another password, as its person could ask for themselves ([`Accounts::mail_reset`]). It is counted as theirs.
    pub async fn send_reset(&self, account: &Account, operator: &Visitor, caller: &Caller) -> Result<(), AccountError> {
        open(account)?;
        if !self.may_mail(&MailAddress::parse(&account.address)?, caller).await? {
            return Err(AccountError::Input("this address was mailed too often; try again in an hour".into()));
        }
        self.post(MailKind::Reset, &account.address, Some(account), &Wish::default()).await?;
        self.operated(account, "reset-sent", Hand::Operator(operator, caller)).await
    }

    /// Mails somebody who lost their second factor a link that ends it, for who gives the password too if there is one: the proof that was asked
    /// for when it was set up. Nobody who only talks to the operator ends it. False if they have none.
    pub async fn send_end_of_factor(&self, account: &Account) -> Result<bool, AccountError> {
        open(account)?;
        if !self.has_factor(account).await? {
            return Ok(false);
        }
        self.post(MailKind::EndFactor, &account.address, Some(account), &Wish::default()).await?;
        self.operated(account, "end-of-second-factor-sent", Hand::CommandLine).await?;
        Ok(true)
    }

    /// Mails persons whose second factor is lost with the key of the site that they sign in without one.
    pub async fn factors_are_lost(&self, persons: &[PersonId]) -> Result<(), AccountError> {
        for person in persons {
            if let Some(account) = self.atlas().account(*person).await? {
                self.post(MailKind::FactorEnded, &account.address, Some(&account), &Wish::default()).await?;
            }
        }
        Ok(())
    }

    /// Makes a member of an organisation an owner of it: its owners are gone, or cannot sign in.
    pub async fn hand_over(
        &self,
        organisation: PersonId,
        account: &Account,
        hand: Hand<'_>,
    ) -> Result<(), AccountError> {
        // Who cannot sign in owns nothing.
        open(account)?;
        let before = self.atlas().belonging(organisation, account.person).await?;
        done(self.atlas().set_role(organisation, account.person, Role::Owner).await?)?;
        let source = if hand.spares_last() { AN_OPERATOR } else { SOURCE };
        let (member, event) = (Some(account.person), "role-changed");
        // By nobody of the organisation: its owners are told that an operator did it.
        let deed = Deed { organisation, by: None, member, event, source, detail: role_name(Role::Owner) };
        self.atlas().note_deed(deed, self.now_ms()).await?;
        if let Hand::Operator(operator, caller) = hand {
            let detail = format!("organisation {organisation} handed over to person {}", account.person);
            self.note(Some(operator.account.person), "operated", caller, &detail).await?;
        }
        match before.filter(|before| before.role != Role::Owner) {
            Some(Belonging { name, .. }) => {
                let notice = Notice { organisation, name, role: Some(Role::Owner), by: BY_AN_OPERATOR.into() };
                self.notify(account.person, MailKind::RoleChanged, &notice).await
            }
            None => Ok(()),
        }
    }

    /// Writes down what was done with an account: in its log, and in that of the operator who did it on the site, with from where.
    pub(crate) async fn operated(&self, account: &Account, event: &str, hand: Hand<'_>) -> Result<(), AccountError> {
        let (person, now_ms) = (account.person, self.now_ms());
        match hand {
            Hand::CommandLine => Ok(self.atlas().note_audit(Some(person), event, SOURCE, "", now_ms).await?),
            Hand::Operator(operator, caller) => {
                let by = operator.account.person;
                self.atlas().note_operated(person, by, event, AN_OPERATOR, now_ms).await?;
                Ok(self.note(Some(by), "operated", caller, &format!("{event} of person {person}")).await?)
            }
        }
    }
}
