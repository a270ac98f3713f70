//! Reading a document's bytes, PDF in a child process.
//!
//! Parsers of PDF loop, overflow their stack and ask for all memory on hostile files; none of that may end the tracker. The child
//! is this program again, with the hidden verb [`CHILD_VERB`]: bytes on standard input, the clean text (or an error) on standard output.
use std::process::Stdio;
use std::time::Duration;

use atlas::apart;
use document::{Format, Source};
use tokio::io::AsyncWriteExt;

/// The hidden verb that reads a PDF from standard input.
pub const CHILD_VERB: &str = "read-pdf-from-stdin";
/// Most time that a PDF may take.
const PDF_TIMEOUT: Duration = Duration::from_secs(30);

/// Clean text, title and language of a document's bytes.
pub async fn read(source: Source<'_>) -> Result<document::Reading, String> {
    if document::sniff(&source) == Some(Format::Pdf) {
        let text = pdf_text(source.bytes).await?;
        return Ok(document::Reading { format: Format::Pdf, ..document::from_text(text) });
    }
    document::read(&source).map_err(|error| error.to_string())
}

/// The clean text alone, for whom a document's history finds the clauses; to find them here as well, and the language, takes a fifth of the time.
/// Read apart ([`atlas::apart`]).
pub async fn text(source: Source<'_>) -> Result<String, String> {
    if document::sniff(&source) == Some(Format::Pdf) {
        return pdf_text(source.bytes).await;
    }
    let (bytes, select, remove) = (source.bytes.to_vec(), source.select.to_vec(), source.remove.to_vec());
    let [content_type, url, name] = [source.content_type, source.url, source.name].map(|text| text.map(str::to_owned));
    let read = move || {
        let (content_type, url, name) = (content_type.as_deref(), url.as_deref(), name.as_deref());
        document::text(&Source { bytes: &bytes, content_type, url, name, select: &select, remove: &remove })
    };
    apart::run(read).await.map_err(|error| error.to_string())
}

async fn pdf_text(bytes: &[u8]) -> Result<String, String> {
    let program =
        std::env::current_exe().map_err(|error| format!("this program's own file cannot be found: {error}"))?;
    let mut child = tokio::process::Command::new(program)
        .arg(CHILD_VERB)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("the PDF reader cannot be started: {error}"))?;
    let stdin = child.stdin.take();
    let feed = async {
        if let Some(mut stdin) = stdin {
            // A child that stops reading early says why on standard error.
            let _ = stdin.write_all(bytes).await;
        }
    };
    let finished = tokio::time::timeout(PDF_TIMEOUT, async { tokio::join!(feed, child.wait_with_output()).1 }).await;
    let output = finished.map_err(|_| format!("the PDF took longer than {} s to read", PDF_TIMEOUT.as_secs()))?;
    let output = output.map_err(|error| format!("the PDF reader failed: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.lines().last().unwrap_or("").trim();
        return Err(if said.is_empty() {
            "the PDF reader ended without an answer: the file is broken or hostile".into()
        } else {
            said.into()
        });
    }
    String::from_utf8(output.stdout).map_err(|_| "the PDF reader answered with something that is not text".into())
}
