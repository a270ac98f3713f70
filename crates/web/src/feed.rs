//! Atom feeds (RFC 4287): what changed, newest first.
use std::fmt::Write;

use archive::{Sha256Digest, instant};

/// A feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Feed {
    /// Title.
    pub title: String,
    /// One line on what it holds.
    pub subtitle: String,
    /// Stable ID; see [`entry_id`].
    pub id: String,
    /// Absolute address of the feed itself.
    pub self_url: String,
    /// Absolute address of the page that shows the same.
    pub page_url: String,
    /// Name of the site: the author.
    pub author: String,
    /// When anything in it last changed; the newest entry's date where there is one.
    pub updated_ms: i64,
    /// Entries, newest first.
    pub entries: Vec<Entry>,
}

/// An entry of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Stable ID; see [`entry_id`].
    pub id: String,
    /// Title.
    pub title: String,
    /// Absolute address of its page.
    pub url: String,
    /// When it happened.
    pub published_ms: i64,
    /// When it was confirmed, and so came into the feed.
    pub updated_ms: i64,
    /// Name of the platform that it is about.
    pub author: String,
    /// What happened, plain text.
    pub summary: String,
    /// All of it as HTML, where there is more than the summary.
    pub content: Option<String>,
    /// Terms to filter by.
    pub categories: Vec<String>,
}

/// The ID of a record in feeds: a UUID (version 8) made of the log's key, which names this instance for ever, and the record. It stays
/// when the site moves to another address, and no other instance makes the same.
pub(crate) fn entry_id(log_key: &str, record: &str) -> String {
    let mut id = Sha256Digest::of(format!("{log_key}\n{record}").as_bytes()).0;
    id[6] = id[6] & 0x0f | 0x80;
    id[8] = id[8] & 0x3f | 0x80;
    let hex = Sha256Digest(id).to_string();
    format!("urn:uuid:{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..32])
}

/// The feed as a file.
pub(crate) fn atom(feed: &Feed) -> String {
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"en\">\n",
    );
    element(&mut out, 1, "title", &feed.title);
    element(&mut out, 1, "subtitle", &feed.subtitle);
    element(&mut out, 1, "id", &feed.id);
    element(&mut out, 1, "updated", &instant::format(feed.updated_ms));
    let _ = writeln!(out, "  <link rel=\"self\" type=\"application/atom+xml\" href=\"{}\"/>", escape(&feed.self_url));
    let _ = writeln!(out, "  <link rel=\"alternate\" type=\"text/html\" href=\"{}\"/>", escape(&feed.page_url));
    let _ = writeln!(out, "  <author><name>{}</name></author>", escape(&feed.author));
    for entry in &feed.entries {
        out.push_str("  <entry>\n");
        element(&mut out, 2, "title", &entry.title);
        element(&mut out, 2, "id", &entry.id);
        element(&mut out, 2, "updated", &instant::format(entry.updated_ms));
        element(&mut out, 2, "published", &instant::format(entry.published_ms));
        let _ = writeln!(out, "    <link rel=\"alternate\" type=\"text/html\" href=\"{}\"/>", escape(&entry.url));
        let _ = writeln!(out, "    <author><name>{}</name></author>", escape(&entry.author));
        for category in &entry.categories {
            let _ = writeln!(out, "    <category term=\"{}\"/>", escape(category));
        }
        let _ = writeln!(out, "    <summary type=\"text\">{}</summary>", escape(&entry.summary));
        if let Some(content) = &entry.content {
            let _ = writeln!(out, "    <content type=\"html\">{}</content>", escape(content));
        }
        out.push_str("  </entry>\n");
    }
    out.push_str("</feed>\n");
    out
}

fn element(out: &mut String, depth: usize, name: &str, text: &str) {
    let _ = writeln!(out, "{:1$}<{name}>{2}</{name}>", "", depth * 2, escape(text));
}

/// Text or an attribute's value in XML. Characters that XML 1.0 does not allow at all become U+FFFD.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(' '),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_stay_and_differ() {
        let id = entry_id("log+1+key", "CW-C-000001");
        assert_eq!(id, entry_id("log+1+key", "CW-C-000001"));
        assert_ne!(id, entry_id("log+1+key", "CW-C-000002"));
        assert_ne!(id, entry_id("log+2+key", "CW-C-000001"));
        assert!(id.starts_with("urn:uuid:") && id.len() == 45, "{id}");
        assert_eq!(&id[23..24], "8", "{id}");
    }

    #[test]
    fn a_hostile_title_stays_text() {
        let entry = Entry {
            id: "urn:x".into(),
            title: "</title><script>\u{1}&\u{ffff}".into(),
            url: "https://a.example/?a=1&b=\"".into(),
            published_ms: 0,
            updated_ms: 0,
            author: "<b>".into(),
            summary: "]]>".into(),
            content: Some("<p>]]>&lt;</p>".into()),
            categories: vec!["\"><x>".into()],
        };
        let feed = Feed {
            title: "All".into(),
            subtitle: String::new(),
            id: "urn:y".into(),
            self_url: "https://a.example/feed.atom".into(),
            page_url: "https://a.example/changes".into(),
            author: "Site".into(),
            updated_ms: 1_709_337_600_000,
            entries: vec![entry],
        };
        let text = atom(&feed);
        assert!(text.contains("<title>&lt;/title&gt;&lt;script&gt;\u{fffd}&amp;\u{fffd}</title>"), "{text}");
        assert!(text.contains("<updated>2024-03-02T00:00:00Z</updated>"));
        assert_eq!(text.matches("<title>").count(), 2);
        assert!(!text.contains("]]>"));
    }
}
