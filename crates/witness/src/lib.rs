//! Asks archives outside (the Internet Archive's Wayback Machine, or one that speaks its interfaces) what they hold of the addresses that we
//! keep; believes nothing that it cannot check.
//!
//! Optional: without an [`Archive`] nothing here runs. With one, an [`Attendant`] asks about versions that are recorded already, after and
//! apart from recording, and keeps what passes the checks in the atlas ([`atlas::witnesses`]). Nothing of the record depends on it: an outside
//! capture is a pointer for whoever wants to compare, not a part of our proof.
//!
//! | file | its one job |
//! | --- | --- |
//! | `place` | addresses of captures, and whether two addresses name one page |
//! | `cdx` | what the CDX server lists |
//! | `wayback` | the protocol: availability, CDX, raw captures, Save Page Now, with limits on everything |
//! | `attend` | which versions are asked about, when again, and what becomes of each |
mod attend;
mod cdx;
mod place;
mod wayback;

pub use attend::{Attendant, Clock, Report, again};
pub use cdx::{Listed, Listing};
pub use wayback::{Archive, Job, Keys, Raw, Settings, Span};

/// Why an archive gave no answer that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It asked to be left alone for a while.
    #[error("{archive} asked to be left alone for {seconds} s")]
    Busy {
        /// Host of the archive.
        archive: String,
        /// How long, at least.
        seconds: u64,
    },
    /// It cannot be reached, fails, or sends something that is not of the documented form.
    #[error("{archive} {reason}")]
    Outage {
        /// Host of the archive.
        archive: String,
        /// What it does.
        reason: String,
    },
    /// It will never answer this: the page is kept out of it, or what was asked for is not there.
    #[error("{archive} {reason}")]
    Never {
        /// Host of the archive.
        archive: String,
        /// Why.
        reason: String,
    },
    /// It was not asked: the page is nobody's business outside.
    #[error("{archive} was not asked: {reason}")]
    Withheld {
        /// Host of the archive.
        archive: String,
        /// What makes the page private.
        reason: &'static str,
        /// Whether that may be told another time.
        again: bool,
    },
    /// It does not take the keys of Save Page Now.
    #[error("{archive} does not take the keys of Save Page Now; make new ones at its account page")]
    Keys {
        /// Host of the archive.
        archive: String,
    },
}

impl Failure {
    /// Milliseconds for which the archive asked to be left alone; 0 if it did not.
    pub fn least_ms(&self) -> i64 {
        match self {
            Failure::Busy { seconds, .. } => i64::try_from(*seconds).unwrap_or(i64::MAX).saturating_mul(1000),
            _ => 0,
        }
    }
}

/// Why an archive cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// Its address.
    #[error("{url}: not an address of an archive ({reason}); give its root, for example https://web.archive.org/")]
    Address {
        /// As given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The keys.
    #[error("the keys of Save Page Now are not of the form ACCESS:SECRET")]
    Keys,
    /// The HTTP client.
    #[error(transparent)]
    Fetch(#[from] fetch::FetchError),
}
