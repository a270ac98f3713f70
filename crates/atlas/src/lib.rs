//! The store and the search index, asked in the product's words.
pub mod ids;
pub mod records;
