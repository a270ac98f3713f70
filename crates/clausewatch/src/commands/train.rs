//! `clausewatch train`.

/// Fit the classifier on labelled clauses
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs it.
pub fn run(args: Args) -> crate::Answer {
    anyhow::bail!("not there yet: {args:?}")
}
