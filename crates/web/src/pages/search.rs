//! Search over the clauses of all documents.
use askama::Template;
use atlas::records::Platform;
use atlas::watching::{SavedSearch, Subject};
use atlas::{PlatformFilter, SearchHit, SearchPage as Found, SearchQuery};
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use provisions::{Category, ClauseType, taxonomy};
use serde_json::json;

use crate::error::Failure;
use crate::negotiate::Wants;
use crate::owner::Owner;
use crate::page::Head;
use crate::pages::watching::watch_box;
use crate::query::Query;
use crate::site::Site;
use crate::view::Paging;
use crate::words::Html;
use crate::{links, words};

/// Hits on a page.
const SIZE: usize = 20;
/// Hits that can be reached by turning pages; the index gives no more.
const REACHED: usize = 10_000;

pub(super) fn routes() -> Router<Site> {
    Router::new().route(links::SEARCH, get(search))
}

#[derive(Template)]
#[template(path = "pages/search.html")]
struct SearchPage {
    head: Head,
    query: Query,
    /// Whether anything was asked.
    asked: bool,
    found: Found,
    paging: Paging,
    platforms: Vec<Platform>,
    kinds: Vec<String>,
}

impl SearchPage {
    fn words(&self) -> &str {
        self.query.text("q").unwrap_or("")
    }

    fn filtered(&self) -> bool {
        ["platform", "type", "severity", "kind"].iter().any(|name| self.query.text(name).is_some())
    }

    /// The taxonomy for the list of types: each category with its types.
    fn types(&self) -> Vec<(&'static Category, Vec<&'static ClauseType>)> {
        let all = taxonomy();
        let of = |category: &Category| all.types().iter().filter(|kind| kind.category == category.id).collect();
        all.categories().iter().map(|category| (category, of(category))).collect()
    }

    /// Where a hit's clause can be read: the text of its version, scrolled to the words by browsers that can.
    fn place(&self, hit: &SearchHit) -> String {
        let text = plain(&hit.snippet_html);
        let start: Vec<&str> = text.trim_matches('…').split_whitespace().take(8).collect();
        let page =
            if hit.removed { links::version(&hit.document, &hit.version) } else { links::document(&hit.document) };
        format!("{page}#:~:text={}", links::segment(&start.join(" ")))
    }

    /// The snippet, which the atlas has escaped.
    fn snippet(&self, hit: &SearchHit) -> Html {
        Html(hit.snippet_html.clone())
    }
}

/// A snippet's text without marks and escapes.
fn plain(html: &str) -> String {
    let text = html.replace("<mark>", "").replace("</mark>", "").replace("<b>", "").replace("</b>", "");
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#x27;", "'");
    text.replace("&amp;", "&")
}

async fn search(
    State(site): State<Site>,
    wants: Wants,
    owner: Option<Owner>,
    query: Query,
) -> Result<Response, Failure> {
    let page = query.page()?;
    let asked = ["q", "platform", "type", "severity", "kind"].iter().any(|name| query.text(name).is_some());
    let wanted = SearchQuery {
        words: query.owned("q").unwrap_or_default(),
        platform: query.owned("platform"),
        clause_type: query.owned("type"),
        severity: query.choice("severity", &words::SEVERITIES)?,
        kind: query.owned("kind"),
        offset: (page - 1) * SIZE,
        limit: SIZE,
    };
    if wanted.offset >= REACHED {
        let rule = format!("only the first {} pages of a search can be read; add words or filters", REACHED / SIZE);
        return Err(Failure::input("page", page.to_string(), rule));
    }
    let found = if asked { site.atlas.search(&wanted).await? } else { Found::default() };
    let paging = Paging::of(links::SEARCH, &query, page, SIZE, found.total.min(REACHED));
    if wants == Wants::Json {
        return crate::negotiate::json(&json!({"total": found.total, "page": page, "hits": found.hits}));
    }
    let rows = site.atlas.platforms(&PlatformFilter::default()).await?;
    let platforms = rows.into_iter().map(|row| row.platform).collect();
    let kinds = site.atlas.kinds().await?;
    let title = if wanted.words.is_empty() {
        "Search".to_string()
    } else {
        format!("{} – search", words::clip(&wanted.words, 60))
    };
    let mut head = site.head(title, format!("{}{}", links::SEARCH, query.with("", ""))).here("Search");
    head = head.about("Search every clause of every document on the record.");
    if asked {
        head = head.watch(watch_box(&site, owner, Subject::Search(SavedSearch::of(&wanted)), "this search").await?);
    }
    head.listed = !asked;
    head.asked = wanted.words;
    let page = SearchPage { head, query, asked, found, paging, platforms, kinds };
    wants.record(&page, || ())
}

#[cfg(test)]
mod tests {
    #[test]
    fn snippets_become_plain_text() {
        assert_eq!(super::plain("a &lt;<mark>b</mark>&gt; &amp;lt;"), "a <b> &lt;");
    }
}
