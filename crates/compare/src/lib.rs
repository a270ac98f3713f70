//! Two versions' clauses to an alignment, redlines, and a verdict on how much the change matters.
//!
//! Pure functions over the texts of clauses; nothing here knows the taxonomy, the store or the clock.
//!
//! ```
//! use compare::{PairKind, align};
//!
//! let old = ["1. Fees", "You pay monthly.", "We give 30 days' notice of any change."];
//! let new = ["1. Fees", "You pay monthly.", "We may change these terms without notice."];
//! let alignment = align(&old, &new);
//! assert_eq!(alignment.pairs[1].kind, PairKind::Same);
//! ```
mod align;
mod idle;
mod materiality;
mod parts;
mod redline;
mod words;

pub use align::{Alignment, Pair, PairKind, align};
pub use idle::idle;
pub use materiality::{
    Context, Defect, Materiality, Verdict, commands, defect, informs, is_aside, is_latin, is_reference, is_repeated,
    is_slight, is_wall, judge, speaks,
};
pub use redline::{Span, SpanKind, redline};
pub use words::same_words;
