//! The desk: reading a document that a visitor brings, without keeping it.
//!
//! The site itself reads HTML, Markdown and plain text. A program that can do more (PDF in a child process, fetching an address under
//! its guard) hands in a function for it, so that this crate neither fetches nor starts processes.
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use document::Reading;
use tokio::sync::Semaphore;

/// What a visitor brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Brought {
    /// Bytes, with the media type and the file name that the browser gives.
    Bytes {
        /// The document.
        bytes: Vec<u8>,
        /// Declared media type, if any.
        content_type: Option<String>,
    },
    /// The address of a document.
    Address(String),
}

/// What comes of it: the document read, or the reason why not and what to do. The reason does not name the input: who shows it does.
pub type ReadAnswer = Pin<Box<dyn Future<Output = Result<Reading, String>> + Send>>;

/// Reads what a visitor brings.
pub type ReadBrought = Arc<dyn Fn(Brought) -> ReadAnswer + Send + Sync>;

/// Most documents read at one time.
const AT_ONCE: usize = 2;

/// Reads documents for visitors, a few at a time.
#[derive(Clone)]
pub(crate) struct Desk {
    read: ReadBrought,
    turns: Arc<Semaphore>,
    /// Whether it takes addresses and PDF.
    pub equipped: bool,
}

impl Desk {
    /// A desk that reads what needs no help.
    pub fn plain() -> Desk {
        Desk {
            read: Arc::new(|brought| Box::pin(read_plain(brought))),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            equipped: false,
        }
    }

    /// A desk with the program's help.
    pub fn equipped(read: ReadBrought) -> Desk {
        Desk { read, turns: Arc::new(Semaphore::new(AT_ONCE)), equipped: true }
    }

    /// Reads a document when it is its turn.
    pub async fn read(&self, brought: Brought) -> Result<Reading, String> {
        let _turn = self.turns.acquire().await.map_err(|_| "the site is shutting down".to_string())?;
        (self.read)(brought).await
    }
}

async fn read_plain(brought: Brought) -> Result<Reading, String> {
    let Brought::Bytes { bytes, content_type } = brought else {
        return Err("this site does not fetch addresses; save the page and upload it".into());
    };
    let read = move || {
        let source =
            document::Source { bytes: &bytes, content_type: content_type.as_deref(), ..document::Source::default() };
        if document::sniff(&source) == Some(document::Format::Pdf) {
            return Err("this site does not read PDF; paste the text instead".to_string());
        }
        document::read(&source).map_err(|error| error.to_string())
    };
    tokio::task::spawn_blocking(read).await.map_err(|_| "the document could not be read".to_string())?
}
