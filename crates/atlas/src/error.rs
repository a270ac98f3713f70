//! What can go wrong in the store.
use crate::ids::DocumentId;

/// Why the atlas could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum AtlasError {
    /// The data folder or a file in it cannot be used.
    #[error("{path}: {source}")]
    Io {
        /// The folder or file.
        path: String,
        /// The cause.
        source: std::io::Error,
    },
    /// The database refused or could not be reached.
    #[error("the store: {0}")]
    Sql(#[from] sqlx::Error),
    /// The store was written by a later release.
    #[error(
        "the store has schema {found}, this release knows up to {known}; use the release that wrote it or a later one"
    )]
    NewerSchema {
        /// Schema of the store.
        found: i64,
        /// Latest schema of this release.
        known: i64,
    },
    /// The store belongs to a log of another name, and evidence names its log.
    #[error("the store holds the log {found:?}, but {asked:?} is configured; a log keeps its name for ever")]
    OtherLog {
        /// Name in the store.
        found: String,
        /// Name asked for.
        asked: String,
    },
    /// What is secret in the store is sealed with a key that is not there.
    #[error(
        "{place} is not there: it holds the key that seals the secrets in this store, which lies in the data folder of the machine that \
         made them, and in its backups; put it there, or name the key with CLAUSEWATCH_ACCOUNTS_KEY; if it is lost for good, `clausewatch admin \
         forget-secrets` says what then (nothing was changed)"
    )]
    KeyMissing {
        /// Where it was looked for.
        place: String,
    },
    /// What is secret in the store is sealed with another key.
    #[error(
        "the key in {place} is not the one that seals the secrets in this store; that one lies in the file accounts.key of the data folder \
         of the machine that made them, and in its backups; put it in place of this one; if it is lost for good, `clausewatch admin \
         forget-secrets` says what then (nothing was changed)"
    )]
    WrongKey {
        /// Where the key was found.
        place: String,
    },
    /// A key cannot be read.
    #[error("the key in {place} cannot be used: {reason}; if it was damaged, bring the file back from a backup")]
    KeyUnusable {
        /// Where it was found.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A sealed secret cannot be opened.
    #[error(
        "{what} cannot be opened with the key in {place}: {reason}; bring the key, or the store, back from a backup"
    )]
    Sealed {
        /// Which secret.
        what: String,
        /// Where the key was found.
        place: String,
        /// Why not.
        reason: String,
    },
    /// No such record.
    #[error("there is no {0}")]
    Missing(String),
    /// Another writer has added versions since the caller looked.
    #[error("{document} has {found} versions, the batch was built upon {expected}; read its history again")]
    Stale {
        /// The document.
        document: DocumentId,
        /// Number of versions the batch was built upon.
        expected: i64,
        /// Number of versions now.
        found: i64,
    },
    /// The document was analysed anew since the caller read its history.
    #[error(
        "{document} was read again by another process meanwhile; read its history again (an import goes on where it was)"
    )]
    Revised {
        /// The document.
        document: DocumentId,
    },
    /// Another process is at work on the whole store.
    #[error("another process is {doing}; wait until it has ended, then run this again")]
    Busy {
        /// What it may be doing.
        doing: &'static str,
    },
    /// The batch contradicts itself or what is stored; nothing of it was recorded.
    #[error("{document}: {reason}")]
    Refused {
        /// The document.
        document: DocumentId,
        /// What is wrong.
        reason: String,
    },
    /// What is stored contradicts itself.
    #[error("{record} is damaged: {reason}")]
    Damaged {
        /// Which record.
        record: String,
        /// What was found.
        reason: String,
    },
    /// The transparency log cannot be extended or read.
    #[error("the log: {0}")]
    Log(#[from] archive::log::LogError),
    /// The log's key or checkpoint is unusable.
    #[error("the log's checkpoint: {0}")]
    Checkpoint(#[from] archive::log::CheckpointError),
    /// The log's key is unusable.
    #[error("the log's key: {0}")]
    Key(#[from] archive::log::NoteError),
    /// The search index cannot be opened, though nothing shows that it is damaged; it is left as it is.
    #[error(
        "the search index in {path} cannot be opened: {source}; see that the folder may be read and written, that the disk has room and that \
         the process may open more files, then start again; or stop all processes and delete the folder: it is made again from the store"
    )]
    Index {
        /// Its folder.
        path: String,
        /// The cause.
        source: tantivy::TantivyError,
    },
    /// The search index failed.
    #[error("the search index: {0}")]
    Search(#[from] tantivy::TantivyError),
}

/// Shorthand for results of the atlas.
pub(crate) type Result<T> = std::result::Result<T, AtlasError>;
