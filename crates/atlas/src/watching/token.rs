//! Tokens in addresses: a letter for what they open, the numbers of rows, and 32 bytes that nobody can guess.
//!
//! A token that is read-only (a feed, a shared watchlist) holds the secret itself. One in a message (unsubscribing, confirming) holds an
//! HMAC-SHA256 over what it does under the secret of the channel, so that one message's token is good for this message alone.
use archive::hex;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What came of unsubscribing.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Unsubscribed {
    /// The channel that is told no more.
    pub channel: super::Channel,
    /// The watches that no longer use it; empty if the whole channel is out of use.
    pub watches: Vec<super::WatchId>,
}

/// A token.
pub(super) fn write(what: char, rows: &[i64], secret: &[u8]) -> String {
    let mut text = what.to_string();
    for row in rows {
        text.push_str(&format!("{row}-"));
    }
    text + &hex(secret)
}

/// The rows and the secret of a token.
pub(super) fn read<const N: usize>(what: char, token: &str) -> Option<([i64; N], Vec<u8>)> {
    read_with(what, token, 32)
}

/// The rows and the secret, of so many bytes, of a token.
pub(super) fn read_with<const N: usize>(what: char, token: &str, bytes: usize) -> Option<([i64; N], Vec<u8>)> {
    let mut rest = token.strip_prefix(what)?;
    let mut rows = [0; N];
    for row in &mut rows {
        let (number, after) = rest.split_once('-')?;
        *row = number.parse().ok().filter(|number| *number > 0)?;
        rest = after;
    }
    let whole = rest.len() == 2 * bytes && rest.bytes().all(|byte| byte.is_ascii_hexdigit());
    let byte = |at: usize| u8::from_str_radix(rest.get(at..at + 2)?, 16).ok();
    let secret = whole.then(|| (0..2 * bytes).step_by(2).map(byte).collect::<Option<Vec<u8>>>())??;
    Some((rows, secret))
}

/// The HMAC-SHA256 of a text.
pub(super) fn mac(secret: &[u8], text: &str) -> Vec<u8> {
    // A key of any length is a key of HMAC.
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes any key");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// Whether two secrets are the same, in a time that does not tell how far they agree.
pub(super) fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |differing, (a, b)| differing | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_read_as_written_and_nothing_else() {
        let token = write('u', &[12, 7], &[0xab; 32]);
        assert_eq!(read::<2>('u', &token), Some(([12, 7], vec![0xab; 32])));
        for wrong in [
            "",
            "u",
            "u12-",
            "u12-7-",
            "u12-7-ab",
            &token[1..],
            &token[..token.len() - 1],
            &format!("{token}0"),
            &token.replace("12", "0"),
        ] {
            assert_eq!(read::<2>('u', wrong), None, "{wrong}");
        }
        assert_eq!(read::<2>('f', &token), None);
        let short = write('r', &[7], &[0xcd; 16]);
        assert_eq!(read_with::<1>('r', &short, 16), Some(([7], vec![0xcd; 16])));
        assert_eq!((read::<1>('r', &short), read_with::<2>('u', &token, 16)), (None, None));
        assert!(same(b"ab", b"ab") && !same(b"ab", b"ac") && !same(b"ab", b"a"));
    }
}
