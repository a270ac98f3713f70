//! Clauses to provisions: which clause types a clause is an instance of, how severe it is, what it says, which law may bear on it.
//!
//! Everything here is pure: the same clause gives the same findings, bit for bit, on every machine. [`Reader`] holds the trained model;
//! [`Reader::findings`] reads one [`Passage`] (a clause with the headings and the lead-in above it); [`analyse`] reads a whole document.
pub mod calibrate;
pub mod card;
mod contrary;
pub mod corpus;
mod denials;
pub mod eval;
pub mod explain;
pub mod facts;
pub mod features;
pub mod forest;
pub mod language;
pub mod law;
mod layer;
mod masks;
pub mod model;
pub mod net;
pub mod normalise;
pub mod notes;
pub mod passage;
pub mod patterns;
pub mod phrases;
pub mod practices;
mod random;
pub mod reader;
mod rivals;
pub mod severity;
pub mod signals;
pub mod summary;
pub mod svm;
pub mod table;
pub mod taxonomy;
pub mod teach;
pub mod train;
pub mod unfair;
mod vocabulary;
pub mod words;

pub use explain::{Explanation, explain};
pub use facts::Facts;
pub use law::{Applicable, Circumstances, applicable};
pub use notes::{Note, notes};
pub use passage::{Passage, passage};
pub use reader::{Confidence, Explicitness, Finding, Provision, Reader, analyse};
pub use severity::{Assessment, assess};
pub use summary::{Direction, FactDifference, Happening, SummaryLine, summarise, summarise_as};
pub use taxonomy::{
    Adjustment, Article, Category, ClauseType, Form, Regulation, RegulationLink, Severity, Stance, Taxonomy, taxonomy,
};
