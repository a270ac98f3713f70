//! A document's history as a fold: each observation (a capture and the text read from it) advances it by at most one version.
//!
//! Pure: no clock and no store. [`History::resume`] takes what the atlas knows, [`History::observe`] advances,
//! [`History::take_batch`] hands over what is new, to be recorded in one transaction.
//!
//! **Lineage.** Clauses of consecutive versions are aligned; a clause keeps the lineage number of the clause that it comes from. A
//! clause that was removed and stands again word for word gets its old number back, so that texts that flip back and forth do not
//! breed lineages. Of a clause that was split one part keeps the number, and of clauses that were merged one number stays: that of the
//! largest, or of another if the provision is there. The other parts begin lineages that name the one they come from, and the other
//! clauses' lineages end naming the one that they went into. A defective version (an error page, an empty shell) has no lineages: the version before it stays the base.
use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use archive::Sha256Digest;
use atlas::ids::DocumentId;
use atlas::records::{
    Batch, Entry, EventKind, HistoryState, Materiality, NewCapture, NewChange, NewVersion, ProvisionEvent,
    ProvisionState, Wording,
};
use compare::{
    Alignment, Context, Defect, Pair, PairKind, Verdict, align, commands, defect, idle, is_aside, is_reference,
    is_repeated, is_slight, judge,
};
use document::{Date, StatedDates, Structure};
use provisions::{Finding, Reader, taxonomy};

use crate::beside::Beside;
use crate::headline::headline;

/// So many captures in a row may be defective; the next one is taken for the document.
const DEFECTIVE_IN_A_ROW: i64 = 8;
/// Classifications are remembered for this many clauses of a document; texts that come back are not read again.
const REMEMBERED: usize = 20_000;

/// Most words of a line of an error message.
const MESSAGE: usize = 20;

/// Why a change is called cosmetic that a collection made by extracting the text in another way.
pub const EXTRACTION: &str = "the collection changed how it extracts the text";

/// A capture and the clean text read from it.
#[derive(Debug, Clone)]
pub struct Observation {
    /// The bytes.
    pub capture: NewCapture,
    /// Clean text.
    pub text: String,
    /// The source recorded it as a version of its own, so it becomes one even if our clean text is the same as before.
    pub recorded: bool,
    /// Set when the source says that the text differs for a technical reason (it changed how it extracts the page).
    pub technical: Option<String>,
}

/// What becomes of an observation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observed {
    /// A new version with this number.
    Version(i64),
    /// Other bytes, same text: the latest version is confirmed and the capture kept.
    SameText,
    /// Same bytes as the capture before: the latest version is confirmed.
    SameBytes,
}

/// The latest sound version, which the next one is aligned with.
struct Base {
    text: String,
    structure: Structure,
    lineages: Vec<u32>,
    findings: Vec<Arc<[Finding]>>,
    facts: Facts,
    beside: OnceCell<Beside>,
}

impl Base {
    fn clause(&self, index: usize) -> &str {
        &self.text[self.structure.clauses[index].range.clone()]
    }

    fn clauses(&self) -> Vec<&str> {
        (0..self.structure.clauses.len()).map(|index| self.clause(index)).collect()
    }

    /// Found once, when a version that differs is judged; it is asked for again when the next one is.
    fn beside(&self) -> &Beside {
        self.beside.get_or_init(|| {
            let binds = |finding: &Finding| taxonomy().get(finding.type_id).is_none_or(|kind| kind.binds);
            Beside::of(&self.text, &self.structure, &|index| self.findings[index].iter().any(binds))
        })
    }
}

/// Key of a provision within its document.
type Key = (u32, String);

/// The history of one document while it is being advanced.
pub struct History<'a> {
    reader: &'a Reader,
    document: DocumentId,
    versions: i64,
    /// How often the document had been analysed anew.
    revised: i64,
    /// The base of a resumed history, not read yet: most checks find the same text and never need it.
    stored_base: Option<(String, Vec<u32>)>,
    base: Option<Base>,
    base_number: i64,
    last_lineage: u32,
    texts: HashMap<Sha256Digest, i64>,
    latest_text: Option<Sha256Digest>,
    /// Of what was handed over or stored; what was observed since then is in the batch.
    latest_capture: Option<Sha256Digest>,
    /// Wordings that stand, by lineage.
    open: HashMap<u32, Wording>,
    /// Lineages that stand in no version now, by the hash of their last words.
    retired: HashMap<Sha256Digest, Vec<u32>>,
    provisions: BTreeMap<Key, ProvisionState>,
    remembered: HashMap<Sha256Digest, Arc<[Finding]>>,
    batch: Pending,
}

/// What [`History::take_batch`] hands over.
#[derive(Default)]
struct Pending {
    after_version: i64,
    entries: Vec<Entry>,
    wordings: BTreeMap<(u32, i64), Wording>,
    touched: BTreeMap<Key, ()>,
    events: Vec<ProvisionEvent>,
}

impl<'a> History<'a> {
    /// Goes on from what the atlas knows of the document (none for a new one).
    pub fn resume(reader: &'a Reader, document: DocumentId, state: Option<HistoryState>) -> Self {
        let mut history = History {
            reader,
            document,
            versions: 0,
            revised: 0,
            stored_base: None,
            base: None,
            base_number: 0,
            last_lineage: 0,
            texts: HashMap::new(),
            latest_text: None,
            latest_capture: None,
            open: HashMap::new(),
            retired: HashMap::new(),
            provisions: BTreeMap::new(),
            remembered: HashMap::new(),
            batch: Pending::default(),
        };
        if let Some(state) = state {
            history.restore(state);
        }
        history
    }

    fn restore(&mut self, state: HistoryState) {
        self.versions = state.versions;
        self.revised = state.revised;
        self.batch.after_version = state.versions;
        self.last_lineage = state.last_lineage;
        self.latest_text = state.texts.last().map(|(_, digest)| *digest);
        for (number, digest) in state.texts.iter().rev() {
            self.texts.insert(*digest, *number);
        }
        self.latest_capture = state.capture_sha256;
        self.open = state.open_wordings.into_iter().map(|wording| (wording.lineage, wording)).collect();
        for (lineage, words) in state.retired {
            self.retired.entry(words).or_default().push(lineage);
        }
        self.provisions = state.provisions.into_iter().map(|p| ((p.lineage, p.clause_type.clone()), p)).collect();
        if state.base_version > 0 {
            self.stored_base = Some((state.text, state.lineages));
            self.base_number = state.base_version;
        }
    }

    /// The base, read now if it has not been; the caller puts it back, or a later one.
    fn take_base(&mut self) -> Option<Base> {
        if let Some((text, lineages)) = self.stored_base.take() {
            let structure = document::structure(&text);
            let findings = self.findings(&text, &structure);
            let facts = Facts::of(&text, &structure);
            self.base = Some(Base { text, structure, lineages, findings, facts, beside: OnceCell::new() });
        }
        self.base.take()
    }

    /// Number of versions so far.
    pub fn versions(&self) -> i64 {
        self.versions
    }

    /// Number of observations not yet handed over.
    pub fn pending(&self) -> usize {
        self.batch.entries.len()
    }

    /// Bytes of captures and texts not yet handed over.
    pub fn pending_bytes(&self) -> usize {
        let size =
            |entry: &Entry| entry.capture.body.len() + entry.version.as_ref().map_or(0, |version| version.text.len());
        self.batch.entries.iter().map(size).sum()
    }

    /// Advances by one observation.
    pub fn observe(&mut self, observation: Observation) -> Observed {
        let text = Sha256Digest::of(observation.text.as_bytes());
        let same_text = self.latest_text == Some(text);
        if same_text && !observation.recorded {
            if self.captured_last(&observation.capture.body) {
                return Observed::SameBytes;
            }
            self.batch.entries.push(Entry { capture: observation.capture, version: None, change: None });
            return Observed::SameText;
        }
        self.new_version(observation, text);
        Observed::Version(self.versions)
    }

    /// Whether these are the bytes that were captured last.
    fn captured_last(&self, body: &[u8]) -> bool {
        match self.batch.entries.last() {
            Some(last) => last.capture.body == body,
            None => self.latest_capture.is_some_and(|last| last == Sha256Digest::of(body)),
        }
    }

    fn new_version(&mut self, observation: Observation, digest: Sha256Digest) {
        let number = self.versions + 1;
        let Observation { capture, text, technical, .. } = observation;
        let returns_to = self.texts.get(&digest).copied().filter(|_| self.latest_text != Some(digest));
        let (facts, lineages, change) = match self.take_base() {
            None => self.first(number, &text),
            Some(base) if base.text == text => self.same(number, base, capture.at_ms, returns_to),
            Some(base) => self.next(number, base, &text, capture.at_ms, Hints { returns_to, technical }),
        };
        self.versions = number;
        self.texts.entry(digest).or_insert(number);
        self.latest_text = Some(digest);
        let date = |date: Option<Date>| date.map(|date| date.to_string());
        let version = NewVersion {
            number,
            words: facts.words,
            clauses: facts.clauses,
            lineages,
            stated_updated: date(facts.dates.updated),
            stated_effective: date(facts.dates.effective),
            text,
        };
        self.batch.entries.push(Entry { capture, version: Some(version), change });
    }

    /// The first version: every clause begins a lineage.
    fn first(&mut self, number: i64, text: &str) -> Advance {
        let structure = document::structure(text);
        let facts = Facts::of(text, &structure);
        let lineages: Vec<u32> = structure.clauses.iter().map(|_| self.new_lineage()).collect();
        for (clause, &lineage) in structure.clauses.iter().zip(&lineages) {
            self.open_wording(lineage, number, clause.range.clone(), &text[clause.range.clone()], None);
        }
        let findings = self.findings(text, &structure);
        let beside = OnceCell::new();
        let base = Base { text: text.into(), structure, lineages: lineages.clone(), findings, facts, beside };
        self.settle(number, &base, &|_| false);
        self.set_base(number, base);
        (facts, lineages, None)
    }

    /// A later version whose clean text is that of the base: of a third of all recorded versions only the targets of links differ, or
    /// the page between was no document.
    fn same(&mut self, number: i64, base: Base, at_ms: i64, returns_to: Option<i64>) -> Advance {
        self.settle(number, &base, &|_| false);
        let nothing = Alignment::default();
        let verdict = judge(&[], &[], &nothing, Context { returns_to, ..Context::default() });
        let change = self.change(number, at_ms, verdict, &nothing, &[], None);
        let (facts, lineages) = (base.facts, base.lineages.clone());
        self.set_base(number, base);
        (facts, lineages, Some(change))
    }

    /// A later version: align, judge, and unless it is defective carry lineages and provisions over.
    fn next(&mut self, number: i64, base: Base, text: &str, at_ms: i64, hints: Hints) -> Advance {
        let structure = document::structure(text);
        let facts = Facts::of(text, &structure);
        let old = base.clauses();
        let new = structure.words(text);
        let alignment = align(&old, &new);
        // A text that stays short is what the document has become.
        let patient = number - self.base_number <= DEFECTIVE_IN_A_ROW;
        let rewritten = alignment.count(PairKind::Same) * 2 < new.len();
        let other = || (rewritten && other_language(&base.text, text)).then_some(Defect::Language);
        // What stands there over and over may be what stood there before; then that is what returns.
        let repeated = || (rewritten && hints.returns_to.is_none() && is_repeated(&new)).then_some(Defect::Repeated);
        let defect = defect(&old, &new).or_else(other).or_else(repeated);
        if let Some(defect) = defect.filter(|defect| patient || *defect == Defect::Wall) {
            let verdict = Verdict { materiality: Materiality::Defective, reason: defect.reason().into() };
            let change = self.change(number, at_ms, verdict, &alignment, &[], None);
            self.base = Some(base);
            return (facts, vec![0; structure.clauses.len()], Some(change));
        }
        let first_event = self.batch.events.len();
        let findings = self.findings(text, &structure);
        let lineages = self.carry(number, &base, (&old, &new), (&structure, &findings), &alignment);
        let beside = OnceCell::new();
        let next = Base { text: text.into(), structure, lineages: lineages.clone(), findings, facts, beside };
        self.leave(&base, &next, number);
        let reworded = reworded(&alignment, new.len());
        self.settle(number, &next, &|index| reworded[index]);
        let events = self.batch.events[first_event..].to_vec();
        let (verdict, events) = judged((&base, &next), (&old, &new), &alignment, events, hints);
        let section = section(&base, &next, &alignment);
        let change = self.change(number, at_ms, verdict, &alignment, &events, section);
        self.set_base(number, next);
        (facts, lineages, Some(change))
    }

    fn change(
        &self,
        number: i64,
        at_ms: i64,
        verdict: Verdict,
        alignment: &Alignment,
        events: &[ProvisionEvent],
        section: Option<&str>,
    ) -> NewChange {
        let count = |kind| alignment.count(kind) as i64;
        let mut change = NewChange {
            from_version: number - 1,
            to_version: number,
            at_ms,
            materiality: verdict.materiality,
            reason: verdict.reason,
            added: count(PairKind::Added),
            removed: count(PairKind::Removed),
            reworded: alignment.reworded() as i64,
            moved: count(PairKind::Moved),
            headline: String::new(),
        };
        change.headline = headline(&change, events, section);
        change
    }

    fn new_lineage(&mut self) -> u32 {
        self.last_lineage += 1;
        self.last_lineage
    }

    /// Gives each new clause its lineage, opening and closing wordings.
    fn carry(
        &mut self,
        number: i64,
        base: &Base,
        (old, new): (&[&str], &[&str]),
        (structure, findings): (&Structure, &[Arc<[Finding]>]),
        alignment: &Alignment,
    ) -> Vec<u32> {
        let heirs: Vec<Option<(usize, usize)>> =
            alignment.pairs.iter().map(|pair| heir(pair, &base.findings, findings)).collect();
        self.end_lineages(number, base, old, alignment, &heirs);
        let mut lineages = vec![0; new.len()];
        for (pair, heir) in alignment.pairs.iter().zip(&heirs) {
            for &to in &pair.new {
                let range = structure.clauses[to].range.clone();
                lineages[to] = match *heir {
                    Some((from, heir)) if heir == to => {
                        let lineage = base.lineages[from];
                        if old[from] != new[to] {
                            self.close_wording(lineage, number - 1, None);
                            self.open_wording(lineage, number, range, new[to], None);
                        }
                        lineage
                    }
                    _ => {
                        let back = self.retired.get_mut(&Sha256Digest::of(new[to].as_bytes())).and_then(Vec::pop);
                        let lineage = back.unwrap_or_else(|| self.new_lineage());
                        let split_from = heir.map(|(from, _)| base.lineages[from]);
                        self.open_wording(lineage, number, range, new[to], split_from);
                        lineage
                    }
                };
            }
        }
        lineages
    }

    /// Closes the wordings of the old clauses that have no heir: those removed, and those merged into another.
    fn end_lineages(
        &mut self,
        number: i64,
        base: &Base,
        old: &[&str],
        alignment: &Alignment,
        heirs: &[Option<(usize, usize)>],
    ) {
        let mut ended: Vec<(u32, usize, Option<u32>)> = Vec::new();
        for (pair, heir) in alignment.pairs.iter().zip(heirs) {
            let into = heir.map(|(from, _)| base.lineages[from]);
            let gone = pair.old.iter().filter(|from| heir.is_none_or(|(heir, _)| heir != **from));
            ended.extend(gone.map(|&from| (base.lineages[from], from, into)));
        }
        // In the order in which a resumed history finds them in the store.
        ended.sort_unstable();
        for (lineage, from, into) in ended {
            self.close_wording(lineage, number - 1, into);
            self.retired.entry(Sha256Digest::of(old[from].as_bytes())).or_default().push(lineage);
        }
    }

    fn open_wording(&mut self, lineage: u32, number: i64, range: Range<usize>, words: &str, split_from: Option<u32>) {
        let words_sha256 = Sha256Digest::of(words.as_bytes());
        let (to_version, merged_into) = (None, None);
        let wording =
            Wording { lineage, from_version: number, to_version, range, words_sha256, split_from, merged_into };
        self.batch.wordings.insert((lineage, number), wording.clone());
        self.open.insert(lineage, wording);
    }

    fn close_wording(&mut self, lineage: u32, last: i64, merged_into: Option<u32>) {
        if let Some(mut wording) = self.open.remove(&lineage) {
            wording.to_version = Some(last);
            wording.merged_into = merged_into;
            self.batch.wordings.insert((lineage, wording.from_version), wording);
        }
    }

    /// What the reader finds in each clause. Texts read before are remembered.
    fn findings(&mut self, text: &str, structure: &Structure) -> Vec<Arc<[Finding]>> {
        if self.remembered.len() > REMEMBERED {
            self.remembered.clear();
        }
        let mut found = Vec::with_capacity(structure.clauses.len());
        let foreign = provisions::unfair::Head::of_text(text);
        for index in 0..structure.clauses.len() {
            let passage = provisions::passage(text, structure, index, foreign);
            let key = Sha256Digest::of(passage.key().as_bytes());
            let known = self.remembered.entry(key).or_insert_with(|| self.reader.findings(&passage).into());
            found.push(Arc::clone(known));
        }
        found
    }

    /// Marks as removed the provisions of `base` that `next` lacks, keeping their last words and place.
    fn leave(&mut self, base: &Base, next: &Base, number: i64) {
        let mut standing: HashMap<u32, usize> = HashMap::new();
        for (index, &lineage) in next.lineages.iter().enumerate() {
            standing.insert(lineage, index);
        }
        for (index, &lineage) in base.lineages.iter().enumerate() {
            for finding in base.findings[index].iter() {
                let stays = standing
                    .get(&lineage)
                    .is_some_and(|&to| next.findings[to].iter().any(|f| f.type_id == finding.type_id));
                if stays {
                    continue;
                }
                self.place(self.base_number.max(1), base, index, finding);
                let key = (lineage, finding.type_id.to_string());
                if let Some(state) = self.provisions.get_mut(&key).filter(|state| state.removed_version.is_none()) {
                    state.removed_version = Some(number);
                    self.event(key, number, EventKind::Removed);
                }
            }
        }
    }

    /// Notes appearances, rewordings and returns in version `number`.
    fn settle(&mut self, number: i64, base: &Base, reworded: &dyn Fn(usize) -> bool) {
        for (index, &lineage) in base.lineages.iter().enumerate() {
            for finding in base.findings[index].iter() {
                let key = (lineage, finding.type_id.to_string());
                let kind = match self.provisions.get(&key) {
                    None => Some(EventKind::Appeared),
                    Some(state) if state.removed_version.is_some() => Some(EventKind::Returned),
                    Some(_) => reworded(index).then_some(EventKind::Reworded),
                };
                if let Some(kind) = kind {
                    self.place(number, base, index, finding);
                    self.event(key, number, kind);
                }
            }
        }
    }

    /// Sets a provision's state to a finding at its place in version `number`.
    fn place(&mut self, number: i64, base: &Base, index: usize, finding: &Finding) {
        let key = (base.lineages[index], finding.type_id.to_string());
        let start = base.structure.clauses[index].range.start;
        let range = start + finding.excerpt.start..start + finding.excerpt.end;
        let first_version = self.provisions.get(&key).map_or(number, |state| state.first_version);
        let state = ProvisionState {
            lineage: key.0,
            clause_type: key.1.clone(),
            first_version,
            last_version: number,
            removed_version: None,
            excerpt: base.text[range.clone()].to_string(),
            excerpt_range: range,
            heading: document::heading_path(&base.structure, &base.text, index),
            score: finding.score,
            confidence: finding.confidence,
            severity: finding.severity,
            reasons: finding.reasons.clone(),
            explicitness: finding.explicitness,
            facts: serde_json::to_value(&finding.facts).unwrap_or_default(),
        };
        self.provisions.insert(key, state);
    }

    fn event(&mut self, key: Key, version: i64, kind: EventKind) {
        self.batch.touched.insert(key.clone(), ());
        self.batch.events.push(ProvisionEvent { lineage: key.0, clause_type: key.1, version, kind });
    }

    fn set_base(&mut self, number: i64, base: Base) {
        self.base = Some(base);
        self.base_number = number;
    }

    /// Hands over everything since the last call: what was observed, and where every standing provision now is.
    pub fn take_batch(&mut self, analyser: &str, analysed_ms: i64, cursor: Option<(String, String)>) -> Batch {
        if let Some(last) = self.batch.entries.last() {
            self.latest_capture = Some(Sha256Digest::of(&last.capture.body));
        }
        self.hand_over(analyser, analysed_ms, cursor)
    }

    /// As [`History::take_batch`], where nothing more is observed.
    pub fn into_batch(mut self, analyser: &str, analysed_ms: i64) -> Batch {
        self.hand_over(analyser, analysed_ms, None)
    }

    fn hand_over(&mut self, analyser: &str, analysed_ms: i64, cursor: Option<(String, String)>) -> Batch {
        if let Some(base) = self.base.take() {
            for index in 0..base.lineages.len() {
                for finding in Arc::clone(&base.findings[index]).iter() {
                    self.place(self.base_number, &base, index, finding);
                    self.batch.touched.insert((base.lineages[index], finding.type_id.to_string()), ());
                }
            }
            self.base = Some(base);
        }
        let pending =
            std::mem::replace(&mut self.batch, Pending { after_version: self.versions, ..Pending::default() });
        let mut provisions: Vec<ProvisionState> =
            pending.touched.into_keys().filter_map(|key| self.provisions.get(&key).cloned()).collect();
        // New ones get their IDs in this order, which does not depend on where the history is cut into batches.
        provisions.sort_by_key(|state| state.first_version);
        Batch {
            document: self.document,
            after_version: pending.after_version,
            revised: self.revised,
            entries: pending.entries,
            wordings: pending.wordings.into_values().collect(),
            provisions,
            events: pending.events,
            standing: Vec::new(),
            doubted: Vec::new(),
            analyser: analyser.into(),
            analysed_ms,
            cursor,
        }
    }
}

/// The verdict on a change, and those of its `events` that are a change of the document: what the reader finds anew in words that are
/// the same, or nearly so, is none.
fn judged(
    (base, next): (&Base, &Base),
    (old, new): (&[&str], &[&str]),
    alignment: &Alignment,
    mut events: Vec<ProvisionEvent>,
    hints: Hints,
) -> (Verdict, Vec<ProvisionEvent>) {
    let returns_to = hints.returns_to;
    if alignment.pairs.iter().all(Pair::is_unchanged) {
        return (judge(old, new, alignment, Context { returns_to, ..Context::default() }), Vec::new());
    }
    let idle = unchanging(base, next, alignment);
    let asides = (&base.beside().asides[..], &next.beside().asides[..]);
    let kept = kept(alignment, (old, new), &idle, asides, (&base.lineages, &next.lineages));
    let binds = |event: &ProvisionEvent| taxonomy().get(&event.clause_type).is_none_or(|kind| kind.binds);
    events.retain(|event| binds(event) && !kept.contains(&event.lineage));
    let foreign = events.is_empty() && document::language(&next.text).is_some_and(|language| language != "en");
    let context = Context { returns_to, provisions_touched: events.len(), asides, idle: &idle, foreign };
    let verdict = without_extraction(judge(old, new, alignment, context), hints.technical, alignment);
    (after_a_wall(verdict, old, new, alignment), events)
}

/// The old clause whose lineage goes on, and the new clause that carries it on: what the alignment calls the main part, unless another
/// part has more of the clause types found before, for a provision keeps its ID where its words went.
fn heir(pair: &Pair, before: &[Arc<[Finding]>], after: &[Arc<[Finding]>]) -> Option<(usize, usize)> {
    let main = pair.main?;
    let kept = |&(from, to): &(usize, usize)| {
        let stays = |found: &&Finding| after[to].iter().any(|other| other.type_id == found.type_id);
        before[from].iter().filter(stays).count()
    };
    let mut best = main;
    for link in pair.old.iter().flat_map(|&from| pair.new.iter().map(move |&to| (from, to))) {
        if kept(&link) > kept(&best) {
            best = link;
        }
    }
    Some(best)
}

/// Which of the new clauses stood there before in other words.
fn reworded(alignment: &Alignment, clauses: usize) -> Vec<bool> {
    let mut reworded = vec![false; clauses];
    for pair in alignment.pairs.iter().filter(|pair| !pair.cosmetic && !pair.old.is_empty()) {
        pair.new.iter().for_each(|&to| reworded[to] = true);
    }
    reworded
}

/// For each pair, whether it changes nothing: words that are the same, or a widget's.
fn unchanging(base: &Base, next: &Base, alignment: &Alignment) -> Vec<bool> {
    let (before, after) = (base.beside(), next.beside());
    let mut idle = idle(&base.clauses(), &next.clauses(), alignment, (&before.listed, &after.listed));
    let mut stays = (vec![false; before.listed.len()], vec![false; after.listed.len()]);
    for pair in alignment.pairs.iter().filter(|pair| pair.is_unchanged()) {
        pair.old.iter().for_each(|&index| stays.0[index] = true);
        pair.new.iter().for_each(|&index| stays.1[index] = true);
    }
    let is_title = |pair: &Pair| match (&pair.old[..], &pair.new[..]) {
        (&[index], []) => before.titles[index] || heads(base, index, &stays.0),
        ([], &[index]) => after.titles[index] || heads(next, index, &stays.1),
        _ => false,
    };
    for (pair, idle) in alignment.pairs.iter().zip(&mut idle) {
        *idle |= is_title(pair);
        *idle |=
            pair.old.iter().all(|&index| before.widgets[index]) && pair.new.iter().all(|&index| after.widgets[index]);
    }
    idle
}

/// Whether a clause is a heading of what `stays`, and commands nothing itself.
fn heads(base: &Base, index: usize, stays: &[bool]) -> bool {
    let clauses = &base.structure.clauses;
    let below = clauses.get(index + 1).is_some_and(|below| !below.is_heading()) && stays[index + 1];
    clauses[index].is_heading() && below && !commands(base.clause(index))
}

/// The lineages whose words are the same or nearly so, bind nobody, or stand beside the document.
fn kept(
    alignment: &Alignment,
    (old, new): (&[&str], &[&str]),
    idle: &[bool],
    asides: (&[bool], &[bool]),
    (before, after): (&[u32], &[u32]),
) -> HashSet<u32> {
    let stays = |(pair, idle): &(&Pair, &bool)| {
        let slight =
            || matches!((pair.old_text(old), pair.new_text(new)), (Some(old), Some(new)) if is_slight(&old, &new));
        **idle || pair.cosmetic || slight() || is_reference(old, new, pair) || is_aside(old, new, pair, asides)
    };
    let lineages = |(pair, _): (&Pair, &bool)| {
        let (old, new) = (pair.old.iter().map(|&from| before[from]), pair.new.iter().map(|&to| after[to]));
        old.chain(new).collect::<Vec<_>>()
    };
    alignment.pairs.iter().zip(idle).filter(stays).flat_map(lineages).collect()
}

/// The heading under which all clauses that changed stand, if it is one.
fn section<'b>(base: &'b Base, next: &'b Base, alignment: &Alignment) -> Option<&'b str> {
    let mut common = None;
    for pair in &alignment.pairs {
        let (side, index) = match (pair.old.first(), pair.new.first()) {
            _ if pair.is_unchanged() => continue,
            (_, Some(index)) => (next, *index),
            (Some(index), None) => (base, *index),
            (None, None) => continue,
        };
        let heading = side.clause(side.structure.clauses[index].heading?);
        if common.is_some_and(|known| known != heading) {
            return None;
        }
        common = Some(heading);
    }
    common
}

/// Whether two texts are surely in different languages.
fn other_language(old: &str, new: &str) -> bool {
    matches!((document::language(old), document::language(new)), (Some(old), Some(new)) if old != new)
}

/// Where the source says that it changed how it extracts the text, clauses that only came or went are no change of the document; one
/// that was reworded is.
fn without_extraction(verdict: Verdict, technical: Option<String>, alignment: &Alignment) -> Verdict {
    let judged = verdict.materiality.is_told();
    match technical.filter(|_| judged && alignment.reworded() == 0) {
        Some(reason) => Verdict { materiality: Materiality::Cosmetic, reason },
        None => verdict,
    }
}

/// Where the first captures of a document were an error page or a wall, what stands there now is no change of the document.
fn after_a_wall(verdict: Verdict, old: &[&str], new: &[&str], alignment: &Alignment) -> Verdict {
    let judged = verdict.materiality.is_told();
    let restored = match defect(new, old) {
        Some(Defect::Wall | Defect::BrokenOff) => true,
        // A page of several; the others are as they were.
        Some(Defect::Part) => alignment.differing().all(|pair| match &pair.old[..] {
            [] => true,
            gone => {
                pair.new.is_empty() && gone.iter().all(|&index| old[index].split_whitespace().nth(MESSAGE).is_none())
            }
        }),
        _ => false,
    };
    if !judged || !restored {
        return verdict;
    }
    let reason = "what stood there before was an error page or a wall, and now it is the document".into();
    Verdict { materiality: Materiality::Cosmetic, reason }
}

/// The change between two texts as the record would show it; none if they are the same.
pub fn between(reader: &Reader, old: &str, new: &str) -> Option<NewChange> {
    let mut history = History::resume(reader, DocumentId(0), None);
    for (at_ms, text) in [(0, old), (1, new)] {
        let body = text.as_bytes().to_vec();
        let capture = NewCapture { at_ms, url: None, status: 200, headers: Vec::new(), body, origin: None };
        history.observe(Observation { capture, text: text.into(), recorded: false, technical: None });
    }
    history.take_batch("", 0, None).entries.pop()?.change
}

/// What becomes of a version: its facts, the lineages of its clauses, and the change from the one before.
type Advance = (Facts, Vec<u32>, Option<NewChange>);

/// What a version's record says of its text.
#[derive(Clone, Copy)]
struct Facts {
    words: i64,
    clauses: i64,
    dates: StatedDates,
}

impl Facts {
    fn of(text: &str, structure: &Structure) -> Facts {
        let words = text.split_whitespace().count() as i64;
        let clauses = structure.clauses.iter().filter(|clause| !clause.is_heading()).count() as i64;
        Facts { words, clauses, dates: structure.dates }
    }
}

/// What is known about a version beside its text.
struct Hints {
    returns_to: Option<i64>,
    technical: Option<String>,
}
