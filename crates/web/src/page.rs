//! What the layout (`layout.html`) needs to know of every page. A page's template struct has a field `head: Head`.
use std::sync::Arc;

use atlas::operate::Announcement;
use atlas::watching::{PersonId, WatchId};

use crate::SiteConfig;
use crate::holder::Holder;
use crate::owner::Operator;
use crate::site::Site;
use crate::{assets, links};

/// A step of the way from the front page to this page.
#[derive(Debug, Clone)]
pub(crate) struct Crumb {
    pub title: String,
    /// None for the page itself.
    pub path: Option<String>,
}

/// The entries of the main navigation, in its order: title and path.
const NAVIGATION: [(&str, &str); 8] = [
    ("Platforms", links::PLATFORMS),
    ("Changes", links::CHANGES),
    ("Clause types", links::TYPES),
    ("Compare", links::COMPARE),
    ("Regulations", links::REGULATIONS),
    ("Search", links::SEARCH),
    ("Check", links::CHECK),
    ("Methodology", links::METHODOLOGY),
];

/// The button that watches the record of a page.
#[derive(Debug, Clone)]
pub(crate) struct WatchBox {
    /// What is watched, as JSON.
    pub subject: String,
    /// Its name, for those who do not see where the button stands.
    pub name: String,
    /// The watchlists that it can go to, the reader's own first.
    pub places: Vec<WatchPlace>,
}

/// A watchlist that a record can go to.
#[derive(Debug, Clone)]
pub(crate) struct WatchPlace {
    /// Whose; none: that of a visitor who may become somebody here.
    pub holder: Option<Holder>,
    /// The watch, if there is one.
    pub watched: Option<WatchId>,
    /// Why the plan does not allow to watch it, if it does not.
    pub limit: Option<String>,
}

impl WatchPlace {
    /// The number of the organisation whose watchlist it is.
    pub fn organisation(&self) -> Option<PersonId> {
        self.holder.as_ref().and_then(Holder::organisation)
    }

    /// What the watchlist is called among several.
    pub fn title(&self) -> &str {
        let organisation = self.holder.as_ref().and_then(|holder| holder.organisation.as_ref());
        organisation.map_or("Your watchlist", |belonging| &belonging.name)
    }

    /// The watchlist.
    pub fn list(&self) -> String {
        links::held(self.organisation(), links::WATCHLIST)
    }
}

/// The head, header and footer of a page.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub site: Arc<SiteConfig>,
    /// Title of the page, without the site's name.
    pub title: String,
    /// One sentence for search engines and previews.
    pub about: String,
    /// Canonical path, with the query if it is part of the address.
    pub path: String,
    /// The way here, the page itself last. Empty on the front page.
    pub crumbs: Vec<Crumb>,
    /// What stands in the search box of the header.
    pub asked: String,
    /// Title and path of the feed that follows this page.
    pub feed: Option<(String, String)>,
    /// JSON-LD, with `<` escaped so that no text in it can end its element.
    pub json_ld: Option<String>,
    /// Whether the page is also there as JSON.
    pub json: bool,
    /// Whether search engines may list it.
    pub listed: bool,
    /// Whether who asks may have a watchlist here.
    pub personal: bool,
    /// Whether persons have accounts here.
    pub accounts: bool,
    /// Whether there are plans here.
    pub plans: bool,
    /// The button that watches this record.
    pub watch: Option<WatchBox>,
    /// The page on which the operator judges this record.
    pub review: Option<String>,
    /// Whether the page may ask for a passkey, which needs a script.
    pub passkeys: bool,
    /// What is announced to everybody.
    pub announcements: Arc<Vec<Announcement>>,
}

impl Head {
    /// The head of a page with this title at this path; see the fields for what can be added.
    pub fn new(site: &Site, title: String, path: String) -> Head {
        Head {
            site: Arc::clone(&site.config),
            title,
            about: String::new(),
            path,
            crumbs: Vec::new(),
            asked: String::new(),
            feed: None,
            json_ld: None,
            json: true,
            listed: true,
            personal: site.personal.is_some(),
            accounts: site.accounts.is_some(),
            plans: !site.plans.all().is_empty(),
            watch: None,
            review: None,
            passkeys: false,
            announcements: site.announced(),
        }
    }

    /// Adds the sentence about the page.
    pub fn about(mut self, about: impl Into<String>) -> Head {
        self.about = about.into();
        self
    }

    /// Adds a step of the way here (call in order; the page itself is added by the layout's last step).
    pub fn crumb(mut self, title: impl Into<String>, path: impl Into<String>) -> Head {
        self.crumbs.push(Crumb { title: title.into(), path: Some(path.into()) });
        self
    }

    /// Ends the way here with the page itself.
    pub fn here(mut self, title: impl Into<String>) -> Head {
        self.crumbs.push(Crumb { title: title.into(), path: None });
        self
    }

    /// Names the feed that follows this page.
    pub fn feed(mut self, title: impl Into<String>, path: impl Into<String>) -> Head {
        self.feed = Some((title.into(), path.into()));
        self
    }

    /// Adds JSON-LD.
    pub fn json_ld(mut self, value: &serde_json::Value) -> Head {
        self.json_ld = Some(value.to_string().replace('<', "\\u003c"));
        self
    }

    /// Adds the button that watches this record, if there is one.
    pub fn watch(mut self, watch: Option<WatchBox>) -> Head {
        self.watch = watch;
        self
    }

    /// Adds the link to the page on which the record is judged, for whoever may judge it.
    pub fn review(mut self, operator: Option<Operator>, record: impl std::fmt::Display) -> Head {
        self.review = operator.map(|_| links::review(record));
        self
    }

    /// Says that the page is there for people only.
    pub fn no_json(mut self) -> Head {
        self.json = false;
        self
    }

    /// Keeps the page out of search engines.
    pub fn unlisted(mut self) -> Head {
        self.listed = false;
        self
    }

    /// Says whether the page may ask for a passkey.
    pub fn passkeys(mut self, asks: bool) -> Head {
        self.passkeys = asks;
        self
    }

    /// The `<title>`.
    pub fn full_title(&self) -> String {
        if self.path == links::HOME {
            return format!("{} – {}", self.site.name, self.title);
        }
        format!("{} – {}", self.title, self.site.name)
    }

    /// The canonical address.
    pub fn canonical(&self) -> String {
        format!("{}{}", self.site.base_url, self.path)
    }

    /// The address of the page as JSON, if it is there as JSON.
    pub fn json_path(&self) -> Option<String> {
        self.json.then(|| links::json(&self.path))
    }

    /// The main navigation: title, path, whether the page belongs to it.
    pub fn navigation(&self) -> impl Iterator<Item = (&'static str, &'static str, bool)> + '_ {
        let path = self.path.split('?').next().unwrap_or("");
        let inside =
            move |entry: &str| path.strip_prefix(entry).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        NAVIGATION.into_iter().map(move |(title, entry)| (title, entry, inside(entry)))
    }

    /// Whether the page is about a watchlist, one's own or an organisation's.
    pub fn is_watching(&self) -> bool {
        let path = self.path.as_str();
        let held =
            path.strip_prefix(links::ORGANISATIONS).and_then(|rest| rest.get(1..)?.find('/').map(|at| &rest[at + 1..]));
        [links::WATCHLIST, links::INBOX].contains(&held.unwrap_or(path))
    }

    /// Whether the page is about the reader's account or an organisation.
    pub fn is_account(&self) -> bool {
        let of = |place: &str| self.path.starts_with(place);
        (of(links::ACCOUNT) || of(links::ORGANISATIONS)) && !self.is_watching()
    }

    /// Whether the page is for who is signed in, on a site with accounts: signing out is a button away.
    pub fn is_behind_sign_in(&self) -> bool {
        let within =
            [links::ORGANISATIONS, links::OPERATE, links::REVIEW].iter().any(|place| self.path.starts_with(place));
        self.accounts && (self.path == links::ACCOUNT || self.is_watching() || within)
    }

    /// Address of the style sheet.
    pub fn style(&self) -> &'static str {
        &assets::STYLE.path
    }

    /// Address of the script that asks for passkeys.
    pub fn script(&self) -> &'static str {
        &assets::PASSKEYS.path
    }
}
