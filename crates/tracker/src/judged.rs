//! What editors judged, as labels to learn from and to measure by: clauses as `clausewatch train` and `clausewatch eval` read them, verdicts
//! as `labels/changes.tsv` keeps them.
use std::collections::HashSet;

use atlas::ids::{ChangeId, DocumentId, ProvisionId};
use atlas::records::{Origin, Provision};
use atlas::review::{Found, Judged, Judgement, Ruling};
use atlas::{Atlas, AtlasError};
use provisions::passage;
use serde::Serialize;

/// Judgements read at once.
const STEP: i64 = 500;

/// A judged clause, as a line of a corpus ([`provisions::corpus`]).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Clause {
    /// ID of the provision that was judged.
    pub id: String,
    /// Name of the platform.
    pub platform: String,
    /// Headings above the clause, joined by ` > `.
    pub heading: String,
    /// Its words, as the reader reads them: an item of a list after what introduces the list.
    pub text: String,
    /// The types that it is shown with, the judged one first; `-` if there are none.
    pub types: Vec<String>,
    /// The severity of the first; `-` if there is none.
    pub severity: String,
    /// Whether it is learnt from and not measured on.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub only_trains: bool,
}

/// Labels, and how many judgements give none.
#[derive(Debug, Clone, PartialEq)]
pub struct Labels<T> {
    /// The labels, those judged last first.
    pub labels: Vec<T>,
    /// Judgements that give no label: the clause has other words now, or the versions are of no collection.
    pub left_out: usize,
}

/// The clauses whose provisions an editor confirmed or corrected. What an editor hid says nothing of the reader, and is left aside.
pub async fn clauses(atlas: &Atlas, only_trains: bool) -> Result<Labels<Clause>, AtlasError> {
    let (mut labels, mut left_out, mut seen) = (Vec::new(), 0, HashSet::new());
    for judgement in standing(atlas).await? {
        let Judged::Provision(id) = judgement.record else { continue };
        if judgement.ruling == Ruling::Hidden {
            continue;
        }
        let provision = atlas.provision_or_hidden(id).await?;
        let same = |provision: &Provision| matches!(&judgement.found, Found::Provision { excerpt, .. } if *excerpt == provision.excerpt);
        match provision.filter(same) {
            Some(provision) if seen.insert((provision.document, provision.lineage)) => {
                labels.extend(clause(atlas, id, &provision, only_trains).await?);
            }
            Some(_) => {}
            None => left_out += 1,
        }
    }
    Ok(Labels { labels, left_out })
}

async fn clause(
    atlas: &Atlas,
    id: ProvisionId,
    provision: &Provision,
    only_trains: bool,
) -> Result<Option<Clause>, AtlasError> {
    let Provision { document, last_version, lineage, .. } = *provision;
    let text = atlas.version_text(document, last_version).await?.unwrap_or_default();
    let lineages = atlas.version_lineages(document, last_version).await?;
    let Some(at) = lineages.iter().position(|of| *of == lineage) else { return Ok(None) };
    let passage = passage(&text, &document::structure(&text), at, None);
    let mut found = atlas.clause_provisions(document, lineage).await?;
    found.retain(|(found, shown)| *shown && found.last_version == last_version);
    found.sort_by_key(|(found, _)| found.id != id);
    let severity = found.first().map_or("-".into(), |(first, _)| first.severity.to_string().to_lowercase());
    let mut types: Vec<String> = found.into_iter().map(|(found, _)| found.clause_type).collect();
    if types.is_empty() {
        types.push("-".into());
    }
    Ok(Some(Clause {
        id: id.to_string(),
        platform: provision.platform_name.clone(),
        text: passage.read_text(),
        heading: passage.heading,
        types,
        severity,
        only_trains,
    }))
}

/// The verdicts that an editor confirmed or gave, on changes between versions that an Open Terms Archive collection recorded: tab-separated
/// lines of collection, earlier commit, its file, later commit, its file, verdict and `-`.
pub async fn verdicts(atlas: &Atlas) -> Result<Labels<String>, AtlasError> {
    let (mut labels, mut left_out) = (Vec::new(), 0);
    for judgement in standing(atlas).await? {
        let Judged::Change(id) = judgement.record else { continue };
        match verdict(atlas, id).await? {
            Some(line) => labels.push(line),
            None => left_out += 1,
        }
    }
    Ok(Labels { labels, left_out })
}

async fn verdict(atlas: &Atlas, id: ChangeId) -> Result<Option<String>, AtlasError> {
    let Some(of) = atlas.change(id).await? else { return Ok(None) };
    let old = recorded(atlas, of.document, of.change.from_version).await?;
    let new = recorded(atlas, of.document, of.change.to_version).await?;
    let (Some(old), Some(new)) = (old, new) else { return Ok(None) };
    let file = format!("{}/{}.md", of.platform_name, of.document_kind);
    let verdict = of.change.materiality.name();
    Ok(Some(format!("{}\t{}\t{file}\t{}\t{file}\t{verdict}\t-", new.name, old.id, new.id)))
}

/// Where a version was recorded, if a collection did.
async fn recorded(atlas: &Atlas, document: DocumentId, version: i64) -> Result<Option<Origin>, AtlasError> {
    let Some(version) = atlas.version(document, version).await? else { return Ok(None) };
    let origin = atlas.capture(version.capture).await?.and_then(|capture| capture.origin);
    Ok(origin.filter(|origin| origin.kind == "ota"))
}

/// The judgements that stand, the last first.
async fn standing(atlas: &Atlas) -> Result<Vec<Judgement>, AtlasError> {
    let (mut standing, mut seen) = (Vec::new(), HashSet::new());
    for step in 0.. {
        let judgements = atlas.latest_judgements(step * STEP, STEP).await?;
        let last = (judgements.len() as i64) < STEP;
        let latest = judgements.into_iter().filter(|judgement| seen.insert(judgement.record));
        standing.extend(latest.filter(|judgement| judgement.ruling != Ruling::Withdrawn));
        if last {
            break;
        }
    }
    Ok(standing)
}
