//! Words of a clause as a reader would compare them: no case, no typographic variants, no leading number.

/// The words of `text`, lower-cased; runs of letters and digits. Quotes, dashes, spaces and other marks do not count,
/// so typographic changes make no difference; nor do addresses of pages, which carry tracking labels and revision numbers.
pub(crate) fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    words_as_written(text).map(lower)
}

/// The same words in the case in which they stand, for whom that will do: this is asked of every clause of every version.
pub(crate) fn words_as_written(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace()
        .map(without_address)
        .flat_map(|token| {
            // The s of a possessive is no word: "business’s" and "business’" are one.
            let bare = ["'s", "’s"].iter().find_map(|s| token.trim_end_matches(['.', ',', ';', ')']).strip_suffix(s));
            bare.unwrap_or(token).split(|c: char| !c.is_alphanumeric() || c == 'ℹ')
        })
        // A hard space that was read in the wrong encoding.
        .filter(|word| !word.is_empty() && *word != "Â")
}

fn lower(word: &str) -> String {
    if word.is_ascii() { word.to_ascii_lowercase() } else { word.to_lowercase() }
}

/// Whether two texts have the same words in the same order, whatever their case, punctuation and spacing.
pub fn same_words(a: &str, b: &str) -> bool {
    same(words_as_written(a), words_as_written(b))
}

/// Whether two runs of words are the same, whatever their case.
pub(crate) fn same<'a>(a: impl Iterator<Item = &'a str>, b: impl Iterator<Item = &'a str>) -> bool {
    a.map(Folded).eq(b.map(Folded))
}

/// A word whose case does not count.
struct Folded<'a>(&'a str);

impl PartialEq for Folded<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || lower(self.0) == lower(other.0)
    }
}

/// A hash of the words of a clause, its number and their case aside.
pub(crate) fn hash_of_words(text: &str) -> u64 {
    words_as_written(without_number(text)).fold(FNV_START, |hash, word| add(add_lower(hash, word), [b' ']))
}

/// A hash of the letters and digits of a clause, its number, spaces and their case aside: what was broken into lines in another way, or
/// has lost a space where they were joined, is still the same.
pub(crate) fn hash_of_letters(text: &str) -> u64 {
    words_as_written(without_number(text)).fold(FNV_START, add_lower)
}

/// `text` without a leading section number or list marker ("12.3 ", "(a) ", "IV. "), so that renumbering is no rewording.
pub(crate) fn without_number(text: &str) -> &str {
    let trimmed = text.trim_start();
    let Some(end) = trimmed.find(char::is_whitespace) else {
        return trimmed;
    };
    let label = trimmed[..end].trim_matches(|c: char| "().:§*-–—•\\".contains(c));
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

/// What of a token stands before an address in it: the words there count, even in a script that parts none, and the address does not.
fn without_address(token: &str) -> &str {
    // Hardly any token has a colon, and a letter is found faster than a word; this is done for every token of every version.
    let scheme = if token.contains(':') { token.find("://") } else { None };
    match scheme.map(|at| &token[..at]) {
        Some(before) => before.strip_suffix("https").or(before.strip_suffix("http")).unwrap_or(""),
        None if token.starts_with("www.") => "",
        None => token,
    }
}

/// A word in one spelling for all that are in use: without accents, and British forms as the American ("organisation", "licence").
pub(crate) fn spelled(word: String) -> String {
    const FORMS: &[(&str, &str)] =
        &[("is", "iz"), ("ys", "yz"), ("our", "or"), ("nc", "ns"), ("tre", "ter"), ("ll", "l"), ("mme", "m")];
    let word = if word.is_ascii() { word } else { word.chars().map(without_accent).collect() };
    // Short words are others if a letter is ("our" and "or").
    if word.len() < 6 || !word.is_ascii() {
        return word;
    }
    FORMS.iter().fold(word, |word, (from, to)| if word.contains(from) { word.replace(from, to) } else { word })
}

/// The letter under an accent, of those that French, Spanish, Portuguese and German often leave out.
fn without_accent(c: char) -> char {
    match c {
        'à' | 'á' | 'â' | 'ã' | 'ä' => 'a',
        'ç' => 'c',
        'è' | 'é' | 'ê' | 'ë' => 'e',
        'ì' | 'í' | 'î' | 'ï' => 'i',
        'ñ' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' => 'o',
        'ù' | 'ú' | 'û' | 'ü' => 'u',
        c => c,
    }
}

/// 64-bit FNV-1a: the same on every machine and in every release, unlike the standard library's hasher.
pub(crate) fn fnv(bytes: impl IntoIterator<Item = u8>) -> u64 {
    add(FNV_START, bytes)
}

const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;

/// Adds a word in lower case.
fn add_lower(hash: u64, word: &str) -> u64 {
    if word.is_ascii() {
        add(hash, word.bytes().map(|b| b.to_ascii_lowercase()))
    } else {
        add(hash, word.to_lowercase().bytes())
    }
}

fn add(hash: u64, bytes: impl IntoIterator<Item = u8>) -> u64 {
    bytes.into_iter().fold(hash, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typography_is_not_words() {
        assert!(same_words("We “may” end\u{a0}it – now.", "we \"may\" end it - now"));
        assert!(!same_words("We may end it", "We may not end it"));
        assert!(!same_words(
            "李の地図です。[https://plum.example](https://plum.example)",
            "桃の地図です。https://plum.example"
        ));
        assert!(same_words("See https://plum.example/a?id=1 here", "See https://plum.example/a?id=2 here"));
        assert!(same_words("Source:https://plum.example/a", "source ftp://plum.example/b www.plum.example"));
        assert!(!same_words("Source:https://plum.example/a", "https://plum.example/a"));
    }

    #[test]
    fn spellings_are_one_word() {
        for (a, b) in
            [("organisation", "organization"), ("licence", "license"), ("centres", "centers"), ("données", "donnees")]
        {
            assert_eq!(spelled(a.into()), spelled(b.into()));
        }
        assert_ne!(spelled("our".into()), spelled("or".into()));
        assert!(same_words("the business’s data", "the business' data"));
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
