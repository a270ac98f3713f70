//! Who asked to know what, and telling them: quietly, once, with the reason.
//!
//! [`compose`] and [`matching`] are pure: from a recorded change and a watch alone they say what is told, to whom, and why. [`Teller`]
//! turns the news of the store into messages, [`Delivery`] sends them. What the store promises about them is in [`atlas::watching`].
mod cadence;
pub mod channels;
pub mod compose;
pub mod csv;
mod delivery;
pub mod exchange;
mod import;
mod letter;
mod links;
mod mail;
pub mod matching;
pub mod payment;
mod plain;
pub mod plans;
mod report;
mod rest;
pub mod returned;
pub mod sides;
mod story;
mod teller;
pub mod webhook;

pub use cadence::{cadence_in_words, day, is_zone, moment, next_digest};
pub use delivery::{Delivered, Delivery, WAITS_MS};
pub use import::{Import, import};
pub use letter::{Letter, Part, ProvisionLine, Unwritable};
pub use links::Links;
pub use mail::{Handed, MailError, MailServer, Mailer, address};
pub use matching::{known_subject, subject_name};
pub use plain::{Foot, entry, escape_into, html, text};
pub use report::{Report, ReportLine, report};
pub use rest::Rest;
pub use story::{ClauseChange, Correction, Fact, Story, Touched, of_platform};
pub use teller::{Clock, GATHER_MS, Round, Teller};
