//! Everything that the page of a provision tells, gathered from the store once: for the page, the JSON, the PDF.
use std::collections::BTreeMap;
use std::ops::Range;

use alerts::of_platform;
use archive::log::{TlogProof, VerifierKey, leaf_hash};
use atlas::ids::{ChangeId, ProvisionId};
use atlas::records::{Capture, Document, EventKind, Provision, Revision, Version, Wording};
use atlas::review::{Judged, Judgement};
use atlas::witnesses::Witness;
use atlas::{Atlas, AtlasError, RECENT_MS, Rarity};
use document::Structure;
use provisions::{Applicable, Circumstances, ClauseType, Explanation, Facts, taxonomy};

use super::differences::{Difference, differences};
use super::opinion::Opinion;
use crate::citation::{Citation, Cited, citations};
use crate::error::Failure;
use crate::faq::{self, Question};
use crate::outside::{Outside, Taken, taken_from};
use crate::site::Site;
use crate::words::{self, Html};
use crate::{chart, links, view};

/// Other platforms shown.
const ELSEWHERE: i64 = 4;
/// Other provisions of the document shown.
const OTHERS: usize = 8;
/// Steps of a lineage shown, the latest ones.
const STEPS: usize = 40;

/// A provision and all that is told about it.
pub(super) struct Record {
    pub provision: Provision,
    /// None if the taxonomy of this release does not know the type.
    pub kind: Option<&'static ClauseType>,
    pub document: Document,
    /// The version that the excerpt is taken from.
    pub version: Version,
    /// When the version that lacks the clause was first seen, if it is gone.
    pub removed_ms: Option<i64>,
    pub rarity: Rarity,
    /// The words in their context; none if they are not in the stored text, and then they are not shown anywhere.
    pub words: Option<Words>,
    pub facts: Facts,
    pub explanation: Explanation,
    pub notes: Vec<ShownNote>,
    /// What a language model says, if one was attached and answered.
    pub opinion: Option<Opinion>,
    pub elsewhere: Vec<Elsewhere>,
    pub steps: Vec<Step>,
    /// Its life as a drawing; empty where there is nothing to draw.
    pub life: Html,
    /// What became of it whenever the document was read again, oldest first.
    pub revisions: Vec<Revision>,
    /// What an editor says of it, if that stands.
    pub judgement: Option<Judgement>,
    pub regulations: Vec<Applicable<'static>>,
    pub evidence: Held,
    pub others: Vec<Provision>,
    /// Standing provisions of the document beside this one.
    pub others_count: usize,
    /// Material and minor changes of the platform in the last 30 days.
    pub recent: i64,
    pub citations: Vec<Citation>,
    pub questions: Vec<Question>,
    pub made_ms: i64,
}

/// The verbatim words in their context.
pub(in crate::pages) struct Words {
    /// The clause that introduces the list that the clause is in.
    pub lead_in: Option<String>,
    /// The clause before, under the same heading.
    pub before: Option<String>,
    /// What stands in the clause before the excerpt.
    pub head: String,
    pub excerpt: String,
    /// What stands in the clause after the excerpt.
    pub tail: String,
    /// The clause after, under the same heading.
    pub after: Option<String>,
    /// Link to the clause's place in the document.
    pub place: String,
    /// Number of the clause as the document gives it.
    pub number: Option<String>,
}

/// An interpretive note with links to the clauses that it speaks of.
pub(super) struct ShownNote {
    pub text: String,
    pub clauses: Vec<(String, String)>,
}

/// Another platform's clause of the same type.
pub(super) struct Elsewhere {
    pub provision: Provision,
    pub differences: Vec<Difference>,
}

/// What happened to a provision, in which version, when.
type Event = (EventKind, i64, i64);

/// A step in the life of the clause.
pub(super) struct Step {
    pub version: i64,
    pub at_ms: i64,
    pub what: &'static str,
    /// The change that made it.
    pub change: Option<ChangeId>,
    /// The words as they then were, as a redline against those before where there were any.
    pub words: Option<Html>,
    /// Whether `words` is a redline.
    pub redline: bool,
}

/// What is held as evidence of the version.
pub(super) struct Held {
    pub capture: Option<Capture>,
    /// Size of the log, the proof, and whether it was followed to the signed checkpoint just now.
    pub proof: Option<Proof>,
    /// Whether the text's hash was computed anew just now and is the recorded one.
    pub text_verified: bool,
    pub source_url: Option<String>,
    pub links: Vec<String>,
    /// What archives outside say of the version.
    pub witnesses: Vec<Witness>,
}

/// The place in the log.
pub(super) struct Proof {
    pub text: String,
    pub size: u64,
    pub origin: String,
    pub verified: bool,
}

impl Record {
    /// Gathers the record; none if there is none with this ID.
    pub async fn gather(site: &Site, id: ProvisionId) -> Result<Option<Record>, Failure> {
        let atlas = &site.atlas;
        let Some(mut provision) = atlas.provision(id).await? else { return Ok(None) };
        let document = atlas.document(provision.document).await?;
        let document = document.ok_or_else(|| Failure::Internal(format!("{} is not stored", provision.document)))?;
        let version = atlas.version(document.id, provision.last_version).await?;
        let version = version.ok_or_else(|| Failure::Internal(format!("the version of {id} is not stored")))?;
        let made_ms = site.now_ms();
        let text = text(atlas, &version).await?;
        let events = atlas.provision_events(provision.id).await?;
        let structure = text.as_deref().map(document::structure).unwrap_or_default();
        let words = text.as_deref().and_then(|text| Words::find(&provision, &document, text, &structure));
        if words.is_none() {
            provision.excerpt.clear();
        }
        let kind = taxonomy().get(&provision.clause_type);
        let facts: Facts = serde_json::from_value(provision.facts.clone()).unwrap_or_default();
        let explanation = explanation(kind, &provision, &facts);
        let body = text.as_deref().unwrap_or("");
        let all = atlas.document_provisions(document.id, false).await?;
        let notes = notes(&provision, &document, body, &structure, &all);
        let others: Vec<Provision> = all.into_iter().filter(|other| other.id != id).collect();
        let rarity = atlas.rarity(&provision.clause_type).await?;
        let evidence = Held::gather(atlas, &document, &version, text.is_some()).await?;
        let opinion = match words {
            Some(_) => Opinion::gather(atlas, &provision, body, &structure).await?,
            None => None,
        };
        let mut record = Record {
            opinion,
            removed_ms: removed_ms(atlas, &provision).await?,
            rarity,
            words,
            explanation,
            notes,
            elsewhere: elsewhere(atlas, &provision, &facts).await?,
            steps: steps(atlas, &provision, &events).await?,
            life: life(&events, &document),
            revisions: atlas.provision_revisions(id).await?,
            judgement: atlas.judgement(Judged::Provision(id)).await?,
            regulations: kind
                .map(|kind| provisions::applicable(kind, &circumstances(&document, body)))
                .unwrap_or_default(),
            evidence,
            others_count: others.len(),
            others: others.into_iter().take(OTHERS).collect(),
            recent: atlas.changes_count(&provision.platform, made_ms - RECENT_MS).await?,
            citations: Vec::new(),
            questions: Vec::new(),
            provision,
            kind,
            document,
            version,
            facts,
            made_ms,
        };
        record.citations = citations(&record.cited(site));
        record.questions = record.questions(site);
        Ok(Some(record))
    }

    /// Title of the clause type.
    pub fn title(&self) -> &str {
        words::type_title(&self.provision.clause_type)
    }

    /// Title of the page: the type and whose clause it is.
    pub fn full_title(&self) -> String {
        format!("{}: {}", self.title(), of_platform(&self.provision.platform_name, &self.provision.document_title))
    }

    /// The clause's headings, or the name of its type where it has none.
    fn clause_name(&self) -> String {
        let heading = self.provision.heading.rsplit(" > ").next().unwrap_or("").trim();
        if heading.is_empty() { self.title().to_string() } else { heading.to_string() }
    }

    /// How many times the document has changed since it is tracked.
    pub fn times_changed(&self) -> i64 {
        (self.document.versions - 1).max(0)
    }

    /// When the clause got the words that are shown: a removal changes no words.
    pub fn words_changed_ms(&self) -> i64 {
        let worded = self.steps.iter().rev().find(|step| step.words.is_some());
        worded.map_or(self.provision.last_changed_ms, |step| step.at_ms)
    }

    fn cited(&self, site: &Site) -> Cited {
        Cited {
            platform: self.provision.platform_name.clone(),
            document: self.provision.document_title.clone(),
            clause: self.clause_name(),
            record: self.provision.id.to_string(),
            record_url: format!("{}{}", site.config.base_url, links::provision(&self.provision.id)),
            version: self.version.number,
            seen_ms: self.version.first_seen_ms,
            source_url: self.evidence.source_url.clone(),
            site: site.config.name.clone(),
            accessed_ms: self.made_ms,
            text_sha256: self.version.text_sha256.to_string(),
        }
    }

    fn questions(&self, site: &Site) -> Vec<Question> {
        faq::questions(&faq::Subject {
            site: &site.config.name,
            platform: &self.provision.platform_name,
            document: &self.provision.document_title,
            clause_type: self.title(),
            what_it_does: &self.explanation.what_it_does,
            consumer_impact: &self.explanation.consumer_impact,
            rarity: self.rarity,
            counted_ms: self.made_ms,
            last_verified_ms: self.provision.last_verified_ms,
            removed: self.provision.removed_version.is_some(),
        })
    }
}

/// The version's text, whose hash the store has computed anew; none if it is damaged, which must not take the page away.
async fn text(atlas: &Atlas, version: &Version) -> Result<Option<String>, Failure> {
    match atlas.version_text(version.document, version.number).await {
        Ok(text) => Ok(text),
        Err(AtlasError::Damaged { record, reason }) => {
            eprintln!("clausewatch: {record} is damaged: {reason}");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

impl Words {
    /// The words at their place, if the stored text has them there.
    pub fn find(provision: &Provision, of: &Document, text: &str, structure: &Structure) -> Option<Words> {
        let range = provision.excerpt_range.clone();
        if provision.excerpt.is_empty() || text.get(range.clone()) != Some(provision.excerpt.as_str()) {
            return None;
        }
        let at = clause_at(structure, &range)?;
        let clause = &structure.clauses[at];
        let beside = |other: Option<usize>| {
            let other = structure.clauses.get(other?)?;
            let near = !other.is_heading() && other.heading == clause.heading;
            near.then(|| words::clip(&text[other.range.clone()], 400))
        };
        let lead_in = clause.lead_in.filter(|lead| lead + 1 != at);
        let end = clause.range.end.max(range.end);
        Some(Words {
            lead_in: lead_in
                .and_then(|lead| structure.clauses.get(lead))
                .map(|lead| words::clip(&text[lead.range.clone()], 400)),
            before: beside(at.checked_sub(1)),
            head: text[clause.range.start..range.start].to_string(),
            excerpt: provision.excerpt.clone(),
            tail: text[range.end..end].to_string(),
            after: beside(Some(at + 1)),
            place: place(provision, of, at),
            number: clause.number.clone(),
        })
    }
}

/// The clause in which a range begins.
fn clause_at(structure: &Structure, range: &Range<usize>) -> Option<usize> {
    let after = structure.clauses.partition_point(|clause| clause.range.start <= range.start);
    after.checked_sub(1).filter(|at| structure.clauses[*at].range.end > range.start)
}

/// Link to a clause of the version that the excerpt is taken from.
fn place(provision: &Provision, of: &Document, clause: usize) -> String {
    if provision.last_version == of.versions {
        return links::clause(&of.id, &clause);
    }
    format!("{}#c-{clause}", links::version(&of.id, &provision.last_version))
}

pub(in crate::pages) fn explanation(kind: Option<&ClauseType>, provision: &Provision, facts: &Facts) -> Explanation {
    match kind {
        Some(kind) => provisions::explain(kind, &provision.excerpt, facts, provision.severity, &provision.reasons),
        None => {
            Explanation { what_it_does: String::new(), why_it_matters: String::new(), consumer_impact: String::new() }
        }
    }
}

fn circumstances<'a>(document: &'a Document, text: &'a str) -> Circumstances<'a> {
    Circumstances {
        country: document.platform.country.as_deref(),
        sector: document.platform.sector.as_deref(),
        document_kind: &document.kind,
        text,
    }
}

fn notes(of: &Provision, document: &Document, text: &str, structure: &Structure, all: &[Provision]) -> Vec<ShownNote> {
    if of.excerpt.is_empty() {
        return Vec::new();
    }
    // Places of other provisions are those of the latest version; a provision that stands in an older one has no neighbours.
    let beside = all.iter().filter(|other| other.last_version == of.last_version);
    let places: Vec<(&str, Range<usize>)> =
        beside.map(|other| (other.clause_type.as_str(), other.excerpt_range.clone())).collect();
    let link = |clause: usize| {
        let name = structure.clauses.get(clause).map(|clause| words::clip(&text[clause.range.clone()], 60));
        name.map(|name| (name, place(of, document, clause)))
    };
    provisions::notes(text, structure, &of.clause_type, of.excerpt_range.clone(), &places)
        .into_iter()
        .map(|note| ShownNote { text: note.text, clauses: note.clauses.into_iter().filter_map(link).collect() })
        .collect()
}

async fn removed_ms(atlas: &Atlas, provision: &Provision) -> Result<Option<i64>, Failure> {
    let Some(number) = provision.removed_version else { return Ok(None) };
    Ok(atlas.version(provision.document, number).await?.map(|version| version.first_seen_ms))
}

async fn elsewhere(atlas: &Atlas, provision: &Provision, facts: &Facts) -> Result<Vec<Elsewhere>, Failure> {
    let others = atlas.elsewhere(provision.id, ELSEWHERE).await?;
    let told = |other: Provision| {
        let theirs: Facts = serde_json::from_value(other.facts.clone()).unwrap_or_default();
        Elsewhere { differences: differences(provision, facts, &other, &theirs), provision: other }
    };
    Ok(others.into_iter().map(told).collect())
}

/// What happened to a clause whose words became part of another.
const MERGED: &str = "Clause merged into another";

/// The life of the clause, oldest first: its wordings, and what happened to it as a provision.
async fn steps(atlas: &Atlas, provision: &Provision, events: &[Event]) -> Result<Vec<Step>, Failure> {
    let mut wordings = atlas.wordings(provision.document, provision.lineage).await?;
    let skipped = wordings.len().saturating_sub(STEPS);
    let mut before = match skipped.checked_sub(1) {
        Some(last) => Some(wording_text(atlas, provision, &wordings[last]).await?),
        None => None,
    };
    let mut steps: BTreeMap<i64, Step> = BTreeMap::new();
    for wording in wordings.drain(..).skip(skipped) {
        let words = wording_text(atlas, provision, &wording).await?;
        let shown = match &before {
            Some(before) => view::redline(before, &words),
            None => Html(words::escaped(&words)),
        };
        let what = match (&before, wording.split_from) {
            (Some(_), _) => "Clause reworded",
            (None, Some(_)) => "Clause split off another",
            (None, None) => "Clause first seen",
        };
        if let (Some(last), Some(_)) = (wording.to_version, wording.merged_into) {
            steps.insert(last + 1, step(atlas, provision, last + 1, MERGED).await?);
        }
        let mut step = step(atlas, provision, wording.from_version, what).await?;
        (step.words, step.redline) = (Some(shown), before.is_some());
        steps.insert(wording.from_version, step);
        before = Some(words);
    }
    for &(event, number, at_ms) in events {
        let what = match event {
            EventKind::Appeared => "First found in the document",
            EventKind::Reworded => "Reworded",
            EventKind::Removed => "Removed from the document",
            EventKind::Returned => "Back in the document",
        };
        if let Some(step) = steps.get_mut(&number) {
            // That its clause became part of another says more than that it went.
            if (event, step.what) != (EventKind::Removed, MERGED) {
                step.what = what;
            }
        } else if steps.len() < 2 * STEPS {
            steps.insert(number, Step { at_ms, ..step(atlas, provision, number, what).await? });
        }
    }
    Ok(steps.into_values().collect())
}

/// When it stood since its document was first tracked.
fn life(events: &[Event], document: &Document) -> Html {
    let (Some(from), Some(to)) = (document.first_tracked_ms, document.last_verified_ms) else {
        return Html(String::new());
    };
    let step = |(event, _, at_ms): &Event| format!("{} {}", words::event(event).to_lowercase(), words::day(at_ms));
    let steps: Vec<String> = events.iter().take(STEPS).map(step).collect();
    let told = format!("Tracked from {} to {}: {}", words::day(&from), words::day(&to), steps.join(", "));
    chart::life((from, to), events, &told)
}

async fn step(atlas: &Atlas, provision: &Provision, number: i64, what: &'static str) -> Result<Step, Failure> {
    let at_ms = atlas.version(provision.document, number).await?.map_or(0, |version| version.first_seen_ms);
    let change = atlas.change_between(provision.document, number).await?.map(|change| change.id);
    Ok(Step { version: number, at_ms, what, change, words: None, redline: false })
}

async fn wording_text(atlas: &Atlas, provision: &Provision, wording: &Wording) -> Result<String, Failure> {
    let text = atlas.version_text(provision.document, wording.from_version).await?.unwrap_or_default();
    Ok(text.get(wording.range.clone()).unwrap_or("").to_string())
}

impl Held {
    async fn gather(
        atlas: &Atlas,
        document: &Document,
        version: &Version,
        text_verified: bool,
    ) -> Result<Held, Failure> {
        let capture = atlas.capture(version.capture).await?;
        let proof = match &capture {
            Some(capture) => Proof::gather(atlas, capture, version).await?,
            None => None,
        };
        let own = capture.as_ref().and_then(|capture| capture.url.clone());
        let origin = capture.as_ref().and_then(|capture| capture.origin.clone());
        let given = origin.map(|origin| origin.links).unwrap_or_default();
        let links = given.into_iter().filter(|link| links::is_web(link)).collect();
        let source_url = document.urls.first().cloned().or(own);
        let witnesses = atlas.witnesses(document.id, version.number).await?;
        Ok(Held { capture, proof, text_verified, source_url, links, witnesses })
    }

    /// The source's address, if a link to it is safe.
    pub fn source_link(&self) -> Option<&str> {
        self.source_url.as_deref().filter(|url| links::is_web(url))
    }

    /// The capture's body, where a server's answer is held; an imported text has none.
    pub fn answer(&self) -> Option<&Capture> {
        self.capture.as_ref().filter(|capture| capture.status > 0)
    }

    /// What archives outside say of the version, in words.
    pub fn outside(&self) -> Vec<Outside> {
        Outside::all(&self.witnesses)
    }

    /// Set if the version was taken from an archive outside.
    pub fn taken(&self) -> Option<Taken> {
        taken_from(self.capture.as_ref())
    }

    /// Where an independent archive would hold the page of that day, if none was asked.
    pub fn wayback(&self) -> Option<String> {
        if !self.witnesses.is_empty() || self.taken().is_some() {
            return None;
        }
        let (url, capture) = (self.source_link()?, self.capture.as_ref()?);
        Some(format!("https://web.archive.org/web/{}/{url}", archive::instant::digits14(capture.at_ms)))
    }
}

impl Proof {
    /// The proof of the version's entry, followed from the entry to the checkpoint that the log's key signed.
    async fn gather(atlas: &Atlas, capture: &Capture, version: &Version) -> Result<Option<Proof>, Failure> {
        let Some(proof) = atlas.inclusion_proof(capture.log_index).await? else { return Ok(None) };
        let entry = atlas.log_entry(capture.log_index).await?;
        let checkpoint = entry.as_ref().and_then(|entry| Proof::follow(atlas, &proof, entry));
        let names =
            entry.is_some_and(|entry| String::from_utf8_lossy(&entry).contains(&version.text_sha256.to_string()));
        let (origin, size) = checkpoint.clone().unwrap_or_default();
        Ok(Some(Proof { text: proof.to_string(), size, origin, verified: checkpoint.is_some() && names }))
    }

    fn follow(atlas: &Atlas, proof: &TlogProof, entry: &[u8]) -> Option<(String, u64)> {
        let key: VerifierKey = atlas.log_key().parse().ok()?;
        let checkpoint = proof.verify(leaf_hash(entry), &key).ok()?;
        Some((checkpoint.origin, checkpoint.size))
    }
}
