//! A zip with exactly one reading.
//!
//! Zip tools disagree about files with duplicate names, gaps, comments or two directories, and a file that shows
//! one text to a person and another to the verifier is worthless as evidence. So this reader takes only what this
//! writer makes: members one after the other from the first byte, stored or deflated, no extra fields, then the
//! directory, then its end. Any zip tool reads such a file.

use std::collections::BTreeMap;
use std::io::{Read, Write};

use flate2::{Compression, Crc, read::DeflateDecoder, write::DeflateEncoder};

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
const END_LEN: usize = 22;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;
/// 1 January 1980: zip has no "no date", and the same input must make the same bytes.
const DATE: u16 = 0x0021;

/// Why a zip was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ZipError {
    /// The file does not have the strict form.
    #[error(
        "the zip is not a bundle as it was written ({0}); a bundle that was unpacked and packed again, or cut off, cannot be verified"
    )]
    Malformed(&'static str),
    /// A member that no bundle has, such as a path with `..`.
    #[error("the zip holds {0:?}, which no bundle has")]
    UnknownMember(String),
    /// Two members of one name.
    #[error("the zip holds {0:?} twice")]
    Duplicate(String),
    /// A member announces or holds more than its limit.
    #[error("{name} in the zip has {size} bytes; {limit} is the most")]
    TooLarge {
        /// The member.
        name: String,
        /// Its announced size.
        size: u64,
        /// The limit for this member.
        limit: u64,
    },
    /// A member does not decompress to what the directory says.
    #[error("{0} in the zip is damaged")]
    Damaged(String),
}

/// What the directory says of one member.
struct Entry<'a> {
    method: u16,
    crc: u32,
    packed: usize,
    size: usize,
    name: &'a str,
}

/// Writes members in the order given.
pub(super) fn write(members: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in members {
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
        deflate.write_all(bytes).expect("a Vec takes every byte");
        let packed = deflate.finish().expect("a Vec takes every byte");
        let (method, packed) = if packed.len() < bytes.len() { (DEFLATED, &packed[..]) } else { (STORED, *bytes) };
        let entry = Entry { method, crc: crc(bytes), packed: packed.len(), size: bytes.len(), name };
        let offset = out.len() as u32;
        out.extend_from_slice(&local_header(&entry));
        out.extend_from_slice(packed);
        directory.extend_from_slice(&central_header(&entry, offset));
    }
    let end = end_record(members.len(), directory.len(), out.len());
    [out, directory, end].concat()
}

/// The fields that the local header and the directory share.
fn shared(entry: &Entry) -> Vec<u8> {
    let mut out = Vec::new();
    for word in [20, 0, entry.method, 0, DATE] {
        out.extend_from_slice(&u16::to_le_bytes(word));
    }
    for word in [entry.crc, entry.packed as u32, entry.size as u32] {
        out.extend_from_slice(&word.to_le_bytes());
    }
    out.extend_from_slice(&(entry.name.len() as u16).to_le_bytes());
    out.extend_from_slice(&[0, 0]);
    out
}

fn local_header(entry: &Entry) -> Vec<u8> {
    [&LOCAL.to_le_bytes()[..], &shared(entry), entry.name.as_bytes()].concat()
}

fn central_header(entry: &Entry, offset: u32) -> Vec<u8> {
    let made_by = 20u16.to_le_bytes();
    // No comment, first disk, no attributes.
    let rest = [0; 10];
    [&CENTRAL.to_le_bytes()[..], &made_by, &shared(entry), &rest, &offset.to_le_bytes(), entry.name.as_bytes()].concat()
}

fn end_record(count: usize, directory: usize, offset: usize) -> Vec<u8> {
    let count = (count as u16).to_le_bytes();
    let (directory, offset) = ((directory as u32).to_le_bytes(), (offset as u32).to_le_bytes());
    [&END.to_le_bytes()[..], &[0; 4], &count, &count, &directory, &offset, &[0; 2]].concat()
}

/// Reads every member. `limits` lists the members that may occur and the most bytes each may have.
pub(super) fn read(bytes: &[u8], limits: &[(&str, u64)]) -> Result<BTreeMap<String, Vec<u8>>, ZipError> {
    let end_at = bytes.len().checked_sub(END_LEN).ok_or(ZipError::Malformed("it is too short"))?;
    let count = usize::from(u16_at(bytes, end_at + 8)?);
    let (directory, start) = (u32_at(bytes, end_at + 12)? as usize, u32_at(bytes, end_at + 16)? as usize);
    if start.checked_add(directory) != Some(end_at) || bytes[end_at..] != end_record(count, directory, start) {
        return Err(ZipError::Malformed("its end is not that of a bundle"));
    }
    let mut members = BTreeMap::new();
    let (mut at, mut central_at) = (0, start);
    for _ in 0..count {
        let entry = central_entry(bytes, central_at)?;
        let header = central_header(&entry, at as u32);
        if bytes.get(central_at..central_at + header.len()) != Some(&header[..]) {
            return Err(ZipError::Malformed("its directory has fields that no bundle has"));
        }
        central_at += header.len();
        let local = local_header(&entry);
        let data_at = at + local.len();
        if bytes.get(at..data_at) != Some(&local[..]) {
            return Err(ZipError::Malformed("a member's header differs from the directory"));
        }
        let data = bytes[..start].get(data_at..data_at + entry.packed);
        let data = data.ok_or(ZipError::Malformed("a member reaches into the directory"))?;
        at = data_at + entry.packed;
        let unpacked = unpack(&entry, data, limits)?;
        if members.insert(entry.name.to_owned(), unpacked).is_some() {
            return Err(ZipError::Duplicate(entry.name.to_owned()));
        }
    }
    if at != start || central_at != end_at {
        return Err(ZipError::Malformed("it holds bytes outside of its members"));
    }
    Ok(members)
}

fn central_entry(bytes: &[u8], at: usize) -> Result<Entry<'_>, ZipError> {
    let name_len = usize::from(u16_at(bytes, at + 28)?);
    let name = bytes.get(at + 46..at + 46 + name_len).and_then(|name| std::str::from_utf8(name).ok());
    Ok(Entry {
        method: u16_at(bytes, at + 10)?,
        crc: u32_at(bytes, at + 16)?,
        packed: u32_at(bytes, at + 20)? as usize,
        size: u32_at(bytes, at + 24)? as usize,
        name: name.ok_or(ZipError::Malformed("a name is cut off or not UTF-8"))?,
    })
}

fn unpack(entry: &Entry, data: &[u8], limits: &[(&str, u64)]) -> Result<Vec<u8>, ZipError> {
    let known = limits.iter().find(|(name, _)| *name == entry.name);
    let (_, limit) = known.ok_or_else(|| ZipError::UnknownMember(entry.name.chars().take(200).collect()))?;
    let damaged = || ZipError::Damaged(entry.name.to_owned());
    if entry.size as u64 > *limit {
        return Err(ZipError::TooLarge { name: entry.name.to_owned(), size: entry.size as u64, limit: *limit });
    }
    let unpacked = match entry.method {
        STORED => data.to_vec(),
        DEFLATED => {
            let mut out = Vec::new();
            let mut deflate = DeflateDecoder::new(data);
            // One byte more than announced is enough to see a lie.
            deflate.by_ref().take(entry.size as u64 + 1).read_to_end(&mut out).map_err(|_| damaged())?;
            if deflate.total_in() != data.len() as u64 {
                return Err(damaged());
            }
            out
        }
        _ => return Err(ZipError::Malformed("a member is neither stored nor deflated")),
    };
    if unpacked.len() != entry.size || crc(&unpacked) != entry.crc { Err(damaged()) } else { Ok(unpacked) }
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

fn u16_at(bytes: &[u8], at: usize) -> Result<u16, ZipError> {
    let found = bytes.get(at..).and_then(|rest| rest.first_chunk::<2>());
    found.map(|found| u16::from_le_bytes(*found)).ok_or(ZipError::Malformed("it is cut off"))
}

fn u32_at(bytes: &[u8], at: usize) -> Result<u32, ZipError> {
    let found = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>());
    found.map(|found| u32::from_le_bytes(*found)).ok_or(ZipError::Malformed("it is cut off"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: [(&str, u64); 2] = [("a.txt", 1000), ("b.txt", 1000)];

    #[test]
    fn round_trip_and_every_byte_counts() {
        let zip = write(&[("a.txt", &[b'a'; 500]), ("b.txt", b"b")]);
        let members = read(&zip, &LIMITS).unwrap();
        assert_eq!(members["a.txt"], [b'a'; 500]);
        assert_eq!(members["b.txt"], b"b");
        for at in 0..zip.len() {
            for bit in 0..8 {
                let mut broken = zip.clone();
                broken[at] ^= 1 << bit;
                // Deflate has bits that carry nothing; whatever still reads must read the same.
                if let Ok(read) = read(&broken, &LIMITS) {
                    assert_eq!(read, members, "byte {at}");
                }
            }
            assert!(read(&zip[..at], &LIMITS).is_err());
        }
    }

    #[test]
    fn hostile_zips() {
        let refused = |members: &[(&str, &[u8])]| read(&write(members), &LIMITS).unwrap_err();
        assert!(matches!(refused(&[("../a.txt", b"")]), ZipError::UnknownMember(_)));
        assert!(matches!(refused(&[("/etc/passwd", b"")]), ZipError::UnknownMember(_)));
        assert!(matches!(refused(&[("a.txt", b""), ("a.txt", b"")]), ZipError::Duplicate(_)));
        assert!(matches!(refused(&[("a.txt", &[0; 5000])]), ZipError::TooLarge { size: 5000, limit: 1000, .. }));
        let zip = write(&[("a.txt", b"a")]);
        assert!(matches!(read(&[b"prefix", &zip[..]].concat(), &LIMITS), Err(ZipError::Malformed(_))));
        assert!(matches!(read(&[&zip[..], b"suffix"].concat(), &LIMITS), Err(ZipError::Malformed(_))));
        assert!(read(b"", &LIMITS).is_err());
        assert!(read(&[0xff; 500], &LIMITS).is_err());
    }

    #[test]
    fn a_bomb_that_lies_about_its_size() {
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::best());
        deflate.write_all(&vec![0; 50 << 20]).unwrap();
        let data = deflate.finish().unwrap();
        let entry = Entry { method: DEFLATED, crc: 0, packed: data.len(), size: 10, name: "a.txt" };
        let body = [local_header(&entry), data].concat();
        let directory = central_header(&entry, 0);
        let zip = [&body[..], &directory, &end_record(1, directory.len(), body.len())].concat();
        assert_eq!(read(&zip, &LIMITS), Err(ZipError::Damaged("a.txt".to_owned())));
    }
}
