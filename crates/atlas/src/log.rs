//! The transparency log in the store: its key, appending to it, reading tiles and proofs.
use std::collections::HashMap;

use archive::log::{
    Checkpoint, Hash, LogState, SigningKey, TilePath, TlogProof, inclusion_needs, inclusion_proof, render_entries,
    render_tile, right_edge_needs, stored_hash_index, tile_needs,
};

use crate::error::{AtlasError, Result};
use crate::open::{Atlas, LogConfig};
use crate::seal::{Of, Sealer};
use crate::store::{Insert, PLACES, Store, Tx, args, damaged, filled, places, statements};

statements! {
    KEY = "SELECT value FROM settings WHERE key = 'log_key'",
    SET_KEY = "INSERT INTO settings (key, value) VALUES ('log_key', $1) ON CONFLICT (key) DO NOTHING",
    CHANGE_KEY = "UPDATE settings SET value = $1 WHERE key = 'log_key'",
    // What the lost key signed last: by it, who knows that key can tell that the log goes on from there.
    KEEP_CHECKPOINT = "INSERT INTO settings (key, value) VALUES ('log_checkpoint_of_' || $1, $2) ON CONFLICT (key) DO NOTHING";
        postgres "INSERT INTO settings (key, value) VALUES ('log_checkpoint_of_' || CAST($1 AS TEXT), $2) ON CONFLICT (key) DO NOTHING",
    HEAD = "SELECT size, checkpoint, generation FROM log_head WHERE id = 1",
    NEW_HEAD = "INSERT INTO log_head (id, size, checkpoint, generation) VALUES (1, 0, $1, 0) ON CONFLICT (id) DO NOTHING",
    SWAP = "UPDATE log_head SET size = $1, checkpoint = $2, generation = generation + $5 WHERE id = 1 AND size = $3 AND checkpoint = $4",
    BUMP = "UPDATE log_head SET generation = generation + 1 WHERE id = 1 RETURNING generation",
    GENERATION = "SELECT generation FROM log_head WHERE id = 1",
    HASH = "SELECT hash FROM log_hashes WHERE position = $1",
    EDGE = places!("SELECT position, hash FROM log_hashes WHERE position IN"),
    HASHES = "SELECT position, hash FROM log_hashes WHERE position BETWEEN $1 AND $2",
    ENTRY = "SELECT entry FROM log_entries WHERE log_index = $1",
    ENTRIES = "SELECT log_index, entry FROM log_entries WHERE log_index BETWEEN $1 AND $2",
}

const INSERT_HASH: Insert = Insert { into: "log_hashes (position, hash)", columns: 2, tail: "" };
const INSERT_ENTRY: Insert = Insert { into: "log_entries (log_index, capture_id, entry)", columns: 3, tail: "" };
#[cfg(test)]
pub(crate) const INSERTS: &[Insert] = &[INSERT_HASH, INSERT_ENTRY];

/// Head of the log as stored.
pub(crate) struct Head {
    pub size: i64,
    pub checkpoint: String,
    pub generation: i64,
}

fn head(row: Option<crate::store::Row>) -> Result<Head> {
    let row = row.ok_or_else(|| damaged("the log", "it has no head"))?;
    Ok(Head { size: row.get(0)?, checkpoint: row.get(1)?, generation: row.get(2)? })
}

/// Reads or makes the key, and refuses a log whose rows do not lead to the checkpoint it has signed.
pub(crate) async fn open(store: &Store, config: &LogConfig, sealer: &Sealer) -> Result<SigningKey> {
    let mut tx = store.write_unordered().await?;
    let fresh = SigningKey::from_seed(&config.origin, config.fresh_seed)?;
    tx.run(SET_KEY, args![sealer.seal(Of::Log, fresh.to_secret_text().as_bytes())]).await?;
    let secret = tx.one(KEY, args![]).await?.ok_or_else(|| damaged("the log", "it has no key"))?;
    let key = SigningKey::from_secret_text(&sealer.open_text(Of::Log, &secret.get::<String>(0)?)?)?;
    if key.name() != config.origin {
        return Err(AtlasError::OtherLog { found: key.name().into(), asked: config.origin.clone() });
    }
    let empty = Checkpoint::new(key.name(), 0, LogState::default().root()).sign(&key)?;
    tx.run(NEW_HEAD, args![empty]).await?;
    let head = head(tx.one(HEAD, args![]).await?)?;
    let state = state(&mut tx, head.size).await?;
    let signed = Checkpoint::open(&head.checkpoint, &key.verifier())?;
    if signed.size != state.size || signed.root != state.root() {
        let reason =
            format!("its rows give another root at size {} than its checkpoint at size {}", state.size, signed.size);
        return Err(damaged("the log", reason));
    }
    tx.commit().await?;
    Ok(key)
}

/// Gives the log another key if its own cannot be opened, and signs its head with that; gives the checkpoint that the lost key signed last.
/// Refuses a log whose rows do not lead to that checkpoint, and one of another name.
pub(crate) async fn rekey(tx: &mut Tx, config: &LogConfig, sealer: &Sealer) -> Result<Option<String>> {
    let Some(row) = tx.one(KEY, args![]).await? else { return Ok(None) };
    if sealer.open_text(Of::Log, &row.get::<String>(0)?).is_ok() {
        return Ok(None);
    }
    let key = SigningKey::from_seed(&config.origin, config.fresh_seed)?;
    let old = head(tx.one(HEAD, args![]).await?)?;
    let state = state(tx, old.size).await?;
    let checkpoint = Checkpoint::new(key.name(), state.size, state.root()).sign(&key)?;
    // Name, size and root stand on the lines before the signature.
    let said = |checkpoint: &str| checkpoint.lines().take(3).map(str::to_string).collect::<Vec<_>>();
    if said(&checkpoint) != said(&old.checkpoint) {
        return Err(damaged("the log", "its rows, or its name, are not those of its last checkpoint"));
    }
    tx.run(CHANGE_KEY, args![sealer.seal(Of::Log, key.to_secret_text().as_bytes())]).await?;
    tx.run(KEEP_CHECKPOINT, args![old.generation.to_string(), &old.checkpoint]).await?;
    if tx.run(SWAP, args![old.size, checkpoint, old.size, &old.checkpoint, 0_i64]).await? != 1 {
        return Err(damaged("the log", "another writer has moved its head in the meantime"));
    }
    Ok(Some(old.checkpoint))
}

/// The log's state, from the hashes on its right edge.
async fn state(tx: &mut Tx, size: i64) -> Result<LogState> {
    let needs = right_edge_needs(size as u64);
    let at = |(level, position): &(u8, u64)| stored_hash_index(*level, *position) as i64;
    let mut found: HashMap<i64, Hash> = HashMap::new();
    for group in needs.iter().map(at).collect::<Vec<_>>().chunks(PLACES) {
        for row in tx.fetch(EDGE, filled(group)).await? {
            found.insert(row.get(0)?, hash(row.get(1)?)?);
        }
    }
    let of = |need: &(u8, u64)| {
        found.get(&at(need)).copied().ok_or(archive::log::LogError::MissingHash { level: need.0, position: need.1 })
    };
    let edge = needs.iter().map(of).collect::<std::result::Result<_, _>>()?;
    Ok(LogState::restore(size as u64, edge)?)
}

fn hash(bytes: Vec<u8>) -> Result<Hash> {
    Ok(crate::store::digest(bytes)?.0)
}

/// The log while a transaction appends to it.
pub(crate) struct Appender {
    state: LogState,
    old: Head,
    entries: Vec<Vec<u8>>,
    captures: Vec<i64>,
    generations: i64,
}

impl Appender {
    /// Takes up the log where it ends. The transaction must be an ordered one.
    pub async fn begin(tx: &mut Tx) -> Result<Appender> {
        let old = head(tx.one(HEAD, args![]).await?)?;
        Ok(Appender {
            state: state(tx, old.size).await?,
            old,
            entries: Vec::new(),
            captures: Vec::new(),
            generations: 0,
        })
    }

    /// The index that the next entry gets.
    pub fn next_index(&self) -> i64 {
        self.old.size + self.entries.len() as i64
    }

    /// The generation that the next document makes which this transaction writes.
    pub fn next_generation(&mut self) -> i64 {
        self.generations += 1;
        self.old.generation + self.generations
    }

    /// Adds the entry of a capture and gives its index.
    pub fn push(&mut self, entry: Vec<u8>, capture: i64) -> i64 {
        let index = self.next_index();
        self.entries.push(entry);
        self.captures.push(capture);
        index
    }

    /// Writes entries, hashes and the new signed head; the head must still be the one that was read.
    pub async fn finish(mut self, tx: &mut Tx, key: &SigningKey) -> Result<()> {
        let rows = self.state.append(&self.entries)?;
        let hashes = rows.into_iter().flat_map(|row| args![row.index as i64, row.hash.to_vec()]);
        tx.insert(INSERT_HASH, hashes.collect()).await?;
        let entries = self.entries.into_iter().zip(self.captures).zip(self.old.size..);
        let entries = entries.flat_map(|((entry, capture), index)| args![index, capture, entry]);
        tx.insert(INSERT_ENTRY, entries.collect()).await?;
        let checkpoint = Checkpoint::new(key.name(), self.state.size, self.state.root()).sign(key)?;
        let swap = args![self.state.size as i64, checkpoint, self.old.size, self.old.checkpoint, self.generations];
        if tx.run(SWAP, swap).await? != 1 {
            return Err(damaged("the log", "another writer has moved its head in the meantime"));
        }
        Ok(())
    }
}

/// Counts up the generation, by which readers see that what they keep in memory is out of date.
pub(crate) async fn bump(tx: &mut Tx) -> Result<i64> {
    let row = tx.one(BUMP, args![]).await?.ok_or_else(|| damaged("the log", "it has no head"))?;
    row.get(0)
}

/// The generation now.
pub(crate) async fn generation(store: &Store) -> Result<i64> {
    store.one(GENERATION, args![]).await?.ok_or_else(|| damaged("the log", "it has no head"))?.get(0)
}

impl Atlas {
    /// The signed checkpoint: what is served at `/checkpoint`.
    pub async fn log_checkpoint(&self) -> Result<String> {
        Ok(self.head().await?.checkpoint)
    }

    pub(crate) async fn head(&self) -> Result<Head> {
        head(self.store.one(HEAD, args![]).await?)
    }

    /// The verifier key of the log, as text.
    pub fn log_key(&self) -> String {
        self.shared.key.verifier().to_string()
    }

    /// A tile or entry bundle by its path (`tile/0/000.p/5`); none if the path is wrong or the log has not that many entries.
    pub async fn log_tile(&self, path: &str) -> Result<Option<Vec<u8>>> {
        let Ok(path) = path.parse::<TilePath>() else { return Ok(None) };
        let size = self.head().await?.size as u64;
        let Ok(needs) = tile_needs(&path, size) else { return Ok(None) };
        if path.level.is_some() {
            let hashes = self.hashes(&needs).await?;
            return Ok(Some(render_tile(&path, size, |level, at| hashes.get(&(level, at)).copied())?));
        }
        let first = path.index as i64 * 256;
        let rows = self.store.fetch(ENTRIES, args![first, first + i64::from(path.width) - 1]).await?;
        let mut entries = HashMap::new();
        for row in &rows {
            entries.insert(row.get::<i64>(0)? as u64, row.get::<Vec<u8>>(1)?);
        }
        Ok(Some(render_entries(&path, size, |index| entries.remove(&index))?))
    }

    /// Nodes of the tree. A tile's nodes lie close together on disk at level 0, far apart above it; so two ways to read them.
    async fn hashes(&self, needs: &[(u8, u64)]) -> Result<HashMap<(u8, u64), Hash>> {
        let at = |(level, position): &(u8, u64)| stored_hash_index(*level, *position) as i64;
        let mut found = HashMap::new();
        let (first, last) = (needs.iter().map(at).min().unwrap_or(0), needs.iter().map(at).max().unwrap_or(-1));
        if last - first < 2048 {
            let rows = self.store.fetch(HASHES, args![first, last]).await?;
            let rows: Result<HashMap<i64, Hash>> =
                rows.iter().map(|row| Ok((row.get(0)?, hash(row.get(1)?)?))).collect();
            let rows = rows?;
            return Ok(needs.iter().filter_map(|need| Some((*need, *rows.get(&at(need))?))).collect());
        }
        for need in needs {
            if let Some(row) = self.store.one(HASH, args![at(need)]).await? {
                found.insert(*need, hash(row.get(0)?)?);
            }
        }
        Ok(found)
    }

    /// The bytes of an entry of the log.
    pub async fn log_entry(&self, index: i64) -> Result<Option<Vec<u8>>> {
        self.store.one(ENTRY, args![index]).await?.map(|row| row.get(0)).transpose()
    }

    /// The proof that an entry is in the log, with the checkpoint that it leads to; none if there is no such entry.
    pub async fn inclusion_proof(&self, index: i64) -> Result<Option<TlogProof>> {
        let head = self.head().await?;
        if index < 0 || index >= head.size {
            return Ok(None);
        }
        let (size, index) = (head.size as u64, index as u64);
        let hashes = self.hashes(&inclusion_needs(size, index)?).await?;
        let hashes = inclusion_proof(size, index, |level, at| hashes.get(&(level, at)).copied())?;
        Ok(Some(TlogProof { extra: None, index, hashes, checkpoint: head.checkpoint }))
    }
}

/// Entries from `first` on, at most `count`, for checks of the whole log.
pub(crate) async fn entries(store: &Store, first: i64, count: i64) -> Result<Vec<(i64, Vec<u8>)>> {
    let rows = store.fetch(ENTRIES, args![first, first + count - 1]).await?;
    let mut entries = rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect::<Result<Vec<_>>>()?;
    entries.sort_unstable_by_key(|(index, _): &(i64, Vec<u8>)| *index);
    Ok(entries)
}

/// Stored nodes from `first` on, at most `count`, for checks of the whole log.
pub(crate) async fn nodes(store: &Store, first: i64, count: i64) -> Result<Vec<(i64, Vec<u8>)>> {
    let rows = store.fetch(HASHES, args![first, first + count - 1]).await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}
