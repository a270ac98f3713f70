//! Citations of a provision in the forms that people paste: plain words, Bluebook, APA, BibTeX, CSL-JSON.
//!
//! Every form names the record, the source's whole address and the whole SHA-256 of the text: a shortened hash proves nothing.
use serde::Serialize;
use serde_json::{Value, json};

use crate::words::{MONTHS, day, iso_day};

/// What is cited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cited {
    /// Name of the platform: the author.
    pub platform: String,
    /// Title of the document.
    pub document: String,
    /// Headings above the clause, or the name of its type where it has none.
    pub clause: String,
    /// The record's ID, `CW-P-010578`.
    pub record: String,
    /// Address of the record's page.
    pub record_url: String,
    /// Number of the version that the words are taken from.
    pub version: i64,
    /// When that version was first seen.
    pub seen_ms: i64,
    /// The document's own address.
    pub source_url: Option<String>,
    /// Name of this site.
    pub site: String,
    /// When the reader looked.
    pub accessed_ms: i64,
    /// SHA-256 of the version's text, 64 hexadecimal digits.
    pub text_sha256: String,
}

/// One form of a citation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Citation {
    /// Stable name, for addresses and tests.
    pub id: &'static str,
    /// Name for people.
    pub name: &'static str,
    /// The citation.
    pub text: String,
}

/// The citation in every form.
pub(crate) fn citations(cited: &Cited) -> Vec<Citation> {
    // Names come from outside; in a citation they stand on one line.
    let clean = Cited {
        platform: one_line(&cited.platform),
        document: one_line(&cited.document),
        clause: one_line(&cited.clause),
        site: one_line(&cited.site),
        ..cited.clone()
    };
    vec![
        Citation { id: "plain", name: "Plain", text: plain(&clean) },
        Citation { id: "bluebook", name: "Bluebook", text: bluebook(&clean) },
        Citation { id: "apa", name: "APA", text: apa(&clean) },
        Citation { id: "bibtex", name: "BibTeX", text: bibtex(&clean) },
        Citation { id: "csl", name: "CSL-JSON", text: csl(&clean) },
    ]
}

fn plain(c: &Cited) -> String {
    let source = c.source_url.as_ref().map_or(String::new(), |url| format!(", {url}"));
    format!(
        "{}, “{}”, clause “{}”, version {}, first seen {}{source}. {} record {}, {}, accessed {}. SHA-256 of the version’s text: {}.",
        c.platform,
        c.document,
        c.clause,
        c.version,
        day(&c.seen_ms),
        c.site,
        c.record,
        c.record_url,
        day(&c.accessed_ms),
        c.text_sha256
    )
}

/// Rule 18.2 of the Bluebook: author, title, date, address, the archived copy in brackets, last visited.
fn bluebook(c: &Cited) -> String {
    let source = c.source_url.as_ref().map_or(String::new(), |url| format!(", {url}"));
    format!(
        "{}, {}, “{}” (version {}, {}){source} [{}] (last visited {}) (record {}; SHA-256 of the text {}).",
        c.platform,
        c.document,
        c.clause,
        c.version,
        Day::of(c.seen_ms).bluebook(),
        c.record_url,
        Day::of(c.accessed_ms).bluebook(),
        c.record,
        c.text_sha256
    )
}

fn apa(c: &Cited) -> String {
    let (seen, accessed) = (Day::of(c.seen_ms), Day::of(c.accessed_ms));
    let source = c.source_url.as_ref().map_or(String::new(), |url| format!(" Original: {url}"));
    format!(
        "{}. ({}, {} {}). {} (Version {}) [Clause “{}”]. {} (Record {}; SHA-256 of the text {}). Retrieved {} {}, {}, from {}.{source}",
        c.platform.trim_end_matches('.'),
        seen.year,
        seen.month_name(),
        seen.day,
        c.document,
        c.version,
        c.clause,
        c.site,
        c.record,
        c.text_sha256,
        accessed.month_name(),
        accessed.day,
        accessed.year,
        c.record_url
    )
}

fn bibtex(c: &Cited) -> String {
    let seen = Day::of(c.seen_ms);
    let address = c.source_url.as_deref().unwrap_or(&c.record_url);
    let note = format!(
        "Clause “{}”, version {}. {} record {}, {}. SHA-256 of the text: {}",
        c.clause, c.version, c.site, c.record, c.record_url, c.text_sha256
    );
    let key: String = c.record.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    format!(
        "@misc{{{key},\n  author = {{{{{}}}}},\n  title = {{{{{}}}}},\n  year = {{{}}},\n  month = {{{}}},\n  url = {{{}}},\n  urldate = {{{}}},\n  note = {{{}}}\n}}",
        latex(&c.platform),
        latex(&c.document),
        seen.year,
        seen.month,
        bibtex_url(address),
        iso_day(&c.accessed_ms),
        latex(&note)
    )
}

fn csl(c: &Cited) -> String {
    let date = |day: Day| json!({"date-parts": [[day.year, day.month, day.day]]});
    let item: Value = json!([{
        "id": c.record,
        "type": "webpage",
        "title": c.document,
        "author": [{"literal": c.platform}],
        "section": c.clause,
        "version": c.version.to_string(),
        "issued": date(Day::of(c.seen_ms)),
        "accessed": date(Day::of(c.accessed_ms)),
        "URL": c.source_url.as_ref().unwrap_or(&c.record_url),
        "archive": c.site,
        "archive_location": c.record_url,
        "note": format!("Record {}. SHA-256 of the text: {}", c.record, c.text_sha256),
    }]);
    // A value made of texts and numbers always has a JSON form.
    serde_json::to_string_pretty(&item).unwrap_or_default()
}

/// A text on one line: white space folded, control characters gone.
pub(crate) fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text as it stands in LaTeX and inside the braces of a BibTeX field.
fn latex(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' | '%' | '$' | '#' | '_' => {
                out.push('\\');
                out.push(c);
            }
            // Braces, even escaped ones, count for BibTeX; commands for them do not.
            '{' => out.push_str("\\textbraceleft "),
            '}' => out.push_str("\\textbraceright "),
            '\\' => out.push_str("\\textbackslash "),
            '~' => out.push_str("\\textasciitilde "),
            '^' => out.push_str("\\textasciicircum "),
            c => out.push(c),
        }
    }
    out
}

/// An address in a BibTeX field, where it stands as it is: what could end the field is percent-encoded.
fn bibtex_url(url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    for c in url.chars() {
        match c {
            '{' | '}' | '\\' | '"' | '<' | '>' | '^' | '`' | '|' => out.push_str(&format!("%{:02X}", c as u32)),
            c if c.is_control() || c.is_whitespace() => out.push_str("%20"),
            c => out.push(c),
        }
    }
    out
}

/// A day (UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Day {
    pub year: i32,
    pub month: u8,
    pub day: u8,
}

/// As the Bluebook shortens them (table T12).
const SHORT_MONTHS: [&str; 12] =
    ["Jan.", "Feb.", "Mar.", "Apr.", "May", "June", "July", "Aug.", "Sept.", "Oct.", "Nov.", "Dec."];

impl Day {
    /// The day of an instant.
    pub fn of(ms: i64) -> Day {
        let text = archive::instant::format(ms);
        let number = |range: std::ops::Range<usize>| text.get(range).and_then(|part| part.parse().ok()).unwrap_or(1);
        Day { year: number(0..4), month: number(5..7) as u8, day: number(8..10) as u8 }
    }

    fn month_name(self) -> &'static str {
        MONTHS[usize::from(self.month.clamp(1, 12)) - 1]
    }

    fn bluebook(self) -> String {
        format!("{} {}, {}", SHORT_MONTHS[usize::from(self.month.clamp(1, 12)) - 1], self.day, self.year)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cited() -> Cited {
        Cited {
            platform: "Plum & Co".into(),
            document: "Terms of Service".into(),
            clause: "4. Your Content".into(),
            record: "CW-P-010578".into(),
            record_url: "https://watch.example/provisions/CW-P-010578".into(),
            version: 3,
            seen_ms: 1_709_337_600_000,
            source_url: Some("https://plum.example/terms_of?x=1&y=%20#a".into()),
            site: "Clausewatch".into(),
            accessed_ms: 1_795_737_600_000,
            text_sha256: "ab".repeat(32),
        }
    }

    fn form(cited: &Cited, id: &str) -> String {
        citations(cited).into_iter().find(|citation| citation.id == id).unwrap().text
    }

    #[test]
    fn forms() {
        assert_eq!(
            form(&cited(), "bluebook"),
            "Plum & Co, Terms of Service, “4. Your Content” (version 3, Mar. 2, 2024), https://plum.example/terms_of?x=1&y=%20#a \
             [https://watch.example/provisions/CW-P-010578] (last visited Nov. 27, 2026) (record CW-P-010578; SHA-256 of the text "
                .to_string()
                + &"ab".repeat(32)
                + ")."
        );
        assert!(form(&cited(), "apa").starts_with("Plum & Co. (2024, March 2). Terms of Service (Version 3)"));
        assert!(form(&cited(), "plain").contains("first seen 2 March 2024"));
        let csl: Value = serde_json::from_str(&form(&cited(), "csl")).unwrap();
        assert_eq!(csl[0]["issued"]["date-parts"][0], json!([2024, 3, 2]));
    }

    #[test]
    fn every_form_has_the_record_the_whole_hash_and_the_source() {
        for citation in citations(&cited()) {
            for part in ["CW-P-010578", &"ab".repeat(32), "https://plum.example/terms_of?x=1&y=%20#a"] {
                assert!(citation.text.contains(part), "{} lacks {part}", citation.id);
            }
        }
    }

    #[test]
    fn a_hostile_name_cannot_leave_its_bibtex_field() {
        let hostile = "}}, x = {\n@evil{\\input{/etc/passwd} 100% $a_b^c~d# \u{0}";
        let cited = Cited {
            platform: hostile.into(),
            document: hostile.into(),
            source_url: Some("https://a.example/}{\\ \n".into()),
            ..cited()
        };
        let text = form(&cited, "bibtex");
        let mut depth = 0;
        for (at, c) in text.char_indices() {
            depth += i32::from(c == '{') - i32::from(c == '}');
            assert!(depth > 0 || c != '}' || at + 1 == text.len(), "closed at {at}: {text}");
        }
        assert_eq!(depth, 0, "{text}");
        assert_eq!(text.lines().count(), 9, "{text}");
        assert!(text.contains("url = {https://a.example/%7D%7B%5C%20%20}"), "{text}");
        assert!(text.contains("100\\% \\$a\\_b"), "{text}");
    }
}
