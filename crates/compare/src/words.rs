//! Words of a clause as a reader would compare them: no case, no typographic variants, no leading number.

/// The words of `text`, lower-cased; runs of letters and digits. Quotes, dashes, spaces and other marks do not count,
/// so typographic changes make no difference; nor do addresses of pages, which carry tracking labels and revision numbers.
pub(crate) fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split_whitespace()
        .filter(|token| !token.contains("://") && !token.starts_with("www."))
        .flat_map(|token| token.split(|c: char| !c.is_alphanumeric()))
        .filter(|word| !word.is_empty())
        .map(|word| if word.is_ascii() { word.to_ascii_lowercase() } else { word.to_lowercase() })
}

/// Whether two texts have the same words in the same order, whatever their case, punctuation and spacing.
pub fn same_words(a: &str, b: &str) -> bool {
    words(a).eq(words(b))
}

/// `text` without a leading section number or list marker ("12.3 ", "(a) ", "IV. "), so that renumbering is no rewording.
pub(crate) fn without_number(text: &str) -> &str {
    let trimmed = text.trim_start();
    let Some(end) = trimmed.find(char::is_whitespace) else {
        return trimmed;
    };
    let label = trimmed[..end].trim_matches(|c: char| "().:§*-–—•".contains(c));
    let numeric = label.starts_with(|c: char| c.is_ascii_digit()) && label.len() <= 8;
    let roman = !label.is_empty() && label.len() <= 5 && label.chars().all(|c| "ivxlcIVXLC".contains(c));
    let letter = label.len() == 1 && label.chars().all(|c| c.is_ascii_alphabetic());
    // A bare word such as "I" or "A" begins sentences; a label is set off by punctuation.
    let set_off = trimmed[..end].ends_with([')', '.', ':']);
    // "30 days after" begins with a quantity, "9 Termination" and "12.3 termination" with a label.
    let labels_title = set_off || label.contains('.') || trimmed[end..].trim_start().starts_with(char::is_uppercase);
    let is_label = label.is_empty()
        || (numeric && labels_title && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.'))
        || (set_off && (roman || letter));
    if is_label { trimmed[end..].trim_start() } else { trimmed }
}

/// 64-bit FNV-1a: the same on every machine and in every release, unlike the standard library's hasher.
pub(crate) fn fnv(bytes: impl IntoIterator<Item = u8>) -> u64 {
    bytes.into_iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typography_is_not_words() {
        assert!(same_words("We “may” end\u{a0}it – now.", "we \"may\" end it - now"));
        assert!(!same_words("We may end it", "We may not end it"));
        assert!(same_words("See https://plum.example/a?id=1 here", "See https://plum.example/a?id=2 here"));
    }

    #[test]
    fn labels_are_dropped_and_words_kept() {
        for (text, rest) in [
            ("12.3 Termination", "Termination"),
            ("(a) use bots", "use bots"),
            ("IV. Disputes", "Disputes"),
            ("I agree to this", "I agree to this"),
            ("A platform may", "A platform may"),
            ("30 days after", "30 days after"),
            ("9 Termination", "Termination"),
            ("Fees", "Fees"),
            ("", ""),
        ] {
            assert_eq!(without_number(text), rest, "{text}");
        }
    }
}
