//! Reads the pages of a folder as `clausewatch read --jsonl` does, without its child process for PDF; for measuring the reader alone.
//!
//! `cargo run --release -p document --example read_pages -- FOLDER > got.jsonl`; with `--named` each is told its document's name.
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

fn list(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            list(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "html" || ending == "pdf") {
            files.push(path);
        }
    }
}

/// The document's name, as `meta.json` beside the page gives it (`"terms": "Privacy Policy"`).
fn name_of(page: &Path) -> Option<String> {
    let meta = std::fs::read_to_string(page.with_file_name("meta.json")).ok()?;
    let value = meta.split_once("\"terms\": \"")?.1;
    Some(value.split_once('"')?.0.to_string())
}

fn main() {
    let mut files = Vec::new();
    let named = std::env::args().any(|argument| argument == "--named");
    std::env::args().skip(1).for_each(|folder| list(Path::new(&folder), &mut files));
    files.sort();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let (mut bytes_read, mut slowest) = (0, (0.0, PathBuf::new()));
    let start = Instant::now();
    for path in &files {
        let Ok(bytes) = std::fs::read(path) else { continue };
        bytes_read += bytes.len();
        let begun = Instant::now();
        let name = named.then(|| name_of(path)).flatten();
        let source = document::Source { bytes: &bytes, name: name.as_deref(), ..document::Source::default() };
        let read = document::read(&source);
        let took = begun.elapsed().as_secs_f64();
        if took > slowest.0 {
            slowest = (took, path.clone());
        }
        match read {
            Ok(reading) => {
                let line = [("source", path.display().to_string()), ("markdown", reading.text)]
                    .map(|(name, value)| format!("\"{name}\":{}", quoted(&value)));
                let _ = writeln!(out, "{{{}}}", line.join(","));
            }
            Err(error) => eprintln!("{}: {error}", path.display()),
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    eprintln!(
        "{} pages, {:.1} MB in {seconds:.1} s: {:.0} pages/s; slowest {:.2} s: {}",
        files.len(),
        bytes_read as f64 / 1e6,
        files.len() as f64 / seconds,
        slowest.0,
        slowest.1.display()
    );
}

/// A JSON string.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out + "\""
}
