//! `clausewatch show`: a record, as its page shows it.
use std::io::Write;
use std::str::FromStr;

use atlas::Atlas;
use atlas::answers::{AboutClause, ClauseWords, Said};
use atlas::ids::{ChangeId, DocumentId, ProvisionId};
use atlas::records::{Change, Document, Provision};
use atlas::review::Judged;
use provisions::taxonomy;
use serde_json::json;

use crate::instance::Place;
use crate::paint::{self, day, plain};

/// Show a record: a provision (CW-P-…), a document (CW-D-…), a change (CW-C-…)
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Its ID
    record: RecordId,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The ID of a record of any kind.
#[derive(Debug, Clone, Copy)]
enum RecordId {
    Provision(ProvisionId),
    Document(DocumentId),
    Change(ChangeId),
}

impl FromStr for RecordId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let provision = text.parse().map(RecordId::Provision).ok();
        let document = || text.parse().map(RecordId::Document).ok();
        let change = || text.parse().map(RecordId::Change).ok();
        let found = provision.or_else(document).or_else(change);
        found.ok_or_else(|| "record IDs look like CW-P-010578, CW-D-00784 or CW-C-000042".into())
    }
}

/// Prints the record; status 1 if there is none with this ID.
pub async fn run(place: &Place, args: Args) -> crate::Answer {
    let atlas = place.open_existing().await?;
    let (shown, id) = match args.record {
        RecordId::Provision(id) => (provision(&atlas, id, args.json).await?, id.to_string()),
        RecordId::Document(id) => (document(&atlas, id, args.json).await?, id.to_string()),
        RecordId::Change(id) => (change(&atlas, id, args.json).await?, id.to_string()),
    };
    if !shown {
        eprintln!("clausewatch: there is no {id} in {}", place.name());
    }
    Ok(shown)
}

async fn provision(atlas: &Atlas, id: ProvisionId, as_json: bool) -> crate::Answer {
    let Some(record) = atlas.provision(id).await? else {
        if let Some(judgement) = atlas.judgement(Judged::Provision(id)).await? {
            let hidden = atlas.provision_or_hidden(id).await?.is_some();
            anyhow::ensure!(!hidden, "{id} was {} on {}: {}", judgement.told(), day(judgement.at_ms), judgement.reason);
        }
        return Ok(false);
    };
    let judgement = atlas.judgement(Judged::Provision(id)).await?;
    let events = atlas.provision_events(id).await?;
    let rarity = atlas.rarity(&record.clause_type).await?;
    let said = said(atlas, &record).await?;
    if as_json {
        let events: Vec<_> = events
            .iter()
            .map(|(kind, version, at_ms)| json!({"event": kind, "version": version, "at_ms": at_ms}))
            .collect();
        let value = json!({"provision": record, "events": events, "rarity": {"platforms": rarity.platforms, "of_platforms": rarity.of_platforms},
            "judgement": judgement, "language_model": said, "outside_captures": atlas.witnesses(record.document, record.last_version).await?});
        println!("{}", serde_json::to_string_pretty(&value)?);
        return Ok(true);
    }
    let colours = paint::colours();
    let kind = taxonomy().get(&record.clause_type);
    let mut out = std::io::stdout().lock();
    let title = kind.map_or(record.clause_type.as_str(), |kind| kind.title.as_str());
    writeln!(out, "{}  {}", record.id, paint::bold(&plain(title), colours))?;
    writeln!(out, "{}", source(&record.platform_name, &record.document_title, record.document))?;
    writeln!(out, "{}  {}", paint::severity(record.severity, colours).trim_end(), standing(&record))?;
    if let Some(judgement) = judgement {
        writeln!(out, "{} on {}", judgement.told(), day(judgement.at_ms))?;
    }
    writeln!(out, "on {} of {} platforms\n", rarity.platforms, rarity.of_platforms)?;
    writeln!(out, "{}\n", paint::wrap(&format!("“{}”", plain(&record.excerpt)), 4))?;
    if let Some(kind) = kind {
        writeln!(out, "{}\n{}\n", paint::wrap(&kind.why_it_matters, 0), paint::wrap(&kind.consumer_impact, 0))?;
    }
    for (event, version, at_ms) in events {
        let event = serde_json::to_value(event)?;
        writeln!(out, "{}  {} in version {version}", day(at_ms), event.as_str().unwrap_or(""))?;
    }
    if let Some(said) = said {
        writeln!(out, "\nA language model, {}, on {}:", plain(&said.model), day(said.at_ms))?;
        writeln!(out, "{}", paint::wrap(&plain(&said.what.explanation), 4))?;
        for named in &said.what.types {
            let quoted = format!("{}: “{}”", named.id, plain(&named.quotation));
            writeln!(out, "{}", paint::wrap(&quoted, 4))?;
        }
        if !said.what.types.iter().any(|named| named.id == record.clause_type) {
            writeln!(out, "    It does not see {} in the clause.", record.clause_type)?;
        }
    }
    Ok(true)
}

/// What an attached language model said about the clause.
async fn said(atlas: &Atlas, record: &Provision) -> anyhow::Result<Option<Said<AboutClause>>> {
    let text = atlas.version_text(record.document, record.last_version).await?.unwrap_or_default();
    let structure = document::structure(&text);
    match ClauseWords::at(&text, &structure, &record.excerpt_range) {
        Some(clause) => Ok(atlas.said_of_clause(&clause).await?),
        None => Ok(None),
    }
}

/// The document that a record is of.
fn source(platform: &str, title: &str, document: DocumentId) -> String {
    format!("{}, {} ({document})", plain(platform), plain(title))
}

fn standing(record: &Provision) -> String {
    match record.removed_version {
        Some(version) => format!("removed in version {version}, last verified {}", day(record.last_verified_ms)),
        None => {
            format!("stands since version {}, last verified {}", record.first_version, day(record.last_verified_ms))
        }
    }
}

async fn document(atlas: &Atlas, id: DocumentId, as_json: bool) -> crate::Answer {
    let Some(record) = atlas.document(id).await? else { return Ok(false) };
    let versions = atlas.versions(id).await?;
    let provisions = atlas.document_provisions(id, false).await?;
    if as_json {
        let outside = atlas.witnesses(id, record.versions).await?;
        let value =
            json!({"document": record, "versions": versions, "provisions": provisions, "outside_captures": outside});
        println!("{}", serde_json::to_string_pretty(&value)?);
        return Ok(true);
    }
    print_document(&record, versions.len(), &provisions)?;
    Ok(true)
}

fn print_document(record: &Document, versions: usize, provisions: &[Provision]) -> anyhow::Result<()> {
    let colours = paint::colours();
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}  {}, {}", record.id, paint::bold(&plain(&record.platform.name), colours), plain(&record.title))?;
    for url in &record.urls {
        writeln!(out, "{}", plain(url))?;
    }
    let date = |ms: Option<i64>| ms.map_or("never".into(), day);
    let (first, changed, verified) =
        (date(record.first_tracked_ms), date(record.last_changed_ms), date(record.last_verified_ms));
    writeln!(out, "{versions} versions; tracked since {first}, last changed {changed}, last verified {verified}\n")?;
    for provision in provisions {
        let title =
            taxonomy().get(&provision.clause_type).map_or(provision.clause_type.as_str(), |kind| kind.title.as_str());
        writeln!(out, "{}  {}  {title}", provision.id, paint::severity(provision.severity, colours))?;
    }
    Ok(())
}

async fn change(atlas: &Atlas, id: ChangeId, as_json: bool) -> crate::Answer {
    let Some(record) = atlas.change(id).await? else { return Ok(false) };
    if as_json {
        println!("{}", serde_json::to_string_pretty(&record)?);
        return Ok(true);
    }
    print_change(&record)?;
    Ok(true)
}

fn print_change(record: &Change) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let change = &record.change;
    writeln!(out, "{}  {}", record.id, paint::bold(&plain(&change.headline), paint::colours()))?;
    writeln!(out, "{}", source(&record.platform_name, &record.document_title, record.document))?;
    let materiality = serde_json::to_value(change.materiality)?;
    writeln!(out, "{}, version {} to {}", day(change.at_ms), change.from_version, change.to_version)?;
    writeln!(out, "{}: {}", materiality.as_str().unwrap_or(""), plain(&change.reason))?;
    writeln!(
        out,
        "{} reworded, {} added, {} removed, {} moved",
        change.reworded, change.added, change.removed, change.moved
    )?;
    for touched in &record.provisions {
        let event = serde_json::to_value(touched.event)?;
        let title =
            taxonomy().get(&touched.clause_type).map_or(touched.clause_type.as_str(), |kind| kind.title.as_str());
        writeln!(out, "{}  {:<9} {title}", touched.id, event.as_str().unwrap_or(""))?;
    }
    Ok(())
}
