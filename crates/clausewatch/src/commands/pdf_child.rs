//! The hidden child process that reads a PDF.
use std::io::{Read, Write};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Memory that a PDF may take: many times what a document needs, and little enough for the machine to live.
const MEMORY: u64 = 3 << 30;

/// Reads bytes from standard input; writes the clean text, or the error on standard error and status 1.
pub fn run() -> crate::Answer {
    // A system that refuses the limit (some containers do) still has the parent's limit of time.
    let _ = setrlimit(Resource::As, Rlimit { current: Some(MEMORY), maximum: getrlimit(Resource::As).maximum });
    let mut bytes = Vec::new();
    std::io::stdin().take(64 << 20).read_to_end(&mut bytes)?;
    let source =
        document::Source { bytes: &bytes, content_type: Some("application/pdf"), ..document::Source::default() };
    match document::read(&source) {
        Ok(reading) => {
            std::io::stdout().write_all(reading.text.as_bytes())?;
            Ok(true)
        }
        Err(error) => {
            eprintln!("{error}");
            Ok(false)
        }
    }
}
