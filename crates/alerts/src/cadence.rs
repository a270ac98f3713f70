//! When a digest is due: full hours in a person's time zone.
use atlas::watching::{Cadence, Weekday};
use jiff::civil;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// A time zone by its IANA name, or UTC if there is none of this name.
pub(crate) fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

/// Whether a name is that of a time zone.
pub fn is_zone(name: &str) -> bool {
    !name.is_empty() && TimeZone::get(name).is_ok()
}

/// The first instant after `now_ms` at which a digest of this cadence is due, in milliseconds; none if it tells at once. Where the clock
/// skips the hour (summer time), the digest comes as much later as it skips.
pub fn next_digest(cadence: Cadence, zone_name: &str, now_ms: i64) -> Option<i64> {
    let (weekday, hour) = match cadence {
        Cadence::AtOnce => return None,
        Cadence::Day { hour } => (None, hour),
        Cadence::Week { weekday, hour } => (Some(civil_day(weekday)), hour),
    };
    let zone = zone(zone_name);
    let now = Timestamp::from_millisecond(now_ms).ok()?.to_zoned(zone.clone());
    let time = civil::time(i8::try_from(hour.min(23)).ok()?, 0, 0, 0);
    // A week and a day: today's hour may have passed.
    let mut day = now.date();
    for _ in 0..9 {
        let due = day.to_datetime(time).to_zoned(zone.clone()).ok()?;
        if due > now && weekday.is_none_or(|weekday| day.weekday() == weekday) {
            return Some(due.timestamp().as_millisecond());
        }
        day = day.tomorrow().ok()?;
    }
    None
}

fn civil_day(weekday: Weekday) -> civil::Weekday {
    match weekday {
        Weekday::Monday => civil::Weekday::Monday,
        Weekday::Tuesday => civil::Weekday::Tuesday,
        Weekday::Wednesday => civil::Weekday::Wednesday,
        Weekday::Thursday => civil::Weekday::Thursday,
        Weekday::Friday => civil::Weekday::Friday,
        Weekday::Saturday => civil::Weekday::Saturday,
        Weekday::Sunday => civil::Weekday::Sunday,
    }
}

/// A cadence in words: "every Monday at 08:00".
pub fn cadence_in_words(cadence: Cadence) -> String {
    match cadence {
        Cadence::AtOnce => "as it happens".into(),
        Cadence::Day { hour } => format!("every day at {hour:02}:00"),
        Cadence::Week { weekday, hour } => format!("every {weekday:?} at {hour:02}:00"),
    }
}

/// A date of a document, `2024-03-03`, as people read it; anything else as it is.
pub(crate) fn spelled(iso: &str) -> String {
    iso.parse::<civil::Date>().map_or_else(|_| iso.to_string(), |date| date.strftime("%-d %B %Y").to_string())
}

/// An instant in a time zone.
pub(crate) fn local(at_ms: i64, zone_name: &str) -> Zoned {
    Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(zone(zone_name))
}

/// A day as people read it: "3 March 2024".
pub fn day(at_ms: i64, zone_name: &str) -> String {
    local(at_ms, zone_name).strftime("%-d %B %Y").to_string()
}

/// A day and time as people read them: "3 March 2024, 14:05 CET".
pub fn moment(at_ms: i64, zone_name: &str) -> String {
    local(at_ms, zone_name).strftime("%-d %B %Y, %H:%M %Z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_millisecond()
    }

    #[test]
    fn digests_come_at_the_hour_of_the_person() {
        let daily = Cadence::Day { hour: 8 };
        let weekly = Cadence::Week { weekday: Weekday::Monday, hour: 8 };
        // A Friday.
        let now = ms("2026-11-27T12:00:00Z");
        assert_eq!(next_digest(Cadence::AtOnce, "UTC", now), None);
        assert_eq!(next_digest(daily, "UTC", now), Some(ms("2026-11-28T08:00:00Z")));
        assert_eq!(next_digest(daily, "America/New_York", now), Some(ms("2026-11-27T13:00:00Z")));
        assert_eq!(next_digest(weekly, "Europe/Berlin", now), Some(ms("2026-11-30T07:00:00Z")));
        assert_eq!(
            next_digest(weekly, "Pacific/Auckland", ms("2026-11-29T19:00:00Z")),
            Some(ms("2026-12-06T19:00:00Z"))
        );
        assert_eq!(next_digest(daily, "Nowhere/Land", now), Some(ms("2026-11-28T08:00:00Z")));
    }

    #[test]
    fn an_hour_that_the_clock_skips_or_repeats_comes_once() {
        // 29 March 2026, 02:00 does not exist in Berlin; on 25 October it comes twice.
        let two = Cadence::Day { hour: 2 };
        let skipped = next_digest(two, "Europe/Berlin", ms("2026-03-28T12:00:00Z")).unwrap();
        assert_eq!(skipped, ms("2026-03-29T01:00:00Z"));
        assert_eq!(next_digest(two, "Europe/Berlin", skipped), Some(ms("2026-03-30T00:00:00Z")));
        let repeated = next_digest(two, "Europe/Berlin", ms("2026-10-24T12:00:00Z")).unwrap();
        assert_eq!(repeated, ms("2026-10-25T00:00:00Z"));
        assert_eq!(next_digest(two, "Europe/Berlin", repeated), Some(ms("2026-10-26T01:00:00Z")));
    }

    #[test]
    fn days_are_told_in_words() {
        assert_eq!(day(ms("2024-03-02T23:30:00Z"), "Europe/Berlin"), "3 March 2024");
        assert_eq!(moment(ms("2024-03-02T23:30:00Z"), "Europe/Berlin"), "3 March 2024, 00:30 CET");
        assert_eq!((spelled("2024-04-01"), spelled("soon")), ("1 April 2024".to_string(), "soon".to_string()));
        assert!(is_zone("Europe/Berlin") && !is_zone("Nowhere/Land") && !is_zone(""));
    }
}
