//! Second factors as stored.
use archive::Sha256Digest;

use crate::error::Result;
use crate::open::Atlas;
use crate::seal::Of;
use crate::store::{Tx, args, statements};
use crate::watching::PersonId;

statements! {
    FACTOR = "SELECT secret, confirmed_ms FROM second_factors WHERE person_id = $1",
    PUT = "INSERT INTO second_factors (person_id, secret, step) VALUES ($1, $2, 0)
        ON CONFLICT (person_id) DO UPDATE SET secret = excluded.secret, step = 0 WHERE second_factors.confirmed_ms IS NULL",
    CONFIRM = "UPDATE second_factors SET confirmed_ms = $2 WHERE person_id = $1 AND confirmed_ms IS NULL",
    STEP = "UPDATE second_factors SET step = $2 WHERE person_id = $1 AND step < $2",
    DROP = "DELETE FROM second_factors WHERE person_id = $1",
    ADD_CODE = "INSERT INTO recovery_codes (person_id, code) VALUES ($1, $2)",
    USE_CODE = "DELETE FROM recovery_codes WHERE person_id = $1 AND code = $2",
    // Two windows that make codes anew at once wait for each other.
    LOCK = "UPDATE second_factors SET step = step WHERE person_id = $1 AND confirmed_ms IS NOT NULL",
    DROP_CODES = "DELETE FROM recovery_codes WHERE person_id = $1",
    CODES = "SELECT COUNT(*) FROM recovery_codes WHERE person_id = $1",
}

/// A second factor as stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Factor {
    /// Its secret.
    pub secret: Vec<u8>,
    /// Since when it is asked for; none: its first code was not given yet.
    pub confirmed_ms: Option<i64>,
}

async fn put_codes(tx: &mut Tx, person: PersonId, codes: &[Sha256Digest]) -> Result<()> {
    tx.run(DROP_CODES, args![person]).await?;
    for code in codes {
        tx.run(ADD_CODE, args![person, *code]).await?;
    }
    Ok(())
}

impl Atlas {
    /// The second factor of a person.
    pub async fn factor(&self, person: PersonId) -> Result<Option<Factor>> {
        let Some(row) = self.store.one(FACTOR, args![person]).await? else { return Ok(None) };
        let secret = self.shared.sealer.open(Of::Factor(person.0), &row.get::<Vec<u8>>(0)?)?;
        Ok(Some(Factor { secret, confirmed_ms: row.get(1)? }))
    }

    /// Keeps the secret of a second factor that is to be confirmed; one that is in use stays as it is.
    pub async fn put_factor(&self, person: PersonId, secret: &[u8]) -> Result<()> {
        let secret = self.shared.sealer.seal(Of::Factor(person.0), secret).into_bytes();
        let mut tx = self.store.write_unordered().await?;
        tx.run(PUT, args![person, secret]).await?;
        tx.commit().await
    }

    /// Uses up a step of a person's second factor; false if it or a later one was used.
    pub async fn use_step(&self, person: PersonId, step: i64) -> Result<bool> {
        let mut tx = self.store.write_unordered().await?;
        let used = tx.run(STEP, args![person, step]).await? > 0;
        tx.commit().await?;
        Ok(used)
    }

    /// Takes a second factor into use, with new recovery codes, given as their hashes; false if it is in use already.
    pub async fn confirm_factor(&self, person: PersonId, codes: &[Sha256Digest], now_ms: i64) -> Result<bool> {
        let mut tx = self.store.write_unordered().await?;
        let confirmed = tx.run(CONFIRM, args![person, now_ms]).await? > 0;
        if confirmed {
            put_codes(&mut tx, person, codes).await?;
        }
        tx.commit().await?;
        Ok(confirmed)
    }

    /// Puts recovery codes, given as their hashes, in the place of those that a person has; false if no second factor is in use.
    pub async fn renew_recovery_codes(&self, person: PersonId, codes: &[Sha256Digest]) -> Result<bool> {
        let mut tx = self.store.write_unordered().await?;
        let used = tx.run(LOCK, args![person]).await? > 0;
        if used {
            put_codes(&mut tx, person, codes).await?;
        }
        tx.commit().await?;
        Ok(used)
    }

    /// Ends a person's second factor and its recovery codes.
    pub async fn drop_factor(&self, person: PersonId) -> Result<()> {
        let mut tx = self.store.write_unordered().await?;
        tx.run(DROP_CODES, args![person]).await?;
        tx.run(DROP, args![person]).await?;
        tx.commit().await
    }

    /// Uses up a recovery code, given as its hash; false if there is none like it.
    pub async fn use_recovery_code(&self, person: PersonId, code: Sha256Digest) -> Result<bool> {
        let mut tx = self.store.write_unordered().await?;
        let used = tx.run(USE_CODE, args![person, code]).await? > 0;
        tx.commit().await?;
        Ok(used)
    }

    /// How many recovery codes a person has left.
    pub async fn recovery_codes(&self, person: PersonId) -> Result<i64> {
        self.store.one(CODES, args![person]).await?.map_or(Ok(0), |row| row.get(0))
    }
}
