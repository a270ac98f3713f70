//! Checking the whole store: nothing in it may contradict anything else. One document is looked at after the other, so that memory stays
//! small however much there is.
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use archive::Sha256Digest;
use archive::log::{Checkpoint, LeafEntry, LogState};
use serde::Serialize;

use crate::blobs;
use crate::codes::{Code, unpack_lineages};
use crate::error::{AtlasError, Result};
use crate::ids::{ChangeId, DocumentId, ProvisionId};
use crate::log;
use crate::open::Atlas;
use crate::read::InstanceFilter;
use crate::read::documents::wording;
use crate::record::{address, leaf_body, version_record};
use crate::records::{Capture, Document, EventKind, Provision, Version, Wording};
use crate::store::{Row, args, statements};

statements! {
    CAPTURE_VERSIONS = "SELECT id, version FROM captures WHERE document_id = $1",
    CAPTURES = "SELECT COUNT(*) FROM captures",
    EVENTS_OF_NOTHING = "SELECT e.version, e.seq FROM provision_events e LEFT JOIN provisions p ON p.id = e.provision_id
        LEFT JOIN versions v ON v.document_id = e.document_id AND v.number = e.version
        WHERE e.document_id = $1 AND (p.document_id IS NULL OR p.document_id <> e.document_id OR v.number IS NULL)",
    CHANGES_OF_NOTHING = "SELECT c.id FROM changes c
        LEFT JOIN versions a ON a.document_id = c.document_id AND a.number = c.from_version
        LEFT JOIN versions b ON b.document_id = c.document_id AND b.number = c.to_version
        WHERE c.document_id = $1 AND (a.number IS NULL OR b.number IS NULL OR b.first_seen_ms <> c.at_ms)",
    WORDINGS_OF_NOTHING = "SELECT w.lineage, w.from_version FROM wordings w
        LEFT JOIN versions v ON v.document_id = w.document_id AND v.number = w.from_version
        WHERE w.document_id = $1 AND (v.number IS NULL OR w.range_end > v.text_bytes OR w.to_version < w.from_version)",
    // A provision's life begins with its appearance, and its last event says whether it stands.
    LIVES_OF_NOTHING = "SELECT p.id FROM provisions p WHERE p.document_id = $1 AND (
        NOT EXISTS (SELECT 1 FROM provision_events e WHERE e.provision_id = p.id AND e.version = p.first_version AND e.kind = $2)
        OR (p.removed_version IS NOT NULL AND NOT EXISTS (SELECT 1 FROM provision_events e
            WHERE e.provision_id = p.id AND e.version = p.removed_version AND e.kind = $3)))",
    WORDINGS = "SELECT lineage, from_version, to_version, range_start, range_end, words_sha256, split_from, merged_into
        FROM wordings WHERE document_id = $1 ORDER BY from_version, lineage",
    LINEAGES = "SELECT number, lineages FROM versions WHERE document_id = $1 ORDER BY number",
    LOST_PROVISIONS = "SELECT p.id FROM provisions p
        LEFT JOIN versions v ON v.document_id = p.document_id AND v.number = p.last_version WHERE v.number IS NULL",
    ORPHANS = "SELECT COUNT(*) FROM blobs b WHERE NOT EXISTS (SELECT 1 FROM captures c WHERE c.sha256 = b.sha256)
        AND NOT EXISTS (SELECT 1 FROM versions v WHERE v.text_sha256 = b.sha256)",
}

/// A contradiction found in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Which record.
    pub record: String,
    /// What is wrong with it.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.record, self.what)
    }
}

/// Problems found so far.
#[derive(Default)]
struct Findings(Vec<Problem>);

impl Findings {
    fn add(&mut self, record: impl fmt::Display, what: impl Into<String>) {
        self.0.push(Problem { record: record.to_string(), what: what.into() });
    }

    fn unless(&mut self, sound: bool, record: impl fmt::Display, what: &str) {
        if !sound {
            self.add(record, what);
        }
    }
}

/// A document's texts and bodies as far as they are needed again: names that were found sound, and the text read last.
#[derive(Default)]
struct Sound {
    names: HashSet<Sha256Digest>,
    last: Option<(Sha256Digest, Arc<Vec<u8>>)>,
}

impl Atlas {
    /// Every contradiction in the store: hashes of all bytes, excerpts in their texts, dates in order, references, the log against its
    /// rows and its signed checkpoint, counts against lists. Empty if all is well.
    pub async fn check(&self) -> Result<Vec<Problem>> {
        let mut findings = Findings::default();
        for document in self.documents().await? {
            self.check_document(&document, &mut findings).await?;
        }
        for row in self.store.fetch(LOST_PROVISIONS, args![]).await? {
            findings.add(ProvisionId(row.get(0)?), "the version that its words are taken from does not exist");
        }
        let orphans: i64 = self.store.one(ORPHANS, args![]).await?.map_or(Ok(0), |row| row.get(0))?;
        findings.unless(orphans == 0, "the store", &format!("{orphans} blobs belong to nothing"));
        self.check_log(&mut findings).await?;
        self.check_rarity(&mut findings).await?;
        Ok(findings.0)
    }

    async fn check_document(&self, document: &Document, findings: &mut Findings) -> Result<()> {
        let versions = self.versions(document.id).await?;
        let captures = self.captures(document.id).await?;
        dates(document, &versions, &captures, findings);
        let mut sound = Sound::default();
        for capture in &captures {
            self.check_blob(
                capture.sha256,
                Some(capture.bytes),
                &format!("capture {}", capture.id),
                &mut sound,
                findings,
            )
            .await?;
        }
        self.check_leaves(document.id, &versions, &captures, findings).await?;
        let mut excerpts: HashMap<i64, Vec<Provision>> = HashMap::new();
        for provision in self.every_provision(document.id).await? {
            excerpts.entry(provision.last_version).or_default().push(provision);
        }
        let wordings = self.check_lineages(document.id, findings).await?;
        for version in &versions {
            let record = version_record(document.id, version.number);
            let text =
                self.check_blob(version.text_sha256, Some(version.text_bytes), &record, &mut sound, findings).await?;
            let provisions = excerpts.remove(&version.number).unwrap_or_default();
            let begun = wordings.get(&version.number).map_or(&[][..], Vec::as_slice);
            self.check_text(version, text, &provisions, begun, findings).await?;
        }
        self.check_references(document.id, findings).await
    }

    /// Reads a blob from the store, unless it was found sound before in this document.
    async fn check_blob(
        &self,
        name: Sha256Digest,
        bytes: Option<i64>,
        record: &str,
        sound: &mut Sound,
        findings: &mut Findings,
    ) -> Result<Option<Arc<Vec<u8>>>> {
        if sound.names.contains(&name) {
            return Ok(sound.last.as_ref().filter(|(last, _)| *last == name).map(|(_, bytes)| Arc::clone(bytes)));
        }
        let found = match blobs::read_after(&self.store, name, sound.last.as_ref()).await {
            Ok(Some(found)) => found,
            Ok(None) => {
                findings.add(record, format!("its bytes ({name}) are not stored"));
                return Ok(None);
            }
            Err(AtlasError::Damaged { record: blob, reason }) => {
                findings.add(record, format!("{blob}: {reason}"));
                return Ok(None);
            }
            Err(other) => return Err(other),
        };
        findings.unless(
            bytes.is_none_or(|bytes| bytes == found.len() as i64),
            record,
            "its length is another than recorded",
        );
        let found = Arc::new(found);
        sound.names.insert(name);
        sound.last = Some((name, Arc::clone(&found)));
        Ok(Some(found))
    }

    async fn check_text(
        &self,
        version: &Version,
        text: Option<Arc<Vec<u8>>>,
        provisions: &[Provision],
        begun: &[Wording],
        findings: &mut Findings,
    ) -> Result<()> {
        if provisions.is_empty() && begun.is_empty() {
            return Ok(());
        }
        // The text may have been checked earlier in the document and not be in hand.
        let text = match text {
            Some(text) => Some(text),
            None => self.blob(version.text_sha256).await.unwrap_or_default(),
        };
        let Some(text) = text else { return Ok(()) };
        for wording in begun {
            let words = text.get(wording.range.clone());
            let there = words.is_some_and(|words| Sha256Digest::of(words) == wording.words_sha256);
            let record = version_record(version.document, version.number);
            let what = format!("the wording of lineage {} is not at its place in the text", wording.lineage);
            findings.unless(there, record, &what);
        }
        for provision in provisions {
            let there = text.get(provision.excerpt_range.clone()) == Some(provision.excerpt.as_bytes());
            findings.unless(there, provision.id, "its excerpt is not at its place in the text");
            let ordered = provision.first_version <= provision.last_version
                && provision.removed_version.is_none_or(|removed| removed > provision.last_version)
                && provision.first_seen_ms <= provision.last_changed_ms
                && provision.first_seen_ms <= provision.last_verified_ms
                && (provision.removed_version.is_some() || provision.last_changed_ms <= provision.last_verified_ms);
            findings.unless(ordered, provision.id, "its versions or dates are not in order");
        }
        Ok(())
    }

    /// Every clause of a version stands in a wording of its lineage. Gives the wordings by the version that they begin with.
    async fn check_lineages(&self, id: DocumentId, findings: &mut Findings) -> Result<HashMap<i64, Vec<Wording>>> {
        let mut begun: HashMap<i64, Vec<Wording>> = HashMap::new();
        let mut spans: HashMap<u32, Vec<(i64, i64)>> = HashMap::new();
        let each = |row: &Row| {
            let wording = wording(row)?;
            let span = (wording.from_version, wording.to_version.unwrap_or(i64::MAX));
            spans.entry(wording.lineage).or_default().push(span);
            begun.entry(wording.from_version).or_default().push(wording);
            Ok(())
        };
        self.store.each(WORDINGS, args![id], each).await?;
        for row in self.store.fetch(LINEAGES, args![id]).await? {
            let number: i64 = row.get(0)?;
            // A defective version has none: its clauses have the number 0.
            for lineage in unpack_lineages(&row.get::<Vec<u8>>(1)?)?.into_iter().filter(|lineage| *lineage > 0) {
                let within = |(from, to): &(i64, i64)| (*from..=*to).contains(&number);
                if !spans.get(&lineage).is_some_and(|spans| spans.iter().any(within)) {
                    findings.add(version_record(id, number), format!("lineage {lineage} has no wording in it"));
                }
            }
        }
        Ok(begun)
    }

    /// Each capture's leaf says what the capture and its version say.
    async fn check_leaves(
        &self,
        id: DocumentId,
        versions: &[Version],
        captures: &[Capture],
        findings: &mut Findings,
    ) -> Result<()> {
        let rows = self.store.fetch(CAPTURE_VERSIONS, args![id]).await?;
        let shown: HashMap<i64, i64> = rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect::<Result<_>>()?;
        for capture in captures {
            let record = format!("capture {}", capture.id);
            let number = shown.get(&capture.id).copied().unwrap_or(0);
            let Some(version) = usize::try_from(number - 1).ok().and_then(|at| versions.get(at)) else {
                findings.add(record, "it shows a version that does not exist");
                continue;
            };
            let url = address(capture.url.as_deref(), capture.origin.as_ref());
            let body = leaf_body(capture.status, capture.sha256);
            let leaf = LeafEntry::new(&version_record(id, number), &url, capture.at_ms, body, version.text_sha256);
            let logged = self.log_entry(capture.log_index).await?;
            findings.unless(logged == Some(leaf.to_bytes()), record, "its entry in the log says something else");
        }
        Ok(())
    }

    async fn check_references(&self, id: DocumentId, findings: &mut Findings) -> Result<()> {
        for row in self.store.fetch(EVENTS_OF_NOTHING, args![id]).await? {
            let (version, seq): (i64, i64) = (row.get(0)?, row.get(1)?);
            findings.add(
                version_record(id, version),
                format!("its event {seq} is of no provision or version of this document"),
            );
        }
        let kinds = args![id, EventKind::Appeared.code(), EventKind::Removed.code()];
        for row in self.store.fetch(LIVES_OF_NOTHING, kinds).await? {
            findings.add(ProvisionId(row.get(0)?), "it has no event for its appearance or its removal");
        }
        for row in self.store.fetch(CHANGES_OF_NOTHING, args![id]).await? {
            findings.add(ChangeId(row.get(0)?), "a version of it does not exist or was seen at another time");
        }
        for row in self.store.fetch(WORDINGS_OF_NOTHING, args![id]).await? {
            let (lineage, from): (i64, i64) = (row.get(0)?, row.get(1)?);
            findings.add(version_record(id, from), format!("a wording of lineage {lineage} is outside of it"));
        }
        Ok(())
    }

    /// Builds the tree again from the entries and compares it with its rows and with the signed head.
    async fn check_log(&self, findings: &mut Findings) -> Result<()> {
        const STEP: i64 = 2000;
        let head = self.head().await?;
        let captures: i64 = self.store.one(CAPTURES, args![]).await?.map_or(Ok(0), |row| row.get(0))?;
        findings.unless(captures == head.size, "the log", "it has not one entry for each capture");
        let mut state = LogState::default();
        while (state.size as i64) < head.size {
            let first = state.size as i64;
            let entries = log::entries(&self.store, first, STEP.min(head.size - first)).await?;
            let complete = entries.iter().zip(first..).all(|((index, _), expected)| *index == expected);
            if entries.is_empty() || !complete {
                findings.add("the log", format!("an entry after {first} is missing"));
                return Ok(());
            }
            let nodes = state.append(&entries.into_iter().map(|(_, entry)| entry).collect::<Vec<_>>())?;
            let from = nodes.first().map_or(0, |node| node.index as i64);
            let stored: HashMap<i64, Vec<u8>> =
                log::nodes(&self.store, from, nodes.len() as i64).await?.into_iter().collect();
            let same =
                nodes.iter().all(|node| stored.get(&(node.index as i64)).is_some_and(|hash| hash[..] == node.hash));
            findings.unless(
                same,
                "the log",
                &format!("its stored hashes after entry {first} do not follow from its entries"),
            );
        }
        match Checkpoint::open(&head.checkpoint, &self.shared.key.verifier()) {
            Err(error) => findings.add("the log", error.to_string()),
            Ok(signed) => {
                let same = signed.size == state.size && signed.root == state.root();
                findings.unless(same, "the log", "its signed checkpoint does not follow from its entries");
            }
        }
        Ok(())
    }

    /// The number of platforms in a rarity is the number of platforms in the list that it links to.
    async fn check_rarity(&self, findings: &mut Findings) -> Result<()> {
        const PAGE: i64 = 500;
        for count in self.type_counts().await? {
            let (mut platforms, mut listed) = (BTreeSet::new(), 0);
            loop {
                let page = InstanceFilter { include_removed: false, offset: listed, limit: PAGE };
                let page = self.provisions_of_type(&count.clause_type, &page).await?;
                listed += page.len() as i64;
                platforms.extend(page.iter().map(|provision| provision.platform.clone()));
                if (page.len() as i64) < PAGE {
                    break;
                }
            }
            let same = platforms.len() as i64 == count.platforms
                && listed == count.provisions
                && count.platforms <= count.of_platforms;
            findings.unless(same, format!("clause type {}", count.clause_type), "its count and its list differ");
        }
        Ok(())
    }
}

/// Dates of a document and its versions never run backwards.
fn dates(document: &Document, versions: &[Version], captures: &[Capture], findings: &mut Findings) {
    let id = document.id;
    findings.unless(versions.len() as i64 == document.versions, id, "it has not as many versions as it says");
    let ordered =
        document.first_tracked_ms <= document.last_changed_ms && document.last_changed_ms <= document.last_verified_ms;
    findings.unless(ordered, id, "it was tracked, changed and verified in the wrong order");
    let first = captures.first().map(|capture| capture.at_ms);
    findings.unless(document.first_tracked_ms == first, id, "its first capture is of another time than it says");
    let last = versions.last().map(|version| (Some(version.first_seen_ms), Some(version.last_verified_ms)));
    let same = last.is_none_or(|last| last == (document.last_changed_ms, document.last_verified_ms));
    findings.unless(same, id, "its dates are not those of its latest version");
    for (version, number) in versions.iter().zip(1..) {
        let record = version_record(id, version.number);
        findings.unless(version.number == number, &record, "it does not follow the version before");
        findings.unless(
            version.first_seen_ms <= version.last_verified_ms,
            &record,
            "it was verified before it was seen",
        );
        let known = captures.iter().any(|capture| capture.id == version.capture);
        findings.unless(known, &record, "its capture is not stored");
    }
    let pairs = versions.iter().zip(versions.iter().skip(1));
    for (before, after) in pairs.filter(|(before, after)| before.last_verified_ms > after.first_seen_ms) {
        findings.add(
            version_record(id, after.number),
            format!("it was seen before version {} was last verified", before.number),
        );
    }
}
