//! Organisations: persons who share a watchlist. Who may do what in one is asked in one place, [`Accounts::belonging`].
//!
//! An invitation is for the person at a mail address: a mailed link makes an account for who has none, and who has one accepts when they are
//! signed in to it. Whoever invites is told the same in both cases.
use atlas::accounts::{
    AccountMail, AuditEntry, Belonging, Changed, Deed, Invitation, NewInvitation, OrganisationMember, Role,
};
use atlas::watching::PersonId;
use serde::{Deserialize, Serialize};

use crate::limits::{INVITATIONS_BY, NOTICES_TO};
use crate::{AccountError, Accounts, Caller, MailAddress, MailKind, Visitor, one_line};

/// Most organisations that a person owns.
pub const MOST_OWNED: i64 = 5;
/// Most members of an organisation.
pub const MOST_MEMBERS: i64 = 100;
/// Most invitations of an organisation that wait for an answer.
pub const MOST_INVITED: usize = 50;
/// Most characters of a name.
const LONGEST_NAME: usize = 60;
/// Where what an owner does to a member comes from, in the member's own log: their network address is no business of others.
const AN_OWNER: &str = "an owner";
/// The same as a mail to the member begins with it.
const BY_AN_OWNER: &str = "An owner";

/// What the link of an invitation goes on with.
#[derive(Serialize, Deserialize)]
struct Invites {
    invitation: i64,
}

/// What a notice about a membership tells.
#[derive(Serialize, Deserialize)]
pub(crate) struct Notice {
    pub organisation: PersonId,
    /// Name of the organisation.
    pub name: String,
    /// The role that the member has now; none if they are none any more.
    pub role: Option<Role>,
    /// Who did it: "An owner".
    pub by: String,
}

/// What a mail tells, if it is a notice about a membership.
pub(crate) fn notice_of(mail: &AccountMail) -> Option<Notice> {
    serde_json::from_str(&mail.data).ok()
}

/// An invitation as who reads the mailbox is shown it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invited {
    /// Name of the organisation.
    pub organisation: String,
    /// The role.
    pub role: Role,
    /// The address of who invites; none if their account is gone.
    pub by: Option<String>,
    /// Whether there is an account at the address, to sign in to.
    pub has_account: bool,
}

/// What is kept of an organisation beside its watchlist.
#[derive(Debug, Serialize)]
pub struct OrganisationExport {
    /// Its members.
    pub members: Vec<OrganisationMember>,
    /// Who is invited.
    pub invitations: Vec<Invitation>,
    /// What happened in it.
    pub audit: Vec<AuditEntry>,
}

/// A name for an organisation: one line, and nothing that a mail program would make a link of, since it is mailed to strangers.
fn name_of(text: &str) -> Result<String, AccountError> {
    let name = one_line(text, LONGEST_NAME + 1);
    let wrong = |why: &str| Err(AccountError::Input(format!("an organisation's name {why}")));
    if name.is_empty() || name.chars().count() > LONGEST_NAME {
        return wrong(&format!("has 1 to {LONGEST_NAME} characters"));
    }
    let unseen =
        |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    let inside = |(at, _): (usize, &str)| name[at + 1..].starts_with(char::is_alphanumeric);
    if name.contains(|c: char| "/\\@<>:\"“”".contains(c) || unseen(c)) || name.match_indices('.').any(inside) {
        return wrong(
            "holds no quotation marks and nothing that looks like an address: no “/”, “@” or “:”, no full stop before a letter",
        );
    }
    Ok(name)
}

/// The name of a role, as forms, mails and the log say it.
pub const fn role_name(role: Role) -> &'static str {
    match role {
        Role::Reader => "reader",
        Role::Editor => "editor",
        Role::Owner => "owner",
    }
}

/// What came of a change that may have been held back.
pub(crate) fn done(changed: Changed) -> Result<(), AccountError> {
    match changed {
        Changed::Done => Ok(()),
        Changed::LastOwner => Err(AccountError::LastOwner),
        Changed::NoMember => Err(AccountError::NoOrganisation),
    }
}

impl Accounts {
    /// What a person is in an organisation, if it is at least this. The only place where that is decided.
    ///
    /// # Errors
    /// [`AccountError::NoOrganisation`] for who does not belong to it, whether or not it is there; [`AccountError::Role`] for whose role is
    /// less.
    pub async fn belonging(
        &self,
        person: PersonId,
        organisation: PersonId,
        least: Role,
    ) -> Result<Belonging, AccountError> {
        let belonging = self.atlas().belonging(organisation, person).await?;
        let belonging = belonging.ok_or(AccountError::NoOrganisation)?;
        if belonging.role < least { Err(AccountError::Role(least)) } else { Ok(belonging) }
    }

    /// Founds an organisation, of which the person is the owner; its number.
    pub async fn found_organisation(
        &self,
        visitor: &Visitor,
        name: &str,
        caller: &Caller,
    ) -> Result<PersonId, AccountError> {
        let (name, person) = (name_of(name)?, visitor.account.person);
        let founded = self.atlas().found_organisation(person, &name, MOST_OWNED, self.now_ms()).await?;
        let full = || AccountError::Input(format!("you own {MOST_OWNED} organisations; leave or delete one first"));
        let id = founded.ok_or_else(full)?;
        self.deed(id, visitor, "organisation-founded", None, caller, &name).await?;
        self.note(Some(person), "organisation-founded", caller, &name).await?;
        Ok(id)
    }

    /// Gives an organisation another name.
    pub async fn rename_organisation(
        &self,
        visitor: &Visitor,
        organisation: PersonId,
        name: &str,
        caller: &Caller,
    ) -> Result<(), AccountError> {
        self.belonging(visitor.account.person, organisation, Role::Owner).await?;
        let name = name_of(name)?;
        self.atlas().rename_organisation(organisation, &name).await?;
        self.deed(organisation, visitor, "organisation-renamed", None, caller, &name).await
    }

    /// Invites whoever reads a mailbox, for seven days. Who invites is not told whether there is an account at the address. To make
    /// somebody an owner, the person must have proved who they are.
    pub async fn invite(
        &self,
        visitor: &Visitor,
        organisation: PersonId,
        address: &str,
        role: Role,
        caller: &Caller,
    ) -> Result<(), AccountError> {
        let person = visitor.account.person;
        self.belonging(person, organisation, Role::Owner).await?;
        let address = MailAddress::parse(address)?;
        let members = self.atlas().members(organisation).await?;
        if members.iter().any(|member| member.address.eq_ignore_ascii_case(address.key())) {
            return Err(AccountError::Input(format!("{} is a member already", address.written())));
        }
        let now_ms = self.now_ms();
        let invited = self.atlas().invited(organisation, now_ms).await?;
        let others = invited.iter().filter(|other| !other.address.eq_ignore_ascii_case(address.key())).count();
        if others >= MOST_INVITED {
            return Err(AccountError::Input(format!(
                "{MOST_INVITED} invitations wait for an answer; withdraw one first"
            )));
        }
        if members.len() + others >= MOST_MEMBERS as usize {
            return Err(AccountError::Input(format!(
                "an organisation has {MOST_MEMBERS} members at most, with who is invited"
            )));
        }
        if let Some(wait_ms) = self.count(&format!("invitations of {person}"), INVITATIONS_BY).await? {
            return Err(AccountError::TooOften { wait_ms });
        }
        let mails = self.may_mail(&address, caller).await?;
        let new = NewInvitation {
            organisation,
            address: address.written(),
            key: address.key(),
            role,
            by: person,
            expires_ms: now_ms + MailKind::Invitation.lasts_ms(),
        };
        let invitation = self.atlas().invite(&new, now_ms).await?.ok_or(AccountError::Role(Role::Owner))?;
        if mails {
            self.post_with(MailKind::Invitation, address.written(), None, &Invites { invitation }).await?;
        }
        self.deed(organisation, visitor, "invitation-sent", None, caller, address.written()).await
    }

    /// Withdraws an invitation.
    pub async fn withdraw(
        &self,
        visitor: &Visitor,
        organisation: PersonId,
        id: i64,
        caller: &Caller,
    ) -> Result<(), AccountError> {
        self.belonging(visitor.account.person, organisation, Role::Owner).await?;
        let invitation = self.atlas().invitation(id, self.now_ms()).await?;
        let invitation = invitation.filter(|it| it.organisation == organisation).ok_or(AccountError::Invitation)?;
        self.atlas().end_invitation(id).await?;
        self.deed(organisation, visitor, "invitation-withdrawn", None, caller, &invitation.address).await
    }

    /// The invitations to a person's address.
    pub async fn invitations(&self, visitor: &Visitor) -> Result<Vec<Invitation>, AccountError> {
        let address = MailAddress::parse(&visitor.account.address)?;
        Ok(self.atlas().invitations_to(address.key(), self.now_ms()).await?)
    }

    async fn invitation_to(&self, visitor: &Visitor, id: i64) -> Result<Invitation, AccountError> {
        let mut all = self.invitations(visitor).await?;
        let at = all.iter().position(|invitation| invitation.id == id).ok_or(AccountError::Invitation)?;
        Ok(all.swap_remove(at))
    }

    /// Accepts an invitation to the person's address; the organisation.
    pub async fn accept(&self, visitor: &Visitor, id: i64, caller: &Caller) -> Result<PersonId, AccountError> {
        let invitation = self.invitation_to(visitor, id).await?;
        self.join(&invitation, visitor.account.person, caller).await
    }

    /// Declines an invitation to the person's address.
    pub async fn decline(&self, visitor: &Visitor, id: i64, caller: &Caller) -> Result<(), AccountError> {
        let invitation = self.invitation_to(visitor, id).await?;
        self.declined(&invitation, caller).await
    }

    /// Declines an invitation by its link.
    pub async fn decline_by_link(&self, token: &str, caller: &Caller) -> Result<(), AccountError> {
        let (mail, _) = self.mail_of(token).await?;
        let invitation = self.invitation_of(&mail).await?.ok_or(AccountError::Link)?;
        if !self.atlas().use_account_link(mail.id, self.now_ms()).await? {
            return Err(AccountError::Link);
        }
        self.declined(&invitation, caller).await
    }

    async fn declined(&self, invitation: &Invitation, caller: &Caller) -> Result<(), AccountError> {
        if !self.atlas().end_invitation(invitation.id).await? {
            return Err(AccountError::Invitation);
        }
        let deed = Deed {
            organisation: invitation.organisation,
            by: None,
            member: None,
            event: "invitation-declined",
            source: &caller.from.to_string(),
            detail: &invitation.address,
        };
        Ok(self.atlas().note_deed(deed, self.now_ms()).await?)
    }

    /// Makes a person a member by an invitation to their address; the organisation.
    pub(crate) async fn join(
        &self,
        invitation: &Invitation,
        person: PersonId,
        caller: &Caller,
    ) -> Result<PersonId, AccountError> {
        let organisation = invitation.organisation;
        if !self.atlas().accept_invitation(invitation, person, MOST_MEMBERS, self.now_ms()).await? {
            return Err(AccountError::Invitation);
        }
        let deed = Deed {
            organisation,
            by: Some(invitation.by),
            member: Some(person),
            event: "member-joined",
            source: &caller.from.to_string(),
            detail: role_name(invitation.role),
        };
        self.atlas().note_deed(deed, self.now_ms()).await?;
        self.note(Some(person), "organisation-joined", caller, &invitation.name).await?;
        Ok(organisation)
    }

    /// The invitation that a mail is about, while it is good.
    pub(crate) async fn invitation_of(&self, mail: &AccountMail) -> Result<Option<Invitation>, AccountError> {
        let Ok(Invites { invitation }) = serde_json::from_str(&mail.data) else { return Ok(None) };
        let invitation = self.atlas().invitation(invitation, self.now_ms()).await?;
        Ok(invitation.filter(|invitation| invitation.address == mail.address))
    }

    /// The invitation of a mail to an address that has no account, so that its link makes one.
    pub(crate) async fn invitation_for_nobody(&self, mail: &AccountMail) -> Result<Invitation, AccountError> {
        let invitation = self.invitation_of(mail).await?.ok_or(AccountError::Link)?;
        match self.shown(&invitation).await?.has_account {
            true => Err(AccountError::Input(format!("sign in as {} to accept the invitation", mail.address))),
            false => Ok(invitation),
        }
    }

    /// An invitation as who reads the mailbox is shown it.
    pub(crate) async fn shown(&self, invitation: &Invitation) -> Result<Invited, AccountError> {
        let key = MailAddress::parse(&invitation.address)?;
        Ok(Invited {
            organisation: invitation.name.clone(),
            role: invitation.role,
            by: self.atlas().account(invitation.by).await?.map(|account| account.address),
            has_account: self.atlas().account_at(key.key()).await?.is_some(),
        })
    }

    /// Gives a member another role. To make somebody an owner, the person must have proved who they are.
    pub async fn set_role(
        &self,
        visitor: &Visitor,
        organisation: PersonId,
        member: PersonId,
        role: Role,
        caller: &Caller,
    ) -> Result<(), AccountError> {
        let own = self.belonging(visitor.account.person, organisation, Role::Owner).await?;
        let before = self.atlas().belonging(organisation, member).await?.map(|belonging| belonging.role);
        done(self.atlas().set_role(organisation, member, role).await?)?;
        self.deed(organisation, visitor, "role-changed", Some(member), caller, role_name(role)).await?;
        if before != Some(role) && member != visitor.account.person {
            let notice = Notice { organisation, name: own.name, role: Some(role), by: BY_AN_OWNER.into() };
            self.notify(member, MailKind::RoleChanged, &notice).await?;
        }
        Ok(())
    }

    /// Mails a member what became of their membership, unless they were mailed that too often: nobody is flooded by who changes their mind.
    pub(crate) async fn notify(&self, member: PersonId, kind: MailKind, notice: &Notice) -> Result<(), AccountError> {
        let Some(account) = self.atlas().account(member).await? else { return Ok(()) };
        let counted = format!("notices to {member} of organisation {}", notice.organisation);
        match self.count(&counted, NOTICES_TO).await? {
            Some(_) => Ok(()),
            None => self.post_with(kind, &account.address, Some(&account), notice).await,
        }
    }

    /// Removes a member. What they may know stays known: the feed's address, secrets of webhooks.
    pub async fn remove_member(
        &self,
        visitor: &Visitor,
        organisation: PersonId,
        member: PersonId,
        caller: &Caller,
    ) -> Result<(), AccountError> {
        let own = self.belonging(visitor.account.person, organisation, Role::Owner).await?;
        done(self.atlas().remove_member(organisation, member, self.now_ms()).await?)?;
        // Who is no member any more is known by the address that they had as one.
        let address = self.atlas().account(member).await?.map_or_else(String::new, |account| account.address);
        self.deed(organisation, visitor, "member-removed", Some(member), caller, &address).await?;
        let (event, now_ms) = ("organisation-removed-from", self.now_ms());
        self.atlas().note_audit(Some(member), event, AN_OWNER, &own.name, now_ms).await?;
        if member == visitor.account.person {
            return Ok(());
        }
        let notice = Notice { organisation, name: own.name, role: None, by: BY_AN_OWNER.into() };
        self.notify(member, MailKind::MemberRemoved, &notice).await
    }

    /// Leaves an organisation.
    pub async fn leave(&self, visitor: &Visitor, organisation: PersonId, caller: &Caller) -> Result<(), AccountError> {
        let person = visitor.account.person;
        let own = self.belonging(person, organisation, Role::Reader).await?;
        done(self.atlas().remove_member(organisation, person, self.now_ms()).await?)?;
        self.deed(organisation, visitor, "member-left", Some(person), caller, &visitor.account.address).await?;
        Ok(self.note(Some(person), "organisation-left", caller, &own.name).await?)
    }

    /// Deletes an organisation with all that is its. The person must have proved who they are.
    pub async fn erase_organisation(
        &self,
        visitor: &Visitor,
        organisation: PersonId,
        caller: &Caller,
    ) -> Result<(), AccountError> {
        let person = visitor.account.person;
        let own = self.belonging(person, organisation, Role::Owner).await?;
        let members = self.atlas().members(organisation).await?;
        self.atlas().erase_organisation(organisation).await?;
        let notice = Notice { organisation, name: own.name.clone(), role: None, by: BY_AN_OWNER.into() };
        for member in members.iter().filter(|member| member.person != person) {
            let event = "organisation-deleted";
            self.atlas().note_audit(Some(member.person), event, AN_OWNER, &own.name, self.now_ms()).await?;
            self.notify(member.person, MailKind::OrganisationDeleted, &notice).await?;
        }
        Ok(self.note(Some(person), "organisation-deleted", caller, &own.name).await?)
    }

    /// What is kept of an organisation beside its watchlist, for an owner who has proved who they are.
    pub async fn export_organisation(
        &self,
        visitor: &Visitor,
        organisation: PersonId,
        caller: &Caller,
    ) -> Result<OrganisationExport, AccountError> {
        self.belonging(visitor.account.person, organisation, Role::Owner).await?;
        self.deed(organisation, visitor, "organisation-exported", None, caller, "").await?;
        let atlas = self.atlas();
        // From where others did something is theirs to know.
        let unplaced = |entry: AuditEntry| AuditEntry { source: String::new(), ..entry };
        Ok(OrganisationExport {
            members: atlas.members(organisation).await?,
            invitations: atlas.invited(organisation, self.now_ms()).await?,
            audit: atlas.audit(Some(organisation), 0, i64::MAX).await?.into_iter().map(unplaced).collect(),
        })
    }

    async fn deed(
        &self,
        organisation: PersonId,
        visitor: &Visitor,
        event: &str,
        member: Option<PersonId>,
        caller: &Caller,
        detail: &str,
    ) -> Result<(), AccountError> {
        let (by, source) = (Some(visitor.account.person), caller.from.to_string());
        let deed = Deed { organisation, by, member, event, source: &source, detail };
        Ok(self.atlas().note_deed(deed, self.now_ms()).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_address_and_writes_no_header() {
        for name in ["Plum Legal", "Müller & Söhne GmbH", "St. Ives Co., Ltd.", "法務部", "O’Hara's (Legal)"] {
            assert_eq!(name_of(&format!(" {name}\r\n")).unwrap(), name);
        }
        for name in [
            "",
            " \n ",
            "evil.example",
            "win at http://evil.example",
            "mail a@b",
            "a\u{202e}b",
            "a\u{200b}b",
            "<b>x</b>",
            "“ and “",
            &"x".repeat(61),
        ] {
            assert!(matches!(name_of(name), Err(AccountError::Input(_))), "{name:?}");
        }
        assert_eq!(name_of("a\r\nBcc x").unwrap(), "a Bcc x");
    }
}
