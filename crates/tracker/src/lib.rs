//! The pipeline: catalog, fetch, read, compare, find provisions, record. Live tracking and imports use the same door, [`history`].
pub mod adopt;
pub mod backfill;
mod beside;
pub mod catalog;
pub mod headline;
pub mod history;
pub mod import;
pub mod judged;
pub mod known;
pub mod labels;
pub mod memory;
pub mod reading;
pub mod reanalysis;
pub mod schedule;
mod standing;
pub mod track;
mod unlabelled;

pub use unlabelled::unlabelled;

/// A name as it stands in addresses: lower-case ASCII letters and digits, other runs become one hyphen.
pub fn slug(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        let folded = fold(c);
        if folded.is_empty() {
            if !out.is_empty() && !out.ends_with('-') {
                out.push('-');
            }
        } else {
            out.push_str(&folded);
        }
    }
    let out = out.trim_end_matches('-');
    if out.is_empty() {
        // A name without Latin letters still needs an address of its own.
        return format!("p-{}", &archive::Sha256Digest::of(name.as_bytes()).to_string()[..12]);
    }
    out.to_string()
}

/// The ASCII letters or digits that stand for a character; empty for what separates words.
fn fold(c: char) -> String {
    match c {
        'à'..='å' | 'À'..='Å' | 'ą' | 'Ą' => "a".into(),
        'ç' | 'Ç' | 'ć' | 'č' => "c".into(),
        'è'..='ë' | 'È'..='Ë' | 'ę' | 'Ę' => "e".into(),
        'ì'..='ï' | 'Ì'..='Ï' => "i".into(),
        'ñ' | 'Ñ' | 'ń' => "n".into(),
        'ò'..='ö' | 'Ò'..='Ö' | 'ø' | 'Ø' => "o".into(),
        'ù'..='ü' | 'Ù'..='Ü' => "u".into(),
        'ß' => "ss".into(),
        'ł' | 'Ł' => "l".into(),
        c if c.is_ascii_alphanumeric() => c.to_ascii_lowercase().to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn slugs() {
        for (name, expected) in [
            ("Claude.ai", "claude-ai"),
            ("Société Générale", "societe-generale"),
            ("  X  ", "x"),
            ("A&B -- C", "a-b-c"),
            ("Z/../etc", "z-etc"),
        ] {
            assert_eq!(slug(name), expected);
        }
        assert!(slug("微信").starts_with("p-"));
    }
}
