//! Sealing what is stored: secrets from before there was a key, and all of them when there is a new one. It goes on where an earlier start
//! was ended, a batch in each transaction; what is not sealed yet can be read all along.
use super::{CHECK, MARK, Of, PROBE, Sealer};
use crate::codes::Code;
use crate::error::Result;
use crate::store::{Pools, Row, Sql, Store, Tx, Value, args, statements};
use crate::watching::{ChannelKind, ChannelState, without_addresses};

/// Rows in a transaction.
const BATCH: i64 = 500;

statements! {
    DONE = "SELECT value FROM settings WHERE key = 'sealed_with'",
    SET_DONE = "INSERT INTO settings (key, value) VALUES ('sealed_with', $1) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    SET_CHECK = "UPDATE settings SET value = $1 WHERE key = 'key_check'",
    LOG = "SELECT value FROM settings WHERE key = 'log_key'",
    SET_LOG = "UPDATE settings SET value = $1 WHERE key = 'log_key'",
    FACTORS = "SELECT person_id, secret FROM second_factors WHERE person_id > $1 AND substr(secret, 1, $3) <> $2 ORDER BY person_id LIMIT $4";
        postgres "SELECT person_id, secret FROM second_factors WHERE person_id > $1 AND substr(secret, 1, CAST($3 AS INT)) <> $2
            ORDER BY person_id LIMIT $4 FOR UPDATE",
    SET_FACTOR = "UPDATE second_factors SET secret = $2 WHERE person_id = $1",
    SHARES = "SELECT id, share FROM persons WHERE id > $1 AND substr(share, 1, $3) <> $2 ORDER BY id LIMIT $4";
        postgres "SELECT id, share FROM persons WHERE id > $1 AND substr(share, 1, CAST($3 AS INT)) <> $2 ORDER BY id LIMIT $4 FOR UPDATE",
    SET_SHARE = "UPDATE persons SET share = $2 WHERE id = $1",
    SECRETS = "SELECT id, secret FROM channels WHERE id > $1 AND substr(secret, 1, $3) <> $2 ORDER BY id LIMIT $4";
        postgres "SELECT id, secret FROM channels WHERE id > $1 AND substr(secret, 1, CAST($3 AS INT)) <> $2 ORDER BY id LIMIT $4 FOR UPDATE",
    SET_SECRET = "UPDATE channels SET secret = $2 WHERE id = $1",
    ADDRESSES = "SELECT id, address, sealed_address, person_id, state FROM channels
        WHERE id > $1 AND kind = $5 AND (address NOT LIKE 'hmac:%' OR substr(sealed_address, 1, $3) <> $2) ORDER BY id LIMIT $4";
        postgres "SELECT id, address, sealed_address, person_id, state FROM channels
            WHERE id > $1 AND kind = $5 AND (address NOT LIKE 'hmac:%' OR substr(sealed_address, 1, CAST($3 AS INT)) <> $2)
            ORDER BY id LIMIT $4 FOR UPDATE",
    SET_ADDRESS = "UPDATE channels SET address = $2, sealed_address = $3 WHERE id = $1",
    // What went wrong with webhooks named their addresses.
    TROUBLES = "SELECT id, trouble FROM channels WHERE id > $1 AND kind = $3 AND trouble LIKE '%://%' ORDER BY id LIMIT $2",
    SET_TROUBLE = "UPDATE channels SET trouble = $2 WHERE id = $1",
    ERRORS = "SELECT id, error FROM messages WHERE id > $1 AND channel_kind = $3 AND error LIKE '%://%' ORDER BY id LIMIT $2",
    SET_ERROR = "UPDATE messages SET error = $2 WHERE id = $1",
}

/// The new values of a row, after its number; none: it stays.
type New<'a> = dyn Fn(i64, &Row) -> Result<Option<Vec<Value>>> + 'a;

/// What is to be rewritten in a batch of rows, which begin with their numbers.
struct Pass<'a> {
    rows: Sql,
    /// Arguments after the number of the last row.
    args: Vec<Value>,
    set: Sql,
    new: &'a New<'a>,
}

/// Seals everything with the first key that is not sealed with it. Nothing is done if all was.
pub(crate) async fn seal_all(store: &Store, sealer: &Sealer) -> Result<()> {
    let mark = sealer.mark();
    let done: Option<String> = store.one(DONE, args![]).await?.map(|row| row.get(0)).transpose()?;
    if done.as_deref() == Some(mark.as_str()) {
        return Ok(());
    }
    let (webhook, bytes) = (ChannelKind::Webhook.code(), mark.clone().into_bytes());
    let sealed = || args![bytes.clone(), MARK as i64, BATCH];
    let anew = |of: Of, row: &Row| -> Result<Option<Vec<Value>>> {
        let secret = sealer.open(of, &row.get::<Vec<u8>>(1)?)?;
        Ok(Some(args![sealer.seal(of, &secret).into_bytes()]))
    };
    let factor = |id: i64, row: &Row| {
        let stored: Vec<u8> = row.get(1)?;
        let secret = match super::parsed(&stored) {
            Some(_) => Some(sealer.open(Of::Factor(id), &stored)?),
            // One that no key opens was of no use before.
            None => sealer.open_early_factor(id, &stored),
        };
        Ok(secret.map(|secret| args![sealer.seal(Of::Factor(id), &secret).into_bytes()]))
    };
    let share = |id: i64, row: &Row| anew(Of::Share(id), row);
    let secret = |id: i64, row: &Row| anew(Of::Channel(id), row);
    let address = |id: i64, row: &Row| of_webhook(sealer, id, row);
    let discreet = |_: i64, row: &Row| Ok(Some(args![without_addresses(&row.get::<String>(1)?)]));
    let addresses = args![mark.clone(), MARK as i64, BATCH, webhook];
    for pass in [
        Pass { rows: FACTORS, args: sealed(), set: SET_FACTOR, new: &factor },
        Pass { rows: SHARES, args: sealed(), set: SET_SHARE, new: &share },
        Pass { rows: SECRETS, args: sealed(), set: SET_SECRET, new: &secret },
        Pass { rows: ADDRESSES, args: addresses, set: SET_ADDRESS, new: &address },
        Pass { rows: TROUBLES, args: args![BATCH, webhook], set: SET_TROUBLE, new: &discreet },
        Pass { rows: ERRORS, args: args![BATCH, webhook], set: SET_ERROR, new: &discreet },
    ] {
        rewrite(store, &pass).await?;
    }
    let of_log = seal_log(store, sealer).await?;
    if done.is_none() && of_log {
        wipe(store).await;
    }
    let mut tx = begin(store).await?;
    tx.run(SET_CHECK, args![sealer.seal(Of::Check, PROBE.as_bytes())]).await?;
    tx.run(SET_DONE, args![mark]).await?;
    tx.commit().await
}

/// Seals the key of the log; false if there is none yet, in a store that was just made.
async fn seal_log(store: &Store, sealer: &Sealer) -> Result<bool> {
    let mut tx = begin(store).await?;
    let Some(row) = tx.one(LOG, args![]).await? else { return Ok(false) };
    let key = sealer.open_text(Of::Log, &row.get::<String>(0)?)?;
    tx.run(SET_LOG, args![sealer.seal(Of::Log, key.as_bytes())]).await?;
    tx.commit().await?;
    Ok(true)
}

/// Rewrites the file of an embedded store, so that what was overwritten does not stay in it beside what was written.
async fn wipe(store: &Store) {
    let Pools::Sqlite { writer, .. } = &store.pools else { return };
    for statement in ["VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"] {
        // It wants as much room again as the store takes. Where that is not to be had, the store is as good as it was before.
        sqlx::query(statement).fetch_all(writer).await.ok();
    }
}

/// A webhook's address as a hash and sealed. Of one that was removed the hash alone is kept.
fn of_webhook(sealer: &Sealer, id: i64, row: &Row) -> Result<Option<Vec<Value>>> {
    let address = match row.get::<Option<String>>(2)? {
        Some(sealed) => sealer.open_text(Of::Address(id), &sealed)?,
        None => row.get(1)?,
    };
    let removed = row.get::<i64>(4)? == ChannelState::Removed.code();
    let sealed = (!removed).then(|| sealer.seal(Of::Address(id), address.as_bytes()));
    Ok(Some(args![sealer.hashed_address(row.get(3)?, &address), sealed]))
}

/// A transaction of the one process that seals; others wait for it.
async fn begin(store: &Store) -> Result<Tx> {
    let mut tx = store.write_unordered().await?;
    tx.one(CHECK, args![]).await?;
    Ok(tx)
}

async fn rewrite(store: &Store, pass: &Pass<'_>) -> Result<()> {
    let mut last = 0_i64;
    loop {
        let mut tx = begin(store).await?;
        let of = args![last].into_iter().chain(pass.args.iter().cloned()).collect();
        let rows = tx.fetch(pass.rows, of).await?;
        for row in &rows {
            last = row.get(0)?;
            if let Some(new) = (pass.new)(last, row)? {
                tx.run(pass.set, args![last].into_iter().chain(new).collect()).await?;
            }
        }
        tx.commit().await?;
        if rows.is_empty() {
            return Ok(());
        }
    }
}
