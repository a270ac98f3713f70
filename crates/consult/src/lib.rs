//! Asks an attached language model about a clause or a change; trusts nothing that it says until it is checked.
//!
//! Optional: without an endpoint nothing here runs. With one, a [`Consultant`] asks about what is already recorded, after and apart from
//! recording, and keeps what passes the checks in the atlas ([`atlas::answers`]). Whatever the endpoint does, the record stays as it is.
//!
//! | file | its one job |
//! | --- | --- |
//! | `question` | what is sent |
//! | `endpoint` | the protocol: chat completions over HTTP, with limits on everything |
//! | `breaker` | leaves a dead endpoint in peace |
//! | `check` | what an answer must be before anybody sees it |
//! | `consultant` | which questions, in which order, how many, and what becomes of each |
mod breaker;
pub mod check;
mod consultant;
mod endpoint;
pub mod question;

pub use consultant::{Asking, Clock, Consultant, Event, Report, Stop, Wanted};
pub use endpoint::{Endpoint, Failure, Key, Settings};

/// Why an endpoint cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub enum ConsultError {
    /// The address of the endpoint or of the proxy.
    #[error(
        "the model's address cannot be used: {0}; give the part before /chat/completions, for example http://127.0.0.1:11434/v1"
    )]
    Address(String),
    /// The model's name.
    #[error("the model's name is empty, longer than 200 characters or has control characters in it")]
    Model,
    /// The key.
    #[error("the model's key has characters that no HTTP header can hold")]
    Key,
    /// The HTTP client.
    #[error("the HTTP client cannot start: {0}")]
    Client(String),
}
