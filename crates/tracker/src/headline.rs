//! One line that says what a change did, from the provisions that it touched.
use atlas::records::{EventKind, Materiality, NewChange, ProvisionEvent};
use provisions::{ClauseType, taxonomy};

/// Most provisions that a headline names.
const NAMED: usize = 3;

/// The headline: "Adds binding arbitration; removes notice before termination", most severe first.
pub fn headline(change: &NewChange, events: &[ProvisionEvent]) -> String {
    match change.materiality {
        Materiality::Cosmetic => return "No change of meaning".into(),
        Materiality::Defective => return "The capture is not the document".into(),
        Materiality::Returning => return "Returns to an earlier text".into(),
        Materiality::Minor | Materiality::Material => {}
    }
    let named = named(events);
    if named.is_empty() {
        return counts(change);
    }
    let more = named.len().saturating_sub(NAMED);
    let mut line = named.into_iter().take(NAMED).collect::<Vec<_>>().join("; ");
    if more > 0 {
        line += &format!("; and {more} more");
    }
    capitalised(&line)
}

/// What happened to each clause type, most severe first; additions and removals before rewordings.
fn named(events: &[ProvisionEvent]) -> Vec<String> {
    let mut seen: Vec<(&ClauseType, EventKind)> = Vec::new();
    for event in events {
        let Some(kind) = taxonomy().get(&event.clause_type) else { continue };
        if !seen.iter().any(|(known, what)| known.id == kind.id && *what == event.kind) {
            seen.push((kind, event.kind));
        }
    }
    // A type that both goes and appears in one change was rewritten rather than dropped.
    let both = |kind: &ClauseType| {
        let has = |what| seen.iter().any(|(known, event)| known.id == kind.id && *event == what);
        has(EventKind::Appeared) && has(EventKind::Removed)
    };
    let mut lines: Vec<(u8, std::cmp::Reverse<provisions::Severity>, String)> = Vec::new();
    for (kind, event) in &seen {
        let (rank, verb) = match event {
            EventKind::Appeared if both(kind) => (1, "rewrites"),
            EventKind::Removed if both(kind) => continue,
            EventKind::Appeared => (0, "adds"),
            EventKind::Returned => (0, "brings back"),
            EventKind::Removed => (0, "removes"),
            EventKind::Reworded => (1, "rewords"),
        };
        lines.push((rank, std::cmp::Reverse(kind.severity), format!("{verb} {}", lower_first(&kind.title))));
    }
    lines.sort();
    lines.into_iter().map(|line| line.2).collect()
}

fn counts(change: &NewChange) -> String {
    let part = |count: i64, verb: &str| match count {
        0 => None,
        1 => Some(format!("1 clause {verb}")),
        _ => Some(format!("{count} clauses {verb}")),
    };
    let parts: Vec<String> = [
        part(change.reworded, "reworded"),
        part(change.added, "added"),
        part(change.removed, "removed"),
        part(change.moved, "moved"),
    ]
    .into_iter()
    .flatten()
    .collect();
    if parts.is_empty() { "No change of meaning".into() } else { capitalised(&parts.join(", ")) }
}

/// Lower-cases the first letter unless the word is an acronym ("AI features").
fn lower_first(title: &str) -> String {
    let mut chars = title.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() => first.to_lowercase().chain(chars).collect(),
        _ => title.into(),
    }
}

fn capitalised(line: &str) -> String {
    let mut chars = line.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
