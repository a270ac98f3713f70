//! `clausewatch`: the open record of what online platforms bind people to. This file parses and dispatches; each verb has a file
//! of its own in [`commands`], and all that does work is in the libraries.
mod adding;
mod alarm;
mod alerting;
mod commands;
mod desk;
mod inputs;
mod instance;
mod members;
mod model;
mod network;
mod output;
mod paint;
mod witnessing;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::instance::Place;

/// Keeps the record of what online platforms bind people to: tracks their terms, archives every version, finds the clauses that
/// matter, shows what changed.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Demo(commands::demo::Args),
    Up(commands::up::Args),
    Serve(commands::serve::Args),
    Work(commands::work::Args),
    Consult(commands::consult::Args),
    Track(commands::track::Args),
    Import(commands::import::Args),
    Backfill(commands::backfill::Args),
    Read(commands::read::Args),
    Diff(commands::diff::Args),
    Classify(commands::classify::Args),
    Train(commands::train::Args),
    Eval(commands::eval::Args),
    Show(commands::show::Args),
    Evidence(commands::evidence::Args),
    Verify(commands::verify::Args),
    Export(commands::export::Args),
    Doctor(commands::doctor::Args),
    Reanalyse(commands::reanalyse::Args),
    Review(commands::review::Args),
    Watch(commands::watch::Args),
    Channels(commands::channels::Args),
    ReturnedMail(commands::returned_mail::Args),
    Admin(commands::admin::Args),
    /// Reads a PDF from standard input; the program calls itself so that a hostile file cannot end it.
    #[command(name = tracker::reading::CHILD_VERB, hide = true)]
    PdfChild,
}

/// What a verb comes to: 0, or 1 for "the answer is no" or "some inputs failed" (each named on standard error before).
type Answer = anyhow::Result<bool>;

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(panicked));
    tracker::memory::keep_steady();
    let cli = parsed();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("clausewatch: threads cannot be started: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(cli)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("clausewatch: {}", paint::plain_lines(&format!("{error:#}")));
            // EX_TEMPFAIL, by which a mail server knows that it has to try again.
            if error.is::<commands::returned_mail::Later>() { ExitCode::from(75) } else { ExitCode::FAILURE }
        }
    }
}

/// The command line.
fn parsed() -> Cli {
    Cli::from_arg_matches(&command().get_matches()).unwrap_or_else(|error| error.exit())
}

/// Verbs that open no store. They take the flags that say where it is, as every verb does, and do not list them.
const WITHOUT_STORE: [&str; 6] = ["demo", "read", "diff", "classify", "train", "eval"];

fn command() -> clap::Command {
    let command = Cli::command();
    let of_all: Vec<_> = command.get_arguments().filter(|flag| flag.is_global_set()).cloned().collect();
    command.mut_subcommands(|verb| match WITHOUT_STORE.contains(&verb.get_name()) {
        true => verb.args(of_all.iter().map(|flag| flag.clone().hide(true))),
        false => verb,
    })
}

async fn run(cli: Cli) -> Answer {
    let place = cli.place;
    match cli.verb {
        Verb::Demo(args) => commands::demo::run(&place, args).await,
        Verb::Up(args) => commands::up::run(&place, args).await,
        Verb::Serve(args) => commands::serve::run(&place, args).await,
        Verb::Work(args) => commands::work::run(&place, args).await,
        Verb::Consult(args) => commands::consult::run(&place, args).await,
        Verb::Track(args) => commands::track::run(&place, args).await,
        Verb::Import(args) => commands::import::run(&place, args).await,
        Verb::Backfill(args) => commands::backfill::run(&place, args).await,
        Verb::Read(args) => commands::read::run(args).await,
        Verb::Diff(args) => commands::diff::run(args).await,
        Verb::Classify(args) => commands::classify::run(args),
        Verb::Train(args) => commands::train::run(args),
        Verb::Eval(args) => commands::eval::run(args),
        Verb::Show(args) => commands::show::run(&place, args).await,
        Verb::Evidence(args) => commands::evidence::run(&place, args).await,
        Verb::Verify(args) => commands::verify::run(&place, args).await,
        Verb::Export(args) => commands::export::run(&place, args).await,
        Verb::Doctor(args) => commands::doctor::run(&place, args).await,
        Verb::Reanalyse(args) => commands::reanalyse::run(&place, args).await,
        Verb::Review(args) => commands::review::run(&place, args).await,
        Verb::Watch(args) => commands::watch::run(&place, args).await,
        Verb::Channels(args) => commands::channels::run(&place, args).await,
        Verb::ReturnedMail(args) => commands::returned_mail::run(&place, args).await,
        Verb::Admin(args) => commands::admin::run(&place, args).await,
        Verb::PdfChild => commands::pdf_child::run(),
    }
}

/// `clausewatch read … | head` is no failure.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let closed = |error: &std::io::Error| error.kind() == std::io::ErrorKind::BrokenPipe;
    error.chain().any(|cause| cause.downcast_ref().is_some_and(closed))
}

/// What happens when something panics. The standard library's `println!` panics when standard output is closed or full; that is said as
/// any other error is. All else is a fault of ours, told with its place.
fn panicked(panic: &std::panic::PanicHookInfo<'_>) {
    let said = panic.payload_as_str().unwrap_or("it is not said why");
    match said.strip_prefix("failed printing to stdout: ") {
        Some(reason) if reason.contains("Broken pipe") => std::process::exit(0),
        Some(reason) => {
            eprintln!("clausewatch: standard output cannot be written: {reason}");
            std::process::exit(1)
        }
        None => {
            let place = panic.location().map(|place| format!(" ({}:{})", place.file(), place.line()));
            eprintln!("clausewatch: a fault of this program, please report it: {said}{}", place.unwrap_or_default());
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_well_formed() {
        super::command().debug_assert();
    }
}
