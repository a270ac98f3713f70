//! What an attached language model said, kept by what it was asked about.
//!
//! An answer belongs to words, not to a record: the SHA-256 of a clause's words (and of the words that introduce it), or of a change's two
//! texts, together with the model and the version of the prompt. Every record that has these words shows it, and no words are paid for twice.
//! An answer that failed its checks is kept as its reason. Nothing else in the store refers to an answer or depends on one.
use std::ops::Range;

use archive::Sha256Digest;
use archive::instant::{DAY_MS, MINUTE_MS};
use document::Structure;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::codes::Code;
use crate::error::Result;
use crate::ids::{ChangeId, DocumentId};
use crate::open::Atlas;
use crate::records::Materiality;
use crate::store::{Row, Value, args, damaged, json, statements, to_json};

/// How long a question belongs to the one who claimed it: longer than any question takes. A process that is killed in the middle keeps
/// its few questions from being asked for this long.
pub const LEASE_MS: i64 = 10 * MINUTE_MS;

/// A question is open unless it is settled, under way elsewhere, or failed too short a time ago (which the eager do not mind).
macro_rules! open_unless {
    ($asked:literal) => {
        concat!(
            "NOT EXISTS (SELECT 1 FROM answers a WHERE ",
            $asked,
            " AND a.model = $1 AND a.prompt = $2
                AND (a.again_ms IS NULL OR (a.again_ms > $4 AND ($5 = 0 OR a.reason IS NULL))))"
        )
    };
}

statements! {
    // Words that stand in several documents are one question; the severest provision decides when its turn comes.
    OPEN_CLAUSES = concat!("SELECT MIN(w.document_id * 4294967296 + w.lineage), MAX(p.shown_severity) FROM provisions p
            JOIN wordings w ON w.document_id = p.document_id AND w.lineage = p.lineage AND w.to_version IS NULL
        WHERE p.shown_type IS NOT NULL AND p.removed_version IS NULL AND ($3 = 0 OR p.document_id = $3) AND ",
        open_unless!("a.subject = 0 AND a.words_sha256 = w.words_sha256"),
        " GROUP BY w.words_sha256 ORDER BY 2 DESC, 1 LIMIT $6"),
    WORDING = "SELECT from_version, range_start, range_end, words_sha256 FROM wordings
        WHERE document_id = $1 AND lineage = $2 AND to_version IS NULL",
    // A version is compared with the last one before it that is not defective.
    OPEN_CHANGES = concat!("SELECT c.id, c.document_id, b.number, n.number, b.text_sha256, n.text_sha256 FROM changes c
            JOIN versions n ON n.document_id = c.document_id AND n.number = c.to_version
            JOIN versions b ON b.document_id = c.document_id AND b.number = (SELECT MAX(v.number) FROM versions v
                WHERE v.document_id = c.document_id AND v.number < c.to_version AND NOT EXISTS (SELECT 1 FROM changes d
                    WHERE d.document_id = v.document_id AND d.to_version = v.number AND COALESCE(d.editor_materiality, d.materiality) = $8))
        WHERE COALESCE(c.editor_materiality, c.materiality) = $7 AND c.confirmed_ms IS NOT NULL AND ($3 = 0 OR c.document_id = $3) AND ",
        open_unless!("a.subject = 1 AND a.words_sha256 = n.text_sha256 AND a.beside_sha256 = b.text_sha256"),
        " ORDER BY c.at_ms DESC, c.id DESC LIMIT $6"),
    COUNT_QUESTION = "INSERT INTO questions (day, asked) VALUES ($1, 1)
        ON CONFLICT (day) DO UPDATE SET asked = questions.asked + 1 WHERE questions.asked < $2",
    CLAIM = "INSERT INTO answers (subject, words_sha256, beside_sha256, model, prompt, asked_ms, attempts, again_ms)
        VALUES ($1, $2, $3, $4, $5, $6, 1, $7)
        ON CONFLICT (subject, words_sha256, beside_sha256, model, prompt) DO UPDATE
            SET asked_ms = excluded.asked_ms, attempts = answers.attempts + 1, again_ms = excluded.again_ms, reason = NULL
            WHERE answers.again_ms IS NOT NULL AND (answers.again_ms <= $6 OR ($8 = 1 AND answers.reason IS NOT NULL))",
    SETTLE = "UPDATE answers SET asked_ms = $6, again_ms = NULL, answer = $7, reason = $8
        WHERE subject = $1 AND words_sha256 = $2 AND beside_sha256 = $3 AND model = $4 AND prompt = $5",
    // One hour, then four times as long after each failure, a week at most.
    POSTPONE = "UPDATE answers SET again_ms = $6 + CASE attempts WHEN 1 THEN 3600000 WHEN 2 THEN 14400000 WHEN 3 THEN 57600000
            WHEN 4 THEN 230400000 ELSE 604800000 END, reason = $7
        WHERE subject = $1 AND words_sha256 = $2 AND beside_sha256 = $3 AND model = $4 AND prompt = $5 AND answer IS NULL",
    RELEASE = "UPDATE answers SET again_ms = 0 WHERE subject = $1 AND words_sha256 = $2 AND beside_sha256 = $3 AND model = $4
        AND prompt = $5 AND answer IS NULL AND reason IS NULL",
    SAID = "SELECT model, prompt, asked_ms, answer FROM answers WHERE subject = $1 AND words_sha256 = $2 AND beside_sha256 = $3
        AND answer IS NOT NULL ORDER BY asked_ms DESC, model, prompt LIMIT 1",
    TALLY = "SELECT SUM(CASE WHEN answer IS NOT NULL THEN 1 ELSE 0 END), SUM(CASE WHEN again_ms IS NULL AND answer IS NULL THEN 1 ELSE 0 END),
        SUM(CASE WHEN again_ms IS NOT NULL AND reason IS NOT NULL THEN 1 ELSE 0 END), COUNT(*)
        FROM answers WHERE model = $1 AND prompt = $2",
    REASONS = "SELECT reason, COUNT(*) FROM answers WHERE model = $1 AND prompt = $2 AND reason IS NOT NULL
        GROUP BY reason ORDER BY 2 DESC, reason LIMIT $3",
}

/// What a question is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A clause.
    Clause,
    /// A change.
    Change,
}

impl Code for Subject {
    const ALL: &'static [Subject] = &[Subject::Clause, Subject::Change];
}

/// The words that a question is about, by their hashes: the key of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Asked {
    subject: Subject,
    words: Sha256Digest,
    beside: Option<Sha256Digest>,
}

impl Asked {
    /// A clause, with the words that introduce it where it is an item of a list.
    pub fn clause(words: &str, lead_in: Option<&str>) -> Asked {
        let hash = |text: &str| Sha256Digest::of(text.as_bytes());
        Asked { subject: Subject::Clause, words: hash(words), beside: lead_in.map(hash) }
    }

    /// The change from one text to another.
    pub fn change(old_text: Sha256Digest, new_text: Sha256Digest) -> Asked {
        Asked { subject: Subject::Change, words: new_text, beside: Some(old_text) }
    }

    fn key(&self) -> Vec<Value> {
        args![self.subject.code(), self.words, self.beside.map_or(Vec::new(), |digest| digest.0.to_vec())]
    }
}

/// A clause at its place, with the words that introduce it, as it is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClauseWords<'t> {
    /// The clause.
    pub words: &'t str,
    /// The paragraph that introduces the list which it is an item of.
    pub lead_in: Option<&'t str>,
}

impl<'t> ClauseWords<'t> {
    /// The clause in which a byte range of a text begins.
    pub fn at(text: &'t str, structure: &Structure, range: &Range<usize>) -> Option<ClauseWords<'t>> {
        let after = structure.clauses.partition_point(|clause| clause.range.start <= range.start);
        let clause = structure.clauses.get(after.checked_sub(1)?)?;
        let lead_in = clause.lead_in.and_then(|lead| structure.clauses.get(lead));
        let inside = clause.range.end > range.start;
        let words = text.get(clause.range.clone()).filter(|_| inside)?;
        Some(ClauseWords { words, lead_in: lead_in.and_then(|lead| text.get(lead.range.clone())) })
    }

    /// The key of its answer.
    pub fn asked(&self) -> Asked {
        Asked::clause(self.words, self.lead_in)
    }
}

/// Who is asked, and in which words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asker {
    /// The model's name.
    pub model: String,
    /// Version of the prompt.
    pub prompt: String,
}

/// What was said, by whom, when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said<T> {
    /// The model's name.
    pub model: String,
    /// Version of the prompt that it was asked with.
    #[serde(rename = "prompt_version")]
    pub prompt: String,
    /// When it answered.
    #[serde(rename = "asked_ms")]
    pub at_ms: i64,
    /// What it said.
    #[serde(flatten)]
    pub what: T,
}

/// What a model said about a clause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AboutClause {
    /// In plain words.
    pub explanation: String,
    /// The clause types that it names; none if it sees none.
    pub types: Vec<NamedType>,
}

/// A clause type that a model names, with the words that it rests upon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedType {
    /// The clause type's ID in the taxonomy.
    pub id: String,
    /// Words of the clause, byte for byte.
    pub quotation: String,
}

/// What a model said about a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AboutChange {
    /// What changed, in plain words.
    pub paragraph: String,
    /// The words that it rests upon.
    pub quotations: Vec<SideQuotation>,
}

/// Words of the older or the newer text, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SideQuotation {
    /// Whose words they are.
    pub side: Side,
    /// The words.
    pub quotation: String,
}

/// One of a change's two texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The older text.
    Old,
    /// The newer text.
    New,
}

/// Which questions are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open {
    /// Only of this document.
    pub document: Option<DocumentId>,
    /// Now: a question that failed is open again some time later.
    pub now_ms: i64,
    /// Whether questions that failed are open at once.
    pub eager: bool,
    /// How many at most.
    pub limit: i64,
}

/// A standing clause with a provision that was not asked about: where its words are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenClause {
    /// A document that has it.
    pub document: DocumentId,
    /// The version whose text has the words.
    pub version: i64,
    /// Their byte range in that text.
    pub range: Range<usize>,
    /// Their SHA-256.
    pub words_sha256: Sha256Digest,
}

/// A material change that was not asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenChange {
    /// The change.
    pub id: ChangeId,
    /// Its document.
    pub document: DocumentId,
    /// The version that the newer one is compared with.
    pub from_version: i64,
    /// The newer version.
    pub to_version: i64,
    /// The key of its answer.
    pub asked: Asked,
}

/// Whether a question may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// It is the caller's for [`LEASE_MS`].
    Yours,
    /// It is settled, or another process asks it.
    Taken,
    /// As many questions as a day may have were asked today.
    DayIsFull,
}

/// What came of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<T> {
    /// An answer that passed every check.
    Answered(T),
    /// No answer that may be shown; it is not asked again.
    Refused(String),
    /// The endpoint failed; it may be asked again in an hour, then in four, at last once a week.
    Failed(String),
}

/// How the questions to one model, with one prompt, stand.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Answered.
    pub answered: i64,
    /// Settled without an answer that may be shown.
    pub refused: i64,
    /// Failed, to be asked again.
    pub failed: i64,
    /// Under way, or interrupted.
    pub under_way: i64,
    /// Why there is no answer, with how often.
    pub reasons: Vec<(String, i64)>,
}

impl Atlas {
    /// Standing clauses with a provision that `asker` was not asked about, those with the severest provisions first.
    pub async fn open_clauses(&self, asker: &Asker, open: &Open) -> Result<Vec<OpenClause>> {
        let mut found = Vec::new();
        for row in self.store.fetch(OPEN_CLAUSES, args_of(asker, open)).await? {
            let packed: i64 = row.get(0)?;
            let (document, lineage) = (packed >> 32, packed & 0xffff_ffff);
            // It may have gone since.
            let Some(row) = self.store.one(WORDING, args![document, lineage]).await? else { continue };
            let mut c = row.columns();
            let (document, version) = (DocumentId(document), c.next()?);
            let range = crate::read::documents::range(&mut c)?;
            found.push(OpenClause { document, version, range, words_sha256: c.digest()? });
        }
        Ok(found)
    }

    /// Material changes that `asker` was not asked about, newest first.
    pub async fn open_changes(&self, asker: &Asker, open: &Open) -> Result<Vec<OpenChange>> {
        let mut args = args_of(asker, open);
        args.extend(args![Materiality::Material.code(), Materiality::Defective.code()]);
        let change = |row: &Row| {
            let mut c = row.columns();
            let (id, document) = (ChangeId(c.next()?), DocumentId(c.next()?));
            let (from_version, to_version, old) = (c.next()?, c.next()?, c.digest()?);
            Ok(OpenChange { id, document, from_version, to_version, asked: Asked::change(old, c.digest()?) })
        };
        self.store.fetch(OPEN_CHANGES, args).await?.iter().map(change).collect()
    }

    /// Takes a question, unless it is settled or taken, or `day_limit` questions were taken today (UTC).
    pub async fn claim(&self, asker: &Asker, asked: &Asked, now_ms: i64, eager: bool, day_limit: i64) -> Result<Claim> {
        let mut tx = self.store.write_unordered().await?;
        let mut args = row_key(asker, asked);
        args.extend(args![now_ms, now_ms + LEASE_MS, i64::from(eager)]);
        if tx.run(CLAIM, args).await? == 0 {
            return Ok(Claim::Taken);
        }
        // Dropping the transaction gives the question back.
        if day_limit < 1 || tx.run(COUNT_QUESTION, args![now_ms.div_euclid(DAY_MS), day_limit]).await? == 0 {
            return Ok(Claim::DayIsFull);
        }
        tx.commit().await?;
        Ok(Claim::Yours)
    }

    /// Records what came of a question that was claimed.
    pub async fn settle<T: Serialize>(
        &self,
        asker: &Asker,
        asked: &Asked,
        at_ms: i64,
        outcome: &Outcome<T>,
    ) -> Result<()> {
        let mut args = row_key(asker, asked);
        args.extend(args![at_ms]);
        let (sql, rest) = match outcome {
            Outcome::Answered(answer) => (SETTLE, args![to_json(answer), None::<String>]),
            Outcome::Refused(reason) => (SETTLE, args![None::<String>, reason]),
            Outcome::Failed(reason) => (POSTPONE, args![reason]),
        };
        args.extend(rest);
        let mut tx = self.store.write_unordered().await?;
        tx.run(sql, args).await?;
        tx.commit().await
    }

    /// Gives a claimed question back, unasked.
    pub async fn release(&self, asker: &Asker, asked: &Asked) -> Result<()> {
        let mut tx = self.store.write_unordered().await?;
        tx.run(RELEASE, row_key(asker, asked)).await?;
        tx.commit().await
    }

    /// The newest answer about a clause. Its quotations are looked for in the clause again; where one is missing, it is an error.
    pub async fn said_of_clause(&self, clause: &ClauseWords<'_>) -> Result<Option<Said<AboutClause>>> {
        let said: Option<Said<AboutClause>> = self.said(&clause.asked()).await?;
        let quoted = said.iter().flat_map(|said| &said.what.types);
        in_place(quoted.map(|named| (named.quotation.as_str(), clause.words)))?;
        Ok(said)
    }

    /// The newest answer about the change from one text to another. Its quotations are looked for in the texts again; where one is
    /// missing, it is an error.
    pub async fn said_of_change(&self, old: &str, new: &str) -> Result<Option<Said<AboutChange>>> {
        let hash = |text: &str| Sha256Digest::of(text.as_bytes());
        let said: Option<Said<AboutChange>> = self.said(&Asked::change(hash(old), hash(new))).await?;
        let quoted = said.iter().flat_map(|said| &said.what.quotations);
        let text = |side| if side == Side::Old { old } else { new };
        in_place(quoted.map(|quoted| (quoted.quotation.as_str(), text(quoted.side))))?;
        Ok(said)
    }

    async fn said<T: DeserializeOwned>(&self, asked: &Asked) -> Result<Option<Said<T>>> {
        let Some(row) = self.store.one(SAID, asked.key()).await? else { return Ok(None) };
        let mut c = row.columns();
        let (model, prompt, at_ms) = (c.next()?, c.next()?, c.next()?);
        Ok(Some(Said { model, prompt, at_ms, what: json(&c.next::<String>()?)? }))
    }

    /// How the questions to `asker` stand.
    pub async fn tally(&self, asker: &Asker) -> Result<Tally> {
        let of = || args![&asker.model, &asker.prompt];
        let Some(row) = self.store.one(TALLY, of()).await? else { return Ok(Tally::default()) };
        let mut c = row.columns();
        let mut count = || Ok::<_, crate::AtlasError>(c.next::<Option<i64>>()?.unwrap_or(0));
        let (answered, refused, failed, all) = (count()?, count()?, count()?, count()?);
        let mut args = of();
        args.extend(args![20_i64]);
        let rows = self.store.fetch(REASONS, args).await?;
        let reasons = rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect::<Result<_>>()?;
        Ok(Tally { answered, refused, failed, under_way: all - answered - refused - failed, reasons })
    }
}

/// Fails unless every quotation stands in its text.
fn in_place<'q>(mut quotations: impl Iterator<Item = (&'q str, &'q str)>) -> Result<()> {
    match quotations.all(|(quotation, text)| text.contains(quotation)) {
        true => Ok(()),
        false => Err(damaged("an answer of a language model", "it quotes words that are not in the text")),
    }
}

/// The arguments of the statements that look for open questions.
fn args_of(asker: &Asker, open: &Open) -> Vec<Value> {
    let document = open.document.map_or(0, |id| id.0);
    args![&asker.model, &asker.prompt, document, open.now_ms, i64::from(open.eager), open.limit.max(0)]
}

/// The key of a row.
fn row_key(asker: &Asker, asked: &Asked) -> Vec<Value> {
    let mut key = asked.key();
    key.extend(args![&asker.model, &asker.prompt]);
    key
}
