//! What every handler is given: the atlas, the operator's choices, the clock.
use std::sync::{Arc, Mutex, PoisonError};

use accounts::Accounts;
use alerts::payment::Provider;
use alerts::plans::Plans;
use atlas::Atlas;
use atlas::operate::Announcement;
use atlas::watching::PersonId;
use fetch::Poster;

use crate::adding::Adding;
use crate::desk::{Desk, ReadBrought};
use crate::error::Failure;
use crate::page::Head;
use crate::turns::Turns;

/// Tells the time in milliseconds since 1970 UTC.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Gives random bytes.
pub type Secrets = Arc<dyn Fn() -> [u8; 32] + Send + Sync>;

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

/// What the pages of the owner need beside the atlas.
#[derive(Clone)]
pub(crate) struct Personal {
    secrets: Secrets,
    poster: Poster,
}

/// What is announced, and when that was read.
#[derive(Default)]
struct Announced {
    read_ms: Option<i64>,
    told: Arc<Vec<Announcement>>,
}

/// How long what is announced is not read again.
const ANNOUNCED_MS: i64 = 10_000;

/// A site over an atlas.
#[derive(Clone)]
pub struct Site {
    pub(crate) atlas: Atlas,
    pub(crate) config: Arc<SiteConfig>,
    pub(crate) desk: Desk,
    /// At checking bundles.
    pub(crate) checking: Turns,
    /// At making bundles. They are apart, so that who sends a bundle slowly keeps nobody from evidence.
    pub(crate) bundling: Turns,
    pub(crate) personal: Option<Personal>,
    pub(crate) accounts: Option<Accounts>,
    pub(crate) plans: Arc<Plans>,
    pub(crate) payment: Option<Provider>,
    pub(crate) adding: Option<Arc<dyn Adding>>,
    announced: Arc<Mutex<Announced>>,
    now: Clock,
}

impl Site {
    /// A site.
    pub fn new(atlas: Atlas, config: SiteConfig, now: Clock) -> Site {
        let (plans, announced) = (Arc::default(), Arc::default());
        Site {
            atlas,
            config: Arc::new(config),
            desk: Desk::plain(),
            checking: Turns::default(),
            bundling: Turns::default(),
            personal: None,
            accounts: None,
            plans,
            payment: None,
            adding: None,
            announced,
            now,
        }
    }

    /// The site, with a reader for what visitors bring to `/check` beyond HTML and text: PDF files and addresses.
    pub fn reading(mut self, read: ReadBrought) -> Site {
        self.desk = Desk::equipped(read);
        self
    }

    /// The site, with a watchlist and an inbox for the owner: whoever asks from the machine itself. `secrets` makes secrets of channels,
    /// `poster` judges the addresses of webhooks.
    pub fn personal(mut self, secrets: Secrets, poster: Poster) -> Site {
        self.personal = Some(Personal { secrets, poster });
        self
    }

    /// The site, with accounts: each person has a watchlist and an inbox of their own, and nobody is known by sitting at the machine.
    pub fn with_accounts(mut self, accounts: Accounts) -> Site {
        self.accounts = Some(accounts);
        self
    }

    /// The site, with plans that say what persons may watch.
    pub fn plans(mut self, plans: Plans) -> Site {
        self.plans = Arc::new(plans);
        self
    }

    /// The site, with a provider through whom plans are paid for.
    pub fn paid_through(mut self, payment: Option<Provider>) -> Site {
        self.payment = payment;
        self
    }

    /// The site, with somebody who adds documents by their addresses.
    pub fn adding_by(mut self, adding: Option<Arc<dyn Adding>>) -> Site {
        self.adding = adding;
        self
    }

    /// Who adds documents.
    pub(crate) fn adding(&self) -> Result<&Arc<dyn Adding>, Failure> {
        self.adding.as_ref().ok_or_else(|| {
            let why = "this process does not track: on the machine that does, run clausewatch track with the address";
            Failure::Refused(axum::http::StatusCode::CONFLICT, why.into())
        })
    }

    /// Reads what is announced, unless that was done a moment ago; a store that fails takes no page away.
    pub(crate) async fn read_announcements(&self) {
        let now_ms = self.now_ms();
        let read_ms = self.announced.lock().unwrap_or_else(PoisonError::into_inner).read_ms;
        if read_ms.is_some_and(|read_ms| (read_ms..read_ms + ANNOUNCED_MS).contains(&now_ms)) {
            return;
        }
        if let Ok(told) = self.atlas.announced(now_ms).await {
            let announced = Announced { read_ms: Some(now_ms), told: Arc::new(told) };
            *self.announced.lock().unwrap_or_else(PoisonError::into_inner) = announced;
        }
    }

    /// Has what is announced read anew with the next request.
    pub(crate) fn announced_anew(&self) {
        self.announced.lock().unwrap_or_else(PoisonError::into_inner).read_ms = None;
    }

    /// What is announced, as it was last read.
    pub(crate) fn announced(&self) -> Arc<Vec<Announcement>> {
        Arc::clone(&self.announced.lock().unwrap_or_else(PoisonError::into_inner).told)
    }

    /// A new secret.
    pub(crate) fn secret(&self) -> Result<[u8; 32], Failure> {
        Ok((self.personal_parts()?.secrets)())
    }

    /// Who judges the addresses of webhooks.
    pub(crate) fn poster(&self) -> Result<&Poster, Failure> {
        Ok(&self.personal_parts()?.poster)
    }

    fn personal_parts(&self) -> Result<&Personal, Failure> {
        self.personal.as_ref().ok_or_else(|| Failure::missing("watchlist on this site"))
    }

    /// Whether the account of a holder of a watchlist is closed: what they gave to others to read is not shown until it is opened.
    pub(crate) async fn is_closed(&self, holder: PersonId) -> Result<bool, Failure> {
        Ok(self.atlas.account(holder).await?.is_some_and(|account| account.disabled_ms.is_some()))
    }

    /// Now, in milliseconds since 1970 UTC.
    pub(crate) fn now_ms(&self) -> i64 {
        (self.now)()
    }

    /// The head of a page with this title at this path.
    pub(crate) fn head(&self, title: impl Into<String>, path: impl Into<String>) -> Head {
        Head::new(self, title.into(), path.into())
    }
}
