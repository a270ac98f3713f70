//! The index: its fields, and bringing it up to date with the store.
use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::Path;

use tantivy::directory::error::OpenReadError;
use tantivy::directory::{Directory, INDEX_WRITER_LOCK, Lock, MmapDirectory};
use tantivy::schema::{Field, INDEXED, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{
    AsciiFoldingFilter, Language, LowerCaser, RemoveLongFilter, SimpleTokenizer, Stemmer, TextAnalyzer,
};
use tantivy::{IndexReader, IndexWriter, TantivyDocument, TantivyError, Term};
use tokio::sync::Mutex;

use crate::codes::{Code, unpack_lineages};
use crate::error::{AtlasError, Result};
use crate::ids::DocumentId;
use crate::log;
use crate::open::Atlas;
use crate::records::{Document, Materiality, Provision};
use crate::store::{args, damaged, digest, statements};

statements! {
    PENDING = "SELECT id, generation FROM documents WHERE generation > $1 AND versions > 0 ORDER BY generation, id",
    LATEST = "SELECT v.number, v.text_sha256, v.lineages FROM versions v
        LEFT JOIN changes c ON c.document_id = v.document_id AND c.to_version = v.number
        WHERE v.document_id = $1 AND (c.materiality IS NULL OR (c.materiality <> $2 AND COALESCE(c.editor_materiality, c.materiality) <> $2)) ORDER BY v.number DESC LIMIT 1",
}

/// Memory of the writer.
const HEAP: usize = 48 << 20;
/// Documents between two commits.
const BATCH: usize = 100;
/// Changes when fields or what is put into them change: an index of another format is made anew.
const FORMAT: &str = "clausewatch-search/1";
const TOKENIZER: &str = "clause";

/// Fields of the index.
#[derive(Clone, Copy)]
pub(super) struct Fields {
    pub document: Field,
    pub version: Field,
    pub provision: Field,
    pub removed: Field,
    pub platform: Field,
    pub kind: Field,
    pub types: Field,
    pub severity: Field,
    /// `type/severity`, since a clause may hold several types.
    pub graded: Field,
    pub heading: Field,
    pub text: Field,
}

/// The search index.
pub(crate) struct Index {
    pub(super) inner: tantivy::Index,
    pub(super) reader: IndexReader,
    pub(super) fields: Fields,
    /// One writer at a time; other processes are held off by tantivy's own lock.
    writing: Mutex<()>,
}

fn schema() -> (Schema, Fields) {
    let words = TextFieldIndexing::default()
        .set_tokenizer(TOKENIZER)
        .set_index_option(IndexRecordOption::WithFreqsAndPositions);
    let words = TextOptions::default().set_indexing_options(words).set_stored();
    let mut schema = Schema::builder();
    let fields = Fields {
        document: schema.add_u64_field("document", INDEXED | STORED),
        version: schema.add_u64_field("version", STORED),
        provision: schema.add_u64_field("provision", STORED),
        removed: schema.add_u64_field("removed", STORED),
        platform: schema.add_text_field("platform", STRING),
        kind: schema.add_text_field("kind", STRING),
        types: schema.add_text_field("types", STRING | STORED),
        severity: schema.add_text_field("severity", STRING),
        graded: schema.add_text_field("graded", STRING),
        heading: schema.add_text_field("heading", words.clone()),
        text: schema.add_text_field("text", words),
    };
    (schema.build(), fields)
}

/// Words in lower case, without accents, without English endings. Other languages lose endings too, alike on both sides.
pub(super) fn tokenizer() -> TextAnalyzer {
    TextAnalyzer::builder(SimpleTokenizer::default())
        .filter(RemoveLongFilter::limit(60))
        .filter(LowerCaser)
        .filter(AsciiFoldingFilter)
        .filter(Stemmer::new(Language::English))
        .build()
}

impl Index {
    /// Opens the index in a folder. One that is damaged or has other fields is made anew and filled again from the store; one that only
    /// cannot be read now (no rights, no room, too many open files) is left as it is.
    pub fn open(folder: &Path) -> Result<Index> {
        let io = |source| AtlasError::Io { path: folder.display().to_string(), source };
        std::fs::create_dir_all(folder).map_err(io)?;
        let (schema, _) = schema();
        let open = || -> std::result::Result<tantivy::Index, TantivyError> {
            let index = tantivy::Index::open_or_create(MmapDirectory::open(folder)?, schema.clone())?;
            index.reader()?;
            Ok(index)
        };
        let index = match open() {
            Err(error) if is_damage(&error) => made_anew(folder, open),
            other => other,
        };
        let index = index.map_err(|source| AtlasError::Index { path: folder.display().to_string(), source })?;
        Index::new(index)
    }

    /// An index in memory.
    pub fn in_memory() -> Result<Index> {
        Index::new(tantivy::Index::create_in_ram(schema().0))
    }

    fn new(inner: tantivy::Index) -> Result<Index> {
        inner.tokenizers().register(TOKENIZER, tokenizer());
        let reader = inner.reader()?;
        Ok(Index { inner, reader, fields: schema().1, writing: Mutex::new(()) })
    }

    /// Up to which generation of the store with this key the index has read; none for an index of another store or format.
    fn mark(&self, key: &str) -> Result<Option<i64>> {
        let payload = self.inner.load_metas()?.payload;
        let mark = payload.and_then(|payload| payload.strip_prefix(&prefix(key))?.parse().ok());
        Ok(mark)
    }
}

/// Whether the index itself is at fault, and not the machine's state: what is damaged does not mend by being opened again.
fn is_damage(error: &TantivyError) -> bool {
    let of_content = |error: &std::io::Error| matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::UnexpectedEof);
    match error {
        TantivyError::SchemaError(_)
        | TantivyError::DataCorruption(_)
        | TantivyError::IncompatibleIndex(_)
        | TantivyError::DeserializeError(_)
        | TantivyError::OpenReadError(OpenReadError::FileDoesNotExist(_) | OpenReadError::IncompatibleIndex(_)) => true,
        TantivyError::OpenReadError(OpenReadError::IoError { io_error, .. }) | TantivyError::IoError(io_error) => {
            of_content(io_error)
        }
        _ => false,
    }
}

/// Empties the folder of a damaged index and opens it, while no process writes in it.
fn made_anew(
    folder: &Path,
    open: impl Fn() -> std::result::Result<tantivy::Index, TantivyError>,
) -> std::result::Result<tantivy::Index, TantivyError> {
    let writer = Lock { filepath: INDEX_WRITER_LOCK.filepath.clone(), is_blocking: true };
    let _alone = MmapDirectory::open(folder)?.acquire_lock(&writer)?;
    // Of processes that begin together, one has made it anew.
    match open() {
        Err(error) if is_damage(&error) => {}
        other => return other,
    }
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        match entry.file_type()?.is_dir() {
            true => std::fs::remove_dir_all(entry.path())?,
            false if Path::new(&entry.file_name()) == writer.filepath => {}
            false => std::fs::remove_file(entry.path())?,
        }
    }
    open()
}

fn prefix(key: &str) -> String {
    format!("{FORMAT} {key} ")
}

/// Commits on a thread that may wait.
async fn commit(mut writer: IndexWriter, payload: String) -> Result<IndexWriter> {
    let committed = tokio::task::spawn_blocking(move || {
        let mut prepared = writer.prepare_commit()?;
        prepared.set_payload(&payload);
        prepared.commit()?;
        Ok::<_, TantivyError>(writer)
    });
    Ok(committed.await.map_err(|error| damaged("the search index", error.to_string()))??)
}

impl Atlas {
    /// Brings the index up to date with the store; gives the number of documents read.
    pub async fn index_pending(&self) -> Result<usize> {
        self.index_pending_with(&|_, _| {}).await
    }

    /// Like [`Atlas::index_pending`], telling how many documents are done and how many there are.
    pub async fn index_pending_with(&self, progress: &(dyn Fn(usize, usize) + Send + Sync)) -> Result<usize> {
        let index = &self.shared.index;
        let _one = index.writing.lock().await;
        let mark = index.mark(&self.log_key())?;
        let generation = log::generation(&self.store).await?;
        let pending = self.store.fetch(PENDING, args![mark.unwrap_or(-1)]).await?;
        if pending.is_empty() && mark.is_some() {
            return Ok(0);
        }
        let mut writer: IndexWriter = match index.inner.writer_with_num_threads(1, HEAP) {
            // Another process is at it; what it does not see, the next call does.
            Err(TantivyError::LockFailure(..)) => return Ok(0),
            other => other?,
        };
        if mark.is_none() {
            writer.delete_all_documents()?;
        }
        for (done, row) in pending.iter().enumerate() {
            let (id, at) = (row.get(0)?, row.get::<i64>(1)?);
            self.index_document(&writer, DocumentId(id)).await?;
            progress(done + 1, pending.len());
            if (done + 1) % BATCH == 0 && done + 1 < pending.len() {
                writer = commit(writer, format!("{}{}", prefix(&self.log_key()), at - 1)).await?;
            }
        }
        // Documents that changed while this ran have a later generation than the one read at the start, and are read again next time.
        let writer = commit(writer, format!("{}{generation}", prefix(&self.log_key()))).await?;
        let merged = tokio::task::spawn_blocking(move || writer.wait_merging_threads());
        merged.await.map_err(|error| damaged("the search index", error.to_string()))??;
        index.reader.reload()?;
        Ok(pending.len())
    }

    async fn index_document(&self, writer: &IndexWriter, id: DocumentId) -> Result<()> {
        let fields = self.shared.index.fields;
        writer.delete_term(Term::from_field_u64(fields.document, id.0 as u64));
        let Some(document) = self.document(id).await? else { return Ok(()) };
        let Some(row) = self.store.one(LATEST, args![id, Materiality::Defective.code()]).await? else { return Ok(()) };
        let (number, name, lineages) = (row.get::<i64>(0)?, digest(row.get(1)?)?, row.get::<Vec<u8>>(2)?);
        let text = self.blob(name).await?.ok_or_else(|| damaged(format!("blob {name}"), "it is not stored"))?;
        let text = String::from_utf8_lossy(&text);
        let lineages = unpack_lineages(&lineages)?;
        let provisions = self.document_provisions(id, true).await?;
        let mut standing: HashMap<u32, Vec<&Provision>> = HashMap::new();
        for provision in &provisions {
            if provision.removed_version.is_none() {
                standing.entry(provision.lineage).or_default().push(provision);
                continue;
            }
            let place = Place { document: &document, version: provision.last_version, heading: &provision.heading };
            writer.add_document(entry(fields, &place, &provision.excerpt, &[provision]))?;
        }
        let structure = document::structure(&text);
        for (at, clause) in structure.clauses.iter().enumerate().filter(|(_, clause)| !clause.is_heading()) {
            let found = lineages.get(at).and_then(|lineage| standing.get(lineage)).map_or(&[][..], Vec::as_slice);
            let heading = document::heading_path(&structure, &text, at);
            let place = Place { document: &document, version: number, heading: &heading };
            writer.add_document(entry(fields, &place, &text[clause.range.clone()], found))?;
        }
        Ok(())
    }
}

/// Where a clause stands.
struct Place<'a> {
    document: &'a Document,
    version: i64,
    heading: &'a str,
}

/// The index's entry of one clause. `provisions` are most severe first.
fn entry(fields: Fields, place: &Place<'_>, text: &str, provisions: &[&Provision]) -> TantivyDocument {
    let mut entry = TantivyDocument::default();
    entry.add_u64(fields.document, place.document.id.0 as u64);
    entry.add_u64(fields.version, place.version as u64);
    entry.add_text(fields.platform, &place.document.platform.slug);
    entry.add_text(fields.kind, &place.document.kind);
    entry.add_text(fields.heading, place.heading);
    entry.add_text(fields.text, text);
    if let Some(first) = provisions.first() {
        entry.add_u64(fields.provision, first.id.0 as u64);
        entry.add_u64(fields.removed, u64::from(first.removed_version.is_some()));
    }
    for provision in provisions {
        let severity = provision.severity.code();
        entry.add_text(fields.types, &provision.clause_type);
        entry.add_text(fields.severity, severity.to_string());
        entry.add_text(fields.graded, format!("{}/{severity}", provision.clause_type));
    }
    entry
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the metadata of an index say of its segments; a mark that only this index has.
    fn payload(index: &Index) -> Option<String> {
        index.inner.load_metas().unwrap().payload
    }

    /// An index with a clause in it.
    fn filled(folder: &Path) {
        let index = Index::open(folder).unwrap();
        let mut writer: IndexWriter = index.inner.writer_with_num_threads(1, HEAP).unwrap();
        let mut entry = TantivyDocument::default();
        entry.add_text(index.fields.text, "A clause.");
        writer.add_document(entry).unwrap();
        let mut prepared = writer.prepare_commit().unwrap();
        prepared.set_payload("ours");
        prepared.commit().unwrap();
        writer.wait_merging_threads().unwrap();
    }

    /// The first file of the index whose name ends so.
    fn file(folder: &Path, end: &str) -> std::path::PathBuf {
        let mut files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        files.find(|path| path.to_string_lossy().ends_with(end)).unwrap()
    }

    #[test]
    fn a_damaged_index_is_made_anew() {
        let other = |folder: &Path| {
            std::fs::remove_dir_all(folder).unwrap();
            std::fs::create_dir(folder).unwrap();
            let mut schema = Schema::builder();
            schema.add_u64_field("another", INDEXED);
            tantivy::Index::create_in_dir(folder, schema.build()).unwrap();
        };
        type Damage<'a> = (&'a str, &'a dyn Fn(&Path));
        let damages: [Damage<'_>; 5] = [
            ("no metadata", &|folder| std::fs::write(folder.join("meta.json"), "{").unwrap()),
            ("a list that is none", &|folder| std::fs::write(folder.join(".managed.json"), "[3").unwrap()),
            ("a segment cut short", &|folder| std::fs::write(file(folder, ".term"), "cut").unwrap()),
            ("a segment that is gone", &|folder| std::fs::remove_file(file(folder, ".store")).unwrap()),
            ("other fields", &other),
        ];
        for (what, damage) in damages {
            let folder = tempfile::tempdir().unwrap();
            let folder = folder.path().join("search");
            filled(&folder);
            assert_eq!(payload(&Index::open(&folder).unwrap()).as_deref(), Some("ours"), "{what}");
            damage(&folder);
            assert_eq!(payload(&Index::open(&folder).unwrap()), None, "{what}");
        }
    }

    #[test]
    fn an_index_that_cannot_be_opened_now_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("search");
        filled(&folder);
        let meta = folder.join("meta.json");
        let kept = folder.join("kept");
        std::fs::rename(&meta, &kept).unwrap();
        // Nobody, whatever their rights, can read a folder as a file.
        std::fs::create_dir(&meta).unwrap();
        let error = Index::open(&folder).err().unwrap().to_string();
        assert!(error.contains(&folder.display().to_string()) && error.contains("delete the folder"), "{error}");
        std::fs::remove_dir(&meta).unwrap();
        std::fs::rename(&kept, &meta).unwrap();
        assert_eq!(payload(&Index::open(&folder).unwrap()).as_deref(), Some("ours"));
    }
}
