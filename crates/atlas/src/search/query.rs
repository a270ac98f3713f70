//! Asking the index. The words are read by a few lines of our own: a query language would turn a stray colon or bracket that people
//! paste with a sentence into an error, or into something they did not ask for.
use tantivy::collector::{Count, TopDocs};
use tantivy::query::{AllQuery, BooleanQuery, BoostQuery, Occur, PhraseQuery, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption, Value};
use tantivy::snippet::SnippetGenerator;
use tantivy::{DocAddress, Score, TantivyDocument, Term};

use super::index::{Index, tokenizer};
use super::{SearchHit, SearchPage, SearchQuery};
use crate::codes::Code;
use crate::error::Result;
use crate::ids::{DocumentId, ProvisionId};

/// Characters of a snippet.
const SNIPPET: usize = 240;
/// Hits further down than this cannot be asked for: their collection takes memory for all before them.
const DEEPEST: usize = 10_000;
/// Words beyond these are ignored.
const MOST_WORDS: usize = 40;
/// A find in a heading counts for more than one in the text.
const HEADING_BOOST: Score = 1.5;

/// Runs a query. Titles and platforms of the hits are left to the caller.
pub(super) fn run(index: &Index, query: &SearchQuery) -> Result<SearchPage> {
    let searcher = index.reader.searcher();
    let words = words(index, &query.words)?;
    let asked = filtered(index, query, words.as_ref().map(|words| words.box_clone()));
    let limit = query.limit.clamp(1, 1000);
    let top = TopDocs::with_limit(limit).and_offset(query.offset.min(DEEPEST)).order_by_score();
    let (total, found): (usize, Vec<(Score, DocAddress)>) = searcher.search(&asked, &(Count, top))?;
    let any: Box<dyn Query> = words.unwrap_or_else(|| Box::new(AllQuery));
    let mut snippets = SnippetGenerator::create(&searcher, &*any, index.fields.text)?;
    snippets.set_max_num_chars(SNIPPET);
    let mut hits = Vec::with_capacity(found.len());
    if query.limit > 0 {
        for (_, address) in found {
            hits.push(hit(index, &searcher.doc(address)?, &snippets));
        }
    }
    Ok(SearchPage { total, hits })
}

fn filtered(index: &Index, query: &SearchQuery, words: Option<Box<dyn Query>>) -> BooleanQuery {
    let fields = index.fields;
    let severity = query.severity.map(|severity| severity.code().to_string());
    let mut parts: Vec<(Occur, Box<dyn Query>)> = vec![(Occur::Must, words.unwrap_or_else(|| Box::new(AllQuery)))];
    let mut only = |field: Field, value: &str| {
        let term = TermQuery::new(Term::from_field_text(field, value), IndexRecordOption::Basic);
        parts.push((Occur::Must, Box::new(BoostQuery::new(Box::new(term), 0.0))));
    };
    if let Some(platform) = &query.platform {
        only(fields.platform, platform);
    }
    if let Some(kind) = &query.kind {
        only(fields.kind, kind);
    }
    match (&query.clause_type, &severity) {
        (Some(clause_type), Some(severity)) => only(fields.graded, &format!("{clause_type}/{severity}")),
        (Some(clause_type), None) => only(fields.types, clause_type),
        (None, Some(severity)) => only(fields.severity, severity),
        (None, None) => {}
    }
    BooleanQuery::new(parts)
}

/// What the words ask for; none if there is no word in them.
fn words(index: &Index, words: &str) -> Result<Option<Box<dyn Query>>> {
    let mut tokenizer = index.inner.tokenizer_for_field(index.fields.text)?;
    let mut parts: Vec<(Occur, Box<dyn Query>)> = Vec::new();
    let mut positive = false;
    for (without, phrase) in split(words).into_iter().take(MOST_WORDS) {
        let mut tokens = Vec::new();
        tokenizer.token_stream(&phrase).process(&mut |token| tokens.push(token.text.clone()));
        if tokens.is_empty() {
            continue;
        }
        tokens.truncate(MOST_WORDS);
        positive |= !without;
        parts.push((if without { Occur::MustNot } else { Occur::Must }, anywhere(index, &tokens)));
    }
    if parts.is_empty() {
        return Ok(None);
    }
    if !positive {
        parts.push((Occur::Must, Box::new(AllQuery)));
    }
    Ok(Some(Box::new(BooleanQuery::new(parts))))
}

/// The tokens, one after the other, in the text or in the heading.
fn anywhere(index: &Index, tokens: &[String]) -> Box<dyn Query> {
    let in_field = |field: Field| -> Box<dyn Query> {
        let mut terms: Vec<Term> = tokens.iter().map(|token| Term::from_field_text(field, token)).collect();
        match (terms.pop(), terms.is_empty()) {
            (Some(only), true) => Box::new(TermQuery::new(only, IndexRecordOption::WithFreqs)),
            (last, _) => Box::new(PhraseQuery::new(terms.into_iter().chain(last).collect())),
        }
    };
    let heading = BoostQuery::new(in_field(index.fields.heading), HEADING_BOOST);
    Box::new(BooleanQuery::new(vec![(Occur::Should, in_field(index.fields.text)), (Occur::Should, Box::new(heading))]))
}

/// Whether a clause has all the words, as a search over it alone would find. Words that name nothing find nothing.
pub fn finds(words: &str, heading: &str, text: &str) -> bool {
    let mut tokenizer = tokenizer();
    let mut tokens = |text: &str| {
        let mut tokens = Vec::new();
        tokenizer.token_stream(text).process(&mut |token| tokens.push(token.text.clone()));
        tokens
    };
    let places = [tokens(heading), tokens(text)];
    let mut asked = false;
    for (without, phrase) in split(words).into_iter().take(MOST_WORDS) {
        let phrase = tokens(&phrase);
        if phrase.is_empty() {
            continue;
        }
        asked |= !without;
        let found = places.iter().any(|place| place.windows(phrase.len()).any(|window| window == phrase));
        if found == without {
            return false;
        }
    }
    asked
}

/// Splits at white space into words and `"phrases"`, each with whether a minus before it excludes it. A quotation mark that is not
/// closed reaches to the end.
fn split(words: &str) -> Vec<(bool, String)> {
    let words = words.replace(['“', '”', '„', '«', '»'], "\"");
    let mut parts = Vec::new();
    let mut rest = words.trim_start();
    while !rest.is_empty() {
        let without = rest.starts_with('-');
        let body = rest.strip_prefix('-').unwrap_or(rest);
        let (part, after) = match body.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => body.split_once(char::is_whitespace).unwrap_or((body, "")),
        };
        parts.push((without, part.trim().to_string()));
        rest = after.trim_start();
    }
    parts
}

fn hit(index: &Index, entry: &TantivyDocument, snippets: &SnippetGenerator) -> SearchHit {
    let fields = index.fields;
    let number = |field| entry.get_first(field).and_then(|value| value.as_u64());
    let text = |field| entry.get_first(field).and_then(|value| value.as_str()).unwrap_or_default();
    let types = entry.get_all(fields.types).filter_map(|value| value.as_str()).map(str::to_string).collect();
    SearchHit {
        provision: number(fields.provision).map(|id| ProvisionId(id as i64)),
        document: DocumentId(number(fields.document).unwrap_or(0) as i64),
        document_title: String::new(),
        platform: String::new(),
        platform_name: String::new(),
        heading: text(fields.heading).to_string(),
        snippet_html: snippet(text(fields.text), snippets),
        clause_types: types,
        version: number(fields.version).unwrap_or(0) as i64,
        removed: number(fields.removed) == Some(1),
    }
}

/// The part of a clause that holds most finds, or its beginning.
fn snippet(text: &str, snippets: &SnippetGenerator) -> String {
    let mut snippet = snippets.snippet(text);
    if !snippet.is_empty() {
        snippet.set_snippet_prefix_postfix("<mark>", "</mark>");
        return snippet.to_html();
    }
    let mut start: String = text.chars().take(SNIPPET).collect();
    if start.len() < text.len() {
        start.truncate(start.rfind(' ').unwrap_or(start.len()));
        start.push('…');
    }
    escape(&start)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#x27;")
}

#[cfg(test)]
mod tests {
    use super::{escape, finds, split};

    #[test]
    fn a_clause_is_found_as_the_index_would_find_it() {
        let clause = "Disputes are settled by binding arbitration, and you waive the right to a jury.";
        for (words, found) in [
            ("arbitrate", true),
            ("\"binding arbitration\"", true),
            ("\"arbitration binding\"", false),
            ("disputes court", false),
            ("disputes -jury", false),
            ("heading dispute", true),
            ("", false),
            ("-court", false),
        ] {
            assert_eq!(finds(words, "A heading", clause), found, "{words}");
        }
    }

    #[test]
    fn words_and_phrases() {
        let parts = |words| {
            split(words)
                .into_iter()
                .map(|(not, part)| format!("{}{part}", if not { "!" } else { "" }))
                .collect::<Vec<_>>()
        };
        assert_eq!(parts("a \"b c\" -d -\"e f\" g:[h"), ["a", "b c", "!d", "!e f", "g:[h"]);
        assert_eq!(parts("“not closed"), ["not closed"]);
        assert_eq!(parts(" - \" "), ["!", ""]);
        assert_eq!(escape("<b a='1'>&"), "&lt;b a=&#x27;1&#x27;&gt;&amp;");
    }
}
