//! Tiles and entry bundles of [tlog-tiles](https://c2sp.org/tlog-tiles), rendered from stored hashes and entries.

use std::fmt;
use std::str::FromStr;

use super::tree::{Hash, LogError, MAX_ENTRY};

/// Levels of the tree that one tile spans, and so hashes in a full tile.
const HEIGHT: u8 = 8;
const WIDTH: u64 = 256;

/// The path of a tile of hashes or of an entry bundle, without a leading slash.
///
/// ```
/// use archive::log::TilePath;
/// let path: TilePath = "tile/0/x001/x234/067.p/5".parse().unwrap();
/// assert_eq!(path, TilePath { level: Some(0), index: 1_234_067, width: 5 });
/// assert_eq!(path.to_string(), "tile/0/x001/x234/067.p/5");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TilePath {
    /// Level of the tile (one tile level is eight levels of the tree), or none for an entry bundle.
    pub level: Option<u8>,
    /// Index of the tile in its level.
    pub index: u64,
    /// Number of hashes or entries: 256, or fewer in a partial tile.
    pub width: u16,
}

impl TilePath {
    /// The first hash or entry of the tile and the one after its last, if a log of `size` entries has the tile.
    fn range(&self, size: u64) -> Result<(u64, u64), LogError> {
        let outside = LogError::OutOfRange { index: self.index, size };
        let shift = u32::from(self.level.unwrap_or(0)) * u32::from(HEIGHT);
        let available = size.checked_shr(shift).unwrap_or(0);
        let start = self.index.checked_mul(WIDTH).ok_or(outside.clone())?;
        let end = start.checked_add(u64::from(self.width)).ok_or(outside.clone())?;
        if self.width == 0 || u64::from(self.width) > WIDTH || end > available {
            return Err(outside);
        }
        Ok((start, end))
    }
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.level {
            Some(level) => write!(f, "tile/{level}/")?,
            None => write!(f, "tile/entries/")?,
        }
        let digits = self.index.to_string();
        let padded = format!("{digits:0>width$}", width = digits.len().div_ceil(3) * 3);
        let groups = padded.len() / 3;
        for group in 0..groups {
            let (mark, end) = if group + 1 < groups { ("x", "/") } else { ("", "") };
            write!(f, "{mark}{}{end}", &padded[group * 3..group * 3 + 3])?;
        }
        if u64::from(self.width) < WIDTH { write!(f, ".p/{}", self.width) } else { Ok(()) }
    }
}

impl FromStr for TilePath {
    type Err = LogError;

    fn from_str(text: &str) -> Result<Self, LogError> {
        let path = parse_path(text).filter(|path| path.to_string() == text);
        path.ok_or_else(|| LogError::TilePath(text.chars().take(200).collect()))
    }
}

/// Reads a path leniently; the caller compares the result's only spelling with the text.
fn parse_path(text: &str) -> Option<TilePath> {
    let (level, rest) = text.strip_prefix("tile/")?.split_once('/')?;
    let level = if level == "entries" { None } else { Some(level.parse().ok().filter(|l| *l < 64)?) };
    let (number, width) = match rest.split_once(".p/") {
        Some((number, width)) => (number, width.parse().ok().filter(|w| (1..256).contains(w))?),
        None => (rest, WIDTH as u16),
    };
    let digits: String = number.chars().filter(|c| !matches!(c, 'x' | '/')).collect();
    Some(TilePath { level, index: digits.parse().ok()?, width })
}

/// The nodes that [`render_tile`] will ask for: none for an entry bundle, whose entries are `index * 256` onwards.
pub fn tile_needs(path: &TilePath, size: u64) -> Result<Vec<(u8, u64)>, LogError> {
    let (start, end) = path.range(size)?;
    // A level whose nodes do not exist in this log was refused above, so the product stays below 64.
    Ok(path.level.map_or(Vec::new(), |level| (start..end).map(|position| (level * HEIGHT, position)).collect()))
}

/// The bytes of a tile of hashes, from the log of `size` entries.
pub fn render_tile(
    path: &TilePath,
    size: u64,
    mut read: impl FnMut(u8, u64) -> Option<Hash>,
) -> Result<Vec<u8>, LogError> {
    if path.level.is_none() {
        return Err(LogError::TilePath(path.to_string()));
    }
    let mut out = Vec::with_capacity(usize::from(path.width) * 32);
    for (level, position) in tile_needs(path, size)? {
        out.extend_from_slice(&read(level, position).ok_or(LogError::MissingHash { level, position })?);
    }
    Ok(out)
}

/// The bytes of an entry bundle, from the log of `size` entries; `read` gives an entry by its index.
pub fn render_entries(
    path: &TilePath,
    size: u64,
    mut read: impl FnMut(u64) -> Option<Vec<u8>>,
) -> Result<Vec<u8>, LogError> {
    if path.level.is_some() {
        return Err(LogError::TilePath(path.to_string()));
    }
    let (start, end) = path.range(size)?;
    let mut out = Vec::new();
    for index in start..end {
        let entry = read(index).ok_or(LogError::MissingEntry(index))?;
        let len = entry.len();
        let prefix =
            u16::try_from(len).ok().filter(|_| len <= MAX_ENTRY).ok_or(LogError::EntryTooLong { index, len })?;
        out.extend_from_slice(&prefix.to_be_bytes());
        out.extend_from_slice(&entry);
    }
    Ok(out)
}

/// Every tile and entry bundle that is new in the log of `size` entries since it had `old_size`: what an
/// instance that serves static files has to write before it publishes the checkpoint.
pub fn tile_paths(old_size: u64, size: u64) -> Vec<TilePath> {
    let mut paths = Vec::new();
    for level in 0..8u8 {
        let (old, new) = (old_size >> (level * HEIGHT), size >> (level * HEIGHT));
        if new == 0 {
            break;
        }
        for index in old / WIDTH..new.div_ceil(WIDTH) {
            let width = (new - index * WIDTH).min(WIDTH) as u16;
            if new > old {
                paths.push(TilePath { level: Some(level), index, width });
                paths.extend((level == 0).then_some(TilePath { level: None, index, width }));
            }
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::tree::fold;
    use crate::log::{LogState, leaf_hash, right_edge_needs, stored_hash_index};

    #[test]
    fn paths_have_one_spelling() {
        for text in [
            "tile/0/000",
            "tile/0/000.p/1",
            "tile/63/255.p/255",
            "tile/entries/x001/000",
            "tile/2/x018/x446/x744/x073/x709/x551/615",
        ] {
            assert_eq!(text.parse::<TilePath>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "tile/0/0",
            "tile/00/000",
            "/tile/0/000",
            "tile/64/000",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/x000/001",
            "tile/0/001/000",
            "tile/0/x001",
            "tile/0/000.p/01",
            "tile/data/000",
            "tile/0/../000",
            "tile/0/+01",
            "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
        ] {
            assert!(text.parse::<TilePath>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_specification_s_example_of_70000_entries() {
        let paths = tile_paths(0, 70_000);
        let count = |level, full| {
            let kind = |path: &&TilePath| path.level == level && (path.width == 256) == full;
            paths.iter().filter(kind).count()
        };
        assert_eq!((count(Some(0), true), count(Some(0), false)), (273, 1));
        assert_eq!((count(None, true), count(None, false)), (273, 1));
        assert_eq!((count(Some(1), true), count(Some(1), false)), (1, 1));
        assert!(paths.contains(&TilePath { level: Some(1), index: 1, width: 17 }));
        assert!(paths.contains(&TilePath { level: Some(2), index: 0, width: 1 }));
        assert_eq!(tile_paths(256, 257).len(), 2);
        assert_eq!(tile_paths(9, 9), []);
    }

    #[test]
    fn tiles_hash_to_the_root() {
        let entries: Vec<Vec<u8>> = (0..600u32).map(|n| format!("entry {n}").into_bytes()).collect();
        let mut log = LogState::default();
        let rows = log.append(&entries).unwrap();
        let read = |level, position| rows.get(stored_hash_index(level, position) as usize).map(|row| row.hash);
        let tile = |text: &str| render_tile(&text.parse().unwrap(), 600, read);
        let upper = tile("tile/1/000.p/2").unwrap();
        for index in 0..2 {
            let full = tile(&format!("tile/0/00{index}")).unwrap();
            let mut tree = LogState::default();
            for leaf in full.chunks(32) {
                // Inner structure of a tile, hashed here by hand from its leaves.
                tree.right_edge.push(leaf.try_into().unwrap());
                for _ in 0..tree.size.trailing_ones() {
                    let (right, left) = (tree.right_edge.pop().unwrap(), tree.right_edge.pop().unwrap());
                    tree.right_edge.push(crate::log::node_hash(&left, &right));
                }
                tree.size += 1;
            }
            assert_eq!(tree.root(), upper[index * 32..index * 32 + 32]);
        }
        let edge: Vec<Hash> = right_edge_needs(600).into_iter().map(|(l, p)| read(l, p).unwrap()).collect();
        assert_eq!(fold(&edge).unwrap(), log.root());
        for wrong in ["tile/0/002", "tile/0/002.p/89", "tile/1/000", "tile/2/000.p/1", "tile/9/000.p/1"] {
            assert!(tile(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_entry_bundle_hashes_to_its_tile() {
        let entries: Vec<Vec<u8>> = (0..5u8).map(|n| vec![n; n.into()]).collect();
        let read = |index: u64| entries.get(index as usize).cloned();
        let bundle = render_entries(&"tile/entries/000.p/5".parse().unwrap(), 5, read).unwrap();
        assert_eq!(bundle[..7], [0, 0, 0, 1, 1, 0, 2]);
        let mut log = LogState::default();
        let rows = log.append(&entries).unwrap();
        let hash = |level, position| rows.get(stored_hash_index(level, position) as usize).map(|row| row.hash);
        let tile = render_tile(&"tile/0/000.p/5".parse().unwrap(), 5, hash).unwrap();
        assert_eq!(tile[64..96], leaf_hash(&[2, 2]));
        assert!(render_entries(&"tile/entries/000.p/6".parse().unwrap(), 5, read).is_err());
    }
}
