//! Organisations as stored: who is a member with which role, and who is invited. An organisation has a number of the kind that persons have,
//! and holds a watchlist with channels and an inbox as a person does.
//!
//! There is always an owner who can sign in: a change that would leave none is not made. Such changes of one organisation wait for each
//! other (`LOCK`), so that two owners cannot demote each other at the same moment.
use serde::{Deserialize, Serialize};

use super::erase;
use crate::codes::Code;
use crate::error::Result;
use crate::open::Atlas;
use crate::store::{Columns, Row, Tx, args, statements};
use crate::watching::{PersonId, forget_mail, lock_holder, person_in, take_numbers};

macro_rules! organisations {
    ($rest:literal) => {
        concat!(
            "SELECT o.person_id, p.name, o.made_ms, (SELECT COUNT(*) FROM members m WHERE m.organisation_id = o.person_id)
                FROM organisations o JOIN persons p ON p.id = o.person_id ",
            $rest
        )
    };
}
macro_rules! belongings {
    ($rest:literal) => {
        concat!(
            "SELECT m.organisation_id, p.name, m.role, m.since_ms FROM members m JOIN persons p ON p.id = m.organisation_id ",
            $rest
        )
    };
}
macro_rules! invitations {
    ($rest:literal) => {
        concat!(
            "SELECT i.id, i.organisation_id, p.name, i.address, i.role, i.by_id, i.made_ms, i.expires_ms FROM invitations i
                JOIN persons p ON p.id = i.organisation_id ",
            $rest
        )
    };
}

statements! {
    FOUND = "INSERT INTO organisations (person_id, made_ms) VALUES ($1, $2)",
    OWNED = "SELECT COUNT(*) FROM members WHERE person_id = $1 AND role = $2",
    KEY = "SELECT address_key FROM accounts WHERE person_id = $1",
    ZONE = "SELECT zone FROM persons WHERE id = $1",
    RENAME = "UPDATE persons SET name = $2 WHERE id = $1 AND id IN (SELECT person_id FROM organisations)",
    // Writes nothing new, and holds back whoever else would change the same organisation.
    LOCK = "UPDATE organisations SET made_ms = made_ms WHERE person_id = $1",
    ORGANISATION = organisations!("WHERE o.person_id = $1"),
    ALL = organisations!("ORDER BY o.person_id LIMIT $1 OFFSET $2"),
    BELONGING = belongings!("WHERE m.organisation_id = $1 AND m.person_id = $2"),
    BELONGINGS = belongings!("WHERE m.person_id = $1 ORDER BY p.name, m.organisation_id"),
    MEMBERS = "SELECT m.person_id, a.address, m.role, m.since_ms, a.disabled_ms FROM members m JOIN accounts a ON a.person_id = m.person_id
        WHERE m.organisation_id = $1 ORDER BY m.role DESC, a.address_key",
    OWNERS = "SELECT m.person_id FROM members m JOIN accounts a ON a.person_id = m.person_id
        WHERE m.organisation_id = $1 AND m.role = $2 AND a.disabled_ms IS NULL ORDER BY m.person_id",
    JOIN = "INSERT INTO members (organisation_id, person_id, role, since_ms) VALUES ($1, $2, $3, $4)
        ON CONFLICT (organisation_id, person_id) DO NOTHING",
    SET_ROLE = "UPDATE members SET role = $3 WHERE organisation_id = $1 AND person_id = $2",
    LEAVE = "DELETE FROM members WHERE organisation_id = $1 AND person_id = $2",
    COUNT = "SELECT COUNT(*) FROM members WHERE organisation_id = $1",
    INVITE = "INSERT INTO invitations (id, organisation_id, address, address_key, role, by_id, made_ms, expires_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    INVITED = invitations!("WHERE i.organisation_id = $1 AND i.expires_ms > $2 ORDER BY i.id"),
    INVITED_TO = invitations!("WHERE i.address_key = $1 AND i.expires_ms > $2 ORDER BY i.id"),
    INVITATION = invitations!("WHERE i.id = $1 AND i.expires_ms > $2"),
    UNINVITE = "DELETE FROM invitations WHERE id = $1",
    UNINVITE_AT = "DELETE FROM invitations WHERE organisation_id = $1 AND address_key = $2",
    // Who is no owner any more invites nobody: else they would come back by an address of their own.
    UNINVITE_BY = "DELETE FROM invitations WHERE organisation_id = $1 AND by_id = $2",
    FORGET = "DELETE FROM invitations WHERE expires_ms < $1",
}

/// What a member of an organisation may do. The later ones may what the earlier ones may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// See the watchlist and the inbox.
    Reader,
    /// Change watches, notes, tags and channels.
    Editor,
    /// Invite and remove members, change roles, rename and delete the organisation.
    Owner,
}

impl Code for Role {
    const ALL: &'static [Role] = &[Role::Reader, Role::Editor, Role::Owner];
}

/// An organisation that a person belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Belonging {
    /// Its number.
    pub organisation: PersonId,
    /// Its name.
    pub name: String,
    /// What the person may do in it.
    pub role: Role,
    /// Since when they belong to it.
    pub since_ms: i64,
}

/// A member of an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrganisationMember {
    /// Who.
    pub person: PersonId,
    /// The mail address of their account.
    pub address: String,
    /// What they may do.
    pub role: Role,
    /// Since when.
    pub since_ms: i64,
    /// Since when their account cannot be used.
    pub disabled_ms: Option<i64>,
}

/// An organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Organisation {
    /// Its number.
    pub id: PersonId,
    /// Its name.
    pub name: String,
    /// Since when it is there.
    pub made_ms: i64,
    /// How many members it has.
    pub members: i64,
}

/// Somebody who is invited and has not answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Invitation {
    /// Its number.
    pub id: i64,
    /// The organisation.
    pub organisation: PersonId,
    /// Its name.
    pub name: String,
    /// The mail address that is invited, as it was typed.
    pub address: String,
    /// The role that they would have.
    pub role: Role,
    /// Who invited them.
    #[serde(skip)]
    pub by: PersonId,
    /// Since when.
    pub made_ms: i64,
    /// Until when.
    pub expires_ms: i64,
}

/// An invitation to be kept, in place of an earlier one to the same address.
#[derive(Debug, Clone)]
pub struct NewInvitation<'a> {
    /// To which organisation.
    pub organisation: PersonId,
    /// The mail address, as it was typed.
    pub address: &'a str,
    /// The same in small letters.
    pub key: &'a str,
    /// The role that they would have.
    pub role: Role,
    /// Who invites.
    pub by: PersonId,
    /// Until when.
    pub expires_ms: i64,
}

/// What came of a change that an organisation could be left without an owner by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// It is made.
    Done,
    /// It is not made: there would be no owner left who can sign in.
    LastOwner,
    /// It is not made: there is no such member.
    NoMember,
}

fn belonging(row: &Row) -> Result<Belonging> {
    let mut c = row.columns();
    let (organisation, name) = (PersonId(c.next()?), c.next()?);
    Ok(Belonging { organisation, name, role: Role::from_code(c.next()?)?, since_ms: c.next()? })
}

fn member(row: &Row) -> Result<OrganisationMember> {
    let mut c = row.columns();
    let (person, address) = (PersonId(c.next()?), c.next()?);
    let (role, since_ms) = (Role::from_code(c.next()?)?, c.next()?);
    Ok(OrganisationMember { person, address, role, since_ms, disabled_ms: c.next()? })
}

fn organisation(row: &Row) -> Result<Organisation> {
    organisation_in(&mut row.columns())
}

/// The organisation that a row begins with.
pub(super) fn organisation_in(c: &mut Columns<'_>) -> Result<Organisation> {
    Ok(Organisation { id: PersonId(c.next()?), name: c.next()?, made_ms: c.next()?, members: c.next()? })
}

fn invitation(row: &Row) -> Result<Invitation> {
    let mut c = row.columns();
    Ok(Invitation {
        id: c.next()?,
        organisation: PersonId(c.next()?),
        name: c.next()?,
        address: c.next()?,
        role: Role::from_code(c.next()?)?,
        by: PersonId(c.next()?),
        made_ms: c.next()?,
        expires_ms: c.next()?,
    })
}

/// The owners of an organisation who can sign in.
async fn owners(tx: &mut Tx, organisation: PersonId) -> Result<Vec<i64>> {
    let rows = tx.fetch(OWNERS, args![organisation, Role::Owner.code()]).await?;
    rows.iter().map(|row| row.get(0)).collect()
}

async fn members_counted(tx: &mut Tx, organisation: PersonId) -> Result<i64> {
    tx.one(COUNT, args![organisation]).await?.map_or(Ok(0), |row| row.get(0))
}

/// Ends what an organisation mails to the address of a person's account.
async fn unmail(tx: &mut Tx, organisation: PersonId, person: PersonId, now_ms: i64) -> Result<()> {
    match tx.one(KEY, args![person]).await? {
        Some(row) => forget_mail(tx, organisation, &row.get::<String>(0)?, now_ms).await,
        None => Ok(()),
    }
}

/// Takes a person out of all organisations, in the transaction that deletes them; an organisation with no other member is deleted too.
/// Those that would be left without an owner: if there is one, the transaction is not to be committed.
pub(super) async fn leave_all(tx: &mut Tx, person: PersonId, now_ms: i64) -> Result<Vec<Belonging>> {
    let rows = tx.fetch(BELONGINGS, args![person]).await?;
    let mut all: Vec<Belonging> = rows.iter().map(belonging).collect::<Result<_>>()?;
    // Locked in one order, so that two persons who leave the same ones do not wait for each other for ever.
    all.sort_by_key(|belonging| belonging.organisation);
    let mut held = Vec::new();
    for belonging in all {
        let organisation = belonging.organisation;
        tx.run(LOCK, args![organisation]).await?;
        if members_counted(tx, organisation).await? == 1 {
            erase::organisation(tx, organisation).await?;
        } else if belonging.role == Role::Owner && owners(tx, organisation).await?.iter().all(|id| *id == person.0) {
            held.push(belonging);
        } else {
            tx.run(LEAVE, args![organisation, person]).await?;
            unmail(tx, organisation, person, now_ms).await?;
        }
    }
    Ok(held)
}

impl Atlas {
    /// Founds an organisation with a watchlist and an inbox of its own; the person is its owner, and its time zone is theirs.
    /// None, if the person owns `most` already.
    pub async fn found_organisation(
        &self,
        person: PersonId,
        name: &str,
        most: i64,
        now_ms: i64,
    ) -> Result<Option<PersonId>> {
        let mut tx = self.store.write_unordered().await?;
        lock_holder(&mut tx, person).await?;
        let owned = tx.one(OWNED, args![person, Role::Owner.code()]).await?;
        if owned.map_or(Ok(0), |row| row.get::<i64>(0))? >= most {
            tx.undo().await?;
            return Ok(None);
        }
        let zone: String = tx.one(ZONE, args![person]).await?.map_or_else(|| Ok("UTC".into()), |row| row.get(0))?;
        let id = person_in(&mut tx, name, &zone, now_ms).await?;
        tx.run(FOUND, args![id, now_ms]).await?;
        tx.run(JOIN, args![id, person, Role::Owner.code(), now_ms]).await?;
        tx.commit().await?;
        Ok(Some(id))
    }

    /// An organisation.
    pub async fn organisation(&self, id: PersonId) -> Result<Option<Organisation>> {
        self.store.one(ORGANISATION, args![id]).await?.as_ref().map(organisation).transpose()
    }

    /// Organisations by number, for who operates the instance.
    pub async fn organisations(&self, offset: i64, limit: i64) -> Result<Vec<Organisation>> {
        self.store.fetch(ALL, args![limit.max(0), offset.max(0)]).await?.iter().map(organisation).collect()
    }

    /// What a person is in an organisation; none if they do not belong to it.
    pub async fn belonging(&self, organisation: PersonId, person: PersonId) -> Result<Option<Belonging>> {
        self.store.one(BELONGING, args![organisation, person]).await?.as_ref().map(belonging).transpose()
    }

    /// The organisations that a person belongs to, by name.
    pub async fn belongings(&self, person: PersonId) -> Result<Vec<Belonging>> {
        self.store.fetch(BELONGINGS, args![person]).await?.iter().map(belonging).collect()
    }

    /// The members of an organisation, owners first.
    pub async fn members(&self, organisation: PersonId) -> Result<Vec<OrganisationMember>> {
        self.store.fetch(MEMBERS, args![organisation]).await?.iter().map(member).collect()
    }

    /// The owners of an organisation who can sign in; none for a holder that is no organisation.
    pub async fn owners(&self, organisation: PersonId) -> Result<Vec<PersonId>> {
        let rows = self.store.fetch(OWNERS, args![organisation, Role::Owner.code()]).await?;
        rows.iter().map(|row| Ok(PersonId(row.get(0)?))).collect()
    }

    /// Gives an organisation another name; false if there is none with this number.
    pub async fn rename_organisation(&self, organisation: PersonId, name: &str) -> Result<bool> {
        let mut tx = self.store.write_unordered().await?;
        let renamed = tx.run(RENAME, args![organisation, name]).await? > 0;
        tx.commit().await?;
        Ok(renamed)
    }

    /// Gives a member another role.
    pub async fn set_role(&self, organisation: PersonId, person: PersonId, role: Role) -> Result<Changed> {
        let mut tx = self.store.write_unordered().await?;
        tx.run(LOCK, args![organisation]).await?;
        if tx.run(SET_ROLE, args![organisation, person, role.code()]).await? == 0 {
            tx.undo().await?;
            return Ok(Changed::NoMember);
        }
        self.unless_ownerless(tx, organisation, person, role < Role::Owner).await
    }

    /// Takes a member out of an organisation; what it mails to the address of their account ends.
    pub async fn remove_member(&self, organisation: PersonId, person: PersonId, now_ms: i64) -> Result<Changed> {
        let mut tx = self.store.write_unordered().await?;
        tx.run(LOCK, args![organisation]).await?;
        if tx.run(LEAVE, args![organisation, person]).await? == 0 {
            tx.undo().await?;
            return Ok(Changed::NoMember);
        }
        unmail(&mut tx, organisation, person, now_ms).await?;
        self.unless_ownerless(tx, organisation, person, true).await
    }

    /// Commits a change of a member, unless it leaves the organisation without an owner. `uninvites`: what they invited ends.
    async fn unless_ownerless(
        &self,
        mut tx: Tx,
        organisation: PersonId,
        person: PersonId,
        uninvites: bool,
    ) -> Result<Changed> {
        if owners(&mut tx, organisation).await?.is_empty() {
            tx.undo().await?;
            return Ok(Changed::LastOwner);
        }
        if uninvites {
            tx.run(UNINVITE_BY, args![organisation, person]).await?;
        }
        tx.commit().await?;
        Ok(Changed::Done)
    }

    /// Keeps an invitation in place of an earlier one to the same address; its number. None if who invites is no owner by now.
    pub async fn invite(&self, new: &NewInvitation<'_>, now_ms: i64) -> Result<Option<i64>> {
        let NewInvitation { organisation, address, key, role, by, expires_ms } = new.clone();
        let mut tx = self.store.write_unordered().await?;
        tx.run(LOCK, args![organisation]).await?;
        if !owners(&mut tx, organisation).await?.contains(&by.0) {
            tx.undo().await?;
            return Ok(None);
        }
        tx.run(UNINVITE_AT, args![organisation, key]).await?;
        let id = take_numbers(&mut tx, "invitations", 1).await?;
        tx.run(INVITE, args![id, organisation, address, key, role.code(), by, now_ms, expires_ms]).await?;
        tx.commit().await?;
        Ok(Some(id))
    }

    /// Who is invited to an organisation at an instant, longest ago first.
    pub async fn invited(&self, organisation: PersonId, now_ms: i64) -> Result<Vec<Invitation>> {
        self.store.fetch(INVITED, args![organisation, now_ms]).await?.iter().map(invitation).collect()
    }

    /// The invitations to a mail address, given in small letters.
    pub async fn invitations_to(&self, key: &str, now_ms: i64) -> Result<Vec<Invitation>> {
        self.store.fetch(INVITED_TO, args![key, now_ms]).await?.iter().map(invitation).collect()
    }

    /// An invitation, while it is good.
    pub async fn invitation(&self, id: i64, now_ms: i64) -> Result<Option<Invitation>> {
        self.store.one(INVITATION, args![id, now_ms]).await?.as_ref().map(invitation).transpose()
    }

    /// Uses an invitation up: the person is a member, unless they were one before, whose role stays. False if it is gone, or the organisation
    /// has `most` members.
    pub async fn accept_invitation(&self, it: &Invitation, person: PersonId, most: i64, now_ms: i64) -> Result<bool> {
        let mut tx = self.store.write_unordered().await?;
        tx.run(LOCK, args![it.organisation]).await?;
        if tx.run(UNINVITE, args![it.id]).await? == 0 || members_counted(&mut tx, it.organisation).await? >= most {
            tx.undo().await?;
            return Ok(false);
        }
        tx.run(JOIN, args![it.organisation, person, it.role.code(), now_ms]).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Ends an invitation; false if it is gone.
    pub async fn end_invitation(&self, id: i64) -> Result<bool> {
        let mut tx = self.store.write_unordered().await?;
        let ended = tx.run(UNINVITE, args![id]).await? > 0;
        tx.commit().await?;
        Ok(ended)
    }

    /// Forgets invitations that were good until before an instant.
    pub async fn forget_invitations(&self, before_ms: i64) -> Result<()> {
        let mut tx = self.store.write_unordered().await?;
        tx.run(FORGET, args![before_ms]).await?;
        tx.commit().await
    }
}
