//! The dates that a document states about itself, near words that announce them.
use crate::{Clause, Date, StatedDates};

/// Clauses from the start and from the end in which such dates stand.
const HEAD: usize = 40;
const TAIL: usize = 15;
/// Characters after a cue in which its date must stand.
const REACH: usize = 60;

/// Cues of the last update, lower case.
const UPDATED: &[&str] = &[
    "last updated",
    "last update",
    "last modified",
    "last revised",
    "last amended",
    "last changed",
    "updated on",
    "updated:",
    "revised:",
    "revised on",
    "date of last revision",
    "version of",
    "version date",
    "date modified",
    "posted on",
    "published on",
    "published:",
    "stand:",
    "letzte aktualisierung",
    "zuletzt aktualisiert",
    "zuletzt geändert",
    "dernière mise à jour",
    "mis à jour le",
    "ultimo aggiornamento",
    "ultima modifica",
    "última actualización",
    "última atualização",
    "ostatnia aktualizacja",
    "laatst bijgewerkt",
    "laatst gewijzigd",
    "updated ",
    "modified:",
    "revision date",
];
/// Cues of coming into force, lower case.
const EFFECTIVE: &[&str] = &[
    "effective date",
    "effective as of",
    "effective from",
    "effective on",
    "effective:",
    "effective ",
    "in force from",
    "in effect from",
    "applies from",
    "gültig ab",
    "in kraft seit",
    "wirksam ab",
    "en vigueur",
    "entrée en vigueur",
    "in vigore dal",
    "data di efficacia",
    "en vigor",
    "fecha de entrada",
    "em vigor",
    "obowiązuje od",
    "ingangsdatum",
    "ingående",
];

const MONTHS: &[(&str, u8)] = &[
    ("january", 1),
    ("february", 2),
    ("march", 3),
    ("april", 4),
    ("may", 5),
    ("june", 6),
    ("july", 7),
    ("august", 8),
    ("september", 9),
    ("october", 10),
    ("november", 11),
    ("december", 12),
    ("jan", 1),
    ("feb", 2),
    ("mar", 3),
    ("apr", 4),
    ("jun", 6),
    ("jul", 7),
    ("aug", 8),
    ("sep", 9),
    ("sept", 9),
    ("oct", 10),
    ("nov", 11),
    ("dec", 12),
    // German, French, Italian, Spanish, Portuguese, Polish, Dutch where they differ.
    ("januar", 1),
    ("februar", 2),
    ("märz", 3),
    ("mai", 5),
    ("juni", 6),
    ("juli", 7),
    ("oktober", 10),
    ("dezember", 12),
    ("janvier", 1),
    ("février", 2),
    ("mars", 3),
    ("avril", 4),
    ("juin", 6),
    ("juillet", 7),
    ("août", 8),
    ("septembre", 9),
    ("octobre", 10),
    ("novembre", 11),
    ("décembre", 12),
    ("janv", 1),
    ("févr", 2),
    ("avr", 4),
    ("juil", 7),
    ("déc", 12),
    ("gennaio", 1),
    ("febbraio", 2),
    ("marzo", 3),
    ("aprile", 4),
    ("maggio", 5),
    ("giugno", 6),
    ("luglio", 7),
    ("agosto", 8),
    ("settembre", 9),
    ("ottobre", 10),
    ("dicembre", 12),
    ("enero", 1),
    ("febrero", 2),
    ("abril", 4),
    ("mayo", 5),
    ("junio", 6),
    ("julio", 7),
    ("septiembre", 9),
    ("octubre", 10),
    ("noviembre", 11),
    ("diciembre", 12),
    ("janeiro", 1),
    ("fevereiro", 2),
    ("março", 3),
    ("maio", 5),
    ("junho", 6),
    ("julho", 7),
    ("setembro", 9),
    ("outubro", 10),
    ("novembro", 11),
    ("dezembro", 12),
    ("stycznia", 1),
    ("lutego", 2),
    ("marca", 3),
    ("kwietnia", 4),
    ("maja", 5),
    ("czerwca", 6),
    ("lipca", 7),
    ("sierpnia", 8),
    ("września", 9),
    ("października", 10),
    ("listopada", 11),
    ("grudnia", 12),
    ("januari", 1),
    ("februari", 2),
    ("maart", 3),
    ("mei", 5),
    ("augustus", 8),
];

/// Finds both dates; the first cue that is followed by a date wins, the head of the text before its tail.
pub(crate) fn stated(text: &str, clauses: &[Clause]) -> StatedDates {
    let tail = clauses.len().saturating_sub(TAIL).max(HEAD.min(clauses.len()));
    let near: Vec<&Clause> = clauses.iter().take(HEAD).chain(&clauses[tail..]).collect();
    let mut dates = StatedDates::default();
    for (index, clause) in near.iter().enumerate() {
        let words = text[clause.range.clone()].to_lowercase();
        // "Last updated" may stand on a line of its own, its date on the next.
        let next = near.get(index + 1).map(|clause| &text[clause.range.clone()]).filter(|_| words.len() < 40);
        let line = next.map_or_else(|| words.clone(), |next| format!("{words} {}", next.to_lowercase()));
        // Without a digit there is no date, and most clauses have none.
        if !line.bytes().any(|b| b.is_ascii_digit()) {
            continue;
        }
        dates.updated = dates.updated.or_else(|| after_cue(&line, words.len(), UPDATED));
        dates.effective = dates.effective.or_else(|| after_cue(&line, words.len(), EFFECTIVE));
    }
    dates
}

/// Whether a line announces the date of a document ("Effective March 3, 2024").
pub(crate) fn announces(line: &str) -> bool {
    let line = line.to_lowercase();
    [UPDATED, EFFECTIVE].iter().any(|cues| after_cue(&line, line.len(), cues).is_some())
}

/// Whether a text is a date and no more than two words beside it.
pub(crate) fn is_date(text: &str) -> bool {
    text.len() <= 40 && text.split_whitespace().nth(5).is_none() && first_date(&text.to_lowercase()).is_some()
}

/// The date that follows a cue which begins before byte `until`.
fn after_cue(line: &str, until: usize, cues: &[&str]) -> Option<Date> {
    cues.iter().find_map(|cue| {
        let place = line.find(cue).filter(|place| *place < until)?;
        let rest: String = line[place + cue.len()..].chars().take(REACH).collect();
        first_date(&rest)
    })
}

/// The first date in a lower-case text.
fn first_date(text: &str) -> Option<Date> {
    let is_mark =
        |c: char| c.is_whitespace() || matches!(c, ',' | '(' | ')' | ':' | '.' | '年' | '月' | '日' | '°' | '|');
    let tokens: Vec<&str> = text.split(is_mark).filter(|token| !token.is_empty()).collect();
    (0..tokens.len())
        .find_map(|at| numeric(tokens[at]).or_else(|| spelled(&tokens[at..])).or_else(|| dotted(&tokens[at..])))
}

/// `2024-03-09`, `2024/3/9`, `25/12/2024` (day and month in either order where only one reading is a date).
fn numeric(token: &str) -> Option<Date> {
    let parts: Vec<i32> = token.split(['-', '/', '–']).map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let [a, b, c] = parts[..] else { return None };
    if a >= 1000 {
        return date(a, b, c);
    }
    either(a, b, c)
}

/// `25 12 2024`, as `25.12.2024` is split; also `2024 3 9`.
fn dotted(tokens: &[&str]) -> Option<Date> {
    let parts: Vec<i32> = tokens.iter().take(3).map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let [a, b, c] = parts[..] else { return None };
    // With full stops the day comes first, everywhere.
    if a >= 1000 { date(a, b, c) } else { date(c, b, a) }
}

/// Day and month in either order; none if both orders are dates.
fn either(a: i32, b: i32, year: i32) -> Option<Date> {
    match (date(year, b, a), date(year, a, b)) {
        (Some(one), None) | (None, Some(one)) => Some(one),
        (Some(one), Some(other)) if one == other => Some(one),
        _ => None,
    }
}

/// `9 march 2024`, `march 9 2024`, `march 9th 2024`, `9 de marzo de 2024`.
fn spelled(tokens: &[&str]) -> Option<Date> {
    let words: Vec<&str> =
        tokens.iter().copied().filter(|token| !matches!(*token, "de" | "of" | "the" | "del")).take(3).collect();
    let [first, second, third] = words[..] else { return None };
    let day = |token: &str| token.trim_end_matches(|c: char| c.is_alphabetic() || c == 'º').parse::<i32>().ok();
    let year: i32 = third.trim_end_matches(|c: char| !c.is_ascii_digit()).parse().ok()?;
    match (month(first), month(second)) {
        (Some(month), None) => date(year, month, day(second)?),
        (None, Some(month)) => date(year, month, day(first)?),
        _ => None,
    }
}

fn month(token: &str) -> Option<i32> {
    MONTHS.iter().find(|(name, _)| *name == token).map(|(_, number)| i32::from(*number))
}

/// A date if there is one such day.
fn date(year: i32, month: i32, day: i32) -> Option<Date> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i32::from(leap),
        1..=12 => 31,
        _ => return None,
    };
    let sound = (1990..=2100).contains(&year) && (1..=days).contains(&day);
    sound.then_some(Date { year: year as i16, month: month as u8, day: day as u8 })
}

#[cfg(test)]
mod tests {
    use crate::structure;

    fn updated(line: &str) -> Option<String> {
        let dates = structure(&format!("# Plum Terms\n\n{line}\n")).dates;
        dates.updated.map(|d| format!("{}-{}-{}", d.year, d.month, d.day))
    }

    #[test]
    fn cues_and_forms() {
        for (line, expected) in [
            ("Last updated: March 3, 2024", "2024-3-3"),
            ("Last Updated on the 3rd of March 2024", "2024-3-3"),
            ("Last modified 2024-03-03", "2024-3-3"),
            ("Stand: 3. März 2024", "2024-3-3"),
            ("Dernière mise à jour : 3 mars 2024", "2024-3-3"),
            ("Última actualización: 3 de marzo de 2024", "2024-3-3"),
            ("Last updated: 25/12/2024", "2024-12-25"),
            ("Last updated\n\n3 May 2022", "2022-5-3"),
        ] {
            assert_eq!(updated(line).as_deref(), Some(expected), "{line}");
        }
    }

    #[test]
    fn ambiguous_impossible_and_uncued_dates_are_none() {
        for line in ["Last updated: 03/04/2024", "Last updated: February 30, 2024", "We met on March 3, 2024."] {
            assert_eq!(updated(line), None, "{line}");
        }
    }

    #[test]
    fn effective_is_apart() {
        let dates = structure("Effective Date: 1 June 2023\n\nLast updated: 2 May 2023\n").dates;
        assert_eq!((dates.effective.unwrap().month, dates.updated.unwrap().month), (6, 5));
    }
}
