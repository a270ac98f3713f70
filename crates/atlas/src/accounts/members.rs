//! Accounts and organisations as whoever operates the instance sees them: who there is, and nothing of what they watch or were told.
use serde::Serialize;

use super::organisations::organisation_in;
use super::{Account, Organisation, account_in};
use crate::error::Result;
use crate::open::Atlas;
use crate::store::{Row, args, statements};
use crate::watching::PersonId;

statements! {
    USERS = "SELECT a.person_id, a.address, a.password, a.operator, a.disabled_ms, a.made_ms,
            (SELECT MAX(s.seen_ms) FROM sessions s WHERE s.person_id = a.person_id),
            (SELECT MAX(t.used_ms) FROM tokens t WHERE t.person_id = a.person_id),
            (SELECT MAX(e.at_ms) FROM audit e WHERE e.person_id = a.person_id AND e.event = 'signed-in'),
            (SELECT COUNT(*) FROM second_factors f WHERE f.person_id = a.person_id AND f.confirmed_ms IS NOT NULL),
            (SELECT COUNT(*) FROM watches w WHERE w.person_id = a.person_id)
        FROM accounts a WHERE a.address_key LIKE $1 ESCAPE '!' ORDER BY a.person_id LIMIT $2 OFFSET $3",
    USERS_COUNTED = "SELECT COUNT(*) FROM accounts WHERE address_key LIKE $1 ESCAPE '!'",
    ORGANISATIONS = "SELECT o.person_id, p.name, o.made_ms, (SELECT COUNT(*) FROM members m WHERE m.organisation_id = o.person_id),
            (SELECT COUNT(*) FROM watches w WHERE w.person_id = o.person_id)
        FROM organisations o JOIN persons p ON p.id = o.person_id ORDER BY o.person_id LIMIT $1 OFFSET $2",
    ORGANISATIONS_COUNTED = "SELECT COUNT(*) FROM organisations",
}

/// An account with what an operator needs to know of its person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct User {
    /// Number of the person.
    pub person: PersonId,
    /// The account.
    #[serde(flatten)]
    pub account: Account,
    /// When the person or a program of theirs was last here, to a few minutes, as far as that is still known.
    pub seen_ms: Option<i64>,
    /// Whether signing in needs a second factor.
    pub factor: bool,
    /// How much they watch.
    pub watches: i64,
}

fn user(row: &Row) -> Result<User> {
    let mut c = row.columns();
    let account = account_in(&mut c)?;
    let seen: [Option<i64>; 3] = [c.next()?, c.next()?, c.next()?];
    let seen_ms = seen.into_iter().flatten().max();
    Ok(User { person: account.person, account, seen_ms, factor: c.next::<i64>()? > 0, watches: c.next()? })
}

/// What `LIKE` matches any text with, of which a part is given.
fn containing(part: &str) -> String {
    let mut pattern = String::from("%");
    for c in part.to_lowercase().chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern + "%"
}

impl Atlas {
    /// Accounts whose address contains a text (in any letters; an empty one: all), by number, and how many there are of them.
    pub async fn users(&self, part: &str, offset: i64, limit: i64) -> Result<(Vec<User>, i64)> {
        let pattern = containing(part);
        let rows = self.store.fetch(USERS, args![&pattern, limit.max(0), offset.max(0)]).await?;
        let all = self.store.one(USERS_COUNTED, args![&pattern]).await?.map_or(Ok(0), |row| row.get(0))?;
        Ok((rows.iter().map(user).collect::<Result<_>>()?, all))
    }

    /// Organisations by number, each with how much it watches, and how many there are.
    pub async fn organisations_watching(&self, offset: i64, limit: i64) -> Result<(Vec<(Organisation, i64)>, i64)> {
        let rows = self.store.fetch(ORGANISATIONS, args![limit.max(0), offset.max(0)]).await?;
        let watching = |row: &Row| {
            let mut c = row.columns();
            Ok((organisation_in(&mut c)?, c.next()?))
        };
        let listed = rows.iter().map(watching).collect::<Result<_>>()?;
        let all = self.store.one(ORGANISATIONS_COUNTED, args![]).await?.map_or(Ok(0), |row| row.get(0))?;
        Ok((listed, all))
    }
}
