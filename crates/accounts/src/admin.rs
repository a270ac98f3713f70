//! What an operator does with accounts, from the command line of the instance.
use atlas::accounts::{Account, Deed, NewAccount, Role};
use atlas::watching::PersonId;

use crate::organisations::done;
use crate::{AccountError, Accounts, MailAddress, role_name};

/// Where such changes come from, in the audit log.
const SOURCE: &str = "command line";

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
        self.grant(&account, true).await?;
        Ok(Account { operator: true, ..account })
    }

    /// Makes somebody an operator, or no longer.
    pub async fn grant(&self, account: &Account, operator: bool) -> Result<(), AccountError> {
        self.atlas().set_operator(account.person, operator).await?;
        self.by_command(account, if operator { "operator-granted" } else { "operator-revoked" }).await
    }

    /// Closes an account to its person, which ends its sessions, tokens and links, or opens it again.
    pub async fn disable(&self, account: &Account, disabled: bool) -> Result<(), AccountError> {
        self.atlas().end_account_links(account.person, self.now_ms()).await?;
        self.atlas().set_disabled(account.person, disabled.then(|| self.now_ms())).await?;
        self.by_command(account, if disabled { "account-disabled" } else { "account-enabled" }).await
    }

    /// Ends all sessions, tokens and links of an account.
    pub async fn end_all_access(&self, account: &Account) -> Result<(), AccountError> {
        self.atlas().end_account_links(account.person, self.now_ms()).await?;
        self.atlas().end_all_access(account.person).await?;
        self.by_command(account, "access-ended").await
    }

    /// Ends the second factor of somebody who lost it, and of whom the operator knows who they are.
    pub async fn drop_factor(&self, account: &Account) -> Result<(), AccountError> {
        self.atlas().drop_factor(account.person).await?;
        self.by_command(account, "second-factor-ended").await
    }

    /// Makes a member of an organisation an owner of it: its owners are gone, or cannot sign in.
    pub async fn hand_over(&self, organisation: PersonId, account: &Account) -> Result<(), AccountError> {
        done(self.atlas().set_role(organisation, account.person, Role::Owner).await?)?;
        let (member, event) = (Some(account.person), "role-changed");
        let deed = Deed { organisation, by: None, member, event, source: SOURCE, detail: role_name(Role::Owner) };
        Ok(self.atlas().note_deed(deed, self.now_ms()).await?)
    }

    async fn by_command(&self, account: &Account, event: &str) -> Result<(), AccountError> {
        Ok(self.atlas().note_audit(Some(account.person), event, SOURCE, "", self.now_ms()).await?)
    }
}
