//! The reader of clauses: the trained model and what is concluded from its scores.
use std::cell::RefCell;
use std::fmt;
use std::ops::Range;
use std::sync::LazyLock;

use document::Structure;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::contrary::Wording;
use crate::denials;
use crate::facts::Facts;
use crate::features::Scratch;
use crate::model::{Model, ModelError, SEAL, Workspace};
use crate::normalise;
use crate::passage::{MOST_BYTES, Passage, passage};
use crate::severity::assess;
use crate::taxonomy::{ClauseType, Severity, Taxonomy, taxonomy};
use crate::unfair::Head;

/// The trained model of this release.
static MODEL: &[u8] = include_bytes!("../../../models/clauses.bin");

/// The calibrated probability that a classification is right, as a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// More likely right than wrong, no more.
    Low,
    /// Probably right.
    Medium,
    /// Right in at least 92 of 100 cases.
    High,
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Confidence::Low => "Low",
            Confidence::Medium => "Medium",
            Confidence::High => "High",
        })
    }
}

/// Whether the excerpt itself states the provision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Explicitness {
    /// It follows from several passages, or from silence.
    Inferred,
    /// The excerpt states it.
    Explicit,
}

impl fmt::Display for Explicitness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Explicitness::Inferred => "Inferred",
            Explicitness::Explicit => "Explicit",
        })
    }
}

/// A clause type recognised in one clause.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// The clause type's ID.
    pub type_id: &'static str,
    /// Bytes of the clause's text that carry it.
    pub excerpt: Range<usize>,
    /// Calibrated probability that it is right, 0 to 1.
    pub score: f32,
    /// Its level.
    pub confidence: Confidence,
    /// How much it can cost the person bound by it.
    pub severity: Severity,
    /// Why the severity is higher or lower than the type's own, in words.
    pub reasons: Vec<String>,
    /// Stated or inferred.
    pub explicitness: Explicitness,
    /// What the clause says in figures and names.
    pub facts: Facts,
}

/// A [`Finding`] at its place in a document.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Provision {
    /// The clause type's ID.
    pub type_id: &'static str,
    /// Index in [`Structure::clauses`].
    pub clause: usize,
    /// Bytes of the document's clean text.
    pub excerpt: Range<usize>,
    /// See [`Finding`].
    pub score: f32,
    /// See [`Finding`].
    pub confidence: Confidence,
    /// See [`Finding`].
    pub severity: Severity,
    /// See [`Finding`].
    pub reasons: Vec<String>,
    /// See [`Finding`].
    pub explicitness: Explicitness,
    /// See [`Finding`].
    pub facts: Facts,
}

/// A clause of at most this many bytes is its own excerpt.
const SHORT_CLAUSE: usize = 320;

/// Reads clauses with a trained model.
#[derive(Debug)]
pub struct Reader {
    model: Model,
    kinds: Vec<&'static ClauseType>,
    version: String,
}

thread_local! {
    static WORK: RefCell<Work> = RefCell::default();
}

/// Buffers reused from passage to passage.
#[derive(Debug, Default)]
struct Work {
    model: Workspace,
    text: String,
}

/// A type that a clause is asserted to be of.
#[derive(Debug, Clone, PartialEq)]
pub struct Assertion {
    /// The clause type.
    pub kind: &'static ClauseType,
    /// Calibrated probability.
    pub score: f32,
    /// Its level.
    pub confidence: Confidence,
    /// The severity that clauses of the type most often have.
    pub usual_severity: Severity,
}

impl Assertion {
    /// With the probability from which confidence is high, and the severity that is usual if the taxonomy's own is not.
    pub(crate) fn new(kind: &'static ClauseType, score: f32, high: f32, usual: Option<Severity>) -> Assertion {
        let confidence = level(score, high);
        Assertion { kind, score, confidence, usual_severity: usual.unwrap_or(kind.severity) }
    }
}

impl Reader {
    /// The reader of this release.
    pub fn embedded() -> &'static Reader {
        static READER: LazyLock<Reader> = LazyLock::new(|| {
            let reader = Reader::from_model_file(MODEL);
            reader.expect("the embedded model is tested")
        });
        &READER
    }

    /// A reader with the model of `file`.
    pub fn from_model_file(file: &[u8]) -> Result<Reader, ModelError> {
        let reader = Reader::with_model(Model::from_bytes(file)?)?;
        Ok(Reader { version: version_of(file), ..reader })
    }

    /// A reader with a model that is in no file; its version is empty.
    pub(crate) fn with_model(model: Model) -> Result<Reader, ModelError> {
        let kind = |name: &str| taxonomy().get(name).ok_or_else(|| ModelError::UnknownType(name.to_owned()));
        let kinds = model.types.iter().map(|known| kind(&known.id)).collect::<Result<Vec<_>, _>>()?;
        Ok(Reader { model, kinds, version: String::new() })
    }

    /// Names what the findings depend on: release, model and taxonomy. Other findings are only possible under another version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Positions in the taxonomy of the types that it knows, and the probability from which each is asserted.
    pub(crate) fn thresholds(&self) -> impl Iterator<Item = (usize, f32)> + '_ {
        let position = |known: &crate::model::TypeModel| taxonomy().position(&known.id);
        self.model.types.iter().filter_map(move |known| Some((position(known)?, known.calibration.threshold)))
    }

    /// The types of a clause given by its headings and words alone, most probable first.
    pub fn types(&self, heading: &str, text: &str) -> Vec<Assertion> {
        WORK.with_borrow_mut(|work| self.types_with(heading, text, &mut work.model))
    }

    /// Hands over each type that comes into question for a text, with its final score, before anything is decided.
    pub(crate) fn consider(&self, text: &str, mut each: impl FnMut(&'static ClauseType, f32)) {
        WORK.with_borrow_mut(|work| {
            let text = &text[..text.floor_char_boundary(MOST_BYTES)];
            self.model.score("", text, &mut work.model);
            let judged = self.model.judge(text.len(), &mut work.model);
            judged.iter().for_each(|&(number, score)| each(self.kinds[number], score));
        });
    }

    fn types_with(&self, heading: &str, text: &str, work: &mut Workspace) -> Vec<Assertion> {
        let text = &text[..text.floor_char_boundary(MOST_BYTES)];
        self.model.score(heading, text, work);
        let mut found = Vec::new();
        for &(number, score) in self.model.judge(text.len(), work) {
            let (known, kind) = (&self.model.types[number], self.kinds[number]);
            let score = known.calibration.probability(score);
            if score >= known.calibration.threshold {
                let assertion = Assertion::new(kind, score, known.calibration.high, known.calibration.severity);
                found.push((number, assertion));
            }
        }
        let Scratch { words, seen, met, hints, .. } = &mut work.scratch;
        if found.is_empty() || !hints.are_english() {
            return Vec::new();
        }
        if let Some(contraries) = &self.model.contraries
            && let Some(wording) = Wording::of(words)
        {
            found.retain(|&(number, _)| contraries.states(number, &wording));
        }
        let mut found: Vec<Assertion> = found.into_iter().map(|(_, assertion)| assertion).collect();
        found.retain(|assertion| !denials::withdraws(met, &assertion.kind.id, words, seen));
        found.sort_by(|a, b| b.score.total_cmp(&a.score));
        found
    }

    /// The clause types of a passage, most probable first; none for a heading or a label.
    pub fn findings(&self, passage: &Passage<'_>) -> Vec<Finding> {
        if passage.is_heading || passage.is_label() {
            return Vec::new();
        }
        WORK.with_borrow_mut(|work| {
            let Work { model, text } = work;
            passage.read_into(text);
            let types = self.types_with(&passage.heading, text, model);
            if let Some(head) = passage.foreign.filter(|_| !normalise::looks_english(&model.scratch.words)) {
                let types = head.reader().types(passage.text, model);
                return types.into_iter().map(|(found, excerpt)| finding(found, passage, excerpt)).collect();
            }
            let excerpts = self.excerpts(&types, passage.text, model);
            types.into_iter().zip(excerpts).map(|(found, excerpt)| finding(found, passage, excerpt)).collect()
        })
    }

    /// For each type of a clause, the sentences that carry it: from the first to the last of those that speak for it; all of a short clause.
    fn excerpts(&self, types: &[Assertion], text: &str, work: &mut Workspace) -> Vec<Range<usize>> {
        let whole = trimmed(text);
        if whole.len() <= SHORT_CLAUSE || types.is_empty() {
            return vec![whole; types.len()];
        }
        let number = |found: &Assertion| self.kinds.iter().position(|kind| kind.id == found.kind.id).unwrap_or(0);
        let numbers: Vec<usize> = types.iter().map(number).collect();
        let sentences = normalise::sentences(&text[..text.floor_char_boundary(MOST_BYTES)]);
        let mut weights = vec![Vec::with_capacity(sentences.len()); types.len()];
        for sentence in &sentences {
            let evidence = self.model.evidence(&text[sentence.clone()], work);
            numbers.iter().zip(&mut weights).for_each(|(&number, weights)| weights.push(evidence(number)));
        }
        weights.iter().map(|weights| carrying(&sentences, weights).unwrap_or(whole.clone())).collect()
    }
}

/// From the first to the last of the sentences that speak for a type, each by its weight, if any does.
fn carrying(sentences: &[Range<usize>], weights: &[f32]) -> Option<Range<usize>> {
    let best = weights.iter().copied().reduce(f32::max).filter(|&best| best > 0.0)?;
    let carries = |&weight: &f32| weight >= best * 0.5;
    let (first, last) = (weights.iter().position(carries)?, weights.iter().rposition(carries)?);
    Some(sentences[first].start..sentences[last].end)
}

fn finding(found: Assertion, passage: &Passage<'_>, excerpt: Range<usize>) -> Finding {
    let assessed = assess(found.kind, Some(found.usual_severity), passage, excerpt.clone());
    Finding {
        type_id: &found.kind.id,
        excerpt,
        score: found.score,
        confidence: found.confidence,
        severity: assessed.severity,
        reasons: assessed.reasons,
        explicitness: assessed.explicitness,
        facts: assessed.facts,
    }
}

/// Probability from which confidence is at least medium.
const MEDIUM: f32 = 0.6;

fn level(score: f32, high: f32) -> Confidence {
    match score {
        score if score >= high => Confidence::High,
        score if score >= MEDIUM => Confidence::Medium,
        _ => Confidence::Low,
    }
}

fn trimmed(text: &str) -> Range<usize> {
    let start = text.len() - text.trim_start().len();
    start..start.max(text.trim_end().len())
}

fn version_of(model: &[u8]) -> String {
    let mut hash = Sha256::new();
    // The seal stands for a file: it is known to be that of its bytes.
    for file in [model].into_iter().chain(Head::FOREIGN.map(Head::file)) {
        hash.update(&file[file.len().saturating_sub(SEAL)..]);
    }
    Taxonomy::sources().iter().for_each(|source| hash.update(source));
    let digest = hash.finalize();
    let short: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("{}+{short}", env!("CARGO_PKG_VERSION"))
}

/// All provisions of a document, in the order of its text.
pub fn analyse(reader: &Reader, text: &str, structure: &Structure) -> Vec<Provision> {
    let (mut found, foreign) = (Vec::new(), Head::of_text(text));
    for (index, clause) in structure.clauses.iter().enumerate() {
        for finding in reader.findings(&passage(text, structure, index, foreign)) {
            found.push(Provision {
                type_id: finding.type_id,
                clause: index,
                excerpt: clause.range.start + finding.excerpt.start..clause.range.start + finding.excerpt.end,
                score: finding.score,
                confidence: finding.confidence,
                severity: finding.severity,
                reasons: finding.reasons,
                explicitness: finding.explicitness,
                facts: finding.facts,
            });
        }
    }
    found
}
