//! A store whose key is lost: what was sealed with it cannot be opened by anybody, so it is dropped, and the store goes on under another key.
use super::{KeyPlace, Of, PROBE, Sealer, checked, derived};
use crate::accounts::note_in;
use crate::codes::Code;
use crate::error::Result;
use crate::log;
use crate::open::LogConfig;
use crate::store::{Store, Tx, args, statements};
use crate::watching::{ChannelKind, ChannelState, PersonId};

/// Where the entries of the log of accounts come from.
const SOURCE: &str = "command line";
/// What stands on a channel whose address is lost.
const ADDRESS_LOST: &str =
    "the key of this site was lost, and the address of this webhook with it: remove it and add it again";
/// What stands on a feed that has another address.
const FEED_MOVED: &str = "the key of this site was lost, so this feed has another address now: follow that one";

statements! {
    CHANNELS = "SELECT id, kind, secret, sealed_address FROM channels WHERE secret IS NOT NULL OR sealed_address IS NOT NULL ORDER BY id";
        postgres "SELECT id, kind, secret, sealed_address FROM channels WHERE secret IS NOT NULL OR sealed_address IS NOT NULL
            ORDER BY id FOR UPDATE",
    DROP_WEBHOOK = "UPDATE channels SET secret = NULL, sealed_address = NULL, state = $2, trouble = $3 WHERE id = $1",
    RENEW = "UPDATE channels SET secret = $2 WHERE id = $1",
    TELL = "UPDATE channels SET trouble = $2 WHERE id = $1",
    SHARES = "SELECT id, share FROM persons WHERE share IS NOT NULL ORDER BY id";
        postgres "SELECT id, share FROM persons WHERE share IS NOT NULL ORDER BY id FOR UPDATE",
    END_SHARE = "UPDATE persons SET share = NULL WHERE id = $1",
    FACTORS = "SELECT person_id, secret FROM second_factors ORDER BY person_id";
        postgres "SELECT person_id, secret FROM second_factors ORDER BY person_id FOR UPDATE",
    END_FACTOR = "DELETE FROM second_factors WHERE person_id = $1",
    END_CODES = "DELETE FROM recovery_codes WHERE person_id = $1",
    SET = "INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
}

/// What could not be opened any more and was dropped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Webhooks whose address is lost: their persons add them again.
    pub webhooks: usize,
    /// Private feeds that have another address.
    pub feeds: usize,
    /// Mail addresses, which are told as before; links in mails that were sent to them are over.
    pub mails: usize,
    /// Shared watchlists that are closed.
    pub shares: usize,
    /// Who had a second factor: they sign in without one.
    pub factors: Vec<PersonId>,
    /// The last checkpoint that the log's lost key signed, if the log has another key now.
    pub checkpoint: Option<String>,
}

/// Drops what the keys at a place do not open, and seals on with them; the file is made if there is none. None, and nothing is done, if the keys
/// open the store, or nothing in it is sealed. `fresh` are random bytes.
pub(crate) async fn forget(
    store: &Store,
    place: &KeyPlace,
    log: &LogConfig,
    fresh: &[u8; 32],
    now_ms: i64,
) -> Result<Option<Forgotten>> {
    let mut tx = store.write_unordered().await?;
    let Some(check) = checked(&mut tx).await? else { return Ok(None) };
    // Read once nobody else can do the same: it may have been done meanwhile.
    let sealer = Sealer::new(place, place.keys()?.map_or_else(|| place.make(), Ok)?);
    if sealer.open_text(Of::Check, &check).is_ok_and(|text| text == PROBE) {
        return Ok(None);
    }
    let mut forgotten = Forgotten::default();
    channels(&mut tx, &sealer, fresh, &mut forgotten).await?;
    for row in tx.fetch(SHARES, args![]).await? {
        let id: i64 = row.get(0)?;
        if sealer.open(Of::Share(id), &row.get::<Vec<u8>>(1)?).is_err() {
            tx.run(END_SHARE, args![id]).await?;
            forgotten.shares += 1;
        }
    }
    for row in tx.fetch(FACTORS, args![]).await? {
        let id: i64 = row.get(0)?;
        if sealer.open(Of::Factor(id), &row.get::<Vec<u8>>(1)?).is_err() {
            tx.run(END_FACTOR, args![id]).await?;
            tx.run(END_CODES, args![id]).await?;
            let (person, detail) = (PersonId(id), "the key of the site was lost");
            note_in(&mut tx, Some(person), "second-factor-ended", SOURCE, detail, [None, None], now_ms).await?;
            forgotten.factors.push(person);
        }
    }
    forgotten.checkpoint = log::rekey(&mut tx, log, &sealer).await?;
    tx.run(SET, args!["key_check", sealer.seal(Of::Check, PROBE.as_bytes())]).await?;
    tx.run(SET, args!["sealed_with", sealer.mark()]).await?;
    note_in(&mut tx, None, "secrets-forgotten", SOURCE, &forgotten.to_string(), [None, None], now_ms).await?;
    tx.commit().await?;
    Ok(Some(forgotten))
}

/// Gives channels other secrets, and ends those of which nothing can be known without the old ones.
async fn channels(tx: &mut Tx, sealer: &Sealer, fresh: &[u8; 32], forgotten: &mut Forgotten) -> Result<()> {
    for row in tx.fetch(CHANNELS, args![]).await? {
        let mut c = row.columns();
        let (id, kind) = (c.next::<i64>()?, ChannelKind::from_code(c.next()?)?);
        let (secret, address): (Option<Vec<u8>>, Option<String>) = (c.next()?, c.next()?);
        let opens = secret.is_none_or(|secret| sealer.open(Of::Channel(id), &secret).is_ok())
            && address.is_none_or(|address| sealer.open_text(Of::Address(id), &address).is_ok());
        if opens {
            continue;
        }
        if kind == ChannelKind::Webhook {
            tx.run(DROP_WEBHOOK, args![id, ChannelState::Failed.code(), ADDRESS_LOST]).await?;
            forgotten.webhooks += 1;
            continue;
        }
        let secret = derived(fresh, &[b"secret of a channel", &id.to_be_bytes()]);
        tx.run(RENEW, args![id, sealer.seal(Of::Channel(id), &secret).into_bytes()]).await?;
        if kind == ChannelKind::Feed {
            tx.run(TELL, args![id, FEED_MOVED]).await?;
            forgotten.feeds += 1;
        } else {
            forgotten.mails += 1;
        }
    }
    Ok(())
}

impl std::fmt::Display for Forgotten {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Forgotten { webhooks, feeds, mails, shares, factors, checkpoint } = self;
        let log = if checkpoint.is_some() { ", the key of the log" } else { "" };
        write!(
            f,
            "webhooks {webhooks}, feeds {feeds}, mail addresses {mails}, shared watchlists {shares}, second factors {}{log}",
            factors.len()
        )
    }
}
