//! Passwords that are known from breaches: the list of Have I Been Pwned, whose lines are `SHA-1 in 40 capital hexadecimal digits:count`, in the
//! order of the hashes. It has some 40 GB, so that it is searched where it lies; no service is asked, and no part of a password goes anywhere.
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Mutex;

use sha1::{Digest, Sha1};

/// Digits of a hash.
const DIGITS: usize = 40;
/// No line is longer than this: a hash, a colon, a count, an end of two bytes.
const LONGEST_LINE: usize = 64;

/// A list of passwords that are known from breaches.
#[derive(Debug)]
pub struct Breached {
    file: Mutex<File>,
    bytes: u64,
}

impl Breached {
    /// Opens a list, and sees whether it begins like one.
    ///
    /// # Errors
    /// If it cannot be read, or is no such list.
    pub fn open(path: &Path) -> io::Result<Breached> {
        let mut file = File::open(path)?;
        let bytes = file.metadata()?.len();
        if hash_at(&mut file, 0)?.is_none() {
            let wrong = "it does not begin with a SHA-1 in 40 capital hexadecimal digits and a colon";
            return Err(io::Error::new(io::ErrorKind::InvalidData, wrong));
        }
        Ok(Breached { file: Mutex::new(file), bytes })
    }

    /// Whether a password is in it.
    ///
    /// # Errors
    /// If the list cannot be read any more.
    pub fn holds(&self, password: &str) -> io::Result<bool> {
        let wanted = hash(password);
        let mut file = self.file.lock().map_err(|_| io::Error::other("a search was broken off"))?;
        // The line of the hash begins in this range, if there is one.
        let (mut from, mut to) = (0, self.bytes);
        while from < to {
            let middle = from + (to - from) / 2;
            match hash_at(&mut file, middle)? {
                Some((begin, hash)) if hash < wanted => from = begin + DIGITS as u64,
                Some((_, hash)) if hash == wanted => return Ok(true),
                // What begins after the middle is greater, or nothing does.
                _ => to = middle,
            }
        }
        Ok(false)
    }
}

/// The hash of a password as the list writes it.
fn hash(password: &str) -> String {
    archive::hex(&Sha1::digest(password.as_bytes())).to_ascii_uppercase()
}

/// The hash of the first line that begins at a place or after it, and where that is; none if no line does.
fn hash_at(file: &mut File, at: u64) -> io::Result<Option<(u64, String)>> {
    // One byte before, so that a line that begins right there is found.
    let start = at.saturating_sub(1);
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::with_capacity(2 * LONGEST_LINE);
    file.take(2 * LONGEST_LINE as u64).read_to_end(&mut bytes)?;
    let begin = match at {
        0 => 0,
        _ => match bytes.iter().take(LONGEST_LINE).position(|byte| *byte == b'\n') {
            Some(end) => end + 1,
            None => return Ok(None),
        },
    };
    let line = bytes.get(begin..begin + DIGITS + 1).filter(|line| line[DIGITS] == b':');
    let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'A'..=b'F');
    let hash = line.map(|line| &line[..DIGITS]).filter(|hash| hash.iter().all(is_digit));
    Ok(hash.map(|hash| (start + begin as u64, String::from_utf8_lossy(hash).into_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(passwords: &[String], end: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let mut lines: Vec<String> =
            passwords.iter().enumerate().map(|(at, password)| format!("{}:{}", hash(password), at * at * at)).collect();
        lines.sort();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pwned.txt");
        std::fs::write(&path, lines.join(end)).unwrap();
        (folder, path)
    }

    #[test]
    fn each_password_of_the_list_is_found_and_no_other() {
        for (count, end) in [(1, "\n"), (2, "\r\n"), (3, "\n"), (1000, "\r\n"), (1001, "\n")] {
            let passwords: Vec<String> = (0..count).map(|number| format!("correct horse {number}")).collect();
            let (_kept, path) = list(&passwords, end);
            let breached = Breached::open(&path).unwrap();
            for password in &passwords {
                assert!(breached.holds(password).unwrap(), "{password} of {count}");
            }
            for number in count..count + 500 {
                assert!(!breached.holds(&format!("correct horse {number}")).unwrap(), "{number} of {count}");
            }
        }
    }

    #[test]
    fn what_is_no_list_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.txt");
        for text in [
            "",
            "password\n123456\n",
            "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8:1\n",
            "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8\n",
        ] {
            std::fs::write(&path, text).unwrap();
            assert!(Breached::open(&path).is_err(), "{text}");
        }
        assert!(Breached::open(folder.path()).is_err() && Breached::open(&folder.path().join("none")).is_err());
        // Damage in the middle finds nothing, and breaks nothing.
        let passwords: Vec<String> = (0..50).map(|number| format!("correct horse {number}")).collect();
        let (_kept, path) = list(&passwords, "\n");
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[500..1500].fill(b'x');
        std::fs::write(&path, bytes).unwrap();
        let breached = Breached::open(&path).unwrap();
        assert!(passwords.iter().all(|password| breached.holds(password).is_ok()));
    }
}
