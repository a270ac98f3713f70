//! The site: pages, JSON of every record at the same address, feeds, PDF, evidence, the log's tiles.
pub mod citation;
pub mod faq;
pub mod feed;
pub mod pdf;
pub mod share;

use std::sync::Arc;

use atlas::Atlas;
use axum::Router;

/// Tells the time in milliseconds since 1970 UTC.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// What an operator decides about a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteConfig {
    /// Name of the site.
    pub name: String,
    /// Address under which people reach it, without a slash at the end.
    pub base_url: String,
    /// A sentence for the footer; may be empty.
    pub note: String,
}

/// A site over an atlas.
#[derive(Clone)]
pub struct Site {
    atlas: Atlas,
    config: Arc<SiteConfig>,
    now: Clock,
}

impl Site {
    /// A site.
    pub fn new(atlas: Atlas, config: SiteConfig, now: Clock) -> Site {
        Site { atlas, config: Arc::new(config), now }
    }
}

/// All routes of the site.
pub fn router(site: Site) -> Router {
    let _ = (&site.atlas, &site.config, &site.now);
    Router::new()
}
