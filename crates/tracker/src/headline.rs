//! One line that says what a change did, from the provisions that it touched.
use atlas::records::{EventKind, Materiality, NewChange, ProvisionEvent};
use provisions::{ClauseType, Severity, Stance, taxonomy};

/// Most provisions that a headline names, and most characters that it has for them.
const NAMED: usize = 3;
const LENGTH: usize = 96;
/// Most characters of a section's heading.
const SECTION: usize = 50;

/// The headline: "Adds binding arbitration; removes notice before termination", most severe first. `section` is the heading under
/// which all changed clauses stand, if there is one; it is named where no provision is.
pub fn headline(change: &NewChange, events: &[ProvisionEvent], section: Option<&str>) -> String {
    match change.materiality {
        Materiality::Cosmetic => return "No change of meaning".into(),
        Materiality::Defective => return "The capture is not the document".into(),
        Materiality::Returning => return "Returns to an earlier text".into(),
        Materiality::Minor | Materiality::Material => {}
    }
    let named = named(events);
    if named.is_empty() {
        return counts(change, section);
    }
    let all = named.len();
    let (mut line, mut told) = (String::new(), 0);
    for part in named {
        let length = line.chars().count() + part.chars().count() + 2;
        if told == NAMED || (told > 0 && length > LENGTH) {
            break;
        }
        line = if line.is_empty() { part } else { format!("{line}; {part}") };
        told += 1;
    }
    match all - told {
        0 => {}
        1 => line += "; and one more",
        more => line += &format!("; and {more} more"),
    }
    capitalised(&line)
}

/// What happened to each clause type, most severe first; of equal ones, additions and removals before rewordings. What is no news
/// is left out where there is news.
fn named(events: &[ProvisionEvent]) -> Vec<String> {
    let mut seen: Vec<(&ClauseType, EventKind)> = Vec::new();
    for event in events {
        let Some(kind) = taxonomy().get(&event.clause_type) else { continue };
        if !seen.iter().any(|(known, what)| known.id == kind.id && *what == event.kind) {
            seen.push((kind, event.kind));
        }
    }
    if seen.iter().any(is_news) {
        seen.retain(is_news);
    }
    // A type to which several things happen in one change was rewritten, here and there.
    let mut lines: Vec<(std::cmp::Reverse<Severity>, u8, String)> = Vec::new();
    for (kind, event) in &seen {
        let first = seen.iter().position(|(known, _)| known.id == kind.id);
        let several = seen.iter().filter(|(known, _)| known.id == kind.id).count() > 1;
        if several && first.is_some_and(|first| seen[first].1 != *event) {
            continue;
        }
        let (rank, verb) = match event {
            _ if several => (1, "rewrites"),
            EventKind::Appeared => (0, "adds"),
            EventKind::Returned => (0, "brings back"),
            EventKind::Removed => (0, "removes"),
            EventKind::Reworded => (1, "rewords"),
        };
        lines.push((std::cmp::Reverse(kind.severity), rank, format!("{verb} {}", thing(&kind.title))));
    }
    lines.sort();
    lines.into_iter().map(|line| line.2).collect()
}

/// Whether a reader would want to know: something that can cost, or a right won or lost.
fn is_news((kind, event): &(&ClauseType, EventKind)) -> bool {
    kind.severity > Severity::Low || (kind.stance == Stance::Benefit && *event != EventKind::Reworded)
}

/// What was done to how many clauses: "Rewords 3 clauses and adds one under “Fees”".
fn counts(change: &NewChange, section: Option<&str>) -> String {
    let kinds =
        [(change.reworded, "rewords"), (change.added, "adds"), (change.removed, "removes"), (change.moved, "moves")];
    let mut parts: Vec<String> = Vec::new();
    for (count, verb) in kinds.into_iter().filter(|(count, _)| *count > 0) {
        let count = if count == 1 { "one".to_string() } else { count.to_string() };
        let noun = match (parts.is_empty(), count.as_str()) {
            (true, "one") => " clause",
            (true, _) => " clauses",
            (false, _) => "",
        };
        parts.push(format!("{verb} {count}{noun}"));
    }
    let Some(last) = parts.pop() else { return "No change of meaning".into() };
    let line = if parts.is_empty() { last } else { format!("{} and {last}", parts.join(", ")) };
    let place = section.map(|heading| format!(" under “{}”", clipped(heading))).unwrap_or_default();
    capitalised(&format!("{line}{place}"))
}

/// A heading on one line, without the number before it, at most [`SECTION`] characters of it.
fn clipped(heading: &str) -> String {
    let words: Vec<&str> = heading.split_whitespace().collect();
    let is_number = |word: &&str| {
        let label = word.trim_end_matches(['.', ')', ':']);
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_digit() || b == b'.') && words.len() > 1
    };
    let kept = if words.first().is_some_and(is_number) { &words[1..] } else { &words[..] };
    let line = kept.join(" ");
    let line = line.trim_end_matches([':', '.', ',']);
    if line.chars().count() <= SECTION {
        return line.to_string();
    }
    let cut: String = line.chars().take(SECTION - 1).collect();
    format!("{}…", cut.rsplit_once(' ').map_or(cut.as_str(), |(whole, _)| whole))
}

/// A title as the object of a verb: "binding arbitration"; a title that is a statement is quoted ("Prices may change").
fn thing(title: &str) -> String {
    const VERBS: &[&str] = &["Collects", "Accesses", "Shares", "Sells", "Excludes"];
    const FINITE: &[&str] = &["may", "can", "cannot", "change", "flow"];
    let states = title.split(' ').enumerate().any(
        |(at, word)| {
            if at == 0 { VERBS.contains(&word) } else { FINITE.contains(&word) }
        },
    );
    if states { format!("“{title}”") } else { lower_first(title) }
}

/// Lower-cases the first letter unless the word has other capitals ("AI features", "Do-Not-Track signals").
fn lower_first(title: &str) -> String {
    let mut chars = title.chars();
    let Some(first) = chars.next() else { return String::new() };
    let rest = chars.as_str();
    let first_word = rest.split(' ').next().unwrap_or_default();
    if first_word.is_empty() || first_word.contains(char::is_uppercase) {
        return title.into();
    }
    first.to_lowercase().chain(rest.chars()).collect()
}

fn capitalised(line: &str) -> String {
    let mut chars = line.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(reworded: i64, added: i64, removed: i64) -> NewChange {
        NewChange {
            from_version: 1,
            to_version: 2,
            at_ms: 0,
            materiality: Materiality::Material,
            reason: String::new(),
            added,
            removed,
            reworded,
            moved: 0,
            headline: String::new(),
        }
    }

    fn event(clause_type: &str, kind: EventKind) -> ProvisionEvent {
        ProvisionEvent { lineage: 1, clause_type: clause_type.into(), version: 2, kind }
    }

    #[test]
    fn provisions_are_named_most_severe_first_and_not_too_many() {
        use EventKind::{Appeared, Removed, Reworded};
        let events =
            [event("arbitration-opt-out", Removed), event("arbitration", Appeared), event("no-refund", Reworded)];
        assert_eq!(
            headline(&change(1, 1, 1), &events, Some("Fees")),
            "Adds binding arbitration; rewords no refunds; removes arbitration opt-out"
        );
        let rewritten = [event("arbitration", Removed), event("arbitration", Appeared)];
        assert_eq!(headline(&change(0, 1, 1), &rewritten, None), "Rewrites binding arbitration");
        let quiet = [event("do-not-track", Removed), event("contact-information", Reworded)];
        assert_eq!(headline(&change(1, 0, 1), &quiet, None), "Removes Do-Not-Track or GPC");
        let stated = [event("price-change", Appeared)];
        assert_eq!(headline(&change(0, 1, 0), &stated, None), "Adds “Prices may change”");
        let all: Vec<ProvisionEvent> = taxonomy().types().iter().map(|kind| event(&kind.id, Appeared)).collect();
        assert!(headline(&change(9, 9, 9), &all, None).chars().count() <= 140);
    }

    #[test]
    fn clauses_are_counted_where_no_provision_is_touched() {
        assert_eq!(headline(&change(3, 0, 0), &[], None), "Rewords 3 clauses");
        assert_eq!(headline(&change(1, 2, 1), &[], None), "Rewords one clause, adds 2 and removes one");
        assert_eq!(
            headline(&change(0, 1, 0), &[], Some("4.2 Fees and taxes:")),
            "Adds one clause under “Fees and taxes”"
        );
        let long = "How the keepers of the register look after the lamps of the northern house";
        assert_eq!(
            headline(&change(1, 0, 0), &[], Some(long)),
            "Rewords one clause under “How the keepers of the register look after the…”"
        );
    }
}
