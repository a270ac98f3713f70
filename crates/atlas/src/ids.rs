//! Record IDs as people see them: `CW-D-00784`, `CW-P-010578`, `CW-C-000042`. The number is the row's primary key.
use std::{fmt, str::FromStr};

use serde::{Serialize, Serializer};

/// A text that is not a record ID of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a {kind} ID; it looks like {example}")]
pub struct IdError {
    text: String,
    kind: &'static str,
    example: &'static str,
}

macro_rules! record_id {
    ($name:ident, $kind:literal, $prefix:literal, $width:literal, $example:literal) => {
        #[doc = concat!("ID of a ", $kind, ", shown as `", $example, "`.")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{:0", $width, "}"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            /// Upper or lower case; the digits may lack leading zeros.
            fn from_str(text: &str) -> Result<Self, IdError> {
                let upper = text.to_ascii_uppercase();
                let digits = upper.strip_prefix($prefix).unwrap_or("");
                let valid = (1..=12).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
                match digits.parse() {
                    Ok(number) if valid => Ok($name(number)),
                    _ => Err(IdError { text: text.into(), kind: $kind, example: $example }),
                }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    };
}

record_id!(DocumentId, "document", "CW-D-", "5", "CW-D-00784");
record_id!(ProvisionId, "provision", "CW-P-", "6", "CW-P-010578");
record_id!(ChangeId, "change", "CW-C-", "6", "CW-C-000042");
