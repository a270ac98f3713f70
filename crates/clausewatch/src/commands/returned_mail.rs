//! `clausewatch returned-mail`: takes mail that came back, from a mail server's pipe, files or a Maildir.
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use alerts::returned::{MOST_BYTES, Taken, take};
use anyhow::Context;
use atlas::Atlas;

use crate::instance::{Place, now_ms};
use crate::paint;

/// What stands for standard input.
const PIPE: &str = "-";

/// Take mail that came back: reports that mail was not delivered, and complaints, so that its channel stops. Prints what came of each
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Files of one mail each, or Maildir folders, whose new mail is read and moved to cur; - or nothing: one mail on standard input
    #[arg(value_name = "FILE|MAILDIR|-")]
    from: Vec<PathBuf>,
}

/// A failure after which a mail server is to hand over the same mail again.
#[derive(Debug)]
pub struct Later;

impl std::fmt::Display for Later {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the mail was not taken, hand it over again later")
    }
}

impl std::error::Error for Later {}

/// Status 0 if all was taken, also what is ignored: it would not be understood a second time either. 75 if a mail on standard input could
/// not be taken, which mail servers know as a temporary failure.
pub async fn run(place: &Place, args: Args) -> crate::Answer {
    let piped = [PathBuf::from(PIPE)];
    let from = if args.from.is_empty() { &piped } else { args.from.as_slice() };
    let taken = all(place, from).await;
    let hands_over = from.iter().any(|source| source.as_os_str() == PIPE);
    taken.map_err(|error| if hands_over { error.context(Later) } else { error })
}

async fn all(place: &Place, from: &[PathBuf]) -> crate::Answer {
    let atlas = place.open_existing().await?;
    let mut all = true;
    for source in from {
        if source.as_os_str() == PIPE {
            said(PIPE, &take(&atlas, &standard_input()?, now_ms()).await?)?;
        } else if source.is_dir() {
            all &= maildir(&atlas, source).await?;
        } else {
            file(&atlas, source).await?;
        }
    }
    Ok(all)
}

/// As much of a mail as is read.
fn beginning(from: impl Read) -> std::io::Result<Vec<u8>> {
    let mut mail = Vec::new();
    from.take(MOST_BYTES as u64).read_to_end(&mut mail)?;
    Ok(mail)
}

fn standard_input() -> anyhow::Result<Vec<u8>> {
    let mut input = std::io::stdin().lock();
    let mail = beginning(&mut input).context("standard input")?;
    // Who writes into a pipe that is closed takes that for a failure.
    std::io::copy(&mut input, &mut std::io::sink()).context("standard input")?;
    Ok(mail)
}

async fn file(atlas: &Atlas, path: &Path) -> anyhow::Result<Taken> {
    let named = || path.display().to_string();
    let mail = File::open(path).and_then(beginning).with_context(named)?;
    let taken = take(atlas, &mail, now_ms()).await?;
    said(&named(), &taken)?;
    Ok(taken)
}

/// Takes what is new in a Maildir. What was understood is moved to `cur` as read, all else as unread: there may be a person's letter in it.
/// False if something could not be read or moved, which is named; it stays where it is.
async fn maildir(atlas: &Atlas, folder: &Path) -> crate::Answer {
    let (new, cur) = (folder.join("new"), folder.join("cur"));
    let no_maildir = || format!("{} is no Maildir: it has no folder new that can be read", folder.display());
    let mut mails = Vec::new();
    for entry in std::fs::read_dir(&new).with_context(no_maildir)? {
        let entry = entry.with_context(no_maildir)?;
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if entry.file_type()?.is_file() && !hidden {
            mails.push(entry.file_name());
        }
    }
    mails.sort_unstable();
    std::fs::create_dir_all(&cur).with_context(|| cur.display().to_string())?;
    let mut all = true;
    for name in mails {
        let taken = match file(atlas, &new.join(&name)).await {
            Ok(taken) => taken,
            // Another process was faster.
            Err(_) if !new.join(&name).exists() => continue,
            // The store's failures are the same for all that follow.
            Err(error) if error.is::<atlas::AtlasError>() => return Err(error),
            Err(error) => {
                eprintln!("clausewatch: {}", paint::plain_lines(&format!("{error:#}")));
                all = false;
                continue;
            }
        };
        let mut seen = name.clone();
        seen.push(if taken.is_ignored() { ":2," } else { ":2,S" });
        if let Err(error) = std::fs::rename(new.join(&name), cur.join(&seen)) {
            eprintln!("clausewatch: {} cannot be moved to {}: {error}", new.join(&name).display(), cur.display());
            all = false;
        }
    }
    Ok(all)
}

fn said(name: &str, taken: &Taken) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout(), "{}: {}", paint::plain(name), paint::plain(&taken.to_string()))?)
}
