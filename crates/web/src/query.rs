//! The query of an address, as a form of ours makes it. Whatever else stands in it is ignored; what it says wrongly is named.
use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::error::Failure;

/// Longest value that is looked at, in bytes; a longer one is cut.
const LONGEST: usize = 2_000;
/// Most pages that can be turned.
const LAST_PAGE: usize = 100_000;

/// The fields of a query in the order of the address; of a field given twice, the first counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Query(Vec<(String, String)>);

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Query::parse(parts.uri.query().unwrap_or("")))
    }
}

impl Query {
    /// Reads a query; bytes that are not UTF-8 become replacement characters.
    pub fn parse(query: &str) -> Query {
        let fields = form_urlencoded::parse(query.as_bytes());
        Query(fields.take(64).map(|(name, value)| (name.into_owned(), cut(value.into_owned()))).collect())
    }

    /// What a field says, without white space at its ends; none if it is missing or empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(known, _)| known == name)?;
        Some(value.trim()).filter(|value| !value.is_empty())
    }

    /// Whether a field says this.
    pub fn is(&self, name: &str, value: &str) -> bool {
        self.text(name) == Some(value)
    }

    /// What a field says, to the last space; none if it is missing or empty. For passwords.
    pub fn exact(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(known, _)| known == name)?;
        Some(value.as_str()).filter(|value| !value.is_empty())
    }

    /// Everything that a field says that may be given several times.
    pub fn all<'q>(&'q self, name: &'q str) -> impl Iterator<Item = &'q str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.trim())
    }

    /// The same, owned.
    pub fn owned(&self, name: &str) -> Option<String> {
        self.text(name).map(str::to_string)
    }

    /// A field that must be one of the choices, each a value as in the address with what it means.
    pub fn choice<T: Copy>(&self, name: &str, choices: &[(&str, T)]) -> Result<Option<T>, Failure> {
        let Some(value) = self.text(name) else { return Ok(None) };
        match choices.iter().find(|(known, _)| known.eq_ignore_ascii_case(value)) {
            Some((_, meaning)) => Ok(Some(*meaning)),
            None => {
                let known: Vec<&str> = choices.iter().map(|(known, _)| *known).collect();
                Err(Failure::input(name, value, format!("it must be one of: {}", known.join(", "))))
            }
        }
    }

    /// The page of a list, from 1.
    pub fn page(&self) -> Result<usize, Failure> {
        let Some(value) = self.text("page") else { return Ok(1) };
        match value.parse() {
            Ok(page) if (1..=LAST_PAGE).contains(&page) => Ok(page),
            _ => Err(Failure::input("page", value, format!("it must be a number from 1 to {LAST_PAGE}"))),
        }
    }

    /// A day, `2026-11-26`, as the instant at which it begins (UTC).
    pub fn day(&self, name: &str) -> Result<Option<i64>, Failure> {
        let Some(value) = self.text(name) else { return Ok(None) };
        match archive::instant::parse(&format!("{value}T00:00:00Z")) {
            Some(ms) => Ok(Some(ms)),
            None => Err(Failure::input(name, value, "it must be a day like 2026-11-26")),
        }
    }

    /// The query with one field set (or taken away, if the value is empty), beginning with `?`; empty if nothing is left.
    pub fn with(&self, name: &str, value: &str) -> String {
        let mut out = form_urlencoded::Serializer::new(String::new());
        for (known, value) in self.0.iter().filter(|(known, value)| known != name && !value.trim().is_empty()) {
            out.append_pair(known, value);
        }
        if !value.is_empty() {
            out.append_pair(name, value);
        }
        let text = out.finish();
        if text.is_empty() { text } else { format!("?{text}") }
    }
}

fn cut(mut value: String) -> String {
    let mut end = value.len().min(LONGEST);
    while !value.is_char_boundary(end) {
        end -= 1;
    }
    value.truncate(end);
    value
}

#[cfg(test)]
mod tests {
    use super::Query;

    #[test]
    fn fields_are_read_and_set() {
        let query = Query::parse("q=+a%20b&page=3&empty=&q=again&%FF=%FF");
        assert_eq!(query.text("q"), Some("a b"));
        assert_eq!(query.text("empty"), None);
        assert_eq!(query.page().unwrap(), 3);
        assert_eq!(Query::parse("q=x&page=3&empty=").with("page", ""), "?q=x");
        assert_eq!(Query::parse("q=x").with("q", ""), "");
        assert_eq!(Query::parse("q=x%26").with("page", "2"), "?q=x%26&page=2");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let query = Query::parse("page=0&since=2026-02-30&sort=up");
        assert!(query.page().unwrap_err().to_string().contains("page"));
        assert!(query.day("since").unwrap_err().to_string().contains("2026-02-30"));
        assert!(query.choice("sort", &[("name", 1)]).unwrap_err().to_string().contains("name"));
    }
}
