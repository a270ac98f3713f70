//! Analysing documents again with a later reader, from the texts in the store: no source is asked again.
//!
//! A document's history is folded anew from its first version, as an import would fold it, and replaces what the store concluded
//! before, document by document; a kill loses at most the document in hand, and the next run goes on with those still to do.
use std::collections::HashSet;

use atlas::ids::DocumentId;
use atlas::records::{Batch, NewCapture, Revision};
use atlas::{Atlas, AtlasError, ChangeFilter};
use provisions::Reader;
use tokio::task::JoinSet;

use crate::history::{EXTRACTION, History, Observation};

/// Documents in hand at a time: one is folded while another is read or written.
const AT_ONCE: usize = 3;

/// How often a document is read that others write to meanwhile.
const ATTEMPTS: usize = 3;

/// A document could not be analysed again.
#[derive(Debug, thiserror::Error)]
pub enum ReanalysisError {
    /// The store failed, or the document got another version meanwhile.
    #[error(transparent)]
    Atlas(#[from] AtlasError),
    /// A text that a version names is not there.
    #[error("the text of version {number} of {document} is not in the store; run `clausewatch doctor`")]
    TextLost {
        /// The document.
        document: DocumentId,
        /// Number of the version.
        number: i64,
    },
    /// The reader panicked.
    #[error("{document} could not be read again: {reason}")]
    Reader {
        /// The document.
        document: DocumentId,
        /// What the panic said.
        reason: String,
    },
}

/// Analyses documents again and hands what became of each one's records to `each`, in the order in which they are done. Without
/// `write`, nothing is written. An error is of one document; the others go on.
pub async fn reanalyse(
    atlas: &Atlas,
    reader: &'static Reader,
    documents: Vec<DocumentId>,
    now_ms: i64,
    write: bool,
    mut each: impl FnMut(DocumentId, Result<Vec<Revision>, ReanalysisError>),
) {
    let mut waiting = documents.into_iter();
    let mut at_work = JoinSet::new();
    loop {
        while at_work.len() < AT_ONCE
            && let Some(document) = waiting.next()
        {
            let atlas = atlas.clone();
            at_work.spawn(async move { (document, one(&atlas, reader, document, now_ms, write).await) });
        }
        match at_work.join_next().await {
            Some(Ok((document, revisions))) => each(document, revisions),
            Some(Err(error)) => std::panic::resume_unwind(error.into_panic()),
            None => return,
        }
    }
}

async fn one(
    atlas: &Atlas,
    reader: &'static Reader,
    document: DocumentId,
    now_ms: i64,
    write: bool,
) -> Result<Vec<Revision>, ReanalysisError> {
    let mut attempts = 1;
    loop {
        let observations = observations(atlas, document).await?;
        let fold = move || fold(reader, document, observations, now_ms);
        let batch = tokio::task::spawn_blocking(fold).await;
        let batch = batch.map_err(|error| ReanalysisError::Reader { document, reason: error.to_string() })?;
        match atlas.revise(batch, write).await {
            // It got a version meanwhile.
            Err(AtlasError::Stale { .. }) if attempts < ATTEMPTS => attempts += 1,
            outcome => return Ok(outcome?),
        }
    }
}

/// The document's versions as they were seen; the bytes of their captures do not matter here.
async fn observations(atlas: &Atlas, document: DocumentId) -> Result<Vec<Observation>, ReanalysisError> {
    let filter = ChangeFilter { document: Some(document), limit: i64::MAX, ..ChangeFilter::default() };
    let changes = atlas.changes(&filter).await?.into_iter();
    let extracted: HashSet<i64> =
        changes.filter(|change| change.as_read().reason == EXTRACTION).map(|change| change.change.to_version).collect();
    let mut observations = Vec::new();
    for version in atlas.versions(document).await? {
        let number = version.number;
        let text = atlas.version_text(document, number).await?;
        let text = text.ok_or(ReanalysisError::TextLost { document, number })?;
        let technical = extracted.contains(&number).then(|| EXTRACTION.to_string());
        let at_ms = version.first_seen_ms;
        let capture = NewCapture { at_ms, url: None, status: 0, headers: Vec::new(), body: Vec::new(), origin: None };
        observations.push(Observation { capture, text, recorded: true, technical });
    }
    Ok(observations)
}

fn fold(reader: &'static Reader, document: DocumentId, observations: Vec<Observation>, now_ms: i64) -> Batch {
    let mut history = History::resume(reader, document, None);
    for observation in observations {
        history.observe(observation);
    }
    history.take_batch(reader.version(), now_ms, None)
}
