//! Instants as milliseconds since 1970 UTC, and their RFC 3339 text.
//!
//! WARC dates and bundle dates need exactly one textual form in UTC, so the two conversions live here rather
//! than behind a calendar library.

/// Milliseconds of a second.
pub const SECOND_MS: i64 = 1000;
/// Milliseconds of a minute.
pub const MINUTE_MS: i64 = 60 * SECOND_MS;
/// Milliseconds of an hour.
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
/// Milliseconds of a day of 24 hours.
pub const DAY_MS: i64 = 24 * HOUR_MS;
/// 0000-01-01T00:00:00Z and 9999-12-31T23:59:59.999Z: what four digits of year can say.
const EARLIEST: i64 = -62_167_219_200_000;
const LATEST: i64 = 253_402_300_799_999;

/// Formats an instant as `2024-08-27T00:32:32Z`, with `.mmm` only when the milliseconds are not zero.
///
/// Instants outside the years 0000 to 9999 are held to that range, as no reader would accept them.
///
/// ```
/// assert_eq!(archive::instant::format(1_724_718_752_000), "2024-08-27T00:32:32Z");
/// ```
pub fn format(ms: i64) -> String {
    let ms = ms.clamp(EARLIEST, LATEST);
    let rest = ms.rem_euclid(DAY_MS);
    let (second, milli) = (rest / 1000, rest % 1000);
    let (h, m, s) = (second / 3600, second / 60 % 60, second % 60);
    let fraction = if milli == 0 { String::new() } else { format!(".{milli:03}") };
    format!("{}T{h:02}:{m:02}:{s:02}{fraction}Z", day(ms))
}

/// Formats the day (UTC) of an instant as `2024-08-27`.
///
/// ```
/// assert_eq!(archive::instant::day(1_724_718_752_000), "2024-08-27");
/// ```
pub fn day(ms: i64) -> String {
    let (year, month, day) = date(ms.clamp(EARLIEST, LATEST));
    format!("{year:04}-{month:02}-{day:02}")
}

/// Formats an instant as the 14 digits of Wayback, `20240827003232`; milliseconds are cut.
pub fn digits14(ms: i64) -> String {
    format(ms).chars().filter(char::is_ascii_digit).take(14).collect()
}

/// Year, month and day (UTC) of an instant.
pub fn date(ms: i64) -> (i64, i64, i64) {
    civil_from_days(ms.div_euclid(DAY_MS))
}

/// Parses an RFC 3339 instant: `T` or a space between date and time, a fraction of any length (cut at
/// milliseconds), `Z` or an offset. The 14 digits of WARC/0.9 and Wayback (`20240827003232`) are taken too.
pub fn parse(text: &str) -> Option<i64> {
    let text = text.trim();
    if text.len() == 14 && text.bytes().all(|b| b.is_ascii_digit()) {
        let part = |range: std::ops::Range<usize>| text[range].parse::<i64>().ok();
        return assemble([part(0..4)?, part(4..6)?, part(6..8)?], [part(8..10)?, part(10..12)?, part(12..14)?], 0, 0);
    }
    if !text.is_ascii() || text.len() < 20 {
        return None;
    }
    let bytes = text.as_bytes();
    let marks = [(4, b"-"), (7, b"-"), (13, b":"), (16, b":")];
    if marks.iter().any(|(at, mark)| bytes[*at] != mark[0]) || !matches!(bytes[10], b'T' | b't' | b' ') {
        return None;
    }
    let part = |range: std::ops::Range<usize>| digits(&text[range]);
    let (milli, zone) = split_fraction(&text[19..])?;
    assemble(
        [part(0..4)?, part(5..7)?, part(8..10)?],
        [part(11..13)?, part(14..16)?, part(17..19)?],
        milli,
        offset_ms(zone)?,
    )
}

fn digits(text: &str) -> Option<i64> {
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

fn split_fraction(rest: &str) -> Option<(i64, &str)> {
    let Some(rest) = rest.strip_prefix('.') else { return Some((0, rest)) };
    let end = rest.bytes().position(|b| !b.is_ascii_digit())?;
    if end == 0 {
        return None;
    }
    let milli = format!("{:0<3}", &rest[..end.min(3)]);
    Some((milli.parse().ok()?, &rest[end..]))
}

fn offset_ms(zone: &str) -> Option<i64> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let bytes = zone.as_bytes();
    if bytes.len() != 6 || bytes[3] != b':' {
        return None;
    }
    let (hours, minutes) = (digits(&zone[1..3])?, digits(&zone[4..6])?);
    let size = (hours * 60 + minutes) * MINUTE_MS;
    match bytes[0] {
        _ if hours > 23 || minutes > 59 => None,
        b'+' => Some(size),
        b'-' => Some(-size),
        _ => None,
    }
}

fn assemble(date: [i64; 3], time: [i64; 3], milli: i64, offset: i64) -> Option<i64> {
    let [year, month, day] = date;
    let [hour, minute, second] = time;
    // A leap second (60) is read as the next second, as POSIX time does.
    if !(1..=12).contains(&month) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let days = days_from_civil(year, month, day);
    if civil_from_days(days) != (year, month, day) {
        return None; // a day that the month does not have
    }
    Some(days * DAY_MS + ((hour * 60 + minute) * 60 + second) * SECOND_MS + milli - offset)
}

/// Days since 1970-01-01 of a Gregorian date, counting years from March so that the leap day comes last.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_instants() {
        assert_eq!(format(0), "1970-01-01T00:00:00Z");
        assert_eq!(format(951_782_400_001), "2000-02-29T00:00:00.001Z");
        assert_eq!(parse("2000-02-29T01:30:00.0019+01:30"), Some(951_782_400_001));
        assert_eq!(parse("1970-01-01T00:00:00.123456789012345678901234567890Z"), Some(123));
        assert_eq!(parse("20240827003232"), Some(1_724_718_752_000));
        assert_eq!(parse("1969-12-31T23:59:59Z"), Some(-1000));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "2023-02-29T00:00:00Z", "2024-13-01T00:00:00Z", "2024-01-01T00:00:00", "2024-01-01T00:00:00.Z"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse("２０24-01-01T00:00:00Z"), None);
    }

    #[test]
    fn every_instant_reads_back() {
        for step in 0..20_000i64 {
            let ms = EARLIEST + step * ((LATEST - EARLIEST) / 20_000) + step % 1000;
            assert_eq!(parse(&format(ms)), Some(ms));
        }
    }
}
