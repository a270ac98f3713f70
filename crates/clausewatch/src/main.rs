//! `clausewatch`: the open record of what online platforms bind people to.
fn main() {}
