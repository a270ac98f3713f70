//! What `read` and `diff` are given: files, folders, WARC files, addresses, standard input. Each is judged before it is read, so that a
//! folder, a pipe without end or a giant file is an error that says what to do.
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use archive::warc::WarcReader;
use document::{MAX_BYTES, Reading, Source};

use crate::network::Network;

/// Bytes and what is known about them.
pub struct Input {
    /// Names it in messages and in JSON: the path, or the path and the address within a WARC file.
    pub source: String,
    /// Its address, where it has one.
    pub url: Option<String>,
    /// Its terms type, if what it is stored or reached as is a title of one.
    kind: Option<&'static str>,
    content_type: Option<String>,
    bytes: Vec<u8>,
}

/// One or more inputs.
pub enum Inputs {
    /// Fetched when its turn comes.
    Url(String),
    /// Read from the disk one by one, so that a large folder costs no memory.
    Stored(Box<dyn Iterator<Item = anyhow::Result<Input>> + Send>),
}

impl Inputs {
    /// The one document that `path` names.
    pub fn one(path: &str) -> Self {
        if is_url(path) {
            return Inputs::Url(path.into());
        }
        let path = path.to_string();
        Inputs::Stored(Box::new(std::iter::once_with(move || one(&path))))
    }

    /// All documents of `path`: a folder's files in order, a WARC file's responses, or the one document.
    pub fn many(path: &str) -> Self {
        let root = Path::new(path);
        if root.is_dir() {
            let (files, failures) = listed(root);
            let failures = failures.into_iter().map(Err);
            return Inputs::Stored(Box::new(failures.chain(files.into_iter().flat_map(|path| stored(&path)))));
        }
        if is_warc(root) { Inputs::Stored(stored(root)) } else { Inputs::one(path) }
    }
}

/// Whether a path is an address.
pub fn is_url(path: &str) -> bool {
    path.starts_with("http://") || path.starts_with("https://")
}

/// How an address is reached that is to be read
#[derive(Debug, Clone, clap::Args)]
pub struct Reach {
    /// A network that may be reached though it is private, when an address is read
    #[arg(long = "allow-network", value_name = "NETWORK")]
    allowed: Vec<fetch::IpNet>,
    #[command(flatten)]
    network: Network,
}

/// Fetches a document.
pub async fn fetched(url: &str, reach: &Reach) -> anyhow::Result<Input> {
    let (allowed, outbound) = (reach.allowed.clone(), reach.network.outbound()?);
    let settings = fetch::Settings { allowed, outbound, ..fetch::Settings::default() };
    let request = fetch::Request { url: url.into(), ..fetch::Request::default() };
    match fetch::Fetcher::new(settings)?.fetch(&request).await? {
        fetch::Fetched::Document(page) => {
            let content_type = page.header("content-type").map(str::to_string);
            let kind = kind_of_address(&page.url);
            Ok(Input { source: url.into(), url: Some(page.url), kind, content_type, bytes: page.body })
        }
        fetch::Fetched::NotModified => {
            bail!("{url}: the server says “not modified”, though nothing was asked; try again")
        }
    }
}

/// Reads an input. A fault of our own on one input must not end the others, so it is an error like any other.
/// `kind` is the document's terms type, where it is told: of several documents on one page, that one is read.
pub async fn read(input: Input, kind: Option<&'static str>) -> anyhow::Result<(Input, Reading)> {
    let name = input.source.clone();
    let task = tokio::spawn(async move {
        let source = Source {
            bytes: &input.bytes,
            content_type: input.content_type.as_deref(),
            url: input.url.as_deref(),
            name: kind.or(input.kind),
            ..Source::default()
        };
        let read = tracker::reading::read(source).await;
        read.map(|reading| (input, reading))
    });
    match task.await {
        Ok(Ok(read)) => Ok(read),
        Ok(Err(reason)) => bail!("{name}: {reason}"),
        Err(_) => bail!("{name}: the reader failed on it, which is a fault of the reader: please report the file"),
    }
}

fn one(path: &str) -> anyhow::Result<Input> {
    if path == "-" {
        let bytes = limited(std::io::stdin().lock(), "standard input")?;
        return Ok(Input { source: "standard input".into(), url: None, kind: None, content_type: None, bytes });
    }
    file(Path::new(path))
}

fn file(path: &Path) -> anyhow::Result<Input> {
    let name = path.display().to_string();
    let about = std::fs::metadata(path).with_context(|| name.clone())?;
    ensure!(!about.is_dir(), "{name}: it is a folder; name a file in it, or read them all with --jsonl");
    ensure!(
        about.is_file(),
        "{name}: it is a pipe or a device; give its bytes on standard input: clausewatch read - < {name}"
    );
    ensure!(
        !is_warc(path),
        "{name}: a WARC file holds many pages; read them with --jsonl, or keep them with: clausewatch import warc {name}"
    );
    ensure!(
        about.len() <= MAX_BYTES as u64,
        "{name}: it has {} bytes, more than the {MAX_BYTES} that are read; split it",
        about.len()
    );
    let bytes = limited(File::open(path).with_context(|| name.clone())?, &name)?;
    // Markdown and plain text look alike; a file's name says which it is.
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    let content_type = match ending.as_deref() {
        Some("md" | "markdown") => Some("text/markdown"),
        Some("txt") => Some("text/plain"),
        Some("html" | "htm" | "xhtml") => Some("text/html"),
        Some("pdf") => Some("application/pdf"),
        _ => None,
    };
    let kind = kind_of_path(path);
    Ok(Input { source: name, url: None, kind, content_type: content_type.map(str::to_string), bytes })
}

/// The terms type that a file's name or its folder's says: `Plum/Privacy Policy.html`, `plum/privacy-policy/2024.html`.
fn kind_of_path(path: &Path) -> Option<&'static str> {
    let folder = path.parent().and_then(Path::file_name);
    [path.file_stem(), folder].into_iter().flatten().find_map(|name| document::kind_titled(&name.to_string_lossy()))
}

/// The terms type that the last part of an address's path says.
fn kind_of_address(url: &str) -> Option<&'static str> {
    let path = url.split(['?', '#']).next()?.split_once("://")?.1.split_once('/')?.1;
    let last = path.trim_end_matches('/').rsplit('/').next()?;
    document::kind_titled(last.rsplit_once('.').map_or(last, |(stem, _)| stem))
}

/// All bytes, one more than are read at most (so that the reader says that there are too many).
fn limited(from: impl Read, name: &str) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes).with_context(|| name.to_string())?;
    Ok(bytes)
}

/// A folder's readable files in order, and the folders that cannot be listed.
fn listed(root: &Path) -> (Vec<PathBuf>, Vec<anyhow::Error>) {
    let (mut files, mut failures, mut folders) = (Vec::new(), Vec::new(), vec![root.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) => {
                failures.push(anyhow::Error::new(error).context(folder.display().to_string()));
                continue;
            }
        };
        for entry in entries.flatten() {
            // Links are not followed: they may lead in circles.
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(kind) if kind.is_file() && is_readable(&entry.path()) => files.push(entry.path()),
                _ => {}
            }
        }
    }
    files.sort();
    (files, failures)
}

fn is_readable(path: &Path) -> bool {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    matches!(&*ending, "html" | "htm" | "xhtml" | "pdf" | "md" | "markdown" | "txt") || is_warc(path)
}

fn is_warc(path: &Path) -> bool {
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().to_lowercase());
    name.ends_with(".warc") || name.ends_with(".warc.gz")
}

type Stored = Box<dyn Iterator<Item = anyhow::Result<Input>> + Send>;

/// A file's document, or a WARC file's pages.
fn stored(path: &Path) -> Stored {
    let name = path.display().to_string();
    if !is_warc(path) {
        return Box::new(std::iter::once(path.to_path_buf()).map(|path| file(&path)));
    }
    let opened = std::fs::metadata(path).and_then(|about| match about.is_file() {
        true => File::open(path),
        false => Err(std::io::Error::other("it is no file")),
    });
    let file = match opened {
        Ok(file) => file,
        Err(error) => return Box::new(std::iter::once(Err(anyhow::Error::new(error).context(name)))),
    };
    let mut any = false;
    let mut records = WarcReader::new(BufReader::new(file)).captures();
    Box::new(std::iter::from_fn(move || match records.next() {
        Some(record) => {
            any = true;
            Some(record.map(|capture| page(&name, capture)).map_err(|error| anyhow::anyhow!("{name}: {error}")))
        }
        // A file without a page is named too: nothing would be said of an empty one.
        None if !std::mem::replace(&mut any, true) => {
            Some(Err(anyhow::anyhow!("{name}: there is no page in it; check that it is a WARC file with responses")))
        }
        None => None,
    }))
}

fn page(file: &str, capture: archive::warc::Capture) -> Input {
    let find = |(name, value): &(String, String)| name.eq_ignore_ascii_case("content-type").then(|| value.clone());
    let content_type = capture.headers.iter().find_map(find);
    let (source, kind) = (format!("{file}#{}", capture.url), kind_of_address(&capture.url));
    Input { source, url: Some(capture.url), kind, content_type, bytes: capture.body }
}
