//! What can go wrong with a request. A handler returns a [`Failure`]; [`crate::doors`] makes a page or JSON of it, as the reader wants.
use askama::Template;
use atlas::review::ReviewError;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::links;
use crate::page::Head;

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// There is no such record or page.
    #[error("there is no {0}")]
    Missing(String),
    /// The record is not shown any more: a later reader withdrew it, or an editor had it taken from view.
    #[error("{0}")]
    Gone(String),
    /// A part of the request cannot be understood.
    #[error("{name} cannot be {value:?}: {rule}")]
    Input {
        /// Name of the field or part of the address.
        name: String,
        /// What it says.
        value: String,
        /// What it should say.
        rule: String,
    },
    /// The request is one that this address does not take, or that we refuse to take.
    #[error("{1}")]
    Refused(StatusCode, String),
    /// The store failed.
    #[error(transparent)]
    Atlas(atlas::AtlasError),
    /// Something in us failed.
    #[error("{0}")]
    Internal(String),
}

impl Failure {
    /// No such record or page; `what` is read after "there is no".
    pub fn missing(what: impl Into<String>) -> Failure {
        Failure::Missing(what.into())
    }

    /// A field that cannot be understood; `rule` says what it must be.
    pub fn input(name: impl Into<String>, value: impl Into<String>, rule: impl Into<String>) -> Failure {
        Failure::Input { name: name.into(), value: crate::words::clip(&value.into(), 120), rule: rule.into() }
    }

    /// Something sent, named by `what`, that is broken or has more than `most` bytes; `why` says which, in the words of who reads forms.
    pub fn unreadable(what: &str, most: usize, status: StatusCode, why: &str) -> Failure {
        let most = if most < 1 << 20 { format!("{} KB", most >> 10) } else { format!("{} MB", most >> 20) };
        Failure::Refused(status, format!("{what} cannot be read, or is larger than {most} ({why})"))
    }

    /// Its status.
    pub fn status(&self) -> StatusCode {
        match self {
            Failure::Missing(_) => StatusCode::NOT_FOUND,
            Failure::Gone(_) => StatusCode::GONE,
            Failure::Input { .. } => StatusCode::BAD_REQUEST,
            Failure::Refused(status, _) => *status,
            Failure::Atlas(_) | Failure::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What a stranger is told: what is wrong, but nothing of our inside.
    pub fn told(&self) -> Told {
        let status = self.status().as_u16();
        let (title, wrong, next) = match self {
            Failure::Missing(_) => (
                "Not found",
                self.to_string(),
                "Check the address, or search the record. A record that was once published keeps its address for ever.",
            ),
            Failure::Gone(_) => (
                "Not shown",
                self.to_string(),
                "The document and its versions are in the record as before: read the words there.",
            ),
            Failure::Input { .. } => {
                ("Not understood", self.to_string(), "Mend that part of the address and try again.")
            }
            Failure::Refused(status, _) => ("Not possible", self.to_string(), after_refusal(*status)),
            Failure::Atlas(_) | Failure::Internal(_) => (
                "Something went wrong here",
                "the site could not read its own record".into(),
                "It is not your mistake. Try again in a minute; if it stays, tell the operator of this site the address and the time.",
            ),
        };
        Told { status, title, wrong, next }
    }
}

/// What to do after a request was refused with this status.
fn after_refusal(status: StatusCode) -> &'static str {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => "Go back and send a smaller file, or less text.",
        StatusCode::URI_TOO_LONG => "Shorten the address: ask for less at once.",
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => "Wait a little and try again.",
        _ => "Go back and try it in another way.",
    }
}

impl From<atlas::AtlasError> for Failure {
    fn from(error: atlas::AtlasError) -> Failure {
        match error {
            atlas::AtlasError::Missing(what) => Failure::Missing(what),
            error => Failure::Atlas(error),
        }
    }
}

impl From<accounts::AccountError> for Failure {
    fn from(error: accounts::AccountError) -> Failure {
        use accounts::AccountError;
        let status = match error {
            AccountError::Store(error) => return error.into(),
            AccountError::Internal(why) => return Failure::Internal(why),
            AccountError::TooOften { .. } => StatusCode::TOO_MANY_REQUESTS,
            AccountError::Wrong
            | AccountError::Code
            | AccountError::Passkey
            | AccountError::PasskeyOnly
            | AccountError::Unproven => StatusCode::FORBIDDEN,
            AccountError::Link | AccountError::NoOrganisation | AccountError::Invitation => StatusCode::NOT_FOUND,
            AccountError::Role(_) => StatusCode::FORBIDDEN,
            AccountError::Taken
            | AccountError::LastOperator
            | AccountError::LastOwner
            | AccountError::Owns(_)
            | AccountError::Paying => StatusCode::CONFLICT,
            AccountError::Address(_) | AccountError::Password(_) | AccountError::Ceremony | AccountError::Input(_) => {
                StatusCode::BAD_REQUEST
            }
        };
        Failure::Refused(status, error.to_string())
    }
}

impl From<ReviewError> for Failure {
    fn from(error: ReviewError) -> Failure {
        match error {
            ReviewError::Unfit(why) => Failure::Refused(StatusCode::BAD_REQUEST, why),
            ReviewError::Store(error) => error.into(),
        }
    }
}

impl From<askama::Error> for Failure {
    fn from(error: askama::Error) -> Failure {
        Failure::Internal(format!("a template could not be filled: {error}"))
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Failure {
        Failure::Internal(format!("a record could not be written as JSON: {error}"))
    }
}

/// What a stranger is told of a failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Told {
    /// HTTP status.
    pub status: u16,
    /// Title of the page.
    #[serde(skip)]
    pub title: &'static str,
    /// What is wrong.
    #[serde(rename = "error")]
    pub wrong: String,
    /// What to do.
    pub next: &'static str,
}

impl IntoResponse for Failure {
    /// An empty answer that carries what is told; the cause of a failure of our own goes to standard error.
    fn into_response(self) -> Response {
        let told = self.told();
        if self.status().is_server_error() {
            eprintln!("clausewatch: {self}");
        }
        let mut response = self.status().into_response();
        response.extensions_mut().insert(told);
        response
    }
}

/// The page of a failure.
#[derive(Template)]
#[template(path = "error.html")]
pub(crate) struct ErrorPage {
    pub head: Head,
    pub told: Told,
}

impl ErrorPage {
    /// "there is no ..." as a sentence.
    fn sentence(&self) -> String {
        let mut chars = self.told.wrong.chars();
        let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
        format!("{first}{}.", chars.as_str().trim_end_matches('.'))
    }

    fn search(&self) -> &'static str {
        links::SEARCH
    }
}
