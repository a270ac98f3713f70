//! Dates, counters and numbers of a page's build.
use std::borrow::Cow;

use super::duties::{quantities, speaks};
use super::sides;
use crate::{align::Pair, words::words};

/// Letters of the longest line that is no sentence with a date in it.
const DATED: usize = 90;

/// Digits of a line that can be nothing but the number of a page's build.
const BUILD: usize = 9;

/// Whether only digits, names of months or weekdays and the words around a date differ, in a short line or beside a copyright mark.
pub(super) fn is_date_or_counter(old: &[&str], new: &[&str], pair: &Pair) -> bool {
    const CUES: &[&str] = &[
        "updated",
        "effective",
        "modified",
        "revised",
        "version",
        "ago",
        "views",
        "helpful",
        "votes",
        "copyright",
        "date",
        "published",
    ];
    const AROUND: &[&str] =
        &["last", "on", "as", "of", "from", "today", "yesterday", "the", "this", "a", "an", "minutes", "hours", "days"];
    const ZONES: &[&str] = &["gmt", "utc", "bst", "cet", "cest", "est", "edt", "pst", "pdt", "hkt"];
    let is_number = |word: &String| word.bytes().any(|b| b.is_ascii_digit());
    let kept = |text: &str| {
        let list: Vec<String> = words(text).collect();
        let neutral = |at: usize| {
            let word = list[at].as_str();
            // "May" is a month beside a number only.
            let month = word != "may" || at > 0 && is_number(&list[at - 1]) || list.get(at + 1).is_some_and(is_number);
            is_number(&list[at])
                || is_calendar_word(word) && month
                || CUES.contains(&word)
                || AROUND.contains(&word)
                || ZONES.contains(&word)
        };
        (0..list.len()).filter(|&at| !neutral(at)).map(|at| list[at].clone()).collect::<Vec<_>>()
    };
    // A term of notice is no date, even if it says when something is effective.
    let terms = |text: &str| if words(text).any(|word| word == "ago") { Vec::new() } else { quantities(text) };
    let dated =
        |text: &&str| text.contains('©') || text.len() <= 200 && words(text).any(|word| CUES.contains(&word.as_str()));
    let sides: Vec<Cow<'_, str>> = sides(old, new, pair).collect();
    let sides: Vec<&str> = sides.iter().map(Cow::as_ref).collect();
    // A number of the page's build.
    let is_build = |text: &str| {
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        digits >= BUILD && text.starts_with(char::is_alphabetic) && text.chars().all(char::is_alphanumeric)
    };
    match sides[..] {
        [before, after] if before != after && without_dates(before) == without_dates(after) => true,
        _ if sides.iter().all(|text| is_build(text)) => true,
        [before, after] if before != after && is_dated_title(before, after) => true,
        _ if !sides.iter().all(dated) => false,
        [before, after] => kept(before) == kept(after) && terms(before) == terms(after),
        // A line that is nothing but a date comes or goes.
        _ => sides.iter().all(|text| kept(text).is_empty() && terms(text).is_empty()),
    }
}

/// Whether two short lines are the same but for a full date in each, in any of the languages whose months are known.
fn is_dated_title(before: &str, after: &str) -> bool {
    let rest = |text: &str| {
        let list: Vec<String> = words(text).collect();
        let month = list.iter().position(|word| is_month(word) || is_calendar_word(word) && word.len() == 3)?;
        let is_year =
            |word: &String| word.len() == 4 && word.starts_with(['1', '2']) && word.bytes().all(|b| b.is_ascii_digit());
        let around = month.saturating_sub(1)..(month + 3).min(list.len());
        let year = around.clone().find(|&at| is_year(&list[at]))?;
        let day = around.clone().find(|&at| list[at].len() <= 2 && list[at].bytes().all(|b| b.is_ascii_digit()))?;
        let kept = (0..list.len()).filter(|at| ![month, year, day].contains(at)).map(|at| list[at].as_str());
        // "May" is a month here.
        let kept = kept.collect::<Vec<_>>().join(" ");
        (text.chars().nth(DATED).is_none() && !speaks(&kept)).then_some(kept)
    };
    rest(before).is_some_and(|kept| rest(after) == Some(kept))
}

/// Whether a word in lower case is a month in English, French, German, Spanish, Italian, Portuguese or Dutch.
fn is_month(word: &str) -> bool {
    const MONTHS: &[&str] = &[
        "january janvier januar enero gennaio janeiro januari",
        "february février februar febrero febbraio fevereiro februari",
        "march mars märz marzo março maart",
        "april avril abril aprile",
        "may mai mayo maggio maio mei",
        "june juin juni junio giugno junho",
        "july juillet juli julio luglio julho",
        "august août agosto augustus",
        "september septembre septiembre settembre setembro",
        "october octobre oktober octubre ottobre outubro",
        "november novembre noviembre novembro",
        "december décembre dezember diciembre dicembre dezembro",
    ];
    MONTHS.iter().any(|names| names.split(' ').any(|name| name == word))
}

/// `text` without its dates in Chinese or Japanese: full ones ("2024年10月18日"), and months of a year of an era ("令和7年 2 月号"); a month
/// or a day alone may be a term.
fn without_dates(text: &str) -> String {
    const ERAS: [&str; 2] = ["令和", "平成"];
    let in_date = |c: char| c.is_ascii_digit() || c == ' ' || "年月日".contains(c);
    let mut kept = String::with_capacity(text.len());
    let mut after_era = false;
    for run in text.split_inclusive(|c: char| !in_date(c)) {
        let date = run.trim_end_matches(|c| !in_date(c));
        let has = |parts: &[&str]| parts.iter().all(|part| date.contains(part));
        let is_date = has(&["年", "月", "日"]) || after_era && has(&["年", "月"]);
        let rest = if is_date { &run[date.len()..] } else { run };
        kept.push_str(rest);
        after_era = ERAS.iter().any(|era| kept.ends_with(era));
    }
    kept
}

fn is_calendar_word(word: &str) -> bool {
    const STEMS: &[&str] = &[
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ];
    word.len() >= 3 && STEMS.iter().any(|stem| stem == &word || (word.len() <= 4 && stem.starts_with(word)))
}
