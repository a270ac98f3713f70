//! Bytes by their SHA-256, each compressed against the one before it.
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use archive::Sha256Digest;
use archive::blob::{MAX_CHAIN, compress, decompress};

use crate::apart;
use crate::error::Result;
use crate::open::Atlas;
use crate::store::{Insert, PLACES, Store, Value, args, damaged, digest, filled, places, statements};

statements! {
    // The step bounds the walk even if the rows were tampered with into a ring.
    CHAIN = "WITH RECURSIVE chain (base, bytes, data, step) AS (
            SELECT base, bytes, data, 0 FROM blobs WHERE sha256 = $1
            UNION ALL
            SELECT b.base, b.bytes, b.data, c.step + 1 FROM blobs b JOIN chain c ON b.sha256 = c.base WHERE c.step < 64
        ) SELECT base, bytes, data FROM chain ORDER BY step DESC",
    ONE = "SELECT base, bytes, data FROM blobs WHERE sha256 = $1",
    KNOWN = places!("SELECT sha256, depth FROM blobs WHERE sha256 IN"),
}

pub(crate) const INSERT: Insert =
    Insert { into: "blobs (sha256, base, depth, bytes, data)", columns: 5, tail: "ON CONFLICT (sha256) DO NOTHING" };

/// Bytes of blobs read or written lately: the base of a document's next version is one of them, and pages ask for the same few texts.
#[derive(Default)]
pub(crate) struct Recent(Mutex<VecDeque<(Sha256Digest, Arc<Vec<u8>>)>>);

/// At most this much is kept. One page may be megabytes, but a text is some tens of kilobytes.
const RECENT_BYTES: usize = 12 << 20;

impl Recent {
    fn get(&self, name: Sha256Digest) -> Option<Arc<Vec<u8>>> {
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = recent.iter().position(|(known, _)| *known == name)?;
        let found = recent.remove(at)?;
        let bytes = Arc::clone(&found.1);
        recent.push_back(found);
        Some(bytes)
    }

    pub fn put(&self, name: Sha256Digest, bytes: Arc<Vec<u8>>) {
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        recent.retain(|(known, _)| *known != name);
        recent.push_back((name, bytes));
        let mut total: usize = recent.iter().map(|(_, bytes)| bytes.len()).sum();
        while total > RECENT_BYTES && recent.len() > 1 {
            total -= recent.pop_front().map_or(0, |(_, bytes)| bytes.len());
        }
    }
}

impl Atlas {
    /// The bytes of a blob, whose hash was compared with its name when they came out of the store.
    pub(crate) async fn blob(&self, name: Sha256Digest) -> Result<Option<Arc<Vec<u8>>>> {
        if let Some(bytes) = self.shared.recent.get(name) {
            return Ok(Some(bytes));
        }
        let Some(bytes) = read(&self.store, name).await? else { return Ok(None) };
        let bytes = Arc::new(bytes);
        self.shared.recent.put(name, Arc::clone(&bytes));
        Ok(Some(bytes))
    }
}

/// Reads a blob through its chain of bases, past any cache, and checks its hash.
pub(crate) async fn read(store: &Store, name: Sha256Digest) -> Result<Option<Vec<u8>>> {
    let rows = store.fetch(CHAIN, args![name]).await?;
    let mut bytes: Option<Vec<u8>> = None;
    for row in &rows {
        let (base, len, data): (Option<Vec<u8>>, i64, Vec<u8>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        if base.is_some() != bytes.is_some() {
            return Err(damaged(format!("blob {name}"), "a base of it is missing"));
        }
        let len = usize::try_from(len).map_err(|_| damaged(format!("blob {name}"), "its length is negative"))?;
        let next = decompress(&data, bytes.as_deref(), len);
        bytes = Some(next.map_err(|error| damaged(format!("blob {name}"), error.to_string()))?);
    }
    if bytes.as_ref().is_some_and(|bytes| Sha256Digest::of(bytes) != name) {
        return Err(damaged(format!("blob {name}"), "its bytes have another SHA-256"));
    }
    Ok(bytes)
}

/// Like [`read`], quicker where the blob's base is the one that was read before it: a whole series is then read in linear time.
pub(crate) async fn read_after(
    store: &Store,
    name: Sha256Digest,
    before: Option<&(Sha256Digest, Arc<Vec<u8>>)>,
) -> Result<Option<Vec<u8>>> {
    let Some(row) = store.one(ONE, args![name]).await? else { return Ok(None) };
    let base: Option<Vec<u8>> = row.get(0)?;
    let Some((_, base)) = before.filter(|(before, _)| base.as_deref() == Some(&before.0[..])) else {
        return read(store, name).await;
    };
    let len = usize::try_from(row.get::<i64>(1)?).unwrap_or(0);
    match decompress(&row.get::<Vec<u8>>(2)?, Some(base), len) {
        Ok(bytes) if Sha256Digest::of(&bytes) == name => Ok(Some(bytes)),
        _ => read(store, name).await,
    }
}

/// A blob about to be stored, and the one that it is compressed against.
pub(crate) struct Packed {
    name: Sha256Digest,
    base: Option<Sha256Digest>,
    depth: i64,
    bytes: usize,
    data: Vec<u8>,
}

impl Packed {
    /// Its row, as [`INSERT`] wants it.
    pub fn values(&self) -> Vec<Value> {
        args![self.name, self.base, self.depth, self.bytes, self.data.clone()]
    }
}

/// One series of bytes, each like the one before: the texts of a document, or its captures.
pub(crate) struct Series {
    /// The last blob stored already, if any.
    pub last: Option<(Sha256Digest, Arc<Vec<u8>>)>,
    /// What comes after it, in order.
    pub next: Vec<(Sha256Digest, Arc<Vec<u8>>)>,
}

/// Compresses what is not stored yet. Nothing is read back: each base is in hand.
pub(crate) async fn pack(store: &Store, series: Vec<Series>) -> Result<Vec<Packed>> {
    let names = series.iter().flat_map(|series| series.last.iter().chain(&series.next)).map(|(name, _)| *name);
    let mut depths = depths(store, names.collect()).await?;
    let packing = move || {
        let mut packed = Vec::new();
        for series in series {
            pack_series(series, &mut depths, &mut packed);
        }
        packed
    };
    Ok(apart::run(packing).await)
}

fn pack_series(series: Series, depths: &mut HashMap<Sha256Digest, i64>, packed: &mut Vec<Packed>) {
    let mut last = series.last;
    for (name, bytes) in series.next {
        if !depths.contains_key(&name) {
            let base = last.as_ref().and_then(|(name, bytes)| {
                let depth = depths.get(name)? + 1;
                (depth < i64::from(MAX_CHAIN)).then_some((*name, bytes, depth))
            });
            let blob = squeeze(name, &bytes, base);
            depths.insert(name, blob.depth);
            packed.push(blob);
        }
        last = Some((name, bytes));
    }
}

fn squeeze(name: Sha256Digest, bytes: &[u8], base: Option<(Sha256Digest, &Arc<Vec<u8>>, i64)>) -> Packed {
    let full = |data| Packed { name, base: None, depth: 0, bytes: bytes.len(), data };
    let Some((base_name, base, depth)) = base else { return full(compress(bytes, None)) };
    let data = compress(bytes, Some(base));
    // A page that has little in common with the one before may be as small on its own, which makes reading it cheaper.
    if data.len() > bytes.len() / 5 {
        let alone = compress(bytes, None);
        if alone.len() <= data.len() + data.len() / 8 {
            return full(alone);
        }
    }
    Packed { name, base: Some(base_name), depth, bytes: bytes.len(), data }
}

/// The chain depth of those blobs that are stored.
async fn depths(store: &Store, mut names: Vec<Sha256Digest>) -> Result<HashMap<Sha256Digest, i64>> {
    names.sort_unstable();
    names.dedup();
    let mut depths = HashMap::new();
    for group in names.chunks(PLACES) {
        for row in store.fetch(KNOWN, filled(group)).await? {
            depths.insert(digest(row.get(0)?)?, row.get(1)?);
        }
    }
    Ok(depths)
}
