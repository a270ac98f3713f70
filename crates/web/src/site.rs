//! What every handler is given: the atlas, the operator's choices, the clock.
use std::sync::Arc;

use atlas::Atlas;

use crate::desk::{Desk, ReadBrought};
use crate::page::Head;

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
    pub(crate) atlas: Atlas,
    pub(crate) config: Arc<SiteConfig>,
    pub(crate) desk: Desk,
    now: Clock,
}

impl Site {
    /// A site.
    pub fn new(atlas: Atlas, config: SiteConfig, now: Clock) -> Site {
        Site { atlas, config: Arc::new(config), desk: Desk::plain(), now }
    }

    /// The site, with a reader for what visitors bring to `/check` beyond HTML and text: PDF files and addresses.
    pub fn reading(mut self, read: ReadBrought) -> Site {
        self.desk = Desk::equipped(read);
        self
    }

    /// Now, in milliseconds since 1970 UTC.
    pub(crate) fn now_ms(&self) -> i64 {
        (self.now)()
    }

    /// The head of a page with this title at this path.
    pub(crate) fn head(&self, title: impl Into<String>, path: impl Into<String>) -> Head {
        Head::new(Arc::clone(&self.config), title.into(), path.into())
    }
}
