//! Accounts: who a person is, and what they may do. An instance for one person needs none of this; a public one is given an [`Accounts`].
//!
//! The rules, in one place each: addresses in [`MailAddress`], passwords in [`password`], how often anything may be tried in [`limits`],
//! how long a session lasts in [`session`], what a link in a mail does in [`link`]. Time and randomness are parameters.
//!
//! - **Nobody learns who has an account.** Every request for a mail is answered alike and writes one mail; what the mail says differs, and
//!   only the reader of the mailbox sees it. A password is checked against a hash whether there is an account or not.
//! - **The store holds no secret that opens anything**: hashes of passwords, sessions and tokens; links are HMACs under a key outside of it.
//! - **A passkey is two factors**: who signs in with one is asked for nothing else ([`passkey`]).
//! - **A password is set by who reads the mailbox**: it is asked for when the address is confirmed, not before, so that nobody can prepare an
//!   account for somebody else.
mod account;
mod address;
mod admin;
mod breached;
mod factor;
pub mod limits;
pub mod link;
pub mod organisations;
pub mod passkey;
pub mod password;
mod post;
pub mod session;
mod tokens;

use std::net::IpAddr;
use std::sync::Arc;

use alerts::{Clock, Links};
use atlas::accounts::Role;
use atlas::watching::PersonId;
use atlas::{Atlas, AtlasError};

pub use account::Export;
pub use address::{AddressError, MailAddress};
pub use admin::Hand;
pub use breached::Breached;
pub use factor::{Enrolment, Required};
pub use link::{Followed, Link, MailKind, Wish};
pub use organisations::{Invited, OrganisationExport, role_name};
pub use passkey::Begun;
pub use password::{Cost, PasswordError};
pub use post::Post;
pub use session::{Renewed, SignedIn, Visitor};
pub use tokens::{Program, Scope};

use password::Passwords;
use webauthn_rs::Webauthn;

/// Gives random bytes.
pub type Secrets = Arc<dyn Fn() -> [u8; 32] + Send + Sync>;

/// Why something about an account was not done. What it says may be shown to whoever asked.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// It is no address that an account can have.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// A new password is too easy to guess, too short or too long.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The password is not that of the account, or there is none with one.
    #[error(
        "this address and this password do not go together, or the code of your app does not; try again, or have a link mailed to you"
    )]
    Wrong,
    /// The site requires a second factor, and a passkey is the only one of the account.
    #[error(
        "this site requires a second factor of you, and yours is a passkey: sign in with it, or ask whoever runs this site if it is lost"
    )]
    PasskeyOnly,
    /// The account has a second factor, and no good code of it was given.
    #[error("give the code that your app shows now, or a recovery code; each works once")]
    Code,
    /// It was tried too often.
    #[error("this was tried too often; try again in {} or, to sign in, have a link mailed to you", minutes(*wait_ms))]
    TooOften {
        /// When it may be tried again, in milliseconds from now.
        wait_ms: i64,
    },
    /// A passkey is not known, or what was answered with it is not right.
    #[error("this passkey was not accepted; if it is yours, try again, or sign in another way")]
    Passkey,
    /// What a passkey was asked was answered, is too old, or was not asked in this browser and session.
    #[error("this took longer than five minutes, or was begun elsewhere; try again")]
    Ceremony,
    /// A link was used, is too old, or was never sent.
    #[error("this link is not good, or no longer; each works once and for a short time, so ask for a new one")]
    Link,
    /// The person has to prove again who they are.
    #[error(
        "give your password once more, or use a passkey; if you have neither, sign out and in again by a mailed link, and do this within 15 minutes"
    )]
    Unproven,
    /// A new address belongs to somebody's account.
    #[error("there is an account with this address already; delete that one first, or keep your address")]
    Taken,
    /// The person does not belong to the organisation, or there is none.
    #[error("there is no organisation of yours, or no member of it, with this number")]
    NoOrganisation,
    /// The person's role in the organisation is less than this one.
    #[error("this needs the role “{}” in the organisation; an owner of it can give it to you", role_name(*.0))]
    Role(Role),
    /// The site would be left without an operator.
    #[error("this site has no other operator who can sign in: make somebody else one first")]
    LastOperator,
    /// The organisation would be left without an owner.
    #[error(
        "an organisation has an owner who can sign in: make another member an owner first, or delete the organisation"
    )]
    LastOwner,
    /// The account cannot be deleted: organisations with other members would be left without an owner.
    #[error("you are the last owner of {0}, which has other members: make one of them an owner first, or delete it")]
    Owns(String),
    /// An invitation was answered or withdrawn, or is too old.
    #[error("this invitation is over; ask an owner of the organisation for a new one")]
    Invitation,
    /// An account is not deleted while its person pays for a plan.
    #[error(
        "you pay for a plan, and would go on to be charged; ask whoever runs this site to end your subscription, and delete the account when it is over"
    )]
    Paying,
    /// A name or a choice cannot be used.
    #[error("{0}")]
    Input(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] AtlasError),
    /// Something in us failed.
    #[error("who this is cannot be checked: {0}")]
    Internal(String),
}

fn minutes(wait_ms: i64) -> String {
    match wait_ms / archive::instant::MINUTE_MS + 1 {
        1 => "a minute".into(),
        many => format!("{many} minutes"),
    }
}

/// What is known of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The network address that it comes from.
    pub from: IpAddr,
    /// What the browser calls itself.
    pub agent: String,
}

/// What accounts need to be given.
pub struct Settings {
    /// Name of the site, as mails call it.
    pub site: String,
    /// Address of the site, as those who get mail reach it. Passkeys are bound to it.
    pub base_url: String,
    /// Makes the links in mails. Kept outside of the store: who reads the store alone can open none.
    pub key: [u8; 32],
    /// What hashing a password costs.
    pub cost: Cost,
    /// Passwords that nobody may take, because they are known.
    pub breached: Option<Arc<Breached>>,
    /// Of whom a second factor is required.
    pub required: Required,
}

/// The accounts of an instance. Cheap to clone.
#[derive(Clone)]
pub struct Accounts {
    parts: Arc<Parts>,
}

struct Parts {
    atlas: Atlas,
    settings: Settings,
    links: Links,
    passwords: Passwords,
    /// None where there can be no passkeys.
    relying_party: Option<Webauthn>,
    now: Clock,
    secrets: Secrets,
}

impl Accounts {
    /// The accounts of a store.
    ///
    /// # Errors
    /// If a password cannot be hashed at this cost.
    pub fn new(atlas: Atlas, settings: Settings, now: Clock, secrets: Secrets) -> Result<Accounts, AccountError> {
        let passwords = Passwords::new(settings.cost, (secrets)())?;
        let links = Links::below(&settings.base_url);
        let relying_party = passkey::relying_party(&settings.base_url, &settings.site);
        Ok(Accounts { parts: Arc::new(Parts { atlas, settings, links, passwords, relying_party, now, secrets }) })
    }

    fn atlas(&self) -> &Atlas {
        &self.parts.atlas
    }

    fn now_ms(&self) -> i64 {
        (self.parts.now)()
    }

    fn random(&self) -> [u8; 32] {
        (self.parts.secrets)()
    }

    /// A secret that is shown once: a mark that says what it is, and 64 hexadecimal digits.
    fn secret(&self, mark: &str) -> String {
        format!("{mark}{}", archive::hex(&self.random()))
    }

    async fn note(
        &self,
        person: Option<PersonId>,
        event: &str,
        caller: &Caller,
        detail: &str,
    ) -> Result<(), AtlasError> {
        self.atlas().note_audit(person, event, &caller.from.to_string(), detail, self.now_ms()).await
    }
}

/// A text of others as one line without control characters, at most so many characters.
fn one_line(text: &str, most: usize) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(most).collect()
}
