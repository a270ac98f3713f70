//! The table that `clausewatch read` prints for people: first how many provisions there are and how severe, then each of the severe ones
//! with its words and its place, then the others by name.
use std::cmp::Reverse;
use std::io::Write;

use document::Reading;
use provisions::{Confidence, Provision, Severity, taxonomy};

use crate::paint;

/// Characters shown of a provision's words.
const EXCERPT: usize = 280;
/// Places named of a clause type that occurs in many.
const PLACES: usize = 4;

/// One clause type of a document: its most severe provision, and the others of the type.
struct Group<'a> {
    title: &'static str,
    first: &'a Provision,
    others: Vec<&'a Provision>,
}

/// Prints the table; `all` shows the words of every provision.
pub fn print(
    out: &mut impl Write,
    source: &str,
    reading: &Reading,
    found: &[Provision],
    all: bool,
) -> anyhow::Result<()> {
    let colours = paint::colours();
    let title = paint::plain(reading.title.as_deref().unwrap_or(source));
    writeln!(out, "{}", paint::bold(&paint::wrap(&title, 0), colours))?;
    writeln!(out, "{}\n", paint::faint(&paint::wrap(&about(source, reading), 0), colours))?;
    let limits = provisions::language::limits(reading.language.as_deref());
    if let Some(limits) = &limits {
        writeln!(out, "{}", paint::wrap(limits, 0))?;
    }
    if found.is_empty() {
        if limits.is_none() {
            writeln!(out, "No provision was found.")?;
        }
        return Ok(());
    }
    writeln!(out, "{}", paint::bold(&counts(found), colours))?;
    let groups = grouped(found);
    for severity in [Severity::Critical, Severity::High, Severity::Medium, Severity::Low] {
        let of_severity: Vec<&Group<'_>> = groups.iter().filter(|group| group.first.severity == severity).collect();
        if of_severity.is_empty() {
            continue;
        }
        let name = severity.to_string().to_uppercase();
        writeln!(out, "\n{}", paint::shaded(severity, &name, colours))?;
        for group in of_severity {
            if all {
                in_full(out, reading, group, colours)?;
                for other in &group.others {
                    words(out, reading, other, colours)?;
                }
            } else if severity >= Severity::High {
                in_full(out, reading, group, colours)?;
            } else {
                by_name(out, reading, group, colours)?;
            }
        }
    }
    let more = if all { "" } else { " --all shows the words of every provision," };
    let note = format!("Read by a machine, which errs; not legal advice.{more} --json has byte ranges and hashes.");
    writeln!(out, "\n{}", paint::faint(&paint::wrap(&note, 0), colours))?;
    Ok(())
}

/// "terms.html · English · last updated 2024-03-01 · 86 clauses"
fn about(source: &str, reading: &Reading) -> String {
    let mut parts = vec![paint::plain(source)];
    parts.extend(reading.language.as_ref().map(|code| provisions::language::name(code).to_owned()));
    let date = |label: &str, date: Option<document::Date>| date.map(|date| format!("{label} {date}"));
    parts.extend(date("last updated", reading.structure.dates.updated));
    parts.extend(date("effective", reading.structure.dates.effective));
    let clauses = reading.structure.clauses.iter().filter(|clause| !clause.is_heading()).count();
    parts.push(paint::counted(clauses, "clause", "clauses"));
    parts.join(" · ")
}

/// "21 provisions: 3 critical, 6 high, 9 medium, 3 low"
fn counts(found: &[Provision]) -> String {
    let by_severity = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low].map(|severity| {
        let count = found.iter().filter(|provision| provision.severity == severity).count();
        (count > 0).then(|| format!("{count} {}", severity.to_string().to_lowercase()))
    });
    let by_severity: Vec<String> = by_severity.into_iter().flatten().collect();
    format!("{}: {}", paint::counted(found.len(), "provision", "provisions"), by_severity.join(", "))
}

/// Provisions by clause type, most severe and surest first.
fn grouped(found: &[Provision]) -> Vec<Group<'_>> {
    let mut sorted: Vec<&Provision> = found.iter().collect();
    sorted.sort_by_key(|p| (Reverse(p.severity), Reverse(p.confidence), p.excerpt.start));
    let mut groups: Vec<Group<'_>> = Vec::new();
    for provision in sorted {
        let Some(kind) = taxonomy().get(provision.type_id) else { continue };
        match groups.iter_mut().find(|group| group.first.type_id == provision.type_id) {
            Some(group) => group.others.push(provision),
            None => groups.push(Group { title: &kind.title, first: provision, others: Vec::new() }),
        }
    }
    groups
}

/// A clause type with its words, its place and why it is as severe as it is.
fn in_full(out: &mut impl Write, reading: &Reading, group: &Group<'_>, colours: bool) -> std::io::Result<()> {
    writeln!(out, "{}", paint::wrap(&paint::bold(group.title, colours), 2))?;
    words(out, reading, group.first, colours)?;
    for reason in &group.first.reasons {
        writeln!(out, "{}", paint::wrap(&format!("→ {reason}"), 4))?;
    }
    if !group.others.is_empty() {
        writeln!(
            out,
            "{}",
            paint::faint(&paint::wrap(&format!("also in {}", places(reading, &group.others)), 4), colours)
        )?;
    }
    writeln!(out)
}

/// A provision's place and words.
fn words(out: &mut impl Write, reading: &Reading, provision: &Provision, colours: bool) -> std::io::Result<()> {
    let unsure = match provision.confidence {
        Confidence::High => "",
        Confidence::Medium => " · probably",
        Confidence::Low => " · perhaps",
    };
    let place = format!("{}{unsure}", place(reading, provision));
    writeln!(out, "{}", paint::faint(&paint::wrap(&place, 4), colours))?;
    let excerpt = paint::clip(&paint::plain(&reading.text[provision.excerpt.clone()]), EXCERPT);
    writeln!(out, "{}", paint::wrap(&format!("“{excerpt}”"), 4))
}

/// A clause type by name, its places at the right where there is room.
fn by_name(out: &mut impl Write, reading: &Reading, group: &Group<'_>, colours: bool) -> std::io::Result<()> {
    let mut all = vec![group.first];
    all.extend(&group.others);
    let places = places(reading, &all);
    let (title, width) = (group.title, paint::width());
    let used = 2 + paint::columns(title) + 2 + paint::columns(&places);
    if used <= width {
        let dots = ".".repeat(width - used);
        return writeln!(out, "  {title} {} {}", paint::faint(&dots, colours), paint::faint(&places, colours));
    }
    writeln!(out, "{}\n{}", paint::wrap(title, 2), paint::faint(&paint::wrap(&places, 6), colours))
}

/// Where provisions stand, each place once.
fn places(reading: &Reading, provisions: &[&Provision]) -> String {
    let mut names: Vec<String> = Vec::new();
    for provision in provisions {
        let name = place(reading, provision);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let more = names.len().saturating_sub(PLACES);
    names.truncate(PLACES);
    if more > 0 {
        names.push(format!("{more} more"));
    }
    names.join("; ")
}

/// The section of a provision: its heading, or its number, or how far down the text it is.
fn place(reading: &Reading, provision: &Provision) -> String {
    let clauses = &reading.structure.clauses;
    let clause = clauses.get(provision.clause);
    let heading = clause.and_then(|clause| clauses.get(clause.heading?));
    // The document's own title above everything says nothing of the place.
    let heading = heading.map(|heading| paint::clip(&paint::plain(&reading.text[heading.range.clone()]), 48));
    let heading = heading.filter(|heading| Some(heading) != reading.title.as_ref());
    let number = clause.and_then(|clause| clause.number.clone());
    match (heading, number) {
        (Some(heading), Some(number)) => format!("{heading}, {number}"),
        (Some(heading), None) => heading,
        (None, Some(number)) => format!("clause {number}"),
        (None, None) => format!("at {}% of the text", provision.excerpt.start * 100 / reading.text.len().max(1)),
    }
}
