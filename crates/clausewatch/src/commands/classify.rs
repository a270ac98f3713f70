//! `clausewatch classify`.

/// Find the clause types of clauses given as JSON lines
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs it.
pub fn run(args: Args) -> crate::Answer {
    anyhow::bail!("not there yet: {args:?}")
}
