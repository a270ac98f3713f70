//! Bytes to characters.
use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// Bytes of an HTML page that may declare its character set (the standard asks for 1,024; real pages need more).
const PRESCAN: usize = 4_096;

/// Decodes `bytes`: byte-order mark, then UTF-8 if the bytes are valid UTF-8 (whatever was declared: a wrong declaration is common, valid
/// UTF-8 by chance is not), then the declared character set, then Windows-1252. NUL characters are dropped, invalid bytes replaced.
pub(crate) fn decode<'b>(bytes: &'b [u8], content_type: Option<&str>, is_html: bool) -> Cow<'b, str> {
    let text = if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        encoding.decode(bytes).0
    } else if let Ok(text) = std::str::from_utf8(bytes) {
        text.into()
    } else {
        let declared = content_type.and_then(parameter).or_else(|| is_html.then(|| meta(bytes)).flatten());
        let encoding = declared.and_then(|label| Encoding::for_label(label.as_bytes()));
        // Declared as UTF-8 but not valid: mostly UTF-8 with a broken character, unless hardly anything in it is.
        match encoding {
            Some(encoding) => encoding.decode_without_bom_handling(bytes).0,
            None if mostly_utf8(bytes) => UTF_8.decode_without_bom_handling(bytes).0,
            None => WINDOWS_1252.decode_without_bom_handling(bytes).0,
        }
    };
    if text.contains('\0') { text.replace('\0', "").into() } else { text }
}

/// Whether most sequences of non-ASCII bytes are valid UTF-8.
fn mostly_utf8(bytes: &[u8]) -> bool {
    let high = bytes.iter().filter(|b| **b >= 0x80).count();
    let broken = String::from_utf8_lossy(bytes).matches('\u{fffd}').count();
    broken * 4 < high
}

fn parameter(content_type: &str) -> Option<String> {
    let lower = content_type.to_ascii_lowercase();
    let value = lower.split("charset=").nth(1)?;
    Some(value.trim_matches(['"', '\'', ' ']).split([';', '"', ' ']).next()?.to_string())
}

fn meta(bytes: &[u8]) -> Option<String> {
    parameter(&String::from_utf8_lossy(&bytes[..bytes.len().min(PRESCAN)]).replace("charset = ", "charset="))
        .map(|value| value.trim_end_matches(['/', '>']).trim_matches(['"', '\'']).to_string())
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn declared_wrong_declared_right_and_broken() {
        assert_eq!(decode("Größe".as_bytes(), Some("text/html; charset=iso-8859-1"), true), "Größe");
        assert_eq!(decode(b"Gr\xf6\xdfe", Some("text/html; charset=iso-8859-1"), true), "Größe");
        assert_eq!(decode(b"<meta charset=\"windows-1251\">\xcf", None, true).chars().last(), Some('П'));
        assert_eq!(decode(b"\xff\xfeA\0B\0", None, false), "AB");
        assert_eq!(decode(b"a\0b", None, false), "ab");
    }
}
