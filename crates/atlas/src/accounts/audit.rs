//! What happened to accounts, and how often something was tried.
use serde::Serialize;

use crate::error::Result;
use crate::open::Atlas;
use crate::store::{Row, Tx, args, damaged, statements};
use crate::watching::{PersonId, take_numbers};

macro_rules! audit {
    ($rest:literal) => {
        concat!("SELECT id, at_ms, person_id, event, source, detail, by_id, member_id FROM audit ", $rest)
    };
}

statements! {
    NOTE = "INSERT INTO audit (id, at_ms, person_id, event, source, detail, by_id, member_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    ALL = audit!("ORDER BY id DESC LIMIT $1 OFFSET $2"),
    OF = audit!("WHERE person_id = $3 ORDER BY id DESC LIMIT $1 OFFSET $2"),
    FORGET = "DELETE FROM audit WHERE at_ms < $1",
    TRY = "INSERT INTO tries (what, count, since_ms) VALUES ($1, 1, $2) ON CONFLICT (what) DO UPDATE SET
        count = CASE WHEN tries.since_ms <= $3 THEN 1 ELSE tries.count + 1 END,
        since_ms = CASE WHEN tries.since_ms <= $3 THEN excluded.since_ms ELSE tries.since_ms END
        RETURNING count, since_ms",
    FORGIVE = "DELETE FROM tries WHERE what = $1",
    FORGET_TRIES = "DELETE FROM tries WHERE since_ms < $1",
}

/// Something that happened to an account or an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditEntry {
    /// Its number.
    pub id: i64,
    /// When.
    pub at_ms: i64,
    /// Whose account, or which organisation, it is about.
    #[serde(skip)]
    pub person: Option<PersonId>,
    /// Who did it, if somebody else than the person: in an organisation, or as an operator.
    #[serde(skip)]
    pub by: Option<PersonId>,
    /// Of an organisation: to whom.
    #[serde(skip)]
    pub member: Option<PersonId>,
    /// What, as a name of the crate `accounts`.
    pub event: String,
    /// A network address, or "command line".
    pub source: String,
    /// More, in words; may be empty.
    pub detail: String,
}

fn entry(row: &Row) -> Result<AuditEntry> {
    let mut c = row.columns();
    let somebody = |id: i64| Some(id).filter(|id| *id > 0).map(PersonId);
    let (id, at_ms, person) = (c.next()?, c.next()?, somebody(c.next()?));
    let (event, source, detail) = (c.next()?, c.next()?, c.next()?);
    Ok(AuditEntry { id, at_ms, person, event, source, detail, by: somebody(c.next()?), member: somebody(c.next()?) })
}

/// Something that happened in an organisation.
#[derive(Debug, Clone, Copy)]
pub struct Deed<'a> {
    /// Which one.
    pub organisation: PersonId,
    /// Who did it; none: whoever operates the instance.
    pub by: Option<PersonId>,
    /// To whom, if to a member.
    pub member: Option<PersonId>,
    /// What, as a name of the crate `accounts`.
    pub event: &'a str,
    /// A network address, or "command line".
    pub source: &'a str,
    /// More, in words; may be empty.
    pub detail: &'a str,
}

/// Writes down what happened to an account or an organisation, in a transaction of the caller's.
pub(crate) async fn note_in(
    tx: &mut Tx,
    person: Option<PersonId>,
    event: &str,
    source: &str,
    detail: &str,
    [by, member]: [Option<PersonId>; 2],
    now_ms: i64,
) -> Result<()> {
    let number = |person: Option<PersonId>| person.map_or(0, |person| person.0);
    let id = take_numbers(tx, "audit", 1).await?;
    tx.run(NOTE, args![id, now_ms, number(person), event, source, detail, number(by), number(member)]).await?;
    Ok(())
}

impl Atlas {
    /// Writes down what happened to an account.
    pub async fn note_audit(
        &self,
        person: Option<PersonId>,
        event: &str,
        source: &str,
        detail: &str,
        now_ms: i64,
    ) -> Result<()> {
        self.note(person, event, source, detail, [None, None], now_ms).await
    }

    /// Writes down what an operator did with an account.
    pub async fn note_operated(
        &self,
        person: PersonId,
        by: PersonId,
        event: &str,
        source: &str,
        now_ms: i64,
    ) -> Result<()> {
        self.note(Some(person), event, source, "", [Some(by), None], now_ms).await
    }

    /// Writes down what happened in an organisation.
    pub async fn note_deed(&self, deed: Deed<'_>, now_ms: i64) -> Result<()> {
        let Deed { organisation, by, member, event, source, detail } = deed;
        self.note(Some(organisation), event, source, detail, [by, member], now_ms).await
    }

    async fn note(
        &self,
        person: Option<PersonId>,
        event: &str,
        source: &str,
        detail: &str,
        by_and_member: [Option<PersonId>; 2],
        now_ms: i64,
    ) -> Result<()> {
        let mut tx = self.store.write_unordered().await?;
        note_in(&mut tx, person, event, source, detail, by_and_member, now_ms).await?;
        tx.commit().await
    }

    /// What happened to a person's account or an organisation, or to all, the latest first.
    pub async fn audit(&self, person: Option<PersonId>, offset: i64, limit: i64) -> Result<Vec<AuditEntry>> {
        let (limit, offset) = (limit.max(0), offset.max(0));
        let rows = match person {
            Some(person) => self.store.fetch(OF, args![limit, offset, person]).await?,
            None => self.store.fetch(ALL, args![limit, offset]).await?,
        };
        rows.iter().map(entry).collect()
    }

    /// Counts a try and says how often it was tried since when. The count begins anew `window_ms` after the first.
    pub async fn count_try(&self, what: &str, window_ms: i64, now_ms: i64) -> Result<(i64, i64)> {
        let mut tx = self.store.write_unordered().await?;
        let row = tx.one(TRY, args![what, now_ms, now_ms - window_ms]).await?;
        let row = row.ok_or_else(|| damaged("a count of tries", "it vanished while it was written"))?;
        let counted = (row.get(0)?, row.get(1)?);
        tx.commit().await?;
        Ok(counted)
    }

    /// Forgets how often something was tried.
    pub async fn forgive_tries(&self, what: &str) -> Result<()> {
        let mut tx = self.store.write_unordered().await?;
        tx.run(FORGIVE, args![what]).await?;
        tx.commit().await
    }

    /// Forgets what happened before an instant, and tries before another.
    pub async fn forget_audit(&self, before_ms: i64, tries_before_ms: i64) -> Result<()> {
        let mut tx = self.store.write_unordered().await?;
        tx.run(FORGET, args![before_ms]).await?;
        tx.run(FORGET_TRIES, args![tries_before_ms]).await?;
        tx.commit().await
    }
}
