//! Dates, numbers and words for people. Functions take references because templates hand them over.
use std::fmt;

pub(crate) use alerts::escape_into;
use askama::filters::HtmlSafe;
use atlas::accounts::Role;
use atlas::records::{EventKind, Materiality};
use atlas::review::Judgement;
use provisions::Severity;

/// The severities as they stand in addresses and forms, the least first.
pub(crate) const SEVERITIES: [(&str, Severity); 4] =
    [("low", Severity::Low), ("medium", Severity::Medium), ("high", Severity::High), ("critical", Severity::Critical)];

/// English names of the months.
pub(crate) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// HTML made by us, with every foreign text in it escaped: a template shows it as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Html(pub String);

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Html {}

/// `text` with the marks of HTML escaped.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    escape_into(&mut out, text);
    out
}

/// `2026-11-26`, UTC.
pub(crate) fn iso_day(ms: &i64) -> String {
    archive::instant::day(*ms)
}

/// `26 November 2026`, UTC.
pub(crate) fn day(ms: &i64) -> String {
    spelled(&iso_day(ms))
}

/// `26 November 2026` of `2026-11-26`; anything else as it is.
fn spelled(iso: &str) -> String {
    let mut parts = iso.split('-');
    let (Some(year), Some(month), Some(day)) = (parts.next(), parts.next(), parts.next()) else { return iso.into() };
    let name = month.parse::<usize>().ok().and_then(|month| MONTHS.get(month.wrapping_sub(1)));
    match (name, day.parse::<u32>()) {
        (Some(name), Ok(day)) => format!("{day} {name} {year}"),
        _ => iso.into(),
    }
}

/// An instant as a day, `<time datetime="2026-11-26T12:00:00Z">26 November 2026</time>`.
pub(crate) fn date(ms: impl Whole) -> Html {
    let ms = &ms.whole();
    Html(format!("<time datetime=\"{}\">{}</time>", archive::instant::format(*ms), day(ms)))
}

/// An instant to the minute: `26 November 2026, 12:00 UTC`.
pub(crate) fn minute(ms: &i64) -> Html {
    let iso = archive::instant::format(*ms);
    Html(format!("<time datetime=\"{iso}\">{}, {} UTC</time>", day(ms), &iso[11..16]))
}

/// A date that a document states (`2026-11-26`), as people write it.
pub(crate) fn stated(iso: &str) -> Html {
    let iso = escaped(iso);
    Html(format!("<time datetime=\"{iso}\">{}</time>", spelled(&iso)))
}

/// The name of a role in an organisation.
pub(crate) fn role(role: &Role) -> &'static str {
    accounts::role_name(*role)
}

/// How long a time is, in its largest unit: "3 hours", "1 minute", "less than a minute".
pub(crate) fn span(ms: i64) -> String {
    let minutes = ms / archive::instant::MINUTE_MS;
    match minutes {
        0 => "less than a minute".into(),
        1..120 => count(minutes, "minute", "minutes"),
        120..2880 => count(minutes / 60, "hour", "hours"),
        _ => count(minutes / 1440, "day", "days"),
    }
}

/// A whole number, or a reference to one: templates hand over both.
pub(crate) trait Whole {
    /// The number.
    fn whole(&self) -> i64;
}

impl Whole for i64 {
    fn whole(&self) -> i64 {
        *self
    }
}

impl Whole for usize {
    fn whole(&self) -> i64 {
        i64::try_from(*self).unwrap_or(i64::MAX)
    }
}

impl<T: Whole + ?Sized> Whole for &T {
    fn whole(&self) -> i64 {
        (**self).whole()
    }
}

/// A whole number in groups of three, parted by narrow spaces that do not break: 36 412.
pub(crate) fn number(value: impl Whole) -> String {
    let value = value.whole();
    let digits = value.unsigned_abs().to_string();
    let mut out = String::from(if value < 0 { "\u{2212}" } else { "" });
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

/// A count with its noun: "1 version", "36 412 versions".
pub(crate) fn count(value: impl Whole, one: &str, many: &str) -> String {
    let value = value.whole();
    format!("{} {}", number(value), if value == 1 { one } else { many })
}

/// At most about `most` characters of a text, cut between words, with an ellipsis where it was cut.
pub(crate) fn clip(text: &str, most: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(most) else { return text.into() };
    let cut = text[..end].rfind(char::is_whitespace).filter(|cut| *cut > end / 2).unwrap_or(end);
    format!("{}…", text[..cut].trim_end_matches([',', ';', ':', '.', ' ', '\u{a0}']))
}

/// The title of a clause type.
pub(crate) fn type_title(id: &str) -> &str {
    provisions::taxonomy::taxonomy().get(id).map_or(id, |kind| kind.title.as_str())
}

/// The title of a category.
pub(crate) fn category_title(id: &str) -> &str {
    let categories = provisions::taxonomy::taxonomy().categories();
    categories.iter().find(|category| category.id == id).map_or(id, |category| category.title.as_str())
}

/// How rare a clause type is, with the count that says so: "Rare, on 1 of 343 platforms".
pub(crate) fn rarity(rarity: &atlas::Rarity) -> String {
    let share = rarity.platforms as f64 / rarity.of_platforms.max(1) as f64;
    let word = match share {
        share if share <= 0.10 => "Rare",
        share if share <= 0.35 => "Uncommon",
        share if share <= 0.70 => "Common",
        _ => "Widespread",
    };
    format!("{word}, on {} of {} platforms", number(rarity.platforms), number(rarity.of_platforms))
}

/// The word for what happened to a provision.
pub(crate) fn event(event: &EventKind) -> &'static str {
    match event {
        EventKind::Appeared => "Added",
        EventKind::Reworded => "Reworded",
        EventKind::Removed => "Removed",
        EventKind::Returned => "Returned",
    }
}

/// The word for how much a change matters.
pub(crate) fn materiality(value: &Materiality) -> String {
    capital(value.name())
}

/// What an editor said of a record, when and why: "hidden by an editor, on 5 April 2025: it names a person".
pub(crate) fn judged(judgement: &Judgement) -> String {
    let reason = if judgement.reason.is_empty() { String::new() } else { format!(": {}", judgement.reason) };
    format!("{}, on {}{reason}", judgement.told(), day(&judgement.at_ms))
}

/// A phrase as a sentence: a capital at its beginning, a full stop at its end.
pub(crate) fn sentence(phrase: impl AsRef<str>) -> String {
    let phrase = phrase.as_ref().trim();
    let end = if phrase.ends_with(['.', '!', '?', '…']) || phrase.is_empty() { "" } else { "." };
    capital(phrase) + end
}

/// A phrase with a capital at its beginning.
pub(crate) fn capital(phrase: impl AsRef<str>) -> String {
    let mut chars = phrase.as_ref().chars();
    let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    first + chars.as_str()
}

/// A country's English name for the codes of the countries that platforms usually name; else the code.
pub(crate) fn country(code: &str) -> &str {
    const NAMES: &[(&str, &str)] = &[
        ("AT", "Austria"),
        ("AU", "Australia"),
        ("BE", "Belgium"),
        ("BR", "Brazil"),
        ("CA", "Canada"),
        ("CH", "Switzerland"),
        ("CN", "China"),
        ("CZ", "Czechia"),
        ("DE", "Germany"),
        ("DK", "Denmark"),
        ("EE", "Estonia"),
        ("ES", "Spain"),
        ("FI", "Finland"),
        ("FR", "France"),
        ("GB", "United Kingdom"),
        ("IE", "Ireland"),
        ("IL", "Israel"),
        ("IN", "India"),
        ("IT", "Italy"),
        ("JP", "Japan"),
        ("KR", "South Korea"),
        ("LT", "Lithuania"),
        ("LU", "Luxembourg"),
        ("MX", "Mexico"),
        ("NL", "Netherlands"),
        ("NO", "Norway"),
        ("NZ", "New Zealand"),
        ("PL", "Poland"),
        ("PT", "Portugal"),
        ("SE", "Sweden"),
        ("SG", "Singapore"),
        ("US", "United States"),
        ("ZA", "South Africa"),
    ];
    NAMES.iter().find(|(known, _)| *known == code).map_or(code, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_for_people() {
        assert_eq!(day(&1_795_694_400_000), "26 November 2026");
        assert_eq!(date(0_i64).0, "<time datetime=\"1970-01-01T00:00:00Z\">1 January 1970</time>");
        assert_eq!(minute(&43_200_000).0, "<time datetime=\"1970-01-01T12:00:00Z\">1 January 1970, 12:00 UTC</time>");
        assert_eq!(stated("2024-02-09").0, "<time datetime=\"2024-02-09\">9 February 2024</time>");
        assert_eq!(stated("<soon>").0, "<time datetime=\"&lt;soon&gt;\">&lt;soon&gt;</time>");
    }

    #[test]
    fn numbers_for_people() {
        assert_eq!(number(0_i64), "0");
        assert_eq!(number(1_234_567_i64), "1\u{202f}234\u{202f}567");
        assert_eq!(number(-999_i64), "\u{2212}999");
        assert_eq!(count(1_usize, "version", "versions"), "1 version");
        assert_eq!(count(1000_i64, "version", "versions"), "1\u{202f}000 versions");
    }

    #[test]
    fn clipping_keeps_words_and_characters_whole() {
        assert_eq!(clip("We may, at any time", 8), "We may…");
        assert_eq!(clip("ééééé", 3), "ééé…");
        assert_eq!(clip("short", 10), "short");
    }
}
