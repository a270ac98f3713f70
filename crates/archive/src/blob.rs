//! Blobs: bytes named by their SHA-256 and compressed against the version before.
//!
//! Two versions of one document differ by a few sentences. zstd can take the earlier version as a prefix it
//! may refer back to ("patch-from"), so the later one costs little more than those sentences. The price is that
//! reading a version needs its base, and the base's base; a caller therefore stores a full copy at least every
//! [`MAX_CHAIN`] links.
//!
//! The frames carry no checksum: the name of a blob is its SHA-256, and [`Sha256Digest::of`] on what was read is
//! the check. Nothing in this module is specific to text.
//!
//! ```
//! use archive::blob::{Sha256Digest, compress, decompress};
//! let old = b"You may cancel at any time. ".repeat(40);
//! let new = [&old[..], b"Fees are not refunded."].concat();
//! let patch = compress(&new, Some(&old));
//! assert!(patch.len() < 60);
//! let read = decompress(&patch, Some(&old), new.len()).unwrap();
//! assert_eq!(Sha256Digest::of(&read), Sha256Digest::of(&new));
//! ```

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use zstd_safe::{CCtx, CParameter, DCtx};

/// The most links between a blob and a full copy, so that one read touches a bounded number of blobs.
pub const MAX_CHAIN: u32 = 16;

/// Of a longer base only the last 32 MiB are referred to; it bounds the memory of reading and of writing.
const MAX_BASE: usize = 32 << 20;

/// Measured on pages and on Open Terms Archive versions: level 9 takes four times the time of full copies, a fifth of all that a
/// document's first record takes, and makes pages 8 % smaller, histories with their patches 4 %. For patches a higher level costs twice the
/// time for a few per cent, a lower one misses most of the base.
const LEVEL: i32 = 3;

/// Above this size the match tables of the level no longer cover the whole base, and long-distance matching does.
const LONG_DISTANCE_FROM: usize = 512 << 10;

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The SHA-256 of some bytes: the name of a blob.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256Digest(pub [u8; 32]);

impl Sha256Digest {
    /// Hashes `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The 32 bytes of the digest.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha256Digest({self})")
    }
}

/// A text that is not 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a SHA-256: 64 lower-case hexadecimal digits are needed")]
pub struct DigestParseError(String);

impl FromStr for Sha256Digest {
    type Err = DigestParseError;

    /// Only lower-case digits are taken, so that one digest has one spelling in paths and in the log.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fail = || DigestParseError(text.chars().take(80).collect());
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return Err(fail());
        }
        let nibble = |digit: u8| match digit {
            b'0'..=b'9' => Some(digit - b'0'),
            b'a'..=b'f' => Some(digit - b'a' + 10),
            _ => None,
        };
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = nibble(pair[0]).ok_or_else(fail)? << 4 | nibble(pair[1]).ok_or_else(fail)?;
        }
        Ok(Self(bytes))
    }
}

impl Serialize for Sha256Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sha256Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Why a stored blob could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlobError {
    /// The data is damaged, was compressed against another base, or holds more than was expected.
    #[error("a blob of {stored} stored bytes does not decompress to {expected} bytes: {reason}")]
    Damaged {
        /// Length of the compressed data.
        stored: usize,
        /// Length that the caller expected.
        expected: usize,
        /// What zstd said.
        reason: &'static str,
    },
    /// The data holds fewer bytes than the caller expected.
    #[error("a blob of {stored} stored bytes holds {found} bytes where {expected} were expected")]
    Length {
        /// Length of the compressed data.
        stored: usize,
        /// Length that the caller expected.
        expected: usize,
        /// Length of what the data holds.
        found: u64,
    },
    /// The expected length itself cannot be held in memory.
    #[error("no memory for a blob of {0} bytes")]
    Memory(usize),
}

/// Compresses `bytes`, as a patch against `base` where one is given.
///
/// The same base has to be given to [`decompress`]; the result does not name it.
pub fn compress(bytes: &[u8], base: Option<&[u8]>) -> Vec<u8> {
    let base = base.map(tail).filter(|base| !base.is_empty());
    let mut context = CCtx::create();
    for parameter in parameters(bytes.len(), base.map_or(0, <[u8]>::len)) {
        context.set_parameter(parameter).expect("a constant parameter within the range of zstd");
    }
    if let Some(base) = base {
        context.ref_prefix(base).expect("a fresh context takes a prefix");
    }
    let mut out = Vec::with_capacity(zstd_safe::compress_bound(bytes.len()));
    context.compress2(&mut out, bytes).expect("the output has room for the worst case");
    out.shrink_to_fit();
    out
}

/// Reads back what [`compress`] made, given the same base and the length that was stored beside it.
///
/// At most `expected_len` bytes are allocated for the result, whatever the data claims.
pub fn decompress(data: &[u8], base: Option<&[u8]>, expected_len: usize) -> Result<Vec<u8>, BlobError> {
    let stored = data.len();
    let length = |found| BlobError::Length { stored, expected: expected_len, found };
    let damaged = |reason| BlobError::Damaged { stored, expected: expected_len, reason };
    // The frame says its length up front; a wrong one is refused before anything is allocated.
    match zstd_safe::get_frame_content_size(data) {
        Ok(Some(found)) if found != expected_len as u64 => return Err(length(found)),
        Err(_) => return Err(damaged("not a zstd frame")),
        Ok(_) => {}
    }
    let mut out = Vec::new();
    out.try_reserve_exact(expected_len).map_err(|_| BlobError::Memory(expected_len))?;
    out.resize(expected_len, 0);
    let mut context = DCtx::create();
    if let Some(base) = base.map(tail).filter(|base| !base.is_empty()) {
        context.ref_prefix(base).expect("a fresh context takes a prefix");
    }
    let found = context.decompress(&mut out[..], data).map_err(|code| damaged(zstd_safe::get_error_name(code)))?;
    if found != expected_len {
        return Err(length(found as u64));
    }
    Ok(out)
}

fn tail(base: &[u8]) -> &[u8] {
    &base[base.len().saturating_sub(MAX_BASE)..]
}

fn parameters(len: usize, base_len: usize) -> Vec<CParameter> {
    let mut parameters =
        vec![CParameter::CompressionLevel(LEVEL), CParameter::ChecksumFlag(false), CParameter::ContentSizeFlag(true)];
    if base_len > 0 {
        // The window has to reach from the end of the new bytes to the start of the base.
        let span = (len.min(MAX_BASE) + base_len).next_power_of_two().ilog2();
        parameters.push(CParameter::WindowLog(span.clamp(10, 26)));
        if base_len > LONG_DISTANCE_FROM {
            parameters.push(CParameter::EnableLongDistanceMatching(true));
        }
    }
    parameters
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn digest_text() {
        let digest = Sha256Digest::of(b"abc");
        let text = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(digest.to_string(), text);
        assert_eq!(text.parse(), Ok(digest));
        assert_eq!(serde_json::to_string(&digest).unwrap(), format!("\"{text}\""));
        assert!(text.to_uppercase().parse::<Sha256Digest>().is_err());
        assert!(text[1..].parse::<Sha256Digest>().is_err());
        assert!("é".repeat(32).parse::<Sha256Digest>().is_err());
    }

    #[test]
    fn another_base_is_not_mistaken_for_the_right_one() {
        let base: Vec<u8> = (0..20_000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        // A clone: zstd gives up a prefix that overlaps its input in memory.
        let patch = compress(&base.clone(), Some(&base));
        assert!(patch.len() < 100, "{}", patch.len());
        let mut other = base.clone();
        other[500] ^= 1;
        let read = decompress(&patch, Some(&other), base.len());
        assert!(read.is_err() || Sha256Digest::of(&read.unwrap()) != Sha256Digest::of(&base));
        assert!(decompress(&patch, None, base.len()).is_err());
    }

    #[test]
    fn a_large_base_is_reached_to_its_start() {
        let mut seed = 1u64;
        let mut base = Vec::with_capacity(6 << 20);
        while base.len() < 6 << 20 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            base.extend_from_slice(&seed.to_be_bytes()[..4]);
        }
        let patch = compress(&base.clone(), Some(&base));
        assert!(patch.len() < 10_000, "{}", patch.len());
        assert_eq!(decompress(&patch, Some(&base), base.len()).unwrap(), base);
    }

    #[test]
    fn a_bomb_costs_nothing() {
        let bomb = compress(&vec![0; 8 << 20], None);
        assert!(bomb.len() < 2000);
        assert!(matches!(decompress(&bomb, None, 10), Err(BlobError::Length { found: 8_388_608, .. })));
        assert!(decompress(b"", None, 0).is_err());
        assert!(decompress(b"not zstd", None, 8).is_err());
        // Two frames one after the other must not be taken for one.
        let twice = [compress(b"abc", None), compress(b"abc", None)].concat();
        assert!(decompress(&twice, None, 3).is_err());
    }

    proptest! {
        #[test]
        fn round_trip(bytes in any::<Vec<u8>>(), base in any::<Option<Vec<u8>>>()) {
            let data = compress(&bytes, base.as_deref());
            prop_assert_eq!(decompress(&data, base.as_deref(), bytes.len()), Ok(bytes.clone()));
            prop_assert!(decompress(&data, base.as_deref(), bytes.len() + 1).is_err());
        }

        #[test]
        fn damage_never_panics(bytes in any::<Vec<u8>>(), at in any::<usize>(), bit in 0u8..8) {
            let mut data = compress(&bytes, Some(b"a base of some length"));
            let at = at % data.len();
            data[at] ^= 1 << bit;
            if let Ok(read) = decompress(&data, Some(b"a base of some length"), bytes.len()) {
                prop_assert_eq!(read.len(), bytes.len());
            }
        }
    }
}
