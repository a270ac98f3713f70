//! The PDF of a provision: the same record as the page, set for paper.
use super::record::Record;
use crate::pdf::{Block, Look, Sheet, Span, Tone};
use crate::site::Site;
use crate::{links, words};

/// The record as a sheet.
pub(super) fn sheet(site: &Site, record: &Record) -> Sheet {
    let provision = &record.provision;
    let mut blocks = vec![
        Block::Kicker(format!("{}  ·  {}  ·  {}", provision.platform_name, provision.document_title, provision.id)),
        Block::Title(record.title().to_string()),
        Block::Labels(labels(record)),
    ];
    if let (Some(version), at_ms) = (provision.removed_version, record.removed_ms) {
        let when = at_ms.map_or(String::new(), |ms| format!(", first seen {}", words::day(&ms)));
        blocks.push(paragraph(&format!("Removed: the clause does not stand in version {version}{when}.")));
    }
    push(&mut blocks, "What it does", &record.explanation.what_it_does);
    original(&mut blocks, record);
    push(&mut blocks, "Why it matters", &record.explanation.why_it_matters);
    push(&mut blocks, "What it means for users", &record.explanation.consumer_impact);
    if !record.notes.is_empty() {
        blocks.push(Block::Heading("Where the text leaves room".into()));
        blocks.extend(record.notes.iter().map(|note| paragraph(&note.text)));
    }
    regulations(&mut blocks, record);
    blocks.push(Block::Heading("Details".into()));
    blocks.push(Block::Table(details(record)));
    blocks.push(Block::Heading("Evidence".into()));
    blocks.push(Block::Table(evidence(site, record)));
    blocks.push(Block::Heading("How to cite".into()));
    let shown = record.citations.iter().filter(|citation| matches!(citation.id, "plain" | "bluebook" | "apa"));
    blocks.push(Block::Table(
        shown.map(|citation| (citation.name.to_string(), vec![Span::plain(&citation.text)])).collect(),
    ));
    blocks.push(Block::Small(vec![Span::look(
        format!(
            "{} describes what the text states, permits or reserves. This is no legal determination and not legal advice; how it is done, \
             and how often it errs, is said at {}{}.",
            site.config.name,
            site.config.base_url,
            links::METHODOLOGY
        ),
        Look::Italic,
    )]));
    Sheet {
        title: record.full_title(),
        record: provision.id.to_string(),
        site: site.config.name.clone(),
        made_ms: record.made_ms,
        blocks,
    }
}

fn paragraph(text: &str) -> Block {
    Block::Paragraph(vec![Span::plain(text)])
}

fn push(blocks: &mut Vec<Block>, heading: &str, text: &str) {
    if !text.is_empty() {
        blocks.push(Block::Heading(heading.into()));
        blocks.push(paragraph(text));
    }
}

fn labels(record: &Record) -> Vec<(String, Tone)> {
    use provisions::Severity;
    let provision = &record.provision;
    let tone = match provision.severity {
        Severity::Low => Tone::Low,
        Severity::Medium => Tone::Medium,
        Severity::High => Tone::High,
        Severity::Critical => Tone::Critical,
    };
    let confidence = match provision.corrected {
        Some(_) => "Corrected by an editor".into(),
        None => format!("{} confidence", provision.confidence),
    };
    let mut labels = vec![
        (format!("{} severity", provision.severity), tone),
        (confidence, Tone::Neutral),
        (provision.explicitness.to_string(), Tone::Neutral),
        (words::rarity(&record.rarity), Tone::Neutral),
    ];
    if provision.removed_version.is_some() {
        labels.insert(0, ("Removed".into(), Tone::Neutral));
    }
    labels
}

fn original(blocks: &mut Vec<Block>, record: &Record) {
    blocks.push(Block::Heading("Original clause language".into()));
    let Some(found) = &record.words else {
        blocks
            .push(paragraph("The words cannot be found at their place in the stored version, so they are not shown."));
        return;
    };
    if !record.provision.heading.is_empty() {
        blocks.push(Block::Small(vec![Span::plain(&record.provision.heading)]));
    }
    let mut spans = Vec::new();
    if let Some(lead_in) = &found.lead_in {
        spans.push(Span::look(format!("{lead_in} … "), Look::Muted));
    }
    spans.push(Span::look(&found.head, Look::Muted));
    spans.push(Span::plain(&found.excerpt));
    spans.push(Span::look(&found.tail, Look::Muted));
    blocks.push(Block::Quote(spans));
}

fn regulations(blocks: &mut Vec<Block>, record: &Record) {
    if record.regulations.is_empty() {
        return;
    }
    blocks.push(Block::Heading("Regulations that may apply".into()));
    for applicable in &record.regulations {
        let article = applicable.article.map_or(String::new(), |article| format!(", {}", article.cite));
        blocks.push(Block::Paragraph(vec![
            Span::look(format!("{}{article}", applicable.regulation.name), Look::Strong),
            Span::plain(format!(
                " ({}). {} Condition: {}",
                applicable.regulation.jurisdiction,
                words::sentence(applicable.reason),
                words::sentence(&applicable.condition)
            )),
        ]));
    }
}

fn details(record: &Record) -> Vec<(String, Vec<Span>)> {
    let (provision, document, version) = (&record.provision, &record.document, &record.version);
    let mut rows = vec![
        ("Document", format!("{}, {}", provision.document_title, document.id)),
        ("Platform", provision.platform_name.clone()),
        ("Record", provision.id.to_string()),
        ("Version", format!("{} of {}", version.number, document.versions)),
        ("Document states", stated(record)),
        ("Document first tracked", document.first_tracked_ms.map_or_else(|| "unknown".into(), |ms| words::day(&ms))),
        ("Clause first seen", words::day(&provision.first_seen_ms)),
        ("Words last changed", words::day(&record.words_changed_ms())),
        ("Clause last verified", archive::instant::format(provision.last_verified_ms)),
        ("Analysed", format!("{}, analyser {}", archive::instant::format(provision.analysed_ms), provision.analyser)),
    ];
    if let Some(kind) = record.kind {
        rows.insert(3, ("Clause type", format!("{} ({})", kind.title, words::category_title(&kind.category))));
    }
    if let Some(judgement) = &record.judgement {
        rows.push(("Review", words::capital(words::judged(judgement))));
    }
    rows.into_iter().map(|(name, value)| (name.to_string(), vec![Span::plain(value)])).collect()
}

fn stated(record: &Record) -> String {
    let parts: Vec<String> =
        [("last updated", &record.version.stated_updated), ("effective", &record.version.stated_effective)]
            .into_iter()
            .filter_map(|(name, date)| date.as_ref().map(|date| format!("{name} {date}")))
            .collect();
    if parts.is_empty() { "no date".into() } else { parts.join(", ") }
}

fn evidence(site: &Site, record: &Record) -> Vec<(String, Vec<Span>)> {
    let (held, version) = (&record.evidence, &record.version);
    let page = format!("{}{}", site.config.base_url, links::provision(&record.provision.id));
    let mut rows = vec![("Record".to_string(), vec![Span::link(&page, &page)])];
    if let Some(url) = &held.source_url {
        let span = if held.source_link().is_some() { Span::link(url, url) } else { Span::plain(url) };
        rows.push(("Source".into(), vec![span]));
    }
    rows.push((
        "SHA-256 of the text".into(),
        vec![Span::plain(format!(
            "{} (the {} bytes of the version’s clean text)",
            version.text_sha256, version.text_bytes
        ))],
    ));
    if let Some(capture) = held.answer() {
        let of = format!(
            "{} (the {} bytes of the server’s answer, decoded, captured {})",
            capture.sha256,
            capture.bytes,
            archive::instant::format(capture.at_ms)
        );
        rows.push(("SHA-256 of the capture".into(), vec![Span::plain(of)]));
    }
    if let Some(capture) = &held.capture {
        let proof = held.proof.as_ref().filter(|proof| proof.verified);
        let place = proof.map_or(String::new(), |proof| {
            format!(" of {}, inclusion proven on {}", proof.size, words::day(&record.made_ms))
        });
        rows.push(("Entry in the log".into(), vec![Span::plain(format!("{}{place}", capture.log_index))]));
    }
    for outside in held.outside() {
        let span = match outside.capture() {
            Some(capture) => Span::link(format!("{} (not part of this proof)", outside.sentence()), &capture.url),
            None => Span::plain(outside.sentence()),
        };
        rows.push(("Elsewhere".into(), vec![span]));
    }
    let bundle = format!("{}{}", site.config.base_url, links::provision_evidence(&record.provision.id));
    rows.push(("Evidence bundle".into(), vec![Span::link(&bundle, &bundle)]));
    rows
}
