//! Writes.
use serde::Serialize;

use crate::ids::ChangeId;

/// What came of recording a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Recorded {
    /// IDs of the changes, in order.
    pub changes: Vec<ChangeId>,
    /// Index of the first new leaf in the transparency log; none if the batch had no capture.
    pub first_log_index: Option<i64>,
}
