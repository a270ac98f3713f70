//! The site: pages, JSON of every record at the same address, feeds, PDF, evidence, the log's tiles.
//!
//! A request passes [`doors`], reaches one handler under [`pages`], and is answered through [`negotiate::Wants`]: one record, as a page
//! for people or as JSON for programs. Handlers ask the atlas and fill a template; they hold no queries and no HTML.
mod adding;
mod assets;
mod chart;
mod citation;
mod csv;
mod desk;
mod doors;
mod error;
mod faq;
mod feed;
mod holder;
mod links;
mod meaning;
mod negotiate;
mod outside;
mod owner;
mod page;
mod pages;
mod pdf;
mod qr;
mod query;
mod redline;
mod saved;
mod share;
mod site;
mod text;
mod turns;
mod view;
mod words;

pub use adding::{Adding, AddingAnswer, FoundDocument, WantedDocument};
pub use desk::{Brought, ReadAnswer, ReadBrought};
pub use site::{Clock, Secrets, Site, SiteConfig};

use axum::Router;

/// All routes of the site.
pub fn router(site: Site) -> Router {
    doors::around(pages::all().merge(assets::routes()), site)
}
